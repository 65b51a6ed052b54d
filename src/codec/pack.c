#include "codec/pack.h"

#include "codec/stream.h"

#define PIECE 65536U

int vl_unpack_zstd(
    struct vl_span packed, uint64_t max, const char *what, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct vl_stream *below = NULL;
    int64_t n = vl_stream_new_span(packed, &below, err);
    if (n >= 0)
        n = vl_stream_new_decompress(below, VL_COMPRESSION_ZSTD, max, &stream, err);
    while (n >= 0) {
        char *room = vl_buf_reserve(out, PIECE);
        if (!room)
            return vl_buf_check(out, what, err);
        n = vl_stream_read(stream, room, PIECE, err);
        if (n <= 0)
            break;
        vl_buf_commit(out, (size_t)n);
    }
    return n < 0 ? vl_err_wrap(err, "%s", what) : 0;
}
