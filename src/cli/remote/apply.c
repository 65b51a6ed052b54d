/* What differs, and how it is sent. */
#include "remote/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "codec/doc_write.h"
#include "remote/yaml_out.h"

#define URL_MAX   8192
#define BODY_MAX  (4UL * 1024 * 1024)
#define SHOWN_MAX 400 /* bytes of a value in a difference */

/* What the server has of one kind in one environment. */
struct have {
    const struct vl_apply_kind *kind;
    const char *environment;
    struct vl_doc *doc; /* NULL: nothing */
};

int vl_apply_init(
    struct vl_apply *apply, struct vl_cli_client *client, struct vl_arena *arena, struct vl_err *err)
{
    *apply = (struct vl_apply){.client = client, .arena = arena};
    vl_vec_init(&apply->docs, sizeof(struct vl_doc *), VL_APPLY_DOCUMENTS);
    vl_vec_init(&apply->documents, sizeof(struct vl_apply_document), VL_APPLY_DOCUMENTS);
    vl_vec_init(&apply->lists, sizeof(struct have), VL_APPLY_LISTS_MAX);
    return vl_arena_check(arena, "documents", err);
}

void vl_apply_done(struct vl_apply *apply)
{
    for (size_t i = 0; i < apply->docs.len; i++)
        vl_doc_free(*(struct vl_doc **)vl_vec_at(&apply->docs, i));
    for (size_t i = 0; i < apply->lists.len; i++)
        vl_doc_free(((struct have *)vl_vec_at(&apply->lists, i))->doc);
    vl_vec_done(&apply->docs);
    vl_vec_done(&apply->documents);
    vl_vec_done(&apply->lists);
}

/* --- what the server has --- */

/* One object becomes a list of one with a name. */
static int fetch_one(struct vl_apply *apply, const char *url, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&text, BODY_MAX);
    int r = vl_cli_client_call(apply->client, "GET", url, VL_SPAN_EMPTY, &doc, err);
    if (r < 0 && err->code != VL_ERR_NOT_FOUND)
        return r;
    vl_err_clear(err);
    vl_json_init(&json, &text, false);
    vl_json_array(&json);
    if (doc) {
        vl_json_object(&json);
        vl_json_member_str(&json, "name", "default");
        for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n)) {
            vl_json_key_span(&json, vl_doc_key(n));
            vl_doc_write(n, &json);
        }
        vl_json_object_end(&json);
    }
    vl_json_array_end(&json);
    r = vl_json_check(&json, "the settings", err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "the settings", ret, err);
}

static int fetch(struct vl_apply *apply, const struct vl_apply_kind *kind, const char *environment,
    struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, URL_MAX);
    vl_buf_append_str(&url, kind->list);
    if (kind->scoped)
        vl_cli_url_param(&url, "environment", environment);
    int r = vl_buf_check(&url, "the address", err);
    if (r >= 0 && kind->one)
        return fetch_one(apply, vl_buf_str(&url), ret, err);
    return r < 0 ? r : vl_cli_client_list(apply->client, vl_buf_str(&url), 0, ret, err);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* An environment that a document of this run is going to make is empty yet. */
static bool is_to_come(const struct vl_apply *apply, const char *environment)
{
    for (size_t i = 0; environment && apply->dry && i < apply->documents.len; i++) {
        const struct vl_apply_document *d = vl_vec_at(&apply->documents, i);
        if (strcmp(d->kind->name, "Environment") == 0 && strcmp(d->name, environment) == 0)
            return true;
    }
    return false;
}

static int look_at(struct vl_apply *apply, const struct vl_apply_kind *kind, const char *environment,
    const struct vl_doc_node **ret, struct vl_err *err)
{
    environment = environment ? environment : vl_cli_client_environment(apply->client);
    for (size_t i = 0; i < apply->lists.len; i++) {
        const struct have *h = vl_vec_at(&apply->lists, i);
        if (h->kind == kind && (!kind->scoped || same_text(h->environment, environment))) {
            *ret = h->doc ? vl_doc_root(h->doc) : NULL;
            return 0;
        }
    }
    struct have *h = vl_vec_push(&apply->lists, "lists", err);
    if (!h)
        return err->err;
    *h = (struct have){.kind = kind, .environment = environment};
    int r = fetch(apply, kind, environment, &h->doc, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND && is_to_come(apply, environment)) {
        vl_err_clear(err);
        r = 0;
    }
    *ret = h->doc ? vl_doc_root(h->doc) : NULL;
    return r;
}

