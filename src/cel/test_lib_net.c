/* tests: lib_net.c lib_ip.c lib_cidr.c
 * Facts: answers of Kubernetes 1.36 (TestIP, TestCIDR, and asked of it). */
#include "test_lib.h"

#include <string.h>

#include "lib_net.h"

extern const struct vl_cel_library vl_cel_lib_ip, vl_cel_lib_cidr;

static const char *text_of(
    struct vl_cel_run *run, const struct vl_cel_library *library, struct vl_cel_value value)
{
    return lib_text(value.kind == VL_CEL_ERROR ? value : lib_call(run, library, "string", 1, &value));
}

static void test_read(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"192.168.0.1", "\"192.168.0.1\""},
        {"2001:DB8:0:0:1:0:0:1", "\"2001:db8::1:0:0:1\""},
        {"1:0:0:2:0:0:0:3", "\"1:0:0:2::3\""},
        {"::", "\"::\""},
        {"1:2:3:4:5:6:1.2.3.4", "\"1:2:3:4:5:6:102:304\""},
        {"192.168.0.1.0", "error: IP Address \"192.168.0.1.0\" parse error during conversion from string: "
                          "ParseAddr(\"192.168.0.1.0\"): IPv4 address too long"},
        {"1.2.3.x", "error: IP Address \"1.2.3.x\" parse error during conversion from string: "
                    "ParseAddr(\"1.2.3.x\"): unexpected character (at \"x\")"},
        {"::1::2", "error: IP Address \"::1::2\" parse error during conversion from string: "
                   "ParseAddr(\"::1::2\"): multiple :: in address (at \":2\")"},
        {"fe80::1%eth0", "error: IP address \"fe80::1%eth0\" with zone value is not allowed"},
        {"::ffff:1.2.3.4", "error: IPv4-mapped IPv6 address \"::ffff:1.2.3.4\" is not allowed"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value in = S(cases[i].in), ip = CALL(vl_cel_lib_ip, "ip", in);
        assert_string_equal(text_of(run, &vl_cel_lib_ip, ip), cases[i].out);
        assert_int_equal(CALL(vl_cel_lib_ip, "isIP", in).as.boolean, ip.kind == VL_CEL_OPAQUE);
    }
    assert_string_equal(lib_text(CALL(vl_cel_lib_ip, "ip.isCanonical", S("::1"))), "true");
    assert_string_equal(lib_text(CALL(vl_cel_lib_ip, "ip.isCanonical", S("::01"))), "false");
}

static void test_kinds(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *ip, *function;
        bool answer;
    } cases[] = {
        {"0.0.0.0", "isUnspecified", true},
        {"127.0.0.1", "isUnspecified", false},
        {"::1", "isLoopback", true},
        {"127.9.9.9", "isLoopback", true},
        {"224.0.0.1", "isLinkLocalMulticast", true},
        {"224.0.1.1", "isLinkLocalMulticast", false},
        {"ff02::1", "isLinkLocalMulticast", true},
        {"fd80::1", "isLinkLocalUnicast", false},
        {"fe80::1", "isLinkLocalUnicast", true},
        {"169.254.169.254", "isLinkLocalUnicast", true},
        {"192.168.0.1", "isGlobalUnicast", true},
        {"255.255.255.255", "isGlobalUnicast", false},
        {"2001:db8::abcd", "isGlobalUnicast", true},
        {"ff00::1", "isGlobalUnicast", false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value ip = CALL(vl_cel_lib_ip, "ip", S(cases[i].ip));
        assert_int_equal(
            lib_call(run, &vl_cel_lib_ip, cases[i].function, 1, &ip).as.boolean, cases[i].answer);
    }
    assert_int_equal(CALL(vl_cel_lib_ip, "family", CALL(vl_cel_lib_ip, "ip", S("::1"))).as.i, 6);
}

#define CIDR(text) CALL(vl_cel_lib_cidr, "cidr", S(text))

static void test_networks(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    const struct vl_cel_library *lib = &vl_cel_lib_cidr;
    assert_string_equal(
        text_of(run, lib, CALL(*lib, "masked", CIDR("192.168.200.1/20"))), "\"192.168.192.0/20\"");
    assert_string_equal(
        text_of(run, lib, CALL(*lib, "masked", CIDR("2001:db8:1::/32"))), "\"2001:db8::/32\"");
    assert_string_equal(lib_text(CALL(*lib, "prefixLength", CIDR("::1/128"))), "128");
    assert_string_equal(lib_text(CALL(*lib, "containsIP", CIDR("10.0.0.0/8"), S("10.255.0.1"))), "true");
    assert_string_equal(lib_text(CALL(*lib, "containsIP", CIDR("10.0.0.0/8"), S("11.0.0.0"))), "false");
    assert_string_equal(
        lib_text(CALL(*lib, "containsIP", CIDR("10.0.0.0/8"), S("x"))), "error: no such overload");
    assert_string_equal(lib_text(CALL(*lib, "containsCIDR", CIDR("10.0.0.0/8"), S("10.1.0.0/16"))), "true");
    assert_string_equal(
        lib_text(CALL(*lib, "containsCIDR", CIDR("10.0.0.0/8"), CIDR("10.0.0.0/7"))), "false");
    assert_string_equal(lib_text(CALL(*lib, "containsCIDR", CIDR("0.0.0.0/0"), CIDR("::/0"))), "false");
    static const char twice[] =
        "error: network address parse error during conversion from string: network address "
        "parse error during conversion from string: netip.ParsePrefix(\"2001:db8::/\"): "
        "bad bits after slash: \"\"";
    assert_string_equal(lib_text(CIDR("2001:db8::/")), twice);
    assert_string_equal(lib_text(CALL(*lib, "isCIDR", S("10.0.0.0/33"))), "false");
    struct vl_cel_value both[] = {CIDR("10.0.0.0/8"), S("10.255.0.1")};
    assert_int_equal(lib_cost(lib, "containsIP", 2, both, vl_cel_bool(true)), 2);
}

/* A megabyte of anything is refused with a message that fits. */
static void test_large(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static char text[1000001];
    memset(text, ':', sizeof(text) - 1);
    assert_int_equal(CALL(vl_cel_lib_ip, "ip", S(text)).kind, VL_CEL_ERROR);
    memset(text, '1', sizeof(text) - 1);
    assert_int_equal(CIDR(text).kind, VL_CEL_ERROR);
    memset(text, '/', sizeof(text) - 1);
    assert_int_equal(CIDR(text).kind, VL_CEL_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
