/* tests: alpine.c. YAML as alpine-secdb's repository held it, JSON as secdb.alpinelinux.org serves it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_support.h"

static void test_yaml(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_alpine_secdb, "Alpine",
        "---\ndistroversion: v3.10\nreponame: main\npackages:\n  - pkg:\n      name: apache2\n      "
        "secfixes:\n"
        "        2.4.41-r0:\n          - CVE-2019-9517\n          - CVE-2019-10081 CVE-2019-10082\n"
        "        0:\n          - CVE-2019-0001\n",
        "CVE-2019-9517 | alpine:3.10 apache2 [,2.4.41-r0)\n"
        "CVE-2019-10081 =CVE-2019-10082 | alpine:3.10 apache2 [,2.4.41-r0)\n");
}

static void test_json(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_alpine_secdb, "Alpine",
        "{\"distroversion\":\"edge\",\"packages\":[{\"pkg\":{\"name\":\"xen\",\"secfixes\":{\"4.1-r0\":"
        "[\"CVE-2022-1 XSA-100 (+ fix)\",\"nothing\"]}}}]}",
        "CVE-2022-1 =XSA-100 | alpine:edge xen [,4.1-r0)\n");
    assert_feed(vl_feed_parse_alpine_secdb, "Wolfi",
        "{\"reponame\":\"os\",\"packages\":[{\"pkg\":{\"name\":\"curl\",\"secfixes\":{\"8.0-r0\":[\"CVE-2022-"
        "1234\"]}}}]}",
        "CVE-2022-1234 | wolfi curl [,8.0-r0)\n");
    assert_feed(vl_feed_parse_alpine_secdb, "Alpine", "{\"distroversion\":\"v3.18\"}", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_yaml), cmocka_unit_test(test_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
