#include "respond/suppress.h"

static int check_text(
    const struct vl_doc_node *node, size_t index, const char *what, size_t max, struct vl_err *err)
{
    struct vl_span text = vl_doc_span(node);
    if (!vl_doc_is(node, VL_DOC_STRING) || text.len == 0 || text.len > max)
        return vl_err_set(
            err, VL_ERR_INVALID, "/allOf/%zu/%s: must be a text of 1 to %zu bytes", index, what, max);
    return 0;
}

/* "entities.", a type, a dot, a property. */
static bool is_field(struct vl_span field)
{
    struct vl_span rest = vl_span_slice(field, 9, field.len), type;
    return vl_span_eq_nocase(vl_span_slice(field, 0, 9), VL_SPAN_LIT("entities.")) &&
           vl_span_split(&rest, '.', &type) && type.len > 0 && rest.len > 0;
}

static int check_condition(const struct vl_doc_node *condition, size_t index, struct vl_err *err)
{
    const struct vl_doc_node *in = vl_doc_get(condition, "in");
    const struct vl_doc_node *contains = vl_doc_get(condition, "contains");
    int r = check_text(vl_doc_get(condition, "field"), index, "field", VL_SUPPRESS_FIELD_MAX, err);
    if (r < 0)
        return r;
    if (!is_field(vl_doc_get_str(condition, "field")))
        return vl_err_set(err, VL_ERR_INVALID, "/allOf/%zu/field: must be \"entities.TYPE.PROPERTY\"", index);
    for (const struct vl_doc_node *m = vl_doc_first(condition); m; m = vl_doc_next(m))
        if (m != in && m != contains && !vl_span_eq_str(vl_doc_key(m), "field"))
            return vl_err_set(err, VL_ERR_INVALID,
                "/allOf/%zu/%.*s: there is no such condition (in, contains)", index,
                VL_SPAN_FMT(vl_doc_key(m)));
    if (!in == !contains)
        return vl_err_set(err, VL_ERR_INVALID, "/allOf/%zu: must have either in or contains", index);
    if (contains)
        return check_text(contains, index, "contains", VL_SUPPRESS_VALUE_MAX, err);
    if (!vl_doc_is(in, VL_DOC_ARRAY) || vl_doc_size(in) == 0 || vl_doc_size(in) > VL_SUPPRESS_VALUES_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/allOf/%zu/in: must have 1 to %d texts", index, VL_SUPPRESS_VALUES_MAX);
    for (const struct vl_doc_node *v = vl_doc_first(in); v && r >= 0; v = vl_doc_next(v))
        r = check_text(v, index, "in", VL_SUPPRESS_VALUE_MAX, err);
    return r;
}

int vl_suppress_check(const struct vl_doc_node *scope, struct vl_err *err)
{
    const struct vl_doc_node *all = vl_doc_get(scope, "allOf");
    size_t index = 0;
    if (!scope || vl_doc_is(scope, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(scope, VL_DOC_OBJECT) || vl_doc_size(scope) != 1 || !vl_doc_is(all, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "/: must be an object with allOf alone");
    if (vl_doc_size(all) > VL_SUPPRESS_CONDITIONS_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/allOf: has more than %d conditions", VL_SUPPRESS_CONDITIONS_MAX);
    for (const struct vl_doc_node *c = vl_doc_first(all); c; c = vl_doc_next(c), index++) {
        int r = check_condition(c, index, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains_nocase(struct vl_span text, struct vl_span needle)
{
    for (size_t i = 0; i + needle.len <= text.len; i++) {
        size_t n = 0;
        while (n < needle.len && lower(text.ptr[i + n]) == lower(needle.ptr[n]))
            n++;
        if (n == needle.len)
            return true;
    }
    return false;
}

static bool value_holds(const struct vl_doc_node *condition, struct vl_span value)
{
    const struct vl_doc_node *in = vl_doc_get(condition, "in");
    if (!in)
        return contains_nocase(value, vl_doc_get_str(condition, "contains"));
    for (const struct vl_doc_node *v = vl_doc_first(in); v; v = vl_doc_next(v))
        if (vl_span_eq_nocase(vl_doc_span(v), value))
            return true;
    return false;
}

static const struct vl_doc_node *member_nocase(const struct vl_doc_node *object, struct vl_span name)
{
    if (!vl_doc_is(object, VL_DOC_OBJECT))
        return NULL;
    for (const struct vl_doc_node *m = vl_doc_first(object); m; m = vl_doc_next(m))
        if (vl_span_eq_nocase(vl_doc_key(m), name))
            return m;
    return NULL;
}

static bool entity_holds(const struct vl_doc_node *condition, const struct vl_doc_node *entity,
    struct vl_span type, struct vl_span path)
{
    struct vl_span name;
    const struct vl_doc_node *node = entity;
    if (!vl_span_eq_nocase(vl_doc_span(member_nocase(entity, VL_SPAN_LIT("type"))), type))
        return false;
    while (node && vl_span_split(&path, '.', &name))
        node = member_nocase(node, name);
    if (!vl_doc_is(node, VL_DOC_ARRAY))
        return vl_doc_text(node).len > 0 && value_holds(condition, vl_doc_text(node));
    for (const struct vl_doc_node *v = vl_doc_first(node); v; v = vl_doc_next(v))
        if (vl_doc_text(v).len > 0 && value_holds(condition, vl_doc_text(v)))
            return true;
    return false;
}

static bool condition_holds(const struct vl_doc_node *condition, const struct vl_doc_node *entities)
{
    struct vl_span field = vl_doc_get_str(condition, "field"), type;
    struct vl_span rest = vl_span_slice(field, 9, field.len); /* "entities." */
    size_t n = 0;
    if (!vl_span_split(&rest, '.', &type) || !vl_doc_is(entities, VL_DOC_ARRAY))
        return false;
    for (const struct vl_doc_node *e = vl_doc_first(entities); e && n < VL_SUPPRESS_ENTITIES_MAX;
        e = vl_doc_next(e), n++)
        if (entity_holds(condition, e, type, rest))
            return true;
    return false;
}

bool vl_suppress_matches(const struct vl_doc_node *scope, const struct vl_doc_node *entities)
{
    const struct vl_doc_node *all = vl_doc_get(scope, "allOf");
    for (const struct vl_doc_node *c = vl_doc_first(all); c; c = vl_doc_next(c))
        if (!condition_holds(c, entities))
            return false;
    return true;
}
