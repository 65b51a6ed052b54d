/* Values as Go's %v prints them: upstream's messages carry them so. */
#include <inttypes.h>

#include "lib_strings.h"
#include "number_text.h"
#include "type.h"
#include "value_impl.h"

#define MESSAGE_MAX 2048 /* bytes of a value in a message, which is cut anyway */
#define DEPTH_MAX   32

static void put_value(struct vl_buf *out, struct vl_cel_value value, unsigned depth);

static void put_bytes(struct vl_buf *out, struct vl_span bytes)
{
    vl_buf_append_char(out, '[');
    for (size_t i = 0; i < bytes.len && !out->failed; i++)
        vl_buf_printf(out, i ? " %u" : "%u", (unsigned)(unsigned char)bytes.ptr[i]);
    vl_buf_append_char(out, ']');
}

static void put_items(struct vl_buf *out, struct vl_cel_value value, unsigned depth)
{
    bool map = value.kind == VL_CEL_MAP;
    struct vl_cel_value key, item;
    struct vl_cel_iter iter = vl_cel_iterate(value);
    vl_buf_append_char(out, map ? '{' : '[');
    for (bool first = true; vl_cel_iter_next(&iter, &key, &item) && !out->failed; first = false) {
        if (!first)
            vl_buf_append_str(out, ", ");
        if (map) {
            put_value(out, key, depth + 1);
            vl_buf_append_str(out, ": ");
        }
        put_value(out, item, depth + 1);
    }
    vl_buf_append_char(out, map ? '}' : ']');
}

static void put_time(struct vl_buf *out, struct vl_cel_value value)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    int offset = vl_cel_timestamp_offset(value);
    vl_cel_time_text(value.as.i, value.len, offset, text);
    struct vl_span all = vl_span_str(text);
    size_t t = vl_span_find_char(all, 'T');
    size_t zone = all.len - (offset ? 6 : 1);
    int minutes = offset < 0 ? -offset : offset;
    vl_buf_append_span(out, vl_span_slice(all, 0, t));
    vl_buf_append_char(out, ' ');
    vl_buf_append_span(out, vl_span_slice(all, t + 1, zone));
    vl_buf_printf(out, " %c%02d%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    if (offset)
        vl_buf_printf(out, " %c%02d%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    else
        vl_buf_append_str(out, " UTC");
}

static void put_opaque(struct vl_buf *out, struct vl_cel_value value)
{
    const struct vl_cel_opaque_ops *const *ops = value.as.payload;
    if (ops && *ops && (*ops)->text)
        (*ops)->text(value.as.payload, out);
}

static void put_optional(struct vl_buf *out, struct vl_cel_value value, unsigned depth)
{
    if (!value.as.inner) {
        vl_buf_append_str(out, "optional.none()");
        return;
    }
    vl_buf_append_str(out, "optional(");
    put_value(out, *value.as.inner, depth + 1);
    vl_buf_append_char(out, ')');
}

static void put_value(struct vl_buf *out, struct vl_cel_value value, unsigned depth)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (depth > DEPTH_MAX)
        return;
    switch (value.kind) {
    case VL_CEL_BOOL:
        vl_buf_append_str(out, value.as.boolean ? "true" : "false");
        return;
    case VL_CEL_NULL:
        vl_buf_append_char(out, '0');
        return;
    case VL_CEL_INT:
        vl_buf_printf(out, "%" PRId64, value.as.i);
        return;
    case VL_CEL_UINT:
        vl_buf_printf(out, "%" PRIu64, value.as.u);
        return;
    case VL_CEL_DOUBLE:
        vl_buf_append_str(out, vl_cel_double_general(value.as.d, 21, text));
        return;
    case VL_CEL_STRING:
        vl_buf_append_span(out, vl_cel_span(value));
        return;
    case VL_CEL_BYTES:
        put_bytes(out, vl_cel_span(value));
        return;
    case VL_CEL_DURATION:
        vl_buf_append_str(out, vl_cel_duration_go(value.as.i, text));
        return;
    case VL_CEL_TIMESTAMP:
        put_time(out, value);
        return;
    case VL_CEL_TYPE:
        vl_buf_append_str(out, value.as.type->name);
        return;
    case VL_CEL_OPTIONAL:
        put_optional(out, value, depth);
        return;
    case VL_CEL_OPAQUE:
        put_opaque(out, value);
        return;
    default:
        put_items(out, value, depth);
        return;
    }
}

void vl_cel_go_text(struct vl_buf *out, struct vl_cel_value value)
{
    put_value(out, value, 0);
}

struct vl_cel_value vl_cel_fail_go(struct vl_cel_run *run, const char *prefix, struct vl_cel_value value)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, MESSAGE_MAX);
    vl_cel_go_text(&text, value);
    return vl_cel_fail(run, "%s%s", prefix, vl_buf_str(&text));
}
