/* Any text as a Sigma file: read, finished, made to a program, and converted; what was converted must load.
 */
#include <stdlib.h>

#include "rule/convert.h"
#include "rule/program.h"

#define INPUT_MAX  (64UL * 1024)
#define OUTPUT_MAX (64UL * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int note(const struct vl_rule *rule, const char *why, void *user, struct vl_err *err)
{
    (void)rule;
    (void)user;
    (void)err;
    if (why == NULL)
        abort(); /* what is left out has a reason */
    return 0;
}

static struct vl_ruleset *load(struct vl_span text)
{
    struct vl_ruleset *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_ruleset_new(&set, &err) < 0)
        return NULL;
    if (vl_ruleset_add(set, text, "fuzz", &err) >= 0 && vl_ruleset_finish(set, &err) >= 0)
        return set;
    vl_ruleset_free(set);
    return NULL;
}

static void convert(const struct vl_ruleset *set)
{
    struct vl_rule_convert_counts counts = {0};
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out;
    vl_buf_init(&out, OUTPUT_MAX);
    if (vl_rule_convert_sigma(set, &out, note, NULL, &counts, &err) >= 0 && counts.converted > 0) {
        struct vl_ruleset *again = load(vl_buf_span(&out));
        vl_ruleset_free(again);
    }
    vl_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    struct vl_ruleset *set = load((struct vl_span){(const char *)data, size});
    if (set == NULL)
        return 0;
    struct vl_rule_program *program = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err) >= 0)
        vl_rule_program_free(program);
    convert(set);
    vl_ruleset_free(set);
    return 0;
}
