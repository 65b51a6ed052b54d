/* Programs over random rules and events: what fires must be what each condition by itself says; the first of
 * these where only the first counts; and the prefilter may drop nothing that fires.
 * tests: program.c program_graph.c program_groups.c program_leaves.c program_needs.c program_order.c
 * program_picks.c matcher.c text_set.c prefilter.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "program_impl.h"
#include "rule/program.h"

#define ARENA_MAX (256UL * 1024 * 1024)
#define SETS      60
#define RULES     24
#define EVENTS    60
#define CHOOSE(a) (a)[(size_t)rand() % VL_ARRAY_LEN(a)]
#define DEPTH     4

static const char *const checks[] = {"evt.type = open", "evt.type in (open, openat, connect)",
    "evt.type != execve", "evt.type startswith open", "not evt.type in (execve)", "fd.name = /etc/passwd",
    "fd.name != /etc/passwd", "fd.name in (/etc/shadow, /tmp/a, /tmp/ab)", "fd.name startswith /etc",
    "fd.name startswith /tmp/a", "fd.name endswith passwd", "fd.name endswith /ab", "fd.name contains ss",
    "fd.name glob /etc/*d", "fd.name glob '*a*'", "fd.name pmatch (/etc, /usr/*/x)",
    "fd.name regex '/tmp/.*'", "fd.name exists", "fd.name icontains ETC", "fd.directory = /etc",
    "fd.directory in (/tmp, /usr)", "fd.filename = passwd", "proc.name = bash",
    "proc.name in (sh, bash, ssh)", "proc.name != sh", "proc.name startswith s", "proc.name contains as",
    "proc.name = oneof (sh, bash)", "proc.name startswith anyof (b, s)", "proc.name contains allof (s, h)",
    "proc.aname = sshd", "proc.aname in (init, sh)", "proc.aname != init", "proc.aname[2] = init",
    "fd.sport = 22", "fd.sport in (22, 443)", "fd.port = 22", "fd.sport > 100", "evt.rawres < 0",
    "evt.rawres = 0", "evt.rawres >= -2", "evt.is_open_write = true", "evt.is_open_write != true",
    "fd.ip = 10.0.0.1", "fd.ip in (10.0.0.0/8, 1.1.1.1)", "fd.snet = 10.0.0.0/8", "fd.ip != 10.0.0.1",
    "user.uid = 0", "user.uid != 0", "user.uid in (0, 5)", "proc.args contains -x", "proc.args contains key",
    "proc.args contains e", "proc.args contains ab", "proc.args icontains A", "proc.args contains k",
    "proc.args contains y", "proc.args contains x", "proc.args contains b", "proc.args contains -",
    "proc.args contains c", "proc.args contains 'e y'", "proc.args contains d",
    "evt.arg.flags contains O_CREAT", "evt.arg.flags = O_RDONLY", "toupper(proc.name) = BASH",
    "len(proc.name) > 2", "basename(fd.name) = passwd", "proc.name = val(proc.pname)", "fd.name in (/etc)",
    "fd.types intersects (file)", "fd.types in (file, ipv4)", "len(fd.types) = 2"};

static void write_condition(struct vl_buf *out, unsigned depth)
{
    unsigned what = (unsigned)rand() % 6;
    if (depth == 0 || what < 2) {
        vl_buf_append_str(out, CHOOSE(checks));
        return;
    }
    if (what == 2)
        vl_buf_append_str(out, "not ");
    vl_buf_append_char(out, '(');
    write_condition(out, depth - 1);
    for (unsigned n = (unsigned)rand() % 4; n; n--) {
        vl_buf_append_str(out, what & 1 ? " and " : " or ");
        if (rand() % 3 == 0)
            vl_buf_append_str(out, "not ");
        write_condition(out, 0);
    }
    vl_buf_append_char(out, ')');
}

