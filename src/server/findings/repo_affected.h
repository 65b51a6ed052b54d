/* The blast radius of a vulnerability, a package or a layer: the images of an environment that have it, or
 * had it. */
#ifndef VL_SERVER_REPO_AFFECTED_H
#define VL_SERVER_REPO_AFFECTED_H

#include "inventory/repo_image.h"
#include "store/store.h"

enum vl_affected {
    VL_AFFECTED_VULNERABILITY, /* an id: "CVE-2026-1"; an alias of it */
    VL_AFFECTED_PACKAGE,       /* a purl, with or without version and qualifiers, in its canonical form */
    VL_AFFECTED_LAYER,         /* a diff id, or the digest of a layer's blob */
};

struct vl_affected_query {
    int64_t environment;
    enum vl_affected kind;
    const char *target;
    bool whole;         /* of a purl: it has a version */
    int64_t gone_since; /* of deleted images those last seen at or after it (ms); 0: all */
};

/* Spans are lent until the callback returns. */
struct vl_affected_row {
    int64_t image;
    struct vl_span digest;
    struct vl_span what;  /* the package that is affected; the purl that is in it; empty for layers */
    struct vl_span fixed; /* version with the fix */
    int64_t ordinal;      /* of the layer */
};
typedef int vl_affected_each(const struct vl_affected_row *row, void *user, struct vl_err *err);

/* By the image's id, those over `after`. A positive answer of `each` ends it. */
VL_MUST_CHECK int vl_repo_affected(struct vl_store_conn *conn, const struct vl_affected_query *query,
    int64_t after, int64_t limit, vl_affected_each *each, void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_affected_count(struct vl_store_conn *conn, const struct vl_affected_query *query,
    int64_t max, int64_t *ret, struct vl_err *err);

/* Whether any image that the environment sees has this layer: 1 or 0. */
VL_MUST_CHECK int vl_repo_layer_seen(
    struct vl_store_conn *conn, int64_t environment, const char *digest, struct vl_err *err);

/* When the environment first and last saw an image, and whether it is there still: over all its places, of
 * which there may be more than are shown. */
VL_MUST_CHECK int vl_repo_seen(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_image_seen *ret, struct vl_err *err);

#endif
