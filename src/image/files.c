#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/tar.h"

#define NAMES_BYTES_MAX (256UL * 1024 * 1024)
#define LINKS_MAX       8
#define OPEN_MAX        4096
#define STEP            (256UL * 1024)

/* Of an archive. */
struct member {
    uint64_t offset;
    uint64_t length;
    const char *link; /* where it is a link: the path meant; else NULL */
};

struct vl_files {
    int fd; /* of the folder, or of the archive */
    bool folder;
    struct vl_arena *arena;
    const char *name;
    struct vl_map members; /* path -> struct member * */
    struct vl_vec opened;  /* of a folder: int */
};

static struct vl_files *files_new(int fd, const char *name, bool folder)
{
    struct vl_files *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->fd = fd;
    f->folder = folder;
    vl_map_init(&f->members, VL_FILES_MEMBERS_MAX);
    vl_vec_init(&f->opened, sizeof(int), OPEN_MAX);
    f->arena = vl_arena_new(NAMES_BYTES_MAX);
    f->name = f->arena ? vl_arena_strdup(f->arena, name) : NULL;
    if (!f->name) {
        f->fd = -1;
        vl_files_free(f);
        return NULL;
    }
    return f;
}

void vl_files_free(struct vl_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->opened.len; i++)
        vl_file_close(vl_vec_at(&files->opened, i));
    vl_vec_done(&files->opened);
    vl_map_done(&files->members);
    vl_arena_free(files->arena);
    vl_file_close(&files->fd);
    free(files);
}

void vl_files_cleanup(struct vl_files **files)
{
    vl_files_free(*files);
    *files = NULL;
}

int vl_files_open_folder(const char *path, struct vl_files **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no such folder", path)
                               : vl_err_sys(err, errno, "%s", path);
    struct vl_files *f = files_new(fd, path, true);
    if (!f)
        return vl_err_nomem(err);
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): VL_CLEANUP reads it */
    *ret = f;
    return 0;
}

