/* tests: csaf.c csaf_tree.c. Documents as Red Hat publishes them: CVE-2023-38545 (curl: minor releases, EUS,
 * unfixed platforms), CVE-2024-24786 (a layered product, a flatpak with a module that is none), nodejs:18 as
 * modules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "test_support.h"

#define PLATFORM(id, cpe)                                                                            \
    "{\"category\":\"product_name\",\"name\":\"P\",\"product\":{\"name\":\"P\",\"product_id\":\"" id \
    "\",\"product_identification_helper\":{\"cpe\":\"" cpe "\"}}}"
#define PACKAGE(id, purl)                                                               \
    "{\"category\":\"product_version\",\"name\":\"" id "\",\"product\":{\"name\":\"" id \
    "\",\"product_id\":\"" id "\",\"product_identification_helper\":{\"purl\":\"" purl "\"}}}"
#define COMPONENT(platform, package)                                                               \
    "{\"category\":\"default_component_of\",\"full_product_name\":{\"name\":\"n\",\"product_id\":" \
    "\"" platform ":" package "\"},\"product_reference\":\"" package                               \
    "\",\"relates_to_product_reference\":\"" platform "\"}"
#define VEX(branches, relations, status, remediations)                                                      \
    "{\"document\":{\"category\":\"csaf_vex\",\"aggregate_severity\":{\"text\":\"Important\"},\"title\":"   \
    "\"curl: "                                                                                              \
    "heap based buffer overflow\",\"tracking\":{\"current_release_date\":\"2025-11-21T14:31:32+00:00\"}},"  \
    "\"product_tree\":{\"branches\":[{\"category\":\"vendor\",\"name\":\"Red Hat\",\"branches\":[" branches \
    "]}],\"relationships\":[" relations                                                                     \
    "]},\"vulnerabilities\":[{\"cve\":\"CVE-2023-38545\",\"cwe\":{\"id\":"                                  \
    "\"CWE-119\"},\"release_date\":\"2023-10-11T00:00:00+00:00\",\"product_status\":{" status               \
    "},\"remediations\":[" remediations                                                                     \
    "],\"scores\":[{\"cvss_v3\":{\"vectorString\":\"CVSS:3.1/AV:N/AC:H/PR:N/"                               \
    "UI:N/S:U/C:H/I:H/A:H\"}}]}]}"
#define FACTS                                                                                       \
    "CVE-2023-38545 ~redhat:Important @redhat:CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H cwe119 " \
    "2023-10-11"

#define RHEL6  PLATFORM("red_hat_enterprise_linux_6", "cpe:/o:redhat:enterprise_linux:6")
#define RHEL9  PLATFORM("BaseOS-9.3.0.Z.MAIN", "cpe:/o:redhat:enterprise_linux:9::baseos")
#define RHEL92 PLATFORM("BaseOS-9.2.0.Z.MAIN.EUS", "cpe:/o:redhat:enterprise_linux:9::baseos")
#define EUS90  PLATFORM("BaseOS-9.0.0.Z.EUS", "cpe:/o:redhat:rhel_eus:9.0::baseos")

static void test_streams(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_csaf, NULL,
        VEX(RHEL9 "," RHEL92 "," EUS90 "," PACKAGE("curl-0:7.76.1-26.el9_3.2.x86_64",
                "pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64") "," PACKAGE("curl-0:7.76.1-26.el9_3.2."
                                                                                 "src",
                "pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=src") "," PACKAGE("curl-0:7.76.1-23.el9_2.4.x86_"
                                                                              "64",
                "pkg:rpm/redhat/curl@7.76.1-23.el9_2.4?arch=x86_64") "," PACKAGE("curl-0:7.76.1-14.el9_0.6."
                                                                                 "x86_64",
                "pkg:rpm/redhat/curl@7.76.1-14.el9_0.6?arch=x86_64") "," PACKAGE("curl-debuginfo-0:7.76.1-26."
                                                                                 "el9_3.2.x86_64",
                "pkg:rpm/redhat/curl-debuginfo@7.76.1-26.el9_3.2?arch=x86_64"),
            COMPONENT("BaseOS-9.3.0.Z.MAIN", "curl-0:7.76.1-26.el9_3.2.x86_64") "," COMPONENT(
                "BaseOS-9.3.0.Z.MAIN", "curl-0:7.76.1-26.el9_3.2.src") "," COMPONENT("BaseOS-9.3.0.Z.MAIN",
                "curl-debuginfo-0:7.76.1-26.el9_3.2.x86_64") "," COMPONENT("BaseOS-9.2.0.Z.MAIN.EUS",
                "curl-0:7.76.1-23.el9_2.4.x86_64") "," COMPONENT("BaseOS-9.0.0.Z.EUS",
                "curl-0:7.76.1-14.el9_0.6.x86_64"),
            "\"fixed\":[\"BaseOS-9.3.0.Z.MAIN:curl-0:7.76.1-26.el9_3.2.x86_64\","
            "\"BaseOS-9.3.0.Z.MAIN:curl-0:7.76.1-26.el9_3.2.src\","
            "\"BaseOS-9.3.0.Z.MAIN:curl-debuginfo-0:7.76.1-26.el9_3.2.x86_64\","
            "\"BaseOS-9.2.0.Z.MAIN.EUS:curl-0:7.76.1-23.el9_2.4.x86_64\","
            "\"BaseOS-9.0.0.Z.EUS:curl-0:7.76.1-14.el9_0.6.x86_64\"]",
            ""),
        FACTS " | rhel:9 curl [,7.76.1-23.el9_2.4) [7.76.1-24,7.76.1-26.el9_3.2) {fixed} | rhel-eus:9.0 curl "
              "[,7.76.1-14.el9_0.6) {fixed}\n");
}

#define UNFIXED(list, category, details) \
    "{\"category\":\"" category "\",\"details\":\"" details "\",\"product_ids\":[" list "]}"

static void test_unfixed(void **state)
{
    (void)state;
    static const char *const remedies[][3] = {
        {"no_fix_planned", "Will not fix", "will_not_fix"},
        {"no_fix_planned", "Out of support scope", "end_of_life"},
        {"none_available", "Fix deferred", "deferred"},
        {"none_available", "Affected", "not_fixed"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(remedies); i++) {
        struct vl_buf text;
        struct vl_buf expected;
        vl_buf_init(&text, 1UL << 20);
        vl_buf_init(&expected, 1UL << 20);
        vl_buf_printf(&text,
            VEX(RHEL6 "," PACKAGE("curl", "pkg:rpm/redhat/curl?arch=src"),
                COMPONENT("red_hat_enterprise_linux_6", "curl"),
                "\"known_affected\":[\"red_hat_enterprise_linux_6:curl\"]",
                UNFIXED("\"red_hat_enterprise_linux_6:curl\"", "%s", "%s")),
            remedies[i][0], remedies[i][1]);
        vl_buf_printf(&expected, FACTS " | rhel:6 src:curl [,) {%s}\n", remedies[i][2]);
        assert_feed(vl_feed_parse_csaf, NULL, vl_buf_str(&text), vl_buf_str(&expected));
        vl_buf_done(&text);
        vl_buf_done(&expected);
    }
}

/* Where binary packages are named, their source says nothing more; what is not affected is no row. */
static void test_binaries(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_csaf, NULL,
        VEX(RHEL6 "," PACKAGE("curl.src", "pkg:rpm/redhat/curl?arch=src") "," PACKAGE(
                "libcurl", "pkg:rpm/redhat/libcurl") "," PACKAGE("curl", "pkg:rpm/redhat/curl"),
            COMPONENT("red_hat_enterprise_linux_6", "curl.src") "," COMPONENT(
                "red_hat_enterprise_linux_6", "libcurl") "," COMPONENT("red_hat_enterprise_linux_6", "curl"),
            "\"under_investigation\":[\"red_hat_enterprise_linux_6:curl.src\",\"red_hat_enterprise_linux_6:"
            "libcurl\"],"
            "\"known_not_affected\":[\"red_hat_enterprise_linux_6:curl\"]",
            ""),
        FACTS " | rhel:6 libcurl [,) {under_investigation}\n");
}

