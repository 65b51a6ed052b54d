#include "codec/tar.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tar_header.h"

#define BLOCK 512

struct vl_tar {
    struct vl_stream *stream; /* lent */
    struct vl_tar_entry entry;
    struct vl_tar_overrides global; /* of pax 'g' headers */
    struct vl_tar_overrides next;   /* of pax 'x' and GNU long-name headers, for the next entry only */
    char path[VL_TAR_PATH_MAX];
    char target[VL_TAR_PATH_MAX];
    uint64_t stored_left; /* bytes of content in the archive not yet read */
    uint64_t padding;     /* after them */
    struct vl_tar_sparse sparse;
    uint64_t position; /* in the expanded file */
    uint64_t entries;
    bool ended;
};

struct vl_tar *vl_tar_new(struct vl_stream *stream)
{
    struct vl_tar *tar = calloc(1, sizeof(*tar));
    if (tar)
        tar->stream = stream;
    return tar;
}

void vl_tar_free(struct vl_tar *tar)
{
    if (!tar)
        return;
    vl_tar_overrides_done(&tar->global);
    vl_tar_overrides_done(&tar->next);
    free(tar->sparse.parts);
    free(tar);
}

void vl_tar_cleanup(struct vl_tar **tar)
{
    vl_tar_free(*tar);
    *tar = NULL;
}

/* 1 with a header, 0 at the end of the archive: two zero blocks, or the end of the bytes at an entry border.
 */
static int read_header(struct vl_tar *tar, char block[BLOCK], struct vl_err *err)
{
    static const char zeros[BLOCK];
    for (unsigned empty = 0; empty < 2;) {
        size_t got = 0;
        while (got < BLOCK) {
            int64_t n = vl_stream_read(tar->stream, block + got, BLOCK - got, err);
            if (n < 0)
                return (int)n;
            if (n == 0)
                break;
            got += (size_t)n;
        }
        if (got == 0)
            return 0;
        if (got < BLOCK)
            return vl_err_set(err, VL_ERR_INVALID, "tar: ends inside a header");
        if (memcmp(block, zeros, BLOCK) != 0)
            return 1;
        empty++;
    }
    return 0;
}

/* Content of a header that describes the next entry. */
static int read_extension(struct vl_tar *tar, uint64_t size, struct vl_buf *out, struct vl_err *err)
{
    if (size > VL_TAR_HEADER_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "tar: an extended header of %llu bytes, more than %lu",
            (unsigned long long)size, VL_TAR_HEADER_MAX);
    vl_buf_clear(out);
    char *to = vl_buf_reserve(out, (size_t)size);
    if (!to)
        return vl_err_nomem(err);
    int r = vl_stream_read_all(tar->stream, to, (size_t)size, err);
    if (r < 0)
        return vl_err_wrap(err, "tar: extended header");
    vl_buf_commit(out, (size_t)size);
    return vl_stream_skip(tar->stream, (BLOCK - size % BLOCK) % BLOCK, err);
}

static int skip_rest(struct vl_tar *tar, struct vl_err *err)
{
    uint64_t rest = tar->stored_left + tar->padding;
    tar->stored_left = tar->padding = 0;
    if (rest == 0)
        return 0;
    int r = vl_stream_skip(tar->stream, rest, err);
    return r < 0 ? vl_err_wrap(err, "tar: %s", tar->path) : 0;
}

static int apply_extension(struct vl_tar *tar, char type, uint64_t size, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_TAR_HEADER_MAX);
    int r = read_extension(tar, size, &text, err);
    if (r < 0)
        return r;
    struct vl_span s = vl_buf_span(&text);
    switch (type) {
    case 'L':
        return vl_tar_override_path(&tar->next, vl_span_slice(s, 0, vl_span_find_char(s, '\0')), err);
    case 'K':
        return vl_tar_override_target(&tar->next, vl_span_slice(s, 0, vl_span_find_char(s, '\0')), err);
    case 'g':
        return vl_tar_parse_pax(s, &tar->global, err);
    default:
        return vl_tar_parse_pax(s, &tar->next, err);
    }
}

