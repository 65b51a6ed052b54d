/* Secure score, its controls, and what these are made of. A score is there once something is assessed:
 * before, there is none, and not one of zero. */
#include <math.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/metadata.h"
#include "arm/repo_arm_posture.h"
#include "arm/scopes.h"
#include "posture/score.h"
#include "routes.h"

#define SCORE_NAME "ascScore" /* of the built-in initiative; clients ask for it by this name */

struct score {
    struct vl_arm_scope scope;
    struct vl_arm_control *controls;
    size_t n;
    struct vl_score sum;
};

static double rounded(double value, double scale)
{
    return round(value * scale) / scale;
}

static int read_score(struct vl_request *request, struct score *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_score_control parts[VL_ARM_CONTROLS_MAX];
    int r = vl_arm_group_version(request, "secureScores", err);
    if (r >= 0)
        r = vl_arm_scope(request, &ret->scope, err);
    if (r >= 0)
        r = vl_store_read(request->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_arm_controls(conn, request->environment.id, request->arena, &ret->controls, &ret->n, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ret->n; i++) {
        const struct vl_arm_control *c = &ret->controls[i];
        parts[i] = (struct vl_score_control){
            .current = c->current, .maximum = c->maximum, .weight = (uint64_t)(c->healthy + c->unhealthy)};
    }
    vl_score_sum(parts, ret->n, &ret->sum);
    return 0;
}

static void write_points(struct vl_json *json, double maximum, double current, double percentage)
{
    vl_api_object(json, "score");
    vl_json_key(json, "max");
    vl_json_double(json, maximum);
    vl_json_key(json, "current");
    vl_json_double(json, rounded(current, 100));
    vl_json_key(json, "percentage");
    vl_json_double(json, rounded(percentage, 10000));
    vl_json_object_end(json);
}

static void write_score(struct vl_json *json, const struct score *s)
{
    vl_arm_entry(json, s->scope.id, "secureScores", "secureScores", SCORE_NAME);
    vl_json_member_str(json, "displayName", "Secure score");
    write_points(json, s->sum.maximum, s->sum.current, s->sum.percentage);
    vl_json_member_int(json, "weight", (int64_t)s->sum.weight);
    vl_arm_entry_end(json);
}

static int scores_list(struct vl_request *request, struct vl_err *err)
{
    struct score s = {0};
    struct vl_arm_list list;
    int r = read_score(request, &s, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    if (r < 0)
        return r;
    if (s.sum.maximum > 0)
        write_score(&list.json, &s);
    return vl_arm_list_end(&list, err);
}

static bool is_score(const struct vl_arm_scope *scope)
{
    return vl_span_eq_nocase(vl_span_str(vl_arm_tail(scope, 1)), VL_SPAN_LIT(SCORE_NAME));
}

static int no_score(struct vl_request *request, const struct score *s, struct vl_err *err)
{
    return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "SecureScoreNotFound",
        is_score(&s->scope) ? "'%s': nothing is assessed yet, so there is no score"
                            : "there is no secure score '%s'; the only one is '" SCORE_NAME "'",
        vl_arm_tail(&s->scope, 1));
}

static int scores_get(struct vl_request *request, struct vl_err *err)
{
    struct score s = {0};
    struct vl_json json;
    int r = read_score(request, &s, err);
    if (r < 0)
        return r;
    if (!is_score(&s.scope) || !(s.sum.maximum > 0))
        return no_score(request, &s, err);
    vl_arm_answer(request, 200, &json);
    write_score(&json, &s);
    return vl_json_check(&json, "the answer", err);
}

/* --- controls --- */

static void write_control(
    struct vl_request *request, struct vl_json *json, const char *scope, const struct vl_arm_control *c)
{
    const struct vl_posture_control *known = vl_posture_control_find(vl_span_str(c->guid));
    vl_arm_entry(json, scope, "secureScores/secureScoreControls",
        "secureScores/" SCORE_NAME "/secureScoreControls", c->guid);
    vl_json_member_str(json, "displayName", known ? known->name : c->guid);
    vl_json_member_int(json, "healthyResourceCount", c->healthy);
    vl_json_member_int(json, "unhealthyResourceCount", c->unhealthy);
    vl_json_member_int(json, "notApplicableResourceCount", c->not_applicable);
    write_points(json, c->maximum, c->current, c->maximum > 0 ? c->current / c->maximum : 0);
    vl_json_member_int(json, "weight", c->healthy + c->unhealthy);
    if (known && vl_arm_expand(request, "definition")) {
        vl_api_object(json, "definition");
        vl_json_member_str(json, "id",
            vl_arena_printf(request->arena, "/providers/" VL_ARM_PROVIDER "/secureScoreControlDefinitions/%s",
                known->guid));
        vl_json_member_str(json, "name", known->guid);
        vl_json_member_str(json, "type", VL_ARM_PROVIDER "/secureScoreControlDefinitions");
        vl_api_object(json, "properties");
        vl_arm_control_members(json, known);
        vl_arm_entry_end(json);
    }
    vl_arm_entry_end(json);
}

static int controls(struct vl_request *request, struct vl_err *err)
{
    struct score s = {0};
    struct vl_arm_list list;
    int r = read_score(request, &s, err);
    if (r < 0)
        return r;
    if (s.scope.n_tail == 3 && !is_score(&s.scope))
        return no_score(request, &s, err);
    r = vl_arm_list(request, NULL, &list, err);
    for (size_t i = 0; i < s.n && r >= 0; i++)
        write_control(request, &list.json, s.scope.id, &s.controls[i]);
    return r < 0 ? r : vl_arm_list_end(&list, err);
}

static int definitions(struct vl_request *request, struct vl_err *err)
{
    struct vl_arm_scope scope;
    struct vl_arm_list list;
    int r = vl_arm_group_version(request, "secureScoreControlDefinitions", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &list, err);
    for (size_t i = 0; i < vl_posture_n_controls && r >= 0; i++) {
        vl_arm_entry(&list.json, scope.id, "secureScoreControlDefinitions", "secureScoreControlDefinitions",
            vl_posture_controls[i].guid);
        vl_arm_control_members(&list.json, &vl_posture_controls[i]);
        vl_arm_entry_end(&list.json);
    }
    return r < 0 ? r : vl_arm_list_end(&list, err);
}

#define DEFINITIONS "/secureScoreControlDefinitions"

const struct vl_route vl_routes_arm_score[] = {
    {"GET", ARM_SUBSEC "/secureScores", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, scores_list},
    {"GET", ARM_SUBSEC "/secureScores/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, scores_get},
    {"GET", ARM_SUBSEC "/secureScores/{}/secureScoreControls", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE,
        controls},
    {"GET", ARM_SUBSEC "/secureScoreControls", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, controls},
    {"GET", ARM_SEC DEFINITIONS, VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, definitions},
    {"GET", ARM_SUBSEC DEFINITIONS, VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, definitions},
    {0},
};
