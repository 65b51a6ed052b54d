/* tests: repo_contact.c repo_recipient.c route_contact.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "identity/principal.h"
#include "test_server.h"

#define DEFAULT "/api/v1/contacts/default"

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

static const struct vl_store_sql sql_channels = {
    "SELECT count(*) FROM channel WHERE kind = 'mail' AND name = 'contact:default'", NULL};
static const struct vl_store_sql sql_severity = {
    "SELECT min_severity + 10 * enabled FROM channel WHERE name = 'contact:default'", NULL};

/* The values of Microsoft's published example (securityContacts, 2020-01-01-preview). */
static void published(void **state)
{
    struct vl_test_server *s = *state;
    static const char body[] = "{\"emails\":\"john@contoso.com;jane@contoso.com\",\"phone\":\"(214)275-"
                               "4038\",\"minSeverity\":\"Low\","
                               "\"roles\":[\"Owner\"],\"notifyRoles\":true}";
    (void)vl_test_call(s, VL_ROLE_READER, "GET", DEFAULT, NULL, 404);
    (void)vl_test_call(s, VL_ROLE_READER, "PUT", DEFAULT, body, 403);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "PUT", DEFAULT, body, 200);
    assert_string_equal(vl_test_get(s, answer, "emails.1"), "jane@contoso.com");
    assert_string_equal(vl_test_get(s, answer, "phone"), "(214)275-4038");
    assert_non_null(strstr(vl_test_get(s, answer, "phoneNote"), "nothing of Vallum calls it"));
    assert_string_equal(vl_test_get(s, answer, "minSeverity"), "low");
    assert_string_equal(vl_test_get(s, answer, "recipients.0"), "john@contoso.com");
    assert_int_equal(number(s, &sql_channels), 1);
    assert_int_equal(number(s, &sql_severity), 12);
    /* What was read can be written again. */
    answer = vl_test_call(s, VL_ROLE_ADMIN, "PUT", DEFAULT, answer, 200);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", DEFAULT, "{\"emails\":[\"a@b\"],\"enabled\":false}", 200);
    assert_int_equal(number(s, &sql_severity), 4); /* High is Defender's default */
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/contacts", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "total.value"), "1");
    assert_string_equal(vl_test_get(s, answer, "items.0.recipients.0"), ""); /* switched off */
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", "/api/v1/contacts/Default", NULL, 204);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", DEFAULT, NULL, 404);
    assert_int_equal(number(s, &sql_channels), 0);
}

static void wrong(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const bodies[] = {"{\"emails\":[\"nobody\"]}", "{\"emails\":[\"a@b;c@d\"]}",
        "{\"emails\":7}", "{\"emails\":[\"a@b\\r\\nBcc: c@d\"]}", "{\"phone\":\"<script>\"}",
        "{\"minSeverity\":\"loud\"}", "{\"roles\":[\"King\"]}", "{\"roles\":\"Owner\"}",
        "{\"enabled\":\"yes\"}", "{\"fax\":\"1\"}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bodies); i++)
        (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", DEFAULT, bodies[i], 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/contacts/a%22b", "{}", 400);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", DEFAULT, NULL, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published), cmocka_unit_test(wrong)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
