/* tests: inventory/test_registry.c
 *
 * Registries of an environment: add, list, change, remove, try, reconcile now; what lies in them by
 * repository. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "inventory/label.h"
#include "inventory/registry_form.h"
#include "inventory/repo_place.h"
#include "jobs/ask.h"
#include "jobs/fetcher.h"
#include "jobs/runner.h"
#include "posture/posture.h"
#include "routes.h"

static const struct vl_store_sql sql_repositories = {
    "SELECT r.name, r.last_seen, (SELECT count(*) FROM registry_image i WHERE i.registry_id = r.registry_id "
    "AND i.repository = r.name AND i.deleted_at = 0 AND i.is_index = 0) FROM repository r WHERE "
    "r.registry_id = $1 AND r.gone_at = 0 AND ($2 = '' OR r.name > $2) ORDER BY r.name LIMIT $3",
    NULL};
static const struct vl_store_sql sql_repositories_count = {
    "SELECT count(*) FROM (SELECT 1 AS one FROM repository WHERE registry_id = $1 AND gone_at = 0 LIMIT $2) "
    "c",
    NULL};

/* --- answers --- */

static void write_include(struct vl_json *json, const char *include)
{
    struct vl_span rest = vl_span_str(include), line;
    vl_api_array(json, "include");
    while (vl_span_split_line(&rest, &line)) {
        if (line.len > 0)
            vl_json_span(json, line);
    }
    vl_json_array_end(json);
}

static void write_counts(struct vl_json *json, const struct vl_registry_counts *counts)
{
    vl_api_object(json, "counts");
    vl_json_member_int(json, "repositories", counts->repositories);
    vl_json_member_int(json, "images", counts->images);
    vl_json_member_int(json, "unscanned", counts->unscanned);
    vl_json_member_int(json, "inProgress", counts->in_progress);
    vl_json_member_int(json, "error", counts->error);
    vl_json_member_int(json, "completed", counts->completed);
    vl_json_object_end(json);
}

static void write_bool(struct vl_json *json, const char *key, bool value)
{
    vl_json_key(json, key);
    vl_json_bool(json, value);
}

static const char *webhook_url(const struct vl_request *request, int64_t id)
{
    const char *host = vl_http_call_header(request->call, "Host");
    return vl_arena_printf(request->arena, "%s%s/api/v1/registries/%lld/events", host ? "https://" : "",
        host ? host : "", (long long)id);
}

static int write_registry(struct vl_json *json, struct vl_request *request, struct vl_store_conn *conn,
    const struct vl_registry *g, struct vl_err *err)
{
    struct vl_registry_counts counts;
    int r = vl_repo_registry_count(conn, g->id, &counts, err);
    if (r < 0)
        return r;
    vl_json_member_int(json, "id", g->id);
    vl_api_str(json, "name", g->name);
    vl_api_str(json, "host", g->host);
    vl_api_str(json, "kind", g->kind);
    vl_api_str(json, "username", *g->username ? g->username : NULL);
    write_bool(json, "hasSecret", g->has_secret);
    write_bool(json, "hasCa", g->ca_pem != NULL);
    write_bool(json, "insecure", g->insecure);
    vl_json_member_int(json, "pollSeconds", g->poll_seconds);
    write_include(json, g->include);
    vl_labels_write(json, "labels", g->labels);
    write_bool(json, "enabled", g->enabled);
    vl_json_member_int(json, "concurrency", g->concurrency);
    vl_api_time(json, "created", g->created);
    vl_api_time(json, "discoveredAt", g->discovered_at);
    vl_api_time(json, "eventAt", g->event_at);
    vl_api_str(json, "progress", g->progress);
    vl_api_str(json, "error", g->error);
    vl_api_object(json, "webhook");
    vl_api_str(json, "url", webhook_url(request, g->id));
    write_bool(json, "hasSecret", g->has_webhook);
    vl_json_object_end(json);
    write_counts(json, &counts);
    return 0;
}

