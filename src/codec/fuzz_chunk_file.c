/* A chunk file as somebody else made it. The first byte: 'a' as it is; 'b' its checksums are made right
 * first, so that what lies behind them is reached; 'c' the same, and the file is cut while it is open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "chunk_format.h"
#include "codec/chunk_file.h"
#include "codec/digest.h"

#define FILE_MAX (1UL << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_u32(char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (char)(value >> (8 * i));
}

static uint64_t get(const char *bytes, size_t at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = n; i-- > 0;)
        value = value << 8 | (unsigned char)bytes[at + i];
    return value;
}

/* Where the numbers of the header allow it. Pages that are not there are zeros, so that inputs stay small. */
static void mend(struct vl_buf *file)
{
    if (file->len < VL_CHUNK_HEADER_SIZE)
        return;
    uint64_t offset = get(file->ptr, 24, 8), whole = offset + get(file->ptr, 36, 4) * VL_CHUNK_PAGE_SIZE;
    size_t missing =
        offset <= FILE_MAX && whole <= FILE_MAX && file->len < whole ? (size_t)whole - file->len : 0;
    char *room = missing ? vl_buf_reserve(file, missing) : NULL;
    if (room) {
        memset(room, 0, missing);
        vl_buf_commit(file, missing);
    }
    char *bytes = file->ptr;
    size_t size = file->len;
    uint64_t data_offset = get(bytes, 24, 8), n_chunks = get(bytes, 32, 4), n_pages = get(bytes, 36, 4);
    if (data_offset <= size && n_chunks <= VL_CHUNK_COUNT_MAX && n_pages < FILE_MAX / VL_CHUNK_PAGE_SIZE) {
        size_t table = vl_chunk_page_table_at((size_t)n_chunks), end = table + 4 * (size_t)n_pages;
        if (end > size)
            return;
        for (size_t i = 0; i < n_pages && data_offset + (i + 1) * VL_CHUNK_PAGE_SIZE <= size; i++)
            put_u32(bytes + table + 4 * i,
                vl_crc32c(
                    0, (struct vl_span){bytes + data_offset + i * VL_CHUNK_PAGE_SIZE, VL_CHUNK_PAGE_SIZE}));
        put_u32(bytes + 40,
            vl_crc32c(0, (struct vl_span){bytes + VL_CHUNK_HEADER_SIZE, end - VL_CHUNK_HEADER_SIZE}));
    }
    put_u32(
        bytes + VL_CHUNK_HEADER_SIZE - 4, vl_crc32c(0, (struct vl_span){bytes, VL_CHUNK_HEADER_SIZE - 4}));
}

static void must_say_why(int r, struct vl_err *err)
{
    if (r < 0 && err->msg[0] == '\0')
        abort();
    vl_err_clear(err);
}

static void read_all(struct vl_chunk_file *file, struct vl_err *err)
{
    unsigned long sum = 0;
    for (uint32_t id = 0; id < 300; id++) {
        uint64_t length = vl_chunk_file_size(file, id);
        struct vl_span bytes;
        must_say_why(vl_chunk_file_read(file, id, length / 2, length, &bytes, err), err);
        int r = vl_chunk_file_read(file, id, 0, length, &bytes, err);
        for (size_t i = 0; r >= 0 && i < bytes.len; i++)
            sum += (unsigned char)bytes.ptr[i]; /* each byte must be there */
        must_say_why(r, err);
    }
    must_say_why(vl_chunk_file_verify(file, err), err);
    if (sum == 1 || !vl_span_starts_with(vl_span_str(vl_chunk_file_digest(file)), "sha256:"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *file = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    struct vl_err err = VL_ERR_INIT;
    char path[64];
    vl_buf_init(&bytes, FILE_MAX);
    if (size < 1 || size > FILE_MAX)
        return 0;
    vl_buf_append_span(&bytes, (struct vl_span){(const char *)data + 1, size - 1});
    if (data[0] != 'a')
        mend(&bytes);
    fd = memfd_create("chunks", MFD_CLOEXEC);
    if (fd < 0 || vl_file_write_fd(fd, "chunks", vl_buf_span(&bytes), &err) < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int r = vl_chunk_file_open(path, "FUZZ", 1, &file, &err);
    must_say_why(r, &err);
    if (r < 0)
        return 0;
    if (data[0] == 'c' && ftruncate(fd, VL_CHUNK_HEADER_SIZE) < 0)
        return 0;
    if (data[0] == 'c')
        must_say_why(vl_chunk_file_verify(file, &err), &err);
    else
        read_all(file, &err);
    return 0;
}