static bool is_extension(char type)
{
    return type == 'L' || type == 'K' || type == 'x' || type == 'X' || type == 'g';
}

static enum vl_tar_type type_of(char flag, const char *path)
{
    size_t n = strlen(path);
    switch (flag) {
    case '\0':
    case '0':
    case '7':
    case 'S':                                                      /* GNU sparse */
        return n && path[n - 1] == '/' ? VL_TAR_DIR : VL_TAR_FILE; /* v7 marks folders so */
    case '1':
        return VL_TAR_HARDLINK;
    case '2':
        return VL_TAR_SYMLINK;
    case '3':
        return VL_TAR_CHAR;
    case '4':
        return VL_TAR_BLOCK;
    case '5':
    case 'D': /* GNU incremental folder */
        return VL_TAR_DIR;
    case '6':
        return VL_TAR_FIFO;
    default:
        return VL_TAR_OTHER;
    }
}

static int set_text(char to[VL_TAR_PATH_MAX], struct vl_span from, const char *what, struct vl_err *err)
{
    from = vl_span_slice(from, 0, vl_span_find_char(from, '\0'));
    if (from.len >= VL_TAR_PATH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "tar: a %s of %zu bytes, more than %d", what, from.len, VL_TAR_PATH_MAX - 1);
    if (from.len)
        memcpy(to, from.ptr, from.len);
    to[from.len] = '\0';
    return 0;
}

/* What pax and GNU headers say beats the block. */
static int fill_entry(struct vl_tar *tar, const struct vl_tar_block *block, struct vl_err *err)
{
    const struct vl_tar_overrides *next = &tar->next, *global = &tar->global;
    struct vl_tar_entry *e = &tar->entry;
    struct vl_span path = next->has_path     ? vl_buf_span(&next->path)
                          : global->has_path ? vl_buf_span(&global->path)
                                             : block->path;
    struct vl_span target = next->has_target     ? vl_buf_span(&next->target)
                            : global->has_target ? vl_buf_span(&global->target)
                                                 : block->target;
    int r = set_text(tar->path, path, "path", err);
    if (r == 0)
        r = set_text(tar->target, target, "link target", err);
    if (r < 0)
        return r;
    *e = (struct vl_tar_entry){
        .type = type_of(block->type, tar->path),
        .path = tar->path,
        .target = tar->target,
        .size = next->has_size ? next->size : block->size,
        .mode = block->mode,
        .uid = next->has_uid ? next->uid : block->uid,
        .gid = next->has_gid ? next->gid : block->gid,
        .mtime_ms = next->has_mtime ? next->mtime_ms : block->mtime_s * 1000,
    };
    /* Only files have content; some writers give links and folders a size all the same, without bytes behind
     * it. */
    bool has_bytes = e->type == VL_TAR_FILE || e->type == VL_TAR_OTHER;
    tar->stored_left = has_bytes ? e->size : 0;
    tar->padding = (BLOCK - tar->stored_left % BLOCK) % BLOCK;
    tar->position = 0;
    if (!has_bytes)
        e->size = 0;
    return 0;
}

/* The map of holes, from wherever this kind of sparse file keeps it. */
static int fill_sparse(
    struct vl_tar *tar, const char raw[BLOCK], const struct vl_tar_block *block, struct vl_err *err)
{
    struct vl_tar_sparse *sparse = &tar->sparse;
    int r = 0;
    sparse->n_parts = 0;
    sparse->active = false;
    if (block->type == 'S') {
        r = vl_tar_read_gnu_sparse(raw, tar->stream, sparse, err);
    } else if (tar->next.sparse_major == 1) {
        uint64_t used = 0;
        r = vl_tar_read_pax_sparse(tar->stream, tar->stored_left, &used, sparse, err);
        if (r == 0)
            tar->stored_left -= used;
        sparse->real_size = tar->next.sparse_size;
    } else if (tar->next.sparse_map_len) {
        r = vl_tar_parse_sparse_map(vl_buf_span(&tar->next.sparse_map), sparse, err);
        sparse->real_size = tar->next.sparse_size;
    } else {
        return 0;
    }
    if (r == 0)
        r = vl_tar_check_sparse(sparse, tar->stored_left, err);
    if (r < 0)
        return vl_err_wrap(err, "tar: %s", tar->path);
    sparse->active = true;
    sparse->part = 0;
    tar->entry.size = sparse->real_size;
    return 0;
}

