/* A compiled expression: a tree of operations, each with the function that evaluates it. Shape and costs
 * follow cel-go's planner (interpreter/planner.go): an attribute is a base with a chain of qualifiers, and
 * costs 1 for itself and 1 for each qualifier; constants cost nothing. */
#ifndef VL_CEL_PROGRAM_H
#define VL_CEL_PROGRAM_H

#include "ast.h"
#include "run_impl.h"

#define VL_CEL_PROGRAM_DEPTH_MAX 1000 /* of operations */
#define VL_CEL_CALL_ITEMS_MAX                                                                              \
    2000000                          /* items of a list that a function is called with; sums can have more \
                                      */
#define VL_CEL_WALK_BYTES         16 /* of a text are as much work as one comparison */
#define VL_CEL_PROGRAM_MEMORY_MAX (64UL * 1024 * 1024)

struct vl_cel_op;

enum vl_cel_qualifier_kind {
    VL_CEL_QUALIFIER_FIELD, /* a name */
    VL_CEL_QUALIFIER_KEY,   /* another constant */
    VL_CEL_QUALIFIER_INDEX, /* computed */
};

struct vl_cel_qualifier {
    uint8_t kind;
    bool optional;  /* .?a, [?a] */
    bool test_only; /* has() */
    uint32_t offset;
    struct vl_cel_value key; /* FIELD, KEY */
    struct vl_cel_op *index;
};

enum vl_cel_base_kind {
    VL_CEL_BASE_VARIABLE,
    VL_CEL_BASE_SLOT,
    VL_CEL_BASE_OPERAND, /* the value of another operation */
    VL_CEL_BASE_UNKNOWN, /* a name that nobody declared */
};

struct vl_cel_attribute {
    uint8_t base;
    bool resolved; /* part of another attribute: costs nothing by itself */
    bool test;     /* has(): ends with a qualifier that tests */
    unsigned index;
    const char *name; /* for messages */
    struct vl_cel_op *operand;
    struct vl_cel_qualifier *qualifiers;
    unsigned n;
};

/* An overload that a call may have, with the kinds of its arguments as bits. */
struct vl_cel_candidate {
    const struct vl_cel_overload *overload;
    uint32_t kinds[VL_CEL_ARGS_MAX];
    bool deep; /* kinds are not all: items of lists, names of opaque types */
};

enum vl_cel_mismatch {         /* how cel-go words that no overload fits */
    VL_CEL_MISMATCH_SIGNATURE, /* "no such overload: f(int, string)" */
    VL_CEL_MISMATCH_NAME,      /* "no such overload: f" */
    VL_CEL_MISMATCH_PLAIN,     /* "no such overload" */
};

struct vl_cel_call {
    const char *function;
    const struct vl_cel_candidate *candidates;
    uint8_t n_candidates;
    uint8_t mismatch;
    bool is_size; /* the only function that does not look at every item */
};

struct vl_cel_loop {
    struct vl_cel_op *range, *init, *condition, *step, *result;
    unsigned iter, iter2, accu; /* slots */
    bool two;
};

struct vl_cel_literal { /* T{field: value}: the values are the arguments */
    const char *name;
    const struct vl_span *fields;
    const bool *optionals; /* or NULL */
};

