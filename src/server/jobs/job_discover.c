/* A registry's catalogue, repository by repository: what events told is found again, what they did not tell
 * is found at all. One that cannot be read does not keep the others from being read. */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "inventory/repo_place.h"
#include "jobs/ask.h"
#include "jobs/discover.h"

#define PROGRESS_MS 2000
#define DUE_MAX     100 /* registries of one round */
#define WHY_MAX     (VL_ERR_MSG_MAX + 256)

struct survey {
    struct vl_discovery d;
    const char **names; /* repositories, in the run's arena */
    size_t n, n_failed;
    bool whole;        /* the registry named them all: one that is not among them is gone */
    char why[WHY_MAX]; /* the first failure, with what to do */
};

/* --- which repositories --- */

/* Repositories that the owner named without a star. */
static int add_literals(struct survey *s, struct vl_map *seen, struct vl_vec *names, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(s->d.registry.include), line;
    int r = 0;
    while (r >= 0 && vl_span_split_line(&rest, &line)) {
        bool added = false;
        struct vl_map_slot *slot;
        const char *copy = vl_arena_dup_span(s->d.run->arena, line);
        if (line.len == 0 || vl_span_find_char(line, '*') != SIZE_MAX || !copy)
            continue;
        r = vl_map_put(seen, vl_span_str(copy), &slot, &added, err);
        const char **name = r >= 0 && added ? vl_vec_push(names, "repositories", err) : NULL;
        if (name)
            *name = copy;
        else if (added)
            r = -E2BIG;
    }
    return r < 0 ? r : vl_arena_check(s->d.run->arena, "the repositories", err);
}

/* Without a catalogue: what the owner named, and what events told of. */
static int known_names(struct survey *s, const struct vl_err *why, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_map seen VL_CLEANUP(vl_map_done);
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    const char **known = NULL;
    size_t n = 0;
    vl_map_init(&seen, 2 * VL_FETCH_REPOSITORIES_MAX);
    vl_vec_init(&list, sizeof(char *), 2 * VL_FETCH_REPOSITORIES_MAX);
    int r = vl_store_read(s->d.run->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_repository_names(
            conn, s->d.registry.id, VL_FETCH_REPOSITORIES_MAX, s->d.run->arena, &known, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        struct vl_map_slot *slot;
        r = vl_map_put(&seen, vl_span_str(known[i]), &slot, NULL, err);
        const char **name = r >= 0 ? vl_vec_push(&list, "repositories", err) : NULL;
        if (name)
            *name = known[i];
        else if (r >= 0)
            r = -E2BIG;
    }
    if (r >= 0)
        r = add_literals(s, &seen, &list, err);
    if (r < 0)
        return r;
    if (list.len == 0)
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "%s. Name repositories in the registry's \"include\", or let it send events", why->msg);
    s->names = vl_arena_array(s->d.run->arena, list.len, sizeof(*s->names));
    if (!s->names)
        return vl_arena_check(s->d.run->arena, "the repositories", err);
    memcpy(s->names, list.items, list.len * sizeof(*s->names));
    s->n = list.len;
    return 0;
}

static int find_names(struct survey *s, struct vl_err *err)
{
    const char *const *all = NULL;
    size_t n = 0;
    struct vl_err why = VL_ERR_INIT;
    int r = s->d.fetcher->catalogue(&s->d.access, s->d.run->arena, &all, &n, &why);
    if (r < 0 && why.code == VL_ERR_UNSUPPORTED)
        return known_names(s, &why, err);
    if (r < 0) {
        *err = why;
        return r;
    }
    s->names = vl_arena_array(s->d.run->arena, n ? n : 1, sizeof(*s->names));
    if (!s->names)
        return vl_arena_check(s->d.run->arena, "the repositories", err);
    for (size_t i = 0; i < n; i++) {
        if (vl_registry_includes(s->d.registry.include, vl_span_str(all[i])))
            s->names[s->n++] = all[i];
    }
    s->whole = true;
    return 0;
}

/* --- those that are gone --- */

struct leaving {
    struct survey *s;
    const char *name;
};

static int gone_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct leaving *l = user;
    const struct vl_discovery *d = &l->s->d;
    return vl_repo_repository_gone(conn, d->registry.id, l->name, d->began, d->began, err);
}

static int drop_repositories(struct survey *s, struct vl_err *err)
{
    struct vl_map there VL_CLEANUP(vl_map_done);
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const char **known = NULL;
    size_t n = 0;
    vl_map_init(&there, VL_FETCH_REPOSITORIES_MAX);
    int r = vl_store_read(s->d.run->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_repository_names(
            conn, s->d.registry.id, VL_FETCH_REPOSITORIES_MAX, s->d.run->arena, &known, &n, err);
    vl_store_read_done(conn);
    conn = NULL;
    for (size_t i = 0; i < s->n && r >= 0; i++) {
        struct vl_map_slot *slot;
        r = vl_map_put(&there, vl_span_str(s->names[i]), &slot, NULL, err);
    }
    for (size_t i = 0; i < n && r >= 0; i++) {
        struct leaving l = {s, known[i]};
        if (!vl_map_get(&there, vl_span_str(known[i])))
            r = vl_job_write(s->d.run, gone_write, &l, err);
    }
    return r;
}

/* --- the whole --- */

struct progress {
    struct survey *s;
    const char *text;
};

static int progress_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct progress *p = user;
    return vl_repo_registry_progress(conn, p->s->d.registry.id, p->text, err);
}

