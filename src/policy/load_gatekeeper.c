/* Gatekeeper's ConstraintTemplates with CEL, and constraints. A template is a policy, its constraints are the
 * bindings, each one its own parameter object.
 *
 * Source: open-policy-agent/frameworks driver K8sNativeValidation, Gatekeeper 3.20 (behaviour). */
#include <string.h>

#include "set.h"

/* What every expression of a template may use beside its own variables. */
static const struct {
    const char *name, *expression;
} prelude[] = {
    {"anyObject",
        "has(request.operation) && request.operation == \"DELETE\" && object == null ? oldObject : object"},
    {"params", "!has(params.spec) ? null : !has(params.spec.parameters) ? null : params.spec.parameters"},
};

static const struct vl_doc_node *cel_source(struct policy_load *load, const struct vl_doc_node *target)
{
    const struct vl_doc_node *list = vl_doc_get(target, "code");
    for (const struct vl_doc_node *c = vl_doc_first(list); c; c = vl_doc_next(c)) {
        if (vl_span_eq_str(vl_doc_get_str(c, "engine"), "K8sNativeValidation"))
            return policy_get(load, c, "source", VL_DOC_OBJECT, "spec.targets[0].code.source");
    }
    return NULL;
}

static int add_prelude(struct policy_load *load, struct policy *p, struct vl_err *err)
{
    p->variables = vl_arena_array(load->set->arena, VL_ARRAY_LEN(prelude), sizeof(*p->variables));
    if (!p->variables)
        return vl_arena_check(load->set->arena, "policies", err);
    for (size_t i = 0; i < VL_ARRAY_LEN(prelude); i++) {
        p->variables[p->n_variables++].expr = (struct policy_expr){.name = prelude[i].name,
            .field = "variables of every template",
            .text = vl_span_str(prelude[i].expression),
            .node = load->object->node};
    }
    return 0;
}

static int read_source(
    struct policy_load *load, const struct vl_doc_node *source, struct policy *p, struct vl_err *err)
{
#define SOURCE "spec.targets[0].code.source"
    static const char *const keys[] = {"failurePolicy", "matchConditions", "variables", "validations",
        "generateVAP", "resourceOperations", NULL};
    policy_only_keys(load, source, SOURCE, keys, false);
    policy_get_failure_policy(load, source, SOURCE ".failurePolicy", p);
    int r = add_prelude(load, p, err);
    if (r == 0)
        r = policy_get_conditions(
            load, vl_doc_get(source, "matchConditions"), SOURCE ".matchConditions", p, err);
    if (r == 0)
        r = policy_get_variables(load, vl_doc_get(source, "variables"), SOURCE ".variables", p, err);
    if (r == 0)
        r = policy_get_validations(
            load, vl_doc_get(source, "validations"), SOURCE ".validations", NULL, p, err);
    if (r == 0 && !p->n_validations)
        policy_problem(load, true, source, SOURCE ".validations", "there is no validation");
    return r;
#undef SOURCE
}

int policy_load_template(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    const struct vl_doc_node *names = vl_doc_get(vl_doc_get(vl_doc_get(spec, "crd"), "spec"), "names");
    const struct vl_doc_node *targets = policy_get(load, spec, "targets", VL_DOC_ARRAY, "spec.targets");
    const char *kind = policy_get_text(load, names, "kind", "spec.crd.spec.names.kind", true);
    const struct vl_doc_node *source = cel_source(load, vl_doc_first(targets));
    struct vl_span title =
        vl_doc_get_str(vl_kube_object_annotations(load->object), "metadata.gatekeeper.sh/title");
    struct vl_span description = vl_doc_get_str(vl_kube_object_annotations(load->object), "description");
    if (!source)
        policy_problem(load, true, targets ? targets : root, "spec.targets",
            "not converted: there is no code for the engine K8sNativeValidation; Rego is not read");
    if (!kind || !source)
        return 0;
    struct policy *p = policy_new(load, VL_POLICY_GATEKEEPER, kind);
    if (!p)
        return vl_err_nomem(err);
    p->info.title = title.len ? title.ptr : NULL;
    p->info.description = description.len ? description.ptr : NULL;
    p->must_be_bound = true;
    p->parameter_schema =
        vl_doc_get(vl_doc_get(vl_doc_get(vl_doc_get(spec, "crd"), "spec"), "validation"), "openAPIV3Schema");
    p->param_api_version = "constraints.gatekeeper.sh/v1beta1";
    p->param_kind = kind;
    if (load->set->options.autogen)
        p->controllers = AUTOGEN_ALL;
    int r = read_source(load, source, p, err);
    if (r < 0)
        return r;
    p->invalid = load->failed;
    return policy_add(load, p, err);
}

