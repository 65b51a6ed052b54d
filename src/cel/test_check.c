/* tests: check.c check_call.c check_types.c check_literals.c check_format.c schema.c
 * Types and issues are what Kubernetes 1.36 (cel-go 0.32) answered for the same expressions, with variables
 * a, b, m and l of type dyn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "check.h"

struct checked {
    struct vl_arena *arena;
    struct vl_cel_issues issues;
    struct vl_cel_parsed tree;
    struct vl_err err;
    int result;
};

static struct vl_cel_env *new_env(unsigned minor, const char *container)
{
    static const char *const names[] = {"a", "b", "m", "l"};
    struct vl_cel_env_options options = {.kubernetes_minor = minor, .container = container};
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cel_env_new(&options, &env, &err) < 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        assert_int_equal(vl_cel_env_variable(env, names[i], "dyn", &err), 0);
    return env;
}

static void check(const struct vl_cel_env *env, struct vl_span text, struct checked *ret)
{
    struct vl_cel_parse_options options = vl_cel_env_parse_options(env);
    memset(ret, 0, sizeof(*ret));
    ret->arena = vl_arena_new(256UL * 1024 * 1024);
    assert_non_null(ret->arena);
    ret->issues.text = text;
    ret->issues.arena = ret->arena;
    ret->result = vl_cel_parse(text, &options, ret->arena, &ret->issues, &ret->tree, &ret->err);
    if (ret->result >= 0)
        ret->result = vl_cel_check(env, &ret->tree, ret->arena, &ret->issues, &ret->err);
}

static void assert_type(const struct vl_cel_env *env, const char *text, const char *wanted)
{
    struct checked got;
    struct vl_buf type VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&type, 4096);
    check(env, vl_span_str(text), &got);
    if (got.result < 0)
        fail_msg("%s: %s", text, got.err.msg);
    assert_int_equal(vl_cel_type_format(got.tree.root->type, &type, &got.err), 0);
    if (strcmp(vl_buf_str(&type), wanted) != 0)
        fail_msg("%s: type %s, wanted %s", text, vl_buf_str(&type), wanted);
    vl_arena_free(got.arena);
}

/* `wanted`: "line:column: message" of each issue, joined by line ends. */
static void assert_issues(const struct vl_cel_env *env, const char *text, const char *wanted)
{
    struct checked got;
    struct vl_buf all VL_CLEANUP(vl_buf_done) = {0};
    struct vl_buf brief VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&all, 65536);
    vl_buf_init(&brief, 65536);
    check(env, vl_span_str(text), &got);
    if (got.result >= 0)
        fail_msg("%s: no issue, wanted %s", text, wanted);
    assert_int_equal(got.result, -EINVAL);
    assert_int_equal(vl_cel_issues_format(&got.issues, &all, &got.err), 0);
    struct vl_span rest = vl_buf_span(&all), line;
    static const char start[] = "ERROR: <input>:";
    while (vl_span_split_line(&rest, &line)) {
        if (!vl_span_starts_with(line, start))
            continue;
        vl_buf_append_str(&brief, brief.len ? "\n" : "");
        vl_buf_append_span(&brief, vl_span_slice(line, strlen(start), line.len));
    }
    if (strcmp(vl_buf_str(&brief), wanted) != 0)
        fail_msg("%s: %s, wanted %s", text, vl_buf_str(&brief), wanted);
    vl_arena_free(got.arena);
}

