/* Findings: subAssessments, in the shape that container images have (additionalData.assessedResourceType
 * AzureContainerRegistryVulnerability and its siblings). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/metadata.h"
#include "arm/repo_arm_finding.h"
#include "arm/scopes.h"
#include "model/ecosystem.h"
#include "model/finding.h"
#include "posture/catalogue.h"
#include "routes.h"

#define DAY_MS      86400000LL
#define NUMBER_BITS 48
#define NUMBER_MAX  ((1LL << NUMBER_BITS) - 1)
#define EMPTY_JSON  "[]"
#define DETAILS_MAX (32UL * 1024)

/* The name of a sub-assessment is a GUID of version 8 that holds which image and which match it is: found
 * again without a column for it. */
static void write_name(int64_t image, int64_t match, char ret[VL_GUID_TEXT])
{
    uint64_t i = (uint64_t)image & (uint64_t)NUMBER_MAX, m = (uint64_t)match & (uint64_t)NUMBER_MAX;
    (void)snprintf(ret, VL_GUID_TEXT, "%08x-%04x-8000-8000-%012llx", (unsigned)(m >> 16),
        (unsigned)(m & 0xffff), (unsigned long long)i);
}

static bool read_hex(struct vl_span text, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.len; i++) {
        int c = tolower((unsigned char)text.ptr[i]);
        if (!isxdigit(c))
            return false;
        *ret = *ret << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return text.len > 0;
}

static bool read_name(const char *name, int64_t *ret_image, int64_t *ret_match)
{
    struct vl_span text = vl_span_str(name);
    uint64_t high, low, image;
    if (!vl_guid_is(text) || !vl_span_eq_str(vl_span_slice(text, 13, 24), "-8000-8000-") ||
        !read_hex(vl_span_slice(text, 0, 8), &high) || !read_hex(vl_span_slice(text, 9, 13), &low) ||
        !read_hex(vl_span_slice(text, 24, 36), &image))
        return false;
    *ret_image = (int64_t)image;
    *ret_match = (int64_t)(high << 16 | low);
    return image > 0 && *ret_match > 0;
}

/* --- writing --- */

struct writer {
    struct vl_request *request;
    struct vl_store_conn *conn;
    int64_t image; /* whose id and tags these are */
    const char *id;
    const char **tags;
    size_t n_tags;
};

/* Findings of one image follow each other: its id and tags are looked up once. */
static int begin_image(struct writer *w, const struct vl_arm_finding *f, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_resource_id id;
    vl_buf_init(&text, 4UL * VL_RESOURCE_ID_MAX);
    if (w->image == f->image)
        return 0;
    vl_resource_image(w->request->environment.guid, f->registry, f->repository, f->digest, &id);
    vl_resource_format(&id, &text);
    int r = vl_buf_check(&text, "the image's id", err);
    if (r < 0)
        return r;
    w->id = vl_arena_strdup(w->request->arena, vl_buf_str(&text));
    w->image = f->image;
    return vl_repo_arm_tags(w->conn, f, w->request->arena, &w->tags, &w->n_tags, err);
}

static const char *resource_type(const char *kind)
{
    if (strcmp(kind, "ecr") == 0)
        return "AwsContainerRegistryVulnerability";
    return strcmp(kind, "gar") == 0 ? "GcpContainerRegistryVulnerability"
                                    : "AzureContainerRegistryVulnerability";
}

static const char *severity_word(int severity)
{
    static const char *const names[] = {"Unknown", "Low", "Low", "Medium", "High", "Critical"};
    return severity >= 0 && severity < (int)VL_ARRAY_LEN(names) ? names[severity] : "Unknown";
}

static void write_status(struct vl_json *json, const struct vl_arm_finding *f)
{
    static const char *const causes[] = {NULL, "Ignored", "Vex", "JudgedByDistribution", "Filtered"};
    bool known = f->status >= 0 && f->status < (int)VL_ARRAY_LEN(causes);
    const char *cause = f->exempt ? "Exempt" : known ? causes[f->status] : "Other";
    vl_api_object(json, "status");
    vl_json_member_str(json, "code", cause ? "NotApplicable" : "Unhealthy");
    vl_json_member_str(json, "cause", cause);
    if (f->severity != VL_SEVERITY_UNKNOWN) /* nobody rated it: there is no word for that */
        vl_json_member_str(json, "severity", vl_arm_severity((enum vl_severity)f->severity));
    vl_json_object_end(json);
}

