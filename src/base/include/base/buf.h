/* A growing byte buffer with a maximum set at init, so that no input can make it grow without end.
 *
 * Appends are sticky: after the first failure (over the maximum, no memory) the rest do nothing, and
 * vl_buf_check() turns it into an error once, at the end. */
#ifndef VL_BASE_BUF_H
#define VL_BASE_BUF_H

#include <stdarg.h>

#include "base/err.h"
#include "base/span.h"

struct vl_buf {
    char *ptr;  /* owned */
    size_t len; /* bytes in use; a NUL always follows them where ptr is not NULL */
    size_t cap;
    size_t max;
    int failed; /* 0, -E2BIG or -ENOMEM */
};

void vl_buf_init(struct vl_buf *buf, size_t max);
void vl_buf_done(struct vl_buf *buf); /* also for VL_CLEANUP */
void vl_buf_clear(struct vl_buf *buf);
void vl_buf_truncate(struct vl_buf *buf, size_t len);

void vl_buf_append(struct vl_buf *buf, const void *bytes, size_t len);
void vl_buf_append_span(struct vl_buf *buf, struct vl_span s);
void vl_buf_append_str(struct vl_buf *buf, const char *s);
void vl_buf_append_char(struct vl_buf *buf, char c);
VL_PRINTF(2, 3) void vl_buf_printf(struct vl_buf *buf, const char *fmt, ...);

void vl_buf_append_u8(struct vl_buf *buf, uint8_t v);
void vl_buf_append_u16le(struct vl_buf *buf, uint16_t v);
void vl_buf_append_u32le(struct vl_buf *buf, uint32_t v);
void vl_buf_append_u64le(struct vl_buf *buf, uint64_t v);
void vl_buf_append_varint(struct vl_buf *buf, uint64_t v);
void vl_buf_append_lstr(struct vl_buf *buf, struct vl_span s); /* varint length, then the bytes */

/* Tells an empty buffer that about `len` bytes will come, so that it need not grow step by step. Only a hint:
 * it cannot fail, and the maximum holds as ever. */
void vl_buf_expect(struct vl_buf *buf, size_t len);

/* What vl_buf_reserve() does where there is no room yet. */
char *vl_buf_grow(struct vl_buf *buf, size_t len);

/* Room for `len` more bytes at the end, not yet counted in len; NULL after a failure. In line, as is the
 * next, since a report is written in a hundred thousand small pieces. */
static inline char *vl_buf_reserve(struct vl_buf *buf, size_t len)
{
    return !buf->failed && len < buf->cap - buf->len ? buf->ptr + buf->len : vl_buf_grow(buf, len);
}

static inline void vl_buf_commit(struct vl_buf *buf, size_t len)
{
    if (buf->failed)
        return;
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

struct vl_span vl_buf_span(const struct vl_buf *buf);
const char *vl_buf_str(const struct vl_buf *buf); /* NUL-terminated; "" when empty */

/* 0, or an error that names `what` and the maximum. */
VL_MUST_CHECK int vl_buf_check(const struct vl_buf *buf, const char *what, struct vl_err *err);

#endif