/* An expression, and what is said of it. */
static const char *const types[][2] = {
    {"int", "type(int)"},
    {"type(1) == int", "bool"},
    {"google.protobuf.Int64Value{value: 1}", "wrapper(int)"},
    {"google.protobuf.Timestamp", "type(google.protobuf.Timestamp)"},
    {"google.protobuf.Empty", "type(google.protobuf.Empty)"},
    {"google.protobuf.Empty{}", "google.protobuf.Empty"},
    {"google.protobuf.Struct{}", "map(string, dyn)"},
    {"google.protobuf.Value{}", "dyn"},
    {"google.protobuf.Value{number_value: 1.0}", "dyn"},
    {"google.protobuf.ListValue{}", "list(dyn)"},
    {"google.protobuf.Any{}", "google.protobuf.Any"},
    {"google.protobuf.Duration{seconds: 3}", "google.protobuf.Duration"},
    {"google.protobuf.NullValue.NULL_VALUE", "int"},
    {"optional_type", "type(optional_type(dyn))"},
    {"net.IP", "type(net.IP)"},
    {"list", "type(list(dyn))"},
    {"map", "type(map(dyn, dyn))"},
    {"type", "type(type)"},
    {"null_type", "type(null_type)"},
    {"type(type(1))", "type(type(int))"},
    {"type(timestamp('2020-01-01T00:00:00Z'))", "type(google.protobuf.Timestamp)"},
    {"google.protobuf.StringValue{}", "wrapper(string)"},
    {"google.protobuf.BoolValue{value: true}", "wrapper(bool)"},
    {"google.protobuf.BoolValue{value: true} == true", "bool"},
    {"google.protobuf.Int32Value{value: 1} + 1", "int"},
    {"google.protobuf.Struct{fields: {'a': google.protobuf.Value{string_value: 'x'}}}.a", "dyn"},
    {"a + 'x'", "string"},
    {"l.map(x, x + 1)", "list(int)"},
    {"l.all(x, x)", "bool"},
    {"a ? 1 : 2", "int"},
    {"1 in [1]", "bool"},
    {"optional.of(1).value()", "int"},
    {"{'a':1}.?a", "optional_type(int)"},
    {"[?optional.of(1)]", "list(int)"},
    {"'a'.matches(l[0])", "bool"},
    {"[[], [1], []]", "list(list(int))"},
    {"1 < 1.0", "bool"},
    {"[] == [1]", "bool"},
    {"duration('1s') == null", "bool"},
    {"dyn(1) == 'a'", "bool"},
    {"1 == dyn('a')", "bool"},
    {"[1,2].sum()", "int"},
    {"[1].min()", "int"},
    {"[1].isSorted()", "bool"},
    {"[dyn(1)].sum()", "dyn"},
    {"l.sum()", "dyn"},
    {"[1,2].first()", "optional_type(int)"},
    {"[1, 2].map(x, [x]).map(y, y[0] + 1)", "list(int)"},
    {"[].map(x, x + 1)", "list(int)"},
    {"{}.map(k, k)", "list(dyn)"},
    {"m.transformMap(k, v, v)", "map(dyn, dyn)"},
    {"{'a': 1}.transformMap(k, v, string(v))", "map(string, string)"},
    {"{'a': 1}.transformMapEntry(k, v, {v: k})", "map(int, string)"},
    {"[1].transformList(i, v, string(i))", "list(string)"},
    {"optional.none()", "optional_type(dyn)"},
    {"[optional.none(), optional.of(1)]", "list(optional_type(int))"},
    {"optional.of(1).optMap(x, string(x))", "optional_type(string)"},
    {"optional.of({'a': 1}).a", "optional_type(int)"},
    {"optional.of([1])[0]", "optional_type(int)"},
    {"{'a': 1}[?'b'].orValue(2)", "int"},
    {"a.?b.?c.orValue(1)", "dyn"},
    {"true ? [] : [1]", "list(int)"},
    {"true ? {} : {'a': 1}", "map(string, int)"},
    {"true ? null : duration('1s')", "null_type"},
    {"[1][0] == {'a': 1}.a", "bool"},
    {"[[]][0] + [1]", "list(int)"},
    {"type(a)", "type(dyn)"},
    {"type([])", "type(list(dyn))"},
    {"type(1) == type('a')", "bool"},
    {"a.b.c", "dyn"},
    {"a[0].b['x']", "dyn"},
    {"has(a.b)", "bool"},
    {"has({'a': 1}.b)", "bool"},
    {"1 in {1: 2}", "bool"},
    {"1 in a", "bool"},
    {"a in [1]", "bool"},
    {"duration('1s') + duration('1s')", "google.protobuf.Duration"},
    {"timestamp(0) - timestamp(1)", "google.protobuf.Duration"},
    {"timestamp(0) + duration('1s')", "google.protobuf.Timestamp"},
    {"1u < 2", "bool"},
    {"1 < a", "bool"},
    {"a < 'x'", "bool"},
    {"b'a' + b'b'", "bytes"},
    {"[1] + []", "list(int)"},
    {"[a] + ['x']", "list(dyn)"},
    {"!a", "bool"},
    {"a || b", "bool"},
    {".a", "dyn"},
    {".int", "type(int)"},
    {"l.all(x, l.all(x, x > 0))", "bool"},
    {"google.protobuf.Value{null_value: 0}", "dyn"},
    {"google.protobuf.NullValue.NULL_VALUE + 1", "int"},
    {"google.protobuf.StringValue{value: 'a'} + 'b'", "string"},
    {"google.protobuf.StringValue{value: 'a'} == null", "bool"},
    {"[google.protobuf.Int64Value{}, 1]", "list(wrapper(int))"},
};

