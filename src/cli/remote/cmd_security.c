/* vallum security …: plans, assessments, recommendations, scores, tasks, alerts, contacts, with the words of
 * az and of the guides. */
#include <stdio.h>
#include <string.h>

#include "codec/doc_write.h"
#include "remote/api.h"
#include "remote/commands.h"

#define URL_MAX_BYTES 4096
#define BODY_MAX      65536

enum {
    KEY_TIER = 8500,
    KEY_SUBPLAN,
    KEY_EXTENSIONS,
    KEY_RECOMMENDATION,
    KEY_RESOURCE,
    KEY_STATUS,
    KEY_SEVERITY,
    KEY_EMAILS,
    KEY_PHONE,
    KEY_ROLES,
    KEY_BY,
    KEY_BUNDLES,
    KEY_DAYS,
    KEY_STATE,
};

static const struct argp_option plain_options[] = {VL_API_E_OPTIONS, {0}};

#define NAME_OPTION {"name", 'n', "NAME", 0, "Which", 1}

/* An option may be said in two ways: as an argument or as --name. */
static const char *first_of(const struct vl_api_call *call, int one, int two)
{
    const char *value = vl_api_value(call, one);
    return value ? value : vl_api_value(call, two);
}

/* --- plans --- */

static const struct vl_cli_column plan_columns[] = {{"Name", "name"}, {"Tier", "pricingTier"},
    {"Sub plan", "subPlan"}, {"Coverage", "resourcesCoverageStatus"}, {"Since", "enablementTime"},
    {"Note", "note"}, {0}};

static const struct vl_api_command pricing_list = {
    .method = "GET", .path = "/plans", .scoped = true, .list = true, .columns = plan_columns};
VL_API_COMMAND(vl_cli_pricing_list, "security pricing list", "plans and whether they are on", NULL,
    "Lists the plans."
    "\v"
    "Example: vallum security pricing list --query \"[].{Name:name,PricingTier:pricingTier}\"",
    plain_options, pricing_list);

static const struct vl_api_field name_fields[] = {
    {'n', NULL, "--name", .place = VL_API_PATH, .required = true}, {0}};
static const struct argp_option name_options[] = {NAME_OPTION, VL_API_E_OPTIONS, {0}};
static const struct vl_api_command pricing_show = {
    .method = "GET", .path = "/plans/{}", .scoped = true, .fields = name_fields, .columns = plan_columns};
VL_API_COMMAND(vl_cli_pricing_show, "security pricing show", "one plan", NULL,
    "Shows a plan with its extensions (-o json).", name_options, pricing_show);

static const struct vl_api_field pricing_fields[] = {
    {'n', NULL, "--name", .place = VL_API_PATH, .required = true},
    {KEY_TIER, "pricingTier", "--tier", .required = true},
    {KEY_SUBPLAN, "subPlan", "--subplan"},
    {KEY_EXTENSIONS, "extensions", "--extensions", VL_API_LIST, VL_API_LOCAL},
    {0},
};
static const struct argp_option pricing_options[] = {
    {"name", 'n', "PLAN", 0, "Containers, CloudPosture, VirtualMachines (Servers) …", 1},
    {"tier", KEY_TIER, "TIER", 0, "Standard or Free", 1},
    {"pricing-tier", KEY_TIER, NULL, OPTION_ALIAS, NULL, 1},
    {"subplan", KEY_SUBPLAN, "NAME", 0, "Where the plan has some", 1},
    {"extensions", KEY_EXTENSIONS, "NAME=BOOL,…", 0, "Extensions to switch on (true) or off (false)", 1},
    VL_API_E_OPTIONS,
    {0},
};

