#include "findings/repo_affected.h"

/* $1 environment, $2 what is asked for, $3 since when deleted images count. */
#define SEEN_ROWS(image)                                                                   \
    "FROM registry_image ri WHERE ri.image_id = " image " AND ri.environment_id = $1 AND " \
    "ri.fetched_at > 0 AND (ri.deleted_at = 0 OR ri.last_seen >= $3)"
#define SEEN(image) "EXISTS (SELECT 1 " SEEN_ROWS(image) ") "

#define DIGEST(image) "(SELECT d.digest FROM image d WHERE d.id = " image ") "

/* What a vulnerability means for packages; one that has this alias, too. */
#define MEANT                                                                                           \
    "m.vulnerability_id IN (SELECT v.id FROM vulnerability v WHERE v.name = $2 UNION SELECT v.id FROM " \
    "vulnerability v WHERE v.aliases <> '[]' AND v.aliases LIKE '%\"' || $2 || '\"%') "
#define VULNERABLE                                                                               \
    "FROM package_vulnerability m JOIN finding f ON f.match_id = m.id JOIN package p ON p.id = " \
    "m.package_id WHERE " MEANT "AND f.status = 0 AND " SEEN("f.image_id")

/* PostgreSQL counts the images out of the index by match, whose list is of the index's own type. (SQLite does
 * as much with the joins as they stand.) */
#define BY_MATCH                                                                                            \
    "FROM finding f WHERE f.match_id = ANY (ARRAY(SELECT CAST(m.id AS INTEGER) FROM package_vulnerability " \
    "m WHERE " MEANT ")) AND f.status = 0 AND CAST($4 AS BIGINT) >= 0 AND " SEEN("f.image_id")

/* A page of PostgreSQL's takes from each match no more than it shows, in the index's order: an image of the
 * page is among the first of every match that it has. Whether it is seen is asked image by image; as EXISTS
 * it would be joined with all images, for each match anew. */
#define PAGE_BY_MATCH                                                                                        \
    "FROM (SELECT CAST(m.id AS INTEGER) AS id, m.fixed_version, p.name || ' ' || p.version AS what FROM "    \
    "package_vulnerability m JOIN package p ON p.id = m.package_id WHERE CAST($4 AS BIGINT) >= 0 AND " MEANT \
    ") AS m CROSS JOIN LATERAL (SELECT f.image_id FROM finding f WHERE f.match_id = m.id AND f.status = 0 "  \
    "AND f.image_id > CAST($5 AS BIGINT) AND (SELECT min(1) " SEEN_ROWS(                                     \
        "f.image_id") ") = 1 ORDER BY f.image_id LIMIT $6) AS f "

/* A purl as it stands, or with qualifiers behind it, or ($4 = 0) with any version. */
#define CONTAINING                                                                                       \
    "FROM package p JOIN set_package sp ON sp.package_id = p.id JOIN list_set ls ON ls.set_id = "        \
    "sp.set_id JOIN image i ON i.list_id = ls.list_id "                                                  \
    "WHERE substr(p.purl, 1, length($2)) = $2 AND (length(p.purl) = length($2) OR substr(p.purl, "       \
    "length($2) + 1, 1) = '?' OR (substr(p.purl, length($2) + 1, 1) = '@' AND CAST($4 AS BIGINT) = 0)) " \
    "AND " SEEN("i.id")

#define LAYERED                                                                                       \
    "FROM layer l JOIN image_layer il ON il.layer_id = l.id WHERE (l.diff_id = $2 OR l.digest = $2) " \
    "AND " SEEN("il.image_id")

