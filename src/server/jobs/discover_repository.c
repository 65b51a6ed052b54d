/* tests: test_job_discover.c
 *
 * One repository: tags and what they stand for are asked for and written; then what was known and was not met
 * is looked up, and what is gone is written so. Only what one repository holds is in memory. */
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "inventory/repo_place.h"
#include "inventory/webhook.h"
#include "jobs/discover.h"

#define SPLITS_MAX 64 /* of one repository: about eight bad manifests among a hundred thousand good ones */
#define SPLIT_US   60000000 /* a batch that failed after longer than this is not asked for again in halves */

struct known {
    struct vl_place place;
    bool met;  /* a tag, an index or a look-up said that it is there */
    bool lost; /* a tag named it and does not any more */
};

struct visit {
    struct vl_discovery *d;
    const char *repository;
    struct vl_arena *arena; /* of the whole visit */
    struct vl_arena *batch; /* of one question */
    struct known *known;
    size_t n_known;
    struct vl_place_tag *tags;
    size_t n_tags;
    unsigned splits;                   /* of batches with a manifest that cannot be read */
    size_t n_bad;                      /* manifests that could not be read */
    struct vl_err why;                 /* the first one's */
    struct vl_map *by_digest, *by_tag; /* of known; the tags that are there now, as a set */
};

