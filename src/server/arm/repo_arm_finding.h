/* Reads of findings for Azure's face: a sub-assessment is one finding of one image in one repository. */
#ifndef VL_SERVER_REPO_ARM_FINDING_H
#define VL_SERVER_REPO_ARM_FINDING_H

#include "store/store.h"

/* Where to look; "" and 0 leave a condition out. */
struct vl_arm_finding_query {
    int64_t environment;
    const char *registry; /* name, lower case */
    const char *repository, *digest;
    const char *kinds;                /* ",acr,generic,": of registries */
    int64_t image, match;             /* exactly this one */
    int64_t after_image, after_match; /* keyset: behind this one */
};

/* Texts in the arena; NULL where nothing is known. */
struct vl_arm_finding {
    int64_t image; /* of registry_image */
    int64_t match; /* of package_vulnerability */
    int64_t registry_id;
    const char *registry, *host, *kind, *repository, *digest, *media_type, *platform, *distro, *parent;
    int64_t pushed, matched;
    /* the vulnerability */
    const char *name, *title, *details, *cvss_vector, *exploitation;
    const char *cwes, *links; /* JSON arrays */
    double cvss;
    bool has_cvss, kev;
    int64_t published, modified;
    /* the package */
    const char *package, *version, *fixed, *source, *remedy, *remedy_command, *advisory;
    int ecosystem, fix_state, severity, status;
    int64_t day; /* first seen, since 1970 */
    bool exempt; /* in this environment */
};

/* In order of image and match; at most `limit`. */
VL_MUST_CHECK int vl_repo_arm_findings(struct vl_store_conn *conn, const struct vl_arm_finding_query *query,
    size_t limit, struct vl_arena *arena, struct vl_arm_finding **ret, size_t *ret_n, struct vl_err *err);

#define VL_ARM_TAGS_MAX 100 /* of one image */

/* Tags that name the image, or the list of platforms that it is in. */
VL_MUST_CHECK int vl_repo_arm_tags(struct vl_store_conn *conn, const struct vl_arm_finding *finding,
    struct vl_arena *arena, const char ***ret, size_t *ret_n, struct vl_err *err);

#endif
