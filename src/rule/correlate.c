#include "rule/correlate.h"

#include <stdlib.h>
#include <sys/random.h>

#include "correlate_impl.h"

#define SCRATCH_MAX (16UL * 1024 * 1024)
#define DEAD_A_TIME 4 /* groups whose time is over that one event lets go */

/* --- what feeds what --- */

static bool is_of_set(const struct vl_ruleset *set, const struct vl_rule *rule)
{
    return vl_ruleset_at(set, rule->index) == rule;
}

/* Calls for every member of every window whose rules are all there. */
static uint32_t walk_members(struct vl_correlator *c, uint32_t *counts, struct cr_feed *feeds)
{
    uint32_t total = 0;
    for (uint32_t w = 0; w < c->n_windows; w++) {
        const struct vl_rule_window *spec = c->windows[w].spec;
        /* from the last to the first: of a rule that is two steps, the later one is taken first */
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): every window has what it was made of */
        for (uint32_t m = spec->n_rules; m-- > 0;) {
            if (!is_of_set(c->set, spec->rules[m]))
                continue;
            uint32_t *at = &counts[spec->rules[m]->index];
            if (feeds != NULL)
                feeds[*at] = (struct cr_feed){&c->windows[w], m};
            (*at)++;
            total++;
        }
    }
    return total;
}

static int build_feeds(struct vl_correlator *c, struct vl_err *err)
{
    uint32_t n = vl_ruleset_size(c->set);
    c->feed_from = calloc(n + 1UL, sizeof(uint32_t));
    uint32_t *at = calloc(n + 1UL, sizeof(uint32_t));
    if (c->feed_from == NULL || at == NULL) {
        free(at);
        return vl_err_nomem(err);
    }
    uint32_t total = walk_members(c, at, NULL), sum = 0;
    for (uint32_t i = 0; i <= n; i++) {
        uint32_t count = at[i];
        c->feed_from[i] = at[i] = sum;
        sum += count;
    }
    c->feeds = calloc(total + 1UL, sizeof(*c->feeds));
    if (c->feeds != NULL)
        (void)walk_members(c, at, c->feeds);
    free(at);
    return c->feeds != NULL ? 0 : vl_err_nomem(err);
}

static int build_windows(struct vl_correlator *c, struct vl_err *err)
{
    uint32_t n = vl_ruleset_size(c->set);
    for (uint32_t i = 0; i < n; i++)
        c->n_windows += vl_ruleset_at(c->set, i)->window != NULL;
    c->windows = calloc(c->n_windows + 1UL, sizeof(*c->windows));
    c->ending = calloc(c->n_windows + 1UL, sizeof(struct cr_window *));
    if (c->windows == NULL || c->ending == NULL)
        return vl_err_nomem(err);
    uint32_t w = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct vl_rule *rule = vl_ruleset_at(c->set, i);
        if (rule->window == NULL)
            continue;
        c->windows[w] = (struct cr_window){.rule = rule, .spec = rule->window, .number = w};
        cr_window_init(&c->windows[w]);
        if (c->windows[w].at_end)
            c->ending[c->n_ending++] = &c->windows[w];
        w++;
    }
    return 0;
}

int vl_correlator_new(const struct vl_ruleset *set, struct vl_correlator **ret, struct vl_err *err)
{
    struct vl_correlator *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return vl_err_nomem(err);
    c->set = set;
    c->scratch = vl_arena_new(SCRATCH_MAX);
    vl_buf_init(&c->text, CR_TEXT_MAX);
    int r = c->scratch != NULL ? build_windows(c, err) : vl_err_nomem(err);
    if (r == 0)
        r = build_feeds(c, err);
    if (r == 0 && getrandom(c->seed, sizeof(c->seed), 0) != (ssize_t)sizeof(c->seed))
        r = vl_err_sys(err, errno, "getrandom");
    if (r < 0) {
        vl_correlator_free(c);
        return r;
    }
    cr_known_find(&c->known);
    *ret = c;
    return 0;
}

void vl_correlator_free(struct vl_correlator *c)
{
    if (c == NULL)
        return;
    while (c->oldest != NULL)
        cr_group_free(c, c->oldest);
    vl_arena_free(c->scratch);
    vl_buf_done(&c->text);
    free(c->buckets);
    free(c->windows);
    free(c->ending);
    free(c->feeds);
    free(c->feed_from);
    free(c);
}

void vl_correlator_cleanup(struct vl_correlator **correlator)
{
    vl_correlator_free(*correlator);
    *correlator = NULL;
}

/* --- firing --- */

struct firing {
    struct vl_correlator *c;
    vl_correlate_each *each;
    void *user;
    struct vl_err *err;
};

/* What has fired waits here until the one below it is fed: windows on windows, without recursion. */
struct waiting {
    struct vl_correlation fired;
    struct vl_span values[VL_WINDOW_GROUP_BY_MAX];
    uint32_t next; /* of its rule's feeds */
};

static bool feeds_itself(const struct vl_rule *rule)
{
    return rule->window != NULL && rule->window->n_rules == 1 && rule->window->rules[0] == rule;
}

static void fired_fill(
    const struct cr_group *group, const struct vl_event *event, double value, struct waiting *ret)
{
    uint32_t n = cr_key_values(group, ret->values);
    ret->next = 0;
    ret->fired = (struct vl_correlation){
        .rule = group->window->rule,
        .event = event,
        .keys = group->window->spec->keys,
        .group = ret->values,
        .n_group = n,
        .value = value,
        .first = group->first,
        .last = group->last,
    };
}

