/* Assessments, and the catalogue of what is assessed (assessmentMetadata). Both are Vallum's own: a client
 * that wants to write them is refused. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/metadata.h"
#include "arm/repo_arm_posture.h"
#include "arm/scopes.h"
#include "posture/score.h"
#include "routes.h"

/* --- metadata --- */

static void write_metadata(
    struct vl_json *json, const char *scope, const struct vl_posture_assessment *assessment)
{
    vl_arm_entry(json, scope, "assessmentMetadata", "assessmentMetadata", assessment->key);
    vl_arm_metadata_members(json, assessment);
    vl_arm_entry_end(json);
}

static int metadata_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_arm_list list;
    const char *last = NULL;
    int r = vl_arm_group_version(request, "assessmentMetadata", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    bool past = !list.skip;
    for (size_t i = 0; i < vl_posture_n_assessments; i++) {
        const char *key = vl_posture_assessments[i].key;
        if (!past) {
            past = strcmp(key, list.skip) == 0;
            continue;
        }
        if (!vl_arm_list_room(&list, last))
            break;
        write_metadata(&list.json, scope.id, &vl_posture_assessments[i]);
        last = key;
    }
    return vl_arm_list_end(&list, err);
}

static const struct vl_posture_assessment *by_key(const char *key)
{
    const struct vl_posture_assessment *found = vl_posture_assessment_find(vl_span_str(key));
    return found && vl_span_eq_nocase(vl_span_str(found->key), vl_span_str(key)) ? found : NULL;
}

static int metadata_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_json json;
    int r = vl_arm_group_version(request, "assessmentMetadata", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r < 0)
        return r;
    const struct vl_posture_assessment *found = by_key(vl_arm_tail(&scope, 1));
    if (!found)
        return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "AssessmentMetadataNotFound",
            "there is no assessment '%s'", vl_arm_tail(&scope, 1));
    vl_arm_answer(request, 200, &json);
    write_metadata(&json, scope.id, found);
    return vl_json_check(&json, "the answer", err);
}

static int metadata_write(struct vl_request *request, struct vl_err *err)
{
    return vl_arm_not_built(request, err, "writing assessments of one's own");
}

/* --- assessments --- */

static void write_assessment(
    struct vl_request *request, struct vl_json *json, const struct vl_arm_assessment *a)
{
    const struct vl_posture_assessment *known = by_key(a->key);
    vl_arm_entry(json, a->resource_id, "assessments", "assessments", a->key);
    vl_api_object(json, "resourceDetails");
    vl_json_member_str(json, "source", "Azure"); /* what the API has for ids of this form */
    vl_json_member_str(json, "id", a->resource_id);
    vl_json_object_end(json);
    vl_json_member_str(json, "displayName", known ? known->name : a->key);
    vl_api_object(json, "status");
    vl_json_member_str(json, "code", vl_assessment_status_name(a->status));
    vl_json_member_str(json, "cause", a->cause);
    vl_json_member_str(json, "description", a->description);
    vl_arm_time(json, "firstEvaluationDate", a->first);
    vl_arm_time(json, "statusChangeDate", a->changed);
    vl_json_object_end(json);
    vl_api_object(json, "additionalData"); /* texts only */
    vl_json_member_str(json, "openFindings", vl_arena_printf(request->arena, "%lld", (long long)a->findings));
    vl_json_object_end(json);
    if (vl_arm_expand(request, "links")) {
        vl_api_object(json, "links");
        vl_json_member_str(json, "azurePortal",
            vl_arena_printf(request->arena, "%s/ui/recommendations/%s?environment=%s", vl_arm_base(request),
                a->key, request->environment.guid));
        vl_json_object_end(json);
    }
    if (known && vl_arm_expand(request, "metadata")) {
        vl_api_object(json, "metadata");
        vl_arm_metadata_members(json, known);
        vl_json_object_end(json);
    }
    vl_arm_entry_end(json);
}

/* The token is "KEY:RESOURCE". */
static bool read_token(struct vl_request *request, const char *token, struct vl_arm_assessment_query *query)
{
    struct vl_span rest = vl_span_str(token ? token : ":0"), key;
    uint64_t resource;
    if (!vl_span_split(&rest, ':', &key) || !vl_span_to_u64(rest, &resource) || resource > INT64_MAX)
        return false;
    query->after_key = vl_arena_dup_span(request->arena, key);
    query->after_resource = (int64_t)resource;
    return query->after_key != NULL;
}

static int assessments_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_assessment_query query = {.environment = request->environment.id, .key = ""};
    struct vl_arm_assessment *rows = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list list;
    const char *last = NULL;
    size_t n = 0;
    int r = vl_arm_group_version(request, "assessments", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    query.below = scope.level == VL_ARM_SUBSCRIPTION ? "" : scope.key;
    if (!read_token(request, list.skip, &query))
        return vl_arm_error(
            request, err, VL_ERR_INVALID, "InvalidQueryParameter", "$skiptoken is none of ours");
    r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_arm_assessments(conn, &query, list.top + 1, request->arena, &rows, &n, err);
    for (size_t i = 0; i < n && r >= 0 && vl_arm_list_room(&list, last); i++) {
        write_assessment(request, &list.json, &rows[i]);
        last = vl_arena_printf(request->arena, "%s:%lld", rows[i].key, (long long)rows[i].resource);
    }
    return r < 0 ? r : vl_arm_list_end(&list, err);
}

static int assessments_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_assessment_query query = {.environment = request->environment.id, .after_key = ""};
    struct vl_arm_assessment *rows = NULL;
    struct vl_arm_scope scope;
    struct vl_json json;
    size_t n = 0;
    int r = vl_arm_group_version(request, "assessments", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r < 0)
        return r;
    query.below = scope.key;
    query.key = vl_arm_lower(request->arena, vl_arm_tail(&scope, 1));
    query.exact = true;
    r = query.key ? vl_request_read(request, &conn, err) : vl_arena_check(request->arena, "the request", err);
    if (r >= 0)
        r = vl_repo_arm_assessments(conn, &query, 1, request->arena, &rows, &n, err);
    if (r < 0)
        return r;
    if (n > 0) {
        vl_arm_answer(request, 200, &json);
        write_assessment(request, &json, &rows[0]);
        return vl_json_check(&json, "the answer", err);
    }
    return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "AssessmentNotFound", "'%s' is not assessed by '%s'",
        scope.id, vl_arm_tail(&scope, 1));
}

static int assessments_write(struct vl_request *request, struct vl_err *err)
{
    return vl_arm_not_built(request, err, "writing assessments from outside");
}

#define METADATA "/assessmentMetadata"

const struct vl_route vl_routes_arm_assessment[] = {
    {"GET", ARM_SEC METADATA, VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, metadata_list},
    {"GET", ARM_SEC METADATA "/{}", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, metadata_get},
    {"GET", ARM_SUBSEC METADATA, VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, metadata_list},
    {"GET", ARM_SUBSEC METADATA "/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, metadata_get},
    {"PUT", ARM_SUBSEC METADATA "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, metadata_write},
    {"DELETE", ARM_SUBSEC METADATA "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, metadata_write},
    ARM_ROUTES("GET", "/assessments", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, assessments_list),
    ARM_ROUTES(
        "GET", "/assessments/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, assessments_get),
    ARM_ROUTES("PUT", "/assessments/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, assessments_write),
    ARM_ROUTES("DELETE", "/assessments/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, assessments_write),
    {0},
};
