#include "type.h"

#include <string.h>

#define TYPE_DEPTH_MAX 32

#define SIMPLE(ident, k, text) const struct vl_cel_type vl_cel_t_##ident = {.kind = (k), .name = (text)}
#define OPAQUE(ident, text)    SIMPLE(ident, VL_CEL_T_OPAQUE, text)
#define LIST(ident, item)                              \
    const struct vl_cel_type vl_cel_t_list_##ident = { \
        .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_##item}, .n_params = 1}
#define WRAPPER(ident, inner)                             \
    const struct vl_cel_type vl_cel_t_wrapper_##ident = { \
        .kind = VL_CEL_T_WRAPPER, .name = "wrapper", .params = {&vl_cel_t_##inner}, .n_params = 1}

SIMPLE(error, VL_CEL_T_ERROR, "!error!");
SIMPLE(dyn, VL_CEL_T_DYN, "dyn");
SIMPLE(any, VL_CEL_T_DYN, "google.protobuf.Any");
SIMPLE(null, VL_CEL_T_NULL, "null_type");
SIMPLE(bool, VL_CEL_T_BOOL, "bool");
SIMPLE(int, VL_CEL_T_INT, "int");
SIMPLE(uint, VL_CEL_T_UINT, "uint");
SIMPLE(double, VL_CEL_T_DOUBLE, "double");
SIMPLE(string, VL_CEL_T_STRING, "string");
SIMPLE(bytes, VL_CEL_T_BYTES, "bytes");
SIMPLE(timestamp, VL_CEL_T_TIMESTAMP, "google.protobuf.Timestamp");
SIMPLE(duration, VL_CEL_T_DURATION, "google.protobuf.Duration");
SIMPLE(type, VL_CEL_T_TYPE, "type");
SIMPLE(a, VL_CEL_T_PARAM, "A");
SIMPLE(b, VL_CEL_T_PARAM, "B");

LIST(dyn, dyn);
LIST(a, a);
LIST(string, string);
LIST(int, int);

WRAPPER(bool, bool);
WRAPPER(int, int);
WRAPPER(uint, uint);
WRAPPER(double, double);
WRAPPER(string, string);
WRAPPER(bytes, bytes);

const struct vl_cel_type vl_cel_t_map_dyn = {
    .kind = VL_CEL_T_MAP, .name = "map", .params = {&vl_cel_t_dyn, &vl_cel_t_dyn}, .n_params = 2};
const struct vl_cel_type vl_cel_t_map_string_dyn = {
    .kind = VL_CEL_T_MAP, .name = "map", .params = {&vl_cel_t_string, &vl_cel_t_dyn}, .n_params = 2};
const struct vl_cel_type vl_cel_t_map_ab = {
    .kind = VL_CEL_T_MAP, .name = "map", .params = {&vl_cel_t_a, &vl_cel_t_b}, .n_params = 2};
const struct vl_cel_type vl_cel_t_optional_a = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_a}, .n_params = 1};
const struct vl_cel_type vl_cel_t_optional_dyn = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_dyn}, .n_params = 1};

OPAQUE(quantity, "kubernetes.Quantity");
OPAQUE(ip, "net.IP");
OPAQUE(cidr, "net.CIDR");
OPAQUE(url, "kubernetes.URL");
OPAQUE(format, "kubernetes.NamedFormat");
OPAQUE(semver, "kubernetes.Semver");
OPAQUE(authorizer, "kubernetes.authorization.Authorizer");
OPAQUE(path_check, "kubernetes.authorization.PathCheck");
OPAQUE(group_check, "kubernetes.authorization.GroupCheck");
OPAQUE(resource_check, "kubernetes.authorization.ResourceCheck");
OPAQUE(decision, "kubernetes.authorization.Decision");
OPAQUE(image, "kyverno.Image");

