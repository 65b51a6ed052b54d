/* Image references: "debian", "localhost:5000/shop/orders:1.0", "ghcr.io/a/b@sha256:…".
 * Grammar: distribution/reference; short names go to Docker Hub as the docker command has it. */
#ifndef VL_IMAGE_REFERENCE_H
#define VL_IMAGE_REFERENCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define VL_IMAGE_REFERENCE_MAX 512

struct vl_image_reference {
    const char *registry;   /* "docker.io", "localhost:5000" */
    const char *repository; /* "library/debian" */
    const char *tag;        /* NULL where only a digest is given; "latest" where neither */
    const char *digest;     /* "sha256:…" or NULL */
};

VL_MUST_CHECK int vl_image_reference_parse(
    struct vl_span text, struct vl_arena *arena, struct vl_image_reference *ret, struct vl_err *err);

/* "docker.io/library/debian:12" (digest form where there is one). NULL: arena full. */
const char *vl_image_reference_format(const struct vl_image_reference *ref, struct vl_arena *arena);

#endif
