/* tests: debian.c. States as security-tracker.debian.org's JSON writes them (doc/json of the tracker). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_support.h"

static void test_tracker_states(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_debian_tracker, NULL,
        "{\"zlib\":{\"CVE-2022-37434\":{\"releases\":{"
        "\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":\"1:1.2.11.dfsg-4.1\",\"urgency\":\"not yet "
        "assigned\"},"
        "\"bullseye\":{\"status\":\"open\",\"urgency\":\"medium**\",\"nodsa\":\"Minor "
        "issue\",\"nodsa_reason\":\"\"},"
        "\"buster\":{\"status\":\"open\",\"nodsa_reason\":\"postponed\"},"
        "\"sid\":{\"status\":\"open\",\"nodsa_reason\":\"ignored\"},"
        "\"trixie\":{\"status\":\"resolved\",\"fixed_version\":\"0\"},"
        "\"stretch\":{\"status\":\"open\",\"urgency\":\"end-of-life\"},"
        "\"jessie\":{\"status\":\"undetermined\"},"
        "\"unknown-name\":{\"status\":\"open\"}}},"
        "\"CVE-2023-45853\":{\"releases\":{\"bookworm\":{\"status\":\"open\",\"urgency\":\"unimportant\"}}}}"
        "}",
        "CVE-2022-37434 ~debian:medium | debian:12 zlib [,1:1.2.11.dfsg-4.1) | debian:11 zlib [,) {deferred} "
        "(medium) "
        "| debian:10 zlib [,) {deferred} | debian:sid zlib [,) {will_not_fix} | debian:9 zlib [,) "
        "{end_of_life} | "
        "debian:8 zlib [,) {under_investigation}\n"
        "CVE-2023-45853 ~debian:negligible | debian:12 zlib [,) {not_fixed} (negligible)\n");
}

static void test_list(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_debian_list, NULL,
        "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n"
        "\t{CVE-2023-1393 CVE-2023-1394}\n"
        "\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n"
        "\t[buster] - xorg-server <not-affected>\n"
        "\tNOTE: something\n"
        "[17 Mar 2023] DSA-5356-2 sox - regression update\n"
        "\t[bullseye] - sox 14.4.2+git20190427-2+deb11u2\n"
        "[01 Feb 1999] DSA-1 oldpkg\n"
        "\t[potato] - oldpkg 1.0-2\n",
        "DSA-5380-1 +CVE-2023-1393 +CVE-2023-1394 2023-03-29 | debian:11 xorg-server [,2:1.20.11-1+deb11u6)\n"
        "DSA-1 1999-02-01 | debian:2.2 oldpkg [,1.0-2)\n");
}

static void test_damaged(void **state)
{
    (void)state;
    struct feed_run run;
    feed_run(&run, vl_feed_parse_debian_tracker, NULL, "[1,2]");
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
    assert_feed(vl_feed_parse_debian_list, NULL, "[broken\n\t{CVE-2020-1\n\t[x\n[]\n\t[]\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tracker_states),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
