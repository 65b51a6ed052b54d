/* tests: osv.c. Documents follow the examples of the OSV schema and the shapes its exporters write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_support.h"

static void test_language_record(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"GHSA-aaaa-bbbb-cccc\",\"aliases\":[\"CVE-2020-0001\"],\"published\":\"2020-01-02T03:04:"
        "05Z\","
        "\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\"}],"
        "\"database_specific\":{\"severity\":\"HIGH\",\"cwe_ids\":[\"CWE-79\",\"CWE-1321\"]},"
        "\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"Left\"},\"ranges\":[{\"type\":"
        "\"SEMVER\","
        "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1.2.3\"},{\"introduced\":\"2.0.0\"},{\"fixed\":\"2."
        "1.0\"}]}]},"
        "{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"My_Left.Pad\"},\"ranges\":[{\"type\":\"ECOSYSTEM\","
        "\"events\":[{\"introduced\":\"1.0\"},{\"last_affected\":\"1.5\"}]}],\"versions\":[\"1.0\",\"1.5\","
        "\"0.9rc1\"]}]}",
        "GHSA-aaaa-bbbb-cccc =CVE-2020-0001 ~ghsa:HIGH @ghsa:CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H "
        "cwe79 "
        "cwe1321 2020-01-02 | npm Left [,1.2.3) [2.0.0,2.1.0) | pypi my-left-pad [1.0,1.5] =0.9rc1\n");
}

/* Events may stand in any order: the schema sorts them by version (its evaluation algorithm). */
static void test_events_out_of_order(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"GO-2021-1\",\"affected\":[{\"package\":{\"ecosystem\":\"Go\",\"name\":\"example.com/m\"},"
        "\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"},{\"introduced\":\"1.10.0\"},"
        "{\"fixed\":\"1.10.2\"},{\"fixed\":\"1.9.5\"}]},{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"}]"
        "}]}]}",
        "GO-2021-1 | go example.com/m [,1.9.5) [1.10.0,1.10.2)\n");
}

static void test_last_known_version(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"GHSA-1\",\"affected\":[{\"package\":{\"ecosystem\":\"Maven\",\"name\":\"g:a\"},"
        "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}]}],"
        "\"database_specific\":{\"last_known_affected_version_range\":\"<= 3.2.1\"}}]}",
        "GHSA-1 | maven g:a [,3.2.1]\n");
}

static void test_distribution_advisory(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"ALSA-2023:0001\",\"summary\":\"Important: nodejs:18 security update\","
        "\"related\":[\"CVE-2023-1\",\"CVE-2023-23918\",\"CVE-2023-23919\"],"
        "\"affected\":[{\"package\":{\"ecosystem\":\"AlmaLinux:8\",\"name\":\"npm\"},\"ranges\":[{\"type\":"
        "\"ECOSYSTEM\","
        "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1:9.5.0-1.module_el8.7.0+3369+37ae6a45\"}]}]},"
        "{\"package\":{\"ecosystem\":\"AlmaLinux:8\",\"name\":\"openssl\"},\"ranges\":[{\"type\":"
        "\"ECOSYSTEM\","
        "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1:1.1.1k-9.el8\"}]}]}]}",
        "ALSA-2023:0001 +CVE-2023-23918 +CVE-2023-23919 ~almalinux:Important | almalinux:8 npm "
        "module=nodejs:18 "
        "[,1:9.5.0-1.module_el8.7.0+3369+37ae6a45) | almalinux:8 openssl [,1:1.1.1k-9.el8)\n");
}

