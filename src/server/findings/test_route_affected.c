/* tests: route_affected.c repo_affected.c repo_lineage.c
 *
 * A base image, two images on it, one that shares a layer in another place, one that was deleted; who is
 * built on whom is said by the layer lists (OCI image specification: an image is its layers, in order). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "test_rows.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define BASE      DIGEST("aaaa")
#define APP       DIGEST("bbbb")
#define APP_TWO   DIGEST("cccc")
#define OTHER     DIGEST("dddd")
#define DELETED   DIGEST("eeee")
#define FOREIGN   DIGEST("ffff")
#define L0        DIGEST("0000")
#define L1        DIGEST("1111")
#define L2        DIGEST("2222")
#define L3        DIGEST("3333")
#define DAY_MS    (24 * 3600000LL)

static const char *reader_of_two;

static int set_up(void **state)
{
    static const struct vl_store_sql gone = {
        "UPDATE registry_image SET deleted_at = $1, last_seen = $1 WHERE digest = $2", NULL};
    static const struct vl_store_sql alias = {
        "UPDATE vulnerability SET aliases = '[\"GHSA-aaaa-bbbb-cccc\"]' WHERE name = 'CVE-2026-0001'", NULL};
    static const struct vl_store_sql lists = {"INSERT INTO package_list (hash, bytes, packages, "
                                              "indexer_version) VALUES ($1, x'00', 1, 1) RETURNING id",
        "INSERT INTO package_list (hash, bytes, packages, indexer_version) VALUES ($1, '\\x00', 1, 1) "
        "RETURNING id"};
    static const struct vl_store_sql set = {"UPDATE image SET list_id = $1 WHERE id = $2", NULL};
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    int64_t one = vl_rows_first_environment(s), two = vl_rows_environment(s, "second", NULL);
    int64_t registry = vl_rows_registry(s, one, "one"), registry_two = vl_rows_registry(s, two, "two");
    const struct vl_rows_image images[] = {
        {.digest = BASE, .repository = "node", .tag = "18", .layers = {L0, L1}},
        {.digest = APP, .repository = "app", .tag = "1", .layers = {"+" L0, "+" L1, L2}},
        {.digest = APP_TWO, .repository = "app", .tag = "2", .layers = {"+" L0, "+" L1, L2, L3}},
        {.digest = OTHER, .repository = "other", .layers = {L1, L0, L3}},
        {.digest = DELETED, .repository = "old", .layers = {"+" L0, "+" L1, L3}},
    };
    int64_t ids[VL_ARRAY_LEN(images)];
    for (size_t i = 0; i < VL_ARRAY_LEN(images); i++)
        ids[i] = vl_rows_image(s, one, registry, &images[i]);
    vl_rows_image(s, two, registry_two,
        &(struct vl_rows_image){.digest = FOREIGN, .repository = "theirs", .layers = {L0, L1, L2}});
    const struct vl_rows_finding finding = {"CVE-2026-0001", "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64",
        "libssl3", "3.0.11-1", "3.0.12-1", VL_SEVERITY_CRITICAL, false, 0, 0};
    const struct vl_rows_finding npm = {"CVE-2026-0002", "pkg:npm/%40angular/core@1.0.0", "@angular/core",
        "1.0.0", NULL, VL_SEVERITY_LOW, false, 0, 2};
    vl_rows_finding(s, ids[0], &finding);
    vl_rows_finding(s, ids[1], &finding);
    vl_rows_finding(s, ids[4], &finding);
    vl_rows_finding(s, ids[1], &npm);
    /* the same vulnerability a second time in one image, and first in order of what it is found in */
    vl_rows_finding(s, ids[1],
        &(struct vl_rows_finding){"CVE-2026-0001", "pkg:deb/debian/libcrypto3@3.0.11-1", "libcrypto3",
            "3.0.11-1", "3.0.12-1", VL_SEVERITY_CRITICAL, false, 0, 1});
    for (size_t i = 0; i < VL_ARRAY_LEN(images); i++) {
        int64_t list = vl_rows_sql(s, &lists, "s", images[i].digest);
        vl_rows_list_packages(s, list, i == 3 ? npm.purl : finding.purl);
        vl_rows_sql(s, &set, "ii", list, ids[i]);
    }
    vl_rows_sql(s, &gone, "is", vl_time_now_ms() - 10 * DAY_MS, DELETED);
    vl_rows_sql(s, &alias, "");
    reader_of_two = vl_rows_caller(s, "second-reader", two, VL_ROLE_READER, 0);
    return 0;
}

