/* Messages as literals: google.protobuf.Int64Value{value: 1} and its kin are plain values; nothing else can
 * be built in Kubernetes. */
#include <string.h>

#include "cost.h"
#include "message.h"
#include "number_text.h"
#include "program.h"
#include "value_impl.h"

static struct vl_cel_value field_of(const struct vl_cel_op *op, const struct vl_cel_value *values,
    const char *name, struct vl_cel_value absent)
{
    for (unsigned i = op->n; i > 0; i--)
        if (vl_span_eq_str(op->as.literal->fields[i - 1], name))
            return values[i - 1];
    return absent;
}

static struct vl_cel_value make_time(
    struct vl_cel_run *run, const struct vl_cel_op *op, const struct vl_cel_value *values)
{
    struct vl_cel_value seconds = field_of(op, values, "seconds", vl_cel_int(0));
    struct vl_cel_value nanos = field_of(op, values, "nanos", vl_cel_int(0));
    if (seconds.kind != VL_CEL_INT || nanos.kind != VL_CEL_INT || nanos.as.i <= -1000000000 ||
        nanos.as.i >= 1000000000)
        return vl_cel_no_overload(run);
    if (vl_span_ends_with(vl_span_str(op->as.literal->name), "Duration")) {
        int64_t ns;
        if (__builtin_mul_overflow(seconds.as.i, INT64_C(1000000000), &ns) ||
            __builtin_add_overflow(ns, nanos.as.i, &ns))
            return vl_cel_fail(run, "integer overflow");
        return vl_cel_duration(ns);
    }
    if (seconds.as.i < VL_CEL_TIME_MIN || seconds.as.i > VL_CEL_TIME_MAX || nanos.as.i < 0)
        return vl_cel_fail(run, "timestamp overflow");
    return vl_cel_timestamp(seconds.as.i, (uint32_t)nanos.as.i);
}

/* What the message holds where nothing is set; an error kind for messages that are no plain value. */
static struct vl_cel_value default_of(struct vl_cel_run *run, const char *name)
{
    if (strcmp(name, "google.protobuf.Any") == 0)
        return vl_cel_fail(run, "conversion error: got invalid google.protobuf.Any message type: ");
    const struct vl_cel_type *type = vl_cel_message_type(vl_span_str(name));
    const struct vl_cel_type *inner = type && type->kind == VL_CEL_T_WRAPPER ? type->params[0] : type;
    switch (inner ? inner->kind : VL_CEL_T_ERROR) {
    case VL_CEL_T_BOOL:
        return vl_cel_bool(false);
    case VL_CEL_T_INT:
        return vl_cel_int(0);
    case VL_CEL_T_UINT:
        return vl_cel_uint(0);
    case VL_CEL_T_DOUBLE:
        return vl_cel_double(0);
    case VL_CEL_T_STRING:
        return vl_cel_string(VL_SPAN_EMPTY);
    case VL_CEL_T_BYTES:
        return vl_cel_bytes(VL_SPAN_EMPTY);
    case VL_CEL_T_LIST:
        return vl_cel_list_new(run->arena, NULL, 0);
    case VL_CEL_T_MAP:
        return vl_cel_map_new(run->arena, NULL, NULL, 0);
    case VL_CEL_T_DYN:
        return vl_cel_null();
    default:
        return vl_cel_fail(run, "unknown type: %s", name);
    }
}

/* Numbers of 32 bits have their ranges. */
static bool in_range(const char *name, struct vl_cel_value value)
{
    if (strcmp(name, "google.protobuf.Int32Value") == 0)
        return value.kind != VL_CEL_INT || (value.as.i >= INT32_MIN && value.as.i <= INT32_MAX);
    if (strcmp(name, "google.protobuf.UInt32Value") == 0)
        return value.kind != VL_CEL_UINT || value.as.u <= UINT32_MAX;
    return true;
}

static struct vl_cel_value make_message(
    struct vl_cel_run *run, const struct vl_cel_op *op, const struct vl_cel_value *values)
{
    const char *name = op->as.literal->name;
    if (strcmp(name, "google.protobuf.Timestamp") == 0 || strcmp(name, "google.protobuf.Duration") == 0)
        return make_time(run, op, values);
    if (op->n == 0)
        return default_of(run, name);
    struct vl_cel_value value = values[op->n - 1];
    if (!in_range(name, value))
        return vl_cel_fail(run, value.kind == VL_CEL_INT ? "integer overflow" : "unsigned integer overflow");
    if (vl_span_eq_str(op->as.literal->fields[op->n - 1], "null_value"))
        return vl_cel_null();
    if (strcmp(name, "google.protobuf.FloatValue") == 0 && value.kind == VL_CEL_DOUBLE)
        return vl_cel_double((double)(float)value.as.d);
    return value;
}

static struct vl_cel_value eval_message(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value values[VL_CEL_ARGS_MAX], result = vl_cel_null();
    for (unsigned i = 0; i < op->n && result.kind != VL_CEL_ERROR; i++) {
        values[i] = op->args[i]->eval(run, op->args[i]);
        if (values[i].kind == VL_CEL_ERROR)
            result = values[i];
        else if (op->as.literal->optionals[i] && values[i].kind == VL_CEL_OPTIONAL)
            values[i] = values[i].as.inner ? *values[i].as.inner : vl_cel_null();
    }
    run->offset = op->offset;
    if (result.kind != VL_CEL_ERROR)
        result = make_message(run, op, values);
    vl_cel_spend(run, VL_CEL_COST_STRUCT);
    return result;
}

/* The name of a message that is known, in the container where the checker did not find it; NULL after a
 * failure. */
static const char *message_name(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    struct vl_span name = node->resolved.len ? node->resolved : node->as.map.type_name, full;
    struct vl_cel_candidates *candidates = vl_arena_alloc(c->arena, sizeof(*candidates));
    if (!candidates)
        return NULL;
    vl_cel_candidates_start(candidates, c->env, name);
    while (vl_cel_candidates_next(candidates, &full))
        if (vl_cel_message_type(full))
            return vl_arena_dup_span(c->arena, full);
    c->r = vl_err_set(c->err, VL_ERR_INVALID, "unknown type: %.*s", VL_SPAN_FMT(name));
    return NULL;
}

struct vl_cel_op *vl_cel_compile_message(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    unsigned n = node->as.map.n;
    if (n > VL_CEL_ARGS_MAX) {
        c->r = vl_err_set(
            c->err, VL_ERR_UNSUPPORTED, "a message literal of more than %d fields", VL_CEL_ARGS_MAX);
        return NULL;
    }
    struct vl_cel_op *op = vl_cel_op_new(c, node, eval_message, n);
    struct vl_cel_literal *literal = vl_arena_alloc(c->arena, sizeof(*literal));
    struct vl_span *fields = vl_arena_array(c->arena, n + 1U, sizeof(*fields));
    bool *optionals = vl_arena_array(c->arena, n + 1U, sizeof(*optionals));
    if (!op || !literal || !fields || !optionals)
        return NULL;
    op->as.literal = literal;
    literal->fields = fields;
    literal->optionals = optionals;
    literal->name = message_name(c, node);
    if (!literal->name)
        return NULL;
    for (unsigned i = 0; i < n; i++) {
        const struct vl_cel_entry *entry = &node->as.map.entries[i];
        fields[i] = (struct vl_span){vl_arena_dup_span(c->arena, entry->field), entry->field.len};
        optionals[i] = entry->optional;
        op->args[i] = vl_cel_compile_node(c, entry->value);
        if (!fields[i].ptr || !op->args[i])
            return NULL;
    }
    return op;
}
