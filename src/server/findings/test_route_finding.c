/* tests: route_finding.c repo_finding.c finding_json.c sbom.c
 *
 * One image, four findings in three packages; the order is that of a scan's report (scan/order.c). The files
 * of packages are read against CycloneDX 1.6 and SPDX 2.3; tests/functional/test_api validates them whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "scan/inventory_codec.h"
#include "test_rows.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define IMAGE     DIGEST("aaaa")
#define WAITING   DIGEST("cccc")

static int64_t environment, image, matches[4];
static const char *reader_of_two;

static int store_list(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql add = {"INSERT INTO package_list (hash, bytes, packages, "
                                            "indexer_version) VALUES ($1, $2, 2, 1) RETURNING id",
        NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf encoded VL_CLEANUP(vl_buf_done), packed VL_CLEANUP(vl_buf_done);
    struct vl_inventory *inventory VL_CLEANUP(vl_inventory_cleanup) = vl_inventory_new();
    vl_buf_init(&encoded, 1024UL * 1024);
    vl_buf_init(&packed, 1024UL * 1024);
    if (!inventory)
        return vl_err_nomem(err);
    inventory->target = (struct vl_target){
        .kind = VL_TARGET_IMAGE, .name = "secret.example/theirs:1", .reference = "secret.example/theirs:1"};
    inventory->distro = (struct vl_distro){"debian", "", "12", "bookworm", "Debian 12", "", "", 0, 0, 0};
    const struct vl_package packages[] = {{.ecosystem = VL_ECO_DEB,
                                              .name = "libssl",
                                              .version = "1",
                                              .purl = "pkg:deb/debian/libssl@1",
                                              .path = "var/lib/dpkg/status",
                                              .layer = VL_LAYER_NONE,
                                              .owner = VL_PACKAGE_NONE},
        {.ecosystem = VL_ECO_NPM,
            .name = "left-pad",
            .version = "1.0.0",
            .purl = "pkg:npm/left-pad@1.0.0",
            .path = "app/package-lock.json",
            .layer = VL_LAYER_NONE,
            .owner = VL_PACKAGE_NONE}};
    for (size_t i = 0; i < VL_ARRAY_LEN(packages); i++) {
        struct vl_package *p = vl_vec_push(&inventory->packages, "packages", err);
        if (!p)
            return err->err;
        *p = packages[i];
    }
    int r = vl_inventory_encode(inventory, &encoded, err);
    if (r >= 0)
        r = vl_inventory_pack(vl_buf_span(&encoded), &packed, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, "sha256:list");
    vl_stmt_blob(stmt, 2, vl_buf_span(&packed));
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *(int64_t *)user = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static void add_packages(struct vl_test_server *s, int64_t list)
{
    static const struct vl_store_sql set = {"UPDATE image SET list_id = $1 WHERE id = $2", NULL};
    static const struct vl_store_sql history = {
        "INSERT INTO image_match_change (image_id, at, added, gone, critical_added, why) VALUES ($1, $2, $3, "
        "$4, $5, $6)",
        NULL};
    vl_rows_sql(s, &set, "ii", list, image);
    vl_rows_list_packages(s, list, NULL);
    vl_rows_sql(
        s, &history, "iiiiis", image, (int64_t)1764288000000, (int64_t)3, (int64_t)0, (int64_t)1, "scan");
    vl_rows_sql(s, &history, "iiiiis", image, (int64_t)1764288060000, (int64_t)1, (int64_t)2, (int64_t)0,
        "advisories");
}

static int set_up(void **state)
{
    struct vl_err err = VL_ERR_INIT;
    int64_t list = 0;
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    environment = vl_rows_first_environment(s);
    int64_t registry = vl_rows_registry(s, environment, "one");
    image = vl_rows_image(s, environment, registry,
        &(struct vl_rows_image){
            .digest = IMAGE, .repository = "app/web", .tag = "1.0", .layers = {"+sha256:l0", "sha256:l1"}});
    vl_rows_image(s, environment, registry,
        &(struct vl_rows_image){.digest = WAITING, .repository = "app/new", .unfetched = true});
    const struct vl_rows_finding findings[] = {
        {"CVE-2026-0001", "pkg:deb/debian/libssl@1", "libssl", "1", "2", VL_SEVERITY_HIGH, true, 0.5, 0},
        {"CVE-2026-0002", "pkg:deb/debian/libxml@1", "libxml", "1", NULL, VL_SEVERITY_CRITICAL, false, 0.9,
            1},
        {"CVE-2026-0003", "pkg:deb/debian/libssl@1", "libssl", "1", "3", VL_SEVERITY_CRITICAL, false, 0.01,
            0},
        {"CVE-2026-0004", "pkg:npm/left-pad@1.0.0", "left-pad", "1.0.0", NULL, VL_SEVERITY_NEGLIGIBLE, false,
            0, 1},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(findings); i++)
        matches[i] = vl_rows_finding(s, image, &findings[i]);
    if (vl_store_write(s->app.store, store_list, &list, &err) < 0)
        fail_msg("%s", err.msg);
    add_packages(s, list);
    int64_t two = vl_rows_environment(s, "second", NULL);
    int64_t registry_two = vl_rows_registry(s, two, "two");
    vl_rows_image(s, two, registry_two,
        &(struct vl_rows_image){.digest = IMAGE, .repository = "other/name", .unfetched = true});
    reader_of_two = vl_rows_caller(s, "second-reader", two, VL_ROLE_READER, 0);
    return 0;
}

static const char *path(struct vl_test_server *s, const char *rest)
{
    return vl_arena_printf(s->arena, "/api/v1/images/" IMAGE "/%s%senvironment=%s", rest,
        strchr(rest, '?') ? "&" : "?", s->environment);
}

static const char *get(struct vl_test_server *s, const char *rest, long status)
{
    return vl_test_call(s, VL_ROLE_READER, "GET", path(s, rest), NULL, status);
}

/* The last digits of the ids, in order. */
static void expect(struct vl_test_server *s, const char *rest, const char *wanted)
{
    const char *answer = get(s, rest, 200);
    char text[32] = "";
    for (size_t i = 0; i < 8; i++) {
        char member[32];
        (void)snprintf(member, sizeof(member), "items.%zu.id", i);
        const char *id = vl_test_get(s, answer, member);
        if (!*id)
            break;
        text[i] = id[strlen(id) - 1];
    }
    if (strcmp(text, wanted) != 0)
        fail_msg("%s: %s, expected %s", rest, text, wanted);
}