/* "NAME=true" as [{name, isEnabled}]. */
static int write_extensions(const struct vl_cli_list *list, struct vl_json *json, struct vl_err *err)
{
    vl_json_key(json, "extensions");
    vl_json_array(json);
    for (size_t i = 0; i < list->len; i++) {
        struct vl_span rest = vl_span_str(list->items[i]);
        struct vl_span name;
        (void)vl_span_split(&rest, '=', &name);
        bool on = vl_span_eq_nocase(rest, VL_SPAN_LIT("true"));
        if (!on && !vl_span_eq_nocase(rest, VL_SPAN_LIT("false")))
            return vl_err_set(
                err, VL_ERR_USAGE, "--extensions takes NAME=true or NAME=false, not '%s'", list->items[i]);
        vl_json_object(json);
        vl_json_key(json, "name");
        vl_json_span(json, name);
        vl_json_member_bool(json, "isEnabled", on);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    return 0;
}

static int run_pricing(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_json json;
    vl_buf_init(&url, URL_MAX_BYTES);
    vl_buf_init(&body, BODY_MAX);
    vl_json_init(&json, &body, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "pricingTier", vl_api_value(call, KEY_TIER));
    vl_json_member_str(&json, "subPlan", vl_api_value(call, KEY_SUBPLAN));
    int r = call->lists[0].len ? write_extensions(&call->lists[0], &json, err) : 0;
    vl_json_object_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "the request", err);
    if (r >= 0)
        r = vl_api_url(call, NULL, &url, err);
    if (r >= 0)
        r = vl_cli_client_call(call->client, "PUT", vl_buf_str(&url), vl_buf_span(&body), &doc, err);
    if (r >= 0)
        r = vl_api_print(call, vl_doc_root(doc), err);
    return r < 0 ? r : VL_EXIT_OK;
}

static const struct vl_api_command pricing_create = {.method = "PUT",
    .path = "/plans/{}",
    .scoped = true,
    .fields = pricing_fields,
    .columns = plan_columns,
    .run = run_pricing};
VL_API_COMMAND(vl_cli_pricing_create, "security pricing create", "switches a plan on or off", NULL,
    "Sets the tier of a plan: Standard is on, Free is off. The note says what a plan does in this release; "
    "one that "
    "protects nothing yet says so."
    "\v"
    "Example: vallum security pricing create --name Servers --pricing-tier Standard",
    pricing_options, pricing_create);

/* --- recommendations and assessments: the same by two names --- */

static const struct vl_cli_column recommendation_columns[] = {{"Key", "key"}, {"Severity", "severity"},
    {"Title", "title"}, {"Assessed", "assessed"}, {"Healthy", "healthy"}, {"Unhealthy", "unhealthy"},
    {"Not applicable", "notApplicable"}, {"Exempt", "exempt"}, {"Potential increase", "potentialIncrease"},
    {0}};
static const struct vl_cli_column recommendation_show_columns[] = {{"Key", "key"}, {"Title", "title"},
    {"Severity", "severity"}, {"Control", "control.name"}, {"Assessed", "assessed"}, {"Healthy", "healthy"},
    {"Unhealthy", "unhealthy"}, {"Not applicable", "notApplicable"}, {"Exempt", "exempt"},
    {"Potential increase", "potentialIncrease"}, {"Description", "description"},
    {"Remediation", "remediation"}, {"User impact", "userImpact"}, {"Effort", "implementationEffort"},
    {"References", "references"}, {0}};

static const struct vl_api_command recommendation_list = {.method = "GET",
    .path = "/recommendations",
    .scoped = true,
    .list = true,
    .columns = recommendation_columns};
VL_API_COMMAND(vl_cli_recommendation_list, "security recommendation list",
    "what to do, the most useful first", NULL,
    "Lists the recommendations of the environment. One that is not assessed says nothing about resources.",
    plain_options, recommendation_list);
VL_API_COMMAND(vl_cli_assessment_list, "security assessment list", "the same, by az's name", NULL,
    "Lists the assessments of the environment, one a recommendation.", plain_options, recommendation_list);

static const struct vl_api_field recommendation_fields[] = {
    {KEY_RECOMMENDATION, NULL, "--recommendation-id", .place = VL_API_PATH},
    {VL_API_ARG, NULL, "a key or title", .place = VL_API_LOCAL},
    {'n', NULL, "--name", .place = VL_API_LOCAL},
    {0},
};
static const struct argp_option recommendation_options[] = {
    {"recommendation-id", KEY_RECOMMENDATION, "KEY|TITLE", 0, "Which", 1},
    {"name", 'n', NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 1},
    VL_API_E_OPTIONS,
    {0},
};
static const struct argp_option assessment_options[] = {
    {"name", 'n', "KEY|TITLE", 0, "Which", 1},
    {"recommendation-id", KEY_RECOMMENDATION, NULL, OPTION_ALIAS, NULL, 1},
    {"assessment-name", KEY_RECOMMENDATION, NULL, OPTION_ALIAS, NULL, 1},
    VL_API_E_OPTIONS,
    {0},
};

