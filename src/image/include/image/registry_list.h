/* What lies in a registry: its repositories, their tags, and what a tag or digest stands for, without reading
 * configurations or layers. Source: OCI distribution-spec v1.1 (listing tags, pulling manifests); the
 * catalogue is distribution's "GET /v2/_catalog". */
#ifndef VL_IMAGE_REGISTRY_LIST_H
#define VL_IMAGE_REGISTRY_LIST_H

#include "image/image.h"

#define VL_REGISTRY_LIST_MAX      100000 /* names of one list */
#define VL_REGISTRY_PLATFORMS_MAX 64     /* images of one index; more are left out, and counted */

/* One repository of a registry, or the registry itself; keeps its connections. Credentials and the like are
 * those of the options (platform and mirrors are not looked at). Several threads may use it. */
struct vl_registry_list;

/* `host`: "registry.example:5000". `repository` NULL: for the catalogue alone. Nothing is asked yet. */
VL_MUST_CHECK int vl_registry_list_open(const char *host, const char *repository,
    const struct vl_image_options *options, struct vl_registry_list **ret, struct vl_err *err);
void vl_registry_list_free(struct vl_registry_list *list); /* accepts NULL */
void vl_registry_list_cleanup(struct vl_registry_list **list);

/* All names, sorted, each once, in the arena. A registry that has no catalogue, or refuses it, is
 * VL_ERR_UNSUPPORTED with the cure. */
VL_MUST_CHECK int vl_registry_list_catalogue(struct vl_registry_list *list, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err);

/* The repository's tags, sorted. VL_ERR_NOT_FOUND where the repository is gone. */
VL_MUST_CHECK int vl_registry_list_tags(struct vl_registry_list *list, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err);

struct vl_registry_platform {
    const char *digest;
    const char
        *platform; /* "linux/amd64", "windows/amd64:10.0.20348.2113"; "" where the index does not say */
};

struct vl_registry_entry {
    const char *digest;     /* of the bytes */
    const char *media_type; /* as the document says, or the server */
    bool is_index;
    bool is_image; /* a configuration and layers that an image has; false for signatures, SBOMs, charts */
    const struct vl_registry_platform *platforms; /* of an index: its images; attestations are left out */
    size_t n_platforms;
    size_t n_left_out; /* images over VL_REGISTRY_PLATFORMS_MAX */
};

/* A tag or digest; texts in the arena. VL_ERR_NOT_FOUND where it is gone; VL_ERR_CORRUPT where the bytes do
 * not have the digest. A form of manifest that we do not read is an entry that is no image. */
VL_MUST_CHECK int vl_registry_list_entry(struct vl_registry_list *list, const char *reference,
    struct vl_arena *arena, struct vl_registry_entry *ret, struct vl_err *err);

#endif
