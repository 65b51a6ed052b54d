/* tests: stream.c stream_fd.c stream_gzip.c stream_zstd.c stream_xz.c stream_bzip2.c
 * tests: stream_mapped.c stream_pipelined.c stream_pass.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/stream.h"

#define LINE  "Vallum reads streams.\n"
#define LINES 40
#define NONE  UINT64_MAX

/* 40 times the line, made by gzip 1.12, zlib (header flags FHCRC, FEXTRA, FNAME, FCOMMENT; three members, one
 * of them empty), zstd 1.5.4 (a skippable frame and two others), xz 5.4 (two streams; .lzma), bzip2 1.0.8
 * (two streams). */
static const char gzip_hex[] =
    "1f8b08000000000002030b4bccc929cd55284a4d4c2956282e01d2b9c57a5c61a3a2a3a2a3a234100500a53cfe0b7003"
    "0000";
static const char gzip_flags_hex[] =
    "1f8b081e0000000000ff060041420200787966696c652e747874006120636f6d6d656e74001b840b4bccc929cd55284a"
    "4d4c2956282e01d2b9c57a5c61a3a2a3a2a3a234100500a53cfe0b70030000";
static const char gzip_members_hex[] =
    "1f8b08000000000000ff0b4bccc929cd55284a4d4c2956282e01d2b9c57a5c61a3a2835c140015f36a34b80100001f8b"
    "08000000000000ff030000000000000000001f8b08080000000000ff66696c652e747874000b4bccc929cd55284a4d4c"
    "2956282e01d2b9c57a5c61a3a2835c140015f36a34b8010000";
static const char zstd_hex[] =
    "502a4d180300000061626328b52ffd0468ed0000b056616c6c756d2072656164732073747265616d732e0a01003e539d"
    "4d8a9c7a0728b52ffd0458ed0000b056616c6c756d2072656164732073747265616d732e0a01003e539d4d8a9c7a07";
static const char xz_hex[] =
    "fd377a585a000004e6d6b4460200210116000000742fe5a3e001b7001d5d002b1849987537c5a80ebc30692dfb1c3452"
    "34c5faecba36609fd1cc400000000000bad87accc9a3ebaf000139b803000000836e22d2b1c467fb020000000004595a"
    "fd377a585a000004e6d6b4460200210116000000742fe5a3e001b7001d5d002b1849987537c5a80ebc30692dfb1c3452"
    "34c5faecba36609fd1cc400000000000bad87accc9a3ebaf000139b803000000836e22d2b1c467fb020000000004595a";
static const char lzma_hex[] =
    "5d00008000ffffffffffffffff002b1849987537c5a80ebc30692dfb1c345234c5faecba3660a30135831b466a73ffff"
    "da8f0000";
static const char bzip2_hex[] =
    "425a683931415926535930b01929000031d38000104001010026061e0020007040340014aa00626e4f49813827a4ec9b"
    "13c2604d8982689b9304d1344c9382649e13f17724538509030b019290425a683931415926535930b01929000031d380"
    "00104001010026061e0020007040340014aa00626e4f49813827a4ec9b13c2604d8982689b9304d1344c9382649e13f1"
    "7724538509030b019290";
static const char zlib_hex[] = "789c0b4bccc929cd55284a4d4c2956282e01d2b9c57a5c61a3a2a3a2a3a234100500ff0c3ea8";

static const struct fixture {
    const char *name, *hex;
    enum vl_compression compression;
} fixtures[] = {
    {"gzip", gzip_hex, VL_COMPRESSION_GZIP},
    {"gzip, all flags", gzip_flags_hex, VL_COMPRESSION_GZIP},
    {"gzip, members", gzip_members_hex, VL_COMPRESSION_GZIP},
    {"zstd", zstd_hex, VL_COMPRESSION_ZSTD},
    {"xz", xz_hex, VL_COMPRESSION_XZ},
    {"lzma", lzma_hex, VL_COMPRESSION_XZ},
    {"bzip2", bzip2_hex, VL_COMPRESSION_BZIP2},
    {"zlib", zlib_hex, VL_COMPRESSION_ZLIB},
};

