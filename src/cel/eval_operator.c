/* Operators on two values: equality, order, arithmetic, membership. A call costs its price where all its
 * arguments were computed; where one before the last is an error, it costs nothing (cel-go's tracker does not
 * find the rest). */
#include <string.h>

#include "number_text.h"
#include "program.h"
#include "standard.h"
#include "value_impl.h"

static void charge(struct vl_cel_run *run, const struct vl_cel_op *op, const struct vl_cel_value *args,
    struct vl_cel_value result)
{
    vl_cel_spend(run, op->price ? op->price(args, op->n, result) : 1);
}

/* Both arguments. False where one is an error, which is then in args[0]. */
static bool both(struct vl_cel_run *run, const struct vl_cel_op *op, struct vl_cel_value args[2])
{
    args[0] = op->args[0]->eval(run, op->args[0]);
    if (args[0].kind == VL_CEL_ERROR)
        return false;
    args[1] = op->args[1]->eval(run, op->args[1]);
    if (args[1].kind == VL_CEL_ERROR) {
        charge(run, op, args, args[1]);
        args[0] = args[1];
        return false;
    }
    return true;
}

/* Values of libraries compare with their own kind only, also as what optionals hold. */
static bool comparable(struct vl_cel_value a, struct vl_cel_value b)
{
    while (a.kind == VL_CEL_OPTIONAL && b.kind == VL_CEL_OPTIONAL && a.as.inner && b.as.inner) {
        a = *a.as.inner;
        b = *b.as.inner;
    }
    return vl_cel_opaque_comparable(a, b);
}

struct vl_cel_value vl_cel_eval_equal(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value args[2];
    if (!both(run, op, args))
        return args[0];
    bool same = vl_cel_run_equal(run, args[0], args[1]);
    struct vl_cel_value result = vl_cel_bool(same == (op->code == VL_CEL_OP_EQ));
    if (op->code == VL_CEL_OP_EQ && !comparable(args[0], args[1]))
        result = vl_cel_no_overload(run);
    charge(run, op, args, result);
    return result;
}

/* What cel-go calls traits: which kinds an operator knows on its left. */
#define BIT(kind) (1U << (kind))
#define NUMBERS   (BIT(VL_CEL_INT) | BIT(VL_CEL_UINT) | BIT(VL_CEL_DOUBLE))
#define TIMES     (BIT(VL_CEL_TIMESTAMP) | BIT(VL_CEL_DURATION))
#define TEXTS     (BIT(VL_CEL_STRING) | BIT(VL_CEL_BYTES))
#define RECEIVERS (BIT(VL_CEL_STRING) | TIMES)

static uint32_t left_kinds(enum vl_cel_operator op)
{
    switch (op) {
    case VL_CEL_OP_ADD:
        return NUMBERS | TIMES | TEXTS | BIT(VL_CEL_LIST);
    case VL_CEL_OP_SUB:
        return NUMBERS | TIMES;
    case VL_CEL_OP_MUL:
    case VL_CEL_OP_DIV:
        return NUMBERS;
    case VL_CEL_OP_MOD:
        return BIT(VL_CEL_INT) | BIT(VL_CEL_UINT);
    case VL_CEL_OP_NEG:
        return NUMBERS | BIT(VL_CEL_DURATION) | BIT(VL_CEL_BOOL);
    default:
        return NUMBERS | TIMES | TEXTS | BIT(VL_CEL_BOOL);
    }
}

static struct vl_cel_value no_operator(
    struct vl_cel_run *run, enum vl_cel_operator op, struct vl_cel_value left)
{
    static const char *const names[] = {
        [VL_CEL_OP_LT] = "_<_",
        [VL_CEL_OP_LE] = "_<=_",
        [VL_CEL_OP_GT] = "_>_",
        [VL_CEL_OP_GE] = "_>=_",
        [VL_CEL_OP_ADD] = "_+_",
        [VL_CEL_OP_SUB] = "_-_",
        [VL_CEL_OP_MUL] = "_*_",
        [VL_CEL_OP_DIV] = "_/_",
        [VL_CEL_OP_MOD] = "_%_",
        [VL_CEL_OP_NEG] = "-_",
    };
    if ((left_kinds(op) | RECEIVERS) & BIT(left.kind))
        return vl_cel_no_overload(run);
    return vl_cel_fail(run, "no such overload: %s", names[op]);
}

static struct vl_cel_value order(
    struct vl_cel_run *run, enum vl_cel_operator op, struct vl_cel_value a, struct vl_cel_value b)
{
    bool ordered;
    int r = vl_cel_compare(a, b, &ordered);
    if (!ordered) {
        bool nan =
            (a.kind == VL_CEL_DOUBLE && a.as.d != a.as.d) || (b.kind == VL_CEL_DOUBLE && b.as.d != b.as.d);
        /* NaN is beside everything that can be compared at all. */
        return nan && (left_kinds(op) & BIT(a.kind)) ? vl_cel_bool(false) : no_operator(run, op, a);
    }
    switch (op) {
    case VL_CEL_OP_LT:
        return vl_cel_bool(r < 0);
    case VL_CEL_OP_LE:
        return vl_cel_bool(r <= 0);
    case VL_CEL_OP_GT:
        return vl_cel_bool(r > 0);
    default:
        return vl_cel_bool(r >= 0);
    }
}

