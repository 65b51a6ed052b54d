/* Secure score, its controls, and what these are made of. A score is there once something is assessed:
 * before, there is none, and not one of zero. */
#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/metadata.h"
#include "arm/scopes.h"
#include "posture/repo_score.h"
#include "routes.h"

#define SCORE_NAME "ascScore" /* of the built-in initiative; clients ask for it by this name */

struct score {
    struct vl_arm_scope scope;
    struct vl_score_state state;
};

static int read_score(struct vl_request *request, struct score *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_arm_group_version(request, "secureScores", err);
    if (r >= 0)
        r = vl_arm_scope(request, &ret->scope, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    return r < 0 ? r : vl_repo_score_get(conn, request->environment.id, &ret->state, err);
}

static bool is_there(const struct score *s)
{
    return s->state.score.maximum > 0;
}

static void write_points(struct vl_json *json, double maximum, double current, double percentage)
{
    vl_api_object(json, "score");
    vl_json_key(json, "max");
    vl_json_double(json, maximum);
    vl_json_key(json, "current");
    vl_json_double(json, current);
    vl_json_key(json, "percentage");
    vl_json_double(json, percentage);
    vl_json_object_end(json);
}

/* What the score rests on stands beside it. */
static void write_score(struct vl_json *json, const struct score *s)
{
    const struct vl_score *score = &s->state.score;
    char text[VL_SCORE_TEXT_MAX];
    vl_arm_entry(json, s->scope.id, "secureScores", "secureScores", SCORE_NAME);
    vl_json_member_str(json, "displayName", "Secure score");
    write_points(json, score->maximum, score->current, score->percentage);
    vl_json_member_int(json, "weight", (int64_t)score->weight);
    vl_json_member_str(json, "description", vl_score_text(&s->state, text));
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
    if (is_there(&s))
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
    if (!is_score(&s.scope) || !is_there(&s))
        return no_score(request, &s, err);
    vl_arm_answer(request, 200, &json);
    write_score(&json, &s);
    return vl_json_check(&json, "the answer", err);
}

/* --- controls --- */

static void write_definition(
    struct vl_request *request, struct vl_json *json, const struct vl_posture_control *c)
{
    vl_api_object(json, "definition");
    vl_json_member_str(json, "id",
        vl_arena_printf(
            request->arena, "/providers/" VL_ARM_PROVIDER "/secureScoreControlDefinitions/%s", c->guid));
    vl_json_member_str(json, "name", c->guid);
    vl_json_member_str(json, "type", VL_ARM_PROVIDER "/secureScoreControlDefinitions");
    vl_api_object(json, "properties");
    vl_arm_control_members(json, c);
    vl_arm_entry_end(json);
}

/* Mitigated resources are shown as healthy, waived ones as not applicable; neither has points. */
static void write_control(
    struct vl_request *request, struct vl_json *json, const char *scope, const struct vl_score_row *row)
{
    const struct vl_score_counts *n = &row->counts;
    vl_arm_entry(json, scope, "secureScores/secureScoreControls",
        "secureScores/" SCORE_NAME "/secureScoreControls", row->control->guid);
    vl_json_member_str(json, "displayName", row->control->name);
    vl_json_member_int(json, "healthyResourceCount", (int64_t)(n->healthy + n->mitigated));
    vl_json_member_int(json, "unhealthyResourceCount", (int64_t)n->unhealthy);
    vl_json_member_int(json, "notApplicableResourceCount", (int64_t)(n->not_applicable + n->waived));
    write_points(json, row->score.maximum, row->score.current, row->score.percentage);
    vl_json_member_int(json, "weight", (int64_t)row->score.weight);
    if (vl_arm_expand(request, "definition"))
        write_definition(request, json, row->control);
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
    for (size_t i = 0; i < s.state.n_controls && r >= 0; i++) {
        const struct vl_score_counts *n = &s.state.controls[i].counts;
        if (n->healthy + n->unhealthy + n->mitigated + n->waived + n->grace + n->not_applicable > 0)
            write_control(request, &list.json, s.scope.id, &s.state.controls[i]);
    }
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
    if (r < 0)
        return r;
    for (size_t i = 0; i < vl_posture_n_controls; i++) {
        vl_arm_entry(&list.json, scope.id, "secureScoreControlDefinitions", "secureScoreControlDefinitions",
            vl_posture_controls[i].guid);
        vl_arm_control_members(&list.json, &vl_posture_controls[i]);
        vl_arm_entry_end(&list.json);
    }
    return vl_arm_list_end(&list, err);
}

#define DEFINITIONS "/secureScoreControlDefinitions"

const struct vl_route vl_routes_arm_score[] = {
    {"GET", ARM_SUBSEC "/secureScores", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, scores_list},
    {"GET", ARM_SUBSEC "/secureScores/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, scores_get},
    {"GET", ARM_SUBSEC "/secureScores/{}/secureScoreControls", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART,
        VL_BODY_NONE, controls},
    {"GET", ARM_SUBSEC "/secureScoreControls", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, controls},
    {"GET", ARM_SEC DEFINITIONS, VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, definitions},
    {"GET", ARM_SUBSEC DEFINITIONS, VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, definitions},
    {0},
};
