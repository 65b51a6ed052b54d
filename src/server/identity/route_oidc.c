/* Login by an identity provider: the button's name, the way there, the way back. */
#include <string.h>

#include "base/time.h"
#include "identity/login.h"
#include "identity/oidc.h"
#include "identity/oidc_claims.h"
#include "identity/oidc_text.h"
#include "identity/repo_oidc.h"
#include "identity/repo_role.h"
#include "inventory/label.h"
#include "inventory/repo_environment.h"
#include "inventory/repo_registry.h"
#include "log.h"
#include "net/crypt.h"
#include "reply.h"
#include "routes.h"

#define COOKIE       "vallum_oidc"
#define COOKIE_PATH  "/api/v1/oidc"
#define CALLBACK     "/api/v1/oidc/callback"
#define GROUPS       "groups"
#define AUDIT_MAX    4096
#define TOLD_MAX     (32 + VL_ENVIRONMENT_NAME_MAX + VL_LABEL_TEXT_MAX) /* of one role */
#define REASON_SHOWN 100

static int provider_of(struct vl_request *request, struct vl_oidc **ret, struct vl_err *err)
{
    if (!request->app->oidc)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "no identity provider is configured");
    *ret = request->app->oidc;
    return 0;
}

static int about(struct vl_request *request, struct vl_err *err)
{
    struct vl_oidc *oidc = NULL;
    struct vl_json json;
    int r = provider_of(request, &oidc, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_json_member_str(&json, "name", vl_oidc_shown(oidc));
    return vl_request_json_end(&json, err);
}

static const char *peer_key(struct vl_request *request)
{
    return vl_arena_printf(request->arena, "peer:%s", request->call->peer);
}

/* The same lock-out as with passwords; of the address alone, since nobody has said a name. */
static int check_wait(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const char *key = peer_key(request);
    int64_t wait = 0;
    int r = vl_arena_check(request->arena, "the request", err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_login_wait(conn, key, vl_time_now_ms(), &wait, err);
    if (r >= 0 && wait > 0)
        return vl_err_set(
            err, VL_ERR_AUTH, "too many failures: try again in %lld seconds", (long long)(wait / 1000 + 1));
    return r;
}

/* What is wrong with the provider is its operator's to read, not everybody's. */
static int provider_failed(int r, struct vl_err *err)
{
    if (err->code != VL_ERR_UNREACHABLE)
        return r;
    vl_log(VL_LOG_ERROR, NULL, "the identity provider: %s", err->msg);
    return vl_err_set(err, VL_ERR_UNREACHABLE,
        "the identity provider does not answer as it should: see the log of vallumd");
}

/* The one cookie that comes along when another site sends the browser here (SameSite=Lax). */
static void set_cookie(struct vl_request *request, const char *value, long seconds)
{
    vl_http_reply_header(request->reply, "Set-Cookie",
        vl_arena_printf(request->arena,
            COOKIE "=%s; Path=" COOKIE_PATH "; Max-Age=%ld; Secure; HttpOnly; SameSite=Lax", value, seconds));
}

/* Where the provider sends the browser back to. It takes only what was registered with it, so that a forged
 * Host leads nowhere. */
static int redirect_of(struct vl_request *request, const char **ret, struct vl_err *err)
{
    const char *host = vl_http_call_header(request->call, "Host");
    if (request->app->config->oidc_redirect) {
        *ret = request->app->config->oidc_redirect;
        return 0;
    }
    if (!host || !vl_oidc_host_is(vl_span_str(host)))
        return vl_err_set(err, VL_ERR_INVALID, "the Host header is missing, or no host's name");
    const char *url = vl_arena_printf(request->arena, "https://%s" CALLBACK, host);
    int r = vl_arena_check(request->arena, "the request", err);
    if (r >= 0)
        *ret = url;
    return r;
}

static int login_route(struct vl_request *request, struct vl_err *err)
{
    struct vl_oidc *oidc = NULL;
    struct vl_oidc_login login = {0};
    const char *redirect = NULL, *url = NULL, *sealed = NULL;
    int r = provider_of(request, &oidc, err);
    if (r >= 0)
        r = check_wait(request, err);
    if (r >= 0)
        r = redirect_of(request, &redirect, err);
    if (r >= 0)
        r = vl_oidc_begin(redirect, &login, err);
    if (r >= 0)
        r = vl_oidc_seal(&login, request->app->data.seal_key, request->arena, &sealed, err);
    if (r < 0)
        return r;
    r = vl_oidc_authorize(oidc, &login, request->arena, &url, err);
    if (r < 0)
        return provider_failed(r, err);
    set_cookie(request, sealed, VL_OIDC_LOGIN_MS / 1000);
    vl_http_reply_header(request->reply, "Location", url);
    request->reply->status = 302;
    return 0;
}

/* --- the way back --- */

struct arrival {
    struct vl_request *request;
    const char *subject, *name;
    struct vl_oidc_grants grants;
    int64_t now;
    char token[VL_TOKEN_TEXT];
    bool disabled, none; /* disabled here; no group of his gives a role */
};

/* Where a grant holds here: 1; 0 where there is no such environment or registry, which is told. */
static int place_of(struct vl_store_conn *conn, const struct arrival *a, const struct vl_oidc_grant *grant,
    struct vl_environment *ret, struct vl_role_scope *ret_scope, struct vl_err *err)
{
    int r = 1;
    *ret_scope = grant->scope;
    if (grant->environment)
        r = vl_repo_environment_find(conn, vl_span_str(grant->environment), a->request->arena, ret, err);
    if (r == 0)
        vl_log(VL_LOG_WARNING, NULL, "oidc_roles: there is no environment \"%s\"", grant->environment);
    if (r <= 0)
        return r;
    ret_scope->environment = ret->id;
    if (!grant->registry)
        return 1;
    r = vl_repo_registry_named(conn, ret->id, grant->registry, &ret_scope->registry, err);
    if (r == 0)
        vl_log(VL_LOG_WARNING, NULL, "oidc_roles: there is no registry \"%s\" in the environment \"%s\"",
            grant->registry, ret->name);
    return r;
}

/* For the audit log: "reader@shop/label:team=pay", and dots for what has no room. */
static void note_role(
    struct vl_buf *told, const struct vl_oidc_grant *grant, const struct vl_environment *environment)
{
    const struct vl_role_scope *s = &grant->scope;
    const char *comma = told->len ? ", " : "";
    if (told->len > AUDIT_MAX - 2 * TOLD_MAX) {
        if (!vl_span_ends_with(vl_buf_span(told), ", ..."))
            vl_buf_append_str(told, ", ...");
        return;
    }
    vl_buf_printf(told, "%s%s", comma, vl_role_name(grant->role));
    if (environment->id)
        vl_buf_printf(told, "@%s", environment->name);
    if (grant->registry)
        vl_buf_printf(told, "/registry:%s", grant->registry);
    if (s->label)
        vl_buf_printf(told, "/label:%s", s->label);
    if (s->cluster)
        vl_buf_printf(told, "/cluster:%s%s%s", s->cluster, s->name_space ? "/" : "",
            s->name_space ? s->name_space : "");
}

/* Exactly these, the highest where one place has several. Where the configuration speaks of parts of
 * environments, roles in parts come of groups alone too; where it does not, what an owner gave there stays,
 * unless no group gives a role any more: then nothing does. What was written for the audit log. */
static int set_roles(struct vl_store_conn *conn, struct arrival *a, int64_t id, struct vl_buf *told,
    size_t *ret_set, struct vl_err *err)
{
    size_t set = 0;
    int r = vl_repo_role_remove_all(conn, id, a->grants.parts, err);
    for (int role = VL_ROLE_READER; role <= VL_ROLE_OWNER; role++) {
        for (size_t i = 0; i < a->grants.n && r >= 0; i++) {
            const struct vl_oidc_grant *grant = &a->grants.list[i];
            struct vl_environment where = {0};
            struct vl_role_scope scope;
            if ((int)grant->role != role)
                continue;
            r = place_of(conn, a, grant, &where, &scope, err);
            if (r <= 0)
                continue;
            r = vl_repo_role_bind(conn, id, &scope, grant->role, err);
            note_role(told, grant, &where);
            set++;
        }
    }
    if (r >= 0 && set == 0)
        r = vl_repo_role_remove_all(conn, id, true, err);
    *ret_set = set;
    return r < 0 ? r : 0;
}

static int give_session(struct vl_store_conn *conn, struct arrival *a, int64_t id, struct vl_err *err)
{
    const struct vl_token token = {
        .name = "login", .role = VL_ROLE_OWNER, .created = a->now, .expires = a->now + VL_LOGIN_MS};
    int64_t token_id;
    int r = vl_repo_token_add(conn, id, &token, a->token, &token_id, err);
    return r < 0 ? r : vl_repo_login_good(conn, peer_key(a->request), err);
}

/* Roles that were taken away are gone although nobody gets in: so this write must not fail for that. */
static int arrive(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct arrival *a = user;
    struct vl_buf told VL_CLEANUP(vl_buf_done);
    int64_t id = 0;
    size_t set = 0;
    vl_buf_init(&told, AUDIT_MAX);
    a->disabled = a->none = false;
    int r = vl_repo_oidc_find(conn, a->subject, a->request->arena, &id, &a->name, &a->disabled, err);
    if (r == 0 && a->grants.n > 0)
        r = vl_repo_oidc_add(conn, a->subject, a->name, &id, err);
    if (r >= 0 && id > 0)
        r = set_roles(conn, a, id, &told, &set, err);
    if (r < 0)
        return r;
    a->none = set == 0;
    bool good = !a->none && !a->disabled;
    if (good)
        r = give_session(conn, a, id, err);
    const char *detail = a->disabled ? "disabled" : a->none ? "no role" : vl_buf_str(&told);
    return r < 0 ? r
                 : vl_repo_audit(conn, a->name, a->request->call->peer, 0,
                       good ? "login.oidc" : "login.failed", a->name, detail, err);
}

struct failure {
    struct vl_request *request;
    const char *why;
};

static int failed_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct failure *f = user;
    int r = vl_repo_login_failed(conn, peer_key(f->request), vl_time_now_ms(), err);
    return r < 0
               ? r
               : vl_repo_audit(conn, "oidc", f->request->call->peer, 0, "login.failed", "oidc", f->why, err);
}

/* Counted only where the state was right: another site can send any browser here without it, and would lock
 * out whoever opens its page. */
static int count_failure(struct vl_request *request, int r, struct vl_err *err)
{
    struct vl_err written = VL_ERR_INIT;
    struct failure f = {request, err->msg};
    if (err->code != VL_ERR_AUTH)
        return provider_failed(r, err);
    if (vl_store_write(request->app->store, failed_write, &f, &written) < 0)
        vl_log(VL_LOG_ERROR, NULL, "a failed login was not written: %s", written.msg);
    return r;
}

/* The state that this browser was sent away with, and nobody else's. */
static int check_state(struct vl_request *request, struct vl_oidc_login *ret, struct vl_err *err)
{
    const char *state = vl_http_call_param(request->call, "state");
    const char *issuer = vl_http_call_param(request->call, "iss"); /* RFC 9207 */
    const char *cookie = vl_http_call_cookie(request->call, COOKIE);
    int r = vl_oidc_open(cookie, request->app->data.seal_key, vl_time_now_ms(), request->arena, ret, err);
    if (r < 0)
        return r;
    if (!state || !vl_crypt_equal(vl_span_str(state), vl_span_str(ret->state)))
        return vl_err_set(err, VL_ERR_INVALID, "this answer is not of the login that was begun here (state)");
    if (issuer && strcmp(issuer, request->app->config->oidc_issuer) != 0)
        return vl_err_set(err, VL_ERR_INVALID, "this answer is of another identity provider (iss)");
    return 0;
}

static int check_code(struct vl_request *request, const char **ret, struct vl_err *err)
{
    const char *code = vl_http_call_param(request->call, "code");
    const char *error = vl_http_call_param(request->call, "error");
    if (error)
        return vl_err_set(err, VL_ERR_AUTH, "the identity provider says: %.*s",
            VL_SPAN_FMT(vl_span_slice(vl_span_str(error), 0, REASON_SHOWN)));
    if (!code || *code == '\0' || strlen(code) > VL_OIDC_CODE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "there is no code, or it is too long");
    *ret = code;
    return 0;
}

static int let_in(struct vl_request *request, const struct vl_doc_node *claims, struct vl_err *err)
{
    const struct vl_server_config *config = request->app->config;
    const char *claim = config->oidc_groups_claim ? config->oidc_groups_claim : GROUPS;
    struct arrival a = {.request = request, .now = vl_time_now_ms()};
    int r = vl_oidc_claims_who(claims, request->arena, &a.subject, &a.name, err);
    if (r >= 0)
        r = vl_oidc_grants(
            config->oidc_roles, vl_oidc_claims_groups(claims, claim), request->arena, &a.grants, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, arrive, &a, err);
    if (r < 0)
        return r;
    if (a.disabled)
        return vl_request_forbidden(err, "this user is disabled here");
    if (a.none)
        return vl_request_forbidden(err,
            "the identity provider knows you, but none of your groups has a role here: ask who runs this "
            "server");
    set_cookie(request, "", 0);
    vl_login_cookie(request->reply, request->arena, a.token, VL_LOGIN_MS);
    vl_http_reply_header(request->reply, "Location", "/"); /* nowhere else, whatever the call says */
    request->reply->status = 302;
    return 0;
}

static void put_text(struct vl_buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        const char *as = *c == '<'   ? "&lt;"
                         : *c == '>' ? "&gt;"
                         : *c == '&' ? "&amp;"
                         : *c == '"' ? "&quot;"
                                     : NULL;
        if (as)
            vl_buf_append_str(out, as);
        else
            vl_buf_append_char(out, (unsigned char)*c < ' ' ? ' ' : *c);
    }
}

