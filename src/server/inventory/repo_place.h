/* Places: manifests as they lie in repositories (rows of registry_image), their tags and repositories.
 * Written by events and by reconciliations alike, in any order and as often as they come. */
#ifndef VL_SERVER_REPO_PLACE_H
#define VL_SERVER_REPO_PLACE_H

#include "store/store.h"

#define VL_PLACE_FRESH_MS (15LL * 60 * 1000) /* last_seen is written anew when it is older than this */
#define VL_PLACE_PULL_MS  60000 /* pulled_at likewise: an image that a thousand nodes pull is written once */

struct vl_place_seen {
    int64_t environment, registry;
    const char *repository, *digest;
    const char *parent;   /* digest of the index that names it, or NULL */
    const char *platform; /* or NULL */
    bool is_index;
    int64_t now;   /* ms, by our clock */
    int64_t event; /* ms, by the registry's clock: an event told of a push; 0: a reconciliation found it */
};

/* Whether a scan is to be asked for. */
enum vl_place_scan {
    VL_PLACE_NO_SCAN = 0,
    VL_PLACE_SCAN_NEW, /* of a row that was added, with its stage: vl_ask_scan_new() */
    VL_PLACE_SCAN,     /* vl_ask_scan() */
};

/* *ret_scan: new, back again, not scanned yet, or pushed anew after a scan failed: a scan is to be asked for.
 * An event older than one that was taken already changes nothing. */
VL_MUST_CHECK int vl_repo_place_seen(struct vl_store_conn *conn, const struct vl_place_seen *seen,
    int64_t *ret_id, enum vl_place_scan *ret_scan, struct vl_err *err);

/* It is gone from the repository, and so are its tags, and the platforms that only it names. `event` as
 * above: older than the newest one that was taken, it changes nothing. How many images went (0: it was not
 * there). Watchers and the posture are told. */
VL_MUST_CHECK int vl_repo_place_gone(struct vl_store_conn *conn, int64_t registry, const char *repository,
    const char *digest, int64_t event, int64_t now, struct vl_err *err);

/* Somebody pulled it. */
VL_MUST_CHECK int vl_repo_place_pulled(struct vl_store_conn *conn, int64_t registry, const char *repository,
    const char *digest, int64_t at, struct vl_err *err);

/* The tag stands for the digest, as was known at `at` (our clock): what was learnt later stays. */
VL_MUST_CHECK int vl_repo_tag_set(struct vl_store_conn *conn, int64_t registry, const char *repository,
    const char *tag, const char *digest, int64_t at, struct vl_err *err);
VL_MUST_CHECK int vl_repo_tag_gone(struct vl_store_conn *conn, int64_t registry, const char *repository,
    const char *tag, int64_t at, struct vl_err *err);

/* The repository is there. */
VL_MUST_CHECK int vl_repo_repository_seen(
    struct vl_store_conn *conn, int64_t registry, const char *name, int64_t now, struct vl_err *err);
/* It is not, nor anything in it; unless it was seen after `before`. */
VL_MUST_CHECK int vl_repo_repository_gone(struct vl_store_conn *conn, int64_t registry, const char *name,
    int64_t before, int64_t now, struct vl_err *err);

/* Names of those that are there, sorted; at most `max`, more is VL_ERR_LIMIT. */
VL_MUST_CHECK int vl_repo_repository_names(struct vl_store_conn *conn, int64_t registry, size_t max,
    struct vl_arena *arena, const char ***ret, size_t *ret_n, struct vl_err *err);

struct vl_place {
    int64_t id, last_seen;
    const char *digest, *parent; /* parent or NULL */
    bool is_index;
};
/* What is known to lie in a repository. */
VL_MUST_CHECK int vl_repo_place_list(struct vl_store_conn *conn, int64_t registry, const char *repository,
    size_t max, struct vl_arena *arena, struct vl_place **ret, size_t *ret_n, struct vl_err *err);

struct vl_place_tag {
    const char *name, *digest;
};
VL_MUST_CHECK int vl_repo_tag_list(struct vl_store_conn *conn, int64_t registry, const char *repository,
    size_t max, struct vl_arena *arena, struct vl_place_tag **ret, size_t *ret_n, struct vl_err *err);

#endif
