/* SQL of assessments: what holds for which resource. Both faces of the API read here.
 *
 * An image in a repository is a resource of its own; the row of its registry is rolled up from its images
 * (unhealthy where one is) and is not counted in scores and sums. An image that was not scanned yet has no
 * row: it is not assessed. */
#ifndef VL_SERVER_REPO_ASSESSMENT_H
#define VL_SERVER_REPO_ASSESSMENT_H

#include "posture/catalogue.h"
#include "posture/repo_resource.h"
#include "posture/score.h"

/* Texts in the arena that was given. */
struct vl_assessment {
    const struct vl_posture_assessment *what;
    int64_t resource;
    const char *arm_id, *kind, *name; /* of the resource */
    enum vl_assessment_status status;
    enum vl_exempt exempt;
    const char *cause;                 /* "Exempt", "NoAdvisoryData", "PartiallyAssessed"; or NULL */
    const char *description;           /* or NULL */
    int64_t first, changed, evaluated; /* ms */
    int64_t findings;                  /* open ones */
    const char *owner;                 /* who is to mend it, or NULL */
    int64_t assigned, due;             /* ms; 0: it was given to nobody */
    bool grace;                        /* until it is due it costs nothing */
};

/* What is empty asks for nothing. Order: key, resource. */
struct vl_assessment_filter {
    const char *key;
    int64_t resource;       /* 0: any */
    const char *kind;       /* of resources */
    int64_t status;         /* 0: any */
    const char *after_key;  /* behind this one … */
    int64_t after_resource; /* … of it */
    int64_t limit;
};
VL_MUST_CHECK int vl_repo_assessment_list(struct vl_store_conn *conn, int64_t environment,
    const struct vl_assessment_filter *filter, struct vl_arena *arena, struct vl_assessment **ret,
    size_t *ret_n, struct vl_err *err);
/* How many the filter finds, at most `limit`. */
VL_MUST_CHECK int vl_repo_assessment_count(struct vl_store_conn *conn, int64_t environment,
    const struct vl_assessment_filter *filter, int64_t *ret, struct vl_err *err);
/* Of a resource: 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_assessment_get(struct vl_store_conn *conn, int64_t environment, const char *key,
    int64_t resource, struct vl_arena *arena, struct vl_assessment *ret, struct vl_err *err);

struct vl_assessment_sums {
    struct vl_score_counts counts; /* mitigated ones stand apart from healthy ones */
    int64_t findings;              /* open ones */
    int64_t kev, fixable;          /* unhealthy images with an exploited, with a fixable finding, exempt ones
                                      among them */
    int64_t assigned, overdue, grace, next_due; /* unhealthy ones with an owner; after their day; in their
                                                   grace period (which costs nothing); the next day, or 0 */
    double epss; /* largest of the environment's open findings, as last summed up (findings/repo_summary.h);
                    < 0: none known */
};
/* Of one assessment, over the resources that it is made for (no roll-ups). */
VL_MUST_CHECK int vl_repo_assessment_sums(struct vl_store_conn *conn, int64_t environment,
    const struct vl_posture_assessment *what, struct vl_assessment_sums *ret, struct vl_err *err);

/* --- writing --- */

struct vl_assessment_row {
    const char *key;
    int64_t resource, registry, image; /* the last two of an image, else 0 */
    enum vl_assessment_status status;
    enum vl_exempt exempt;
    int64_t exemption; /* of the whole resource; 0: none */
    const char *cause, *description;
    int64_t findings, now;
};
VL_MUST_CHECK int vl_repo_assessment_put(
    struct vl_store_conn *conn, int64_t environment, const struct vl_assessment_row *row, struct vl_err *err);
/* Of a resource, all of them; the resource is gone where `gone`. */
VL_MUST_CHECK int vl_repo_assessment_remove(
    struct vl_store_conn *conn, int64_t environment, int64_t resource, bool gone, struct vl_err *err);
/* Rolled up anew: the row of one registry. `id` and `name` of the registry, `resource` its row. */
VL_MUST_CHECK int vl_repo_assessment_roll_up(struct vl_store_conn *conn, int64_t environment,
    int64_t registry, int64_t resource, int64_t now, struct vl_err *err);
/* What the pass that began at `before` did not come by: images and registries that are there no more. */
VL_MUST_CHECK int vl_repo_assessment_sweep(
    struct vl_store_conn *conn, int64_t environment, int64_t before, struct vl_err *err);

#endif
