#include "image/layer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "image/image.h"

#define HEAD_BYTES    64U
#define WALK_NICE     5 /* a third of the weight of the digest's thread */
#define READ_STEP     (256U * 1024U)
#define NOTES_EACH    10 /* paths named for one kind of oddity; the rest is counted */
#define WHITEOUT      ".wh."
#define WHITEOUT_META ".wh..wh."
#define OPAQUE        ".wh..wh..opq"

/* Oddities that are skipped: the first few by name, then their number. */
enum oddity {
    ODD_CLIMBS,
    ODD_LINK,
    ODD_WHITEOUT,
    ODD_LARGE,
    ODD_COUNT,
};

static const struct {
    enum vl_note_kind kind;
    enum vl_err_code code;
    const char *text;
} oddities[ODD_COUNT] = {
    [ODD_CLIMBS] = {VL_NOTE_PARTIAL, VL_ERR_INVALID, "a path that leads out of the image; not looked at"},
    [ODD_LINK] = {VL_NOTE_PARTIAL, VL_ERR_INVALID, "a hard link out of the image; not looked at"},
    [ODD_WHITEOUT] = {VL_NOTE_INFO, VL_ERR_INVALID, "a whiteout that names nothing; ignored"},
    [ODD_LARGE] = {VL_NOTE_PARTIAL, VL_ERR_LIMIT, "larger than 1 GiB; not looked at"},
};

struct walk {
    const char *name;
    const struct vl_layer_visitor *visitor;
    struct vl_layer_paths *paths;
    struct vl_notes *notes;
    struct vl_err *err;
    struct vl_tar *tar;
    struct vl_buf content; /* of wanted files up to VL_LAYER_KEEP_MEMORY */
    uint64_t entries;
    uint64_t odd[ODD_COUNT];
    char path[VL_TAR_PATH_MAX];
    char target[VL_TAR_PATH_MAX];
    int fd; /* of a region walk, else -1 */
    uint64_t offset, length;
};

static void note_odd(struct walk *w, enum oddity what, const char *path)
{
    if (w->odd[what]++ < NOTES_EACH)
        vl_notes_add(
            w->notes, oddities[what].kind, oddities[what].code, path, "%s: %s", w->name, oddities[what].text);
}

static void note_rest(struct walk *w)
{
    for (size_t i = 0; i < ODD_COUNT; i++)
        if (w->odd[i] > NOTES_EACH)
            vl_notes_add(w->notes, oddities[i].kind, oddities[i].code, w->name, "%llu more of: %s",
                (unsigned long long)(w->odd[i] - NOTES_EACH), oddities[i].text);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whether some folder on the way has a reserved name: aufs' bookkeeping, nothing of the image. */
static bool in_reserved_folder(const char *path)
{
    for (const char *p = path; (p = strstr(p, WHITEOUT)) != NULL; p++)
        if ((p == path || p[-1] == '/') && strchr(p, '/'))
            return true;
    return false;
}

/* Records what a ".wh." name stands for. w->path is cut down to the path meant. */
static int take_whiteout(struct walk *w, size_t base)
{
    const char *name = w->path + base;
    if (strcmp(name, OPAQUE) == 0) {
        w->path[base ? base - 1 : 0] = '\0';
        return vl_layer_paths_add(w->paths, VL_LAYER_PATH_OPAQUE, w->path, NULL, w->err);
    }
    if (strncmp(name, WHITEOUT_META, sizeof(WHITEOUT_META) - 1) == 0)
        return 0;
    name += sizeof(WHITEOUT) - 1;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        note_odd(w, ODD_WHITEOUT, w->path);
        return 0;
    }
    memmove(w->path + base, name, strlen(name) + 1);
    return vl_layer_paths_add(w->paths, VL_LAYER_PATH_WHITEOUT, w->path, NULL, w->err);
}

