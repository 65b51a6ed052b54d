#include "image/reference.h"

#include <stdint.h>

#define PATH_MAX_BYTES 255 /* of a repository name, as registries limit it */
#define TAG_MAX_BYTES  128
#define HUB            "docker.io"
#define LIBRARY        "library/"
#define HUB_OLD        "index.docker.io"

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_hex_of_either_case(char c)
{
    return is_hex(c) || (c >= 'A' && c <= 'F');
}

static bool all(struct vl_span s, bool (*is)(char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!is(s.ptr[i]))
            return false;
    return true;
}

/* alpha-numeric [separator alpha-numeric]*, where a separator is one of "_", ".", "__" or dashes */
static bool valid_path_component(struct vl_span s)
{
    size_t i = 0;
    for (;;) {
        size_t start = i;
        while (i < s.len && is_lower_alnum(s.ptr[i]))
            i++;
        if (i == start)
            return false;
        if (i == s.len)
            return true;
        if (s.ptr[i] == '.') {
            i++;
        } else if (s.ptr[i] == '_') {
            i++;
            if (i < s.len && s.ptr[i] == '_')
                i++;
        } else if (s.ptr[i] == '-') {
            while (i < s.len && s.ptr[i] == '-')
                i++;
        } else {
            return false;
        }
    }
}

static bool valid_path(struct vl_span path)
{
    struct vl_span part;
    if (path.len == 0 || path.ptr[path.len - 1] == '/')
        return false;
    while (vl_span_split(&path, '/', &part))
        if (!valid_path_component(part))
            return false;
    return true;
}

/* [a-zA-Z0-9] ([a-zA-Z0-9-]* [a-zA-Z0-9])? */
static bool valid_host_component(struct vl_span s)
{
    if (s.len == 0 || !is_alnum(s.ptr[0]) || !is_alnum(s.ptr[s.len - 1]))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && s.ptr[i] != '-')
            return false;
    return true;
}

static bool valid_ipv6(struct vl_span s)
{
    bool colon = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ':')
            colon = true;
        else if (!is_hex_of_either_case(s.ptr[i]))
            return false;
    }
    return colon;
}

/* The grammar gives no upper bound; who connects says what is wrong with 75050. */
static bool valid_port(struct vl_span s)
{
    return s.len > 0 && s.len <= 10 && all(s, is_digit);
}

static bool valid_host(struct vl_span s)
{
    struct vl_span part;
    if (s.len == 0 || s.ptr[s.len - 1] == '.')
        return false;
    while (vl_span_split(&s, '.', &part))
        if (!valid_host_component(part))
            return false;
    return true;
}

static bool valid_registry(struct vl_span s)
{
    struct vl_span after;
    if (s.len && s.ptr[0] == '[') {
        size_t end = vl_span_find_char(s, ']');
        if (end == SIZE_MAX || !valid_ipv6(vl_span_slice(s, 1, end)))
            return false;
        after = vl_span_slice(s, end + 1, s.len);
    } else {
        size_t colon = vl_span_find_char(s, ':');
        struct vl_span host = vl_span_slice(s, 0, colon);
        after = vl_span_slice(s, host.len, s.len);
        if (!valid_host(host))
            return false;
    }
    return after.len == 0 || (after.ptr[0] == ':' && valid_port(vl_span_slice(after, 1, after.len)));
}

static bool valid_tag(struct vl_span s)
{
    if (s.len == 0 || s.len > TAG_MAX_BYTES || s.ptr[0] == '.' || s.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && s.ptr[i] != '_' && s.ptr[i] != '.' && s.ptr[i] != '-')
            return false;
    return true;
}

static int check_digest(struct vl_span s, struct vl_span whole, struct vl_err *err)
{
    static const struct {
        const char *prefix;
        size_t digits;
    } known[] = {{"sha256:", 64}, {"sha512:", 128}};

    size_t colon = vl_span_find_char(s, ':');
    for (size_t i = 0; i < VL_ARRAY_LEN(known); i++) {
        if (!vl_span_starts_with(s, known[i].prefix))
            continue;
        struct vl_span digits = vl_span_slice(s, colon + 1, s.len);
        if (digits.len == known[i].digits && all(digits, is_hex))
            return 0;
        return vl_err_set(err, VL_ERR_INVALID,
            "image reference '%.*s': a digest is %s and %zu lower-case hexadecimal digits",
            VL_SPAN_FMT(whole), known[i].prefix, known[i].digits);
    }
    if (colon != SIZE_MAX && colon > 0)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "image reference '%.*s': digests are sha256 or sha512",
            VL_SPAN_FMT(whole));
    return vl_err_set(
        err, VL_ERR_INVALID, "image reference '%.*s': not a digest after '@'", VL_SPAN_FMT(whole));
}

static bool has_upper(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')
            return true;
    return false;
}

