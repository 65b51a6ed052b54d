/* tests: route_image.c repo_image.c image_json.c
 *
 * Two environments whose registries share a digest: what each sees is said by the rows that were written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "store/feed.h"
#include "test_rows.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define SHARED    DIGEST("aaaa")
#define OTHER     DIGEST("bbbb")
#define WAITING   DIGEST("cccc")
#define CHILD     DIGEST("dddd")
#define INDEX     DIGEST("eeee")
#define UNKNOWN   DIGEST("9999")

static int64_t environments[2], registries[2], images[4], shared_match;
static const char *guids[2], *reader_of_two;

static const char *path(struct vl_test_server *s, const char *rest, int environment)
{
    return vl_arena_printf(s->arena, "/api/v1/images%s%senvironment=%s", rest, strchr(rest, '?') ? "&" : "?",
        guids[environment]);
}

static int set_up(void **state)
{
    static const struct vl_store_sql index = {
        "INSERT INTO registry_image (environment_id, registry_id, repository, digest, is_index, first_seen, "
        "last_seen) VALUES ($1, $2, 'app/multi', $3, 1, 1, 1)",
        NULL};
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    environments[0] = vl_rows_first_environment(s);
    guids[0] = s->environment;
    environments[1] = vl_rows_environment(s, "second", &guids[1]);
    reader_of_two = vl_rows_caller(s, "second-reader", environments[1], VL_ROLE_READER, 0);
    registries[0] = vl_rows_registry(s, environments[0], "one");
    registries[1] = vl_rows_registry(s, environments[1], "two");
    const struct vl_rows_image shared = {.digest = SHARED,
        .repository = "app/web",
        .tag = "1.0",
        .pushed_at = 1764288000123,
        .layers = {"+sha256:l0", "sha256:l1"}};
    images[0] = vl_rows_image(s, environments[0], registries[0], &shared);
    vl_rows_image(s, environments[1], registries[1],
        &(struct vl_rows_image){.digest = SHARED, .repository = "other/name", .tag = "x", .unfetched = true});
    images[1] = vl_rows_image(s, environments[0], registries[0],
        &(struct vl_rows_image){
            .digest = OTHER, .repository = "app/api_v2", .tag = "Latest", .not_assessed = true});
    vl_rows_image(s, environments[0], registries[0],
        &(struct vl_rows_image){.digest = WAITING, .repository = "app/new", .unfetched = true});
    images[2] = vl_rows_image(s, environments[0], registries[0],
        &(struct vl_rows_image){.digest = CHILD, .repository = "app/multi", .tag = "2.0", .parent = INDEX});
    vl_rows_sql(s, &index, "iis", environments[0], registries[0], INDEX);
    shared_match = vl_rows_finding(s, images[0],
        &(struct vl_rows_finding){"CVE-2026-0001", "pkg:deb/debian/libssl@1", "libssl", "1", "2",
            VL_SEVERITY_CRITICAL, true, 0.5, 0});
    vl_rows_finding(s, images[0],
        &(struct vl_rows_finding){"CVE-2026-0002", "pkg:deb/debian/libxml@1", "libxml", "1", NULL,
            VL_SEVERITY_NEGLIGIBLE, false, 0, 1});
    vl_rows_finding(s, images[2],
        &(struct vl_rows_finding){"CVE-2026-0002", "pkg:deb/debian/libxml@1", "libxml", "1", NULL,
            VL_SEVERITY_NEGLIGIBLE, false, 0, 0});
    return 0;
}

/* "digest digest …", by the first four letters of each. */
static const char *order_of(struct vl_test_server *s, const char *answer)
{
    char text[256] = "";
    for (size_t i = 0, at = 0; i < 20; i++) {
        char member[32];
        (void)snprintf(member, sizeof(member), "items.%zu.digest", i);
        const char *digest = vl_test_get(s, answer, member);
        if (!*digest)
            break;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.4s", at ? " " : "", digest + 7);
    }
    return vl_arena_strdup(s->arena, text);
}

static void expect(struct vl_test_server *s, const char *query, const char *wanted)
{
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET", path(s, query, 0), NULL, 200);
    if (strcmp(order_of(s, answer), wanted) != 0)
        fail_msg("%s: \"%s\", expected \"%s\"", query, order_of(s, answer), wanted);
}

