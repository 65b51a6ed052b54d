/* tests: describe.c event_types.c. Expected texts are written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rule/describe.h"

static const char rules[] =
    "- list: shells\n  items: [bash, sh]\n"
    "- macro: inner\n  condition: evt.type in (execve, execveat)\n"
    "- macro: spawned\n  condition: inner and evt.arg.flags contains EXE\n"
    "- rule: r\n  desc: d\n  condition: spawned and not (proc.name in (shells) or proc.aname[2] = x)\n"
    "  output: a %proc.name b=%20fd.name c=%tolower(evt.arg[path])\n  priority: INFO\n"
    "  exceptions:\n    - name: e\n      fields: [fd.name]\n      values: [[/x]]\n";

static void join(const char *const *names, uint32_t n, char *ret, size_t max)
{
    struct vl_buf b;
    vl_buf_init(&b, max - 1);
    for (uint32_t i = 0; i < n; i++)
        vl_buf_printf(&b, "%s%s", i ? " " : "", names[i]);
    memcpy(ret, vl_buf_str(&b), b.len + 1);
    vl_buf_done(&b);
}

static void assert_names(const char *const *names, uint32_t n, const char *expected)
{
    char text[1024];
    join(names, n, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void describes(void **state)
{
    (void)state;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err err = VL_ERR_INIT;
    struct vl_rule_description d;
    vl_buf_init(&out, VL_DESCRIBE_TEXT_MAX);
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_span_str(rules), "r.yaml", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    assert_int_equal(vl_ruleset_errors(set), 0);
    const struct vl_rule *rule = vl_ruleset_find(set, "r");
    assert_non_null(rule);
    assert_int_equal(vl_rule_describe(set, rule, arena, &d, &err), 0);
    assert_names(d.macros, d.n_macros, "inner spawned");
    assert_names(d.lists, d.n_lists, "shells");
    assert_names(d.fields, d.n_fields, "evt.arg.flags evt.type fd.name proc.aname[2] proc.name");
    assert_names(d.output_fields, d.n_output_fields, "evt.arg[path] fd.name proc.name");
    assert_names(d.operators, d.n_operators, "= contains in");
    assert_names(d.exceptions, d.n_exceptions, "e");
    assert_names(d.event_types, d.n_event_types, "execve execveat");
    assert_false(d.all_types);
    assert_int_equal(vl_rule_condition_lines(rule, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), "all of\n"
                                          "  - all of\n"
                                          "    - all of   # spawned\n"
                                          "      - evt.type in (execve, execveat)   # inner\n"
                                          "      - evt.arg.flags contains EXE\n"
                                          "    - not\n"
                                          "      any of\n"
                                          "        - proc.name in (bash, sh)\n"
                                          "        - proc.aname[2] = x\n"
                                          "  - not fd.name = /x\n");
}

static bool never(const char *condition)
{
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_rule_description d;
    vl_buf_init(&text, 4096);
    vl_buf_printf(&text, "- rule: r\n  desc: d\n  condition: %s\n  output: o\n  priority: INFO\n", condition);
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_buf_span(&text), "r.yaml", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    assert_int_equal(vl_ruleset_size(set), 1);
    assert_int_equal(vl_rule_describe(set, vl_ruleset_at(set, 0), arena, &d, &err), 0);
    return d.never;
}

/* Falco's files write (evt.num=0) for never and (evt.num>=0) for always. */
static void never_fires(void **state)
{
    (void)state;
    assert_true(never("(evt.num=0)"));
    assert_true(never("evt.type = open and (evt.num=0)"));
    assert_true(never("evt.type = open and not (evt.num>=0)"));
    assert_true(never("evt.type = open and evt.type = close"));
    assert_false(never("evt.type = open and not (evt.num=0)"));
    assert_false(never("evt.type = open or (evt.num=0)"));
    assert_false(never("evt.type = open and (evt.num>=0)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(describes), cmocka_unit_test(never_fires)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
