/* tests: document.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "document.h"
#include "package/sbom.h"
#include "scan/inventory_codec.h"
#include "test_index_support.h"

static char folder[64];
static const char *const self[] = {"/proc/self/exe", "indexer", NULL};

static int set_up(void **state)
{
    (void)state;
    index_test_folder(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    index_test_remove(folder);
    return 0;
}

static const char *put(const char *name, const char *text, char path[128])
{
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(path, 128, "%s/%s", folder, name);
    assert_int_equal(vl_file_replace(path, 0600, vl_span_str(text), &err), 0);
    return path;
}

/* CycloneDX and SPDX as other tools write them: JSON, XML, tags, YAML, in an envelope. */
static const char *const documents[] = {
    "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":["
    "{\"type\":\"library\",\"name\":\"lodash\",\"version\":\"4.17.11\",\"purl\":\"pkg:npm/lodash@4.17.11\","
    "\"licenses\":[{\"license\":{\"id\":\"MIT\"}}]},{\"type\":\"library\",\"name\":\"x\",\"version\":\"1\"},"
    "{\"type\":\"operating-system\",\"name\":\"debian\",\"version\":\"12\"}]}",
    "<?xml version=\"1.0\"?><bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"><components>"
    "<component type=\"library\"><name>lodash</name><version>4.17.11</version>"
    "<purl>pkg:npm/lodash@4.17.11</purl></component></components></bom>",
    "SPDXVersion: SPDX-2.3\nPackageName: lodash\nSPDXID: SPDXRef-1\nPackageVersion: 4.17.11\n"
    "ExternalRef: PACKAGE-MANAGER purl pkg:npm/lodash@4.17.11\n",
    "spdxVersion: SPDX-2.3\npackages:\n- name: lodash\n  SPDXID: SPDXRef-1\n  versionInfo: 4.17.11\n"
    "  externalRefs:\n  - referenceCategory: PACKAGE-MANAGER\n    referenceType: purl\n"
    "    referenceLocator: pkg:npm/lodash@4.17.11\n",
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://cyclonedx.org/bom\","
    "\"predicate\":{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\",\"components\":[{\"type\":"
    "\"library\",\"name\":\"lodash\",\"version\":\"4.17.11\",\"purl\":\"pkg:npm/lodash@4.17.11\"}]}}",
};

/* What the parser itself says, in this process, is what comes from the other. */
static void test_same_as_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(documents); i++) {
        char path[128];
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *here = vl_inventory_new();
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *there = NULL;
        VL_CLEANUP(vl_buf_done) struct vl_buf a;
        VL_CLEANUP(vl_buf_done) struct vl_buf b;
        vl_buf_init(&a, 1UL << 20);
        vl_buf_init(&b, 1UL << 20);
        put("bom", documents[i], path);
        if (vl_sbom_read(vl_span_str(documents[i]), path, here, &err) < 0 ||
            vl_document_sbom(self, path, NULL, &there, &err) < 0)
            fail_msg("%zu: %s", i, err.msg);
        assert_int_equal(vl_inventory_encode(here, &a, &err), 0);
        assert_int_equal(vl_inventory_encode(there, &b, &err), 0);
        assert_true(vl_span_eq(vl_buf_span(&a), vl_buf_span(&b)));
        const struct vl_package *p = vl_vec_at(&there->packages, 0);
        assert_string_equal(p->name, "lodash");
        assert_string_equal(p->version, "4.17.11");
        assert_int_equal(there->notes.partial, i == 0);
    }
}

/* What is wrong with a document is told in the same words, with its name. */
static void test_same_errors(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "{}", "{\"bomFormat\":\"CycloneDX\"", "hello", "[1,2]",
        "{\"bomFormat\":\"CycloneDX\",\"components\":7,\n \"components\":8}", "<bom"};
    char deep[2048];
    memset(deep, '[', sizeof(deep));
    memcpy(deep, "{\"spdxVersion\":", 15);
    deep[sizeof(deep) - 1] = '\0';
    for (size_t i = 0; i <= VL_ARRAY_LEN(wrong); i++) {
        char path[128];
        const char *text = i < VL_ARRAY_LEN(wrong) ? wrong[i] : deep;
        struct vl_err here_err = VL_ERR_INIT, there_err = VL_ERR_INIT;
        struct vl_inventory *inventory = NULL;
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *here = vl_inventory_new();
        put("bad.json", text, path);
        int a = vl_sbom_read(vl_span_str(text), path, here, &here_err);
        int b = vl_document_sbom(self, path, NULL, &inventory, &there_err);
        assert_null(inventory);
        assert_true(a < 0 && a == b);
        assert_int_equal(here_err.code, there_err.code);
        assert_string_equal(here_err.msg, there_err.msg);
        assert_non_null(strstr(there_err.msg, "bad.json"));
    }
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inventory = NULL;
    assert_true(vl_document_sbom(self, "/nowhere/bom.json", NULL, &inventory, &err) < 0);
    assert_non_null(strstr(err.msg, "/nowhere/bom.json"));
    err = VL_ERR_INIT;
    assert_true(vl_document_sbom(self, folder, NULL, &inventory, &err) < 0);
    assert_non_null(strstr(err.msg, folder));
}

