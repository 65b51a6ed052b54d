#include "estimate.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "check_impl.h"
#include "cost.h"
#include "price.h"
#include "schema.h"

/* A size, where one is known. */
struct size {
    bool known;
    struct vl_cel_range range;
};

/* Sizes of what is in a list or map, where they are known. */
struct entry {
    uint8_t container; /* VL_CEL_T_LIST or VL_CEL_T_MAP; 0: unknown */
    struct vl_cel_range key, value;
};

/* What was found out about a node. `path`: the declared type that it was reached through from a variable,
 * whose schema may limit it. */
struct info {
    struct size size;
    struct entry entry;
    const struct vl_cel_type *path;
};

struct local {
    struct vl_span name;
    struct size size;
    struct entry entry;
    const struct vl_cel_type *path;
};

struct estimator {
    struct vl_cel_estimate_options options;
    struct info *infos; /* by id */
    uint32_t n_ids;
    struct vl_vec locals;
    bool failed;
};

static const struct vl_cel_range unknown = {0, UINT64_MAX};

static struct vl_cel_range cost(struct estimator *e, const struct vl_cel_node *node);

static struct info *info_of(struct estimator *e, const struct vl_cel_node *node)
{
    return &e->infos[node->id];
}

static struct size known(struct vl_cel_range range)
{
    return (struct size){.known = true, .range = range};
}

/* --- locals --- */

static const struct local *find_local(const struct estimator *e, const struct vl_cel_node *node)
{
    const struct local *locals = e->locals.items;
    if (node->kind != VL_CEL_NODE_IDENT || node->resolved.len)
        return NULL;
    for (size_t i = e->locals.len; i > 0; i--) {
        if (vl_span_eq(locals[i - 1].name, node->as.name))
            return &locals[i - 1];
    }
    return NULL;
}

static void push_local(struct estimator *e, const struct local *local)
{
    struct vl_err err;
    struct local *slot = vl_vec_push(&e->locals, "variables of an expression", &err);
    if (slot)
        *slot = *local;
    else
        e->failed = true;
}

/* --- sizes --- */

static const struct vl_cel_type *path_of(struct estimator *e, const struct vl_cel_node *node)
{
    const struct local *local = find_local(e, node);
    return local ? local->path : info_of(e, node)->path;
}

static bool is_scalar(const struct vl_cel_type *type)
{
    bool is_optional = false;
    const struct vl_cel_type *inner = vl_cel_type_unwrap_optional(type, &is_optional);
    if (is_optional)
        return is_scalar(inner);
    switch (vl_cel_type_kind(inner)) {
    case VL_CEL_T_BOOL:
    case VL_CEL_T_DOUBLE:
    case VL_CEL_T_DURATION:
    case VL_CEL_T_INT:
    case VL_CEL_T_TIMESTAMP:
    case VL_CEL_T_UINT:
        return true;
    default:
        return false;
    }
}

static uint64_t constant_size(const struct vl_cel_value *value)
{
    uint64_t runes = 0;
    if (value->kind == VL_CEL_BYTES)
        return value->len;
    if (value->kind != VL_CEL_STRING)
        return 1;
    for (uint32_t i = 0; i < value->len; i++)
        runes += ((unsigned char)value->as.bytes[i] & 0xC0) != 0x80;
    return runes;
}

static bool literal_size(const struct vl_cel_node *node, uint64_t *ret)
{
    if (node->kind == VL_CEL_NODE_CONST)
        *ret = constant_size(&node->as.constant);
    else if (node->kind == VL_CEL_NODE_LIST)
        *ret = node->as.list.n;
    else if (node->kind == VL_CEL_NODE_MAP)
        *ret = node->as.map.n;
    else
        return false;
    return true;
}

/* What a schema or the caller says about texts, lists and maps. */
static struct size declared_size(
    const struct estimator *e, const struct vl_cel_type *path, const struct vl_cel_type *type)
{
    uint64_t max = 0;
    if (path && vl_cel_schema_size(path, &max))
        return known(vl_cel_range_of(0, max));
    if (e->options.text_max != UINT64_MAX && (type->kind == VL_CEL_T_STRING || type->kind == VL_CEL_T_BYTES))
        return known(vl_cel_range_of(0, e->options.text_max));
    return (struct size){.known = false};
}

