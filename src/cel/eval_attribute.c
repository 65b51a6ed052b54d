/* Attributes: variables and values with a chain of fields and indices. Source: cel-go
 * interpreter/attributes.go. */
#include <math.h>

#include "program.h"
#include "value_impl.h"

const char *vl_cel_go_type(struct vl_cel_value value)
{
    static const char *const names[] = {
        [VL_CEL_NULL] = "types.Null",
        [VL_CEL_BOOL] = "types.Bool",
        [VL_CEL_INT] = "types.Int",
        [VL_CEL_UINT] = "types.Uint",
        [VL_CEL_DOUBLE] = "types.Double",
        [VL_CEL_STRING] = "types.String",
        [VL_CEL_BYTES] = "types.Bytes",
        [VL_CEL_TIMESTAMP] = "types.Timestamp",
        [VL_CEL_DURATION] = "types.Duration",
        [VL_CEL_LIST] = "*types.baseList",
        [VL_CEL_MAP] = "*types.baseMap",
        [VL_CEL_TYPE] = "*types.Type",
        [VL_CEL_OPTIONAL] = "*types.Optional",
    };
    if (value.kind == VL_CEL_LIST && value.unused == VL_CEL_LIST_SUM)
        return "*types.concatList";
    if (value.kind < VL_ARRAY_LEN(names) && names[value.kind])
        return names[value.kind];
    return vl_cel_type_name(value);
}

/* What the value of an attribute is before cel-go makes it one of its own. */
static const char *native_type(struct vl_cel_value value)
{
    if (value.kind == VL_CEL_NULL)
        return "<nil>";
    if (value.kind == VL_CEL_LIST && value.repr == VL_CEL_REPR_DOC)
        return "[]interface {}";
    if (value.kind == VL_CEL_MAP && value.repr == VL_CEL_REPR_DOC)
        return "map[string]interface {}";
    return vl_cel_go_type(value);
}

static bool is_native(const struct vl_cel_op *op)
{
    return op->eval == vl_cel_eval_attribute || op->eval == vl_cel_eval_conditional;
}

struct vl_cel_value vl_cel_slot_value(struct vl_cel_run *run, unsigned slot)
{
    struct vl_cel_slot *s = &run->slots[slot];
    if (!s->ready) {
        struct vl_cel_value value = s->init->eval(run, s->init);
        s = &run->slots[slot];
        s->value = value;
        s->ready = true;
    }
    return s->value;
}

static struct vl_cel_value missing_key(struct vl_cel_run *run, uint32_t offset, struct vl_cel_value key)
{
    run->offset = offset;
    struct vl_cel_value text = vl_cel_value_text(run, key);
    return vl_cel_fail(run, "no such key: %.*s", VL_SPAN_FMT(vl_cel_span(text)));
}

/* A number as the index of a list. */
static bool index_of(struct vl_cel_value key, int64_t *ret)
{
    switch (key.kind) {
    case VL_CEL_INT:
        *ret = key.as.i;
        return true;
    case VL_CEL_UINT:
        *ret = key.as.i;
        return key.as.u <= INT64_MAX;
    case VL_CEL_DOUBLE:
        if (!(key.as.d > -VL_CEL_TWO_63 && key.as.d < VL_CEL_TWO_63) || floor(key.as.d) != key.as.d)
            return false;
        *ret = (int64_t)key.as.d;
        return true;
    default:
        return false;
    }
}

/* What a step of the chain asks. */
struct step {
    uint32_t offset;
    bool presence;   /* absence is no error */
    bool is_present; /* out */
};

static struct vl_cel_value find_in_list(
    struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value key, struct step *step)
{
    int64_t index = 0;
    if (!index_of(key, &index)) {
        run->offset = step->offset;
        if (key.kind != VL_CEL_UINT && key.kind != VL_CEL_DOUBLE)
            return vl_cel_fail(run, "unsupported index type '%s' in list", vl_cel_type_name(key));
        struct vl_cel_value text = vl_cel_value_text(run, key);
        return vl_cel_fail(run, "unsupported index value %.*s in list", VL_SPAN_FMT(vl_cel_span(text)));
    }
    if (index >= 0 && (uint64_t)index < vl_cel_list_size(list)) {
        step->is_present = true;
        return vl_cel_run_item(run, list, (size_t)index);
    }
    if (step->presence)
        return vl_cel_null();
    run->offset = step->offset;
    struct vl_cel_value text = vl_cel_value_text(run, key);
    return vl_cel_fail(run, "index out of bounds: %.*s", VL_SPAN_FMT(vl_cel_span(text)));
}

