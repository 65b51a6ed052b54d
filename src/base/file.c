#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP (64U * 1024U)
#define PATH_LEN  4096

void vl_file_close(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

static ssize_t read_some(int fd, void *to, size_t n)
{
    ssize_t r;
    do
        r = read(fd, to, n);
    while (r < 0 && errno == EINTR);
    return r;
}

int vl_file_read_fd(int fd, const char *name, size_t max, struct vl_buf *out, struct vl_err *err)
{
    size_t start = out->len;
    for (;;) {
        /* One byte more than allowed tells a file of exactly the maximum from a larger one. */
        char extra = 0;
        size_t left = max - (out->len - start);
        size_t room = out->max - out->len < left ? out->max - out->len : left;
        size_t step = room < READ_STEP ? room : READ_STEP;
        char *to = step ? vl_buf_reserve(out, step) : &extra;
        if (!to || out->failed)
            return vl_buf_check(out, name, err);
        ssize_t n = read_some(fd, to, step ? step : 1);
        if (n < 0)
            return vl_err_sys(err, errno, "%s: read", name);
        if (n == 0)
            return 0;
        if (step == 0)
            return vl_err_set(
                err, VL_ERR_LIMIT, "%s: more than %zu bytes", name, max < out->max ? max : out->max);
        vl_buf_commit(out, (size_t)n);
    }
}

int vl_file_read(const char *path, size_t max, struct vl_buf *out, struct vl_err *err)
{
    if (strcmp(path, "-") == 0)
        return vl_file_read_fd(STDIN_FILENO, "standard input", max, out, err);
    VL_CLEANUP(vl_file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return vl_err_sys(err, errno, "%s", path);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        vl_buf_expect(out, (uint64_t)st.st_size < max ? (size_t)st.st_size + READ_STEP : max);
    return vl_file_read_fd(fd, path, max, out, err);
}

int vl_file_write_fd(int fd, const char *name, struct vl_span data, struct vl_err *err)
{
    while (data.len) {
        ssize_t n = write(fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "%s: write", name);
        data = vl_span_slice(data, (size_t)n, data.len);
    }
    return 0;
}

/* The folder part of `path`: "." where there is none. */
static int folder_of(const char *path, char ret[PATH_LEN], struct vl_err *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= PATH_LEN)
        return vl_err_sys(err, ENAMETOOLONG, "%s", path);
    const char *from = !slash ? "." : len == 0 ? "/" : path;
    size_t n = len ? len : 1;
    memcpy(ret, from, n);
    ret[n] = '\0';
    return 0;
}

static int sync_folder(const char *folder, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return vl_err_sys(err, errno, "%s: sync", folder);
    return 0;
}

/* Asks for the room of a file before its bytes come. Replacing a file by one whose blocks are not chosen yet
 * makes ext4 choose them and begin to write within rename(), which takes longer than all else here. Only a
 * hint: file systems that cannot do it, or have no room, say so when the bytes are written. */
static void expect_bytes(int fd, size_t len)
{
    if (len <= INT64_MAX)
        (void)fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)len);
}

/* Writes beside `path` and renames. */
static int put_in_place(const char *path, unsigned mode, struct vl_span data, bool sync, struct vl_err *err)
{
    char temp[PATH_LEN];
    if ((size_t)snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= sizeof(temp))
        return vl_err_sys(err, ENAMETOOLONG, "%s", path);
    VL_CLEANUP(vl_file_close) int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s: create", temp);
    expect_bytes(fd, data.len);
    int r = vl_file_write_fd(fd, temp, data, err);
    if (r == 0 && (fchmod(fd, (mode_t)mode) < 0 || (sync && fsync(fd) < 0)))
        r = vl_err_sys(err, errno, "%s: sync", temp);
    if (r == 0 && rename(temp, path) < 0)
        r = vl_err_sys(err, errno, "%s: replace", path);
    if (r < 0)
        unlink(temp);
    return r;
}

int vl_file_replace_unsynced(const char *path, unsigned mode, struct vl_span data, struct vl_err *err)
{
    return put_in_place(path, mode, data, false, err);
}

int vl_file_replace(const char *path, unsigned mode, struct vl_span data, struct vl_err *err)
{
    char folder[PATH_LEN];
    int r = folder_of(path, folder, err);
    if (r == 0)
        r = put_in_place(path, mode, data, true, err);
    return r < 0 ? r : sync_folder(folder, err);
}

static int make_dir(const char *path, unsigned mode, struct vl_err *err)
{
    struct stat st;
    if (mkdir(path, (mode_t)mode) == 0)
        return 0;
    if (errno != EEXIST)
        return vl_err_sys(err, errno, "%s: create folder", path);
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return vl_err_sys(err, ENOTDIR, "%s: create folder", path);
    return 0;
}

int vl_file_make_dirs(const char *path, unsigned mode, struct vl_err *err)
{
    char part[PATH_LEN];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(part))
        return vl_err_sys(err, len ? ENAMETOOLONG : ENOENT, "\"%s\": create folder", path);
    memcpy(part, path, len + 1);
    while (len > 1 && part[len - 1] == '/')
        part[--len] = '\0';
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        int r = make_dir(part, 0755, err);
        if (r < 0)
            return r;
        *p = '/';
    }
    return make_dir(part, mode, err);
}

int vl_file_temp(const char *dir, int *ret_fd, struct vl_err *err)
{
    if (!dir)
        dir = getenv("TMPDIR");
    if (!dir || !*dir)
        dir = "/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = memfd_create("vallum-spool", MFD_CLOEXEC);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s: temporary file", dir);
    *ret_fd = fd;
    return 0;
}
