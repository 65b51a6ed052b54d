#include "inventory/repo_place.h"

#include <string.h>

#include "base/vec.h"
#include "inventory/image_state.h"
#include "posture/posture.h"
#include "store/feed.h"

#define GONE_ARENA_MAX (64UL * 1024 * 1024)
#define TOUCHED_MAX    20 /* more images than this at a time, and the whole environment is assessed anew */

static const struct vl_store_sql sql_find = {
    "SELECT id, deleted_at, event_at, state, last_seen, parent, platform, is_index FROM registry_image "
    "WHERE registry_id = $1 AND repository = $2 AND digest = $3",
    NULL};
static const struct vl_store_sql sql_add = {"INSERT INTO registry_image (environment_id, registry_id, "
                                            "repository, digest, parent, platform, is_index, "
                                            "pushed_at, event_at, first_seen, last_seen, stage) VALUES ($1, "
                                            "$2, $3, $4, $5, $6, $7, $8, $9, $10, $10, "
                                            "$11) ON CONFLICT DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_update = {
    "UPDATE registry_image SET parent = $2, platform = $3, is_index = $4, "
    "pushed_at = CASE WHEN CAST($5 AS BIGINT) > 0 THEN $5 ELSE pushed_at END, "
    "event_at = CASE WHEN $5 > event_at THEN $5 ELSE event_at END, last_seen = $6, deleted_at = 0 "
    "WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_event_of = {
    "SELECT event_at FROM registry_image WHERE registry_id = $1 AND repository = $2 AND digest = $3 AND "
    "deleted_at = 0",
    NULL};
/* The manifest, and those platforms of it that no tag names. */
static const struct vl_store_sql sql_gone = {
    "UPDATE registry_image SET deleted_at = $4, stage = NULL, next_try = 0, "
    "event_at = CASE WHEN $5 > event_at THEN $5 ELSE event_at END "
    "WHERE registry_id = $1 AND repository = $2 AND deleted_at = 0 AND (digest = $3 OR (parent = $3 AND NOT "
    "EXISTS (SELECT 1 FROM tag t WHERE t.registry_id = $1 AND t.repository = $2 AND t.digest = "
    "registry_image.digest))) RETURNING digest, environment_id, fetched_at",
    NULL};
static const struct vl_store_sql sql_gone_tags = {
    "DELETE FROM tag WHERE registry_id = $1 AND repository = $2 AND digest = $3", NULL};
static const struct vl_store_sql sql_pulled = {
    "UPDATE registry_image SET pulled_at = $4 WHERE registry_id = $1 AND repository = $2 AND digest = $3 AND "
    "pulled_at < $5",
    NULL};
static const struct vl_store_sql sql_tag_set = {
    "INSERT INTO tag (registry_id, repository, name, digest, changed) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (registry_id, repository, name) DO UPDATE SET digest = excluded.digest, changed = "
    "excluded.changed WHERE tag.digest <> excluded.digest AND tag.changed <= excluded.changed",
    NULL};
static const struct vl_store_sql sql_tag_gone = {
    "DELETE FROM tag WHERE registry_id = $1 AND repository = $2 AND name = $3 AND changed <= $4", NULL};
static const struct vl_store_sql sql_repository_seen = {
    "INSERT INTO repository (registry_id, name, first_seen, last_seen) VALUES ($1, $2, $3, $3) "
    "ON CONFLICT (registry_id, name) DO UPDATE SET last_seen = excluded.last_seen, gone_at = 0 "
    "WHERE repository.gone_at <> 0 OR repository.last_seen < excluded.last_seen - 60000",
    NULL};
static const struct vl_store_sql sql_repository_gone = {
    "UPDATE repository SET gone_at = $3 WHERE registry_id = $1 AND name = $2 AND gone_at = 0 AND first_seen "
    "< $4 RETURNING id",
    NULL};
static const struct vl_store_sql sql_repository_places = {
    "UPDATE registry_image SET deleted_at = $3, stage = NULL, next_try = 0 WHERE registry_id = $1 AND "
    "repository = $2 AND deleted_at = 0 RETURNING digest, environment_id, fetched_at",
    NULL};
static const struct vl_store_sql sql_repository_tags = {
    "DELETE FROM tag WHERE registry_id = $1 AND repository = $2", NULL};
static const struct vl_store_sql sql_names = {
    "SELECT name FROM repository WHERE registry_id = $1 AND gone_at = 0 ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_places = {"SELECT id, digest, parent, is_index, last_seen FROM "
                                               "registry_image WHERE registry_id = $1 AND repository "
                                               "= $2 AND deleted_at = 0 LIMIT $3",
    NULL};
