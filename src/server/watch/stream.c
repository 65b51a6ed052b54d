#include "watch/stream.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "base/vec.h"
#include "codec/json.h"
#include "identity/repo_role.h"
#include "inventory/label.h"
#include "store/feed.h"

#define WAIT_MS   500 /* for a change; then whether to stop */
#define ARENA_MAX (16UL * 1024 * 1024)
#define GUID_TEXT 40
#define EVENT_MAX 8192
#define CATCH_UP                                                                              \
    5000 /* changes that one who was away gets one by one; more is a reset, and fits a stream \
          */

struct reader {
    struct vl_http_stream *stream; /* our end */
    int64_t principal, token, environment, cursor;
    int64_t checked; /* ms: when its right was last looked at, and a heartbeat sent */
    char guid[GUID_TEXT];
    bool narrow; /* sees parts of the environment alone */
};

struct vl_watch {
    struct vl_store *store;
    pthread_t thread;
    pthread_mutex_t lock;  /* of readers, started, stop */
    struct vl_vec readers; /* struct reader */
    bool started, stop;
};

static const struct vl_store_sql sql_may = {
    "SELECT 1 FROM token t JOIN principal p ON p.id = t.principal_id WHERE t.id = $1 AND p.id = $2 AND "
    "p.disabled = 0 AND (t.expires = 0 OR t.expires > $3) AND (t.environment_id = $4 OR t.environment_id = "
    "0) AND (EXISTS (SELECT 1 FROM role_binding b WHERE b.principal_id = p.id AND (b.environment_id = $4 OR "
    "b.environment_id = 0) AND b.role > 0 AND (b.registry_id = 0 OR CAST($5 AS BIGINT) = 1)) OR (CAST($5 AS "
    "BIGINT) = 1 AND EXISTS (SELECT 1 FROM role_part b WHERE b.principal_id = p.id AND b.environment_id = $4 "
    "AND b.role > 0)))",
    NULL};

/* Of a narrow reader: whether an image, a registry or an alert is his, as identity/sight.c has it. */
#define HIS "b.principal_id = $1 AND b.environment_id = $2 AND b.role > 0 "
#define HIS_REGISTRY(has)                                                               \
    "(EXISTS (SELECT 1 FROM role_binding b WHERE b.registry_id = g.id AND " HIS ") OR " \
    "EXISTS (SELECT 1 FROM role_part b WHERE b.label <> '' AND " HIS "AND " has("g.labels", "b.label") ")) "
#define HIS_IMAGE(has)                                                                                   \
    "SELECT 1 FROM registry_image ri JOIN registry g ON g.id = ri.registry_id WHERE ri.digest = $3 AND " \
    "ri.environment_id = $2 AND " HIS_REGISTRY(has) "LIMIT 1"
#define HIS_REGISTRY_ROW(has)                                                                             \
    "SELECT 1 FROM registry g WHERE g.environment_id = $2 AND CAST(g.id AS TEXT) = $3 AND " HIS_REGISTRY( \
        has) "LIMIT 1"
static const struct vl_store_sql sql_his_image = {
    HIS_IMAGE(VL_LABELS_HAVE_SQLITE), HIS_IMAGE(VL_LABELS_HAVE_POSTGRESQL)};
static const struct vl_store_sql sql_his_registry = {
    HIS_REGISTRY_ROW(VL_LABELS_HAVE_SQLITE), HIS_REGISTRY_ROW(VL_LABELS_HAVE_POSTGRESQL)};
static const struct vl_store_sql sql_his_alert = {
    "SELECT 1 FROM alert a JOIN role_part b ON " VL_ROLE_PART_HAS_ALERT
    "WHERE a.guid = $3 AND a.environment_id = $2 AND " HIS "LIMIT 1",
    NULL};

/* --- writing --- */

static bool send(struct reader *reader, struct vl_span text)
{
    return vl_http_stream_write(reader->stream, text);
}

static bool send_change(struct reader *reader, const struct vl_change *change)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, EVENT_MAX);
    vl_buf_printf(&out, "id: %lld\nevent: %s\ndata: ", (long long)change->number, change->topic);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "key", change->key);
    vl_json_key(&json, "environment");
    vl_json_str(&json, change->environment ? reader->guid : NULL);
    vl_json_object_end(&json);
    vl_buf_append_str(&out, "\n\n");
    return out.failed == 0 && send(reader, vl_buf_span(&out));
}

static bool send_reset(struct reader *reader, int64_t number)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, EVENT_MAX);
    vl_buf_printf(&out, "id: %lld\nevent: reset\ndata: {}\n\n", (long long)number);
    return send(reader, vl_buf_span(&out));
}

