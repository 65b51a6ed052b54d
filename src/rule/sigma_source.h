/* Sigma's log sources and fields in the events that rules see: a table made from content/sigma-fields.tsv. */
#ifndef VL_RULE_SIGMA_SOURCE_H
#define VL_RULE_SIGMA_SOURCE_H

#include "base/arena.h"
#include "event/field.h"

#define VL_SIGMA_TARGETS_MAX 8

struct vl_sigma_field {
    const char *name;    /* Sigma's */
    const char *targets; /* ours, separated by commas */
};

struct vl_sigma_source {
    const char *name;
    const char *product, *category, *service; /* NULL: any */
    enum vl_event_source source;
    const char *condition; /* NULL: none */
    const struct vl_sigma_field *fields;
    uint32_t n_fields;
};

extern const struct vl_sigma_source vl_sigma_sources[];
extern const unsigned vl_sigma_n_sources;

/* A rule's log source; NULL members where it names none. */
struct vl_sigma_logsource {
    const char *product, *category, *service;
};

/* NULL: log records. */
const struct vl_sigma_source *vl_sigma_source_find(const struct vl_sigma_logsource *logsource);

/* A filter or a pattern of a log source: what it names, the other names, too. */
bool vl_sigma_logsource_covers(
    const struct vl_sigma_logsource *general, const struct vl_sigma_logsource *special);

/* Where a Sigma field stands. */
struct vl_sigma_target {
    bool always; /* nothing to look at: it is always as the rule wants it */
    struct vl_span field, arg;
    bool has_arg;
};

#define VL_SIGMA_KEYWORDS "(keywords)" /* the name of no field: all of the event */

/* The targets of a field for a source (NULL: log records), in the arena. *ret_n 0: the source has no such
 * field. */
VL_MUST_CHECK int vl_sigma_source_targets(const struct vl_sigma_source *source, struct vl_span name,
    struct vl_arena *arena, struct vl_sigma_target ret[VL_SIGMA_TARGETS_MAX], uint32_t *ret_n,
    struct vl_err *err);

#endif
