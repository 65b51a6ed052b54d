/* A stream has two ends: the owner writes, the connection takes. Whichever goes last frees it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http_server_impl.h"

struct vl_http_stream {
    pthread_mutex_t lock;
    struct vl_buf waiting;
    size_t taken; /* of it */
    bool owned, attached;
    bool ended; /* no more will be written */
    bool dry;   /* the reader found nothing and waits to be woken */
    void (*wake)(void *user);
    void *user;
};

int vl_http_stream_new(struct vl_http_stream **ret, struct vl_err *err)
{
    struct vl_http_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return vl_err_nomem(err);
    pthread_mutex_init(&s->lock, NULL);
    vl_buf_init(&s->waiting, 2 * VL_HTTP_SERVER_STREAM_MAX); /* what was taken lies before what waits */
    s->owned = true;
    *ret = s;
    return 0;
}

/* Unlocks; frees where nobody is left. */
static void leave(struct vl_http_stream *s)
{
    bool last = !s->owned && !s->attached;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    vl_buf_done(&s->waiting);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool vl_http_stream_write(struct vl_http_stream *s, struct vl_span bytes)
{
    void (*wake)(void *user) = NULL;
    void *user = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->taken) {
        memmove(s->waiting.ptr, s->waiting.ptr + s->taken, s->waiting.len - s->taken);
        vl_buf_truncate(&s->waiting, s->waiting.len - s->taken);
        s->taken = 0;
    }
    bool good = !s->ended && s->waiting.len + bytes.len <= VL_HTTP_SERVER_STREAM_MAX;
    if (good) {
        vl_buf_append_span(&s->waiting, bytes);
        good = s->waiting.failed == 0;
    }
    if (!good)
        s->ended = true;
    if (s->dry && s->attached) {
        s->dry = false;
        wake = s->wake;
        user = s->user;
    }
    pthread_mutex_unlock(&s->lock);
    if (wake)
        wake(user);
    return good;
}

void vl_http_stream_end(struct vl_http_stream *s)
{
    void (*wake)(void *user) = NULL;
    void *user = NULL;
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    if (s->dry && s->attached) {
        s->dry = false;
        wake = s->wake;
        user = s->user;
    }
    pthread_mutex_unlock(&s->lock);
    if (wake)
        wake(user);
}

void vl_http_stream_close(struct vl_http_stream *s)
{
    if (!s)
        return;
    vl_http_stream_end(s);
    pthread_mutex_lock(&s->lock);
    s->owned = false;
    leave(s);
}

void vl_http_stream_attach(struct vl_http_stream *s, void (*wake)(void *user), void *user)
{
    pthread_mutex_lock(&s->lock);
    s->attached = true;
    s->wake = wake;
    s->user = user;
    pthread_mutex_unlock(&s->lock);
}

ptrdiff_t vl_http_stream_take(struct vl_http_stream *s, char *bytes, size_t max)
{
    pthread_mutex_lock(&s->lock);
    size_t left = s->waiting.len - s->taken, n = left < max ? left : max;
    ptrdiff_t r = (ptrdiff_t)n;
    if (n) {
        memcpy(bytes, s->waiting.ptr + s->taken, n);
        s->taken += n;
    } else if (s->ended) {
        r = -1;
    } else {
        s->dry = true;
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

void vl_http_stream_detach(struct vl_http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->attached = false;
    s->ended = true;
    s->wake = NULL;
    leave(s);
}
