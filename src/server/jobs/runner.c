#include "jobs/runner.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "disk.h"
#include "jobs/handlers.h"
#include "log.h"
#include "net/crypt.h"
#include "store/feed.h"

#define WORKERS_MAX   64
#define KINDS_MAX     64
#define ROUNDS_MAX    32
#define GROUP_MAX     2     /* running jobs of a group that names no number of its own */
#define SLICE_MS      250   /* a wait ends at least so often to look whether to stop */
#define POLL_MS       5000  /* the queue is looked at so often, whatever the feed says */
#define LOOK_MS       10    /* between two looks that found nothing, at least */
#define BUSY_MS       50    /* the writer is busy: again after so long */
#define ERROR_MS      1000  /* the database does not answer: again after so long */
#define LEADER_MS     60000 /* leadership of the rounds lasts so long without renewal */
#define ROUND_FAIL_MS 60000 /* a round that failed comes again after so long */
#define PROBE_MS      2000  /* while the database's disk is full, a small write is tried so often */
#define NAME_TEXT     17    /* of this process among others, with its NUL */

/* One worker, and the job it has. The job is read by the thread that renews leases: under the lock. */
struct worker {
    struct vl_runner *runner;
    pthread_t thread;
    bool started;
    char name[32];
    struct vl_job job;
    bool running;
    atomic_bool lost;
};

struct vl_runner {
    struct vl_server_app *app;
    const struct vl_job_handler *handlers;
    const struct vl_job_round *rounds;
    const char *kinds[KINDS_MAX + 1];
    int64_t round_due[ROUNDS_MAX]; /* monotonic ms; of the clock's thread alone */
    int64_t lease_ms;
    char name[NAME_TEXT];
    atomic_bool stop;
    pthread_mutex_t lock; /* of the workers' jobs */
    pthread_cond_t stopped;
    pthread_mutex_t claiming; /* one idle worker looks at the queue, the others wait for their turn */
    atomic_uint ended;        /* jobs: each may have kept others of its group or key waiting */
    pthread_t keeper, clock;
    bool keeper_started, clock_started;
    struct worker *workers;
    unsigned n_workers;
};

static int64_t monotonic_ms(void)
{
    return vl_time_monotonic_us() / 1000;
}

/* True where it was told to stop meanwhile. */
static bool pause_ms(struct vl_runner *runner, int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&runner->lock);
    while (!runner->stop && pthread_cond_timedwait(&runner->stopped, &runner->lock, &until) == 0) {
        /* a wake-up without a cause */
    }
    pthread_mutex_unlock(&runner->lock);
    return runner->stop;
}

/* A full disk is told once, by vl_disk_look(). */
static void complain(const char *what, const struct vl_err *err)
{
    if (vl_disk_is_why(err))
        return;
    vl_log(VL_LOG_ERROR, NULL, "%s: %s", what, err->msg);
}

/* --- for handlers --- */

int vl_job_done(struct vl_store_conn *conn, struct vl_job_run *run, struct vl_err *err)
{
    int r = vl_queue_finish(conn, run->job, run->worker, err);
    run->done = r >= 0;
    return r;
}

bool vl_job_stopping(const struct vl_job_run *run)
{
    return (run->stop && *run->stop) || (run->lost && *run->lost);
}

static int write_patiently(struct vl_server_app *app,
    int (*write)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    const struct timespec pause = {.tv_nsec = BUSY_MS * 1000000L};
    int64_t until = monotonic_ms() + VL_JOB_LEASE_MS;
    int r;
    while ((r = vl_store_write(app->store, write, user, err)) < 0 && err->code == VL_ERR_UNREACHABLE &&
           monotonic_ms() < until) {
        vl_err_clear(err);
        (void)nanosleep(&pause, NULL);
    }
    return r;
}

int vl_job_write(struct vl_job_run *run,
    int (*write)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    return write_patiently(run->app, write, user, err);
}

