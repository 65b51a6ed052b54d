#include "doc_test.h"

#include <stdio.h>

/* The constructs of the TOML 1.0.0 specification, section by section. */
static const struct {
    const char *text, *outline;
} rows[] = {
    {"", "{}"},
    {"# comment\nkey = \"value\" # end\n", "{key:\"value\"}"},
    {"another = \"# no comment\"", "{another:\"# no comment\"}"},
    /* keys */
    {"bare_key = 1\nbare-key = 2\n1234 = 3\n", "{bare_key:1,bare-key:2,1234:3}"},
    {"\"127.0.0.1\" = 1\n'quoted \"x\"' = 2\n\"\" = 3\n\"\\u00e9\" = 4\n",
        "{127.0.0.1:1,quoted \"x\":2,:3,\xc3\xa9:4}"},
    {"physical.color = \"orange\"\nphysical . shape = \"round\"\nsite.\"google.com\" = true\n",
        "{physical:{color:\"orange\",shape:\"round\"},site:{google.com:true}}"},
    {"3.14159 = \"pi\"", "{3:{14159:\"pi\"}}"},
    {"fruit.apple.smooth = true\nfruit.orange = 2\n", "{fruit:{apple:{smooth:true},orange:2}}"},
    /* strings */
    {"s = \"\\b\\t\\n\\f\\r\\\"\\\\\\u0041\\U0001F600\"", "{s:\"\b\t\n\f\r\"\\A\xf0\x9f\x98\x80\"}"},
    {"s = \"\"\"\nRoses\nViolets\"\"\"", "{s:\"Roses\nViolets\"}"},
    {"s = \"\"\"\\\n   The quick \\\n\n   fox.\\\n   \"\"\"", "{s:\"The quick fox.\"}"},
    {"s = \"\"\"Two: \"\". Three: \"\"\\\".\"\"\"", "{s:\"Two: \"\". Three: \"\"\".\"}"},
    {"s = \"\"\"\"quoted\"\"\"\"", "{s:\"\"quoted\"\"}"},
    {"w = 'C:\\Users\\n'\nq = '''I [dw]on't\n'''\n", "{w:\"C:\\Users\\n\",q:\"I [dw]on't\n\"}"},
    {"s = ''''That's''''", "{s:\"'That's'\"}"},
    /* numbers */
    {"i = [+99, 42, 0, -17, 1_000, 5_349_221]", "{i:[+99,42,0,-17,1_000,5_349_221]}"},
    {"h = [0xDEADBEEF, 0xdead_beef, 0o755, 0b11010110]", "{h:[0xDEADBEEF,0xdead_beef,0o755,0b11010110]}"},
    {"m = [9223372036854775807, -9223372036854775808]", "{m:[9223372036854775807,-9223372036854775808]}"},
    {"f = [+1.0, 3.1415, -0.01, 5e+22, 1e06, -2E-2, 6.626e-34, 224_617.445_991, 1.10]",
        "{f:[+1.0,3.1415,-0.01,5e+22,1e06,-2E-2,6.626e-34,224_617.445_991,1.10]}"},
    {"s = [inf, +inf, -inf, nan, +nan, -nan, -0.0]", "{s:[inf,+inf,-inf,nan,+nan,-nan,-0.0]}"},
    {"t = true\nf = false", "{t:true,f:false}"},
    /* dates are strings, as written */
    {"d = [1979-05-27T07:32:00Z, 1979-05-27T00:32:00.999999-07:00, 1979-05-27 07:32:00Z]",
        "{d:[\"1979-05-27T07:32:00Z\",\"1979-05-27T00:32:00.999999-07:00\",\"1979-05-27 07:32:00Z\"]}"},
    {"d = [1979-05-27T07:32:00, 1979-05-27, 07:32:00, 00:32:00.999999]",
        "{d:[\"1979-05-27T07:32:00\",\"1979-05-27\",\"07:32:00\",\"00:32:00.999999\"]}"},
    /* arrays */
    {"a = [ [ 1, 2 ], [\"a\", 'b', \"\"\"c\"\"\"] ]", "{a:[[1,2],[\"a\",\"b\",\"c\"]]}"},
    {"a = [\n  1, # one\n  2.5,\n\n  { x = 1, y.z = 2 },\n]", "{a:[1,2.5,{x:1,y:{z:2}}]}"},
    {"a = []\nb = [[]]\n", "{a:[],b:[[]]}"},
    /* tables */
    {"[table-1]\nkey1 = 1\n\n[table-2]\nkey1 = 2\n[empty]\n", "{table-1:{key1:1},table-2:{key1:2},empty:{}}"},
    {"[dog.\"tater.man\"]\ntype.name = \"pug\"\n", "{dog:{tater.man:{type:{name:\"pug\"}}}}"},
    {"[x.y.z.w]\n[x]\na = 1\n", "{x:{y:{z:{w:{}}},a:1}}"},
    {"[ j . \"\xca\x9e\" . 'l' ]\n", "{j:{\xca\x9e:{l:{}}}}"},
    {"[b]\nz = 1\na = 2\n[a]\n", "{b:{z:1,a:2},a:{}}"},
    /* inline tables */
    {"name = { first = \"Tom\", last = \"P\" }\np = {}\nt = { a.b = 1 }\n",
        "{name:{first:\"Tom\",last:\"P\"},p:{},t:{a:{b:1}}}"},
    /* arrays of tables */
    {"[[p]]\nname = \"H\"\n[[p]]\n[[p]]\nname = \"N\"\n", "{p:[{name:\"H\"},{},{name:\"N\"}]}"},
    {"[[f]]\nn = \"a\"\n[f.physical]\nc = \"red\"\n[[f.v]]\nn = \"x\"\n[[f.v]]\nn = \"y\"\n[[f]]\nn = "
     "\"b\"\n",
        "{f:[{n:\"a\",physical:{c:\"red\"},v:[{n:\"x\"},{n:\"y\"}]},{n:\"b\"}]}"},
    {"a = 1\r\n[b]\r\nc = '''x\r\ny'''\r\n", "{a:1,b:{c:\"x\ny\"}}"},
    {"\xef\xbb\xbf"
     "a = 1",
        "{a:1}"},
};

