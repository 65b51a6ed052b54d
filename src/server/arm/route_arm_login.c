/* Login as Azure's tools do it against an AD FS of one's own: where its addresses are, and tokens for client
 * credentials, name and password, refresh tokens. Other authorities make the tools ask Microsoft's servers
 * first (instance discovery), which a server that stands alone must not need.
 *
 * Sources: RFC 6749 (4.3, 4.4, 5, 6), RFC 7519, OpenID Connect Core 1.0 (2) and Discovery 1.0 (3); the
 * requests that azure-cli 2.45 sends. */
#include <string.h>

#include "arm/arm.h"
#include "base/text.h"
#include "base/time.h"
#include "identity/login.h"
#include "net/crypt.h"
#include "routes.h"

#define TOKEN_SECONDS   3600
#define REFRESH_SECONDS (14 * 24 * 3600)
#define FORM_TYPE       "application/x-www-form-urlencoded"

struct grant {
    struct vl_request *request;
    const struct vl_http_call_param *form;
    size_t n_form;
    struct vl_login login;
    struct vl_principal who;
    bool refreshable;   /* a refresh token goes with it */
    int64_t refresh_id; /* of the refresh token that came, which ends */
    int64_t now;
    char access[VL_TOKEN_TEXT], refresh[VL_TOKEN_TEXT];
};

static const char *field(const struct grant *g, const char *name)
{
    for (size_t i = 0; i < g->n_form; i++) {
        if (strcmp(g->form[i].name, name) == 0)
            return g->form[i].value;
    }
    return NULL;
}

/* RFC 6749, 5.2. */
static int refuse(
    struct vl_request *request, unsigned status, const char *code, const char *text, struct vl_err *err)
{
    struct vl_json json;
    vl_request_json(request, status, &json);
    vl_json_member_str(&json, "error", code);
    vl_json_member_str(&json, "error_description", text);
    if (status == 401)
        vl_http_reply_header(request->reply, "WWW-Authenticate", "Bearer");
    return vl_request_json_end(&json, err);
}

/* --- discovery --- */

static int openid_configuration(struct vl_request *request, struct vl_err *err)
{
    const char *base = vl_arm_base(request);
    struct vl_json json;
    vl_request_json(request, 200, &json);
    vl_json_member_str(&json, "issuer", vl_arena_printf(request->arena, "%s/adfs", base));
    vl_json_member_str(
        &json, "authorization_endpoint", vl_arena_printf(request->arena, "%s/adfs/oauth2/authorize", base));
    vl_json_member_str(
        &json, "token_endpoint", vl_arena_printf(request->arena, "%s/adfs/oauth2/token", base));
    vl_json_key(&json, "grant_types_supported");
    vl_json_array(&json);
    vl_json_str(&json, "client_credentials");
    vl_json_str(&json, "password");
    vl_json_str(&json, "refresh_token");
    vl_json_array_end(&json);
    vl_json_key(&json, "token_endpoint_auth_methods_supported");
    vl_json_array(&json);
    vl_json_str(&json, "client_secret_post");
    vl_json_array_end(&json);
    return vl_request_json_end(&json, err);
}

/* Where a cloud has what: of what there is not here (gallery, graph) clients get the server itself, which
 * answers 404. */
static int metadata_endpoints(struct vl_request *request, struct vl_err *err)
{
    static const char *const own[] = {
        "galleryEndpoint", "graphEndpoint", "portalEndpoint", "resourceManager"};
    const char *base = vl_arm_base(request);
    const char *slash = vl_arena_printf(request->arena, "%s/", base);
    struct vl_json json;
    vl_request_json(request, 200, &json);
    vl_json_member_str(&json, "name", "Vallum");
    for (size_t i = 0; i < VL_ARRAY_LEN(own); i++)
        vl_json_member_str(&json, own[i], slash);
    vl_json_key(&json, "authentication");
    vl_json_object(&json);
    vl_json_member_str(&json, "loginEndpoint", vl_arena_printf(request->arena, "%s/adfs", base));
    vl_json_key(&json, "audiences");
    vl_json_array(&json);
    vl_json_str(&json, slash);
    vl_json_array_end(&json);
    vl_json_member_str(&json, "tenant", "adfs");
    vl_json_member_str(&json, "identityProvider", "ADFS");
    vl_json_object_end(&json);
    vl_json_key(&json, "suffixes");
    vl_json_object(&json);
    vl_json_object_end(&json);
    return vl_request_json_end(&json, err);
}