int vl_job_add(struct vl_store_conn *conn, const char *kind, const char *key, const char *group, int priority,
    int64_t not_before_ms, struct vl_span payload, struct vl_err *err)
{
    struct vl_job job = {.kind = kind,
        .key = key,
        .group = group,
        .priority = priority,
        .not_before = not_before_ms,
        .payload = payload};
    return vl_queue_add(conn, &job, NULL, err);
}

/* --- one job --- */

struct outcome {
    struct vl_job_run *run;
    const struct vl_job_handler *handler;
    const struct vl_err *why;
    int64_t next_ms; /* INT64_MAX: given up */
    bool no_room;    /* why it failed */
};

static int finish_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct outcome *o = user;
    return vl_job_done(conn, o->run, err);
}

static int release_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct outcome *o = user;
    return vl_queue_release(conn, o->run->job, o->run->worker, err);
}

/* Whose job it is comes first: a worker that lost it has nothing more to say about it. */
static int fail_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct outcome *o = user;
    int r = o->no_room ? vl_queue_postpone(conn, o->run->job, o->run->worker, o->next_ms, o->why->msg, err)
                       : vl_queue_fail(conn, o->run->job, o->run->worker, o->next_ms, o->why->msg, err);
    if (r >= 0 && o->handler && o->handler->failed)
        r = o->handler->failed(conn, o->run, o->next_ms, o->why, err);
    return r;
}

/* A fetcher's error has its code alone: the state of the disk tells the rest. */
static bool for_want_of_room(struct vl_server_app *app, const struct vl_err *why)
{
    return vl_disk_is_why(why) || (why->code == VL_ERR_SYSTEM && vl_disk_look(app) != VL_DISK_ROOM);
}

/* For want of room no job is given up. */
static int64_t next_try(const struct vl_job_handler *handler, const struct vl_job *job, bool no_room)
{
    int64_t pause = handler->first_pause_ms;
    if (job->attempt >= handler->tries && !no_room)
        return INT64_MAX;
    for (unsigned i = 1; i < job->attempt && pause < VL_JOB_PAUSE_MAX_MS; i++)
        pause *= 2;
    return vl_time_now_ms() + (pause < VL_JOB_PAUSE_MAX_MS ? pause : VL_JOB_PAUSE_MAX_MS);
}

static const struct vl_job_handler *handler_of(const struct vl_runner *runner, const char *kind)
{
    const struct vl_job_handler *h = runner->handlers;
    while (h->kind && strcmp(h->kind, kind) != 0)
        h++;
    return h->kind ? h : NULL;
}

static int handle(struct vl_job_run *run, const struct vl_job_handler *handler, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_span payload = run->job->payload;
    if (run->job->attempt > handler->tries)
        return vl_err_set(
            err, VL_ERR_LIMIT, "the worker that had it did not come back, %u times", run->job->attempt - 1);
    int r =
        vl_doc_parse(payload.len ? payload : VL_SPAN_LIT("{}"), VL_DOC_JSON, "the job's payload", &doc, err);
    if (r < 0)
        return r;
    run->payload = vl_doc_root(doc);
    r = handler->run(run, err);
    run->payload = NULL;
    return r;
}

static int write_outcome(struct outcome *o, bool good, struct vl_err *err)
{
    struct vl_server_app *app = o->run->app;
    if (good && !o->run->done)
        return write_patiently(app, finish_write, o, err);
    if (!good && *o->run->stop && !o->run->done)
        return write_patiently(app, release_write, o, err);
    return good ? 0 : write_patiently(app, fail_write, o, err);
}

