/* tests: correlate.c correlate_group.c correlate_key.c correlate_state.c
 *
 * What must fire follows from the words of the Sigma correlation specification (sliding time, groups, order)
 * and from correlate.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rule/correlate.h"

#define SECOND 1000000000ULL

struct run {
    struct vl_ruleset *set;
    struct vl_correlator *correlator;
    char fired[8192]; /* "RULE value@first-last; " */
};

static int fired(const struct vl_correlation *f, void *user, struct vl_err *err)
{
    (void)err;
    struct run *run = user;
    size_t n = strlen(run->fired);
    int put = snprintf(run->fired + n, sizeof(run->fired) - n, "%s %g@%llu-%llu", f->rule->name, f->value,
        (unsigned long long)(f->first / SECOND), (unsigned long long)(f->last / SECOND));
    assert_in_range(put, 1, sizeof(run->fired) - n);
    n += (size_t)put;
    for (uint32_t i = 0; i < f->n_group; i++)
        n += (size_t)snprintf(run->fired + n, sizeof(run->fired) - n, " %.*s", VL_SPAN_FMT(f->group[i]));
    (void)snprintf(run->fired + n, sizeof(run->fired) - n, "; ");
    return 0;
}

static void start(struct run *run, const char *yaml)
{
    struct vl_err err = VL_ERR_INIT;
    *run = (struct run){0};
    assert_int_equal(vl_ruleset_new(&run->set, &err), 0);
    assert_int_equal(vl_ruleset_add(run->set, vl_span_str(yaml), "test.yml", &err), 0);
    assert_int_equal(vl_ruleset_finish(run->set, &err), 0);
    for (uint32_t i = 0; i < vl_ruleset_problems(run->set); i++)
        if (vl_ruleset_problem(run->set, i)->is_error)
            fail_msg("%s", vl_ruleset_problem(run->set, i)->message);
    assert_int_equal(vl_correlator_new(run->set, &run->correlator, &err), 0);
}

static void stop(struct run *run)
{
    vl_correlator_free(run->correlator);
    vl_ruleset_free(run->set);
}

/* An event of the source `log` or `syscall` (fields of a recorded line) that the named rules match; several
 * names by commas. True where it fires alone. */
static bool feed(struct run *run, const char *names, uint64_t second, const char *json)
{
    struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    bool alone = false;
    if (vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    bool recorded = vl_doc_get(vl_doc_root(doc), "fields") != NULL;
    int r = recorded ? vl_event_from_recorded(doc, &event, &err)
                     : vl_event_from_log(vl_doc_root(doc), &event, &err);
    assert_int_equal(r, 0);
    event.time = second * SECOND;
    assert_int_equal(vl_correlator_advance(run->correlator, &event, fired, run, &err), 0);
    struct vl_span rest = vl_span_str(names), name;
    while (vl_span_split(&rest, ',', &name)) {
        const struct vl_rule *rule = NULL;
        for (uint32_t i = 0; i < vl_ruleset_size(run->set); i++) {
            const struct vl_rule *other = vl_ruleset_at(run->set, i);
            if (other->source == event.source && vl_span_eq_str(name, other->name))
                rule = other;
        }
        if (rule == NULL)
            fail_msg("no rule %s", names);
        assert_int_equal(vl_correlator_feed(run->correlator, rule, &event, fired, run, &alone, &err), 0);
    }
    vl_doc_free(doc);
    return alone;
}

static void finish(struct run *run)
{
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_correlator_finish(run->correlator, fired, run, &err), 0);
}

#define LOG(name)                                                                                           \
    "---\ntitle: " name "\nname: " name "\nlogsource: {product: x}\ndetection:\n  s: {f: 1}\n  condition: " \
    "s\n"
#define CORRELATION(type, rules, condition)                               \
    "title: C\nname: c\ncorrelation:\n  type: " type "\n  rules: [" rules \
    "]\n  group-by: [u]\n  timespan: 10s\n"                               \
    "  condition: " condition "\n"

