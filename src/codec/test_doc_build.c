#include "doc_test.h"

#include <stdio.h>

static void test_duplicates_are_refused(void **state)
{
    (void)state;
    assert_refused(VL_SPAN_LIT("{\"a\":1,\n \"b\":2, \"\\u0061\":3}"), VL_DOC_JSON, VL_ERR_INVALID,
        "t:2:9: duplicate key \"a\"");
    assert_refused(VL_SPAN_LIT("{\"\":1,\"\":2}"), VL_DOC_JSON, VL_ERR_INVALID, "duplicate key \"\"");
    assert_refused(
        VL_SPAN_LIT("[{\"x\":{\"a\":1,\"a\":1}}]"), VL_DOC_JSON, VL_ERR_INVALID, "t:1:14: duplicate key");
    assert_refused(VL_SPAN_LIT("a: 1\nb: 2\n'a': 3\n"), VL_DOC_YAML, VL_ERR_INVALID, "t:3:1: duplicate key");
    assert_refused(VL_SPAN_LIT("a = 1\nb = 2\na = 3\n"), VL_DOC_TOML, VL_ERR_INVALID, "t:3:");
}

/* As ECMA-262 JSON.parse has it: the last of members with one key counts. Each object holds every key twice.
 */
static void test_last_of_duplicates_counts(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 2, 8, 9, 15, 16, 17, 33, 1000};
    for (size_t k = 0; k < VL_ARRAY_LEN(sizes); k++) {
        struct vl_doc *doc = NULL;
        struct vl_err err = VL_ERR_INIT;
        struct vl_buf text;
        vl_buf_init(&text, 1 << 20);
        for (unsigned i = 0; i < 2 * sizes[k]; i++)
            vl_buf_printf(&text, "%s\"key%u\":%u", i ? "," : "{\"first\":true,", i % sizes[k], i);
        vl_buf_append_str(&text, "}");
        assert_int_equal(vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON_LOOSE, "t", &doc, &err), 0);
        const struct vl_doc_node *root = vl_doc_root(doc), *n;
        assert_int_equal(vl_doc_size(root), sizes[k] + 1);
        size_t seen = 0;
        for (n = vl_doc_first(root); n; n = vl_doc_next(n))
            seen++;
        assert_int_equal(seen, sizes[k] + 1);
        for (unsigned i = 0; i < sizes[k]; i++) {
            char key[32];
            int64_t value;
            (void)snprintf(key, sizeof(key), "key%u", i);
            assert_true(vl_doc_int(vl_doc_get(root, key), &value));
            assert_int_equal(value, sizes[k] + i);
        }
        assert_true(vl_doc_bool(vl_doc_get(root, "first")));
        vl_doc_free(doc);
        vl_buf_done(&text);
    }
}

/* Sizes around the step from comparing to an index, and some far beyond a page of nodes. */
static void test_large_objects(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 2, 15, 16, 17, 31, 32, 33, 145, 146, 147, 1000, 30000};
    for (size_t k = 0; k < VL_ARRAY_LEN(sizes); k++) {
        struct vl_buf text;
        vl_buf_init(&text, 1 << 22);
        vl_buf_append_str(&text, "{");
        for (unsigned i = 0; i < sizes[k]; i++)
            vl_buf_printf(&text, "%s\"key%u\":{\"v\":[%u]}", i ? "," : "", i, i);
        vl_buf_append_str(&text, "}");
        struct vl_doc *doc = doc_of_span(vl_buf_span(&text), VL_DOC_JSON);
        const struct vl_doc_node *root = vl_doc_root(doc);
        assert_int_equal(vl_doc_size(root), sizes[k]);
        unsigned n = 0;
        for (const struct vl_doc_node *m = vl_doc_first(root); m; m = vl_doc_next(m), n++) {
            char key[32];
            snprintf(key, sizeof(key), "key%u", n);
            assert_text(vl_doc_key(m), key);
            assert_ptr_equal(vl_doc_get(root, key), m);
            assert_int(vl_doc_at(vl_doc_get(m, "v"), 0), n);
        }
        assert_int_equal(n, sizes[k]);
        assert_null(vl_doc_get(root, "key"));
        assert_null(vl_doc_get(root, "key30000"));
        vl_doc_free(doc);
        /* the same with its first key again at the end */
        vl_buf_truncate(&text, text.len - 1);
        vl_buf_append_str(&text, ",\"key0\":1}");
        assert_refused(vl_buf_span(&text), VL_DOC_JSON, VL_ERR_INVALID, "duplicate key \"key0\"");
        vl_buf_done(&text);
    }
}

static void append_nested(struct vl_buf *text, const char *open, const char *close, int levels)
{
    for (int i = 0; i < levels; i++)
        vl_buf_append_str(text, open);
    for (int i = 0; i < levels; i++)
        vl_buf_append_str(text, close);
}

static void check_depth(
    const char *prefix, const char *open, const char *close, int own, enum vl_doc_format format)
{
    for (int more = 0; more < 2; more++) {
        struct vl_buf text;
        vl_buf_init(&text, 1 << 20);
        vl_buf_append_str(&text, prefix);
        append_nested(&text, open, close, VL_DOC_DEPTH_MAX - own + more);
        if (more)
            assert_refused(vl_buf_span(&text), format, VL_ERR_LIMIT, "nested deeper than 128 levels");
        else
            vl_doc_free(doc_of_span(vl_buf_span(&text), format));
        vl_buf_done(&text);
    }
}

static void test_depth_limit(void **state)
{
    (void)state;
    check_depth("", "[", "]", 0, VL_DOC_JSON);
    check_depth("", "[", "]", 0, VL_DOC_YAML);
    check_depth("", "- ", "", 0, VL_DOC_YAML);
    check_depth("a = ", "[", "]", 1, VL_DOC_TOML);
    /* what would cost a recursive reader its stack */
    struct vl_buf text;
    vl_buf_init(&text, 8 << 20);
    append_nested(&text, "[", "]", 1000000);
    assert_refused(vl_buf_span(&text), VL_DOC_JSON, VL_ERR_LIMIT, NULL);
    assert_refused(vl_buf_span(&text), VL_DOC_YAML, VL_ERR_LIMIT, NULL);
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "a = ");
    append_nested(&text, "[", "]", 1000000);
    assert_refused(vl_buf_span(&text), VL_DOC_TOML, VL_ERR_LIMIT, NULL);
    vl_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates_are_refused),
        cmocka_unit_test(test_last_of_duplicates_counts),
        cmocka_unit_test(test_large_objects),
        cmocka_unit_test(test_depth_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
