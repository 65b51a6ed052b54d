/* Files: bounded reads, atomic replacement, file descriptors closed on every way out. */
#ifndef VL_BASE_FILE_H
#define VL_BASE_FILE_H

#include "base/buf.h"

/* Closes *fd unless it is negative, and sets it to -1; keeps errno. For VL_CLEANUP. */
void vl_file_close(int *fd);

/* Appends the whole file; more than `max` bytes is VL_ERR_LIMIT. "-" is standard input. */
VL_MUST_CHECK int vl_file_read(const char *path, size_t max, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_file_read_fd(
    int fd, const char *name, size_t max, struct vl_buf *out, struct vl_err *err);

/* Writes all of `data`, however many calls it takes. */
VL_MUST_CHECK int vl_file_write_fd(int fd, const char *name, struct vl_span data, struct vl_err *err);

/* Replaces `path` atomically and durably: temporary file beside it, fsync, rename, fsync of the folder.
 * `mode` such as 0644. Readers see the old or the new file, never a part. */
VL_MUST_CHECK int vl_file_replace(const char *path, unsigned mode, struct vl_span data, struct vl_err *err);

/* The same without the two syncs, for what can be made again and nobody counts on after a power cut: atomic
 * for readers, not durable. */
VL_MUST_CHECK int vl_file_replace_unsynced(
    const char *path, unsigned mode, struct vl_span data, struct vl_err *err);

/* Creates the folder and its parents (mode 0755 for parents, `mode` for the last). Existing is fine. */
VL_MUST_CHECK int vl_file_make_dirs(const char *path, unsigned mode, struct vl_err *err);

/* An unnamed file that vanishes with its descriptor (O_TMPFILE in `dir` or $TMPDIR or /tmp; memfd as last
 * resort). */
VL_MUST_CHECK int vl_file_temp(const char *dir, int *ret_fd, struct vl_err *err);

#endif