/* All of a file's content that follows the `got` bytes already in w->content. */
static int read_rest(struct walk *w, uint64_t size)
{
    while (w->content.len < size) {
        uint64_t left = size - w->content.len;
        size_t step = left < READ_STEP ? (size_t)left : READ_STEP;
        char *to = vl_buf_reserve(&w->content, step);
        if (!to)
            return vl_buf_check(&w->content, w->path, w->err) < 0 ? w->err->err : vl_err_nomem(w->err);
        int64_t n = vl_tar_read(w->tar, to, step, w->err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return vl_err_set(w->err, VL_ERR_INVALID, "%s: ends early", w->path);
        vl_buf_commit(&w->content, (size_t)n);
    }
    return 0;
}

static int show_mapped(
    struct walk *w, const struct vl_layer_file *file, int fd, uint64_t offset, struct vl_span head)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t slack = offset % page;
    size_t length = (size_t)(file->size + slack);
    char *map = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - slack));
    if (map == MAP_FAILED)
        return vl_err_sys(w->err, errno, "%s: map %zu bytes", w->path, length);
    struct vl_layer_file shown = *file;
    shown.head = head;
    int r =
        w->visitor->file(&shown, (struct vl_span){map + slack, (size_t)file->size}, w->visitor->user, w->err);
    munmap(map, length);
    return r;
}

static int show_spooled(struct walk *w, const struct vl_layer_file *file)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    char head[HEAD_BYTES];
    size_t head_len = w->content.len;
    memcpy(head, w->content.ptr, head_len);
    int r = vl_file_temp(NULL, &fd, w->err);
    if (r == 0)
        r = vl_file_write_fd(fd, "spool", (struct vl_span){head, head_len}, w->err);
    if (r < 0)
        return r;
    vl_buf_clear(&w->content);
    char *step = vl_buf_reserve(&w->content, READ_STEP);
    if (!step)
        return vl_err_nomem(w->err);
    for (uint64_t done = head_len; done < file->size;) {
        int64_t n = vl_tar_read(w->tar, step, READ_STEP, w->err);
        if (n == 0)
            return vl_err_set(w->err, VL_ERR_INVALID, "%s: ends early", w->path);
        r = n < 0 ? (int)n : vl_file_write_fd(fd, "spool", (struct vl_span){step, (size_t)n}, w->err);
        if (r < 0)
            return r;
        done += (uint64_t)n;
    }
    return show_mapped(w, file, fd, 0, (struct vl_span){head, head_len});
}

/* A large file of a layer that lies in a file is looked at where it is. */
static int show_large(struct walk *w, const struct vl_layer_file *file, uint64_t at, bool in_place)
{
    char head[HEAD_BYTES];
    if (file->size > VL_LAYER_SPOOL_MAX) {
        note_odd(w, ODD_LARGE, w->path);
        return 0;
    }
    if (!in_place)
        return show_spooled(w, file);
    /* What lies behind the layer is not its content, and what lies behind the file cannot be touched. */
    struct stat st;
    if (fstat(w->fd, &st) < 0)
        return vl_err_sys(w->err, errno, "%s", w->name);
    uint64_t there = (uint64_t)st.st_size > w->offset ? (uint64_t)st.st_size - w->offset : 0;
    there = there < w->length ? there : w->length;
    if (at > there || file->size > there - at)
        return vl_err_set(w->err, VL_ERR_INVALID, "%s: '%s' ends early", w->name, w->path);
    size_t head_len = w->content.len;
    memcpy(head, w->content.ptr, head_len);
    return show_mapped(w, file, w->fd, w->offset + at, (struct vl_span){head, head_len});
}

static int take_file(struct walk *w, const struct vl_tar_entry *entry)
{
    struct vl_layer_file file = {.path = w->path, .mode = entry->mode, .size = entry->size};
    vl_buf_clear(&w->content);
    int r = read_rest(w, entry->size < HEAD_BYTES ? entry->size : HEAD_BYTES);
    if (r < 0)
        return r;
    file.head = vl_buf_span(&w->content);
    if (!w->visitor->wants(&file, w->visitor->user))
        return 0;
    if (entry->size > VL_LAYER_KEEP_MEMORY)
        return show_large(w, &file, entry->content_at, w->fd >= 0 && !entry->sparse);
    r = read_rest(w, entry->size);
    if (r < 0)
        return r;
    file.head = vl_span_slice(vl_buf_span(&w->content), 0, HEAD_BYTES);
    return w->visitor->file(&file, vl_buf_span(&w->content), w->visitor->user, w->err);
}

