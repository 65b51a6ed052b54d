#include "image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "source.h"

#define REFERRERS_MAX      1000
#define REFERRER_BYTES_MAX (64UL * 1024 * 1024)
#define EMPTY_CONFIG       "{}"

static const struct {
    const char *prefix;
    int (*open)(
        struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err);
    bool also_a_name; /* "registry:2" and "docker:24" are images of Docker Hub */
} sources[] = {
    {"docker-archive:", vl_source_open_archive, false},
    {"oci-archive:", vl_source_open_archive, false},
    {"oci:", vl_source_open_layout, false},
    {"registry:", vl_source_open_registry, true},
    {"docker:", vl_source_open_docker, true},
    {"containerd:", vl_source_open_containerd, true},
};

static bool is_layout(const char *path)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf file;
    struct stat st;
    vl_buf_init(&file, 8192);
    vl_buf_printf(&file, "%s/index.json", path);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && file.failed == 0 &&
           access(vl_buf_str(&file), F_OK) == 0;
}

static bool is_file(const char *path)
{
    struct stat st;
    return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)));
}

/* Without a prefix: what is there as a file or a layout, else a reference. */
static int open_unnamed(
    struct vl_image *image, const char *name, const struct vl_image_options *options, struct vl_err *err)
{
    const char *path = NULL;
    const char *tag = NULL;
    struct vl_err ignored = VL_ERR_INIT;
    if (vl_source_split_path(name, image->arena, &path, &tag, &ignored) == 0) {
        if (is_layout(path))
            return vl_source_open_layout(image, name, options, err);
        if (is_file(path))
            return vl_source_open_archive(image, name, options, err);
    }
    if (name[0] == '/' || strncmp(name, "./", 2) == 0 || strncmp(name, "../", 3) == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no such file, and no layout of an image", name);
    return vl_source_open_registry(image, name, options, err);
}

static int open_source(
    struct vl_image *image, const char *name, const struct vl_image_options *options, struct vl_err *err)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(sources); i++) {
        size_t len = strlen(sources[i].prefix);
        if (strncmp(name, sources[i].prefix, len) != 0)
            continue;
        const char *rest = name + len;
        if (sources[i].also_a_name && !strpbrk(rest, "/:@"))
            break;
        return sources[i].open(image, rest, options, err);
    }
    return open_unnamed(image, name, options, err);
}

int vl_image_open(
    const char *name, const struct vl_image_options *options, struct vl_image **ret, struct vl_err *err)
{
    static const struct vl_image_options defaults = {0};
    options = options ? options : &defaults;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = vl_image_new(name, options);
    if (!image)
        return vl_err_nomem(err);
    int r = open_source(image, name, options, err);
    if (r == 0)
        r = vl_arena_check(image->arena, name, err);
    if (r < 0)
        return r;
    *ret = image;
    image = NULL;
    return 0;
}

void vl_image_free(struct vl_image *image)
{
    if (!image)
        return;
    if (image->ops)
        image->ops->free(image->state);
    vl_config_done(&image->config);
    vl_vec_done(&image->tags);
    vl_vec_done(&image->layers);
    vl_vec_done(&image->attestations);
    vl_arena_free(image->arena);
    free(image);
}

void vl_image_cleanup(struct vl_image **image)
{
    vl_image_free(*image);
    *image = NULL;
}

/* A copy in the inventory's arena; NULL stays NULL. Failures show in vl_arena_check(). */
static const char *copy(struct vl_inventory *inv, const char *s)
{
    return s ? vl_arena_strdup(inv->arena, s) : NULL;
}

static int describe_layers(const struct vl_image *image, struct vl_inventory *inv, struct vl_err *err)
{
    for (size_t i = 0; i < image->layers.len; i++) {
        const struct vl_image_layer *from = vl_vec_at(&image->layers, i);
        struct vl_layer *to = vl_vec_push(&inv->layers, "layers", err);
        if (!to)
            return err->err;
        *to = (struct vl_layer){
            .diff_id = copy(inv, from->diff_id),
            .digest = copy(inv, from->digest),
            .created_by = copy(inv, from->created_by),
            .created_ms = from->created_ms,
            .ends_image = from->ends_image,
            .size = from->size,
        };
    }
    return 0;
}

