/* tests: sigma_action.c. What must come of a file of several documents: Sigma specification 1, "Rule
 * Collections", and pySigma's sigma/collection.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sigma_test.h"
#include "test_sigma_sink.h"

#define LOGS      "logsource: {product: testos}\n"
#define DETECTION "detection:\n  s: {a: x}\n  condition: s\n"

/* `action: global` is no rule itself; what it says is in all rules behind it. */
static void test_global(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "action: global\ntitle: T\nlevel: high\ndetection:\n  condition: s and not f\n  f: {b: y}\n"
        "---\nlogsource: {product: one}\ndetection:\n  s: {a: x}\n"
        "---\nlogsource: {product: two}\ndetection:\n  s: {a: z}\n");
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 2);
    assert_string_equal(set.rules[0]->name, "T");
    assert_string_equal(set.rules[1]->name, "T");
    assert_int_equal(set.rules[1]->priority, VL_RULE_ERROR);
    assert_int_equal(set.rules[1]->line, 12); /* the rule's own place */
    assert_true(test_set_holds(&set, 0, "{\"a\":\"x\"}"));
    assert_false(test_set_holds(&set, 0, "{\"a\":\"x\",\"b\":\"y\"}"));
    assert_true(test_set_holds(&set, 1, "{\"a\":\"z\"}"));
    assert_false(test_set_holds(&set, 1, "{\"a\":\"x\"}"));
    test_set_done(&set);
    /* "Multiple global action YAML documents are accumulated" */
    test_set_read(&set, "action: global\nlevel: low\n---\naction: global\n" LOGS "---\ntitle: T\n" DETECTION);
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 1);
    assert_int_equal(set.rules[0]->priority, VL_RULE_NOTICE);
    test_set_done(&set);
}

static void test_reset(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set, "action: global\nlevel: high\n---\naction: reset\n---\ntitle: T\n" LOGS DETECTION);
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 1);
    assert_int_equal(set.rules[0]->priority, VL_RULE_NOTICE); /* as without a level */
    test_set_done(&set);
}

/* The rule before it once more, with what the document says of it anew. */
static void test_repeat(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "title: One\n" LOGS DETECTION "---\naction: repeat\ntitle: Two\ndetection:\n  s: {a: y}\n"
        "---\naction: repeat\ndetection:\n  condition: not s\n");
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 3);
    assert_string_equal(set.rules[2]->name, "Two");
    assert_true(test_set_holds(&set, 0, "{\"a\":\"x\"}"));
    assert_true(test_set_holds(&set, 1, "{\"a\":\"y\"}"));
    assert_false(test_set_holds(&set, 1, "{\"a\":\"x\"}"));
    assert_true(test_set_holds(&set, 2, "{\"a\":\"x\"}"));
    test_set_done(&set);
    /* behind a global document it repeats that, and the rule before has what the global one says */
    test_set_read(&set, "action: global\ntitle: T\n" LOGS DETECTION "---\naction: repeat\nlevel: high\n");
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 1);
    assert_int_equal(set.rules[0]->priority, VL_RULE_ERROR);
    test_set_done(&set);
    test_set_read(
        &set, "action: global\n" LOGS "---\ntitle: One\n" DETECTION "---\naction: repeat\ntitle: Two\n");
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 2);
    test_set_done(&set);
}

/* Rules of which a correlation is made may come of a global document; the correlation is whole. */
static void test_correlation(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "action: global\n" LOGS DETECTION "---\ntitle: One\nname: one\n---\ntitle: Many\ncorrelation:\n"
        "  type: event_count\n  rules: [one]\n  timespan: 1m\n  condition: {gte: 3}\n");
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 2);
    assert_non_null(set.rules[1]->window);
    test_set_done(&set);
}

static void test_refused(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set, "action: invalid\n");
    assert_int_equal(set.n_problems, 1);
    assert_non_null(strstr(set.problems[0].message, "no such action: invalid"));
    test_set_done(&set);
    test_set_read(&set, "action: repeat\ntitle: T\n");
    assert_int_equal(set.n_problems, 1);
    assert_non_null(strstr(set.problems[0].message, "no rule before it"));
    test_set_done(&set);
    /* what the merged rule lacks is said at the rule */
    test_set_read(&set, "action: global\ntitle: T\n---\n" LOGS);
    assert_int_equal(set.n_problems, 1);
    assert_int_equal(set.problems[0].line, 4);
    assert_string_equal(set.problems[0].message, "detection is missing");
    test_set_done(&set);
}

/* Sixty documents that each take a large one over: work that a small file must not make without end. */
static void test_limit(void **state)
{
    (void)state;
    enum { VALUES = 120000, DOCUMENTS = 60 };
    VL_CLEANUP(vl_buf_done) struct vl_buf yaml;
    struct test_set set;
    vl_buf_init(&yaml, 1 << 20);
    vl_buf_append_str(&yaml, "action: global\n" LOGS DETECTION "falsepositives: [");
    for (int i = 0; i < VALUES; i++)
        vl_buf_append_str(&yaml, "a,");
    vl_buf_append_str(&yaml, "a]\n");
    for (int i = 0; i < DOCUMENTS; i++)
        vl_buf_printf(&yaml, "---\ntitle: T%d\n", i);
    test_set_read(&set, vl_buf_str(&yaml));
    assert_true(set.n_rules > 0 && set.n_rules < DOCUMENTS);
    assert_int_equal(set.n_rules + set.n_problems, DOCUMENTS);
    assert_non_null(strstr(set.problems[0].message, "have more than 5000000 values together"));
    test_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_global),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_correlation),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
