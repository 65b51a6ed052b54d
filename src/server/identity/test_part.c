/* tests: repo_role.c sight.c route_user.c
 *
 * Roles in parts of an environment other than a registry: in all registries that bear a label, in a cluster,
 * in a namespace. What is outside the part is not there, and a label that is taken away takes the sight. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "respond/repo_alert.h"
#include "router.h"
#include "test_rows.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define CLUSTER(name)                                                                  \
    "/subscriptions/12345678-1234-1234-1234-123456789abc/resourceGroups/rg/providers/" \
    "Microsoft.ContainerService/managedClusters/" name
#define IN(namespace) "{\"entities\":[{\"type\":\"K8s-namespace\",\"name\":\"" namespace "\"}]}"

static int64_t one, shop, bank, other;
static const char *by_label, *label_admin, *by_cluster, *by_namespace, *namespace_admin;

static const struct vl_alert alerts[] = {
    {.type = "shop-1", .title = "a", .body = IN("shop"), .resource = CLUSTER("Prod")},
    {.type = "shop-2", .title = "b", .body = IN("shop"), .resource = CLUSTER("prod")},
    {.type = "bank-1", .title = "c", .body = IN("bank"), .resource = CLUSTER("prod")},
    {.type = "cluster-1", .title = "d", .body = "{\"entities\":[]}", .resource = CLUSTER("prod")},
    {.type = "stage-1", .title = "e", .body = IN("shop"), .resource = CLUSTER("stage")},
    {.type = "nowhere-1", .title = "f", .body = IN("shop"), .resource = NULL},
};

static int alerts_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(alerts) && r >= 0; i++) {
        struct vl_alert alert = alerts[i];
        alert.severity = VL_SEVERITY_HIGH;
        r = vl_repo_alert_add(conn, *(const int64_t *)user, &alert, NULL, err);
    }
    return r;
}

static const char *here(struct vl_test_server *s, const char *path)
{
    return vl_arena_printf(
        s->arena, "/api/v1%s%cenvironment=%s", path, strchr(path, '?') ? '&' : '?', s->environment);
}

static const char *call(struct vl_test_server *s, const char *token, const char *method, const char *path,
    const char *body, long want)
{
    const char *answer = NULL;
    long status = vl_test_ask(s, method, here(s, path), token, body, &answer);
    if (status != want)
        fail_msg("%s %s: %ld instead of %ld: %s", method, path, status, want, answer);
    return answer;
}

static void total(struct vl_test_server *s, const char *token, const char *path, const char *want)
{
    const char *answer = call(s, token, "GET", path, NULL, 200);
    if (strcmp(vl_test_get(s, answer, "total.value"), want) != 0)
        fail_msg("%s: not %s: %s", path, want, answer);
}

static const char *registry_path(struct vl_test_server *s, int64_t id)
{
    return vl_arena_printf(s->arena, "/registries/%lld", (long long)id);
}

static const char *set_labels(struct vl_test_server *s, int64_t id, const char *labels, long want)
{
    return call(s, s->token[VL_ROLE_ADMIN], "PATCH", registry_path(s, id),
        vl_arena_printf(s->arena, "{\"labels\":%s}", labels), want);
}

static int set_up(void **state)
{
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    one = vl_rows_first_environment(s);
    shop = vl_rows_registry(s, one, "shop");
    bank = vl_rows_registry(s, one, "bank");
    other = vl_rows_registry(s, one, "other");
    const int64_t registries[] = {shop, bank, other};
    static const char *const digests[] = {DIGEST("aaaa"), DIGEST("bbbb"), DIGEST("cccc")};
    for (size_t i = 0; i < VL_ARRAY_LEN(registries); i++) {
        const struct vl_rows_image image = {.digest = digests[i], .repository = "app", .tag = "1"};
        vl_rows_image(s, one, registries[i], &image);
    }
    if (vl_store_write(s->app.store, alerts_write, &one, &err) < 0)
        fail_msg("%s", err.msg);
    const struct vl_role_scope label = {.environment = one, .kind = VL_ROLE_LABEL, .label = "team=pay"};
    const struct vl_role_scope cluster = {.environment = one, .kind = VL_ROLE_CLUSTER, .cluster = "PROD"};
    const struct vl_role_scope name_space = {
        .environment = one, .kind = VL_ROLE_CLUSTER, .cluster = "prod", .name_space = "shop"};
    by_label = vl_rows_scope_caller(s, "by-label", &label, VL_ROLE_READER);
    label_admin = vl_rows_scope_caller(s, "label-admin", &label, VL_ROLE_ADMIN);
    by_cluster = vl_rows_scope_caller(s, "by-cluster", &cluster, VL_ROLE_READER);
    by_namespace = vl_rows_scope_caller(s, "by-namespace", &name_space, VL_ROLE_READER);
    namespace_admin = vl_rows_scope_caller(s, "namespace-admin", &name_space, VL_ROLE_ADMIN);
    return 0;
}

/* Before a registry bears the label there is no environment; then its registries alone, and not one whose
 * label only begins or ends so. */
