/* What was found in one image: findings, packages, history, the list of packages as a file. */
#include <string.h>

#include "api.h"
#include "findings/finding_json.h"
#include "findings/sbom.h"
#include "inventory/image_json.h"
#include "routes.h"

#define Q_MAX_BYTES 256

/* --- findings --- */

struct listing {
    struct vl_api_page *page;
    struct vl_request *request;
    enum vl_finding_sort sort;
    bool counted;
};

static int finding_row(const struct vl_finding_row *row, void *user, struct vl_err *err)
{
    struct listing *l = user;
    (void)err;
    if (!vl_api_item(l->page))
        return 1;
    vl_finding_json_members(&l->page->json, row);
    bool by_name = l->sort == VL_FINDING_BY_PACKAGE;
    const struct vl_api_key keys[] = {
        {.text = by_name ? vl_arena_dup_span(l->request->arena, row->package_name) : NULL,
            .number = row->rank},
        {.number = row->match}};
    vl_api_item_end(l->page, keys);
    return 0;
}

static int read_filter(struct vl_request *request, struct vl_finding_filter *ret, struct vl_err *err)
{
    struct vl_finding_filter f = {.environment = request->environment.id};
    int r = vl_api_query_word(request, "severity", vl_api_severities, -1, &f.severity, err);
    if (r >= 0)
        r = vl_api_query_text(request, "q", Q_MAX_BYTES, &f.q, err);
    if (r >= 0)
        r = vl_api_query_bool(request, "fixable", &f.fixable, err);
    if (r >= 0)
        r = vl_api_query_bool(request, "kev", &f.kev, err);
    if (r >= 0)
        r = vl_api_query_bool(request, "includeExempt", &f.include_exempt, err);
    if (r >= 0)
        *ret = f;
    return r;
}

