/* Fields of tar headers and records of pax headers. tests: test_tar.c covers tar_header.c */
#include "tar_impl.h"

#include <string.h>

#define CHECKSUM_AT  148
#define CHECKSUM_LEN 8
#define FRACTION_MS  3

static bool number_base256(const uint8_t *field, size_t len, int64_t *ret)
{
    uint8_t invert = field[0] & 0x40 ? 0xff : 0;
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = field[i] ^ invert;
        if (i == 0)
            c &= 0x7f;
        if (v >> 55)
            return false;
        v = v << 8 | c;
    }
    *ret = invert ? ~(int64_t)v : (int64_t)v;
    return true;
}

bool vl_tar_number(const uint8_t *field, size_t len, int64_t *ret)
{
    if (len && field[0] & 0x80)
        return number_base256(field, len, ret);
    size_t i = 0;
    uint64_t v = 0;
    while (i < len && (field[i] == ' ' || field[i] == '\0'))
        i++;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
        if (v >> 60)
            return false;
        v = v << 3 | (uint64_t)(field[i] - '0');
    }
    for (; i < len; i++) {
        if (field[i] != ' ' && field[i] != '\0')
            return false;
    }
    *ret = (int64_t)v;
    return true;
}

/* Old tars of Sun and others added signed characters. */
bool vl_tar_checksum_ok(const uint8_t block[TAR_BLOCK])
{
    int64_t said, plain = 0, with_sign = 0;
    for (unsigned i = 0; i < TAR_BLOCK; i++) {
        bool own = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_LEN;
        plain += own ? ' ' : block[i];
        with_sign += own ? ' ' : (int8_t)block[i];
    }
    return vl_tar_number(block + CHECKSUM_AT, CHECKSUM_LEN, &said) && (said == plain || said == with_sign);
}

int vl_tar_copy_name(struct vl_span from, char ret[VL_TAR_PATH_MAX], const char *what, struct vl_err *err)
{
    struct vl_span name = vl_span_slice(from, 0, vl_span_find_char(from, '\0'));
    if (name.len >= VL_TAR_PATH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "tar: %s of more than %d bytes: %.64s…", what, VL_TAR_PATH_MAX - 1, name.ptr);
    if (name.len)
        memcpy(ret, name.ptr, name.len);
    ret[name.len] = '\0';
    return 0;
}

static int pax_number(struct vl_span value, const char *key, uint64_t *ret, struct vl_err *err)
{
    uint64_t v;
    if (!vl_span_to_u64(value, &v) || v > INT64_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "tar: %s is no number: %.*s", key, VL_SPAN_FMT(vl_span_slice(value, 0, 64)));
    *ret = v;
    return 0;
}

/* Seconds with an optional sign and fraction. Nothing rests on times: what is no time counts as none. */
static void pax_time(struct vl_span value, struct tar_overrides *o)
{
    bool negative = value.len && value.ptr[0] == '-';
    if (negative)
        value = vl_span_slice(value, 1, value.len);
    size_t dot = vl_span_find_char(value, '.');
    struct vl_span fraction = dot == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(value, dot + 1, value.len);
    uint64_t seconds;
    if (!vl_span_to_u64(vl_span_slice(value, 0, dot), &seconds) || seconds > INT64_MAX / 1000 - 1)
        return;
    int64_t ms = (int64_t)seconds * 1000;
    int64_t unit = 100;
    for (size_t i = 0; i < fraction.len && i < FRACTION_MS; i++, unit /= 10) {
        if (fraction.ptr[i] < '0' || fraction.ptr[i] > '9')
            return;
        ms += (fraction.ptr[i] - '0') * unit;
    }
    o->has_mtime = true;
    o->mtime_ms = negative ? -ms : ms;
}

enum pax_key {
    KEY_GID,
    KEY_GNU_MAJOR,
    KEY_GNU_MAP,
    KEY_GNU_MINOR,
    KEY_GNU_NAME,
    KEY_GNU_NUMBLOCKS,
    KEY_GNU_NUMBYTES,
    KEY_GNU_OFFSET,
    KEY_GNU_REALSIZE,
    KEY_GNU_SIZE,
    KEY_LINKPATH,
    KEY_MTIME,
    KEY_PATH,
    KEY_SIZE,
    KEY_UID,
    KEY_OTHER,
};

static enum pax_key key_of(struct vl_span key)
{
    static const char *const keys[KEY_OTHER] = {
        [KEY_GID] = "gid",
        [KEY_GNU_MAJOR] = "GNU.sparse.major",
        [KEY_GNU_MAP] = "GNU.sparse.map",
        [KEY_GNU_MINOR] = "GNU.sparse.minor",
        [KEY_GNU_NAME] = "GNU.sparse.name",
        [KEY_GNU_NUMBLOCKS] = "GNU.sparse.numblocks",
        [KEY_GNU_NUMBYTES] = "GNU.sparse.numbytes",
        [KEY_GNU_OFFSET] = "GNU.sparse.offset",
        [KEY_GNU_REALSIZE] = "GNU.sparse.realsize",
        [KEY_GNU_SIZE] = "GNU.sparse.size",
        [KEY_LINKPATH] = "linkpath",
        [KEY_MTIME] = "mtime",
        [KEY_PATH] = "path",
        [KEY_SIZE] = "size",
        [KEY_UID] = "uid",
    };
    for (int i = 0; i < KEY_OTHER; i++) {
        if (vl_span_eq_str(key, keys[i]))
            return (enum pax_key)i;
    }
    return KEY_OTHER;
}