static struct size size_of(struct estimator *e, const struct vl_cel_node *node)
{
    struct info *info = info_of(e, node);
    uint64_t exact = 0;
    if (info->size.known)
        return info->size;
    if (literal_size(node, &exact))
        return known(vl_cel_range_of(exact, exact));
    struct size declared = declared_size(e, path_of(e, node), node->type);
    if (declared.known) {
        info->size = declared;
        return declared;
    }
    if (is_scalar(node->type))
        return known(vl_cel_range_of(1, 1));
    const struct local *local = find_local(e, node);
    return local ? local->size : declared;
}

static struct vl_cel_range size_or_unknown(struct estimator *e, const struct vl_cel_node *node)
{
    struct size size = size_of(e, node);
    return size.known ? size.range : unknown;
}

static struct entry entry_of(struct estimator *e, const struct vl_cel_node *node)
{
    const struct entry *own = &info_of(e, node)->entry;
    const struct local *local = own->container ? NULL : find_local(e, node);
    return local ? local->entry : *own;
}

static void set_entry(struct estimator *e, const struct vl_cel_node *node, struct entry entry)
{
    if (entry.container)
        info_of(e, node)->entry = entry;
}

static struct entry entry_union(struct entry a, struct entry b)
{
    if (!a.container || !b.container)
        return (struct entry){.container = 0};
    return (struct entry){.container = a.container,
        .key = vl_cel_range_union(a.key, b.key),
        .value = vl_cel_range_union(a.value, b.value)};
}

static void set_size(struct estimator *e, const struct vl_cel_node *node, struct size size)
{
    if (size.known)
        info_of(e, node)->size = size;
}

/* --- parts of a declared type --- */

static const struct vl_cel_type *path_items(const struct vl_cel_type *path)
{
    return path && path->kind == VL_CEL_T_LIST ? path->params[0] : NULL;
}

static const struct vl_cel_type *path_keys(const struct vl_cel_type *path)
{
    return path && path->kind == VL_CEL_T_MAP ? path->params[0] : NULL;
}

static const struct vl_cel_type *path_values(const struct vl_cel_type *path)
{
    return path && path->kind == VL_CEL_T_MAP ? path->params[1] : NULL;
}

/* --- calls --- */

static unsigned all_args(const struct vl_cel_node *call, const struct vl_cel_node **args)
{
    unsigned n = 0;
    if (call->as.call.target)
        args[n++] = call->as.call.target;
    for (uint32_t i = 0; i < call->as.call.n && n < VL_CEL_ARGS_MAX; i++)
        args[n++] = call->as.call.args[i];
    return n;
}

static struct vl_cel_estimate_arg describe_arg(struct estimator *e, const struct vl_cel_node *node)
{
    const struct vl_cel_type *path = path_of(e, node);
    struct vl_cel_estimate_arg arg = {.size = size_or_unknown(e, node),
        .item = unknown,
        .type = node->type,
        .literal = node->kind == VL_CEL_NODE_CONST ? &node->as.constant : NULL,
        .node = node};
    if (node->type->n_params) {
        struct size item = declared_size(e, path_items(path), node->type->params[0]);
        if (item.known)
            arg.item = item.range;
    }
    return arg;
}

/* Kubernetes knows what comparing its own types costs. */
static bool equality_cost(
    struct estimator *e, const struct vl_cel_node *const *args, struct vl_cel_range *ret)
{
    const struct vl_cel_type *type = args[0]->type;
    if (type->kind != VL_CEL_T_OPAQUE || args[1]->type->kind != VL_CEL_T_OPAQUE ||
        strcmp(type->name, args[1]->type->name) != 0 || type->n_params)
        return false;
    uint64_t max = 1;
    if (strcmp(type->name, vl_cel_t_format.name) == 0) {
        max = 64; /* MaxFormatSize */
    } else if (strcmp(type->name, vl_cel_t_url.name) == 0) {
        struct size size = size_of(e, args[1]);
        max = size.known ? size.range.max : 1;
    } else {
        *ret = vl_cel_range_fixed(1);
        return true;
    }
    *ret = vl_cel_range_factor(vl_cel_range_of(1, max), VL_CEL_COST_TRAVERSAL);
    return true;
}

