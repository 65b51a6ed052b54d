#include "respond/repo_contact.h"

#include <string.h>

#include "base/time.h"
#include "codec/doc.h"
#include "respond/mail.h"
#include "respond/repo_recipient.h"
#include "store/feed.h"

#define LIST_MAX  100
#define ROLES_MAX 1024 /* bytes */
#define TOPICS    "[\"finding\",\"scan_error\",\"alert\",\"exemption\",\"digest\"]"

#define COLUMNS                                                                                           \
    "SELECT name, emails, phone, enabled, min_severity, roles, notify_roles, changed FROM contact WHERE " \
    "environment_id = $1 "
static const struct vl_store_sql sql_list = {COLUMNS "ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {COLUMNS "AND name = lower($2)", NULL};
static const struct vl_store_sql sql_put = {
    "INSERT INTO contact (environment_id, name, emails, phone, enabled, min_severity, roles, notify_roles, "
    "changed) VALUES ($1, lower($2), $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (environment_id, name) DO "
    "UPDATE SET emails = excluded.emails, phone = excluded.phone, enabled = excluded.enabled, min_severity = "
    "excluded.min_severity, roles = excluded.roles, notify_roles = excluded.notify_roles, changed = "
    "excluded.changed",
    NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM contact WHERE environment_id = $1 AND name = lower($2)", NULL};
static const struct vl_store_sql sql_channel = {
    "INSERT INTO channel (environment_id, name, kind, config, min_severity, topics, enabled, created) VALUES "
    "($1, $2, 'mail', $3, $4, $5, $6, $7) ON CONFLICT (environment_id, name) DO UPDATE SET config = "
    "excluded.config, min_severity = excluded.min_severity, enabled = excluded.enabled",
    NULL};
static const struct vl_store_sql sql_channel_remove = {
    "DELETE FROM channel WHERE environment_id = $1 AND name = $2", NULL};

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_contact *ret, struct vl_err *err)
{
    *ret = (struct vl_contact){.name = vl_stmt_copy(stmt, 0, arena),
        .emails = vl_stmt_copy(stmt, 1, arena),
        .phone = vl_stmt_copy(stmt, 2, arena),
        .enabled = vl_stmt_get_int(stmt, 3) != 0,
        .min_severity = (enum vl_severity)vl_stmt_get_int(stmt, 4),
        .roles = vl_stmt_copy(stmt, 5, arena),
        .notify_roles = vl_stmt_get_int(stmt, 6) != 0,
        .changed = vl_stmt_get_int(stmt, 7)};
    return vl_arena_check(arena, "contacts", err);
}

int vl_repo_contact_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_contact **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_contact *list = vl_arena_array(arena, LIST_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "contacts", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, LIST_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < LIST_MAX) {
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

int vl_repo_contact_get(struct vl_store_conn *conn, int64_t environment, struct vl_span name,
    struct vl_arena *arena, struct vl_contact *ret, struct vl_err *err)
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

static int check_emails(const char *emails, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(emails), one;
    size_t n = 0;
    if (rest.len > VL_CONTACT_EMAILS_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/emails: have more than %d bytes", VL_CONTACT_EMAILS_MAX);
    while (vl_span_split(&rest, ';', &one)) {
        one = vl_span_trim(one);
        if (one.len > 0 && !vl_mail_address_is(one))
            return vl_err_set(err, VL_ERR_INVALID, "/emails: \"%.*s\" is no address", VL_SPAN_FMT(one));
        n += one.len > 0;
    }
    if (n > VL_MAIL_ADDRESSES_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/emails: are more than %d", VL_MAIL_ADDRESSES_MAX);
    return 0;
}

static int check_phone(const char *phone, struct vl_err *err)
{
    size_t n = phone ? strlen(phone) : 0;
    bool good = n <= VL_CONTACT_PHONE_MAX;
    for (size_t i = 0; i < n; i++)
        good &= vl_char_is_digit(phone[i]) || strchr("+-()./ x", phone[i]) != NULL;
    return good ? 0
                : vl_err_set(err, VL_ERR_INVALID, "/phone: must have at most %d digits and + - ( ) . / x",
                      VL_CONTACT_PHONE_MAX);
}

static int check_roles(const char *roles, struct vl_err *err)
{
    static const char *const known[] = {"Owner", "AccountAdmin", "ServiceAdmin", "Contributor"};
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = strlen(roles) > ROLES_MAX
                ? vl_err_set(err, VL_ERR_INVALID, "/roles: have more than %d bytes", ROLES_MAX)
                : vl_doc_parse(vl_span_str(roles), VL_DOC_JSON, "roles", &doc, err);
    if (r < 0 || !vl_doc_is(vl_doc_root(doc), VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "/roles: must be a short list");
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n)) {
        bool good = false;
        for (size_t i = 0; i < VL_ARRAY_LEN(known); i++)
            good |= vl_span_eq_nocase(vl_doc_span(n), vl_span_str(known[i]));
        if (!good)
            return vl_err_set(
                err, VL_ERR_INVALID, "/roles: is none of Owner, AccountAdmin, ServiceAdmin, Contributor");
    }
    return 0;
}

static bool is_name(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    for (size_t i = 0; i < n; i++)
        if (!vl_char_is_digit(name[i]) && !vl_char_is_letter(name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return n > 0 && n <= VL_CONTACT_NAME_MAX;
}

static int check_contact(const struct vl_contact *c, struct vl_err *err)
{
    if (!is_name(c->name))
        return vl_err_set(
            err, VL_ERR_INVALID, "/name: must have 1 to %d letters, digits, - and _", VL_CONTACT_NAME_MAX);
    int r = check_emails(c->emails, err);
    if (r >= 0)
        r = check_phone(c->phone, err);
    if (r >= 0)
        r = check_roles(c->roles, err);
    if (r >= 0 && (c->min_severity < VL_SEVERITY_NEGLIGIBLE || c->min_severity >= VL_SEVERITY_COUNT))
        return vl_err_set(err, VL_ERR_INVALID, "/minSeverity: is no severity");
    return r;
}

static const char *lower(struct vl_arena *arena, struct vl_span text)
{
    char *copy = vl_arena_dup_span(arena, text);
    for (char *p = copy; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return copy;
}

/* Names of channels that people give have no colon. */
static const char *channel_name(struct vl_arena *arena, struct vl_span contact)
{
    return vl_arena_printf(arena, VL_CONTACT_CHANNEL "%s", lower(arena, contact));
}

static int put_channel(struct vl_store_conn *conn, int64_t environment, const struct vl_contact *c,
    struct vl_arena *arena, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_span name = vl_span_str(c->name);
    int r = vl_stmt_begin(conn, &sql_channel, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, channel_name(arena, name));
    vl_stmt_str(stmt, 3, vl_arena_printf(arena, "{\"contact\":\"%s\"}", lower(arena, name)));
    vl_stmt_int(stmt, 4, (int64_t)c->min_severity);
    vl_stmt_str(stmt, 5, TOPICS);
    vl_stmt_int(stmt, 6, c->enabled);
    vl_stmt_int(stmt, 7, vl_time_now_ms());
    r = vl_arena_check(arena, "a contact", err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static int put_row(
    struct vl_store_conn *conn, int64_t environment, const struct vl_contact *c, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, c->name);
    vl_stmt_str(stmt, 3, c->emails ? c->emails : "");
    vl_stmt_str(stmt, 4, c->phone ? c->phone : "");
    vl_stmt_int(stmt, 5, c->enabled);
    vl_stmt_int(stmt, 6, (int64_t)c->min_severity);
    vl_stmt_str(stmt, 7, c->roles);
    vl_stmt_int(stmt, 8, c->notify_roles);
    vl_stmt_int(stmt, 9, vl_time_now_ms());
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_contact_put(
    struct vl_store_conn *conn, int64_t environment, const struct vl_contact *contact, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(64UL * 1024);
    struct vl_contact copy = *contact, before;
    if (!arena)
        return vl_err_nomem(err);
    copy.roles = copy.roles ? copy.roles : "[]";
    int r = check_contact(&copy, err);
    if (r < 0)
        return r;
    int found = vl_repo_contact_get(conn, environment, vl_span_str(copy.name), arena, &before, err);
    r = found < 0 ? found : put_row(conn, environment, &copy, err);
    if (r >= 0)
        r = put_channel(conn, environment, &copy, arena, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "channel", copy.name, err);
    return r < 0 ? r : !found;
}

static int remove_by(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t environment,
    const char *name, uint64_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    return vl_stmt_run(stmt, ret_n, err);
}

int vl_repo_contact_remove(
    struct vl_store_conn *conn, int64_t environment, struct vl_span name, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(64UL * 1024);
    uint64_t n = 0;
    if (!arena)
        return vl_err_nomem(err);
    if (name.len > VL_CONTACT_NAME_MAX)
        return 0;
    int r = remove_by(conn, &sql_remove, environment, lower(arena, name), &n, err);
    if (r >= 0 && n > 0)
        r = remove_by(conn, &sql_channel_remove, environment, channel_name(arena, name), NULL, err);
    if (r >= 0 && n > 0)
        r = vl_feed_add(conn, environment, "channel", lower(arena, name), err);
    return r < 0 ? r : n > 0;
}