/* The registry that the path names, in the call's environment. */
static int find(
    struct vl_request *request, struct vl_store_conn *conn, struct vl_registry *ret, struct vl_err *err)
{
    int64_t id;
    int r = vl_request_id(request, 0, "registry", &id, err);
    if (r >= 0 && !vl_request_sees(request, id))
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such registry");
    if (r >= 0)
        r = vl_repo_registry_get(conn, request->environment.id, id, request->arena, ret, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such registry") : r;
}

/* Of what can be set. Counts and progress change by themselves: who changes a setting does not mind them. */
static void etag_of(const struct vl_registry *g, struct vl_arena *arena, char ret[VL_API_ETAG_TEXT])
{
    const char *text = vl_arena_printf(arena, "%lld\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%d %d %d %d %lld %lld",
        (long long)g->id, g->name, g->host, g->kind, g->username ? g->username : "",
        g->ca_pem ? g->ca_pem : "", g->include ? g->include : "", g->labels ? g->labels : "", g->has_secret,
        g->has_webhook, g->insecure, g->enabled, (long long)g->poll_seconds, (long long)g->concurrency);
    vl_api_etag_of(vl_span_str(text), ret);
}

static int if_match(struct vl_request *request, const struct vl_registry *g, struct vl_err *err)
{
    char etag[VL_API_ETAG_TEXT];
    etag_of(g, request->arena, etag);
    return vl_api_if_match(request, etag, err);
}

static int answer(
    struct vl_request *request, unsigned status, int64_t id, const char *made_secret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_registry g;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_registry_get(conn, request->environment.id, id, request->arena, &g, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such registry");
    vl_request_json(request, status, &json);
    r = write_registry(&json, request, conn, &g, err);
    if (r >= 0 && made_secret)
        vl_json_member_str(&json, "webhookSecret", made_secret);
    if (r >= 0)
        r = vl_request_json_end(&json, err);
    if (r < 0)
        return r;
    char etag[VL_API_ETAG_TEXT];
    etag_of(&g, request->arena, etag);
    vl_http_reply_header(request->reply, "ETag", vl_arena_strdup(request->arena, etag));
    return 0;
}

static int registries_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_registry *list = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_registry_list(conn, request->environment.id, request->arena, &list, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        if (!vl_api_item(&page))
            break;
        r = write_registry(&page.json, request, conn, &list[i], err);
        vl_api_item_end(&page, NULL);
    }
    return r < 0 ? r : vl_api_list_end(&page, 0, err);
}

static int registry_get(struct vl_request *request, struct vl_err *err)
{
    int64_t id;
    int r = vl_request_id(request, 0, "registry", &id, err);
    return r < 0 ? r : answer(request, 200, id, NULL, err);
}

/* --- changes --- */

struct change {
    struct vl_request *request;
    struct vl_registry_form form;
    int64_t id, job;
    char made[VL_REGISTRY_WEBHOOK_TEXT];
};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_registry_add(conn, &c->form.registry, &c->form.secrets, &c->id, err);
    if (r >= 0)
        r = vl_ask_discover(conn, c->id, VL_PRIORITY_ASKED, NULL, err);
    if (r >= 0)
        r = vl_posture_touch(conn, c->request->environment.id, NULL, err);
    return r < 0 ? r
                 : vl_request_audit(
                       conn, c->request, "registry.add", c->form.registry.name, c->form.registry.host, err);
}

static int registry_add(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    const char *name = NULL, *host = NULL;
    int r = vl_request_text(request, "name", true, VL_REGISTRY_NAME_MAX, &name, err);
    if (r >= 0)
        r = vl_request_text(request, "host", true, VL_REGISTRY_HOST_MAX, &host, err);
    if (r >= 0)
        r = vl_registry_form_read(request, NULL, &c.form, err);
    if (r >= 0 && !c.form.secrets.webhook) {
        r = vl_crypt_random_text(c.made, sizeof(c.made) - 1, err);
        c.form.secrets.webhook = c.made;
    }
    if (r >= 0)
        r = vl_store_write(request->app->store, add_write, &c, err);
    return r < 0 ? r : answer(request, 201, c.id, c.made[0] ? c.made : NULL, err);
}

