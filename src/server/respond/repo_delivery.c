#include "respond/repo_delivery.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "store/feed.h"
#include "store/queue.h"

#define DAY_MS       (24LL * 3600 * 1000)
#define PRIORITY_OUT 80 /* as VL_PRIORITY_DERIVED */

static const char *const states[] = {"", "waiting", "delivered", "dead", "held", "named"};

const char *vl_outbox_state_name(enum vl_outbox_state state)
{
    return (unsigned)state < VL_ARRAY_LEN(states) ? states[state] : "";
}

bool vl_outbox_state_parse(struct vl_span text, enum vl_outbox_state *ret)
{
    for (size_t i = 1; i < VL_ARRAY_LEN(states); i++)
        if (vl_span_eq_str(text, states[i])) {
            *ret = (enum vl_outbox_state)i;
            return true;
        }
    return false;
}

static const struct vl_store_sql sql_claim = {
    "UPDATE outbox SET attempts = attempts + 1, next_try = $3 WHERE id = (SELECT id FROM outbox WHERE "
    "channel_id = $1 AND state = 1 AND next_try <= $2 ORDER BY next_try, id LIMIT 1) RETURNING id, "
    "environment_id, channel_id, address, topic, subject, body, severity, created, attempts",
    NULL};
static const struct vl_store_sql sql_finish = {
    "UPDATE outbox SET state = $2, next_try = $3, error = $4, delivered = $5, attempts = $6 WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_postpone = {
    "UPDATE outbox SET attempts = attempts + 1, next_try = $3, error = $4, state = CASE WHEN attempts + 1 >= "
    "$5 THEN 3 ELSE 1 END WHERE channel_id = $1 AND state = 1 AND next_try <= $2",
    NULL};
static const struct vl_store_sql sql_next = {
    "SELECT next_try FROM outbox WHERE channel_id = $1 AND state = 1 ORDER BY next_try LIMIT 1", NULL};
static const struct vl_store_sql sql_waiting = {
    "SELECT c.id FROM channel c WHERE c.enabled = 1 AND EXISTS (SELECT 1 FROM outbox o WHERE o.channel_id = "
    "c.id AND o.state = "
    "1) ORDER BY c.id LIMIT $1",
    NULL};
static const struct vl_store_sql sql_sent = {
    "SELECT count(*) FROM outbox WHERE environment_id = $1 AND address = $2 AND address <> '' AND state = 2 "
    "AND delivered > $3 AND severity BETWEEN $4 AND $5 AND topic <> 'digest'",
    NULL};
static const struct vl_store_sql sql_held = {"SELECT subject, severity, created FROM outbox WHERE "
                                             "environment_id = $1 AND address = $2 AND address <> '' "
                                             "AND state = 4 ORDER BY id DESC LIMIT $3",
    NULL};
static const struct vl_store_sql sql_held_count = {
    "SELECT count(*) FROM outbox WHERE environment_id = $1 AND address = $2 AND address <> '' AND state = 4",
    NULL};
static const struct vl_store_sql sql_named = {"UPDATE outbox SET state = 5 WHERE environment_id = $1 AND "
                                              "address = $2 AND address <> '' AND state = 4 AND "
                                              "created <= $3",
    NULL};
static const struct vl_store_sql sql_retry = {"UPDATE outbox SET state = 1, attempts = 0, next_try = $3, "
                                              "error = NULL WHERE id = $1 AND environment_id = "
                                              "$2 AND (state = 3 OR state = 4) RETURNING channel_id",
    NULL};
static const struct vl_store_sql sql_trim = {
    "DELETE FROM outbox WHERE (state = 2 AND delivered < $1) OR (state > 2 AND created < $2)", NULL};
static const struct vl_store_sql sql_trim_notices = {"DELETE FROM notice WHERE at < $1", NULL};

/* --- one after the other --- */

int vl_repo_outbox_claim(struct vl_store_conn *conn, int64_t channel, int64_t now, struct vl_arena *arena,
    struct vl_outbox *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_claim, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, channel);
    vl_stmt_int(stmt, 2, now);
    vl_stmt_int(stmt, 3, now + VL_OUTBOX_LEASE_MS);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret = (struct vl_outbox){.id = vl_stmt_get_int(stmt, 0),
        .environment = vl_stmt_get_int(stmt, 1),
        .channel = vl_stmt_get_int(stmt, 2),
        .address = vl_stmt_copy(stmt, 3, arena),
        .topic = vl_stmt_copy(stmt, 4, arena),
        .subject = vl_stmt_copy(stmt, 5, arena),
        .body = vl_stmt_copy(stmt, 6, arena),
        .severity = (enum vl_severity)vl_stmt_get_int(stmt, 7),
        .state = VL_OUTBOX_WAITING,
        .created = vl_stmt_get_int(stmt, 8),
        .attempts = vl_stmt_get_int(stmt, 9)};
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_arena_check(arena, "a message", err);
    return r < 0 ? r : 1;
}

