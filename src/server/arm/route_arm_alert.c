/* Alerts: list, one, change of status, samples. An alert lies at the level of its resource's group, or of the
 * subscription; it is found at both. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/scopes.h"
#include "respond/repo_alert.h"
#include "routes.h"

#define BUNDLES_MAX 32

/* Index of the version in groups.c. */
enum version { V2020 = 0, V2021_01, V2021_11, V2022 };

/* --- writing --- */

static const char *severity_word(enum vl_severity severity)
{
    static const char *const names[] = {
        "Informational", "Informational", "Low", "Medium", "High", "High", "High"};
    return (unsigned)severity < VL_ARRAY_LEN(names) ? names[severity] : names[0];
}

static void write_member(
    struct vl_json *json, const char *key, const struct vl_doc_node *body, const char *name)
{
    const struct vl_doc_node *node = vl_doc_get(body, name);
    if (!node)
        return;
    vl_json_key(json, key);
    vl_api_node(json, node);
}

static void write_identifier(struct vl_json *json, struct vl_span id)
{
    vl_json_object(json);
    vl_json_key(json, "azureResourceId");
    vl_json_span(json, id);
    vl_json_member_str(json, "type", "AzureResource");
    vl_json_object_end(json);
}

static void write_identifiers(struct vl_json *json, const struct vl_doc_node *body, const char *resource)
{
    const struct vl_doc_node *list = vl_doc_get(body, "resources");
    vl_api_array(json, "resourceIdentifiers");
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n))
        write_identifier(json, vl_doc_span(n));
    if (vl_doc_size(list) == 0 && resource && *resource)
        write_identifier(json, vl_span_str(resource));
    vl_json_array_end(json);
}

/* Where the alert lies: the group of its resource where that is one of this environment. */
static const char *scope_of(struct vl_request *request, const struct vl_alert *alert)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_resource_id id;
    const char *guid = request->environment.guid;
    if (alert->resource && *alert->resource &&
        vl_resource_parse(vl_span_str(alert->resource), request->arena, &id, &err) >= 0 && id.group &&
        vl_span_eq_nocase(vl_span_str(id.subscription), vl_span_str(guid))) {
        struct vl_resource_id group = {.subscription = guid, .group = id.group};
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, 4UL * VL_RESOURCE_ID_MAX);
        vl_resource_format(&group, &text);
        return vl_arena_strdup(request->arena, vl_buf_str(&text));
    }
    return vl_arena_printf(request->arena, "/subscriptions/%s", guid);
}

static void write_body(
    struct vl_json *json, int version, const struct vl_doc_node *body, const char *resource)
{
    write_member(json, "description", body, "description");
    write_member(json, "intent", body, "intent");
    write_member(json, "compromisedEntity", body, "compromisedEntity");
    write_member(json, "remediationSteps", body, "remediation");
    write_identifiers(json, body, resource);
    write_member(json, "entities", body, "entities");
    write_member(json, "extendedProperties", body, "properties");
    if (version >= V2022)
        write_member(json, "techniques", body, "techniques");
}

static int write_alert(struct vl_request *request, struct vl_json *json, int version,
    const struct vl_alert *a, struct vl_err *err)
{
    static const char *const versions[] = {NULL, NULL, "2021-11-01", "2022-01-01"};
    struct vl_doc *body VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = vl_doc_parse(vl_span_str(a->body), VL_DOC_JSON, "body of an alert", &body, err);
    if (r < 0)
        return r;
    vl_arm_entry(
        json, scope_of(request, a), "Locations/alerts", "locations/" VL_ARM_LOCATION "/alerts", a->guid);
    vl_json_member_str(json, "version", versions[version]);
    vl_json_member_str(json, "alertType", a->type);
    vl_json_member_str(json, "systemAlertId", a->guid);
    vl_json_member_str(json, "productName", "Vallum");
    vl_json_member_str(json, "vendorName", "Vallum");
    vl_json_member_str(json, "alertDisplayName", a->title);
    vl_json_member_str(json, "severity", severity_word(a->severity));
    vl_json_member_str(json, "status", vl_alert_status_arm(a->status));
    vl_arm_time(json, "startTimeUtc", a->started);
    vl_arm_time(json, "endTimeUtc", a->ended);
    vl_arm_time(json, "timeGeneratedUtc", a->created);
    vl_arm_time(json, "processingEndTimeUtc", a->created);
    write_body(json, version, vl_doc_root(body), a->resource);
    vl_json_member_bool(json, "isIncident", false);
    vl_json_member_str(json, "alertUri",
        vl_arena_printf(request->arena, "%s/ui/alerts/%s?environment=%s", vl_arm_base(request), a->guid,
            request->environment.guid));
    if (a->simulated)
        vl_json_member_bool(json, "isSample", true); /* no test is taken for the real thing */
    vl_arm_entry_end(json);
    return vl_arena_check(request->arena, "the answer", err);
}

