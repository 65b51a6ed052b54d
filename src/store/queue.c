#include "store/queue.h"

#include <string.h>

#include "base/buf.h"
#include "base/time.h"
#include "store/feed.h"

enum state {
    WAITING = 0,
    RUNNING = 1,
    DEAD = 2,
};

static const struct vl_column columns[] = {
    {.name = "id", .type = VL_COLUMN_ID},
    {.name = "kind", .type = VL_COLUMN_TEXT},
    {.name = "key", .type = VL_COLUMN_TEXT},
    {.name = "grp", .type = VL_COLUMN_TEXT},
    {.name = "priority", .type = VL_COLUMN_INT},
    {.name = "not_before", .type = VL_COLUMN_INT},
    {.name = "added", .type = VL_COLUMN_INT},
    {.name = "attempt", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "state", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "lease_until", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "worker", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "error", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "payload", .type = VL_COLUMN_BLOB},
    {0},
};
/* The order of taking is an index, so that a claim looks at few of the jobs that wait, however many do. */
static const struct vl_index indexes[] = {
    {.name = "job_waiting", .columns = "kind, key", .where = "state = 0", .unique = true},
    {.name = "job_ready", .columns = "priority DESC, not_before, id", .where = "state = 0"},
    {.name = "job_due", .columns = "not_before", .where = "state = 0"},
    {.name = "job_running", .columns = "kind, key", .where = "state = 1"},
    {.name = "job_lease", .columns = "lease_until", .where = "state = 1"},
    {.name = "job_dead", .columns = "kind, key", .where = "state = 2"},
    {0},
};
const struct vl_table vl_queue_table = {.name = "job", .columns = columns, .indexes = indexes};

static const struct vl_column group_columns[] = {
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "most", .type = VL_COLUMN_INT}, {0}};
const struct vl_table vl_queue_group_table = {
    .name = "job_group", .columns = group_columns, .primary_key = "name", .clustered = true};

static const struct vl_store_sql sql_add = {
    "INSERT INTO job (kind, key, grp, priority, not_before, added, payload) VALUES ($1, $2, $3, $4, $5, $6, "
    "$7) ON CONFLICT (kind, key) WHERE state = 0 DO UPDATE SET priority = max(job.priority, "
    "excluded.priority), not_before = min(job.not_before, excluded.not_before), payload = excluded.payload "
    "RETURNING id",
    "INSERT INTO job (kind, key, grp, priority, not_before, added, payload) VALUES ($1, $2, $3, $4, $5, $6, "
    "$7) "
    "ON CONFLICT (kind, key) WHERE state = 0 DO UPDATE SET priority = greatest(job.priority, "
    "excluded.priority), "
    "not_before = least(job.not_before, excluded.not_before), payload = excluded.payload RETURNING id"};

/* Leases that ran out: the job waits again, or goes where the same one waits already. */
static const struct vl_store_sql sql_expired_gone = {
    "DELETE FROM job WHERE state = 1 AND lease_until < $1 AND EXISTS "
    "(SELECT 1 FROM job w WHERE w.state = 0 AND w.kind = job.kind AND w.key = job.key)",
    NULL};
static const struct vl_store_sql sql_expired = {
    "UPDATE job SET state = 0, worker = NULL, error = 'the worker did not come back' WHERE state = 1 AND "
    "lease_until < $1",
    NULL};

/* "+" keeps SQLite from choosing the index of times over that of the order. The groups that are full are
 * few: found once, not for every job. */
#define DUE                                                                                             \
    "FROM job j WHERE j.state = 0 AND +j.not_before <= $1 "                                             \
    "AND NOT EXISTS (SELECT 1 FROM job r WHERE r.state = 1 AND r.kind = j.kind AND r.key = j.key) "     \
    "AND (j.grp = '' OR j.grp NOT IN (SELECT r.grp FROM job r LEFT JOIN job_group g ON g.name = r.grp " \
    "WHERE r.state = 1 AND r.grp <> '' GROUP BY r.grp "                                                 \
    "HAVING count(*) >= coalesce(max(g.most), CASE WHEN $3 > 0 THEN $3 ELSE 1000000 END))) "
