/* VEX documents: which statement is about which finding, and which one counts.
 * tests: vex.c vex_apply.c vex_openvex.c vex_cyclonedx.c vex_csaf.c */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "scan/policy.h"
#include "vex.h"

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
    test_db_close(db);
    test_files_done();
    return 0;
}

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct vl_scan_result *image(void)
{
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    inv->target.reference = "registry.example.com/shop/orders:1.0";
    inv->target.digest = DIGEST;
    inv->target.arch = "amd64";
    struct vl_package *p = test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "var/lib/dpkg/status", 0);
    p->source_name = "zlib";
    p->purl = "pkg:deb/debian/zlib1g@1:1.2.11.dfsg-4?arch=amd64&distro=debian-12";
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.11", "app/node_modules/lodash/package.json", 0)->purl =
        "pkg:npm/lodash@4.17.11";
    test_add(inv, VL_ECO_MAVEN, "com.shop:orders", "1.0", "app/orders.jar", 0)->purl =
        "pkg:maven/com.shop/orders@1.0";
    test_add(inv, VL_ECO_MAVEN, "org.apache.logging.log4j:log4j-core", "2.14.1",
        "app/orders.jar!BOOT-INF/lib/log4j-core.jar", 0)
        ->purl = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1";
    test_add(inv, VL_ECO_GO, "example.com/tool", "1.2.0", "usr/bin/tool", VL_PACKAGE_MAIN)->purl =
        "pkg:golang/example.com/tool@1.2.0";
    test_add(inv, VL_ECO_GO, "golang.org/x/net", "0.10.0", "usr/bin/tool", 0)->purl =
        "pkg:golang/golang.org/x/net@v0.10.0";
    test_add(inv, VL_ECO_GO, "golang.org/x/net", "0.11.0", "usr/bin/other", 0)->purl =
        "pkg:golang/golang.org/x/net@v0.11.0";
    return test_match(inv, db, NULL);
}

/* "ID version; …" of what VEX set aside. */
static const char *set_aside(const struct vl_scan_result *result)
{
    static char text[4096];
    size_t len = 0;
    text[0] = 0;
    const struct vl_finding *f = result->findings.items;
    for (size_t i = 0; i < result->findings.len; i++, f++) {
        if (f->status == VL_FINDING_VEX)
            len += (size_t)snprintf(
                text + len, sizeof(text) - len, "%s%s %s", len ? "; " : "", f->id, f->package->version);
    }
    return text;
}

static struct vl_scan_result *apply(const char *const *texts, size_t n)
{
    struct vl_err err = VL_ERR_INIT;
    char paths[4][512];
    const char *files[4];
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "vex%zu.json", i);
        snprintf(paths[i], sizeof(paths[i]), "%s", test_file(name, texts[i]));
        files[i] = paths[i];
    }
    struct vl_scan_result *result = image();
    struct vl_scan_policy policy = {.vex_files = files, .n_vex_files = n};
    if (vl_scan_apply_policy(result, &policy, &err) < 0)
        fail_msg("%s", err.msg);
    return result;
}

static void expect(const char *text, const char *what)
{
    struct vl_scan_result *result = apply(&text, 1);
    if (strcmp(set_aside(result), what) != 0)
        fail_msg("%s: %s", text, set_aside(result));
    vl_scan_result_free(result);
}

#define OPENVEX(statements)                                                                   \
    "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"timestamp\":\"2024-01-02T00:00:00Z\"," \
    "\"statements\":[" statements "]}"
#define SAYS(more, vulnerability, products, status)                                       \
    "{" more "\"vulnerability\":{\"name\":\"" vulnerability "\"},\"products\":[" products \
    "],\"status\":\"" status "\"}"
#define PRODUCT(id)    "{\"@id\":\"" id "\"}"
#define WITH(id, part) "{\"@id\":\"" id "\",\"subcomponents\":[{\"@id\":\"" part "\"}]}"
#define LOG4J          "CVE-2021-44228"
#define LOG4J_PURL     "pkg:maven/org.apache.logging.log4j/log4j-core"

