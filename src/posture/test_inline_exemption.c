#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "inline_exemption.h"

/* 2027-01-31T23:59:59.999Z by date(1): the day counts to its end. */
#define END_OF_JANUARY 1801439999999

static struct vl_arena *arena;

static void test_parse(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_inline_exemption e = {0};
    assert_int_equal(
        vl_inline_exemption_parse(
            VL_SPAN_LIT("pss-x  until=2027-01-31 reason=see OPS-12, until=later"), NULL, arena, &e, &err),
        0);
    assert_string_equal(e.check, "pss-x");
    assert_string_equal(e.reason, "see OPS-12, until=later");
    assert_int_equal(e.until_ms, END_OF_JANUARY);
    static const char *const wrong[] = {"", "pss-x", "pss-x reason=a", "pss-x until=2027-01-31",
        "pss-x until=2027-1-31 reason=a", "pss-x until=2027-02-30 reason=a", "pss-x until=never reason=a",
        "pss-x until=2027-01-31 reason=", "pss-x until=2027-01-31T00:00:00Z reason=a",
        "until=2027-01-31 reason=a"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        if (vl_inline_exemption_parse(vl_span_str(wrong[i]), NULL, arena, &e, &err) >= 0)
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
}

static int on_problem(uint32_t line, const char *message, void *user, struct vl_err *err)
{
    (void)err;
    vl_buf_printf(user, "%u %s;", line, message);
    return 0;
}

static void test_comments(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    struct vl_buf problems VL_CLEANUP(vl_buf_done);
    vl_vec_init(&list, sizeof(struct vl_inline_exemption), VL_INLINE_EXEMPTIONS_MAX);
    vl_buf_init(&problems, 4096);
    int r = vl_inline_exemption_comments(VL_SPAN_LIT("# vallum:exempt a until=2027-01-31 reason=x\r\nkind: "
                                                     "Pod # vallum:exempt b until=2027-01-31 reason=y\n"
                                                     "name: x#  vallum:exempt\nurl: a# vallum:exempt c "
                                                     "until=2027-01-31 reason=z\n# vallum:exempt d\n"),
        arena, &list, on_problem, &problems, &err);
    assert_int_equal(r, 0);
    assert_int_equal(list.len, 2);
    const struct vl_inline_exemption *items = list.items;
    assert_string_equal(items[0].check, "a");
    assert_string_equal(items[0].reason, "x");
    assert_int_equal(items[0].line, 1);
    assert_string_equal(items[1].check, "b");
    assert_int_equal(items[1].line, 2);
    assert_non_null(strstr(vl_buf_str(&problems), "5 an exemption is written"));
}

static void test_annotations(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_inline_exemption e = {0};
    assert_int_equal(vl_doc_parse(VL_SPAN_LIT("exempt.vallum.io/a: until=2027-01-31 reason=legacy agent\n"
                                              "exempt.vallum.io/b: please\nexempt.vallum.io/c: 1\n"),
                         VL_DOC_YAML, "t", &doc, &err),
        0);
    assert_int_equal(vl_inline_exemption_annotation(vl_doc_root(doc), "a", arena, &e, &err), 1);
    assert_string_equal(e.reason, "legacy agent");
    assert_int_equal(vl_inline_exemption_annotation(vl_doc_root(doc), "z", arena, &e, &err), 0);
    assert_int_equal(vl_inline_exemption_annotation(NULL, "a", arena, &e, &err), 0);
    assert_true(vl_inline_exemption_annotation(vl_doc_root(doc), "b", arena, &e, &err) < 0);
    assert_true(vl_inline_exemption_annotation(vl_doc_root(doc), "c", arena, &e, &err) < 0);
}

static int set_up(void **state)
{
    (void)state;
    arena = vl_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vl_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_annotations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
