/* Private: the tree of a JMESPath expression, and values while it is evaluated. */
#ifndef VL_CODEC_JMESPATH_IMPL_H
#define VL_CODEC_JMESPATH_IMPL_H

#include "base/arena.h"
#include "base/vec.h"
#include "codec/jmespath.h"

enum jp_kind {
    JP_CURRENT,
    JP_FIELD,   /* text */
    JP_LITERAL, /* value */
    JP_SUB,     /* right of left */
    JP_INDEX,   /* number, of left */
    JP_SLICE,   /* slice, of left */
    JP_LIST,    /* [*]: right of every item of left */
    JP_VALUES,  /* *: right of every member of left */
    JP_FILTER,  /* [?third]: right of the items of left */
    JP_FLATTEN, /* of left */
    JP_OR,
    JP_AND,
    JP_NOT,        /* left */
    JP_COMPARE,    /* number: enum jp_compare */
    JP_MULTI_LIST, /* items */
    JP_MULTI_HASH, /* items with text */
    JP_FUNCTION,   /* number: index of the function; items: arguments */
    JP_EXPREF,     /* left */
};

enum jp_compare { JP_EQ, JP_NE, JP_LT, JP_LE, JP_GT, JP_GE };

enum jp_type { JP_T_NULL, JP_T_BOOL, JP_T_NUMBER, JP_T_STRING, JP_T_ARRAY, JP_T_OBJECT, JP_T_EXPREF };

struct jp_member;
struct jp_node;

/* A value is one of the document (node), looked into when it is asked for, or one that was made. */
struct jp_value {
    enum jp_type type;
    uint32_t n;                     /* items or members */
    const struct vl_doc_node *node; /* or NULL */
    union {
        bool truth;
        double number;
        struct vl_span text;
        const struct jp_value *items;
        const struct jp_member *members;
        const struct jp_node *expression;
    } u;
};

struct jp_member {
    struct vl_span key;
    struct jp_value value;
};

struct jp_node {
    enum jp_kind kind;
    int64_t number;
    struct vl_span text;
    struct jp_node *left, *right, *third;
    struct jp_node **items;
    size_t n;
    struct jp_value value;
    int64_t slice[3];
    bool has[3]; /* which of start, stop, step are written */
};

struct vl_jmespath {
    struct vl_arena *arena;
    struct vl_vec docs; /* struct vl_doc *: of literals */
    struct jp_node *root;
};

struct jp_run {
    struct vl_arena *arena;
    uint64_t work;
    struct vl_err *err;
};

/* --- jmespath.c --- */
VL_MUST_CHECK int jp_eval(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *input, struct jp_value *ret);
struct jp_value jp_of_node(const struct vl_doc_node *node);
/* Items of an array or members of an object, whether of the document or made. */
VL_MUST_CHECK int jp_items(struct jp_run *run, const struct jp_value *array, const struct jp_value **ret);
VL_MUST_CHECK int jp_members(struct jp_run *run, const struct jp_value *object, const struct jp_member **ret);
VL_MUST_CHECK int jp_equal(struct jp_run *run, const struct jp_value *a, const struct jp_value *b, bool *ret);
/* Counts `n` values; an error over the limit. */
VL_MUST_CHECK int jp_work(struct jp_run *run, size_t n);
VL_MUST_CHECK int jp_write(struct jp_run *run, const struct jp_value *value, struct vl_json *json);

/* --- jmespath_functions.c --- */
/* Negative: there is none of that name. */
int jp_function_find(struct vl_span name);
/* Whether it takes so many arguments. */
VL_MUST_CHECK int jp_function_arity(int function, size_t n, struct vl_err *err);
VL_MUST_CHECK int jp_function_call(
    struct jp_run *run, int function, const struct jp_value *args, size_t n, struct jp_value *ret);

/* --- jmespath_parse.c --- */
VL_MUST_CHECK int jp_parse(struct vl_jmespath *expression, struct vl_span text, struct vl_err *err);

static inline struct jp_value jp_bool(bool v)
{
    return (struct jp_value){.type = JP_T_BOOL, .u.truth = v};
}
static inline struct jp_value jp_number(double v)
{
    return (struct jp_value){.type = JP_T_NUMBER, .u.number = v};
}
static inline struct jp_value jp_text(struct vl_span v)
{
    return (struct jp_value){.type = JP_T_STRING, .u.text = v};
}
static inline struct jp_value jp_null(void)
{
    return (struct jp_value){.type = JP_T_NULL};
}
static inline struct jp_value jp_array(const struct jp_value *items, size_t n)
{
    return (struct jp_value){.type = JP_T_ARRAY, .n = (uint32_t)n, .u.items = items};
}

#endif
