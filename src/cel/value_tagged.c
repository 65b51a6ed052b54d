/* Values in the tagged form of the conformance suites: {"int":"1"}, {"map":[[KEY,VALUE],…]} … */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "number_text.h"
#include "type.h"
#include "value_impl.h"

#define BYTES_MAX (64UL * 1024 * 1024)

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
};

static int tag_of(const struct vl_doc_node *node)
{
    if (!vl_doc_is(node, VL_DOC_OBJECT) || vl_doc_size(node) != 1)
        return -1;
    struct vl_span key = vl_doc_key(vl_doc_first(node));
    for (size_t i = 0; i < VL_ARRAY_LEN(tags); i++)
        if (vl_span_eq_str(key, tags[i]))
            return (int)i;
    return -1;
}

static bool all_tagged(const struct vl_doc_node *array)
{
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n))
        if (!vl_cel_is_tagged(n))
            return false;
    return true;
}

static bool is_map(const struct vl_doc_node *node)
{
    if (!vl_doc_is(node, VL_DOC_ARRAY))
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
        if (!vl_doc_is(n, VL_DOC_ARRAY) || vl_doc_size(n) != 2 || !all_tagged(n))
            return false;
    return true;
}

bool vl_cel_is_tagged(const struct vl_doc_node *node)
{
    int tag = tag_of(node);
    const struct vl_doc_node *v = vl_doc_first(node);
    switch (tag) {
    case VL_CEL_NULL:
        return vl_doc_is(v, VL_DOC_NULL);
    case VL_CEL_BOOL:
        return vl_doc_is(v, VL_DOC_BOOL);
    case VL_CEL_LIST:
        return vl_doc_is(v, VL_DOC_ARRAY) && all_tagged(v);
    case VL_CEL_MAP:
        return is_map(v);
    case VL_CEL_OPTIONAL:
        return vl_doc_is(v, VL_DOC_NULL) || vl_cel_is_tagged(v);
    case VL_CEL_TIMESTAMP:
    case VL_CEL_DURATION:
        return vl_doc_is(v, VL_DOC_STRING) || vl_doc_get(v, "seconds");
    case VL_CEL_TYPE:
        return vl_cel_type_by_name(vl_doc_span(v)) != NULL;
    default:
        return tag >= 0 && vl_doc_is(v, VL_DOC_STRING);
    }
}

static int bad(const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_span text = vl_doc_text(vl_doc_first(node));
    return vl_err_set(err, VL_ERR_INVALID, "no tagged value: {\"%.*s\": %.*s}",
        VL_SPAN_FMT(vl_doc_key(vl_doc_first(node))), VL_SPAN_FMT(text));
}

static bool read_number(struct vl_span text, enum vl_cel_kind kind, struct vl_cel_value *ret)
{
    char digits[64];
    char *end = NULL;
    if (text.len == 0 || text.len >= sizeof(digits))
        return false;
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = 0;
    errno = 0;
    if (kind == VL_CEL_INT)
        *ret = vl_cel_int(strtoll(digits, &end, 10));
    else
        *ret = vl_cel_uint(strtoull(digits, &end, 10));
    return errno == 0 && *end == 0;
}

static bool read_time(const struct vl_doc_node *v, enum vl_cel_kind kind, struct vl_cel_value *ret)
{
    int64_t seconds = 0, nanos = 0;
    uint32_t fraction;
    int offset;
    if (vl_doc_is(v, VL_DOC_OBJECT)) {
        (void)vl_doc_int(vl_doc_get(v, "seconds"), &seconds);
        (void)vl_doc_int(vl_doc_get(v, "nanos"), &nanos);
        if (kind == VL_CEL_DURATION && seconds > -9000000000 && seconds < 9000000000)
            *ret = vl_cel_duration(seconds * 1000000000 + nanos % 1000000000);
        else if (kind == VL_CEL_TIMESTAMP && nanos >= 0 && nanos < 1000000000)
            *ret = vl_cel_timestamp(seconds, (uint32_t)nanos);
        else
            return false;
        return true;
    }
    if (kind == VL_CEL_DURATION) {
        if (!vl_cel_duration_parse(vl_doc_span(v), &seconds))
            return false;
        *ret = vl_cel_duration(seconds);
        return true;
    }
    if (vl_cel_time_parse(vl_doc_span(v), &seconds, &fraction, &offset) <= 0)
        return false;
    *ret = vl_cel_timestamp_at(seconds, fraction, offset);
    return true;
}