static void test_types(void **state)
{
    (void)state;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, NULL);
    for (size_t i = 0; i < VL_ARRAY_LEN(types); i++)
        assert_type(env, types[i][0], types[i][1]);
}

/* An expression, and what is said of it. */
static const char *const issues[][2] = {
    {"dyn", "1:1: undeclared reference to 'dyn' (in container '')"},
    {"timestamp", "1:1: undeclared reference to 'timestamp' (in container '')"},
    {"google.protobuf.Duration{secs: 3}", "1:30: undefined field 'secs'"},
    {"google.protobuf.Duration{seconds: 'a'}",
        "1:33: expected type of field 'seconds' is 'int' but provided type is 'string'"},
    {"google.protobuf.NullValue", "1:1: undeclared reference to 'google' (in container '')"},
    {"google.protobuf.Field", "1:1: undeclared reference to 'google' (in container '')"},
    {"google.protobuf.FieldMask{}",
        "1:26: undeclared reference to 'google.protobuf.FieldMask' (in container '')"},
    {"google.protobuf.FieldMask{paths: ['a']}",
        "1:26: undeclared reference to 'google.protobuf.FieldMask' (in container '')"},
    {"google.protobuf.FieldDescriptorProto", "1:1: undeclared reference to 'google' (in container '')"},
    {"google.protobuf.FieldDescriptorProto{}",
        "1:37: undeclared reference to 'google.protobuf.FieldDescriptorProto' (in container '')"},
    {"google.protobuf.FieldDescriptorProto.Type", "1:1: undeclared reference to 'google' (in container '')"},
    {"google.protobuf.FieldDescriptorProto.Type.TYPE_INT32",
        "1:1: undeclared reference to 'google' (in container '')"},
    {"google.protobuf.DescriptorProto{name: 'x'}.name",
        "1:32: undeclared reference to 'google.protobuf.DescriptorProto' (in container '')"},
    {"google.api.expr.v1alpha1.Expr{}",
        "1:30: undeclared reference to 'google.api.expr.v1alpha1.Expr' (in container '')"},
    {"google.type.Money{}", "1:18: undeclared reference to 'google.type.Money' (in container '')"},
    {"kubernetes.Quantity", "1:1: undeclared reference to 'kubernetes' (in container '')"},
    {"kubernetes.URL", "1:1: undeclared reference to 'kubernetes' (in container '')"},
    {"int{}", "1:4: 'int' is not a message type"},
    {"m.x{}", "1:4: undeclared reference to 'm.x' (in container '')"},
    {"has(google.protobuf.Duration{seconds: 3}.seconds)",
        "1:4: type 'duration' does not support field selection"},
    {"google.protobuf.Duration{seconds: 3}.seconds",
        "1:37: type 'duration' does not support field selection"},
    {"google.protobuf.DescriptorProto{name: 'x'}.foo",
        "1:32: undeclared reference to 'google.protobuf.DescriptorProto' (in container '')"},
    {"1 + 'a'", "1:3: found no matching overload for '_+_' applied to '(int, string)'"},
    {"'a' + 1", "1:5: found no matching overload for '_+_' applied to '(string, int)'"},
    {"[1, 'a']", "1:5: expected type 'int' but found 'string'"},
    {"{1: 'a', 'b': 2}",
        "1:10: expected type 'int' but found 'string'\n1:15: expected type 'string' but found 'int'"},
    {"{1: 'a', 2: 2}", "1:13: expected type 'string' but found 'int'"},
    {"[1].foo()", "1:8: undeclared reference to 'foo' (in container '')"},
    {"foo(1)", "1:4: undeclared reference to 'foo' (in container '')"},
    {"a.b.c(1)", "1:6: undeclared reference to 'c' (in container '')"},
    {"l.all(x, 1)", "1:10: expected type 'bool' but found 'int'"},
    {"'abc'.all(x, true)", "1:1: expression of type 'string' cannot be range of a comprehension (must be "
                           "list, map, or dynamic)"},
    {"1.all(x, true)", "1:1: expression of type 'int' cannot be range of a comprehension (must be list, "
                       "map, or dynamic)"},
    {"[1].all(x, 'a')", "1:12: expected type 'bool' but found 'string'"},
    {"true ? 1 : 'a'", "1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'"},
    {"1 && true", "1:1: expected type 'bool' but found 'int'"},
    {"!1", "1:1: found no matching overload for '!_' applied to '(int)'"},
    {"-'a'", "1:1: found no matching overload for '-_' applied to '(string)'"},
    {"[1][true]", "1:4: found no matching overload for '_[_]' applied to '(list(int), bool)'"},
    {"{'a': 1}[1]", "1:9: found no matching overload for '_[_]' applied to '(map(string, int), int)'"},
    {"1 in 'a'", "1:3: found no matching overload for '@in' applied to '(int, string)'"},
    {"'a' in [1]", "1:5: found no matching overload for '@in' applied to '(string, list(int))'"},
    {"size(1)", "1:5: found no matching overload for 'size' applied to '(int)'"},
    {"'a'.size(1)", "1:9: found no matching overload for 'size' applied to 'string.(int)'"},
    {"[1,2].map(x, x.foo)", "1:15: type 'int' does not support field selection"},
    {"optional.of(1).foo", "1:15: type 'int' does not support field selection"},
    {"{'a':1}.?a.b", "1:11: type 'int' does not support field selection"},
    {"1.?a", "1:2: type 'int' does not support field selection"},
    {"[?1]", "1:3: expected type 'optional_type(int)' but found 'int'"},
    {"{?'a': 1}", "1:8: expected type 'optional_type(int)' but found 'int'"},
    {"timestamp(1) - 1", "1:14: found no matching overload for '_-_' applied to '(timestamp, int)'"},
    {"timestamp(null)", "1:11: invalid timestamp argument"},
    {"duration(null)", "1:10: invalid duration argument"},
    {"duration('x')", "1:10: invalid duration argument"},
    {"timestamp('x')", "1:11: invalid timestamp argument"},
    {"'a'.matches('(')", "1:13: invalid matches argument"},
    {"format.foo()", "1:1: undeclared reference to 'format' (in container '')\n1:11: undeclared "
                     "reference to 'foo' (in container '')"},
    {"[[1], ['a']]", "1:7: expected type 'list(int)' but found 'list(string)'"},
    {"[null, 1]", "1:8: expected type 'null' but found 'int'"},
    {"[null, google.protobuf.Int64Value{value: 1}]", "1:34: expected type 'null' but found 'wrapper(int)'"},
    {"[dyn(1), 'a']", "1:10: expected type 'dyn' but found 'string'"},
    {"[1, dyn('a')]", "1:8: expected type 'int' but found 'dyn'"},
    {"[[1], [dyn('a')]]", "1:7: expected type 'list(int)' but found 'list(dyn)'"},
    {"{'a': {'b': 1}, 'c': {'d': 'e'}}",
        "1:22: expected type 'map(string, int)' but found 'map(string, string)'"},
    {"[1, 2u]", "1:5: expected type 'int' but found 'uint'"},
    {"[1, 2.0]", "1:5: expected type 'int' but found 'double'"},
    {"[optional.of(1), optional.of('a')]",
        "1:29: expected type 'optional_type(int)' but found 'optional_type(string)'"},
    {"x.y.z", "1:1: undeclared reference to 'x' (in container '')"},
    {"[1, 'a'].map(x, x)", "1:5: expected type 'int' but found 'string'"},
    {"type([1, 'a'])", "1:10: expected type 'int' but found 'string'"},
    {"1 == 'a'", "1:3: found no matching overload for '_==_' applied to '(int, string)'"},
    {"1 == 1u", "1:3: found no matching overload for '_==_' applied to '(int, uint)'"},
    {"1 == 1.0", "1:3: found no matching overload for '_==_' applied to '(int, double)'"},
    {"[1] == ['a']", "1:5: found no matching overload for '_==_' applied to '(list(int), list(string))'"},
    {"null == 1", "1:6: found no matching overload for '_==_' applied to '(null, int)'"},
    {"'a' == null", "1:5: found no matching overload for '_==_' applied to '(string, null)'"},
    {"['a'].sum()", "1:10: found no matching overload for 'sum' applied to 'list(string).()'"},
    {"[true].sum()", "1:11: found no matching overload for 'sum' applied to 'list(bool).()'"},
    {"[[1]].min()", "1:10: found no matching overload for 'min' applied to 'list(list(int)).()'"},
    {"'a'.quote()", "1:10: undeclared reference to 'quote' (in container '')"},
    {"math.least(1,2)", "1:1: undeclared reference to 'math' (in container '')\n1:11: undeclared "
                        "reference to 'least' (in container '')"},
    {"base64.encode(b'a')", "1:1: undeclared reference to 'base64' (in container '')\n1:14: undeclared "
                            "reference to 'encode' (in container '')"},
    {"cel.bind(x, 1, x)", "1:1: undeclared reference to 'cel' (in container '')\n1:9: undeclared "
                          "reference to 'bind' (in container '')\n1:10: undeclared reference to 'x' (in "
                          "container '')\n1:16: undeclared reference to 'x' (in container '')"},
    {"[1,'a',2.0]", "1:4: expected type 'int' but found 'string'"},
    {"size([1,'a']) + 'b'", "1:15: found no matching overload for '_+_' applied to '(int, string)'"},
    {"type([1,'a'])", "1:9: expected type 'int' but found 'string'"},
    {"m.map(k, v, k)", "1:10: undeclared reference to 'v' (in container '')"},
    {"{'a': 1}[?'b'].orValue('x')",
        "1:23: found no matching overload for 'orValue' applied to 'optional_type(int).(string)'"},
    {"true ? null : 'a'", "1:6: found no matching overload for '_?_:_' applied to '(bool, null, string)'"},
    {"[int, string]", "1:7: expected type 'type(int)' but found 'type(string)'"},
    {"[type(1), type('a')]", "1:15: expected type 'type(int)' but found 'type(string)'"},
    {"has([1].a)", "1:4: type 'list(int)' does not support field selection"},
    {"timestamp(0) < duration('1s')",
        "1:14: found no matching overload for '_<_' applied to '(timestamp, duration)'"},
    {"1 + 1u", "1:3: found no matching overload for '_+_' applied to '(int, uint)'"},
    {"1 + 1.0", "1:3: found no matching overload for '_+_' applied to '(int, double)'"},
    {"[1] + ['a']", "1:5: found no matching overload for '_+_' applied to '(list(int), list(string))'"},
    {"-1u", "1:1: found no matching overload for '-_' applied to '(uint)'"},
    {"a && 'x'", "1:6: expected type 'bool' but found 'string'"},
    {"'a' ? 1 : 2", "1:5: found no matching overload for '_?_:_' applied to '(string, int, int)'"},
    {"1 ? 1 : 2", "1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'"},
    {".foo", "1:2: undeclared reference to '.foo' (in container '')"},
    {"int.x", "1:4: type 'type(int)' does not support field selection"},
    {"m.x.y.z(1)", "1:8: undeclared reference to 'z' (in container '')"},
    {"l.exists(x, x == 'a' && y)", "1:25: undeclared reference to 'y' (in container '')"},
    {"[1].exists_one(x, x)", "1:15: found no matching overload for '_?_:_' applied to '(int, int, int)'"},
    {"google.protobuf.Value{bool_value: 1}",
        "1:33: expected type of field 'bool_value' is 'bool' but provided type is 'int'"},
    {"[google.protobuf.Int64Value{}, null]", "1:32: expected type 'wrapper(int)' but found 'null'"},
};

