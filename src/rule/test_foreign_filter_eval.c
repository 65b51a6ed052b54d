/* Falco's own tests of filters: VALLUM_SHARED/cases/falco-filter-eval. The upstream tests build events by
 * calls; the fields that follow from those calls stand in `events` below, one line a test; what the test asks
 * for must never be among them where it asks for the value of a field. What is outside is counted by its
 * reason and listed: fields of a plugin that we do not have, and values that Falco's capture library keeps
 * from call to call (tables of processes, descriptors, users), of which a single event says nothing.
 * tests: check.c check_holds.c check_operand.c check_value.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc.h"
#include "rule/program.h"

#define FILE_MAX  (16UL * 1024 * 1024)
#define ARENA_MAX (256UL * 1024 * 1024)

struct run {
    unsigned total, passed, plugin, capture;
};

#define IPV4 "172.40.111.222:54321->142.251.111.147:443"
#define IPV6 "::1:54321->2001:4860:4860::8888:443"

/* `last`: a part of the last event before the question, where the events of a test differ. ÿ stands for the
 * byte 0xff, which JSON cannot have. */
static const struct {
    const char *test, *last, *fields;
} events[] = {
    {"event_category", NULL, "\"evt.type\":\"open_by_handle_at\""},
    {"event_sources", "PPME_SYSCALL_OPEN_X", "\"evt.type\":\"open\""},
    {"event_sources", "PPME_USER_ADDED_E", "\"evt.type\":\"useradded\""},
    {"event_res", "-SE_EINVAL", "\"evt.type\":\"epoll_create\",\"evt.rawarg.res\":-22"},
    {"event_res", "(int32_t)100", "\"evt.type\":\"epoll_create\",\"evt.rawarg.res\":0"},
    {"event_res", "(int64_t)123", "\"evt.type\":\"open\",\"evt.rawarg.res\":123"},
    {"event_res", "-SE_EACCES", "\"evt.type\":\"open\",\"evt.rawarg.res\":-13"},
    {"file_open", NULL, "\"evt.type\":\"open\",\"fd.name\":\"/tmp/the_file\",\"fd.type\":\"file\""},
    {"open_by_handle_at", NULL, "\"evt.type\":\"open_by_handle_at\",\"evt.arg.path\":\"/tmp/the_file.txt\""},
    {"path_too_long", NULL, "\"evt.type\":\"open\",\"fd.name\":\"/DIR_TOO_LONG/FILENAME_TOO_LONG\""},
    {"pipe2", NULL, "\"evt.type\":\"pipe2\",\"thread.tid\":1,\"fd.num\":6"},
    {"pipe", NULL, "\"evt.type\":\"pipe\",\"fd.type\":\"pipe\""},
    {"inotify_init1", NULL,
        "\"evt.type\":\"inotify_init1\",\"thread.tid\":1,\"fd.num\":14,\"fd.typechar\":\"i\""},
    {"inotify_init", NULL, "\"evt.type\":\"inotify_init\",\"fd.type\":\"inotify\""},
    {"eventfd2", NULL, "\"evt.type\":\"eventfd2\",\"thread.tid\":1,\"fd.num\":22"},
    {"eventfd", NULL, "\"evt.type\":\"eventfd\",\"fd.type\":\"event\""},
    {"signalfd4", NULL, "\"evt.type\":\"signalfd4\",\"fd.type\":\"signalfd\",\"thread.tid\":1,\"fd.num\":5"},
    {"signalfd", NULL, "\"evt.type\":\"signalfd\",\"fd.type\":\"signalfd\""},
    {"test_pidfd", "PIDFD_GETFD",
        "\"evt.type\":\"pidfd_getfd\",\"fd.name\":\"/tmp/the_file\",\"fd.typechar\":\"f\""},
    {"net_ipv4_connect", NULL, "\"evt.type\":\"connect\",\"fd.name\":\"" IPV4 "\",\"fd.type\":\"ipv4\""},
    {"net_ipv6_multiple_connects", NULL,
        "\"evt.type\":\"connect\",\"fd.name\":\"" IPV6 "\",\"fd.type\":\"ipv6\""},
    {"net_bind_listen_accept_ipv4", "ACCEPT",
        "\"evt.type\":\"accept\",\"fd.name\":\"" IPV4 "\",\"fd.is_server\":true"},
    {"net_bind_listen_accept_ipv6", "ACCEPT",
        "\"evt.type\":\"accept\",\"fd.name\":\"" IPV6 "\",\"fd.is_server\":true"},
    {"net_connect_exit_event_fails", NULL, "\"evt.type\":\"connect\",\"fd.name\":\"" IPV4 "\""},
    {"net_connect_enter_event_is_empty", NULL, "\"evt.type\":\"connect\",\"fd.name\":\"" IPV4 "\""},
    {"net_connect_enter_event_is_missing", NULL, "\"evt.type\":\"connect\",\"fd.name\":\"" IPV4 "\""},
    {"spawn_process", NULL,
        "\"evt.type\":\"execve\",\"proc.name\":\"test-exe\",\"proc.exe\":\"/bin/"
        "test-exe\",\"proc.exepath\":\"/bin/"
        "test-exe\",\"proc.args\":\"-c 'echo aGVsbG8K | base64 "
        "-d'\",\"proc.pid\":20,\"proc.aname[1]\":\"init\","
        "\"proc.aexepath[1]\":\"/sbin/init\",\"proc.acmdline[1]\":\"init context ls --format {{json .}}\""},
    {"plugin_syscall_source", NULL, "\"evt.type\":\"open\",\"fd.name\":\"/tmp/the_file\""},
    {"EVT_FILTER_rawarg_madness", "SIGNALFD4", "\"evt.type\":\"signalfd4\",\"evt.rawarg.flags\":512"},
    {"EVT_FILTER_rawarg_madness", "execve_exit", "\"evt.type\":\"execve\",\"evt.rawarg.pgid\":0"},
    {"EVT_FILTER_rawarg_madness", "connect_exit",
        "\"evt.type\":\"connect\",\"evt.rawarg.tuple\":\"" IPV4 "\""},
    {"fd_fields_invalid_utf8", NULL, "\"evt.type\":\"open\",\"fd.name\":\"/p\xc3\xbf/q\xc3\xbf\""},
    {"proc_fields_invalid_utf8", NULL,
        "\"evt.type\":\"execve\",\"proc.name\":\"bad\xc3\xbf\",\"proc.exe\":\"/bin/bad\xc3\xbf\""},
    {"fspath_fields_invalid_utf8", NULL,
        "\"evt.type\":\"rename\",\"evt.arg.oldpath\":\"/tmp/s\xc3\xbf\",\"evt.arg.newpath\":\"/tmp/"
        "t\xc3\xbf\""},
    {"evt_abspath_invalid_utf8", NULL,
        "\"evt.type\":\"open_by_handle_at\",\"evt.arg.path\":\"/tmp/a\xc3\xbf\""},
    {"proc_cwd_invalid_utf8", NULL, "\"evt.type\":\"chdir\",\"proc.cwd\":\"/tmp/c\xc3\xbf/\""},
    {"filter_cache_corner_cases", NULL,
        "\"evt.type\":\"getcwd\",\"evt.source\":\"syscall\",\"evt.arg[1]\":\"/test/dir\""},
    {"filter_", NULL,
        "\"evt.type\":\"getcwd\",\"evt.source\":\"syscall\",\"evt.arg.res\":\"ENOENT\",\"proc.name\":"
        "\"init\""},
    {"bytebuf_bcontains", NULL, "\"evt.type\":\"read\",\"evt.buffer\":\"hello\\u0000\""},
    {"bytebuf_matches_nul", NULL, "\"evt.type\":\"read\",\"evt.buffer\":\"a\\u0000b\""},
    {"contains_icontains", NULL, "\"evt.type\":\"open\",\"evt.arg.flags\":\"O_RDWR|O_CREAT\""},
    {"net_ipv4_compare", NULL,
        "\"evt.type\":\"connect\",\"fd.cip\":\"172.40.111.222\",\"fd.sip\":\"142.251.111.147\","
        "\"fd.lip\":\"172.40.111.222\",\"fd.rip\":\"142.251.111.147\",\"fd.cport\":54321,\"fd.sport\":443"},
    {"net_modifier_ip_compare", NULL,
        "\"evt.type\":\"connect\",\"fd.cip\":\"172.40.111.222\",\"fd.sip\":\"142.251.111.147\""},
    {"net_ipv6_compare", NULL,
        "\"evt.type\":\"connect\",\"fd.cip\":\"::1\",\"fd.sip\":\"2001:4860:4860::8888\""},
    {"signed_int_compare", NULL,
        "\"evt.type\":\"open\",\"evt.cpu\":1,\"evt.rawarg.res\":-22,\"fd.num\":-1,\"evt.rawres\":-22"},
    {"pmatch", NULL,
        "\"evt.type\":\"open\",\"fd.name\":\"/opt/dir/subdir/file.txt\",\"fd.directory\":\"/opt/dir/"
        "subdir\""},
    {"basename_transformer", NULL, "\"evt.type\":\"open\",\"fd.name\":\"/tmp/file_to_run\""},
    {"len_transformer", NULL,
        "\"evt.type\":\"open\",\"fd.name\":\"/tmp/file_to_run\",\"fd.types\":[\"file\"]"},
    {"multivalue_transformer", NULL,
        "\"evt.type\":\"open\",\"evt.num\":1,\"fd.name\":\"/tmp/file_to_run\",\"fd.directory\":\"/tmp\""},
    {"FILTERCHECK_MOD", NULL,
        "\"evt.type\":\"execve\",\"proc.name\":\"myexe\",\"proc.exepath\":\"/myexe\",\"proc.pid\":1"},
    {"PROC_FILTER_aname", NULL,
        "\"evt.type\":\"execve\",\"proc.name\":\"good-exe\",\"proc.aname[1]\":\"init\""},
    {NULL, NULL, NULL},
};

