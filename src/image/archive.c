/* What `docker save` writes, old and new, and tars of an OCI layout. Format: moby image/tarexport,
 * manifest.json. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "codec/digest.h"
#include "codec/doc.h"
#include "files.h"
#include "source.h"

#define MANIFEST_JSON_MAX (64UL * 1024 * 1024)
#define NAMES_SHOWN       10

struct archive {
    struct vl_files *files;
};

static int archive_read(void *state, const struct vl_descriptor *d, bool manifest, size_t max,
    struct vl_buf *out, struct vl_err *err)
{
    (void)state;
    (void)manifest;
    (void)max;
    (void)out;
    return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: a docker-archive holds no blobs by digest", d->digest);
}

static void archive_free(void *state)
{
    struct archive *a = state;
    vl_files_free(a->files);
    free(a);
}

static const struct vl_source_ops archive_ops = {
    .read = archive_read,
    .free = archive_free,
};

static bool has_tag(const struct vl_doc_node *entry, const char *tag)
{
    struct vl_arena *arena = vl_arena_new(64UL * 1024);
    bool found = false;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(entry, "RepoTags")); arena && n && !found;
        n = vl_doc_next(n)) {
        const char *name = vl_arena_dup_span(arena, vl_span_slice(vl_doc_span(n), 0, 1024));
        found = name && vl_image_tag_matches(tag, name);
    }
    vl_arena_free(arena);
    return found;
}

static int which_one(
    const struct vl_image *image, const struct vl_doc_node *list, const char *tag, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf names;
    size_t shown = 0;
    vl_buf_init(&names, 8192);
    for (const struct vl_doc_node *e = vl_doc_first(list); e && shown < NAMES_SHOWN; e = vl_doc_next(e)) {
        struct vl_span name = vl_doc_span(vl_doc_first(vl_doc_get(e, "RepoTags")));
        name = name.len ? name : vl_doc_get_str(e, "Config");
        vl_buf_printf(&names, "%s%.*s", shown++ ? ", " : "", VL_SPAN_FMT(vl_span_slice(name, 0, 300)));
    }
    if (tag)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: holds no image '%s'; there is %s", image->name, tag,
            shown ? vl_buf_str(&names) : "none");
    return vl_err_set(err, VL_ERR_USAGE, "%s: holds %zu images; name one by its tag: %s", image->name,
        vl_doc_size(list), shown ? vl_buf_str(&names) : "none");
}

static const struct vl_doc_node *pick(const struct vl_doc_node *list, const char *tag)
{
    if (!tag)
        return vl_doc_size(list) == 1 ? vl_doc_first(list) : NULL;
    for (const struct vl_doc_node *e = vl_doc_first(list); e; e = vl_doc_next(e))
        if (has_tag(e, tag))
            return e;
    return NULL;
}

/* "HEX.json" and "blobs/sha256/HEX" carry the digest in their name; others do not. */
static const char *digest_in_name(struct vl_image *image, const char *path)
{
    const char *base = strrchr(path, '/');
    struct vl_span name = vl_span_str(base ? base + 1 : path);
    uint8_t bytes[32];
    if (vl_span_ends_with(name, ".json"))
        name.len -= 5;
    return vl_hex_decode(name, bytes, sizeof(bytes))
               ? vl_arena_printf(image->arena, "sha256:%.*s", VL_SPAN_FMT(name))
               : NULL;
}

static int take_config(struct vl_image *image, struct archive *a, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_digest digest;
    char id[VL_DIGEST_TEXT_MAX];
    vl_buf_init(&text, VL_IMAGE_CONFIG_MAX);
    int r = vl_files_read(a->files, path, VL_IMAGE_CONFIG_MAX, &text, err);
    if (r < 0)
        return r;
    const char *named = digest_in_name(image, path);
    if (named) {
        r = vl_image_check_digest(vl_buf_span(&text), named, path, err);
        if (r < 0)
            return vl_err_wrap(err, "%s", image->name);
    }
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&text), &digest);
    image->image_id = vl_arena_strdup(image->arena, vl_digest_format(&digest, id));
    if (!image->image_id)
        return vl_err_nomem(err);
    return vl_image_take_config(image, vl_buf_span(&text), path, err);
}

