/* lint: no test: tables; test_app opens them on SQLite, tests/functional/test_vallumd on PostgreSQL too
 *
 * Alerts, whom to tell, and what is still to be told. */
#include "schema_impl.h"

VL_COLUMNS(alert, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "guid", .type = VL_COLUMN_TEXT}, {.name = "type", .type = VL_COLUMN_TEXT},
    {.name = "severity", .type = VL_COLUMN_INT}, /* 1 informational, 2 low, 3 medium, 4 high */
    {.name = "status", .type = VL_COLUMN_INT},   /* enum vl_alert_status */
    {.name = "title", .type = VL_COLUMN_TEXT},
    {.name = "body",
        .type = VL_COLUMN_TEXT}, /* JSON: description, entities, resources, intent, remediation */
    {.name = "resource", .type = VL_COLUMN_TEXT, .def = "''"}, /* ARM id of the first; lower case in _key */
    {.name = "resource_key", .type = VL_COLUMN_TEXT, .def = "''"},
    {.name = "simulated", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "suppressed_by", .type = VL_COLUMN_INT, .def = "0"}, {.name = "started", .type = VL_COLUMN_INT},
    {.name = "ended", .type = VL_COLUMN_INT}, {.name = "created", .type = VL_COLUMN_INT},
    {.name = "changed", .type = VL_COLUMN_INT});
VL_INDEXES(alert, {.name = "alert_guid", .columns = "guid", .unique = true},
    {.name = "alert_environment", .columns = "environment_id, id"});
static const struct vl_table alert = {.name = "alert", .columns = alert_columns, .indexes = alert_indexes};

VL_COLUMNS(suppression_rule, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "name_key", .type = VL_COLUMN_TEXT}, /* lower case */
    {.name = "alert_type", .type = VL_COLUMN_TEXT},
    {.name = "state", .type = VL_COLUMN_INT}, /* 1 enabled, 2 disabled */
    {.name = "reason", .type = VL_COLUMN_TEXT}, {.name = "comment", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "expires", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "scope", .type = VL_COLUMN_TEXT, .nullable = true}, /* JSON: suppressionAlertsScope */
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "changed", .type = VL_COLUMN_INT});
VL_INDEXES(suppression_rule,
    {.name = "suppression_rule_name", .columns = "environment_id, name_key", .unique = true});
static const struct vl_table suppression_rule = {
    .name = "suppression_rule", .columns = suppression_rule_columns, .indexes = suppression_rule_indexes};

VL_COLUMNS(contact, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT}, /* "default" */
    {.name = "emails", .type = VL_COLUMN_TEXT}, {.name = "phone", .type = VL_COLUMN_TEXT, .def = "''"},
    {.name = "enabled", .type = VL_COLUMN_INT, .def = "1"}, {.name = "min_severity", .type = VL_COLUMN_INT},
    {.name = "roles", .type = VL_COLUMN_TEXT}, /* JSON array */
    {.name = "notify_roles", .type = VL_COLUMN_INT}, {.name = "changed", .type = VL_COLUMN_INT});
static const struct vl_table contact = {
    .name = "contact", .columns = contact_columns, .primary_key = "environment_id, name", .clustered = true};

VL_COLUMNS(channel, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "kind", .type = VL_COLUMN_TEXT},   /* mail, webhook, slack, teams, syslog */
    {.name = "config", .type = VL_COLUMN_TEXT}, /* JSON without secrets */
    {.name = "secret",
        .type = VL_COLUMN_BLOB,
        .nullable = true}, /* sealed with the context "channel.secret" */
    {.name = "min_severity", .type = VL_COLUMN_INT},
    {.name = "topics",
        .type = VL_COLUMN_TEXT}, /* JSON array: finding, scan_error, alert, exemption, digest */
    {.name = "scope",
        .type = VL_COLUMN_TEXT,
        .nullable = true}, /* JSON: {"registries":[ID],"repositories":[PATTERN]} */
    {.name = "enabled", .type = VL_COLUMN_INT, .def = "1"}, {.name = "created", .type = VL_COLUMN_INT},
    {.name = "last_ok", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "last_error", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "shed", .type = VL_COLUMN_INT, .def = "0"} /* messages over the limit of waiting ones */);
VL_INDEXES(channel, {.name = "channel_name", .columns = "environment_id, name", .unique = true});
static const struct vl_table channel = {
    .name = "channel", .columns = channel_columns, .indexes = channel_indexes};

VL_COLUMNS(outbox, {.name = "id", .type = VL_COLUMN_ID}, {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "channel_id", .type = VL_COLUMN_INT, .references = "channel(id)"},
    {.name = "address", .type = VL_COLUMN_TEXT, .def = "''"}, /* of a mail: its one recipient */
    {.name = "topic", .type = VL_COLUMN_TEXT}, {.name = "severity", .type = VL_COLUMN_INT},
    {.name = "subject", .type = VL_COLUMN_TEXT},
    {.name = "body", .type = VL_COLUMN_TEXT}, /* JSON of the event */
    {.name = "state", .type = VL_COLUMN_INT}, /* enum vl_outbox_state */
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "attempts", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "next_try", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "error", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "delivered", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(outbox, {.name = "outbox_due", .columns = "state, next_try"},
    {.name = "outbox_channel", .columns = "channel_id, state, id"},
    {.name = "outbox_environment", .columns = "environment_id, id"},
    {.name = "outbox_address", .columns = "environment_id, address, state", .where = "address <> ''"});
static const struct vl_table outbox = {
    .name = "outbox", .columns = outbox_columns, .indexes = outbox_indexes};

VL_COLUMNS(notice, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "at", .type = VL_COLUMN_INT}, {.name = "topic", .type = VL_COLUMN_TEXT},
    {.name = "severity", .type = VL_COLUMN_INT}, {.name = "title", .type = VL_COLUMN_TEXT},
    {.name = "object", .type = VL_COLUMN_TEXT}, /* where it leads: a path of the portal */
    {.name = "count", .type = VL_COLUMN_INT, .def = "1"});
VL_INDEXES(notice, {.name = "notice_environment", .columns = "environment_id, id"},
    {.name = "notice_same", .columns = "environment_id, object, at"});
static const struct vl_table notice = {
    .name = "notice", .columns = notice_columns, .indexes = notice_indexes};

VL_COLUMNS(setting, {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "value", .type = VL_COLUMN_TEXT}, /* JSON */
    {.name = "changed", .type = VL_COLUMN_INT});
static const struct vl_table setting = {
    .name = "setting", .columns = setting_columns, .primary_key = "environment_id, name", .clustered = true};

const struct vl_table *const vl_respond_tables[] = {
    &alert, &suppression_rule, &contact, &channel, &outbox, &notice, &setting, NULL};
