/* Which findings exemptions and disable rules take out (table finding_exempt): worked out anew for an image
 * when it was scanned or matched, and for the images that a changed exemption or rule can touch.
 *
 * A digest can lie in several repositories of an environment, and its findings are one list: an exemption
 * that asks for a repository, registry or resource takes them out only where all places of the image fit. */
#ifndef VL_SERVER_REPO_EXEMPT_H
#define VL_SERVER_REPO_EXEMPT_H

#include "posture/exempt_match.h"
#include "store/store.h"

#define VL_EXEMPT_ROWS_MAX   20000 /* findings looked at within one write; the rest is a job's */
#define VL_EXEMPT_IMAGES_MAX 2000  /* images likewise */
#define VL_EXEMPTIONS_MAX    5000  /* active ones of an environment */
#define VL_DISABLE_RULES_MAX 500   /* of an environment */

/* What is active, in the order in which it counts: exemptions, oldest first, then rules. */
struct vl_exempt_set {
    int64_t environment;
    const char *guid; /* of the environment */
    struct vl_exempt_scope *scopes;
    size_t n_scopes;
    struct vl_disable_scope *rules;
    size_t n_rules;
    struct vl_arena *arena; /* lent; holds all texts */
};
VL_MUST_CHECK int vl_exempt_load(struct vl_store_conn *conn, int64_t environment, int64_t now_ms,
    struct vl_arena *arena, struct vl_exempt_set *ret, struct vl_err *err);

/* A place as the table registry_image has it, and the rows of its resources. */
struct vl_exempt_spot {
    struct vl_exempt_place place; /* resources: image, registry, environment */
    const struct vl_posture_assessment *what;
    const char *registry_name;
};
struct vl_posture_assessment;
/* Fills resources, made where they are not there. Texts are lent by the caller. */
VL_MUST_CHECK int vl_exempt_spot_fill(struct vl_store_conn *conn, const struct vl_exempt_set *set,
    const char *registry_kind, struct vl_exempt_spot *spot, struct vl_err *err);

/* Inside of a write: the image's rows anew. *ret_rows grows by the findings looked at. */
VL_MUST_CHECK int vl_exempt_image(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t image,
    int64_t *ret_rows, struct vl_err *err);

/* The images that something can touch; what is NULL asks for nothing. */
struct vl_exempt_reach {
    const char *vulnerability;
    const struct vl_purl *package;
    const char *digest;
};
/* Inside of a write: all of them anew, up to the limits above; *ret_pending: there are more, and a job
 * ("exempt") was added for them. */
VL_MUST_CHECK int vl_exempt_reached(struct vl_store_conn *conn, int64_t environment,
    const struct vl_exempt_reach *reach, bool *ret_pending, struct vl_err *err);
/* An exemption or a rule is active no more: what it took out is anew (one of the two numbers is 0). */
VL_MUST_CHECK int vl_exempt_ended(struct vl_store_conn *conn, int64_t environment, int64_t exemption,
    int64_t rule, bool *ret_pending, struct vl_err *err);

/* All of an environment, by a job. */
VL_MUST_CHECK int vl_exempt_later(struct vl_store_conn *conn, int64_t environment, struct vl_err *err);

/* For the job: images behind `after`, in a write. *ret_last is the last one, 0 where there are no more. */
VL_MUST_CHECK int vl_exempt_batch(
    struct vl_store_conn *conn, int64_t environment, int64_t after, int64_t *ret_last, struct vl_err *err);

#endif
