/* Mutates the encoded form of a layer index field by field.
 *
 * Bytes changed blindly end nearly all in the same few checks: numbers of places, counts and sizes hang
 * together, and a byte too many moves all that follows. Here the fields are found first (by the form as
 * layer_index_format.h tells it, not by the decoder), and one of them gets a number from its edges: of a
 * place the ends of the texts, of a count or a size one more or less. Whole records and texts come and go
 * with their counts kept.
 */
#ifndef VL_SCAN_FUZZ_LAYER_INDEX_H
#define VL_SCAN_FUZZ_LAYER_INDEX_H

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "layer_index_format.h"

/* libFuzzer's own; NULL in the program that only replays a corpus. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

#define FUZZ_FIELDS_MAX 2048
#define FUZZ_POOL_AT    137 /* u64, before those of names and lists */
#define FUZZ_TEXTS_AT   161 /* the texts themselves */

enum fuzz_field_kind {
    FUZZ_NUMBER, /* of any value */
    FUZZ_PLACE,  /* of a text */
    FUZZ_COUNT,  /* of what follows, or its size: an edge is next to what it is */
    FUZZ_KIND,   /* a byte with few values */
};

struct fuzz_field {
    size_t at;
    uint8_t width; /* bytes */
    uint8_t kind;
};

/* A record of a fixed width, and where its count stands. */
struct fuzz_record {
    size_t at, width, count_at;
};

struct fuzz_index {
    struct vl_reader in;
    struct fuzz_field fields[FUZZ_FIELDS_MAX];
    struct fuzz_record records[FUZZ_FIELDS_MAX];
    size_t n_fields, n_records;
    uint64_t pool;
    size_t count_at;
    uint64_t state; /* of the random numbers */
};

static inline uint32_t fuzz_random(struct fuzz_index *x, uint32_t below)
{
    x->state = x->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(x->state >> 33) % below;
}

static inline uint64_t fuzz_take(struct fuzz_index *x, unsigned width, enum fuzz_field_kind kind)
{
    size_t at = x->in.pos;
    uint64_t value = width == 1   ? vl_reader_u8(&x->in)
                     : width == 4 ? vl_reader_u32le(&x->in)
                                  : vl_reader_u64le(&x->in);
    if (vl_reader_ok(&x->in) && x->n_fields < FUZZ_FIELDS_MAX)
        x->fields[x->n_fields++] = (struct fuzz_field){at, (uint8_t)width, (uint8_t)kind};
    return value;
}

/* Only the first byte of a longer one is a field. */
static inline uint64_t fuzz_take_varint(struct fuzz_index *x)
{
    size_t at = x->in.pos;
    uint64_t value = vl_reader_varint(&x->in);
    if (vl_reader_ok(&x->in) && x->n_fields < FUZZ_FIELDS_MAX)
        x->fields[x->n_fields++] = (struct fuzz_field){at, 1, FUZZ_COUNT};
    return value;
}

static inline void fuzz_take_path(struct fuzz_index *x)
{
    (void)fuzz_take_varint(x);
    vl_reader_skip(&x->in, (size_t)fuzz_take_varint(x));
}

static inline void fuzz_take_texts(struct fuzz_index *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)fuzz_take(x, 4, FUZZ_PLACE);
}

static inline void fuzz_end_record(struct fuzz_index *x, size_t from)
{
    if (vl_reader_ok(&x->in) && x->n_records < FUZZ_FIELDS_MAX)
        x->records[x->n_records++] = (struct fuzz_record){from, x->in.pos - from, x->count_at};
}

static inline void fuzz_take_package(struct fuzz_index *x)
{
    (void)fuzz_take(x, 1, FUZZ_KIND);
    (void)fuzz_take(x, 4, FUZZ_NUMBER);
    (void)fuzz_take(x, 4, FUZZ_NUMBER);
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_package_texts));
    uint64_t licenses = fuzz_take(x, 4, FUZZ_COUNT);
    for (uint64_t i = 0; i < licenses && vl_reader_ok(&x->in); i++)
        fuzz_take_texts(x, 1);
}

