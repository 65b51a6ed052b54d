/* A request as expressions and rules see it.
 *
 * Source: k8s.io/apiserver pkg/admission/plugin/cel/condition.go (CreateAdmissionRequest,
 * CreateNamespaceObject): which members there are, and which are left out where empty. */
#include <string.h>

#include "codec/json.h"
#include "run.h"

#define NAME_LABEL    "kubernetes.io/metadata.name"
#define DEFAULT_USER  "kubernetes-admin"
#define DEFAULT_GROUP "system:authenticated"
#define LABELS_MAX    (4UL * 1024 * 1024)
#define MEMBERS_MAX   20

/* A map that is built member by member. */
struct members {
    struct vl_cel_value keys[MEMBERS_MAX];
    struct vl_cel_value values[MEMBERS_MAX];
    size_t n;
};

static void put(struct members *m, const char *key, struct vl_cel_value value)
{
    if (m->n >= MEMBERS_MAX)
        return;
    m->keys[m->n] = vl_cel_string(vl_span_str(key));
    m->values[m->n++] = value;
}

static void put_text(struct members *m, const char *key, struct vl_span text)
{
    put(m, key, vl_cel_string(text));
}

static struct vl_cel_value made(struct vl_policy_run *run, const struct members *m)
{
    return vl_cel_map_new(run->arena, m->keys, m->values, m->n);
}

static struct vl_cel_value triple(
    struct vl_policy_run *run, const struct policy_subject *s, const char *last, struct vl_span value)
{
    struct members m = {.n = 0};
    put_text(&m, "group", s->group);
    put_text(&m, "version", s->version);
    put_text(&m, last, value);
    return made(run, &m);
}

static struct vl_cel_value user_value(struct vl_policy_run *run)
{
    const struct vl_policy_request *q = run->request;
    struct members m = {.n = 0};
    if (q->user_info)
        return vl_cel_from_doc(q->user_info);
    struct vl_cel_value group = vl_cel_string(VL_SPAN_LIT(DEFAULT_GROUP));
    put_text(&m, "username", q->username.len ? q->username : VL_SPAN_LIT(DEFAULT_USER));
    put(&m, "groups", vl_cel_list_new(run->arena, &group, 1));
    return made(run, &m);
}

struct vl_cel_value policy_run_request_value(struct vl_policy_run *run, struct policy_look *look)
{
    const struct policy_subject *s = &look->subject;
    struct members m = {.n = 0};
    if (look->has_request)
        return look->request;
    put_text(&m, "uid", VL_SPAN_EMPTY);
    put(&m, "kind", triple(run, s, "kind", s->kind));
    put(&m, "resource", triple(run, s, "resource", s->resource));
    if (s->subresource.len)
        put_text(&m, "subResource", s->subresource);
    const struct policy_subject *asked = look->asked ? look->asked : s;
    put(&m, "requestKind", triple(run, asked, "kind", s->kind));
    put(&m, "requestResource", triple(run, asked, "resource", s->resource));
    if (s->subresource.len)
        put_text(&m, "requestSubResource", s->subresource);
    if (s->name.len)
        put_text(&m, "name", s->name);
    if (s->namespace_name.len) {
        put_text(&m, "namespace", s->namespace_name);
        /* The name under which a field of a schema is found that CEL has as a reserved word. */
        put_text(&m, "__namespace__", s->namespace_name);
    }
    put_text(&m, "operation", s->operation);
    put(&m, "userInfo", user_value(run));
    put(&m, "dryRun", vl_cel_bool(run->request->dry_run));
    put(&m, "options", run->request->options ? vl_cel_from_doc(run->request->options) : vl_cel_null());
    look->request = made(run, &m);
    look->has_request = true;
    return look->request;
}

/* --- the namespace --- */

