#include "remote/server_policy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "codec/json.h"
#include "image/reference.h"
#include "remote/yaml_out.h"

#define ARENA_MAX     (16UL * 1024 * 1024)
#define IGNORES_MAX   (16UL * 1024 * 1024)
#define URL_MAX_BYTES 4096

enum { OURS, GRYPE };

/* The image, as scopes speak of it. */
struct place {
    struct vl_arena *arena;
    const char *digest;                   /* or NULL */
    const char *registry;                 /* host, or NULL */
    const char *repository;               /* or NULL */
    const struct vl_doc_node *registries; /* of the server */
    struct vl_cli_server_policy *policy;
    struct vl_json json[VL_CLI_SERVER_IGNORES];
    unsigned written[VL_CLI_SERVER_IGNORES];
};

void vl_cli_server_policy_done(struct vl_cli_server_policy *policy)
{
    for (size_t i = 0; i < VL_CLI_SERVER_IGNORES; i++)
        vl_file_close(&policy->fds[i]);
}

/* * is any number of characters, slashes too. */
static bool fits(struct vl_span pattern, struct vl_span text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static bool is_given(const struct vl_doc_node *node)
{
    return node && !vl_doc_is(node, VL_DOC_NULL) && (vl_doc_text(node).len > 0 || vl_doc_size(node) > 0);
}

/* A registry is told by its id, or as an object with it. */
static bool is_registry(const struct place *place, const struct vl_doc_node *wanted)
{
    struct vl_span id = vl_doc_text(vl_doc_is(wanted, VL_DOC_OBJECT) ? vl_doc_get(wanted, "id") : wanted);
    for (const struct vl_doc_node *n = vl_doc_first(place->registries); n; n = vl_doc_next(n))
        if (vl_span_eq(vl_doc_text(vl_doc_get(n, "id")), id))
            return place->registry && vl_span_eq_str(vl_doc_get_str(n, "host"), place->registry);
    return false;
}

static bool in_place(const struct place *place, const struct vl_doc_node *exemption)
{
    const struct vl_doc_node *digest = vl_doc_get(exemption, "digest");
    const struct vl_doc_node *registry = vl_doc_get(exemption, "registry");
    const struct vl_doc_node *repository = vl_doc_get(exemption, "repository");
    if (is_given(digest) && !(place->digest && vl_span_eq_str(vl_doc_text(digest), place->digest)))
        return false;
    if (is_given(registry) && !is_registry(place, registry))
        return false;
    return !is_given(repository) ||
           (place->repository && fits(vl_doc_text(repository), vl_span_str(place->repository)));
}

static bool is_over(const struct vl_doc_node *rule)
{
    int64_t ms = 0;
    return vl_time_parse(vl_doc_get_str(rule, "expires"), &ms) && ms <= vl_time_now_ms();
}

/* One rule of our ignore files. */
static void ignore(struct place *place, struct vl_span id, struct vl_span purl, struct vl_span reason)
{
    struct vl_json *json = &place->json[OURS];
    vl_json_object(json);
    if (id.len) {
        vl_json_key(json, "id");
        vl_json_span(json, id);
    }
    if (purl.len) {
        vl_json_key(json, "purl");
        vl_json_span(json, purl);
    }
    vl_json_key(json, "reason");
    vl_json_span(json, reason.len ? reason : VL_SPAN_LIT("exempt at the server"));
    vl_json_object_end(json);
    place->written[OURS]++;
}

static void take_exemption(struct place *place, const struct vl_doc_node *e)
{
    struct vl_span id = vl_doc_get_str(e, "vulnerability");
    struct vl_span purl = vl_doc_get_str(e, "package");
    if (!vl_span_eq_str(vl_doc_get_str(e, "state"), "approved") || is_over(e) || !in_place(place, e))
        return;
    if (!id.len && !purl.len) {
        /* A whole assessment, or a resource of another kind: the findings stay what they are. */
        place->policy->left_out += is_given(vl_doc_get(e, "digest")) ||
                                   is_given(vl_doc_get(e, "repository")) ||
                                   is_given(vl_doc_get(e, "registry"));
        return;
    }
    if (is_given(vl_doc_get(e, "resourceId"))) {
        place->policy->left_out++;
        return;
    }
    ignore(place, id, purl, vl_doc_get_str(e, "justification"));
    place->policy->exemptions++;
}

/* Grype's form knows the state of a fix. */
static void without_fix(struct place *place, struct vl_span id)
{
    struct vl_json *json = &place->json[GRYPE];
    static const char *const states[] = {"not-fixed", "wont-fix", "unknown"};
    for (size_t i = 0; i < VL_ARRAY_LEN(states); i++) {
        vl_json_object(json);
        if (id.len) {
            vl_json_key(json, "vulnerability");
            vl_json_span(json, id);
        }
        vl_json_member_str(json, "fix-state", states[i]);
        vl_json_object_end(json);
        place->written[GRYPE]++;
    }
}

static bool names_digest(const struct place *place, const struct vl_doc_node *digests)
{
    if (!vl_doc_size(digests))
        return true;
    for (const struct vl_doc_node *n = vl_doc_first(digests); n; n = vl_doc_next(n))
        if (place->digest && vl_span_eq_str(vl_doc_text(n), place->digest))
            return true;
    return false;
}

static void take_rule(struct place *place, const struct vl_doc_node *rule)
{
    const struct vl_doc_node *ids = vl_doc_get(rule, "vulnerabilities");
    enum vl_severity severity = VL_SEVERITY_UNKNOWN;
    bool unfixed = vl_doc_bool(vl_doc_get(rule, "withoutFix"));
    if (!vl_doc_bool(vl_doc_get(rule, "enabled")) || is_over(rule) ||
        !names_digest(place, vl_doc_get(rule, "digests")))
        return;
    if (vl_severity_parse(vl_doc_get_str(rule, "minSeverity"), &severity) &&
        severity != VL_SEVERITY_UNKNOWN) {
        /* Severity alone is a filter; with further conditions there is no word for it here. */
        if (vl_doc_size(ids) || unfixed) {
            place->policy->left_out++;
            return;
        }
        if (severity > place->policy->min_severity)
            place->policy->min_severity = severity;
        place->policy->rules++;
        return;
    }
    for (const struct vl_doc_node *n = vl_doc_first(ids); n; n = vl_doc_next(n)) {
        if (unfixed)
            without_fix(place, vl_doc_text(n));
        else
            ignore(place, vl_doc_text(n), VL_SPAN_EMPTY, vl_doc_get_str(rule, "justification"));
    }
    if (!vl_doc_size(ids) && unfixed)
        without_fix(place, VL_SPAN_EMPTY);
    place->policy->rules += vl_doc_size(ids) || unfixed;
}

static int list(struct vl_cli_client *client, const char *path, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, URL_MAX_BYTES);
    vl_buf_append_str(&url, path);
    vl_cli_url_param(&url, "environment", vl_cli_client_environment(client));
    int r = vl_buf_check(&url, "the address", err);
    return r < 0 ? r : vl_cli_client_list(client, vl_buf_str(&url), 0, ret, err);
}

