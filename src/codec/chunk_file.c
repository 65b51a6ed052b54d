#include "codec/chunk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "chunk_format.h"
#include "codec/digest.h"

struct chunk {
    uint32_t id;
    uint64_t offset, len;
};

struct vl_chunk_file {
    char *name; /* for messages */
    const char *map;
    size_t size;
    int fd; /* kept to see whether somebody cuts the file under us */
    uint64_t tables_end;
    uint64_t data_offset;
    struct chunk chunks[VL_CHUNK_COUNT_MAX];
    size_t n_chunks;
    uint8_t by_id[VL_CHUNK_COUNT_MAX]; /* number of the chunk + 1 of a small id; 0: none */
    struct vl_span page_table;
    uint32_t n_pages;
    _Atomic(uint64_t) *checked; /* a bit a page */
    char digest[VL_DIGEST_TEXT_MAX];
};

static int corrupt(const struct vl_chunk_file *f, const char *what, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_CORRUPT, "%s: %s: the file is damaged or cut off", f->name, what);
}

static int map_file(struct vl_chunk_file *f, const char *path, struct vl_err *err)
{
    struct stat st;
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode) || st.st_size < VL_CHUNK_HEADER_SIZE)
        return corrupt(f, "too short", err);
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, f->fd, 0);
    if (map == MAP_FAILED)
        return vl_err_sys(err, errno, "%s: map", path);
    f->map = map;
    f->size = (size_t)st.st_size;
    return 0;
}

static int read_chunks(struct vl_chunk_file *f, struct vl_span table, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(table);
    uint64_t at = f->data_offset;
    for (size_t i = 0; i < f->n_chunks; i++) {
        struct chunk *c = &f->chunks[i];
        c->id = vl_reader_u32le(&r);
        vl_reader_skip(&r, 4);
        c->offset = vl_reader_u64le(&r);
        c->len = vl_reader_u64le(&r);
        vl_reader_skip(&r, 8);
        if (!vl_reader_ok(&r) || c->offset < at || c->offset % VL_CHUNK_PAGE_SIZE || c->offset > f->size ||
            c->len > f->size - c->offset || (i > 0 && c->id <= f->chunks[i - 1].id))
            return corrupt(f, "chunk table", err);
        if (c->id < VL_ARRAY_LEN(f->by_id))
            f->by_id[c->id] = (uint8_t)(i + 1);
        at = c->offset + c->len;
    }
    return 0;
}

static int read_header(struct vl_chunk_file *f, const char magic[4], uint32_t version, struct vl_err *err)
{
    struct vl_span all = {f->map, f->size};
    struct vl_reader r = vl_reader_new(all);
    struct vl_span kind = vl_span_slice(all, 4, 8);
    vl_reader_skip(&r, 8);
    uint32_t format = vl_reader_u32le(&r);
    uint32_t content = vl_reader_u32le(&r);
    uint64_t length = vl_reader_u64le(&r);
    f->data_offset = vl_reader_u64le(&r);
    f->n_chunks = vl_reader_u32le(&r);
    f->n_pages = vl_reader_u32le(&r);
    uint32_t table_crc = vl_reader_u32le(&r);
    vl_reader_skip(&r, 16);
    uint32_t header_crc = vl_reader_u32le(&r);
    if (!vl_span_starts_with(all, VL_CHUNK_MAGIC) || memcmp(kind.ptr, magic, 4) != 0)
        return vl_err_set(err, VL_ERR_INVALID, "%s: not a file of the kind %.4s", f->name, magic);
    if (header_crc != vl_crc32c(0, vl_span_slice(all, 0, VL_CHUNK_HEADER_SIZE - 4)))
        return corrupt(f, "header", err);
    if (format != VL_CHUNK_FORMAT || content != version)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: version %u.%u of the file, this program reads %d.%u",
            f->name, format, content, VL_CHUNK_FORMAT, version);
    size_t tables_end = vl_chunk_page_table_at(f->n_chunks) + 4 * (size_t)f->n_pages;
    if (length != f->size || f->n_chunks > VL_CHUNK_COUNT_MAX || f->data_offset > f->size ||
        tables_end > f->data_offset || f->data_offset % VL_CHUNK_PAGE_SIZE ||
        (f->size - f->data_offset) != (uint64_t)f->n_pages * VL_CHUNK_PAGE_SIZE)
        return corrupt(f, "length", err);
    struct vl_span tables = vl_span_slice(all, VL_CHUNK_HEADER_SIZE, tables_end);
    if (vl_crc32c(0, tables) != table_crc)
        return corrupt(f, "tables", err);
    struct vl_digest digest;
    vl_digest_compute(VL_DIGEST_SHA256, vl_span_slice(all, 0, tables_end), &digest);
    vl_digest_format(&digest, f->digest);
    f->tables_end = tables_end;
    f->page_table = vl_span_slice(all, vl_chunk_page_table_at(f->n_chunks), tables_end);
    return read_chunks(f, tables, err);
}

