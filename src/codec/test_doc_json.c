#include "doc_test.h"

#include <errno.h>

/* In the manner of "Parsing JSON is a Minefield": what RFC 8259 demands to be accepted. */
static const struct {
    struct vl_span text;
    const char *outline;
} accepted[] = {
    {VL_SPAN_LIT("[]"), "[]"},
    {VL_SPAN_LIT("{}"), "{}"},
    {VL_SPAN_LIT(" [\t] \r\n"), "[]"},
    {VL_SPAN_LIT("null"), "~"},
    {VL_SPAN_LIT(" true "), "true"},
    {VL_SPAN_LIT("false"), "false"},
    {VL_SPAN_LIT("\"\""), "\"\""},
    {VL_SPAN_LIT("0"), "0"},
    {VL_SPAN_LIT("-0"), "-0"},
    {VL_SPAN_LIT("42 "), "42"},
    {VL_SPAN_LIT("[1.10,1E5,1e-2,0.5e+00,-0.0]"), "[1.10,1E5,1e-2,0.5e+00,-0.0]"},
    {VL_SPAN_LIT("[123456789012345678901234567890]"), "[123456789012345678901234567890]"},
    {VL_SPAN_LIT("[1e400,-1e400,1e-400]"), "[1e400,-1e400,1e-400]"},
    {VL_SPAN_LIT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), "[\"\"\\/\b\f\n\r\t\"]"},
    {VL_SPAN_LIT("[\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"]"), "[\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]"},
    {VL_SPAN_LIT("[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"]"),
        "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"]"},
    {VL_SPAN_LIT("{\"\":0,\"a b\":1,\"\\n\":2}"), "{:0,a b:1,\n:2}"},
    {VL_SPAN_LIT("{\"a\":{\"a\":{}},\"b\":{\"a\":[{\"a\":1},{\"a\":2}]}}"), "{a:{a:{}},b:{a:[{a:1},{a:2}]}}"},
    {VL_SPAN_LIT("\xef\xbb\xbf{\"bom\":true}"), "{bom:true}"},
    {VL_SPAN_LIT("[\"\\uFFFF\\uFDD0\"]"), "[\"\xef\xbf\xbf\xef\xb7\x90\"]"},
    {VL_SPAN_LIT("[\"/* no comment */\",\"// neither\"]"), "[\"/* no comment */\",\"// neither\"]"},
};

