#include "manifest.h"

#include <string.h>

#include "base/time.h"
#include "codec/digest.h"
#include "codec/doc.h"

#define ANNOTATION_REF_NAME    "org.opencontainers.image.ref.name"
#define ANNOTATION_IMAGE_NAME  "io.containerd.image.name"
#define ANNOTATION_BASE_NAME   "org.opencontainers.image.base.name"
#define ANNOTATION_BASE_DIGEST "org.opencontainers.image.base.digest"
#define ANNOTATION_ABOUT       "vnd.docker.reference.digest"
#define ANNOTATION_REFERENCE   "vnd.docker.reference.type"

void vl_manifest_init(struct vl_manifest *m)
{
    *m = (struct vl_manifest){0};
    vl_vec_init(&m->entries, sizeof(struct vl_descriptor), VL_MANIFEST_ENTRIES_MAX);
}

void vl_manifest_done(struct vl_manifest *m)
{
    vl_vec_done(&m->entries);
}

void vl_config_init(struct vl_config *c)
{
    *c = (struct vl_config){0};
    vl_vec_init(&c->layers, sizeof(struct vl_config_layer), VL_IMAGE_LAYERS_MAX);
}

void vl_config_done(struct vl_config *c)
{
    vl_vec_done(&c->layers);
}

/* A string member in the arena; NULL where absent or empty. A failed copy shows in vl_arena_check(). */
static const char *text_of(const struct vl_doc_node *object, const char *key, struct vl_arena *arena)
{
    struct vl_span s = vl_doc_get_str(object, key);
    return s.len ? vl_arena_dup_span(arena, s) : NULL;
}

static bool is_foreign(const struct vl_doc_node *node, struct vl_span media_type)
{
    return vl_doc_size(vl_doc_get(node, "urls")) > 0 ||
           vl_span_find(media_type, VL_SPAN_LIT(".foreign.")) != SIZE_MAX ||
           vl_span_find(media_type, VL_SPAN_LIT(".nondistributable.")) != SIZE_MAX;
}

static int parse_descriptor(const struct vl_doc_node *node, const char *what, const char *name,
    struct vl_arena *arena, struct vl_descriptor *ret, struct vl_err *err)
{
    struct vl_digest digest;
    int64_t size = 0;
    struct vl_span text = vl_doc_get_str(node, "digest");
    struct vl_span media_type = vl_doc_get_str(node, "mediaType");

    if (!vl_digest_parse(text, &digest))
        return vl_err_set(err, VL_ERR_INVALID, "%s: %s: '%.*s' is no sha256 or sha512 digest", name, what,
            VL_SPAN_FMT(vl_span_slice(text, 0, 150)));
    const struct vl_doc_node *number = vl_doc_get(node, "size");
    if (number && (!vl_doc_int(number, &size) || size < 0))
        return vl_err_set(err, VL_ERR_INVALID, "%s: %s: a size that is none", name, what);

    const struct vl_doc_node *platform = vl_doc_get(node, "platform");
    const struct vl_doc_node *annotations = vl_doc_get(node, "annotations");
    struct vl_descriptor d = {
        .media_type = vl_arena_dup_span(arena, media_type),
        .digest = vl_arena_dup_span(arena, text),
        .size = (uint64_t)size,
        .foreign = is_foreign(node, media_type),
        .artifact_type = text_of(node, "artifactType", arena),
        .platform = {text_of(platform, "os", arena), text_of(platform, "architecture", arena),
            text_of(platform, "variant", arena)},
        .os_version = text_of(platform, "os.version", arena),
        .about = text_of(annotations, ANNOTATION_ABOUT, arena),
        .ref_name = text_of(annotations, ANNOTATION_REF_NAME, arena),
        .image_name = text_of(annotations, ANNOTATION_IMAGE_NAME, arena),
    };
    d.attestation = (d.platform.os && strcmp(d.platform.os, "unknown") == 0) ||
                    vl_span_eq_str(vl_doc_get_str(annotations, ANNOTATION_REFERENCE), "attestation-manifest");
    *ret = d;
    return vl_arena_check(arena, name, err);
}

