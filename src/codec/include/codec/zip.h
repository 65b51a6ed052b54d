/* zip archives in memory: jars, wheels, nupkgs, feed dumps. Source: PKWARE APPNOTE.TXT 6.3.10.
 *
 * The central directory alone says what is in an archive, as for Java and Python; an archive without one is
 * an error. Content is stored, deflated, bzip2, zstd or xz; reading an encrypted entry is VL_ERR_UNSUPPORTED.
 */
#ifndef VL_CODEC_ZIP_H
#define VL_CODEC_ZIP_H

#include "base/buf.h"

#define VL_ZIP_ENTRIES_MAX 2000000
#define VL_ZIP_NAME_MAX    4096

struct vl_zip_entry {
    const char *path; /* the bytes as written, UTF-8 or not, up to the first NUL; good until the next call */
    uint64_t size;    /* uncompressed, as the directory says; other content is an error when read */
    bool is_dir;
};

struct vl_zip;

/* `data` is lent and must outlive the reader; `name` is copied, for messages. Costs nothing whatever the
 * size: the directory is read entry by entry. Bytes before the archive (a script, a loader) are passed over.
 */
VL_MUST_CHECK int vl_zip_open(struct vl_span data, const char *name, struct vl_zip **ret, struct vl_err *err);
void vl_zip_free(struct vl_zip *zip); /* accepts NULL */
void vl_zip_cleanup(struct vl_zip **zip);

/* 1 and the next entry, 0 at the end, -errno. */
VL_MUST_CHECK int vl_zip_next(struct vl_zip *zip, const struct vl_zip_entry **ret, struct vl_err *err);

/* Appends the content of the current entry; over the buffer's maximum is VL_ERR_LIMIT, and so is more than
 * VL_STREAM_RATIO_MAX times the archive (plus 16 MiB) in all. Nothing is appended on error. */
VL_MUST_CHECK int vl_zip_read(struct vl_zip *zip, struct vl_buf *out, struct vl_err *err);

#endif
