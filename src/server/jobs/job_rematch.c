#include "jobs/job_rematch.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "findings/repo_list.h"
#include "inventory/image_state.h"
#include "jobs/ask.h"
#include "jobs/assess.h"

#define RANGES_MAX  1000 /* added in one round */
#define GROUP       "rematch"
#define WRITE_MAX   16 /* images whose findings changed in one write */
#define IMAGE_ARENA (512UL * 1024 * 1024)

/* Asked all the time, and the answer is mostly none: three places in the index image_database, where "is
 * another one" would read every image. */
static const struct vl_store_sql sql_ranges = {
    "SELECT DISTINCT (id - 1) / $2 AS part FROM (SELECT id FROM image WHERE list_id > 0 AND database_digest "
    "IS NULL UNION ALL SELECT id FROM image WHERE list_id > 0 AND database_digest < $1 UNION ALL SELECT id "
    "FROM image WHERE list_id > 0 AND database_digest > $1) AS other ORDER BY part DESC LIMIT $3",
    NULL};
static const struct vl_store_sql sql_images = {
    "SELECT id, digest, list_id, assessed FROM image WHERE id > $1 AND id <= $2 AND list_id > 0 AND "
    "coalesce(database_digest, '') <> $3 ORDER BY id DESC",
    NULL};
static const struct vl_store_sql sql_old = {
    "SELECT ri.id, ri.registry_id FROM registry_image ri JOIN image i ON i.id = ri.image_id WHERE i.list_id "
    "> 0 AND i.indexer_version <> $1 AND ri.deleted_at = 0 AND ri.state = $2 AND ri.stage IS NULL ORDER BY "
    "ri.pushed_at DESC, ri.id DESC LIMIT $3",
    NULL};

struct image {
    int64_t id, list;
    int assessed; /* before */
    const char *digest;
};

struct rematch {
    struct vl_job_run *run;
    struct vl_advisories_hold hold;
    struct vl_facts_memo memo;
    struct vl_list_base base;
    struct vl_arena *arena; /* of the images since the last write of findings */
    struct image images[VL_REMATCH_RANGE];
    size_t n_images;
    struct vl_facts_verdict verdicts[VL_REMATCH_RANGE]; /* of those that say what they said */
    size_t n_verdicts;
    struct vl_assessment changed[WRITE_MAX];
    size_t n_changed;
    int64_t now;
};

static int read_images(struct rematch *m, int64_t range, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_store_read(m->run->app->store, &conn, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_images, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, range * VL_REMATCH_RANGE);
    vl_stmt_int(stmt, 2, (range + 1) * VL_REMATCH_RANGE);
    vl_stmt_str(stmt, 3, m->hold.digest);
    while ((r = vl_stmt_step(stmt, err)) > 0 && m->n_images < VL_REMATCH_RANGE)
        m->images[m->n_images++] = (struct image){.id = vl_stmt_get_int(stmt, 0),
            .digest = vl_stmt_copy(stmt, 1, m->run->arena),
            .list = vl_stmt_get_int(stmt, 2),
            .assessed = (int)vl_stmt_get_int(stmt, 3)};
    return r < 0 ? r : vl_arena_check(m->run->arena, "images", err);
}

static int read_list(
    struct rematch *m, const struct image *image, struct vl_inventory **ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(m->run->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_list_read(conn, image->list, &m->base, ret, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "the package list %lld is missing", (long long)image->list);
    return r;
}

/* --- writing --- */

static int changed_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct rematch *m = user;
    int r = 0;
    for (size_t i = 0; i < m->n_changed && r >= 0; i++) {
        struct vl_assessment *a = &m->changed[i];
        struct vl_facts_change change;
        r = vl_repo_facts_store(conn, &a->facts, &a->store, &change, err);
        if (r < 0 && err->code == VL_ERR_NOT_FOUND) { /* removed meanwhile */
            vl_err_clear(err);
            r = 0;
            continue;
        }
        if (r >= 0)
            r = vl_assess_tell(conn, a->store.digest, &change, true, m->arena, err);
    }
    return r;
}

