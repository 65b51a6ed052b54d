#include "posture/repo_score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "store/feed.h"

#define DAY_MS       86400000LL
#define VERDICTS_MAX 64 /* assessments of one resource in one control */

static const struct vl_store_sql sql_controls = {
    "SELECT control, healthy, unhealthy, not_applicable, mitigated, waived, computed FROM score_control "
    "WHERE environment_id = $1",
    NULL};
/* Each place is looked up in an index by SQLite, in a table that is made once by PostgreSQL. */
#define IMAGES(assessed)                                                                                    \
    "SELECT count(*), count(CASE WHEN ri.image_id > 0 AND " assessed " THEN 1 END) FROM registry_image ri " \
    "WHERE ri.environment_id = $1 AND ri.deleted_at = 0 AND ri.is_index = 0"
static const struct vl_store_sql sql_images = {
    IMAGES("EXISTS (SELECT 1 FROM assessment a WHERE +a.environment_id = $1 AND a.image_id = ri.image_id)"),
    IMAGES("ri.image_id IN (SELECT a.image_id FROM assessment a WHERE a.environment_id = $1)")};
static const struct vl_store_sql sql_history = {
    "SELECT day, current, maximum FROM score_day WHERE environment_id = $1 AND control = $2 AND day >= $3 "
    "ORDER BY day LIMIT $4",
    NULL};
static const struct vl_store_sql sql_verdicts = {
    "SELECT a.resource_id, a.key, a.status, a.exempt, r.kind, CASE WHEN a.grace = 1 AND a.due > $2 THEN 1 "
    "ELSE 0 END FROM assessment a JOIN resource r ON r.id = "
    "a.resource_id WHERE a.environment_id = $1 ORDER BY a.resource_id",
    NULL};
static const struct vl_store_sql sql_put = {
    "INSERT INTO score_control (environment_id, control, current, maximum, healthy, unhealthy, "
    "not_applicable, mitigated, waived, computed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (environment_id, control) DO UPDATE SET current = excluded.current, "
    "maximum = excluded.maximum, healthy = excluded.healthy, unhealthy = excluded.unhealthy, "
    "not_applicable = excluded.not_applicable, mitigated = excluded.mitigated, waived = excluded.waived, "
    "computed = excluded.computed",
    NULL};
static const struct vl_store_sql sql_day = {
    "INSERT INTO score_day (environment_id, day, control, current, maximum, healthy, unhealthy, "
    "not_applicable) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (environment_id, day, control) "
    "DO UPDATE SET current = excluded.current, maximum = excluded.maximum, healthy = excluded.healthy, "
    "unhealthy = excluded.unhealthy, not_applicable = excluded.not_applicable",
    NULL};

/* --- reading --- */

static void begin(struct vl_score_state *state)
{
    memset(state, 0, sizeof(*state));
    for (size_t i = 0; i < vl_posture_n_controls && i < VL_SCORE_CONTROLS_MAX; i++)
        state->controls[state->n_controls++].control = &vl_posture_controls[i];
}

static struct vl_score_row *row_of(struct vl_score_state *state, const struct vl_posture_control *control)
{
    for (size_t i = 0; i < state->n_controls; i++) {
        if (state->controls[i].control == control)
            return &state->controls[i];
    }
    return NULL;
}

static void sum(struct vl_score_state *state)
{
    struct vl_score_control controls[VL_SCORE_CONTROLS_MAX];
    for (size_t i = 0; i < state->n_controls; i++) {
        struct vl_score_row *row = &state->controls[i];
        vl_score_control(row->control->maximum, &row->counts, &row->score);
        controls[i] = row->score;
        state->points += row->score.weight > 0 ? row->control->maximum : 0;
    }
    vl_score_sum(controls, state->n_controls, &state->score);
}

int vl_repo_score_images(
    struct vl_store_conn *conn, int64_t environment, struct vl_score_state *state, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_images, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    r = vl_stmt_step(stmt, err);
    if (r > 0) {
        state->images = vl_stmt_get_int(stmt, 0);
        state->images_assessed = vl_stmt_get_int(stmt, 1);
    }
    return r < 0 ? r : 0;
}

const char *vl_score_text(const struct vl_score_state *state, char ret[VL_SCORE_TEXT_MAX])
{
    if (state->score.maximum <= 0)
        (void)snprintf(ret, VL_SCORE_TEXT_MAX, "nothing is assessed; %d of %d points not assessed",
            VL_SCORE_POINTS, VL_SCORE_POINTS);
    else
        (void)snprintf(ret, VL_SCORE_TEXT_MAX, "%.0f %% of the %u points assessed; %u of %d not assessed",
            round(state->score.percentage * 100), state->points, VL_SCORE_POINTS - state->points,
            VL_SCORE_POINTS);
    return ret;
}

