/* The pool of reading connections, and the one writer: it takes what waits, runs all of it, commits once, and
 * only then lets the callers go. */
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "driver.h"
#include "store_impl.h"

#define NARROW_TEXT_MAX 32768
#define RETRIES_MAX     20      /* of one transaction that the database wants to be run again */
#define STORE_NEWS_MAX  1000000 /* changes that writes of one commit tell */

/* A write that waits; on the stack of its caller. */
struct request {
    int (*write)(struct vl_store_conn *conn, void *user, struct vl_err *err);
    void *user;
    struct vl_err *err;
    int result;
    bool done;
    struct request *next;
};

struct vl_store {
    const struct store_driver *driver;
    struct vl_store_options options; /* with copied texts */
    char *url, *backup_dir;

    pthread_mutex_t lock;
    struct vl_store_conn *idle; /* readers that nobody uses */
    unsigned readers;           /* open ones */
    pthread_cond_t reader_free;

    struct vl_store_conn *writer;
    pthread_t thread;
    bool thread_runs, stopping;
    struct request *first, *last;
    unsigned waiting;
    atomic_bool full; /* see vl_store_is_full() */
    pthread_cond_t work, done;

    struct vl_store_conn *listener;
    bool listening;        /* a thread waits on it */
    uint64_t feed_version; /* counts commits that added to the feed */
    pthread_cond_t feed_moved;
};

static const struct store_driver *driver_of(const char *url)
{
    struct vl_span s = vl_span_str(url);
    if (vl_span_starts_with(s, "sqlite:"))
        return &store_sqlite;
    if (vl_span_starts_with(s, "postgresql://") || vl_span_starts_with(s, "postgres://"))
        return &store_postgresql;
    return NULL;
}

int store_constraint(struct vl_err *err, const char *message)
{
    (void)!vl_err_set(err, VL_ERR_CONFLICT, "%s", message);
    err->err = -EEXIST;
    return -EEXIST;
}

bool vl_store_is_constraint(const struct vl_err *err)
{
    return err->code == VL_ERR_CONFLICT && err->err == -EEXIST;
}

/* --- connections --- */

static void conn_free(struct vl_store_conn *conn)
{
    if (!conn)
        return;
    size_t pos = 0;
    for (struct vl_map_slot *slot; (slot = vl_map_next(&conn->statements, &pos));)
        conn->driver->free(slot->value.ptr);
    vl_map_done(&conn->statements);
    vl_vec_done(&conn->feed);
    vl_arena_free(conn->news);
    if (conn->handle)
        conn->driver->close(conn);
    free(conn);
}

static int conn_new(struct vl_store *store, bool writes, struct vl_store_conn **ret, struct vl_err *err)
{
    struct vl_store_conn *conn = calloc(1, sizeof(*conn));
    if (!conn)
        return vl_err_nomem(err);
    conn->driver = store->driver;
    conn->store = store;
    conn->writes = writes;
    vl_vec_init(&conn->feed, sizeof(struct store_news), STORE_NEWS_MAX);
    vl_map_init(&conn->statements, VL_STORE_STATEMENTS_MAX);
    int r = store->driver->open(&store->options, conn, err);
    if (r < 0) {
        conn_free(conn);
        return r;
    }
    *ret = conn;
    return 0;
}

/* An idle one of the kind that is asked for; where the pool is full of others, one of them, to be exchanged.
 * With the lock held. */
static struct vl_store_conn *take_idle(
    struct vl_store *store, const struct vl_store_narrowing *how, bool *ret_other)
{
    struct vl_store_conn **at = &store->idle;
    while (*at && (*at)->narrowing != how)
        at = &(*at)->next;
    *ret_other = !*at && store->readers == VL_STORE_READERS_MAX;
    if (*ret_other)
        at = &store->idle;
    struct vl_store_conn *found = *at;
    if (found)
        *at = found->next;
    return found;
}

/* The views of a part. What hides a table is there before the connection is given to anybody. */
static int narrow(struct vl_store_conn *conn, const struct vl_store_narrowing *how, struct vl_err *err)
{
    bool other = conn->driver->kind == VL_STORE_POSTGRESQL;
    int r = conn->driver->execute(conn, conn->driver->narrow_make, err);
    for (const struct vl_store_sql *view = how->views; view->text && r >= 0; view++)
        r = conn->driver->execute(conn, other && view->postgresql ? view->postgresql : view->text, err);
    conn->narrowing = how;
    return r < 0 ? vl_err_wrap(err, "a part of the database") : r;
}

