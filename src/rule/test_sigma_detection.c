/* tests: sigma_detection.c sigma_value.c sigma_modifier.c sigma_tree.c sigma_text.c sigma_source.c
 *
 * What must and must not match is taken from the words of the Sigma specification 2.1 (rules and modifiers
 * appendix). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "event/event.h"
#include "rule/program.h"
#include "sigma_build.h"
#include "sigma_test.h"

#define ARENA_MAX (64UL * 1024 * 1024)

static int build(const char *yaml, struct vl_arena *arena, struct vl_doc **doc, struct vl_condition **ret,
    struct vl_err *err)
{
    int r = vl_doc_parse(vl_span_str(yaml), VL_DOC_YAML, "rule", doc, err);
    if (r < 0)
        return r;
    struct vl_sigma_build b = {.arena = arena};
    return vl_sigma_detection(&b, vl_doc_root(*doc), NULL, ret, err);
}

static bool matches(const char *yaml, const char *json)
{
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_doc *rule = NULL, *record = NULL;
    struct vl_condition *tree = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (build(yaml, arena, &rule, &tree, &err) < 0)
        fail_msg("%s\n%s", err.msg, yaml);
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "record", &record, &err), 0);
    bool yes = test_tree_holds(tree, vl_doc_root(record));
    /* the matcher must say the same */
    struct vl_event event;
    bool really = false;
    assert_int_equal(vl_event_from_log(vl_doc_root(record), &event, &err), 0);
    if (vl_rule_condition_holds(tree, &event, arena, &really, &err) < 0)
        fail_msg("%s\n%s", err.msg, yaml);
    if (really != yes)
        fail_msg("the matcher says %s: %s\n%s", really ? "yes" : "no", yaml, json);
    vl_doc_free(record);
    vl_doc_free(rule);
    vl_arena_free(arena);
    return yes;
}

struct value_case {
    const char *entry; /* one entry of a selection */
    const char *yes, *no;
};

