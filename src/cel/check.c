#include <stdio.h>
#include <string.h>

#include "check_impl.h"

#include "message.h"
#include "schema.h"

#define LOCALS_MAX (4UL * VL_CEL_NODES_MAX)

static void check(struct vl_cel_checker *c, struct vl_cel_node *node);

static const char *container(const struct vl_cel_checker *c)
{
    return c->env->options.container ? c->env->options.container : "";
}

static void report_undeclared(struct vl_cel_checker *c, uint32_t offset, bool absolute, struct vl_span name)
{
    vl_cel_issue_add(c->issues, offset, "undeclared reference to '%s%.*s' (in container '%s')",
        absolute ? "." : "", VL_SPAN_FMT(name), container(c));
}

/* --- names --- */

static const struct vl_cel_type *find_local(const struct vl_cel_checker *c, struct vl_span name)
{
    const struct vl_cel_local *locals = c->locals.items;
    for (size_t i = c->locals.len; i > 0; i--) {
        if (vl_span_eq(locals[i - 1].name, name))
            return locals[i - 1].type;
    }
    return NULL;
}

static void push_local(struct vl_cel_checker *c, struct vl_span name, const struct vl_cel_type *type)
{
    struct vl_err err;
    struct vl_cel_local *local = vl_vec_push(&c->locals, "variables of an expression", &err);
    if (local)
        *local = (struct vl_cel_local){.name = name, .type = type};
    else
        c->gave_up = true;
}

static const struct vl_span null_value = VL_SPAN_LIT("google.protobuf.NullValue.NULL_VALUE");

/* A variable, a type or an enum value of this very name. NULL where there is none. */
static const struct vl_cel_type *find_global(struct vl_cel_checker *c, struct vl_span name)
{
    bool dotted = vl_span_find_char(name, '.') != SIZE_MAX;
    if (!dotted || c->env->qualified) {
        const struct vl_cel_variable *variable = vl_cel_env_find_variable(c->env, name, NULL);
        if (variable)
            return variable->type;
    }
    if (dotted && !vl_span_starts_with(name, "google.") && !vl_span_starts_with(name, "net."))
        return NULL; /* no type is called so */
    const struct vl_cel_type *type = vl_cel_env_find_type(c->env, name);
    if (type)
        return vl_cel_type_of(c->arena, type);
    return vl_span_eq(name, null_value) ? &vl_cel_t_int : NULL;
}

/* Makes the node an identifier of the global that `name` means in the container. */
static bool resolve_global(struct vl_cel_checker *c, struct vl_cel_node *node, struct vl_span name)
{
    struct vl_cel_candidates candidates;
    struct vl_span candidate;
    vl_cel_candidates_start(&candidates, c->env, name);
    while (vl_cel_candidates_next(&candidates, &candidate)) {
        const struct vl_cel_type *type = find_global(c, candidate);
        if (!type)
            continue;
        if (vl_span_eq(candidate, null_value)) {
            node->kind = VL_CEL_NODE_CONST;
            node->as.constant = (struct vl_cel_value){.kind = VL_CEL_INT};
        } else {
            struct vl_span copy = vl_span_str(vl_arena_dup_span(c->arena, candidate));
            node->kind = VL_CEL_NODE_IDENT;
            node->as.name = copy;
            node->resolved = copy;
        }
        node->type = type;
        return true;
    }
    return false;
}

static void check_ident(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    struct vl_span name = node->as.name;
    const struct vl_cel_type *local = node->absolute ? NULL : find_local(c, name);
    if (local) {
        node->type = local;
        return;
    }
    char dotted[VL_CEL_CANDIDATE_MAX];
    if (node->absolute && name.len < sizeof(dotted) - 1) {
        dotted[0] = '.';
        memcpy(dotted + 1, name.ptr, name.len);
        name = (struct vl_span){dotted, name.len + 1};
    }
    if (resolve_global(c, node, name))
        return;
    report_undeclared(c, node->offset, node->absolute, node->as.name);
    node->type = &vl_cel_t_error;
}

