/* What parse.c and macros.c share. */
#ifndef VL_CEL_PARSE_IMPL_H
#define VL_CEL_PARSE_IMPL_H

#include "lex.h"
#include "parse.h"

struct vl_cel_parser {
    const struct vl_cel_parse_options *options;
    struct vl_span text;
    struct vl_arena *arena;
    struct vl_cel_issues *issues;
    const struct vl_cel_token *tokens;
    uint32_t at;         /* index of the current token */
    uint32_t n_ids;      /* ids given so far */
    unsigned nesting;    /* of expr in expr */
    unsigned height;     /* of what was parsed last: how deep a visitor of cel-go would go */
    struct vl_vec nodes; /* stack of struct vl_cel_node *: arguments and items until all are known */
    struct vl_vec entries;
    bool stopped; /* after an error that leaves no sense in going on */
    bool fatal;   /* after a limit: not even macros are looked at any more */
};

/* A node with a new id; NULL without memory (the arena remembers, the parser stops). */
struct vl_cel_node *vl_cel_node_new(struct vl_cel_parser *p, enum vl_cel_node_kind kind, uint32_t offset);
struct vl_cel_node *vl_cel_node_ident(struct vl_cel_parser *p, uint32_t offset, struct vl_span name);
struct vl_cel_node *vl_cel_node_const(struct vl_cel_parser *p, uint32_t offset, struct vl_cel_value value);
/* Copies the arguments. `function` NULL: the name of the operator. */
struct vl_cel_node *vl_cel_node_call(struct vl_cel_parser *p, uint32_t offset, enum vl_cel_operator op,
    const char *function, struct vl_cel_node *target, struct vl_cel_node *const *args, uint32_t n);

/* The expansion, a placeholder after an issue, or NULL where it is no macro. */
struct vl_cel_node *vl_cel_macro_expand(struct vl_cel_parser *p, uint32_t offset, struct vl_span name,
    struct vl_cel_node *target, struct vl_cel_node *const *args, uint32_t n);

#endif
