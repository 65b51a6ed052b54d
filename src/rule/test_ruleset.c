/* tests: ruleset.c falco_file.c falco_rule.c falco_decode.c falco_collect.c falco_compile.c falco_lists.c
 * falco_version.c falco_check.c falco_schema.c macros.c exceptions.c event_types.c places.c
 *
 * Expected trees and places are written by hand from Falco's documentation of rules; the loader's own tests
 * are in test_foreign_rule_loader.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "rule/ruleset.h"

#define RULE(name, condition) \
    "- rule: " name "\n  desc: d\n  condition: " condition "\n  output: o %proc.name\n  priority: INFO\n"

static struct vl_ruleset *load(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set = NULL;
    if (vl_ruleset_new(&set, &err) < 0 || vl_ruleset_add(set, vl_span_str(text), "f.yaml", &err) < 0 ||
        vl_ruleset_finish(set, &err) < 0)
        fail_msg("%s", err.msg);
    return set;
}

static void print_problems(const struct vl_ruleset *set)
{
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++) {
        const struct vl_rule_problem *p = vl_ruleset_problem(set, i);
        print_message("%s %s:%u:%u: %s: %s: %s (%s)\n", p->is_error ? "error" : "warning",
            p->file ? p->file : "?", p->line, p->column, p->code, p->item ? p->item : "", p->message,
            p->hint ? p->hint : "");
    }
}

static void assert_condition(const struct vl_ruleset *set, const char *name, const char *expected)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    const struct vl_rule *rule = vl_ruleset_find(set, name);
    vl_buf_init(&out, 1UL << 24);
    if (!rule)
        print_problems(set);
    assert_non_null(rule);
    assert_int_equal(vl_condition_format(rule->condition, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), expected);
}

/* The only error, with its place. */
static void assert_error(const char *text, uint32_t line, uint32_t column, const char *message)
{
    struct vl_ruleset *set = load(text);
    const struct vl_rule_problem *found = NULL;
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++)
        if (vl_ruleset_problem(set, i)->is_error && !found)
            found = vl_ruleset_problem(set, i);
    if (!found || found->line != line || found->column != column || !strstr(found->message, message))
        print_problems(set);
    assert_int_equal(vl_ruleset_errors(set), 1);
    assert_non_null(found);
    assert_non_null(strstr(found->message, message));
    assert_string_equal(found->file, "f.yaml");
    assert_int_equal(found->line, line);
    assert_int_equal(found->column, column);
    vl_ruleset_free(set);
}

static void lists_are_texts(void **state)
{
    (void)state;
    struct vl_ruleset *set =
        load("- list: a\n  items: [x, 'y z']\n- list: b\n  items: [a, w]\n- list: none\n  items: []\n" RULE(
            "r", "evt.type = open and proc.name in (b, none, q) and proc.name in (none,v)") RULE("later",
            "evt.type = open and proc.name in (c)") "- list: c\n  items: [d]\n- list: d\n  items: [e]\n");
    assert_condition(set, "r", "evt.type = open and proc.name in (x, \"y z\", w, q) and proc.name in (v)");
    assert_condition(set, "later", "evt.type = open and proc.name in (e)");
    assert_int_equal(vl_ruleset_errors(set), 0);
    vl_ruleset_free(set);
}

static void macros_are_trees(void **state)
{
    (void)state;
    struct vl_ruleset *set =
        load("- macro: m\n  condition: evt.type = open or evt.type = openat\n- macro: n\n  condition: "
             "m and not proc.name = a\n" RULE("r", "n and fd.name = /x"));
    assert_condition(
        set, "r", "((evt.type = open or evt.type = openat) and not proc.name = a) and fd.name = /x");
    vl_ruleset_free(set);
}

static void places(void **state)
{
    (void)state;
    assert_error(RULE("r", "evt.type = open and proc.nme = a"), 3, 34, "nonexistent field proc.nme");
    assert_error("- macro: m\n  condition: >\n    evt.type = open and\n      (fd.nme = x)\n" RULE("r", "m"),
        4, 8, "nonexistent field fd.nme");
    assert_error("- macro: m\n  condition: |\n    evt.type = open and\n    um\n" RULE("r", "m"), 4, 5,
        "Undefined macro 'um'");
    assert_error("- list: l\n  items: [a, b]\n" RULE("r", "evt.type = open and proc.name in (l) and )"), 5,
        55, "expected");
    assert_error("- rule: r\n  condition: evt.type = open\n  output: x\n  priority: INFO\n", 1, 3,
        "Item has no mapping for key 'desc'");
    assert_error("- rule: r\n  desc: d\n  condition: evt.type = open\n  output: x\n  priority: loud\n", 5, 3,
        "Invalid priority");
    assert_error("a: 1\n", 1, 1, "not yaml array");
    assert_error("- rule: r\n  rule: s\n", 2, 3, "duplicate key");
    assert_error(RULE("r", "evt.type = opn"), 3, 14, "unknown event type opn");
    assert_error(RULE("r", "evt.type = open and fd.num = x"), 3, 34, "not a valid number");
    assert_error(RULE("r", "evt.type = open and fd.ip = 1.2.3"), 3, 34, "not a valid ");
    assert_error(RULE("r", "evt.type = open and proc.name regex \"a(\""), 3, 34, "invalid regex");
    assert_error(RULE("r", "evt.type = open and fd.num contains 1"), 3, 34, "does not fit");
}