static int parse_descriptors(const struct vl_doc_node *array, size_t max, const char *what, const char *name,
    struct vl_arena *arena, struct vl_vec *ret, struct vl_err *err)
{
    if (vl_doc_size(array) > max)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %zu %ss", name, max, what);
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n)) {
        struct vl_descriptor *d = vl_vec_push(ret, what, err);
        int r = d ? parse_descriptor(n, what, name, arena, d, err) : err->err;
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_image(const struct vl_doc_node *root, const char *name, struct vl_arena *arena,
    struct vl_manifest *m, struct vl_err *err)
{
    m->kind = VL_MANIFEST_IMAGE;
    int r = parse_descriptor(vl_doc_get(root, "config"), "config", name, arena, &m->config, err);
    if (r == 0)
        r = parse_descriptors(
            vl_doc_get(root, "layers"), VL_IMAGE_LAYERS_MAX, "layer", name, arena, &m->entries, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *annotations = vl_doc_get(root, "annotations");
    m->base_name = text_of(annotations, ANNOTATION_BASE_NAME, arena);
    m->base_digest = text_of(annotations, ANNOTATION_BASE_DIGEST, arena);
    m->artifact_type = text_of(root, "artifactType", arena);
    m->subject = text_of(vl_doc_get(root, "subject"), "digest", arena);
    return vl_arena_check(arena, name, err);
}

static int parse_root(const struct vl_doc_node *root, const char *media_type, const char *name,
    struct vl_arena *arena, struct vl_manifest *m, struct vl_err *err)
{
    struct vl_span type = vl_doc_get_str(root, "mediaType");
    int64_t version = 0;
    if (!vl_doc_is(root, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s: a manifest is a JSON object", name);
    bool has_version = vl_doc_int(vl_doc_get(root, "schemaVersion"), &version);
    if ((has_version && version == 1) || vl_doc_get(root, "fsLayers"))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "%s: a manifest of Docker schema 1, which names no diff ids; pull and push it again with a "
            "current docker or skopeo to make it schema 2",
            name);
    if (has_version && version != 2)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: schemaVersion %lld", name, (long long)version);
    /* What the document says of itself goes before what it was labelled with. */
    if (!type.len && media_type)
        type = vl_span_str(media_type);
    bool index = vl_span_eq_str(type, VL_MEDIA_OCI_INDEX) || vl_span_eq_str(type, VL_MEDIA_DOCKER_LIST);
    const struct vl_doc_node *manifests = vl_doc_get(root, "manifests");
    const struct vl_doc_node *config = vl_doc_get(root, "config");
    if (manifests && (config || vl_doc_get(root, "layers")))
        return vl_err_set(err, VL_ERR_INVALID, "%s: both an index and a manifest", name);
    if (index || (manifests && !config)) {
        m->kind = VL_MANIFEST_INDEX;
        return parse_descriptors(
            manifests, VL_MANIFEST_ENTRIES_MAX, "manifest", name, arena, &m->entries, err);
    }
    if (!config)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: '%.*s' is no image manifest", name,
            VL_SPAN_FMT(vl_span_slice(type, 0, 150)));
    return parse_image(root, name, arena, m, err);
}

int vl_manifest_parse(struct vl_span bytes, const char *media_type, const char *name, struct vl_arena *arena,
    struct vl_manifest *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
    vl_manifest_init(&m);
    if (bytes.len > VL_IMAGE_MANIFEST_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: manifest of more than %lu bytes", name, VL_IMAGE_MANIFEST_MAX);
    int r = vl_doc_parse(bytes, VL_DOC_JSON, name, &doc, err);
    if (r == 0)
        r = parse_root(vl_doc_root(doc), media_type, name, arena, &m, err);
    if (r < 0)
        return r;
    *ret = m;
    vl_manifest_init(&m);
    return 0;
}

static int64_t time_of(const struct vl_doc_node *object, const char *key)
{
    int64_t ms;
    return vl_time_parse(vl_doc_get_str(object, key), &ms) ? ms : 0;
}

static int parse_diff_ids(const struct vl_doc_node *ids, const char *name, struct vl_arena *arena,
    struct vl_config *c, struct vl_err *err)
{
    struct vl_digest digest;
    if (vl_doc_size(ids) > VL_IMAGE_LAYERS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d layers", name, VL_IMAGE_LAYERS_MAX);
    for (const struct vl_doc_node *n = vl_doc_first(ids); n; n = vl_doc_next(n)) {
        struct vl_config_layer *layer = vl_vec_push(&c->layers, "layers of an image", err);
        if (!layer)
            return err->err;
        if (!vl_digest_parse(vl_doc_span(n), &digest))
            return vl_err_set(err, VL_ERR_INVALID, "%s: a diff id that is no digest", name);
        layer->diff_id = vl_arena_dup_span(arena, vl_doc_span(n));
    }
    return 0;
}

/* "/bin/sh -c #(nop)  CMD [\"bash\"]" of the classic builder, "CMD [\"bash\"] # buildkit", and as kaniko and
 * buildah write them. */
static bool is_start_command(struct vl_span instruction)
{
    const struct vl_span nop = VL_SPAN_LIT("#(nop)");
    size_t at = vl_span_find(instruction, nop);
    if (at != SIZE_MAX)
        instruction = vl_span_slice(instruction, at + nop.len, instruction.len);
    instruction = vl_span_trim(instruction);
    return vl_span_starts_with(instruction, "CMD ") || vl_span_starts_with(instruction, "CMD[") ||
           vl_span_starts_with(instruction, "ENTRYPOINT ") || vl_span_starts_with(instruction, "ENTRYPOINT[");
}

/* Entries that made a layer stand in the order of the layers. */
static void parse_history(const struct vl_doc_node *history, struct vl_arena *arena, struct vl_config *c)
{
    size_t layer = 0;
    size_t seen = 0;
    for (const struct vl_doc_node *n = vl_doc_first(history); n && seen < VL_MANIFEST_HISTORY_MAX;
        n = vl_doc_next(n), seen++) {
        if (vl_doc_bool(vl_doc_get(n, "empty_layer"))) {
            struct vl_config_layer *before = layer ? vl_vec_at(&c->layers, layer - 1) : NULL;
            if (before && is_start_command(vl_doc_get_str(n, "created_by")))
                before->ends_image = true;
            continue;
        }
        struct vl_config_layer *l = vl_vec_at(&c->layers, layer++);
        if (!l)
            return;
        l->created_by = text_of(n, "created_by", arena);
        l->created_ms = time_of(n, "created");
    }
}

int vl_config_parse(
    struct vl_span bytes, const char *name, struct vl_arena *arena, struct vl_config *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_config_done) struct vl_config c;
    vl_config_init(&c);
    if (bytes.len > VL_IMAGE_CONFIG_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: configuration of more than %lu bytes", name, VL_IMAGE_CONFIG_MAX);
    int r = vl_doc_parse(bytes, VL_DOC_JSON, name, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_doc_is(root, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s: an image configuration is a JSON object", name);
    c.os = text_of(root, "os", arena);
    c.arch = text_of(root, "architecture", arena);
    c.variant = text_of(root, "variant", arena);
    c.os_version = text_of(root, "os.version", arena);
    c.created_ms = time_of(root, "created");
    r = parse_diff_ids(vl_doc_get(vl_doc_get(root, "rootfs"), "diff_ids"), name, arena, &c, err);
    if (r < 0)
        return r;
    parse_history(vl_doc_get(root, "history"), arena, &c);
    r = vl_arena_check(arena, name, err);
    if (r < 0)
        return r;
    *ret = c;
    vl_config_init(&c);
    return 0;
}