static const struct vl_span refused[] = {
    VL_SPAN_LIT(""),
    VL_SPAN_LIT(" "),
    VL_SPAN_LIT("\xef\xbb\xbf"),
    VL_SPAN_LIT("\xef\xbb\xbf\xef\xbb\xbf[]"),
    VL_SPAN_LIT("["),
    VL_SPAN_LIT("[1"),
    VL_SPAN_LIT("[1,"),
    VL_SPAN_LIT("[1,]"),
    VL_SPAN_LIT("[,1]"),
    VL_SPAN_LIT("[1,,2]"),
    VL_SPAN_LIT("[,]"),
    VL_SPAN_LIT("[1 2]"),
    VL_SPAN_LIT("[1]]"),
    VL_SPAN_LIT("[1}"),
    VL_SPAN_LIT("]"),
    VL_SPAN_LIT("{\"a\"}"),
    VL_SPAN_LIT("{\"a\":}"),
    VL_SPAN_LIT("{\"a\" 1}"),
    VL_SPAN_LIT("{\"a\":1,}"),
    VL_SPAN_LIT("{\"a\":1 \"b\":2}"),
    VL_SPAN_LIT("{a:1}"),
    VL_SPAN_LIT("{1:1}"),
    VL_SPAN_LIT("{'a':1}"),
    VL_SPAN_LIT("{\"a\":1}}"),
    VL_SPAN_LIT("{\"a\":1}{}"),
    VL_SPAN_LIT("{\"a\":1}#"),
    VL_SPAN_LIT("[] x"),
    VL_SPAN_LIT("[]\0"),
    VL_SPAN_LIT("1 2"),
    VL_SPAN_LIT("01"),
    VL_SPAN_LIT("-01"),
    VL_SPAN_LIT("+1"),
    VL_SPAN_LIT("-"),
    VL_SPAN_LIT(".5"),
    VL_SPAN_LIT("1."),
    VL_SPAN_LIT("1.e1"),
    VL_SPAN_LIT("1e"),
    VL_SPAN_LIT("1e+"),
    VL_SPAN_LIT("0x10"),
    VL_SPAN_LIT("1_000"),
    VL_SPAN_LIT("NaN"),
    VL_SPAN_LIT("Infinity"),
    VL_SPAN_LIT("-Infinity"),
    VL_SPAN_LIT("inf"),
    VL_SPAN_LIT("[-]"),
    VL_SPAN_LIT("[1a]"),
    VL_SPAN_LIT("\xef\xbc\x91"),
    VL_SPAN_LIT("True"),
    VL_SPAN_LIT("nul"),
    VL_SPAN_LIT("nulll"),
    VL_SPAN_LIT("undefined"),
    VL_SPAN_LIT("\""),
    VL_SPAN_LIT("\"\\\""),
    VL_SPAN_LIT("\"\\x41\""),
    VL_SPAN_LIT("\"\\a\""),
    VL_SPAN_LIT("\"\\u00G0\""),
    VL_SPAN_LIT("\"\\u004\""),
    VL_SPAN_LIT("\"\\U00000041\""),
    VL_SPAN_LIT("\"\n\""),
    VL_SPAN_LIT("\"\t\""),
    VL_SPAN_LIT("\"\0\""),
    VL_SPAN_LIT("\"\x1f\""),
    VL_SPAN_LIT("'a'"),
    VL_SPAN_LIT("\"\\uD800\""),
    VL_SPAN_LIT("\"\\uDC00\""),
    VL_SPAN_LIT("\"\\uD800\\u0041\""),
    VL_SPAN_LIT("\"\\uD800\\uD800\""),
    VL_SPAN_LIT("\"\xff\""),
    VL_SPAN_LIT("\"\xc3\""),
    VL_SPAN_LIT("\"\xc0\xaf\""),
    VL_SPAN_LIT("\"\xe0\x80\xaf\""),
    VL_SPAN_LIT("\"\xed\xa0\x80\""),
    VL_SPAN_LIT("\"\xf4\x90\x80\x80\""),
    VL_SPAN_LIT("\"\x80\""),
    VL_SPAN_LIT("{\"\xff\":1}"),
    VL_SPAN_LIT("[1,// c\n2]"),
    VL_SPAN_LIT("[/* c */]"),
    VL_SPAN_LIT("[\xc2\xa0]"),
    VL_SPAN_LIT("[\f]"),
    VL_SPAN_LIT("[\v]"),
    VL_SPAN_LIT("\xff\xfe[\0]\0"),
    VL_SPAN_LIT("\0[\0]"),
    VL_SPAN_LIT("[\xe2\x80\x8b]"),
    VL_SPAN_LIT("*"),
    VL_SPAN_LIT("<null>"),
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(accepted); i++) {
        assert_outline(accepted[i].text, VL_DOC_JSON, accepted[i].outline);
        assert_outline(accepted[i].text, VL_DOC_JSONC, accepted[i].outline);
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(refused); i++)
        assert_refused(refused[i], VL_DOC_JSON, VL_ERR_INVALID, "t:");
}

static void test_errors_tell_where(void **state)
{
    (void)state;
    assert_refused(VL_SPAN_LIT("{\n  \"a\": 1,\n  \"b\": tru\n}\n"), VL_DOC_JSON, VL_ERR_INVALID, "t:3:8");
    assert_refused(VL_SPAN_LIT("[1,\n2] x"), VL_DOC_JSON, VL_ERR_INVALID, "t:2:4");
}

