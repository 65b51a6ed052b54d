/* Validations as Kubernetes' own plugin runs them: match conditions, validations, message expressions, audit
 * annotations, each with its own budget and fresh variables; the same texts.
 *
 * Source: k8s.io/apiserver pkg/admission/plugin/policy/validating/validator.go, plugin/cel/activation.go,
 * plugin/webhook/matchconditions/matcher.go (behaviour). */
#include <string.h>

#include "context.h"
#include "run.h"

#define OUT_OF_BUDGET \
    "validation failed due to running out of cost budget, no further validation rules will be run"

struct phase {
    struct vl_policy_run *run;
    const struct policy *policy;
    struct policy_look *look;
    uint64_t remaining;
    bool out; /* of budget */
    struct policy_result *result;
};

/* One evaluation: a value, or an error text. */
struct outcome {
    struct vl_cel_value value;
    const char *error; /* NULL: there is a value */
};

static bool uses(uint64_t mask, unsigned index)
{
    return index >= 64 || (mask >> index & 1);
}

/* Only where somebody answers: without, `authorizer` is an error as soon as an expression uses it. */
static void bind_authorizer(
    struct vl_cel_run *cel, const struct policy *policy, const struct policy_look *look)
{
    const struct vl_cel_authorizer_request resource = {
        .group = look->subject.group,
        .resource = look->subject.resource,
        .subresource = look->subject.subresource,
        .namespace_name = look->subject.namespace_name,
        .name = look->subject.name,
    };
    int self = vl_cel_env_index(policy->env, "authorizer");
    int own = vl_cel_env_index(policy->env, "authorizer.requestResource");
    if (self >= 0)
        vl_cel_bind_as_is(cel, (unsigned)self, vl_cel_authorizer_value(cel));
    if (own >= 0)
        vl_cel_bind_as_is(cel, (unsigned)own, vl_cel_authorizer_resource(cel, &resource));
}

void policy_run_bind(struct vl_policy_run *run, const struct policy *policy, struct policy_look *look,
    const struct vl_doc_node *params, bool with_namespace, uint64_t budget, uint64_t mask)
{
    struct vl_cel_run *cel = run->cel;
    vl_cel_run_reset(cel, budget);
    vl_cel_run_authorizer(cel, run->request->authorizer);
    vl_cel_run_clock(cel, run->now_ms);
    policy_context_bind(run, policy);
    if (run->request->authorizer)
        bind_authorizer(cel, policy, look);
    vl_cel_bind(cel, policy->v_object, look->object);
    vl_cel_bind(cel, policy->v_old, look->old_object);
    if (uses(mask, policy->v_request))
        vl_cel_bind_as_is(cel, policy->v_request, policy_run_request_value(run, look));
    if (uses(mask, policy->v_namespace))
        vl_cel_bind_as_is(
            cel, policy->v_namespace, with_namespace ? policy_run_namespace_value(run) : vl_cel_null());
    if (policy->info.form == VL_POLICY_KYVERNO2) {
        if (uses(mask, policy->v_images))
            vl_cel_bind(cel, policy->v_images, policy_run_images_value(run, look));
        if (uses(mask, policy->v_allowed_images))
            vl_cel_bind(cel, policy->v_allowed_images, policy_run_allowed(run, policy, true));
        if (uses(mask, policy->v_allowed_values))
            vl_cel_bind(cel, policy->v_allowed_values, policy_run_allowed(run, policy, false));
    }
    if (policy->param_kind)
        vl_cel_bind(cel, policy->v_params, params ? vl_cel_from_doc(params) : vl_cel_null());
    for (uint32_t i = 0; i < policy->n_variables; i++) {
        const struct policy_variable *v = &policy->variables[i];
        if (!uses(mask, v->index))
            continue;
        const struct vl_doc_node *given = vl_doc_get(run->given_parameters, v->expr.name);
        if (v->type)
            vl_cel_bind(cel, v->index, vl_cel_from_doc(given ? given : v->value));
        else if (v->expr.program)
            vl_cel_bind_lazy(cel, v->index, v->expr.program);
        else if (v->expr.broken)
            vl_cel_bind_error(cel, v->index, v->broken);
    }
}

