/* What a reader of one form of rule files (Falco, native, Sigma) gives to the rule set. */
#ifndef VL_RULE_FORM_H
#define VL_RULE_FORM_H

#include "codec/doc.h"
#include "rule/correlate.h"

struct vl_rule_sink {
    struct vl_arena *arena; /* the rule set's: rules, trees and texts live there */
    /* Takes a rule as it is, with its condition resolved; keeps the pointer and sets its index. */
    int (*add)(struct vl_rule_sink *sink, struct vl_rule *rule, struct vl_err *err);
    /* Collects a problem; its texts live in the arena. Counts what is over VL_RULE_PROBLEMS_MAX. */
    int (*problem)(struct vl_rule_sink *sink, const struct vl_rule_problem *problem, struct vl_err *err);
    /* A rule of any form by its name; NULL where there is none (yet). */
    const struct vl_rule *(*find)(struct vl_rule_sink *sink, struct vl_span name);
};

#endif
