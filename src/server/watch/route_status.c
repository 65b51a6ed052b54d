/* Health: what works, what does not, and what cures it. */
#include "api.h"
#include "base/time.h"
#include "disk.h"
#include "findings/advisories.h"
#include "identity/repo_role.h"
#include "routes.h"
#include "jobs/repo_job.h"
#include "watch/repo_watch.h"

#define DAY_MS   (24 * 3600000LL)
#define DISK_MIN 5 /* percent free */

/* --- health --- */

static void check(struct vl_json *json, const char *name, bool ok, const char *message, const char *cure)
{
    vl_json_object(json);
    vl_api_str(json, "name", name);
    vl_json_member_bool(json, "ok", ok);
    vl_api_str(json, "message", message);
    vl_api_str(json, "cure", ok ? NULL : cure);
    vl_json_object_end(json);
}

struct health {
    int64_t waiting, dead_messages, size;
    int64_t dead_jobs;
    struct feed {
        const char *name;
        int64_t date, records;
        bool stale;
    } *feeds;
    size_t n_feeds, n_stale;
    const char *digest; /* of the database; NULL: there is none */
    int64_t date, records;
    const char *why; /* what is wrong with it; NULL: nothing */
    bool ok;
};

/* From the database of advisories that the workers use. */
static int advisories_of(struct vl_request *request, struct health *h, struct vl_err *err)
{
    struct vl_advisories_hold hold = {0};
    int64_t now = vl_time_now_ms();
    int r = vl_advisories_hold(request->app->advisories, &hold, err);
    if (r < 0)
        return r;
    size_t n = hold.db ? vl_advisory_db_feed_count(hold.db) : 0;
    h->feeds = vl_arena_array(request->arena, n ? n : 1, sizeof(*h->feeds));
    h->why = hold.why[0] ? vl_arena_strdup(request->arena, hold.why) : NULL;
    h->digest = hold.digest[0] ? vl_arena_strdup(request->arena, hold.digest) : NULL;
    for (size_t i = 0; i < n && h->feeds && r >= 0; i++) {
        struct vl_advisory_feed feed;
        r = vl_advisory_db_feed(hold.db, i, request->arena, &feed, err);
        if (r < 0)
            break;
        bool stale = feed.data_ms == 0 || now - feed.data_ms > VL_WATCH_STALE_MS;
        h->feeds[h->n_feeds++] = (struct feed){feed.name, feed.data_ms, (int64_t)feed.records, stale};
        h->n_stale += stale;
        h->records += (int64_t)feed.records;
        if (feed.data_ms && (!h->date || feed.data_ms < h->date))
            h->date = feed.data_ms;
    }
    vl_advisories_release(request->app->advisories, &hold);
    return r < 0 ? r : vl_arena_check(request->arena, "the answer", err);
}

