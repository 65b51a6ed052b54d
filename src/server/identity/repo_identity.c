#include "identity/repo_identity.h"

#include <string.h>

#include "base/time.h"
#include "codec/digest.h"
#include "net/crypt.h"

#define TOKEN_PREFIX   "vlt_"
#define REFRESH_PREFIX "vlr_" /* as long */
#define TOKEN_RANDOM   40
#define WAIT_MAX_MS    3600000
#define WAIT_DOUBLES   16

static const struct vl_store_sql sql_count = {"SELECT count(*) FROM principal", NULL};
static const struct vl_store_sql sql_add = {"INSERT INTO principal (kind, name, password, created) VALUES "
                                            "($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_by_name = {
    "SELECT id, kind, name, password FROM principal WHERE name = $1 AND disabled = 0", NULL};
static const struct vl_store_sql sql_token_add = {
    "INSERT INTO token (principal_id, name, hash, role, environment_id, created, expires) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    NULL};
static const struct vl_store_sql sql_token_count = {
    "SELECT count(*) FROM token WHERE principal_id = $1", NULL};
static const struct vl_store_sql sql_token_trim = {
    "DELETE FROM token WHERE principal_id = $1 AND expires > 0 AND expires < $2", NULL};
static const struct vl_store_sql sql_token_find = {
    "SELECT p.id, p.kind, p.name, t.id, t.role, t.environment_id FROM token t JOIN principal p ON p.id = "
    "t.principal_id WHERE t.hash = $1 AND p.disabled = 0 AND (t.expires = 0 OR t.expires > $2)",
    NULL};
static const struct vl_store_sql sql_token_list = {
    "SELECT id, name, role, environment_id, created, expires, last_used FROM token WHERE principal_id = $1 "
    "ORDER BY id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_token_remove = {
    "DELETE FROM token WHERE principal_id = $1 AND id = $2", NULL};
static const struct vl_store_sql sql_login_get = {
    "SELECT failures, locked_until FROM login_failure WHERE who = $1", NULL};
static const struct vl_store_sql sql_login_set = {
    "INSERT INTO login_failure (who, failures, locked_until) VALUES ($1, $2, $3) "
    "ON CONFLICT (who) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until",
    NULL};
static const struct vl_store_sql sql_login_good = {"DELETE FROM login_failure WHERE who = $1", NULL};
static const struct vl_store_sql sql_audit = {"INSERT INTO audit (at, who, peer, environment_id, action, "
                                              "object, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    NULL};

int vl_repo_principals(struct vl_store_conn *conn, int64_t *ret_count, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret_count = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_principal_add(struct vl_store_conn *conn, enum vl_principal_kind kind, const char *name,
    const char *password_hash, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, kind);
    vl_stmt_str(stmt, 2, name);
    vl_stmt_str(stmt, 3, password_hash);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "the name \"%s\" is taken", name);
    if (r < 0)
        return r;
    int64_t id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        *ret_id = id;
    return r;
}

int vl_repo_principal_by_name(struct vl_store_conn *conn, const char *name, struct vl_arena *arena,
    struct vl_principal *ret, const char **ret_password_hash, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_by_name, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, name);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    struct vl_principal found = {.id = vl_stmt_get_int(stmt, 0),
        .kind = (enum vl_principal_kind)vl_stmt_get_int(stmt, 1),
        .name = vl_stmt_copy(stmt, 2, arena)};
    const char *hash = vl_stmt_copy(stmt, 3, arena);
    r = vl_arena_check(arena, "a principal", err);
    if (r < 0)
        return r;
    *ret = found;
    *ret_password_hash = hash;
    return 1;
}

static void hash_of(struct vl_span text, struct vl_digest *ret)
{
    vl_digest_compute(VL_DIGEST_SHA256, text, ret);
}

/* Programs that log in every hour leave tokens behind that have ended. */
static int trim(struct vl_store_conn *conn, int64_t principal, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_token_trim, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, vl_time_now_ms());
    return vl_stmt_run(stmt, NULL, err);
}

static int check_room(struct vl_store_conn *conn, int64_t principal, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_token_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && vl_stmt_get_int(stmt, 0) >= VL_TOKENS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "there are %d tokens already: remove some", VL_TOKENS_MAX);
    return r < 0 ? r : 0;
}

static int add_token(struct vl_store_conn *conn, int64_t principal, const struct vl_token *token,
    const char *prefix, char ret_text[VL_TOKEN_TEXT], int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_digest hash;
    memcpy(ret_text, prefix, sizeof(TOKEN_PREFIX));
    int r = trim(conn, principal, err);
    if (r >= 0)
        r = check_room(conn, principal, err);
    if (r >= 0)
        r = vl_crypt_random_text(ret_text + strlen(TOKEN_PREFIX), TOKEN_RANDOM, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_token_add, &stmt, err);
    if (r < 0)
        return r;
    hash_of(vl_span_str(ret_text), &hash);
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_str(stmt, 2, token->name);
    vl_stmt_blob(stmt, 3, (struct vl_span){(const char *)hash.bytes, 32});
    vl_stmt_int(stmt, 4, token->role);
    vl_stmt_int(stmt, 5, token->environment);
    vl_stmt_int(stmt, 6, vl_time_now_ms());
    vl_stmt_int(stmt, 7, token->expires);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_CORRUPT, "the token was not added");
    int64_t id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        *ret_id = id;
    return r;
}

int vl_repo_token_add(struct vl_store_conn *conn, int64_t principal, const struct vl_token *token,
    char ret_text[VL_TOKEN_TEXT], int64_t *ret_id, struct vl_err *err)
{
    return add_token(conn, principal, token, TOKEN_PREFIX, ret_text, ret_id, err);
}

