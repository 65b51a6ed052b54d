/* Check documents, vallum/v1 (docs/schema/check.schema.json). Strict: an unknown field is an error, since a
 * field that is not read is a rule that is not enforced. */
#include <string.h>

#include "set.h"

static const char *const check_keys[] = {"apiVersion", "kind", "id", "version", "title", "description",
    "rationale", "severity", "category", "match", "parameters", "variables", "expression", "message",
    "messageExpression", "reason", "fields", "locate", "remediation", "fix", "mappings", "examples", NULL};
static const char *const match_keys[] = {"kinds", "podTemplates", "operations", "namespaces",
    "excludeNamespaces", "objectSelector", "namespaceSelector", "conditions", NULL};
static const char *const parameter_keys[] = {"type", "default", "description", NULL};
static const char *const fix_keys[] = {"jsonPatch", "apply", NULL};
static const char *const example_keys[] = {
    "name", "expect", "object", "oldObject", "namespace", "parameters", "fields", "message", NULL};

/* List of texts into the arena. */
static const char *const *get_texts(
    struct policy_load *load, const struct vl_doc_node *node, const char *key, uint32_t *ret_n)
{
    const struct vl_doc_node *list = policy_get(load, node, key, VL_DOC_ARRAY, key);
    const char **texts = vl_arena_array(load->set->arena, vl_doc_size(list) + 1, sizeof(*texts));
    uint32_t n = 0;
    for (const struct vl_doc_node *t = vl_doc_first(list); t && texts; t = vl_doc_next(t)) {
        if (!vl_doc_is(t, VL_DOC_STRING))
            policy_problem(load, true, t, key, "must be a list of strings");
        else
            texts[n++] = vl_doc_span(t).len ? vl_doc_span(t).ptr : "";
    }
    *ret_n = n;
    return texts;
}

static bool get_kind(
    struct policy_load *load, const struct vl_doc_node *node, struct policy_kind *ret, bool *ret_pod)
{
    struct vl_span text = vl_doc_span(node);
    size_t slash = vl_span_find_char(text, '/');
    if (!text.len) {
        policy_problem(load, true, node, "match.kinds", "must be a list of KIND or GROUP/KIND");
        return false;
    }
    if (slash == SIZE_MAX) {
        const struct vl_kube_kind *known = vl_kube_kind_named(text);
        ret->kind = text;
        ret->group = vl_span_str(known ? known->group : "*");
        if (!known && !vl_span_eq_str(text, "*")) {
            policy_problem(load, true, node, "match.kinds", "'%.*s' is no built-in kind: write GROUP/KIND",
                VL_SPAN_FMT(vl_span_slice(text, 0, 100)));
            return false;
        }
        *ret_pod = *ret_pod || vl_span_eq_str(text, "Pod");
        return true;
    }
    ret->group = vl_span_slice(text, 0, slash);
    ret->kind = vl_span_slice(text, slash + 1, text.len);
    if (!ret->kind.len || vl_span_find_char(ret->kind, '/') != SIZE_MAX) {
        policy_problem(load, true, node, "match.kinds", "write GROUP/KIND, without a version");
        return false;
    }
    return true;
}

static int get_match(struct policy_load *load, struct policy *p, struct vl_err *err)
{
    const struct vl_doc_node *match = policy_get(load, load->object->node, "match", VL_DOC_OBJECT, "match");
    const struct vl_doc_node *kinds = policy_get(load, match, "kinds", VL_DOC_ARRAY, "match.kinds");
    bool pods = false;
    if (vl_doc_size(kinds) == 0) {
        policy_problem(load, true, match ? match : load->object->node, "match.kinds", "is missing");
        return 0;
    }
    policy_only_keys(load, match, "match", match_keys, true);
    struct policy_kind *list = vl_arena_array(load->set->arena, vl_doc_size(kinds), sizeof(*list));
    if (!list)
        return vl_arena_check(load->set->arena, "policies", err);
    for (const struct vl_doc_node *k = vl_doc_first(kinds); k; k = vl_doc_next(k)) {
        if (get_kind(load, k, &list[p->match.n_kinds], &pods))
            p->match.n_kinds++;
    }
    p->match.form = MATCH_CHECK;
    p->match.node = match;
    p->match.kinds = list;
    const struct vl_doc_node *templates =
        policy_get(load, match, "podTemplates", VL_DOC_BOOL, "match.podTemplates");
    if (templates && vl_doc_bool(templates) && !pods)
        policy_problem(load, true, templates, "match.podTemplates", "is for checks whose kinds name Pod");
    if (templates ? vl_doc_bool(templates) : pods)
        p->controllers = AUTOGEN_ALL;
    static const char *const lists[] = {"operations", "namespaces", "excludeNamespaces"};
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++)
        (void)policy_get(load, match, lists[i], VL_DOC_ARRAY, "match");
    (void)policy_get(load, match, "objectSelector", VL_DOC_OBJECT, "match.objectSelector");
    (void)policy_get(load, match, "namespaceSelector", VL_DOC_OBJECT, "match.namespaceSelector");
    return policy_get_conditions(load, vl_doc_get(match, "conditions"), "match.conditions", p, err);
}

