/* lint: no test: tables; test_app opens them on SQLite, tests/functional/test_vallumd on PostgreSQL too
 *
 * Package lists and findings, by digest. Texts are interned: a finding is four numbers, so that five million
 * of them fit in 400 MB. What is known of a vulnerability, and what it means for one version of one package,
 * is written once. */
#include "schema_impl.h"

VL_COLUMNS(package, {.name = "id", .type = VL_COLUMN_ID}, {.name = "purl", .type = VL_COLUMN_TEXT},
    {.name = "ecosystem", .type = VL_COLUMN_INT}, /* enum vl_ecosystem */
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "version", .type = VL_COLUMN_TEXT},
    {.name = "distro", .type = VL_COLUMN_TEXT, .nullable = true});
VL_INDEXES(package, {.name = "package_purl", .columns = "purl", .unique = true},
    {.name = "package_name", .columns = "name, version"});
static const struct vl_table package = {
    .name = "package", .columns = package_columns, .indexes = package_indexes};

/* What indexing found: matched anew when advisories change. Images with equal contents share one. */
VL_COLUMNS(package_list, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "hash", .type = VL_COLUMN_TEXT},    /* "sha256:…" of the bytes before compression */
    {.name = "bytes", .type = VL_COLUMN_BLOB},   /* scan/inventory_codec.h, zstd; read by repo_list.h alone */
    {.name = "packages", .type = VL_COLUMN_INT}, /* how many */
    {.name = "indexer_version", .type = VL_COLUMN_INT},
    {.name = "base_id",
        .type = VL_COLUMN_INT,
        .nullable = true,
        .references = "package_list(id)",
        .keeps = true} /* the list that the bytes are packed against, which has none itself */);
VL_INDEXES(package_list, {.name = "package_list_hash", .columns = "hash", .unique = true},
    {.name = "package_list_base", .columns = "base_id", .where = "base_id IS NOT NULL"});
static const struct vl_table package_list = {
    .name = "package_list", .columns = package_list_columns, .indexes = package_list_indexes};

/* Which packages a list has, by sets of some sixteen that lists of like images share (repo_list_sets.h). */
VL_COLUMNS(package_set, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "hash", .type = VL_COLUMN_BLOB} /* of the ids in it */);
VL_INDEXES(package_set, {.name = "package_set_hash", .columns = "hash", .unique = true});
static const struct vl_table package_set = {
    .name = "package_set", .columns = package_set_columns, .indexes = package_set_indexes};

VL_COLUMNS(set_package, {.name = "set_id", .type = VL_COLUMN_INT32, .references = "package_set(id)"},
    {.name = "package_id", .type = VL_COLUMN_INT32});
VL_INDEXES(set_package, {.name = "set_package_package", .columns = "package_id"});
static const struct vl_table set_package = {.name = "set_package",
    .columns = set_package_columns,
    .primary_key = "set_id, package_id",
    .indexes = set_package_indexes,
    .clustered = true};

VL_COLUMNS(list_set, {.name = "list_id", .type = VL_COLUMN_INT32, .references = "package_list(id)"},
    {.name = "set_id", .type = VL_COLUMN_INT32});
VL_INDEXES(list_set, {.name = "list_set_set", .columns = "set_id"});
static const struct vl_table list_set = {.name = "list_set",
    .columns = list_set_columns,
    .primary_key = "list_id, set_id",
    .indexes = list_set_indexes,
    .clustered = true};

