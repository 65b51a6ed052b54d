#include "inventory/repo_registry.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "identity/repo_role.h"
#include "jobs/ask.h"
#include "store/feed.h"
#include "store/queue.h"

#define COLUMNS                                                                                        \
    "id, environment_id, name, host, kind, username, ca_pem, include, progress, error, "               \
    "CASE WHEN secret IS NULL THEN 0 ELSE 1 END, CASE WHEN webhook_secret IS NULL THEN 0 ELSE 1 END, " \
    "insecure, enabled, poll_seconds, concurrency, created, discovered_at, event_at, labels "

static const struct vl_store_sql sql_how_many = {
    "SELECT count(*) FROM registry WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO registry (environment_id, name, host, kind, username, ca_pem, insecure, poll_seconds, "
    "include, labels, enabled, concurrency, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
    "$12, $13) ON CONFLICT DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_taken = {
    "SELECT 1 FROM registry WHERE environment_id = $1 AND name = $2 AND id <> $3", NULL};
static const struct vl_store_sql sql_change = {
    "UPDATE registry SET name = $3, host = $4, kind = $5, username = $6, ca_pem = $7, insecure = $8, "
    "poll_seconds = $9, include = $10, labels = $11, enabled = $12, concurrency = $13, attempted_at = 0 "
    "WHERE environment_id = $1 AND id = $2",
    NULL};
static const struct vl_store_sql sql_secret = {"UPDATE registry SET secret = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_webhook = {
    "UPDATE registry SET webhook_secret = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM registry WHERE environment_id = $1 AND id = $2", NULL};
static const struct vl_store_sql sql_get = {
    "SELECT " COLUMNS "FROM registry WHERE id = $1 AND ($2 = 0 OR environment_id = $2)", NULL};
static const struct vl_store_sql sql_named = {
    "SELECT id FROM registry WHERE environment_id = $1 AND name = $2", NULL};
static const struct vl_store_sql sql_list = {
    "SELECT " COLUMNS "FROM registry WHERE environment_id = $1 ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT state, count(*) FROM registry_image WHERE registry_id = $1 AND deleted_at = 0 AND is_index = 0 "
    "GROUP BY state",
    NULL};
static const struct vl_store_sql sql_count_repositories = {
    "SELECT count(*) FROM repository WHERE registry_id = $1 AND gone_at = 0", NULL};
static const struct vl_store_sql sql_open = {
    "SELECT host, kind, username, secret, ca_pem, insecure FROM registry WHERE id = $1 AND enabled = 1",
    NULL};
static const struct vl_store_sql sql_sender = {
    "SELECT " COLUMNS ", webhook_secret FROM registry WHERE id = $1 AND webhook_secret IS NOT NULL", NULL};
static const struct vl_store_sql sql_progress = {
    "UPDATE registry SET progress = $2 WHERE id = $1 RETURNING environment_id", NULL};
static const struct vl_store_sql sql_discovered = {
    "UPDATE registry SET progress = NULL, error = $2, attempted_at = $3, "
    "discovered_at = CASE WHEN $4 = 1 THEN $3 ELSE discovered_at END WHERE id = $1 RETURNING environment_id",
    NULL};

/* A failed one comes again after a minute, or after its own pause where that is shorter. */
#define DUE                                                                                             \
    "SELECT r.id FROM registry r JOIN plan p ON p.environment_id = r.environment_id AND p.name = "      \
    "'Containers' AND p.tier = 1 WHERE r.enabled = 1 AND r.attempted_at + 1000 * "                      \
    "CASE WHEN r.error IS NOT NULL AND r.poll_seconds > 60 THEN 60 ELSE r.poll_seconds END <= $1 "      \
    "AND NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = 'discover' AND j.key = CAST(r.id AS TEXT) AND " \
    "j.state = 0) "                                                                                     \
    "AND NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = 'discover' AND j.key = CAST(r.id AS TEXT) AND " \
    "j.state = 1) ORDER BY r.attempted_at, r.id LIMIT $2"
static const struct vl_store_sql sql_due = {DUE, NULL};

