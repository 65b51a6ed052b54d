/* tests: parse.c lex.c literal.c macros.c macros_ext.c node.c issues.c
 * Shapes follow cel-spec's grammar and macros; texts and places of issues are what Kubernetes 1.36 (cel-go
 * 0.32) answered for the same expressions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "parse.h"

struct parse {
    struct vl_arena *arena;
    struct vl_cel_issues issues;
    struct vl_cel_parsed parsed;
    struct vl_err err;
    int result;
};

static const struct vl_cel_parse_options everything = {
    .optionals = true, .two_variables = true, .sort_by = true, .bindings = true};

static void run(struct parse *run, struct vl_span text, const struct vl_cel_parse_options *options)
{
    memset(run, 0, sizeof(*run));
    run->arena = vl_arena_new(64UL * 1024 * 1024);
    assert_non_null(run->arena);
    run->issues.text = text;
    run->issues.arena = run->arena;
    run->result = vl_cel_parse(text, options, run->arena, &run->issues, &run->parsed, &run->err);
}

static void done(struct parse *run)
{
    vl_arena_free(run->arena);
}

/* --- the tree as text --- */

static void dump(const struct vl_cel_node *node, struct vl_buf *out);

static void dump_const(const struct vl_cel_value *value, struct vl_buf *out)
{
    switch (value->kind) {
    case VL_CEL_NULL:
        vl_buf_append_str(out, "null");
        break;
    case VL_CEL_BOOL:
        vl_buf_append_str(out, value->as.boolean ? "true" : "false");
        break;
    case VL_CEL_INT:
        vl_buf_printf(out, "%lld", (long long)value->as.i);
        break;
    case VL_CEL_UINT:
        vl_buf_printf(out, "%lluu", (unsigned long long)value->as.u);
        break;
    case VL_CEL_DOUBLE:
        vl_buf_printf(out, "%.17g", value->as.d);
        break;
    default:
        vl_buf_append_str(out, value->kind == VL_CEL_BYTES ? "b'" : "'");
        vl_buf_append(out, value->as.bytes, value->len);
        vl_buf_append_char(out, '\'');
    }
}

static void dump_call(const struct vl_cel_node *node, struct vl_buf *out)
{
    if (node->as.call.target) {
        dump(node->as.call.target, out);
        vl_buf_append_char(out, '.');
    }
    vl_buf_append_span(out, node->as.call.function);
    vl_buf_append_char(out, '(');
    for (uint32_t i = 0; i < node->as.call.n; i++) {
        vl_buf_append_str(out, i ? ", " : "");
        dump(node->as.call.args[i], out);
    }
    vl_buf_append_char(out, ')');
}

static void dump_entries(const struct vl_cel_node *node, struct vl_buf *out)
{
    vl_buf_append_span(out, node->as.map.type_name);
    vl_buf_append_char(out, '{');
    for (uint32_t i = 0; i < node->as.map.n; i++) {
        const struct vl_cel_entry *entry = &node->as.map.entries[i];
        vl_buf_append_str(out, i ? ", " : "");
        vl_buf_append_str(out, entry->optional ? "?" : "");
        if (entry->key)
            dump(entry->key, out);
        vl_buf_append_span(out, entry->field);
        vl_buf_append_str(out, ": ");
        dump(entry->value, out);
    }
    vl_buf_append_char(out, '}');
}

static void dump_fold(const struct vl_cel_fold *fold, struct vl_buf *out)
{
    const struct vl_cel_node *parts[] = {fold->range, fold->init, fold->condition, fold->step, fold->result};
    vl_buf_printf(out, "fold[%.*s %.*s %.*s]", VL_SPAN_FMT(fold->iter_var), VL_SPAN_FMT(fold->iter_var2),
        VL_SPAN_FMT(fold->accu_var));
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        vl_buf_append_str(out, i ? "; " : "(");
        dump(parts[i], out);
    }
    vl_buf_append_char(out, ')');
}