static void one_reader_less(struct vl_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->readers--;
    pthread_cond_signal(&store->reader_free);
    pthread_mutex_unlock(&store->lock);
}

static int take_reader(struct vl_store *store, const struct vl_store_narrowing *how,
    struct vl_store_conn **ret, struct vl_err *err)
{
    bool other = false;
    pthread_mutex_lock(&store->lock);
    while (!store->idle && store->readers == VL_STORE_READERS_MAX)
        pthread_cond_wait(&store->reader_free, &store->lock);
    struct vl_store_conn *conn = take_idle(store, how, &other);
    store->readers += conn == NULL;
    pthread_mutex_unlock(&store->lock);
    if (conn && !other) {
        *ret = conn;
        return 0;
    }
    conn_free(conn);
    conn = NULL;
    int r = conn_new(store, false, &conn, err);
    if (r >= 0 && how)
        r = narrow(conn, how, err);
    if (r < 0) {
        conn_free(conn);
        one_reader_less(store);
        return r;
    }
    *ret = conn;
    return 0;
}

static void give_reader(struct vl_store_conn *conn)
{
    struct vl_store *store = conn->store;
    bool lost = conn->driver->is_lost(conn);
    pthread_mutex_lock(&store->lock);
    if (lost) {
        store->readers--;
    } else {
        conn->next = store->idle;
        store->idle = conn;
    }
    pthread_cond_signal(&store->reader_free);
    pthread_mutex_unlock(&store->lock);
    if (lost)
        conn_free(conn);
}

static int begin_read(struct vl_store *store, const struct vl_store_narrowing *how, const char *ids,
    struct vl_store_conn **ret, struct vl_err *err)
{
    /* The server was restarted: all kept connections may be dead, a new one may live. */
    for (unsigned turn = 0; turn <= VL_STORE_READERS_MAX; turn++) {
        struct vl_store_conn *conn;
        vl_err_clear(err);
        int r = take_reader(store, how, &conn, err);
        if (r < 0)
            return r;
        if (ids)
            r = conn->driver->execute(conn, ids, err);
        if (r >= 0)
            r = conn->driver->begin_read(conn, err);
        if (r >= 0) {
            *ret = conn;
            return 0;
        }
        bool lost = conn->driver->is_lost(conn);
        give_reader(conn);
        if (!lost)
            return r;
    }
    return err->err;
}

int vl_store_read(struct vl_store *store, struct vl_store_conn **ret, struct vl_err *err)
{
    return begin_read(store, NULL, NULL, ret, err);
}

int vl_store_read_narrowed(struct vl_store *store, const struct vl_store_narrowing *how, const int64_t *ids,
    size_t n, struct vl_store_conn **ret, struct vl_err *err)
{
    const struct store_driver *driver = store->driver;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, NARROW_TEXT_MAX);
    if (n > VL_STORE_NARROWED_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "a part of the database has %d ids at most", VL_STORE_NARROWED_MAX);
    vl_buf_append_str(&text, n ? driver->narrow_begin : driver->narrow_none);
    for (size_t i = 0; i < n; i++)
        vl_buf_printf(&text, driver->bracket_ids ? "%s(%lld)" : "%s%lld", i ? "," : "", (long long)ids[i]);
    vl_buf_append_str(&text, n ? driver->narrow_end : "");
    int r = vl_buf_check(&text, "a part of the database", err);
    return r < 0 ? r : begin_read(store, how, vl_buf_str(&text), ret, err);
}

bool vl_store_is_narrowed(const struct vl_store_conn *conn)
{
    return conn->narrowing != NULL;
}

void vl_store_read_done(struct vl_store_conn *conn)
{
    if (!conn)
        return;
    conn->driver->end_read(conn);
    give_reader(conn);
}

void vl_store_read_cleanup(struct vl_store_conn **conn)
{
    vl_store_read_done(*conn);
    *conn = NULL;
}

/* --- the writer --- */

/* Keeps what a write did, or undoes it alone. What cannot be undone spoils the whole transaction. */
static int end_savepoint(struct vl_store_conn *conn, int r, struct vl_err *err)
{
    struct vl_err why = VL_ERR_INIT;
    if (r >= 0) {
        int released = conn->driver->execute(conn, "RELEASE SAVEPOINT one", err);
        conn->spoilt |= released < 0;
        return released < 0 ? released : r;
    }
    if (!conn->retry &&
        conn->driver->execute(conn, "ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one", &why) < 0)
        conn->spoilt = true;
    return r;
}

