#include "image/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "base/text.h"
#include "base/vec.h"

/* Entry: magic, version, length of the payload, its SHA-256, payload. Numbers little-endian. The name of the
 * file says what it is for and is repeated in front of the payload, so that a file that was moved or renamed
 * is no entry. */
#define MAGIC         "VLLAYIX1"
#define HEADER_BYTES  (8U + 8U + 32U)
#define NAME_LEN      256
#define ENTRIES_MAX   1000000
#define STALE_SECONDS 3600 /* after which a temporary file belongs to nobody any more */
#define KEEP_PART     9    /* of 10 parts of the limit are left after making room */
#define SUFFIX        ".layer"
#define TEMP_MARK     ".tmp-"

struct vl_image_cache {
    int dir;
    uint64_t max_bytes;
};

static void entry_name(const struct vl_image_cache_key *key, char ret[NAME_LEN])
{
    char digest[VL_DIGEST_TEXT_MAX];
    (void)vl_digest_format(&key->diff_id, digest);
    char *colon = strchr(digest, ':');
    if (colon)
        *colon = '-';
    (void)snprintf(ret, NAME_LEN, "%s-v%u-%x" SUFFIX, digest, key->indexer_version, key->scanners);
}

int vl_image_cache_open(const char *dir, uint64_t max_bytes, struct vl_image_cache **ret, struct vl_err *err)
{
    int r = vl_file_make_dirs(dir, 0700, err);
    if (r < 0)
        return r;
    VL_CLEANUP(vl_file_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s", dir);
    if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return vl_err_sys(err, errno, "%s: cache folder", dir);
    struct vl_image_cache *c = calloc(1, sizeof(*c));
    if (!c)
        return vl_err_nomem(err);
    c->dir = fd;
    c->max_bytes = max_bytes ? max_bytes : VL_IMAGE_CACHE_BYTES;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): VL_CLEANUP reads it */
    *ret = c;
    return 0;
}

void vl_image_cache_close(struct vl_image_cache *cache)
{
    if (!cache)
        return;
    vl_file_close(&cache->dir);
    free(cache);
}

/* The payload of a whole entry for `name`, else the empty span with a NULL pointer. */
static struct vl_span check_entry(struct vl_span file, const char *name)
{
    struct vl_reader r = vl_reader_new(file);
    struct vl_span magic = vl_reader_take(&r, 8);
    uint64_t length = vl_reader_u64le(&r);
    struct vl_span sum = vl_reader_take(&r, 32);
    struct vl_span body = vl_span_slice(file, HEADER_BYTES, file.len);
    struct vl_digest got;
    size_t name_len = strlen(name);

    if (!vl_reader_ok(&r) || !vl_span_eq_str(magic, MAGIC) || length != body.len || length < name_len ||
        memcmp(body.ptr, name, name_len) != 0)
        return VL_SPAN_EMPTY;
    vl_digest_compute(VL_DIGEST_SHA256, body, &got);
    if (memcmp(got.bytes, sum.ptr, 32) != 0)
        return VL_SPAN_EMPTY;
    return (struct vl_span){body.ptr + name_len, body.len - name_len};
}

bool vl_image_cache_get(
    struct vl_image_cache *cache, const struct vl_image_cache_key *key, struct vl_buf *out)
{
    char name[NAME_LEN];
    struct vl_err ignored = VL_ERR_INIT;
    struct stat st;
    VL_CLEANUP(vl_buf_done) struct vl_buf file;
    vl_buf_init(&file, VL_IMAGE_CACHE_ENTRY_MAX + HEADER_BYTES + NAME_LEN);
    entry_name(key, name);
    /* Nobody but us has links or pipes to put here; should somebody, they are not entries. */
    VL_CLEANUP(vl_file_close)
    int fd = openat(cache->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        vl_file_read_fd(fd, name, file.max, &file, &ignored) < 0)
        return false;
    struct vl_span payload = check_entry(vl_buf_span(&file), name);
    if (!payload.ptr) {
        (void)unlinkat(cache->dir, name, 0);
        return false;
    }
    (void)futimens(fd, NULL); /* used now: removed last */
    size_t before = out->len;
    vl_buf_append_span(out, payload);
    if (out->failed) {
        vl_buf_truncate(out, before);
        return false;
    }
    return true;
}

struct old_entry {
    char name[NAME_LEN];
    uint64_t bytes;
    struct timespec used;
};

