/* Our own reader of the central directory, see docs/design/0010-zip.md: names come as the bytes they are,
 * opening costs nothing, and what is not read is not touched. */
#include "codec/zip.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "codec/digest.h"
#include "stream_impl.h"

#define SIGNATURE_LOCAL     0x04034b50U
#define SIGNATURE_CENTRAL   0x02014b50U
#define SIGNATURE_END       0x06054b50U
#define SIGNATURE_END64     0x06064b50U
#define SIGNATURE_LOCATOR64 0x07064b50U
#define END_BYTES           22U
#define END64_BYTES         56U
#define LOCATOR64_BYTES     20U
#define COMMENT_MAX         65535U
#define EXTRA_ZIP64         1
#define FLAG_ENCRYPTED      0x0001U
#define FLAG_STRONG         0x0040U
#define FLAG_MASKED         0x2000U
#define METHOD_STORED       0
#define METHOD_DEFLATED     8
#define METHOD_AES          99
#define RATIO_GRACE         (16ULL * 1024 * 1024)
#define STEP                (256U * 1024)
#define DEFLATE_RATIO_MAX   1032U
#define NAME_IN_MESSAGE     "%s: %s"

struct record {
    uint16_t flags, method;
    uint32_t crc;
    uint64_t stored, size, at; /* as the directory says */
};

struct vl_zip {
    struct vl_span data; /* lent */
    char *name;
    struct vl_reader directory; /* over the central directory alone */
    uint64_t shift; /* bytes before the archive (a script, a loader), which offsets do not count */
    uint64_t n_entries;
    uint64_t n_read; /* bytes of content given out so far */
    struct vl_inflater *inflater;
    struct record record;
    struct vl_zip_entry entry;
    char path[VL_ZIP_NAME_MAX + 1];
    bool current;
};

struct directory_place {
    uint64_t at, size; /* at: as written, without the shift */
    uint64_t end;      /* where the end record begins that told so */
};

static struct vl_reader reader_at(struct vl_span data, uint64_t at)
{
    struct vl_reader r = vl_reader_new(data);
    vl_reader_seek(&r, at > data.len ? SIZE_MAX : (size_t)at);
    return r;
}

/* The end record: its comment should fill the rest of the file. Where none does, the last one that fits is
 * taken, since signatures are sometimes appended. */
static bool find_end(struct vl_span data, size_t *ret_at)
{
    if (data.len < END_BYTES)
        return false;
    size_t lowest = data.len > END_BYTES + COMMENT_MAX ? data.len - END_BYTES - COMMENT_MAX : 0;
    bool found = false;
    for (size_t at = data.len - END_BYTES + 1; at-- > lowest;) {
        if (data.ptr[at] != 'P')
            continue;
        struct vl_reader r = reader_at(data, at);
        if (vl_reader_u32le(&r) != SIGNATURE_END)
            continue;
        vl_reader_skip(&r, 16);
        size_t end = at + END_BYTES + vl_reader_u16le(&r);
        if (end == data.len || (end < data.len && !found)) {
            *ret_at = at;
            found = true;
        }
        if (end == data.len)
            return true;
    }
    return found;
}

/* Archives over 4 GiB or 65,535 entries have a second end record before the first. */
static void look_for_zip64(struct vl_span data, size_t end_at, struct directory_place *place)
{
    if (end_at < LOCATOR64_BYTES)
        return;
    struct vl_reader locator = reader_at(data, end_at - LOCATOR64_BYTES);
    if (vl_reader_u32le(&locator) != SIGNATURE_LOCATOR64)
        return;
    vl_reader_skip(&locator, 4);
    uint64_t said = vl_reader_u64le(&locator);
    /* With bytes before the archive it is not where it says, but still right before its locator. */
    uint64_t before = end_at >= LOCATOR64_BYTES + END64_BYTES ? end_at - LOCATOR64_BYTES - END64_BYTES : said;
    const uint64_t places[] = {said, before};
    for (size_t i = 0; i < VL_ARRAY_LEN(places); i++) {
        struct vl_reader r = reader_at(data, places[i]);
        if (vl_reader_u32le(&r) != SIGNATURE_END64)
            continue;
        vl_reader_skip(&r, 36);
        struct directory_place found = {.end = places[i]};
        found.size = vl_reader_u64le(&r);
        found.at = vl_reader_u64le(&r);
        if (vl_reader_ok(&r)) {
            *place = found;
            return;
        }
    }
}