static struct vl_cel_range overload_cost(struct estimator *e, const struct vl_cel_node *call,
    const struct vl_cel_overload *overload, const struct vl_cel_node *const *nodes, unsigned n,
    struct size *ret_size)
{
    struct vl_cel_estimate_arg args[VL_CEL_ARGS_MAX + 1] = {0};
    struct vl_cel_range size = unknown, result = vl_cel_range_fixed(1);
    if (call->op == VL_CEL_OP_EQ && equality_cost(e, nodes, &result))
        return result;
    if (!overload->price.estimate)
        return result;
    for (unsigned i = 0; i < n; i++)
        args[i] = describe_arg(e, nodes[i]);
    result = overload->price.estimate(args, n, &size);
    if (size.min != unknown.min || size.max != unknown.max)
        *ret_size = known(size);
    if (call->op == VL_CEL_OP_ADD && n == 2) /* texts and lists joined */
        set_entry(e, call, entry_union(entry_of(e, nodes[0]), entry_of(e, nodes[1])));
    return result;
}

/* [] of a list or map: the item is as large as its container says. */
static void note_index(struct estimator *e, const struct vl_cel_node *call,
    const struct vl_cel_overload *overload, const struct vl_cel_node *container, struct size *size)
{
    bool list = strcmp(overload->id, "index_list") == 0;
    if (!list && strcmp(overload->id, "index_map") != 0)
        return;
    struct entry entry = entry_of(e, container);
    *size = (struct size){.known = entry.container != 0, .range = entry.value};
    const struct vl_cel_type *path = path_of(e, container);
    info_of(e, call)->path = list ? path_items(path) : path_values(path);
}

static struct vl_cel_range cost_overloads(
    struct estimator *e, const struct vl_cel_node *call, const struct vl_cel_node *const *args, unsigned n)
{
    const struct vl_cel_env_function *function = call->as.call.declared;
    struct vl_cel_range sum = vl_cel_range_of(UINT64_MAX, 0);
    struct size size = {.known = false};
    for (unsigned i = 0; i < function->n; i++) {
        if (!(call->overloads >> i & 1))
            continue;
        struct size own = {.known = false};
        sum = vl_cel_range_union(sum, overload_cost(e, call, function->overloads[i], args, n, &own));
        if (own.known)
            size = size.known ? known(vl_cel_range_union(size.range, own.range)) : own;
        if (call->op == VL_CEL_OP_INDEX)
            note_index(e, call, function->overloads[i], args[0], &size);
        if (!size.known)
            size = size_of(e, call);
    }
    set_size(e, call, size);
    return sum;
}

static struct vl_cel_range cost_conditional(
    struct estimator *e, const struct vl_cel_node *call, const struct vl_cel_range *costs)
{
    struct vl_cel_node *const *args = call->as.call.args;
    set_entry(e, call, entry_union(entry_of(e, args[1]), entry_of(e, args[2])));
    set_size(e, call, known(vl_cel_range_union(size_or_unknown(e, args[1]), size_or_unknown(e, args[2]))));
    return vl_cel_range_add(costs[0], vl_cel_range_union(costs[1], costs[2]));
}

/* dyn() only hides a type. */
static struct vl_cel_range cost_dyn(struct estimator *e, const struct vl_cel_node *call)
{
    const struct vl_cel_node *arg = call->as.call.args[0];
    struct vl_cel_range sum = vl_cel_range_add(vl_cel_range_fixed(1), cost(e, arg));
    set_size(e, call, size_of(e, arg));
    set_entry(e, call, entry_of(e, arg));
    return sum;
}

static struct vl_cel_range cost_call(struct estimator *e, const struct vl_cel_node *call)
{
    const struct vl_cel_node *args[VL_CEL_ARGS_MAX + 1] = {0};
    struct vl_cel_range costs[VL_CEL_ARGS_MAX + 1] = {{0, 0}}, sum = {0, 0};
    if (!call->as.call.target && call->as.call.n == 1 && vl_span_eq_str(call->as.call.function, "dyn"))
        return cost_dyn(e, call);
    unsigned n = all_args(call, args);
    for (unsigned i = 0; i < n; i++) {
        costs[i] = cost(e, args[i]);
        sum = vl_cel_range_add(sum, costs[i]);
    }
    if (!call->overloads || !call->as.call.declared)
        return vl_cel_range_of(0, 0);
    if (call->op == VL_CEL_OP_AND || call->op == VL_CEL_OP_OR) {
        set_size(e, call, size_of(e, call));
        return vl_cel_range_of(costs[0].min, sum.max);
    }
    if (call->op == VL_CEL_OP_CONDITIONAL)
        return cost_conditional(e, call, costs);
    return vl_cel_range_add(sum, cost_overloads(e, call, args, n));
}

/* --- the other nodes --- */