/* --- secrets --- */

/* What is sealed for one row cannot be put into another. */
static int seal(struct vl_store_conn *conn, const struct vl_store_sql *sql, const char *what, int64_t id,
    const uint8_t *key, const char *text, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf sealed VL_CLEANUP(vl_buf_done);
    char context[64];
    vl_buf_init(&sealed, VL_REGISTRY_SECRET_MAX + VL_CRYPT_SEALED_EXTRA);
    if (!text)
        return 0;
    (void)snprintf(context, sizeof(context), "registry.%s:%lld", what, (long long)id);
    int r = *text ? vl_crypt_seal(key, vl_span_str(context), vl_span_str(text), &sealed, err) : 0;
    if (r >= 0)
        r = vl_buf_check(&sealed, "a secret", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    if (*text)
        vl_stmt_blob(stmt, 2, vl_buf_span(&sealed));
    else
        vl_stmt_null(stmt, 2);
    return vl_stmt_run(stmt, NULL, err);
}

static int unseal(struct vl_span sealed, const char *what, int64_t id, const uint8_t *key,
    struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    char context[64];
    vl_buf_init(&text, VL_REGISTRY_SECRET_MAX);
    (void)snprintf(context, sizeof(context), "registry.%s:%lld", what, (long long)id);
    int r = vl_crypt_open(key, vl_span_str(context), sealed, &text, err);
    if (r < 0)
        return vl_err_wrap(err, "the secret of registry %lld", (long long)id);
    *ret = vl_arena_dup_span(arena, vl_buf_span(&text));
    if (text.ptr)
        explicit_bzero(text.ptr, text.len);
    return vl_arena_check(arena, "a secret", err);
}

/* --- changes --- */

static int set_settings(struct vl_stmt *stmt, int at, const struct vl_registry *g)
{
    vl_stmt_str(stmt, at++, g->name);
    vl_stmt_str(stmt, at++, g->host);
    vl_stmt_str(stmt, at++, g->kind);
    vl_stmt_str(stmt, at++, g->username ? g->username : "");
    vl_stmt_str(stmt, at++, g->ca_pem);
    vl_stmt_int(stmt, at++, g->insecure);
    vl_stmt_int(stmt, at++, g->poll_seconds);
    vl_stmt_str(stmt, at++, g->include ? g->include : "");
    vl_stmt_str(stmt, at++, g->labels ? g->labels : "");
    vl_stmt_int(stmt, at++, g->enabled);
    vl_stmt_int(stmt, at++, g->concurrency);
    return at;
}

static int settle(struct vl_store_conn *conn, const struct vl_registry *registry, int64_t id,
    const struct vl_registry_secrets *secrets, struct vl_err *err)
{
    char group[VL_ASK_GROUP_TEXT], key[24];
    (void)snprintf(key, sizeof(key), "%lld", (long long)id);
    vl_ask_group(id, group);
    int r = seal(conn, &sql_secret, "secret", id, secrets->seal_key, secrets->secret, err);
    if (r >= 0)
        r = seal(conn, &sql_webhook, "webhook", id, secrets->seal_key, secrets->webhook, err);
    if (r >= 0)
        r = vl_queue_group_max(conn, group, (unsigned)registry->concurrency, err);
    return r < 0 ? r : vl_feed_add(conn, registry->environment, "registry", key, err);
}

static int taken(struct vl_err *err, const char *name)
{
    return vl_err_set(err, VL_ERR_CONFLICT, "/name: there is a registry \"%s\" already", name);
}

int vl_repo_registry_add(struct vl_store_conn *conn, const struct vl_registry *registry,
    const struct vl_registry_secrets *secrets, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *count VL_CLEANUP(vl_stmt_cleanup) = NULL, *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_how_many, &count, err);
    if (r < 0)
        return r;
    vl_stmt_int(count, 1, registry->environment);
    r = vl_stmt_step(count, err);
    if (r >= 0 && vl_stmt_get_int(count, 0) >= VL_REGISTRIES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an environment has %d registries at most", VL_REGISTRIES_MAX);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, registry->environment);
    vl_stmt_int(stmt, set_settings(stmt, 2, registry), vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r < 0 ? r : taken(err, registry->name);
    int64_t id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = settle(conn, registry, id, secrets, err);
    if (r >= 0)
        *ret_id = id;
    return r;
}

int vl_repo_registry_change(struct vl_store_conn *conn, const struct vl_registry *registry,
    const struct vl_registry_secrets *secrets, struct vl_err *err)
{
    struct vl_stmt *other VL_CLEANUP(vl_stmt_cleanup) = NULL, *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_taken, &other, err);
    if (r < 0)
        return r;
    vl_stmt_int(other, 1, registry->environment);
    vl_stmt_str(other, 2, registry->name);
    vl_stmt_int(other, 3, registry->id);
    r = vl_stmt_step(other, err);
    if (r != 0)
        return r < 0 ? r : taken(err, registry->name);
    r = vl_stmt_begin(conn, &sql_change, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, registry->environment);
    vl_stmt_int(stmt, 2, registry->id);
    (void)set_settings(stmt, 3, registry);
    r = vl_stmt_run(stmt, &changed, err);
    if (r >= 0 && !changed)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such registry");
    return r < 0 ? r : settle(conn, registry, registry->id, secrets, err);
}

int vl_repo_registry_remove(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    char group[VL_ASK_GROUP_TEXT], key[24];
    int r = vl_stmt_begin(conn, &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, id);
    r = vl_stmt_run(stmt, &changed, err);
    if (r < 0 || !changed)
        return r < 0 ? r : 0;
    (void)snprintf(key, sizeof(key), "%lld", (long long)id);
    vl_ask_group(id, group);
    r = vl_queue_group_remove(conn, group, err);
    if (r >= 0)
        r = vl_repo_role_registry_gone(conn, id, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "registry", key, err);
    return r < 0 ? r : 1;
}

/* --- reading --- */

static int take(const struct vl_stmt *s, struct vl_arena *arena, struct vl_registry *ret, struct vl_err *err)
{
    struct vl_registry g = {.id = vl_stmt_get_int(s, 0),
        .environment = vl_stmt_get_int(s, 1),
        .name = vl_stmt_copy(s, 2, arena),
        .host = vl_stmt_copy(s, 3, arena),
        .kind = vl_stmt_copy(s, 4, arena),
        .username = vl_stmt_copy(s, 5, arena),
        .ca_pem = vl_stmt_copy(s, 6, arena),
        .include = vl_stmt_copy(s, 7, arena),
        .progress = vl_stmt_copy(s, 8, arena),
        .error = vl_stmt_copy(s, 9, arena),
        .has_secret = vl_stmt_get_int(s, 10) != 0,
        .has_webhook = vl_stmt_get_int(s, 11) != 0,
        .insecure = vl_stmt_get_int(s, 12) != 0,
        .enabled = vl_stmt_get_int(s, 13) != 0,
        .poll_seconds = vl_stmt_get_int(s, 14),
        .concurrency = vl_stmt_get_int(s, 15),
        .created = vl_stmt_get_int(s, 16),
        .discovered_at = vl_stmt_get_int(s, 17),
        .event_at = vl_stmt_get_int(s, 18),
        .labels = vl_stmt_copy(s, 19, arena)};
    int r = vl_arena_check(arena, "a registry", err);
    if (r >= 0)
        *ret = g;
    return r;
}

int vl_repo_registry_get(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_arena *arena,
    struct vl_registry *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

int vl_repo_registry_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_registry **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_registry *list = vl_arena_array(arena, VL_REGISTRIES_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "the registries", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_REGISTRIES_MAX);
    while (n < VL_REGISTRIES_MAX && (r = vl_stmt_step(stmt, err)) > 0) {
        r = take(stmt, arena, &list[n], err);
        if (r < 0)
            return r;
        n++;
    }
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_registry_named(
    struct vl_store_conn *conn, int64_t environment, const char *name, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_named, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r;
}

int vl_repo_registry_count(
    struct vl_store_conn *conn, int64_t registry, struct vl_registry_counts *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *names VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_registry_counts c = {0};
    int64_t *const by_state[] = {&c.unscanned, &c.in_progress, &c.error, &c.completed};
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, registry);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t state = vl_stmt_get_int(stmt, 0), n = vl_stmt_get_int(stmt, 1);
        c.images += n;
        if (state >= 0 && state < (int64_t)VL_ARRAY_LEN(by_state))
            *by_state[state] = n;
    }
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_count_repositories, &names, err);
    if (r < 0)
        return r;
    vl_stmt_int(names, 1, registry);
    r = vl_stmt_step(names, err);
    if (r < 0)
        return r;
    c.repositories = r > 0 ? vl_stmt_get_int(names, 0) : 0;
    *ret = c;
    return 0;
}

