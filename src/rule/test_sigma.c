/* tests: sigma_expression.c sigma.c sigma_meta.c sigma_filter.c sigma_correlation.c sigma_resolve.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "sigma_test.h"
#include "test_sigma_sink.h"

#define PROCESS "logsource: {product: linux, category: process_creation}\n"

static void test_rule(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "title: Shell from a web server\nid: 11111111-2222\nname: web_shell\nlevel: high\n"
        "description: what it finds\ntags: [attack.execution, attack.t1059.004, "
        "attack.privilege-escalation, attack.s0001, cve.2021-1]\n" PROCESS
        "detection:\n  sel:\n    ParentImage|endswith: /nginx\n    Image|endswith: [/sh, /bash]\n"
        "  condition: sel\n");
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 2); /* for system calls, and for logs */
    const struct vl_rule *rule = set.rules[0];
    assert_string_equal(rule->name, "Shell from a web server");
    assert_string_equal(rule->id, "11111111-2222");
    assert_string_equal(rule->alias, "web_shell");
    assert_int_equal(rule->priority, VL_RULE_ERROR);
    assert_int_equal(rule->source, VL_EVENT_SYSCALL);
    assert_int_equal(rule->form, VL_RULE_SIGMA);
    assert_true(rule->enabled);
    assert_int_equal(rule->n_tags, 5);
    assert_string_equal(rule->alert->severity, "High");
    assert_int_equal(rule->alert->n_tactics, 2);
    assert_string_equal(rule->alert->mitre_tactics[1], "PrivilegeEscalation");
    assert_int_equal(rule->alert->n_techniques, 1);
    assert_string_equal(rule->alert->mitre_techniques[0], "T1059.004");
    assert_true(test_set_holds(&set, 0,
        "{\"evt.type\":\"execve\",\"proc.exepath\":\"/bin/bash\","
        "\"proc.pexepath\":\"/usr/sbin/nginx\"}"));
    assert_false(test_set_holds(
        &set, 0, "{\"evt.type\":\"openat\",\"proc.exepath\":\"/bin/bash\",\"proc.pexepath\":\"/nginx\"}"));
    assert_int_equal(set.rules[1]->source, VL_EVENT_LOG);
    assert_true(test_set_holds(&set, 1, "{\"Image\":\"/bin/sh\",\"ParentImage\":\"/usr/sbin/nginx\"}"));
    test_set_done(&set);
}

static void test_sources(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set, "title: Secrets read\nlogsource: {product: kubernetes, service: audit}\ndetection:\n"
                        "  s: {verb: get, objectRef.resource: secrets, user.extra.x/y: z}\n  condition: s\n");
    assert_int_equal(set.rules[0]->source, VL_EVENT_K8S_AUDIT);
    assert_true(test_set_holds(&set, 0,
        "{\"ka.verb\":\"get\",\"ka.target.resource\":\"secrets\","
        "\"jevt.value[/user/extra/x~1y]\":\"z\"}"));
    assert_true(test_set_holds(
        &set, 1, "{\"verb\":\"get\",\"objectRef\":{\"resource\":\"secrets\"},\"user.extra.x/y\":\"z\"}"));
    test_set_done(&set);
    test_set_read(&set, "title: Cloud\nlogsource: {product: azure, service: activitylogs}\ndetection:\n"
                        "  s: {properties.message|startswith: Delete}\n  condition: s\n");
    assert_int_equal(set.n_rules, 1);
    assert_int_equal(set.rules[0]->source, VL_EVENT_LOG);
    assert_true(test_set_holds(&set, 0, "{\"properties\":{\"message\":\"delete vault\"}}"));
    test_set_done(&set);
    /* a field that system calls do not have: told, and the rule stays for logs */
    test_set_read(
        &set, "title: Hashes\n" PROCESS "detection:\n  s: {Hashes|contains: abc}\n  condition: s\n");
    assert_int_equal(set.n_problems, 1);
    assert_false(set.problems[0].is_error);
    assert_string_equal(set.problems[0].code, "LOAD_UNKNOWN_FILTER");
    assert_true(set.rules[0]->skipped);
    assert_false(set.rules[1]->skipped);
    test_set_done(&set);
}

