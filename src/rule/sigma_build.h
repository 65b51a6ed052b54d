/* From Sigma's detection to a tree: what its files share. Private to sigma*.c. */
#ifndef VL_RULE_SIGMA_BUILD_H
#define VL_RULE_SIGMA_BUILD_H

#include "base/buf.h"
#include "base/map.h"
#include "codec/doc.h"
#include "rule/condition.h"
#include "sigma_source.h"

/* One detection for one source of events. */
struct vl_sigma_build {
    struct vl_arena *arena;
    const struct vl_sigma_source *source; /* NULL: log records */
    uint32_t nodes;                       /* of the tree so far */
    const struct vl_doc_node *where;      /* what is being read, for messages */
    const struct vl_map *vars;            /* values of placeholders; NULL: none */
    const struct vl_doc_node *lone_all;   /* the first `all` that has one value only; NULL: none */
    const char *unknown_field;            /* the first field that the source does not have; NULL: none */
};

/* --- sigma_tree.c --- */

/* AND, OR or NOT of `n` nodes, which stay the caller's array; one node alone stays itself but under NOT. */
VL_MUST_CHECK int vl_sigma_tree_group(struct vl_sigma_build *build, enum vl_condition_kind kind,
    struct vl_condition *const *items, uint32_t n, struct vl_condition **ret, struct vl_err *err);
VL_MUST_CHECK int vl_sigma_tree_not(
    struct vl_sigma_build *build, struct vl_condition *inner, struct vl_condition **ret, struct vl_err *err);

/* One comparison, for every place where the field stands. A value of NULL: exists. */
VL_MUST_CHECK int vl_sigma_tree_check(struct vl_sigma_build *build, const struct vl_sigma_target *targets,
    uint32_t n_targets, enum vl_condition_op op, const struct vl_span *value, struct vl_condition **ret,
    struct vl_err *err);
/* … with another field. */
VL_MUST_CHECK int vl_sigma_tree_check_field(struct vl_sigma_build *build, const struct vl_sigma_target *left,
    uint32_t n_left, enum vl_condition_op op, const struct vl_sigma_target *right, uint32_t n_right,
    struct vl_condition **ret, struct vl_err *err);

/* Counts nodes against VL_SIGMA_NODES_MAX. */
VL_MUST_CHECK int vl_sigma_tree_count(struct vl_sigma_build *build, uint32_t n, struct vl_err *err);

/* --- sigma_modifier.c --- */

enum vl_sigma_time {
    VL_SIGMA_NO_TIME,
    VL_SIGMA_MINUTE,
    VL_SIGMA_HOUR,
    VL_SIGMA_DAY,
    VL_SIGMA_WEEK,
    VL_SIGMA_MONTH,
    VL_SIGMA_YEAR,
};

enum vl_sigma_encoding {
    VL_SIGMA_WINDASH,
    VL_SIGMA_WIDE,
    VL_SIGMA_WIDE_BE,
    VL_SIGMA_WIDE_BOM,
    VL_SIGMA_BASE64,
    VL_SIGMA_BASE64_OFFSET,
};

#define VL_SIGMA_ENCODINGS_MAX 4

struct vl_sigma_modifiers {
    bool contains, startswith, endswith;
    bool all, exists, cased, neq;
    bool re, re_i, re_m, re_s;
    bool cidr, expand, fieldref;
    bool compares;                             /* lt lte gt gte */
    uint8_t compare;                           /* enum vl_condition_op */
    uint8_t time;                              /* enum vl_sigma_time */
    uint8_t encodings[VL_SIGMA_ENCODINGS_MAX]; /* in their order */
    uint32_t n_encodings, n_base64, n_utf16;
};

/* "Field|mod|mod": the name, and what stands behind it. Contradictions are errors. */
VL_MUST_CHECK int vl_sigma_modifiers_parse(
    struct vl_span key, struct vl_span *ret_name, struct vl_sigma_modifiers *ret, struct vl_err *err);

/* --- sigma_week.c --- */

/* An expression that fits the texts of times in the ISO weeks that are set (1 to 53). */
void vl_sigma_week_expression(const bool weeks[54], struct vl_buf *out);

/* --- sigma_value.c --- */

/* One entry of a map: field with its modifiers, and its value or values. An empty name: keywords. */
VL_MUST_CHECK int vl_sigma_value_entry(struct vl_sigma_build *build, struct vl_span key,
    const struct vl_doc_node *value, struct vl_condition **ret, struct vl_err *err);

/* --- sigma_detection.c --- */

/* `detection` with its condition (a text or a list of them). `skip` names a member that is no selection,
 * beside "condition" and "timeframe" (a filter's "rules"); NULL: none. */
VL_MUST_CHECK int vl_sigma_detection(struct vl_sigma_build *build, const struct vl_doc_node *detection,
    const char *skip, struct vl_condition **ret, struct vl_err *err);

#endif
