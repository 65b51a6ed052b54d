/* ValidatingAdmissionPolicy and its binding, admissionregistration.k8s.io v1, v1beta1, v1alpha1. */
#include <string.h>

#include "set.h"

static const char *const policy_keys[] = {"apiVersion", "kind", "metadata", "spec", "status", NULL};
static const char *const spec_keys[] = {"paramKind", "matchConstraints", "validations", "failurePolicy",
    "auditAnnotations", "matchConditions", "variables", NULL};
static const char *const match_keys[] = {
    "namespaceSelector", "objectSelector", "resourceRules", "excludeResourceRules", "matchPolicy", NULL};
static const char *const rule_keys[] = {
    "apiGroups", "apiVersions", "operations", "resources", "scope", "resourceNames", NULL};
static const char *const binding_keys[] = {
    "policyName", "paramRef", "matchResources", "validationActions", NULL};

static void check_rules(struct policy_load *load, const struct vl_doc_node *rules, const char *field)
{
    static const char *const lists[] = {"apiGroups", "apiVersions", "operations", "resources"};
    if (rules && !vl_doc_is(rules, VL_DOC_ARRAY)) {
        policy_problem(load, true, rules, field, "must be array");
        return;
    }
    for (const struct vl_doc_node *r = vl_doc_first(rules); r; r = vl_doc_next(r)) {
        policy_only_keys(load, r, field, rule_keys, false);
        for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
            const struct vl_doc_node *list = policy_get(load, r, lists[i], VL_DOC_ARRAY, field);
            if (vl_doc_size(list) == 0)
                policy_problem(load, false, r, field, "%s is missing: the rule matches nothing", lists[i]);
        }
        struct vl_span scope = vl_doc_get_str(r, "scope");
        if (scope.len && !vl_span_eq_str(scope, "*") && !vl_span_eq_str(scope, "Namespaced") &&
            !vl_span_eq_str(scope, "Cluster"))
            policy_problem(load, true, r, field, "scope '%.*s' is none of *, Cluster, Namespaced",
                VL_SPAN_FMT(vl_span_slice(scope, 0, 100)));
    }
}

static void check_match(struct policy_load *load, const struct vl_doc_node *match, const char *field)
{
    if (!match)
        return;
    policy_only_keys(load, match, field, match_keys, false);
    check_rules(
        load, vl_doc_get(match, "resourceRules"), policy_text(load, field, "%s.resourceRules", field));
    check_rules(load, vl_doc_get(match, "excludeResourceRules"),
        policy_text(load, field, "%s.excludeResourceRules", field));
    struct vl_span how = vl_doc_get_str(match, "matchPolicy");
    if (how.len && !vl_span_eq_str(how, "Exact") && !vl_span_eq_str(how, "Equivalent"))
        policy_problem(load, true, vl_doc_get(match, "matchPolicy"), field,
            "matchPolicy '%.*s' is neither Exact nor Equivalent", VL_SPAN_FMT(vl_span_slice(how, 0, 100)));
}

static void get_param_kind(struct policy_load *load, const struct vl_doc_node *spec, struct policy *p)
{
    const struct vl_doc_node *kind = policy_get(load, spec, "paramKind", VL_DOC_OBJECT, "spec.paramKind");
    if (!kind)
        return;
    p->param_api_version = policy_get_text(load, kind, "apiVersion", "spec.paramKind.apiVersion", true);
    p->param_kind = policy_get_text(load, kind, "kind", "spec.paramKind.kind", true);
    if (!p->param_api_version || !p->param_kind) {
        p->param_api_version = p->param_api_version ? p->param_api_version : "";
        p->param_kind = p->param_kind ? p->param_kind : "";
    }
}

int policy_load_vap(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *metadata = vl_doc_get(root, "metadata");
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    const char *name = policy_get_text(load, metadata, "name", "metadata.name", true);
    if (!spec)
        policy_problem(load, true, root, "spec", "is missing");
    if (!spec || !name)
        return 0;
    struct policy *p = policy_new(load, VL_POLICY_VAP, name);
    if (!p)
        return vl_err_nomem(err);
    policy_only_keys(load, root, NULL, policy_keys, false);
    policy_only_keys(load, spec, "spec", spec_keys, false);
    p->match.node = policy_get(load, spec, "matchConstraints", VL_DOC_OBJECT, "spec.matchConstraints");
    if (!p->match.node)
        policy_problem(load, false, spec, "spec.matchConstraints",
            "is missing (an API server refuses that): the policy is taken to be about everything");
    check_match(load, p->match.node, "spec.matchConstraints");
    get_param_kind(load, spec, p);
    policy_get_failure_policy(load, spec, "spec.failurePolicy", p);
    if (load->set->options.autogen)
        p->controllers = AUTOGEN_ALL;
    int r = policy_get_conditions(load, vl_doc_get(spec, "matchConditions"), "spec.matchConditions", p, err);
    if (r == 0)
        r = policy_get_variables(load, vl_doc_get(spec, "variables"), "spec.variables", p, err);
    if (r == 0)
        r = policy_get_validations(load, vl_doc_get(spec, "validations"), "spec.validations", NULL, p, err);
    if (r == 0)
        r = policy_get_annotations(
            load, vl_doc_get(spec, "auditAnnotations"), "spec.auditAnnotations", p, err);
    if (r < 0)
        return r;
    if (!p->n_validations && !p->n_annotations)
        policy_problem(load, true, spec, "spec.validations",
            "there is neither a validation nor an audit annotation: nothing would be tested");
    p->invalid = load->failed;
    return policy_add(load, p, err);
}

static void check_param_ref(struct policy_load *load, const struct vl_doc_node *ref)
{
    struct vl_span action = vl_doc_get_str(ref, "parameterNotFoundAction");
    bool named = vl_doc_get_str(ref, "name").len > 0;
    bool selected = vl_doc_get(ref, "selector") != NULL;
    if (named == selected)
        policy_problem(load, true, ref, "spec.paramRef",
            named ? "name and selector are mutually exclusive" : "one of name or selector must be provided");
    if (!vl_span_eq_str(action, "Allow") && !vl_span_eq_str(action, "Deny"))
        policy_problem(load, action.len > 0, ref, "spec.paramRef.parameterNotFoundAction",
            action.len ? "is neither Allow nor Deny"
                       : "is missing (an API server refuses that): taken as Deny");
}

int policy_load_vap_binding(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    struct policy_binding b = {.file = load->file, .node = root};
    if (!spec) {
        policy_problem(load, true, root, "spec", "is missing");
        return 0;
    }
    policy_only_keys(load, spec, "spec", binding_keys, false);
    b.name = policy_get_text(load, vl_doc_get(root, "metadata"), "name", "metadata.name", true);
    b.policy = policy_get_text(load, spec, "policyName", "spec.policyName", true);
    b.match.node = policy_get(load, spec, "matchResources", VL_DOC_OBJECT, "spec.matchResources");
    check_match(load, b.match.node, "spec.matchResources");
    b.param_ref = policy_get(load, spec, "paramRef", VL_DOC_OBJECT, "spec.paramRef");
    if (b.param_ref)
        check_param_ref(load, b.param_ref);
    b.actions = policy_get_actions(load, vl_doc_get(spec, "validationActions"), "spec.validationActions", 0);
    if (!b.actions && !load->failed) {
        policy_problem(load, false, spec, "spec.validationActions",
            "is missing (an API server refuses that): taken as Deny");
        b.actions = VL_VERDICT_DENY;
    }
    return b.name && b.policy ? policy_add_binding(load, &b, err) : 0;
}