static void test_specification(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        assert_outline(vl_span_str(rows[i].text), VL_DOC_TOML, rows[i].outline);
}

/* What the specification marks as INVALID. */
static void test_refused(void **state)
{
    (void)state;
    static const struct vl_span bad[] = {
        VL_SPAN_LIT("key ="),
        VL_SPAN_LIT("key"),
        VL_SPAN_LIT("= 1"),
        VL_SPAN_LIT("first = \"Tom\" last = \"P\""),
        VL_SPAN_LIT("name = 1\nname = 2"),
        VL_SPAN_LIT("spelling = 1\n\"spelling\" = 2"),
        VL_SPAN_LIT("fruit.apple = 1\nfruit.apple.smooth = true"),
        VL_SPAN_LIT("[fruit]\napple = 1\n[fruit]\norange = 2"),
        VL_SPAN_LIT("[fruit]\napple = 1\n[fruit.apple]\ntexture = 2"),
        VL_SPAN_LIT("[fruit]\napple.color = 1\n[fruit.apple]"),
        VL_SPAN_LIT("[product]\ntype = { name = 1 }\ntype.edible = false"),
        VL_SPAN_LIT("t = { a = 1, a = 2 }"),
        VL_SPAN_LIT("t = { a = 1, }"),
        VL_SPAN_LIT("t = { a = 1\n}"),
        VL_SPAN_LIT("[fruit.physical]\n[[fruit]]\n"),
        VL_SPAN_LIT("fruits = []\n[[fruits]]"),
        VL_SPAN_LIT("[a.]"),
        VL_SPAN_LIT("[a..b]"),
        VL_SPAN_LIT("[]"),
        VL_SPAN_LIT("[a"),
        VL_SPAN_LIT("a = [1"),
        VL_SPAN_LIT("a = [1 2]"),
        VL_SPAN_LIT("a = \"open"),
        VL_SPAN_LIT("a = \"new\nline\""),
        VL_SPAN_LIT("a = \"\\x41\""),
        VL_SPAN_LIT("a = \"\\ud800\""),
        VL_SPAN_LIT("a = \"\\U00110000\""),
        VL_SPAN_LIT("a = 'open"),
        VL_SPAN_LIT("a = '''open"),
        VL_SPAN_LIT("a = 01"),
        VL_SPAN_LIT("a = 1__0"),
        VL_SPAN_LIT("a = _1"),
        VL_SPAN_LIT("a = 1_"),
        VL_SPAN_LIT("a = .7"),
        VL_SPAN_LIT("a = 7."),
        VL_SPAN_LIT("a = 3.e+20"),
        VL_SPAN_LIT("a = +0x1"),
        VL_SPAN_LIT("a = 9223372036854775808"),
        VL_SPAN_LIT("a = True"),
        VL_SPAN_LIT("a = 2021-02-30"),
        VL_SPAN_LIT("a = 25:00:00"),
        VL_SPAN_LIT("a = 1 # \x01"),
        VL_SPAN_LIT("a = \"\0\""),
        VL_SPAN_LIT("a = \"\xff\""),
        VL_SPAN_LIT("\xc3\xa9 = 1"),
        VL_SPAN_LIT("a.\nb = 1"),
        VL_SPAN_LIT("a = 1\x00"),
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_refused(bad[i], VL_DOC_TOML, VL_ERR_INVALID, "t:");
}

static void test_places(void **state)
{
    (void)state;
    struct vl_doc *doc =
        doc_of_text("# \xc3\xa9\ntitle = \"x\"\n[a.b]\n  k = [1, 22,\n    {\"\xc3\xa9\" = 3, z = 4}]\n"
                    "[[list]]\nn = 1\n[[list]]\n",
            VL_DOC_TOML);
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_place(vl_doc_get(root, "title"), 2, 1);
    const struct vl_doc_node *k = vl_doc_get(vl_doc_get(vl_doc_get(root, "a"), "b"), "k");
    assert_place(k, 4, 3);
    assert_place(vl_doc_at(k, 1), 4, 11);
    assert_place(vl_doc_get(vl_doc_at(k, 2), "z"), 5, 15);
    assert_int_equal(vl_doc_line(vl_doc_at(vl_doc_get(root, "list"), 1)), 8);
    vl_doc_free(doc);
    assert_refused(VL_SPAN_LIT("a = 1\nb = \xc3\xa9\n"), VL_DOC_TOML, VL_ERR_INVALID, "t:2:5");
}

/* As written, also far behind characters of several bytes. */
static void test_texts_on_long_lines(void **state)
{
    (void)state;
    struct vl_buf text;
    vl_buf_init(&text, 1 << 20);
    vl_buf_append_str(&text, "s = '\xe2\x82\xac'\na = [");
    for (int i = 0; i < 2000; i++)
        vl_buf_printf(&text, "'\xc3\xa9\xf0\x9f\x98\x80', %d.%02d0, 0x%x, ", i, i % 100, (unsigned)i);
    vl_buf_append_str(&text, "]\n");
    struct vl_doc *doc = doc_of_span(vl_buf_span(&text), VL_DOC_TOML);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), "a"));
    for (int i = 0; i < 2000; i++) {
        char want[32];
        assert_text(vl_doc_span(n), "\xc3\xa9\xf0\x9f\x98\x80");
        n = vl_doc_next(n);
        snprintf(want, sizeof(want), "%d.%02d0", i, i % 100);
        assert_text(vl_doc_text(n), want);
        n = vl_doc_next(n);
        snprintf(want, sizeof(want), "0x%x", (unsigned)i);
        assert_text(vl_doc_text(n), want);
        assert_int(n, i);
        n = vl_doc_next(n);
    }
    vl_doc_free(doc);
    vl_buf_done(&text);
}

