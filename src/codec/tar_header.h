/* The parts of a tar header; private to codec. */
#ifndef VL_CODEC_TAR_HEADER_H
#define VL_CODEC_TAR_HEADER_H

#include "base/buf.h"
#include "codec/tar.h"

#define VL_TAR_SPARSE_PARTS_MAX 100000

/* One 512-byte header, decoded. Spans are lent by `raw` or by `joined`. */
struct vl_tar_block {
    struct vl_span path, target;
    char joined[257]; /* ustar prefix and name */
    char type;
    uint64_t size;
    uint32_t mode, uid, gid;
    int64_t mtime_s;
};

VL_MUST_CHECK int vl_tar_parse_block(const char raw[512], struct vl_tar_block *ret, struct vl_err *err);

/* What extended headers say of an entry. */
struct vl_tar_overrides {
    bool has_path, has_target, has_size, has_uid, has_gid, has_mtime;
    struct vl_buf path, target; /* owned */
    uint64_t size;
    uint32_t uid, gid;
    int64_t mtime_ms;
    unsigned sparse_major;    /* GNU.sparse.major: 1 has its map at the front of the content */
    uint64_t sparse_size;     /* GNU.sparse.realsize or .size */
    struct vl_buf sparse_map; /* GNU.sparse.map of 0.1, or offset and numbytes pairs of 0.0, as "o,n,o,n" */
    size_t sparse_map_len;
};

void vl_tar_overrides_reset(struct vl_tar_overrides *o);
void vl_tar_overrides_done(struct vl_tar_overrides *o);
VL_MUST_CHECK int vl_tar_override_path(struct vl_tar_overrides *o, struct vl_span path, struct vl_err *err);
VL_MUST_CHECK int vl_tar_override_target(
    struct vl_tar_overrides *o, struct vl_span target, struct vl_err *err);

/* pax records "LEN key=value\n". */
VL_MUST_CHECK int vl_tar_parse_pax(struct vl_span text, struct vl_tar_overrides *o, struct vl_err *err);

struct vl_tar_part {
    uint64_t offset, len;
};

struct vl_tar_sparse {
    bool active;
    uint64_t real_size;
    struct vl_tar_part *parts; /* owned */
    size_t n_parts, cap;
    size_t part; /* where reading stands */
};

VL_MUST_CHECK int vl_tar_read_gnu_sparse(
    const char raw[512], struct vl_stream *stream, struct vl_tar_sparse *ret, struct vl_err *err);
VL_MUST_CHECK int vl_tar_read_pax_sparse(struct vl_stream *stream, uint64_t stored, uint64_t *ret_used,
    struct vl_tar_sparse *ret, struct vl_err *err);
VL_MUST_CHECK int vl_tar_parse_sparse_map(struct vl_span map, struct vl_tar_sparse *ret, struct vl_err *err);

/* Parts in order, inside the file, as many bytes as are stored. */
VL_MUST_CHECK int vl_tar_check_sparse(
    const struct vl_tar_sparse *sparse, uint64_t stored, struct vl_err *err);

#endif