struct vl_cel_value policy_run_namespace_value(struct vl_policy_run *run)
{
    static const char *const kept[] = {"generateName", "uid", "resourceVersion", "generation",
        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "annotations", "finalizers"};
    const struct policy_subject *s = &run->direct.subject;
    struct members metadata = {.n = 0}, all = {.n = 0}, none = {.n = 0};
    if (run->has_namespace_value)
        return run->namespace_value;
    run->has_namespace_value = true;
    run->namespace_value = vl_cel_null();
    if (!s->namespace_name.len || s->is_namespace)
        return run->namespace_value;
    const struct vl_doc_node *node = run->namespace_object ? run->namespace_object->object.node : NULL;
    const struct vl_doc_node *meta = vl_doc_get(node, "metadata");
    put_text(&metadata, "name", s->namespace_name);
    for (size_t i = 0; i < VL_ARRAY_LEN(kept); i++) {
        const struct vl_doc_node *n = vl_doc_get(meta, kept[i]);
        if (n)
            put(&metadata, kept[i], vl_cel_from_doc(n));
    }
    if (s->namespace_labels)
        put(&metadata, "labels", vl_cel_from_doc(s->namespace_labels));
    put(&all, "metadata", made(run, &metadata));
    put(&all, "spec",
        vl_doc_get(node, "spec") ? vl_cel_from_doc(vl_doc_get(node, "spec")) : made(run, &none));
    put(&all, "status",
        vl_doc_get(node, "status") ? vl_cel_from_doc(vl_doc_get(node, "status")) : made(run, &none));
    run->namespace_value = made(run, &all);
    return run->namespace_value;
}

/* Labels of the namespace as a document: those written, and the one that every namespace has. */
static int namespace_labels(
    struct vl_policy_run *run, struct vl_span name, const struct vl_doc_node **ret_labels, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json j;
    const struct vl_doc_node *labels =
        run->namespace_object ? vl_kube_object_labels(&run->namespace_object->object) : NULL;
    vl_buf_init(&text, LABELS_MAX);
    *ret_labels = labels;
    if (vl_doc_get(labels, NAME_LABEL))
        return 0;
    vl_json_init(&j, &text, false);
    vl_json_object(&j);
    vl_json_key(&j, NAME_LABEL);
    vl_json_span(&j, name);
    for (const struct vl_doc_node *l = vl_doc_first(labels); l; l = vl_doc_next(l)) {
        vl_json_key_span(&j, vl_doc_key(l));
        vl_json_span(&j, vl_doc_text(l));
    }
    vl_json_object_end(&j);
    int r = vl_json_check(&j, "labels of a namespace", err);
    if (r < 0)
        return r;
    vl_doc_free(run->labels);
    run->labels = NULL;
    r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "labels of a namespace", &run->labels, err);
    if (r == 0)
        *ret_labels = vl_doc_root(run->labels);
    return r;
}

/* --- images --- */

/* A pod can have images that are no text: those are left out. */
static struct vl_cel_value images_of(struct vl_policy_run *run, struct vl_cel_value spec, const char *key)
{
    struct vl_cel_value list, item, image;
    size_t n = 0;
    if (spec.kind != VL_CEL_MAP || !vl_cel_map_get_str(spec, vl_span_str(key), &list) ||
        list.kind != VL_CEL_LIST)
        return vl_cel_list_new(run->arena, NULL, 0);
    size_t max = vl_cel_list_size(list);
    struct vl_cel_value *items = max ? vl_arena_array(run->arena, max, sizeof(*items)) : NULL;
    struct vl_cel_iter iter = vl_cel_iterate(list);
    while (items && n < max && vl_cel_iter_next(&iter, NULL, &item)) {
        if (item.kind == VL_CEL_MAP && vl_cel_map_get_str(item, VL_SPAN_LIT("image"), &image) &&
            image.kind == VL_CEL_STRING)
            items[n++] = image;
    }
    return vl_cel_list_new(run->arena, items, n);
}

struct vl_cel_value policy_run_images_value(struct vl_policy_run *run, const struct policy_look *look)
{
    static const char *const kinds[] = {"containers", "initContainers", "ephemeralContainers"};
    struct members m = {.n = 0};
    struct vl_cel_value pod = look->object.kind == VL_CEL_NULL ? look->old_object : look->object;
    struct vl_cel_value spec = vl_cel_null();
    if (pod.kind == VL_CEL_MAP && !vl_cel_map_get_str(pod, VL_SPAN_LIT("spec"), &spec))
        spec = vl_cel_null();
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++)
        put(&m, kinds[i], images_of(run, spec, kinds[i]));
    return made(run, &m);
}

/* --- looks --- */

