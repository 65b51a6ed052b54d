/* tests: inventory/test_registry.c
 *
 * Events of registries. Nobody is logged in: the registry's own secret is what counts. A call is answered
 * with 202 once what it told is durable: the rows, and the jobs that follow. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "identity/repo_identity.h"
#include "inventory/plan.h"
#include "inventory/repo_place.h"
#include "inventory/repo_plan.h"
#include "inventory/repo_registry.h"
#include "inventory/webhook.h"
#include "jobs/ask.h"
#include "jobs/runner.h"
#include "routes.h"

#define REFUSED_MS  60000 /* forged calls are audited so often at most */
#define EVENT_AT_MS 10000 /* registry.event_at is written so often at most */
#define SECRET_MAX  1024

static const struct vl_store_sql sql_event_at = {
    "UPDATE registry SET event_at = $2 WHERE id = $1 AND event_at < $3", NULL};

/* --- who sends --- */

/* user:password of basic authentication; the user is not looked at. */
static bool basic_fits(struct vl_span value, const char *secret)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, SECRET_MAX);
    if (!vl_base64_decode(vl_span_trim(value), &text) || vl_buf_span(&text).len == 0)
        return false;
    struct vl_span pair = vl_buf_span(&text);
    size_t colon = vl_span_find_char(pair, ':');
    bool fits =
        colon != SIZE_MAX && vl_crypt_equal(vl_span_slice(pair, colon + 1, pair.len), vl_span_str(secret));
    explicit_bzero(text.ptr, text.len);
    return fits;
}

static bool scheme(struct vl_span *value, const char *name)
{
    size_t n = strlen(name);
    if (!vl_span_eq_nocase(vl_span_slice(*value, 0, n), vl_span_str(name)))
        return false;
    *value = vl_span_trim(vl_span_slice(*value, n, value->len));
    return true;
}

/* "Bearer SECRET", "Basic …", or the secret alone, as Harbor sends its header. Docker Hub sends no header at
 * all, and Pub/Sub none but a token of Google's: they have the secret in the address that they were given. */
static bool is_from_it(const struct vl_request *request, const char *kind, const char *secret)
{
    const char *header = vl_http_call_header(request->call, "Authorization");
    const char *param = vl_http_call_param(request->call, "secret");
    struct vl_span value = vl_span_str(header);
    bool pubsub = strcmp(kind, "gar") == 0;
    if (param && (pubsub || (!header && strcmp(kind, "dockerhub") == 0)))
        return vl_crypt_equal(vl_span_str(param), vl_span_str(secret));
    if (!header)
        return false;
    if (scheme(&value, "Basic "))
        return basic_fits(value, secret);
    (void)scheme(&value, "Bearer ");
    return vl_crypt_equal(value, vl_span_str(secret));
}

struct refusal {
    struct vl_request *request;
    long long count;
};

static int refused_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct refusal *f = user;
    const char *detail = vl_arena_printf(f->request->arena, "%lld calls without the right secret", f->count);
    return vl_repo_audit(
        conn, "", f->request->call->peer, 0, "webhook.refused", f->request->params[0], detail, err);
}

/* Counted always; written once a minute, so that a flood of them is no flood of writes. */
static int refuse(struct vl_request *request, struct vl_err *err)
{
    struct vl_server_app *app = request->app;
    struct vl_err ignored = VL_ERR_INIT;
    long long now = vl_time_monotonic_us() / 1000, last = app->forged.at;
    app->forged.all++;
    app->forged.untold++;
    if ((last == 0 || now - last >= REFUSED_MS) &&
        atomic_compare_exchange_strong(&app->forged.at, &last, now)) {
        struct refusal f = {request, atomic_exchange(&app->forged.untold, 0)};
        if (vl_store_write(app->store, refused_write, &f, &ignored) < 0)
            app->forged.untold += f.count;
    }
    return vl_err_set(err, VL_ERR_AUTH, "this is not the secret of a registry");
}

/* --- what they tell --- */

struct taking {
    struct vl_request *request;
    const struct vl_registry *registry;
    const struct vl_webhook_list *list;
    int64_t now;
};

/* NUL-terminated copies of what is lent by the body. */
struct names {
    const char *repository, *digest, *tag;
};

static int push(struct vl_store_conn *conn, const struct taking *t, const struct vl_webhook_event *e,
    const struct names *n, struct vl_err *err)
{
    const struct vl_registry *g = t->registry;
    int64_t place = 0, at = e->at > 0 && e->at <= t->now + 60000 ? e->at : t->now;
    enum vl_place_scan scan = VL_PLACE_NO_SCAN;
    int r = vl_repo_repository_seen(conn, g->id, n->repository, t->now, err);
    if (r < 0)
        return r;
    if (e->what == VL_WEBHOOK_UNKNOWN || !*n->digest)
        return vl_ask_resolve(conn, g->id, e->repository, e->digest, e->tag, at, err);
    const struct vl_place_seen seen = {.environment = g->environment,
        .registry = g->id,
        .repository = n->repository,
        .digest = n->digest,
        .is_index = e->what == VL_WEBHOOK_INDEX,
        .now = t->now,
        .event = at};
    r = vl_repo_place_seen(conn, &seen, &place, &scan, err);
    if (r >= 0 && *n->tag)
        r = vl_repo_tag_set(conn, g->id, n->repository, n->tag, n->digest, t->now, err);
    if (r >= 0 && e->what == VL_WEBHOOK_INDEX)
        r = vl_ask_resolve(conn, g->id, e->repository, e->digest, e->tag, at, err);
    if (r >= 0 && scan == VL_PLACE_SCAN_NEW)
        r = vl_ask_scan_new(conn, place, g->id, VL_PRIORITY_PUSHED, err);
    else if (r >= 0 && scan == VL_PLACE_SCAN)
        r = vl_ask_scan(conn, place, g->id, VL_PRIORITY_PUSHED, NULL, err);
    return r;
}

