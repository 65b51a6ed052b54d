/* tests: tar.c tar_header.c tar_sparse.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/tar.h"

#define NONE UINT64_MAX

static struct vl_err err;
static struct vl_buf archive;
static struct vl_stream *stream;
static struct vl_tar *tar;
static const struct vl_tar_entry *entry;

static int reset(void **state)
{
    (void)state;
    vl_tar_cleanup(&tar);
    vl_stream_cleanup(&stream);
    vl_buf_done(&archive);
    vl_buf_init(&archive, 64 << 20);
    vl_err_clear(&err);
    return 0;
}

static void begin(void)
{
    vl_tar_cleanup(&tar);
    vl_stream_cleanup(&stream);
    assert_int_equal(vl_stream_new_span(vl_buf_span(&archive), &stream, &err), 0);
    tar = vl_tar_new(stream);
    assert_non_null(tar);
}

static void next(void)
{
    int r = vl_tar_next(tar, &entry, &err);
    if (r != 1)
        fail_msg("no entry: %s", r < 0 ? err.msg : "end");
}

static void assert_end(void)
{
    assert_int_equal(vl_tar_next(tar, &entry, &err), 0);
    assert_int_equal(vl_tar_next(tar, &entry, &err), 0);
}

static void assert_error(enum vl_err_code code, const char *part)
{
    assert_true(vl_tar_next(tar, &entry, &err) < 0);
    assert_int_equal(err.code, code);
    if (!strstr(err.msg, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
    assert_true(vl_tar_next(tar, &entry, &err) < 0); /* it stays so */
    assert_non_null(strstr(err.msg, part));
}

static void content(struct vl_buf *out)
{
    int64_t n;
    vl_buf_init(out, 64 << 20);
    do {
        char *to = vl_buf_reserve(out, 1000);
        n = vl_tar_read(tar, to, 1000, &err);
        if (n > 0)
            vl_buf_commit(out, (size_t)n);
    } while (n > 0);
    if (n < 0)
        fail_msg("%s", err.msg);
}

static void assert_content(const char *want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    content(&out);
    assert_string_equal(vl_buf_str(&out), want);
}

/* Headers by the tables of POSIX and the GNU manual. */
enum flavour { V7, USTAR, GNU };

static char *header(enum flavour flavour, const char *name, char type, uint64_t size)
{
    static const char magics[][9] = {"", {'u', 's', 't', 'a', 'r', 0, '0', '0'}, "ustar  "};
    char *h = vl_buf_reserve(&archive, 512);
    if (!h)
        abort();
    memset(h, 0, 512);
    vl_buf_commit(&archive, 512);
    memcpy(h, name, strlen(name) < 100 ? strlen(name) : 100);
    memcpy(h + 100, "0000644", 8);
    memcpy(h + 108, "0001750", 8);
    memcpy(h + 116, "0000144", 8);
    snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
    snprintf(h + 136, 12, "%011o", 1700000000);
    h[156] = type;
    memcpy(h + 257, magics[flavour], 8);
    return h;
}

static void sum_up(char *h)
{
    unsigned sum = 0;
    memset(h + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += (uint8_t)h[i];
    snprintf(h + 148, 8, "%06o", sum);
}

static void data(const char *bytes, size_t len)
{
    vl_buf_append(&archive, bytes, len);
    while (archive.len % 512)
        vl_buf_append_u8(&archive, 0);
}

static void add(enum flavour flavour, const char *name, char type, const char *bytes)
{
    sum_up(header(flavour, name, type, strlen(bytes)));
    data(bytes, strlen(bytes));
}

/* Records "key=value", up to NULL; each gets the length that counts itself. */
static void add_pax(char type, const char *const *records)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 4096);
    for (; *records; records++) {
        size_t bare = strlen(*records) + 2, len = bare + 1;
        while (len != bare + (size_t)snprintf(NULL, 0, "%zu", len))
            len++;
        vl_buf_printf(&out, "%zu %s\n", len, *records);
    }
    add(USTAR, "PaxHeaders/x", type, vl_buf_str(&out));
}

#define PAX(...) ((const char *const[]){__VA_ARGS__, NULL})

static void add_end(void)
{
    for (int i = 0; i < 1024; i++)
        vl_buf_append_u8(&archive, 0);
}

