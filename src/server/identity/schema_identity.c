/* lint: no test: tables; test_app opens them on SQLite, tests/functional/test_vallumd on PostgreSQL too */
#include "schema_impl.h"
#include "store/feed.h"
#include "store/queue.h"

VL_COLUMNS(environment, {.name = "id", .type = VL_COLUMN_ID}, {.name = "guid", .type = VL_COLUMN_TEXT},
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "created", .type = VL_COLUMN_INT});
static const struct vl_index environment_indexes[] = {
    {.name = "environment_guid", .columns = "guid", .unique = true},
    {.name = "environment_name", .columns = "name", .unique = true},
    {0},
};
static const struct vl_table environment = {
    .name = "environment", .columns = environment_columns, .indexes = environment_indexes};

/* Users and clients. A client has no password, only tokens and secrets. */
VL_COLUMNS(principal, {.name = "id", .type = VL_COLUMN_ID}, {.name = "kind", .type = VL_COLUMN_INT},
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "password", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "disabled", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "visit_at", .type = VL_COLUMN_INT, .def = "0"},     /* last call of a page */
    {.name = "visit_before", .type = VL_COLUMN_INT, .def = "0"}, /* end of the visit before this one */
    {.name = "subject",
        .type = VL_COLUMN_TEXT,
        .nullable = true} /* issuer and "sub" at an identity provider: who it is, whatever the name says */);
static const struct vl_index principal_indexes[] = {
    {.name = "principal_name", .columns = "name", .unique = true},
    {.name = "principal_subject", .columns = "subject", .unique = true}, {0}};
static const struct vl_table principal = {
    .name = "principal", .columns = principal_columns, .indexes = principal_indexes};

/* environment_id 0: all of them. registry_id 0: the whole environment; else that registry alone. */
VL_COLUMNS(role_binding, {.name = "principal_id", .type = VL_COLUMN_INT, .references = "principal(id)"},
    {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "registry_id", .type = VL_COLUMN_INT, .def = "0"}, {.name = "role", .type = VL_COLUMN_INT});
VL_INDEXES(role_binding, {.name = "role_binding_registry", .columns = "registry_id"});
static const struct vl_table role_binding = {.name = "role_binding",
    .columns = role_binding_columns,
    .primary_key = "principal_id, environment_id, registry_id",
    .indexes = role_binding_indexes,
    .clustered = true};

/* Of a token only its SHA-256 is kept: 40 random characters need no salt. */
VL_COLUMNS(token, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "principal_id", .type = VL_COLUMN_INT, .references = "principal(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "hash", .type = VL_COLUMN_BLOB},
    {.name = "role", .type = VL_COLUMN_INT}, {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "expires", .type = VL_COLUMN_INT},
    {.name = "last_used", .type = VL_COLUMN_INT, .def = "0"});
static const struct vl_index token_indexes[] = {{.name = "token_hash", .columns = "hash", .unique = true},
    {.name = "token_principal", .columns = "principal_id"}, {0}};
static const struct vl_table token = {.name = "token", .columns = token_columns, .indexes = token_indexes};

/* Failed logins by name and by address. */
VL_COLUMNS(login_failure, {.name = "who", .type = VL_COLUMN_TEXT},
    {.name = "failures", .type = VL_COLUMN_INT}, {.name = "locked_until", .type = VL_COLUMN_INT});
static const struct vl_table login_failure = {
    .name = "login_failure", .columns = login_failure_columns, .primary_key = "who"};

VL_COLUMNS(audit, {.name = "id", .type = VL_COLUMN_ID}, {.name = "at", .type = VL_COLUMN_INT},
    {.name = "who", .type = VL_COLUMN_TEXT}, {.name = "peer", .type = VL_COLUMN_TEXT},
    {.name = "environment_id", .type = VL_COLUMN_INT}, {.name = "action", .type = VL_COLUMN_TEXT},
    {.name = "object", .type = VL_COLUMN_TEXT}, {.name = "detail", .type = VL_COLUMN_TEXT});
static const struct vl_index audit_indexes[] = {{.name = "audit_at", .columns = "at"}, {0}};
static const struct vl_table audit = {.name = "audit", .columns = audit_columns, .indexes = audit_indexes};

/* The queue, the feed and leadership come with the first migration: everything else builds on them. */
const struct vl_table *const vl_identity_tables[] = {&vl_queue_table, &vl_queue_group_table, &vl_feed_table,
    &vl_leader_table, &environment, &principal, &role_binding, &token, &login_failure, &audit, NULL};

/* --- version 6 --- */

/* Roles in other parts of an environment: the registries with a label, or a cluster. What does not say the
 * part is "". */
VL_COLUMNS(role_part, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "principal_id", .type = VL_COLUMN_INT, .references = "principal(id)"},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "label", .type = VL_COLUMN_TEXT, .def = "''"},     /* "team=payments" */
    {.name = "cluster", .type = VL_COLUMN_TEXT, .def = "''"},   /* its name, lower case */
    {.name = "namespace", .type = VL_COLUMN_TEXT, .def = "''"}, /* in the cluster; "": all of it */
    {.name = "role", .type = VL_COLUMN_INT});
VL_INDEXES(role_part, {.name = "role_part_scope",
                          .columns = "principal_id, environment_id, label, cluster, namespace",
                          .unique = true});
static const struct vl_table role_part = {
    .name = "role_part", .columns = role_part_columns, .indexes = role_part_indexes};
const struct vl_table *const vl_part_tables[] = {&role_part, NULL};

#define TEXT(of, called) {of, {.name = called, .type = VL_COLUMN_TEXT, .def = "''"}}
const struct vl_migration_column vl_part_columns[] = {
    TEXT("registry", "labels"), /* ",a=1,b=2," (inventory/label.h) */
    TEXT("alert", "cluster"),   /* lower case; respond/alert_place.h */
    TEXT("alert", "namespace"), {0}};
