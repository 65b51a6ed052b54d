/* vallum image list, show, findings, packages, history, lineage, sbom, scan, affected-by. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "codec/digest.h"
#include "remote/api.h"
#include "remote/commands.h"

#define URL_MAX_BYTES 4096

enum {
    KEY_REGISTRY = 8400,
    KEY_REPOSITORY,
    KEY_STATE,
    KEY_SEVERITY,
    KEY_Q,
    KEY_FIXABLE,
    KEY_KEV,
    KEY_SORT,
    KEY_LIMIT,
    KEY_EXEMPT,
    KEY_SINCE,
    KEY_FORMAT,
};

/* --- which image is meant --- */

/* "host/repository:tag", "repository:tag", "repository" or with "@digest". */
struct wanted {
    struct vl_span name, tag, digest;
};

static void split_reference(struct vl_span text, struct wanted *ret)
{
    size_t at = vl_span_find_char(text, '@');
    *ret = (struct wanted){0};
    if (at != SIZE_MAX)
        ret->digest = vl_span_slice(text, at + 1, text.len);
    text = vl_span_slice(text, 0, at);
    size_t colon = vl_span_rfind_char(text, ':');
    size_t slash = vl_span_rfind_char(text, '/');
    bool tagged = colon != SIZE_MAX && (slash == SIZE_MAX || colon > slash);
    ret->name = tagged ? vl_span_slice(text, 0, colon) : text;
    if (tagged)
        ret->tag = vl_span_slice(text, colon + 1, text.len);
}

static bool is_named(const struct vl_doc_node *image, struct vl_span name)
{
    struct vl_span repository = vl_doc_get_str(image, "repository");
    const struct vl_doc_node *registry = vl_doc_get(image, "registry");
    static const char *const prefixes[] = {"host", "name"};
    /* "orders" is enough for "shop/orders". */
    if (vl_span_eq(repository, name) ||
        (repository.len > name.len && repository.ptr[repository.len - name.len - 1] == '/' &&
            vl_span_eq(vl_span_slice(repository, repository.len - name.len, repository.len), name)))
        return name.len > 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(prefixes); i++) {
        struct vl_span prefix = vl_doc_get_str(registry, prefixes[i]);
        if (prefix.len && name.len == prefix.len + 1 + repository.len && name.ptr[prefix.len] == '/' &&
            vl_span_eq(vl_span_slice(name, 0, prefix.len), prefix) &&
            vl_span_eq(vl_span_slice(name, prefix.len + 1, name.len), repository))
            return true;
    }
    return false;
}

static bool has_tag(const struct vl_doc_node *image, struct vl_span tag)
{
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(image, "tags")); n; n = vl_doc_next(n))
        if (vl_span_eq(vl_doc_span(n), tag))
            return true;
    return false;
}

/* The one image that fits; several platforms of a tag, or several images without a tag, are told. */
static int choose(const struct vl_doc_node *images, const struct wanted *w, const char *text,
    const struct vl_doc_node **ret, struct vl_err *err)
{
    const struct vl_doc_node *found = NULL;
    struct vl_span tag = w->tag;
    for (int pass = 0; pass < 2 && !found; pass++) {
        unsigned n = 0;
        for (const struct vl_doc_node *i = vl_doc_first(images); i; i = vl_doc_next(i)) {
            bool fits = is_named(i, w->name) && (!tag.len || has_tag(i, tag));
            if (!fits || (found && vl_span_eq(vl_doc_get_str(found, "digest"), vl_doc_get_str(i, "digest"))))
                continue;
            found = i;
            n++;
        }
        if (n > 1 && (w->tag.len || pass == 1))
            return vl_err_set(err, VL_ERR_USAGE,
                "'%s' are %u images (platforms, or registries): name one by its digest, which 'vallum image "
                "list' shows",
                text, n);
        if (n > 1) { /* without a tag "latest" is meant, where there is one */
            tag = VL_SPAN_LIT("latest");
            found = NULL;
        }
        if (n == 0)
            break;
    }
    if (!found)
        return vl_err_set(
            err, VL_ERR_NOT_FOUND, "no image is '%s'; 'vallum image list' shows what there is", text);
    *ret = found;
    return 0;
}

