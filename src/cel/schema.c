#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "env.h"

#define SCHEMA_DEPTH_MAX  64
#define SCHEMA_FIELDS_MAX 10000 /* properties of one object */

#define TEXT_MIN      2 /* bytes of "" */
#define DURATION_MIN  3
#define DURATION_MAX  32
#define DATE_BYTES    12
#define DATE_TIME_MIN 21
#define DATE_TIME_MAX 32

struct reader {
    struct vl_arena *arena;
    unsigned depth;
    const char *over; /* the limit that was passed, or NULL */
};

static const struct vl_cel_type *read(
    struct reader *r, const struct vl_doc_node *schema, bool is_resource, const char *name);

/* --- names --- */

static bool is_reserved(struct vl_span name)
{
    static const char *const words[] = {"true", "false", "null", "in", "as", "break", "const", "continue",
        "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var",
        "void", "while"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_str(name, words[i]))
            return true;
    }
    return false;
}

static bool is_word(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_';
}

struct vl_span vl_cel_escape(struct vl_arena *arena, struct vl_span name)
{
    if (!name.len || (name.ptr[0] >= '0' && name.ptr[0] <= '9'))
        return VL_SPAN_EMPTY;
    if (is_reserved(name))
        return vl_span_str(vl_arena_printf(arena, "__%.*s__", VL_SPAN_FMT(name)));
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, 16 * name.len + 1);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '_' && i + 1 < name.len && name.ptr[i + 1] == '_') {
            vl_buf_append_str(&out, "__underscores__");
            i++;
        } else if (c == '.' || c == '-' || c == '/') {
            vl_buf_append_str(&out, c == '.' ? "__dot__" : c == '-' ? "__dash__" : "__slash__");
        } else if (is_word(c)) {
            vl_buf_append_char(&out, c);
        } else {
            return VL_SPAN_EMPTY;
        }
    }
    return vl_span_str(vl_arena_dup_span(arena, vl_buf_span(&out)));
}

/* --- limits that a schema sets --- */

static bool limit(const struct vl_doc_node *schema, const char *key, uint64_t *ret)
{
    int64_t value = 0;
    if (!vl_doc_int(vl_doc_get(schema, key), &value))
        return false;
    *ret = value > 0 ? (uint64_t)value : 0;
    return true;
}

static uint64_t longest_enum(const struct vl_doc_node *values)
{
    uint64_t longest = 0;
    for (const struct vl_doc_node *v = vl_doc_first(values); v; v = vl_doc_next(v)) {
        if (vl_doc_span(v).len > longest)
            longest = vl_doc_span(v).len;
    }
    return longest;
}

/* Bytes: a code point may take four. */
static uint64_t text_limit(const struct vl_doc_node *schema)
{
    uint64_t max = 0;
    if (limit(schema, "maxLength", &max))
        return max > UINT64_MAX / 4 ? UINT64_MAX : 4 * max;
    if (vl_doc_size(vl_doc_get(schema, "enum")))
        return longest_enum(vl_doc_get(schema, "enum"));
    return VL_CEL_REQUEST_MAX - 2;
}

/* --- types --- */

static const struct vl_cel_type *make(struct reader *r, struct vl_cel_type type, struct vl_cel_schema schema)
{
    struct vl_cel_type *copy = vl_arena_alloc(r->arena, sizeof(*copy));
    struct vl_cel_schema *own = vl_arena_alloc(r->arena, sizeof(*own));
    if (!copy || !own)
        return NULL;
    *own = schema;
    *copy = type;
    copy->schema = own;
    return copy;
}

static const struct vl_cel_type *make_simple(struct reader *r, const struct vl_cel_type *type,
    const struct vl_doc_node *node, uint64_t max, uint64_t min)
{
    return make(r, *type, (struct vl_cel_schema){.node = node, .max_elements = max, .min_bytes = min});
}

