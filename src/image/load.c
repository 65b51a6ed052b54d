/* From a manifest to an image: the part that all sources share. */
#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"
#include "image/reference.h"
#include "source.h"

#define INDEX_DEPTH_MAX  4
#define ATTESTATIONS_MAX 100

struct vl_image *vl_image_new(const char *name, const struct vl_image_options *options)
{
    struct vl_image *image = calloc(1, sizeof(*image));
    if (!image)
        return NULL;
    vl_vec_init(&image->tags, sizeof(const char *), VL_IMAGE_TAGS_MAX);
    vl_vec_init(&image->attestations, sizeof(struct vl_descriptor), ATTESTATIONS_MAX);
    vl_vec_init(&image->layers, sizeof(struct vl_image_layer), VL_IMAGE_LAYERS_MAX);
    vl_config_init(&image->config);
    image->arena = vl_arena_new(VL_IMAGE_ARENA_MAX);
    if (image->arena) {
        image->name = vl_arena_strdup(image->arena, name);
        image->platform = options->platform ? vl_arena_strdup(image->arena, options->platform) : NULL;
    }
    if (!image->name || (options->platform && !image->platform)) {
        vl_image_free(image);
        return NULL;
    }
    return image;
}

int vl_image_add_tag(struct vl_image *image, const char *tag, struct vl_err *err)
{
    const char **slot = vl_vec_push(&image->tags, "tags of an image", err);
    if (!slot)
        return err->err;
    *slot = vl_arena_strdup(image->arena, tag);
    return *slot ? 0 : vl_err_nomem(err);
}

int vl_image_check_digest(struct vl_span bytes, const char *digest, const char *what, struct vl_err *err)
{
    struct vl_digest want;
    struct vl_digest got;
    char text[VL_DIGEST_TEXT_MAX];
    if (!vl_digest_parse(vl_span_str(digest), &want))
        return vl_err_set(err, VL_ERR_INVALID, "%s: '%.150s' is no digest", what, digest);
    vl_digest_compute(want.kind, bytes, &got);
    if (vl_digest_eq(&want, &got))
        return 0;
    return vl_err_set(err, VL_ERR_CORRUPT, "%s: is %s, but its bytes have the digest %s", what, digest,
        vl_digest_format(&got, text));
}

bool vl_image_tag_matches(const char *wanted, const char *name)
{
    struct vl_image_reference a;
    struct vl_image_reference b;
    struct vl_err ignored = VL_ERR_INIT;
    if (strcmp(wanted, name) == 0)
        return true;
    struct vl_arena *arena = vl_arena_new(16UL * 1024);
    bool same = false;
    if (arena && vl_image_reference_parse(vl_span_str(name), arena, &b, &ignored) == 0 && b.tag) {
        same = strcmp(wanted, b.tag) == 0;
        if (!same && vl_image_reference_parse(vl_span_str(wanted), arena, &a, &ignored) == 0 && a.tag)
            same = strcmp(a.registry, b.registry) == 0 && strcmp(a.repository, b.repository) == 0 &&
                   strcmp(a.tag, b.tag) == 0;
    }
    vl_arena_free(arena);
    return same;
}

int vl_image_take_config(struct vl_image *image, struct vl_span bytes, const char *what, struct vl_err *err)
{
    struct vl_config config;
    int r = vl_config_parse(bytes, what, image->arena, &config, err);
    if (r < 0)
        return r;
    image->layers.len = 0;
    for (size_t i = 0; r == 0 && i < config.layers.len; i++) {
        const struct vl_config_layer *from = vl_vec_at(&config.layers, i);
        struct vl_image_layer *to = vl_vec_push(&image->layers, "layers of an image", err);
        if (!to)
            r = err->err;
        else
            *to = (struct vl_image_layer){.diff_id = from->diff_id,
                .created_by = from->created_by,
                .created_ms = from->created_ms,
                .ends_image = from->ends_image,
                .fd = -1};
    }
    vl_vec_done(&config.layers);
    vl_config_done(&image->config);
    image->config = config;
    return r;
}

/* A platform asked for by name is not met by an image built for another one. */
static int check_platform(const struct vl_image *image, struct vl_err *err)
{
    struct vl_platform want;
    const struct vl_config *c = &image->config;
    if (!image->platform || !c->os || !c->arch)
        return 0;
    int r = vl_platform_parse(image->platform, image->arena, &want, err);
    if (r < 0)
        return r;
    const struct vl_platform have = {c->os, c->arch, c->variant};
    if (vl_platform_match(&want, &have))
        return 0;
    const char *text = vl_platform_format(&have, image->arena);
    return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: is an image for %s, not for %s", image->name,
        text ? text : "?", image->platform);
}

