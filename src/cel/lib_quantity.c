/* Quantities: "1.5Gi", "100m", "1e3". Arithmetic, canonical texts and even the aliasing of large numbers are
 * those of Kubernetes' resource.Quantity: small numbers are an int64 and a scale, others a decimal that
 * copies share. Source: k8s.io/apimachinery pkg/api/resource (behaviour), k8s.io/apiserver
 * pkg/cel/library/quantity.go. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "decimal.h"
#include "lib_support.h"

#define NANO              (-9)
#define FACTORS_MAX       18 /* decimal digits that always fit in an int64 */
#define QUANTITY_TEXT_MAX (VL_CEL_DECIMAL_DIGITS_MAX + 64)

enum format { DECIMAL_EXPONENT, BINARY_SI, DECIMAL_SI };

/* What a quantity is; changes when it is compared with a large one, as upstream. */
struct state {
    int64_t value;
    int32_t scale;
    struct vl_cel_decimal *decimal; /* NULL: value * 10^scale; else shared with copies */
    enum format format;
    struct vl_span text; /* as it was written, where that is canonical enough; else empty */
};

struct quantity {
    const struct vl_cel_opaque_ops *ops;
    struct state *state;
    struct vl_arena *arena;
    bool made; /* by add or sub: upstream compares nothing with such a one on the right side */
};

static const char wrong_form[] = "quantities must match the regular expression "
                                 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
static const char wrong_number[] = "unable to parse numeric part of quantity";
static const char wrong_suffix[] = "unable to parse quantity's suffix";
static const char too_large[] = "quantity has too many digits";

/* --- int64 arithmetic as upstream's, which gives up where a product does not fit --- */

/* value * 10^scale */
static bool scale_up(int64_t value, int64_t scale, int64_t *ret)
{
    for (; scale > 0 && value != 0; scale--)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *ret = value;
    return true;
}

static bool as_decimal(struct vl_arena *arena, const struct state *state, struct vl_cel_decimal *ret)
{
    if (state->decimal) {
        *ret = *state->decimal;
        return true;
    }
    return vl_cel_decimal_of_int(arena, state->value, (int32_t)(0 - (uint32_t)state->scale), ret);
}

static bool is_zero(const struct state *state)
{
    return state->decimal ? state->decimal->n == 0 : state->value == 0;
}

static int sign_of(const struct state *state)
{
    if (is_zero(state))
        return 0;
    return (state->decimal ? state->decimal->negative : state->value < 0) ? -1 : 1;
}

static int compare(struct vl_arena *arena, const struct state *a, const struct state *b)
{
    struct vl_cel_decimal x, y;
    if (!a->decimal && !b->decimal && a->scale == b->scale)
        return a->value < b->value ? -1 : a->value > b->value;
    if (!as_decimal(arena, a, &x) || !as_decimal(arena, b, &y))
        return 0; /* the arena remembers */
    return vl_cel_decimal_cmp(arena, &x, &y);
}

/* --- reading --- */

struct parts {
    bool negative;
    struct vl_span value, num, denom, suffix;
};

static size_t skip(struct vl_span text, size_t pos, const char *set)
{
    while (pos < text.len && text.ptr[pos] && strchr(set, text.ptr[pos]))
        pos++;
    return pos;
}

static bool split_parts(struct vl_span text, struct parts *ret)
{
    static const char digits[] = "0123456789";
    struct parts parts = {0};
    size_t pos = 0, start;
    if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        parts.negative = text.ptr[0] == '-';
        pos = 1;
    }
    pos = skip(text, pos, "0");
    start = pos;
    pos = skip(text, pos, digits);
    parts.num = pos > start ? vl_span_slice(text, start, pos) : VL_SPAN_LIT("0");
    if (pos < text.len && text.ptr[pos] == '.') {
        start = pos + 1;
        pos = skip(text, start, digits);
        parts.denom = vl_span_slice(text, start, pos);
    }
    parts.value = vl_span_slice(text, 0, pos);
    start = pos;
    pos = skip(text, pos, "eEinumkKMGTP");
    if (pos < text.len && (text.ptr[pos] == '-' || text.ptr[pos] == '+'))
        pos++;
    pos = skip(text, pos, digits);
    parts.suffix = vl_span_slice(text, start, text.len);
    *ret = parts;
    return pos == text.len;
}

/* As strconv.ParseInt, base 10. */
static bool parse_int(struct vl_span text, int64_t *ret)
{
    bool negative = text.len && text.ptr[0] == '-';
    if (text.len && (negative || text.ptr[0] == '+'))
        text = vl_span_slice(text, 1, text.len);
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text.ptr[i] - '0', &value))
            return false;
    }
    if (text.len == 0 || (!negative && value == INT64_MIN))
        return false;
    *ret = negative ? value : -value;
    return true;
}

