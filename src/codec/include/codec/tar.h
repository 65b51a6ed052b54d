/* tar as a stream of entries: v7, ustar, GNU (long names, sparse, base-256 numbers) and pax.
 * Source: POSIX.1-2017 pax, GNU tar manual "Basic Tar Format". Nothing is ever written to disk.
 *
 * Where archives are ambiguous, what container engines do decides (they read with Go's archive/tar), so that
 * nothing is hidden from a scan that a container would see: links, devices and folders have no content
 * whatever their size says; global pax headers change neither names nor sizes; an entry of an unknown type is
 * passed over by its size. */
#ifndef VL_CODEC_TAR_H
#define VL_CODEC_TAR_H

#include "codec/stream.h"

#define VL_TAR_PATH_MAX    4096            /* bytes of a name or link target incl. the NUL, as on Linux */
#define VL_TAR_HEADER_MAX  (1024UL * 1024) /* bytes of one extended header */
#define VL_TAR_ENTRIES_MAX 5000000         /* headers, extended ones among them */
#define VL_TAR_SPARSE_MAX  65536           /* pieces of one sparse file */

enum vl_tar_type {
    VL_TAR_FILE,
    VL_TAR_HARDLINK,
    VL_TAR_SYMLINK,
    VL_TAR_DIR,
    VL_TAR_CHAR,
    VL_TAR_BLOCK,
    VL_TAR_FIFO,
    VL_TAR_OTHER, /* skipped by readers, counted */
};

struct vl_tar_entry {
    enum vl_tar_type type;
    const char *path;   /* as written, NUL-terminated; good until the next call */
    const char *target; /* of links; "" otherwise */
    uint64_t size;      /* bytes of content that vl_tar_read() yields; of sparse files with their holes */
    uint32_t mode;
    uint32_t uid, gid;
    int64_t mtime_ms;
    bool sparse;         /* content is not stored in one piece */
    uint64_t content_at; /* position of the content in the stream; UINT64_MAX for sparse files */
};

struct vl_tar;

/* `stream` is lent. NULL only when there is no memory. */
struct vl_tar *vl_tar_new(struct vl_stream *stream);
void vl_tar_free(struct vl_tar *tar); /* accepts NULL */
void vl_tar_cleanup(struct vl_tar **tar);

/* 1 and the next entry, 0 at the end, -errno. What was not read of the entry before is skipped. A stream that
 * ends without the two zero blocks is accepted at an entry border, as GNU tar does. */
VL_MUST_CHECK int vl_tar_next(struct vl_tar *tar, const struct vl_tar_entry **ret_entry, struct vl_err *err);

/* Reads content of the current entry: as vl_stream_read(). */
VL_MUST_CHECK int64_t vl_tar_read(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err);

/* A stream over the content of the current entry (an archive in the archive), good until the next call of
 * vl_tar_next(); freeing it leaves the tar alone. */
VL_MUST_CHECK int vl_tar_stream(struct vl_tar *tar, struct vl_stream **ret, struct vl_err *err);

/* Makes a path relative and clean: no leading "/" or "./", no "//", "." parts dropped. Returns false where a
 * ".." part climbs out of the root or where nothing is left (the root itself). */
bool vl_tar_clean_path(const char *path, char ret[VL_TAR_PATH_MAX]);

#endif
