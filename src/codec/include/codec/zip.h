/* zip archives in memory (libarchive): jars, wheels, nupkgs, feed dumps. Encrypted entries are an error. */
#ifndef VL_CODEC_ZIP_H
#define VL_CODEC_ZIP_H

#include "base/buf.h"

#define VL_ZIP_ENTRIES_MAX 2000000
#define VL_ZIP_NAME_MAX    4096

struct vl_zip_entry {
    const char *path;
    uint64_t size; /* uncompressed, as the directory says; UINT64_MAX where unknown */
    bool is_dir;
};

struct vl_zip;

/* `data` is lent and must outlive the reader. */
VL_MUST_CHECK int vl_zip_open(struct vl_span data, const char *name, struct vl_zip **ret, struct vl_err *err);
void vl_zip_free(struct vl_zip *zip); /* accepts NULL */
void vl_zip_cleanup(struct vl_zip **zip);

/* 1 and the next entry, 0 at the end, -errno. */
VL_MUST_CHECK int vl_zip_next(struct vl_zip *zip, const struct vl_zip_entry **ret, struct vl_err *err);

/* Appends the content of the current entry; over the buffer's maximum is VL_ERR_LIMIT. */
VL_MUST_CHECK int vl_zip_read(struct vl_zip *zip, struct vl_buf *out, struct vl_err *err);

#endif
