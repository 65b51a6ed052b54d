/* tests: facts.c. Shapes: CISA's KEV schema, FIRST's daily CSV, CVE JSON 5.1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "test_support.h"

static void test_kev(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_kev, NULL,
        "{\"dateReleased\":\"2026-08-07T16:45:47.0648Z\",\"vulnerabilities\":["
        "{\"cveID\":\"CVE-2021-44228\",\"dateAdded\":\"2021-12-10\",\"dueDate\":\"2021-12-24\","
        "\"knownRansomwareCampaignUse\":\"Known\",\"cwes\":[\"CWE-20\",\"CWE-917\"]},"
        "{\"cveID\":\"CVE-2026-8037\",\"dateAdded\":\"2026-08-07\",\"knownRansomwareCampaignUse\":"
        "\"Unknown\"},"
        "{\"cveID\":\"nonsense\",\"dateAdded\":\"2026-08-07\"}]}",
        "CVE-2021-44228 cwe20 cwe917 kev! due=2021-12-24\nCVE-2026-8037 kev due=-\n");
}

static void test_epss(void **state)
{
    (void)state;
    struct feed_run run;
    feed_run(&run, vl_feed_parse_epss, NULL,
        "#model_version:v2025.03.14,score_date:2026-08-22T00:00:00+0000\ncve,epss,percentile\n"
        "CVE-2021-44228,0.94358,0.99962\nCVE-2020-1,x,y\nCVE-2020-0001,1.5,0.1\nCVE-2020-0002,9e-05,1\n");
    assert_int_equal(run.result, 0);
    assert_string_equal(
        vl_buf_str(&run.text), "CVE-2021-44228 epss=0.94358/0.99962\nCVE-2020-0002 epss=0.00009/1.00000\n");
    assert_int_equal(run.sink.damaged, 2);
    char day[VL_TIME_TEXT_MAX];
    assert_string_equal(vl_time_format_date(run.sink.newest_ms, day), "2026-08-22");
    feed_run_done(&run);
    feed_run(&run, vl_feed_parse_epss, NULL, "<html>\n");
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
}

static void test_vulnrichment(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_vulnrichment_tsv, NULL,
        "cve\tpublished\tsource\tcvss_version\tvector\tscore\tseverity\tssvc_exploitation\tkev_date\n"
        "CVE-1999-0006\t1999-09-29\tadp:CISA-ADP\t3.1\tCVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/"
        "A:H\t9.8\tCRITICAL\tnone\t\n"
        "CVE-2024-0001\t2024-01-01\tcna\t\t\t\t\tactive\t2024-02-01\n",
        "CVE-1999-0006 @cisa-adp:CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H 1999-09-29 ssvc=none\n"
        "CVE-2024-0001 2024-01-01 ssvc=active\n");
}

static void test_cve5(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_cve5, NULL,
        "{\"cveMetadata\":{\"cveId\":\"CVE-2024-1234\",\"state\":\"PUBLISHED\",\"datePublished\":\"2024-03-"
        "01T00:00:00Z\"},"
        "\"containers\":{\"cna\":{\"title\":\"T\",\"metrics\":[{\"cvssV4_0\":{\"vectorString\":\"CVSS:4.0/"
        "AV:N\"}}],"
        "\"problemTypes\":[{\"descriptions\":[{\"cweId\":\"CWE-22\"}]}]},"
        "\"adp\":[{\"providerMetadata\":{\"shortName\":\"CISA-ADP\"},\"metrics\":["
        "{\"cvssV3_1\":{\"vectorString\":\"CVSS:3.1/"
        "AV:N\"}},{\"other\":{\"type\":\"ssvc\",\"content\":{\"options\":"
        "[{\"Exploitation\":\"poc\"},{\"Automatable\":\"no\"}]}}}]}]}}",
        "CVE-2024-1234 @cna:CVSS:4.0/AV:N @cisa-adp:CVSS:3.1/AV:N cwe22 2024-03-01 ssvc=poc\n");
    assert_feed(vl_feed_parse_cve5, NULL,
        "{\"cveMetadata\":{\"cveId\":\"CVE-2024-1234\",\"state\":\"REJECTED\"}}", "");
    assert_feed(vl_feed_parse_cve5, NULL, "{}", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kev),
        cmocka_unit_test(test_epss),
        cmocka_unit_test(test_vulnrichment),
        cmocka_unit_test(test_cve5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
