/* What stands for a cluster, a registry and the network where a policy asks them: the context of Kyverno's
 * command line.
 *
 * Source: github.com/kyverno/kyverno cmd/cli apis v1alpha1 (Context, ClusterResource, Test:
 * globalContextEntries, apiCallResponses), pkg/cel/libs FakeContextProvider (what is found, and the texts
 * where nothing is). */
#include <string.h>

#include "context.h"
#include "run.h"

/* --- loading --- */

struct adding {
    struct vl_policies *set;
    const char *file;
};

static int add_object(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct adding *a = user;
    /* The labels of a namespace count, too; what is added there may be found here already. */
    bool is_namespace = o->group.len == 0 && vl_span_eq_str(o->kind, "Namespace");
    int r = is_namespace ? vl_policies_add_object(a->set, o, err) : 0;
    if (r < 0 || (is_namespace && a->set->options.objects_answer))
        return r;
    struct policy_object *slot = vl_vec_push(&a->set->context.objects, "objects of a context", err);
    if (!slot)
        return err->err;
    *slot = (struct policy_object){.object = *o, .file = a->file};
    return 0;
}

static int add_list(struct vl_vec *to, const struct vl_doc_node *list, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        const struct vl_doc_node **slot = vl_vec_push(to, "entries of a context", err);
        if (!slot)
            return err->err;
        *slot = n;
    }
    return 0;
}

int vl_policies_add_context(
    struct vl_policies *set, const struct vl_doc_node *node, const char *file, struct vl_err *err)
{
    struct adding a = {.set = set, .file = vl_arena_strdup(set->arena, file)};
    const struct vl_doc_node *objects = vl_doc_get(node, "resources");
    int r = a.file ? 0 : vl_arena_check(set->arena, "policies", err);
    set->context.there = true;
    for (const struct vl_doc_node *n = vl_doc_first(objects); n && r >= 0; n = vl_doc_next(n)) {
        if (vl_doc_is(n, VL_DOC_OBJECT)) /* else the name of a file, which is the caller's */
            r = vl_kube_each_object(n, a.file, add_object, &a, err);
    }
    if (r >= 0)
        r = add_list(&set->context.images, vl_doc_get(node, "images"), err);
    if (r >= 0)
        r = add_list(&set->context.globals, vl_doc_get(node, "globalContextEntries"), err);
    if (r >= 0)
        r = add_list(&set->context.responses, vl_doc_get(node, "apiCallResponses"), err);
    return r < 0 ? r : 0;
}

int policy_load_context(struct policy_load *load, struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    int r = vl_policies_add_context(load->set, vl_doc_get(load->object->node, "spec"), load->file, &bad);
    if (r < 0 && bad.code == VL_ERR_INVALID) {
        policy_problem(load, true, load->object->node, "spec.resources", "%s", bad.msg);
        return 0;
    }
    if (r < 0)
        *err = bad;
    return r;
}

void policy_context_init(struct policy_context *context)
{
    vl_vec_init(&context->objects, sizeof(struct policy_object), VL_POLICY_DOCUMENTS_MAX);
    vl_vec_init(&context->images, sizeof(const struct vl_doc_node *), VL_POLICY_DOCUMENTS_MAX);
    vl_vec_init(&context->globals, sizeof(const struct vl_doc_node *), VL_POLICY_DOCUMENTS_MAX);
    vl_vec_init(&context->responses, sizeof(const struct vl_doc_node *), VL_POLICY_DOCUMENTS_MAX);
}

void policy_context_done(struct policy_context *context)
{
    vl_vec_done(&context->objects);
    vl_vec_done(&context->images);
    vl_vec_done(&context->globals);
    vl_vec_done(&context->responses);
}

/* --- answering --- */

static const struct vl_doc_node *entry_named(
    const struct vl_vec *entries, const char *member, struct vl_span name, struct vl_span method)
{
    for (size_t i = 0; i < entries->len; i++) {
        const struct vl_doc_node *n = *(const struct vl_doc_node **)vl_vec_at(entries, i);
        struct vl_span only = vl_doc_get_str(n, "method");
        if (vl_span_eq(vl_doc_get_str(n, member), name) &&
            (!only.len || !method.len || vl_span_eq_nocase(only, method)))
            return n;
    }
    return NULL;
}

