/* Mapped container file: header, chunk table, 64 KiB pages with a CRC32C each, checked at first touch.
 *
 * Written once, replaced atomically, read by mapping. Opening costs the header and the tables alone, whatever
 * the size (4 bytes for each page of 64 KiB). Never cut or change a file in place: readers have it mapped.
 * Layout: docs/design/0003-chunk-file.md. */
#ifndef VL_CODEC_CHUNK_FILE_H
#define VL_CODEC_CHUNK_FILE_H

#include "base/buf.h"

#define VL_CHUNK_PAGE_SIZE 65536U
#define VL_CHUNK_COUNT_MAX 64
#define VL_CHUNK_FILE_MAX  (64ULL * 1024 * 1024 * 1024)

struct vl_chunk_file;

/* `magic`: four characters of the kind of file; `version`: of its content, equal or VL_ERR_UNSUPPORTED. */
VL_MUST_CHECK int vl_chunk_file_open(
    const char *path, const char magic[4], uint32_t version, struct vl_chunk_file **ret, struct vl_err *err);
void vl_chunk_file_close(struct vl_chunk_file *file); /* accepts NULL; spans handed out die with it */
void vl_chunk_file_cleanup(struct vl_chunk_file **file);

/* "sha256:…" of header and tables, which pin every byte of the content; lent. */
const char *vl_chunk_file_digest(const struct vl_chunk_file *file);

/* Length of a chunk, 0 where the file has none of that id. */
uint64_t vl_chunk_file_size(const struct vl_chunk_file *file, uint32_t id);

/* Bytes [offset, offset + len) of a chunk, each page of them checked at its first touch (thread-safe).
 * Outside the chunk or a wrong checksum is VL_ERR_CORRUPT naming file, chunk and page. */
VL_MUST_CHECK int vl_chunk_file_read(struct vl_chunk_file *file, uint32_t id, uint64_t offset, uint64_t len,
    struct vl_span *ret, struct vl_err *err);

/* Checks every byte of the file. */
VL_MUST_CHECK int vl_chunk_file_verify(struct vl_chunk_file *file, struct vl_err *err);

/* Writer: chunks are added in any order, each once, and kept in memory or handed over as spans until finish.
 */
struct vl_chunk_writer;
struct vl_chunk_writer *vl_chunk_writer_new(const char magic[4], uint32_t version); /* NULL: no memory */
void vl_chunk_writer_free(struct vl_chunk_writer *writer);
void vl_chunk_writer_cleanup(struct vl_chunk_writer **writer);
VL_MUST_CHECK int vl_chunk_writer_add(struct vl_chunk_writer *writer, uint32_t id, struct vl_span content,
    struct vl_err *err); /* content is lent */

/* Writes beside `path`, syncs, renames: readers have the old or the new file. Nothing is left behind on
 * failure. */
VL_MUST_CHECK int vl_chunk_writer_finish(
    struct vl_chunk_writer *writer, const char *path, struct vl_err *err);

#endif
