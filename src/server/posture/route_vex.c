/* Exemptions as OpenVEX: /api/v1/exemptions/vex. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "posture/repo_exempt.h"
#include "posture/repo_resource.h"
#include "posture/vex_exemption.h"
#include "routes.h"

#define AT_ONCE 20 /* so many are carried out in the import's own write */

static int vex_export(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_exemption *rows = NULL;
    struct vl_json json;
    char id[VL_GUID_TEXT];
    size_t n = 0, active = 0, left = 0;
    int64_t now = vl_time_now_ms();
    int r = vl_guid_new(id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_exemption_list(conn, request->environment.id, VL_EXEMPTION_APPROVED, 0, VL_EXEMPTIONS_MAX,
            request->arena, &rows, &n, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        if (vl_exemption_active(&rows[i], now))
            rows[active++] = rows[i];
    }
    vl_request_json(request, 200, &json);
    vl_vex_write(&request->environment, rows, active, id, now, &json, &left);
    vl_http_reply_header(
        request->reply, "Content-Disposition", "attachment; filename=\"exemptions.openvex.json\"");
    vl_http_reply_header(request->reply, "X-Vallum-Left-Out", vl_arena_printf(request->arena, "%zu", left));
    return vl_request_json_end(&json, err);
}

struct import {
    struct vl_request *request;
    struct vl_vex_import vex;
    struct vl_exemption *items; /* the write's own copy: it may run again */
    const char **refused;       /* why an item was not taken; NULL: it was */
    size_t added, known;
    bool pending;
};

/* What the document names is looked up here. 1 found, 0 not: `why` says what. */
static int look_up(struct vl_store_conn *conn, struct import *import, struct vl_exemption *e,
    const char **why, struct vl_err *err)
{
    struct vl_resource resource;
    struct vl_exemption there;
    int64_t environment = import->request->environment.id;
    struct vl_arena *arena = import->request->arena;
    int r = 1;
    if (e->guid)
        r = vl_repo_exemption_get(conn, environment, e->guid, arena, &there, err);
    if (e->guid && r > 0)
        import->known++;
    if (r < 0 || (e->guid && r > 0)) {
        *why = "";
        return r < 0 ? r : 0;
    }
    r = e->registry_name ? vl_repo_exemption_registry(conn, environment, e->registry_name, &e->registry, err)
                         : 1;
    if (r == 0)
        *why = vl_arena_printf(arena, "there is no registry \"%s\" here", e->registry_name);
    if (r > 0 && e->resource_id) {
        r = vl_repo_resource_find(conn, environment, vl_span_str(e->resource_id), arena, &resource, err);
        if (r < 0 && err->code == VL_ERR_INVALID) {
            vl_err_clear(err);
            r = 0;
        }
        e->resource = r > 0 ? resource.id : 0;
        if (r == 0)
            *why = vl_arena_printf(arena, "there is no resource \"%s\" here", e->resource_id);
    }
    return r;
}

static int take_one(struct vl_store_conn *conn, struct import *import, size_t index, struct vl_err *err)
{
    struct vl_exemption *e = &import->items[index];
    struct vl_request *request = import->request;
    bool pending = false;
    int r = look_up(conn, import, e, &import->refused[index], err);
    if (r <= 0)
        return r;
    r = vl_exemption_check(conn, request->environment.id, e, request->arena, err);
    if (r < 0 && (err->code == VL_ERR_INVALID || err->code == VL_ERR_UNSUPPORTED)) {
        import->refused[index] = vl_arena_strdup(request->arena, err->msg);
        vl_err_clear(err);
        return 0;
    }
    e->state = VL_EXEMPTION_APPROVED;
    e->requested_by = e->decided_by = request->who.name;
    e->created = e->decided = vl_time_now_ms();
    if (r >= 0 && import->vex.n_items > AT_ONCE)
        r = vl_repo_exemption_store(conn, request->environment.id, e, request->arena, err);
    else if (r >= 0)
        r = vl_repo_exemption_add(conn, request->environment.id, e, request->arena, &pending, err);
    import->pending |= pending;
    import->added += r >= 0;
    return r;
}

static int import_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct import *import = user;
    struct vl_request *request = import->request;
    size_t n = import->vex.n_items;
    import->added = import->known = 0;
    import->pending = false;
    memset(import->refused, 0, (n + 1) * sizeof(*import->refused));
    if (n)
        memcpy(import->items, import->vex.items, n * sizeof(*import->items));
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = take_one(conn, import, i, err);
    if (r >= 0 && n > AT_ONCE && import->added > 0) {
        r = vl_repo_exemption_added(conn, request->environment.id, err);
        import->pending = true;
    }
    const char *detail = vl_arena_printf(request->arena, "%zu added", import->added);
    return r < 0 ? r : vl_request_audit(conn, request, "exemption.import", "OpenVEX", detail, err);
}

static void write_skipped(struct vl_json *json, const struct import *import)
{
    vl_api_array(json, "skipped");
    for (size_t i = 0; i < import->vex.n_skipped; i++) {
        vl_json_object(json);
        vl_json_member_int(json, "statement", (int64_t)import->vex.skipped[i].statement);
        vl_json_member_str(json, "why", import->vex.skipped[i].why);
        vl_json_object_end(json);
    }
    for (size_t i = 0; i < import->vex.n_items; i++) {
        if (!import->refused[i] || !import->refused[i][0])
            continue;
        vl_json_object(json);
        vl_json_member_str(json, "vulnerability", import->vex.items[i].vulnerability);
        vl_json_member_str(json, "why", import->refused[i]);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
}

static int vex_import(struct vl_request *request, struct vl_err *err)
{
    struct import import = {.request = request};
    struct vl_json json;
    int r = vl_vex_read(request->body, vl_time_now_ms(), request->arena, &import.vex, err);
    if (r < 0)
        return r;
    import.items = vl_arena_array(request->arena, import.vex.n_items + 1, sizeof(*import.items));
    import.refused = vl_arena_array(request->arena, import.vex.n_items + 1, sizeof(*import.refused));
    r = vl_arena_check(request->arena, "the document", err);
    if (r >= 0)
        r = vl_store_write(request->app->store, import_write, &import, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_json_member_int(&json, "added", (int64_t)import.added);
    vl_json_member_int(&json, "known", (int64_t)import.known);
    vl_json_member_bool(&json, "pending", import.pending);
    write_skipped(&json, &import);
    return vl_request_json_end(&json, err);
}

const struct vl_route vl_routes_vex[] = {
    {"GET", "/api/v1/exemptions/vex", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, vex_export},
    {"POST", "/api/v1/exemptions/vex", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, vex_import},
    {0},
};