static int settle(struct vl_store_conn *conn, struct vl_err *err)
{
    return conn->driver->settle ? conn->driver->settle(conn, err) : 0;
}

static int run_write(struct vl_store_conn *conn, struct request *request, struct vl_err *err)
{
    int r = request->write(conn, request->user, err);
    if (r >= 0 && conn->failed.code) {
        *err = conn->failed; /* a failure that the function passed over */
        return err->err;
    }
    return r;
}

static int run_in_savepoint(struct vl_store_conn *conn, struct request *request, struct vl_err *err)
{
    bool fed = conn->changed_feed;
    int r = conn->driver->execute(conn, "SAVEPOINT one", err);
    if (r < 0) {
        conn->spoilt = true;
        return r;
    }
    r = run_write(conn, request, err);
    if (r >= 0 && (store_feed_flush(conn, err) < 0 || settle(conn, err) < 0))
        r = err->err;
    r = end_savepoint(conn, r, err);
    if (r < 0) {
        store_feed_forget(conn);
        conn->changed_feed = fed;
    }
    return r;
}

static int run_one(struct vl_store_conn *conn, struct request *request, bool apart)
{
    struct vl_err err = VL_ERR_INIT;
    vl_err_clear(&conn->failed);
    int r = apart ? run_in_savepoint(conn, request, &err) : run_write(conn, request, &err);
    if (r < 0)
        *request->err = err;
    else
        vl_err_clear(request->err); /* of a try before this one */
    request->result = r;
    return r;
}

enum outcome {
    STORED,  /* each write has its result */
    REFUSED, /* one failed, and none is stored */
    FAILED,  /* `retry` of the connection tells whether another try may help */
};

/* Runs them until one spoils the transaction, or, where they are not apart, fails. */
static enum outcome run_all(struct vl_store_conn *conn, struct request *group, bool apart, struct vl_err *err)
{
    struct request *q = group;
    do { /* there is one at least */
        int r = run_one(conn, q, apart);
        if (conn->retry || conn->spoilt) {
            *err = *q->err;
            return FAILED;
        }
        if (r < 0 && !apart)
            return REFUSED;
        q = q->next;
    } while (q);
    if (!apart && settle(conn, group->err) < 0) { /* what was sent last: of whichever it was */
        *err = *group->err;
        group->result = group->err->err;
        return conn->retry ? FAILED : REFUSED;
    }
    return store_feed_flush(conn, err) < 0 ? FAILED : STORED;
}

/* All in one transaction. Apart: each in a savepoint, so that one that fails takes no other with it;
 * savepoints cost as much as the write of a row, and few writes fail. */
static enum outcome run_group(
    struct vl_store_conn *conn, struct request *group, bool apart, struct vl_err *err)
{
    struct vl_err ignored = VL_ERR_INIT;
    conn->writing = true;
    conn->retry = conn->spoilt = conn->changed_feed = false;
    store_feed_forget(conn);
    enum outcome outcome = FAILED;
    if (conn->driver->execute(conn, conn->driver->begin_write, err) >= 0)
        outcome = run_all(conn, group, apart, err);
    if (outcome == STORED && conn->driver->execute(conn, "COMMIT", err) < 0)
        outcome = FAILED;
    if (outcome != STORED) {
        conn->changed_feed = false;
        if (conn->driver->execute(conn, "ROLLBACK", &ignored) < 0)
            vl_err_clear(&ignored);
    }
    conn->writing = false;
    return outcome;
}

static void fail_all(struct request *group, const struct vl_err *err)
{
    for (struct request *q = group; q; q = q->next) {
        *q->err = *err;
        q->result = err->err;
    }
}

static void back_off(unsigned attempt)
{
    struct timespec t = {.tv_nsec = 1000000L << (attempt < 6 ? attempt : 6)};
    nanosleep(&t, NULL);
}

/* A lost connection is opened anew. */
static int ensure_writer(struct vl_store *store, struct vl_err *err)
{
    if (store->writer && !store->writer->driver->is_lost(store->writer))
        return 0;
    conn_free(store->writer);
    store->writer = NULL;
    return conn_new(store, true, &store->writer, err);
}

static bool is_full(const struct vl_err *err)
{
    return err->err == -ENOSPC || err->err == -EDQUOT;
}

