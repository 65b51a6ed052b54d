/* Referrers, and the little pushing that a report needs: distribution-spec "Listing Referrers", "Referrers
 * Tag Schema", "Pushing a blob monolithically", "Pushing Manifests with Subject". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "registry.h"

#define PAGES_MAX 100
#define URL_MAX   8192

/* "sha256:ab…" -> "sha256-ab…": the tag that stands in for the API. */
static void fallback_tag(const char *digest, char ret[VL_DIGEST_TEXT_MAX])
{
    (void)snprintf(ret, VL_DIGEST_TEXT_MAX, "%s", digest);
    char *colon = strchr(ret, ':');
    if (colon)
        *colon = '-';
}

static struct vl_endpoint *itself(struct vl_registry *r)
{
    return &r->endpoints[r->n_endpoints - 1];
}

/* `location` as an address of this registry: relative to its host, or whole. Another host is refused, since
 * credentials go along: only to the registry itself, and only as it was reached. */
static int own_url(struct vl_registry *r, struct vl_span location, char ret[URL_MAX], struct vl_err *err)
{
    const struct vl_endpoint *at = itself(r);
    char own[URL_MAX];
    int n = snprintf(own, sizeof(own), "%s://%s/", at->plain ? "http" : "https", at->host);
    if (n < 0 || n >= URL_MAX || location.len > URL_MAX / 2)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: location of more than %d bytes", at->host, URL_MAX / 2);
    if (vl_span_starts_with(location, own))
        n = snprintf(ret, URL_MAX, "%.*s", VL_SPAN_FMT(location));
    else if (vl_span_starts_with(location, "/") && !vl_span_starts_with(location, "//"))
        n = snprintf(ret, URL_MAX, "%.*s%.*s", n - 1, own, VL_SPAN_FMT(location));
    else
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: sends us on to '%.*s', which is not itself", at->host,
            VL_SPAN_FMT(vl_span_slice(location, 0, 100)));
    return n < 0 || n >= URL_MAX
               ? vl_err_set(err, VL_ERR_LIMIT, "%s: location of more than %d bytes", at->host, URL_MAX)
               : 0;
}

/* Link: </v2/…?last=…>; rel="next" (distribution-spec, as for lists of tags). */
static int next_page(
    struct vl_registry *r, const struct vl_http_response *response, char ret[URL_MAX], struct vl_err *err)
{
    struct vl_span link = vl_span_trim(vl_span_str(vl_http_response_header(response, "link")));
    size_t end = vl_span_find_char(link, '>');
    ret[0] = '\0';
    if (!vl_span_starts_with(link, "<") || end == SIZE_MAX)
        return 0;
    struct vl_span rest = vl_span_slice(link, end, link.len);
    if (vl_span_find(rest, VL_SPAN_LIT("rel=\"next\"")) == SIZE_MAX &&
        vl_span_find(rest, VL_SPAN_LIT("rel=next")) == SIZE_MAX)
        return 0;
    return own_url(r, vl_span_slice(link, 1, end), ret, err);
}

/* One page of the index behind the API or, where there is none, all behind the tag; empty where there is
 * neither. `page` is the address of the page, "" for the first, and then that of the next. */
static int read_listing(
    struct vl_registry *r, const char *digest, struct vl_buf *out, char page[URL_MAX], struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    char path[VL_DIGEST_TEXT_MAX + 16];
    char tag[VL_DIGEST_TEXT_MAX];
    const char *type = NULL;
    (void)snprintf(path, sizeof(path), "referrers/%s", digest);
    const struct vl_registry_call call = {
        .path = path,
        .url = *page ? page : NULL,
        .accept = VL_MEDIA_OCI_INDEX,
        .max_bytes = VL_IMAGE_MANIFEST_MAX,
        .any_status = !*page,
        .on_body = vl_registry_append,
        .user = out,
    };
    int e = vl_registry_call(r, itself(r), &call, &response, err);
    if (e < 0)
        return e;
    if (response.status == 200)
        return next_page(r, &response, page, err);
    vl_buf_clear(out);
    fallback_tag(digest, tag);
    e = vl_registry_manifest(r, itself(r), tag, out, &type, err);
    if (e < 0 && err->code == VL_ERR_NOT_FOUND) {
        vl_err_clear(err);
        vl_buf_clear(out);
        return 0;
    }
    return e;
}

