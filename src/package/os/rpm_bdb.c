/* Reads a Berkeley DB hash file page by page instead of bucket by bucket: every pair lies on a hash page, a
 * freed page has another type, so the order of the buckets does not matter and no chain of them can loop. */
#include "rpm_db.h"

#include "base/buf.h"
#include "base/reader.h"

#define HASH_MAGIC    0x00061561U
#define META_SIZE     512U
#define PAGE_HEADER   26U
#define PAGE_SIZE_MIN 512U
#define PAGE_SIZE_MAX 65536U
#define VERSION_MIN   7U
#define VERSION_MAX   10U
#define META_CHECKSUM 0x01U
#define BLOB_MAX      (256UL * 1024 * 1024)

enum { PAGE_HASH_UNSORTED = 2, PAGE_OVERFLOW = 7, PAGE_HASH_META = 8, PAGE_HASH = 13 };
enum { ITEM_KEYDATA = 1, ITEM_OFFPAGE = 3 };

struct bdb {
    struct vl_span data;
    bool big; /* byte order of the machine that wrote it */
    uint32_t page_size;
    uint32_t n_pages;
    uint64_t budget; /* bytes that overflow items may still take: all of them together fit into the file */
    bool damaged;
    struct vl_buf value;
    const struct os_rpm_each *each;
};

struct page {
    struct vl_span bytes;
    uint32_t next;
    uint16_t entries;
    uint16_t free_offset; /* on overflow pages: bytes of data */
    uint8_t type;
};

static uint32_t u32(const struct bdb *db, struct vl_span s, size_t at)
{
    struct vl_reader r = vl_reader_new(vl_span_slice(s, at, s.len));
    return db->big ? vl_reader_u32be(&r) : vl_reader_u32le(&r);
}

static uint16_t u16(const struct bdb *db, struct vl_span s, size_t at)
{
    struct vl_reader r = vl_reader_new(vl_span_slice(s, at, s.len));
    return db->big ? vl_reader_u16be(&r) : vl_reader_u16le(&r);
}

bool os_rpm_bdb_is(struct vl_span data)
{
    struct bdb db = {.big = false};
    uint32_t magic = data.len >= META_SIZE ? u32(&db, data, 12) : 0;
    return magic == HASH_MAGIC || magic == __builtin_bswap32(HASH_MAGIC);
}

static int open_db(struct bdb *db, struct vl_err *err)
{
    db->big = u32(db, db->data, 12) != HASH_MAGIC;
    uint32_t version = u32(db, db->data, 16), last = u32(db, db->data, 32);
    db->page_size = u32(db, db->data, 20);
    uint8_t encrypted = (uint8_t)db->data.ptr[24], type = (uint8_t)db->data.ptr[25];
    uint8_t flags = (uint8_t)db->data.ptr[26];
    if (version < VERSION_MIN || version > VERSION_MAX)
        return vl_err_set(
            err, VL_ERR_UNSUPPORTED, "Berkeley DB hash version %u is not read", (unsigned)version);
    if (encrypted || (flags & META_CHECKSUM))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "Berkeley DB with encryption or checksums is not read");
    if (type != PAGE_HASH_META || db->page_size < PAGE_SIZE_MIN || db->page_size > PAGE_SIZE_MAX ||
        (db->page_size & (db->page_size - 1)) != 0)
        return vl_err_set(err, VL_ERR_INVALID, "Berkeley DB: damaged first page");
    uint64_t in_file = db->data.len / db->page_size;
    db->damaged = (uint64_t)last + 1 > in_file; /* cut off */
    db->n_pages = (uint32_t)(db->damaged ? in_file : (uint64_t)last + 1);
    db->budget = db->data.len;
    return 0;
}