static int read_checked(struct vl_image *image, const struct vl_descriptor *d, bool manifest, size_t max,
    struct vl_buf *out, struct vl_err *err)
{
    if (d->size > max)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: %s has %llu bytes, more than %zu", image->name, d->digest,
            (unsigned long long)d->size, max);
    vl_buf_clear(out);
    int r = image->ops->read(image->state, d, manifest, max, out, err);
    if (r < 0)
        return r;
    if (d->size && out->len != d->size)
        return vl_err_set(err, VL_ERR_CORRUPT, "%s: %s has %zu bytes, its descriptor says %llu", image->name,
            d->digest, out->len, (unsigned long long)d->size);
    return vl_image_check_digest(vl_buf_span(out), d->digest, image->name, err);
}

static bool is_image_config(const char *media_type)
{
    return !*media_type || strcmp(media_type, "application/vnd.oci.image.config.v1+json") == 0 ||
           strcmp(media_type, "application/vnd.docker.container.image.v1+json") == 0;
}

static int take_layers(struct vl_image *image, const struct vl_manifest *m, struct vl_err *err)
{
    if (m->entries.len != image->layers.len)
        return vl_err_set(err, VL_ERR_INVALID,
            "%s: the manifest has %zu layers, the configuration %zu diff ids", image->name, m->entries.len,
            image->layers.len);
    for (size_t i = 0; i < m->entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&m->entries, i);
        struct vl_image_layer *l = vl_vec_at(&image->layers, i);
        l->digest = d->digest;
        l->media_type = d->media_type;
        l->size = d->size;
        l->foreign = d->foreign;
        if (!image->ops->locate)
            continue;
        /* A layout may hold a foreign layer all the same: then it is one like any other. */
        struct vl_err absent = VL_ERR_INIT;
        int r = image->ops->locate(image->state, l, &absent);
        if (r == 0)
            l->foreign = false;
        if (r == 0 && d->size && l->length != d->size)
            return vl_err_set(err, VL_ERR_CORRUPT, "%s: layer %s has %llu bytes, the manifest says %llu",
                image->name, d->digest, (unsigned long long)l->length, (unsigned long long)d->size);
        if (r < 0 && !l->foreign) {
            *err = absent;
            return r;
        }
    }
    return 0;
}

static int take_manifest(struct vl_image *image, const struct vl_manifest *m, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf config;
    vl_buf_init(&config, VL_IMAGE_CONFIG_MAX);
    if (!is_image_config(m->config.media_type))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: an artifact of type %.150s, not a container image",
            image->name, m->artifact_type ? m->artifact_type : m->config.media_type);
    int r = read_checked(image, &m->config, false, VL_IMAGE_CONFIG_MAX, &config, err);
    if (r == 0)
        r = vl_image_take_config(image, vl_buf_span(&config), image->name, err);
    if (r == 0)
        r = check_platform(image, err);
    if (r < 0)
        return r;
    image->image_id = m->config.digest;
    image->base_name = m->base_name;
    image->base_digest = m->base_digest;
    return take_layers(image, m, err);
}

static int keep_attestations(
    struct vl_image *image, const struct vl_manifest *index, const char *about, struct vl_err *err)
{
    for (size_t i = 0; i < index->entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index->entries, i);
        if (!d->attestation || !d->about || strcmp(d->about, about) != 0)
            continue;
        struct vl_descriptor *to = vl_vec_push(&image->attestations, "attestations of an image", err);
        if (!to)
            return err->err;
        *to = *d;
    }
    return 0;
}

int vl_image_load(
    struct vl_image *image, const struct vl_descriptor *root, struct vl_span bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf child;
    struct vl_descriptor at = *root;
    vl_buf_init(&child, VL_IMAGE_MANIFEST_MAX);
    int r = vl_image_check_digest(bytes, at.digest, image->name, err);
    for (unsigned depth = 0; r == 0; depth++) {
        VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
        vl_manifest_init(&m);
        r = vl_manifest_parse(bytes, at.media_type, image->name, image->arena, &m, err);
        if (r < 0)
            return r;
        if (m.kind == VL_MANIFEST_IMAGE) {
            image->manifest = at;
            image->manifest.size = bytes.len;
            return take_manifest(image, &m, err);
        }
        const struct vl_descriptor *chosen = NULL;
        if (depth == INDEX_DEPTH_MAX)
            return vl_err_set(
                err, VL_ERR_LIMIT, "%s: indexes more than %d deep", image->name, INDEX_DEPTH_MAX);
        r = vl_manifest_select(&m, image->platform, image->name, image->arena, &chosen, err);
        if (r == 0)
            r = keep_attestations(image, &m, chosen->digest, err);
        if (r == 0) {
            at = *chosen;
            r = read_checked(image, &at, true, VL_IMAGE_MANIFEST_MAX, &child, err);
            bytes = vl_buf_span(&child);
        }
    }
    return r;
}
