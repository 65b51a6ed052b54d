/* All rules as one program: indexed by event type, equal sub-conditions evaluated once an event, sets as
 * hashes, tries and one scan for many patterns. Immutable; a matcher is the scratch memory of one thread. */
#ifndef VL_RULE_PROGRAM_H
#define VL_RULE_PROGRAM_H

#include "rule/ruleset.h"

struct vl_rule_program;
struct vl_rule_matcher;

enum vl_rule_matching {
    VL_RULE_MATCH_FIRST, /* Falco's default: the first rule of the set that fires ends the event */
    VL_RULE_MATCH_ALL,
};

/* The rule set must outlive the program. Disabled and skipped rules are left out. */
VL_MUST_CHECK int vl_rule_program_new(const struct vl_ruleset *set, enum vl_rule_matching matching,
    struct vl_rule_program **ret, struct vl_err *err);
void vl_rule_program_free(struct vl_rule_program *program); /* accepts NULL */
void vl_rule_program_cleanup(struct vl_rule_program **program);

VL_MUST_CHECK int vl_rule_matcher_new(
    const struct vl_rule_program *program, struct vl_rule_matcher **ret, struct vl_err *err);
void vl_rule_matcher_free(struct vl_rule_matcher *matcher); /* accepts NULL */
void vl_rule_matcher_cleanup(struct vl_rule_matcher **matcher);

/* Calls `each` for every rule whose condition holds (windows are correlate.h's work). A negative return ends
 * the event and is returned. */
VL_MUST_CHECK int vl_rule_match(struct vl_rule_matcher *matcher, const struct vl_event *event,
    int (*each)(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err),
    void *user, struct vl_err *err);

/* One condition by itself, for tests and tools. */
VL_MUST_CHECK int vl_rule_condition_holds(const struct vl_condition *condition, const struct vl_event *event,
    struct vl_arena *scratch, bool *ret, struct vl_err *err);

/* --- what a kernel probe could decide --- */

/* For each rule, conditions on event types, paths, names and ports of which one is implied by the rule's: an
 * event is needed if an entry fits. A probe may drop what none fits. Of a path's two forms (as written, as
 * resolved) either may fit. Only rules of the source syscall; a rule without an entry cannot fire. */
struct vl_rule_prefilter {
    const uint64_t *types; /* VL_EVENT_TYPES_MAX bits: event types that any rule accepts */
    const struct vl_rule_prefilter_entry *entries;
    uint32_t n;
};
enum vl_rule_prefilter_kind {
    VL_PREFILTER_TYPE_ONLY,   /* all events of these types are needed */
    VL_PREFILTER_PATH_PREFIX, /* … whose path starts so */
    VL_PREFILTER_PATH_NAME,   /* … whose last component is so */
    VL_PREFILTER_PROC_NAME,
    VL_PREFILTER_PORT, /* of either end */
};
struct vl_rule_prefilter_entry {
    uint32_t rule; /* vl_rule.index */
    uint8_t kind;  /* enum vl_rule_prefilter_kind */
    const uint64_t *types;
    struct vl_span text; /* PATH_*, PROC_NAME */
    uint16_t port;
};
const struct vl_rule_prefilter *vl_rule_program_prefilter(const struct vl_rule_program *program);

#endif
