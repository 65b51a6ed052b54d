/* tests: apk.c bitnami.c cran.c deb.c digits.c fuzzy.c gem.c generic.c golang.c hackage.c jvm.c maven.c npm.c
 * nuget.c packagist.c pacman.c pep440.c portage.c pub.c range.c rpm.c semver.c windows_kb.c
 *
 * The examples of each scheme's own definition, and what must hold for every order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "version/version.h"

static int compare(const char *scheme, const char *a, const char *b)
{
    struct vl_err err = VL_ERR_INIT;
    int r = 99;
    const struct vl_version_scheme *s = vl_version_scheme(vl_span_str(scheme));
    assert_non_null(s);
    if (vl_version_compare(s, vl_span_str(a), vl_span_str(b), &r, &err) < 0)
        return 98;
    return r;
}

/* Each list is in ascending order; from the documents named in the heads of the schemes. */
static void test_chains(void **state)
{
    static const struct {
        const char *scheme;
        const char *chain[12];
    } chains[] = {
        {"deb", {"1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1+b1", "1.0a", "1.0+b", "1:0.1", NULL}},
        {"semver", {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                       "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", NULL}},
        {"pep440", {"1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12",
                       "1.0b1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0.post456.dev34", NULL}},
        {"pacman", {"1.0a", "1.0alpha", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a", "1.0.1",
                       NULL}},
        {"packagist", {"1.0dev", "1.0alpha", "1.0beta", "1.0RC1", "1.0", "1.0pl1", "1.1", NULL}},
        {"apk", {"1.0_alpha", "1.0_beta1", "1.0_pre", "1.0_rc2", "1.0", "1.0_p1", "1.0a", "1.0.1", NULL}},
        {"portage",
            {"1.0_alpha", "1.0_beta1", "1.0_pre", "1.0_rc2", "1.0", "1.0-r1", "1.0_p1", "1.0a", NULL}},
        {"rpm-vercmp", {"1.0~rc1", "1.0~rc1^git1", "1.0", "1.0^", "1.0^git1", NULL}},
        {"maven", {"1-alpha", "1-beta", "1-milestone", "1-rc", "1-SNAPSHOT", "1", "1-sp", "1-abc", "1-1",
                      "1.1", NULL}},
        {"gem", {"1.0.a", "1.0.a.2", "1.0.b1", "1.0.rc1", "1.0", "1.0.1", NULL}},
        {"nuget",
            {"1.0.1-aaa", "1.0.1-alpha", "1.0.1-alpha.2", "1.0.1-alpha.10", "1.0.1-zzz", "1.0.1", NULL}},
        {"golang",
            {"v0.0.0-20180101000000-aaaaaaaaaaaa", "v1.2.3-pre", "v1.2.3", "v2.0.0+incompatible", NULL}},
        {"jvm", {"1.7.0_80", "1.8.0_131", "8u144", "9-ea", "9", "9.0.1", "11.0.4+11", NULL}},
        {"bitnami", {"1.2.3-rc.1", "1.2.3", "1.2.3-1", "1.2.3-10", "1.2.4", NULL}},
        {"cran", {"0.9", "1.0", "1.0-1", "1.0-1.2", "1.1", NULL}},
        {"hackage", {"1", "1.0", "1.0.0", "1.1", NULL}},
        {"pub", {"1.0.0-a", "1.0.0", "1.0.0+1", "1.0.0+a", "1.0.1", NULL}},
    };
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(chains); i++) {
        for (size_t k = 0; chains[i].chain[k]; k++) {
            for (size_t m = 0; chains[i].chain[m]; m++) {
                int want = k < m ? -1 : k > m;
                int got = compare(chains[i].scheme, chains[i].chain[k], chains[i].chain[m]);
                if (got != want)
                    fail_msg("%s: %s against %s: %d", chains[i].scheme, chains[i].chain[k],
                        chains[i].chain[m], got);
            }
        }
    }
}

static void test_equal(void **state)
{
    (void)state;
    assert_int_equal(compare("deb", "0:1.0-0", "1.0"), 0);
    assert_int_equal(compare("maven", "1.0.0-ga", "1"), 0);
    assert_int_equal(compare("pypi", "v1.0.0-alpha.1", "1a1"), 0);
    assert_int_equal(compare("gem", "1.0.0", "1"), 0);
    assert_int_equal(compare("nuget", "1.0.0.0+x", "1"), 0);
    assert_int_equal(compare("windows-kb", "KB5001", "5001"), 0);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(compare("npm", "1.2", "1.2.3"), 98);
    assert_int_equal(compare("gem", "not a version", "1"), 98);
    assert_int_equal(compare("nuget", "1.2.3.4.5", "1"), 98);
    assert_null(vl_version_scheme(VL_SPAN_LIT("no such scheme")));
}

