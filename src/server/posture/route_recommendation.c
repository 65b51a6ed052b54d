/* Recommendations: /api/v1/recommendations. All of the catalogue, and of each whether anything evaluates it.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "findings/repo_summary.h"
#include "posture/repo_assessment.h"
#include "posture/repo_score.h"
#include "routes.h"

struct recommendation {
    const struct vl_posture_assessment *what;
    struct vl_assessment_sums sums;
    bool assessed;
    bool scored;
    double increase; /* points */
};

static uint64_t evaluated(const struct vl_score_counts *c)
{
    return c->healthy + c->unhealthy + c->mitigated + c->waived + c->not_applicable;
}

static int read_one(struct vl_store_conn *conn, int64_t environment, const struct vl_score_state *state,
    const struct vl_posture_assessment *what, struct recommendation *ret, struct vl_err *err)
{
    *ret = (struct recommendation){.what = what, .sums.epss = -1};
    if (what->detector == VL_DETECTOR_NONE)
        return 0;
    int r = vl_repo_assessment_sums(conn, environment, what, &ret->sums, err);
    ret->assessed = r >= 0 && evaluated(&ret->sums.counts) > 0;
    for (size_t i = 0; i < state->n_controls && ret->assessed; i++) {
        const struct vl_score_row *row = &state->controls[i];
        if (row->control != what->control || !vl_posture_assessment_scores(what))
            continue;
        ret->scored = true;
        /* what is in its grace period costs nothing, and so gains nothing */
        ret->increase = vl_score_increase(
            row->control->maximum, &row->counts, ret->sums.counts.unhealthy - (uint64_t)ret->sums.grace);
    }
    return r;
}

/* What runs is not known until clusters are joined. Then: exploited, likely to be exploited, fixable, severe,
 * frequent. */
static int before(const void *left, const void *right)
{
    const struct recommendation *a = left, *b = right;
    const double keys[][2] = {{a->assessed, b->assessed},
        {a->sums.counts.unhealthy > 0, b->sums.counts.unhealthy > 0}, {a->sums.kev > 0, b->sums.kev > 0},
        {a->sums.epss, b->sums.epss}, {a->sums.fixable > 0, b->sums.fixable > 0},
        {a->what->severity, b->what->severity},
        {(double)a->sums.counts.unhealthy, (double)b->sums.counts.unhealthy}};
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++) {
        if (keys[i][0] > keys[i][1] || keys[i][0] < keys[i][1])
            return keys[i][0] > keys[i][1] ? -1 : 1;
    }
    return strcmp(a->what->name, b->what->name);
}

static void count(struct vl_json *json, const char *key, bool known, uint64_t value)
{
    vl_api_int(json, key, known ? (int64_t)value : -1);
}

static void write_item(struct vl_json *json, const struct recommendation *r)
{
    const struct vl_score_counts *c = &r->sums.counts;
    vl_json_member_str(json, "key", r->what->key);
    vl_json_member_str(json, "title", r->what->name);
    vl_json_member_str(json, "severity", vl_severity_name(r->what->severity));
    if (r->what->control) {
        vl_api_object(json, "control");
        vl_json_member_str(json, "id", r->what->control->guid);
        vl_json_member_str(json, "name", r->what->control->name);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "control");
    }
    vl_json_member_str(json, "cloud", r->what->cloud);
    vl_json_member_str(json, "kind", r->what->kind);
    vl_json_member_bool(json, "preview", r->what->preview);
    vl_json_member_bool(json, "built", r->what->detector != VL_DETECTOR_NONE);
    vl_json_member_bool(json, "assessed", r->assessed);
    count(json, "healthy", r->assessed, c->healthy);
    count(json, "unhealthy", r->assessed, c->unhealthy);
    count(json, "notApplicable", r->assessed, c->not_applicable);
    count(json, "exempt", r->assessed, c->mitigated + c->waived);
    count(json, "findings", r->assessed, (uint64_t)r->sums.findings);
    count(json, "kev", r->assessed, (uint64_t)r->sums.kev);
    count(json, "fixable", r->assessed, (uint64_t)r->sums.fixable);
    vl_json_key(json, "epss");
    if (r->sums.epss >= 0)
        vl_json_double(json, r->sums.epss);
    else
        vl_json_null(json);
    vl_json_key(json, "potentialIncrease");
    if (r->scored)
        vl_json_double(json, r->increase);
    else
        vl_json_null(json);
    count(json, "assigned", r->assessed, (uint64_t)r->sums.assigned);
    count(json, "overdue", r->assessed, (uint64_t)r->sums.overdue);
    count(json, "inGracePeriod", r->assessed, (uint64_t)r->sums.grace);
    vl_api_time(json, "nextDue", r->sums.next_due);
    vl_api_null(json, "running");
}

