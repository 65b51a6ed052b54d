/* Policies written as ValidatingAdmissionPolicy and binding. */
#include "policy/export.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "export.h"

/* A text as a YAML scalar: quoted as in JSON, or as a block where it has lines. */
static void scalar(struct vl_buf *out, struct vl_span text, unsigned indent)
{
    struct vl_json j;
    bool lines = vl_span_find_char(text, '\n') != SIZE_MAX;
    for (size_t i = 0; i < text.len && lines; i++)
        lines = text.ptr[i] == '\n' || !vl_char_is_control(text.ptr[i]);
    if (!lines || !text.len || text.ptr[0] == ' ' || text.ptr[0] == '\n' || text.ptr[text.len - 1] == '\n') {
        vl_json_init(&j, out, false);
        vl_json_span(&j, text);
        vl_buf_append_char(out, '\n');
        return;
    }
    struct vl_span rest = text;
    struct vl_span line;
    vl_buf_append_str(out, "|-\n");
    while (vl_span_split(&rest, '\n', &line))
        vl_buf_printf(out, "%*s%.*s\n", line.len ? (int)indent : 0, "", VL_SPAN_FMT(line));
}

static void member(struct vl_buf *out, unsigned indent, const char *key, struct vl_span text)
{
    vl_buf_printf(out, "%*s%s: ", (int)indent, "", key);
    scalar(out, text, indent + 2);
}

void policy_export_left_out(struct policy_export *x, const char *fmt, ...)
{
    va_list args;
    char text[1024];
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    for (uint32_t i = 0; i < x->n_left_out; i++) {
        if (strcmp(x->left_out[i], text) == 0)
            return;
    }
    if (x->n_left_out < POLICY_LEFT_OUT_MAX)
        x->left_out[x->n_left_out++] = vl_arena_strdup(x->arena, text);
}

/* An expression as this document needs it: pod rules of controllers look into the template. */
static int expression(struct policy_export *x, struct vl_span text, struct vl_span *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    bool bare = false;
    vl_buf_init(&out, VL_POLICY_EXPORT_MAX);
    *ret = text;
    if (!x->into)
        return 0;
    policy_rewrite(text, x->into, &out, &bare);
    if (bare)
        policy_export_left_out(x, "'object' is used as a whole: in %s%s it is the controller, not the pod",
            x->policy->info.name, x->suffix);
    int r = vl_buf_check(&out, "an expression", err);
    if (r < 0)
        return r;
    char *copy = vl_arena_dup_span(x->arena, vl_buf_span(&out));
    if (!copy)
        return vl_arena_check(x->arena, "export", err);
    *ret = vl_span_str(copy);
    return 0;
}

static int expression_member(struct policy_export *x, const char *head, unsigned indent,
    const struct policy_expr *e, struct vl_err *err)
{
    struct vl_span text;
    int r = expression(x, e->text, &text, err);
    if (r == 0) {
        vl_buf_append_str(x->out, head);
        scalar(x->out, text, indent);
    }
    return r;
}

/* A value as a CEL literal. */
static void literal(struct vl_buf *out, const struct vl_doc_node *node, unsigned depth)
{
    struct vl_json j;
    bool object = vl_doc_is(node, VL_DOC_OBJECT);
    double d = 0;
    vl_json_init(&j, out, false);
    switch (vl_doc_type(node)) {
    case VL_DOC_STRING:
        vl_json_span(&j, vl_doc_span(node));
        return;
    case VL_DOC_FLOAT:
        (void)vl_doc_number(node, &d);
        vl_buf_printf(out, "double(%.17g)", d);
        return;
    case VL_DOC_OBJECT:
    case VL_DOC_ARRAY:
        break;
    default:
        vl_buf_append_span(out, node ? vl_doc_text(node) : VL_SPAN_LIT("null"));
        return;
    }
    vl_buf_append_char(out, object ? '{' : '[');
    for (const struct vl_doc_node *n = vl_doc_first(node); n && depth < 32; n = vl_doc_next(n)) {
        if (n != vl_doc_first(node))
            vl_buf_append_str(out, ", ");
        if (object) {
            struct vl_json key;
            vl_json_init(&key, out, false);
            vl_json_span(&key, vl_doc_key(n));
            vl_buf_append_str(out, ": ");
        }
        literal(out, n, depth + 1);
    }
    vl_buf_append_char(out, object ? '}' : ']');
}

static int variables(struct policy_export *x, struct vl_err *err)
{
    const struct policy *p = x->policy;
    int r = 0;
    if (p->n_variables)
        vl_buf_append_str(x->out, "  variables:\n");
    for (uint32_t i = 0; i < p->n_variables && r == 0; i++) {
        const struct policy_variable *v = &p->variables[i];
        vl_buf_printf(x->out, "    - name: %s\n", v->expr.name);
        if (!v->type) {
            r = expression_member(x, "      expression: ", 8, &v->expr, err);
            continue;
        }
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, VL_POLICY_EXPORT_MAX);
        literal(&text, v->value, 0);
        vl_buf_append_str(x->out, "      expression: ");
        scalar(x->out, vl_buf_span(&text), 8);
        r = vl_buf_check(&text, "a parameter", err);
    }
    return r;
}