/* Parameters are variables with a value: they come before those with expressions. */
static int get_parameters(struct policy_load *load, struct policy *p, struct vl_err *err)
{
    p->parameters = policy_get(load, load->object->node, "parameters", VL_DOC_OBJECT, "parameters");
    size_t n = vl_doc_size(p->parameters);
    if (n > VL_POLICY_VARIABLES_MAX) {
        policy_problem(load, true, p->parameters, "parameters", "more than %d", VL_POLICY_VARIABLES_MAX);
        return 0;
    }
    if (n == 0)
        return 0;
    p->variables = vl_arena_array(load->set->arena, n, sizeof(*p->variables));
    if (!p->variables)
        return vl_arena_check(load->set->arena, "policies", err);
    for (const struct vl_doc_node *m = vl_doc_first(p->parameters); m; m = vl_doc_next(m)) {
        struct policy_variable v = {0};
        const char *name = vl_doc_key(m).ptr;
        const char *field = policy_text(load, "parameters", "parameters.%.200s", name);
        policy_only_keys(load, m, field, parameter_keys, true);
        v.type = policy_get_text(load, m, "type", field, true);
        v.value = vl_doc_get(m, "default");
        v.expr = (struct policy_expr){.name = name, .field = field, .node = m};
        if (!v.value)
            policy_problem(load, true, m, field, "default is missing");
        else if (v.type && !policy_value_fits(v.type, v.value))
            policy_problem(load, true, m, field, "default is %s, not %s",
                vl_doc_type_name(vl_doc_type(v.value)), v.type);
        if (v.type && v.value)
            p->variables[p->n_variables++] = v;
    }
    return 0;
}

static void get_fix(struct policy_load *load, struct policy *p)
{
    const struct vl_doc_node *fix = policy_get(load, load->object->node, "fix", VL_DOC_OBJECT, "fix");
    if (!fix)
        return;
    policy_only_keys(load, fix, "fix", fix_keys, true);
    p->fix_is_patch = vl_doc_get(fix, "jsonPatch") != NULL;
    if (vl_doc_size(fix) != 1)
        policy_problem(load, true, fix, "fix", "needs jsonPatch or apply, one of them");
    else if (p->fix_is_patch)
        policy_get_expr(load, fix, "jsonPatch", "fix.jsonPatch", true, &p->fix);
    else
        policy_get_expr(load, fix, "apply", "fix.apply", true, &p->fix);
}

static void check_examples(struct policy_load *load)
{
    static const char *const outcomes[] = {"pass", "fail", "skip", "error"};
    const struct vl_doc_node *list =
        policy_get(load, load->object->node, "examples", VL_DOC_ARRAY, "examples");
    for (const struct vl_doc_node *e = vl_doc_first(list); e; e = vl_doc_next(e)) {
        struct vl_span expect = vl_doc_get_str(e, "expect");
        bool known = false;
        policy_only_keys(load, e, "examples", example_keys, true);
        for (size_t i = 0; i < VL_ARRAY_LEN(outcomes); i++)
            known = known || vl_span_eq_str(expect, outcomes[i]);
        if (!known)
            policy_problem(load, true, e, "examples", "expect must be pass, fail, skip or error");
        if (!vl_doc_is(vl_doc_get(e, "object"), VL_DOC_OBJECT))
            policy_problem(load, true, e, "examples", "object is missing");
    }
}

static void get_texts_of(struct policy_load *load, struct policy *p)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *severity = policy_get(load, root, "severity", VL_DOC_STRING, "severity");
    p->info.version = policy_get_text(load, root, "version", "version", true);
    p->info.title = policy_get_text(load, root, "title", "title", true);
    p->info.description = policy_get_text(load, root, "description", "description", false);
    p->info.rationale = policy_get_text(load, root, "rationale", "rationale", false);
    p->info.category = policy_get_text(load, root, "category", "category", false);
    if (!severity || !vl_severity_parse(vl_doc_span(severity), &p->info.severity))
        policy_problem(
            load, true, severity ? severity : root, "severity", "must be low, medium, high or critical");
    p->info.remediation = get_texts(load, root, "remediation", &p->info.n_remediation);
    p->info.mappings = policy_get(load, root, "mappings", VL_DOC_OBJECT, "mappings");
    p->fields = policy_get(load, root, "fields", VL_DOC_ARRAY, "fields");
}

static int get_validation(struct policy_load *load, struct policy *p, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    p->validations = vl_arena_alloc(load->set->arena, sizeof(*p->validations));
    if (!p->validations)
        return vl_arena_check(load->set->arena, "policies", err);
    struct policy_validation *v = p->validations;
    p->n_validations = 1;
    v->rule = "expression";
    policy_get_expr(load, root, "expression", "expression", true, &v->expr);
    policy_get_expr(load, root, "messageExpression", "messageExpression", false, &v->message_expr);
    v->message = policy_get_text(load, root, "message", "message", false);
    if (!v->message)
        v->message = p->info.title;
    v->reason = policy_get_text(load, root, "reason", "reason", false);
    policy_get_expr(load, root, "locate", "locate", false, &p->locate);
    return 0;
}

int policy_load_check(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const char *id = policy_get_text(load, root, "id", "id", true);
    if (!vl_span_eq_str(load->object->version, "v1"))
        policy_problem(load, true, root, "apiVersion", "checks are vallum/v1");
    if (!id)
        return 0;
    struct policy *p = policy_new(load, VL_POLICY_CHECK, id);
    if (!p)
        return vl_err_nomem(err);
    policy_only_keys(load, root, NULL, check_keys, true);
    p->actions = VL_VERDICT_AUDIT;
    get_texts_of(load, p);
    int r = get_match(load, p, err);
    if (r == 0)
        r = get_parameters(load, p, err);
    if (r == 0)
        r = policy_get_variables(load, vl_doc_get(root, "variables"), "variables", p, err);
    if (r == 0)
        r = get_validation(load, p, err);
    if (r < 0)
        return r;
    get_fix(load, p);
    check_examples(load);
    p->invalid = load->failed;
    return policy_add(load, p, err);
}