static void test_modules(void **state)
{
    (void)state;
    /* a module between package and platform; the epoch stands in the name alone */
    assert_feed(vl_feed_parse_csaf, NULL,
        VEX(PLATFORM("AppStream-9.2.0.Z.MAIN.EUS", "cpe:/a:redhat:enterprise_linux:9::appstream") "," PACKAGE(
                "nodejs:18:9020020230825081254:rhel9",
                "pkg:rpmmod/redhat/nodejs@18:9020020230825081254:rhel9") "," PACKAGE("nodejs-1:18.17.1-1."
                                                                                     "module+el9.2.0+19812+"
                                                                                     "6cd24b77.x86_64",
                "pkg:rpm/redhat/nodejs@18.17.1-1.module%2Bel9.2.0%2B19812%2B6cd24b77?arch=x86_64"),
            COMPONENT("AppStream-9.2.0.Z.MAIN.EUS", "nodejs:18:9020020230825081254:rhel9") "," COMPONENT(
                "AppStream-9.2.0.Z.MAIN.EUS:nodejs:18:9020020230825081254:rhel9",
                "nodejs-1:18.17.1-1.module+el9.2.0+19812+6cd24b77.x86_64"),
            "\"fixed\":[\"AppStream-9.2.0.Z.MAIN.EUS:nodejs:18:9020020230825081254:rhel9:"
            "nodejs-1:18.17.1-1.module+el9.2.0+19812+6cd24b77.x86_64\"]",
            ""),
        FACTS " | rhel:9 nodejs module=nodejs:18 [,1:18.17.1-1.module+el9.2.0+19812+6cd24b77) {fixed}\n");
    /* a module of which nothing is fixed, and the qualifier of newer documents */
    assert_feed(vl_feed_parse_csaf, NULL,
        VEX(PLATFORM("red_hat_enterprise_linux_8", "cpe:/o:redhat:enterprise_linux:8") "," PACKAGE(
                "nodejs:16/nodejs", "pkg:rpmmod/redhat/nodejs@16/nodejs") "," PACKAGE("npm",
                "pkg:rpm/redhat/npm?rpmmod=nodejs%3A18%3A8090%3Arhel8&epoch=1") "," PACKAGE("firefox-flatpak",
                "pkg:rpm/redhat/firefox-flatpak?arch=src&rpmmod=rhel10"),
            COMPONENT("red_hat_enterprise_linux_8", "nodejs:16/nodejs") "," COMPONENT(
                "red_hat_enterprise_linux_8", "npm") "," COMPONENT("red_hat_enterprise_linux_8",
                "firefox-flatpak"),
            "\"known_affected\":[\"red_hat_enterprise_linux_8:nodejs:16/"
            "nodejs\",\"red_hat_enterprise_linux_8:npm\","
            "\"red_hat_enterprise_linux_8:firefox-flatpak\"]",
            ""),
        FACTS
        " | rhel:8 nodejs module=nodejs:16 [,) {not_fixed} | rhel:8 npm module=nodejs:18 [,) {not_fixed}\n");
}