static int recommendations_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct recommendation *list = vl_arena_array(request->arena, vl_posture_n_assessments, sizeof(*list));
    struct vl_score_state state;
    struct vl_api_page page;
    bool only = false;
    size_t n = 0;
    int r = list ? vl_api_query_bool(request, "assessed", &only, err)
                 : vl_arena_failed(request->arena, "the recommendations", err);
    if (r >= 0)
        r = vl_repo_summary_fresh(request->app->store, request->environment.id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_score_get(conn, request->environment.id, &state, err);
    for (size_t i = 0; i < vl_posture_n_assessments && r >= 0; i++) {
        r = read_one(conn, request->environment.id, &state, &vl_posture_assessments[i], &list[n], err);
        n += r >= 0 && (!only || list[n].assessed);
    }
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    if (r < 0)
        return r;
    qsort(list, n, sizeof(*list), before);
    for (size_t i = 0; i < n && vl_api_item(&page); i++) {
        write_item(&page.json, &list[i]);
        vl_api_item_end(&page, NULL);
    }
    return vl_api_list_end(&page, (int64_t)n, err);
}

static int find(struct vl_request *request, const struct vl_posture_assessment **ret, struct vl_err *err)
{
    *ret = vl_posture_assessment_find(vl_span_str(request->params[0]));
    return *ret ? 0 : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such recommendation");
}

static void write_references(struct vl_json *json, const struct vl_posture_assessment *what)
{
    vl_api_array(json, "references");
    if (what->detector == VL_DETECTOR_IMAGE) {
        vl_json_str(json, "https://www.cisa.gov/known-exploited-vulnerabilities-catalog");
        vl_json_str(json, "https://www.first.org/epss/");
    }
    vl_json_array_end(json);
}

static int recommendation_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const struct vl_posture_assessment *what = NULL;
    struct vl_score_state state;
    struct recommendation item;
    struct vl_json json;
    int r = find(request, &what, err);
    if (r >= 0)
        r = vl_repo_summary_fresh(request->app->store, request->environment.id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_score_get(conn, request->environment.id, &state, err);
    if (r >= 0)
        r = read_one(conn, request->environment.id, &state, what, &item, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    write_item(&json, &item);
    vl_json_member_str(&json, "description", what->description);
    vl_json_member_str(&json, "remediation", what->remediation);
    vl_json_member_str(&json, "userImpact", what->user_impact);
    vl_json_member_str(&json, "implementationEffort", what->effort);
    vl_json_member_str(&json, "note",
        what->detector == VL_DETECTOR_NONE ? "nothing in this release evaluates it"
        : item.assessed                    ? NULL
                                           : "nothing that it could look at is here yet");
    write_references(&json, what);
    r = vl_request_json_end(&json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

static void write_resource(struct vl_json *json, const struct vl_assessment *a)
{
    vl_json_member_str(json, "resourceId", a->arm_id);
    vl_json_member_str(json, "name", a->name);
    vl_json_member_str(json, "kind", a->kind);
    vl_json_member_str(json, "status", vl_assessment_status_name((int)a->status));
    vl_api_str(json, "exempt", a->exempt ? vl_exempt_name((int)a->exempt) : NULL);
    vl_api_str(json, "cause", a->cause);
    vl_api_str(json, "description", a->description);
    vl_json_member_int(json, "findings", a->findings);
    vl_api_str(json, "owner", a->owner);
    vl_api_time(json, "due", a->due);
    vl_json_member_bool(json, "overdue", a->assigned > 0 && a->due <= vl_time_now_ms());
    vl_json_member_bool(json, "gracePeriod", a->grace && a->due > vl_time_now_ms());
    vl_api_time(json, "firstEvaluated", a->first);
    vl_api_time(json, "changed", a->changed);
    vl_api_time(json, "evaluated", a->evaluated);
}

static int resources_list(struct vl_request *request, struct vl_err *err)
{
    static const char *const words[] = {"", "Healthy", "Unhealthy", "NotApplicable", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_assessment_filter filter = {0};
    const struct vl_posture_assessment *what = NULL;
    struct vl_assessment *rows = NULL;
    struct vl_api_page page;
    int64_t total = 0;
    size_t n = 0;
    int status = 0;
    int r = find(request, &what, err);
    if (r >= 0)
        r = vl_api_query_word(request, "status", words, 0, &status, err);
    if (r >= 0)
        r = vl_api_query_text(request, "kind", 32, &filter.kind, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    filter.key = what->key;
    filter.kind = *filter.kind ? filter.kind : what->kind;
    filter.status = status;
    filter.after_key = page.resumed ? what->key : "";
    filter.after_resource = page.keys[0].number;
    filter.limit = page.fetch;
    /* Pages of the repository, so that all lines of an NDJSON answer never lie in memory. */
    do {
        r = vl_repo_assessment_list(conn, request->environment.id, &filter, request->arena, &rows, &n, err);
        for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
            const struct vl_api_key key = {.number = rows[i].resource};
            write_resource(&page.json, &rows[i]);
            vl_api_item_end(&page, &key);
            filter.after_key = what->key;
            filter.after_resource = rows[i].resource;
        }
    } while (r >= 0 && page.ndjson && n > 0 && !page.more);
    filter.limit = VL_API_COUNT_MAX + 1;
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_assessment_count(conn, request->environment.id, &filter, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

const struct vl_route vl_routes_recommendation[] = {
    {"GET", "/api/v1/recommendations", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE,
        recommendations_list},
    {"GET", "/api/v1/recommendations/{}", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE,
        recommendation_get},
    {"GET", "/api/v1/recommendations/{}/resources", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE,
        resources_list},
    {0},
};