static const char *changed_fields(struct vl_request *request)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1024);
    for (const struct vl_doc_node *n = vl_doc_first(request->body); n; n = vl_doc_next(n))
        vl_buf_printf(&out, "%s%.*s", out.len ? ", " : "", VL_SPAN_FMT(vl_doc_key(n)));
    return vl_arena_strdup(request->arena, vl_buf_str(&out));
}

static int change_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_registry before;
    int r = find(c->request, conn, &before, err);
    /* Whether a name is taken tells of registries that he does not see. */
    if (r >= 0 && c->request->narrow && vl_doc_get(c->request->body, "name"))
        r = vl_request_forbidden(err, "a registry's name is its environment's to give");
    /* Roles hang on labels: who may see the registry is not said by whom it was shown to. */
    if (r >= 0 && c->request->narrow && vl_doc_get(c->request->body, "labels"))
        r = vl_request_forbidden(err, "a registry's labels are its environment's to give");
    if (r >= 0)
        r = if_match(c->request, &before, err);
    if (r >= 0)
        r = vl_registry_form_read(c->request, &before, &c->form, err);
    if (r >= 0)
        r = vl_repo_registry_change(conn, &c->form.registry, &c->form.secrets, err);
    if (r >= 0)
        r = vl_request_audit(
            conn, c->request, "registry.change", before.name, changed_fields(c->request), err);
    if (r >= 0)
        c->id = before.id;
    return r;
}

static int registry_change(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_store_write(request->app->store, change_write, &c, err);
    return r < 0 ? r : answer(request, 200, c.id, NULL, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_registry before;
    int r = find(c->request, conn, &before, err);
    if (r >= 0)
        r = if_match(c->request, &before, err);
    if (r >= 0)
        r = vl_repo_registry_remove(conn, c->request->environment.id, before.id, err);
    if (r >= 0)
        r = vl_posture_touch(conn, c->request->environment.id, NULL, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "registry.remove", before.name, before.host, err);
}

static int registry_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

static int discover_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_registry g;
    int r = find(c->request, conn, &g, err);
    if (r >= 0 && !g.enabled)
        return vl_err_set(err, VL_ERR_CONFLICT, "the registry is switched off");
    if (r >= 0)
        r = vl_ask_discover(conn, g.id, VL_PRIORITY_ASKED, &c->job, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "registry.discover", g.name, NULL, err);
}

static int registry_discover(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    struct vl_json json;
    int r = vl_store_write(request->app->store, discover_write, &c, err);
    if (r < 0)
        return r;
    vl_request_json(request, 202, &json);
    vl_json_member_int(&json, "job", c.job);
    return vl_request_json_end(&json, err);
}

/* --- trying --- */

/* What to do about it, in words. */
static const char *cure(const struct vl_err *why)
{
    switch (why->code) {
    case VL_ERR_AUTH:
        return ": check the user name and password (or token), and that it may list and pull";
    case VL_ERR_UNREACHABLE:
        return ": check the host and port, that the registry runs, and whether its certificate needs "
               "\"caPem\"";
    default:
        return "";
    }
}

