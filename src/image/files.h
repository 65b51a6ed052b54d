/* Files of an image on this machine: a folder, or the members of a tar. Private to the room. */
#ifndef VL_IMAGE_FILES_H
#define VL_IMAGE_FILES_H

#include "base/buf.h"
#include "base/err.h"

#define VL_FILES_MEMBERS_MAX 1000000
#define VL_FILES_ARCHIVE_MAX (64ULL * 1024 * 1024 * 1024) /* bytes of an archive when decompressed */

struct vl_files;

/* A folder. */
VL_MUST_CHECK int vl_files_open_folder(const char *path, struct vl_files **ret, struct vl_err *err);

/* A tar, indexed in one pass; "-" is standard input. Compressed ones and pipes are spooled into an unnamed
 * file. */
VL_MUST_CHECK int vl_files_open_archive(const char *path, struct vl_files **ret, struct vl_err *err);

/* The same over an open file; the descriptor is owned afterwards, also on error. */
VL_MUST_CHECK int vl_files_open_archive_fd(
    int fd, const char *name, struct vl_files **ret, struct vl_err *err);

void vl_files_free(struct vl_files *files); /* accepts NULL */
void vl_files_cleanup(struct vl_files **files);

/* Where the bytes of `path` are. Links are followed inside the archive; paths that climb out are refused. The
 * descriptor is lent and lives as long as the files. VL_ERR_NOT_FOUND where there is no such file. */
VL_MUST_CHECK int vl_files_find(struct vl_files *files, const char *path, int *ret_fd, uint64_t *ret_offset,
    uint64_t *ret_length, struct vl_err *err);

bool vl_files_has(struct vl_files *files, const char *path);

/* Appends the whole file. */
VL_MUST_CHECK int vl_files_read(
    struct vl_files *files, const char *path, size_t max, struct vl_buf *out, struct vl_err *err);

#endif