static int validations(struct policy_export *x, struct vl_err *err)
{
    const struct policy *p = x->policy;
    int r = 0;
    vl_buf_append_str(x->out, "  validations:\n");
    for (uint32_t i = 0; i < p->n_validations && r == 0; i++) {
        const struct policy_validation *v = &p->validations[i];
        struct vl_span message = vl_span_trim(vl_span_str(v->message));
        r = expression_member(x, "    - expression: ", 8, &v->expr, err);
        if (r == 0 && message.len && vl_span_find_char(message, '\n') == SIZE_MAX)
            member(x->out, 6, "message", message);
        else if (vl_span_find_char(vl_span_trim(v->expr.text), '\n') != SIZE_MAX)
            member(x->out, 6, "message", vl_span_str(x->policy->info.name));
        if (r == 0 && v->message_expr.text.len)
            r = expression_member(x, "      messageExpression: ", 8, &v->message_expr, err);
        if (v->reason)
            member(x->out, 6, "reason", vl_span_str(v->reason));
    }
    return r;
}

static int conditions(struct policy_export *x, struct vl_err *err)
{
    const struct policy *p = x->policy;
    int r = 0;
    if (p->n_conditions + x->n_conditions)
        vl_buf_append_str(x->out, "  matchConditions:\n");
    for (uint32_t i = 0; i < x->n_conditions; i++) {
        vl_buf_printf(x->out, "    - name: %s\n", x->conditions[i].name);
        member(x->out, 6, "expression", vl_span_str(x->conditions[i].expression));
    }
    for (uint32_t i = 0; i < p->n_conditions && r == 0; i++) {
        vl_buf_append_str(x->out, "    - name: ");
        scalar(x->out, vl_span_str(p->conditions[i].name), 8);
        r = expression_member(x, "      expression: ", 8, &p->conditions[i], err);
    }
    return r;
}

static int annotations(struct policy_export *x, struct vl_err *err)
{
    const struct policy *p = x->policy;
    int r = 0;
    if (p->n_annotations)
        vl_buf_append_str(x->out, "  auditAnnotations:\n");
    for (uint32_t i = 0; i < p->n_annotations && r == 0; i++) {
        vl_buf_append_str(x->out, "    - key: ");
        scalar(x->out, vl_span_str(p->annotations[i].name), 8);
        r = expression_member(x, "      valueExpression: ", 8, &p->annotations[i], err);
    }
    return r;
}

static int policy_document(struct policy_export *x, struct vl_err *err)
{
    const struct policy *p = x->policy;
    struct vl_buf *out = x->out;
    x->n_conditions = 0;
    vl_buf_append_str(out,
        "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata:\n");
    member(out, 2, "name", vl_span_str(x->name));
    if (p->info.title) {
        vl_buf_append_str(out, "  annotations:\n");
        member(out, 4, "vallum/title", vl_span_str(p->info.title));
        member(out, 4, "vallum/version", vl_span_str(p->info.version));
    }
    vl_buf_printf(out, "spec:\n  failurePolicy: %s\n", p->ignore_failures ? "Ignore" : "Fail");
    if (p->param_kind) {
        vl_buf_append_str(out, "  paramKind:\n");
        member(out, 4, "apiVersion", vl_span_str(p->param_api_version));
        member(out, 4, "kind", vl_span_str(p->param_kind));
    }
    int r = policy_export_match(x, err);
    if (r == 0)
        r = conditions(x, err);
    if (r == 0)
        r = variables(x, err);
    if (r == 0 && p->n_validations)
        r = validations(x, err);
    return r < 0 ? r : annotations(x, err);
}

/* Names of objects are lower case, digits, "-" and ".": those of rules and templates may be anything. */
static void make_name(char *name)
{
    for (; *name; name++) {
        if (*name >= 'A' && *name <= 'Z')
            *name = (char)(*name + 32);
        else if (!(*name >= 'a' && *name <= 'z') && !(*name >= '0' && *name <= '9') && *name != '.')
            *name = '-';
    }
}

static void actions(struct policy_export *x, unsigned mask)
{
    if (x->options->action) {
        vl_buf_printf(x->out, "  validationActions: [%s]\n", x->options->action);
        return;
    }
    /* An API server refuses Deny and Warn together. */
    if (mask & VL_VERDICT_DENY)
        mask &= ~(unsigned)VL_VERDICT_WARN;
    vl_buf_printf(x->out, "  validationActions: [%s%s%s]\n", mask & VL_VERDICT_DENY ? "Deny" : "",
        mask & VL_VERDICT_WARN ? "Warn" : "",
        mask & VL_VERDICT_AUDIT ? (mask == VL_VERDICT_AUDIT ? "Audit" : ", Audit") : "");
}

