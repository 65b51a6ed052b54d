#include "doc_test.h"

#include <errno.h>
#include <stdio.h>

/* One row for each construct of the YAML 1.2 specification, chapters 2 and 6 to 8, in own words. */
static const struct {
    const char *text, *outline;
} rows[] = {
    /* 2.1 to 2.6: collections */
    {"- Mark\n- Sammy\n- Ken\n", "[\"Mark\",\"Sammy\",\"Ken\"]"},
    {"hr:  65 # home runs\navg: 0.278\nrbi: 147\n", "{hr:65,avg:0.278,rbi:147}"},
    {"a:\n  - x\n  - y\nb:\n- z\n", "{a:[\"x\",\"y\"],b:[\"z\"]}"},
    {"-\n  name: M\n  hr: 65\n-\n  name: S\n", "[{name:\"M\",hr:65},{name:\"S\"}]"},
    {"- [name, hr]\n- [M, 65,]\n", "[[\"name\",\"hr\"],[\"M\",65]]"},
    {"M: {hr: 65, avg: 0.278}\nS: {\n  hr: 63,\n}\n", "{M:{hr:65,avg:0.278},S:{hr:63}}"},
    {"[a: 1, {b: 2}]", "[{a:1},{b:2}]"},
    {"- - a\n  - b\n- - c\n", "[[\"a\",\"b\"],[\"c\"]]"},
    /* 2.7: only the first document */
    {"---\n- a\n---\n- b\n", "[\"a\"]"},
    {"%YAML 1.2\n---\na: 1\n...\n", "{a:1}"},
    /* 2.10: anchors and aliases */
    {"hr:\n  - M\n  # nickname\n  - &SS S S\nrbi:\n  - *SS\n  - K\n",
        "{hr:[\"M\",\"S S\"],rbi:[\"S S\",\"K\"]}"},
    {"a: &x {k: [1, {z: ~}]}\nb: *x\n", "{a:{k:[1,{z:~}]},b:{k:[1,{z:~}]}}"},
    {"&a a: &b b\n*b : *a\n", "{a:\"b\",b:\"a\"}"},
    {"- &a x\n- *a\n- &a y\n- *a\n", "[\"x\",\"x\",\"y\",\"y\"]"},
    {"a: &x []\nb: *x\nc: &y\nd: *y\n", "{a:[],b:[],c:~,d:~}"},
    /* 2.11: explicit keys */
    {"? a\n: 1\n? b\n", "{a:1,b:~}"},
    {"? |\n  k\n: - one\n", "{k\n:[\"one\"]}"},
    /* 2.13 to 2.18: block and flow scalars */
    {"--- |\n  \\//||\\/||\n  // ||  ||__\n", "\"\\//||\\/||\n// ||  ||__\n\""},
    {"--- >\n  folded\n  text\n\n  next\n", "\"folded text\nnext\n\""},
    {">\n a\n\n   more\n   indented\n\n b\n", "\"a\n\n  more\n  indented\n\nb\n\""},
    {"a: |-\n  x\nb: |+\n  y\n\nc: >2\n   z\n", "{a:\"x\",b:\"y\n\n\",c:\" z\n\"}"},
    {"plain:\n  spans\n  lines\nquoted: \"so does\n  this\\n\"\n",
        "{plain:\"spans lines\",quoted:\"so does this\n\"}"},
    {"unicode: \"\\u263A\"\ncontrol: \"\\b1998\\t1999\\n\"\nhex: \"\\x0d\\x0a\"\n",
        "{unicode:\"\xe2\x98\xba\",control:\"\b1998\t1999\n\",hex:\"\r\n\"}"},
    {"single: '\"Howdy!\" he cried.'\nquoted: ' # Not a ''comment''.'\n",
        "{single:\"\"Howdy!\" he cried.\",quoted:\" # Not a 'comment'.\"}"},
    {"\"\\e\\a\\v\\_\\N\\U0001F600\\/\"", "\"\x1b\a\v\xc2\xa0\xc2\x85\xf0\x9f\x98\x80/\""},
    /* 2.19 to 2.21: the core schema */
    {"[12345, +12345, 0o14, 0xC, 012]", "[12345,+12345,0o14,0xC,012]"},
    {"[1.23015e+3, 12.3015e+02, -.inf, .NaN, 685.230_15]",
        "[1.23015e+3,12.3015e+02,-.inf,.NaN,\"685.230_15\"]"},
    {"[null, Null, NULL, ~, nUll, '~']", "[~,~,~,~,\"nUll\",\"~\"]"},
    {"[true, True, TRUE, false, False, FALSE, tRUE]", "[true,true,true,false,false,false,\"tRUE\"]"},
    {"[yes, no, on, off, y, n]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\"]"},
    {"['1', \"true\", '', !!str 1]", "[\"1\",\"true\",\"\",\"1\"]"},
    {"[0x, 0o8, 0b1, -0x1, 1_000, 190:20:30, 1e, ., +, -, .e1]",
        "[\"0x\",\"0o8\",\"0b1\",\"-0x1\",\"1_000\",\"190:20:30\",\"1e\",\".\",\"+\",\"-\",\".e1\"]"},
    {"[2001-12-14, 2001-12-14t21:59:43.10-05:00]", "[\"2001-12-14\",\"2001-12-14t21:59:43.10-05:00\"]"},
    {"[1.10, 1.10.0, v1.10]", "[1.10,\"1.10.0\",\"v1.10\"]"},
    {"- \n- a:\n-\n", "[~,{a:~},~]"},
    /* 2.23 and on: tags */
    {"not-date: !!str 2002-04-28\npicture: !!binary |\n R0lG\nown: !something 12\n",
        "{not-date:\"2002-04-28\",picture:\"R0lG\n\",own:\"12\"}"},
    {"[!!int 1, !!int '0x1F', !!float 1, !!bool true, !!null ~, !!null '']", "[1,0x1F,1,true,~,~]"},
    {"a: ! 12\nb: !<tag:yaml.org,2002:str> 1\n", "{a:\"12\",b:\"1\"}"},
    {"%TAG !e! tag:example.com,2000:\n---\n!e!x\n- 1\n", "[1]"},
    {"--- !!set\n? a\n? b\n", "{a:~,b:~}"},
    {"--- !!omap\n- a: 1\n- b: 2\n", "[{a:1},{b:2}]"},
    /* keys are texts */
    {"1: a\ntrue: b\n~: c\n1.0: d\n", "{1:\"a\",true:\"b\",~:\"c\",1.0:\"d\"}"},
    /* the edges of plain scalars */
    {"a: b:c\nd: e#f\nurl: http://x/y?z=#1\n", "{a:\"b:c\",d:\"e#f\",url:\"http://x/y?z=#1\"}"},
    {"{\"a\":1,\"b\":[]}", "{a:1,b:[]}"},
    {"\xef\xbb\xbf"
     "a: 1\n",
        "{a:1}"},
    {"", "~"},
    {"# only a comment\n", "~"},
    {"---\n...\n", "~"},
    {"a: 1\r\nb: 2\r\n", "{a:1,b:2}"},
};

