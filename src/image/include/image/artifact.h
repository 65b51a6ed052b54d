/* OCI artifacts that are no images: a manifest with an artifact type and layers told apart by their media
 * type. Source: OCI image-spec manifest.md, "Guidelines for Artifact Usage". Private data of ours travel this
 * way, such as a ready advisory database. */
#ifndef VL_IMAGE_ARTIFACT_H
#define VL_IMAGE_ARTIFACT_H

#include "image/image.h"

#define VL_IMAGE_ARTIFACT_PARTS_MAX 16

struct vl_image_artifact;

struct vl_image_artifact_part {
    const char *title; /* file name, for people who look */
    const char *media_type;
    struct vl_span content;
};

/* Reads the manifest of `reference`; another artifact type is VL_ERR_INVALID. */
VL_MUST_CHECK int vl_image_artifact_open(const char *reference, const struct vl_image_options *options,
    const char *artifact_type, struct vl_image_artifact **ret, struct vl_err *err);
void vl_image_artifact_free(struct vl_image_artifact *artifact); /* accepts NULL */
void vl_image_artifact_cleanup(struct vl_image_artifact **artifact);

/* Appends the first part of this media type, digest checked; VL_ERR_NOT_FOUND where there is none. */
VL_MUST_CHECK int vl_image_artifact_read(
    struct vl_image_artifact *artifact, const char *media_type, struct vl_buf *out, struct vl_err *err);

/* Stores the parts and puts the manifest under the tag of `reference`, last. */
VL_MUST_CHECK int vl_image_artifact_push(const char *reference, const struct vl_image_options *options,
    const char *artifact_type, const struct vl_image_artifact_part *parts, size_t n_parts,
    struct vl_err *err);

#endif
