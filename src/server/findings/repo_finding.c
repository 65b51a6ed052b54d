#include "findings/repo_finding.h"

#include <string.h>

#include "base/buf.h"

#define PATTERN_MAX 2048

int vl_sql_pattern(const char *text, struct vl_buf *out, struct vl_span *ret, struct vl_err *err)
{
    vl_buf_clear(out);
    if (*text)
        vl_buf_append_char(out, '%');
    for (const char *c = text; *c; c++) {
        if (strchr("%_\\", *c))
            vl_buf_append_char(out, '\\');
        vl_buf_append_char(out, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
    }
    if (*text)
        vl_buf_append_char(out, '%');
    int r = vl_buf_check(out, "what is searched", err);
    if (r >= 0)
        *ret = vl_buf_span(out);
    return r;
}

/* --- findings --- */

/* The order that scan/order.c gives a scan's findings, in one number below 2^40. */
#define URGENCY                                                                                      \
    "(((CASE WHEN v.kev_added > 0 THEN 2 ELSE 0 END + CASE WHEN m.malicious > 0 THEN 1 ELSE 0 END) " \
    "* 8 + m.severity) * 1048576 + CAST(COALESCE(v.epss * 100000 + 1, 0) AS BIGINT)) * 2 "           \
    "+ CASE WHEN m.state = 1 THEN 1 ELSE 0 END"

#define COLUMNS                                                                                             \
    "SELECT f.match_id AS match_id, f.day, f.layer, v.name AS vulnerability, v.title, m.severity, p.name "  \
    "AS package, p.version, p.purl, p.ecosystem, m.fixed_version, m.state, v.cvss, v.cvss_vector, v.epss, " \
    "v.epss_percentile, v.kev_added, v.kev_due, v.kev_ransomware, v.published, m.remedy, "                  \
    "m.remedy_command, m.source, m.advisory, v.links, l.diff_id, il.created_by, x.exemption_id, e.guid, "   \
    "e.category, e.expires, x.rule_id, d.name AS rule, "

#define TABLES                                                                                          \
    "FROM finding f JOIN package_vulnerability m ON m.id = f.match_id "                                 \
    "JOIN vulnerability v ON v.id = m.vulnerability_id JOIN package p ON p.id = m.package_id "          \
    "LEFT JOIN finding_exempt x ON x.environment_id = $1 AND x.image_id = f.image_id AND x.match_id = " \
    "f.match_id "

#define DETAILS                                                                      \
    "LEFT JOIN exemption e ON e.id = x.exemption_id AND e.environment_id = $1 "      \
    "LEFT JOIN disable_rule d ON d.id = x.rule_id AND d.environment_id = $1 "        \
    "LEFT JOIN image_layer il ON il.image_id = f.image_id AND il.ordinal = f.layer " \
    "LEFT JOIN layer l ON l.id = il.layer_id "

#define WHERE                                                                                      \
    "WHERE f.image_id = $2 AND f.status = 0 "                                                      \
    "AND (CAST($3 AS BIGINT) < 0 OR CASE m.severity WHEN 1 THEN 2 ELSE m.severity END = $3) "      \
    "AND ($4 = '' OR lower(v.name) LIKE $4 ESCAPE '\\' OR lower(p.name) LIKE $4 ESCAPE '\\' OR "   \
    "lower(v.title) LIKE $4 ESCAPE '\\') "                                                         \
    "AND (CAST($5 AS BIGINT) = 0 OR m.state = 1) AND (CAST($6 AS BIGINT) = 0 OR v.kev_added > 0) " \
    "AND (CAST($7 AS BIGINT) = 1 OR x.match_id IS NULL) "

#define DOWN(rank)                                                                                   \
    VL_SQL_PLANNED_ANEW                                                                              \
    "SELECT * FROM (" COLUMNS rank " AS rank " TABLES DETAILS WHERE ") AS found WHERE (found.rank, " \
    "found.match_id) < ($8, CAST($9 AS BIGINT)) ORDER BY found.rank DESC, found.match_id DESC LIMIT $10"

static const struct vl_store_sql sql_list[] = {
    [VL_FINDING_BY_RISK] = {DOWN(URGENCY), NULL},
    [VL_FINDING_BY_SEVERITY] = {DOWN("m.severity * 1099511627776 + " URGENCY), NULL},
    [VL_FINDING_BY_PACKAGE] = {VL_SQL_PLANNED_ANEW COLUMNS
        "0 AS rank " TABLES DETAILS WHERE
        "AND (p.name, f.match_id) > ($8, CAST($9 AS BIGINT)) ORDER BY p.name, f.match_id LIMIT $10",
        NULL},
};
static const struct vl_store_sql sql_count = {
    VL_SQL_PLANNED_ANEW "SELECT count(*) FROM (SELECT 1 " TABLES WHERE "LIMIT $8) AS counted", NULL};

static int bind_filter(
    struct vl_stmt *stmt, const struct vl_finding_filter *filter, struct vl_buf *buf, struct vl_err *err)
{
    struct vl_span pattern;
    int r = vl_sql_pattern(filter->q, buf, &pattern, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, filter->environment);
    vl_stmt_int(stmt, 2, filter->image);
    vl_stmt_int(stmt, 3, filter->severity == VL_SEVERITY_NEGLIGIBLE ? VL_SEVERITY_LOW : filter->severity);
    vl_stmt_text(stmt, 4, pattern);
    vl_stmt_int(stmt, 5, filter->fixable);
    vl_stmt_int(stmt, 6, filter->kev);
    vl_stmt_int(stmt, 7, filter->include_exempt);
    return 0;
}

static void take_finding(const struct vl_stmt *stmt, struct vl_finding_row *row)
{
    *row = (struct vl_finding_row){
        .match = vl_stmt_get_int(stmt, 0),
        .day = vl_stmt_get_int(stmt, 1),
        .layer = vl_stmt_get_int(stmt, 2),
        .vulnerability = vl_stmt_get_text(stmt, 3),
        .title = vl_stmt_get_text(stmt, 4),
        .severity = (int)vl_stmt_get_int(stmt, 5),
        .package_name = vl_stmt_get_text(stmt, 6),
        .package_version = vl_stmt_get_text(stmt, 7),
        .purl = vl_stmt_get_text(stmt, 8),
        .ecosystem = (int)vl_stmt_get_int(stmt, 9),
        .fixed_version = vl_stmt_get_text(stmt, 10),
        .state = (int)vl_stmt_get_int(stmt, 11),
        .has_cvss = !vl_stmt_is_null(stmt, 12),
        .cvss = vl_stmt_get_double(stmt, 12),
        .cvss_vector = vl_stmt_get_text(stmt, 13),
        .has_epss = !vl_stmt_is_null(stmt, 14),
        .epss = vl_stmt_get_double(stmt, 14),
        .epss_percentile = vl_stmt_get_double(stmt, 15),
        .kev_added = vl_stmt_get_int(stmt, 16),
        .kev_due = vl_stmt_get_int(stmt, 17),
        .kev_ransomware = vl_stmt_get_int(stmt, 18) != 0,
        .published = vl_stmt_get_int(stmt, 19),
        .remedy = vl_stmt_get_text(stmt, 20),
        .remedy_command = vl_stmt_get_text(stmt, 21),
        .source = vl_stmt_get_text(stmt, 22),
        .advisory = vl_stmt_get_text(stmt, 23),
        .links = vl_stmt_get_text(stmt, 24),
        .diff_id = vl_stmt_get_text(stmt, 25),
        .created_by = vl_stmt_get_text(stmt, 26),
        .exemption = vl_stmt_get_int(stmt, 27),
        .exemption_guid = vl_stmt_get_text(stmt, 28),
        .exemption_category = (int)vl_stmt_get_int(stmt, 29),
        .exemption_expires = vl_stmt_get_int(stmt, 30),
        .rule = vl_stmt_get_int(stmt, 31),
        .rule_name = vl_stmt_get_text(stmt, 32),
        .rank = vl_stmt_get_int(stmt, 33),
    };
}

int vl_repo_finding_list(struct vl_store_conn *conn, const struct vl_finding_filter *filter,
    enum vl_finding_sort sort, const struct vl_finding_after *after, int64_t limit, vl_finding_each *each,
    void *user, struct vl_err *err)
{
    struct vl_buf pattern VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    bool up = sort == VL_FINDING_BY_PACKAGE;
    vl_buf_init(&pattern, PATTERN_MAX);
    int r = vl_stmt_begin(conn, &sql_list[sort], &stmt, err);
    if (r >= 0)
        r = bind_filter(stmt, filter, &pattern, err);
    if (r < 0)
        return r;
    if (up)
        vl_stmt_str(stmt, 8, after->resumed && after->text ? after->text : "");
    else
        vl_stmt_int(stmt, 8, after->resumed ? after->number : INT64_MAX);
    vl_stmt_int(stmt, 9, after->resumed || up ? after->match : INT64_MAX);
    vl_stmt_int(stmt, 10, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_finding_row row;
        take_finding(stmt, &row);
        r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

/* One statement for all images, with a plan that is kept: of the nine tables of a list it takes longer to
 * make than to run. Names of packages are looked up for those rows alone that are given. */
static const struct vl_store_sql sql_fixes = {
    "SELECT t.image_id, p.name, p.version, t.fixed_version, t.remedy_command FROM (SELECT f.image_id AS "
    "image_id, m.package_id AS package_id, m.fixed_version AS fixed_version, m.remedy_command AS "
    "remedy_command, row_number() OVER (PARTITION BY f.image_id ORDER BY " URGENCY " DESC, f.match_id DESC) "
    "AS place FROM finding f JOIN package_vulnerability m ON m.id = f.match_id JOIN vulnerability v ON v.id "
    "= m.vulnerability_id WHERE f.image_id IN ($2, $3, $4, $5, $6) AND f.status = 0 AND m.state = 1 AND NOT "
    "EXISTS (SELECT 1 FROM finding_exempt x WHERE x.environment_id = $1 AND x.image_id = f.image_id AND "
    "x.match_id = f.match_id)) AS t JOIN package p ON p.id = t.package_id WHERE t.place <= $7 ORDER BY "
    "t.image_id, t.place",
    NULL};

int vl_repo_finding_fixes(struct vl_store_conn *conn, int64_t environment,
    const int64_t images[VL_FIX_IMAGES_MAX], int64_t limit, vl_fix_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_fixes, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    for (int i = 0; i < VL_FIX_IMAGES_MAX; i++)
        vl_stmt_int(stmt, i + 2, images[i]);
    vl_stmt_int(stmt, VL_FIX_IMAGES_MAX + 2, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_fix_row row = {.image = vl_stmt_get_int(stmt, 0),
            .package_name = vl_stmt_get_text(stmt, 1),
            .package_version = vl_stmt_get_text(stmt, 2),
            .fixed_version = vl_stmt_get_text(stmt, 3),
            .remedy_command = vl_stmt_get_text(stmt, 4)};
        r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

static int one_number(struct vl_stmt *stmt, int64_t *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

int vl_repo_finding_count(struct vl_store_conn *conn, const struct vl_finding_filter *filter, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    struct vl_buf pattern VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    vl_buf_init(&pattern, PATTERN_MAX);
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r >= 0)
        r = bind_filter(stmt, filter, &pattern, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 8, max);
    return one_number(stmt, ret, err);
}

/* --- packages --- */

#define PACKAGES                                                                               \
    "FROM list_set ls JOIN set_package sp ON sp.set_id = ls.set_id JOIN package p ON p.id = "  \
    "sp.package_id WHERE ls.list_id = $1 "                                                     \
    "AND ($2 = '' OR lower(p.name) LIKE $2 ESCAPE '\\' OR lower(p.purl) LIKE $2 ESCAPE '\\') " \
    "AND (p.ecosystem = $3 OR CAST($3 AS BIGINT) = 0) "

static const struct vl_store_sql sql_packages = {VL_SQL_PLANNED_ANEW
    "SELECT p.id, p.name, p.version, p.purl, p.ecosystem " PACKAGES
    "AND (p.name, p.id) > ($4, $5) ORDER BY p.name, p.id LIMIT $6",
    NULL};
static const struct vl_store_sql sql_packages_count = {
    VL_SQL_PLANNED_ANEW "SELECT count(*) FROM (SELECT 1 " PACKAGES "LIMIT $4) AS counted", NULL};
static const struct vl_store_sql sql_package_counts = {
    "SELECT CASE m.severity WHEN 1 THEN 2 ELSE m.severity END, count(*) FROM package_vulnerability m JOIN "
    "finding f ON f.image_id = $2 AND f.match_id = m.id AND f.status = 0 WHERE m.package_id = $3 AND NOT "
    "EXISTS (SELECT 1 FROM finding_exempt x WHERE x.environment_id = $1 AND x.image_id = f.image_id AND "
    "x.match_id = f.match_id) GROUP BY 1",
    NULL};

static int count_package(struct vl_store_conn *conn, const struct vl_package_filter *filter,
    struct vl_package_row *row, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_image_counts *c = &row->counts;
    int64_t *const by[VL_SEVERITY_COUNT] = {[VL_SEVERITY_UNKNOWN] = &c->unknown,
        [VL_SEVERITY_NEGLIGIBLE] = &c->low,
        [VL_SEVERITY_LOW] = &c->low,
        [VL_SEVERITY_MEDIUM] = &c->medium,
        [VL_SEVERITY_HIGH] = &c->high,
        [VL_SEVERITY_CRITICAL] = &c->critical};
    int r = vl_stmt_begin(conn, &sql_package_counts, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, filter->environment);
    vl_stmt_int(stmt, 2, filter->image);
    vl_stmt_int(stmt, 3, row->id);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t severity = vl_stmt_get_int(stmt, 0);
        if (severity >= 0 && severity < VL_SEVERITY_COUNT)
            *by[severity] += vl_stmt_get_int(stmt, 1);
    }
    return r;
}

static int bind_packages(
    struct vl_stmt *stmt, const struct vl_package_filter *filter, struct vl_buf *buf, struct vl_err *err)
{
    struct vl_span pattern;
    int r = vl_sql_pattern(filter->q, buf, &pattern, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, filter->list);
    vl_stmt_text(stmt, 2, pattern);
    vl_stmt_int(stmt, 3, filter->ecosystem);
    return 0;
}

int vl_repo_package_list(struct vl_store_conn *conn, const struct vl_package_filter *filter,
    const char *after_name, int64_t after_id, int64_t limit, vl_package_each *each, void *user,
    struct vl_err *err)
{
    struct vl_buf pattern VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    vl_buf_init(&pattern, PATTERN_MAX);
    int r = vl_stmt_begin(conn, &sql_packages, &stmt, err);
    if (r >= 0)
        r = bind_packages(stmt, filter, &pattern, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 4, after_name);
    vl_stmt_int(stmt, 5, after_id);
    vl_stmt_int(stmt, 6, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_package_row row = {.id = vl_stmt_get_int(stmt, 0),
            .name = vl_stmt_get_text(stmt, 1),
            .version = vl_stmt_get_text(stmt, 2),
            .purl = vl_stmt_get_text(stmt, 3),
            .ecosystem = (int)vl_stmt_get_int(stmt, 4)};
        r = count_package(conn, filter, &row, err);
        if (r >= 0)
            r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

int vl_repo_package_count(struct vl_store_conn *conn, const struct vl_package_filter *filter, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    struct vl_buf pattern VL_CLEANUP(vl_buf_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    vl_buf_init(&pattern, PATTERN_MAX);
    int r = vl_stmt_begin(conn, &sql_packages_count, &stmt, err);
    if (r >= 0)
        r = bind_packages(stmt, filter, &pattern, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 4, max);
    return one_number(stmt, ret, err);
}

/* --- history --- */

static const struct vl_store_sql sql_history = {
    "SELECT id, at, added, gone, critical_added, why FROM image_match_change WHERE image_id = $1 AND id < $2 "
    "ORDER BY id DESC LIMIT $3",
    NULL};
static const struct vl_store_sql sql_history_count = {
    "SELECT count(*) FROM (SELECT 1 FROM image_match_change WHERE image_id = $1 LIMIT $2) AS counted", NULL};

int vl_repo_history_list(struct vl_store_conn *conn, int64_t image, int64_t before, int64_t limit,
    vl_history_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_history, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, before);
    vl_stmt_int(stmt, 3, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_history_row row = {.id = vl_stmt_get_int(stmt, 0),
            .at = vl_stmt_get_int(stmt, 1),
            .added = vl_stmt_get_int(stmt, 2),
            .gone = vl_stmt_get_int(stmt, 3),
            .critical_added = vl_stmt_get_int(stmt, 4),
            .why = vl_stmt_get_text(stmt, 5)};
        r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

int vl_repo_history_count(
    struct vl_store_conn *conn, int64_t image, int64_t max, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_history_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, max);
    return one_number(stmt, ret, err);
}