static const struct vl_store_sql sql_tags = {
    "SELECT name, digest FROM tag WHERE registry_id = $1 AND repository = $2 LIMIT $3", NULL};

/* Most statements here begin with a registry, a repository, and a name in it. */
static int begin(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t registry,
    const char *repository, const char *name, struct vl_stmt **ret, struct vl_err *err)
{
    int r = vl_stmt_begin(conn, sql, ret, err);
    if (r < 0)
        return r;
    vl_stmt_int(*ret, 1, registry);
    vl_stmt_str(*ret, 2, repository);
    if (name)
        vl_stmt_str(*ret, 3, name);
    return 0;
}

/* --- what is there --- */

/* 1 where it was not there, 0 where it is. */
static int add_place(
    struct vl_store_conn *conn, const struct vl_place_seen *seen, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, seen->environment);
    vl_stmt_int(stmt, 2, seen->registry);
    vl_stmt_str(stmt, 3, seen->repository);
    vl_stmt_str(stmt, 4, seen->digest);
    vl_stmt_str(stmt, 5, seen->parent);
    vl_stmt_str(stmt, 6, seen->platform);
    vl_stmt_int(stmt, 7, seen->is_index);
    vl_stmt_int(stmt, 8, seen->event ? seen->event : seen->now);
    vl_stmt_int(stmt, 9, seen->event);
    vl_stmt_int(stmt, 10, seen->now);
    vl_stmt_str(stmt, 11, seen->is_index ? NULL : "waiting for a worker");
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret_id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_feed_add(conn, seen->environment, "image", seen->digest, err);
    return r < 0 ? r : 1;
}

/* The row as it was found, and whether what is now known differs. */
struct found {
    int64_t id, deleted, event, last_seen;
    int state;
    bool differs;
};

static bool differs(const struct vl_stmt *row, int column, const char *now)
{
    return now && !vl_span_eq_str(vl_stmt_get_text(row, column), now);
}

/* An index keeps its platforms until it goes, whatever other index names them too. */
static int update_place(struct vl_store_conn *conn, const struct vl_place_seen *seen,
    const struct vl_stmt *row, const struct found *f, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_update, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, f->id);
    if (f->deleted || vl_stmt_is_null(row, 5))
        vl_stmt_str(stmt, 2, seen->parent);
    else
        vl_stmt_text(stmt, 2, vl_stmt_get_text(row, 5));
    if (seen->platform || vl_stmt_is_null(row, 6))
        vl_stmt_str(stmt, 3, seen->platform);
    else
        vl_stmt_text(stmt, 3, vl_stmt_get_text(row, 6));
    vl_stmt_int(stmt, 4, seen->is_index || vl_stmt_get_int(row, 7) != 0);
    vl_stmt_int(stmt, 5, seen->event);
    vl_stmt_int(stmt, 6, seen->now);
    return vl_stmt_send(stmt, err);
}

static struct found read_found(const struct vl_stmt *row, const struct vl_place_seen *seen)
{
    return (struct found){.id = vl_stmt_get_int(row, 0),
        .deleted = vl_stmt_get_int(row, 1),
        .event = vl_stmt_get_int(row, 2),
        .state = (int)vl_stmt_get_int(row, 3),
        .last_seen = vl_stmt_get_int(row, 4),
        .differs = (seen->parent && vl_stmt_is_null(row, 5)) || differs(row, 6, seen->platform) ||
                   (seen->is_index && vl_stmt_get_int(row, 7) == 0)};
}

static int known_place(struct vl_store_conn *conn, const struct vl_place_seen *seen,
    const struct vl_stmt *row, int64_t *ret_id, enum vl_place_scan *ret_scan, struct vl_err *err)
{
    struct found f = read_found(row, seen);
    int r = 0;
    *ret_id = f.id;
    *ret_scan = VL_PLACE_NO_SCAN;
    if (seen->event && seen->event < f.event)
        return 0;
    bool back = f.deleted != 0;
    /* One that failed has its next try in the queue; a push is a reason not to wait for it. */
    if (!seen->is_index &&
        (back || f.state == VL_IMAGE_UNSCANNED || (seen->event && f.state == VL_IMAGE_ERROR)))
        *ret_scan = VL_PLACE_SCAN;
    if (back || f.differs || seen->event > f.event || f.last_seen < seen->now - VL_PLACE_FRESH_MS)
        r = update_place(conn, seen, row, &f, err);
    if (r >= 0 && (back || f.differs))
        r = vl_feed_add(conn, seen->environment, "image", seen->digest, err);
    return r < 0 ? r : 0;
}