static void outputs(void **state)
{
    (void)state;
    assert_error(
        "- rule: r\n  desc: d\n  condition: evt.type = open\n  output: >\n    a %proc.name and\n    b "
        "%proc.nme\n  priority: INFO\n",
        6, 8, "invalid formatting token proc.nme");
    assert_error("- rule: r\n  desc: d\n  condition: evt.type = open\n  output: a\n  priority: INFO\n- rule: "
                 "r\n  output: 'b "
                 "%fd.nmae'\n  override: {output: append}\n",
        7, 15, "invalid formatting token fd.nmae");
    struct vl_ruleset *set =
        load("- rule: r\n  desc: d\n  condition: evt.type = open\n  output: a %proc.nme\n  priority: INFO\n"
             "  skip-if-unknown-filter: true\n");
    assert_int_equal(vl_ruleset_errors(set), 0);
    assert_true(vl_ruleset_find(set, "r")->skipped);
    vl_ruleset_free(set);
}

static void hostile(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 1UL << 28);
    /* A macro that doubles 40 times. */
    vl_buf_append_str(&text, "- macro: m0\n  condition: evt.type = open\n");
    for (int i = 1; i <= 40; i++)
        vl_buf_printf(&text, "- macro: m%d\n  condition: m%d and m%d\n", i, i - 1, i - 1);
    vl_buf_append_str(&text, RULE("r", "m40"));
    struct vl_ruleset *set = load(vl_buf_str(&text));
    assert_true(vl_ruleset_errors(set) >= 1);
    assert_null(vl_ruleset_find(set, "r"));
    vl_ruleset_free(set);
    /* Lists that double 40 times: one level is Falco's, the rest by later lists. */
    vl_buf_clear(&text);
    for (int i = 0; i < 40; i++)
        vl_buf_printf(&text, "- list: l%d\n  items: [l%d, l%d]\n", i, i + 1, i + 1);
    vl_buf_append_str(&text, RULE("r", "proc.name in (l0)"));
    set = load(vl_buf_str(&text));
    assert_true(vl_ruleset_errors(set) >= 1);
    vl_ruleset_free(set);
    /* Loops. */
    set = load("- macro: a\n  condition: evt.type = open\n- macro: b\n  condition: a\n- macro: a\n  "
               "condition: or b\n  "
               "append: true\n" RULE("r", "b"));
    assert_true(vl_ruleset_errors(set) >= 1);
    assert_non_null(strstr(vl_ruleset_problem(set, vl_ruleset_problems(set) - 1)->message, "reference loop"));
    vl_ruleset_free(set);
    /* A chain of 5,000 macros. */
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "- macro: m0\n  condition: evt.type = open\n");
    for (int i = 1; i <= 5000; i++)
        vl_buf_printf(&text, "- macro: m%d\n  condition: m%d and proc.name = a\n", i, i - 1);
    set = load(vl_buf_str(&text));
    assert_true(vl_ruleset_errors(set) >= 1);
    vl_ruleset_free(set);
    /* 10^6 items. */
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "- list: l\n  items: [a");
    for (int i = 1; i < 1000000; i++)
        vl_buf_printf(&text, ",i%d", i);
    vl_buf_append_str(&text, "]\n" RULE("r", "evt.type = open and proc.name in (l)"));
    set = load(vl_buf_str(&text));
    if (vl_ruleset_errors(set))
        print_problems(set);
    assert_int_equal(vl_ruleset_errors(set), 0);
    assert_int_equal(vl_ruleset_find(set, "r")->condition->as.children.items[1]->as.check.n_values, 1000000);
    vl_ruleset_free(set);
    /* CRLF and a byte order mark; not UTF-8. */
    set = load("\xEF\xBB\xBF- rule: r\r\n  desc: d\r\n  condition: >\r\n    evt.type = open\r\n    and "
               "fd.name = a\r\n  output: "
               "o\r\n  priority: INFO\r\n");
    assert_condition(set, "r", "evt.type = open and fd.name = a");
    vl_ruleset_free(set);
    set = load("- rule: \xFF\n");
    assert_int_equal(vl_ruleset_errors(set), 1);
    vl_ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_texts),
        cmocka_unit_test(macros_are_trees),
        cmocka_unit_test(places),
        cmocka_unit_test(outputs),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
