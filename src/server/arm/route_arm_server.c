/* What is there at all: tenant, subscriptions, resource groups, provider, operations, location; and what
 * Microsoft.Security has elsewhere and we have not. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/repo_arm_server.h"
#include "identity/repo_identity.h"
#include "routes.h"

static int tenants(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_list list;
    const char *tenant;
    int r = vl_arm_tenant(request, &tenant, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    vl_json_object(&list.json);
    vl_json_member_str(&list.json, "id", vl_arena_printf(request->arena, "/tenants/%s", tenant));
    vl_json_member_str(&list.json, "tenantId", tenant);
    vl_json_member_str(&list.json, "displayName", "Vallum");
    vl_json_member_str(&list.json, "tenantCategory", "Home");
    vl_json_object_end(&list.json);
    return vl_arm_list_end(&list, err);
}

/* --- subscriptions --- */

static void write_subscription(struct vl_json *json, const struct vl_environment *environment,
    const char *tenant, struct vl_arena *arena)
{
    vl_json_object(json);
    vl_json_member_str(json, "id", vl_arena_printf(arena, "/subscriptions/%s", environment->guid));
    vl_json_member_str(json, "authorizationSource", "RoleBased");
    vl_json_key(json, "managedByTenants");
    vl_json_array(json);
    vl_json_array_end(json);
    vl_json_member_str(json, "subscriptionId", environment->guid);
    vl_json_member_str(json, "tenantId", tenant);
    vl_json_member_str(json, "displayName", environment->name);
    vl_json_member_str(json, "state", "Enabled");
    vl_json_object_end(json);
}