/* Whether a condition that holds is told again. */
static bool fires_now(struct cr_group *group, bool holds, uint64_t time)
{
    if (group->window->spec->kind == VL_WINDOW_ORDERED)
        return holds;
    bool again =
        !group->hot || (time > group->fired_at && time - group->fired_at > group->window->spec->span);
    group->hot = holds;
    if (holds && again)
        group->fired_at = time;
    return holds && again;
}

/* One event, or one correlation, into one window. 1 where it fired into *ret. */
static int feed_window(struct vl_correlator *c, const struct cr_feed *feed, const struct vl_event *event,
    const struct vl_correlation *inner, struct waiting *ret, struct vl_err *err)
{
    struct cr_group *group = cr_group_of(c, feed->window, feed->member, event, inner);
    if (group == NULL)
        return vl_err_nomem(err);
    uint64_t time = event ? event->time : inner ? inner->last : 0; /* one of the two is always there */
    double value = 0;
    int r = cr_group_take(c, group, feed->member, event, time, &value);
    if (r < 0)
        return vl_err_nomem(err);
    cr_groups_trim(c, group);
    if (group->window->at_end || !fires_now(group, r == 1, time))
        return 0;
    fired_fill(group, event, value, ret);
    return 1;
}

static int tell(const struct firing *f, const struct waiting *w)
{
    if (w->fired.rule->silent || !w->fired.rule->enabled)
        return 0;
    int r = f->each(&w->fired, f->user, f->err);
    return r < 0 ? r : 0;
}

/* Tells what fired, and feeds it to the windows above. */
static int rise(const struct firing *f, struct waiting *stack)
{
    struct vl_correlator *c = f->c;
    uint32_t depth = 1;
    int r = tell(f, &stack[0]);
    while (r == 0 && depth > 0) {
        struct waiting *top = &stack[depth - 1];
        uint32_t rule = top->fired.rule->index;
        uint32_t at = c->feed_from[rule] + top->next++;
        if (at >= c->feed_from[rule + 1]) {
            depth--;
            continue;
        }
        const struct cr_feed *feed = &c->feeds[at];
        if (feed->window->rule == top->fired.rule)
            continue; /* its own window counted the events, not its alerts */
        if (depth == VL_CORRELATE_CHAIN_MAX) {
            c->counts.chains_cut++;
            continue;
        }
        r = feed_window(c, feed, top->fired.event, &top->fired, &stack[depth], f->err);
        if (r == 1)
            r = tell(f, &stack[depth++]);
    }
    return r;
}

/* Judges the groups of a window whose time is over at `now`. */
static int end_window(const struct firing *f, struct cr_window *window, bool all, uint64_t now)
{
    struct waiting stack[VL_CORRELATE_CHAIN_MAX];
    while (window->begun != NULL) {
        struct cr_group *group = window->begun;
        if (!all && (now <= group->first || now - group->first <= window->spec->span))
            break;
        double value = 0;
        int r = 0;
        bool fires = cr_group_judge(group, &value);
        if (fires) {
            cr_group_touch(f->c, group); /* the last to go for want of room */
            fired_fill(group, NULL, value, &stack[0]);
            r = rise(f, stack); /* the group's key is lent to it */
        }
        if (window->begun == group) /* it may have gone for want of room */
            cr_group_free(f->c, group);
        if (r < 0)
            return r;
    }
    return 0;
}

static void let_dead_go(struct vl_correlator *c)
{
    for (int i = 0; i < DEAD_A_TIME && c->oldest != NULL; i++) {
        const struct cr_group *group = c->oldest;
        if (group->window->at_end || c->now <= group->last ||
            c->now - group->last <= group->window->spec->span)
            return;
        cr_group_free(c, c->oldest);
    }
}

int vl_correlator_advance(struct vl_correlator *c, const struct vl_event *event, vl_correlate_each *each,
    void *user, struct vl_err *err)
{
    const struct firing f = {c, each, user, err};
    c->event++;
    if (event->time > c->now)
        c->now = event->time;
    let_dead_go(c);
    int r = 0;
    for (uint32_t w = 0; r == 0 && w < c->n_ending; w++)
        if (c->ending[w]->begun != NULL)
            r = end_window(&f, c->ending[w], false, c->now);
    return r;
}

int vl_correlator_feed(struct vl_correlator *c, const struct vl_rule *rule, const struct vl_event *event,
    vl_correlate_each *each, void *user, bool *ret_alone, struct vl_err *err)
{
    const struct firing f = {c, each, user, err};
    struct waiting stack[VL_CORRELATE_CHAIN_MAX];
    bool own = feeds_itself(rule);
    *ret_alone = rule->window == NULL && !rule->silent;
    if (!is_of_set(c->set, rule))
        return vl_err_set(err, VL_ERR_USAGE, "%s is no rule of this set", rule->name);
    for (uint32_t i = c->feed_from[rule->index]; i < c->feed_from[rule->index + 1]; i++) {
        const struct cr_feed *feed = &c->feeds[i];
        if (own != (feed->window->rule == rule))
            continue;
        int r = feed_window(c, feed, event, NULL, &stack[0], err);
        if (r == 1)
            r = rise(&f, stack);
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_correlator_finish(struct vl_correlator *c, vl_correlate_each *each, void *user, struct vl_err *err)
{
    const struct firing f = {c, each, user, err};
    int r = 0;
    /* what one window's end brings may begin another's */
    for (unsigned pass = 0; r == 0 && pass < VL_CORRELATE_CHAIN_MAX; pass++)
        for (uint32_t w = 0; r == 0 && w < c->n_ending; w++)
            r = end_window(&f, c->ending[w], true, 0);
    return r;
}

void vl_correlator_counts(const struct vl_correlator *c, struct vl_correlator_counts *ret)
{
    *ret = c->counts;
    ret->groups = c->n_groups;
}
