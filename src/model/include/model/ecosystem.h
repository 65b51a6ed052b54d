/* Package ecosystems: what a package's name and version mean. One table (ecosystem.c) holds, for each, our
 * name, the OSV ecosystem, the purl type and whether a distribution maintains it. */
#ifndef VL_MODEL_ECOSYSTEM_H
#define VL_MODEL_ECOSYSTEM_H

#include "base/span.h"

/* Written into caches and pipes by number: append only. */
enum vl_ecosystem {
    VL_ECO_NONE = 0,
    /* distributions; the release comes from struct vl_distro */
    VL_ECO_DEB,
    VL_ECO_APK,
    VL_ECO_RPM,
    VL_ECO_ALPM, /* pacman */
    VL_ECO_OPKG,
    VL_ECO_PORTAGE,
    VL_ECO_SNAP,
    VL_ECO_FLATPAK,
    VL_ECO_COS, /* Container-Optimized OS */
    VL_ECO_WINDOWS,
    VL_ECO_CHOCOLATEY,
    /* languages */
    VL_ECO_NPM,
    VL_ECO_PYPI,
    VL_ECO_GO,
    VL_ECO_MAVEN,
    VL_ECO_NUGET,
    VL_ECO_CARGO,
    VL_ECO_GEM,
    VL_ECO_COMPOSER,
    VL_ECO_PUB,
    VL_ECO_HEX,
    VL_ECO_CONAN,
    VL_ECO_SWIFT,
    VL_ECO_COCOAPODS,
    VL_ECO_CRAN,
    VL_ECO_HACKAGE,
    VL_ECO_JULIA,
    VL_ECO_CONDA,
    VL_ECO_OPAM,
    VL_ECO_CPAN,
    VL_ECO_BITNAMI,
    VL_ECO_GITHUB_ACTIONS,
    VL_ECO_DENO,
    VL_ECO_VSCODE,
    VL_ECO_KUBERNETES,
    VL_ECO_GENERIC,
    VL_ECO_COUNT
};

struct vl_ecosystem_info {
    enum vl_ecosystem id;
    const char *name; /* ours, as shown in reports and taken by options: "deb", "npm", "pypi", "go" … */
    const char *
        osv; /* OSV ecosystem, "npm", "PyPI", "crates.io"; NULL where it has none or depends on the release */
    const char *purl_type; /* "deb", "npm", "pypi", "golang" … */
    const char *scheme;    /* version order, a name of version/version.h: "deb", "npm", "pep440" … */
    bool distribution;     /* packages come from a distribution, which judges them */
};

/* Never NULL: an unknown value gives the entry of VL_ECO_NONE. */
const struct vl_ecosystem_info *vl_ecosystem_info(enum vl_ecosystem eco);

/* VL_ECO_NONE where unknown. By our name, by OSV ecosystem (a ":release" suffix is ignored; exact case), by
 * purl type. */
enum vl_ecosystem vl_ecosystem_from_name(struct vl_span name);
enum vl_ecosystem vl_ecosystem_from_osv(struct vl_span osv);
enum vl_ecosystem vl_ecosystem_from_purl_type(struct vl_span type);

#endif
