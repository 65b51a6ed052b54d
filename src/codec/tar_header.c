/* lint: tests: test_tar.c */
#include "tar_header.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 512

/* Octal with spaces or NULs around it, or base 256 where the first bit is set (GNU, star). */
static bool parse_number(struct vl_span field, int64_t *ret)
{
    uint8_t first = (uint8_t)field.ptr[0];
    uint64_t v = 0;
    if (first & 0x80) {
        bool negative = first & 0x40;
        v = negative ? UINT64_MAX : 0;
        for (size_t i = 0; i < field.len; i++) {
            uint8_t b = (uint8_t)field.ptr[i];
            if (i == 0)
                b = negative ? b : b & 0x7f;
            if (i + 8 < field.len && b != (negative ? 0xff : 0))
                return false;
            v = v << 8 | b;
        }
        *ret = (int64_t)v;
        return negative || *ret >= 0;
    }
    size_t i = 0;
    while (i < field.len && field.ptr[i] == ' ')
        i++;
    for (; i < field.len && field.ptr[i] >= '0' && field.ptr[i] <= '7'; i++) {
        if (v >> 60)
            return false;
        v = v << 3 | (uint64_t)(field.ptr[i] - '0');
    }
    for (; i < field.len; i++) {
        if (field.ptr[i] != ' ' && field.ptr[i] != '\0')
            return false;
    }
    *ret = (int64_t)v;
    return true;
}

static struct vl_span field(const char raw[BLOCK], size_t at, size_t len)
{
    return (struct vl_span){raw + at, len};
}

static struct vl_span text(const char raw[BLOCK], size_t at, size_t len)
{
    struct vl_span s = field(raw, at, len);
    return vl_span_slice(s, 0, vl_span_find_char(s, '\0'));
}

/* Some old writers summed signed characters. */
static bool checksum_fits(const char raw[BLOCK])
{
    int64_t want;
    int64_t plain = 0, with_sign = 0;
    if (!parse_number(field(raw, 148, 8), &want))
        return false;
    for (size_t i = 0; i < BLOCK; i++) {
        char c = i >= 148 && i < 156 ? ' ' : raw[i];
        plain += (uint8_t)c;
        with_sign += (signed char)c;
    }
    return want == plain || want == with_sign;
}

int vl_tar_parse_block(const char raw[BLOCK], struct vl_tar_block *ret, struct vl_err *err)
{
    int64_t size = 0, mode = 0, uid = 0, gid = 0, mtime = 0;
    if (!checksum_fits(raw))
        return vl_err_set(err, VL_ERR_INVALID, "tar: a header's checksum does not match");
    if (!parse_number(field(raw, 124, 12), &size) || size < 0)
        return vl_err_set(err, VL_ERR_INVALID, "tar: an entry's size is no number");
    /* Odd numbers here harm nobody. */
    if (!parse_number(field(raw, 100, 8), &mode))
        mode = 0;
    if (!parse_number(field(raw, 108, 8), &uid))
        uid = 0;
    if (!parse_number(field(raw, 116, 8), &gid))
        gid = 0;
    if (!parse_number(field(raw, 136, 12), &mtime) || mtime > INT64_MAX / 1000 || mtime < INT64_MIN / 1000)
        mtime = 0;
    ret->type = raw[156];
    ret->size = (uint64_t)size;
    ret->mode = (uint32_t)mode & 07777;
    ret->uid = (uint32_t)uid;
    ret->gid = (uint32_t)gid;
    ret->mtime_s = mtime;
    ret->path = text(raw, 0, 100);
    ret->target = text(raw, 157, 100);
    struct vl_span prefix = text(raw, 345, 155);
    bool ustar = memcmp(raw + 257, "ustar\0", 6) == 0; /* GNU's "ustar  " uses the room for other things */
    if (ustar && prefix.len) {
        memcpy(ret->joined, prefix.ptr, prefix.len);
        ret->joined[prefix.len] = '/';
        if (ret->path.len)
            memcpy(ret->joined + prefix.len + 1, ret->path.ptr, ret->path.len);
        ret->path = (struct vl_span){ret->joined, prefix.len + 1 + ret->path.len};
    }
    return 0;
}

void vl_tar_overrides_reset(struct vl_tar_overrides *o)
{
    struct vl_buf path = o->path, target = o->target, map = o->sparse_map;
    *o = (struct vl_tar_overrides){.path = path, .target = target, .sparse_map = map};
}

void vl_tar_overrides_done(struct vl_tar_overrides *o)
{
    vl_buf_done(&o->path);
    vl_buf_done(&o->target);
    vl_buf_done(&o->sparse_map);
}

static int keep(struct vl_buf *buf, struct vl_span s, const char *what, struct vl_err *err)
{
    buf->max = VL_TAR_HEADER_MAX;
    vl_buf_clear(buf);
    vl_buf_append_span(buf, s);
    return vl_buf_check(buf, what, err);
}

