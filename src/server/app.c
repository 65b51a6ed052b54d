#include "app.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "findings/advisories.h"
#include "findings/repo_facts.h"
#include "identity/oidc.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "inventory/repo_environment.h"
#include "inventory/repo_plan.h"
#include "jobs/runner.h"
#include "log.h"
#include "router.h"
#include "schema.h"
#include "seal.h"
#include "watch/stream.h"

#define PASSWORD_LENGTH 20
#define SERVER_BODY_MAX (4UL * 1024 * 1024)
#define ADMINISTRATOR   "admin"
#define ENVIRONMENT     "default"

struct first_start {
    const char *hash;
    bool made;
};

/* In the write, not before: two that start at the same time must not make two. */
static int first_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct first_start *f = user;
    int64_t count = 0, id = 0, environment = 0;
    f->made = false;
    int r = vl_repo_principals(conn, &count, err);
    if (r < 0 || count > 0)
        return r;
    r = vl_repo_principal_add(conn, VL_PRINCIPAL_USER, ADMINISTRATOR, f->hash, &id, err);
    if (r >= 0)
        r = vl_repo_role_set(conn, id, 0, VL_ROLE_OWNER, err);
    if (r >= 0)
        r = vl_repo_environment_add(conn, NULL, ENVIRONMENT, &environment, err);
    if (r >= 0)
        r = vl_repo_plan_first(conn, environment, err);
    if (r >= 0)
        r = vl_repo_audit(conn, ADMINISTRATOR, "", 0, "principal.add", ADMINISTRATOR, "first start", err);
    f->made = r >= 0;
    return r;
}

static int first_administrator(struct vl_server_app *app, bool *ret_made, struct vl_err *err)
{
    struct vl_store_conn *conn = NULL;
    char password[PASSWORD_LENGTH + 1], hash[VL_CRYPT_HASH_TEXT];
    struct first_start f = {.hash = hash};
    int64_t count = 0;
    int r = vl_store_read(app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_principals(conn, &count, err);
    vl_store_read_done(conn);
    if (r < 0 || count > 0)
        return r;
    r = vl_crypt_random_text(password, PASSWORD_LENGTH, err);
    if (r >= 0)
        r = vl_crypt_password_hash(vl_span_str(password), hash, err);
    /* The file first: an administrator whose password nobody knows would be there for good. */
    if (r >= 0)
        r = vl_server_data_password(&app->data, password, err);
    if (r >= 0)
        r = vl_store_write(app->store, first_write, &f, err);
    explicit_bzero(password, sizeof(password));
    *ret_made = f.made;
    return r;
}

static int open_advisories(struct vl_server_app *app, struct vl_arena *arena, struct vl_err *err)
{
    const char *path = app->config->advisories
                           ? app->config->advisories
                           : vl_arena_printf(arena, "%s/" VL_ADVISORIES_FILE, app->data.folder);
    int r = path ? vl_advisories_new(path, &app->advisories, err)
                 : vl_arena_check(arena, "the configuration", err);
    return r < 0 ? r : vl_facts_cache_new(&app->facts, err);
}

int vl_server_app_open(struct vl_server_app *app, const struct vl_server_config *config,
    struct vl_arena *arena, bool *ret_first_start, struct vl_err *err)
{
    memset(app, 0, sizeof(*app));
    app->config = config;
    app->started_ms = vl_time_now_ms();
    vl_server_data_init(&app->data);
    *ret_first_start = false;
    int r = vl_server_data_open(&app->data, config, arena, err);
    if (r < 0)
        return r;
    const char *url =
        config->database ? config->database : vl_arena_printf(arena, "sqlite:%s/vallum.db", app->data.folder);
    if (!url)
        return vl_arena_check(arena, "the configuration", err);
    struct vl_store_options options = {.url = url};
    r = vl_store_open(&options, &vl_server_schema, &app->store, err);
    if (r >= 0)
        r = open_advisories(app, arena, err);
    if (r >= 0)
        r = vl_oidc_new(config, &app->oidc, err);
    if (r >= 0)
        r = vl_server_seal_check(app, err);
    return r < 0 ? r : first_administrator(app, ret_first_start, err);
}

/* Every call, at the level debug; the path without its query, which may hold what is nobody's business. */
static void served(
    const struct vl_http_call *call, unsigned status, uint64_t bytes, uint64_t microseconds, void *user)
{
    (void)user;
    if (!vl_log_wants(VL_LOG_DEBUG))
        return;
    char size[24], took[24];
    (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
    (void)snprintf(took, sizeof(took), "%llu", (unsigned long long)microseconds);
    vl_log(VL_LOG_DEBUG,
        VL_LOG_FIELDS({"method", call->method}, {"path", call->path}, {"peer", call->peer}, {"bytes", size},
            {"microseconds", took}),
        "answered %u", status);
}

int vl_server_app_listen(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_http_server_options options = {
        .address = app->config->address,
        .port = app->config->port,
        .certificate_pem = vl_buf_span(&app->data.server.certificate_pem),
        .key_pem = vl_buf_span(&app->data.server.key_pem),
        .body_max = SERVER_BODY_MAX,
        .handle = vl_server_handle,
        .served = served,
        .user = app,
    };
    int r = vl_watch_new(app->store, &app->watch, err);
    if (r >= 0)
        r = vl_http_server_start(&options, &app->http, err);
    app->ready = r >= 0;
    return r;
}

int vl_server_app_work(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_runner_options options = {.workers = app->config->workers};
    return vl_runner_start(app, &options, &app->runner, err);
}

void vl_server_app_close(struct vl_server_app *app, int grace_ms)
{
    app->ready = false;
    vl_runner_stop(app->runner);
    app->runner = NULL;
    vl_http_server_stop(app->http, grace_ms);
    app->http = NULL;
    vl_watch_free(app->watch); /* no call is under way that could open another stream */
    app->watch = NULL;
    vl_oidc_free(app->oidc);
    app->oidc = NULL;
    vl_store_close(app->store);
    app->store = NULL;
    vl_advisories_free(app->advisories);
    app->advisories = NULL;
    vl_facts_cache_free(app->facts);
    app->facts = NULL;
    vl_server_data_done(&app->data);
}