static void feeds_of(struct vl_json *json, const struct health *h)
{
    vl_api_array(json, "feeds");
    for (size_t i = 0; i < h->n_feeds; i++) {
        vl_json_object(json);
        vl_api_str(json, "name", h->feeds[i].name);
        vl_api_time(json, "date", h->feeds[i].date);
        vl_api_int(json, "records", h->feeds[i].records);
        vl_json_member_bool(json, "stale", h->feeds[i].stale);
        vl_api_null(json, "error");
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    if (!h->digest) {
        vl_api_null(json, "advisories");
        return;
    }
    vl_api_object(json, "advisories");
    vl_api_str(json, "digest", h->digest);
    vl_api_time(json, "date", h->date); /* the oldest of its feeds */
    vl_api_int(json, "records", h->records);
    vl_json_object_end(json);
}

/* True where both are well. */
static bool room_of(struct vl_request *request, struct vl_json *json)
{
    struct vl_arena *a = request->arena;
    enum vl_disk_state state = vl_disk_look(request->app);
    struct vl_disk_room room = vl_disk_room(request->app);
    int part = room.known ? (int)(room.bytes * 100 / room.of) : -1;
    bool good = state == VL_DISK_ROOM && (part < 0 || part >= DISK_MIN);
    const char *cure = vl_arena_printf(a, "make room below %s", request->app->data.folder);
    check(json, "database", state != VL_DISK_FULL,
        state == VL_DISK_FULL ? "its disk is full: every change is refused, reads go on" : "answers",
        vl_store_kind(request->app->store) == VL_STORE_SQLITE
            ? cure
            : "make room on the disk of PostgreSQL's server");
    check(json, "disk", good,
        part < 0 ? "its free space is not known"
        : state == VL_DISK_ROOM
            ? vl_arena_printf(a, "%d %% are free", part)
            : vl_arena_printf(a, "%d %% are free: no scan and no other job begins until there is room", part),
        cure);
    return good && state != VL_DISK_FULL;
}

static void checks_of(struct vl_request *request, struct vl_json *json, struct health *h)
{
    struct vl_arena *a = request->arena;
    bool known = h->digest && !h->why;
    vl_api_array(json, "checks");
    bool room = room_of(request, json);
    check(json, "jobs", h->dead_jobs == 0, vl_arena_printf(a, "%lld were given up", (long long)h->dead_jobs),
        "vallum job list --state dead");
    check(json, "messages", h->dead_messages == 0,
        vl_arena_printf(a, "%lld were given up", (long long)h->dead_messages), "vallum channel list");
    check(json, "advisories", known && h->n_stale == 0,
        h->why ? h->why
               : vl_arena_printf(a, "%zu of %zu sources are older than %d days", h->n_stale, h->n_feeds,
                     (int)(VL_WATCH_STALE_MS / DAY_MS)),
        vl_arena_printf(a, "vallum db update --db %s", vl_advisories_path(request->app->advisories)));
    vl_json_array_end(json);
    h->ok = room && h->dead_jobs == 0 && h->dead_messages == 0 && known && h->n_stale == 0;
}

/* "jobs", as /jobs/summary shows them. */
static int jobs_of(struct vl_request *request, struct vl_store_conn *conn, struct vl_json *json,
    struct health *h, struct vl_err *err)
{
    struct vl_job_kind_counts *kinds = NULL;
    size_t n = 0;
    int64_t oldest = 0;
    int r = vl_repo_job_kinds(conn, request->arena, &kinds, &n, err);
    if (r < 0)
        return r;
    vl_api_object(json, "jobs");
    vl_api_object(json, "byKind");
    for (size_t i = 0; i < n; i++) {
        vl_api_object(json, kinds[i].kind);
        vl_json_member_int(json, "waiting", kinds[i].waiting);
        vl_json_member_int(json, "due", kinds[i].due);
        vl_json_member_int(json, "running", kinds[i].running);
        vl_json_member_int(json, "dead", kinds[i].dead);
        vl_json_object_end(json);
        h->dead_jobs += kinds[i].dead;
        if (kinds[i].oldest_due && (!oldest || kinds[i].oldest_due < oldest))
            oldest = kinds[i].oldest_due;
    }
    vl_json_object_end(json);
    vl_api_time(json, "oldestDue", oldest);
    vl_json_object_end(json);
    return 0;
}

static int health_of(
    struct vl_request *request, struct vl_store_conn *conn, struct health *h, struct vl_err *err)
{
    int r = vl_repo_outbox_counts(conn, &h->waiting, &h->dead_messages, err);
    if (r >= 0)
        r = vl_repo_database_size(conn, &h->size, err);
    return r < 0 ? r : advisories_of(request, h, err);
}

/* What the server does is for those who have a role over it, or over an environment of it: counts of jobs
 * would tell one with a single registry what goes on beside it. */
static int has_role(struct vl_request *request, struct vl_store_conn *conn, struct vl_err *err)
{
    struct vl_environment *all = NULL;
    size_t n = 0;
    enum vl_role role = request->role;
    int r = role == VL_ROLE_NONE ? vl_repo_environment_list(conn, request->arena, &all, &n, err) : 0;
    for (size_t i = 0; i < n && r >= 0 && role == VL_ROLE_NONE; i++)
        r = vl_repo_role_get(conn, &request->who, all[i].id, &role, err);
    return r < 0 || role > VL_ROLE_NONE ? r : vl_request_forbidden(err, "this needs the role reader");
}

static int health(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_json json;
    struct health h = {0};
    const struct vl_server_app *app = request->app;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = has_role(request, conn, err);
    if (r >= 0)
        r = health_of(request, conn, &h, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_api_str(&json, "version", VL_VERSION);
    vl_api_object(&json, "database");
    vl_api_str(&json, "kind", vl_store_kind(app->store) == VL_STORE_SQLITE ? "sqlite" : "postgresql");
    vl_api_int(&json, "size", h.size);
    vl_json_object_end(&json);
    vl_api_int(&json, "uptimeSeconds", (vl_time_now_ms() - app->started_ms) / 1000);
    feeds_of(&json, &h);
    r = jobs_of(request, conn, &json, &h, err);
    if (r < 0)
        return r;
    vl_api_object(&json, "outbox");
    vl_api_int(&json, "waiting", h.waiting);
    vl_api_int(&json, "dead", h.dead_messages);
    vl_json_object_end(&json);
    checks_of(request, &json, &h);
    vl_api_str(&json, "status", h.ok ? "ok" : "degraded");
    return vl_request_json_end(&json, err);
}

const struct vl_route vl_routes_status[] = {
    {"GET", "/api/v1/health", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, health},
    {0},
};