static void test_issues(void **state)
{
    (void)state;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, NULL);
    for (size_t i = 0; i < VL_ARRAY_LEN(issues); i++)
        assert_issues(env, issues[i][0], issues[i][1]);
}

static void test_older_versions(void **state)
{
    (void)state;
    struct vl_cel_env *v27 VL_CLEANUP(vl_cel_env_cleanup) = new_env(27, NULL);
    struct vl_cel_env *v28 VL_CLEANUP(vl_cel_env_cleanup) = new_env(28, NULL);
    assert_issues(v27, "1 < 1.0", "1:3: found no matching overload for '_<_' applied to '(int, double)'");
    assert_issues(v27, "a.?b", "1:2: unsupported syntax '.?'");
    assert_type(v28, "1 < 1.0", "bool");
    assert_type(v28, "duration('x')", "google.protobuf.Duration"); /* fails when it runs */
    assert_issues(v28, "[1, 'a']", "1:5: expected type 'int' but found 'string'");
}

/* cel-spec's langdef.md, "Name Resolution". */
static void test_containers(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, "com.example");
    assert_int_equal(vl_cel_env_variable(env, "com.example.y", "int", &err), 0);
    assert_int_equal(vl_cel_env_variable(env, "y", "string", &err), 0);
    assert_int_equal(vl_cel_env_variable(env, "x.y.z", "bool", &err), 0);
    assert_int_equal(vl_cel_env_variable(env, "x.y", "map(string, uint)", &err), 0);
    assert_type(env, "y", "int");
    assert_type(env, ".y", "string");
    assert_type(env, "x.y.z", "bool");
    assert_type(env, "x.y.w", "uint");
    assert_type(env, "[1.5].map(y, y)", "list(double)");
    assert_type(env, "[1.5].map(y, .y)", "list(string)");
    assert_type(env, "[{'y': {'z': b'x'}}].map(x, x.y.z)", "list(bytes)");
    assert_issues(env, "q", "1:1: undeclared reference to 'q' (in container 'com.example')");
}