/* --- for jobs --- */

int vl_repo_registry_open(struct vl_store_conn *conn, const uint8_t seal_key[VL_CRYPT_KEY_BYTES], int64_t id,
    struct vl_arena *arena, struct vl_fetch_registry *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_open, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    struct vl_fetch_registry f = {.host = vl_stmt_copy(stmt, 0, arena),
        .kind = vl_stmt_copy(stmt, 1, arena),
        .ca_pem = vl_stmt_copy(stmt, 4, arena),
        .insecure = vl_stmt_get_int(stmt, 5) != 0};
    if (vl_stmt_get_text(stmt, 2).len > 0)
        f.username = vl_stmt_copy(stmt, 2, arena);
    if (!vl_stmt_is_null(stmt, 3))
        r = unseal(vl_stmt_get_blob(stmt, 3), "secret", id, seal_key, arena, &f.password, err);
    if (r >= 0)
        r = vl_arena_check(arena, "a registry", err);
    if (r < 0)
        return r;
    *ret = f;
    return 1;
}

int vl_repo_registry_sender(struct vl_store_conn *conn, const uint8_t seal_key[VL_CRYPT_KEY_BYTES],
    int64_t id, struct vl_arena *arena, struct vl_registry *ret, const char **ret_secret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_sender, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    if (r >= 0)
        r = unseal(vl_stmt_get_blob(stmt, 20), "webhook", id, seal_key, arena, ret_secret, err);
    return r < 0 ? r : 1;
}