/* What was written becomes a file without a name. */
static int store(struct place *place, size_t which, struct vl_buf *text, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf yaml;
    struct vl_cli_server_policy *policy = place->policy;
    vl_buf_init(&yaml, IGNORES_MAX);
    vl_json_array_end(&place->json[which]);
    vl_json_object_end(&place->json[which]);
    if (!place->written[which])
        return 0;
    int r = vl_json_check(&place->json[which], "exemptions", err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(text), VL_DOC_JSON, "exemptions", &doc, err);
    if (r < 0)
        return r;
    vl_cli_yaml(vl_doc_root(doc), &yaml);
    r = vl_buf_check(&yaml, "exemptions", err);
    if (r >= 0)
        r = vl_file_temp(NULL, &policy->fds[which], err);
    if (r >= 0)
        r = vl_file_write_fd(policy->fds[which], "exemptions", vl_buf_span(&yaml), err);
    (void)snprintf(
        policy->files[which], sizeof(policy->files[which]), "/proc/self/fd/%d", policy->fds[which]);
    return r;
}

static int gather(struct vl_cli_client *client, struct place *place, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *registries = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *exemptions = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *rules = NULL;
    int r = list(client, "/registries", &registries, err);
    if (r >= 0)
        r = list(client, "/exemptions", &exemptions, err);
    if (r >= 0)
        r = list(client, "/disable-rules", &rules, err);
    if (r < 0)
        return r;
    place->registries = vl_doc_root(registries);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(exemptions)); n; n = vl_doc_next(n))
        take_exemption(place, n);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(rules)); n; n = vl_doc_next(n))
        take_rule(place, n);
    place->registries = NULL;
    return 0;
}

static int fill(struct vl_cli_client *client, struct place *place, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf ours;
    VL_CLEANUP(vl_buf_done) struct vl_buf grype;
    vl_buf_init(&ours, IGNORES_MAX);
    vl_buf_init(&grype, IGNORES_MAX);
    vl_json_init(&place->json[OURS], &ours, false);
    vl_json_object(&place->json[OURS]);
    vl_json_member_int(&place->json[OURS], "version", 1);
    vl_json_key(&place->json[OURS], "ignores");
    vl_json_array(&place->json[OURS]);
    vl_json_init(&place->json[GRYPE], &grype, false);
    vl_json_object(&place->json[GRYPE]);
    vl_json_key(&place->json[GRYPE], "ignore");
    vl_json_array(&place->json[GRYPE]);
    int r = gather(client, place, err);
    if (r >= 0)
        r = store(place, OURS, &ours, err);
    return r < 0 ? r : store(place, GRYPE, &grype, err);
}

int vl_cli_server_policy(const struct vl_cli_server *server, const char *target, const char *manifest_digest,
    struct vl_cli_server_policy *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    struct vl_image_reference reference = {0};
    struct vl_err ignored = VL_ERR_INIT;
    *ret = (struct vl_cli_server_policy){.fds = {-1, -1}};
    if (!arena)
        return vl_err_nomem(err);
    struct place place = {.arena = arena, .digest = manifest_digest, .policy = ret};
    /* Archives and layouts have no place in a registry; only what speaks of all images or their digest
     * applies. */
    if (vl_image_reference_parse(vl_span_str(target), arena, &reference, &ignored) >= 0) {
        place.registry = reference.registry;
        place.repository = reference.repository;
    }
    int r = vl_cli_client_open(server, &client, err);
    if (r >= 0)
        r = fill(client, &place, err);
    if (r < 0)
        vl_cli_server_policy_done(ret);
    return r < 0 ? vl_err_wrap(err, "the server's exemptions") : 0;
}
