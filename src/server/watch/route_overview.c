/* The first page: what to do next, what is not seen, what is new, the score. */
#include <math.h>

#include "api.h"
#include "base/time.h"
#include "findings/repo_finding.h"
#include "findings/repo_summary.h"
#include "identity/repo_visit.h"
#include "inventory/repo_image.h"
#include "posture/repo_score.h"
#include "routes.h"
#include "watch/repo_watch.h"

#define DAY_MS         (24 * 3600000LL)
#define NEXT_MAX       5
#define NEXT_LOOKED_AT 40
#define NEXT_TAGS      5
#define NEXT_FIXES     50 /* findings that are looked at for packages to mend */
#define NEWS_DAYS      7  /* where there was no visit before */
#define TREND_DAYS     30
#define SHORT_DIGEST   19 /* "sha256:" and 12 digits */

/* --- do next --- */

struct next {
    struct vl_arena *arena;
    struct task {
        const char *kind, *title, *link;
        const char *why[4];
        int64_t kev, fixable, rank;
        const char *severity;
        struct vl_image_row image; /* id 0: it is about none */
        const char *fix, *command; /* NULL: none is known */
    } tasks[NEXT_LOOKED_AT + VL_SUMMARY_BASES_SHOWN];
    size_t n;
};

static void add_why(struct vl_arena *arena, struct task *t, int64_t n, const char *one, const char *many)
{
    for (size_t i = 0; n > 0 && i < VL_ARRAY_LEN(t->why); i++) {
        if (!t->why[i]) {
            t->why[i] = vl_arena_printf(arena, "%lld %s", (long long)n, n == 1 ? one : many);
            return;
        }
    }
}

static const char *worst(const struct vl_image_counts *c)
{
    return c->critical ? "critical" : c->high ? "high" : c->medium ? "medium" : c->low ? "low" : "unknown";
}

static struct vl_span kept(struct vl_arena *arena, struct vl_span lent)
{
    return vl_span_str(vl_arena_dup_span(arena, lent));
}

static int next_image(const struct vl_image_row *row, void *user, struct vl_err *err)
{
    struct next *next = user;
    const struct vl_image_counts *c = &row->counts;
    if (row->risk <= 0 || next->n == NEXT_LOOKED_AT)
        return 1;
    for (size_t i = 0; i < next->n; i++) { /* one image may lie in many places */
        if (vl_span_eq(next->tasks[i].image.digest, row->digest))
            return 0;
    }
    struct task *t = &next->tasks[next->n++];
    *t = (struct task){.kind = "image",
        .image = {.id = row->id,
            .image = row->image,
            .registry = row->registry,
            .registry_name = kept(next->arena, row->registry_name),
            .registry_host = kept(next->arena, row->registry_host),
            .repository = kept(next->arena, row->repository),
            .digest = kept(next->arena, row->digest),
            .tags = kept(next->arena, row->tags)},
        .link = vl_arena_printf(next->arena, "/images/%.*s", VL_SPAN_FMT(row->digest)),
        .kev = c->kev,
        .fixable = c->fixable,
        .rank = row->risk,
        .severity = worst(c)};
    add_why(next->arena, t, c->kev, "vulnerability that is exploited (CISA KEV)",
        "vulnerabilities that are exploited (CISA KEV)");
    add_why(next->arena, t, c->critical, "critical finding", "critical findings");
    add_why(next->arena, t, c->high, "high finding", "high findings");
    add_why(next->arena, t, c->fixable, "finding has a fix", "findings have a fix");
    return vl_arena_check(next->arena, "the answer", err);
}

/* What mends many images at once stands among them by what it mends. */
static int next_base(const struct vl_base_row *row, void *user, struct vl_err *err)
{
    struct next *next = user;
    if (!row->newer || row->fixes <= 0 || next->n == VL_ARRAY_LEN(next->tasks))
        return 0;
    struct task *t = &next->tasks[next->n++];
    *t = (struct task){.kind = "base",
        .title = row->task,
        .link = "/base-images",
        .fixable = row->fixes,
        .rank = INT64_MAX,
        .fix = vl_arena_printf(next->arena, "build on %s", row->newer),
        .severity = row->critical ? "critical" : "high"};
    add_why(next->arena, t, row->images, "image is built on it", "images are built on it");
    add_why(next->arena, t, row->fixes, "finding goes", "findings go");
    return vl_arena_check(next->arena, "the answer", err);
}

