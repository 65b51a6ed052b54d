/* tests: lib_urls.c lib_urls_query.c
 * Facts: the documentation of Kubernetes' URL library and answers of Kubernetes 1.36. */
#include "test_lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct vl_cel_library vl_cel_lib_urls;
#define LIB vl_cel_lib_urls

static void test_parts(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *url, *function, *answer;
    } cases[] = {
        {"/path", "getScheme", "\"\""},
        {"HTTPS://example.com/", "getScheme", "\"https\""},
        {"https://example.com:80/", "getHost", "\"example.com:80\""},
        {"https://[::1]:80/", "getHost", "\"[::1]:80\""},
        {"https://[::1]:80/", "getHostname", "\"::1\""},
        {"https://[::1]/", "getPort", "\"\""},
        {"https://127.0.0.1:80/", "getPort", "\"80\""},
        {"https://example.com/path with spaces/", "getEscapedPath", "\"/path%20with%20spaces/\""},
        {"https://example.com", "getEscapedPath", "\"\""},
        {"/p%2Fq", "getEscapedPath", "\"/p%2Fq\""},
        {"http://h%ff/", "getHost", "\"h\xef\xbf\xbd\""},
        {"https://example.com/path?k1=a&k2=b&k2=c", "getQuery", "{\"k1\":[\"a\"],\"k2\":[\"b\",\"c\"]}"},
        {"https://example.com/path?key with spaces=value with spaces", "getQuery",
            "{\"key with spaces\":[\"value with spaces\"]}"},
        {"https://example.com/path?", "getQuery", "{}"},
        {"/p?a=1;b=2&c=%zz&d=%41+c&&e", "getQuery", "{\"d\":[\"A c\"],\"e\":[\"\"]}"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value url = CALL(LIB, "url", S(cases[i].url));
        assert_int_equal(url.kind, VL_CEL_OPAQUE);
        assert_string_equal(lib_text(lib_call(run, &LIB, cases[i].function, 1, &url)), cases[i].answer);
    }
}

static void test_texts(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"https://user:pass@example.com:80/path?query=val#fragment",
            "https://user:pass@example.com:80/path?query=val#fragment"},
        {"https://a/b c?d=e f&g", "https://a/b%20c?d=e f&g"},
        {"http://u%20s:p%40w@h", "http://u%20s:p%40w@h"},
        {"mailto:x@y", "mailto:x@y"},
        {"/\xc3\xa9", "/%C3%A9"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value url = CALL(LIB, "url", S(cases[i].in));
        assert_int_equal(url.kind, VL_CEL_OPAQUE);
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, 1000);
        (*(const struct vl_cel_opaque_ops *const *)url.as.payload)->text(url.as.payload, &text);
        assert_string_equal(vl_buf_str(&text), cases[i].out);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *in, *message;
    } cases[] = {
        {"", "parse \"\": empty url"},
        {"../relative-path", "parse \"../relative-path\": invalid URI for request"},
        {"https://a:b:c/", "parse \"https://a:b:c/\": invalid port \":c\" after host"},
        {":x", "parse \":x\": missing protocol scheme"},
        {"/p%zz", "parse \"/p%zz\": invalid URL escape \"%zz\""},
        {"http://h<\x01", "parse \"http://h<\\x01\": net/url: invalid control character in URL"},
        {"http://[::1", "parse \"http://[::1\": missing ']' in host"},
        {"http://u{}@h", "parse \"http://u{}@h\": net/url: invalid userinfo"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        char expected[300];
        snprintf(expected, sizeof(expected), "error: URL parse error during conversion from string: %s",
            cases[i].message);
        assert_string_equal(lib_text(CALL(LIB, "url", S(cases[i].in))), expected);
        assert_false(CALL(LIB, "isURL", S(cases[i].in)).as.boolean);
    }
    struct vl_cel_value url = S("https://example.com/");
    assert_int_equal(lib_cost(&LIB, "url", 1, &url, url), 2);
}

/* Many parameters are none, as in Go; a long text of escapes is read in a moment. */
static void test_large(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    enum { LEN = 3000000 };
    char *text = malloc(LEN + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LEN; i++)
        text[i] = "%ff"[i % 3];
    text[LEN] = 0;
    text[0] = text[1] = text[2] = '/';
    struct vl_cel_value url = CALL(LIB, "url", S(text));
    assert_int_equal(url.kind, VL_CEL_OPAQUE);
    assert_int_equal(CALL(LIB, "getEscapedPath", url).kind, VL_CEL_STRING);
    memset(text + 3, '&', LEN - 3);
    text[3] = '?';
    assert_string_equal(lib_text(CALL(LIB, "getQuery", CALL(LIB, "url", S(text)))), "{}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