/* The fields of a test; NULL where they cannot be told. */
static const char *fields_of(struct vl_span test, struct vl_span last)
{
    size_t dot = vl_span_find_char(test, '.');
    test = vl_span_slice(test, dot == SIZE_MAX ? 0 : dot + 1, SIZE_MAX);
    for (size_t i = 0; events[i].test; i++) {
        if (vl_span_starts_with(test, events[i].test) &&
            (!events[i].last || vl_span_find(last, vl_span_str(events[i].last)) != SIZE_MAX))
            return events[i].fields;
    }
    return NULL;
}

/* A recorded event in whose texts ÿ is the byte 0xff. */
struct bytes {
    struct vl_event recorded;
};

static void get_bytes(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct bytes *bytes = event->data;
    size_t at;
    vl_event_get(&bytes->recorded, field, arg, scratch, ret);
    while (ret->kind == VL_VALUE_STRING &&
           (at = vl_span_find(ret->as.string, VL_SPAN_LIT("\xc3\xbf"))) != SIZE_MAX) {
        struct vl_span s = ret->as.string;
        ret->as.string = vl_span_str(vl_arena_printf(scratch, "%.*s\xff%.*s",
            VL_SPAN_FMT(vl_span_slice(s, 0, at)), VL_SPAN_FMT(vl_span_slice(s, at + 2, SIZE_MAX))));
    }
}