static char bytes[4096];
static struct vl_err err;

static struct vl_span unhex(const char *hex)
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= sizeof(bytes) && vl_hex_decode(vl_span_str(hex), (uint8_t *)bytes, len));
    return (struct vl_span){bytes, len};
}

static struct vl_stream *over(struct vl_span data)
{
    struct vl_stream *s = NULL;
    assert_int_equal(vl_stream_new_span(data, &s, &err), 0);
    return s;
}

static struct vl_stream *unpack(struct vl_span data, enum vl_compression compression, uint64_t max)
{
    struct vl_stream *s = NULL;
    vl_err_clear(&err);
    assert_int_equal(vl_stream_new_decompress(over(data), compression, max, &s, &err), 0);
    return s;
}

/* Reads to the end in pieces of `piece` bytes; 0 or the error. */
static int slurp(struct vl_stream *s, size_t piece, struct vl_buf *out)
{
    int64_t n;
    vl_buf_clear(out);
    do {
        char *to = vl_buf_reserve(out, piece);
        assert_non_null(to);
        n = vl_stream_read(s, to, piece, &err);
        if (n > 0)
            vl_buf_commit(out, (size_t)n);
    } while (n > 0);
    return (int)n;
}

static void assert_content(const struct vl_buf *out)
{
    assert_int_equal(out->len, LINES * strlen(LINE));
    for (size_t i = 0; i < LINES; i++)
        assert_memory_equal(out->ptr + i * strlen(LINE), LINE, strlen(LINE));
}

/* Every format, in pieces of every kind, by name and (where it can be known) by its magic number. */
static void test_formats(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 880, 70000, 300000};
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(fixtures); i++) {
        struct vl_span data = unhex(fixtures[i].hex);
        for (size_t j = 0; j < VL_ARRAY_LEN(pieces); j++) {
            VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = unpack(data, fixtures[i].compression, NONE);
            if (slurp(s, pieces[j], &out) < 0)
                fail_msg("%s: %s", fixtures[i].name, err.msg);
            assert_content(&out);
            assert_int_equal(vl_stream_position(s), out.len);
        }
        if (fixtures[i].compression == VL_COMPRESSION_ZLIB)
            continue;
        assert_int_equal(vl_compression_detect(data), fixtures[i].compression);
        VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
        assert_int_equal(vl_stream_new_auto(over(data), NONE, &s, &err), 0);
        assert_int_equal(slurp(s, 100, &out), 0);
        assert_content(&out);
    }
}

/* Cut anywhere, a stream must fail and never end as if it were whole. */
static void test_truncated(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(fixtures); i++) {
        struct vl_span data = unhex(fixtures[i].hex);
        unsigned whole = 0;
        for (size_t len = 0; len < data.len; len++) {
            VL_CLEANUP(vl_stream_cleanup)
            struct vl_stream *s = unpack(vl_span_slice(data, 0, len), fixtures[i].compression, NONE);
            if (slurp(s, 4096, &out) == 0) {
                whole++; /* at the border of two members */
                continue;
            }
            assert_int_equal(err.code, VL_ERR_INVALID);
            assert_non_null(strstr(err.msg, "end"));
            char again[VL_ERR_MSG_MAX];
            memcpy(again, err.msg, sizeof(again));
            assert_true(slurp(s, 4096, &out) < 0); /* errors stick */
            assert_string_equal(again, err.msg);
        }
        if (whole > 2)
            fail_msg("%s: %u cut files passed for whole ones", fixtures[i].name, whole);
    }
}

/* One bit changed: the wrong content must never come without an error. Bits that mean nothing (times, names,
 * operating system) may change. */