static void test_nothing_of_ours(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_csaf, NULL,
        VEX(PLATFORM("9Base-RHOSE-4.16", "cpe:/a:redhat:openshift:4.16::el9") "," PACKAGE(
                "cri-tools-0:1.29.0-3.1.el9.aarch64", "pkg:rpm/redhat/cri-tools@1.29.0-3.1.el9?arch=aarch64"),
            COMPONENT("9Base-RHOSE-4.16", "cri-tools-0:1.29.0-3.1.el9.aarch64"),
            "\"fixed\":[\"9Base-RHOSE-4.16:cri-tools-0:1.29.0-3.1.el9.aarch64\",\"no:such\"]", ""),
        "");
    assert_feed(vl_feed_parse_csaf, NULL, "{\"publisher\":{}}", "");
    struct feed_run run;
    struct vl_buf deep;
    vl_buf_init(&deep, 1UL << 20);
    vl_buf_append_str(&deep, "{\"product_tree\":{\"branches\":[");
    for (int i = 0; i < 50; i++)
        vl_buf_append_str(&deep, "{\"branches\":[");
    for (int i = 0; i < 50; i++)
        vl_buf_append_str(&deep, "]}");
    vl_buf_append_str(&deep, "]}}");
    feed_run(&run, vl_feed_parse_csaf, NULL, vl_buf_str(&deep));
    assert_int_equal(run.err.code, VL_ERR_LIMIT);
    feed_run_done(&run);
    vl_buf_done(&deep);
    /* a product that is a component of itself */
    assert_feed(vl_feed_parse_csaf, NULL,
        VEX(RHEL6 "," PACKAGE("a", "pkg:rpm/redhat/a"),
            "{\"full_product_name\":{\"product_id\":\"x\"},\"product_reference\":\"a\","
            "\"relates_to_product_reference\":\"x\"}",
            "\"known_affected\":[\"x\"]", ""),
        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_unfixed),
        cmocka_unit_test(test_binaries),
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_nothing_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