static void test_order_and_filters(void **state)
{
    struct vl_test_server *s = *state;
    expect(s, "findings", "1234");
    expect(s, "findings?sort=severity", "2314");
    expect(s, "findings?sort=package", "4132");
    expect(s, "findings?severity=critical", "23");
    expect(s, "findings?severity=low", "4");
    expect(s, "findings?fixable=true", "13");
    expect(s, "findings?kev=true", "1");
    expect(s, "findings?q=LIBSSL", "13");
    expect(s, "findings?q=0003", "3");
    expect(s, "findings?q=%25", "");
    get(s, "findings?sort=x", 400);
    get(s, "findings?severity=awful", 400);
}

static void test_pages(void **state)
{
    static const char *const sorts[] = {"risk", "severity", "package"};
    static const char *const wanted[] = {"1234", "2314", "4132"};
    struct vl_test_server *s = *state;
    for (size_t i = 0; i < VL_ARRAY_LEN(sorts); i++) {
        const char *cursor = "";
        char seen[8] = "";
        for (size_t page = 0; page < 4; page++) {
            const char *a = get(
                s, vl_arena_printf(s->arena, "findings?limit=1&sort=%s&cursor=%s", sorts[i], cursor), 200);
            const char *id = vl_test_get(s, a, "items.0.id");
            assert_true(*id != '\0');
            seen[page] = id[strlen(id) - 1];
            assert_string_equal(vl_test_get(s, a, "total.value"), "4");
            cursor = vl_test_get(s, a, "next");
        }
        assert_string_equal(seen, wanted[i]);
        assert_string_equal(cursor, "null");
    }
}

static void test_members(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "findings", 200);
    assert_string_equal(vl_test_get(s, a, "items.0.severity"), "high");
    assert_string_equal(vl_test_get(s, a, "items.0.package.name"), "libssl");
    assert_string_equal(vl_test_get(s, a, "items.0.package.ecosystem"), "deb");
    assert_string_equal(vl_test_get(s, a, "items.0.fixedVersion"), "2");
    assert_string_equal(vl_test_get(s, a, "items.0.fixState"), "fixed");
    assert_string_equal(vl_test_get(s, a, "items.0.cvss.score"), "9.8");
    assert_string_equal(vl_test_get(s, a, "items.0.epss.score"), "0.5");
    assert_string_equal(vl_test_get(s, a, "items.0.kev.ransomware"), "false");
    assert_string_equal(vl_test_get(s, a, "items.0.layer.diffId"), "sha256:l0");
    assert_string_equal(vl_test_get(s, a, "items.0.remedy.command"), "apt-get install");
    assert_string_equal(vl_test_get(s, a, "items.0.links.0"), "https://example.com/a");
    assert_string_equal(vl_test_get(s, a, "items.0.exemption"), "null");
    assert_string_equal(vl_test_get(s, a, "items.1.fixedVersion"), "null");
    assert_string_equal(vl_test_get(s, a, "items.1.kev"), "null");
    assert_string_equal(vl_test_get(s, a, "items.3.epss"), "null");
    assert_string_equal(vl_test_get(s, a, "items.3.severity"), "low");
}