static bool is_of(const struct vl_kube_object *o, const struct vl_cel_question *q)
{
    char text[VL_KUBE_RESOURCE_MAX];
    return vl_span_eq(o->api_version, q->api_version) &&
           vl_span_eq_str(q->resource, vl_kube_resource_name(o->group, o->kind, text));
}

static bool in_namespace(
    const struct vl_policy_run *run, const struct vl_kube_object *o, struct vl_span wanted)
{
    if (vl_span_eq(o->namespace_name, wanted) || !vl_kube_object_namespaced(o))
        return true;
    return !o->namespace_name.len && vl_span_eq_str(wanted, run->set->options.default_namespace);
}

/* An object is not in the cluster while it is being created. */
static bool is_there(const struct vl_policy_run *run, const struct vl_kube_object *o)
{
    const struct vl_kube_object *asked = run->request->object;
    return !run->set->options.created_later || !asked || run->request->old_object ||
           !vl_span_eq(asked->name, o->name) || !vl_span_eq(asked->kind, o->kind) ||
           !vl_span_eq(asked->group, o->group) || !vl_span_eq(asked->namespace_name, o->namespace_name);
}

static bool has_labels(const struct vl_kube_object *o, struct vl_cel_value labels)
{
    struct vl_cel_iter iter = vl_cel_iterate(labels);
    struct vl_cel_value key, value;
    if (labels.kind != VL_CEL_MAP)
        return true;
    while (vl_cel_iter_next(&iter, &key, &value)) {
        const struct vl_doc_node *has = vl_doc_get_span(vl_kube_object_labels(o), vl_cel_span(key));
        if (!has || !vl_span_eq(vl_doc_span(has), vl_cel_span(value)))
            return false;
    }
    return true;
}

static bool object_answer(struct vl_policy_run *run, const struct vl_cel_question *q, struct vl_span space,
    struct vl_arena *arena, struct vl_cel_value *ret, const char **ret_why)
{
    const struct vl_vec *objects = &run->set->context.objects;
    for (size_t i = objects->len; i-- > 0;) { /* the last of one name counts */
        const struct policy_object *o = vl_vec_at(objects, i);
        if (vl_span_eq(o->object.name, q->name) && is_of(&o->object, q) && is_there(run, &o->object) &&
            in_namespace(run, &o->object, space)) {
            *ret = vl_cel_from_doc(o->object.node);
            return true;
        }
    }
    size_t slash = vl_span_find_char(q->api_version, '/');
    struct vl_span group = slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(q->api_version, 0, slash);
    *ret_why = vl_arena_printf(arena, "%.*s%s%.*s \"%.*s\" not found",
        VL_SPAN_FMT(vl_span_slice(q->resource, 0, 300)), group.len ? "." : "",
        VL_SPAN_FMT(vl_span_slice(group, 0, 300)), VL_SPAN_FMT(vl_span_slice(q->name, 0, 300)));
    return false;
}

static bool list_answer(struct vl_policy_run *run, const struct vl_cel_question *q, struct vl_span space,
    struct vl_arena *arena, struct vl_cel_value *ret, const char **ret_why)
{
    const struct vl_vec *objects = &run->set->context.objects;
    struct vl_cel_value *items = objects->len ? vl_arena_array(arena, objects->len, sizeof(*items)) : NULL;
    struct vl_cel_value key = vl_cel_string(VL_SPAN_LIT("items"));
    size_t n = 0;
    bool known = false;
    for (size_t i = 0; items && i < objects->len; i++) {
        const struct policy_object *o = vl_vec_at(objects, i);
        if (!is_of(&o->object, q))
            continue;
        known = true;
        if (is_there(run, &o->object) && (!space.len || in_namespace(run, &o->object, space)) &&
            has_labels(&o->object, q->labels))
            items[n++] = vl_cel_from_doc(o->object.node);
    }
    struct vl_cel_value list = vl_cel_list_new(arena, items, n);
    *ret = vl_cel_map_new(arena, &key, &list, 1);
    *ret_why =
        vl_arena_printf(arena, "%.*s resource not found", VL_SPAN_FMT(vl_span_slice(q->resource, 0, 300)));
    return known;
}

