/* From policies, bindings and parameters to verdicts.
 *
 * Source: k8s.io/apiserver pkg/admission/plugin/policy/validating/dispatcher.go and
 * generic/policy_dispatcher.go (CollectParams): order, texts, what is an error of configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "convert.h"
#include "run.h"

#define NOTES_MAX 4

/* What is asked about one policy. */
struct asking {
    struct vl_policy_run *run;
    const struct policy *policy;
    struct policy_look *look;
    struct policy_version version; /* of the matching rule, where it is another one; else empty */
    int (*each)(const struct vl_verdict *verdict, void *user, struct vl_err *err);
    void *user;
};

int vl_policy_run_new(const struct vl_policies *set, struct vl_policy_run **ret, struct vl_err *err)
{
    if (!set->finished)
        return vl_err_set(err, VL_ERR_INVALID, "the policies are not finished");
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = calloc(1, sizeof(*run));
    if (!run)
        return vl_err_nomem(err);
    run->set = set;
    run->now_ms = set->options.now_ms ? set->options.now_ms : vl_time_now_ms();
    run->arena = vl_arena_new(POLICY_RUN_ARENA_MAX);
    run->verdict = vl_arena_new(POLICY_VERDICT_ARENA_MAX);
    int r = run->arena && run->verdict ? vl_cel_run_new(&run->cel, err) : vl_err_nomem(err);
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    if (r < 0)
        return r;
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    *ret = run;
    run = NULL;
    return 0;
}

void vl_policy_run_free(struct vl_policy_run *run)
{
    if (!run)
        return;
    vl_cel_run_free(run->cel);
    vl_arena_free(run->arena);
    vl_arena_free(run->verdict);
    vl_doc_free(run->labels);
    vl_doc_free(run->clean[0]);
    vl_doc_free(run->clean[1]);
    free(run);
}

void vl_policy_run_cleanup(struct vl_policy_run **run)
{
    vl_policy_run_free(*run);
}

/* --- verdicts --- */

static const char *text_of(struct vl_policy_run *run, struct vl_span s)
{
    const char *text = s.len ? vl_arena_dup_span(run->verdict, s) : "";
    return text ? text : "";
}

static void add_notes(struct asking *a, struct vl_verdict *v)
{
    struct vl_policy_run *run = a->run;
    const char **notes = vl_arena_array(run->verdict, NOTES_MAX, sizeof(*notes));
    bool asks_namespace = a->policy->v_namespace < 64 && (a->policy->uses >> a->policy->v_namespace & 1);
    if (!notes)
        return;
    if (asks_namespace && run->namespace_assumed)
        notes[v->n_notes++] = vl_arena_printf(run->verdict,
            "namespace '%.*s' is not among the files: taken as without labels of its own",
            VL_SPAN_FMT(run->direct.subject.namespace_name));
    v->notes = notes;
}

/* What every verdict on this policy and object has. */
static void start(struct asking *a, const struct policy_binding *binding, struct vl_verdict *ret)
{
    struct vl_policy_run *run = a->run;
    const struct vl_policy_info *info = &a->policy->info;
    const struct policy_look *look = a->look ? a->look : &run->direct;
    *ret = (struct vl_verdict){.outcome = VL_VERDICT_NOT_APPLICABLE,
        .allowed = true,
        .actions = binding ? binding->actions : a->policy->actions,
        .policy = info->name,
        .policy_kind = info->kind,
        .policy_version = info->version,
        .rule = info->rule,
        .binding = binding && binding->name != info->rule ? binding->name : NULL,
        .title = info->title,
        .severity = info->severity,
        .data_date = run->set->options.data_date,
        .policy_file = info->file,
        .policy_line = info->line,
        .api_version = text_of(run, run->object->api_version),
        .kind = text_of(run, run->object->kind),
        .namespace_name =
            run->direct.subject.is_namespace ? "" : text_of(run, run->direct.subject.namespace_name),
        .name = text_of(run, run->direct.subject.name),
        .object_hash = run->hash,
        .object_file = run->request->file,
        .object_line = vl_doc_line(run->object->node),
        .evaluated_as = look->template_path[0] ? look->template_path : NULL,
        .remediation = info->remediation,
        .n_remediation = info->n_remediation};
}

