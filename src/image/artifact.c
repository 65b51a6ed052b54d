#include "image/artifact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "registry.h"

#define EMPTY_CONFIG "{}"

struct vl_image_artifact {
    struct vl_registry *registry;
    struct vl_manifest manifest;
};

static void digest_of(struct vl_span bytes, char ret[VL_DIGEST_TEXT_MAX])
{
    struct vl_digest d;
    vl_digest_compute(VL_DIGEST_SHA256, bytes, &d);
    (void)vl_digest_format(&d, ret);
}

int vl_image_artifact_open(const char *reference, const struct vl_image_options *options,
    const char *artifact_type, struct vl_image_artifact **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    VL_CLEANUP(vl_image_artifact_cleanup) struct vl_image_artifact *a = calloc(1, sizeof(*a));
    struct vl_descriptor root = {0};
    vl_buf_init(&bytes, VL_IMAGE_MANIFEST_MAX);
    if (!a)
        return vl_err_nomem(err);
    vl_manifest_init(&a->manifest);
    int r = vl_registry_new(reference, options, &a->registry, err);
    if (r == 0)
        r = vl_registry_first_manifest(a->registry, &bytes, &root, err);
    if (r == 0)
        r = vl_manifest_parse(
            vl_buf_span(&bytes), root.media_type, reference, a->registry->arena, &a->manifest, err);
    if (r == 0 && (a->manifest.kind != VL_MANIFEST_IMAGE || !a->manifest.artifact_type ||
                      strcmp(a->manifest.artifact_type, artifact_type) != 0))
        r = vl_err_set(err, VL_ERR_INVALID, "%s: is no artifact of type %s", reference, artifact_type);
    if (r < 0)
        return r;
    *ret = a;
    a = NULL;
    return 0;
}

void vl_image_artifact_free(struct vl_image_artifact *a)
{
    if (!a)
        return;
    vl_manifest_done(&a->manifest);
    if (a->registry)
        vl_registry_free(a->registry);
    free(a);
}

void vl_image_artifact_cleanup(struct vl_image_artifact **artifact)
{
    vl_image_artifact_free(*artifact);
}

int vl_image_artifact_read(
    struct vl_image_artifact *a, const char *media_type, struct vl_buf *out, struct vl_err *err)
{
    const struct vl_descriptor *found = NULL;
    for (size_t i = 0; !found && i < a->manifest.entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&a->manifest.entries, i);
        if (strcmp(d->media_type, media_type) == 0)
            found = d;
    }
    if (!found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "the artifact has no part of type %s", media_type);
    char path[VL_DIGEST_TEXT_MAX + 16];
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    (void)snprintf(path, sizeof(path), "blobs/%s", found->digest);
    size_t before = out->len;
    const struct vl_registry_call call = {
        .path = path, .max_bytes = out->max, .on_body = vl_registry_append, .user = out};
    int r =
        vl_registry_call(a->registry, &a->registry->endpoints[a->registry->chosen], &call, &response, err);
    if (r == 0)
        r = vl_buf_check(out, media_type, err);
    return r < 0 ? r
                 : vl_image_check_digest(
                       vl_span_slice(vl_buf_span(out), before, out->len), found->digest, media_type, err);
}

static void write_part(struct vl_json *j, const struct vl_image_artifact_part *part, const char *digest)
{
    vl_json_object(j);
    vl_json_member_str(j, "mediaType", part->media_type);
    vl_json_member_str(j, "digest", digest);
    vl_json_key(j, "size");
    vl_json_uint(j, part->content.len);
    if (part->title) {
        vl_json_key(j, "annotations");
        vl_json_object(j);
        vl_json_member_str(j, "org.opencontainers.image.title", part->title);
        vl_json_object_end(j);
    }
    vl_json_object_end(j);
}

int vl_image_artifact_push(const char *reference, const struct vl_image_options *options,
    const char *artifact_type, const struct vl_image_artifact_part *parts, size_t n_parts, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf manifest;
    VL_CLEANUP(vl_image_artifact_cleanup) struct vl_image_artifact *a = calloc(1, sizeof(*a));
    const struct vl_image_artifact_part empty = {NULL, VL_MEDIA_OCI_EMPTY, VL_SPAN_LIT(EMPTY_CONFIG)};
    char digest[VL_DIGEST_TEXT_MAX];
    struct vl_json j;
    bool listed = false;
    vl_buf_init(&manifest, VL_IMAGE_MANIFEST_MAX);
    if (!a)
        return vl_err_nomem(err);
    vl_manifest_init(&a->manifest);
    int r = vl_registry_new(reference, options, &a->registry, err);
    if (r == 0 && !a->registry->ref.tag)
        r = vl_err_set(err, VL_ERR_USAGE, "%s: a tag is needed to publish under", reference);
    if (r < 0)
        return r;
    vl_json_init(&j, &manifest, false);
    vl_json_object(&j);
    vl_json_member_int(&j, "schemaVersion", 2);
    vl_json_member_str(&j, "mediaType", VL_MEDIA_OCI_MANIFEST);
    vl_json_member_str(&j, "artifactType", artifact_type);
    vl_json_key(&j, "config");
    digest_of(empty.content, digest);
    write_part(&j, &empty, digest);
    r = vl_registry_put_blob(a->registry, digest, empty.content, err);
    vl_json_key(&j, "layers");
    vl_json_array(&j);
    for (size_t i = 0; r == 0 && i < n_parts; i++) {
        digest_of(parts[i].content, digest);
        write_part(&j, &parts[i], digest);
        r = vl_registry_put_blob(a->registry, digest, parts[i].content, err);
    }
    if (r < 0)
        return r;
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    r = vl_json_check(&j, "the manifest", err);
    return r < 0 ? r
                 : vl_registry_put_manifest(a->registry, a->registry->ref.tag, VL_MEDIA_OCI_MANIFEST,
                       vl_buf_span(&manifest), &listed, err);
}