/* What events tell of is new most of the time, what a reconciliation finds is known: each asks for the likely
 * first. */
int vl_repo_place_seen(struct vl_store_conn *conn, const struct vl_place_seen *seen, int64_t *ret_id,
    enum vl_place_scan *ret_scan, struct vl_err *err)
{
    const enum vl_place_scan fresh = seen->is_index ? VL_PLACE_NO_SCAN : VL_PLACE_SCAN_NEW;
    for (int turn = 0; turn < 3; turn++) {
        struct vl_stmt *row VL_CLEANUP(vl_stmt_cleanup) = NULL;
        int r = 0;
        if (turn > 0 || seen->event) {
            r = add_place(conn, seen, ret_id, err);
            if (r > 0)
                *ret_scan = fresh;
            if (r != 0)
                return r < 0 ? r : 0;
        }
        r = begin(conn, &sql_find, seen->registry, seen->repository, seen->digest, &row, err);
        if (r >= 0)
            r = vl_stmt_step(row, err);
        if (r > 0)
            r = known_place(conn, seen, row, ret_id, ret_scan, err);
        else if (r == 0)
            continue; /* not there: add it, unless another does at the same time */
        return r;
    }
    return vl_err_set(err, VL_ERR_CONFLICT, "%s: is added by others all the time", seen->digest);
}

int vl_repo_place_pulled(struct vl_store_conn *conn, int64_t registry, const char *repository,
    const char *digest, int64_t at, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_pulled, registry, repository, digest, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 4, at);
    vl_stmt_int(stmt, 5, at - VL_PLACE_PULL_MS);
    return vl_stmt_send(stmt, err);
}

int vl_repo_tag_set(struct vl_store_conn *conn, int64_t registry, const char *repository, const char *tag,
    const char *digest, int64_t at, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_tag_set, registry, repository, tag, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 4, digest);
    vl_stmt_int(stmt, 5, at);
    return vl_stmt_send(stmt, err);
}

int vl_repo_tag_gone(struct vl_store_conn *conn, int64_t registry, const char *repository, const char *tag,
    int64_t at, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_tag_gone, registry, repository, tag, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 4, at);
    return vl_stmt_send(stmt, err);
}

int vl_repo_repository_seen(
    struct vl_store_conn *conn, int64_t registry, const char *name, int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_repository_seen, registry, name, NULL, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 3, now);
    return vl_stmt_send(stmt, err);
}

/* --- what is gone --- */

struct gone_image {
    const char *digest;
    int64_t environment;
    bool fetched; /* its facts were shown */
};

/* The rows are read first: the statement must be done before others of the same write tell of it. */
static int read_gone(struct vl_stmt *stmt, struct vl_arena *arena, struct vl_vec *list, struct vl_err *err)
{
    int r;
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct gone_image *g = vl_vec_push(list, "images that went", err);
        if (!g)
            return -ENOMEM;
        g->digest = vl_stmt_copy(stmt, 0, arena);
        g->environment = vl_stmt_get_int(stmt, 1);
        g->fetched = vl_stmt_get_int(stmt, 2) > 0;
    }
    return r < 0 ? r : vl_arena_check(arena, "images that went", err);
}

static int tell_gone(struct vl_store_conn *conn, const struct vl_vec *list, struct vl_err *err)
{
    const struct gone_image *images = list->items;
    int r = 0;
    for (size_t i = 0; i < list->len && r >= 0; i++) {
        r = vl_feed_add(conn, images[i].environment, "image", images[i].digest, err);
        if (r >= 0 && images[i].fetched && list->len <= TOUCHED_MAX)
            r = vl_posture_touch(conn, images[i].environment, images[i].digest, err);
    }
    if (r >= 0 && list->len > TOUCHED_MAX)
        r = vl_posture_touch(conn, images[0].environment, NULL, err);
    return r;
}

static int run_plain(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t registry,
    const char *repository, const char *name, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, sql, registry, repository, name, &stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static int end_places(struct vl_store_conn *conn, struct vl_stmt *stmt, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(GONE_ARENA_MAX);
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    vl_vec_init(&list, sizeof(struct gone_image), 1000000);
    int r = arena ? read_gone(stmt, arena, &list, err) : vl_err_nomem(err);
    if (r >= 0)
        r = tell_gone(conn, &list, err);
    return r < 0 ? r : (int)list.len;
}

int vl_repo_place_gone(struct vl_store_conn *conn, int64_t registry, const char *repository,
    const char *digest, int64_t event, int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *row VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_event_of, registry, repository, digest, &row, err);
    if (r >= 0)
        r = vl_stmt_step(row, err);
    if (r <= 0 || (event && event < vl_stmt_get_int(row, 0)))
        return r < 0 ? r : 0;
    r = run_plain(conn, &sql_gone_tags, registry, repository, digest, err);
    if (r >= 0)
        r = begin(conn, &sql_gone, registry, repository, digest, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 4, now);
    vl_stmt_int(stmt, 5, event);
    return end_places(conn, stmt, err);
}