static void conclude(struct outcome *o, bool good)
{
    const struct timespec pause = {.tv_nsec = 500000000L};
    struct vl_err err = VL_ERR_INIT;
    const struct vl_job *job = o->run->job;
    int r;
    /* Without room even that cannot be written: nobody else takes a job meanwhile. */
    while ((r = write_outcome(o, good, &err)) < 0 && vl_disk_is_why(&err) && !*o->run->stop) {
        (void)vl_disk_look(o->run->app);
        vl_err_clear(&err);
        (void)nanosleep(&pause, NULL);
    }
    if (!good && !vl_job_stopping(o->run))
        vl_log(VL_LOG_ERROR, VL_LOG_FIELDS({"job", job->kind}, {"key", job->key}), "attempt %u%s: %s",
            job->attempt, o->next_ms == INT64_MAX ? ", given up" : "", o->why->msg);
    /* A lease that was lost is somebody else's job now; anything else comes again when the lease ends. */
    if (r < 0 && err.code != VL_ERR_CONFLICT)
        complain("the outcome of a job could not be written", &err);
}

static void run_job(struct worker *w, struct vl_arena *arena)
{
    struct vl_runner *runner = w->runner;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_job_handler *handler = handler_of(runner, w->job.kind);
    struct vl_job_run run = {.app = runner->app,
        .job = &w->job,
        .arena = arena,
        .worker = w->name,
        .stop = &runner->stop,
        .lost = &w->lost};
    struct outcome o = {.run = &run, .handler = handler, .why = &err, .next_ms = INT64_MAX};
    int r =
        handler ? handle(&run, handler, &err) : vl_err_set(&err, VL_ERR_UNSUPPORTED, "no such kind of job");
    if (r < 0 && handler) {
        o.no_room = for_want_of_room(runner->app, &err);
        o.next_ms = next_try(handler, &w->job, o.no_room);
    }
    conclude(&o, r >= 0);
}

/* --- taking jobs --- */

/* 1 where a claim would find something. What changes from here on is told by the feed after *ret_cursor. */
static int look(struct vl_runner *runner, const struct vl_queue_claim_options *options, int64_t *ret_cursor,
    int64_t *ret_next, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(runner->app->store, &conn, err);
    if (r >= 0)
        r = vl_feed_last(conn, ret_cursor, err);
    return r < 0 ? r : vl_queue_look(conn, options, ret_next, err);
}

/* Until something changes, or a job's time comes. The end of a job is not told by the feed: whoever had it
 * looks at the queue next, and here it is his turn. */
static int wait_for_work(
    struct vl_runner *runner, int64_t cursor, int64_t next, unsigned ended, struct vl_err *err)
{
    int64_t until = monotonic_ms() + POLL_MS, due = next - vl_time_now_ms();
    int r = 0;
    if (next != INT64_MAX && due < POLL_MS)
        until = monotonic_ms() + (due > 0 ? due : 0) + 1;
    while (r == 0 && !runner->stop && runner->ended == ended && monotonic_ms() < until) {
        int64_t left = until - monotonic_ms();
        r = vl_feed_wait(runner->app->store, cursor, (int)(left < SLICE_MS ? left : SLICE_MS), err);
    }
    return r;
}

/* A claim is a write: the queue is looked at first. A look that finds nothing in a long queue (its groups are
 * full) takes a while: those who look take a fifth of one processor at most. */