/* The newest first, of equal age by name; of another digest or repository none. */
static void test_tags(void **state)
{
    static const struct vl_store_sql tag = {
        "INSERT INTO tag (registry_id, repository, name, digest, changed) VALUES ($1, $2, $3, $4, $5)", NULL};
    static const struct vl_store_sql gone = {
        "DELETE FROM tag WHERE registry_id = $1 AND repository LIKE 'app/web%' AND name LIKE 't-%'", NULL};
    struct vl_test_server *s = *state;
    int64_t later = vl_time_now_ms() + 1000;
    vl_rows_sql(s, &tag, "isssi", registries[0], "app/web", "t-old", SHARED, (int64_t)1);
    vl_rows_sql(s, &tag, "isssi", registries[0], "app/web", "t-b", SHARED, later);
    vl_rows_sql(s, &tag, "isssi", registries[0], "app/web", "t-a", SHARED, later);
    vl_rows_sql(s, &tag, "isssi", registries[0], "app/web", "t-other", OTHER, later);
    vl_rows_sql(s, &tag, "isssi", registries[0], "app/web2", "t-where", SHARED, later);
    const char *a = vl_test_call(s, VL_ROLE_READER, "GET", path(s, "?q=app/web", 0), NULL, 200);
    const char *one = vl_test_call(s, VL_ROLE_READER, "GET", path(s, "/" SHARED, 0), NULL, 200);
    vl_rows_sql(s, &gone, "i", registries[0]);
    assert_non_null(strstr(a, "\"tags\":[\"t-a\",\"t-b\",\"1.0\",\"t-old\"]"));
    assert_non_null(strstr(one, "\"tags\":[\"t-a\",\"t-b\",\"1.0\",\"t-old\"]"));
    assert_string_equal(vl_test_get(s, one, "places.0.tags.3"), "t-old");
}

static void test_list(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = vl_test_call(s, VL_ROLE_READER, "GET", path(s, "", 0), NULL, 200);
    assert_string_equal(order_of(s, a), "aaaa dddd bbbb cccc");
    assert_string_equal(vl_test_get(s, a, "total.value"), "4");
    assert_string_equal(vl_test_get(s, a, "total.relation"), "EXACT");
    assert_string_equal(vl_test_get(s, a, "items.0.state"), "Completed");
    assert_string_equal(vl_test_get(s, a, "items.0.registry.name"), "one");
    assert_string_equal(vl_test_get(s, a, "items.0.tags.0"), "1.0");
    assert_string_equal(vl_test_get(s, a, "items.0.pushedAt"), "2025-11-28T00:00:00.123Z");
    assert_string_equal(vl_test_get(s, a, "items.0.counts.critical"), "1");
    assert_string_equal(vl_test_get(s, a, "items.0.counts.low"), "1");
    assert_string_equal(vl_test_get(s, a, "items.0.fixable"), "1");
    assert_string_equal(vl_test_get(s, a, "items.0.kev"), "1");
    assert_string_equal(vl_test_get(s, a, "items.0.assessed"), "full");
    /* The tag of a list of platforms names its images too. */
    assert_string_equal(vl_test_get(s, a, "items.1.tags.0"), "2.0");
    assert_string_equal(vl_test_get(s, a, "items.1.index"), INDEX);
    /* No data is no zero. */
    assert_string_equal(vl_test_get(s, a, "items.2.assessed"), "not");
    assert_non_null(strstr(vl_test_get(s, a, "items.2.whyNot"), "no advisory data"));
    assert_string_equal(vl_test_get(s, a, "items.2.counts.critical"), "");
    assert_string_equal(vl_test_get(s, a, "items.3.state"), "Unscanned");
    assert_string_equal(vl_test_get(s, a, "items.3.assessed"), "null");
    assert_null(strstr(a, "\"running\":0"));
}

