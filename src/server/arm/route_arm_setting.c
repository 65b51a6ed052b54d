/* Settings of things that are not built: autoProvisioningSettings, settings, workspaceSettings. What they are
 * is answered as it is (off); what would switch one on is refused, and what leaves it off is taken. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/scopes.h"
#include "routes.h"

#define WORD_MAX 64

/* Of the published ones: two kinds, each with its own member. */
static const struct {
    const char *name, *kind;
} rows[] = {{"MCAS", "DataExportSettings"}, {"WDATP", "DataExportSettings"},
    {"WDATP_EXCLUDE_LINUX_PUBLIC_PREVIEW", "DataExportSettings"},
    {"WDATP_UNIFIED_SOLUTION", "DataExportSettings"}, {"Sentinel", "AlertSyncSettings"}};

static void write_setting(struct vl_json *json, const char *scope, const char *name, const char *kind)
{
    vl_json_object(json);
    vl_json_key(json, "id");
    struct vl_buf id VL_CLEANUP(vl_buf_done);
    vl_buf_init(&id, VL_HTTP_SERVER_HEAD_MAX);
    vl_buf_printf(&id, "%s/providers/" VL_ARM_PROVIDER "/settings/%s", scope, name);
    vl_json_str(json, vl_buf_str(&id));
    vl_json_member_str(json, "name", name);
    vl_json_member_str(json, "kind", kind);
    vl_json_member_str(json, "type", VL_ARM_PROVIDER "/settings");
    vl_api_object(json, "properties");
    vl_json_member_bool(json, "enabled", false);
    vl_arm_entry_end(json);
}

static int prepare(struct vl_request *request, struct vl_arm_scope *scope, struct vl_err *err)
{
    int r = vl_arm_scope(request, scope, err);
    return r < 0 ? r : vl_arm_group_version(request, vl_arm_tail(scope, 0), err);
}

static int settings_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows) && r >= 0; i++)
        write_setting(&page.json, scope.id, rows[i].name, rows[i].kind);
    return r < 0 ? r : vl_arm_list_end(&page, err);
}

static int not_found(struct vl_request *request, const char *name, struct vl_err *err)
{
    return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "ResourceNotFound", "there is no setting '%s'", name);
}

static int setting_answer(struct vl_request *request, const struct vl_arm_scope *scope, struct vl_err *err)
{
    struct vl_json json;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (!vl_span_eq_nocase(vl_span_str(vl_arm_tail(scope, 1)), vl_span_str(rows[i].name)))
            continue;
        vl_arm_answer(request, 200, &json);
        write_setting(&json, scope->id, rows[i].name, rows[i].kind);
        return vl_json_check(&json, "the answer", err);
    }
    return not_found(request, vl_arm_tail(scope, 1), err);
}

static int setting_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = prepare(request, &scope, err);
    return r < 0 ? r : setting_answer(request, &scope, err);
}

static int setting_put(struct vl_request *request, struct vl_err *err)
{
    const struct vl_doc_node *properties;
    struct vl_arm_scope scope;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = vl_arm_properties(request, &properties, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *enabled = vl_doc_get(properties, "enabled");
    if (!vl_doc_is(enabled, VL_DOC_BOOL))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/enabled: must be true or false");
    return vl_doc_bool(enabled) ? vl_arm_not_built(request, err, "this setting")
                                : setting_answer(request, &scope, err);
}

/* --- automatic provisioning --- */

static void write_provisioning(struct vl_json *json, const char *scope)
{
    vl_arm_entry(json, scope, "autoProvisioningSettings", "autoProvisioningSettings", "default");
    vl_json_member_str(json, "autoProvision", "Off");
    vl_arm_entry_end(json);
}

static int provisioning_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    if (r < 0)
        return r;
    write_provisioning(&page.json, scope.id);
    return vl_arm_list_end(&page, err);
}

static int provisioning_answer(
    struct vl_request *request, const struct vl_arm_scope *scope, struct vl_err *err)
{
    struct vl_json json;
    if (!vl_span_eq_nocase(vl_span_str(vl_arm_tail(scope, 1)), VL_SPAN_LIT("default")))
        return not_found(request, vl_arm_tail(scope, 1), err);
    vl_arm_answer(request, 200, &json);
    write_provisioning(&json, scope->id);
    return vl_json_check(&json, "the answer", err);
}

static int provisioning_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = prepare(request, &scope, err);
    return r < 0 ? r : provisioning_answer(request, &scope, err);
}

static int provisioning_put(struct vl_request *request, struct vl_err *err)
{
    const struct vl_doc_node *properties;
    struct vl_arm_scope scope;
    const char *word = NULL;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = vl_arm_properties(request, &properties, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, "/properties", "autoProvision", WORD_MAX, &word, err);
    if (r < 0)
        return r;
    if (word && vl_span_eq_nocase(vl_span_str(word), VL_SPAN_LIT("On")))
        return vl_arm_not_built(request, err, "automatic provisioning");
    if (!word || !vl_span_eq_nocase(vl_span_str(word), VL_SPAN_LIT("Off")))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/autoProvision: must be On or Off");
    return provisioning_answer(request, &scope, err);
}

/* --- workspaces: there are none --- */

static int workspaces_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    return r < 0 ? r : vl_arm_list_end(&page, err);
}

static int workspace_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = prepare(request, &scope, err);
    return r < 0 ? r : not_found(request, vl_arm_tail(&scope, 1), err);
}

static int workspace_write(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = prepare(request, &scope, err);
    return r < 0 ? r : vl_arm_not_built(request, err, "sending data to a workspace");
}

/* Nothing of that name is there, before and after. */
static int workspace_delete(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = prepare(request, &scope, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

#define READ  VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE
#define WRITE VL_ROLE_ADMIN, VL_SCOPE_SEGMENT

const struct vl_route vl_routes_arm_setting[] = {
    {"GET", ARM_SUBSEC "/settings", READ, settings_list},
    {"GET", ARM_SUBSEC "/settings/{}", READ, setting_get},
    {"PUT", ARM_SUBSEC "/settings/{}", WRITE, VL_BODY_JSON, setting_put},
    {"GET", ARM_SUBSEC "/autoProvisioningSettings", READ, provisioning_list},
    {"GET", ARM_SUBSEC "/autoProvisioningSettings/{}", READ, provisioning_get},
    {"PUT", ARM_SUBSEC "/autoProvisioningSettings/{}", WRITE, VL_BODY_JSON, provisioning_put},
    {"GET", ARM_SUBSEC "/workspaceSettings", READ, workspaces_list},
    {"GET", ARM_SUBSEC "/workspaceSettings/{}", READ, workspace_get},
    {"PUT", ARM_SUBSEC "/workspaceSettings/{}", WRITE, VL_BODY_NONE, workspace_write},
    {"PATCH", ARM_SUBSEC "/workspaceSettings/{}", WRITE, VL_BODY_NONE, workspace_write},
    {"DELETE", ARM_SUBSEC "/workspaceSettings/{}", WRITE, VL_BODY_NONE, workspace_delete},
    {0},
};
