/* What of Falco's own configuration (falco.yaml) belongs to rules. Private to rule.
 *
 * Source: Falco's documentation of `append_output`, `rules` and `rule_matching` in falco.yaml. */
#ifndef VL_RULE_FALCO_CONFIG_H
#define VL_RULE_FALCO_CONFIG_H

#include "ruleset_impl.h"

void rs_config_init(struct vl_ruleset *set);
void rs_config_done(struct vl_ruleset *set);

/* A mapping with one of the keys that no rule file has. */
bool rs_config_is(const struct vl_doc_node *root);
int rs_config_read(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *root, struct vl_err *err);

/* After all rules are made: appends to their outputs, switches them on and off. */
VL_MUST_CHECK int rs_config_apply(struct vl_ruleset *set, struct vl_err *err);

#endif
