/* Any text as a file of native rules, and the same text's numbers as events: windows and sequences must hold
 * their limits whatever comes in whatever order. */
#include <stdlib.h>

#include "rule/correlate.h"

#define INPUT_MAX (64UL * 1024)
#define FEEDS_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    (void)arg;
    (void)scratch;
    const uint8_t *byte = event->data;
    *ret = (struct vl_event_value){.kind = VL_VALUE_MISSING};
    if ((*byte & 3) == 0)
        return;
    ret->kind = VL_VALUE_UINT;
    ret->as.u = (uint64_t)(*byte >> 2) + field->id % 3U;
}

static int fired(const struct vl_correlation *f, void *user, struct vl_err *err)
{
    (void)user;
    (void)err;
    if (f->rule->window == NULL || f->n_group != f->rule->window->n_keys)
        abort();
    return 0;
}

static void feed_all(const struct vl_ruleset *set, const uint8_t *data, size_t size)
{
    static const struct vl_event_ops ops = {.get = get};
    struct vl_correlator *correlator = NULL;
    struct vl_err err = VL_ERR_INIT;
    uint32_t n = vl_ruleset_size(set);
    if (n == 0 || vl_correlator_new(set, &correlator, &err) < 0)
        return;
    uint64_t time = 1000ULL * 1000000000;
    for (size_t i = 0; i + 1 < size && i < FEEDS_MAX; i++) {
        time += (uint64_t)data[i] * 100000000 - (data[i + 1] & 1 ? 0 : 5000000000ULL); /* back at times */
        const struct vl_rule *rule = vl_ruleset_at(set, data[i] % n);
        struct vl_event event = {.ops = &ops, .data = &data[i + 1], .source = rule->source, .time = time};
        bool alone = false;
        if (vl_correlator_advance(correlator, &event, fired, NULL, &err) < 0 ||
            vl_correlator_feed(correlator, rule, &event, fired, NULL, &alone, &err) < 0)
            break;
    }
    struct vl_correlator_counts counts;
    vl_correlator_counts(correlator, &counts);
    if (counts.groups > VL_CORRELATE_GROUPS_MAX)
        abort();
    if (vl_correlator_finish(correlator, fired, NULL, &err) < 0)
        vl_err_clear(&err);
    vl_correlator_free(correlator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_ruleset *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (size > INPUT_MAX || vl_ruleset_new(&set, &err) < 0)
        return 0;
    if (vl_ruleset_add(set, (struct vl_span){(const char *)data, size}, "fuzz", &err) >= 0 &&
        vl_ruleset_finish(set, &err) >= 0)
        feed_all(set, data, size);
    vl_ruleset_free(set);
    return 0;
}
