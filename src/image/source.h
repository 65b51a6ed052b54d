/* What every kind of source provides, and what an image is made of. Private to the room. */
#ifndef VL_IMAGE_SOURCE_H
#define VL_IMAGE_SOURCE_H

#include "image/image.h"
#include "manifest.h"

#define VL_IMAGE_ARENA_MAX (64UL * 1024 * 1024)
#define VL_IMAGE_TAGS_MAX  1000

struct vl_image_layer {
    const char *diff_id;
    const char *digest; /* NULL in a docker-archive */
    const char *media_type;
    uint64_t size; /* of the blob; 0 where unknown */
    bool foreign;
    const char *created_by;
    int64_t created_ms;
    bool ends_image; /* as in struct vl_layer */
    /* where the bytes are, of local sources; fd < 0 for others */
    int fd;
    uint64_t offset;
    uint64_t length;
};

struct vl_source_ops {
    /* Appends a manifest (`manifest`) or another small blob; at most `max` bytes. The caller checks its
     * digest. */
    int (*read)(void *state, const struct vl_descriptor *d, bool manifest, size_t max, struct vl_buf *out,
        struct vl_err *err);
    /* Fills fd, offset and length of a layer; NULL where layers are not local. */
    int (*locate)(void *state, struct vl_image_layer *layer, struct vl_err *err);
    /* The rest may be NULL. */
    int (*fetch)(void *state, const struct vl_image_layer *layer, int fd, struct vl_err *err);
    int (*referrers)(
        void *state, const char *digest, struct vl_arena *arena, struct vl_vec *ret, struct vl_err *err);
    int (*put_blob)(void *state, const char *digest, struct vl_span content, struct vl_err *err);
    /* Stores a manifest under its digest, and lists it as a referrer of `subject` where the other side does
     * not. */
    int (*put_referrer)(void *state, const struct vl_descriptor *self, struct vl_span manifest,
        const char *subject, struct vl_err *err);
    void (*free)(void *state);
};

struct vl_image {
    struct vl_arena *arena;
    const struct vl_source_ops *ops;
    void *state;
    const char *name;              /* as the user gave it */
    const char *platform;          /* option; or NULL */
    const char *reference;         /* or NULL */
    struct vl_descriptor manifest; /* digest NULL where there is none */
    const char *image_id;
    const char *base_name, *base_digest;
    struct vl_vec tags;         /* const char * */
    struct vl_vec layers;       /* struct vl_image_layer */
    struct vl_vec attestations; /* struct vl_descriptor: of BuildKit, beside the image in its index */
    struct vl_config config;    /* its layers moved into the vector above */
};

/* Name and options copied; no source yet. NULL only when there is no memory. */
struct vl_image *vl_image_new(const char *name, const struct vl_image_options *options);

/* Copies a reference known to name the image. */
VL_MUST_CHECK int vl_image_add_tag(struct vl_image *image, const char *tag, struct vl_err *err);

/* From the manifest or index in `bytes`, whose digest was `root->digest` (checked here), to configuration and
 * layers: picks a platform, reads what is missing by ops->read, checks digests, locates layers. */
VL_MUST_CHECK int vl_image_load(
    struct vl_image *image, const struct vl_descriptor *root, struct vl_span bytes, struct vl_err *err);

/* Takes over a parsed configuration: layers with their diff ids and history. */
VL_MUST_CHECK int vl_image_take_config(
    struct vl_image *image, struct vl_span bytes, const char *what, struct vl_err *err);

/* VL_ERR_CORRUPT where `bytes` have another digest. */
VL_MUST_CHECK int vl_image_check_digest(
    struct vl_span bytes, const char *digest, const char *what, struct vl_err *err);

/* Whether "1.0", "shop/orders:1.0" or "localhost:5000/shop/orders:1.0" means the image of reference `name`.
 */
bool vl_image_tag_matches(const char *wanted, const char *name);

/* The sources. `rest` is the name without its prefix. */
VL_MUST_CHECK int vl_source_open_registry(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err);
VL_MUST_CHECK int vl_source_open_layout(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err);
VL_MUST_CHECK int vl_source_open_archive(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err);
VL_MUST_CHECK int vl_source_open_docker(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err);
VL_MUST_CHECK int vl_source_open_containerd(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err);

struct vl_files;
/* Opens the image in files that are open already; both take them over, also on error. `tag` may be NULL. */
VL_MUST_CHECK int vl_source_use_layout(
    struct vl_image *image, struct vl_files *files, const char *tag, struct vl_err *err);
/* The same with the digest of a manifest or index in place of index.json. */
VL_MUST_CHECK int vl_source_use_blobs(
    struct vl_image *image, struct vl_files *files, const char *digest, struct vl_err *err);
VL_MUST_CHECK int vl_source_use_docker_archive(
    struct vl_image *image, struct vl_files *files, const char *tag, struct vl_err *err);

/* "FILE:TAG" into both; the file is the longest front that exists. *ret_tag NULL where there is none. */
VL_MUST_CHECK int vl_source_split_path(const char *rest, struct vl_arena *arena, const char **ret_path,
    const char **ret_tag, struct vl_err *err);

#endif
