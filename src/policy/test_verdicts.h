/* What policies say of objects, as one line of text: "NAME=OUTCOME …", in the order of evaluation. */
#ifndef VL_POLICY_TEST_VERDICTS_H
#define VL_POLICY_TEST_VERDICTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

struct verdicts {
    struct vl_policy_run *run;
    char text[4096];
    char messages[8192];
    char problems[8192];
    uint32_t errors;
    unsigned actions; /* of the last verdict, as is `allowed` */
    bool allowed;
};

static int verdicts_add(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct verdicts *out = user;
    size_t at = strlen(out->text), also = strlen(out->messages);
    (void)err;
    out->actions = v->actions;
    out->allowed = v->allowed;
    if (v->outcome != VL_VERDICT_NOT_APPLICABLE)
        (void)snprintf(out->text + at, sizeof(out->text) - at, "%s%s=%s", at ? " " : "", v->name,
            vl_verdict_outcome_name(v->outcome));
    (void)snprintf(out->messages + also, sizeof(out->messages) - also, "%s: %s\n", v->name,
        v->message ? v->message : "");
    return 0;
}

static int verdicts_ask(const struct vl_kube_object *object, void *user, struct vl_err *err)
{
    struct verdicts *out = user;
    struct vl_policy_request q = {.object = object};
    return vl_policy_evaluate(out->run, &q, verdicts_add, out, err);
}

static int verdicts_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    return vl_kube_each_object(vl_doc_root(owned), "objects", verdicts_ask, user, err);
}

static void verdicts_of(const char *policies, const char *objects, struct verdicts *ret)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    struct vl_policy_options options = {.now_ms = INT64_C(1764288000000)};
    *ret = (struct verdicts){0};
    int r = vl_policies_new(&options, &set, &err);
    if (r == 0)
        r = vl_policies_add(set, vl_span_str(policies), "p.yaml", &err);
    if (r == 0)
        r = vl_policies_finish(set, &err);
    if (r == 0)
        r = vl_policy_run_new(set, &run, &err);
    ret->run = run;
    ret->errors = set ? vl_policies_errors(set) : 0;
    for (uint32_t i = 0; r == 0 && i < vl_policies_problems(set); i++) {
        size_t at = strlen(ret->problems);
        (void)snprintf(
            ret->problems + at, sizeof(ret->problems) - at, "%s\n", vl_policies_problem(set, i)->message);
    }
    if (r == 0)
        r = vl_doc_parse_stream(
            vl_span_str(objects), VL_DOC_YAML_KUBERNETES, "objects", verdicts_document, ret, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
}

/* Fails where the outcomes are others. */
static void expect_verdicts(
    const char *policies, const char *objects, const char *outcomes, struct verdicts *ret)
{
    verdicts_of(policies, objects, ret);
    if (strcmp(ret->text, outcomes) != 0)
        fail_msg("%s\nnot %s\n%s%s", ret->text, outcomes, ret->messages, ret->problems);
}

#endif
