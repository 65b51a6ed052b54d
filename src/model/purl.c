#include "model/purl.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "purl_types.h"

/* Lower-cased copy of a type or key: a letter, then letters, digits and `more`. NULL where it is none. */
static const char *token(struct vl_span s, const char *more, struct vl_arena *arena)
{
    if (s.len == 0 || !vl_char_is_letter(s.ptr[0]))
        return NULL;
    char *copy = vl_arena_dup_span(arena, s);
    for (size_t i = 0; copy && i < s.len; i++) {
        char c = s.ptr[i];
        if (!vl_char_is_letter(c) && !vl_char_is_digit(c) && (c == '\0' || !strchr(more, c)))
            return NULL;
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return copy;
}

/* Percent-decoded copy; NULL text for an empty one. */
static int decode(
    struct vl_span s, const char *what, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    char *copy = vl_arena_dup_span(arena, s);
    size_t n = 0;
    if (!copy)
        return vl_arena_check(arena, "package URL", err);
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.ptr[i];
        if (byte == '%') {
            if (s.len - i < 3 || !vl_hex_decode(vl_span_slice(s, i + 1, i + 3), &byte, 1))
                return vl_err_set(err, VL_ERR_INVALID,
                    "package URL: '%%' in the %s is not followed by two hexadecimal digits (write %%25)",
                    what);
            i += 2;
        }
        if (byte == 0)
            return vl_err_set(err, VL_ERR_INVALID, "package URL: the %s holds a NUL byte", what);
        copy[n++] = (char)byte;
    }
    copy[n] = '\0';
    if (!vl_utf8_valid((struct vl_span){copy, n}))
        return vl_err_set(err, VL_ERR_INVALID, "package URL: the %s is not UTF-8", what);
    *ret = n ? copy : NULL;
    return 0;
}

/* Segments between slashes: empty ones dropped, each decoded where `encoded`. `dots`: "." and ".." drop too.
 */
static int join_segments(struct vl_span s, const char *what, bool encoded, bool dots, struct vl_arena *arena,
    const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, VL_PURL_MAX);
    for (struct vl_span part; vl_span_split(&s, '/', &part);) {
        const char *text = NULL;
        int r = encoded && part.len ? decode(part, what, arena, &text, err) : 0;
        if (r < 0)
            return r;
        struct vl_span segment = encoded ? vl_span_str(text) : part;
        if (vl_span_find_char(segment, '/') != SIZE_MAX)
            return vl_err_set(
                err, VL_ERR_INVALID, "package URL: a segment of the %s holds an encoded slash", what);
        if (segment.len == 0 || (dots && (vl_span_eq_str(segment, ".") || vl_span_eq_str(segment, ".."))))
            continue;
        if (out.len)
            vl_buf_append_char(&out, '/');
        vl_buf_append_span(&out, segment);
    }
    int r = vl_buf_check(&out, what, err);
    if (r < 0)
        return r;
    *ret = out.len ? vl_arena_dup_span(arena, vl_buf_span(&out)) : NULL;
    return vl_arena_check(arena, "package URL", err);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct vl_purl_qualifier *)a)->key, ((const struct vl_purl_qualifier *)b)->key);
}

/* Keys lower-cased (the specification wants them so; real documents hold others), empty values dropped, order
 * by key, no key twice. */
static int normalize_qualifiers(struct vl_purl *purl, struct vl_arena *arena, struct vl_err *err)
{
    size_t n = 0;
    if (purl->n_qualifiers > VL_PURL_QUALIFIERS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "package URL: more than %d qualifiers", VL_PURL_QUALIFIERS_MAX);
    for (size_t i = 0; i < purl->n_qualifiers; i++) {
        struct vl_purl_qualifier q = purl->qualifiers[i];
        const char *key = token(vl_span_str(q.key), ".-_", arena);
        int r = vl_arena_check(arena, "package URL", err);
        if (r < 0)
            return r;
        if (!key)
            return vl_err_set(err, VL_ERR_INVALID,
                "package URL: '%s' is no key of a qualifier (a letter, then letters, digits, '.', '-', '_')",
                q.key ? q.key : "");
        if (q.value && *q.value)
            purl->qualifiers[n++] = (struct vl_purl_qualifier){key, q.value};
    }
    purl->n_qualifiers = n;
    qsort(purl->qualifiers, n, sizeof(purl->qualifiers[0]), by_key);
    for (size_t i = 1; i < n; i++) {
        if (by_key(&purl->qualifiers[i - 1], &purl->qualifiers[i]) == 0)
            return vl_err_set(err, VL_ERR_INVALID, "package URL: the qualifier '%s' is given twice",
                purl->qualifiers[i].key);
    }
    return 0;
}