/* A parser that crashes, takes too much or is taken over ends as an error that names the document. */
static void test_indexer_dies(void **state)
{
    (void)state;
    static const struct {
        const char *does, *words;
        enum vl_err_code code;
    } cases[] = {
        {"kill -SEGV $$", "was killed by signal 11", VL_ERR_LIMIT},
        {"kill -9 $$", "was killed by signal 9 (out of memory?)", VL_ERR_LIMIT},
        {"kill -XCPU $$", "was killed by signal 24 (out of time)", VL_ERR_LIMIT},
        {"exit 0", "gave no whole answer", VL_ERR_CORRUPT},
        {"echo garbage", "gave no whole answer", VL_ERR_CORRUPT},
    };
    char path[128];
    put("bom.json", documents[0], path);
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        const char *const indexer[] = {"/bin/sh", "-c", cases[i].does, "indexer", NULL};
        struct vl_err err = VL_ERR_INIT;
        struct vl_inventory *inventory = NULL;
        assert_true(vl_document_sbom(indexer, path, NULL, &inventory, &err) < 0);
        assert_null(inventory);
        if (err.code != cases[i].code || !strstr(err.msg, cases[i].words) || !strstr(err.msg, path))
            fail_msg("%s: %s", cases[i].does, err.msg);
    }
}

/* The answer to another question is no inventory, whoever gives it. */
static void test_indexer_lies(void **state)
{
    (void)state;
    char path[128], script[256], exe[200] = "", make[1024];
    put("bom.json", documents[0], path);
    assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
    (void)snprintf(make, sizeof(make),
        "tar -cf app.tar bom.json; %s indexer kind=region name=x scopes=1 scanners=1 offset=0 "
        "length=$(stat -c %%s app.tar) blob=1 3<app.tar >answer; [ -s answer ]",
        exe);
    index_test_run(folder, make);
    (void)snprintf(script, sizeof(script), "cat %s/answer", folder);
    const char *const liar[] = {"/bin/sh", "-c", script, "indexer", NULL};
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inventory = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_attestation found = {0};
    assert_true(vl_document_sbom(liar, path, NULL, &inventory, &err) < 0);
    assert_non_null(strstr(err.msg, path));
    err = VL_ERR_INIT;
    assert_true(vl_document_attestation(liar, vl_span_str("{}"), "sha256:1", NULL, arena, &found, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_non_null(strstr(err.msg, "sha256:1"));
}

static void test_standard_input(void **state)
{
    (void)state;
    char path[128];
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = NULL;
    put("bom.json", documents[0], path);
    int saved = dup(STDIN_FILENO);
    VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, "bom.json");
    assert_true(saved >= 0 && dup2(fd, STDIN_FILENO) == 0);
    int r = vl_document_sbom(self, "-", NULL, &inventory, &err);
    assert_true(dup2(saved, STDIN_FILENO) == 0);
    close(saved);
    if (r < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(inventory->packages.len, 2);
}

/* The SLSA example of a provenance, an SBOM, and what tells nothing: as its type says. */
static void test_attestations(void **state)
{
    (void)state;
    static const struct {
        const char *text, *type, *kind, *predicate, *summary;
    } cases[] = {
        {"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://slsa.dev/provenance/"
         "v1\","
         "\"predicate\":{\"buildDefinition\":{\"buildType\":\"https://example.com/t\"},"
         "\"runDetails\":{\"builder\":{\"id\":\"https://example.com/b\\u001b[31m\"}}}}",
            "application/vnd.in-toto+json", "provenance", "https://slsa.dev/provenance/v1",
            "https://example.com/b"},
        {documents[0], "application/vnd.cyclonedx+json", "SBOM", NULL, "2 packages"},
        {"{}", "application/vnd.dev.cosign.simplesigning.v1+json", "signature", NULL, NULL},
        {"\x01\x02", "application/x", "artifact", NULL, NULL},
    };
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    for (size_t i = 0; i < 2 * VL_ARRAY_LEN(cases); i++) {
        size_t n = i / 2;
        struct vl_attestation a = {0};
        struct vl_err err = VL_ERR_INIT;
        if (vl_document_attestation(i % 2 ? self : NULL, vl_span_str(cases[n].text), "sha256:1",
                cases[n].type, arena, &a, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(a.kind, cases[n].kind);
        assert_true(!a.predicate == !cases[n].predicate && !a.summary == !cases[n].summary);
        if (a.predicate)
            assert_string_equal(a.predicate, cases[n].predicate);
        if (a.summary)
            assert_non_null(strstr(a.summary, cases[n].summary));
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        return vl_scan_indexer_main(argc - 1, argv + 1);
    if (!index_test_starts_itself())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_as_here, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_indexer_dies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_indexer_lies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_standard_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_attestations, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