static void test_flipped(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out, want;
    vl_buf_init(&out, 1 << 20);
    vl_buf_init(&want, 1 << 20);
    for (size_t i = 0; i < LINES; i++)
        vl_buf_append_str(&want, LINE);
    for (size_t i = 0; i < VL_ARRAY_LEN(fixtures); i++) {
        if (fixtures[i].hex == lzma_hex)
            continue; /* has no checksum */
        struct vl_span data = unhex(fixtures[i].hex);
        size_t step =
            fixtures[i].compression == VL_COMPRESSION_GZIP ? 1 : 7; /* the others take long to set up */
        for (size_t bit = 0; bit < data.len * 8; bit += step) {
            bytes[bit / 8] ^= (char)(1 << bit % 8);
            VL_CLEANUP(vl_stream_cleanup)
            struct vl_stream *s = unpack(data, fixtures[i].compression, 1 << 20);
            if (slurp(s, 4096, &out) == 0 && !vl_span_eq(vl_buf_span(&out), vl_buf_span(&want)) &&
                fixtures[i].compression != VL_COMPRESSION_ZSTD)
                fail_msg("%s: bit %zu changed the content unnoticed", fixtures[i].name, bit);
            bytes[bit / 8] ^= (char)(1 << bit % 8);
        }
    }
}

static void test_after_the_end(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(fixtures); i++) {
        struct vl_span data = unhex(fixtures[i].hex);
        memset(bytes + data.len, 0, 700);
        bool gzip = fixtures[i].compression == VL_COMPRESSION_GZIP;
        bool xz = fixtures[i].hex == xz_hex; /* multiples of four zeros are padding there too */
        VL_CLEANUP(vl_stream_cleanup)
        struct vl_stream *padded =
            unpack((struct vl_span){bytes, data.len + 700}, fixtures[i].compression, NONE);
        assert_int_equal(slurp(padded, 4096, &out) == 0, gzip || xz);
        assert_content(&out);
        bytes[data.len + 699] = 'x';
        VL_CLEANUP(vl_stream_cleanup)
        struct vl_stream *dirty =
            unpack((struct vl_span){bytes, data.len + 700}, fixtures[i].compression, NONE);
        assert_true(slurp(dirty, 4096, &out) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
        assert_content(&out); /* what was good was delivered */
    }
}

static void test_gzip_trailer(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    for (size_t back = 1; back <= 8; back++) {
        struct vl_span data = unhex(gzip_hex);
        bytes[data.len - back] ^= 4;
        VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = unpack(data, VL_COMPRESSION_GZIP, NONE);
        assert_true(slurp(s, 4096, &out) < 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        assert_non_null(strstr(err.msg, "checksum or length"));
    }
}

/* The limit of the caller holds to the byte. */
static void test_max_output(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(fixtures); i++) {
        struct vl_span data = unhex(fixtures[i].hex);
        VL_CLEANUP(vl_stream_cleanup)
        struct vl_stream *enough = unpack(data, fixtures[i].compression, LINES * strlen(LINE));
        assert_int_equal(slurp(enough, 100, &out), 0);
        VL_CLEANUP(vl_stream_cleanup)
        struct vl_stream *little = unpack(data, fixtures[i].compression, LINES * strlen(LINE) - 1);
        assert_true(slurp(little, 100, &out) < 0);
        assert_int_equal(err.code, VL_ERR_LIMIT);
        assert_true(out.len < LINES * strlen(LINE));
    }
    VL_CLEANUP(vl_stream_cleanup)
    struct vl_stream *plain = unpack(VL_SPAN_LIT("12345"), VL_COMPRESSION_NONE, 4);
    assert_true(slurp(plain, 100, &out) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

/* 4 KiB of zstd blocks that repeat one byte 128 Ki times each (RFC 8878, RLE_Block). */
static void test_bomb(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf bomb;
    vl_buf_init(&bomb, 1 << 20);
    vl_buf_append(&bomb, "\x28\xb5\x2f\xfd\x00\x58", 6);
    for (unsigned i = 0; i < 1024; i++) {
        uint32_t header = (uint32_t)(i == 1023) | 1U << 1 | (128U * 1024) << 3;
        vl_buf_append_u32le(&bomb, header | (uint32_t)'a' << 24);
    }
    VL_CLEANUP(vl_stream_cleanup)
    struct vl_stream *s = unpack(vl_buf_span(&bomb), VL_COMPRESSION_ZSTD, NONE);
    assert_true(vl_stream_drain(s, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "bomb"));
    assert_true(vl_stream_position(s) < 24U << 20);
}

static void test_detect(void **state)
{
    (void)state;
    assert_int_equal(vl_compression_detect(VL_SPAN_EMPTY), VL_COMPRESSION_NONE);
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("\x1f")), VL_COMPRESSION_NONE);
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("\x28\xb5\x2f\xfd")), VL_COMPRESSION_ZSTD);
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("]\0\0\0\0\0")), VL_COMPRESSION_NONE); /* a file "]" */
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("]\0\0\x80\0\xff")), VL_COMPRESSION_XZ);
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("BZh9\x17\x72")), VL_COMPRESSION_BZIP2);
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("BZh9.txt")), VL_COMPRESSION_NONE);
    assert_int_equal(vl_compression_detect(VL_SPAN_LIT("x\x9c\x03\0\0\0")), VL_COMPRESSION_NONE);
}