static struct vl_ruleset *random_set(void)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    vl_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < RULES; i++) {
        vl_buf_printf(
            &text, "- rule: r%u\n  desc: d\n  output: o\n  priority: INFO\n  condition: >\n    ", i);
        write_condition(&text, DEPTH);
        if (rand() % 2) { /* as rules are: a series of ANDs */
            vl_buf_append_str(&text, " and ");
            write_condition(&text, 1);
            vl_buf_append_str(&text, " and ");
            write_condition(&text, 0);
        }
        vl_buf_append_str(&text, "\n");
    }
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_buf_span(&text), "random", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++) {
        if (vl_ruleset_problem(set, i)->is_error)
            fail_msg("%s", vl_ruleset_problem(set, i)->message);
    }
    assert_int_equal(vl_ruleset_size(set), RULES);
    return set;
}

static const struct {
    const char *field;
    const char *values[8];
} fields[] = {
    {"evt.type", {"\"open\"", "\"openat\"", "\"connect\"", "\"execve\"", "\"mystery\"", "\"close\""}},
    {"fd.name", {"\"/etc/passwd\"", "\"/tmp/ab\"", "\"/tmp/a\"", "[\"/tmp/l\",\"/etc/shadow\"]", "\"\"",
                    "[\"/x\",\"/tmp/ab\"]", "\"1.2.3.4:5\"", "null"}},
    {"fd.directory", {"\"/etc\"", "\"/tmp\"", "null"}},
    {"proc.name", {"\"bash\"", "\"sh\"", "\"sshd\"", "\"\"", "null"}},
    {"proc.pname", {"\"bash\"", "\"init\"", "null"}},
    {"proc.aname[2]", {"\"init\"", "\"sshd\"", "null"}},
    {"fd.sport", {"22", "443", "\"80\"", "null"}},
    {"fd.cport", {"22", "5000", "null"}},
    {"fd.sip", {"\"10.0.0.1\"", "\"1.1.1.1\"", "\"::1\"", "null"}},
    {"fd.cip", {"\"10.9.9.9\"", "\"8.8.8.8\"", "null"}},
    {"evt.rawres", {"0", "-2", "7", "null"}},
    {"evt.is_open_write", {"true", "false", "null"}},
    {"user.uid", {"0", "5", "18446744073709551615", "null"}},
    {"proc.args", {"\"-x key\"", "\"ab c d\"", "\"\"", "null", "\"the y\""}},
    {"evt.arg.flags", {"\"O_RDONLY\"", "\"O_CREAT|O_WRONLY\"", "null"}},
    {"fd.types", {"[\"file\",\"ipv4\"]", "[\"pipe\"]", "\"file\"", "null"}},
};

static struct vl_doc *random_event(void)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf json;
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc;
    vl_buf_init(&json, 1 << 16);
    vl_buf_append_str(&json, "{\"fields\":{\"evt.num\":1");
    for (size_t i = 0; i < VL_ARRAY_LEN(fields); i++) {
        size_t n = 0;
        while (n < VL_ARRAY_LEN(fields[i].values) && fields[i].values[n])
            n++;
        vl_buf_printf(&json, ",\"%s\":%s", fields[i].field, fields[i].values[(size_t)rand() % n]);
    }
    vl_buf_append_str(&json, "}}");
    assert_int_equal(vl_doc_parse(vl_buf_span(&json), VL_DOC_JSON, "event", &doc, &err), 0);
    return doc;
}

struct fired {
    bool rules[RULES];
    unsigned n;
    uint32_t last;
};

static int on_rule(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    struct fired *fired = user;
    (void)event, (void)err;
    assert_true(fired->n == 0 || rule->index > fired->last); /* in the order of the set */
    fired->rules[rule->index] = true;
    fired->last = rule->index;
    fired->n++;
    return 0;
}

static bool text_field(
    const struct vl_event *event, const char *name, struct vl_arena *arena, struct vl_event_value *ret)
{
    struct vl_span arg;
    const struct vl_field *f = vl_field_find(VL_EVENT_SYSCALL, vl_span_str(name), VL_SPAN_EMPTY, &arg);
    vl_event_get(event, f, VL_SPAN_EMPTY, arena, ret);
    return ret->kind == VL_VALUE_STRING;
}

static bool begins(struct vl_span s, struct vl_span with)
{
    return vl_span_eq(vl_span_slice(s, 0, with.len), with);
}

