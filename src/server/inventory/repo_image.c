#include "inventory/repo_image.h"

#include <string.h>

#include "base/buf.h"
#include "base/vec.h"
#include "findings/repo_finding.h"

#define PATTERN_MAX 2048

/* --- what is taken out of an image's counts --- */

#define EXEMPT_OF(image, environment)                                                              \
    "FROM finding_exempt x JOIN finding f ON f.image_id = x.image_id AND f.match_id = x.match_id " \
    "AND f.status = 0 JOIN package_vulnerability m ON m.id = x.match_id "                          \
    "JOIN vulnerability v ON v.id = m.vulnerability_id "                                           \
    "WHERE x.environment_id = " environment " AND x.image_id = " image

#define SUMS                                                               \
    "COALESCE(SUM(CASE WHEN m.severity = 5 THEN 1 ELSE 0 END), 0), "       \
    "COALESCE(SUM(CASE WHEN m.severity = 4 THEN 1 ELSE 0 END), 0), "       \
    "COALESCE(SUM(CASE WHEN m.severity = 3 THEN 1 ELSE 0 END), 0), "       \
    "COALESCE(SUM(CASE WHEN m.severity IN (1, 2) THEN 1 ELSE 0 END), 0), " \
    "COALESCE(SUM(CASE WHEN m.severity = 0 THEN 1 ELSE 0 END), 0), "       \
    "COALESCE(SUM(CASE WHEN m.state = 1 THEN 1 ELSE 0 END), 0), "          \
    "COALESCE(SUM(CASE WHEN v.kev_added > 0 THEN 1 ELSE 0 END), 0) "

static const struct vl_store_sql sql_exempt = {"SELECT " SUMS EXEMPT_OF("$2", "$1"), NULL};
static const struct vl_store_sql sql_counts = {
    "SELECT critical, high, medium, low, unknown, fixable, kev, assessed, matched_at FROM image WHERE id = "
    "$1",
    NULL};

static void take_counts(const struct vl_stmt *stmt, int column, struct vl_image_counts *ret)
{
    ret->critical = vl_stmt_get_int(stmt, column);
    ret->high = vl_stmt_get_int(stmt, column + 1);
    ret->medium = vl_stmt_get_int(stmt, column + 2);
    ret->low = vl_stmt_get_int(stmt, column + 3);
    ret->unknown = vl_stmt_get_int(stmt, column + 4);
    ret->fixable = vl_stmt_get_int(stmt, column + 5);
    ret->kev = vl_stmt_get_int(stmt, column + 6);
}

static void less(int64_t *count, int64_t by)
{
    *count = *count > by ? *count - by : 0;
}

/* Takes out what the environment exempts. */
static int take_out(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_image_counts *counts, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_image_counts exempt;
    int r = vl_stmt_begin(conn, &sql_exempt, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, image);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    take_counts(stmt, 0, &exempt);
    less(&counts->critical, exempt.critical);
    less(&counts->high, exempt.high);
    less(&counts->medium, exempt.medium);
    less(&counts->low, exempt.low);
    less(&counts->unknown, exempt.unknown);
    less(&counts->fixable, exempt.fixable);
    less(&counts->kev, exempt.kev);
    return 0;
}

int vl_repo_image_counts(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_image_counts *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_counts, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret = (struct vl_image_counts){0};
    if (r == 0)
        return 0;
    take_counts(stmt, 0, ret);
    return take_out(conn, environment, image, ret, err);
}

/* --- rows --- */

/* Names of a row's tags, newest first, a line each: a statement for them of their own would cost a list more
 * than all else. (SQLite gathers in the order of the rows below; that of PostgreSQL has to be said.) */
#define TAGS(gathered)                                                                                     \
    "(SELECT " gathered " FROM (SELECT t.name, t.changed FROM tag t WHERE t.registry_id = ri.registry_id " \
    "AND t.repository = ri.repository AND t.digest IN (ri.digest, ri.parent) "                             \
    "ORDER BY t.changed DESC, t.name LIMIT 1000) AS named) "
