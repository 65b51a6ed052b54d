/* Events as an API server writes them (shortened), and what Falco's plugin documents of each field.
 * tests: audit.c read.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "event/event.h"

#define ARENA_MAX (64UL * 1024 * 1024)

static const char pod[] =
    "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"u\",\"stage\":\"ResponseComplete\","
    "\"requestURI\":\"/api/v1/namespaces/d/pods/p/"
    "exec?command=%2Fbin%2Fsh&command=-c&a+b=1\",\"verb\":\"create\","
    "\"user\":{\"username\":\"ann\",\"groups\":[\"g1\",\"g2\"]},\"sourceIPs\":[\"10.0.0.9\"],"
    "\"objectRef\":{\"resource\":\"pods\",\"namespace\":\"d\",\"name\":\"p\"},\"responseStatus\":{\"code\":"
    "201},"
    "\"requestObject\":{\"metadata\":{\"name\":\"p\"},\"spec\":{\"hostNetwork\":true,"
    "\"securityContext\":{\"runAsUser\":7,\"supplementalGroups\":[1,2]},"
    "\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/etc\"}},{\"name\":\"w\",\"emptyDir\":{}}],"
    "\"containers\":[{\"name\":\"c\",\"image\":\"docker.io/nginx:1.2\",\"args\":[\"-x\"],"
    "\"securityContext\":{\"privileged\":true,\"runAsUser\":0,\"capabilities\":{\"add\":[\"NET_ADMIN\"]}},"
    "\"ports\":[{\"hostPort\":80},{\"containerPort\":81}]},"
    "{\"name\":\"d\",\"image\":\"redis@sha256:ab\"}]}},"
    "\"annotations\":{\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":\"\"},"
    "\"stageTimestamp\":\"2018-10-26T14:35:50.627514Z\"}";

static const char binding[] =
    "{\"auditID\":\"u\",\"stageTimestamp\":\"x\",\"objectRef\":{\"resource\":\"clusterrolebindings\"},"
    "\"requestObject\":"
    "{\"roleRef\":{\"name\":\"cluster-admin\"},\"rules\":[{\"verbs\":[\"get\",\"list\"]},{\"verbs\":[\"*\"],"
    "\"resources\":[\"pods/exec\"]}],\"subjects\":[{\"kind\":\"User\",\"name\":\"bob\"},"
    "{\"kind\":\"ServiceAccount\",\"namespace\":\"n\",\"name\":\"s\"},{\"kind\":\"Group\",\"name\":\"g\"}],"
    "\"data\":{\"a/b\":[1,2.50,null,\"\\u00e9\\n\"]}}}";

struct row {
    const char *name, *arg, *want;
};

static void check(const char *json, const struct row *rows, size_t n)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_event event;
    struct vl_event_value v;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err), 0);
    assert_int_equal(vl_event_from_audit(vl_doc_root(doc), &event, &err), 0);
    for (size_t i = 0; i < n; i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        struct vl_span arg = VL_SPAN_EMPTY;
        const struct vl_field *field =
            vl_field_find(VL_EVENT_K8S_AUDIT, vl_span_str(rows[i].name), vl_span_str(rows[i].arg), &arg);
        vl_buf_init(&out, 10000);
        assert_non_null(field);
        vl_event_get(&event, field, arg, arena, &v);
        assert_int_equal(vl_event_value_text(&v, field, &out, &err), 0);
        if (strcmp(vl_buf_str(&out), rows[i].want) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].name, vl_buf_str(&out), rows[i].want);
    }
}

static void test_pod(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ka.verb", NULL, "create"},
        {"ka.user.groups", NULL, "(g1,g2)"},
        {"ka.auth.decision", NULL, "allow"},
        {"ka.auth.reason", NULL, ""},
        {"ka.response.code", NULL, "201"},
        {"ka.response.reason", NULL, "<NA>"},
        {"ka.uri.param", "command", "/bin/sh"},
        {"ka.uri.param", "a b", "1"},
        {"ka.uri.param", "none", "<NA>"},
        {"ka.sourceips", NULL, "(10.0.0.9)"},
        {"ka.target.pod.name", NULL, "p"},
        {"ka.req.pod.host_network", NULL, "true"},
        {"ka.req.pod.run_as_user", NULL, "7"},
        {"ka.req.pod.supplemental_groups", NULL, "(1,2)"},
        {"ka.req.pod.containers.image", NULL, "(docker.io/nginx:1.2,redis@sha256:ab)"},
        {"ka.req.pod.containers.image.repository", NULL, "(docker.io/nginx,redis)"},
        {"ka.req.pod.containers.image", "1", "(redis@sha256:ab)"},
        {"ka.req.pod.containers.image", "2", "<NA>"},
        {"ka.req.container.image", NULL, "docker.io/nginx:1.2"},
        {"ka.req.pod.containers.privileged", NULL, "(true)"},
        {"ka.req.container.privileged", NULL, "true"},
        {"ka.req.pod.containers.run_as_user", NULL, "<NA>"}, /* one has none */
        {"ka.req.pod.containers.eff_run_as_user", NULL, "(0,7)"},
        {"ka.req.pod.containers.add_capabilities", NULL, "(NET_ADMIN)"},
        {"ka.req.pod.containers.args", NULL, "(-x)"},
        {"ka.req.pod.containers.host_port", NULL, "(80,81)"},
        {"ka.req.pod.initContainers.image", NULL, "<NA>"},
        {"ka.req.pod.volumes.hostpath", NULL, "(/etc)"},
        {"ka.req.pod.volumes.volume_type", NULL, "(hostPath,emptyDir)"},
        {"ka.req.volume.hostpath", "/et*", "true"},
        {"ka.req.volume.hostpath", "/var", "false"},
        {"jevt.value", "/user/groups/1", "g2"},
        {"jevt.value", "/annotations/authorization.k8s.io~1decision", "allow"},
        {"jevt.value", "/nothing", "<NA>"},
        {"json.value", "/objectRef", "{\"resource\":\"pods\",\"namespace\":\"d\",\"name\":\"p\"}"},
        {"evt.time", NULL, "14:35:50.627514000"},
        {"jevt.rawtime", NULL, "1540564550627514000"},
        {"evt.source", NULL, "k8s_audit"},
    };
    check(pod, rows, VL_ARRAY_LEN(rows));
}

