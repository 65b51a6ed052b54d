/* Values seen through their schema. Texts of errors are those of the API server. */
#include <string.h>

#include "base/text.h"
#include "number_text.h"
#include "schema.h"
#include "value_impl.h"

#define VIEW_DEPTH_MAX VL_DOC_DEPTH_MAX

struct view {
    struct vl_arena *arena;
    unsigned depth;
};

static struct vl_cel_value see(
    struct view *v, const struct vl_doc_node *schema, bool is_resource, struct vl_cel_value value);

static struct vl_cel_value wrong(struct view *v, const char *message)
{
    struct vl_cel_error *error = vl_arena_alloc(v->arena, sizeof(*error));
    if (!error)
        return (struct vl_cel_value){.kind = VL_CEL_NULL};
    *error = (struct vl_cel_error){.message = message ? message : "out of memory", .offset = UINT32_MAX};
    return (struct vl_cel_value){.kind = VL_CEL_ERROR, .as.error = error};
}

/* The type in Go that the API server's decoder makes. */
static const char *go_type(struct vl_cel_value value)
{
    switch (value.kind) {
    case VL_CEL_NULL:
        return "<nil>";
    case VL_CEL_BOOL:
        return "bool";
    case VL_CEL_INT:
        return "int64";
    case VL_CEL_LIST:
        return "[]interface {}";
    case VL_CEL_MAP:
        return "map[string]interface {}";
    case VL_CEL_STRING:
        return "string";
    default:
        return "float64";
    }
}

static struct vl_cel_value wrong_type(struct view *v, const char *wanted, struct vl_cel_value value)
{
    return wrong(v, vl_arena_printf(v->arena, "invalid data, expected %s, got %s", wanted, go_type(value)));
}

/* --- texts --- */

static struct vl_cel_value wrong_text(struct view *v, const char *what, struct vl_cel_value value)
{
    return wrong(v, vl_arena_printf(v->arena, "Invalid %s %.*s", what, VL_SPAN_FMT(vl_cel_span(value))));
}

static struct vl_cel_value see_time(struct view *v, struct vl_cel_value value, bool date)
{
    int64_t seconds = 0;
    uint32_t nanos = 0;
    int offset = 0;
    struct vl_span text = vl_cel_span(value);
    if (date && text.len == 10) {
        const char *whole = vl_arena_printf(v->arena, "%.*sT00:00:00Z", VL_SPAN_FMT(text));
        text = vl_span_str(whole);
    } else if (date) {
        text = VL_SPAN_EMPTY;
    }
    if (vl_cel_time_parse(text, &seconds, &nanos, &offset) <= 0)
        return wrong_text(v, date ? "date formatted string" : "date-time formatted string", value);
    return vl_cel_timestamp_at(seconds, nanos, offset);
}

static struct vl_cel_value see_bytes(struct view *v, struct vl_cel_value value)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, vl_cel_span(value).len + 4);
    if (!vl_base64_decode(vl_cel_span(value), &out))
        return wrong_text(v, "byte formatted string", value);
    const char *copy = vl_arena_dup_span(v->arena, vl_buf_span(&out));
    return copy ? vl_cel_bytes((struct vl_span){copy, out.len}) : wrong(v, NULL);
}

static struct vl_cel_value see_text(
    struct view *v, const struct vl_doc_node *schema, struct vl_cel_value value)
{
    struct vl_span format = vl_doc_get_str(schema, "format");
    int64_t nanoseconds = 0;
    if (value.kind != VL_CEL_STRING)
        return wrong_type(v, "string", value);
    if (vl_span_eq_str(format, "duration"))
        return vl_cel_duration_parse(vl_cel_span(value), &nanoseconds) ? vl_cel_duration(nanoseconds)
                                                                       : wrong_text(v, "duration", value);
    if (vl_span_eq_str(format, "date") || vl_span_eq_str(format, "date-time"))
        return see_time(v, value, vl_span_eq_str(format, "date"));
    return vl_span_eq_str(format, "byte") ? see_bytes(v, value) : value;
}