/* [{"title","link"}] of a JSON list of addresses. */
static void write_links(struct vl_json *json, const char *key, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_api_array(json, key);
    if (vl_doc_parse(vl_span_str(text ? text : EMPTY_JSON), VL_DOC_JSON, key, &doc, &err) >= 0) {
        for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n)) {
            vl_json_object(json);
            vl_json_key(json, "title");
            vl_json_span(json, vl_doc_span(n));
            vl_json_key(json, "link");
            vl_json_span(json, vl_doc_span(n));
            vl_json_object_end(json);
        }
    }
    vl_json_array_end(json);
}

static void write_weaknesses(struct vl_json *json, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_api_object(json, "weaknesses");
    vl_api_array(json, "cwe");
    if (vl_doc_parse(vl_span_str(text ? text : EMPTY_JSON), VL_DOC_JSON, "cwes", &doc, &err) >= 0) {
        for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n)) {
            vl_json_object(json);
            vl_json_key(json, "id");
            vl_json_span(json, vl_doc_span(n));
            vl_json_object_end(json);
        }
    }
    vl_json_array_end(json);
    vl_json_object_end(json);
}

/* Of a vulnerability that nobody said anything about, nothing is claimed: the members are missing then. */
static void write_exploitability(struct vl_json *json, const struct vl_arm_finding *f)
{
    bool active = f->kev || (f->exploitation && strcmp(f->exploitation, "active") == 0);
    bool poc = active || (f->exploitation && strcmp(f->exploitation, "poc") == 0);
    vl_api_object(json, "exploitabilityAssessment");
    if (f->kev || f->exploitation) {
        vl_json_member_bool(json, "exploitStepsPublished", poc);
        vl_json_member_bool(json, "exploitStepsVerified", active);
    }
    vl_json_member_bool(json, "knownExploited", f->kev);
    vl_json_object_end(json);
}

static void write_vulnerability(struct vl_json *json, const struct vl_arm_finding *f)
{
    vl_api_object(json, "vulnerabilityDetails");
    vl_json_member_str(json, "cveId", f->name);
    vl_json_member_str(json, "severity", severity_word(f->severity));
    vl_arm_time(json, "publishedDate", f->published);
    vl_arm_time(json, "lastModifiedDate", f->modified);
    vl_api_object(json, "cvss");
    if (f->has_cvss) {
        const char *vector = f->cvss_vector;
        bool old = vector && strncmp(vector, "CVSS:", 5) != 0,
             newest = vector && strncmp(vector, "CVSS:4", 6) == 0;
        vl_api_object(json, old ? "2.0" : newest ? "4.0" : "3.0");
        vl_json_key(json, "base");
        vl_json_double(json, f->cvss);
        vl_json_member_str(json, "cvssVectorString", vector);
        vl_json_object_end(json);
    }
    vl_json_object_end(json);
    write_weaknesses(json, f->cwes);
    write_links(json, "references", f->links);
    write_exploitability(json, f);
    vl_json_object_end(json);
}

static void write_artifact(const struct writer *w, struct vl_json *json, const struct vl_arm_finding *f)
{
    vl_api_object(json, "artifactDetails");
    vl_json_member_str(json, "registryHost", f->host);
    vl_json_member_str(json, "repositoryName", f->repository);
    vl_json_member_str(json, "digest", f->digest);
    vl_api_array(json, "tags");
    for (size_t i = 0; i < w->n_tags; i++)
        vl_json_str(json, w->tags[i]);
    vl_json_array_end(json);
    vl_json_member_str(json, "artifactType", "ContainerImage");
    vl_json_member_str(json, "mediaType", f->media_type);
    vl_arm_time(json, "lastPushedToRegistryUTC", f->pushed);
    vl_json_object_end(json);
}