static void test_exempt(void **state)
{
    static const struct vl_store_sql add = {
        "INSERT INTO exemption (environment_id, guid, category, state, justification, requested_by, created) "
        "VALUES ($1, 'ffffffff-0000-4000-8000-000000000000', 2, 2, 'because', 'me', 1) RETURNING id",
        NULL};
    static const struct vl_store_sql bind = {
        "UPDATE finding_exempt SET exemption_id = $1 WHERE environment_id = $2", NULL};
    static const struct vl_store_sql back = {"DELETE FROM finding_exempt WHERE environment_id = $1", NULL};
    struct vl_test_server *s = *state;
    int64_t id = vl_rows_sql(s, &add, "i", environment);
    vl_rows_exempt(s, environment, image, matches[2]);
    vl_rows_sql(s, &bind, "ii", id, environment);
    expect(s, "findings", "124");
    expect(s, "findings?includeExempt=true", "1234");
    const char *a = get(s, "findings?includeExempt=true", 200);
    assert_string_equal(vl_test_get(s, a, "items.2.exemption.id"), "ffffffff-0000-4000-8000-000000000000");
    assert_string_equal(vl_test_get(s, a, "items.2.exemption.category"), "mitigated");
    assert_string_equal(vl_test_get(s, a, "items.2.exemption.expires"), "null");
    a = get(s, "packages?q=libssl", 200);
    assert_string_equal(vl_test_get(s, a, "items.0.counts.critical"), "0");
    vl_rows_sql(s, &back, "i", environment);
}

static void test_packages(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "packages", 200);
    assert_string_equal(vl_test_get(s, a, "total.value"), "3");
    assert_string_equal(vl_test_get(s, a, "items.0.name"), "left-pad");
    assert_string_equal(vl_test_get(s, a, "items.0.counts.low"), "1");
    assert_string_equal(vl_test_get(s, a, "items.1.name"), "libssl");
    assert_string_equal(vl_test_get(s, a, "items.1.counts.critical"), "1");
    assert_string_equal(vl_test_get(s, a, "items.1.counts.high"), "1");
    a = get(s, "packages?limit=2", 200);
    a = get(s, vl_arena_printf(s->arena, "packages?limit=2&cursor=%s", vl_test_get(s, a, "next")), 200);
    assert_string_equal(vl_test_get(s, a, "items.0.name"), "libxml");
    assert_string_equal(vl_test_get(s, a, "items.1.name"), "");
    a = get(s, "packages?ecosystem=deb&q=xml", 200);
    assert_string_equal(vl_test_get(s, a, "total.value"), "1");
    get(s, "packages?ecosystem=what", 400);
}

static void test_history(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "history?limit=1", 200);
    assert_string_equal(vl_test_get(s, a, "items.0.why"), "advisories");
    assert_string_equal(vl_test_get(s, a, "items.0.gone"), "2");
    assert_string_equal(vl_test_get(s, a, "items.0.at"), "2025-11-28T00:01:00.000Z");
    a = get(s, vl_arena_printf(s->arena, "history?limit=1&cursor=%s", vl_test_get(s, a, "next")), 200);
    assert_string_equal(vl_test_get(s, a, "items.0.why"), "scan");
    assert_string_equal(vl_test_get(s, a, "next"), "null");
}

static void test_sbom(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_test_answer a = vl_test_send(s, "GET", path(s, "sbom"), s->token[VL_ROLE_READER], NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.type, "application/vnd.cyclonedx+json; version=1.6");
    assert_string_equal(vl_test_get(s, a.body, "bomFormat"), "CycloneDX");
    assert_string_equal(vl_test_get(s, a.body, "metadata.component.name"), "one.example:5000/app/web@" IMAGE);
    assert_non_null(strstr(a.body, "pkg:npm/left-pad@1.0.0"));
    /* Who had it scanned first is nobody else's business. */
    assert_null(strstr(a.body, "secret.example"));
    a = vl_test_send(s, "GET", path(s, "sbom?format=spdx"), s->token[VL_ROLE_READER], NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(vl_test_get(s, a.body, "spdxVersion"), "SPDX-2.3");
    assert_null(strstr(a.body, "secret.example"));
    assert_non_null(strstr(a.body, "pkg:deb/debian/libssl@1"));
    get(s, "sbom?format=csv", 400);
}

/* What is not seen is not there; what was not fetched is told so. */
static void test_isolation(void **state)
{
    static const char *const parts[] = {"findings", "packages", "history", "sbom"};
    struct vl_test_server *s = *state;
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        const char *answer;
        const char *theirs =
            vl_arena_printf(s->arena, "/api/v1/images/" IMAGE "/%s?environment=second", parts[i]);
        assert_int_equal(vl_test_ask(s, "GET", theirs, reader_of_two, NULL, &answer), 404);
        assert_non_null(strstr(answer, "not been scanned"));
        assert_int_equal(vl_test_ask(s, "GET", path(s, parts[i]), reader_of_two, NULL, &answer), 404);
        assert_non_null(strstr(answer, "no environment"));
        const char *waiting = vl_arena_printf(
            s->arena, "/api/v1/images/" WAITING "/%s?environment=%s", parts[i], s->environment);
        assert_non_null(
            strstr(vl_test_call(s, VL_ROLE_READER, "GET", waiting, NULL, 404), "not been scanned"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_and_filters), cmocka_unit_test(test_pages),
        cmocka_unit_test(test_members), cmocka_unit_test(test_exempt), cmocka_unit_test(test_packages),
        cmocka_unit_test(test_history), cmocka_unit_test(test_sbom), cmocka_unit_test(test_isolation)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