/* --- reading --- */

/* Version, scope, and the location where the path has one. */
static int prepare(struct vl_request *request, struct vl_arm_scope *scope, struct vl_err *err)
{
    int version = vl_arm_group_version(request, "alerts", err), r = version;
    if (r >= 0)
        r = vl_arm_scope(request, scope, err);
    if (r >= 0 && scope->n_tail > 1)
        r = vl_arm_location(request, scope, err);
    return r < 0 ? r : version;
}

static const char *prefix_of(struct vl_request *request, const struct vl_arm_scope *scope)
{
    return scope->level == VL_ARM_SUBSCRIPTION ? NULL : vl_arena_printf(request->arena, "%s/", scope->id);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_alert *alerts = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    const char *last = NULL;
    uint64_t before = 0;
    size_t n = 0;
    int version = prepare(request, &scope, err), r = version;
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    if (r < 0)
        return r;
    if (page.skip && (!vl_span_to_u64(vl_span_str(page.skip), &before) || before > INT64_MAX))
        return vl_arm_error(
            request, err, VL_ERR_INVALID, "InvalidQueryParameter", "$skiptoken is none of ours");
    struct vl_alert_filter filter = {
        .resource_prefix = prefix_of(request, &scope), .before = (int64_t)before};
    r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_alert_list(
            conn, request->environment.id, &filter, page.top + 1, request->arena, &alerts, &n, err);
    for (size_t i = 0; i < n && r >= 0 && vl_arm_list_room(&page, last); i++) {
        r = write_alert(request, &page.json, version, &alerts[i], err);
        last = vl_arena_printf(request->arena, "%lld", (long long)alerts[i].id);
    }
    return r < 0 ? r : vl_arm_list_end(&page, err);
}

/* 1 found; an alert of another group is not there. */
static int find(struct vl_request *request, struct vl_store_conn *conn, const struct vl_arm_scope *scope,
    struct vl_alert *ret, struct vl_err *err)
{
    const char *name = vl_arm_tail(scope, 3), *prefix = prefix_of(request, scope);
    int r = vl_repo_alert_get(conn, request->environment.id, vl_span_str(name), request->arena, ret, err);
    if (r < 0)
        return r;
    struct vl_span resource = vl_span_str(r > 0 && ret->resource ? ret->resource : "");
    size_t n = prefix ? strlen(prefix) : 0;
    if (r == 0 || !vl_span_eq_nocase(vl_span_slice(resource, 0, n), (struct vl_span){prefix, n}))
        return vl_arm_error(
            request, err, VL_ERR_NOT_FOUND, "AlertNotFound", "there is no alert '%s' at this scope", name);
    return 1;
}

static int get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_scope scope;
    struct vl_alert alert;
    struct vl_json json;
    int version = prepare(request, &scope, err), r = version;
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = find(request, conn, &scope, &alert, err);
    if (r < 0)
        return r;
    vl_arm_answer(request, 200, &json);
    r = write_alert(request, &json, version, &alert, err);
    return r < 0 ? r : vl_json_check(&json, "the answer", err);
}

/* --- changes --- */

struct change {
    struct vl_request *request;
    const char *guid;
    enum vl_alert_status status;
    const char **bundles;
    size_t n_bundles;
};

static int status_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    enum vl_alert_status before = VL_ALERT_ACTIVE;
    int r = vl_repo_alert_set_status(
        conn, c->request->environment.id, vl_span_str(c->guid), c->status, &before, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no alert '%s'", c->guid);
    return r < 0 ? r
                 : vl_request_audit(
                       conn, c->request, "alert.status", c->guid, vl_alert_status_name(c->status), err);
}