static void test_label(void **state)
{
    struct vl_test_server *s = *state;
    call(s, by_label, "GET", "/images", NULL, 404);
    set_labels(s, bank, "{\"team\":\"payments\",\"x-team\":\"pay\"}", 200);
    call(s, by_label, "GET", "/images", NULL, 404);
    const char *answer = set_labels(s, shop, "{\"tier\":\"gold\",\"team\":\"pay\"}", 200);
    assert_string_equal(vl_test_get(s, answer, "labels.team"), "pay");
    assert_string_equal(vl_test_get(s, answer, "labels.tier"), "gold");
    total(s, by_label, "/registries", "1");
    total(s, by_label, "/images", "1");
    call(s, by_label, "GET", "/images/" DIGEST("aaaa"), NULL, 200);
    call(s, by_label, "GET", "/images/" DIGEST("bbbb"), NULL, 404);
    total(s, by_label, "/alerts", "0");
    set_labels(s, bank, "{\"team\":\"pay\"}", 200);
    total(s, by_label, "/registries", "2");
    total(s, by_label, "/images", "2");
    /* a label that is gone is a role that is gone, at once */
    set_labels(s, bank, "{}", 200);
    total(s, by_label, "/images", "1");
    call(s, by_label, "GET", "/images/" DIGEST("bbbb"), NULL, 404);
}

/* Who has a registry by its label may not give it another: that says who sees it. */
static void test_label_is_not_his(void **state)
{
    struct vl_test_server *s = *state;
    set_labels(s, shop, "{\"team\":\"pay\"}", 200);
    call(s, label_admin, "PATCH", registry_path(s, shop), "{\"pollSeconds\":120}", 200);
    call(s, label_admin, "PATCH", registry_path(s, shop), "{\"labels\":{\"team\":\"else\"}}", 403);
    call(s, label_admin, "PATCH", registry_path(s, bank), "{\"pollSeconds\":120}", 404);
    call(s, by_label, "PATCH", registry_path(s, shop), "{\"pollSeconds\":120}", 403);
    set_labels(s, shop, "{\"te am\":\"pay\"}", 400);
    set_labels(s, shop, "[\"team=pay\"]", 400);
    const char *answer = call(s, by_label, "GET", registry_path(s, shop), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "labels.team"), "pay");
    assert_string_equal(vl_test_get(s, answer, "pollSeconds"), "120");
}

static const char *id_of(struct vl_test_server *s, const char *type)
{
    const char *answer = call(
        s, s->token[VL_ROLE_READER], "GET", vl_arena_printf(s->arena, "/alerts?type=%s", type), NULL, 200);
    return vl_test_get(s, answer, "items.0.id");
}

static void test_cluster(void **state)
{
    struct vl_test_server *s = *state;
    total(s, s->token[VL_ROLE_READER], "/alerts", "6");
    total(s, by_cluster, "/alerts", "4");
    total(s, by_namespace, "/alerts", "2");
    static const struct {
        const char *type;
        long cluster, name_space;
    } rows[] = {{"shop-1", 200, 200}, {"bank-1", 200, 404}, {"cluster-1", 200, 404}, {"stage-1", 404, 404},
        {"nowhere-1", 404, 404}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const char *path = vl_arena_printf(s->arena, "/alerts/%s", id_of(s, rows[i].type));
        call(s, by_cluster, "GET", path, NULL, rows[i].cluster);
        call(s, by_namespace, "GET", path, NULL, rows[i].name_space);
        call(s, by_namespace, "PATCH", path, "{\"status\":\"resolved\"}", 403);
        call(s, namespace_admin, "PATCH", path, "{\"status\":\"resolved\"}", rows[i].name_space);
    }
    const char *left = call(s, s->token[VL_ROLE_READER], "GET", "/alerts?status=active", NULL, 200);
    assert_string_equal(vl_test_get(s, left, "total.value"), "5");
    /* nothing else of the environment is there */
    static const char *const empty[] = {"/registries", "/images", "/vulnerabilities"};
    for (size_t i = 0; i < VL_ARRAY_LEN(empty); i++)
        total(s, by_cluster, empty[i], "0");
    call(s, by_cluster, "GET", "/images/" DIGEST("aaaa"), NULL, 404);
    call(s, namespace_admin, "POST", "/alerts/simulate", "{\"bundles\":[\"DNS\"]}", 404);
    call(s, by_cluster, "GET", "/suppression-rules", NULL, 404);
}

