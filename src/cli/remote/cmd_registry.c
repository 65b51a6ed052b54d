/* vallum registry add, list, show, update, remove, test, scan. */
#include <stdio.h>
#include <string.h>

#include "remote/api.h"
#include "remote/commands.h"

#define URL_MAX_BYTES 4096

enum {
    KEY_KIND = 8300,
    KEY_USERNAME,
    KEY_PASSWORD_FILE,
    KEY_CA_FILE,
    KEY_INSECURE,
    KEY_INCLUDE,
    KEY_LABELS,
    KEY_WEBHOOK,
    KEY_POLL,
    KEY_CONCURRENCY,
    KEY_ENABLE,
    KEY_DISABLE,
};

static const struct vl_cli_column list_columns[] = {{"Id", "id"}, {"Name", "name"}, {"Host", "host"},
    {"Kind", "kind"}, {"Enabled", "enabled"}, {"Images", "counts.images"}, {"Completed", "counts.completed"},
    {"In progress", "counts.inProgress"}, {"Unscanned", "counts.unscanned"}, {"Error", "counts.error"},
    {"Trouble", "error"}, {0}};
static const struct vl_cli_column show_columns[] = {{"Id", "id"}, {"Name", "name"}, {"Host", "host"},
    {"Kind", "kind"}, {"User", "username"}, {"Has a secret", "hasSecret"}, {"Insecure", "insecure"},
    {"Include", "include"}, {"Labels", "labels"}, {"Poll every (s)", "pollSeconds"},
    {"Scans at once", "concurrency"}, {"Enabled", "enabled"}, {"Webhook", "webhook.url"},
    {"Webhook secret", "webhookSecret|webhook.secret"}, {"Created", "created"},
    {"Discovered", "discoveredAt"}, {"Last event", "eventAt"}, {"Trouble", "error"}, {"Images", "counts"},
    {0}};

static const struct argp_option list_options[] = {VL_API_E_OPTIONS, VL_API_WATCH_OPTION, {0}};
static const struct argp_option plain_options[] = {VL_API_E_OPTIONS, {0}};

#define SETTINGS_OPTIONS                                                                                   \
    {"username", KEY_USERNAME, "NAME", 0, "For a registry that wants a login", 1},                         \
        {"password-file", KEY_PASSWORD_FILE, "FILE", 0,                                                    \
            "The password is its first line; - for standard input", 1},                                    \
        {"ca-file", KEY_CA_FILE, "FILE", 0, "Whom its certificate is trusted by, PEM", 1},                 \
        {"include", KEY_INCLUDE, "PATTERN,…", 0, "Only repositories like these (shop/*); default all", 1}, \
        {"labels", KEY_LABELS, "NAME=VALUE,…", 0,                                                          \
            "All of its labels, which roles may be bound to; '' for none", 1},                             \
        {"webhook-secret-file", KEY_WEBHOOK, "FILE", 0,                                                    \
            "The secret of its notifications; default: one is made", 1},                                   \
        {"poll-seconds", KEY_POLL, "N", 0, "How often the catalogue is compared (default 300)", 1},        \
        {"concurrency", KEY_CONCURRENCY, "N", 0, "Scans at once (default 2)", 1}

#define SETTINGS_FIELDS                                                         \
    {KEY_USERNAME, "username", "--username"},                                   \
        {KEY_PASSWORD_FILE, "password", "--password-file", VL_API_SECRET},      \
        {KEY_CA_FILE, "caPem", "--ca-file", VL_API_FILE},                       \
        {KEY_INCLUDE, "include", "--include", VL_API_LIST},                     \
        {KEY_LABELS, "labels", "--labels", VL_API_LABELS},                      \
        {KEY_WEBHOOK, "webhookSecret", "--webhook-secret-file", VL_API_SECRET}, \
        {KEY_POLL, "pollSeconds", "--poll-seconds", VL_API_NUMBER},             \
    {                                                                           \
        KEY_CONCURRENCY, "concurrency", "--concurrency", VL_API_NUMBER          \
    }

