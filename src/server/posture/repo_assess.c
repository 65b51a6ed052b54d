#include "posture/repo_assess.h"

#include <string.h>

#include "base/time.h"
#include "inventory/repo_plan.h"
#include "posture/image_verdict.h"
#include "posture/posture.h"
#include "posture/repo_assessment.h"
#include "posture/repo_exempt.h"
#include "posture/repo_governance.h"
#include "posture/repo_score.h"
#include "posture/repo_task.h"

#define SET_MAX     (64UL * 1024 * 1024)
#define SCRATCH_MAX (1024UL * 1024)

/* deleted or not scanned: they are read to be taken away */
#define PLACE_COLUMNS                                                                                       \
    "SELECT ri.id, ri.registry_id, r.name, r.kind, ri.repository, ri.digest, ri.image_id, "                 \
    "CASE WHEN ri.completed_at > 0 AND ri.fetched_at > 0 AND ri.is_index = 0 THEN 1 ELSE 0 END, "           \
    "ri.deleted_at, i.assessed, i.why_not FROM registry_image ri JOIN registry r ON r.id = ri.registry_id " \
    "JOIN image i ON i.id = ri.image_id "

static const struct vl_store_sql sql_step = {
    PLACE_COLUMNS "WHERE +ri.environment_id = $1 AND ri.id > $2 ORDER BY ri.id LIMIT $3", NULL};
static const struct vl_store_sql sql_digest = {
    PLACE_COLUMNS "WHERE +ri.environment_id = $1 AND i.digest = $2", NULL};
static const struct vl_store_sql sql_open = {
    "SELECT count(*) FROM finding WHERE image_id = $1 AND status = 0", NULL};
static const struct vl_store_sql sql_taken = {
    "SELECT count(CASE WHEN e.category = 1 THEN 1 END), count(CASE WHEN e.category = 2 THEN 1 END), count(*) "
    "FROM finding_exempt x JOIN finding f ON f.image_id = x.image_id AND f.match_id = x.match_id AND "
    "f.status = 0 LEFT JOIN exemption e ON e.id = x.exemption_id WHERE x.environment_id = $1 AND x.image_id "
    "= $2",
    NULL};
static const struct vl_store_sql sql_registries = {
    "SELECT id, name FROM registry WHERE environment_id = $1 AND (id = $2 OR $2 = 0) ORDER BY id", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM (SELECT 1 FROM registry_image WHERE environment_id = $1 LIMIT $2) AS few", NULL};

/* --- one place --- */

struct place {
    int64_t image;
    const char *kind; /* of the registry */
    bool scanned, deleted;
    enum vl_assessed assessed;
    const char *why_not;
    struct vl_exempt_spot spot;
};

static int count_findings(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t image,
    struct vl_image_facts *facts, struct vl_err *err)
{
    struct vl_stmt *open VL_CLEANUP(vl_stmt_cleanup) = NULL, *taken VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_open, &open, err);
    if (r < 0)
        return r;
    vl_stmt_int(open, 1, image);
    r = vl_stmt_step(open, err);
    if (r <= 0)
        return r;
    facts->open = (uint64_t)vl_stmt_get_int(open, 0);
    if (facts->open == 0)
        return 0;
    r = vl_stmt_begin(conn, &sql_taken, &taken, err);
    if (r < 0)
        return r;
    vl_stmt_int(taken, 1, set->environment);
    vl_stmt_int(taken, 2, image);
    r = vl_stmt_step(taken, err);
    if (r <= 0)
        return r;
    facts->waived = (uint64_t)vl_stmt_get_int(taken, 0);
    facts->mitigated = (uint64_t)vl_stmt_get_int(taken, 1);
    uint64_t all = (uint64_t)vl_stmt_get_int(taken, 2);
    facts->open -= all < facts->open ? all : facts->open;
    return 0;
}

/* The first exemption that takes the whole resource out; NULL: none does. */
static const struct vl_exempt_scope *whole(
    const struct vl_exempt_set *set, const struct vl_exempt_place *place)
{
    for (size_t i = 0; i < set->n_scopes; i++) {
        if (!vl_exempt_of_findings(&set->scopes[i]) && vl_exempt_in_place(&set->scopes[i], place))
            return &set->scopes[i];
    }
    return NULL;
}

