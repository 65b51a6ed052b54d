#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "image/cache.h"
#include "test_support.h"

static struct vl_image_cache_key key_of(unsigned n)
{
    struct vl_image_cache_key key = {.indexer_version = 1, .scanners = 2};
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", n);
    vl_digest_compute(VL_DIGEST_SHA256, vl_span_str(text), &key.diff_id);
    return key;
}

static bool holds(struct vl_image_cache *cache, const struct vl_image_cache_key *key, struct vl_span want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    vl_buf_init(&got, 64UL * 1024 * 1024);
    vl_buf_append_str(&got, "before");
    bool there = vl_image_cache_get(cache, key, &got);
    if (!there)
        assert_int_equal(got.len, 6);
    return there && vl_span_eq(vl_span_slice(vl_buf_span(&got), 6, got.len), want);
}

static void test_put_get(void **state)
{
    (void)state;
    char folder[64], dir[128];
    struct vl_image_cache *cache = NULL, *other = NULL;
    struct vl_err err = VL_ERR_INIT;
    support_folder(folder);
    (void)snprintf(dir, sizeof(dir), "%s/deep/er", folder);
    assert_int_equal(vl_image_cache_open(dir, 0, &cache, &err), 0);
    assert_int_equal(vl_image_cache_open(dir, 0, &other, &err), 0);
    struct vl_image_cache_key a = key_of(1), b = key_of(2);
    assert_false(holds(cache, &a, VL_SPAN_EMPTY));
    assert_int_equal(vl_image_cache_put(cache, &a, VL_SPAN_LIT("first"), &err), 0);
    assert_true(holds(cache, &a, VL_SPAN_LIT("first")));
    assert_true(holds(other, &a, VL_SPAN_LIT("first")));
    assert_int_equal(vl_image_cache_put(other, &a, VL_SPAN_LIT("second"), &err), 0);
    assert_true(holds(cache, &a, VL_SPAN_LIT("second")));
    assert_false(holds(cache, &b, VL_SPAN_EMPTY));
    assert_int_equal(vl_image_cache_put(cache, &b, VL_SPAN_EMPTY, &err), 0);
    assert_true(holds(cache, &b, VL_SPAN_EMPTY));

    /* another version, other scanners: another entry */
    struct vl_image_cache_key newer = a, more = a;
    newer.indexer_version++;
    more.scanners |= 4;
    assert_false(holds(cache, &newer, VL_SPAN_LIT("second")));
    assert_false(holds(cache, &more, VL_SPAN_LIT("second")));
    vl_image_cache_close(cache);
    vl_image_cache_close(other);
    vl_image_cache_close(NULL);
    support_remove(folder);
}

/* The only entry of the folder. */
static void entry_path(const char *folder, char path[512])
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    path[0] = '\0';
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            (void)snprintf(path, 512, "%s/%s", folder, e->d_name);
    closedir(d);
    assert_true(path[0]);
}

static void test_damage(void **state)
{
    (void)state;
    char folder[64], path[512];
    struct vl_image_cache *cache = NULL;
    struct vl_err err = VL_ERR_INIT;
    support_folder(folder);
    assert_int_equal(vl_image_cache_open(folder, 0, &cache, &err), 0);
    struct vl_image_cache_key a = key_of(1), b = key_of(2);
    const struct vl_span content = VL_SPAN_LIT("some content of an index");
    VL_CLEANUP(vl_buf_done) struct vl_buf whole;
    vl_buf_init(&whole, 65536);
    assert_int_equal(vl_image_cache_put(cache, &a, content, &err), 0);
    entry_path(folder, path);
    assert_int_equal(vl_file_read(path, 65536, &whole, &err), 0);

    /* every byte changed, every length cut: a miss, never other bytes */
    for (size_t i = 0; i < whole.len; i++) {
        whole.ptr[i] ^= 1;
        support_write(folder, strrchr(path, '/') + 1, vl_buf_span(&whole));
        whole.ptr[i] ^= 1;
        assert_false(holds(cache, &a, content));
        assert_true(access(path, F_OK) < 0); /* removed */
        support_write(folder, strrchr(path, '/') + 1, vl_span_slice(vl_buf_span(&whole), 0, i));
        assert_false(holds(cache, &a, content));
    }
    vl_buf_append_str(&whole, "x");
    support_write(folder, strrchr(path, '/') + 1, vl_buf_span(&whole));
    assert_false(holds(cache, &a, content));

    /* a whole entry under another one's name is no entry for it */
    char path_b[512];
    assert_int_equal(vl_image_cache_put(cache, &b, content, &err), 0);
    entry_path(folder, path_b);
    assert_int_equal(rename(path_b, path), 0);
    assert_false(holds(cache, &a, content));

    /* what is no file is no entry */
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(holds(cache, &a, content));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(holds(cache, &a, content));
    assert_int_equal(vl_image_cache_put(cache, &a, content, &err), 0);
    assert_true(holds(cache, &a, content));
    vl_image_cache_close(cache);
    support_remove(folder);
}

