/* RFC 7396 (JSON Merge Patch), appendix A: its cases between objects where nothing is deleted. */
#include "doc_test.h"

#include "codec/doc_merge.h"
#include "codec/doc_write.h"

static void check_merged(const char *base, const char *over, const char *without, const char *want)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *a = doc_of_text(base, VL_DOC_JSON);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *b = over ? doc_of_text(over, VL_DOC_JSON) : NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *merged = NULL;
    const struct vl_doc_merging merging = {
        .base = vl_doc_root(a), .over = vl_doc_root(b), .without = without, .name = "t"};
    assert_int_equal(vl_doc_merge(&merging, &merged, &err), 0);
    vl_doc_cleanup(&a); /* the result owns its texts */
    vl_doc_cleanup(&b);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json json;
    vl_buf_init(&out, 4096);
    vl_json_init(&json, &out, false);
    vl_doc_write(vl_doc_root(merged), &json);
    assert_int_equal(vl_json_check(&json, "text", &err), 0);
    assert_string_equal(vl_buf_str(&out), want);
}

static void test_merge(void **state)
{
    (void)state;
    check_merged("{\"a\":\"b\"}", "{\"a\":\"c\"}", NULL, "{\"a\":\"c\"}");
    check_merged("{\"a\":\"b\"}", "{\"b\":\"c\"}", NULL, "{\"a\":\"b\",\"b\":\"c\"}");
    check_merged("{\"a\":[\"b\"]}", "{\"a\":\"c\"}", NULL, "{\"a\":\"c\"}");
    check_merged("{\"a\":\"c\"}", "{\"a\":[\"b\"]}", NULL, "{\"a\":[\"b\"]}");
    check_merged("{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", NULL, "{\"a\":[1]}");
    check_merged("{\"a\":{\"b\":\"c\",\"d\":1}}", "{\"a\":{\"b\":\"d\",\"e\":{}}}", NULL,
        "{\"a\":{\"b\":\"d\",\"d\":1,\"e\":{}}}");
    check_merged("{\"a\":1,\"x\":{\"a\":2}}", "{\"b\":3,\"a\":4}", "a", "{\"x\":{\"a\":2},\"b\":3}");
    check_merged("{\"a\":[1,{\"b\":null}],\"c\":true}", NULL, NULL, "{\"a\":[1,{\"b\":null}],\"c\":true}");
}

/* Values stand where they were written; an object with many members is found by its hash as before. */
static void test_places(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *a = doc_of_text("a: 1\nb:\n  c: 2\n", VL_DOC_YAML);
    VL_CLEANUP(vl_doc_cleanup)
    struct vl_doc *b =
        doc_of_text("#\n#\n#\nb:\n  d: 1.10\n  k1: 1\n  k2: 1\n  k3: 1\n  k4: 1\n  k5: 1\n  k6: 1\n"
                    "  k7: 1\n  k8: 1\n  k9: 1\n  l1: 1\n  l2: 1\n  l3: 1\n  l4: 1\n  l5: 1\n",
            VL_DOC_YAML);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *merged = NULL;
    const struct vl_doc_merging merging = {
        .base = vl_doc_root(a), .over = vl_doc_root(b), .at = vl_doc_root(b), .name = "t"};
    assert_int_equal(vl_doc_merge(&merging, &merged, &err), 0);
    const struct vl_doc_node *root = vl_doc_root(merged);
    assert_int_equal(vl_doc_line(root), 4);
    const struct vl_doc_node *both = vl_doc_get(root, "b");
    assert_int_equal(vl_doc_size(both), 16);
    assert_int_equal(vl_doc_line(vl_doc_get(both, "c")), 3);
    assert_int_equal(vl_doc_line(vl_doc_get(both, "d")), 5);
    assert_int_equal(vl_doc_column(vl_doc_get(both, "d")), 3);
    assert_true(vl_span_eq_str(vl_doc_text(vl_doc_get(both, "d")), "1.10"));
    assert_null(vl_doc_get(both, "k0"));
}

static void test_refused(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *a = doc_of_text("[1]", VL_DOC_JSON);
    struct vl_doc *merged = NULL;
    const struct vl_doc_merging merging = {.base = vl_doc_root(a), .name = "t"};
    assert_true(vl_doc_merge(&merging, &merged, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
