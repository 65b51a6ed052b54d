/* Jobs "score" (assessments and scores anew: posture/posture.h) and "exempt" (what a change of exemptions
 * touches beyond one write) and "expire" (what ends by itself); and the day's score of every environment. */
#include "posture/job_score.h"

#include <string.h>

#include "base/time.h"
#include "inventory/repo_environment.h"
#include "posture/posture.h"
#include "posture/repo_assess.h"
#include "posture/repo_exempt.h"
#include "posture/repo_expire.h"

#define DIGEST_MAX 256

struct step {
    struct vl_job_run *run;
    int64_t environment, began, after, last;
    int64_t sum; /* 1: only what lies above the images */
    char digest[DIGEST_MAX + 1];
};

static int read_payload(struct vl_job_run *run, struct step *ret, struct vl_err *err)
{
    struct vl_span digest = vl_doc_get_str(run->payload, "digest");
    *ret = (struct step){.run = run, .began = vl_time_now_ms()};
    if (!vl_doc_int(vl_doc_get(run->payload, "environment"), &ret->environment) || digest.len > DIGEST_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "the job names no environment, or no digest");
    (void)vl_doc_int(vl_doc_get(run->payload, "sum"), &ret->sum);
    if (digest.len)
        memcpy(ret->digest, digest.ptr, digest.len);
    return 0;
}

/* An environment that has gone has no score. */
static int unless_gone(struct vl_store_conn *conn, struct step *s, int r, struct vl_err *err)
{
    if (r >= 0 || err->code != VL_ERR_NOT_FOUND)
        return r;
    vl_err_clear(err);
    s->last = 0;
    return s->run->done ? 0 : vl_job_done(conn, s->run, err);
}

static int digest_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct step *s = user;
    int r = vl_assess_digest(conn, s->environment, s->digest, s->began, err);
    if (r >= 0)
        r = vl_posture_touch_sum(conn, s->environment, err);
    if (r < 0)
        return unless_gone(conn, s, r, err);
    return vl_job_done(conn, s->run, err);
}

static int sum_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct step *s = user;
    int r = vl_assess_sum(conn, s->environment, s->began, err);
    if (r < 0)
        return unless_gone(conn, s, r, err);
    return vl_job_done(conn, s->run, err);
}

static int step_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct step *s = user;
    return unless_gone(conn, s, vl_assess_step(conn, s->environment, s->began, s->after, &s->last, err), err);
}

static int end_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct step *s = user;
    int r = vl_assess_end(conn, s->environment, s->began, err);
    if (r < 0)
        return unless_gone(conn, s, r, err);
    return vl_job_done(conn, s->run, err);
}

static int stopped(struct vl_job_run *run, struct vl_err *err)
{
    return vl_job_stopping(run) ? vl_err_set(err, VL_ERR_CONFLICT, "stopped") : 0;
}

int vl_job_score(struct vl_job_run *run, struct vl_err *err)
{
    struct step s;
    int r = read_payload(run, &s, err);
    if (r < 0)
        return r;
    if (s.digest[0])
        return vl_job_write(run, digest_write, &s, err);
    if (s.sum)
        return vl_job_write(run, sum_write, &s, err);
    do {
        s.after = s.last;
        s.last = 0;
        r = vl_job_write(run, step_write, &s, err);
        if (r >= 0)
            r = stopped(run, err);
    } while (r >= 0 && s.last > 0 && !run->done);
    return r < 0 || run->done ? r : vl_job_write(run, end_write, &s, err);
}

static int exempt_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct step *s = user;
    int r = vl_exempt_batch(conn, s->environment, s->after, &s->last, err);
    if (r >= 0 && s->last == 0) {
        r = vl_posture_touch(conn, s->environment, NULL, err);
        if (r >= 0)
            r = vl_job_done(conn, s->run, err);
    }
    return unless_gone(conn, s, r, err);
}

int vl_job_exempt(struct vl_job_run *run, struct vl_err *err)
{
    struct step s;
    int r = read_payload(run, &s, err);
    do {
        s.after = s.last;
        s.last = 0;
        if (r >= 0)
            r = vl_job_write(run, exempt_write, &s, err);
        if (r >= 0 && !run->done)
            r = stopped(run, err);
    } while (r >= 0 && s.last > 0);
    return r;
}

static int touch_all(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(4UL * 1024 * 1024);
    struct vl_environment *list = NULL;
    size_t n = 0;
    (void)user;
    int r = arena ? vl_repo_environment_list(conn, arena, &list, &n, err) : vl_err_nomem(err);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = vl_posture_touch(conn, list[i].id, NULL, err);
    return r;
}

int vl_round_score(struct vl_server_app *app, struct vl_err *err)
{
    return vl_store_write(app->store, touch_all, NULL, err);
}

/* --- what ends by itself --- */

struct ending {
    struct vl_job_run *run;
    int64_t n;
};

static int expire_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct ending *e = user;
    int r = vl_repo_expire(conn, vl_time_now_ms(), &e->n, err);
    return r < 0 || e->n > 0 ? r : vl_job_done(conn, e->run, err);
}

int vl_job_expire(struct vl_job_run *run, struct vl_err *err)
{
    struct ending e = {.run = run};
    int r;
    do {
        r = vl_job_write(run, expire_write, &e, err);
        if (r >= 0 && !run->done)
            r = stopped(run, err);
    } while (r >= 0 && !run->done);
    return r;
}

static int add_expire(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_job_add(conn, "expire", "", "", VL_PRIORITY_DERIVED, 0, VL_SPAN_LIT("{}"), err);
}

int vl_round_expire(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t due = 0;
    int r = vl_store_read(app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_expire_due(conn, vl_time_now_ms(), &due, err);
    vl_store_read_done(conn);
    conn = NULL;
    return r < 0 || due == 0 ? r : vl_store_write(app->store, add_expire, NULL, err);
}