int vl_chunk_file_open(
    const char *path, const char magic[4], uint32_t version, struct vl_chunk_file **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *f = calloc(1, sizeof(*f));
    if (!f)
        return vl_err_nomem(err);
    f->fd = -1;
    f->name = strdup(path);
    int r = f->name ? 0 : vl_err_nomem(err);
    if (r == 0)
        r = map_file(f, path, err);
    if (r == 0)
        r = read_header(f, magic, version, err);
    if (r < 0)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
        return r;
    f->checked = calloc((size_t)f->n_pages / 64 + 1, sizeof(*f->checked));
    if (!f->checked)
        return vl_err_nomem(err);
    *ret = f;
    f = NULL;
    return 0;
}

void vl_chunk_file_close(struct vl_chunk_file *f)
{
    if (!f)
        return;
    if (f->map)
        munmap((void *)(uintptr_t)f->map, f->size);
    vl_file_close(&f->fd);
    free(f->checked);
    free(f->name);
    free(f);
}

void vl_chunk_file_cleanup(struct vl_chunk_file **f)
{
    vl_chunk_file_close(*f);
    *f = NULL;
}

const char *vl_chunk_file_digest(const struct vl_chunk_file *f)
{
    return f->digest;
}

static const struct chunk *find_chunk(const struct vl_chunk_file *f, uint32_t id)
{
    if (id < VL_ARRAY_LEN(f->by_id))
        return f->by_id[id] ? &f->chunks[f->by_id[id] - 1] : NULL;
    for (size_t i = 0; i < f->n_chunks; i++) {
        if (f->chunks[i].id == id)
            return &f->chunks[i];
    }
    return NULL;
}

uint64_t vl_chunk_file_size(const struct vl_chunk_file *f, uint32_t id)
{
    const struct chunk *c = find_chunk(f, id);
    return c ? c->len : 0;
}

static int wrong_page(const struct vl_chunk_file *f, uint64_t page, struct vl_err *err)
{
    uint64_t at = f->data_offset + page * VL_CHUNK_PAGE_SIZE;
    uint32_t id = 0;
    for (size_t i = 0; i < f->n_chunks && f->chunks[i].offset <= at; i++)
        id = f->chunks[i].id;
    return vl_err_set(err, VL_ERR_CORRUPT,
        "%s: page %llu (chunk %u) does not match its checksum: the file is damaged", f->name,
        (unsigned long long)page, id);
}

/* A page beyond the end of a file that was cut after it was mapped would be a signal and not an error. */
static int check_there(const struct vl_chunk_file *f, struct vl_err *err)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", f->name);
    return (uint64_t)st.st_size < f->size ? corrupt(f, "cut while it was open", err) : 0;
}

static inline bool is_checked(const struct vl_chunk_file *f, uint64_t page)
{
    return atomic_load_explicit(&f->checked[page / 64], memory_order_relaxed) >> (page % 64) & 1;
}

/* Threads may check the same page at once: both come to the same answer. */
static int check_page(struct vl_chunk_file *f, uint64_t page, struct vl_err *err)
{
    if (is_checked(f, page))
        return 0;
    int r = check_there(f, err);
    if (r < 0)
        return r;
    struct vl_reader table = vl_reader_new(f->page_table);
    vl_reader_skip(&table, (size_t)page * 4);
    uint32_t want = vl_reader_u32le(&table);
    struct vl_span bytes = {f->map + f->data_offset + page * VL_CHUNK_PAGE_SIZE, VL_CHUNK_PAGE_SIZE};
    if (!vl_reader_ok(&table) || vl_crc32c(0, bytes) != want)
        return wrong_page(f, page, err);
    atomic_fetch_or_explicit(&f->checked[page / 64], 1ULL << (page % 64), memory_order_relaxed);
    return 0;
}

int vl_chunk_file_read(struct vl_chunk_file *f, uint32_t id, uint64_t offset, uint64_t len,
    struct vl_span *ret, struct vl_err *err)
{
    const struct chunk *c = find_chunk(f, id);
    if (!c || offset > c->len || len > c->len - offset)
        return vl_err_set(err, VL_ERR_CORRUPT, "%s: chunk %u has no bytes %llu to %llu: the file is damaged",
            f->name, id, (unsigned long long)offset, (unsigned long long)(offset + len));
    uint64_t from = c->offset + offset - f->data_offset;
    for (uint64_t page = from / VL_CHUNK_PAGE_SIZE; len && page <= (from + len - 1) / VL_CHUNK_PAGE_SIZE;
        page++) {
        int r = is_checked(f, page) ? 0 : check_page(f, page, err);
        if (r < 0)
            return r;
    }
    *ret = (struct vl_span){f->map + c->offset + offset, (size_t)len};
    return 0;
}

int vl_chunk_file_verify(struct vl_chunk_file *f, struct vl_err *err)
{
    int r = check_there(f, err);
    for (uint64_t at = f->tables_end; at < f->data_offset && r == 0; at++)
        r = f->map[at] ? corrupt(f, "bytes between tables and content", err) : 0;
    for (uint64_t page = 0; page < f->n_pages && r == 0; page++)
        r = check_page(f, page, err);
    return r;
}