_Static_assert(VL_IMAGE_TAGS_MAX == 1000, "the limit in TAGS");
#define SQLITE_TAGS     TAGS("group_concat(name, char(10))")
#define POSTGRESQL_TAGS TAGS("string_agg(name, chr(10) ORDER BY changed DESC, name)")

#define COLUMNS(tags)                                                                                       \
    "SELECT ri.id, ri.image_id, ri.registry_id, r.name, r.host, ri.repository, ri.digest, ri.parent, "      \
    "ri.platform, ri.state, ri.stage, ri.error, ri.error_code, ri.next_try, ri.pushed_at, ri.pulled_at, "   \
    "ri.first_seen, ri.last_seen, ri.completed_at, ri.deleted_at, ri.risk, ri.fetched_at, i.os, i.arch, "   \
    "i.variant, i.distro, i.why_not, i.size, i.assessed, i.matched_at, i.critical, i.high, i.medium, "      \
    "i.low, i.unknown, i.fixable, i.kev, " tags ", CASE WHEN EXISTS (SELECT 1 FROM finding_exempt x WHERE " \
    "x.environment_id = ri.environment_id AND x.image_id = ri.image_id) THEN 1 ELSE 0 END FROM "            \
    "registry_image ri JOIN registry r ON r.id = ri.registry_id "                                           \
    "LEFT JOIN image i ON i.id = ri.image_id AND ri.fetched_at > 0 "

static int take_row(struct vl_store_conn *conn, const struct vl_stmt *stmt, int64_t environment,
    struct vl_image_row *row, struct vl_err *err)
{
    *row = (struct vl_image_row){
        .id = vl_stmt_get_int(stmt, 0),
        .registry = vl_stmt_get_int(stmt, 2),
        .registry_name = vl_stmt_get_text(stmt, 3),
        .registry_host = vl_stmt_get_text(stmt, 4),
        .repository = vl_stmt_get_text(stmt, 5),
        .digest = vl_stmt_get_text(stmt, 6),
        .parent = vl_stmt_get_text(stmt, 7),
        .platform = vl_stmt_get_text(stmt, 8),
        .state = (int)vl_stmt_get_int(stmt, 9),
        .stage = vl_stmt_get_text(stmt, 10),
        .error = vl_stmt_get_text(stmt, 11),
        .error_code = vl_stmt_get_text(stmt, 12),
        .next_try = vl_stmt_get_int(stmt, 13),
        .pushed = vl_stmt_get_int(stmt, 14),
        .pulled = vl_stmt_get_int(stmt, 15),
        .first_seen = vl_stmt_get_int(stmt, 16),
        .last_seen = vl_stmt_get_int(stmt, 17),
        .completed = vl_stmt_get_int(stmt, 18),
        .deleted = vl_stmt_get_int(stmt, 19),
        .risk = vl_stmt_get_int(stmt, 20),
        .tags = vl_stmt_get_text(stmt, 37),
        .assessed = -1,
    };
    if (vl_stmt_get_int(stmt, 21) == 0 || vl_stmt_is_null(stmt, 28))
        return 0;
    row->image = vl_stmt_get_int(stmt, 1);
    row->os = vl_stmt_get_text(stmt, 22);
    row->arch = vl_stmt_get_text(stmt, 23);
    row->variant = vl_stmt_get_text(stmt, 24);
    row->distro = vl_stmt_get_text(stmt, 25);
    row->why_not = vl_stmt_get_text(stmt, 26);
    row->size = vl_stmt_get_int(stmt, 27);
    if (vl_stmt_get_int(stmt, 29) == 0)
        return 0; /* indexed, not matched yet */
    row->assessed = (int)vl_stmt_get_int(stmt, 28);
    if (row->assessed == VL_ASSESSED_NOT)
        return 0;
    take_counts(stmt, 30, &row->counts);
    return vl_stmt_get_int(stmt, 38) == 0 ? 0 : take_out(conn, environment, row->image, &row->counts, err);
}

