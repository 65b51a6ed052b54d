#include "respond/repo_outbox.h"

#include <string.h>

#include "base/time.h"
#include "base/vec.h"
#include "respond/repo_delivery.h"
#include "respond/repo_recipient.h"
#include "store/feed.h"

#define DAY_MS    (24LL * 3600 * 1000)
#define EVENT_MAX (256UL * 1024)
#define ARENA_MAX (4UL * 1024 * 1024)

static const struct vl_store_sql sql_channels = {
    "SELECT id, kind, config, topics, scope, min_severity FROM channel WHERE environment_id = $1 AND enabled "
    "= 1 ORDER BY id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_waiting = {
    "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE channel_id = $1 AND state = 1 LIMIT $2) w", NULL};
static const struct vl_store_sql sql_shed = {
    "UPDATE channel SET shed = shed + 1, last_error = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO outbox (environment_id, channel_id, address, topic, severity, subject, body, state, "
    "created, next_try) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)",
    NULL};
static const struct vl_store_sql sql_notice_again = {
    "UPDATE notice SET count = count + 1, at = $5, severity = CASE WHEN severity < $6 THEN $6 ELSE severity "
    "END WHERE id = (SELECT max(id) FROM notice WHERE environment_id = $1 AND object = $2 AND at > $7 AND "
    "topic = $3 AND title = $4) RETURNING id",
    NULL};
static const struct vl_store_sql sql_notice_add = {
    "INSERT INTO notice (environment_id, at, topic, severity, title, object) VALUES ($1, $2, $3, $4, $5, $6)",
    NULL};

/* One event on its way into the tables. */
struct telling {
    struct vl_store_conn *conn;
    int64_t environment;
    const struct vl_notify_event *event;
    struct vl_arena *arena;
    const char *body; /* the event as JSON */
    int64_t now;
};

struct channel {
    int64_t id;
    const char *kind, *config, *topics, *scope;
    int64_t min_severity;
};

/* --- notices --- */

static int notice_again(struct telling *t, bool *ret_done, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_notice_again, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, t->environment);
    vl_stmt_str(stmt, 2, t->event->object ? t->event->object : "");
    vl_stmt_str(stmt, 3, vl_notify_topic_name(t->event->topic));
    vl_stmt_str(stmt, 4, t->event->title);
    vl_stmt_int(stmt, 5, t->now);
    vl_stmt_int(stmt, 6, (int64_t)t->event->severity);
    vl_stmt_int(stmt, 7, t->now - DAY_MS);
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret_done = r > 0;
    return vl_stmt_run(stmt, NULL, err);
}

static int notice(struct telling *t, struct vl_err *err)
{
    bool done = false;
    int r = notice_again(t, &done, err);
    if (r >= 0 && !done) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        r = vl_stmt_begin(t->conn, &sql_notice_add, &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, t->environment);
        vl_stmt_int(stmt, 2, t->now);
        vl_stmt_str(stmt, 3, vl_notify_topic_name(t->event->topic));
        vl_stmt_int(stmt, 4, (int64_t)t->event->severity);
        vl_stmt_str(stmt, 5, t->event->title);
        vl_stmt_str(stmt, 6, t->event->object ? t->event->object : "");
        r = vl_stmt_run(stmt, NULL, err);
    }
    return r < 0 ? r
                 : vl_feed_add(t->conn, t->environment, "notice", vl_notify_topic_name(t->event->topic), err);
}

/* --- which channels --- */

/* "team/web" is that repository, a star at the end stands for anything. */
static bool fits(struct vl_span pattern, struct vl_span text)
{
    if (!vl_span_ends_with(pattern, "*"))
        return vl_span_eq(pattern, text);
    pattern.len--;
    return text.len >= pattern.len && vl_span_eq(vl_span_slice(text, 0, pattern.len), pattern);
}

static bool in_scope(const struct telling *t, const struct vl_doc_node *scope)
{
    const struct vl_doc_node *registries = vl_doc_get(scope, "registries");
    const struct vl_doc_node *repositories = vl_doc_get(scope, "repositories");
    bool registry = vl_doc_size(registries) == 0, repository = vl_doc_size(repositories) == 0;
    for (const struct vl_doc_node *n = vl_doc_first(registries); n; n = vl_doc_next(n)) {
        int64_t id;
        registry |= vl_doc_int(n, &id) && id == t->event->registry_id;
    }
    for (const struct vl_doc_node *n = vl_doc_first(repositories); n; n = vl_doc_next(n))
        repository |= t->event->repository && fits(vl_doc_span(n), vl_span_str(t->event->repository));
    return registry && repository;
}

static int wants(const struct telling *t, const struct channel *c, bool *ret, struct vl_err *err)
{
    struct vl_doc *topics VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_doc *scope VL_CLEANUP(vl_doc_cleanup) = NULL;
    const char *name = vl_notify_topic_name(t->event->topic);
    bool topic = false, digest = t->event->topic == VL_NOTIFY_DIGEST;
    int r = vl_doc_parse(vl_span_str(c->topics), VL_DOC_JSON, "topics of a channel", &topics, err);
    if (r < 0)
        return r;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(topics)); n; n = vl_doc_next(n))
        topic |= vl_span_eq_str(vl_doc_span(n), name);
    /* The digest is of the whole environment, and has no severity of its own. */
    *ret = topic && (digest || (int64_t)t->event->severity >= c->min_severity);
    if (!*ret || digest || !c->scope)
        return 0;
    r = vl_doc_parse(vl_span_str(c->scope), VL_DOC_JSON, "scope of a channel", &scope, err);
    if (r >= 0)
        *ret = in_scope(t, vl_doc_root(scope));
    return r;
}