/* The last word of the path says which status. */
static int change_status(struct vl_request *request, struct vl_err *err)
{
    static const struct {
        const char *word;
        enum vl_alert_status status;
    } rows[] = {{"dismiss", VL_ALERT_DISMISSED}, {"activate", VL_ALERT_ACTIVE},
        {"resolve", VL_ALERT_RESOLVED}, {"inProgress", VL_ALERT_IN_PROGRESS}};
    struct change c = {.request = request};
    struct vl_arm_scope scope;
    struct vl_alert alert;
    int r = prepare(request, &scope, err);
    if (r >= 0) {
        struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
        r = vl_request_read(request, &conn, err);
        if (r >= 0)
            r = find(request, conn, &scope, &alert, err);
    }
    if (r < 0)
        return r;
    c.guid = alert.guid;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_span_eq_nocase(vl_span_str(vl_arm_tail(&scope, 4)), vl_span_str(rows[i].word)))
            c.status = rows[i].status;
    }
    r = vl_store_write(request->app->store, status_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

/* The word of versions that had other members: one that asks for them is told which there are. */
static int reactivate(struct vl_request *request, struct vl_err *err)
{
    int r = vl_arm_group_version(request, "alerts", err);
    return r < 0 ? r
                 : vl_arm_error(request, err, VL_ERR_NOT_FOUND, "InvalidResourceType",
                       "the word for this is 'activate' since 2020-01-01");
}

static int simulate_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    const struct vl_environment *e = &c->request->environment;
    size_t added = 0;
    int r = vl_repo_alert_simulate(
        conn, e->id, e->guid, (const char *const *)c->bundles, c->n_bundles, &added, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "alert.simulate", e->guid, NULL, err);
}

static int read_bundles(struct vl_request *request, struct change *c, struct vl_err *err)
{
    const struct vl_doc_node *properties;
    int r = vl_arm_properties(request, &properties, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *entries = vl_doc_get(properties, "bundles");
    size_t n = vl_doc_size(entries);
    if (!vl_span_eq_nocase(vl_doc_get_str(properties, "kind"), VL_SPAN_LIT("Bundles")))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/kind: must be Bundles");
    if (!vl_doc_is(entries, VL_DOC_ARRAY) || n == 0 || n > BUNDLES_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/properties/bundles: must be a list of 1 to %d names", BUNDLES_MAX);
    c->bundles = vl_arena_array(request->arena, n, sizeof(*c->bundles));
    for (const struct vl_doc_node *b = vl_doc_first(entries); b && c->bundles; b = vl_doc_next(b)) {
        if (!vl_doc_is(b, VL_DOC_STRING))
            return vl_err_set(err, VL_ERR_INVALID, "/properties/bundles/%zu: must be a text", c->n_bundles);
        c->bundles[c->n_bundles++] = vl_arena_dup_span(request->arena, vl_doc_span(b));
    }
    return vl_arena_check(request->arena, "the request", err);
}

/* All is done when it is answered: there is nothing to poll. */
static int simulate(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    struct vl_arm_scope scope;
    int version = prepare(request, &scope, err), r = version;
    if (r >= 0)
        r = read_bundles(request, &c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, simulate_write, &c, err);
    if (r >= 0)
        request->reply->status = version >= V2022 ? 202 : 204;
    return r;
}

#define IN_LOCATION ARM_SEC "/locations/{}/alerts"
#define READ        VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE
#define CHANGE      VL_ROLE_ADMIN, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, change_status

const struct vl_route vl_routes_arm_alert[] = {
    {"GET", ARM_SUBSEC "/alerts", READ, list},
    {"GET", ARM_GROUP ARM_SEC "/alerts", READ, list},
    {"GET", ARM_SUB IN_LOCATION, READ, list},
    {"GET", ARM_GROUP IN_LOCATION, READ, list},
    {"POST", ARM_SUB IN_LOCATION "/default/simulate", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_JSON,
        simulate},
    {"GET", ARM_SUB IN_LOCATION "/{}", READ, get},
    {"GET", ARM_GROUP IN_LOCATION "/{}", READ, get},
    {"POST", ARM_SUB IN_LOCATION "/{}/dismiss", CHANGE},
    {"POST", ARM_SUB IN_LOCATION "/{}/activate", CHANGE},
    {"POST", ARM_SUB IN_LOCATION "/{}/resolve", CHANGE},
    {"POST", ARM_SUB IN_LOCATION "/{}/inProgress", CHANGE},
    {"POST", ARM_SUB IN_LOCATION "/{}/reactivate", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, reactivate},
    {"POST", ARM_GROUP IN_LOCATION "/{}/reactivate", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE,
        reactivate},
    {"POST", ARM_GROUP IN_LOCATION "/{}/dismiss", CHANGE},
    {"POST", ARM_GROUP IN_LOCATION "/{}/activate", CHANGE},
    {"POST", ARM_GROUP IN_LOCATION "/{}/resolve", CHANGE},
    {"POST", ARM_GROUP IN_LOCATION "/{}/inProgress", CHANGE},
    {0},
};