static void test_size_bound(void **state)
{
    (void)state;
    char folder[64];
    struct vl_image_cache *cache = NULL;
    struct vl_err err = VL_ERR_INIT;
    static char bytes[10000];
    const struct vl_span content = {bytes, sizeof(bytes)};
    support_folder(folder);
    assert_int_equal(vl_image_cache_open(folder, 100000, &cache, &err), 0);
    support_write(folder, "not-ours", content);
    support_write(folder, "x.layer.tmp-1-1-1", content);
    char stale[128];
    (void)snprintf(stale, sizeof(stale), "%s/x.layer.tmp-1-1-1", folder);
    const struct timespec long_ago[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
    assert_int_equal(utimensat(AT_FDCWD, stale, long_ago, 0), 0);
    struct vl_image_cache_key first = key_of(0);
    for (unsigned i = 0; i < 30; i++) {
        struct vl_image_cache_key key = key_of(i);
        assert_int_equal(vl_image_cache_put(cache, &key, content, &err), 0);
        const struct timespec pause = {.tv_nsec = 2000000};
        nanosleep(&pause, NULL);
        assert_true(holds(cache, &first, content)); /* used all the time: stays */
    }
    unsigned left = 0;
    for (unsigned i = 0; i < 30; i++) {
        struct vl_image_cache_key key = key_of(i);
        left += holds(cache, &key, content);
    }
    assert_in_range(left, 5, 10);
    struct vl_image_cache_key last = key_of(29);
    assert_true(holds(cache, &last, content));
    assert_true(access(stale, F_OK) < 0);
    char kept[128];
    (void)snprintf(kept, sizeof(kept), "%s/not-ours", folder);
    assert_int_equal(access(kept, F_OK), 0);

    static char large[100001];
    assert_true(vl_image_cache_put(cache, &last, (struct vl_span){large, sizeof(large)}, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_image_cache_close(cache);
    support_remove(folder);
}

static void test_not_writable(void **state)
{
    (void)state;
    struct vl_image_cache *cache = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_image_cache_open("/proc/vallum", 0, &cache, &err) < 0);
    assert_true(vl_image_cache_open("/dev/null/x", 0, &cache, &err) < 0);
    assert_int_equal(err.code, VL_ERR_SYSTEM);
    assert_null(cache);
}

/* Writers and readers in two processes of two threads each: a reader sees whole entries or none. */
struct worker {
    const char *folder;
    unsigned seed;
    bool ok;
};

static void *work(void *user)
{
    struct worker *w = user;
    struct vl_image_cache *cache = NULL;
    struct vl_err err = VL_ERR_INIT;
    static const char letters[] = "abcdefgh";
    char *bytes = malloc(20000);
    w->ok = bytes && vl_image_cache_open(w->folder, 200000, &cache, &err) == 0;
    for (unsigned i = 0; w->ok && i < 400; i++) {
        w->seed = w->seed * 1103515245U + 12345U;
        struct vl_image_cache_key key = key_of((w->seed >> 16) % 8);
        memset(bytes, letters[(w->seed >> 16) % 8], 20000);
        if (w->seed & 0x100) {
            w->ok = vl_image_cache_put(cache, &key, (struct vl_span){bytes, 20000}, &err) == 0;
            continue;
        }
        struct vl_buf got;
        vl_buf_init(&got, 30000);
        if (vl_image_cache_get(cache, &key, &got))
            w->ok = got.len == 20000 && memcmp(got.ptr, bytes, 20000) == 0;
        vl_buf_done(&got);
    }
    vl_image_cache_close(cache);
    free(bytes);
    return NULL;
}

static bool two_threads(const char *folder, unsigned seed)
{
    struct worker a = {folder, seed, false}, b = {folder, seed + 77, false};
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, &a) != 0)
        return false;
    work(&b);
    pthread_join(thread, NULL);
    return a.ok && b.ok;
}

static void test_shared(void **state)
{
    (void)state;
    char folder[64];
    int status = 0;
    support_folder(folder);
    pid_t pid = fork();
    if (pid == 0)
        _exit(two_threads(folder, 5) ? 0 : 1);
    assert_true(two_threads(folder, 1000));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    support_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_get),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_size_bound),
        cmocka_unit_test(test_not_writable),
        cmocka_unit_test(test_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