static void test_event_count(void **state)
{
    (void)state;
    struct run run;
    start(&run, CORRELATION("event_count", "a", "{gte: 3}") LOG("a"));
    assert_false(feed(&run, "a", 100, "{\"u\":\"x\"}")); /* its rule is silent */
    (void)feed(&run, "a", 101, "{\"u\":\"y\"}");
    (void)feed(&run, "a", 105, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 111, "{\"u\":\"x\"}"); /* the first is 11 s old */
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 115, "{\"u\":\"x\"}"); /* 105, 111, 115 */
    assert_string_equal(run.fired, "C 3@105-115 x; ");
    (void)feed(&run, "a", 116, "{\"u\":\"x\"}"); /* still so: told once */
    (void)feed(&run, "a", 125, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "C 3@105-115 x; ");
    (void)feed(&run, "a", 126, "{\"u\":\"x\"}"); /* and again after a whole span */
    assert_string_equal(run.fired, "C 3@105-115 x; C 3@116-126 x; ");
    (void)feed(&run, "a", 200, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 200, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 200, "{\"u\":\"x\"}"); /* it was not so in between */
    assert_string_equal(run.fired, "C 3@105-115 x; C 3@116-126 x; C 3@200-200 x; ");
    stop(&run);
    /* events that come late stand where their time is */
    start(&run, CORRELATION("event_count", "a", "{gt: 2}") LOG("a"));
    (void)feed(&run, "a", 100, "{}");
    (void)feed(&run, "a", 109, "{}");
    (void)feed(&run, "a", 104, "{}");
    assert_string_equal(run.fired, "C 3@100-109 ; "); /* without the field: a group of its own */
    stop(&run);
}

static void test_at_end(void **state)
{
    (void)state;
    struct run run;
    start(&run, CORRELATION("event_count", "a", "{lt: 3}") LOG("a"));
    (void)feed(&run, "a", 100, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 101, "{\"u\":\"y\"}");
    (void)feed(&run, "a", 102, "{\"u\":\"y\"}");
    (void)feed(&run, "a", 103, "{\"u\":\"y\"}");
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 120, "{\"u\":\"z\"}"); /* both times are over */
    assert_string_equal(run.fired, "C 1@100-100 x; ");
    finish(&run);
    assert_string_equal(run.fired, "C 1@100-100 x; C 1@120-120 z; ");
    stop(&run);
    start(&run, CORRELATION("event_count", "a", "{gt: 1, lte: 2}") LOG("a"));
    for (uint64_t i = 0; i < 6; i++)
        (void)feed(&run, "a", 100 + i, i % 3 == 0 ? "{\"u\":\"x\"}" : "{\"u\":\"y\"}");
    finish(&run);
    assert_string_equal(run.fired, "C 2@100-103 x; ");
    stop(&run);
    start(&run, CORRELATION("value_count", "a", "{eq: 2, field: v}") LOG("a"));
    (void)feed(&run, "a", 100, "{\"u\":\"x\",\"v\":1}");
    (void)feed(&run, "a", 101, "{\"u\":\"x\",\"v\":2}");
    (void)feed(&run, "a", 102, "{\"u\":\"x\",\"v\":1}");
    finish(&run);
    assert_string_equal(run.fired, "C 2@100-102 x; ");
    stop(&run);
}

