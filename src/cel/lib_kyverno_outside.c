/* Functions of Kyverno that an evaluation here cannot answer: they ask a cluster, a registry or the network,
 * or make what is another at every call. They compile, so that the rest of a policy is checked; who loads a
 * policy tells which it calls (vl_cel_program_refused), and a call is an error.
 *
 * Source: github.com/kyverno/sdk cel/libs (names and numbers of arguments). */
#include "lib_support.h"

#define CLUSTER  "it reads objects of a cluster"
#define NETWORK  "it calls a service over the network"
#define CHANCE   "its result is another at every evaluation"
#define NOT_HERE "it is not built"

#define ANY &vl_cel_t_dyn

#define REFUSED(ident, text, reason)                                                                      \
    static struct vl_cel_value ident(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n) \
    {                                                                                                     \
        (void)args, (void)n;                                                                              \
        return vl_cel_fail(run, "%s is not evaluated: %s", (text), (reason));                             \
    }                                                                                                     \
    static const struct vl_cel_overload ident##_overloads[] = {TAKES(ident, text, reason, 0, false),      \
        TAKES(ident, text, reason, 1, false), TAKES(ident, text, reason, 2, false),                       \
        TAKES(ident, text, reason, 3, false), TAKES(ident, text, reason, 4, false),                       \
        TAKES(ident, text, reason, 5, false)}
#define TAKEN(count, i) ((count) > (i) ? ANY : NULL)
#define TAKES(ident, text, reason, count, is_member)                                                   \
    {.id = text "_" #count,                                                                            \
        .member = (is_member),                                                                         \
        .n_args = (count),                                                                             \
        .args = {TAKEN(count, 0), TAKEN(count, 1), TAKEN(count, 2), TAKEN(count, 3), TAKEN(count, 4)}, \
        .result = ANY,                                                                                 \
        .call = (ident),                                                                               \
        .refused = (reason)}

REFUSED(resource_post, "resource.Post", CLUSTER);
REFUSED(resource_gvr, "resource.ToGVR", CLUSTER);
REFUSED(http_put, "http.Put", NETWORK);
REFUSED(http_client, "http.Client", NETWORK);
REFUSED(random_text, "random", CHANCE);
REFUSED(certificate, "x509.decode", NOT_HERE);

/* Of what http.Client() gives. */
static struct vl_cel_value of_client(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)args, (void)n;
    return vl_cel_fail(run, "http.Client is not evaluated: " NETWORK);
}
static const struct vl_cel_overload of_client_overloads[] = {
    TAKES(of_client, "http.Client.call", NETWORK, 2, true),
    TAKES(of_client, "http.Client.call", NETWORK, 3, true),
    TAKES(of_client, "http.Client.call", NETWORK, 4, true)};

#define FUNCTION(text, ident) {(text), ident##_overloads, VL_ARRAY_LEN(ident##_overloads)}
/* Newer versions of Kyverno have the names in lower case, too. */
static const struct vl_cel_function functions[] = {
    FUNCTION("resource.Post", resource_post),
    FUNCTION("resource.post", resource_post),
    FUNCTION("resource.ToGVR", resource_gvr),
    FUNCTION("resource.toGVR", resource_gvr),
    FUNCTION("http.Put", http_put),
    FUNCTION("http.put", http_put),
    FUNCTION("http.Client", http_client),
    FUNCTION("http.client", http_client),
    FUNCTION("Get", of_client),
    FUNCTION("get", of_client),
    FUNCTION("Post", of_client),
    FUNCTION("post", of_client),
    FUNCTION("random", random_text),
    FUNCTION("random.random", random_text),
    FUNCTION("x509.decode", certificate),
};

const struct vl_cel_library vl_cel_lib_kyverno_outside = {
    .name = "kyverno.outside", .functions = functions, .n = VL_ARRAY_LEN(functions), .kyverno = true};