/* "a.b.c" of a chain of selections that starts with a name; empty where it is none. Written from its end. */
static struct vl_span qualified_name(
    const struct vl_cel_node *node, char text[VL_CEL_CANDIDATE_MAX], const struct vl_cel_node **ret_first)
{
    size_t at = VL_CEL_CANDIDATE_MAX;
    for (; node->kind == VL_CEL_NODE_SELECT && !node->test_only; node = node->as.select.operand) {
        struct vl_span field = node->as.select.field;
        if (field.len + 1 > at)
            return VL_SPAN_EMPTY;
        at -= field.len;
        memcpy(text + at, field.ptr, field.len);
        text[--at] = '.';
    }
    if (node->kind != VL_CEL_NODE_IDENT || node->as.name.len + 1 > at)
        return VL_SPAN_EMPTY;
    at -= node->as.name.len;
    memcpy(text + at, node->as.name.ptr, node->as.name.len);
    if (node->absolute)
        text[--at] = '.';
    *ret_first = node;
    return (struct vl_span){text + at, VL_CEL_CANDIDATE_MAX - at};
}

/* --- selections --- */

static const struct vl_cel_type *object_field(struct vl_cel_checker *c, struct vl_cel_node *node,
    const struct vl_cel_type *object, struct vl_span field)
{
    struct vl_span name = {0};
    const struct vl_cel_type *type = vl_cel_schema_field(object, field, &name);
    if (type && node->kind == VL_CEL_NODE_SELECT) /* "a.if" finds "__if__" */
        node->as.select.field = name;
    else if (type)
        node->as.call.args[1]->as.constant =
            (struct vl_cel_value){.kind = VL_CEL_STRING, .len = (uint32_t)name.len, .as.bytes = name.ptr};
    if (type)
        return type;
    vl_cel_issue_add(c->issues, node->offset, "undefined field '%.*s'", VL_SPAN_FMT(field));
    return &vl_cel_t_error;
}

static void report_no_fields(
    struct vl_cel_checker *c, const struct vl_cel_node *node, const struct vl_cel_type *type)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, 16384);
    vl_cel_type_describe(type, &out);
    /* Upstream these are messages whose fields nobody describes. */
    if (type == &vl_cel_t_quantity || type == &vl_cel_t_semver || type == &vl_cel_t_url) {
        vl_cel_issue_add(c->issues, node->offset, "unexpected failed resolution of '%s'", vl_buf_str(&out));
        return;
    }
    vl_cel_issue_add(c->issues, node->offset, "type '%s' does not support field selection", vl_buf_str(&out));
}

/* Type of operand.field, after the operand has its type. */
static const struct vl_cel_type *field_type(struct vl_cel_checker *c, struct vl_cel_node *node,
    const struct vl_cel_node *operand, struct vl_span field, bool optional)
{
    bool was_optional = false;
    const struct vl_cel_type *target = vl_cel_type_unwrap_optional(
                                 vl_cel_check_substitute(c, operand->type, false), &was_optional),
                             *result = &vl_cel_t_dyn;
    switch (target->kind) {
    case VL_CEL_T_MAP:
        result = target->params[1];
        break;
    case VL_CEL_T_OBJECT:
        result = object_field(c, node, target, field);
        break;
    case VL_CEL_T_PARAM: /* nothing more is known of it from here on */
        (void)vl_cel_check_assignable(c, &vl_cel_t_dyn, target);
        break;
    case VL_CEL_T_DYN:
    case VL_CEL_T_ERROR:
        break;
    default:
        report_no_fields(c, node, target);
        break;
    }
    if (!optional && !was_optional)
        return result;
    result = vl_cel_type_optional(c->arena, result);
    return result ? result : &vl_cel_t_dyn;
}

/* A name that is no variable, but before the dot of some variable's name: Kubernetes' `variables`. */
static bool is_family(const struct vl_cel_env *env, struct vl_span name)
{
    for (unsigned i = 0; env->qualified && i < env->n_variables; i++) {
        const char *other = env->variables[i].name;
        if (strncmp(other, name.ptr, name.len) == 0 && other[name.len] == '.')
            return true;
    }
    return false;
}

/* "family.field" where there is none of that name, and has(family.field): true of those there are. */
static bool check_family(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    char text[VL_CEL_CANDIDATE_MAX];
    const struct vl_cel_node *operand = node->as.select.operand;
    struct vl_span field = node->as.select.field;
    if (operand->kind != VL_CEL_NODE_IDENT || find_local(c, operand->as.name) ||
        find_global(c, operand->as.name) || !is_family(c->env, operand->as.name))
        return false;
    int n = snprintf(text, sizeof(text), "%.*s.%.*s", VL_SPAN_FMT(operand->as.name), VL_SPAN_FMT(field));
    bool known = n > 0 && (size_t)n < sizeof(text) && find_global(c, (struct vl_span){text, (size_t)n});
    if (!known) {
        vl_cel_issue_add(c->issues, node->offset, "undefined field '%.*s'", VL_SPAN_FMT(field));
        node->type = &vl_cel_t_error;
        return true;
    }
    node->kind = VL_CEL_NODE_CONST;
    node->as.constant = vl_cel_bool(true);
    node->type = &vl_cel_t_bool;
    return true;
}

