/* tests: schema.c schema_view.c value_identity.c
 * What the API server makes of schemas: k8s.io/apiserver pkg/cel/common and pkg/cel/escaping.go; the numbers
 * of test_estimates are those of cel-go's checker/cost_test.go, whose size hints are limits of schemas here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "estimate.h"
#include "schema.h"

static struct vl_doc *parse(const char *json)
{
    struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "test", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

static struct vl_cel_env *new_env(const char *name, const struct vl_doc_node *schema, bool resource)
{
    struct vl_cel_env_options options = {.kubernetes_minor = 36};
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_cel_env_new(&options, &env, &err), 0);
    int r = resource ? vl_cel_env_variable_resource(env, name, schema, &err)
                     : vl_cel_env_variable_schema(env, name, schema, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
    return env;
}

/* The result as JSON, or the message of what is wrong. */
static void assert_result(
    struct vl_cel_env *env, const struct vl_doc_node *object, const char *text, const char *wanted)
{
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = NULL;
    struct vl_cel_value value;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, 65536);
    if (vl_cel_compile(env, vl_span_str(text), &program, &err) < 0) {
        if (!strstr(err.msg, wanted))
            fail_msg("%s: %s, wanted %s", text, err.msg, wanted);
        return;
    }
    assert_int_equal(vl_cel_run_new(&run, &err), 0);
    vl_cel_run_reset(run, VL_CEL_COST_POLICY_MAX);
    vl_cel_bind(run, 0, vl_cel_from_doc(object));
    assert_int_equal(vl_cel_eval(run, program, &value, NULL, &err), 0);
    if (value.kind == VL_CEL_ERROR)
        vl_buf_append_str(&out, value.as.error->message);
    else
        assert_int_equal(vl_cel_value_json(value, false, &out, &err), 0);
    if (strcmp(vl_buf_str(&out), wanted) != 0)
        fail_msg("%s: %s, wanted %s", text, vl_buf_str(&out), wanted);
}

static void test_escaping(void **state)
{
    static const char *const pairs[][2] = {{"a", "a"}, {"a.b-c/d", "a__dot__b__dash__c__slash__d"},
        {"a__b", "a__underscores__b"}, {"namespace", "__namespace__"}, {"namespaces", "namespaces"},
        {"int", "int"}, {"_a", "_a"}, {"9a", ""}, {"a b", ""}, {"\xC3\xA9", ""}, {"", ""}};
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(65536);
    for (size_t i = 0; i < VL_ARRAY_LEN(pairs); i++) {
        struct vl_span got = vl_cel_escape(arena, vl_span_str(pairs[i][0]));
        if (!vl_span_eq_str(got, pairs[i][1]))
            fail_msg("%s: %.*s", pairs[i][0], VL_SPAN_FMT(got));
    }
}

static void test_formats(void **state)
{
    (void)state;
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) = parse(
        "{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"string\",\"format\":\"date-time\"},"
        "\"d\":{\"type\":\"string\",\"format\":\"date\"},\"u\":{\"type\":\"string\",\"format\":\"duration\"},"
        "\"b\":{\"type\":\"string\",\"format\":\"byte\"},\"n\":{\"type\":\"number\"},"
        "\"i\":{\"type\":\"integer\"},\"x\":{\"x-kubernetes-int-or-string\":true},"
        "\"bad\":{\"type\":\"string\",\"format\":\"duration\"}}}");
    struct vl_doc *object VL_CLEANUP(vl_doc_cleanup) = parse(
        "{\"t\":\"2011-08-18T19:03:37.010000000+01:00\",\"d\":\"2011-08-18\",\"u\":\"1h2m3s\",\"b\":\"AQI=\","
        "\"n\":1,\"i\":2,\"x\":\"25%\",\"bad\":\"soon\"}");
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env("self", vl_doc_root(schema), false);
    const struct vl_doc_node *root = vl_doc_root(object);
    assert_result(env, root, "self.t == timestamp('2011-08-18T18:03:37.01Z')", "true");
    assert_result(env, root, "self.d == timestamp('2011-08-18T00:00:00Z') && self.d.getDate() == 18", "true");
    assert_result(env, root, "self.u == duration('3723s')", "true");
    assert_result(env, root, "self.b == b'\\x01\\x02'", "true");
    assert_result(env, root, "self.n / 2.0", "0.5");
    assert_result(env, root, "self.n + 1", "found no matching overload for '_+_' applied to '(double, int)'");
    assert_result(env, root, "self.i + 1", "3");
    assert_result(env, root, "self.x == '25%' && self.x != 1", "true");
    assert_result(env, root, "self.bad == duration('1s')", "Invalid duration soon");
    assert_result(
        env, root, "self.t + 1", "1:8: found no matching overload for '_+_' applied to '(timestamp, int)'");
}