static const struct {
    const char *suffix;
    unsigned base;
    int exponent;
} suffixes[] = {
    {"", 10, 0},
    {"n", 10, -9},
    {"u", 10, -6},
    {"m", 10, -3},
    {"k", 10, 3},
    {"M", 10, 6},
    {"G", 10, 9},
    {"T", 10, 12},
    {"P", 10, 15},
    {"E", 10, 18},
    {"Ki", 2, 10},
    {"Mi", 2, 20},
    {"Gi", 2, 30},
    {"Ti", 2, 40},
    {"Pi", 2, 50},
    {"Ei", 2, 60},
};

static bool interpret(struct vl_span suffix, int32_t *ret_exponent, enum format *ret_format)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(suffixes); i++) {
        if (!vl_span_eq_str(suffix, suffixes[i].suffix))
            continue;
        *ret_exponent = suffixes[i].exponent;
        *ret_format = suffixes[i].base == 2 ? BINARY_SI : DECIMAL_SI;
        return true;
    }
    int64_t exponent;
    if (suffix.len < 2 || (suffix.ptr[0] != 'e' && suffix.ptr[0] != 'E') ||
        !parse_int(vl_span_slice(suffix, 1, suffix.len), &exponent))
        return false;
    *ret_exponent = (int32_t)(uint32_t)(uint64_t)exponent; /* upstream cuts it, too */
    *ret_format = DECIMAL_EXPONENT;
    return true;
}

static int32_t wrap_sub(int32_t a, size_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/* Numbers that fit in an int64. False where this one does not. */
static bool read_small(
    const struct parts *parts, struct vl_span text, int32_t exponent, enum format format, struct state *ret)
{
    int64_t precision, mantissa = 1;
    int32_t scale = 0;
    if (format != BINARY_SI) {
        scale = exponent;
        precision = FACTORS_MAX - (int64_t)(parts->num.len + parts->denom.len);
    } else {
        if (parts->denom.len)
            return false;
        mantissa = INT64_C(1) << exponent;
        precision = 15 - (int64_t)parts->num.len - (int64_t)((float)exponent * 3 / 10) - 1;
    }
    scale = wrap_sub(scale, parts->denom.len);
    if (precision < 0 || scale < NANO)
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < parts->num.len; i++)
        value = value * 10 + (parts->num.ptr[i] - '0');
    for (size_t i = 0; i < parts->denom.len; i++)
        value = value * 10 + (parts->denom.ptr[i] - '0');
    char first = parts->num.ptr[0];
    int64_t last = value % 1000;
    bool long_zero = parts->num.len + parts->denom.len >= 3 && last == 0;
    bool keep = format == BINARY_SI ? exponent % 10 == 0 && (value & 7) != 0
                                    : scale % 3 == 0 && !long_zero && first != '0';
    int64_t product;
    if (__builtin_mul_overflow(value, mantissa, &product))
        return false;
    *ret = (struct state){.value = parts->negative ? -product : product, .scale = scale, .format = format};
    if (keep)
        ret->text = text;
    return true;
}

static bool digit(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != '.' && s.ptr[i] != '-' && s.ptr[i] != '+')
            return true;
    return false;
}

