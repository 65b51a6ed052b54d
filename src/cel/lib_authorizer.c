/* The authorizer: authorizer.group('apps').resource('deployments').check('create').allowed(). Decisions come
 * from outside (vl_cel_run_authorizer). Source: k8s.io/apiserver pkg/cel/library/authz.go (behaviour and
 * prices). */
#include <string.h>

#include "lib_format.h"
#include "lib_support.h"
#include "run_impl.h"

#define SINCE           27
#define SELECTORS_SINCE 31
#define CHECK_COST      350000 /* two checks fit into one evaluation */
#define REQUIREMENT     50     /* a selector has at most one requirement for every two characters */

/* All of them: what was asked so far. */
struct question {
    const struct vl_cel_opaque_ops *ops;
    struct vl_cel_authorizer_request request;
};

struct decision {
    const struct vl_cel_opaque_ops *ops;
    int answer; /* of vl_cel_authorizer.decide */
    struct vl_span reason;
};

static bool never_equal(const void *a, const void *b)
{
    (void)a, (void)b;
    return false;
}

static void no_text(const void *payload, struct vl_buf *out)
{
    (void)payload;
    vl_buf_append_str(out, "no such overload"); /* what upstream prints, too */
}

#define OPS(ident, name)                                                                                \
    static const struct vl_cel_opaque_ops ident##_ops = {.type_name = "kubernetes.authorization." name, \
        .equal = never_equal,                                                                           \
        .comparable = never_equal,                                                                      \
        .text = no_text}
OPS(authorizer, "Authorizer");
OPS(path, "PathCheck");
OPS(group, "GroupCheck");
OPS(resource, "ResourceCheck");
OPS(decision, "Decision");

static struct vl_cel_value make(struct vl_cel_run *run, const struct vl_cel_opaque_ops *ops,
    const struct vl_cel_authorizer_request *request)
{
    struct question *made = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*made));
    if (!made)
        return vl_cel_no_room(run);
    *made = (struct question){.ops = ops, .request = *request};
    return vl_cel_opaque(VL_CEL_AUTHORIZER, made);
}

struct vl_cel_value vl_cel_authorizer_value(struct vl_cel_run *run)
{
    const struct vl_cel_authorizer_request request = {0};
    return make(run, &authorizer_ops, &request);
}

struct vl_cel_value vl_cel_authorizer_resource(
    struct vl_cel_run *run, const struct vl_cel_authorizer_request *request)
{
    struct vl_cel_authorizer_request made = *request;
    made.is_resource = true;
    return make(run, &resource_ops, &made);
}

static struct vl_cel_authorizer_request asked(struct vl_cel_value value)
{
    return ((const struct question *)value.as.payload)->request;
}

static struct vl_cel_value ask_path(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_authorizer_request request = asked(args[0]);
    if (vl_cel_is_blank(vl_cel_span(args[1])))
        return vl_cel_fail(run, "path must not be empty");
    request.path = vl_cel_span(args[1]);
    return make(run, &path_ops, &request);
}

static struct vl_cel_value ask_group(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_authorizer_request request = asked(args[0]);
    request.group = vl_cel_span(args[1]);
    return make(run, &group_ops, &request);
}

static struct vl_cel_value service_account(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_authorizer_request request = asked(args[0]);
    request.service_account_namespace = vl_cel_span(args[1]);
    request.service_account_name = vl_cel_span(args[2]);
    if (!vl_cel_format_matches(run, "dns1123Subdomain", request.service_account_name))
        return vl_cel_fail(run, "Invalid service account name");
    if (!vl_cel_format_matches(run, "dns1123Label", request.service_account_namespace))
        return vl_cel_fail(run, "Invalid service account namespace");
    return make(run, &authorizer_ops, &request);
}

static struct vl_cel_value ask_resource(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_authorizer_request request = asked(args[0]);
    if (vl_cel_is_blank(vl_cel_span(args[1])))
        return vl_cel_fail(run, "resource must not be empty");
    request.is_resource = true;
    request.resource = vl_cel_span(args[1]);
    return make(run, &resource_ops, &request);
}

#define FIELD(ident)                                                         \
    static struct vl_cel_value ask_##ident(                                  \
        struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n) \
    {                                                                        \
        (void)n;                                                             \
        struct vl_cel_authorizer_request request = asked(args[0]);           \
        request.ident = vl_cel_span(args[1]);                                \
        return make(run, &resource_ops, &request);                           \
    }
FIELD(subresource)
FIELD(namespace_name)
FIELD(name)
FIELD(field_selector)
FIELD(label_selector)

static struct vl_cel_value check(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_authorizer_request request = asked(args[0]);
    request.verb = vl_cel_span(args[1]);
    if (!run->has_authorizer || !run->authorizer.decide)
        return vl_cel_fail(run, "nobody is here to answer what the authorizer is asked");
    struct decision *made = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*made));
    if (!made)
        return vl_cel_no_room(run);
    struct vl_span reason = VL_SPAN_EMPTY;
    made->ops = &decision_ops;
    made->answer = run->authorizer.decide(run->authorizer.user, &request, &reason);
    struct vl_cel_value kept = vl_cel_text_copy(run, reason);
    if (kept.kind == VL_CEL_ERROR)
        return kept;
    made->reason = vl_cel_span(kept);
    return vl_cel_opaque(VL_CEL_AUTHORIZER, made);
}