static struct vl_cel_value find(
    struct vl_cel_run *run, struct vl_cel_value object, struct vl_cel_value key, struct step *step)
{
    struct vl_cel_value value;
    step->is_present = false;
    vl_cel_walk(run, key);
    if (object.kind == VL_CEL_MAP) {
        if (vl_cel_map_get(object, key, &value)) {
            step->is_present = true;
            return value;
        }
        return step->presence ? vl_cel_null() : missing_key(run, step->offset, key);
    }
    if (object.kind == VL_CEL_LIST)
        return find_in_list(run, object, key, step);
    return step->presence && !run->strict_presence ? vl_cel_null() : missing_key(run, step->offset, key);
}

/* The computed index; an error where it is no key. */
static struct vl_cel_value computed_key(struct vl_cel_run *run, const struct vl_cel_qualifier *qualifier)
{
    struct vl_cel_value key = qualifier->index->eval(run, qualifier->index);
    switch (key.kind) {
    case VL_CEL_BOOL:
    case VL_CEL_INT:
    case VL_CEL_UINT:
    case VL_CEL_DOUBLE:
    case VL_CEL_STRING:
    case VL_CEL_ERROR:
        return key;
    default:
        run->offset = qualifier->offset;
        return vl_cel_fail(run, "invalid qualifier type: %s",
            is_native(qualifier->index) ? native_type(key) : vl_cel_go_type(key));
    }
}

/* One step. In an optional chain an absent value ends it (*ret_absent) and costs nothing. */
static struct vl_cel_value qualify(struct vl_cel_run *run, const struct vl_cel_qualifier *qualifier,
    struct vl_cel_value object, bool in_optional, bool *ret_absent)
{
    struct vl_cel_value key = qualifier->key;
    if (qualifier->kind == VL_CEL_QUALIFIER_INDEX) {
        key = computed_key(run, qualifier);
        if (key.kind == VL_CEL_ERROR) {
            if (!in_optional)
                vl_cel_spend(run, 1);
            return key;
        }
    }
    struct step step = {.offset = qualifier->offset, .presence = in_optional || qualifier->test_only};
    struct vl_cel_value value = find(run, object, key, &step);
    *ret_absent = in_optional && !step.is_present && value.kind != VL_CEL_ERROR;
    if (!in_optional || step.is_present)
        vl_cel_spend(run, 1);
    if (qualifier->test_only && value.kind != VL_CEL_ERROR)
        return vl_cel_bool(step.is_present);
    return value;
}

static struct vl_cel_value base_of(struct vl_cel_run *run, const struct vl_cel_attribute *a)
{
    switch ((enum vl_cel_base_kind)a->base) {
    case VL_CEL_BASE_VARIABLE:
        if (a->index < run->n_bindings && run->bindings[a->index].kind == VL_CEL_BOUND)
            return run->bindings[a->index].value;
        return vl_cel_variable_value(run, a->index, a->name);
    case VL_CEL_BASE_SLOT:
        return vl_cel_slot_value(run, a->index);
    case VL_CEL_BASE_OPERAND:
        return a->operand->eval(run, a->operand);
    case VL_CEL_BASE_UNKNOWN:
        break;
    }
    return vl_cel_fail(run, "no such attribute(s): %s", a->name);
}

static struct vl_cel_value walk(
    struct vl_cel_run *run, const struct vl_cel_attribute *a, struct vl_cel_value value)
{
    bool optional = value.kind == VL_CEL_OPTIONAL;
    if (optional) {
        if (!value.as.inner)
            return a->test ? vl_cel_bool(false) : value;
        value = *value.as.inner;
    }
    for (unsigned i = 0; i < a->n; i++) {
        const struct vl_cel_qualifier *qualifier = &a->qualifiers[i];
        optional = optional || qualifier->optional;
        bool absent = false;
        value = qualify(run, qualifier, value, optional, &absent);
        if (value.kind == VL_CEL_ERROR)
            return value;
        if (absent)
            return a->test ? vl_cel_bool(false) : vl_cel_optional_none();
    }
    return optional && !a->test ? vl_cel_optional(run->arena, value) : value;
}

struct vl_cel_value vl_cel_eval_attribute(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    const struct vl_cel_attribute *a = op->as.attribute;
    struct vl_cel_value value = base_of(run, a);
    if (a->n && value.kind != VL_CEL_ERROR)
        value = walk(run, a, value);
    if (!a->resolved)
        vl_cel_spend(run, 1);
    return value;
}
