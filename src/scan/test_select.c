/* Globs (as doublestar and gitignore mean them) and package URLs as patterns. */
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

static void purls(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *purl;
        bool matches;
    } rows[] = {
        {"pkg:npm/lodash", "pkg:npm/lodash@4.17.11", true},
        {"pkg:npm/lodash@4.17.11", "pkg:npm/lodash@4.17.11", true},
        {"pkg:npm/lodash@4.17.12", "pkg:npm/lodash@4.17.11", false},
        {"pkg:npm/lodash@4.17.11", "pkg:npm/lodash", false},
        {"pkg:npm/%40angular/core", "pkg:npm/%40angular/core@1.0.0", true},
        {"pkg:npm/core", "pkg:npm/%40angular/core@1.0.0", false},
        {"pkg:pypi/My_Pkg", "pkg:pypi/my-pkg@1", true}, /* the type's own normalisation */
        {"pkg:deb/debian/bash", "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12", true},
        {"pkg:deb/debian/bash?arch=arm64", "pkg:deb/debian/bash@5.2?arch=amd64", false},
        {"pkg:apk/alpine/libcrypto3@3.0.8-r3?arch=x86_64&upstream=openssl&distro=alpine-3.17.3",
            "pkg:apk/alpine/libcrypto3@3.0.8-r3", true},
        {"pkg:deb/debian/bash?repository_url=example.com", "pkg:deb/debian/bash@5.2", false},
        {"pkg:deb/ubuntu/bash", "pkg:deb/debian/bash@5.2", false},
        {"pkg:golang/github.com/a/b@1.2.3", "pkg:golang/github.com/a/b@v1.2.3", true},
        {"pkg:golang/github.com/a/b@v1.2.3", "pkg:golang/github.com/a/b@v1.2.4", false},
    };
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_purl a;
        struct vl_purl b;
        if (vl_purl_parse(vl_span_str(rows[i].pattern), arena, &a, &err) < 0 ||
            vl_purl_parse(vl_span_str(rows[i].purl), arena, &b, &err) < 0)
            fail_msg("%s", err.msg);
        if (vl_select_purl(&a, &b) != rows[i].matches)
            fail_msg("%s on %s", rows[i].pattern, rows[i].purl);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs), cmocka_unit_test(hostile_glob), cmocka_unit_test(purls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