/* What is written becomes the digest. */
static int resolve(struct vl_api_call *call, const char *text, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    const struct vl_doc_node *found = NULL;
    struct vl_digest digest;
    struct wanted w;
    vl_buf_init(&url, URL_MAX_BYTES);
    *ret = text;
    if (vl_digest_parse(vl_span_str(text), &digest))
        return 0;
    split_reference(vl_span_str(text), &w);
    if (vl_digest_parse(w.digest, &digest)) {
        *ret = vl_arena_dup_span(call->arena, w.digest);
        return *ret ? 0 : vl_err_nomem(err);
    }
    /* The server looks for a part of the name: its last word is one whatever stands before it. */
    size_t slash = vl_span_rfind_char(w.name, '/');
    const char *q = vl_arena_dup_span(
        call->arena, slash == SIZE_MAX ? w.name : vl_span_slice(w.name, slash + 1, w.name.len));
    vl_buf_append_str(&url, "/images");
    vl_cli_url_param(&url, "q", q);
    vl_cli_url_param(&url, "environment", vl_cli_client_environment(call->client));
    int r = vl_buf_check(&url, "the address", err);
    if (r >= 0)
        r = vl_cli_client_list(call->client, vl_buf_str(&url), 0, &doc, err);
    if (r >= 0)
        r = choose(vl_doc_root(doc), &w, text, &found, err);
    if (r < 0)
        return r;
    *ret = vl_arena_dup_span(call->arena, vl_doc_get_str(found, "digest"));
    return *ret ? 0 : vl_err_nomem(err);
}

/* The first argument becomes a digest, then the plain call. */
static int settle_image(struct vl_api_call *call, struct vl_err *err)
{
    const char *digest = NULL;
    int r = resolve(call, vl_api_value(call, VL_API_ARG), &digest, err);
    if (r >= 0)
        vl_api_set(call, VL_API_ARG, digest);
    return r;
}

static int run_image(struct vl_api_call *call, struct vl_err *err)
{
    int r = settle_image(call, err);
    return r < 0 ? r : vl_api_go(call, err);
}

static const struct vl_api_field image_fields[] = {
    {VL_API_ARG, NULL, "an image (its name and tag, or digest)", .place = VL_API_PATH, .required = true},
    {0}};
static const struct argp_option plain_options[] = {VL_API_E_OPTIONS, {0}};
static const struct argp_option watch_options[] = {VL_API_E_OPTIONS, VL_API_WATCH_OPTION, {0}};

/* --- list --- */

static const struct vl_cli_column list_columns[] = {{"Registry", "registry.name"},
    {"Repository", "repository"}, {"Tags", "tags"}, {"Platform", "platform"}, {"State", "state"},
    {"Assessed", "assessed"}, {"Findings", "counts"}, {"Fixable", "fixable"}, {"Exploited", "kev"},
    {"Pushed", "pushedAt|firstSeen"}, {"Digest", "digest"}, {0}};
static const struct vl_api_field list_fields[] = {
    {KEY_REGISTRY, "registry", "--registry", .place = VL_API_QUERY},
    {KEY_REPOSITORY, "repository", "--repository", .place = VL_API_QUERY},
    {KEY_STATE, "state", "--state", .place = VL_API_QUERY},
    {KEY_SEVERITY, "severity", "--severity", .place = VL_API_QUERY},
    {KEY_Q, "q", "--search", .place = VL_API_QUERY},
    {KEY_FIXABLE, "fixable", "--fixable", VL_API_TRUE, VL_API_QUERY},
    {KEY_KEV, "kev", "--kev", VL_API_TRUE, VL_API_QUERY},
    {KEY_SORT, "sort", "--sort", .place = VL_API_QUERY},
    {0},
};
static const struct argp_option list_options[] = {
    {"registry", KEY_REGISTRY, "NAME", 0, "Of this registry", 1},
    {"repository", KEY_REPOSITORY, "NAME", 0, "Of this repository", 1},
    {"state", KEY_STATE, "STATE", 0, "Unscanned, \"Scan in progress\", \"Scan error\" or Completed", 1},
    {"severity", KEY_SEVERITY, "LEVEL", 0, "With at least one finding of it", 1},
    {"search", KEY_Q, "TEXT", 0, "Part of repository, tag or digest", 1},
    {"fixable", KEY_FIXABLE, NULL, 0, "With a finding that has a fix", 1},
    {"kev", KEY_KEV, NULL, 0, "With a finding that is exploited", 1},
    {"sort", KEY_SORT, "BY", 0, "risk (default), pushed, repository", 1},
    VL_API_E_OPTIONS,
    VL_API_WATCH_OPTION,
    {0},
};

