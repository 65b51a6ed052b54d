/* How an image looks in answers; what several routes share. */
#ifndef VL_SERVER_IMAGE_JSON_H
#define VL_SERVER_IMAGE_JSON_H

#include "inventory/repo_image.h"
#include "router.h"

/* The members of a list's item, into an open object. */
void vl_image_json_members(struct vl_json *json, const struct vl_image_row *row);
/* Where it lies, and how its scan stands. */
void vl_image_json_place(struct vl_json *json, const struct vl_image_row *row);

/* "places" of an image in an environment, at most VL_IMAGE_PLACES_MAX; `deleted`: those that are gone too,
 * each with "present". `ret` may be NULL. */
VL_MUST_CHECK int vl_image_json_places(struct vl_json *json, struct vl_store_conn *conn, int64_t environment,
    int64_t image, bool deleted, struct vl_image_seen *ret, struct vl_err *err);
/* "counts" and nothing else; NULL: null, where nothing is known. */
void vl_image_json_counts(struct vl_json *json, const struct vl_image_counts *counts);
/* "notes" and "secrets" of an image; empty lists for image 0. */
VL_MUST_CHECK int vl_image_json_notes(
    struct vl_json *json, struct vl_store_conn *conn, int64_t image, struct vl_err *err);

/* The image that the first parameter of the path names: VL_ERR_NOT_FOUND where the environment sees none,
 * with the reason (another word for lists of platforms and for what was not fetched yet). */
VL_MUST_CHECK int vl_image_of_request(
    struct vl_request *request, struct vl_store_conn *conn, int64_t *ret_id, struct vl_err *err);
/* The error of a digest that has no place here. */
VL_MUST_CHECK int vl_image_not_found(
    struct vl_request *request, struct vl_store_conn *conn, struct vl_err *err);

#endif
