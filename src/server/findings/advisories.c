#include "findings/advisories.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"

#define IDLE_MAX 4 /* matchers kept for the next holder: each remembers what it has matched */

/* One state of the file. */
struct vl_advisories_state {
    struct vl_advisory_db *db;
    unsigned holders; /* the current one is held by us, too */
    struct vl_scan_matcher *idle[IDLE_MAX];
    unsigned n_idle;
    char digest[96];
};

struct vl_advisories {
    pthread_mutex_t lock;
    char *path;
    struct vl_advisories_state *now; /* NULL: none */
    int64_t checked_us;
    bool checked;
    struct stat seen; /* of the file, when it was last opened or tried */
    char why[VL_ADVISORIES_WHY];
};

int vl_advisories_new(const char *path, struct vl_advisories **ret, struct vl_err *err)
{
    struct vl_advisories *a = calloc(1, sizeof(*a));
    char *copy = strdup(path);
    if (!a || !copy || pthread_mutex_init(&a->lock, NULL) != 0) {
        free(a);
        free(copy);
        return vl_err_nomem(err);
    }
    a->path = copy;
    *ret = a;
    return 0;
}

const char *vl_advisories_path(const struct vl_advisories *advisories)
{
    return advisories->path;
}

static void drop(struct vl_advisories_state *s)
{
    if (!s || --s->holders > 0)
        return;
    for (unsigned i = 0; i < s->n_idle; i++)
        vl_scan_matcher_free(s->idle[i]);
    vl_advisory_db_close(s->db);
    free(s);
}

void vl_advisories_free(struct vl_advisories *a)
{
    if (!a)
        return;
    drop(a->now);
    pthread_mutex_destroy(&a->lock);
    free(a->path);
    free(a);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int open_state(const char *path, struct vl_advisories_state **ret, struct vl_err *err)
{
    struct vl_advisories_state *s = calloc(1, sizeof(*s));
    int r = s ? vl_advisory_db_open(path, &s->db, err) : vl_err_nomem(err);
    if (r < 0) {
        free(s);
        return r;
    }
    (void)snprintf(s->digest, sizeof(s->digest), "%s", vl_advisory_db_digest(s->db));
    s->holders = 1;
    *ret = s;
    return 0;
}

/* Under the lock. A file that cannot be read leaves what is in use in use, and says so. */
static void look(struct vl_advisories *a)
{
    struct stat st = {0};
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisories_state *fresh = NULL;
    int64_t now = vl_time_monotonic_us();
    if (a->checked && now - a->checked_us < VL_ADVISORIES_CHECK_MS * 1000LL)
        return;
    a->checked = true;
    a->checked_us = now;
    if (stat(a->path, &st) < 0) {
        (void)snprintf(a->why, sizeof(a->why),
            "there is no advisory database at %.400s: 'vallum db update --db %.400s' makes one", a->path,
            a->path);
        a->seen = (struct stat){0};
        return;
    }
    if (is_same_file(&st, &a->seen))
        return;
    a->seen = st;
    if (open_state(a->path, &fresh, &err) < 0) {
        (void)snprintf(a->why, sizeof(a->why), "the advisory database cannot be used: %.900s", err.msg);
        return;
    }
    a->why[0] = '\0';
    drop(a->now);
    a->now = fresh;
}

int vl_advisories_hold(struct vl_advisories *a, struct vl_advisories_hold *ret, struct vl_err *err)
{
    struct vl_advisories_hold h = {0};
    pthread_mutex_lock(&a->lock);
    look(a);
    (void)snprintf(h.why, sizeof(h.why), "%s", a->why);
    h.state = a->now;
    if (h.state) {
        h.state->holders++;
        h.db = h.state->db;
        (void)snprintf(h.digest, sizeof(h.digest), "%s", h.state->digest);
        if (h.state->n_idle)
            h.matcher = h.state->idle[--h.state->n_idle];
    }
    pthread_mutex_unlock(&a->lock);
    int r = h.db && !h.matcher ? vl_scan_matcher_new(h.db, &h.matcher, err) : 0;
    if (r < 0)
        vl_advisories_release(a, &h);
    else
        *ret = h;
    return r;
}

void vl_advisories_release(struct vl_advisories *a, struct vl_advisories_hold *hold)
{
    struct vl_advisories_state *s = hold->state;
    pthread_mutex_lock(&a->lock);
    if (s && hold->matcher && s == a->now && s->n_idle < IDLE_MAX)
        s->idle[s->n_idle++] = hold->matcher;
    else
        vl_scan_matcher_free(hold->matcher);
    drop(s);
    pthread_mutex_unlock(&a->lock);
    *hold = (struct vl_advisories_hold){0};
}

void vl_advisories_digest(struct vl_advisories *a, char ret[96])
{
    pthread_mutex_lock(&a->lock);
    look(a);
    (void)snprintf(ret, 96, "%s", a->now ? a->now->digest : "");
    pthread_mutex_unlock(&a->lock);
}
