/* bzip2, all streams. */
#include <bzlib.h>
#include <stdlib.h>

#include "stream_impl.h"

struct bzip2_state {
    struct vl_stream_input in; /* first: see stream.c */
    bz_stream bzip2;
    bool open; /* between init and end of one stream */
};

static int64_t bzip2_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct bzip2_state *s = state;
    unsigned want = size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)size;
    s->bzip2.next_out = buf;
    s->bzip2.avail_out = want;
    while (s->bzip2.avail_out == want) {
        int r = vl_stream_input_fill(&s->in, err);
        if (r < 0)
            return r;
        if (s->in.from == s->in.to && !s->open)
            break;
        if (!s->open && BZ2_bzDecompressInit(&s->bzip2, 0, 0) != BZ_OK)
            return vl_err_nomem(err);
        s->open = true;
        s->bzip2.next_in = s->in.buf + s->in.from;
        s->bzip2.avail_in = (unsigned)(s->in.to - s->in.from);
        int code = BZ2_bzDecompress(&s->bzip2);
        s->in.from = s->in.to - s->bzip2.avail_in;
        if (code == BZ_STREAM_END) {
            BZ2_bzDecompressEnd(&s->bzip2);
            s->open = false;
        } else if (code != BZ_OK) {
            return vl_err_set(err, VL_ERR_INVALID, "bzip2: damaged data (%d)", code);
        } else if (s->in.ended && s->bzip2.avail_out == want) {
            return vl_err_set(err, VL_ERR_INVALID, "bzip2: ends early");
        }
    }
    return want - s->bzip2.avail_out;
}

static void bzip2_free(void *state)
{
    struct bzip2_state *s = state;
    if (s->open)
        BZ2_bzDecompressEnd(&s->bzip2);
    vl_stream_input_done(&s->in);
    free(s);
}

const struct vl_stream_ops vl_stream_bzip2_ops = {bzip2_read, NULL, bzip2_free};

int vl_stream_bzip2_new(struct vl_stream *below, void **ret_state, struct vl_err *err)
{
    struct bzip2_state *s = calloc(1, sizeof(*s));
    if (!s) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    int r = vl_stream_input_init(&s->in, below, err);
    if (r < 0) {
        bzip2_free(s);
        return r;
    }
    *ret_state = s;
    return 0;
}