static const struct vl_event_ops bytes_ops = {.get = get_bytes};

/* 1 holds, 0 does not, -1 does not compile. */
static int evaluate(struct vl_span expr, const char *fields, struct vl_arena *arena, uint32_t *ret_warnings)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_condition *root = NULL;
    struct vl_condition_problem problem;
    struct vl_err err = VL_ERR_INIT;
    struct bytes bytes;
    bool holds = false;
    if (vl_condition_parse(expr, arena, &root, NULL, &err) < 0 ||
        vl_condition_check(root, VL_EVENT_SYSCALL, arena, &problem, &err) < 0)
        return -1;
    *ret_warnings = problem.warnings;
    const char *json = vl_arena_printf(arena, "{\"fields\":{%s}}", fields);
    if (vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err) < 0 ||
        vl_event_from_recorded(doc, &bytes.recorded, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return -2;
    }
    struct vl_event event = bytes.recorded;
    event.ops = &bytes_ops;
    event.data = &bytes;
    if (vl_rule_condition_holds(root, &event, arena, &holds, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return -2;
    }
    return holds;
}

/* What the upstream tests call these. */
static struct vl_span constant(struct vl_span expected)
{
    static const char *const names[][2] = {{"syscall_source_name", "syscall"},
        {"std::to_string(-SE_EACCES).c_str()", "-13"}, {"DEFAULT_IPV4_CLIENT_STRING", "172.40.111.222"},
        {"DEFAULT_IPV4_SERVER_STRING", "142.251.111.147"}, {"DEFAULT_IPV6_CLIENT_STRING", "::1"},
        {"DEFAULT_IPV6_SERVER_STRING", "2001:4860:4860::8888"}, {"DEFAULT_CLIENT_PORT_STRING", "54321"},
        {"DEFAULT_SERVER_PORT_STRING", "443"}, {"port_client_string", "54321"},
        {"port_server_string", "443"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        if (vl_span_eq_str(expected, names[i][0]))
            return vl_span_str(names[i][1]);
    return expected;
}

/* The value of a field: 1 as expected, 0 another one, -1 nothing in the event tells it, or it is written. */
static int value_is(struct vl_span name, struct vl_span expected, const char *fields, struct vl_arena *arena)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    struct vl_event_value value;
    size_t bracket = vl_span_find_char(name, '[');
    struct vl_span rest = VL_SPAN_EMPTY, arg = VL_SPAN_EMPTY;
    if (bracket != SIZE_MAX)
        arg = vl_span_slice(name, bracket + 1, name.len - 1);
    const struct vl_field *field =
        vl_field_find(VL_EVENT_SYSCALL, vl_span_slice(name, 0, bracket), arg, &rest);
    const char *json = vl_arena_printf(arena, "{\"fields\":{%s}}", fields);
    vl_buf_init(&out, FILE_MAX);
    if (!field || vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err) < 0 ||
        vl_event_from_recorded(doc, &event, &err) < 0 ||
        vl_doc_get_span(vl_doc_get(vl_doc_root(doc), "fields"), name))
        return -1;
    vl_event_get(&event, field, rest, arena, &value);
    if (value.kind == VL_VALUE_MISSING || vl_event_value_text(&value, field, &out, &err) < 0)
        return -1;
    return vl_span_eq(vl_buf_span(&out), constant(expected));
}