static void test_values(void **state)
{
    (void)state;
    struct run run;
    start(&run, CORRELATION("value_count", "a", "{gte: 3, field: v}") LOG("a"));
    (void)feed(&run, "a", 100, "{\"u\":\"x\",\"v\":1}");
    (void)feed(&run, "a", 101, "{\"u\":\"x\",\"v\":2}");
    (void)feed(&run, "a", 102, "{\"u\":\"x\",\"v\":2}");
    (void)feed(&run, "a", 102, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 112, "{\"u\":\"x\",\"v\":3}"); /* 1 is too old, seen at 100 */
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 112, "{\"u\":\"x\",\"v\":1}");
    assert_string_equal(run.fired, "C 3@102-112 x; ");
    stop(&run);
    start(&run, CORRELATION("value_sum", "a", "{gt: 100, field: v}") LOG("a"));
    (void)feed(&run, "a", 100, "{\"u\":\"x\",\"v\":60}");
    (void)feed(&run, "a", 111, "{\"u\":\"x\",\"v\":50}");
    (void)feed(&run, "a", 112, "{\"u\":\"x\",\"v\":\"50.5\"}");
    (void)feed(&run, "a", 112, "{\"u\":\"x\",\"v\":\"many\"}");
    assert_string_equal(run.fired, "C 100.5@111-112 x; ");
    struct vl_correlator_counts counts;
    vl_correlator_counts(run.correlator, &counts);
    assert_int_equal(counts.not_a_number, 1);
    stop(&run);
    start(&run, CORRELATION("value_avg", "a", "{lt: 10, field: v}") LOG("a"));
    (void)feed(&run, "a", 100, "{\"u\":\"x\",\"v\":4}");
    (void)feed(&run, "a", 101, "{\"u\":\"x\",\"v\":8}");
    finish(&run);
    assert_string_equal(run.fired, "C 6@100-101 x; ");
    stop(&run);
    start(&run, CORRELATION("value_percentile", "a", "{gte: 9, field: v, percentile: 90}") LOG("a"));
    for (uint64_t i = 1; i <= 10; i++) { /* the nearest rank of 90 % of 1 … 10 is 9 */
        char json[64];
        (void)snprintf(json, sizeof(json), "{\"u\":\"x\",\"v\":%llu}", (unsigned long long)i);
        (void)feed(&run, "a", 100, json);
    }
    assert_string_equal(run.fired, "C 9@100-100 x; ");
    stop(&run);
}

/* value_median, value_min and value_max of the specification's tests and of pySigma. */
static void test_ranks(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *condition, *fired;
    } rows[] = {
        {"value_median", "{gte: 6, field: v}", "C 7@100-102 x; "},
        {"value_max", "{gte: 12, field: v}", "C 12@100-102 x; "},
        {"value_min", "{lt: 3, field: v}", "C 2@100-103 x; "},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct run run;
        char text[1024];
        int n = snprintf(text, sizeof(text),
            "title: C\ncorrelation: {type: %s, rules: [a], group-by: [u], timespan: 10s, condition: %s}\n%s",
            rows[i].kind, rows[i].condition, LOG("a"));
        assert_in_range(n, 1, sizeof(text) - 1);
        start(&run, text);
        (void)feed(&run, "a", 100, "{\"u\":\"x\",\"v\":4}");
        (void)feed(&run, "a", 101, "{\"u\":\"x\",\"v\":7}");  /* median 5.5 */
        (void)feed(&run, "a", 102, "{\"u\":\"x\",\"v\":12}"); /* 7 */
        (void)feed(&run, "a", 103, "{\"u\":\"x\",\"v\":2}");  /* 5.5 */
        finish(&run);
        assert_string_equal(run.fired, rows[i].fired);
        stop(&run);
    }
}

static void test_temporal(void **state)
{
    (void)state;
    struct run run;
    start(&run,
        "title: C\ncorrelation: {type: temporal, rules: [a, b, d], group-by: [u], timespan: 10s}\n" LOG("a")
            LOG("b") LOG("d"));
    (void)feed(&run, "d", 100, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 101, "{\"u\":\"x\"}");
    (void)feed(&run, "b", 105, "{\"u\":\"y\"}");
    (void)feed(&run, "b", 111, "{\"u\":\"x\"}"); /* d is too old */
    assert_string_equal(run.fired, "");
    (void)feed(&run, "d", 111, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "C 3@101-111 x; ");
    stop(&run);
    start(&run, CORRELATION("temporal", "a, b, d", "{gte: 2}") LOG("a") LOG("b") LOG("d"));
    (void)feed(&run, "d", 100, "{\"u\":\"x\"}");
    (void)feed(&run, "d", 101, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 102, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "C 2@101-102 x; ");
    stop(&run);
}

