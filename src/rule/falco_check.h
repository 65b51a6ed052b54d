/* What Falco's filter compiler says about a condition or an output. Private to the room. */
#ifndef VL_RULE_FALCO_CHECK_H
#define VL_RULE_FALCO_CHECK_H

#include "ruleset_impl.h"

struct fc_check {
    struct vl_ruleset *set;
    const struct rs_rule *from;
    const struct rs_text *text; /* the condition, lists substituted */
    const char *item;           /* "rule 'X'" */
    enum vl_event_source source;
    const char *skipped_because; /* set where the rule says skip-if-unknown-filter and a field is unknown */
};

/* Fields, operators, values, event types. False where an error was told. */
bool fc_condition(struct fc_check *check, const struct vl_condition *tree);

/* The output as it is rendered; NULL where an error was told. */
const char *fc_output(struct fc_check *check, const char *output);

#endif