/* Those that the caller has a role in. */
static int subscriptions(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment *all = NULL;
    struct vl_arm_list list;
    const char *tenant;
    size_t n = 0;
    int r = vl_arm_tenant(request, &tenant, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_environment_list(conn, request->arena, &all, &n, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    const char *last = NULL;
    for (size_t i = 0; i < n && r >= 0; i++) {
        enum vl_role role;
        if (list.skip && strcmp(all[i].name, list.skip) <= 0)
            continue;
        r = vl_request_role_somewhere(request, conn, all[i].id, &role, err);
        if (r < 0 || role == VL_ROLE_NONE)
            continue;
        if (!vl_arm_list_room(&list, last))
            break;
        write_subscription(&list.json, &all[i], tenant, request->arena);
        last = all[i].name;
    }
    return r < 0 ? r : vl_arm_list_end(&list, err);
}

static int subscription(struct vl_request *request, struct vl_err *err)
{
    const char *tenant;
    struct vl_json json;
    int r = vl_arm_tenant(request, &tenant, err);
    if (r < 0)
        return r;
    vl_arm_answer(request, 200, &json);
    write_subscription(&json, &request->environment, tenant, request->arena);
    return vl_json_check(&json, "the answer", err);
}

/* Where in the world it is: here. */
static int subscription_locations(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_list list;
    int r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    vl_json_object(&list.json);
    vl_json_member_str(&list.json, "id",
        vl_arena_printf(
            request->arena, "/subscriptions/%s/locations/" VL_ARM_LOCATION, request->environment.guid));
    vl_json_member_str(&list.json, "name", VL_ARM_LOCATION);
    vl_json_member_str(&list.json, "displayName", "Local");
    vl_json_member_str(&list.json, "regionalDisplayName", "Local");
    vl_json_object_end(&list.json);
    return vl_arm_list_end(&list, err);
}

/* --- resource groups --- */

static void write_group(struct vl_json *json, struct vl_request *request, const char *name)
{
    vl_json_object(json);
    vl_json_member_str(json, "id",
        vl_arena_printf(
            request->arena, "/subscriptions/%s/resourceGroups/%s", request->environment.guid, name));
    vl_json_member_str(json, "name", name);
    vl_json_member_str(json, "type", "Microsoft.Resources/resourceGroups");
    vl_json_member_str(json, "location", VL_ARM_LOCATION);
    vl_json_key(json, "properties");
    vl_json_object(json);
    vl_json_member_str(json, "provisioningState", "Succeeded");
    vl_json_object_end(json);
    vl_json_object_end(json);
}

/* The groups that the ids of resources name: they come in order, so that equal ones follow each other. */
static int groups_of(
    struct vl_request *request, const char **ret, size_t max, size_t *ret_n, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const char *const *ids = NULL;
    size_t n = 0, found = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_arm_resources(conn, request->environment.id, request->arena, &ids, &n, err);
    for (size_t i = 0; i < n && r >= 0 && found < max; i++) {
        struct vl_resource_id id;
        r = vl_resource_parse(vl_span_str(ids[i]), request->arena, &id, err);
        const char *group = r >= 0 ? id.group : NULL;
        if (group && (found == 0 || !vl_span_eq_nocase(vl_span_str(ret[found - 1]), vl_span_str(group))))
            ret[found++] = group;
    }
    *ret_n = found;
    return r;
}

static int resource_groups(struct vl_request *request, struct vl_err *err)
{
    const char *names[VL_ARM_TOP_MAX], *last = NULL;
    struct vl_arm_list list;
    size_t n = 0;
    int r = groups_of(request, names, VL_ARRAY_LEN(names), &n, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        const char *key = vl_arm_lower(request->arena, names[i]);
        if (!key || (list.skip && strcmp(key, list.skip) <= 0))
            continue;
        if (!vl_arm_list_room(&list, last))
            break;
        write_group(&list.json, request, names[i]);
        last = key;
    }
    return r < 0 ? r : vl_arm_list_end(&list, err);
}

static int resource_group(struct vl_request *request, struct vl_err *err)
{
    const char *names[VL_ARM_TOP_MAX];
    struct vl_json json;
    size_t n = 0;
    int r = groups_of(request, names, VL_ARRAY_LEN(names), &n, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        if (!vl_span_eq_nocase(vl_span_str(names[i]), vl_span_str(request->params[1])))
            continue;
        vl_arm_answer(request, 200, &json);
        write_group(&json, request, names[i]);
        return vl_json_check(&json, "the answer", err);
    }
    return r < 0 ? r
                 : vl_arm_error(request, err, VL_ERR_NOT_FOUND, "ResourceGroupNotFound",
                       "Resource group '%s' could not be found.", request->params[1]);
}

/* --- the provider --- */

static void write_provider(struct vl_json *json, const char *scope)
{
    vl_json_object(json);
    vl_json_key(json, "id");
    struct vl_buf id VL_CLEANUP(vl_buf_done);
    vl_buf_init(&id, 4096);
    vl_buf_printf(&id, "%s/providers/" VL_ARM_PROVIDER, scope);
    vl_json_str(json, vl_buf_str(&id));
    vl_json_member_str(json, "namespace", VL_ARM_PROVIDER);
    vl_json_member_str(json, "registrationState", "Registered");
    vl_json_key(json, "resourceTypes");
    vl_json_array(json);
    const struct vl_arm_group *group;
    for (size_t i = 0; (group = vl_arm_group_at(i)); i++) {
        if (!group->versions)
            continue;
        vl_json_object(json);
        vl_json_member_str(json, "resourceType", group->name);
        vl_json_key(json, "locations");
        vl_json_array(json);
        vl_json_str(json, VL_ARM_LOCATION);
        vl_json_array_end(json);
        vl_json_key(json, "apiVersions");
        vl_json_array(json);
        for (const char *const *v = group->versions; *v; v++)
            vl_json_str(json, *v);
        vl_json_array_end(json);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_object_end(json);
}

static const char *subscription_id(struct vl_request *request)
{
    return vl_arena_printf(request->arena, "/subscriptions/%s", request->environment.guid);
}

static int providers(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_list list;
    int r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    write_provider(&list.json, subscription_id(request));
    return vl_arm_list_end(&list, err);
}

static int provider(struct vl_request *request, struct vl_err *err)
{
    struct vl_json json;
    vl_arm_answer(request, 200, &json);
    write_provider(&json, subscription_id(request));
    return vl_json_check(&json, "the answer", err);
}

/* --- locations and operations --- */

static void write_location(struct vl_json *json, const char *scope)
{
    vl_arm_entry(json, scope, "locations", "locations", VL_ARM_LOCATION);
    vl_json_member_str(json, "homeRegionName", VL_ARM_LOCATION);
    vl_arm_entry_end(json);
}

static int locations(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_list list;
    int r = vl_arm_group_version(request, "locations", err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    write_location(&list.json, subscription_id(request));
    return vl_arm_list_end(&list, err);
}

static int location(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_json json;
    int r = vl_arm_group_version(request, "locations", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_location(request, &scope, err);
    if (r < 0)
        return r;
    vl_arm_answer(request, 200, &json);
    write_location(&json, scope.id);
    return vl_json_check(&json, "the answer", err);
}

/* What the routes of this face do, named as ARM names operations: TYPE/read, /write, /delete, /WORD/action.
 */
static const struct {
    const char *group, *verb, *description;
} operation_rows[] = {
    {"alerts", "read", "List and read security alerts"},
    {"locations/alerts", "dismiss/action", "Dismiss a security alert"},
    {"locations/alerts", "activate/action", "Activate a security alert"},
    {"locations/alerts", "resolve/action", "Resolve a security alert"},
    {"locations/alerts", "inProgress/action", "Set a security alert in progress"},
    {"locations/alerts", "simulate/action", "Make sample alerts"},
    {"alertsSuppressionRules", "read", "List and read suppression rules"},
    {"alertsSuppressionRules", "write", "Write a suppression rule"},
    {"alertsSuppressionRules", "delete", "Delete a suppression rule"},
    {"assessmentMetadata", "read", "List and read the catalogue of assessments"},
    {"assessments", "read", "List and read assessments"},
    {"assessments/subAssessments", "read", "List and read findings"},
    {"locations", "read", "List and read the location"},
    {"pricings", "read", "List and read plans"},
    {"pricings", "write", "Set a plan"},
    {"pricings", "delete", "Set a plan back to free"},
    {"secureScoreControlDefinitions", "read", "List the definitions of controls"},
    {"secureScoreControls", "read", "List controls"},
    {"secureScores", "read", "List and read secure scores"},
    {"securityContacts", "read", "List and read security contacts"},
    {"securityContacts", "write", "Write a security contact"},
    {"securityContacts", "delete", "Delete a security contact"},
    {"tasks", "read", "List and read tasks"},
    {"locations/tasks", "dismiss/action", "Dismiss a task"},
    {"locations/tasks", "activate/action", "Activate a task"},
};

static int operations(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_list list;
    int r = vl_arm_group_version(request, "operations", err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(operation_rows) && r >= 0; i++) {
        vl_json_object(&list.json);
        vl_json_member_str(&list.json, "name",
            vl_arena_printf(
                request->arena, VL_ARM_PROVIDER "/%s/%s", operation_rows[i].group, operation_rows[i].verb));
        vl_json_member_str(&list.json, "origin", "user");
        vl_json_key(&list.json, "display");
        vl_json_object(&list.json);
        vl_json_member_str(&list.json, "provider", "Vallum");
        vl_json_member_str(&list.json, "resource", operation_rows[i].group);
        vl_json_member_str(&list.json, "operation", operation_rows[i].verb);
        vl_json_member_str(&list.json, "description", operation_rows[i].description);
        vl_json_object_end(&list.json);
        vl_json_object_end(&list.json);
    }
    return r < 0 ? r : vl_arm_list_end(&list, err);
}

/* --- what is not there --- */

static int elsewhere(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = vl_arm_scope(request, &scope, err);
    if (r < 0) {
        vl_err_clear(err);
        return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "InvalidResourceNamespace",
            "there is nothing at this path: this server answers for " VL_ARM_PROVIDER);
    }
    bool in_location = vl_span_eq_nocase(vl_span_str(vl_arm_tail(&scope, 0)), VL_SPAN_LIT("locations"));
    const char *name = vl_arm_tail(&scope, in_location && scope.n_tail > 2 ? 2 : 0);
    const struct vl_arm_group *group = vl_arm_group_find(name), *below = NULL;
    if (group && !in_location && scope.n_tail > 2)
        below = vl_arm_group_find(vl_arm_tail(&scope, 2)); /* of one of its entries */
    if (below && !below->versions)
        group = below;
    if (!group)
        return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "InvalidResourceType",
            "The resource type '%s' could not be found in the namespace '" VL_ARM_PROVIDER "'.", name);
    if (!group->versions)
        return vl_arm_not_built(request, err,
            vl_arena_printf(request->arena, "the operation group '%s' (%s)", group->name, group->title));
    if (scope.level != VL_ARM_SUBSCRIPTION && scope.level != VL_ARM_TENANT)
        return vl_arm_not_built(request, err,
            vl_arena_printf(request->arena, "%s '%s' at this scope", request->call->method, group->name));
    return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "InvalidResourceType",
        "%s has no operation at this path of '%s'", request->call->method, group->name);
}

#define SUB "/subscriptions/{}"
#define SEC SUB "/providers/Microsoft.Security"

const struct vl_route vl_routes_arm_server[] = {
    {"GET", "/tenants", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, tenants},
    {"GET", "/subscriptions", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, subscriptions},
    {"GET", SUB, VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, subscription},
    {"GET", SUB "/locations", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, subscription_locations},
    {"GET", SUB "/resourceGroups", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, resource_groups},
    {"GET", SUB "/resourceGroups/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, resource_group},
    {"GET", SUB "/providers", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, providers},
    {"GET", SEC, VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, provider},
    {"GET", SEC "/locations", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, locations},
    {"GET", SEC "/locations/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, location},
    {"GET", "/providers/Microsoft.Security/operations", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE,
        operations},
    {0},
};

/* Behind all others of this face. */
const struct vl_route vl_routes_arm_rest[] = {
    {"GET", SUB "/{*}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, elsewhere},
    {"PUT", SUB "/{*}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, elsewhere},
    {"POST", SUB "/{*}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, elsewhere},
    {"PATCH", SUB "/{*}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, elsewhere},
    {"DELETE", SUB "/{*}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, elsewhere},
    {"GET", "/providers/{*}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, elsewhere},
    {"PUT", "/providers/{*}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, elsewhere},
    {"POST", "/providers/{*}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, elsewhere},
    {"PATCH", "/providers/{*}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, elsewhere},
    {"DELETE", "/providers/{*}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, elsewhere},
    {0},
};