/* One field in one selection. */
static const struct value_case values[] = {
    /* texts are blind to case; wildcards and their escapes */
    {"f: Abc", "{\"f\":\"aBC\"}", "{\"f\":\"abcd\"}"},
    {"f: 'a*c'", "{\"f\":\"Axxc\"}", "{\"f\":\"axxcd\"}"},
    {"f: 'a?c'", "{\"f\":\"abc\"}", "{\"f\":\"ac\"}"},
    {"f: 'a\\*c'", "{\"f\":\"a*c\"}", "{\"f\":\"abc\"}"},
    {"f: 'a\\?c'", "{\"f\":\"a?c\"}", "{\"f\":\"abc\"}"},
    {"f: 'C:\\Windows\\x'", "{\"f\":\"c:\\\\windows\\\\X\"}", "{\"f\":\"c:windowsx\"}"},
    {"f: 'a\\\\*'", "{\"f\":\"a\\\\bcd\"}", "{\"f\":\"a*\"}"},
    {"f: 'x[1]*y'", "{\"f\":\"x[1]zzy\"}", "{\"f\":\"x1zzy\"}"},
    {"f: '*'", "{\"f\":\"\"}", "{\"g\":\"x\"}"},
    {"f: [a, b]", "{\"f\":\"B\"}", "{\"f\":\"c\"}"},
    {"f: 5", "{\"f\":5}", "{\"f\":6}"},
    {"f: 5", "{\"f\":\"5\"}", "{\"f\":\"55\"}"},
    {"f: true", "{\"f\":true}", "{\"f\":false}"},
    {"f: ''", "{\"f\":\"\"}", "{\"f\":\"x\"}"},
    {"f: null", "{\"g\":1}", "{\"f\":\"x\"}"},
    {"f: [null, x]", "{\"f\":\"x\"}", "{\"f\":\"y\"}"},
    {"a.b: x", "{\"a\":{\"b\":\"x\"}}", "{\"a\":{\"c\":\"x\"}}"},
    /* places */
    {"f|contains: bc", "{\"f\":\"aBCd\"}", "{\"f\":\"abd\"}"},
    {"f|startswith: ab", "{\"f\":\"ABc\"}", "{\"f\":\"xab\"}"},
    {"f|endswith: bc", "{\"f\":\"aBC\"}", "{\"f\":\"abcd\"}"},
    {"f|contains|all: [a, b]", "{\"f\":\"xbxa\"}", "{\"f\":\"xb\"}"},
    {"f|contains: 'a*z'", "{\"f\":\"..a..z..\"}", "{\"f\":\"..z..a..\"}"},
    {"f|endswith: '.*rc'", "{\"f\":\"/x/.bashrc\"}", "{\"f\":\"/x/.bashrc1\"}"},
    {"f|cased: Abc", "{\"f\":\"Abc\"}", "{\"f\":\"abc\"}"},
    {"f|contains|cased: B", "{\"f\":\"aBc\"}", "{\"f\":\"abc\"}"},
    {"f|exists: true", "{\"f\":\"\"}", "{\"g\":1}"},
    {"f|exists: false", "{\"g\":1}", "{\"f\":1}"},
    {"f|neq: a", "{\"f\":\"b\"}", "{\"f\":\"A\"}"},
    {"f|neq: [a, b]", "{\"f\":\"c\"}", "{\"f\":\"b\"}"},
    /* expressions keep their case unless told, and are found anywhere */
    {"f|re: 'b[cd]e'", "{\"f\":\"abdef\"}", "{\"f\":\"aBDef\"}"},
    {"f|re|i: 'b[cd]e'", "{\"f\":\"aBDEf\"}", "{\"f\":\"abxe\"}"},
    {"f|re: '^ab$'", "{\"f\":\"ab\"}", "{\"f\":\"x\\nab\\ny\"}"},
    {"f|re|m: '^ab$'", "{\"f\":\"x\\nab\\ny\"}", "{\"f\":\"xab\"}"},
    {"f|re|s: 'a.b'", "{\"f\":\"a\\nb\"}", "{\"f\":\"ab\"}"},
    {"f|re: 'a.b'", "{\"f\":\"axb\"}", "{\"f\":\"a\\nb\"}"},
    /* numbers, nets, fields, times */
    {"f|lt: 5", "{\"f\":4}", "{\"f\":5}"},
    {"f|lte: 5", "{\"f\":5}", "{\"f\":6}"},
    {"f|gt: 5", "{\"f\":5.5}", "{\"f\":5}"},
    {"f|gte: 5", "{\"f\":5}", "{\"f\":4}"},
    {"f|cidr: 10.0.0.0/8", "{\"f\":\"10.9.8.7\"}", "{\"f\":\"11.0.0.1\"}"},
    {"f|cidr: ['192.168.0.0/16', 'fe80::/10']", "{\"f\":\"fe80::1\"}", "{\"f\":\"fd00::1\"}"},
    {"f|cidr: 10.9.8.7", "{\"f\":\"10.9.8.7\"}", "{\"f\":\"10.9.8.6\"}"}, /* Python's ip_network() */
    {"f: 42.0", "{\"f\":42}", "{\"f\":43}"},
    {"f: 1e3", "{\"f\":1000}", "{\"f\":100}"},
    {"f: 12.34", "{\"f\":\"12.34\"}", "{\"f\":\"12\"}"}, /* pySigma's test_rule.py */
    /* letters beyond ASCII, as Python's str.lower() and Rust's to_lowercase() have them */
    {"f: 'ÄPFEL*'", "{\"f\":\"äpfel und birnen\"}", "{\"f\":\"apfel\"}"},
    {"f|contains: 'ПРИВЕТ+'", "{\"f\":\"о, привет+\"}", "{\"f\":\"о, приветт\"}"},
    {"f|endswith: 'É'", "{\"f\":\"café\"}", "{\"f\":\"cafés\"}"},
    /* a character is one, however many bytes it has (sigma-rust's wildcard.rs) */
    {"f: 'a?c'", "{\"f\":\"a\U0001F525c\"}", "{\"f\":\"a\U0001F525\U0001F525c\"}"},
    {"f: '?"
     "?'",
        "{\"f\":\"\U0001F525x\"}", "{\"f\":\"\U0001F525\"}"},
    {"f: 'hel*?"
     "?"
     "?!'",
        "{\"f\":\"hello?"
        "?!!\"}",
        "{\"f\":\"hello!\"}"},
    {"f|cased: 'a?C'", "{\"f\":\"a\\nC\"}", "{\"f\":\"axc\"}"},
    {"f|contains: 'x\\?y?'", "{\"f\":\"ax?yz\"}", "{\"f\":\"axzyz\"}"},
    {"f: 'ñ?.txt'", "{\"f\":\"Ñé.TXT\"}", "{\"f\":\"Ñéetxt\"}"},
    {"f|cased: 'É'", "{\"f\":\"É\"}", "{\"f\":\"é\"}"},
    {"f|fieldref: g", "{\"f\":\"x\",\"g\":\"X\"}", "{\"f\":\"x\",\"g\":\"y\"}"},
    {"f|fieldref|neq: g", "{\"f\":\"x\",\"g\":\"y\"}", "{\"f\":\"x\",\"g\":\"x\"}"},
    {"f|fieldref|endswith: g", "{\"f\":\"axx\",\"g\":\"xx\"}", "{\"f\":\"axy\",\"g\":\"xx\"}"},
    {"f|hour: 3", "{\"f\":\"2026-11-27T03:10:00Z\"}", "{\"f\":\"2026-11-27T13:03:03Z\"}"},
    {"f|hour|gte: 22", "{\"f\":\"2026-11-27T23:10:00Z\"}", "{\"f\":\"2026-11-22T03:10:00Z\"}"},
    {"f|minute: 5", "{\"f\":\"2026-11-27T03:05:00Z\"}", "{\"f\":\"2026-11-27T05:15:05Z\"}"},
    {"f|day|lt: 8", "{\"f\":\"2026-11-07T03:05:00Z\"}", "{\"f\":\"2026-11-08T05:15:05Z\"}"},
    {"f|month: 11", "{\"f\":\"2026-11-07T03:05:00Z\"}", "{\"f\":\"2026-12-11T05:15:05Z\"}"},
    {"f|year|gt: 2025", "{\"f\":\"2026-11-07T03:05:00Z\"}", "{\"f\":\"2025-12-11T05:15:05Z\"}"},
    /* encodings: digits from base64(1) and iconv(1) */
    {"f|base64: 'foo bar'", "{\"f\":\"Zm9vIGJhcg==\"}", "{\"f\":\"foo bar\"}"},
    {"f|base64offset|contains: 'ping -c'", "{\"f\":\"eHBpbmcgLWN5\"}", "{\"f\":\"cGlu\"}"},
    {"f|base64offset|contains: 'ping -c'", "{\"f\":\"cGluZyAtYyA4LjguOC44\"}", "{\"f\":\"cGluZyAtZA\"}"},
    {"f|base64offset|contains: 'ping -c'", "{\"f\":\"eHhwaW5nIC1j\"}", "{\"f\":\"eHhwaW5nIC1k\"}"},
    {"f|wide|base64offset|contains: IEX", "{\"f\":\"SQBFAFgA\"}", "{\"f\":\"SUVY\"}"},
    {"f|utf16|base64: cmd", "{\"f\":\"//5jAG0AZAA=\"}", "{\"f\":\"YwBtAGQA\"}"},
    {"f|utf16be|base64: cmd", "{\"f\":\"AGMAbQBk\"}", "{\"f\":\"YwBtAGQA\"}"},
    {"f|windash|contains: ' -f '", "{\"f\":\"x /F y\"}", "{\"f\":\"x +f y\"}"},
    {"f|contains|windash: ' -a -b'", "{\"f\":\"x /a \\u2013b\"}", "{\"f\":\"x a -b\"}"},
    {"f|expand: 'no placeholder'", "{\"f\":\"no placeholder\"}", "{\"f\":\"x\"}"},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(values); i++) {
        char yaml[512];
        int n = snprintf(yaml, sizeof(yaml), "sel:\n  %s\ncondition: sel\n", values[i].entry);
        assert_in_range(n, 1, sizeof(yaml) - 1);
        if (!matches(yaml, values[i].yes))
            fail_msg("%s: does not match %s", values[i].entry, values[i].yes);
        if (matches(yaml, values[i].no))
            fail_msg("%s: matches %s", values[i].entry, values[i].no);
    }
}