static const char *arm(
    struct vl_test_server *s, const char *method, const char *token, const char *tail, long want)
{
    const char *answer = NULL;
    const char *path = vl_arena_printf(s->arena,
        "/subscriptions/%s/providers/Microsoft.Security/%s?api-version=2022-01-01", s->environment, tail);
    long status = vl_test_ask(s, method, path, token, NULL, &answer);
    if (status != want)
        fail_msg("%s: %ld instead of %ld: %s", path, status, want, answer);
    return answer;
}

static void test_arm(void **state)
{
    struct vl_test_server *s = *state;
    const char *list = arm(s, "GET", by_namespace, "alerts", 200);
    assert_non_null(strstr(list, "shop-1"));
    assert_null(strstr(list, "bank-1"));
    assert_null(strstr(list, "stage-1"));
    const char *other_id = id_of(s, "bank-1"), *own_id = id_of(s, "shop-2");
    arm(s, "POST", namespace_admin, vl_arena_printf(s->arena, "locations/local/alerts/%s/dismiss", other_id),
        404);
    arm(s, "POST", namespace_admin, vl_arena_printf(s->arena, "locations/local/alerts/%s/dismiss", own_id),
        204);
    const char *after =
        call(s, by_cluster, "GET", vl_arena_printf(s->arena, "/alerts/%s", own_id), NULL, 200);
    assert_string_equal(vl_test_get(s, after, "status"), "dismissed");
}

static void test_me(void **state)
{
    struct vl_test_server *s = *state;
    const char *me = call(s, by_namespace, "GET", "/me", NULL, 200);
    assert_string_equal(vl_test_get(s, me, "environments.0.role"), "none");
    assert_string_equal(vl_test_get(s, me, "environments.0.clusters.0.name"), "prod");
    assert_string_equal(vl_test_get(s, me, "environments.0.clusters.0.namespace"), "shop");
    assert_string_equal(vl_test_get(s, me, "environments.0.clusters.0.role"), "reader");
    assert_string_equal(vl_test_get(s, me, "environments.0.registries.0.name"), "");
    set_labels(s, shop, "{\"team\":\"pay\"}", 200);
    me = call(s, label_admin, "GET", "/me", NULL, 200);
    assert_string_equal(vl_test_get(s, me, "environments.0.registries.0.name"), "shop");
    assert_string_equal(vl_test_get(s, me, "environments.0.registries.0.role"), "admin");
}

static const char *patch(struct vl_test_server *s, const char *path, const char *members, long want)
{
    return vl_test_call(s, VL_ROLE_OWNER, "PATCH", path,
        vl_arena_printf(s->arena, "{%s,\"environment\":\"%s\"}", members, s->environment), want);
}

/* Several parts at once; each is taken away by its own name. */
static void test_given_and_taken(void **state)
{
    static const char *const wrong[] = {"\"label\":\"team\",\"role\":\"reader\"",
        "\"label\":\"team=pay\",\"role\":\"owner\"", "\"label\":\"team=pay\"",
        "\"namespace\":\"shop\",\"role\":\"reader\"", "\"cluster\":\"a/b\",\"role\":\"reader\"",
        "\"cluster\":\"prod\",\"label\":\"team=pay\",\"role\":\"reader\"",
        "\"cluster\":\"prod\",\"registry\":\"shop\",\"role\":\"reader\"",
        "\"cluster\":\"prod\",\"role\":\"owner\"", "\"cluster\":7,\"role\":\"reader\"",
        "\"registry\":\"\",\"role\":\"reader\"", "\"label\":\"\",\"role\":\"reader\"",
        "\"cluster\":\"\",\"role\":\"reader\""};
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/users",
        vl_arena_printf(s->arena,
            "{\"name\":\"rob\",\"kind\":\"client\",\"role\":\"reader\",\"environment\":\"%s\",\"label\":"
            "\"team=pay\"}",
            s->environment),
        201);
    assert_string_equal(vl_test_get(s, answer, "roles.0.label"), "team=pay");
    const char *path = vl_arena_printf(s->arena, "/api/v1/users/%s", vl_test_get(s, answer, "id"));
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        patch(s, path, wrong[i], 400);
    patch(s, path, "\"repository\":\"app\",\"role\":\"reader\"", 409);
    vl_test_call(s, VL_ROLE_OWNER, "PATCH", path, "{\"cluster\":\"prod\",\"role\":\"reader\"}", 400);
    patch(s, path, "\"cluster\":\"Prod\",\"role\":\"reader\"", 200);
    patch(s, path, "\"cluster\":\"prod\",\"namespace\":\"shop\",\"role\":\"reader\"", 200);
    answer = patch(s, path, "\"cluster\":\"prod\",\"namespace\":\"shop\",\"role\":\"admin\"", 200);
    assert_string_equal(vl_test_get(s, answer, "roles.1.cluster"), "prod");
    assert_string_equal(vl_test_get(s, answer, "roles.1.namespace"), "null");
    assert_string_equal(vl_test_get(s, answer, "roles.2.namespace"), "shop");
    assert_string_equal(vl_test_get(s, answer, "roles.2.role"), "admin");
    assert_string_equal(vl_test_get(s, answer, "roles.3.role"), "");
    answer = patch(s, path, "\"cluster\":\"PROD\",\"role\":\"none\"", 200);
    assert_string_equal(vl_test_get(s, answer, "roles.1.namespace"), "shop");
    answer = patch(s, path, "\"label\":\"team=pay\",\"role\":\"none\"", 200);
    assert_string_equal(vl_test_get(s, answer, "roles.0.namespace"), "shop");
    answer = patch(s, path, "\"cluster\":\"prod\",\"namespace\":\"shop\",\"role\":\"none\"", 200);
    assert_string_equal(vl_test_get(s, answer, "roles.0.role"), "");
    const char *audit = vl_test_call(s, VL_ROLE_OWNER, "GET", "/api/v1/audit?limit=50", NULL, 200);
    assert_non_null(strstr(audit, ", cluster prod, namespace shop"));
    assert_non_null(strstr(audit, ", label team=pay"));
}