static void dump_list(const struct vl_cel_node *node, struct vl_buf *out)
{
    vl_buf_append_char(out, '[');
    for (uint32_t i = 0; i < node->as.list.n; i++) {
        vl_buf_append_str(out, i ? ", " : "");
        vl_buf_append_str(out, node->as.list.optional && node->as.list.optional[i] ? "?" : "");
        dump(node->as.list.items[i], out);
    }
    vl_buf_append_char(out, ']');
}

static void dump(const struct vl_cel_node *node, struct vl_buf *out)
{
    assert_non_null(node);
    switch ((enum vl_cel_node_kind)node->kind) {
    case VL_CEL_NODE_CONST:
        dump_const(&node->as.constant, out);
        break;
    case VL_CEL_NODE_IDENT:
        vl_buf_append_str(out, node->absolute ? "." : "");
        vl_buf_append_span(out, node->as.name);
        break;
    case VL_CEL_NODE_SELECT:
        dump(node->as.select.operand, out);
        vl_buf_append_str(out, node->test_only ? "~" : ".");
        vl_buf_append_span(out, node->as.select.field);
        break;
    case VL_CEL_NODE_CALL:
        dump_call(node, out);
        break;
    case VL_CEL_NODE_LIST:
        dump_list(node, out);
        break;
    case VL_CEL_NODE_MAP:
    case VL_CEL_NODE_STRUCT:
        dump_entries(node, out);
        break;
    case VL_CEL_NODE_COMPREHENSION:
        dump_fold(node->as.fold, out);
        break;
    }
}

static void assert_trees(const char *const (*pairs)[2], size_t n, const struct vl_cel_parse_options *options)
{
    for (size_t i = 0; i < n; i++) {
        struct parse got;
        struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
        vl_buf_init(&out, 65536);
        run(&got, vl_span_str(pairs[i][0]), options);
        if (got.result < 0)
            fail_msg("%s: %s", pairs[i][0], got.err.msg);
        dump(got.parsed.root, &out);
        assert_string_equal(vl_buf_str(&out), pairs[i][1]);
        done(&got);
    }
}

/* --- trees --- */

static void test_precedence(void **state)
{
    static const char *const pairs[][2] = {
        {"1 + 2 * 3 - 4", "_-_(_+_(1, _*_(2, 3)), 4)"},
        {"a || b && c", "_||_(a, _&&_(b, c))"},
        {"a == b && c in d || e", "_||_(_&&_(_==_(a, b), @in(c, d)), e)"},
        {"a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))"},
        {"!a.b[0].c(1)", "!_(_[_](a.b, 0).c(1))"},
        {"a < b == c", "_==_(_<_(a, b), c)"},
        {"(1 + 2) * -x", "_*_(_+_(1, 2), -_(x))"},
        {"!!a", "a"},
        {"!!!a", "!_(a)"},
        {"- 1", "-1"},
        {"--1", "1"},
        {"---1", "-_(1)"},
        {"1 - -1", "_-_(1, -1)"},
        {"1-1", "_-_(1, 1)"},
        {"-1.f()", "-1.f()"},
        {"a && b && c && d && e", "_&&_(_&&_(_&&_(a, b), c), _&&_(d, e))"},
    };
    (void)state;
    assert_trees(pairs, VL_ARRAY_LEN(pairs), &everything);
}

static void test_primaries(void **state)
{
    static const char *const pairs[][2] = {
        {"[1, 2u, 3.5, true, null,]", "[1, 2u, 3.5, true, null]"},
        {"{'a': 1, b: [],}", "{'a': 1, b: []}"},
        {"[,]", "[]"},
        {"{}", "{}"},
        {"a . b{c: 1, ?d: 2, `e-f`: 3}", "a.b{c: 1, ?d: 2, e-f: 3}"},
        {".a.b{}", ".a.b{}"},
        {".a.b", ".a.b"},
        {".f(x)", ".f(x)"},
        {"a.`b-c/d`", "a.b-c/d"},
        {"a.?b[?0].c", "_[?_](_?._(a, 'b'), 0).c"},
        {"[?a, b]", "[?a, b]"},
        {"{?'k': v}", "{?'k': v}"},
        {"0x1F", "31"},
        {"-0x8000000000000000", "-9223372036854775808"},
        {"0xFFFFFFFFFFFFFFFFu", "18446744073709551615u"},
        {".5e-1", "0.050000000000000003"},
        {"1e3", "1000"},
        {"a // end\n + b", "_+_(a, b)"},
        {"1.e", "1.e"},
        {"x.return", "x.return"},
    };
    (void)state;
    assert_trees(pairs, VL_ARRAY_LEN(pairs), &everything);
}

