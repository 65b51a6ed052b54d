/* VEX statements about what is only there because of a product, by the graph of an SBOM. The cases are those
 * of Trivy's pkg/vex/vex_test.go ("nested", "multiple paths"), as documents. tests: vex_graph.c vex_apply.c
 */
#include "test_match_support.h"

#include <stdio.h>
#include <string.h>

#include "package/sbom.h"
#include "scan/inventory_codec.h"
#include "vex.h"

#define P(type, name)                                                  \
    "{\"type\":\"" type "\",\"bom-ref\":\"" name "\",\"name\":\"" name \
    "\",\"version\":\"v1.0.0\",\"purl\":\"pkg:golang/example.com/" name "@v1.0.0\"}"
#define CDX(dependencies)                                                                                    \
    "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"metadata\":{\"component\":{\"bom-ref\":\"top\"," \
    "\"type\":\"application\",\"name\":\".\"}},\"components\":[" P("library", "leaf") "," P("library",       \
        "one") "," P("library", "two") "," P("library", "main") "],\"dependencies\":[" dependencies "]}"
#define D(ref, on) "{\"ref\":\"" ref "\",\"dependsOn\":[" on "]}"
#define SP(name)                                                                                           \
    "{\"SPDXID\":\"SPDXRef-" name "\",\"name\":\"" name "\",\"versionInfo\":\"v1.0.0\",\"externalRefs\":[" \
    "{\"referenceCategory\":\"PACKAGE-MANAGER\",\"referenceType\":\"purl\",\"referenceLocator\":"          \
    "\"pkg:golang/example.com/" name "@v1.0.0\"}]}"
#define R(a, type, b)                                                                                \
    "{\"spdxElementId\":\"SPDXRef-" a "\",\"relationshipType\":\"" type "\",\"relatedSpdxElement\":" \
    "\"SPDXRef-" b "\"}"
#define SPDX(relationships)                                                                           \
    "{\"spdxVersion\":\"SPDX-2.3\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"packages\":[" SP("leaf") "," SP( \
        "one") "," SP("two") "," SP("main") "],\"relationships\":[" relationships "]}"
#define ROOTED D("top", "\"main\"") "," D("main", "\"one\",\"two\"")
#define VEX(product, rest)                                                                                 \
    "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"@id\":\"x\",\"author\":\"a\",\"timestamp\":"        \
    "\"2024-01-01T00:00:00Z\",\"version\":1,\"statements\":[{\"vulnerability\":{\"name\":\"CVE-2024-1\"}," \
    "\"products\":[" product rest "],\"status\":\"not_affected\","                                         \
    "\"justification\":\"vulnerable_code_not_in_execute_path\"}]}"
#define PRODUCT(name) "{\"@id\":\"pkg:golang/example.com/" name "\"}"
#define PART(name, part)                      \
    "{\"@id\":\"pkg:golang/example.com/" name \
    "\",\"subcomponents\":[{\"@id\":\"pkg:golang/example.com/" part "\"}]}"

/* The verdict on CVE-2024-1 in "leaf", which is the first package. */
static enum vl_vex_status ask(const char *sbom, const char *statement, bool stored)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_vex_cleanup) struct vl_vex *vex = NULL;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = vl_scan_result_new();
    struct vl_inventory *inventory = vl_inventory_new();
    if (vl_sbom_read(vl_span_str(sbom), "bom.json", inventory, &err) < 0)
        fail_msg("%s", err.msg);
    if (stored) {
        VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
        struct vl_inventory *back = NULL;
        vl_buf_init(&bytes, 1UL << 20);
        if (vl_inventory_encode(inventory, &bytes, &err) < 0 ||
            vl_inventory_decode(vl_buf_span(&bytes), &back, &err) < 0)
            fail_msg("%s", err.msg);
        vl_inventory_free(inventory);
        inventory = back;
    }
    result->inventory = inventory;
    struct vl_finding *f = vl_vec_push(&result->findings, "findings", &err);
    f->id = "CVE-2024-1";
    f->package = vl_vec_at(&inventory->packages, 0);
    assert_string_equal(f->package->name, "example.com/leaf");
    struct vl_vex_verdict verdict;
    assert_int_equal(vl_vex_new(&vex, &err), 0);
    if (vl_vex_parse(vex, vl_span_str(statement), "vex.json", &err) < 0 ||
        vl_vex_apply(vex, result, &verdict, &err) < 0)
        fail_msg("%s", err.msg);
    return verdict.status;
}

