/* Exceptions in an evaluation: Kyverno asks them before anything else.
 *
 * Source: kyverno pkg/cel/policies/vpol/compiler (evaluateWithData), pkg/engine (exceptions of rules). */
#include <stdio.h>
#include <string.h>

#include "run.h"

/* The rule as Kyverno has it: those that it generates for controllers have a prefix. */
static bool rule_is_named(
    const struct vl_doc_node *ref, const struct policy *policy, const struct policy_look *look)
{
    char name[512];
    const char *prefix = !look->template_path[0]                      ? ""
                         : strstr(look->template_path, "jobTemplate") ? "autogen-cronjob-"
                                                                      : "autogen-";
    int n = snprintf(name, sizeof(name), "%s%s", prefix, policy->info.rule ? policy->info.rule : "");
    const struct vl_doc_node *rules = vl_doc_get(ref, "ruleNames");
    return n > 0 && (size_t)n < sizeof(name) && policy_glob_any(rules, vl_span_str(name));
}

/* 1: the exception of rules is about this object. */
static int rules_match(struct vl_policy_run *run, const struct policy_exception *x,
    const struct policy *policy, const struct policy_look *look, struct vl_err *err)
{
    for (const struct vl_doc_node *ref = vl_doc_first(x->refs); ref; ref = vl_doc_next(ref)) {
        struct vl_span name = vl_doc_get_str(ref, "policyName");
        size_t slash = vl_span_rfind_char(name, '/');
        if (slash != SIZE_MAX)
            name = vl_span_slice(name, slash + 1, name.len);
        if (vl_span_eq_str(name, policy->info.name) && rule_is_named(ref, policy, look))
            return policy_matches(&x->match, &run->direct.subject, err);
    }
    return 0;
}

/* 1: all conditions are true. */
static int conditions_match(struct vl_policy_run *run, const struct policy_excepted *x,
    const struct policy *policy, struct policy_look *look, struct vl_err *err)
{
    policy_run_bind(run, policy, look, NULL, true, VL_CEL_COST_MATCH_MAX, policy->uses);
    if (look->template_path[0] && look->object.kind == VL_CEL_MAP)
        vl_cel_bind(run->cel, policy->v_object, policy_run_excepted_value(run, look));
    for (uint32_t i = 0; i < x->n_conditions; i++) {
        struct vl_cel_value value;
        const struct policy_expr *e = &x->conditions[i];
        if (e->broken || !e->program)
            return vl_err_set(err, VL_ERR_INVALID, "exception '%s': %s", x->exception->name,
                e->broken ? e->broken : "no expression");
        int r = vl_cel_eval(run->cel, e->program, &value, NULL, err);
        if (r < 0)
            return r;
        if (value.kind == VL_CEL_ERROR)
            return vl_err_set(err, VL_ERR_INVALID, "exception '%s': condition '%s': %s", x->exception->name,
                e->name, value.as.error->message);
        if (value.kind != VL_CEL_BOOL || !value.as.boolean)
            return 0;
    }
    return 1;
}

int policy_run_except(struct vl_policy_run *run, const struct policy *policy, struct policy_look *look,
    const struct policy_exception **ret, struct vl_err *err)
{
    const struct policy_exception *whole = NULL;
    uint64_t allowing = 0;
    *ret = NULL;
    run->allowing = 0;
    for (uint32_t i = 0; i < policy->n_exceptions; i++) {
        const struct policy_excepted *x = &policy->exceptions[i];
        int r = x->exception->of_rules ? rules_match(run, x->exception, policy, look, err)
                                       : conditions_match(run, x, policy, look, err);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        if ((vl_doc_size(x->exception->images) || vl_doc_size(x->exception->values)) && i < 64)
            allowing |= UINT64_C(1) << i;
        else if (!whole)
            whole = x->exception;
    }
    run->allowing = allowing;
    /* As soon as one of them allows only some images, the policy is evaluated. */
    if (!allowing)
        *ret = whole;
    return 0;
}

struct vl_cel_value policy_run_allowed(struct vl_policy_run *run, const struct policy *policy, bool images)
{
    size_t n = 0, max = 0;
    for (uint32_t i = 0; i < policy->n_exceptions && i < 64; i++) {
        const struct policy_exception *x = policy->exceptions[i].exception;
        max += run->allowing >> i & 1 ? vl_doc_size(images ? x->images : x->values) : 0;
    }
    struct vl_cel_value *items = max ? vl_arena_array(run->arena, max, sizeof(*items)) : NULL;
    for (uint32_t i = 0; items && i < policy->n_exceptions && i < 64; i++) {
        const struct policy_exception *x = policy->exceptions[i].exception;
        const struct vl_doc_node *list = run->allowing >> i & 1 ? (images ? x->images : x->values) : NULL;
        for (const struct vl_doc_node *t = vl_doc_first(list); t && n < max; t = vl_doc_next(t))
            items[n++] = vl_cel_string(vl_doc_text(t));
    }
    return vl_cel_list_new(run->arena, items, n);
}