static void test_filters(void **state)
{
    (void)state;
    static const char rule[] =
        "title: R\nid: r-1\n" PROCESS "detection:\n  s: {Image|endswith: /nc}\n  condition: s\n";
    static const char *const filters[] = {
        "title: F\n" PROCESS "filter:\n  rules: [r-1]\n  s: {User|startswith: adm_}\n  condition: s\n",
        "title: F\n" PROCESS "filter:\n  rules: any\n  s: {User|startswith: adm_}\n  condition: not s\n",
        ("title: F\nlogsource: {product: linux}\nfilter:\n  rules: [R]\n  s: {User|startswith: adm_}\n  "
         "condition: s\n"),
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(filters); i++) {
        for (int first = 0; first < 2; first++) { /* the filter may come before its rule */
            char text[1024];
            int n = snprintf(
                text, sizeof(text), "%s---\n%s", first ? filters[i] : rule, first ? rule : filters[i]);
            assert_in_range(n, 1, sizeof(text) - 1);
            struct test_set set;
            test_set_read(&set, text);
            assert_int_equal(set.n_problems, 0);
            assert_true(test_set_holds(
                &set, 0, "{\"evt.type\":\"execve\",\"proc.exepath\":\"/bin/nc\",\"user.name\":\"eve\"}"));
            assert_false(test_set_holds(
                &set, 0, "{\"evt.type\":\"execve\",\"proc.exepath\":\"/bin/nc\",\"user.name\":\"adm_x\"}"));
            assert_false(test_set_holds(&set, 1, "{\"Image\":\"/bin/nc\",\"User\":\"adm_x\"}"));
            test_set_done(&set);
        }
    }
    struct test_set set;
    test_set_read(&set,
        "title: F\nlogsource: {product: windows}\nfilter:\n  rules: [no]\n  s: {a: b}\n  condition: s\n");
    assert_int_equal(set.n_problems, 1); /* filters nothing */
    assert_false(set.problems[0].is_error);
    test_set_done(&set);
}

/* pySigma makes "rule and condition" of a filter: with a `not` in it, wherever, that is what is meant. */
static void test_filter_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        bool holds[4]; /* for neither of a and b, a, b, both */
    } rows[] = {
        {"not (a and b)", {true, true, true, false}},
        {"not a and not b", {true, false, false, false}},
        {"not a or not b", {true, true, true, false}},
        {"not 1 of them", {true, false, false, false}},
        {"a or b", {true, false, false, false}},
        {"(NOT a)", {true, false, true, false}},
        {"b or not a", {true, false, true, true}},
    };
    static const char *const records[] = {
        "{\"f\":1}", "{\"f\":1,\"x\":1}", "{\"f\":1,\"y\":1}", "{\"f\":1,\"x\":1,\"y\":1}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char text[512];
        int n = snprintf(text, sizeof(text),
            "title: R\nlogsource: {product: p}\ndetection:\n  s: {f: 1}\n  condition: s\n---\n"
            "title: F\nlogsource: {product: p}\nfilter:\n  rules: any\n  a: {x: 1}\n  b: {y: 1}\n"
            "  condition: %s\n",
            rows[i].condition);
        assert_in_range(n, 1, sizeof(text) - 1);
        struct test_set set;
        test_set_read(&set, text);
        assert_int_equal(set.n_problems, 0);
        for (unsigned k = 0; k < 4; k++)
            if (test_set_holds(&set, 0, records[k]) != rows[i].holds[k])
                fail_msg("%s: %s", rows[i].condition, records[k]);
        test_set_done(&set);
    }
}

#define BASE(name) \
    "title: " name "\nname: " name "\n" PROCESS "detection:\n  s: {Image: /" name "}\n  condition: s\n"

