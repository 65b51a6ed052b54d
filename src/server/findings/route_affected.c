/* Lineage of an image, and the blast radius of an image, a package, a vulnerability or a layer. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "codec/digest.h"
#include "findings/repo_affected.h"
#include "inventory/image_json.h"
#include "inventory/repo_lineage.h"
#include "model/purl.h"
#include "routes.h"

#define TARGET_MAX_BYTES 1024
#define SINCE_MAX_DAYS   36500
#define HOUR_MS          3600000LL

/* --- lineage --- */

struct lineage {
    struct vl_request *request;
    struct vl_store_conn *conn;
    struct vl_json json;
};

static int lineage_row(const struct vl_lineage_row *row, void *user, struct vl_err *err)
{
    struct lineage *l = user;
    vl_json_object(&l->json);
    vl_api_span(&l->json, "digest", row->digest);
    vl_api_int(&l->json, "layers", row->layers);
    int r = vl_image_json_places(&l->json, l->conn, l->request->environment.id, row->image, false, NULL, err);
    vl_json_object_end(&l->json);
    return r;
}

static int direction(
    struct lineage *l, int64_t image, enum vl_lineage which, int64_t *total, struct vl_err *err)
{
    int64_t environment = l->request->environment.id, n = 0;
    vl_api_array(&l->json, which == VL_LINEAGE_BASE ? "base" : "derived");
    int r = vl_repo_lineage(
        l->conn, environment, image, which, INT64_MAX, 0, VL_LINEAGE_MAX, lineage_row, l, err);
    vl_json_array_end(&l->json);
    if (r >= 0)
        r = vl_repo_lineage_count(
            l->conn, environment, image, which, INT64_MAX, VL_API_COUNT_MAX + 1, &n, err);
    *total += n;
    return r;
}

static int lineage(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct lineage l = {.request = request};
    int64_t image = 0, total = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_image_of_request(request, conn, &image, err);
    if (r < 0)
        return r;
    l.conn = conn;
    vl_request_json(request, 200, &l.json);
    r = direction(&l, image, VL_LINEAGE_BASE, &total, err);
    if (r >= 0)
        r = direction(&l, image, VL_LINEAGE_DERIVED, &total, err);
    if (r < 0)
        return r;
    vl_api_total(&l.json, total);
    return vl_request_json_end(&l.json, err);
}

/* --- blast radius --- */

struct radius {
    struct vl_request *request;
    struct vl_store_conn *conn;
    struct vl_api_page page;
    struct vl_affected_query query;
    int64_t image; /* of an image's digest; else 0 */
};

static int item(struct radius *a, int64_t image, struct vl_span digest, const char *why, struct vl_err *err)
{
    struct vl_json *json = &a->page.json;
    struct vl_image_seen seen;
    int64_t environment = a->request->environment.id;
    if (!vl_api_item(&a->page))
        return 1;
    int r = vl_arena_check(a->request->arena, "the answer", err);
    if (r < 0)
        return r;
    vl_api_span(json, "digest", digest);
    r = vl_image_json_places(json, a->conn, environment, image, true, &seen, err);
    if (r >= 0 && seen.places == VL_IMAGE_PLACES_MAX) /* those that are not shown count, too */
        r = vl_repo_seen(a->conn, environment, image, &seen, err);
    if (r < 0)
        return r;
    vl_api_str(json, "why", why);
    vl_api_time(json, "firstSeen", seen.first);
    vl_api_time(json, "lastSeen", seen.last);
    vl_json_member_bool(json, "present", seen.present);
    vl_api_null(json, "ranAt"); /* until clusters are joined */
    const struct vl_api_key keys[] = {{.number = image}};
    vl_api_item_end(&a->page, keys);
    return 0;
}

static int affected_row(const struct vl_affected_row *row, void *user, struct vl_err *err)
{
    struct radius *a = user;
    struct vl_arena *arena = a->request->arena;
    const char *why;
    if (a->query.kind == VL_AFFECTED_LAYER)
        why = vl_arena_printf(arena, "it is layer %lld", (long long)row->ordinal + 1);
    else if (a->query.kind == VL_AFFECTED_PACKAGE)
        why = vl_arena_printf(arena, "it contains %.*s", VL_SPAN_FMT(row->what));
    else if (row->fixed.len)
        why = vl_arena_printf(
            arena, "it contains %.*s, fixed in %.*s", VL_SPAN_FMT(row->what), VL_SPAN_FMT(row->fixed));
    else
        why = vl_arena_printf(arena, "it contains %.*s, without a fix", VL_SPAN_FMT(row->what));
    return item(a, row->image, row->digest, why, err);
}

static int derived_row(const struct vl_lineage_row *row, void *user, struct vl_err *err)
{
    return item(
        user, row->image, row->digest, "it is built on this image: its layers begin with all of them", err);
}