static enum vl_layer_path_kind path_kind(enum vl_tar_type type)
{
    switch (type) {
    case VL_TAR_FILE:
        return VL_LAYER_PATH_FILE;
    case VL_TAR_DIR:
        return VL_LAYER_PATH_DIR;
    case VL_TAR_SYMLINK:
        return VL_LAYER_PATH_SYMLINK;
    case VL_TAR_HARDLINK:
        return VL_LAYER_PATH_HARDLINK;
    default:
        return VL_LAYER_PATH_OTHER;
    }
}

static int take_entry(struct walk *w, const struct vl_tar_entry *entry)
{
    if (entry->type == VL_TAR_OTHER)
        return 0;
    if (!vl_tar_clean_path(entry->path, w->path)) {
        if (strstr(entry->path, ".."))
            note_odd(w, ODD_CLIMBS, entry->path);
        return 0; /* else the root itself */
    }
    if (in_reserved_folder(w->path))
        return 0;
    size_t base = (size_t)(base_name(w->path) - w->path);
    if (strncmp(w->path + base, WHITEOUT, sizeof(WHITEOUT) - 1) == 0)
        return take_whiteout(w, base);

    const char *target = NULL;
    if (entry->type == VL_TAR_SYMLINK)
        target = entry->target;
    if (entry->type == VL_TAR_HARDLINK) {
        if (!vl_tar_clean_path(entry->target, w->target)) {
            note_odd(w, ODD_LINK, w->path);
            return 0;
        }
        target = w->target;
    }
    int r = vl_layer_paths_add(w->paths, path_kind(entry->type), w->path, target, w->err);
    if (r < 0)
        return r;
    if (entry->type == VL_TAR_FILE)
        return take_file(w, entry);
    return w->visitor->entry ? w->visitor->entry(entry, w->path, w->visitor->user, w->err) : 0;
}

static int walk_tar(struct walk *w, struct vl_stream *stream)
{
    const struct vl_tar_entry *entry = NULL;
    VL_CLEANUP(vl_tar_cleanup) struct vl_tar *tar = vl_tar_new(stream);
    int r = tar ? 1 : vl_err_nomem(w->err);
    w->tar = tar;
    while (r > 0) {
        r = vl_tar_next(tar, &entry, w->err);
        if (r <= 0)
            break;
        if (++w->entries > VL_LAYER_ENTRIES_MAX)
            r = vl_err_set(w->err, VL_ERR_LIMIT, "more than %d entries", VL_LAYER_ENTRIES_MAX);
        else
            r = take_entry(w, entry);
        r = r < 0 ? r : 1;
    }
    return r;
}

static int finish(struct walk *w, int r)
{
    vl_buf_done(&w->content);
    if (r < 0)
        return vl_err_wrap(w->err, "%s", w->name);
    note_rest(w);
    return vl_layer_paths_sort(w->paths, w->err);
}

static void walk_init(struct walk *w)
{
    /* Bounded by the steps of read_rest(), not by what a header claims. */
    vl_buf_init(&w->content, VL_LAYER_KEEP_MEMORY + READ_STEP);
}

/* blob -> decompressed in a thread of its own -> digest -> tar */
static int open_chain(
    struct vl_stream *blob, struct vl_digester *digester, struct vl_stream **ret, struct vl_err *err)
{
    struct vl_stream *s = NULL;
    int r = vl_stream_new_lent(blob, NULL, &s, err);
    if (r == 0)
        r = vl_stream_new_auto(s, VL_IMAGE_LAYER_MAX, &s, err);
    if (r == 0)
        r = vl_stream_new_pipelined(s, &s, err);
    if (r == 0)
        r = vl_stream_new_digest(s, digester, &s, err);
    if (r == 0)
        *ret = s;
    return r;
}

/* To the end: padding and whatever else follows the archive belongs to the digest. */
static int walk_chain(struct walk *w, struct vl_stream *chain, uint64_t *ret_bytes)
{
    int r = walk_tar(w, chain);
    if (r == 0)
        r = vl_stream_drain(chain, w->err);
    if (r == 0)
        *ret_bytes = vl_stream_position(chain);
    return r;
}