static void check_select(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    char text[VL_CEL_CANDIDATE_MAX];
    const struct vl_cel_node *first = NULL;
    struct vl_span name = qualified_name(node, text, &first);
    if (first && (first->absolute || !find_local(c, first->as.name)) && resolve_global(c, node, name))
        return;
    if (check_family(c, node))
        return;
    check(c, node->as.select.operand);
    const struct vl_cel_type *type =
        field_type(c, node, node->as.select.operand, node->as.select.field, false);
    node->type = node->test_only ? &vl_cel_t_bool : vl_cel_check_substitute(c, type, false);
}

static void check_optional_select(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    struct vl_cel_node *field = node->as.call.args[1];
    check(c, node->as.call.args[0]);
    field->type = &vl_cel_t_string;
    const struct vl_cel_type *type =
        field_type(c, node, node->as.call.args[0], vl_cel_span(field->as.constant), true);
    node->type = vl_cel_check_substitute(c, type, false);
    node->as.call.declared = c->env->operators[VL_CEL_OP_OPT_SELECT];
    node->overloads = 1;
}

/* --- calls --- */

static const struct vl_cel_env_function *find_function(struct vl_cel_checker *c, struct vl_span name)
{
    struct vl_cel_candidates candidates;
    struct vl_span candidate;
    vl_cel_candidates_start(&candidates, c->env, name);
    while (vl_cel_candidates_next(&candidates, &candidate)) {
        const struct vl_cel_env_function *function = vl_cel_env_find_function(c->env, candidate);
        if (function)
            return function;
    }
    return NULL;
}

/* a.b.c(…): is a.b.c a function? */
static const struct vl_cel_env_function *find_qualified_function(
    struct vl_cel_checker *c, const struct vl_cel_node *call)
{
    char text[2 * VL_CEL_CANDIDATE_MAX];
    const struct vl_cel_node *first = NULL;
    struct vl_span prefix = qualified_name(call->as.call.target, text, &first);
    size_t len = prefix.len + 1 + call->as.call.function.len;
    if (!first || len > VL_CEL_CANDIDATE_MAX)
        return NULL;
    memmove(text, prefix.ptr, prefix.len);
    text[prefix.len] = '.';
    memcpy(text + prefix.len + 1, call->as.call.function.ptr, call->as.call.function.len);
    return find_function(c, (struct vl_span){text, len});
}

static void check_call(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    const struct vl_cel_env_function *function = NULL;
    if (node->op == VL_CEL_OP_OPT_SELECT) {
        check_optional_select(c, node);
        return;
    }
    for (uint32_t i = 0; i < node->as.call.n; i++)
        check(c, node->as.call.args[i]);
    if (node->as.call.target) {
        function = find_qualified_function(c, node);
        if (function) { /* a namespace, no target */
            node->as.call.target = NULL;
            node->as.call.function = vl_span_str(function->name);
            node->resolved = node->as.call.function;
        } else {
            check(c, node->as.call.target);
        }
    }
    if (!function)
        function = node->op ? c->env->operators[node->op] : find_function(c, node->as.call.function);
    if (!function) {
        report_undeclared(c, node->offset, false, node->as.call.function);
        node->type = &vl_cel_t_error;
        return;
    }
    if (!node->as.call.target)
        node->as.call.function = vl_span_str(function->name);
    vl_cel_check_resolve(c, node, function);
}

/* --- literals --- */

/* The common type of what was seen so far and the next item. */
static const struct vl_cel_type *join(
    struct vl_cel_checker *c, const struct vl_cel_type *previous, const struct vl_cel_type *type)
{
    if (!previous)
        return type;
    if (vl_cel_check_assignable(c, previous, type))
        return type->kind == VL_CEL_T_NULL ? previous : vl_cel_check_general(c, previous, type);
    return &vl_cel_t_dyn; /* what Kubernetes says to mixed types: check_literals.c */
}

/* The type of an item that is left out where it is none. */
static const struct vl_cel_type *optional_item(
    struct vl_cel_checker *c, const struct vl_cel_node *item, const struct vl_cel_type *type)
{
    bool is_optional = false;
    type = vl_cel_type_unwrap_optional(vl_cel_check_substitute(c, type, false), &is_optional);
    if (!is_optional && !vl_cel_type_is_dyn(type)) {
        const struct vl_cel_type *wanted = vl_cel_type_optional(c->arena, type);
        vl_cel_check_mismatch(c, item->offset, wanted ? wanted : type, type);
    }
    return type;
}

