/* vallum health, job, channel, outbox, notice, vulnerability: running a server. */
#include <string.h>

#include "remote/api.h"
#include "remote/commands.h"

enum {
    KEY_STATE = 8800,
    KEY_KIND,
    KEY_TO,
    KEY_URL,
    KEY_HOST,
    KEY_PORT,
    KEY_TRANSPORT,
    KEY_CA,
    KEY_SECRET,
    KEY_SEVERITY,
    KEY_TOPICS,
    KEY_FIXABLE,
    KEY_KEV,
    KEY_Q,
    KEY_FROM,
    KEY_USERNAME,
    KEY_PASSWORD,
};

static const struct argp_option server_options[] = {VL_API_OPTIONS, {0}};
static const struct argp_option plain_options[] = {VL_API_E_OPTIONS, {0}};

/* --- health --- */

static const struct vl_cli_column health_columns[] = {{"Status", "status"}, {"Version", "version"},
    {"Database", "database.kind"}, {"Bytes", "database.size"}, {"Up (s)", "uptimeSeconds"},
    {"Advisories of", "advisories.date"}, {"Records", "advisories.records"}, {"Messages", "outbox"},
    {"Jobs", "jobs.byKind"}, {0}};

static int health_status(const struct vl_doc_node *answer)
{
    return vl_span_eq_str(vl_doc_get_str(answer, "status"), "ok") ? VL_EXIT_OK : VL_EXIT_FAILS;
}

static const struct vl_api_command health = {
    .method = "GET", .path = "/health", .columns = health_columns, .status = health_status};
VL_API_COMMAND(vl_cli_health, "health", "feeds, queues, messages of the server", NULL,
    "Shows how the server does; exit status 2 where it is degraded. 'vallum verify' probes each part and "
    "tells the cures.",
    server_options, health);

/* --- jobs --- */

static const struct vl_cli_column job_columns[] = {{"Id", "id"}, {"Kind", "kind"}, {"State", "state"},
    {"Attempt", "attempt"}, {"Not before", "notBefore"}, {"Added", "added"}, {"Key", "key"},
    {"Error", "error"}, {0}};
static const struct vl_api_field job_fields[] = {{KEY_STATE, "state", "--state", .place = VL_API_QUERY}, {0}};
static const struct argp_option job_options[] = {
    {"state", KEY_STATE, "STATE", 0, "waiting, running or dead", 1}, VL_API_OPTIONS, VL_API_WATCH_OPTION,
    {0}};
static const struct vl_api_command job_list = {
    .method = "GET", .path = "/jobs", .list = true, .fields = job_fields, .columns = job_columns};
VL_API_COMMAND(vl_cli_job_list, "job list", "what waits, runs or was given up", NULL,
    "Lists the jobs of the server.", job_options, job_list);

