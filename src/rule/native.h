/* The native form: Falco's YAML rule with further keys. The reader of Falco files reads the item and asks
 * here for the rest, so that lists, macros, exceptions and overrides work in both.
 *
 *   alert_type: K8S.NODE_ReverseShell
 *   severity: High
 *   mitre: {tactics: [Execution], techniques: [T1059.004]}
 *   entities: [{process: proc.pid}, {file: fd.name}]
 *   remediation: [first step, second step]
 *   response: none | kill | isolate
 *   window: {threshold: 5, within: 1m, distinct: fd.name, by: [container.id]}
 *   sequence: {within: 5m, by: process_tree, ordered: true, steps: [{name: …, condition: …}, {rule: other}]}
 *   silent: true
 *
 * A rule with `sequence` has no condition of its own. Schema: docs/schema/rule.schema.json. */
#ifndef VL_RULE_NATIVE_H
#define VL_RULE_NATIVE_H

#include "form.h"

struct vl_native_step {
    const char *name;                /* of the hidden rule: "RULE / STEP" */
    const char *rule;                /* another rule's name, or NULL: */
    const char *condition;           /* a condition of its own */
    const struct vl_doc_node *where; /* its node, for positions; valid while the document is */
};

struct vl_native {
    const struct vl_rule_alert *alert; /* NULL: none of its keys */
    struct vl_rule_window *window;     /* NULL: none; rules and fields are set by vl_native_resolve() */
    const char *const *by;             /* as written */
    uint32_t n_by;
    const char *const *distinct; /* fields, as written */
    uint32_t n_distinct;
    struct vl_native_step *steps;
    uint32_t n_steps;
    bool silent;
};

/* Keys beyond Falco's. */
bool vl_native_key(struct vl_span key);
bool vl_native_is(const struct vl_doc_node *item); /* has one of them */

/* Reads the further keys of a `rule:` item. Problems go to the sink; a wrong key is left out of *ret. */
VL_MUST_CHECK int vl_native_read(struct vl_rule_sink *sink, const struct vl_doc_node *item, const char *file,
    struct vl_native *ret, struct vl_err *err);

/* When the rule and the hidden rules of its steps (silent, `steps` in their order) are compiled: names its
 * rules and fields. `rule->window` and `rule->alert` are set. */
VL_MUST_CHECK int vl_native_resolve(struct vl_rule_sink *sink, const struct vl_native *native,
    struct vl_rule *rule, const struct vl_rule *const *steps, struct vl_err *err);

#endif