static bool is_named(struct vl_span path, struct vl_span name)
{
    size_t slash = vl_span_rfind_char(path, '/');
    return vl_span_eq(vl_span_slice(path, slash == SIZE_MAX ? 0 : slash + 1, SIZE_MAX), name);
}

/* What a probe would ask. */
static bool entry_fits(
    const struct vl_rule_prefilter_entry *e, const struct vl_event *event, struct vl_arena *arena)
{
    struct vl_event_value v;
    struct vl_span arg;
    if (!(e->types[event->type / 64] >> (event->type % 64) & 1))
        return false;
    switch ((enum vl_rule_prefilter_kind)e->kind) {
    case VL_PREFILTER_TYPE_ONLY:
        return true;
    case VL_PREFILTER_PATH_PREFIX:
        return text_field(event, "fd.name", arena, &v) &&
               (begins(v.as.string, e->text) || begins(v.other, e->text));
    case VL_PREFILTER_PATH_NAME:
        return text_field(event, "fd.name", arena, &v) &&
               (is_named(v.as.string, e->text) || is_named(v.other, e->text));
    case VL_PREFILTER_PROC_NAME:
        return text_field(event, "proc.name", arena, &v) && vl_span_eq(v.as.string, e->text);
    case VL_PREFILTER_PORT:
        break;
    }
    vl_event_get(event, vl_field_find(VL_EVENT_SYSCALL, VL_SPAN_LIT("fd.port"), VL_SPAN_EMPTY, &arg),
        VL_SPAN_EMPTY, arena, &v);
    for (uint32_t i = 0; v.kind == VL_VALUE_LIST && i < v.n; i++) {
        if (v.as.items[i].as.u == e->port)
            return true;
    }
    return false;
}

static bool is_kept(const struct vl_rule_prefilter *filter, uint32_t rule, const struct vl_event *event,
    struct vl_arena *arena)
{
    for (uint32_t i = 0; i < filter->n; i++) {
        if (filter->entries[i].rule == rule && entry_fits(&filter->entries[i], event, arena))
            return (filter->types[event->type / 64] >> (event->type % 64) & 1) != 0;
    }
    return false;
}

struct fixture {
    struct vl_ruleset *set;
    struct vl_rule_program *all, *first;
    struct vl_rule_matcher *match_all, *match_first;
    bool consistent_paths; /* fd.directory and fd.filename are parts of fd.name */
};

static void check_event(struct fixture *f, const struct vl_event *event, struct vl_arena *arena)
{
    struct fired all = {.n = 0}, first = {.n = 0};
    struct vl_err err = VL_ERR_INIT;
    uint32_t lowest = UINT32_MAX;
    assert_int_equal(vl_rule_match(f->match_all, event, on_rule, &all, &err), 0);
    assert_int_equal(vl_rule_match(f->match_first, event, on_rule, &first, &err), 0);
    for (uint32_t i = 0; i < RULES; i++) {
        const struct vl_rule *rule = vl_ruleset_at(f->set, i);
        bool holds = false;
        assert_int_equal(vl_rule_condition_holds(rule->condition, event, arena, &holds, &err), 0);
        if (holds != all.rules[i])
            fail_msg("%s\nby itself %d, in the program %d", rule->condition_text, holds, all.rules[i]);
        if (holds && f->consistent_paths && !is_kept(vl_rule_program_prefilter(f->all), i, event, arena))
            fail_msg("%s\nfires, but the prefilter drops it", rule->condition_text);
        lowest = holds && lowest == UINT32_MAX ? i : lowest;
    }
    assert_int_equal(first.n, lowest != UINT32_MAX);
    assert_true(first.n == 0 || first.last == lowest);
}