int vl_image_describe(const struct vl_image *image, struct vl_inventory *inventory, struct vl_err *err)
{
    const struct vl_config *c = &image->config;
    const char **tags = vl_arena_array(inventory->arena, image->tags.len + 1, sizeof(*tags));
    if (!tags)
        return vl_err_nomem(err);
    for (size_t i = 0; i < image->tags.len; i++)
        tags[i] = copy(inventory, *(const char **)vl_vec_at(&image->tags, i));
    inventory->target = (struct vl_target){
        .kind = VL_TARGET_IMAGE,
        .name = copy(inventory, image->name),
        .reference = copy(inventory, image->reference),
        .digest = copy(inventory, image->manifest.digest),
        .image_id = copy(inventory, image->image_id),
        .os = copy(inventory, c->os),
        .arch = copy(inventory, c->arch),
        .variant = copy(inventory, c->variant),
        .os_version = copy(inventory, c->os_version),
        .created_ms = c->created_ms,
        .tags = tags,
        .n_tags = image->tags.len,
        .base_name = copy(inventory, image->base_name),
        .base_digest = copy(inventory, image->base_digest),
    };
    int r = describe_layers(image, inventory, err);
    return r < 0 ? r : vl_arena_check(inventory->arena, image->name, err);
}

size_t vl_image_layer_count(const struct vl_image *image)
{
    return image->layers.len;
}

static const struct vl_image_layer *layer_at(const struct vl_image *image, size_t index)
{
    return vl_vec_at(&image->layers, index);
}

const char *vl_image_layer_diff_id(const struct vl_image *image, size_t index)
{
    return layer_at(image, index)->diff_id;
}

const char *vl_image_layer_digest(const struct vl_image *image, size_t index)
{
    return layer_at(image, index)->digest;
}

bool vl_image_layer_foreign(const struct vl_image *image, size_t index)
{
    return layer_at(image, index)->foreign;
}

bool vl_image_layer_region(
    const struct vl_image *image, size_t index, int *ret_fd, uint64_t *ret_offset, uint64_t *ret_length)
{
    const struct vl_image_layer *l = layer_at(image, index);
    if (l->fd < 0)
        return false;
    *ret_fd = l->fd;
    *ret_offset = l->offset;
    *ret_length = l->length;
    return true;
}

int vl_image_layer_fetch(struct vl_image *image, size_t index, int fd, struct vl_err *err)
{
    const struct vl_image_layer *l = layer_at(image, index);
    if (!image->ops->fetch)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: layer %s is not to be had here", image->name,
            l->digest ? l->digest : l->diff_id);
    return image->ops->fetch(image->state, l, fd, err);
}

/* The manifest of a referrer: another platform's image would be one too, but has no business here. */
static int read_manifest(struct vl_image *image, const struct vl_descriptor *d, struct vl_arena *arena,
    struct vl_manifest *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_IMAGE_MANIFEST_MAX);
    int r = image->ops->read(image->state, d, true, VL_IMAGE_MANIFEST_MAX, &bytes, err);
    if (r == 0)
        r = vl_image_check_digest(vl_buf_span(&bytes), d->digest, image->name, err);
    if (r == 0)
        r = vl_manifest_parse(vl_buf_span(&bytes), d->media_type, image->name, arena, ret, err);
    return r;
}

/* BuildKit keeps its attestations beside the image in the index, not as referrers. */
static int add_attestations(
    struct vl_image *image, struct vl_arena *arena, struct vl_vec *list, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < image->attestations.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&image->attestations, i);
        VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
        vl_manifest_init(&m);
        r = read_manifest(image, d, arena, &m, err);
        if (r < 0)
            break;
        const struct vl_descriptor *layer = vl_vec_at(&m.entries, 0);
        struct vl_image_referrer *to = vl_vec_push(list, "referrers", err);
        if (!to)
            return err->err;
        *to = (struct vl_image_referrer){
            .digest = vl_arena_strdup(arena, d->digest),
            .artifact_type = m.artifact_type ? m.artifact_type : "application/vnd.in-toto+json",
            .media_type = layer ? layer->media_type : "",
            .size = d->size,
        };
    }
    return r;
}

int vl_image_referrers(
    struct vl_image *image, struct vl_arena *arena, struct vl_vec *ret_referrers, struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec list;
    vl_vec_init(&list, sizeof(struct vl_image_referrer), REFERRERS_MAX);
    int r = add_attestations(image, arena, &list, err);
    if (r == 0 && image->ops->referrers && image->manifest.digest)
        r = image->ops->referrers(image->state, image->manifest.digest, arena, &list, err);
    if (r == 0)
        r = vl_arena_check(arena, image->name, err);
    if (r < 0)
        return r;
    *ret_referrers = list;
    vl_vec_init(&list, sizeof(struct vl_image_referrer), REFERRERS_MAX);
    return 0;
}