static struct vl_cel_range cost_ident(struct estimator *e, const struct vl_cel_node *node)
{
    const struct local *local = find_local(e, node);
    info_of(e, node)->path = local ? local->path : node->type;
    return vl_cel_range_fixed(VL_CEL_COST_SELECT);
}

static struct vl_cel_range cost_select(struct estimator *e, const struct vl_cel_node *node)
{
    const struct vl_cel_node *operand = node->as.select.operand;
    struct vl_cel_range sum = cost(e, operand);
    if (node->test_only)
        return vl_cel_range_add(sum, vl_cel_range_fixed(e->options.has_costs ? VL_CEL_COST_SELECT : 0));
    enum vl_cel_type_kind kind = vl_cel_type_kind(operand->type);
    if (kind == VL_CEL_T_MAP || kind == VL_CEL_T_OBJECT || kind == VL_CEL_T_PARAM)
        sum = vl_cel_range_add(sum, vl_cel_range_fixed(VL_CEL_COST_SELECT));
    const struct vl_cel_type *path = path_of(e, operand);
    if (path && path->kind == VL_CEL_T_OBJECT)
        info_of(e, node)->path = vl_cel_schema_field(path, node->as.select.field, NULL);
    return sum;
}

/* Smallest and largest of none is [0, 0]. */
static struct vl_cel_range no_items(uint32_t n)
{
    return vl_cel_range_of(n ? UINT64_MAX : 0, 0);
}

static struct vl_cel_range cost_list(struct estimator *e, const struct vl_cel_node *node)
{
    struct vl_cel_range sum = vl_cel_range_fixed(VL_CEL_COST_LIST), item = no_items(node->as.list.n);
    for (uint32_t i = 0; i < node->as.list.n; i++) {
        sum = vl_cel_range_add(sum, cost(e, node->as.list.items[i]));
        item = vl_cel_range_union(item, size_or_unknown(e, node->as.list.items[i]));
    }
    set_entry(
        e, node, (struct entry){.container = VL_CEL_T_LIST, .key = vl_cel_range_fixed(1), .value = item});
    return sum;
}

static struct vl_cel_range cost_map(struct estimator *e, const struct vl_cel_node *node)
{
    struct vl_cel_range sum = vl_cel_range_fixed(VL_CEL_COST_MAP), key = no_items(node->as.map.n),
                        value = key;
    for (uint32_t i = 0; i < node->as.map.n; i++) {
        const struct vl_cel_entry *entry = &node->as.map.entries[i];
        sum = vl_cel_range_add(sum, cost(e, entry->key));
        sum = vl_cel_range_add(sum, cost(e, entry->value));
        key = vl_cel_range_union(key, size_or_unknown(e, entry->key));
        value = vl_cel_range_union(value, size_or_unknown(e, entry->value));
    }
    set_entry(e, node, (struct entry){.container = VL_CEL_T_MAP, .key = key, .value = value});
    return sum;
}

static struct vl_cel_range cost_struct(struct estimator *e, const struct vl_cel_node *node)
{
    struct vl_cel_range sum = vl_cel_range_fixed(VL_CEL_COST_STRUCT);
    for (uint32_t i = 0; i < node->as.map.n; i++)
        sum = vl_cel_range_add(sum, cost(e, node->as.map.entries[i].value));
    return sum;
}

/* --- comprehensions --- */

static bool is_bind(const struct vl_cel_fold *fold)
{
    return fold->range->kind == VL_CEL_NODE_LIST && fold->range->as.list.n == 0 &&
           fold->condition->kind == VL_CEL_NODE_CONST && fold->condition->as.constant.kind == VL_CEL_BOOL &&
           !fold->condition->as.constant.as.boolean;
}

static void push_accumulator(struct estimator *e, const struct vl_cel_fold *fold)
{
    push_local(e, &(struct local){.name = fold->accu_var,
                      .size = size_of(e, fold->init),
                      .entry = entry_of(e, fold->init),
                      .path = path_of(e, fold->init)});
}

static struct vl_cel_range cost_bind(struct estimator *e, const struct vl_cel_node *node)
{
    const struct vl_cel_fold *fold = node->as.fold;
    struct vl_cel_range sum = vl_cel_range_add(cost(e, fold->range), cost(e, fold->init));
    push_accumulator(e, fold);
    sum = vl_cel_range_add(sum, cost(e, fold->result));
    e->locals.len--;
    set_size(e, node, size_of(e, fold->result));
    set_entry(e, node, entry_of(e, fold->result));
    return sum;
}