/* --- tokens --- */

static int grant_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct grant *g = user;
    const struct vl_token token = {
        .name = "login", .role = VL_ROLE_OWNER, .expires = g->now + TOKEN_SECONDS * 1000LL};
    int64_t id;
    int r = 0;
    if (g->refresh_id) {
        r = vl_repo_token_remove(conn, g->who.id, g->refresh_id, err);
        if (r == 0)
            return vl_err_set(err, VL_ERR_CONFLICT, "the refresh token was used at the same time");
    }
    if (r >= 0)
        r = vl_repo_token_add(conn, g->who.id, &token, g->access, &id, err);
    if (r >= 0 && g->refreshable)
        r = vl_repo_refresh_add(conn, g->who.id, g->now + REFRESH_SECONDS * 1000LL, g->refresh, err);
    return r < 0 ? r : vl_login_done(conn, &g->login, g->refresh_id ? "login.refresh" : "login", err);
}

/* Who the token is for, told to the client that asked, over the connection that it trusts: clients may leave
 * out the signature's check then (OpenID Connect Core, 3.1.3.7, 6), and those of Azure do. So it is not
 * signed, and nothing here takes one. */
static void write_id_token(struct grant *g, const char *tenant, struct vl_json *json)
{
    struct vl_buf claims VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    struct vl_json c;
    char subject[VL_GUID_TEXT];
    const char *client = field(g, "client_id");
    vl_arm_guid(vl_arena_printf(g->request->arena, "principal/%lld", (long long)g->who.id), subject);
    vl_buf_init(&claims, 65536);
    vl_buf_init(&text, 65536);
    vl_json_init(&c, &claims, false);
    vl_json_object(&c);
    vl_json_member_str(&c, "iss", vl_arena_printf(g->request->arena, "%s/adfs", vl_arm_base(g->request)));
    vl_json_member_str(&c, "aud", client ? client : "");
    vl_json_member_str(&c, "sub", subject);
    vl_json_member_str(&c, "oid", subject);
    vl_json_member_str(&c, "tid", tenant); /* azure-cli 2.45 reads it, AD FS or not */
    vl_json_member_str(&c, "upn", g->who.name);
    vl_json_member_str(&c, "unique_name", g->who.name);
    vl_json_member_str(&c, "preferred_username", g->who.name);
    vl_json_member_int(&c, "iat", g->now / 1000);
    vl_json_member_int(&c, "nbf", g->now / 1000 - 60);
    vl_json_member_int(&c, "exp", g->now / 1000 + TOKEN_SECONDS);
    vl_json_object_end(&c);
    vl_base64url_encode(VL_SPAN_LIT("{\"alg\":\"none\",\"typ\":\"JWT\"}"), &text);
    vl_buf_append_char(&text, '.');
    vl_base64url_encode(vl_buf_span(&claims), &text);
    vl_buf_append_char(&text, '.');
    vl_json_member_str(json, "id_token", vl_buf_str(&text));
}

static int answer(struct grant *g, struct vl_err *err)
{
    struct vl_json json;
    const char *resource = field(g, "resource"), *scope = field(g, "scope");
    const char *tenant;
    int r = vl_arm_tenant(g->request, &tenant, err);
    if (r >= 0)
        r = vl_store_write(g->request->app->store, grant_write, g, err);
    if (r < 0)
        return r;
    vl_request_json(g->request, 200, &json);
    vl_json_member_str(&json, "access_token", g->access);
    vl_json_member_str(&json, "token_type", "bearer");
    vl_json_member_int(&json, "expires_in", TOKEN_SECONDS);
    vl_json_member_int(&json, "expires_on", g->now / 1000 + TOKEN_SECONDS);
    vl_json_member_str(&json, "resource", resource);
    vl_json_member_str(&json, "scope", scope);
    if (g->refreshable) {
        vl_json_member_str(&json, "refresh_token", g->refresh);
        vl_json_member_int(&json, "refresh_token_expires_in", REFRESH_SECONDS);
        write_id_token(g, tenant, &json);
    }
    vl_http_reply_header(g->request->reply, "Pragma", "no-cache");
    return vl_request_json_end(&json, err);
}