struct vl_cel_op {
    struct vl_cel_value (*eval)(struct vl_cel_run *run, const struct vl_cel_op *op);
    uint32_t offset; /* of an error */
    uint16_t n;      /* arguments */
    uint8_t code;    /* enum vl_cel_operator */
    bool is_constant;
    uint64_t (*price)(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
    struct vl_cel_op **args;
    union {
        struct vl_cel_value constant;
        struct vl_cel_attribute *attribute;
        struct vl_cel_call *call;
        struct vl_cel_loop *loop;
        const bool *optionals; /* LIST, MAP: which items are optional; NULL: none */
        unsigned slot;         /* appends to this accumulator */
        struct vl_cel_value set;
        struct vl_cel_literal *literal;
    } as;
};

struct vl_cel_program {
    const struct vl_cel_env *env;
    struct vl_arena *arena;
    struct vl_cel_op *root;
    unsigned n_slots;
    unsigned depth;
    bool strict_presence; /* has() and .? of a scalar are errors (cel-spec), not false (Kubernetes) */
    uint64_t variables;
    const char *type;
    struct vl_cel_range estimate;
    struct vl_cel_constant_regex *regexes;
    unsigned n_regexes;
    const char *foreign;               /* a function that Kubernetes has not; or NULL */
    const char *refused, *refused_why; /* a function that is known by name only; or NULL */
    const char *asking, *asking_why;   /* one that an answer from outside serves; or NULL */
};

/* compile.c: the operations of a tree. 0, or an error without a place as cel-go words it (a constant
 * conversion that fails, a bad pattern). */
struct vl_cel_scope { /* the variables of a comprehension around what is compiled */
    const struct vl_cel_scope *outer;
    struct vl_span names[3];
    unsigned slots[3];
    unsigned n;
};

struct vl_cel_compiler {
    struct vl_cel_program *program;
    const struct vl_cel_env *env;
    struct vl_arena *arena;
    const struct vl_cel_scope *scope;
    unsigned depth;
    unsigned max_depth;
    uint64_t regex_work;    /* instructions of the constant patterns so far */
    struct vl_cel_run fold; /* evaluates constant conversions, in the arena of the program */
    struct vl_err *err;
    int r; /* the first failure */
};

/* NULL after a failure (c->r). */
struct vl_cel_op *vl_cel_compile_node(struct vl_cel_compiler *c, const struct vl_cel_node *node);
struct vl_cel_op *vl_cel_compile_call(struct vl_cel_compiler *c, const struct vl_cel_node *node);
struct vl_cel_op *vl_cel_compile_chain(struct vl_cel_compiler *c, const struct vl_cel_node *node);
struct vl_cel_op *vl_cel_compile_message(struct vl_cel_compiler *c, const struct vl_cel_node *node);
struct vl_cel_op *vl_cel_op_new(struct vl_cel_compiler *c, const struct vl_cel_node *node,
    struct vl_cel_value (*eval)(struct vl_cel_run *run, const struct vl_cel_op *op), unsigned n_args);
struct vl_cel_op *vl_cel_op_constant(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_value value);

/* Slot of a variable of a comprehension in scope; -1 where the name is none. */
int vl_cel_scope_find(const struct vl_cel_compiler *c, struct vl_span name);

VL_MUST_CHECK int vl_cel_compile_tree(
    struct vl_cel_program *program, const struct vl_cel_node *root, struct vl_err *err);

/* --- evaluation, by kind of operation --- */

struct vl_cel_value vl_cel_eval_constant(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_attribute(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_conditional(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_and(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_or(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_not(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_not_strictly_false(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_negate(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_equal(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_order(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_arithmetic(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_in(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_in_set(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_call(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_optional_or(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_optional_or_value(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_list(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_map(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_fold(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_append(struct vl_cel_run *run, const struct vl_cel_op *op);
struct vl_cel_value vl_cel_eval_insert(struct vl_cel_run *run, const struct vl_cel_op *op);

/* The value of a slot of a comprehension; the accumulator's start is computed here. */
struct vl_cel_value vl_cel_slot_value(struct vl_cel_run *run, unsigned slot);

/* The name of a value's type in Go, which some of cel-go's messages have. */
const char *vl_cel_go_type(struct vl_cel_value value);

/* The value of a variable: bound, computed now, or an error. */
struct vl_cel_value vl_cel_variable_value(struct vl_cel_run *run, unsigned index, const char *name);

/* Arithmetic on values of any kinds. */
struct vl_cel_value vl_cel_arithmetic(
    struct vl_cel_run *run, enum vl_cel_operator op, struct vl_cel_value a, struct vl_cel_value b);

/* Does a value have this type, as an overload asks at run time? */
bool vl_cel_type_accepts(const struct vl_cel_type *type, struct vl_cel_value value);

/* Counts the walk over a text that costs little or nothing: size(), a key of a map. */
static inline void vl_cel_walk(struct vl_cel_run *run, struct vl_cel_value text)
{
    if (text.kind != VL_CEL_STRING && text.kind != VL_CEL_BYTES)
        return;
    uint64_t work = text.len / VL_CEL_WALK_BYTES;
    if (work >= run->work)
        run->over = true;
    else
        run->work -= work;
}

static inline void vl_cel_spend(struct vl_cel_run *run, uint64_t cost)
{
    run->cost += cost;
    if (run->cost > run->limit || run->cost < cost)
        run->over = true;
}

#endif
