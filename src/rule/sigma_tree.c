#include <string.h>

#include "sigma.h"
#include "sigma_build.h"

int vl_sigma_tree_count(struct vl_sigma_build *build, uint32_t n, struct vl_err *err)
{
    if (n > VL_SIGMA_NODES_MAX - build->nodes)
        return vl_err_set(err, VL_ERR_LIMIT, "the rule becomes more than %d comparisons", VL_SIGMA_NODES_MAX);
    build->nodes += n;
    return 0;
}

static int node_new(
    struct vl_sigma_build *build, enum vl_condition_kind kind, struct vl_condition **ret, struct vl_err *err)
{
    int r = vl_sigma_tree_count(build, 1, err);
    if (r < 0)
        return r;
    struct vl_condition *node = vl_arena_alloc(build->arena, sizeof(*node));
    if (node == NULL)
        return vl_err_nomem(err);
    node->kind = (uint8_t)kind;
    *ret = node;
    return 0;
}

int vl_sigma_tree_group(struct vl_sigma_build *build, enum vl_condition_kind kind,
    struct vl_condition *const *items, uint32_t n, struct vl_condition **ret, struct vl_err *err)
{
    if (n == 0)
        return vl_err_set(err, VL_ERR_INVALID, "nothing to look for");
    if (n == 1 && kind != VL_COND_NOT) {
        *ret = items[0];
        return 0;
    }
    struct vl_condition *node = NULL;
    int r = node_new(build, kind, &node, err);
    if (r < 0)
        return r;
    node->as.children.items = vl_arena_array(build->arena, n, sizeof(struct vl_condition *));
    if (node->as.children.items == NULL)
        return vl_err_nomem(err);
    memcpy(node->as.children.items, items, n * sizeof(struct vl_condition *));
    node->as.children.n = n;
    *ret = node;
    return 0;
}

int vl_sigma_tree_not(
    struct vl_sigma_build *build, struct vl_condition *inner, struct vl_condition **ret, struct vl_err *err)
{
    return vl_sigma_tree_group(build, VL_COND_NOT, &inner, 1, ret, err);
}

static int operand_new(struct vl_sigma_build *build, const struct vl_sigma_target *target,
    struct vl_operand **ret, struct vl_err *err)
{
    struct vl_operand *operand = vl_arena_alloc(build->arena, sizeof(*operand));
    if (operand == NULL)
        return vl_err_nomem(err);
    operand->field = target->field;
    operand->arg = target->arg;
    operand->has_arg = target->has_arg;
    *ret = operand;
    return 0;
}

/* What is always so: every system call has a type. */
static const struct vl_sigma_target always = {.field = {"evt.type", 8}};

static int check_new(struct vl_sigma_build *build, const struct vl_sigma_target *target,
    enum vl_condition_op op, struct vl_condition **ret, struct vl_err *err)
{
    struct vl_condition *node = NULL;
    int r = node_new(build, VL_COND_CHECK, &node, err);
    if (r < 0)
        return r;
    node->op = (uint8_t)op;
    *ret = node;
    return operand_new(build, target, &node->as.check.left, err);
}

static int check_one(struct vl_sigma_build *build, const struct vl_sigma_target *target,
    enum vl_condition_op op, const struct vl_span *value, struct vl_condition **ret, struct vl_err *err)
{
    if (target->always || value == NULL)
        return check_new(build, target->always ? &always : target, VL_OP_EXISTS, ret, err);
    int r = check_new(build, target, op, ret, err);
    if (r < 0)
        return r;
    struct vl_span *kept = vl_arena_alloc(build->arena, sizeof(*kept));
    char *bytes = vl_arena_dup_span(build->arena, *value);
    if (kept == NULL || bytes == NULL)
        return vl_err_nomem(err);
    *kept = (struct vl_span){bytes, value->len};
    (*ret)->as.check.values = kept;
    (*ret)->as.check.n_values = 1;
    return 0;
}

int vl_sigma_tree_check(struct vl_sigma_build *build, const struct vl_sigma_target *targets,
    uint32_t n_targets, enum vl_condition_op op, const struct vl_span *value, struct vl_condition **ret,
    struct vl_err *err)
{
    struct vl_condition *items[VL_SIGMA_TARGETS_MAX];
    for (uint32_t i = 0; i < n_targets; i++) {
        int r = check_one(build, &targets[i], op, value, &items[i], err);
        if (r < 0)
            return r;
    }
    return vl_sigma_tree_group(build, VL_COND_OR, items, n_targets, ret, err);
}

int vl_sigma_tree_check_field(struct vl_sigma_build *build, const struct vl_sigma_target *left,
    uint32_t n_left, enum vl_condition_op op, const struct vl_sigma_target *right, uint32_t n_right,
    struct vl_condition **ret, struct vl_err *err)
{
    struct vl_condition *items[VL_SIGMA_TARGETS_MAX * VL_SIGMA_TARGETS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_left; i++) {
        for (uint32_t k = 0; k < n_right; k++) {
            struct vl_condition *node = NULL;
            int r = check_new(build, left[i].always ? &always : &left[i], op, &node, err);
            if (r < 0)
                return r;
            struct vl_operand *val = vl_arena_alloc(build->arena, sizeof(*val));
            if (val == NULL)
                return vl_err_nomem(err);
            val->transformer = VL_TRANSFORM_VAL;
            node->right_is_field = true;
            node->as.check.right_field = val;
            r = operand_new(build, right[k].always ? &always : &right[k], &val->inner, err);
            if (r < 0)
                return r;
            items[n++] = node;
        }
    }
    return vl_sigma_tree_group(build, VL_COND_OR, items, n, ret, err);
}
