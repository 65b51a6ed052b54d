/* Assignability and type variables. */
#include "check_impl.h"

#include <stdio.h>
#include <string.h>

struct variable {
    struct vl_cel_type type; /* first: a PARAM of the checker is always one of these */
    uint32_t index;
    char name[16];
};

struct undo {
    uint32_t index;
    const struct vl_cel_type *before;
};

void vl_cel_check_types_init(struct vl_cel_checker *c)
{
    vl_vec_init(&c->bound, sizeof(const struct vl_cel_type *), VL_CEL_TYPE_STEPS_MAX);
    vl_vec_init(&c->trail, sizeof(struct undo), VL_CEL_TYPE_STEPS_MAX);
}

static bool give_up(struct vl_cel_checker *c)
{
    c->gave_up = true;
    return false;
}

/* Counts work. False once there was too much of it. */
static bool enter(struct vl_cel_checker *c)
{
    if (c->gave_up || ++c->steps > VL_CEL_TYPE_STEPS_MAX || c->depth >= VL_CEL_TYPE_DEPTH_MAX)
        return give_up(c);
    c->depth++;
    return true;
}

static bool leave(struct vl_cel_checker *c, bool result)
{
    c->depth--;
    return result;
}

const struct vl_cel_type *vl_cel_check_variable(struct vl_cel_checker *c)
{
    struct vl_err err;
    struct variable *variable = vl_arena_alloc(c->arena, sizeof(*variable));
    if (!variable || !vl_vec_push(&c->bound, "type variables", &err)) {
        (void)give_up(c);
        return &vl_cel_t_dyn;
    }
    variable->index = (uint32_t)c->bound.len - 1;
    (void)snprintf(variable->name, sizeof(variable->name), "_var%u", variable->index);
    variable->type = (struct vl_cel_type){.kind = VL_CEL_T_PARAM, .name = variable->name};
    return &variable->type;
}

static const struct vl_cel_type **slot(struct vl_cel_checker *c, const struct vl_cel_type *variable)
{
    const struct vl_cel_type **bound = c->bound.items;
    return &bound[((const struct variable *)(const void *)variable)->index];
}

static bool bind(struct vl_cel_checker *c, const struct vl_cel_type *variable, const struct vl_cel_type *to)
{
    struct vl_err err;
    struct undo *undo = vl_vec_push(&c->trail, "types of an expression", &err);
    if (!undo)
        return give_up(c);
    *undo = (struct undo){
        .index = ((const struct variable *)(const void *)variable)->index, .before = *slot(c, variable)};
    *slot(c, variable) = to;
    return true;
}

static void roll_back(struct vl_cel_checker *c, size_t mark)
{
    const struct vl_cel_type **bound = c->bound.items;
    while (c->trail.len > mark) {
        const struct undo *undo = (const struct undo *)c->trail.items + --c->trail.len;
        bound[undo->index] = undo->before;
    }
}

/* --- properties --- */

bool vl_cel_type_is_dyn(const struct vl_cel_type *type)
{
    return type->kind == VL_CEL_T_DYN;
}

enum vl_cel_type_kind vl_cel_type_kind(const struct vl_cel_type *type)
{
    return type->kind == VL_CEL_T_WRAPPER ? type->params[0]->kind : type->kind;
}

const struct vl_cel_type *vl_cel_type_unwrap_optional(const struct vl_cel_type *type, bool *ret_is_optional)
{
    bool is =
        type->kind == VL_CEL_T_OPAQUE && type->n_params == 1 && strcmp(type->name, VL_CEL_OPTIONAL_NAME) == 0;
    if (ret_is_optional)
        *ret_is_optional = is;
    return is ? type->params[0] : type;
}

static bool is_dyn_or_error(const struct vl_cel_type *type)
{
    return type->kind == VL_CEL_T_DYN || type->kind == VL_CEL_T_ERROR;
}

static bool has_name(enum vl_cel_type_kind kind)
{
    return kind == VL_CEL_T_OPAQUE || kind == VL_CEL_T_OBJECT || kind == VL_CEL_T_PARAM;
}

static bool same_head(const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    enum vl_cel_type_kind kind = vl_cel_type_kind(a);
    return kind == vl_cel_type_kind(b) && (!has_name(kind) || strcmp(a->name, b->name) == 0);
}

static unsigned n_params(const struct vl_cel_type *type)
{
    return type->kind == VL_CEL_T_WRAPPER ? 0 : type->n_params;
}

bool vl_cel_check_same(struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    if (a == b)
        return true;
    if (!same_head(a, b) || n_params(a) != n_params(b) || !enter(c))
        return false;
    bool same = true;
    for (unsigned i = 0; same && i < n_params(a); i++)
        same = vl_cel_check_same(c, a->params[i], b->params[i]);
    return leave(c, same);
}

