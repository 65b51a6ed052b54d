#include "jobs/job_scan.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "findings/repo_list.h"
#include "inventory/image_state.h"
#include "inventory/repo_place.h"
#include "jobs/assess.h"
#include "jobs/discover.h"
#include "respond/notify.h"
#include "store/feed.h"

#define STAGE_US     1000000 /* microseconds between two stages that are written */
#define SCAN_SECONDS 3600
#define SHORT_DIGEST 19

static const struct vl_store_sql sql_place = {"SELECT environment_id, registry_id, repository, digest FROM "
                                              "registry_image WHERE id = $1 AND deleted_at = 0 "
                                              "AND is_index = 0",
    NULL};
static const struct vl_store_sql sql_begin = {
    "UPDATE registry_image SET state = $2, stage = $3, attempts = $4, next_try = 0 WHERE id = $1", NULL};
static const struct vl_store_sql sql_stage = {
    "UPDATE registry_image SET stage = $3 WHERE id = $1 AND state = $2", NULL};
static const struct vl_store_sql sql_rest = {"UPDATE registry_image SET state = CASE WHEN completed_at > 0 "
                                             "THEN $2 ELSE 0 END, stage = NULL WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_completed = {
    "UPDATE registry_image SET state = $2, stage = NULL, error = NULL, error_code = NULL, attempts = 0, "
    "next_try = 0, image_id = $3, fetched_at = $4, completed_at = $4, platform = coalesce(platform, $5) "
    "WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_failed = {"UPDATE registry_image SET state = $2, stage = NULL, error = "
                                               "$3, error_code = $4, attempts = $5, next_try = $6 "
                                               "WHERE id = $1 AND deleted_at = 0",
    NULL};
static const struct vl_store_sql sql_known = {"SELECT i.id, i.assessed, coalesce(i.database_digest, ''), "
                                              "i.list_id FROM image i WHERE i.list_id > 0 AND i.digest = $1 "
                                              "AND i.indexer_version = $2",
    NULL};
static const struct vl_store_sql sql_indexed = {"SELECT indexer_version FROM image WHERE digest = $1", NULL};
static const struct vl_store_sql sql_registry = {"SELECT name FROM registry WHERE id = $1", NULL};

struct scanning {
    struct vl_job_run *run;
    struct vl_discovery way; /* to the registry */
    int64_t id;              /* of the place */
    int64_t environment, registry;
    const char *repository, *digest;
    struct vl_fetch_manifest manifest;
    struct vl_assessment assessed;
    const char *platform;
    const char *stage;
    int64_t stage_us; /* when the last one was written */
    int64_t image;    /* known already, and nothing to match: its row */
};

/* 1, 0 where there is nothing to scan (any more). */
static int read_place(
    struct vl_store_conn *conn, int64_t id, struct vl_arena *arena, struct scanning *s, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_place, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    s->id = id;
    s->environment = vl_stmt_get_int(stmt, 0);
    s->registry = vl_stmt_get_int(stmt, 1);
    s->repository = vl_stmt_copy(stmt, 2, arena);
    s->digest = vl_stmt_copy(stmt, 3, arena);
    r = vl_arena_check(arena, "an image", err);
    return r < 0 ? r : 1;
}

static int64_t place_of(const struct vl_job_run *run)
{
    int64_t id = 0;
    (void)vl_doc_int(vl_doc_get(run->payload, "place"), &id);
    return id;
}

/* --- states on the way --- */

static int begin_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct scanning *s = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_begin, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->id);
    vl_stmt_int(stmt, 2, VL_IMAGE_IN_PROGRESS);
    vl_stmt_str(stmt, 3, "reading the manifest");
    vl_stmt_int(stmt, 4, s->run->job->attempt);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : vl_feed_add(conn, s->environment, "image", s->digest, err);
}

static int stage_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct scanning *s = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_stage, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->id);
    vl_stmt_int(stmt, 2, VL_IMAGE_IN_PROGRESS);
    vl_stmt_str(stmt, 3, s->stage);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : vl_feed_add(conn, s->environment, "image", s->digest, err);
}

/* A stage that could not be written is only not seen. */
static int progress(const char *stage, void *user)
{
    struct scanning *s = user;
    struct vl_err ignored = VL_ERR_INIT;
    int64_t now = vl_time_monotonic_us();
    if (vl_job_stopping(s->run))
        return -1;
    if (!*stage || now - s->stage_us < STAGE_US)
        return 0;
    s->stage = stage;
    s->stage_us = now;
    int r = vl_store_write(s->run->app->store, stage_write, s, &ignored);
    (void)r;
    return 0;
}