static int give(struct asking *a, const struct vl_verdict *v, struct vl_err *err)
{
    int r = vl_arena_check(a->run->verdict, "verdict", err);
    if (r == 0)
        r = a->each(v, a->user, err);
    vl_arena_reset(a->run->verdict);
    return r;
}

static int skip(struct asking *a, const struct policy_binding *binding, const char *why, struct vl_err *err)
{
    struct vl_verdict v;
    start(a, binding, &v);
    v.message = why;
    return give(a, &v, err);
}

/* An error of configuration: what follows is failurePolicy's to say. */
static int config_error(
    struct asking *a, const struct policy_binding *binding, const char *message, struct vl_err *err)
{
    struct vl_verdict v;
    struct vl_verdict_decision d = {.outcome = VL_VERDICT_ERROR, .allowed = a->policy->ignore_failures};
    start(a, binding, &v);
    d.rule = "configuration";
    d.message = vl_arena_printf(
        a->run->verdict, "failed to configure %s: %s", binding ? "binding" : "policy", message);
    v.outcome = VL_VERDICT_ERROR;
    v.allowed = d.allowed;
    v.message = d.message;
    v.decisions = &d;
    v.n_decisions = 1;
    return give(a, &v, err);
}

/* The document itself has errors: never a pass, whatever failurePolicy says. */
static int invalid(struct asking *a, struct vl_err *err)
{
    struct vl_verdict v;
    start(a, NULL, &v);
    v.outcome = VL_VERDICT_ERROR;
    v.allowed = false;
    v.message = vl_arena_printf(a->run->verdict, "the document of %s '%s' has errors (%s:%u)",
        a->policy->info.kind, a->policy->info.name, a->policy->info.file, a->policy->info.line);
    return give(a, &v, err);
}

/* The rule is for a version in which the object looks otherwise: neither a pass nor a failure. */
static int not_converted(struct asking *a, struct vl_span field, struct vl_err *err)
{
    struct vl_verdict v;
    struct vl_verdict_decision d = {.rule = "conversion", .outcome = VL_VERDICT_ERROR};
    start(a, NULL, &v);
    d.message = vl_arena_printf(a->run->verdict,
        "not evaluated: the policy is about %.*s%s%.*s %.*s, the object is %.*s: an API server would convert "
        "it, which changes %.*s; write the object in the newer version",
        VL_SPAN_FMT(a->version.group), a->version.group.len ? "/" : "", VL_SPAN_FMT(a->version.version),
        VL_SPAN_FMT(a->run->object->kind), VL_SPAN_FMT(a->run->object->api_version), VL_SPAN_FMT(field));
    v.outcome = VL_VERDICT_ERROR;
    v.allowed = false;
    v.message = d.message;
    v.decisions = &d;
    v.n_decisions = 1;
    return give(a, &v, err);
}

static void conclude(struct asking *a, const struct policy_result *result, struct vl_verdict *v)
{
    const struct vl_verdict_decision *first = NULL;
    v->outcome = VL_VERDICT_PASS;
    v->allowed = true;
    for (uint32_t i = 0; i < result->n_decisions; i++) {
        const struct vl_verdict_decision *d = &result->decisions[i];
        if (d->outcome == VL_VERDICT_FAIL)
            v->outcome = VL_VERDICT_FAIL;
        else if (d->outcome == VL_VERDICT_ERROR && v->outcome == VL_VERDICT_PASS)
            v->outcome = VL_VERDICT_ERROR;
        v->allowed = v->allowed && d->allowed;
        if (d->outcome != VL_VERDICT_PASS && (!first || (first->allowed && !d->allowed)))
            first = d;
    }
    if (first) {
        v->message = first->message;
        v->reason = first->reason;
        if (!v->rule && a->policy->info.form != VL_POLICY_CHECK)
            v->rule = first->rule;
    }
    v->decisions = result->decisions;
    v->n_decisions = result->n_decisions;
    v->annotations = result->annotations;
    v->n_annotations = result->n_annotations;
    v->cost = result->cost;
}