static void test_ubuntu_pro(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"UBUNTU-CVE-2022-1234\",\"upstream\":[\"CVE-2022-1234\"],"
        "\"severity\":[{\"type\":\"Ubuntu\",\"score\":\"medium\"}],\"affected\":["
        "{\"package\":{\"ecosystem\":\"Ubuntu:22.04:LTS\",\"name\":\"zlib\"},\"ranges\":[{\"type\":"
        "\"ECOSYSTEM\","
        "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1:1.2.11.dfsg-2ubuntu9.2\"}]}]},"
        "{\"package\":{\"ecosystem\":\"Ubuntu:Pro:16.04:LTS\",\"name\":\"zlib\"},\"ranges\":[{\"type\":"
        "\"ECOSYSTEM\","
        "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1:1.2.8.dfsg-2ubuntu4.3+esm2\"}]}]},"
        "{\"package\":{\"ecosystem\":\"Ubuntu:Pro:FIPS:18.04:LTS\",\"name\":\"openssl\"},\"ranges\":[{"
        "\"type\":"
        "\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}]}]}]}",
        "UBUNTU-CVE-2022-1234 =CVE-2022-1234 ~ubuntu:medium | ubuntu:22.04 zlib [,1:1.2.11.dfsg-2ubuntu9.2) "
        "| "
        "ubuntu-pro:16.04 zlib [,1:1.2.8.dfsg-2ubuntu4.3+esm2) {fixed_paid}\n");
}

static void test_other_families(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"SUSE-SU-2024:1\",\"upstream\":[\"CVE-2024-0001\"],\"affected\":[{\"package\":{"
        "\"ecosystem\":"
        "\"SUSE:Linux Enterprise Module for Basesystem 15 "
        "SP5\",\"name\":\"openssl-3\"},\"ranges\":[{\"type\":"
        "\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"3.0.8-1\"}]}]},{\"package\":{"
        "\"ecosystem\":"
        "\"openSUSE:Leap 15.5\",\"name\":\"openssl-3\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":["
        "{\"introduced\":\"0\"},{\"fixed\":\"3.0.8-1\"}]}]},{\"package\":{\"ecosystem\":\"Red "
        "Hat:rhel_eus:9.2::baseos\","
        "\"name\":\"glibc\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{"
        "\"fixed\":"
        "\"2.34-60.el9_2.7\"}]}]},{\"package\":{\"ecosystem\":\"Azure "
        "Linux:3\",\"name\":\"curl\"},\"ranges\":[{\"type\":"
        "\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"8.8.0-1.azl3\"}]}]}]}",
        "SUSE-SU-2024:1 +CVE-2024-0001 | sles:15.5 openssl-3 [,3.0.8-1) | opensuse-leap:15.5 openssl-3 "
        "[,3.0.8-1) | "
        "rhel-eus:9.2 glibc [,2.34-60.el9_2.7) | azurelinux:3.0 curl [,8.8.0-1.azl3)\n");
}

static void test_malicious_and_withdrawn(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_osv, NULL,
        "{\"id\":\"MAL-2022-1\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"evil\"},"
        "\"versions\":[\"1.0.0\"]}]}",
        "MAL-2022-1 malicious | npm evil =1.0.0\n");
    struct feed_run run;
    feed_run(&run, vl_feed_parse_osv, NULL,
        "{\"id\":\"PYSEC-1\",\"withdrawn\":\"2021-01-01T00:00:00Z\",\"affected\":[{\"package\":{"
        "\"ecosystem\":\"PyPI\","
        "\"name\":\"x\"},\"versions\":[\"1\"]}]}");
    assert_int_equal(run.result, 0);
    assert_int_equal(run.sink.withdrawn, 1);
    assert_string_equal(vl_buf_str(&run.text), "");
    feed_run_done(&run);
}

static void test_not_osv(void **state)
{
    (void)state;
    struct feed_run run;
    feed_run(&run, vl_feed_parse_osv, NULL, "{\"modified\":1}");
    assert_int_equal(run.result, 0);
    assert_int_equal(run.sink.skipped, 1);
    feed_run_done(&run);
    feed_run(&run, vl_feed_parse_osv, NULL, "{\"id\":");
    assert_true(run.result < 0);
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language_record),
        cmocka_unit_test(test_events_out_of_order),
        cmocka_unit_test(test_last_known_version),
        cmocka_unit_test(test_distribution_advisory),
        cmocka_unit_test(test_ubuntu_pro),
        cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_malicious_and_withdrawn),
        cmocka_unit_test(test_not_osv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
