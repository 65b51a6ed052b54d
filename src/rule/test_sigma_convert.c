/* tests: sigma_convert.c sigma_rewrite.c
 *
 * What is converted must load without an error, and hold for the same events as the Sigma rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rule/convert.h"
#include "rule/correlate.h"
#include "rule/program.h"

#define ARENA_MAX (64UL * 1024 * 1024)

struct notes {
    unsigned n;
    char last[1024];
};

static int note(const struct vl_rule *rule, const char *why, void *user, struct vl_err *err)
{
    (void)rule;
    (void)err;
    struct notes *notes = user;
    notes->n++;
    (void)snprintf(notes->last, sizeof(notes->last), "%s", why);
    return 0;
}

static struct vl_ruleset *load(const char *yaml)
{
    struct vl_ruleset *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_span_str(yaml), "x.yaml", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    if (vl_ruleset_errors(set) > 0)
        fail_msg("%s\n%s", vl_ruleset_problem(set, 0)->message, yaml);
    return set;
}

/* The converted set; *ret_notes says what was left out. */
static struct vl_ruleset *convert(const struct vl_ruleset *sigma, struct notes *ret_notes)
{
    struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_rule_convert_counts counts = {0};
    vl_buf_init(&text, 1024UL * 1024);
    *ret_notes = (struct notes){0};
    assert_int_equal(vl_rule_convert_sigma(sigma, &text, note, ret_notes, &counts, &err), 0);
    assert_int_equal(counts.rules - counts.converted, ret_notes->n);
    struct vl_ruleset *set = load(vl_buf_str(&text));
    vl_buf_done(&text);
    return set;
}

static bool holds(const struct vl_rule *rule, const char *fields)
{
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    char json[2048];
    bool yes = false;
    int n = snprintf(json, sizeof(json), "{\"fields\":%s}", fields);
    assert_in_range(n, 1, sizeof(json) - 1);
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err), 0);
    assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
    assert_int_equal(vl_rule_condition_holds(rule->condition, &event, arena, &yes, &err), 0);
    vl_doc_free(doc);
    vl_arena_free(arena);
    return yes;
}

#define HEAD          "title: T\nlevel: high\ntags: [attack.execution, attack.t1059]\n"
#define PROCESS       "logsource: {product: linux, category: process_creation}\n"
#define SEL(entry)    HEAD PROCESS "detection:\n  s:\n    " entry "\n  condition: s\n"
#define EVENT(fields) "{\"evt.type\":\"execve\"," fields "}"

static const struct {
    const char *sigma, *yes, *no;
} cases[] = {
    {SEL("Image: /bin/SH"), EVENT("\"proc.exepath\":\"/bin/sh\""), EVENT("\"proc.exepath\":\"/bin/sha\"")},
    {SEL("Image|startswith: /TMP/"), EVENT("\"proc.exepath\":\"/tmp/x\""),
        EVENT("\"proc.exepath\":\"/var/tmp/x\"")},
    {SEL("Image|endswith: '/x[1]'"), EVENT("\"proc.exepath\":\"/tmp/X[1]\""),
        EVENT("\"proc.exepath\":\"/tmp/x1\"")},
    {SEL("CommandLine|contains: 'a\"b\\c'"), EVENT("\"proc.cmdline\":\"xA\\\"B\\\\C\""),
        EVENT("\"proc.cmdline\":\"ab\"")},
    {SEL("CommandLine: 'nc *\\*'"), EVENT("\"proc.cmdline\":\"nc -e *\""),
        EVENT("\"proc.cmdline\":\"nc -e x\"")},
    {SEL("CommandLine|re: 'a+b'"), EVENT("\"proc.cmdline\":\"x aab y\""),
        EVENT("\"proc.cmdline\":\"x AAB y\"")},
    {SEL("CommandLine|re|i: '^a+b$'"), EVENT("\"proc.cmdline\":\"AAB\""), EVENT("\"proc.cmdline\":\"xAAB\"")},
    {SEL("ProcessId: 5"), EVENT("\"proc.pid\":5"), EVENT("\"proc.pid\":55")},
    {SEL("User: null"), EVENT("\"proc.pid\":5"), EVENT("\"user.name\":\"x\"")},
    {SEL("CommandLine|contains|all: [a, b]"), EVENT("\"proc.cmdline\":\"ba\""),
        EVENT("\"proc.cmdline\":\"b\"")},
    {HEAD "logsource: {product: linux, category: network_connection}\ndetection:\n  s: {DestinationIp|cidr: "
          "10.0.0.0/8}\n"
          "  condition: not s\n",
        "{\"evt.type\":\"connect\",\"fd.type\":\"ipv4\",\"fd.sip\":\"11.0.0.1\"}",
        "{\"evt.type\":\"connect\",\"fd.type\":\"ipv4\",\"fd.sip\":\"10.0.0.1\"}"},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_ruleset *sigma = load(cases[i].sigma);
        struct notes notes;
        struct vl_ruleset *native = convert(sigma, &notes);
        assert_int_equal(notes.n, 0);
        const struct vl_rule *from = vl_ruleset_at(sigma, 0), *to = vl_ruleset_find(native, "T");
        assert_non_null(to);
        assert_int_equal(to->form, VL_RULE_NATIVE);
        assert_int_equal(to->priority, VL_RULE_ERROR);
        assert_string_equal(to->alert->severity, "High");
        assert_string_equal(to->alert->mitre_techniques[0], "T1059");
        assert_true(holds(from, cases[i].yes));
        if (!holds(to, cases[i].yes))
            fail_msg("not for %s\n%s", cases[i].yes, cases[i].sigma);
        assert_false(holds(from, cases[i].no));
        if (holds(to, cases[i].no))
            fail_msg("for %s\n%s", cases[i].no, cases[i].sigma);
        vl_ruleset_free(native);
        vl_ruleset_free(sigma);
    }
}

