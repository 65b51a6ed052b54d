/* lint: no test: what it writes is what test_route_image reads */
#include "inventory/image_json.h"

#include "api.h"
#include "inventory/image_state.h"

#define NOTES_MAX 1000

static const struct vl_store_sql sql_notes = {
    "SELECT text FROM image_note WHERE image_id = $1 ORDER BY ordinal LIMIT $2", NULL};
static const struct vl_store_sql sql_secrets = {
    "SELECT rule, severity, path, line, layer, deleted FROM image_secret WHERE image_id = $1 ORDER BY "
    "ordinal LIMIT $2",
    NULL};

void vl_image_json_counts(struct vl_json *json, const struct vl_image_counts *counts)
{
    if (!counts) {
        vl_api_null(json, "counts");
        return;
    }
    vl_api_object(json, "counts");
    vl_json_member_int(json, "critical", counts->critical);
    vl_json_member_int(json, "high", counts->high);
    vl_json_member_int(json, "medium", counts->medium);
    vl_json_member_int(json, "low", counts->low);
    vl_json_member_int(json, "unknown", counts->unknown);
    vl_json_object_end(json);
}

void vl_image_json_place(struct vl_json *json, const struct vl_image_row *row)
{
    struct vl_span rest = row->tags, tag;
    vl_api_object(json, "registry");
    vl_json_member_int(json, "id", row->registry);
    vl_api_span(json, "name", row->registry_name);
    vl_api_span(json, "host", row->registry_host);
    vl_json_object_end(json);
    vl_api_span(json, "repository", row->repository);
    vl_api_array(json, "tags");
    while (vl_span_split(&rest, '\n', &tag))
        vl_json_span(json, tag);
    vl_json_array_end(json);
    vl_api_span(json, "platform", row->platform);
    vl_api_span(json, "index", row->parent);
    vl_api_str(json, "state", vl_image_state_name(row->state));
    vl_api_span(json, "stage", row->state == VL_IMAGE_IN_PROGRESS ? row->stage : VL_SPAN_EMPTY);
    vl_api_span(json, "error", row->error);
    vl_api_span(json, "errorCode", row->error_code);
    vl_api_time(json, "nextTry", row->state == VL_IMAGE_ERROR ? row->next_try : 0);
    vl_api_time(json, "pushedAt", row->pushed);
    vl_api_time(json, "pulledAt", row->pulled);
    vl_api_time(json, "firstSeen", row->first_seen);
    vl_api_time(json, "lastSeen", row->last_seen);
    vl_api_time(json, "completedAt", row->completed);
}

struct places {
    struct vl_json *json;
    struct vl_image_seen seen;
};

static int place_row(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    struct places *p = user;
    struct vl_image_seen *seen = &p->seen;
    (void)err;
    seen->first = seen->places && seen->first < row->first_seen ? seen->first : row->first_seen;
    seen->last = seen->last > row->last_seen ? seen->last : row->last_seen;
    seen->present |= row->deleted == 0;
    seen->places++;
    vl_json_object(p->json);
    vl_image_json_place(p->json, row);
    vl_json_member_bool(p->json, "present", row->deleted == 0);
    vl_json_object_end(p->json);
    return 0;
}

int vl_image_json_places(struct vl_json *json, struct vl_store_conn *conn, int64_t environment, int64_t image,
    bool deleted, struct vl_image_seen *ret, struct vl_err *err)
{
    struct places p = {.json = json};
    vl_api_array(json, "places");
    int r = vl_repo_image_places_of(conn, environment, image, deleted, place_row, &p, err);
    vl_json_array_end(json);
    if (ret)
        *ret = p.seen;
    return r;
}

static const char *assessed_name(int assessed)
{
    static const char *const names[] = {"full", "partial", "not"};
    return assessed >= 0 && assessed <= VL_ASSESSED_NOT ? names[assessed] : NULL;
}

void vl_image_json_members(struct vl_json *json, const struct vl_image_row *row)
{
    bool counted = row->assessed == VL_ASSESSED_FULL || row->assessed == VL_ASSESSED_PARTIAL;
    vl_api_span(json, "digest", row->digest);
    vl_image_json_place(json, row);
    vl_api_span(json, "os", row->os);
    vl_api_span(json, "arch", row->arch);
    vl_api_span(json, "distro", row->distro);
    vl_api_int(json, "size", row->image && row->size ? row->size : -1);
    vl_api_str(json, "assessed", assessed_name(row->assessed));
    vl_api_span(json, "whyNot", row->why_not);
    vl_image_json_counts(json, counted ? &row->counts : NULL);
    vl_api_int(json, "fixable", counted ? row->counts.fixable : -1);
    vl_api_int(json, "kev", counted ? row->counts.kev : -1);
    vl_api_null(json, "running"); /* until clusters are joined */
}

static int notes(struct vl_json *json, struct vl_store_conn *conn, int64_t image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_notes, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, NOTES_MAX);
    vl_api_array(json, "notes");
    while ((r = vl_stmt_step(stmt, err)) > 0)
        vl_json_span(json, vl_stmt_get_text(stmt, 0));
    vl_json_array_end(json);
    return r;
}

int vl_image_json_notes(struct vl_json *json, struct vl_store_conn *conn, int64_t image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = notes(json, conn, image, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_secrets, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, NOTES_MAX);
    vl_api_array(json, "secrets");
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        vl_json_object(json);
        vl_api_span(json, "rule", vl_stmt_get_text(stmt, 0));
        vl_api_str(json, "severity", vl_api_severity((int)vl_stmt_get_int(stmt, 1)));
        vl_api_span(json, "path", vl_stmt_get_text(stmt, 2));
        vl_api_int(json, "line", vl_stmt_get_int(stmt, 3) > 0 ? vl_stmt_get_int(stmt, 3) : -1);
        vl_api_int(json, "layer", vl_stmt_get_int(stmt, 4));
        vl_json_member_bool(json, "deleted", vl_stmt_get_int(stmt, 5) != 0);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    return r;
}

int vl_image_not_found(struct vl_request *request, struct vl_store_conn *conn, struct vl_err *err)
{
    int r = vl_repo_image_is_index(conn, request->environment.id, request->params[0], err);
    if (r < 0)
        return r;
    if (r > 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND,
            "%s is a list of platforms: ask for the image of one of them", request->params[0]);
    return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no image %s in this environment", request->params[0]);
}

static int is_there(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    (void)row;
    (void)err;
    *(bool *)user = true;
    return 1;
}

int vl_image_of_request(
    struct vl_request *request, struct vl_store_conn *conn, int64_t *ret_id, struct vl_err *err)
{
    bool named = false;
    int r = vl_repo_image_find(conn, request->environment.id, request->params[0], ret_id, err);
    if (r != 0)
        return r < 0 ? r : 0;
    r = vl_repo_image_places(conn, request->environment.id, request->params[0], false, is_there, &named, err);
    if (r < 0)
        return r;
    if (named)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s has not been scanned yet", request->params[0]);
    return vl_image_not_found(request, conn, err);
}
