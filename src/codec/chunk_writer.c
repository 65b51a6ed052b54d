/* The writing half; test_chunk_file.c tests both. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chunk_format.h"
#include "codec/chunk_file.h"
#include "codec/digest.h"

#define PATH_LEN 4096

struct vl_chunk_writer {
    char magic[4];
    uint32_t version;
    struct {
        uint32_t id;
        struct vl_span content;   /* lent */
    } chunks[VL_CHUNK_COUNT_MAX]; /* ascending ids */
    size_t n_chunks;
};

struct vl_chunk_writer *vl_chunk_writer_new(const char magic[4], uint32_t version)
{
    struct vl_chunk_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    memcpy(w->magic, magic, sizeof(w->magic));
    w->version = version;
    return w;
}

void vl_chunk_writer_free(struct vl_chunk_writer *w)
{
    free(w);
}

void vl_chunk_writer_cleanup(struct vl_chunk_writer **w)
{
    vl_chunk_writer_free(*w);
    *w = NULL;
}

int vl_chunk_writer_add(struct vl_chunk_writer *w, uint32_t id, struct vl_span content, struct vl_err *err)
{
    size_t at = w->n_chunks;
    if (at >= VL_CHUNK_COUNT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d chunks", VL_CHUNK_COUNT_MAX);
    while (at > 0 && w->chunks[at - 1].id >= id) {
        if (w->chunks[at - 1].id == id)
            return vl_err_set(err, VL_ERR_INVALID, "chunk %u was added before", id);
        at--;
    }
    memmove(&w->chunks[at + 1], &w->chunks[at], (w->n_chunks - at) * sizeof(w->chunks[0]));
    w->chunks[at].id = id;
    w->chunks[at].content = content;
    w->n_chunks++;
    return 0;
}

static uint64_t pages_of(struct vl_span content)
{
    return (content.len + VL_CHUNK_PAGE_SIZE - 1) / VL_CHUNK_PAGE_SIZE;
}

/* One page, padded with zeros where the content ends in it. */
static struct vl_span page_at(struct vl_span content, uint64_t page, char scratch[VL_CHUNK_PAGE_SIZE])
{
    struct vl_span s =
        vl_span_slice(content, (size_t)page * VL_CHUNK_PAGE_SIZE, ((size_t)page + 1) * VL_CHUNK_PAGE_SIZE);
    if (s.len == VL_CHUNK_PAGE_SIZE)
        return s;
    memset(scratch, 0, VL_CHUNK_PAGE_SIZE);
    memcpy(scratch, s.ptr, s.len);
    return (struct vl_span){scratch, VL_CHUNK_PAGE_SIZE};
}

/* Header and tables, padded to the first page of data. */
static int build_front(
    const struct vl_chunk_writer *w, char *scratch, struct vl_buf *front, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf tables;
    uint64_t n_pages = 0;
    for (size_t i = 0; i < w->n_chunks; i++)
        n_pages += pages_of(w->chunks[i].content);
    uint64_t tables_end = vl_chunk_page_table_at(w->n_chunks) + 4 * n_pages;
    uint64_t data_offset = (tables_end + VL_CHUNK_PAGE_SIZE - 1) / VL_CHUNK_PAGE_SIZE * VL_CHUNK_PAGE_SIZE;
    uint64_t length = data_offset + n_pages * VL_CHUNK_PAGE_SIZE;
    uint64_t at = data_offset;
    vl_buf_init(&tables, (size_t)tables_end);
    if (length > VL_CHUNK_FILE_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a chunk file of more than %llu bytes", VL_CHUNK_FILE_MAX);
    for (size_t i = 0; i < w->n_chunks; i++) {
        vl_buf_append_u32le(&tables, w->chunks[i].id);
        vl_buf_append_u32le(&tables, 0);
        vl_buf_append_u64le(&tables, at);
        vl_buf_append_u64le(&tables, w->chunks[i].content.len);
        vl_buf_append_u64le(&tables, 0);
        at += pages_of(w->chunks[i].content) * VL_CHUNK_PAGE_SIZE;
    }
    while (tables.len + VL_CHUNK_HEADER_SIZE < vl_chunk_page_table_at(w->n_chunks) && !tables.failed)
        vl_buf_append_u8(&tables, 0);
    for (size_t i = 0; i < w->n_chunks; i++) {
        for (uint64_t p = 0; p < pages_of(w->chunks[i].content); p++)
            vl_buf_append_u32le(&tables, vl_crc32c(0, page_at(w->chunks[i].content, p, scratch)));
    }
    int r = vl_buf_check(&tables, "chunk file", err);
    if (r < 0)
        return r;
    vl_buf_append(front, VL_CHUNK_MAGIC, 4);
    vl_buf_append(front, w->magic, 4);
    vl_buf_append_u32le(front, VL_CHUNK_FORMAT);
    vl_buf_append_u32le(front, w->version);
    vl_buf_append_u64le(front, length);
    vl_buf_append_u64le(front, data_offset);
    vl_buf_append_u32le(front, (uint32_t)w->n_chunks);
    vl_buf_append_u32le(front, (uint32_t)n_pages);
    vl_buf_append_u32le(front, vl_crc32c(0, vl_buf_span(&tables)));
    vl_buf_append_u64le(front, 0);
    vl_buf_append_u64le(front, 0);
    vl_buf_append_u32le(front, vl_crc32c(0, vl_buf_span(front)));
    vl_buf_append_span(front, vl_buf_span(&tables));
    size_t padding = (size_t)data_offset - front->len;
    char *to = vl_buf_reserve(front, padding);
    if (to) {
        memset(to, 0, padding);
        vl_buf_commit(front, padding);
    }
    return vl_buf_check(front, "chunk file", err);
}

static int write_all(const struct vl_chunk_writer *w, int fd, const char *name, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf front;
    char *scratch = malloc(VL_CHUNK_PAGE_SIZE);
    vl_buf_init(&front, VL_CHUNK_FILE_MAX);
    if (!scratch)
        return vl_err_nomem(err);
    int r = build_front(w, scratch, &front, err);
    if (r == 0)
        r = vl_file_write_fd(fd, name, vl_buf_span(&front), err);
    for (size_t i = 0; i < w->n_chunks && r == 0; i++) {
        struct vl_span content = w->chunks[i].content;
        size_t whole = content.len / VL_CHUNK_PAGE_SIZE * VL_CHUNK_PAGE_SIZE;
        r = vl_file_write_fd(fd, name, vl_span_slice(content, 0, whole), err);
        if (r == 0 && whole < content.len)
            r = vl_file_write_fd(fd, name, page_at(content, pages_of(content) - 1, scratch), err);
    }
    free(scratch);
    return r;
}

static int sync_folder_of(const char *path, struct vl_err *err)
{
    char folder[PATH_LEN];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    VL_CLEANUP(vl_file_close) int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return vl_err_sys(err, errno, "%s: sync", folder);
    return 0;
}

int vl_chunk_writer_finish(struct vl_chunk_writer *w, const char *path, struct vl_err *err)
{
    char temp[PATH_LEN];
    if ((size_t)snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= sizeof(temp))
        return vl_err_sys(err, ENAMETOOLONG, "%s", path);
    VL_CLEANUP(vl_file_close) int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s: create", temp);
    int r = write_all(w, fd, temp, err);
    if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
        r = vl_err_sys(err, errno, "%s: sync", temp);
    if (r == 0 && rename(temp, path) < 0)
        r = vl_err_sys(err, errno, "%s: replace", path);
    if (r < 0) {
        unlink(temp);
        return r;
    }
    return sync_folder_of(path, err);
}
