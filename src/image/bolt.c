#include "bolt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reader.h"

#define MAGIC          0xED0CDAEDU
#define VERSION        2
#define PAGE_MIN       512U
#define PAGE_MAX       65536U
#define PAGE_BYTES_MAX (16UL * 1024 * 1024) /* one page with what it overflows into */
#define HEADER_BYTES   16U                  /* of a page; of an element; of a bucket */
#define META_BYTES     64U
#define FLAG_BRANCH    0x01
#define FLAG_LEAF      0x02
#define ELEMENT_BUCKET 0x01
#define FNV_START      0xcbf29ce484222325ULL
#define FNV_PRIME      0x100000001b3ULL

struct vl_bolt {
    int fd;
    const char *name;
    struct vl_arena *arena;
    uint32_t page_size;
    uint64_t root;
    uint64_t n_pages; /* ever used */
    uint64_t transaction;
    uint64_t items;
};

static int read_at(int fd, const char *name, uint64_t offset, char *to, size_t len, struct vl_err *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, to + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "%s: read", name);
        if (n == 0)
            return vl_err_set(err, VL_ERR_INVALID, "%s: ends early", name);
        done += (size_t)n;
    }
    return 0;
}

struct meta {
    uint32_t page_size;
    uint64_t root, n_pages, transaction;
};

/* False where there is none, or one that was half written. */
static bool parse_meta(struct vl_span page, struct meta *ret)
{
    struct vl_span bytes = vl_span_slice(page, HEADER_BYTES, HEADER_BYTES + META_BYTES);
    struct vl_reader r = vl_reader_new(bytes);
    uint64_t sum = FNV_START;
    uint32_t magic = vl_reader_u32le(&r), version = vl_reader_u32le(&r);
    ret->page_size = vl_reader_u32le(&r);
    (void)vl_reader_u32le(&r); /* flags */
    ret->root = vl_reader_u64le(&r);
    (void)vl_reader_u64le(&r); /* sequence of the root */
    (void)vl_reader_u64le(&r); /* free pages */
    ret->n_pages = vl_reader_u64le(&r);
    ret->transaction = vl_reader_u64le(&r);
    size_t summed = r.pos;
    uint64_t want = vl_reader_u64le(&r);
    if (!vl_reader_ok(&r) || magic != MAGIC || version != VERSION)
        return false;
    for (size_t i = 0; i < summed; i++)
        sum = (sum ^ (uint8_t)bytes.ptr[i]) * FNV_PRIME;
    return sum == want && ret->page_size >= PAGE_MIN && ret->page_size <= PAGE_MAX &&
           (ret->page_size & (ret->page_size - 1)) == 0;
}

/* The newer of the two that are whole. The second lies behind the first page, whose size the first tells;
 * where the first is damaged every size is tried. */
static int newest_meta(int fd, const char *name, struct meta *ret, struct vl_err *err)
{
    char page[HEADER_BYTES + META_BYTES];
    struct meta m;
    bool found = false;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", name);
    for (uint32_t at = 0; at <= PAGE_MAX; at = at ? at * 2 : PAGE_MIN) {
        if ((uint64_t)st.st_size < at + sizeof(page))
            break;
        int r = read_at(fd, name, at, page, sizeof(page), err);
        if (r < 0)
            return r;
        if (!parse_meta((struct vl_span){page, sizeof(page)}, &m) || (at && m.page_size != at))
            continue;
        if (!found || m.transaction > ret->transaction)
            *ret = m;
        found = true;
    }
    return found ? 0 : vl_err_set(err, VL_ERR_INVALID, "%s: no bbolt database", name);
}

int vl_bolt_open(int fd, const char *name, struct vl_arena *arena, struct vl_bolt **ret, struct vl_err *err)
{
    struct meta m;
    int r = newest_meta(fd, name, &m, err);
    if (r < 0)
        return r;
    struct vl_bolt *b = vl_arena_alloc(arena, sizeof(*b));
    if (!b)
        return vl_arena_check(arena, name, err) < 0 ? err->err : vl_err_nomem(err);
    *b = (struct vl_bolt){fd, name, arena, m.page_size, m.root, m.n_pages, m.transaction, 0};
    *ret = b;
    return 0;
}

int vl_bolt_changed(const struct vl_bolt *bolt, bool *ret, struct vl_err *err)
{
    struct meta m;
    int r = newest_meta(bolt->fd, bolt->name, &m, err);
    if (r == 0)
        *ret = m.transaction != bolt->transaction;
    return r;
}

static int damaged(const struct vl_bolt *b, uint64_t page, const char *what, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_INVALID, "%s: page %llu: %s", b->name, (unsigned long long)page, what);
}