static void test_filters(void **state)
{
    struct vl_test_server *s = *state;
    expect(s, "?state=Unscanned", "cccc");
    expect(s, "?state=Completed", "aaaa dddd bbbb");
    expect(s, "?repository=app/web", "aaaa");
    expect(s, "?severity=critical", "aaaa");
    expect(s, "?severity=low", "aaaa dddd");
    expect(s, "?severity=high", "");
    expect(s, "?fixable=true", "aaaa");
    expect(s, "?kev=true", "aaaa");
    expect(s, "?severity=low&kev=true", "aaaa"); /* both, of one image */
    expect(s, "?severity=high&kev=true", "");
    expect(s, "?q=WEB", "aaaa");
    expect(s, "?q=latest", "bbbb"); /* a tag */
    expect(s, "?q=2.0", "dddd");    /* the tag of its index */
    expect(s, "?q=sha256:cccc", "cccc");
    expect(s, "?q=i_v", "bbbb"); /* no wildcards */
    expect(s, "?q=%25", "");
    expect(s, "?q=%27%20OR%201=1--", "");
    expect(s, "?q=%5C", "");
    expect(s, "?sort=repository", "bbbb dddd cccc aaaa");
    expect(s, vl_arena_printf(s->arena, "?registry=%lld", (long long)registries[1]), "");
    expect(s, "?sort=pushed&repository=app/web", "aaaa");
    vl_test_call(s, VL_ROLE_READER, "GET", path(s, "?state=Done", 0), NULL, 400);
    vl_test_call(s, VL_ROLE_READER, "GET", path(s, "?kev=yes", 0), NULL, 400);
    vl_test_call(s, VL_ROLE_READER, "GET", path(s, "?registry=x", 0), NULL, 400);
}

static void test_pages(void **state)
{
    static const char *const sorts[] = {"risk", "pushed", "repository"};
    static const char *const orders[] = {"aaaadddd bbbbcccc ", NULL, "bbbbdddd ccccaaaa "};
    struct vl_test_server *s = *state;
    for (size_t i = 0; i < VL_ARRAY_LEN(sorts); i++) {
        char seen[128] = "";
        const char *cursor = "";
        for (int pages = 0; pages < 4; pages++) {
            const char *a = vl_test_call(s, VL_ROLE_READER, "GET",
                path(s, vl_arena_printf(s->arena, "?limit=2&sort=%s&cursor=%s", sorts[i], cursor), 0), NULL,
                200);
            assert_string_equal(vl_test_get(s, a, "total.value"), "4");
            (void)snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%.4s%.4s ",
                vl_test_get(s, a, "items.0.digest") + 7, vl_test_get(s, a, "items.1.digest") + 7);
            cursor = vl_test_get(s, a, "next");
            if (strcmp(cursor, "null") == 0 || !*cursor)
                break;
        }
        assert_int_equal(strlen(seen), 18);
        if (orders[i])
            assert_string_equal(seen, orders[i]);
    }
}

static void test_lines(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_test_answer a = vl_test_send(
        s, "GET", path(s, "", 0), s->token[VL_ROLE_READER], "Accept: application/x-ndjson", NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.type, "application/x-ndjson");
    struct vl_span rest = vl_span_str(a.body), line;
    int n = 0;
    while (vl_span_split_line(&rest, &line))
        n += line.len > 0;
    assert_int_equal(n, 4);
}