/* What was changed is looked at anew. */
static void forget(struct vl_apply *apply, const struct vl_apply_kind *kind)
{
    for (size_t i = 0; i < apply->lists.len; i++) {
        struct have *h = vl_vec_at(&apply->lists, i);
        if (h->kind != kind)
            continue;
        vl_doc_free(h->doc);
        *h = (struct have){0};
    }
}

/* A kind that the table always has. */
static const struct vl_apply_kind *registries(void)
{
    const struct vl_apply_kind *kind = vl_apply_kinds;
    while (strcmp(kind->name, "Registry") != 0)
        kind++;
    return kind;
}

/* The item of a list with this text in a member. */
static const struct vl_doc_node *item_with(
    const struct vl_doc_node *list, const char *member, struct vl_span text)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n))
        if (vl_span_eq(vl_doc_text(vl_doc_get(n, member)), text))
            return n;
    return NULL;
}

/* A registry by name becomes its id, or the other way round. NULL: there is none. */
static int registry_other(struct vl_apply *apply, const char *environment, struct vl_span text, bool to_id,
    const struct vl_doc_node **ret, struct vl_err *err)
{
    const struct vl_doc_node *list = NULL;
    int r = look_at(apply, registries(), environment, &list, err);
    if (r >= 0)
        *ret = vl_doc_get(item_with(list, to_id ? "name" : "id", text), to_id ? "id" : "name");
    return r;
}

/* --- comparison --- */

static bool is_empty(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_NULL) || !node ||
           (vl_doc_is(node, VL_DOC_STRING) && !vl_doc_span(node).len);
}

static bool is_scalar_list(const struct vl_doc_node *array)
{
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n))
        if (vl_doc_is(n, VL_DOC_ARRAY) || vl_doc_is(n, VL_DOC_OBJECT))
            return false;
    return true;
}

static bool same_node(const struct vl_doc_node *want, const struct vl_doc_node *have);

static bool same_list(const struct vl_doc_node *want, const struct vl_doc_node *have)
{
    if (vl_doc_size(want) != vl_doc_size(have))
        return false;
    bool set = is_scalar_list(want);
    const struct vl_doc_node *other = vl_doc_first(have);
    for (const struct vl_doc_node *n = vl_doc_first(want); n; n = vl_doc_next(n)) {
        bool found = false;
        for (const struct vl_doc_node *o = vl_doc_first(have); set && o && !found; o = vl_doc_next(o))
            found = same_node(n, o);
        if (!set)
            found = same_node(n, other);
        if (!found)
            return false;
        other = vl_doc_next(other);
    }
    return true;
}

/* As deep as documents are. Objects: the members that are wanted. */
static bool same_node(const struct vl_doc_node *want, const struct vl_doc_node *have)
{
    double a, b;
    if (is_empty(want) || is_empty(have))
        return is_empty(want) && (is_empty(have) || (!vl_doc_size(have) && vl_doc_is(have, VL_DOC_ARRAY)));
    if (vl_doc_number(want, &a) && vl_doc_number(have, &b))
        return !(a < b) && !(a > b);
    if (vl_doc_type(want) != vl_doc_type(have))
        return false;
    if (vl_doc_is(want, VL_DOC_ARRAY))
        return same_list(want, have);
    if (!vl_doc_is(want, VL_DOC_OBJECT))
        return vl_span_eq(vl_doc_text(want), vl_doc_text(have));
    for (const struct vl_doc_node *n = vl_doc_first(want); n; n = vl_doc_next(n))
        if (!same_node(n, vl_doc_get_span(have, vl_doc_key(n))))
            return false;
    return true;
}

static bool same_named(const struct vl_doc_node *want, const struct vl_doc_node *have)
{
    for (const struct vl_doc_node *n = vl_doc_first(want); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *other = item_with(have, "name", vl_doc_get_str(n, "name"));
        if (!other || !same_node(n, other))
            return false;
    }
    return true;
}

static bool same_time(const struct vl_doc_node *want, const struct vl_doc_node *have)
{
    int64_t a, b;
    if (is_empty(want) || is_empty(have))
        return is_empty(want) && is_empty(have);
    return vl_time_parse(vl_doc_text(want), &a) && vl_time_parse(vl_doc_text(have), &b) && a == b;
}