static int claim(struct worker *w, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_runner *runner = w->runner;
    const struct vl_queue_claim_options options = {
        .worker = w->name, .kinds = runner->kinds, .lease_ms = runner->lease_ms, .group_max = GROUP_MAX};
    while (!runner->stop) {
        int64_t cursor = 0, next = INT64_MAX, began = monotonic_ms();
        unsigned ended = runner->ended;
        if (vl_disk_look(runner->app) != VL_DISK_ROOM) {
            if (pause_ms(runner, ERROR_MS))
                return 0;
            continue;
        }
        int r = look(runner, &options, &cursor, &next, err);
        if (r > 0) {
            vl_arena_reset(arena);
            r = vl_queue_claim(runner->app->store, &options, arena, &w->job, &next, err);
        }
        if (r != 0)
            return r;
        int64_t pause = 4 * (monotonic_ms() - began);
        if (pause_ms(runner, pause < LOOK_MS ? LOOK_MS : pause))
            return 0;
        r = wait_for_work(runner, cursor, next, ended, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static void *work(void *user)
{
    struct worker *w = user;
    struct vl_runner *runner = w->runner;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(VL_JOB_ARENA_MAX);
    while (arena && !runner->stop) {
        struct vl_err err = VL_ERR_INIT;
        pthread_mutex_lock(&runner->claiming);
        int r = claim(w, arena, &err);
        pthread_mutex_unlock(&runner->claiming);
        if (r < 0) {
            if (err.code != VL_ERR_UNREACHABLE)
                complain("the queue of jobs", &err);
            (void)pause_ms(runner, err.code == VL_ERR_UNREACHABLE ? BUSY_MS : ERROR_MS);
        }
        if (r <= 0)
            continue;
        w->lost = false;
        pthread_mutex_lock(&runner->lock);
        w->running = true;
        pthread_mutex_unlock(&runner->lock);
        run_job(w, arena);
        runner->ended++;
        pthread_mutex_lock(&runner->lock);
        w->running = false;
        pthread_mutex_unlock(&runner->lock);
        /* What one large job took is not kept. */
        vl_arena_free(arena);
        arena = vl_arena_new(VL_JOB_ARENA_MAX);
    }
    return NULL;
}

/* --- leases --- */

static void renew(struct vl_runner *runner, struct worker *w)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_job job;
    pthread_mutex_lock(&runner->lock);
    bool running = w->running && !w->lost;
    if (running) /* id and attempt are enough; the texts are the worker's, and may go */
        job = (struct vl_job){.id = w->job.id, .attempt = w->job.attempt, .kind = "", .key = ""};
    pthread_mutex_unlock(&runner->lock);
    if (!running || vl_queue_renew(runner->app->store, &job, w->name, runner->lease_ms, &err) >= 0)
        return;
    if (err.code != VL_ERR_CONFLICT) {
        complain("the lease of a job", &err); /* it holds for two more turns */
        return;
    }
    pthread_mutex_lock(&runner->lock);
    if (w->running && w->job.id == job.id && w->job.attempt == job.attempt)
        w->lost = true;
    pthread_mutex_unlock(&runner->lock);
}

static void *keep(void *user)
{
    struct vl_runner *runner = user;
    while (!pause_ms(runner, runner->lease_ms / 3)) {
        for (unsigned i = 0; i < runner->n_workers; i++)
            renew(runner, &runner->workers[i]);
    }
    return NULL;
}

/* --- what comes round --- */

static void *tick(void *user)
{
    struct vl_runner *runner = user;
    int64_t lead_until = 0;
    bool leads = false;
    do {
        struct vl_err err = VL_ERR_INIT;
        int64_t now = monotonic_ms();
        if (vl_disk_look(runner->app) == VL_DISK_FULL && lead_until > now + PROBE_MS)
            lead_until = now + PROBE_MS;
        if (now >= lead_until) {
            int r = vl_leader_try(runner->app->store, "rounds", runner->name, LEADER_MS, &err);
            if (r < 0)
                complain("the leadership of the rounds", &err);
            leads = r > 0;
            lead_until = now + (r < 0 && vl_disk_is_why(&err) ? PROBE_MS : LEADER_MS / 3);
        }
        for (size_t i = 0; leads && !runner->stop && i < ROUNDS_MAX && runner->rounds[i].name; i++) {
            const struct vl_job_round *round = &runner->rounds[i];
            if (now < runner->round_due[i])
                continue;
            vl_err_clear(&err);
            bool good = round->add(runner->app, &err) >= 0;
            int64_t again = good || round->every_ms < ROUND_FAIL_MS ? round->every_ms : ROUND_FAIL_MS;
            runner->round_due[i] = now + again;
            if (!good)
                complain(round->name, &err);
        }
    } while (!pause_ms(runner, SLICE_MS));
    struct vl_err err = VL_ERR_INIT;
    /* Who comes next need not wait until the lease is over. */
    if (leads && vl_leader_try(runner->app->store, "rounds", runner->name, -1, &err) < 0)
        complain("the leadership of the rounds", &err);
    return NULL;
}

/* --- the whole --- */

static int start_threads(struct vl_runner *runner, struct vl_err *err)
{
    int r = pthread_create(&runner->keeper, NULL, keep, runner);
    runner->keeper_started = r == 0;
    if (r == 0) {
        r = pthread_create(&runner->clock, NULL, tick, runner);
        runner->clock_started = r == 0;
    }
    for (unsigned i = 0; i < runner->n_workers && r == 0 && runner->kinds[0]; i++) {
        struct worker *w = &runner->workers[i];
        w->runner = runner;
        (void)snprintf(w->name, sizeof(w->name), "%s-%u", runner->name, i);
        r = pthread_create(&w->thread, NULL, work, w);
        w->started = r == 0;
    }
    return r == 0 ? 0 : vl_err_sys(err, r, "the workers");
}

static int list_kinds(struct vl_runner *runner, struct vl_err *err)
{
    size_t n = 0, rounds = 0;
    for (const struct vl_job_handler *h = runner->handlers; h->kind; h++) {
        if (n == KINDS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "more than %d kinds of jobs", KINDS_MAX);
        runner->kinds[n++] = h->kind;
    }
    while (runner->rounds[rounds].name)
        rounds++;
    return rounds > ROUNDS_MAX ? vl_err_set(err, VL_ERR_LIMIT, "more than %d rounds", ROUNDS_MAX) : 0;
}

int vl_runner_start(struct vl_server_app *app, const struct vl_runner_options *options,
    struct vl_runner **ret, struct vl_err *err)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned workers = options->workers ? options->workers : 2 + (unsigned)(processors > 0 ? processors : 1);
    struct vl_runner *runner = calloc(1, sizeof(*runner));
    if (!runner)
        return vl_err_nomem(err);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&runner->stopped, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&runner->lock, NULL);
    pthread_mutex_init(&runner->claiming, NULL);
    runner->app = app;
    runner->handlers = options->handlers ? options->handlers : vl_job_handlers;
    runner->rounds = options->rounds ? options->rounds : vl_job_rounds;
    runner->lease_ms = options->lease_ms ? options->lease_ms : VL_JOB_LEASE_MS;
    runner->n_workers = workers > WORKERS_MAX ? WORKERS_MAX : workers;
    runner->workers = calloc(runner->n_workers, sizeof(*runner->workers));
    int r = runner->workers ? list_kinds(runner, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_crypt_random_text(runner->name, NAME_TEXT - 1, err);
    if (r >= 0)
        r = vl_queue_recover(app->store, err);
    if (r >= 0)
        r = start_threads(runner, err);
    if (r < 0) {
        vl_runner_stop(runner);
        return r;
    }
    *ret = runner;
    return 0;
}

void vl_runner_stop(struct vl_runner *runner)
{
    if (!runner)
        return;
    pthread_mutex_lock(&runner->lock);
    runner->stop = true;
    pthread_cond_broadcast(&runner->stopped);
    pthread_mutex_unlock(&runner->lock);
    for (unsigned i = 0; runner->workers && i < runner->n_workers; i++) {
        if (runner->workers[i].started)
            (void)pthread_join(runner->workers[i].thread, NULL);
    }
    if (runner->clock_started)
        (void)pthread_join(runner->clock, NULL);
    if (runner->keeper_started)
        (void)pthread_join(runner->keeper, NULL);
    pthread_cond_destroy(&runner->stopped);
    pthread_mutex_destroy(&runner->lock);
    pthread_mutex_destroy(&runner->claiming);
    free(runner->workers);
    free(runner);
}

bool vl_runner_stopping(const struct vl_runner *runner)
{
    return runner->stop;
}