/* Nothing more to do: the manifest is gone, or nobody wants it scanned. */
static int gone_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct scanning *s = user;
    int r = vl_repo_place_gone(conn, s->registry, s->repository, s->digest, 0, vl_time_now_ms(), err);
    return r < 0 ? r : vl_job_done(conn, s->run, err);
}

static int rest_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct scanning *s = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_rest, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->id);
    vl_stmt_int(stmt, 2, VL_IMAGE_COMPLETED);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : vl_job_done(conn, s->run, err);
}

/* --- what is known already --- */

/* 1 with its list, or with nothing where even its findings are of the same advisories (s->image); 0 where it
 * is to be taken apart. The manifest was fetched: sight of the facts is earned. */
static int known(
    struct scanning *s, const struct vl_advisories_hold *hold, struct vl_inventory **ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_store_read(s->run->app->store, &conn, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_known, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, s->digest);
    vl_stmt_int(stmt, 2, VL_INDEXER_VERSION);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    /* Somebody asks again where something could not be read: perhaps it can be now. */
    if (s->run->job->priority == VL_PRIORITY_ASKED && vl_stmt_get_int(stmt, 1) == VL_ASSESSED_PARTIAL)
        return 0;
    if (hold->db && vl_span_eq_str(vl_stmt_get_text(stmt, 2), hold->digest)) {
        s->image = vl_stmt_get_int(stmt, 0);
        return 1;
    }
    return vl_repo_list_read(conn, vl_stmt_get_int(stmt, 3), NULL, ret, err);
}

/* "indexer" where an older indexer had taken it apart, else "scan". */
static int why_scanned(struct scanning *s, const char **ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_store_read(s->run->app->store, &conn, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_indexed, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, s->digest);
    r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 && vl_stmt_get_int(stmt, 0) != VL_INDEXER_VERSION ? "indexer" : "scan";
    return r < 0 ? r : 0;
}

/* --- the result --- */

static int completed(struct vl_store_conn *conn, const struct scanning *s, int64_t image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_completed, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->id);
    vl_stmt_int(stmt, 2, VL_IMAGE_COMPLETED);
    vl_stmt_int(stmt, 3, image);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    vl_stmt_str(stmt, 5, s->platform);
    return vl_stmt_run(stmt, NULL, err);
}

static int result_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct scanning *s = user;
    struct vl_facts_change change = {.image = s->image};
    bool people =
        s->run->job->priority >= VL_PRIORITY_ASKED; /* not for what a first look at a registry finds */
    int r = s->image ? 0 : vl_repo_facts_store(conn, &s->assessed.facts, &s->assessed.store, &change, err);
    if (r >= 0)
        r = completed(conn, s, change.image, err);
    if (r >= 0)
        r = vl_assess_tell(conn, s->digest, &change, people, s->run->arena, err);
    return r < 0 ? r : vl_job_done(conn, s->run, err);
}

static int assess(struct scanning *s, const struct vl_advisories_hold *hold, struct vl_inventory *inventory,
    bool list, struct vl_err *err)
{
    struct vl_facts_memo memo;
    struct vl_server_app *app = s->run->app;
    int r = vl_facts_memo_init(&memo, err);
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    s->assessed.store.digest = s->digest;
    s->assessed.store.media_type = s->manifest.media_type;
    s->assessed.store.now = vl_time_now_ms();
    r = vl_assess(app, hold, &memo, s->run->arena, inventory, list, &s->assessed, err);
    if (r >= 0)
        r = vl_job_write(s->run, result_write, s, err);
    if (r >= 0)
        vl_facts_learn(app->facts, &s->assessed.facts);
    vl_facts_memo_done(&memo);
    return r;
}

static const char *platform_of(const struct vl_inventory *in, struct vl_arena *arena)
{
    const struct vl_target *t = &in->target;
    if (!t->os)
        return NULL;
    return vl_facts_text(
        vl_arena_printf(arena, "%s/%s%s%s%s%s", t->os, t->arch ? t->arch : "unknown", t->variant ? "/" : "",
            t->variant ? t->variant : "", t->os_version ? ":" : "", t->os_version ? t->os_version : ""),
        arena);
}

static int take_apart(struct scanning *s, struct vl_inventory **ret, struct vl_err *err)
{
    struct vl_buf encoded VL_CLEANUP(vl_buf_done);
    struct vl_server_app *app = s->run->app;
    const struct vl_fetch_scan_options options = {
        .cache_dir = vl_arena_printf(s->run->arena, "%s/cache", app->data.folder),
        .progress = progress,
        .user = s,
        .seconds = SCAN_SECONDS};
    vl_buf_init(&encoded, VL_FETCH_ANSWER_MAX);
    int r = options.cache_dir
                ? s->way.fetcher->scan(&s->way.access, s->repository, s->digest, &options, ret, &encoded, err)
                : vl_arena_check(s->run->arena, "a scan", err);
    return r < 0 ? r : why_scanned(s, &s->assessed.store.why, err);
}

