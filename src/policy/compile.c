/* Expressions to programs, in the environment that Kubernetes gives them.
 *
 * Source: k8s.io/apiserver pkg/admission/plugin/cel/{compile,composition}.go: which variables there are,
 * which types an expression may have, which types of variables survive composition. */
#include <string.h>

#include "set.h"

#define TYPE_DEPTH_MAX 32
#define TYPE_TEXT_MAX  1024

/* Scalars that keep their type as a variable; all else but lists and maps becomes dyn. */
static const char *const kept_types[] = {"bool", "bytes", "double", "int", "uint", "string", "null_type",
    "any", "google.protobuf.Duration", "google.protobuf.Timestamp", "google.protobuf.Any", "duration",
    "timestamp"};

static void append_type(struct vl_buf *out, struct vl_span text, unsigned depth)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kept_types); i++) {
        if (vl_span_eq_str(text, kept_types[i])) {
            vl_buf_append_span(out, text);
            return;
        }
    }
    bool list = vl_span_starts_with(text, "list(");
    bool map = vl_span_starts_with(text, "map(");
    if ((!list && !map) || !vl_span_ends_with(text, ")") || depth >= TYPE_DEPTH_MAX) {
        vl_buf_append_str(out, "dyn");
        return;
    }
    struct vl_span inner = vl_span_slice(text, list ? 5 : 4, text.len - 1);
    vl_buf_append_str(out, list ? "list(" : "map(");
    size_t from = 0;
    int open = 0;
    for (size_t i = 0; map && i < inner.len; i++) {
        open += (inner.ptr[i] == '(') - (inner.ptr[i] == ')');
        if (inner.ptr[i] == ',' && open == 0) {
            append_type(out, vl_span_trim(vl_span_slice(inner, 0, i)), depth + 1);
            vl_buf_append_str(out, ", ");
            from = i + 1;
            break;
        }
    }
    append_type(out, vl_span_trim(vl_span_slice(inner, from, inner.len)), depth + 1);
    vl_buf_append_char(out, ')');
}

/* "must evaluate to bool but got int". */
static const char *wrong_type(struct policy_load *load, const char *const *types, const char *got)
{
    if (!types[1])
        return policy_text(load, "message", "must evaluate to %s but got %s", types[0], got);
    return policy_text(
        load, "message", "must evaluate to one of [%s %s] but got %s", types[0], types[1], got);
}

/* `types` NULL takes any. A broken expression is a problem, and evaluates to an error later on. */
static int compile(struct vl_policies *set, struct policy *p, struct policy_expr *e, const char *const *types,
    struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    struct policy_load load = {.set = set,
        .file = p->info.file,
        .item = vl_arena_printf(set->arena, "%s '%s'%s%s%s", p->info.kind, p->info.name,
            p->info.rule ? " rule '" : "", p->info.rule ? p->info.rule : "", p->info.rule ? "'" : "")};
    if (!load.item)
        return vl_arena_check(set->arena, "policies", err);
    int r = vl_cel_compile(p->env, e->text, &e->program, &bad);
    if (r < 0 && bad.code == VL_ERR_MEMORY) {
        *err = bad;
        return r;
    }
    if (r < 0) {
        e->program = NULL;
        /* Issues have places; what fails later, while constants are computed, has none. */
        e->broken = policy_text(&load, "message", "%s: %s",
            strncmp(bad.msg, "ERROR:", 6) == 0 ? "compilation failed" : "program instantiation failed",
            bad.msg);
    } else if (types) {
        const char *got = vl_cel_program_type(e->program);
        bool fits = strcmp(types[0], got) == 0 || (types[1] && strcmp(types[1], got) == 0);
        if (!fits)
            e->broken = wrong_type(&load, types, got);
    }
    if (e->broken)
        policy_problem(&load, true, e->node, e->field, "%s", e->broken);
    if (!e->program)
        return 0;
    p->uses |= vl_cel_program_variables(e->program);
    const char *why = NULL, *refused = set->context.there ? vl_cel_program_unanswerable(e->program, &why)
                                                          : vl_cel_program_refused(e->program, &why);
    if (refused)
        policy_problem(&load, true, e->node, e->field,
            "not converted: %s: %s; its call is an error here: keep Kyverno for this policy", refused, why);
    if (!p->foreign)
        p->foreign = vl_cel_program_foreign(e->program);
    return 0;
}