/* --- following --- */

struct batch {
    int64_t from; /* changes after this one */
    struct vl_change *changes;
    size_t n;
    bool gap, read, failed;
};

/* What changed in the rest of the environment, one with a part of it does not hear of. */
static bool may_hear(struct vl_store_conn *conn, const struct reader *reader, const struct vl_change *change)
{
    static const struct {
        const char *topic;
        const struct vl_store_sql *sql;
    } rows[] = {{"image", &sql_his_image}, {"registry", &sql_his_registry}, {"alert", &sql_his_alert}};
    struct vl_err err = VL_ERR_INIT;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_store_sql *sql = NULL;
    if (!reader->narrow)
        return change->environment == reader->environment || change->environment == 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        if (strcmp(change->topic, rows[i].topic) == 0)
            sql = rows[i].sql;
    if (change->environment != reader->environment || !sql || vl_stmt_begin(conn, sql, &stmt, &err) < 0)
        return false;
    vl_stmt_int(stmt, 1, reader->principal);
    vl_stmt_int(stmt, 2, reader->environment);
    vl_stmt_str(stmt, 3, change->key);
    return vl_stmt_step(stmt, &err) > 0;
}

static bool give(struct vl_store_conn *conn, struct reader *reader, const struct batch *batch, int64_t last)
{
    /* What was missed is gone, or is too much, or the numbers are another feed's. */
    if (batch->gap || reader->cursor > last || last - reader->cursor > CATCH_UP) {
        reader->cursor = last;
        return send_reset(reader, last);
    }
    for (size_t i = 0; i < batch->n; i++) {
        const struct vl_change *change = &batch->changes[i];
        reader->cursor = change->number;
        if (may_hear(conn, reader, change) && !send_change(reader, change))
            return false;
    }
    return true;
}

/* A caller whose token ended, or who lost his role, sees no more. */
static bool may(struct vl_store_conn *conn, const struct reader *reader, int64_t now)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (vl_stmt_begin(conn, &sql_may, &stmt, &err) < 0)
        return false;
    vl_stmt_int(stmt, 1, reader->token);
    vl_stmt_int(stmt, 2, reader->principal);
    vl_stmt_int(stmt, 3, now);
    vl_stmt_int(stmt, 4, reader->environment);
    vl_stmt_int(stmt, 5, reader->narrow);
    return vl_stmt_step(stmt, &err) > 0;
}

static bool beat(struct vl_store_conn *conn, struct reader *reader, int64_t now)
{
    if (now - reader->checked < VL_WATCH_HEARTBEAT_MS && now >= reader->checked)
        return true;
    reader->checked = now;
    return may(conn, reader, now) && send(reader, VL_SPAN_LIT(": still here\n\n"));
}

/* Most readers are at the same place: what is read for one serves the next. */
static bool serve(struct vl_store_conn *conn, struct reader *reader, struct batch *batch, int64_t last,
    struct vl_arena *arena)
{
    struct vl_err err = VL_ERR_INIT;
    int64_t behind = last - reader->cursor;
    if (behind == 0)
        return true;
    if (behind > 0 && behind <= CATCH_UP && (!batch->read || batch->from != reader->cursor)) {
        *batch = (struct batch){.from = reader->cursor, .read = true};
        if (vl_feed_read(conn, reader->cursor, VL_WATCH_BATCH_MAX, arena, &batch->changes, &batch->n,
                &batch->gap, &err) < 0) {
            batch->read = false;
            batch->failed = true;
            return true; /* again at the next round */
        }
    }
    return give(conn, reader, batch, last);
}

/* One state of the database for all; a reader that is gone or too slow leaves the list. 1: somebody has more
 * to get; 0: all are served; -1: the database did not answer. */
static int round_of(struct vl_watch *watch, struct vl_arena *arena)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct batch batch = {0};
    int64_t last = 0, now = vl_time_now_ms();
    bool more = false;
    if (vl_store_read(watch->store, &conn, &err) < 0 || vl_feed_last(conn, &last, &err) < 0)
        return -1;
    pthread_mutex_lock(&watch->lock);
    struct reader *readers = watch->readers.items;
    size_t kept = 0;
    for (size_t i = 0; i < watch->readers.len; i++) {
        struct reader *reader = &readers[i];
        if (!serve(conn, reader, &batch, last, arena) || !beat(conn, reader, now)) {
            vl_http_stream_close(reader->stream);
            continue;
        }
        more |= reader->cursor < last;
        if (kept != i)
            readers[kept] = *reader;
        kept++;
    }
    watch->readers.len = kept; /* those that leave are closed already */
    pthread_mutex_unlock(&watch->lock);
    return batch.failed ? -1 : more;
}

