/* tests: photon.c updateinfo.c oval.c. Shapes and facts of published documents: ELSA-2007:0057 and
 * ELSA-2021-0711 of Oracle, Azure Linux's definition 42064, Photon's cve_data_photon3.0.json, ALAS2-2018-939.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "feed.h"
#include "test_support.h"

static void test_photon(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_photon, NULL,
        "[{\"cve_id\":\"CVE-2019-3828\",\"pkg\":\"ansible\",\"cve_score\":10,\"aff_ver\":\"all versions "
        "before "
        "2.7.6-2.ph3 are vulnerable\",\"res_ver\":\"2.7.6-2.ph3\"},"
        "{\"cve_id\":\"CVE-2019-0199\",\"pkg\":\"apache-tomcat\",\"cve_score\":7.5,\"aff_ver\":\"\",\"res_"
        "ver\":"
        "\"8.5.40-1.ph3\"},"
        "{\"cve_id\":\"UNK-1\",\"pkg\":\"curl-libs\",\"cve_score\":6.7,\"aff_ver\":\"NA\",\"res_ver\":\"NA\","
        "\"status\":\"Not Affected\"},"
        "{\"cve_id\":\"CVE-2020-0001\",\"pkg\":\"x\",\"res_ver\":\"NA\",\"status\":\"Not Affected\"}]",
        "CVE-2019-3828 ~photon:critical | photon:3.0 ansible [,2.7.6-2.ph3)\n"
        "CVE-2019-0199 ~photon:high | photon:3.0 apache-tomcat [,8.5.40-1.ph3)\n");
    struct feed_run run;
    feed_run(&run, vl_feed_parse_photon, NULL, "{\"branches\":[\"3.0\"]}");
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
}

/* Where the versions do not tell the release, the name of the document does. */
static void test_photon_unfixed(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct feed_run run;
    feed_run(&run, vl_feed_parse_photon, NULL, "[]"); /* lends its sink */
    struct vl_feed_context context = {.feed = "photon-5", .arena = arena};
    assert_int_equal(vl_feed_parse_photon(
                         VL_SPAN_LIT("[{\"cve_id\":\"CVE-2024-0001\",\"pkg\":\"vim\",\"res_ver\":\"NA\"}]"),
                         "feeds/photon/cve_data_photon5.0.json", &context, &run.sink, &run.err),
        0);
    assert_string_equal(vl_buf_str(&run.text), "CVE-2024-0001 | photon:5.0 vim [,)\n");
    feed_run_done(&run);
    vl_arena_free(arena);
}

#define UPDATE(type, id, release, refs)                                                                  \
    "<update author=\"linux-security@amazon.com\" from=\"linux-security@amazon.com\" status=\"final\" "  \
    "type=\"" type "\" version=\"1.4\"><id>" id "</id><title>Amazon Linux 2 2017.12 - " id               \
    ": critical priority</title>"                                                                        \
    "<issued date=\"2018-01-09 19:31:00\" /><updated date=\"2018-01-10 20:02:00\" /><severity>critical"  \
    "</severity><description>Package updates</description><references>" refs "</references><pkglist>"    \
    "<collection short=\"amazon-linux-2\"><name>Amazon Linux 2</name>"                                   \
    "<package arch=\"x86_64\" epoch=\"0\" name=\"kernel\" release=\"" release "\" version=\"4.9.75\">"   \
    "<filename>Packages/kernel.rpm</filename></package>"                                                 \
    "<package arch=\"i686\" epoch=\"0\" name=\"kernel\" release=\"" release "\" version=\"4.9.75\"/>"    \
    "<package arch=\"x86_64\" epoch=\"1\" name=\"perf\" release=\"" release "\" version=\"4.9.75\"/>"    \
    "<package arch=\"src\" epoch=\"0\" name=\"kernel-src\" release=\"" release "\" version=\"4.9.75\"/>" \
    "</collection></pkglist></update>"