int vl_repo_score_history(struct vl_store_conn *conn, int64_t environment, const char *control,
    int64_t from_day, struct vl_arena *arena, struct vl_score_day **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_score_day *list = vl_arena_array(arena, VL_SCORE_DAYS_MAX, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_history, &stmt, err) : vl_arena_failed(arena, "the history", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, control);
    vl_stmt_int(stmt, 3, from_day);
    vl_stmt_int(stmt, 4, VL_SCORE_DAYS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_SCORE_DAYS_MAX)
        list[n++] = (struct vl_score_day){
            vl_stmt_get_int(stmt, 0), vl_stmt_get_double(stmt, 1), vl_stmt_get_double(stmt, 2)};
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

/* --- computing --- */

/* The verdicts of one resource, while its rows go by. */
struct resource {
    int64_t id;
    size_t n;
    struct {
        const struct vl_posture_control *control;
        struct vl_score_verdict verdict;
    } of[VERDICTS_MAX];
};

static void flush(struct vl_score_state *state, struct resource *resource)
{
    for (size_t i = 0; i < state->n_controls && resource->n > 0; i++) {
        struct vl_score_verdict verdicts[VERDICTS_MAX];
        size_t n = 0;
        for (size_t k = 0; k < resource->n; k++) {
            if (resource->of[k].control == state->controls[i].control)
                verdicts[n++] = resource->of[k].verdict;
        }
        if (n > 0)
            vl_score_add(&state->controls[i].counts, verdicts, n);
    }
    resource->n = 0;
}

/* A registry's row is rolled up from its images: it does not count beside them. */
static bool counts(const struct vl_posture_assessment *what, struct vl_span kind)
{
    return what && vl_posture_assessment_scores(what) && vl_span_eq_str(kind, what->kind);
}

static int read_verdicts(struct vl_store_conn *conn, int64_t environment, int64_t now,
    struct vl_score_state *state, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct resource resource = {0};
    int r = vl_stmt_begin(conn, &sql_verdicts, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, now);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_posture_assessment *what = vl_posture_assessment_find(vl_stmt_get_text(stmt, 1));
        if (vl_stmt_get_int(stmt, 0) != resource.id || resource.n == VERDICTS_MAX)
            flush(state, &resource);
        resource.id = vl_stmt_get_int(stmt, 0);
        if (!counts(what, vl_stmt_get_text(stmt, 4)))
            continue;
        resource.of[resource.n].control = what->control;
        resource.of[resource.n].verdict =
            (struct vl_score_verdict){(enum vl_assessment_status)vl_stmt_get_int(stmt, 2),
                (enum vl_exempt)vl_stmt_get_int(stmt, 3), vl_stmt_get_int(stmt, 5) != 0};
        resource.n++;
    }
    flush(state, &resource);
    return r < 0 ? r : 0;
}

/* Of a part of an environment nothing is kept: its verdicts are counted as they stand. */
static int count_part(
    struct vl_store_conn *conn, int64_t environment, struct vl_score_state *ret, struct vl_err *err)
{
    int r = read_verdicts(conn, environment, vl_time_now_ms(), ret, err);
    if (r < 0)
        return r;
    ret->computed = vl_time_now_ms();
    sum(ret);
    return 0;
}

int vl_repo_score_get(
    struct vl_store_conn *conn, int64_t environment, struct vl_score_state *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    begin(ret);
    if (vl_store_is_narrowed(conn))
        return count_part(conn, environment, ret, err);
    int r = vl_stmt_begin(conn, &sql_controls, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_score_row *row = row_of(ret, vl_posture_control_find(vl_stmt_get_text(stmt, 0)));
        if (!row)
            continue;
        row->counts = (struct vl_score_counts){.healthy = (uint64_t)vl_stmt_get_int(stmt, 1),
            .unhealthy = (uint64_t)vl_stmt_get_int(stmt, 2),
            .not_applicable = (uint64_t)vl_stmt_get_int(stmt, 3),
            .mitigated = (uint64_t)vl_stmt_get_int(stmt, 4),
            .waived = (uint64_t)vl_stmt_get_int(stmt, 5)};
        if (vl_stmt_get_int(stmt, 6) > ret->computed)
            ret->computed = vl_stmt_get_int(stmt, 6);
    }
    if (r < 0)
        return r;
    sum(ret);
    return 0;
}

static int put_control(struct vl_store_conn *conn, int64_t environment, const struct vl_score_row *row,
    int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, row->control->guid);
    vl_stmt_double(stmt, 3, row->score.current);
    vl_stmt_double(stmt, 4, row->score.maximum);
    vl_stmt_int(stmt, 5, (int64_t)row->counts.healthy);
    vl_stmt_int(stmt, 6, (int64_t)row->counts.unhealthy);
    vl_stmt_int(stmt, 7, (int64_t)row->counts.not_applicable);
    vl_stmt_int(stmt, 8, (int64_t)row->counts.mitigated);
    vl_stmt_int(stmt, 9, (int64_t)row->counts.waived);
    vl_stmt_int(stmt, 10, now);
    return vl_stmt_run(stmt, NULL, err);
}

static int put_day(struct vl_store_conn *conn, int64_t environment, int64_t day, const char *control,
    double current, double maximum, const struct vl_score_counts *counted, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_day, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, day);
    vl_stmt_str(stmt, 3, control);
    vl_stmt_double(stmt, 4, current);
    vl_stmt_double(stmt, 5, maximum);
    vl_stmt_int(stmt, 6, (int64_t)counted->healthy);
    vl_stmt_int(stmt, 7, (int64_t)counted->unhealthy);
    vl_stmt_int(stmt, 8, (int64_t)counted->not_applicable);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_score_compute(struct vl_store_conn *conn, int64_t environment, int64_t now, struct vl_err *err)
{
    struct vl_score_state state;
    struct vl_score_counts all = {0};
    begin(&state);
    int r = read_verdicts(conn, environment, vl_time_now_ms(), &state, err);
    sum(&state);
    for (size_t i = 0; i < state.n_controls && r >= 0; i++) {
        const struct vl_score_row *row = &state.controls[i];
        all.healthy += row->counts.healthy;
        all.unhealthy += row->counts.unhealthy;
        all.not_applicable += row->counts.not_applicable;
        r = put_control(conn, environment, row, now, err);
        if (r >= 0)
            r = put_day(conn, environment, now / DAY_MS, row->control->guid, row->score.current,
                row->score.maximum, &row->counts, err);
    }
    if (r >= 0)
        r = put_day(conn, environment, now / DAY_MS, "", state.score.current, state.score.maximum, &all, err);
    return r < 0 ? r : vl_feed_add(conn, environment, "score", "", err);
}
