/* Globs, as doublestar and gitignore mean them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/time.h"
#include "select.h"

static void globs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matches;
    } rows[] = {
        {"a/b.txt", "a/b.txt", true},
        {"/a/b.txt", "a/b.txt", true},
        {"./a/b.txt", "a/b.txt", true},
        {"a/*.txt", "a/b.txt", true},
        {"a/*.txt", "a/b/c.txt", false},
        {"*", "a/b", false},
        {"**", "a/b/c", true},
        {"**/c", "a/b/c", true},
        {"**/c", "c", true},
        {"a/**/c", "a/c", true},
        {"a/**/c", "a/x/y/c", true},
        {"a/**/c", "ab/c", false},
        {"a/**", "a/b/c", true},
        {"a/**", "b/a", false},
        {"**/*.jar", "app/lib/x.jar", true},
        {"**/x*y*z/**", "q/xaybz/w", true},
        {"**/x*y*z", "q/xay/z", false},
        {"a/", "a/b/c", true},
        {"a/", "ab/c", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"a[bc]d", "acd", true},
        {"a[!bc]d", "acd", false},
        {"a[a-f]d", "aed", true},
        {"a[/]d", "a/d", false},
        {"a[b", "a[b", true},
        {"a\\*b", "a*b", true},
        {"a\\*b", "axb", false},
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"usr/lib/node_modules/**", "usr/lib/node_modules/npm/package.json", true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_select_glob(vl_span_str(rows[i].pattern), vl_span_str(rows[i].path)) != rows[i].matches)
            fail_msg("%s on %s", rows[i].pattern, rows[i].path);
    }
    assert_true(vl_select_path(VL_SPAN_LIT("app/*.jar"), "app/a.jar!lib/b.jar"));
    assert_true(vl_select_path(VL_SPAN_LIT("**/b.jar"), "app/a.jar!lib/b.jar"));
    assert_false(vl_select_path(VL_SPAN_LIT("app/*.jar"), NULL));
}

/* A pattern of stars that never matches ends soon. */
static void hostile_glob(void **state)
{
    (void)state;
    char pattern[VL_SELECT_GLOB_MAX + 1];
    char path[4000];
    for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[VL_SELECT_GLOB_MAX - 1] = 'b';
    memset(path, 'a', sizeof(path));
    int64_t start = vl_time_monotonic_us();
    assert_false(vl_select_glob((struct vl_span){pattern, VL_SELECT_GLOB_MAX}, (struct vl_span){path, 4000}));
    for (size_t i = 0; i + 3 < VL_SELECT_GLOB_MAX; i += 3)
        memcpy(pattern + i, "**a", 3);
    pattern[VL_SELECT_GLOB_MAX - 1] = 'b';
    assert_false(vl_select_glob((struct vl_span){pattern, VL_SELECT_GLOB_MAX}, (struct vl_span){path, 4000}));
    assert_true(vl_time_monotonic_us() - start < 20 * 1000 * 1000);
}

static void upstream(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_err err = VL_ERR_INIT;
    struct vl_purl purl;
    assert_int_equal(
        vl_purl_parse(VL_SPAN_LIT("pkg:apk/alpine/libcrypto3@3?arch=x86_64&distro=alpine-3&upstream=openssl"),
            arena, &purl, &err),
        0);
    vl_select_drop_upstream(&purl);
    assert_int_equal(purl.n_qualifiers, 2);
    assert_null(vl_purl_qualifier(&purl, "upstream"));
    assert_string_equal(vl_purl_qualifier(&purl, "distro"), "alpine-3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs), cmocka_unit_test(hostile_glob), cmocka_unit_test(upstream)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