/* An API server drops what is null from the kinds that it knows ("securityContext:" with nothing behind it);
 * expressions must not trip over it here either. */
static int without_nulls(struct vl_policy_run *run, const struct vl_kube_object *o, unsigned which,
    const struct vl_kube_object **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_KUBE_HASH_BYTES_MAX);
    *ret = o;
    if (!o || !o->known || !vl_kube_node_has_null(o->node))
        return 0;
    int r = vl_kube_node_json(o->node, &text, err);
    vl_doc_free(run->clean[which]);
    run->clean[which] = NULL;
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "object", &run->clean[which], err);
    if (r >= 0)
        r = vl_kube_object_view(vl_doc_root(run->clean[which]), "object", &run->clean_object[which], err);
    if (r >= 0)
        *ret = &run->clean_object[which];
    return r < 0 ? r : 0;
}

static void subject_from(struct policy_subject *s, const struct vl_policy_run *run)
{
    const struct vl_policy_request *q = run->request;
    const struct vl_kube_object *o = run->object;
    *s = (struct policy_subject){.group = o->group,
        .version = o->version,
        .kind = o->kind,
        .resource = q->resource,
        .subresource = q->subresource,
        .name = q->name.len ? q->name : o->name,
        .operation = q->operation,
        .known = o->known,
        .annotations = vl_kube_object_annotations(o),
        .labels = q->object ? vl_kube_object_labels(q->object) : NULL,
        .old_labels = q->old_object ? vl_kube_object_labels(q->old_object) : NULL};
    s->is_namespace = o->group.len == 0 && vl_span_eq_str(o->kind, "Namespace");
    if (!s->operation.len)
        s->operation = q->object ? VL_SPAN_LIT("CREATE") : VL_SPAN_LIT("DELETE");
    if (s->is_namespace)
        s->namespace_name = s->name;
    else if (vl_kube_object_namespaced(o))
        s->namespace_name = q->namespace_name.len ? q->namespace_name : o->namespace_name;
    if (!s->namespace_name.len && !s->is_namespace && vl_kube_object_namespaced(o))
        s->namespace_name = vl_span_str(run->set->options.default_namespace);
}

static struct vl_cel_value object_value(const struct vl_kube_object *o)
{
    return o ? vl_cel_from_doc(o->node) : vl_cel_null();
}

/* The object with another apiVersion. */
static struct vl_cel_value with_version(
    struct vl_policy_run *run, const struct vl_kube_object *o, const struct policy_version *version)
{
    size_t n = 0, size = o ? vl_doc_size(o->node) : 0;
    if (!o)
        return vl_cel_null();
    struct vl_cel_value *keys = vl_arena_array(run->arena, size, sizeof(*keys));
    struct vl_cel_value *values = vl_arena_array(run->arena, size, sizeof(*values));
    char *text = vl_arena_printf(run->arena, "%.*s%s%.*s", VL_SPAN_FMT(version->group),
        version->group.len ? "/" : "", VL_SPAN_FMT(version->version));
    if (!keys || !values || !text)
        return vl_cel_null();
    for (const struct vl_doc_node *k = vl_doc_first(o->node); k && n < size; k = vl_doc_next(k), n++) {
        bool is_version = vl_span_eq_str(vl_doc_key(k), "apiVersion");
        keys[n] = vl_cel_string(vl_doc_key(k));
        values[n] = is_version ? vl_cel_string(vl_span_str(text)) : vl_cel_from_doc(k);
    }
    return vl_cel_map_new(run->arena, keys, values, n);
}

void policy_run_convert(struct vl_policy_run *run, const struct policy_version *version)
{
    run->converted = (struct policy_look){.subject = run->direct.subject,
        .root = run->direct.root,
        .template_path = "",
        .object = with_version(run, run->new_object, version),
        .old_object = with_version(run, run->old_object, version),
        .asked = &run->direct.subject};
    run->converted.subject.group = version->group;
    run->converted.subject.version = version->version;
}

/* The template as the Pod that its controller will make: with its metadata, and where that says nothing, name
 * and namespace of the controller, so that messages and rules that read them have something. */
