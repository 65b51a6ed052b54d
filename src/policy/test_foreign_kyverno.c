/* Kyverno's own CEL policies with their test resources (github.com/kyverno/policies), as extracted into
 * cases/kyverno-policies. Needs the shared cases (VALLUM_SHARED); exits 77 without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/json.h"
#include "policy/policy.h"

#define FILE_MAX (64UL * 1024 * 1024)

struct cases {
    struct vl_policies *set;
    struct vl_policy_run *run;
    const char *rule, *policy;
    bool allowed, matched;
    const char *message;
    char message_text[1024];
    unsigned passed, total;
};

static int add_policy(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct cases *c = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, FILE_MAX);
    int r = vl_kube_node_json(vl_doc_get(vl_doc_root(owned), "policy"), &text, err);
    return r < 0 ? r : vl_policies_add(c->set, vl_buf_span(&text), "cel-policies.jsonl", err);
}

static int judge(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct cases *c = user;
    (void)err;
    if (strcmp(v->policy, c->policy) != 0 || (v->rule && c->rule && strcmp(v->rule, c->rule) != 0) ||
        v->outcome == VL_VERDICT_NOT_APPLICABLE)
        return 0;
    c->matched = true;
    c->allowed = c->allowed && v->allowed;
    snprintf(c->message_text, sizeof(c->message_text), "%s", v->message ? v->message : "");
    return 0;
}

static int foreign_run_case(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct cases *c = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    const struct vl_doc_node *root = vl_doc_root(owned);
    struct vl_kube_object object;
    struct vl_policy_request q = {.object = &object};
    const char *expect = vl_doc_get_str(root, "expect").ptr;
    c->policy = vl_doc_get_str(root, "policy").ptr;
    c->rule = vl_doc_get_str(root, "rule").ptr;
    c->allowed = true;
    c->matched = false;
    c->message_text[0] = '\0';
    c->total++;
    int r = vl_kube_object_view(vl_doc_get(root, "object"), "cel-cases.jsonl", &object, err);
    if (r == 0)
        r = vl_policy_evaluate(c->run, &q, judge, c, err);
    if (r < 0)
        return r;
    bool agrees = c->matched && c->allowed == (strcmp(expect, "pass") == 0);
    c->passed += agrees;
    if (!agrees)
        printf("differs: %s %s %.*s: expected %s, %s %s\n", c->policy, c->rule,
            VL_SPAN_FMT(vl_doc_get_str(root, "name")), expect,
            !c->matched  ? "not applicable"
            : c->allowed ? "pass"
                         : "fail",
            c->message_text);
    return 0;
}

static int each(const char *shared, const char *name,
    int (*call)(struct vl_doc *doc, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char path[4096];
    snprintf(path, sizeof(path), "%s/cases/kyverno-policies/%s", shared, name);
    vl_buf_init(&text, FILE_MAX);
    int r = vl_file_read(path, FILE_MAX, &text, err);
    return r < 0 ? r : vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, name, call, user, err);
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char beside[4096];
    struct vl_err err = VL_ERR_INIT;
    struct cases c = {0};
    if (!shared) {
        snprintf(beside, sizeof(beside), "%s/../shared",
            getenv("VALLUM_CHECKOUT") ? getenv("VALLUM_CHECKOUT") : ".");
        shared = beside;
    }
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    int r = vl_policies_new(NULL, &set, &err);
    c.set = set;
    if (r == 0)
        r = each(shared, "cel-policies.jsonl", add_policy, &c, &err);
    if (r < 0 && err.err == -ENOENT) {
        printf("no shared cases: %s\n", err.msg);
        return 77;
    }
    if (r == 0)
        r = vl_policies_finish(set, &err);
    if (r == 0)
        r = vl_policy_run_new(set, &run, &err);
    c.run = run;
    for (uint32_t i = 0; r == 0 && i < vl_policies_problems(set); i++)
        printf("problem: %s: %s\n", vl_policies_problem(set, i)->item, vl_policies_problem(set, i)->message);
    if (r == 0)
        r = each(shared, "cel-cases.jsonl", foreign_run_case, &c, &err);
    if (r < 0) {
        printf("error: %s\n", err.msg);
        return 1;
    }
    printf("foreign: policy/kyverno %u/%u\n", c.passed, c.total);
    return c.passed == c.total && c.total > 0 ? 0 : 1;
}