static int run_recommendation(struct vl_api_call *call, struct vl_err *err)
{
    const char *wanted = first_of(call, KEY_RECOMMENDATION, VL_API_ARG);
    wanted = wanted ? wanted : vl_api_value(call, 'n');
    const char *key = NULL;
    if (!wanted)
        return vl_err_set(err, VL_ERR_USAGE, "--recommendation-id is needed: a key or a title");
    int r = vl_api_find(call, "/recommendations", "key|title", wanted, "key", &key, err);
    if (r < 0)
        return r;
    vl_api_set(call, KEY_RECOMMENDATION, key);
    return vl_api_go(call, err);
}

static const struct vl_api_command recommendation_show = {.method = "GET",
    .path = "/recommendations/{}",
    .scoped = true,
    .fields = recommendation_fields,
    .columns = recommendation_show_columns,
    .run = run_recommendation};
VL_API_COMMAND(vl_cli_recommendation_show, "security recommendation show", "what it says and how to do it",
    "[KEY|TITLE]",
    "Shows a recommendation: why, what to do, what it brings."
    "\v"
    "Example: vallum security recommendation show --recommendation-id c0b7cfc6-3172-465a-b378-53c7ff2cc0d5",
    recommendation_options, recommendation_show);
VL_API_COMMAND(vl_cli_assessment_show, "security assessment show", "the same, by az's name", "[KEY|TITLE]",
    "Shows an assessment.", assessment_options, recommendation_show);

static const struct vl_cli_column resource_columns[] = {{"Status", "status"}, {"Kind", "kind"},
    {"Name", "name"}, {"Findings", "findings"}, {"Cause", "cause"}, {"Changed", "changed"},
    {"Resource", "resourceId"}, {0}};
static const struct vl_api_command recommendation_resources = {.method = "GET",
    .path = "/recommendations/{}/resources",
    .scoped = true,
    .list = true,
    .fields = recommendation_fields,
    .columns = resource_columns,
    .run = run_recommendation};
VL_API_COMMAND(vl_cli_recommendation_resources, "security recommendation resources", "whom it is about",
    "[KEY|TITLE]", "Lists the resources that a recommendation judged.", recommendation_options,
    recommendation_resources);

/* --- secure score --- */

static const struct vl_cli_column score_columns[] = {{"Current", "score.current"}, {"Max", "score.max"},
    {"Percentage", "score.percentage"}, {"Rests on", "assessed.text"}, {"Controls", "controls"},
    {"Computed", "computedAt"}, {0}};
static const struct vl_cli_column control_columns[] = {{"Name", "name"}, {"Current", "current"},
    {"Max", "max"}, {"Of", "maxPossible"}, {"Healthy", "healthy"}, {"Unhealthy", "unhealthy"},
    {"Not applicable", "notApplicable"}, {"Assessed", "assessed"},
    {"Potential increase", "potentialIncrease"}, {"Id", "id"}, {0}};

/* With --by it is a list, else one object; az's list has one entry. */
static int run_score(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    const bool by = vl_api_value(call, KEY_BY) != NULL;
    vl_buf_init(&url, URL_MAX_BYTES);
    int r = vl_api_url(call, by ? "/secure-score/controls" : "/secure-score", &url, err);
    if (r >= 0)
        r = by ? vl_cli_client_list(call->client, vl_buf_str(&url), 0, &doc, err)
               : vl_cli_client_call(call->client, "GET", vl_buf_str(&url), VL_SPAN_EMPTY, &doc, err);
    if (r >= 0)
        r = vl_cli_view_print(&call->view, vl_doc_root(doc), by ? control_columns : score_columns, err);
    return r < 0 ? r : VL_EXIT_OK;
}

static const struct vl_api_field score_fields[] = {{KEY_BY, "by", "--by", .place = VL_API_QUERY}, {0}};
static const struct argp_option score_options[] = {
    {"by", KEY_BY, "WHAT", 0, "control or category (Identity, Compute, Storage, Networking)", 1},
    VL_API_E_OPTIONS, {0}};
static const struct vl_api_command score = {.method = "GET",
    .path = "/secure-score",
    .scoped = true,
    .fields = score_fields,
    .columns = score_columns,
    .run = run_score};
