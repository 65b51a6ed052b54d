/* JMESPath: what to take of a JSON document (https://jmespath.org/specification.html, with its grammar and
 * built-in functions; also bare words in literals, `foo`, as older implementations have it). Functions and
 * syntax of later proposals (let, arithmetic) are errors. */
#ifndef VL_CODEC_JMESPATH_H
#define VL_CODEC_JMESPATH_H

#include "codec/doc.h"
#include "codec/json.h"

#define VL_JMESPATH_TEXT_MAX  (64UL * 1024)         /* bytes of an expression */
#define VL_JMESPATH_DEPTH_MAX 64                    /* nesting of an expression */
#define VL_JMESPATH_WORK_MAX  50000000U             /* values looked at or made in one search */
#define VL_JMESPATH_BYTES_MAX (512UL * 1024 * 1024) /* memory of one search */

struct vl_jmespath;

/* VL_ERR_USAGE, with the column, where it is no expression. */
VL_MUST_CHECK int vl_jmespath_compile(struct vl_span text, struct vl_jmespath **ret, struct vl_err *err);
void vl_jmespath_free(struct vl_jmespath *expression); /* accepts NULL */
void vl_jmespath_cleanup(struct vl_jmespath **expression);

/* Writes what the expression takes of `input` as the next value. Deterministic: members stand in the order of
 * the document or of the expression. VL_ERR_INVALID: a function was given what it does not take. */
VL_MUST_CHECK int vl_jmespath_search(const struct vl_jmespath *expression, const struct vl_doc_node *input,
    struct vl_json *out, struct vl_err *err);

#endif
