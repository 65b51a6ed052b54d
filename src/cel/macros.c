/* Macros: calls that stand for comprehensions and presence tests. Shapes as cel-go's (parser/macro.go,
 * ext/comprehensions.go, cel/library.go, ext/bindings.go), because costs are counted by nodes. */
#include "macros.h"

/* --- building --- */

static struct vl_cel_node *ident(const struct vl_cel_macro_use *use, struct vl_span name)
{
    return vl_cel_node_ident(use->p, use->offset, name);
}

static struct vl_cel_node *accumulator(const struct vl_cel_macro_use *use)
{
    return ident(use, VL_SPAN_LIT(VL_CEL_ACCUMULATOR));
}

static struct vl_cel_node *boolean(const struct vl_cel_macro_use *use, bool value)
{
    return vl_cel_node_const(
        use->p, use->offset, (struct vl_cel_value){.kind = VL_CEL_BOOL, .as.boolean = value});
}

static struct vl_cel_node *integer(const struct vl_cel_macro_use *use, int64_t value)
{
    return vl_cel_node_const(use->p, use->offset, (struct vl_cel_value){.kind = VL_CEL_INT, .as.i = value});
}

static struct vl_cel_node *list(const struct vl_cel_macro_use *use, struct vl_cel_node *item)
{
    struct vl_cel_node *node = vl_cel_node_new(use->p, VL_CEL_NODE_LIST, use->offset);
    if (node && item) {
        node->as.list.items = vl_arena_array(use->p->arena, 1, sizeof(struct vl_cel_node *));
        if (!node->as.list.items)
            return NULL;
        node->as.list.items[0] = item;
        node->as.list.n = 1;
    }
    return node;
}

static struct vl_cel_node *operation(const struct vl_cel_macro_use *use, enum vl_cel_operator op,
    struct vl_cel_node *a, struct vl_cel_node *b, struct vl_cel_node *c)
{
    struct vl_cel_node *args[] = {a, b, c};
    return vl_cel_node_call(use->p, use->offset, op, NULL, NULL, args, c ? 3 : b ? 2 : 1);
}

static struct vl_cel_node *method(
    const struct vl_cel_macro_use *use, const char *name, struct vl_cel_node *target)
{
    return vl_cel_node_call(use->p, use->offset, VL_CEL_OP_NONE, name, target, NULL, 0);
}

static struct vl_cel_node *fold(const struct vl_cel_macro_use *use, const struct vl_cel_fold *parts)
{
    struct vl_cel_node *node = vl_cel_node_new(use->p, VL_CEL_NODE_COMPREHENSION, use->offset);
    struct vl_cel_fold *copy = vl_arena_alloc(use->p->arena, sizeof(*copy));
    if (!node || !copy)
        return NULL;
    *copy = *parts;
    node->as.fold = copy;
    return node;
}

/* After an issue something has to stand there. */
struct vl_cel_node *vl_cel_macro_refuse(
    const struct vl_cel_macro_use *use, uint32_t offset, const char *message)
{
    vl_cel_issue_add(use->p->issues, offset, "%s", message);
    return vl_cel_node_const(use->p, use->offset, (struct vl_cel_value){.kind = VL_CEL_NULL});
}

/* --- iteration variables --- */

static bool is_accumulator(struct vl_span name)
{
    return vl_span_eq_str(name, VL_CEL_ACCUMULATOR) || vl_span_eq_str(name, "__result__");
}

/* NULL where the first `n` arguments name variables; else what took the place of the macro. */
static struct vl_cel_node *wrong_variables(
    const struct vl_cel_macro_use *use, uint32_t n, const char *no_name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (use->args[i]->kind != VL_CEL_NODE_IDENT)
            return vl_cel_macro_refuse(use, use->args[i]->offset, no_name);
    }
    if (n == 2 && vl_span_eq(use->args[0]->as.name, use->args[1]->as.name)) {
        vl_cel_issue_add(use->p->issues, use->args[1]->offset, "duplicate variable name: %.*s",
            VL_SPAN_FMT(use->args[0]->as.name));
        return vl_cel_node_const(use->p, use->offset, (struct vl_cel_value){.kind = VL_CEL_NULL});
    }
    for (uint32_t i = 0; i < n; i++) {
        if (is_accumulator(use->args[i]->as.name))
            return vl_cel_macro_refuse(
                use, use->args[i]->offset, "iteration variable overwrites accumulator variable");
    }
    return NULL;
}