static int each_row(struct vl_store_conn *conn, struct vl_stmt *stmt, int64_t environment,
    vl_image_each *each, void *user, struct vl_err *err)
{
    int r;
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_image_row row;
        r = take_row(conn, stmt, environment, &row, err);
        if (r >= 0)
            r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

/* --- the list --- */

/* Whether the image has what is asked for, and more of it than is taken out. All is asked of one look at the
 * image; what is taken out is counted only of an image of which something is. The conditions stand in the
 * order in which they are cheap. */
#define MORE(c, wanted, count, of) \
    "(" wanted " OR " count " > (SELECT count(*) " EXEMPT_OF(c ".id", "$1") " AND " of ")) "
#define ANY_SEVERITY "CAST($6 AS BIGINT) < 0"
#define ANY_FIX      "CAST($7 AS BIGINT) = 0"
#define ANY_KEV      "CAST($8 AS BIGINT) = 0"
#define OF_SEVERITY(c)                                                                                    \
    "CASE CAST($6 AS BIGINT) WHEN 5 THEN " c ".critical WHEN 4 THEN " c ".high WHEN 3 THEN " c ".medium " \
    "WHEN 0 THEN " c ".unknown ELSE " c ".low END"
#define HAS_ALL(c)                                                                                      \
    c ".assessed < 2 AND (" ANY_KEV " OR " c ".kev > 0) AND (" ANY_SEVERITY " OR " OF_SEVERITY(         \
        c) " > 0) AND (" ANY_FIX " OR " c                                                               \
           ".fixable > 0) AND (NOT EXISTS (SELECT 1 FROM finding_exempt e WHERE "                       \
           "e.environment_id = $1 AND e.image_id = " c                                                  \
           ".id) OR (" MORE(c, ANY_KEV, c ".kev", "v.kev_added > 0") "AND " MORE(c, ANY_SEVERITY,       \
               OF_SEVERITY(c), "CASE m.severity WHEN 1 THEN 2 ELSE m.severity END = $6") "AND " MORE(c, \
               ANY_FIX, c ".fixable", "m.state = 1") "))"

/* PostgreSQL makes one join of it, with the image that is a place's (i), and leaves the join out where
 * nothing is asked; SQLite looks at an image only where something is. */
#define WHERE                                                                                              \
    "WHERE ri.environment_id = $1 AND ri.deleted_at = 0 AND ri.is_index = 0 "                              \
    "AND (ri.registry_id = $2 OR CAST($2 AS BIGINT) = 0) AND (ri.repository = $3 OR $3 = '') "             \
    "AND (ri.state = $4 OR CAST($4 AS BIGINT) < 0) "                                                       \
    "AND ($5 = '' OR lower(ri.repository) LIKE $5 ESCAPE '\\' OR ri.digest LIKE $5 ESCAPE '\\' OR EXISTS " \
    "(SELECT 1 FROM tag t WHERE t.registry_id = ri.registry_id AND t.repository = ri.repository AND "      \
    "t.digest IN (ri.digest, ri.parent) AND lower(t.name) LIKE $5 ESCAPE '\\')) AND ((" ANY_SEVERITY       \
    " AND " ANY_FIX " AND " ANY_KEV ") OR "
#define SQLITE_WHERE                                                                                   \
    WHERE "EXISTS (SELECT 1 FROM image c WHERE c.id = ri.image_id AND ri.fetched_at > 0 AND " HAS_ALL( \
        "c") ")) "
#define POSTGRESQL_WHERE WHERE "(" HAS_ALL("i") ")) "

/* A list begins after a place that is before all. */
#define DOWN(column) \
    "AND (ri." column ", ri.id) < ($9, $10) ORDER BY ri." column " DESC, ri.id DESC LIMIT $11"

#define LIST(end)                                               \
    {VL_SQL_PLANNED_ANEW COLUMNS(SQLITE_TAGS) SQLITE_WHERE end, \
        VL_SQL_PLANNED_ANEW COLUMNS(POSTGRESQL_TAGS) POSTGRESQL_WHERE end}
static const struct vl_store_sql sql_list[] = {
    [VL_IMAGE_BY_RISK] = LIST(DOWN("risk")),
    [VL_IMAGE_BY_PUSHED] = LIST(DOWN("pushed_at")),
    [VL_IMAGE_BY_REPOSITORY] =
        LIST("AND (ri.repository, ri.id) > ($9, $10) ORDER BY ri.repository, ri.id LIMIT $11"),
};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM (SELECT 1 FROM registry_image ri " SQLITE_WHERE "LIMIT $9) AS counted",
    VL_SQL_PLANNED_ANEW "SELECT count(*) FROM (SELECT 1 FROM registry_image ri LEFT JOIN image i ON i.id = "
                        "ri.image_id AND ri.fetched_at > 0 " POSTGRESQL_WHERE "LIMIT $9) AS counted"};