#define BASE(name) \
    "---\ntitle: " name "\nname: " name "\n" PROCESS "detection:\n  s: {Image: /" name "}\n  condition: s\n"

static void test_correlations(void **state)
{
    (void)state;
    struct notes notes;
    struct vl_ruleset *sigma =
        load("title: C\ncorrelation: {type: value_count, rules: [a, b], group-by: [User], timespan: 5m, "
             "condition: {gt: 3, field: CommandLine}}\n" BASE("a") BASE("b"));
    struct vl_ruleset *native = convert(sigma, &notes);
    const struct vl_rule *rule = vl_ruleset_find(native, "C");
    assert_int_equal(notes.n, 0);
    assert_non_null(rule);
    assert_int_equal(rule->window->kind, VL_WINDOW_VALUE_COUNT);
    assert_true(rule->window->bounds[0].value > 3.5 && rule->window->bounds[0].value < 4.5);
    assert_true(rule->window->span == 300ULL * 1000000000);
    assert_string_equal(rule->window->keys[0].fields[0].field->name, "user.name");
    assert_string_equal(rule->window->values[0].field->name, "proc.cmdline");
    assert_true(holds(rule, EVENT("\"proc.exepath\":\"/b\"")));
    vl_ruleset_free(native);
    vl_ruleset_free(sigma);
    sigma = load("title: C\ncorrelation: {type: temporal_ordered, rules: [a, b], group-by: [User], timespan: "
                 "5m}\n" BASE("a") BASE("b"));
    native = convert(sigma, &notes);
    rule = vl_ruleset_find(native, "C");
    assert_int_equal(notes.n, 0);
    assert_non_null(rule);
    assert_int_equal(rule->window->kind, VL_WINDOW_ORDERED);
    assert_int_equal(rule->window->n_rules, 2);
    assert_true(holds(rule->window->rules[1], EVENT("\"proc.exepath\":\"/b\"")));
    vl_ruleset_free(native);
    vl_ruleset_free(sigma);
}

static const struct {
    const char *sigma, *why;
} left_out[] = {
    {HEAD "logsource: {product: x}\ndetection:\n  s: {field: 1}\n  condition: s\n", "fields have a dot"},
    {HEAD "logsource: {product: x}\ndetection:\n  s: [word]\n  condition: s\n", "keywords look at all"},
    {SEL("Hashes: 1"), "no field for Sigma's Hashes"},
    {SEL("Image|fieldref: ParentImage"), "compared without their case"},
    {"title: C\ncorrelation: {type: value_sum, rules: [a], timespan: 5m, condition: {gt: 3, field: "
     "ProcessId}}\n" BASE("a"),
        "one lower bound"},
};

static void test_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(left_out); i++) {
        struct notes notes;
        struct vl_ruleset *sigma = load(left_out[i].sigma);
        struct vl_ruleset *native = convert(sigma, &notes);
        assert_int_equal(notes.n, 1);
        if (strstr(notes.last, left_out[i].why) == NULL)
            fail_msg("%s: %s", left_out[i].sigma, notes.last);
        vl_ruleset_free(native);
        vl_ruleset_free(sigma);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_correlations),
        cmocka_unit_test(test_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