static void test_texts(void **state)
{
    static const char *const pairs[][2] = {
        {"'a\\tb\\x41\\u00e9\\U0001F600\\101\\?\\`'", "'a\tbA\xC3\xA9\xF0\x9F\x98\x80"
                                                      "A?`'"},
        {"r'a\\n'", "'a\\n'"},
        {"R\"\"\"it's \"x\" \\\"\"\"", "'it's \"x\" \\'"},
        {"'''a\r\nb\rc'''", "'a\nb\nc'"},
        {"b'\\xff\\377\xC3\xBF'", "b'\xFF\xFF\xC3\xBF'"},
        {"'\\377'", "'\xC3\xBF'"},
        {"bR'\\x'", "b'\\x'"},
        {"\"\"", "''"},
        {"''''''", "''"},
    };
    (void)state;
    assert_trees(pairs, VL_ARRAY_LEN(pairs), &everything);
}

#define R "@result"

static void test_macros(void **state)
{
    static const char *const pairs[][2] = {
        {"has(a.b.c)", "a.b~c"},
        {"l.all(x, p)", "fold[x  " R "](l; true; @not_strictly_false(" R "); _&&_(" R ", p); " R ")"},
        {"l.exists(x, p)", "fold[x  " R "](l; false; @not_strictly_false(!_(" R ")); _||_(" R ", p); " R ")"},
        {"l.exists_one(x, p)", "fold[x  " R "](l; 0; true; _?_:_(p, _+_(" R ", 1), " R "); _==_(" R ", 1))"},
        {"l.existsOne(x, y, p)",
            "fold[x y " R "](l; 0; true; _?_:_(p, _+_(" R ", 1), " R "); _==_(" R ", 1))"},
        {"l.map(x, f)", "fold[x  " R "](l; []; true; _+_(" R ", [f]); " R ")"},
        {"l.map(x, p, f)", "fold[x  " R "](l; []; true; _?_:_(p, _+_(" R ", [f]), " R "); " R ")"},
        {"l.filter(x, p)", "fold[x  " R "](l; []; true; _?_:_(p, _+_(" R ", [x]), " R "); " R ")"},
        {"m.transformMap(k, v, p, f)",
            "fold[k v " R "](m; {}; true; _?_:_(p, cel.@mapInsert(" R ", k, f), " R "); " R ")"},
        {"m.transformMapEntry(k, v, e)", "fold[k v " R "](m; {}; true; cel.@mapInsert(" R ", e); " R ")"},
        {"m.transformList(k, v, f)", "fold[k v " R "](m; []; true; _+_(" R ", [f]); " R ")"},
        {"cel.bind(v, 1, v + v)", "fold[#unused  v]([]; 1; false; v; _+_(v, v))"},
        {"o.optMap(v, f)", "_?_:_(o.hasValue(), optional.of(fold[#unused  v]([]; o.value(); false; v; f)), "
                           "optional.none())"},
        {"a.b.optFlatMap(v, f)",
            "fold[#unused  @target]([]; a.b; false; @target; _?_:_(@target.hasValue(), fold[#unused  v]([]; "
            "@target.value(); false; v; f), optional.none()))"},
        {"l.sortBy(x, k)",
            "fold[#unused  @__sortBy_input__]([]; l; false; @__sortBy_input__; @__sortBy_input__."
            "@sortByAssociatedKeys(fold[x  " R "](@__sortBy_input__; []; true; _+_(" R ", [k]); " R ")))"},
        {"math.least(a, b)", "math.@min(a, b)"},
        {"math.greatest(1, 2, a)", "math.@max([1, 2, a])"},
        {"m.greatest(1)", "m.greatest(1)"},
        {"all(x, p)", "all(x, p)"}, /* no method, no macro */
        {"l.all(x)", "l.all(x)"},
    };
    (void)state;
    assert_trees(pairs, VL_ARRAY_LEN(pairs), &everything);
}