static void exempt(struct asking *a, struct vl_verdict *v)
{
    const struct vl_exemption *e = vl_policies_exempts(a->run->set, a->policy->info.name, a->run->object,
        a->run->direct.subject.namespace_name, a->run->now_ms);
    if (!e)
        return;
    v->outcome = VL_VERDICT_EXEMPT;
    v->allowed = true;
    v->exemption = e->name;
    v->justification = e->justification;
}

static int excepted(struct asking *a, const struct policy_binding *binding,
    const struct policy_exception *exception, struct vl_err *err)
{
    struct vl_verdict v;
    start(a, binding, &v);
    v.outcome = VL_VERDICT_EXEMPT;
    v.exemption = exception->name;
    v.justification = "a PolicyException is about it: it is not evaluated";
    return give(a, &v, err);
}

static const char *param_name(struct vl_policy_run *run, const struct vl_kube_object *o)
{
    if (!o)
        return NULL;
    return vl_arena_printf(run->verdict, "%.*s%s%.*s", VL_SPAN_FMT(o->namespace_name),
        o->namespace_name.len ? "/" : "", VL_SPAN_FMT(o->name));
}

static int validate(struct asking *a, const struct policy_binding *binding,
    const struct vl_kube_object *params, struct vl_err *err)
{
    struct policy_result result;
    struct vl_verdict v;
    const struct policy_exception *exception = NULL;
    struct vl_err bad = VL_ERR_INIT;
    int r = a->policy->n_exceptions ? policy_run_except(a->run, a->policy, a->look, &exception, &bad) : 0;
    if (r < 0 && bad.code != VL_ERR_INVALID)
        *err = bad;
    if (r < 0)
        return bad.code == VL_ERR_INVALID ? config_error(a, binding, bad.msg, err) : r;
    if (exception)
        return excepted(a, binding, exception, err);
    r = policy_run_validate(a->run, a->policy, a->look, params ? params->node : NULL, &result, err);
    if (r < 0)
        return r;
    start(a, binding, &v);
    v.params = param_name(a->run, params);
    if (!result.matched) {
        v.message = result.why_not;
        v.cost = result.cost;
        return give(a, &v, err);
    }
    conclude(a, &result, &v);
    add_notes(a, &v);
    if (v.outcome == VL_VERDICT_FAIL && a->policy->info.form == VL_POLICY_CHECK)
        r = policy_run_explain(a->run, a->policy, a->look, &v, err);
    if (v.outcome == VL_VERDICT_FAIL && a->run->set->exemptions.len)
        exempt(a, &v);
    return r < 0 ? r : give(a, &v, err);
}

/* --- parameters --- */

static const struct policy_objects *objects_of(const struct vl_policies *set, const struct policy *p)
{
    char key[1024];
    struct vl_span api = vl_span_str(p->param_api_version);
    size_t slash = vl_span_find_char(api, '/');
    struct vl_span group = slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(api, 0, slash);
    size_t kind = strlen(p->param_kind);
    if (group.len + kind + 2 > sizeof(key))
        return NULL;
    if (group.len)
        memcpy(key, group.ptr, group.len);
    key[group.len] = '/';
    memcpy(key + group.len + 1, p->param_kind, kind);
    const struct vl_map_slot *slot = vl_map_get(&set->kinds, (struct vl_span){key, group.len + 1 + kind});
    return slot ? slot->value.ptr : NULL;
}