/* `a` says no more than `b`. */
static bool less_specific(struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    if (vl_cel_type_is_dyn(a) || a->kind == VL_CEL_T_PARAM)
        return true;
    if (vl_cel_type_is_dyn(b) || b->kind == VL_CEL_T_PARAM || !same_head(a, b))
        return false;
    if (a->kind == VL_CEL_T_TYPE)
        return true;
    if (n_params(a) != n_params(b) || !enter(c))
        return false;
    bool less = true;
    for (unsigned i = 0; less && i < n_params(a); i++)
        less = less_specific(c, a->params[i], b->params[i]);
    return leave(c, less);
}

const struct vl_cel_type *vl_cel_check_general(
    struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    return less_specific(c, a, b) ? a : b;
}

/* `variable` does not occur in `within`, so that it may stand for it. */
static bool is_absent(
    struct vl_cel_checker *c, const struct vl_cel_type *variable, const struct vl_cel_type *within)
{
    if (variable == within || !enter(c))
        return false;
    bool absent = true;
    if (within->kind == VL_CEL_T_PARAM) {
        const struct vl_cel_type *to = *slot(c, within);
        return leave(c, !to || is_absent(c, variable, to));
    }
    for (unsigned i = 0; absent && i < n_params(within); i++)
        absent = is_absent(c, variable, within->params[i]);
    return leave(c, absent);
}

/* --- assignability --- */

static bool assign(struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b);

/* Whether the variable can stand for `type`, also where it stands for something already. */
static bool substitutes(struct vl_cel_checker *c, const struct vl_cel_type *type,
    const struct vl_cel_type *variable, bool *ret_was_bound)
{
    *ret_was_bound = true;
    if (type == variable)
        return true;
    const struct vl_cel_type *to = *slot(c, variable);
    if (to) {
        if (vl_cel_check_same(c, type, to))
            return true;
        if (!assign(c, type, to))
            return false;
        const struct vl_cel_type *general = vl_cel_check_general(c, type, to);
        return !is_absent(c, variable, general) || bind(c, variable, general);
    }
    *ret_was_bound = false;
    return is_absent(c, variable, type) && bind(c, variable, type);
}

static bool is_nullable(const struct vl_cel_type *type)
{
    switch (type->kind) {
    case VL_CEL_T_OPAQUE:
    case VL_CEL_T_OBJECT:
    case VL_CEL_T_DURATION:
    case VL_CEL_T_TIMESTAMP:
    case VL_CEL_T_WRAPPER:
    case VL_CEL_T_NULL:
        return true;
    default:
        return false;
    }
}

/* No variables, no dyn on either side. */
static bool assign_concrete(
    struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    if (a->kind == VL_CEL_T_NULL)
        return is_nullable(b);
    if (b->kind == VL_CEL_T_NULL)
        return is_nullable(a);
    if (a->kind == VL_CEL_T_TYPE)
        return b->kind == VL_CEL_T_TYPE;
    if (!same_head(a, b) || n_params(a) != n_params(b))
        return false;
    for (unsigned i = 0; i < n_params(a); i++) {
        if (!assign(c, a->params[i], b->params[i]))
            return false;
    }
    return true;
}

static bool assign(struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    bool was_bound = false;
    if (!enter(c))
        return false;
    if (b->kind == VL_CEL_T_PARAM) {
        if (substitutes(c, a, b, &was_bound))
            return leave(c, true);
        if (was_bound)
            return leave(c, false);
    }
    if (a->kind == VL_CEL_T_PARAM)
        return leave(c, substitutes(c, b, a, &was_bound));
    return leave(c, is_dyn_or_error(a) || is_dyn_or_error(b) || assign_concrete(c, a, b));
}

bool vl_cel_check_assignable_all(struct vl_cel_checker *c, const struct vl_cel_type *const *a,
    const struct vl_cel_type *const *b, unsigned n)
{
    size_t mark = c->trail.len;
    for (unsigned i = 0; i < n; i++) {
        if (!assign(c, a[i], b[i])) {
            roll_back(c, mark);
            return false;
        }
    }
    return true;
}

bool vl_cel_check_assignable(
    struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b)
{
    return vl_cel_check_assignable_all(c, &a, &b, 1);
}

/* --- substitution --- */

const struct vl_cel_type *vl_cel_check_substitute(
    struct vl_cel_checker *c, const struct vl_cel_type *type, bool to_dyn)
{
    if (!enter(c))
        return &vl_cel_t_dyn;
    while (type->kind == VL_CEL_T_PARAM && *slot(c, type))
        type = *slot(c, type);
    const struct vl_cel_type *result = type;
    if (type->kind == VL_CEL_T_PARAM) {
        result = to_dyn ? &vl_cel_t_dyn : type;
    } else if (n_params(type)) {
        struct vl_cel_type copy = *type;
        bool changed = false;
        for (unsigned i = 0; i < copy.n_params; i++) {
            copy.params[i] = vl_cel_check_substitute(c, type->params[i], to_dyn);
            changed |= copy.params[i] != type->params[i];
        }
        struct vl_cel_type *fresh = changed ? vl_arena_alloc(c->arena, sizeof(*fresh)) : NULL;
        if (fresh)
            *fresh = copy;
        else if (changed)
            (void)give_up(c);
        result = fresh ? fresh : type;
    }
    c->depth--;
    return result;
}
