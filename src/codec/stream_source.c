/* Where streams begin: memory and file descriptors; and the digest that is taken on the way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream_impl.h"

#define NAME_BYTES 256

struct span_state {
    struct vl_span rest;
};

static int64_t span_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct span_state *s = state;
    size_t n = size < s->rest.len ? size : s->rest.len;
    (void)err;
    if (n)
        memcpy(buf, s->rest.ptr, n);
    s->rest = vl_span_slice(s->rest, n, s->rest.len);
    return (int64_t)n;
}

static int64_t span_skip(void *state, uint64_t n, struct vl_err *err)
{
    struct span_state *s = state;
    size_t step = n < s->rest.len ? (size_t)n : s->rest.len;
    (void)err;
    s->rest = vl_span_slice(s->rest, step, s->rest.len);
    return (int64_t)step;
}

static const struct vl_stream_ops span_ops = {span_read, span_skip, free};

int vl_stream_new_span(struct vl_span data, struct vl_stream **ret, struct vl_err *err)
{
    struct span_state *s = calloc(1, sizeof(*s));
    if (!s)
        return vl_err_nomem(err);
    s->rest = data;
    return vl_stream_create(&span_ops, s, ret, err);
}

struct fd_state {
    int fd;
    bool seekable;
    uint64_t left; /* UINT64_MAX: to the end */
    char name[NAME_BYTES];
};

static int64_t fd_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct fd_state *s = state;
    if (size > s->left)
        size = (size_t)s->left;
    for (;;) {
        ssize_t n = size ? read(s->fd, buf, size) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "%s: read", s->name);
        if (s->left != UINT64_MAX)
            s->left -= (uint64_t)n;
        return n;
    }
}

/* Seeking beyond the end succeeds on a file: never further than it reaches. */
static int64_t fd_skip(void *state, uint64_t n, struct vl_err *err)
{
    struct fd_state *s = state;
    char scratch[16384];
    struct stat st;
    off_t at = s->seekable ? lseek(s->fd, 0, SEEK_CUR) : -1;
    if (at < 0 || fstat(s->fd, &st) < 0 || st.st_size <= at)
        return fd_read(s, scratch, n < sizeof(scratch) ? (size_t)n : sizeof(scratch), err);
    uint64_t step = (uint64_t)(st.st_size - at);
    step = step < n ? step : n;
    step = step < s->left ? step : s->left;
    if (lseek(s->fd, (off_t)step, SEEK_CUR) < 0)
        return vl_err_sys(err, errno, "%s: seek", s->name);
    if (s->left != UINT64_MAX)
        s->left -= step;
    return (int64_t)step;
}

static const struct vl_stream_ops fd_ops = {fd_read, fd_skip, free};

int vl_stream_new_fd(int fd, const char *name, uint64_t length, struct vl_stream **ret, struct vl_err *err)
{
    struct fd_state *s = calloc(1, sizeof(*s));
    struct stat st;
    if (!s)
        return vl_err_nomem(err);
    s->fd = fd;
    s->left = length;
    s->seekable = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    memccpy(s->name, name, '\0', sizeof(s->name) - 1);
    return vl_stream_create(&fd_ops, s, ret, err);
}

struct digest_state {
    struct vl_stream *below;
    struct vl_digester *digester;
};

static int64_t digest_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct digest_state *s = state;
    int64_t n = vl_stream_read(s->below, buf, size, err);
    if (n > 0)
        vl_digester_update(s->digester, (struct vl_span){buf, (size_t)n});
    return n;
}

static void digest_free(void *state)
{
    struct digest_state *s = state;
    vl_stream_free(s->below);
    free(s);
}

static const struct vl_stream_ops digest_ops = {digest_read, NULL, digest_free};

int vl_stream_new_digest(
    struct vl_stream *below, struct vl_digester *digester, struct vl_stream **ret, struct vl_err *err)
{
    struct digest_state *s = calloc(1, sizeof(*s));
    if (!s) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    s->below = below;
    s->digester = digester;
    return vl_stream_create(&digest_ops, s, ret, err);
}