static void test_older_versions_have_fewer_macros(void **state)
{
    static const char *const pairs[][2] = {
        {"l.all(x, y, p)", "l.all(x, y, p)"},
        {"o.optMap(v, f)", "o.optMap(v, f)"},
        {"cel.bind(v, 1, v)", "cel.bind(v, 1, v)"},
    };
    static const struct vl_cel_parse_options none = {0};
    (void)state;
    assert_trees(pairs, VL_ARRAY_LEN(pairs), &none);
    static const char *const refused[] = {"a.?b", "a[?b]", "[?a]", "{?'a': b}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(refused); i++) {
        struct parse got;
        run(&got, vl_span_str(refused[i]), &none);
        assert_int_equal(got.result, -EINVAL);
        assert_non_null(strstr(got.err.msg, "unsupported syntax"));
        done(&got);
    }
}

/* --- issues --- */

#define START                                                                                               \
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, " \
    "IDENTIFIER}"

static void test_issues(void **state)
{
    static const char *const pairs[][2] = {
        {"1 +", "1:4: Syntax error: mismatched input '<EOF>' expecting " START},
        {"1 + + 2", "1:5: Syntax error: extraneous input '+' expecting " START},
        {"a.b(", "1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-', '!', "
                 "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"},
        {"", "1:0: Syntax error: mismatched input '<EOF>' expecting " START},
        {"[1,2", "1:5: Syntax error: mismatched input '<EOF>' expecting {']', ','}"},
        {"[1 2]", "1:4: Syntax error: extraneous input '2' expecting {']', ','}"},
        {"[1,,2]", "1:4: Syntax error: mismatched input ',' expecting ']'"},
        {"{1:2,,3:4}", "1:6: Syntax error: mismatched input ',' expecting '}'"},
        {"{'a'}", "1:5: Syntax error: mismatched input '}' expecting ':'"},
        {"{'a':}", "1:6: Syntax error: mismatched input '}' expecting " START},
        {"{a:1", "1:5: Syntax error: mismatched input '<EOF>' expecting {'}', ','}"},
        {"a.b{c 1}", "1:7: Syntax error: missing ':' at '1'"},
        {"a b", "1:3: Syntax error: extraneous input 'b' expecting <EOF>"},
        {"a b c", "1:3: Syntax error: mismatched input 'b' expecting <EOF>"},
        {"a)", "1:2: Syntax error: extraneous input ')' expecting <EOF>"},
        {"(1", "1:3: Syntax error: missing ')' at '<EOF>'"},
        {"f(1 2)", "1:5: Syntax error: extraneous input '2' expecting ')'"},
        {"f(a,)", "1:5: Syntax error: mismatched input ')' expecting " START},
        {"x ? y", "1:6: Syntax error: mismatched input '<EOF>' expecting ':'"},
        {"true ? true ? 1 : 2 : 3", "1:13: Syntax error: mismatched input '?' expecting ':'"},
        {"a..b", "1:3: Syntax error: no viable alternative at input '..'"},
        {"f(- )", "1:5: Syntax error: no viable alternative at input '- )'"},
        {"--)", "1:3: Syntax error: no viable alternative at input '-)'"},
        {"a. ", "1:4: Syntax error: no viable alternative at input '. '"},
        {"[!]", "1:3: Syntax error: extraneous input ']' expecting " START},
        {"a[*]", "1:3: Syntax error: mismatched input '*' expecting {'[', '{', '(', '.', '-', '!', '?', "
                 "'true', 'false', "
                 "'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"},
        {"a.", "1:3: Syntax error: no viable alternative at input '.'"},
        {"..a", "1:2: Syntax error: no viable alternative at input '..'"},
        {"`a`", "1:1: Syntax error: mismatched input '`a`' expecting " START},
        {"x.y.`a b`(1)", "1:10: Syntax error: mismatched input '(' expecting <EOF>"},
        {"1.2.3", "1:4: Syntax error: extraneous input '.3' expecting <EOF>"},
        {"1e", "1:2: Syntax error: extraneous input 'e' expecting <EOF>"},
        {"0xg", "1:2: Syntax error: extraneous input 'xg' expecting <EOF>"},
        {"1 === 2", "1:5: Syntax error: token recognition error at: '= '"},
        {"a & b", "1:3: Syntax error: token recognition error at: '& '"},
        {"'''a", "1:3: Syntax error: token recognition error at: ''a'"},
        {"'\\q'", "1:1: Syntax error: token recognition error at: ''\\q'"},
        {"'\\u12'", "1:1: Syntax error: token recognition error at: ''\\u12''"},
        {"a // x\n+ '\xC3\xA9' + @", "2:9: Syntax error: token recognition error at: '@'"},
        {"b'\\u00ff'", "1:1: unable to unescape string"},
        {"'\\ud800'", "1:1: invalid unicode code point"},
        {"if(a)", "1:1: reserved identifier: if"},
        {"let.x", "1:1: reserved identifier: let"},
        {"999999999999999999999999", "1:1: invalid int literal"},
        {"9223372036854775808", "1:1: invalid int literal"},
        {"18446744073709551616u", "1:1: invalid uint literal"},
        {"1e400", "1:1: invalid double literal"},
        {"has(a)", "1:5: invalid argument to has() macro"},
        {"has(a[0])", "1:6: invalid argument to has() macro"},
        {"[1].map(x.y, 1)", "1:10: argument is not an identifier"},
        {"[1].all(1, true)", "1:9: argument must be a simple name"},
        {"[1].map(__result__, 1)", "1:9: iteration variable overwrites accumulator variable"},
        {"[1].all(x, x, true)", "1:12: duplicate variable name: x"},
        {"math.least()", "1:1: math.least() requires at least one argument"},
        {"math.least('a')", "1:12: math.least() invalid single argument value"},
        {"math.greatest(1, [])", "1:18: math.greatest() simple literal arguments must be numeric"},
        {"'a'.sortBy(x, x)", "1:1: sortBy can only be applied to a list, identifier, comprehension, call or "
                             "select expression"},
        {"a.?b.optMap(1, 2)", "1:13: optMap() variable name must be a simple identifier"},
    };
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(pairs); i++) {
        struct parse got;
        struct vl_buf text VL_CLEANUP(vl_buf_done) = {0};
        vl_buf_init(&text, 1 << 20);
        run(&got, vl_span_str(pairs[i][0]), &everything);
        assert_int_equal(got.result, -EINVAL);
        assert_int_equal(vl_cel_issues_format(&got.issues, &text, &got.err), 0);
        static const char start[] = "ERROR: <input>:";
        assert_int_equal(strncmp(vl_buf_str(&text), start, strlen(start)), 0);
        const char *first = vl_buf_str(&text) + strlen(start);
        size_t len = strlen(pairs[i][1]);
        if (strncmp(first, pairs[i][1], len) != 0 || (first[len] != '\n' && first[len] != '\0'))
            fail_msg("%s:\n  want %s\n  got  %s", pairs[i][0], pairs[i][1], first);
        done(&got);
    }
}

