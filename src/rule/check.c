/* Making checks ready. What Falco refuses at loading is refused where `strict`. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "glob.h"

#define SET_MIN  9    /* texts from which a hash set is quicker than a walk */
#define GLOB_MAX 1024 /* bytes of one pattern with wildcards */

static int fail(const struct check *check, struct vl_arena *arena, struct check_problem *problem,
    const char *message, struct vl_err *err)
{
    problem->offset = check->source->offset;
    problem->message = message ? message : "out of memory";
    int r = vl_arena_check(arena, "condition", err);
    return r < 0 ? r : vl_err_set(err, VL_ERR_INVALID, "%s", problem->message);
}

static enum check_class class_of(enum vl_field_type type)
{
    switch (type) {
    case VL_FIELD_INT:
    case VL_FIELD_UINT:
    case VL_FIELD_DOUBLE:
    case VL_FIELD_TIME:
    case VL_FIELD_DURATION:
    case VL_FIELD_PORT:
        return CHECK_NUMBER;
    case VL_FIELD_BOOL:
        return CHECK_BOOL;
    case VL_FIELD_IP:
    case VL_FIELD_NET:
        return CHECK_NET;
    default:
        return CHECK_TEXT;
    }
}

static bool is_one_of(enum vl_condition_op op, const uint8_t *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ops[i] == op)
            return true;
    }
    return false;
}

/* Arguments whose raw form is the bytes of an address or a list of descriptors: they have no order. */
static bool is_raw_structure(const struct check_operand *left)
{
    static const char *const names[] = {"addr", "data", "fds", "tuple"};
    if (!left->field || strcmp(left->field->name, "evt.rawarg") != 0)
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        if (vl_span_eq_str(left->arg, names[i]))
            return true;
    return false;
}

/* Whether Falco compares values of the type so. */
static bool operator_fits(enum vl_condition_op op, const struct check_operand *left)
{
    static const uint8_t equal[] = {VL_OP_EXISTS, VL_OP_EQ, VL_OP_NE, VL_OP_IN, VL_OP_INTERSECTS};
    static const uint8_t order[] = {VL_OP_LT, VL_OP_LE, VL_OP_GT, VL_OP_GE};
    static const uint8_t bytes[] = {
        VL_OP_CONTAINS, VL_OP_BCONTAINS, VL_OP_STARTSWITH, VL_OP_BSTARTSWITH, VL_OP_ENDSWITH};
    static const uint8_t list[] = {VL_OP_EXISTS, VL_OP_IN, VL_OP_INTERSECTS};
    if (left->field && left->field->is_list)
        return is_one_of(op, list, sizeof(list));
    if (is_one_of(op, equal, sizeof(equal)))
        return true;
    if (left->type == VL_FIELD_BYTES)
        return is_one_of(op, bytes, sizeof(bytes));
    if (is_raw_structure(left))
        return !is_one_of(op, order, sizeof(order));
    switch (class_of((enum vl_field_type)left->type)) {
    case CHECK_NUMBER:
        return is_one_of(op, order, sizeof(order));
    case CHECK_BOOL:
    case CHECK_NET:
        return false;
    case CHECK_TEXT:
        break;
    }
    return op != VL_OP_BCONTAINS && op != VL_OP_BSTARTSWITH;
}

static const char *type_name(enum vl_field_type type)
{
    static const char *const names[] = {"text", "path", "number", "number", "number", "boolean", "time",
        "duration", "address", "network", "port", "bytes"};
    return (size_t)type < VL_ARRAY_LEN(names) ? names[type] : "?";
}

static bool takes_pattern(enum vl_condition_op op)
{
    return op == VL_OP_GLOB || op == VL_OP_IGLOB || op == VL_OP_PMATCH;
}

/* Parts of a fully anchored expression that change nothing are a sign that its author meant another operator.
 */
static bool is_redundant(struct vl_span p)
{
    static const char *const parts[] = {".*", ".+", ".?"};
    if (p.len && (p.ptr[0] == '^' || p.ptr[p.len - 1] == '$'))
        return true;
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        if (vl_span_starts_with(p, parts[i]) || vl_span_ends_with(p, parts[i]))
            return true;
    }
    return false;
}

