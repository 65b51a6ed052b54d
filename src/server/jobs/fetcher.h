/* The way to a registry that jobs take: processes of their own (jobs/fetch.h), or a stand-in of a test's. */
#ifndef VL_SERVER_FETCHER_H
#define VL_SERVER_FETCHER_H

#include "app.h"
#include "jobs/fetch.h"

struct vl_fetcher {
    int (*catalogue)(const struct vl_fetch_registry *registry, struct vl_arena *arena,
        const char *const **ret_names, size_t *ret_n, struct vl_err *err);
    int (*tags)(const struct vl_fetch_registry *registry, const char *repository, struct vl_arena *arena,
        const char *const **ret_names, size_t *ret_n, struct vl_err *err);
    int (*manifest)(const struct vl_fetch_registry *registry, const char *repository, const char *reference,
        struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err);
    int (*manifests)(const struct vl_fetch_registry *registry, const char *repository,
        const char *const *references, size_t n, struct vl_arena *arena, struct vl_fetch_manifest *ret,
        struct vl_err *err);
    int (*scan)(const struct vl_fetch_registry *registry, const char *repository, const char *digest,
        const struct vl_fetch_scan_options *options, struct vl_inventory **ret, struct vl_buf *ret_encoded,
        struct vl_err *err);
};

/* The app's, or that of jobs/fetch.h. */
const struct vl_fetcher *vl_fetcher_of(const struct vl_server_app *app);

#endif