static int take_event(
    struct vl_store_conn *conn, const struct taking *t, const struct vl_webhook_event *e, struct vl_err *err)
{
    struct vl_arena *arena = t->request->arena;
    const struct names n = {vl_arena_dup_span(arena, e->repository), vl_arena_dup_span(arena, e->digest),
        vl_arena_dup_span(arena, e->tag)};
    int64_t id = t->registry->id, at = e->at > 0 ? e->at : t->now;
    int r = vl_arena_check(arena, "the events", err);
    if (r < 0 || !vl_registry_includes(t->registry->include, e->repository) ||
        !vl_webhook_is_about(e, vl_span_str(t->registry->host)))
        return r;
    switch (e->action) {
    case VL_WEBHOOK_PUSH:
        return push(conn, t, e, &n, err);
    case VL_WEBHOOK_PULL:
        return *n.digest ? vl_repo_place_pulled(conn, id, n.repository, n.digest, at, err) : 0;
    case VL_WEBHOOK_DELETE:
    default:
        /* Of a tag alone, only the tag went. */
        return *n.digest ? vl_repo_place_gone(conn, id, n.repository, n.digest, at, t->now, err)
                         : vl_repo_tag_gone(conn, id, n.repository, n.tag, t->now, err);
    }
}

static int take_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct taking *t = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = 0;
    for (size_t i = 0; i < t->list->events.len && r >= 0; i++)
        r = take_event(conn, t, vl_vec_at(&t->list->events, i), err);
    if (r < 0 || t->now - t->registry->event_at < EVENT_AT_MS)
        return r;
    r = vl_stmt_begin(conn, &sql_event_at, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, t->registry->id);
    vl_stmt_int(stmt, 2, t->now);
    vl_stmt_int(stmt, 3, t->now - EVENT_AT_MS);
    return vl_stmt_run(stmt, NULL, err);
}

/* The registry that sends. An unknown one, one without a secret and a wrong secret look alike. *ret_open:
 * something is to be done about what it tells. */
static int sender(struct vl_request *request, struct vl_registry *ret, bool *ret_open, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_err none = VL_ERR_INIT;
    const char *secret = NULL;
    int64_t id;
    if (vl_request_id(request, 0, "registry", &id, &none) < 0)
        return refuse(request, err);
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_registry_sender(conn, request->app->data.seal_key, id, request->arena, ret, &secret, err);
    bool known = r > 0 && is_from_it(request, ret->kind, secret);
    if (known)
        r = vl_repo_plan_enabled(conn, ret->environment, VL_PLAN_CONTAINERS, ret_open, err);
    vl_store_read_done(conn);
    conn = NULL;
    if (r < 0)
        return r;
    *ret_open = known && *ret_open && ret->enabled;
    return known ? 0 : refuse(request, err);
}

static int answer(struct vl_request *request, size_t accepted, size_t ignored, struct vl_err *err)
{
    struct vl_json json;
    vl_request_json(request, 202, &json);
    vl_json_member_int(&json, "accepted", (int64_t)accepted);
    vl_json_member_int(&json, "ignored", (int64_t)ignored);
    return vl_request_json_end(&json, err);
}

/* A registry that is switched off, or whose plan is: nothing is done, and the sender need not try again. What
 * was pushed meanwhile is found by the first reconciliation afterwards. */
static int events(struct vl_request *request, struct vl_err *err)
{
    struct vl_webhook_list list VL_CLEANUP(vl_webhook_list_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_registry registry = {0};
    bool open = false;
    vl_webhook_list_init(&list);
    int r = sender(request, &registry, &open, err);
    if (r < 0)
        return r;
    r = vl_doc_parse(request->call->body, VL_DOC_JSON, "body", &doc, err);
    if (r >= 0)
        r = vl_webhook_parse(vl_doc_root(doc), &list, err);
    if (r < 0) {
        err->code = err->code == VL_ERR_LIMIT ? VL_ERR_LIMIT : VL_ERR_INVALID;
        return r;
    }
    struct taking t = {request, &registry, &list, vl_time_now_ms()};
    size_t about = 0;
    for (size_t i = 0; i < list.events.len; i++)
        about += vl_webhook_is_about(vl_vec_at(&list.events, i), vl_span_str(registry.host));
    if (open && about > 0)
        r = vl_store_write(request->app->store, take_write, &t, err);
    if (r < 0)
        return r; /* where the writer is busy: 503, and the sender tries again */
    size_t all = list.events.len + list.ignored, accepted = open ? about : 0;
    return answer(request, accepted, all - accepted, err);
}

const struct vl_route vl_routes_webhook[] = {
    {"POST", "/api/v1/registries/{}/events", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_RAW, events},
    {0},
};
