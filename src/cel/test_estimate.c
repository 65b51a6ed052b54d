/* tests: estimate.c
 * Numbers are those of cel-go's own tests of its estimator (checker/cost_test.go) and of Kubernetes' for its
 * libraries; the rest of them is in test_foreign_check.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "estimate.h"

static struct vl_cel_range estimate(
    const struct vl_cel_env *env, const char *text, const struct vl_cel_estimate_options *options)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(64UL * 1024 * 1024);
    struct vl_cel_parse_options parse_options = vl_cel_env_parse_options(env);
    struct vl_cel_issues issues = {.text = vl_span_str(text), .arena = arena};
    struct vl_cel_parsed tree = {0};
    struct vl_err err = VL_ERR_INIT;
    if (vl_cel_parse(issues.text, &parse_options, arena, &issues, &tree, &err) < 0 ||
        vl_cel_check(env, &tree, arena, &issues, &err) < 0)
        fail_msg("%s: %s", text, err.msg);
    return vl_cel_estimate_with(tree.root, options);
}

static struct vl_cel_env *new_env(void)
{
    struct vl_cel_env_options options = {.kubernetes_minor = 36};
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cel_env_new(&options, &env, &err) < 0)
        fail_msg("%s", err.msg);
    return env;
}

struct wanted {
    const char *text;
    uint64_t min, max;
};

static void assert_costs(const struct vl_cel_env *env, const struct wanted *wanted, size_t n, bool has_costs)
{
    struct vl_cel_estimate_options options = {.has_costs = has_costs, .text_max = UINT64_MAX};
    for (size_t i = 0; i < n; i++) {
        struct vl_cel_range got = estimate(env, wanted[i].text, &options);
        if (got.min != wanted[i].min || got.max != wanted[i].max)
            fail_msg("%s: [%llu, %llu], wanted [%llu, %llu]", wanted[i].text, (unsigned long long)got.min,
                (unsigned long long)got.max, (unsigned long long)wanted[i].min,
                (unsigned long long)wanted[i].max);
    }
}

static void test_literals(void **state)
{
    static const struct wanted wanted[] = {
        {"\"Hello World!\"", 0, 0},
        {"[1, 2, 3]", 10, 10},
        {"{\"a\": 1, \"b\": 2, \"c\": 3}", 30, 30},
        {"[1, 2, 3].all(x, true)", 20, 20},
        {"'123'.matches('[0-9]')", 2, 2},
        {"true || false", 0, 0},
        {"true && false", 0, 0},
        {"1 < 2", 1, 1},
        {"1 == 2", 1, 1},
        {"2 in [1, 2, 3]", 13, 13},
        {"1 + 1", 1, 1},
        {"1 % 1", 1, 1},
        {"true ? 1 : 2", 0, 0},
        {"size(\"123\")", 1, 1},
        {"size(b\"123\")", 1, 1},
        {"string(1)", 1, 1},
    };
    (void)state;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env();
    assert_costs(env, wanted, VL_ARRAY_LEN(wanted), false);
}

static void test_variables(void **state)
{
    static const struct wanted wanted[] = {
        {"a || b || c || d", 1, 4},
        {"a && b && c && d", 1, 4},
        {"l", 1, 1},
        {"m['key']", 2, 2},
        {"l.all(x, true)", 2, UINT64_MAX},
        {"s.size()", 2, 2},
        {"size(s)", 2, 2},
        {"has(n.testAttr.nestedAttr)", 2, 2},
    };
    static const struct wanted with_has[] = {
        {"has(n.testAttr.nestedAttr)", 3, 3},
    };
    static const char *const variables[][2] = {{"a", "bool"}, {"b", "bool"}, {"c", "bool"}, {"d", "bool"},
        {"l", "list(int)"}, {"m", "map(string, string)"}, {"s", "string"}, {"t", "timestamp"},
        {"n", "map(string, map(string, string))"}};
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env();
    for (size_t i = 0; i < VL_ARRAY_LEN(variables); i++)
        assert_int_equal(vl_cel_env_variable(env, variables[i][0], variables[i][1], &err), 0);
    assert_costs(env, wanted, VL_ARRAY_LEN(wanted), false);
    assert_costs(env, with_has, VL_ARRAY_LEN(with_has), true);
}

static void test_untyped_is_unbounded(void **state)
{
    (void)state;
    struct vl_cel_node node = {.kind = VL_CEL_NODE_CONST, .id = 1};
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env();
    assert_true(vl_cel_estimate(env, &node).max == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_untyped_is_unbounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