static void test_line_and_caret(void **state)
{
    struct parse got;
    (void)state;
    run(&got, VL_SPAN_LIT("1 +\n\t'\xE4\xB8\xAD' # 2"), &everything);
    assert_string_equal(got.err.msg,
        "ERROR: <input>:2:6: Syntax error: token recognition error at: '#'\n"
        " |  '\xE4\xB8\xAD' # 2\n"
        " | ..\xEF\xBC\x8E..^\n"
        "ERROR: <input>:2:8: Syntax error: extraneous input '2' expecting <EOF>\n"
        " |  '\xE4\xB8\xAD' # 2\n"
        " | ..\xEF\xBC\x8E....^");
    done(&got);
}

static void test_several_issues_in_order(void **state)
{
    struct parse got;
    (void)state;
    run(&got, VL_SPAN_LIT("[1].all(2, x) && has(x) && for && #"), &everything);
    assert_int_equal(got.issues.n, 5);
    const char *places[] = {":1:9: ", ":1:22: ", ":1:28: ", ":1:35: ", ":1:36: "};
    const char *at = got.err.msg;
    for (size_t i = 0; i < VL_ARRAY_LEN(places); i++) {
        at = strstr(at, places[i]);
        assert_non_null(at);
    }
    done(&got);
}

/* --- limits --- */