static int bind(
    struct vl_stmt *stmt, const struct vl_image_filter *filter, struct vl_buf *pattern, struct vl_err *err)
{
    struct vl_span q;
    int r = vl_sql_pattern(filter->q, pattern, &q, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, filter->environment);
    vl_stmt_int(stmt, 2, filter->registry);
    vl_stmt_str(stmt, 3, filter->repository);
    vl_stmt_int(stmt, 4, filter->state);
    vl_stmt_text(stmt, 5, q);
    vl_stmt_int(stmt, 6, filter->severity);
    vl_stmt_int(stmt, 7, filter->fixable);
    vl_stmt_int(stmt, 8, filter->kev);
    return 0;
}

int vl_repo_image_list(struct vl_store_conn *conn, const struct vl_image_filter *filter,
    enum vl_image_sort sort, const struct vl_image_after *after, int64_t limit, vl_image_each *each,
    void *user, struct vl_err *err)
{
    struct vl_buf pattern VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    vl_buf_init(&pattern, PATTERN_MAX);
    int r = vl_stmt_begin(conn, &sql_list[sort], &stmt, err);
    if (r >= 0)
        r = bind(stmt, filter, &pattern, err);
    if (r < 0)
        return r;
    if (sort == VL_IMAGE_BY_REPOSITORY)
        vl_stmt_str(stmt, 9, after->resumed && after->text ? after->text : "");
    else
        vl_stmt_int(stmt, 9, after->resumed ? after->number : INT64_MAX);
    vl_stmt_int(stmt, 10, after->resumed || sort == VL_IMAGE_BY_REPOSITORY ? after->id : INT64_MAX);
    vl_stmt_int(stmt, 11, limit);
    return each_row(conn, stmt, filter->environment, each, user, err);
}

int vl_repo_image_count(struct vl_store_conn *conn, const struct vl_image_filter *filter, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    struct vl_buf pattern VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    vl_buf_init(&pattern, PATTERN_MAX);
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r >= 0)
        r = bind(stmt, filter, &pattern, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 9, max);
    r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

/* --- one image --- */

#define PLACES                                                                                          \
    "AND ri.environment_id = $2 AND ri.is_index = 0 AND (ri.deleted_at = 0 OR (CAST($3 AS BIGINT) = 1 " \
    "AND ri.fetched_at > 0)) ORDER BY CASE ri.deleted_at WHEN 0 THEN 0 ELSE 1 END, ri.state DESC, "     \
    "ri.pushed_at DESC, ri.id LIMIT $4"

#define ONE(which) {COLUMNS(SQLITE_TAGS) which PLACES, COLUMNS(POSTGRESQL_TAGS) which PLACES}
static const struct vl_store_sql sql_places = ONE("WHERE ri.digest = $1 ");
static const struct vl_store_sql sql_places_of = ONE("WHERE ri.image_id = $1 AND ri.fetched_at > 0 ");
static const struct vl_store_sql sql_find = {
    "SELECT i.id FROM image i WHERE i.digest = $1 AND EXISTS (SELECT 1 FROM registry_image ri WHERE "
    "ri.image_id = i.id AND ri.environment_id = $2 AND ri.fetched_at > 0 AND ri.deleted_at = 0)",
    NULL};
static const struct vl_store_sql sql_is_index = {"SELECT 1 FROM registry_image WHERE digest = $1 AND "
                                                 "environment_id = $2 AND is_index = 1 AND deleted_at = 0 "
                                                 "LIMIT 1",
    NULL};
static const struct vl_store_sql sql_facts = {
    "SELECT i.id, i.digest, i.media_type, i.config_digest, i.os, i.arch, i.variant, i.os_version, i.distro, "
    "i.size, i.created, i.base_name, i.base_digest, i.list_id, i.indexer_version, i.indexed_at, i.assessed, "
    "i.why_not, i.coverage, i.database_digest, i.database_ms, i.matched_at, (SELECT p.packages FROM "
    "package_list p WHERE p.id = i.list_id) FROM image i WHERE i.id = $1",
    NULL};