VL_COLUMNS(vulnerability, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "name", .type = VL_COLUMN_TEXT}, /* the one id shown: CVE where there is one */
    {.name = "title", .type = VL_COLUMN_TEXT, .def = "''"},
    {.name = "severity", .type = VL_COLUMN_INT}, /* worst of its matches */
    {.name = "cvss", .type = VL_COLUMN_DOUBLE, .nullable = true},
    {.name = "cvss_vector", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "epss", .type = VL_COLUMN_DOUBLE, .nullable = true},
    {.name = "epss_percentile", .type = VL_COLUMN_DOUBLE, .nullable = true},
    {.name = "kev_added", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "kev_due", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "kev_ransomware", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "exploitation", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "published", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "modified", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "aliases", .type = VL_COLUMN_TEXT, .def = "'[]'"}, /* JSON */
    {.name = "cwes", .type = VL_COLUMN_TEXT, .def = "'[]'"},    /* JSON */
    {.name = "links", .type = VL_COLUMN_TEXT, .def = "'[]'"},   /* JSON */
    {.name = "details", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "hash",
        .type = VL_COLUMN_INT,
        .def = "0"} /* of all of it, to see a change (findings/facts.h) */);
VL_INDEXES(vulnerability, {.name = "vulnerability_name", .columns = "name", .unique = true});
static const struct vl_table vulnerability = {
    .name = "vulnerability", .columns = vulnerability_columns, .indexes = vulnerability_indexes};

/* One version of one package is affected by one vulnerability. */
VL_COLUMNS(package_vulnerability, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "package_id", .type = VL_COLUMN_INT, .references = "package(id)"},
    {.name = "vulnerability_id", .type = VL_COLUMN_INT, .references = "vulnerability(id)"},
    {.name = "severity", .type = VL_COLUMN_INT},
    {.name = "severity_source", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "state", .type = VL_COLUMN_INT}, /* enum vl_fix_state */
    {.name = "fixed_version", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "source", .type = VL_COLUMN_TEXT}, {.name = "advisory", .type = VL_COLUMN_TEXT},
    {.name = "malicious", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "remedy", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "remedy_command", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "hash", .type = VL_COLUMN_INT, .def = "0"} /* of all but the remedy, to see a change */);
VL_INDEXES(package_vulnerability,
    {.name = "package_vulnerability_pair", .columns = "package_id, vulnerability_id", .unique = true},
    {.name = "package_vulnerability_vulnerability", .columns = "vulnerability_id, id"});
static const struct vl_table package_vulnerability = {.name = "package_vulnerability",
    .columns = package_vulnerability_columns,
    .indexes = package_vulnerability_indexes};

/* Narrow columns, in an order without holes: a row is 40 bytes in PostgreSQL. Which images have a match is
 * answered by the index alone: findings of one match lie in as many pages as there are images. (With one
 * column PostgreSQL writes a match once for all its rows, 9 bytes a finding instead of 31; in SQLite the
 * image is in it anyway, as the primary key's rest.) */
VL_COLUMNS(finding, {.name = "image_id", .type = VL_COLUMN_INT32, .references = "image(id)"},
    {.name = "match_id", .type = VL_COLUMN_INT32}, /* of package_vulnerability */
    {.name = "day", .type = VL_COLUMN_INT32},      /* first seen, days since 1970 */
    {.name = "layer", .type = VL_COLUMN_INT16},    /* ordinal */
    {.name = "status", .type = VL_COLUMN_INT16} /* enum vl_finding_status */);
VL_INDEXES(finding, {.name = "finding_match", .columns = "match_id, image_id", .where = "status = 0"});
static const struct vl_table finding = {.name = "finding",
    .columns = finding_columns,
    .primary_key = "image_id, match_id",
    .indexes = finding_indexes,
    .clustered = true};

/* What a scan could not read or judge. */
VL_COLUMNS(image_note, {.name = "image_id", .type = VL_COLUMN_INT, .references = "image(id)"},
    {.name = "ordinal", .type = VL_COLUMN_INT}, {.name = "text", .type = VL_COLUMN_TEXT});
static const struct vl_table image_note = {.name = "image_note",
    .columns = image_note_columns,
    .primary_key = "image_id, ordinal",
    .clustered = true};