static struct vl_cel_value see_number(struct view *v, struct vl_cel_value value)
{
    if (value.kind == VL_CEL_INT)
        return vl_cel_double((double)value.as.i);
    return value.kind == VL_CEL_DOUBLE ? value : wrong_type(v, "float", value);
}

/* --- lists --- */

/* Which items of the list are the same; NULL without memory. */
static const struct vl_cel_identity *identity_of(struct view *v, const struct vl_doc_node *schema, bool map)
{
    const struct vl_doc_node *keys = map ? vl_doc_get(schema, "x-kubernetes-list-map-keys") : NULL;
    struct vl_cel_identity *identity = vl_arena_alloc(v->arena, sizeof(*identity));
    struct vl_span *names = vl_arena_array(v->arena, vl_doc_size(keys) + 1, sizeof(*names));
    if (!identity || !names)
        return NULL;
    for (const struct vl_doc_node *key = vl_doc_first(keys); key; key = vl_doc_next(key)) {
        struct vl_span escaped = vl_cel_escape(v->arena, vl_doc_span(key));
        names[identity->n_keys++] = escaped.len ? escaped : vl_doc_span(key);
    }
    identity->keys = names;
    return identity;
}

static struct vl_cel_value see_list(
    struct view *v, const struct vl_doc_node *schema, struct vl_cel_value value)
{
    const struct vl_doc_node *items = vl_doc_get(schema, "items");
    struct vl_span list_type = vl_doc_get_str(schema, "x-kubernetes-list-type");
    if (value.kind != VL_CEL_LIST)
        return wrong(v, "invalid data, expected an array for the provided schema with type=array");
    if (!vl_doc_is(items, VL_DOC_OBJECT))
        return wrong(v, "invalid array type, expected Items with a non-empty Schema");
    bool set = vl_span_eq_str(list_type, "set"), map = vl_span_eq_str(list_type, "map");
    if (list_type.len && !set && !map && !vl_span_eq_str(list_type, "atomic"))
        return wrong(v, vl_arena_printf(v->arena,
                            "invalid x-kubernetes-list-type, expected 'map', 'set' or 'atomic' but got %.*s",
                            VL_SPAN_FMT(list_type)));
    struct vl_cel_value list = vl_cel_list_grow(v->arena), item;
    struct vl_cel_iter iter = vl_cel_iterate(value);
    bool embedded = vl_doc_bool(vl_doc_get(items, "x-kubernetes-embedded-resource"));
    while (vl_cel_iter_next(&iter, NULL, &item)) {
        if (!vl_cel_list_push(v->arena, list, see(v, items, embedded, item)))
            return wrong(v, NULL);
    }
    if (!set && !map)
        return list;
    struct vl_cel_list *marked = vl_arena_alloc(v->arena, sizeof(*marked));
    if (!marked)
        return wrong(v, NULL);
    *marked = *list.as.list;
    marked->identity = identity_of(v, schema, map);
    list.as.list = marked;
    return list;
}

/* --- objects --- */

static bool put(struct view *v, struct vl_cel_value map, struct vl_span key, struct vl_cel_value value)
{
    return vl_cel_map_put(v->arena, map, vl_cel_string(key), value);
}

static struct vl_cel_value see_map(
    struct view *v, const struct vl_doc_node *values, struct vl_cel_value value)
{
    struct vl_cel_value map = vl_cel_map_grow(v->arena), key, item;
    struct vl_cel_iter iter = vl_cel_iterate(value);
    bool embedded = vl_doc_bool(vl_doc_get(values, "x-kubernetes-embedded-resource"));
    while (vl_cel_iter_next(&iter, &key, &item)) {
        if (key.kind == VL_CEL_STRING && !put(v, map, vl_cel_span(key), see(v, values, embedded, item)))
            return wrong(v, NULL);
    }
    return map;
}

