/* tests: jmespath.c jmespath_functions.c jmespath_parse.c
 *
 * Examples of the specification (https://jmespath.org/specification.html) and the tutorial; the published
 * compliance cases run in tests/functional/test_jmespath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/jmespath.h"

/* The result as JSON, "syntax" where it does not compile, "error" where it does not run. */
static const char *search(const char *text, const char *given, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_jmespath_cleanup) struct vl_jmespath *expression = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_json json;
    vl_buf_clear(out);
    if (vl_jmespath_compile(vl_span_str(text), &expression, &err) < 0)
        return err.code == VL_ERR_USAGE ? "syntax" : "limit";
    assert_int_equal(vl_doc_parse(vl_span_str(given), VL_DOC_JSON, "given", &doc, &err), 0);
    vl_json_init(&json, out, false);
    if (vl_jmespath_search(expression, vl_doc_root(doc), &json, &err) < 0)
        return err.code == VL_ERR_LIMIT ? "limit" : "error";
    assert_int_equal(vl_json_check(&json, "result", &err), 0);
    return vl_buf_str(out);
}

struct row {
    const char *given, *text, *want;
};

static void check_rows(const struct row *rows, size_t n)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1024UL * 1024);
    for (size_t i = 0; i < n; i++) {
        const char *got = search(rows[i].text, rows[i].given, &out);
        print_message("%s of %s\n", rows[i].text, rows[i].given);
        assert_string_equal(got, rows[i].want);
    }
}

#define PEOPLE                                                                                             \
    "{\"people\":[{\"age\":20,\"other\":\"foo\",\"name\":\"Bob\"},{\"age\":25,\"other\":\"bar\",\"name\":" \
    "\"Fred\"},"                                                                                           \
    "{\"age\":30,\"other\":\"baz\",\"name\":\"George\"}]}"

static void test_specification(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"foo\":\"value\"}", "foo", "\"value\""},
        {"{\"foo\":{\"bar\":\"value\"}}", "foo.bar", "\"value\""},
        {"[\"first\",\"second\",\"third\"]", "[0]", "\"first\""},
        {"[\"first\",\"second\",\"third\"]", "[-1]", "\"third\""},
        {"[\"first\",\"second\",\"third\"]", "[100]", "null"},
        {"[0,1,2,3]", "[0:4:1]", "[0,1,2,3]"},
        {"[0,1,2,3]", "[::-1]", "[3,2,1,0]"},
        {"[0,1,2,3]", "[-2:]", "[2,3]"},
        {"[[0,1],2,[3],4,[5,[6,7]]]", "[]", "[0,1,2,3,4,5,[6,7]]"},
        {"{\"foo\":\"a\",\"bar\":\"b\",\"baz\":\"c\"}", "[foo,bar]", "[\"a\",\"b\"]"},
        {"{\"foo\":\"a\",\"bar\":\"b\"}", "{foo: foo, baz: bar}", "{\"foo\":\"a\",\"baz\":\"b\"}"},
        {"{\"a\":{\"foo\":1},\"b\":{\"foo\":2},\"c\":{\"bar\":1}}", "*.foo", "[1,2]"},
        {"{\"foo\":[{\"state\":\"WA\",\"value\":1},{\"state\":\"CA\"}]}", "foo[?state=='WA'].value", "[1]"},
        {"[{\"a\":1,\"b\":{\"c\":2}}]", "[?a==`1`].b.c", "[2]"},
        {"{\"foo\":[{\"bar\":1},{\"bar\":2}]}", "foo[*].bar | [0]", "1"},
        {"{\"foo\":[{\"bar\":1},{\"bar\":2}]}", "foo[*].bar[0]", "[]"},
        {"{\"foo\":\"\",\"bar\":\"x\"}", "foo || bar", "\"x\""},
        {"{\"foo\":true,\"bar\":[]}", "foo && bar", "[]"},
        {"{\"foo\":[]}", "!foo", "true"},
        {"{\"\\u00fc b\":1}", "\"\\u00fc b\"", "1"},
        {"{}", "'it\\'s'", "\"it's\""},
        {"{}", "`foo`", "\"foo\""},
    };
    check_rows(rows, VL_ARRAY_LEN(rows));
}

static void test_functions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {PEOPLE, "max_by(people, &age).name", "\"George\""},
        {PEOPLE, "max_by(people, &to_number(age)).age", "30"},
        {PEOPLE, "min_by(people, &age).age", "20"},
        {PEOPLE, "sort_by(people, &name)[*].age", "[20,25,30]"},
        {PEOPLE, "people[?age > `20`].[name, age]", "[[\"Fred\",25],[\"George\",30]]"},
        {PEOPLE, "people[].{Name: name} | length(@)", "3"},
        {PEOPLE, "max_by(people, &extra)", "error"},
        {"{}", "avg(`[10, 15, 20]`)", "15"},
        {"{}", "ceil(`1.001`)", "2"},
        {"{}", "contains(`foobar`, `foo`)", "true"},
        {"[\"a\",\"b\"]", "join(`, `, @)", "\"a, b\""},
        {"{\"foo\":\"baz\",\"bar\":\"bam\"}", "keys(@)", "[\"foo\",\"bar\"]"},
        {"{}", "merge(`{\"a\": \"b\"}`, `{\"a\": \"override\"}`)", "{\"a\":\"override\"}"},
        {"{\"array\":[{\"foo\":\"a\"},{\"foo\":\"b\"},{},[],{\"foo\":\"f\"}]}", "map(&foo, array)",
            "[\"a\",\"b\",null,null,\"f\"]"},
        {"[0,1,2]", "reverse(@)", "[2,1,0]"},
        {"{}", "sum(`[]`)", "0"},
        {"{}", "to_array('abc')", "[\"abc\"]"},
        {"{}", "to_string(`[0, 1]`)", "\"[0,1]\""},
        {"{}", "to_string('x')", "\"x\""},
        {"{}", "type('x')", "\"string\""},
        {"{}", "abs(`abc`)", "error"},
        {"{}", "length()", "syntax"},
        {"{}", "nothing(@)", "syntax"},
        {"{}", "foo[?x", "syntax"},
        {"{}", "foo..bar", "syntax"},
        {"{}", "", "syntax"},
    };
    check_rows(rows, VL_ARRAY_LEN(rows));
}

static void repeat(struct vl_buf *out, const char *text, int n)
{
    for (int i = 0; i < n; i++)
        vl_buf_append_str(out, text);
}

static void test_limits(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&text, 1024UL * 1024);
    vl_buf_init(&out, 16UL * 1024 * 1024);
    repeat(&text, "(", 100000);
    assert_string_equal(search(vl_buf_str(&text), "{}", &out), "limit"); /* too long */
    vl_buf_clear(&text);
    repeat(&text, "(", 1000);
    assert_string_equal(search(vl_buf_str(&text), "{}", &out), "syntax"); /* too deep */
    vl_buf_clear(&text);
    repeat(&text, "a.", 1000);
    vl_buf_append_str(&text, "a");
    assert_string_equal(search(vl_buf_str(&text), "{}", &out), "syntax");
    /* Each level doubles what there is. */
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "[@,@]");
    repeat(&text, " | [@,@]", 50);
    assert_string_equal(search(vl_buf_str(&text), "[1]", &out), "limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_specification), cmocka_unit_test(test_functions),
        cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