static struct vl_cel_value pod_value(
    struct vl_policy_run *run, const struct vl_kube_object *o, const struct policy_subject *s)
{
    const struct vl_doc_node *template = o ? vl_kube_object_template(o) : NULL;
    const struct vl_doc_node *meta = vl_doc_get(template, "metadata");
    struct members m = {.n = 0};
    size_t n = 0, size = vl_doc_is(meta, VL_DOC_OBJECT) ? vl_doc_size(meta) : 0;
    if (!template)
        return vl_cel_null();
    struct vl_cel_value *keys = vl_arena_array(run->arena, size + 2, sizeof(*keys));
    struct vl_cel_value *values = vl_arena_array(run->arena, size + 2, sizeof(*values));
    if (!keys || !values)
        return vl_cel_null();
    for (const struct vl_doc_node *k = size ? vl_doc_first(meta) : NULL; k; k = vl_doc_next(k)) {
        keys[n] = vl_cel_string(vl_doc_key(k));
        values[n++] = vl_cel_from_doc(k);
    }
    if (!vl_doc_get(meta, "name") && s->name.len) {
        keys[n] = vl_cel_string(VL_SPAN_LIT("name"));
        values[n++] = vl_cel_string(s->name);
    }
    if (!vl_doc_get(meta, "namespace") && s->namespace_name.len) {
        keys[n] = vl_cel_string(VL_SPAN_LIT("namespace"));
        values[n++] = vl_cel_string(s->namespace_name);
    }
    put_text(&m, "apiVersion", VL_SPAN_LIT("v1"));
    put_text(&m, "kind", VL_SPAN_LIT("Pod"));
    put(&m, "metadata", vl_cel_map_new(run->arena, keys, values, n));
    if (vl_doc_get(template, "spec"))
        put(&m, "spec", vl_cel_from_doc(vl_doc_get(template, "spec")));
    return made(run, &m);
}

struct vl_cel_value policy_run_excepted_value(struct vl_policy_run *run, const struct policy_look *look)
{
    struct vl_cel_value metadata = vl_cel_null(), spec = vl_cel_null();
    struct members m = {.n = 0};
    put_text(&m, "apiVersion", VL_SPAN_LIT("v1"));
    put_text(&m, "kind", VL_SPAN_LIT("Pod"));
    if (run->direct.object.kind == VL_CEL_MAP &&
        vl_cel_map_get_str(run->direct.object, VL_SPAN_LIT("metadata"), &metadata))
        put(&m, "metadata", metadata);
    if (look->object.kind == VL_CEL_MAP && vl_cel_map_get_str(look->object, VL_SPAN_LIT("spec"), &spec))
        put(&m, "spec", spec);
    return made(run, &m);
}

static void look_at_pod(struct vl_policy_run *run)
{
    const struct vl_policy_request *q = run->request;
    const struct vl_doc_node *template = vl_kube_object_template(run->object);
    const struct vl_doc_node *old = run->old_object ? vl_kube_object_template(run->old_object) : NULL;
    const char *path = vl_kube_object_template_path(run->object);
    run->has_pod = template && path && path[0] != '\0' && q->subresource.len == 0;
    if (!run->has_pod)
        return;
    struct policy_look *pod = &run->pod;
    *pod = (struct policy_look){.subject = run->direct.subject, .root = template, .template_path = path};
    struct policy_subject *s = &pod->subject;
    s->group = VL_SPAN_EMPTY;
    s->version = VL_SPAN_LIT("v1");
    s->kind = VL_SPAN_LIT("Pod");
    s->generated = true;
    s->resource = VL_SPAN_LIT("pods");
    s->known = vl_kube_kind_named(s->kind);
    s->labels = q->object ? vl_doc_get(vl_doc_get(template, "metadata"), "labels") : NULL;
    s->old_labels = vl_doc_get(vl_doc_get(old, "metadata"), "labels");
    s->annotations = vl_doc_get(vl_doc_get(template, "metadata"), "annotations");
    pod->object = pod_value(run, run->new_object, s);
    pod->old_object = pod_value(run, run->old_object, s);
}

