/* Reading ahead in a thread: a ring of pieces between one who fills and one who takes. A piece is a buffer
 * filled from a stream, or a part of a file that is mapped. */
#include "stream_impl.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS  4
#define WINDOW (1024U * 1024) /* bytes mapped at a time */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ                                                          \
    22 /* Linux 5.14; older kernels refuse it, and pages come when they are touched \
        */
#endif

struct slot {
    const char *bytes;
    size_t len;    /* 0: the end or the error */
    char *buffer;  /* VL_STREAM_CHUNK bytes; NULL where pieces are mapped */
    char *map;     /* or NULL */
    size_t mapped; /* bytes of it */
};

struct pipelined_stream {
    struct vl_stream base;
    struct vl_stream *below; /* belongs to the thread while it runs; NULL: the file is mapped */
    char *name;              /* of the file */
    int fd;
    uint64_t at, left; /* what is to be mapped yet */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows; a slot's bytes belong to one side at a time */
    pthread_cond_t filled;
    pthread_cond_t taken;
    struct slot slots[SLOTS];
    uint64_t head;         /* slots filled so far */
    uint64_t tail;         /* slots given back so far */
    bool lent;             /* the slot at `tail` is with the reader */
    bool stop;             /* the reader has gone */
    struct vl_err outcome; /* of the thread, set before its last slot */
};

/* Waits for a free slot; NULL when the reader has gone. */
static struct slot *next_free(struct pipelined_stream *self)
{
    pthread_mutex_lock(&self->mutex);
    while (!self->stop && self->head - self->tail == SLOTS)
        pthread_cond_wait(&self->taken, &self->mutex);
    struct slot *slot = self->stop ? NULL : &self->slots[self->head % SLOTS];
    pthread_mutex_unlock(&self->mutex);
    return slot;
}

static void hand_over(struct pipelined_stream *self, const struct vl_err *outcome)
{
    pthread_mutex_lock(&self->mutex);
    if (outcome)
        self->outcome = *outcome;
    self->head++;
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->mutex);
}

static int fill_from_below(struct pipelined_stream *self, struct slot *slot, struct vl_err *err)
{
    int64_t n = vl_stream_read(self->below, slot->buffer, VL_STREAM_CHUNK, err);
    slot->bytes = slot->buffer;
    slot->len = n > 0 ? (size_t)n : 0;
    return n < 0 ? (int)n : 0;
}

static void drop_map(struct slot *slot)
{
    if (slot->map)
        munmap(slot->map, slot->mapped);
    slot->map = NULL;
}

/* Maps a part of the file and has its pages ready before the reader comes. */
static int map_slot(struct slot *slot, int fd, uint64_t at, size_t len, const char *name, struct vl_err *err)
{
    size_t slack = (size_t)(at % (uint64_t)sysconf(_SC_PAGESIZE));
    void *map = mmap(NULL, len + slack, PROT_READ, MAP_PRIVATE, fd, (off_t)(at - slack));
    if (map == MAP_FAILED)
        return vl_err_sys(err, errno, "%s: map", name);
    slot->map = map;
    slot->mapped = len + slack;
    (void)madvise(map, slot->mapped, MADV_SEQUENTIAL);
    (void)madvise(map, slot->mapped, MADV_POPULATE_READ);
    slot->bytes = slot->map + slack;
    slot->len = len;
    return 0;
}

/* Should somebody cut the file between the look at its size and the end of the piece, touching it ends the
 * process with SIGBUS. The indexer dies then, and who started it says so. */
