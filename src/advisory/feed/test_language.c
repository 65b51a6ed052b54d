/* tests: language.c. Shapes of rubysec/ruby-advisory-db, FriendsOfPHP/security-advisories, nodejs/security-wg
 * and RetireJS; RubySec's meaning of patched and unaffected versions from its README. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_support.h"

static void test_rubysec(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_rubysec, "RubyGems",
        "---\ngem: rack\ncve: 2022-30123\nghsa: wq4h-7r42-5hrr\ndate: 2022-06-27\ncvss_v3: "
        "10.0\npatched_versions:\n"
        "  - \"~> 2.0.9, >= 2.0.9.1\"\n  - \"~> 2.1.4, >= 2.1.4.1\"\n  - \">= "
        "2.2.3.1\"\nunaffected_versions:\n  - \"< 1.2\"\n",
        "CVE-2022-30123 =GHSA-wq4h-7r42-5hrr 2022-06-27 | gem rack [1.2,2.0.9.1) [2.1,2.1.4.1) "
        "[2.2,2.2.3.1)\n");
    assert_feed(vl_feed_parse_rubysec, "RubyGems", "---\ngem: bad\ncve: 2014-0001\ndate: 2014-01-01\n",
        "CVE-2014-0001 2014-01-01 | gem bad [,)\n");
    assert_feed(vl_feed_parse_rubysec, "RubyGems",
        "---\ngem: odd\nosvdb: 123\ndate: 2014-01-01\npatched_versions:\n  - \"> "
        "1.0\"\nunaffected_versions:\n"
        "  - \"<= 0.5\"\n  - \"= 0.7\"\n",
        "OSVDB-123 2014-01-01 | gem odd (0.5,0.7) (0.7,1.0]\n");
    assert_feed(vl_feed_parse_rubysec, "RubyGems", "---\nengine: ruby\ncve: 2014-1\n", "");
}

static void test_friendsofphp(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_friendsofphp, "Packagist",
        "title: T\nlink: https://example.com/a\ncve: CVE-2019-11458\nbranches:\n  3.5.x:\n    time: "
        "2019-04-23 22:08:00\n"
        "    versions: ['>=3.0.0', '<3.5.18']\n  3.6.x:\n    time: ~\n    versions: ['>=3.6.0', '<3.6.15']\n"
        "reference: composer://CakePHP/cakephp\n",
        "CVE-2019-11458 2019-04-23 | composer cakephp/cakephp [3.0.0,3.5.18) [3.6.0,3.6.15)\n");
    assert_feed(vl_feed_parse_friendsofphp, "Packagist", "a: 1\n", "");
}

static void test_nodejs(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_nodejs_security_wg, "npm",
        "{\"id\":10,\"module_name\":\"geddy\",\"cves\":[\"CVE-2015-5688\"],\"publish_date\":\"2015-07-27\","
        "\"vulnerable_versions\":\"<13.0.8 || >=14.0.0 <=14.1.0 || =15.0.0 || "
        "^16\",\"cvss_vector\":\"CVSS:3.0/AV:N\"}",
        "NSWG-ECO-10 =CVE-2015-5688 @nodejs:CVSS:3.0/AV:N 2015-07-27 | npm geddy [,13.0.8) [14.0.0,14.1.0] "
        "=15.0.0\n");
    assert_feed(vl_feed_parse_nodejs_security_wg, "npm", "{\"cve\":[]}", "");
}

static void test_retirejs(void **state)
{
    (void)state;
    /* Two CVEs in one entry, as the scanners that read this feed take it: two records. */
    assert_feed(vl_feed_parse_retirejs, "npm",
        "{\"lodash\":{\"npmname\":\"lodash\",\"vulnerabilities\":[{\"atOrAbove\":\"4.0.0\",\"below\":\"4.17."
        "23\","
        "\"identifiers\":{\"CVE\":[\"CVE-2025-13465\",\"CVE-2026-2950\"],\"githubID\":\"GHSA-xxjr-"
        "mmjv-4gpg\"}}]}}",
        "CVE-2025-13465 | npm lodash [4.0.0,4.17.23)\n"
        "CVE-2026-2950 | npm lodash [4.0.0,4.17.23)\n");
    assert_feed(vl_feed_parse_retirejs, "npm",
        "{\"retire-example\":{\"vulnerabilities\":[{\"below\":\"1\"}]},"
        "\"jQuery\":{\"npmname\":\"jquery\",\"vulnerabilities\":["
        "{\"below\":\"1.6.3\",\"severity\":\"medium\",\"cwe\":[\"CWE-79\"],\"identifiers\":{\"CVE\":[\"CVE-"
        "2011-4969\"],"
        "\"githubID\":\"GHSA-579v-mp3v-rrw5\"}},"
        "{\"atOrAbove\":\"1.0.0\",\"below\":\"2.0.0\",\"severity\":\"low\",\"identifiers\":{\"summary\":"
        "\"x\"}},"
        "{\"ranges\":[{\"below\":\"3.0.0\"}],\"severity\":\"low\",\"identifiers\":{\"CVE\":[\"CVE-2020-"
        "0001\","
        "\"CVE-2020-0002\"]}}]}}",
        "CVE-2011-4969 =GHSA-579v-mp3v-rrw5 ~retirejs:medium cwe79 | npm jquery [,1.6.3)\n"
        "RETIREJS-jquery-2 ~retirejs:low | npm jquery [1.0.0,2.0.0)\n"
        "CVE-2020-0001 ~retirejs:low | npm jquery [,3.0.0)\n"
        "CVE-2020-0002 ~retirejs:low | npm jquery [,3.0.0)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rubysec),
        cmocka_unit_test(test_friendsofphp),
        cmocka_unit_test(test_nodejs),
        cmocka_unit_test(test_retirejs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