static void test_ways(void **state)
{
    (void)state;
    static const char about_part[] = VEX(PART("one", "leaf"), "");
    static const char about_whole[] = VEX(PRODUCT("one"), "");
    static const char about_both[] = VEX(PART("one", "leaf"), "," PART("two", "leaf"));
    static const char about_other[] = VEX(PART("one", "main"), "");
    static const struct {
        const char *sbom, *statement;
        enum vl_vex_status status;
    } cases[] = {
        {CDX(ROOTED "," D("one", "\"leaf\"")), about_part, VL_VEX_NOT_AFFECTED},
        {CDX(ROOTED "," D("one", "\"leaf\"")), about_whole, VL_VEX_NOT_AFFECTED},
        {CDX(ROOTED "," D("one", "\"leaf\"")), about_other, VL_VEX_NONE},
        {CDX(ROOTED "," D("one", "\"leaf\"") "," D("two", "\"leaf\"")), about_part, VL_VEX_NONE},
        {CDX(ROOTED "," D("one", "\"leaf\"") "," D("two", "\"leaf\"")), about_both, VL_VEX_NOT_AFFECTED},
        {CDX(ROOTED "," D("two", "\"leaf\"")), about_part, VL_VEX_NONE},
        {CDX(ROOTED), about_part, VL_VEX_NONE}, /* nothing is said to need it */
        {CDX(""), about_part, VL_VEX_NONE},     /* no graph */
        {CDX(ROOTED "," D("one", "\"leaf\"") "," D("leaf", "\"one\"")), about_part, VL_VEX_NOT_AFFECTED},
        {CDX(ROOTED "," D("one", "\"leaf\"") "," D("two", "\"leaf\"") "," D("leaf", "\"two\"")), about_part,
            VL_VEX_NONE},
        {CDX(ROOTED "," D("one", "\"leaf\"") "," D("unknown", "\"leaf\"")), about_part, VL_VEX_NONE},
        {SPDX(R("DOCUMENT", "DESCRIBES", "main") "," R("main", "DEPENDS_ON", "one") "," R(
             "one", "DEPENDS_ON", "leaf")),
            about_part, VL_VEX_NOT_AFFECTED},
        {SPDX(R("DOCUMENT", "DESCRIBES", "main") "," R("main", "DEPENDS_ON", "one") "," R(
             "leaf", "DEPENDENCY_OF", "one") "," R("leaf", "RUNTIME_DEPENDENCY_OF", "two")),
            about_part, VL_VEX_NONE},
        {SPDX(R("one", "DEPENDS_ON", "leaf") "," R("main", "CONTAINS", "leaf")), about_part, VL_VEX_NONE},
    };
    for (size_t i = 0; i < 2 * VL_ARRAY_LEN(cases); i++)
        if (ask(cases[i / 2].sbom, cases[i / 2].statement, i % 2) != cases[i / 2].status)
            fail_msg("case %zu", i / 2);
}

/* Two elements of one id: which one is needed nobody can say. */
static void test_doubtful(void **state)
{
    (void)state;
    static const char sbom[] = "{\"bomFormat\":\"CycloneDX\",\"components\":[" P("library", "leaf") "," P(
        "library", "one") "," P("library", "leaf") "],\"dependencies\":[" D("one", "\"leaf\"") "]}";
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = vl_inventory_new();
    assert_int_equal(vl_sbom_read(vl_span_str(sbom), "bom.json", inventory, &err), 0);
    assert_int_equal(inventory->edges.len, 0);
    assert_int_equal(inventory->notes.len, 1);
    assert_non_null(strstr(inventory->notes.items[0].message, "two of its elements have one id"));
    assert_int_equal(ask(sbom, VEX(PART("one", "leaf"), ""), false), VL_VEX_NONE);
}

/* Parts of a component are there because of it; several documents in one file have nodes of their own. */
static void test_parts_and_lines(void **state)
{
    (void)state;
    static const char nested[] = "{\"bomFormat\":\"CycloneDX\",\"components\":[" P(
        "library", "leaf") ",{\"type\":\"library\","
                           "\"bom-ref\":\"one\",\"name\":\"one\",\"version\":\"v1.0.0\",\"purl\":\"pkg:"
                           "golang/example.com/one@v1.0.0\","
                           "\"components\":[" P("library", "part") "]}]}";
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = vl_inventory_new();
    assert_int_equal(vl_sbom_read(vl_span_str(nested), "bom.json", inventory, &err), 0);
    assert_int_equal(inventory->edges.len, 1);
    const struct vl_inventory_edge *edge = vl_vec_at(&inventory->edges, 0);
    assert_int_equal(edge->from, 1);
    assert_int_equal(edge->to, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_doubtful),
        cmocka_unit_test(test_parts_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