static int scan(struct scanning *s, const struct vl_advisories_hold *hold, struct vl_err *err)
{
    struct vl_inventory *inventory = NULL;
    bool list = false;
    if (!s->manifest.is_image)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s@%.*s is no image: its manifest is of type %s",
            s->repository, SHORT_DIGEST, s->digest,
            s->manifest.media_type[0] ? s->manifest.media_type : "unknown");
    int r = known(s, hold, &inventory, err);
    if (r < 0)
        return r;
    s->assessed.store.why = "advisories";
    if (r == 0) {
        list = true;
        r = take_apart(s, &inventory, err);
    }
    if (r < 0)
        return r;
    if (s->image)
        return vl_job_write(s->run, result_write, s, err);
    s->platform = platform_of(inventory, s->run->arena);
    return assess(s, hold, inventory, list, err);
}

static int look(struct scanning *s, struct vl_err *err)
{
    struct vl_advisories_hold hold;
    struct vl_server_app *app = s->run->app;
    int r =
        s->way.fetcher->manifest(&s->way.access, s->repository, s->digest, s->run->arena, &s->manifest, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND) {
        vl_err_clear(err);
        return vl_job_write(s->run, gone_write, s, err);
    }
    if (r >= 0)
        r = vl_advisories_hold(app->advisories, &hold, err);
    if (r < 0)
        return r;
    vl_assessment_init(&s->assessed);
    r = scan(s, &hold, err);
    vl_assessment_done(&s->assessed);
    vl_advisories_release(app->advisories, &hold);
    return r;
}

int vl_job_scan(struct vl_job_run *run, struct vl_err *err)
{
    struct scanning s = {.run = run, .way = {.run = run}};
    struct vl_store_conn *conn = NULL;
    int r = vl_store_read(run->app->store, &conn, err);
    if (r >= 0)
        r = read_place(conn, place_of(run), run->arena, &s, err);
    vl_store_read_done(conn);
    if (r <= 0)
        return r;
    r = vl_discover_open(&s.way, s.registry, err);
    if (r == 0) /* switched off meanwhile */
        return vl_job_write(run, rest_write, &s, err);
    if (r > 0)
        r = vl_job_write(run, begin_write, &s, err);
    return r < 0 ? r : look(&s, err);
}

/* --- failures --- */

static int tell_failure(
    struct vl_store_conn *conn, const struct scanning *s, const struct vl_err *why, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_arena *arena = s->run->arena;
    int r = vl_stmt_begin(conn, &sql_registry, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->registry);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    const struct vl_notify_event event = {.topic = VL_NOTIFY_SCAN_ERROR,
        .severity = VL_SEVERITY_MEDIUM,
        .title =
            vl_arena_printf(arena, "%s@%.*s could not be scanned", s->repository, SHORT_DIGEST, s->digest),
        .text = vl_facts_text(why->msg, arena),
        .object = vl_arena_printf(arena, "/images/%s", s->digest),
        .registry_id = s->registry,
        .registry = vl_stmt_copy(stmt, 0, arena),
        .repository = s->repository};
    r = vl_arena_check(arena, "a notice", err);
    return r < 0 ? r : vl_notify(conn, s->environment, &event, err);
}

int vl_job_scan_failed(struct vl_store_conn *conn, struct vl_job_run *run, int64_t next_ms,
    const struct vl_err *why, struct vl_err *err)
{
    struct scanning s = {.run = run};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t key = 0; /* the payload may be what is wrong: the key is the same id */
    if (!vl_span_to_u64(vl_span_str(run->job->key), &key) || key > INT64_MAX)
        return 0;
    int r = read_place(conn, (int64_t)key, run->arena, &s, err);
    if (r <= 0)
        return r;
    r = vl_stmt_begin(conn, &sql_failed, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s.id);
    vl_stmt_int(stmt, 2, VL_IMAGE_ERROR);
    vl_stmt_str(stmt, 3, vl_facts_text(why->msg, run->arena));
    vl_stmt_str(stmt, 4, vl_err_code_name(why->code));
    vl_stmt_int(stmt, 5, run->job->attempt);
    vl_stmt_int(stmt, 6, next_ms == INT64_MAX ? 0 : next_ms);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_feed_add(conn, s.environment, "image", s.digest, err);
    return r < 0 || next_ms != INT64_MAX ? r : tell_failure(conn, &s, why, err);
}