static const char *read_large(struct vl_arena *arena, const struct parts *parts, int32_t exponent,
    enum format format, struct state *ret)
{
    struct vl_span digits = parts->value;
    if (digits.len && (digits.ptr[0] == '-' || digits.ptr[0] == '+'))
        digits = vl_span_slice(digits, 1, digits.len);
    if (!digit(digits))
        return wrong_number;
    struct vl_cel_decimal *amount = vl_arena_alloc(arena, sizeof(*amount)), most, one;
    bool exact;
    if (!amount || !vl_cel_decimal_of_digits(arena, digits, amount))
        return too_large;
    if (format == BINARY_SI) {
        if (!vl_cel_decimal_shift(arena, amount, (unsigned)exponent))
            return too_large;
    } else {
        amount->scale = wrap_sub(amount->scale, (size_t)(uint32_t)exponent);
    }
    if (amount->n && !vl_cel_decimal_rescale(arena, amount, -NANO, amount, &exact))
        return too_large;
    if (!vl_cel_decimal_of_int(arena, INT64_MAX, 0, &most) || !vl_cel_decimal_of_int(arena, 1, 0, &one))
        return too_large;
    if (format == BINARY_SI && vl_cel_decimal_cmp(arena, amount, &most) > 0)
        *amount = most;
    if (format == BINARY_SI && amount->n && vl_cel_decimal_cmp(arena, amount, &one) < 0)
        format = DECIMAL_SI;
    amount->negative = parts->negative && amount->n;
    *ret = (struct state){.decimal = amount, .format = format};
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_quantity(struct vl_arena *arena, struct vl_span text, struct state *ret)
{
    struct parts parts;
    if (text.len == 0)
        return wrong_form;
    if (vl_span_eq_str(text, "0")) {
        *ret = (struct state){.format = DECIMAL_SI, .text = text};
        return NULL;
    }
    if (!split_parts(text, &parts))
        return wrong_form;
    int32_t exponent;
    enum format format;
    if (!interpret(parts.suffix, &exponent, &format))
        return wrong_suffix;
    if (read_small(&parts, text, exponent, format, ret))
        return NULL;
    return read_large(arena, &parts, exponent, format, ret);
}

/* --- writing --- */

static const char *suffix_of(unsigned base, int64_t exponent)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(suffixes); i++)
        if (suffixes[i].base == base && suffixes[i].exponent == exponent)
            return suffixes[i].suffix;
    return ""; /* beyond E upstream prints the bare number, too */
}

static void put_decimal(struct vl_arena *arena, const struct state *state, struct vl_buf *out)
{
    struct vl_cel_decimal amount, stripped;
    int32_t times = 0;
    if (!as_decimal(arena, state, &amount) || !vl_cel_decimal_strip(arena, &amount, 10, &stripped, &times))
        return;
    int64_t exponent = (int64_t)times - amount.scale;
    int64_t up = exponent % 3 ? (exponent % 3 + 3) % 3 : 0;
    bool exact;
    stripped.scale = 0;
    if (!vl_cel_decimal_rescale(arena, &stripped, (int32_t)up, &amount, &exact))
        return;
    vl_cel_decimal_text(&amount, out);
    exponent -= up;
    if (state->format != DECIMAL_EXPONENT)
        vl_buf_append_str(out, suffix_of(10, exponent));
    else if (exponent)
        vl_buf_printf(out, "e%" PRId64, exponent);
}

static void put_binary(struct vl_arena *arena, const struct vl_cel_decimal *whole, struct vl_buf *out)
{
    struct vl_cel_decimal stripped;
    int32_t times = 0;
    if (!vl_cel_decimal_strip(arena, whole, 1024, &stripped, &times))
        return;
    vl_cel_decimal_text(&stripped, out);
    vl_buf_append_str(out, suffix_of(2, (int64_t)times * 10));
}

static void quantity_text(const void *payload, struct vl_buf *out)
{
    const struct quantity *quantity = payload;
    struct state state = *quantity->state;
    struct vl_cel_decimal amount, whole;
    bool exact = false;
    if (state.text.len) {
        vl_buf_append_span(out, state.text);
        return;
    }
    if (is_zero(&state)) {
        vl_buf_append_char(out, '0');
        return;
    }
    const struct state small = {.value = 1024}, negative = {.value = -1024};
    if (state.format == BINARY_SI) {
        bool whole_binary =
            compare(quantity->arena, &state, &small) >= 0 || compare(quantity->arena, &state, &negative) <= 0;
        if (whole_binary && as_decimal(quantity->arena, &state, &amount) &&
            vl_cel_decimal_rescale(quantity->arena, &amount, 0, &whole, &exact) && exact) {
            put_binary(quantity->arena, &whole, out);
            return;
        }
        state.format = DECIMAL_SI;
    }
    put_decimal(quantity->arena, &state, out);
}

static bool quantity_equal(const void *a, const void *b)
{
    const struct quantity *x = a, *y = b;
    return compare(x->arena, x->state, y->state) == 0;
}

static bool quantity_comparable(const void *a, const void *b)
{
    (void)a;
    return !((const struct quantity *)b)->made;
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "kubernetes.Quantity",
    .equal = quantity_equal,
    .comparable = quantity_comparable,
    .text = quantity_text,
};

/* --- the functions --- */

static struct vl_cel_value make(struct vl_cel_run *run, const struct state *state, bool made)
{
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct quantity *quantity = vl_arena_alloc(arena, sizeof(*quantity));
    struct state *kept = vl_arena_alloc(arena, sizeof(*kept));
    if (!quantity || !kept)
        return vl_cel_no_room(run);
    *kept = *state;
    *quantity = (struct quantity){.ops = &ops, .state = kept, .arena = arena, .made = made};
    return vl_cel_opaque(VL_CEL_QUANTITY, quantity);
}