static int declare(struct vl_policies *set, struct policy *p, struct vl_err *err)
{
    int r = vl_cel_env_variable(p->env, "object", "dyn", err);
    if (r >= 0)
        r = vl_cel_env_variable(p->env, "oldObject", "dyn", err);
    if (r >= 0)
        r = vl_cel_env_variable_schema(p->env, "request", vl_doc_root(set->request_schema), err);
    if (r >= 0)
        r = vl_cel_env_variable_schema(p->env, "namespaceObject", vl_doc_root(set->namespace_schema), err);
    if (r >= 0 && p->param_kind)
        r = vl_cel_env_variable(p->env, "params", "dyn", err);
    bool kyverno = p->info.form == VL_POLICY_KYVERNO2;
    if (r >= 0 && kyverno)
        r = vl_cel_env_variable(p->env, "images", "map(string, list(string))", err);
    if (r >= 0 && kyverno)
        r = vl_cel_env_variable(p->env, "exceptions.allowedImages", "list(string)", err);
    if (r >= 0 && kyverno)
        r = vl_cel_env_variable(p->env, "exceptions.allowedValues", "list(string)", err);
    if (r < 0)
        return r;
    p->v_images = kyverno ? (unsigned)vl_cel_env_index(p->env, "images") : UINT32_MAX;
    p->v_allowed_images =
        kyverno ? (unsigned)vl_cel_env_index(p->env, "exceptions.allowedImages") : UINT32_MAX;
    p->v_allowed_values =
        kyverno ? (unsigned)vl_cel_env_index(p->env, "exceptions.allowedValues") : UINT32_MAX;
    p->v_object = (unsigned)vl_cel_env_index(p->env, "object");
    p->v_old = (unsigned)vl_cel_env_index(p->env, "oldObject");
    p->v_request = (unsigned)vl_cel_env_index(p->env, "request");
    p->v_namespace = (unsigned)vl_cel_env_index(p->env, "namespaceObject");
    p->v_params = p->param_kind ? (unsigned)vl_cel_env_index(p->env, "params") : UINT32_MAX;
    return 0;
}

/* A variable is declared after its expression was compiled, so that it can read only those above it. */
static int compile_variable(
    struct vl_policies *set, struct policy *p, struct policy_variable *v, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf type;
    vl_buf_init(&type, TYPE_TEXT_MAX);
    char *name = vl_arena_printf(set->arena, "variables.%s", v->expr.name);
    int r = name ? 0 : vl_arena_check(set->arena, "policies", err);
    if (r == 0 && !v->type)
        r = compile(set, p, &v->expr, NULL, err);
    if (r < 0)
        return r;
    if (v->type)
        vl_buf_append_str(&type, v->type);
    else
        append_type(&type, vl_span_str(v->expr.program ? vl_cel_program_type(v->expr.program) : "dyn"), 0);
    struct vl_err bad = VL_ERR_INIT;
    r = vl_cel_env_variable(p->env, name, type.failed ? "dyn" : vl_buf_str(&type), &bad);
    if (r < 0 && v->type) {
        struct policy_load load = {.set = set, .file = p->info.file, .item = p->info.name};
        policy_problem(&load, true, v->expr.node, v->expr.field, "type '%s': %s", v->type, bad.msg);
        p->invalid = true;
    }
    if (r < 0)
        r = vl_cel_env_variable(p->env, name, "dyn", err);
    if (r < 0)
        return r;
    v->index = (unsigned)vl_cel_env_index(p->env, name);
    if (v->expr.broken)
        v->broken = vl_arena_printf(
            set->arena, "composited variable \"%s\" fails to compile: %s", v->expr.name, v->expr.broken);
    return vl_arena_check(set->arena, "policies", err);
}

/* Message expressions have no authorizer. */
static void refuse_authorizer(struct vl_policies *set, struct policy *p, struct policy_expr *e)
{
    static const char *const names[] = {"authorizer", "authorizer.requestResource"};
    struct policy_load load = {.set = set, .file = p->info.file, .item = p->info.name};
    uint64_t uses = e->program ? vl_cel_program_variables(e->program) : 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        int index = vl_cel_env_index(p->env, names[i]);
        if (index < 0 || index >= 64 || !(uses >> index & 1) || e->broken)
            continue;
        e->broken = "compilation failed: undeclared reference to 'authorizer' (in container '')";
        policy_problem(&load, true, e->node, e->field, "%s", e->broken);
    }
}