static inline void fuzz_take_owned(struct fuzz_index *x)
{
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_owned_texts));
    uint64_t lines = fuzz_take_varint(x);
    for (uint64_t i = 0; i < lines && vl_reader_ok(&x->in); i++)
        fuzz_take_path(x);
}

static inline void fuzz_take_secret(struct fuzz_index *x)
{
    (void)fuzz_take(x, 4, FUZZ_NUMBER);
    (void)fuzz_take(x, 4, FUZZ_KIND);
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_secret_texts));
}

static inline void fuzz_take_note(struct fuzz_index *x)
{
    (void)fuzz_take(x, 1, FUZZ_KIND);
    (void)fuzz_take(x, 1, FUZZ_KIND);
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_note_texts));
}

static inline void fuzz_take_layer_path(struct fuzz_index *x)
{
    uint64_t kind = fuzz_take(x, 1, FUZZ_KIND);
    fuzz_take_path(x);
    if (kind & VL_INDEX_PATH_TARGET)
        vl_reader_skip(&x->in, (size_t)fuzz_take_varint(x));
}

static inline void fuzz_take_unidentified(struct fuzz_index *x)
{
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_unidentified_texts));
}

static inline void fuzz_take_update(struct fuzz_index *x)
{
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_update_texts));
}

static inline void fuzz_take_license(struct fuzz_index *x)
{
    fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_license_texts));
}

/* Finds the fields, as far as the bytes go. */
static inline void fuzz_walk(struct fuzz_index *x, struct vl_span bytes)
{
    /* In the order of their counts in the head, with where they come among the records. */
    static const struct {
        unsigned count;
        void (*take)(struct fuzz_index *x);
    } records[] = {{0, fuzz_take_layer_path}, {2, fuzz_take_owned}, {1, fuzz_take_package},
        {3, fuzz_take_unidentified}, {4, fuzz_take_update}, {5, fuzz_take_license}, {6, fuzz_take_secret},
        {7, fuzz_take_note}};
    uint64_t counts[VL_ARRAY_LEN(records)];
    size_t counts_at[VL_ARRAY_LEN(records)];
    x->in = vl_reader_new(bytes);
    vl_reader_skip(&x->in, 8);
    uint64_t flags = fuzz_take(x, 4, FUZZ_NUMBER);
    (void)fuzz_take(x, 1, FUZZ_KIND);
    vl_reader_skip(&x->in, VL_DIGEST_BYTES_MAX);
    for (int i = 0; i < 3; i++)
        (void)fuzz_take(x, 8, FUZZ_NUMBER);
    (void)fuzz_take(x, 4, FUZZ_NUMBER);
    for (size_t i = 0; i < VL_ARRAY_LEN(records); i++) {
        counts_at[i] = x->in.pos;
        counts[i] = fuzz_take(x, 4, FUZZ_COUNT);
    }
    x->pool = fuzz_take(x, 8, FUZZ_COUNT);
    (void)fuzz_take(x, 8, FUZZ_COUNT);
    (void)fuzz_take(x, 8, FUZZ_COUNT);
    vl_reader_skip(&x->in, (size_t)x->pool);
    for (size_t i = 0; i < VL_ARRAY_LEN(records); i++) {
        x->count_at = counts_at[records[i].count];
        for (uint64_t n = counts[records[i].count]; n && vl_reader_ok(&x->in); n--) {
            size_t from = x->in.pos;
            records[i].take(x);
            fuzz_end_record(x, from);
        }
    }
    if (flags & VL_INDEX_HAS_DISTRO) {
        (void)fuzz_take(x, 1, FUZZ_KIND);
        (void)fuzz_take(x, 8, FUZZ_NUMBER);
        (void)fuzz_take(x, 8, FUZZ_NUMBER);
        fuzz_take_texts(x, VL_ARRAY_LEN(vl_index_distro_texts));
    }
}

