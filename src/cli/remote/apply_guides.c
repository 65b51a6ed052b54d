/* The documents of the guides, which have no kind:
 *
 *   autoProtection: {enabled: true, plans: [Servers, Containers]}
 *   alertSettings: {emailNotifications: {state: On, recipients: [a@b.example], severityLevels: [High,
 * Medium]}, phone: "…"}
 *
 * They stand for Plan and Contact documents. A member whose effect is not built is refused. */
#include <string.h>

#include "codec/doc_write.h"
#include "remote/apply.h"

#define TEXT_MAX 65536

static const char *const severities[] = {"low", "medium", "high", "critical"};

bool vl_apply_is_guides(const struct vl_doc_node *root)
{
    return !vl_doc_get(root, "kind") &&
           (vl_doc_get(root, "autoProtection") || vl_doc_get(root, "alertSettings"));
}

static int refuse(const char *file, const struct vl_doc_node *at, const char *why, struct vl_err *err)
{
    return vl_err_set(
        err, VL_ERR_USAGE, "%s:%u: %.*s: %s", file, vl_doc_line(at), VL_SPAN_FMT(vl_doc_key(at)), why);
}

/* true, false, On, Off, Enabled, Disabled. */
static int read_switch(const char *file, const struct vl_doc_node *node, bool *ret, struct vl_err *err)
{
    struct vl_span text = vl_doc_text(node);
    static const char *const on[] = {"true", "on", "enabled", "yes"};
    static const char *const off[] = {"false", "off", "disabled", "no"};
    for (size_t i = 0; i < VL_ARRAY_LEN(on); i++) {
        *ret = vl_span_eq_nocase(text, vl_span_str(on[i]));
        if (*ret || vl_span_eq_nocase(text, vl_span_str(off[i])))
            return 0;
    }
    return refuse(file, node, "is On or Off", err);
}

static bool is_any(const struct vl_doc_node *node, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (vl_span_eq_nocase(vl_doc_key(node), vl_span_str(names[i])))
            return true;
    return false;
}

/* Parses a document that was put together and takes it as if it had been read. */
static int take_text(
    struct vl_apply *apply, struct vl_json *json, struct vl_buf *text, const char *file, struct vl_err *err)
{
    struct vl_doc *doc = NULL;
    int r = vl_json_check(json, file, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(text), VL_DOC_JSON, file, &doc, err);
    if (r < 0)
        return r;
    struct vl_doc **kept = vl_vec_push(&apply->docs, "documents", err);
    if (!kept) {
        vl_doc_free(doc);
        return err->err;
    }
    *kept = doc;
    return vl_apply_take(apply, vl_doc_root(doc), file, err);
}

static void begin_document(struct vl_json *json, const char *kind, struct vl_span name)
{
    vl_json_object(json);
    vl_json_member_str(json, "apiVersion", VL_APPLY_VERSION);
    vl_json_member_str(json, "kind", kind);
    vl_json_key(json, "metadata");
    vl_json_object(json);
    vl_json_key(json, "name");
    vl_json_span(json, name);
    vl_json_object_end(json);
    vl_json_key(json, "spec");
    vl_json_object(json);
}

static int take_plan(
    struct vl_apply *apply, struct vl_span name, bool on, const char *file, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&text, TEXT_MAX);
    vl_json_init(&json, &text, false);
    begin_document(&json, "Plan", name);
    vl_json_member_str(&json, "pricingTier", on ? "Standard" : "Free");
    vl_json_object_end(&json);
    vl_json_object_end(&json);
    return take_text(apply, &json, &text, file, err);
}

static int auto_protection(
    struct vl_apply *apply, const struct vl_doc_node *node, const char *file, struct vl_err *err)
{
    static const char *const switches[] = {"enabled", "state", NULL};
    static const char *const plans[] = {"plans", "resourceTypes", NULL};
    static const char *const usual[] = {"Containers", "CloudPosture"};
    const struct vl_doc_node *list = NULL;
    bool on = true;
    int r = 0;
    if (!vl_doc_is(node, VL_DOC_OBJECT))
        return read_switch(file, node, &on, err) < 0 ? err->err
               : take_plan(apply, vl_span_str(usual[0]), on, file, err) < 0
                   ? err->err
                   : take_plan(apply, vl_span_str(usual[1]), on, file, err);
    for (const struct vl_doc_node *n = vl_doc_first(node); n && r >= 0; n = vl_doc_next(n)) {
        if (is_any(n, switches))
            r = read_switch(file, n, &on, err);
        else if (is_any(n, plans) && vl_doc_is(n, VL_DOC_ARRAY))
            list = n;
        else
            r = refuse(file, n, "what this asks for is not built in this release", err);
    }
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n))
        r = take_plan(apply, vl_doc_text(n), on, file, err);
    for (size_t i = 0; !list && r >= 0 && i < VL_ARRAY_LEN(usual); i++)
        r = take_plan(apply, vl_span_str(usual[i]), on, file, err);
    return r;
}