/* Ours only is a negative return; what Kubernetes calls an evaluation error is in the outcome. */
static int evaluate(struct phase *ph, const struct policy_expr *e, struct outcome *ret, struct vl_err *err)
{
    uint64_t cost = 0;
    struct vl_arena *arena = ph->run->verdict;
    *ret = (struct outcome){.value = vl_cel_null()};
    if (e->broken) {
        ret->error = vl_arena_printf(arena, "compilation error: %s", e->broken);
        return ret->error ? 0 : vl_arena_check(arena, "verdict", err);
    }
    int r = vl_cel_eval(ph->run->cel, e->program, &ret->value, &cost, err);
    if (r < 0 && err->code == VL_ERR_LIMIT) {
        /* Of memory: an error of this expression, not of all that is asked. */
        ret->value = vl_cel_null();
        ret->error = vl_arena_printf(arena, "expression '%.*s' resulted in error: %s",
            VL_SPAN_FMT(vl_span_slice(e->text, 0, 1000)), err->msg);
        vl_err_clear(err);
        return ret->error ? 0 : vl_arena_check(arena, "verdict", err);
    }
    if (r < 0)
        return r;
    ph->result->cost += cost;
    if (cost > ph->remaining) {
        ph->out = true;
        ret->error = OUT_OF_BUDGET;
        return 0;
    }
    ph->remaining -= cost;
    if (ret->value.kind == VL_CEL_ERROR) {
        ret->error = vl_arena_printf(arena, "expression '%.*s' resulted in error: %s", VL_SPAN_FMT(e->text),
            ret->value.as.error->message);
        if (!ret->error)
            return vl_arena_check(arena, "verdict", err);
    }
    return 0;
}

static void begin(struct phase *ph, const struct vl_doc_node *params, bool with_namespace, uint64_t budget)
{
    ph->remaining = budget;
    ph->out = false;
    policy_run_bind(ph->run, ph->policy, ph->look, params, with_namespace, budget, ph->policy->uses);
}

/* --- decisions --- */

static struct vl_verdict_decision *only_decision(struct phase *ph, const char *rule)
{
    ph->result->n_decisions = 1;
    ph->result->decisions[0] = (struct vl_verdict_decision){.rule = rule};
    return &ph->result->decisions[0];
}

static void decide_error(struct phase *ph, struct vl_verdict_decision *d, const char *message)
{
    d->outcome = VL_VERDICT_ERROR;
    d->allowed = ph->policy->ignore_failures;
    d->message = message;
}

/* --- match conditions --- */

static int conditions(struct phase *ph, const struct vl_doc_node *params, struct vl_err *err)
{
    const struct policy *p = ph->policy;
    struct vl_arena *arena = ph->run->verdict;
    const char *errors = NULL;
    unsigned n_errors = 0;
    if (!p->n_conditions)
        return 0;
    begin(ph, params, false, VL_CEL_COST_MATCH_MAX);
    for (uint32_t i = 0; i < p->n_conditions; i++) {
        struct outcome o;
        int r = evaluate(ph, &p->conditions[i], &o, err);
        if (r < 0)
            return r;
        if (!o.error && o.value.kind == VL_CEL_BOOL && !o.value.as.boolean) {
            ph->result->matched = false;
            ph->result->why_not =
                vl_arena_printf(arena, "match condition '%s' is false", p->conditions[i].name);
            return vl_arena_check(arena, "verdict", err);
        }
        if (o.error) {
            errors = n_errors++ && !ph->out ? vl_arena_printf(arena, "%s, %s", errors, o.error) : o.error;
            if (!errors)
                return vl_arena_check(arena, "verdict", err);
        }
        if (ph->out) {
            n_errors = 1;
            break;
        }
    }
    if (!n_errors)
        return 0;
    if (n_errors > 1)
        errors = vl_arena_printf(arena, "[%s]", errors);
    if (p->ignore_failures) {
        ph->result->matched = false;
        ph->result->why_not = errors;
    } else {
        ph->result->matched = true;
        decide_error(ph, only_decision(ph, "matchConditions"), errors);
    }
    return errors ? 1 : vl_arena_check(arena, "verdict", err);
}

