/* lint: no test: tables; test_app opens them on SQLite, tests/functional/test_vallumd on PostgreSQL too
 *
 * Assessments, exemptions, scores. */
#include "schema_impl.h"

VL_COLUMNS(resource, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "arm_id", .type = VL_COLUMN_TEXT},  /* "/subscriptions/…", as first written */
    {.name = "arm_key", .type = VL_COLUMN_TEXT}, /* the same, lower case where ARM compares case-blind */
    {.name = "kind", .type = VL_COLUMN_TEXT},    /* registry, image, environment */
    {.name = "name", .type = VL_COLUMN_TEXT}, {.name = "gone_at", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(resource, {.name = "resource_key", .columns = "arm_key", .unique = true},
    {.name = "resource_environment", .columns = "environment_id, kind"});
static const struct vl_table resource = {
    .name = "resource", .columns = resource_columns, .indexes = resource_indexes};

VL_COLUMNS(assessment, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "key", .type = VL_COLUMN_TEXT}, /* GUID of the catalogue */
    {.name = "resource_id", .type = VL_COLUMN_INT, .references = "resource(id)"},
    {.name = "status", .type = VL_COLUMN_INT}, /* enum vl_assessment_status */
    {.name = "cause", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "description", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "evaluated_first", .type = VL_COLUMN_INT}, {.name = "changed", .type = VL_COLUMN_INT},
    {.name = "evaluated", .type = VL_COLUMN_INT},
    {.name = "findings", .type = VL_COLUMN_INT, .def = "0"}, /* open ones it counts */
    {.name = "exempt", .type = VL_COLUMN_INT, .def = "0"},   /* enum vl_exempt */
    {.name = "exemption_id",
        .type = VL_COLUMN_INT,
        .def = "0"}, /* that takes the whole resource out; 0: none, or single findings */
    {.name = "registry_id", .type = VL_COLUMN_INT, .def = "0"},  /* of an image; 0: of something else */
    {.name = "image_id", .type = VL_COLUMN_INT, .def = "0"},     /* likewise */
    {.name = "owner", .type = VL_COLUMN_TEXT, .nullable = true}, /* who is to mend it; with `assigned` */
    {.name = "assigned", .type = VL_COLUMN_INT, .def = "0"},     /* when it was given to him; 0: to nobody */
    {.name = "due", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "grace", .type = VL_COLUMN_INT, .def = "0"}, /* costs no points until then */
    {.name = "governance_id", .type = VL_COLUMN_INT, .def = "0"} /* the rule that gave it */);
VL_INDEXES(assessment, {.name = "assessment_resource", .columns = "resource_id"},
    {.name = "assessment_image", .columns = "image_id"},
    {.name = "assessment_registry", .columns = "registry_id"},
    {.name = "assessment_exemption", .columns = "exemption_id"},
    {.name = "assessment_assigned", .columns = "environment_id, governance_id", .where = "assigned > 0"},
    {.name = "assessment_grace", .columns = "due", .where = "grace = 1"});
static const struct vl_table assessment = {.name = "assessment",
    .columns = assessment_columns,
    .primary_key = "environment_id, key, resource_id",
    .indexes = assessment_indexes,
    .clustered = true};

VL_COLUMNS(exemption, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "guid", .type = VL_COLUMN_TEXT},
    {.name = "category", .type = VL_COLUMN_INT}, /* 1 waiver, 2 mitigated */
    {.name = "state", .type = VL_COLUMN_INT},    /* 1 requested, 2 approved, 3 rejected, 4 revoked */
    {.name = "assessment_key", .type = VL_COLUMN_TEXT, .nullable = true}, /* NULL: any */
    {.name = "vulnerability", .type = VL_COLUMN_TEXT, .nullable = true},  /* name; NULL: any */
    {.name = "package",
        .type = VL_COLUMN_TEXT,
        .nullable = true}, /* purl, a version may be missing; NULL: any */
    {.name = "digest", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "registry_id", .type = VL_COLUMN_INT, .def = "0"},       /* 0: any */
    {.name = "repository", .type = VL_COLUMN_TEXT, .nullable = true}, /* pattern */
    {.name = "resource_id",
        .type = VL_COLUMN_INT,
        .def = "0"}, /* a whole resource; 0: by the columns before */
    {.name = "justification", .type = VL_COLUMN_TEXT}, {.name = "requested_by", .type = VL_COLUMN_TEXT},
    {.name = "decided_by", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "decided", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "expires", .type = VL_COLUMN_INT, .def = "0"}, /* 0: never */
    {.name = "ended", .type = VL_COLUMN_INT, .def = "0"} /* when its end was carried out */);
VL_INDEXES(exemption, {.name = "exemption_guid", .columns = "guid", .unique = true},
    {.name = "exemption_environment", .columns = "environment_id, state"});
static const struct vl_table exemption = {
    .name = "exemption", .columns = exemption_columns, .indexes = exemption_indexes};