static void test_updateinfo(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_updateinfo, NULL,
        "<?xml version=\"1.0\" ?><updates>" UPDATE("security", "ALAS2-2018-939", "1.56.amzn2",
            "<reference href=\"http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2017-5715\" "
            "id=\"CVE-2017-5715\" "
            "title=\"\" type=\"cve\"/>") UPDATE("bugfix", "ALAS2BUG-1", "2.amzn2", "")
            UPDATE("security", "ALAS2023-2023-001", "1.amzn2023.0.2",
                "<reference id=\"CVE-2022-24903\" type=\"cve\"/><reference id=\"CVE-2022-24903\" "
                "type=\"cve\"/>") "</updates>",
        "ALAS2-2018-939 +CVE-2017-5715 ~amazon:critical 2018-01-09 | amazon:2 kernel [,4.9.75-1.56.amzn2) | "
        "amazon:2 perf [,1:4.9.75-1.56.amzn2)\n"
        "ALAS2023-2023-001 +CVE-2022-24903 ~amazon:critical 2018-01-09 | amazon:2023 kernel "
        "[,4.9.75-1.amzn2023.0.2) | amazon:2023 perf [,1:4.9.75-1.amzn2023.0.2)\n");
    struct feed_run run;
    feed_run(&run, vl_feed_parse_updateinfo, NULL, "<repomd/>");
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
}

#define OVAL(definitions, rest) \
    "<oval_definitions><definitions>" definitions "</definitions>" rest "</oval_definitions>"
#define TEST(n, obj, ste)                                                                            \
    "<rpminfo_test id=\"tst:" n "\"><object object_ref=\"obj:" obj "\"/><state state_ref=\"ste:" ste \
    "\"/></rpminfo_test>"
#define OBJECT(n, name) "<rpminfo_object id=\"obj:" n "\"><name>" name "</name></rpminfo_object>"
#define STATE(n, op, evr)                                                                    \
    "<rpminfo_state id=\"ste:" n "\"><evr datatype=\"evr_string\" operation=\"" op "\">" evr \
    "</evr></rpminfo_state>"

static void test_oracle(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_oval, NULL,
        OVAL("<definition id=\"oval:com.oracle.elsa:def:20070057\" class=\"patch\"><metadata><title>\n"
             "ELSA-2007-0057:  Moderate: bind security update  (MODERATE)\n</title>"
             "<reference source=\"elsa\" ref_id=\"ELSA-2007-0057\" ref_url=\"u\"/>"
             "<reference source=\"CVE\" ref_id=\"CVE-2007-0493\"/><reference source=\"CVE\" "
             "ref_id=\"CVE-2007-0494\"/>"
             "<advisory><severity>MODERATE</severity><issued date=\"2007-06-26\"/></advisory></metadata>"
             "<criteria operator=\"AND\"><criterion test_ref=\"tst:1\" comment=\"Oracle Linux 5 is "
             "installed\"/>"
             "<criteria operator=\"OR\"><criteria operator=\"AND\">"
             "<criterion test_ref=\"tst:2\" comment=\"bind-libs is earlier than 30:9.3.3-8.el5\"/>"
             "<criterion test_ref=\"tst:3\" comment=\"bind-libs is signed with the Oracle Linux 5 "
             "key\"/></criteria>"
             "<criteria operator=\"AND\"><criterion test_ref=\"tst:4\" comment=\"k\"/></criteria>"
             "</criteria></criteria></definition>"
             "<definition><metadata><reference ref_id=\"ELSA-2021-0711\"/><reference "
             "ref_id=\"CVE-2020-35517\"/>"
             "</metadata><criteria operator=\"AND\">"
             "<criterion test_ref=\"tst:1\" comment=\"Oracle Linux 8 is installed\"/>"
             "<criterion test_ref=\"tst:1\" comment=\"Module virt:ol is enabled\"/>"
             "<criteria operator=\"OR\"><criterion test_ref=\"tst:5\" comment=\"x\"/></criteria></criteria>"
             "</definition>",
            "<tests>" TEST("1", "1", "1") TEST("2", "2", "2") TEST("3", "2", "3") TEST("4", "4", "4")
                TEST("5", "5", "5") "</tests><objects>" OBJECT("1", "oraclelinux-release")
                    OBJECT("2", "bind-libs") OBJECT("4", "openssl") OBJECT(
                        "5", "qemu-kvm") "</objects><states><rpminfo_state id=\"ste:1\"><version "
                                         "operation=\"pattern match\">^5</version>"
                                         "</rpminfo_state>" STATE("2", "less than",
                                             "30:9.3.3-8.el5") "<rpminfo_state id=\"ste:3\"><signature_keyid "
                                                               "operation=\"equals\">66ced3de1e5e0159"
                                                               "</signature_keyid></rpminfo_state>" STATE("4",
                                                                   "less than", "2:1.0.1e-48.ksplice1.el6")
                                                                   STATE("5", "less than",
                                                                       "15:4.2.0-34.module+el8.3.0+7860+"
                                                                       "a7792d29") "</states>"),
        "ELSA-2007-0057 +CVE-2007-0493 +CVE-2007-0494 ~oracle:MODERATE 2007-06-26 | oracle:5 bind-libs "
        "[,30:9.3.3-8.el5) | oracle-ksplice:5 openssl [,2:1.0.1e-48.ksplice1.el6)\n"
        "ELSA-2021-0711 +CVE-2020-35517 | oracle:8 qemu-kvm module=virt:ol "
        "[,15:4.2.0-34.module+el8.3.0+7860+a7792d29)\n");
}