static void check_list(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    const struct vl_cel_type *type = NULL;
    for (uint32_t i = 0; i < node->as.list.n; i++) {
        struct vl_cel_node *item = node->as.list.items[i];
        check(c, item);
        const struct vl_cel_type *own = item->type;
        if (node->as.list.optional && node->as.list.optional[i])
            own = optional_item(c, item, own);
        type = join(c, type, own);
    }
    node->type = vl_cel_type_list(c->arena, type ? type : vl_cel_check_variable(c));
}

static void check_map(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    const struct vl_cel_type *key = NULL, *value = NULL;
    for (uint32_t i = 0; i < node->as.map.n; i++) {
        const struct vl_cel_entry *entry = &node->as.map.entries[i];
        check(c, entry->key);
        key = join(c, key, entry->key->type);
        check(c, entry->value);
        const struct vl_cel_type *own = entry->value->type;
        if (entry->optional)
            own = optional_item(c, entry->value, own);
        value = join(c, value, own);
    }
    if (!key) {
        key = vl_cel_check_variable(c);
        value = vl_cel_check_variable(c);
    }
    node->type = vl_cel_type_map(c->arena, key, value);
}

static void check_struct_field(
    struct vl_cel_checker *c, struct vl_span message, const struct vl_cel_entry *entry)
{
    check(c, entry->value);
    const struct vl_cel_type *wanted = vl_cel_message_field(message, entry->field),
                             *found = entry->value->type;
    if (!wanted) {
        vl_cel_issue_add(c->issues, entry->offset, "undefined field '%.*s'", VL_SPAN_FMT(entry->field));
        return;
    }
    if (entry->optional)
        found = optional_item(c, entry->value, found);
    if (vl_cel_check_assignable(c, wanted, found))
        return;
    struct vl_buf a VL_CLEANUP(vl_buf_done) = {0};
    struct vl_buf b VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&a, 16384);
    vl_buf_init(&b, 16384);
    vl_cel_type_describe(wanted, &a);
    vl_cel_type_describe(found, &b);
    vl_cel_issue_add(c->issues, entry->offset,
        "expected type of field '%.*s' is '%s' but provided type is '%s'", VL_SPAN_FMT(entry->field),
        vl_buf_str(&a), vl_buf_str(&b));
}

static void check_struct(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    struct vl_cel_candidates candidates;
    struct vl_span candidate = {0};
    const struct vl_cel_type *type = NULL;
    vl_cel_candidates_start(&candidates, c->env, node->as.map.type_name);
    while (!type && vl_cel_candidates_next(&candidates, &candidate))
        type = vl_cel_env_find_type(c->env, candidate);
    if (!type) {
        report_undeclared(c, node->offset, false, node->as.map.type_name);
        node->type = &vl_cel_t_error;
        return;
    }
    candidate = vl_span_str(vl_arena_dup_span(c->arena, candidate));
    node->as.map.type_name = candidate;
    node->resolved = candidate;
    node->type = vl_cel_message_type(candidate);
    if (!node->type) {
        vl_cel_issue_add(c->issues, node->offset, "'%.*s' is not a message type", VL_SPAN_FMT(candidate));
        node->type = &vl_cel_t_error;
    }
    for (uint32_t i = 0; i < node->as.map.n; i++)
        check_struct_field(c, candidate, &node->as.map.entries[i]);
}

/* --- comprehensions --- */

static void range_types(struct vl_cel_checker *c, const struct vl_cel_node *range, bool two,
    const struct vl_cel_type **first, const struct vl_cel_type **second)
{
    const struct vl_cel_type *type = vl_cel_check_substitute(c, range->type, false);
    *first = *second = &vl_cel_t_dyn;
    if (type->kind == VL_CEL_T_LIST) {
        *first = two ? &vl_cel_t_int : type->params[0];
        *second = type->params[0];
    } else if (type->kind == VL_CEL_T_MAP) {
        *first = type->params[0];
        *second = type->params[1];
    } else if (type->kind == VL_CEL_T_DYN || type->kind == VL_CEL_T_ERROR || type->kind == VL_CEL_T_PARAM) {
        (void)vl_cel_check_assignable(c, &vl_cel_t_dyn, type);
    } else {
        struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
        vl_buf_init(&out, 16384);
        vl_cel_type_describe(type, &out);
        vl_cel_issue_add(c->issues, range->offset,
            "expression of type '%s' cannot be range of a comprehension (must be list, map, or dynamic)",
            vl_buf_str(&out));
        *first = *second = &vl_cel_t_error;
    }
}

