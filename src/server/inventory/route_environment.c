/* Environments: those that the caller has a role in; new ones and names are the owner's. */
#include "api.h"
#include "identity/repo_role.h"
#include "inventory/repo_environment.h"
#include "inventory/repo_plan.h"
#include "routes.h"
#include "store/feed.h"

static void write_environment(struct vl_json *json, const struct vl_environment *e, enum vl_role role)
{
    vl_api_str(json, "id", e->guid);
    vl_api_str(json, "name", e->name);
    vl_api_str(json, "role", vl_role_name(role));
    vl_api_time(json, "created", e->created);
}

static int environments_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment *list = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_environment_list(conn, request->arena, &list, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        enum vl_role role = VL_ROLE_NONE;
        enum vl_role somewhere = VL_ROLE_NONE;
        r = vl_repo_role_get(conn, &request->who, list[i].id, &role, err);
        if (r >= 0)
            r = vl_request_role_somewhere(request, conn, list[i].id, &somewhere, err);
        if (r < 0 || somewhere == VL_ROLE_NONE || !vl_api_item(&page))
            continue;
        write_environment(&page.json, &list[i], role);
        vl_api_item_end(&page, NULL);
    }
    return r < 0 ? r : vl_api_list_end(&page, 0, err);
}

struct change {
    struct vl_request *request;
    const char *name, *guid;
    int64_t id;
};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_environment_add(conn, c->guid, c->name, &c->id, err);
    if (r >= 0)
        r = vl_repo_plan_first(conn, c->id, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "environment.add", c->name, c->guid, err);
}

static int answer(struct vl_request *request, unsigned status, int64_t id, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment e = {0};
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_environment_get(conn, id, request->arena, &e, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such environment");
    vl_request_json(request, status, &json);
    write_environment(&json, &e, request->role);
    return vl_request_json_end(&json, err);
}

static int environment_add(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"name", "id", NULL};
    struct change c = {.request = request};
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_name(request, "name", true, VL_ENVIRONMENT_NAME_MAX, &c.name, err);
    if (r >= 0)
        r = vl_request_text(request, "id", false, VL_GUID_TEXT - 1, &c.guid, err);
    if (r >= 0 && c.guid && !vl_guid_is(vl_span_str(c.guid)))
        r = vl_err_set(err, VL_ERR_INVALID, "/id: must be a GUID");
    if (r >= 0 && vl_guid_is(vl_span_str(c.name)))
        r = vl_err_set(err, VL_ERR_INVALID, "/name: looks like a GUID, and would be taken for one");
    if (r < 0)
        return r;
    if (c.guid) { /* kept in lower case */
        char *lower = vl_arena_strdup(request->arena, c.guid);
        for (char *p = lower; p && *p; p++)
            *p = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
        c.guid = lower;
    }
    r = vl_store_write(request->app->store, add_write, &c, err);
    return r < 0 ? r : answer(request, 201, c.id, err);
}

static int rename_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    const struct vl_environment *e = &c->request->environment;
    int r = vl_repo_environment_rename(conn, e->id, c->name, err);
    if (r >= 0)
        r = vl_feed_add(conn, e->id, "environment", e->guid, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "environment.rename", e->name, c->name, err);
}

static int environment_rename(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"name", NULL};
    struct change c = {.request = request};
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_name(request, "name", true, VL_ENVIRONMENT_NAME_MAX, &c.name, err);
    if (r >= 0 && vl_guid_is(vl_span_str(c.name)))
        r = vl_err_set(err, VL_ERR_INVALID, "/name: looks like a GUID, and would be taken for one");
    if (r >= 0)
        r = vl_store_write(request->app->store, rename_write, &c, err);
    return r < 0 ? r : answer(request, 200, request->environment.id, err);
}

const struct vl_route vl_routes_environment[] = {
    {"GET", "/api/v1/environments", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, environments_list},
    {"POST", "/api/v1/environments", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_JSON, environment_add},
    {"PATCH", "/api/v1/environments/{}", VL_ROLE_OWNER, VL_SCOPE_SEGMENT, VL_BODY_JSON, environment_rename},
    {0},
};
