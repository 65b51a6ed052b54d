/* Falco's condition language as a tree: `evt.type in (open, openat) and not proc.name startswith "kube"`.
 *
 * Source: the grammar in falcosecurity/libs userspace/libsinsp/filter/parser.h (EBNF), Falco documentation
 * "Conditions". */
#ifndef VL_RULE_CONDITION_H
#define VL_RULE_CONDITION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "event/field.h"

#define VL_CONDITION_BYTES_MAX      (64UL * 1024 * 1024) /* text of one condition, lists substituted */
#define VL_CONDITION_DEPTH_MAX      1000                 /* nesting; Falco: 100 for filters, 1000 for rules */
#define VL_CONDITION_TREE_DEPTH_MAX 4000                 /* nesting of a tree, macros resolved */
#define VL_CONDITION_NODES_MAX      1000000

enum vl_condition_kind {
    VL_COND_AND,
    VL_COND_OR,
    VL_COND_NOT,   /* children[0] */
    VL_COND_MACRO, /* a bare identifier: text; replaced when macros are resolved */
    VL_COND_CHECK, /* left op right, or `left exists` */
};

enum vl_condition_op {
    VL_OP_EXISTS,
    VL_OP_EQ, /* = and == */
    VL_OP_NE,
    VL_OP_LT,
    VL_OP_LE,
    VL_OP_GT,
    VL_OP_GE,
    VL_OP_CONTAINS,
    VL_OP_ICONTAINS,
    VL_OP_BCONTAINS,
    VL_OP_STARTSWITH,
    VL_OP_BSTARTSWITH,
    VL_OP_ENDSWITH,
    VL_OP_GLOB,
    VL_OP_IGLOB,
    VL_OP_REGEX,
    VL_OP_IN,
    VL_OP_INTERSECTS,
    VL_OP_PMATCH,
    /* Ours, for Sigma: as their namesakes, blind to case. Not part of Falco's syntax. */
    VL_OP_IEQ,
    VL_OP_ISTARTSWITH,
    VL_OP_IENDSWITH,
    VL_OP_IREGEX, /* not anchored */
    VL_OP_CIDR,
};

/* `startswith oneof (a, b)`: how an operator of one value meets a list. */
enum vl_condition_quantifier {
    VL_QUANT_NONE,
    VL_QUANT_ONEOF,
    VL_QUANT_ANYOF,
    VL_QUANT_ALLOF,
};

enum vl_transformer {
    VL_TRANSFORM_NONE, /* a plain field */
    VL_TRANSFORM_VAL,  /* val(field) */
    VL_TRANSFORM_TOLOWER,
    VL_TRANSFORM_TOUPPER,
    VL_TRANSFORM_B64,
    VL_TRANSFORM_BASENAME,
    VL_TRANSFORM_LEN,
    VL_TRANSFORM_JOIN,
    VL_TRANSFORM_CONCAT,
    VL_TRANSFORM_GETOPT,
};

struct vl_operand {
    uint8_t transformer;       /* enum vl_transformer */
    struct vl_span field, arg; /* of a field: "proc.aname", "2"; getopt takes an argument, too */
    bool has_arg;
    struct vl_operand *inner; /* of a transformer: its arguments, a list by `next` */
    struct vl_operand *next;
    struct vl_span literal; /* an argument that is a text or a list item: field empty */
    bool is_literal;
    bool is_list;    /* an argument ( … ): its items in `inner`; field empty */
    uint32_t offset; /* bytes from the start of the text */
};

struct vl_condition {
    uint8_t kind; /* enum vl_condition_kind */
    uint8_t op;   /* CHECK: enum vl_condition_op */
    uint8_t quantifier;
    bool right_is_field;   /* right: val(field) or a transformer; else values */
    bool right_is_list;    /* written with parentheses */
    uint32_t offset;       /* bytes from the start of the text it was parsed from */
    struct vl_span origin; /* name of the macro it came from; empty: the condition itself */
    union {
        struct {
            struct vl_condition **items;
            uint32_t n;
        } children; /* AND, OR, NOT */
        struct vl_span macro;
        struct {
            struct vl_operand *left;
            struct vl_operand *right_field;
            struct vl_span *values; /* unescaped */
            uint32_t n_values;
        } check;
    } as;
};

/* Where and what is wrong. */
struct vl_condition_error {
    uint32_t offset;     /* bytes */
    const char *message; /* in the arena */
};

/* Parses. The text is lent; the tree lives in the arena. On a syntax error -EINVAL, with `ret_error` (may be
 * NULL) and err
 * ("column 12: expected …"). */
VL_MUST_CHECK int vl_condition_parse(struct vl_span text, struct vl_arena *arena, struct vl_condition **ret,
    struct vl_condition_error *ret_error, struct vl_err *err);

/* Writes it back as text that parses to the same tree. */
struct vl_buf;
VL_MUST_CHECK int vl_condition_format(
    const struct vl_condition *condition, struct vl_buf *out, struct vl_err *err);

/* What is wrong with the fields, operators and values of a parsed condition (macros resolved). */
struct vl_condition_problem {
    bool unknown_field;    /* what skip-if-unknown-filter means; else operator, value or argument */
    uint32_t offset;       /* bytes, in the text of `origin` */
    struct vl_span origin; /* name of the macro; empty: the condition itself */
    const char *message;   /* in the arena */
    const char *hint;      /* NULL, or what to write instead */
    uint32_t warnings;     /* regular expressions with parts that do nothing */
    const char *warning;   /* the last of them, NULL for none */
};

/* Checks every field, operator and value as Falco does at loading: fields of the source, operators fit for
 * their types, numbers, addresses, hexadecimal and regular expressions that parse. The first error is
 * -EINVAL; `warnings` are counted up to there. Trees of Sigma may use more than this allows: they need no
 * check. */
VL_MUST_CHECK int vl_condition_check(const struct vl_condition *condition, enum vl_event_source source,
    struct vl_arena *arena, struct vl_condition_problem *ret_problem, struct vl_err *err);

const char *vl_condition_op_name(enum vl_condition_op op);
const char *vl_transformer_name(enum vl_transformer transformer); /* "tolower"; "" for a plain field */

#endif