static int run_list(struct vl_api_call *call, struct vl_err *err)
{
    const char *name = vl_api_value(call, KEY_REGISTRY);
    const char *id = NULL;
    int r = name ? vl_api_find(call, "/registries", "name|host|id", name, "id", &id, err) : 0;
    if (name && r >= 0)
        vl_api_set(call, KEY_REGISTRY, id);
    return r < 0 ? r : vl_api_go(call, err);
}

static const struct vl_api_command list = {.method = "GET",
    .path = "/images",
    .scoped = true,
    .list = true,
    .fields = list_fields,
    .columns = list_columns,
    .run = run_list};
VL_API_COMMAND(vl_cli_image_list, "image list", "images and their findings", NULL,
    "Lists the images of the connected registries, the most urgent first. A state that is not Completed, or "
    "a "
    "count that is -, says that nothing is known, not that nothing is wrong."
    "\v"
    "Example: vallum image list --severity critical --fixable",
    list_options, list);

/* --- one image --- */

static const struct vl_cli_column show_columns[] = {{"Digest", "digest"}, {"Registry", "registry.name"},
    {"Repository", "repository"}, {"Tags", "tags"}, {"Platform", "platform"}, {"System", "distro"},
    {"State", "state"}, {"Stage", "stage"}, {"Error", "error"}, {"Next try", "nextTry"},
    {"Assessed", "assessed"}, {"Why not", "whyNot"}, {"Findings", "counts"}, {"Fixable", "fixable"},
    {"Exploited", "kev"}, {"Packages", "packages"}, {"Base", "base.name"}, {"Pushed", "pushedAt"},
    {"First seen", "firstSeen"}, {"Scanned", "completedAt"}, {"Advisories of", "databaseDate"},
    {"Notes", "notes"}, {0}};

static bool is_settled(const struct vl_api_call *call, const struct vl_doc_node *image)
{
    struct vl_span state = vl_doc_get_str(image, "state");
    struct vl_span done = vl_doc_get_str(image, "completedAt");
    if (vl_span_eq_str(state, "Scan error"))
        return true;
    return vl_span_eq_str(state, "Completed") && !(call->before && vl_span_eq_str(done, call->before));
}

