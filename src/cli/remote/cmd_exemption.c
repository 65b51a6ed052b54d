/* vallum security exemption list, create, approve, reject, delete, export, import. */
#include <stdio.h>

#include "base/file.h"
#include "remote/api.h"
#include "remote/commands.h"

#define URL_MAX_BYTES 4096
#define VEX_MAX       (4UL * 1024 * 1024)

enum {
    KEY_CATEGORY = 8600,
    KEY_ASSESSMENT,
    KEY_VULNERABILITY,
    KEY_PACKAGE,
    KEY_DIGEST,
    KEY_REGISTRY,
    KEY_REPOSITORY,
    KEY_RESOURCE,
    KEY_JUSTIFICATION,
    KEY_EXPIRES,
    KEY_STATE,
};

static const struct argp_option plain_options[] = {VL_API_E_OPTIONS, {0}};
static const struct vl_cli_column columns[] = {{"Id", "id"}, {"State", "state"}, {"Category", "category"},
    {"Vulnerability", "vulnerability"}, {"Package", "package"}, {"Image", "digest"},
    {"Repository", "repository"}, {"Assessment", "assessmentKey"}, {"Expires", "expires"},
    {"Expired", "expired"}, {"Findings", "findings"}, {"By", "requestedBy"},
    {"Justification", "justification"}, {0}};

static const struct vl_api_command list = {
    .method = "GET", .path = "/exemptions", .scoped = true, .list = true, .columns = columns};
VL_API_COMMAND(vl_cli_exemption_list, "security exemption list", "what is accepted, until when, why", NULL,
    "Lists exemptions, requested ones too.", plain_options, list);

static const struct vl_api_field create_fields[] = {
    {KEY_CATEGORY, "category", "--category"},
    {KEY_ASSESSMENT, "assessmentKey", "--assessment-key"},
    {KEY_VULNERABILITY, "vulnerability", "--vulnerability"},
    {KEY_PACKAGE, "package", "--package"},
    {KEY_DIGEST, "digest", "--digest"},
    {KEY_REGISTRY, "registry", "--registry", VL_API_NUMBER},
    {KEY_REPOSITORY, "repository", "--repository"},
    {KEY_RESOURCE, "resourceId", "--resource-id"},
    {KEY_JUSTIFICATION, "justification", "--justification", .required = true},
    {KEY_EXPIRES, "expires", "--expires", VL_API_DATE},
    {0},
};
static const struct argp_option create_options[] = {
    {"category", KEY_CATEGORY, "WHAT", 0, "waiver (default) or mitigated", 1},
    {"vulnerability", KEY_VULNERABILITY, "CVE", 0, "This vulnerability", 1},
    {"package", KEY_PACKAGE, "PURL", 0, "In this package", 1},
    {"digest", KEY_DIGEST, "DIGEST", 0, "In this image", 1},
    {"repository", KEY_REPOSITORY, "PATTERN", 0, "In images of these repositories", 1},
    {"registry", KEY_REGISTRY, "ID", 0, "Of this registry (see 'registry list')", 1},
    {"assessment-key", KEY_ASSESSMENT, "KEY", 0, "This recommendation as a whole", 1},
    {"resource-id", KEY_RESOURCE, "ID", 0, "On this resource", 1},
    {"justification", KEY_JUSTIFICATION, "TEXT", 0, "Why; needed", 1},
    {"expires", KEY_EXPIRES, "WHEN", 0, "A day, or a span: 90d (default: never)", 1},
    VL_API_E_OPTIONS,
    {0},
};

static int run_create(struct vl_api_call *call, struct vl_err *err)
{
    if (!vl_api_value(call, KEY_CATEGORY))
        vl_api_set(call, KEY_CATEGORY, "waiver");
    return vl_api_go(call, err);
}

static const struct vl_api_command create = {.method = "POST",
    .path = "/exemptions",
    .scoped = true,
    .fields = create_fields,
    .columns = columns,
    .run = run_create};
VL_API_COMMAND(vl_cli_exemption_create, "security exemption create", "accepts something, with a reason", NULL,
    "Makes an exemption: at once where you are admin, else a request that an admin approves."
    "\v"
    "Example: vallum security exemption create --vulnerability CVE-2021-23337 --repository 'shop/*' "
    "--expires 30d "
    "--justification 'the template function is not called'",
    create_options, create);