static void test_satisfies(void **state)
{
    static const struct {
        const char *scheme, *version, *range;
        bool want;
    } rows[] = {
        {"npm", "1.2.9", "~1.2.3", true},
        {"npm", "1.3.0", "~1.2.3", false},
        {"npm", "0.2.5", "^0.2.3", true},
        {"npm", "0.3.0", "^0.2.3", false},
        {"npm", "1.2.3-alpha.7", ">1.2.3-alpha.3", true},
        {"npm", "3.4.5-alpha.9", ">1.2.3-alpha.3", false},
        {"npm", "2.3.9", "1.2.3 - 2.3", true},
        {"npm", "1.5.0", ">= 1.0.0, < 2.0.0", true},
        {"pypi", "1.4.9", "~=1.4.2", true},
        {"pypi", "1.5", "~=1.4.2", false},
        {"pypi", "1.4.5", "~=1.4, !=1.4.5", false},
        {"gem", "2.9", "~> 2.3", true},
        {"gem", "3.0", "~> 2.3", false},
        {"gem", "2.3.9", "~> 2.3.1", true},
        {"maven", "1.5", "[1.0,2.0)", true},
        {"maven", "2.0", "[1.0,2.0)", false},
        {"maven", "1.2", "(,1.0],[1.2,)", true},
        {"nuget", "1.1", "1.0", true},
        {"nuget", "2.0", "[1.0,2.0)", false},
        {"deb", "1.0-1", ">= 1.0, << 1.1", true},
        {"golang", "v1.2.3", ">= 1.0.0, < v1.3.0", true},
    };
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        bool got = false;
        assert_int_equal(vl_version_satisfies(vl_version_scheme(vl_span_str(rows[i].scheme)),
                             vl_span_str(rows[i].version), vl_span_str(rows[i].range), &got, &err),
            0);
        if (got != rows[i].want)
            fail_msg("%s: %s in %s: %d", rows[i].scheme, rows[i].version, rows[i].range, got);
    }
}

static void test_limits(void **state)
{
    static char many[VL_VERSION_RANGE_MAX + 1];
    struct vl_err err = VL_ERR_INIT;
    int r;
    bool ok;
    (void)state;
    memset(many, '1', sizeof(many));
    for (size_t i = 0; vl_version_scheme_at(i); i++) {
        const struct vl_version_scheme *s = vl_version_scheme(vl_span_str(vl_version_scheme_at(i)));
        struct vl_span big = {many, VL_VERSION_MAX + 1}, whole = {many, VL_VERSION_MAX},
                       one = VL_SPAN_LIT("1");
        assert_true(vl_version_compare(s, big, one, &r, &err) < 0);
        assert_int_equal(err.code, VL_ERR_LIMIT);
        assert_true(vl_version_satisfies(s, one, (struct vl_span){many, sizeof(many)}, &ok, &err) < 0);
        assert_int_equal(err.code, VL_ERR_LIMIT);
        assert_int_equal(vl_version_order(s, big, one), 1);
        assert_int_equal(vl_version_order(s, whole, whole), 0);
    }
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static size_t random_text(uint32_t *state, char *text, size_t max)
{
    static const char *const pieces[] = {"0", "1", "2", "9", "10", "00", "01", ".", "-", "_", "+", "~", "^",
        ":", "a", "b", "rc", "alpha", "p", "r", "-r1", "dev", "post", "v", "x", "#", "final", "pre", "sp",
        "!", "\xc3\xa9", " "};
    size_t len = 0, n = next_random(state) % 6;
    for (size_t i = 0; i < n; i++) {
        const char *piece = pieces[next_random(state) % VL_ARRAY_LEN(pieces)];
        if (len + strlen(piece) < max) {
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
    }
    return len;
}

/* A total preorder over arbitrary bytes: antisymmetric and transitive. */
static void test_order_is_total(void **state)
{
    uint32_t seed = 20261124;
    (void)state;
    for (size_t i = 0; vl_version_scheme_at(i); i++) {
        const struct vl_version_scheme *s = vl_version_scheme(vl_span_str(vl_version_scheme_at(i)));
        for (size_t round = 0; round < 60000; round++) {
            char text[3][64];
            struct vl_span v[3];
            for (size_t k = 0; k < 3; k++)
                v[k] = (struct vl_span){text[k], random_text(&seed, text[k], sizeof(text[k]))};
            int ab = vl_version_order(s, v[0], v[1]), bc = vl_version_order(s, v[1], v[2]),
                ac = vl_version_order(s, v[0], v[2]);
            if (ab != -vl_version_order(s, v[1], v[0]))
                fail_msg("%s: not antisymmetric", vl_version_scheme_name(s));
            if ((ab <= 0 && bc <= 0 && (ac > 0 || (ac == 0 && (ab < 0 || bc < 0)))))
                fail_msg("%s: \"%.*s\" \"%.*s\" \"%.*s\" are not transitive", vl_version_scheme_name(s),
                    VL_SPAN_FMT(v[0]), VL_SPAN_FMT(v[1]), VL_SPAN_FMT(v[2]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_satisfies),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_order_is_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
