/* A cursor over bytes from outside, which cannot overrun: every take is checked, and a failed one is sticky.
 *
 * Read a whole structure, then ask vl_reader_ok() once; after a failure all further reads give zero or the
 * empty span and the position stays. */
#ifndef VL_BASE_READER_H
#define VL_BASE_READER_H

#include "base/span.h"

struct vl_reader {
    struct vl_span data; /* lent */
    size_t pos;
    bool failed;
};

struct vl_reader vl_reader_new(struct vl_span data);
bool vl_reader_ok(const struct vl_reader *r);
size_t vl_reader_left(const struct vl_reader *r);
void vl_reader_seek(struct vl_reader *r, size_t pos); /* beyond the end fails */
void vl_reader_skip(struct vl_reader *r, size_t n);
struct vl_span vl_reader_take(struct vl_reader *r, size_t n);

uint8_t vl_reader_u8(struct vl_reader *r);
uint16_t vl_reader_u16le(struct vl_reader *r);
uint32_t vl_reader_u32le(struct vl_reader *r);
uint64_t vl_reader_u64le(struct vl_reader *r);
uint16_t vl_reader_u16be(struct vl_reader *r);
uint32_t vl_reader_u32be(struct vl_reader *r);
uint64_t vl_reader_u64be(struct vl_reader *r);

/* LEB128, at most 10 bytes. */
uint64_t vl_reader_varint(struct vl_reader *r);

/* Up to and without the next NUL, which is consumed; fails where there is none. */
struct vl_span vl_reader_cstr(struct vl_reader *r);

/* varint length, then that many bytes. */
struct vl_span vl_reader_lstr(struct vl_reader *r);

#endif
