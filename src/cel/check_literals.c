/* What Kubernetes refuses although types fit (its environment's ASTValidators): lists and maps of mixed
 * types; since 1.29 constant arguments that can only fail. */
#include "regex_go.h"
#include "check_impl.h"
#include "pattern/regex.h"

#define CONSTANTS_SINCE 29

static const struct vl_cel_type *item_type(const struct vl_cel_node *item, bool optional)
{
    return optional ? vl_cel_type_unwrap_optional(item->type, NULL) : item->type;
}

static void check_list(struct vl_cel_checker *c, const struct vl_cel_node *list)
{
    const struct vl_cel_type *first = NULL;
    for (uint32_t i = 0; i < list->as.list.n; i++) {
        const struct vl_cel_node *item = list->as.list.items[i];
        const struct vl_cel_type *type = item_type(item, list->as.list.optional && list->as.list.optional[i]);
        if (!first) {
            first = type;
        } else if (!vl_cel_check_same(c, first, type)) {
            vl_cel_check_mismatch(c, item->offset, first, type);
            return;
        }
    }
}

static void check_map(struct vl_cel_checker *c, const struct vl_cel_node *map)
{
    const struct vl_cel_type *key = NULL, *value = NULL;
    for (uint32_t i = 0; i < map->as.map.n; i++) {
        const struct vl_cel_entry *entry = &map->as.map.entries[i];
        const struct vl_cel_type *type = item_type(entry->value, entry->optional);
        if (!key) {
            key = entry->key->type;
            value = type;
            continue;
        }
        if (!vl_cel_check_same(c, key, entry->key->type))
            vl_cel_check_mismatch(c, entry->key->offset, key, entry->key->type);
        if (!vl_cel_check_same(c, value, type))
            vl_cel_check_mismatch(c, entry->value->offset, value, type);
    }
}

/* A constant pattern is compiled to see whether it can be; all together only so far, since a short pattern
 * can take a fifth of a second. */
static void check_pattern(struct vl_cel_checker *c, const struct vl_cel_node *constant)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_regex *regex VL_CLEANUP(vl_regex_cleanup) = NULL;
    if (c->regex_work > VL_CEL_REGEX_WORK_MAX)
        return;
    int r = vl_cel_regex_new(vl_cel_span(constant->as.constant), &regex, &err);
    if (r < 0)
        vl_cel_issue_add(c->issues, constant->offset, "invalid matches argument");
    size_t size = r >= 0 ? vl_regex_size(regex) : err.code == VL_ERR_LIMIT ? VL_REGEX_SIZE_MAX : 0;
    c->regex_work += VL_CEL_REGEX_WORK_ONE + size;
    if (c->regex_work > VL_CEL_REGEX_WORK_MAX)
        vl_cel_issue_add(
            c->issues, constant->offset, "regular expressions of the expression are too large together");
}

/* The library of each overload that is possible says whether the constant will do. */
static void check_constant(struct vl_cel_checker *c, const struct vl_cel_node *call, unsigned arg,
    const struct vl_cel_node *constant)
{
    const struct vl_cel_env_function *function = call->as.call.declared;
    const struct vl_cel_library *asked = NULL;
    for (unsigned i = 0; i < function->n; i++) {
        const struct vl_cel_library *library = function->libraries[i];
        if (!(call->overloads >> i & 1) || library == asked || !library->validate)
            continue;
        asked = library;
        const char *wrong = library->validate(function->name, arg, constant->as.constant, c->arena);
        if (wrong) {
            vl_cel_issue_add(c->issues, constant->offset, "%s", wrong);
            return;
        }
    }
}

static void check_call(struct vl_cel_checker *c, const struct vl_cel_node *call)
{
    const struct vl_cel_node *child;
    if (!call->as.call.declared || call->op || !vl_cel_env_since(c->env, CONSTANTS_SINCE))
        return;
    bool is_matches = vl_span_eq_str(call->as.call.function, "matches");
    for (uint32_t i = 0; (child = vl_cel_node_child(call, i)) != NULL; i++) {
        if (child->kind != VL_CEL_NODE_CONST)
            continue;
        if (i == 1 && is_matches && child->as.constant.kind == VL_CEL_STRING)
            check_pattern(c, child);
        else
            check_constant(c, call, i, child);
    }
    vl_cel_check_format(c, call);
}

/* Lists and maps inside a call of format() may mix types. */
static void check_node(struct vl_cel_checker *c, const struct vl_cel_node *node, bool mixed)
{
    const struct vl_cel_node *child;
    if (node->kind == VL_CEL_NODE_CALL) {
        check_call(c, node);
        mixed |=
            vl_cel_env_since(c->env, CONSTANTS_SINCE) && vl_span_eq_str(node->as.call.function, "format");
    } else if (node->kind == VL_CEL_NODE_LIST && !mixed) {
        check_list(c, node);
    } else if (node->kind == VL_CEL_NODE_MAP && !mixed) {
        check_map(c, node);
    }
    for (uint32_t i = 0; (child = vl_cel_node_child(node, i)) != NULL; i++)
        check_node(c, child, mixed);
}

void vl_cel_check_literals(struct vl_cel_checker *c, const struct vl_cel_node *root)
{
    if (c->env->options.profile == VL_CEL_PROFILE_KUBERNETES)
        check_node(c, root, false);
}
