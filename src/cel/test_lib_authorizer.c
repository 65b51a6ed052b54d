/* tests: lib_authorizer.c
 * Facts: costs of Kubernetes' TestAuthzLibrary; messages of its authz.go. */
#include "test_lib.h"

#include <stdio.h>
#include <string.h>

#include "cel/cel.h"

struct said {
    char last[600]; /* what was asked: path group resource subresource namespace name verb fields labels
                       account */
    int answer;
    const char *reason;
};

static int decide(void *user, const struct vl_cel_authorizer_request *request, struct vl_span *ret_reason)
{
    struct said *said = user;
    snprintf(said->last, sizeof(said->last), "%s%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s",
        request->is_resource ? "" : "path ", VL_SPAN_FMT(request->path), VL_SPAN_FMT(request->group),
        VL_SPAN_FMT(request->resource), VL_SPAN_FMT(request->subresource),
        VL_SPAN_FMT(request->namespace_name), VL_SPAN_FMT(request->name), VL_SPAN_FMT(request->verb),
        VL_SPAN_FMT(request->field_selector), VL_SPAN_FMT(request->label_selector),
        VL_SPAN_FMT(request->service_account_name));
    *ret_reason = vl_span_str(said->reason);
    return said->answer;
}

static struct said said;
static uint64_t cost;

/* The value of an expression as text. */
static const char *answer(unsigned minor, const char *expression, const struct vl_cel_authorizer *authorizer)
{
    static char text[1000];
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = NULL;
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    const struct vl_cel_env_options options = {.kubernetes_minor = minor, .authorizer = true};
    assert_int_equal(vl_cel_env_new(&options, &env, &err), 0);
    if (vl_cel_compile(env, vl_span_str(expression), &program, &err) < 0)
        return "refused";
    vl_cel_run_reset(run, VL_CEL_COST_POLICY_MAX);
    vl_cel_run_authorizer(run, authorizer);
    vl_cel_bind(run, (unsigned)vl_cel_env_index(env, "authorizer"), vl_cel_authorizer_value(run));
    const struct vl_cel_authorizer_request resource = {
        .resource = VL_SPAN_LIT("pods"), .namespace_name = VL_SPAN_LIT("test"), .name = VL_SPAN_LIT("p")};
    vl_cel_bind(run, (unsigned)vl_cel_env_index(env, "authorizer.requestResource"),
        vl_cel_authorizer_resource(run, &resource));
    struct vl_cel_value value;
    assert_int_equal(vl_cel_eval(run, program, &value, &cost, &err), 0);
    snprintf(text, sizeof(text), "%s", lib_text(value));
    return text;
}

#define CHAIN                                                                                         \
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('" \
    "backend')"

static void test_chain(void **state)
{
    (void)state;
    const struct vl_cel_authorizer authorizer = {.decide = decide, .user = &said};
    said = (struct said){.answer = 1, .reason = "because"};
    assert_string_equal(answer(0, CHAIN ".check('create').allowed()", &authorizer), "true");
    assert_int_equal(cost, 350007);
    assert_string_equal(said.last, "|apps|deployments|status|test|backend|create|||");
    assert_string_equal(answer(0, CHAIN ".check('create').reason()", &authorizer), "\"because\"");
    assert_string_equal(answer(0, "authorizer.path('/healthz').check('get').allowed()", &authorizer), "true");
    assert_string_equal(said.last, "path /healthz||||||get|||");
    assert_string_equal(
        answer(0,
            "authorizer.serviceAccount('default','x').group('').resource('pods').check('get').errored()",
            &authorizer),
        "false");
    assert_string_equal(said.last, "||pods||||get|||x");
    assert_string_equal(answer(0, "authorizer.requestResource.check('get').allowed()", &authorizer), "true");
    assert_string_equal(said.last, "||pods||test|p|get|||");
}

static void test_answers(void **state)
{
    (void)state;
    const struct vl_cel_authorizer authorizer = {.decide = decide, .user = &said};
    said = (struct said){.answer = 0, .reason = "no"};
    assert_string_equal(answer(0, CHAIN ".check('create').allowed()", &authorizer), "false");
    said = (struct said){.answer = -5, .reason = "it is away"};
    assert_string_equal(answer(0, CHAIN ".check('create').allowed()", &authorizer), "false");
    assert_string_equal(answer(0, CHAIN ".check('create').errored()", &authorizer), "true");
    assert_string_equal(answer(0, CHAIN ".check('create').error()", &authorizer), "\"it is away\"");
    assert_string_equal(answer(0, CHAIN ".check('create').reason()", &authorizer), "\"\"");
    assert_string_equal(answer(0, CHAIN ".check('create').allowed()", NULL),
        "error: nobody is here to answer what the authorizer is asked");
    assert_string_equal(answer(0, "authorizer.path(' ')", &authorizer), "error: path must not be empty");
    assert_string_equal(
        answer(0, "authorizer.group('').resource('')", &authorizer), "error: resource must not be empty");
    assert_string_equal(answer(0, "authorizer.serviceAccount('a b','x')", &authorizer),
        "error: Invalid service account namespace");
    assert_string_equal(
        answer(0, "authorizer.serviceAccount('a','X')", &authorizer), "error: Invalid service account name");
    assert_string_equal(answer(0, "authorizer == authorizer", &authorizer), "error: no such overload");
}

static void test_selectors(void **state)
{
    (void)state;
    const struct vl_cel_authorizer authorizer = {.decide = decide, .user = &said};
    said = (struct said){.answer = 1, .reason = ""};
    static const char label[] =
        "authorizer.group('').resource('pods').labelSelector('spec.nodeName="
        "example-node-name.fully.qualified.domain.name.example.com').check('get').allowed()";
    assert_string_equal(answer(0, label, &authorizer), "true");
    assert_int_equal(cost, 1821 + 350001);
    assert_non_null(strstr(said.last, "|spec.nodeName=example-node-name"));
    assert_string_equal(answer(30, label, &authorizer), "refused");
    assert_string_equal(answer(26, "authorizer.path('/x')", &authorizer), "refused");
    assert_string_equal(
        answer(0, "authorizer.group('').resource('pods').fieldSelector('a=b').check('list').allowed()",
            &authorizer),
        "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_selectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