int vl_repo_repository_gone(struct vl_store_conn *conn, int64_t registry, const char *name, int64_t before,
    int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *places VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_repository_gone, registry, name, NULL, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 3, now);
    vl_stmt_int(stmt, 4, before);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = run_plain(conn, &sql_repository_tags, registry, name, NULL, err);
    if (r >= 0)
        r = begin(conn, &sql_repository_places, registry, name, NULL, &places, err);
    if (r < 0)
        return r;
    vl_stmt_int(places, 3, now);
    return end_places(conn, places, err);
}

/* --- what is known --- */

static int too_many(const char *repository, const char *what, size_t max, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %zu %s", repository, max, what);
}

int vl_repo_repository_names(struct vl_store_conn *conn, int64_t registry, size_t max, struct vl_arena *arena,
    const char ***ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    vl_vec_init(&list, sizeof(char *), max + 1);
    int r = vl_stmt_begin(conn, &sql_names, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, registry);
    vl_stmt_int(stmt, 2, (int64_t)max + 1);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const char **name = vl_vec_push(&list, "repositories", err);
        if (!name)
            return -ENOMEM;
        *name = vl_stmt_copy(stmt, 0, arena);
    }
    if (r < 0)
        return r;
    if (list.len > max)
        return too_many("the registry", "repositories", max, err);
    const char **names = vl_arena_array(arena, list.len ? list.len : 1, sizeof(*names));
    r = vl_arena_check(arena, "the repositories", err);
    if (r < 0)
        return r;
    if (list.len > 0)
        memcpy(names, list.items, list.len * sizeof(*names));
    *ret = names;
    *ret_n = list.len;
    return 0;
}

int vl_repo_place_list(struct vl_store_conn *conn, int64_t registry, const char *repository, size_t max,
    struct vl_arena *arena, struct vl_place **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    vl_vec_init(&list, sizeof(struct vl_place), max + 1);
    int r = begin(conn, &sql_places, registry, repository, NULL, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 3, (int64_t)max + 1);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_place *p = vl_vec_push(&list, "images of a repository", err);
        if (!p)
            return -ENOMEM;
        *p = (struct vl_place){.id = vl_stmt_get_int(stmt, 0),
            .digest = vl_stmt_copy(stmt, 1, arena),
            .parent = vl_stmt_copy(stmt, 2, arena),
            .is_index = vl_stmt_get_int(stmt, 3) != 0,
            .last_seen = vl_stmt_get_int(stmt, 4)};
    }
    if (r < 0)
        return r;
    if (list.len > max)
        return too_many(repository, "images", max, err);
    struct vl_place *places = vl_arena_array(arena, list.len ? list.len : 1, sizeof(*places));
    r = vl_arena_check(arena, repository, err);
    if (r < 0)
        return r;
    if (list.len > 0)
        memcpy(places, list.items, list.len * sizeof(*places));
    *ret = places;
    *ret_n = list.len;
    return 0;
}

int vl_repo_tag_list(struct vl_store_conn *conn, int64_t registry, const char *repository, size_t max,
    struct vl_arena *arena, struct vl_place_tag **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    vl_vec_init(&list, sizeof(struct vl_place_tag), max + 1);
    int r = begin(conn, &sql_tags, registry, repository, NULL, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 3, (int64_t)max + 1);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_place_tag *t = vl_vec_push(&list, "tags of a repository", err);
        if (!t)
            return -ENOMEM;
        t->name = vl_stmt_copy(stmt, 0, arena);
        t->digest = vl_stmt_copy(stmt, 1, arena);
    }
    if (r < 0)
        return r;
    if (list.len > max)
        return too_many(repository, "tags", max, err);
    struct vl_place_tag *tags = vl_arena_array(arena, list.len ? list.len : 1, sizeof(*tags));
    r = vl_arena_check(arena, repository, err);
    if (r < 0)
        return r;
    if (list.len > 0)
        memcpy(tags, list.items, list.len * sizeof(*tags));
    *ret = tags;
    *ret_n = list.len;
    return 0;
}