/* What was known before anybody was asked: what comes meanwhile is not in it, and so never taken for gone. */
static int load(struct visit *v, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_place *places = NULL;
    int64_t registry = v->d->registry.id;
    int r = vl_store_read(v->d->run->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_place_list(
            conn, registry, v->repository, VL_DISCOVER_IMAGES_MAX, v->arena, &places, &v->n_known, err);
    if (r >= 0)
        r = vl_repo_tag_list(
            conn, registry, v->repository, VL_DISCOVER_IMAGES_MAX, v->arena, &v->tags, &v->n_tags, err);
    if (r < 0)
        return r;
    v->known = vl_arena_array(v->arena, v->n_known ? v->n_known : 1, sizeof(*v->known));
    r = vl_arena_check(v->arena, v->repository, err);
    for (size_t i = 0; i < v->n_known && r >= 0; i++) {
        struct vl_map_slot *slot;
        v->known[i].place = places[i];
        r = vl_map_put(v->by_digest, vl_span_str(places[i].digest), &slot, NULL, err);
        if (r >= 0)
            slot->value.ptr = &v->known[i];
    }
    return r;
}

static struct known *find(const struct visit *v, const char *digest)
{
    const struct vl_map_slot *slot = vl_map_get(v->by_digest, vl_span_str(digest));
    return slot ? slot->value.ptr : NULL;
}

/* Damaged, hostile, or in a form that we do not read: of that one manifest, not of the way to it. */
static bool is_of_one(const struct vl_err *why)
{
    return why->code == VL_ERR_CORRUPT || why->code == VL_ERR_INVALID || why->code == VL_ERR_LIMIT ||
           why->code == VL_ERR_UNSUPPORTED;
}

/* What cannot be read is not gone: what it stood for stays as it was. */
static void keep(struct visit *v, const char *reference, bool tag)
{
    struct known *k = tag ? NULL : find(v, reference);
    for (size_t i = 0; tag && i < v->n_tags && !k; i++) {
        if (strcmp(v->tags[i].name, reference) == 0)
            k = find(v, v->tags[i].digest);
    }
    if (k)
        k->met = true;
}

/* One that cannot be read does not keep the others from being read: halves are asked for, down to the one. So
 * it goes no deeper than the logarithm of VL_DISCOVER_REFERENCES. */
static int fetch_some(struct visit *v, const char *const *references, size_t n, bool tags,
    struct vl_fetch_manifest *ret, bool *ret_bad, struct vl_err *err)
{
    struct vl_discovery *d = v->d;
    struct vl_err why = VL_ERR_INIT;
    if (vl_job_stopping(d->run))
        return vl_err_set(err, VL_ERR_CONFLICT, "it was stopped");
    int64_t began = vl_time_monotonic_us();
    int r = d->fetcher->manifests(&d->access, v->repository, references, n, v->batch, ret, &why);
    if (r >= 0)
        return r;
    if (!is_of_one(&why) || vl_time_monotonic_us() - began > SPLIT_US || v->splits >= SPLITS_MAX) {
        *err = why;
        return r;
    }
    if (n == 1) {
        if (v->n_bad++ == 0)
            v->why = why;
        keep(v, references[0], tags);
        ret[0] = (struct vl_fetch_manifest){0};
        ret_bad[0] = true;
        return 0;
    }
    v->splits++;
    size_t half = n / 2;
    r = fetch_some(v, references, half, tags, ret, ret_bad, err);
    return r < 0 ? r : fetch_some(v, references + half, n - half, tags, ret + half, ret_bad + half, err);
}

/* Asks for some references, and writes what they stand for. *ret_manifests may be NULL; they live in the
 * batch's arena, and so does *ret_bad: which of them could not be read. */
static int ask(struct visit *v, const char *const *references, size_t n, bool tags,
    struct vl_fetch_manifest **ret_manifests, bool **ret_bad, struct vl_err *err)
{
    struct vl_vec rows VL_CLEANUP(vl_vec_done);
    vl_vec_init(&rows, sizeof(struct vl_discover_row), VL_DISCOVER_REFERENCES * (1 + VL_FETCH_PLATFORMS_MAX));
    vl_arena_reset(v->batch);
    struct vl_fetch_manifest *manifests = vl_arena_array(v->batch, n ? n : 1, sizeof(*manifests));
    bool *bad = vl_arena_array(v->batch, n ? n : 1, sizeof(*bad));
    int r = vl_arena_check(v->batch, v->repository, err);
    if (r >= 0)
        r = fetch_some(v, references, n, tags, manifests, bad, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        if (manifests[i].digest)
            r = vl_discover_rows(&manifests[i], tags ? references[i] : NULL, &rows, err);
    }
    for (size_t i = 0; i < rows.len && r >= 0; i++) {
        struct known *k = find(v, ((const struct vl_discover_row *)rows.items)[i].digest);
        if (k)
            k->met = true;
    }
    if (r >= 0)
        r = vl_discover_write(v->d, v->repository, &rows, false, err);
    if (r >= 0 && ret_manifests) {
        *ret_manifests = manifests;
        *ret_bad = bad;
    }
    return r;
}

static int visit_tags(struct visit *v, struct vl_err *err)
{
    const char *const *names = NULL;
    const char *some[VL_DISCOVER_REFERENCES];
    size_t n = 0, at = 0;
    int r = v->d->fetcher->tags(&v->d->access, v->repository, v->arena, &names, &n, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND) {
        vl_err_clear(err);
        r = 0;
        n = 0;
    }
    while (at < n && r >= 0) {
        size_t some_n = 0;
        for (; at < n && some_n < VL_DISCOVER_REFERENCES && r >= 0; at++) {
            struct vl_map_slot *slot;
            r = vl_map_put(v->by_tag, vl_span_str(names[at]), &slot, NULL, err);
            if (!vl_webhook_is_attached(vl_span_str(names[at])))
                some[some_n++] = names[at];
        }
        if (r >= 0 && some_n > 0)
            r = ask(v, some, some_n, true, NULL, NULL, err);
    }
    return r;
}

/* --- what was not met --- */

struct leaving {
    struct visit *v;
    const char *const *names; /* tags or digests */
    size_t n;
};

static int tags_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct leaving *l = user;
    const struct vl_discovery *d = l->v->d;
    int r = 0;
    for (size_t i = 0; i < l->n && r >= 0; i++)
        r = vl_repo_tag_gone(conn, d->registry.id, l->v->repository, l->names[i], d->began, err);
    return r;
}