/* --- validations --- */

static int validations(
    struct phase *ph, const struct vl_doc_node *params, bool *ret_failed, struct vl_err *err)
{
    const struct policy *p = ph->policy;
    *ret_failed = false;
    begin(ph, params, true, VL_CEL_COST_POLICY_MAX);
    ph->result->n_decisions = p->n_validations;
    for (uint32_t i = 0; i < p->n_validations; i++) {
        struct vl_verdict_decision *d = &ph->result->decisions[i];
        struct outcome o;
        int r = evaluate(ph, &p->validations[i].expr, &o, err);
        if (r < 0)
            return r;
        *d = (struct vl_verdict_decision){.rule = p->validations[i].rule};
        if (ph->out) {
            decide_error(ph, only_decision(ph, p->validations[i].rule), o.error);
            return 1;
        }
        if (o.error) {
            decide_error(ph, d, o.error);
        } else if (o.value.kind == VL_CEL_BOOL && o.value.as.boolean) {
            d->outcome = VL_VERDICT_PASS;
            d->allowed = true;
        } else {
            d->outcome = VL_VERDICT_FAIL;
            *ret_failed = true;
        }
        /* Kyverno ends with the first that does not pass. */
        if (p->info.form == VL_POLICY_KYVERNO2 && d->outcome != VL_VERDICT_PASS) {
            ph->result->n_decisions = i + 1;
            break;
        }
    }
    return 0;
}

/* The text of a message expression where it is one: a string of one line, not too long, not empty. */
static int message_of(struct phase *ph, struct vl_cel_value value, const char **ret, struct vl_err *err)
{
    struct vl_span text = value.kind == VL_CEL_STRING ? vl_span_trim(vl_cel_span(value)) : VL_SPAN_EMPTY;
    *ret = NULL;
    if (!text.len || text.len > VL_POLICY_MESSAGE_MAX || vl_span_find_char(text, '\n') != SIZE_MAX)
        return 0;
    *ret = vl_arena_dup_span(ph->run->verdict, text);
    return *ret ? 0 : vl_arena_check(ph->run->verdict, "verdict", err);
}

/* No message expression and no variable can cost more than one call may. */
static bool messages_may_run_out(const struct phase *ph)
{
    const struct policy *p = ph->policy;
    uint64_t n = p->n_variables;
    for (uint32_t i = 0; i < p->n_validations; i++)
        n += p->validations[i].message_expr.text.len > 0;
    return n * VL_CEL_COST_CALL_MAX > ph->remaining;
}

static int fallback_message(
    struct phase *ph, const struct policy_validation *v, const char **message, struct vl_err *err)
{
    struct vl_arena *arena = ph->run->verdict;
    struct vl_span given = vl_span_trim(vl_span_str(v->message));
    if (!*message && given.len)
        *message = vl_arena_dup_span(arena, given);
    else if (!*message)
        *message = vl_arena_printf(arena, "failed expression: %.*s", VL_SPAN_FMT(vl_span_trim(v->expr.text)));
    return *message ? 0 : vl_arena_check(arena, "verdict", err);
}