static void test_specification(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        assert_outline(vl_span_str(rows[i].text), VL_DOC_YAML, rows[i].outline);
}

/* https://yaml.org/type/merge.html: the own key wins, then the earlier mapping of the list. */
static void test_merge(void **state)
{
    (void)state;
    static const struct {
        const char *text, *outline;
    } merges[] = {
        {"- &C {x: 1, y: 2}\n- &L {x: 0, y: 2}\n- &B {r: 10}\n- &S {r: 1}\n"
         "-\n  x: 1\n  y: 2\n  r: 10\n"
         "-\n  <<: *C\n  r: 10\n"
         "-\n  <<: [*C, *B]\n"
         "-\n  <<: [*B, *L, *S]\n  x: 1\n",
            "[{x:1,y:2},{x:0,y:2},{r:10},{r:1},{x:1,y:2,r:10},{r:10,x:1,y:2},{x:1,y:2,r:10},{x:1,r:10,y:2}]"},
        {"a: &a {k: {n: [1]}}\nb:\n  <<: *a\n  k: own\nc: {<<: *a}\n",
            "{a:{k:{n:[1]}},b:{k:\"own\"},c:{k:{n:[1]}}}"},
        {"x: {<<: {i: 1, j: 2}, j: 3}", "{x:{j:3,i:1}}"},
        {"x: {j: 3, <<: [{i: 1, j: 2}, {i: 9, k: 4}]}", "{x:{j:3,i:1,k:4}}"},
        {"a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, z: 3}\n", "{a:{x:1},b:{y:2,x:1},c:{z:3,y:2,x:1}}"},
        {"<<: []\na: 1\n", "{a:1}"},
        {"<<: {}\n", "{}"},
        {"\"<<\": 1\n", "{<<:1}"},
        {"!!str <<: 1\n", "{<<:1}"},
        {"!!merge <<: {a: 1}\n", "{a:1}"},
        {"- <<\n", "[\"<<\"]"},
        {"a: &a {x: 1}\nl:\n- <<: *a\n- <<: *a\n", "{a:{x:1},l:[{x:1},{x:1}]}"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(merges); i++)
        assert_outline(vl_span_str(merges[i].text), VL_DOC_YAML, merges[i].outline);
    assert_refused(VL_SPAN_LIT("<<: 1\n"), VL_DOC_YAML, VL_ERR_INVALID, "t:1:1: \"<<\" wants");
    assert_refused(VL_SPAN_LIT("a: 1\n<<: [{b: 1}, 2]\n"), VL_DOC_YAML, VL_ERR_INVALID, "wants");
    assert_refused(VL_SPAN_LIT("<<:\n"), VL_DOC_YAML, VL_ERR_INVALID, "wants");
    assert_refused(
        VL_SPAN_LIT("<<: {a: 1}\n<<: {b: 1}\n"), VL_DOC_YAML, VL_ERR_INVALID, "duplicate key \"<<\"");
    assert_refused(VL_SPAN_LIT("a: &a\n  <<: *a\n"), VL_DOC_YAML, VL_ERR_INVALID, "alias inside");
}

/* An object that a merge makes large enough for an index, and shows no merge entry. */
static void test_merge_into_many(void **state)
{
    (void)state;
    struct vl_buf text;
    vl_buf_init(&text, 1 << 20);
    vl_buf_append_str(&text, "base: &b\n");
    for (int i = 0; i < 200; i++)
        vl_buf_printf(&text, "  k%d: %d\n", i, i);
    vl_buf_append_str(&text, "all:\n  <<: *b\n  k5: own\n  z: 1\n");
    struct vl_doc *doc = doc_of_span(vl_buf_span(&text), VL_DOC_YAML);
    const struct vl_doc_node *all = vl_doc_get(vl_doc_root(doc), "all");
    assert_int_equal(vl_doc_size(all), 201);
    assert_null(vl_doc_get(all, "<<"));
    assert_text(vl_doc_get_str(all, "k5"), "own");
    assert_int(vl_doc_get(all, "k199"), 199);
    size_t n = 0;
    for (const struct vl_doc_node *m = vl_doc_first(all); m; m = vl_doc_next(m))
        n++;
    assert_int_equal(n, 201);
    vl_doc_free(doc);
    vl_buf_done(&text);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct vl_span text;
        enum vl_err_code code;
        const char *message;
    } bad[] = {
        {VL_SPAN_LIT("a: 1\n b: 2\n"), VL_ERR_INVALID, "t:2:3"},
        {VL_SPAN_LIT("a: [1, 2\n"), VL_ERR_INVALID, "t:2:1"},
        {VL_SPAN_LIT("a: 'open\n"), VL_ERR_INVALID, "t:2:1"},
        {VL_SPAN_LIT("a:\n\t- b\n"), VL_ERR_INVALID, "t:2:1"},
        {VL_SPAN_LIT("a: \"\\q\"\n"), VL_ERR_INVALID, "t:1:"},
        {VL_SPAN_LIT("a: *nobody\n"), VL_ERR_INVALID, "t:1:4: an alias without its anchor"},
        {VL_SPAN_LIT("a: &a [*a]\n"), VL_ERR_INVALID, "t:1:8: an alias inside"},
        {VL_SPAN_LIT("&a [{b: [*a]}]\n"), VL_ERR_INVALID, "an alias inside"},
        {VL_SPAN_LIT("[1]: a\n"), VL_ERR_UNSUPPORTED, "t:1:1: a key that is no scalar"},
        {VL_SPAN_LIT("? {a: 1}\n: b\n"), VL_ERR_UNSUPPORTED, "no scalar"},
        {VL_SPAN_LIT("a: &x [1]\n*x : b\n"), VL_ERR_UNSUPPORTED, "no scalar"},
        {VL_SPAN_LIT("a: !!int x\n"), VL_ERR_INVALID, "tag"},
        {VL_SPAN_LIT("a: !!int 1.5\n"), VL_ERR_INVALID, "tag"},
        {VL_SPAN_LIT("a: !!bool 1\n"), VL_ERR_INVALID, "tag"},
        {VL_SPAN_LIT("a: !!null x\n"), VL_ERR_INVALID, "tag"},
        {VL_SPAN_LIT("a: !!float x\n"), VL_ERR_INVALID, "tag"},
        {VL_SPAN_LIT("a: !e!x 1\n"), VL_ERR_INVALID, "t:1:4"},
        {VL_SPAN_LIT("a: \xff\n"), VL_ERR_INVALID, "not UTF-8"},
        {VL_SPAN_LIT("\xff\xfe"
                     "a\0:\0"),
            VL_ERR_INVALID, "not UTF-8"},
        {VL_SPAN_LIT("a: \x01\n"), VL_ERR_INVALID, "t:1:"},
        {VL_SPAN_LIT("a: \0\n"), VL_ERR_INVALID, "t:1:"},
        {VL_SPAN_LIT("%YAML 3.0\n---\na\n"), VL_ERR_INVALID, "t:1:1"},
        {VL_SPAN_LIT("@a: 1\n"), VL_ERR_INVALID, "t:1:1"},
        {VL_SPAN_LIT("x: {a: 1, b: 2, a: 3}\n"), VL_ERR_INVALID, "t:1:17: duplicate key \"a\""},
        {VL_SPAN_LIT("1: a\n'1': b\n"), VL_ERR_INVALID, "t:2:1: duplicate key \"1\""},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_refused(bad[i].text, VL_DOC_YAML, bad[i].code, bad[i].message);
}

static void test_places(void **state)
{
    (void)state;
    struct vl_doc *doc =
        doc_of_text("# c\nkey: value\n\xc3\xa9: [a, {b: c}]\nl:\n  - x\n  - y: 1\n", VL_DOC_YAML);
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_place(root, 2, 1);
    assert_place(vl_doc_get(root, "key"), 2, 1);
    const struct vl_doc_node *e = vl_doc_get(root, "\xc3\xa9");
    assert_place(vl_doc_at(e, 0), 3, 5);
    assert_place(vl_doc_at(e, 1), 3, 8);
    assert_place(vl_doc_get(vl_doc_at(e, 1), "b"), 3, 9);
    assert_place(vl_doc_get(vl_doc_at(vl_doc_get(root, "l"), 1), "y"), 6, 5);
    vl_doc_free(doc);
}

/* Ten times ten times … : 10^9 nodes of a few hundred bytes. */
static void test_billion_laughs(void **state)
{
    (void)state;
    struct vl_buf text;
    vl_buf_init(&text, 1 << 20);
    vl_buf_append_str(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 9; i++) {
        vl_buf_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            vl_buf_printf(&text, "%s*a%d", k ? "," : "", i - 1);
        vl_buf_append_str(&text, "]\n");
    }
    assert_refused(vl_buf_span(&text), VL_DOC_YAML, VL_ERR_LIMIT, "aliases add more than 100000 nodes");
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "- &a x\n");
    for (int i = 0; i <= VL_DOC_ALIAS_MAX; i++)
        vl_buf_append_str(&text, "- *a\n");
    assert_refused(vl_buf_span(&text), VL_DOC_YAML, VL_ERR_LIMIT, "too many aliases");
    vl_buf_done(&text);
}

