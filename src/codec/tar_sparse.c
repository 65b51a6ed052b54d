/* Sparse files of GNU tar: the old format (type S) and the three that hide in pax records.
 * Source: GNU tar manual, "Storing Sparse Files". tests: test_tar.c covers tar_sparse.c */
#include "tar_impl.h"

#include <string.h>

#define OLD_MAP_AT       386 /* in the header */
#define OLD_MAP_PIECES   4
#define OLD_MORE_AT      482
#define OLD_REAL_SIZE_AT 483
#define NEXT_MAP_PIECES  21 /* in each block that follows */
#define NEXT_MORE_AT     504
#define FIELD            12

int vl_tar_add_piece(struct vl_tar *tar, uint64_t offset, uint64_t len, struct vl_err *err)
{
    const struct tar_piece *last = tar->pieces.len ? vl_vec_at(&tar->pieces, tar->pieces.len - 1) : NULL;
    uint64_t end;
    if (__builtin_add_overflow(offset, len, &end) || end > INT64_MAX ||
        (last && last->offset + last->len > offset))
        return vl_err_set(err, VL_ERR_INVALID, "tar: the map of a sparse file is not in order");
    struct tar_piece *piece = vl_vec_push(&tar->pieces, "tar: pieces of a sparse file", err);
    if (!piece)
        return err->err;
    *piece = (struct tar_piece){offset, len};
    return 0;
}

