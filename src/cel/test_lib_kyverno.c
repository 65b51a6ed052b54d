/* tests: lib_kyverno.c lib_kyverno_ask.c lib_kyverno_image.c lib_kyverno_json.c lib_kyverno_outside.c
 * Facts: tests of github.com/kyverno/sdk (cel/libs: image, user, transform, hash); RFC 1321 and FIPS 180;
 * Go's time.Truncate; go-containerregistry's names ("nginx" is index.docker.io/library/nginx:latest). */
#include "test_lib.h"

#include <stdio.h>
#include <string.h>

#define D "sha256:6aefddb645ee6963afd681b1845c661d0ea4c3b20ab9db86d9e753b203d385f2"

static struct vl_cel_env *kyverno_env(bool kyverno)
{
    struct vl_cel_env_options options = {.kyverno = kyverno};
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_cel_env_new(&options, &env, &err), 0);
    return env;
}

/* The value as JSON, "error: …" or "issue: …". */
static const char *answer(const struct vl_cel_env *env, struct vl_cel_run *run, const char *expression)
{
    static char text[4096];
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_cel_value value;
    struct vl_err err = VL_ERR_INIT;
    vl_cel_run_reset(run, VL_CEL_COST_POLICY_MAX);
    vl_cel_run_clock(run, INT64_C(1764288000123)); /* 2025-11-28T00:00:00.123Z, a Friday */
    if (vl_cel_compile(env, vl_span_str(expression), &program, &err) < 0)
        snprintf(text, sizeof(text), "issue: %s", err.msg);
    else if (vl_cel_eval(run, program, &value, NULL, &err) < 0)
        snprintf(text, sizeof(text), "limit: %s", err.msg);
    else
        snprintf(text, sizeof(text), "%s", lib_text(value));
    return text;
}