static void test_detail(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_test_answer a =
        vl_test_send(s, "GET", path(s, "/" SHARED, 0), s->token[VL_ROLE_READER], NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(vl_test_get(s, a.body, "places.0.repository"), "app/web");
    assert_string_equal(vl_test_get(s, a.body, "places.1.repository"), "");
    assert_string_equal(vl_test_get(s, a.body, "layers.0.diffId"), "sha256:l0");
    assert_string_equal(vl_test_get(s, a.body, "layers.0.base"), "true");
    assert_string_equal(vl_test_get(s, a.body, "layers.0.counts.critical"), "1");
    assert_string_equal(vl_test_get(s, a.body, "layers.1.counts.low"), "1");
    assert_string_equal(vl_test_get(s, a.body, "coverage.0.source"), "debian");
    assert_string_equal(vl_test_get(s, a.body, "indexerCurrent"), "true");
    assert_string_equal(vl_test_get(s, a.body, "base"), "null");
    a = vl_test_send(s, "GET", path(s, "/" SHARED, 0), s->token[VL_ROLE_READER],
        vl_arena_printf(s->arena, "If-None-Match: %s", a.etag), NULL);
    assert_int_equal(a.status, 304);
    const char *waiting = vl_test_call(s, VL_ROLE_READER, "GET", path(s, "/" WAITING, 0), NULL, 200);
    assert_string_equal(vl_test_get(s, waiting, "indexerCurrent"), "null");
    assert_string_equal(vl_test_get(s, waiting, "packages"), "null");
    vl_test_call(s, VL_ROLE_READER, "GET", path(s, "/" UNKNOWN, 0), NULL, 404);
    const char *index = vl_test_call(s, VL_ROLE_READER, "GET", path(s, "/" INDEX, 0), NULL, 404);
    assert_non_null(strstr(index, "list of platforms"));
}

/* The second environment names the digest and has not fetched it: it sees that, and nothing of the facts. */
static void test_isolation(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer;
    assert_int_equal(vl_test_ask(s, "GET", path(s, "", 1), reader_of_two, NULL, &answer), 200);
    assert_string_equal(order_of(s, answer), "aaaa");
    assert_string_equal(vl_test_get(s, answer, "items.0.state"), "Unscanned");
    assert_string_equal(vl_test_get(s, answer, "items.0.repository"), "other/name");
    assert_null(strstr(answer, "app/web"));
    assert_null(strstr(answer, "debian"));
    assert_string_equal(vl_test_get(s, answer, "items.0.counts"), "null");
    assert_int_equal(
        vl_test_ask(s, "GET", path(s, "?severity=critical", 1), reader_of_two, NULL, &answer), 200);
    assert_string_equal(order_of(s, answer), "");
    assert_int_equal(vl_test_ask(s, "GET", path(s, "/" SHARED, 1), reader_of_two, NULL, &answer), 200);
    assert_null(strstr(answer, "sha256:l0"));
    assert_null(strstr(answer, "debian"));
    assert_int_equal(vl_test_ask(s, "GET", path(s, "/" OTHER, 1), reader_of_two, NULL, &answer), 404);
    /* Not even that the first environment is there. */
    assert_int_equal(vl_test_ask(s, "GET", path(s, "", 0), reader_of_two, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/images", reader_of_two, NULL, &answer), 200);
    assert_string_equal(order_of(s, answer), "aaaa");
}

/* An exemption of one environment changes its counts, its order, its filters; nobody else's. */
static void test_exempt(void **state)
{
    static const struct vl_store_sql fetched = {
        "UPDATE registry_image SET fetched_at = 1, state = 3, image_id = $1 WHERE environment_id = $2 AND "
        "digest = $3",
        NULL};
    static const struct vl_store_sql back = {"DELETE FROM finding_exempt WHERE environment_id = $1", NULL};
    struct vl_test_server *s = *state;
    vl_rows_sql(s, &fetched, "iis", images[0], environments[1], SHARED);
    vl_rows_exempt(s, environments[0], images[0], shared_match);
    expect(s, "?severity=critical", "");
    expect(s, "?kev=true", "");
    expect(s, "?fixable=true", "");
    const char *a = vl_test_call(s, VL_ROLE_READER, "GET", path(s, "/" SHARED, 0), NULL, 200);
    assert_string_equal(vl_test_get(s, a, "counts.critical"), "0");
    assert_string_equal(vl_test_get(s, a, "layers.0.counts.critical"), "0");
    const char *answer;
    assert_int_equal(
        vl_test_ask(s, "GET", path(s, "?severity=critical", 1), reader_of_two, NULL, &answer), 200);
    assert_string_equal(order_of(s, answer), "aaaa");
    vl_rows_sql(s, &back, "i", environments[0]);
    expect(s, "?severity=critical", "aaaa");
}

static void test_scan(void **state)
{
    struct vl_test_server *s = *state;
    vl_test_call(s, VL_ROLE_READER, "POST", path(s, "/" SHARED "/scan", 0), NULL, 403);
    const char *a = vl_test_call(s, VL_ROLE_ADMIN, "POST", path(s, "/" SHARED "/scan", 0), NULL, 202);
    assert_true(*vl_test_get(s, a, "job") >= '1');
    vl_test_call(s, VL_ROLE_ADMIN, "POST", path(s, "/" UNKNOWN "/scan", 0), NULL, 404);
    vl_test_call(s, VL_ROLE_ADMIN, "POST", path(s, "/" OTHER "/scan", 1), NULL, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tags), cmocka_unit_test(test_list),
        cmocka_unit_test(test_filters), cmocka_unit_test(test_pages), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_detail), cmocka_unit_test(test_isolation), cmocka_unit_test(test_exempt),
        cmocka_unit_test(test_scan)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
