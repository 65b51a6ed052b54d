/* An OCI image layout in a folder or a tar (image-spec image-layout.md). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/digest.h"
#include "codec/doc.h"
#include "files.h"
#include "source.h"

#define NAMES_SHOWN 10

struct layout {
    struct vl_files *files;
};

/* "sha256:ab…" is blobs/sha256/ab…; digests are checked before they come here. */
static bool blob_path(const char *digest, char ret[VL_DIGEST_TEXT_MAX + 16])
{
    struct vl_digest parsed;
    const char *colon = strchr(digest, ':');
    if (!colon || !vl_digest_parse(vl_span_str(digest), &parsed))
        return false;
    size_t algorithm = (size_t)(colon - digest);
    memcpy(ret, "blobs/", 6);
    memcpy(ret + 6, digest, algorithm);
    ret[6 + algorithm] = '/';
    memcpy(ret + 7 + algorithm, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static int layout_read(void *state, const struct vl_descriptor *d, bool manifest, size_t max,
    struct vl_buf *out, struct vl_err *err)
{
    struct layout *l = state;
    char path[VL_DIGEST_TEXT_MAX + 16];
    (void)manifest;
    if (!blob_path(d->digest, path))
        return vl_err_set(err, VL_ERR_INVALID, "'%.150s' is no digest", d->digest);
    return vl_files_read(l->files, path, max, out, err);
}

static int layout_locate(void *state, struct vl_image_layer *layer, struct vl_err *err)
{
    struct layout *l = state;
    char path[VL_DIGEST_TEXT_MAX + 16];
    if (!blob_path(layer->digest, path))
        return vl_err_set(err, VL_ERR_INVALID, "'%.150s' is no digest", layer->digest);
    return vl_files_find(l->files, path, &layer->fd, &layer->offset, &layer->length, err);
}

static void layout_free(void *state)
{
    struct layout *l = state;
    vl_files_free(l->files);
    free(l);
}

static const struct vl_source_ops layout_ops = {
    .read = layout_read,
    .locate = layout_locate,
    .free = layout_free,
};

static bool is_wanted(const struct vl_descriptor *d, const char *tag)
{
    return strcmp(tag, d->digest) == 0 || (d->ref_name && vl_image_tag_matches(tag, d->ref_name)) ||
           (d->image_name && vl_image_tag_matches(tag, d->image_name));
}

static int which_one(
    const struct vl_image *image, const struct vl_manifest *index, const char *tag, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf names;
    vl_buf_init(&names, 8192);
    for (size_t i = 0; i < index->entries.len && i < NAMES_SHOWN; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index->entries, i);
        vl_buf_printf(&names, "%s%.300s", i ? ", " : "",
            d->image_name ? d->image_name
            : d->ref_name ? d->ref_name
                          : d->digest);
    }
    if (tag)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: holds no image '%s'; there is %s", image->name, tag,
            index->entries.len ? vl_buf_str(&names) : "none");
    return vl_err_set(err, VL_ERR_USAGE, "%s: holds %zu images; name one by its tag or digest: %s",
        image->name, index->entries.len, vl_buf_str(&names));
}

/* Several manifests for several platforms and one name, or none, are one image. */
static bool is_one_image(const struct vl_manifest *index)
{
    const char *name = NULL;
    for (size_t i = 0; i < index->entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index->entries, i);
        if (!d->platform.os && !d->attestation)
            return false;
        if (name && d->ref_name && strcmp(name, d->ref_name) != 0)
            return false;
        name = name ? name : d->ref_name;
    }
    return true;
}

static int pick(struct vl_image *image, const struct vl_manifest *index, const char *tag,
    const struct vl_descriptor **ret, struct vl_err *err)
{
    const struct vl_descriptor *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < index->entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index->entries, i);
        if (tag && !is_wanted(d, tag))
            continue;
        found = d;
        n++;
    }
    if (n == 1) {
        *ret = found;
        return 0;
    }
    if (n > 1 && is_one_image(index))
        return vl_manifest_select(index, image->platform, image->name, image->arena, ret, err);
    return which_one(image, index, tag, err);
}

static int check_version(struct vl_files *files, const char *name, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    vl_buf_init(&text, 4096);
    if (!vl_files_has(files, "oci-layout"))
        return 0; /* some writers forget it; index.json tells enough */
    int r = vl_files_read(files, "oci-layout", 4096, &text, err);
    if (r == 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "oci-layout", &doc, err);
    if (r < 0)
        return vl_err_wrap(err, "%s", name);
    struct vl_span version = vl_doc_get_str(vl_doc_root(doc), "imageLayoutVersion");
    if (!vl_span_starts_with(version, "1."))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: image layout version '%.*s'", name,
            VL_SPAN_FMT(vl_span_slice(version, 0, 50)));
    return 0;
}

static int load_layout(struct vl_image *image, struct layout *l, const char *tag, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_manifest_done) struct vl_manifest index;
    const struct vl_descriptor *d = NULL;
    vl_buf_init(&text, VL_IMAGE_MANIFEST_MAX);
    vl_manifest_init(&index);
    int r = check_version(l->files, image->name, err);
    if (r == 0)
        r = vl_files_read(l->files, "index.json", VL_IMAGE_MANIFEST_MAX, &text, err);
    if (r == 0)
        r = vl_manifest_parse(vl_buf_span(&text), VL_MEDIA_OCI_INDEX, image->name, image->arena, &index, err);
    if (r == 0 && index.kind != VL_MANIFEST_INDEX)
        r = vl_err_set(err, VL_ERR_INVALID, "%s: index.json is no index", image->name);
    if (r == 0)
        r = pick(image, &index, tag, &d, err);
    if (r < 0 || !d)
        return r;
    const char *name = d->image_name ? d->image_name : d->ref_name;
    r = name ? vl_image_add_tag(image, name, err) : 0;
    vl_buf_clear(&text);
    if (r == 0)
        r = layout_read(l, d, true, VL_IMAGE_MANIFEST_MAX, &text, err);
    return r < 0 ? r : vl_image_load(image, d, vl_buf_span(&text), err);
}

static int new_layout(struct vl_image *image, struct vl_files *files, struct layout **ret, struct vl_err *err)
{
    struct layout *l = calloc(1, sizeof(*l));
    if (!l) {
        vl_files_free(files);
        return vl_err_nomem(err);
    }
    l->files = files;
    image->ops = &layout_ops;
    image->state = *ret = l;
    return 0;
}

int vl_source_use_layout(struct vl_image *image, struct vl_files *files, const char *tag, struct vl_err *err)
{
    struct layout *l = NULL;
    int r = new_layout(image, files, &l, err);
    return r < 0 || !l ? r : load_layout(image, l, tag, err);
}

int vl_source_use_blobs(
    struct vl_image *image, struct vl_files *files, const char *digest, struct vl_err *err)
{
    struct layout *l = NULL;
    const struct vl_descriptor root = {.digest = digest, .media_type = ""};
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_IMAGE_MANIFEST_MAX);
    int r = new_layout(image, files, &l, err);
    if (r == 0 && l)
        r = layout_read(l, &root, true, VL_IMAGE_MANIFEST_MAX, &text, err);
    return r < 0 ? r : vl_image_load(image, &root, vl_buf_span(&text), err);
}

int vl_source_open_layout(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err)
{
    const char *path = NULL;
    const char *tag = NULL;
    struct vl_files *files = NULL;
    (void)options;
    int r = vl_source_split_path(rest, image->arena, &path, &tag, err);
    if (r == 0)
        r = vl_files_open_folder(path, &files, err);
    return r < 0 ? r : vl_source_use_layout(image, files, tag, err);
}