static int64_t least_cursor(struct vl_watch *watch, bool *ret_stop)
{
    int64_t least = INT64_MAX;
    pthread_mutex_lock(&watch->lock);
    const struct reader *readers = watch->readers.items;
    for (size_t i = 0; i < watch->readers.len; i++)
        least = readers[i].cursor < least ? readers[i].cursor : least;
    *ret_stop = watch->stop;
    pthread_mutex_unlock(&watch->lock);
    return least;
}

static void *follow(void *user)
{
    struct vl_watch *watch = user;
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    bool stop = arena == NULL;
    int state = 0;
    while (!stop) {
        struct vl_err err = VL_ERR_INIT;
        int64_t cursor = least_cursor(watch, &stop);
        if (stop)
            break;
        /* A database that does not answer now may answer at the next round. */
        if (state == 0 && vl_feed_wait(watch->store, cursor, WAIT_MS, &err) < 0)
            state = -1;
        if (state < 0)
            (void)nanosleep(&(struct timespec){0, WAIT_MS * 1000000L}, NULL);
        vl_arena_reset(arena);
        state = round_of(watch, arena);
    }
    vl_arena_free(arena);
    return NULL;
}

/* --- opening and ending --- */

int vl_watch_new(struct vl_store *store, struct vl_watch **ret, struct vl_err *err)
{
    struct vl_watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return vl_err_nomem(err);
    watch->store = store;
    pthread_mutex_init(&watch->lock, NULL);
    vl_vec_init(&watch->readers, sizeof(struct reader), VL_WATCH_STREAMS_MAX);
    *ret = watch;
    return 0;
}

void vl_watch_free(struct vl_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->stop = true;
    bool started = watch->started;
    pthread_mutex_unlock(&watch->lock);
    if (started)
        pthread_join(watch->thread, NULL);
    const struct reader *readers = watch->readers.items;
    for (size_t i = 0; i < watch->readers.len; i++)
        vl_http_stream_close(readers[i].stream);
    vl_vec_done(&watch->readers);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

static int last_number(struct vl_watch *watch, int64_t *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(watch->store, &conn, err);
    return r < 0 ? r : vl_feed_last(conn, ret, err);
}

/* With the lock held. The thread starts with the first reader. */
static int add(struct vl_watch *watch, const struct reader *reader, struct vl_err *err)
{
    const struct reader *readers = watch->readers.items;
    size_t own = 0;
    for (size_t i = 0; i < watch->readers.len; i++)
        own += readers[i].principal == reader->principal;
    if (own >= VL_WATCH_PER_CALLER_MAX) {
        /* Whose peer has gone is known once something is sent to it: the next try finds their places free. */
        for (size_t i = 0; i < watch->readers.len; i++) {
            if (readers[i].principal == reader->principal)
                (void)vl_http_stream_write(readers[i].stream, VL_SPAN_LIT(":\n\n"));
        }
        return vl_err_set(err, VL_ERR_LIMIT, "you have %d streams open already", VL_WATCH_PER_CALLER_MAX);
    }
    struct reader *place = vl_vec_push(&watch->readers, "streams", err);
    if (!place)
        return err->err;
    *place = *reader;
    if (watch->started)
        return 0;
    int number = pthread_create(&watch->thread, NULL, follow, watch);
    if (number != 0) {
        watch->readers.len--;
        return vl_err_sys(err, number, "a thread for streams");
    }
    watch->started = true;
    return 0;
}

int vl_watch_open(struct vl_watch *watch, const struct vl_watch_caller *caller, struct vl_http_stream **ret,
    struct vl_err *err)
{
    struct reader reader = {.principal = caller->principal,
        .token = caller->token,
        .environment = caller->environment,
        .cursor = caller->after,
        .narrow = caller->narrow,
        .checked = vl_time_now_ms()};
    size_t len = strlen(caller->guid);
    memcpy(reader.guid, caller->guid, len < sizeof(reader.guid) ? len : sizeof(reader.guid) - 1);
    int r = caller->after ? 0 : last_number(watch, &reader.cursor, err);
    if (r >= 0)
        r = vl_http_stream_new(&reader.stream, err);
    if (r < 0)
        return r;
    (void)vl_http_stream_write(reader.stream, VL_SPAN_LIT("retry: 3000\n\n"));
    pthread_mutex_lock(&watch->lock);
    r = add(watch, &reader, err);
    pthread_mutex_unlock(&watch->lock);
    if (r < 0) {
        vl_http_stream_close(reader.stream);
        return r;
    }
    *ret = reader.stream;
    return 0;
}
