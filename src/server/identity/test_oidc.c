/* tests: oidc.c oidc_claims.c oidc_text.c repo_oidc.c route_oidc.c
 *
 * Claims by OpenID Connect Core 1.0 §3.1.3.7, the challenge of RFC 7636 appendix B, the alphabet of RFC 4648
 * §10 and RFC 3986 §2.3, settings. The whole way with a provider: tests/functional/test_oidc; signatures:
 * net/test_jwt.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "identity/oidc.h"
#include "identity/oidc_claims.h"
#include "identity/oidc_text.h"
#include "identity/repo_identity.h"
#include "identity/repo_oidc.h"
#include "identity/repo_role.h"
#include "identity/repo_user.h"
#include "inventory/repo_environment.h"
#include "inventory/repo_registry.h"
#include "router.h"
#include "test_server.h"

#define ISSUER "https://idp.example/realm"
#define NOW_MS 1800000000000LL

static struct vl_doc *parse(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "claims", &doc, &err) < 0)
        fail_msg("%s: %s", text, err.msg);
    return doc;
}

static int check(const char *text, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(text);
    const struct vl_oidc_expected expected = {
        .issuer = ISSUER, .client_id = "vallum", .nonce = "n-0S6_WzA2Mj", .now_ms = NOW_MS};
    return vl_oidc_claims_check(vl_doc_root(doc), &expected, err);
}

#define CLAIMS(iss, aud, times, nonce, more) \
    "{\"iss\":\"" iss "\",\"aud\":" aud "," times ",\"nonce\":\"" nonce "\"" more "}"
#define TIMES "\"iat\":1800000000,\"exp\":1800000300"
#define NONCE "n-0S6_WzA2Mj"
#define SUB   ",\"sub\":\"24400320\""

static void test_claims(void **state)
{
    (void)state;
    static const char *const good[] = {
        CLAIMS(ISSUER, "\"vallum\"", TIMES, NONCE, SUB),
        CLAIMS(ISSUER, "[\"vallum\"]", TIMES, NONCE, SUB),
        CLAIMS(ISSUER, "[\"other\",\"vallum\"]", TIMES, NONCE, SUB ",\"azp\":\"vallum\""),
        CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1799999400,\"exp\":1799999941", NONCE, SUB),
        CLAIMS(ISSUER, "\"vallum\"", TIMES ",\"nbf\":1800000059", NONCE, SUB),
        CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1800000000.5,\"exp\":1.8000003e9", NONCE, SUB),
    };
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {CLAIMS("https://idp.example/realm/", "\"vallum\"", TIMES, NONCE, SUB), "(iss)"},
        {CLAIMS(ISSUER, "\"other\"", TIMES, NONCE, SUB), "(aud)"},
        {CLAIMS(ISSUER, "[]", TIMES, NONCE, SUB), "(aud)"},
        {CLAIMS(ISSUER, "{\"a\":\"vallum\"}", TIMES, NONCE, SUB), "(aud)"},
        {CLAIMS(ISSUER, "[\"other\",\"vallum\"]", TIMES, NONCE, SUB), "(azp)"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES, NONCE, SUB ",\"azp\":\"other\""), "(azp)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1799999900,\"exp\":1799999940", NONCE, SUB), "(exp)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1800000000", NONCE, SUB), "(exp)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1800000000,\"exp\":\"1800000300\"", NONCE, SUB), "(exp)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1800000000,\"exp\":1e300", NONCE, SUB), "(exp)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"exp\":1800000300", NONCE, SUB), "(iat)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1800000061,\"exp\":1800000300", NONCE, SUB), "(iat)"},
        {CLAIMS(ISSUER, "\"vallum\"", "\"iat\":1799999000,\"exp\":1800000300", NONCE, SUB), "(iat)"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES ",\"nbf\":1800000061", NONCE, SUB), "(nbf)"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES ",\"nbf\":\"x\"", NONCE, SUB), "(nbf)"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES, "n-0S6_WzA2Mk", SUB), "(nonce)"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES, "", SUB), "(nonce)"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES, NONCE, ""), "(sub"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES, NONCE, ",\"sub\":7"), "(sub"},
        {CLAIMS(ISSUER, "\"vallum\"", TIMES, NONCE, ",\"sub\":\"a\\u0000b\""), "(sub"},
        {"{}", "(iss)"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++) {
        struct vl_err err = VL_ERR_INIT;
        if (check(good[i], &err) < 0)
            fail_msg("%s: %s", good[i], err.msg);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_err err = VL_ERR_INIT;
        if (check(wrong[i].text, &err) >= 0 || err.code != VL_ERR_AUTH || !strstr(err.msg, wrong[i].why))
            fail_msg("%s: %s", wrong[i].text, err.msg);
    }
}

static void named(struct vl_arena *arena, const char *text, const char *want)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(text);
    struct vl_err err = VL_ERR_INIT;
    const char *subject = NULL, *name = NULL;
    if (vl_oidc_claims_who(vl_doc_root(doc), arena, &subject, &name, &err) < 0)
        fail_msg("%s: %s", text, err.msg);
    assert_string_equal(name, want);
    assert_string_equal(subject, "i s");
}

static void test_names(void **state)
{
    struct vl_test_server *s = *state;
    named(s->arena, "{\"iss\":\"i\",\"sub\":\"s\",\"preferred_username\":\"ada\",\"email\":\"a@b\"}",
        "oidc:ada");
    named(s->arena, "{\"iss\":\"i\",\"sub\":\"s\",\"email\":\"a@b\"}", "oidc:a@b");
    named(s->arena, "{\"iss\":\"i\",\"sub\":\"s\",\"email\":\"a@b\",\"email_verified\":false}", "oidc:s");
    named(s->arena, "{\"iss\":\"i\",\"sub\":\"s\",\"preferred_username\":\"a\\nb\"}", "oidc:s");
    named(s->arena, "{\"iss\":\"i\",\"sub\":\"s\",\"preferred_username\":\" admin\"}", "oidc:s");
    named(s->arena, "{\"iss\":\"i\",\"sub\":\"s\",\"preferred_username\":[\"a\"]}", "oidc:s");
}

static void granted(struct vl_arena *arena, const char *mapping, const char *groups, const char *want)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(groups);
    struct vl_err err = VL_ERR_INIT;
    struct vl_oidc_grants grants = {0};
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 4096);
    if (vl_oidc_grants(mapping, vl_doc_root(doc), arena, &grants, &err) < 0)
        fail_msg("%s: %s", mapping, err.msg);
    for (size_t i = 0; i < grants.n; i++) {
        const struct vl_oidc_grant *g = &grants.list[i];
        vl_buf_printf(&out, "%s%s", vl_role_name(g->role), g->environment ? g->environment : "");
        if (g->scope.kind == VL_ROLE_REGISTRY)
            vl_buf_printf(&out, " r:%s", g->registry);
        if (g->scope.kind == VL_ROLE_LABEL)
            vl_buf_printf(&out, " l:%s", g->scope.label);
        if (g->scope.kind == VL_ROLE_CLUSTER)
            vl_buf_printf(
                &out, " c:%s n:%s", g->scope.cluster, g->scope.name_space ? g->scope.name_space : "");
        vl_buf_append_char(&out, ' ');
    }
    const char *text = vl_buf_str(&out);
    assert_string_equal(text, want);
}

static void test_grants(void **state)
{
    struct vl_test_server *s = *state;
    static const char mapping[] = "sec-ops=admin, devs=reader@shop,cn=x=owner,Bosses = Owner";
    granted(s->arena, mapping, "[\"devs\",\"sec-ops\"]", "admin readershop ");
    granted(s->arena, mapping, "[\"cn=x\"]", "owner ");
    granted(s->arena, mapping, "\"Bosses\"", "owner ");
    granted(s->arena, mapping, "[\"bosses\",\"dev\",\"\",7,null,[\"devs\"]]", "");
    granted(s->arena, mapping, "{\"devs\":true}", "");
    granted(s->arena, mapping, "null", "");
    static const char parts[] =
        "a=admin@shop/registry:main,a=reader@one two/label:ex.io/team=pay, b=reader@shop/"
        "cluster:prod ,b=admin@shop/cluster:prod/web,/x/label:y=reader@shop/label:z=,"
        "/x/label:q=admin,cn=u@v=reader@shop/registry:r@1";
    granted(s->arena, parts, "\"a\"", "adminshop r:main readerone two l:ex.io/team=pay ");
    granted(s->arena, parts, "\"b\"", "readershop c:prod n: adminshop c:prod n:web ");
    granted(s->arena, parts, "[\"/x/label:y\",\"/x/label:q\"]", "readershop l:z= admin ");
    granted(s->arena, parts, "\"cn=u@v\"", "readershop r:r@1 ");
    static const char *const wrong[] = {"devs", "devs=", "=reader", "devs=root", "devs=reader@", "devs=none",
        "d=reader/registry:a", "d=reader@/registry:a", "d=owner@e/registry:a",
        "d=reader@e/registry:", "d=reader@e/label:a", "d=reader@e/label:=a", "d=reader@e/label:a=b c",
        "d=owner@e/label:a=b", "d=reader@e/cluster:", "d=reader@e/cluster:a/", "d=reader@e/cluster:/a",
        "d=reader@e/cluster:a/b/c", "d=reader@e/cluster:a b", "d=owner@e/cluster:a", "=reader@e/registry:a",
        "d=none@e/registry:a", "d=reader@e/cluster:a/label:b=c", "d=reader@e/label:b=c/registry:a"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_oidc_grants grants;
        if (vl_oidc_grants(wrong[i], NULL, s->arena, &grants, &err) >= 0)
            fail_msg("%s was taken", wrong[i]);
        assert_int_equal(err.code, VL_ERR_USAGE);
    }
}

/* RFC 6901 for pointers; realm_access and resource_access are Keycloak's. */
static void test_groups_claim(void **state)
{
    static const struct {
        const char *claim, *found;
    } cases[] = {{"groups", "g"}, {"realm_access.roles", "r"}, {"/realm_access/roles", "r"},
        {"/resource_access/my.client/roles", "c"}, {"https://x.example/groups", "u"}, {"/a~1b/m~0n", "e"},
        {"resource_access.my.client.roles", NULL}, {"realm_access", NULL}, {"nothing", NULL},
        {"groups.x", NULL}, {"", NULL}, {"/", NULL}, {"realm_access..roles", NULL},
        {"a.b.c.d.e.f.g.h.i.j", NULL}};
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) =
        parse("{\"groups\":\"g\",\"realm_access\":{\"roles\":\"r\"},\"resource_access\":{\"my.client\":{"
              "\"roles\":\"c\"}},\"https://x.example/groups\":\"u\",\"a/b\":{\"m~n\":\"e\"}}");
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        const struct vl_doc_node *node = vl_oidc_claims_groups(vl_doc_root(doc), cases[i].claim);
        bool same = cases[i].found ? vl_span_eq_str(vl_doc_span(node), cases[i].found)
                                   : !vl_doc_is(node, VL_DOC_STRING);
        if (!same)
            fail_msg("%s", cases[i].claim);
    }
}