static void test_answers(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = kyverno_env(true);
    static const struct {
        const char *expression, *answer;
    } cases[] = {
        {"image('registry.k8s.io/kube-apiserver-arm64:latest').registry()", "\"registry.k8s.io\""},
        {"image('registry.k8s.io/a:@')", "error: could not parse reference: registry.k8s.io/a:@"},
        {"isImage('registry.k8s.io/kube-apiserver-arm64:latest')", "true"},
        {"isImage('registry.k8s.io/kube-apiserver-arm64:@')", "false"},
        {"isImage('')", "false"},
        {"isImage('UPPER/case')", "false"},
        {"isImage('host:port/a')", "false"},
        {"isImage('host:5000/aa')", "true"},
        {"image('registry.k8s.io/aa').containsDigest()", "false"},
        {"image('registry.k8s.io/aa:latest').containsDigest()", "false"},
        {"image('registry.k8s.io/aa@" D "').containsDigest()", "true"},
        {"image('registry.k8s.io/aa:latest@" D "').containsDigest()", "true"},
        {"image('registry.k8s.io/kube-apiserver-arm64').repository()", "\"kube-apiserver-arm64\""},
        {"image('registry.k8s.io/aa:testtag').identifier()", "\"testtag\""},
        {"image('registry.k8s.io/aa').identifier()", "\"latest\""},
        {"image('registry.k8s.io/aa:latest@" D "').identifier()", "\"" D "\""},
        {"image('registry.k8s.io/aa').tag()", "\"latest\""},
        {"image('registry.k8s.io/aa@" D "').tag()", "\"\""},
        {"image('registry.k8s.io/aa:t').digest()", "\"\""},
        {"image('registry.k8s.io/aa:latest@" D "').digest()", "\"" D "\""},
        {"image('nginx').registry()", "\"index.docker.io\""},
        {"image('docker.io/bitnami/nginx').registry()", "\"index.docker.io\""},
        {"image('nginx').repository()", "\"library/nginx\""},
        {"image('bitnami/nginx').repository()", "\"bitnami/nginx\""},
        {"image('localhost/aa/bb:1').registry()", "\"localhost\""},
        {"image('ghcr.io/aa/bb:1.25').identifierWithSeparator()", "\":1.25\""},
        {"image('ghcr.io/aa/bb').identifierWithSeparator()", "\":latest\""},
        {"image('nginx') == image('nginx:latest')", "true"},
        {"['nginx', 'ghcr.io/aa/bb'].map(image, image(image).registry())",
            "[\"index.docker.io\",\"ghcr.io\"]"},
        {"parseServiceAccount('system:serviceaccount:foo:bar').Name", "\"bar\""},
        {"parseServiceAccount('system:serviceaccount:foo:bar:baz').Name", "\"bar:baz\""},
        {"user.parseServiceAccount('system:serviceaccount:foo:bar').Namespace", "\"foo\""},
        {"parseServiceAccount('something-else:123').Namespace", "\"\""},
        {"transform.listObjToMap([{'name': 'kyverno', 'lfx': 'mentorship'}, {'name': 'kubernetes', 'lfx': "
         "'something'}], [{'domain': 'security'}, {'domain': 'orchestration'}], 'name', 'domain')",
            "{\"kyverno\":\"security\",\"kubernetes\":\"orchestration\"}"},
        {"listObjToMap([{'a': 1}], [], 'a', 'b')",
            "error: listObjToMap must take lists of equal length. list1: 1, list2: 0"},
        {"md5('abc')", "\"900150983cd24fb0d6963f7d28e17f72\""},
        {"hash.sha1('abc')", "\"a9993e364706816aba3e25717850c26c9cd0d89d\""},
        {"sha256('abc')", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""},
        {"time.now()", "\"2025-11-28T00:00:00.123Z\""},
        {"time.toCron(time.now())", "\"0 0 28 11 5\""},
        {"time.toCron(timestamp('2023-10-08T19:04:05Z'))", "\"4 19 8 10 0\""},
        {"time.truncate(timestamp('2023-10-08T19:04:05.7Z'), duration('1h'))", "\"2023-10-08T19:00:00Z\""},
        {"time.truncate(timestamp('2023-10-08T19:04:05.7Z'), duration('168h'))", "\"2023-10-02T00:00:00Z\""},
        {"math.round(2.126, 2)", "2.13"},
        {"math.greatest(1, 2)", "2"},
        {"base64.encode(b'a')", "\"YQ==\""},
        {"cel.bind(x, 2, x * x)", "4"},
        {"json.unmarshal('{\"a\": [1, \"b\"]}').a[0] == 1", "true"},
        {"type(json.unmarshal('1')) == double", "true"},
        {"json.unmarshal('{') == 1 || true", "true"},
        {"json.marshal({'b': dyn(1), 'a': dyn([dyn(1u), dyn(2.5), dyn(null), dyn(true), dyn('x')])})",
            "\"{\\\"a\\\":[1,2.5,null,true,\\\"x\\\"],\\\"b\\\":1}\""},
        {"json.unmarshal(json.marshal({'a': ['x']})).a[0]", "\"x\""},
        {"json.marshal('<a&b>') == '\"\\\\u003ca\\\\u0026b\\\\u003e\"'", "true"},
        {"json.marshal([1.0, 1e21, 0.000001, 0.0000001, 123456789.5]) == "
         "'[1,1e+21,0.000001,1e-7,123456789.5]'",
            "true"},
        {"json.marshal(b'abc') == '\"YWJj\"'", "true"},
        {"json.marshal(timestamp('2025-01-02T03:04:05.5Z')) == '\"2025-01-02T03:04:05.5Z\"'", "true"},
        {"json.marshal(duration('1s')) == '1000000000'", "true"},
        {"json.marshal('a\\n\\u2028') == '\"a\\\\n\\\\u2028\"'", "true"},
        {"json.marshal({1: 2})", "error: json: failed to convert CEL map to native map: a key is no string"},
        {"json.marshal(double('NaN'))", "error: json: unsupported value: not a finite number"},
        {"yaml.parse('a: [yes, 0x10]').a", "[true,16]"},
        {"true || resource.Get('v1', 'configmaps', 'a', 'b').data.x == 'y'", "true"},
        {"resource.Get('v1', 'configmaps', 'a', 'b').data.x",
            "error: resource.Get is not evaluated: it reads objects of a cluster"},
        {"http.Get('http://a').b == 1",
            "error: http.Get is not evaluated: it calls a service over the network"},
        {"http.Client('ca').Get('http://a')",
            "error: http.Client is not evaluated: it calls a service over the network"},
        {"random('[a-z]')", "error: random is not evaluated: its result is another at every evaluation"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        const char *got = answer(env, run, cases[i].expression);
        if (strcmp(got, cases[i].answer) != 0)
            print_message("%s\n", cases[i].expression);
        assert_string_equal(got, cases[i].answer);
    }
}

/* Asked of Kubernetes 1.36: what can be compared is not smaller than NaN, the rest is no overload. */
static void test_found(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = kyverno_env(false);
    static const struct {
        const char *expression, *answer;
    } cases[] = {
        {"dyn([1]) < double('NaN')", "error: no such overload: _<_"},
        {"dyn('a') < double('NaN')", "false"},
        {"dyn([1]).matches('a')", "error: no such overload"},
        {"dyn([1]).matches('a' + 'b')", "error: no such overload: matches"},
        {"dyn('a').matches(dyn(1))", "error: no such overload"},
        {"[null, null].transformMapEntry(i, v, {v: i})", "error: insert failed: key 0 already exists"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++)
        assert_string_equal(answer(env, run, cases[i].expression), cases[i].answer);
    assert_non_null(
        strstr(answer(env, run, "quantity('1').a"), "unexpected failed resolution of 'kubernetes.Quantity'"));
}

/* Kubernetes has none of them. */
static void test_absent(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = kyverno_env(false);
    static const char *const cases[] = {"image('a').tag()", "time.now()", "md5('a')", "math.round(1.5, 1)",
        "resource.Get('a', 'b', 'c', 'd')", "json.unmarshal('1')", "base64.encode(b'a')",
        "cel.bind(x, 1, x)"};
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++)
        assert_memory_equal(answer(env, run, cases[i]), "issue:", 6);
}

static void test_refused(void **state)
{
    (void)state;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = kyverno_env(true);
    struct vl_cel_program *with VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_cel_program *without VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    const char *why = NULL;
    assert_int_equal(
        vl_cel_compile(env, VL_SPAN_LIT("[1].exists(x, globalContext.Get('a', '') == x)"), &with, &err), 0);
    assert_int_equal(vl_cel_compile(env, VL_SPAN_LIT("image('a').tag() == ''"), &without, &err), 0);
    assert_string_equal(vl_cel_program_refused(with, &why), "globalContext.Get");
    assert_string_equal(why, "it reads objects of a cluster");
    assert_null(vl_cel_program_refused(without, &why));
    assert_string_equal(vl_cel_program_foreign(without), "image");
}

/* Answers as Kyverno's command line gives them from a context file. */
static bool answer_question(void *user, const struct vl_cel_question *q, struct vl_arena *arena,
    struct vl_cel_value *ret, const char **ret_why)
{
    static const char *const kinds[] = {"object", "objects", "image", "global", "http"};
    (void)user;
    *ret_why = "there is none";
    if (vl_span_eq_str(q->name, "absent"))
        return false;
    *ret = vl_cel_string(vl_span_str(vl_arena_printf(arena, "%s %.*s %.*s %.*s%s %.*s %.*s %zu",
        kinds[q->kind], VL_SPAN_FMT(q->api_version), VL_SPAN_FMT(q->resource), VL_SPAN_FMT(q->namespace_name),
        q->own_namespace ? "own" : "", VL_SPAN_FMT(q->name), VL_SPAN_FMT(q->projection),
        vl_cel_map_size(q->labels))));
    return true;
}

static void test_outside(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = kyverno_env(true);
    struct vl_cel_program *asking VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_cel_outside outside = {.answer = answer_question};
    static const struct {
        const char *expression, *answer;
    } cases[] = {
        {"resource.Get('v1', 'configmaps', 'ns', 'x')", "\"object v1 configmaps ns x  0\""},
        {"resource.get('apps/v1', 'deployments', 'x')", "\"object apps/v1 deployments own x  0\""},
        {"resource.Get('v1', 'configmaps', 'ns', 'absent')", "error: failed to get resource: there is none"},
        {"resource.Get('v1', 'configmaps', 'ns', 1)", "error: no such overload"},
        {"resource.List('v1', 'pods', 'ns')", "\"objects v1 pods ns   0\""},
        {"resource.list('v1', 'pods')", "\"objects v1 pods own   0\""},
        {"resource.List('v1', 'pods', 'ns', {'a': 'b'})", "\"objects v1 pods ns   1\""},
        {"image.GetMetadata('ghcr.io/a/b:1')", "\"image    ghcr.io/a/b:1  0\""},
        {"globalContext.Get('entry', 'p')", "\"global    entry p 0\""},
        {"http.Get('https://a/b')", "\"http    https://a/b GET 0\""},
        {"http.Post('https://a/b', {'c': 1})", "\"http    https://a/b POST 0\""},
    };
    vl_cel_run_outside(run, &outside);
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++)
        assert_string_equal(answer(env, run, cases[i].expression), cases[i].answer);
    const struct vl_cel_outside dear = {.answer = answer_question, .price = VL_CEL_COST_CALL_MAX};
    vl_cel_run_outside(run, &dear);
    assert_non_null(strstr(answer(env, run, "resource.Get('v1', 'a', 'b', 'c')"), "cost limit exceeded"));
    const char *why = NULL;
    assert_int_equal(
        vl_cel_compile(env, VL_SPAN_LIT("resource.Get('v1', 'a', 'b', 'c') == {}"), &asking, &err), 0);
    assert_string_equal(vl_cel_program_refused(asking, &why), "resource.Get");
    assert_null(vl_cel_program_unanswerable(asking, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
