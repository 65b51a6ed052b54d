/* Rule files for the commands of `vallum rules`: loaded, and their problems told. Private to the room. */
#ifndef VL_CLI_RULES_LOAD_H
#define VL_CLI_RULES_LOAD_H

#include "codec/json.h"
#include "command.h"
#include "rule/ruleset.h"

/* All files in their order as one set, finished; of a folder all .yaml and .yml files below, by name.
 * Problems are the set's; an unreadable file is an error. */
VL_MUST_CHECK int vl_cli_rules_load(
    const struct vl_cli_list *files, struct vl_ruleset *set, struct vl_err *err);

struct vl_rules_counts {
    uint32_t rules, enabled, skipped, errors, warnings;
};
/* Hidden rules of a native rule's steps are not counted. */
struct vl_rules_counts vl_cli_rules_counts(const struct vl_ruleset *set);

/* Where the last problem was: the next one is further down most often. Zeroed at first. */
struct vl_rules_cursor {
    const char *file;
    uint32_t line; /* 0: at the start */
    struct vl_span text, rest;
};

/* "file:line:column: error: rule 'X': …" with the line and a hint below. */
void vl_cli_rules_problem(const struct vl_ruleset *set, const struct vl_rule_problem *problem,
    struct vl_rules_cursor *cursor, struct vl_buf *out);
/* The members `errors` and `warnings` of an object. */
void vl_cli_rules_problems_json(struct vl_json *json, const struct vl_ruleset *set);

/* Errors on standard error, for commands that want a good set; false where there are any. */
bool vl_cli_rules_good(const struct vl_ruleset *set);

const char *vl_cli_rules_form(enum vl_rule_form form);

#endif
