/* lint: no test: tables; test_app opens them on SQLite, tests/functional/test_vallumd on PostgreSQL too
 *
 * Plans, registries, and what lies in them. What an environment may see of a digest hangs on registry_image:
 * a row is there for every manifest that the registry names; facts of the image are shown once fetched_at is
 * set, that is, once the environment's own credential has fetched it. */
#include "schema_impl.h"

VL_COLUMNS(plan, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT}, /* as the API writes it: "Containers" */
    {.name = "tier", .type = VL_COLUMN_INT},  /* 0 Free, 1 Standard */
    {.name = "sub_plan", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "extensions",
        .type = VL_COLUMN_TEXT,
        .def = "'[]'"}, /* JSON array: name, isEnabled, additionalExtensionProperties */
    {.name = "enabled_at", .type = VL_COLUMN_INT, .def = "0"}, /* when Standard was set; 0: Free */
    {.name = "trial_at", .type = VL_COLUMN_INT, .def = "0"},   /* when it was set for the first time */
    {.name = "changed", .type = VL_COLUMN_INT});
static const struct vl_table plan = {
    .name = "plan", .columns = plan_columns, .primary_key = "environment_id, name", .clustered = true};

VL_COLUMNS(registry, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "host", .type = VL_COLUMN_TEXT}, /* "registry.example:5000" */
    {.name = "kind", .type = VL_COLUMN_TEXT}, /* generic, acr, ecr, gar, harbor, dockerhub */
    {.name = "username", .type = VL_COLUMN_TEXT, .def = "''"},
    {.name = "secret",
        .type = VL_COLUMN_BLOB,
        .nullable = true}, /* sealed with the context "registry.secret" */
    {.name = "ca_pem", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "insecure", .type = VL_COLUMN_INT, .def = "0"}, /* http or unverified TLS, by explicit choice */
    {.name = "webhook_secret",
        .type = VL_COLUMN_BLOB,
        .nullable = true}, /* sealed with the context "registry.webhook" */
    {.name = "poll_seconds",
        .type = VL_COLUMN_INT,
        .def = "300"}, /* between reconciliations; at most 300 where events come */
    {.name = "include",
        .type = VL_COLUMN_TEXT,
        .def = "''"}, /* repository patterns, one a line; empty: all */
    {.name = "enabled", .type = VL_COLUMN_INT, .def = "1"},
    {.name = "concurrency", .type = VL_COLUMN_INT, .def = "2"}, {.name = "created", .type = VL_COLUMN_INT},
    {.name = "discovered_at", .type = VL_COLUMN_INT, .def = "0"},   /* last whole reconciliation */
    {.name = "attempted_at", .type = VL_COLUMN_INT, .def = "0"},    /* last one, whole or not */
    {.name = "progress", .type = VL_COLUMN_TEXT, .nullable = true}, /* while one runs */
    {.name = "error", .type = VL_COLUMN_TEXT, .nullable = true},    /* of the last one */
    {.name = "event_at", .type = VL_COLUMN_INT, .def = "0"} /* last event that was taken */);
VL_INDEXES(registry, {.name = "registry_name", .columns = "environment_id, name", .unique = true});
static const struct vl_table registry = {
    .name = "registry", .columns = registry_columns, .indexes = registry_indexes};