static int fill_from_file(struct pipelined_stream *self, struct slot *slot, struct vl_err *err)
{
    struct stat st;
    drop_map(slot);
    slot->len = 0;
    if (self->left == 0)
        return 0;
    if (fstat(self->fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", self->name);
    uint64_t size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    uint64_t there = size > self->at ? size - self->at : 0;
    if (there == 0)
        return vl_stream_error(&self->base, err, VL_ERR_INVALID, "ends early: %llu bytes are missing",
            (unsigned long long)self->left);
    uint64_t len = self->left < WINDOW ? self->left : WINDOW;
    len = len < there ? len : there;
    int r = map_slot(slot, self->fd, self->at, (size_t)len, self->name, err);
    self->at += len;
    self->left -= len;
    return r;
}

static void *run(void *arg)
{
    struct pipelined_stream *self = arg;
    struct slot *slot;
    while ((slot = next_free(self))) {
        struct vl_err err = VL_ERR_INIT;
        int r = self->below ? fill_from_below(self, slot, &err) : fill_from_file(self, slot, &err);
        bool last = slot->len == 0;
        hand_over(self, r < 0 ? &err : NULL);
        if (last)
            break;
    }
    return NULL;
}

static int pipelined_lend(struct vl_stream *s, struct vl_span *ret, struct vl_err *err)
{
    struct pipelined_stream *self = (struct pipelined_stream *)s;
    pthread_mutex_lock(&self->mutex);
    if (self->lent) {
        self->lent = false;
        self->tail++;
        pthread_cond_signal(&self->taken);
    }
    while (self->head == self->tail)
        pthread_cond_wait(&self->filled, &self->mutex);
    struct slot *slot = &self->slots[self->tail % SLOTS];
    self->lent = true;
    bool failed = slot->len == 0 && self->outcome.code != VL_ERR_NONE;
    if (failed)
        *err = self->outcome;
    else
        *ret = (struct vl_span){slot->bytes, slot->len};
    pthread_mutex_unlock(&self->mutex);
    return failed ? err->err : 0;
}

static void free_slots(struct pipelined_stream *self)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        free(self->slots[i].buffer);
        drop_map(&self->slots[i]);
    }
    pthread_cond_destroy(&self->taken);
    pthread_cond_destroy(&self->filled);
    pthread_mutex_destroy(&self->mutex);
    vl_stream_done(&self->base);
    free(self->name);
    free(self);
}

static void pipelined_free(struct vl_stream *s)
{
    struct pipelined_stream *self = (struct pipelined_stream *)s;
    pthread_mutex_lock(&self->mutex);
    self->stop = true;
    pthread_cond_signal(&self->taken);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
    vl_stream_free(self->below);
    free_slots(self);
}

static struct pipelined_stream *make(const char *name)
{
    static const struct vl_stream_ops ops = {.lend = pipelined_lend, .free = pipelined_free};
    struct pipelined_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    vl_stream_init(&self->base, &ops, name);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->filled, NULL);
    pthread_cond_init(&self->taken, NULL);
    return self;
}

/* `self` is freed where that fails. */
static int start(struct pipelined_stream *self, struct vl_stream **ret, struct vl_err *err)
{
    int failed = pthread_create(&self->thread, NULL, run, self);
    if (failed) {
        free_slots(self);
        return vl_err_sys(err, failed, "a thread to read ahead");
    }
    *ret = &self->base;
    return 0;
}

int vl_stream_new_pipelined(struct vl_stream *below, struct vl_stream **ret, struct vl_err *err)
{
    struct pipelined_stream *self = make(vl_stream_name(below));
    bool whole = self != NULL;
    for (unsigned i = 0; whole && i < SLOTS; i++) {
        self->slots[i].buffer = malloc(VL_STREAM_CHUNK);
        whole = self->slots[i].buffer != NULL;
    }
    if (self)
        self->below = below;
    int r = whole ? start(self, ret, err) : vl_err_nomem(err);
    if (!whole && self)
        free_slots(self);
    if (r < 0)
        vl_stream_free(below);
    return r;
}

/* Not all file systems can map. */
static bool can_map(int fd, uint64_t offset)
{
    struct slot slot = {0};
    struct vl_err ignored = VL_ERR_INIT;
    bool can = map_slot(&slot, fd, offset, 1, "", &ignored) == 0;
    drop_map(&slot);
    return can;
}

int vl_stream_new_region_ahead(
    int fd, const char *name, uint64_t offset, uint64_t length, struct vl_stream **ret, struct vl_err *err)
{
    struct vl_stream *region = NULL;
    int r = vl_stream_new_region(fd, name, offset, length, NULL, &region, err);
    if (r < 0)
        return r;
    if (length == 0 || !can_map(fd, offset))
        return vl_stream_new_pipelined(region, ret, err);
    vl_stream_free(region); /* which has checked fd and numbers */
    char *copy = strdup(name ? name : "");
    struct pipelined_stream *self = copy ? make(copy) : NULL;
    if (!self) {
        free(copy);
        return vl_err_nomem(err);
    }
    self->name = copy;
    self->fd = fd;
    self->at = offset;
    self->left = length;
    return start(self, ret, err);
}