static void put_octal(char *to, unsigned long long v)
{
    char text[13];
    snprintf(text, sizeof(text), "%011llo", v);
    for (int i = 0; i < 12; i++)
        to[i] = text[i];
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        char flag;
        enum vl_tar_type type;
        bool has_bytes; /* in the archive */
    } rows[] = {{'0', VL_TAR_FILE, true}, {'\0', VL_TAR_FILE, true}, {'7', VL_TAR_FILE, true},
        {'1', VL_TAR_HARDLINK, false}, {'2', VL_TAR_SYMLINK, false}, {'3', VL_TAR_CHAR, false},
        {'4', VL_TAR_BLOCK, false}, {'5', VL_TAR_DIR, false}, {'6', VL_TAR_FIFO, false},
        {'D', VL_TAR_DIR, true}, {'V', VL_TAR_OTHER, true}, {'Z', VL_TAR_OTHER, true}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char *h = header(USTAR, "name", rows[i].flag, 600);
        memcpy(h + 157, "to/there", 8);
        sum_up(h);
        if (rows[i].has_bytes) {
            for (int k = 0; k < 600; k++)
                vl_buf_append_char(&archive, 'c');
            data("", 0);
        }
    }
    add_end();
    begin();
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        next();
        assert_int_equal(entry->type, rows[i].type);
        bool file = rows[i].type == VL_TAR_FILE;
        bool link = rows[i].type == VL_TAR_HARDLINK || rows[i].type == VL_TAR_SYMLINK;
        assert_string_equal(entry->path, "name");
        assert_string_equal(entry->target, link ? "to/there" : "");
        assert_int_equal(entry->size, file ? 600 : 0);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        content(&out);
        assert_int_equal(out.len, file ? 600 : 0);
        if (file)
            assert_int_equal(entry->content_at % 512, 0);
        assert_int_equal(entry->mode, 0644);
        assert_int_equal(entry->uid, 1000);
        assert_int_equal(entry->gid, 100);
        assert_int_equal(entry->mtime_ms, 1700000000000);
    }
    assert_end();
}

/* A v7 folder has no type but a slash; with a type the slash means nothing (as in Go). */
static void test_names(void **state)
{
    (void)state;
    char hundred[101] = {0};
    memset(hundred, 'n', 100);
    add(V7, "old/folder/", '\0', "");
    add(USTAR, "file/", '0', "");
    add(USTAR, hundred, '0', "");
    char *h = header(USTAR, hundred, '0', 0);
    memset(h + 345, 'p', 155);
    sum_up(h);
    h = header(GNU, "gnu", '0', 0);
    memcpy(h + 345, "15000000000", 11); /* times, not a prefix */
    sum_up(h);
    h = header(USTAR, "star", '0', 0);
    memcpy(h + 345, "prefix", 6);
    put_octal(h + 345 + 131, 015000000000);
    memcpy(h + 508, "tar", 4);
    sum_up(h);
    begin();
    next();
    assert_int_equal(entry->type, VL_TAR_DIR);
    next();
    assert_int_equal(entry->type, VL_TAR_FILE);
    next();
    assert_string_equal(entry->path, hundred);
    next();
    assert_int_equal(strlen(entry->path), 256);
    assert_memory_equal(entry->path + 154, "p/n", 3);
    next();
    assert_string_equal(entry->path, "gnu");
    next();
    assert_string_equal(entry->path, "prefix/star");
    assert_end();
}