static const struct vl_api_field add_fields[] = {
    {VL_API_ARG, "name", "the registry's name", .required = true},
    {VL_API_ARG + 1, "host", "its host", .required = true},
    {KEY_KIND, "kind", "--kind"},
    {KEY_INSECURE, "insecure", "--insecure", VL_API_TRUE},
    SETTINGS_FIELDS,
    {0},
};
static const struct argp_option add_options[] = {
    {"kind", KEY_KIND, "KIND", 0, "generic (default), acr, ecr, gar, harbor, dockerhub", 1},
    {"insecure", KEY_INSECURE, NULL, 0, "Plain http, or a certificate that nobody vouches for", 1},
    SETTINGS_OPTIONS,
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command add = {
    .method = "POST", .path = "/registries", .scoped = true, .fields = add_fields, .columns = show_columns};
VL_API_COMMAND(vl_cli_registry_add, "registry add", "connects a registry", "NAME HOST",
    "Connects a registry: its repositories are found and every image is scanned, now and whenever one is "
    "pushed. "
    "The answer shows the address for its notifications and, once, their secret."
    "\v"
    "Example: vallum registry add shop registry.example:5000 --username ci --password-file ci.txt",
    add_options, add);

static const struct vl_api_command list = {
    .method = "GET", .path = "/registries", .scoped = true, .list = true, .columns = list_columns};
VL_API_COMMAND(vl_cli_registry_list, "registry list", "registries and their progress", NULL,
    "Lists the connected registries and how far their images are scanned.", list_options, list);

static const struct vl_api_field name_fields[] = {
    {VL_API_ARG, NULL, "the registry's name", .place = VL_API_PATH, .required = true}, {0}};

static uint64_t count_of(const struct vl_doc_node *registry, const char *name)
{
    int64_t n = 0;
    return vl_doc_int(vl_doc_get(vl_doc_get(registry, "counts"), name), &n) && n > 0 ? (uint64_t)n : 0;
}

/* Looked through since the watch began, and nothing waits. */
static bool is_done(const struct vl_api_call *call, const struct vl_doc_node *registry)
{
    struct vl_span looked = vl_doc_get_str(registry, "discoveredAt");
    if (!looked.len || (call->before && vl_span_eq_str(looked, call->before)))
        return vl_doc_get_str(registry, "error").len > 0;
    return count_of(registry, "unscanned") == 0 && count_of(registry, "inProgress") == 0;
}

static int status_of(const struct vl_doc_node *registry)
{
    return vl_doc_get_str(registry, "error").len || count_of(registry, "error") ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static const struct vl_api_command show = {.method = "GET",
    .path = "/registries/{}",
    .scoped = true,
    .fields = name_fields,
    .columns = show_columns,
    .lookup = "/registries",
    .lookup_by = "name|host|id",
    .settled = is_done};
VL_API_COMMAND(vl_cli_registry_show, "registry show", "settings and progress of one registry", "NAME",
    "Shows one registry; with --watch until its images are scanned.", list_options, show);

static const struct vl_api_field update_fields[] = {
    {VL_API_ARG, NULL, "the registry's name", .place = VL_API_PATH, .required = true},
    {KEY_ENABLE, "enabled", "--enable", VL_API_TRUE},
    {KEY_DISABLE, "enabled", "--disable", VL_API_FALSE},
    SETTINGS_FIELDS,
    {0},
};
static const struct argp_option update_options[] = {
    {"enable", KEY_ENABLE, NULL, 0, "Look at it again", 1},
    {"disable", KEY_DISABLE, NULL, 0, "Leave it alone", 1},
    SETTINGS_OPTIONS,
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command update = {.method = "PATCH",
    .path = "/registries/{}",
    .scoped = true,
    .fields = update_fields,
    .columns = show_columns,
    .lookup = "/registries",
    .lookup_by = "name|host|id",
    .said = "changed"};
VL_API_COMMAND(vl_cli_registry_update, "registry update", "settings of a registry", "NAME",
    "Changes what is given; all else stays.", update_options, update);

static const struct vl_api_command remove_ = {.method = "DELETE",
    .path = "/registries/{}",
    .scoped = true,
    .fields = name_fields,
    .lookup = "/registries",
    .lookup_by = "name|host|id",
    .said = "removed"};
VL_API_COMMAND(vl_cli_registry_remove, "registry remove", "disconnects a registry", "NAME",
    "Disconnects a registry: its images are no longer seen here.", plain_options, remove_);

static int test_status(const struct vl_doc_node *answer)
{
    return vl_doc_bool(vl_doc_get(answer, "ok")) ? VL_EXIT_OK : VL_EXIT_FAILS;
}

static const struct vl_cli_column test_columns[] = {{"Good", "ok"}, {"Message", "message"}, {0}};
static const struct vl_api_command test = {.method = "POST",
    .path = "/registries/{}/test",
    .scoped = true,
    .fields = name_fields,
    .columns = test_columns,
    .lookup = "/registries",
    .lookup_by = "name|host|id",
    .status = test_status};
VL_API_COMMAND(vl_cli_registry_test, "registry test", "can the server read it?", "NAME",
    "Lets the server try the registry with its settings; exit status 2 where that fails, with the cure.",
    plain_options, test);

/* Asks for a discovery; with --watch follows it to the end. */
static int run_scan(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *before = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *answer = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, URL_MAX_BYTES);
    int r = vl_api_url(call, "/registries/{}", &url, err);
    if (r >= 0)
        r = vl_cli_client_call(call->client, "GET", vl_buf_str(&url), VL_SPAN_EMPTY, &before, err);
    if (r >= 0)
        r = vl_api_ask(call, &answer, err);
    if (r < 0)
        return r;
    if (!call->watch) {
        if (!call->common.quiet)
            (void)fprintf(stderr, "asked for; 'vallum registry show %s --watch' follows it\n",
                vl_api_value(call, VL_API_ARG));
        return VL_EXIT_OK;
    }
    call->before = vl_arena_dup_span(call->arena, vl_doc_get_str(vl_doc_root(before), "discoveredAt"));
    return call->before ? vl_api_watch(call, vl_buf_str(&url), false, err) : vl_err_nomem(err);
}

static const struct vl_api_command scan = {.method = "POST",
    .path = "/registries/{}/discover",
    .scoped = true,
    .fields = name_fields,
    .columns = show_columns,
    .lookup = "/registries",
    .lookup_by = "name|host|id",
    .run = run_scan,
    .settled = is_done,
    .status = status_of};
VL_API_COMMAND(vl_cli_registry_scan, "registry scan", "looks for new images now", "NAME",
    "Compares the registry's catalogue with what is known and scans what is new. With --watch it follows "
    "until all is scanned; exit status 2 where an image ended with an error.",
    list_options, scan);
