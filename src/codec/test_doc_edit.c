/* tests: doc_edit.c doc_edit_render.c doc_edit_verify.c doc_layout.c
 *
 * The expected texts are written by hand: what a careful person would have changed in the file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/doc_edit.h"

static int edit_in(const char *text, size_t document, enum vl_doc_change_op op, const char *pointer,
    const char *value, struct vl_buf *out, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (value && vl_doc_parse(vl_span_str(value), VL_DOC_JSON, "value", &doc, err) < 0)
        fail_msg("%s", err->msg);
    struct vl_doc_change change = {op, pointer, vl_doc_root(doc)};
    return vl_doc_edit(vl_span_str(text), document, &change, 1, "f.yaml", out, err);
}

static void becomes(
    const char *text, enum vl_doc_change_op op, const char *pointer, const char *value, const char *want)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    if (edit_in(text, 0, op, pointer, value, &out, &err) < 0)
        fail_msg("%s %s: %s", pointer, value ? value : "", err.msg);
    if (strcmp(vl_buf_str(&out), want) != 0)
        fail_msg("%s %s gave\n%s\nand not\n%s", pointer, value ? value : "", vl_buf_str(&out), want);
}

static void refused(
    const char *text, enum vl_doc_change_op op, const char *pointer, const char *value, enum vl_err_code code)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_true(edit_in(text, 0, op, pointer, value, &out, &err) < 0);
    if (err.code != code)
        fail_msg("%s: %s", vl_err_code_name(err.code), err.msg);
    assert_int_equal(out.len, 0);
}

static void test_add_member(void **state)
{
    (void)state;
    becomes("a: 1 # one\nb:\n  c: x\n# end\n", VL_DOC_CHANGE_ADD, "/b/d", "true",
        "a: 1 # one\nb:\n  c: x\n  d: true\n# end\n");
    becomes("spec:\n  containers:\n  - name: web # main\n    image: nginx\n  - name: side\n",
        VL_DOC_CHANGE_ADD, "/spec/containers/0/securityContext",
        "{\"runAsNonRoot\":true,\"capabilities\":{\"drop\":[\"ALL\"]}}",
        "spec:\n  containers:\n  - name: web # main\n    image: nginx\n    securityContext:\n"
        "      runAsNonRoot: true\n      capabilities:\n        drop:\n        - ALL\n  - name: side\n");
    becomes("spec:\n  containers:\n  - name: web\n    image: nginx", VL_DOC_CHANGE_ADD,
        "/spec/containers/0/x", "\"1.10\"",
        "spec:\n  containers:\n  - name: web\n    image: nginx\n    x: \"1.10\"");
    becomes("a: |\n  text\n  more\n\nb: 1\n", VL_DOC_CHANGE_ADD, "/c", "[]",
        "a: |\n  text\n  more\n\nb: 1\nc: []\n");
    becomes("m:\n  a: |\n    text\n\nb: 1\n", VL_DOC_CHANGE_ADD, "/m/c", "1",
        "m:\n  a: |\n    text\n  c: 1\n\nb: 1\n");
    becomes("m:\n  a:\nb: 1\n", VL_DOC_CHANGE_ADD, "/m/c", "1", "m:\n  a:\n  c: 1\nb: 1\n");
}

static void test_add_to_flow(void **state)
{
    (void)state;
    becomes(
        "sc: {}\nb: 1\n", VL_DOC_CHANGE_ADD, "/sc/privileged", "false", "sc:\n  privileged: false\nb: 1\n");
    becomes("sc: {} # none yet\n", VL_DOC_CHANGE_ADD, "/sc/privileged", "false",
        "sc: # none yet\n  privileged: false\n");
    becomes("sc: { a: 1 } # c\n", VL_DOC_CHANGE_ADD, "/sc/b", "\"x y\"", "sc: { a: 1, b: \"x y\" } # c\n");
    becomes("l: [a, b,]\n", VL_DOC_CHANGE_ADD, "/l/-", "\"c\"", "l: [a, b, c]\n");
    becomes("l: [a]\n", VL_DOC_CHANGE_ADD, "/l/0", "\"c\"", "l: [c, a]\n");
    becomes("{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": []\n}\n", VL_DOC_CHANGE_ADD, "/a/d", "\"e\"",
        "{\n  \"a\": {\n    \"b\": 1,\n    \"d\": \"e\"\n  },\n  \"c\": []\n}\n");
    becomes("{\"a\": {}}", VL_DOC_CHANGE_ADD, "/a/d", "\"e\"", "{\"a\": {\"d\": \"e\"}}");
    becomes("{}\n", VL_DOC_CHANGE_ADD, "/a", "1", "{\"a\": 1}\n");
}

static void test_replace(void **state)
{
    (void)state;
    becomes("a: 'x' # why\nb: 1\n", VL_DOC_CHANGE_REPLACE, "/a", "false", "a: false # why\nb: 1\n");
    becomes("a:\nb: 1\n", VL_DOC_CHANGE_REPLACE, "/a", "5", "a: 5\nb: 1\n");
    becomes(
        "a: null # later\nb: 1\n", VL_DOC_CHANGE_REPLACE, "/a", "{\"x\":1}", "a: # later\n  x: 1\nb: 1\n");
    becomes("a:\n  # kept\n  x: 1\n  y: 2\nb: 1\n", VL_DOC_CHANGE_ADD, "/a", "{\"z\":[1,{\"q\":[]}]}",
        "a:\n  # kept\n  z:\n  - 1\n  - q: []\nb: 1\n");
    becomes("a:\n  x: 1\nb: 1\n", VL_DOC_CHANGE_REPLACE, "/a", "\"no\"", "a: \"no\"\nb: 1\n");
    becomes("l:\n- 1\n-\n- 3\n", VL_DOC_CHANGE_REPLACE, "/l/1", "{\"a\":1,\"b\":2}",
        "l:\n- 1\n- a: 1\n  b: 2\n- 3\n");
    becomes("l:\n- 1\n", VL_DOC_CHANGE_REPLACE, "/l/0", "[1,2]", "l:\n- - 1\n  - 2\n");
    becomes("a: |\n  x\n  y\nb: 1\n", VL_DOC_CHANGE_REPLACE, "/a", "\"z\"", "a: z\nb: 1\n");
    becomes("é: ü # ö\nb: ä\n", VL_DOC_CHANGE_REPLACE, "/b", "\"é\"", "é: ü # ö\nb: \"é\"\n");
    becomes("a~b/c: 1\n", VL_DOC_CHANGE_REPLACE, "/a~0b~1c", "2", "a~b/c: 2\n");
    becomes("a: 1\r\nb:\r\n  c: 2\r\n", VL_DOC_CHANGE_ADD, "/b/d", "{\"e\":1}",
        "a: 1\r\nb:\r\n  c: 2\r\n  d:\r\n    e: 1\r\n");
}

static void test_items(void **state)
{
    (void)state;
    becomes("l:\n  - a # first\n  - b\nz: 1\n", VL_DOC_CHANGE_ADD, "/l/-", "\"c\"",
        "l:\n  - a # first\n  - b\n  - c\nz: 1\n");
    becomes("l:\n  - a\n  # of b\n  - b\n", VL_DOC_CHANGE_ADD, "/l/1", "{\"x\":1,\"w\":2}",
        "l:\n  - a\n  # of b\n  - x: 1\n    w: 2\n  - b\n");
    becomes("l: []\n", VL_DOC_CHANGE_ADD, "/l/-", "\"c\"", "l:\n- c\n");
    becomes("l:\n  - # note\n    a: 1\n  - b\n", VL_DOC_CHANGE_ADD, "/l/0", "0",
        "l:\n  - 0\n  - # note\n    a: 1\n  - b\n");
}

static void test_remove(void **state)
{
    (void)state;
    becomes("a: 1\nb: # long\n  c: 2\nd: 3\n", VL_DOC_CHANGE_REMOVE, "/b", NULL, "a: 1\nd: 3\n");
    becomes("l:\n- a: 1\n  b: 2\n- c: 3\n", VL_DOC_CHANGE_REMOVE, "/l/0/a", NULL, "l:\n- b: 2\n- c: 3\n");
    becomes("l:\n- a: 1\n  b: 2\n- c: 3\n", VL_DOC_CHANGE_REMOVE, "/l/0/b", NULL, "l:\n- a: 1\n- c: 3\n");
    becomes(
        "l:\n- a: 1\n  b: 2\n- c: 3\n", VL_DOC_CHANGE_REMOVE, "/l/1/c", NULL, "l:\n- a: 1\n  b: 2\n- {}\n");
    becomes("l:\n- a: 1\n  b: 2\n- c: 3\nz: 1\n", VL_DOC_CHANGE_REMOVE, "/l/0", NULL, "l:\n- c: 3\nz: 1\n");
    becomes("l:\n- a\nz: 1\n", VL_DOC_CHANGE_REMOVE, "/l/0", NULL, "l: []\nz: 1\n");
    becomes("m:\n  a: 1\nz: 1\n", VL_DOC_CHANGE_REMOVE, "/m/a", NULL, "m: {}\nz: 1\n");
    becomes("m: {a: 1, b: 2, c: 3}\n", VL_DOC_CHANGE_REMOVE, "/m/b", NULL, "m: {a: 1, c: 3}\n");
    becomes("m: {a: 1, b: 2, c: 3}\n", VL_DOC_CHANGE_REMOVE, "/m/c", NULL, "m: {a: 1, b: 2}\n");
    becomes("m: [a, b]\n", VL_DOC_CHANGE_REMOVE, "/m/0", NULL, "m: [b]\n");
    becomes("l:\n- - a\n  - b\n", VL_DOC_CHANGE_REMOVE, "/l/0/0", NULL, "l:\n- - b\n");
}

static void test_streams(void **state)
{
    (void)state;
    static const char text[] = "# head\n---\na: 1\n---\n# second\na: 2\n...\n---\na: 3\n";
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_int_equal(edit_in(text, 1, VL_DOC_CHANGE_REPLACE, "/a", "20", &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), "# head\n---\na: 1\n---\n# second\na: 20\n...\n---\na: 3\n");
    vl_buf_clear(&out);
    assert_int_equal(edit_in(text, 2, VL_DOC_CHANGE_ADD, "/b", "1", &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), "# head\n---\na: 1\n---\n# second\na: 2\n...\n---\na: 3\nb: 1\n");
    vl_buf_clear(&out);
    assert_true(edit_in(text, 3, VL_DOC_CHANGE_ADD, "/b", "1", &out, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    becomes("\xef\xbb\xbf"
            "a: é\nb: 1\n",
        VL_DOC_CHANGE_REPLACE, "/b", "2",
        "\xef\xbb\xbf"
        "a: é\nb: 2\n");
}

static void test_refusals(void **state)
{
    (void)state;
    refused("a: 1\n", VL_DOC_CHANGE_REPLACE, "/b", "1", VL_ERR_NOT_FOUND);
    refused("a: 1\n", VL_DOC_CHANGE_REMOVE, "/a/b", NULL, VL_ERR_NOT_FOUND);
    refused("a: [1]\n", VL_DOC_CHANGE_ADD, "/a/2", "1", VL_ERR_NOT_FOUND);
    refused("a: [1]\n", VL_DOC_CHANGE_ADD, "/a/00", "1", VL_ERR_NOT_FOUND);
    refused("a: 1\n", VL_DOC_CHANGE_ADD, "", "1", VL_ERR_NOT_FOUND);
    refused("x: &x {a: 1}\ny: *x\n", VL_DOC_CHANGE_ADD, "/y/b", "1", VL_ERR_UNSUPPORTED);
    refused("x: &x {a: 1}\ny:\n  <<: *x\n", VL_DOC_CHANGE_REPLACE, "/y/a", "2", VL_ERR_UNSUPPORTED);
    /* the alias would change with it */
    refused("x: &x {a: 1}\ny: *x\n", VL_DOC_CHANGE_REPLACE, "/x/a", "2", VL_ERR_UNSUPPORTED);
    refused("? a\n: 1\n", VL_DOC_CHANGE_REPLACE, "/a", "{\"b\":1}", VL_ERR_UNSUPPORTED);
    refused("a: [1\n", VL_DOC_CHANGE_REPLACE, "/a", "1", VL_ERR_INVALID);
}

static void test_several(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_int_equal(vl_doc_parse(VL_SPAN_LIT("[{},true]"), VL_DOC_JSON, "v", &doc, &err), 0);
    const struct vl_doc_node *empty = vl_doc_at(vl_doc_root(doc), 0), *yes = vl_doc_at(vl_doc_root(doc), 1);
    struct vl_doc_change changes[] = {
        {VL_DOC_CHANGE_ADD, "/spec/securityContext", empty},
        {VL_DOC_CHANGE_ADD, "/spec/securityContext/runAsNonRoot", yes},
        {VL_DOC_CHANGE_REMOVE, "/spec/hostPID", NULL},
    };
    assert_int_equal(
        vl_doc_edit(VL_SPAN_LIT("spec:\n  hostPID: true # bad\n  a: 1\n"), 0, changes, 3, "f", &out, &err),
        0);
    assert_string_equal(vl_buf_str(&out), "spec:\n  a: 1\n  securityContext:\n    runAsNonRoot: true\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_member),
        cmocka_unit_test(test_add_to_flow),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