static bool same_labels(const struct vl_doc_node *want, const struct vl_doc_node *have)
{
    for (const struct vl_doc_node *n = vl_doc_first(want); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *other = vl_doc_get_span(have, vl_doc_key(n));
        if (!other || !vl_span_eq(vl_doc_text(n), vl_doc_text(other)))
            return false;
    }
    return vl_doc_size(want) == vl_doc_size(have);
}

static const struct vl_doc_node *walk(const struct vl_doc_node *node, const char *path)
{
    struct vl_span rest = vl_span_str(path);
    struct vl_span part;
    while (node && vl_span_split(&rest, '.', &part))
        node = vl_doc_get_span(node, part);
    return node;
}

/* One field of one document. */
struct at {
    struct vl_apply *apply;
    const struct vl_apply_document *document;
    const struct vl_apply_field *field;
    const struct vl_doc_node *have; /* the whole item, or NULL */
};

/* The member of the spec that gives a field: of a secret the one that says where it is. */
static const struct vl_doc_node *given(const struct at *a)
{
    char name[64];
    if (a->field->type != VL_APPLY_SECRET)
        return vl_doc_get(a->document->spec, a->field->name);
    (void)snprintf(name, sizeof(name), "%sFile", a->field->name);
    const struct vl_doc_node *file = vl_doc_get(a->document->spec, name);
    (void)snprintf(name, sizeof(name), "%sEnv", a->field->name);
    return file ? file : vl_doc_get(a->document->spec, name);
}

static int compare_registry(
    const struct at *a, const struct vl_doc_node *want, bool *ret_same, struct vl_err *err)
{
    const struct vl_doc_node *id = NULL;
    const struct vl_doc_node *have = vl_doc_get(a->have, a->field->name);
    *ret_same = is_empty(want) && is_empty(have);
    if (is_empty(want))
        return 0;
    int r = registry_other(a->apply, a->document->environment, vl_doc_text(want), true, &id, err);
    /* The server may tell the id, or an object with it. */
    if (vl_doc_is(have, VL_DOC_OBJECT))
        have = vl_doc_get(have, "id");
    *ret_same = r >= 0 && id && vl_span_eq(vl_doc_text(id), vl_doc_text(have));
    return r;
}

static int compare(const struct at *a, bool *ret_same, struct vl_err *err)
{
    const struct vl_doc_node *want = given(a);
    const struct vl_doc_node *have = vl_doc_get(a->have, a->field->name);
    *ret_same = true;
    if (!want)
        return 0;
    switch (a->field->type) {
    case VL_APPLY_WORD:
        *ret_same = vl_span_eq_nocase(vl_doc_text(want), vl_doc_text(have));
        return 0;
    case VL_APPLY_TIME:
        *ret_same = same_time(want, have);
        return 0;
    case VL_APPLY_NAMED:
        *ret_same = same_named(want, have);
        return 0;
    case VL_APPLY_LABELS: /* the whole is sent, so that one which is not said goes */
        *ret_same = same_labels(want, have);
        return 0;
    case VL_APPLY_REGISTRY:
        return compare_registry(a, want, ret_same, err);
    case VL_APPLY_SECRET:
        *ret_same =
            a->have && !a->apply->secrets && (!a->field->has || vl_doc_bool(walk(a->have, a->field->has)));
        return 0;
    case VL_APPLY_PLAIN:
    default:
        *ret_same = same_node(want, have);
        return 0;
    }
}

/* --- bodies --- */

/* Secrets of a file stand beside the document: its path is relative to the document's folder. */
static int read_secret(
    const struct at *a, const struct vl_doc_node *node, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf path;
    struct vl_span where = vl_doc_span(node);
    vl_buf_init(&path, 8192);
    if (vl_span_ends_with(vl_doc_key(node), "Env")) {
        const char *value = getenv(where.ptr);
        *ret = value;
        return value && *value ? 0
                               : vl_err_set(err, VL_ERR_USAGE, "%s:%u: the variable %.*s is not set",
                                     a->document->file, vl_doc_line(node), VL_SPAN_FMT(where));
    }
    const char *slash = strrchr(a->document->file, '/');
    if (*where.ptr != '/' && slash)
        vl_buf_append(&path, a->document->file, (size_t)(slash - a->document->file) + 1);
    vl_buf_append_span(&path, where);
    int r = vl_buf_check(&path, "the path", err);
    if (r < 0)
        return r;
    /* A certificate is all of its file. */
    return strcmp(a->field->name, "ca") == 0
               ? vl_cli_read_pem(vl_buf_str(&path), a->apply->arena, ret, err)
               : vl_cli_read_secret(vl_buf_str(&path), a->apply->arena, ret, err);
}