static void test_resolved_names(void **state)
{
    struct checked got;
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, NULL);
    assert_int_equal(vl_cel_env_variable(env, "x.y", "int", &err), 0);
    check(env, VL_SPAN_LIT("optional.of(x.y)"), &got);
    assert_int_equal(got.result, 0);
    const struct vl_cel_node *call = got.tree.root;
    assert_null(call->as.call.target);
    assert_true(vl_span_eq_str(call->resolved, "optional.of"));
    assert_int_equal(call->overloads, 1);
    assert_int_equal(call->as.call.args[0]->kind, VL_CEL_NODE_IDENT);
    assert_true(vl_span_eq_str(call->as.call.args[0]->resolved, "x.y"));
    vl_arena_free(got.arena);
    check(env, VL_SPAN_LIT("a + 1"), &got);
    assert_int_equal(got.result, 0);
    assert_int_equal(__builtin_popcountll(got.tree.root->overloads), 1);
    vl_arena_free(got.arena);
    check(env, VL_SPAN_LIT("a + b"), &got);
    assert_int_equal(got.result, 0);
    assert_int_equal(__builtin_popcountll(got.tree.root->overloads), 9);
    vl_arena_free(got.arena);
}

/* --- limits --- */

static struct vl_buf repeated(const char *before, const char *middle, const char *after, size_t n)
{
    struct vl_buf out;
    vl_buf_init(&out, 8UL * 1024 * 1024);
    for (size_t i = 0; i < n; i++)
        vl_buf_append_str(&out, before);
    vl_buf_append_str(&out, middle);
    for (size_t i = 0; i < n; i++)
        vl_buf_append_str(&out, after);
    return out;
}

