#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "codec/doc.h"
#include "codec/json.h"

static struct vl_buf out;
static struct vl_json json;

static void begin(bool pretty)
{
    vl_buf_done(&out);
    vl_buf_init(&out, 1 << 20);
    vl_json_init(&json, &out, pretty);
}

/* The finished document, which another reader than our own writer must accept. */
static struct vl_doc *finish(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_json_check(&json, "test", &err) < 0 ||
        vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "test", &doc, &err) < 0)
        fail_msg("%s: %s", err.msg, vl_buf_str(&out));
    return doc;
}

static void assert_misused(void)
{
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_json_check(&json, "test", &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

static void test_compact_and_pretty(void **state)
{
    (void)state;
    static const char *const want[] = {"{\"a\":[1,[],{}],\"b\":{\"c\":null,\"d\":true}}",
        "{\n  \"a\": [\n    1,\n    [],\n    {}\n  ],\n  \"b\": {\n    \"c\": null,\n    \"d\": true\n  "
        "}\n}"};
    for (int pretty = 0; pretty < 2; pretty++) {
        begin(pretty);
        vl_json_object(&json);
        vl_json_key(&json, "a");
        vl_json_array(&json);
        vl_json_int(&json, 1);
        vl_json_array(&json);
        vl_json_array_end(&json);
        vl_json_object(&json);
        vl_json_object_end(&json);
        vl_json_array_end(&json);
        vl_json_key_span(&json, VL_SPAN_LIT("b"));
        vl_json_object(&json);
        vl_json_key(&json, "c");
        vl_json_str(&json, NULL);
        vl_json_member_bool(&json, "d", true);
        vl_json_member_str(&json, "absent", NULL);
        vl_json_member_time(&json, "never", 0);
        vl_json_object_end(&json);
        vl_json_object_end(&json);
        vl_doc_free(finish());
        assert_string_equal(vl_buf_str(&out), want[pretty]);
    }
}

static void test_strings(void **state)
{
    (void)state;
    static const char text[] = "\" \\ / \b\f\n\r\t \x01\x1f\x7f \xc3\xa9 \xf0\x9f\x98\x80";
    begin(false);
    vl_json_array(&json);
    vl_json_str(&json, text);
    vl_json_span(&json, VL_SPAN_LIT("a\0b"));
    vl_json_span(&json, VL_SPAN_LIT("x\xff\xc3y\xed\xa0\x80"));
    vl_json_str(&json, "");
    vl_json_array_end(&json);
    struct vl_doc *doc = finish();
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_true(vl_span_eq_str(vl_doc_span(vl_doc_at(root, 0)), text));
    assert_true(vl_span_eq(vl_doc_span(vl_doc_at(root, 1)), VL_SPAN_LIT("a\0b")));
#define BAD "\xef\xbf\xbd"
    assert_true(vl_span_eq_str(vl_doc_span(vl_doc_at(root, 2)), "x" BAD BAD "y" BAD BAD BAD));
    assert_int_equal(vl_doc_span(vl_doc_at(root, 3)).len, 0);
    assert_non_null(strstr(vl_buf_str(&out), "\\\" \\\\ / \\b\\f\\n\\r\\t \\u0001\\u001f\x7f"));
    vl_doc_free(doc);
}

static void test_numbers(void **state)
{
    (void)state;
    begin(false);
    vl_json_array(&json);
    vl_json_int(&json, INT64_MIN);
    vl_json_int(&json, INT64_MAX);
    vl_json_uint(&json, UINT64_MAX);
    vl_json_fixed(&json, 9.75, 1);
    vl_json_fixed(&json, 2.0 / 3, 4);
    vl_json_fixed(&json, 7.5, -3);
    vl_json_fixed(&json, 1, 99);
    vl_json_fixed(&json, INFINITY, 1);
    vl_json_double(&json, NAN);
    vl_json_double(&json, -INFINITY);
    vl_json_array_end(&json);
    vl_doc_free(finish());
    assert_string_equal(vl_buf_str(&out),
        "[-9223372036854775808,9223372036854775807,18446744073709551615,9.8,"
        "0.6667,8,1.00000000000000000,null,null,null]");
}

/* Scores and probabilities take a way of their own; printf() is the second opinion. */
static void test_decimals_as_printf(void **state)
{
    (void)state;
    char want[64];
    for (unsigned i = 0; i <= 1000000; i += i < 20000 ? 1 : 997) {
        begin(false);
        vl_json_double(&json, i / 1e5);
        snprintf(want, sizeof(want), "%.15g", i / 1e5);
        assert_string_equal(vl_buf_str(&out), want);
        begin(false);
        vl_json_fixed(&json, i / 10.0, 1);
        snprintf(want, sizeof(want), "%.1f", i / 10.0);
        assert_string_equal(vl_buf_str(&out), want);
    }
}

/* Every place of a character that needs an escape, in strings of every length around the eight bytes that are
 * looked at together. */
static void test_escapes_at_every_place(void **state)
{
    (void)state;
    static const char special[] = {'"', '\\', '\x1f', '\x01'};
    for (size_t len = 1; len < 36; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[40];
            memset(text, 'a', len);
            text[at] = special[(len + at) % sizeof(special)];
            begin(false);
            vl_json_span(&json, (struct vl_span){text, len});
            struct vl_doc *doc = finish();
            assert_true(vl_span_eq(vl_doc_text(vl_doc_root(doc)), (struct vl_span){text, len}));
            vl_doc_free(doc);
        }
    }
}

static void test_doubles_read_back(void **state)
{
    (void)state;
    static const double values[] = {0.0, -0.0, 1.0, 0.1, 1.0 / 3, 2.5e-5, 1e21, 123456789.125, DBL_MAX,
        DBL_MIN, DBL_TRUE_MIN, 5e-324, 0.30000000000000004, 9007199254740993.0, -1.7976931348623157e308};
    begin(false);
    vl_json_array(&json);
    for (size_t i = 0; i < VL_ARRAY_LEN(values); i++)
        vl_json_double(&json, values[i]);
    vl_json_array_end(&json);
    struct vl_doc *doc = finish();
    for (size_t i = 0; i < VL_ARRAY_LEN(values); i++) {
        double back = NAN;
        vl_doc_number(vl_doc_at(vl_doc_root(doc), i), &back);
        assert_true(memcmp(&back, &values[i], sizeof(back)) == 0);
    }
    assert_true(vl_span_eq_str(vl_doc_text(vl_doc_at(vl_doc_root(doc), 3)), "0.1"));
    vl_doc_free(doc);
}

static void test_time(void **state)
{
    (void)state;
    begin(false);
    vl_json_object(&json);
    vl_json_member_time(&json, "t", 1795507200000);
    vl_json_member_time(&json, "beyond", INT64_MAX);
    vl_json_object_end(&json);
    vl_doc_free(finish());
    /* date -u -d @1795507200 */
    assert_string_equal(vl_buf_str(&out), "{\"t\":\"2026-11-24T08:00:00Z\"}");
}

static void test_misuse_is_told(void **state)
{
    (void)state;
    begin(false);
    assert_misused(); /* nothing written */
    vl_json_object(&json);
    assert_misused(); /* not closed */
    vl_json_int(&json, 1);
    assert_misused(); /* a value without a key */
    begin(false);
    vl_json_array(&json);
    vl_json_key(&json, "k");
    assert_misused();
    begin(false);
    vl_json_array(&json);
    vl_json_object_end(&json);
    assert_misused();
    begin(false);
    vl_json_object(&json);
    vl_json_key(&json, "k");
    vl_json_object_end(&json);
    assert_misused();
    begin(false);
    vl_json_object(&json);
    vl_json_key(&json, "k");
    vl_json_key(&json, "k");
    assert_misused();
    begin(false);
    vl_json_null(&json);
    vl_json_null(&json);
    assert_misused(); /* two documents */
    begin(false);
    vl_json_array_end(&json);
    assert_misused();
}

static void test_depth(void **state)
{
    (void)state;
    for (unsigned levels = VL_JSON_DEPTH_MAX - 1; levels <= VL_JSON_DEPTH_MAX; levels++) {
        begin(false);
        for (unsigned i = 0; i < levels; i++)
            vl_json_array(&json);
        for (unsigned i = 0; i < levels; i++)
            vl_json_array_end(&json);
        if (levels < VL_JSON_DEPTH_MAX)
            vl_doc_free(finish());
        else
            assert_misused();
    }
}

/* Strings are copied eight bytes at a time: each byte value at each place must come back, or be replaced
 * where it is no UTF-8. */
static void test_every_byte_at_every_place(void **state)
{
    (void)state;
    char text[24];
    for (unsigned c = 1; c < 256; c++) {
        for (size_t at = 0; at < 20; at++) {
            memset(text, 'a', sizeof(text));
            text[at] = (char)c;
            struct vl_span s = {text, 20};
            begin(false);
            vl_json_span(&json, s);
            struct vl_doc *doc = finish();
            struct vl_span back = vl_doc_span(vl_doc_root(doc));
            if (c < 0x80)
                assert_true(vl_span_eq(back, s));
            else
                assert_true(back.len == 22 && memcmp(back.ptr + at, "\xef\xbf\xbd", 3) == 0);
            vl_doc_free(doc);
        }
    }
    vl_buf_done(&out);
}

static void test_full_buffer(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_done(&out);
    vl_buf_init(&out, 8);
    vl_json_init(&json, &out, false);
    vl_json_str(&json, "longer than eight");
    assert_int_equal(vl_json_check(&json, "report", &err), -E2BIG);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact_and_pretty),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_doubles_read_back),
        cmocka_unit_test(test_decimals_as_printf),
        cmocka_unit_test(test_escapes_at_every_place),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_misuse_is_told),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_every_byte_at_every_place),
        cmocka_unit_test(test_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
