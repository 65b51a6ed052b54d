#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/json.h"
#include "number_text.h"
#include "type.h"
#include "value_impl.h"

struct out {
    struct vl_buf *buf;
    bool tagged;
    unsigned depth;
    bool too_deep;
};

static void put(struct out *out, struct vl_cel_value value);

static void put_text(struct out *out, struct vl_span text)
{
    struct vl_json json;
    vl_json_init(&json, out->buf, false);
    vl_json_span(&json, text);
}

static void put_str(struct out *out, const char *text)
{
    put_text(out, vl_span_str(text));
}

static void put_base64(struct out *out, struct vl_cel_value value)
{
    vl_buf_append_char(out->buf, '"');
    vl_base64_encode(vl_cel_span(value), out->buf);
    vl_buf_append_char(out->buf, '"');
}

/* The suites write doubles as Python does: "5.0", "1e+16", "Infinity". */
static void put_tagged_double(struct out *out, double v)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (isinf(v)) {
        put_str(out, v > 0 ? "Infinity" : "-Infinity");
        return;
    }
    vl_cel_double_general(v, 16, text);
    if (isfinite(v) && !strpbrk(text, ".e"))
        vl_buf_printf(out->buf, "\"%s.0\"", text);
    else
        put_str(out, text);
}

static void put_plain_double(struct out *out, double v)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (!isfinite(v)) {
        put_str(out, isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
        return;
    }
    vl_buf_append_str(out->buf, vl_cel_double_general(v, 21, text));
}

static void put_list(struct out *out, struct vl_cel_value list)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    vl_buf_append_char(out->buf, '[');
    for (size_t i = 0; vl_cel_iter_next(&iter, NULL, &item) && !out->buf->failed; i++) {
        if (i)
            vl_buf_append_char(out->buf, ',');
        put(out, item);
    }
    vl_buf_append_char(out->buf, ']');
}

static void put_key(struct out *out, struct vl_cel_value key)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    switch (key.kind) {
    case VL_CEL_STRING:
        put_text(out, vl_cel_span(key));
        break;
    case VL_CEL_BOOL:
        put_str(out, key.as.boolean ? "true" : "false");
        break;
    case VL_CEL_INT:
        vl_buf_printf(out->buf, "\"%lld\"", (long long)key.as.i);
        break;
    case VL_CEL_UINT:
        vl_buf_printf(out->buf, "\"%llu\"", (unsigned long long)key.as.u);
        break;
    case VL_CEL_DOUBLE:
        put_str(out, vl_cel_double_general(key.as.d, 21, text));
        break;
    default:
        put_str(out, vl_cel_type_name(key));
        break;
    }
}

static void put_map(struct out *out, struct vl_cel_value map)
{
    struct vl_cel_iter iter = vl_cel_iterate(map);
    struct vl_cel_value key, value;
    vl_buf_append_char(out->buf, out->tagged ? '[' : '{');
    for (size_t i = 0; vl_cel_iter_next(&iter, &key, &value) && !out->buf->failed; i++) {
        if (i)
            vl_buf_append_char(out->buf, ',');
        if (out->tagged) {
            vl_buf_append_char(out->buf, '[');
            put(out, key);
        } else {
            put_key(out, key);
        }
        vl_buf_append_char(out->buf, out->tagged ? ',' : ':');
        put(out, value);
        if (out->tagged)
            vl_buf_append_char(out->buf, ']');
    }
    vl_buf_append_char(out->buf, out->tagged ? ']' : '}');
}

static void put_opaque(struct out *out, struct vl_cel_value value)
{
    const struct vl_cel_opaque_ops *const *ops = value.as.payload;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 1UL << 20);
    if (ops && *ops && (*ops)->text)
        (*ops)->text(value.as.payload, &text);
    if (out->tagged) {
        put_str(out, vl_cel_type_name(value));
        vl_buf_append_str(out->buf, ",\"string\":");
    }
    put_text(out, vl_buf_span(&text));
}

