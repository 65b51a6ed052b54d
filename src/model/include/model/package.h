/* One package found in a target. All strings belong to the arena of the inventory that holds the package. */
#ifndef VL_MODEL_PACKAGE_H
#define VL_MODEL_PACKAGE_H

#include "model/ecosystem.h"

#define VL_LAYER_NONE   UINT32_MAX
#define VL_PACKAGE_NONE UINT32_MAX

/* Stored in caches: append only. */
enum vl_package_flag {
    VL_PACKAGE_DEV = 1U << 0,      /* a development or test dependency only */
    VL_PACKAGE_LOCKED = 1U << 1,   /* listed in a lock file or manifest: not installed as far as we see */
    VL_PACKAGE_OS_OWNED = 1U << 2, /* its file belongs to a package of the distribution (see owner) */
    VL_PACKAGE_OPTIONAL = 1U << 3,
    VL_PACKAGE_INDIRECT = 1U << 4, /* a dependency of a dependency, where the file tells */
    VL_PACKAGE_BUNDLED = 1U << 5,  /* inside another artefact: nested or shaded jar, bundled npm module */
    VL_PACKAGE_MAIN = 1U << 6,     /* the project or binary itself: go main module, root of package-lock */
    VL_PACKAGE_RANGE =
        1U << 7, /* `version` is a requirement such as "^1.2", or the bound of one (">=1.2" gives "1.2", ""
                    where it has no single one), not one version: never matched */
};

struct vl_package {
    enum vl_ecosystem ecosystem;
    unsigned flags;   /* enum vl_package_flag */
    const char *name; /* as the ecosystem writes it: "@angular/core", "org.apache.logging.log4j:log4j-core",
                         "golang.org/x/net"; PyPI as in the file (compare normalised) */
    const char *version; /* whole, as the ecosystem's order reads it: deb and rpm with epoch and release; ""
                            if unknown */
    const char *arch;    /* distribution packages; NULL elsewhere */
    const char *source_name; /* distribution source package; NULL where the same as name or not applicable */
    const char *source_version; /* NULL where the same as version */
    const char
        *vendor; /* rpm Vendor, deb Maintainer's origin where known: tells third-party packages; or NULL */
    const char *module; /* rpm modularity label "nodejs:18:8060…"; or NULL */
    const char *purl;   /* canonical; NULL until vl_package_set_purl() */
    const char *path;   /* file it was read from, relative to the root, no leading '/'; nested archives after
                           '!': "app/a.jar!BOOT-INF/lib/b.jar" */
    uint32_t line;      /* 1-based line in a manifest or lock file; 0 where unknown */
    uint32_t layer;     /* index into vl_inventory.layers of the layer that brought this version in, or
                           VL_LAYER_NONE */
    uint32_t owner;     /* index of the distribution package that owns `path`, or VL_PACKAGE_NONE */
    const char *const *licenses; /* SPDX expressions or the words of the file */
    uint32_t n_licenses;
    const char
        *digest; /* "sha1:…" or "sha256:…" of the file where its format is identified by it (jars); or NULL */
};

/* The project that was built or is being built: nobody published it under this version, so that no advisory
 * can mean it. An installed Go program that tells a version is one that somebody published: its name says
 * who. */
static inline bool vl_package_is_project(const struct vl_package *package)
{
    bool program = package->ecosystem == VL_ECO_GO && !(package->flags & VL_PACKAGE_LOCKED);
    return (package->flags & VL_PACKAGE_MAIN) && !program;
}

#endif