static int state_status(const struct vl_doc_node *image)
{
    return vl_span_eq_str(vl_doc_get_str(image, "state"), "Scan error") ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static const struct vl_api_command show = {.method = "GET",
    .path = "/images/{}",
    .scoped = true,
    .fields = image_fields,
    .columns = show_columns,
    .run = run_image,
    .settled = is_settled};
VL_API_COMMAND(vl_cli_image_show, "image show", "one image: state, coverage, layers", "IMAGE",
    "Shows an image, named by repository:tag (with or without its registry) or digest; -o json has its "
    "places, layers and coverage. With --watch until it is scanned.",
    watch_options, show);

static const struct vl_cli_column finding_columns[] = {{"Id", "id"}, {"Severity", "severity"},
    {"Package", "package.name"}, {"Version", "package.version"}, {"Fixed in", "fixedVersion"},
    {"CVSS", "cvss.score"}, {"EPSS", "epss.score"}, {"Exploited since", "kev.added"},
    {"Exempt until", "exemption.expires"}, {"Title", "title"}, {0}};
static const struct vl_api_field finding_fields[] = {
    {VL_API_ARG, NULL, "an image", .place = VL_API_PATH, .required = true},
    {KEY_SEVERITY, "severity", "--severity", .place = VL_API_QUERY},
    {KEY_FIXABLE, "fixable", "--fixable", VL_API_TRUE, VL_API_QUERY},
    {KEY_KEV, "kev", "--kev", VL_API_TRUE, VL_API_QUERY},
    {KEY_Q, "q", "--search", .place = VL_API_QUERY},
    {KEY_EXEMPT, "includeExempt", "--include-exempt", VL_API_TRUE, VL_API_QUERY},
    {KEY_SORT, "sort", "--sort", .place = VL_API_QUERY},
    {0},
};
static const struct argp_option finding_options[] = {
    {"severity", KEY_SEVERITY, "LEVEL", 0, "Of this severity", 1},
    {"fixable", KEY_FIXABLE, NULL, 0, "With a fix", 1},
    {"kev", KEY_KEV, NULL, 0, "Exploited", 1},
    {"search", KEY_Q, "TEXT", 0, "Part of id, title or package", 1},
    {"include-exempt", KEY_EXEMPT, NULL, 0, "What is exempt or disabled by a rule too", 1},
    {"sort", KEY_SORT, "BY", 0, "risk (default), severity, package", 1},
    VL_API_E_OPTIONS,
    {0},
};
static const struct vl_api_command findings = {.method = "GET",
    .path = "/images/{}/findings",
    .scoped = true,
    .list = true,
    .fields = finding_fields,
    .columns = finding_columns,
    .run = run_image};
VL_API_COMMAND(vl_cli_image_findings, "image findings", "vulnerabilities of an image", "IMAGE",
    "Lists the findings of an image, the most urgent first."
    "\v"
    "Example: vallum image findings shop/orders:1.0 --fixable -o tsv",
    finding_options, findings);

static const struct vl_cli_column package_columns[] = {{"Name", "name"}, {"Version", "version"},
    {"Ecosystem", "ecosystem"}, {"Findings", "counts"}, {"Package URL", "purl"}, {0}};
static const struct vl_api_command packages = {.method = "GET",
    .path = "/images/{}/packages",
    .scoped = true,
    .list = true,
    .fields = image_fields,
    .columns = package_columns,
    .run = run_image};
VL_API_COMMAND(vl_cli_image_packages, "image packages", "what is in an image", "IMAGE",
    "Lists the packages of an image.", plain_options, packages);

static const struct vl_cli_column history_columns[] = {{"At", "at"}, {"Why", "why"}, {"Added", "added"},
    {"Gone", "gone"}, {"Critical added", "criticalAdded"}, {0}};
static const struct vl_api_command history = {.method = "GET",
    .path = "/images/{}/history",
    .scoped = true,
    .list = true,
    .fields = image_fields,
    .columns = history_columns,
    .run = run_image};
VL_API_COMMAND(vl_cli_image_history, "image history", "when its findings changed, and why", "IMAGE",
    "Lists scans and changes of the advisories that changed what is known of an image.", plain_options,
    history);

static const struct vl_api_command lineage = {
    .method = "GET", .path = "/images/{}/lineage", .scoped = true, .fields = image_fields, .run = run_image};
VL_API_COMMAND(vl_cli_image_lineage, "image lineage", "its base, and what is built on it", "IMAGE",
    "Shows which known images are the base of this one and which are built on it, by their layers.",
    plain_options, lineage);

/* --- sbom: a file as it comes --- */

static const struct vl_api_field sbom_fields[] = {
    {VL_API_ARG, NULL, "an image", .place = VL_API_PATH, .required = true},
    {KEY_FORMAT, "format", "--format", .place = VL_API_QUERY},
    {0},
};
static const struct argp_option sbom_options[] = {
    {"format", KEY_FORMAT, "FORMAT", 0, "cyclonedx (default) or spdx", 1}, VL_CLI_SERVER_OPTIONS,
    VL_CLI_ENVIRONMENT_OPTIONS, {0}};

static int run_sbom(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&url, URL_MAX_BYTES);
    vl_buf_init(&text, VL_CLI_ANSWER_MAX);
    if (!vl_api_value(call, KEY_FORMAT))
        vl_api_set(call, KEY_FORMAT, "cyclonedx");
    int r = settle_image(call, err);
    if (r >= 0)
        r = vl_api_url(call, NULL, &url, err);
    if (r >= 0)
        r = vl_cli_client_raw(call->client, "GET", vl_buf_str(&url), VL_SPAN_EMPTY, &text, err);
    if (r >= 0)
        r = vl_cli_print(&text, err);
    return r < 0 ? r : VL_EXIT_OK;
}