static void test_random(void **state)
{
    (void)state;
    srand(7);
    for (unsigned s = 0; s < SETS; s++) {
        struct vl_err err = VL_ERR_INIT;
        struct fixture f = {.set = random_set()};
        assert_int_equal(vl_rule_program_new(f.set, VL_RULE_MATCH_ALL, &f.all, &err), 0);
        assert_int_equal(vl_rule_program_new(f.set, VL_RULE_MATCH_FIRST, &f.first, &err), 0);
        assert_int_equal(vl_rule_matcher_new(f.all, &f.match_all, &err), 0);
        assert_int_equal(vl_rule_matcher_new(f.first, &f.match_first, &err), 0);
        for (unsigned e = 0; e < EVENTS; e++) {
            VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
            VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = random_event();
            const struct vl_doc_node *values = vl_doc_get(vl_doc_root(doc), "fields");
            struct vl_event event;
            f.consistent_paths = vl_doc_is(vl_doc_get(values, "fd.directory"), VL_DOC_NULL);
            assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
            check_event(&f, &event, arena);
            assert_int_equal(vl_event_from_recorded_flat(doc, arena, &event, &err), 0);
            check_event(&f, &event, arena);
        }
        vl_rule_matcher_free(f.match_all);
        vl_rule_matcher_free(f.match_first);
        vl_rule_program_free(f.all);
        vl_rule_program_free(f.first);
        vl_ruleset_free(f.set);
    }
}

/* --- more rules with a name of their own than there are clusters --- */

#define NAMED 300

static struct vl_ruleset *named_set(void)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    vl_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < NAMED; i++) {
        vl_buf_printf(&text, "- rule: r%u\n  desc: d\n  output: o\n  priority: INFO\n  condition: ", i);
        if (i % 3 == 0)
            vl_buf_printf(&text, "proc.name in (n%u, m%u) and evt.rawres >= 0\n", i, i);
        else if (i % 3 == 1)
            vl_buf_printf(&text, "proc.name = n%u and fd.name startswith /etc/\n", i);
        else
            vl_buf_printf(&text,
                "fd.name endswith /n%u or fd.name glob /g%u/*/n or proc.args contains <%u>\n", i, i, i);
    }
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_buf_span(&text), "named", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    assert_int_equal(vl_ruleset_errors(set), 0);
    return set;
}

struct named {
    bool fired[NAMED];
};

static int on_named(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    (void)event, (void)err;
    ((struct named *)user)->fired[rule->index] = true;
    return 0;
}

static unsigned compare_named(
    const struct vl_ruleset *set, struct vl_rule_matcher *matcher, const char *type, unsigned i)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf json;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct named named = {{false}};
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    unsigned n = 0;
    vl_buf_init(&json, 1 << 16);
    /* Of each rule a text; a path of two forms; lists, which have no row. */
    vl_buf_printf(&json,
        "{\"fields\":{\"evt.num\":1,\"evt.type\":\"%s\",\"evt.rawres\":%d,\"proc.name\":%s%c%u\"%s,"
        "\"proc.args\":\"a <%u> <%u>\",\"fd.name\":%s\"/etc/n%u\"%s}}",
        type, i % 7 ? 1 : -1, i % 5 ? "\"" : "[\"", i % 2 ? 'n' : 'm', i, i % 5 ? "" : ",\"n1\"]", i + 1,
        NAMED - i, i % 4 ? "" : "[", i + 1, i % 4 ? "" : ",\"/g5/x/n\"]");
    assert_int_equal(vl_doc_parse(vl_buf_span(&json), VL_DOC_JSON, "event", &doc, &err), 0);
    assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
    assert_int_equal(vl_rule_match(matcher, &event, on_named, &named, &err), 0);
    for (uint32_t j = 0; j < NAMED; j++) {
        bool holds = false;
        const struct vl_rule *rule = vl_ruleset_at(set, j);
        assert_int_equal(vl_rule_condition_holds(rule->condition, &event, arena, &holds, &err), 0);
        if (holds != named.fired[j])
            fail_msg("%s\n%s\nby itself %d", rule->condition_text, json.ptr, holds);
        n += holds;
    }
    return n;
}

static void test_many(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set = named_set();
    struct vl_rule_program *program;
    struct vl_rule_matcher *matcher;
    unsigned fired = 0;
    assert_int_equal(vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err), 0);
    assert_int_equal(vl_rule_matcher_new(program, &matcher, &err), 0);
    for (unsigned i = 0; i < NAMED; i++)
        fired += compare_named(set, matcher, i % 2 ? "openat" : "mystery", i);
    assert_true(fired > NAMED / 2);
    vl_rule_matcher_free(matcher);
    vl_rule_program_free(program);
    vl_ruleset_free(set);
}

