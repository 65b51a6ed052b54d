/* tests: chunk_file.c chunk_writer.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "codec/chunk_file.h"
#include "codec/digest.h"

#define PAGE VL_CHUNK_PAGE_SIZE

static struct vl_err err;
static char folder[] = "/tmp/test-chunk-XXXXXX";
static char path[64];
static char *content; /* 3 pages and a bit */
#define CONTENT (3 * PAGE + 1000)

static void write_file(uint32_t version)
{
    VL_CLEANUP(vl_chunk_writer_cleanup) struct vl_chunk_writer *w = vl_chunk_writer_new("TEST", version);
    assert_non_null(w);
    assert_int_equal(vl_chunk_writer_add(w, 7, (struct vl_span){content, CONTENT}, &err), 0);
    assert_int_equal(vl_chunk_writer_add(w, 2, VL_SPAN_LIT("small"), &err), 0);
    assert_int_equal(vl_chunk_writer_add(w, 5, VL_SPAN_EMPTY, &err), 0);
    assert_int_equal(vl_chunk_writer_add(w, 9, (struct vl_span){content, PAGE}, &err), 0);
    assert_true(vl_chunk_writer_add(w, 7, VL_SPAN_LIT("again"), &err) < 0);
    if (vl_chunk_writer_finish(w, path, &err) < 0)
        fail_msg("%s", err.msg);
}

static void read_all(struct vl_buf *ret)
{
    vl_buf_init(ret, 64 << 20);
    assert_int_equal(vl_file_read(path, 64 << 20, ret, &err), 0);
}

static void put_back(const struct vl_buf *bytes, size_t len)
{
    assert_int_equal(vl_file_replace(path, 0644, (struct vl_span){bytes->ptr, len}, &err), 0);
}

static struct vl_chunk_file *open_file(void)
{
    struct vl_chunk_file *f = NULL;
    if (vl_chunk_file_open(path, "TEST", 3, &f, &err) < 0)
        fail_msg("%s", err.msg);
    return f;
}