static int take_layers(
    struct vl_image *image, struct archive *a, const struct vl_doc_node *layers, struct vl_err *err)
{
    size_t i = 0;
    if (vl_doc_size(layers) != image->layers.len)
        return vl_err_set(err, VL_ERR_INVALID,
            "%s: manifest.json has %zu layers, the configuration %zu diff ids", image->name,
            vl_doc_size(layers), image->layers.len);
    for (const struct vl_doc_node *n = vl_doc_first(layers); n; n = vl_doc_next(n), i++) {
        struct vl_image_layer *l = vl_vec_at(&image->layers, i);
        const char *path = vl_arena_dup_span(image->arena, vl_doc_span(n));
        if (!path || !*path)
            return vl_err_set(err, VL_ERR_INVALID, "%s: a layer without a path", image->name);
        int r = vl_files_find(a->files, path, &l->fd, &l->offset, &l->length, err);
        if (r < 0)
            return r;
        l->size = l->length;
    }
    return 0;
}

static int load_archive(struct vl_image *image, struct archive *a, const char *tag, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    vl_buf_init(&text, MANIFEST_JSON_MAX);
    int r = vl_files_read(a->files, "manifest.json", MANIFEST_JSON_MAX, &text, err);
    if (r == 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "manifest.json", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *list = vl_doc_root(doc);
    if (!vl_doc_is(list, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "%s: manifest.json is no list of images", image->name);
    const struct vl_doc_node *entry = pick(list, tag);
    if (!entry)
        return which_one(image, list, tag, err);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(entry, "RepoTags")); n; n = vl_doc_next(n)) {
        const char *name = vl_arena_dup_span(image->arena, vl_doc_span(n));
        r = name ? vl_image_add_tag(image, name, err) : vl_err_nomem(err);
        if (r < 0)
            return r;
    }
    const char *config = vl_arena_dup_span(image->arena, vl_doc_get_str(entry, "Config"));
    if (!config || !*config)
        return vl_err_set(err, VL_ERR_INVALID, "%s: manifest.json names no configuration", image->name);
    r = take_config(image, a, config, err);
    return r < 0 ? r : take_layers(image, a, vl_doc_get(entry, "Layers"), err);
}

int vl_source_use_docker_archive(
    struct vl_image *image, struct vl_files *files, const char *tag, struct vl_err *err)
{
    struct archive *a = calloc(1, sizeof(*a));
    if (!a) {
        vl_files_free(files);
        return vl_err_nomem(err);
    }
    a->files = files;
    image->ops = &archive_ops;
    image->state = a;
    return load_archive(image, a, tag, err);
}

int vl_source_split_path(
    const char *rest, struct vl_arena *arena, const char **ret_path, const char **ret_tag, struct vl_err *err)
{
    *ret_path = rest;
    *ret_tag = NULL;
    if (strcmp(rest, "-") == 0 || access(rest, F_OK) == 0)
        return 0;
    for (const char *sep = strpbrk(rest, ":@"); sep; sep = strpbrk(sep + 1, ":@")) {
        char *front = vl_arena_dup_span(arena, (struct vl_span){rest, (size_t)(sep - rest)});
        if (!front)
            return vl_err_nomem(err);
        if (strcmp(front, "-") == 0 || access(front, F_OK) == 0) {
            *ret_path = front;
            *ret_tag = sep + 1;
            return 0;
        }
    }
    return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no such file or folder", rest);
}

int vl_source_open_archive(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err)
{
    const char *path = NULL;
    const char *tag = NULL;
    struct vl_files *files = NULL;
    (void)options;
    int r = vl_source_split_path(rest, image->arena, &path, &tag, err);
    if (r == 0)
        r = vl_files_open_archive(path, &files, err);
    if (r < 0)
        return r;
    if (vl_files_has(files, "manifest.json"))
        return vl_source_use_docker_archive(image, files, tag, err);
    if (vl_files_has(files, "index.json"))
        return vl_source_use_layout(image, files, tag, err);
    vl_files_free(files);
    return vl_err_set(err, VL_ERR_INVALID,
        "%s: a tar, but neither of docker save (manifest.json) nor of an OCI layout (index.json)",
        image->name);
}