/* A write that failed alone tells as much as a commit that failed. */
static void note_room(struct vl_store *store, const struct request *group)
{
    bool full = false;
    for (const struct request *q = group; q; q = q->next)
        full |= q->result < 0 && is_full(q->err);
    store->full = full;
}

static bool serve(struct vl_store *store, struct request *group)
{
    struct vl_err err = VL_ERR_INIT;
    bool apart = false;
    for (unsigned attempt = 0; attempt < RETRIES_MAX;) {
        vl_err_clear(&err);
        if (ensure_writer(store, &err) < 0)
            break;
        enum outcome outcome = run_group(store->writer, group, apart, &err);
        if (outcome == STORED || (outcome == REFUSED && !group->next)) {
            note_room(store, group);
            return store->writer->changed_feed;
        }
        if (outcome == REFUSED) {
            apart = true;
            continue;
        }
        if (!store->writer->retry)
            break;
        back_off(attempt++);
    }
    fail_all(group, &err);
    if (is_full(&err))
        store->full = true;
    return false;
}

static struct request *take_group(struct vl_store *store)
{
    struct request *group = store->first, *end = group;
    unsigned n = 1;
    while (end->next && n < VL_STORE_GROUP_MAX) {
        end = end->next;
        n++;
    }
    store->first = end->next;
    if (!store->first)
        store->last = NULL;
    end->next = NULL;
    store->waiting -= n;
    return group;
}

static void *writer_main(void *user)
{
    struct vl_store *store = user;
    pthread_mutex_lock(&store->lock);
    for (;;) {
        while (!store->first && !store->stopping)
            pthread_cond_wait(&store->work, &store->lock);
        if (!store->first)
            break;
        struct request *group = take_group(store);
        pthread_mutex_unlock(&store->lock);
        bool fed = serve(store, group);
        pthread_mutex_lock(&store->lock);
        for (struct request *q = group, *next; q; q = next) {
            next = q->next; /* the caller's stack goes once it sees `done` */
            q->done = true;
        }
        pthread_cond_broadcast(&store->done);
        if (fed) {
            store->feed_version++;
            pthread_cond_broadcast(&store->feed_moved);
        }
    }
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

int vl_store_write(struct vl_store *store,
    int (*write)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    struct request request = {.write = write, .user = user, .err = err};
    if (store->options.read_only)
        return vl_err_set(err, VL_ERR_USAGE, "the database is open for reading only");
    pthread_mutex_lock(&store->lock);
    if (store->waiting == VL_STORE_WAITING_MAX || store->stopping) {
        bool stopping = store->stopping;
        pthread_mutex_unlock(&store->lock);
        return vl_err_set(err, VL_ERR_UNREACHABLE,
            stopping ? "the database is being closed" : "the database is busy: %d writes wait",
            VL_STORE_WAITING_MAX);
    }
    if (store->last)
        store->last->next = &request;
    else
        /* cppcheck-suppress autoVariables ; the writer takes it out before it is done, which is waited for */
        store->first = &request;
    /* cppcheck-suppress autoVariables ; likewise */
    store->last = &request;
    store->waiting++;
    pthread_cond_signal(&store->work);
    while (!request.done)
        pthread_cond_wait(&store->done, &store->lock);
    pthread_mutex_unlock(&store->lock);
    return request.result;
}

/* --- the feed's waiters --- */

static struct timespec deadline_of(int timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* One waiter listens to the database for all; the others wait for it. */
static int listen_once(struct vl_store *store, int timeout_ms, struct vl_err *err)
{
    int r = 0;
    if (store->listener && store->driver->is_lost(store->listener)) {
        conn_free(store->listener);
        store->listener = NULL;
    }
    if (!store->listener) {
        r = conn_new(store, false, &store->listener, err);
        if (r >= 0)
            r = store->driver->execute(store->listener, store->driver->listen, err);
        if (r >= 0)
            return 1; /* what was told before it listened is not heard: look */
    }
    return r < 0 ? r : store->driver->wait(store->listener, timeout_ms, err);
}

int store_wait_feed(struct vl_store *store, uint64_t version, int timeout_ms, struct vl_err *err)
{
    struct timespec until = deadline_of(timeout_ms);
    int r = 0, waited = 0;
    pthread_mutex_lock(&store->lock);
    while (store->feed_version == version && waited == 0 && r >= 0) {
        if (!store->driver->wait || store->listening) {
            waited = pthread_cond_timedwait(&store->feed_moved, &store->lock, &until);
            continue;
        }
        store->listening = true;
        pthread_mutex_unlock(&store->lock);
        r = listen_once(store, timeout_ms, err);
        pthread_mutex_lock(&store->lock);
        store->listening = false;
        if (r > 0)
            store->feed_version++;
        else
            waited = ETIMEDOUT;
        pthread_cond_broadcast(&store->feed_moved);
    }
    bool moved = store->feed_version != version;
    pthread_mutex_unlock(&store->lock);
    return r < 0 ? r : moved;
}

uint64_t store_feed_version(struct vl_store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t version = store->feed_version;
    pthread_mutex_unlock(&store->lock);
    return version;
}

/* --- opening and closing --- */

static int init_threads(struct vl_store *store, struct vl_err *err)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0 || pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0)
        return vl_err_nomem(err);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->reader_free, NULL);
    pthread_cond_init(&store->work, NULL);
    pthread_cond_init(&store->done, NULL);
    pthread_cond_init(&store->feed_moved, &attr);
    pthread_condattr_destroy(&attr);
    return 0;
}