static void test_azure(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_oval, NULL,
        OVAL("<definition class=\"vulnerability\" id=\"oval:com.microsoft.azurelinux:def:42064\"><metadata>"
             "<title>CVE-2024-35176 affecting package rubygem-rexml for versions less than 3.2.8-1</title>"
             "<reference ref_id=\"CVE-2024-35176\" source=\"CVE\"/><patchable>true</patchable>"
             "<advisory_date>2024-05-31T18:55:08Z</advisory_date><severity>Medium</severity></metadata>"
             "<criteria operator=\"AND\"><criterion test_ref=\"tst:1\" "
             "comment=\"Package\"/></criteria></definition>"
             "<definition><metadata><reference ref_id=\"CVE-2022-21309\"/></metadata><criteria "
             "operator=\"AND\">"
             "<criterion test_ref=\"tst:2\" comment=\"\"/><criterion test_ref=\"tst:3\" "
             "comment=\"\"/></criteria>"
             "</definition>",
            "<tests>" TEST("1", "1", "1") TEST("2", "2", "2")
                TEST("3", "2", "3") "</tests><objects>" OBJECT("1", "rubygem-rexml")
                    OBJECT("2", "mysql") "</objects><states>" STATE("1", "less than", "0:3.2.8-1.azl3")
                        STATE("2", "greater than", "0:5.0-1.cm2")
                            STATE("3", "less than or equal", "0:8.0.28-1.cm2") "</states>"),
        "CVE-2024-35176 ~azurelinux:Medium 2024-05-31 | azurelinux:3.0 rubygem-rexml [,3.2.8-1.azl3)\n"
        "CVE-2022-21309 | azurelinux:2.0 mysql (5.0-1.cm2,8.0.28-1.cm2]\n");
}

static void test_bad_oval(void **state)
{
    (void)state;
    struct feed_run run;
    struct vl_buf deep;
    feed_run(&run, vl_feed_parse_oval, NULL, "<html/>");
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
    vl_buf_init(&deep, 1UL << 20);
    vl_buf_append_str(&deep, "<oval_definitions><definitions><definition>");
    for (int i = 0; i < 60; i++)
        vl_buf_append_str(&deep, "<criteria>");
    for (int i = 0; i < 60; i++)
        vl_buf_append_str(&deep, "</criteria>");
    vl_buf_append_str(&deep, "</definition></definitions></oval_definitions>");
    feed_run(&run, vl_feed_parse_oval, NULL, vl_buf_str(&deep));
    assert_int_equal(run.err.code, VL_ERR_LIMIT);
    feed_run_done(&run);
    vl_buf_done(&deep);
    assert_feed(vl_feed_parse_oval, NULL,
        OVAL("<definition><criteria><criterion test_ref=\"tst:9\" comment=\"no such "
             "test\"/></criteria></definition>",
            ""),
        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_photon),
        cmocka_unit_test(test_photon_unfixed),
        cmocka_unit_test(test_updateinfo),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_azure),
        cmocka_unit_test(test_bad_oval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