static int assess(struct vl_store_conn *conn, const struct vl_exempt_set *set, struct place *place,
    int64_t now, struct vl_err *err)
{
    struct vl_image_facts facts = {
        .scanned = place->scanned, .assessed = place->assessed, .why_not = place->why_not};
    struct vl_image_verdict verdict;
    int r = vl_exempt_spot_fill(conn, set, place->kind, &place->spot, err);
    if (r < 0)
        return r;
    int64_t resource = place->spot.place.resources[0];
    if (place->deleted || !place->scanned)
        return vl_repo_assessment_remove(conn, set->environment, resource, place->deleted, err);
    r = count_findings(conn, set, place->image, &facts, err);
    if (r < 0)
        return r;
    const struct vl_exempt_scope *scope = whole(set, &place->spot.place);
    facts.whole = scope ? (enum vl_exempt)scope->category : VL_EXEMPT_NONE;
    if (!vl_posture_image_verdict(&facts, &verdict))
        return 0;
    const struct vl_assessment_row row = {.key = place->spot.what->key,
        .resource = resource,
        .registry = place->spot.place.registry,
        .image = place->image,
        .status = verdict.status,
        .exempt = verdict.exempt,
        .exemption = scope ? scope->id : 0,
        .cause = verdict.cause,
        .description = verdict.description,
        .findings = (int64_t)facts.open,
        .now = now};
    return vl_repo_assessment_put(conn, set->environment, &row, err);
}

static void take(const struct vl_stmt *stmt, struct vl_arena *scratch, struct place *place)
{
    memset(place, 0, sizeof(*place));
    place->spot.place.registry = vl_stmt_get_int(stmt, 1);
    place->spot.registry_name = vl_stmt_copy(stmt, 2, scratch);
    place->kind = vl_stmt_copy(stmt, 3, scratch);
    place->spot.place.repository = vl_stmt_copy(stmt, 4, scratch);
    place->spot.place.digest = vl_stmt_copy(stmt, 5, scratch);
    place->image = vl_stmt_get_int(stmt, 6);
    place->scanned = vl_stmt_get_int(stmt, 7) != 0;
    place->deleted = vl_stmt_get_int(stmt, 8) > 0;
    place->assessed = (enum vl_assessed)vl_stmt_get_int(stmt, 9);
    place->why_not = vl_stmt_copy(stmt, 10, scratch);
}

/* Each row of the statement; *ret_last is the id of the last. `registries` gets those that were met. */
static int assess_rows(struct vl_store_conn *conn, const struct vl_exempt_set *set, struct vl_stmt *stmt,
    int64_t now, int64_t *ret_last, struct vl_err *err)
{
    struct vl_arena *scratch VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SCRATCH_MAX);
    int64_t rows = 0;
    int r;
    if (!scratch)
        return vl_err_nomem(err);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct place place;
        vl_arena_reset(scratch);
        take(stmt, scratch, &place);
        *ret_last = vl_stmt_get_int(stmt, 0);
        r = vl_arena_check(scratch, "an image's place", err);
        if (r >= 0 && place.scanned && !place.deleted)
            r = vl_exempt_image(conn, set, place.image, &rows, err);
        if (r >= 0)
            r = assess(conn, set, &place, now, err);
        if (r < 0)
            return r;
    }
    return r;
}

/* --- what lies above images --- */

static int roll_up(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t registry, int64_t now,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_registries, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, set->environment);
    vl_stmt_int(stmt, 2, registry);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_resource_id id;
        int64_t resource = 0;
        const char *name = vl_stmt_copy(stmt, 1, set->arena);
        r = vl_arena_check(set->arena, "the registries", err);
        if (r < 0)
            return r;
        vl_resource_registry(set->guid, name, &id);
        r = vl_repo_resource_put(conn, set->environment, &id, name, &resource, err);
        if (r >= 0)
            r = vl_repo_assessment_roll_up(
                conn, set->environment, vl_stmt_get_int(stmt, 0), resource, now, err);
        if (r < 0)
            return r;
    }
    return r;
}