static struct vl_buf repeated(const char *before, const char *middle, const char *after, size_t n)
{
    struct vl_buf out;
    vl_buf_init(&out, 8UL * 1024 * 1024);
    for (size_t i = 0; i < n; i++)
        vl_buf_append_str(&out, before);
    vl_buf_append_str(&out, middle);
    for (size_t i = 0; i < n; i++)
        vl_buf_append_str(&out, after);
    return out;
}

static void assert_limit(
    const char *before, const char *middle, const char *after, size_t n, const char *message)
{
    struct parse got;
    struct vl_buf text VL_CLEANUP(vl_buf_done) = repeated(before, middle, after, n);
    run(&got, vl_buf_span(&text), &everything);
    if (message) {
        assert_int_equal(got.result, -EINVAL);
        assert_non_null(strstr(got.err.msg, message));
    } else if (got.result < 0) {
        fail_msg("%s", got.err.msg);
    }
    done(&got);
}

static void test_limits(void **state)
{
    (void)state;
    assert_limit("(", "1", ")", 249, NULL);
    assert_limit("(", "1", ")", 250, "expression recursion limit exceeded: 250");
    assert_limit("(", "1", ")", 40000, "expression recursion limit exceeded: 250");
    assert_limit("[", "", "]", 40000, "expression recursion limit exceeded: 250");
    assert_limit("{1:", "1", "}", 20000, "expression recursion limit exceeded: 250");
    assert_limit("", "a", ".b", 250, NULL);
    assert_limit("", "a", ".b", 251, "max recursion depth exceeded");
    assert_limit("", "1", "+1", 250, NULL);
    assert_limit("", "1", "+1", 251, "max recursion depth exceeded");
    assert_limit("", "a", "[0]", 30000, "max recursion depth exceeded");
    assert_limit("", "a", ".f()", 20000, "max recursion depth exceeded");
    assert_limit("true ? 1 : ", "1", "", 249, NULL);
    assert_limit("true ? 1 : ", "1", "", 9000, "recursion");
    assert_limit("!", "true", "", 90000, NULL);
    assert_limit("", "true", "||true", 15000, NULL);
    assert_limit("[1].map(a,", "1", ")", 125, NULL);
    assert_limit("#", "1", "", 90000, "token recognition error at");
    assert_limit(
        "", "1", " ", 100000, "expression code point size exceeds limit: size: 100001, limit 100000");
    assert_limit("", "1", " ", 5UL * 1024 * 1024, "expression size exceeds limit");
    /* macros give more nodes than there are characters */
    struct vl_buf nested VL_CLEANUP(vl_buf_done) = repeated("x.all(x,", "x", ")", 200);
    vl_buf_append_str(&nested, "||");
    assert_limit(vl_buf_str(&nested), "x", "", 54,
        "expression count exceeds limit of 100000 while expanding macro 'all'");
}

static void test_bytes_that_are_no_text(void **state)
{
    struct parse got;
    (void)state;
    run(&got, VL_SPAN_LIT("'\xFF'"), &everything);
    assert_int_equal(got.result, -EINVAL);
    assert_non_null(strstr(got.err.msg, "not valid UTF-8"));
    done(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_primaries),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_macros),
        cmocka_unit_test(test_older_versions_have_fewer_macros),
        cmocka_unit_test(test_issues),
        cmocka_unit_test(test_line_and_caret),
        cmocka_unit_test(test_several_issues_in_order),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bytes_that_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
