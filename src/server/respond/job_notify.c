#include "respond/job_notify.h"

#include <string.h>

#include "base/time.h"
#include "inventory/repo_environment.h"
#include "respond/deliver.h"
#include "respond/repo_channel.h"
#include "respond/repo_delivery.h"
#include "store/feed.h"

#define CHANNELS_MAX  10000
#define MESSAGE_ARENA (8UL * 1024 * 1024)
#define ERROR_SHOWN   500

/* One run over one channel. */
struct run {
    struct vl_job_run *job;
    struct vl_channel channel;
    struct vl_environment environment;
    const char *base_url;
    int64_t id; /* of the channel */
};

/* One message of it. */
struct message {
    struct run *run;
    struct vl_arena *arena;
    struct vl_outbox row;
    struct vl_mail_held *held;
    size_t n_held;
    uint64_t total_held;
    int64_t now;
    bool found, allowed;
    /* how it ended */
    enum vl_outbox_state state;
    int64_t next_try;
    const char *error;
    bool peer_gone; /* the rest need not be tried now */
};

static int load(struct run *t, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(t->job->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_channel_get(conn, 0, t->id, t->job->arena, &t->channel, err);
    if (r > 0)
        r = vl_repo_environment_get(conn, t->channel.environment, t->job->arena, &t->environment, err);
    return r;
}

/* --- one message --- */

static int claim_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct message *m = user;
    vl_arena_reset(m->arena); /* it may run again */
    m->now = vl_time_now_ms();
    int r = vl_repo_outbox_claim(conn, m->run->id, m->now, m->arena, &m->row, err);
    m->found = r > 0;
    if (r <= 0)
        return r;
    r = vl_repo_mail_allowed(conn, &m->row, m->now, &m->allowed, err);
    if (r >= 0 && !m->allowed)
        return vl_repo_outbox_finish(conn, &m->row, VL_OUTBOX_HELD, 0, "over the limit of mails a day", err);
    if (r >= 0 && m->row.address[0])
        r = vl_repo_mail_held(conn, &m->row, m->arena, &m->held, &m->n_held, &m->total_held, err);
    return r;
}

static int64_t pause_after(int64_t attempts)
{
    int64_t pause = VL_OUTBOX_PAUSE_MS;
    for (int64_t i = 1; i < attempts && i < VL_OUTBOX_TRIES; i++)
        pause *= 2;
    return pause;
}

static void failed(struct message *m, const struct vl_err *why)
{
    m->error = vl_arena_printf(m->arena, "%.*s", ERROR_SHOWN, why->msg);
    m->state = m->row.attempts >= VL_OUTBOX_TRIES ? VL_OUTBOX_DEAD : VL_OUTBOX_WAITING;
    m->next_try = vl_time_now_ms() + pause_after(m->row.attempts);
    m->peer_gone = why->err != -EAGAIN &&
                   (why->code == VL_ERR_UNREACHABLE || why->code == VL_ERR_AUTH || why->code == VL_ERR_USAGE);
}

static int send_it(struct message *m, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_notify_event event;
    const char *said = NULL;
    int r = vl_doc_parse(vl_span_str(m->row.body), VL_DOC_JSON, "a message", &doc, err);
    if (r >= 0)
        r = vl_notify_event_read(vl_doc_root(doc), m->arena, &event, err);
    if (r < 0)
        return r;
    event.id = vl_arena_printf(m->arena, "%s-%lld", m->run->environment.guid, (long long)m->row.id);
    event.environment = m->run->environment.name;
    event.environment_id = m->run->environment.guid;
    event.base_url = m->run->base_url;
    const struct vl_delivery delivery = {.app = m->run->job->app,
        .channel = &m->run->channel,
        .event = &event,
        .address = m->row.address,
        .held = m->held,
        .n_held = m->n_held,
        .total_held = m->total_held};
    r = vl_arena_check(m->arena, "a message", err);
    return r < 0 ? r : vl_deliver(&delivery, m->arena, &said, err);
}

static int result_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct message *m = user;
    int r = vl_repo_outbox_finish(conn, &m->row, m->state, m->next_try, m->error, err);
    if (r >= 0 && m->state == VL_OUTBOX_DELIVERED && m->total_held > 0)
        r = vl_repo_mail_named(conn, &m->row, m->now, err);
    if (r >= 0 && m->peer_gone)
        r = vl_repo_outbox_postpone(conn, m->run->id, vl_time_now_ms(), m->next_try, m->error, err);
    return r < 0 ? r : vl_repo_channel_result(conn, &m->run->channel, m->error, err);
}

/* 1: go on with the next, 0: nothing is due, or the peer is not there. */
static int one(struct run *t, struct vl_arena *arena, struct vl_err *err)
{
    struct message m = {.run = t, .arena = arena};
    struct vl_err why = VL_ERR_INIT;
    int r = vl_job_write(t->job, claim_write, &m, err);
    if (r < 0 || !m.found)
        return r < 0 ? r : 0;
    if (!m.allowed)
        return 1;
    m.state = VL_OUTBOX_DELIVERED;
    if (send_it(&m, &why) < 0)
        failed(&m, &why);
    r = vl_job_write(t->job, result_write, &m, err);
    return r < 0 ? r : !m.peer_gone;
}

/* --- the job --- */

static int end_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct run *t = user;
    int64_t next = 0;
    int r = vl_repo_outbox_next(conn, t->id, &next, err);
    if (r > 0)
        r = vl_outbox_job(conn, t->id, next, err);
    return r < 0 ? r : vl_job_done(conn, t->job, err);
}

int vl_job_notify(struct vl_job_run *run, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(MESSAGE_ARENA);
    struct run t = {.job = run, .base_url = vl_deliver_base_url(run->app, run->arena)};
    if (!arena)
        return vl_err_nomem(err);
    if (!vl_doc_int(vl_doc_get(run->payload, "channel"), &t.id))
        return vl_err_set(err, VL_ERR_INVALID, "a job \"notify\" names its channel");
    int r = load(&t, err);
    bool there = r > 0 && t.channel.enabled; /* a channel that is switched off keeps what waits */
    for (int i = 0; r > 0 && there && i < VL_NOTIFY_BATCH && !vl_job_stopping(run); i++)
        r = one(&t, arena, err);
    if (r < 0)
        return r;
    if (there)
        return vl_job_write(run, end_write, &t, err);
    t.id = 0;
    return vl_job_write(run, end_write, &t, err);
}

static int round_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int64_t *channels = user, now = vl_time_now_ms(), next = now;
    size_t n = 0;
    int r = vl_repo_outbox_waiting(conn, channels, CHANNELS_MAX, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        r = vl_repo_outbox_next(conn, channels[i], &next, err);
        if (r > 0)
            r = vl_outbox_job(conn, channels[i], next, err);
    }
    return r < 0 ? r : vl_repo_outbox_trim(conn, now, err);
}

int vl_round_notify(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(CHANNELS_MAX * sizeof(int64_t) + 4096);
    int64_t *channels = arena ? vl_arena_array(arena, CHANNELS_MAX, sizeof(*channels)) : NULL;
    return channels ? vl_store_write(app->store, round_write, channels, err) : vl_err_nomem(err);
}