static int by_secret(struct grant *g, bool is_client, struct vl_err *err)
{
    const char *secret = field(g, is_client ? "client_secret" : "password");
    int64_t wait = 0;
    g->login.name = field(g, is_client ? "client_id" : "username");
    g->login.kind = is_client ? VL_PRINCIPAL_CLIENT : VL_PRINCIPAL_USER;
    if (!g->login.name || !secret)
        return refuse(g->request, 400, "invalid_request",
            is_client ? "client_id and client_secret are needed (a certificate is not taken)"
                      : "username and password are needed",
            err);
    if (strlen(g->login.name) > VL_LOGIN_NAME_MAX || strlen(secret) > VL_CRYPT_PASSWORD_MAX)
        return refuse(g->request, 400, "invalid_request", "name or secret is too long", err);
    int r = vl_login_check(&g->login, secret, &g->who, &wait, err);
    if (r < 0)
        return r;
    if (wait > 0)
        return refuse(g->request, is_client ? 401 : 400, is_client ? "invalid_client" : "invalid_grant",
            vl_arena_printf(g->request->arena, "too many failures: try again in %lld seconds",
                (long long)(wait / 1000 + 1)),
            err);
    if (r == 0)
        return is_client ? refuse(g->request, 401, "invalid_client", "client id or secret is wrong", err)
                         : refuse(g->request, 400, "invalid_grant", "name or password is wrong", err);
    if (!is_client)
        vl_server_data_forget_password(&g->request->app->data);
    g->refreshable = !is_client;
    return answer(g, err);
}

static int by_refresh(struct grant *g, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const char *text = field(g, "refresh_token");
    if (!text)
        return refuse(g->request, 400, "invalid_request", "refresh_token is needed", err);
    int r = vl_request_read(g->request, &conn, err);
    if (r >= 0)
        r = vl_repo_refresh_find(conn, vl_span_str(text), g->now, g->request->arena, &g->who, err);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(g->request, 400, "invalid_grant", "the refresh token is not known, or has ended", err);
    vl_store_read_done(conn); /* before the write: it waits for no reader */
    conn = NULL;
    g->login.name = g->who.name;
    g->refresh_id = g->who.token_id;
    g->refreshable = true;
    return answer(g, err);
}

static int token(struct vl_request *request, struct vl_err *err)
{
    struct grant g = {.request = request, .now = vl_time_now_ms()};
    const char *type = vl_http_call_header(request->call, "Content-Type");
    g.login = (struct vl_login){.app = request->app, .arena = request->arena, .peer = request->call->peer};
    if (!type || !vl_span_starts_with(vl_span_str(type), FORM_TYPE))
        return refuse(request, 400, "invalid_request", "the body must be " FORM_TYPE, err);
    if (!vl_http_read_form(request->arena, request->call->body, &g.form, &g.n_form))
        return refuse(request, 400, "invalid_request", "the form cannot be read", err);
    const char *grant = field(&g, "grant_type");
    if (!grant)
        return refuse(request, 400, "invalid_request", "grant_type is missing", err);
    if (strcmp(grant, "client_credentials") == 0)
        return by_secret(&g, true, err);
    if (strcmp(grant, "password") == 0)
        return by_secret(&g, false, err);
    if (strcmp(grant, "refresh_token") == 0)
        return by_refresh(&g, err);
    return refuse(request, 400, "unsupported_grant_type",
        "grant_type must be client_credentials, password or refresh_token", err);
}

const struct vl_route vl_routes_arm_login[] = {
    {"GET", "/metadata/endpoints", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, metadata_endpoints},
    {"GET", "/adfs/.well-known/openid-configuration", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE,
        openid_configuration},
    {"GET", "/adfs/adfs/.well-known/openid-configuration", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE,
        openid_configuration},
    {"POST", "/adfs/oauth2/token", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_RAW, token},
    {0},
};
