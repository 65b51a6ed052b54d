/* tests: spdx.c annotate.c. Second source: the SPDX 2.3 specification (clauses in the comments); the whole
 * document is validated in tests/functional/test_reports. */
#include "test_support.h"

#include <string.h>

#include "base/time.h"

static bool annotated(const struct vl_doc_node *package, const char *text)
{
    return find(vl_doc_get(package, "annotations"), "comment", text) != NULL;
}

static void test_document(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_SPDX, &plain);
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_text(root, "spdxVersion", "SPDX-2.3");                       /* 6.1 */
    assert_text(root, "dataLicense", "CC0-1.0");                        /* 6.2 */
    assert_text(root, "SPDXID", "SPDXRef-DOCUMENT");                    /* 6.3 */
    assert_text(root, "creationInfo.creators.0", "Tool: vallum-1.2.3"); /* 6.8 */
    assert_text(root, "creationInfo.created", "2026-11-24T08:00:00Z");  /* 6.9 */
    assert_int_equal(vl_doc_size(at(root, "packages")), 12);
    assert_text(root, "relationships.0.relationshipType", "DESCRIBES");
    assert_text(root, "relationships.0.relatedSpdxElement", "SPDXRef-Target");
    assert_int_equal(vl_doc_size(at(root, "relationships")), 12);
}

/* What a reader needs to match these packages as those of the target. */
static void test_matching_survives(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_SPDX, &plain);
    const struct vl_doc_node *packages = at(vl_doc_root(doc), "packages");
    const struct vl_doc_node *os = find(packages, "SPDXID", "SPDXRef-OperatingSystem");
    assert_text(os, "name", "debian");
    assert_text(os, "versionInfo", "12");
    assert_true(annotated(os, "vallum:codename=bookworm"));
    const struct vl_doc_node *ssl = find(packages, "name", "libssl3");
    assert_text(ssl, "versionInfo", "3.0.11-1~deb12u1");
    assert_text(ssl, "licenseDeclared", "Apache-2.0");
    assert_text(ssl, "supplier", "Organization: Debian");
    assert_true(annotated(ssl, "vallum:ecosystem=deb"));
    assert_true(annotated(ssl, "vallum:arch=amd64"));
    assert_true(annotated(ssl, "vallum:source_name=openssl"));
    assert_true(annotated(ssl, "vallum:vendor=Debian"));
    assert_true(annotated(ssl, "vallum:path=var/lib/dpkg/status"));
    const struct vl_doc_node *lodash = find(packages, "name", "lodash");
    assert_true(annotated(lodash, "vallum:line=42"));
    assert_true(annotated(lodash, "vallum:flags=18"));                             /* locked, indirect */
    assert_text(lodash, "licenseDeclared", "MIT");                                 /* the list's spelling */
    assert_text(find(packages, "name", "bash"), "licenseDeclared", "NOASSERTION"); /* words among them */
    const struct vl_doc_node *log4j = find(packages, "name", "org.apache.logging.log4j:log4j-core");
    assert_true(annotated(log4j, "vallum:path=app/orders.jar!BOOT-INF/lib/log4j-core-2.14.1.jar"));
    assert_text(log4j, "checksums.0.algorithm", "SHA1");
    assert_text(log4j, "checksums.0.checksumValue", "9141212b8507ab50a45525b545b39d224614528b");
    assert_text(log4j, "externalRefs.0.referenceType", "purl");
    assert_text(log4j, "externalRefs.1.referenceType", "advisory"); /* annex F.2 */
    assert_text(log4j, "externalRefs.1.referenceLocator", "https://nvd.nist.gov/vuln/detail/CVE-2021-44228");
    const struct vl_doc_node *target = find(packages, "SPDXID", "SPDXRef-Target");
    assert_true(annotated(target, "vallum:os=linux"));
    assert_true(annotated(target, "vallum:partial=app/broken.jar: the central directory is cut"));
    assert_true(annotated(target, "vallum:unidentified=elf|opt/tool"));
    assert_text(target, "primaryPackagePurpose", "CONTAINER");
}

static void test_packages_only(void **state)
{
    (void)state;
    struct vl_report_options only = plain;
    only.packages_only = true;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_SPDX, &only, &out);
    assert_false(has(&out, "CVE-"));
    assert_true(has(&out, "lodash"));
}

static void test_hidden_findings(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_SPDX, &plain, &out);
    assert_false(has(&out, "CVE-2023-24532"));
    vl_buf_done(&out);
    render(r, VL_REPORT_SPDX, &hidden, &out);
    assert_true(has(&out, "CVE-2023-24532"));
}

static void test_hostile_and_many(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *evil = sample_hostile();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(evil, VL_REPORT_SPDX, &hidden);
    assert_int_equal(vl_doc_size(at(vl_doc_root(doc), "packages")), 11);
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *many = sample_many(100000, 50000);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    int64_t began = vl_time_monotonic_us();
    render(many, VL_REPORT_SPDX, &plain, &out);
    /* Far above what a linear writer takes with sanitizers, far below a quadratic one. */
    assert_true(vl_time_monotonic_us() - began < 20 * INT64_C(1000000));
    assert_int_equal(count(&out, "\"SECURITY\""), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_matching_survives),
        cmocka_unit_test(test_packages_only),
        cmocka_unit_test(test_hidden_findings),
        cmocka_unit_test(test_hostile_and_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