static int findings(struct vl_request *request, struct vl_err *err)
{
    static const char *const sorts[] = {"risk", "severity", "package", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_finding_filter filter;
    struct vl_api_page page;
    int64_t total = 0;
    int sort = 0;
    int r = read_filter(request, &filter, err);
    if (r >= 0)
        r = vl_api_query_word(request, "sort", sorts, 0, &sort, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_image_of_request(request, conn, &filter.image, err);
    if (r >= 0)
        r = vl_api_list_begin(request, sorts[sort], 2, &page, err);
    if (r < 0)
        return r;
    const struct vl_finding_after after = {.resumed = page.resumed,
        .number = page.keys[0].number,
        .text = page.keys[0].text,
        .match = page.keys[1].number};
    struct listing l = {.page = &page, .request = request, .sort = (enum vl_finding_sort)sort};
    r = vl_repo_finding_list(conn, &filter, l.sort, &after, page.fetch, finding_row, &l, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_finding_count(conn, &filter, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

/* --- packages --- */

static int package_row(const struct vl_package_row *row, void *user, struct vl_err *err)
{
    struct listing *l = user;
    (void)err;
    if (!vl_api_item(l->page))
        return 1;
    struct vl_json *json = &l->page->json;
    vl_api_span(json, "name", row->name);
    vl_api_span(json, "version", row->version);
    vl_api_span(json, "purl", row->purl);
    vl_api_str(json, "ecosystem", vl_ecosystem_info((enum vl_ecosystem)row->ecosystem)->name);
    vl_image_json_counts(json, l->counted ? &row->counts : NULL);
    const struct vl_api_key keys[] = {
        {.text = vl_arena_dup_span(l->request->arena, row->name)}, {.number = row->id}};
    vl_api_item_end(l->page, keys);
    return 0;
}

static int read_packages_filter(struct vl_request *request, struct vl_package_filter *ret, struct vl_err *err)
{
    const char *ecosystem;
    int r = vl_api_query_text(request, "q", Q_MAX_BYTES, &ret->q, err);
    if (r >= 0)
        r = vl_api_query_text(request, "ecosystem", Q_MAX_BYTES, &ecosystem, err);
    if (r < 0)
        return r;
    ret->environment = request->environment.id;
    ret->ecosystem = *ecosystem ? (int)vl_ecosystem_from_name(vl_span_str(ecosystem)) : 0;
    if (*ecosystem && ret->ecosystem == VL_ECO_NONE)
        return vl_err_set(err, VL_ERR_INVALID, "?ecosystem= is none that is known");
    return 0;
}

static int packages(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_package_filter filter = {0};
    struct vl_image_facts facts = {0};
    struct vl_api_page page;
    int64_t total = 0;
    int r = read_packages_filter(request, &filter, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_image_of_request(request, conn, &filter.image, err);
    if (r >= 0)
        r = vl_repo_image_facts(conn, filter.image, request->arena, &facts, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 2, &page, err);
    if (r < 0)
        return r;
    filter.list = facts.list;
    struct listing l = {
        .page = &page, .request = request, .counted = facts.matched > 0 && facts.assessed != VL_ASSESSED_NOT};
    r = vl_repo_package_list(conn, &filter, page.keys[0].text ? page.keys[0].text : "", page.keys[1].number,
        page.fetch, package_row, &l, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_package_count(conn, &filter, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

/* --- history --- */

static int history_row(const struct vl_history_row *row, void *user, struct vl_err *err)
{
    struct vl_api_page *page = user;
    (void)err;
    if (!vl_api_item(page))
        return 1;
    vl_api_time(&page->json, "at", row->at);
    vl_api_span(&page->json, "why", row->why);
    vl_json_member_int(&page->json, "added", row->added);
    vl_json_member_int(&page->json, "gone", row->gone);
    vl_json_member_int(&page->json, "criticalAdded", row->critical_added);
    const struct vl_api_key keys[] = {{.number = row->id}};
    vl_api_item_end(page, keys);
    return 0;
}

static int history(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_api_page page;
    int64_t image = 0, total = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_image_of_request(request, conn, &image, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r < 0)
        return r;
    r = vl_repo_history_list(
        conn, image, page.resumed ? page.keys[0].number : INT64_MAX, page.fetch, history_row, &page, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_history_count(conn, image, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

/* --- the list of packages as a file --- */

static int first_place(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    struct vl_sbom_place *place = user;
    place->reference = vl_arena_printf(place->arena, "%.*s/%.*s@%.*s", VL_SPAN_FMT(row->registry_host),
        VL_SPAN_FMT(row->repository), VL_SPAN_FMT(row->digest));
    int r = vl_arena_check(place->arena, "the image", err);
    return r < 0 ? r : 1;
}

static int sbom(struct vl_request *request, struct vl_err *err)
{
    static const char *const formats[] = {"cyclonedx", "spdx", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_sbom_place place = {.arena = request->arena};
    struct vl_image_facts facts = {0};
    int64_t image = 0;
    int format = 0;
    int r = vl_api_query_word(request, "format", formats, 0, &format, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_image_of_request(request, conn, &image, err);
    if (r >= 0)
        r = vl_repo_image_facts(conn, image, request->arena, &facts, err);
    if (r >= 0)
        r = vl_repo_image_places_of(conn, request->environment.id, image, false, first_place, &place, err);
    if (r >= 0)
        r = vl_sbom_write(conn, &facts, &place, format == 1 ? VL_REPORT_SPDX : VL_REPORT_CYCLONEDX,
            &request->reply->body, err);
    if (r < 0)
        return r;
    request->reply->status = 200;
    request->reply->content_type =
        format == 1 ? "application/spdx+json" : "application/vnd.cyclonedx+json; version=1.6";
    vl_http_reply_header(request->reply, "Content-Disposition",
        vl_arena_printf(request->arena, "attachment; filename=\"%.12s.%s.json\"",
            facts.digest ? facts.digest + strlen("sha256:") : "image", format == 1 ? "spdx" : "cdx"));
    return 0;
}

const struct vl_route vl_routes_finding[] = {
    {"GET", "/api/v1/images/{}/findings", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, findings},
    {"GET", "/api/v1/images/{}/packages", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, packages},
    {"GET", "/api/v1/images/{}/history", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, history},
    {"GET", "/api/v1/images/{}/sbom", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, sbom},
    {0},
};