static void push_iteration(struct estimator *e, const struct vl_cel_fold *fold)
{
    struct entry entry = entry_of(e, fold->range);
    const struct vl_cel_type *path = path_of(e, fold->range);
    enum vl_cel_type_kind container = entry.container ? entry.container : vl_cel_type_kind(fold->range->type);
    bool list = container == VL_CEL_T_LIST, two = fold->iter_var2.len > 0;
    struct size key = {.known = entry.container != 0, .range = entry.key},
                value = {.known = entry.container != 0, .range = entry.value};
    struct local keys = {.name = fold->iter_var, .size = key, .path = path_keys(path)},
                 values = {.name = two ? fold->iter_var2 : fold->iter_var,
                     .size = value,
                     .path = list ? path_items(path) : path_values(path)};
    if (two || !list)
        push_local(e, &keys);
    if (two || list)
        push_local(e, &values);
}

static struct vl_cel_range cost_comprehension(struct estimator *e, const struct vl_cel_node *node)
{
    const struct vl_cel_fold *fold = node->as.fold;
    if (is_bind(fold))
        return cost_bind(e, node);
    struct vl_cel_range sum = vl_cel_range_add(cost(e, fold->range), cost(e, fold->init));
    push_accumulator(e, fold);
    size_t outside = e->locals.len;
    push_iteration(e, fold);
    struct vl_cel_range loop = cost(e, fold->condition), step = cost(e, fold->step);
    e->locals.len = e->failed ? e->locals.len : outside;
    sum = vl_cel_range_add(sum, cost(e, fold->result));
    e->locals.len -= e->failed ? 0 : 1;
    struct vl_cel_range count = size_or_unknown(e, fold->range);
    sum = vl_cel_range_add(sum, vl_cel_range_mul(count, vl_cel_range_add(step, loop)));
    if (fold->init->kind == VL_CEL_NODE_CONST) {
        set_size(e, node, size_of(e, fold->init));
    } else if (fold->init->kind == VL_CEL_NODE_LIST || fold->init->kind == VL_CEL_NODE_MAP) {
        set_size(e, node, known(count));
        set_entry(e, node, entry_of(e, fold->step));
    }
    return sum;
}

/* As deep as the tree, which the parser limits. */
static struct vl_cel_range cost(struct estimator *e, const struct vl_cel_node *node)
{
    switch ((enum vl_cel_node_kind)node->kind) {
    case VL_CEL_NODE_CONST:
        break;
    case VL_CEL_NODE_IDENT:
        return cost_ident(e, node);
    case VL_CEL_NODE_SELECT:
        return cost_select(e, node);
    case VL_CEL_NODE_CALL:
        return cost_call(e, node);
    case VL_CEL_NODE_LIST:
        return cost_list(e, node);
    case VL_CEL_NODE_MAP:
        return cost_map(e, node);
    case VL_CEL_NODE_STRUCT:
        return cost_struct(e, node);
    case VL_CEL_NODE_COMPREHENSION:
        return cost_comprehension(e, node);
    }
    return vl_cel_range_of(0, 0);
}

/* The largest id, and whether all nodes have types. */
struct survey {
    uint32_t max_id;
    bool untyped;
};

static void look_at(const struct vl_cel_node *node, struct survey *survey)
{
    const struct vl_cel_node *child;
    survey->max_id = node->id > survey->max_id ? node->id : survey->max_id;
    survey->untyped |= node->type == NULL;
    for (uint32_t i = 0; (child = vl_cel_node_child(node, i)) != NULL; i++)
        look_at(child, survey);
}

struct vl_cel_range vl_cel_estimate_with(
    const struct vl_cel_node *root, const struct vl_cel_estimate_options *options)
{
    struct survey survey = {0};
    look_at(root, &survey);
    if (survey.untyped)
        return unknown;
    struct estimator e = {.options = *options, .n_ids = survey.max_id + 1};
    e.infos = calloc(e.n_ids, sizeof(*e.infos));
    if (!e.infos)
        return unknown;
    vl_vec_init(&e.locals, sizeof(struct local), 4UL * VL_CEL_NODES_MAX);
    struct vl_cel_range sum = cost(&e, root);
    vl_vec_done(&e.locals);
    free(e.infos);
    return e.failed ? unknown : sum;
}

struct vl_cel_range vl_cel_estimate(const struct vl_cel_env *env, const struct vl_cel_node *root)
{
    (void)env;
    struct vl_cel_estimate_options options = {.has_costs = false, .text_max = UINT64_MAX};
    return vl_cel_estimate_with(root, &options);
}