/* First letters of the digests of a list of objects. */
static const char *digests(struct vl_test_server *s, const char *answer, const char *list)
{
    char text[32] = "";
    for (size_t i = 0; i < 16; i++) {
        char member[64];
        (void)snprintf(member, sizeof(member), "%s.%zu.digest", list, i);
        const char *digest = vl_test_get(s, answer, member);
        if (!*digest)
            break;
        text[i] = digest[7];
    }
    return vl_arena_strdup(s->arena, text);
}

static const char *lineage(struct vl_test_server *s, const char *digest)
{
    return vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "/api/v1/images/%s/lineage?environment=%s", digest, s->environment), NULL,
        200);
}

static void test_lineage(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = lineage(s, APP_TWO);
    assert_string_equal(digests(s, a, "base"), "ba"); /* the longest first */
    assert_string_equal(digests(s, a, "derived"), "");
    assert_string_equal(vl_test_get(s, a, "base.1.layers"), "2");
    assert_string_equal(vl_test_get(s, a, "base.1.places.0.tags.0"), "18");
    assert_string_equal(vl_test_get(s, a, "total.value"), "2");
    a = lineage(s, BASE);
    assert_string_equal(digests(s, a, "base"), "");
    assert_string_equal(
        digests(s, a, "derived"), "bc"); /* not the one that has its layers the other way round */
    a = lineage(s, OTHER);
    assert_string_equal(digests(s, a, "base"), "");
    assert_string_equal(digests(s, a, "derived"), "");
}

static const char *affected(struct vl_test_server *s, const char *target, const char *rest, long status)
{
    return vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(
            s->arena, "/api/v1/images/affected-by?target=%s&environment=%s%s", target, s->environment, rest),
        NULL, status);
}

static void test_vulnerability(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = affected(s, "CVE-2026-0001", "", 200);
    assert_string_equal(vl_test_get(s, a, "kind"), "vulnerability");
    assert_string_equal(digests(s, a, "items"), "abe");
    assert_string_equal(vl_test_get(s, a, "items.0.present"), "true");
    assert_string_equal(vl_test_get(s, a, "items.2.present"), "false");
    assert_string_equal(vl_test_get(s, a, "items.2.places.0.repository"), "old");
    assert_string_equal(vl_test_get(s, a, "items.2.places.0.present"), "false");
    assert_string_equal(vl_test_get(s, a, "items.0.why"), "it contains libssl3 3.0.11-1, fixed in 3.0.12-1");
    assert_string_equal(vl_test_get(s, a, "items.0.ranAt"), "null");
    assert_string_equal(
        vl_test_get(s, a, "items.1.why"), "it contains libcrypto3 3.0.11-1, fixed in 3.0.12-1");
    assert_string_equal(vl_test_get(s, a, "total.value"), "3");
    assert_string_equal(digests(s, affected(s, "CVE-2026-0001", "&since=7d", 200), "items"), "ab");
    assert_string_equal(digests(s, affected(s, "CVE-2026-0001", "&since=2w", 200), "items"), "abe");
    assert_string_equal(digests(s, affected(s, "GHSA-aaaa-bbbb-cccc", "", 200), "items"), "abe");
    assert_string_equal(digests(s, affected(s, "CVE-1999-0001", "", 200), "items"), "");
    affected(s, "CVE-2026-0001", "&since=soon", 400);
    affected(s, "", "", 400);
    affected(s, "nonsense", "", 400);
    affected(s, "pkg:nonsense", "", 400);
}