VL_COLUMNS(repository, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "registry_id", .type = VL_COLUMN_INT, .references = "registry(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "first_seen", .type = VL_COLUMN_INT},
    {.name = "last_seen", .type = VL_COLUMN_INT}, {.name = "gone_at", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(repository, {.name = "repository_name", .columns = "registry_id, name", .unique = true});
static const struct vl_table repository = {
    .name = "repository", .columns = repository_columns, .indexes = repository_indexes};

/* Facts by digest, shared by all environments. */
VL_COLUMNS(image, {.name = "id", .type = VL_COLUMN_ID}, {.name = "digest", .type = VL_COLUMN_TEXT},
    {.name = "media_type", .type = VL_COLUMN_TEXT},
    {.name = "config_digest", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "os", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "arch", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "variant", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "os_version", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "distro", .type = VL_COLUMN_TEXT, .nullable = true}, /* "debian:12" */
    {.name = "size", .type = VL_COLUMN_INT, .def = "0"},          /* bytes as stored */
    {.name = "created", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "base_name", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "base_digest", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "list_id", .type = VL_COLUMN_INT, .def = "0"}, /* of package_list; 0: not indexed */
    {.name = "indexer_version", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "indexed_at", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "assessed", .type = VL_COLUMN_INT, .def = "2"}, /* enum vl_assessed */
    {.name = "why_not", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "coverage",
        .type = VL_COLUMN_TEXT,
        .def = "'[]'"}, /* JSON rows as the API shows them: ecosystem, packages, hasData, source, dataDate,
                           records, starter */
    {.name = "database_digest",
        .type = VL_COLUMN_TEXT,
        .nullable = true},                                      /* advisories it was last matched with */
    {.name = "database_ms", .type = VL_COLUMN_INT, .def = "0"}, /* oldest date of the data used */
    {.name = "matched_at", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "critical", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "high", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "medium", .type = VL_COLUMN_INT, .def = "0"}, {.name = "low", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "unknown", .type = VL_COLUMN_INT, .def = "0"}, /* negligible ones are counted with low */
    {.name = "fixable", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "kev", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(image, {.name = "image_digest", .columns = "digest", .unique = true},
    {.name = "image_matched", .columns = "matched_at"}, {.name = "image_list", .columns = "list_id"},
    {.name = "image_database", .columns = "database_digest, id", .where = "list_id > 0"});
static const struct vl_table image = {.name = "image", .columns = image_columns, .indexes = image_indexes};

VL_COLUMNS(layer, {.name = "id", .type = VL_COLUMN_ID}, {.name = "diff_id", .type = VL_COLUMN_TEXT},
    {.name = "digest", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "size", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(layer, {.name = "layer_diff_id", .columns = "diff_id", .unique = true});
static const struct vl_table layer = {.name = "layer", .columns = layer_columns, .indexes = layer_indexes};

VL_COLUMNS(image_layer, {.name = "image_id", .type = VL_COLUMN_INT, .references = "image(id)"},
    {.name = "ordinal", .type = VL_COLUMN_INT}, {.name = "layer_id", .type = VL_COLUMN_INT},
    {.name = "created_by", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "base", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(image_layer, {.name = "image_layer_layer", .columns = "layer_id, ordinal, image_id"});
static const struct vl_table image_layer = {.name = "image_layer",
    .columns = image_layer_columns,
    .primary_key = "image_id, ordinal",
    .indexes = image_layer_indexes,
    .clustered = true};

VL_COLUMNS(registry_image, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "registry_id", .type = VL_COLUMN_INT, .references = "registry(id)"},
    {.name = "repository", .type = VL_COLUMN_TEXT}, {.name = "digest", .type = VL_COLUMN_TEXT},
    {.name = "image_id", .type = VL_COLUMN_INT, .def = "0"},        /* 0: nothing fetched yet */
    {.name = "parent", .type = VL_COLUMN_TEXT, .nullable = true},   /* digest of the index that names it */
    {.name = "platform", .type = VL_COLUMN_TEXT, .nullable = true}, /* "linux/amd64" */
    {.name = "is_index",
        .type = VL_COLUMN_INT,
        .def = "0"}, /* a list of platforms: never scanned itself, has no state of its own */
    {.name = "state", .type = VL_COLUMN_INT, .def = "0"}, /* enum vl_image_state */
    {.name = "stage",
        .type = VL_COLUMN_TEXT,
        .nullable = true}, /* while in progress: "waiting for a worker", "layer 2 of 5" */
    {.name = "error", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "error_code", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "attempts", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "next_try", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "pushed_at",
        .type = VL_COLUMN_INT,
        .def = "0"}, /* as the registry or its event tells, else when first seen */
    {.name = "pulled_at", .type = VL_COLUMN_INT, .def = "0"}, {.name = "first_seen", .type = VL_COLUMN_INT},
    {.name = "last_seen", .type = VL_COLUMN_INT}, {.name = "fetched_at", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "completed_at", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "event_at",
        .type = VL_COLUMN_INT,
        .def = "0"}, /* of the newest event, by the registry's clock */
    {.name = "deleted_at", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "risk", .type = VL_COLUMN_INT, .def = "-1"}); /* the list's order: vl_repo_image_rank() writes it
                                                              where counts or exemptions change */
VL_INDEXES(registry_image,
    {.name = "registry_image_digest", .columns = "registry_id, repository, digest", .unique = true},
    {.name = "registry_image_image", .columns = "image_id, environment_id, deleted_at"},
    {.name = "registry_image_state", .columns = "environment_id, state"},
    {.name = "registry_image_parent", .columns = "registry_id, repository, parent"},
    {.name = "registry_image_seen", .columns = "digest, environment_id"},
    {.name = "registry_image_risk", .columns = "environment_id, deleted_at, is_index, risk, id"},
    {.name = "registry_image_pushed", .columns = "environment_id, deleted_at, is_index, pushed_at, id"},
    {.name = "registry_image_name", .columns = "environment_id, deleted_at, is_index, repository, id"});
static const struct vl_table registry_image = {
    .name = "registry_image", .columns = registry_image_columns, .indexes = registry_image_indexes};

VL_COLUMNS(tag, {.name = "registry_id", .type = VL_COLUMN_INT, .references = "registry(id)"},
    {.name = "repository", .type = VL_COLUMN_TEXT}, {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "digest", .type = VL_COLUMN_TEXT}, {.name = "changed", .type = VL_COLUMN_INT});
VL_INDEXES(tag, {.name = "tag_digest", .columns = "registry_id, repository, digest"});
static const struct vl_table tag = {.name = "tag",
    .columns = tag_columns,
    .primary_key = "registry_id, repository, name",
    .indexes = tag_indexes,
    .clustered = true};

const struct vl_table *const vl_inventory_tables[] = {
    &plan, &registry, &repository, &image, &layer, &image_layer, &registry_image, &tag, NULL};
