/* Types of the checker. Simple ones are static constants; parameterised ones live in the arena of the check.
 */
#ifndef VL_CEL_TYPE_H
#define VL_CEL_TYPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum vl_cel_type_kind {
    VL_CEL_T_ERROR,
    VL_CEL_T_DYN,
    VL_CEL_T_NULL,
    VL_CEL_T_BOOL,
    VL_CEL_T_INT,
    VL_CEL_T_UINT,
    VL_CEL_T_DOUBLE,
    VL_CEL_T_STRING,
    VL_CEL_T_BYTES,
    VL_CEL_T_TIMESTAMP,
    VL_CEL_T_DURATION,
    VL_CEL_T_LIST,    /* params[0] */
    VL_CEL_T_MAP,     /* params[0], params[1] */
    VL_CEL_T_TYPE,    /* type(params[0]) */
    VL_CEL_T_PARAM,   /* a type parameter of an overload: name */
    VL_CEL_T_WRAPPER, /* nullable params[0]: google.protobuf.Int64Value … */
    VL_CEL_T_OPAQUE,  /* name: "kubernetes.Quantity", "optional_type"(params[0]) … */
    VL_CEL_T_OBJECT,  /* name and fields: an OpenAPI schema or a protobuf message (schema) */
};

#define VL_CEL_TYPE_DEPTH_MAX \
    512 /* of the types that an expression makes: [[[1]]] is list(list(list(int))) */
#define VL_CEL_OPTIONAL_NAME "optional_type"

struct vl_cel_schema;

struct vl_cel_type {
    enum vl_cel_type_kind kind;
    const char *name; /* PARAM, OPAQUE, OBJECT; for the others their name in CEL */
    const struct vl_cel_type *params[2];
    unsigned n_params;
    const struct vl_cel_schema *schema; /* of a declared schema: fields of an OBJECT, limits of any kind;
                                       NULL: nothing is known */
};

extern const struct vl_cel_type vl_cel_t_dyn, vl_cel_t_null, vl_cel_t_bool, vl_cel_t_int, vl_cel_t_uint,
    vl_cel_t_double, vl_cel_t_string, vl_cel_t_bytes, vl_cel_t_timestamp, vl_cel_t_duration, vl_cel_t_type,
    vl_cel_t_a, vl_cel_t_b, vl_cel_t_list_dyn, vl_cel_t_list_a, vl_cel_t_list_string, vl_cel_t_list_int,
    vl_cel_t_map_dyn, vl_cel_t_map_ab, vl_cel_t_optional_a, vl_cel_t_quantity, vl_cel_t_ip, vl_cel_t_cidr,
    vl_cel_t_url, vl_cel_t_format, vl_cel_t_semver, vl_cel_t_authorizer, vl_cel_t_path_check,
    vl_cel_t_group_check, vl_cel_t_resource_check, vl_cel_t_decision, vl_cel_t_image, vl_cel_t_optional_dyn,
    vl_cel_t_error, vl_cel_t_any, vl_cel_t_map_string_dyn, vl_cel_t_wrapper_bool, vl_cel_t_wrapper_int,
    vl_cel_t_wrapper_uint, vl_cel_t_wrapper_double, vl_cel_t_wrapper_string, vl_cel_t_wrapper_bytes;

const struct vl_cel_type *vl_cel_type_list(struct vl_arena *arena, const struct vl_cel_type *item);
const struct vl_cel_type *vl_cel_type_map(
    struct vl_arena *arena, const struct vl_cel_type *key, const struct vl_cel_type *value);
const struct vl_cel_type *vl_cel_type_optional(struct vl_arena *arena, const struct vl_cel_type *inner);

const struct vl_cel_type *vl_cel_type_of(
    struct vl_arena *arena, const struct vl_cel_type *type); /* type(T) */

/* A type without parameters by its name in expressions ("google.protobuf.Int64Value" too); NULL where there
 * is none. */
const struct vl_cel_type *vl_cel_type_by_name(struct vl_span name);

/* Reads CEL's notation: "map(string, list(int))". */
VL_MUST_CHECK int vl_cel_type_parse(
    struct vl_arena *arena, const char *text, const struct vl_cel_type **ret, struct vl_err *err);
VL_MUST_CHECK int vl_cel_type_format(const struct vl_cel_type *type, struct vl_buf *out, struct vl_err *err);

/* The words of error messages: "timestamp", "null" and "any" where types are called
 * google.protobuf.Timestamp, null_type and google.protobuf.Any. */
void vl_cel_type_describe(const struct vl_cel_type *type, struct vl_buf *out);

#endif
