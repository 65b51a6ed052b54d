/* Security contacts, in the three shapes that the API has had. A member that a version does not know stays as
 * another version set it: only a contact that is new has defaults. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/scopes.h"
#include "respond/repo_contact.h"
#include "routes.h"

#define ROLES_MAX 1024
#define WORD_MAX  64
#define WHERE     "/properties"

/* Index of the version in groups.c. */
enum version { V2017 = 0, V2020, V2023 };

/* --- writing --- */

static const char *severity_word(enum vl_severity severity)
{
    static const char *const names[] = {"Low", "Low", "Low", "Medium", "High", "High"};
    return (unsigned)severity < VL_ARRAY_LEN(names) ? names[severity] : "High";
}

static void write_roles(struct vl_json *json, const struct vl_contact *c)
{
    vl_api_object(json, "notificationsByRole");
    vl_json_member_str(json, "state", c->notify_roles ? "On" : "Off");
    vl_api_stored(json, "roles", vl_span_str(c->roles));
    vl_json_object_end(json);
}

static void write_contact(struct vl_json *json, const char *scope, int version, const struct vl_contact *c)
{
    vl_arm_entry(json, scope, "securityContacts", "securityContacts", c->name);
    vl_json_member_str(json, version == V2017 ? "email" : "emails", c->emails);
    if (c->phone && *c->phone)
        vl_json_member_str(json, "phone", c->phone);
    if (version == V2017) {
        vl_json_member_str(json, "alertNotifications", c->enabled ? "On" : "Off");
        vl_json_member_str(json, "alertsToAdmins", c->notify_roles ? "On" : "Off");
    } else if (version == V2020) {
        vl_api_object(json, "alertNotifications");
        vl_json_member_str(json, "state", c->enabled ? "On" : "Off");
        vl_json_member_str(json, "minimalSeverity", severity_word(c->min_severity));
        vl_json_object_end(json);
        write_roles(json, c);
    } else {
        vl_json_member_bool(json, "isEnabled", c->enabled);
        vl_api_array(json, "notificationsSources");
        vl_json_object(json);
        vl_json_member_str(json, "sourceType", "Alert");
        vl_json_member_str(json, "minimalSeverity", severity_word(c->min_severity));
        vl_json_object_end(json);
        vl_json_array_end(json);
        write_roles(json, c);
    }
    vl_arm_entry_end(json);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_contact *contacts = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    const char *last = NULL;
    size_t n = 0;
    int version = vl_arm_group_version(request, "securityContacts", err), r = version;
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_contact_list(conn, request->environment.id, request->arena, &contacts, &n, err);
    if (r < 0)
        return r;
    bool past = !page.skip;
    for (size_t i = 0; i < n; i++) {
        if (!past) {
            past = strcmp(contacts[i].name, page.skip) == 0;
            continue;
        }
        if (!vl_arm_list_room(&page, last))
            break;
        write_contact(&page.json, scope.id, version, &contacts[i]);
        last = contacts[i].name;
    }
    return vl_arm_list_end(&page, err);
}

