/* AdmissionReviews that a real API server sent (cases/k8s/admission.jsonl): every one is read into a request,
 * the resource that we derive from the kind is the one it names, and a policy that asks for the review's own
 * facts passes. Needs the shared cases (VALLUM_SHARED); exits 77 without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "policy/policy.h"

#define FILE_MAX (64UL * 1024 * 1024)

static const char policy[] =
    "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: facts}\n"
    "spec:\n"
    "  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], "
    "resources: "
    "['*/*']}]}\n"
    "  validations:\n"
    "  - expression: \"request.operation == 'DELETE' ? object == null && oldObject != null : object != "
    "null\"\n"
    "  - expression: \"request.operation != 'UPDATE' || oldObject != null\"\n"
    "  - expression: \"request.userInfo.username != '' && request.userInfo.groups.size() > 0\"\n"
    "  - expression: \"request.?namespace.orValue('') == '' || namespaceObject != null || request.kind.kind "
    "== "
    "'Namespace'\"\n";

struct cases {
    struct vl_policy_run *run;
    unsigned passed, total;
    bool allowed;
    char message[1024];
};

static int see(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct cases *c = user;
    (void)err;
    c->allowed = v->allowed && v->outcome == VL_VERDICT_PASS;
    snprintf(c->message, sizeof(c->message), "%s", v->message ? v->message : "");
    return 0;
}

static int foreign_run_case(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct cases *c = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    struct vl_policy_request q;
    struct vl_kube_object object, old;
    char resource[VL_KUBE_RESOURCE_MAX];
    struct vl_err bad = VL_ERR_INIT;
    c->total++;
    c->allowed = false;
    const struct vl_doc_node *review = vl_doc_root(owned);
    int r = vl_policy_request_review(review, "admission.jsonl", &object, &old, &q, &bad);
    if (r == 0)
        r = vl_policy_evaluate(c->run, &q, see, c, &bad);
    if (r < 0 && bad.code == VL_ERR_MEMORY) {
        *err = bad;
        return r;
    }
    const struct vl_kube_object *o = r < 0 ? NULL : q.object ? q.object : q.old_object;
    /* A subresource has a kind of its own (PodExecOptions); its resource is that of what it belongs to. */
    bool named = o && (q.subresource.len ||
                          vl_span_eq_str(q.resource, vl_kube_resource_name(o->group, o->kind, resource)));
    c->passed += r == 0 && named && c->allowed;
    if (r < 0 || !named || !c->allowed)
        printf("differs: %.*s %.*s: %s\n", VL_SPAN_FMT(q.operation), VL_SPAN_FMT(q.resource),
            r < 0    ? bad.msg
            : !named ? "another resource"
                     : c->message);
    return 0;
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    struct vl_err err = VL_ERR_INIT;
    struct cases c = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    vl_buf_init(&text, FILE_MAX);
    if (shared)
        snprintf(path, sizeof(path), "%s/cases/k8s/admission.jsonl", shared);
    else
        snprintf(path, sizeof(path), "%s/../shared/cases/k8s/admission.jsonl",
            getenv("VALLUM_CHECKOUT") ? getenv("VALLUM_CHECKOUT") : ".");
    int r = vl_file_read(path, FILE_MAX, &text, &err);
    if (r < 0 && err.err == -ENOENT) {
        printf("no shared cases: %s\n", err.msg);
        return 77;
    }
    if (r == 0)
        r = vl_policies_new(NULL, &set, &err);
    if (r == 0)
        r = vl_policies_add(set, vl_span_str(policy), "facts.yaml", &err);
    if (r == 0)
        r = vl_policies_finish(set, &err);
    if (r == 0)
        r = vl_policy_run_new(set, &run, &err);
    c.run = run;
    if (r == 0)
        r = vl_doc_parse_stream(
            vl_buf_span(&text), VL_DOC_JSON, "admission.jsonl", foreign_run_case, &c, &err);
    if (r < 0) {
        printf("error: %s\n", err.msg);
        return 1;
    }
    printf("foreign: policy/admission-reviews %u/%u\n", c.passed, c.total);
    return c.passed == c.total && c.total > 0 ? 0 : 1;
}