/* --- memory --- */

/* Rules that each know a name, a prefix and an end of their own. */
static struct vl_ruleset *wide_set(unsigned n)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    vl_buf_init(&text, 1 << 26);
    for (unsigned i = 0; i < n; i++)
        vl_buf_printf(&text,
            "- rule: r%u\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = open and "
            "(proc.name = n%u or fd.name startswith /n%u/ or fd.name endswith /n%u)\n",
            i, i, i / 2, i);
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_buf_span(&text), "wide", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    assert_int_equal(vl_ruleset_errors(set), 0);
    return set;
}

static int on_wide(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    (void)event, (void)err;
    *(uint64_t *)user = *(uint64_t *)user * 1000003 + rule->index + 1;
    return 0;
}

/* What fires is what conditions by themselves say, where texts have lists instead of rows. */
static void check_wide(const struct vl_ruleset *set, const struct vl_rule_program *program, unsigned n)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_rule_matcher *matcher;
    assert_int_equal(vl_rule_matcher_new(program, &matcher, &err), 0);
    for (unsigned i = 0; i < n; i += n / 16) {
        VL_CLEANUP(vl_buf_done) struct vl_buf json;
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        struct vl_event event;
        uint64_t fired = 0, expected = 0;
        vl_buf_init(&json, 1 << 16);
        vl_buf_printf(&json,
            "{\"fields\":{\"evt.num\":1,\"evt.type\":\"open\",\"proc.name\":\"n%u\",\"fd.name\":"
            "[\"/n%u/n%u\",\"/n%u/x\"]}}",
            i, (i + 7) / 2, i + 9, i / 3);
        assert_int_equal(vl_doc_parse(vl_buf_span(&json), VL_DOC_JSON, "event", &doc, &err), 0);
        assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
        assert_int_equal(vl_rule_match(matcher, &event, on_wide, &fired, &err), 0);
        for (uint32_t j = 0; j < n; j++) {
            bool holds = false;
            const struct vl_rule *rule = vl_ruleset_at(set, j);
            assert_int_equal(vl_rule_condition_holds(rule->condition, &event, arena, &holds, &err), 0);
            if (holds)
                expected = expected * 1000003 + j + 1;
        }
        assert_true(expected != 0 && fired == expected);
    }
    vl_rule_matcher_free(matcher);
}

/* Bytes of the program and of what a matcher needs for rows. */
static size_t wide_bytes(unsigned n)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set = wide_set(n);
    struct vl_rule_program *program;
    assert_int_equal(vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err), 0);
    size_t bytes = vl_arena_used(program->arena) + program->row_words * sizeof(uint64_t) +
                   program->n_nodes * sizeof(uint32_t);
    check_wide(set, program, n);
    vl_rule_program_free(program);
    vl_ruleset_free(set);
    return bytes;
}

/* A row for each text, with a bit for each check, would be 3 * 3 * n * n / 8 bytes. */
static void test_memory(void **state)
{
    (void)state;
    size_t some = wide_bytes(2000), more = wide_bytes(8000);
    printf("2,000 rules: %zu bytes, 8,000 rules: %zu bytes\n", some, more);
    assert_true(more < 5 * some);
    assert_true(more < 8000UL * 2000);
}

/* --- reload: a second program is made beside the first, which goes on --- */

#define RELOADS     6
#define BETWEEN_MIN 2000

struct reload {
    unsigned generation;
    struct vl_ruleset *set;
    struct vl_rule_program *program;
    atomic_bool ready;
};

static void *make_next(void *user)
{
    struct reload *r = user;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, 1 << 20);
    vl_buf_printf(&text,
        "- rule: g%u\n  desc: d\n  output: o\n  priority: INFO\n  condition: proc.name = bash\n",
        r->generation);
    for (unsigned i = 0; i < NAMED; i++)
        vl_buf_printf(&text,
            "- rule: r%u\n  desc: d\n  output: o\n  priority: INFO\n  condition: proc.name = x%u and "
            "fd.name regex '/a%u.*'\n",
            i, i, i);
    if (vl_ruleset_new(&r->set, &err) < 0 || vl_ruleset_add(r->set, vl_buf_span(&text), "next", &err) < 0 ||
        vl_ruleset_finish(r->set, &err) < 0 ||
        vl_rule_program_new(r->set, VL_RULE_MATCH_ALL, &r->program, &err) < 0)
        r->program = NULL;
    atomic_store(&r->ready, true);
    return NULL;
}