int vl_tar_read_sparse_list(struct vl_tar *tar, struct vl_span list, struct vl_err *err)
{
    tar->pieces.len = 0;
    struct vl_span first, second;
    while (vl_span_split(&list, ',', &first)) {
        uint64_t offset, len;
        if (!vl_span_split(&list, ',', &second) || !vl_span_to_u64(first, &offset) ||
            !vl_span_to_u64(second, &len))
            return vl_err_set(err, VL_ERR_INVALID, "tar: the map of a sparse file is no list of pairs");
        int r = vl_tar_add_piece(tar, offset, len, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Pairs of fields up to the first empty one. */
static int read_old_pieces(struct vl_tar *tar, const uint8_t *fields, unsigned n, struct vl_err *err)
{
    for (unsigned i = 0; i < n && fields[0] != '\0'; i++, fields += 2 * (size_t)FIELD) {
        int64_t offset, len;
        if (!vl_tar_number(fields, FIELD, &offset) || !vl_tar_number(fields + FIELD, FIELD, &len) ||
            offset < 0 || len < 0)
            return vl_err_set(err, VL_ERR_INVALID, "tar: the map of a sparse file is damaged");
        int r = vl_tar_add_piece(tar, (uint64_t)offset, (uint64_t)len, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The blocks that continue the map stand before the content and are not counted in its size. */
static int read_old_map(struct vl_tar *tar, struct vl_err *err)
{
    int64_t real;
    tar->pieces.len = 0;
    if (!vl_tar_number(tar->block + OLD_REAL_SIZE_AT, FIELD, &real) || real < 0)
        return vl_err_set(err, VL_ERR_INVALID, "tar: the size of a sparse file is damaged");
    int r = read_old_pieces(tar, tar->block + OLD_MAP_AT, OLD_MAP_PIECES, err);
    bool more = tar->block[OLD_MORE_AT] != 0;
    while (r == 0 && more) {
        uint8_t block[TAR_BLOCK];
        r = vl_tar_read_block(tar, block, err);
        if (r == 0)
            return vl_err_set(err, VL_ERR_INVALID, "tar: ends early, in the map of a sparse file");
        if (r > 0)
            r = read_old_pieces(tar, block, NEXT_MAP_PIECES, err);
        more = block[NEXT_MORE_AT] != 0;
    }
    tar->entry.size = (uint64_t)real;
    return r;
}

/* Decimal numbers, one a line, in whole blocks at the start of the content. */
struct map_reader {
    struct vl_tar *tar;
    uint8_t block[TAR_BLOCK];
    unsigned at;
};

static int next_number(struct map_reader *m, uint64_t *ret, struct vl_err *err)
{
    uint64_t v = 0;
    for (unsigned digits = 0; digits < 20; digits++) {
        if (m->at == TAR_BLOCK) {
            for (unsigned got = 0; got < TAR_BLOCK;) {
                int64_t n = vl_tar_read_stored(m->tar, m->block + got, TAR_BLOCK - got, err);
                if (n < 0)
                    return (int)n;
                if (n == 0)
                    return vl_err_set(err, VL_ERR_INVALID, "tar: the map of a sparse file ends early");
                got += (unsigned)n;
            }
            m->at = 0;
        }
        uint8_t c = m->block[m->at++];
        if (c == '\n' && digits) {
            *ret = v;
            return 0;
        }
        if (c < '0' || c > '9' || v > INT64_MAX / 10 - 1)
            break;
        v = v * 10 + (uint64_t)(c - '0');
    }
    return vl_err_set(err, VL_ERR_INVALID, "tar: the map of a sparse file is damaged");
}

static int read_map_1_0(struct vl_tar *tar, struct vl_err *err)
{
    struct map_reader m = {.tar = tar, .at = TAR_BLOCK};
    uint64_t n, offset, len;
    tar->pieces.len = 0;
    int r = next_number(&m, &n, err);
    if (r == 0 && n > VL_TAR_SPARSE_MAX)
        r = vl_err_set(err, VL_ERR_LIMIT, "tar: more than %d pieces of a sparse file", VL_TAR_SPARSE_MAX);
    for (uint64_t i = 0; r == 0 && i < n; i++) {
        r = next_number(&m, &offset, err);
        if (r == 0)
            r = next_number(&m, &len, err);
        if (r == 0)
            r = vl_tar_add_piece(tar, offset, len, err);
    }
    return r;
}

static int check_map(const struct vl_tar *tar, struct vl_err *err)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tar->pieces.len; i++) {
        const struct tar_piece *piece = vl_vec_at(&tar->pieces, i);
        sum += piece->len;
        if (piece->offset + piece->len > tar->entry.size || sum > tar->stored)
            return vl_err_set(err, VL_ERR_INVALID, "tar: the map of a sparse file is larger than the file");
    }
    return 0;
}

static bool is_1_0(const struct tar_overrides *o)
{
    return o->sparse_major == 1 && o->sparse_minor == 0;
}

/* 0.0 and 0.1 did not always name their version. */
static bool is_0_x(const struct tar_overrides *o)
{
    bool unsaid = o->sparse_major == -1 && o->sparse_minor == -1;
    return o->has_map && (unsaid || (o->sparse_major == 0 && (o->sparse_minor == 0 || o->sparse_minor == 1)));
}

bool vl_tar_pax_is_sparse(const struct tar_overrides *o)
{
    return is_1_0(o) || is_0_x(o);
}

int vl_tar_begin_sparse(struct vl_tar *tar, bool old_gnu, struct vl_err *err)
{
    const struct tar_overrides *o = &tar->local;
    if (!old_gnu && !vl_tar_pax_is_sparse(o))
        return 0;
    int r = old_gnu ? read_old_map(tar, err) : is_1_0(o) ? read_map_1_0(tar, err) : 0;
    if (r == 0 && !old_gnu && o->has_real_size)
        tar->entry.size = o->real_size;
    if (r == 0)
        r = check_map(tar, err);
    if (r < 0)
        return r;
    tar->sparse = true;
    tar->piece = 0;
    tar->entry.sparse = true;
    tar->entry.content_at = UINT64_MAX;
    return 0;
}

int64_t vl_tar_read_sparse(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err)
{
    const struct tar_piece *piece;
    while ((piece = vl_vec_at(&tar->pieces, tar->piece)) && piece->offset + piece->len <= tar->at)
        tar->piece++;
    bool hole = !piece || piece->offset > tar->at;
    uint64_t end = !piece ? tar->entry.size : hole ? piece->offset : piece->offset + piece->len;
    uint64_t left = end - tar->at;
    int64_t n = (int64_t)(left < size ? left : size);
    if (hole && n)
        memset(buf, 0, (size_t)n);
    else if (n)
        n = vl_tar_read_stored(tar, buf, (size_t)n, err);
    if (n > 0)
        tar->at += (uint64_t)n;
    return n;
}