/* Names that are not the `name` of their type, or that stand for another one. */
static const struct {
    const char *name;
    const struct vl_cel_type *type;
} named[] = {
    {"dyn", &vl_cel_t_dyn},
    {"null_type", &vl_cel_t_null},
    {"null", &vl_cel_t_null},
    {"bool", &vl_cel_t_bool},
    {"int", &vl_cel_t_int},
    {"uint", &vl_cel_t_uint},
    {"double", &vl_cel_t_double},
    {"string", &vl_cel_t_string},
    {"bytes", &vl_cel_t_bytes},
    {"type", &vl_cel_t_type},
    {"list", &vl_cel_t_list_dyn},
    {"map", &vl_cel_t_map_dyn},
    {"google.protobuf.Timestamp", &vl_cel_t_timestamp},
    {"timestamp", &vl_cel_t_timestamp},
    {"google.protobuf.Duration", &vl_cel_t_duration},
    {"duration", &vl_cel_t_duration},
    {"google.protobuf.Any", &vl_cel_t_any},
    {"any", &vl_cel_t_any},
    {"google.protobuf.Value", &vl_cel_t_dyn},
    {"google.protobuf.Struct", &vl_cel_t_map_string_dyn},
    {"google.protobuf.ListValue", &vl_cel_t_list_dyn},
    {"google.protobuf.BoolValue", &vl_cel_t_wrapper_bool},
    {"google.protobuf.BytesValue", &vl_cel_t_wrapper_bytes},
    {"google.protobuf.DoubleValue", &vl_cel_t_wrapper_double},
    {"google.protobuf.FloatValue", &vl_cel_t_wrapper_double},
    {"google.protobuf.Int32Value", &vl_cel_t_wrapper_int},
    {"google.protobuf.Int64Value", &vl_cel_t_wrapper_int},
    {"google.protobuf.StringValue", &vl_cel_t_wrapper_string},
    {"google.protobuf.UInt32Value", &vl_cel_t_wrapper_uint},
    {"google.protobuf.UInt64Value", &vl_cel_t_wrapper_uint},
    {"kubernetes.Quantity", &vl_cel_t_quantity},
    {"net.IP", &vl_cel_t_ip},
    {"net.CIDR", &vl_cel_t_cidr},
    {"kubernetes.URL", &vl_cel_t_url},
    {"kubernetes.NamedFormat", &vl_cel_t_format},
    {"kubernetes.Semver", &vl_cel_t_semver},
    {"kubernetes.authorization.Authorizer", &vl_cel_t_authorizer},
    {"kubernetes.authorization.PathCheck", &vl_cel_t_path_check},
    {"kubernetes.authorization.GroupCheck", &vl_cel_t_group_check},
    {"kubernetes.authorization.ResourceCheck", &vl_cel_t_resource_check},
    {"kubernetes.authorization.Decision", &vl_cel_t_decision},
    {"kyverno.Image", &vl_cel_t_image},
};

const struct vl_cel_type *vl_cel_type_by_name(struct vl_span name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(named); i++) {
        if (vl_span_eq_str(name, named[i].name))
            return named[i].type;
    }
    return NULL;
}

static const struct vl_cel_type *parameterised(struct vl_arena *arena, enum vl_cel_type_kind kind,
    const char *name, const struct vl_cel_type *first, const struct vl_cel_type *second)
{
    struct vl_cel_type *type = vl_arena_alloc(arena, sizeof(*type));
    if (!type)
        return NULL;
    *type = (struct vl_cel_type){
        .kind = kind, .name = name, .params = {first, second}, .n_params = second ? 2 : 1};
    return type;
}

const struct vl_cel_type *vl_cel_type_list(struct vl_arena *arena, const struct vl_cel_type *item)
{
    if (item == &vl_cel_t_dyn)
        return &vl_cel_t_list_dyn;
    if (item == &vl_cel_t_string)
        return &vl_cel_t_list_string;
    if (item == &vl_cel_t_int)
        return &vl_cel_t_list_int;
    return parameterised(arena, VL_CEL_T_LIST, "list", item, NULL);
}

const struct vl_cel_type *vl_cel_type_map(
    struct vl_arena *arena, const struct vl_cel_type *key, const struct vl_cel_type *value)
{
    if (key == &vl_cel_t_dyn && value == &vl_cel_t_dyn)
        return &vl_cel_t_map_dyn;
    if (key == &vl_cel_t_string && value == &vl_cel_t_dyn)
        return &vl_cel_t_map_string_dyn;
    return parameterised(arena, VL_CEL_T_MAP, "map", key, value);
}

const struct vl_cel_type *vl_cel_type_optional(struct vl_arena *arena, const struct vl_cel_type *inner)
{
    return parameterised(arena, VL_CEL_T_OPAQUE, VL_CEL_OPTIONAL_NAME, inner, NULL);
}

const struct vl_cel_type *vl_cel_type_of(struct vl_arena *arena, const struct vl_cel_type *type)
{
    return parameterised(arena, VL_CEL_T_TYPE, "type", type, NULL);
}

static const struct vl_cel_type *wrapper_of(const struct vl_cel_type *inner)
{
    switch (inner->kind) {
    case VL_CEL_T_BOOL:
        return &vl_cel_t_wrapper_bool;
    case VL_CEL_T_INT:
        return &vl_cel_t_wrapper_int;
    case VL_CEL_T_UINT:
        return &vl_cel_t_wrapper_uint;
    case VL_CEL_T_DOUBLE:
        return &vl_cel_t_wrapper_double;
    case VL_CEL_T_STRING:
        return &vl_cel_t_wrapper_string;
    case VL_CEL_T_BYTES:
        return &vl_cel_t_wrapper_bytes;
    default:
        return NULL;
    }
}

