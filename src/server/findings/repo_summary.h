/* What is counted over all images of an environment: vulnerabilities, and the bases that images are built on.
 * Counting takes seconds where there are millions of findings, so that it is kept (tables vulnerability_seen,
 * base_seen) and worked out anew when the feed tells of a change. */
#ifndef VL_SERVER_REPO_SUMMARY_H
#define VL_SERVER_REPO_SUMMARY_H

#include "store/store.h"

#define VL_SUMMARY_AT_ONCE_MS  1000     /* one that takes longer is not worked out while somebody waits */
#define VL_SUMMARY_PAUSE_TIMES 20       /* a long one rests so many times as long as it took */
#define VL_SUMMARY_BASES_SHOWN 5        /* of the first page */
#define VL_SUMMARY_MATCHES_MAX 10000000 /* of all packages and vulnerabilities */
#define VL_SUMMARY_ROWS_MAX    1000000

/* Makes sure that what is kept is up to date; where that takes long, and something is kept, a job
 * is added and what is kept stands.
 */
VL_MUST_CHECK int vl_repo_summary_fresh(struct vl_store *store, int64_t environment, struct vl_err *err);
/* Works it out. `with` runs in the same write, or NULL. */
VL_MUST_CHECK int vl_repo_summary_compute(struct vl_store *store, int64_t environment,
    int (*with)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err);

/* A base: the layers that a group of images begins with. Texts in the arena; NULL where not known. */
struct vl_base_row {
    int64_t layer, layers, images, findings, fixable, critical;
    const char *name, *digest; /* as the environment's own registries have it, else as the images say */
    const char *newer;         /* reference of a newer one in the same repository; or NULL */
    int64_t fixes;             /* findings that go with it, in all these images */
    const char *task;          /* one sentence */
};
typedef int vl_base_each(const struct vl_base_row *row, void *user, struct vl_err *err);
/* Those with most fixable findings first. */
VL_MUST_CHECK int vl_repo_summary_bases(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, int64_t limit, vl_base_each *each, void *user, struct vl_err *err);

#endif