int vl_repo_outbox_finish(struct vl_store_conn *conn, const struct vl_outbox *row, enum vl_outbox_state state,
    int64_t next_try, const char *error, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_finish, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, row->id);
    vl_stmt_int(stmt, 2, (int64_t)state);
    vl_stmt_int(stmt, 3, next_try);
    vl_stmt_str(stmt, 4, error);
    vl_stmt_int(stmt, 5, state == VL_OUTBOX_DELIVERED ? vl_time_now_ms() : 0);
    vl_stmt_int(stmt, 6, state == VL_OUTBOX_HELD ? row->attempts - 1 : row->attempts);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_outbox_postpone(struct vl_store_conn *conn, int64_t channel, int64_t now, int64_t next_try,
    const char *error, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_postpone, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, channel);
    vl_stmt_int(stmt, 2, now);
    vl_stmt_int(stmt, 3, next_try);
    vl_stmt_str(stmt, 4, error);
    vl_stmt_int(stmt, 5, VL_OUTBOX_TRIES);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_outbox_next(struct vl_store_conn *conn, int64_t channel, int64_t *ret_next, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_next, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, channel);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret_next = vl_stmt_get_int(stmt, 0);
    return r;
}

int vl_repo_outbox_waiting(
    struct vl_store_conn *conn, int64_t *ret_channels, size_t max, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    size_t n = 0;
    int r = vl_stmt_begin(conn, &sql_waiting, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, (int64_t)max);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < max)
        ret_channels[n++] = vl_stmt_get_int(stmt, 0);
    *ret_n = n;
    return r < 0 ? r : 0;
}

int vl_outbox_job(struct vl_store_conn *conn, int64_t channel, int64_t not_before, struct vl_err *err)
{
    char key[40], payload[48];
    (void)snprintf(key, sizeof(key), "channel:%lld", (long long)channel);
    (void)snprintf(payload, sizeof(payload), "{\"channel\":%lld}", (long long)channel);
    const struct vl_job job = {.kind = "notify",
        .key = key,
        .priority = PRIORITY_OUT,
        .not_before = not_before,
        .payload = vl_span_str(payload)};
    return vl_queue_add(conn, &job, NULL, err);
}

/* --- limits of mail --- */

static void class_of(enum vl_severity severity, int64_t *ret_from, int64_t *ret_to, int64_t *ret_limit)
{
    bool high = severity >= VL_SEVERITY_HIGH, medium = severity == VL_SEVERITY_MEDIUM;
    *ret_from = high ? VL_SEVERITY_HIGH : medium ? VL_SEVERITY_MEDIUM : VL_SEVERITY_UNKNOWN;
    *ret_to = high ? VL_SEVERITY_CRITICAL : medium ? VL_SEVERITY_MEDIUM : VL_SEVERITY_LOW;
    *ret_limit = high ? VL_MAIL_HIGH_A_DAY : medium ? VL_MAIL_MEDIUM_A_DAY : VL_MAIL_LOW_A_DAY;
}

int vl_repo_mail_allowed(
    struct vl_store_conn *conn, const struct vl_outbox *row, int64_t now, bool *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t from, to, limit;
    *ret = true;
    if (!row->address[0] || strcmp(row->topic, "digest") == 0)
        return 0;
    class_of(row->severity, &from, &to, &limit);
    int r = vl_stmt_begin(conn, &sql_sent, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, row->environment);
    vl_stmt_str(stmt, 2, row->address);
    vl_stmt_int(stmt, 3, now - DAY_MS);
    vl_stmt_int(stmt, 4, from);
    vl_stmt_int(stmt, 5, to);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0) < limit;
    return r < 0 ? r : 0;
}

static int held_count(
    struct vl_store_conn *conn, const struct vl_outbox *row, uint64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_held_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, row->environment);
    vl_stmt_str(stmt, 2, row->address);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = (uint64_t)vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_mail_held(struct vl_store_conn *conn, const struct vl_outbox *row, struct vl_arena *arena,
    struct vl_mail_held **ret, size_t *ret_n, uint64_t *ret_total, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_mail_held *list = vl_arena_array(arena, VL_MAIL_HELD_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "a mail", err);
    if (r >= 0)
        r = held_count(conn, row, ret_total, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_held, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, row->environment);
    vl_stmt_str(stmt, 2, row->address);
    vl_stmt_int(stmt, 3, VL_MAIL_HELD_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_MAIL_HELD_MAX)
        list[n++] = (struct vl_mail_held){.subject = vl_stmt_copy(stmt, 0, arena),
            .severity = (enum vl_severity)vl_stmt_get_int(stmt, 1),
            .at = vl_stmt_get_int(stmt, 2)};
    *ret = list;
    *ret_n = n;
    return r < 0 ? r : vl_arena_check(arena, "a mail", err);
}

int vl_repo_mail_named(
    struct vl_store_conn *conn, const struct vl_outbox *row, int64_t until, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_named, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, row->environment);
    vl_stmt_str(stmt, 2, row->address);
    vl_stmt_int(stmt, 3, until);
    return vl_stmt_run(stmt, NULL, err);
}

/* --- again, and away --- */

int vl_repo_outbox_retry(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t now = vl_time_now_ms();
    int r = vl_stmt_begin(conn, &sql_retry, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_int(stmt, 2, environment);
    vl_stmt_int(stmt, 3, now);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    int64_t channel = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_outbox_job(conn, channel, now, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "channel", "outbox", err);
    return r < 0 ? r : 1;
}

int vl_repo_outbox_trim(struct vl_store_conn *conn, int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_stmt *notices VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_trim, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, now - VL_OUTBOX_KEEP_MS);
    vl_stmt_int(stmt, 2, now - 3 * VL_OUTBOX_KEEP_MS);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_trim_notices, &notices, err);
    if (r < 0)
        return r;
    vl_stmt_int(notices, 1, now - 3 * VL_OUTBOX_KEEP_MS);
    return vl_stmt_run(notices, NULL, err);
}
