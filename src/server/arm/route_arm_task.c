/* Tasks: what is to be done, with its state. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/scopes.h"
#include "posture/repo_task.h"
#include "routes.h"

static const char *const filter_fields[] = {"state", "securityTaskParameters/name", "name", NULL};

static const char *state_word(int state)
{
    static const char *const names[] = {"Active", "Active", "Dismissed", "Resolved"};
    return state >= 0 && state < (int)VL_ARRAY_LEN(names) ? names[state] : names[0];
}

static const char *title_of(const struct vl_task *task)
{
    const struct vl_posture_assessment *known = vl_posture_assessment_find(vl_span_str(task->key));
    return known ? known->name : task->key;
}

/* Where it lies: the group of its resource, or the subscription. */
static const char *scope_of(struct vl_request *request, const struct vl_task *task)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_resource_id id = {0};
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 4UL * VL_RESOURCE_ID_MAX);
    if (!task->resource_id ||
        vl_resource_parse(vl_span_str(task->resource_id), request->arena, &id, &err) < 0)
        id = (struct vl_resource_id){0};
    const struct vl_resource_id scope = {.subscription = request->environment.guid, .group = id.group};
    vl_resource_format(&scope, &text);
    return vl_arena_strdup(request->arena, vl_buf_str(&text));
}

static void write_task(struct vl_request *request, struct vl_json *json, const struct vl_task *task)
{
    const char *scope = scope_of(request, task);
    const char *resource =
        task->resource_id ? task->resource_id
                          : vl_arena_printf(request->arena, "/subscriptions/%s", request->environment.guid);
    vl_arm_entry(
        json, scope ? scope : "", "locations/tasks", "locations/" VL_ARM_LOCATION "/tasks", task->guid);
    vl_json_member_str(json, "state", state_word(task->state));
    vl_json_member_str(json, "subState", "NA");
    vl_arm_time(json, "creationTimeUtc", task->created);
    vl_arm_time(json, "lastStateChangeTimeUtc", task->changed);
    vl_api_object(json, "securityTaskParameters");
    vl_json_member_str(json, "name", title_of(task));
    vl_json_member_str(json, "uniqueKey", vl_arena_printf(request->arena, "%s_%s", task->key, resource));
    vl_json_member_str(json, "assessmentKey", task->key);
    vl_json_member_str(json, "resourceId", resource);
    vl_api_stored(json, "details", vl_span_str(task->details));
    vl_json_object_end(json);
    vl_arm_entry_end(json);
}

/* A task at the scope of a group is one of a resource in it. */
static bool at_scope(struct vl_request *request, const struct vl_arm_scope *scope, const struct vl_task *task)
{
    const char *own = scope_of(request, task);
    return scope->level == VL_ARM_SUBSCRIPTION ||
           (own && vl_span_eq_nocase(vl_span_str(own), vl_span_str(scope->id)));
}

static int prepare(struct vl_request *request, struct vl_arm_scope *scope, struct vl_err *err)
{
    int r = vl_arm_group_version(request, "tasks", err);
    if (r >= 0)
        r = vl_arm_scope(request, scope, err);
    if (r >= 0 && scope->n_tail > 1)
        r = vl_arm_location(request, scope, err);
    return r;
}

/* What the filter leaves out is read too: pages are filled from as many reads as that takes. */
static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    const char *last = NULL;
    uint64_t before = 0;
    size_t n = VL_ARM_TOP_MAX;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, filter_fields, &page, err);
    if (r < 0)
        return r;
    if (page.skip && (!vl_span_to_u64(vl_span_str(page.skip), &before) || before > INT64_MAX))
        return vl_arm_error(
            request, err, VL_ERR_INVALID, "InvalidQueryParameter", "$skiptoken is none of ours");
    r = vl_request_read(request, &conn, err);
    while (r >= 0 && !page.next && n == VL_ARM_TOP_MAX) {
        struct vl_task *tasks = NULL;
        r = vl_repo_task_list(conn, request->environment.id, "", 0, (int64_t)before, VL_ARM_TOP_MAX,
            request->arena, &tasks, &n, err);
        for (size_t i = 0; i < n && r >= 0; i++) {
            const struct vl_task *t = &tasks[i];
            before = (uint64_t)t->id;
            if (!at_scope(request, &scope, t) ||
                !vl_arm_list_takes(&page, (const char *const[]){state_word(t->state), title_of(t), t->guid}))
                continue;
            if (!vl_arm_list_room(&page, last))
                break;
            write_task(request, &page.json, t);
            last = vl_arena_printf(request->arena, "%lld", (long long)t->id);
        }
    }
    return r < 0 ? r : vl_arm_list_end(&page, err);
}

