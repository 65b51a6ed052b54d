/* How an image looks in answers; what several routes share. */
#ifndef VL_SERVER_IMAGE_JSON_H
#define VL_SERVER_IMAGE_JSON_H

#include "codec/json.h"
#include "inventory/repo_image.h"

/* The members of a list's item, into an open object. */
VL_MUST_CHECK int vl_image_json_members(struct vl_json *json, struct vl_store_conn *conn,
    const struct vl_image_row *row, struct vl_arena *arena, struct vl_err *err);
/* Where it lies, and how its scan stands. */
VL_MUST_CHECK int vl_image_json_place(struct vl_json *json, struct vl_store_conn *conn,
    const struct vl_image_row *row, struct vl_arena *arena, struct vl_err *err);
/* "counts" and nothing else; NULL: null, where nothing is known. */
void vl_image_json_counts(struct vl_json *json, const struct vl_image_counts *counts);
/* "notes" and "secrets" of an image; empty lists for image 0. */
VL_MUST_CHECK int vl_image_json_notes(
    struct vl_json *json, struct vl_store_conn *conn, int64_t image, struct vl_err *err);

#endif
