/* tests: native.c window_span.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rule/correlate.h"
#include "window_span.h"

static struct vl_ruleset *load(const char *yaml)
{
    struct vl_ruleset *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_span_str(yaml), "native.yaml", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    return set;
}

static const struct vl_rule *must_find(const struct vl_ruleset *set, const char *name)
{
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++)
        if (vl_ruleset_problem(set, i)->is_error) {
            const char *message = vl_ruleset_problem(set, i)->message;
            fail_msg("%s", message != NULL ? message : "");
        }
    const struct vl_rule *rule = vl_ruleset_find(set, name);
    if (rule == NULL)
        abort();
    return rule;
}

#define HEAD "- rule: R\n  desc: d\n  output: o\n  priority: WARNING\n"

static void test_alert(void **state)
{
    (void)state;
    struct vl_ruleset *set =
        load(HEAD "  condition: evt.type = execve and proc.name = nc\n"
                  "  alert_type: K8S.NODE_ReverseShell\n  severity: medium\n"
                  "  mitre: {tactics: [Execution, Exfiltration], techniques: T1059.004}\n"
                  "  entities: [{process: proc.pid}, {file: 'proc.aexepath[2]'}]\n"
                  "  remediation: [look, stop]\n  response: kill\n");
    const struct vl_rule *rule = must_find(set, "R");
    assert_int_equal(rule->form, VL_RULE_NATIVE);
    assert_non_null(rule->condition);
    assert_null(rule->window);
    assert_string_equal(rule->alert->alert_type, "K8S.NODE_ReverseShell");
    assert_string_equal(rule->alert->severity, "Medium");
    assert_int_equal(rule->alert->n_tactics, 2);
    assert_string_equal(rule->alert->mitre_techniques[0], "T1059.004");
    assert_int_equal(rule->alert->n_entities, 2);
    assert_string_equal(rule->alert->entities[1].kind, "file");
    assert_string_equal(rule->alert->entities[1].field, "proc.aexepath[2]");
    assert_int_equal(rule->alert->n_remediation, 2);
    assert_string_equal(rule->alert->response, "kill");
    vl_ruleset_free(set);
}

static void test_window(void **state)
{
    (void)state;
    struct vl_ruleset *set =
        load(HEAD "  condition: evt.type = unlinkat\n  silent: false\n"
                  "  window: {threshold: 5, within: 90s, distinct: fd.name, by: [container.id, user]}\n");
    const struct vl_rule *rule = must_find(set, "R");
    const struct vl_rule_window *w = rule->window;
    assert_int_equal(w->kind, VL_WINDOW_VALUE_COUNT);
    assert_true(w->span == 90ULL * 1000000000);
    assert_int_equal(w->n_rules, 1);
    assert_ptr_equal(w->rules[0], rule);
    assert_int_equal(w->n_bounds, 1);
    assert_int_equal(w->bounds[0].op, VL_WINDOW_GTE);
    assert_string_equal(w->values[0].field->name, "fd.name");
    assert_int_equal(w->n_keys, 2);
    assert_string_equal(w->keys[0].fields[0].field->name, "container.id");
    assert_int_equal(w->keys[1].kind, VL_WINDOW_BY_USER);
    vl_ruleset_free(set);
}

static void test_sequence(void **state)
{
    (void)state;
    struct vl_ruleset *set =
        load("- macro: exec\n  condition: evt.type = execve\n"
             "- rule: First\n  desc: d\n  output: o\n  priority: INFO\n  silent: true\n"
             "  condition: exec and proc.name = curl\n" HEAD
             "  sequence:\n    within: 5m\n    by: process_tree\n    steps:\n"
             "    - {rule: First}\n    - {name: run, condition: exec and proc.exepath startswith /tmp/}\n");
    const struct vl_rule *rule = must_find(set, "R");
    assert_null(rule->condition);
    const struct vl_rule_window *w = rule->window;
    assert_int_equal(w->kind, VL_WINDOW_ORDERED);
    assert_int_equal(w->n_rules, 2);
    assert_string_equal(w->rules[0]->name, "First");
    assert_true(w->rules[0]->silent);
    assert_string_equal(w->rules[1]->name, "R / run");
    assert_true(w->rules[1]->silent);
    assert_non_null(w->rules[1]->condition);
    assert_int_equal(w->keys[0].kind, VL_WINDOW_BY_PROCESS_TREE);
    vl_ruleset_free(set);
}

static const struct {
    const char *keys, *message;
} wrong[] = {
    {"  condition: evt.type=open\n  severity: huge\n", "severity is one of High, Medium, Low, Informational"},
    {"  condition: evt.type=open\n  response: burn\n", "response is one of"},
    {"  condition: evt.type=open\n  mitre: [a]\n", "mitre is a map"},
    {"  condition: evt.type=open\n  mitre: {tactic: a}\n", "mitre knows no tactic"},
    {"  condition: evt.type=open\n  entities: [proc.pid]\n", "an entity is a map"},
    {"  condition: evt.type=open\n  entities: [{process: proc.nosuch}]\n",
        "an entity's field does not exist"},
    {"  condition: evt.type=open\n  silent: 5\n", "silent is true or false"},
    {"  condition: evt.type=open\n  window: {threshold: 5}\n", "within is a number"},
    {"  condition: evt.type=open\n  window: {within: 5m}\n", "threshold is a number"},
    {"  condition: evt.type=open\n  window: {within: 400d, threshold: 2}\n", "within is a number"},
    {"  condition: evt.type=open\n  window: {within: 5m, threshold: 2, by: proc.nosuch}\n", "no such field"},
    {"  sequence: {within: 5m, steps: [{condition: evt.type=open}]}\n", "2 to 64"},
    {"  sequence: {within: 5m, steps: [{condition: evt.type=open}, {}]}\n", "either a condition or a rule"},
    {"  sequence: {within: 5m, steps: [{condition: evt.type=open}, {rule: nosuch}]}\n", "no earlier rule"},
    {"  sequence: {within: 5m, steps: [{condition: evt.type=open}, {condition: 'proc.name = '}]}\n", ""},
    {"  condition: evt.type=open\n  window: {within: 5m, threshold: 2}\n  sequence: {within: 5m}\n",
        "either a window or"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        char yaml[1024];
        int n = snprintf(yaml, sizeof(yaml), HEAD "%s", wrong[i].keys);
        assert_in_range(n, 1, sizeof(yaml) - 1);
        struct vl_ruleset *set = load(yaml);
        bool found = false;
        for (uint32_t p = 0; p < vl_ruleset_problems(set); p++) {
            const struct vl_rule_problem *problem = vl_ruleset_problem(set, p);
            found = found ||
                    (problem->is_error && problem->line > 0 && strstr(problem->message, wrong[i].message));
        }
        if (!found)
            fail_msg("no such error: %s\n%s", wrong[i].message, yaml);
        vl_ruleset_free(set);
    }
}

static void test_span(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t seconds; /* 0: none */
    } spans[] = {{"30s", 30}, {"5m", 300}, {"2h", 7200}, {"1d", 86400}, {"1w", 604800}, {" 5m ", 300},
        {"", 0}, {"5", 0}, {"m", 0}, {"0s", 0}, {"5M", 0}, {"-5m", 0}, {"367d", 0},
        {"99999999999999999999s", 0}, {"5 m", 0}};
    for (size_t i = 0; i < VL_ARRAY_LEN(spans); i++) {
        uint64_t ns = 0;
        bool ok = vl_window_span_parse(vl_span_str(spans[i].text), &ns);
        assert_int_equal(ok, spans[i].seconds != 0);
        assert_true(ns == spans[i].seconds * 1000000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alert),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
