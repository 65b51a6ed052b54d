/* Inside of the tar reader: what tar.c, tar_header.c and tar_sparse.c share. */
#ifndef VL_CODEC_TAR_IMPL_H
#define VL_CODEC_TAR_IMPL_H

#include "base/buf.h"
#include "base/vec.h"
#include "codec/tar.h"

#define TAR_BLOCK 512U

struct tar_piece {
    uint64_t offset; /* in the expanded file */
    uint64_t len;
};

/* What extended headers say about the entry that follows. */
struct tar_overrides {
    bool has_size, has_mtime, has_uid, has_gid, has_real_size, has_sparse_size, has_offset, has_map;
    bool pending; /* there was an extended header, its entry is still to come */
    uint64_t size, uid, gid;
    int64_t mtime_ms;
    int sparse_major, sparse_minor; /* -1: not said */
    uint64_t real_size, offset;
    char path[VL_TAR_PATH_MAX]; /* "": not said */
    char target[VL_TAR_PATH_MAX];
    char gnu_path[VL_TAR_PATH_MAX]; /* of type L, K */
    char gnu_target[VL_TAR_PATH_MAX];
    char sparse_path[VL_TAR_PATH_MAX];
};

struct vl_tar {
    struct vl_stream *stream; /* lent */
    uint8_t block[TAR_BLOCK];
    struct vl_tar_entry entry;
    char path[VL_TAR_PATH_MAX];
    char target[VL_TAR_PATH_MAX];
    struct tar_overrides local, global;
    struct vl_buf extended;
    struct vl_vec pieces; /* struct tar_piece, ascending; of the entry to come, then of the current one */
    bool sparse;
    size_t piece;    /* index of the piece at `at` or after it */
    uint64_t at;     /* position in the expanded file */
    uint64_t stored; /* bytes of the entry still in the stream, without padding */
    unsigned padding;
    uint64_t n_headers;
    bool at_end;
    struct vl_err failed; /* code is VL_ERR_NONE while all is well */
};

/* A header's number field: octal or base 256; empty is 0. False where it is neither or over 63 bits. */
bool vl_tar_number(const uint8_t *field, size_t len, int64_t *ret);

bool vl_tar_checksum_ok(const uint8_t block[TAR_BLOCK]);

/* Reads records of an extended header into `into`; `global` ones change neither names nor sizes. */
VL_MUST_CHECK int vl_tar_read_pax(
    struct vl_tar *tar, struct vl_span records, bool global, struct vl_err *err);

/* Copies a name out of a field or record: up to the first NUL, at most VL_TAR_PATH_MAX - 1 bytes. */
VL_MUST_CHECK int vl_tar_copy_name(
    struct vl_span from, char ret[VL_TAR_PATH_MAX], const char *what, struct vl_err *err);

/* Adds a piece; out of order, overlapping or too many is an error. */
VL_MUST_CHECK int vl_tar_add_piece(struct vl_tar *tar, uint64_t offset, uint64_t len, struct vl_err *err);

/* "offset,length,offset,length…" of pax format 0.1. */
VL_MUST_CHECK int vl_tar_read_sparse_list(struct vl_tar *tar, struct vl_span list, struct vl_err *err);

/* Whether the records describe a sparse file: only then its name and size count. */
bool vl_tar_pax_is_sparse(const struct tar_overrides *o);

/* Makes the entry sparse where its header (type S) or its records say so: reads the map, sets entry.size. */
VL_MUST_CHECK int vl_tar_begin_sparse(struct vl_tar *tar, bool old_gnu, struct vl_err *err);

/* Content of a sparse entry, holes as zeros. */
VL_MUST_CHECK int64_t vl_tar_read_sparse(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err);

/* Exactly one block; 0 at the end of the stream, an error inside a block. */
VL_MUST_CHECK int vl_tar_read_block(struct vl_tar *tar, uint8_t block[TAR_BLOCK], struct vl_err *err);

/* Up to `size` bytes of what the entry has in the stream; the stream's end before is an error. */
VL_MUST_CHECK int64_t vl_tar_read_stored(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err);

#endif