static void test_binding(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ka.req.binding.role", NULL, "cluster-admin"},
        {"ka.req.binding.subjects.user_names", NULL, "(bob)"},
        {"ka.req.binding.subjects.group_names", NULL, "(g)"},
        {"ka.req.binding.subjects.serviceaccount_names", NULL, "(s)"},
        {"ka.req.binding.subjects.serviceaccount_ns_names", NULL, "(n:s)"},
        {"ka.req.role.rules.verbs", NULL, "(get,list,*)"},
        {"ka.req.role.rules.resources", NULL, "(pods/exec)"},
        {"ka.req.role.rules", "1", "({\"verbs\":[\"*\"],\"resources\":[\"pods/exec\"]})"},
        {"ka.req.configmap.obj", NULL, "{\"a/b\":[1,2.50,null,\"\xc3\xa9\\n\"]}"},
        {"jevt.rawtime", NULL, "<NA>"},
    };
    check(binding, rows, VL_ARRAY_LEN(rows));
}

static int count(const struct vl_doc_node *event, void *user, struct vl_err *err)
{
    struct vl_event e;
    unsigned *n = user;
    int r = vl_event_from_audit(event, &e, err);
    *n += r >= 0;
    return r;
}

static void each(const char *json, int want_result, unsigned want)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    unsigned n = 0;
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err), 0);
    int r = vl_event_audit_each(vl_doc_root(doc), count, &n, &err);
    assert_int_equal(r < 0, want_result < 0);
    assert_int_equal(n, want);
}

static void test_lists(void **state)
{
    (void)state;
    each("{\"kind\":\"EventList\",\"items\":[{},{\"kind\":\"Event\"}]}", 0, 2);
    each("[{},{}]", 0, 2);
    each("{\"kind\":\"Event\"}", 0, 1);
    each("{\"kind\":\"EventList\"}", -1, 0);
    each("{\"kind\":\"Pod\"}", -1, 0);
    each("[{},3]", -1, 1);
    each("7", -1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pod),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
