/* Login, and tokens of one's own. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "net/crypt.h"
#include "identity/login.h"
#include "disk.h"
#include "identity/repo_role.h"
#include "identity/repo_visit.h"
#include "inventory/repo_registry.h"
#include "routes.h"

#define DAYS_MAX 3650
#define DAY_MS   (24 * 3600000LL)

struct login {
    struct vl_login login;
    struct vl_principal who;
    int64_t now;
    bool session; /* a cookie instead of a token in the answer */
    char text[VL_TOKEN_TEXT];
    int64_t id;
};

static int login_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct login *l = user;
    struct vl_token token = {
        .name = "login", .role = VL_ROLE_OWNER, .created = l->now, .expires = l->now + VL_LOGIN_MS};
    int r = vl_repo_token_add(conn, l->who.id, &token, l->text, &l->id, err);
    return r < 0 ? r : vl_login_done(conn, &l->login, "login", err);
}

static const char *time_text(struct vl_request *request, int64_t ms)
{
    char text[VL_TIME_TEXT_MAX];
    return ms ? vl_arena_strdup(request->arena, vl_time_format(ms, text)) : NULL;
}

/* Scripts of a page never see the token; what they must send beside it tells nothing of it. */
static void set_cookie(struct vl_request *request, const char *token, int64_t lasts_ms, struct vl_json *json)
{
    char csrf[VL_CSRF_TEXT];
    vl_login_cookie(request->reply, request->arena, token, lasts_ms);
    vl_session_csrf(token, csrf);
    if (json)
        vl_json_member_str(json, "csrf", csrf);
}

static int login_route(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"name", "password", "session", NULL};
    struct login l = {.login = {.app = request->app, .arena = request->arena, .peer = request->call->peer},
        .now = vl_time_now_ms()};
    const char *password;
    int64_t wait = 0;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "name", true, VL_LOGIN_NAME_MAX, &l.login.name, err);
    if (r >= 0)
        r = vl_request_text(request, "password", true, VL_CRYPT_PASSWORD_MAX, &password, err);
    if (r >= 0)
        r = vl_request_bool(request, "session", false, &l.session, err);
    if (r >= 0)
        r = vl_login_check(&l.login, password, &l.who, &wait, err);
    if (r < 0)
        return r;
    if (wait > 0)
        return vl_err_set(
            err, VL_ERR_AUTH, "too many failures: try again in %lld seconds", (long long)(wait / 1000 + 1));
    if (r == 0)
        return vl_err_set(err, VL_ERR_AUTH, "name or password is wrong");
    r = vl_store_write(request->app->store, login_write, &l, err);
    if (r < 0)
        return r;
    vl_server_data_forget_password(&request->app->data);
    struct vl_json json;
    vl_request_json(request, 200, &json);
    if (l.session)
        set_cookie(request, l.text, VL_LOGIN_MS, &json);
    else
        vl_json_member_str(&json, "token", l.text);
    vl_json_member_int(&json, "id", l.id);
    vl_json_member_time(&json, "expires", l.now + VL_LOGIN_MS);
    return vl_request_json_end(&json, err);
}

/* A registry that he has a role in beside that in its environment. */
static int write_registry(struct vl_request *request, struct vl_store_conn *conn, int64_t environment,
    const struct vl_role_part *part, struct vl_json *json, struct vl_err *err)
{
    struct vl_registry registry;
    int r = vl_repo_registry_get(conn, environment, part->id, request->arena, &registry, err);
    if (r <= 0)
        return r;
    vl_json_object(json);
    vl_json_member_int(json, "id", part->id);
    vl_json_member_str(json, "name", registry.name);
    vl_json_member_str(json, "role", vl_role_name(part->role));
    vl_json_object_end(json);
    return 0;
}

static void write_cluster(const struct vl_role_part *part, struct vl_json *json)
{
    vl_json_object(json);
    vl_json_member_str(json, "name", part->cluster);
    vl_api_str(json, "namespace", *part->name_space ? part->name_space : NULL);
    vl_json_member_str(json, "role", vl_role_name(part->role));
    vl_json_object_end(json);
}

/* One that he has by its name and by a label stands there once, with the higher role. */
static bool is_repeated(const struct vl_role_part *parts, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++) {
        const struct vl_role_part *other = &parts[i], *one = &parts[at];
        if (other->id == one->id && (other->role > one->role || (other->role == one->role && other < one)))
            return true;
    }
    return false;
}

