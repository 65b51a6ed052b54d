#include "tar_impl.h"

#include <stdlib.h>
#include <string.h>

#include "stream_impl.h"

struct tar_field {
    unsigned at;
    unsigned len;
};

static const struct tar_field field_name = {0, 100}, field_mode = {100, 8}, field_uid = {108, 8},
                              field_gid = {116, 8}, field_size = {124, 12}, field_mtime = {136, 12},
                              field_link = {157, 100}, field_prefix = {345, 155},
                              field_star_prefix = {345, 131};
#define TYPE_AT       156
#define MAGIC_AT      257
#define STAR_MAGIC_AT 508

static struct vl_span field(const struct vl_tar *tar, struct tar_field f)
{
    struct vl_span s = {(const char *)tar->block + f.at, f.len};
    return vl_span_slice(s, 0, vl_span_find_char(s, '\0'));
}

/* Nothing rests on these: what is no number counts as 0. */
static int64_t minor_number(const struct vl_tar *tar, struct tar_field f)
{
    int64_t v;
    return vl_tar_number(tar->block + f.at, f.len, &v) ? v : 0;
}

static void forget(struct tar_overrides *o)
{
    o->has_size = o->has_mtime = o->has_uid = o->has_gid = false;
    o->has_real_size = o->has_sparse_size = o->has_offset = o->has_map = false;
    o->sparse_major = o->sparse_minor = -1;
    o->path[0] = o->target[0] = o->sparse_path[0] = '\0';
}

static void forget_all(struct tar_overrides *o)
{
    forget(o);
    o->pending = false;
    o->gnu_path[0] = o->gnu_target[0] = '\0';
}

struct vl_tar *vl_tar_new(struct vl_stream *stream)
{
    struct vl_tar *tar = calloc(1, sizeof(*tar));
    if (!tar)
        return NULL;
    tar->stream = stream;
    vl_buf_init(&tar->extended, VL_TAR_HEADER_MAX);
    vl_vec_init(&tar->pieces, sizeof(struct tar_piece), VL_TAR_SPARSE_MAX);
    forget_all(&tar->local);
    forget_all(&tar->global);
    return tar;
}

void vl_tar_free(struct vl_tar *tar)
{
    if (!tar)
        return;
    vl_buf_done(&tar->extended);
    vl_vec_done(&tar->pieces);
    free(tar);
}

void vl_tar_cleanup(struct vl_tar **tar)
{
    vl_tar_free(*tar);
    *tar = NULL;
}