static void openvex_products(void **state)
{
    (void)state;
    static const struct {
        const char *product;
        bool applies;
    } rows[] = {
        {PRODUCT(LOG4J_PURL), true},
        {PRODUCT(LOG4J_PURL "@2.14.1"), true},
        {PRODUCT(LOG4J_PURL "@2.15.0"), false},
        {"{\"identifiers\":{\"purl\":\"" LOG4J_PURL "\"}}", true},
        /* the image, by digest, repository and tag */
        {PRODUCT("pkg:oci/orders@sha256%3Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            true},
        {PRODUCT("pkg:oci/orders@sha256%3Abbbbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            false},
        {PRODUCT("pkg:oci/orders"), true},
        {PRODUCT("pkg:oci/payments"), false},
        {PRODUCT("pkg:oci/orders?repository_url=registry.example.com/shop/orders"), true},
        {PRODUCT("pkg:oci/orders?repository_url=registry.example.com/shop"), true},
        {PRODUCT("pkg:oci/orders?repository_url=registry.example.org/shop"), false},
        {PRODUCT("pkg:oci/orders?tag=1.0"), true},
        {PRODUCT("pkg:oci/orders?tag=2.0"), false},
        {PRODUCT("pkg:oci/orders?arch=arm64"), false},
        {PRODUCT("registry.example.com/shop/orders:1.0"), true},
        {PRODUCT("https://example.com/orders"), false},
        {"{\"@id\":\"x\",\"hashes\":{\"sha-256\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}",
            true},
        /* parts of it */
        {WITH("pkg:oci/orders", LOG4J_PURL), true},
        {WITH("pkg:oci/orders", "pkg:npm/lodash"), false},
        {WITH("pkg:oci/payments", LOG4J_PURL), false},
        {WITH("pkg:oci/orders", "urn:nothing"), false}, /* a part that nothing tells is not the whole */
        /* a package in the image that holds the other */
        {WITH("pkg:maven/com.shop/orders", LOG4J_PURL), true},
        {WITH("pkg:maven/com.shop/orders@2.0", LOG4J_PURL), false},
        {WITH("pkg:npm/lodash", LOG4J_PURL), false},
        {PRODUCT("pkg:maven/com.shop/orders"), true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char text[2048];
        snprintf(text, sizeof(text), OPENVEX(SAYS("", LOG4J, "%s", "not_affected")), rows[i].product);
        expect(text, rows[i].applies ? LOG4J " 2.14.1" : "");
    }
}

/* What is said of a binary is not said of another one with the same module. */
static void openvex_binary(void **state)
{
    (void)state;
    expect(OPENVEX(SAYS("", "CVE-2023-3978",
               WITH("pkg:golang/example.com/tool", "pkg:golang/golang.org/x/net"), "not_affected")),
        "CVE-2023-3978 0.10.0");
    expect(OPENVEX(SAYS("", "GO-2023-1988", PRODUCT("pkg:golang/golang.org/x/net"), "not_affected")),
        "CVE-2023-3978 0.11.0; CVE-2023-3978 0.10.0");
}

/* An SBOM that tells no paths is about its one project. */
static void openvex_sbom(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    const char *file = test_file(
        "vex.json", OPENVEX(SAYS("", LOG4J, WITH("pkg:maven/com.shop/orders", LOG4J_PURL), "not_affected")));
    struct vl_inventory *inv = test_inventory(VL_TARGET_SBOM, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_MAVEN, "com.shop:orders", "1.0", NULL, VL_PACKAGE_MAIN)->purl =
        "pkg:maven/com.shop/orders@1.0";
    test_add(inv, VL_ECO_MAVEN, "org.apache.logging.log4j:log4j-core", "2.14.1", NULL, 0)->purl =
        LOG4J_PURL "@2.14.1";
    struct vl_scan_result *result = test_match(inv, db, NULL);
    struct vl_scan_policy policy = {.vex_files = &file, .n_vex_files = 1};
    assert_int_equal(vl_scan_apply_policy(result, &policy, &err), 0);
    assert_string_equal(set_aside(result), LOG4J " 2.14.1");
    vl_scan_result_free(result);
}

static void last_statement(void **state)
{
    (void)state;
    /* later in the document */
    expect(OPENVEX(SAYS("", LOG4J, PRODUCT(LOG4J_PURL), "not_affected") "," SAYS(
               "", LOG4J, PRODUCT(LOG4J_PURL), "affected")),
        "");
    expect(OPENVEX(SAYS("", LOG4J, PRODUCT(LOG4J_PURL), "affected") "," SAYS(
               "", LOG4J, PRODUCT(LOG4J_PURL), "fixed")),
        LOG4J " 2.14.1");
    /* later in time */
    expect(OPENVEX(SAYS("\"timestamp\":\"2025-01-01T00:00:00Z\",", LOG4J, PRODUCT(LOG4J_PURL),
               "fixed") "," SAYS("", LOG4J, PRODUCT(LOG4J_PURL), "under_investigation")),
        LOG4J " 2.14.1");
    /* under another id of the same vulnerability */
    expect(OPENVEX(SAYS("", LOG4J, PRODUCT(LOG4J_PURL), "fixed") "," SAYS(
               "", "GHSA-jfh8-c2jp-5v3q", PRODUCT(LOG4J_PURL), "affected")),
        "");
    /* in another document */
    const char *two[] = {
        OPENVEX(SAYS("\"timestamp\":\"2025-01-01T00:00:00Z\",", LOG4J, PRODUCT(LOG4J_PURL), "affected")),
        OPENVEX(SAYS("", LOG4J, PRODUCT(LOG4J_PURL), "fixed"))};
    struct vl_scan_result *result = apply(two, 2);
    assert_string_equal(set_aside(result), "");
    vl_scan_result_free(result);
}

static void words(void **state)
{
    (void)state;
    const char *text = OPENVEX(SAYS("\"justification\":\"vulnerable_code_not_present\","
                                    "\"impact_statement\":\"class removed\",",
        LOG4J, PRODUCT(LOG4J_PURL), "not_affected"));
    struct vl_scan_result *result = apply(&text, 1);
    const char *reason = test_finding(result, LOG4J)->status_reason;
    assert_non_null(strstr(reason, "not affected: vulnerable_code_not_present: class removed ("));
    assert_non_null(strstr(reason, "vex0.json)"));
    vl_scan_result_free(result);
}

/* OpenVEX 0.0.1: vulnerability and products are texts, subcomponents belong to the statement. */
static void old_openvex(void **state)
{
    (void)state;
    expect("{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{\"vulnerability\":\"" LOG4J
           "\",\"products\":[\"pkg:oci/orders\"],\"subcomponents\":[\"" LOG4J_PURL
           "\"],\"status\":\"not_affected\"}]}",
        LOG4J " 2.14.1");
}

#define CDX(components, vulnerabilities)                                                             \
    "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"metadata\":{\"component\":{\"bom-ref\":" \
    "\"root\",\"type\":\"container\",\"name\":\"orders\",\"purl\":\"pkg:oci/orders\"}},"             \
    "\"components\":[" components "],\"vulnerabilities\":[" vulnerabilities "]}"
#define ANALYSED(state, ref) \
    "{\"id\":\"" LOG4J "\",\"analysis\":{\"state\":\"" state "\"},\"affects\":[{\"ref\":\"" ref "\"}]}"

static void cyclonedx(void **state)
{
    (void)state;
    static const char log4j[] =
        "{\"type\":\"application\",\"name\":\"app\",\"components\":[{\"bom-ref\":\"c1\","
        "\"type\":\"library\",\"name\":\"log4j-core\",\"purl\":\"" LOG4J_PURL "@2.14.1\"}]}";
    static const struct {
        const char *state, *ref;
        bool aside;
    } rows[] = {
        {"not_affected", "c1", true},
        {"false_positive", "c1", true},
        {"resolved", "c1", true},
        {"exploitable", "c1", false},
        {"in_triage", "c1", false},
        {"not_affected", LOG4J_PURL "@2.14.1", true},
        {"not_affected", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#" LOG4J_PURL "@2.14.1", true},
        {"not_affected",
            "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/"
            "1#pkg%3Amaven%2Forg.apache.logging.log4j%2Flog4j-core%402.14.1",
            true},
        {"not_affected", "root", true},
        {"not_affected", "c2", false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char text[4096];
        snprintf(text, sizeof(text), CDX("%s", ANALYSED("%s", "%s")), log4j, rows[i].state, rows[i].ref);
        expect(text, rows[i].aside ? LOG4J " 2.14.1" : "");
    }
    expect(CDX("", "{\"id\":\"" LOG4J "\",\"affects\":[{\"ref\":\"" LOG4J_PURL
                   "\",\"versions\":[{\"version\":\"2.14.1\",\"status\":\"unaffected\"}]}]}"),
        LOG4J " 2.14.1");
    expect(CDX("", "{\"id\":\"" LOG4J "\",\"affects\":[{\"ref\":\"" LOG4J_PURL
                   "\",\"versions\":[{\"version\":\"2.14.0\",\"status\":\"unaffected\"}]}]}"),
        "");
}

#define CSAF(tree, vulnerability)                                                      \
    "{\"document\":{\"category\":\"csaf_vex\",\"csaf_version\":\"2.0\",\"tracking\":{" \
    "\"current_release_date\":\"2024-01-01T00:00:00Z\"}},\"product_tree\":{" tree      \
    "},\"vulnerabilities\":[{\"cve\":\"" LOG4J "\"," vulnerability "}]}"
#define NAMED(id, purl)                                                                                  \
    "{\"product_id\":\"" id "\",\"name\":\"" id "\",\"product_identification_helper\":{\"purl\":\"" purl \
    "\"}}"

static void csaf(void **state)
{
    (void)state;
    expect(CSAF("\"full_product_names\":[" NAMED("A", LOG4J_PURL "@2.14.1") "]",
               "\"product_status\":{\"known_not_affected\":[\"A\"]}"),
        LOG4J " 2.14.1");
    expect(CSAF("\"full_product_names\":[" NAMED("A", LOG4J_PURL "@2.14.1") "]",
               "\"product_status\":{\"known_affected\":[\"A\"]}"),
        "");
    expect(CSAF("\"branches\":[{\"branches\":[{\"product\":" NAMED("A", LOG4J_PURL) "}]}]",
               "\"product_status\":{\"fixed\":[\"A\"]}"),
        LOG4J " 2.14.1");
    /* as a part of the image, and as a part of another one */
    expect(CSAF("\"full_product_names\":[" NAMED("A", LOG4J_PURL) "," NAMED("B",
                    "pkg:oci/orders") "],"
                                      "\"relationships\":[{\"category\":\"default_component_of\",\"full_"
                                      "product_name\":{"
                                      "\"product_id\":\"A:B\",\"name\":\"x\"},\"product_reference\":\"A\","
                                      "\"relates_to_product_reference\":\"B\"}]",
               "\"product_status\":{\"known_not_affected\":[\"A:B\"]}"),
        LOG4J " 2.14.1");
    expect(CSAF("\"full_product_names\":[" NAMED("A", LOG4J_PURL) "," NAMED("B",
                    "pkg:oci/payments") "],"
                                        "\"relationships\":[{\"category\":\"default_component_of\",\"full_"
                                        "product_name\":{"
                                        "\"product_id\":\"A:B\",\"name\":\"x\"},\"product_reference\":\"A\","
                                        "\"relates_to_product_reference\":\"B\"}]",
               "\"product_status\":{\"known_not_affected\":[\"A:B\"]}"),
        "");
    /* a relation that is a part of itself ends */
    expect(CSAF("\"relationships\":[{\"full_product_name\":{\"product_id\":\"A\"},"
                "\"product_reference\":\"A\",\"relates_to_product_reference\":\"A\"}]",
               "\"product_status\":{\"known_not_affected\":[\"A\"]}"),
        "");
    const char *text =
        CSAF("\"full_product_names\":[" NAMED(
                 "A", LOG4J_PURL) "],"
                                  "\"product_groups\":[{\"group_id\":\"G\",\"product_ids\":[\"A\"]}]",
            "\"product_status\":{\"known_not_affected\":[\"A\"]},"
            "\"flags\":[{\"label\":\"component_not_present\",\"group_ids\":[\"G\"]}],"
            "\"threats\":[{\"category\":\"impact\",\"details\":\"not built in\",\"product_ids\":[\"A\"]}]");
    struct vl_scan_result *result = apply(&text, 1);
    assert_non_null(strstr(
        test_finding(result, LOG4J)->status_reason, "not affected: component_not_present: not built in ("));
    vl_scan_result_free(result);
}

/* Flags that name a group over and over end in an error, not in an hour. */
static void csaf_groups(void **state)
{
    (void)state;
    VL_CLEANUP(vl_vex_cleanup) struct vl_vex *vex = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, 16UL << 20);
    vl_buf_append_str(&text, "{\"document\":{\"csaf_version\":\"2.0\"},\"product_tree\":{\"product_groups\":["
                             "{\"group_id\":\"G\",\"product_ids\":[\"P\"");
    for (size_t i = 0; i < 4000; i++)
        vl_buf_printf(&text, ",\"P%zu\"", i);
    vl_buf_append_str(
        &text, "]}]},\"vulnerabilities\":[{\"cve\":\"CVE-1\",\"flags\":[{\"label\":\"x\",\"group_ids\":[");
    for (size_t i = 0; i < 4000; i++)
        vl_buf_append_str(&text, i ? ",\"G\"" : "\"G\"");
    vl_buf_append_str(&text, "]}]}]}");
    assert_int_equal(vl_vex_new(&vex, &err), 0);
    assert_true(vl_vex_parse(vex, vl_buf_span(&text), "vex.json", &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

/* A release of a distribution by its CPE, as Red Hat's documents have it. */
static void csaf_release(void **state)
{
    (void)state;
    static const struct {
        const char *cpe;
        bool applies;
    } rows[] = {{"cpe:/a:redhat:enterprise_linux:9::appstream", true},
        {"cpe:/o:redhat:enterprise_linux:8", false}, {"cpe:/o:redhat:rhel_eus:9.2", false},
        {"cpe:/o:redhat:enterprise_linux:9.3", true}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "rhel", "9.3", VL_SUPPORT_STANDARD);
        inv->distro.cpe_name = i == 3 ? "cpe:/o:redhat:enterprise_linux:9.3::baseos"
                                      : "cpe:/o:redhat:enterprise_linux:9::baseos";
        struct vl_vex_product product = {.cpe = rows[i].cpe};
        assert_int_equal(vl_vex_is_target(&product, inv), rows[i].applies);
        vl_inventory_free(inv);
    }
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "vex.json"},
        {"{}", "neither OpenVEX nor CycloneDX nor CSAF"},
        {"[]", "neither OpenVEX"},
        {"{\"@context\":\"https://openvex.dev/ns\"}", "without statements"},
        {OPENVEX(SAYS("", LOG4J, PRODUCT("x"), "maybe")), "status is \"maybe\""},
        {OPENVEX("{\"status\":\"fixed\"}"), "names no vulnerability"},
        {"{\"bomFormat\":\"CycloneDX\"}", "without vulnerabilities"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_vex_cleanup) struct vl_vex *vex = NULL;
        struct vl_err err = VL_ERR_INIT;
        assert_int_equal(vl_vex_new(&vex, &err), 0);
        if (vl_vex_parse(vex, vl_span_str(rows[i].text), "vex.json", &err) >= 0)
            fail_msg("taken: %s", rows[i].text);
        if (!strstr(err.msg, rows[i].message) || !strstr(err.msg, "vex.json"))
            fail_msg("%s", err.msg);
    }
}

/* Grype's rules may ask for what VEX says. */
static void grype_rules_on_vex(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    char vex[512];
    snprintf(vex, sizeof(vex), "%s",
        test_file("vex.json", OPENVEX(SAYS("", LOG4J, PRODUCT(LOG4J_PURL), "under_investigation"))));
    const char *vex_file = vex;
    const char *ignore = test_file("grype.yaml", "ignore:\n- vex-status: under_investigation\n");
    struct vl_scan_result *result = image();
    struct vl_scan_policy policy = {
        .vex_files = &vex_file, .n_vex_files = 1, .ignore_files = &ignore, .n_ignore_files = 1};
    assert_int_equal(vl_scan_apply_policy(result, &policy, &err), 0);
    size_t n = 0;
    for (size_t i = 0; i < result->findings.len; i++)
        n += ((struct vl_finding *)result->findings.items)[i].status == VL_FINDING_IGNORED;
    assert_int_equal(n, 1);
    assert_int_equal(test_finding(result, LOG4J)->status, VL_FINDING_IGNORED);
    vl_scan_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openvex_products),
        cmocka_unit_test(openvex_binary),
        cmocka_unit_test(openvex_sbom),
        cmocka_unit_test(last_statement),
        cmocka_unit_test(words),
        cmocka_unit_test(old_openvex),
        cmocka_unit_test(cyclonedx),
        cmocka_unit_test(csaf),
        cmocka_unit_test(csaf_groups),
        cmocka_unit_test(csaf_release),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(grype_rules_on_vex),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