/* Runs a statement that gives the environment, and tells watchers. */
static int tell(struct vl_store_conn *conn, struct vl_stmt *stmt, int64_t id, struct vl_err *err)
{
    char key[24];
    int r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r; /* it was removed meanwhile */
    int64_t environment = vl_stmt_get_int(stmt, 0);
    (void)snprintf(key, sizeof(key), "%lld", (long long)id);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : vl_feed_add(conn, environment, "registry", key, err);
}

int vl_repo_registry_progress(
    struct vl_store_conn *conn, int64_t id, const char *progress, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_progress, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_str(stmt, 2, progress);
    return tell(conn, stmt, id, err);
}

int vl_repo_registry_discovered(
    struct vl_store_conn *conn, int64_t id, int64_t now_ms, const char *why, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_discovered, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_str(stmt, 2, why);
    vl_stmt_int(stmt, 3, now_ms);
    vl_stmt_int(stmt, 4, why ? 0 : 1);
    return tell(conn, stmt, id, err);
}

int vl_repo_registry_due(struct vl_store_conn *conn, int64_t now_ms, size_t max, struct vl_arena *arena,
    int64_t **ret_ids, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t *ids = vl_arena_array(arena, max ? max : 1, sizeof(*ids));
    size_t n = 0;
    int r = vl_arena_check(arena, "registries", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_due, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, now_ms);
    vl_stmt_int(stmt, 2, (int64_t)max);
    while (n < max && (r = vl_stmt_step(stmt, err)) > 0)
        ids[n++] = vl_stmt_get_int(stmt, 0);
    if (r < 0)
        return r;
    *ret_ids = ids;
    *ret_n = n;
    return 0;
}