static int regex_init(struct check *check, struct check_value *value, struct vl_arena *arena,
    struct check_problem *problem, struct vl_err *err)
{
    struct vl_err e = VL_ERR_INIT;
    int r = vl_regex_new(value->text, check->op == VL_OP_IREGEX, &value->regex, &e);
    if (r < 0)
        return fail(check, arena, problem, vl_arena_printf(arena, "invalid regex: %s", e.msg), err);
    if (check->op == VL_OP_REGEX && is_redundant(value->text)) {
        problem->warnings++;
        problem->warning = "the regular expression is anchored at both ends: ^, $, .*, .+, .? at an end "
                           "may be replaced by startswith, endswith or contains";
    }
    return 0;
}

static int hex_init(struct check *check, struct check_value *value, struct vl_arena *arena,
    struct check_problem *problem, struct vl_err *err)
{
    size_t n = value->text.len / 2;
    uint8_t *bytes = vl_arena_alloc(arena, n + 1);
    if (!bytes)
        return vl_arena_check(arena, "condition", err);
    if (n == 0 || !vl_hex_decode(value->text, bytes, n))
        return fail(check, arena, problem,
            vl_arena_printf(arena, "not a hexadecimal number of whole bytes: %.*s",
                VL_SPAN_FMT(vl_span_slice(value->text, 0, 64))),
            err);
    value->text = (struct vl_span){(const char *)bytes, n};
    return 0;
}

static bool is_order(enum vl_condition_op op)
{
    return op == VL_OP_LT || op == VL_OP_LE || op == VL_OP_GT || op == VL_OP_GE;
}

/* What the field takes instead. */
static const char *value_hint(const struct check *check, struct vl_arena *arena)
{
    static const char *const takes[] = {[CHECK_TEXT] = "a text without a NUL",
        [CHECK_NUMBER] = "a number: 10, -1 or 0x1f",
        [CHECK_BOOL] = "true or false",
        [CHECK_NET] = "an address or a net: 10.0.0.1, 10.0.0.0/8 or fd00::/8"};
    const struct vl_field *field = check->left->field;
    return vl_arena_printf(arena, "%s takes %s", field ? field->name : "this side", takes[check->class]);
}

/* Which operators the left side takes. */
static const char *operator_hint(const struct check_operand *left, struct vl_arena *arena)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1024);
    for (int op = VL_OP_EXISTS; op <= VL_OP_PMATCH; op++)
        if (operator_fits((enum vl_condition_op)op, left))
            vl_buf_printf(&out, "%s%s", out.len ? ", " : "", vl_condition_op_name((enum vl_condition_op)op));
    return vl_arena_printf(arena, "it takes %s", vl_buf_str(&out));
}

/* Reads the text as what the class compares. */
static int value_init(struct check *check, struct check_value *value, bool strict, struct vl_arena *arena,
    struct check_problem *problem, struct vl_err *err)
{
    enum vl_condition_op op = (enum vl_condition_op)check->op;
    bool fine = true;
    if (op == VL_OP_REGEX || op == VL_OP_IREGEX)
        return regex_init(check, value, arena, problem, err);
    if (op == VL_OP_BCONTAINS || op == VL_OP_BSTARTSWITH)
        return hex_init(check, value, arena, problem, err);
    if (takes_pattern(op) && value->text.len > GLOB_MAX)
        return fail(
            check, arena, problem, vl_arena_printf(arena, "a pattern of more than %d bytes", GLOB_MAX), err);
    switch ((enum check_class)check->class) {
    case CHECK_NUMBER:
        fine = check_number_parse(
            value->text, !strict || is_order(op) || check->left->type == VL_FIELD_DOUBLE, &value->number);
        if (fine && strict && value->number.negative && check->left->type != VL_FIELD_INT &&
            check->left->type != VL_FIELD_DOUBLE && !is_order(op))
            fine = false;
        break;
    case CHECK_BOOL:
        value->boolean = vl_span_eq_str(value->text, "true");
        fine = value->boolean || vl_span_eq_str(value->text, "false");
        break;
    case CHECK_NET:
        fine = check_net_parse(value->text, &value->net);
        break;
    case CHECK_TEXT:
        /* Texts of events end at a NUL. */
        fine = !strict || check->left->type == VL_FIELD_BYTES ||
               vl_span_find_char(value->text, '\0') == SIZE_MAX;
        break;
    }
    if (fine)
        return 0;
    problem->hint = value_hint(check, arena);
    return fail(check, arena, problem,
        vl_arena_printf(arena, "not a valid %s: '%.*s'", type_name((enum vl_field_type)check->left->type),
            VL_SPAN_FMT(vl_span_slice(value->text, 0, 64))),
        err);
}