static void test_peek_borrow_skip(void **state)
{
    (void)state;
    struct vl_span head, part;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = unpack(unhex(gzip_hex), VL_COMPRESSION_GZIP, NONE);
    assert_int_equal(vl_stream_peek(s, 30, &head, &err), 0);
    assert_true(head.len >= 30 && memcmp(head.ptr, LINE, 22) == 0);
    assert_int_equal(vl_stream_position(s), 0);
    assert_int_equal(vl_stream_borrow(s, 7, &part, &err), 7);
    assert_true(vl_span_eq_str(part, "Vallum "));
    assert_int_equal(vl_stream_skip(s, 22 * 38, &err), 0);
    assert_int_equal(vl_stream_peek(s, 1000, &head, &err), 0);
    assert_int_equal(head.len, 37); /* the stream ends before */
    char rest[40];
    assert_true(vl_stream_read_all(s, rest, 38, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_non_null(strstr(err.msg, "ends early"));
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *t = over(VL_SPAN_LIT("abc"));
    assert_true(vl_stream_skip(t, 4, &err) < 0);
    assert_non_null(strstr(err.msg, "ends early"));
}

static int file_of(size_t len)
{
    int fd = -1;
    VL_CLEANUP(vl_buf_done) struct vl_buf content;
    vl_buf_init(&content, len);
    char *to = vl_buf_reserve(&content, len);
    for (size_t i = 0; i < len; i++)
        to[i] = (char)(i * 7 + i / 251);
    vl_buf_commit(&content, len);
    assert_int_equal(vl_file_temp(NULL, &fd, &err), 0);
    assert_int_equal(vl_file_write_fd(fd, "spool", vl_buf_span(&content), &err), 0);
    return fd;
}

static void test_fd(void **state)
{
    (void)state;
    VL_CLEANUP(vl_file_close) int fd = file_of(1 << 20);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *a = NULL;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *b = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 2 << 20);
    assert_int_equal(lseek(fd, 1000, SEEK_SET), 1000);
    assert_int_equal(vl_stream_new_fd(fd, "spool", NONE, &a, &err), 0);
    assert_int_equal(vl_stream_new_region(fd, "spool", 500000, 300, NULL, &b, &err), 0);
    uint8_t byte;
    assert_int_equal(vl_stream_read_all(a, &byte, 1, &err), 0);
    assert_int_equal(byte, (uint8_t)(1000 * 7 + 1000 / 251));
    assert_int_equal(vl_stream_read_all(b, &byte, 1, &err), 0);
    assert_int_equal(byte, (uint8_t)(500000 * 7 + 500000 / 251));
    assert_int_equal(vl_stream_skip(a, 900000, &err), 0);
    assert_int_equal(vl_stream_read_all(a, &byte, 1, &err), 0);
    assert_int_equal(byte, (uint8_t)(901001 * 7 + 901001 / 251));
    assert_int_equal(slurp(a, 100000, &out), 0);
    assert_int_equal(out.len, (1 << 20) - 901002);
    assert_int_equal(slurp(b, 1000, &out), 0);
    assert_int_equal(out.len, 299);
    assert_string_equal(vl_stream_name(a), "spool");

    /* Beyond the end by skipping, and a length the file does not have. */
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *c = NULL;
    assert_int_equal(vl_stream_new_region(fd, "spool", 0, NONE, NULL, &c, &err), 0);
    assert_true(vl_stream_skip(c, (1 << 20) + 1, &err) < 0);
    assert_string_equal(err.msg, "spool: ends early: 1 bytes are missing");
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *d = NULL;
    assert_int_equal(vl_stream_new_region(fd, "spool", 0, 2 << 20, NULL, &d, &err), 0);
    assert_true(slurp(d, 70000, &out) < 0);
    assert_int_equal(out.len, 1 << 20);
}

static void test_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], LINE LINE, 44), 44);
    close(ends[1]);
    VL_CLEANUP(vl_file_close) int fd = ends[0];
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 4096);
    assert_int_equal(vl_stream_new_fd(fd, "pipe", NONE, &s, &err), 0);
    assert_int_equal(vl_stream_skip(s, 22, &err), 0);
    assert_int_equal(slurp(s, 100, &out), 0);
    assert_string_equal(vl_buf_str(&out), LINE);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *at = NULL;
    assert_true(vl_stream_new_region(fd, "pipe", 0, 1, NULL, &at, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
}

/* The whole composition: digests of both sides come out right whoever runs on which thread. */
static void test_digesting_and_pipelined(void **state)
{
    (void)state;
    struct vl_span data = unhex(gzip_members_hex);
    for (size_t i = 0; i < 5; i++) {
        VL_CLEANUP(vl_digester_cleanup) struct vl_digester *below = vl_digester_new(VL_DIGEST_SHA256);
        VL_CLEANUP(vl_digester_cleanup) struct vl_digester *above = vl_digester_new(VL_DIGEST_SHA256);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        struct vl_stream *s = over(data);
        vl_buf_init(&out, 1 << 20);
        assert_int_equal(vl_stream_new_digest(s, below, &s, &err), 0);
        assert_int_equal(vl_stream_new_pipelined(s, &s, &err), 0);
        assert_int_equal(vl_stream_new_decompress(s, VL_COMPRESSION_GZIP, NONE, &s, &err), 0);
        assert_int_equal(vl_stream_new_pipelined(s, &s, &err), 0);
        assert_int_equal(vl_stream_new_digest(s, above, &s, &err), 0);
        assert_int_equal(vl_stream_skip(s, 44, &err), 0); /* what is skipped is digested too */
        assert_int_equal(slurp(s, 100, &out), 0);
        assert_int_equal(out.len, 38 * strlen(LINE));
        vl_stream_free(s);
        struct vl_digest got, want;
        vl_digester_finish(below, &got);
        vl_digest_compute(VL_DIGEST_SHA256, data, &want);
        assert_true(vl_digest_eq(&got, &want));
        vl_digester_finish(above, &got);
        char text[VL_DIGEST_TEXT_MAX]; /* by sha256sum */
        assert_string_equal(vl_digest_format(&got, text),
            "sha256:1cdcd8d1832a48793f38e50bac836bf7eb4bb075a2739f75af4a0c1644056628");
    }
}

static void test_pipelined_large(void **state)
{
    (void)state;
    VL_CLEANUP(vl_file_close) int fd = file_of(5 << 20);
    for (unsigned round = 0; round < 8; round++) {
        struct vl_stream *s = NULL;
        assert_int_equal(vl_stream_new_region(fd, "spool", 0, NONE, NULL, &s, &err), 0);
        assert_int_equal(vl_stream_new_pipelined(s, &s, &err), 0);
        size_t at = 0, stop = round < 4 ? SIZE_MAX : round * 100000; /* some are freed early */
        struct vl_span part;
        int64_t n;
        while (at < stop && (n = vl_stream_borrow(s, (size_t)4096 << round, &part, &err)) > 0) {
            for (size_t i = 0; i < part.len; i += 997)
                assert_int_equal((uint8_t)part.ptr[i], (uint8_t)((at + i) * 7 + (at + i) / 251));
            at += part.len;
        }
        if (stop == SIZE_MAX)
            assert_int_equal(at, 5 << 20);
        vl_stream_free(s);
    }
}

/* Good bytes first, then the error, in its own words, and again when asked again. */
static void test_pipelined_error(void **state)
{
    (void)state;
    VL_CLEANUP(vl_file_close) int fd = file_of(1 << 20);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 2 << 20);
    assert_int_equal(vl_stream_new_region(fd, "spool", 0, (1 << 20) + 5, NULL, &s, &err), 0);
    assert_int_equal(vl_stream_new_pipelined(s, &s, &err), 0);
    for (int again = 0; again < 2; again++) {
        assert_true(slurp(s, 50000, &out) < 0);
        assert_string_equal(err.msg, "spool: ends early: 5 bytes are missing");
        assert_int_equal(out.len, again ? 0 : 1 << 20);
    }
}