static int write_parts(struct vl_request *request, struct vl_store_conn *conn, int64_t environment,
    const struct vl_role_part *parts, size_t n, struct vl_json *json, struct vl_err *err)
{
    int r = 0;
    vl_api_array(json, "registries");
    for (size_t i = 0; i < n && r >= 0; i++) {
        if (parts[i].id > 0 && !is_repeated(parts, n, i))
            r = write_registry(request, conn, environment, &parts[i], json, err);
    }
    vl_json_array_end(json);
    vl_api_array(json, "clusters");
    for (size_t i = 0; i < n; i++) {
        if (parts[i].id < 0)
            write_cluster(&parts[i], json);
    }
    vl_json_array_end(json);
    return r;
}

/* Environments that the caller has a role in, with that role. */
static int environments_of(
    struct vl_request *request, struct vl_store_conn *conn, struct vl_json *json, struct vl_err *err)
{
    struct vl_environment *all = NULL;
    size_t n = 0;
    int r = vl_repo_environment_list(conn, request->arena, &all, &n, err);
    vl_api_array(json, "environments");
    for (size_t i = 0; i < n && r >= 0; i++) {
        enum vl_role role = VL_ROLE_NONE;
        struct vl_role_part *parts = NULL;
        size_t n_parts = 0;
        r = vl_repo_role_get(conn, &request->who, all[i].id, &role, err);
        if (r >= 0)
            r = vl_repo_role_parts(conn, &request->who, all[i].id, request->arena, &parts, &n_parts, err);
        if (r < 0 || (role == VL_ROLE_NONE && n_parts == 0))
            continue;
        vl_json_object(json);
        vl_api_str(json, "id", all[i].guid);
        vl_api_str(json, "name", all[i].name);
        vl_api_str(json, "role", vl_role_name(role));
        r = write_parts(request, conn, all[i].id, parts, n_parts, json, err);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    return r;
}

static int me(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_json json;
    int64_t visit = 0;
    int r = vl_repo_visit_now(request->app->store, request->who.id, vl_time_now_ms(), err);
    if (r < 0 && vl_disk_is_why(err)) { /* a visit that is not remembered is no reason to see nothing */
        vl_err_clear(err);
        r = 0;
    }
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_visit_last(conn, request->who.id, &visit, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_json_member_str(&json, "name", request->who.name);
    vl_json_member_str(&json, "kind", request->who.kind == VL_PRINCIPAL_USER ? "user" : "client");
    vl_json_member_str(&json, "role", vl_role_name(request->role));
    if (request->session) {
        char csrf[VL_CSRF_TEXT];
        vl_session_csrf(request->session, csrf);
        vl_json_member_str(&json, "csrf", csrf);
    }
    r = environments_of(request, conn, &json, err);
    if (r < 0)
        return r;
    vl_api_str(&json, "version", VL_VERSION);
    vl_api_time(&json, "lastVisit", visit);
    return vl_request_json_end(&json, err);
}

static int logout_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct vl_request *request = user;
    int r = vl_repo_token_remove(conn, request->who.id, request->who.token_id, err);
    return r < 0 ? r : vl_request_audit(conn, request, "logout", request->who.name, NULL, err);
}

/* Ends the token that the call came with. */
static int logout(struct vl_request *request, struct vl_err *err)
{
    int r = vl_store_write(request->app->store, logout_write, request, err);
    if (r < 0)
        return r;
    request->reply->status = 204;
    if (request->session)
        set_cookie(request, "", 0, NULL);
    return 0;
}

static int tokens_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_token *tokens = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_token_list(conn, request->who.id, request->arena, &tokens, &n, err);
    if (r < 0)
        return r;
    r = vl_api_all_begin(request, &page, err);
    for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
        vl_json_member_int(&page.json, "id", tokens[i].id);
        vl_api_str(&page.json, "name", tokens[i].name);
        vl_api_str(&page.json, "role", vl_role_name(tokens[i].role));
        vl_api_time(&page.json, "created", tokens[i].created);
        vl_api_time(&page.json, "expires", tokens[i].expires);
        vl_api_item_end(&page, NULL);
    }
    return r < 0 ? r : vl_api_list_end(&page, 0, err);
}

struct change {
    struct vl_request *request;
    struct vl_token token;
    char text[VL_TOKEN_TEXT];
    int64_t id;
    bool found;
};

