#include "parse_impl.h"

#include <string.h>

const char *vl_cel_operator_name(enum vl_cel_operator op)
{
    static const char *const names[] = {
        [VL_CEL_OP_NONE] = "",
        [VL_CEL_OP_AND] = "_&&_",
        [VL_CEL_OP_OR] = "_||_",
        [VL_CEL_OP_NOT] = "!_",
        [VL_CEL_OP_CONDITIONAL] = "_?_:_",
        [VL_CEL_OP_EQ] = "_==_",
        [VL_CEL_OP_NE] = "_!=_",
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
        [VL_CEL_OP_INDEX] = "_[_]",
        [VL_CEL_OP_IN] = "@in",
        [VL_CEL_OP_OPT_SELECT] = "_?._",
        [VL_CEL_OP_OPT_INDEX] = "_[?_]",
        [VL_CEL_OP_NOT_STRICTLY_FALSE] = "@not_strictly_false",
    };
    return names[op];
}

struct vl_cel_node *vl_cel_node_new(struct vl_cel_parser *p, enum vl_cel_node_kind kind, uint32_t offset)
{
    struct vl_cel_node *node = vl_arena_alloc(p->arena, sizeof(*node));
    if (!node) {
        p->stopped = true;
        return NULL;
    }
    node->kind = (uint8_t)kind;
    node->id = ++p->n_ids;
    node->offset = node->offset_call = offset;
    return node;
}

struct vl_cel_node *vl_cel_node_ident(struct vl_cel_parser *p, uint32_t offset, struct vl_span name)
{
    struct vl_cel_node *node = vl_cel_node_new(p, VL_CEL_NODE_IDENT, offset);
    if (node)
        node->as.name = name;
    return node;
}

struct vl_cel_node *vl_cel_node_const(struct vl_cel_parser *p, uint32_t offset, struct vl_cel_value value)
{
    struct vl_cel_node *node = vl_cel_node_new(p, VL_CEL_NODE_CONST, offset);
    if (node)
        node->as.constant = value;
    return node;
}

struct vl_cel_node *vl_cel_node_call(struct vl_cel_parser *p, uint32_t offset, enum vl_cel_operator op,
    const char *function, struct vl_cel_node *target, struct vl_cel_node *const *args, uint32_t n)
{
    struct vl_cel_node *node = vl_cel_node_new(p, VL_CEL_NODE_CALL, offset);
    struct vl_cel_node **copy = n ? vl_arena_array(p->arena, n, sizeof(struct vl_cel_node *)) : NULL;
    if (!node || (n && !copy)) {
        p->stopped = true;
        return NULL;
    }
    if (n)
        memcpy(copy, args, n * sizeof(struct vl_cel_node *));
    node->op = (uint8_t)op;
    node->as.call.function = vl_span_str(function ? function : vl_cel_operator_name(op));
    node->as.call.target = target;
    node->as.call.args = copy;
    node->as.call.n = n;
    return node;
}

static struct vl_cel_node *entry_child(const struct vl_cel_node *node, uint32_t index)
{
    bool keys = node->kind == VL_CEL_NODE_MAP;
    uint32_t entry = keys ? index / 2 : index;
    if (entry >= node->as.map.n)
        return NULL;
    return keys && index % 2 == 0 ? node->as.map.entries[entry].key : node->as.map.entries[entry].value;
}

static struct vl_cel_node *fold_child(const struct vl_cel_fold *fold, uint32_t index)
{
    struct vl_cel_node *const children[] = {
        fold->range, fold->init, fold->condition, fold->step, fold->result};
    return index < VL_ARRAY_LEN(children) ? children[index] : NULL;
}

struct vl_cel_node *vl_cel_node_child(const struct vl_cel_node *node, uint32_t index)
{
    switch ((enum vl_cel_node_kind)node->kind) {
    case VL_CEL_NODE_CONST:
    case VL_CEL_NODE_IDENT:
        break;
    case VL_CEL_NODE_SELECT:
        return index == 0 ? node->as.select.operand : NULL;
    case VL_CEL_NODE_CALL:
        if (node->as.call.target && index-- == 0)
            return node->as.call.target;
        return index < node->as.call.n ? node->as.call.args[index] : NULL;
    case VL_CEL_NODE_LIST:
        return index < node->as.list.n ? node->as.list.items[index] : NULL;
    case VL_CEL_NODE_MAP:
    case VL_CEL_NODE_STRUCT:
        return entry_child(node, index);
    case VL_CEL_NODE_COMPREHENSION:
        return fold_child(node->as.fold, index);
    }
    return NULL;
}

void vl_cel_node_walk(
    struct vl_cel_node *root, void (*each)(struct vl_cel_node *node, void *user), void *user)
{
    struct vl_cel_node *child;
    for (uint32_t i = 0; (child = vl_cel_node_child(root, i)) != NULL; i++)
        vl_cel_node_walk(child, each, user);
    each(root, user);
}
