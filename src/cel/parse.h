/* Text to tree: lexer, recursive descent over CEL's grammar (cel-spec langdef.md, "Syntax"), macros expanded
 * as they are met. Depth and nodes are limited. */
#ifndef VL_CEL_PARSE_H
#define VL_CEL_PARSE_H

#include "ast.h"
#include "cel/cel.h"
#include "issues.h"

#define VL_CEL_CODE_POINTS_MAX 100000 /* of an expression, as cel-go's parser */

struct vl_cel_parsed {
    struct vl_cel_node *root;
    uint32_t n_ids; /* ids are below this */
};

struct vl_cel_parse_options {
    bool optionals;     /* a.?b, a[?b], {?a: b}, optMap, optFlatMap */
    bool two_variables; /* all, exists, existsOne, transformList, transformMap, transformMapEntry with two
                           variables */
    bool sort_by;       /* sortBy of lists */
    bool bindings;      /* cel.bind, math.least and math.greatest (cel-spec profile) */
};

/* The text is lent and must live as long as the tree. Negative with at least one issue when it is wrong. */
VL_MUST_CHECK int vl_cel_parse(struct vl_span text, const struct vl_cel_parse_options *options,
    struct vl_arena *arena, struct vl_cel_issues *issues, struct vl_cel_parsed *ret, struct vl_err *err);

#endif