/* More parts than a read may be narrowed to are an error, not a shorter list. */
static void test_too_many(void **state)
{
    static const struct vl_store_sql bind = {
        "INSERT INTO role_part (principal_id, environment_id, cluster, role) SELECT p.id, $1, $3, 1 FROM "
        "principal p WHERE p.name = $2",
        NULL};
    struct vl_test_server *s = *state;
    const struct vl_role_scope first = {.environment = one, .kind = VL_ROLE_CLUSTER, .cluster = "c0"};
    const char *token = vl_rows_scope_caller(s, "by-many", &first, VL_ROLE_READER);
    for (int i = 1; i < VL_ROLE_PARTS_MAX; i++)
        vl_rows_sql(s, &bind, "iss", one, "by-many", vl_arena_printf(s->arena, "c%d", i));
    call(s, token, "GET", "/alerts", NULL, 200);
    vl_rows_sql(s, &bind, "iss", one, "by-many", "one-too-many");
    const char *answer = call(s, token, "GET", "/alerts", NULL, 422);
    assert_non_null(strstr(answer, "more than 1000 parts"));
}

/* What one with a namespace is told by every list that he may call. */
static const char *list_path(struct vl_test_server *s, const struct vl_route *route)
{
    static const char sub[] = "/subscriptions/{}";
    struct vl_span pattern = vl_span_str(route->pattern);
    if (strcmp(route->method, "GET") != 0 || strcmp(route->pattern, "/api/v1/events") == 0)
        return NULL;
    if (route->scope == VL_SCOPE_QUERY_PART && vl_span_find(pattern, VL_SPAN_LIT("{")) == SIZE_MAX)
        return vl_arena_printf(s->arena, "%s?environment=%s", route->pattern, s->environment);
    if (route->scope != VL_SCOPE_SEGMENT_PART || !vl_span_starts_with(pattern, sub))
        return NULL;
    struct vl_span rest = vl_span_slice(pattern, sizeof(sub) - 1, pattern.len);
    if (vl_span_find(rest, VL_SPAN_LIT("{")) != SIZE_MAX)
        return NULL;
    return vl_arena_printf(
        s->arena, "/subscriptions/%s%.*s?api-version=2020-01-01", s->environment, VL_SPAN_FMT(rest));
}

static void test_no_list_leaks(void **state)
{
    static const char *const hidden[] = {
        "bank", "stage-1", "cluster-1", "nowhere-1", DIGEST("aaaa"), "shop.example", "other.example"};
    struct vl_test_server *s = *state;
    size_t asked = 0, told = 0;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method; route++) {
            const char *path = list_path(s, route), *answer = NULL;
            if (!path)
                continue;
            long status = vl_test_ask(s, "GET", path, by_namespace, NULL, &answer);
            if (status == 401 || status == 403 || status >= 500)
                fail_msg("%s: %ld: %s", path, status, answer);
            for (size_t i = 0; i < VL_ARRAY_LEN(hidden); i++)
                if (strstr(answer, hidden[i]))
                    fail_msg("%s tells of %s: %s", path, hidden[i], answer);
            (void)vl_test_ask(s, "GET", path, s->token[VL_ROLE_READER], NULL, &answer);
            told += strstr(answer, "bank") != NULL;
            asked++;
        }
    }
    assert_true(asked >= 15);
    assert_true(told >= 4); /* one who may see it is told of it by the same calls */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_label), cmocka_unit_test(test_label_is_not_his),
        cmocka_unit_test(test_cluster), cmocka_unit_test(test_arm), cmocka_unit_test(test_me),
        cmocka_unit_test(test_given_and_taken), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_no_list_leaks)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