/* Where an admission is decided; what is for audits alone only tells. */
static bool decides(const struct vl_doc_node *points)
{
    static const char *const names[] = {"*", "validation.gatekeeper.sh", "vap.k8s.io", "gator.gatekeeper.sh"};
    for (const struct vl_doc_node *p = vl_doc_first(points); p; p = vl_doc_next(p)) {
        for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
            if (vl_span_eq_str(vl_doc_get_str(p, "name"), names[i]))
                return true;
        }
    }
    return false;
}

/* enforcementAction: scoped: an action for each of several points. */
static unsigned scoped(struct policy_load *load, const struct vl_doc_node *spec)
{
    const struct vl_doc_node *list =
        policy_get(load, spec, "scopedEnforcementActions", VL_DOC_ARRAY, "spec.scopedEnforcementActions");
    unsigned actions = 0;
    if (!vl_doc_size(list))
        policy_problem(load, true, spec, "spec.scopedEnforcementActions",
            "is missing: enforcementAction scoped says nothing without it");
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span action = vl_doc_get_str(n, "action");
        bool here = decides(vl_doc_get(n, "enforcementPoints"));
        if (here && vl_span_eq_str(action, "deny"))
            actions |= VL_VERDICT_DENY;
        else if (here && vl_span_eq_str(action, "warn"))
            actions |= VL_VERDICT_WARN;
        else if (vl_span_eq_str(action, "dryrun") || vl_span_eq_str(action, "deny") ||
                 vl_span_eq_str(action, "warn"))
            actions |= VL_VERDICT_AUDIT;
        else
            policy_problem(load, false, n, "spec.scopedEnforcementActions",
                "not converted: '%.*s': taken as dryrun", VL_SPAN_FMT(vl_span_slice(action, 0, 100)));
    }
    return actions ? actions : VL_VERDICT_AUDIT;
}

static unsigned enforcement(struct policy_load *load, const struct vl_doc_node *spec)
{
    const struct vl_doc_node *node = vl_doc_get(spec, "enforcementAction");
    struct vl_span text = vl_doc_span(node);
    if (!node || vl_span_eq_str(text, "deny"))
        return VL_VERDICT_DENY;
    if (vl_span_eq_str(text, "warn"))
        return VL_VERDICT_WARN;
    if (vl_span_eq_str(text, "scoped"))
        return scoped(load, spec);
    if (!vl_span_eq_str(text, "dryrun"))
        policy_problem(load, false, node, "spec.enforcementAction", "not converted: '%.*s': taken as dryrun",
            VL_SPAN_FMT(vl_span_slice(text, 0, 100)));
    return VL_VERDICT_AUDIT;
}

int policy_load_constraint(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    const struct vl_doc_node *match = policy_get(load, spec, "match", VL_DOC_OBJECT, "spec.match");
    static const char *const known[] = {"kinds", "namespaces", "excludedNamespaces", "labelSelector",
        "namespaceSelector", "scope", "name", "source", NULL};
    struct policy_binding b = {.file = load->file,
        .node = root,
        .match = {.form = MATCH_GATEKEEPER, .node = match},
        .params = load->object};
    for (const struct vl_doc_node *n = vl_doc_first(match); n; n = vl_doc_next(n)) {
        bool is_known = false;
        for (size_t i = 0; known[i] && !is_known; i++)
            is_known = vl_span_eq_str(vl_doc_key(n), known[i]);
        if (!is_known)
            policy_problem(load, false, n, "spec.match", "not converted: %.*s",
                VL_SPAN_FMT(vl_span_slice(vl_doc_key(n), 0, 100)));
    }
    struct vl_span source = vl_doc_get_str(match, "source");
    if (source.len && !vl_span_eq_str(source, "All") && !vl_span_eq_str(source, "Original") &&
        !vl_span_eq_str(source, "Generated"))
        policy_problem(load, true, match, "spec.match.source", "is none of All, Original, Generated");
    b.name = policy_get_text(load, vl_doc_get(root, "metadata"), "name", "metadata.name", true);
    b.policy = vl_arena_dup_span(load->set->arena, load->object->kind);
    b.actions = enforcement(load, spec);
    return b.name && b.policy ? policy_add_binding(load, &b, err) : 0;
}