/* Approving and rejecting are one change of state. */
static const struct vl_api_field state_fields[] = {
    {VL_API_ARG, NULL, "the exemption's id", .place = VL_API_PATH, .required = true},
    {KEY_STATE, "state", "--state"}, {0}};

static int run_approve(struct vl_api_call *call, struct vl_err *err)
{
    vl_api_set(call, KEY_STATE, "approved");
    return vl_api_go(call, err);
}

static int run_reject(struct vl_api_call *call, struct vl_err *err)
{
    vl_api_set(call, KEY_STATE, "rejected");
    return vl_api_go(call, err);
}

static const struct vl_api_command approve = {.method = "PATCH",
    .path = "/exemptions/{}",
    .scoped = true,
    .fields = state_fields,
    .columns = columns,
    .said = "approved",
    .run = run_approve};
VL_API_COMMAND(vl_cli_exemption_approve, "security exemption approve", "approves a request", "ID",
    "Approves a requested exemption; it holds at once.", plain_options, approve);
static const struct vl_api_command reject = {.method = "PATCH",
    .path = "/exemptions/{}",
    .scoped = true,
    .fields = state_fields,
    .columns = columns,
    .said = "rejected",
    .run = run_reject};
VL_API_COMMAND(vl_cli_exemption_reject, "security exemption reject", "rejects a request", "ID",
    "Rejects a requested exemption.", plain_options, reject);

static const struct vl_api_field id_fields[] = {
    {VL_API_ARG, NULL, "the exemption's id", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command delete_ = {
    .method = "DELETE", .path = "/exemptions/{}", .scoped = true, .fields = id_fields, .said = "deleted"};
VL_API_COMMAND(vl_cli_exemption_delete, "security exemption delete", "ends it", "ID",
    "Deletes an exemption; what it covered is open again at once.", plain_options, delete_);

/* --- as OpenVEX --- */

static int run_export(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&url, URL_MAX_BYTES);
    vl_buf_init(&text, VL_CLI_ANSWER_MAX);
    int r = vl_api_url(call, NULL, &url, err);
    if (r >= 0)
        r = vl_cli_client_raw(call->client, "GET", vl_buf_str(&url), VL_SPAN_EMPTY, &text, err);
    if (r >= 0)
        r = vl_cli_print(&text, err);
    return r < 0 ? r : VL_EXIT_OK;
}

static const struct argp_option export_options[] = {VL_CLI_SERVER_OPTIONS, VL_CLI_ENVIRONMENT_OPTIONS, {0}};
static const struct vl_api_command export_ = {
    .method = "GET", .path = "/exemptions/vex", .scoped = true, .run = run_export};
VL_API_COMMAND(vl_cli_exemption_export, "security exemption export", "as OpenVEX", NULL,
    "Prints the exemptions of findings that hold now as an OpenVEX document, with scope and expiry.",
    export_options, export_);

static const struct vl_api_field import_fields[] = {
    {VL_API_ARG, NULL, "a file", .place = VL_API_LOCAL, .required = true}, {0}};
static const struct vl_cli_column import_columns[] = {
    {"Added", "added"}, {"Known", "known"}, {"Pending", "pending"}, {"Skipped", "skipped"}, {0}};

static int run_import(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    vl_buf_init(&url, URL_MAX_BYTES);
    vl_buf_init(&text, VEX_MAX);
    int r = vl_api_url(call, NULL, &url, err);
    if (r >= 0)
        r = vl_file_read(vl_api_value(call, VL_API_ARG), VEX_MAX, &text, err);
    if (r >= 0)
        r = vl_cli_client_call(call->client, "POST", vl_buf_str(&url), vl_buf_span(&text), &doc, err);
    if (r >= 0)
        r = vl_api_print(call, vl_doc_root(doc), err);
    if (r < 0)
        return r;
    return vl_doc_size(vl_doc_get(vl_doc_root(doc), "skipped")) ? VL_EXIT_PARTIAL : VL_EXIT_OK;
}

static const struct vl_api_command import_ = {.method = "POST",
    .path = "/exemptions/vex",
    .scoped = true,
    .fields = import_fields,
    .columns = import_columns,
    .run = run_import};
VL_API_COMMAND(vl_cli_exemption_import, "security exemption import", "from OpenVEX", "FILE",
    "Makes exemptions of the statements of an OpenVEX document (- for standard input). Exit status 5 where "
    "some were not taken; "
    "-o json tells why.",
    plain_options, import_);
