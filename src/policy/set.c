/* Documents are told apart and kept; problems are collected. */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_TEXT_MAX 4096

#define GROUP_ADMISSION   "admissionregistration.k8s.io"
#define GROUP_VALLUM      "vallum"
#define GROUP_KYVERNO     "kyverno.io"
#define GROUP_KYVERNO2    "policies.kyverno.io"
#define GROUP_KYVERNO_CLI "cli.kyverno.io"
#define GROUP_TEMPLATE    "templates.gatekeeper.sh"
#define GROUP_CONSTRAINT  "constraints.gatekeeper.sh"

int vl_policies_new(const struct vl_policy_options *options, struct vl_policies **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = calloc(1, sizeof(*set));
    if (!set)
        return vl_err_nomem(err);
    set->options = options ? *options : (struct vl_policy_options){0};
    if (!set->options.default_namespace)
        set->options.default_namespace = "default";
    vl_vec_init(&set->docs, sizeof(struct vl_doc *), VL_POLICY_DOCUMENTS_MAX);
    vl_vec_init(&set->policies, sizeof(struct policy *), VL_POLICIES_MAX);
    vl_vec_init(&set->bindings, sizeof(struct policy_binding *), VL_POLICIES_MAX);
    vl_vec_init(&set->standards, sizeof(struct vl_standard), VL_POLICIES_MAX);
    vl_vec_init(&set->exemptions, sizeof(struct vl_exemption), VL_POLICIES_MAX);
    vl_vec_init(&set->exceptions, sizeof(struct policy_exception *), VL_POLICIES_MAX);
    policy_context_init(&set->context);
    set->context.there = set->options.objects_answer;
    vl_vec_init(&set->problems, sizeof(struct vl_policy_problem), VL_POLICY_PROBLEMS_MAX);
    vl_map_init(&set->by_name, VL_POLICIES_MAX);
    vl_map_init(&set->kinds, VL_POLICY_DOCUMENTS_MAX);
    vl_map_init(&set->namespaces, VL_POLICY_DOCUMENTS_MAX);
    set->arena = vl_arena_new(VL_POLICY_ARENA_MAX);
    int r = set->arena ? 0 : vl_err_nomem(err);
    if (r == 0)
        r = vl_doc_parse(
            vl_span_str(policy_request_schema), VL_DOC_JSON, "schema of request", &set->request_schema, err);
    if (r == 0)
        r = vl_doc_parse(vl_span_str(policy_namespace_schema), VL_DOC_JSON, "schema of namespace",
            &set->namespace_schema, err);
    if (r < 0)
        return r;
    *ret = set;
    set = NULL;
    return 0;
}

void vl_policies_free(struct vl_policies *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->policies.len; i++)
        policy_done(*(struct policy **)vl_vec_at(&set->policies, i));
    size_t pos = 0;
    for (struct vl_map_slot *s; (s = vl_map_next(&set->kinds, &pos)) != NULL;)
        vl_vec_done(&((struct policy_objects *)s->value.ptr)->items);
    vl_map_done(&set->by_name);
    vl_map_done(&set->kinds);
    vl_map_done(&set->namespaces);
    vl_vec_done(&set->policies);
    vl_vec_done(&set->bindings);
    vl_vec_done(&set->standards);
    vl_vec_done(&set->exemptions);
    vl_vec_done(&set->exceptions);
    policy_context_done(&set->context);
    vl_vec_done(&set->problems);
    vl_doc_free(set->request_schema);
    vl_doc_free(set->namespace_schema);
    for (size_t i = 0; i < set->docs.len; i++)
        vl_doc_free(*(struct vl_doc **)vl_vec_at(&set->docs, i));
    vl_vec_done(&set->docs);
    vl_arena_free(set->arena);
    free(set);
}

void vl_policies_cleanup(struct vl_policies **set)
{
    vl_policies_free(*set);
}

/* --- problems --- */

