/* Reads ahead in a thread of its own, so that inflating, hashing and parsing run on different processors. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "stream_impl.h"

#define SLOTS 4 /* chunks between the two threads */

struct slot {
    char *bytes; /* VL_STREAM_CHUNK */
    size_t len;  /* 0: the end */
};

struct pipelined {
    struct vl_stream *below;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot slots[SLOTS];
    size_t head, tail; /* filled and taken so far; head - tail of them are waiting */
    bool ended;        /* the thread has put its last slot */
    bool stop;         /* the reader is gone */
    int result;        /* of `below`: 0 or -errno with err; told after the last slot */
    struct vl_err err;
    size_t taken_from; /* read so far of the slot at tail */
};

/* Fills one chunk: short reads of decompressors are gathered, so that the threads meet less often. */
static int64_t fill(struct pipelined *p, char *to)
{
    size_t n = 0;
    while (n < VL_STREAM_CHUNK) {
        int64_t got = vl_stream_read(p->below, to + n, VL_STREAM_CHUNK - n, &p->err);
        if (got < 0)
            p->result = (int)got;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return (int64_t)n;
}

static void *read_ahead(void *user)
{
    struct pipelined *p = user;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        while (!p->stop && p->head - p->tail == SLOTS)
            pthread_cond_wait(&p->changed, &p->lock);
        bool stop = p->stop;
        pthread_mutex_unlock(&p->lock);
        if (stop)
            return NULL;
        struct slot *slot = &p->slots[p->head % SLOTS];
        size_t len = (size_t)fill(p, slot->bytes);
        pthread_mutex_lock(&p->lock);
        slot->len = len;
        p->ended = len < VL_STREAM_CHUNK;
        if (len)
            p->head++;
        stop = p->ended;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        if (stop)
            return NULL;
    }
}

static int64_t pipelined_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct pipelined *p = state;
    pthread_mutex_lock(&p->lock);
    while (p->head == p->tail && !p->ended)
        pthread_cond_wait(&p->changed, &p->lock);
    bool empty = p->head == p->tail;
    pthread_mutex_unlock(&p->lock);
    if (empty) {
        if (p->result < 0)
            *err = p->err;
        return p->result;
    }
    struct slot *slot = &p->slots[p->tail % SLOTS];
    size_t n = slot->len - p->taken_from;
    n = n < size ? n : size;
    memcpy(buf, slot->bytes + p->taken_from, n);
    p->taken_from += n;
    if (p->taken_from == slot->len) {
        p->taken_from = 0;
        pthread_mutex_lock(&p->lock);
        p->tail++;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
    }
    return (int64_t)n;
}

static void pipelined_free(void *state)
{
    struct pipelined *p = state;
    if (p->started) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    vl_stream_free(p->below);
    for (size_t i = 0; i < SLOTS; i++)
        free(p->slots[i].bytes);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static const struct vl_stream_ops pipelined_ops = {pipelined_read, NULL, pipelined_free};

int vl_stream_new_pipelined(struct vl_stream *below, struct vl_stream **ret, struct vl_err *err)
{
    struct pipelined *p = calloc(1, sizeof(*p));
    if (!p) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    p->below = below;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    for (size_t i = 0; i < SLOTS; i++) {
        p->slots[i].bytes = malloc(VL_STREAM_CHUNK);
        if (!p->slots[i].bytes) {
            pipelined_free(p);
            return vl_err_nomem(err);
        }
    }
    int rc = pthread_create(&p->thread, NULL, read_ahead, p);
    if (rc != 0) {
        pipelined_free(p);
        return vl_err_sys(err, rc, "start a reading thread");
    }
    p->started = true;
    return vl_stream_create(&pipelined_ops, p, ret, err);
}