/* "90d", "12h", "4w"; absent: 0. */
static int read_since(struct vl_request *request, int64_t *ret_ms, struct vl_err *err)
{
    struct vl_span text = vl_span_str(vl_http_call_param(request->call, "since"));
    uint64_t n = 0;
    int64_t unit = 0;
    if (text.len == 0) {
        *ret_ms = 0;
        return 0;
    }
    switch (text.ptr[text.len - 1]) {
    case 'h':
        unit = HOUR_MS;
        break;
    case 'd':
        unit = 24 * HOUR_MS;
        break;
    case 'w':
        unit = 7 * 24 * HOUR_MS;
        break;
    default:
        break;
    }
    if (!unit || !vl_span_to_u64(vl_span_slice(text, 0, text.len - 1), &n) || n > SINCE_MAX_DAYS)
        return vl_err_set(err, VL_ERR_INVALID, "?since= must be a number with h, d or w behind it: 90d");
    *ret_ms = vl_time_now_ms() - (int64_t)n * unit;
    return 0;
}

/* Qualifiers are left out where the caller left them out: "?arch=amd64" then fits too. */
static int purl_target(struct radius *a, const char *target, struct vl_err *err)
{
    struct vl_purl purl;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_PURL_MAX);
    int r = vl_purl_parse(vl_span_str(target), a->request->arena, &purl, err);
    if (r >= 0)
        r = vl_purl_format(&purl, &text, err);
    if (r < 0) {
        err->code = VL_ERR_INVALID;
        return vl_err_wrap(err, "?target=");
    }
    a->query.kind = VL_AFFECTED_PACKAGE;
    a->query.whole = purl.version != NULL;
    a->query.target = vl_arena_dup_span(a->request->arena, vl_buf_span(&text));
    return vl_arena_check(a->request->arena, "the request", err);
}

static int digest_target(struct radius *a, const char *target, struct vl_err *err)
{
    int r = vl_repo_image_find(a->conn, a->request->environment.id, target, &a->image, err);
    if (r != 0)
        return r < 0 ? r : 0;
    a->query.kind = VL_AFFECTED_LAYER;
    r = vl_repo_layer_seen(a->conn, a->request->environment.id, target, err);
    if (r != 0)
        return r < 0 ? r : 0;
    return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no image and no layer %s in this environment", target);
}

static int read_target(struct radius *a, struct vl_err *err)
{
    struct vl_digest digest;
    const char *target;
    int r = vl_api_query_text(a->request, "target", TARGET_MAX_BYTES, &target, err);
    if (r < 0)
        return r;
    if (!*target)
        return vl_err_set(err, VL_ERR_INVALID,
            "?target= is missing: the digest of an image or layer, a package URL, a CVE");
    a->query.target = target;
    if (vl_span_starts_with(vl_span_str(target), "pkg:"))
        return purl_target(a, target, err);
    if (vl_digest_parse(vl_span_str(target), &digest))
        return digest_target(a, target, err);
    if (!strchr(target, '-') || strpbrk(target, "\"% \t/:"))
        return vl_err_set(err, VL_ERR_INVALID,
            "?target= is no digest (sha256:…), no package URL (pkg:…) and no id of a vulnerability (CVE-…)");
    a->query.kind = VL_AFFECTED_VULNERABILITY;
    return 0;
}

static const char *kind_of(const struct radius *a)
{
    static const char *const kinds[] = {"vulnerability", "package", "layer"};
    return a->image ? "image" : kinds[a->query.kind];
}

static int list(struct radius *a, int64_t *total, struct vl_err *err)
{
    int64_t after = a->page.keys[0].number, environment = a->request->environment.id;
    bool count = false;
    int r;
    if (a->image) {
        r = vl_repo_lineage(a->conn, environment, a->image, VL_LINEAGE_DERIVED, a->query.gone_since, after,
            a->page.fetch, derived_row, a, err);
        count = vl_api_wants_total(&a->page);
        if (r >= 0 && count)
            r = vl_repo_lineage_count(a->conn, environment, a->image, VL_LINEAGE_DERIVED, a->query.gone_since,
                VL_API_COUNT_MAX + 1, total, err);
        return r;
    }
    r = vl_repo_affected(a->conn, &a->query, after, a->page.fetch, affected_row, a, err);
    count = vl_api_wants_total(&a->page);
    if (r >= 0 && count)
        r = vl_repo_affected_count(a->conn, &a->query, VL_API_COUNT_MAX + 1, total, err);
    return r;
}

static int affected(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct radius a = {.request = request, .query = {.environment = request->environment.id}};
    int64_t total = 0;
    int r = read_since(request, &a.query.gone_since, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    a.conn = conn;
    if (r >= 0)
        r = read_target(&a, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &a.page, err);
    if (r >= 0)
        r = list(&a, &total, err);
    if (r < 0)
        return r;
    if (!a.page.ndjson) {
        vl_api_items_end(&a.page);
        vl_api_str(&a.page.json, "kind", kind_of(&a));
        vl_api_str(&a.page.json, "target", a.query.target);
    }
    return vl_api_list_end(&a.page, total, err);
}

const struct vl_route vl_routes_affected[] = {
    {"GET", "/api/v1/images/affected-by", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, affected},
    {"GET", "/api/v1/images/{}/lineage", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, lineage},
    {0},
};
