/* OpenAPI v3 schemas, as CustomResourceDefinitions carry them, as types and as a view of values.
 *
 * Source: k8s.io/apiserver pkg/cel/common (schemas.go, valuesunstructured.go), pkg/cel/escaping.go,
 * limits.go. */
#ifndef VL_CEL_SCHEMA_H
#define VL_CEL_SCHEMA_H

#include "cel/value.h"
#include "type.h"

#define VL_CEL_REQUEST_MAX (3L * 1024 * 1024) /* bytes of a request: what bounds a value without a limit */

struct vl_cel_schema_field {
    struct vl_span name;            /* as expressions write it: "a__dot__b", "__namespace__" */
    const struct vl_cel_type *type; /* NULL: expressions do not see it */
};

struct vl_cel_schema {
    const struct vl_doc_node *node;
    bool is_resource;                   /* root or embedded: apiVersion, kind and metadata are always there */
    uint64_t max_elements;              /* items, entries, bytes of a text */
    uint64_t min_bytes;                 /* of the value as JSON */
    struct vl_cel_schema_field *fields; /* of an object, sorted by name */
    size_t n_fields;
};

/* The type of a schema. `name` becomes part of the names of its objects. *ret NULL: the schema says nothing
 * that expressions could see. */
VL_MUST_CHECK int vl_cel_schema_type(struct vl_arena *arena, const struct vl_doc_node *schema,
    bool is_resource, const char *name, const struct vl_cel_type **ret, struct vl_err *err);

/* Type of a field of an object type; NULL where it has none. `ret_name` (may be NULL): its name as the view
 * below has it, since "a.if" is allowed for "a.__if__". */
const struct vl_cel_type *vl_cel_schema_field(
    const struct vl_cel_type *object, struct vl_span field, struct vl_span *ret_name);

/* Most items, entries or bytes of a value, as its schema (or the longest request) limits them; false where
 * nothing is known of the type. */
bool vl_cel_schema_size(const struct vl_cel_type *type, uint64_t *ret_max);

/* The value as expressions see it: texts with a format as times, durations and bytes, numbers as double,
 * fields by escaped names, absent where null. What does not fit the schema is an error where it stands. In
 * the arena. */
struct vl_cel_value vl_cel_schema_view(
    const struct vl_cel_schema *schema, struct vl_cel_value value, struct vl_arena *arena);

/* A property's name as an identifier; empty where it can have none. */
struct vl_span vl_cel_escape(struct vl_arena *arena, struct vl_span name);

#endif
