/* A part of a file for who looks at all of it. A thread maps windows of it ahead and has their pages ready;
 * who takes the bytes never waits for it: where that thread is late, since processors are few or busy, the
 * bytes are read instead. */
#include "stream_impl.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOWS      4
#define WINDOW_BYTES (1024U * 1024)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ                                                          \
    22 /* Linux 5.14; older kernels refuse it, and pages come when they are touched \
        */
#endif

struct window {
    uint64_t index; /* of the part: from index times WINDOW_BYTES on */
    char *map;      /* or NULL */
    size_t mapped;  /* bytes of it */
    const char *bytes;
    size_t len;
};

struct mapped_stream {
    struct vl_stream base;
    struct vl_stream *below; /* reads what is not mapped */
    uint64_t below_at;       /* where that stands */
    int fd;
    uint64_t offset, length;
    cpu_set_t cpus; /* where the helper may be */
    int taker_cpu;  /* where the taker was last, or -1: __atomic */
    pthread_t thread;
    bool threaded;
    bool alone;            /* there is one processor only: no helper */
    size_t lent;           /* bytes from `pos` on that are with the taker */
    pthread_mutex_t mutex; /* guards what follows; never held while the kernel works */
    pthread_cond_t moved;
    uint64_t pos;  /* of the part: where the taker is */
    uint64_t next; /* window to be mapped */
    struct window windows[WINDOWS];
    bool stop; /* the taker has gone */
};

/* Should somebody cut the file between the look at its size and the end of the window, touching it ends the
 * process with SIGBUS. The indexer dies then, and who started it says so. What is cut already is left to be
 * read: that says what is missing. */
static bool map_window(int fd, uint64_t at, size_t len, struct window *ret)
{
    struct stat st;
    size_t slack = (size_t)(at % (uint64_t)sysconf(_SC_PAGESIZE));
    if (fstat(fd, &st) < 0 || st.st_size < 0 || (uint64_t)st.st_size < at + len)
        return false;
    void *map = mmap(NULL, len + slack, PROT_READ, MAP_PRIVATE, fd, (off_t)(at - slack));
    if (map == MAP_FAILED)
        return false;
    ret->map = map;
    ret->mapped = len + slack;
    ret->bytes = ret->map + slack;
    ret->len = len;
    return true;
}

static void unmap(const struct window *w)
{
    if (w->map)
        munmap(w->map, w->mapped);
}

/* A scheduler likes to have a thread run where the one was that woke it up: the two then take turns on one
 * processor, while another has less to do. So the helper leaves the taker's processor, however often that
 * changes. */
static void stay_apart(const struct mapped_stream *self)
{
    cpu_set_t others = self->cpus;
    int taker = __atomic_load_n(&self->taker_cpu, __ATOMIC_RELAXED);
    if (taker < 0 || taker >= CPU_SETSIZE || sched_getcpu() != taker)
        return;
    CPU_CLR((size_t)taker, &others);
    if (CPU_COUNT(&others) > 0)
        (void)sched_setaffinity(0, sizeof(others), &others);
}

/* Waits for a window to be mapped, and takes what was in its place. False when there is none any more. */
static bool next_window(struct mapped_stream *self, struct window *ret, struct window *ret_old)
{
    bool found = false;
    pthread_mutex_lock(&self->mutex);
    while (!self->stop && !found) {
        /* One that is being read already is not worth it. */
        uint64_t unread = (self->pos + WINDOW_BYTES - 1) / WINDOW_BYTES;
        if (self->next < unread)
            self->next = unread;
        if (self->next * WINDOW_BYTES >= self->length)
            break;
        found = self->next < self->pos / WINDOW_BYTES + WINDOWS;
        if (!found)
            pthread_cond_wait(&self->moved, &self->mutex);
    }
    if (found) {
        struct window *w = &self->windows[self->next % WINDOWS];
        *ret_old = *w;
        *w = (struct window){0};
        *ret = (struct window){.index = self->next++};
    }
    pthread_mutex_unlock(&self->mutex);
    return found;
}

