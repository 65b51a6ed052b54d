/* Images of an environment's registries: list, one of them, what is in its layers, a scan on demand. */
#include <string.h>

#include "api.h"
#include "inventory/image_json.h"
#include "jobs/ask.h"
#include "jobs/runner.h"
#include "routes.h"

#define NAME_MAX_BYTES 512
#define Q_MAX_BYTES    256

/* --- the list --- */

static int read_filter(struct vl_request *request, struct vl_image_filter *ret, struct vl_err *err)
{
    static const char *const states[] = {"Unscanned", "Scan in progress", "Scan error", "Completed", NULL};
    struct vl_image_filter f = {.environment = request->environment.id};
    int r = vl_request_query_int(request, "registry", 0, 0, INT64_MAX, &f.registry, err);
    if (r >= 0)
        r = vl_api_query_text(request, "repository", NAME_MAX_BYTES, &f.repository, err);
    if (r >= 0)
        r = vl_api_query_text(request, "q", Q_MAX_BYTES, &f.q, err);
    if (r >= 0)
        r = vl_api_query_word(request, "state", states, -1, &f.state, err);
    if (r >= 0)
        r = vl_api_query_word(request, "severity", vl_api_severities, -1, &f.severity, err);
    if (r >= 0)
        r = vl_api_query_bool(request, "fixable", &f.fixable, err);
    if (r >= 0)
        r = vl_api_query_bool(request, "kev", &f.kev, err);
    if (r < 0)
        return r;
    if (f.severity == VL_SEVERITY_NEGLIGIBLE)
        f.severity = VL_SEVERITY_LOW; /* counted together */
    *ret = f;
    return 0;
}

struct listing {
    struct vl_api_page *page;
    struct vl_request *request;
    enum vl_image_sort sort;
};

static int list_row(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    struct listing *l = user;
    (void)err;
    if (!vl_api_item(l->page))
        return 1;
    vl_image_json_members(&l->page->json, row);
    int64_t number = l->sort == VL_IMAGE_BY_PUSHED ? row->pushed : row->risk;
    const struct vl_api_key keys[] = {
        {.text = l->sort == VL_IMAGE_BY_REPOSITORY ? vl_arena_dup_span(l->request->arena, row->repository)
                                                   : NULL,
            .number = number},
        {.number = row->id}};
    vl_api_item_end(l->page, keys);
    return 0;
}

