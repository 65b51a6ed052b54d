/* Kyverno's policies with CEL rules. What has no counterpart is told: mutate, generate, verifyImages,
 * patterns, JMESPath.
 *
 * Source: kyverno.io/v1 ClusterPolicy (validate.cel), policies.kyverno.io/v1 ValidatingPolicy, Kyverno 1.15.
 */
#include <string.h>

#include "set.h"

static const struct {
    const char *kind;     /* as pod-policies.kyverno.io/autogen-controllers names it */
    const char *resource; /* as spec.autogen names it */
    unsigned bit;
} controllers[] = {
    {"Deployment", "deployments", AUTOGEN_DEPLOYMENT},
    {"DaemonSet", "daemonsets", AUTOGEN_DAEMONSET},
    {"StatefulSet", "statefulsets", AUTOGEN_STATEFULSET},
    {"ReplicaSet", "replicasets", AUTOGEN_REPLICASET},
    {"ReplicationController", "replicationcontrollers", AUTOGEN_REPLICATIONCONTROLLER},
    {"Job", "jobs", AUTOGEN_JOB},
    {"CronJob", "cronjobs", AUTOGEN_CRONJOB},
};
#define KYVERNO_DEFAULT (AUTOGEN_ALL & ~(unsigned)AUTOGEN_OTHER)
/* A ValidatingPolicy knows no ReplicationControllers (pkg/cel/autogen). */
#define KYVERNO2_DEFAULT (KYVERNO_DEFAULT & ~(unsigned)AUTOGEN_REPLICATIONCONTROLLER)

static unsigned controller_bit(struct vl_span name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(controllers); i++) {
        if (vl_span_eq_str(name, controllers[i].kind) || vl_span_eq_str(name, controllers[i].resource))
            return controllers[i].bit;
    }
    return 0;
}

/* "none", "" (the default) or a list with commas. */
static unsigned annotated_controllers(struct policy_load *load)
{
    const struct vl_doc_node *annotations = vl_kube_object_annotations(load->object);
    const struct vl_doc_node *node = vl_doc_get(annotations, "pod-policies.kyverno.io/autogen-controllers");
    struct vl_span rest = vl_doc_span(node);
    struct vl_span part;
    unsigned bits = 0;
    if (!rest.len)
        return KYVERNO_DEFAULT;
    if (vl_span_eq_str(vl_span_trim(rest), "none"))
        return 0;
    while (vl_span_split(&rest, ',', &part)) {
        unsigned bit = controller_bit(vl_span_trim(part));
        if (!bit)
            policy_problem(load, false, node, "metadata.annotations",
                "'%.*s' is no kind that rules are generated for", VL_SPAN_FMT(vl_span_slice(part, 0, 100)));
        bits |= bit;
    }
    return bits;
}

/* Kyverno makes rules for controllers only where nothing in match and exclude is about single pods, and Pod
 * is not one of several kinds (pkg/autogen, CanAutoGen). */
static bool block_allows_autogen(const struct vl_doc_node *block)
{
    static const char *const single[] = {"name", "names", "selector", "annotations"};
    const struct vl_doc_node *r = vl_doc_get(block, "resources");
    const struct vl_doc_node *kinds = vl_doc_get(r, "kinds");
    for (size_t i = 0; i < VL_ARRAY_LEN(single); i++) {
        const struct vl_doc_node *n = vl_doc_get(r, single[i]);
        if (n && vl_doc_type(n) != VL_DOC_NULL)
            return false;
    }
    for (const struct vl_doc_node *k = vl_doc_first(kinds); k; k = vl_doc_next(k)) {
        if (vl_doc_size(kinds) > 1 && vl_span_eq_str(vl_doc_span(k), "Pod"))
            return false;
    }
    return true;
}

static bool filter_allows_autogen(const struct vl_doc_node *filter)
{
    static const char *const lists[] = {"any", "all"};
    bool allows = block_allows_autogen(filter);
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
        const struct vl_doc_node *list = vl_doc_get(filter, lists[i]);
        for (const struct vl_doc_node *b = vl_doc_first(list); b && allows; b = vl_doc_next(b))
            allows = block_allows_autogen(b);
    }
    return allows;
}

static bool rules_allow_autogen(const struct vl_doc_node *rules)
{
    for (const struct vl_doc_node *r = vl_doc_first(rules); r; r = vl_doc_next(r)) {
        if (vl_doc_get(r, "generate") || !filter_allows_autogen(vl_doc_get(r, "match")) ||
            !filter_allows_autogen(vl_doc_get(r, "exclude")))
            return false;
    }
    return true;
}