static const char *link_target(
    struct vl_files *f, const struct vl_tar_entry *entry, const char *path, char clean[VL_TAR_PATH_MAX])
{
    char joined[2 * VL_TAR_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t folder = 0;
    /* A symbolic link is relative to where it stands, a hard link to the archive. */
    if (entry->type == VL_TAR_SYMLINK && entry->target[0] != '/' && slash)
        folder = (size_t)(slash - path) + 1;
    memcpy(joined, path, folder);
    memcpy(joined + folder, entry->target, strlen(entry->target) + 1);
    return vl_tar_clean_path(joined, clean) ? vl_arena_strdup(f->arena, clean) : NULL;
}

static int add_member(
    struct vl_files *f, const struct vl_tar_entry *entry, uint64_t position, struct vl_err *err)
{
    char path[VL_TAR_PATH_MAX];
    char target[VL_TAR_PATH_MAX];
    bool is_link = entry->type == VL_TAR_SYMLINK || entry->type == VL_TAR_HARDLINK;
    if ((!is_link && entry->type != VL_TAR_FILE) || entry->sparse || !vl_tar_clean_path(entry->path, path))
        return 0;
    struct member *m = vl_arena_alloc(f->arena, sizeof(*m));
    const char *key = vl_arena_strdup(f->arena, path);
    if (!m || !key)
        return vl_arena_check(f->arena, f->name, err) < 0 ? err->err : vl_err_nomem(err);
    *m = (struct member){position, entry->size, NULL};
    if (is_link && !(m->link = link_target(f, entry, path, target)))
        return 0;
    struct vl_map_slot *slot;
    int r = vl_map_put(&f->members, vl_span_str(key), &slot, NULL, err);
    if (r == 0)
        slot->value.ptr = m; /* the later of two counts */
    return r;
}

static int index_archive(struct vl_files *f, struct vl_err *err)
{
    struct stat st;
    const uint64_t *position = NULL;
    const struct vl_tar_entry *entry = NULL;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    if (fstat(f->fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", f->name);
    int r = vl_stream_new_region(f->fd, f->name, 0, (uint64_t)st.st_size, &position, &stream, err);
    if (r < 0)
        return r;
    VL_CLEANUP(vl_tar_cleanup) struct vl_tar *tar = vl_tar_new(stream);
    if (!tar)
        return vl_err_nomem(err);
    while ((r = vl_tar_next(tar, &entry, err)) > 0) {
        r = add_member(f, entry, *position, err);
        if (r < 0)
            break;
    }
    return r < 0 ? vl_err_wrap(err, "%s", f->name) : 0;
}

static int spool(struct vl_stream *from, const char *name, int *ret_fd, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    char *buf = malloc(STEP);
    int r = buf ? vl_file_temp(NULL, &fd, err) : vl_err_nomem(err);
    while (r == 0) {
        int64_t n = vl_stream_read(from, buf, STEP, err);
        if (n == 0)
            break;
        r = n < 0 ? vl_err_wrap(err, "%s", name)
                  : vl_file_write_fd(
                        fd, "temporary copy of the archive", (struct vl_span){buf, (size_t)n}, err);
    }
    free(buf);
    if (r < 0)
        return r;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

/* *fd is replaced by an unnamed copy where it cannot be read in any order, or is compressed. */
static int make_readable(int *fd, const char *name, struct vl_err *err)
{
    struct stat st;
    char head[8];
    if (fstat(*fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", name);
    if (S_ISDIR(st.st_mode))
        return vl_err_set(
            err, VL_ERR_USAGE, "%s: a folder, not an archive; write oci:%s for a layout", name, name);
    if (S_ISREG(st.st_mode)) {
        ssize_t n = pread(*fd, head, sizeof(head), 0);
        if (n < 0)
            return vl_err_sys(err, errno, "%s: read", name);
        if (vl_compression_detect((struct vl_span){head, (size_t)n}) == VL_COMPRESSION_NONE)
            return 0;
    }
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    int copy = -1;
    int r = vl_stream_new_fd(*fd, name, UINT64_MAX, &stream, err);
    if (r == 0)
        r = vl_stream_new_auto(stream, VL_FILES_ARCHIVE_MAX, &stream, err);
    if (r == 0)
        r = spool(stream, name, &copy, err);
    if (r < 0)
        return r;
    vl_file_close(fd);
    *fd = copy;
    return 0;
}

int vl_files_open_archive_fd(int fd, const char *name, struct vl_files **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int owned = fd;
    VL_CLEANUP(vl_files_cleanup) struct vl_files *f = NULL;
    int r = make_readable(&owned, name, err);
    if (r < 0)
        return r;
    f = files_new(owned, name, false);
    if (!f)
        return vl_err_nomem(err);
    owned = -1;
    r = index_archive(f, err);
    if (r < 0)
        return r;
    *ret = f;
    f = NULL;
    return 0;
}

int vl_files_open_archive(const char *path, struct vl_files **ret, struct vl_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no such file", path);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s", path);
    return vl_files_open_archive_fd(fd, standard ? "standard input" : path, ret, err);
}

static int not_there(const struct vl_files *f, const char *path, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: holds no '%s'", f->name, path);
}

static int find_in_folder(
    struct vl_files *f, const char *path, int *ret_fd, uint64_t *ret_length, struct vl_err *err)
{
    struct stat st;
    /* Without O_NONBLOCK a named pipe would hold us up for ever. */
    VL_CLEANUP(vl_file_close) int fd = openat(f->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return not_there(f, path, err);
    if (fd < 0 || fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "%s/%s", f->name, path);
    if (!S_ISREG(st.st_mode))
        return vl_err_set(err, VL_ERR_INVALID, "%s/%s: no regular file", f->name, path);
    int *slot = vl_vec_push(&f->opened, "open files of a layout", err);
    if (!slot)
        return err->err;
    *slot = *ret_fd = fd;
    *ret_length = (uint64_t)st.st_size;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): VL_CLEANUP reads it */
    return 0;
}

int vl_files_find(struct vl_files *files, const char *path, int *ret_fd, uint64_t *ret_offset,
    uint64_t *ret_length, struct vl_err *err)
{
    char clean[VL_TAR_PATH_MAX];
    if (strlen(path) >= VL_TAR_PATH_MAX || !vl_tar_clean_path(path, clean))
        return vl_err_set(err, VL_ERR_INVALID, "%s: '%.200s' leads out of the image", files->name, path);
    if (files->folder) {
        *ret_offset = 0;
        return find_in_folder(files, clean, ret_fd, ret_length, err);
    }
    const char *at = clean;
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        const struct vl_map_slot *slot = vl_map_get(&files->members, vl_span_str(at));
        if (!slot)
            return not_there(files, path, err);
        const struct member *m = slot->value.ptr;
        if (!m->link) {
            *ret_fd = files->fd;
            *ret_offset = m->offset;
            *ret_length = m->length;
            return 0;
        }
        at = m->link;
    }
    return vl_err_set(err, VL_ERR_INVALID, "%s: '%s' is a link in a circle", files->name, path);
}

bool vl_files_has(struct vl_files *files, const char *path)
{
    if (files->folder)
        return faccessat(files->fd, path, F_OK, 0) == 0;
    return vl_map_get(&files->members, vl_span_str(path)) != NULL;
}

int vl_files_read(
    struct vl_files *files, const char *path, size_t max, struct vl_buf *out, struct vl_err *err)
{
    int fd = -1;
    uint64_t offset = 0;
    uint64_t length = 0;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    int r = vl_files_find(files, path, &fd, &offset, &length, err);
    if (r < 0)
        return r;
    if (length > max)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: '%s' has more than %zu bytes", files->name, path, max);
    char *to = vl_buf_reserve(out, (size_t)length);
    if (!to)
        return vl_buf_check(out, path, err) < 0 ? err->err : vl_err_nomem(err);
    r = vl_stream_new_region(fd, path, offset, length, NULL, &stream, err);
    if (r == 0)
        r = vl_stream_read_all(stream, to, (size_t)length, err);
    if (r < 0)
        return vl_err_wrap(err, "%s: '%s'", files->name, path);
    vl_buf_commit(out, (size_t)length);
    return 0;
}