static void assert_type(
    struct vl_cel_checker *c, const struct vl_cel_node *node, const struct vl_cel_type *wanted)
{
    if (!vl_cel_check_assignable(c, wanted, node->type))
        vl_cel_check_mismatch(c, node->offset, wanted, node->type);
}

static void check_comprehension(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    struct vl_cel_fold *fold = node->as.fold;
    const struct vl_cel_type *first, *second;
    bool two = fold->iter_var2.len > 0;
    check(c, fold->range);
    check(c, fold->init);
    const struct vl_cel_type *accu = fold->init->type;
    range_types(c, fold->range, two, &first, &second);
    size_t outside = c->locals.len;
    push_local(c, fold->accu_var, accu);
    size_t inside = c->locals.len;
    push_local(c, fold->iter_var, first);
    if (two)
        push_local(c, fold->iter_var2, second);
    check(c, fold->condition);
    assert_type(c, fold->condition, &vl_cel_t_bool);
    check(c, fold->step);
    assert_type(c, fold->step, accu);
    c->locals.len = inside;
    check(c, fold->result);
    c->locals.len = outside;
    node->type = vl_cel_check_substitute(c, fold->result->type, false);
}

/* --- the walk: as deep as the parser allowed --- */

static const struct vl_cel_type *constant_type(const struct vl_cel_value *value)
{
    switch (value->kind) {
    case VL_CEL_BOOL:
        return &vl_cel_t_bool;
    case VL_CEL_INT:
        return &vl_cel_t_int;
    case VL_CEL_UINT:
        return &vl_cel_t_uint;
    case VL_CEL_DOUBLE:
        return &vl_cel_t_double;
    case VL_CEL_STRING:
        return &vl_cel_t_string;
    case VL_CEL_BYTES:
        return &vl_cel_t_bytes;
    default:
        return &vl_cel_t_null;
    }
}

static void check(struct vl_cel_checker *c, struct vl_cel_node *node)
{
    if (c->gave_up) {
        node->type = &vl_cel_t_error;
        return;
    }
    switch ((enum vl_cel_node_kind)node->kind) {
    case VL_CEL_NODE_CONST:
        node->type = constant_type(&node->as.constant);
        break;
    case VL_CEL_NODE_IDENT:
        check_ident(c, node);
        break;
    case VL_CEL_NODE_SELECT:
        check_select(c, node);
        break;
    case VL_CEL_NODE_CALL:
        check_call(c, node);
        break;
    case VL_CEL_NODE_LIST:
        check_list(c, node);
        break;
    case VL_CEL_NODE_MAP:
        check_map(c, node);
        break;
    case VL_CEL_NODE_STRUCT:
        check_struct(c, node);
        break;
    case VL_CEL_NODE_COMPREHENSION:
        check_comprehension(c, node);
        break;
    }
    if (!node->type) { /* no memory */
        node->type = &vl_cel_t_error;
        c->gave_up = true;
    }
}

static void finish_node(struct vl_cel_node *node, void *user)
{
    struct vl_cel_checker *c = user;
    node->type = vl_cel_check_substitute(c, node->type ? node->type : &vl_cel_t_error, true);
}

static int run(struct vl_cel_checker *c, struct vl_cel_parsed *tree, struct vl_err *err)
{
    check(c, tree->root);
    if (!c->gave_up)
        vl_cel_node_walk(tree->root, finish_node, c);
    int r = vl_arena_check(c->arena, "types of an expression", err);
    if (r < 0)
        return r;
    if (c->gave_up) { /* the rest may be a consequence */
        c->issues->n = c->issues->left_out = 0;
        vl_cel_issue_add(c->issues, tree->root->offset, "types of the expression are too large or too deep");
    }
    if (c->issues->n == 0)
        vl_cel_check_literals(c, tree->root);
    return vl_cel_issues_err(c->issues, err);
}

int vl_cel_check(const struct vl_cel_env *env, struct vl_cel_parsed *tree, struct vl_arena *arena,
    struct vl_cel_issues *issues, struct vl_err *err)
{
    struct vl_cel_checker c = {.env = env, .arena = arena, .issues = issues};
    vl_vec_init(&c.locals, sizeof(struct vl_cel_local), LOCALS_MAX);
    vl_cel_check_types_init(&c);
    int r = run(&c, tree, err);
    vl_vec_done(&c.locals);
    vl_vec_done(&c.bound);
    vl_vec_done(&c.trail);
    return r;
}
