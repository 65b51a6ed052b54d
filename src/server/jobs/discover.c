/* tests: test_job_discover.c */
#include "jobs/discover.h"

#include "base/time.h"
#include "base/vec.h"
#include "inventory/plan.h"
#include "inventory/repo_place.h"
#include "inventory/repo_plan.h"
#include "jobs/ask.h"

int vl_discover_open(struct vl_discovery *d, int64_t registry, struct vl_err *err)
{
    struct vl_job_run *run = d->run;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    bool enabled = false;
    int r = vl_store_read(run->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_registry_get(conn, 0, registry, run->arena, &d->registry, err);
    if (r > 0)
        r = vl_repo_registry_open(conn, run->app->data.seal_key, registry, run->arena, &d->access, err);
    if (r <= 0)
        return r;
    r = vl_repo_plan_enabled(conn, d->registry.environment, VL_PLAN_CONTAINERS, &enabled, err);
    d->fetcher = vl_fetcher_of(run->app);
    d->access.stop = run->stop;
    d->began = vl_time_now_ms();
    return r < 0 ? r : enabled;
}

int vl_discover_rows(
    const struct vl_fetch_manifest *manifest, const char *tag, struct vl_vec *rows, struct vl_err *err)
{
    if (!manifest->is_index && !manifest->is_image)
        return 0;
    struct vl_discover_row *row = vl_vec_push(rows, "images", err);
    if (!row)
        return -ENOMEM;
    *row = (struct vl_discover_row){.digest = manifest->digest, .tag = tag, .is_index = manifest->is_index};
    for (size_t i = 0; manifest->is_index && i < manifest->n_platforms; i++) {
        row = vl_vec_push(rows, "images", err);
        if (!row)
            return -ENOMEM;
        *row = (struct vl_discover_row){.digest = manifest->platforms[i].digest,
            .parent = manifest->digest,
            .platform = manifest->platforms[i].platform};
    }
    return 0;
}

struct writing {
    struct vl_discovery *d;
    const char *repository;
    const struct vl_discover_row *rows;
    size_t n;
    bool done;
};

static int write_row(struct vl_store_conn *conn, const struct writing *w, const struct vl_discover_row *row,
    struct vl_err *err)
{
    const struct vl_discovery *d = w->d;
    const struct vl_place_seen seen = {.environment = d->registry.environment,
        .registry = d->registry.id,
        .repository = w->repository,
        .digest = row->digest,
        .parent = row->parent,
        .platform = row->platform,
        .is_index = row->is_index,
        .now = d->began,
        .event = d->event};
    int64_t id = 0;
    enum vl_place_scan scan = VL_PLACE_NO_SCAN;
    int r = vl_repo_place_seen(conn, &seen, &id, &scan, err);
    if (r >= 0 && scan == VL_PLACE_SCAN_NEW)
        r = vl_ask_scan_new(conn, id, d->registry.id, d->priority, err);
    else if (r >= 0 && scan == VL_PLACE_SCAN)
        r = vl_ask_scan(conn, id, d->registry.id, d->priority, NULL, err);
    if (r >= 0 && row->tag)
        r = vl_repo_tag_set(conn, d->registry.id, w->repository, row->tag, row->digest, d->began, err);
    return r;
}

static int rows_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct writing *w = user;
    int r = vl_repo_repository_seen(conn, w->d->registry.id, w->repository, w->d->began, err);
    for (size_t i = 0; i < w->n && r >= 0; i++)
        r = write_row(conn, w, &w->rows[i], err);
    if (r >= 0 && w->done)
        r = vl_job_done(conn, w->d->run, err);
    return r;
}

int vl_discover_write(
    struct vl_discovery *d, const char *repository, const struct vl_vec *rows, bool done, struct vl_err *err)
{
    size_t at = 0;
    do {
        size_t n = rows->len - at < VL_DISCOVER_BATCH ? rows->len - at : VL_DISCOVER_BATCH;
        struct writing w = {.d = d,
            .repository = repository,
            .rows = n > 0 ? (const struct vl_discover_row *)rows->items + at : NULL,
            .n = n,
            .done = done && at + n == rows->len};
        int r = vl_job_write(d->run, rows_write, &w, err);
        if (r < 0)
            return r;
        at += n;
    } while (at < rows->len);
    return 0;
}