static void test_correlations(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "title: C\nlevel: critical\ncorrelation:\n  type: value_count\n  rules: [a, b]\n"
        "  group-by: [User, where]\n  timespan: 90m\n  condition: {gt: 3, lte: 9, field: CommandLine}\n"
        "  aliases:\n    where: {a: CurrentDirectory, b: Image}\n"
        "---\n" BASE("a") "---\n" BASE("b"));
    assert_int_equal(set.n_problems, 0);
    assert_int_equal(set.n_rules, 5);
    const struct vl_rule *rule = set.rules[0];
    assert_null(rule->condition);
    const struct vl_rule_window *w = rule->window;
    assert_int_equal(w->kind, VL_WINDOW_VALUE_COUNT);
    assert_true(w->span == 5400ULL * 1000000000);
    assert_int_equal(w->n_rules, 4);
    assert_int_equal(w->n_slots, 2);
    assert_int_equal(w->slots[2], 1);
    assert_int_equal(w->n_bounds, 2);
    assert_int_equal(w->bounds[1].op, VL_WINDOW_LTE);
    assert_int_equal(w->n_keys, 2);
    assert_string_equal(w->keys[0].fields[0].field->name, "user.name");
    assert_string_equal(w->keys[1].fields[0].field->name, "proc.cwd");
    assert_string_equal(w->keys[1].fields[2].field->name, "proc.exepath");
    assert_true(vl_span_eq_str(w->keys[1].fields[3].arg, "Image")); /* as a log */
    assert_string_equal(w->values[0].field->name, "proc.cmdline");
    assert_true(set.rules[1]->silent && set.rules[4]->silent);
    test_set_done(&set);
    test_set_read(&set,
        "title: C\ncorrelation:\n  type: temporal\n  rules: a\n  generate: true\n  timespan: 5m\n---\n" BASE(
            "a"));
    assert_int_equal(set.n_problems, 0);
    assert_false(set.rules[1]->silent);
    test_set_done(&set);
}

static const struct {
    const char *yaml, *message;
} wrong[] = {
    {PROCESS "detection:\n  s: {a: b}\n  condition: s\n", "title is missing"},
    {"title: T\ndetection:\n  s: {a: b}\n  condition: s\n", "logsource is missing"},
    {"title: T\n" PROCESS, "detection is missing"},
    {"title: T\nlevel: huge\n" PROCESS "detection:\n  s: {a: b}\n  condition: s\n", "level is critical"},
    {"title: T\n" PROCESS "detection: [a]\n", "detection is a map"},
    /* errors of pySigma's tests too: test_rule.py, test_correlations.py */
    {"title: T\nstatus: bad\n" PROCESS "detection:\n  s: {a: b}\n  condition: s\n", "status is stable"},
    {"title: T\ndate: bad\n" PROCESS "detection:\n  s: {a: b}\n  condition: s\n", "date is a day"},
    {"title: T\nmodified: 2024/13/45\n" PROCESS "detection:\n  s: {a: b}\n  condition: s\n",
        "modified is a day"},
    {"title: T\ndate: 2024/7\n" PROCESS "detection:\n  s: {a: b}\n  condition: s\n", "date is a day"},
    {"title: T\ndate: 2024-07-10x\n" PROCESS "detection:\n  s: {a: b}\n  condition: s\n", "date is a day"},
    {"title: T\nlogsource: {}\ndetection:\n  s: {a: b}\n  condition: s\n", "neither product"},
    {"title: C\ncorrelation:\n  type: temporal\n  rules: [a]\n  timespan: 5m\n  generate: test\n",
        "generate is true or false"},
    {"title: F\n" PROCESS "filter:\n  rules: any\n  s: {a: b}\n  condition: [s, not s]\n",
        "a filter has one condition"},
    {"title: C\ncorrelation:\n  type: nosuch\n  rules: [a]\n  timespan: 5m\n", "no such type"},
    {"title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5x\n", "timespan is a number"},
    {"title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n", "condition is missing"},
    {"title: C\ncorrelation:\n  type: value_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n",
        "has no field"},
    {"title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: x}\n",
        "wants a number"},
    {"title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n",
        "no rule is named a"},
    {"title: C\nname: c\ncorrelation:\n  type: event_count\n  rules: [c]\n  timespan: 5m\n  condition: {gte: "
     "5}\n",
        "circle"},
    {"title: C\nname: c\ncorrelation:\n  type: temporal\n  rules: [d]\n  timespan: 5m\n---\n"
     "title: D\nname: d\ncorrelation:\n  type: temporal\n  rules: [c]\n  timespan: 5m\n",
        "circle"},
    {"title: C\ncorrelation:\n  type: temporal\n  rules: [a]\n  timespan: 5m\n  condition: a or b\n",
        "expected one of its rules, found b"},
};