#define FIELDS "a: {f: 1}\nb: {g: 1}\nc1: {h: 1}\nc2: {i: 1}\n_d: {j: 1}\n"

static const struct value_case conditions[] = {
    {"a and b", "{\"f\":1,\"g\":1}", "{\"f\":1}"},
    {"a or b", "{\"g\":1}", "{\"h\":1}"},
    {"not a", "{\"g\":1}", "{\"f\":1}"},
    {"not not a", "{\"f\":1}", "{\"g\":1}"},
    {"a or b and c1", "{\"f\":1}", "{\"g\":1}"}, /* and binds closer */
    {"(a or b) and c1", "{\"f\":1,\"h\":1}", "{\"f\":1}"},
    {"a and not (b or c1)", "{\"f\":1}", "{\"f\":1,\"h\":1}"},
    {"a AND NOT b", "{\"f\":1}", "{\"f\":1,\"g\":1}"},
    {"1 of c*", "{\"i\":1}", "{\"f\":1}"},
    {"all of c*", "{\"h\":1,\"i\":1}", "{\"i\":1}"},
    {"any of c*", "{\"h\":1}", "{\"j\":1}"},
    {"1 of them", "{\"h\":1}", "{\"j\":1}"}, /* _d is left out */
    {"all of them", "{\"f\":1,\"g\":1,\"h\":1,\"i\":1}", "{\"f\":1,\"g\":1,\"h\":1,\"j\":1}"},
    {"1 of _*", "{\"j\":1}", "{\"f\":1}"},
    /* numbers, which other engines know too (sigma-go and azuma: 2 of them) */
    {"2 of them", "{\"f\":1,\"i\":1}", "{\"f\":1,\"j\":1}"},
    {"3 of them", "{\"f\":1,\"g\":1,\"i\":1}", "{\"g\":1,\"i\":1}"},
    {"2 of c*", "{\"h\":1,\"i\":1}", "{\"i\":1}"},
    {"4 of them and not 1 of _*", "{\"f\":1,\"g\":1,\"h\":1,\"i\":1}", "{\"f\":1,\"g\":1,\"h\":1}"},
    {"a and not 1 of c*", "{\"f\":1}", "{\"f\":1,\"h\":1}"},
    {"[a, b]", "{\"g\":1}", "{\"h\":1}"}, /* a list is either */
    {"not(a)and(b)", "{\"g\":1}", "{\"f\":1,\"g\":1}"},
};

