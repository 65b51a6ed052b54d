#include "store/feed.h"

#include <string.h>

#include "base/time.h"
#include "driver.h"
#include "store_impl.h"

#define READ_MAX  10000
#define TOLD_LOOK 4                     /* changes looked back at */
#define NEWS_MAX  (256UL * 1024 * 1024) /* bytes of what writes of one commit tell */

static const struct vl_column feed_columns[] = {
    {.name = "number", .type = VL_COLUMN_ID},
    {.name = "at", .type = VL_COLUMN_INT},
    {.name = "environment_id", .type = VL_COLUMN_INT},
    {.name = "topic", .type = VL_COLUMN_TEXT},
    {.name = "key", .type = VL_COLUMN_TEXT},
    {0},
};
const struct vl_table vl_feed_table = {.name = "change", .columns = feed_columns};

static const struct vl_column leader_columns[] = {
    {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "who", .type = VL_COLUMN_TEXT},
    {.name = "until", .type = VL_COLUMN_INT},
    {0},
};
const struct vl_table vl_leader_table = {.name = "leader", .columns = leader_columns, .primary_key = "name"};

/* Numbers must come in the order of commits, or a reader that has seen 7 would miss a 6 that commits later:
 * the lock is held until the commit. Who listens is told then, too. */
static const struct vl_store_sql sql_lock = {
    "SELECT 1", "SELECT pg_advisory_xact_lock(727565), pg_notify('vallum_change', '')"};
static const struct vl_store_sql sql_add = {
    "INSERT INTO change (at, environment_id, topic, key) VALUES ($1, $2, $3, $4)", NULL};
/* SQLite keeps a journal of a statement with several rows, which costs more than it saves. */
static const struct vl_store_sql sql_add_some = {
    "INSERT INTO change (at, environment_id, topic, key) VALUES ($1, $2, $3, $4), ($5, $6, $7, $8), ($9, "
    "$10, $11, $12), ($13, $14, $15, $16), ($17, $18, $19, $20), ($21, $22, $23, $24), ($25, $26, $27, $28), "
    "($29, $30, $31, $32)",
    NULL};
#define SOME 8
static const struct vl_store_sql sql_read = {
    "SELECT number, at, environment_id, topic, key FROM change WHERE number > $1 ORDER BY number LIMIT $2",
    NULL};
static const struct vl_store_sql sql_first = {"SELECT min(number) FROM change", NULL};
static const struct vl_store_sql sql_last = {"SELECT max(number) FROM change", NULL};
/* The newest stays, so that the last number is known. */
static const struct vl_store_sql sql_trim = {
    "DELETE FROM change WHERE at < $1 AND number < (SELECT max(number) FROM change)", NULL};
static const struct vl_store_sql sql_lead = {
    "INSERT INTO leader (name, who, until) VALUES ($1, $2, $3) "
    "ON CONFLICT (name) DO UPDATE SET who = excluded.who, until = excluded.until "
    "WHERE leader.who = excluded.who OR leader.until < $4",
    NULL};

static int run_plain(struct vl_store_conn *conn, const struct vl_store_sql *sql, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    return r < 0 ? r : vl_stmt_send(stmt, err);
}

/* A commit says once what it says: of a hundred jobs that are added at a time, one change. */
static bool is_told(
    const struct store_news *news, size_t n, int64_t environment, const char *topic, const char *key)
{
    for (size_t i = n; i > 0 && n - i < TOLD_LOOK; i--) {
        const struct store_news *told = &news[i - 1];
        if (told->environment == environment && strcmp(told->topic, topic) == 0 &&
            strcmp(told->key, key) == 0)
            return true;
    }
    return false;
}

int vl_feed_add(
    struct vl_store_conn *conn, int64_t environment, const char *topic, const char *key, struct vl_err *err)
{
    if (!conn->news)
        conn->news = vl_arena_new(NEWS_MAX);
    if (!conn->news)
        return vl_err_nomem(err);
    if (is_told(conn->feed.items, conn->feed.len, environment, topic, key))
        return 0;
    struct store_news *n = vl_vec_push(&conn->feed, "changes of a write", err);
    if (!n)
        return err->err;
    *n = (struct store_news){
        vl_time_now_ms(), environment, vl_arena_strdup(conn->news, topic), vl_arena_strdup(conn->news, key)};
    return vl_arena_check(conn->news, "changes of a write", err);
}

