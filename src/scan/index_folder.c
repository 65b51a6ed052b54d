#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "index_file.h"

#include "base/file.h"

#define HEAD_BYTES       64U
#define KEEP_MEMORY      (16UL * 1024 * 1024) /* larger files are copied to a spool and mapped */
#define COPY_STEP        (1024UL * 1024)
#define NEIGHBOURS_MAX   20000U                /* entries looked at for the sake of one file */
#define NEIGHBOURS_DEPTH 4U                    /* folders below its own */
#define FOLDER_NAMES_MAX (256UL * 1024 * 1024) /* bytes of names that wait to be looked at */

/* Git's object store: compressed, and large. */
#define GIT_OBJECTS ".git/objects"

struct folder {
    int root; /* lent */
    dev_t dev;
    struct vl_indexing *ix;
    const char *only; /* the one file asked for; its neighbours are there to be named by it; or NULL */
    struct vl_arena *names;
    struct vl_vec waiting; /* const char *: folders, the next one last */
    struct vl_buf content;
    uint64_t entries;
    uint64_t unread; /* files that could not be opened, and whose names nobody asks for */
    uint64_t mounts; /* other file systems that were not entered */
    struct vl_err *err;
};

/* One component at a time, for kernels (and sandboxes) without openat2(). */
static int open_by_parts(int root, const char *path, int flags)
{
    char part[NAME_MAX + 1];
    VL_CLEANUP(vl_file_close) int at = -1;
    const char *slash;
    while ((slash = strchr(path, '/'))) {
        size_t len = (size_t)(slash - path);
        if (len > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, path, len);
        part[len] = '\0';
        int next =
            openat(at >= 0 ? at : root, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (next < 0)
            return -1;
        vl_file_close(&at);
        at = next;
        path = slash + 1;
    }
    return openat(at >= 0 ? at : root, path, flags);
}

/* Never beyond the root, never through a symbolic link: not even when somebody moves things meanwhile. */
static int open_beneath(int root, const char *path, int flags)
{
    flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct open_how how = {
        .flags = (unsigned)flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open_by_parts(root, path, flags);
    return fd;
}

static void note_errno(struct folder *f, const char *path, int errnum)
{
    vl_notes_add(
        &f->ix->index->notes, VL_NOTE_PARTIAL, VL_ERR_SYSTEM, path, "not looked at: %s", strerror(errnum));
}

/* 1: all read, 0: shorter than announced or not readable, which is noted. */
static int read_content(struct folder *f, int fd, const char *path, uint64_t size)
{
    vl_buf_clear(&f->content);
    while (f->content.len < size) {
        uint64_t left = size - f->content.len;
        size_t step = left < COPY_STEP ? (size_t)left : COPY_STEP;
        char *to = vl_buf_reserve(&f->content, step);
        if (!to)
            return vl_buf_check(&f->content, path, f->err) < 0 ? f->err->err : vl_err_nomem(f->err);
        ssize_t n = read(fd, to, step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            note_errno(f, path, n < 0 ? errno : EIO);
            return 0;
        }
        vl_buf_commit(&f->content, (size_t)n);
    }
    return 1;
}

/* A file on disk may shrink under a mapping, which kills; its copy does not. */
static int show_copy(struct folder *f, int fd, struct vl_layer_file *file)
{
    VL_CLEANUP(vl_file_close) int copy = -1;
    uint64_t done = f->content.len;
    int r = vl_file_temp(NULL, &copy, f->err);
    if (r == 0)
        r = vl_file_write_fd(copy, "spool", vl_buf_span(&f->content), f->err);
    while (r == 0 && done < file->size) {
        uint64_t left = file->size - done;
        r = read_content(f, fd, file->path, left < COPY_STEP ? left : COPY_STEP);
        if (r <= 0)
            return r;
        r = vl_file_write_fd(copy, "spool", vl_buf_span(&f->content), f->err);
        done += f->content.len;
    }
    if (r < 0)
        return r;
    char *map = mmap(NULL, (size_t)file->size, PROT_READ, MAP_PRIVATE, copy, 0);
    if (map == MAP_FAILED)
        return vl_err_sys(f->err, errno, "%s: map", file->path);
    struct vl_span content = {map, (size_t)file->size};
    file->head = vl_span_slice(content, 0, HEAD_BYTES);
    r = vl_indexing_file(f->ix, file, content, f->err);
    munmap(map, (size_t)file->size);
    return r;
}

/* `fd`: a regular file at its start. */
static int show_file(struct folder *f, int fd, const char *path, const struct stat *st)
{
    struct vl_layer_file file = {
        .path = path, .mode = (uint32_t)st->st_mode & 07777, .size = (uint64_t)st->st_size};
    int r = read_content(f, fd, path, file.size < HEAD_BYTES ? file.size : HEAD_BYTES);
    if (r <= 0)
        return r;
    file.head = vl_buf_span(&f->content);
    if (!vl_indexing_wants(f->ix, &file))
        return 0;
    if (file.size > KEEP_MEMORY)
        return show_copy(f, fd, &file);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return vl_err_sys(f->err, errno, "%s: seek", path);
    r = read_content(f, fd, path, file.size);
    if (r <= 0)
        return r;
    file.head = vl_span_slice(vl_buf_span(&f->content), 0, HEAD_BYTES);
    return vl_indexing_file(f->ix, &file, vl_buf_span(&f->content), f->err);
}

/* What a manifest may name ("-r base.txt", "lib/NAME/version.rb") is set aside; it says nothing by itself. */
static int show_neighbour(struct folder *f, int fd, const char *path, const struct stat *st)
{
    struct vl_package_file file = {
        .path = path, .mode = (uint32_t)st->st_mode & 07777, .size = (uint64_t)st->st_size};
    if (!f->ix->shelf || !vl_package_shelf_wants(&file))
        return 0;
    int r = read_content(f, fd, path, file.size);
    if (r <= 0)
        return r;
    file.content = vl_buf_span(&f->content);
    r = vl_package_shelf_offer(f->ix->shelf, &file, NULL, f->err);
    return r < 0 ? r : 0;
}

static int take_link(struct folder *f, int dir, const char *name, const char *path)
{
    char target[VL_TAR_PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
    if (n < 0) {
        note_errno(f, path, errno);
        return 0;
    }
    target[n] = '\0';
    return vl_layer_paths_add(&f->ix->index->paths, VL_LAYER_PATH_SYMLINK, path, target, f->err);
}

/* What is missing matters where some parser would have asked for it; the rest is counted. Without its first
 * bytes a binary is known by its mode alone. */
static void note_unread(struct folder *f, const char *path, const struct stat *st, int errnum)
{
    const struct vl_layer_file file = {
        .path = path, .mode = (uint32_t)st->st_mode & 07777, .size = (uint64_t)st->st_size};
    if ((file.mode & 0111) || vl_indexing_wants(f->ix, &file))
        note_errno(f, path, errnum);
    else
        f->unread++;
}

static int take_file(struct folder *f, int dir, const char *name, const char *path, const struct stat *seen)
{
    struct stat st;
    VL_CLEANUP(vl_file_close)
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (!f->only || strcmp(path, f->only) == 0)
            note_unread(f, path, seen, errno);
        return 0;
    }
    if (!S_ISREG(st.st_mode))
        return 0; /* it changed meanwhile */
    bool asked = !f->only || strcmp(path, f->only) == 0;
    return asked ? show_file(f, fd, path, &st) : show_neighbour(f, fd, path, &st);
}

static bool is_git_objects(const char *path)
{
    struct vl_span p = vl_span_str(path);
    return strcmp(path, GIT_OBJECTS) == 0 || vl_span_ends_with(p, "/" GIT_OBJECTS);
}

static bool is_too_deep(const char *path)
{
    unsigned depth = 1;
    for (; (path = strchr(path, '/')); path++)
        depth++;
    return depth > NEIGHBOURS_DEPTH;
}

static int take_folder(struct folder *f, const char *path, const struct stat *st)
{
    int r = f->only ? 0 : vl_layer_paths_add(&f->ix->index->paths, VL_LAYER_PATH_DIR, path, NULL, f->err);
    if (r < 0 || is_git_objects(path) || (f->only && is_too_deep(path)))
        return r;
    if (st->st_dev != f->dev) {
        f->mounts++;
        return 0;
    }
    const char *copy = vl_arena_strdup(f->names, path);
    const char **slot = copy ? vl_vec_push(&f->waiting, "folders", f->err) : NULL;
    if (!slot)
        return copy ? f->err->err : vl_arena_check(f->names, "names in folders", f->err);
    *slot = copy;
    return 0;
}

static int take_name(struct folder *f, int dir, const char *folder, const char *name)
{
    struct stat st;
    char path[VL_TAR_PATH_MAX];
    size_t front = strlen(folder), len = strlen(name);
    if (front + len + 2 > sizeof(path)) {
        vl_notes_add(&f->ix->index->notes, VL_NOTE_PARTIAL, VL_ERR_LIMIT, folder,
            "a path longer than %d bytes; not looked at", VL_TAR_PATH_MAX - 1);
        return 0;
    }
    memcpy(path, folder, front);
    if (front)
        path[front++] = '/';
    memcpy(path + front, name, len + 1);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        note_errno(f, path, errno);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return take_folder(f, path, &st);
    if (f->only && !S_ISREG(st.st_mode))
        return 0;
    if (S_ISLNK(st.st_mode))
        return take_link(f, dir, name, path);
    if (f->only && strcmp(path, f->only) != 0)
        return take_file(f, dir, name, path, &st);
    int r = vl_layer_paths_add(&f->ix->index->paths,
        S_ISREG(st.st_mode) ? VL_LAYER_PATH_FILE : VL_LAYER_PATH_OTHER, path, NULL, f->err);
    if (r < 0 || !S_ISREG(st.st_mode))
        return r;
    return take_file(f, dir, name, path, &st);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static int list_names(struct folder *f, DIR *dir, struct vl_arena *arena, struct vl_vec *names)
{
    const struct dirent *d;
    while ((d = readdir(dir))) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (f->only && f->entries >= NEIGHBOURS_MAX && strcmp(d->d_name, f->only) != 0)
            continue;
        if (++f->entries > VL_LAYER_ENTRIES_MAX)
            return vl_err_set(f->err, VL_ERR_LIMIT, "more than %d entries", VL_LAYER_ENTRIES_MAX);
        const char *copy = vl_arena_strdup(arena, d->d_name);
        const char **slot = copy ? vl_vec_push(names, "names in a folder", f->err) : NULL;
        if (!slot)
            return copy ? f->err->err : vl_arena_check(arena, "names in a folder", f->err);
        *slot = copy;
    }
    if (names->len)
        qsort(names->items, names->len, sizeof(const char *), by_name);
    return 0;
}

static int walk_folder(struct folder *f, const char *path)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(FOLDER_NAMES_MAX);
    VL_CLEANUP(vl_vec_done) struct vl_vec names;
    VL_CLEANUP(close_dir) DIR *dir = NULL;
    vl_vec_init(&names, sizeof(const char *), VL_LAYER_ENTRIES_MAX);
    int fd = open_beneath(f->root, *path ? path : ".", O_DIRECTORY);
    dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        note_errno(f, *path ? path : ".", errno);
        vl_file_close(&fd);
        return 0;
    }
    /* The folder's descriptor stays `fd`; `dir` closes it. */
    int r = arena ? list_names(f, dir, arena, &names) : vl_err_nomem(f->err);
    size_t first = f->waiting.len;
    for (size_t i = 0; i < names.len && r >= 0; i++)
        r = take_name(f, fd, path, *(const char *const *)vl_vec_at(&names, i));
    if (f->only && f->entries >= NEIGHBOURS_MAX)
        f->waiting.len = first = 0;
    /* The last one is taken next: turn them round, so that the walk goes by name. */
    const char **waiting = f->waiting.items;
    for (size_t a = first, b = f->waiting.len; a + 1 < b; a++, b--) {
        const char *swap = waiting[a];
        waiting[a] = waiting[b - 1];
        waiting[b - 1] = swap;
    }
    return r;
}

