/* Namespaces: whose rules a package is judged by. A namespace is "FAMILY" for languages and rolling
 * distributions ("npm", "wolfi") and "FAMILY:RELEASE" for others ("debian:12", "rhel:9", "rhel-eus:9.2").
 * Everything that depends on a family stands in one table in namespace.c. */
#ifndef VL_ADVISORY_NAMESPACE_H
#define VL_ADVISORY_NAMESPACE_H

#include "base/buf.h"
#include "model/distro.h"
#include "model/package.h"

#define VL_SPACE_MAX        128 /* bytes of a namespace with its NUL */
#define VL_SPACE_DISTRO_MAX 6   /* namespaces one distribution release is judged by */

enum vl_space_names {
    VL_SPACE_NAMES_EXACT = 0,
    VL_SPACE_NAMES_LOWER, /* compared case-blind: stored in lower case */
    VL_SPACE_NAMES_PEP503,
};

struct vl_space_info {
    const char *family;
    const char *title;  /* of its usual data, for coverage: "Debian security tracker" */
    const char *rating; /* whose severities are the vendor's own: "debian"; NULL for languages */
    const char *scheme; /* version order; NULL: that of the ecosystem of this name */
    bool by_source;     /* advisories name source packages */
    enum vl_space_names names;
};

/* Never NULL: a family that is not in the table gives the last entry (rpm order, exact binary names). */
const struct vl_space_info *vl_space_info(struct vl_span space);
/* Name of the version order of a namespace. */
const char *vl_space_scheme(struct vl_span space);

/* Appends the namespace of an OSV ecosystem string ("Debian:12", "Ubuntu:Pro:16.04:LTS", "PyPI"). False where
 * we judge nothing by it (OSS-Fuzz, Android, kernel commits, FIPS variants). */
bool vl_space_from_osv(struct vl_span osv, struct vl_buf *out);

/* Appends the namespace of a Red Hat platform CPE ("cpe:/o:redhat:enterprise_linux:9::baseos" gives "rhel:9",
 * "cpe:/a:redhat:rhel_eus:9.2::appstream" gives "rhel-eus:9.2"). False for layered products. */
bool vl_space_from_redhat_cpe(struct vl_span cpe, struct vl_buf *out);

/* Debian's codenames: "bookworm" gives "12", "sid" gives "sid"; NULL where unknown. */
const char *vl_space_debian_release(struct vl_span codename);

/* Appends the package name as the namespace compares it. */
void vl_space_append_name(struct vl_span space, struct vl_span name, struct vl_buf *out);

/* The namespaces that judge packages of a distribution, own first, paid channels after. Returns how many. */
size_t vl_space_of_distro(const struct vl_distro *distro, char ret_spaces[VL_SPACE_DISTRO_MAX][VL_SPACE_MAX]);

/* The namespace of a language ecosystem; NULL for distributions and those without advisories. */
const char *vl_space_of_ecosystem(enum vl_ecosystem eco);

/* Packages of a distribution's format that somebody else built: their versions mean something else. */
bool vl_space_is_foreign(const struct vl_package *package, const struct vl_distro *distro);

/* "oracle-fips" or "oracle-ksplice" for a version of such a build, else NULL. They count apart: an epoch of 2
 * or 10 puts each above every other build of the package. */
const char *vl_space_oracle_flavour(struct vl_span version);

/* Kernel headers, tools and documentation: built from the kernel's source, but not the kernel. */
bool vl_space_is_kernel_headers(const struct vl_package *package);

#endif