struct vl_cel_value vl_cel_eval_order(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value args[2];
    if (!both(run, op, args))
        return args[0];
    run->offset = op->offset;
    struct vl_cel_value result = order(run, (enum vl_cel_operator)op->code, args[0], args[1]);
    charge(run, op, args, result);
    return result;
}

/* --- arithmetic --- */

static struct vl_cel_value int_arithmetic(
    struct vl_cel_run *run, enum vl_cel_operator op, int64_t a, int64_t b)
{
    int64_t r = 0;
    bool overflow = false;
    switch (op) {
    case VL_CEL_OP_ADD:
        overflow = __builtin_add_overflow(a, b, &r);
        break;
    case VL_CEL_OP_SUB:
        overflow = __builtin_sub_overflow(a, b, &r);
        break;
    case VL_CEL_OP_MUL:
        overflow = __builtin_mul_overflow(a, b, &r);
        break;
    case VL_CEL_OP_DIV:
        if (b == 0)
            return vl_cel_fail(run, "division by zero");
        overflow = a == INT64_MIN && b == -1;
        r = overflow ? 0 : a / b;
        break;
    default:
        if (b == 0)
            return vl_cel_fail(run, "modulus by zero");
        overflow = a == INT64_MIN && b == -1;
        r = overflow ? 0 : a % b;
        break;
    }
    return overflow ? vl_cel_fail(run, "integer overflow") : vl_cel_int(r);
}

static struct vl_cel_value uint_arithmetic(
    struct vl_cel_run *run, enum vl_cel_operator op, uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    bool overflow = false;
    switch (op) {
    case VL_CEL_OP_ADD:
        overflow = __builtin_add_overflow(a, b, &r);
        break;
    case VL_CEL_OP_SUB:
        overflow = __builtin_sub_overflow(a, b, &r);
        break;
    case VL_CEL_OP_MUL:
        overflow = __builtin_mul_overflow(a, b, &r);
        break;
    case VL_CEL_OP_DIV:
        if (b == 0)
            return vl_cel_fail(run, "division by zero");
        r = a / b;
        break;
    default:
        if (b == 0)
            return vl_cel_fail(run, "modulus by zero");
        r = a % b;
        break;
    }
    return overflow ? vl_cel_fail(run, "unsigned integer overflow") : vl_cel_uint(r);
}

static struct vl_cel_value double_arithmetic(
    struct vl_cel_run *run, enum vl_cel_operator op, double a, double b)
{
    switch (op) {
    case VL_CEL_OP_ADD:
        return vl_cel_double(a + b);
    case VL_CEL_OP_SUB:
        return vl_cel_double(a - b);
    case VL_CEL_OP_MUL:
        return vl_cel_double(a * b);
    case VL_CEL_OP_DIV:
        return vl_cel_double(a / b);
    default:
        return vl_cel_fail(run, "no such overload: _%%_");
    }
}

static struct vl_cel_value add_texts(struct vl_cel_run *run, struct vl_cel_value a, struct vl_cel_value b)
{
    size_t len = (size_t)a.len + b.len;
    if (b.len == 0 || a.len == 0)
        return b.len ? b : a;
    char *text = len <= UINT32_MAX ? vl_arena_alloc(run->arena, len) : NULL;
    if (!text)
        return vl_cel_fail(run, "memory limit of the evaluation exceeded");
    memcpy(text, a.as.bytes, a.len);
    memcpy(text + a.len, b.as.bytes, b.len);
    struct vl_span span = {text, len};
    return a.kind == VL_CEL_STRING ? vl_cel_string(span) : vl_cel_bytes(span);
}

/* A timestamp `ns` later; it keeps its offset. */
static struct vl_cel_value later(struct vl_cel_run *run, struct vl_cel_value t, int64_t ns)
{
    int64_t seconds = t.as.i + ns / 1000000000, nanos = (int64_t)t.len + ns % 1000000000;
    if (nanos < 0 || nanos >= 1000000000) {
        seconds += nanos < 0 ? -1 : 1;
        nanos += nanos < 0 ? 1000000000 : -1000000000;
    }
    if (seconds < VL_CEL_TIME_MIN || seconds > VL_CEL_TIME_MAX)
        return vl_cel_fail(run, "timestamp overflow");
    return vl_cel_timestamp_at(seconds, (uint32_t)nanos, vl_cel_timestamp_offset(t));
}

static struct vl_cel_value between(struct vl_cel_run *run, struct vl_cel_value a, struct vl_cel_value b)
{
    int64_t ns;
    if (__builtin_mul_overflow(a.as.i - b.as.i, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t)a.len - (int64_t)b.len, &ns))
        return vl_cel_fail(run, "integer overflow");
    return vl_cel_duration(ns);
}