/* Secrets in images: where, never what. */
VL_COLUMNS(image_secret, {.name = "image_id", .type = VL_COLUMN_INT, .references = "image(id)"},
    {.name = "ordinal", .type = VL_COLUMN_INT}, {.name = "rule", .type = VL_COLUMN_TEXT},
    {.name = "severity", .type = VL_COLUMN_INT}, {.name = "path", .type = VL_COLUMN_TEXT},
    {.name = "line", .type = VL_COLUMN_INT, .def = "0"}, {.name = "layer", .type = VL_COLUMN_INT},
    {.name = "deleted", .type = VL_COLUMN_INT, .def = "0"});
static const struct vl_table image_secret = {.name = "image_secret",
    .columns = image_secret_columns,
    .primary_key = "image_id, ordinal",
    .clustered = true};

/* History: what a scan or newer advisories changed. */
VL_COLUMNS(image_match_change, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "image_id", .type = VL_COLUMN_INT, .references = "image(id)"},
    {.name = "at", .type = VL_COLUMN_INT}, {.name = "added", .type = VL_COLUMN_INT},
    {.name = "gone", .type = VL_COLUMN_INT}, {.name = "critical_added", .type = VL_COLUMN_INT},
    {.name = "why", .type = VL_COLUMN_TEXT} /* scan, advisories, indexer */);
VL_INDEXES(image_match_change, {.name = "image_match_change_image", .columns = "image_id, at"},
    {.name = "image_match_change_at", .columns = "at"});
static const struct vl_table image_match_change = {.name = "image_match_change",
    .columns = image_match_change_columns,
    .indexes = image_match_change_indexes};

/* What an environment sees of each vulnerability, and of each base that images are built on: worked out anew
 * where the feed says that something changed (repo_summary.h), since counting five million findings takes
 * seconds. */
VL_COLUMNS(vulnerability_seen,
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "vulnerability_id", .type = VL_COLUMN_INT}, {.name = "images", .type = VL_COLUMN_INT},
    {.name = "severity", .type = VL_COLUMN_INT}, /* worst of its matches there */
    {.name = "fixable", .type = VL_COLUMN_INT}, {.name = "day", .type = VL_COLUMN_INT},
    {.name = "risk", .type = VL_COLUMN_INT});
VL_INDEXES(vulnerability_seen,
    {.name = "vulnerability_seen_risk", .columns = "environment_id, risk, vulnerability_id"},
    {.name = "vulnerability_seen_images", .columns = "environment_id, images, vulnerability_id"});
static const struct vl_table vulnerability_seen = {.name = "vulnerability_seen",
    .columns = vulnerability_seen_columns,
    .primary_key = "environment_id, vulnerability_id",
    .indexes = vulnerability_seen_indexes,
    .clustered = true};

VL_COLUMNS(base_seen, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "layer_id", .type = VL_COLUMN_INT}, /* the last of the base */
    {.name = "layers", .type = VL_COLUMN_INT}, {.name = "images", .type = VL_COLUMN_INT},
    {.name = "findings", .type = VL_COLUMN_INT}, /* in the base's layers, of all these images */
    {.name = "fixable", .type = VL_COLUMN_INT}, {.name = "critical", .type = VL_COLUMN_INT},
    {.name = "image_id", .type = VL_COLUMN_INT}, /* the base itself, where the environment has it; 0 */
    {.name = "sample_id", .type = VL_COLUMN_INT} /* one of the images that are built on it */);
static const struct vl_table base_seen = {.name = "base_seen",
    .columns = base_seen_columns,
    .primary_key = "environment_id, layer_id",
    .clustered = true};

VL_COLUMNS(summary, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "number", .type = VL_COLUMN_INT}, /* of the feed, when it was worked out */
    {.name = "computed", .type = VL_COLUMN_INT}, {.name = "took", .type = VL_COLUMN_INT} /* ms */);
static const struct vl_table summary = {
    .name = "summary", .columns = summary_columns, .primary_key = "environment_id", .clustered = true};

const struct vl_table *const vl_findings_tables[] = {&package, &package_list, &package_set, &set_package,
    &list_set, &vulnerability, &package_vulnerability, &finding, &image_note, &image_secret,
    &image_match_change, &vulnerability_seen, &base_seen, &summary, NULL};