static int token_add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_token_add(conn, c->request->who.id, &c->token, c->text, &c->id, err);
    return r < 0 ? r
                 : vl_repo_audit(conn, c->request->who.name, c->request->call->peer, 0, "token.add",
                       c->token.name, vl_role_name(c->token.role), err);
}

/* What the caller may do where the token counts: in one environment, or (NULL) wherever he has a role. */
static int token_scope(struct vl_request *request, const char *which, int64_t *ret_environment,
    enum vl_role *ret_most, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment *all = NULL;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_environment_list(conn, request->arena, &all, &n, err);
    *ret_environment = request->who.token_environment; /* one made by a bound token is bound likewise */
    *ret_most = request->role;
    for (size_t i = 0; i < n && r >= 0; i++) {
        enum vl_role role = VL_ROLE_NONE;
        bool asked = which && (vl_span_eq_nocase(vl_span_str(which), vl_span_str(all[i].guid)) ||
                                  strcmp(which, all[i].name) == 0);
        r = vl_request_role_somewhere(request, conn, all[i].id, &role, err);
        if (r >= 0 && asked && role > VL_ROLE_NONE) {
            *ret_environment = all[i].id;
            *ret_most = role;
            return 0;
        }
        if (!which && role > *ret_most)
            *ret_most = role;
    }
    if (r < 0 || !which)
        return r;
    return vl_err_set(err, VL_ERR_INVALID, "/environment: there is no environment \"%s\"", which);
}

static int token_add(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"name", "role", "days", "environment", NULL};
    struct change c = {.request = request};
    enum vl_role most = VL_ROLE_NONE;
    const char *role, *environment;
    int64_t days;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "name", true, VL_LOGIN_NAME_MAX, &c.token.name, err);
    if (r >= 0)
        r = vl_request_text(request, "role", false, VL_LOGIN_NAME_MAX, &role, err);
    if (r >= 0)
        r = vl_request_int(request, "days", 90, 1, DAYS_MAX, &days, err);
    if (r >= 0)
        r = vl_request_text(request, "environment", false, VL_LOGIN_NAME_MAX, &environment, err);
    if (r >= 0)
        r = token_scope(request, environment, &c.token.environment, &most, err);
    if (r < 0)
        return r;
    c.token.role = most;
    if (role && !vl_role_parse(vl_span_str(role), &c.token.role))
        return vl_err_set(err, VL_ERR_INVALID, "/role: is none of reader, admin, owner");
    if (c.token.role > most)
        return vl_err_set(
            err, VL_ERR_INVALID, "/role: a token cannot do more than its maker (%s)", vl_role_name(most));
    c.token.expires = vl_time_now_ms() + days * DAY_MS;
    r = vl_store_write(request->app->store, token_add_write, &c, err);
    if (r < 0)
        return r;
    struct vl_json json;
    vl_request_json(request, 201, &json);
    vl_json_member_int(&json, "id", c.id);
    vl_json_member_str(&json, "token", c.text);
    vl_json_member_str(&json, "role", vl_role_name(c.token.role));
    vl_json_member_str(&json, "expires", time_text(request, c.token.expires));
    return vl_request_json_end(&json, err);
}

static int token_remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_token_remove(conn, c->request->who.id, c->id, err);
    if (r <= 0)
        return r;
    c->found = true;
    return vl_repo_audit(conn, c->request->who.name, c->request->call->peer, 0, "token.remove",
        c->request->params[0], NULL, err);
}

static int token_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    uint64_t id;
    if (!vl_span_to_u64(vl_span_str(request->params[0]), &id) || id > INT64_MAX)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such token");
    c.id = (int64_t)id;
    int r = vl_store_write(request->app->store, token_remove_write, &c, err);
    if (r < 0)
        return r;
    if (!c.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such token");
    request->reply->status = 204;
    return 0;
}

const struct vl_route vl_routes_identity[] = {
    {"POST", "/api/v1/login", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_JSON, login_route},
    {"POST", "/api/v1/logout", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, logout},
    {"GET", "/api/v1/me", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, me},
    {"GET", "/api/v1/tokens", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, tokens_list},
    {"POST", "/api/v1/tokens", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_JSON, token_add},
    {"DELETE", "/api/v1/tokens/{}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, token_remove},
    {0},
};