struct counted {
    unsigned fired[RELOADS + 1];
};

static int on_counted(
    const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    (void)event, (void)err;
    assert_int_equal(rule->name[0], 'g');
    ((struct counted *)user)->fired[rule->name[1] - '0']++;
    return 0;
}

/* Each event is answered by exactly one program, while the next one is made by another thread. */
static void test_reload(void **state)
{
    (void)state;
    static const char json[] = "{\"fields\":{\"evt.num\":1,\"evt.type\":\"open\",\"proc.name\":\"bash\"}}";
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    struct counted counted = {{0}};
    struct reload now = {.generation = 0};
    unsigned events = 0, fired = 0;
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err), 0);
    assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
    make_next(&now);
    for (unsigned i = 1; i <= RELOADS + 1; i++) {
        struct reload next = {.generation = i};
        struct vl_rule_matcher *matcher;
        pthread_t thread;
        assert_non_null(now.program);
        assert_int_equal(vl_rule_matcher_new(now.program, &matcher, &err), 0);
        if (i <= RELOADS)
            assert_int_equal(pthread_create(&thread, NULL, make_next, &next), 0);
        for (unsigned n = 0; n < BETWEEN_MIN || (i <= RELOADS && !atomic_load(&next.ready)); n++, events++)
            assert_int_equal(vl_rule_match(matcher, &event, on_counted, &counted, &err), 0);
        if (i <= RELOADS)
            assert_int_equal(pthread_join(thread, NULL), 0);
        vl_rule_matcher_free(matcher);
        vl_rule_program_free(now.program);
        vl_ruleset_free(now.set);
        now.set = next.set;
        now.program = next.program;
    }
    for (unsigned i = 0; i <= RELOADS; i++) {
        assert_true(counted.fired[i] >= BETWEEN_MIN);
        fired += counted.fired[i];
    }
    assert_int_equal(fired, events);
}

/* --- texts blind to case: Sigma's rules over logs --- */

#define SIGMA_RULES 30
#define SIGMA_MAX   2048 /* a document may become several rules */

static struct vl_ruleset *random_sigma(void)
{
    static const char *const names[] = {"Image", "CommandLine", "User"};
    static const char *const modifiers[] = {
        "", "|contains", "|startswith", "|endswith", "|cased", "|re", "|contains|all"};
    static const char *const values[] = {"Bash", "/bin/SH", "b", "-X", "KEY", "a", "sh", "/BIN/", "e", "y",
        "H", "n/", "x k", "s", "k", "/b", "in", "root", "ROOT", "oo"};
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    vl_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < SIGMA_RULES; i++) {
        vl_buf_printf(&text,
            "---\ntitle: s%u\nlogsource:\n  category: process_creation\n  product: linux\ndetection:\n", i);
        for (unsigned j = 0; j < 3; j++) {
            vl_buf_printf(&text, "  x%u:\n    %s%s:\n", j, CHOOSE(names), CHOOSE(modifiers));
            for (unsigned n = 1 + (unsigned)rand() % 3; n; n--)
                vl_buf_printf(&text, "      - '%s'\n", CHOOSE(values));
        }
        static const char *const conditions[] = {
            "1 of x*", "all of x*", "x0 and not x1", "x0 and (x1 or not x2)"};
        vl_buf_printf(&text, "  condition: %s\nlevel: high\n", CHOOSE(conditions));
    }
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_buf_span(&text), "sigma", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    assert_int_equal(vl_ruleset_errors(set), 0);
    return set;
}

struct seen {
    bool rules[SIGMA_MAX];
};

static int on_sigma(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    (void)event, (void)err;
    ((struct seen *)user)->rules[rule->index] = true;
    return 0;
}