static int show_progress(struct survey *s, size_t at, int64_t *last, struct vl_err *err)
{
    char text[VL_REGISTRY_PATTERN_MAX + 64];
    int64_t now = vl_time_monotonic_us() / 1000;
    if (at > 0 && now - *last < PROGRESS_MS)
        return 0;
    *last = now;
    (void)snprintf(text, sizeof(text), "repository %zu of %zu: %s", at + 1, s->n, s->names[at]);
    struct progress p = {s, text};
    return vl_job_write(s->d.run, progress_write, &p, err);
}

static const char *cure_of(const struct vl_err *why)
{
    switch (why->code) {
    case VL_ERR_AUTH:
        return "; give the registry a user name and password (or token) that may list and pull";
    case VL_ERR_UNREACHABLE:
        return "; is the host right, does the registry run, and does its certificate need a \"caPem\"?";
    default:
        return "";
    }
}

static void note_failure(struct survey *s, const char *repository, const struct vl_err *why)
{
    if (s->n_failed++ == 0)
        (void)snprintf(s->why, sizeof(s->why), "%s%s%s%s", repository ? repository : "",
            repository ? ": " : "", why->msg, cure_of(why));
}

static int visit_all(struct survey *s, struct vl_err *err)
{
    int64_t last = 0;
    unsigned in_a_row = 0;
    for (size_t i = 0; i < s->n && in_a_row < VL_DISCOVER_FAILURES; i++) {
        struct vl_err why = VL_ERR_INIT;
        int r = vl_job_stopping(s->d.run) ? vl_err_set(err, VL_ERR_CONFLICT, "it was stopped")
                                          : show_progress(s, i, &last, err);
        if (r < 0)
            return r;
        r = vl_discover_repository(&s->d, s->names[i], &why);
        if (r < 0 && vl_job_stopping(s->d.run)) {
            *err = why;
            return r;
        }
        in_a_row = r < 0 && why.code == VL_ERR_UNREACHABLE ? in_a_row + 1 : 0;
        if (r < 0)
            note_failure(s, s->names[i], &why);
    }
    return 0;
}

static int end_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct survey *s = user;
    int r =
        vl_repo_registry_discovered(conn, s->d.registry.id, s->d.began, s->n_failed > 0 ? s->why : NULL, err);
    return r < 0 ? r : vl_job_done(conn, s->d.run, err);
}

/* A registry that cannot be read is not the job's failure: it says so itself, and is asked again. */
int vl_job_discover(struct vl_job_run *run, struct vl_err *err)
{
    struct survey s = {.d = {.run = run, .priority = VL_PRIORITY_NEW}};
    struct vl_err why = VL_ERR_INIT;
    int64_t id = 0;
    if (!vl_doc_int(vl_doc_get(run->payload, "registry"), &id))
        return vl_err_set(err, VL_ERR_INVALID, "the job names no registry");
    int r = vl_discover_open(&s.d, id, err);
    if (r <= 0)
        return r;
    r = find_names(&s, &why);
    if (r >= 0)
        r = visit_all(&s, err);
    else if (vl_job_stopping(run))
        *err = why;
    else {
        note_failure(&s, NULL, &why);
        r = 0;
    }
    if (r >= 0 && s.whole)
        r = drop_repositories(&s, err);
    if (s.n_failed > 1) {
        size_t at = strlen(s.why);
        (void)snprintf(s.why + at, sizeof(s.why) - at, " (and %zu more of %zu)", s.n_failed - 1, s.n);
    }
    return r < 0 ? r : vl_job_write(run, end_write, &s, err);
}

/* --- what comes round --- */

struct round {
    const int64_t *ids;
    size_t n;
};

static int round_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct round *round = user;
    int r = 0;
    for (size_t i = 0; i < round->n && r >= 0; i++)
        r = vl_ask_discover(conn, round->ids[i], VL_PRIORITY_PERIODIC, NULL, err);
    return r;
}

int vl_round_discover(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(65536);
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t *ids = NULL;
    size_t n = 0;
    int r = arena ? vl_store_read(app->store, &conn, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_repo_registry_due(conn, vl_time_now_ms(), DUE_MAX, arena, &ids, &n, err);
    vl_store_read_done(conn);
    conn = NULL;
    if (r < 0 || n == 0)
        return r;
    struct round round = {ids, n};
    return vl_store_write(app->store, round_write, &round, err);
}
