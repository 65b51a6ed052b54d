/* The stored package list of an image as CycloneDX or SPDX. Nothing is matched anew. */
#ifndef VL_SERVER_SBOM_H
#define VL_SERVER_SBOM_H

#include "inventory/repo_image.h"
#include "report/report.h"

/* What the file calls the image: the place where the asking environment sees it. The list itself is shared by
 * digest, and must not tell the name that another environment has for it. */
struct vl_sbom_place {
    struct vl_arena *arena;
    const char *reference; /* "registry.example/app@sha256:…" */
};

/* VL_ERR_NOT_FOUND where there is no list. Appends. */
VL_MUST_CHECK int vl_sbom_write(struct vl_store_conn *conn, const struct vl_image_facts *facts,
    const struct vl_sbom_place *place, enum vl_report_format format, struct vl_buf *out, struct vl_err *err);

#endif
