#include "pack.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>

/* Fewer samples than this teach nothing, and zstd's trainer refuses them. */
#define SAMPLES_MIN 64

int adb_pack_train(struct vl_span samples, const size_t *sizes, size_t n, size_t max, struct vl_buf *ret_dict,
    struct vl_err *err)
{
    if (n < SAMPLES_MIN || samples.len < 10 * max / 4)
        return 0;
    char *room = vl_buf_reserve(ret_dict, max);
    if (!room)
        return vl_buf_check(ret_dict, "the text dictionary", err);
    size_t got = ZDICT_trainFromBuffer(room, max, samples.ptr, sizes, (unsigned)n);
    if (!ZDICT_isError(got))
        vl_buf_commit(ret_dict, got);
    return 0;
}

struct adb_packer {
    ZSTD_CCtx *context;
    ZSTD_CDict *dict;
    int level;
};

int adb_packer_new(struct vl_span dict, int level, struct adb_packer **ret, struct vl_err *err)
{
    struct adb_packer *p = calloc(1, sizeof(*p));
    if (!p)
        return vl_err_nomem(err);
    p->level = level;
    p->context = ZSTD_createCCtx();
    if (dict.len)
        p->dict = ZSTD_createCDict(dict.ptr, dict.len, level);
    if (!p->context || (dict.len && !p->dict)) {
        adb_packer_free(p);
        return vl_err_nomem(err);
    }
    *ret = p;
    return 0;
}

void adb_packer_free(struct adb_packer *p)
{
    if (!p)
        return;
    ZSTD_freeCDict(p->dict);
    ZSTD_freeCCtx(p->context);
    free(p);
}

void adb_packer_cleanup(struct adb_packer **packer)
{
    adb_packer_free(*packer);
    *packer = NULL;
}

int adb_packer_add(struct adb_packer *p, struct vl_span plain, struct vl_buf *out, struct vl_err *err)
{
    size_t bound = ZSTD_compressBound(plain.len);
    char *room = vl_buf_reserve(out, bound);
    if (!room)
        return vl_buf_check(out, "the packed texts", err);
    size_t got = p->dict ? ZSTD_compress_usingCDict(p->context, room, bound, plain.ptr, plain.len, p->dict)
                         : ZSTD_compressCCtx(p->context, room, bound, plain.ptr, plain.len, p->level);
    if (ZSTD_isError(got))
        return vl_err_set(err, VL_ERR_SYSTEM, "cannot compress: %s", ZSTD_getErrorName(got));
    vl_buf_commit(out, got);
    return 0;
}

/* A frame that was unpacked lately. The vulnerabilities of one package lie in few blocks of texts, met again
 * and again. */
#define KEPT_MAX 16U
#define KEPT_BYTES_MAX \
    16384U /* of one; a block of texts is closed at 6 KiB and is larger only for one text */

struct kept {
    struct vl_span frame;
    char *plain; /* owned */
    size_t len;
};

struct desk {
    ZSTD_DCtx *context;
    struct kept kept[KEPT_MAX];
    size_t next; /* the oldest */
};

struct adb_unpacker {
    ZSTD_DDict *dict;
    /* What one call works with; making it costs more than a block, so one is left here between calls. Of two
     * threads here at once one makes its own. */
    _Atomic(struct desk *) spare;
};

static void desk_free(struct desk *desk)
{
    if (!desk)
        return;
    ZSTD_freeDCtx(desk->context);
    for (size_t i = 0; i < KEPT_MAX; i++)
        free(desk->kept[i].plain);
    free(desk);
}

static struct desk *desk_new(void)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    if (desk && !(desk->context = ZSTD_createDCtx())) {
        desk_free(desk);
        return NULL;
    }
    return desk;
}

static const struct kept *find_kept(const struct desk *desk, struct vl_span frame)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (desk->kept[i].frame.ptr == frame.ptr && desk->kept[i].frame.len == frame.len)
            return &desk->kept[i];
    }
    return NULL;
}

/* No memory is no error here: the frame is unpacked again the next time. */
static void keep(struct desk *desk, struct vl_span frame, struct vl_span plain)
{
    struct kept *k = &desk->kept[desk->next];
    char *copy = plain.len && plain.len <= KEPT_BYTES_MAX ? realloc(k->plain, plain.len) : NULL;
    if (!copy)
        return;
    memcpy(copy, plain.ptr, plain.len);
    *k = (struct kept){.frame = frame, .plain = copy, .len = plain.len};
    desk->next = (desk->next + 1) % KEPT_MAX;
}

int adb_unpacker_new(struct vl_span dict, struct adb_unpacker **ret, struct vl_err *err)
{
    struct adb_unpacker *u = calloc(1, sizeof(*u));
    if (!u)
        return vl_err_nomem(err);
    if (dict.len) {
        u->dict = ZSTD_createDDict(dict.ptr, dict.len);
        if (!u->dict) {
            free(u);
            return vl_err_set(err, VL_ERR_CORRUPT, "the text dictionary is damaged");
        }
    }
    *ret = u;
    return 0;
}

void adb_unpacker_free(struct adb_unpacker *u)
{
    if (!u)
        return;
    ZSTD_freeDDict(u->dict);
    desk_free(atomic_load(&u->spare));
    free(u);
}

/* Fills `size` bytes at `room`. */
static bool unpack_at(
    const struct adb_unpacker *u, struct desk *desk, struct vl_span frame, char *room, size_t size)
{
    const struct kept *known = find_kept(desk, frame);
    if (known && known->plain && known->len == size) {
        memcpy(room, known->plain, size);
        return true;
    }
    size_t got = u->dict
                     ? ZSTD_decompress_usingDDict(desk->context, room, size, frame.ptr, frame.len, u->dict)
                     : ZSTD_decompressDCtx(desk->context, room, size, frame.ptr, frame.len);
    if (ZSTD_isError(got) || got != size)
        return false;
    keep(desk, frame, (struct vl_span){room, size});
    return true;
}

int adb_unpack(struct adb_unpacker *u, struct vl_span frame, struct vl_buf *out, struct vl_err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > out->max)
        return vl_err_set(err, VL_ERR_CORRUPT, "a packed block is damaged");
    char *room = vl_buf_reserve(out, (size_t)size + 1);
    if (!room)
        return vl_buf_check(out, "a text block", err);
    struct desk *desk = atomic_exchange(&u->spare, NULL);
    if (!desk)
        desk = desk_new();
    if (!desk)
        return vl_err_nomem(err);
    bool good = unpack_at(u, desk, frame, room, (size_t)size);
    desk_free(atomic_exchange(&u->spare, desk));
    if (!good)
        return vl_err_set(err, VL_ERR_CORRUPT, "a packed block is damaged");
    vl_buf_commit(out, (size_t)size);
    return 0;
}