static void test_fields(void **state)
{
    (void)state;
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) = parse(
        "{\"type\":\"object\",\"properties\":{\"a.b\":{\"type\":\"string\"},\"if\":{\"type\":\"integer\"},"
        "\"9\":{\"type\":\"string\"},\"any\":{\"x-kubernetes-preserve-unknown-fields\":true},"
        "\"open\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,"
        "\"properties\":{\"k\":{\"type\":\"string\"}}},"
        "\"map\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}},"
        "\"nothing\":{\"type\":\"string\"},\"nil\":{\"type\":\"string\",\"nullable\":true}}}");
    struct vl_doc *object VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"a.b\":\"x\",\"if\":7,\"9\":\"y\",\"any\":{\"q\":1},\"open\":{\"k\":\"v\",\"z\":1},"
              "\"map\":{\"a.b\":1,\"if\":2},\"nil\":null}");
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env("self", vl_doc_root(schema), false);
    const struct vl_doc_node *root = vl_doc_root(object);
    assert_result(env, root, "self.a__dot__b", "\"x\"");
    assert_result(env, root, "self.__if__ + self.if", "14");
    assert_result(env, root, "self.?if.orValue(0)", "7");
    assert_result(env, root, "self.any", "undefined field 'any'");
    assert_result(env, root, "self.open.k", "\"v\"");
    assert_result(env, root, "self.open.z", "undefined field 'z'");
    assert_result(env, root, "self.map['a.b'] + self.map.if", "3");
    assert_result(env, root, "self.map.all(k, self.map[k] > 0)", "true");
    assert_result(env, root, "has(self.nothing) || has(self.nil)", "false");
    assert_result(env, root, "self.all(k, true)", "expression of type 'self' cannot be range");
    assert_result(env, root, "self.foo", "1:5: undefined field 'foo'");
    assert_result(env, root, "self == self", "true");
}

static void test_resources(void **state)
{
    (void)state;
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{"
              "\"inner\":{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true}}}}}");
    struct vl_doc *object VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"n\"},"
              "\"spec\":{\"inner\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":1}}}");
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env("self", vl_doc_root(schema), true);
    struct vl_cel_env *plain VL_CLEANUP(vl_cel_env_cleanup) = new_env("self", vl_doc_root(schema), false);
    const struct vl_doc_node *root = vl_doc_root(object);
    assert_result(env, root, "self.kind + self.metadata.name", "\"Kn\"");
    assert_result(env, root, "self.metadata.namespace", "undefined field 'namespace'");
    assert_result(env, root, "self.spec.inner.kind + self.spec.inner.metadata.name", "\"Podp\"");
    assert_result(env, root, "self.spec.inner.spec", "undefined field 'spec'");
    assert_result(plain, root, "self.kind", "undefined field 'kind'");
}

static void test_sets_and_map_lists(void **state)
{
    (void)state;
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) = parse(
        "{\"type\":\"object\",\"properties\":{"
        "\"s\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"x-kubernetes-list-type\":\"set\"},"
        "\"z\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"x-kubernetes-list-type\":\"set\"},"
        "\"m\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"k-1\":{\"type\":"
        "\"string\"},"
        "\"v\":{\"type\":\"integer\"}}},\"x-kubernetes-list-type\":\"map\",\"x-kubernetes-list-map-keys\":["
        "\"k-1\"]},"
        "\"a\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}");
    struct vl_doc *object VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"s\":[1,2,3],\"z\":[3,1,2],\"a\":[3,2,1],"
              "\"m\":[{\"k-1\":\"x\",\"v\":1},{\"k-1\":\"y\",\"v\":2}]}");
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env("self", vl_doc_root(schema), false);
    const struct vl_doc_node *root = vl_doc_root(object);
    assert_result(env, root, "self.s == self.z && self.s == [3, 2, 1] && self.s != [1, 2]", "true");
    assert_result(env, root, "self.s == [1, 2, 4]", "false");
    assert_result(env, root, "[3, 2, 1] == self.s", "false"); /* the left side decides */
    assert_result(env, root, "self.a == [1, 2, 3]", "false");
    assert_result(env, root, "self.s + [4, 2, 4]", "[1,2,3,4]");
    assert_result(env, root, "self.s + [3] == self.z", "true");
    assert_result(env, root, "self.a + [3]", "[3,2,1,3]");
    assert_result(env, root, "self.m == self.m.filter(e, e.v == 2) + self.m.filter(e, e.v == 1)", "true");
    assert_result(env, root, "(self.m + self.m)[1].v + size(self.m + self.m)", "4");
}