static int write_field(
    const struct at *a, const struct vl_doc_node *value, struct vl_json *json, struct vl_err *err)
{
    const struct vl_doc_node *id = NULL;
    const char *secret = NULL;
    char time[VL_TIME_TEXT_MAX];
    int64_t ms = 0;
    int r = 0;
    vl_json_key(json, strcmp(a->field->name, "ca") == 0 ? "caPem" : a->field->name);
    if (a->field->type == VL_APPLY_SECRET) {
        r = read_secret(a, value, &secret, err);
        vl_json_str(json, secret);
    } else if (a->field->type == VL_APPLY_REGISTRY && !is_empty(value)) {
        r = registry_other(a->apply, a->document->environment, vl_doc_text(value), true, &id, err);
        if (r >= 0 && !id)
            r = vl_err_set(err, VL_ERR_NOT_FOUND, "%s:%u: there is no registry %.*s", a->document->file,
                vl_doc_line(value), VL_SPAN_FMT(vl_doc_text(value)));
        vl_doc_write(id, json);
    } else if (a->field->type == VL_APPLY_TIME && vl_time_parse(vl_doc_text(value), &ms)) {
        vl_json_str(json, vl_time_format(ms, time));
    } else {
        vl_doc_write(value, json);
    }
    return r;
}

enum what { WHAT_NEW, WHAT_LATER, WHAT_CHANGED, WHAT_WHOLE };

/* Whether a field belongs into this body, and its value. */
static int value_of(const struct at *a, enum what what, const struct vl_doc_node **ret, struct vl_err *err)
{
    bool same = true;
    *ret = given(a);
    if (what == WHAT_NEW && a->field->later)
        *ret = NULL;
    if (what == WHAT_LATER && !a->field->later)
        *ret = NULL;
    if (what == WHAT_WHOLE && !*ret && a->field->type != VL_APPLY_SECRET) {
        *ret = vl_doc_get(a->have, a->field->name);
        if (is_empty(*ret))
            *ret = NULL;
    }
    if (what != WHAT_CHANGED || !*ret)
        return 0;
    int r = compare(a, &same, err);
    if (same)
        *ret = NULL;
    return r;
}

static int write_body(struct vl_apply *apply, const struct vl_apply_document *document,
    const struct vl_doc_node *have, enum what what, struct vl_buf *out, unsigned *ret_n, struct vl_err *err)
{
    struct vl_json json;
    const struct vl_apply_kind *kind = document->kind;
    int r = 0;
    *ret_n = 0;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    if (what == WHAT_NEW && !kind->by_fields)
        vl_json_member_str(&json, "name", document->name);
    for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name && r >= 0; i++) {
        const struct at a = {apply, document, &kind->fields[i], have};
        const struct vl_doc_node *value = NULL;
        r = value_of(&a, what, &value, err);
        if (r >= 0 && value) {
            r = write_field(&a, value, &json, err);
            ++*ret_n;
        }
    }
    vl_json_object_end(&json);
    return r < 0 ? r : vl_json_check(&json, "the request", err);
}

static int send(struct vl_apply *apply, const struct vl_apply_document *document, const char *method,
    const char *path, struct vl_span id, const struct vl_buf *body, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    const char *hole = strstr(path, "{}");
    vl_buf_init(&url, URL_MAX);
    vl_buf_append(&url, path, hole ? (size_t)(hole - path) : strlen(path));
    if (hole) {
        vl_cli_url_escape(&url, id);
        vl_buf_append_str(&url, hole + 2);
    }
    const char *environment =
        document->environment ? document->environment : vl_cli_client_environment(apply->client);
    if (document->kind->scoped)
        vl_cli_url_param(&url, "environment", environment);
    int r = vl_buf_check(&url, "the address", err);
    if (r >= 0)
        r = vl_cli_client_call(apply->client, method, vl_buf_str(&url), vl_buf_span(body), ret, err);
    return r;
}

static int create(struct vl_apply *apply, const struct vl_apply_document *document, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    VL_CLEANUP(vl_buf_done) struct vl_buf later;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *made = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *answer = NULL;
    unsigned n = 0;
    vl_buf_init(&body, BODY_MAX);
    vl_buf_init(&later, BODY_MAX);
    int r = write_body(apply, document, NULL, WHAT_NEW, &body, &n, err);
    if (r >= 0)
        r = send(apply, document, "POST", document->kind->list, VL_SPAN_EMPTY, &body, &made, err);
    if (r >= 0)
        r = write_body(apply, document, NULL, WHAT_LATER, &later, &n, err);
    if (r >= 0 && n)
        r = send(apply, document, "PATCH", document->kind->item,
            vl_doc_text(vl_doc_get(vl_doc_root(made), "id")), &later, &answer, err);
    return r;
}