/* "Microsoft Defender for Containers should be enabled". */
static int assess_plan(
    struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t now, struct vl_err *err)
{
    const struct vl_posture_assessment *what = vl_posture_assessment_of_plan();
    struct vl_exempt_place place = {.key = what->key, .digest = "", .repository = ""};
    struct vl_resource_id id;
    bool on = false;
    vl_resource_environment(set->guid, &id);
    int r = vl_repo_resource_put(conn, set->environment, &id, set->guid, &place.resources[0], err);
    if (r >= 0)
        r = vl_repo_plan_enabled(conn, set->environment, VL_PLAN_CONTAINERS, &on, err);
    if (r < 0)
        return r;
    const struct vl_exempt_scope *scope = whole(set, &place);
    struct vl_assessment_row row = {.key = what->key,
        .resource = place.resources[0],
        .status = on ? VL_ASSESSMENT_HEALTHY : VL_ASSESSMENT_UNHEALTHY,
        .now = now};
    if (scope) {
        row.exempt = (enum vl_exempt)scope->category;
        row.exemption = scope->id;
        row.cause = VL_CAUSE_EXEMPT;
        row.status =
            scope->category == VL_EXEMPT_WAIVER ? VL_ASSESSMENT_NOT_APPLICABLE : VL_ASSESSMENT_HEALTHY;
    }
    return vl_repo_assessment_put(conn, set->environment, &row, err);
}

/* --- from outside --- */

static int begin(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    const struct vl_store_sql *sql, struct vl_exempt_set *ret_set, struct vl_stmt **ret_stmt,
    struct vl_err *err)
{
    int r =
        arena ? vl_exempt_load(conn, environment, vl_time_now_ms(), arena, ret_set, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_stmt_begin(conn, sql, ret_stmt, err);
    if (r >= 0)
        vl_stmt_int(*ret_stmt, 1, environment);
    return r;
}

int vl_assess_digest(
    struct vl_store_conn *conn, int64_t environment, const char *digest, int64_t now_ms, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SET_MAX);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_exempt_set set;
    int64_t last = 0;
    int r = begin(conn, environment, arena, &sql_digest, &set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 2, digest);
    return assess_rows(conn, &set, stmt, now_ms, &last, err);
}

int vl_assess_step(struct vl_store_conn *conn, int64_t environment, int64_t began, int64_t after,
    int64_t *ret_last, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SET_MAX);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_exempt_set set;
    int64_t last = 0;
    int r = begin(conn, environment, arena, &sql_step, &set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 2, after);
    vl_stmt_int(stmt, 3, VL_ASSESS_BATCH);
    r = assess_rows(conn, &set, stmt, began, &last, err);
    if (r >= 0)
        *ret_last = last;
    return r;
}

static int sum_up(
    struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t now_ms, struct vl_err *err)
{
    int r = roll_up(conn, set, 0, now_ms, err);
    if (r >= 0)
        r = assess_plan(conn, set, now_ms, err);
    if (r >= 0)
        r = vl_repo_task_settle(conn, set->environment, vl_time_now_ms(), err);
    if (r >= 0)
        r = vl_repo_govern(conn, set->environment, vl_time_now_ms(), err);
    return r < 0 ? r : vl_repo_score_compute(conn, set->environment, vl_time_now_ms(), err);
}

int vl_assess_sum(struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SET_MAX);
    struct vl_exempt_set set;
    int r = arena ? vl_exempt_load(conn, environment, vl_time_now_ms(), arena, &set, err) : vl_err_nomem(err);
    return r < 0 ? r : sum_up(conn, &set, now_ms, err);
}

int vl_assess_end(struct vl_store_conn *conn, int64_t environment, int64_t began, struct vl_err *err)
{
    int r = vl_repo_assessment_sweep(conn, environment, began, err);
    return r < 0 ? r : vl_assess_sum(conn, environment, began, err);
}

int vl_assess_soon(struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t count = 0, last = 0, after = 0;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_ASSESS_AT_ONCE + 1);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        count = vl_stmt_get_int(stmt, 0);
    if (r >= 0 && count > VL_ASSESS_AT_ONCE)
        return vl_posture_touch(conn, environment, NULL, err);
    do {
        after = last;
        last = 0;
        if (r >= 0)
            r = vl_assess_step(conn, environment, now_ms, after, &last, err);
    } while (r >= 0 && last > 0);
    return r < 0 ? r : vl_assess_end(conn, environment, now_ms, err);
}
