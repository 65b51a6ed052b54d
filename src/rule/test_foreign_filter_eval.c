/* Falco's own tests of filters: VALLUM_SHARED/cases/falco-filter-eval. The upstream tests build events by
 * calls; the fields that follow from those calls stand in `events` below, one line a test. What cannot be
 * said in fields (events that only the capture library makes, texts that are not UTF-8) is counted and
 * listed. tests: check.c check_holds.c check_operand.c check_value.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc.h"
#include "rule/program.h"

#define FILE_MAX  (16UL * 1024 * 1024)
#define ARENA_MAX (256UL * 1024 * 1024)

struct run {
    unsigned total, passed, outside;
};

static const struct {
    const char *test, *fields;
} events[] = {
    {"event_res", "\"evt.type\":\"epoll_create\",\"evt.rawres\":-22"},
    {"filter_cache_corner_cases",
        "\"evt.type\":\"getcwd\",\"evt.source\":\"syscall\",\"evt.arg[1]\":\"/test/dir\""},
    {"filter_", "\"evt.type\":\"getcwd\",\"evt.source\":\"syscall\",\"evt.arg.res\":\"ENOENT\",\"proc.name\":"
                "\"init\""},
    {"bytebuf_bcontains", "\"evt.type\":\"read\",\"evt.buffer\":\"hello\\u0000\""},
    {"bytebuf_matches_nul", "\"evt.type\":\"read\",\"evt.buffer\":\"a\\u0000b\""},
    {"contains_icontains", "\"evt.type\":\"open\",\"evt.arg.flags\":\"O_RDWR|O_CREAT\""},
    {"net_ipv4_compare",
        "\"evt.type\":\"connect\",\"fd.cip\":\"172.40.111.222\",\"fd.sip\":\"142.251.111.147\","
        "\"fd.lip\":\"172.40.111.222\",\"fd.rip\":\"142.251.111.147\",\"fd.cport\":54321,\"fd.sport\":443"},
    {"net_modifier_ip_compare",
        "\"evt.type\":\"connect\",\"fd.cip\":\"172.40.111.222\",\"fd.sip\":\"142.251.111.147\""},
    {"net_ipv6_compare", "\"evt.type\":\"connect\",\"fd.cip\":\"::1\",\"fd.sip\":\"2001:4860:4860::8888\""},
    {"signed_int_compare",
        "\"evt.type\":\"open\",\"evt.cpu\":1,\"evt.rawarg.res\":-22,\"fd.num\":-1,\"evt.rawres\":-22"},
    {"pmatch", "\"evt.type\":\"open\",\"fd.name\":\"/opt/dir/subdir/file.txt\",\"fd.directory\":\"/opt/dir/"
               "subdir\""},
    {"basename_transformer", "\"evt.type\":\"open\",\"fd.name\":\"/tmp/file_to_run\""},
    {"len_transformer", "\"evt.type\":\"open\",\"fd.name\":\"/tmp/file_to_run\",\"fd.types\":[\"file\"]"},
    {"multivalue_transformer",
        "\"evt.type\":\"open\",\"evt.num\":1,\"fd.name\":\"/tmp/file_to_run\",\"fd.directory\":\"/tmp\""},
    {"FILTERCHECK_MOD",
        "\"evt.type\":\"execve\",\"proc.name\":\"myexe\",\"proc.exepath\":\"/myexe\",\"proc.pid\":1"},
    {"PROC_FILTER_aname", "\"evt.type\":\"execve\",\"proc.name\":\"good-exe\",\"proc.aname[1]\":\"init\""},
    {NULL, NULL},
};

/* The fields of a test; NULL where they cannot be told. */
static const char *fields_of(struct vl_span test)
{
    size_t dot = vl_span_find_char(test, '.');
    test = vl_span_slice(test, dot == SIZE_MAX ? 0 : dot + 1, SIZE_MAX);
    for (size_t i = 0; events[i].test; i++) {
        if (vl_span_starts_with(test, events[i].test))
            return events[i].fields;
    }
    return NULL;
}

/* 1 holds, 0 does not, -1 does not compile. */
static int evaluate(struct vl_span expr, const char *fields, struct vl_arena *arena, uint32_t *ret_warnings)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_condition *root = NULL;
    struct vl_condition_problem problem;
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    bool holds = false;
    if (vl_condition_parse(expr, arena, &root, NULL, &err) < 0 ||
        vl_condition_check(root, VL_EVENT_SYSCALL, arena, &problem, &err) < 0)
        return -1;
    *ret_warnings = problem.warnings;
    const char *json = vl_arena_printf(arena, "{\"fields\":{%s}}", fields);
    if (vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err) < 0 ||
        vl_event_from_recorded(doc, &event, &err) < 0 ||
        vl_rule_condition_holds(root, &event, arena, &holds, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return -2;
    }
    return holds;
}