int vl_tar_override_path(struct vl_tar_overrides *o, struct vl_span path, struct vl_err *err)
{
    o->has_path = true;
    return keep(&o->path, path, "tar: path", err);
}

int vl_tar_override_target(struct vl_tar_overrides *o, struct vl_span target, struct vl_err *err)
{
    o->has_target = true;
    return keep(&o->target, target, "tar: link target", err);
}

/* Seconds with an optional fraction, as pax writes times. */
static bool parse_seconds(struct vl_span s, int64_t *ret_ms)
{
    uint64_t seconds;
    bool negative = vl_span_starts_with(s, "-");
    if (negative)
        s = vl_span_slice(s, 1, s.len);
    if (!vl_span_to_u64(vl_span_slice(s, 0, vl_span_find_char(s, '.')), &seconds) ||
        seconds > INT64_MAX / 1000)
        return false;
    *ret_ms = (int64_t)seconds * (negative ? -1000 : 1000);
    return true;
}

/* 0.0 gives offset and numbytes as records of their own, in turn. */
static int append_map(struct vl_tar_overrides *o, struct vl_span value, struct vl_err *err)
{
    o->sparse_map.max = VL_TAR_HEADER_MAX;
    if (o->sparse_map_len == 0)
        vl_buf_clear(&o->sparse_map);
    else
        vl_buf_append_char(&o->sparse_map, ',');
    vl_buf_append_span(&o->sparse_map, value);
    o->sparse_map_len = o->sparse_map.len;
    return vl_buf_check(&o->sparse_map, "tar: sparse map", err);
}

static int apply_record(
    struct vl_tar_overrides *o, struct vl_span key, struct vl_span value, struct vl_err *err)
{
    uint64_t n = 0;
    bool number = vl_span_to_u64(value, &n);
    if (vl_span_eq_str(key, "path") && !o->sparse_size)
        return vl_tar_override_path(o, value, err);
    if (vl_span_eq_str(key, "GNU.sparse.name"))
        return vl_tar_override_path(o, value, err);
    if (vl_span_eq_str(key, "linkpath"))
        return vl_tar_override_target(o, value, err);
    if (vl_span_eq_str(key, "GNU.sparse.map") || vl_span_eq_str(key, "GNU.sparse.offset") ||
        vl_span_eq_str(key, "GNU.sparse.numbytes"))
        return append_map(o, value, err);
    if (vl_span_eq_str(key, "size")) {
        if (!number || n > INT64_MAX)
            return vl_err_set(err, VL_ERR_INVALID, "tar: pax size \"%.*s\" is no size", VL_SPAN_FMT(value));
        o->has_size = true;
        o->size = n;
    } else if (vl_span_eq_str(key, "uid") && number) {
        o->has_uid = true;
        o->uid = (uint32_t)n;
    } else if (vl_span_eq_str(key, "gid") && number) {
        o->has_gid = true;
        o->gid = (uint32_t)n;
    } else if (vl_span_eq_str(key, "mtime")) {
        o->has_mtime = parse_seconds(value, &o->mtime_ms);
    } else if (vl_span_eq_str(key, "GNU.sparse.major") && number) {
        o->sparse_major = (unsigned)n;
    } else if ((vl_span_eq_str(key, "GNU.sparse.realsize") || vl_span_eq_str(key, "GNU.sparse.size")) &&
               number) {
        o->sparse_size = n;
    }
    return 0; /* other keys say nothing about path and content */
}

int vl_tar_parse_pax(struct vl_span rest, struct vl_tar_overrides *o, struct vl_err *err)
{
    while (rest.len) {
        uint64_t len;
        size_t space = vl_span_find_char(rest, ' ');
        struct vl_span digits = vl_span_slice(rest, 0, space);
        if (rest.ptr[0] == '\0')
            return 0; /* padding that some writers count in */
        if (space == SIZE_MAX || !vl_span_to_u64(digits, &len) || len <= space + 1 || len > rest.len ||
            rest.ptr[len - 1] != '\n')
            return vl_err_set(err, VL_ERR_INVALID, "tar: damaged pax header");
        struct vl_span record = vl_span_slice(rest, space + 1, (size_t)len - 1);
        size_t equals = vl_span_find_char(record, '=');
        if (equals == SIZE_MAX)
            return vl_err_set(err, VL_ERR_INVALID, "tar: a pax record without \"=\"");
        int r = apply_record(
            o, vl_span_slice(record, 0, equals), vl_span_slice(record, equals + 1, record.len), err);
        if (r < 0)
            return r;
        rest = vl_span_slice(rest, (size_t)len, rest.len);
    }
    return 0;
}

static int add_part(struct vl_tar_sparse *sparse, uint64_t offset, uint64_t len, struct vl_err *err)
{
    if (sparse->n_parts >= VL_TAR_SPARSE_PARTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "sparse file of more than %d parts", VL_TAR_SPARSE_PARTS_MAX);
    if (sparse->n_parts == sparse->cap) {
        size_t cap = sparse->cap ? sparse->cap * 2 : 16;
        struct vl_tar_part *parts = reallocarray(sparse->parts, cap, sizeof(*parts));
        if (!parts)
            return vl_err_nomem(err);
        sparse->parts = parts;
        sparse->cap = cap;
    }
    sparse->parts[sparse->n_parts++] = (struct vl_tar_part){offset, len};
    return 0;
}