/* Exploited first, then what can be mended, then by risk. */
static bool before(const struct task *a, const struct task *b)
{
    if ((a->kev > 0) != (b->kev > 0))
        return a->kev > 0;
    if ((a->fixable > 0) != (b->fixable > 0))
        return a->fixable > 0;
    return a->rank > b->rank;
}

/* --- what a person needs to begin: which image, and what mends it --- */

struct fixes {
    struct vl_arena *arena;
    struct next *next;
    int64_t image;              /* whose rows come */
    const char *text, *command; /* of its most urgent finding that has a fix */
    size_t rows, n;
    struct vl_span packages[NEXT_FIXES];
};

/* What is known of the image whose rows are over. */
static void take_fix(struct fixes *f)
{
    for (size_t i = 0; i < NEXT_MAX && i < f->next->n; i++) {
        struct task *t = &f->next->tasks[i];
        if (!f->n || !t->image.id || t->image.image != f->image)
            continue;
        t->command = f->command;
        t->fix = f->n < 2 ? f->text
                          : vl_arena_printf(f->arena, "%s, and %s%zu other %s", f->text,
                                f->rows < NEXT_FIXES ? "" : "at least ", f->n - 1,
                                f->n == 2 ? "package" : "packages");
    }
    f->rows = f->n = 0;
}

static int next_fix(const struct vl_fix_row *row, void *user, struct vl_err *err)
{
    struct fixes *f = user;
    if (row->image != f->image)
        take_fix(f);
    f->image = row->image;
    bool known = f->n == NEXT_FIXES;
    for (size_t i = 0; i < f->n && !known; i++)
        known = vl_span_eq(f->packages[i], row->package_name);
    if (!known)
        f->packages[f->n++] = kept(f->arena, row->package_name);
    if (f->rows++ == 0) {
        f->text = vl_arena_printf(f->arena, "update %.*s %.*s to %.*s", VL_SPAN_FMT(row->package_name),
            VL_SPAN_FMT(row->package_version), VL_SPAN_FMT(row->fixed_version));
        f->command = row->remedy_command.len ? vl_arena_dup_span(f->arena, row->remedy_command) : NULL;
    }
    return vl_arena_check(f->arena, "the answer", err);
}

static int find_fixes(
    struct vl_request *request, struct vl_store_conn *conn, struct next *next, struct vl_err *err)
{
    struct fixes f = {.arena = request->arena, .next = next};
    int64_t images[VL_FIX_IMAGES_MAX] = {0};
    _Static_assert(NEXT_MAX <= VL_FIX_IMAGES_MAX, "one statement for all that are shown");
    for (size_t i = 0; i < NEXT_MAX && i < next->n; i++)
        images[i] = next->tasks[i].image.id ? next->tasks[i].image.image : 0;
    int r = vl_repo_finding_fixes(conn, request->environment.id, images, NEXT_FIXES, next_fix, &f, err);
    if (r < 0)
        return r;
    take_fix(&f);
    return vl_arena_check(request->arena, "the answer", err);
}

/* "host/repository:tag", as one would pull it. */
static int name_image(struct vl_request *request, struct vl_json *json, struct task *t, struct vl_err *err)
{
    const struct vl_image_row *row = &t->image;
    struct vl_span rest = row->tags, tag = VL_SPAN_EMPTY;
    bool tagged = vl_span_split(&rest, '\n', &tag);
    int64_t n = 0;
    t->title = vl_arena_printf(request->arena, "%.*s/%.*s%s%.*s", VL_SPAN_FMT(row->registry_host),
        VL_SPAN_FMT(row->repository), tagged ? ":" : "@",
        VL_SPAN_FMT(tagged ? tag : vl_span_slice(row->digest, 0, SHORT_DIGEST)));
    vl_api_object(json, "image");
    vl_api_span(json, "digest", row->digest);
    vl_api_span(json, "registry", row->registry_name);
    vl_api_span(json, "repository", row->repository);
    vl_api_array(json, "tags");
    for (rest = row->tags; vl_span_split(&rest, '\n', &tag); n++) {
        if (n < NEXT_TAGS)
            vl_json_span(json, tag);
    }
    vl_json_array_end(json);
    vl_json_member_int(json, "tagCount", n);
    vl_json_object_end(json);
    return vl_arena_check(request->arena, "the answer", err);
}