static const struct decision *decision_of(struct vl_cel_value value)
{
    return value.as.payload;
}

static struct vl_cel_value allowed(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(decision_of(args[0])->answer == 1);
}

static struct vl_cel_value errored(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(decision_of(args[0])->answer < 0);
}

/* What the authorizer said is its error or its reason. */
static struct vl_cel_value error_text(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct decision *decision = decision_of(args[0]);
    return vl_cel_string(decision->answer < 0 ? decision->reason : VL_SPAN_EMPTY);
}

static struct vl_cel_value reason_text(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct decision *decision = decision_of(args[0]);
    return vl_cel_string(decision->answer < 0 ? VL_SPAN_EMPTY : decision->reason);
}

static uint64_t price_check(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)args, (void)n, (void)result;
    return CHECK_COST;
}

static struct vl_cel_range estimate_check(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)args, (void)n, (void)ret_size;
    return vl_cel_range_fixed(CHECK_COST);
}

static struct vl_cel_range selector_cost(struct vl_cel_range length)
{
    struct vl_cel_range requirements = vl_cel_range_factor(length, 0.5);
    struct vl_cel_range cost = vl_cel_range_add(
        vl_cel_range_fixed(VL_CEL_COST_LIST), vl_cel_range_factor(length, VL_CEL_COST_TRAVERSAL));
    return vl_cel_range_add(cost, vl_cel_range_factor(requirements, REQUIREMENT));
}

static uint64_t price_selector(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    return n < 2 ? 1 : selector_cost(vl_cel_range_fixed(vl_cel_price_size(args[1]))).max;
}

static struct vl_cel_range estimate_selector(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)ret_size;
    return n < 2 ? vl_cel_range_fixed(1) : selector_cost(args[1].size);
}

#define A        &vl_cel_t_authorizer
#define PATH     &vl_cel_t_path_check
#define GROUP    &vl_cel_t_group_check
#define RESOURCE &vl_cel_t_resource_check
#define DECISION &vl_cel_t_decision
#define STRING   &vl_cel_t_string
#define BOOL     &vl_cel_t_bool
#define ONE(ident, text, type, result, call)        \
    static const struct vl_cel_overload ident[] = { \
        {(text), true, 2, SINCE, 0, {(type), STRING}, (result), (call), VL_CEL_PRICE_ONE}}
#define ANSWER(ident, text, result, call)           \
    static const struct vl_cel_overload ident[] = { \
        {(text), true, 1, SINCE, 0, {DECISION}, (result), (call), VL_CEL_PRICE_ONE}}
#define SELECTOR(ident, text, call)                                                                          \
    static const struct vl_cel_overload ident[] = {{(text), true, 2, SELECTORS_SINCE, 0, {RESOURCE, STRING}, \
        RESOURCE, (call), {price_selector, price_selector, estimate_selector}}}

ONE(path_overloads, "authorizer_path", A, PATH, ask_path);
ONE(group_overloads, "authorizer_group", A, GROUP, ask_group);
ONE(resource_overloads, "groupcheck_resource", GROUP, RESOURCE, ask_resource);
ONE(subresource_overloads, "resourcecheck_subresource", RESOURCE, RESOURCE, ask_subresource);
ONE(namespace_overloads, "resourcecheck_namespace", RESOURCE, RESOURCE, ask_namespace_name);
ONE(name_overloads, "resourcecheck_name", RESOURCE, RESOURCE, ask_name);
ANSWER(errored_overloads, "decision_errored", BOOL, errored);
ANSWER(error_overloads, "decision_error", STRING, error_text);
ANSWER(allowed_overloads, "decision_allowed", BOOL, allowed);
ANSWER(reason_overloads, "decision_reason", STRING, reason_text);
SELECTOR(field_overloads, "authorizer_fieldselector", ask_field_selector);
SELECTOR(label_overloads, "authorizer_labelselector", ask_label_selector);

static const struct vl_cel_overload account_overloads[] = {
    {"authorizer_serviceaccount", true, 3, SINCE, 0, {A, STRING, STRING}, A, service_account,
        VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload check_overloads[] = {
    {"pathcheck_check", true, 2, SINCE, 0, {PATH, STRING}, DECISION, check,
        {price_check, price_check, estimate_check}},
    {"resourcecheck_check", true, 2, SINCE, 0, {RESOURCE, STRING}, DECISION, check,
        {price_check, price_check, estimate_check}},
};

static const struct vl_cel_function functions[] = {
    {"path", path_overloads, 1},
    {"group", group_overloads, 1},
    {"serviceAccount", account_overloads, 1},
    {"resource", resource_overloads, 1},
    {"subresource", subresource_overloads, 1},
    {"namespace", namespace_overloads, 1},
    {"name", name_overloads, 1},
    {"check", check_overloads, VL_ARRAY_LEN(check_overloads)},
    {"errored", errored_overloads, 1},
    {"error", error_overloads, 1},
    {"allowed", allowed_overloads, 1},
    {"reason", reason_overloads, 1},
    {"fieldSelector", field_overloads, 1},
    {"labelSelector", label_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_authorizer = {
    .name = "kubernetes.authz", .functions = functions, .n = VL_ARRAY_LEN(functions)};