void policy_problem(struct policy_load *load, bool is_error, const struct vl_doc_node *node,
    const char *field, const char *fmt, ...)
{
    struct vl_policies *set = load->set;
    struct vl_err err = VL_ERR_INIT;
    char text[PROBLEM_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (is_error) {
        load->failed = true;
        set->errors++;
    }
    struct vl_policy_problem *p = vl_vec_push(&set->problems, "problems", &err);
    if (!p) {
        set->problems_dropped++;
        return;
    }
    p->is_error = is_error;
    p->file = load->file;
    p->line = vl_doc_line(node);
    p->column = vl_doc_column(node);
    p->item = load->item;
    p->field = field ? vl_arena_strdup(set->arena, field) : NULL;
    p->message = vl_arena_strdup(set->arena, text);
    if (!p->message)
        p->message = "out of memory";
}

const char *policy_text(struct policy_load *load, const char *what, const char *fmt, ...)
{
    char text[PROBLEM_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(text))
        policy_problem(load, true, NULL, NULL, "%s is too long", what);
    const char *copy = vl_arena_strdup(load->set->arena, text);
    return copy ? copy : "";
}

uint32_t vl_policies_problems(const struct vl_policies *set)
{
    return (uint32_t)set->problems.len;
}

const struct vl_policy_problem *vl_policies_problem(const struct vl_policies *set, uint32_t index)
{
    return vl_vec_at(&set->problems, index);
}

uint32_t vl_policies_errors(const struct vl_policies *set)
{
    return set->errors;
}

/* --- documents --- */

struct loader {
    const char *group; /* a version may follow in the document */
    const char *kind;  /* NULL: any */
    int (*load)(struct policy_load *load, struct vl_err *err);
    bool with_params; /* also from files of parameters */
};

static const struct loader loaders[] = {
    {GROUP_ADMISSION, "ValidatingAdmissionPolicy", policy_load_vap, false},
    {GROUP_ADMISSION, "ValidatingAdmissionPolicyBinding", policy_load_vap_binding, true},
    {GROUP_VALLUM, "Check", policy_load_check, false},
    {GROUP_VALLUM, "Standard", policy_load_standard, true},
    {GROUP_VALLUM, "Exemption", policy_load_exemption, true},
    {GROUP_KYVERNO, "ClusterPolicy", policy_load_kyverno, false},
    {GROUP_KYVERNO, "Policy", policy_load_kyverno, false},
    {GROUP_KYVERNO, "PolicyException", policy_load_exception, true},
    {GROUP_KYVERNO2, "PolicyException", policy_load_exception, true},
    {GROUP_KYVERNO2, NULL, policy_load_kyverno2, false},
    {GROUP_KYVERNO_CLI, "Context", policy_load_context, true},
    {GROUP_KYVERNO_CLI, "ClusterResource", policy_load_context, true},
    {GROUP_TEMPLATE, "ConstraintTemplate", policy_load_template, false},
    {GROUP_CONSTRAINT, NULL, policy_load_constraint, true},
};

static const struct loader *loader_for(const struct vl_kube_object *o)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(loaders); i++) {
        if (vl_span_eq_str(o->group, loaders[i].group) &&
            (!loaders[i].kind || vl_span_eq_str(o->kind, loaders[i].kind)))
            return &loaders[i];
    }
    return NULL;
}

static const char *copy(struct vl_policies *set, struct vl_span text)
{
    const char *s = vl_arena_dup_span(set->arena, text);
    return s ? s : "";
}

static struct policy_objects *objects_of_kind(
    struct vl_policies *set, const struct vl_kube_object *o, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added = false;
    char *key = vl_arena_printf(set->arena, "%.*s/%.*s", VL_SPAN_FMT(o->group), VL_SPAN_FMT(o->kind));
    if (!key || vl_map_put(&set->kinds, vl_span_str(key), &slot, &added, err) < 0)
        return NULL;
    if (added) {
        struct policy_objects *objects = vl_arena_alloc(set->arena, sizeof(*objects));
        if (!objects)
            return NULL;
        vl_vec_init(&objects->items, sizeof(const struct policy_object *), VL_POLICY_DOCUMENTS_MAX);
        slot->value.ptr = objects;
    }
    return slot->value.ptr;
}

