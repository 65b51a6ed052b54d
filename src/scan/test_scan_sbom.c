/* tests: scan_sbom.c */
#include "test_match_support.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct vl_advisory_db *db;

static int set_up(void **state)
{
    (void)state;
    db = test_db_usual();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_files_done();
    test_db_close(db);
    return 0;
}

static struct vl_scan_result *scan(const char *path)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = NULL;
    if (vl_scan_sbom(path, db, NULL, &result, &err) < 0)
        fail_msg("%s", err.msg);
    return result;
}

/* The image of findings_of_an_image in test_match.c, written down as docs/reports/cyclonedx.md has it. */
static const char ours[] =
    "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,"
    "\"metadata\":{\"component\":{\"type\":\"container\",\"bom-ref\":\"target\",\"name\":\"shop/orders:1.0\","
    "\"properties\":[{\"name\":\"vallum:kind\",\"value\":\"image\"},"
    "{\"name\":\"vallum:name\",\"value\":\"shop/orders:1.0\"}]}},"
    "\"components\":["
    "{\"type\":\"operating-system\",\"bom-ref\":\"os\",\"name\":\"debian\",\"version\":\"12\","
    "\"properties\":[{\"name\":\"vallum:codename\",\"value\":\"bookworm\"}]},"
    "{\"type\":\"library\",\"bom-ref\":\"0\",\"name\":\"zlib1g\",\"version\":\"1:1.2.11.dfsg-4\","
    "\"purl\":\"pkg:deb/debian/zlib1g@1%3A1.2.11.dfsg-4?arch=amd64&distro=debian-12\","
    "\"properties\":[{\"name\":\"vallum:ecosystem\",\"value\":\"deb\"},"
    "{\"name\":\"vallum:path\",\"value\":\"var/lib/dpkg/status\"},"
    "{\"name\":\"vallum:source_name\",\"value\":\"zlib\"}]},"
    "{\"type\":\"library\",\"bom-ref\":\"1\",\"group\":\"org.apache.logging.log4j\",\"name\":\"log4j-core\","
    "\"version\":\"2.14.1\",\"purl\":\"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1\","
    "\"properties\":[{\"name\":\"vallum:ecosystem\",\"value\":\"maven\"},"
    "{\"name\":\"vallum:path\",\"value\":\"app/a.jar\"}]},"
    "{\"type\":\"library\",\"bom-ref\":\"2\",\"name\":\"lodash\",\"version\":\"4.17.11\","
    "\"purl\":\"pkg:npm/lodash@4.17.11\",\"properties\":[{\"name\":\"vallum:ecosystem\",\"value\":\"npm\"},"
    "{\"name\":\"vallum:path\",\"value\":\"app/node_modules/lodash/package.json\"}]},"
    "{\"type\":\"library\",\"bom-ref\":\"3\",\"name\":\"evil\",\"version\":\"1.0.0\","
    "\"purl\":\"pkg:npm/evil@1.0.0\",\"properties\":[{\"name\":\"vallum:ecosystem\",\"value\":\"npm\"},"
    "{\"name\":\"vallum:path\",\"value\":\"app/node_modules/evil/package.json\"}]}]}";

static void assert_as_the_image(struct vl_scan_result *result)
{
    assert_string_equal(test_findings(result),
        "CVE-2021-44228 org.apache.logging.log4j:log4j-core 2.14.1 2.15.0 fixed open; "
        "MAL-2024-1 evil 1.0.0 - not_fixed open; "
        "CVE-2019-10744 lodash 4.17.11 4.17.12 fixed open; "
        "CVE-2022-37434 zlib1g 1:1.2.11.dfsg-4 1:1.2.13.dfsg-1 fixed open; "
        "CVE-2023-45853 zlib1g 1:1.2.11.dfsg-4 - not_fixed open; "
        "CVE-2020-8203 lodash 4.17.11 4.17.20 fixed open");
    assert_int_equal(result->coverage.packages, 4);
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    assert_int_not_equal(result->inventory->distro.support, VL_SUPPORT_UNKNOWN);
    assert_true(result->inventory->distro.support_ends_ms > 0);
}

static void test_our_own(void **state)
{
    (void)state;
    struct vl_scan_result *result = scan(test_file("bom.json", ours));
    assert_as_the_image(result);
    assert_non_null(strstr(result->inventory->target.name, "bom.json")); /* as the user gave it */
    assert_string_equal(result->inventory->distro.codename, "bookworm");
    vl_scan_result_free(result);
}

static void test_standard_input(void **state)
{
    (void)state;
    int saved = dup(0), fd = open(test_file("bom.json", ours), O_RDONLY | O_CLOEXEC);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, 0) == 0);
    struct vl_scan_result *result = scan("-");
    assert_true(dup2(saved, 0) == 0);
    close(saved);
    close(fd);
    assert_as_the_image(result);
    vl_scan_result_free(result);
}

/* SPDX 2.3 as any tool writes it: package URLs in externalRefs, nothing of ours. */
static void test_of_another_tool(void **state)
{
    (void)state;
    static const char text[] =
        "{\"spdxVersion\":\"SPDX-2.3\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"name\":\"x\",\"packages\":["
        "{\"SPDXID\":\"SPDXRef-1\",\"name\":\"lodash\",\"versionInfo\":\"4.17.11\",\"externalRefs\":["
        "{\"referenceCategory\":\"PACKAGE-MANAGER\",\"referenceType\":\"purl\","
        "\"referenceLocator\":\"pkg:npm/lodash@4.17.11\"}]}]}";
    struct vl_scan_result *result = scan(test_file("x.spdx.json", text));
    assert_string_equal(test_findings(result),
        "CVE-2019-10744 lodash 4.17.11 4.17.12 fixed open; CVE-2020-8203 lodash 4.17.11 4.17.20 fixed open");
    assert_string_equal(
        ((const struct vl_package *)result->inventory->packages.items)->purl, "pkg:npm/lodash@4.17.11");
    vl_scan_result_free(result);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{}", "{\"bomFormat\":\"CycloneDX\"", "hello", "[1,2]"};
    struct vl_scan_result *result = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        struct vl_err err = VL_ERR_INIT;
        assert_true(vl_scan_sbom(test_file("bad.json", texts[i]), db, NULL, &result, &err) < 0);
        assert_non_null(strstr(err.msg, "bad.json"));
    }
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_scan_sbom("/nowhere/bom.json", db, NULL, &result, &err) < 0);
    assert_non_null(strstr(err.msg, "/nowhere/bom.json"));
    assert_null(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_own),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_of_another_tool),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
