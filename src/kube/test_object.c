/* tests: object.c hash.c
 * Digests were computed with another program: python3 json.dumps(sort_keys=True, separators=(",", ":")) and
 * sha256sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kube/object.h"

static struct vl_doc *parse(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(vl_span_str(text), VL_DOC_YAML, "t.yaml", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

static void test_view(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_kube_object o;
    VL_CLEANUP(vl_doc_cleanup)
    struct vl_doc *doc = parse("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b, "
                               "labels: {x: y}}\nspec: {template: {spec: {hostPID: true}}}\n");
    assert_int_equal(vl_kube_object_view(vl_doc_root(doc), "t.yaml", &o, &err), 0);
    assert_true(vl_span_eq_str(o.group, "apps"));
    assert_true(vl_span_eq_str(o.version, "v1"));
    assert_true(vl_span_eq_str(o.name, "a"));
    assert_true(vl_span_eq_str(o.namespace_name, "b"));
    assert_true(vl_kube_object_namespaced(&o));
    assert_string_equal(vl_kube_object_template_path(&o), "spec.template");
    assert_true(vl_doc_bool(vl_doc_get(vl_doc_get(vl_kube_object_template(&o), "spec"), "hostPID")));
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_kube_object_labels(&o), "x"), "y"));
    assert_null(vl_kube_object_annotations(&o));
}

static void test_templates(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path;
    } rows[] = {
        {"apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {}}}}}",
            "spec.jobTemplate.spec.template"},
        {"apiVersion: v1\nkind: Pod\nspec: {}", ""},
        {"apiVersion: v1\nkind: PodTemplate\ntemplate: {spec: {}}", "template"},
        {"apiVersion: v1\nkind: ReplicationController\nspec: {template: {spec: {}}}", "spec.template"},
        {"apiVersion: v1\nkind: Service\nspec: {template: {spec: {}}}", NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_kube_object o;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = parse(rows[i].text);
        assert_int_equal(vl_kube_object_view(vl_doc_root(doc), "t.yaml", &o, &err), 0);
        const char *path = vl_kube_object_template_path(&o);
        if (rows[i].path) {
            assert_string_equal(path, rows[i].path);
            assert_non_null(vl_kube_object_template(&o));
        } else {
            assert_null(path);
            assert_null(vl_kube_object_template(&o));
        }
    }
}

static void test_not_objects(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[1]", "t.yaml:1: not a Kubernetes object but a value of type array"},
        {"\nkind: Pod", "t.yaml:2: not a Kubernetes object: apiVersion is missing or no text"},
        {"apiVersion: v1\nkind: 3", "t.yaml:1: not a Kubernetes object: kind is missing or no text"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_kube_object o;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = parse(rows[i].text);
        assert_true(vl_kube_object_view(vl_doc_root(doc), "t.yaml", &o, &err) < 0);
        assert_string_equal(err.msg, rows[i].message);
    }
}

static int count(const struct vl_kube_object *object, void *user, struct vl_err *err)
{
    char *names = user;
    (void)err;
    snprintf(names + strlen(names), 200 - strlen(names), "%.*s/%.*s ", VL_SPAN_FMT(object->kind),
        VL_SPAN_FMT(object->name));
    return 0;
}

/* What is wrong with one item does not take the others along. */
static int count_object(const struct vl_kube_object *object, void *user, struct vl_err *err)
{
    (void)object, (void)err;
    ++*(unsigned *)user;
    return 0;
}