/* A person's browser comes here from the provider, and has no page of ours open that could say it. The status
 * is that of the error; what a script gets is the problem. */
static int tell(struct vl_request *request, struct vl_err *err)
{
    const char *accept = vl_http_call_header(request->call, "Accept");
    struct vl_http_reply *reply = request->reply;
    vl_reply_error(request->call, reply, VL_FACE_API, NULL, err);
    if (!accept || !strstr(accept, "text/html"))
        return 0;
    const char *why =
        reply->status >= 500 ? "The login did not work just now. Try it again in a minute." : err->msg;
    vl_buf_clear(&reply->body);
    reply->content_type = "text/html; charset=utf-8";
    vl_http_reply_header(reply, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    vl_buf_append_str(&reply->body,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>Vallum: not logged in</title></head><body><main><h1>You are "
        "not logged in</h1><p>");
    put_text(&reply->body, why);
    vl_buf_append_str(&reply->body, "</p><p><a href=\"/\">Back to the login</a></p></main></body></html>\n");
    return vl_buf_check(&reply->body, "the page", err);
}

static int redeem(struct vl_request *request, struct vl_err *err)
{
    struct vl_doc *claims VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_oidc *oidc = NULL;
    struct vl_oidc_login login = {0};
    const char *code = NULL;
    int r = provider_of(request, &oidc, err);
    if (r >= 0)
        r = check_wait(request, err);
    if (r >= 0)
        r = check_state(request, &login, err);
    if (r >= 0)
        r = check_code(request, &code, err);
    if (r < 0)
        return r;
    r = vl_oidc_redeem(oidc, &login, code, vl_time_now_ms(), &claims, err);
    return r < 0 ? count_failure(request, r, err) : let_in(request, vl_doc_root(claims), err);
}

static int begin(struct vl_request *request, struct vl_err *err)
{
    return login_route(request, err) < 0 ? tell(request, err) : 0;
}

static int callback(struct vl_request *request, struct vl_err *err)
{
    return redeem(request, err) < 0 ? tell(request, err) : 0;
}

const struct vl_route vl_routes_oidc[] = {
    {"GET", "/api/v1/oidc", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, about},
    {"GET", "/api/v1/oidc/login", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, begin},
    {"GET", CALLBACK, VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, callback},
    {0},
};