#define DUE_ORDER "ORDER BY j.priority DESC, j.not_before, j.id LIMIT 1"
#define CLAIM                                                                                            \
    "UPDATE job SET state = 1, attempt = attempt + 1, worker = $4, lease_until = $5 WHERE id = (SELECT " \
    "j.id "
#define CLAIMED " RETURNING id, kind, key, grp, priority, not_before, added, attempt, payload"
static const struct vl_store_sql sql_claim = {CLAIM DUE
    "AND ($2 = '' OR instr($2, ',' || j.kind || ',') > 0) " DUE_ORDER ")" CLAIMED,
    CLAIM DUE "AND ($2 = '' OR position(',' || j.kind || ',' in $2) > 0) " DUE_ORDER
              " FOR UPDATE SKIP LOCKED)" CLAIMED};

/* The same question without an answer's order: whether a claim would find anything. */
static const struct vl_store_sql sql_look = {"SELECT 1 " DUE
                                             "AND ($2 = '' OR instr($2, ',' || j.kind || ',') > 0) LIMIT 1",
    "SELECT 1 " DUE "AND ($2 = '' OR position(',' || j.kind || ',' in $2) > 0) LIMIT 1"};
static const struct vl_store_sql sql_look_expired = {
    "SELECT 1 FROM job WHERE state = 1 AND lease_until < $1 LIMIT 1", NULL};
static const struct vl_store_sql sql_next = {"SELECT min(not_before) FROM job WHERE state = 0 AND not_before "
                                             "> $1 AND ($2 = '' OR instr($2, ',' || kind || ',') > 0)",
    "SELECT min(not_before) FROM job WHERE state = 0 AND not_before > $1 AND ($2 = '' OR position(',' || "
    "kind || ',' in $2) > 0)"};
static const struct vl_store_sql sql_renew = {
    "UPDATE job SET lease_until = $1 WHERE id = $2 AND state = 1 AND worker = $3 AND attempt = $4", NULL};
static const struct vl_store_sql sql_finish = {
    "DELETE FROM job WHERE id = $1 AND state = 1 AND worker = $2 AND attempt = $3", NULL};
static const struct vl_store_sql sql_superseded = {
    "DELETE FROM job WHERE id = $1 AND state = 1 AND worker = $2 AND attempt = $3 AND EXISTS "
    "(SELECT 1 FROM job w WHERE w.state = 0 AND w.kind = job.kind AND w.key = job.key)",
    NULL};
static const struct vl_store_sql sql_fail = {
    "UPDATE job SET state = $4, not_before = $5, error = $6, worker = NULL "
    "WHERE id = $1 AND state = 1 AND worker = $2 AND attempt = $3",
    NULL};
static const struct vl_store_sql sql_uncount = {
    "UPDATE job SET attempt = attempt - 1 WHERE id = $1 AND state = 0 AND attempt = $2", NULL};
static const struct vl_store_sql sql_release = {
    "UPDATE job SET state = 0, attempt = attempt - 1, worker = NULL "
    "WHERE id = $1 AND state = 1 AND worker = $2 AND attempt = $3",
    NULL};
/* What is known to have worked, or to have failed again, leaves no older failure behind. */
static const struct vl_store_sql sql_forget = {
    "DELETE FROM job WHERE state = 2 AND kind = $1 AND key = $2 AND id <> $3", NULL};
static const struct vl_store_sql sql_group_remove = {"DELETE FROM job_group WHERE name = $1", NULL};
static const struct vl_store_sql sql_group = {"INSERT INTO job_group (name, most) VALUES ($1, $2) ON "
                                              "CONFLICT (name) DO UPDATE SET most = excluded.most",
    NULL};
static const struct vl_store_sql sql_retry_gone = {
    "DELETE FROM job WHERE id = $1 AND state = 2 AND EXISTS "
    "(SELECT 1 FROM job w WHERE w.state = 0 AND w.kind = job.kind AND w.key = job.key)",
    NULL};
static const struct vl_store_sql sql_retry = {
    "UPDATE job SET state = 0, attempt = 0, not_before = $2 WHERE id = $1 AND state = 2", NULL};