/* --- to whom --- */

static int add_row(struct telling *t, const struct channel *c, const char *address, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, t->environment);
    vl_stmt_int(stmt, 2, c->id);
    vl_stmt_str(stmt, 3, address);
    vl_stmt_str(stmt, 4, vl_notify_topic_name(t->event->topic));
    vl_stmt_int(stmt, 5, (int64_t)t->event->severity);
    vl_stmt_str(stmt, 6, t->event->title);
    vl_stmt_str(stmt, 7, t->body);
    vl_stmt_int(stmt, 8, t->now);
    return vl_stmt_run(stmt, NULL, err);
}

static int over_limit(struct telling *t, const struct channel *c, bool *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_waiting, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->id);
    vl_stmt_int(stmt, 2, VL_OUTBOX_WAITING_MAX);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0) >= VL_OUTBOX_WAITING_MAX;
    return r < 0 ? r : 0;
}

static int shed(struct telling *t, const struct channel *c, const char *why, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_shed, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->id);
    vl_stmt_str(stmt, 2, why);
    return vl_stmt_run(stmt, NULL, err);
}

static int tell_channel(struct telling *t, const struct channel *c, struct vl_err *err)
{
    bool wanted = false, full = false;
    const char *const *to = NULL;
    size_t n = 0;
    int r = wants(t, c, &wanted, err);
    if (r < 0 || !wanted)
        return r;
    r = over_limit(t, c, &full, err);
    if (r < 0 || full)
        return r < 0 ? r
                     : shed(t, c,
                           vl_arena_printf(t->arena, "more than %d messages wait: new ones are not kept",
                               VL_OUTBOX_WAITING_MAX),
                           err);
    if (strcmp(c->kind, "mail") == 0) {
        r = vl_repo_recipients(t->conn, t->environment, c->config, t->arena, &to, &n, err);
        for (size_t i = 0; i < n && r >= 0; i++)
            r = add_row(t, c, to[i], err);
        if (r < 0 || n == 0)
            return r;
    } else {
        r = add_row(t, c, "", err);
    }
    return r < 0 ? r : vl_outbox_job(t->conn, c->id, t->now, err);
}

/* A row that is damaged must not hold up what happened: that is told there, and counted. */
static int tell_channel_or_note(struct telling *t, const struct channel *c, struct vl_err *err)
{
    int r = tell_channel(t, c, err);
    if (r >= 0 || err->code != VL_ERR_INVALID)
        return r;
    const char *why = vl_arena_strdup(t->arena, err->msg);
    vl_err_clear(err);
    return shed(t, c, why, err);
}

static int channels(struct telling *t, struct vl_vec *list, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(t->conn, &sql_channels, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, t->environment);
    vl_stmt_int(stmt, 2, VL_CHANNELS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct channel *c = vl_vec_push(list, "channels", err);
        if (!c)
            return err->err;
        *c = (struct channel){.id = vl_stmt_get_int(stmt, 0),
            .kind = vl_stmt_copy(stmt, 1, t->arena),
            .config = vl_stmt_copy(stmt, 2, t->arena),
            .topics = vl_stmt_copy(stmt, 3, t->arena),
            .scope = vl_stmt_copy(stmt, 4, t->arena),
            .min_severity = vl_stmt_get_int(stmt, 5)};
    }
    return r < 0 ? r : vl_arena_check(t->arena, "channels", err);
}

int vl_notify(struct vl_store_conn *conn, int64_t environment_id, const struct vl_notify_event *event,
    struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf body VL_CLEANUP(vl_buf_done);
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    struct vl_notify_event dated = *event;
    struct vl_json json;
    vl_buf_init(&body, EVENT_MAX);
    vl_vec_init(&list, sizeof(struct channel), VL_CHANNELS_MAX);
    if (!arena)
        return vl_err_nomem(err);
    struct telling t = {.conn = conn,
        .environment = environment_id,
        .event = &dated,
        .arena = arena,
        .now = vl_time_now_ms()};
    dated.at = dated.at ? dated.at : t.now;
    vl_json_init(&json, &body, false);
    vl_notify_event_write(&dated, &json);
    int r = vl_json_check(&json, "an event", err);
    t.body = vl_buf_str(&body);
    if (r >= 0 && event->topic != VL_NOTIFY_DIGEST && event->topic != VL_NOTIFY_TEST)
        r = notice(&t, err);
    if (r >= 0)
        r = channels(&t, &list, err);
    for (size_t i = 0; i < list.len && r >= 0; i++)
        r = tell_channel_or_note(&t, vl_vec_at(&list, i), err);
    return r < 0 ? r : 0;
}
