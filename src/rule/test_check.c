/* What a condition says of an event, by the semantics in Falco's documentation; what is refused, and where.
 * tests: check.c check_holds.c check_operand.c check_value.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rule/program.h"

#define ARENA_MAX (256UL * 1024 * 1024)

static const char syscall_json[] =
    "{\"fields\":{\"evt.type\":\"openat\",\"evt.rawres\":-2,\"evt.num\":18446744073709551615,\"proc.name\":"
    "\"Bash\","
    "\"proc.pname\":\"sh\",\"proc.aname[2]\":\"sshd\",\"fd.name\":[\"/tmp/../etc/passwd\",\"/etc/passwd\"],"
    "\"fd.cip\":\"10.1.2.3\",\"fd.sip\":\"1.2.3.4\",\"fd.sport\":443,\"evt.is_open_read\":true,\"thread."
    "cpu\":1.5,"
    "\"proc.args\":\"\",\"evt.buffer\":\"hello\"}}";
static const char audit_json[] =
    "{\"verb\":\"create\",\"requestObject\":{\"spec\":{\"containers\":[{\"image\":\"a\"},"
    "{\"image\":\"b\"}]}},\"objectRef\":{\"resource\":\"pods\"}}";
static const char log_json[] =
    "{\"nets\":\"10.0.1.0/24\",\"a\":{\"n\":5,\"s\":\"Text\"},\"ip\":\"10.0.0.7\",\"many\":[\"x\",\"y\"]}";

static struct vl_event event_of(const char *json, enum vl_event_source source, struct vl_doc **doc)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event = {0};
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", doc, &err), 0);
    if (source == VL_EVENT_SYSCALL)
        assert_int_equal(vl_event_from_recorded(*doc, &event, &err), 0);
    else if (source == VL_EVENT_K8S_AUDIT)
        assert_int_equal(vl_event_from_audit(vl_doc_root(*doc), &event, &err), 0);
    else
        assert_int_equal(vl_event_from_log(vl_doc_root(*doc), &event, &err), 0);
    return event;
}

static void expect(const char *json, enum vl_event_source source, const char *expr, bool want)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_event event = event_of(json, source, &doc);
    struct vl_condition *root = NULL;
    struct vl_err err = VL_ERR_INIT;
    bool holds = !want;
    if (vl_condition_parse(vl_span_str(expr), arena, &root, NULL, &err) < 0 ||
        vl_rule_condition_holds(root, &event, arena, &holds, &err) < 0)
        fail_msg("%s: %s", expr, err.msg);
    if (holds != want)
        fail_msg("%s: %d", expr, holds);
}

static void test_syscall(void **state)
{
    (void)state;
    static const char *const yes[] = {"proc.name = Bash", "proc.name != bash", "proc.name icontains BASH",
        "proc.args = ''", "proc.args exists", "not proc.exe exists", "not proc.exe != x", "evt.rawres < 0",
        "evt.rawres = -2", "evt.num = 18446744073709551615", "evt.num > 0", "thread.cpu > 1",
        "thread.cpu = 1.5", "evt.is_open_read = true", "evt.is_open_read in (true)",
        "not evt.is_open_write = false",
        /* Either end: equal if one is, unequal only if none is. */
        "fd.ip = 1.2.3.4", "fd.ip = 10.1.2.3", "not fd.ip != 1.2.3.4", "fd.ip != 9.9.9.9",
        "fd.ip in (9.9.9.9, 10.1.2.3)", "fd.net = 10.0.0.0/8", "fd.snet != 10.0.0.0/8",
        "fd.snet in (1.2.3.0/24)", "fd.port = 443", "not fd.sip = ::1",
        /* Any ancestor. */
        "proc.aname = sshd", "proc.aname in (x, sh)", "proc.aname != sh", "proc.aname startswith ss",
        "not proc.aname = Bash", "proc.aname[2] = sshd", "not proc.aname[9] exists",
        /* A path has two values: a test holds if either matches, a negated one if neither does. */
        "fd.name = /etc/passwd", "fd.name startswith /tmp", "fd.name pmatch (/etc)",
        "not fd.name != /etc/passwd", "fd.name != /other", "fd.name in (/x, /etc/passwd)",
        "fd.name glob '/e*d'", "fd.name endswith passwd", "fd.name regex '/etc/.*'",
        "not fd.name regex 'etc'", "basename(fd.name) = passwd", "evt.buffer bcontains 656c",
        "evt.buffer bstartswith 6865", "evt.type in (open, openat)", "len(proc.name) = 4",
        "tolower(proc.name) = bash", "proc.pname = val(proc.pname)"};
    static const char *const no[] = {"proc.name = bash", "proc.exe = x", "proc.exe != x",
        "proc.exe contains ''", "proc.exe in (x)", "fd.ip != 10.1.2.3", "fd.lport = 443",
        "fd.name pmatch (/etc/passwd/x, /usr)", "evt.rawres > 0", "fd.net = ::/0", "proc.aname = systemd",
        "proc.name = val(proc.exe)"};
    for (size_t i = 0; i < VL_ARRAY_LEN(yes); i++)
        expect(syscall_json, VL_EVENT_SYSCALL, yes[i], true);
    for (size_t i = 0; i < VL_ARRAY_LEN(no); i++)
        expect(syscall_json, VL_EVENT_SYSCALL, no[i], false);
}

