/* The outer shape of built-in objects: what an API server refuses to decode before anything looks at it.
 *
 * Source: Kubernetes API reference, core/v1 PodSpec and Container, meta/v1 ObjectMeta. Only fields that
 * checks read; the rest is the API server's to test. */
#include <stdio.h>
#include <string.h>

#include "kube/object.h"

enum wanted { OBJECT, ARRAY, OBJECTS, TEXT, TEXTS, BOOLEAN };

static const char *const words[] = {[OBJECT] = "an object",
    [ARRAY] = "an array",
    [OBJECTS] = "an array of objects",
    [TEXT] = "a string",
    [TEXTS] = "an array of strings",
    [BOOLEAN] = "true or false"};

struct field {
    const char *name;
    enum wanted wanted;
};

static const struct field root_fields[] = {{"metadata", OBJECT}, {NULL, OBJECT}};
static const struct field meta_fields[] = {{"name", TEXT}, {"namespace", TEXT}, {"generateName", TEXT},
    {"labels", OBJECT}, {"annotations", OBJECT}, {NULL, OBJECT}};
static const struct field spec_fields[] = {{"spec", OBJECT}, {NULL, OBJECT}};
static const struct field pod_fields[] = {{"containers", OBJECTS}, {"initContainers", OBJECTS},
    {"ephemeralContainers", OBJECTS}, {"volumes", OBJECTS}, {"imagePullSecrets", OBJECTS},
    {"tolerations", OBJECTS}, {"hostAliases", OBJECTS}, {"securityContext", OBJECT}, {"affinity", OBJECT},
    {"nodeSelector", OBJECT}, {"hostNetwork", BOOLEAN}, {"hostPID", BOOLEAN}, {"hostIPC", BOOLEAN},
    {"hostUsers", BOOLEAN}, {"shareProcessNamespace", BOOLEAN}, {"automountServiceAccountToken", BOOLEAN},
    {"serviceAccountName", TEXT}, {"runtimeClassName", TEXT}, {"nodeName", TEXT}, {NULL, OBJECT}};
static const struct field container_fields[] = {{"name", TEXT}, {"image", TEXT}, {"imagePullPolicy", TEXT},
    {"command", TEXTS}, {"args", TEXTS}, {"ports", OBJECTS}, {"env", OBJECTS}, {"envFrom", OBJECTS},
    {"volumeMounts", OBJECTS}, {"resources", OBJECT}, {"securityContext", OBJECT}, {"lifecycle", OBJECT},
    {"livenessProbe", OBJECT}, {"readinessProbe", OBJECT}, {"startupProbe", OBJECT}, {NULL, OBJECT}};
static const struct field security_fields[] = {{"privileged", BOOLEAN}, {"allowPrivilegeEscalation", BOOLEAN},
    {"readOnlyRootFilesystem", BOOLEAN}, {"runAsNonRoot", BOOLEAN}, {"capabilities", OBJECT},
    {"seccompProfile", OBJECT}, {"seLinuxOptions", OBJECT}, {"windowsOptions", OBJECT},
    {"appArmorProfile", OBJECT}, {NULL, OBJECT}};
static const struct field capability_fields[] = {{"add", TEXTS}, {"drop", TEXTS}, {NULL, OBJECT}};

struct shape {
    struct vl_kube_shape *ret;
    bool fits;
};

static bool is(const struct vl_doc_node *node, enum wanted wanted, const struct vl_doc_node **ret_bad)
{
    static const enum vl_doc_type types[] = {[OBJECT] = VL_DOC_OBJECT,
        [ARRAY] = VL_DOC_ARRAY,
        [OBJECTS] = VL_DOC_ARRAY,
        [TEXT] = VL_DOC_STRING,
        [TEXTS] = VL_DOC_ARRAY,
        [BOOLEAN] = VL_DOC_BOOL};
    *ret_bad = node;
    if (!node || vl_doc_type(node) == VL_DOC_NULL)
        return true;
    if (!vl_doc_is(node, types[wanted]))
        return false;
    if (wanted != OBJECTS && wanted != TEXTS)
        return true;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        *ret_bad = n;
        if (!vl_doc_is(n, wanted == OBJECTS ? VL_DOC_OBJECT : VL_DOC_STRING))
            return false;
    }
    return true;
}