static void test_comments(void **state)
{
    (void)state;
    static const struct vl_span text = VL_SPAN_LIT("// tsconfig\n"
                                                   "{ /* a \" [ */ \"a\": [1, 2, /**/], // tail }\n"
                                                   "  \"b\": {\"c\": \"// \\\" */\",},\n"
                                                   "}\n/* end */");
    assert_outline(text, VL_DOC_JSONC, "{a:[1,2],b:{c:\"// \" */\"}}");
    assert_refused(text, VL_DOC_JSON, VL_ERR_INVALID, "t:1:1");
    static const struct vl_span bad[] = {
        VL_SPAN_LIT("[1,,]"),
        VL_SPAN_LIT("[,]"),
        VL_SPAN_LIT("{,}"),
        VL_SPAN_LIT("[1] /* open"),
        VL_SPAN_LIT("[1] / x"),
        VL_SPAN_LIT("# no\n[1]"),
        VL_SPAN_LIT("[1] // \xff"),
        VL_SPAN_LIT("// only"),
        VL_SPAN_LIT("{a:1}"),
        VL_SPAN_LIT("['a']"),
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_refused(bad[i], VL_DOC_JSONC, VL_ERR_INVALID, NULL);
}

static void test_nul_in_strings(void **state)
{
    (void)state;
    struct vl_doc *doc = doc_of_text("{\"a\\u0000b\":\"c\\u0000\"}", VL_DOC_JSON);
    const struct vl_doc_node *m = vl_doc_get_span(vl_doc_root(doc), VL_SPAN_LIT("a\0b"));
    assert_true(vl_span_eq(vl_doc_span(m), VL_SPAN_LIT("c\0")));
    assert_null(vl_doc_get(vl_doc_root(doc), "a"));
    vl_doc_free(doc);
}

static void test_input_is_not_kept(void **state)
{
    (void)state;
    char text[] = "{\"key\":[\"value\",1.50,true]}";
    struct vl_doc *doc = doc_of_text(text, VL_DOC_JSON);
    memset(text, '#', sizeof(text) - 1);
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(doc), "key");
    assert_text(vl_doc_span(vl_doc_at(list, 0)), "value");
    assert_text(vl_doc_text(vl_doc_at(list, 1)), "1.50");
    assert_true(vl_doc_bool(vl_doc_at(list, 2)));
    vl_doc_free(doc);
}

struct stream {
    struct vl_buf out;
    size_t n, stop_at;
};

static int on_doc(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct stream *s = user;
    (void)err;
    vl_buf_printf(&s->out, "%u:%u ", vl_doc_line(vl_doc_root(doc)), vl_doc_column(vl_doc_root(doc)));
    doc_outline(vl_doc_root(doc), &s->out);
    vl_buf_append_char(&s->out, '\n');
    vl_doc_free(doc);
    return ++s->n == s->stop_at ? -ECANCELED : 0;
}

static int run_stream(
    struct stream *s, struct vl_span text, enum vl_doc_format format, size_t stop_at, struct vl_err *err)
{
    s->n = 0;
    s->stop_at = stop_at;
    vl_buf_init(&s->out, 1 << 20);
    return vl_doc_parse_stream(text, format, "t", on_doc, s, err);
}

