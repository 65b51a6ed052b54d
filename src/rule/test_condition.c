/* tests: condition.c condition_format.c condition_lex.c condition_operand.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "rule/condition.h"

#define ARENA_MAX (512UL * 1024 * 1024)

static struct vl_condition *parse(struct vl_arena *arena, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_condition *root = NULL;
    if (vl_condition_parse(vl_span_str(text), arena, &root, NULL, &err) < 0)
        fail_msg("%s: %.200s", err.msg, text);
    return root;
}

static void assert_span(struct vl_span s, const char *want)
{
    if (!vl_span_eq_str(s, want))
        fail_msg("\"%.*s\" instead of \"%s\"", VL_SPAN_FMT(s), want);
}

static void test_tree(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    const struct vl_condition *root =
        parse(arena, "evt.type in (open, 'open at') and not(proc.aname[2]=sh or spawned_process)");
    assert_int_equal(root->kind, VL_COND_AND);
    assert_int_equal(root->as.children.n, 2);
    const struct vl_condition *in = root->as.children.items[0];
    assert_int_equal(in->kind, VL_COND_CHECK);
    assert_int_equal(in->op, VL_OP_IN);
    assert_true(in->right_is_list);
    assert_span(in->as.check.left->field, "evt.type");
    assert_int_equal(in->as.check.n_values, 2);
    assert_span(in->as.check.values[1], "open at");
    const struct vl_condition *not = root->as.children.items[1];
    assert_int_equal(not->kind, VL_COND_NOT);
    assert_int_equal(not->offset, 34);
    const struct vl_condition *or = not->as.children.items[0];
    assert_int_equal(or->kind, VL_COND_OR);
    const struct vl_condition *eq = or->as.children.items[0];
    assert_span(eq->as.check.left->arg, "2");
    assert_true(eq->as.check.left->has_arg);
    assert_span(eq->as.check.values[0], "sh");
    assert_int_equal(or->as.children.items[1]->kind, VL_COND_MACRO);
    assert_span(or->as.children.items[1]->as.macro, "spawned_process");
}

static void test_operands(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    const struct vl_condition *c = parse(arena, "getopt((\"-t\", proc.name), \"t:\")[t] != oneof (a, b)");
    assert_int_equal(c->op, VL_OP_NE);
    assert_int_equal(c->quantifier, VL_QUANT_ONEOF);
    const struct vl_operand *o = c->as.check.left;
    assert_int_equal(o->transformer, VL_TRANSFORM_GETOPT);
    assert_span(o->arg, "t");
    assert_true(o->inner->is_list);
    assert_true(o->inner->inner->is_literal);
    assert_span(o->inner->inner->next->field, "proc.name");
    assert_span(o->inner->next->literal, "t:");
    c = parse(arena, "fd.name = val(proc.exepath)");
    assert_true(c->right_is_field);
    assert_int_equal(c->as.check.right_field->transformer, VL_TRANSFORM_VAL);
    assert_span(c->as.check.right_field->inner->field, "proc.exepath");
    c = parse(arena, "proc.name == anyof and fd.name exists");
    assert_span(c->as.children.items[0]->as.check.values[0], "anyof");
}

/* Escapes as in the grammar: \b \f \n \r \t \\ \" \' and, of newer engines, \xHH. */
static void test_escapes(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_err err = VL_ERR_INIT;
    struct vl_condition *root = NULL;
    const struct vl_condition *c = parse(arena, "a.b in (\"x\\\"y\", 'it\\'s', \"\\t\\n\\x41\\\\d\", \"\")");
    assert_int_equal(c->as.check.n_values, 4);
    assert_span(c->as.check.values[0], "x\"y");
    assert_span(c->as.check.values[1], "it's");
    assert_span(c->as.check.values[2], "\t\nA\\d");
    assert_int_equal(c->as.check.values[3].len, 0);
    assert_true(vl_condition_parse(VL_SPAN_LIT("a.b = \"\\q\""), arena, &root, NULL, &err) < 0);
    assert_non_null(strstr(err.msg, "unsupported string escape"));
}

/* What is written reads back as the same text: the same tree. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "a and b or not c",
        "(a or b) and (c or not (d and e))",
        "not (not a)",
        "(a and b) and c",
        "evt.type in (open, openat, \"two words\", \"\")",
        "fd.name pmatch (/etc, /usr/*/lib)",
        "proc.aname[2] = sh and evt.arg[\"a b\"] != \"it's \\x5c\\\"\\n\\\\d\\x5c\"",
        "len(join(\"-\", (fd.name, \"x\"))) > 5",
        "fd.name startswith oneof (/a, /b) or proc.name = \"oneof\"",
        "fd.name in list_name",
        "toupper(fd.name) = val(proc.name) or a.b exists",
        "getopt((\"-t\"), \"t:\")[t] = x",
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        struct vl_err err = VL_ERR_INIT;
        vl_buf_init(&out, 4096);
        assert_int_equal(vl_condition_format(parse(arena, rows[i]), &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), rows[i]);
    }
}

static void refuse(const char *text, uint32_t offset, const char *message)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_condition_error e = {0};
    struct vl_condition *root = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_condition_parse(vl_span_str(text), arena, &root, &e, &err), -EINVAL);
    assert_null(root);
    if (!strstr(e.message, message) || e.offset != offset)
        fail_msg("%s: at %u: %s", text, e.offset, e.message);
}

static void test_errors(void **state)
{
    (void)state;
    refuse("", 0, "empty");
    refuse("a.b = ", 6, "expected a string value");
    refuse("a.b > x", 6, "expected a number value");
    refuse("a.b ist c", 4, "expected a valid check operator");
    refuse("a and", 5, "expected blank or '('");
    refuse("a or ", 5, "expected a '(' token, a field check, or an identifier");
    refuse("(a", 2, "expected a ')' token");
    refuse("a b", 2, "unexpected token after 'a'");
    refuse("a.b in (a,, b)", 10, "expected a string value");
    refuse("a.b = val(c)", 10, "expected a field within 'val'");
}

/* Nesting ends in an error, not on the stack; what is long but flat is fine. */
static void test_limits(void **state)
{
    (void)state;
    char deep[2 * VL_CONDITION_DEPTH_MAX + 8] = {0};
    memset(deep, '(', VL_CONDITION_DEPTH_MAX);
    deep[VL_CONDITION_DEPTH_MAX] = 'a';
    memset(deep + VL_CONDITION_DEPTH_MAX + 1, ')', VL_CONDITION_DEPTH_MAX);
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    parse(arena, deep);
    memset(deep, '(', VL_CONDITION_DEPTH_MAX + 1);
    refuse(deep, VL_CONDITION_DEPTH_MAX + 1, "exceeded max depth limit of 1000");
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_CONDITION_BYTES_MAX);
    vl_buf_append_str(&text, "a.b in (x");
    for (int i = 0; i < 600000; i++)
        vl_buf_append_str(&text, ",x");
    vl_buf_append_str(&text, ")");
    const struct vl_condition *c = parse(arena, vl_buf_str(&text));
    assert_true(c->as.check.n_values > 500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