VL_COLUMNS(disable_rule, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "assessment_key", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "vulnerabilities", .type = VL_COLUMN_TEXT, .nullable = true}, /* JSON array */
    {.name = "digests", .type = VL_COLUMN_TEXT, .nullable = true},         /* JSON array */
    {.name = "min_severity",
        .type = VL_COLUMN_INT,
        .def = "0"}, /* below it is left out; 0: no such condition */
    {.name = "without_fix", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "justification", .type = VL_COLUMN_TEXT}, {.name = "enabled", .type = VL_COLUMN_INT, .def = "1"},
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "expires", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "ended", .type = VL_COLUMN_INT, .def = "0"} /* when its end was carried out */);
VL_INDEXES(disable_rule, {.name = "disable_rule_name", .columns = "environment_id, name", .unique = true});
static const struct vl_table disable_rule = {
    .name = "disable_rule", .columns = disable_rule_columns, .indexes = disable_rule_indexes};

/* Who is to mend what, and until when (repo_governance.h). */
VL_COLUMNS(governance_rule, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "description", .type = VL_COLUMN_TEXT, .nullable = true},
    {.name = "enabled", .type = VL_COLUMN_INT, .def = "1"}, {.name = "priority", .type = VL_COLUMN_INT},
    {.name = "severities", .type = VL_COLUMN_INT, .def = "0"},  /* bits; 0: any */
    {.name = "keys", .type = VL_COLUMN_TEXT, .nullable = true}, /* JSON array; NULL: any */
    {.name = "registry_id", .type = VL_COLUMN_INT, .def = "0"}, {.name = "owner", .type = VL_COLUMN_TEXT},
    {.name = "days", .type = VL_COLUMN_INT}, {.name = "grace", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "created", .type = VL_COLUMN_INT});
VL_INDEXES(
    governance_rule, {.name = "governance_rule_name", .columns = "environment_id, name", .unique = true});
static const struct vl_table governance_rule = {
    .name = "governance_rule", .columns = governance_rule_columns, .indexes = governance_rule_indexes};

/* What exemptions and rules take out, worked out when either changes. */
VL_COLUMNS(finding_exempt, {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "image_id", .type = VL_COLUMN_INT, .references = "image(id)"},
    {.name = "match_id", .type = VL_COLUMN_INT}, {.name = "exemption_id", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "rule_id", .type = VL_COLUMN_INT, .def = "0"});
VL_INDEXES(finding_exempt, {.name = "finding_exempt_exemption", .columns = "exemption_id"},
    {.name = "finding_exempt_rule", .columns = "rule_id"});
static const struct vl_table finding_exempt = {.name = "finding_exempt",
    .columns = finding_exempt_columns,
    .primary_key = "environment_id, image_id, match_id",
    .indexes = finding_exempt_indexes,
    .clustered = true};

/* The score as it is now. */
VL_COLUMNS(score_control, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "control", .type = VL_COLUMN_TEXT}, /* GUID */
    {.name = "current", .type = VL_COLUMN_DOUBLE}, {.name = "maximum", .type = VL_COLUMN_DOUBLE},
    {.name = "healthy", .type = VL_COLUMN_INT}, {.name = "unhealthy", .type = VL_COLUMN_INT},
    {.name = "not_applicable", .type = VL_COLUMN_INT},
    {.name = "mitigated", .type = VL_COLUMN_INT, .def = "0"},
    {.name = "waived", .type = VL_COLUMN_INT, .def = "0"}, {.name = "computed", .type = VL_COLUMN_INT});
static const struct vl_table score_control = {.name = "score_control",
    .columns = score_control_columns,
    .primary_key = "environment_id, control",
    .clustered = true};

/* The last score of each day. */
VL_COLUMNS(score_day, {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "day", .type = VL_COLUMN_INT},      /* since 1970 */
    {.name = "control", .type = VL_COLUMN_TEXT}, /* GUID; '' the whole */
    {.name = "current", .type = VL_COLUMN_DOUBLE}, {.name = "maximum", .type = VL_COLUMN_DOUBLE},
    {.name = "healthy", .type = VL_COLUMN_INT}, {.name = "unhealthy", .type = VL_COLUMN_INT},
    {.name = "not_applicable", .type = VL_COLUMN_INT});
static const struct vl_table score_day = {.name = "score_day",
    .columns = score_day_columns,
    .primary_key = "environment_id, day, control",
    .clustered = true};

VL_COLUMNS(task, {.name = "id", .type = VL_COLUMN_ID},
    {.name = "environment_id", .type = VL_COLUMN_INT, .references = "environment(id)"},
    {.name = "guid", .type = VL_COLUMN_TEXT}, {.name = "resource_id", .type = VL_COLUMN_INT},
    {.name = "assessment_key", .type = VL_COLUMN_TEXT},
    {.name = "state", .type = VL_COLUMN_INT},    /* 1 active, 2 dismissed, 3 resolved */
    {.name = "details", .type = VL_COLUMN_TEXT}, /* JSON */
    {.name = "created", .type = VL_COLUMN_INT}, {.name = "changed", .type = VL_COLUMN_INT});
VL_INDEXES(task, {.name = "task_guid", .columns = "guid", .unique = true},
    {.name = "task_environment", .columns = "environment_id, state"});
static const struct vl_table task = {.name = "task", .columns = task_columns, .indexes = task_indexes};

const struct vl_table *const vl_posture_tables[] = {&resource, &assessment, &exemption, &disable_rule,
    &finding_exempt, &score_control, &score_day, &task, &governance_rule, NULL};