struct contact {
    const struct vl_doc_node *emails;
    struct vl_span phone, severity;
    bool on, switched;
};

/* A list of levels is one from a level on: it has no gaps below the highest. */
static int read_levels(
    const char *file, const struct vl_doc_node *node, struct contact *c, struct vl_err *err)
{
    bool has[VL_ARRAY_LEN(severities)] = {false};
    if (!vl_doc_is(node, VL_DOC_ARRAY)) {
        c->severity = vl_doc_text(node);
        return 0;
    }
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        bool known = false;
        for (size_t i = 0; i < VL_ARRAY_LEN(severities); i++) {
            if (!vl_span_eq_nocase(vl_doc_text(n), vl_span_str(severities[i])))
                continue;
            has[i] = known = true;
        }
        if (!known)
            return refuse(file, node, "knows low, medium, high, critical", err);
    }
    has[3] = has[3] || has[2]; /* alerts have no level above high */
    size_t lowest = 0;
    while (lowest < VL_ARRAY_LEN(severities) && !has[lowest])
        lowest++;
    for (size_t i = lowest; i < VL_ARRAY_LEN(severities); i++)
        if (!has[i])
            return refuse(file, node, "levels are told from one level on: this list has a gap", err);
    if (lowest == VL_ARRAY_LEN(severities))
        return refuse(file, node, "is empty", err);
    c->severity = vl_span_str(severities[lowest]);
    return 0;
}

static int read_contact(
    const char *file, const struct vl_doc_node *node, struct contact *c, bool inner, struct vl_err *err)
{
    static const char *const switches[] = {"enabled", "state", NULL};
    static const char *const emails[] = {"recipients", "emails", "email", "addresses", NULL};
    static const char *const levels[] = {"severityLevels", "severities", "minSeverity", "severity", NULL};
    static const char *const groups[] = {"email", "emailNotifications", "emailNotification", NULL};
    static const char *const phones[] = {"phone", "phoneNumber", NULL};
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(node); n && r >= 0; n = vl_doc_next(n)) {
        if (!inner && is_any(n, groups) && vl_doc_is(n, VL_DOC_OBJECT)) {
            r = read_contact(file, n, c, true, err);
        } else if (is_any(n, switches)) {
            r = read_switch(file, n, &c->on, err);
            c->switched = true;
        } else if (is_any(n, emails)) {
            c->emails = n;
        } else if (is_any(n, levels)) {
            r = read_levels(file, n, c, err);
        } else if (is_any(n, phones) && !vl_doc_is(n, VL_DOC_OBJECT) && !vl_doc_is(n, VL_DOC_ARRAY)) {
            c->phone = vl_doc_text(n);
        } else {
            r = refuse(file, n, "what this asks for is not built in this release", err);
        }
    }
    return r;
}

static int alert_settings(
    struct vl_apply *apply, const struct vl_doc_node *node, const char *file, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    struct contact c = {.on = true};
    vl_buf_init(&text, TEXT_MAX);
    vl_json_init(&json, &text, false);
    int r = read_contact(file, node, &c, false, err);
    if (r < 0)
        return r;
    begin_document(&json, "Contact", VL_SPAN_LIT("default"));
    if (c.emails) {
        vl_json_key(&json, "emails");
        if (!vl_doc_is(c.emails, VL_DOC_ARRAY))
            vl_json_array(&json);
        vl_doc_write(c.emails, &json);
        if (!vl_doc_is(c.emails, VL_DOC_ARRAY))
            vl_json_array_end(&json);
    }
    if (c.phone.len) {
        vl_json_key(&json, "phone");
        vl_json_span(&json, c.phone);
    }
    if (c.severity.len) {
        vl_json_key(&json, "minSeverity");
        vl_json_span(&json, c.severity);
    }
    if (c.switched)
        vl_json_member_bool(&json, "enabled", c.on);
    vl_json_object_end(&json);
    vl_json_object_end(&json);
    return take_text(apply, &json, &text, file, err);
}

int vl_apply_guides(
    struct vl_apply *apply, const struct vl_doc_node *root, const char *file, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(root); n && r >= 0; n = vl_doc_next(n)) {
        if (vl_span_eq_str(vl_doc_key(n), "autoProtection"))
            r = auto_protection(apply, n, file, err);
        else if (vl_span_eq_str(vl_doc_key(n), "alertSettings"))
            r = alert_settings(apply, n, file, err);
        else if (!vl_span_eq_str(vl_doc_key(n), "apiVersion"))
            r = refuse(file, n, "is no member beside autoProtection and alertSettings", err);
    }
    return r;
}