static const struct vl_store_sql sql_layers = {
    "SELECT il.ordinal, il.layer_id, l.diff_id, l.digest, l.size, il.created_by, il.base FROM image_layer il "
    "JOIN layer l ON l.id = il.layer_id WHERE il.image_id = $1 ORDER BY il.ordinal LIMIT $2",
    NULL};
static const struct vl_store_sql sql_layer_counts = {
    "SELECT f.layer, " SUMS "FROM finding f JOIN package_vulnerability m ON m.id = f.match_id "
    "JOIN vulnerability v ON v.id = m.vulnerability_id WHERE f.image_id = $2 AND f.status = 0 AND NOT EXISTS "
    "(SELECT 1 FROM finding_exempt x WHERE x.environment_id = $1 AND x.image_id = f.image_id AND x.match_id "
    "= f.match_id) GROUP BY f.layer",
    NULL};

int vl_repo_image_places(struct vl_store_conn *conn, int64_t environment, const char *digest, bool deleted,
    vl_image_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_places, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, digest);
    vl_stmt_int(stmt, 2, environment);
    vl_stmt_int(stmt, 3, deleted);
    vl_stmt_int(stmt, 4, VL_IMAGE_PLACES_MAX);
    return each_row(conn, stmt, environment, each, user, err);
}

int vl_repo_image_places_of(struct vl_store_conn *conn, int64_t environment, int64_t image, bool deleted,
    vl_image_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_places_of, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, environment);
    vl_stmt_int(stmt, 3, deleted);
    vl_stmt_int(stmt, 4, VL_IMAGE_PLACES_MAX);
    return each_row(conn, stmt, environment, each, user, err);
}

int vl_repo_image_find(
    struct vl_store_conn *conn, int64_t environment, const char *digest, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_find, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, digest);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret_id = vl_stmt_get_int(stmt, 0);
    return r;
}

int vl_repo_image_is_index(
    struct vl_store_conn *conn, int64_t environment, const char *digest, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_is_index, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, digest);
    vl_stmt_int(stmt, 2, environment);
    return vl_stmt_step(stmt, err);
}

int vl_repo_image_facts(struct vl_store_conn *conn, int64_t image, struct vl_arena *arena,
    struct vl_image_facts *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_facts, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    struct vl_image_facts facts = {
        .id = vl_stmt_get_int(stmt, 0),
        .digest = vl_stmt_copy(stmt, 1, arena),
        .media_type = vl_stmt_copy(stmt, 2, arena),
        .config_digest = vl_stmt_copy(stmt, 3, arena),
        .os = vl_stmt_copy(stmt, 4, arena),
        .arch = vl_stmt_copy(stmt, 5, arena),
        .variant = vl_stmt_copy(stmt, 6, arena),
        .os_version = vl_stmt_copy(stmt, 7, arena),
        .distro = vl_stmt_copy(stmt, 8, arena),
        .size = vl_stmt_get_int(stmt, 9),
        .created = vl_stmt_get_int(stmt, 10),
        .base_name = vl_stmt_copy(stmt, 11, arena),
        .base_digest = vl_stmt_copy(stmt, 12, arena),
        .list = vl_stmt_get_int(stmt, 13),
        .indexer_version = vl_stmt_get_int(stmt, 14),
        .indexed = vl_stmt_get_int(stmt, 15),
        .assessed = (int)vl_stmt_get_int(stmt, 16),
        .why_not = vl_stmt_copy(stmt, 17, arena),
        .coverage = vl_stmt_copy(stmt, 18, arena),
        .database_digest = vl_stmt_copy(stmt, 19, arena),
        .database = vl_stmt_get_int(stmt, 20),
        .matched = vl_stmt_get_int(stmt, 21),
        .packages = vl_stmt_is_null(stmt, 22) ? -1 : vl_stmt_get_int(stmt, 22),
    };
    r = vl_arena_check(arena, "an image", err);
    if (r < 0)
        return r;
    *ret = facts;
    return 1;
}

