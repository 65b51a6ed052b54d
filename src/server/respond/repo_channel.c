#include "respond/repo_channel.h"

#include "base/time.h"
#include "respond/repo_outbox.h"
#include "store/feed.h"

#define COLUMNS                                                                                              \
    "SELECT id, environment_id, name, kind, config, topics, scope, secret, min_severity, enabled, created, " \
    "last_ok, last_error, shed FROM channel "
static const struct vl_store_sql sql_list = {
    COLUMNS "WHERE environment_id = $1 ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {
    COLUMNS "WHERE id = $1 AND ($2 = 0 OR environment_id = $2)", NULL};
static const struct vl_store_sql sql_count = {"SELECT count(*) FROM channel WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO channel (environment_id, name, kind, config, secret, min_severity, topics, scope, enabled, "
    "created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_taken = {
    "SELECT id FROM channel WHERE environment_id = $1 AND name = $2 AND id <> $3", NULL};
static const struct vl_store_sql sql_set = {
    "UPDATE channel SET name = $3, config = $4, secret = $5, min_severity = $6, topics = $7, scope = $8, "
    "enabled = $9 WHERE id = $1 AND environment_id = $2",
    NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM channel WHERE id = $1 AND environment_id = $2", NULL};
static const struct vl_store_sql sql_ok = {
    "UPDATE channel SET last_ok = $2, last_error = NULL WHERE id = $1", NULL};
static const struct vl_store_sql sql_error = {"UPDATE channel SET last_error = $2 WHERE id = $1", NULL};

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_channel *ret, struct vl_err *err)
{
    struct vl_span secret = vl_stmt_get_blob(stmt, 7);
    *ret = (struct vl_channel){.id = vl_stmt_get_int(stmt, 0),
        .environment = vl_stmt_get_int(stmt, 1),
        .name = vl_stmt_copy(stmt, 2, arena),
        .kind = vl_stmt_copy(stmt, 3, arena),
        .config = vl_stmt_copy(stmt, 4, arena),
        .topics = vl_stmt_copy(stmt, 5, arena),
        .scope = vl_stmt_copy(stmt, 6, arena),
        .secret = {vl_arena_dup_span(arena, secret), secret.len},
        .min_severity = (enum vl_severity)vl_stmt_get_int(stmt, 8),
        .enabled = vl_stmt_get_int(stmt, 9) != 0,
        .created = vl_stmt_get_int(stmt, 10),
        .last_ok = vl_stmt_get_int(stmt, 11),
        .last_error = vl_stmt_copy(stmt, 12, arena),
        .shed = vl_stmt_get_int(stmt, 13)};
    return vl_arena_check(arena, "channels", err);
}

int vl_repo_channel_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_channel **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_channel *list = vl_arena_array(arena, VL_CHANNELS_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "channels", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_CHANNELS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_CHANNELS_MAX) {
        r = take(stmt, arena, &list[n], err);
        if (r < 0)
            return r;
        n++;
    }
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_channel_get(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_arena *arena,
    struct vl_channel *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

static int check_room(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && vl_stmt_get_int(stmt, 0) >= VL_CHANNELS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an environment has at most %d channels", VL_CHANNELS_MAX);
    return r < 0 ? r : 0;
}

static int taken(struct vl_err *err, const char *name)
{
    return vl_err_set(err, VL_ERR_CONFLICT, "/name: there is a channel \"%s\" already", name);
}

static int told(struct vl_store_conn *conn, const struct vl_channel *c, struct vl_err *err)
{
    return vl_feed_add(conn, c->environment, "channel", c->name ? c->name : "", err);
}

int vl_repo_channel_add(
    struct vl_store_conn *conn, const struct vl_channel *c, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = check_room(conn, c->environment, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->environment);
    vl_stmt_str(stmt, 2, c->name);
    vl_stmt_str(stmt, 3, c->kind);
    vl_stmt_str(stmt, 4, c->config);
    if (c->secret.len)
        vl_stmt_blob(stmt, 5, c->secret);
    else
        vl_stmt_null(stmt, 5);
    vl_stmt_int(stmt, 6, (int64_t)c->min_severity);
    vl_stmt_str(stmt, 7, c->topics);
    vl_stmt_str(stmt, 8, c->scope);
    vl_stmt_int(stmt, 9, c->enabled);
    vl_stmt_int(stmt, 10, vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r < 0 ? r : taken(err, c->name);
    *ret_id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : told(conn, c, err);
}

static int check_name(struct vl_store_conn *conn, const struct vl_channel *c, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_taken, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->environment);
    vl_stmt_str(stmt, 2, c->name);
    vl_stmt_int(stmt, 3, c->id);
    r = vl_stmt_step(stmt, err);
    return r > 0 ? taken(err, c->name) : r;
}

int vl_repo_channel_set(struct vl_store_conn *conn, const struct vl_channel *c, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t n = 0;
    int r = check_name(conn, c, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->id);
    vl_stmt_int(stmt, 2, c->environment);
    vl_stmt_str(stmt, 3, c->name);
    vl_stmt_str(stmt, 4, c->config);
    if (c->secret.len)
        vl_stmt_blob(stmt, 5, c->secret);
    else
        vl_stmt_null(stmt, 5);
    vl_stmt_int(stmt, 6, (int64_t)c->min_severity);
    vl_stmt_str(stmt, 7, c->topics);
    vl_stmt_str(stmt, 8, c->scope);
    vl_stmt_int(stmt, 9, c->enabled);
    r = vl_stmt_run(stmt, &n, err);
    if (r >= 0 && n > 0)
        r = told(conn, c, err);
    return r < 0 ? r : n > 0;
}

int vl_repo_channel_remove(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t n = 0;
    int r = vl_stmt_begin(conn, &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_run(stmt, &n, err);
    if (r >= 0 && n > 0)
        r = vl_feed_add(conn, environment, "channel", "", err);
    return r < 0 ? r : n > 0;
}

int vl_repo_channel_result(
    struct vl_store_conn *conn, const struct vl_channel *channel, const char *error, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, error ? &sql_error : &sql_ok, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, channel->id);
    if (error)
        vl_stmt_str(stmt, 2, error);
    else
        vl_stmt_int(stmt, 2, vl_time_now_ms());
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : told(conn, channel, err);
}