int vl_repo_refresh_add(struct vl_store_conn *conn, int64_t principal, int64_t expires_ms,
    char ret_text[VL_TOKEN_TEXT], struct vl_err *err)
{
    const struct vl_token token = {.name = "refresh", .role = VL_ROLE_NONE, .expires = expires_ms};
    int64_t id;
    return add_token(conn, principal, &token, REFRESH_PREFIX, ret_text, &id, err);
}

static int find_token(struct vl_store_conn *conn, struct vl_span text, const char *prefix, int64_t now_ms,
    struct vl_arena *arena, struct vl_principal *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_digest hash;
    if (text.len != strlen(prefix) + TOKEN_RANDOM || !vl_span_starts_with(text, prefix))
        return 0;
    int r = vl_stmt_begin(conn, &sql_token_find, &stmt, err);
    if (r < 0)
        return r;
    hash_of(text, &hash);
    vl_stmt_blob(stmt, 1, (struct vl_span){(const char *)hash.bytes, 32});
    vl_stmt_int(stmt, 2, now_ms);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret = (struct vl_principal){.id = vl_stmt_get_int(stmt, 0),
        .kind = (enum vl_principal_kind)vl_stmt_get_int(stmt, 1),
        .name = vl_stmt_copy(stmt, 2, arena),
        .token_id = vl_stmt_get_int(stmt, 3),
        .token_role = (enum vl_role)vl_stmt_get_int(stmt, 4),
        .token_environment = vl_stmt_get_int(stmt, 5)};
    r = vl_arena_check(arena, "a principal", err);
    return r < 0 ? r : 1;
}

int vl_repo_token_find(struct vl_store_conn *conn, struct vl_span text, int64_t now_ms,
    struct vl_arena *arena, struct vl_principal *ret, struct vl_err *err)
{
    return find_token(conn, text, TOKEN_PREFIX, now_ms, arena, ret, err);
}

int vl_repo_refresh_find(struct vl_store_conn *conn, struct vl_span text, int64_t now_ms,
    struct vl_arena *arena, struct vl_principal *ret, struct vl_err *err)
{
    return find_token(conn, text, REFRESH_PREFIX, now_ms, arena, ret, err);
}

int vl_repo_token_list(struct vl_store_conn *conn, int64_t principal, struct vl_arena *arena,
    struct vl_token **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_token *list = vl_arena_array(arena, VL_TOKENS_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_stmt_begin(conn, &sql_token_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, VL_TOKENS_MAX);
    while (list && n < VL_TOKENS_MAX && (r = vl_stmt_step(stmt, err)) > 0) {
        list[n++] = (struct vl_token){.id = vl_stmt_get_int(stmt, 0),
            .name = vl_stmt_copy(stmt, 1, arena),
            .role = (enum vl_role)vl_stmt_get_int(stmt, 2),
            .environment = vl_stmt_get_int(stmt, 3),
            .created = vl_stmt_get_int(stmt, 4),
            .expires = vl_stmt_get_int(stmt, 5),
            .last_used = vl_stmt_get_int(stmt, 6)};
    }
    if (r >= 0)
        r = vl_arena_check(arena, "tokens", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_token_remove(struct vl_store_conn *conn, int64_t principal, int64_t id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_token_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, id);
    r = vl_stmt_run(stmt, &changed, err);
    return r < 0 ? r : changed > 0;
}

static int read_failures(struct vl_store_conn *conn, const char *who, int64_t *ret_failures,
    int64_t *ret_until, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_login_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, who);
    r = vl_stmt_step(stmt, err);
    *ret_failures = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    *ret_until = r > 0 ? vl_stmt_get_int(stmt, 1) : 0;
    return r < 0 ? r : 0;
}

int vl_repo_login_wait(
    struct vl_store_conn *conn, const char *who, int64_t now_ms, int64_t *ret_wait_ms, struct vl_err *err)
{
    int64_t failures, until;
    int r = read_failures(conn, who, &failures, &until, err);
    if (r >= 0)
        *ret_wait_ms = until > now_ms ? until - now_ms : 0;
    return r;
}

int vl_repo_login_failed(struct vl_store_conn *conn, const char *who, int64_t now_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t failures, until, wait = 0;
    int r = read_failures(conn, who, &failures, &until, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_login_set, &stmt, err);
    if (r < 0)
        return r;
    failures++;
    if (failures >= VL_LOGIN_TRIES) {
        int64_t doubles = failures - VL_LOGIN_TRIES;
        wait = (int64_t)VL_LOGIN_WAIT_MS << (doubles < WAIT_DOUBLES ? doubles : WAIT_DOUBLES);
        wait = wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
    }
    vl_stmt_str(stmt, 1, who);
    vl_stmt_int(stmt, 2, failures);
    vl_stmt_int(stmt, 3, wait ? now_ms + wait : 0);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_login_good(struct vl_store_conn *conn, const char *who, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_login_good, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, who);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_audit(struct vl_store_conn *conn, const char *who, const char *peer, int64_t environment,
    const char *action, const char *object, const char *detail, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_audit, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, vl_time_now_ms());
    vl_stmt_str(stmt, 2, who);
    vl_stmt_str(stmt, 3, peer);
    vl_stmt_int(stmt, 4, environment);
    vl_stmt_str(stmt, 5, action);
    vl_stmt_str(stmt, 6, object);
    vl_stmt_str(stmt, 7, detail ? detail : "");
    return vl_stmt_run(stmt, NULL, err);
}