/* Remembers the first that does not fit. */
static void check(
    struct shape *s, const struct vl_doc_node *node, const char *path, const struct field *fields)
{
    for (; fields->name && s->fits; fields++) {
        const struct vl_doc_node *bad;
        if (is(vl_doc_get(node, fields->name), fields->wanted, &bad))
            continue;
        s->fits = false;
        s->ret->node = bad;
        s->ret->wanted = words[fields->wanted];
        (void)snprintf(s->ret->path, sizeof(s->ret->path), "%s%s%s", path, path[0] ? "." : "", fields->name);
    }
}

static void check_container(struct shape *s, const struct vl_doc_node *c, const char *path)
{
    char inner[VL_KUBE_SHAPE_PATH_MAX];
    const struct vl_doc_node *security = vl_doc_get(c, "securityContext");
    check(s, c, path, container_fields);
    (void)snprintf(inner, sizeof(inner), "%.200s.securityContext", path);
    check(s, security, inner, security_fields);
    (void)snprintf(inner, sizeof(inner), "%.200s.securityContext.capabilities", path);
    check(s, vl_doc_get(security, "capabilities"), inner, capability_fields);
}

static void check_pod(struct shape *s, const struct vl_doc_node *spec, const char *path)
{
    static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
    char inner[VL_KUBE_SHAPE_PATH_MAX];
    check(s, spec, path, pod_fields);
    (void)snprintf(inner, sizeof(inner), "%.200s.securityContext", path);
    check(s, vl_doc_get(spec, "securityContext"), inner, security_fields);
    for (size_t i = 0; i < VL_ARRAY_LEN(lists) && s->fits; i++) {
        const struct vl_doc_node *list = vl_doc_get(spec, lists[i]);
        size_t n = 0;
        for (const struct vl_doc_node *c = vl_doc_first(list); c && s->fits; c = vl_doc_next(c), n++) {
            (void)snprintf(inner, sizeof(inner), "%.150s.%s[%zu]", path, lists[i], n);
            check_container(s, c, inner);
        }
    }
}

bool vl_kube_object_fits(const struct vl_kube_object *object, struct vl_kube_shape *ret)
{
    struct shape s = {.ret = ret, .fits = true};
    check(&s, object->node, "", root_fields);
    check(&s, vl_doc_get(object->node, "metadata"), "metadata", meta_fields);
    if (!s.fits || !object->known)
        return s.fits;
    const char *template_path = vl_kube_object_template_path(object);
    if (!template_path)
        return true;
    char path[VL_KUBE_SHAPE_PATH_MAX];
    const struct vl_doc_node *node = object->node;
    struct vl_span rest = vl_span_str(template_path), part;
    /* spec, template … on the way are objects, too. */
    size_t len = 0;
    path[0] = '\0';
    while (s.fits && vl_span_split(&rest, '.', &part) && len + part.len + 2 < sizeof(path) / 2) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%.*s", VL_SPAN_FMT(vl_span_slice(part, 0, 60)));
        const struct field step[] = {{name, OBJECT}, {NULL, OBJECT}};
        check(&s, node, path, step);
        node = vl_doc_get_span(node, part);
        len += (size_t)snprintf(path + len, sizeof(path) - len, "%s%s", len ? "." : "", name);
    }
    check(&s, node, path, spec_fields);
    (void)snprintf(path + len, sizeof(path) - len, "%sspec", len ? "." : "");
    check_pod(&s, vl_doc_get(node, "spec"), path);
    return s.fits;
}
