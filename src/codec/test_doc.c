#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/doc.h"

static struct vl_doc *parse(const char *text, enum vl_doc_format format)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(vl_span_str(text), format, "t", &doc, &err) < 0)
        fail_msg("%s\n%s", err.msg, text);
    return doc;
}

static void refuse(struct vl_span text, enum vl_doc_format format, enum vl_err_code code, const char *message)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    int r = vl_doc_parse(text, format, "t", &doc, &err);
    if (r >= 0)
        fail_msg("accepted: %.*s", VL_SPAN_FMT(text));
    assert_null(doc);
    assert_int_equal(err.code, code);
    if (message && !strstr(err.msg, message))
        fail_msg("message is: %s", err.msg);
}

static void assert_span(struct vl_span s, const char *want)
{
    if (!vl_span_eq_str(s, want))
        fail_msg("\"%.*s\" is not \"%s\"", VL_SPAN_FMT(s), want);
    assert_int_equal(s.ptr[s.len], '\0');
}

static void assert_int(const struct vl_doc_node *n, int64_t want)
{
    int64_t v;
    assert_true(vl_doc_int(n, &v));
    assert_true(v == want);
}

/* The first object of RFC 8259, chapter 13. */
static void test_json_rfc_example(void **state)
{
    (void)state;
    static const char text[] = "{\n"
                               "  \"Image\": {\n"
                               "      \"Width\":  800,\n"
                               "      \"Height\": 600,\n"
                               "      \"Title\":  \"View from 15th Floor\",\n"
                               "      \"Thumbnail\": {\n"
                               "          \"Url\":    \"http://www.example.com/image/481989943\",\n"
                               "          \"Height\": 125,\n"
                               "          \"Width\":  100\n"
                               "      },\n"
                               "      \"Animated\" : false,\n"
                               "      \"IDs\": [116, 943, 234, 38793]\n"
                               "    }\n"
                               "}\n";
    struct vl_doc *doc = parse(text, VL_DOC_JSON);
    const struct vl_doc_node *image = vl_doc_get(vl_doc_root(doc), "Image");
    assert_int_equal(vl_doc_size(image), 6);
    assert_int(vl_doc_get(image, "Width"), 800);
    assert_span(vl_doc_get_str(image, "Title"), "View from 15th Floor");
    assert_int(vl_doc_get(vl_doc_get(image, "Thumbnail"), "Height"), 125);
    assert_true(vl_doc_is(vl_doc_get(image, "Animated"), VL_DOC_BOOL));
    assert_false(vl_doc_bool(vl_doc_get(image, "Animated")));
    const struct vl_doc_node *ids = vl_doc_get(image, "IDs");
    assert_int(vl_doc_at(ids, 3), 38793);
    assert_null(vl_doc_at(ids, 4));
    assert_int_equal(vl_doc_line(ids), 12);
    assert_int_equal(vl_doc_column(ids), 7);
    assert_int_equal(vl_doc_line(vl_doc_at(ids, 1)), 12);
    assert_int_equal(vl_doc_column(vl_doc_at(ids, 1)), 20);
    vl_doc_free(doc);
}

static void test_duplicates_are_refused(void **state)
{
    (void)state;
    refuse(VL_SPAN_LIT("{\"a\":1,\n \"b\":2, \"\\u0061\":3}"), VL_DOC_JSON, VL_ERR_INVALID,
        "t:2:9: duplicate key \"a\"");
    refuse(VL_SPAN_LIT("a: 1\nb: 2\n'a': 3\n"), VL_DOC_YAML, VL_ERR_INVALID, "t:3:1: duplicate key");
    refuse(VL_SPAN_LIT("a = 1\nb = 2\na = 3\n"), VL_DOC_TOML, VL_ERR_INVALID, "t:3:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates_are_refused),
        cmocka_unit_test(test_json_rfc_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
