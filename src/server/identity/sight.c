/* tests: test_sight.c, test_roles.c */
#include "identity/sight.h"

#include "identity/repo_role.h"

#define MINE "(SELECT id FROM narrowed)" /* registries; negative: bindings to clusters */

/* Rows of a table that has its registry in a column. `from` is how SQLite names what the view hides. */
#define PART_OF(table, where)                                                   \
    {"CREATE TEMP VIEW " table " AS SELECT * FROM main." table " WHERE " where, \
        "CREATE TEMP VIEW " table " AS SELECT * FROM " table " WHERE " where}

/* A registry's own row of an assessment has the registry's name on its resource. */
#define RESOURCES_OF_REGISTRIES                                                                         \
    "(SELECT s.id FROM resource s JOIN registry g ON g.environment_id = s.environment_id AND g.name = " \
    "s.name "                                                                                           \
    "WHERE s.kind = 'registry')"
#define MAIN_RESOURCES_OF_REGISTRIES                                                                         \
    "(SELECT s.id FROM main.resource s JOIN registry g ON g.environment_id = s.environment_id AND g.name = " \
    "s.name WHERE s.kind = 'registry')"

/* Images whose facts may be seen. */
#define IMAGES                                                                                               \
    "(SELECT DISTINCT environment_id, image_id FROM registry_image WHERE fetched_at > 0 AND deleted_at = 0 " \
    "AND image_id > 0) ri "
#define OF_HIS_CLUSTERS \
    "EXISTS (SELECT 1 FROM narrowed n JOIN role_part b ON b.id = -n.id WHERE " VL_ROLE_PART_HAS_ALERT ")"
#define NOT_EXEMPT                                                                               \
    "NOT EXISTS (SELECT 1 FROM finding_exempt x WHERE x.environment_id = ri.environment_id AND " \
    "x.image_id = f.image_id AND x.match_id = f.match_id) "

/* In this order: each reads those before it. Sums that are kept for a whole environment (repo_summary.h) are
 * worked out here, for the part, each time that they are asked for. */
static const struct vl_store_sql views[] = {
    PART_OF("registry", "id IN " MINE),
    PART_OF("repository", "registry_id IN " MINE),
    PART_OF("registry_image", "registry_id IN " MINE),
    PART_OF("tag", "registry_id IN " MINE),
    {"CREATE TEMP VIEW assessment AS SELECT * FROM main.assessment WHERE registry_id IN " MINE
     " OR resource_id IN " MAIN_RESOURCES_OF_REGISTRIES,
        "CREATE TEMP VIEW assessment AS SELECT * FROM assessment WHERE registry_id IN " MINE
        " OR resource_id IN " RESOURCES_OF_REGISTRIES},
    PART_OF("resource", "id IN (SELECT a.resource_id FROM assessment a)"),
    /* Of exemptions those that are written for one of these registries, or for what is named nowhere: a
     * vulnerability, a package. Nothing of them concerns one who sees no registry. */
    PART_OF("exemption", "registry_id IN " MINE
                         " OR (registry_id = 0 AND digest IS NULL AND repository IS NULL AND resource_id = "
                         "0 AND EXISTS (SELECT 1 FROM narrowed n WHERE n.id > 0))"),
    {"CREATE TEMP VIEW alert AS SELECT a.* FROM main.alert a WHERE " OF_HIS_CLUSTERS,
        "CREATE TEMP VIEW alert AS SELECT a.* FROM alert a WHERE " OF_HIS_CLUSTERS},
    PART_OF("score_day", "1 = 0"), /* of the whole, day by day */
    PART_OF("task", "resource_id IN (SELECT s.id FROM resource s)"),
    {"CREATE TEMP VIEW vulnerability_seen AS SELECT ri.environment_id AS environment_id, m.vulnerability_id "
     "AS "
     "vulnerability_id, count(DISTINCT f.image_id) AS images, max(m.severity) AS severity, "
     "max(CASE WHEN m.state = 1 THEN 1 ELSE 0 END) AS fixable, min(f.day) AS day, "
     "(((CASE WHEN v.kev_added > 0 THEN 16 ELSE 0 END + max(m.severity)) * 1048576 + "
     "COALESCE(1 + CAST(v.epss * 100000 AS BIGINT), 0)) * 2 + max(CASE WHEN m.state = 1 THEN 1 ELSE 0 END)) "
     "AS "
     "risk FROM " IMAGES "JOIN finding f ON f.image_id = ri.image_id AND f.status = 0 "
     "JOIN package_vulnerability m ON m.id = f.match_id JOIN vulnerability v ON v.id = m.vulnerability_id "
     "WHERE " NOT_EXEMPT "GROUP BY ri.environment_id, m.vulnerability_id, v.kev_added, v.epss",
        NULL},
    {"CREATE TEMP VIEW base_seen AS SELECT b.environment_id AS environment_id, b.layer_id AS layer_id, "
     "b.layers "
     "AS layers, b.images AS images, b.findings AS findings, b.fixable AS fixable, b.critical AS critical, "
     "COALESCE((SELECT max(t.image_id) FROM image_layer t JOIN registry_image r2 ON r2.image_id = t.image_id "
     "WHERE t.layer_id = b.layer_id AND t.ordinal = b.layers - 1 AND r2.environment_id = b.environment_id "
     "AND "
     "r2.fetched_at > 0 AND r2.deleted_at = 0 AND NOT EXISTS (SELECT 1 FROM image_layer n WHERE n.image_id = "
     "t.image_id AND n.ordinal = t.ordinal + 1)), 0) AS image_id, b.sample_id AS sample_id FROM "
     "(SELECT ri.environment_id AS environment_id, il.layer_id AS layer_id, il.ordinal + 1 AS layers, "
     "count(DISTINCT ri.image_id) AS images, count(m.id) AS findings, "
     "count(CASE WHEN m.state = 1 THEN 1 END) AS fixable, count(CASE WHEN m.severity = 5 THEN 1 END) AS "
     "critical, min(ri.image_id) AS sample_id FROM " IMAGES
     "JOIN image_layer il ON il.image_id = ri.image_id AND il.base = 1 AND NOT EXISTS (SELECT 1 FROM "
     "image_layer n WHERE n.image_id = il.image_id AND n.base = 1 AND n.ordinal > il.ordinal) "
     "LEFT JOIN finding f ON f.image_id = ri.image_id AND f.status = 0 AND f.layer <= il.ordinal "
     "AND " NOT_EXEMPT "LEFT JOIN package_vulnerability m ON m.id = f.match_id "
     "GROUP BY ri.environment_id, il.layer_id, il.ordinal) b",
        NULL},
    {0},
};

const struct vl_store_narrowing vl_sight_of_parts = {views};