static const struct vl_cel_type *read_text(struct reader *r, const struct vl_doc_node *schema)
{
    struct vl_span format = vl_doc_get_str(schema, "format");
    uint64_t max = VL_CEL_REQUEST_MAX - 2;
    if (vl_span_eq_str(format, "byte")) {
        (void)limit(schema, "maxLength", &max);
        return make_simple(r, &vl_cel_t_bytes, schema, max, TEXT_MIN);
    }
    if (vl_span_eq_str(format, "duration"))
        return make_simple(r, &vl_cel_t_duration, schema, DURATION_MAX, DURATION_MIN);
    if (vl_span_eq_str(format, "date"))
        return make_simple(r, &vl_cel_t_timestamp, schema, DATE_BYTES, DATE_BYTES);
    if (vl_span_eq_str(format, "date-time"))
        return make_simple(r, &vl_cel_t_timestamp, schema, DATE_TIME_MAX, DATE_TIME_MIN);
    return make_simple(r, &vl_cel_t_string, schema, text_limit(schema), TEXT_MIN);
}

static bool is_embedded(const struct vl_doc_node *schema)
{
    return vl_doc_bool(vl_doc_get(schema, "x-kubernetes-embedded-resource"));
}

static const struct vl_cel_type *read_list(
    struct reader *r, const struct vl_doc_node *schema, const char *name)
{
    const struct vl_doc_node *items = vl_doc_get(schema, "items");
    const struct vl_cel_type *item =
        vl_doc_is(items, VL_DOC_OBJECT)
            ? read(r, items, is_embedded(items), vl_arena_printf(r->arena, "%s.@idx", name))
            : NULL;
    if (!item)
        return NULL;
    uint64_t max = (VL_CEL_REQUEST_MAX - 2) / (item->schema->min_bytes + 1);
    (void)limit(schema, "maxItems", &max);
    struct vl_cel_type type = {.kind = VL_CEL_T_LIST, .name = "list", .params = {item}, .n_params = 1};
    return make(r, type, (struct vl_cel_schema){.node = schema, .max_elements = max, .min_bytes = 2});
}

static const struct vl_cel_type *read_map(
    struct reader *r, const struct vl_doc_node *schema, const struct vl_doc_node *values, const char *name)
{
    const struct vl_cel_type *value =
        read(r, values, is_embedded(values), vl_arena_printf(r->arena, "%s.@elem", name));
    if (!value)
        return NULL;
    uint64_t max = (VL_CEL_REQUEST_MAX - 2) / (value->schema->min_bytes + 6);
    (void)limit(schema, "maxProperties", &max);
    const struct vl_cel_type *key = make_simple(r, &vl_cel_t_string, NULL, 0, TEXT_MIN);
    struct vl_cel_type type = {.kind = VL_CEL_T_MAP, .name = "map", .params = {key, value}, .n_params = 2};
    return key ? make(r, type, (struct vl_cel_schema){.node = schema, .max_elements = max, .min_bytes = 2})
               : NULL;
}

/* --- objects --- */