static int messages(struct phase *ph, const struct vl_doc_node *params, bool failed, struct vl_err *err)
{
    const struct policy *p = ph->policy;
    if (!failed && !messages_may_run_out(ph))
        return 0;
    begin(ph, params, true, ph->remaining);
    for (uint32_t i = 0; i < ph->result->n_decisions; i++) {
        const struct policy_validation *v = &p->validations[i];
        struct vl_verdict_decision *d = &ph->result->decisions[i];
        struct outcome o = {.value = vl_cel_null()};
        const char *message = NULL;
        int r = v->message_expr.text.len && !ph->out ? evaluate(ph, &v->message_expr, &o, err) : 0;
        if (r == 0 && !o.error)
            r = message_of(ph, o.value, &message, err);
        /* Kyverno: what fails with a message that cannot be made is an error; never a pass. */
        if (r == 0 && d->outcome == VL_VERDICT_FAIL && o.error && !ph->out &&
            p->info.form == VL_POLICY_KYVERNO2) {
            d->outcome = VL_VERDICT_ERROR;
            d->message =
                vl_arena_printf(ph->run->verdict, "failed to evaluate message expression: %s", o.error);
            r = vl_arena_check(ph->run->verdict, "verdict", err);
        } else if (r == 0 && d->outcome == VL_VERDICT_FAIL) {
            r = fallback_message(ph, v, &message, err);
            d->message = message;
            d->reason = v->reason ? v->reason : "Invalid";
        }
        if (r < 0)
            return r;
    }
    for (uint32_t i = 0; ph->out && i < ph->result->n_decisions; i++) {
        if (ph->result->decisions[i].outcome != VL_VERDICT_ERROR)
            decide_error(ph, &ph->result->decisions[i], "failed messageExpression: " OUT_OF_BUDGET);
    }
    return 0;
}

/* --- audit annotations --- */

static int annotation(
    struct phase *ph, const struct policy_expr *e, const struct outcome *o, struct vl_err *err)
{
    struct policy_result *result = ph->result;
    struct vl_arena *arena = ph->run->verdict;
    if (o->error) {
        if (ph->policy->ignore_failures)
            return 0;
        struct vl_verdict_decision *d = &result->decisions[result->n_decisions++];
        *d = (struct vl_verdict_decision){.rule = vl_arena_printf(arena, "auditAnnotations[%s]", e->name)};
        decide_error(ph, d, o->error);
        return vl_arena_check(arena, "verdict", err);
    }
    struct vl_span text =
        o->value.kind == VL_CEL_STRING ? vl_span_trim(vl_cel_span(o->value)) : VL_SPAN_EMPTY;
    if (!text.len)
        return 0;
    struct vl_verdict_annotation *a = &result->annotations[result->n_annotations++];
    a->key = vl_arena_printf(arena, "%s/%s", ph->policy->info.name, e->name);
    a->value = vl_arena_dup_span(arena, vl_span_slice(text, 0, VL_POLICY_ANNOTATION_MAX));
    return vl_arena_check(arena, "verdict", err);
}

static int annotations(struct phase *ph, const struct vl_doc_node *params, struct vl_err *err)
{
    const struct policy *p = ph->policy;
    if (!p->n_annotations)
        return 0;
    ph->result->annotations =
        vl_arena_array(ph->run->verdict, p->n_annotations, sizeof(*ph->result->annotations));
    if (!ph->result->annotations)
        return vl_arena_check(ph->run->verdict, "verdict", err);
    begin(ph, params, true, VL_CEL_COST_POLICY_MAX);
    for (uint32_t i = 0; i < p->n_annotations; i++) {
        struct outcome o;
        int r = evaluate(ph, &p->annotations[i], &o, err);
        if (r < 0)
            return r;
        if (ph->out) {
            decide_error(ph, only_decision(ph, "auditAnnotations"), o.error);
            return 0;
        }
        r = annotation(ph, &p->annotations[i], &o, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int policy_run_validate(struct vl_policy_run *run, const struct policy *policy, struct policy_look *look,
    const struct vl_doc_node *params, struct policy_result *ret, struct vl_err *err)
{
    struct phase ph = {.run = run, .policy = policy, .look = look, .result = ret};
    bool failed = false;
    *ret = (struct policy_result){.matched = true};
    ret->decisions = vl_arena_array(
        run->verdict, (size_t)policy->n_validations + policy->n_annotations + 1, sizeof(*ret->decisions));
    if (!ret->decisions)
        return vl_arena_check(run->verdict, "verdict", err);
    int r = conditions(&ph, params, err);
    if (r != 0 || !ret->matched)
        return r < 0 ? r : 0;
    r = validations(&ph, params, &failed, err);
    if (r == 0)
        r = messages(&ph, params, failed, err);
    if (r == 0)
        r = annotations(&ph, params, err);
    return r < 0 ? r : 0;
}
