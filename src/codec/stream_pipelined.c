/* Reading ahead in a thread: a ring of buffers between one who fills and one who takes. */
#include "stream_impl.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS 4

struct slot {
    char *bytes; /* VL_STREAM_CHUNK */
    size_t len;  /* 0: the end or the error */
};

struct pipelined_stream {
    struct vl_stream base;
    struct vl_stream *below; /* belongs to the thread while it runs */
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

static void *run(void *arg)
{
    struct pipelined_stream *self = arg;
    struct slot *slot;
    while ((slot = next_free(self))) {
        struct vl_err err = VL_ERR_INIT;
        int64_t n = vl_stream_read(self->below, slot->bytes, VL_STREAM_CHUNK, &err);
        slot->len = n > 0 ? (size_t)n : 0;
        hand_over(self, n < 0 ? &err : NULL);
        if (n <= 0)
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
    for (unsigned i = 0; i < SLOTS; i++)
        free(self->slots[i].bytes);
    pthread_cond_destroy(&self->taken);
    pthread_cond_destroy(&self->filled);
    pthread_mutex_destroy(&self->mutex);
    vl_stream_done(&self->base);
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
        self->slots[i].bytes = malloc(VL_STREAM_CHUNK);
        whole = self->slots[i].bytes != NULL;
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