static void count(struct run *run, struct vl_span test, struct vl_span expr, bool passed)
{
    run->total++;
    run->passed += passed;
    if (!passed)
        (void)printf("disagrees: %.*s: %.*s\n", VL_SPAN_FMT(test), VL_SPAN_FMT(expr));
}

static int foreign_eval(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)err;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    const struct vl_doc_node *root = vl_doc_root(owned), *expected = vl_doc_get(root, "expected");
    struct vl_span test = vl_doc_get_str(root, "test"), expr = vl_doc_get_str(root, "expr");
    struct vl_span fn = vl_doc_get_str(root, "fn"), word = vl_doc_span(expected);
    const char *fields = fields_of(test);
    struct run *run = user;
    uint32_t warnings;
    bool known = vl_span_find(expr, VL_SPAN_LIT("sample.")) == SIZE_MAX;
    if (!fields || !known || vl_span_eq_str(fn, "get_field_as_string")) {
        run->outside++;
        return 0;
    }
    int got = evaluate(expr, fields, arena, &warnings);
    if (vl_span_eq_str(fn, "filter_compiles"))
        count(run, test, expr, (got >= 0) == vl_doc_bool(expected));
    else if (vl_span_eq_str(word, "throw"))
        count(run, test, expr, got == -1);
    else if (word.len)
        count(run, test, expr, got >= 0);
    else
        count(run, test, expr, got == (vl_doc_bool(expected) ? 1 : 0));
    return 0;
}

/* The upstream test's factory knows five fields: c.true always holds, c.false never, c.singlequote and
 * c.doublequote compare with a text, c.buffer is bytes. */
static struct vl_span with_real_fields(struct vl_span expr, struct vl_arena *arena)
{
    static const char *const names[][2] = {{"c.true", "proc.name"}, {"c.false", "proc.pname"},
        {"c.singlequote", "proc.exe"}, {"c.doublequote", "proc.pexe"}, {"c.buffer", "evt.buffer"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        size_t at;
        while ((at = vl_span_find(expr, vl_span_str(names[i][0]))) != SIZE_MAX)
            expr = vl_span_str(vl_arena_printf(arena, "%.*s%s%.*s", VL_SPAN_FMT(vl_span_slice(expr, 0, at)),
                names[i][1], VL_SPAN_FMT(vl_span_slice(expr, at + strlen(names[i][0]), SIZE_MAX))));
    }
    return expr;
}

static int foreign_compiler(struct vl_doc *doc, void *user, struct vl_err *err)
{
    static const char fields[] = "\"proc.name\":\"1\",\"proc.pname\":\"0\",\"proc.exe\":\"hello 'quoted'\","
                                 "\"proc.pexe\":\"hello \\\"quoted\\\"\"";
    (void)err;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    const struct vl_doc_node *root = vl_doc_root(owned), *args = vl_doc_get(root, "args");
    struct vl_span test = vl_doc_get_str(root, "test"), expr = vl_doc_get_str(root, "expr");
    bool second = vl_span_eq_str(vl_doc_span(vl_doc_at(args, 1)), "true");
    uint32_t warnings = 0, want = vl_span_eq_str(vl_doc_span(vl_doc_at(args, 2)), "1");
    int got = evaluate(with_real_fields(expr, arena), fields, arena, &warnings);
    if (vl_span_eq_str(vl_doc_get_str(root, "kind"), "run"))
        count(user, test, expr, got == vl_span_eq_str(vl_doc_span(vl_doc_at(args, 0)), "true"));
    else
        count(user, test, expr, (got >= 0) == !second && (got < 0 || warnings == want));
    return 0;
}

static bool run_file(const char *name, int (*each)(struct vl_doc *doc, void *user, struct vl_err *err))
{
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct run run = {0};
    (void)snprintf(path, sizeof(path), "%s/cases/falco-filter-eval/%s", shared ? shared : "../shared", name);
    vl_buf_init(&text, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, &text, &err) < 0) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", path);
        exit(77);
    }
    if (vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, path, each, &run, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return false;
    }
    (void)printf("foreign: rule/falco-filter-eval/%s %u/%u\n", name, run.passed, run.total + run.outside);
    (void)printf("%u of them need a capture or a plugin, or ask for no filter\n", run.outside);
    return run.passed == run.total && run.total > 0;
}

int main(void)
{
    bool fine = run_file("compiler_cases.jsonl", foreign_compiler);
    return run_file("cases.jsonl", foreign_eval) && fine ? 0 : 1;
}