/* A condition in words: what must not be there is judged when the time is over. */
static void test_expression(void **state)
{
    (void)state;
    struct run run;
    start(&run, CORRELATION("temporal", "a, b, d", "a and (b or d)") LOG("a") LOG("b") LOG("d"));
    (void)feed(&run, "b", 100, "{\"u\":\"x\"}");
    (void)feed(&run, "d", 101, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 102, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "C 3@100-102 x; ");
    stop(&run);
    start(&run, CORRELATION("temporal", "a, b", "a and not b") LOG("a") LOG("b"));
    (void)feed(&run, "a", 100, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 101, "{\"u\":\"y\"}");
    (void)feed(&run, "b", 102, "{\"u\":\"y\"}");
    (void)feed(&run, "b", 103, "{\"u\":\"z\"}");
    assert_string_equal(run.fired, "");
    (void)feed(&run, "b", 120, "{\"u\":\"w\"}");
    assert_string_equal(run.fired, "C 1@100-100 x; ");
    stop(&run);
    /* an order with its number of rules told */
    start(&run, CORRELATION("temporal_ordered", "a, b", "{gte: 2}") LOG("a") LOG("b"));
    (void)feed(&run, "a", 100, "{}");
    (void)feed(&run, "b", 101, "{}");
    assert_string_equal(run.fired, "C 2@100-101 ; ");
    stop(&run);
    start(&run, CORRELATION("temporal_ordered", "a, b", "b AND a") LOG("a") LOG("b"));
    (void)feed(&run, "b", 100, "{}");
    (void)feed(&run, "a", 101, "{}");
    assert_string_equal(run.fired, "");
    stop(&run);
}

static void test_ordered(void **state)
{
    (void)state;
    struct run run;
    static const char yaml[] =
        "title: C\ncorrelation: {type: temporal_ordered, rules: [a, b], group-by: [u], timespan: 10s}\n" LOG(
            "a") LOG("b");
    start(&run, yaml);
    (void)feed(&run, "b", 100, "{\"u\":\"x\"}");
    (void)feed(&run, "a", 101, "{\"u\":\"x\"}"); /* the wrong way round */
    (void)feed(&run, "b", 112, "{\"u\":\"x\"}"); /* too late */
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 113, "{\"u\":\"x\"}");
    (void)feed(&run, "a,b", 114, "{\"u\":\"y\"}"); /* one event is not two */
    assert_string_equal(run.fired, "");
    (void)feed(&run, "b", 120, "{\"u\":\"x\"}");
    assert_string_equal(run.fired, "C 2@113-120 x; ");
    (void)feed(&run, "b", 121, "{\"u\":\"x\"}"); /* used up */
    assert_string_equal(run.fired, "C 2@113-120 x; ");
    stop(&run);
    /* the same rule twice is two events */
    start(&run, "title: C\ncorrelation: {type: temporal_ordered, rules: [a, a, b], timespan: 10s}\n" LOG("a")
                    LOG("b"));
    (void)feed(&run, "a", 100, "{}");
    (void)feed(&run, "b", 101, "{}");
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 102, "{}");
    (void)feed(&run, "b", 103, "{}");
    assert_string_equal(run.fired, "C 3@100-103; ");
    stop(&run);
}

/* The specification's own example: many failed logins, then one that succeeds. */
static void test_chain(void **state)
{
    (void)state;
    struct run run;
    start(&run, "title: Brute force\ncorrelation:\n  type: temporal_ordered\n  rules: [many, ok]\n  "
                "group-by: [user]\n"
                "  timespan: 10m\n  aliases: {user: {many: u, ok: account}}\n"
                "---\ntitle: Many\nname: many\ncorrelation:\n  type: event_count\n  rules: [failed]\n  "
                "group-by: [u]\n"
                "  timespan: 10m\n  condition: {gte: 3}\n" LOG("failed") LOG("ok"));
    for (uint64_t i = 0; i < 3; i++)
        (void)feed(&run, "failed", 100 + i, "{\"u\":\"eve\"}");
    (void)feed(&run, "failed", 103, "{\"u\":\"bob\"}");
    (void)feed(&run, "ok", 104, "{\"account\":\"bob\"}");
    assert_string_equal(run.fired, ""); /* the inner one is silent, too */
    (void)feed(&run, "ok", 600, "{\"account\":\"eve\"}");
    assert_string_equal(run.fired, "Brute force 2@102-600 eve; ");
    stop(&run);
}