static void test_bad_lists(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        unsigned n;
    } rows[] = {
        {"apiVersion: v1\nkind: List\nitems: {a: b}", "items of a List must be an array", 0},
        {"apiVersion: v1\nkind: List\nitems:\n- 5\n- {apiVersion: v1, kind: Pod}\n- {a: b}",
            "t.yaml:4: not a Kubernetes object", 1},
        {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: []}\n- {apiVersion: v1, "
         "kind: Pod}",
            "a List inside a List is not read", 1},
        {"apiVersion: a/b/c\nkind: Pod", "apiVersion is no GROUP/VERSION", 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        unsigned n = 0;
        assert_int_equal(vl_doc_parse(vl_span_str(rows[i].text), VL_DOC_YAML, "t.yaml", &doc, &err), 0);
        assert_true(vl_kube_each_object(vl_doc_root(doc), "t.yaml", count_object, &n, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
        assert_non_null(strstr(err.msg, rows[i].message));
        assert_int_equal(n, rows[i].n);
    }
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *text, *names;
    } rows[] = {
        {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
         "- {apiVersion: v1, kind: Node, metadata: {name: b}}\n",
            "Pod/a Node/b "},
        {"apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: a}}\n- {metadata: {name: b}}\n",
            "Pod/a Pod/b "},
        {"apiVersion: x/v1\nkind: AccessList\nmetadata: {name: a}\nspec: {}\nitems: [1]", "AccessList/a "},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        char names[200] = "";
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = parse(rows[i].text);
        assert_int_equal(vl_kube_each_object(vl_doc_root(doc), "t.yaml", count, names, &err), 0);
        assert_string_equal(names, rows[i].names);
    }
}

static void hash_of(const char *text, char ret[VL_KUBE_HASH_TEXT_MAX])
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_kube_object o;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = parse(text);
    assert_int_equal(vl_kube_object_view(vl_doc_root(doc), "t.yaml", &o, &err), 0);
    assert_int_equal(vl_kube_object_hash(&o, ret, &err), 0);
}

static void test_hash(void **state)
{
    (void)state;
    char a[VL_KUBE_HASH_TEXT_MAX], b[VL_KUBE_HASH_TEXT_MAX];
    hash_of("kind: Pod\napiVersion: v1\nmetadata:\n  name: a\nspec:\n  z: [1, 2.0, 1.5, null, true]\n  b: "
            "\"x\\n\"\n",
        a);
    assert_string_equal(a, "sha256:cd76d4c73abf617af1b1895496bcffe99218f2a70ccca43796ad45f0d5c5e91e");
    /* What an API server adds is no other object; a sidecar is. */
    hash_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a, uid: u, resourceVersion: '7', generation: 2, "
            "labels: {}, managedFields: [], annotations: "
            "{kubectl.kubernetes.io/last-applied-configuration: '{}'}}\n"
            "spec: {b: \"x\\n\", z: [1, 2, 1.5, null, true]}\nstatus: {phase: Running}\n",
        b);
    assert_string_equal(a, b);
    hash_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {b: \"x\\n\", z: [1, 2, 1.5, null, true], "
            "c: }\n",
        b);
    assert_string_equal(a, b);
    hash_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {b: \"x\\n\", z: [1, 2, 1.5, null]}\n", b);
    assert_string_not_equal(a, b);
}

static void test_nulls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
        bool has;
    } rows[] = {
        {"{b: 1, a: [null, {c: ~}]}", "{\"a\":[null,{}],\"b\":1}", true},
        {"{a: [null]}", "{\"a\":[null]}", false},
        {"{a: {b: {c: }}}", "{\"a\":{\"b\":{}}}", true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = parse(rows[i].text);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        vl_buf_init(&out, 1000);
        assert_int_equal(vl_kube_node_has_null(vl_doc_root(doc)), rows[i].has);
        assert_int_equal(vl_kube_node_json(vl_doc_root(doc), &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), rows[i].json);
    }
}

static void test_format(void **state)
{
    (void)state;
    assert_int_equal(vl_kube_format(VL_SPAN_LIT(" \n{\"kind\": \"Pod\"}")), VL_DOC_JSON);
    assert_int_equal(vl_kube_format(VL_SPAN_LIT("[1]")), VL_DOC_JSON);
    assert_int_equal(vl_kube_format(VL_SPAN_LIT("kind: Pod")), VL_DOC_YAML_KUBERNETES);
    assert_int_equal(vl_kube_format(VL_SPAN_EMPTY), VL_DOC_YAML_KUBERNETES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_not_objects),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
