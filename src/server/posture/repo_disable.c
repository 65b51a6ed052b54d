#include "posture/repo_disable.h"

#include "base/time.h"
#include "codec/doc.h"
#include "posture/repo_assess.h"
#include "store/feed.h"

#define ONE_BY_ONE 20 /* so many entries are looked up singly; beyond that all images are */

#define COLUMNS                                                                                         \
    "SELECT id, name, assessment_key, vulnerabilities, digests, min_severity, without_fix, enabled, "   \
    "justification, created, expires, ended, (SELECT count(*) FROM finding_exempt x WHERE x.rule_id = " \
    "disable_rule.id) FROM disable_rule "

static const struct vl_store_sql sql_list = {
    COLUMNS "WHERE environment_id = $1 ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {COLUMNS "WHERE environment_id = $1 AND id = $2", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM disable_rule WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO disable_rule (environment_id, name, assessment_key, vulnerabilities, digests, min_severity, "
    "without_fix, justification, enabled, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
    "$11) ON CONFLICT DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_taken = {
    "SELECT 1 FROM disable_rule WHERE environment_id = $1 AND name = $2 AND id <> $3", NULL};
static const struct vl_store_sql sql_change = {
    "UPDATE disable_rule SET name = $2, assessment_key = $3, vulnerabilities = $4, digests = $5, "
    "min_severity = $6, without_fix = $7, justification = $8, enabled = $9, created = $10, expires = $11, "
    "ended = 0 WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_remove = {"DELETE FROM disable_rule WHERE id = $1", NULL};

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_disable_rule *ret, struct vl_err *err)
{
    *ret = (struct vl_disable_rule){.id = vl_stmt_get_int(stmt, 0),
        .name = vl_stmt_copy(stmt, 1, arena),
        .assessment_key = vl_stmt_copy(stmt, 2, arena),
        .vulnerabilities = vl_stmt_copy(stmt, 3, arena),
        .digests = vl_stmt_copy(stmt, 4, arena),
        .min_severity = (enum vl_severity)vl_stmt_get_int(stmt, 5),
        .without_fix = vl_stmt_get_int(stmt, 6) != 0,
        .enabled = vl_stmt_get_int(stmt, 7) != 0,
        .justification = vl_stmt_copy(stmt, 8, arena),
        .created = vl_stmt_get_int(stmt, 9),
        .expires = vl_stmt_get_int(stmt, 10),
        .ended = vl_stmt_get_int(stmt, 11),
        .findings = vl_stmt_get_int(stmt, 12)};
    return vl_arena_check(arena, "the disable rules", err);
}

int vl_repo_disable_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_disable_rule **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_disable_rule *list = vl_arena_array(arena, VL_DISABLE_RULES_MAX, sizeof(*list));
    size_t n = 0;
    int r =
        list ? vl_stmt_begin(conn, &sql_list, &stmt, err) : vl_arena_failed(arena, "the disable rules", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_DISABLE_RULES_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_DISABLE_RULES_MAX) {
        r = take(stmt, arena, &list[n++], err);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_disable_get(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_arena *arena,
    struct vl_disable_rule *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

/* --- what a rule takes out --- */

static int reach_each(struct vl_store_conn *conn, int64_t environment, const struct vl_doc_node *list,
    bool digests, struct vl_arena *arena, bool *ret_pending, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0 && !*ret_pending; n = vl_doc_next(n)) {
        const char *text = vl_arena_dup_span(arena, vl_doc_span(n));
        const struct vl_exempt_reach reach = {
            .vulnerability = digests ? NULL : text, .digest = digests ? text : NULL};
        r = vl_arena_check(arena, "a disable rule", err);
        if (r >= 0)
            r = vl_exempt_reached(conn, environment, &reach, ret_pending, err);
    }
    return r;
}

static int begins(struct vl_store_conn *conn, int64_t environment, const struct vl_disable_rule *rule,
    bool *ret_pending, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1024UL * 1024);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    const char *text = rule->vulnerabilities ? rule->vulnerabilities : rule->digests;
    const struct vl_exempt_reach all = {0};
    int r = arena ? 0 : vl_err_nomem(err);
    if (r >= 0 && text)
        r = vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "a disable rule", &doc, err);
    if (r < 0)
        return r;
    size_t n = doc ? vl_doc_size(vl_doc_root(doc)) : 0;
    if (n > 0 && n <= ONE_BY_ONE)
        return reach_each(
            conn, environment, vl_doc_root(doc), !rule->vulnerabilities, arena, ret_pending, err);
    return vl_exempt_reached(conn, environment, &all, ret_pending, err);
}