static bool is_only(const struct vl_doc_node *list, const char *text)
{
    return vl_doc_size(list) == 1 && vl_span_eq_str(vl_doc_span(vl_doc_first(list)), text);
}

/* Of a ValidatingPolicy: one rule, about pods alone, without labels, names and exclusions. A selector of
 * namespaces goes with the rules that are generated (Kyverno's test should-autogen-with-namespace-selector).
 */
static bool constraints_allow_autogen(const struct vl_doc_node *match)
{
    const struct vl_doc_node *rules = vl_doc_get(match, "resourceRules");
    const struct vl_doc_node *rule = vl_doc_first(rules);
    const struct vl_doc_node *labels = vl_doc_get(match, "objectSelector");
    if (vl_doc_size(vl_doc_get(labels, "matchLabels")) || vl_doc_size(vl_doc_get(labels, "matchExpressions")))
        return false;
    return vl_doc_size(rules) == 1 && vl_doc_size(vl_doc_get(match, "excludeResourceRules")) == 0 &&
           is_only(vl_doc_get(rule, "apiGroups"), "") && is_only(vl_doc_get(rule, "apiVersions"), "v1") &&
           is_only(vl_doc_get(rule, "resources"), "pods") &&
           vl_doc_size(vl_doc_get(rule, "resourceNames")) == 0;
}

static enum vl_severity annotated_severity(struct policy_load *load)
{
    enum vl_severity severity = VL_SEVERITY_UNKNOWN;
    (void)vl_severity_parse(
        vl_doc_get_str(vl_kube_object_annotations(load->object), "policies.kyverno.io/severity"), &severity);
    return severity;
}

static const char *annotation(struct policy_load *load, const char *key)
{
    struct vl_span s = vl_doc_get_str(vl_kube_object_annotations(load->object), key);
    return s.len ? s.ptr : NULL;
}

static void describe(struct policy_load *load, struct policy *p)
{
    p->info.severity = annotated_severity(load);
    p->info.title = annotation(load, "policies.kyverno.io/title");
    p->info.description = annotation(load, "policies.kyverno.io/description");
    p->info.category = annotation(load, "policies.kyverno.io/category");
}

/* Enforce denies, Audit audits; the rule's word comes before the policy's. */
static unsigned action_of(struct policy_load *load, const struct vl_doc_node *spec,
    const struct vl_doc_node *validate, const char *field)
{
    const struct vl_doc_node *node = vl_doc_get(validate, "failureAction");
    if (!node)
        node = vl_doc_get(spec, "validationFailureAction");
    struct vl_span text = vl_doc_span(node);
    if (!node || vl_span_eq_nocase(text, vl_span_str("Audit")))
        return VL_VERDICT_AUDIT;
    if (!vl_span_eq_nocase(text, vl_span_str("Enforce")))
        policy_problem(load, true, node, field, "the failure action is neither Audit nor Enforce");
    return VL_VERDICT_DENY;
}

static void not_converted(struct policy_load *load, const struct vl_doc_node *node, const char *field,
    const char *const *keys, const char *why)
{
    for (; *keys; keys++) {
        const struct vl_doc_node *n = vl_doc_get(node, *keys);
        if (n && vl_doc_type(n) != VL_DOC_NULL && (vl_doc_size(n) || !vl_doc_is(n, VL_DOC_ARRAY)))
            policy_problem(load, true, n, field, "not converted: %s: %s", *keys, why);
    }
}

static void check_filters(struct policy_load *load, const struct vl_doc_node *block, const char *field)
{
    static const char *const who[] = {"subjects", "roles", "clusterRoles", NULL};
    for (size_t i = 0; who[i]; i++) {
        if (vl_doc_size(vl_doc_get(block, who[i])))
            policy_problem(load, false, block, field,
                "not converted: %s: nobody in particular asks here, so this filter holds for nobody", who[i]);
    }
}

static void check_match(struct policy_load *load, const struct vl_doc_node *match, const char *field)
{
    static const char *const lists[] = {"any", "all"};
    check_filters(load, match, field);
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
        const struct vl_doc_node *list = vl_doc_get(match, lists[i]);
        for (const struct vl_doc_node *b = vl_doc_first(list); b; b = vl_doc_next(b))
            check_filters(load, b, field);
    }
}