static const struct vl_api_field id_fields[] = {
    {VL_API_ARG, NULL, "the id", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command job_retry = {
    .method = "POST", .path = "/jobs/{}/retry", .fields = id_fields, .said = "asked for"};
VL_API_COMMAND(vl_cli_job_retry, "job retry", "tries a job again that was given up", "ID",
    "Puts a dead job back into the queue.", server_options, job_retry);

/* --- channels --- */

static const struct vl_cli_column channel_columns[] = {{"Id", "id"}, {"Name", "name"}, {"Kind", "kind"},
    {"Enabled", "enabled"}, {"From severity", "minSeverity"}, {"Topics", "topics"}, {"Last good", "lastOk"},
    {"Last error", "lastError"}, {0}};
static const struct vl_api_command channel_list = {
    .method = "GET", .path = "/channels", .scoped = true, .list = true, .columns = channel_columns};
VL_API_COMMAND(vl_cli_channel_list, "channel list", "how people are told", NULL,
    "Lists mail, webhook, Slack, Teams and syslog channels.", plain_options, channel_list);

static const struct vl_api_field channel_fields[] = {
    {VL_API_ARG, "name", "the channel's name", .required = true},
    {KEY_KIND, "kind", "--kind", .required = true},
    {KEY_TO, "config.to", "--to", VL_API_LIST},
    {KEY_URL, "config.url", "--url"},
    {KEY_HOST, "config.host", "--host"},
    {KEY_PORT, "config.port", "--port", VL_API_NUMBER},
    {KEY_TRANSPORT, "config.transport", "--transport"},
    {KEY_CA, "config.caPem", "--ca-file", VL_API_FILE},
    {KEY_SECRET, "secret", "--secret-file", VL_API_SECRET},
    {KEY_SEVERITY, "minSeverity", "--min-severity"},
    {KEY_TOPICS, "topics", "--topics", VL_API_LIST},
    {0},
};
static const struct argp_option channel_options[] = {
    {"kind", KEY_KIND, "KIND", 0, "mail, webhook, slack, teams or syslog", 1},
    {"to", KEY_TO, "ADDRESS,…", 0, "Of mail", 1},
    {"url", KEY_URL, "URL", 0, "Of webhook, slack, teams", 1},
    {"host", KEY_HOST, "NAME", 0, "Of syslog", 1},
    {"port", KEY_PORT, "N", 0, "Of syslog", 1},
    {"transport", KEY_TRANSPORT, "HOW", 0, "Of syslog: tls, tcp or udp", 1},
    {"ca-file", KEY_CA, "FILE", 0, "Of syslog: whom to trust, PEM", 1},
    {"secret-file", KEY_SECRET, "FILE", 0, "What webhooks are signed with: the first line", 1},
    {"min-severity", KEY_SEVERITY, "LEVEL", 0, "From this severity on", 1},
    {"topics", KEY_TOPICS, "NAME,…", 0, "finding, scan_error, alert, exemption, digest", 1},
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command channel_create = {.method = "POST",
    .path = "/channels",
    .scoped = true,
    .fields = channel_fields,
    .columns = channel_columns};
VL_API_COMMAND(vl_cli_channel_create, "channel create", "a way to tell people", "NAME",
    "Adds a channel: new critical findings, scan errors, alerts and what else its topics name go there."
    "\v"
    "Example: vallum channel create chat --kind slack --url https://hooks.example/T/B --topics finding,alert",
    channel_options, channel_create);

static int test_status(const struct vl_doc_node *answer)
{
    return vl_doc_bool(vl_doc_get(answer, "ok")) ? VL_EXIT_OK : VL_EXIT_FAILS;
}

static const struct vl_cli_column test_columns[] = {{"Good", "ok"}, {"Message", "message"}, {0}};
static const struct vl_api_field channel_name_fields[] = {
    {VL_API_ARG, NULL, "the channel's name", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command channel_test = {.method = "POST",
    .path = "/channels/{}/test",
    .scoped = true,
    .fields = channel_name_fields,
    .columns = test_columns,
    .lookup = "/channels",
    .lookup_by = "name|id",
    .status = test_status};
VL_API_COMMAND(vl_cli_channel_test, "channel test", "sends one message now", "NAME",
    "Sends a test message; exit status 2 where it does not arrive at the next server.", plain_options,
    channel_test);

static const struct vl_api_command channel_delete = {.method = "DELETE",
    .path = "/channels/{}",
    .scoped = true,
    .fields = channel_name_fields,
    .lookup = "/channels",
    .lookup_by = "name|id",
    .said = "deleted"};
VL_API_COMMAND(vl_cli_channel_delete, "channel delete", "ends it", "NAME", "Deletes a channel.",
    plain_options, channel_delete);

/* --- outbox and notices --- */

static const struct vl_cli_column outbox_columns[] = {{"Id", "id"}, {"Channel", "channel.name"},
    {"Topic", "topic"}, {"Severity", "severity"}, {"State", "state"}, {"Attempts", "attempts"},
    {"Next try", "nextTry"}, {"Subject", "subject"}, {"Error", "error"}, {0}};
static const struct argp_option outbox_options[] = {
    {"state", KEY_STATE, "STATE", 0, "waiting, held, delivered or dead", 1}, VL_API_E_OPTIONS, {0}};
static const struct vl_api_command outbox_list = {.method = "GET",
    .path = "/outbox",
    .scoped = true,
    .list = true,
    .fields = job_fields,
    .columns = outbox_columns};
VL_API_COMMAND(vl_cli_outbox_list, "outbox list", "messages and what became of them", NULL,
    "Lists messages to people; dead ones were given up.", outbox_options, outbox_list);
static const struct vl_api_command outbox_retry = {
    .method = "POST", .path = "/outbox/{}/retry", .scoped = true, .fields = id_fields, .said = "asked for"};
VL_API_COMMAND(vl_cli_outbox_retry, "outbox retry", "sends one again", "ID",
    "Sends a message again that was given up.", plain_options, outbox_retry);

static const struct vl_cli_column notice_columns[] = {{"At", "at"}, {"Severity", "severity"},
    {"Topic", "topic"}, {"Count", "count"}, {"Title", "title"}, {"Object", "object"}, {0}};
static const struct vl_api_command notice_list = {
    .method = "GET", .path = "/notices", .scoped = true, .list = true, .columns = notice_columns};
VL_API_COMMAND(vl_cli_notice_list, "notice list", "what happened lately", NULL,
    "Lists what people were, or would have been, told of.", plain_options, notice_list);

/* --- vulnerabilities across images --- */

static const struct vl_cli_column vulnerability_columns[] = {{"Id", "id"}, {"Severity", "severity"},
    {"CVSS", "cvss.score"}, {"EPSS", "epss.score"}, {"Exploited since", "kev.added"}, {"Images", "images"},
    {"Fixable", "fixable"}, {"Title", "title"}, {0}};
static const struct vl_api_field vulnerability_fields[] = {
    {KEY_SEVERITY, "severity", "--severity", .place = VL_API_QUERY},
    {KEY_FIXABLE, "fixable", "--fixable", VL_API_TRUE, VL_API_QUERY},
    {KEY_KEV, "kev", "--kev", VL_API_TRUE, VL_API_QUERY},
    {KEY_Q, "q", "--search", .place = VL_API_QUERY},
    {0},
};
static const struct argp_option vulnerability_options[] = {
    {"severity", KEY_SEVERITY, "LEVEL", 0, "Of this severity", 1},
    {"fixable", KEY_FIXABLE, NULL, 0, "With a fix", 1},
    {"kev", KEY_KEV, NULL, 0, "Exploited", 1},
    {"search", KEY_Q, "TEXT", 0, "Part of id or title", 1},
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command vulnerability_list = {.method = "GET",
    .path = "/vulnerabilities",
    .scoped = true,
    .list = true,
    .fields = vulnerability_fields,
    .columns = vulnerability_columns};
VL_API_COMMAND(vl_cli_vulnerability_list, "vulnerability list", "findings over all images", NULL,
    "Lists vulnerabilities that images have, the most urgent first.", vulnerability_options,
    vulnerability_list);
static const struct vl_api_field vulnerability_id_fields[] = {
    {VL_API_ARG, NULL, "the id (CVE-…)", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_cli_column vulnerability_show_columns[] = {{"Id", "id"}, {"Title", "title"},
    {"Severity", "severity"}, {"CVSS", "cvss.vector"}, {"EPSS", "epss.score"},
    {"Exploited since", "kev.added"}, {"Aliases", "aliases"}, {"Images", "images"}, {"Fixable", "fixable"},
    {"Packages", "packages"}, {"Details", "details"}, {"Links", "links"}, {0}};
static const struct vl_api_command vulnerability_show = {.method = "GET",
    .path = "/vulnerabilities/{}",
    .scoped = true,
    .fields = vulnerability_id_fields,
    .columns = vulnerability_show_columns};
VL_API_COMMAND(vl_cli_vulnerability_show, "vulnerability show", "one, and who has it", "ID",
    "Shows a vulnerability; -o json has the images.", plain_options, vulnerability_show);

/* --- the mail server --- */

static const struct vl_cli_column mail_columns[] = {{"Host", "host"}, {"Port", "port"}, {"From", "from"},
    {"User", "username"}, {"Has a password", "hasPassword"}, {"STARTTLS", "startTls"}, {0}};
static const struct vl_api_command mail_show = {
    .method = "GET", .path = "/settings/mail", .columns = mail_columns};
VL_API_COMMAND(vl_cli_mail_server_show, "mail-server show", "how mail leaves", NULL,
    "Shows the mail server that messages go to.", server_options, mail_show);

static const struct vl_api_field mail_fields[] = {
    {KEY_HOST, "host", "--host", .required = true},
    {KEY_PORT, "port", "--port", VL_API_NUMBER},
    {KEY_FROM, "from", "--from", .required = true},
    {KEY_USERNAME, "username", "--username"},
    {KEY_PASSWORD, "password", "--password-file", VL_API_SECRET},
    {KEY_CA, "caPem", "--ca-file", VL_API_FILE},
    {0},
};
static const struct argp_option mail_options[] = {
    {"host", KEY_HOST, "NAME", 0, "Of the mail server", 1},
    {"port", KEY_PORT, "N", 0, "Default: 587", 1},
    {"from", KEY_FROM, "ADDRESS", 0, "The sender", 1},
    {"username", KEY_USERNAME, "NAME", 0, "Where it wants a login", 1},
    {"password-file", KEY_PASSWORD, "FILE", 0, "The password is its first line; - for standard input", 1},
    {"ca-file", KEY_CA, "FILE", 0, "Whom to trust, PEM (default: the system's certificates)", 1},
    VL_API_OPTIONS,
    {0},
};
static const struct vl_api_command mail_set = {
    .method = "PUT", .path = "/settings/mail", .fields = mail_fields, .columns = mail_columns};
VL_API_COMMAND(vl_cli_mail_server_set, "mail-server set", "where mail goes first", NULL,
    "Sets the mail server. Mail is sent over TLS only (STARTTLS)."
    "\v"
    "Example: vallum mail-server set --host mail.shop.example --from vallum@shop.example",
    mail_options, mail_set);