static int walk_all(struct folder *f)
{
    const char *path = "";
    for (;;) {
        int r = walk_folder(f, path);
        if (r < 0 || f->waiting.len == 0)
            return r;
        path = *(const char **)vl_vec_at(&f->waiting, f->waiting.len - 1);
        f->waiting.len--;
    }
}

/* What was found under the place that the file would have is told under its own name. */
static int tell_name(struct folder *f, const char *place, const char *base)
{
    struct vl_package_sink *sink = &f->ix->index->sink;
    size_t len = strlen(place);
    for (size_t i = 0; i < sink->packages.len && strcmp(place, base) != 0; i++) {
        struct vl_package *p = vl_vec_at(&sink->packages, i);
        if (strncmp(p->path, place, len) != 0)
            continue;
        p->path = vl_arena_printf(sink->arena, "%s%s", base, p->path + len);
        if (!p->path)
            return vl_arena_check(sink->arena, base, f->err);
    }
    return 0;
}

static int walk_single(struct folder *f, const char *name, const struct stat *st)
{
    char clean[VL_TAR_PATH_MAX], place[VL_PACKAGE_PLACE_MAX];
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    if (!vl_tar_clean_path(name, clean) && !vl_tar_clean_path(base, clean))
        return vl_err_set(f->err, VL_ERR_INVALID, "%s: no name of a file", name);
    const uint64_t size = (uint64_t)st->st_size;
    int r = read_content(f, f->root, base, size < HEAD_BYTES ? size : HEAD_BYTES);
    if (r <= 0)
        return r;
    const struct vl_package_file file = {
        .path = clean, .mode = (uint32_t)st->st_mode & 07777, .size = size, .head = vl_buf_span(&f->content)};
    if (!vl_package_place(&file, f->ix->options.scopes, place) &&
        (f->ix->options.scanners & VL_SCAN_VULN || !f->ix->secrets))
        vl_notes_add(&f->ix->index->notes, VL_NOTE_PARTIAL, VL_ERR_UNSUPPORTED, base,
            "no package database, manifest or binary of a kind that is read");
    f->entries = 1;
    r = vl_layer_paths_add(&f->ix->index->paths, VL_LAYER_PATH_FILE, place, NULL, f->err);
    if (r == 0 && lseek(f->root, 0, SEEK_SET) < 0)
        return vl_err_sys(f->err, errno, "%s: seek", name);
    if (r == 0)
        r = show_file(f, f->root, place, st);
    return r < 0 ? r : tell_name(f, place, base);
}