static int write_next(struct vl_request *request, struct vl_json *json, struct task *t, struct vl_err *err)
{
    int r = 0;
    vl_json_object(json);
    if (t->image.id)
        r = name_image(request, json, t, err);
    else
        vl_api_null(json, "image");
    vl_api_str(json, "kind", t->kind);
    vl_api_str(json, "title", t->title);
    vl_api_array(json, "why");
    for (size_t i = 0; i < VL_ARRAY_LEN(t->why) && t->why[i]; i++)
        vl_json_str(json, t->why[i]);
    vl_json_array_end(json);
    vl_api_str(json, "severity", t->severity);
    vl_api_int(json, "kev", t->kev);
    vl_api_int(json, "fixable", t->fixable);
    vl_api_str(json, "fix", t->fix);
    vl_api_str(json, "command", t->command);
    vl_api_null(json, "running"); /* until clusters are joined */
    vl_api_str(json, "link", t->link);
    vl_json_object_end(json);
    return r;
}

static int do_next(
    struct vl_request *request, struct vl_store_conn *conn, struct vl_json *json, struct vl_err *err)
{
    const struct vl_image_filter filter = {
        .environment = request->environment.id, .repository = "", .q = "", .state = -1, .severity = -1};
    const struct vl_image_after start = {0};
    struct next next = {.arena = request->arena};
    int r =
        vl_repo_image_list(conn, &filter, VL_IMAGE_BY_RISK, &start, NEXT_LOOKED_AT, next_image, &next, err);
    if (r >= 0)
        r = vl_repo_summary_bases(
            conn, request->environment.id, request->arena, VL_SUMMARY_BASES_SHOWN, next_base, &next, err);
    if (r < 0)
        return r;
    for (size_t shown = 0; shown < NEXT_MAX && shown < next.n; shown++) {
        for (size_t i = shown + 1; i < next.n; i++) {
            if (before(&next.tasks[i], &next.tasks[shown])) {
                struct task swap = next.tasks[i];
                next.tasks[i] = next.tasks[shown];
                next.tasks[shown] = swap;
            }
        }
    }
    r = find_fixes(request, conn, &next, err);
    vl_api_array(json, "doNext");
    for (size_t shown = 0; shown < NEXT_MAX && shown < next.n && r >= 0; shown++)
        r = write_next(request, json, &next.tasks[shown], err);
    vl_json_array_end(json);
    return r;
}

/* --- what is not seen --- */

static void blind(struct vl_json *json, const char *what, const char *why, const char *cure)
{
    vl_json_object(json);
    vl_api_str(json, "what", what);
    vl_api_str(json, "why", why);
    vl_api_str(json, "cure", cure);
    vl_json_object_end(json);
}

static void cannot_see(struct vl_request *request, const struct vl_sight *s, struct vl_json *json)
{
    struct vl_arena *a = request->arena;
    int64_t errors = s->by_state[VL_IMAGE_ERROR];
    vl_api_array(json, "cannotSee");
    if (!s->plan_on)
        blind(json, "images", "the plan Containers is off: no registry is read, no image scanned",
            "vallum security pricing create --name Containers --pricing-tier Standard");
    if (s->registries == 0)
        blind(json, "images", "no registry is connected", "vallum registry add NAME HOST");
    if (s->failing > 0)
        blind(json, "registries",
            vl_arena_printf(a, "%lld of %lld registries cannot be read; %s: %s", (long long)s->failing,
                (long long)s->registries, s->failing_name, s->failing_error),
            vl_arena_printf(a, "vallum registry test %s", s->failing_name));
    if (errors > 0)
        blind(json, "images",
            vl_arena_printf(a, "%lld %s could not be scanned: %s", (long long)errors,
                errors == 1 ? "image" : "images", s->error_reason ? s->error_reason : "see the list"),
            "vallum image list --state 'Scan error'");
    if (s->not_assessed > 0)
        blind(json, "findings",
            s->not_assessed == 1
                ? "1 image is not assessed: there is no advisory data for what is in it"
                : vl_arena_printf(a,
                      "%lld images are not assessed: there is no advisory data for what is in them",
                      (long long)s->not_assessed),
            "vallum db update");
    if (s->partial > 0)
        blind(json, "findings",
            s->partial == 1
                ? "1 image is assessed in part: some of what is in it has no advisory data"
                : vl_arena_printf(a,
                      "%lld images are assessed in part: some of what is in them has no advisory data",
                      (long long)s->partial),
            "vallum db update");
    if (s->data_ms > 0 && vl_time_now_ms() - s->data_ms > VL_WATCH_STALE_MS)
        blind(json, "findings",
            vl_arena_printf(a, "the oldest advisory data in use is %lld days old",
                (long long)((vl_time_now_ms() - s->data_ms) / DAY_MS)),
            "vallum db update");
    /* Honest about this release: there is no command that would cure these. */
    blind(json, "running workloads",
        "no cluster is joined: what runs, and where, is not known; this release has no cluster agent", NULL);
    blind(json, "nodes",
        "no sensor is installed: attacks at run time are not seen; this release has no sensor", NULL);
    vl_json_array_end(json);
}