static unsigned compare_sigma(const struct vl_ruleset *set, struct vl_rule_matcher *matcher, const char *json)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct seen seen = {{false}};
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    unsigned compared = 0;
    assert_true(vl_ruleset_size(set) <= SIGMA_MAX);
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "record", &doc, &err), 0);
    assert_int_equal(vl_event_from_log(vl_doc_root(doc), &event, &err), 0);
    assert_int_equal(vl_rule_match(matcher, &event, on_sigma, &seen, &err), 0);
    for (uint32_t i = 0; i < vl_ruleset_size(set); i++) {
        const struct vl_rule *rule = vl_ruleset_at(set, i);
        bool holds = false;
        if (rule->source != VL_EVENT_LOG || !rule->enabled || rule->skipped)
            continue;
        assert_int_equal(vl_rule_condition_holds(rule->condition, &event, arena, &holds, &err), 0);
        if (holds != seen.rules[i])
            fail_msg("%s on %s: by itself %d, in the program %d", rule->name, json, holds, seen.rules[i]);
        compared++;
    }
    return compared;
}

static void test_sigma(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{\"Image\":\"/bin/bash\",\"CommandLine\":\"bash -x KEY\",\"User\":\"root\"}",
        "{\"Image\":\"/BIN/SH\",\"CommandLine\":\"\",\"User\":5}",
        "{\"Image\":[\"/bin/sh\",\"bash\"],\"User\":null}", "{\"CommandLine\":\"a\",\"User\":\"Bash\"}", "{}",
        "{\"Image\":\"b\",\"CommandLine\":true}"};
    srand(11);
    for (unsigned s = 0; s < SETS; s++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_ruleset *set = random_sigma();
        struct vl_rule_program *program;
        struct vl_rule_matcher *matcher;
        unsigned compared = 0;
        assert_int_equal(vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err), 0);
        assert_int_equal(vl_rule_matcher_new(program, &matcher, &err), 0);
        for (size_t i = 0; i < VL_ARRAY_LEN(records); i++)
            compared += compare_sigma(set, matcher, records[i]);
        assert_true(compared >= SIGMA_RULES);
        vl_rule_matcher_free(matcher);
        vl_rule_program_free(program);
        vl_ruleset_free(set);
    }
}

/* So many texts of one field that they have lists, blind to case and not. */
static void test_wide_sigma(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    struct vl_rule_program *program;
    struct vl_rule_matcher *matcher;
    unsigned compared = 0;
    vl_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < 260; i++)
        vl_buf_printf(&text,
            "---\ntitle: s%u\nlogsource:\n  category: process_creation\n  product: linux\ndetection:\n"
            "  x0:\n    Image: /Bin/x%u\n  x1:\n    Image|endswith: 'Y%u'\n  x2:\n    Image|cased: /bin/X%u\n"
            "  x3:\n    Image|startswith: '/%u/'\n  condition: 1 of x*\nlevel: high\n",
            i, i, i, i, i / 3);
    assert_int_equal(vl_ruleset_new(&set, &err), 0);
    assert_int_equal(vl_ruleset_add(set, vl_buf_span(&text), "sigma", &err), 0);
    assert_int_equal(vl_ruleset_finish(set, &err), 0);
    assert_int_equal(vl_ruleset_errors(set), 0);
    assert_int_equal(vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err), 0);
    assert_int_equal(vl_rule_matcher_new(program, &matcher, &err), 0);
    static const char *const records[] = {"{\"Image\":\"/bin/X77\"}", "{\"Image\":\"/bIN/x78\"}",
        "{\"Image\":\"/7/by9\"}", "{\"Image\":\"none\"}", "{\"Image\":\"/70/Y200\"}", "{}",
        "{\"Image\":[\"/bin/x3\",\"y4\"]}", "{\"Image\":\"\"}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(records); i++)
        compared += compare_sigma(set, matcher, records[i]);
    assert_true(compared >= 260 * VL_ARRAY_LEN(records));
    vl_rule_matcher_free(matcher);
    vl_rule_program_free(program);
    vl_ruleset_free(set);
}

/* --- what a probe is told, and large lists --- */