static int find_directory(struct vl_zip *zip, struct vl_err *err)
{
    size_t end_at = 0;
    if (!find_end(zip->data, &end_at))
        return vl_err_set(
            err, VL_ERR_INVALID, "%s: no zip archive, or cut: it has no central directory", zip->name);
    struct vl_reader r = reader_at(zip->data, end_at + 12);
    struct directory_place place = {.end = end_at};
    place.size = vl_reader_u32le(&r);
    place.at = vl_reader_u32le(&r);
    look_for_zip64(zip->data, end_at, &place);
    uint64_t sum;
    if (!vl_reader_ok(&r) || __builtin_add_overflow(place.at, place.size, &sum) || sum > place.end)
        return vl_err_set(err, VL_ERR_INVALID, "%s: the central directory lies outside the file", zip->name);
    zip->shift = place.end - sum;
    zip->directory =
        vl_reader_new(vl_span_slice(zip->data, (size_t)(place.end - place.size), (size_t)place.end));
    return 0;
}

int vl_zip_open(struct vl_span data, const char *name, struct vl_zip **ret, struct vl_err *err)
{
    struct vl_zip *zip = calloc(1, sizeof(*zip));
    if (!zip)
        return vl_err_nomem(err);
    zip->data = data;
    zip->name = strdup(name);
    int r = zip->name ? find_directory(zip, err) : vl_err_nomem(err);
    if (r < 0) {
        vl_zip_free(zip);
        return r;
    }
    *ret = zip;
    return 0;
}

void vl_zip_free(struct vl_zip *zip)
{
    if (!zip)
        return;
    vl_inflater_free(zip->inflater);
    free(zip->name);
    free(zip);
}

void vl_zip_cleanup(struct vl_zip **zip)
{
    vl_zip_free(*zip);
    *zip = NULL;
}

/* Sizes and offset of 64 bits stand in the extra field, each only where its field of 32 bits is full. */
static bool read_zip64(struct vl_span extra, struct record *record)
{
    struct vl_reader r = vl_reader_new(extra);
    while (vl_reader_left(&r) >= 4) {
        uint16_t id = vl_reader_u16le(&r);
        struct vl_reader field = vl_reader_new(vl_reader_take(&r, vl_reader_u16le(&r)));
        if (!vl_reader_ok(&r) || id != EXTRA_ZIP64)
            continue;
        if (record->size == UINT32_MAX)
            record->size = vl_reader_u64le(&field);
        if (record->stored == UINT32_MAX)
            record->stored = vl_reader_u64le(&field);
        if (record->at == UINT32_MAX)
            record->at = vl_reader_u64le(&field);
        return vl_reader_ok(&field);
    }
    return true;
}