static bool image_answer(struct vl_policy_run *run, const struct vl_cel_question *q, struct vl_arena *arena,
    struct vl_cel_value *ret, const char **ret_why)
{
    const struct vl_doc_node *n = entry_named(&run->set->context.images, "image", q->name, VL_SPAN_EMPTY);
    *ret_why = vl_arena_printf(
        arena, "image data for %.*s not found in the context", VL_SPAN_FMT(vl_span_slice(q->name, 0, 500)));
    if (n)
        *ret = vl_cel_from_doc(n);
    return n != NULL;
}

/* An entry that is not there is null, as in a cluster. */
static bool global_answer(struct vl_policy_run *run, const struct vl_cel_question *q, struct vl_arena *arena,
    struct vl_cel_value *ret, const char **ret_why)
{
    const struct vl_doc_node *n = entry_named(&run->set->context.globals, "name", q->name, VL_SPAN_EMPTY);
    const struct vl_doc_node *data = vl_doc_get(n, "data");
    *ret = vl_cel_null();
    if (!n)
        return true;
    if (vl_doc_get(n, "fieldPath") || vl_doc_size(vl_doc_get(n, "projections"))) {
        *ret_why =
            "fieldPath and projections of globalContextEntries are JMESPath, which is not evaluated here";
        return false;
    }
    if (q->projection.len)
        data = vl_doc_get_span(data, q->projection);
    *ret_why = vl_arena_printf(arena, "projection \"%.*s\" not found in global context entry \"%.*s\"",
        VL_SPAN_FMT(vl_span_slice(q->projection, 0, 300)), VL_SPAN_FMT(vl_span_slice(q->name, 0, 300)));
    if (data)
        *ret = vl_cel_from_doc(data);
    return data != NULL;
}

static bool http_answer(struct vl_policy_run *run, const struct vl_cel_question *q, struct vl_arena *arena,
    struct vl_cel_value *ret, const char **ret_why)
{
    const struct vl_doc_node *n = entry_named(&run->set->context.responses, "url", q->name, q->projection);
    *ret_why = vl_arena_printf(arena, "there is no response to %.*s %.*s among apiCallResponses",
        VL_SPAN_FMT(q->projection), VL_SPAN_FMT(vl_span_slice(q->name, 0, 500)));
    if (n)
        *ret = vl_cel_from_doc(vl_doc_get(vl_doc_get(n, "response"), "body"));
    return n != NULL;
}

static bool answer(void *user, const struct vl_cel_question *q, struct vl_arena *arena,
    struct vl_cel_value *ret, const char **ret_why)
{
    struct vl_policy_run *run = user;
    struct vl_span space = q->namespace_name;
    if (q->own_namespace && run->asking)
        space = run->asking->match.only_namespace;
    switch (q->kind) {
    case VL_CEL_ASK_OBJECT:
        return object_answer(run, q, space, arena, ret, ret_why);
    case VL_CEL_ASK_OBJECTS:
        return list_answer(run, q, space, arena, ret, ret_why);
    case VL_CEL_ASK_IMAGE:
        return image_answer(run, q, arena, ret, ret_why);
    case VL_CEL_ASK_GLOBAL:
        return global_answer(run, q, arena, ret, ret_why);
    case VL_CEL_ASK_HTTP:
        break;
    }
    return http_answer(run, q, arena, ret, ret_why);
}

void policy_context_bind(struct vl_policy_run *run, const struct policy *policy)
{
    const struct policy_context *c = &run->set->context;
    /* All of them may be looked at for one answer. */
    size_t looks = c->objects.len + c->images.len + c->globals.len + c->responses.len;
    const struct vl_cel_outside outside = {.answer = answer, .user = run, .price = 1 + looks / 10};
    run->asking = policy;
    vl_cel_run_outside(run->cel, run->set->context.there ? &outside : NULL);
}