static void write_software(struct vl_json *json, const struct vl_arm_finding *f)
{
    const struct vl_ecosystem_info *eco = vl_ecosystem_info((enum vl_ecosystem)f->ecosystem);
    vl_api_object(json, "softwareDetails");
    vl_json_member_str(json, "packageName", f->package);
    vl_json_member_str(json, "version", f->version);
    vl_json_member_str(json, "fixedVersion", f->fixed);
    vl_json_member_str(json, "fixStatus", f->fixed ? "FixAvailable" : "NoFixAvailable");
    vl_json_member_str(json, "vendor", f->source);
    vl_json_member_str(json, "category", eco->distribution ? "OS" : "Language");
    vl_json_member_str(json, "language", eco->distribution ? NULL : eco->name);
    vl_api_object(json, "osDetails");
    vl_json_member_str(json, "osPlatform", f->platform);
    vl_json_member_str(json, "osVersion", f->distro);
    vl_json_object_end(json);
    vl_json_member_str(json, "fixReference", f->advisory);
    vl_json_object_end(json);
}

static int write_finding(
    struct writer *w, struct vl_json *json, const struct vl_arm_finding *f, struct vl_err *err)
{
    char name[VL_GUID_TEXT];
    int r = begin_image(w, f, err);
    if (r < 0)
        return r;
    const char *key = vl_posture_assessment_of_registry(f->kind)->key;
    const char *path = vl_arena_printf(w->request->arena, "assessments/%s/subAssessments", key);
    write_name(f->image, f->match, name);
    if (!path)
        return vl_arena_check(w->request->arena, "the answer", err);
    vl_arm_entry(json, w->id, "assessments/subAssessments", path, name);
    vl_json_member_str(json, "id", f->name);
    vl_json_member_str(json, "displayName", f->title && *f->title ? f->title : f->name);
    write_status(json, f);
    vl_json_member_str(json, "remediation", f->remedy ? f->remedy : "There is no fix yet.");
    vl_json_member_str(json, "impact", f->title && *f->title ? f->title : NULL);
    vl_json_member_str(json, "category", "Vulnerability");
    if (f->details) {
        vl_json_key(json, "description");
        vl_json_span(json, vl_span_slice(vl_span_str(f->details), 0, DETAILS_MAX));
    }
    vl_arm_time(json, "timeGenerated", f->matched ? f->matched : f->day * DAY_MS);
    vl_api_object(json, "resourceDetails");
    vl_json_member_str(json, "source", "Azure");
    vl_json_member_str(json, "id", w->id);
    vl_json_object_end(json);
    vl_api_object(json, "additionalData");
    vl_json_member_str(json, "assessedResourceType", resource_type(f->kind));
    write_vulnerability(json, f);
    write_artifact(w, json, f);
    write_software(json, f);
    if (f->has_cvss && f->cvss_vector && strncmp(f->cvss_vector, "CVSS:3", 6) == 0) {
        vl_json_key(json, "cvssV30Score");
        vl_json_double(json, f->cvss);
    }
    vl_json_member_str(json, "remediationCommand", f->remedy_command);
    vl_json_object_end(json);
    vl_arm_entry_end(json);
    return 0;
}

/* --- reading --- */

/* What of the scope there are rows for. False: nothing lies there. */
static int scope_query(struct vl_request *request, const struct vl_arm_scope *scope,
    struct vl_arm_finding_query *query, struct vl_err *err)
{
    struct vl_resource_id id;
    int r = vl_resource_parse(vl_span_str(scope->id), request->arena, &id, err);
    if (r < 0)
        return r;
    query->registry = query->repository = query->digest = query->kinds = "";
    if (id.group && !vl_span_eq_nocase(vl_span_str(id.group), VL_SPAN_LIT(VL_RESOURCE_GROUP)))
        return 0;
    if (!id.provider)
        return 1;
    const char *kind = vl_resource_kind(&id);
    if (strcmp(kind, "registry") != 0 && strcmp(kind, "image") != 0)
        return 0;
    query->registry = vl_arm_lower(request->arena, id.parts[0].name);
    if (id.n_parts == 3) {
        query->repository = id.parts[1].name;
        query->digest = id.parts[2].name;
    }
    r = vl_arena_check(request->arena, "the request", err);
    return r < 0 ? r : 1;
}

