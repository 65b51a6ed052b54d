/* rpm's ndb: a table of slots, each pointing to a blob of 16-byte blocks. All numbers are little-endian. */
#include "rpm_db.h"

#include "base/reader.h"

#define MAGIC_FILE   0x506d7052U /* "RpmP" */
#define MAGIC_SLOT   0x746f6c53U /* "Slot" */
#define MAGIC_BLOB   0x53626c42U /* "BlbS" */
#define MAGIC_END    0x45626c42U /* "BlbE" */
#define FILE_HEADER  32U
#define SLOT_SIZE    16U
#define BLOCK_SIZE   16U
#define BLOB_HEADER  16U
#define BLOB_TRAILER 12U
#define SLOT_PAGE    4096U
#define ADLER_MOD    65521U
#define ADLER_RUN    5552U /* most bytes before the sums must be reduced: RFC 1950's reference code */

bool os_rpm_ndb_is(struct vl_span data)
{
    struct vl_reader r = vl_reader_new(data);
    return data.len >= FILE_HEADER && vl_reader_u32le(&r) == MAGIC_FILE;
}

static uint32_t adler32(struct vl_span s)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < s.len;) {
        size_t end = s.len - i > ADLER_RUN ? i + ADLER_RUN : s.len;
        for (; i < end; i++) {
            a += (uint8_t)s.ptr[i];
            b += a;
        }
        a %= ADLER_MOD;
        b %= ADLER_MOD;
    }
    return b << 16 | a;
}

/* The blob a slot points to; false where any of its marks, its length or its checksum is wrong. */
static bool blob_of(
    struct vl_span data, uint32_t package, uint32_t offset, uint32_t blocks, struct vl_span *ret_blob)
{
    size_t from = (size_t)offset * BLOCK_SIZE, size = (size_t)blocks * BLOCK_SIZE;
    if (from > data.len || size > data.len - from || size < BLOB_HEADER + BLOB_TRAILER)
        return false;
    struct vl_span whole = vl_span_slice(data, from, from + size);
    struct vl_reader head = vl_reader_new(whole);
    struct vl_reader tail = vl_reader_new(vl_span_slice(whole, size - BLOB_TRAILER, size));
    if (vl_reader_u32le(&head) != MAGIC_BLOB || vl_reader_u32le(&head) != package)
        return false;
    vl_reader_skip(&head, 4); /* generation */
    uint32_t length = vl_reader_u32le(&head), sum = vl_reader_u32le(&tail);
    if (vl_reader_u32le(&tail) != length || vl_reader_u32le(&tail) != MAGIC_END ||
        length > size - BLOB_HEADER - BLOB_TRAILER)
        return false;
    *ret_blob = vl_span_slice(whole, BLOB_HEADER, BLOB_HEADER + (size_t)length);
    return adler32(vl_span_slice(whole, 0, size - BLOB_TRAILER)) == sum;
}

int os_rpm_ndb_read(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(data);
    unsigned long damaged = 0;
    uint64_t budget = data.len; /* blobs do not overlap: more slots than that point to the same one */
    if (!os_rpm_ndb_is(data))
        return vl_err_set(err, VL_ERR_INVALID, "no ndb file");
    vl_reader_skip(&r, 4);
    uint32_t version = vl_reader_u32le(&r);
    vl_reader_skip(&r, 4); /* generation */
    uint64_t slot_bytes = (uint64_t)vl_reader_u32le(&r) * SLOT_PAGE;
    if (version != 0)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "ndb version %u is not read", (unsigned)version);
    if (slot_bytes < SLOT_PAGE || slot_bytes > data.len)
        return vl_err_set(err, VL_ERR_INVALID, "ndb: table of slots beyond the end of the file");
    vl_reader_seek(&r, FILE_HEADER);
    while (r.pos + SLOT_SIZE <= slot_bytes) {
        uint32_t magic = vl_reader_u32le(&r), package = vl_reader_u32le(&r);
        uint32_t offset = vl_reader_u32le(&r), blocks = vl_reader_u32le(&r);
        struct vl_span blob;
        if (magic != MAGIC_SLOT) {
            damaged++;
            continue;
        }
        if (offset == 0)
            continue; /* free */
        if ((uint64_t)blocks * BLOCK_SIZE > budget || !blob_of(data, package, offset, blocks, &blob)) {
            damaged++;
            continue;
        }
        budget -= (uint64_t)blocks * BLOCK_SIZE;
        int ret = each->call(blob, each->user, err);
        if (ret < 0)
            return ret;
    }
    if (damaged)
        return vl_err_set(err, VL_ERR_INVALID, "ndb: %lu damaged record(s)", damaged);
    return 0;
}