/* Aliases cannot be stacked to more depth than brackets. */
static void test_depth_by_aliases(void **state)
{
    (void)state;
    struct vl_buf text;
    vl_buf_init(&text, 1 << 20);
    vl_buf_append_str(&text, "a0: &a0 [x]\n");
    for (int i = 1; i < VL_DOC_DEPTH_MAX + 2; i++)
        vl_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_refused(vl_buf_span(&text), VL_DOC_YAML, VL_ERR_LIMIT, "nested deeper");
    vl_buf_done(&text);
}

struct stream {
    struct vl_buf out;
    int stop_at;
};

static int on_doc(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct stream *s = user;
    (void)err;
    doc_outline(vl_doc_root(doc), &s->out);
    vl_buf_append_char(&s->out, ';');
    vl_doc_free(doc);
    return --s->stop_at == 0 ? -ECANCELED : 0;
}

static void test_streams(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        int stop_at, result;
    } streams[] = {
        {"", "", 0, 0},
        {"a: 1\n", "{a:1};", 0, 0},
        {"---\na: &x 1\n---\n- b\n...\n---\n...\n", "{a:1};[\"b\"];~;", 0, 0},
        {"a\n---\nb\n---\nc\n", "\"a\";\"b\";", 2, -ECANCELED},
        {"a: &x 1\n---\nb: *x\n", "{a:1};", 0, -EINVAL},
        {"a\n---\nb: [\n", "\"a\";", 0, -EINVAL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(streams); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct stream s = {.stop_at = streams[i].stop_at};
        vl_buf_init(&s.out, 4096);
        assert_int_equal(
            vl_doc_parse_stream(vl_span_str(streams[i].text), VL_DOC_YAML, "t", on_doc, &s, &err),
            streams[i].result);
        assert_string_equal(vl_buf_str(&s.out), streams[i].want);
        vl_buf_done(&s.out);
    }
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_doc_parse_stream(VL_SPAN_LIT("\xff"), VL_DOC_YAML, "t", on_doc, NULL, &err) < 0);
}