static int read_record(struct vl_zip *zip, struct vl_err *err)
{
    struct vl_reader *r = &zip->directory;
    struct record *record = &zip->record;
    uint32_t signature = vl_reader_u32le(r);
    vl_reader_skip(r, 4); /* versions */
    record->flags = vl_reader_u16le(r);
    record->method = vl_reader_u16le(r);
    vl_reader_skip(r, 4); /* time, date */
    record->crc = vl_reader_u32le(r);
    record->stored = vl_reader_u32le(r);
    record->size = vl_reader_u32le(r);
    uint16_t name_len = vl_reader_u16le(r), extra_len = vl_reader_u16le(r), comment_len = vl_reader_u16le(r);
    vl_reader_skip(r, 8); /* disk, attributes */
    record->at = vl_reader_u32le(r);
    struct vl_span path = vl_reader_take(r, name_len);
    struct vl_span extra = vl_reader_take(r, extra_len);
    vl_reader_skip(r, comment_len);
    if (!vl_reader_ok(r) || signature != SIGNATURE_CENTRAL || !read_zip64(extra, record))
        return vl_err_set(err, VL_ERR_INVALID, "%s: the central directory is damaged after %llu entries",
            zip->name, (unsigned long long)zip->n_entries);
    if (path.len > VL_ZIP_NAME_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: an entry's name of more than %d bytes: %.64s…", zip->name,
            VL_ZIP_NAME_MAX, path.ptr);
    if (path.len)
        memcpy(zip->path, path.ptr, path.len);
    zip->path[path.len] = '\0';
    zip->entry = (struct vl_zip_entry){
        .path = zip->path,
        .size = record->size,
        .is_dir = path.len && path.ptr[path.len - 1] == '/',
    };
    return 0;
}

int vl_zip_next(struct vl_zip *zip, const struct vl_zip_entry **ret, struct vl_err *err)
{
    zip->current = false;
    if (vl_reader_ok(&zip->directory) && vl_reader_left(&zip->directory) == 0)
        return 0;
    if (zip->n_entries >= VL_ZIP_ENTRIES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d entries", zip->name, VL_ZIP_ENTRIES_MAX);
    int r = read_record(zip, err);
    if (r < 0) {
        zip->directory.failed = true; /* what follows cannot be found */
        return r;
    }
    zip->n_entries++;
    zip->current = true;
    *ret = &zip->entry;
    return 1;
}

/* The stored bytes of the current entry; their place is told by the local header, which has an extra field of
 * its own. */
static int find_content(const struct vl_zip *zip, struct vl_span *ret, struct vl_err *err)
{
    const struct record *record = &zip->record;
    uint64_t at;
    if (record->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED) || record->method == METHOD_AES)
        return vl_err_set(
            err, VL_ERR_UNSUPPORTED, NAME_IN_MESSAGE ": the entry is encrypted", zip->name, zip->path);
    if (__builtin_add_overflow(record->at, zip->shift, &at))
        at = UINT64_MAX;
    struct vl_reader r = reader_at(zip->data, at);
    bool right = vl_reader_u32le(&r) == SIGNATURE_LOCAL;
    vl_reader_skip(&r, 22);
    uint16_t name_len = vl_reader_u16le(&r), extra_len = vl_reader_u16le(&r);
    vl_reader_skip(&r, (size_t)name_len + extra_len);
    if (record->stored > vl_reader_left(&r) || !right)
        return vl_err_set(
            err, VL_ERR_INVALID, NAME_IN_MESSAGE ": the entry lies outside the file", zip->name, zip->path);
    *ret = vl_reader_take(&r, (size_t)record->stored);
    return 0;
}

static int wrong_size(const struct vl_zip *zip, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_INVALID, NAME_IN_MESSAGE ": not of the size that the directory says (%llu)",
        zip->name, zip->path, (unsigned long long)zip->record.size);
}

static int inflate_entry(struct vl_zip *zip, struct vl_span stored, struct vl_buf *out, struct vl_err *err)
{
    const struct record *record = &zip->record;
    /* No deflate stream can become larger: a lie that must not make us ask for memory. */
    if (record->size / DEFLATE_RATIO_MAX > stored.len)
        return wrong_size(zip, err);
    if (!zip->inflater && !(zip->inflater = vl_inflater_new()))
        return vl_err_nomem(err);
    char *to = vl_buf_reserve(out, (size_t)record->size);
    if (!to)
        return vl_buf_check(out, zip->path, err);
    int64_t n = vl_inflater_run(zip->inflater, stored, to, (size_t)record->size, err);
    if (n < 0)
        return vl_err_wrap(err, NAME_IN_MESSAGE, zip->name, zip->path);
    vl_buf_commit(out, (size_t)n);
    return 0;
}