/* The same bytes as by reading, from any place, and what is missing is told after what is there. */
static void region_ahead(void)
{
    enum { SIZE = 5 << 20 };
    VL_CLEANUP(vl_file_close) int fd = file_of(SIZE);
    static const struct {
        uint64_t offset, length, there;
    } rows[] = {{0, SIZE, SIZE}, {1, SIZE - 1, SIZE - 1}, {4095, 1 << 20, 1 << 20}, {4096, 1, 1}, {77, 0, 0},
        {SIZE - 3, 3, 3}, {1000, SIZE, SIZE - 1000}, {SIZE, 9, 0}, {SIZE + 5000, 9, 0}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
        uint64_t at = rows[i].offset;
        struct vl_span part;
        int64_t n;
        assert_int_equal(
            vl_stream_new_region_ahead(fd, "spool", rows[i].offset, rows[i].length, &s, &err), 0);
        while ((n = vl_stream_borrow(s, 100000, &part, &err)) > 0) {
            for (size_t k = 0; k < part.len; k += 61)
                assert_int_equal((uint8_t)part.ptr[k], (uint8_t)((at + k) * 7 + (at + k) / 251));
            at += part.len;
        }
        assert_int_equal(at - rows[i].offset, rows[i].there);
        assert_int_equal(n < 0, rows[i].there < rows[i].length);
        if (n < 0)
            assert_non_null(strstr(err.msg, "spool: ends early: "));
    }
    struct vl_stream *early = NULL;
    assert_int_equal(vl_stream_new_region_ahead(fd, "spool", 0, SIZE, &early, &err), 0);
    vl_stream_free(early);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    assert_true(vl_stream_new_region_ahead(pipe_fds[0], "pipe", 0, 5, &early, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

/* With a helper on another processor, and on one processor alone. */
static void test_region_ahead(void **state)
{
    (void)state;
    cpu_set_t all, one;
    region_ahead();
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    region_ahead();
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

/* A file that somebody cuts after it was begun: what is there still comes, then an error says what is
 * missing. (Behind the end nothing was mapped yet: four windows of 1 MiB are.) */
static void test_region_ahead_cut(void **state)
{
    (void)state;
    enum { SIZE = 8 << 20, CUT = (5 << 20) + 700 };
    VL_CLEANUP(vl_file_close) int fd = file_of(SIZE);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    struct vl_span part;
    uint64_t got = 0;
    int64_t n;
    assert_int_equal(vl_stream_new_region_ahead(fd, "spool", 0, SIZE, &s, &err), 0);
    while ((n = vl_stream_borrow(s, 100000, &part, &err)) > 0) {
        if (got == 0)
            assert_int_equal(ftruncate(fd, CUT), 0);
        assert_int_equal((uint8_t)part.ptr[0], (uint8_t)(got * 7 + got / 251));
        got += part.len;
    }
    assert_true(n < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_non_null(strstr(err.msg, "spool: ends early: "));
    assert_int_equal(got, CUT);
}

/* What is lent goes on where the one who borrowed it stopped. */
static void test_lent(void **state)
{
    (void)state;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *below = over(VL_SPAN_LIT("abcdef"));
    struct vl_stream *s = NULL;
    const uint64_t *count = NULL;
    char got[4];
    assert_int_equal(vl_stream_new_lent(below, &count, &s, &err), 0);
    assert_int_equal(vl_stream_read_all(s, got, 2, &err), 0);
    assert_int_equal(vl_stream_skip(s, 1, &err), 0);
    assert_int_equal(*count, 3);
    vl_stream_free(s);
    assert_int_equal(vl_stream_read_all(below, got, 3, &err), 0);
    assert_memory_equal(got, "def", 3);
}

/* Every pattern of reads and skips of a part of a file gives the same bytes. */
static void test_region_patterns(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    VL_CLEANUP(vl_file_close) int fd = file_of(SIZE);
    unsigned seed = 7;
    for (int round = 0; round < 100; round++) {
        VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
        const uint64_t *position = NULL;
        char got[90000];
        uint64_t at = 0;
        assert_int_equal(vl_stream_new_region(fd, "spool", 0, SIZE, &position, &s, &err), 0);
        while (at < SIZE) {
            seed = seed * 1103515245U + 12345U;
            size_t n = (seed >> 8) % sizeof(got);
            n = n < SIZE - at ? n : (size_t)(SIZE - at);
            if (seed & 0x80) {
                assert_int_equal(vl_stream_skip(s, n, &err), 0);
            } else {
                assert_int_equal(vl_stream_read_all(s, got, n, &err), 0);
                for (size_t i = 0; i < n; i += 13)
                    assert_int_equal((uint8_t)got[i], (uint8_t)((at + i) * 7 + (at + i) / 251));
            }
            at += n;
            assert_int_equal(*position, at);
        }
    }
    assert_int_equal(lseek(fd, 0, SEEK_CUR), SIZE); /* as writing left it */
}

/* A failing make frees what it was given (the sanitizer of leaks watches). */
static void test_auto_error(void **state)
{
    (void)state;
    VL_CLEANUP(vl_file_close) int fd = file_of(2);
    struct vl_stream *s = NULL, *ret = NULL;
    assert_int_equal(vl_stream_new_region(fd, "spool", 0, 100, NULL, &s, &err), 0);
    assert_true(vl_stream_new_auto(s, NONE, &ret, &err) < 0);
    assert_null(ret);
    vl_stream_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_after_the_end),
        cmocka_unit_test(test_gzip_trailer),
        cmocka_unit_test(test_max_output),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_detect),
        cmocka_unit_test(test_peek_borrow_skip),
        cmocka_unit_test(test_fd),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_digesting_and_pipelined),
        cmocka_unit_test(test_pipelined_large),
        cmocka_unit_test(test_pipelined_error),
        cmocka_unit_test(test_region_ahead),
        cmocka_unit_test(test_region_ahead_cut),
        cmocka_unit_test(test_lent),
        cmocka_unit_test(test_region_patterns),
        cmocka_unit_test(test_auto_error),
    };
    return cmocka_run_group_tests_name("codec/stream", tests, NULL, NULL);
}
