/* Request targets (RFC 9112, 3.2; RFC 3986): the path in segments, the query in parameters, each decoded
 * once. */
#include <string.h>

#include "http_server_impl.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL where an escape is broken or gives NUL, or there is no memory. */
static const char *decode(struct vl_arena *arena, struct vl_span text, bool plus_is_blank)
{
    char *out = vl_arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex(text.ptr[i + 2]) : -1;
            if (low < 0)
                return NULL;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0')
            return NULL;
        out[n++] = c;
    }
    return out;
}

static bool read_segments(struct vl_http_call *call, struct vl_span path)
{
    const char **segments = vl_arena_array(call->arena, VL_HTTP_SERVER_SEGMENTS_MAX, sizeof(*segments));
    struct vl_span rest = vl_span_slice(path, 1, path.len), part;
    if (!segments)
        return false;
    while (vl_span_split(&rest, '/', &part)) {
        const char *text =
            call->n_segments < VL_HTTP_SERVER_SEGMENTS_MAX ? decode(call->arena, part, false) : NULL;
        if (!text || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
            return false;
        segments[call->n_segments++] = text;
    }
    call->segments = segments;
    return true;
}

bool vl_http_read_form(
    struct vl_arena *arena, struct vl_span text, const struct vl_http_call_param **ret, size_t *ret_n)
{
    struct vl_http_call_param *params = vl_arena_array(arena, VL_HTTP_SERVER_PARAMS_MAX, sizeof(*params));
    struct vl_span pair;
    size_t n = 0;
    if (!params)
        return false;
    while (vl_span_split(&text, '&', &pair)) {
        struct vl_span value = pair, name;
        if (pair.len == 0)
            continue;
        if (n == VL_HTTP_SERVER_PARAMS_MAX || !vl_span_split(&value, '=', &name))
            return false;
        struct vl_http_call_param *p = &params[n++];
        p->name = decode(arena, name, true);
        p->value = decode(arena, value, true);
        if (!p->name || !p->value)
            return false;
    }
    *ret = params;
    *ret_n = n;
    return true;
}

bool vl_http_read_target(struct vl_http_call *call)
{
    struct vl_span target = vl_span_str(call->target);
    if (target.len == 0 || target.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '#')
            return false;
    }
    size_t mark = vl_span_find_char(target, '?');
    struct vl_span path = vl_span_slice(target, 0, mark == SIZE_MAX ? target.len : mark);
    struct vl_span query = mark == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(target, mark + 1, target.len);
    call->path = decode(call->arena, path, false);
    return call->path && read_segments(call, path) &&
           vl_http_read_form(call->arena, query, &call->params, &call->n_params);
}