static const char *missing_if_empty(const char *s)
{
    return s && *s ? s : NULL;
}

int vl_purl_normalize(struct vl_purl *purl, struct vl_arena *arena, struct vl_err *err)
{
    const char *type = token(vl_span_str(purl->type), ".-", arena);
    int r = vl_arena_check(arena, "package URL", err);
    if (r < 0)
        return r;
    if (!type)
        return vl_err_set(err, VL_ERR_INVALID,
            "package URL: '%s' is no type (a letter, then letters, digits, '.', '-')",
            purl->type ? purl->type : "");
    purl->type = type;
    purl->name = missing_if_empty(purl->name);
    purl->version = missing_if_empty(purl->version);
    if (!purl->name)
        return vl_err_set(err, VL_ERR_INVALID, "package URL: no name after the type %s", purl->type);
    r = join_segments(vl_span_str(purl->namespace), "namespace", false, false, arena, &purl->namespace, err);
    if (r >= 0)
        r = join_segments(vl_span_str(purl->subpath), "subpath", false, true, arena, &purl->subpath, err);
    if (r >= 0)
        r = normalize_qualifiers(purl, arena, err);
    return r < 0 ? r : vl_purl_apply_type(purl, arena, err);
}

static int parse_qualifiers(
    struct vl_span text, struct vl_arena *arena, struct vl_purl *purl, struct vl_err *err)
{
    for (struct vl_span item; vl_span_split(&text, '&', &item);) {
        size_t equals = vl_span_find_char(item, '=');
        if (item.len == 0)
            continue;
        if (equals == SIZE_MAX)
            return vl_err_set(
                err, VL_ERR_INVALID, "package URL: the qualifier '%.*s' has no '='", VL_SPAN_FMT(item));
        if (purl->n_qualifiers == VL_PURL_QUALIFIERS_MAX)
            return vl_err_set(
                err, VL_ERR_LIMIT, "package URL: more than %d qualifiers", VL_PURL_QUALIFIERS_MAX);
        struct vl_purl_qualifier *q = &purl->qualifiers[purl->n_qualifiers];
        int r =
            decode(vl_span_slice(item, equals + 1, item.len), "value of a qualifier", arena, &q->value, err);
        if (r < 0)
            return r;
        q->key = vl_arena_dup_span(arena, vl_span_slice(item, 0, equals));
        purl->n_qualifiers++;
    }
    return vl_arena_check(arena, "package URL", err);
}

/* Where the version begins: the last '@', but for that of an npm scope that was left unencoded. */
static size_t find_version(struct vl_span s)
{
    size_t at = vl_span_rfind_char(s, '@');
    bool scope = at != SIZE_MAX && (at == 0 || s.ptr[at - 1] == '/') &&
                 vl_span_find_char(vl_span_slice(s, at, s.len), '/') != SIZE_MAX;
    return scope ? SIZE_MAX : at;
}

/* "type/namespace/name@version" */
static int parse_path(struct vl_span path, struct vl_arena *arena, struct vl_purl *purl, struct vl_err *err)
{
    while (path.len && path.ptr[0] == '/')
        path = vl_span_slice(path, 1, path.len);
    size_t type_end = vl_span_find_char(path, '/'), slash;
    if (type_end == SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "package URL: expected TYPE/NAME after 'pkg:', found '%.*s'",
            VL_SPAN_FMT(path));
    purl->type = vl_arena_dup_span(arena, vl_span_slice(path, 0, type_end));
    struct vl_span rest = vl_span_slice(path, type_end + 1, path.len);
    while (rest.len && rest.ptr[0] == '/') /* an empty segment; what follows decides where the name begins */
        rest = vl_span_slice(rest, 1, rest.len);
    size_t at = find_version(rest);
    struct vl_span front = vl_span_slice(rest, 0, at);
    int r = at == SIZE_MAX
                ? 0
                : decode(vl_span_slice(rest, at + 1, rest.len), "version", arena, &purl->version, err);
    if (r < 0)
        return r;
    bool path_name = vl_purl_name_is_path(vl_span_slice(path, 0, type_end));
    slash = path_name ? vl_span_find_char(front, '/') : vl_span_rfind_char(front, '/');
    if (slash != SIZE_MAX) {
        r = join_segments(
            vl_span_slice(front, 0, slash), "namespace", true, false, arena, &purl->namespace, err);
        front = vl_span_slice(front, slash + 1, front.len);
    }
    if (r < 0)
        return r;
    return path_name ? join_segments(front, "name", true, false, arena, &purl->name, err)
                     : decode(front, "name", arena, &purl->name, err);
}

