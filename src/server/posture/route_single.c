/* Recommendations a finding: /api/v1/finding-recommendations. What /api/v1/recommendations groups by what is
 * assessed stands here one by one. */
#include "api.h"
#include "base/time.h"
#include "findings/repo_summary.h"
#include "findings/repo_vulnerability.h"
#include "posture/repo_single.h"
#include "routes.h"

#define DAY_MS 86400000LL

struct listing {
    struct vl_request *request;
    struct vl_store_conn *conn;
    struct vl_api_page *page;
};

static int package_of(struct vl_span purl, void *user)
{
    vl_json_span(user, purl);
    return 0;
}

static int write_row(const struct vl_single *row, void *user, struct vl_err *err)
{
    struct listing *l = user;
    struct vl_json *json = &l->page->json;
    if (!vl_api_item(l->page))
        return 1;
    vl_api_span(json, "id", row->name);
    vl_api_str(json, "title",
        vl_arena_printf(l->request->arena, "%.*s should be remediated", VL_SPAN_FMT(row->name)));
    vl_api_span(json, "about", row->title);
    vl_api_str(json, "severity", vl_api_severity(row->severity));
    vl_api_null(json, "running"); /* until clusters are joined */
    vl_json_member_bool(json, "kev", row->kev > 0);
    vl_json_key(json, "epss");
    if (row->epss >= 0)
        vl_json_double(json, row->epss);
    else
        vl_json_null(json);
    vl_json_member_bool(json, "fixable", row->fixable);
    vl_json_member_int(json, "images", row->images);
    vl_api_array(json, "packages");
    int r =
        vl_repo_vulnerability_packages(l->conn, l->request->environment.id, row->id, package_of, json, err);
    vl_json_array_end(json);
    vl_api_time(json, "firstSeen", row->first_seen * DAY_MS);
    const struct vl_api_key keys[] = {{.number = row->rank}, {.number = row->id}};
    vl_api_item_end(l->page, keys);
    return r;
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_api_page page;
    int64_t total = 0;
    int word = 0;
    int r = vl_api_query_word(request, "severity", vl_api_severities, -1, &word, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 2, &page, err);
    if (r >= 0)
        r = vl_repo_summary_fresh(request->app->store, request->environment.id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    struct listing l = {request, conn, &page};
    r = vl_repo_single_list(conn, request->environment.id, word,
        page.resumed ? page.keys[0].number : INT64_MAX, page.resumed ? page.keys[1].number : INT64_MAX,
        page.fetch, write_row, &l, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_single_count(conn, request->environment.id, word, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

const struct vl_route vl_routes_single[] = {
    {"GET", "/api/v1/finding-recommendations", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, list},
    {0},
};