static void test_native(void **state)
{
    (void)state;
    struct run run;
    start(&run, "- rule: burst\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = unlink\n"
                "  window: {threshold: 2, within: 10s, distinct: evt.arg.path, by: [container.id]}\n"
                "- rule: alone\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = unlink\n");
    static const char one[] =
        "{\"fields\":{\"evt.type\":\"unlink\",\"evt.arg.path\":\"/a\",\"container.id\":\"c\"}}";
    static const char two[] =
        "{\"fields\":{\"evt.type\":\"unlink\",\"evt.arg.path\":\"/b\",\"container.id\":\"c\"}}";
    assert_false(feed(&run, "burst", 100, one));
    assert_false(feed(&run, "burst", 101, one));
    assert_true(feed(&run, "alone", 101, one));
    assert_string_equal(run.fired, "");
    (void)feed(&run, "burst", 102, two);
    assert_string_equal(run.fired, "burst 2@101-102 c; ");
    stop(&run);
}

#define PROCESS(pid, ppid, more) \
    "{\"fields\":{\"evt.type\":\"execve\",\"proc.pid\":" #pid ",\"proc.ppid\":" #ppid more "}}"

static void test_process_tree(void **state)
{
    (void)state;
    static const char yaml[] =
        "- rule: R\n  desc: d\n  output: o\n  priority: INFO\n  sequence:\n    within: 60s\n"
        "    by: process_tree\n    steps:\n    - {name: get, condition: evt.type = execve}\n"
        "    - {name: run, condition: evt.type = execve}\n";
    static const struct {
        const char *first, *second;
        bool related;
    } cases[] = {
        {PROCESS(50, 40, ""), PROCESS(51, 40, ""), true},  /* brothers */
        {PROCESS(50, 40, ""), PROCESS(50, 40, ""), true},  /* itself */
        {PROCESS(50, 40, ""), PROCESS(60, 50, ""), false}, /* a child; its grandparent unknown */
        {PROCESS(50, 40, ""), PROCESS(60, 50, ",\"proc.apid[2]\":40"), true}, /* a child */
        {PROCESS(50, 40, ""), PROCESS(40, 30, ""), true},                     /* the parent */
        {PROCESS(50, 40, ""), PROCESS(70, 41, ",\"proc.apid[2]\":1"), false}, /* another tree */
        {PROCESS(50, 1, ""), PROCESS(51, 1, ""), false},                      /* only init is common */
        {PROCESS(50, 1, ""), PROCESS(51, 50, ""), true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct run run;
        start(&run, yaml);
        (void)feed(&run, "R / get", 100, cases[i].first);
        (void)feed(&run, "R / run", 110, cases[i].second);
        assert_int_equal(strncmp(run.fired, "R 2@100-110", 11) == 0, cases[i].related);
        stop(&run);
    }
}

/* More groups and values than the limits: the oldest go and are counted. */
static void test_limits(void **state)
{
    (void)state;
    struct run run;
    start(&run, "title: C\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 1d, "
                "condition: {gte: 2}}\n" LOG("a"));
    char json[64];
    for (uint64_t i = 0; i < VL_CORRELATE_GROUPS_MAX + 10; i++) {
        (void)snprintf(json, sizeof(json), "{\"u\":%llu}", (unsigned long long)i);
        (void)feed(&run, "a", 100, json);
    }
    struct vl_correlator_counts counts;
    vl_correlator_counts(run.correlator, &counts);
    assert_int_equal(counts.groups, VL_CORRELATE_GROUPS_MAX);
    assert_int_equal(counts.groups_out, 10);
    (void)feed(&run, "a", 101, "{\"u\":5}"); /* forgotten: counted anew */
    assert_string_equal(run.fired, "");
    (void)feed(&run, "a", 101, "{\"u\":1000}");
    assert_string_equal(run.fired, "C 2@100-101 1000; ");
    stop(&run);
    start(&run, CORRELATION("value_sum", "a", "{gt: 1000000, field: v}") LOG("a"));
    for (uint64_t i = 0; i < VL_CORRELATE_VALUES_MAX + 5; i++)
        (void)feed(&run, "a", 100, "{\"v\":1}");
    vl_correlator_counts(run.correlator, &counts);
    assert_int_equal(counts.values_out, 5);
    /* groups whose time is over go by themselves */
    (void)feed(&run, "a", 500, "{\"u\":\"z\"}");
    vl_correlator_counts(run.correlator, &counts);
    assert_int_equal(counts.groups, 1);
    stop(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_count),
        cmocka_unit_test(test_at_end),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_temporal),
        cmocka_unit_test(test_expression),
        cmocka_unit_test(test_ordered),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_native),
        cmocka_unit_test(test_process_tree),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
