/* tests: route_vex.c vex_exemption.c
 *
 * A document as the OpenVEX specification has them is read; what is exported comes back as the same
 * exemptions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "posture/repo_assess.h"
#include "posture/vex_exemption.h"
#include "test_rows.h"

#define VEX     "/api/v1/exemptions/vex"
#define OPENSSL "pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"
#define HEAD    "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"statements\":["

static int64_t environment, registry;

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static void read_text(struct vl_test_server *s, const char *text, struct vl_vex_import *ret)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "test", &doc, &err) < 0 ||
        vl_vex_read(vl_doc_root(doc), 1000, s->arena, ret, &err) < 0)
        fail_msg("%s", err.msg);
}

/* As the specification has it: two packages are fixed. */
static void test_specification(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_vex_import import;
    struct vl_err err = VL_ERR_INIT;
    const char *source = getenv("VALLUM_CHECKOUT");
    vl_buf_init(&text, 1 << 20);
    const char *path = vl_arena_printf(
        s->arena, "%s/src/server/posture/corpus/vex_exemption/specification.json", source ? source : ".");
    if (vl_file_read(path, 1 << 20, &text, &err) < 0)
        fail_msg("%s", err.msg);
    read_text(s, vl_buf_str(&text), &import);
    assert_int_equal(import.n_items, 2);
    assert_int_equal(import.n_skipped, 0);
    assert_string_equal(import.items[0].vulnerability, "CVE-2014-123456");
    assert_string_equal(import.items[1].package, "pkg:apk/distro/git@2.39.0-r1?arch=x86_64");
    assert_int_equal(import.items[0].category, VL_EXEMPT_MITIGATED);
    assert_null(import.items[0].guid);
}

static void test_foreign(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_vex_import import;
    read_text(s,
        HEAD
        "{\"vulnerability\":{\"name\":\"CVE-1\"},\"status\":\"affected\",\"products\":[\"pkg:deb/debian/"
        "a\"]},"
        "{\"vulnerability\":\"CVE-2\",\"status\":\"not_affected\",\"products\":[\"pkg:deb/debian/b\"],"
        "\"impact_statement\":\"never called\"},"
        "{\"vulnerability\":{\"name\":\"CVE-3\"},\"status\":\"not_affected\",\"products\":[{\"@id\":"
        "\"pkg:oci/app@sha256%3A0a\",\"subcomponents\":[{\"@id\":\"pkg:deb/debian/c\"},{\"@id\":\"x\"}]}]},"
        "{\"vulnerability\":{\"name\":\"CVE-4\"},\"status\":\"not_affected\",\"products\":[{\"@id\":"
        "\"pkg:oci/app?tag=1\"}]},"
        "{\"vulnerability\":{\"name\":\"CVE-5\"},\"status\":\"not_affected\",\"products\":[{\"@id\":"
        "\"pkg:generic/app\",\"subcomponents\":[{\"@id\":\"pkg:deb/debian/c\"}]}]},"
        "{\"vulnerability\":{\"name\":\"CVE-6\"},\"status\":\"not_affected\"},"
        "{\"status\":\"not_affected\",\"products\":[\"pkg:deb/debian/b\"]},"
        "{\"vulnerability\":{\"name\":\"CVE-7\"},\"status\":\"not_affected\",\"products\":[{\"@id\":"
        "\"urn:vallum:environment:x\"}]}]}",
        &import);
    assert_int_equal(import.n_items, 2);
    assert_string_equal(import.items[0].vulnerability, "CVE-2");
    assert_string_equal(import.items[0].justification, "never called");
    assert_string_equal(import.items[1].digest, "sha256:0a");
    assert_string_equal(import.items[1].package, "pkg:deb/debian/c");
    /* affected; the part x; the tag; a package in a package; no product; no vulnerability; a whole
     * environment */
    assert_int_equal(import.n_skipped, 7);
    assert_int_equal(import.skipped[0].statement, 0);
    assert_int_equal(import.skipped[1].statement, 2);
}

static int assess(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_assess_soon(conn, environment, vl_time_now_ms(), err);
}

static const char *add(struct vl_test_server *s, const char *body)
{
    return vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/exemptions", body, 201);
}

static const struct vl_store_sql sql_clear = {"DELETE FROM exemption", NULL};

