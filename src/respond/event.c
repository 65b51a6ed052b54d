#include "respond/event.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"

static const char *const topics[] = {
    [VL_NOTIFY_FINDING] = "finding",
    [VL_NOTIFY_SCAN_ERROR] = "scan_error",
    [VL_NOTIFY_ALERT] = "alert",
    [VL_NOTIFY_EXEMPTION] = "exemption",
    [VL_NOTIFY_DIGEST] = "digest",
    [VL_NOTIFY_TEST] = "test",
};

const char *vl_notify_topic_name(enum vl_notify_topic topic)
{
    size_t i = (size_t)topic;
    return i > 0 && i < VL_ARRAY_LEN(topics) ? topics[i] : "unknown";
}

bool vl_notify_topic_parse(struct vl_span text, enum vl_notify_topic *ret)
{
    for (size_t i = 1; i < VL_ARRAY_LEN(topics); i++)
        if (vl_span_eq_str(text, topics[i])) {
            *ret = (enum vl_notify_topic)i;
            return true;
        }
    return false;
}

const char *vl_notify_severity_name(enum vl_severity severity)
{
    return severity == VL_SEVERITY_NEGLIGIBLE ? "informational" : vl_severity_name(severity);
}

bool vl_notify_severity_parse(struct vl_span text, enum vl_severity *ret)
{
    for (int s = VL_SEVERITY_NEGLIGIBLE; s < VL_SEVERITY_COUNT; s++)
        if (vl_span_eq_nocase(text, vl_span_str(vl_notify_severity_name((enum vl_severity)s)))) {
            *ret = (enum vl_severity)s;
            return true;
        }
    return false;
}

/* --- as JSON --- */

/* How many bytes of a text are written: whole code points, at most `max` bytes, and at most twice as many
 * once they are escaped, so that the whole of an event has a size (VL_WEBHOOK_BODY_MAX). */
static size_t cut_at(struct vl_span text, size_t max)
{
    size_t at = 0, written = 0;
    while (at < text.len) {
        uint32_t rune;
        unsigned char c = (unsigned char)text.ptr[at];
        size_t n = vl_utf8_decode(vl_span_slice(text, at, text.len), &rune);
        size_t size = n == 0 ? 3 /* U+FFFD in its place */ : c == '"' || c == '\\' ? 2 : c < 0x20 ? 6 : n;
        n = n ? n : 1;
        if (at + n > max || written + size > 2 * max)
            break;
        at += n;
        written += size;
    }
    return at;
}

static void member_cut(struct vl_json *json, const char *key, const char *text, size_t max)
{
    char cut[VL_NOTIFY_TEXT_MAX + 4];
    if (!text)
        return;
    struct vl_span all = vl_span_str(text);
    size_t n = cut_at(all, max);
    vl_json_key(json, key);
    if (n == all.len) {
        vl_json_str(json, text);
        return;
    }
    memcpy(cut, text, n);
    memcpy(cut + n, "…", sizeof("…"));
    vl_json_str(json, cut);
}

static void member_name(struct vl_json *json, const char *key, const char *text)
{
    member_cut(json, key, text, VL_NOTIFY_NAME_MAX);
}

static void member_text(struct vl_json *json, const char *key, const char *text)
{
    member_cut(json, key, text, VL_NOTIFY_TEXT_MAX);
}