static const struct vl_store_sql sql_recover = {"UPDATE job SET lease_until = 0 WHERE state = 1", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT sum(CASE WHEN state = 0 THEN 1 ELSE 0 END), sum(CASE WHEN state = 0 AND not_before <= $2 THEN 1 "
    "ELSE 0 END), sum(CASE WHEN state = 1 THEN 1 ELSE 0 END), sum(CASE WHEN state = 2 THEN 1 ELSE 0 END), "
    "min(CASE WHEN state = 0 AND not_before <= $2 THEN added END) FROM job WHERE $1 = '' OR kind = $1",
    NULL};

int vl_queue_add(struct vl_store_conn *conn, const struct vl_job *job, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (job->payload.len > VL_QUEUE_PAYLOAD_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "job %s %s: its payload is larger than %lu bytes", job->kind,
            job->key, VL_QUEUE_PAYLOAD_MAX);
    int r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, job->kind);
    vl_stmt_str(stmt, 2, job->key);
    vl_stmt_str(stmt, 3, job->group ? job->group : "");
    vl_stmt_int(stmt, 4, job->priority);
    vl_stmt_int(stmt, 5, job->not_before);
    vl_stmt_int(stmt, 6, job->added ? job->added : vl_time_now_ms());
    vl_stmt_blob(stmt, 7, job->payload);
    if (!ret_id) {
        r = vl_stmt_send(stmt, err);
    } else if ((r = vl_stmt_step(stmt, err)) > 0) {
        *ret_id = vl_stmt_get_int(stmt, 0);
        r = vl_stmt_run(stmt, NULL, err);
    } else if (r == 0) {
        r = vl_err_set(err, VL_ERR_CORRUPT, "job %s %s was not added", job->kind, job->key);
    }
    /* Waiting workers follow the feed. */
    return r < 0 ? r : vl_feed_add(conn, 0, "job", job->kind, err);
}

struct claim {
    const struct vl_queue_claim_options *options;
    struct vl_arena *arena;
    struct vl_job *job;
    const char *kinds; /* ",scan,discover," or "" */
    int64_t now;
    int64_t next;
    bool found;
};

static int expire(struct vl_store_conn *conn, int64_t now, struct vl_err *err)
{
    static const struct vl_store_sql *const statements[] = {&sql_expired_gone, &sql_expired};
    for (size_t i = 0; i < VL_ARRAY_LEN(statements); i++) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        int r = vl_stmt_begin(conn, statements[i], &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, now);
        r = vl_stmt_run(stmt, NULL, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int find_next(struct vl_store_conn *conn, struct claim *c, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_next, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->now);
    vl_stmt_str(stmt, 2, c->kinds);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && !vl_stmt_is_null(stmt, 0))
        c->next = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static void take(struct vl_stmt *stmt, struct claim *c)
{
    *c->job = (struct vl_job){
        .id = vl_stmt_get_int(stmt, 0),
        .kind = vl_stmt_copy(stmt, 1, c->arena),
        .key = vl_stmt_copy(stmt, 2, c->arena),
        .group = vl_stmt_copy(stmt, 3, c->arena),
        .priority = (int)vl_stmt_get_int(stmt, 4),
        .not_before = vl_stmt_get_int(stmt, 5),
        .added = vl_stmt_get_int(stmt, 6),
        .attempt = (unsigned)vl_stmt_get_int(stmt, 7),
    };
    struct vl_span payload = vl_stmt_get_blob(stmt, 8);
    c->job->payload = (struct vl_span){vl_arena_dup_span(c->arena, payload), payload.len};
}

static int claim_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct claim *c = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    c->found = false;
    c->next = INT64_MAX;
    int r = expire(conn, c->now, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_claim, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->now);
    vl_stmt_str(stmt, 2, c->kinds);
    vl_stmt_int(stmt, 3, c->options->group_max);
    vl_stmt_str(stmt, 4, c->options->worker);
    vl_stmt_int(stmt, 5, c->now + c->options->lease_ms);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r < 0 ? r : find_next(conn, c, err);
    take(stmt, c);
    c->found = true;
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : vl_arena_check(c->arena, "a job", err);
}