/* The first component names a registry where it could not be one of a Hub repository: it has a dot or a port,
 * is "localhost", or has upper case. */
static bool names_registry(struct vl_span first)
{
    return vl_span_find_char(first, '.') != SIZE_MAX || vl_span_find_char(first, ':') != SIZE_MAX ||
           vl_span_eq_str(first, "localhost") || has_upper(first);
}

struct parts {
    struct vl_span registry, path, tag, digest;
    bool hub, official;       /* of Docker Hub; there in library/ */
    bool has_tag, has_digest; /* even if empty */
};

static struct parts split(struct vl_span text)
{
    struct parts p = {0};
    size_t at = vl_span_find_char(text, '@');
    p.has_digest = at != SIZE_MAX;
    if (p.has_digest)
        p.digest = vl_span_slice(text, at + 1, text.len);
    struct vl_span name = vl_span_slice(text, 0, at);

    size_t slash = vl_span_find_char(name, '/');
    if (slash != SIZE_MAX && names_registry(vl_span_slice(name, 0, slash))) {
        p.registry = vl_span_slice(name, 0, slash);
        name = vl_span_slice(name, slash + 1, name.len);
    }
    size_t colon = vl_span_find_char(name, ':');
    p.has_tag = colon != SIZE_MAX;
    if (p.has_tag)
        p.tag = vl_span_slice(name, colon + 1, name.len);
    p.path = vl_span_slice(name, 0, colon);
    p.hub = p.registry.len == 0 || vl_span_eq_str(p.registry, HUB) || vl_span_eq_str(p.registry, HUB_OLD);
    p.official = p.hub && vl_span_find_char(p.path, '/') == SIZE_MAX;
    return p;
}

static int check_parts(const struct parts *p, struct vl_span text, struct vl_err *err)
{
    if (p->registry.len && !valid_registry(p->registry))
        return vl_err_set(err, VL_ERR_INVALID, "image reference '%.*s': '%.*s' is no registry host",
            VL_SPAN_FMT(text), VL_SPAN_FMT(p->registry));
    if (has_upper(p->path))
        return vl_err_set(err, VL_ERR_INVALID,
            "image reference '%.*s': repository names are lower case: write the name without capitals",
            VL_SPAN_FMT(text));
    if (!p->registry.len && p->path.len == 64 && all(p->path, is_hex))
        return vl_err_set(err, VL_ERR_INVALID,
            "image reference '%.*s': 64 hexadecimal digits are an image id, not a name", VL_SPAN_FMT(text));
    if (!valid_path(p->path))
        return vl_err_set(err, VL_ERR_INVALID, "image reference '%.*s': '%.*s' is no repository name",
            VL_SPAN_FMT(text), VL_SPAN_FMT(p->path));
    if (p->path.len + (p->official ? sizeof(LIBRARY) - 1 : 0) > PATH_MAX_BYTES)
        return vl_err_set(
            err, VL_ERR_LIMIT, "image reference: repository name of more than %d bytes", PATH_MAX_BYTES);
    if (p->has_tag && !valid_tag(p->tag))
        return vl_err_set(err, VL_ERR_INVALID, "image reference '%.*s': '%.*s' is no tag", VL_SPAN_FMT(text),
            VL_SPAN_FMT(p->tag));
    return p->has_digest ? check_digest(p->digest, text, err) : 0;
}

int vl_image_reference_parse(
    struct vl_span text, struct vl_arena *arena, struct vl_image_reference *ret, struct vl_err *err)
{
    if (text.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "image reference: empty");
    if (text.len > VL_IMAGE_REFERENCE_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "image reference of more than %d bytes", VL_IMAGE_REFERENCE_MAX);
    struct parts p = split(text);
    int r = check_parts(&p, text, err);
    if (r < 0)
        return r;

    struct vl_image_reference ref = {
        .registry = p.hub ? vl_arena_strdup(arena, HUB) : vl_arena_dup_span(arena, p.registry),
        .repository = vl_arena_printf(arena, "%s%.*s", p.official ? LIBRARY : "", VL_SPAN_FMT(p.path)),
    };
    if (p.has_tag || !p.has_digest)
        ref.tag = p.has_tag ? vl_arena_dup_span(arena, p.tag) : vl_arena_strdup(arena, "latest");
    if (p.has_digest)
        ref.digest = vl_arena_dup_span(arena, p.digest);
    r = vl_arena_check(arena, "image reference", err);
    if (r == 0)
        *ret = ref;
    return r;
}

const char *vl_image_reference_format(const struct vl_image_reference *ref, struct vl_arena *arena)
{
    return vl_arena_printf(arena, "%s/%s%s%s", ref->registry, ref->repository, ref->digest ? "@" : ":",
        ref->digest ? ref->digest : ref->tag);
}
