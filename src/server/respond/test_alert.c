/* tests: alert_simulate.c repo_alert.c repo_suppression.c route_alert.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc.h"
#include "identity/principal.h"
#include "respond/alert_samples.h"
#include "respond/event.h"
#include "respond/repo_alert.h"
#include "test_server.h"

static int64_t number(struct vl_test_server *s, const struct vl_store_sql *sql)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    int r = vl_store_read(s->app.store, &conn, &err);
    if (r >= 0)
        r = vl_stmt_begin(conn, sql, &stmt, &err);
    if (r >= 0)
        r = vl_stmt_step(stmt, &err);
    if (r <= 0)
        fail_msg("%s", err.msg);
    return vl_stmt_get_int(stmt, 0);
}

static const struct vl_store_sql sql_notices = {"SELECT count(*) FROM notice WHERE topic = 'alert'", NULL};
static const struct vl_store_sql sql_audit = {
    "SELECT count(*) FROM audit WHERE action = 'alert.status' AND detail = 'active -> in_progress'", NULL};
static const struct vl_store_sql sql_feed = {"SELECT count(*) FROM change WHERE topic = 'alert'", NULL};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_repo_alert_add(conn, 1, user, NULL, err);
}

static int add(struct vl_test_server *s, const struct vl_alert *alert, struct vl_err *err)
{
    struct vl_alert copy = *alert;
    *err = VL_ERR_INIT;
    return vl_store_write(s->app.store, add_write, &copy, err);
}

static const struct vl_alert powershell = {.type = "IpAnomaly",
    .severity = VL_SEVERITY_HIGH,
    .title = "from a test",
    .body = "{\"description\":\"d\",\"entities\":[{\"type\":\"ip\",\"address\":\"52.164.206.56\"},"
            "{\"type\":\"process\",\"commandLine\":\"powershell.exe -e\"}]}",
    .resource = "/subscriptions/g/resourceGroups/One/providers/x/y/z"};

static void lists_and_states(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err;
    for (int i = 0; i < 5; i++)
        assert_true(add(s, &powershell, &err) >= 0);
    const char *page =
        vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?limit=2&severity=high", NULL, 200);
    assert_string_equal(vl_test_get(s, page, "total.value"), "5");
    assert_string_equal(vl_test_get(s, page, "items.1.type"), "IpAnomaly");
    const char *path = vl_arena_printf(
        s->arena, "/api/v1/alerts?limit=2&severity=high&cursor=%s", vl_test_get(s, page, "next"));
    const char *second = vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
    assert_string_not_equal(vl_test_get(s, second, "items.0.id"), vl_test_get(s, page, "items.1.id"));
    page = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?status=dismissed", NULL, 200);
    assert_string_equal(vl_test_get(s, page, "total.value"), "0");
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?status=gone", NULL, 400);
    const char *id = vl_test_get(s, second, "items.0.id");
    path = vl_arena_printf(s->arena, "/api/v1/alerts/%s", id);
    const char *one = vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
    assert_string_equal(vl_test_get(s, one, "entities.0.address"), "52.164.206.56");
    assert_string_equal(vl_test_get(s, one, "status"), "active");
    int64_t feed = number(s, &sql_feed);
    (void)vl_test_call(s, VL_ROLE_READER, "PATCH", path, "{\"status\":\"in_progress\"}", 403);
    one = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"status\":\"in_progress\"}", 200);
    assert_string_equal(vl_test_get(s, one, "status"), "in_progress");
    assert_int_equal(number(s, &sql_audit), 1);
    assert_int_equal(number(s, &sql_feed), feed + 1);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"status\":\"closed\"}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", "/api/v1/alerts/7", "{\"status\":\"resolved\"}", 404);
}

static int many_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    struct vl_alert alert = powershell;
    int r = 0;
    alert.type = "Many";
    for (int i = 0; i < 300 && r >= 0; i++)
        r = vl_repo_alert_add(conn, 1, &alert, NULL, err);
    return r;
}

/* More lines than are in memory at once: all of them, each once, newest first. */
static void lines(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, many_write, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    struct vl_test_answer answer = vl_test_send(
        s, "GET", "/api/v1/alerts?type=Many", s->token[VL_ROLE_READER], "Accept: application/x-ndjson", NULL);
    assert_int_equal(answer.status, 200);
    struct vl_span rest = vl_span_str(answer.body), line;
    size_t n = 0;
    while (vl_span_split_line(&rest, &line))
        n += line.len > 0;
    assert_int_equal(n, 300);
    const char *page =
        vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?type=Many&limit=299", NULL, 200);
    assert_string_equal(vl_test_get(s, page, "total.value"), "300");
    assert_string_not_equal(vl_test_get(s, page, "next"), "");
}