static int keep_object(
    struct vl_policies *set, const struct vl_kube_object *o, const char *file, struct vl_err *err)
{
    struct policy_object *kept = vl_arena_alloc(set->arena, sizeof(*kept));
    if (set->options.objects_answer) {
        struct policy_object *also = vl_vec_push(&set->context.objects, "objects of a context", err);
        if (!also)
            return err->err;
        *also = (struct policy_object){.object = *o, .file = file};
    }
    struct policy_objects *objects = kept ? objects_of_kind(set, o, err) : NULL;
    const struct policy_object **item =
        objects ? vl_vec_push(&objects->items, "objects of one kind", err) : NULL;
    if (!item)
        return err->err ? err->err : vl_err_nomem(err);
    *kept = (struct policy_object){.object = *o, .file = file};
    *item = kept;
    if (o->group.len == 0 && vl_span_eq_str(o->kind, "Namespace") && o->name.len) {
        struct vl_map_slot *slot;
        int r = vl_map_put(&set->namespaces, o->name, &slot, NULL, err);
        if (r < 0)
            return r;
        slot->value.ptr = kept;
    }
    return 0;
}

int vl_policies_add_object(struct vl_policies *set, const struct vl_kube_object *object, struct vl_err *err)
{
    return keep_object(set, object, NULL, err);
}

struct adding {
    struct vl_policies *set;
    const char *file;
    bool params;
};

static int add_object(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct adding *a = user;
    struct vl_policies *set = a->set;
    const struct loader *loader = loader_for(o);
    if (++set->n_documents > VL_POLICY_DOCUMENTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s:%u: more than %d documents", a->file, vl_doc_line(o->node),
            VL_POLICY_DOCUMENTS_MAX);
    if (!loader || (a->params && !loader->with_params))
        return keep_object(set, o, a->file, err);
    struct vl_kube_object *lasting = vl_arena_alloc(set->arena, sizeof(*lasting));
    if (!lasting)
        return vl_arena_check(set->arena, "policies", err);
    *lasting = *o;
    struct policy_load load = {.set = set, .object = lasting, .file = a->file};
    struct vl_span name = o->name.len ? o->name : vl_doc_get_str(o->node, "id");
    load.item = vl_arena_printf(
        set->arena, "%.*s '%.*s'", VL_SPAN_FMT(o->kind), VL_SPAN_FMT(vl_span_slice(name, 0, 300)));
    if (!load.item)
        load.item = "document";
    int r = loader->load(&load, err);
    /* A constraint binds its template, and is the parameter object of what the template is exported as. */
    if (r >= 0 && loader->load == policy_load_constraint)
        r = keep_object(set, o, a->file, err);
    return r < 0 ? r : vl_arena_check(set->arena, "policies", err);
}

static int add_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct adding *a = user;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_doc **slot = vl_vec_push(&a->set->docs, "documents", err);
    if (!slot) {
        vl_doc_free(doc);
        return err->err;
    }
    *slot = doc;
    if (vl_doc_type(root) == VL_DOC_NULL) /* "---" with nothing, or comments alone, behind it */
        return 0;
    struct vl_err bad = VL_ERR_INIT;
    struct vl_kube_object o;
    if (vl_kube_object_view(root, a->file, &o, &bad) < 0) {
        struct policy_load load = {.set = a->set, .file = a->file, .item = "document"};
        const char *text = strstr(bad.msg, "not a Kubernetes object");
        policy_problem(&load, true, root, NULL, "%s", text ? text : bad.msg);
        return 0;
    }
    return vl_kube_each_object(root, a->file, add_object, a, err);
}

