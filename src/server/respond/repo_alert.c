#include "respond/repo_alert.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/vec.h"
#include "codec/doc.h"
#include "inventory/repo_environment.h"
#include "respond/alert_place.h"
#include "respond/notify.h"
#include "respond/repo_suppression.h"
#include "store/feed.h"

#define LIST_MAX    5000000
#define PLACE_ARENA (4 * VL_ALERT_BODY_MAX)

static const char *const names[] = {"", "active", "in_progress", "resolved", "dismissed"};
static const char *const arm_names[] = {"", "Active", "InProgress", "Resolved", "Dismissed"};

const char *vl_alert_status_name(enum vl_alert_status status)
{
    return (unsigned)status < VL_ARRAY_LEN(names) ? names[status] : "";
}

const char *vl_alert_status_arm(enum vl_alert_status status)
{
    return (unsigned)status < VL_ARRAY_LEN(arm_names) ? arm_names[status] : "";
}

bool vl_alert_status_parse(struct vl_span text, enum vl_alert_status *ret)
{
    for (size_t i = 1; i < VL_ARRAY_LEN(names); i++)
        if (vl_span_eq_str(text, names[i]) || vl_span_eq_nocase(text, vl_span_str(arm_names[i]))) {
            *ret = (enum vl_alert_status)i;
            return true;
        }
    return false;
}

/* --- adding --- */

static const struct vl_store_sql sql_add = {
    "INSERT INTO alert (environment_id, guid, type, severity, status, title, body, resource, resource_key, "
    "simulated, suppressed_by, started, ended, created, changed, cluster, namespace) VALUES ($1, $2, $3, $4, "
    "$5, $6, $7, $8, lower($8), $9, $10, $11, $12, $13, $13, lower($14), $15) RETURNING id",
    NULL};

static int check_text(const char *field, const char *text, size_t max, bool required, struct vl_err *err)
{
    size_t n = text ? strlen(text) : 0;
    if (n > max || (required && n == 0))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must have 1 to %zu bytes", field, max);
    return 0;
}

static int check_alert(const struct vl_alert *a, struct vl_err *err)
{
    int r = check_text("type", a->type, VL_ALERT_TYPE_MAX, true, err);
    if (r >= 0)
        r = check_text("title", a->title, VL_ALERT_TITLE_MAX, true, err);
    if (r >= 0)
        r = check_text("body", a->body, VL_ALERT_BODY_MAX, true, err);
    if (r >= 0)
        r = check_text("resource", a->resource, VL_ALERT_RESOURCE_MAX, false, err);
    if (r >= 0 && (a->severity < VL_SEVERITY_NEGLIGIBLE || a->severity > VL_SEVERITY_HIGH))
        return vl_err_set(err, VL_ERR_INVALID, "/severity: an alert is informational, low, medium or high");
    if (r >= 0 && a->guid && !vl_guid_is(vl_span_str(a->guid)))
        return vl_err_set(err, VL_ERR_INVALID, "/guid: is none");
    return r;
}

static const char *member(const struct vl_doc_node *body, const char *name)
{
    struct vl_span text = vl_doc_get_str(body, name);
    return text.len > 0 ? text.ptr : NULL; /* a NUL follows it */
}

static int tell(struct vl_store_conn *conn, int64_t environment, const struct vl_alert *a, const char *guid,
    const struct vl_doc_node *body, struct vl_err *err)
{
    char object[16 + VL_GUID_TEXT];
    struct vl_notify_fact facts[5];
    size_t n = 0;
    (void)snprintf(object, sizeof(object), "/alerts/%s", guid);
    facts[n++] = (struct vl_notify_fact){"Type", a->type};
    if (a->resource && a->resource[0])
        facts[n++] = (struct vl_notify_fact){"Resource", a->resource};
    if (member(body, "compromisedEntity"))
        facts[n++] = (struct vl_notify_fact){"Entity", member(body, "compromisedEntity")};
    if (member(body, "intent"))
        facts[n++] = (struct vl_notify_fact){"Intent", member(body, "intent")};
    if (a->simulated)
        facts[n++] =
            (struct vl_notify_fact){"Sample", "this alert was made by somebody who tried how alerts arrive"};
    const struct vl_notify_event event = {.topic = VL_NOTIFY_ALERT,
        .severity = a->severity,
        .title = a->title,
        .text = member(body, "description"),
        .object = object,
        .facts = facts,
        .n_facts = n};
    return vl_notify(conn, environment, &event, err);
}