static int add_referrer(struct vl_registry *r, const struct vl_descriptor *d, struct vl_arena *arena,
    struct vl_vec *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
    const char *type = NULL;
    vl_buf_init(&bytes, VL_IMAGE_MANIFEST_MAX);
    vl_manifest_init(&m);
    int e = vl_registry_manifest(r, itself(r), d->digest, &bytes, &type, err);
    if (e == 0)
        e = vl_image_check_digest(vl_buf_span(&bytes), d->digest, "referrer", err);
    if (e == 0)
        e = vl_manifest_parse(vl_buf_span(&bytes), type, "referrer", arena, &m, err);
    /* Listed and gone, as a deleted one is behind a tag: still listed here; reading it says so. */
    if (e < 0 && err->code == VL_ERR_NOT_FOUND)
        vl_err_clear(err);
    else if (e < 0)
        return e;
    const struct vl_descriptor *layer = vl_vec_at(&m.entries, 0);
    struct vl_image_referrer *to = vl_vec_push(ret, "referrers", err);
    if (!to)
        return err->err;
    const char *artifact = d->artifact_type      ? d->artifact_type
                           : m.artifact_type     ? m.artifact_type
                           : m.config.media_type ? m.config.media_type
                                                 : "";
    *to = (struct vl_image_referrer){
        .digest = vl_arena_strdup(arena, d->digest),
        .artifact_type = vl_arena_strdup(arena, artifact),
        .media_type = layer ? layer->media_type : "",
        .size = d->size,
    };
    return vl_arena_check(arena, "referrers", err);
}

static int add_page(struct vl_registry *r, struct vl_span bytes, const char *digest, struct vl_arena *arena,
    struct vl_vec *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_manifest_done) struct vl_manifest index;
    vl_manifest_init(&index);
    int e = vl_manifest_parse(bytes, VL_MEDIA_OCI_INDEX, "referrers", arena, &index, err);
    if (e == 0 && index.kind != VL_MANIFEST_INDEX)
        e = vl_err_set(err, VL_ERR_INVALID, "referrers of %s: not an index", digest);
    for (size_t i = 0; e == 0 && i < index.entries.len; i++)
        e = add_referrer(r, vl_vec_at(&index.entries, i), arena, ret, err);
    return e;
}

int vl_registry_referrers(
    void *state, const char *digest, struct vl_arena *arena, struct vl_vec *ret, struct vl_err *err)
{
    struct vl_registry *r = state;
    char page[URL_MAX] = "";
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_IMAGE_MANIFEST_MAX);
    for (unsigned pages = 0; pages < PAGES_MAX; pages++) {
        vl_buf_clear(&bytes);
        int e = read_listing(r, digest, &bytes, page, err);
        if (e == 0 && bytes.len)
            e = add_page(r, vl_buf_span(&bytes), digest, arena, ret, err);
        if (e < 0 || !*page)
            return e;
    }
    return vl_err_set(err, VL_ERR_LIMIT, "referrers of %s: more than %d pages", digest, PAGES_MAX);
}

static int has_blob(struct vl_registry *r, const char *digest, bool *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    char path[VL_DIGEST_TEXT_MAX + 16];
    (void)snprintf(path, sizeof(path), "blobs/%s", digest);
    const struct vl_registry_call call = {.method = "HEAD", .path = path, .push = true, .any_status = true};
    int e = vl_registry_call(r, itself(r), &call, &response, err);
    if (e == 0)
        *ret = response.status == 200;
    return e;
}

/* Location of an upload, which may be relative and may have a query already. */
static int upload_url(struct vl_registry *r, const struct vl_http_response *response, const char *digest,
    char ret[URL_MAX], struct vl_err *err)
{
    const char *location = vl_http_response_header(response, "location");
    const struct vl_endpoint *at = itself(r);
    if (response->status != 202 || !location)
        return vl_err_set(
            err, VL_ERR_UNREACHABLE, "%s: begins no upload (HTTP %ld)", at->host, response->status);
    int e = own_url(r, vl_span_str(location), ret, err);
    if (e < 0)
        return e;
    size_t len = strlen(ret);
    int n = snprintf(ret + len, URL_MAX - len, "%sdigest=%s", strchr(ret, '?') ? "&" : "?", digest);
    return n < 0 || (size_t)n >= URL_MAX - len
               ? vl_err_set(err, VL_ERR_LIMIT, "%s: location of more than %d bytes", at->host, URL_MAX)
               : 0;
}