VL_API_COMMAND(vl_cli_secure_score_list, "security secure-score list", "the score, and what it rests on",
    NULL,
    "Prints the secure score with the share of points that is assessed at all; --by category or control "
    "takes it apart.",
    score_options, score);
VL_API_COMMAND(vl_cli_secure_scores_list, "security secure-scores list", "the same, by az's name", NULL,
    "Prints the secure score of the environment.", score_options, score);
VL_API_COMMAND(vl_cli_secure_score_show, "security secure-score show", "the same", NULL,
    "Prints the secure score of the environment.", score_options, score);

static const struct vl_api_command controls = {.method = "GET",
    .path = "/secure-score/controls",
    .scoped = true,
    .list = true,
    .fields = score_fields,
    .columns = control_columns};
VL_API_COMMAND(vl_cli_secure_score_controls_list, "security secure-score-controls list",
    "the controls of the score", NULL, "Lists the controls of the secure score.", score_options, controls);

static const struct vl_cli_column day_columns[] = {
    {"Day", "day"}, {"Current", "current"}, {"Max", "max"}, {"Percentage", "percentage"}, {0}};
static const struct vl_api_field day_fields[] = {
    {KEY_DAYS, "days", "--days", VL_API_NUMBER, VL_API_QUERY}, {0}};
static const struct argp_option day_options[] = {
    {"days", KEY_DAYS, "N", 0, "How far back (default 90)", 1}, VL_API_E_OPTIONS, {0}};
static const struct vl_api_command score_history = {.method = "GET",
    .path = "/secure-score/history",
    .scoped = true,
    .list = true,
    .fields = day_fields,
    .columns = day_columns};
VL_API_COMMAND(vl_cli_secure_score_history, "security secure-score history", "the score by day", NULL,
    "Lists the score by day.", day_options, score_history);

/* --- tasks --- */

static const struct vl_cli_column task_columns[] = {{"Id", "id"}, {"State", "state"},
    {"Recommendation", "recommendation.title|recommendation.key"}, {"Resource", "resourceId"},
    {"Created", "created"}, {0}};
static const struct vl_api_command task_list = {
    .method = "GET", .path = "/tasks", .scoped = true, .list = true, .columns = task_columns};
VL_API_COMMAND(vl_cli_task_list, "security task list", "what somebody is to do", NULL, "Lists the tasks.",
    plain_options, task_list);