/* In the namespace that a reference means; kinds that are not namespaced are in every one. */
static bool param_in_namespace(
    const struct vl_policy_run *run, const struct vl_kube_object *o, const struct vl_doc_node *ref)
{
    struct vl_span wanted = vl_doc_get_str(ref, "namespace");
    struct vl_span has = o->namespace_name;
    if (!vl_kube_object_namespaced(o))
        return true;
    if (!has.len)
        has = vl_span_str(run->set->options.default_namespace);
    return vl_span_eq(has, wanted.len ? wanted : run->direct.subject.namespace_name);
}

static int param_selected(const struct vl_policy_run *run, const struct vl_kube_object *o,
    const struct vl_doc_node *ref, struct vl_err *err)
{
    struct vl_span name = vl_doc_get_str(ref, "name");
    if (!param_in_namespace(run, o, ref))
        return 0;
    if (name.len)
        return vl_span_eq(o->name, name);
    return policy_selector_matches(vl_doc_get(ref, "selector"), vl_kube_object_labels(o), err);
}

/* Evaluates with every parameter object that the binding selects (without one: with all of the kind). */
static int with_params(struct asking *a, const struct policy_binding *binding, struct vl_err *err)
{
    const struct policy_objects *objects = objects_of(a->run->set, a->policy);
    const struct vl_doc_node *ref = binding ? binding->param_ref : NULL;
    size_t found = 0;
    for (size_t i = 0; objects && i < objects->items.len; i++) {
        const struct policy_object *o = *(const struct policy_object **)vl_vec_at(&objects->items, i);
        struct vl_err bad = VL_ERR_INIT;
        int r = ref ? param_selected(a->run, &o->object, ref, &bad) : 1;
        if (r < 0)
            return config_error(a, binding, bad.msg, err);
        if (r == 0)
            continue;
        if (++found > VL_POLICY_PARAMS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "policy '%s': more than %d parameter objects are selected",
                a->policy->info.name, VL_POLICY_PARAMS_MAX);
        r = validate(a, binding, &o->object, err);
        if (r < 0)
            return r;
    }
    if (found)
        return 0;
    if (!ref)
        return validate(a, binding, NULL, err);
    if (vl_span_eq_str(vl_doc_get_str(ref, "parameterNotFoundAction"), "Allow"))
        return skip(a, binding, "no params found, and parameterNotFoundAction is Allow", err);
    return config_error(
        a, binding, "no params found for policy binding with `Deny` parameterNotFoundAction", err);
}

static int with_binding(struct asking *a, const struct policy_binding *binding, struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    const struct policy_subject *subject = a->look->asked ? a->look->asked : &a->look->subject;
    int r = binding ? policy_matches(&binding->match, subject, &bad) : 1;
    if (r < 0)
        return config_error(a, binding, bad.msg, err);
    if (r == 0)
        return skip(a, binding, "the binding is not about this object", err);
    if (binding && binding->params)
        return validate(a, binding, binding->params, err);
    /* A policy with paramKind whose binding names no parameters is evaluated with null. */
    if (!a->policy->param_kind || (binding && !binding->param_ref))
        return validate(a, binding, NULL, err);
    return with_params(a, binding, err);
}

/* --- matching --- */

static unsigned controller_of(const struct vl_kube_kind *kind)
{
    static const struct {
        const char *kind;
        unsigned bit;
    } rows[] = {{"Deployment", AUTOGEN_DEPLOYMENT}, {"DaemonSet", AUTOGEN_DAEMONSET},
        {"StatefulSet", AUTOGEN_STATEFULSET}, {"ReplicaSet", AUTOGEN_REPLICASET},
        {"ReplicationController", AUTOGEN_REPLICATIONCONTROLLER}, {"Job", AUTOGEN_JOB},
        {"CronJob", AUTOGEN_CRONJOB}};
    for (size_t i = 0; kind && i < VL_ARRAY_LEN(rows); i++) {
        if (strcmp(kind->kind, rows[i].kind) == 0)
            return rows[i].bit;
    }
    return AUTOGEN_OTHER;
}

