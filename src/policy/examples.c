/* A check's examples are its tests. */
#include "policy/examples.h"

#include <stdio.h>
#include <string.h>

#include "run.h"

#define MESSAGE_MAX 1024

struct running {
    struct vl_policy_run *run;
    const struct policy *policy;
    const struct vl_doc_node *example;
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err);
    void *user;
    bool passed, failed; /* some example of the check did */
    bool seen;
};

static int tell(struct running *r, const char *name, const char *expected, const char *got,
    const char *message, bool agrees, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_policy_example e = {.file = r->policy->info.file,
        .line = vl_doc_line(node),
        .policy = r->policy->info.name,
        .name = name,
        .expected = expected,
        .got = got,
        .message = message,
        .agrees = agrees};
    return r->each(&e, r->user, err);
}

static const char *text(const struct vl_doc_node *node, const char *key)
{
    struct vl_span s = vl_doc_get_str(node, key);
    return s.len ? s.ptr : "";
}

/* Every field that the example names is among those of the verdict. */
static bool fields_agree(
    const struct vl_doc_node *wanted, const struct vl_verdict *v, struct vl_span *ret_missing)
{
    for (const struct vl_doc_node *n = vl_doc_first(wanted); n; n = vl_doc_next(n)) {
        bool found = false;
        for (uint32_t i = 0; i < v->n_fields && !found; i++)
            found = vl_span_eq_str(vl_doc_span(n), v->fields[i].path);
        if (!found) {
            *ret_missing = vl_doc_span(n);
            return false;
        }
    }
    return true;
}

static int judge(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct running *r = user;
    char why[MESSAGE_MAX];
    const char *expected = text(r->example, "expect");
    const char *got = vl_verdict_outcome_name(v->outcome);
    const struct vl_doc_node *message = vl_doc_get(r->example, "message");
    const char *told = v->message;
    struct vl_span missing = VL_SPAN_EMPTY;
    bool agrees = strcmp(expected, got) == 0;
    r->seen = true;
    r->passed = r->passed || v->outcome == VL_VERDICT_PASS;
    r->failed = r->failed || v->outcome == VL_VERDICT_FAIL;
    if (agrees && message && !vl_span_eq_str(vl_doc_span(message), v->message ? v->message : "")) {
        agrees = false;
        (void)snprintf(why, sizeof(why), "the message is: %s", v->message ? v->message : "(none)");
        told = why;
    } else if (agrees && !fields_agree(vl_doc_get(r->example, "fields"), v, &missing)) {
        agrees = false;
        (void)snprintf(why, sizeof(why), "does not name the field %.*s but %s", VL_SPAN_FMT(missing),
            v->n_fields ? v->fields[0].path : "none");
        told = why;
    } else if (agrees && v->outcome == VL_VERDICT_FAIL && v->n_notes) {
        agrees = false;
        told = v->notes[0]; /* an expression for fields or fix does not work */
    }
    return tell(r, text(r->example, "name"), expected, got, told, agrees, r->example, err);
}

static int run_example(struct running *r, struct vl_err *err)
{
    struct vl_kube_object object, old;
    struct policy_object namespace_object = {.file = r->policy->info.file};
    struct vl_policy_request q = {.file = r->policy->info.file};
    struct vl_err bad = VL_ERR_INIT;
    const struct vl_doc_node *old_node = vl_doc_get(r->example, "oldObject");
    const struct vl_doc_node *namespace_node = vl_doc_get(r->example, "namespace");
    int result = vl_kube_object_view(vl_doc_get(r->example, "object"), q.file, &object, &bad);
    if (result == 0 && old_node)
        result = vl_kube_object_view(old_node, q.file, &old, &bad);
    if (result == 0 && namespace_node)
        result = vl_kube_object_view(namespace_node, q.file, &namespace_object.object, &bad);
    if (result < 0)
        return tell(r, text(r->example, "name"), text(r->example, "expect"), "error", bad.msg, false,
            r->example, err);
    q.object = &object;
    q.old_object = old_node ? &old : NULL;
    q.operation = old_node ? VL_SPAN_LIT("UPDATE") : VL_SPAN_LIT("CREATE");
    r->run->given_parameters = vl_doc_get(r->example, "parameters");
    r->run->given_namespace = namespace_node ? &namespace_object : NULL;
    result = vl_policy_evaluate_one(r->run, r->policy->index, &q, judge, r, err);
    r->run->given_parameters = NULL;
    r->run->given_namespace = NULL;
    return result;
}

static int run_check(struct running *r, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(r->policy->info.document, "examples");
    int result = 0;
    r->passed = r->failed = false;
    for (const struct vl_doc_node *e = vl_doc_first(list); e && result >= 0; e = vl_doc_next(e)) {
        r->example = e;
        result = run_example(r, err);
    }
    if (result >= 0 && !r->passed)
        result = tell(r, "(all)", "an example that passes", "none", NULL, false,
            list ? list : r->policy->info.document, err);
    if (result >= 0 && !r->failed)
        result = tell(r, "(all)", "an example that fails", "none", NULL, false,
            list ? list : r->policy->info.document, err);
    return result;
}

int vl_policy_examples(const struct vl_policies *set,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    int r = vl_policy_run_new(set, &run, err);
    for (size_t i = 0; r >= 0 && i < set->policies.len; i++) {
        struct running running = {.run = run,
            .policy = *(struct policy **)vl_vec_at(&set->policies, i),
            .each = each,
            .user = user};
        if (running.policy->info.form == VL_POLICY_CHECK)
            r = run_check(&running, err);
    }
    return r < 0 ? r : 0;
}