static int insert(struct vl_store_conn *conn, int64_t environment, const struct vl_alert *a, const char *guid,
    const struct vl_doc_node *body, int64_t rule, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(PLACE_ARENA);
    struct vl_alert_place place;
    int64_t now = vl_time_now_ms();
    enum vl_alert_status status = a->status ? a->status : VL_ALERT_ACTIVE;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_alert_place(a->resource, vl_doc_get(body, "entities"), arena, &place, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, guid);
    vl_stmt_str(stmt, 3, a->type);
    vl_stmt_int(stmt, 4, (int64_t)a->severity);
    vl_stmt_int(stmt, 5, rule ? VL_ALERT_DISMISSED : (int64_t)status);
    vl_stmt_str(stmt, 6, a->title);
    vl_stmt_str(stmt, 7, a->body);
    vl_stmt_str(stmt, 8, a->resource ? a->resource : "");
    vl_stmt_int(stmt, 9, a->simulated);
    vl_stmt_int(stmt, 10, rule);
    vl_stmt_int(stmt, 11, a->started ? a->started : now);
    vl_stmt_int(stmt, 12, a->ended ? a->ended : now);
    vl_stmt_int(stmt, 13, now);
    vl_stmt_str(stmt, 14, place.cluster);
    vl_stmt_str(stmt, 15, place.name_space);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret_id = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

int vl_repo_alert_add(struct vl_store_conn *conn, int64_t environment, const struct vl_alert *alert,
    int64_t *ret_id, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    char made[VL_GUID_TEXT];
    int64_t id = 0, rule = 0;
    int r = check_alert(alert, err);
    if (r >= 0)
        r = vl_doc_parse(vl_span_str(alert->body), VL_DOC_JSON, "body of an alert", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *body = vl_doc_root(doc);
    if (!vl_doc_is(body, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "/body: must be an object");
    r = alert->guid ? 0 : vl_guid_new(made, err);
    const char *guid = alert->guid ? alert->guid : made;
    if (r >= 0)
        r = vl_repo_suppression_match(
            conn, environment, alert->type, vl_doc_get(body, "entities"), &rule, err);
    if (r >= 0)
        r = insert(conn, environment, alert, guid, body, rule, &id, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "alert", guid, err);
    if (r >= 0 && !rule)
        r = tell(conn, environment, alert, guid, body, err);
    if (r >= 0 && ret_id)
        *ret_id = id;
    return r;
}

/* --- reading --- */

#define COLUMNS                                                                                     \
    "SELECT a.id, a.guid, a.type, a.severity, a.status, a.title, a.body, a.resource, a.simulated, " \
    "a.suppressed_by, r.name, a.started, a.ended, a.created, a.changed FROM alert a "               \
    "LEFT JOIN suppression_rule r ON r.id = a.suppressed_by AND r.environment_id = a.environment_id "
#define FILTER                                                                                       \
    "WHERE a.environment_id = $1 AND ($2 = 0 OR a.status = $2) AND ($3 = 0 OR a.severity = $3) AND " \
    "($4 = '' OR a.type = $4) AND ($5 = '' OR substr(a.resource_key, 1, length($5)) = lower($5)) "
static const struct vl_store_sql sql_list = {
    COLUMNS FILTER "AND ($6 = 0 OR a.id < $6) ORDER BY a.id DESC LIMIT $7", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM (SELECT 1 FROM alert a " FILTER "LIMIT $6) c", NULL};
static const struct vl_store_sql sql_get = {
    COLUMNS "WHERE a.environment_id = $1 AND a.guid = lower($2)", NULL};
static const struct vl_store_sql sql_status = {
    "UPDATE alert SET status = $3, changed = $4 WHERE environment_id = $1 AND guid = lower($2)", NULL};

static int take(const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_alert *ret, struct vl_err *err)
{
    *ret = (struct vl_alert){.id = vl_stmt_get_int(stmt, 0),
        .guid = vl_stmt_copy(stmt, 1, arena),
        .type = vl_stmt_copy(stmt, 2, arena),
        .severity = (enum vl_severity)vl_stmt_get_int(stmt, 3),
        .status = (enum vl_alert_status)vl_stmt_get_int(stmt, 4),
        .title = vl_stmt_copy(stmt, 5, arena),
        .body = vl_stmt_copy(stmt, 6, arena),
        .resource = vl_stmt_copy(stmt, 7, arena),
        .simulated = vl_stmt_get_int(stmt, 8) != 0,
        .suppressed_by = vl_stmt_get_int(stmt, 9),
        .suppressed_by_name = vl_stmt_copy(stmt, 10, arena),
        .started = vl_stmt_get_int(stmt, 11),
        .ended = vl_stmt_get_int(stmt, 12),
        .created = vl_stmt_get_int(stmt, 13),
        .changed = vl_stmt_get_int(stmt, 14)};
    return vl_arena_check(arena, "alerts", err);
}

static void bind(struct vl_stmt *stmt, int64_t environment, const struct vl_alert_filter *filter)
{
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, (int64_t)filter->status);
    vl_stmt_int(stmt, 3, (int64_t)filter->severity);
    vl_stmt_str(stmt, 4, filter->type ? filter->type : "");
    vl_stmt_str(stmt, 5, filter->resource_prefix ? filter->resource_prefix : "");
}

int vl_repo_alert_list(struct vl_store_conn *conn, int64_t environment, const struct vl_alert_filter *filter,
    size_t limit, struct vl_arena *arena, struct vl_alert **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    vl_vec_init(&list, sizeof(struct vl_alert), LIST_MAX);
    int r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, environment, filter);
    vl_stmt_int(stmt, 6, filter->before);
    vl_stmt_int(stmt, 7, (int64_t)(limit < LIST_MAX ? limit : LIST_MAX));
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_alert *a = vl_vec_push(&list, "alerts", err);
        if (!a)
            return err->err;
        r = take(stmt, arena, a, err);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    struct vl_alert *copy = vl_arena_array(arena, list.len + 1, sizeof(*copy));
    if (!copy)
        return vl_arena_check(arena, "alerts", err);
    if (list.len > 0)
        memcpy(copy, list.items, list.len * sizeof(*copy));
    *ret = copy;
    *ret_n = list.len;
    return 0;
}

int vl_repo_alert_count(struct vl_store_conn *conn, int64_t environment, const struct vl_alert_filter *filter,
    int64_t max, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, environment, filter);
    vl_stmt_int(stmt, 6, max);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_alert_get(struct vl_store_conn *conn, int64_t environment, struct vl_span guid,
    struct vl_arena *arena, struct vl_alert *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (!vl_guid_is(guid))
        return 0;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_text(stmt, 2, guid);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

int vl_repo_alert_set_status(struct vl_store_conn *conn, int64_t environment, struct vl_span guid,
    enum vl_alert_status status, enum vl_alert_status *ret_before, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(2 * VL_ALERT_BODY_MAX);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_alert before;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_repo_alert_get(conn, environment, guid, arena, &before, err);
    if (r <= 0)
        return r;
    *ret_before = before.status;
    if (before.status == status)
        return 1;
    r = vl_stmt_begin(conn, &sql_status, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_text(stmt, 2, guid);
    vl_stmt_int(stmt, 3, (int64_t)status);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "alert", before.guid, err);
    return r < 0 ? r : 1;
}