int vl_tar_read_block(struct vl_tar *tar, uint8_t block[TAR_BLOCK], struct vl_err *err)
{
    size_t got = 0;
    while (got < TAR_BLOCK) {
        int64_t n = vl_stream_read(tar->stream, block + got, TAR_BLOCK - got, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    if (got && got < TAR_BLOCK)
        return vl_err_set(err, VL_ERR_INVALID, "tar: ends early, inside a header");
    return got == TAR_BLOCK;
}

int64_t vl_tar_read_stored(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err)
{
    if (size > tar->stored)
        size = (size_t)tar->stored;
    if (size == 0)
        return 0;
    int64_t n = vl_stream_read(tar->stream, buf, size, err);
    if (n < 0)
        return vl_err_wrap(err, "tar: %s", tar->path);
    if (n == 0)
        return vl_err_set(err, VL_ERR_INVALID, "tar: %s: ends early: %llu bytes are missing", tar->path,
            (unsigned long long)tar->stored);
    tar->stored -= (uint64_t)n;
    return n;
}

/* What is left of the entry. Some writers leave out the padding of the last one. */
static int pass_over(struct vl_tar *tar, struct vl_err *err)
{
    uint64_t stored = tar->stored;
    tar->stored = 0;
    if (stored && vl_stream_skip(tar->stream, stored, err) < 0)
        return vl_err_wrap(err, "tar: %s", tar->path);
    while (tar->padding) {
        struct vl_span part;
        int64_t n = vl_stream_borrow(tar->stream, tar->padding, &part, err);
        if (n < 0)
            return (int)n;
        tar->padding = n ? tar->padding - (unsigned)n : 0;
    }
    return 0;
}

static bool all_zero(const uint8_t block[TAR_BLOCK])
{
    return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

/* 1 with a checked header in tar->block, 0 at the end. */
static int next_header(struct vl_tar *tar, struct vl_err *err)
{
    uint64_t at = vl_stream_position(tar->stream);
    int r = vl_tar_read_block(tar, tar->block, err);
    if (r > 0 && all_zero(tar->block)) {
        r = vl_tar_read_block(tar, tar->block, err);
        if (r <= 0 || all_zero(tar->block))
            return r < 0 ? r : 0;
        return vl_err_set(err, VL_ERR_INVALID, "tar: a lone zero block at byte %llu", (unsigned long long)at);
    }
    if (r > 0 && !vl_tar_checksum_ok(tar->block))
        return vl_err_set(err, VL_ERR_INVALID, "tar: wrong checksum of the header at byte %llu%s%s",
            (unsigned long long)at, *tar->path ? ", after " : "", tar->path);
    if (r > 0 && ++tar->n_headers > VL_TAR_ENTRIES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "tar: more than %d entries", VL_TAR_ENTRIES_MAX);
    return r;
}

/* Reads the content of an extended header. */
static int read_extended(struct vl_tar *tar, uint64_t size, struct vl_err *err)
{
    vl_buf_clear(&tar->extended);
    if (size > VL_TAR_HEADER_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "tar: an extended header of more than %lu bytes", VL_TAR_HEADER_MAX);
    char *to = vl_buf_reserve(&tar->extended, (size_t)size);
    if (!to)
        return vl_buf_check(&tar->extended, "tar: extended header", err);
    int r = vl_stream_read_all(tar->stream, to, (size_t)size, err);
    if (r < 0)
        return vl_err_wrap(err, "tar: extended header");
    vl_buf_commit(&tar->extended, (size_t)size);
    return 0;
}

/* 1: the block was an extended header and was taken in; 0: it is an entry's own. */
static int take_extended(struct vl_tar *tar, uint64_t size, struct vl_err *err)
{
    char type = (char)tar->block[TYPE_AT];
    if (!memchr("xXgLK", type, 5))
        return 0;
    int r = read_extended(tar, size, err);
    struct vl_span content = vl_buf_span(&tar->extended);
    if (r < 0)
        return r;
    struct tar_overrides *o = &tar->local;
    switch (type) {
    case 'L':
        r = vl_tar_copy_name(content, o->gnu_path, "path", err);
        break;
    case 'K':
        r = vl_tar_copy_name(content, o->gnu_target, "link target", err);
        break;
    case 'g':
        r = vl_tar_read_pax(tar, content, true, err);
        break;
    default:
        forget(o);
        tar->pieces.len = 0;
        r = vl_tar_read_pax(tar, content, false, err);
    }
    o->pending |= type != 'g';
    return r < 0 ? r : 1;
}

/* The name in the header: the prefix is there in POSIX and star archives only; GNU has other things there. */
static void header_path(const struct vl_tar *tar, char ret[VL_TAR_PATH_MAX])
{
    struct vl_span name = field(tar, field_name);
    struct vl_span prefix = VL_SPAN_EMPTY;
    if (memcmp(tar->block + MAGIC_AT, "ustar\0", 6) == 0) {
        bool star = memcmp(tar->block + STAR_MAGIC_AT, "tar\0", 4) == 0;
        prefix = field(tar, star ? field_star_prefix : field_prefix);
    }
    size_t at = 0;
    if (prefix.len) {
        memcpy(ret, prefix.ptr, prefix.len);
        at = prefix.len;
        ret[at++] = '/';
    }
    if (name.len)
        memcpy(ret + at, name.ptr, name.len);
    ret[at + name.len] = '\0';
}

static const char *first_said(const char *a, const char *b, const char *c)
{
    return *a ? a : *b ? b : c;
}

static void fill_names(struct vl_tar *tar)
{
    const struct tar_overrides *o = &tar->local;
    const char *path = first_said(vl_tar_pax_is_sparse(o) ? o->sparse_path : "", o->gnu_path, o->path);
    if (*path)
        memcpy(tar->path, path, strlen(path) + 1);
    else
        header_path(tar, tar->path);
    struct vl_span own = field(tar, field_link);
    const char *target = first_said(o->gnu_target, o->target, "");
    struct vl_span from = *target ? vl_span_str(target) : own;
    if (from.len)
        memcpy(tar->target, from.ptr, from.len);
    tar->target[from.len] = '\0';
}

static enum vl_tar_type type_of(const struct vl_tar *tar)
{
    size_t len = strlen(tar->path);
    switch ((char)tar->block[TYPE_AT]) {
    case '\0': /* v7 has no type for folders */
        return len && tar->path[len - 1] == '/' ? VL_TAR_DIR : VL_TAR_FILE;
    case '0':
    case '7': /* a file in one piece */
    case 'S':
        return VL_TAR_FILE;
    case '1':
        return VL_TAR_HARDLINK;
    case '2':
        return VL_TAR_SYMLINK;
    case '3':
        return VL_TAR_CHAR;
    case '4':
        return VL_TAR_BLOCK;
    case '5':
    case 'D': /* a folder with a list of its names as content */
        return VL_TAR_DIR;
    case '6':
        return VL_TAR_FIFO;
    default:
        return VL_TAR_OTHER;
    }
}

static uint32_t id_of(bool said, uint64_t value, bool said_global, uint64_t global, int64_t own)
{
    uint64_t v = said ? value : said_global ? global : own < 0 ? 0 : (uint64_t)own;
    return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static void fill_minor(struct vl_tar *tar)
{
    const struct tar_overrides *o = &tar->local, *g = &tar->global;
    struct vl_tar_entry *e = &tar->entry;
    int64_t mtime = minor_number(tar, field_mtime);
    e->mode = (uint32_t)minor_number(tar, field_mode) & 07777;
    e->uid = id_of(o->has_uid, o->uid, g->has_uid, g->uid, minor_number(tar, field_uid));
    e->gid = id_of(o->has_gid, o->gid, g->has_gid, g->gid, minor_number(tar, field_gid));
    if (__builtin_mul_overflow(mtime, 1000, &e->mtime_ms))
        e->mtime_ms = 0;
    if (o->has_mtime || g->has_mtime)
        e->mtime_ms = o->has_mtime ? o->mtime_ms : g->mtime_ms;
}

static int begin_entry(struct vl_tar *tar, uint64_t size, struct vl_err *err)
{
    struct vl_tar_entry *e = &tar->entry;
    char type = (char)tar->block[TYPE_AT];
    bool gnu = memcmp(tar->block + MAGIC_AT, "ustar  \0", 8) == 0;
    fill_names(tar);
    fill_minor(tar);
    e->type = type_of(tar);
    e->path = tar->path;
    e->target = e->type == VL_TAR_HARDLINK || e->type == VL_TAR_SYMLINK ? tar->target : "";
    e->size = tar->local.has_size ? tar->local.size : size;
    /* Of these types the size is not that of any content (some writers put the target's there). */
    if (memchr("123456", type, 6))
        e->size = 0;
    tar->stored = e->size;
    tar->padding = (unsigned)(-e->size % TAR_BLOCK);
    tar->at = 0;
    tar->sparse = e->sparse = false;
    if (type == 'S' && !gnu)
        return vl_err_set(
            err, VL_ERR_INVALID, "tar: %s: a sparse file in an archive not by GNU tar", tar->path);
    int r = 0;
    if (e->type == VL_TAR_FILE)
        r = vl_tar_begin_sparse(tar, type == 'S', err);
    else if (vl_tar_pax_is_sparse(&tar->local))
        r = vl_err_set(err, VL_ERR_INVALID, "no file, but said to be a sparse one");
    else
        e->size = 0;
    if (r < 0)
        return vl_err_wrap(err, "tar: %s", tar->path);
    if (!tar->sparse)
        e->content_at = vl_stream_position(tar->stream);
    return 0;
}

/* 1 with an entry begun, 0 at the end. */
static int find_entry(struct vl_tar *tar, struct vl_err *err)
{
    for (;;) {
        int64_t size;
        int r = pass_over(tar, err);
        if (r == 0)
            r = next_header(tar, err);
        if (r < 0)
            return r;
        if (r == 0)
            return tar->local.pending ? vl_err_set(err, VL_ERR_INVALID,
                                            "tar: ends early: the entry of an extended header is missing")
                                      : 0;
        if (!vl_tar_number(tar->block + field_size.at, field_size.len, &size) || size < 0) {
            header_path(tar, tar->path);
            return vl_err_set(err, VL_ERR_INVALID, "tar: %s: the size is damaged", tar->path);
        }
        r = take_extended(tar, (uint64_t)size, err);
        if (r == 0)
            r = begin_entry(tar, (uint64_t)size, err) < 0 ? err->err : 0;
        else if (r == 1)
            tar->padding = (unsigned)(-(uint64_t)size % TAR_BLOCK);
        if (r <= 0)
            return r < 0 ? r : 1;
    }
}

int vl_tar_next(struct vl_tar *tar, const struct vl_tar_entry **ret_entry, struct vl_err *err)
{
    if (tar->failed.code != VL_ERR_NONE) {
        *err = tar->failed;
        return err->err;
    }
    if (tar->at_end)
        return 0;
    int r = find_entry(tar, err);
    forget_all(&tar->local);
    tar->at_end = r <= 0;
    if (r < 0)
        tar->failed = *err;
    if (r > 0)
        *ret_entry = &tar->entry;
    return r;
}

int64_t vl_tar_read(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err)
{
    if (tar->at_end || tar->entry.type != VL_TAR_FILE)
        return 0;
    return tar->sparse ? vl_tar_read_sparse(tar, buf, size, err) : vl_tar_read_stored(tar, buf, size, err);
}

/* The content of one entry as a stream of its own. */
struct entry_stream {
    struct vl_stream base;
    struct vl_tar *tar;
    uint64_t n_headers; /* tells whether the tar has gone on */
};

static int check_current(const struct entry_stream *self, struct vl_err *err)
{
    if (self->n_headers == self->tar->n_headers && !self->tar->at_end)
        return 0;
    return vl_err_set(err, VL_ERR_USAGE, "tar: the archive has gone on to another entry");
}

static int64_t entry_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    struct entry_stream *self = (struct entry_stream *)s;
    int r = check_current(self, err);
    return r < 0 ? r : vl_tar_read(self->tar, buf, size, err);
}

static int entry_skip(struct vl_stream *s, uint64_t n, struct vl_err *err)
{
    struct entry_stream *self = (struct entry_stream *)s;
    struct vl_tar *tar = self->tar;
    int r = check_current(self, err);
    if (r < 0)
        return r;
    if (n > tar->stored)
        return vl_err_set(err, VL_ERR_INVALID, "tar: %s: ends early", tar->path);
    if (vl_stream_skip(tar->stream, n, err) < 0)
        return vl_err_wrap(err, "tar: %s", tar->path);
    tar->stored -= n;
    return 0;
}

static void entry_free(struct vl_stream *s)
{
    vl_stream_done(s);
    free(s);
}

int vl_tar_stream(struct vl_tar *tar, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops jumping = {.fill = entry_fill, .skip = entry_skip, .free = entry_free};
    static const struct vl_stream_ops reading = {.fill = entry_fill, .free = entry_free};
    struct entry_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    bool jumps = !tar->sparse && tar->entry.type == VL_TAR_FILE;
    vl_stream_init(&self->base, jumps ? &jumping : &reading, vl_stream_name(tar->stream));
    self->tar = tar;
    self->n_headers = tar->n_headers;
    *ret = &self->base;
    return 0;
}

bool vl_tar_clean_path(const char *path, char ret[VL_TAR_PATH_MAX])
{
    struct vl_span rest = vl_span_str(path), part;
    size_t len = 0;
    if (rest.len >= VL_TAR_PATH_MAX)
        return false;
    while (vl_span_split(&rest, '/', &part)) {
        if (part.len == 0 || vl_span_eq_str(part, "."))
            continue;
        if (vl_span_eq_str(part, "..")) {
            if (len == 0)
                return false;
            while (len && ret[len - 1] != '/')
                len--;
            len -= len > 0;
            continue;
        }
        if (len)
            ret[len++] = '/';
        memcpy(ret + len, part.ptr, part.len);
        len += part.len;
    }
    ret[len] = '\0';
    return len > 0;
}