static inline void fuzz_put(uint8_t *at, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t fuzz_get(const uint8_t *at, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static inline void fuzz_change_field(struct fuzz_index *x, uint8_t *data)
{
    const struct fuzz_field f = x->fields[fuzz_random(x, (uint32_t)x->n_fields)];
    const uint64_t now = fuzz_get(data + f.at, f.width);
    const uint64_t places[] = {0, 1, x->pool - 2, x->pool - 1, x->pool, x->pool + 1, VL_INDEX_NONE - 1,
        VL_INDEX_NONE, fuzz_random(x, (uint32_t)(x->pool ? x->pool : 1) | 1U)};
    const uint64_t counts[] = {
        0, 1, now - 1, now + 1, now * 2, now + 16, x->in.data.len, UINT32_MAX, UINT64_MAX};
    uint64_t value = now;
    if (f.kind == FUZZ_PLACE)
        value = places[fuzz_random(x, VL_ARRAY_LEN(places))];
    else if (f.kind == FUZZ_COUNT)
        value = counts[fuzz_random(x, VL_ARRAY_LEN(counts))];
    else if (f.kind == FUZZ_KIND)
        value = fuzz_random(x, 2) ? fuzz_random(x, 16) : now ^ 1U << fuzz_random(x, 8);
    else
        value = fuzz_random(x, 2) ? now ^ UINT64_C(1) << fuzz_random(x, 8 * f.width)
                                  : counts[fuzz_random(x, VL_ARRAY_LEN(counts))];
    fuzz_put(data + f.at, f.width, value);
}

/* A record once more, behind itself, or gone; its count follows. */
static inline size_t fuzz_change_records(struct fuzz_index *x, uint8_t *data, size_t size, size_t max)
{
    const struct fuzz_record r = x->records[fuzz_random(x, (uint32_t)x->n_records)];
    uint32_t count = (uint32_t)fuzz_get(data + r.count_at, 4);
    size_t end = r.at + r.width;
    if (fuzz_random(x, 2) && r.width <= max - size) {
        memmove(data + end + r.width, data + end, size - end);
        memcpy(data + end, data + r.at, r.width);
        fuzz_put(data + r.count_at, 4, count + 1);
        return size + r.width;
    }
    memmove(data + r.at, data + end, size - end);
    fuzz_put(data + r.count_at, 4, count - 1);
    return size - r.width;
}

/* Another byte among the texts, or one less; their size follows. */
static inline size_t fuzz_change_texts(struct fuzz_index *x, uint8_t *data, size_t size, size_t max)
{
    size_t end = FUZZ_TEXTS_AT + (size_t)x->pool;
    size_t at = FUZZ_TEXTS_AT + fuzz_random(x, (uint32_t)x->pool);
    if (fuzz_random(x, 2) && size < max) {
        memmove(data + at + 1, data + at, size - at);
        data[at] = (uint8_t)fuzz_random(x, 256);
        fuzz_put(data + FUZZ_POOL_AT, 8, x->pool + 1);
        return size + 1;
    }
    if (x->pool < 2 || at + 1 >= end) {
        data[at] ^= (uint8_t)(1U << fuzz_random(x, 8));
        return size;
    }
    memmove(data + at, data + at + 1, size - at - 1);
    fuzz_put(data + FUZZ_POOL_AT, 8, x->pool - 1);
    return size - 1;
}

/* As LLVMFuzzerCustomMutator. */
static inline size_t fuzz_mutate_layer_index(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    static struct fuzz_index x;
    x.n_fields = x.n_records = 0;
    x.state = seed;
    fuzz_walk(&x, (struct vl_span){(const char *)data, size});
    unsigned what = fuzz_random(&x, 16);
    if (what < 4 || x.n_fields == 0)
        return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max) : size;
    if (what < 6 && x.n_records)
        return fuzz_change_records(&x, data, size, max);
    if (what < 8 && x.pool && size > FUZZ_TEXTS_AT && x.pool <= size - FUZZ_TEXTS_AT)
        return fuzz_change_texts(&x, data, size, max);
    for (unsigned n = what < 13 ? 1 : 1 + fuzz_random(&x, 3); n; n--)
        fuzz_change_field(&x, data);
    return size;
}

#endif