static void test_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(conditions); i++) {
        char yaml[512];
        int n = snprintf(yaml, sizeof(yaml), FIELDS "condition: %s\n", conditions[i].entry);
        assert_in_range(n, 1, sizeof(yaml) - 1);
        if (!matches(yaml, conditions[i].yes))
            fail_msg("%s: does not match %s", conditions[i].entry, conditions[i].yes);
        if (matches(yaml, conditions[i].no))
            fail_msg("%s: matches %s", conditions[i].entry, conditions[i].no);
    }
}

static void test_keywords(void **state)
{
    (void)state;
    const char *any = "k:\n- REPLACE\n- 'Trojan*FOUND'\ncondition: k\n";
    assert_true(matches(any, "{\"message\":\"(root) replace (root)\"}"));
    assert_true(matches(any, "{\"a\":{\"b\":[\"x: Trojan.Gen FOUND\"]}}"));
    assert_false(matches(any, "{\"message\":\"FOUND a Trojan\"}"));
    const char *all = "k:\n  '|all':\n  - dd\n  - 'if='\nf: ['of=']\ncondition: k and not f\n";
    assert_true(matches(all, "{\"a0\":\"dd\",\"a1\":\"if=/dev/zero\"}"));
    assert_false(matches(all, "{\"a0\":\"dd\",\"a1\":\"if=/dev/zero\",\"a2\":\"of=/x\"}"));
    assert_false(matches(all, "{\"a0\":\"dd\"}"));
    const char *maps = "s:\n- f: 1\n  g: 2\n- h: 3\ncondition: s\n"; /* a list of maps: either of them */
    assert_true(matches(maps, "{\"f\":1,\"g\":2}"));
    assert_true(matches(maps, "{\"h\":3}"));
    assert_false(matches(maps, "{\"f\":1,\"g\":3}"));
}