static int flush(struct rematch *m, struct vl_err *err)
{
    int r = m->n_changed ? vl_job_write(m->run, changed_write, m, err) : 0;
    for (size_t i = 0; i < m->n_changed; i++) {
        if (r >= 0)
            vl_facts_learn(m->run->app->facts, &m->changed[i].facts);
        vl_assessment_done(&m->changed[i]);
    }
    m->n_changed = 0;
    vl_arena_reset(m->arena);
    return r;
}

static int done_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct rematch *m = user;
    int r = 0;
    for (size_t i = 0; i < m->n_verdicts && r >= 0; i++)
        r = vl_repo_facts_verdict(conn, &m->verdicts[i], m->hold.digest, m->now, NULL, err);
    return r < 0 ? r : vl_job_done(conn, m->run, err);
}

/* --- one image --- */

static int is_same(struct rematch *m, const struct image *image, const struct vl_assessment *a, bool *ret,
    struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(m->run->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_facts_same(conn, &a->facts, image->id, ret, err);
    /* From "not assessed" to "no findings" is a change, too. */
    *ret = r >= 0 && *ret && (int)a->result->coverage.assessed == image->assessed;
    return r;
}

static int keep_verdict(struct rematch *m, const struct vl_assessment *a, struct vl_err *err)
{
    struct vl_facts_verdict *v = &m->verdicts[m->n_verdicts];
    vl_facts_verdict_of(&a->facts, &a->store, v);
    v->coverage = vl_arena_strdup(m->run->arena, v->coverage);
    v->why_not = v->why_not ? vl_arena_strdup(m->run->arena, v->why_not) : NULL;
    m->n_verdicts++;
    return vl_arena_check(m->run->arena, "verdicts", err);
}

static int match_image(struct rematch *m, const struct image *image, struct vl_err *err)
{
    struct vl_assessment *a = &m->changed[m->n_changed];
    struct vl_inventory *inventory = NULL;
    bool same = false;
    int r = read_list(m, image, &inventory, err);
    if (r < 0)
        return r;
    vl_assessment_init(a);
    a->store = (struct vl_facts_store){.digest = image->digest, .why = "advisories", .now = m->now};
    r = vl_assess(m->run->app, &m->hold, &m->memo, m->arena, inventory, false, a, err);
    if (r >= 0)
        r = is_same(m, image, a, &same, err);
    if (r >= 0 && same)
        r = keep_verdict(m, a, err);
    if (r >= 0 && !same) {
        m->n_changed++;
        return m->n_changed == WRITE_MAX ? flush(m, err) : 0;
    }
    vl_facts_learn(m->run->app->facts, &a->facts);
    vl_assessment_done(a);
    if (m->n_changed == 0)
        vl_arena_reset(m->arena);
    return r;
}

static int match_range(struct rematch *m, int64_t range, struct vl_err *err)
{
    int r = read_images(m, range, err);
    for (size_t i = 0; i < m->n_images && r >= 0; i++) {
        if (vl_job_stopping(m->run))
            r = vl_err_set(err, VL_ERR_CONFLICT, "stopped");
        else
            r = match_image(m, &m->images[i], err);
        if (r < 0)
            r = vl_err_wrap(err, "image %s", m->images[i].digest);
    }
    if (r >= 0)
        r = flush(m, err);
    for (size_t i = 0; i < m->n_changed; i++)
        vl_assessment_done(&m->changed[i]);
    m->n_changed = 0;
    return r < 0 ? r : vl_job_write(m->run, done_write, m, err);
}

int vl_job_rematch(struct vl_job_run *run, struct vl_err *err)
{
    struct vl_server_app *app = run->app;
    struct rematch *m = vl_arena_alloc(run->arena, sizeof(*m));
    int64_t range = -1;
    if (!m)
        return vl_arena_check(run->arena, "a rematch", err);
    if (!vl_doc_int(vl_doc_get(run->payload, "range"), &range) || range < 0 ||
        range > INT64_MAX / VL_REMATCH_RANGE - 1)
        return vl_err_set(err, VL_ERR_INVALID, "the job names no range");
    m->run = run;
    m->now = vl_time_now_ms();
    int r = vl_advisories_hold(app->advisories, &m->hold, err);
    if (r < 0)
        return r;
    if (!m->hold.db) { /* gone: what is stored stays as it is, with its date */
        vl_advisories_release(app->advisories, &m->hold);
        return 0;
    }
    m->arena = vl_arena_new(IMAGE_ARENA);
    r = m->arena ? vl_facts_memo_init(&m->memo, err) : vl_err_nomem(err);
    if (r >= 0) {
        vl_list_base_init(&m->base);
        r = match_range(m, range, err);
        vl_list_base_done(&m->base);
        vl_facts_memo_done(&m->memo);
    }
    vl_arena_free(m->arena);
    vl_advisories_release(app->advisories, &m->hold);
    return r;
}

/* --- rounds --- */

struct round {
    int64_t *numbers; /* pairs, or one each */
    size_t n;
};

static int ranges_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct round *round = user;
    int64_t now = vl_time_now_ms();
    int r = 0;
    for (size_t i = 0; i < round->n && r >= 0; i++) {
        char key[24], payload[48];
        (void)snprintf(key, sizeof(key), "%lld", (long long)round->numbers[i]);
        (void)snprintf(payload, sizeof(payload), "{\"range\":%lld}", (long long)round->numbers[i]);
        /* In the order of their times: the newest images first. */
        r = vl_job_add(conn, "rematch", key, GROUP, VL_PRIORITY_PERIODIC, now - (int64_t)(round->n - i),
            vl_span_str(payload), err);
    }
    return r;
}