/* Pairs of offset and length, 24 bytes each; an unused pair is empty. */
static int add_gnu_parts(struct vl_tar_sparse *sparse, const char *pairs, size_t n, struct vl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        int64_t offset, len;
        const char *pair = pairs + i * 24;
        if (pair[0] == '\0')
            return 0;
        if (!parse_number((struct vl_span){pair, 12}, &offset) ||
            !parse_number((struct vl_span){pair + 12, 12}, &len) || offset < 0 || len < 0)
            return vl_err_set(err, VL_ERR_INVALID, "damaged sparse map");
        int r = add_part(sparse, (uint64_t)offset, (uint64_t)len, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_tar_read_gnu_sparse(
    const char raw[BLOCK], struct vl_stream *stream, struct vl_tar_sparse *ret, struct vl_err *err)
{
    int64_t real;
    char more[BLOCK];
    if (!parse_number(field(raw, 483, 12), &real) || real < 0)
        return vl_err_set(err, VL_ERR_INVALID, "damaged sparse header");
    ret->real_size = (uint64_t)real;
    int r = add_gnu_parts(ret, raw + 386, 4, err);
    bool extended = raw[482] != '\0';
    while (r == 0 && extended) {
        r = vl_stream_read_all(stream, more, sizeof(more), err);
        if (r == 0)
            r = add_gnu_parts(ret, more, 21, err);
        extended = more[504] != '\0';
    }
    return r;
}

/* A decimal number and a newline. */
static int read_line_number(
    struct vl_stream *stream, uint64_t *used, uint64_t stored, uint64_t *ret, struct vl_err *err)
{
    uint64_t v = 0;
    for (unsigned digits = 0; digits < 21; digits++) {
        char c;
        if (*used >= stored)
            break;
        int r = vl_stream_read_all(stream, &c, 1, err);
        if (r < 0)
            return r;
        ++*used;
        if (c == '\n' && digits) {
            *ret = v;
            return 0;
        }
        if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10U, &v) ||
            __builtin_add_overflow(v, (uint64_t)(c - '0'), &v))
            break;
    }
    return vl_err_set(err, VL_ERR_INVALID, "damaged sparse map");
}

int vl_tar_read_pax_sparse(struct vl_stream *stream, uint64_t stored, uint64_t *ret_used,
    struct vl_tar_sparse *ret, struct vl_err *err)
{
    uint64_t used = 0, n = 0;
    int r = read_line_number(stream, &used, stored, &n, err);
    if (r == 0 && n > VL_TAR_SPARSE_PARTS_MAX)
        r = vl_err_set(err, VL_ERR_LIMIT, "sparse file of more than %d parts", VL_TAR_SPARSE_PARTS_MAX);
    for (uint64_t i = 0; i < n && r == 0; i++) {
        uint64_t offset = 0, len = 0;
        r = read_line_number(stream, &used, stored, &offset, err);
        if (r == 0)
            r = read_line_number(stream, &used, stored, &len, err);
        if (r == 0)
            r = add_part(ret, offset, len, err);
    }
    uint64_t padding = (BLOCK - used % BLOCK) % BLOCK;
    if (r == 0 && padding > stored - used)
        r = vl_err_set(err, VL_ERR_INVALID, "damaged sparse map");
    if (r == 0)
        r = vl_stream_skip(stream, padding, err);
    *ret_used = used + padding;
    return r;
}

int vl_tar_parse_sparse_map(struct vl_span map, struct vl_tar_sparse *ret, struct vl_err *err)
{
    struct vl_span word;
    while (map.len) {
        uint64_t offset, len;
        if (!vl_span_split(&map, ',', &word) || !vl_span_to_u64(word, &offset) ||
            !vl_span_split(&map, ',', &word) || !vl_span_to_u64(word, &len))
            return vl_err_set(err, VL_ERR_INVALID, "damaged sparse map");
        int r = add_part(ret, offset, len, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_tar_check_sparse(const struct vl_tar_sparse *sparse, uint64_t stored, struct vl_err *err)
{
    uint64_t at = 0, sum = 0;
    for (size_t i = 0; i < sparse->n_parts; i++) {
        const struct vl_tar_part *p = &sparse->parts[i];
        if (p->offset < at || p->len > sparse->real_size || p->offset > sparse->real_size - p->len)
            return vl_err_set(err, VL_ERR_INVALID, "a sparse part lies outside the file");
        at = p->offset + p->len;
        sum += p->len;
    }
    if (sum > stored)
        return vl_err_set(err, VL_ERR_INVALID, "the sparse map names more bytes than are stored");
    return 0;
}
