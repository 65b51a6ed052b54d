/* What a rule means, for people: its macros, lists, fields, event types, exceptions. */
#ifndef VL_RULE_DESCRIBE_H
#define VL_RULE_DESCRIBE_H

#include "base/buf.h"
#include "rule/ruleset.h"

#define VL_DESCRIBE_TEXT_MAX (64UL * 1024 * 1024)

struct vl_rule_description {
    const char *const *macros; /* used, also through others; sorted */
    uint32_t n_macros;
    const char *const *lists;
    uint32_t n_lists;
    const char *const *fields; /* of the condition, with their arguments: "proc.aname[2]" */
    uint32_t n_fields;
    const char *const *output_fields;
    uint32_t n_output_fields;
    const char *const *operators;
    uint32_t n_operators;
    const char *const *transformers;
    uint32_t n_transformers;
    const char *const *exceptions; /* in their order */
    uint32_t n_exceptions;
    const char *const *event_types; /* that the condition can accept; empty where `all_types` */
    uint32_t n_event_types;
    bool never;     /* false for every event: by evt.num, or since no type is left */
    bool all_types; /* no test of evt.type narrows it, or another source */
};

/* Texts live in the arena or the set. */
VL_MUST_CHECK int vl_rule_describe(const struct vl_ruleset *set, const struct vl_rule *rule,
    struct vl_arena *arena, struct vl_rule_description *ret, struct vl_err *err);

/* The condition with lists and macros put in, a part a line, with the macro that a part came from behind it.
 */
VL_MUST_CHECK int vl_rule_condition_lines(const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err);

/* In one line, as it parses again; with the outer parentheses that Falco writes. */
VL_MUST_CHECK int vl_rule_condition_line(const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err);

#endif