static const struct vl_store_sql sql_list[] = {
    [VL_AFFECTED_VULNERABILITY] =
        {"SELECT f.image_id, " DIGEST(
             "f.image_id") ", min(p.name || ' ' || p.version), min(m.fixed_version), 0 " VULNERABLE
                           "AND f.image_id > CAST($5 AS BIGINT) AND CAST($4 AS BIGINT) >= 0 GROUP BY "
                           "f.image_id ORDER BY "
                           "f.image_id LIMIT $6",
            VL_SQL_PLANNED_ANEW
            "SELECT f.image_id, " DIGEST("f.image_id") ", min(m.what), "
                                                       "min(m.fixed_version), 0 " PAGE_BY_MATCH
                                                       "GROUP BY f.image_id ORDER BY f.image_id LIMIT $6"},
    [VL_AFFECTED_PACKAGE] = {VL_SQL_PLANNED_ANEW
        "SELECT i.id, " DIGEST("i.id") ", min(p.purl), NULL, 0 " CONTAINING
                                       "AND i.id > $5 GROUP BY i.id ORDER BY i.id LIMIT $6",
        NULL},
    [VL_AFFECTED_LAYER] = {VL_SQL_PLANNED_ANEW
        "SELECT il.image_id, " DIGEST(
            "il.image_id") ", NULL, NULL, min(il.ordinal) " LAYERED
                           "AND il.image_id > $5 AND CAST($4 AS BIGINT) >= 0 GROUP BY il.image_id ORDER BY "
                           "il.image_id LIMIT $6",
        NULL},
};
static const struct vl_store_sql sql_count[] = {
    [VL_AFFECTED_VULNERABILITY] = {"SELECT count(*) FROM (SELECT DISTINCT f.image_id " VULNERABLE
                                   "AND CAST($4 AS BIGINT) >= 0 LIMIT $5) AS "
                                   "counted",
        VL_SQL_PLANNED_ANEW "SELECT count(*) FROM (SELECT DISTINCT f.image_id " BY_MATCH
                            "LIMIT $5) AS counted"},
    [VL_AFFECTED_PACKAGE] = {VL_SQL_PLANNED_ANEW "SELECT count(*) FROM (SELECT DISTINCT i.id " CONTAINING
                                                 "LIMIT $5) AS counted",
        NULL},
    [VL_AFFECTED_LAYER] = {VL_SQL_PLANNED_ANEW "SELECT count(*) FROM (SELECT DISTINCT il.image_id " LAYERED
                                               "AND CAST($4 AS BIGINT) >= 0 LIMIT $5) AS counted",
        NULL},
};
static const struct vl_store_sql sql_layer = {"SELECT 1 " LAYERED "LIMIT 1", NULL};
static const struct vl_store_sql sql_seen = {
    "SELECT min(first_seen), max(last_seen), min(CASE WHEN deleted_at = 0 THEN 0 ELSE 1 END) FROM "
    "registry_image WHERE image_id = $1 AND environment_id = $2 AND fetched_at > 0",
    NULL};

static void bind(struct vl_stmt *stmt, const struct vl_affected_query *query)
{
    vl_stmt_int(stmt, 1, query->environment);
    vl_stmt_str(stmt, 2, query->target);
    vl_stmt_int(stmt, 3, query->gone_since);
    vl_stmt_int(stmt, 4, query->whole);
}

int vl_repo_affected(struct vl_store_conn *conn, const struct vl_affected_query *query, int64_t after,
    int64_t limit, vl_affected_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_list[query->kind], &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, query);
    vl_stmt_int(stmt, 5, after);
    vl_stmt_int(stmt, 6, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_affected_row row = {.image = vl_stmt_get_int(stmt, 0),
            .digest = vl_stmt_get_text(stmt, 1),
            .what = vl_stmt_get_text(stmt, 2),
            .fixed = vl_stmt_get_text(stmt, 3),
            .ordinal = vl_stmt_get_int(stmt, 4)};
        r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

int vl_repo_affected_count(struct vl_store_conn *conn, const struct vl_affected_query *query, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count[query->kind], &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, query);
    vl_stmt_int(stmt, 5, max);
    r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

int vl_repo_layer_seen(
    struct vl_store_conn *conn, int64_t environment, const char *digest, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_layer, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, digest);
    vl_stmt_int(stmt, 3, 0);
    return vl_stmt_step(stmt, err);
}

int vl_repo_seen(struct vl_store_conn *conn, int64_t environment, int64_t image, struct vl_image_seen *ret,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_seen, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    if (r > 0 && !vl_stmt_is_null(stmt, 0)) {
        ret->first = vl_stmt_get_int(stmt, 0);
        ret->last = vl_stmt_get_int(stmt, 1);
        ret->present = vl_stmt_get_int(stmt, 2) == 0;
    }
    return 0;
}