static int load_page(struct vl_bolt *b, uint64_t id, struct vl_span *ret, struct vl_err *err)
{
    char head[HEADER_BYTES];
    if (id < 2 || id >= b->n_pages || id > INT64_MAX / PAGE_MAX)
        return damaged(b, id, "out of range", err);
    int r = read_at(b->fd, b->name, id * b->page_size, head, sizeof(head), err);
    if (r < 0)
        return r;
    struct vl_reader reader = vl_reader_new((struct vl_span){head, sizeof(head)});
    uint64_t own = vl_reader_u64le(&reader);
    vl_reader_skip(&reader, 4);
    uint64_t bytes = ((uint64_t)vl_reader_u32le(&reader) + 1) * b->page_size;
    if (own != id)
        return damaged(b, id, "says it is another one", err);
    if (bytes > PAGE_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: a page of more than %lu bytes", b->name, PAGE_BYTES_MAX);
    char *page = vl_arena_alloc(b->arena, (size_t)bytes);
    r = page ? 0 : vl_arena_check(b->arena, b->name, err);
    if (!page)
        return r < 0 ? r : vl_err_nomem(err);
    r = read_at(b->fd, b->name, id * b->page_size, page, (size_t)bytes, err);
    if (r < 0)
        return r;
    *ret = (struct vl_span){page, (size_t)bytes};
    return 0;
}

struct walk {
    struct vl_bolt *bolt;
    int (*each)(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err);
    void *user;
};

/* `len` bytes at `pos` behind the element that begins at `element`. */
static bool part(struct vl_span page, size_t element, uint64_t pos, uint64_t len, struct vl_span *ret)
{
    uint64_t from = element + pos;
    if (from > page.len || len > page.len - from)
        return false;
    *ret = (struct vl_span){page.ptr + from, (size_t)len};
    return true;
}

static int walk_leaf(
    const struct walk *w, struct vl_span page, uint64_t id, unsigned count, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(page);
    vl_reader_seek(&r, HEADER_BYTES);
    for (unsigned i = 0; i < count; i++) {
        struct vl_bolt_item item;
        size_t element = r.pos;
        uint32_t flags = vl_reader_u32le(&r), pos = vl_reader_u32le(&r);
        uint32_t key = vl_reader_u32le(&r), value = vl_reader_u32le(&r);
        if (!vl_reader_ok(&r) || !part(page, element, pos, key, &item.key) ||
            !part(page, element, (uint64_t)pos + key, value, &item.value))
            return damaged(w->bolt, id, "an item lies outside of it", err);
        item.bucket = flags & ELEMENT_BUCKET;
        if (w->bolt->items++ == VL_BOLT_ITEMS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d items", w->bolt->name, VL_BOLT_ITEMS_MAX);
        int e = w->each(w->bolt, &item, w->user, err);
        if (e != 0)
            return e;
    }
    return 0;
}

static int walk_page(
    const struct walk *w, struct vl_span page, uint64_t id, unsigned depth, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(page);
    vl_reader_skip(&r, 8);
    unsigned flags = vl_reader_u16le(&r), count = vl_reader_u16le(&r);
    if (vl_reader_ok(&r) && (flags & FLAG_LEAF))
        return walk_leaf(w, page, id, count, err);
    if (!vl_reader_ok(&r) || !(flags & FLAG_BRANCH))
        return damaged(w->bolt, id, "neither branch nor leaf", err);
    if (depth == VL_BOLT_DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: pages more than %d deep", w->bolt->name, VL_BOLT_DEPTH_MAX);
    vl_reader_seek(&r, HEADER_BYTES);
    for (unsigned i = 0; i < count; i++) {
        struct vl_span child = VL_SPAN_EMPTY;
        vl_reader_skip(&r, 8); /* where its first key is, and how long */
        uint64_t child_id = vl_reader_u64le(&r);
        if (!vl_reader_ok(&r))
            return damaged(w->bolt, id, "an item lies outside of it", err);
        if (w->bolt->items++ == VL_BOLT_ITEMS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d items", w->bolt->name, VL_BOLT_ITEMS_MAX);
        int e = load_page(w->bolt, child_id, &child, err);
        if (e == 0)
            e = walk_page(w, child, child_id, depth + 1, err);
        if (e != 0)
            return e;
    }
    return 0;
}

int vl_bolt_each(struct vl_bolt *bolt, const struct vl_bolt_item *bucket,
    int (*each)(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err),
    void *user, struct vl_err *err)
{
    const struct walk w = {bolt, each, user};
    struct vl_span page = VL_SPAN_EMPTY;
    uint64_t root = bolt->root;
    if (bucket) {
        struct vl_reader r = vl_reader_new(bucket->value);
        root = vl_reader_u64le(&r);
        vl_reader_skip(&r, 8); /* its sequence */
        if (!bucket->bucket || !vl_reader_ok(&r))
            return damaged(bolt, root, "an item that is no bucket", err);
        if (root == 0) /* small ones lie in the value itself */
            return walk_page(
                &w, vl_span_slice(bucket->value, HEADER_BYTES, bucket->value.len), 0, VL_BOLT_DEPTH_MAX, err);
    }
    int e = load_page(bolt, root, &page, err);
    return e < 0 ? e : walk_page(&w, page, root, 0, err);
}