static struct vl_rule_program *program_of(const char *text, struct vl_ruleset **ret_set)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_rule_program *program;
    assert_int_equal(vl_ruleset_new(ret_set, &err), 0);
    assert_int_equal(vl_ruleset_add(*ret_set, vl_span_str(text), "rules", &err), 0);
    assert_int_equal(vl_ruleset_finish(*ret_set, &err), 0);
    assert_int_equal(vl_ruleset_errors(*ret_set), 0);
    assert_int_equal(vl_rule_program_new(*ret_set, VL_RULE_MATCH_ALL, &program, &err), 0);
    return program;
}

static bool accepts(const uint64_t *types, const char *name)
{
    uint16_t type = vl_event_type_find(vl_span_str(name));
    return types[type / 64] >> (type % 64) & 1;
}

/* What can be told of real conditions. */
static void test_prefilter(void **state)
{
    (void)state;
    static const char text[] =
        "- rule: a\n  desc: d\n  output: o\n  priority: INFO\n"
        "  condition: evt.type in (open, openat) and (fd.name startswith /etc or fd.name endswith /id_rsa)\n"
        "- rule: b\n  desc: d\n  output: o\n  priority: INFO\n"
        "  condition: evt.type = connect and fd.sport in (22, 3333) and not proc.name = ssh\n"
        "- rule: c\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = execve and not "
        "proc.name = x\n"
        "- rule: d\n  desc: d\n  output: o\n  priority: INFO\n"
        "  condition: evt.type = execve and proc.name in (nc, ncat)\n"
        "- rule: never\n  desc: d\n  output: o\n  priority: INFO\n"
        "  condition: evt.type = open and evt.type = close\n";
    struct vl_ruleset *set;
    struct vl_rule_program *program = program_of(text, &set);
    const struct vl_rule_prefilter *f = vl_rule_program_prefilter(program);
    assert_int_equal(f->n, 7);
    assert_true(accepts(f->types, "openat") && accepts(f->types, "connect") && accepts(f->types, "execve"));
    assert_false(accepts(f->types, "close") || accepts(f->types, "mkdir"));
    assert_int_equal(f->entries[0].kind, VL_PREFILTER_PATH_PREFIX);
    assert_true(vl_span_eq_str(f->entries[0].text, "/etc"));
    assert_false(accepts(f->entries[0].types, "execve"));
    assert_int_equal(f->entries[1].kind, VL_PREFILTER_PATH_NAME);
    assert_true(vl_span_eq_str(f->entries[1].text, "id_rsa"));
    assert_int_equal(f->entries[2].kind, VL_PREFILTER_PORT);
    assert_int_equal(f->entries[3].port, 3333);
    assert_int_equal(f->entries[4].kind, VL_PREFILTER_TYPE_ONLY);
    assert_int_equal(f->entries[5].kind, VL_PREFILTER_PROC_NAME);
    vl_rule_program_free(program);
    vl_ruleset_free(set);
}

/* A list of many items, and texts that begin and end alike. */
static void test_large_lists(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    struct vl_rule_matcher *matcher;
    struct fired fired = {.n = 0};
    struct vl_event event;
    vl_buf_init(&text, 64UL * 1024 * 1024);
    vl_buf_append_str(&text,
        "- rule: a\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = open and fd.name in (");
    for (unsigned i = 0; i < 30000; i++)
        vl_buf_printf(&text, "%s/prefix--/%05u/--suffix", i ? "," : "", i);
    vl_buf_append_str(&text, ")\n");
    clock_t start = clock();
    struct vl_rule_program *program = program_of(vl_buf_str(&text), &set);
    assert_int_equal(vl_rule_matcher_new(program, &matcher, &err), 0);
    assert_int_equal(
        vl_doc_parse(
            VL_SPAN_LIT("{\"fields\":{\"evt.type\":\"open\",\"fd.name\":\"/prefix--/29999/--suffix\"}}"),
            VL_DOC_JSON, "event", &doc, &err),
        0);
    assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
    assert_int_equal(vl_rule_match(matcher, &event, on_rule, &fired, &err), 0);
    assert_int_equal(fired.n, 1);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    vl_rule_matcher_free(matcher);
    vl_rule_program_free(program);
    vl_ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_sigma),
        cmocka_unit_test(test_wide_sigma),
        cmocka_unit_test(test_prefilter),
        cmocka_unit_test(test_large_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
