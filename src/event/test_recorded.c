/* tests: recorded.c flat.c read.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "event/event.h"

#define ARENA_MAX (64UL * 1024 * 1024)

static const char line[] =
    "{\"fields\":{\"evt.type\":\"connect\",\"evt.rawtime\":1795341765880251680,\"evt.num\":7,\"evt.rawres\":-"
    "13,"
    "\"proc.name\":\"curl\",\"proc.pname\":\"sh\",\"proc.aname[2]\":\"bash\",\"proc.aname[3]\":null,"
    "\"proc.aname[4]\":\"systemd\",\"fd.cip\":\"10.0.0.1\",\"fd.sip\":\"1.2.3.4\",\"fd.cport\":50000,"
    "\"fd.sport\":\"443\",\"fd.name\":[\"/tmp/x/../y\",\"/tmp/y\"],\"evt.arg.flags\":\"O_CREAT\","
    "\"container.mount.dest[/etc]\":\"/host/etc\",\"user.uid\":0,\"user.loginuid\":-1,\"fd.connected\":true,"
    "\"proc.exe_ino.mtime\":10887059683854775808,\"evt.res\":null,\"proc.tty\":\"x\"}}";

struct fixture {
    struct vl_doc *doc;
    struct vl_arena *arena;
    struct vl_event event;
};

static void get(struct fixture *f, const char *name, const char *arg, struct vl_event_value *ret)
{
    struct vl_span rest = VL_SPAN_EMPTY;
    const struct vl_field *field =
        vl_field_find(VL_EVENT_SYSCALL, vl_span_str(name), vl_span_str(arg), &rest);
    if (!field)
        fail_msg("no field %s", name);
    vl_event_get(&f->event, field, rest, f->arena, ret);
}

static void text(struct fixture *f, const char *name, const char *arg, const char *want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_event_value v;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&out, 10000);
    get(f, name, arg, &v);
    assert_int_equal(vl_event_value_text(&v, NULL, &out, &err), 0);
    if (strcmp(vl_buf_str(&out), want) != 0)
        fail_msg("%s[%s]: \"%s\" instead of \"%s\"", name, arg ? arg : "", vl_buf_str(&out), want);
}

static void check_fields(struct fixture *f)
{
    struct vl_event_value v;
    assert_string_equal(vl_event_type_name(f->event.type), "connect");
    assert_int_equal(f->event.time, 1795341765880251680);
    assert_int_equal(f->event.sequence, 7);
    text(f, "evt.type", NULL, "connect");
    text(f, "syscall.type", NULL, "connect");
    text(f, "proc.aname", "0", "curl");
    text(f, "proc.aname", "2", "bash");
    text(f, "proc.aname", "3", "<NA>");
    /* Ancestors: as far as they are known, one gap is passed over. */
    text(f, "proc.aname", NULL, "(sh,bash,systemd)");
    text(f, "fd.ip", NULL, "(10.0.0.1,1.2.3.4)");
    text(f, "fd.port", NULL, "(50000,443)");
    text(f, "fd.snet", NULL, "1.2.3.4");
    text(f, "evt.arg.flags", NULL, "O_CREAT");
    text(f, "evt.arg", "flags", "O_CREAT");
    text(f, "container.mount.dest", "/etc", "/host/etc");
    text(f, "container.mount.dest", "/var", "<NA>");
    text(f, "evt.res", NULL, "<NA>");
    text(f, "proc.tty", NULL, "<NA>"); /* a text that is no number */
    text(f, "user.loginuid", NULL, "-1");
    text(f, "proc.exe_ino.mtime", NULL, "10887059683854775808");
    text(f, "evt.failed", NULL, "true");
    text(f, "evt.source", NULL, "syscall");
    text(f, "evt.rawtime.ns", NULL, "880251680");
    get(f, "fd.name", NULL, &v);
    assert_int_equal(v.kind, VL_VALUE_STRING);
    assert_true(vl_span_eq_str(v.as.string, "/tmp/x/../y") && vl_span_eq_str(v.other, "/tmp/y"));
    get(f, "fd.sport", NULL, &v);
    assert_int_equal(v.kind, VL_VALUE_UINT);
}

static void test_fields(void **state)
{
    (void)state;
    struct fixture f = {.arena = vl_arena_new(ARENA_MAX)};
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_doc_parse(vl_span_str(line), VL_DOC_JSON, "line", &f.doc, &err), 0);
    assert_int_equal(vl_event_from_recorded(f.doc, &f.event, &err), 0);
    check_fields(&f);
    assert_int_equal(vl_event_from_recorded_flat(f.doc, f.arena, &f.event, &err), 0);
    check_fields(&f);
    vl_arena_free(f.arena);
    vl_doc_free(f.doc);
}

static void test_bad(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}", "[]", "{\"fields\":[]}", "{\"fields\":{\"evt.type\":3}}", "null"};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        struct vl_err err = VL_ERR_INIT;
        struct vl_event event;
        assert_int_equal(vl_doc_parse(vl_span_str(rows[i]), VL_DOC_JSON, "line", &doc, &err), 0);
        assert_true(vl_event_from_recorded(doc, &event, &err) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