static int take_name(struct vl_span value, char ret[VL_TAR_PATH_MAX], const char *key, struct vl_err *err)
{
    if (vl_span_find_char(value, '\0') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "tar: %s with a NUL inside", key);
    return vl_tar_copy_name(value, ret, key, err);
}

/* GNU.sparse.size is that of 0.x, GNU.sparse.realsize that of 1.0; of both the first counts. */
static int take_real_size(struct tar_overrides *o, bool first, struct vl_span value, struct vl_err *err)
{
    if (o->has_sparse_size && !first)
        return 0;
    o->has_sparse_size |= first;
    o->has_real_size = true;
    return pax_number(value, "size of a sparse file", &o->real_size, err);
}

/* Formats 0.0 (offset and numbytes in turn), 0.1 (map) and 1.0 (version, name and real size). */
static int take_sparse(struct vl_tar *tar, enum pax_key key, struct vl_span value, struct vl_err *err)
{
    struct tar_overrides *o = &tar->local;
    uint64_t v = 0;
    int r = 0;
    switch (key) {
    case KEY_GNU_NAME:
        return take_name(value, o->sparse_path, "GNU.sparse.name", err);
    case KEY_GNU_SIZE:
    case KEY_GNU_REALSIZE:
        return take_real_size(o, key == KEY_GNU_SIZE, value, err);
    case KEY_GNU_MAP:
        o->has_map = true;
        return vl_tar_read_sparse_list(tar, value, err);
    case KEY_GNU_MAJOR:
    case KEY_GNU_MINOR:
        r = pax_number(value, "version of a sparse file", &v, err);
        *(key == KEY_GNU_MAJOR ? &o->sparse_major : &o->sparse_minor) = v > 99 ? 99 : (int)v;
        return r;
    case KEY_GNU_OFFSET:
        o->has_offset = true;
        return pax_number(value, "offset in a sparse file", &o->offset, err);
    case KEY_GNU_NUMBYTES:
        r = pax_number(value, "length in a sparse file", &v, err);
        if (r == 0 && !o->has_offset)
            r = vl_err_set(err, VL_ERR_INVALID, "tar: a length without an offset in a sparse file");
        if (r == 0)
            r = vl_tar_add_piece(tar, o->offset, v, err);
        o->has_offset = false;
        o->has_map = true;
        return r;
    default:
        return 0;
    }
}

static int take_record(
    struct vl_tar *tar, bool global, struct vl_span key, struct vl_span value, struct vl_err *err)
{
    struct tar_overrides *o = global ? &tar->global : &tar->local;
    enum pax_key id = key_of(key);
    /* An empty value takes a former record back: the header's own field counts again. */
    if (value.len == 0 || id == KEY_OTHER)
        return 0;
    switch (id) {
    case KEY_MTIME:
        pax_time(value, o);
        return 0;
    case KEY_UID:
        o->has_uid = vl_span_to_u64(value, &o->uid);
        return 0;
    case KEY_GID:
        o->has_gid = vl_span_to_u64(value, &o->gid);
        return 0;
    default:
        break;
    }
    if (global)
        return 0;
    switch (id) {
    case KEY_PATH:
        return take_name(value, o->path, "path", err);
    case KEY_LINKPATH:
        return take_name(value, o->target, "linkpath", err);
    case KEY_SIZE:
        o->has_size = true;
        return pax_number(value, "size", &o->size, err);
    default:
        return take_sparse(tar, id, value, err);
    }
}

/* One record: "LENGTH KEY=VALUE\n", where the length counts itself. */
static bool split_record(struct vl_span *rest, struct vl_span *ret_key, struct vl_span *ret_value)
{
    size_t space = vl_span_find_char(vl_span_slice(*rest, 0, 21), ' ');
    uint64_t len;
    if (space == SIZE_MAX || !vl_span_to_u64(vl_span_slice(*rest, 0, space), &len) || len > rest->len ||
        len < space + 3 || rest->ptr[len - 1] != '\n')
        return false;
    struct vl_span record = vl_span_slice(*rest, space + 1, (size_t)len - 1);
    size_t equals = vl_span_find_char(record, '=');
    if (equals == SIZE_MAX || equals == 0)
        return false;
    *ret_key = vl_span_slice(record, 0, equals);
    *ret_value = vl_span_slice(record, equals + 1, record.len);
    *rest = vl_span_slice(*rest, (size_t)len, rest->len);
    return true;
}

int vl_tar_read_pax(struct vl_tar *tar, struct vl_span records, bool global, struct vl_err *err)
{
    while (records.len) {
        struct vl_span key, value;
        if (!split_record(&records, &key, &value))
            return vl_err_set(err, VL_ERR_INVALID, "tar: a record of an extended header is damaged");
        int r = take_record(tar, global, key, value, err);
        if (r < 0)
            return r;
    }
    return 0;
}