/* Any document: nothing but `object` is known of it. */
static int begin_payload(struct vl_policy_run *run, struct vl_err *err)
{
    run->payload = (struct vl_kube_object){.node = run->request->payload};
    run->object = run->new_object = &run->payload;
    run->old_object = NULL;
    run->namespace_object = NULL;
    run->namespace_assumed = false;
    run->direct = (struct policy_look){.root = run->payload.node,
        .template_path = "",
        .object = vl_cel_from_doc(run->payload.node),
        .old_object = vl_cel_null()};
    run->direct.subject.operation = VL_SPAN_LIT("CREATE");
    return vl_kube_node_hash(run->payload.node, run->hash, err);
}

int policy_run_begin(struct vl_policy_run *run, const struct vl_policy_request *request, struct vl_err *err)
{
    vl_arena_reset(run->arena);
    run->request = request;
    run->object = request->object ? request->object : request->old_object;
    run->has_namespace_value = run->has_pod = false;
    if (request->payload)
        return begin_payload(run, err);
    if (!run->object)
        return vl_err_set(err, VL_ERR_INVALID, "a request has neither object nor oldObject");
    int r = without_nulls(run, request->object, 0, &run->new_object, err);
    if (r == 0)
        r = without_nulls(run, request->old_object, 1, &run->old_object, err);
    if (r < 0)
        return r;
    run->direct = (struct policy_look){.root = run->object->node,
        .template_path = "",
        .object = object_value(run->new_object),
        .old_object = object_value(run->old_object)};
    struct policy_subject *s = &run->direct.subject;
    subject_from(s, run);
    if (!s->resource.len) {
        char *name = vl_arena_alloc(run->arena, VL_KUBE_RESOURCE_MAX);
        if (!name)
            return vl_arena_check(run->arena, "request", err);
        s->resource = vl_span_str(vl_kube_resource_name(s->group, s->kind, name));
    }
    const struct vl_map_slot *slot =
        s->is_namespace ? NULL : vl_map_get(&run->set->namespaces, s->namespace_name);
    run->namespace_object = run->given_namespace ? run->given_namespace : slot ? slot->value.ptr : NULL;
    run->namespace_assumed = s->namespace_name.len && !s->is_namespace && !run->namespace_object;
    if (s->namespace_name.len && !s->is_namespace)
        r = namespace_labels(run, s->namespace_name, &s->namespace_labels, err);
    if (r == 0)
        r = vl_kube_object_hash(run->object, run->hash, err);
    if (r == 0)
        look_at_pod(run);
    return r < 0 ? r : vl_arena_check(run->arena, "request", err);
}

/* --- AdmissionReview --- */

static int review_object(const struct vl_doc_node *node, const char *file, struct vl_kube_object *object,
    const struct vl_kube_object **ret, struct vl_err *err)
{
    *ret = NULL;
    if (!node || vl_doc_type(node) == VL_DOC_NULL)
        return 0;
    int r = vl_kube_object_view(node, file, object, err);
    if (r == 0)
        *ret = object;
    return r;
}

int vl_policy_request_review(const struct vl_doc_node *review, const char *file,
    struct vl_kube_object *object, struct vl_kube_object *old_object, struct vl_policy_request *ret,
    struct vl_err *err)
{
    const struct vl_doc_node *q = vl_doc_get(review, "request");
    struct vl_policy_request out = {.file = file};
    if (!vl_doc_is(q, VL_DOC_OBJECT))
        return vl_err_set(
            err, VL_ERR_INVALID, "%s:%u: an AdmissionReview without a request", file, vl_doc_line(review));
    int r = review_object(vl_doc_get(q, "object"), file, object, &out.object, err);
    if (r == 0)
        r = review_object(vl_doc_get(q, "oldObject"), file, old_object, &out.old_object, err);
    if (r < 0)
        return vl_err_wrap(err, "AdmissionReview");
    if (!out.object && !out.old_object)
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "%s:%u: an AdmissionReview with neither object nor oldObject", file, vl_doc_line(review));
    out.operation = vl_doc_get_str(q, "operation");
    out.resource = vl_doc_get_str(vl_doc_get(q, "resource"), "resource");
    out.subresource = vl_doc_get_str(q, "subResource");
    out.name = vl_doc_get_str(q, "name");
    out.namespace_name = vl_doc_get_str(q, "namespace");
    out.user_info = vl_doc_get(q, "userInfo");
    out.options = vl_doc_get(q, "options");
    out.dry_run = vl_doc_bool(vl_doc_get(q, "dryRun"));
    *ret = out;
    return 0;
}
