/* falco.yaml among rule files. Expected texts follow Falco's documentation of append_output and of `rules`;
 * the order of what is appended is that of Falco's own test (test_foreign_rule_loader.c). tests:
 * falco_config.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rule/ruleset.h"

static const char rules[] =
    "- rule: one\n  desc: d\n  condition: evt.type = open\n  output: o 1\n  priority: INFO\n  tags: [a]\n"
    "- rule: two\n  desc: d\n  condition: evt.type = open\n  output: o 2\n  priority: INFO\n  tags: [a, b]\n"
    "- rule: audit\n  desc: d\n  condition: ka.verb = get\n  output: o 3\n  priority: INFO\n  source: "
    "k8s_audit\n";

static struct vl_ruleset *load(const char *config, bool first)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set = NULL;
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    if (first)
        assert_true(vl_ruleset_add(set, vl_span_str(config), "falco.yaml", &err) >= 0);
    assert_true(vl_ruleset_add(set, vl_span_str(rules), "rules.yaml", &err) >= 0);
    if (!first)
        assert_true(vl_ruleset_add(set, vl_span_str(config), "falco.yaml", &err) >= 0);
    assert_true(vl_ruleset_finish(set, &err) >= 0);
    return set;
}

static const char *output(const struct vl_ruleset *set, const char *name)
{
    const struct vl_rule *rule = vl_ruleset_find(set, name);
    assert_non_null(rule);
    return rule->output;
}

static void test_append(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) { /* where the file stands makes no difference */
        VL_CLEANUP(vl_ruleset_cleanup)
        struct vl_ruleset *set = load("append_output:\n"
                                      "  - extra_output: all\n"
                                      "  - match: {source: syscall, tags: [a, b]}\n"
                                      "    extra_output: both %proc.name\n"
                                      "  - match: {rule: one}\n"
                                      "    extra_output: only\n"
                                      "    extra_fields: [proc.pid, {made: \"x %proc.name\"}]\n"
                                      "  - match: {source: k8s_audit}\n"
                                      "    suggested_output: true\n",
            first);
        assert_int_equal(vl_ruleset_errors(set) + vl_ruleset_warnings(set), 0);
        assert_string_equal(output(set, "one"), "o 1 all only");
        assert_string_equal(output(set, "two"), "o 2 all both %proc.name");
        assert_string_equal(output(set, "audit"), "o 3 all");
        const struct vl_rule *one = vl_ruleset_find(set, "one");
        assert_int_equal(one->n_extra, 2);
        assert_true(one->extra[0].is_raw);
        assert_string_equal(one->extra[0].format, "%proc.pid");
        assert_string_equal(one->extra[1].name, "made");
        assert_false(one->extra[1].is_raw);
        assert_int_equal(vl_ruleset_find(set, "two")->n_extra, 0);
    }
}

static void test_suggested(void **state)
{
    (void)state;
    VL_CLEANUP(vl_ruleset_cleanup)
    struct vl_ruleset *set = load("append_output: [{suggested_output: true}]\n", false);
    assert_non_null(strstr(output(set, "one"), "o 1 container_id=%container.id container_name="));
    assert_string_equal(output(set, "audit"), "o 3");
}

static void test_switches(void **state)
{
    (void)state;
    VL_CLEANUP(vl_ruleset_cleanup)
    struct vl_ruleset *set =
        load("rule_matching: first\nrules:\n  - disable: {rule: \"*\"}\n  - enable: {tag: b}\n", false);
    assert_int_equal(vl_ruleset_errors(set) + vl_ruleset_warnings(set), 0);
    assert_true(vl_ruleset_first_only(set));
    assert_false(vl_ruleset_find(set, "one")->enabled);
    assert_true(vl_ruleset_find(set, "two")->enabled);
}

static void test_priority(void **state)
{
    (void)state;
    VL_CLEANUP(vl_ruleset_cleanup)
    struct vl_ruleset *set = load("append_output: []\npriority: Notice\n", false);
    assert_int_equal(vl_ruleset_errors(set) + vl_ruleset_warnings(set), 0);
    assert_false(vl_ruleset_find(set, "one")->enabled); /* INFO */
    VL_CLEANUP(vl_ruleset_cleanup)
    struct vl_ruleset *all = load("append_output: []\npriority: debug\n", true);
    assert_true(vl_ruleset_find(all, "one")->enabled);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *config, *message;
        bool is_error;
        uint32_t line;
    } cases[] = {
        {"append_output: 3\n", "Value is not a sequence", true, 1},
        {"append_output:\n  - x\n", "an entry is a mapping", true, 2},
        {"append_output:\n  - match: [a]\n    extra_output: o\n", "'match' is a mapping", true, 2},
        {"append_output:\n  - extra_output: [o]\n", "Value is not a scalar", true, 2},
        {"append_output:\n  - extra_fields: {a: b}\n", "is a sequence", true, 2},
        {"append_output:\n  - extra_fields: [[a]]\n", "an extra field is", true, 2},
        {"append_output:\n  - extra_output: \"%proc.name\"\n", "does not fit rule 'audit'", true, 2},
        {"append_output:\n  - extra_fields: [proc.nope]\n", "does not fit rule 'one'", true, 2},
        {"append_output:\n  - match: {rule: nobody}\n    extra_output: o\n", "fits no rule", false, 2},
        {"append_output:\n  - match: {rule: one}\n", "appends nothing", false, 2},
        {"append_output:\n  - extra_outptu: o\n", "Unknown key", false, 2},
        {"append_output: []\nrules:\n  - enabel: {rule: one}\n", "'enable:' or 'disable:'", true, 3},
        {"append_output: []\nrules:\n  - enable: {}\n", "give one of", true, 3},
        {"append_output: []\nrules:\n  - enable: {rule: nobody}\n", "no rule is named", false, 3},
        {"rule_matching: some\n", "'first' or 'all'", true, 1},
        {"append_output: []\npriority: high\n", "Invalid priority", true, 2},
        {"rules_files: [a.yaml]\n", "not: rules_files", false, 1},
    };
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = load(cases[i].config, false);
        bool found = false;
        for (uint32_t k = 0; k < vl_ruleset_problems(set); k++) {
            const struct vl_rule_problem *p = vl_ruleset_problem(set, k);
            found |= p->is_error == cases[i].is_error && p->line == cases[i].line &&
                     strstr(p->message, cases[i].message);
        }
        if (!found)
            fail_msg("%s: not told: %s", cases[i].config, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_suggested),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