/* As pySigma takes them: parts that are numbers, between slashes or hyphens; YAML's times. */
static void test_days(void **state)
{
    (void)state;
    static const char *const days[] = {"2024-07-10", "2024/07/10", "2024/7/9", "2024-7-9",
        "2024-07-10T03:45:00Z", "2024-07-10 03:45:00", ""};
    for (size_t i = 0; i < VL_ARRAY_LEN(days); i++) {
        char yaml[300];
        struct test_set set;
        (void)snprintf(yaml, sizeof(yaml),
            "title: T\ndate: %s\n" PROCESS "detection:\n  s: {Image: b}\n  condition: s\n", days[i]);
        test_set_read(&set, yaml);
        if (set.n_problems)
            fail_msg("%s: %s", days[i], set.problems[0].message);
        assert_true(set.n_rules > 0);
        test_set_done(&set);
    }
}

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct test_set set;
        test_set_read(&set, wrong[i].yaml);
        if (set.n_problems == 0 || !set.problems[0].is_error || set.n_rules != 0)
            fail_msg("no error: %s", wrong[i].yaml);
        if (strstr(set.problems[0].message, wrong[i].message) == NULL)
            fail_msg("%s\ngives %s, not %s", wrong[i].yaml, set.problems[0].message, wrong[i].message);
        assert_true(set.problems[0].line > 0);
        test_set_done(&set);
    }
}

/* An alias is for the rules that there are (pySigma looks them up too). */
static void test_alias(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        BASE("a") "---\ntitle: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: "
                  "[u]\n  timespan: 5m\n  condition: {gte: 2}\n  aliases: {u: {a: User, zz: X}}\n");
    assert_int_equal(set.n_problems, 1);
    assert_non_null(strstr(set.problems[0].message, "alias u: no rule is named zz"));
    test_set_done(&set);
}

/* Keys of other engines in a correlation are told: they would change what it means. */
static void test_unknown_key(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        BASE("a") "---\ntitle: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n"
                  "  window: tumbling\n  condition: {gte: 2}\n");
    assert_int_equal(set.n_problems, 1);
    assert_false(set.problems[0].is_error);
    assert_string_equal(set.problems[0].code, "LOAD_UNKNOWN_KEY");
    assert_non_null(strstr(set.problems[0].message, "knows no window"));
    assert_int_equal(set.problems[0].line, 13);
    test_set_done(&set);
}

/* `all` at one value: told once, of a rule that is two here as well. */
static void test_lone_all(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set, "title: T\n" PROCESS "detection:\n  s: {Image|endswith|all: /sh}\n  condition: s\n");
    assert_int_equal(set.n_rules, 2);
    assert_int_equal(set.n_problems, 1);
    assert_false(set.problems[0].is_error);
    assert_string_equal(set.problems[0].code, "SIGMA_LONE_ALL");
    assert_int_equal(set.problems[0].line, 4);
    assert_true(test_set_holds(&set, 1, "{\"Image\":\"/bin/sh\"}"));
    test_set_done(&set);
    test_set_read(
        &set, "title: T\n" PROCESS "detection:\n  s: {Image|endswith|all: [a, b]}\n  condition: s\n");
    assert_int_equal(set.n_problems, 0);
    test_set_done(&set);
}

static void test_place(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "title: T\nlogsource: {product: x}\ndetection:\n  s:\n    a: b\n    c|nosuch: d\n  condition: s\n");
    assert_int_equal(set.n_problems, 1);
    assert_int_equal(set.problems[0].line, 6);
    assert_string_equal(set.problems[0].item, "rule 'T'");
    test_set_done(&set);
}

/* A sink that is full (TEST_RULES_MAX): told as a problem, the rest stays out. */
static void test_full(void **state)
{
    (void)state;
    struct vl_buf yaml;
    vl_buf_init(&yaml, 1024UL * 1024);
    for (int i = 0; i <= TEST_RULES_MAX; i++)
        vl_buf_printf(
            &yaml, "---\ntitle: R%d\nlogsource: {product: x}\ndetection:\n  s: {a: b}\n  condition: s\n", i);
    struct test_set set;
    test_set_read(&set, vl_buf_str(&yaml));
    assert_int_equal(set.n_rules, TEST_RULES_MAX);
    assert_int_equal(set.n_problems, 1);
    assert_true(set.problems[0].is_error);
    test_set_done(&set);
    vl_buf_done(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_filter_conditions),
        cmocka_unit_test(test_correlations),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_alias),
        cmocka_unit_test(test_unknown_key),
        cmocka_unit_test(test_lone_all),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