static bool is_membership(const struct check *check)
{
    return check->op == VL_OP_IN || check->op == VL_OP_INTERSECTS;
}

static int set_init(struct check *check, struct vl_err *err)
{
    if (check->class != CHECK_TEXT || !is_membership(check) || check->n < SET_MIN)
        return 0;
    for (uint32_t i = 0; i < check->n; i++) {
        struct vl_map_slot *slot;
        int r = vl_map_put(&check->set, check->values[i].text, &slot, NULL, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int by_first(const void *a, const void *b)
{
    const struct check_net *x = a, *y = b;
    return memcmp(x->first, y->first, sizeof(x->first));
}

/* Nets as sorted ranges that do not overlap. */
static int nets_init(struct check *check, struct vl_arena *arena, struct vl_err *err)
{
    if (check->class != CHECK_NET || check->quantifier || check->n == 0)
        return 0;
    check->nets = vl_arena_array(arena, check->n, sizeof(*check->nets));
    if (!check->nets)
        return vl_arena_check(arena, "condition", err);
    for (uint32_t i = 0; i < check->n; i++)
        check->nets[i] = check->values[i].net;
    qsort(check->nets, check->n, sizeof(*check->nets), by_first);
    uint32_t n = 1;
    for (uint32_t i = 1; i < check->n; i++) {
        struct check_net *last = &check->nets[n - 1];
        if (memcmp(check->nets[i].first, last->last, CHECK_NET_BYTES) > 0)
            check->nets[n++] = check->nets[i];
        else if (memcmp(check->nets[i].last, last->last, CHECK_NET_BYTES) > 0)
            memcpy(last->last, check->nets[i].last, CHECK_NET_BYTES);
    }
    check->n_nets = n;
    return 0;
}

static int values_init(struct check *check, bool strict, struct vl_arena *arena,
    struct check_problem *problem, struct vl_err *err)
{
    const struct vl_condition *source = check->source;
    check->n = source->as.check.n_values;
    check->values = vl_arena_array(arena, check->n ? check->n : 1, sizeof(*check->values));
    if (!check->values)
        return vl_arena_check(arena, "condition", err);
    for (uint32_t i = 0; i < check->n; i++) {
        check->values[i].text = source->as.check.values[i];
        int r = value_init(check, &check->values[i], strict, arena, problem, err);
        if (r < 0)
            return r;
    }
    int r = set_init(check, err);
    return r < 0 ? r : nets_init(check, arena, err);
}

static int right_init(struct check *check, enum vl_event_source event_source, bool strict,
    struct vl_arena *arena, struct check_problem *problem, struct vl_err *err)
{
    const struct vl_operand *source = check->source->as.check.right_field;
    int r = check_operand_init(&check->right, source, event_source, strict, arena, problem, err);
    if (r < 0)
        return r;
    const struct check_operand *right = check->right;
    const struct vl_field *field = right->transformer == VL_TRANSFORM_VAL ? right->inner->field : NULL;
    if (field && field->no_right)
        return fail(check, arena, problem,
            vl_arena_printf(arena, "field %s may not stand on the right side", field->name), err);
    if (check->op == VL_OP_REGEX || check->op == VL_OP_IREGEX || check->op == VL_OP_CIDR)
        return fail(check, arena, problem,
            vl_arena_printf(arena, "operator '%s' takes no field on the right side",
                vl_condition_op_name((enum vl_condition_op)check->op)),
            err);
    bool same = right->type == check->left->type ||
                (right->type <= VL_FIELD_PATH && check->left->type <= VL_FIELD_PATH);
    if (strict && !same)
        return fail(check, arena, problem,
            vl_arena_printf(arena, "left side (%s) and right side (%s) have different types",
                type_name((enum vl_field_type)check->left->type), type_name((enum vl_field_type)right->type)),
            err);
    return 0;
}

/* Operators of ours compare texts whatever the type; so does a log, whose values have none. */
static enum check_class class_for(const struct check *check)
{
    enum vl_condition_op op = (enum vl_condition_op)check->op;
    if (op == VL_OP_CIDR)
        return CHECK_NET;
    const struct vl_field *field = check->left->field;
    bool untyped = field && (field->source == VL_EVENT_LOG || (field->arg_required && field->no_right));
    if (untyped && is_order(op)) /* a log's member, evt.rawarg */
        return CHECK_NUMBER;
    if (is_order(op) || is_membership(check) || op == VL_OP_EQ || op == VL_OP_NE || op == VL_OP_EXISTS)
        return class_of((enum vl_field_type)check->left->type);
    return CHECK_TEXT;
}

int check_init(struct check *check, const struct vl_condition *source, enum vl_event_source event_source,
    bool strict, struct vl_arena *arena, struct check_problem *problem, struct vl_err *err)
{
    *check = (struct check){.source = source, .op = source->op, .quantifier = source->quantifier};
    vl_map_init(&check->set, VL_CONDITION_NODES_MAX);
    int r =
        check_operand_init(&check->left, source->as.check.left, event_source, strict, arena, problem, err);
    if (r < 0)
        return r;
    const struct vl_field *field = check->left->field;
    if (strict && !operator_fits((enum vl_condition_op)check->op, check->left)) {
        problem->hint = operator_hint(check->left, arena);
        return fail(check, arena, problem,
            vl_arena_printf(arena, "operator '%s' does not fit %s of type %s",
                vl_condition_op_name((enum vl_condition_op)check->op), field ? field->name : "a value",
                field && field->is_list ? "list" : type_name((enum vl_field_type)check->left->type)),
            err);
    }
    check->class = (uint8_t)class_for(check);
    check->either = field && field->either;
    check->ancestor = field && field->any_ancestor && !check->left->has_arg;
    check->all_in =
        check->op == VL_OP_IN && check->left->result_is_list && !check->either && !check->ancestor;
    if (check->op == VL_OP_EXISTS)
        return 0;
    return source->right_is_field ? right_init(check, event_source, strict, arena, problem, err)
                                  : values_init(check, strict, arena, problem, err);
}

void check_done(struct check *check)
{
    for (uint32_t i = 0; i < check->n && check->values; i++) {
        vl_regex_free(check->values[i].regex);
        check->values[i].regex = NULL;
    }
    vl_map_done(&check->set);
}

/* --- whole conditions --- */

static int check_tree(const struct vl_condition *c, enum vl_event_source event_source, unsigned depth,
    struct vl_arena *arena, struct check_problem *problem, const struct vl_condition **ret_at,
    struct vl_err *err)
{
    int r = 0;
    *ret_at = c;
    if (depth > VL_CONDITION_TREE_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "a condition of more than %d levels", VL_CONDITION_TREE_DEPTH_MAX);
    if (c->kind == VL_COND_CHECK) {
        struct check check;
        r = check_init(&check, c, event_source, true, arena, problem, err);
        check_done(&check);
        return r;
    }
    if (c->kind == VL_COND_MACRO) {
        problem->offset = c->offset;
        problem->message =
            vl_arena_printf(arena, "Undefined macro '%.*s' used in filter.", VL_SPAN_FMT(c->as.macro));
        return vl_err_set(err, VL_ERR_INVALID, "%s", problem->message ? problem->message : "out of memory");
    }
    for (uint32_t i = 0; i < c->as.children.n && r >= 0; i++)
        r = check_tree(c->as.children.items[i], event_source, depth + 1, arena, problem, ret_at, err);
    return r;
}

int vl_condition_check(const struct vl_condition *condition, enum vl_event_source source,
    struct vl_arena *arena, struct vl_condition_problem *ret_problem, struct vl_err *err)
{
    struct check_problem problem = {0};
    const struct vl_condition *at = condition;
    int r = check_tree(condition, source, 0, arena, &problem, &at, err);
    *ret_problem = (struct vl_condition_problem){
        .unknown_field = problem.unknown_field,
        .offset = problem.offset,
        .origin = at->origin,
        .message = problem.message ? problem.message : (r < 0 ? vl_arena_strdup(arena, err->msg) : NULL),
        .hint = problem.hint,
        .warnings = problem.warnings,
        .warning = problem.warning,
    };
    return r;
}