/* ",scan,discover," or "". */
static int list_kinds(const struct vl_queue_claim_options *options, struct vl_buf *out, struct vl_err *err)
{
    vl_buf_init(out, 4096);
    for (const char *const *k = options->kinds; k && *k; k++)
        vl_buf_printf(out, "%s%s,", k == options->kinds ? "," : "", *k);
    return vl_buf_check(out, "kinds of jobs", err);
}

static int any_expired(struct vl_store_conn *conn, int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_look_expired, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, now);
    return vl_stmt_step(stmt, err);
}

int vl_queue_look(struct vl_store_conn *conn, const struct vl_queue_claim_options *options,
    int64_t *ret_next_ms, struct vl_err *err)
{
    struct vl_buf kinds VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct claim c = {.now = vl_time_now_ms(), .next = INT64_MAX};
    int r = list_kinds(options, &kinds, err);
    if (r >= 0)
        r = any_expired(conn, c.now, err);
    if (r != 0)
        return r;
    c.kinds = vl_buf_str(&kinds);
    r = vl_stmt_begin(conn, &sql_look, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c.now);
    vl_stmt_str(stmt, 2, c.kinds);
    vl_stmt_int(stmt, 3, options->group_max);
    r = vl_stmt_step(stmt, err);
    if (r == 0) {
        r = find_next(conn, &c, err);
        *ret_next_ms = c.next;
    }
    return r;
}

int vl_queue_claim(struct vl_store *store, const struct vl_queue_claim_options *options,
    struct vl_arena *arena, struct vl_job *ret, int64_t *ret_next_ms, struct vl_err *err)
{
    struct vl_buf kinds VL_CLEANUP(vl_buf_done);
    struct vl_job job;
    struct claim c = {.options = options, .arena = arena, .job = &job, .now = vl_time_now_ms()};
    int r = list_kinds(options, &kinds, err);
    if (r < 0)
        return r;
    c.kinds = vl_buf_str(&kinds);
    r = vl_store_write(store, claim_write, &c, err);
    if (r < 0)
        return r;
    *ret_next_ms = c.next;
    if (c.found)
        *ret = job;
    return c.found;
}

static int lease_lost(const struct vl_job *job, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_CONFLICT, "job %s %s: another worker has it now", job->kind, job->key);
}

struct renewal {
    const struct vl_job *job;
    const char *worker;
    int64_t until;
};

static int renew_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct renewal *n = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_renew, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, n->until);
    vl_stmt_int(stmt, 2, n->job->id);
    vl_stmt_str(stmt, 3, n->worker);
    vl_stmt_int(stmt, 4, n->job->attempt);
    r = vl_stmt_run(stmt, &changed, err);
    return r < 0 || changed ? r : lease_lost(n->job, err);
}

int vl_queue_renew(struct vl_store *store, const struct vl_job *job, const char *worker, int64_t lease_ms,
    struct vl_err *err)
{
    struct renewal n = {job, worker, vl_time_now_ms() + lease_ms};
    return vl_store_write(store, renew_write, &n, err);
}

/* The three parameters that tell whose job it is. */
static int begin_own(struct vl_store_conn *conn, const struct vl_store_sql *sql, const struct vl_job *job,
    const char *worker, struct vl_stmt **ret, struct vl_err *err)
{
    int r = vl_stmt_begin(conn, sql, ret, err);
    if (r < 0)
        return r;
    vl_stmt_int(*ret, 1, job->id);
    vl_stmt_str(*ret, 2, worker);
    vl_stmt_int(*ret, 3, job->attempt);
    return 0;
}

static int forget_dead(struct vl_store_conn *conn, const struct vl_job *job, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_forget, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, job->kind);
    vl_stmt_str(stmt, 2, job->key);
    vl_stmt_int(stmt, 3, job->id);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_queue_finish(
    struct vl_store_conn *conn, const struct vl_job *job, const char *worker, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = begin_own(conn, &sql_finish, job, worker, &stmt, err);
    if (r >= 0)
        r = vl_stmt_run(stmt, &changed, err);
    if (r >= 0 && !changed)
        return lease_lost(job, err);
    return r < 0 ? r : forget_dead(conn, job, err);
}