void vl_notify_event_write(const struct vl_notify_event *event, struct vl_json *json)
{
    vl_json_object(json);
    member_name(json, "id", event->id);
    vl_json_member_str(json, "topic", vl_notify_topic_name(event->topic));
    vl_json_member_str(json, "severity", vl_notify_severity_name(event->severity));
    member_text(json, "title", event->title);
    member_text(json, "text", event->text);
    member_text(json, "object", event->object);
    member_text(json, "url", event->url);
    if (event->registry_id)
        vl_json_member_int(json, "registryId", event->registry_id);
    member_text(json, "registry", event->registry);
    member_text(json, "repository", event->repository);
    member_name(json, "environment", event->environment);
    member_name(json, "environmentId", event->environment_id);
    vl_json_member_time(json, "at", event->at);
    vl_json_key(json, "facts");
    vl_json_array(json);
    for (size_t i = 0; i < event->n_facts && i < VL_NOTIFY_FACTS_MAX; i++) {
        vl_json_object(json);
        member_name(json, "name", event->facts[i].name);
        member_text(json, "value", event->facts[i].value);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_key(json, "links");
    vl_json_array(json);
    for (size_t i = 0; i < event->n_links && i < VL_NOTIFY_LINKS_MAX; i++) {
        vl_json_object(json);
        member_name(json, "title", event->links[i].title);
        member_text(json, "url", event->links[i].url);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_object_end(json);
}

static const char *text_of(const struct vl_doc_node *node, const char *key, struct vl_arena *arena)
{
    const struct vl_doc_node *member = vl_doc_get(node, key);
    return vl_doc_is(member, VL_DOC_STRING) ? vl_arena_dup_span(arena, vl_doc_span(member)) : NULL;
}

static int read_facts(
    const struct vl_doc_node *list, struct vl_arena *arena, struct vl_notify_event *ret, struct vl_err *err)
{
    size_t n = vl_doc_size(list), i = 0;
    if (n > VL_NOTIFY_FACTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an event has at most %d facts", VL_NOTIFY_FACTS_MAX);
    struct vl_notify_fact *facts = vl_arena_array(arena, n + 1, sizeof(*facts));
    for (const struct vl_doc_node *f = vl_doc_first(list); f && facts; f = vl_doc_next(f), i++)
        facts[i] =
            (struct vl_notify_fact){.name = text_of(f, "name", arena), .value = text_of(f, "value", arena)};
    ret->facts = facts;
    ret->n_facts = n;
    return vl_arena_check(arena, "an event", err);
}

static int read_links(
    const struct vl_doc_node *list, struct vl_arena *arena, struct vl_notify_event *ret, struct vl_err *err)
{
    size_t n = vl_doc_size(list), i = 0;
    if (n > VL_NOTIFY_LINKS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an event has at most %d links", VL_NOTIFY_LINKS_MAX);
    struct vl_notify_link *links = vl_arena_array(arena, n + 1, sizeof(*links));
    for (const struct vl_doc_node *l = vl_doc_first(list); l && links; l = vl_doc_next(l), i++)
        links[i] =
            (struct vl_notify_link){.title = text_of(l, "title", arena), .url = text_of(l, "url", arena)};
    ret->links = links;
    ret->n_links = n;
    return vl_arena_check(arena, "an event", err);
}

int vl_notify_event_read(
    const struct vl_doc_node *node, struct vl_arena *arena, struct vl_notify_event *ret, struct vl_err *err)
{
    struct vl_notify_event e = {.id = text_of(node, "id", arena),
        .title = text_of(node, "title", arena),
        .text = text_of(node, "text", arena),
        .object = text_of(node, "object", arena),
        .registry = text_of(node, "registry", arena),
        .repository = text_of(node, "repository", arena),
        .environment = text_of(node, "environment", arena)};
    struct vl_span at = vl_doc_get_str(node, "at");
    (void)vl_doc_int(vl_doc_get(node, "registryId"), &e.registry_id);
    if (!vl_notify_topic_parse(vl_doc_get_str(node, "topic"), &e.topic) || !e.title)
        return vl_err_set(err, VL_ERR_INVALID, "an event has a topic and a title");
    if (!vl_notify_severity_parse(vl_doc_get_str(node, "severity"), &e.severity))
        e.severity = VL_SEVERITY_UNKNOWN;
    if (at.len > 0 && !vl_time_parse(at, &e.at))
        return vl_err_set(err, VL_ERR_INVALID, "/at: is no time");
    int r = read_facts(vl_doc_get(node, "facts"), arena, &e, err);
    if (r >= 0)
        r = read_links(vl_doc_get(node, "links"), arena, &e, err);
    if (r >= 0)
        *ret = e;
    return r;
}

/* --- links --- */

/* Only what a click can follow safely: a path of our own portal, or http(s). A person may see several
 * environments: a path of ours says which one it is about. */
static const char *absolute(const struct vl_notify_event *event, const char *url, struct vl_arena *arena)
{
    if (!url)
        return NULL;
    if (vl_span_starts_with(vl_span_str(url), "https://") || vl_span_starts_with(vl_span_str(url), "http://"))
        return url;
    if (url[0] != '/' || !event->base_url)
        return NULL;
    size_t n = strlen(event->base_url);
    while (n > 0 && event->base_url[n - 1] == '/')
        n--;
    const char *id = event->environment_id;
    return vl_arena_printf(arena, "%.*s%s%s%s", (int)n, event->base_url, url,
        !id                ? ""
        : strchr(url, '?') ? "&environment="
                           : "?environment=",
        id ? id : "");
}

int vl_notify_event_links(const struct vl_notify_event *event, struct vl_arena *arena,
    struct vl_notify_link **ret, size_t *ret_n, struct vl_err *err)
{
    size_t n = 0, most = event->n_links < VL_NOTIFY_LINKS_MAX ? event->n_links : VL_NOTIFY_LINKS_MAX;
    struct vl_notify_link *links = vl_arena_array(arena, most + 1, sizeof(*links));
    const char *own = absolute(event, event->object, arena);
    int r = vl_arena_check(arena, "links of an event", err);
    if (r < 0)
        return r;
    if (own)
        links[n++] = (struct vl_notify_link){.title = "Open in Vallum", .url = own};
    for (size_t i = 0; i < most; i++) {
        const char *url = absolute(event, event->links[i].url, arena);
        if (url)
            links[n++] = (struct vl_notify_link){
                .title = event->links[i].title ? event->links[i].title : url, .url = url};
    }
    r = vl_arena_check(arena, "links of an event", err);
    if (r < 0)
        return r;
    *ret = links;
    *ret_n = n;
    return 0;
}
