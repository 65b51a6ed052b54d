#include "doc_test.h"

#include <errno.h>
#include <math.h>

/* The first object of RFC 8259, chapter 13. */
static const char rfc_example[] = "{\n"
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

static void test_reading(void **state)
{
    (void)state;
    struct vl_doc *doc = doc_of_text(rfc_example, VL_DOC_JSON);
    const struct vl_doc_node *image = vl_doc_get(vl_doc_root(doc), "Image");
    assert_int_equal(vl_doc_size(image), 6);
    assert_int(vl_doc_get(image, "Width"), 800);
    assert_text(vl_doc_get_str(image, "Title"), "View from 15th Floor");
    assert_int(vl_doc_get(vl_doc_get(image, "Thumbnail"), "Height"), 125);
    assert_true(vl_doc_is(vl_doc_get(image, "Animated"), VL_DOC_BOOL));
    assert_false(vl_doc_bool(vl_doc_get(image, "Animated")));
    const struct vl_doc_node *ids = vl_doc_get_span(image, VL_SPAN_LIT("IDs"));
    assert_int(vl_doc_at(ids, 3), 38793);
    assert_null(vl_doc_at(ids, 4));
    assert_null(vl_doc_at(image, 0));
    assert_null(vl_doc_get(ids, "IDs"));
    assert_null(vl_doc_get(image, "width"));
    assert_null(vl_doc_get(image, "Widt"));
    assert_text(vl_doc_key(ids), "IDs");
    assert_null(vl_doc_key(vl_doc_at(ids, 0)).ptr);
    assert_place(ids, 12, 7);
    assert_place(vl_doc_at(ids, 1), 12, 20);
    vl_doc_cleanup(&doc);
    assert_null(doc);
}

static void test_absent_nodes(void **state)
{
    (void)state;
    int64_t i = 7;
    double d = 7;
    assert_int_equal(vl_doc_type(NULL), VL_DOC_NULL);
    assert_false(vl_doc_is(NULL, VL_DOC_NULL));
    assert_null(vl_doc_root(NULL));
    assert_null(vl_doc_get(vl_doc_at(vl_doc_first(vl_doc_next(NULL)), 0), "a"));
    assert_int_equal(vl_doc_size(NULL), 0);
    assert_place(NULL, 0, 0);
    assert_false(vl_doc_bool(NULL));
    assert_false(vl_doc_int(NULL, &i));
    assert_false(vl_doc_number(NULL, &d));
    assert_true(i == 7 && fabs(d - 7) < 1e-9);
    assert_null(vl_doc_span(NULL).ptr);
    assert_null(vl_doc_text(NULL).ptr);
    assert_null(vl_doc_key(NULL).ptr);
    assert_null(vl_doc_get_str(NULL, "a").ptr);
    vl_doc_free(NULL);
}

static void test_values_of_another_type(void **state)
{
    (void)state;
    struct vl_doc *doc = doc_of_text("{\"s\":\"1\",\"f\":1.0,\"u\":18446744073709551615,\"b\":true,"
                                     "\"n\":null,\"a\":[]}",
        VL_DOC_JSON);
    const struct vl_doc_node *root = vl_doc_root(doc);
    int64_t i = 7;
    double d = 7;
    assert_false(vl_doc_int(vl_doc_get(root, "s"), &i));
    assert_false(vl_doc_int(vl_doc_get(root, "f"), &i));
    assert_false(vl_doc_int(vl_doc_get(root, "u"), &i));
    assert_false(vl_doc_number(vl_doc_get(root, "s"), &d));
    assert_false(vl_doc_number(vl_doc_get(root, "b"), &d));
    assert_false(vl_doc_bool(vl_doc_get(root, "s")));
    assert_null(vl_doc_span(vl_doc_get(root, "f")).ptr);
    assert_null(vl_doc_text(vl_doc_get(root, "a")).ptr);
    assert_null(vl_doc_first(vl_doc_get(root, "a")));
    assert_null(vl_doc_first(vl_doc_get(root, "s")));
    assert_text(vl_doc_text(vl_doc_get(root, "b")), "true");
    assert_text(vl_doc_text(vl_doc_get(root, "n")), "null");
    vl_doc_free(doc);
}

static void test_type_names(void **state)
{
    (void)state;
    assert_string_equal(vl_doc_type_name(VL_DOC_UINT), "integer");
    assert_string_equal(vl_doc_type_name(VL_DOC_OBJECT), "object");
    assert_string_equal(vl_doc_type_name((enum vl_doc_type)99), "unknown");
}

static void test_size_limit(void **state)
{
    (void)state;
    /* Never read: the size alone decides. */
    struct vl_span huge = {"", VL_DOC_BYTES_MAX + 1};
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    for (int format = VL_DOC_JSON; format <= VL_DOC_TOML; format++) {
        assert_int_equal(vl_doc_parse(huge, (enum vl_doc_format)format, "t", &doc, &err), -E2BIG);
        assert_int_equal(
            vl_doc_parse_stream(huge, (enum vl_doc_format)format, "t", NULL, NULL, &err), -E2BIG);
    }
    assert_true(vl_doc_parse(VL_SPAN_LIT("1"), (enum vl_doc_format)42, "t", &doc, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
}

/* Found by a look at the bytes: every node stands where its position says. */
static void check_places(const struct vl_doc_node *n, const char *const *lines, size_t n_lines)
{
    for (; n; n = vl_doc_next(n)) {
        uint32_t line = vl_doc_line(n), column = vl_doc_column(n);
        assert_true(line >= 1 && line <= n_lines);
        const char *at = lines[line - 1] + column - 1;
        bool quoted = vl_doc_key(n).ptr || vl_doc_is(n, VL_DOC_STRING);
        char want = quoted                        ? '"'
                    : vl_doc_is(n, VL_DOC_OBJECT) ? '{'
                    : vl_doc_is(n, VL_DOC_ARRAY)  ? '['
                                                  : vl_doc_text(n).ptr[0];
        if (*at != want)
            fail_msg("%u:%u is '%c', not '%c'", line, column, *at, want);
        check_places(vl_doc_first(n), lines, n_lines);
    }
}

static void test_json_places(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "/* { [ true */ [ // \"x\" ]",
        "  null,true , false,[ ] ,{ },",
        " {\"a\\\"]\\\\\" : {\"\\u00e9\": [[ 1 , \"\\\\\" ],{}] , \"b\":true,\"c\":[]},\"d\":null},",
        "",
        "\t-1.5e3, \"\xc3\xa9\", [{\"x\":1}, {\"x\":false}, null /* [ */ , [ true ] ],",
        "\"end\",",
        "]",
    };
    struct vl_buf text;
    vl_buf_init(&text, 4096);
    for (size_t i = 0; i < VL_ARRAY_LEN(lines); i++)
        vl_buf_printf(&text, "%s\r\n", lines[i]);
    struct vl_doc *doc = doc_of_span(vl_buf_span(&text), VL_DOC_JSONC);
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_int_equal(vl_doc_size(root), 10);
    assert_place(root, 1, 16);
    assert_place(vl_doc_at(root, 4), 2, 26);
    assert_place(vl_doc_at(vl_doc_at(root, 8), 1), 5, 26);
    check_places(root, lines, VL_ARRAY_LEN(lines));
    vl_doc_free(doc);
    vl_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_absent_nodes),
        cmocka_unit_test(test_values_of_another_type),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_json_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
