/* Tokens of others: /api/v1/users/{id}/tokens. For owners over all environments. What a token's text is,
 * nobody can see again. */
#include "api.h"
#include "identity/repo_identity.h"
#include "identity/repo_user.h"
#include "routes.h"

/* The user whom the path names. */
static int find(
    struct vl_request *request, struct vl_store_conn *conn, struct vl_user *ret, struct vl_err *err)
{
    int64_t id = 0;
    int r = vl_request_id(request, 0, "user", &id, err);
    if (r >= 0)
        r = vl_repo_user_get(conn, id, request->arena, ret, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such user") : r;
}

static int write_token(struct vl_request *request, struct vl_store_conn *conn, struct vl_json *json,
    const struct vl_token *token, struct vl_err *err)
{
    struct vl_environment environment = {0};
    int r = token->environment
                ? vl_repo_environment_get(conn, token->environment, request->arena, &environment, err)
                : 0;
    vl_json_member_int(json, "id", token->id);
    vl_api_str(json, "name", token->name);
    vl_api_str(json, "role", vl_role_name(token->role));
    vl_api_str(json, "environment", environment.guid);
    vl_api_time(json, "created", token->created);
    vl_api_time(json, "expires", token->expires);
    return r < 0 ? r : 0;
}

static int tokens_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_token *tokens = NULL;
    struct vl_user user = {0};
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = find(request, conn, &user, err);
    if (r >= 0)
        r = vl_repo_token_list(conn, user.id, request->arena, &tokens, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
        r = write_token(request, conn, &page.json, &tokens[i], err);
        vl_api_item_end(&page, NULL);
    }
    return r < 0 ? r : vl_api_list_end(&page, 0, err);
}

static int remove_write(struct vl_store_conn *conn, void *of, struct vl_err *err)
{
    struct vl_request *request = of;
    struct vl_user user;
    int64_t id = 0;
    int r = find(request, conn, &user, err);
    if (r >= 0)
        r = vl_request_id(request, 1, "token", &id, err);
    if (r >= 0)
        r = vl_repo_token_remove(conn, user.id, id, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such token");
    return r < 0 ? r
                 : vl_request_audit(conn, request, "token.remove",
                       vl_arena_printf(request->arena, "%s: %s", user.name, request->params[1]), NULL, err);
}

static int token_remove(struct vl_request *request, struct vl_err *err)
{
    int r = vl_store_write(request->app->store, remove_write, request, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

const struct vl_route vl_routes_user_token[] = {
    {"GET", "/api/v1/users/{}/tokens", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, tokens_list},
    {"DELETE", "/api/v1/users/{}/tokens/{}", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, token_remove},
    {0},
};