static int compile_validation(
    struct vl_policies *set, struct policy *p, struct policy_validation *v, struct vl_err *err)
{
    static const char *const boolean[] = {"bool", NULL};
    static const char *const text[] = {"string", NULL};
    int r = compile(set, p, &v->expr, boolean, err);
    if (r == 0 && v->expr.broken)
        p->info.usable = false;
    if (r == 0 && v->message_expr.text.len) {
        r = compile(set, p, &v->message_expr, text, err);
        if (r == 0)
            refuse_authorizer(set, p, &v->message_expr);
    }
    return r;
}

static int compile_exception(
    struct vl_policies *set, struct policy *p, struct policy_excepted *x, struct vl_err *err)
{
    static const char *const boolean[] = {"bool", NULL};
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < x->n_conditions; i++)
        r = compile(set, p, &x->conditions[i], boolean, err);
    return r;
}

static int compile_late(struct vl_policies *set, struct policy *p, struct vl_err *err)
{
    uint64_t uses = p->uses;
    int r = p->locate.text.len ? compile(set, p, &p->locate, NULL, err) : 0;
    if (r == 0 && p->fix.text.len)
        r = compile(set, p, &p->fix, NULL, err);
    p->uses_late = p->uses;
    p->uses = uses;
    return r;
}

int policy_compile(struct vl_policies *set, struct policy *policy, struct vl_err *err)
{
    static const char *const boolean[] = {"bool", NULL};
    static const char *const text[] = {"string", "null_type"};
    struct vl_cel_env_options options = {.profile = VL_CEL_PROFILE_KUBERNETES,
        /* Checks are evaluated here alone, whichever cluster they are for. */
        .kubernetes_minor = policy->info.form == VL_POLICY_CHECK ? 0 : set->options.kubernetes_minor,
        .authorizer = true,
        .kyverno = policy->info.form == VL_POLICY_KYVERNO2};
    policy->info.usable = true;
    int r = vl_cel_env_new(&options, &policy->env, err);
    if (r >= 0)
        r = declare(set, policy, err);
    for (uint32_t i = 0; r >= 0 && i < policy->n_variables; i++)
        r = compile_variable(set, policy, &policy->variables[i], err);
    for (uint32_t i = 0; r >= 0 && i < policy->n_conditions; i++)
        r = compile(set, policy, &policy->conditions[i], boolean, err);
    for (uint32_t i = 0; r >= 0 && i < policy->n_exceptions; i++)
        r = compile_exception(set, policy, &policy->exceptions[i], err);
    for (uint32_t i = 0; r >= 0 && i < policy->n_validations; i++)
        r = compile_validation(set, policy, &policy->validations[i], err);
    for (uint32_t i = 0; r >= 0 && i < policy->n_annotations; i++)
        r = compile(set, policy, &policy->annotations[i], text, err);
    if (r >= 0)
        r = compile_late(set, policy, err);
    policy->info.usable = policy->info.usable && !policy->invalid;
    return r < 0 ? vl_err_wrap(err, "%s: policy '%s'", policy->info.file, policy->info.name) : 0;
}

void policy_done(struct policy *policy)
{
    for (uint32_t i = 0; i < policy->n_conditions; i++)
        vl_cel_program_free(policy->conditions[i].program);
    for (uint32_t i = 0; i < policy->n_exceptions; i++) {
        for (uint32_t k = 0; k < policy->exceptions[i].n_conditions; k++)
            vl_cel_program_free(policy->exceptions[i].conditions[k].program);
    }
    for (uint32_t i = 0; i < policy->n_variables; i++)
        vl_cel_program_free(policy->variables[i].expr.program);
    for (uint32_t i = 0; i < policy->n_validations; i++) {
        vl_cel_program_free(policy->validations[i].expr.program);
        vl_cel_program_free(policy->validations[i].message_expr.program);
    }
    for (uint32_t i = 0; i < policy->n_annotations; i++)
        vl_cel_program_free(policy->annotations[i].program);
    vl_cel_program_free(policy->locate.program);
    vl_cel_program_free(policy->fix.program);
    vl_cel_env_free(policy->env);
}
