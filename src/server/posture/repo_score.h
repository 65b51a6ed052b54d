/* SQL of the secure score: as it is now, and day by day. Both faces of the API read here. */
#ifndef VL_SERVER_REPO_SCORE_H
#define VL_SERVER_REPO_SCORE_H

#include "base/arena.h"
#include "posture/catalogue.h"
#include "posture/score.h"
#include "store/store.h"

#define VL_SCORE_CONTROLS_MAX 32
#define VL_SCORE_DAYS_MAX     3650
#define VL_SCORE_TEXT_MAX     160

/* All controls of the catalogue, in its order; those on which nothing is assessed have no weight. */
struct vl_score_state {
    int64_t computed; /* ms; 0: never yet */
    struct vl_score score;
    unsigned points; /* of VL_SCORE_POINTS: maxima of the controls that are assessed */
    struct vl_score_row {
        const struct vl_posture_control *control;
        struct vl_score_counts counts;
        struct vl_score_control score;
    } controls[VL_SCORE_CONTROLS_MAX];
    size_t n_controls;
    int64_t images, images_assessed; /* vl_repo_score_images(); else 0 */
};
VL_MUST_CHECK int vl_repo_score_get(
    struct vl_store_conn *conn, int64_t environment, struct vl_score_state *ret, struct vl_err *err);
/* Images that the environment sees, and those with a verdict: a pass over all of them. */
VL_MUST_CHECK int vl_repo_score_images(
    struct vl_store_conn *conn, int64_t environment, struct vl_score_state *state, struct vl_err *err);

/* What the score rests on: "41 % of the 6 points assessed; 52 of 58 not assessed". */
const char *vl_score_text(const struct vl_score_state *state, char ret[VL_SCORE_TEXT_MAX]);

struct vl_score_day {
    int64_t day; /* since 1970 */
    double current, maximum;
};
/* The last score of each day from `from_day` on, oldest first. `control`: GUID, or "" for the whole. */
VL_MUST_CHECK int vl_repo_score_history(struct vl_store_conn *conn, int64_t environment, const char *control,
    int64_t from_day, struct vl_arena *arena, struct vl_score_day **ret, size_t *ret_n, struct vl_err *err);

/* Inside of a write: from the assessments that stand now. Adds to the feed (topic "score"). */
VL_MUST_CHECK int vl_repo_score_compute(
    struct vl_store_conn *conn, int64_t environment, int64_t now, struct vl_err *err);

#endif