static void count(struct run *run, struct vl_span test, struct vl_span expr, bool passed)
{
    run->total++;
    run->passed += passed;
    if (!passed)
        (void)printf("disagrees: %.*s: %.*s\n", VL_SPAN_FMT(test), VL_SPAN_FMT(expr));
}

/* What no event of ours can say, with its reason. */
static void outside(struct run *run, struct vl_span test, struct vl_span expr)
{
    bool plugin = vl_span_find(expr, VL_SPAN_LIT("sample.")) != SIZE_MAX ||
                  vl_span_find(test, VL_SPAN_LIT(".plugin_")) != SIZE_MAX ||
                  vl_span_find(expr, VL_SPAN_LIT("static.")) != SIZE_MAX;
    run->plugin += plugin;
    run->capture += !plugin;
    (void)printf("outside (%s): %.*s: %.*s\n", plugin ? "field of a plugin" : "state of the capture library",
        VL_SPAN_FMT(test), VL_SPAN_FMT(expr));
}

static void foreign_value(
    const struct vl_doc_node *root, const char *fields, struct vl_arena *arena, struct run *run)
{
    struct vl_span test = vl_doc_get_str(root, "test"), expr = vl_doc_get_str(root, "expr");
    const struct vl_doc_node *expected = vl_doc_first(vl_doc_get(root, "expected"));
    int got = fields && expected ? value_is(expr, vl_doc_span(expected), fields, arena) : -1;
    if (got < 0)
        outside(run, test, expr);
    else
        count(run, test, expr, got);
}

static int foreign_eval(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)err;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    const struct vl_doc_node *root = vl_doc_root(owned), *expected = vl_doc_get(root, "expected");
    struct vl_span test = vl_doc_get_str(root, "test"), expr = vl_doc_get_str(root, "expr");
    struct vl_span fn = vl_doc_get_str(root, "fn"), word = vl_doc_span(expected);
    const struct vl_doc_node *calls = vl_doc_get(root, "events");
    struct vl_span last = vl_doc_span(vl_doc_at(calls, vl_doc_size(calls) - 1));
    const char *fields = fields_of(test, last);
    struct run *run = user;
    uint32_t warnings;
    if (vl_span_eq_str(fn, "get_field_as_string")) {
        foreign_value(root, fields, arena, run);
        return 0;
    }
    if (!fields || vl_span_find(expr, VL_SPAN_LIT("sample.")) != SIZE_MAX) {
        outside(run, test, expr);
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
    (void)printf(
        "foreign: rule/falco-filter-eval/%s %u/%u\n", name, run.passed, run.total + run.plugin + run.capture);
    (void)printf(
        "outside: %u ask for a field of a plugin, %u for what the capture library keeps from call to "
        "call\n",
        run.plugin, run.capture);
    return run.passed == run.total && run.total > 0;
}

int main(void)
{
    bool fine = run_file("compiler_cases.jsonl", foreign_compiler);
    return run_file("cases.jsonl", foreign_eval) && fine ? 0 : 1;
}