static const struct vl_api_field task_fields[] = {
    {KEY_RECOMMENDATION, "recommendation", "--recommendation-id", .required = true},
    {KEY_RESOURCE, "resourceId", "--resource-id"},
    {0},
};
static const struct argp_option task_options[] = {
    {"recommendation-id", KEY_RECOMMENDATION, "KEY|TITLE", 0, "What is to be done", 1},
    {"recommendation", KEY_RECOMMENDATION, NULL, OPTION_ALIAS, NULL, 1},
    {"name", KEY_RECOMMENDATION, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 1},
    {"resource-id", KEY_RESOURCE, "ID", 0, "On which resource (default: all that it is about)", 1},
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command task_create = {
    .method = "POST", .path = "/tasks", .scoped = true, .fields = task_fields, .columns = task_columns};
VL_API_COMMAND(vl_cli_task_create, "security task create", "makes a task of a recommendation", NULL,
    "Makes a task of a recommendation, for all resources or one."
    "\v"
    "Example: vallum security task create --recommendation-id \"Container registry images should have "
    "vulnerability findings resolved\"",
    task_options, task_create);

static const struct vl_api_field task_update_fields[] = {
    {'n', NULL, "--name", .place = VL_API_PATH, .required = true},
    {KEY_STATE, "state", "--state", .required = true}, {0}};
static const struct argp_option task_update_options[] = {{"name", 'n', "ID", 0, "Which", 1},
    {"state", KEY_STATE, "STATE", 0, "active, dismissed or resolved", 1}, VL_API_E_OPTIONS, {0}};
static const struct vl_api_command task_update = {.method = "PATCH",
    .path = "/tasks/{}",
    .scoped = true,
    .fields = task_update_fields,
    .columns = task_columns,
    .said = "changed"};
VL_API_COMMAND(vl_cli_task_update, "security task update", "dismisses, resolves or activates it", NULL,
    "Changes the state of a task.", task_update_options, task_update);

/* --- alerts --- */

static const struct vl_cli_column alert_columns[] = {{"Id", "id"}, {"Severity", "severity"},
    {"Status", "status"}, {"Title", "title"}, {"Simulated", "simulated"}, {"Started", "started"},
    {"Resource", "resourceId"}, {0}};
static const struct vl_cli_column alert_show_columns[] = {{"Id", "id"}, {"Type", "type"}, {"Title", "title"},
    {"Severity", "severity"}, {"Status", "status"}, {"Description", "description"}, {"Intent", "intent"},
    {"Remediation", "remediation"}, {"Resource", "resourceId"}, {"Simulated", "simulated"},
    {"Suppressed by", "suppressedBy"}, {"Started", "started"}, {"Ended", "ended"}, {0}};
static const struct vl_api_field alert_list_fields[] = {
    {KEY_STATUS, "status", "--status", .place = VL_API_QUERY},
    {KEY_SEVERITY, "severity", "--severity", .place = VL_API_QUERY},
    {0},
};
static const struct argp_option alert_list_options[] = {
    {"status", KEY_STATUS, "STATUS", 0, "active, in_progress, resolved or dismissed", 1},
    {"severity", KEY_SEVERITY, "LEVEL", 0, "high, medium, low or informational", 1},
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command alert_list = {.method = "GET",
    .path = "/alerts",
    .scoped = true,
    .list = true,
    .fields = alert_list_fields,
    .columns = alert_columns};
VL_API_COMMAND(vl_cli_alert_list, "security alert list", "alerts", NULL, "Lists the alerts.",
    alert_list_options, alert_list);

static const struct vl_api_command alert_show = {.method = "GET",
    .path = "/alerts/{}",
    .scoped = true,
    .fields = name_fields,
    .columns = alert_show_columns};
VL_API_COMMAND(
    vl_cli_alert_show, "security alert show", "one alert", NULL, "Shows an alert.", name_options, alert_show);

static const struct vl_api_field alert_update_fields[] = {
    {'n', NULL, "--name", .place = VL_API_PATH, .required = true},
    {KEY_STATUS, "status", "--status", .required = true},
    {0},
};
static const struct argp_option alert_update_options[] = {
    {"name", 'n', "ID", 0, "Which", 1},
    {"status", KEY_STATUS, "STATUS", 0,
        "active, in_progress, resolved, dismissed; or az's Activate, InProgress, Resolve, Dismiss", 1},
    VL_API_E_OPTIONS,
    {0},
};

/* az says what is to be done, the API what it then is. */
static int run_alert_update(struct vl_api_call *call, struct vl_err *err)
{
    static const char *const words[][2] = {{"dismiss", "dismissed"}, {"activate", "active"},
        {"resolve", "resolved"}, {"inprogress", "in_progress"}};
    struct vl_span said = vl_span_str(vl_api_value(call, KEY_STATUS));
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++)
        if (vl_span_eq_nocase(said, vl_span_str(words[i][0])) ||
            vl_span_eq_nocase(said, vl_span_str(words[i][1])))
            vl_api_set(call, KEY_STATUS, words[i][1]);
    return vl_api_go(call, err);
}

static const struct vl_api_command alert_update = {.method = "PATCH",
    .path = "/alerts/{}",
    .scoped = true,
    .fields = alert_update_fields,
    .columns = alert_columns,
    .said = "changed",
    .run = run_alert_update};
VL_API_COMMAND(vl_cli_alert_update, "security alert update", "dismisses, resolves or activates it", NULL,
    "Changes the status of an alert."
    "\v"
    "Example: vallum security alert update --name 2d9e… --status Dismiss",
    alert_update_options, alert_update);

static const struct vl_api_field simulate_fields[] = {
    {KEY_BUNDLES, "bundles", "--bundles", VL_API_LIST, .required = true}, {0}};
static const struct argp_option simulate_options[] = {
    {"bundles", KEY_BUNDLES, "NAME,…", 0, "Of which kind: Containers, VirtualMachines …", 1},
    VL_API_E_OPTIONS, {0}};
static const struct vl_api_command alert_simulate = {.method = "POST",
    .path = "/alerts/simulate",
    .scoped = true,
    .fields = simulate_fields,
    .said = "simulated"};
VL_API_COMMAND(vl_cli_alert_simulate, "security alert simulate", "sample alerts, marked as such", NULL,
    "Makes sample alerts, to see that they reach people.", simulate_options, alert_simulate);

/* --- contacts; alert-config is the same --- */

static const struct vl_cli_column contact_columns[] = {{"Name", "name"}, {"E-mail", "emails"},
    {"Phone", "phone"}, {"Enabled", "enabled"}, {"From severity", "minSeverity"}, {"Roles", "roles"},
    {"Note", "phoneNote"}, {0}};
static const struct vl_api_field contact_fields[] = {
    {KEY_EMAILS, "emails", "--emails", VL_API_LIST},
    {KEY_PHONE, "phone", "--phone"},
    {KEY_SEVERITY, "minSeverity", "--min-severity"},
    {KEY_ROLES, "roles", "--notify-roles", VL_API_LIST},
    {'n', NULL, "--name", .place = VL_API_PATH},
    {0},
};
static const struct argp_option contact_options[] = {
    {"emails", KEY_EMAILS, "ADDRESS,…", 0, "Who is told by mail", 1},
    {"email", KEY_EMAILS, NULL, OPTION_ALIAS, NULL, 1},
    {"phone", KEY_PHONE, "NUMBER", 0, "Kept for people; nothing calls it", 1},
    {"min-severity", KEY_SEVERITY, "LEVEL", 0, "From this severity on", 1},
    {"severity", KEY_SEVERITY, NULL, OPTION_ALIAS, NULL, 1},
    {"notify-roles", KEY_ROLES, "ROLE,…", 0, "Users with these roles are told too", 1},
    {"name", 'n', "NAME", 0, "Which (default: default)", 1},
    VL_API_E_OPTIONS,
    {0},
};

/* The name of most. */
static int run_contact(struct vl_api_call *call, struct vl_err *err)
{
    if (!vl_api_value(call, 'n'))
        vl_api_set(call, 'n', "default");
    return vl_api_go(call, err);
}

static const struct vl_api_command contact_create = {.method = "PUT",
    .path = "/contacts/{}",
    .scoped = true,
    .fields = contact_fields,
    .columns = contact_columns,
    .said = "stored",
    .run = run_contact};
VL_API_COMMAND(vl_cli_contact_create, "security contact create", "who is told of alerts", NULL,
    "Sets whom to tell by mail, and from which severity on."
    "\v"
    "Example: vallum security contact create --emails soc@shop.example --min-severity high",
    contact_options, contact_create);
VL_API_COMMAND(vl_cli_alert_config_create, "security alert-config create", "the same", NULL,
    "Sets whom to tell by mail, and from which severity on: the environment's security contact.",
    contact_options, contact_create);

static const struct vl_api_field contact_name_fields[] = {{'n', NULL, "--name", .place = VL_API_PATH}, {0}};
static const struct argp_option contact_name_options[] = {
    {"name", 'n', "NAME", 0, "Which (default: default)", 1}, VL_API_E_OPTIONS, {0}};
static const struct vl_api_command contact_show = {.method = "GET",
    .path = "/contacts/{}",
    .scoped = true,
    .fields = contact_name_fields,
    .columns = contact_columns,
    .run = run_contact};
VL_API_COMMAND(vl_cli_contact_show, "security contact show", "who is told", NULL, "Shows a security contact.",
    contact_name_options, contact_show);
VL_API_COMMAND(vl_cli_alert_config_show, "security alert-config show", "the same", NULL,
    "Shows a security contact.", contact_name_options, contact_show);

static const struct vl_api_command contact_list = {
    .method = "GET", .path = "/contacts", .scoped = true, .list = true, .columns = contact_columns};
VL_API_COMMAND(vl_cli_contact_list, "security contact list", "who is told", NULL,
    "Lists the security contacts.", plain_options, contact_list);

static const struct vl_api_command contact_delete = {.method = "DELETE",
    .path = "/contacts/{}",
    .scoped = true,
    .fields = contact_name_fields,
    .said = "deleted",
    .run = run_contact};
VL_API_COMMAND(vl_cli_contact_delete, "security contact delete", "nobody is told any more", NULL,
    "Deletes a security contact.", contact_name_options, contact_delete);