/* Who waits for work knows the next try of those that waited when he looked; of this one he hears. */
static int tell_of(struct vl_store_conn *conn, const struct vl_job *job, struct vl_err *err)
{
    return vl_feed_add(conn, 0, "job", job->kind, err);
}

int vl_queue_fail(struct vl_store_conn *conn, const struct vl_job *job, const char *worker,
    int64_t not_before, const char *why, struct vl_err *err)
{
    struct vl_stmt *superseded VL_CLEANUP(vl_stmt_cleanup) = NULL, *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    bool dead = not_before == INT64_MAX;
    int r = 0;
    if (!dead) {
        r = begin_own(conn, &sql_superseded, job, worker, &superseded, err);
        if (r >= 0)
            r = vl_stmt_run(superseded, &changed, err);
        if (r < 0 || changed)
            return r;
    }
    r = begin_own(conn, &sql_fail, job, worker, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 4, dead ? DEAD : WAITING);
    vl_stmt_int(stmt, 5, dead ? vl_time_now_ms() : not_before);
    vl_stmt_text(stmt, 6, vl_span_slice(vl_span_str(why), 0, VL_QUEUE_ERROR_MAX));
    r = vl_stmt_run(stmt, &changed, err);
    if (r >= 0 && !changed)
        return lease_lost(job, err);
    if (r < 0)
        return r;
    return dead ? forget_dead(conn, job, err) : tell_of(conn, job, err);
}

int vl_queue_postpone(struct vl_store_conn *conn, const struct vl_job *job, const char *worker,
    int64_t not_before, const char *why, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_queue_fail(conn, job, worker, not_before, why, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_uncount, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, job->id);
    vl_stmt_int(stmt, 2, job->attempt);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_queue_release(
    struct vl_store_conn *conn, const struct vl_job *job, const char *worker, struct vl_err *err)
{
    static const struct vl_store_sql *const statements[] = {&sql_superseded, &sql_release};
    for (size_t i = 0; i < VL_ARRAY_LEN(statements); i++) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        uint64_t changed = 0;
        int r = begin_own(conn, statements[i], job, worker, &stmt, err);
        if (r >= 0)
            r = vl_stmt_run(stmt, &changed, err);
        if (r < 0 || changed)
            return r < 0 ? r : tell_of(conn, job, err);
    }
    return lease_lost(job, err);
}

static int recover_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    (void)user;
    int r = vl_stmt_begin(conn, &sql_recover, &stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

int vl_queue_recover(struct vl_store *store, struct vl_err *err)
{
    return vl_store_kind(store) == VL_STORE_SQLITE ? vl_store_write(store, recover_write, NULL, err) : 0;
}

int vl_queue_group_max(struct vl_store_conn *conn, const char *group, unsigned most, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_group, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, group);
    vl_stmt_int(stmt, 2, most);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_queue_group_remove(struct vl_store_conn *conn, const char *group, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_group_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, group);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_queue_retry(struct vl_store_conn *conn, int64_t id, struct vl_err *err)
{
    static const struct vl_store_sql *const statements[] = {&sql_retry_gone, &sql_retry};
    uint64_t changed = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(statements) && !changed; i++) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        int r = vl_stmt_begin(conn, statements[i], &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, id);
        if (statements[i] == &sql_retry)
            vl_stmt_int(stmt, 2, vl_time_now_ms());
        r = vl_stmt_run(stmt, &changed, err);
        if (r < 0)
            return r;
    }
    if (!changed)
        return 0;
    int r = vl_feed_add(conn, 0, "job", "", err);
    return r < 0 ? r : 1;
}

int vl_queue_count(
    struct vl_store_conn *conn, const char *kind, struct vl_queue_counts *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, kind ? kind : "");
    vl_stmt_int(stmt, 2, vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret = (struct vl_queue_counts){
        .waiting = (uint64_t)vl_stmt_get_int(stmt, 0),
        .due = (uint64_t)vl_stmt_get_int(stmt, 1),
        .running = (uint64_t)vl_stmt_get_int(stmt, 2),
        .dead = (uint64_t)vl_stmt_get_int(stmt, 3),
        .oldest_due_ms = vl_stmt_get_int(stmt, 4),
    };
    return 0;
}
