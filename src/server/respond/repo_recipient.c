#include "respond/repo_recipient.h"

#include <string.h>

#include "base/vec.h"
#include "codec/doc.h"
#include "respond/mail.h"

static const struct vl_store_sql sql_contact = {
    "SELECT emails, roles, notify_roles FROM contact WHERE environment_id = $1 AND name = $2 AND enabled = 1",
    NULL};
static const struct vl_store_sql sql_role_names = {
    "SELECT DISTINCT p.name FROM principal p JOIN role_binding b ON b.principal_id = p.id "
    "WHERE p.kind = 1 AND p.disabled = 0 AND (b.environment_id = $1 OR b.environment_id = 0) AND b.role = $2 "
    "AND b.registry_id = 0 ORDER BY p.name LIMIT $3",
    NULL};
struct resolving {
    struct vl_store_conn *conn;
    int64_t environment;
    struct vl_arena *arena;
};

static int push(struct vl_vec *list, struct resolving *t, struct vl_span address, struct vl_err *err)
{
    address = vl_span_trim(address);
    if (address.len == 0 || list->len >= VL_MAIL_ADDRESSES_MAX)
        return 0;
    for (size_t i = 0; i < list->len; i++)
        if (vl_span_eq_nocase(address, vl_span_str(*(const char **)vl_vec_at(list, i))))
            return 0;
    const char **item = vl_vec_push(list, "addresses of a channel", err);
    if (!item)
        return err->err;
    *item = vl_arena_dup_span(t->arena, address);
    return vl_arena_check(t->arena, "addresses of a channel", err);
}

/* Users have no address but, where they came so, their name. */
static int push_role(struct vl_vec *list, struct resolving *t, int role, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_role_names, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, t->environment);
    vl_stmt_int(stmt, 2, role);
    vl_stmt_int(stmt, 3, VL_MAIL_ADDRESSES_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_span name = vl_stmt_get_text(stmt, 0);
        if (vl_mail_address_is(name) && (r = push(list, t, name, err)) < 0)
            return r;
    }
    return r;
}

struct contact {
    const char *emails, *roles;
    bool notify_roles;
};

static int contact_of(struct resolving *t, const char *name, struct contact *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_contact, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, t->environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = (struct contact){.emails = vl_stmt_copy(stmt, 0, t->arena),
            .roles = vl_stmt_copy(stmt, 1, t->arena),
            .notify_roles = vl_stmt_get_int(stmt, 2) != 0};
    return r;
}

/* Azure's names of roles: the owner, those who administrated before there were roles, and contributors. */
static int role_of(struct vl_span name)
{
    return vl_span_eq_nocase(name, VL_SPAN_LIT("Contributor")) ? 2 : 3;
}

static int push_contact(struct vl_vec *list, struct resolving *t, const char *name, struct vl_err *err)
{
    struct vl_doc *roles VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct contact contact;
    struct vl_span rest, one;
    int r = contact_of(t, name, &contact, err);
    if (r <= 0)
        return r;
    rest = vl_span_str(contact.emails);
    while (r >= 0 && vl_span_split(&rest, ';', &one))
        r = push(list, t, one, err);
    if (r < 0 || !contact.notify_roles)
        return r;
    r = vl_doc_parse(vl_span_str(contact.roles), VL_DOC_JSON, "roles of a contact", &roles, err);
    for (const struct vl_doc_node *n = r < 0 ? NULL : vl_doc_first(vl_doc_root(roles)); n && r >= 0;
        n = vl_doc_next(n))
        r = push_role(list, t, role_of(vl_doc_span(n)), err);
    return r;
}

static int addresses(struct resolving *t, const char *text, struct vl_vec *list, struct vl_err *err)
{
    struct vl_doc *config VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "configuration of a channel", &config, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *to = vl_doc_get(vl_doc_root(config), "to");
    for (const struct vl_doc_node *n = vl_doc_first(to); n && r >= 0; n = vl_doc_next(n))
        r = push(list, t, vl_doc_span(n), err);
    const char *contact = vl_arena_dup_span(t->arena, vl_doc_get_str(vl_doc_root(config), "contact"));
    if (r >= 0 && contact && contact[0])
        r = push_contact(list, t, contact, err);
    return r;
}

int vl_repo_recipients(struct vl_store_conn *conn, int64_t environment, const char *config,
    struct vl_arena *arena, const char *const **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    struct resolving t = {.conn = conn, .environment = environment, .arena = arena};
    vl_vec_init(&list, sizeof(const char *), VL_MAIL_ADDRESSES_MAX);
    int r = addresses(&t, config, &list, err);
    if (r < 0)
        return r;
    const char **copy = vl_arena_array(arena, list.len + 1, sizeof(*copy));
    if (!copy)
        return vl_arena_check(arena, "addresses", err);
    if (list.len > 0)
        memcpy(copy, list.items, list.len * sizeof(*copy));
    *ret = copy;
    *ret_n = list.len;
    return 0;
}
