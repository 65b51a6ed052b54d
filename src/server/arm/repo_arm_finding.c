#include "arm/repo_arm_finding.h"

/* Images first, in their order, each with its findings in theirs: both are primary keys, so that a page costs
 * what it shows. */
static const struct vl_store_sql sql_findings = {VL_SQL_PLANNED_ANEW
    "SELECT ri.id, f.match_id, g.id, g.name, g.host, g.kind, ri.repository, ri.digest, i.media_type, "
    "ri.platform, i.distro, ri.parent, ri.pushed_at, i.matched_at, v.name, v.title, v.details, "
    "v.cvss_vector, v.exploitation, v.cwes, v.links, v.cvss, v.kev_added, v.published, v.modified, p.name, "
    "p.version, m.fixed_version, m.source, m.remedy, m.remedy_command, m.advisory, p.ecosystem, m.state, "
    "m.severity, f.status, f.day, x.match_id FROM registry_image ri JOIN registry g ON g.id = ri.registry_id "
    "JOIN image i ON i.id = ri.image_id JOIN finding f ON f.image_id = i.id JOIN package_vulnerability m ON "
    "m.id = f.match_id JOIN package p ON p.id = m.package_id JOIN vulnerability v ON v.id = "
    "m.vulnerability_id LEFT JOIN finding_exempt x ON x.environment_id = ri.environment_id AND x.image_id = "
    "f.image_id AND x.match_id = f.match_id WHERE +ri.environment_id = $1 AND ri.fetched_at > 0 AND "
    "+ri.deleted_at = 0 AND ri.id >= $2 AND (ri.id > $2 OR f.match_id > CAST($3 AS BIGINT)) AND ($4 = '' OR "
    "lower(g.name) = $4) AND ($5 = '' OR ri.repository = $5) AND ($6 = '' OR ri.digest = $6) AND ($7 = '' OR "
    "$7 LIKE '%,' || g.kind || ',%') AND ($8 = 0 OR ri.id = $8) AND (CAST($9 AS BIGINT) = 0 OR f.match_id = "
    "$9) ORDER BY ri.id, f.match_id LIMIT $10",
    NULL};
static const struct vl_store_sql sql_tags = {"SELECT name FROM tag WHERE registry_id = $1 AND repository = "
                                             "$2 AND digest IN ($3, $4) ORDER BY name LIMIT "
                                             "$5",
    NULL};

static void read_row(struct vl_stmt *stmt, struct vl_arena *arena, struct vl_arm_finding *f)
{
    *f = (struct vl_arm_finding){.image = vl_stmt_get_int(stmt, 0),
        .match = vl_stmt_get_int(stmt, 1),
        .registry_id = vl_stmt_get_int(stmt, 2),
        .registry = vl_stmt_copy(stmt, 3, arena),
        .host = vl_stmt_copy(stmt, 4, arena),
        .kind = vl_stmt_copy(stmt, 5, arena),
        .repository = vl_stmt_copy(stmt, 6, arena),
        .digest = vl_stmt_copy(stmt, 7, arena),
        .media_type = vl_stmt_copy(stmt, 8, arena),
        .platform = vl_stmt_copy(stmt, 9, arena),
        .distro = vl_stmt_copy(stmt, 10, arena),
        .parent = vl_stmt_copy(stmt, 11, arena),
        .pushed = vl_stmt_get_int(stmt, 12),
        .matched = vl_stmt_get_int(stmt, 13),
        .name = vl_stmt_copy(stmt, 14, arena),
        .title = vl_stmt_copy(stmt, 15, arena),
        .details = vl_stmt_copy(stmt, 16, arena),
        .cvss_vector = vl_stmt_copy(stmt, 17, arena),
        .exploitation = vl_stmt_copy(stmt, 18, arena),
        .cwes = vl_stmt_copy(stmt, 19, arena),
        .links = vl_stmt_copy(stmt, 20, arena),
        .has_cvss = !vl_stmt_is_null(stmt, 21),
        .cvss = vl_stmt_get_double(stmt, 21),
        .kev = vl_stmt_get_int(stmt, 22) > 0,
        .published = vl_stmt_get_int(stmt, 23),
        .modified = vl_stmt_get_int(stmt, 24),
        .package = vl_stmt_copy(stmt, 25, arena),
        .version = vl_stmt_copy(stmt, 26, arena),
        .fixed = vl_stmt_copy(stmt, 27, arena),
        .source = vl_stmt_copy(stmt, 28, arena),
        .remedy = vl_stmt_copy(stmt, 29, arena),
        .remedy_command = vl_stmt_copy(stmt, 30, arena),
        .advisory = vl_stmt_copy(stmt, 31, arena),
        .ecosystem = (int)vl_stmt_get_int(stmt, 32),
        .fix_state = (int)vl_stmt_get_int(stmt, 33),
        .severity = (int)vl_stmt_get_int(stmt, 34),
        .status = (int)vl_stmt_get_int(stmt, 35),
        .day = vl_stmt_get_int(stmt, 36),
        .exempt = !vl_stmt_is_null(stmt, 37)};
}

int vl_repo_arm_findings(struct vl_store_conn *conn, const struct vl_arm_finding_query *query, size_t limit,
    struct vl_arena *arena, struct vl_arm_finding **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_arm_finding *list = vl_arena_array(arena, limit, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_findings, &stmt, err) : vl_arena_check(arena, "findings", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, query->environment);
    vl_stmt_int(stmt, 2, query->after_image);
    vl_stmt_int(stmt, 3, query->after_match);
    vl_stmt_str(stmt, 4, query->registry);
    vl_stmt_str(stmt, 5, query->repository);
    vl_stmt_str(stmt, 6, query->digest);
    vl_stmt_str(stmt, 7, query->kinds);
    vl_stmt_int(stmt, 8, query->image);
    vl_stmt_int(stmt, 9, query->match);
    vl_stmt_int(stmt, 10, (int64_t)limit);
    while (list && n < limit && (r = vl_stmt_step(stmt, err)) > 0)
        read_row(stmt, arena, &list[n++]);
    if (r >= 0)
        r = vl_arena_check(arena, "findings", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_arm_tags(struct vl_store_conn *conn, const struct vl_arm_finding *finding, struct vl_arena *arena,
    const char ***ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const char **list = vl_arena_array(arena, VL_ARM_TAGS_MAX, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_tags, &stmt, err) : vl_arena_check(arena, "tags", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, finding->registry_id);
    vl_stmt_str(stmt, 2, finding->repository);
    vl_stmt_str(stmt, 3, finding->digest);
    vl_stmt_str(stmt, 4, finding->parent ? finding->parent : finding->digest);
    vl_stmt_int(stmt, 5, VL_ARM_TAGS_MAX);
    while (list && n < VL_ARM_TAGS_MAX && (r = vl_stmt_step(stmt, err)) > 0)
        list[n++] = vl_stmt_copy(stmt, 0, arena);
    if (r >= 0)
        r = vl_arena_check(arena, "tags", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}