static void test_streams(void **state)
{
    (void)state;
    static const struct {
        struct vl_span text;
        enum vl_doc_format format;
        const char *want;
    } rows[] = {
        {VL_SPAN_LIT(""), VL_DOC_JSON, ""},
        {VL_SPAN_LIT(" \n"), VL_DOC_JSON, ""},
        {VL_SPAN_LIT("{\"a\":1}\n{\"a\":2}\n\n[3]"), VL_DOC_JSON, "1:1 {a:1}\n2:1 {a:2}\n4:1 [3]\n"},
        {VL_SPAN_LIT("{\"}\":\"]{\\\"\"}{}[[]]\"x\"\"y\" 1 2\ntrue null"), VL_DOC_JSON,
            "1:1 {}:\"]{\"\"}\n1:13 {}\n1:15 [[]]\n1:19 \"x\"\n1:22 \"y\"\n1:26 1\n1:28 2\n2:1 true\n2:6 "
            "~\n"},
        {VL_SPAN_LIT("\xef\xbb\xbf{\n\"a\":\n1} [\n2]"), VL_DOC_JSON, "1:1 {a:1}\n3:4 [2]\n"},
        {VL_SPAN_LIT("// x\n{/*}*/} // {\n[1,] /* y */"), VL_DOC_JSONC, "2:1 {}\n3:1 [1]\n"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct stream s;
        if (run_stream(&s, rows[i].text, rows[i].format, 0, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(vl_buf_str(&s.out), rows[i].want);
        vl_buf_done(&s.out);
    }
}

static void test_stream_stops(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct stream s;
    assert_int_equal(run_stream(&s, VL_SPAN_LIT("1 2 3"), VL_DOC_JSON, 2, &err), -ECANCELED);
    assert_int_equal(s.n, 2);
    vl_buf_done(&s.out);
    static const struct {
        struct vl_span text;
        const char *message;
        size_t before;
    } rows[] = {
        {VL_SPAN_LIT("{}\n{\"a\":1,}\n"), "t:2:", 1},
        {VL_SPAN_LIT("{}\n  {\"a\":1,\"a\":2}\n"), "t:2:10: duplicate", 1},
        {VL_SPAN_LIT("{}}"), "t:1:3", 1},
        {VL_SPAN_LIT("truefalse"), "t:1:", 0},
        {VL_SPAN_LIT("1,2"), "t:1:2", 0},
        {VL_SPAN_LIT("[1] \"open"), "t:1:", 1},
        {VL_SPAN_LIT("{\"a\": [}"), "t:1:8", 0},
        {VL_SPAN_LIT("1\xff"), "t:1:2", 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_true(run_stream(&s, rows[i].text, VL_DOC_JSON, 0, &err) < 0);
        if (!strstr(err.msg, rows[i].message) || s.n != rows[i].before)
            fail_msg("%zu: %s", s.n, err.msg);
        vl_buf_done(&s.out);
    }
}

static void on_damaged(const struct vl_err *why, void *user)
{
    struct stream *s = user;
    const char *rest = strchr(why->msg + 2, ':'); /* "t:LINE:COLUMN…": which words follow is the parser's */
    vl_buf_printf(&s->out, "line %.*s is damaged\n", (int)(rest ? rest - why->msg - 2 : 0), why->msg + 2);
}

static int run_damaged(struct stream *s, struct vl_span text, struct vl_err *err)
{
    const struct vl_doc_json_reader reader = {
        .name = "t", .first_line = 10, .each = on_doc, .damaged = on_damaged, .user = s};
    s->n = s->stop_at = 0;
    vl_buf_init(&s->out, 1 << 24);
    return vl_doc_parse_json_documents(text, &reader, err);
}

static void test_damaged_streams(void **state)
{
    (void)state;
    static const struct {
        struct vl_span text;
        const char *want;
    } rows[] = {
        {VL_SPAN_LIT("{}\n\n[1]"), "10:1 {}\n12:1 [1]\n"},
        /* well formed, but not allowed: it has an end, and what follows on its line is read */
        {VL_SPAN_LIT("{\"a\":1,\n\"a\":2} {}\n[]"), "line 11 is damaged\n11:8 {}\n12:1 []\n"},
        /* no end that could be known: the next line that begins so */
        {VL_SPAN_LIT("{\"a\":\n}\n {}\n[2]\n"), "line 11 is damaged\n13:1 [2]\n"},
        {VL_SPAN_LIT("{\n{\"a\":1}\n{\"b\":1}"), "line 11 is damaged\n12:1 {b:1}\n"},
        {VL_SPAN_LIT("[1,\n2"), "line 11 is damaged\n"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct stream s;
        if (run_damaged(&s, rows[i].text, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(vl_buf_str(&s.out), rows[i].want);
        vl_buf_done(&s.out);
    }
}

/* Each of these has no end, and would be looked for in all that follows. */
static void test_damage_is_bounded(void **state)
{
    (void)state;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    struct stream s;
    vl_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < 100000; i++)
        vl_buf_append_str(&text, "{\n");
    assert_true(run_damaged(&s, vl_buf_span(&text), &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "t:"));
    assert_non_null(strstr(err.msg, "not read"));
    vl_buf_done(&s.out);
}

/* Whole numbers as a double has them: RFC 8259 6 names 2^53. */
static void test_whole(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t want; /* 0: none */
    } rows[] = {{"42.0", 42}, {"1e3", 1000}, {"-7.0", -7}, {"9007199254740991.0", 9007199254740991},
        {"9007199254740992.0", 0}, {"1.5", 0}, {"1e300", 0}, {"42", 0}, {"\"42.0\"", 0}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        int64_t got = 0;
        assert_int_equal(vl_doc_parse(vl_span_str(rows[i].json), VL_DOC_JSON, "t", &doc, &err), 0);
        assert_true(vl_doc_whole(vl_doc_root(doc), &got) == (rows[i].want != 0));
        assert_int_equal(got, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_errors_tell_where),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_nul_in_strings),
        cmocka_unit_test(test_input_is_not_kept),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_stream_stops),
        cmocka_unit_test(test_damaged_streams),
        cmocka_unit_test(test_damage_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
