/* tests: shape.c
 * Facts: types of the fields in Kubernetes' API reference; the API server answers "cannot unmarshal" for
 * others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kube/object.h"

static void test_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path; /* NULL: it fits */
    } rows[] = {
        {"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b}]}}", NULL},
        {"{apiVersion: v1, kind: Pod, metadata: {labels: null}, spec: {containers: null}}", NULL},
        {"{apiVersion: v1, kind: Pod}", NULL},
        {"{apiVersion: v1, kind: Pod, metadata: 5}", "metadata"},
        {"{apiVersion: v1, kind: ConfigMap, metadata: {name: [a]}}", "metadata.name"},
        {"{apiVersion: v1, kind: Pod, metadata: {labels: [a]}}", "metadata.labels"},
        {"{apiVersion: v1, kind: Pod, spec: 5}", "spec"},
        {"{apiVersion: v1, kind: Pod, spec: []}", "spec"},
        {"{apiVersion: v1, kind: Pod, spec: {containers: {a: b}}}", "spec.containers"},
        {"{apiVersion: v1, kind: Pod, spec: {containers: [5]}}", "spec.containers"},
        {"{apiVersion: v1, kind: Pod, spec: {hostPID: 'yes'}}", "spec.hostPID"},
        {"{apiVersion: v1, kind: Pod, spec: {initContainers: [{name: a}, {image: {a: b}}]}}",
            "spec.initContainers[1].image"},
        {"{apiVersion: v1, kind: Pod, spec: {containers: [{securityContext: {privileged: 'true'}}]}}",
            "spec.containers[0].securityContext.privileged"},
        {"{apiVersion: v1, kind: Pod, spec: {containers: [{securityContext: {capabilities: {add: ALL}}}]}}",
            "spec.containers[0].securityContext.capabilities.add"},
        {"{apiVersion: apps/v1, kind: Deployment, spec: {template: 5}}", "spec.template"},
        {"{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: x}}}", "spec.template.spec"},
        {"{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {volumes: "
         "5}}}}}}",
            "spec.jobTemplate.spec.template.spec.volumes"},
        {"{apiVersion: example.com/v1, kind: Own, spec: 5}", NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        struct vl_kube_object o;
        struct vl_kube_shape shape = {.path = ""};
        assert_int_equal(vl_doc_parse(vl_span_str(rows[i].text), VL_DOC_YAML, "t", &doc, &err), 0);
        assert_int_equal(vl_kube_object_view(vl_doc_root(doc), "t", &o, &err), 0);
        bool fits = vl_kube_object_fits(&o, &shape);
        if (fits != !rows[i].path || (!fits && strcmp(shape.path, rows[i].path) != 0))
            fail_msg("%s: %s", rows[i].text, fits ? "fits" : shape.path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