static int change(struct vl_apply *apply, const struct vl_apply_document *document,
    const struct vl_doc_node *have, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *answer = NULL;
    const struct vl_apply_kind *kind = document->kind;
    unsigned n = 0;
    vl_buf_init(&body, BODY_MAX);
    int r = write_body(apply, document, have, kind->put ? WHAT_WHOLE : WHAT_CHANGED, &body, &n, err);
    if (r < 0)
        return r;
    if (kind->put)
        return send(apply, document, "PUT", kind->put, vl_span_str(document->name), &body, &answer, err);
    return send(
        apply, document, "PATCH", kind->item, vl_doc_text(vl_doc_get(have, "id")), &body, &answer, err);
}

/* --- one document --- */

static bool has_fixed_fields(const struct vl_apply_kind *kind)
{
    for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name; i++)
        if (kind->fields[i].fixed)
            return true;
    return false;
}

/* Of what has no name: the item of which all fixed fields are those of the document, and those that it does
 * not give are empty. */
static int find_by_fields(struct vl_apply *apply, const struct vl_apply_document *document,
    const struct vl_doc_node *list, const struct vl_doc_node **ret, struct vl_err *err)
{
    const struct vl_apply_kind *kind = document->kind;
    int r = 0;
    *ret = NULL;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && !*ret && r >= 0; n = vl_doc_next(n)) {
        bool all = !kind->exported || kind->exported(n);
        for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name && all && r >= 0; i++) {
            const struct at a = {apply, document, &kind->fields[i], n};
            if (!kind->fields[i].fixed)
                continue;
            /* The category has a default, so that its absence says nothing. */
            if (given(&a))
                r = compare(&a, &all, err);
            else
                all = is_empty(vl_doc_get(n, kind->fields[i].name)) || kind->fields[i].type == VL_APPLY_WORD;
        }
        if (all && r >= 0)
            *ret = n;
    }
    return r;
}

/* What the server knows by another name too (the plan Servers). */
static int by_name(struct vl_apply *apply, const struct vl_apply_document *document, struct vl_doc **ret_doc,
    const struct vl_doc_node **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf nothing;
    vl_buf_init(&nothing, 1);
    int r = send(
        apply, document, "GET", document->kind->put, vl_span_str(document->name), &nothing, ret_doc, err);
    *ret = r < 0 ? NULL : vl_doc_root(*ret_doc);
    return r < 0 ? vl_err_wrap(err, "%s:%u: %s", document->file, document->line, document->kind->name) : 0;
}

static void append_value(struct vl_buf *out, const struct vl_doc_node *node)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&text, BODY_MAX);
    vl_json_init(&json, &text, false);
    vl_doc_write(node, &json);
    vl_buf_append_span(out, vl_span_slice(vl_buf_span(&text), 0, SHOWN_MAX));
    vl_buf_append_str(out, text.len > SHOWN_MAX ? "…" : "");
}

/* Lines of what differs; *ret_n of them. */
static int differences(struct vl_apply *apply, const struct vl_apply_document *document,
    const struct vl_doc_node *have, struct vl_buf *changes, unsigned *ret_n, struct vl_err *err)
{
    const struct vl_apply_kind *kind = document->kind;
    *ret_n = 0;
    for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name; i++) {
        const struct at a = {apply, document, &kind->fields[i], have};
        bool same = true;
        int r = compare(&a, &same, err);
        if (r < 0)
            return r;
        if (same || !given(&a))
            continue;
        if (have && kind->fields[i].fixed)
            return vl_err_set(err, VL_ERR_CONFLICT,
                "%s:%u: %s of a %s cannot be changed: remove it first, or give the new one another name",
                document->file, document->line, kind->fields[i].name, kind->name);
        ++*ret_n;
        vl_buf_printf(changes, "  %s: ", kind->fields[i].name);
        if (kind->fields[i].type == VL_APPLY_SECRET) {
            vl_buf_append_str(changes, "(a secret)\n");
            continue;
        }
        if (have) {
            append_value(changes, vl_doc_get(have, kind->fields[i].name));
            vl_buf_append_str(changes, " -> ");
        }
        append_value(changes, given(&a));
        vl_buf_append_char(changes, '\n');
    }
    return 0;
}