/* --- reading --- */

struct notation {
    struct vl_arena *arena;
    struct vl_span rest;
    unsigned depth;
};

static bool take(struct notation *n, char c)
{
    n->rest = vl_span_trim(n->rest);
    if (!n->rest.len || n->rest.ptr[0] != c)
        return false;
    n->rest = vl_span_slice(n->rest, 1, n->rest.len);
    return true;
}

static struct vl_span take_name(struct notation *n)
{
    n->rest = vl_span_trim(n->rest);
    size_t len = 0;
    while (len < n->rest.len && !strchr("(), \t", n->rest.ptr[len]))
        len++;
    struct vl_span name = vl_span_slice(n->rest, 0, len);
    n->rest = vl_span_slice(n->rest, len, n->rest.len);
    return name;
}

static const struct vl_cel_type *with_params(
    struct notation *n, struct vl_span name, const struct vl_cel_type *const *params, unsigned count)
{
    if (vl_span_eq_str(name, "map"))
        return count == 2 ? vl_cel_type_map(n->arena, params[0], params[1]) : NULL;
    if (count != 1)
        return NULL;
    if (vl_span_eq_str(name, "list"))
        return vl_cel_type_list(n->arena, params[0]);
    if (vl_span_eq_str(name, "type"))
        return vl_cel_type_of(n->arena, params[0]);
    if (vl_span_eq_str(name, VL_CEL_OPTIONAL_NAME))
        return vl_cel_type_optional(n->arena, params[0]);
    return vl_span_eq_str(name, "wrapper") ? wrapper_of(params[0]) : NULL;
}

static const struct vl_cel_type *read_type(struct notation *n)
{
    struct vl_span name = take_name(n);
    if (!take(n, '('))
        return vl_cel_type_by_name(name);
    const struct vl_cel_type *params[2], *type = NULL;
    unsigned count = 0;
    if (++n->depth > TYPE_DEPTH_MAX)
        return NULL;
    do {
        params[count] = read_type(n);
        if (!params[count++])
            return NULL;
    } while (count < VL_ARRAY_LEN(params) && take(n, ','));
    n->depth--;
    if (take(n, ')'))
        type = with_params(n, name, params, count);
    return type;
}

int vl_cel_type_parse(
    struct vl_arena *arena, const char *text, const struct vl_cel_type **ret, struct vl_err *err)
{
    struct notation n = {.arena = arena, .rest = vl_span_str(text)};
    const struct vl_cel_type *type = read_type(&n);
    int r = vl_arena_check(arena, "types of an expression", err);
    if (r < 0)
        return r;
    if (!type || vl_span_trim(n.rest).len)
        return vl_err_set(err, VL_ERR_INVALID, "type '%s' is not known", text);
    *ret = type;
    return 0;
}

/* --- writing --- */

static const char *display_name(const struct vl_cel_type *type, bool in_message)
{
    if (in_message) {
        if (type->kind == VL_CEL_T_NULL)
            return "null";
        if (type->kind == VL_CEL_T_TIMESTAMP)
            return "timestamp";
        if (type->kind == VL_CEL_T_DURATION)
            return "duration";
        if (type == &vl_cel_t_any)
            return "any";
    }
    return type->name ? type->name : "";
}

static void append(const struct vl_cel_type *type, bool in_message, unsigned depth, struct vl_buf *out)
{
    vl_buf_append_str(out, display_name(type, in_message));
    if (!type->n_params || out->failed)
        return;
    if (depth == 0) { /* deeper than any expression can make it */
        vl_buf_append_str(out, "(…)");
        return;
    }
    vl_buf_append_char(out, '(');
    for (unsigned i = 0; i < type->n_params; i++) {
        if (i)
            vl_buf_append_str(out, ", ");
        append(type->params[i], in_message, depth - 1, out);
    }
    vl_buf_append_char(out, ')');
}

int vl_cel_type_format(const struct vl_cel_type *type, struct vl_buf *out, struct vl_err *err)
{
    append(type, false, VL_CEL_TYPE_DEPTH_MAX, out);
    return vl_buf_check(out, "name of a type", err);
}

void vl_cel_type_describe(const struct vl_cel_type *type, struct vl_buf *out)
{
    append(type, true, VL_CEL_TYPE_DEPTH_MAX, out);
}
