/* Streams over file descriptors. A regular file is read by position, so that many streams may share one
 * descriptor; anything else is read as it comes. */
#include "stream_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* After a jump little is read: who walks an archive by its headers wants 512 bytes here and there. */
#define FIRST_STEP (8U * 1024)

struct fd_stream {
    struct vl_stream base;
    char *name;
    int fd;
    uint64_t at;   /* of regular files: where the next read begins */
    uint64_t left; /* bytes the caller still allows; UINT64_MAX: no bound */
    size_t step;   /* of the next read */
};

static int64_t fd_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    struct fd_stream *self = (struct fd_stream *)s;
    size_t want = size < self->left ? size : (size_t)self->left;
    if (want > self->step)
        want = self->step;
    if (want == 0)
        return 0;
    self->step = self->step < VL_STREAM_CHUNK ? self->step * 2 : VL_STREAM_CHUNK;
    ssize_t n;
    do {
        n = s->ops->skip ? pread(self->fd, buf, want, (off_t)self->at) : read(self->fd, buf, want);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return vl_err_sys(err, errno, "%s: read", self->name);
    self->at += (uint64_t)n;
    if (self->left != UINT64_MAX) {
        if (n == 0)
            return vl_stream_error(
                s, err, VL_ERR_INVALID, "ends early: %llu bytes are missing", (unsigned long long)self->left);
        self->left -= (uint64_t)n;
    }
    return n;
}

static int fd_skip(struct vl_stream *s, uint64_t n, struct vl_err *err)
{
    struct fd_stream *self = (struct fd_stream *)s;
    struct stat st;
    if (fstat(self->fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", self->name);
    uint64_t size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    uint64_t there = size > self->at ? size - self->at : 0;
    if (self->left < there)
        there = self->left;
    if (n > there)
        return vl_stream_error(
            s, err, VL_ERR_INVALID, "ends early: %llu bytes are missing", (unsigned long long)(n - there));
    self->at += n;
    self->step = FIRST_STEP;
    if (self->left != UINT64_MAX)
        self->left -= n;
    return 0;
}

static void fd_free(struct vl_stream *s)
{
    struct fd_stream *self = (struct fd_stream *)s;
    vl_stream_done(s);
    free(self->name);
    free(self);
}

static int new_fd(int fd, const char *name, bool by_position, uint64_t at, uint64_t length,
    struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops positioned = {.fill = fd_fill, .skip = fd_skip, .free = fd_free};
    static const struct vl_stream_ops flowing = {.fill = fd_fill, .free = fd_free};
    struct fd_stream *self = calloc(1, sizeof(*self));
    char *copy = strdup(name ? name : "");
    if (!self || !copy) {
        free(self);
        free(copy);
        return vl_err_nomem(err);
    }
    vl_stream_init(&self->base, by_position ? &positioned : &flowing, copy);
    self->name = copy;
    self->fd = fd;
    self->at = at;
    self->left = length;
    self->step = VL_STREAM_CHUNK;
    *ret = &self->base;
    return 0;
}

int vl_stream_new_fd(int fd, const char *name, uint64_t length, struct vl_stream **ret, struct vl_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", name);
    off_t at = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    return new_fd(fd, name, at >= 0, at >= 0 ? (uint64_t)at : 0, length, ret, err);
}

int vl_stream_new_region(int fd, const char *name, uint64_t offset, uint64_t length,
    const uint64_t **ret_position, struct vl_stream **ret, struct vl_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", name);
    if (!S_ISREG(st.st_mode))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: no regular file, cannot be read by position", name);
    if (offset > INT64_MAX || (length != UINT64_MAX && length > INT64_MAX - offset))
        return vl_err_set(err, VL_ERR_INVALID, "%s: a part beyond any file", name);
    int r = new_fd(fd, name, true, offset, length, ret, err);
    if (r == 0 && ret_position)
        *ret_position = &(*ret)->position;
    return r;
}
