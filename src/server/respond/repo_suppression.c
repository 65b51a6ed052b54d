#include "respond/repo_suppression.h"

#include <string.h>

#include "base/time.h"
#include "respond/suppress.h"
#include "store/feed.h"

#define SCOPE_MAX (64UL * 1024)

static const char *const states[] = {"", "Enabled", "Disabled", "Expired"};

const char *vl_suppression_state_name(enum vl_suppression_state state)
{
    return (unsigned)state < VL_ARRAY_LEN(states) ? states[state] : "";
}

bool vl_suppression_state_parse(struct vl_span text, enum vl_suppression_state *ret)
{
    for (size_t i = VL_SUPPRESSION_ENABLED; i <= VL_SUPPRESSION_DISABLED; i++)
        if (vl_span_eq_nocase(text, vl_span_str(states[i]))) {
            *ret = (enum vl_suppression_state)i;
            return true;
        }
    return false;
}

#define COLUMNS                                                                                   \
    "SELECT id, name, alert_type, state, reason, comment, expires, scope, created, changed FROM " \
    "suppression_rule "
static const struct vl_store_sql sql_list = {
    COLUMNS "WHERE environment_id = $1 ORDER BY name_key LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {
    COLUMNS "WHERE environment_id = $1 AND name_key = lower($2)", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM suppression_rule WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_put = {
    "INSERT INTO suppression_rule (environment_id, name, name_key, alert_type, state, reason, comment, "
    "expires, scope, created, changed) VALUES ($1, $2, lower($2), $3, $4, $5, $6, $7, $8, $9, $9) "
    "ON CONFLICT (environment_id, name_key) DO UPDATE SET alert_type = excluded.alert_type, state = "
    "excluded.state, reason = excluded.reason, comment = excluded.comment, expires = excluded.expires, scope "
    "= excluded.scope, changed = excluded.changed",
    NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM suppression_rule WHERE environment_id = $1 AND name_key = lower($2)", NULL};
static const struct vl_store_sql sql_match = {
    "SELECT id, scope FROM suppression_rule WHERE environment_id = $1 AND state = 1 AND (expires = 0 OR "
    "expires > $3) AND (alert_type = '*' OR lower(alert_type) = lower($2)) ORDER BY id LIMIT $4",
    NULL};

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_suppression_rule *ret, struct vl_err *err)
{
    *ret = (struct vl_suppression_rule){.id = vl_stmt_get_int(stmt, 0),
        .name = vl_stmt_copy(stmt, 1, arena),
        .alert_type = vl_stmt_copy(stmt, 2, arena),
        .state = (enum vl_suppression_state)vl_stmt_get_int(stmt, 3),
        .reason = vl_stmt_copy(stmt, 4, arena),
        .comment = vl_stmt_copy(stmt, 5, arena),
        .expires = vl_stmt_get_int(stmt, 6),
        .scope = vl_stmt_copy(stmt, 7, arena),
        .created = vl_stmt_get_int(stmt, 8),
        .changed = vl_stmt_get_int(stmt, 9)};
    if (ret->state == VL_SUPPRESSION_ENABLED && ret->expires && ret->expires <= vl_time_now_ms())
        ret->state = VL_SUPPRESSION_EXPIRED;
    return vl_arena_check(arena, "suppression rules", err);
}

int vl_repo_suppression_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_suppression_rule **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_suppression_rule *list = vl_arena_array(arena, VL_SUPPRESSION_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "suppression rules", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_SUPPRESSION_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_SUPPRESSION_MAX) {
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

int vl_repo_suppression_get(struct vl_store_conn *conn, int64_t environment, struct vl_span name,
    struct vl_arena *arena, struct vl_suppression_rule *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_text(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

/* --- writing --- */

static bool is_name(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = vl_char_is_letter(c) || vl_char_is_digit(c);
        if (!letter && (i == 0 || (c != '-' && c != '_')))
            return false;
    }
    return n >= VL_SUPPRESSION_NAME_MIN && n <= VL_SUPPRESSION_NAME_MAX;
}

static int check_text(const char *field, const char *text, size_t max, bool required, struct vl_err *err)
{
    size_t n = text ? strlen(text) : 0;
    if (n > max || (required && n == 0))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must have 1 to %zu bytes", field, max);
    return 0;
}

static int check_scope(const char *scope, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (!scope)
        return 0;
    if (strlen(scope) > SCOPE_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "/scope: has more than %lu bytes", SCOPE_MAX);
    int r = vl_doc_parse(vl_span_str(scope), VL_DOC_JSON, "scope", &doc, err);
    if (r >= 0)
        r = vl_suppress_check(vl_doc_root(doc), err);
    if (r < 0) {
        struct vl_err why = *err;
        return vl_err_set(err, VL_ERR_INVALID, "/scope%s", why.msg);
    }
    return 0;
}

static int check_rule(const struct vl_suppression_rule *rule, struct vl_err *err)
{
    if (!is_name(rule->name))
        return vl_err_set(err, VL_ERR_INVALID,
            "/name: must have %d to %d letters, digits, - and _, and begin with a letter or digit",
            VL_SUPPRESSION_NAME_MIN, VL_SUPPRESSION_NAME_MAX);
    int r = check_text("alertType", rule->alert_type, VL_ALERT_TYPE_MAX, true, err);
    if (r >= 0)
        r = check_text("reason", rule->reason, VL_SUPPRESSION_TEXT_MAX, true, err);
    if (r >= 0)
        r = check_text("comment", rule->comment, VL_SUPPRESSION_TEXT_MAX, false, err);
    if (r >= 0 && rule->state != VL_SUPPRESSION_ENABLED && rule->state != VL_SUPPRESSION_DISABLED)
        return vl_err_set(err, VL_ERR_INVALID, "/state: is neither Enabled nor Disabled");
    if (r >= 0 && rule->expires < 0)
        return vl_err_set(err, VL_ERR_INVALID, "/expires: is no time");
    return r < 0 ? r : check_scope(rule->scope, err);
}

static int check_room(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && vl_stmt_get_int(stmt, 0) >= VL_SUPPRESSION_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "an environment has at most %d suppression rules", VL_SUPPRESSION_MAX);
    return r < 0 ? r : 0;
}

int vl_repo_suppression_put(struct vl_store_conn *conn, int64_t environment,
    const struct vl_suppression_rule *rule, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(4 * SCOPE_MAX);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_suppression_rule before;
    if (!arena)
        return vl_err_nomem(err);
    int r = check_rule(rule, err);
    if (r < 0)
        return r;
    int found = vl_repo_suppression_get(conn, environment, vl_span_str(rule->name), arena, &before, err);
    if (found < 0)
        return found;
    r = found ? 0 : check_room(conn, environment, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, rule->name);
    vl_stmt_str(stmt, 3, rule->alert_type);
    vl_stmt_int(stmt, 4, (int64_t)rule->state);
    vl_stmt_str(stmt, 5, rule->reason);
    vl_stmt_str(stmt, 6, rule->comment);
    vl_stmt_int(stmt, 7, rule->expires);
    vl_stmt_str(stmt, 8, rule->scope);
    vl_stmt_int(stmt, 9, vl_time_now_ms());
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "alert", "rules", err);
    return r < 0 ? r : !found;
}

int vl_repo_suppression_remove(
    struct vl_store_conn *conn, int64_t environment, struct vl_span name, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t n = 0;
    int r = vl_stmt_begin(conn, &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_text(stmt, 2, name);
    r = vl_stmt_run(stmt, &n, err);
    if (r >= 0 && n > 0)
        r = vl_feed_add(conn, environment, "alert", "rules", err);
    return r < 0 ? r : n > 0;
}

/* --- matching --- */

static int fits(struct vl_span scope, const struct vl_doc_node *entities, bool *ret, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (scope.len == 0) {
        *ret = true;
        return 0;
    }
    int r = vl_doc_parse(scope, VL_DOC_JSON, "scope of a suppression rule", &doc, err);
    if (r >= 0)
        *ret = vl_suppress_matches(vl_doc_root(doc), entities);
    return r;
}

int vl_repo_suppression_match(struct vl_store_conn *conn, int64_t environment, const char *type,
    const struct vl_doc_node *entities, int64_t *ret_rule, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    bool found = false;
    int r = vl_stmt_begin(conn, &sql_match, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, type);
    vl_stmt_int(stmt, 3, vl_time_now_ms());
    vl_stmt_int(stmt, 4, VL_SUPPRESSION_MAX);
    *ret_rule = 0;
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        r = fits(vl_stmt_get_text(stmt, 1), entities, &found, err);
        if (r < 0)
            return r;
        if (found) {
            *ret_rule = vl_stmt_get_int(stmt, 0);
            return 0;
        }
    }
    return r;
}