static int add_rows(struct vl_store_conn *conn, const struct store_news *news, size_t n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, n == SOME ? &sql_add_some : &sql_add, &stmt, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        int at = (int)i * 4;
        vl_stmt_int(stmt, at + 1, news[i].at);
        vl_stmt_int(stmt, at + 2, news[i].environment);
        vl_stmt_str(stmt, at + 3, news[i].topic);
        vl_stmt_str(stmt, at + 4, news[i].key);
    }
    return vl_stmt_send(stmt, err);
}

int store_feed_flush(struct vl_store_conn *conn, struct vl_err *err)
{
    const struct store_news *news = conn->feed.items;
    bool first = !conn->changed_feed, many = conn->driver->kind == VL_STORE_POSTGRESQL;
    int r = 0;
    if (conn->feed.len == 0)
        return 0;
    if (first && many)
        r = run_plain(conn, &sql_lock, err);
    for (size_t i = 0, n; i < conn->feed.len && r >= 0; i += n) {
        n = many && conn->feed.len - i >= SOME ? SOME : 1;
        r = add_rows(conn, news + i, n, err);
    }
    if (r < 0)
        return r;
    conn->changed_feed = true;
    store_feed_forget(conn);
    return 0;
}

void store_feed_forget(struct vl_store_conn *conn)
{
    conn->feed.len = 0;
    if (conn->news)
        vl_arena_reset(conn->news);
}

static int number_of(
    struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

int vl_feed_last(struct vl_store_conn *conn, int64_t *ret_number, struct vl_err *err)
{
    return number_of(conn, &sql_last, ret_number, err);
}

int vl_feed_read(struct vl_store_conn *conn, int64_t cursor, size_t max, struct vl_arena *arena,
    struct vl_change **ret, size_t *ret_n, bool *ret_gap, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t first;
    int r = number_of(conn, &sql_first, &first, err);
    if (r < 0)
        return r;
    max = max > READ_MAX ? READ_MAX : max;
    struct vl_change *changes = vl_arena_array(arena, max ? max : 1, sizeof(*changes));
    size_t n = 0;
    if (!changes)
        return vl_arena_check(arena, "changes", err);
    r = vl_stmt_begin(conn, &sql_read, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, cursor);
    vl_stmt_int(stmt, 2, (int64_t)max);
    while (n < max && (r = vl_stmt_step(stmt, err)) > 0) {
        changes[n++] = (struct vl_change){
            .number = vl_stmt_get_int(stmt, 0),
            .at = vl_stmt_get_int(stmt, 1),
            .environment = vl_stmt_get_int(stmt, 2),
            .topic = vl_stmt_copy(stmt, 3, arena),
            .key = vl_stmt_copy(stmt, 4, arena),
        };
    }
    if (r >= 0)
        r = vl_arena_check(arena, "changes", err);
    if (r < 0)
        return r;
    *ret = changes;
    *ret_n = n;
    *ret_gap = first > cursor + 1;
    return 0;
}

int vl_feed_wait(struct vl_store *store, int64_t cursor, int timeout_ms, struct vl_err *err)
{
    uint64_t version = store_feed_version(store);
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t last = 0;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = vl_feed_last(conn, &last, err);
    if (r < 0 || last > cursor)
        return r < 0 ? r : 1;
    vl_store_read_done(conn);
    conn = NULL;
    return store_wait_feed(store, version, timeout_ms, err);
}

int vl_feed_trim(struct vl_store_conn *conn, int64_t before_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_trim, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, before_ms);
    return vl_stmt_run(stmt, NULL, err);
}

struct candidacy {
    const char *name, *who;
    int64_t now, until;
    bool leads;
};

static int lead_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct candidacy *c = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_lead, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, c->name);
    vl_stmt_str(stmt, 2, c->who);
    vl_stmt_int(stmt, 3, c->until);
    vl_stmt_int(stmt, 4, c->now);
    r = vl_stmt_run(stmt, &changed, err);
    c->leads = changed > 0;
    return r;
}

int vl_leader_try(
    struct vl_store *store, const char *name, const char *who, int64_t lease_ms, struct vl_err *err)
{
    struct candidacy c = {.name = name, .who = who, .now = vl_time_now_ms()};
    c.until = c.now + lease_ms;
    int r = vl_store_write(store, lead_write, &c, err);
    return r < 0 ? r : c.leads;
}