int vl_registry_put_blob(void *state, const char *digest, struct vl_span content, struct vl_err *err)
{
    struct vl_registry *r = state;
    VL_CLEANUP(vl_http_response_done) struct vl_http_response begun = {0};
    VL_CLEANUP(vl_http_response_done) struct vl_http_response stored = {0};
    char url[URL_MAX];
    bool there = false;
    int e = has_blob(r, digest, &there, err);
    if (e < 0 || there)
        return e;
    const struct vl_registry_call begin = {.method = "POST", .path = "blobs/uploads/", .push = true};
    e = vl_registry_call(r, itself(r), &begin, &begun, err);
    if (e == 0)
        e = upload_url(r, &begun, digest, url, err);
    if (e < 0)
        return e;
    const struct vl_registry_call put = {.method = "PUT",
        .url = url,
        .content_type = "application/octet-stream",
        .body = content,
        .push = true};
    e = vl_registry_once(r, itself(r), &put, &stored, err);
    if (e == 0 && stored.status != 201)
        e = vl_err_set(err, VL_ERR_UNREACHABLE, "%s: does not store the blob (HTTP %ld)", itself(r)->host,
            stored.status);
    return e;
}

int vl_registry_put_manifest(struct vl_registry *r, const char *reference, const char *media_type,
    struct vl_span bytes, bool *ret_listed, struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    char path[VL_DIGEST_TEXT_MAX + 16];
    (void)snprintf(path, sizeof(path), "manifests/%s", reference);
    const struct vl_registry_call call = {
        .method = "PUT", .path = path, .content_type = media_type, .body = bytes, .push = true};
    int e = vl_registry_call(r, itself(r), &call, &response, err);
    if (e == 0 && response.status != 201)
        e = vl_err_set(err, VL_ERR_UNREACHABLE, "%s: does not store the manifest (HTTP %ld)", itself(r)->host,
            response.status);
    if (e == 0)
        *ret_listed = vl_http_response_header(&response, "oci-subject") != NULL;
    return e;
}

static void write_listed(struct vl_json *j, const struct vl_descriptor *d)
{
    vl_json_object(j);
    vl_json_member_str(j, "mediaType", *d->media_type ? d->media_type : VL_MEDIA_OCI_MANIFEST);
    vl_json_member_str(j, "digest", d->digest);
    vl_json_key(j, "size");
    vl_json_uint(j, d->size);
    vl_json_member_str(j, "artifactType", d->artifact_type);
    vl_json_object_end(j);
}

/* The index under the tag, with one entry more. Two that do this at once may lose an entry: the specification
 * knows no better way for registries without the API. */
static int add_to_tag(
    struct vl_registry *r, const struct vl_descriptor *self, const char *subject, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf old;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_manifest_done) struct vl_manifest index;
    struct vl_json j;
    char tag[VL_DIGEST_TEXT_MAX];
    const char *type = NULL;
    bool listed = false;
    vl_buf_init(&old, VL_IMAGE_MANIFEST_MAX);
    vl_buf_init(&text, VL_IMAGE_MANIFEST_MAX);
    vl_manifest_init(&index);
    fallback_tag(subject, tag);
    int e = vl_registry_manifest(r, itself(r), tag, &old, &type, err);
    if (e == 0)
        e = vl_manifest_parse(vl_buf_span(&old), type, tag, r->arena, &index, err);
    else if (err->code == VL_ERR_NOT_FOUND)
        e = 0;
    if (e < 0)
        return e;
    vl_json_init(&j, &text, false);
    vl_json_object(&j);
    vl_json_member_int(&j, "schemaVersion", 2);
    vl_json_member_str(&j, "mediaType", VL_MEDIA_OCI_INDEX);
    vl_json_key(&j, "manifests");
    vl_json_array(&j);
    for (size_t i = 0; i < index.entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index.entries, i);
        if (strcmp(d->digest, self->digest) != 0)
            write_listed(&j, d);
    }
    write_listed(&j, self);
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    e = vl_json_check(&j, "list of referrers", err);
    return e < 0 ? e : vl_registry_put_manifest(r, tag, VL_MEDIA_OCI_INDEX, vl_buf_span(&text), &listed, err);
}

int vl_registry_put_referrer(void *state, const struct vl_descriptor *self, struct vl_span manifest,
    const char *subject, struct vl_err *err)
{
    struct vl_registry *r = state;
    bool listed = false;
    int e = vl_registry_put_manifest(r, self->digest, VL_MEDIA_OCI_MANIFEST, manifest, &listed, err);
    return e < 0 || listed ? e : add_to_tag(r, self, subject, err);
}
