/* Tasks: /api/v1/tasks. */
#include <string.h>

#include "api.h"
#include "posture/repo_resource.h"
#include "posture/repo_task.h"
#include "routes.h"

#define TITLE_MAX   512
#define DETAILS_MAX 4096
#define WORD_MAX    32

static void write_task(struct vl_json *json, const struct vl_task *task)
{
    const struct vl_posture_assessment *what = vl_posture_assessment_find(vl_span_str(task->key));
    vl_json_member_str(json, "id", task->guid);
    vl_api_object(json, "recommendation");
    vl_json_member_str(json, "key", task->key);
    vl_json_member_str(json, "title", what ? what->name : task->key);
    vl_json_object_end(json);
    vl_api_str(json, "resourceId", task->resource_id);
    vl_json_member_str(json, "state", vl_task_state_name(task->state));
    vl_api_stored(json, "details", vl_span_str(task->details));
    vl_api_time(json, "created", task->created);
    vl_api_time(json, "changed", task->changed);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    static const char *const words[] = {"", "active", "dismissed", "resolved", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_task *tasks = NULL;
    struct vl_api_page page = {0};
    int64_t total = 0;
    size_t n = 0;
    int state = 0;
    int r = vl_api_query_word(request, "state", words, 0, &state, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_task_list(conn, request->environment.id, "", state, page.keys[0].number, page.fetch,
            request->arena, &tasks, &n, err);
    for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
        const struct vl_api_key key = {.number = tasks[i].id};
        write_task(&page.json, &tasks[i]);
        vl_api_item_end(&page, &key);
    }
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_task_count(conn, request->environment.id, state, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

static int answer(struct vl_request *request, unsigned status, const char *guid, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_task *task = NULL;
    struct vl_json json;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_task_list(conn, request->environment.id, guid, 0, 0, 1, request->arena, &task, &n, err);
    if (r >= 0 && (n == 0 || !*guid))
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such task");
    if (r < 0)
        return r;
    vl_request_json(request, status, &json);
    write_task(&json, task);
    return vl_request_json_end(&json, err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    return answer(request, 200, request->params[0], err);
}

struct change {
    struct vl_request *request;
    const struct vl_posture_assessment *what;
    const char *resource;
    enum vl_task_state state;
    char guid[VL_TASK_GUID_TEXT];
    bool fresh;
};

static int write_details(const struct change *c, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "name", c->what->name);
    vl_json_member_str(&json, "assignedBy", c->request->who.name);
    vl_json_object_end(&json);
    return vl_json_check(&json, "the task", err);
}

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_buf details VL_CLEANUP(vl_buf_done);
    struct vl_resource resource = {0};
    vl_buf_init(&details, DETAILS_MAX);
    int r = 1;
    if (c->resource)
        r = vl_repo_resource_find(
            conn, c->request->environment.id, vl_span_str(c->resource), c->request->arena, &resource, err);
    if (r < 0)
        return vl_err_wrap(err, "/resourceId");
    if (r == 0)
        return vl_err_set(err, VL_ERR_INVALID, "/resourceId: there is no such resource");
    r = write_details(c, &details, err);
    if (r >= 0)
        r = vl_repo_task_add(
            conn, c->request->environment.id, c->what, resource.id, vl_buf_str(&details), c->guid, err);
    c->fresh = r > 0;
    return r <= 0 ? r : vl_request_audit(conn, c->request, "task.add", c->guid, c->what->name, err);
}

static int add(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"recommendation", "resourceId", NULL};
    struct change c = {.request = request};
    const char *which = NULL;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "recommendation", true, TITLE_MAX, &which, err);
    if (r >= 0)
        r = vl_request_text(request, "resourceId", false, VL_RESOURCE_ID_MAX, &c.resource, err);
    if (r < 0)
        return r;
    c.what = vl_posture_assessment_find(vl_span_str(which));
    if (!c.what)
        return vl_err_set(err, VL_ERR_INVALID, "/recommendation: there is no such key or title");
    r = vl_store_write(request->app->store, add_write, &c, err);
    return r < 0 ? r : answer(request, c.fresh ? 201 : 200, c.guid, err);
}

static int set_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    const char *guid = c->request->params[0];
    int r = vl_repo_task_set(conn, c->request->environment.id, guid, c->state, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such task");
    return r < 0
               ? r
               : vl_request_audit(conn, c->request, "task.set", guid, vl_task_state_name((int)c->state), err);
}

static int set(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"state", NULL};
    struct change c = {.request = request};
    const char *text = NULL;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "state", true, WORD_MAX, &text, err);
    if (r < 0)
        return r;
    if (!vl_task_state_parse(vl_span_str(text), &c.state))
        return vl_err_set(err, VL_ERR_INVALID, "/state: is none of active, dismissed, resolved");
    r = vl_store_write(request->app->store, set_write, &c, err);
    return r < 0 ? r : answer(request, 200, request->params[0], err);
}

const struct vl_route vl_routes_task[] = {
    {"GET", "/api/v1/tasks", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, list},
    {"POST", "/api/v1/tasks", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, add},
    {"GET", "/api/v1/tasks/{}", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, get},
    {"PATCH", "/api/v1/tasks/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, set},
    {0},
};