static void assert_ends(
    const char *before, const char *middle, const char *after, size_t n, const char *message)
{
    struct checked got;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = new_env(36, NULL);
    struct vl_buf text VL_CLEANUP(vl_buf_done) = repeated(before, middle, after, n);
    check(env, vl_buf_span(&text), &got);
    if (message) {
        assert_int_equal(got.result, -EINVAL);
        assert_non_null(strstr(got.err.msg, message));
    } else if (got.result < 0) {
        fail_msg("%s", got.err.msg);
    }
    vl_arena_free(got.arena);
}

static void test_hostile(void **state)
{
    (void)state;
    assert_ends("[", "1", "]", 249, NULL);
    assert_ends("{1:", "1", "}", 249, NULL);
    assert_ends("[1].map(x,", "x", ")", 240, NULL);
    assert_ends("[a].map(x,", "a.b.c", ")", 240, NULL);
    assert_ends("", "[1]", ".map(x,[x])", 240, NULL);
    /* each macro doubles the type */
    assert_ends("", "[1]", ".map(x,{x:x})", 100, "types of the expression are too large or too deep");
    assert_ends("", "a", "+a", 250, NULL);
    assert_ends("a+b<m||", "true", "", 10000, NULL);
    assert_ends("''.matches('(\\\\pL{2}){5}')||", "true", "", 20, NULL);
    assert_ends("''.matches('(\\\\pL{100}){8}')||", "true", "", 2000,
        "regular expressions of the expression are too large together");
    assert_ends("q||", "true", "", 10000, "undeclared reference to 'q'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_issues),
        cmocka_unit_test(test_older_versions),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_resolved_names),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