static int find(
    struct vl_request *request, const struct vl_arm_scope *scope, struct vl_task *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_task *tasks = NULL;
    const char *name = vl_arm_lower(request->arena, vl_arm_tail(scope, 3));
    size_t n = 0;
    int r = name ? vl_request_read(request, &conn, err) : vl_arena_check(request->arena, "the request", err);
    if (r >= 0)
        r = vl_repo_task_list(conn, request->environment.id, name, 0, 0, 1, request->arena, &tasks, &n, err);
    if (r < 0)
        return r;
    if (n == 0 || !at_scope(request, scope, &tasks[0]))
        return vl_arm_error(
            request, err, VL_ERR_NOT_FOUND, "TaskNotFound", "there is no task '%s' at this scope", name);
    *ret = tasks[0];
    return 0;
}

static int get(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_task task;
    struct vl_json json;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = find(request, &scope, &task, err);
    if (r < 0)
        return r;
    vl_arm_answer(request, 200, &json);
    write_task(request, &json, &task);
    return vl_json_check(&json, "the answer", err);
}

struct change {
    struct vl_request *request;
    const char *guid;
    enum vl_task_state state;
};

static int set_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    int r = vl_repo_task_set(conn, c->request->environment.id, c->guid, c->state, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no task '%s'", c->guid);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request, "task.state", c->guid, state_word((int)c->state), err);
}

/* The last word: of the published ones Start and Close have no state here. */
static int set_state(struct vl_request *request, struct vl_err *err)
{
    static const struct {
        const char *word;
        enum vl_task_state state;
    } rows[] = {{"activate", VL_TASK_ACTIVE}, {"dismiss", VL_TASK_DISMISSED}, {"resolve", VL_TASK_RESOLVED}};
    struct vl_arm_scope scope;
    struct vl_task task;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = find(request, &scope, &task, err);
    if (r < 0)
        return r;
    struct change c = {.request = request, .guid = task.guid};
    struct vl_span word = vl_span_str(vl_arm_tail(&scope, 4));
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_span_eq_nocase(word, vl_span_str(rows[i].word)))
            c.state = rows[i].state;
    }
    if (c.state == 0 &&
        (vl_span_eq_nocase(word, VL_SPAN_LIT("start")) || vl_span_eq_nocase(word, VL_SPAN_LIT("close"))))
        return vl_arm_not_built(request, err, vl_arm_tail(&scope, 4));
    if (c.state == 0)
        return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "InvalidResourceType",
            "'%s' is nothing that is done with a task", vl_arm_tail(&scope, 4));
    r = vl_store_write(request->app->store, set_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

#define IN_LOCATION ARM_SEC "/locations/{}/tasks"
#define READ        VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE

const struct vl_route vl_routes_arm_task[] = {
    {"GET", ARM_SUBSEC "/tasks", READ, list},
    {"GET", ARM_SUB IN_LOCATION, READ, list},
    {"GET", ARM_GROUP IN_LOCATION, READ, list},
    {"GET", ARM_SUB IN_LOCATION "/{}", READ, get},
    {"GET", ARM_GROUP IN_LOCATION "/{}", READ, get},
    {"POST", ARM_SUB IN_LOCATION "/{}/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, set_state},
    {"POST", ARM_GROUP IN_LOCATION "/{}/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, set_state},
    {0},
};
