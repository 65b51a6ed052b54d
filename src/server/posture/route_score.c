/* Secure score: /api/v1/secure-score. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "identity/repo_role.h"
#include "posture/repo_score.h"
#include "routes.h"

#define DAY_MS   86400000LL
#define DAYS     90
#define DECIMALS 4

static void number(struct vl_json *json, const char *key, bool known, double value)
{
    vl_json_key(json, key);
    if (known)
        vl_json_double(json, value);
    else
        vl_json_null(json);
}

static void write_score(struct vl_json *json, const struct vl_score *score)
{
    bool known = score->maximum > 0;
    vl_api_object(json, "score");
    number(json, "current", known, score->current);
    number(json, "max", known, score->maximum);
    number(json, "percentage", known, score->percentage);
    vl_json_object_end(json);
}

/* What it rests on. */
static void write_assessed(struct vl_json *json, const struct vl_score_state *state)
{
    char text[VL_SCORE_TEXT_MAX];
    vl_api_object(json, "assessed");
    vl_json_member_int(json, "points", state->points);
    vl_json_member_int(json, "of", VL_SCORE_POINTS);
    vl_json_member_str(json, "text", vl_score_text(state, text));
    vl_api_object(json, "images");
    vl_json_member_int(json, "assessed", state->images_assessed);
    vl_json_member_int(json, "notAssessed", state->images - state->images_assessed);
    vl_json_object_end(json);
    vl_json_object_end(json);
}

static int read_state(struct vl_request *request, struct vl_score_state *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_score_get(conn, request->environment.id, ret, err);
    return r < 0 ? r : vl_repo_score_images(conn, request->environment.id, ret, err);
}

