/* What follows from the fields of a recorded event; the meaning of each is `falco --list`'s. Falco's own
 * expectations of the same fields run in rule/test_foreign_filter_eval.c. tests: derived.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "event/event.h"

#define ARENA_MAX (64UL * 1024 * 1024)

static const struct {
    const char *fields, *name, *arg, *want;
} cases[] = {
    {"\"evt.rawres\":-13", "evt.res", NULL, "EACCES"},
    {"\"evt.rawres\":5", "evt.res", NULL, "SUCCESS"},
    {"\"evt.rawres\":-99999", "evt.res", NULL, "<NA>"},
    {"\"evt.res\":\"ENOENT\"", "evt.rawres", NULL, "-2"},
    {"\"evt.res\":\"SUCCESS\"", "evt.rawres", NULL, "<NA>"},
    {"\"evt.res\":\"SUCCESS\"", "evt.failed", NULL, "false"},
    {"\"evt.res\":\"ENOENT\"", "evt.failed", NULL, "true"},
    {"\"evt.res\":\"ENOENT\"", "evt.count.error", NULL, "1"},
    {"\"evt.rawres\":null", "evt.failed", NULL, "<NA>"},
    {"\"evt.type\":\"openat\",\"evt.arg.flags\":\"O_RDWR|O_CREAT\"", "evt.is_open_read", NULL, "true"},
    {"\"evt.type\":\"openat\",\"evt.arg.flags\":\"O_WRONLY\"", "evt.is_open_read", NULL, "false"},
    {"\"evt.type\":\"openat\",\"evt.arg.flags\":\"O_WRONLY\"", "evt.is_open_write", NULL, "true"},
    {"\"evt.type\":\"read\",\"evt.arg.flags\":\"O_WRONLY\"", "evt.is_open_write", NULL, "<NA>"},
    {"\"fd.type\":\"ipv4\"", "fd.typechar", NULL, "4"},
    {"\"fd.typechar\":\"f\"", "fd.type", NULL, "file"},
    {"\"fd.typechar\":\"u\"", "fd.sockfamily", NULL, "unix"},
    {"\"fd.name\":\"/a/b/c\"", "fd.directory", NULL, "/a/b"},
    {"\"fd.name\":\"/a\"", "fd.directory", NULL, "/"},
    {"\"fd.name\":[\"/l/x\",\"/r/x\"]", "fd.directory", NULL, "/l"},
    {"\"fd.name\":\"10.0.0.1:5000->1.2.3.4:443\"", "fd.filename", NULL, "<NA>"},
    {"\"fd.name\":\"10.0.0.1:5000->1.2.3.4:443\"", "fd.sip", NULL, "1.2.3.4"},
    {"\"fd.name\":\"10.0.0.1:5000->1.2.3.4:443\"", "fd.cport", NULL, "5000"},
    {"\"fd.name\":\"::1:5000->2001:db8::1:443\"", "fd.sip", NULL, "2001:db8::1"},
    {"\"fd.name\":\"::1:5000->2001:db8::1:443\",\"fd.is_server\":true", "fd.lport", NULL, "443"},
    {"\"fd.name\":\"::1:5000->2001:db8::1:443\",\"fd.is_server\":false", "fd.rip", NULL, "2001:db8::1"},
    {"\"fd.name\":\"::1:5000->2001:db8::1:443\"", "fd.rip", NULL, "<NA>"},
    {"\"fd.name\":\"/tmp/1.2.3.4:5->1.2.3.4:6\",\"fd.typechar\":\"f\"", "fd.sip", NULL, "<NA>"},
    {"\"fd.name\":\"a:5->1.2.3.4:99999\"", "fd.sport", NULL, "<NA>"},
    {"\"fd.name\":\"10.0.0.1:5000->1.2.3.4:443\"", "fd.ip", NULL, "(10.0.0.1,1.2.3.4)"},
    {"\"proc.name\":\"cat\",\"proc.args\":\"-n x\"", "proc.cmdline", NULL, "cat -n x"},
    {"\"proc.name\":\"cat\",\"proc.args\":\"-n x\"", "proc.acmdline", "0", "cat -n x"},
    {"\"proc.name\":\"cat\",\"proc.args\":\"\"", "proc.cmdline", NULL, "cat"},
    {"\"proc.name\":\"cat\",\"proc.cmdline\":\"cat -n x\"", "proc.args", NULL, "-n x"},
    {"\"proc.name\":\"cat\",\"proc.cmdline\":\"catx -n\"", "proc.args", NULL, "<NA>"},
    {"\"proc.name\":\"cat\",\"proc.exe\":\"/bin/cat\",\"proc.cmdline\":\"cat -n x\"", "proc.exeline", NULL,
        "/bin/cat -n x"},
    {"\"proc.env\":\"A=1 HOME=/my home B=2\"", "proc.env", "HOME", "/my home"},
    {"\"proc.env\":\"A=1 HOME=/my home B=2\"", "proc.env", "A", "1"},
    {"\"proc.env\":\"A=1 HOME=/my home B=2\"", "proc.env", "OME", "<NA>"},
    {"\"proc.env\":\"A=1\"", "proc.env", NULL, "A=1"},
    {"\"proc.aname[1]\":\"sh\"", "proc.pname", NULL, "sh"},
    {"\"proc.vpgid\":7,\"proc.vpid\":7", "proc.is_vpgid_leader", NULL, "true"},
    {"\"proc.pgid\":7,\"proc.pid\":8", "proc.is_pgid_leader", NULL, "false"},
    {"\"container.id\":\"host\"", "container.name", NULL, "host"},
    {"\"container.id\":\"abc\"", "container.name", NULL, "<NA>"},
    {"\"container.image\":\"r:5000/a/b:1.2\"", "container.image.repository", NULL, "r:5000/a/b"},
    {"\"container.image\":\"r:5000/a/b:1.2\"", "container.image.tag", NULL, "1.2"},
    {"\"container.image\":\"r:5000/a\"", "container.image.tag", NULL, "<NA>"},
    {"\"container.image\":\"a@sha256:00\"", "container.image.repository", NULL, "a"},
    {"\"container.id\":\"c1\",\"fd.name\":\"/a/b\"", "fd.containername", NULL, "c1:/a/b"},
    {"\"container.id\":\"c1\",\"fd.name\":\"/a/b\"", "fd.containerdirectory", NULL, "c1:/a"},
    {"\"fd.dev\":2049", "fd.dev.major", NULL, "8"},
    {"\"fd.dev\":2049", "fd.dev.minor", NULL, "1"},
    {"\"thread.tid\":12,\"fd.num\":3", "fd.uid", NULL, "123"},
    {"\"evt.arg.oldpath\":\"/a\",\"evt.arg.newpath\":\"b\"", "fs.path.source", NULL, "/a"},
    {"\"evt.arg.oldpath\":\"/a\",\"evt.arg.newpath\":\"b\"", "fs.path.target", NULL, "<NA>"},
    {"\"evt.arg.path\":\"/a\"", "evt.abspath", NULL, "/a"},
};

static void check(const char *fields, const char *name, const char *arg, const char *want, bool flat)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_event event;
    struct vl_event_value value;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest = VL_SPAN_EMPTY;
    vl_buf_init(&out, 10000);
    assert_non_null(arena);
    const char *json = vl_arena_printf(arena, "{\"fields\":{%s}}", fields);
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err), 0);
    if (flat)
        assert_int_equal(vl_event_from_recorded_flat(doc, arena, &event, &err), 0);
    else
        assert_int_equal(vl_event_from_recorded(doc, &event, &err), 0);
    const struct vl_field *field =
        vl_field_find(VL_EVENT_SYSCALL, vl_span_str(name), vl_span_str(arg), &rest);
    assert_non_null(field);
    vl_event_get(&event, field, rest, arena, &value);
    assert_true(vl_event_value_text(&value, NULL, &out, &err) >= 0);
    if (strcmp(vl_buf_str(&out), want) != 0)
        fail_msg(
            "{%s}: %s[%s]: \"%s\" instead of \"%s\"", fields, name, arg ? arg : "", vl_buf_str(&out), want);
}

static void test_follows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        check(cases[i].fields, cases[i].name, cases[i].arg, cases[i].want, false);
        if (!cases[i].arg) /* arguments that are not written are no part of the table */
            check(cases[i].fields, cases[i].name, cases[i].arg, cases[i].want, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_follows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