static int drop_tags(struct visit *v, struct vl_err *err)
{
    const char *some[VL_DISCOVER_BATCH];
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < v->n_tags && r >= 0; i++) {
        if (vl_map_get(v->by_tag, vl_span_str(v->tags[i].name)))
            continue;
        struct known *k = find(v, v->tags[i].digest);
        if (k)
            k->lost = true;
        some[n++] = v->tags[i].name;
        if (n == VL_DISCOVER_BATCH) {
            struct leaving l = {v, some, n};
            r = vl_job_write(v->d->run, tags_write, &l, err);
            n = 0;
        }
    }
    struct leaving l = {v, some, n};
    return r < 0 || n == 0 ? r : vl_job_write(v->d->run, tags_write, &l, err);
}

static int gone_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct leaving *l = user;
    const struct vl_discovery *d = l->v->d;
    int r = 0;
    for (size_t i = 0; i < l->n && r >= 0; i++)
        r = vl_repo_place_gone(conn, d->registry.id, l->v->repository, l->names[i], 0, d->began, err);
    return r;
}

/* Looks some of them up. What is there and no image (any more) goes too: there is nothing to scan. */
static int look_up(struct visit *v, const char *const *digests, size_t n, struct vl_err *err)
{
    const char *gone[VL_DISCOVER_REFERENCES];
    struct vl_fetch_manifest *manifests = NULL;
    size_t n_gone = 0;
    bool *bad = NULL;
    int r = ask(v, digests, n, false, &manifests, &bad, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        if (!bad[i] && (!manifests[i].digest || (!manifests[i].is_index && !manifests[i].is_image)))
            gone[n_gone++] = digests[i];
    }
    struct leaving l = {v, gone, n_gone};
    return n_gone == 0 ? 0 : vl_job_write(v->d->run, gone_write, &l, err);
}

/* A platform goes with its index, unless a tag names it; it is looked up only where its index is not known.
 */
static bool to_look_up(const struct visit *v, const struct known *k)
{
    if (k->met || (k->place.parent && find(v, k->place.parent)))
        return false;
    return k->lost || k->place.last_seen < v->d->began - VL_DISCOVER_LOOK_MS;
}

static int visit_rest(struct visit *v, struct vl_err *err)
{
    const char *some[VL_DISCOVER_REFERENCES];
    size_t n = 0;
    int r = drop_tags(v, err);
    for (size_t i = 0; i < v->n_known && r >= 0; i++) {
        if (to_look_up(v, &v->known[i]))
            some[n++] = v->known[i].place.digest;
        if (n > 0 && (n == VL_DISCOVER_REFERENCES || i + 1 == v->n_known)) {
            r = look_up(v, some, n, err);
            n = 0;
        }
    }
    return r;
}

int vl_discover_repository(struct vl_discovery *d, const char *repository, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(VL_DISCOVER_ARENA);
    struct vl_arena *batch VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(VL_DISCOVER_ARENA);
    struct vl_map by_digest VL_CLEANUP(vl_map_done), by_tag VL_CLEANUP(vl_map_done);
    struct visit v = {.d = d,
        .repository = repository,
        .arena = arena,
        .batch = batch,
        .by_digest = &by_digest,
        .by_tag = &by_tag};
    vl_map_init(&by_digest, VL_DISCOVER_IMAGES_MAX);
    vl_map_init(&by_tag, VL_FETCH_TAGS_MAX);
    int r = arena && batch ? load(&v, err) : vl_err_nomem(err);
    if (r >= 0)
        r = visit_tags(&v, err);
    if (r >= 0)
        r = visit_rest(&v, err);
    if (r >= 0 && v.n_bad > 0) {
        *err = v.why;
        return vl_err_wrap(err, "%zu manifests cannot be read, the others were; the first", v.n_bad);
    }
    return r;
}