static void wrong_alerts(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err;
    struct vl_alert a = powershell;
    a.severity = VL_SEVERITY_CRITICAL; /* Defender's alerts have none */
    assert_true(add(s, &a, &err) < 0);
    assert_non_null(strstr(err.msg, "/severity"));
    a = powershell;
    a.body = "[]";
    assert_true(add(s, &a, &err) < 0);
    a.body = "{";
    assert_true(add(s, &a, &err) < 0);
    a = powershell;
    a.type = "";
    assert_true(add(s, &a, &err) < 0);
}

#define RULE "/api/v1/suppression-rules/dismissIpAnomalyAlerts"

/* The rule of Microsoft's published example. Matching alerts are dismissed and nobody is told; what was there
 * before stays; deleting the rule revives nothing. */
static void suppression(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err;
    static const char rule[] =
        "{\"alertType\":\"IpAnomaly\",\"expires\":\"2999-12-01T19:50:47.083Z\",\"state\":\"Enabled\","
        "\"reason\":\"FalsePositive\",\"comment\":\"Test VM\",\"scope\":{\"allOf\":[{\"field\":"
        "\"entities.ip.address\",\"in\":[\"104.215.95.187\",\"52.164.206.56\"]},{\"field\":"
        "\"entities.process.commandline\",\"contains\":\"POWERSHELL.EXE\"}]}}";
    (void)vl_test_call(s, VL_ROLE_READER, "PUT", RULE, rule, 403);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "PUT", RULE, rule, 200);
    assert_string_equal(vl_test_get(s, answer, "scope.allOf.1.contains"), "POWERSHELL.EXE");
    assert_string_equal(vl_test_get(s, answer, "expires"), "2999-12-01T19:50:47.083Z");
    int64_t notices = number(s, &sql_notices);
    assert_true(add(s, &powershell, &err) >= 0);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?status=dismissed", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "total.value"), "1");
    assert_string_equal(vl_test_get(s, answer, "items.0.suppressedBy"), "dismissIpAnomalyAlerts");
    assert_int_equal(number(s, &sql_notices), notices);
    struct vl_alert other = powershell;
    other.title = "another";
    other.body = "{\"entities\":[{\"type\":\"ip\",\"address\":\"192.0.2.1\"}]}";
    assert_true(add(s, &other, &err) >= 0);
    assert_int_equal(number(s, &sql_notices), notices + 1);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "DELETE", "/api/v1/suppression-rules/DISMISSipanomalyALERTS", NULL, 204);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", RULE, NULL, 404);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?status=dismissed", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "total.value"), "1");
    assert_true(add(s, &powershell, &err) >= 0);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?status=dismissed", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "total.value"), "1");
}

static void rules_that_do_nothing(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err;
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/suppression-rules/off",
        "{\"alertType\":\"*\",\"state\":\"Disabled\",\"reason\":\"Other\"}", 200);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/suppression-rules/over",
        "{\"alertType\":\"*\",\"expires\":\"2020-01-01T00:00:00Z\",\"reason\":\"Other\"}", 200);
    assert_string_equal(vl_test_get(s, answer, "state"), "Expired");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/suppression-rules", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "items.0.name"), "off");
    assert_string_equal(vl_test_get(s, answer, "total.value"), "2");
    struct vl_alert a = powershell;
    a.title = "still told";
    int64_t notices = number(s, &sql_notices);
    assert_true(add(s, &a, &err) >= 0);
    assert_int_equal(number(s, &sql_notices), notices + 1);
}

