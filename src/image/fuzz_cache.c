/* A file in the cache's folder. The first byte: 'a' as it is; 'b' with a header whose digest and length are
 * right, so that what lies behind them is reached. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "image/cache.h"

#define NAME "sha256-0000000000000000000000000000000000000000000000000000000000000000-v1-2.layer"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_header(struct vl_buf *out, struct vl_span body)
{
    struct vl_digest digest;
    vl_digest_compute(VL_DIGEST_SHA256, body, &digest);
    vl_buf_append_str(out, "VLLAYIX1");
    for (unsigned i = 0; i < 8; i++)
        vl_buf_append_char(out, (char)((uint64_t)body.len >> (8 * i)));
    vl_buf_append_span(out, (struct vl_span){(const char *)digest.bytes, 32});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vl_image_cache_key key = {
        .diff_id = {.kind = VL_DIGEST_SHA256}, .indexer_version = 1, .scanners = 2};
    VL_CLEANUP(vl_buf_done) struct vl_buf file, got;
    struct vl_image_cache *cache = NULL;
    struct vl_err err = VL_ERR_INIT;
    char folder[64], path[256];
    vl_buf_init(&file, 1UL << 24);
    vl_buf_init(&got, 1UL << 24);
    if (size < 1 || size > 1UL << 20)
        return 0;
    struct vl_span body = {(const char *)data + 1, size - 1};
    (void)snprintf(folder, sizeof(folder), "/dev/shm/vallum-fuzz-cache-%ld", (long)getpid());
    (void)snprintf(path, sizeof(path), "%s/" NAME, folder);
    /* small, so that room is made */
    if (vl_image_cache_open(folder, 4096, &cache, &err) < 0)
        return 0;
    if (data[0] == 'b')
        append_header(&file, body);
    vl_buf_append_span(&file, body);
    if (vl_file_replace(path, 0600, vl_buf_span(&file), &err) < 0)
        abort();
    bool there = vl_image_cache_get(cache, &key, &got);
    if (there && (data[0] != 'b' || got.len + strlen(NAME) != body.len))
        abort(); /* nobody finds a digest by chance */
    if (!there && got.len)
        abort();
    vl_buf_clear(&got);
    if (vl_image_cache_put(cache, &key, body, &err) >= 0 && vl_image_cache_get(cache, &key, &got) &&
        !vl_span_eq(vl_buf_span(&got), body))
        abort();
    /* others beside it, over the folder's size together */
    for (uint32_t i = 3; i < 6; i++) {
        struct vl_image_cache_key other = key;
        other.scanners = i;
        if (vl_image_cache_put(cache, &other, body, &err) < 0)
            vl_err_clear(&err);
    }
    vl_image_cache_close(cache);
    for (int i = 2; i < 6; i++) {
        path[strlen(path) - strlen("2.layer")] = (char)('0' + i);
        unlink(path);
    }
    rmdir(folder);
    return 0;
}