static bool is_required(const struct vl_doc_node *schema, struct vl_span name)
{
    for (const struct vl_doc_node *v = vl_doc_first(vl_doc_get(schema, "required")); v; v = vl_doc_next(v)) {
        if (vl_span_eq(vl_doc_span(v), name))
            return true;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    const struct vl_cel_schema_field *x = a, *y = b;
    return vl_span_cmp(x->name, y->name);
}

static bool is_typed(const struct vl_doc_node *schema, const char *type)
{
    return vl_span_eq_str(vl_doc_get_str(schema, "type"), type);
}

/* The properties of a resource's metadata are those that every object has, unless the schema has them all. */
static bool describes_resource(const struct vl_doc_node *properties)
{
    const struct vl_doc_node *metadata = vl_doc_get(vl_doc_get(properties, "metadata"), "properties");
    return is_typed(vl_doc_get(properties, "kind"), "string") &&
           is_typed(vl_doc_get(properties, "apiVersion"), "string") &&
           is_typed(vl_doc_get(properties, "metadata"), "object") &&
           is_typed(vl_doc_get(metadata, "name"), "string") &&
           is_typed(vl_doc_get(metadata, "generateName"), "string");
}

static void add_field(struct vl_cel_schema *object, const char *name, const struct vl_cel_type *type)
{
    for (size_t i = 0; i < object->n_fields; i++) {
        if (vl_span_eq_str(object->fields[i].name, name)) {
            object->fields[i].type = type;
            return;
        }
    }
    object->fields[object->n_fields++] =
        (struct vl_cel_schema_field){.name = vl_span_str(name), .type = type};
}

static void add_resource_fields(struct reader *r, struct vl_cel_schema *object, const char *name)
{
    const struct vl_cel_type *text = make_simple(r, &vl_cel_t_string, NULL, VL_CEL_REQUEST_MAX - 2, TEXT_MIN);
    struct vl_cel_schema metadata = {
        .min_bytes = 2, .fields = vl_arena_array(r->arena, 2, sizeof(*object->fields))};
    if (!text || !metadata.fields)
        return;
    add_field(&metadata, "generateName", text);
    add_field(&metadata, "name", text);
    struct vl_cel_type type = {
        .kind = VL_CEL_T_OBJECT, .name = vl_arena_printf(r->arena, "%s.metadata", name)};
    add_field(object, "apiVersion", text);
    add_field(object, "kind", text);
    add_field(object, "metadata", make(r, type, metadata));
}

static const struct vl_cel_type *read_object(
    struct reader *r, const struct vl_doc_node *schema, bool is_resource, const char *name)
{
    const struct vl_doc_node *values = vl_doc_get(schema, "additionalProperties"),
                             *properties = vl_doc_get(schema, "properties");
    if (vl_doc_is(values, VL_DOC_OBJECT))
        return read_map(r, schema, values, name);
    size_t n = vl_doc_size(properties);
    struct vl_cel_schema object = {.node = schema, .is_resource = is_resource, .min_bytes = 2};
    if (n > SCHEMA_FIELDS_MAX) {
        r->over = "an object of its schema has too many properties";
        return NULL;
    }
    object.fields = vl_arena_array(r->arena, n + 3, sizeof(*object.fields));
    if (!object.fields)
        return NULL;
    for (const struct vl_doc_node *p = vl_doc_first(properties); p; p = vl_doc_next(p)) {
        struct vl_span key = vl_doc_key(p), escaped = vl_cel_escape(r->arena, key);
        const char *path = vl_arena_printf(r->arena, "%s.%.*s", name, VL_SPAN_FMT(escaped));
        const struct vl_cel_type *type = read(r, p, is_embedded(p), path);
        if (!type)
            continue;
        if (escaped.len)
            object.fields[object.n_fields++] = (struct vl_cel_schema_field){.name = escaped, .type = type};
        if (is_required(schema, key) && !vl_doc_get(p, "default"))
            object.min_bytes += key.len + type->schema->min_bytes + 4;
    }
    if (is_resource && !describes_resource(properties))
        add_resource_fields(r, &object, name);
    qsort(object.fields, object.n_fields, sizeof(*object.fields), by_name);
    struct vl_cel_type type = {.kind = VL_CEL_T_OBJECT, .name = name ? name : ""};
    return make(r, type, object);
}

/* NULL: expressions do not see it (or no memory, which the arena remembers). */
static const struct vl_cel_type *read(
    struct reader *r, const struct vl_doc_node *schema, bool is_resource, const char *name)
{
    struct vl_span type = vl_doc_get_str(schema, "type");
    const struct vl_cel_type *result = NULL;
    if (r->depth == SCHEMA_DEPTH_MAX)
        r->over = "its schema is nested too deeply";
    if (r->over || !vl_doc_is(schema, VL_DOC_OBJECT))
        return NULL;
    r->depth++;
    if (vl_doc_bool(vl_doc_get(schema, "x-kubernetes-int-or-string")))
        result = make_simple(r, &vl_cel_t_dyn, schema,
            vl_doc_get(schema, "maxLength") ? text_limit(schema) : VL_CEL_REQUEST_MAX - 2, 1);
    else if (vl_span_eq_str(type, "object") || (is_resource && !type.len))
        result = read_object(r, schema, is_resource, name);
    else if (vl_span_eq_str(type, "array"))
        result = read_list(r, schema, name);
    else if (vl_span_eq_str(type, "string"))
        result = read_text(r, schema);
    else if (vl_span_eq_str(type, "boolean"))
        result = make_simple(r, &vl_cel_t_bool, schema, 0, 4);
    else if (vl_span_eq_str(type, "number"))
        result = make_simple(r, &vl_cel_t_double, schema, 0, 1);
    else if (vl_span_eq_str(type, "integer"))
        result = make_simple(r, &vl_cel_t_int, schema, 0, 1);
    r->depth--;
    return result;
}

int vl_cel_schema_type(struct vl_arena *arena, const struct vl_doc_node *schema, bool is_resource,
    const char *name, const struct vl_cel_type **ret, struct vl_err *err)
{
    struct reader r = {.arena = arena};
    const struct vl_cel_type *type = read(&r, schema, is_resource, vl_arena_strdup(arena, name));
    int checked = vl_arena_check(arena, "types of a schema", err);
    if (checked < 0)
        return checked;
    if (r.over)
        return vl_err_set(err, VL_ERR_LIMIT, "%s (at most %d levels, %d properties)", r.over,
            SCHEMA_DEPTH_MAX, SCHEMA_FIELDS_MAX);
    *ret = type;
    return 0;
}

/* --- look-ups --- */

static const struct vl_cel_schema_field *find(const struct vl_cel_schema *schema, struct vl_span name)
{
    struct vl_cel_schema_field key = {.name = name};
    return schema->n_fields ? bsearch(&key, schema->fields, schema->n_fields, sizeof(key), by_name) : NULL;
}

const struct vl_cel_type *vl_cel_schema_field(
    const struct vl_cel_type *object, struct vl_span field, struct vl_span *ret_name)
{
    if (!object->schema)
        return NULL;
    const struct vl_cel_schema_field *found = find(object->schema, field);
    if (!found && is_reserved(field)) {
        char escaped[32];
        memcpy(escaped, "__", 2);
        memcpy(escaped + 2, field.ptr, field.len); /* the longest one is "namespace" */
        memcpy(escaped + 2 + field.len, "__", 2);
        found = find(object->schema, (struct vl_span){escaped, field.len + 4});
    }
    if (!found)
        return NULL;
    if (ret_name)
        *ret_name = found->name;
    return found->type;
}

bool vl_cel_schema_size(const struct vl_cel_type *type, uint64_t *ret_max)
{
    if (type->schema)
        *ret_max = type->schema->max_elements;
    return type->schema != NULL;
}

/* --- variables --- */

static int declare(struct vl_cel_env *env, const char *name, const struct vl_doc_node *schema,
    bool is_resource, struct vl_err *err)
{
    const struct vl_cel_type *type = NULL;
    int r = vl_cel_schema_type(env->arena, schema, is_resource, name, &type, err);
    if (r < 0)
        return vl_err_wrap(err, "CEL variable %s", name);
    if (!type)
        return vl_err_set(err, VL_ERR_INVALID,
            "CEL variable %s: its schema has no type that an expression could see", name);
    env->has_schemas = true;
    return vl_cel_env_declare(env, name, type, err);
}

int vl_cel_env_variable_schema(
    struct vl_cel_env *env, const char *name, const struct vl_doc_node *schema, struct vl_err *err)
{
    return declare(env, name, schema, false, err);
}

int vl_cel_env_variable_resource(
    struct vl_cel_env *env, const char *name, const struct vl_doc_node *schema, struct vl_err *err)
{
    return declare(env, name, schema, true, err);
}
