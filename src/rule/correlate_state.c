#include <math.h>
#include <stdlib.h>

#include "correlate_impl.h"

static bool bound_holds(const struct vl_window_bound *bound, double value)
{
    switch (bound->op) {
    case VL_WINDOW_GT:
        return value > bound->value;
    case VL_WINDOW_GTE:
        return value >= bound->value;
    case VL_WINDOW_LT:
        return value < bound->value;
    case VL_WINDOW_LTE:
        return value <= bound->value;
    case VL_WINDOW_EQ:
        return !(value < bound->value) && !(value > bound->value);
    default:
        return value < bound->value || value > bound->value;
    }
}

static bool holds(const struct vl_rule_window *spec, double value)
{
    for (uint32_t i = 0; i < spec->n_bounds; i++)
        if (!bound_holds(&spec->bounds[i], value))
            return false;
    return spec->n_bounds > 0 || value >= spec->n_slots; /* all rules, where nothing is told */
}

static bool is_list(uint8_t kind)
{
    return kind >= VL_WINDOW_VALUE_SUM && kind <= VL_WINDOW_VALUE_MAX;
}

/* Where more can only make it true, as many of the latest as make it true decide; the rest need not be kept.
 */
void cr_window_init(struct cr_window *window)
{
    const struct vl_rule_window *spec = window->spec;
    double need = 1;
    window->at_end = false;
    for (uint32_t i = 0; i < spec->n_bounds; i++) {
        const struct vl_window_bound *bound = &spec->bounds[i];
        if (bound->op != VL_WINDOW_GT && bound->op != VL_WINDOW_GTE) {
            window->at_end = true;
            continue;
        }
        double least = bound->op == VL_WINDOW_GT ? floor(bound->value) + 1 : ceil(bound->value);
        need = least > need ? least : need;
    }
    for (uint32_t i = 0; i < spec->n_expression; i++) /* what is not seen may still come */
        window->at_end = window->at_end || spec->expression[i] == VL_WINDOW_NOT;
    double most = spec->kind == VL_WINDOW_EVENT_COUNT ? VL_WINDOW_THRESHOLD_MAX : VL_CORRELATE_VALUES_MAX;
    if (is_list(spec->kind) || window->at_end)
        need = VL_CORRELATE_VALUES_MAX;
    window->keep = (uint32_t)(need < most ? need : most);
    if (spec->kind == VL_WINDOW_ORDERED) /* an order is complete or not */
        window->at_end = false;
}

static int by_number(const void *a, const void *b)
{
    double x = ((const struct cr_item *)a)->number, y = ((const struct cr_item *)b)->number;
    return (x > y) - (x < y);
}

/* A percentile or the median of what the ring holds. */
static double of_ranks(const struct vl_rule_window *spec, const struct cr_ring *ring)
{
    struct cr_item *sorted = calloc(ring->n, sizeof(*sorted));
    if (sorted == NULL)
        return 0;
    for (uint32_t i = 0; i < ring->n; i++)
        sorted[i] = *cr_ring_at(ring, i);
    qsort(sorted, ring->n, sizeof(*sorted), by_number);
    double value;
    if (spec->kind == VL_WINDOW_VALUE_MEDIAN) {
        double low = sorted[(ring->n - 1) / 2].number, high = sorted[ring->n / 2].number;
        value = low + (high - low) / 2;
    } else {
        double rank = ceil(spec->percentile / 100 * ring->n); /* nearest rank */
        value = sorted[rank < 1 ? 0 : (uint32_t)rank - 1].number;
    }
    free(sorted);
    return value;
}