static int images(struct vl_request *request, struct vl_err *err)
{
    static const char *const sorts[] = {"risk", "pushed", "repository", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_image_filter filter;
    struct vl_api_page page;
    int64_t total = 0;
    int sort = 0;
    int r = read_filter(request, &filter, err);
    if (r >= 0)
        r = vl_api_query_word(request, "sort", sorts, 0, &sort, err);
    if (r >= 0)
        r = vl_api_list_begin(request, sorts[sort], 2, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    const struct vl_image_after after = {.resumed = page.resumed,
        .number = page.keys[0].number,
        .text = page.keys[0].text,
        .id = page.keys[1].number};
    struct listing l = {&page, request, (enum vl_image_sort)sort};
    r = vl_repo_image_list(conn, &filter, l.sort, &after, page.fetch, list_row, &l, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_image_count(conn, &filter, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

/* --- one --- */

struct detail {
    struct vl_request *request;
    struct vl_store_conn *conn;
    struct vl_json json;
    bool found;
    int64_t image;
};

/* The first place gives the image's own members, all of them its places. */
static int detail_row(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    struct detail *d = user;
    (void)err;
    if (!d->found) {
        vl_image_json_members(&d->json, row);
        d->found = true;
        d->image = row->image;
        vl_api_array(&d->json, "places");
    }
    if (row->image > d->image)
        d->image = row->image;
    vl_json_object(&d->json);
    vl_image_json_place(&d->json, row);
    vl_json_object_end(&d->json);
    return 0;
}

static int layers_of(struct detail *d, struct vl_err *err)
{
    struct vl_json *json = &d->json;
    struct vl_image_layer *layers = NULL;
    size_t n = 0;
    int r = vl_repo_image_layers(
        d->conn, d->request->environment.id, d->image, d->request->arena, &layers, &n, err);
    if (r < 0)
        return r;
    vl_api_array(json, "layers");
    for (size_t i = 0; i < n; i++) {
        vl_json_object(json);
        vl_api_int(json, "ordinal", layers[i].ordinal);
        vl_api_str(json, "diffId", layers[i].diff_id);
        vl_api_str(json, "digest", layers[i].digest);
        vl_api_int(json, "size", layers[i].size ? layers[i].size : -1);
        vl_api_str(json, "createdBy", layers[i].created_by);
        vl_json_member_bool(json, "base", layers[i].base);
        vl_image_json_counts(json, &layers[i].counts);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    return 0;
}

static void base_of(struct vl_json *json, const struct vl_image_facts *facts)
{
    if (!facts->base_name && !facts->base_digest) {
        vl_api_null(json, "base");
        return;
    }
    vl_api_object(json, "base");
    vl_api_str(json, "name", facts->base_name);
    vl_api_str(json, "digest", facts->base_digest);
    vl_json_object_end(json);
}

static int facts_of(struct detail *d, struct vl_err *err)
{
    struct vl_json *json = &d->json;
    struct vl_image_facts facts = {.packages = -1, .assessed = VL_ASSESSED_NOT};
    int r = d->image ? vl_repo_image_facts(d->conn, d->image, d->request->arena, &facts, err) : 0;
    if (r < 0)
        return r;
    vl_api_str(json, "mediaType", facts.media_type);
    vl_api_str(json, "configDigest", facts.config_digest);
    vl_api_time(json, "created", facts.created);
    vl_api_str(json, "variant", facts.variant);
    vl_api_str(json, "osVersion", facts.os_version);
    base_of(json, &facts);
    r = layers_of(d, err);
    if (r < 0)
        return r;
    vl_api_stored(json, "coverage", vl_span_str(facts.coverage ? facts.coverage : "[]"));
    vl_api_time(json, "databaseDate", facts.database);
    vl_api_str(json, "databaseDigest", facts.database_digest);
    vl_api_time(json, "matchedAt", facts.matched);
    vl_api_int(json, "indexerVersion", facts.indexer_version ? facts.indexer_version : -1);
    if (facts.indexer_version)
        vl_json_member_bool(json, "indexerCurrent", facts.indexer_version == VL_INDEXER_VERSION);
    else
        vl_api_null(json, "indexerCurrent");
    vl_api_int(json, "packages", facts.packages);
    return 0;
}

static int image(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct detail d = {.request = request};
    int r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    d.conn = conn;
    vl_request_json(request, 200, &d.json);
    r = vl_repo_image_places(conn, request->environment.id, request->params[0], false, detail_row, &d, err);
    if (r >= 0 && !d.found)
        return vl_image_not_found(request, conn, err);
    if (r < 0)
        return r;
    vl_json_array_end(&d.json);
    r = facts_of(&d, err);
    if (r >= 0)
        r = vl_image_json_notes(&d.json, conn, d.image, err);
    if (r >= 0)
        r = vl_request_json_end(&d.json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

/* --- scan --- */

struct scan {
    struct vl_request *request;
    bool found;
    int64_t place, registry;
    int64_t job;
};

/* Facts are the digest's: one place of it is as good as another. */
static int first_place(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    struct scan *s = user;
    (void)err;
    s->found = true;
    s->place = row->id;
    s->registry = row->registry;
    return 1;
}

static int scan_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct scan *s = user;
    int r = vl_ask_scan(conn, s->place, s->registry, VL_PRIORITY_ASKED, &s->job, err);
    return r < 0 ? r : vl_request_audit(conn, s->request, "image.scan", s->request->params[0], NULL, err);
}

static int scan(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct scan s = {.request = request};
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_image_places(
            conn, request->environment.id, request->params[0], false, first_place, &s, err);
    if (r >= 0 && !s.found)
        return vl_image_not_found(request, conn, err);
    vl_store_read_done(conn);
    conn = NULL;
    if (r >= 0)
        r = vl_store_write(request->app->store, scan_write, &s, err);
    if (r < 0)
        return r;
    struct vl_json json;
    vl_request_json(request, 202, &json);
    vl_api_int(&json, "job", s.job);
    return vl_request_json_end(&json, err);
}

const struct vl_route vl_routes_image[] = {
    {"GET", "/api/v1/images", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, images},
    {"GET", "/api/v1/images/{}", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, image},
    {"POST", "/api/v1/images/{}/scan", VL_ROLE_ADMIN, VL_SCOPE_QUERY_PART, VL_BODY_OPTIONAL, scan},
    {0},
};