int vl_apply_one(struct vl_apply *apply, const struct vl_apply_document *document, enum vl_apply_result *ret,
    struct vl_buf *changes, struct vl_err *err)
{
    const struct vl_apply_kind *kind = document->kind;
    const struct vl_doc_node *list = NULL;
    const struct vl_doc_node *have = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *other = NULL;
    unsigned n = 0;
    int r = look_at(apply, kind, document->environment, &list, err);
    if (r < 0)
        return r;
    if (kind->by_fields && has_fixed_fields(kind))
        r = find_by_fields(apply, document, list, &have, err);
    else
        have = item_with(list, "name", vl_span_str(document->name));
    if (r >= 0 && !have && kind->given)
        r = by_name(apply, document, &other, &have, err);
    if (r >= 0)
        r = differences(apply, document, have, changes, &n, err);
    if (r < 0)
        return r;
    *ret = !have ? VL_APPLY_CREATED : n ? VL_APPLY_CHANGED : VL_APPLY_UNCHANGED;
    if (*ret == VL_APPLY_UNCHANGED || apply->dry)
        return 0;
    r = have || kind->put ? change(apply, document, have, err) : create(apply, document, err);
    forget(apply, kind);
    return r < 0
               ? vl_err_wrap(err, "%s:%u: %s %s", document->file, document->line, kind->name, document->name)
               : 0;
}

/* --- export --- */

static int export_field(struct vl_apply *apply, const struct vl_apply_field *field,
    const struct vl_doc_node *item, struct vl_json *json, unsigned *secrets, struct vl_err *err)
{
    const struct vl_doc_node *value = vl_doc_get(item, field->name);
    const struct vl_doc_node *name = NULL;
    if (field->type == VL_APPLY_SECRET) {
        *secrets += field->has && vl_doc_bool(walk(item, field->has));
        return 0;
    }
    if (is_empty(value))
        return 0;
    if (field->type == VL_APPLY_REGISTRY) {
        const struct vl_doc_node *id = vl_doc_is(value, VL_DOC_OBJECT) ? vl_doc_get(value, "id") : value;
        int r = registry_other(apply, NULL, vl_doc_text(id), false, &name, err);
        if (r < 0 || !name)
            return r;
        value = name;
    }
    vl_json_key(json, field->name);
    if (field->type != VL_APPLY_NAMED) {
        vl_doc_write(value, json);
        return 0;
    }
    vl_json_array(json); /* what can be set of them */
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n)) {
        vl_json_object(json);
        vl_json_key(json, "name");
        vl_doc_write(vl_doc_get(n, "name"), json);
        vl_json_key(json, "isEnabled");
        vl_doc_write(vl_doc_get(n, "isEnabled"), json);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    return 0;
}

static int export_item(struct vl_apply *apply, const struct vl_apply_kind *kind,
    const struct vl_doc_node *item, struct vl_buf *out, unsigned *secrets, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_json json;
    int r = 0;
    vl_buf_init(&text, BODY_MAX);
    vl_json_init(&json, &text, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "apiVersion", VL_APPLY_VERSION);
    vl_json_member_str(&json, "kind", kind->name);
    vl_json_key(&json, "metadata");
    vl_json_object(&json);
    vl_json_key(&json, "name");
    vl_json_span(&json, vl_doc_text(vl_doc_get(item, kind->by_fields ? "id" : "name")));
    vl_json_object_end(&json);
    vl_json_key(&json, "spec");
    vl_json_object(&json);
    for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name && r >= 0; i++)
        r = export_field(apply, &kind->fields[i], item, &json, secrets, err);
    vl_json_object_end(&json);
    vl_json_object_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "the document", err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "the document", &doc, err);
    if (r < 0)
        return r;
    vl_buf_append_str(out, "---\n");
    vl_cli_yaml(vl_doc_root(doc), out);
    return vl_buf_check(out, "the documents", err);
}

int vl_apply_export(struct vl_apply *apply, const struct vl_apply_kind *kind, struct vl_buf *out,
    unsigned *secrets, struct vl_err *err)
{
    const struct vl_doc_node *list = NULL;
    int r = look_at(apply, kind, NULL, &list, err);
    if (r < 0 || !list)
        return r;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n))
        if (!kind->exported || kind->exported(n))
            r = export_item(apply, kind, n, out, secrets, err);
    return r;
}
