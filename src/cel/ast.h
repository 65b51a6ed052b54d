/* The tree of an expression, as the parser makes it (macros expanded) and the checker annotates it. Lives in
 * one arena. Shape and names follow cel-spec's syntax.proto, so that the cost model of cel-go applies node by
 * node. */
#ifndef VL_CEL_AST_H
#define VL_CEL_AST_H

#include "cel/value.h"
#include "type.h"

enum vl_cel_node_kind {
    VL_CEL_NODE_CONST,
    VL_CEL_NODE_IDENT,
    VL_CEL_NODE_SELECT, /* operand.field, has(operand.field) */
    VL_CEL_NODE_CALL,   /* functions and operators; operators have cel-go's names: _+_ _&&_ !_ _[_] _?_:_ @in
                           _[?_] _?._ */
    VL_CEL_NODE_LIST,
    VL_CEL_NODE_MAP,
    VL_CEL_NODE_STRUCT, /* T{field: value} */
    VL_CEL_NODE_COMPREHENSION,
};

/* Operators get a number at parsing, so that nobody compares names later. */
enum vl_cel_operator {
    VL_CEL_OP_NONE, /* a call by name */
    VL_CEL_OP_AND,
    VL_CEL_OP_OR,
    VL_CEL_OP_NOT,
    VL_CEL_OP_CONDITIONAL,
    VL_CEL_OP_EQ,
    VL_CEL_OP_NE,
    VL_CEL_OP_LT,
    VL_CEL_OP_LE,
    VL_CEL_OP_GT,
    VL_CEL_OP_GE,
    VL_CEL_OP_ADD,
    VL_CEL_OP_SUB,
    VL_CEL_OP_MUL,
    VL_CEL_OP_DIV,
    VL_CEL_OP_MOD,
    VL_CEL_OP_NEG,
    VL_CEL_OP_INDEX,
    VL_CEL_OP_IN,
    VL_CEL_OP_OPT_SELECT,         /* a.?b: arguments operand and the field as a string constant */
    VL_CEL_OP_OPT_INDEX,          /* a[?b] */
    VL_CEL_OP_NOT_STRICTLY_FALSE, /* of comprehensions */
};

struct vl_cel_entry {        /* of a map or struct */
    struct vl_cel_node *key; /* NULL in a struct */
    struct vl_span field;    /* in a struct */
    struct vl_cel_node *value;
    uint32_t id;
    uint32_t offset; /* of the ":" */
    bool optional;   /* ?key: value */
};

struct vl_cel_fold {
    struct vl_span iter_var, iter_var2; /* iter_var2 empty with one variable */
    struct vl_span accu_var;            /* "@result" */
    struct vl_cel_node *range, *init, *condition, *step, *result;
};

struct vl_cel_node {
    uint8_t kind;         /* enum vl_cel_node_kind */
    uint8_t op;           /* CALL: enum vl_cel_operator */
    bool test_only;       /* SELECT: has() */
    bool absolute;        /* IDENT: leading dot */
    uint32_t id;          /* unique in the tree, from 1 */
    uint32_t offset;      /* where cel-go reports the node: its name, literal, "." of a select, operator or
                             "(" of a call, bracket; code points from the start of the expression */
    uint32_t offset_call; /* the same */
    const struct vl_cel_type *type; /* set by the checker; NULL before, or unchecked */
    struct vl_span resolved; /* checker: qualified name of a variable, type or qualified function; a variable
                          of a comprehension and a method have none */
    uint64_t overloads; /* checker: bit i: overload i of the function is possible; 0: unchecked, all are */
    union {
        struct vl_cel_value constant; /* texts in the arena; enum-like type names are IDENT */
        struct vl_span name;          /* IDENT, without the leading dot */
        struct {
            struct vl_cel_node *operand;
            struct vl_span field;
        } select;
        struct {
            struct vl_span function;
            struct vl_cel_node *target; /* NULL for f(x) */
            struct vl_cel_node **args;
            uint32_t n;
            const struct vl_cel_env_function *declared; /* env.h; set by the checker, NULL: unchecked */
        } call;
        struct {
            struct vl_cel_node **items;
            uint32_t n;
            const bool *optional; /* NULL: none is; else one a item */
        } list;
        struct {
            struct vl_cel_entry *entries;
            uint32_t n;
            struct vl_span type_name; /* STRUCT */
        } map;
        struct vl_cel_fold *fold;
    } as;
};

/* Children in the order of evaluation (a map: key, value, key, value …); NULL behind the last. */
struct vl_cel_node *vl_cel_node_child(const struct vl_cel_node *node, uint32_t index);

/* Every node, children first. As deep as the tree, which the parser limits. */
void vl_cel_node_walk(
    struct vl_cel_node *root, void (*each)(struct vl_cel_node *node, void *user), void *user);

/* The name in cel-go, "_+_"; of VL_CEL_OP_NONE "". */
const char *vl_cel_operator_name(enum vl_cel_operator op);

#define VL_CEL_ACCUMULATOR "@result"
#define VL_CEL_MAP_INSERT  "cel.@mapInsert" /* function of transformMap and transformMapEntry */

#endif
