/* tests: purl.c purl_types.c
 * Expectations are those of package-url/purl-spec (specification.md and the type definitions). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "model/purl.h"

static int canonical(struct vl_span text, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_purl purl;
    int r = vl_purl_parse(text, arena, &purl, err);
    return r < 0 ? r : vl_purl_format(&purl, out, err);
}

static void test_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        {"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"},
        {"PKG://NPM/%40Angular/Animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"},
        {"pkg:npm/@babel/core", "pkg:npm/%40babel/core"},
        {"pkg:npm/@babel/core@7.0.0", "pkg:npm/%40babel/core@7.0.0"},
        {"pkg:pypi/Zope.Interface__x@1.0RC1", "pkg:pypi/zope-interface-x@1.0rc1"},
        {"pkg:generic//a//b/name@1", "pkg:generic/a/b/name@1"},
        {"pkg:generic/name?b=&c=%C3%A9+x&a=1&&", "pkg:generic/name?a=1&c=%C3%A9%2Bx"},
        {"pkg:generic/name?url=https://h/p?q=1", "pkg:generic/name?url=https:%2F%2Fh%2Fp%3Fq%3D1"},
        {"pkg:generic/name@1 2~3#./a//../b%20c/", "pkg:generic/name@1%202~3#a/b%20c"},
        {"pkg:githubactions/MyOrg/actions-repo%2Fmyaction@main",
            "pkg:githubactions/myorg/actions-repo%2Fmyaction@main"},
        {"pkg:pub/Angular-Core@1", "pkg:pub/angular_core@1"},
        {"pkg:oci/Debian@SHA256:AB", "pkg:oci/debian@sha256:ab"},
        {"pkg:opam/git@3/16.1", "pkg:opam/git@3%2F16.1"},
        {"pkg:git/gitlab.gnome.org/GNOME/adwaita-fonts", "pkg:git/gitlab.gnome.org/GNOME/adwaita-fonts"},
        {"pkg:git//github/Package-url/Spec@24fd", "pkg:git/github/package-url/spec@24fd"},
        {"pkg:git/codeberg.org/forgejo/forgejo/@a72d#x", "pkg:git/codeberg.org/forgejo/forgejo@a72d#x"},
        {"pkg:golang/stdlib@1.22.1", "pkg:golang/stdlib@1.22.1"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        vl_buf_init(&out, VL_PURL_MAX);
        assert_int_equal(canonical(vl_span_str(rows[i].text), &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), rows[i].canonical);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "does not begin with 'pkg:'"},
        {"npm/foo", "does not begin with 'pkg:'"},
        {"pkg:", "expected TYPE/NAME"},
        {"pkg:npm", "expected TYPE/NAME"},
        {"pkg:npm/", "no name"},
        {"pkg:npm/foo/", "no name"},
        {"pkg:npm/@1.0", "no name"},
        {"pkg:1npm/foo", "is no type"},
        {"pkg:n_pm/foo", "is no type"},
        {"pkg:npm/f%6", "two hexadecimal digits"},
        {"pkg:npm/f%zz", "two hexadecimal digits"},
        {"pkg:npm/f%00o", "NUL"},
        {"pkg:npm/foo@%ff", "not UTF-8"},
        {"pkg:generic/a%2Fb/c", "encoded slash"},
        {"pkg:generic/c#a%2Fb", "encoded slash"},
        {"pkg:npm/foo?arch", "has no '='"},
        {"pkg:npm/foo?=x", "no key"},
        {"pkg:npm/foo?1a=x", "no key"},
        {"pkg:npm/foo?a=1&A=2", "given twice"},
        {"pkg:cargo/a/b", "has no namespace"},
        {"pkg:swift/b", "needs a namespace"},
        {"pkg:julia/Dates", "needs the qualifier 'uuid'"},
        {"pkg:swid/Fedora@29", "needs the qualifier 'tag_id'"},
        {"pkg:cpan/URI::PackageURL", "names distributions"},
        {"pkg:chrome-extension/dogs", "32 letters"},
        {"pkg:chrome-extension/dlpngalgnefjeiefhmpklpfiohadpglk@1.2.3.4.5", "one to four numbers"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        vl_buf_init(&out, VL_PURL_MAX);
        assert_true(canonical(vl_span_str(rows[i].text), &out, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
        if (!strstr(err.msg, rows[i].says))
            fail_msg("%s: '%s' does not say '%s'", rows[i].text, err.msg, rows[i].says);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&text, 1UL << 20);
    vl_buf_init(&out, 1UL << 20);
    vl_buf_append_str(&text, "pkg:generic/a?");
    for (int i = 0; i <= VL_PURL_QUALIFIERS_MAX; i++)
        vl_buf_printf(&text, "k%d=1&", i);
    assert_true(canonical(vl_buf_span(&text), &out, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "pkg:generic/");
    while (text.len < VL_PURL_MAX)
        vl_buf_append_char(&text, '+');
    assert_true(canonical(vl_buf_span(&text), &out, &err) < 0); /* "%2B" is three times as long */
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    vl_buf_append_char(&text, 'x');
    assert_true(canonical(vl_buf_span(&text), &out, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

static void test_parts(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_purl purl;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    assert_int_equal(
        vl_purl_parse(
            VL_SPAN_LIT("pkg:deb/Debian/attr@1:2.4.47-2%2Bb1?distro=sid&Arch=amd64#a/b"), arena, &purl, &err),
        0);
    assert_string_equal(purl.type, "deb");
    assert_string_equal(purl.namespace, "debian");
    assert_string_equal(purl.name, "attr");
    assert_string_equal(purl.version, "1:2.4.47-2+b1");
    assert_string_equal(purl.subpath, "a/b");
    assert_int_equal(purl.n_qualifiers, 2);
    assert_string_equal(purl.qualifiers[0].key, "arch");
    assert_string_equal(vl_purl_qualifier(&purl, "distro"), "sid");
    assert_null(vl_purl_qualifier(&purl, "epoch"));

    struct vl_purl bare = {
        .type = "Generic", .namespace = "/", .name = "x", .version = "", .subpath = "../."};
    bare.qualifiers[bare.n_qualifiers++] = (struct vl_purl_qualifier){"os", ""};
    assert_int_equal(vl_purl_normalize(&bare, arena, &err), 0);
    assert_string_equal(bare.type, "generic");
    assert_null(bare.namespace);
    assert_null(bare.version);
    assert_null(bare.subpath);
    assert_int_equal(bare.n_qualifiers, 0);

    struct vl_purl mlflow = {.type = "mlflow", .name = "CreditFraud"};
    assert_int_equal(vl_purl_normalize(&mlflow, arena, &err), 0);
    assert_string_equal(mlflow.name, "CreditFraud");
    mlflow.qualifiers[mlflow.n_qualifiers++] =
        (struct vl_purl_qualifier){"repository_url", "https://adb-1.0.azuredatabricks.net/api/2.0/mlflow"};
    assert_int_equal(vl_purl_normalize(&mlflow, arena, &err), 0);
    assert_string_equal(mlflow.name, "creditfraud");

    struct vl_purl none = {.name = "x"};
    assert_true(vl_purl_normalize(&none, arena, &err) < 0);
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *small = vl_arena_new(8);
    assert_true(vl_purl_parse(VL_SPAN_LIT("pkg:deb/debian/attr@1"), small, &purl, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