static int score_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_score_state state;
    struct vl_json json;
    int r = read_state(request, &state, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    write_score(&json, &state.score);
    write_assessed(&json, &state);
    vl_json_member_int(&json, "weight", (int64_t)state.score.weight);
    vl_json_member_int(&json, "controls", (int64_t)state.score.controls);
    vl_api_time(&json, "computedAt", state.computed);
    r = vl_request_json_end(&json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

/* --- controls, and categories of them --- */

struct line {
    const char *id, *name, *category;
    struct vl_score_counts counts;
    struct vl_score score;
    unsigned possible;
    double increase;
};

static void write_line(struct vl_json *json, const struct line *line)
{
    bool known = line->score.weight > 0;
    vl_json_member_str(json, "id", line->id);
    vl_json_member_str(json, "name", line->name);
    vl_json_member_str(json, "category", line->category);
    number(json, "current", known, line->score.current);
    number(json, "max", known, line->score.maximum);
    number(json, "percentage", known && line->score.maximum > 0, line->score.percentage);
    vl_json_member_int(json, "maxPossible", line->possible);
    vl_json_key(json, "weight"); /* per cent of all points there are */
    vl_json_fixed(json, 100.0 * line->possible / VL_SCORE_POINTS, 1);
    vl_json_member_int(json, "healthy", (int64_t)(line->counts.healthy + line->counts.mitigated));
    vl_json_member_int(json, "unhealthy", (int64_t)line->counts.unhealthy);
    vl_json_member_int(json, "notApplicable", (int64_t)(line->counts.not_applicable + line->counts.waived));
    vl_json_member_int(json, "exempt", (int64_t)(line->counts.mitigated + line->counts.waived));
    vl_json_member_bool(json, "assessed", known);
    number(json, "potentialIncrease", known, line->increase);
}

static void add(struct line *line, const struct vl_score_row *row)
{
    line->counts.healthy += row->counts.healthy;
    line->counts.unhealthy += row->counts.unhealthy;
    line->counts.mitigated += row->counts.mitigated;
    line->counts.waived += row->counts.waived;
    line->counts.not_applicable += row->counts.not_applicable;
    line->possible += row->control->maximum;
    line->increase += row->score.increase;
}

/* One control, or all of a category. */
static void line_of(const struct vl_score_state *state, const struct vl_posture_control *control,
    enum vl_score_category category, struct line *ret)
{
    struct vl_score_control scores[VL_SCORE_CONTROLS_MAX];
    size_t n = 0;
    *ret = (struct line){.category = vl_score_category_name(category)};
    for (size_t i = 0; i < state->n_controls; i++) {
        const struct vl_score_row *row = &state->controls[i];
        if (control ? row->control != control : row->control->category != category)
            continue;
        add(ret, row);
        scores[n++] = row->score;
    }
    vl_score_sum(scores, n, &ret->score);
    ret->id = control ? control->guid : ret->category;
    ret->name = control ? control->name : ret->category;
}

static int controls_list(struct vl_request *request, struct vl_err *err)
{
    static const char *const words[] = {"control", "category", NULL};
    struct vl_score_state state;
    struct vl_api_page page;
    struct line line;
    int by = 0;
    int r = vl_api_query_word(request, "by", words, 0, &by, err);
    if (r >= 0)
        r = read_state(request, &state, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    if (r < 0)
        return r;
    size_t n = by ? VL_SCORE_CATEGORIES : state.n_controls;
    for (size_t i = 0; i < n && vl_api_item(&page); i++) {
        const struct vl_posture_control *control = by ? NULL : state.controls[i].control;
        line_of(&state, control, control ? control->category : (enum vl_score_category)i, &line);
        write_line(&page.json, &line);
        vl_api_item_end(&page, NULL);
    }
    return vl_api_list_end(&page, (int64_t)n, err);
}

/* --- day by day --- */

static int history(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_score_day *days = NULL;
    struct vl_api_page page;
    const char *control = NULL;
    int64_t back = 0;
    size_t n = 0;
    int r = vl_request_query_int(request, "days", DAYS, 1, VL_SCORE_DAYS_MAX, &back, err);
    if (r >= 0)
        r = vl_api_query_text(request, "control", 64, &control, err);
    if (r >= 0 && *control && !vl_posture_control_find(vl_span_str(control)))
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such control");
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_score_history(conn, request->environment.id, control,
            vl_time_now_ms() / DAY_MS - back + 1, request->arena, &days, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n && vl_api_item(&page); i++) {
        char text[VL_TIME_TEXT_MAX];
        bool known = days[i].maximum > 0;
        vl_json_member_str(&page.json, "day", vl_time_format_date(days[i].day * DAY_MS, text));
        number(&page.json, "current", known, days[i].current);
        number(&page.json, "max", known, days[i].maximum);
        vl_json_key(&page.json, "percentage");
        if (known)
            vl_json_fixed(&page.json, days[i].current / days[i].maximum, DECIMALS);
        else
            vl_json_null(&page.json);
        vl_api_item_end(&page, NULL);
    }
    return vl_api_list_end(&page, (int64_t)n, err);
}

/* --- several environments --- */

struct one {
    struct vl_environment environment;
    struct vl_score_state state;
};

/* Those that the caller may read; *ret_n of them. */
static int read_all(struct vl_request *request, struct one **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment *all = NULL;
    size_t n = 0, open = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_environment_list(conn, request->arena, &all, &n, err);
    struct one *list = r < 0 ? NULL : vl_arena_array(request->arena, n + 1, sizeof(*list));
    if (r >= 0 && !list)
        return vl_arena_check(request->arena, "the scores", err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        enum vl_role role = VL_ROLE_NONE;
        r = vl_repo_role_get(conn, &request->who, all[i].id, &role, err);
        if (r < 0 || role == VL_ROLE_NONE)
            continue;
        list[open].environment = all[i];
        r = vl_repo_score_get(conn, all[i].id, &list[open++].state, err);
    }
    *ret = list;
    *ret_n = open;
    return r;
}

static int environments(struct vl_request *request, struct vl_err *err)
{
    struct one *list = NULL;
    struct vl_json json;
    size_t n = 0;
    double over = 0;
    int r = read_all(request, &list, &n, err);
    struct vl_score *scores = r < 0 ? NULL : vl_arena_array(request->arena, n + 1, sizeof(*scores));
    if (r < 0 || !scores)
        return r < 0 ? r : vl_arena_check(request->arena, "the scores", err);
    for (size_t i = 0; i < n; i++)
        scores[i] = list[i].state.score;
    bool known = vl_score_over(scores, n, &over);
    vl_request_json(request, 200, &json);
    number(&json, "percentage", known, over);
    vl_api_array(&json, "items");
    for (size_t i = 0; i < n; i++) {
        vl_json_object(&json);
        vl_json_member_str(&json, "id", list[i].environment.guid);
        vl_json_member_str(&json, "name", list[i].environment.name);
        write_score(&json, &list[i].state.score);
        write_assessed(&json, &list[i].state);
        vl_json_member_int(&json, "weight", (int64_t)list[i].state.score.weight);
        vl_json_object_end(&json);
    }
    vl_json_array_end(&json);
    return vl_request_json_end(&json, err);
}

const struct vl_route vl_routes_score[] = {
    {"GET", "/api/v1/secure-score", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, score_get},
    {"GET", "/api/v1/secure-score/controls", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE,
        controls_list},
    {"GET", "/api/v1/secure-score/history", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, history},
    {"GET", "/api/v1/secure-score/environments", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, environments},
    {0},
};
