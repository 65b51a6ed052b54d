/* gzip (RFC 1952, all members) and zlib (RFC 1950) by ISA-L, which checks headers, CRC and length. */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "stream_impl.h"

struct gzip_state {
    struct vl_stream_input in; /* first: see stream.c */
    struct inflate_state inflate;
    bool zlib;
    bool ended; /* after the last member */
};

static void reset(struct gzip_state *s)
{
    isal_inflate_reset(&s->inflate);
    s->inflate.crc_flag = s->zlib ? ISAL_ZLIB : ISAL_GZIP;
}

static int describe(int code, struct vl_err *err)
{
    switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
        return vl_err_set(err, VL_ERR_CORRUPT, "gzip: the checksum does not match");
    case ISAL_UNSUPPORTED_METHOD:
    case ISAL_NEED_DICT:
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "gzip: unknown compression method");
    case ISAL_INVALID_WRAPPER:
        return vl_err_set(err, VL_ERR_INVALID, "gzip: not a gzip header");
    default:
        return vl_err_set(err, VL_ERR_INVALID, "gzip: damaged data (%d)", code);
    }
}

/* After a member: another one, zero padding to the end (as tape blocks leave it), or an error. */
static int next_member(struct gzip_state *s, struct vl_err *err)
{
    for (;;) {
        int r = vl_stream_input_fill(&s->in, err);
        if (r < 0)
            return r;
        if (s->in.from == s->in.to) {
            s->ended = true;
            return 0;
        }
        if (s->in.buf[s->in.from] == '\x1f' && !s->zlib) {
            reset(s);
            return 0;
        }
        if (s->in.buf[s->in.from] != '\0')
            return vl_err_set(err, VL_ERR_INVALID, "gzip: other bytes follow the compressed data");
        s->in.from++;
    }
}

static int64_t gzip_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct gzip_state *s = state;
    uint32_t want = size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)size;
    s->inflate.next_out = buf;
    s->inflate.avail_out = want;
    while (!s->ended && s->inflate.avail_out == want) {
        if (s->inflate.block_state == ISAL_BLOCK_FINISH) {
            int r = next_member(s, err);
            if (r < 0)
                return r;
            continue;
        }
        int r = vl_stream_input_fill(&s->in, err);
        if (r < 0)
            return r;
        s->inflate.next_in = (uint8_t *)s->in.buf + s->in.from;
        s->inflate.avail_in = (uint32_t)(s->in.to - s->in.from);
        int code = isal_inflate(&s->inflate);
        if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
            return describe(code, err);
        bool stuck =
            s->in.ended && s->inflate.avail_out == want && s->inflate.block_state != ISAL_BLOCK_FINISH;
        s->in.from = s->in.to - s->inflate.avail_in;
        if (stuck)
            return vl_err_set(err, VL_ERR_INVALID, "gzip: ends early");
    }
    return want - s->inflate.avail_out;
}

static void gzip_free(void *state)
{
    struct gzip_state *s = state;
    vl_stream_input_done(&s->in);
    free(s);
}

const struct vl_stream_ops vl_stream_gzip_ops = {gzip_read, NULL, gzip_free};

int vl_stream_gzip_new(struct vl_stream *below, bool zlib, void **ret_state, struct vl_err *err)
{
    struct gzip_state *s = calloc(1, sizeof(*s));
    if (!s) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    int r = vl_stream_input_init(&s->in, below, err);
    if (r < 0) {
        gzip_free(s);
        return r;
    }
    isal_inflate_init(&s->inflate);
    s->zlib = zlib;
    reset(s);
    *ret_state = s;
    return 0;
}
