/* The reader of Sigma documents: what its files share. Private to sigma*.c. */
#ifndef VL_RULE_SIGMA_IMPL_H
#define VL_RULE_SIGMA_IMPL_H

#include "base/map.h"
#include "base/vec.h"
#include "rule/correlate.h"
#include "sigma.h"
#include "sigma_action.h"
#include "sigma_build.h"

#define VL_SIGMA_RULES_MAX   VL_RULES_MAX
#define VL_SIGMA_FILTERS_MAX 1000

/* A rule or a correlation that was read. */
struct vl_sigma_entry {
    const char *title, *id, *alias;
    const char *file;
    uint32_t line, column;
    struct vl_sigma_logsource logsource;
    const struct vl_sigma_source *source;           /* NULL: log records */
    struct vl_rule *rules[2];                       /* for its source and for logs; the second may be NULL */
    struct vl_condition *conditions[2];             /* theirs, filters are added to them */
    const struct vl_sigma_correlation *correlation; /* NULL: a rule */
    unsigned depth;                                 /* of correlations; 0: not known yet */
    bool broken;                                    /* a correlation that stays out */
};

struct vl_sigma_alias {
    const char *name, *rule, *field;
};

/* A correlation as written; its rules may come later. */
struct vl_sigma_correlation {
    struct vl_rule_window window; /* rules, keys and values are still missing */
    const char *const *rules;
    uint32_t n_rules;
    const char *const *group_by;
    uint32_t n_group_by;
    const char *const *values;
    uint32_t n_values;
    const struct vl_sigma_alias *aliases;
    uint32_t n_aliases;
};

struct vl_sigma_filter {
    const char *title, *file;
    uint32_t line, column;
    struct vl_sigma_logsource logsource;
    const char *const *rules; /* n 0: all */
    uint32_t n_rules;
    struct vl_condition **trees; /* what must not be so: one a row of vl_sigma_sources, and one for logs */
    bool used;
};

struct vl_sigma {
    struct vl_rule_sink *sink;
    struct vl_arena *arena; /* the sink's */
    struct vl_vec entries;  /* struct vl_sigma_entry */
    struct vl_vec filters;  /* struct vl_sigma_filter */
    struct vl_map by_name;  /* id and name of an entry to its number */
    struct vl_map by_title;
    struct vl_map vars; /* of placeholders (sigma_vars.c) */
    struct vl_sigma_actions actions;
};

/* --- sigma.c --- */

/* Where a document's problem stands. */
struct vl_sigma_place {
    const char *file;
    const struct vl_doc_node *node; /* NULL: line and column tell */
    uint32_t line, column;
    const char *kind, *name; /* "rule", its title; NULL: not known yet */
};
/* An error of the input becomes a problem and 0; one of ours is returned. */
VL_MUST_CHECK int vl_sigma_problem(struct vl_sigma *sigma, const struct vl_sigma_place *place, bool is_error,
    const char *code, struct vl_err *err);

/* --- sigma_meta.c --- */

/* A text or a list of texts as an array in the arena. */
VL_MUST_CHECK int vl_sigma_texts(const struct vl_doc_node *node, const char *what, struct vl_arena *arena,
    const char *const **ret, uint32_t *ret_n, struct vl_err *err);
VL_MUST_CHECK int vl_sigma_logsource_read(const struct vl_doc_node *node, struct vl_arena *arena,
    struct vl_sigma_logsource *ret, struct vl_err *err);
/* Everything of a rule but its condition: title, id, name, description, level, tags, output. */
VL_MUST_CHECK int vl_sigma_meta(struct vl_arena *arena, const struct vl_doc_node *root, const char *file,
    const struct vl_sigma_source *source, struct vl_rule *rule, struct vl_err *err);

/* --- sigma_filter.c --- */

VL_MUST_CHECK int vl_sigma_filter_read(
    struct vl_sigma *sigma, const struct vl_doc_node *root, struct vl_sigma_place *place, struct vl_err *err);
VL_MUST_CHECK int vl_sigma_filters_apply(struct vl_sigma *sigma, struct vl_err *err);

/* --- sigma_correlation.c: reading --- */

VL_MUST_CHECK int vl_sigma_correlation_read(struct vl_sigma *sigma, const struct vl_doc_node *root,
    struct vl_sigma_place *place, const struct vl_sigma_correlation **ret, struct vl_err *err);

/* --- sigma_expression.c: a temporal correlation's condition as a text; sets window.expression --- */

VL_MUST_CHECK int vl_sigma_expression(
    struct vl_span text, struct vl_sigma_correlation *c, struct vl_arena *arena, struct vl_err *err);

/* --- sigma_resolve.c: rules and fields by their names --- */

VL_MUST_CHECK int vl_sigma_correlations_resolve(struct vl_sigma *sigma, struct vl_err *err);
/* NULL where there is none. */
struct vl_sigma_entry *vl_sigma_entry_find(struct vl_sigma *sigma, const char *name);

#endif