static const struct vl_api_command sbom = {
    .method = "GET", .path = "/images/{}/sbom", .scoped = true, .fields = sbom_fields, .run = run_sbom};
VL_API_COMMAND(vl_cli_image_sbom, "image sbom", "its packages as CycloneDX or SPDX", "IMAGE",
    "Prints the software bill of materials of an image.", sbom_options, sbom);

/* --- scan --- */

static int run_scan(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *before = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *answer = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, URL_MAX_BYTES);
    int r = settle_image(call, err);
    if (r >= 0)
        r = vl_api_url(call, "/images/{}", &url, err);
    if (r >= 0)
        r = vl_cli_client_call(call->client, "GET", vl_buf_str(&url), VL_SPAN_EMPTY, &before, err);
    if (r >= 0)
        r = vl_api_ask(call, &answer, err);
    if (r < 0)
        return r;
    if (!call->watch) {
        if (!call->common.quiet)
            (void)fprintf(stderr, "asked for; 'vallum image show %s' tells the state\n",
                vl_api_value(call, VL_API_ARG));
        return VL_EXIT_OK;
    }
    call->before = vl_arena_dup_span(call->arena, vl_doc_get_str(vl_doc_root(before), "completedAt"));
    return call->before ? vl_api_watch(call, vl_buf_str(&url), false, err) : vl_err_nomem(err);
}

static const struct vl_api_command scan = {.method = "POST",
    .path = "/images/{}/scan",
    .scoped = true,
    .fields = image_fields,
    .columns = show_columns,
    .run = run_scan,
    .settled = is_settled,
    .status = state_status};
VL_API_COMMAND(vl_cli_image_scan, "image scan", "scans an image again", "IMAGE",
    "Lets the server scan an image again, before what waits. With --watch it follows; exit status 2 where "
    "the scan ends with an error.",
    watch_options, scan);

/* --- affected-by --- */

static const struct vl_cli_column affected_columns[] = {{"Digest", "digest"},
    {"Repository", "places.0.repository|repository"}, {"Present", "present"}, {"First seen", "firstSeen"},
    {"Last seen", "lastSeen"}, {"Ran", "ranAt"}, {"Why", "why"}, {0}};
static const struct vl_api_field affected_fields[] = {
    {VL_API_ARG, "target", "a digest, package URL or CVE", .place = VL_API_QUERY, .required = true},
    {KEY_SINCE, "since", "--since", .place = VL_API_QUERY},
    {0},
};
static const struct argp_option affected_options[] = {
    {"since", KEY_SINCE, "SPAN", 0, "Seen within this time: 90d (default), 12h", 1}, VL_API_E_OPTIONS, {0}};
static const struct vl_api_command affected = {.method = "GET",
    .path = "/images/affected-by",
    .scoped = true,
    .list = true,
    .fields = affected_fields,
    .columns = affected_columns};
VL_API_COMMAND(vl_cli_image_affected_by, "image affected-by", "which images had this?", "DIGEST|PURL|CVE",
    "Lists the images that are built on an image (by its layers), contain or contained a package, have or "
    "had a "
    "vulnerability, or hold a layer."
    "\v"
    "Example: vallum image affected-by pkg:npm/lodash@4.17.15 --since 90d",
    affected_options, affected);
