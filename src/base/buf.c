#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP    256
#define EXPECTED_MAX (64UL * 1024 * 1024) /* who expects more is given more when it comes */

void vl_buf_init(struct vl_buf *buf, size_t max)
{
    *buf = (struct vl_buf){.max = max};
}

void vl_buf_done(struct vl_buf *buf)
{
    free(buf->ptr);
    vl_buf_init(buf, buf->max);
}

void vl_buf_clear(struct vl_buf *buf)
{
    buf->failed = 0;
    vl_buf_truncate(buf, 0);
}

void vl_buf_truncate(struct vl_buf *buf, size_t len)
{
    if (len > buf->len || !buf->ptr)
        return;
    buf->len = len;
    buf->ptr[len] = '\0';
}

void vl_buf_expect(struct vl_buf *buf, size_t len)
{
    len = len < EXPECTED_MAX ? len : EXPECTED_MAX;
    len = len < buf->max ? len : buf->max;
    if (buf->ptr || buf->failed || len == 0)
        return;
    if (!vl_buf_reserve(buf, len))
        buf->failed = 0;
}

char *vl_buf_grow(struct vl_buf *buf, size_t len)
{
    if (buf->failed)
        return NULL;
    if (len > buf->max || buf->len > buf->max - len) {
        buf->failed = -E2BIG;
        return NULL;
    }
    size_t need = buf->len + len + 1; /* max < SIZE_MAX in every caller: no wrap */
    if (need > buf->cap) {
        size_t cap = buf->cap ? buf->cap : FIRST_CAP;
        while (cap < need)
            cap = cap > SIZE_MAX / 2 ? need : cap * 2;
        if (cap > buf->max && need <= buf->max + 1)
            cap = buf->max + 1;
        char *ptr = realloc(buf->ptr, cap);
        if (!ptr) {
            buf->failed = -ENOMEM;
            return NULL;
        }
        buf->ptr = ptr;
        buf->cap = cap;
        buf->ptr[buf->len] = '\0'; /* the caller may reserve and then commit nothing */
    }
    return buf->ptr + buf->len;
}

void vl_buf_append(struct vl_buf *buf, const void *bytes, size_t len)
{
    char *to = vl_buf_reserve(buf, len);
    if (!to)
        return;
    if (len)
        memcpy(to, bytes, len);
    vl_buf_commit(buf, len);
}

void vl_buf_append_span(struct vl_buf *buf, struct vl_span s)
{
    vl_buf_append(buf, s.ptr, s.len);
}

void vl_buf_append_str(struct vl_buf *buf, const char *s)
{
    vl_buf_append_span(buf, vl_span_str(s));
}

void vl_buf_append_char(struct vl_buf *buf, char c)
{
    vl_buf_append(buf, &c, 1);
}

void vl_buf_printf(struct vl_buf *buf, const char *fmt, ...)
{
    if (buf->failed)
        return;
    /* Into the room that is there; most texts fit at once. */
    size_t room = buf->cap - buf->len;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buf->ptr ? buf->ptr + buf->len : NULL, room, fmt, args);
    va_end(args);
    if (n < 0)
        buf->failed = -EINVAL;
    char *to = n < 0 ? NULL : vl_buf_reserve(buf, (size_t)n);
    if (!to) {
        if (buf->ptr)
            buf->ptr[buf->len] = '\0';
        return;
    }
    if ((size_t)n >= room) {
        va_start(args, fmt);
        vsnprintf(to, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    vl_buf_commit(buf, (size_t)n);
}

static void append_le(struct vl_buf *buf, uint64_t v, size_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    vl_buf_append(buf, bytes, n);
}

void vl_buf_append_u8(struct vl_buf *buf, uint8_t v)
{
    append_le(buf, v, 1);
}

void vl_buf_append_u16le(struct vl_buf *buf, uint16_t v)
{
    append_le(buf, v, 2);
}

void vl_buf_append_u32le(struct vl_buf *buf, uint32_t v)
{
    append_le(buf, v, 4);
}

void vl_buf_append_u64le(struct vl_buf *buf, uint64_t v)
{
    append_le(buf, v, 8);
}

void vl_buf_append_varint(struct vl_buf *buf, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    while (v >= 0x80) {
        bytes[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (uint8_t)v;
    vl_buf_append(buf, bytes, n);
}

void vl_buf_append_lstr(struct vl_buf *buf, struct vl_span s)
{
    vl_buf_append_varint(buf, s.len);
    vl_buf_append_span(buf, s);
}

struct vl_span vl_buf_span(const struct vl_buf *buf)
{
    return (struct vl_span){buf->ptr, buf->len};
}

const char *vl_buf_str(const struct vl_buf *buf)
{
    return buf->ptr ? buf->ptr : "";
}

int vl_buf_check(const struct vl_buf *buf, const char *what, struct vl_err *err)
{
    if (buf->failed == -ENOMEM)
        return vl_err_nomem(err);
    if (buf->failed)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %zu bytes", what, buf->max);
    return 0;
}