int vl_tar_next(struct vl_tar *tar, const struct vl_tar_entry **ret_entry, struct vl_err *err)
{
    char raw[BLOCK];
    struct vl_tar_block block;
    if (tar->ended)
        return 0;
    int r = skip_rest(tar, err);
    vl_tar_overrides_reset(&tar->next);
    while (r == 0) {
        r = read_header(tar, raw, err);
        if (r <= 0) {
            tar->ended = r == 0;
            return r;
        }
        if (++tar->entries > VL_TAR_ENTRIES_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "tar: more than %d entries", VL_TAR_ENTRIES_MAX);
        r = vl_tar_parse_block(raw, &block, err);
        if (r < 0)
            return r;
        if (!is_extension(block.type))
            break;
        r = apply_extension(tar, block.type, block.size, err);
    }
    if (r < 0)
        return r;
    r = fill_entry(tar, &block, err);
    if (r == 0)
        r = fill_sparse(tar, raw, &block, err);
    if (r < 0)
        return r;
    *ret_entry = &tar->entry;
    return 1;
}

static int64_t read_stored(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err)
{
    if (size > tar->stored_left)
        size = (size_t)tar->stored_left;
    if (size == 0)
        return 0;
    int64_t n = vl_stream_read(tar->stream, buf, size, err);
    if (n == 0)
        return vl_err_set(err, VL_ERR_INVALID, "tar: %s: ends early", tar->path);
    if (n < 0)
        return vl_err_wrap(err, "tar: %s", tar->path);
    tar->stored_left -= (uint64_t)n;
    return n;
}

/* Holes are zeros; parts come from the archive in order. */
static int64_t read_sparse(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err)
{
    struct vl_tar_sparse *sparse = &tar->sparse;
    while (sparse->part < sparse->n_parts &&
           tar->position >= sparse->parts[sparse->part].offset + sparse->parts[sparse->part].len)
        sparse->part++;
    bool in_part = sparse->part < sparse->n_parts && tar->position >= sparse->parts[sparse->part].offset;
    uint64_t end = in_part ? sparse->parts[sparse->part].offset + sparse->parts[sparse->part].len
                   : sparse->part < sparse->n_parts ? sparse->parts[sparse->part].offset
                                                    : sparse->real_size;
    uint64_t left = end - tar->position;
    if (left < size)
        size = (size_t)left;
    if (size == 0)
        return 0;
    int64_t n = (int64_t)size;
    if (in_part)
        n = read_stored(tar, buf, size, err);
    else
        memset(buf, 0, size);
    if (n > 0)
        tar->position += (uint64_t)n;
    return n;
}

int64_t vl_tar_read(struct vl_tar *tar, void *buf, size_t size, struct vl_err *err)
{
    return tar->sparse.active ? read_sparse(tar, buf, size, err) : read_stored(tar, buf, size, err);
}

bool vl_tar_clean_path(const char *path, char ret[VL_TAR_PATH_MAX])
{
    size_t n = 0;
    unsigned depth = 0;
    while (*path) {
        size_t len = strcspn(path, "/");
        bool dot = len == 1 && path[0] == '.';
        bool up = len == 2 && path[0] == '.' && path[1] == '.';
        if (up) {
            if (depth == 0)
                return false;
            depth--;
            while (n && ret[n - 1] != '/')
                n--;
            n -= n > 0;
        } else if (len && !dot) {
            if (n + (n > 0) + len >= VL_TAR_PATH_MAX)
                return false;
            if (n)
                ret[n++] = '/';
            memcpy(ret + n, path, len);
            n += len;
            depth++;
        }
        path += len;
        path += *path == '/';
    }
    ret[n] = '\0';
    return n > 0;
}