/* What go.yaml.in/yaml v2 gives for the same texts, by way of JSON. */
static void test_kubernetes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vl_doc_type type;
        const char *value;
    } values[] = {{"yes", VL_DOC_BOOL, "true"}, {"On", VL_DOC_BOOL, "true"}, {"y", VL_DOC_BOOL, "true"},
        {"no", VL_DOC_BOOL, "false"}, {"OFF", VL_DOC_BOOL, "false"}, {"true", VL_DOC_BOOL, "true"},
        {"'yes'", VL_DOC_STRING, "yes"}, {"!!str yes", VL_DOC_STRING, "yes"}, {"yEs", VL_DOC_STRING, "yEs"},
        {"0644", VL_DOC_INT, "420"}, {"-0644", VL_DOC_INT, "-420"}, {"0o644", VL_DOC_INT, "420"},
        {"0x1F", VL_DOC_INT, "31"}, {"0b101", VL_DOC_INT, "5"}, {"1_000", VL_DOC_INT, "1000"},
        {"0", VL_DOC_INT, "0"}, {"10", VL_DOC_INT, "10"}, {"+7", VL_DOC_INT, "7"},
        {"1.5", VL_DOC_FLOAT, "1.5"}, {"1.2.3", VL_DOC_STRING, "1.2.3"},
        {"18446744073709551615", VL_DOC_UINT, "18446744073709551615"},
        {"2026-01-01", VL_DOC_STRING, "2026-01-01"}, {"0x", VL_DOC_STRING, "0x"}, {"-", VL_DOC_STRING, "-"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(values); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_doc *doc = NULL;
        char text[100];
        (void)snprintf(text, sizeof(text), "a: %s\n", values[i].text);
        if (values[i].text[0] == '-' && values[i].text[1] == '\0')
            (void)snprintf(text, sizeof(text), "a: '-'\n");
        assert_int_equal(vl_doc_parse(vl_span_str(text), VL_DOC_YAML_KUBERNETES, "t", &doc, &err), 0);
        const struct vl_doc_node *node = vl_doc_get(vl_doc_root(doc), "a");
        if (vl_doc_type(node) != values[i].type || !vl_span_eq_str(vl_doc_text(node), values[i].value))
            fail_msg("%s: %s %.*s", values[i].text, vl_doc_type_name(vl_doc_type(node)),
                VL_SPAN_FMT(vl_doc_text(node)));
        if (values[i].type == VL_DOC_BOOL)
            assert_int_equal(vl_doc_bool(node), values[i].value[0] == 't');
        vl_doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kubernetes),
        cmocka_unit_test(test_specification),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_into_many),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_billion_laughs),
        cmocka_unit_test(test_depth_by_aliases),
        cmocka_unit_test(test_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