static void put_duration(struct out *out, int64_t v)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (out->tagged)
        vl_buf_printf(out->buf, "{\"seconds\":%lld,\"nanos\":%lld}", (long long)(v / 1000000000),
            (long long)(v % 1000000000));
    else
        put_str(out, vl_cel_duration_seconds(v, text));
}

static const char *tag_of(struct vl_cel_value value)
{
    static const char *const tags[] = {
        [VL_CEL_NULL] = "null",
        [VL_CEL_BOOL] = "bool",
        [VL_CEL_INT] = "int",
        [VL_CEL_UINT] = "uint",
        [VL_CEL_DOUBLE] = "double",
        [VL_CEL_STRING] = "string",
        [VL_CEL_BYTES] = "bytes",
        [VL_CEL_TIMESTAMP] = "timestamp",
        [VL_CEL_DURATION] = "duration",
        [VL_CEL_LIST] = "list",
        [VL_CEL_MAP] = "map",
        [VL_CEL_TYPE] = "type",
        [VL_CEL_OPTIONAL] = "optional",
        [VL_CEL_OPAQUE] = "opaque",
        [VL_CEL_ERROR] = "error",
    };
    return value.kind < VL_ARRAY_LEN(tags) ? tags[value.kind] : "unknown";
}

static void put_scalar(struct out *out, struct vl_cel_value value)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    const char *quote = out->tagged ? "\"" : "";
    switch (value.kind) {
    case VL_CEL_BOOL:
        vl_buf_append_str(out->buf, value.as.boolean ? "true" : "false");
        break;
    case VL_CEL_INT:
        vl_buf_printf(out->buf, "%s%lld%s", quote, (long long)value.as.i, quote);
        break;
    case VL_CEL_UINT:
        vl_buf_printf(out->buf, "%s%llu%s", quote, (unsigned long long)value.as.u, quote);
        break;
    case VL_CEL_STRING:
        put_text(out, vl_cel_span(value));
        break;
    case VL_CEL_BYTES:
        put_base64(out, value);
        break;
    case VL_CEL_TIMESTAMP:
        put_str(out, vl_cel_time_text(value.as.i, value.len, vl_cel_timestamp_offset(value), text));
        break;
    case VL_CEL_TYPE:
        put_str(out, value.as.type->name);
        break;
    case VL_CEL_ERROR:
        put_str(out, value.as.error->message);
        break;
    default:
        vl_buf_append_str(out->buf, "null");
        break;
    }
}

static void put(struct out *out, struct vl_cel_value value)
{
    if (out->depth >= VL_CEL_VALUE_DEPTH_MAX) {
        out->too_deep = true;
        return;
    }
    out->depth++;
    if (out->tagged)
        vl_buf_printf(out->buf, "{\"%s\":", tag_of(value));
    switch (value.kind) {
    case VL_CEL_LIST:
        put_list(out, value);
        break;
    case VL_CEL_MAP:
        put_map(out, value);
        break;
    case VL_CEL_OPTIONAL:
        if (value.as.inner)
            put(out, *value.as.inner);
        else
            vl_buf_append_str(out->buf, "null");
        break;
    case VL_CEL_OPAQUE:
        put_opaque(out, value);
        break;
    case VL_CEL_DURATION:
        put_duration(out, value.as.i);
        break;
    case VL_CEL_DOUBLE:
        if (out->tagged)
            put_tagged_double(out, value.as.d);
        else
            put_plain_double(out, value.as.d);
        break;
    default:
        put_scalar(out, value);
        break;
    }
    if (out->tagged)
        vl_buf_append_char(out->buf, '}');
    out->depth--;
}

int vl_cel_value_json(struct vl_cel_value value, bool tagged, struct vl_buf *buf, struct vl_err *err)
{
    struct out out = {.buf = buf, .tagged = tagged};
    put(&out, value);
    if (out.too_deep)
        return vl_err_set(
            err, VL_ERR_LIMIT, "a value nested more than %d levels deep", VL_CEL_VALUE_DEPTH_MAX);
    return vl_buf_check(buf, "a value as JSON", err);
}