static void test_audit(void **state)
{
    (void)state;
    static const char *const yes[] = {"ka.verb in (create, update)",
        "ka.req.pod.containers.image in (a, b, c)", "ka.req.pod.containers.image intersects (b, z)",
        "not ka.req.pod.containers.image in (a)", "ka.req.pod.containers.image exists",
        "not ka.req.pod.initContainers.image in (a)", "jevt.value[/objectRef/resource] = pods",
        "len(ka.req.pod.containers.image) = 2"};
    for (size_t i = 0; i < VL_ARRAY_LEN(yes); i++)
        expect(audit_json, VL_EVENT_K8S_AUDIT, yes[i], true);
    expect(log_json, VL_EVENT_LOG, "a.n > 4.5 and a.n = 5 and a.s icontains text and many.x exists", false);
    expect(log_json, VL_EVENT_LOG, "a.n > 4.5 and a.n = 5 and a.s icontains text", true);
}

/* Operators of ours, which only trees have. */
static void test_own_operators(void **state)
{
    (void)state;
    static const struct {
        const char *field, *value;
        enum vl_condition_op op;
        bool want;
    } rows[] = {
        {"a.s", "tEXT", VL_OP_IEQ, true},
        {"a.s", "TE", VL_OP_ISTARTSWITH, true},
        {"a.s", "XT", VL_OP_IENDSWITH, true},
        {"a.s", "e.t", VL_OP_IREGEX, true},
        {"a.s", "(?-i:E)", VL_OP_IREGEX, false},
        {"a.n", "5", VL_OP_IEQ, true},
        {"ip", "10.0.0.0/29", VL_OP_CIDR, true},
        {"ip", "10.0.1.0/24", VL_OP_CIDR, false},
        {"nets", "10.0.0.0/16", VL_OP_CIDR, true}, /* a net within it */
        {"nets", "10.0.1.128/25", VL_OP_CIDR, false},
        {"many", "Y", VL_OP_IEQ, true},
    };
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_event event = event_of(log_json, VL_EVENT_LOG, &doc);
    struct vl_err err = VL_ERR_INIT;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_operand left = {.field = vl_span_str(rows[i].field)};
        struct vl_span value = vl_span_str(rows[i].value);
        struct vl_condition c = {.kind = VL_COND_CHECK, .op = (uint8_t)rows[i].op};
        bool holds = !rows[i].want;
        c.as.check.left = &left;
        c.as.check.values = &value;
        c.as.check.n_values = 1;
        assert_int_equal(vl_rule_condition_holds(&c, &event, arena, &holds, &err), 0);
        if (holds != rows[i].want)
            fail_msg("%s %s", rows[i].field, rows[i].value);
    }
}

static void refuse(
    const char *expr, enum vl_event_source source, bool unknown, uint32_t offset, const char *message)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_condition_problem problem;
    struct vl_condition *root = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_condition_parse(vl_span_str(expr), arena, &root, NULL, &err), 0);
    assert_true(vl_condition_check(root, source, arena, &problem, &err) < 0);
    if (!problem.message || !strstr(problem.message, message) || problem.offset != offset ||
        problem.unknown_field != unknown)
        fail_msg("%s: at %u: %s", expr, problem.offset, problem.message);
}

static void test_refused(void **state)
{
    (void)state;
    refuse("proc.name = a and proc.nmae = b", VL_EVENT_SYSCALL, true, 18, "nonexistent field proc.nmae");
    refuse("ka.verb = get", VL_EVENT_SYSCALL, true, 0, "nonexistent field ka.verb");
    refuse("evt.arg = x", VL_EVENT_SYSCALL, false, 0, "requires an argument");
    refuse("proc.name[1] = x", VL_EVENT_SYSCALL, false, 0, "takes no argument");
    refuse("proc.aname[x] = x", VL_EVENT_SYSCALL, false, 0, "not a number");
    refuse("proc.pid = x", VL_EVENT_SYSCALL, false, 0, "not a valid number");
    refuse("fd.sip = 1.2.3", VL_EVENT_SYSCALL, false, 0, "not a valid address");
    refuse("fd.snet = 1.2.3.4/33", VL_EVENT_SYSCALL, false, 0, "not a valid network");
    refuse("evt.is_io = yes", VL_EVENT_SYSCALL, false, 0, "not a valid boolean");
    refuse("proc.name regex '('", VL_EVENT_SYSCALL, false, 0, "invalid regex");
    refuse("ka.user.groups = x", VL_EVENT_K8S_AUDIT, false, 0, "does not fit");
    refuse("some_macro", VL_EVENT_SYSCALL, false, 0, "Undefined macro");
    refuse("toupper(proc.pid) = 1", VL_EVENT_SYSCALL, false, 0, "takes one text");
    refuse("proc.name = val(fd.ip)", VL_EVENT_SYSCALL, false, 0, "right side");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syscall),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_own_operators),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