/* --- the rest of the page --- */

static int last_visit(
    struct vl_request *request, struct vl_store_conn *conn, int64_t *ret, struct vl_err *err)
{
    *ret = 0;
    int r = vl_repo_visit_last(conn, request->who.id, ret, err);
    if (r >= 0 && *ret == 0)
        *ret = vl_time_now_ms() - NEWS_DAYS * DAY_MS;
    return r;
}

static int new_since(struct vl_request *request, struct vl_store_conn *conn, int64_t since, int64_t images,
    struct vl_json *json, struct vl_err *err)
{
    struct vl_news news;
    int r = vl_repo_news(conn, request->environment.id, since, &news, err);
    if (r < 0)
        return r;
    vl_api_object(json, "newSince");
    vl_api_time(json, "since", since);
    vl_api_int(json, "findings", news.findings);
    vl_api_int(json, "critical", news.critical);
    vl_api_int(json, "images", images);
    vl_api_int(json, "alerts", news.alerts);
    vl_json_object_end(json);
    return 0;
}

static int score(
    struct vl_request *request, struct vl_store_conn *conn, struct vl_json *json, struct vl_err *err)
{
    struct vl_score_state state;
    struct vl_score_day *days = NULL;
    size_t n = 0;
    char text[VL_SCORE_TEXT_MAX], date[VL_TIME_TEXT_MAX];
    int64_t from = vl_time_now_ms() / DAY_MS - TREND_DAYS;
    int r = vl_repo_score_get(conn, request->environment.id, &state, err);
    if (r >= 0)
        r = vl_repo_score_history(conn, request->environment.id, "", from, request->arena, &days, &n, err);
    if (r < 0)
        return r;
    bool known = state.computed > 0 && state.score.maximum > 0;
    vl_api_object(json, "score");
    vl_json_key(json, "current");
    vl_json_double(json, known ? state.score.current : (double)NAN);
    vl_json_key(json, "max");
    vl_json_double(json, known ? state.score.maximum : (double)NAN);
    vl_json_key(json, "percentage");
    vl_json_double(json, known ? state.score.percentage : (double)NAN);
    vl_api_int(json, "assessedPoints", state.points);
    vl_api_int(json, "of", VL_SCORE_POINTS);
    vl_api_str(json, "text", vl_score_text(&state, text));
    vl_api_array(json, "trend");
    for (size_t i = 0; i < n; i++) {
        vl_json_object(json);
        vl_api_str(json, "day", vl_time_format_date(days[i].day * DAY_MS, date));
        vl_json_key(json, "percentage");
        vl_json_double(json, days[i].maximum > 0 ? days[i].current / days[i].maximum : (double)NAN);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_object_end(json);
    return 0;
}

static int overview(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_sight sight;
    struct vl_json json;
    int64_t since = 0;
    int r = vl_repo_summary_fresh(request->app->store, request->environment.id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = last_visit(request, conn, &since, err);
    if (r >= 0)
        r = vl_repo_sight(conn, request->environment.id, since, request->arena, &sight, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    r = do_next(request, conn, &json, err);
    if (r < 0)
        return r;
    cannot_see(request, &sight, &json);
    r = new_since(request, conn, since, sight.fresh, &json, err);
    if (r >= 0)
        r = score(request, conn, &json, err);
    if (r < 0)
        return r;
    vl_api_object(&json, "images");
    vl_api_int(&json, "total", sight.images);
    vl_api_int(&json, "unscanned", sight.by_state[VL_IMAGE_UNSCANNED]);
    vl_api_int(&json, "inProgress", sight.by_state[VL_IMAGE_IN_PROGRESS]);
    vl_api_int(&json, "error", sight.by_state[VL_IMAGE_ERROR]);
    vl_api_int(&json, "completed", sight.by_state[VL_IMAGE_COMPLETED]);
    vl_json_object_end(&json);
    vl_api_int(&json, "registries", sight.registries);
    return vl_request_json_end(&json, err);
}

const struct vl_route vl_routes_overview[] = {
    {"GET", "/api/v1/overview", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, overview},
    {0},
};