static void *help(void *user)
{
    struct mapped_stream *self = user;
    struct window fresh, old;
    while (next_window(self, &fresh, &old)) {
        uint64_t at = fresh.index * WINDOW_BYTES;
        uint64_t left = self->length - at;
        unmap(&old);
        if (!map_window(
                self->fd, self->offset + at, left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES, &fresh))
            break;
        stay_apart(self);
        pthread_mutex_lock(&self->mutex);
        self->windows[fresh.index % WINDOWS] = fresh;
        pthread_mutex_unlock(&self->mutex);
        (void)madvise(fresh.map, fresh.mapped, MADV_POPULATE_READ);
    }
    return NULL;
}

/* Bytes at pos out of a window, or the empty span. */
static struct vl_span take_mapped(struct mapped_stream *self)
{
    struct vl_span span = VL_SPAN_EMPTY;
    __atomic_store_n(&self->taker_cpu, sched_getcpu(), __ATOMIC_RELAXED);
    pthread_mutex_lock(&self->mutex);
    self->pos += self->lent;
    const uint64_t index = self->pos / WINDOW_BYTES;
    const struct window *w = &self->windows[index % WINDOWS];
    if (w->map && w->index == index)
        span = vl_span_slice((struct vl_span){w->bytes, w->len}, (size_t)(self->pos % WINDOW_BYTES), w->len);
    pthread_cond_signal(&self->moved);
    pthread_mutex_unlock(&self->mutex);
    self->lent = span.len;
    return span;
}

/* With one processor it is less work to map than to read, and the taker does it himself. */
static void map_alone(struct mapped_stream *self)
{
    uint64_t at = self->next * WINDOW_BYTES;
    uint64_t left = self->length - at;
    struct window *w = &self->windows[self->next % WINDOWS];
    if (self->pos + self->lent != at || left == 0)
        return;
    unmap(w);
    *w = (struct window){.index = self->next};
    if (map_window(self->fd, self->offset + at, left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES, w))
        self->next++;
}

static int mapped_lend(struct vl_stream *s, struct vl_span *ret, struct vl_err *err)
{
    struct mapped_stream *self = (struct mapped_stream *)s;
    if (self->alone)
        map_alone(self);
    *ret = take_mapped(self);
    if (ret->len || self->pos == self->length)
        return 0;
    int r = vl_stream_skip(self->below, self->pos - self->below_at, err);
    int64_t n = r < 0 ? r : vl_stream_borrow(self->below, WINDOW_BYTES - self->pos % WINDOW_BYTES, ret, err);
    if (n < 0)
        return (int)n;
    self->lent = ret->len;
    self->below_at = self->pos + ret->len;
    return 0;
}

static void mapped_free(struct vl_stream *s)
{
    struct mapped_stream *self = (struct mapped_stream *)s;
    pthread_mutex_lock(&self->mutex);
    self->stop = true;
    pthread_cond_signal(&self->moved);
    pthread_mutex_unlock(&self->mutex);
    if (self->threaded)
        pthread_join(self->thread, NULL);
    for (unsigned i = 0; i < WINDOWS; i++)
        unmap(&self->windows[i]);
    pthread_cond_destroy(&self->moved);
    pthread_mutex_destroy(&self->mutex);
    vl_stream_done(s);
    vl_stream_free(self->below);
    free(self);
}

int vl_stream_new_region_ahead(
    int fd, const char *name, uint64_t offset, uint64_t length, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.lend = mapped_lend, .free = mapped_free};
    struct mapped_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    int r = vl_stream_new_region(fd, name, offset, length, NULL, &self->below, err);
    if (r < 0) {
        free(self);
        return r;
    }
    vl_stream_init(&self->base, &ops, vl_stream_name(self->below));
    self->fd = fd;
    self->offset = offset;
    self->length = length;
    self->taker_cpu = -1;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->moved, NULL);
    /* Without knowing its set the helper stays where it is, and without a helper all is read. */
    if (sched_getaffinity(0, sizeof(self->cpus), &self->cpus) != 0)
        CPU_ZERO(&self->cpus);
    self->alone = CPU_COUNT(&self->cpus) == 1;
    self->threaded = length && !self->alone && pthread_create(&self->thread, NULL, help, self) == 0;
    *ret = &self->base;
    return 0;
}