static int binding_document(struct policy_export *x, const struct policy_binding *b, struct vl_err *err)
{
    struct vl_buf *out = x->out;
    const char *name = b && b->name ? b->name : x->policy->info.name;
    int r = 0;
    vl_buf_append_str(out, "---\napiVersion: admissionregistration.k8s.io/v1\nkind: "
                           "ValidatingAdmissionPolicyBinding\nmetadata:\n");
    char *full = vl_arena_printf(x->arena, "%s%s%s", name, x->suffix, b ? "" : "-binding");
    if (!full)
        return vl_arena_check(x->arena, "export", err);
    make_name(full);
    member(out, 2, "name", vl_span_str(full));
    vl_buf_append_str(out, "spec:\n");
    member(out, 2, "policyName", vl_span_str(x->name));
    actions(x, b ? b->actions : x->policy->actions);
    if (b && b->param_ref) {
        vl_buf_append_str(out, "  paramRef: ");
        r = vl_kube_node_json(b->param_ref, out, err);
        vl_buf_append_char(out, '\n');
    } else if (b && b->params) {
        vl_buf_append_str(out, "  paramRef:\n");
        member(out, 4, "name", b->params->name);
        vl_buf_append_str(out, "    parameterNotFoundAction: Deny\n");
    }
    if (r == 0 && b && b->match.node)
        r = policy_export_binding_match(x, b, err);
    return r;
}

static int documents(struct policy_export *x, const char *suffix, const char *into, struct vl_err *err)
{
    const struct policy *p = x->policy;
    x->suffix = suffix;
    x->into = into;
    char *name = vl_arena_printf(x->arena, "%s%s%s%s", p->info.name, p->info.rule ? "-" : "",
        p->info.rule ? p->info.rule : "", suffix);
    if (name)
        make_name(name);
    x->name = name;
    int r = x->name ? policy_document(x, err) : vl_arena_check(x->arena, "export", err);
    if (r < 0 || x->options->no_binding)
        return r;
    if (!p->n_bindings && !p->must_be_bound)
        return binding_document(x, NULL, err);
    if (!p->n_bindings)
        policy_export_left_out(x, "there is no constraint: the policy has no binding");
    for (uint32_t i = 0; i < p->n_bindings && r == 0; i++)
        r = binding_document(x, p->bindings[i], err);
    return r;
}

int vl_policy_export(const struct vl_policies *set, uint32_t index,
    const struct vl_policy_export_options *options, struct vl_arena *arena, struct vl_buf *out,
    const char *const **ret_left_out, uint32_t *ret_n_left_out, struct vl_err *err)
{
    struct policy **item = vl_vec_at(&set->policies, index);
    if (!item)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no policy %u", index);
    struct policy_export x = {.policy = *item, .options = options, .arena = arena, .out = out};
    x.left_out = vl_arena_array(arena, POLICY_LEFT_OUT_MAX, sizeof(*x.left_out));
    if (!x.left_out)
        return vl_arena_check(arena, "export", err);
    if (x.policy->invalid)
        return vl_err_set(err, VL_ERR_INVALID, "%s:%u: the document of %s '%s' has errors",
            x.policy->info.file, x.policy->info.line, x.policy->info.kind, x.policy->info.name);
    if (x.policy->of_payloads)
        return vl_err_set(err, VL_ERR_INVALID,
            "%s:%u: not converted: %s '%s' is about JSON documents, which no API server admits",
            x.policy->info.file, x.policy->info.line, x.policy->info.kind, x.policy->info.name);
    if (x.policy->foreign)
        return vl_err_set(err, VL_ERR_INVALID,
            "%s:%u: not converted: %s '%s' calls %s, which Kubernetes has not: keep Kyverno for it",
            x.policy->info.file, x.policy->info.line, x.policy->info.kind, x.policy->info.name,
            x.policy->foreign);
    int r = documents(&x, "", NULL, err);
    bool templates =
        x.policy->controllers && !options->no_pod_templates && policy_export_is_pod_rule(x.policy);
    if (r == 0 && templates && (x.policy->controllers & ~(unsigned)(AUTOGEN_CRONJOB | AUTOGEN_OTHER)))
        r = documents(&x, "-controllers", "spec.template", err);
    if (r == 0 && templates && (x.policy->controllers & AUTOGEN_CRONJOB))
        r = documents(&x, "-cronjobs", "spec.jobTemplate.spec.template", err);
    if (r == 0 && x.policy->locate.text.len)
        policy_export_left_out(&x, "locate: Kubernetes names no fields");
    if (r == 0 && x.policy->fix.text.len)
        policy_export_left_out(&x, "fix: a ValidatingAdmissionPolicy changes nothing");
    if (r == 0)
        r = vl_buf_check(out, "exported policies", err);
    if (r < 0)
        return r;
    *ret_left_out = x.left_out;
    *ret_n_left_out = x.n_left_out;
    return 0;
}