static unsigned files_in_folder(void)
{
    unsigned n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void test_round(void **state)
{
    (void)state;
    write_file(3);
    assert_int_equal(files_in_folder(), 1);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *f = open_file();
    struct vl_span s;
    assert_int_equal(vl_chunk_file_size(f, 7), CONTENT);
    assert_int_equal(vl_chunk_file_size(f, 2), 5);
    assert_int_equal(vl_chunk_file_size(f, 5), 0);
    assert_int_equal(vl_chunk_file_size(f, 8), 0);
    assert_int_equal(vl_chunk_file_read(f, 2, 0, 5, &s, &err), 0);
    assert_true(vl_span_eq_str(s, "small"));
    assert_int_equal(vl_chunk_file_read(f, 7, PAGE - 10, 20, &s, &err), 0); /* over a border */
    assert_memory_equal(s.ptr, content + PAGE - 10, 20);
    assert_int_equal(vl_chunk_file_read(f, 7, CONTENT, 0, &s, &err), 0);
    assert_int_equal(s.len, 0);
    static const uint64_t outside[][2] = {
        {CONTENT, 1}, {0, CONTENT + 1}, {UINT64_MAX, 1}, {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < VL_ARRAY_LEN(outside); i++) {
        assert_true(vl_chunk_file_read(f, 7, outside[i][0], outside[i][1], &s, &err) < 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
    }
    assert_true(vl_chunk_file_read(f, 8, 0, 0, &s, &err) < 0);
    assert_int_equal(vl_chunk_file_verify(f, &err), 0);
}

/* The layout is that of the document: read here by hand. */
static void test_layout(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    write_file(3);
    read_all(&b);
    struct vl_reader r = vl_reader_new(vl_buf_span(&b));
    assert_true(vl_span_eq_str(vl_reader_take(&r, 8), "VLCFTEST"));
    assert_int_equal(vl_reader_u32le(&r), 1);
    assert_int_equal(vl_reader_u32le(&r), 3);
    assert_int_equal(vl_reader_u64le(&r), b.len);
    uint64_t data = vl_reader_u64le(&r);
    assert_int_equal(data, PAGE);
    assert_int_equal(vl_reader_u32le(&r), 4);
    assert_int_equal(vl_reader_u32le(&r), 6);
    assert_int_equal(b.len, PAGE * 7);
    uint32_t tables = vl_reader_u32le(&r);
    vl_reader_seek(&r, 60);
    assert_int_equal(vl_reader_u32le(&r), vl_crc32c(0, vl_span_slice(vl_buf_span(&b), 0, 60)));
    assert_int_equal(tables, vl_crc32c(0, vl_span_slice(vl_buf_span(&b), 64, 192 + 24)));
    assert_int_equal(vl_reader_u32le(&r), 2); /* ascending ids */
    vl_reader_skip(&r, 4);
    assert_int_equal(vl_reader_u64le(&r), data);
    assert_int_equal(vl_reader_u64le(&r), 5);
    assert_memory_equal(b.ptr + data, "small\0\0", 7);
}

static int check(void)
{
    struct vl_chunk_file *f = NULL;
    vl_err_clear(&err);
    int r = vl_chunk_file_open(path, "TEST", 3, &f, &err);
    if (r == 0)
        r = vl_chunk_file_verify(f, &err);
    vl_chunk_file_close(f);
    return r;
}

/* Any one bit of the file; those of header and tables are found at open. */
static void test_flipped(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    unsigned seed = 11;
    write_file(3);
    read_all(&b);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    for (unsigned i = 0; i < 600; i++) {
        seed = seed * 1103515245U + 12345U;
        size_t at = i < 220 ? i : (seed >> 4) % b.len;
        char wrong = (char)(b.ptr[at] ^ (1 << i % 8));
        assert_int_equal(pwrite(fd, &wrong, 1, (off_t)at), 1);
        if (check() == 0)
            fail_msg("a bit of byte %zu was changed unnoticed", at);
        assert_true(err.code == VL_ERR_CORRUPT || (at < 8 && err.code == VL_ERR_INVALID));
        assert_int_equal(pwrite(fd, b.ptr + at, 1, (off_t)at), 1);
    }
    close(fd);
    assert_int_equal(check(), 0);
}

/* A read touches only its own pages, and tells which one is damaged. */
static void test_first_touch(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    struct vl_span s;
    write_file(3);
    read_all(&b);
    b.ptr[PAGE * 3 + 17] ^= 1; /* the second page of chunk 7, which follows the page of chunk 2 */
    put_back(&b, b.len);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *f = open_file();
    assert_int_equal(vl_chunk_file_read(f, 7, 0, PAGE, &s, &err), 0);
    assert_int_equal(vl_chunk_file_read(f, 7, 2 * PAGE, 10, &s, &err), 0);
    assert_true(vl_chunk_file_read(f, 7, PAGE - 1, 2, &s, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "page 2 (chunk 7)"));
    assert_true(vl_chunk_file_read(f, 7, PAGE - 1, 2, &s, &err) < 0); /* and again */
}

static void test_truncated(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    write_file(3);
    read_all(&b);
    static const size_t odd[] = {0, 1, 63, 64, 65, 200, PAGE - 1, PAGE + 1};
    for (size_t i = 0; i < 7 + VL_ARRAY_LEN(odd); i++) {
        put_back(&b, i < 7 ? i * PAGE : odd[i - 7]);
        assert_true(check() < 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
    }
    vl_buf_append_u8(&b, 0); /* too long is as wrong */
    put_back(&b, b.len);
    assert_true(check() < 0);
}

/* Cut while it is mapped: an error and no signal. */
static void test_cut_under_reader(void **state)
{
    (void)state;
    struct vl_span s;
    write_file(3);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *f = open_file();
    assert_int_equal(truncate(path, 2 * PAGE), 0);
    assert_true(vl_chunk_file_read(f, 7, 2 * PAGE, 10, &s, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_true(vl_chunk_file_verify(f, &err) < 0);
}

/* Replaced while it is mapped: the reader keeps what it opened. */
static void test_replaced_under_reader(void **state)
{
    (void)state;
    struct vl_span s;
    write_file(3);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *f = open_file();
    write_file(4);
    assert_int_equal(vl_chunk_file_read(f, 7, 2 * PAGE, 10, &s, &err), 0);
    assert_memory_equal(s.ptr, content + 2 * PAGE, 10);
    struct vl_chunk_file *other = NULL;
    assert_true(vl_chunk_file_open(path, "TEST", 3, &other, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    assert_true(vl_chunk_file_open(path, "ELSE", 4, &other, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_true(vl_chunk_file_open("/tmp/test-chunk-none/x", "TEST", 3, &other, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_true(vl_chunk_file_open("/tmp", "TEST", 3, &other, &err) < 0);
}

/* Lies with right checksums: whoever can write a file can also sum it up. */
static void test_lies(void **state)
{
    (void)state;
    static const struct {
        size_t at, width;
        uint64_t value;
    } lies[] = {
        {16, 8, 0}, {16, 8, UINT64_MAX}, {24, 8, 0}, {24, 8, 100}, {24, 8, UINT64_MAX}, {24, 8, 8ULL * PAGE},
        {32, 4, 65}, {32, 4, UINT32_MAX}, {32, 4, 5}, {36, 4, 0}, {36, 4, 7}, {36, 4, UINT32_MAX},
        {64, 4, 8},                                         /* ids out of order */
        {72, 8, 0}, {72, 8, PAGE + 1}, {72, 8, UINT64_MAX}, /* offset of a chunk */
        {80, 8, UINT64_MAX}, {80, 8, 6ULL * PAGE + 1},      /* its length: beyond the file */
        {80, 8, PAGE + 1},                                  /* into the next one */
    };
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    write_file(3);
    read_all(&b);
    for (size_t i = 0; i < VL_ARRAY_LEN(lies); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf changed;
        vl_buf_init(&changed, b.len);
        vl_buf_append_span(&changed, vl_buf_span(&b));
        for (size_t k = 0; k < lies[i].width; k++)
            changed.ptr[lies[i].at + k] = (char)(lies[i].value >> (8 * k));
        uint32_t tables = vl_crc32c(0, vl_span_slice(vl_buf_span(&changed), 64, 192 + 24));
        for (size_t k = 0; k < 4; k++)
            changed.ptr[40 + k] = (char)(tables >> (8 * k));
        uint32_t header = vl_crc32c(0, vl_span_slice(vl_buf_span(&changed), 0, 60));
        for (size_t k = 0; k < 4; k++)
            changed.ptr[60 + k] = (char)(header >> (8 * k));
        put_back(&changed, changed.len);
        struct vl_chunk_file *f = NULL;
        if (vl_chunk_file_open(path, "TEST", 3, &f, &err) == 0)
            fail_msg("lie %zu was believed", i);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
    }
}

static void test_digest(void **state)
{
    (void)state;
    char first[VL_DIGEST_TEXT_MAX];
    write_file(3);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *a = open_file();
    memcpy(first, vl_chunk_file_digest(a), strlen(vl_chunk_file_digest(a)) + 1);
    struct vl_digest d;
    assert_true(vl_digest_parse(vl_span_str(first), &d));
    write_file(3);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *b = open_file();
    assert_string_equal(vl_chunk_file_digest(b), first);
    content[2 * PAGE] ^= 1;
    write_file(3);
    content[2 * PAGE] ^= 1;
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *c = open_file();
    assert_string_not_equal(vl_chunk_file_digest(c), first);
}

/* No room on the disk (a limit of the size of files): the old file works and nothing else is left. */
static void test_full_disk(void **state)
{
    (void)state;
    write_file(3);
    struct rlimit old, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit < 7 * PAGE; limit += PAGE / 2) {
        VL_CLEANUP(vl_chunk_writer_cleanup) struct vl_chunk_writer *w = vl_chunk_writer_new("TEST", 4);
        assert_int_equal(vl_chunk_writer_add(w, 7, (struct vl_span){content, CONTENT}, &err), 0);
        assert_int_equal(vl_chunk_writer_add(w, 9, (struct vl_span){content, CONTENT}, &err), 0);
        little = (struct rlimit){limit, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        int r = vl_chunk_writer_finish(w, path, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(r, -EFBIG);
        assert_int_equal(files_in_folder(), 1);
        assert_int_equal(check(), 0);
    }
    signal(SIGXFSZ, handler);
    VL_CLEANUP(vl_chunk_writer_cleanup) struct vl_chunk_writer *w = vl_chunk_writer_new("TEST", 4);
    assert_true(vl_chunk_writer_finish(w, "/tmp/test-chunk-none/x", &err) < 0);
    assert_non_null(strstr(err.msg, "/tmp/test-chunk-none/x"));
}

static void *read_everything(void *arg)
{
    struct vl_chunk_file *f = arg;
    for (uint64_t at = 0; at + 100 <= CONTENT; at += 777) {
        struct vl_err own = VL_ERR_INIT;
        struct vl_span s;
        if (vl_chunk_file_read(f, 7, at, 100, &s, &own) < 0 || memcmp(s.ptr, content + at, 100) != 0)
            return arg;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    write_file(3);
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *f = open_file();
    pthread_t threads[4];
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_everything, f), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++) {
        void *bad = f;
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
}

static void test_no_chunks_and_too_many(void **state)
{
    (void)state;
    VL_CLEANUP(vl_chunk_writer_cleanup) struct vl_chunk_writer *w = vl_chunk_writer_new("TEST", 3);
    assert_int_equal(vl_chunk_writer_finish(w, path, &err), 0);
    assert_int_equal(check(), 0);
    for (uint32_t i = 0; i < VL_CHUNK_COUNT_MAX; i++)
        assert_int_equal(vl_chunk_writer_add(w, 1000 - i, VL_SPAN_LIT("x"), &err), 0);
    assert_true(vl_chunk_writer_add(w, 5, VL_SPAN_LIT("x"), &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_int_equal(vl_chunk_writer_finish(w, path, &err), 0);
    assert_int_equal(check(), 0);
    vl_chunk_file_close(NULL);
    vl_chunk_writer_free(NULL);
}

static int setup(void **state)
{
    (void)state;
    content = malloc(CONTENT);
    if (!content || !mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/file", folder);
    for (size_t i = 0; i < CONTENT; i++)
        content[i] = (char)(i * 31 + i / 509);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(content);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_first_touch),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_cut_under_reader),
        cmocka_unit_test(test_replaced_under_reader),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_no_chunks_and_too_many),
    };
    return cmocka_run_group_tests_name("codec/chunk_file", tests, setup, teardown);
}