static int answer(struct vl_request *request, const struct vl_arm_scope *scope, int version, unsigned status,
    struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const char *name = vl_arm_tail(scope, 1);
    struct vl_contact contact;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_contact_get(
            conn, request->environment.id, vl_span_str(name), request->arena, &contact, err);
    if (r == 0)
        return vl_arm_error(
            request, err, VL_ERR_NOT_FOUND, "ResourceNotFound", "there is no security contact '%s'", name);
    if (r < 0)
        return r;
    vl_arm_answer(request, status, &json);
    write_contact(&json, scope->id, version, &contact);
    return vl_json_check(&json, "the answer", err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int version = vl_arm_group_version(request, "securityContacts", err), r = version;
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    return r < 0 ? r : answer(request, &scope, version, 200, err);
}

/* --- reading --- */

/* On and Off, case-blind; absent leaves it. */
static int read_switch(struct vl_request *request, const struct vl_doc_node *object, const char *where,
    const char *field, bool *ret, struct vl_err *err)
{
    const char *word = NULL;
    int r = vl_arm_text(request, object, where, field, WORD_MAX, &word, err);
    if (r < 0 || !word)
        return r;
    *ret = vl_span_eq_nocase(vl_span_str(word), VL_SPAN_LIT("On"));
    return *ret || vl_span_eq_nocase(vl_span_str(word), VL_SPAN_LIT("Off"))
               ? 0
               : vl_err_set(err, VL_ERR_INVALID, "%s/%s: must be On or Off", where, field);
}

static int read_severity(struct vl_request *request, const struct vl_doc_node *object, const char *where,
    enum vl_severity *ret, struct vl_err *err)
{
    const char *word = NULL;
    int r = vl_arm_text(request, object, where, "minimalSeverity", WORD_MAX, &word, err);
    if (r < 0 || !word)
        return r;
    enum vl_severity found;
    if (!vl_severity_parse(vl_span_str(word), &found) || found < VL_SEVERITY_LOW || found > VL_SEVERITY_HIGH)
        return vl_err_set(err, VL_ERR_INVALID, "%s/minimalSeverity: must be Low, Medium or High", where);
    *ret = found;
    return 0;
}

static int read_roles(struct vl_request *request, const struct vl_doc_node *properties, struct vl_contact *c,
    struct vl_err *err)
{
    static const char where[] = WHERE "/notificationsByRole";
    const struct vl_doc_node *by_role = vl_doc_get(properties, "notificationsByRole");
    const struct vl_doc_node *roles = vl_doc_get(by_role, "roles");
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&text, ROLES_MAX);
    if (!by_role || vl_doc_is(by_role, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(by_role, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s: must be an object", where);
    int r = read_switch(request, by_role, where, "state", &c->notify_roles, err);
    if (r < 0 || !roles)
        return r;
    if (!vl_doc_is(roles, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "%s/roles: must be a list", where);
    vl_json_init(&json, &text, false);
    vl_api_node(&json, roles);
    r = vl_json_check(&json, "the roles", err);
    if (r < 0)
        return r;
    c->roles = vl_arena_strdup(request->arena, vl_buf_str(&text));
    return vl_arena_check(request->arena, "the request", err);
}

static int read_2017(struct vl_request *request, const struct vl_doc_node *properties, struct vl_contact *c,
    struct vl_err *err)
{
    int r = read_switch(request, properties, WHERE, "alertNotifications", &c->enabled, err);
    return r < 0 ? r : read_switch(request, properties, WHERE, "alertsToAdmins", &c->notify_roles, err);
}

static int read_2020(struct vl_request *request, const struct vl_doc_node *properties, struct vl_contact *c,
    struct vl_err *err)
{
    static const char where[] = WHERE "/alertNotifications";
    const struct vl_doc_node *alerts = vl_doc_get(properties, "alertNotifications");
    if (alerts && !vl_doc_is(alerts, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s: must be an object", where);
    int r = read_switch(request, alerts, where, "state", &c->enabled, err);
    if (r >= 0)
        r = read_severity(request, alerts, where, &c->min_severity, err);
    return r < 0 ? r : read_roles(request, properties, c, err);
}

/* Attack paths are not built: a contact that wants to hear of them is refused. */
static int read_sources(
    struct vl_request *request, const struct vl_doc_node *sources, struct vl_contact *c, struct vl_err *err)
{
    static const char where[] = WHERE "/notificationsSources";
    bool alerts = false;
    int r = 0;
    if (!vl_doc_is(sources, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "%s: must be a list", where);
    for (const struct vl_doc_node *n = vl_doc_first(sources); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span type = vl_doc_get_str(n, "sourceType");
        if (vl_span_eq_nocase(type, VL_SPAN_LIT("AttackPath")))
            return vl_arm_not_built(request, err, "telling of attack paths");
        if (!vl_span_eq_nocase(type, VL_SPAN_LIT("Alert")))
            return vl_err_set(err, VL_ERR_INVALID, "%s: a sourceType is not Alert", where);
        alerts = true;
        r = read_severity(request, n, where, &c->min_severity, err);
    }
    if (r >= 0 && !alerts)
        return vl_err_set(
            err, VL_ERR_INVALID, "%s: must hold Alert; isEnabled false tells nobody of anything", where);
    return r;
}

static int read_2023(struct vl_request *request, const struct vl_doc_node *properties, struct vl_contact *c,
    struct vl_err *err)
{
    const struct vl_doc_node *enabled = vl_doc_get(properties, "isEnabled");
    const struct vl_doc_node *sources = vl_doc_get(properties, "notificationsSources");
    if (enabled && !vl_doc_is(enabled, VL_DOC_BOOL))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/isEnabled: must be true or false");
    if (enabled)
        c->enabled = vl_doc_bool(enabled);
    int r = sources ? read_sources(request, sources, c, err) : 0;
    return r < 0 ? r : read_roles(request, properties, c, err);
}

static int check_members(int version, const struct vl_doc_node *properties, struct vl_err *err)
{
    static const char *const known[][7] = {{"email", "phone", "alertNotifications", "alertsToAdmins", NULL},
        {"emails", "phone", "alertNotifications", "notificationsByRole", NULL},
        {"emails", "phone", "isEnabled", "notificationsSources", "notificationsByRole", NULL}};
    for (const struct vl_doc_node *n = vl_doc_first(properties); n; n = vl_doc_next(n)) {
        bool found = false;
        for (const char *const *k = known[version]; *k; k++)
            found |= vl_span_eq_str(vl_doc_key(n), *k);
        if (!found)
            return vl_err_set(
                err, VL_ERR_INVALID, "/properties/%.*s: there is no such member", VL_SPAN_FMT(vl_doc_key(n)));
    }
    return 0;
}

static int read_properties(struct vl_request *request, int version, struct vl_contact *c, struct vl_err *err)
{
    static int (*const readers[])(struct vl_request *, const struct vl_doc_node *, struct vl_contact *,
        struct vl_err *) = {read_2017, read_2020, read_2023};
    const struct vl_doc_node *properties;
    const char *emails = NULL, *phone = NULL;
    int r = vl_arm_properties(request, &properties, err);
    if (r >= 0)
        r = check_members(version, properties, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, WHERE, version == V2017 ? "email" : "emails",
            VL_CONTACT_EMAILS_MAX, &emails, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, WHERE, "phone", VL_CONTACT_PHONE_MAX, &phone, err);
    if (r < 0)
        return r;
    c->emails = emails ? emails : c->emails;
    c->phone = phone ? phone : c->phone;
    return readers[version](request, properties, c, err);
}

/* --- changes --- */

struct change {
    struct vl_request *request;
    struct vl_contact contact;
    int version;
    bool patch; /* only what is there already */
    bool made;
};

/* What was there is read inside of the write: nothing comes between. */
static int put_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_contact contact = {.name = c->contact.name,
        .emails = "",
        .phone = "",
        .enabled = true,
        .min_severity = VL_SEVERITY_HIGH,
        .roles = "[\"Owner\"]",
        .notify_roles = true};
    int64_t environment = c->request->environment.id;
    int r =
        vl_repo_contact_get(conn, environment, vl_span_str(contact.name), c->request->arena, &contact, err);
    if (r == 0 && c->patch)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no security contact '%s'", contact.name);
    if (r >= 0)
        r = read_properties(c->request, c->version, &contact, err);
    if (r >= 0)
        r = vl_repo_contact_put(conn, environment, &contact, err);
    if (r < 0)
        return r;
    c->made = r > 0;
    return vl_request_audit(conn, c->request, "contact.set", contact.name, contact.emails, err);
}

static int change(struct vl_request *request, bool patch, struct vl_err *err)
{
    struct change c = {.request = request, .patch = patch};
    struct vl_arm_scope scope;
    int r = c.version = vl_arm_group_version(request, "securityContacts", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r < 0)
        return r;
    c.contact.name = vl_arm_tail(&scope, 1);
    r = vl_store_write(request->app->store, put_write, &c, err);
    /* The first version has 200 alone. */
    return r < 0 ? r : answer(request, &scope, c.version, c.made && c.version > V2017 ? 201 : 200, err);
}

static int put(struct vl_request *request, struct vl_err *err)
{
    return change(request, false, err);
}

static int patch(struct vl_request *request, struct vl_err *err)
{
    return change(request, true, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_contact_remove(conn, c->request->environment.id, vl_span_str(c->contact.name), err);
    c->made = r > 0;
    return r <= 0 ? r : vl_request_audit(conn, c->request, "contact.remove", c->contact.name, NULL, err);
}

static int delete(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    struct vl_arm_scope scope;
    int r = c.version = vl_arm_group_version(request, "securityContacts", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r < 0)
        return r;
    c.contact.name = vl_arm_tail(&scope, 1);
    r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = c.made && c.version > V2017 ? 200 : 204;
    return r;
}

#define CONTACTS ARM_SUBSEC "/securityContacts"

const struct vl_route vl_routes_arm_contact[] = {
    {"GET", CONTACTS, VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, list},
    {"GET", CONTACTS "/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, get},
    {"PUT", CONTACTS "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_JSON, put},
    {"PATCH", CONTACTS "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_JSON, patch},
    {"DELETE", CONTACTS "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, delete},
    {0},
};