static struct page page_at(const struct bdb *db, uint32_t number)
{
    struct page page = {.bytes = VL_SPAN_EMPTY};
    if (number >= db->n_pages)
        return page;
    size_t at = (size_t)number * db->page_size;
    page.bytes = vl_span_slice(db->data, at, at + db->page_size);
    page.next = u32(db, page.bytes, 16);
    page.entries = u16(db, page.bytes, 20);
    page.free_offset = u16(db, page.bytes, 22);
    page.type = (uint8_t)page.bytes.ptr[25];
    return page;
}

/* Items grow down from the end of the page: each ends where the one before it begins. */
static struct vl_span item_at(const struct bdb *db, const struct page *page, size_t i)
{
    size_t index = PAGE_HEADER + 2 * i;
    if (index + 2 > page->bytes.len)
        return VL_SPAN_EMPTY;
    size_t from = u16(db, page->bytes, index);
    size_t to = i ? u16(db, page->bytes, index - 2) : page->bytes.len;
    if (from < PAGE_HEADER || from >= to)
        return VL_SPAN_EMPTY;
    return vl_span_slice(page->bytes, from, to);
}

/* Gathers an item that lies on a chain of overflow pages. */
static bool gather(struct bdb *db, uint32_t number, uint32_t length)
{
    vl_buf_clear(&db->value);
    if (length > db->budget)
        return false;
    db->budget -= length;
    while (number && db->value.len < length) {
        struct page page = page_at(db, number);
        size_t left = length - db->value.len;
        if (page.type != PAGE_OVERFLOW || page.free_offset == 0 || page.free_offset > left ||
            page.free_offset > db->page_size - PAGE_HEADER)
            return false;
        vl_buf_append_span(
            &db->value, vl_span_slice(page.bytes, PAGE_HEADER, PAGE_HEADER + (size_t)page.free_offset));
        number = page.next;
    }
    return db->value.len == length && !db->value.failed;
}

/* Key 0 holds the highest record number, no header. */
static bool is_counter(struct vl_span key)
{
    return key.len == 5 && key.ptr[0] == ITEM_KEYDATA && key.ptr[1] == 0 && key.ptr[2] == 0 &&
           key.ptr[3] == 0 && key.ptr[4] == 0;
}

static int read_page(struct bdb *db, const struct page *page, struct vl_err *err)
{
    for (size_t i = 0; i + 1 < page->entries; i += 2) {
        struct vl_span key = item_at(db, page, i), value = item_at(db, page, i + 1);
        if (key.len == 0 || value.len == 0) {
            db->damaged = true;
            return 0; /* the offsets that follow build on these */
        }
        if (is_counter(key))
            continue;
        struct vl_span blob = vl_span_slice(value, 1, value.len);
        if (value.ptr[0] == ITEM_OFFPAGE && value.len >= 12) {
            if (!gather(db, u32(db, value, 4), u32(db, value, 8))) {
                db->damaged = true;
                continue;
            }
            blob = vl_buf_span(&db->value);
        } else if (value.ptr[0] != ITEM_KEYDATA) {
            db->damaged = true; /* duplicates: rpm's record numbers have none */
            continue;
        }
        int r = db->each->call(blob, db->each->user, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int os_rpm_bdb_read(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err)
{
    struct bdb db = {.data = data, .each = each};
    if (!os_rpm_bdb_is(data))
        return vl_err_set(err, VL_ERR_INVALID, "no Berkeley DB hash file");
    int r = open_db(&db, err);
    if (r < 0)
        return r;
    vl_buf_init(&db.value, BLOB_MAX);
    for (uint32_t i = 1; i < db.n_pages && r >= 0; i++) {
        struct page page = page_at(&db, i);
        if (page.type == PAGE_HASH || page.type == PAGE_HASH_UNSORTED)
            r = read_page(&db, &page, err);
    }
    vl_buf_done(&db.value);
    if (r >= 0 && db.damaged)
        return vl_err_set(err, VL_ERR_INVALID, "Berkeley DB: damaged pages, or cut off");
    return r;
}