static int by_use(const void *a, const void *b)
{
    const struct old_entry *x = a;
    const struct old_entry *y = b;
    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec)
        return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Entries of the folder into `list`; temporary files that a killed process left are removed on the way. */
static uint64_t list_entries(const struct vl_image_cache *cache, struct vl_vec *list)
{
    struct vl_err ignored = VL_ERR_INIT;
    uint64_t total = 0;
    int fd = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        vl_file_close(&fd);
        return 0;
    }
    const struct dirent *d;
    while ((d = readdir(dir)) != NULL) {
        struct stat st;
        struct vl_span name = vl_span_str(d->d_name);
        bool temporary = vl_span_find(name, VL_SPAN_LIT(TEMP_MARK)) != SIZE_MAX;
        if (name.len >= NAME_LEN || (!temporary && !vl_span_ends_with(name, SUFFIX)) ||
            fstatat(cache->dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (temporary) {
            if (time(NULL) - st.st_mtime > STALE_SECONDS)
                (void)unlinkat(cache->dir, d->d_name, 0);
            continue;
        }
        struct old_entry *e = vl_vec_push(list, "cache", &ignored);
        if (!e)
            break;
        memcpy(e->name, name.ptr, name.len + 1);
        e->bytes = (uint64_t)st.st_size;
        e->used = st.st_mtim;
        total += e->bytes;
    }
    closedir(dir);
    return total;
}

/* Other processes may remove the same files at the same time: that only means there is more room. */
static void make_room(const struct vl_image_cache *cache, const char *keep)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec list;
    vl_vec_init(&list, sizeof(struct old_entry), ENTRIES_MAX);
    uint64_t total = list_entries(cache, &list);
    if (total <= cache->max_bytes)
        return;
    qsort(list.items, list.len, sizeof(struct old_entry), by_use);
    for (size_t i = 0; i < list.len && total > cache->max_bytes / 10 * KEEP_PART; i++) {
        const struct old_entry *e = vl_vec_at(&list, i);
        if (strcmp(e->name, keep) == 0)
            continue;
        (void)unlinkat(cache->dir, e->name, 0);
        total -= e->bytes;
    }
}

static int write_entry(int fd, const char *name, struct vl_span bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf header;
    VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(VL_DIGEST_SHA256);
    struct vl_digest sum;
    vl_buf_init(&header, HEADER_BYTES + NAME_LEN);
    if (!digester)
        return vl_err_nomem(err);
    vl_digester_update(digester, vl_span_str(name));
    vl_digester_update(digester, bytes);
    vl_digester_finish(digester, &sum);
    vl_buf_append_str(&header, MAGIC);
    vl_buf_append_u64le(&header, strlen(name) + bytes.len);
    vl_buf_append(&header, sum.bytes, 32);
    vl_buf_append_str(&header, name);
    int r = vl_buf_check(&header, name, err);
    if (r == 0)
        r = vl_file_write_fd(fd, name, vl_buf_span(&header), err);
    return r < 0 ? r : vl_file_write_fd(fd, name, bytes, err);
}

/* No fsync: what a crash leaves half-written has a wrong digest, and is a miss. */
int vl_image_cache_put(struct vl_image_cache *cache, const struct vl_image_cache_key *key,
    struct vl_span bytes, struct vl_err *err)
{
    char name[NAME_LEN];
    char temp[NAME_LEN + 64];
    struct timespec now;
    entry_name(key, name);
    if (bytes.len > VL_IMAGE_CACHE_ENTRY_MAX || bytes.len > cache->max_bytes)
        return vl_err_set(err, VL_ERR_LIMIT, "cache: an entry of %zu bytes is too large", bytes.len);
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(temp, sizeof(temp), "%s" TEMP_MARK "%d-%d-%lld%09ld", name, (int)getpid(), (int)gettid(),
        (long long)now.tv_sec, now.tv_nsec);
    VL_CLEANUP(vl_file_close)
    int fd = openat(cache->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return vl_err_sys(err, errno, "cache: %s", temp);
    int r = write_entry(fd, name, bytes, err);
    if (r == 0 && renameat(cache->dir, temp, cache->dir, name) < 0)
        r = vl_err_sys(err, errno, "cache: %s", name);
    if (r < 0) {
        (void)unlinkat(cache->dir, temp, 0);
        return r;
    }
    make_room(cache, name);
    return 0;
}