static void test_wrong_data(void **state)
{
    (void)state;
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"type\":\"object\",\"properties\":{\"o\":{\"type\":\"object\",\"properties\":{}},"
              "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"i\":{\"type\":\"integer\"},"
              "\"x\":{\"x-kubernetes-int-or-string\":true}}}");
    struct vl_doc *object VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"o\":[],\"l\":[null,1],\"i\":1.5,\"x\":true}");
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env("self", vl_doc_root(schema), false);
    const struct vl_doc_node *root = vl_doc_root(object);
    assert_result(
        env, root, "has(self.o)", "invalid data, expected a map for the provided schema with type=object");
    assert_result(env, root, "self.l[0]", "invalid data, got null for schema with nullable=false");
    assert_result(env, root, "self.l[1]", "invalid data, expected string, got int64");
    assert_result(env, root, "self.i > 1", "invalid data, expected int, got float64");
    assert_result(env, root, "has(self.x)",
        "invalid data, expected XIntOrString value to be either a string or integer");
}

static void test_estimates(void **state)
{
    static const struct {
        const char *schema, *text;
        uint64_t min, max;
    } wanted[] = {
        {"{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"boolean\"}}", "input.all(x, true)", 2,
            302},
        {"{\"type\":\"array\",\"maxItems\":50,\"items\":{\"type\":\"array\",\"maxItems\":10,\"items\":{"
         "\"type\":\"boolean\"}}}",
            "input.all(x, x.all(y, true))", 2, 1752},
        {"{\"type\":\"string\",\"maxLength\":125}", "input.matches('[0-9]')", 3, 103},
        {"{\"type\":\"string\",\"maxLength\":125}", "bytes(input)", 1, 51},
        {"{\"type\":\"string\",\"format\":\"byte\",\"maxLength\":500}", "string(input)", 1, 51},
        {"{\"type\":\"object\",\"maxProperties\":5,\"additionalProperties\":{\"type\":\"object\","
         "\"maxProperties\":10,\"additionalProperties\":{\"type\":\"string\"}}}",
            "input.all(k, input[k].all(x, true))", 2, 187},
    };
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(wanted); i++) {
        struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) = parse(wanted[i].schema);
        struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env("input", vl_doc_root(schema), false);
        struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
        struct vl_err err = VL_ERR_INIT;
        uint64_t min = 0, max = 0;
        if (vl_cel_compile(env, vl_span_str(wanted[i].text), &program, &err) < 0)
            fail_msg("%s", err.msg);
        vl_cel_program_estimate(program, &min, &max);
        if (min != wanted[i].min || max != wanted[i].max)
            fail_msg("%s: [%llu, %llu]", wanted[i].text, (unsigned long long)min, (unsigned long long)max);
    }
}

static void test_nothing_to_see(void **state)
{
    (void)state;
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) = parse("{\"type\":\"array\"}");
    struct vl_cel_env_options options = {0};
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_cel_env_new(&options, &env, &err), 0);
    assert_true(vl_cel_env_variable_schema(env, "self", vl_doc_root(schema), &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

static void assert_over(const struct vl_buf *json)
{
    struct vl_doc *schema VL_CLEANUP(vl_doc_cleanup) = parse(vl_buf_str(json));
    struct vl_cel_env_options options = {0};
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_cel_env_new(&options, &env, &err), 0);
    assert_true(vl_cel_env_variable_schema(env, "self", vl_doc_root(schema), &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "CEL variable self: "));
}

static void test_limits(void **state)
{
    struct vl_buf deep VL_CLEANUP(vl_buf_done) = {0};
    struct vl_buf wide VL_CLEANUP(vl_buf_done) = {0};
    (void)state;
    vl_buf_init(&deep, 1UL << 20);
    vl_buf_init(&wide, 4UL << 20);
    for (int i = 0; i < 100; i++)
        vl_buf_append_str(&deep, "{\"type\":\"array\",\"items\":");
    vl_buf_append_str(&deep, "{\"type\":\"string\"}");
    for (int i = 0; i < 100; i++)
        vl_buf_append_str(&deep, "}");
    assert_over(&deep);
    vl_buf_append_str(&wide, "{\"type\":\"object\",\"properties\":{");
    for (int i = 0; i < 10001; i++)
        vl_buf_printf(&wide, "%s\"p%d\":{\"type\":\"string\"}", i ? "," : "", i);
    vl_buf_append_str(&wide, "}}");
    assert_over(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_sets_and_map_lists),
        cmocka_unit_test(test_wrong_data),
        cmocka_unit_test(test_estimates),
        cmocka_unit_test(test_nothing_to_see),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
