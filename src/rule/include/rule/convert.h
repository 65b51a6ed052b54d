/* Sigma rules written as native rules, for who wants to go on with them in our own form. */
#ifndef VL_RULE_CONVERT_H
#define VL_RULE_CONVERT_H

#include "base/buf.h"
#include "rule/ruleset.h"

/* What was left out, and why: a rule of the set, or a part of it. Lent for the time of the call. */
typedef int vl_rule_convert_note(const struct vl_rule *rule, const char *why, void *user, struct vl_err *err);

struct vl_rule_convert_counts {
    uint32_t rules; /* Sigma rules and correlations, each once although a rule also has a twin for logs */
    uint32_t converted;
};

/* Appends YAML that vl_ruleset_add() reads. Rules of other forms in the set are passed over. */
VL_MUST_CHECK int vl_rule_convert_sigma(const struct vl_ruleset *set, struct vl_buf *out,
    vl_rule_convert_note *note, void *user, struct vl_rule_convert_counts *ret, struct vl_err *err);

#endif