/* Over all places of an image: one of 2024 that is gone, one that is there. */
static void test_seen(void **state)
{
    static const struct vl_store_sql place = {
        "INSERT INTO registry_image (environment_id, registry_id, repository, digest, image_id, state, "
        "first_seen, last_seen, fetched_at, deleted_at) SELECT environment_id, registry_id, 'node-old', "
        "digest, image_id, state, 1704067200000, 1706745600000, 1, 1706745600000 FROM registry_image WHERE "
        "digest = $1",
        NULL};
    static const struct vl_store_sql gone = {
        "DELETE FROM registry_image WHERE repository = 'node-old' AND digest = $1", NULL};
    struct vl_test_server *s = *state;
    vl_rows_sql(s, &place, "s", BASE);
    const char *a = affected(s, "CVE-2026-0001", "", 200);
    vl_rows_sql(s, &gone, "s", BASE);
    assert_string_equal(vl_test_get(s, a, "items.0.places.1.repository"), "node-old");
    assert_string_equal(vl_test_get(s, a, "items.0.places.1.lastSeen"), "2024-02-01T00:00:00.000Z");
    assert_string_equal(vl_test_get(s, a, "items.0.firstSeen"), "2024-01-01T00:00:00.000Z");
    assert_string_equal(
        vl_test_get(s, a, "items.0.lastSeen"), vl_test_get(s, a, "items.0.places.0.lastSeen"));
    assert_string_equal(vl_test_get(s, a, "items.0.present"), "true");
    assert_string_equal(vl_test_get(s, a, "items.2.present"), "false");
}

static void test_pages(void **state)
{
    struct vl_test_server *s = *state;
    const char *cursor = "";
    char seen[8] = "";
    for (size_t i = 0; i < 3; i++) {
        const char *a =
            affected(s, "CVE-2026-0001", vl_arena_printf(s->arena, "&limit=1&cursor=%s", cursor), 200);
        seen[i] = vl_test_get(s, a, "items.0.digest")[7];
        assert_string_equal(vl_test_get(s, a, "total.value"), "3");
        cursor = vl_test_get(s, a, "next");
    }
    assert_string_equal(seen, "abe");
    assert_string_equal(cursor, "null");
}

static void test_package(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = affected(s, "pkg:deb/debian/libssl3", "", 200);
    assert_string_equal(vl_test_get(s, a, "kind"), "package");
    assert_string_equal(digests(s, a, "items"), "abce");
    assert_string_equal(digests(s, affected(s, "pkg:deb/debian/libssl3@3.0.11-1", "", 200), "items"), "abce");
    assert_string_equal(digests(s, affected(s, "pkg:deb/debian/libssl3@3.0.11", "", 200), "items"), "");
    assert_string_equal(digests(s, affected(s, "pkg:deb/debian/libssl", "", 200), "items"), "");
    assert_string_equal(
        digests(s, affected(s, "pkg:deb/debian/libssl3@3.0.11-1%3Farch=amd64", "", 200), "items"), "abce");
    assert_string_equal(
        digests(s, affected(s, "pkg:deb/debian/libssl3@3.0.11-1%3Farch=arm64", "", 200), "items"), "");
    assert_string_equal(digests(s, affected(s, "pkg:npm/%2540angular/core", "", 200), "items"), "d");
}

static void test_image_and_layer(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = affected(s, BASE, "", 200);
    assert_string_equal(vl_test_get(s, a, "kind"), "image");
    assert_string_equal(digests(s, a, "items"), "bce");
    assert_string_equal(digests(s, affected(s, BASE, "&since=1d", 200), "items"), "bc");
    a = affected(s, L3, "", 200);
    assert_string_equal(vl_test_get(s, a, "kind"), "layer");
    assert_string_equal(digests(s, a, "items"), "cde");
    assert_string_equal(vl_test_get(s, a, "items.0.why"), "it is layer 4");
    affected(s, DIGEST("9999"), "", 404);
    affected(s, FOREIGN, "", 404); /* another environment's */
}

static void test_isolation(void **state)
{
    struct vl_test_server *s = *state;
    const char *a;
    assert_int_equal(
        vl_test_ask(s, "GET", "/api/v1/images/affected-by?target=CVE-2026-0001&environment=second",
            reader_of_two, NULL, &a),
        200);
    assert_string_equal(digests(s, a, "items"), "");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/images/affected-by?target=" L1 "&environment=second",
                         reader_of_two, NULL, &a),
        200);
    assert_string_equal(digests(s, a, "items"), "f");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/images/" FOREIGN "/lineage?environment=second",
                         reader_of_two, NULL, &a),
        200);
    assert_string_equal(digests(s, a, "base"), ""); /* the base is the other's alone */
    assert_int_equal(
        vl_test_ask(s, "GET", "/api/v1/images/" BASE "/lineage?environment=second", reader_of_two, NULL, &a),
        404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lineage), cmocka_unit_test(test_vulnerability),
        cmocka_unit_test(test_seen), cmocka_unit_test(test_pages), cmocka_unit_test(test_package),
        cmocka_unit_test(test_image_and_layer), cmocka_unit_test(test_isolation)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