/* The rarer methods are whole streams of their formats. */
static int decompress_entry(struct vl_zip *zip, struct vl_span stored, struct vl_buf *out, struct vl_err *err)
{
    static const struct {
        uint16_t method;
        enum vl_compression compression;
    } methods[] = {{12, VL_COMPRESSION_BZIP2}, {20, VL_COMPRESSION_ZSTD}, {93, VL_COMPRESSION_ZSTD},
        {95, VL_COMPRESSION_XZ}};
    for (size_t i = 0; i < VL_ARRAY_LEN(methods); i++) {
        if (methods[i].method != zip->record.method)
            continue;
        VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
        struct vl_span part;
        int64_t n = vl_stream_new_span(stored, &s, err);
        if (n == 0)
            n = vl_stream_new_decompress(s, methods[i].compression, zip->record.size, &s, err);
        while (n >= 0 && (n = vl_stream_borrow(s, STEP, &part, err)) > 0)
            vl_buf_append_span(out, part);
        return n < 0 ? vl_err_wrap(err, NAME_IN_MESSAGE, zip->name, zip->path)
                     : vl_buf_check(out, zip->path, err);
    }
    return vl_err_set(err, VL_ERR_UNSUPPORTED, NAME_IN_MESSAGE ": compression method %u is not read",
        zip->name, zip->path, zip->record.method);
}

/* Entries may overlap (a bomb of many large files in a small archive): the sum is bounded, not each one. */
static int count_output(struct vl_zip *zip, struct vl_err *err)
{
    if (__builtin_add_overflow(zip->n_read, zip->record.size, &zip->n_read))
        zip->n_read = UINT64_MAX;
    if (zip->n_read < RATIO_GRACE || (zip->n_read - RATIO_GRACE) / VL_STREAM_RATIO_MAX <= zip->data.len)
        return 0;
    return vl_err_set(err, VL_ERR_LIMIT,
        "%s: %zu bytes become more than %d times as many (a compression bomb)", zip->name, zip->data.len,
        VL_STREAM_RATIO_MAX);
}

static int extract(struct vl_zip *zip, struct vl_span stored, struct vl_buf *out, struct vl_err *err)
{
    switch (zip->record.method) {
    case METHOD_STORED:
        if (stored.len != zip->record.size)
            return wrong_size(zip, err);
        vl_buf_append_span(out, stored);
        return vl_buf_check(out, zip->path, err);
    case METHOD_DEFLATED:
        return inflate_entry(zip, stored, out, err);
    default:
        return decompress_entry(zip, stored, out, err);
    }
}

int vl_zip_read(struct vl_zip *zip, struct vl_buf *out, struct vl_err *err)
{
    if (!zip->current)
        return vl_err_set(err, VL_ERR_USAGE, "%s: no current entry", zip->name);
    struct vl_span stored;
    size_t before = out->len;
    int r = find_content(zip, &stored, err);
    if (r == 0)
        r = count_output(zip, err);
    if (r == 0 && zip->record.size > out->max - out->len)
        r = vl_err_set(err, VL_ERR_LIMIT, NAME_IN_MESSAGE ": more than %zu bytes", zip->name, zip->path,
            out->max - out->len);
    if (r == 0)
        r = extract(zip, stored, out, err);
    if (r == 0 && out->len - before != zip->record.size)
        r = wrong_size(zip, err);
    if (r == 0 && vl_crc32(0, (struct vl_span){out->ptr ? out->ptr + before : NULL, out->len - before}) !=
                      zip->record.crc)
        r = vl_err_set(err, VL_ERR_CORRUPT, NAME_IN_MESSAGE ": the checksum does not match the content",
            zip->name, zip->path);
    if (r < 0)
        vl_buf_truncate(out, before);
    return r;
}
