/* RFC 8259's own examples come out as they went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/doc_write.h"

static void check_same(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json json;
    vl_buf_init(&out, 4096);
    assert_int_equal(vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "text", &doc, &err), 0);
    vl_json_init(&json, &out, false);
    vl_doc_write(vl_doc_root(doc), &json);
    assert_int_equal(vl_json_check(&json, "text", &err), 0);
    assert_string_equal(vl_buf_str(&out), text);
}

static void test_same(void **state)
{
    (void)state;
    /* RFC 8259, section 13 */
    check_same(
        "{\"Image\":{\"Width\":800,\"Height\":600,\"Title\":\"View from 15th Floor\",\"Thumbnail\":{\"Url\":"
        "\"http://www.example.com/image/481989943\",\"Height\":125,\"Width\":100},\"Animated\":false,\"IDs\":"
        "[116,943,234,38793]}}");
    check_same(
        "[{\"precision\":\"zip\",\"Latitude\":37.7668,\"Longitude\":-122.3959,\"Address\":\"\",\"x\":null}]");
    check_same("[18446744073709551615,-9223372036854775808,[],{},true]");
    check_same("\"Hello world!\"");
}

static void test_deep(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&out, 4096);
    vl_buf_init(&text, 4096);
    for (int i = 0; i < VL_JSON_DEPTH_MAX + 1; i++)
        vl_buf_append_char(&text, '[');
    for (int i = 0; i < VL_JSON_DEPTH_MAX + 1; i++)
        vl_buf_append_char(&text, ']');
    assert_int_equal(vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "text", &doc, &err), 0);
    vl_json_init(&json, &out, false);
    vl_doc_write(vl_doc_root(doc), &json);
    assert_true(vl_json_check(&json, "text", &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_deep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