/* ".x" is a variable that nothing can name. */
static struct vl_span variable_name(struct vl_cel_parser *p, const struct vl_cel_node *ident)
{
    if (!ident->absolute)
        return ident->as.name;
    return vl_span_str(vl_arena_printf(p->arena, ".%.*s", VL_SPAN_FMT(ident->as.name)));
}

/* A comprehension over the target whose variables are the first arguments. */
static struct vl_cel_fold over_target(const struct vl_cel_macro_use *use, bool two)
{
    return (struct vl_cel_fold){.iter_var = variable_name(use->p, use->args[0]),
        .iter_var2 = two ? variable_name(use->p, use->args[1]) : VL_SPAN_EMPTY,
        .accu_var = VL_SPAN_LIT(VL_CEL_ACCUMULATOR),
        .range = use->target};
}

static const char simple_name[] = "argument must be a simple name",
                  no_identifier[] = "argument is not an identifier";

/* --- the standard ones --- */

static struct vl_cel_node *has(const struct vl_cel_macro_use *use)
{
    const struct vl_cel_node *field = use->args[0];
    if (field->kind != VL_CEL_NODE_SELECT)
        return vl_cel_macro_refuse(use, field->offset, "invalid argument to has() macro");
    struct vl_cel_node *node = vl_cel_node_new(use->p, VL_CEL_NODE_SELECT, use->offset);
    if (node) {
        node->as.select = field->as.select;
        node->test_only = true;
    }
    return node;
}

static struct vl_cel_node *all(const struct vl_cel_macro_use *use)
{
    bool two = use->n == 3;
    struct vl_cel_node *wrong = wrong_variables(use, two ? 2 : 1, simple_name);
    if (wrong)
        return wrong;
    struct vl_cel_fold parts = over_target(use, two);
    parts.init = boolean(use, true);
    parts.condition = operation(use, VL_CEL_OP_NOT_STRICTLY_FALSE, accumulator(use), NULL, NULL);
    parts.step = operation(use, VL_CEL_OP_AND, accumulator(use), use->args[use->n - 1], NULL);
    parts.result = accumulator(use);
    return fold(use, &parts);
}

static struct vl_cel_node *exists(const struct vl_cel_macro_use *use)
{
    bool two = use->n == 3;
    struct vl_cel_node *wrong = wrong_variables(use, two ? 2 : 1, simple_name);
    if (wrong)
        return wrong;
    struct vl_cel_fold parts = over_target(use, two);
    parts.init = boolean(use, false);
    parts.condition = operation(use, VL_CEL_OP_NOT_STRICTLY_FALSE,
        operation(use, VL_CEL_OP_NOT, accumulator(use), NULL, NULL), NULL, NULL);
    parts.step = operation(use, VL_CEL_OP_OR, accumulator(use), use->args[use->n - 1], NULL);
    parts.result = accumulator(use);
    return fold(use, &parts);
}

static struct vl_cel_node *exists_one(const struct vl_cel_macro_use *use)
{
    bool two = use->n == 3;
    struct vl_cel_node *wrong = wrong_variables(use, two ? 2 : 1, simple_name);
    if (wrong)
        return wrong;
    struct vl_cel_fold parts = over_target(use, two);
    parts.init = integer(use, 0);
    parts.condition = boolean(use, true);
    parts.step = operation(use, VL_CEL_OP_CONDITIONAL, use->args[use->n - 1],
        operation(use, VL_CEL_OP_ADD, accumulator(use), integer(use, 1), NULL), accumulator(use));
    parts.result = operation(use, VL_CEL_OP_EQ, accumulator(use), integer(use, 1), NULL);
    return fold(use, &parts);
}

/* map, filter and transformList: `filter` NULL where all items count. */
static struct vl_cel_node *collect(
    const struct vl_cel_macro_use *use, bool two, struct vl_cel_node *filter, struct vl_cel_node *item)
{
    struct vl_cel_fold parts = over_target(use, two);
    parts.init = list(use, NULL);
    parts.condition = boolean(use, true);
    parts.step = operation(use, VL_CEL_OP_ADD, accumulator(use), list(use, item), NULL);
    if (filter)
        parts.step = operation(use, VL_CEL_OP_CONDITIONAL, filter, parts.step, accumulator(use));
    parts.result = accumulator(use);
    return fold(use, &parts);
}