static int count_layers(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_image_layer *layers, size_t n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_layer_counts, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, image);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t ordinal = vl_stmt_get_int(stmt, 0);
        for (size_t i = 0; i < n; i++) {
            if (layers[i].ordinal == ordinal)
                take_counts(stmt, 1, &layers[i].counts);
        }
    }
    return r;
}

int vl_repo_image_layers(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_arena *arena, struct vl_image_layer **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_image_layer *layers = vl_arena_array(arena, VL_INVENTORY_LAYERS_MAX, sizeof(*layers));
    size_t n = 0;
    int r = vl_arena_check(arena, "layers", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_layers, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, VL_INVENTORY_LAYERS_MAX);
    while (n < VL_INVENTORY_LAYERS_MAX && (r = vl_stmt_step(stmt, err)) > 0) {
        layers[n++] = (struct vl_image_layer){
            .ordinal = vl_stmt_get_int(stmt, 0),
            .layer = vl_stmt_get_int(stmt, 1),
            .diff_id = vl_stmt_copy(stmt, 2, arena),
            .digest = vl_stmt_copy(stmt, 3, arena),
            .size = vl_stmt_get_int(stmt, 4),
            .created_by = vl_stmt_copy(stmt, 5, arena),
            .base = vl_stmt_get_int(stmt, 6) != 0,
        };
    }
    if (r >= 0)
        r = vl_arena_check(arena, "layers", err);
    if (r >= 0)
        r = count_layers(conn, environment, image, layers, n, err);
    if (r < 0)
        return r;
    *ret = layers;
    *ret_n = n;
    return 0;
}

/* --- ranks --- */

static const struct vl_store_sql sql_seen_by = {
    "SELECT DISTINCT environment_id FROM registry_image WHERE image_id = $1 AND fetched_at > 0", NULL};
static const struct vl_store_sql sql_rank = {
    "UPDATE registry_image SET risk = $1 WHERE image_id = $2 AND environment_id = $3 AND fetched_at > 0 AND "
    "risk <> $1",
    NULL};
static const struct vl_store_sql sql_images_of = {
    "SELECT DISTINCT image_id FROM registry_image WHERE environment_id = $1 AND image_id > $2 AND fetched_at "
    "> 0 AND deleted_at = 0 ORDER BY image_id LIMIT 1000",
    NULL};

static int64_t place(int64_t rank, int64_t count, unsigned bits)
{
    int64_t most = ((int64_t)1 << bits) - 1;
    return (rank << bits) | (count < most ? count : most);
}

/* Exploited ones, critical, high, medium, then the rest: 8 + 12 + 14 + 14 + 14 bits. */
static int64_t rank_of(const struct vl_image_counts *c)
{
    int64_t rank = place(0, c->kev, 8);
    rank = place(rank, c->critical, 12);
    rank = place(rank, c->high, 14);
    rank = place(rank, c->medium, 14);
    return place(rank, c->low + c->unknown, 14);
}

int vl_repo_image_rank_in(struct vl_store_conn *conn, int64_t environment, int64_t image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_image_counts counts;
    int r = vl_repo_image_counts(conn, environment, image, &counts, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_rank, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, rank_of(&counts));
    vl_stmt_int(stmt, 2, image);
    vl_stmt_int(stmt, 3, environment);
    return vl_stmt_send(stmt, err);
}

int vl_repo_image_rank(struct vl_store_conn *conn, int64_t image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_seen_by, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        r = vl_repo_image_rank_in(conn, vl_stmt_get_int(stmt, 0), image, err);
        if (r < 0)
            return r;
    }
    return r;
}

int vl_repo_image_rank_all(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    int64_t last = 0;
    for (;;) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        int64_t before = last;
        int r = vl_stmt_begin(conn, &sql_images_of, &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, environment);
        vl_stmt_int(stmt, 2, last);
        while ((r = vl_stmt_step(stmt, err)) > 0) {
            last = vl_stmt_get_int(stmt, 0);
            r = vl_repo_image_rank_in(conn, environment, last, err);
            if (r < 0)
                return r;
        }
        if (r < 0 || last == before)
            return r;
    }
}