/* What every object has, where a resource's schema does not say so itself. */
static bool is_resource_field(struct vl_span key)
{
    return vl_span_eq_str(key, "apiVersion") || vl_span_eq_str(key, "kind") ||
           vl_span_eq_str(key, "metadata");
}

static struct vl_cel_value see_object(
    struct view *v, const struct vl_doc_node *schema, bool is_resource, struct vl_cel_value value)
{
    const struct vl_doc_node *properties = vl_doc_get(schema, "properties"),
                             *values = vl_doc_get(schema, "additionalProperties");
    if (value.kind != VL_CEL_MAP)
        return wrong(v, "invalid data, expected a map for the provided schema with type=object");
    if (!is_resource && !properties && vl_doc_is(values, VL_DOC_OBJECT))
        return see_map(v, values, value);
    struct vl_cel_value map = vl_cel_map_grow(v->arena), key, item;
    struct vl_cel_iter iter = vl_cel_iterate(value);
    while (vl_cel_iter_next(&iter, &key, &item)) {
        struct vl_span name = vl_cel_span(key);
        const struct vl_doc_node *property = vl_doc_get_span(properties, name);
        bool always = is_resource && is_resource_field(name);
        if ((!property && !always) || item.kind == VL_CEL_NULL) /* null is absence */
            continue;
        struct vl_span escaped = vl_cel_escape(v->arena, name);
        struct vl_cel_value seen = item;
        if (property)
            seen =
                see(v, property, vl_doc_bool(vl_doc_get(property, "x-kubernetes-embedded-resource")), item);
        if (!put(v, map, escaped.len ? escaped : name, seen))
            return wrong(v, NULL);
    }
    return map;
}

/* --- */

static struct vl_cel_value see_typed(
    struct view *v, const struct vl_doc_node *schema, bool is_resource, struct vl_cel_value value)
{
    struct vl_span type = vl_doc_get_str(schema, "type");
    if (vl_span_eq_str(type, "object") || (is_resource && !type.len))
        return see_object(v, schema, is_resource, value);
    if (vl_span_eq_str(type, "array"))
        return see_list(v, schema, value);
    if (vl_span_eq_str(type, "string"))
        return see_text(v, schema, value);
    if (vl_span_eq_str(type, "number"))
        return see_number(v, value);
    if (vl_span_eq_str(type, "integer"))
        return value.kind == VL_CEL_INT ? value : wrong_type(v, "int", value);
    if (vl_span_eq_str(type, "boolean"))
        return value.kind == VL_CEL_BOOL ? value : wrong_type(v, "bool", value);
    if (vl_doc_bool(vl_doc_get(schema, "x-kubernetes-preserve-unknown-fields")))
        return value; /* only ever compared */
    return wrong(
        v, vl_arena_printf(v->arena,
               "invalid type, expected object, array, number, integer, boolean or string, or no type with "
               "x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got %.*s",
               VL_SPAN_FMT(type)));
}

static struct vl_cel_value see(
    struct view *v, const struct vl_doc_node *schema, bool is_resource, struct vl_cel_value value)
{
    if (value.kind == VL_CEL_NULL)
        return vl_doc_bool(vl_doc_get(schema, "nullable"))
                   ? value
                   : wrong(v, "invalid data, got null for schema with nullable=false");
    if (vl_doc_bool(vl_doc_get(schema, "x-kubernetes-int-or-string")))
        return value.kind == VL_CEL_STRING || value.kind == VL_CEL_INT
                   ? value
                   : wrong(v, "invalid data, expected XIntOrString value to be either a string or integer");
    if (v->depth == VIEW_DEPTH_MAX)
        return wrong(v, "invalid data, nested too deeply");
    v->depth++;
    struct vl_cel_value seen = see_typed(v, schema, is_resource, value);
    v->depth--;
    return seen;
}

struct vl_cel_value vl_cel_schema_view(
    const struct vl_cel_schema *schema, struct vl_cel_value value, struct vl_arena *arena)
{
    struct view v = {.arena = arena};
    if (!schema->node)
        return value;
    return see(&v, schema->node, schema->is_resource, value);
}