static int read_rule(struct policy_load *load, const struct vl_doc_node *rule, const char *field,
    struct policy *p, struct vl_err *err)
{
    static const char *const unknown[] = {"context", "preconditions", NULL};
    const struct vl_doc_node *validate = vl_doc_get(rule, "validate");
    const struct vl_doc_node *cel = vl_doc_get(validate, "cel");
    const struct vl_doc_node *kind = vl_doc_get(cel, "paramKind");
    not_converted(load, rule, field, unknown, "Kyverno's own language, JMESPath");
    p->match.form = MATCH_KYVERNO;
    p->match.node = vl_doc_get(rule, "match");
    p->match.exclude = vl_doc_get(rule, "exclude");
    if (!vl_doc_size(p->match.node))
        policy_problem(load, true, rule, field, "match is missing");
    check_match(load, p->match.node, policy_text(load, field, "%s.match", field));
    check_match(load, p->match.exclude, policy_text(load, field, "%s.exclude", field));
    if (kind) {
        p->param_api_version = policy_get_text(load, kind, "apiVersion", field, true);
        p->param_kind = policy_get_text(load, kind, "kind", field, true);
    }
    int r = policy_get_conditions(load, vl_doc_get(rule, "celPreconditions"),
        policy_text(load, field, "%s.celPreconditions", field), p, err);
    if (r == 0)
        r = policy_get_variables(load, vl_doc_get(cel, "variables"),
            policy_text(load, field, "%s.validate.cel.variables", field), p, err);
    if (r == 0)
        r = policy_get_validations(load, vl_doc_get(cel, "expressions"),
            policy_text(load, field, "%s.validate.cel.expressions", field),
            policy_get_text(load, validate, "message", field, false), p, err);
    if (r == 0)
        r = policy_get_annotations(load, vl_doc_get(cel, "auditAnnotations"),
            policy_text(load, field, "%s.validate.cel.auditAnnotations", field), p, err);
    if (r == 0 && !p->n_validations)
        policy_problem(load, true, rule, field, "there is no expression: nothing would be tested");
    if (r == 0 && vl_doc_get(cel, "paramRef") && p->param_kind) {
        struct policy_binding *b = vl_arena_alloc(load->set->arena, sizeof(*b));
        p->bindings = vl_arena_alloc(load->set->arena, sizeof(*p->bindings));
        if (!b || !p->bindings)
            return vl_arena_check(load->set->arena, "policies", err);
        *b = (struct policy_binding){.name = p->info.rule,
            .policy = p->info.name,
            .file = load->file,
            .node = rule,
            .param_ref = vl_doc_get(cel, "paramRef"),
            .actions = p->actions};
        p->bindings[0] = b;
        p->n_bindings = 1;
    }
    return r;
}

static int add_rule(struct policy_load *load, const struct vl_doc_node *spec, const struct vl_doc_node *rule,
    const char *field, const char *policy_name, struct vl_err *err)
{
    static const char *const kinds[] = {"mutate", "generate", "verifyImages", NULL};
    static const char *const ways[] = {
        "pattern", "anyPattern", "deny", "foreach", "podSecurity", "manifests", "assert", NULL};
    struct policy_load one = *load; /* a rule that fails does not spoil the others */
    const struct vl_doc_node *validate = vl_doc_get(rule, "validate");
    one.failed = false;
    not_converted(&one, rule, field, kinds, "only validation is done here; keep Kyverno for this rule");
    not_converted(&one, validate, policy_text(&one, field, "%s.validate", field), ways,
        "only validate.cel is read; write the rule in CEL");
    if (!vl_doc_get(validate, "cel")) {
        if (!one.failed)
            policy_problem(&one, true, rule, field, "there is no validate.cel");
        return 0;
    }
    struct policy *p = policy_new(&one, VL_POLICY_KYVERNO, policy_name);
    if (!p)
        return vl_err_nomem(err);
    describe(&one, p);
    p->info.rule = policy_get_text(&one, rule, "name", field, true);
    p->info.line = vl_doc_line(rule);
    policy_get_failure_policy(&one, spec, "spec.failurePolicy", p);
    p->actions = action_of(&one, spec, validate, field);
    p->controllers = rules_allow_autogen(vl_doc_get(spec, "rules")) ? annotated_controllers(&one) : 0;
    if (vl_span_eq_str(one.object->kind, "Policy"))
        p->match.only_namespace = one.object->namespace_name.len
                                      ? one.object->namespace_name
                                      : vl_span_str(one.set->options.default_namespace);
    int r = read_rule(&one, rule, field, p, err);
    if (r < 0)
        return r;
    p->invalid = one.failed;
    return policy_add(&one, p, err);
}