struct vl_cel_node *vl_cel_macro_map(const struct vl_cel_macro_use *use)
{
    struct vl_cel_node *wrong = wrong_variables(use, 1, no_identifier);
    return wrong ? wrong : collect(use, false, use->n == 3 ? use->args[1] : NULL, use->args[use->n - 1]);
}

static struct vl_cel_node *filter(const struct vl_cel_macro_use *use)
{
    struct vl_cel_node *wrong = wrong_variables(use, 1, no_identifier);
    return wrong ? wrong : collect(use, false, use->args[1], use->args[0]);
}

/* --- with two variables --- */

static struct vl_cel_node *transform_list(const struct vl_cel_macro_use *use)
{
    struct vl_cel_node *wrong = wrong_variables(use, 2, simple_name);
    return wrong ? wrong : collect(use, true, use->n == 4 ? use->args[2] : NULL, use->args[use->n - 1]);
}

static struct vl_cel_node *build_map(const struct vl_cel_macro_use *use, bool entries)
{
    struct vl_cel_node *wrong = wrong_variables(use, 2, simple_name);
    if (wrong)
        return wrong;
    struct vl_cel_fold parts = over_target(use, true);
    parts.init = vl_cel_node_new(use->p, VL_CEL_NODE_MAP, use->offset);
    parts.condition = boolean(use, true);
    struct vl_cel_node *item = use->args[use->n - 1];
    struct vl_cel_node *args[] = {accumulator(use), entries ? item : ident(use, use->args[0]->as.name), item};
    parts.step =
        vl_cel_node_call(use->p, use->offset, VL_CEL_OP_NONE, VL_CEL_MAP_INSERT, NULL, args, entries ? 2 : 3);
    if (use->n == 4)
        parts.step = operation(use, VL_CEL_OP_CONDITIONAL, use->args[2], parts.step, accumulator(use));
    parts.result = accumulator(use);
    return fold(use, &parts);
}

static struct vl_cel_node *transform_map(const struct vl_cel_macro_use *use)
{
    return build_map(use, false);
}

static struct vl_cel_node *transform_map_entry(const struct vl_cel_macro_use *use)
{
    return build_map(use, true);
}

/* --- bindings and optionals: a comprehension over nothing binds a name --- */

struct vl_cel_node *vl_cel_macro_bind_name(const struct vl_cel_macro_use *use, struct vl_span name,
    struct vl_cel_node *value, struct vl_cel_node *result)
{
    struct vl_cel_fold parts = {.iter_var = VL_SPAN_LIT("#unused"),
        .accu_var = name,
        .range = list(use, NULL),
        .init = value,
        .condition = boolean(use, false),
        .step = ident(use, name),
        .result = result};
    return fold(use, &parts);
}

static struct vl_cel_node *bind(const struct vl_cel_macro_use *use)
{
    if (use->target->kind != VL_CEL_NODE_IDENT || !vl_span_eq_str(use->target->as.name, "cel"))
        return NULL;
    if (use->args[0]->kind != VL_CEL_NODE_IDENT)
        return vl_cel_macro_refuse(
            use, use->args[0]->offset, "cel.bind() variable names must be simple identifiers");
    return vl_cel_macro_bind_name(use, use->args[0]->as.name, use->args[1], use->args[2]);
}

static struct vl_cel_node *optional(const struct vl_cel_macro_use *use, bool flat)
{
    if (use->args[0]->kind != VL_CEL_NODE_IDENT)
        return vl_cel_macro_refuse(use, use->args[0]->offset,
            flat ? "optFlatMap() variable name must be a simple identifier"
                 : "optMap() variable name must be a simple identifier");
    bool is_name = use->target->kind == VL_CEL_NODE_IDENT;
    struct vl_span name = is_name ? use->target->as.name : VL_SPAN_LIT("@target");
    struct vl_cel_node *target = is_name ? use->target : ident(use, name);
    struct vl_cel_node *again = ident(use, name);
    if (!target || !again)
        return NULL;
    again->absolute = target->absolute;
    struct vl_cel_node *inner =
        vl_cel_macro_bind_name(use, use->args[0]->as.name, method(use, "value", again), use->args[1]);
    if (!flat)
        inner = vl_cel_node_call(use->p, use->offset, VL_CEL_OP_NONE, "optional.of", NULL, &inner, 1);
    struct vl_cel_node *result = operation(use, VL_CEL_OP_CONDITIONAL, method(use, "hasValue", target), inner,
        vl_cel_node_call(use->p, use->offset, VL_CEL_OP_NONE, "optional.none", NULL, NULL, 0));
    return is_name ? result : vl_cel_macro_bind_name(use, name, use->target, result);
}

