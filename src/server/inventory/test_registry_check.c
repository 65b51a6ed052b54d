/* What may be typed for a registry. Hosts: RFC 952, RFC 1123, RFC 4291; 169.254.169.254 is where clouds keep
 * the credentials of their machines, and inet_aton(3) reads it in other forms too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "inventory/repo_registry.h"

static void test_hosts(void **state)
{
    (void)state;
    static const char *const good[] = {"registry.example", "registry.example:5000", "localhost:5000",
        "127.0.0.1:5000", "10.1.2.3", "[::1]:5000", "[2001:db8::1]", "shop.azurecr.io", "a-b.example:1",
        "docker.io", "3scale.example", "xn--bcher-kva.example", "registry"};
    static const char *const bad[] = {"[]", "[]:5000", "", "https://registry.example", "registry.example/v2/",
        "registry.example:0", "registry.example:65536", "registry.example:", "registry.example:x",
        "user@registry.example", "user:secret@registry.example", "registry.example?x", "registry.example#x",
        "a b", "Registry.Example", "-a.example", "a-.example", "a..example", ".example", "a.example.", "[::1",
        "[zz]", "[::1]5000", "::1", "a\nb", "a\\b", "169.254.169.254", "169.254.169.254:80", "[fe80::1]",
        "0.0.0.0", "[::]", "[::ffff:169.254.169.254]", "224.0.0.1", "255.255.255.255", "2852039166",
        "0xa9fea9fe", "169.254.43518", "0251.0376.0251.0376", "127.1",
        "123456789012345678901234567890123456789012345678901234567890abcd.example"};
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++) {
        struct vl_err err = VL_ERR_INIT;
        if (vl_registry_host_check(vl_span_str(good[i]), &err) < 0)
            fail_msg("%s: %s", good[i], err.msg);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        struct vl_err err = VL_ERR_INIT;
        if (vl_registry_host_check(vl_span_str(bad[i]), &err) >= 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.code, VL_ERR_INVALID);
        assert_memory_equal(err.msg, "/host: ", 7);
    }
}

/* Hosts as the vendors' documentation writes them. */
static void test_kinds(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"myregistry.azurecr.io", "acr"},
        {"123456789012.dkr.ecr.eu-central-1.amazonaws.com", "ecr"},
        {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr"}, {"europe-west3-docker.pkg.dev", "gar"},
        {"eu.gcr.io", "gar"}, {"docker.io", "dockerhub"}, {"registry.example:5000", "generic"},
        {"s3.amazonaws.com", "generic"}, {"azurecr.io.example", "generic"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_string_equal(vl_registry_kind_of(vl_span_str(rows[i][0])), rows[i][1]);
        assert_true(vl_registry_kind_known(vl_span_str(rows[i][1])));
    }
    assert_true(vl_registry_kind_known(VL_SPAN_LIT("harbor")));
    assert_false(vl_registry_kind_known(VL_SPAN_LIT("quay")));
    assert_false(vl_registry_kind_known(VL_SPAN_LIT("")));
}

static void test_includes(void **state)
{
    (void)state;
    static const struct {
        const char *include, *repository;
        bool want;
    } rows[] = {{"", "shop/orders", true}, {"\n", "shop/orders", true}, {"shop/orders", "shop/orders", true},
        {"shop/orders", "shop/orders2", false}, {"shop/*", "shop/orders", true}, {"shop/*", "shop/a/b", true},
        {"shop/*", "shop", false}, {"*", "a", true}, {"*orders", "shop/orders", true},
        {"*orders", "shop/orders2", false}, {"a\nshop/*\n", "shop/x", true}, {"a\nb", "c", false},
        {"s*p/*d*s", "shop/orders", true}, {"**", "x", true}, {"a*a*a", "aa", false}, {"a*a*a", "aaa", true}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_registry_includes(rows[i].include, vl_span_str(rows[i].repository)) != rows[i].want)
            fail_msg("%s with %s", rows[i].include, rows[i].repository);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_includes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