/* Names: 2 to 50, as Defender has them. */
static void wrong_rules(void **state)
{
    struct vl_test_server *s = *state;
    static const char good[] = "{\"alertType\":\"X\",\"reason\":\"Other\"}";
    static const char *const names[] = {
        "a", "-ab", "_ab", "a%20b", "a.b", "123456789012345678901234567890123456789012345678901"};
    static const char *const bodies[] = {"{\"alertType\":\"X\"}", "{\"reason\":\"Other\"}",
        "{\"alertType\":\"X\",\"reason\":\"Other\",\"state\":\"Expired\"}",
        "{\"alertType\":\"X\",\"reason\":\"Other\",\"expires\":\"soon\"}",
        "{\"alertType\":\"X\",\"reason\":\"Other\",\"scope\":{\"allOf\":[{\"field\":\"x\",\"in\":[\"y\"]}]}}",
        "{\"alertType\":\"X\",\"reason\":\"Other\",\"other\":1}",
        "{\"alertType\":\"X\",\"reason\":\"Other\",\"name\":\"zz\"}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT",
            vl_arena_printf(s->arena, "/api/v1/suppression-rules/%s", names[i]), good, 400);
    for (size_t i = 0; i < VL_ARRAY_LEN(bodies); i++)
        (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/suppression-rules/abc", bodies[i], 400);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/suppression-rules/abc", NULL, 404);
}

static void simulate(void **state)
{
    struct vl_test_server *s = *state;
    static const char body[] = "{\"bundles\":[\"KubernetesService\",\"dns\"]}";
    (void)vl_test_call(s, VL_ROLE_READER, "POST", "/api/v1/alerts/simulate", body, 403);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/alerts/simulate", body, 202);
    assert_string_equal(vl_test_get(s, answer, "added"), "5");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/alerts?type=K8S.NODE_EICAR", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "items.0.simulated"), "true");
    assert_non_null(strstr(vl_test_get(s, answer, "items.0.resourceId"), s->environment));
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "POST", "/api/v1/alerts/simulate", "{\"bundles\":[\"Nothing\"]}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/alerts/simulate", "{\"bundles\":[]}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/alerts/simulate", "{\"bundles\":[1]}", 400);
}

/* Whether the reference has a row of this type with this severity and, where the sample has one, intent. */
static bool in_reference(struct vl_span rest, const struct vl_doc_node *sample)
{
    struct vl_span line, cell;
    while (vl_span_split_line(&rest, &line)) {
        struct vl_span cells[6] = {0}, type;
        for (size_t i = 0; i < VL_ARRAY_LEN(cells) && vl_span_split(&line, '\t', &cell); i++)
            cells[i] = cell;
        while (vl_span_split(&cells[1], ',', &type))
            if (vl_span_eq(type, vl_doc_get_str(sample, "type")))
                return vl_span_eq(cells[4], vl_doc_get_str(sample, "severity")) &&
                       vl_span_find(cells[3], vl_doc_get_str(sample, "intent")) != SIZE_MAX;
    }
    return false;
}

/* Every bundle has a sample; types, severities and intents are those of the alert reference. */
static void samples_are_of_the_reference(void **state)
{
    (void)state;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_buf facts VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    char path[512];
    const char *shared = getenv("VALLUM_SHARED");
    vl_buf_init(&facts, 1 << 20);
    assert_int_equal(vl_doc_parse(vl_alert_samples, VL_DOC_YAML, "alert-samples.yaml", &doc, &err), 0);
    for (const char *const *b = vl_alert_bundles; *b; b++) {
        bool found = false;
        for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n))
            found |= vl_span_eq_str(vl_doc_get_str(n, "bundle"), *b);
        if (!found)
            fail_msg("no sample of %s", *b);
    }
    (void)snprintf(path, sizeof(path), "%s/facts/defender-alerts.tsv", shared ? shared : "../shared");
    if (vl_file_read(path, 1 << 20, &facts, &err) < 0) {
        print_message("the alert reference is not here: %s\n", err.msg);
        return;
    }
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n))
        if (!in_reference(vl_buf_span(&facts), n))
            fail_msg("not as in the reference: %.*s", VL_SPAN_FMT(vl_doc_get_str(n, "type")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists_and_states), cmocka_unit_test(lines),
        cmocka_unit_test(wrong_alerts), cmocka_unit_test(suppression),
        cmocka_unit_test(rules_that_do_nothing), cmocka_unit_test(wrong_rules), cmocka_unit_test(simulate),
        cmocka_unit_test(samples_are_of_the_reference)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