/* The first look that the policy is about, in a->look; NULL where none is. */
static int find_look(struct asking *a, struct vl_err *err)
{
    struct vl_policy_run *run = a->run;
    const struct policy *p = a->policy;
    struct policy_version version;
    a->look = &run->direct;
    int r = policy_matches_as(&p->match, &run->direct.subject, &version, err);
    if (r > 0 && (!vl_span_eq(version.group, run->direct.subject.group) ||
                     !vl_span_eq(version.version, run->direct.subject.version))) {
        a->version = version;
        policy_run_convert(run, &version);
        a->look = &run->converted;
    }
    if (r == 0 && run->has_pod && (p->controllers & controller_of(run->object->known))) {
        a->look = &run->pod;
        /* A template's policy matches everything: the constraints say whom it is about. */
        r = policy_matches(&p->match, &run->pod.subject, err);
    }
    if (r == 0)
        a->look = NULL;
    return r;
}

/* A Gatekeeper template is about everything; whether a constraint means pods alone decides the look. */
static void find_binding_look(struct asking *a, const struct policy_binding *b)
{
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_policy_run *run = a->run;
    a->look = &run->direct;
    if (b->match.form == MATCH_GATEKEEPER && run->has_pod &&
        (a->policy->controllers & controller_of(run->object->known)) &&
        policy_matches(&b->match, &run->direct.subject, &ignored) == 0)
        a->look = &run->pod;
}

static int ask(struct asking *a, struct vl_err *err)
{
    const struct policy *p = a->policy;
    struct vl_err bad = VL_ERR_INIT;
    vl_arena_reset(a->run->verdict);
    if (p->of_payloads != (a->run->request->payload != NULL))
        return skip(a, NULL,
            p->of_payloads ? "the policy is about JSON documents, not about Kubernetes objects"
                           : "the policy is about Kubernetes objects",
            err);
    if (p->invalid)
        return invalid(a, err);
    if (p->of_payloads)
        a->look = &a->run->direct;
    int r = p->of_payloads ? 1 : find_look(a, &bad);
    if (r < 0)
        return config_error(a, NULL, bad.msg, err);
    if (r == 0)
        return skip(a, NULL, "the policy is not about this object", err);
    if (a->look == &a->run->converted) {
        struct vl_span field;
        if (!policy_converts_alike(a->run->object, a->version.group, a->version.version, &field))
            return not_converted(a, field, err);
    }
    if (!p->n_bindings && p->must_be_bound)
        return skip(a, NULL, "there is no constraint of this template", err);
    if (!p->n_bindings)
        return with_binding(a, NULL, err);
    r = 0;
    for (uint32_t i = 0; r >= 0 && i < p->n_bindings; i++) {
        if (p->bindings[i]->match.form == MATCH_GATEKEEPER)
            find_binding_look(a, p->bindings[i]);
        r = with_binding(a, p->bindings[i], err);
    }
    return r;
}

int vl_policy_evaluate_one(struct vl_policy_run *run, uint32_t index, const struct vl_policy_request *request,
    int (*each)(const struct vl_verdict *verdict, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct policy **item = vl_vec_at(&run->set->policies, index);
    if (!item)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no policy %u", index);
    struct asking a = {.run = run, .policy = *item, .each = each, .user = user};
    int r = policy_run_begin(run, request, err);
    return r < 0 ? r : ask(&a, err);
}

int vl_policy_evaluate(struct vl_policy_run *run, const struct vl_policy_request *request,
    int (*each)(const struct vl_verdict *verdict, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    int r = policy_run_begin(run, request, err);
    for (size_t i = 0; r >= 0 && i < run->set->policies.len; i++) {
        struct asking a = {.run = run,
            .policy = *(struct policy **)vl_vec_at(&run->set->policies, i),
            .each = each,
            .user = user};
        r = ask(&a, err);
    }
    return r;
}