int policy_load_kyverno(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    const struct vl_doc_node *rules = policy_get(load, spec, "rules", VL_DOC_ARRAY, "spec.rules");
    const char *name = policy_get_text(load, vl_doc_get(root, "metadata"), "name", "metadata.name", true);
    if (!vl_doc_size(rules))
        policy_problem(load, true, root, "spec.rules", "there is no rule");
    if (!name)
        return 0;
    int r = 0;
    const struct vl_doc_node *rule = vl_doc_first(rules);
    for (size_t i = 0; rule && r == 0; rule = vl_doc_next(rule), i++)
        r = add_rule(load, spec, rule, policy_text(load, "rules", "spec.rules[%zu]", i), name, err);
    return r;
}

/* spec.autogen.podControllers.controllers; all where it is absent. */
static unsigned listed_controllers(struct policy_load *load, const struct vl_doc_node *spec)
{
    const struct vl_doc_node *list =
        vl_doc_get(vl_doc_get(vl_doc_get(spec, "autogen"), "podControllers"), "controllers");
    unsigned bits = 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY))
        return KYVERNO2_DEFAULT;
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        unsigned bit = controller_bit(vl_doc_span(n));
        if (!bit)
            policy_problem(load, false, n, "spec.autogen.podControllers.controllers",
                "'%.*s' is no kind that rules are generated for",
                VL_SPAN_FMT(vl_span_slice(vl_doc_text(n), 0, 100)));
        bits |= bit;
    }
    return bits;
}

static bool is_of_payloads(const struct vl_doc_node *spec)
{
    return vl_span_eq_str(vl_doc_get_str(vl_doc_get(spec, "evaluation"), "mode"), "JSON");
}

static void check_validating(struct policy_load *load, const struct vl_doc_node *spec)
{
    static const char *const known[] = {"matchConstraints", "matchConditions", "variables", "validations",
        "auditAnnotations", "failurePolicy", "validationActions", "autogen", "evaluation",
        "webhookConfiguration", NULL};
    struct vl_span mode = vl_doc_get_str(vl_doc_get(spec, "evaluation"), "mode");
    if (mode.len && !vl_span_eq_str(mode, "Kubernetes") && !is_of_payloads(spec))
        policy_problem(load, true, vl_doc_get(spec, "evaluation"), "spec.evaluation.mode",
            "not converted: mode %.*s: only Kubernetes objects and JSON documents are evaluated",
            VL_SPAN_FMT(vl_span_slice(mode, 0, 50)));
    for (const struct vl_doc_node *n = vl_doc_first(spec); n; n = vl_doc_next(n)) {
        bool is_known = false;
        for (size_t i = 0; known[i] && !is_known; i++)
            is_known = vl_span_eq_str(vl_doc_key(n), known[i]);
        if (!is_known)
            policy_problem(load, false, n, "spec", "not converted: %.*s",
                VL_SPAN_FMT(vl_span_slice(vl_doc_key(n), 0, 100)));
    }
}

int policy_load_kyverno2(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    const char *name = policy_get_text(load, vl_doc_get(root, "metadata"), "name", "metadata.name", true);
    bool namespaced = vl_span_eq_str(load->object->kind, "NamespacedValidatingPolicy");
    if (!namespaced && !vl_span_eq_str(load->object->kind, "ValidatingPolicy")) {
        policy_problem(load, true, root, "kind",
            "not converted: only validating policies are read; keep Kyverno for this one");
        return 0;
    }
    if (!spec)
        policy_problem(load, true, root, "spec", "is missing");
    if (!spec || !name)
        return 0;
    struct policy *p = policy_new(load, VL_POLICY_KYVERNO2, name);
    if (!p)
        return vl_err_nomem(err);
    describe(load, p);
    check_validating(load, spec);
    p->match.node = policy_get(load, spec, "matchConstraints", VL_DOC_OBJECT, "spec.matchConstraints");
    p->of_payloads = is_of_payloads(spec);
    if (namespaced)
        p->match.only_namespace = load->object->namespace_name.len
                                      ? load->object->namespace_name
                                      : vl_span_str(load->set->options.default_namespace);
    policy_get_failure_policy(load, spec, "spec.failurePolicy", p);
    p->actions = policy_get_actions(
        load, vl_doc_get(spec, "validationActions"), "spec.validationActions", VL_VERDICT_DENY);
    p->controllers = constraints_allow_autogen(p->match.node) ? listed_controllers(load, spec) : 0;
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
        policy_problem(
            load, true, spec, "spec.validations", "there is no validation: nothing would be tested");
    p->invalid = load->failed;
    return policy_add(load, p, err);
}
