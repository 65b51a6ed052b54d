#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "inventory/repo_environment.h"
#include "respond/digest.h"
#include "respond/mail_settings.h"
#include "respond/notify.h"

#define SETTING   "digest" /* {"at":ms} of the last one */
#define ARENA_MAX (16UL * 1024 * 1024)

struct due {
    int64_t environment, now;
    const struct vl_notify_event *event; /* NULL: nothing to say */
};

/* Sent once: the event and the time of the next one are one write. */
static int tell_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct due *d = user;
    char value[48];
    (void)snprintf(value, sizeof(value), "{\"at\":%lld}", (long long)d->now);
    int r = d->event ? vl_notify(conn, d->environment, d->event, err) : 0;
    return r < 0 ? r : vl_repo_setting_set(conn, d->environment, SETTING, vl_span_str(value), err);
}

/* 1 with the time of the last one, 0: there was none yet. */
static int last_of(
    struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena, int64_t *ret, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    const char *text = NULL;
    int r = vl_repo_setting_get(conn, environment, SETTING, arena, &text, err);
    if (r <= 0)
        return r;
    r = vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "setting digest", &doc, err);
    if (r < 0)
        return r;
    return vl_doc_int(vl_doc_get(vl_doc_root(doc), "at"), ret);
}

static int one(struct vl_job_run *run, int64_t environment, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_notify_event event;
    struct due d = {.environment = environment, .now = vl_time_now_ms()};
    int64_t last = 0;
    {
        struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
        int r = vl_store_read(run->app->store, &conn, err);
        if (r >= 0)
            r = last_of(conn, environment, arena, &last, err);
        if (r < 0 || (r > 0 && d.now - last < VL_DIGEST_EVERY_MS))
            return r < 0 ? r : 0;
        if (r > 0)
            r = vl_digest_make(conn, environment, last, d.now, arena, &event, err);
        if (r < 0)
            return r;
        d.event = r > 0 ? &event : NULL;
    }
    return vl_job_write(run, tell_write, &d, err);
}

static int done_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_job_done(conn, user, err);
}

int vl_job_digest(struct vl_job_run *run, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_environment *list = NULL;
    size_t n = 0;
    if (!arena)
        return vl_err_nomem(err);
    {
        struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
        int r = vl_store_read(run->app->store, &conn, err);
        if (r >= 0)
            r = vl_repo_environment_list(conn, run->arena, &list, &n, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < n; i++) {
        vl_arena_reset(arena);
        int r = vl_job_stopping(run) ? vl_err_set(err, VL_ERR_UNREACHABLE, "the program stops")
                                     : one(run, list[i].id, arena, err);
        if (r < 0)
            return r;
    }
    return vl_job_write(run, done_write, run, err);
}

static int round_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_job_add(
        conn, "digest", "weekly", "", VL_PRIORITY_PERIODIC, vl_time_now_ms(), VL_SPAN_LIT("{}"), err);
}

int vl_round_digest(struct vl_server_app *app, struct vl_err *err)
{
    return vl_store_write(app->store, round_write, NULL, err);
}
