/* The table of fields against `falco --list`, where the foreign facts are there, and names by hand.
 * tests: field.c value_text.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "event/event.h"

static const struct vl_field *find(enum vl_event_source source, const char *name, struct vl_span *ret_arg)
{
    return vl_field_find(source, vl_span_str(name), VL_SPAN_EMPTY, ret_arg);
}

static void test_find(void **state)
{
    (void)state;
    struct vl_span arg = VL_SPAN_EMPTY;
    const struct vl_field *f = find(VL_EVENT_SYSCALL, "proc.name", &arg);
    assert_string_equal(f->name, "proc.name");
    assert_ptr_equal(vl_field_at(f->id), f);
    assert_int_equal(arg.len, 0);
    f = find(VL_EVENT_SYSCALL, "evt.arg.path", &arg);
    assert_string_equal(f->name, "evt.arg");
    assert_true(vl_span_eq_str(arg, "path"));
    f = find(VL_EVENT_SYSCALL, "container.label.io.kubernetes.pod", &arg);
    assert_string_equal(f->name, "container.label");
    assert_true(vl_span_eq_str(arg, "io.kubernetes.pod"));
    f = vl_field_find(VL_EVENT_SYSCALL, VL_SPAN_LIT("proc.aname"), VL_SPAN_LIT("2"), &arg);
    assert_true(f->any_ancestor && vl_span_eq_str(arg, "2"));
    assert_null(find(VL_EVENT_SYSCALL, "ka.verb", &arg));
    assert_null(find(VL_EVENT_SYSCALL, "proc.name.x", &arg));
    assert_null(find(VL_EVENT_SYSCALL, "", &arg));
    assert_true(find(VL_EVENT_K8S_AUDIT, "ka.req.pod.containers.image", &arg)->is_list);
    assert_non_null(find(VL_EVENT_K8S_AUDIT, "evt.time", &arg));
    f = find(VL_EVENT_LOG, "any.thing", &arg);
    assert_string_equal(f->name, "record");
    assert_true(vl_span_eq_str(arg, "any.thing"));
    assert_true(find(VL_EVENT_SYSCALL, "fd.ip", &arg)->either);
    assert_false(find(VL_EVENT_SYSCALL, "fd.ip", &arg)->printable);
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(vl_field_nearest(VL_EVENT_SYSCALL, VL_SPAN_LIT("proc.nmae"))->name, "proc.name");
    assert_string_equal(vl_field_nearest(VL_EVENT_K8S_AUDIT, VL_SPAN_LIT("ka.verbs"))->name, "ka.verb");
    assert_null(vl_field_nearest(VL_EVENT_SYSCALL, VL_SPAN_LIT("nothing.like.this")));
}

static void test_types(void **state)
{
    (void)state;
    uint16_t execve = vl_event_type_find(VL_SPAN_LIT("execve"));
    assert_true(execve > VL_EVENT_TYPE_OTHER && execve < VL_EVENT_TYPES_MAX);
    assert_string_equal(vl_event_type_name(execve), "execve");
    assert_int_equal(vl_event_type_find(VL_SPAN_LIT("no_such_call")), 0);
    assert_null(vl_event_type_name(0));
    assert_null(vl_event_type_name(VL_EVENT_TYPES_MAX - 1));
}

/* A line that begins with a field's name: "proc.exe   text" or "ka.x.y(FLAGS) text". */
static bool field_line(struct vl_span line, struct vl_span *ret_name)
{
    size_t n = 0, dots = 0;
    while (n < line.len && line.ptr[n] != ' ' && line.ptr[n] != '(')
        dots += line.ptr[n++] == '.';
    *ret_name = vl_span_slice(line, 0, n);
    return n > 3 && dots > 0 && line.ptr[0] >= 'a' && line.ptr[0] <= 'z';
}

static void check_list(const char *path, enum vl_event_source source, unsigned want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span line, name, arg;
    unsigned n = 0;
    vl_buf_init(&text, 1 << 20);
    if (vl_file_read(path, 1 << 20, &text, &err) < 0) {
        (void)printf("%s is not there (set VALLUM_SHARED): the names are not compared\n", path);
        return;
    }
    for (struct vl_span rest = vl_buf_span(&text); vl_span_split_line(&rest, &line);) {
        if (!field_line(line, &name))
            continue;
        const struct vl_field *f = vl_field_find(source, name, VL_SPAN_EMPTY, &arg);
        if (!f || arg.len)
            fail_msg("%.*s is not in the table", VL_SPAN_FMT(name));
        n++;
    }
    assert_int_equal(n, want);
}

static void test_list(void **state)
{
    (void)state;
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    (void)snprintf(
        path, sizeof(path), "%s/facts/falco-fields/list_syscall.txt", shared ? shared : "../shared");
    check_list(path, VL_EVENT_SYSCALL, 268);
    (void)snprintf(path, sizeof(path), "%s/facts/falco-fields/list_k8s.txt", shared ? shared : "../shared");
    check_list(path, VL_EVENT_K8S_AUDIT, 124);
}

static void text_is(struct vl_event_value value, const char *field, const char *want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span arg;
    vl_buf_init(&out, 1000);
    assert_int_equal(
        vl_event_value_text(&value, field ? find(VL_EVENT_SYSCALL, field, &arg) : NULL, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), want);
}

static void test_text(void **state)
{
    (void)state;
    const struct vl_event_value items[] = {
        {.kind = VL_VALUE_STRING, .as.string = VL_SPAN_LIT("a")}, {.kind = VL_VALUE_INT, .as.i = -3}};
    struct vl_event_value list = {.kind = VL_VALUE_LIST, .n = 2, .as.items = items};
    struct vl_event_value time = {.kind = VL_VALUE_UINT, .as.u = 1540564550627514000};
    text_is((struct vl_event_value){0}, NULL, "<NA>");
    text_is(list, NULL, "(a,-3)");
    text_is(list, "proc.aname", "a -3");
    text_is((struct vl_event_value){.kind = VL_VALUE_BOOL, .as.boolean = true}, NULL, "true");
    /* The first from Falco's own output, the others from its documented forms. */
    text_is(time, "evt.time", "14:35:50.627514000");
    text_is(time, "evt.time.s", "14:35:50");
    text_is(time, "evt.time.iso8601", "2018-10-26T14:35:50.627514000+0000");
    text_is(time, "evt.datetime", "2018-10-26 14:35:50.627514000");
    text_is(time, "evt.rawtime", "1540564550627514000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
