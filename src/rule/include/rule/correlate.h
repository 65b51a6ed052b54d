/* Rules over several events: counts, distinct values, sums and orders within a time, by group.
 *
 * Sigma correlations (specification 2.1) and the windows and sequences of native rules. State is bounded by
 * the limits below: the oldest goes out and is counted. Driven by the time of events, never by the clock, so
 * that a replay gives the same alerts.
 *
 * When does it fire? A condition that more events can only make true (gt, gte; all rules seen) fires with the
 * event that makes it so, and again only once it was false in between or a whole timespan has passed. One
 * that more events can make false (lt, lte, eq, neq) is judged when the time that began with the group's
 * first event is over. */
#ifndef VL_RULE_CORRELATE_H
#define VL_RULE_CORRELATE_H

#include "rule/ruleset.h"

#define VL_WINDOW_RULES_MAX      64 /* rules that one window refers to; steps of a sequence */
#define VL_WINDOW_GROUP_BY_MAX   16
#define VL_WINDOW_EXPRESSION_MAX 256 /* names and operators */
#define VL_WINDOW_BOUNDS_MAX     4
#define VL_WINDOW_THRESHOLD_MAX  100000 /* distinct values: 10,000 (VL_CORRELATE_VALUES_MAX) */
#define VL_WINDOW_SPAN_MAX       (366ULL * 86400 * 1000000000) /* nanoseconds */
#define VL_CORRELATE_GROUPS_MAX  100000                        /* of all windows together */
#define VL_CORRELATE_VALUES_MAX  10000                         /* values or times kept in one group */
#define VL_CORRELATE_ITEMS_MAX   4000000                       /* … and in all groups together */
#define VL_CORRELATE_KEY_MAX     2048                          /* bytes of a group's values as text */
#define VL_CORRELATE_CHAIN_MAX   8                             /* a correlation of correlations of … */
#define VL_CORRELATE_ANCESTORS   8 /* generations of a process tree that are looked at */

enum vl_window_kind {
    VL_WINDOW_EVENT_COUNT,
    VL_WINDOW_VALUE_COUNT, /* distinct values of `value` */
    VL_WINDOW_VALUE_SUM,   /* of the numbers in `value` */
    VL_WINDOW_VALUE_AVG,
    VL_WINDOW_VALUE_PERCENTILE, /* nearest rank */
    VL_WINDOW_VALUE_MEDIAN,     /* of an even number of values the mean of the two in the middle */
    VL_WINDOW_VALUE_MIN,
    VL_WINDOW_VALUE_MAX,
    VL_WINDOW_TEMPORAL, /* all rules, in any order */
    VL_WINDOW_ORDERED,  /* all rules, in their order, each by an event of its own */
};

enum vl_window_op {
    VL_WINDOW_GT,
    VL_WINDOW_GTE,
    VL_WINDOW_LT,
    VL_WINDOW_LTE,
    VL_WINDOW_EQ,
    VL_WINDOW_NEQ,
};

/* What a TEMPORAL window wants of its slots, as postfix: a slot's number, or one of these. */
#define VL_WINDOW_AND 0xfd
#define VL_WINDOW_OR  0xfe
#define VL_WINDOW_NOT 0xff

struct vl_window_bound {
    uint8_t op; /* enum vl_window_op */
    double value;
};

/* A field of an event as one of the rules sees it. `field` is NULL where the rule's source has no such field.
 */
struct vl_window_field {
    const struct vl_field *field;
    struct vl_span arg;
};

enum vl_window_key_kind {
    VL_WINDOW_BY_FIELD,
    VL_WINDOW_BY_PROCESS_TREE, /* the process, its ancestors and what the first event's parent started since
                                */
    VL_WINDOW_BY_POD,          /* namespace and pod, or else the container */
    VL_WINDOW_BY_USER,         /* user.uid in its container; ka.user.name */
};

struct vl_window_key {
    uint8_t kind;                         /* enum vl_window_key_kind */
    const char *name;                     /* as written: a field, an alias */
    const struct vl_window_field *fields; /* BY_FIELD: one a rule of the window */
};

struct vl_rule_window {
    uint8_t kind;  /* enum vl_window_kind */
    bool generate; /* the rules it refers to fire by themselves, too */
    uint64_t span; /* nanoseconds */
    const struct vl_rule *const *rules;
    uint32_t n_rules;     /* a rule that counts itself stands here itself */
    const uint8_t *slots; /* one a rule: its place in the order; rules that stand for the same thing (a Sigma
                             rule and its twin for logs) share one */
    uint32_t n_slots;
    const struct vl_window_key *keys;
    uint32_t n_keys;
    const struct vl_window_bound *bounds; /* all must hold */
    uint32_t n_bounds;
    const uint8_t *expression; /* TEMPORAL: NULL where bounds tell */
    uint32_t n_expression;
    double percentile;                    /* 0 to 100 */
    const struct vl_window_field *values; /* VALUE_*: n_values a rule, one rule after the other */
    uint32_t n_values;                    /* more than one: together they are the value */
};

/* What fired. Lent for the time of the call. */
struct vl_correlation {
    const struct vl_rule *rule;       /* the rule with the window */
    const struct vl_event *event;     /* the last event; NULL where a time was over */
    const struct vl_window_key *keys; /* names of the group's values */
    const struct vl_span *group;      /* one a key, as text */
    uint32_t n_group;
    double value;         /* events, distinct values, sum, average, percentile; rules seen */
    uint64_t first, last; /* nanoseconds since 1970: of the events that count */
};

typedef int vl_correlate_each(const struct vl_correlation *fired, void *user, struct vl_err *err);

struct vl_correlator;

/* The set must outlive it. A set without windows is fine and costs nothing. */
VL_MUST_CHECK int vl_correlator_new(
    const struct vl_ruleset *set, struct vl_correlator **ret, struct vl_err *err);
void vl_correlator_free(struct vl_correlator *correlator); /* accepts NULL */
void vl_correlator_cleanup(struct vl_correlator **correlator);

/* Before an event is matched: ends the times that are over at the event's time. */
VL_MUST_CHECK int vl_correlator_advance(struct vl_correlator *correlator, const struct vl_event *event,
    vl_correlate_each *each, void *user, struct vl_err *err);

/* `rule` matched `event`. *ret_alone: it fires by itself (no window of its own, not silent). */
VL_MUST_CHECK int vl_correlator_feed(struct vl_correlator *correlator, const struct vl_rule *rule,
    const struct vl_event *event, vl_correlate_each *each, void *user, bool *ret_alone, struct vl_err *err);

/* After the last event: judges what is still open. */
VL_MUST_CHECK int vl_correlator_finish(
    struct vl_correlator *correlator, vl_correlate_each *each, void *user, struct vl_err *err);

/* What the limits cost so far. */
struct vl_correlator_counts {
    uint64_t groups;       /* open now */
    uint64_t groups_out;   /* the oldest group, over VL_CORRELATE_GROUPS_MAX or _ITEMS_MAX */
    uint64_t values_out;   /* the oldest value of a group, over VL_CORRELATE_VALUES_MAX */
    uint64_t keys_cut;     /* group values over VL_CORRELATE_KEY_MAX, cut */
    uint64_t not_a_number; /* events without a number where one is summed */
    uint64_t chains_cut;   /* over VL_CORRELATE_CHAIN_MAX */
};
void vl_correlator_counts(const struct vl_correlator *correlator, struct vl_correlator_counts *ret);

#endif
