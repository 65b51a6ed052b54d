/* tests: route_single.c
 *
 * Six vulnerabilities that differ in one thing each; the order is the issue's: exploited, EPSS, fix,
 * severity. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test_rows.h"

#define SEEN "CVE-2026-0001" /* in two images */

static const struct vl_rows_finding findings[] = {
    {"CVE-2026-0006", "pkg:npm/f@1", "f", "1", NULL, VL_SEVERITY_MEDIUM, false, 0, 0},
    {"CVE-2026-0005", "pkg:npm/e@1", "e", "1", NULL, VL_SEVERITY_HIGH, false, 0, 0},
    {"CVE-2026-0004", "pkg:npm/d@1", "d", "1", "2", VL_SEVERITY_LOW, false, 0, 0},
    {"CVE-2026-0003", "pkg:npm/c@1", "c", "1", NULL, VL_SEVERITY_LOW, false, 0.1, 0},
    {"CVE-2026-0002", "pkg:npm/b@1", "b", "1", NULL, VL_SEVERITY_LOW, false, 0.9, 0},
    {SEEN, "pkg:npm/a@1", "a", "1", NULL, VL_SEVERITY_LOW, true, 0, 0},
};

static int set_up(void **state)
{
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    int64_t environment = vl_rows_first_environment(s);
    int64_t registry = vl_rows_registry(s, environment, "one");
    const struct vl_rows_image a = {.digest = "sha256:aa", .repository = "app"},
                               b = {.digest = "sha256:bb", .repository = "app"};
    int64_t first = vl_rows_image(s, environment, registry, &a);
    int64_t second = vl_rows_image(s, environment, registry, &b);
    for (size_t i = 0; i < VL_ARRAY_LEN(findings); i++)
        (void)vl_rows_finding(s, first, &findings[i]);
    (void)vl_rows_finding(s, second, &findings[5]);
    return 0;
}

static const char *get(struct vl_test_server *s, const char *query)
{
    return vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "/api/v1/finding-recommendations?environment=%s%s", s->environment, query),
        NULL, 200);
}

static void test_order(void **state)
{
    struct vl_test_server *s = *state;
    const char *all = get(s, "");
    for (int i = 0; i < 6; i++)
        assert_string_equal(vl_test_get(s, all, vl_arena_printf(s->arena, "items.%d.id", i)),
            vl_arena_printf(s->arena, "CVE-2026-000%d", i + 1));
    assert_string_equal(vl_test_get(s, all, "total.value"), "6");
    assert_string_equal(vl_test_get(s, all, "items.0.images"), "2");
    assert_string_equal(vl_test_get(s, all, "items.0.kev"), "true");
    assert_string_equal(vl_test_get(s, all, "items.0.running"), "null");
    assert_string_equal(vl_test_get(s, all, "items.0.packages.0"), "pkg:npm/a@1");
    assert_string_equal(vl_test_get(s, all, "items.3.fixable"), "true");
    const char *high = get(s, "&severity=high");
    assert_string_equal(vl_test_get(s, high, "items.0.id"), "CVE-2026-0005");
    assert_string_equal(vl_test_get(s, high, "total.value"), "1");
}

/* Every one once, whatever the page. */
static void test_pages(void **state)
{
    struct vl_test_server *s = *state;
    const char *cursor = "";
    int seen = 0;
    for (int page = 0; page < 4; page++) {
        const char *answer =
            get(s, vl_arena_printf(s->arena, "&limit=2%s%s", *cursor ? "&cursor=" : "", cursor));
        for (int i = 0; i < 2; i++) {
            const char *id = vl_test_get(s, answer, vl_arena_printf(s->arena, "items.%d.id", i));
            if (*id)
                assert_string_equal(id, vl_arena_printf(s->arena, "CVE-2026-000%d", ++seen));
        }
        cursor = vl_test_get(s, answer, "next");
        if (strcmp(cursor, "null") == 0)
            break;
    }
    assert_int_equal(seen, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_pages)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
