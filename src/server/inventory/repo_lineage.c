#include "inventory/repo_lineage.h"

/* $1 environment, $2 image, $3 since when deleted ones count. `y` is the other image. */
#define SEEN                                                                                              \
    "AND EXISTS (SELECT 1 FROM registry_image ri WHERE ri.image_id = y.image_id AND ri.environment_id = " \
    "$1 AND ri.fetched_at > 0 AND (ri.deleted_at = 0 OR ri.last_seen >= $3)) "

/* The longer one, `b`, has a layer that is another than the shorter one's, `a`, in its place. */
#define NO_OTHER_LAYER(a, b)                                                            \
    "AND NOT EXISTS (SELECT 1 FROM image_layer a JOIN image_layer b ON b.image_id = " b \
    " AND b.ordinal = a.ordinal WHERE a.image_id = " a " AND a.layer_id <> b.layer_id) "

/* The top layer of y is one of x in the same place, and not its top. */
#define BASES                                                                                               \
    "FROM image_layer x JOIN image_layer y ON y.layer_id = x.layer_id AND y.ordinal = x.ordinal "           \
    "WHERE x.image_id = $2 AND y.image_id <> $2 AND NOT EXISTS (SELECT 1 FROM image_layer n WHERE "         \
    "n.image_id = y.image_id AND n.ordinal = y.ordinal + 1) AND EXISTS (SELECT 1 FROM image_layer n WHERE " \
    "n.image_id = $2 AND n.ordinal = x.ordinal + 1) " NO_OTHER_LAYER("y.image_id", "$2") SEEN

/* The top layer of x is one of y in the same place, and y goes on. */
#define DERIVED                                                                                           \
    "FROM image_layer x JOIN image_layer y ON y.layer_id = x.layer_id AND y.ordinal = x.ordinal "         \
    "WHERE x.image_id = $2 AND x.ordinal = (SELECT max(t.ordinal) FROM image_layer t WHERE t.image_id = " \
    "$2) AND y.image_id <> $2 AND EXISTS (SELECT 1 FROM image_layer n WHERE n.image_id = y.image_id AND " \
    "n.ordinal = y.ordinal + 1) " NO_OTHER_LAYER("$2", "y.image_id") SEEN

#define LAYERS "(SELECT count(*) FROM image_layer c WHERE c.image_id = y.image_id)"
#define DIGEST "(SELECT i.digest FROM image i WHERE i.id = y.image_id)"

static const struct vl_store_sql sql_list[] = {
    [VL_LINEAGE_BASE] = {"SELECT y.image_id, " DIGEST ", y.ordinal + 1 " BASES
                         "ORDER BY y.ordinal DESC, y.image_id LIMIT $4",
        NULL},
    [VL_LINEAGE_DERIVED] = {"SELECT y.image_id, " DIGEST ", " LAYERS " " DERIVED
                            "AND y.image_id > $5 ORDER BY y.image_id LIMIT $4",
        NULL},
};
static const struct vl_store_sql sql_count[] = {
    [VL_LINEAGE_BASE] = {"SELECT count(*) FROM (SELECT 1 " BASES "LIMIT $4) AS counted", NULL},
    [VL_LINEAGE_DERIVED] = {"SELECT count(*) FROM (SELECT 1 " DERIVED "LIMIT $4) AS counted", NULL},
};

static void bind(struct vl_stmt *stmt, int64_t environment, int64_t image, int64_t gone_since, int64_t limit)
{
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, image);
    vl_stmt_int(stmt, 3, gone_since);
    vl_stmt_int(stmt, 4, limit);
}

int vl_repo_lineage(struct vl_store_conn *conn, int64_t environment, int64_t image, enum vl_lineage which,
    int64_t gone_since, int64_t after, int64_t limit, vl_lineage_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_list[which], &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, environment, image, gone_since, limit);
    if (which == VL_LINEAGE_DERIVED)
        vl_stmt_int(stmt, 5, after);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_lineage_row row = {.image = vl_stmt_get_int(stmt, 0),
            .digest = vl_stmt_get_text(stmt, 1),
            .layers = vl_stmt_get_int(stmt, 2)};
        r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

int vl_repo_lineage_count(struct vl_store_conn *conn, int64_t environment, int64_t image,
    enum vl_lineage which, int64_t gone_since, int64_t max, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count[which], &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, environment, image, gone_since, max);
    r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}