static void test_texts(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_digest digest;
    vl_buf_init(&out, 1024);
    vl_digest_compute(VL_DIGEST_SHA256, VL_SPAN_LIT("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), &digest);
    vl_base64url_encode((struct vl_span){(const char *)digest.bytes, 32}, &out);
    assert_string_equal(vl_buf_str(&out), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    vl_buf_clear(&out);
    vl_base64url_encode(VL_SPAN_LIT("foob"), &out);
    assert_string_equal(vl_buf_str(&out), "Zm9vYg");
    vl_buf_clear(&out);
    vl_oidc_param(&out, '?', "a b", "-._~/&=\xc3\xa4");
    assert_string_equal(vl_buf_str(&out), "?a%20b=-._~%2F%26%3D%C3%A4");
    static const char *const wrong[] = {"", "http://a", "https://", "https:///a", "https://a b",
        "https://a\n", "https://u@a", "https://a#f", "https://a\\b"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        assert_false(vl_oidc_url_is(vl_span_str(wrong[i])));
    assert_true(vl_oidc_url_is(VL_SPAN_LIT("https://a:1/b?c=d")));
    assert_true(vl_oidc_host_is(VL_SPAN_LIT("[::1]:8443")));
    assert_false(vl_oidc_host_is(VL_SPAN_LIT("a/b")));
    assert_false(vl_oidc_host_is(VL_SPAN_LIT("a@b")));
}

static void test_cookie(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_oidc_login login = {0}, back = {0};
    const char *cookie = NULL;
    int64_t now = vl_time_now_ms();
    uint8_t other[VL_CRYPT_KEY_BYTES] = {1};
    assert_int_equal(vl_oidc_begin("https://a/b", &login, &err), 0);
    assert_int_equal(vl_oidc_seal(&login, s->app.data.seal_key, s->arena, &cookie, &err), 0);
    assert_int_equal(vl_oidc_open(cookie, s->app.data.seal_key, now, s->arena, &back, &err), 0);
    assert_string_equal(back.state, login.state);
    assert_string_equal(back.nonce, login.nonce);
    assert_string_equal(back.verifier, login.verifier);
    assert_string_equal(back.redirect, "https://a/b");
    assert_true(strlen(login.verifier) >= 43); /* RFC 7636 §4.1 */
    assert_true(vl_oidc_open(cookie, other, now, s->arena, &back, &err) < 0);
    assert_true(vl_oidc_open(cookie, s->app.data.seal_key, now + 600001, s->arena, &back, &err) < 0);
    assert_true(vl_oidc_open(NULL, s->app.data.seal_key, now, s->arena, &back, &err) < 0);
    assert_true(vl_oidc_open("", s->app.data.seal_key, now, s->arena, &back, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        struct vl_server_config config;
        const char *why;
    } wrong[] = {
        {{.oidc_client_id = "a"}, "oidc_issuer is missing"},
        {{.oidc_issuer = "http://a", .oidc_client_id = "a", .oidc_roles = "a=reader"}, "is no https address"},
        {{.oidc_issuer = "https://a", .oidc_roles = "a=reader"}, "oidc_client_id is missing"},
        {{.oidc_issuer = "https://a", .oidc_client_id = "a"}, "oidc_roles is missing"},
        {{.oidc_issuer = "https://a", .oidc_client_id = "a", .oidc_roles = "x"}, "is not of the form"},
        {{.oidc_issuer = "https://a",
             .oidc_client_id = "a",
             .oidc_roles = "a=reader",
             .oidc_client_secret_file = "/nonexistent/secret"},
            "oidc_client_secret_file"},
    };
    struct vl_oidc *oidc VL_CLEANUP(vl_oidc_cleanup) = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_err err = VL_ERR_INIT;
        if (vl_oidc_new(&wrong[i].config, &oidc, &err) >= 0 || !strstr(err.msg, wrong[i].why))
            fail_msg("%zu: %s", i, err.msg);
    }
    struct vl_err err = VL_ERR_INIT;
    const struct vl_server_config none = {0}, good = {.oidc_issuer = "https://idp.example:1/x",
                                                  .oidc_client_id = "a",
                                                  .oidc_roles = "a=reader"};
    assert_int_equal(vl_oidc_new(&none, &oidc, &err), 0);
    assert_null(oidc);
    assert_int_equal(vl_oidc_new(&good, &oidc, &err), 0);
    assert_string_equal(vl_oidc_shown(oidc), "idp.example:1");
}

/* Those in a registry are an owner's to give: a login takes away what groups gave. */
static void check_roles(struct vl_store_conn *conn, struct vl_test_server *s, int64_t id, struct vl_err *err)
{
    const struct vl_registry_secrets none = {.seal_key = s->app.data.seal_key};
    struct vl_environment where = {0};
    struct vl_role_binding *roles = NULL;
    int64_t registry = 0;
    size_t n = 0;
    assert_int_equal(vl_repo_environment_find(conn, vl_span_str(s->environment), s->arena, &where, err), 1);
    const struct vl_registry shop = {.environment = where.id,
        .name = "oidc-shop",
        .host = "registry.example:5000",
        .kind = "generic",
        .username = "",
        .include = "",
        .poll_seconds = 300,
        .concurrency = 1};
    assert_int_equal(vl_repo_registry_add(conn, &shop, &none, &registry, err), 0);
    assert_int_equal(vl_repo_role_set(conn, id, where.id, VL_ROLE_READER, err), 0);
    const struct vl_role_scope own = {
        .environment = where.id, .kind = VL_ROLE_REGISTRY, .registry = registry};
    const struct vl_role_scope label = {.environment = where.id, .kind = VL_ROLE_LABEL, .label = "team=shop"};
    assert_int_equal(vl_repo_role_bind(conn, id, &own, VL_ROLE_ADMIN, err), 0);
    assert_int_equal(vl_repo_role_bind(conn, id, &label, VL_ROLE_READER, err), 0);
    assert_int_equal(vl_repo_role_remove_all(conn, id, false, err), 0);
    assert_int_equal(vl_repo_role_bindings(conn, id, s->arena, &roles, &n, err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(roles[0].registry, "oidc-shop");
    assert_string_equal(roles[1].label, "team=shop");
    assert_int_equal(vl_repo_role_remove_all(conn, id, true, err), 0);
    assert_int_equal(vl_repo_role_bindings(conn, id, s->arena, &roles, &n, err), 0);
    assert_int_equal(n, 0);
}

static int store(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_test_server *s = user;
    int64_t id = 0, found = 0, other = 0;
    const char *name = NULL;
    bool disabled = true;
    assert_int_equal(vl_repo_oidc_find(conn, "i 1", s->arena, &found, &name, &disabled, err), 0);
    assert_int_equal(vl_repo_oidc_add(conn, "i 1", "oidc:ada", &id, err), 0);
    assert_int_equal(vl_repo_oidc_find(conn, "i 1", s->arena, &found, &name, &disabled, err), 1);
    assert_int_equal(found, id);
    assert_string_equal(name, "oidc:ada");
    assert_false(disabled);
    /* A name that somebody else got at the provider is not the same person. */
    assert_true(vl_repo_oidc_add(conn, "i 2", "oidc:ada", &other, err) < 0);
    assert_int_equal(err->code, VL_ERR_CONFLICT);
    vl_err_clear(err);
    check_roles(conn, s, id, err);
    return 0;
}

static void test_store(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, store, s, &err) < 0)
        fail_msg("%s", err.msg);
}

/* Nothing is there without a provider, and no local user can look like one of its own. */
static void test_not_configured(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer;
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/oidc", NULL, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/oidc/login", NULL, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/oidc/callback?code=a&state=b", NULL, NULL, &answer), 404);
    /* What a browser gets can be read, what a script gets has a code. */
    struct vl_test_answer page =
        vl_test_send(s, "GET", "/api/v1/oidc/callback?code=a", NULL, "Accept: text/html,*/*;q=0.8", NULL);
    assert_int_equal(page.status, 404);
    assert_string_equal(page.type, "text/html; charset=utf-8");
    assert_non_null(strstr(page.body, "<h1>You are not logged in</h1>"));
    page = vl_test_send(s, "GET", "/api/v1/oidc/callback?code=a", NULL, "Accept: */*", NULL);
    assert_string_equal(page.type, "application/problem+json");
    answer = vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/users",
        "{\"name\":\"oidc:eve\",\"password\":\"correct horse battery\",\"role\":\"reader\"}", 400);
    assert_non_null(strstr(answer, "identity provider"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_grants),
        cmocka_unit_test(test_groups_claim),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_cookie),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_not_configured),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
