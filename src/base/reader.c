#include "base/reader.h"

#include <string.h>

struct vl_reader vl_reader_new(struct vl_span data)
{
    return (struct vl_reader){.data = data};
}

bool vl_reader_ok(const struct vl_reader *r)
{
    return !r->failed;
}

size_t vl_reader_left(const struct vl_reader *r)
{
    return r->failed ? 0 : r->data.len - r->pos;
}

void vl_reader_seek(struct vl_reader *r, size_t pos)
{
    if (pos > r->data.len)
        r->failed = true;
    else if (!r->failed)
        r->pos = pos;
}

void vl_reader_skip(struct vl_reader *r, size_t n)
{
    (void)vl_reader_take(r, n);
}

struct vl_span vl_reader_take(struct vl_reader *r, size_t n)
{
    if (r->failed || n > r->data.len - r->pos) {
        r->failed = true;
        return VL_SPAN_EMPTY;
    }
    struct vl_span s = {r->data.ptr ? r->data.ptr + r->pos : NULL, n};
    r->pos += n;
    return s;
}

static inline uint64_t take_le(struct vl_reader *r, size_t n)
{
    if (r->failed || n > r->data.len - r->pos) {
        r->failed = true;
        return 0;
    }
    uint64_t v = 0;
    for (size_t i = n; i > 0; i--)
        v = v << 8 | (uint8_t)r->data.ptr[r->pos + i - 1];
    r->pos += n;
    return v;
}

static uint64_t take_be(struct vl_reader *r, size_t n)
{
    struct vl_span s = vl_reader_take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; s.ptr && i < s.len; i++)
        v = v << 8 | (uint8_t)s.ptr[i];
    return v;
}

uint8_t vl_reader_u8(struct vl_reader *r)
{
    if (r->failed || r->pos >= r->data.len) {
        r->failed = true;
        return 0;
    }
    return (uint8_t)r->data.ptr[r->pos++];
}

uint16_t vl_reader_u16le(struct vl_reader *r)
{
    return (uint16_t)take_le(r, 2);
}

uint32_t vl_reader_u32le(struct vl_reader *r)
{
    return (uint32_t)take_le(r, 4);
}

uint64_t vl_reader_u64le(struct vl_reader *r)
{
    return take_le(r, 8);
}

uint16_t vl_reader_u16be(struct vl_reader *r)
{
    return (uint16_t)take_be(r, 2);
}

uint32_t vl_reader_u32be(struct vl_reader *r)
{
    return (uint32_t)take_be(r, 4);
}

uint64_t vl_reader_u64be(struct vl_reader *r)
{
    return take_be(r, 8);
}

uint64_t vl_reader_varint(struct vl_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t b = vl_reader_u8(r);
        if (r->failed || (shift == 63 && b > 1))
            break;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return v;
    }
    r->failed = true;
    return 0;
}

struct vl_span vl_reader_cstr(struct vl_reader *r)
{
    size_t left = vl_reader_left(r);
    const char *end = left ? memchr(r->data.ptr + r->pos, '\0', left) : NULL;
    if (!end) {
        r->failed = true;
        return VL_SPAN_EMPTY;
    }
    struct vl_span s = vl_reader_take(r, (size_t)(end - (r->data.ptr + r->pos)));
    r->pos++;
    return s;
}

struct vl_span vl_reader_lstr(struct vl_reader *r)
{
    uint64_t n = vl_reader_varint(r);
    if (n > vl_reader_left(r)) {
        r->failed = true;
        return VL_SPAN_EMPTY;
    }
    return vl_reader_take(r, (size_t)n);
}
