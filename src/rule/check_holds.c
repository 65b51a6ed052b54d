/* Whether a check holds of a value. What is missing makes every comparison false. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "glob.h"
#include "rule/program.h"

static bool has_components(struct vl_span *rest, struct vl_span *ret)
{
    while (rest->len && rest->ptr[0] == '/')
        *rest = vl_span_slice(*rest, 1, SIZE_MAX);
    if (rest->len == 0)
        return false;
    return vl_span_split(rest, '/', ret);
}

bool check_path_below(struct vl_span path, struct vl_span pattern)
{
    struct vl_span want, have;
    while (has_components(&pattern, &want)) {
        if (!has_components(&path, &have))
            return false;
        if (!vl_span_eq(want, have) && !glob_matches(want, have, false))
            return false;
    }
    return true;
}

/* --- one value --- */

static bool text_matches(const struct check *check, struct vl_span text, const struct check_value *value)
{
    switch ((enum vl_condition_op)check->op) {
    case VL_OP_GLOB:
        return glob_matches(value->text, text, false);
    case VL_OP_IGLOB:
        return glob_matches(value->text, text, true);
    case VL_OP_REGEX:
        return value->regex && vl_regex_full_match(value->regex, text);
    case VL_OP_IREGEX:
        return value->regex && vl_regex_find(value->regex, text, NULL, 0);
    case VL_OP_PMATCH:
        return check_path_below(text, value->text);
    default:
        return check_text_matches((enum vl_condition_op)check->op, text, value);
    }
}

/* A number of an event as one of a rule. */
static bool number_of(const struct vl_event_value *value, struct check_number *ret)
{
    *ret = (struct check_number){0};
    switch ((enum vl_value_kind)value->kind) {
    case VL_VALUE_INT:
        ret->negative = value->as.i < 0;
        ret->magnitude = ret->negative ? 0 - (uint64_t)value->as.i : (uint64_t)value->as.i;
        return true;
    case VL_VALUE_UINT:
        ret->magnitude = value->as.u;
        return true;
    case VL_VALUE_BOOL:
        ret->magnitude = value->as.boolean;
        return true;
    case VL_VALUE_DOUBLE:
        ret->is_double = true;
        ret->d = value->as.d;
        return true;
    case VL_VALUE_STRING:
        return check_number_parse(value->as.string, true, ret);
    default:
        return false;
    }
}

static double as_double(const struct check_number *n)
{
    return n->is_double ? n->d : n->negative ? -(double)n->magnitude : (double)n->magnitude;
}

static int compare_numbers(const struct check_number *a, const struct check_number *b)
{
    if (a->is_double || b->is_double) {
        double x = as_double(a), y = as_double(b);
        return x < y ? -1 : x > y;
    }
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    int sign = a->negative ? -1 : 1;
    return a->magnitude < b->magnitude ? -sign : a->magnitude > b->magnitude ? sign : 0;
}

static bool order_holds(enum vl_condition_op op, int c)
{
    switch (op) {
    case VL_OP_LT:
        return c < 0;
    case VL_OP_LE:
        return c <= 0;
    case VL_OP_GT:
        return c > 0;
    case VL_OP_GE:
        return c >= 0;
    default:
        return c == 0;
    }
}

static bool within(const struct check_net *net, const struct check_net *address)
{
    return memcmp(net->first, address->first, CHECK_NET_BYTES) <= 0 &&
           memcmp(address->last, net->last, CHECK_NET_BYTES) <= 0; /* a net of the event: all of it */
}