int vl_purl_parse(struct vl_span text, struct vl_arena *arena, struct vl_purl *ret_purl, struct vl_err *err)
{
    struct vl_purl purl = {0};
    int r = 0;
    if (text.len > VL_PURL_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "package URL: longer than %d bytes", VL_PURL_MAX);
    if (!vl_span_eq_nocase(vl_span_slice(text, 0, 4), VL_SPAN_LIT("pkg:")))
        return vl_err_set(
            err, VL_ERR_INVALID, "package URL: '%.*s' does not begin with 'pkg:'", VL_SPAN_FMT(text));
    text = vl_span_slice(text, 4, text.len);
    /* Query and fragment as in any URL: from the first '?' and '#', so that an unencoded URL as a value,
     * which may hold a further '?', stays one. */
    size_t hash = vl_span_find_char(text, '#');
    if (hash != SIZE_MAX)
        r = join_segments(
            vl_span_slice(text, hash + 1, text.len), "subpath", true, true, arena, &purl.subpath, err);
    text = vl_span_slice(text, 0, hash);
    size_t question = vl_span_find_char(text, '?');
    if (r >= 0 && question != SIZE_MAX)
        r = parse_qualifiers(vl_span_slice(text, question + 1, text.len), arena, &purl, err);
    if (r >= 0)
        r = parse_path(vl_span_slice(text, 0, question), arena, &purl, err);
    if (r >= 0)
        r = vl_purl_normalize(&purl, arena, err);
    if (r < 0)
        return r;
    *ret_purl = purl;
    return 0;
}

/* Letters, digits, .-_~ and ':' stay; in namespace and subpath the slashes too. */
static bool stays(char c, bool slashes)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '.' || c == '-' || c == '_' || c == '~' ||
           c == ':' || (slashes && c == '/');
}

static void encode(struct vl_buf *out, const char *s, bool slashes)
{
    static const char digits[] = "0123456789ABCDEF";
    while (*s) {
        size_t n = 0;
        while (stays(s[n], slashes))
            n++;
        vl_buf_append(out, s, n);
        s += n;
        if (!*s)
            return;
        uint8_t c = (uint8_t)*s++;
        vl_buf_append(out, (const char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
    }
}

int vl_purl_format(const struct vl_purl *purl, struct vl_buf *out, struct vl_err *err)
{
    size_t start = out->len;
    vl_buf_append_str(out, "pkg:");
    vl_buf_append_str(out, purl->type);
    vl_buf_append_char(out, '/');
    if (purl->namespace) {
        encode(out, purl->namespace, true);
        vl_buf_append_char(out, '/');
    }
    encode(out, purl->name, vl_purl_name_is_path(vl_span_str(purl->type)));
    if (purl->version) {
        vl_buf_append_char(out, '@');
        encode(out, purl->version, false);
    }
    for (size_t i = 0; i < purl->n_qualifiers; i++) {
        vl_buf_append_char(out, i ? '&' : '?');
        vl_buf_append_str(out, purl->qualifiers[i].key);
        vl_buf_append_char(out, '=');
        encode(out, purl->qualifiers[i].value, false);
    }
    if (purl->subpath) {
        vl_buf_append_char(out, '#');
        encode(out, purl->subpath, true);
    }
    int r = vl_buf_check(out, "package URL", err);
    if (r >= 0 && out->len - start > VL_PURL_MAX) {
        vl_buf_truncate(out, start);
        r = vl_err_set(err, VL_ERR_LIMIT, "package URL: longer than %d bytes", VL_PURL_MAX);
    }
    return r < 0 ? r : 0;
}

const char *vl_purl_qualifier(const struct vl_purl *purl, const char *key)
{
    for (size_t i = 0; i < purl->n_qualifiers; i++) {
        if (strcmp(purl->qualifiers[i].key, key) == 0)
            return purl->qualifiers[i].value;
    }
    return NULL;
}