/* The catalogue; without one, the first repository that is named. */
static int try_it(struct vl_request *request, const struct vl_registry *g,
    const struct vl_fetch_registry *access, const char **ret_message, struct vl_err *err)
{
    const struct vl_fetcher *fetcher = vl_fetcher_of(request->app);
    const char *const *names = NULL;
    struct vl_span rest = vl_span_str(g->include), line;
    size_t n = 0;
    int r = fetcher->catalogue(access, request->arena, &names, &n, err);
    if (r >= 0) {
        size_t included = 0;
        for (size_t i = 0; i < n; i++)
            included += vl_registry_includes(g->include, vl_span_str(names[i]));
        *ret_message =
            vl_arena_printf(request->arena, "%zu of its %zu repositories are included", included, n);
        return 0;
    }
    if (err->code != VL_ERR_UNSUPPORTED)
        return r;
    while (vl_span_split_line(&rest, &line)) {
        const char *name = vl_arena_dup_span(request->arena, line);
        if (line.len == 0 || vl_span_find_char(line, '*') != SIZE_MAX || !name)
            continue;
        vl_err_clear(err);
        r = fetcher->tags(access, name, request->arena, &names, &n, err);
        if (r >= 0)
            *ret_message =
                vl_arena_printf(request->arena, "it has no catalogue; repository %s has %zu tags", name, n);
        return r < 0 ? vl_err_wrap(err, "repository %s", name) : 0;
    }
    return r;
}

static int registry_try(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_registry g;
    struct vl_fetch_registry access;
    struct vl_err why = VL_ERR_INIT;
    struct vl_json json;
    const char *message = NULL;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = find(request, conn, &g, err);
    if (r >= 0)
        r = vl_repo_registry_open(conn, request->app->data.seal_key, g.id, request->arena, &access, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_CONFLICT, "the registry is switched off");
    vl_store_read_done(conn); /* it may take a while */
    conn = NULL;
    bool good = try_it(request, &g, &access, &message, &why) >= 0;
    if (!good)
        message = vl_arena_printf(request->arena, "%s%s", why.msg, cure(&why));
    vl_request_json(request, 200, &json);
    write_bool(&json, "ok", good);
    vl_api_str(&json, "message", message);
    return vl_request_json_end(&json, err);
}

/* --- repositories --- */

static int count_repositories(struct vl_store_conn *conn, int64_t registry, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_repositories_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, registry);
    vl_stmt_int(stmt, 2, VL_API_COUNT_MAX + 1);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static int repositories_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_registry g;
    struct vl_api_page page;
    int64_t total = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = find(request, conn, &g, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_repositories, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, g.id);
    vl_stmt_str(stmt, 2, page.resumed ? page.keys[0].text : "");
    vl_stmt_int(stmt, 3, page.fetch);
    while ((r = vl_stmt_step(stmt, err)) > 0 && vl_api_item(&page)) {
        const char *name = vl_stmt_copy(stmt, 0, request->arena);
        vl_api_str(&page.json, "name", name);
        vl_json_member_int(&page.json, "images", vl_stmt_get_int(stmt, 2));
        vl_api_time(&page.json, "lastSeen", vl_stmt_get_int(stmt, 1));
        vl_api_item_end(&page, &(struct vl_api_key){.text = name});
    }
    if (r >= 0 && vl_api_wants_total(&page))
        r = count_repositories(conn, g.id, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

const struct vl_route vl_routes_registry[] = {
    {"GET", "/api/v1/registries", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, registries_list},
    {"POST", "/api/v1/registries", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, registry_add},
    {"GET", "/api/v1/registries/{}", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, registry_get},
    {"PATCH", "/api/v1/registries/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY_PART, VL_BODY_JSON, registry_change},
    {"DELETE", "/api/v1/registries/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_NONE, registry_remove},
    {"POST", "/api/v1/registries/{}/test", VL_ROLE_ADMIN, VL_SCOPE_QUERY_PART, VL_BODY_NONE, registry_try},
    {"POST", "/api/v1/registries/{}/discover", VL_ROLE_ADMIN, VL_SCOPE_QUERY_PART, VL_BODY_NONE,
        registry_discover},
    {"GET", "/api/v1/registries/{}/repositories", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE,
        repositories_list},
    {0},
};
