#include "posture/resource.h"

#include <string.h>

#include "base/text.h"
#include "inventory/repo_environment.h"

#define REGISTRY_PROVIDER "Microsoft.ContainerRegistry"
#define NAME_MAX_BYTES    512

static bool is_plain(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit((unsigned char)c) || (c && strchr("-._~:@", c));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* --- reading --- */

static int wrong(struct vl_err *err, const char *what)
{
    return vl_err_set(err, VL_ERR_INVALID, "a resource id %s", what);
}

static int decode(struct vl_span segment, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    char *text = vl_arena_array(arena, segment.len + 1, 1);
    size_t n = 0;
    if (!text)
        return vl_arena_check(arena, "a resource id", err);
    for (size_t i = 0; i < segment.len; i++) {
        uint8_t byte = (uint8_t)segment.ptr[i];
        if (byte == '%') {
            if (!vl_hex_decode(vl_span_slice(segment, i + 1, i + 3), &byte, 1))
                return wrong(err, "has a % without two digits after it");
            i += 2;
        }
        if (vl_char_is_control(byte))
            return wrong(err, "holds a control character");
        text[n++] = (char)byte;
    }
    if (n == 0 || n > NAME_MAX_BYTES)
        return wrong(err, "has an empty or too long segment");
    if (!vl_utf8_valid((struct vl_span){text, n}))
        return wrong(err, "is not UTF-8");
    if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return wrong(err, "holds . or .. as a segment");
    *ret = text;
    return 0;
}

/* The next segment: 1, or 0 at the end. */
static int next(struct vl_span *rest, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_span part;
    if (!vl_span_split(rest, '/', &part))
        return 0;
    int r = decode(part, arena, ret, err);
    return r < 0 ? r : 1;
}

static bool is(const char *segment, const char *word)
{
    return vl_span_eq_nocase(vl_span_str(segment), vl_span_str(word));
}

static int read_parts(
    struct vl_span *rest, struct vl_arena *arena, struct vl_resource_id *id, struct vl_err *err)
{
    int r = next(rest, arena, &id->provider, err);
    if (r <= 0)
        return r < 0 ? r : wrong(err, "ends after \"providers\"");
    for (;;) {
        struct vl_resource_part part = {0};
        r = next(rest, arena, &part.type, err);
        if (r == 0)
            return id->n_parts ? 0 : wrong(err, "has a provider but no type");
        if (r > 0)
            r = next(rest, arena, &part.name, err);
        if (r <= 0)
            return r < 0 ? r : wrong(err, "ends with a type that has no name");
        if (id->n_parts == VL_RESOURCE_PARTS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "a resource id has at most %d pairs", VL_RESOURCE_PARTS_MAX);
        id->parts[id->n_parts++] = part;
    }
}

static int subscription(
    struct vl_span *rest, struct vl_arena *arena, struct vl_resource_id *id, struct vl_err *err)
{
    const char *word = NULL, *guid = NULL;
    int r = next(rest, arena, &word, err);
    if (r > 0 && !is(word, "subscriptions"))
        r = 0;
    if (r > 0)
        r = next(rest, arena, &guid, err);
    if (r < 0)
        return r;
    if (r == 0 || !vl_guid_is(vl_span_str(guid)))
        return wrong(err, "begins with /subscriptions/ and a GUID");
    char *text = vl_arena_strdup(arena, guid);
    for (char *c = text; c && *c; c++)
        *c = lower(*c);
    id->subscription = text;
    return vl_arena_check(arena, "a resource id", err);
}

int vl_resource_parse(
    struct vl_span text, struct vl_arena *arena, struct vl_resource_id *ret, struct vl_err *err)
{
    struct vl_resource_id id = {0};
    const char *word = NULL;
    if (text.len > VL_RESOURCE_ID_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a resource id has at most %d bytes", VL_RESOURCE_ID_MAX);
    if (!vl_span_starts_with(text, "/"))
        return wrong(err, "begins with /subscriptions/ and a GUID");
    struct vl_span rest = vl_span_slice(text, 1, text.len);
    int r = subscription(&rest, arena, &id, err);
    if (r >= 0)
        r = next(&rest, arena, &word, err);
    if (r > 0 && is(word, "resourceGroups")) {
        r = next(&rest, arena, &id.group, err);
        if (r == 0)
            return wrong(err, "ends after \"resourceGroups\"");
        if (r > 0)
            r = next(&rest, arena, &word, err);
    }
    if (r > 0 && !is(word, "providers"))
        return wrong(err, "has something other than \"providers\" after its group");
    if (r > 0)
        r = read_parts(&rest, arena, &id, err);
    if (r < 0)
        return r;
    *ret = id;
    return 0;
}

/* --- writing --- */

static void segment(struct vl_buf *out, const char *text, bool blind)
{
    static const char hex[] = "0123456789ABCDEF";
    vl_buf_append_char(out, '/');
    for (const char *c = text; *c; c++) {
        if (is_plain(*c)) {
            vl_buf_append_char(out, blind ? lower(*c) : *c);
        } else {
            vl_buf_append_char(out, '%');
            vl_buf_append_char(out, hex[(uint8_t)*c >> 4]);
            vl_buf_append_char(out, hex[(uint8_t)*c & 15]);
        }
    }
}

static void write_id(const struct vl_resource_id *id, bool blind, struct vl_buf *out)
{
    segment(out, "subscriptions", false);
    segment(out, id->subscription, true);
    if (id->group) {
        segment(out, "resourceGroups", blind);
        segment(out, id->group, blind);
    }
    if (!id->provider)
        return;
    segment(out, "providers", false);
    segment(out, id->provider, blind);
    for (size_t i = 0; i < id->n_parts; i++) {
        segment(out, id->parts[i].type, blind);
        segment(out, id->parts[i].name, blind && i == 0);
    }
}

void vl_resource_format(const struct vl_resource_id *id, struct vl_buf *out)
{
    write_id(id, false, out);
}

void vl_resource_key(const struct vl_resource_id *id, struct vl_buf *out)
{
    write_id(id, true, out);
}

/* --- ours --- */

void vl_resource_environment(const char *guid, struct vl_resource_id *ret)
{
    *ret = (struct vl_resource_id){.subscription = guid};
}

void vl_resource_registry(const char *guid, const char *registry, struct vl_resource_id *ret)
{
    *ret = (struct vl_resource_id){.subscription = guid,
        .group = VL_RESOURCE_GROUP,
        .provider = REGISTRY_PROVIDER,
        .parts = {{"registries", registry}},
        .n_parts = 1};
}

void vl_resource_image(const char *guid, const char *registry, const char *repository, const char *digest,
    struct vl_resource_id *ret)
{
    vl_resource_registry(guid, registry, ret);
    ret->parts[1] = (struct vl_resource_part){"repositories", repository};
    ret->parts[2] = (struct vl_resource_part){"images", digest};
    ret->n_parts = 3;
}

const char *vl_resource_kind(const struct vl_resource_id *id)
{
    const struct vl_resource_part *p = id->parts;
    if (!id->provider)
        return id->group ? "other" : "environment";
    if (!is(id->provider, REGISTRY_PROVIDER) || !is(p[0].type, "registries"))
        return "other";
    if (id->n_parts == 1)
        return "registry";
    return id->n_parts == 3 && is(p[1].type, "repositories") && is(p[2].type, "images") ? "image" : "other";
}