static struct vl_cel_value time_arithmetic(
    struct vl_cel_run *run, bool adds, struct vl_cel_value a, struct vl_cel_value b)
{
    int64_t ns;
    if (a.kind == VL_CEL_DURATION && b.kind == VL_CEL_DURATION) {
        bool overflow =
            adds ? __builtin_add_overflow(a.as.i, b.as.i, &ns) : __builtin_sub_overflow(a.as.i, b.as.i, &ns);
        return overflow ? vl_cel_fail(run, "integer overflow") : vl_cel_duration(ns);
    }
    if (a.kind == VL_CEL_TIMESTAMP && b.kind == VL_CEL_DURATION) {
        if (!adds && b.as.i == INT64_MIN)
            return vl_cel_fail(run, "integer overflow");
        return later(run, a, adds ? b.as.i : -b.as.i);
    }
    if (adds && a.kind == VL_CEL_DURATION && b.kind == VL_CEL_TIMESTAMP)
        return later(run, b, a.as.i);
    if (!adds && a.kind == VL_CEL_TIMESTAMP && b.kind == VL_CEL_TIMESTAMP)
        return between(run, a, b);
    return vl_cel_no_overload(run);
}

struct vl_cel_value vl_cel_arithmetic(
    struct vl_cel_run *run, enum vl_cel_operator op, struct vl_cel_value a, struct vl_cel_value b)
{
    if (a.kind == VL_CEL_INT && b.kind == VL_CEL_INT)
        return int_arithmetic(run, op, a.as.i, b.as.i);
    if (a.kind == VL_CEL_UINT && b.kind == VL_CEL_UINT)
        return uint_arithmetic(run, op, a.as.u, b.as.u);
    if (a.kind == VL_CEL_DOUBLE && b.kind == VL_CEL_DOUBLE)
        return double_arithmetic(run, op, a.as.d, b.as.d);
    bool adds = op == VL_CEL_OP_ADD;
    if ((adds || op == VL_CEL_OP_SUB) && (BIT(a.kind) & TIMES))
        return time_arithmetic(run, adds, a, b);
    if (adds && a.kind == b.kind && (BIT(a.kind) & TEXTS))
        return add_texts(run, a, b);
    if (adds && a.kind == VL_CEL_LIST && b.kind == VL_CEL_LIST) {
        struct vl_cel_value sum;
        return vl_cel_list_concat(run->arena, a, b, &sum) ? sum : vl_cel_fail(run, "integer overflow");
    }
    return no_operator(run, op, a);
}

struct vl_cel_value vl_cel_eval_arithmetic(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value args[2];
    if (!both(run, op, args))
        return args[0];
    if (run->over)
        return vl_cel_run_stopped(run);
    run->offset = op->offset;
    struct vl_cel_value result = vl_cel_arithmetic(run, (enum vl_cel_operator)op->code, args[0], args[1]);
    charge(run, op, args, result);
    return result;
}

static struct vl_cel_value negate(struct vl_cel_run *run, struct vl_cel_value value)
{
    switch (value.kind) {
    case VL_CEL_ERROR:
        return value;
    case VL_CEL_INT:
    case VL_CEL_DURATION:
        if (value.as.i == INT64_MIN)
            return vl_cel_fail(run, "integer overflow");
        return value.kind == VL_CEL_INT ? vl_cel_int(-value.as.i) : vl_cel_duration(-value.as.i);
    case VL_CEL_DOUBLE:
        return vl_cel_double(-value.as.d);
    case VL_CEL_UINT:
        return vl_cel_fail(run, "no such overload: -_");
    default:
        return no_operator(run, VL_CEL_OP_NEG, value);
    }
}

struct vl_cel_value vl_cel_eval_negate(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value value = op->args[0]->eval(run, op->args[0]);
    run->offset = op->offset;
    vl_cel_spend(run, 1);
    return negate(run, value);
}

/* --- membership --- */

static bool list_has(struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value item)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value other;
    while (vl_cel_iter_next(&iter, NULL, &other) && !run->over)
        if (vl_cel_run_equal(run, item, other))
            return true;
    return false;
}

struct vl_cel_value vl_cel_eval_in(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value args[2], found, result;
    if (!both(run, op, args))
        return args[0];
    run->offset = op->offset;
    vl_cel_walk(run, args[0]);
    if (args[1].kind == VL_CEL_MAP)
        result = vl_cel_bool(vl_cel_map_get(args[1], args[0], &found));
    else if (args[1].kind == VL_CEL_LIST)
        result = vl_cel_bool(list_has(run, args[1], args[0]));
    else
        result = vl_cel_no_overload(run);
    charge(run, op, args, result);
    return result;
}

/* A constant list of scalars became a set: looking into it costs nothing. */
struct vl_cel_value vl_cel_eval_in_set(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value value = op->args[0]->eval(run, op->args[0]), found;
    switch (value.kind) {
    case VL_CEL_ERROR:
        return value;
    case VL_CEL_BOOL:
    case VL_CEL_INT:
    case VL_CEL_UINT:
    case VL_CEL_DOUBLE:
    case VL_CEL_STRING:
        return vl_cel_bool(vl_cel_map_get(op->as.set, value, &found));
    default:
        return vl_cel_bool(false);
    }
}