static void test_gnu_long(void **state)
{
    (void)state;
    char name[3000];
    memset(name, 'l', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    add(GNU, "././@LongLink", 'K', name);
    add(GNU, "././@LongLink", 'L', "the/name");
    sum_up(header(GNU, "cut name", '2', 0));
    add(GNU, "plain", '0', "x");
    begin();
    next();
    assert_string_equal(entry->path, "the/name");
    assert_string_equal(entry->target, name);
    next();
    assert_string_equal(entry->path, "plain");
    assert_content("x");
    assert_end();
}

static void test_numbers(void **state)
{
    (void)state;
    char *h = header(GNU, "base 256", '0', 0);
    memset(h + 124, 0, 12);
    h[124] = (char)0x80;
    h[135] = 3;
    for (int i = 136; i < 148; i++)
        h[i] = (char)0xff; /* -1 */
    memset(h + 108, 0, 8);
    h[108] = (char)0x80;
    h[112] = 0x01; /* 16,777,216 */
    sum_up(h);
    data("abc", 3);
    h = header(V7, "spaces", '0', 0);
    memcpy(h + 124, "        2 \0", 12);
    memcpy(h + 108, "\0\0\0\0\0\0\0", 8);
    memcpy(h + 116, "junk...", 8);
    sum_up(h);
    data("de", 2);
    begin();
    next();
    assert_content("abc");
    assert_int_equal(entry->mtime_ms, -1000);
    assert_int_equal(entry->uid, 16777216);
    next();
    assert_content("de");
    assert_int_equal(entry->uid, 0);
    assert_int_equal(entry->gid, 0);
    assert_end();
    reset(NULL);
    h = header(GNU, "negative", '0', 0);
    memset(h + 124, 0xff, 12);
    sum_up(h);
    begin();
    assert_error(VL_ERR_INVALID, "negative: the size");
    reset(NULL);
    h = header(GNU, "too large", '0', 0);
    memset(h + 124, 0x7f, 12);
    h[124] = (char)0x80;
    h[125] = 1;
    sum_up(h);
    begin();
    assert_error(VL_ERR_INVALID, "the size");
    reset(NULL);
    h = header(USTAR, "no number", '0', 0);
    memcpy(h + 124, "12x45678901", 11);
    sum_up(h);
    begin();
    assert_error(VL_ERR_INVALID, "the size");
}

static void test_checksum(void **state)
{
    (void)state;
    char *h = header(USTAR, "\xc3\xbc", '0', 0);
    int sum = 0;
    memset(h + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += (signed char)h[i];
    snprintf(h + 148, 8, "%06o", (unsigned)sum);
    add(USTAR, "good", '0', "");
    size_t bad = archive.len;
    add(USTAR, "bad", '0', "");
    archive.ptr[bad] ^= 1;
    begin();
    next(); /* as Sun summed it up */
    assert_string_equal(entry->path, "\xc3\xbc");
    next();
    assert_error(VL_ERR_INVALID, "wrong checksum of the header at byte 1024, after good");
}

static void test_pax(void **state)
{
    (void)state;
    add_pax('g', PAX("uid=100000001", "gid=5000000", "path=bad", "size=99"));
    add_pax('x', PAX("path=name with = and \nline", "linkpath=to", "mtime=1234.56789", "SCHILY.xattr.user=x",
                     "size=00003"));
    add(USTAR, "short", '0', "abc");
    add_pax('x', PAX("mtime=-0.5000000", "path=", "uid=70000000"));
    sum_up(header(USTAR, "after", '0', 0));
    begin();
    next();
    assert_string_equal(entry->path, "name with = and \nline");
    assert_int_equal(entry->mtime_ms, 1234567);
    assert_int_equal(entry->uid, 100000001);
    assert_int_equal(entry->size, 3);
    assert_content("abc");
    next();
    assert_string_equal(entry->path, "after"); /* an empty value takes a record back */
    assert_int_equal(entry->mtime_ms, -500);
    assert_int_equal(entry->uid, 70000000);
    assert_int_equal(entry->gid, 5000000);
    assert_end();
}

static void test_pax_bad(void **state)
{
    (void)state;
    static const struct {
        const char *records;
        size_t len; /* 0: to the NUL */
    } rows[] = {{"5 a=\n", 0}, {"x a=b\n", 0}, {"7 a=bcd\n", 0}, {"100 a=b\n", 0}, {"6 ab=c", 0},
        {"5 =b\n", 0}, {"0 a=b\n", 0}, {"99999999999999999999999 a=b\n", 0}, {"11 size=-1\n", 0},
        {"12 path=a\0b\n", 12}, {"26 GNU.sparse.numbytes=12\n", 0},
        {"22 GNU.sparse.map=1,2\n20 GNU.sparse.map=3\n", 0}, {"26 GNU.sparse.map=5,2,4,1\n", 0}};
    for (size_t i = 1; i < VL_ARRAY_LEN(rows); i++) {
        reset(NULL);
        size_t len = rows[i].len ? rows[i].len : strlen(rows[i].records);
        sum_up(header(USTAR, "PaxHeaders/x", 'x', len));
        data(rows[i].records, len);
        add(USTAR, "file", '0', "");
        begin();
        if (vl_tar_next(tar, &entry, &err) >= 0)
            fail_msg("row %zu passed", i);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
}

static void test_limits(void **state)
{
    (void)state;
    sum_up(header(USTAR, "PaxHeaders/x", 'x', VL_TAR_HEADER_MAX + 1));
    begin();
    assert_error(VL_ERR_LIMIT, "extended header of more than");
    reset(NULL);
    char name[5000];
    memset(name, 'l', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    add(GNU, "././@LongLink", 'L', name);
    begin();
    assert_error(VL_ERR_LIMIT, "path of more than 4095 bytes");
    reset(NULL);
    add(GNU, "././@LongLink", 'L', "orphan");
    add_end();
    begin();
    assert_error(VL_ERR_INVALID, "the entry of an extended header is missing");
}

static void test_ends(void **state)
{
    (void)state;
    begin();
    assert_end(); /* nothing at all */
    add(USTAR, "one", '0', "abc");
    size_t whole = archive.len;
    vl_buf_truncate(&archive, whole - 400); /* without the padding of the last entry */
    begin();
    next();
    assert_end();
    vl_buf_truncate(&archive, whole - 510);
    begin();
    next();
    assert_error(VL_ERR_INVALID, "tar: one: ends early");
    vl_buf_truncate(&archive, 300);
    begin();
    assert_error(VL_ERR_INVALID, "inside a header");
    reset(NULL);
    add(USTAR, "one", '0', "");
    data("\0", 1);
    begin();
    next();
    assert_end(); /* one zero block, then the end */
    add(USTAR, "hidden", '0', "");
    begin();
    next();
    assert_error(VL_ERR_INVALID, "lone zero block at byte 512");
    reset(NULL);
    add(USTAR, "one", '0', "");
    add_end();
    add(USTAR, "what follows", '0', "");
    begin();
    next();
    assert_end();
    assert_int_equal(vl_stream_drain(stream, &err), 0);
    assert_int_equal(vl_stream_position(stream), archive.len);
}

/* Five pieces, of which the fifth stands in a block of its own. */
static void test_old_sparse(void **state)
{
    (void)state;
    char *h = header(GNU, "sparse", 'S', 10);
    for (unsigned i = 0; i < 4; i++) {
        put_octal(h + 386 + 24 * i, i * 1000);
        put_octal(h + 398 + 24 * i, 2);
    }
    h[482] = 1;
    put_octal(h + 483, 5000);
    sum_up(h);
    char more[512] = {0};
    put_octal(more, 4500);
    put_octal(more + 12, 2);
    data(more, 512);
    data("aabbccddee", 10);
    add(GNU, "after", '0', "x");
    begin();
    next();
    assert_int_equal(entry->size, 5000);
    assert_true(entry->sparse);
    assert_true(entry->content_at == UINT64_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    content(&out);
    assert_int_equal(out.len, 5000);
    for (size_t i = 0; i < 5000; i++) {
        size_t piece = i < 4000 ? i / 1000 : 4, at = i < 4000 ? i % 1000 : i - 4500;
        assert_int_equal(out.ptr[i], at < 2 ? (char)('a' + piece) : 0);
    }
    next();
    assert_string_equal(entry->path, "after");
    assert_content("x");
    reset(NULL);
    sum_up(header(USTAR, "sparse", 'S', 0));
    begin();
    assert_error(VL_ERR_INVALID, "not by GNU tar");
}

static void assert_pax_sparse(const char *const *records, bool named, const char *stored)
{
    reset(NULL);
    add_pax('x', records);
    add(USTAR, "GNUSparseFile.1/name", '0', stored);
    add(USTAR, "after", '0', "x");
    begin();
    next();
    assert_string_equal(entry->path, named ? "name" : "GNUSparseFile.1/name");
    assert_int_equal(entry->size, 12);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    content(&out);
    assert_int_equal(out.len, 12);
    assert_memory_equal(out.ptr, "\0\0ab\0\0\0\0cd\0\0", 12);
    next();
    assert_string_equal(entry->path, "after");
    assert_content("x");
}

static void test_pax_sparse(void **state)
{
    (void)state;
    char map[513];
    assert_pax_sparse(PAX("GNU.sparse.size=12", "GNU.sparse.numblocks=2", "GNU.sparse.offset=2",
                          "GNU.sparse.numbytes=2", "GNU.sparse.offset=8", "GNU.sparse.numbytes=2"),
        false, "abcd");
    assert_pax_sparse(
        PAX("GNU.sparse.size=12", "GNU.sparse.numblocks=2", "GNU.sparse.map=2,2,8,2", "GNU.sparse.name=name"),
        true, "abcd");
    memset(map, '\n', sizeof(map) - 1);
    memcpy(map, "2\n2\n2\n8\n2\n", 10);
    memset(map + 10, '0', 502);
    memcpy(map + 512, "", 1);
    char stored[600];
    snprintf(stored, sizeof(stored), "%sabcd", map);
    assert_pax_sparse(
        PAX("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=name", "GNU.sparse.realsize=12"),
        true, stored);
}

/* A decoy: where the file is not sparse, the name of the sparse one does not count. */
static void test_sparse_lies(void **state)
{
    (void)state;
    add_pax('x', PAX("GNU.sparse.name=decoy", "GNU.sparse.realsize=1000"));
    add(USTAR, "real", '0', "abc");
    begin();
    next();
    assert_string_equal(entry->path, "real");
    assert_int_equal(entry->size, 3);
    static const struct {
        const char *records[3], *stored;
    } rows[] = {
        {{"GNU.sparse.size=12", "GNU.sparse.map=2,2,8,2"}, "abc"}, /* more than is stored */
        {{"GNU.sparse.size=9", "GNU.sparse.map=2,2,8,2"}, "abcd"}, /* beyond the end */
        {{"GNU.sparse.major=1", "GNU.sparse.minor=0"}, "2\n2\nx"},
        {{"GNU.sparse.major=1", "GNU.sparse.minor=0"}, "70000\n"},
        {{"GNU.sparse.major=1", "GNU.sparse.minor=0"}, "99999999999999999999999\n"},
        {{"GNU.sparse.major=1", "GNU.sparse.minor=0"}, ""},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        reset(NULL);
        add_pax('x', rows[i].records);
        add(USTAR, "file", '0', rows[i].stored);
        begin();
        if (vl_tar_next(tar, &entry, &err) >= 0)
            fail_msg("row %zu passed", i);
        assert_non_null(strstr(err.msg, "tar: file: "));
    }
    reset(NULL);
    add_pax('x', PAX("GNU.sparse.size=12", "GNU.sparse.map=2,2,8,2"));
    sum_up(header(USTAR, "link", '2', 0));
    begin();
    assert_error(VL_ERR_INVALID, "no file, but said to be a sparse one");
}

/* Entries of which a part, all or nothing is read: the next one is found all the same. */
static void test_partial_reads(void **state)
{
    (void)state;
    char name[16], big[2001];
    memset(big, 'b', 2000);
    big[2000] = '\0';
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        add(USTAR, name, '0', big + i * 7);
    }
    add_end();
    begin();
    for (int i = 0; i < 50; i++) {
        char part[2000];
        snprintf(name, sizeof(name), "f%d", i);
        next();
        assert_string_equal(entry->path, name);
        assert_memory_equal(archive.ptr + entry->content_at, "bbbb", 4);
        if (i % 3)
            assert_true(vl_tar_read(tar, part, (size_t)(i * 40), &err) >= 0);
    }
    assert_end();
    assert_int_equal(vl_tar_read(tar, name, 1, &err), 0);
}

/* An archive in an archive. */
static void test_stream(void **state)
{
    (void)state;
    add(USTAR, "inner file", '0', "inside");
    add_end();
    VL_CLEANUP(vl_buf_done) struct vl_buf inner = archive;
    vl_buf_init(&archive, 64 << 20);
    sum_up(header(USTAR, "layer.tar", '0', inner.len));
    data(inner.ptr, inner.len);
    add(USTAR, "after", '0', "x");
    begin();
    next();
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    assert_int_equal(vl_tar_stream(tar, &s, &err), 0);
    VL_CLEANUP(vl_tar_cleanup) struct vl_tar *nested = vl_tar_new(s);
    const struct vl_tar_entry *e = NULL;
    assert_int_equal(vl_tar_next(nested, &e, &err), 1);
    assert_string_equal(e->path, "inner file");
    assert_int_equal(vl_tar_next(nested, &e, &err), 0);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *skipped = NULL;
    begin();
    next();
    assert_int_equal(vl_tar_stream(tar, &skipped, &err), 0);
    assert_int_equal(vl_stream_skip(skipped, 512, &err), 0);
    char got[6];
    assert_int_equal(vl_stream_read_all(skipped, got, 6, &err), 0);
    assert_memory_equal(got, "inside", 6);
    next();
    assert_string_equal(entry->path, "after");
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *late = NULL;
    assert_int_equal(vl_tar_stream(tar, &late, &err), 0);
    assert_end();
    assert_true(vl_stream_read(late, got, 1, &err) < 0); /* the tar has gone on */
    assert_int_equal(err.code, VL_ERR_USAGE);
}

static void test_clean_path(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"a/b", "a/b"}, {"./a", "a"}, {"/a//b/./c/", "a/b/c"},
        {"a/../b", "b"}, {"a/b/../../c", "c"}, {"..a/b..", "..a/b.."}, {"../a", NULL}, {"a/../../b", NULL},
        {"/..", NULL}, {"", NULL}, {"/", NULL}, {"./", NULL}, {"a/..", NULL},
        {"./.wh..wh..opq", ".wh..wh..opq"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char got[VL_TAR_PATH_MAX];
        assert_int_equal(vl_tar_clean_path(rows[i][0], got), rows[i][1] != NULL);
        if (rows[i][1])
            assert_string_equal(got, rows[i][1]);
    }
    char large[VL_TAR_PATH_MAX + 1], got[VL_TAR_PATH_MAX];
    memset(large, 'a', sizeof(large));
    large[VL_TAR_PATH_MAX] = '\0';
    assert_false(vl_tar_clean_path(large, got));
    large[VL_TAR_PATH_MAX - 1] = '\0';
    assert_true(vl_tar_clean_path(large, got));
}

/* Archives of GNU tar in all its formats, with a name of 200 bytes, a link and a sparse file, say the same.
 */
static void test_gnu_tar(void **state)
{
    (void)state;
    static const char *const formats[] = {"v7", "oldgnu", "gnu", "ustar", "posix",
        "posix --sparse-version=0.0", "posix --sparse-version=0.1", "posix --sparse-version=1.0"};
    char folder[] = "/tmp/test-tar-XXXXXX", command[700], path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof(command),
        "cd %s && mkdir -p in/d && printf content > in/file && ln in/file in/hard && ln -s file in/soft && "
        "truncate -s 3000000 in/sparse && printf mid | dd of=in/sparse bs=1 seek=1500000 conv=notrunc "
        "status=none",
        folder);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(formats); i++) {
        bool sparse = i != 0 && i != 3;
        snprintf(command, sizeof(command),
            "cd %s && tar --sort=name --format=%s %s --mtime=@1700000000 -cf out.tar in/d in/file in/hard "
            "in/soft in/sparse",
            folder, formats[i], sparse ? "-S" : "");
        assert_int_equal(system(command), 0);
        reset(NULL);
        snprintf(path, sizeof(path), "%s/out.tar", folder);
        assert_int_equal(vl_file_read(path, 64 << 20, &archive, &err), 0);
        begin();
        next();
        assert_int_equal(entry->type, VL_TAR_DIR);
        assert_string_equal(entry->path, "in/d/");
        next();
        assert_string_equal(entry->path, "in/file");
        assert_int_equal(entry->mtime_ms, 1700000000000);
        assert_content("content");
        next();
        assert_int_equal(entry->type, VL_TAR_HARDLINK);
        assert_string_equal(entry->target, "in/file");
        next();
        assert_int_equal(entry->type, VL_TAR_SYMLINK);
        assert_string_equal(entry->target, "file");
        next();
        assert_string_equal(entry->path, "in/sparse");
        assert_int_equal(entry->size, 3000000);
        assert_int_equal(entry->sparse, sparse);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        content(&out);
        assert_int_equal(out.len, 3000000);
        assert_memory_equal(out.ptr + 1499999, "\0mid\0", 5);
        assert_end();
    }
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    if (system("tar --version > /dev/null 2>&1") != 0) {
        printf("tar is not installed\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types, reset, reset),
        cmocka_unit_test_setup_teardown(test_names, reset, reset),
        cmocka_unit_test_setup_teardown(test_gnu_long, reset, reset),
        cmocka_unit_test_setup_teardown(test_numbers, reset, reset),
        cmocka_unit_test_setup_teardown(test_checksum, reset, reset),
        cmocka_unit_test_setup_teardown(test_pax, reset, reset),
        cmocka_unit_test_setup_teardown(test_pax_bad, reset, reset),
        cmocka_unit_test_setup_teardown(test_limits, reset, reset),
        cmocka_unit_test_setup_teardown(test_ends, reset, reset),
        cmocka_unit_test_setup_teardown(test_old_sparse, reset, reset),
        cmocka_unit_test_setup_teardown(test_pax_sparse, reset, reset),
        cmocka_unit_test_setup_teardown(test_sparse_lies, reset, reset),
        cmocka_unit_test_setup_teardown(test_partial_reads, reset, reset),
        cmocka_unit_test_setup_teardown(test_stream, reset, reset),
        cmocka_unit_test_setup_teardown(test_clean_path, reset, reset),
        cmocka_unit_test_setup_teardown(test_gnu_tar, reset, reset),
    };
    return cmocka_run_group_tests_name("codec/tar", tests, NULL, NULL);
}