static struct vl_cel_node *opt_map(const struct vl_cel_macro_use *use)
{
    return optional(use, false);
}

static struct vl_cel_node *opt_flat_map(const struct vl_cel_macro_use *use)
{
    return optional(use, true);
}

/* --- table --- */

enum needs { ALWAYS, OPTIONALS, TWO_VARIABLES, SORT_BY, BINDINGS };

#define ANY_NUMBER 255 /* of arguments */

static const struct {
    const char *name;
    uint8_t n;
    bool method;
    enum needs needs;
    struct vl_cel_node *(*expand)(const struct vl_cel_macro_use *use);
} macros[] = {
    {"has", 1, false, ALWAYS, has},
    {"all", 2, true, ALWAYS, all},
    {"exists", 2, true, ALWAYS, exists},
    {"exists_one", 2, true, ALWAYS, exists_one},
    {"existsOne", 2, true, ALWAYS, exists_one},
    {"map", 2, true, ALWAYS, vl_cel_macro_map},
    {"map", 3, true, ALWAYS, vl_cel_macro_map},
    {"filter", 2, true, ALWAYS, filter},
    {"optMap", 2, true, OPTIONALS, opt_map},
    {"optFlatMap", 2, true, OPTIONALS, opt_flat_map},
    {"all", 3, true, TWO_VARIABLES, all},
    {"exists", 3, true, TWO_VARIABLES, exists},
    {"exists_one", 3, true, TWO_VARIABLES, exists_one},
    {"existsOne", 3, true, TWO_VARIABLES, exists_one},
    {"transformList", 3, true, TWO_VARIABLES, transform_list},
    {"transformList", 4, true, TWO_VARIABLES, transform_list},
    {"transformMap", 3, true, TWO_VARIABLES, transform_map},
    {"transformMap", 4, true, TWO_VARIABLES, transform_map},
    {"transformMapEntry", 3, true, TWO_VARIABLES, transform_map_entry},
    {"transformMapEntry", 4, true, TWO_VARIABLES, transform_map_entry},
    {"sortBy", 2, true, SORT_BY, vl_cel_macro_sort_by},
    {"bind", 3, true, BINDINGS, bind},
    {"least", ANY_NUMBER, true, BINDINGS, vl_cel_macro_least},
    {"greatest", ANY_NUMBER, true, BINDINGS, vl_cel_macro_greatest},
};

static bool is_on(const struct vl_cel_parse_options *options, enum needs needs)
{
    switch (needs) {
    case OPTIONALS:
        return options->optionals;
    case TWO_VARIABLES:
        return options->two_variables;
    case SORT_BY:
        return options->sort_by;
    case BINDINGS:
        return options->bindings;
    case ALWAYS:
        break;
    }
    return true;
}

struct vl_cel_node *vl_cel_macro_expand(struct vl_cel_parser *p, uint32_t offset, struct vl_span name,
    struct vl_cel_node *target, struct vl_cel_node *const *args, uint32_t n)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(macros); i++) {
        if ((macros[i].n != n && macros[i].n != ANY_NUMBER) || macros[i].method != (target != NULL) ||
            !is_on(p->options, macros[i].needs) || !vl_span_eq_str(name, macros[i].name))
            continue;
        struct vl_cel_macro_use use = {.p = p, .offset = offset, .target = target, .args = args, .n = n};
        struct vl_cel_node *node = macros[i].expand(&use);
        p->n_ids++; /* of the call itself, as cel-go counts */
        if (p->n_ids > VL_CEL_NODES_MAX) {
            vl_cel_issue_add(p->issues, offset,
                "expression count exceeds limit of %d while expanding macro '%.*s'", VL_CEL_NODES_MAX,
                VL_SPAN_FMT(name));
            p->stopped = p->fatal = true;
        }
        /* cppcheck-suppress returnDanglingLifetime */
        return node; /* of the arena */
    }
    return NULL;
}