/* The range that may hold the address, by halves. */
static bool in_nets(const struct check *check, const struct check_net *address)
{
    uint32_t lo = 0, hi = check->n_nets;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (memcmp(check->nets[mid].last, address->first, CHECK_NET_BYTES) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < check->n_nets && within(&check->nets[lo], address);
}

/* One value against one value of the rule. `!=` is asked as `=`. */
static bool one_matches(const struct check *check, const struct vl_event_value *value,
    const struct check_value *want, struct vl_arena *scratch)
{
    struct check_number number;
    struct check_net address;
    struct vl_span text;
    switch (check->class) {
    case CHECK_NUMBER:
        return number_of(value, &number) &&
               order_holds((enum vl_condition_op)check->op, compare_numbers(&number, &want->number));
    case CHECK_BOOL:
        return value->kind == VL_VALUE_BOOL && value->as.boolean == want->boolean;
    case CHECK_NET:
        return value->kind == VL_VALUE_STRING && check_net_parse(value->as.string, &address) &&
               within(&want->net, &address);
    case CHECK_TEXT:
        break;
    }
    return check_text_of(value, scratch, &text) &&
           (text_matches(check, text, want) || (value->other.len && text_matches(check, value->other, want)));
}

static bool in_set(const struct check *check, const struct vl_event_value *value, struct vl_arena *scratch)
{
    struct vl_span text;
    return check_text_of(value, scratch, &text) &&
           (vl_map_get(&check->set, text) || (value->other.len && vl_map_get(&check->set, value->other)));
}

/* One value against the values of the rule: any of them, or as many as the quantifier says. */
static bool value_matches(
    const struct check *check, const struct vl_event_value *value, struct vl_arena *scratch)
{
    struct check_net address;
    uint32_t found = 0;
    if (check->set.len)
        return in_set(check, value, scratch);
    if (check->nets)
        return value->kind == VL_VALUE_STRING && check_net_parse(value->as.string, &address) &&
               in_nets(check, &address);
    for (uint32_t i = 0; i < check->n; i++) {
        bool holds = one_matches(check, value, &check->values[i], scratch);
        if (check->quantifier && check->op == VL_OP_NE)
            holds = !holds;
        found += holds;
        if (holds && check->quantifier != VL_QUANT_ONEOF && check->quantifier != VL_QUANT_ALLOF)
            return true;
    }
    if (check->quantifier == VL_QUANT_ONEOF)
        return found == 1;
    return check->quantifier == VL_QUANT_ALLOF && found == check->n;
}

/* --- a field on the right --- */

/* Equality and order of two values of events. */
static bool values_compare(const struct check *check, const struct vl_event_value *a,
    const struct vl_event_value *b, struct vl_arena *scratch)
{
    struct check_value want = {0};
    if (check->class == CHECK_NUMBER && !number_of(b, &want.number))
        return false;
    if (check->class == CHECK_BOOL) {
        if (b->kind != VL_VALUE_BOOL)
            return false;
        want.boolean = b->as.boolean;
    }
    if (check->class == CHECK_NET &&
        (b->kind != VL_VALUE_STRING || !check_net_parse(b->as.string, &want.net)))
        return false;
    if (check->class == CHECK_TEXT && !check_text_of(b, scratch, &want.text))
        return false;
    if (one_matches(check, a, &want, scratch))
        return true;
    if (check->class != CHECK_TEXT || !b->other.len)
        return false;
    want.text = b->other;
    return one_matches(check, a, &want, scratch);
}

static const struct vl_event_value *items_of(const struct vl_event_value *value, uint32_t *ret_n)
{
    bool is_list = value->kind == VL_VALUE_LIST;
    *ret_n = is_list ? value->n : 1;
    return is_list ? value->as.items : value;
}

static bool any_right(const struct check *check, const struct vl_event_value *value,
    const struct vl_event_value *right, struct vl_arena *scratch)
{
    uint32_t n;
    const struct vl_event_value *items = items_of(right, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (values_compare(check, value, &items[i], scratch))
            return true;
    }
    return false;
}

/* --- values with many --- */

static bool item_holds(const struct check *check, const struct vl_event_value *item,
    const struct vl_event_value *right, struct vl_arena *scratch)
{
    return right ? any_right(check, item, right, scratch) : value_matches(check, item, scratch);
}

bool check_holds(const struct check *check, const struct vl_event_value *left, const struct vl_event *event,
    struct vl_arena *scratch)
{
    struct vl_event_value right;
    const struct vl_event_value *other = NULL;
    uint32_t n;
    if (left->kind == VL_VALUE_MISSING)
        return false;
    if (check->op == VL_OP_EXISTS)
        return true;
    if (check->right) {
        check_operand_get(check->right, event, scratch, &right);
        if (right.kind == VL_VALUE_MISSING)
            return false;
        other = &right;
    }
    const struct vl_event_value *items = items_of(left, &n);
    bool negated = check->op == VL_OP_NE && !check->quantifier;
    if (check->all_in) {
        for (uint32_t i = 0; i < n; i++) {
            if (!item_holds(check, &items[i], other, scratch))
                return false;
        }
        return n > 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool holds = item_holds(check, &items[i], other, scratch);
        if (negated && check->ancestor) {
            if (!holds)
                return true;
        } else if (holds)
            return !negated;
    }
    return negated && !check->ancestor && n > 0;
}

/* --- one condition by itself --- */

static int tree_holds(const struct vl_condition *c, const struct vl_event *event, unsigned depth,
    struct vl_arena *scratch, bool *ret, struct vl_err *err)
{
    int r = 0;
    if (depth > VL_CONDITION_TREE_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "a condition of more than %d levels", VL_CONDITION_TREE_DEPTH_MAX);
    if (c->kind == VL_COND_MACRO)
        return vl_err_set(err, VL_ERR_INVALID, "the macro %.*s is not resolved",
            VL_SPAN_FMT(vl_span_slice(c->as.macro, 0, 64)));
    if (c->kind == VL_COND_CHECK) {
        struct check_problem problem = {0};
        struct check check;
        struct vl_event_value left;
        r = check_init(&check, c, event->source, false, scratch, &problem, err);
        if (r >= 0) {
            check_operand_get(check.left, event, scratch, &left);
            *ret = check_holds(&check, &left, event, scratch);
        }
        check_done(&check);
        return r;
    }
    bool result = c->kind == VL_COND_AND;
    for (uint32_t i = 0; i < c->as.children.n; i++) {
        bool holds = false;
        r = tree_holds(c->as.children.items[i], event, depth + 1, scratch, &holds, err);
        if (r < 0)
            return r;
        result = c->kind == VL_COND_NOT ? !holds : holds;
        if (result == (c->kind == VL_COND_OR))
            break;
    }
    *ret = result;
    return 0;
}

int vl_rule_condition_holds(const struct vl_condition *condition, const struct vl_event *event,
    struct vl_arena *scratch, bool *ret, struct vl_err *err)
{
    bool holds = false;
    int r = tree_holds(condition, event, 0, scratch, &holds, err);
    if (r >= 0)
        r = vl_arena_check(scratch, "the scratch memory of a condition", err);
    if (r >= 0)
        *ret = holds;
    return r;
}
