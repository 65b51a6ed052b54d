/* Functions of Kyverno that ask a cluster, a registry, its global context or the network. Who evaluates may
 * have the answers (vl_cel_run_outside: a test suite brings them in a file); where nobody answers, a call is
 * an error.
 *
 * Source: github.com/kyverno/sdk cel/libs/{resource,imagedata,globalcontext,http} (signatures, texts). */
#include "lib_support.h"
#include "run_impl.h"

#define CLUSTER  "it reads objects of a cluster"
#define NETWORK  "it calls a service over the network"
#define REGISTRY "it reads an image from its registry"

static struct vl_cel_value nobody(struct vl_cel_run *run, const char *function, const char *why)
{
    return vl_cel_fail(run, "%s is not evaluated: %s", function, why);
}

static bool are_texts(const struct vl_cel_value *args, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (args[i].kind != VL_CEL_STRING)
            return false;
    }
    return true;
}

static struct vl_cel_value ask(
    struct vl_cel_run *run, const struct vl_cel_question *question, const char *failure)
{
    struct vl_cel_value value = vl_cel_null();
    const char *why = "no reason is known";
    if (!vl_cel_charge(run, run->outside.price))
        return vl_cel_error_cost();
    if (run->outside.answer(run->outside.user, question, vl_cel_run_arena(run), &value, &why))
        return value;
    return vl_cel_fail(run, "%s%s", failure, why);
}

/* (apiVersion, resource, namespace, name), in a namespaced policy without the namespace. */
static struct vl_cel_value resource_get(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_question q = {.kind = VL_CEL_ASK_OBJECT, .labels = vl_cel_null()};
    if (!run->outside.answer)
        return nobody(run, "resource.Get", CLUSTER);
    if (n > 4)
        return nobody(run, "resource.Get with subresources", CLUSTER);
    if (!are_texts(args, n))
        return vl_cel_no_overload(run);
    q.api_version = vl_cel_span(args[0]);
    q.resource = vl_cel_span(args[1]);
    q.own_namespace = n == 3;
    if (n == 4)
        q.namespace_name = vl_cel_span(args[2]);
    q.name = vl_cel_span(args[n - 1]);
    return ask(run, &q, "failed to get resource: ");
}

/* (apiVersion, resource, namespace[, labels]), in a namespaced policy without the namespace. */
static struct vl_cel_value resource_list(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_question q = {.kind = VL_CEL_ASK_OBJECTS, .labels = vl_cel_null()};
    if (!run->outside.answer)
        return nobody(run, "resource.List", CLUSTER);
    if (args[n - 1].kind == VL_CEL_MAP)
        q.labels = args[--n];
    if (n < 2 || n > 3 || !are_texts(args, n))
        return vl_cel_no_overload(run);
    q.api_version = vl_cel_span(args[0]);
    q.resource = vl_cel_span(args[1]);
    q.own_namespace = n == 2;
    if (n == 3)
        q.namespace_name = vl_cel_span(args[2]);
    return ask(run, &q, "failed to list resource: ");
}

static struct vl_cel_value image_data(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_question q = {.kind = VL_CEL_ASK_IMAGE, .labels = vl_cel_null()};
    if (!run->outside.answer)
        return nobody(run, "image.GetMetadata", REGISTRY);
    if (!are_texts(args, n))
        return vl_cel_no_overload(run);
    q.name = vl_cel_span(args[0]);
    return ask(run, &q, "failed to get image data: ");
}

static struct vl_cel_value global(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_question q = {.kind = VL_CEL_ASK_GLOBAL, .labels = vl_cel_null()};
    if (!run->outside.answer)
        return nobody(run, "globalContext.Get", CLUSTER);
    if (!are_texts(args, n))
        return vl_cel_no_overload(run);
    q.name = vl_cel_span(args[0]);
    if (n == 2)
        q.projection = vl_cel_span(args[1]);
    return ask(run, &q, "failed to get global reference: ");
}

static struct vl_cel_value http(
    struct vl_cel_run *run, const struct vl_cel_value *url, const char *function, const char *method)
{
    struct vl_cel_question q = {
        .kind = VL_CEL_ASK_HTTP, .projection = vl_span_str(method), .labels = vl_cel_null()};
    if (!run->outside.answer)
        return nobody(run, function, NETWORK);
    if (url->kind != VL_CEL_STRING)
        return vl_cel_no_overload(run);
    q.name = vl_cel_span(*url);
    return ask(run, &q, "request failed: ");
}

static struct vl_cel_value http_get(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return http(run, args, "http.Get", "GET");
}

static struct vl_cel_value http_post(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return http(run, args, "http.Post", "POST");
}

#define ANY             &vl_cel_t_dyn
#define TAKEN(count, i) ((count) > (i) ? ANY : NULL)
#define TAKES(ident, text, reason, count)                                                              \
    {.id = text "_" #count,                                                                            \
        .n_args = (count),                                                                             \
        .args = {TAKEN(count, 0), TAKEN(count, 1), TAKEN(count, 2), TAKEN(count, 3), TAKEN(count, 4)}, \
        .result = ANY,                                                                                 \
        .call = (ident),                                                                               \
        .refused = (reason),                                                                           \
        .asks = true}

static const struct vl_cel_overload resource_get_overloads[] = {
    TAKES(resource_get, "resource.Get", CLUSTER, 3),
    TAKES(resource_get, "resource.Get", CLUSTER, 4),
    TAKES(resource_get, "resource.Get", CLUSTER, 5),
};
static const struct vl_cel_overload resource_list_overloads[] = {
    TAKES(resource_list, "resource.List", CLUSTER, 2),
    TAKES(resource_list, "resource.List", CLUSTER, 3),
    TAKES(resource_list, "resource.List", CLUSTER, 4),
};
static const struct vl_cel_overload image_data_overloads[] = {
    TAKES(image_data, "image.GetMetadata", REGISTRY, 1),
};
static const struct vl_cel_overload global_overloads[] = {
    TAKES(global, "globalContext.Get", CLUSTER, 1),
    TAKES(global, "globalContext.Get", CLUSTER, 2),
};
static const struct vl_cel_overload http_get_overloads[] = {
    TAKES(http_get, "http.Get", NETWORK, 1),
    TAKES(http_get, "http.Get", NETWORK, 2),
};
static const struct vl_cel_overload http_post_overloads[] = {
    TAKES(http_post, "http.Post", NETWORK, 2),
    TAKES(http_post, "http.Post", NETWORK, 3),
};

#define FUNCTION(text, ident) {(text), ident##_overloads, VL_ARRAY_LEN(ident##_overloads)}
/* Newer versions of Kyverno have the names in lower case, too. */
static const struct vl_cel_function functions[] = {
    FUNCTION("resource.Get", resource_get),
    FUNCTION("resource.get", resource_get),
    FUNCTION("resource.List", resource_list),
    FUNCTION("resource.list", resource_list),
    FUNCTION("image.GetMetadata", image_data),
    FUNCTION("image.getMetadata", image_data),
    FUNCTION("globalContext.Get", global),
    FUNCTION("globalContext.get", global),
    FUNCTION("http.Get", http_get),
    FUNCTION("http.get", http_get),
    FUNCTION("http.Post", http_post),
    FUNCTION("http.post", http_post),
};

const struct vl_cel_library vl_cel_lib_kyverno_ask = {
    .name = "kyverno.ask", .functions = functions, .n = VL_ARRAY_LEN(functions), .kyverno = true};
