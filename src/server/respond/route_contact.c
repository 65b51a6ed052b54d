/* Security contacts: /api/v1/contacts. */
#include <string.h>

#include "api.h"
#include "respond/event.h"
#include "respond/repo_contact.h"
#include "respond/repo_recipient.h"
#include "routes.h"

/* "a;b" as a list. */
static void write_emails(struct vl_json *json, const char *emails)
{
    struct vl_span rest = vl_span_str(emails), one;
    vl_api_array(json, "emails");
    while (vl_span_split(&rest, ';', &one)) {
        one = vl_span_trim(one);
        if (one.len > 0)
            vl_json_span(json, one);
    }
    vl_json_array_end(json);
}

static int write_contact(struct vl_store_conn *conn, struct vl_request *request, struct vl_json *json,
    const struct vl_contact *c, struct vl_err *err)
{
    const char *config = vl_arena_printf(request->arena, "{\"contact\":\"%s\"}", c->name);
    const char *const *to = NULL;
    size_t n = 0;
    int r = config ? vl_repo_recipients(conn, request->environment.id, config, request->arena, &to, &n, err)
                   : vl_arena_check(request->arena, "a contact", err);
    if (r < 0)
        return r;
    vl_json_member_str(json, "name", c->name);
    write_emails(json, c->emails);
    vl_api_str(json, "phone", c->phone[0] ? c->phone : NULL);
    vl_json_member_str(json, "phoneNote", VL_CONTACT_PHONE_NOTE);
    vl_json_member_bool(json, "enabled", c->enabled);
    vl_json_member_str(json, "minSeverity", vl_notify_severity_name(c->min_severity));
    vl_api_stored(json, "roles", vl_span_str(c->roles));
    vl_json_member_bool(json, "notifyRoles", c->notify_roles);
    /* Whom mails really go to: users of a role have an address only where their name is one. */
    vl_api_array(json, "recipients");
    for (size_t i = 0; i < n; i++)
        vl_json_str(json, to[i]);
    vl_json_array_end(json);
    vl_api_time(json, "changed", c->changed);
    return 0;
}

static int contacts_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_contact *contacts = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_contact_list(conn, request->environment.id, request->arena, &contacts, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    for (size_t i = 0; r >= 0 && i < n && vl_api_item(&page); i++) {
        r = write_contact(conn, request, &page.json, &contacts[i], err);
        vl_api_item_end(&page, NULL);
    }
    return r < 0 ? r : vl_api_list_end(&page, (int64_t)n, err);
}

static int contact_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_contact contact;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_contact_get(
            conn, request->environment.id, vl_span_str(request->params[0]), request->arena, &contact, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such contact");
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    r = write_contact(conn, request, &json, &contact, err);
    if (r >= 0)
        r = vl_request_json_end(&json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

struct change {
    struct vl_request *request;
    struct vl_contact contact;
    bool found;
};

static int put_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_contact_put(conn, c->request->environment.id, &c->contact, err);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request, "contact.set", c->contact.name, c->contact.emails, err);
}

/* A list of texts, or one text with semicolons as Azure has it. */
static int read_emails(struct vl_request *request, const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(request->body, "emails");
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, VL_CONTACT_EMAILS_MAX + 1);
    if (vl_doc_is(list, VL_DOC_STRING)) {
        vl_buf_append_span(&out, vl_doc_span(list));
    } else if (list && !vl_doc_is(list, VL_DOC_ARRAY) && !vl_doc_is(list, VL_DOC_NULL)) {
        return vl_err_set(err, VL_ERR_INVALID, "/emails: must be a list of addresses");
    }
    size_t i = 0;
    for (const struct vl_doc_node *n = vl_doc_is(list, VL_DOC_ARRAY) ? vl_doc_first(list) : NULL; n;
        n = vl_doc_next(n), i++) {
        struct vl_span one = vl_doc_span(n);
        if (one.len == 0 || vl_span_find_char(one, ';') != SIZE_MAX)
            return vl_err_set(err, VL_ERR_INVALID, "/emails/%zu: must be one address", i);
        vl_buf_append_str(&out, i ? ";" : "");
        vl_buf_append_span(&out, one);
    }
    if (out.failed)
        return vl_err_set(err, VL_ERR_INVALID, "/emails: have more than %d bytes", VL_CONTACT_EMAILS_MAX);
    *ret = vl_arena_dup_span(request->arena, vl_buf_span(&out));
    return vl_arena_check(request->arena, "the request", err);
}

static int read_roles(struct vl_request *request, const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(request->body, "roles");
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, VL_CONTACT_EMAILS_MAX);
    *ret = "[\"Owner\"]";
    if (!list || vl_doc_is(list, VL_DOC_NULL))
        return 0;
    vl_json_init(&json, &out, false);
    vl_api_node(&json, list);
    *ret = vl_arena_dup_span(request->arena, vl_buf_span(&out));
    int r = vl_json_check(&json, "/roles", err);
    return r < 0 ? r : vl_arena_check(request->arena, "the request", err);
}

static int contact_put(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"name", "emails", "phone", "phoneNote", "enabled", "minSeverity",
        "roles", "notifyRoles", "recipients", "changed", NULL};
    struct change c = {
        .request = request, .contact = {.name = request->params[0], .min_severity = VL_SEVERITY_HIGH}};
    const char *severity = NULL;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = read_emails(request, &c.contact.emails, err);
    if (r >= 0)
        r = vl_request_text(request, "phone", false, VL_CONTACT_PHONE_MAX, &c.contact.phone, err);
    if (r >= 0)
        r = vl_request_bool(request, "enabled", true, &c.contact.enabled, err);
    if (r >= 0)
        r = vl_request_bool(request, "notifyRoles", true, &c.contact.notify_roles, err);
    if (r >= 0)
        r = vl_request_text(request, "minSeverity", false, 32, &severity, err);
    if (r >= 0)
        r = read_roles(request, &c.contact.roles, err);
    if (r < 0)
        return r;
    if (severity && !vl_notify_severity_parse(vl_span_str(severity), &c.contact.min_severity))
        return vl_err_set(
            err, VL_ERR_INVALID, "/minSeverity: is none of critical, high, medium, low, informational");
    r = vl_store_write(request->app->store, put_write, &c, err);
    return r < 0 ? r : contact_get(request, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    const char *name = c->request->params[0];
    int r = vl_repo_contact_remove(conn, c->request->environment.id, vl_span_str(name), err);
    if (r <= 0)
        return r;
    c->found = true;
    return vl_request_audit(conn, c->request, "contact.remove", name, NULL, err);
}

static int contact_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r < 0)
        return r;
    if (!c.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such contact");
    request->reply->status = 204;
    return 0;
}

const struct vl_route vl_routes_contact[] = {
    {"GET", "/api/v1/contacts", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, contacts_list},
    {"GET", "/api/v1/contacts/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, contact_get},
    {"PUT", "/api/v1/contacts/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, contact_put},
    {"DELETE", "/api/v1/contacts/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_NONE, contact_remove},
    {0},
};