static int walk(struct folder *f, const char *name)
{
    struct stat st;
    if (fstat(f->root, &st) < 0)
        return vl_err_sys(f->err, errno, "%s", name);
    f->dev = st.st_dev;
    if (S_ISREG(st.st_mode))
        return walk_single(f, name, &st);
    if (!S_ISDIR(st.st_mode))
        return vl_err_set(f->err, VL_ERR_INVALID, "%s: neither a folder nor a file", name);
    return walk_all(f);
}

int vl_index_folder(int dir_fd, const char *name, const struct vl_index_options *options,
    struct vl_layer_index **ret, struct vl_err *err)
{
    struct stat st;
    VL_CLEANUP(vl_indexing_done) struct vl_indexing ix;
    bool whole = fstat(dir_fd, &st) == 0 && S_ISDIR(st.st_mode) && !options->beside;
    int r = vl_indexing_init(&ix, options, (options->scopes & VL_PACKAGE_SCOPE_LOCKED) != 0, whole, err);
    if (r < 0)
        return r;
    struct folder f = {.root = dir_fd, .ix = &ix, .err = err, .names = vl_arena_new(FOLDER_NAMES_MAX)};
    const char *slash = strrchr(name, '/');
    f.only = !options->beside ? NULL : slash ? slash + 1 : name;
    vl_vec_init(&f.waiting, sizeof(const char *), VL_LAYER_ENTRIES_MAX);
    vl_buf_init(&f.content, KEEP_MEMORY + COPY_STEP);
    r = f.names ? walk(&f, name) : vl_err_nomem(err);
    vl_arena_free(f.names);
    vl_vec_done(&f.waiting);
    vl_buf_done(&f.content);
    if (r < 0)
        return vl_err_wrap(err, "%s", name);
    ix.index->files = f.only ? 1 : f.entries;
    if (f.mounts)
        vl_notes_add(&ix.index->notes, VL_NOTE_INFO, VL_ERR_NONE, name,
            "%llu other file systems below it were not entered", (unsigned long long)f.mounts);
    if (f.unread)
        vl_notes_add(&ix.index->notes, VL_NOTE_INFO, VL_ERR_SYSTEM, name,
            "%llu files could not be read; no parser asks for their names", (unsigned long long)f.unread);
    r = vl_layer_paths_sort(&ix.index->paths, err);
    return r < 0 ? r : vl_indexing_finish(&ix, ret, err);
}