static bool active(const struct vl_disable_rule *rule)
{
    return rule->enabled && (rule->expires == 0 || rule->expires > vl_time_now_ms());
}

/* What it took out before is anew, then what it takes out now. */
static int carry_out(struct vl_store_conn *conn, int64_t environment, const struct vl_disable_rule *rule,
    bool was_there, bool gone, bool *ret_pending, struct vl_err *err)
{
    bool ending = false, beginning = false;
    int r = was_there ? vl_exempt_ended(conn, environment, 0, rule->id, &ending, err) : 0;
    if (r >= 0 && !gone && active(rule))
        r = begins(conn, environment, rule, &beginning, err);
    *ret_pending = ending || beginning;
    if (r >= 0)
        r = vl_assess_soon(conn, environment, vl_time_now_ms(), err);
    return r < 0 ? r : vl_feed_add(conn, environment, "exemption", rule->name, err);
}

/* --- writing --- */

static void bind(struct vl_stmt *stmt, const struct vl_disable_rule *rule)
{
    vl_stmt_str(stmt, 2, rule->name);
    vl_stmt_str(stmt, 3, rule->assessment_key);
    vl_stmt_str(stmt, 4, rule->vulnerabilities);
    vl_stmt_str(stmt, 5, rule->digests);
    vl_stmt_int(stmt, 6, rule->min_severity);
    vl_stmt_int(stmt, 7, rule->without_fix);
    vl_stmt_str(stmt, 8, rule->justification);
    vl_stmt_int(stmt, 9, rule->enabled);
    vl_stmt_int(stmt, 10, rule->created);
    vl_stmt_int(stmt, 11, rule->expires);
}

static int room(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && vl_stmt_get_int(stmt, 0) >= VL_DISABLE_RULES_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "an environment has at most %d disable rules", VL_DISABLE_RULES_MAX);
    return r;
}

static int taken(const char *name, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_CONFLICT, "there is a disable rule \"%s\" already", name);
}

int vl_repo_disable_add(struct vl_store_conn *conn, int64_t environment, struct vl_disable_rule *rule,
    bool *ret_pending, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = room(conn, environment, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    bind(stmt, rule);
    r = vl_stmt_step(stmt, err);
    if (r == 0)
        return taken(rule->name, err);
    if (r > 0)
        rule->id = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : carry_out(conn, environment, rule, false, false, ret_pending, err);
}

int vl_repo_disable_change(struct vl_store_conn *conn, int64_t environment,
    const struct vl_disable_rule *rule, bool *ret_pending, struct vl_err *err)
{
    struct vl_stmt *other VL_CLEANUP(vl_stmt_cleanup) = NULL, *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_taken, &other, err);
    if (r < 0)
        return r;
    vl_stmt_int(other, 1, environment);
    vl_stmt_str(other, 2, rule->name);
    vl_stmt_int(other, 3, rule->id);
    r = vl_stmt_step(other, err);
    if (r > 0)
        return taken(rule->name, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_change, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, rule->id);
    bind(stmt, rule);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : carry_out(conn, environment, rule, true, false, ret_pending, err);
}

int vl_repo_disable_remove(struct vl_store_conn *conn, int64_t environment,
    const struct vl_disable_rule *rule, bool *ret_pending, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, rule->id);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : carry_out(conn, environment, rule, true, true, ret_pending, err);
}