static const struct {
    const char *yaml, *message;
} wrong[] = {
    {"a: {f: 1}\n", "no condition"},
    {"a: {f: 1}\ncondition: b\n", "no selection is named b"},
    {"a: {f: 1}\ncondition: 1 of x*\n", "no selection is named x*"},
    {"a: {f: 1}\ncondition: a and\n", "expected the name of a selection"},
    {"a: {f: 1}\ncondition: (a\n", "expected )"},
    {"a: {f: 1}\ncondition: a a\n", "expected and, or or the end"},
    {"a: {f: 1}\ncondition: a | count() > 5\n", "aggregations"},
    {"a: {f: 1}\nb: {g: 1}\ncondition: 3 of them\n", "3 of 2 selections"},
    {"a: {f: 1}\nb: {g: 1}\ncondition: 0 of them\n", "no selection is named 0"},
    {"a: {f: 1}\ncondition: 5\n", "condition is a text"},
    {"a: {f|nosuch: 1}\ncondition: a\n", "no such modifier: nosuch"},
    {"a: {f|i: 1}\ncondition: a\n", "no such modifier: i"},
    {"a: {f|contains|startswith: x}\ncondition: a\n", "only one of"},
    {"a: {f|re: '('}\ncondition: a\n", "regular expression"},
    {"a: {f|re: 'a(?=b)'}\ncondition: a\n", "regular expression"},
    {"a: {f|cidr: 10.0.0.0/33}\ncondition: a\n", "no network"},
    {"a: {f|base64|base64offset: x}\ncondition: a\n", "encoded once"},
    {"a: {f|wide|utf16: x}\ncondition: a\n", "encoded once"},
    {"a: {f|not: x}\ncondition: a\n", "`not` in the condition"},
    {"a: {f|fieldref: 'g*'}\ncondition: a\n", "names one field"},
    {"a: {f|cidr: 300.1.1.1/8}\ncondition: a\n", "no network"},
    {"a: {f|re: 'a(?!b)'}\ncondition: a\n", "RE2 has no look-ahead"},
    {"a: {f|re: '(a)\\1'}\ncondition: a\n", "RE2 has no back references"},
    {"a: {f|lt: x}\ncondition: a\n", "no number"},
    {"a: {f|base64: 'a*'}\ncondition: a\n", "wildcards"},
    {"a: {f|exists: 7}\ncondition: a\n", "true or false"},
    {"a: {f|expand: '%users%'}\ncondition: a\n", "placeholder"},
    {"a: {f|week: 60}\ncondition: a\n", "week"},
    {"a: {f: []}\ncondition: a\n", "without any value"},
    {"a: {f: [[1]]}\ncondition: a\n", "a value is a text"},
    {"a: {f: 1}\nb: {g|nosuch: 1}\ncondition: a\n", "no such modifier"},
    {"a: []\ncondition: a\n", "nothing to look for"},
    {"a: {f|windash: '-a -b -c -d -e -f -g'}\ncondition: a\n", "more than 6 dashes"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_arena *arena = vl_arena_new(ARENA_MAX);
        struct vl_doc *doc = NULL;
        struct vl_condition *tree = NULL;
        struct vl_err err = VL_ERR_INIT;
        assert_true(build(wrong[i].yaml, arena, &doc, &tree, &err) < 0);
        if (strstr(err.msg, wrong[i].message) == NULL)
            fail_msg("%s\ngives %s, not %s", wrong[i].yaml, err.msg, wrong[i].message);
        vl_doc_free(doc);
        vl_arena_free(arena);
    }
}

/* Deep parentheses and rules that multiply themselves end with an error. */
static void test_limits(void **state)
{
    (void)state;
    struct vl_buf yaml;
    vl_buf_init(&yaml, 16UL * 1024 * 1024);
    vl_buf_append_str(&yaml, "a: {f: 1}\ncondition: \"");
    for (int i = 0; i < 100000; i++)
        vl_buf_append_char(&yaml, '(');
    vl_buf_append_str(&yaml, "a\"\n");
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_doc *doc = NULL;
    struct vl_condition *tree = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_true(build(vl_buf_str(&yaml), arena, &doc, &tree, &err) < 0);
    assert_non_null(strstr(err.msg, "nested deeper"));
    vl_doc_free(doc);
    vl_buf_clear(&yaml);
    vl_buf_append_str(&yaml, "a: {f: [");
    for (int i = 0; i < 1000; i++)
        vl_buf_printf(&yaml, "v%d, ", i);
    vl_buf_append_str(&yaml, "]}\ncondition: a");
    for (int i = 0; i < 1000; i++)
        vl_buf_append_str(&yaml, " or a");
    doc = NULL;
    assert_true(build(vl_buf_str(&yaml), arena, &doc, &tree, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_doc_free(doc);
    vl_arena_free(arena);
    vl_buf_done(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_keywords),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