static void check_nested(const char *begin, const char *repeat, const char *end, int n, bool fine)
{
    struct vl_buf text;
    vl_buf_init(&text, 16 << 20);
    vl_buf_append_str(&text, begin);
    for (int i = 0; i < n; i++)
        vl_buf_append_str(&text, repeat);
    vl_buf_append_str(&text, end);
    if (fine)
        vl_doc_free(doc_of_span(vl_buf_span(&text), VL_DOC_TOML));
    else
        assert_refused(vl_buf_span(&text), VL_DOC_TOML, VL_ERR_LIMIT, "nested deeper");
    vl_buf_done(&text);
}

/* Every way to nest counts, before the recursive parser sees it. */
static void test_nesting(void **state)
{
    (void)state;
    check_nested("a", ".a", " = 1", VL_DOC_DEPTH_MAX - 1, true);
    check_nested("a", ".a", " = 1", VL_DOC_DEPTH_MAX + 1, false);
    check_nested("a", ".a", " = 1", 1000000, false);
    check_nested("[a", ".a", "]", 1000000, false);
    check_nested("[[a", ".a", "]]", 1000000, false);
    check_nested("a = ", "{a = ", "1", 1000000, false);
    check_nested("a = ", "{a.b.c.d.e.f = ", "1", 100, false);
    check_nested("a = ", "[{a = ", "1", 100, false);
    check_nested("[a.b.c]\na", ".a", " = 1", VL_DOC_DEPTH_MAX - 2, false);
    /* … and nothing that only looks like it. */
    check_nested("a = [", "1.5, ", "]", 10000, true);
    check_nested("a = '", "[{.", "'", 10000, true);
    check_nested("a = \"", "[\\\".", "\"", 10000, true);
    check_nested("a = \"\"\"", "\n[[\"\" = {.", "\"\"\"", 10000, true);
    check_nested("# ", "[{.", "\na = 1", 10000, true);
    check_nested("a = [", "{a.b = 1}, ", "]", 10000, true);
    check_nested("", "[[a.b.c]]\nk.l = [{x.y = 1}]\n", "", 1000, true);
}

static void test_many_values(void **state)
{
    (void)state;
    struct vl_buf text;
    vl_buf_init(&text, 16 << 20);
    vl_buf_append_str(&text, "a = [");
    for (int i = 0; i < 4000001; i++)
        vl_buf_append_str(&text, "1,");
    vl_buf_append_str(&text, "]");
    assert_refused(vl_buf_span(&text), VL_DOC_TOML, VL_ERR_LIMIT, "more than 4000000 values");
    vl_buf_done(&text);
    assert_refused((struct vl_span){"", 64UL * 1024 * 1024 + 1}, VL_DOC_TOML, VL_ERR_LIMIT, "67108864 bytes");
}

static int on_doc(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)err;
    *(size_t *)user = vl_doc_size(vl_doc_root(doc));
    vl_doc_free(doc);
    return 0;
}

static void test_stream_is_one_document(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    size_t n = 0;
    assert_int_equal(vl_doc_parse_stream(VL_SPAN_LIT("a = 1\nb = 2"), VL_DOC_TOML, "t", on_doc, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_true(vl_doc_parse_stream(VL_SPAN_LIT("a"), VL_DOC_TOML, "t", on_doc, &n, &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_texts_on_long_lines),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_stream_is_one_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