static int add(
    struct vl_policies *set, struct vl_span text, const char *file, bool params, struct vl_err *err)
{
    struct adding a = {.set = set, .file = copy(set, vl_span_str(file)), .params = params};
    struct vl_span body = vl_span_starts_with(text, "\xEF\xBB\xBF") ? vl_span_slice(text, 3, text.len) : text;
    if (text.len > VL_POLICY_FILE_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: larger than the %lu bytes that are read", file, VL_POLICY_FILE_MAX);
    enum vl_doc_format format = vl_kube_format(body);
    struct vl_err first = VL_ERR_INIT;
    size_t documents = set->docs.len;
    int r = vl_doc_parse_stream(body, format, file, add_document, &a, &first);
    /* YAML's flow form begins like JSON. Duplicate keys and the like stay errors in both. */
    if (r < 0 && format == VL_DOC_JSON && first.code == VL_ERR_INVALID && set->docs.len == documents)
        r = vl_doc_parse_stream(body, VL_DOC_YAML_KUBERNETES, file, add_document, &a, err);
    else if (r < 0)
        *err = first;
    return r < 0 ? r : 0;
}

int vl_policies_add(struct vl_policies *set, struct vl_span text, const char *file, struct vl_err *err)
{
    return add(set, text, file, false, err);
}

int vl_policies_add_params(struct vl_policies *set, struct vl_span text, const char *file, struct vl_err *err)
{
    return add(set, text, file, true, err);
}

/* --- policies --- */

struct policy *policy_new(struct policy_load *load, enum vl_policy_form form, const char *name)
{
    struct policy *p = vl_arena_alloc(load->set->arena, sizeof(*p));
    if (!p)
        return NULL;
    p->info.form = form;
    p->info.name = name;
    p->info.kind = copy(load->set, load->object->kind);
    p->info.document = load->object->node;
    p->info.file = load->file;
    p->info.line = vl_doc_line(load->object->node);
    p->info.severity = VL_SEVERITY_UNKNOWN;
    p->actions = VL_VERDICT_DENY;
    return p;
}

int policy_add(struct policy_load *load, struct policy *policy, struct vl_err *err)
{
    struct vl_policies *set = load->set;
    struct vl_map_slot *slot;
    bool added = false;
    if (!policy->info.version) {
        char *hash = vl_arena_alloc(set->arena, VL_KUBE_HASH_TEXT_MAX);
        int r = hash ? vl_kube_object_hash(load->object, hash, err) : vl_err_nomem(err);
        if (r < 0)
            return r;
        policy->info.version = hash;
    }
    struct policy **item = vl_vec_push(&set->policies, "policies", err);
    if (!item)
        return err->err;
    *item = policy;
    policy->index = (uint32_t)set->policies.len - 1;
    int r = vl_map_put(&set->by_name, vl_span_str(policy->info.name), &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        slot->value.ptr = policy;
        return 0;
    }
    const struct policy *first = slot->value.ptr;
    if (!policy->info.rule || first->info.document != policy->info.document)
        policy_problem(load, false, policy->info.document, NULL,
            "a policy of this name is there already (%s:%u); both are evaluated", first->info.file,
            first->info.line);
    return 0;
}

int policy_add_binding(struct policy_load *load, const struct policy_binding *binding, struct vl_err *err)
{
    struct policy_binding *kept = vl_arena_alloc(load->set->arena, sizeof(*kept));
    struct policy_binding **item = kept ? vl_vec_push(&load->set->bindings, "bindings", err) : NULL;
    if (!item)
        return err->err ? err->err : vl_err_nomem(err);
    *kept = *binding;
    *item = kept;
    return 0;
}

bool vl_policies_take_payloads(const struct vl_policies *set)
{
    for (size_t i = 0; i < set->policies.len; i++) {
        if ((*(struct policy *const *)vl_vec_at(&set->policies, i))->of_payloads)
            return true;
    }
    return false;
}

uint32_t vl_policies_size(const struct vl_policies *set)
{
    return (uint32_t)set->policies.len;
}

const struct vl_policy_info *vl_policies_at(const struct vl_policies *set, uint32_t index)
{
    struct policy **item = vl_vec_at(&set->policies, index);
    return item ? &(*item)->info : NULL;
}

uint32_t vl_policies_find(const struct vl_policies *set, const char *name)
{
    const struct vl_map_slot *slot = vl_map_get(&set->by_name, vl_span_str(name));
    return slot ? ((const struct policy *)slot->value.ptr)->index : UINT32_MAX;
}

static bool takes_bindings(const struct policy *p)
{
    return p->info.form == VL_POLICY_VAP || p->info.form == VL_POLICY_GATEKEEPER;
}

static struct policy *policy_to_bind(const struct vl_policies *set, const char *name)
{
    const struct vl_map_slot *slot = vl_map_get(&set->by_name, vl_span_str(name));
    struct policy *p = slot ? slot->value.ptr : NULL;
    return p && takes_bindings(p) ? p : NULL;
}

/* Counts, makes room, and hands out: two walks over all bindings, however many policies there are. */
static int bind_all(struct vl_policies *set, struct vl_err *err)
{
    for (size_t i = 0; i < set->bindings.len; i++) {
        struct policy_binding *b = *(struct policy_binding **)vl_vec_at(&set->bindings, i);
        struct policy *p = policy_to_bind(set, b->policy);
        if (p)
            p->n_bindings++;
    }
    for (size_t i = 0; i < set->policies.len; i++) {
        struct policy *p = *(struct policy **)vl_vec_at(&set->policies, i);
        if (!p->n_bindings || !takes_bindings(p))
            continue;
        if (p->n_bindings > VL_POLICY_BINDINGS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "%s: policy '%s' has %u bindings; at most %d are evaluated",
                p->info.file, p->info.name, p->n_bindings, VL_POLICY_BINDINGS_MAX);
        p->bindings = vl_arena_array(set->arena, p->n_bindings, sizeof(struct policy_binding *));
        if (!p->bindings)
            return vl_arena_check(set->arena, "policies", err);
        p->n_bindings = 0;
    }
    for (size_t i = 0; i < set->bindings.len; i++) {
        struct policy_binding *b = *(struct policy_binding **)vl_vec_at(&set->bindings, i);
        struct policy *p = policy_to_bind(set, b->policy);
        struct policy_load load = {.set = set, .file = b->file, .item = b->name};
        if (p)
            p->bindings[p->n_bindings++] = b;
        else
            policy_problem(
                &load, false, b->node, NULL, "no policy is named '%s': the binding is unused", b->policy);
    }
    /* Two policies of one name have the same bindings. */
    for (size_t i = 0; i < set->policies.len; i++) {
        struct policy *p = *(struct policy **)vl_vec_at(&set->policies, i);
        const struct policy *first = policy_to_bind(set, p->info.name);
        if (first && first != p && takes_bindings(p)) {
            p->bindings = first->bindings;
            p->n_bindings = first->n_bindings;
        }
    }
    return 0;
}

int vl_policies_finish(struct vl_policies *set, struct vl_err *err)
{
    int r = set->finished ? vl_err_set(err, VL_ERR_CONFLICT, "the policies are finished already") : 0;
    if (r == 0 && (set->options.standard || set->options.builtin_standard))
        r = policy_apply_standard(set, err);
    if (r == 0)
        r = bind_all(set, err);
    if (r == 0)
        r = policy_give_exceptions(set, err);
    for (size_t i = 0; r == 0 && i < set->policies.len; i++)
        r = policy_default_parameters(set, *(struct policy **)vl_vec_at(&set->policies, i), err);
    if (r == 0)
        policy_unknown_parameters(set, set->options.parameters, "--parameter", "parameters");
    for (size_t i = 0; r == 0 && i < set->policies.len; i++) {
        struct policy *p = *(struct policy **)vl_vec_at(&set->policies, i);
        p->index = (uint32_t)i;
        policy_set_parameters(set, set->options.parameters, p);
        r = policy_compile(set, p, err);
    }
    set->finished = r == 0;
    return r;
}