int vl_image_referrer_read(struct vl_image *image, const char *digest, struct vl_buf *out, struct vl_err *err)
{
    struct vl_digest parsed;
    struct vl_arena *arena = vl_arena_new(VL_IMAGE_ARENA_MAX);
    VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
    vl_manifest_init(&m);
    if (!arena)
        return vl_err_nomem(err);
    size_t start = out->len;
    const struct vl_descriptor self = {.digest = digest, .media_type = VL_MEDIA_OCI_MANIFEST};
    int r = 0;
    if (!vl_digest_parse(vl_span_str(digest), &parsed))
        r = vl_err_set(err, VL_ERR_INVALID, "referrer: '%.150s' is no digest", digest);
    if (r == 0)
        r = read_manifest(image, &self, arena, &m, err);
    const struct vl_descriptor *layer = vl_vec_at(&m.entries, 0);
    if (r == 0 && (!layer || m.kind != VL_MANIFEST_IMAGE))
        r = vl_err_set(err, VL_ERR_INVALID, "referrer %s: has no content", digest);
    if (r == 0)
        r = image->ops->read(image->state, layer, false, REFERRER_BYTES_MAX, out, err);
    if (r == 0)
        r = vl_image_check_digest(
            vl_span_slice(vl_buf_span(out), start, out->len), layer->digest, image->name, err);
    vl_arena_free(arena);
    return r;
}

static void write_descriptor(struct vl_json *j, const char *media_type, const char *digest, uint64_t size)
{
    vl_json_object(j);
    vl_json_member_str(j, "mediaType", media_type);
    vl_json_member_str(j, "digest", digest);
    vl_json_key(j, "size");
    vl_json_uint(j, size);
    vl_json_object_end(j);
}

struct attachment {
    const char *artifact_type, *media_type;
    struct vl_span content;
    char empty_digest[VL_DIGEST_TEXT_MAX];
    char content_digest[VL_DIGEST_TEXT_MAX];
};

/* image-spec manifest.md, "Guidelines for Artifact Usage": an empty configuration, one layer, a subject. */
static int write_manifest(
    const struct vl_image *image, const struct attachment *a, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_object(&j);
    vl_json_member_int(&j, "schemaVersion", 2);
    vl_json_member_str(&j, "mediaType", VL_MEDIA_OCI_MANIFEST);
    vl_json_member_str(&j, "artifactType", a->artifact_type);
    vl_json_key(&j, "config");
    write_descriptor(&j, VL_MEDIA_OCI_EMPTY, a->empty_digest, sizeof(EMPTY_CONFIG) - 1);
    vl_json_key(&j, "layers");
    vl_json_array(&j);
    write_descriptor(&j, a->media_type, a->content_digest, a->content.len);
    vl_json_array_end(&j);
    vl_json_key(&j, "subject");
    write_descriptor(&j, *image->manifest.media_type ? image->manifest.media_type : VL_MEDIA_OCI_MANIFEST,
        image->manifest.digest, image->manifest.size);
    vl_json_object_end(&j);
    return vl_json_check(&j, "manifest of the report", err);
}

static void digest_of(struct vl_span bytes, char ret[VL_DIGEST_TEXT_MAX])
{
    struct vl_digest d;
    vl_digest_compute(VL_DIGEST_SHA256, bytes, &d);
    (void)vl_digest_format(&d, ret);
}

int vl_image_attach(struct vl_image *image, const char *artifact_type, const char *media_type,
    struct vl_span content, struct vl_arena *arena, const char **ret_digest, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf manifest;
    struct attachment a = {.artifact_type = artifact_type, .media_type = media_type, .content = content};
    char digest[VL_DIGEST_TEXT_MAX];
    vl_buf_init(&manifest, VL_IMAGE_MANIFEST_MAX);
    if (!image->ops->put_blob || !image->manifest.digest)
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "%s: a report can only be attached to an image in a registry: give its reference there",
            image->name);
    digest_of(VL_SPAN_LIT(EMPTY_CONFIG), a.empty_digest);
    digest_of(content, a.content_digest);
    int r = write_manifest(image, &a, &manifest, err);
    if (r < 0)
        return r;
    digest_of(vl_buf_span(&manifest), digest);
    const char *kept = vl_arena_strdup(arena, digest);
    if (!kept)
        return vl_err_nomem(err);
    const struct vl_descriptor self = {.media_type = VL_MEDIA_OCI_MANIFEST,
        .digest = digest,
        .size = manifest.len,
        .artifact_type = artifact_type};
    r = image->ops->put_blob(image->state, a.empty_digest, VL_SPAN_LIT(EMPTY_CONFIG), err);
    if (r == 0)
        r = image->ops->put_blob(image->state, a.content_digest, content, err);
    if (r == 0)
        r = image->ops->put_referrer(
            image->state, &self, vl_buf_span(&manifest), image->manifest.digest, err);
    if (r == 0)
        *ret_digest = kept;
    return r;
}
