#include "inventory/repo_environment.h"

#include <stdio.h>

#include "base/text.h"
#include "base/time.h"
#include "base/vec.h"
#include "net/crypt.h"

static const struct vl_store_sql sql_add = {
    "INSERT INTO environment (guid, name, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_find = {
    "SELECT id, guid, name, created FROM environment WHERE guid = lower($1) OR name = $1 "
    "ORDER BY CASE WHEN guid = lower($1) THEN 0 ELSE 1 END LIMIT 1",
    NULL};
static const struct vl_store_sql sql_get = {
    "SELECT id, guid, name, created FROM environment WHERE id = $1", NULL};
static const struct vl_store_sql sql_list = {
    "SELECT id, guid, name, created FROM environment ORDER BY name LIMIT $1", NULL};

static const struct vl_store_sql sql_taken = {"SELECT 1 FROM environment WHERE name = $1 AND id <> $2", NULL};
static const struct vl_store_sql sql_rename = {"UPDATE environment SET name = $1 WHERE id = $2", NULL};

int vl_guid_new(char ret[VL_GUID_TEXT], struct vl_err *err)
{
    uint8_t b[16];
    int r = vl_crypt_random(b, sizeof(b), err);
    if (r < 0)
        return r;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(ret, VL_GUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool vl_guid_is(struct vl_span text)
{
    if (text.len != VL_GUID_TEXT - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.ptr[i] != '-' : !is_hex((char)text.ptr[i]))
            return false;
    }
    return true;
}

int vl_repo_environment_add(
    struct vl_store_conn *conn, const char *guid, const char *name, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    char made[VL_GUID_TEXT];
    int r = guid ? 0 : vl_guid_new(made, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, guid ? guid : made);
    vl_stmt_str(stmt, 2, name);
    vl_stmt_int(stmt, 3, vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r == 0)
        return vl_err_set(
            err, VL_ERR_CONFLICT, "there is an environment \"%s\", or of that GUID, already", name);
    if (r > 0)
        *ret_id = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_environment *ret, struct vl_err *err)
{
    struct vl_environment e = {.id = vl_stmt_get_int(stmt, 0),
        .guid = vl_stmt_copy(stmt, 1, arena),
        .name = vl_stmt_copy(stmt, 2, arena),
        .created = vl_stmt_get_int(stmt, 3)};
    int r = vl_arena_check(arena, "an environment", err);
    if (r >= 0)
        *ret = e;
    return r;
}

int vl_repo_environment_find(struct vl_store_conn *conn, struct vl_span which, struct vl_arena *arena,
    struct vl_environment *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_find, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_text(stmt, 1, which);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

int vl_repo_environment_get(struct vl_store_conn *conn, int64_t id, struct vl_arena *arena,
    struct vl_environment *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

int vl_repo_environment_rename(struct vl_store_conn *conn, int64_t id, const char *name, struct vl_err *err)
{
    struct vl_stmt *other VL_CLEANUP(vl_stmt_cleanup) = NULL, *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_taken, &other, err);
    if (r < 0)
        return r;
    vl_stmt_str(other, 1, name);
    vl_stmt_int(other, 2, id);
    r = vl_stmt_step(other, err);
    if (r > 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "/name: there is an environment \"%s\" already", name);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_rename, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, name);
    vl_stmt_int(stmt, 2, id);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_environment_list(struct vl_store_conn *conn, struct vl_arena *arena, struct vl_environment **ret,
    size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_environment *list = vl_arena_array(arena, VL_ENVIRONMENTS_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "the environments", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, VL_ENVIRONMENTS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_ENVIRONMENTS_MAX) {
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