static struct state *state_of(struct vl_cel_value value)
{
    return ((const struct quantity *)value.as.payload)->state;
}

static struct vl_cel_value quantity(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct state state;
    const char *wrong = read_quantity(vl_cel_run_arena(run), vl_cel_span(args[0]), &state);
    return wrong ? vl_cel_fail(run, "%s", wrong) : make(run, &state, false);
}

static struct vl_cel_value is_quantity(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct state state;
    const char *wrong = read_quantity(vl_cel_run_arena(run), vl_cel_span(args[0]), &state);
    return wrong == too_large ? vl_cel_fail(run, "%s", wrong) : vl_cel_bool(!wrong);
}

static struct vl_cel_value sign(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_int(sign_of(state_of(args[0])));
}

/* The left one becomes a decimal where upstream's does; its integer is lost then. */
static int compare_changing(struct vl_cel_run *run, struct vl_cel_value a, struct vl_cel_value b)
{
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct state *left = state_of(a);
    const struct state *right = state_of(b);
    int order = compare(arena, left, right);
    if (!left->decimal && right->decimal) {
        struct vl_cel_decimal *decimal = vl_arena_alloc(arena, sizeof(*decimal));
        if (decimal && as_decimal(arena, left, decimal)) {
            left->decimal = decimal;
            left->value = 0;
            left->scale = 0;
        }
    }
    return order;
}

static struct vl_cel_value is_greater(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_bool(compare_changing(run, args[0], args[1]) > 0);
}

static struct vl_cel_value is_less(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_bool(compare_changing(run, args[0], args[1]) < 0);
}

static struct vl_cel_value compare_to(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_int(compare_changing(run, args[0], args[1]));
}

/* math.Pow10: two table entries multiplied or divided, not the nearest double. */
static double pow10_go(int64_t exponent)
{
    static const double small[32] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
        1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30,
        1e31};
    static const double up[] = {1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288};
    static const double down[] = {
        1e-0, 1e-32, 1e-64, 1e-96, 1e-128, 1e-160, 1e-192, 1e-224, 1e-256, 1e-288, 1e-320};
    if (exponent > 308)
        return INFINITY;
    if (exponent < -323)
        return 0;
    if (exponent >= 0)
        return up[exponent / 32] * small[exponent % 32];
    return down[-exponent / 32] / small[-exponent % 32];
}

static struct vl_cel_value as_float(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct state *state = state_of(args[0]);
    double base = state->decimal ? vl_cel_decimal_coefficient(state->decimal) : (double)state->value;
    int64_t exponent = state->decimal ? -(int64_t)state->decimal->scale : state->scale;
    return vl_cel_double(exponent ? base * pow10_go(exponent) : base);
}

static bool integer_of(const struct state *state, int64_t *ret)
{
    return !state->decimal && state->scale >= 0 && scale_up(state->value, state->scale, ret);
}

static struct vl_cel_value as_integer(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    int64_t value;
    if (!integer_of(state_of(args[0]), &value))
        return vl_cel_fail(run, "cannot convert value to integer");
    return vl_cel_int(value);
}

static struct vl_cel_value is_integer(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    int64_t value;
    return vl_cel_bool(integer_of(state_of(args[0]), &value));
}

/* a += b while both fit; false where they do not. */
static bool add_small(struct state *a, int64_t value, int32_t scale)
{
    int64_t left = a->value, right = value, sum;
    if (value == 0)
        return true;
    if (left == 0) {
        a->value = value;
        a->scale = scale;
        return true;
    }
    if (!scale_up(left, a->scale > scale ? (int64_t)a->scale - scale : 0, &left) ||
        !scale_up(right, scale > a->scale ? (int64_t)scale - a->scale : 0, &right) ||
        __builtin_add_overflow(left, right, &sum))
        return false;
    a->value = sum;
    a->scale = a->scale < scale ? a->scale : scale;
    return true;
}

