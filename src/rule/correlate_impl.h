/* Correlation: what its files share. Private to correlate*.c. */
#ifndef VL_RULE_CORRELATE_IMPL_H
#define VL_RULE_CORRELATE_IMPL_H

#include "base/buf.h"
#include "base/map.h"
#include "rule/correlate.h"

#define CR_TEXT_MAX (128UL * 1024) /* bytes of one field as text */

struct cr_item {
    uint64_t time;
    uint64_t hash; /* of a value */
    double number;
};

/* Items in the order of their times, oldest first, in a ring. */
struct cr_ring {
    struct cr_item *items; /* owned */
    uint32_t head, n, cap;
};

/* Of an ordered sequence: the latest beginning of its first steps, up to each slot. */
struct cr_step {
    uint64_t start, end;
    uint64_t event; /* the event that took the step; 0: not taken */
};

struct cr_window; /* one rule with a window */

struct cr_group {
    struct cr_group *chain;         /* of one bucket */
    struct cr_group *newer, *older; /* in the order of use */
    struct cr_group *later;         /* of a window that is judged at its end: in the order of beginning */
    struct cr_group *earlier;
    struct cr_window *window;
    uint64_t hash;
    uint64_t first, last; /* times of its events */
    uint64_t count;
    uint64_t fired_at;
    bool hot; /* was true at the last event */
    struct cr_ring ring;
    struct cr_step *steps; /* ORDERED and TEMPORAL: one a slot; owned with the group */
    uint32_t key_len;
    char key[];
};

struct cr_window {
    const struct vl_rule *rule;
    const struct vl_rule_window *spec;
    uint32_t number;
    uint32_t keep; /* values or times that decide, see correlate_state.c */
    bool at_end;   /* judged when its time is over */
    struct cr_group *begun, *begun_last;
};

/* A rule feeds a window as one of its members. */
struct cr_feed {
    struct cr_window *window;
    uint32_t member;
};

/* Fields of the keys that are not fields. */
struct cr_known {
    struct vl_window_field pid, ppid, ancestors[VL_CORRELATE_ANCESTORS];
    struct vl_window_field container, namespace_, pod, uid;
    struct vl_window_field audit_namespace, audit_name, audit_user;
};

struct vl_correlator {
    const struct vl_ruleset *set;
    struct cr_window *windows;
    uint32_t n_windows;
    struct cr_window **ending; /* those that are judged at their end */
    uint32_t n_ending;
    struct cr_feed *feeds;
    uint32_t *feed_from; /* by a rule's index: its feeds are [from, from + 1) */
    struct cr_group **buckets;
    uint32_t n_buckets;
    struct cr_group *newest, *oldest;
    uint32_t n_groups;
    uint64_t n_items;
    uint64_t seed[2];
    uint64_t event; /* number of the event at hand */
    uint64_t now;   /* the latest time of any event */
    struct cr_known known;
    struct vl_arena *scratch;
    struct vl_buf text;
    struct vl_correlator_counts counts;
};

/* --- correlate_key.c --- */

void cr_known_find(struct cr_known *known);
/* The text of a field; false where the event has none. In correlator->text until the next call. */
bool cr_field_text(struct vl_correlator *c, const struct vl_event *event, const struct vl_window_field *field,
    struct vl_span *ret);
/* A field as a number. */
bool cr_field_number(
    struct vl_correlator *c, const struct vl_event *event, const struct vl_window_field *field, double *ret);
/* The group of an event as a member of a window; made where there is none. `inner` is the correlation that is
 * itself the event, or NULL. NULL: no memory. */
struct cr_group *cr_group_of(struct vl_correlator *c, struct cr_window *window, uint32_t member,
    const struct vl_event *event, const struct vl_correlation *inner);
/* The values of a group's key as texts. */
uint32_t cr_key_values(const struct cr_group *group, struct vl_span values[VL_WINDOW_GROUP_BY_MAX]);

/* --- correlate_group.c --- */

struct cr_group *cr_group_find(struct vl_correlator *c, struct cr_window *window, struct vl_span key);
struct cr_group *cr_group_new(
    struct vl_correlator *c, struct cr_window *window, struct vl_span key, uint64_t time);
void cr_group_free(struct vl_correlator *c, struct cr_group *group);
void cr_group_touch(struct vl_correlator *c, struct cr_group *group);
/* Lets the oldest go until the limits hold again; never `but`. */
void cr_groups_trim(struct vl_correlator *c, const struct cr_group *but);

struct cr_item *cr_ring_at(const struct cr_ring *ring, uint32_t i);
/* Adds an item in the order of times; at most `max`: then the oldest goes. False: no memory. */
bool cr_ring_put(struct vl_correlator *c, struct cr_ring *ring, struct cr_item item, uint32_t max);
void cr_ring_drop(struct vl_correlator *c, struct cr_ring *ring, uint32_t i);

/* --- correlate_state.c --- */

void cr_window_init(struct cr_window *window);
/* Takes an event into a group. 1: the window's condition holds now; 0: not; -ENOMEM. *ret_value: what was
 * counted. */
int cr_group_take(struct vl_correlator *c, struct cr_group *group, uint32_t member,
    const struct vl_event *event, uint64_t time, double *ret_value);
/* A window that is judged at its end: does it hold? */
bool cr_group_judge(const struct cr_group *group, double *ret_value);

#endif
