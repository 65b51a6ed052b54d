#include <string.h>

#include "base/vec.h"
#include "respond/repo_delivery.h"

#define LIST_MAX 5000000

static const struct vl_store_sql sql_list = {
    "SELECT o.id, o.environment_id, o.channel_id, c.name, o.address, o.topic, o.subject, o.severity, "
    "o.state, o.created, o.attempts, o.next_try, o.error, o.delivered FROM outbox o JOIN channel c ON c.id = "
    "o.channel_id WHERE o.environment_id = $1 AND ($2 = 0 OR o.state = $2) AND ($3 = 0 OR o.id < $3) ORDER "
    "BY o.id DESC LIMIT $4",
    NULL};
static const struct vl_store_sql sql_count = {"SELECT count(*) FROM (SELECT 1 FROM outbox WHERE "
                                              "environment_id = $1 AND ($2 = 0 OR state = $2) LIMIT $3) "
                                              "w",
    NULL};
static const struct vl_store_sql sql_notices = {"SELECT id, at, topic, severity, title, object, count FROM "
                                                "notice WHERE environment_id = $1 AND ($2 = 0 OR "
                                                "id < $2) ORDER BY id DESC LIMIT $3",
    NULL};
static const struct vl_store_sql sql_notice_count = {
    "SELECT count(*) FROM (SELECT 1 FROM notice WHERE environment_id = $1 LIMIT $2) w", NULL};

static int settle(struct vl_vec *list, struct vl_arena *arena, void **ret, size_t *ret_n, struct vl_err *err)
{
    void *copy = vl_arena_array(arena, list->len + 1, list->item_size);
    int r = vl_arena_check(arena, "a list", err);
    if (r < 0)
        return r;
    if (list->len > 0)
        memcpy(copy, list->items, list->len * list->item_size);
    *ret = copy;
    *ret_n = list->len;
    return 0;
}

static void take(const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_outbox *ret)
{
    *ret = (struct vl_outbox){.id = vl_stmt_get_int(stmt, 0),
        .environment = vl_stmt_get_int(stmt, 1),
        .channel = vl_stmt_get_int(stmt, 2),
        .channel_name = vl_stmt_copy(stmt, 3, arena),
        .address = vl_stmt_copy(stmt, 4, arena),
        .topic = vl_stmt_copy(stmt, 5, arena),
        .subject = vl_stmt_copy(stmt, 6, arena),
        .severity = (enum vl_severity)vl_stmt_get_int(stmt, 7),
        .state = (enum vl_outbox_state)vl_stmt_get_int(stmt, 8),
        .created = vl_stmt_get_int(stmt, 9),
        .attempts = vl_stmt_get_int(stmt, 10),
        .next_try = vl_stmt_get_int(stmt, 11),
        .error = vl_stmt_copy(stmt, 12, arena),
        .delivered = vl_stmt_get_int(stmt, 13)};
}

int vl_repo_outbox_list(struct vl_store_conn *conn, int64_t environment, enum vl_outbox_state state,
    int64_t before, size_t limit, struct vl_arena *arena, struct vl_outbox **ret, size_t *ret_n,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    void *items = NULL;
    vl_vec_init(&list, sizeof(struct vl_outbox), LIST_MAX);
    int r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, (int64_t)state);
    vl_stmt_int(stmt, 3, before);
    vl_stmt_int(stmt, 4, (int64_t)limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_outbox *row = vl_vec_push(&list, "messages", err);
        if (!row)
            return err->err;
        take(stmt, arena, row);
    }
    if (r >= 0)
        r = settle(&list, arena, &items, ret_n, err);
    if (r >= 0)
        *ret = items;
    return r;
}

static int count(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t environment,
    int64_t state, int64_t max, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    if (state >= 0)
        vl_stmt_int(stmt, 2, state);
    vl_stmt_int(stmt, state >= 0 ? 3 : 2, max);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_outbox_count(struct vl_store_conn *conn, int64_t environment, enum vl_outbox_state state,
    int64_t max, int64_t *ret, struct vl_err *err)
{
    return count(conn, &sql_count, environment, (int64_t)state, max, ret, err);
}

int vl_repo_notice_list(struct vl_store_conn *conn, int64_t environment, int64_t before, size_t limit,
    struct vl_arena *arena, struct vl_notice **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    void *items = NULL;
    vl_vec_init(&list, sizeof(struct vl_notice), LIST_MAX);
    int r = vl_stmt_begin(conn, &sql_notices, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, before);
    vl_stmt_int(stmt, 3, (int64_t)limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_notice *row = vl_vec_push(&list, "notices", err);
        if (!row)
            return err->err;
        *row = (struct vl_notice){.id = vl_stmt_get_int(stmt, 0),
            .at = vl_stmt_get_int(stmt, 1),
            .topic = vl_stmt_copy(stmt, 2, arena),
            .severity = (enum vl_severity)vl_stmt_get_int(stmt, 3),
            .title = vl_stmt_copy(stmt, 4, arena),
            .object = vl_stmt_copy(stmt, 5, arena),
            .count = vl_stmt_get_int(stmt, 6)};
    }
    if (r >= 0)
        r = settle(&list, arena, &items, ret_n, err);
    if (r >= 0)
        *ret = items;
    return r;
}

int vl_repo_notice_count(
    struct vl_store_conn *conn, int64_t environment, int64_t max, int64_t *ret, struct vl_err *err)
{
    return count(conn, &sql_notice_count, environment, -1, max, ret, err);
}