static int read_ranges(
    struct vl_store_conn *conn, const char *digest, struct round *round, struct vl_err *err)
{
    struct vl_queue_counts counts;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_queue_count(conn, "rematch", &counts, err);
    if (r < 0 || counts.waiting + counts.running > 0) /* they are at it */
        return r;
    r = vl_stmt_begin(conn, &sql_ranges, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, digest);
    vl_stmt_int(stmt, 2, VL_REMATCH_RANGE);
    vl_stmt_int(stmt, 3, RANGES_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && round->n < RANGES_MAX)
        round->numbers[round->n++] = vl_stmt_get_int(stmt, 0);
    return r;
}

int vl_round_rematch(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_store_conn *conn = NULL;
    int64_t numbers[RANGES_MAX];
    struct round round = {.numbers = numbers};
    char digest[96];
    vl_advisories_digest(app->advisories, digest);
    if (!digest[0])
        return 0;
    int r = vl_store_read(app->store, &conn, err);
    if (r >= 0)
        r = read_ranges(conn, digest, &round, err);
    vl_store_read_done(conn);
    return r < 0 || round.n == 0 ? r : vl_store_write(app->store, ranges_write, &round, err);
}

static int old_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct round *round = user;
    int r = 0;
    for (size_t i = 0; i < round->n && r >= 0; i++)
        r = vl_ask_scan(
            conn, round->numbers[2 * i], round->numbers[2 * i + 1], VL_PRIORITY_PERIODIC, NULL, err);
    return r;
}

static int read_old(struct vl_store_conn *conn, struct round *round, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_old, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, VL_INDEXER_VERSION);
    vl_stmt_int(stmt, 2, VL_IMAGE_COMPLETED);
    vl_stmt_int(stmt, 3, VL_REINDEX_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && round->n < VL_REINDEX_MAX) {
        round->numbers[2 * round->n] = vl_stmt_get_int(stmt, 0);
        round->numbers[2 * round->n + 1] = vl_stmt_get_int(stmt, 1);
        round->n++;
    }
    return r;
}

int vl_round_reindex(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_store_conn *conn = NULL;
    int64_t numbers[2 * VL_REINDEX_MAX];
    struct round round = {.numbers = numbers};
    int r = vl_store_read(app->store, &conn, err);
    if (r >= 0)
        r = read_old(conn, &round, err);
    vl_store_read_done(conn);
    return r < 0 || round.n == 0 ? r : vl_store_write(app->store, old_write, &round, err);
}
