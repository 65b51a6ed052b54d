/* Documents as their specifications show them: SLSA provenance v1 and v0.2 (slsa.dev), in-toto Statement v1
 * and DSSE v1, CycloneDX 1.6. The whole way through a registry is tests/functional/test_scan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "attestation.h"
#include "base/text.h"

static struct vl_attestation read_text(struct vl_arena *arena, const char *text, const char *type)
{
    struct vl_attestation a = {0};
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_scan_attestation_read(vl_span_str(text), type, arena, &a, &err), 0);
    return a;
}

static const char slsa_v1[] =
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[],\"predicateType\":\"https://slsa.dev/"
    "provenance/v1\","
    "\"predicate\":{\"buildDefinition\":{\"buildType\":\"https://example.com/build/"
    "v1\",\"resolvedDependencies\":"
    "[{\"uri\":\"git+https://example.com/shop@refs/heads/"
    "main\"}]},\"runDetails\":{\"builder\":{\"id\":\"https://ci.example.com/1\"}}}}";

static void test_provenance(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_attestation a = read_text(arena, slsa_v1, "application/vnd.in-toto+json");
    assert_string_equal(a.kind, "provenance");
    assert_string_equal(a.predicate, "https://slsa.dev/provenance/v1");
    assert_string_equal(a.summary, "built by https://ci.example.com/1, as https://example.com/build/v1, from "
                                   "git+https://example.com/shop@refs/heads/main");
    a = read_text(arena,
        "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"https://slsa.dev/provenance/"
        "v0.2\",\"predicate\":"
        "{\"builder\":{\"id\":\"b\"},\"buildType\":\"t\",\"materials\":[{\"uri\":\"m\"}]}}",
        NULL);
    assert_string_equal(a.summary, "built by b, as t, from m");
    vl_arena_free(arena);
}

static void test_envelope(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 65536);
    vl_buf_append_str(
        &text, "{\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[],\"payload\":\"");
    vl_base64_encode(vl_span_str(slsa_v1), &text);
    vl_buf_append_str(&text, "\"}");
    struct vl_attestation a = read_text(arena, vl_buf_str(&text), "application/vnd.dsse.envelope.v1+json");
    assert_string_equal(a.kind, "provenance");
    assert_non_null(a.summary);
    vl_arena_free(arena);
}

static void test_sbom(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_attestation a = read_text(arena,
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{\"type\":\"library\",\"name\":"
        "\"lodash\","
        "\"version\":\"4.17.11\",\"purl\":\"pkg:npm/lodash@4.17.11\"}]}",
        "application/vnd.cyclonedx+json");
    assert_string_equal(a.kind, "SBOM");
    assert_string_equal(a.summary, "1 package");
    vl_arena_free(arena);
}

static void test_others(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    assert_string_equal(
        read_text(arena, "\1\2", "application/vnd.dev.cosign.simplesigning.v1+json").kind, "signature");
    assert_string_equal(read_text(arena, "", "text/plain").kind, "artifact");
    /* What a stranger writes never reaches a terminal as it is. */
    struct vl_attestation a = read_text(arena,
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://slsa.dev/provenance/"
        "v1\",\"predicate\":"
        "{\"builder\":{\"id\":\"a\\u001b[31mb\"}}}",
        NULL);
    assert_null(strchr(a.summary, 033));
    vl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_provenance),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_sbom),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