/* The assessment in the path: one of images, or nothing lies there. */
static bool assessment_query(const char *key, struct vl_arm_finding_query *query)
{
    const struct vl_posture_assessment *a = vl_posture_assessment_find(vl_span_str(key));
    if (!a || !vl_span_eq_nocase(vl_span_str(a->key), vl_span_str(key)) || a->detector != VL_DETECTOR_IMAGE)
        return false;
    query->kinds = a->registries ? a->registries : "";
    return true;
}

static bool read_token(const char *token, struct vl_arm_finding_query *query)
{
    struct vl_span rest = vl_span_str(token), first;
    uint64_t image, match;
    if (!vl_span_split(&rest, ':', &first) || !vl_span_to_u64(first, &image) ||
        !vl_span_to_u64(rest, &match) || image > INT64_MAX || match > INT64_MAX)
        return false;
    query->after_image = (int64_t)image;
    query->after_match = (int64_t)match;
    return true;
}

/* 1: look, 0: nothing lies there. The key stands in the path, or all are meant. */
static int prepare(struct vl_request *request, struct vl_arm_finding_query *query, struct vl_arm_scope *scope,
    struct vl_err *err)
{
    query->environment = request->environment.id;
    int r = vl_arm_group_version(request, "subAssessments", err);
    if (r >= 0)
        r = vl_arm_scope(request, scope, err);
    if (r >= 0)
        r = scope_query(request, scope, query, err);
    bool by_key = r >= 0 && scope->n_tail > 1;
    return r > 0 && by_key && !assessment_query(vl_arm_tail(scope, 1), query) ? 0 : r;
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_finding_query query = {0};
    struct vl_arm_finding *rows = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    const char *last = NULL;
    size_t n = 0;
    int there = prepare(request, &query, &scope, err), r = there;
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    if (r < 0)
        return r;
    if (page.skip && !read_token(page.skip, &query))
        return vl_arm_error(
            request, err, VL_ERR_INVALID, "InvalidQueryParameter", "$skiptoken is none of ours");
    r = vl_request_read(request, &conn, err);
    if (r >= 0 && there)
        r = vl_repo_arm_findings(conn, &query, page.top + 1, request->arena, &rows, &n, err);
    struct writer w = {.request = request, .conn = conn};
    for (size_t i = 0; i < n && r >= 0 && vl_arm_list_room(&page, last); i++) {
        r = write_finding(&w, &page.json, &rows[i], err);
        last =
            vl_arena_printf(request->arena, "%lld:%lld", (long long)rows[i].image, (long long)rows[i].match);
    }
    return r < 0 ? r : vl_arm_list_end(&page, err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_finding_query query = {0};
    struct vl_arm_finding *rows = NULL;
    struct vl_arm_scope scope;
    struct vl_json json;
    size_t n = 0;
    int there = prepare(request, &query, &scope, err), r = there;
    if (r < 0)
        return r;
    const char *name = vl_arm_tail(&scope, 3);
    r = vl_request_read(request, &conn, err);
    if (r >= 0 && there && read_name(name, &query.image, &query.match))
        r = vl_repo_arm_findings(conn, &query, 1, request->arena, &rows, &n, err);
    if (r < 0)
        return r;
    if (n == 0)
        return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "SubAssessmentNotFound",
            "there is no sub-assessment '%s' at this scope", name);
    struct writer w = {.request = request, .conn = conn};
    vl_arm_answer(request, 200, &json);
    r = write_finding(&w, &json, &rows[0], err);
    return r < 0 ? r : vl_json_check(&json, "the answer", err);
}

const struct vl_route vl_routes_arm_finding[] = {
    ARM_ROUTES("GET", "/subAssessments", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, list),
    ARM_ROUTES(
        "GET", "/assessments/{}/subAssessments", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, list),
    ARM_ROUTES(
        "GET", "/assessments/{}/subAssessments/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT_PART, VL_BODY_NONE, get),
    {0},
};