int vl_layer_walk(struct vl_stream *blob, const char *name, const struct vl_layer_visitor *visitor,
    struct vl_layer_paths *ret_paths, struct vl_notes *notes, struct vl_layer_walk *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(VL_DIGEST_SHA256);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *chain = NULL;
    struct vl_layer_walk done = {0};
    struct walk w = {
        .name = name, .visitor = visitor, .paths = ret_paths, .notes = notes, .err = err, .fd = -1};
    walk_init(&w);

    int r = digester ? open_chain(blob, digester, &chain, err) : vl_err_nomem(err);
    if (r == 0)
        r = walk_chain(&w, chain, &done.bytes);
    vl_stream_cleanup(&chain); /* its thread reads the blob no more */
    if (r == 0)
        r = vl_stream_drain(blob, err);
    r = finish(&w, r);
    if (r < 0)
        return r;
    vl_digester_finish(digester, &done.diff_id);
    done.entries = w.entries;
    *ret = done;
    return 0;
}

/* The digest of a region, beside the walk. */
struct hashing {
    int fd;
    uint64_t offset, length;
    const char *name;
    struct vl_digest digest;
    int result;
    struct vl_err err;
    bool cancelled; /* by the walk, which failed: __atomic */
};

/* The digest alone takes longer than the walk: a further thread reads ahead of it. */
static int hash_region(struct hashing *h, struct vl_digester *digester)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    struct vl_span bytes;
    uint64_t done = 0;
    int r = vl_stream_new_region_ahead(h->fd, h->name, h->offset, h->length, &s, &h->err);
    while (r == 0 && done < h->length && !__atomic_load_n(&h->cancelled, __ATOMIC_RELAXED)) {
        int64_t n = vl_stream_borrow(s, READ_STEP, &bytes, &h->err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return vl_err_set(&h->err, VL_ERR_INVALID, "%s: ends early", h->name);
        vl_digester_update(digester, bytes);
        done += (uint64_t)n;
    }
    if (r == 0)
        vl_digester_finish(digester, &h->digest);
    return r;
}

static void *run_hashing(void *user)
{
    struct hashing *h = user;
    VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(VL_DIGEST_SHA256);
    h->result = digester ? hash_region(h, digester) : vl_err_nomem(&h->err);
    return NULL;
}

static int walk_region(struct walk *w, uint64_t length)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    int r = vl_stream_new_region(w->fd, w->name, w->offset, length, NULL, &stream, w->err);
    return r < 0 ? r : walk_tar(w, stream);
}

int vl_layer_walk_region(int fd, uint64_t offset, uint64_t length, const char *name,
    const struct vl_layer_visitor *visitor, struct vl_layer_paths *ret_paths, struct vl_notes *notes,
    struct vl_layer_walk *ret, struct vl_err *err)
{
    struct walk w = {.name = name, .visitor = visitor, .paths = ret_paths, .notes = notes, .err = err};
    struct hashing h = {.fd = fd, .offset = offset, .length = length, .name = name};
    pthread_t thread;
    w.fd = fd;
    w.offset = offset;
    w.length = length;
    walk_init(&w);

    bool threaded = pthread_create(&thread, NULL, run_hashing, &h) == 0;
    if (threaded && visitor->steps_back)
        (void)setpriority(PRIO_PROCESS, 0, WALK_NICE);
    int r = finish(&w, walk_region(&w, length));
    const struct vl_layer_walk walked = {.bytes = length, .entries = w.entries};
    if (r == 0 && visitor->walked)
        r = visitor->walked(&walked, visitor->user, err);
    if (r < 0)
        __atomic_store_n(&h.cancelled, true, __ATOMIC_RELAXED);
    if (threaded)
        pthread_join(thread, NULL);
    else if (r == 0)
        run_hashing(&h);
    if (r == 0 && h.result < 0) {
        *err = h.err;
        r = vl_err_wrap(err, "%s", name);
    }
    if (r < 0)
        return r;
    *ret = walked;
    ret->diff_id = h.digest;
    return 0;
}