int vl_store_open(const struct vl_store_options *options, const struct vl_schema *schema,
    struct vl_store **ret, struct vl_err *err)
{
    const struct store_driver *driver = driver_of(options->url);
    if (!driver)
        return vl_err_set(
            err, VL_ERR_USAGE, "a database is sqlite:PATH or postgresql://…, not \"%s\"", options->url);
    struct vl_store *store = calloc(1, sizeof(*store));
    if (!store)
        return vl_err_nomem(err);
    int r = init_threads(store, err);
    if (r < 0) {
        free(store);
        return r;
    }
    store->driver = driver;
    store->options = *options;
    store->options.url = store->url = strdup(options->url);
    if (options->backup_dir)
        store->options.backup_dir = store->backup_dir = strdup(options->backup_dir);
    if (!store->url || (options->backup_dir && !store->backup_dir))
        r = vl_err_nomem(err);
    if (r >= 0)
        r = conn_new(store, true, &store->writer, err);
    if (r >= 0)
        r = store_migrate(&store->options, schema, store->writer, err);
    if (r >= 0 && !options->read_only) {
        int e = pthread_create(&store->thread, NULL, writer_main, store);
        store->thread_runs = e == 0;
        r = e ? vl_err_sys(err, e, "the writer's thread") : 0;
    }
    if (r < 0) {
        vl_store_close(store);
        return r;
    }
    *ret = store;
    return 0;
}

void vl_store_close(struct vl_store *store)
{
    if (!store)
        return;
    if (store->thread_runs) {
        pthread_mutex_lock(&store->lock);
        store->stopping = true;
        pthread_cond_signal(&store->work);
        pthread_mutex_unlock(&store->lock);
        pthread_join(store->thread, NULL);
    }
    while (store->idle) {
        struct vl_store_conn *next = store->idle->next;
        conn_free(store->idle);
        store->idle = next;
    }
    conn_free(store->listener);
    conn_free(store->writer);
    pthread_cond_destroy(&store->reader_free);
    pthread_cond_destroy(&store->work);
    pthread_cond_destroy(&store->done);
    pthread_cond_destroy(&store->feed_moved);
    pthread_mutex_destroy(&store->lock);
    free(store->url);
    free(store->backup_dir);
    free(store);
}

void vl_store_cleanup(struct vl_store **store)
{
    vl_store_close(*store);
    *store = NULL;
}

bool vl_store_is_full(const struct vl_store *store)
{
    return store->full;
}

enum vl_store_kind vl_store_kind(const struct vl_store *store)
{
    return store->driver->kind;
}

enum vl_store_kind vl_store_conn_kind(const struct vl_store_conn *conn)
{
    return conn->driver->kind;
}

int vl_store_backup(struct vl_store *store, const char *path, struct vl_err *err)
{
    struct vl_store_conn *conn;
    int r = take_reader(store, NULL, &conn, err);
    if (r < 0)
        return r;
    r = conn->driver->backup(conn, path, err);
    give_reader(conn);
    return r;
}

int vl_store_restore(const char *url, const char *path, struct vl_err *err)
{
    const struct store_driver *driver = driver_of(url);
    if (!driver)
        return vl_err_set(err, VL_ERR_USAGE, "a database is sqlite:PATH or postgresql://…, not \"%s\"", url);
    return driver->restore(url, path, err);
}
