#include "posture/repo_expire.h"

#include "base/time.h"
#include "identity/repo_identity.h"
#include "posture/repo_assess.h"
#include "posture/repo_exempt.h"
#include "posture/repo_governance.h"
#include "posture/repo_score.h"
#include "respond/notify.h"
#include "store/feed.h"

#define WHO "vallum" /* in the audit log: nobody asked for it now */

static const struct vl_store_sql sql_due = {"SELECT (SELECT count(*) FROM exemption WHERE ended = 0 AND "
                                            "state IN (1, 2) AND expires > 0 AND expires <= "
                                            "$1) + (SELECT count(*) FROM disable_rule WHERE ended = 0 AND "
                                            "enabled = 1 AND expires > 0 AND expires <= $1) + (SELECT "
                                            "count(*) FROM assessment WHERE grace = 1 AND due <= $1)",
    NULL};
static const struct vl_store_sql sql_exemptions = {"SELECT id, environment_id, guid, coalesce(vulnerability, "
                                                   "package, digest, repository, 'a resource'), state "
                                                   "FROM exemption WHERE ended = 0 AND state IN (1, 2) AND "
                                                   "expires > 0 AND expires <= $1 ORDER BY id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_rules = {"SELECT id, environment_id, name, name, 2 FROM disable_rule "
                                              "WHERE ended = 0 AND enabled = 1 AND expires > 0 "
                                              "AND expires <= $1 ORDER BY id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_ended = {"UPDATE exemption SET ended = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_rule_ended = {"UPDATE disable_rule SET ended = $2 WHERE id = $1", NULL};

int vl_repo_expire_due(struct vl_store_conn *conn, int64_t now_ms, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_due, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, now_ms);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

struct due {
    int64_t id, environment, state;
    const char *key, *about;
    bool rule;
};

static int read_due(struct vl_store_conn *conn, bool rules, int64_t now_ms, struct vl_arena *arena,
    struct due *list, size_t *n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    size_t end = *n + VL_EXPIRE_MAX;
    int r = vl_stmt_begin(conn, rules ? &sql_rules : &sql_exemptions, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, now_ms);
    vl_stmt_int(stmt, 2, VL_EXPIRE_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && *n < end)
        list[(*n)++] = (struct due){.id = vl_stmt_get_int(stmt, 0),
            .environment = vl_stmt_get_int(stmt, 1),
            .key = vl_stmt_copy(stmt, 2, arena),
            .about = vl_stmt_copy(stmt, 3, arena),
            .state = vl_stmt_get_int(stmt, 4),
            .rule = rules};
    return r < 0 ? r : vl_arena_check(arena, "what has ended", err);
}

static int mark(struct vl_store_conn *conn, const struct due *due, int64_t now_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, due->rule ? &sql_rule_ended : &sql_ended, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, due->id);
    vl_stmt_int(stmt, 2, now_ms);
    return vl_stmt_run(stmt, NULL, err);
}

static int tell(struct vl_store_conn *conn, const struct due *due, struct vl_arena *arena, struct vl_err *err)
{
    const char *what = due->rule ? "The disable rule" : "The exemption of";
    const struct vl_notify_event event = {.topic = VL_NOTIFY_EXEMPTION,
        .severity = VL_SEVERITY_LOW,
        .title = vl_arena_printf(arena, "%s %s has ended", what, due->about),
        .text = due->state == 1 ? "Nobody decided on it in time." : "What it took out counts again.",
        .object = "/settings?tab=exemptions"};
    int r = vl_arena_check(arena, "a notice", err);
    if (r >= 0)
        r = vl_notify(conn, due->environment, &event, err);
    if (r >= 0)
        r = vl_repo_audit(conn, WHO, "", due->environment,
            due->rule ? "disable-rule.expired" : "exemption.expired", due->key, due->about, err);
    return r < 0 ? r : vl_feed_add(conn, due->environment, "exemption", due->key, err);
}

static int end_one(struct vl_store_conn *conn, const struct due *due, int64_t now_ms, struct vl_arena *arena,
    struct vl_err *err)
{
    bool pending = false;
    int r = mark(conn, due, now_ms, err);
    if (r >= 0)
        r = vl_exempt_ended(
            conn, due->environment, due->rule ? 0 : due->id, due->rule ? due->id : 0, &pending, err);
    return r < 0 ? r : tell(conn, due, arena, err);
}

/* Grace periods that are over: what they kept out of the score counts from now on. */
static int end_graces(struct vl_store_conn *conn, int64_t now_ms, size_t *ret_n, struct vl_err *err)
{
    int64_t environments[VL_EXPIRE_MAX];
    int r = vl_repo_governance_over(conn, now_ms, environments, VL_ARRAY_LEN(environments), ret_n, err);
    for (size_t i = 0; i < *ret_n && r >= 0; i++) {
        r = vl_repo_score_compute(conn, environments[i], now_ms, err);
        if (r >= 0)
            r = vl_repo_audit(
                conn, WHO, "", environments[i], "governance.overdue", "", "grace periods are over", err);
    }
    return r;
}

int vl_repo_expire(struct vl_store_conn *conn, int64_t now_ms, int64_t *ret_n, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1024UL * 1024);
    struct due list[VL_EXPIRE_MAX * 2];
    size_t n = 0, graces = 0;
    int r = arena ? read_due(conn, false, now_ms, arena, list, &n, err) : vl_err_nomem(err);
    if (r >= 0)
        r = read_due(conn, true, now_ms, arena, list, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = end_one(conn, &list[i], now_ms, arena, err);
    for (size_t i = 0; i < n && r >= 0; i++) { /* once an environment */
        bool later = false;
        for (size_t k = i + 1; k < n; k++)
            later = later || list[k].environment == list[i].environment;
        if (!later)
            r = vl_assess_soon(conn, list[i].environment, vl_time_now_ms(), err);
    }
    if (r >= 0)
        r = end_graces(conn, now_ms, &graces, err);
    if (r < 0)
        return r;
    *ret_n = (int64_t)(n + graces);
    return 0;
}