/* What the numbers that the ring holds come to. */
static double of_numbers(const struct cr_group *group)
{
    const struct vl_rule_window *spec = group->window->spec;
    const struct cr_ring *ring = &group->ring;
    if (ring->n == 0)
        return 0;
    if (spec->kind == VL_WINDOW_VALUE_PERCENTILE || spec->kind == VL_WINDOW_VALUE_MEDIAN)
        return of_ranks(spec, ring);
    double sum = 0, least = cr_ring_at(ring, 0)->number, most = least;
    for (uint32_t i = 0; i < ring->n; i++) {
        double number = cr_ring_at(ring, i)->number;
        sum += number;
        least = number < least ? number : least;
        most = number > most ? number : most;
    }
    if (spec->kind == VL_WINDOW_VALUE_MIN || spec->kind == VL_WINDOW_VALUE_MAX)
        return spec->kind == VL_WINDOW_VALUE_MIN ? least : most;
    return spec->kind == VL_WINDOW_VALUE_SUM ? sum : sum / ring->n;
}

/* Lets go what is no longer within the window. */
static void forget(struct vl_correlator *c, struct cr_group *group, uint64_t now)
{
    uint64_t span = group->window->spec->span;
    while (group->ring.n > 0 && now > span && cr_ring_at(&group->ring, 0)->time < now - span)
        cr_ring_drop(c, &group->ring, 0);
}

/* The values of an event together as one hash; false where one is missing. */
static bool value_hash(struct vl_correlator *c, const struct cr_group *group, uint32_t member,
    const struct vl_event *event, uint64_t *ret)
{
    const struct vl_rule_window *spec = group->window->spec;
    uint64_t hash = 0;
    for (uint32_t v = 0; v < spec->n_values; v++) {
        struct vl_span text;
        if (!cr_field_text(c, event, &spec->values[member * spec->n_values + v], &text))
            return false;
        hash = hash * 0x100000001b3ULL + vl_hash_bytes(c->seed, text);
    }
    *ret = hash;
    return spec->n_values > 0;
}

/* A distinct value moves to its latest time. */
static bool put_value(struct vl_correlator *c, struct cr_group *group, uint64_t time, uint64_t hash)
{
    struct cr_ring *ring = &group->ring;
    for (uint32_t i = 0; i < ring->n; i++) {
        if (cr_ring_at(ring, i)->hash == hash) {
            if (cr_ring_at(ring, i)->time > time)
                return true;
            cr_ring_drop(c, ring, i);
            break;
        }
    }
    return cr_ring_put(c, ring, (struct cr_item){time, hash, 0}, group->window->keep);
}

static int take_step(struct vl_correlator *c, struct cr_group *group, uint32_t slot, uint64_t time)
{
    const struct vl_rule_window *spec = group->window->spec;
    struct cr_step *step = &group->steps[slot];
    if (slot == 0) {
        *step = (struct cr_step){time, time, c->event};
        return spec->n_slots == 1;
    }
    struct cr_step *before = step - 1;
    if (before->event == 0 || before->event == c->event || time < before->end ||
        time - before->start > spec->span)
        return 0;
    if (step->event == 0 || before->start >= step->start)
        *step = (struct cr_step){before->start, time, c->event};
    if (slot + 1 < spec->n_slots)
        return 0;
    group->first = step->start;
    for (uint32_t i = 0; i < spec->n_slots; i++) /* its events are used up */
        group->steps[i] = (struct cr_step){0};
    return 1;
}

static bool is_seen(const struct cr_group *group, uint32_t slot, uint64_t now)
{
    const struct cr_step *step = &group->steps[slot];
    return step->event != 0 && (group->window->at_end || now - step->end <= group->window->spec->span);
}

/* What the condition says of the slots that were seen. */
static bool expression_holds(const struct cr_group *group, uint64_t now)
{
    const struct vl_rule_window *spec = group->window->spec;
    bool stack[VL_WINDOW_EXPRESSION_MAX + 1] = {false};
    uint32_t n = 0;
    for (uint32_t i = 0; i < spec->n_expression; i++) {
        uint8_t code = spec->expression[i];
        if (code == VL_WINDOW_NOT && n > 0) {
            stack[n - 1] = !stack[n - 1];
        } else if (code >= VL_WINDOW_AND && n > 1) {
            n--;
            stack[n - 1] = code == VL_WINDOW_AND ? stack[n - 1] && stack[n] : stack[n - 1] || stack[n];
        } else if (code < spec->n_slots) {
            stack[n++] = is_seen(group, code, now);
        }
    }
    return n > 0 && stack[0];
}

