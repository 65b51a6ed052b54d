/* Recommendations a finding: /api/v1/finding-recommendations. What /api/v1/recommendations groups by what is
 * assessed stands here one by one. */
#include "api.h"
#include "findings/repo_summary.h"
#include "findings/repo_vulnerability.h"
#include "routes.h"

struct listing {
    struct vl_arena *arena;
    struct vl_api_page *page;
};

static int write_row(const struct vl_vulnerability_row *row, void *user, struct vl_err *err)
{
    struct listing *l = user;
    struct vl_json *json = &l->page->json;
    (void)err;
    if (!vl_api_item(l->page))
        return 1;
    vl_api_span(json, "id", row->name);
    vl_api_str(json, "title", vl_arena_printf(l->arena, "%.*s should be remediated", VL_SPAN_FMT(row->name)));
    vl_api_span(json, "about", row->title);
    vl_api_str(json, "severity", vl_api_severity(row->severity));
    vl_api_null(json, "running"); /* until clusters are joined */
    vl_json_member_bool(json, "kev", row->known.kev_added > 0);
    vl_json_key(json, "epss");
    if (row->known.has_epss)
        vl_json_double(json, row->known.epss);
    else
        vl_json_null(json);
    vl_json_member_bool(json, "fixable", row->fixable);
    vl_json_member_int(json, "images", row->images);
    vl_api_stored(json, "packages", row->packages);
    vl_api_time(json, "firstSeen", row->day * VL_FINDING_DAY_MS);
    const struct vl_api_key keys[] = {{.number = row->rank}, {.number = row->id}};
    vl_api_item_end(l->page, keys);
    return 0;
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_vulnerability_filter filter = {.environment = request->environment.id, .q = ""};
    struct vl_api_page page;
    int64_t total = 0;
    int r = vl_api_query_word(request, "severity", vl_api_severities, -1, &filter.severity, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 2, &page, err);
    if (r >= 0)
        r = vl_repo_summary_fresh(request->app->store, request->environment.id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    struct listing l = {request->arena, &page};
    r = vl_repo_vulnerability_list(conn, &filter, VL_VULNERABILITY_BY_URGENCY,
        page.resumed ? page.keys[0].number : INT64_MAX, page.resumed ? page.keys[1].number : INT64_MAX,
        page.fetch, write_row, &l, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_vulnerability_count(conn, &filter, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

const struct vl_route vl_routes_single[] = {
    {"GET", "/api/v1/finding-recommendations", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, list},
    {0},
};