static struct vl_cel_value combine(
    struct vl_cel_run *run, const struct state *left, const struct state *right, bool subtract)
{
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct state sum = *left;
    sum.text = VL_SPAN_EMPTY;
    bool small = !left->decimal && !right->decimal;
    if (is_zero(left))
        sum.format = right->format;
    int64_t value = subtract ? (int64_t)(0 - (uint64_t)right->value) : right->value;
    if (small && add_small(&sum, value, right->scale))
        return make(run, &sum, true);
    struct vl_cel_decimal operand;
    if (!as_decimal(arena, right, &operand))
        return vl_cel_no_room(run);
    if (subtract && operand.n)
        operand.negative = !operand.negative;
    if (!sum.decimal) {
        sum.decimal = vl_arena_alloc(arena, sizeof(*sum.decimal));
        if (!sum.decimal || !as_decimal(arena, left, sum.decimal))
            return vl_cel_no_room(run);
        sum.value = 0;
        sum.scale = 0;
    }
    /* Into the decimal of the left side, where it has one: upstream copies only the pointer. */
    if (!vl_cel_decimal_add(arena, sum.decimal, &operand, sum.decimal))
        return vl_cel_fail(run, "%s", too_large);
    return make(run, &sum, true);
}

static struct vl_cel_value add(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return combine(run, state_of(args[0]), state_of(args[1]), false);
}

static struct vl_cel_value subtract(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return combine(run, state_of(args[0]), state_of(args[1]), true);
}

static struct vl_cel_value add_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct state right = {.value = args[1].as.i, .format = DECIMAL_EXPONENT};
    return combine(run, state_of(args[0]), &right, false);
}

static struct vl_cel_value subtract_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct state right = {.value = args[1].as.i, .format = DECIMAL_EXPONENT};
    return combine(run, state_of(args[0]), &right, true);
}

#define Q &vl_cel_t_quantity

static const struct vl_cel_overload quantity_overloads[] = {
    {"string_to_quantity", false, 1, 28, 0, {&vl_cel_t_string}, Q, quantity, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload is_quantity_overloads[] = {
    {"is_quantity_string", false, 1, 28, 0, {&vl_cel_t_string}, &vl_cel_t_bool, is_quantity,
        VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload sign_overloads[] = {
    {"quantity_sign", false, 1, 28, 0, {Q}, &vl_cel_t_int, sign, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload greater_overloads[] = {
    {"quantity_is_greater_than", true, 2, 28, 0, {Q, Q}, &vl_cel_t_bool, is_greater, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload less_overloads[] = {
    {"quantity_is_less_than", true, 2, 28, 0, {Q, Q}, &vl_cel_t_bool, is_less, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload compare_overloads[] = {
    {"quantity_compare_to", true, 2, 28, 0, {Q, Q}, &vl_cel_t_int, compare_to, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload float_overloads[] = {
    {"quantity_get_float", true, 1, 28, 0, {Q}, &vl_cel_t_double, as_float, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload integer_overloads[] = {
    {"quantity_get_int", true, 1, 28, 0, {Q}, &vl_cel_t_int, as_integer, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload is_integer_overloads[] = {
    {"quantity_is_integer", true, 1, 28, 0, {Q}, &vl_cel_t_bool, is_integer, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload add_overloads[] = {
    {"quantity_add", true, 2, 28, 0, {Q, Q}, Q, add, VL_CEL_PRICE_ONE},
    {"quantity_add_int", true, 2, 28, 0, {Q, &vl_cel_t_int}, Q, add_int, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload sub_overloads[] = {
    {"quantity_sub", true, 2, 28, 0, {Q, Q}, Q, subtract, VL_CEL_PRICE_ONE},
    {"quantity_sub_int", true, 2, 28, 0, {Q, &vl_cel_t_int}, Q, subtract_int, VL_CEL_PRICE_ONE},
};

static const struct vl_cel_function functions[] = {
    {"quantity", quantity_overloads, VL_ARRAY_LEN(quantity_overloads)},
    {"isQuantity", is_quantity_overloads, VL_ARRAY_LEN(is_quantity_overloads)},
    {"sign", sign_overloads, VL_ARRAY_LEN(sign_overloads)},
    {"isGreaterThan", greater_overloads, VL_ARRAY_LEN(greater_overloads)},
    {"isLessThan", less_overloads, VL_ARRAY_LEN(less_overloads)},
    {"compareTo", compare_overloads, VL_ARRAY_LEN(compare_overloads)},
    {"asApproximateFloat", float_overloads, VL_ARRAY_LEN(float_overloads)},
    {"asInteger", integer_overloads, VL_ARRAY_LEN(integer_overloads)},
    {"isInteger", is_integer_overloads, VL_ARRAY_LEN(is_integer_overloads)},
    {"add", add_overloads, VL_ARRAY_LEN(add_overloads)},
    {"sub", sub_overloads, VL_ARRAY_LEN(sub_overloads)},
};

const struct vl_cel_library vl_cel_lib_quantity = {
    .name = "kubernetes.quantity", .functions = functions, .n = VL_ARRAY_LEN(functions)};
