/* Bases that images are built on, with the name that people know, and what a newer one would mend. */
#include "base/buf.h"
#include "findings/repo_summary.h"

static const struct vl_store_sql sql_list = {
    "SELECT layer_id, layers, images, findings, fixable, critical, image_id, sample_id FROM base_seen WHERE "
    "environment_id = $1 ORDER BY fixable DESC, findings DESC, layer_id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_image = {
    "SELECT i.digest, ri.registry_id, ri.repository, ri.platform, (SELECT max(t.name) FROM tag t WHERE "
    "t.registry_id = ri.registry_id AND t.repository = ri.repository AND t.digest IN (ri.digest, "
    "ri.parent)), i.created FROM image i JOIN registry_image ri ON ri.image_id = i.id WHERE i.id = $2 AND "
    "ri.environment_id = $1 AND ri.fetched_at > 0 AND ri.deleted_at = 0 ORDER BY ri.id LIMIT 1",
    NULL};
/* What an image itself says (annotation org.opencontainers.image.base.name). */
static const struct vl_store_sql sql_said = {"SELECT base_name, base_digest FROM image WHERE id = $1", NULL};
/* The signs before two columns keep them from leading the search: the repository does. */
static const struct vl_store_sql sql_newer = {
    "SELECT i.id, (SELECT max(t.name) FROM tag t WHERE t.registry_id = ri.registry_id AND t.repository = "
    "ri.repository AND t.digest IN (ri.digest, ri.parent)), i.digest FROM registry_image ri JOIN image i ON "
    "i.id = ri.image_id WHERE +ri.environment_id = $1 AND ri.registry_id = $2 AND ri.repository = $3 AND "
    "ri.fetched_at > 0 AND +ri.deleted_at = 0 AND ri.platform = $4 AND i.id <> $5 AND i.created > $6 AND "
    "i.assessed < 2 AND i.matched_at > 0 ORDER BY i.created DESC, ri.id DESC LIMIT 1",
    NULL};
/* Findings of one image that another has no more: by vulnerability and the package's name. CROSS JOIN keeps
 * the order: from the vulnerability, not over all findings of the other image. */
static const struct vl_store_sql sql_fixed = {
    "SELECT count(*) FROM finding f JOIN package_vulnerability m ON m.id = f.match_id JOIN package p ON p.id "
    "= m.package_id WHERE f.image_id = $1 AND f.status = 0 AND NOT EXISTS (SELECT 1 FROM "
    "package_vulnerability n CROSS JOIN package q CROSS JOIN finding g WHERE n.vulnerability_id = "
    "m.vulnerability_id AND q.id = n.package_id AND q.name = p.name AND g.image_id = $2 AND g.match_id = "
    "n.id AND g.status = 0)",
    NULL};

struct own {
    int64_t image, registry, created;
    const char *repository, *platform, *tag;
};

static int name_by_image(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_arena *arena, struct vl_base_row *row, struct own *own, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_image, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, image);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    own->image = image;
    row->digest = vl_stmt_copy(stmt, 0, arena);
    own->registry = vl_stmt_get_int(stmt, 1);
    own->repository = vl_stmt_copy(stmt, 2, arena);
    own->platform = vl_stmt_copy(stmt, 3, arena);
    own->tag = vl_stmt_copy(stmt, 4, arena);
    own->created = vl_stmt_get_int(stmt, 5);
    row->name = own->tag ? vl_arena_printf(arena, "%s:%s", own->repository, own->tag) : own->repository;
    return vl_arena_check(arena, "a base image", err);
}

static int name_by_word(struct vl_store_conn *conn, int64_t sample, struct vl_arena *arena,
    struct vl_base_row *row, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_said, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, sample);
    r = vl_stmt_step(stmt, err);
    if (r > 0) {
        row->name = vl_stmt_copy(stmt, 0, arena);
        row->digest = vl_stmt_copy(stmt, 1, arena);
    }
    return r < 0 ? r : vl_arena_check(arena, "a base image", err);
}

static int count_fixed(
    struct vl_store_conn *conn, int64_t image, int64_t newer, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_fixed, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, newer);
    r = vl_stmt_step(stmt, err);
    *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

/* A later image in the same repository, and what goes with it in every image of the group. */
static int find_newer(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    const struct own *own, struct vl_base_row *row, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t fixed = 0;
    int r = vl_stmt_begin(conn, &sql_newer, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, own->registry);
    vl_stmt_str(stmt, 3, own->repository);
    vl_stmt_str(stmt, 4, own->platform);
    vl_stmt_int(stmt, 5, own->image);
    vl_stmt_int(stmt, 6, own->created);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    struct vl_span tag = vl_stmt_get_text(stmt, 1), digest = vl_stmt_get_text(stmt, 2);
    const char *short_name = vl_arena_dup_span(arena, tag.len ? tag : vl_span_slice(digest, 0, 19));
    row->newer =
        vl_arena_printf(arena, "%s%s%s", own->repository, tag.len ? ":" : "@", short_name ? short_name : "");
    r = count_fixed(conn, own->image, vl_stmt_get_int(stmt, 0), &fixed, err);
    if (r < 0)
        return r;
    row->fixes = fixed * row->images;
    row->task = vl_arena_printf(arena, "%s -> %s fixes %lld findings in %lld images", row->name, short_name,
        (long long)row->fixes, (long long)row->images);
    return vl_arena_check(arena, "a base image", err);
}

static int complete(struct vl_store_conn *conn, int64_t environment, int64_t image, int64_t sample,
    struct vl_arena *arena, struct vl_base_row *row, struct vl_err *err)
{
    struct own own = {0};
    int r = image ? name_by_image(conn, environment, image, arena, row, &own, err) : 0;
    if (r >= 0 && !own.image)
        r = name_by_word(conn, sample, arena, row, err);
    if (r >= 0 && own.image)
        r = find_newer(conn, environment, arena, &own, row, err);
    if (r < 0 || row->task)
        return r;
    row->task = vl_arena_printf(arena,
        "%lld of %lld findings in %lld images come from %s and have a fix: build "
        "them on a newer one",
        (long long)row->fixable, (long long)row->findings, (long long)row->images,
        row->name ? row->name : "a base image without a name");
    return vl_arena_check(arena, "a base image", err);
}

int vl_repo_summary_bases(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    int64_t limit, vl_base_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_base_row row = {.layer = vl_stmt_get_int(stmt, 0),
            .layers = vl_stmt_get_int(stmt, 1),
            .images = vl_stmt_get_int(stmt, 2),
            .findings = vl_stmt_get_int(stmt, 3),
            .fixable = vl_stmt_get_int(stmt, 4),
            .critical = vl_stmt_get_int(stmt, 5)};
        r = complete(conn, environment, vl_stmt_get_int(stmt, 6), vl_stmt_get_int(stmt, 7), arena, &row, err);
        if (r >= 0)
            r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}