/* Out, forgotten, and in again: the same ids, scopes, times, and the same findings taken out. */
static void test_round(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    environment = vl_rows_first_environment(s);
    registry = vl_rows_registry(s, environment, "main");
    const struct vl_rows_image image = {.digest = "sha256:0a", .repository = "team/app"};
    const struct vl_rows_finding finding = {.vulnerability = "CVE-2026-1",
        .purl = OPENSSL,
        .name = "openssl",
        .version = "3.0.11-1",
        .severity = VL_SEVERITY_HIGH};
    (void)vl_rows_finding(s, vl_rows_image(s, environment, registry, &image), &finding);
    assert_int_equal(vl_store_write(s->app.store, assess, NULL, &err), 0);
    const char *placed = vl_arena_printf(s->arena,
        "{\"category\":\"waiver\",\"vulnerability\":\"CVE-2026-1\",\"registry\":%lld,\"repository\":\"team/"
        "*\","
        "\"package\":\"pkg:deb/debian/openssl\",\"expires\":\"2099-01-02T03:04:05Z\",\"justification\":\"a "
        "\\\"b\\\"\"}",
        (long long)registry);
    const char *a = add(s, placed);
    is(s, a, "findings", "1");
    (void)add(s, "{\"category\":\"mitigated\",\"vulnerability\":\"CVE-2026-2\",\"digest\":\"sha256:0a\","
                 "\"justification\":\"c\"}");
    (void)add(s, "{\"category\":\"mitigated\",\"digest\":\"sha256:0c\",\"justification\":\"whole\"}");
    struct vl_test_answer vex = vl_test_send(s, "GET", VEX, s->token[VL_ROLE_READER], NULL, NULL);
    assert_int_equal(vex.status, 200);
    is(s, vex.body, "statements.0.vulnerability.name", "CVE-2026-2");
    is(s, vex.body, "statements.0.status", "not_affected");
    is(s, vex.body, "statements.0.products.0.@id", "urn:vallum:image:sha256:0a");
    is(s, vex.body, "statements.1.status", "affected");
    is(s, vex.body, "statements.1.action_statement", "a \"b\"");
    is(s, vex.body, "statements.1.products.0.subcomponents.0.@id", "pkg:deb/debian/openssl");
    is(s, vex.body, "statements.2", ""); /* a whole image has no form there */
    assert_non_null(strstr(vl_test_get(s, vex.body, "tooling"), "1 exemptions without a vulnerability"));
    const char *again = vl_test_call(s, VL_ROLE_ADMIN, "POST", VEX, vex.body, 200);
    is(s, again, "added", "0");
    is(s, again, "known", "2");
    (void)vl_rows_sql(s, &sql_clear, "");
    again = vl_test_call(s, VL_ROLE_ADMIN, "POST", VEX, vex.body, 200);
    is(s, again, "added", "2");
    is(s, again, "skipped.0", "");
    const char *path = vl_arena_printf(s->arena, "/api/v1/exemptions/%s", vl_test_get(s, a, "id"));
    const char *b = vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
    static const char *const same[] = {"category", "state", "vulnerability", "package", "registry.name",
        "repository", "expires", "justification", "findings", "digest"};
    for (size_t i = 0; i < VL_ARRAY_LEN(same); i++)
        is(s, b, same[i], vl_test_get(s, a, same[i]));
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", VEX, "{}", 400);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "POST", VEX, "{\"@context\":\"https://openvex.dev/ns/v0.2.0\"}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", VEX, "[]", 400);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", VEX, HEAD "]}", 403);
    const char *a = vl_test_call(s, VL_ROLE_ADMIN, "POST", VEX, HEAD "]}", 200);
    is(s, a, "added", "0");
    a = vl_test_call(s, VL_ROLE_ADMIN, "POST", VEX,
        HEAD "{\"vulnerability\":{\"name\":\"CVE-9\"},\"status\":\"affected\",\"products\":[{\"@id\":"
             "\"urn:vallum:environment:x\"}],\"status_notes\":\"vallum-exemption: "
             "{\\\"category\\\":\\\"waiver\\\","
             "\\\"registry\\\":\\\"nowhere\\\"}\"}]}",
        200);
    is(s, a, "added", "0");
    is(s, a, "skipped.0.why", "there is no registry \"nowhere\" here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
