/* tests: env.c libraries.c lib_operators.c message.c
 * Which Kubernetes version has what: pkg/cel/environment/base.go of its API server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "env.h"
#include "message.h"

static struct vl_cel_env *new_env(unsigned minor, const char *container)
{
    struct vl_cel_env_options options = {
        .kubernetes_minor = minor, .container = container, .authorizer = true};
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cel_env_new(&options, &env, &err) < 0)
        fail_msg("%s", err.msg);
    return env;
}

static unsigned overloads(const struct vl_cel_env *env, const char *name)
{
    const struct vl_cel_env_function *f = vl_cel_env_find_function(env, vl_span_str(name));
    return f ? f->n : 0;
}

static void test_versions(void **state)
{
    (void)state;
    struct vl_cel_env *old VL_CLEANUP(vl_cel_env_cleanup) = new_env(27, NULL);
    struct vl_cel_env *now VL_CLEANUP(vl_cel_env_cleanup) = new_env(0, NULL);
    assert_int_equal(overloads(old, "_<_"), 8);
    assert_int_equal(overloads(now, "_<_"), 14);
    assert_int_equal(overloads(old, "_?._"), 0);
    assert_int_equal(overloads(now, "_?._"), 1);
    assert_int_equal(overloads(now, "nothing"), 0);
    assert_non_null(now->operators[VL_CEL_OP_ADD]);
    assert_null(vl_cel_env_find_type(old, VL_SPAN_LIT("net.IP")));
    assert_ptr_equal(vl_cel_env_find_type(now, VL_SPAN_LIT("net.IP")), &vl_cel_t_ip);
    assert_null(vl_cel_env_find_type(now, VL_SPAN_LIT("dyn"))); /* no type of an expression */
    assert_false(vl_cel_env_parse_options(old).optionals);
    assert_true(vl_cel_env_parse_options(now).optionals);
    assert_true(vl_cel_env_parse_options(now).two_variables);
    assert_false(vl_cel_env_parse_options(now).bindings);
}

static void test_variables(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, NULL);
    int first = vl_cel_env_index(env, "authorizer.requestResource") + 1; /* the authorizer's two come first */
    assert_int_equal(vl_cel_env_variable(env, "object", "dyn", &err), 0);
    assert_int_equal(vl_cel_env_variable(env, "a.b", "list(string)", &err), 0);
    assert_int_equal(vl_cel_env_index(env, "object"), first);
    assert_int_equal(vl_cel_env_index(env, "a.b"), first + 1);
    assert_int_equal(vl_cel_env_index(env, "a"), -1);
    assert_true(vl_cel_env_variable(env, "object", "dyn", &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    assert_true(vl_cel_env_variable(env, "c", "thing", &err) < 0);
    assert_true(vl_cel_env_variable(env, "", "dyn", &err) < 0);
}

static void test_too_many_variables(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, NULL);
    int r = 0;
    char name[16];
    for (int i = 0; r == 0 && i <= VL_CEL_VARIABLES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "v%d", i);
        r = vl_cel_env_variable(env, name, "dyn", &err);
    }
    assert_true(r < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

static void test_candidates(void **state)
{
    (void)state;
    static const char *const wanted[] = {"a.b.x.y", "a.x.y", "x.y"};
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, "a.b");
    struct vl_cel_candidates c;
    struct vl_span name;
    vl_cel_candidates_start(&c, env, VL_SPAN_LIT("x.y"));
    for (size_t i = 0; i < VL_ARRAY_LEN(wanted); i++) {
        assert_true(vl_cel_candidates_next(&c, &name));
        assert_true(vl_span_eq_str(name, wanted[i]));
    }
    assert_false(vl_cel_candidates_next(&c, &name));
    vl_cel_candidates_start(&c, env, VL_SPAN_LIT(".x"));
    assert_true(vl_cel_candidates_next(&c, &name));
    assert_true(vl_span_eq_str(name, "x"));
    assert_false(vl_cel_candidates_next(&c, &name));
}

static void test_messages(void **state)
{
    (void)state;
    struct vl_span duration = VL_SPAN_LIT("google.protobuf.Duration");
    assert_ptr_equal(vl_cel_message_type(duration), &vl_cel_t_duration);
    assert_ptr_equal(vl_cel_message_field(duration, VL_SPAN_LIT("nanos")), &vl_cel_t_int);
    assert_null(vl_cel_message_field(duration, VL_SPAN_LIT("secs")));
    assert_null(vl_cel_message_type(VL_SPAN_LIT("google.protobuf.FieldMask")));
}

static void test_refuses_versions_without_cel(void **state)
{
    (void)state;
    struct vl_cel_env_options options = {.kubernetes_minor = 22};
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_cel_env_new(&options, &env, &err) < 0);
    assert_non_null(strstr(err.msg, "1.22"));
    assert_null(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_too_many_variables),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_refuses_versions_without_cel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
