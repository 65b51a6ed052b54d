/* What the parts of the checker share. Source of the rules: cel-spec langdef.md, "Gradual Type Checking", and
 * cel-go's checker where it leaves room. */
#ifndef VL_CEL_CHECK_IMPL_H
#define VL_CEL_CHECK_IMPL_H

#include "base/vec.h"
#include "check.h"

/* A hostile expression can double a type with each macro; this much work is done on types, then it is
 * refused. */
#define VL_CEL_TYPE_STEPS_MAX 20000000

struct vl_cel_local { /* a variable of a comprehension */
    struct vl_span name;
    const struct vl_cel_type *type;
};

struct vl_cel_checker {
    const struct vl_cel_env *env;
    struct vl_arena *arena;
    struct vl_cel_issues *issues;
    struct vl_vec locals; /* struct vl_cel_local, innermost last */
    struct vl_vec bound; /* const struct vl_cel_type *: what each type variable stands for, NULL while free */
    struct vl_vec trail; /* what to undo */
    uint64_t steps;
    uint64_t regex_work; /* instructions of the constant patterns so far */
    unsigned depth;
    bool gave_up; /* types became too large, or there is no memory */
};

/* --- check_types.c --- */

void vl_cel_check_types_init(struct vl_cel_checker *c);

/* A fresh type variable. */
const struct vl_cel_type *vl_cel_check_variable(struct vl_cel_checker *c);

/* Whether a value of type `b` may stand where `a` is wanted, with type variables bound as needed; nothing
 * stays bound when it may not. */
bool vl_cel_check_assignable(
    struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b);
bool vl_cel_check_assignable_all(struct vl_cel_checker *c, const struct vl_cel_type *const *a,
    const struct vl_cel_type *const *b, unsigned n);

/* With bound variables replaced; free ones become dyn where `to_dyn`. */
const struct vl_cel_type *vl_cel_check_substitute(
    struct vl_cel_checker *c, const struct vl_cel_type *type, bool to_dyn);

/* The less specific of two types of which one is assignable to the other. */
const struct vl_cel_type *vl_cel_check_general(
    struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b);

bool vl_cel_check_same(struct vl_cel_checker *c, const struct vl_cel_type *a, const struct vl_cel_type *b);

bool vl_cel_type_is_dyn(const struct vl_cel_type *type); /* dyn or Any */

/* What is in an optional; *ret_is_optional may be NULL. */
const struct vl_cel_type *vl_cel_type_unwrap_optional(const struct vl_cel_type *type, bool *ret_is_optional);

/* The kind that counts: of a wrapper that of what it wraps. */
enum vl_cel_type_kind vl_cel_type_kind(const struct vl_cel_type *type);

/* --- check_call.c --- */

/* Of a call whose arguments have types. Sets type, declared and overloads, or reports. */
void vl_cel_check_resolve(
    struct vl_cel_checker *c, struct vl_cel_node *call, const struct vl_cel_env_function *function);

void vl_cel_check_mismatch(struct vl_cel_checker *c, uint32_t offset, const struct vl_cel_type *wanted,
    const struct vl_cel_type *found);

/* --- check_literals.c --- */

/* After all types are known: literals of one type, constants that can only be wrong. */
void vl_cel_check_literals(struct vl_cel_checker *c, const struct vl_cel_node *root);

/* --- check_format.c --- */

/* 'format'.format([arguments]): clauses and the types of their arguments. */
void vl_cel_check_format(struct vl_cel_checker *c, const struct vl_cel_node *call);

#endif