static bool read_bytes(struct vl_arena *arena, struct vl_span text, struct vl_cel_value *ret)
{
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, BYTES_MAX);
    if (!vl_base64_decode(text, &bytes) || bytes.failed)
        return false;
    *ret = vl_cel_bytes((struct vl_span){vl_arena_dup_span(arena, vl_buf_span(&bytes)), bytes.len});
    return true;
}

static int read_container(struct vl_arena *arena, const struct vl_doc_node *v, bool is_list,
    struct vl_cel_value *ret, struct vl_err *err)
{
    struct vl_cel_value all = is_list ? vl_cel_list_grow(arena) : vl_cel_map_grow(arena);
    for (const struct vl_doc_node *n = vl_doc_first(v); n; n = vl_doc_next(n)) {
        struct vl_cel_value key = vl_cel_null(), value = key;
        int r = is_list ? 0 : vl_cel_value_tagged(arena, vl_doc_at(n, 0), &key, err);
        if (r >= 0)
            r = vl_cel_value_tagged(arena, is_list ? n : vl_doc_at(n, 1), &value, err);
        if (r < 0)
            return r;
        if (is_list ? !vl_cel_list_push(arena, all, value) : !vl_cel_map_put(arena, all, key, value))
            return vl_err_nomem(err);
    }
    *ret = all;
    return 0;
}

static int read_scalar(struct vl_arena *arena, const struct vl_doc_node *node, enum vl_cel_kind tag,
    struct vl_cel_value *ret, struct vl_err *err)
{
    const struct vl_doc_node *v = vl_doc_first(node);
    struct vl_span text = vl_doc_span(v);
    double number;
    bool in_range, good = true;
    switch (tag) {
    case VL_CEL_NULL:
        *ret = vl_cel_null();
        break;
    case VL_CEL_BOOL:
        *ret = vl_cel_bool(vl_doc_bool(v));
        break;
    case VL_CEL_INT:
    case VL_CEL_UINT:
        good = read_number(text, tag, ret);
        break;
    case VL_CEL_DOUBLE:
        good = vl_cel_double_parse(text, &number, &in_range);
        *ret = vl_cel_double(good ? number : 0);
        break;
    case VL_CEL_STRING:
        *ret = vl_cel_string(text);
        break;
    case VL_CEL_BYTES:
        good = read_bytes(arena, text, ret);
        break;
    case VL_CEL_TYPE:
        *ret = vl_cel_type_value(vl_cel_type_by_name(text));
        break;
    default:
        good = read_time(v, tag, ret);
        break;
    }
    return good ? 0 : bad(node, err);
}

int vl_cel_value_tagged(
    struct vl_arena *arena, const struct vl_doc_node *node, struct vl_cel_value *ret, struct vl_err *err)
{
    int tag = tag_of(node);
    if (tag < 0 || !vl_cel_is_tagged(node))
        return vl_err_set(err, VL_ERR_INVALID, "no tagged value at line %u, column %u", vl_doc_line(node),
            vl_doc_column(node));
    const struct vl_doc_node *v = vl_doc_first(node);
    if (tag == VL_CEL_LIST || tag == VL_CEL_MAP)
        return read_container(arena, v, tag == VL_CEL_LIST, ret, err);
    if (tag == VL_CEL_OPTIONAL) {
        struct vl_cel_value inner = vl_cel_null();
        int r = vl_doc_is(v, VL_DOC_NULL) ? 0 : vl_cel_value_tagged(arena, v, &inner, err);
        if (r >= 0)
            *ret = vl_doc_is(v, VL_DOC_NULL) ? vl_cel_optional_none() : vl_cel_optional(arena, inner);
        return r;
    }
    return read_scalar(arena, node, (enum vl_cel_kind)tag, ret, err);
}