static double seen_slots(const struct cr_group *group, uint64_t now)
{
    const struct vl_rule_window *spec = group->window->spec;
    double n = 0;
    for (uint32_t i = 0; i < spec->n_slots; i++)
        n += is_seen(group, i, now);
    return n;
}

static uint64_t first_seen(const struct cr_group *group, uint64_t now)
{
    uint64_t first = now;
    for (uint32_t i = 0; i < group->window->spec->n_slots; i++) {
        const struct cr_step *step = &group->steps[i];
        if (step->event != 0 && now - step->end <= group->window->spec->span && step->end < first)
            first = step->end;
    }
    return first;
}

/* Adds what the event brings; 0 or -ENOMEM. */
static int take(struct vl_correlator *c, struct cr_group *group, uint32_t member,
    const struct vl_event *event, uint64_t time)
{
    const struct vl_rule_window *spec = group->window->spec;
    struct cr_item item = {.time = time};
    bool kept = true;
    uint32_t before = group->ring.n;
    if (spec->kind == VL_WINDOW_TEMPORAL) {
        struct cr_step *step = &group->steps[spec->slots[member]];
        if (step->event == 0 || step->end < time)
            *step = (struct cr_step){time, time, c->event};
    } else if (spec->kind == VL_WINDOW_EVENT_COUNT) {
        group->count++;
        if (!group->window->at_end)
            kept = cr_ring_put(c, &group->ring, item, group->window->keep);
        return kept ? 0 : -ENOMEM;
    } else if (spec->kind == VL_WINDOW_VALUE_COUNT) {
        if (value_hash(c, group, member, event, &item.hash))
            kept = put_value(c, group, time, item.hash);
        if (group->window->at_end && group->ring.n == before && before == group->window->keep)
            c->counts.values_out++;
    } else if (cr_field_number(c, event, &spec->values[member], &item.number)) {
        kept = cr_ring_put(c, &group->ring, item, group->window->keep);
        if (group->ring.n == before)
            c->counts.values_out++;
    } else {
        c->counts.not_a_number++;
    }
    return kept ? 0 : -ENOMEM;
}

int cr_group_take(struct vl_correlator *c, struct cr_group *group, uint32_t member,
    const struct vl_event *event, uint64_t time, double *ret_value)
{
    const struct vl_rule_window *spec = group->window->spec;
    group->last = time > group->last ? time : group->last;
    if (spec->kind == VL_WINDOW_ORDERED) {
        *ret_value = spec->n_slots;
        return take_step(c, group, spec->slots[member], time);
    }
    int r = take(c, group, member, event, time);
    if (r < 0 || group->window->at_end)
        return r;
    if (spec->kind == VL_WINDOW_TEMPORAL) {
        *ret_value = seen_slots(group, group->last);
        group->first = first_seen(group, group->last);
        return spec->expression != NULL ? expression_holds(group, group->last) : holds(spec, *ret_value);
    }
    if (is_list(spec->kind))
        forget(c, group, group->last);
    uint32_t n = group->ring.n;
    group->first = n > 0 ? cr_ring_at(&group->ring, 0)->time : time;
    bool fresh = n > 0 && group->last - group->first <= spec->span;
    *ret_value = is_list(spec->kind) ? of_numbers(group) : n;
    return fresh && holds(spec, *ret_value);
}

bool cr_group_judge(const struct cr_group *group, double *ret_value)
{
    const struct vl_rule_window *spec = group->window->spec;
    if (spec->kind == VL_WINDOW_EVENT_COUNT)
        *ret_value = (double)group->count;
    else if (spec->kind == VL_WINDOW_TEMPORAL)
        *ret_value = seen_slots(group, group->last);
    else if (spec->kind == VL_WINDOW_VALUE_COUNT)
        *ret_value = group->ring.n;
    else
        *ret_value = of_numbers(group);
    if (spec->expression != NULL)
        return expression_holds(group, group->last);
    return holds(spec, *ret_value);
}
