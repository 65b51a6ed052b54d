/* Rule files of any kind: a file may be refused, but only in words; what loads is described and written back.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "rule/describe.h"

#define DESCRIBED_MAX 16 /* rules of an input that are described */

static void must(bool fine)
{
    if (!fine)
        abort();
}

static void describe(const struct vl_ruleset *set)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64UL * 1024 * 1024);
    struct vl_err err = VL_ERR_INIT;
    for (uint32_t i = 0; arena && i < vl_ruleset_size(set) && i < DESCRIBED_MAX; i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        const struct vl_rule *rule = vl_ruleset_at(set, i);
        struct vl_rule_description d;
        vl_buf_init(&text, 16UL * 1024 * 1024);
        must(rule->name && rule->source_name && rule->index == i);
        must(rule->skipped || rule->condition || rule->window);
        (void)!vl_rule_describe(set, rule, arena, &d, &err);
        (void)!vl_rule_condition_lines(rule, &text, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    uint32_t errors = 0;
    if (vl_ruleset_new(&set, &err) < 0 ||
        vl_ruleset_add(set, (struct vl_span){(const char *)data, size}, "f", &err) < 0 ||
        vl_ruleset_finish(set, &err) < 0)
        return 0;
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++) {
        const struct vl_rule_problem *p = vl_ruleset_problem(set, i);
        must(p->code && p->message && *p->message);
        errors += p->is_error;
    }
    must(errors <= vl_ruleset_errors(set));
    describe(set);
    return 0;
}
