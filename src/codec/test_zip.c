#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/digest.h"
#include "codec/zip.h"

/* Written by Python's zipfile: a folder, a deflated, a stored, an empty and a bzip2 entry, and a comment; and
 * one entry whose sizes and offset, like the place of the directory, stand in the 64-bit fields (checked with
 * zipfile). */
static const char zip_hex[] =
    "504b03041400000000008318225c000000000000000000000000090000004d4554412d494e462f504b03041400000008"
    "008318225c2d7795271e000000cc010000140000004d4554412d494e462f4d414e49464553542e4d46f34dcccb4c4b2d"
    "2ed10d4b2d2acecccfb35230d433e0e5f21d151e7ac200504b03041400000800008318225c0bf9435606000000060000"
    "00100000006772c3bc6e2de697a5e69cac2e74787473746f726564504b03041400000008008318225c00000000020000"
    "000000000005000000656d7074790300504b03042e0000000c008318225cf0161daf350000001c000000070000006f6c"
    "642e627a32425a6839314159265359a15f8cfc00000519804004100010204030200021b481a10c086b8b5c3c142111e2"
    "ee48a70a12142bf19f80504b010214031400000000008318225c00000000000000000000000009000000000000000000"
    "0000a401000000004d4554412d494e462f504b010214031400000008008318225c2d7795271e000000cc010000140000"
    "000000000000000000a401270000004d4554412d494e462f4d414e49464553542e4d46504b0102140314000008000083"
    "18225c0bf943560600000006000000100000000000000000000000a401770000006772c3bc6e2de697a5e69cac2e7478"
    "74504b010214031400000008008318225c000000000200000000000000050000000000000000000000a401ab00000065"
    "6d707479504b01022e032e0000000c008318225cf0161daf350000001c000000070000000000000000000000a401d000"
    "00006f6c642e627a32504b050600000000050005001f0100002a0100001a006120636f6d6d656e74207769746820504b"
    "050620696e73696465";
static const char zip64_hex[] =
    "504b03042d00000008008318225ce7a280a5ffffffffffffffff080014006269672f66696c6501001000b40000000000"
    "00000b00000000000000abca2c303351a81a522400504b01022d032d00000008008318225ce7a280a5ffffffffffffff"
    "ff08001c000000000000000000a401ffffffff6269672f66696c6501001800b4000000000000000b0000000000000000"
    "00000000000000504b06062c000000000000002d002d0000000000000000000100000000000000010000000000000052"
    "000000000000004500000000000000504b060700000000970000000000000001000000504b050600000000ffffffffff"
    "ffffffffffffff0000";

static struct vl_err err;
static char bytes[8192];

static struct vl_span unhex(const char *hex)
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= sizeof(bytes) && vl_hex_decode(vl_span_str(hex), (uint8_t *)bytes, len));
    return (struct vl_span){bytes, len};
}

static struct vl_zip *open_zip(struct vl_span data)
{
    struct vl_zip *zip = NULL;
    if (vl_zip_open(data, "test.zip", &zip, &err) < 0)
        fail_msg("%s", err.msg);
    return zip;
}

static const struct {
    const char *path, *content;
    unsigned times;
    bool is_dir;
} want[] = {
    {"META-INF/", "", 0, true},
    {"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n", 20, false},
    {"grün-日本.txt", "stored", 1, false},
    {"empty", "", 0, false},
    {"old.bz2", "by bzip2, by bzip2, by bzip2", 1, false},
};

static void assert_entries(struct vl_span data)
{
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = open_zip(data);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    const struct vl_zip_entry *e = NULL;
    vl_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(want); i++) {
        assert_int_equal(vl_zip_next(zip, &e, &err), 1);
        assert_string_equal(e->path, want[i].path);
        assert_int_equal(e->is_dir, want[i].is_dir);
        size_t len = strlen(want[i].content);
        assert_int_equal(e->size, len * want[i].times);
        vl_buf_clear(&out);
        vl_buf_append_str(&out, "before");
        if (vl_zip_read(zip, &out, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(out.len, 6 + len * want[i].times);
        for (unsigned k = 0; k < want[i].times; k++)
            assert_memory_equal(out.ptr + 6 + k * len, want[i].content, len);
    }
    assert_int_equal(vl_zip_next(zip, &e, &err), 0);
    assert_int_equal(vl_zip_next(zip, &e, &err), 0);
    assert_true(vl_zip_read(zip, &out, &err) < 0);
}

static void test_read(void **state)
{
    (void)state;
    assert_entries(unhex(zip_hex));
}

/* A shell script before it, as Spring Boot makes executable jars, and bytes after it. */
static void test_prefix_and_suffix(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    vl_buf_init(&b, 1 << 20);
    vl_buf_append_str(&b, "#!/bin/sh\nexec java -jar \"$0\"\n");
    vl_buf_append_span(&b, unhex(zip_hex));
    assert_entries(vl_buf_span(&b));
    vl_buf_append_str(&b, "appended signature");
    assert_entries(vl_buf_span(&b));
}

static void test_zip64(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf b, out;
    vl_buf_init(&b, 1 << 20);
    vl_buf_init(&out, 1 << 20);
    for (int round = 0; round < 2; round++) {
        vl_buf_append_span(&b, unhex(zip64_hex));
        VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = open_zip(vl_buf_span(&b));
        const struct vl_zip_entry *e = NULL;
        assert_int_equal(vl_zip_next(zip, &e, &err), 1);
        assert_string_equal(e->path, "big/file");
        assert_int_equal(e->size, 180);
        if (vl_zip_read(zip, &out, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(out.len, 180);
        assert_memory_equal(out.ptr, "zip64 zip64 ", 12);
        assert_int_equal(vl_zip_next(zip, &e, &err), 0);
        vl_buf_clear(&b);
        vl_buf_clear(&out);
        vl_buf_append_str(&b, "prefix");
    }
}

static char *record(struct vl_span data, unsigned n)
{
    size_t at = 0;
    for (unsigned i = 0; i <= n; i++)
        at += vl_span_find(vl_span_slice(data, at, data.len), VL_SPAN_LIT("PK\1\2")) + 1;
    return bytes + at - 1;
}

/* Changes two bytes of record 1 (a deflated entry) and reads it; gives the error. */
static enum vl_err_code read_changed(size_t at, uint16_t value, size_t max)
{
    struct vl_span data = unhex(zip_hex);
    char *r = record(data, 1);
    r[at] = (char)value;
    r[at + 1] = (char)(value >> 8);
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = open_zip(data);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    const struct vl_zip_entry *e = NULL;
    vl_buf_init(&out, max);
    vl_buf_append_str(&out, "x");
    assert_int_equal(vl_zip_next(zip, &e, &err), 1);
    assert_int_equal(vl_zip_next(zip, &e, &err), 1);
    vl_err_clear(&err);
    int r2 = vl_zip_read(zip, &out, &err);
    assert_int_equal(r2 < 0, err.code != VL_ERR_NONE);
    if (r2 < 0)
        assert_string_equal(vl_buf_str(&out), "x"); /* nothing was appended */
    return err.code;
}

static void test_lies(void **state)
{
    (void)state;
    assert_int_equal(read_changed(8, 0, 461), VL_ERR_NONE);
    assert_int_equal(read_changed(8, 0, 460), VL_ERR_LIMIT);
    assert_int_equal(read_changed(8, 1, 1000), VL_ERR_UNSUPPORTED); /* encrypted */
    assert_non_null(strstr(err.msg, "test.zip: META-INF/MANIFEST.MF: the entry is encrypted"));
    assert_int_equal(read_changed(10, 99, 1000), VL_ERR_UNSUPPORTED);
    assert_int_equal(read_changed(10, 14, 1000), VL_ERR_UNSUPPORTED); /* LZMA */
    assert_non_null(strstr(err.msg, "method 14"));
    assert_int_equal(read_changed(10, 0, 1000), VL_ERR_INVALID); /* stored, but of two sizes */
    assert_int_equal(read_changed(10, 93, 1000), VL_ERR_INVALID);
    assert_int_equal(read_changed(16, 0, 1000), VL_ERR_CORRUPT); /* CRC */
    assert_int_equal(read_changed(20, 0, 1000), VL_ERR_INVALID); /* stored size */
    assert_int_equal(read_changed(20, 5, 1000), VL_ERR_INVALID);
    assert_int_equal(read_changed(22, 0xffff, 1000), VL_ERR_INVALID);
    assert_int_equal(read_changed(24, 459, 1000), VL_ERR_INVALID); /* size */
    assert_int_equal(read_changed(24, 461, 1000), VL_ERR_INVALID);
    assert_int_equal(read_changed(26, 0x7fff, 1000), VL_ERR_LIMIT);
    assert_int_equal(read_changed(26, 0x10, 8 << 20), VL_ERR_INVALID); /* more than deflate can make of it */
    assert_int_equal(read_changed(42, 1, 1000), VL_ERR_INVALID);       /* offset */
    assert_int_equal(read_changed(44, 0xffff, 1000), VL_ERR_INVALID);
}

static void test_cut(void **state)
{
    (void)state;
    struct vl_span data = unhex(zip_hex);
    for (size_t len = 0; len < data.len - 1; len++) {
        struct vl_zip *zip = NULL;
        if (vl_zip_open(vl_span_slice(data, 0, len), "cut.zip", &zip, &err) == 0)
            fail_msg("%zu of %zu bytes passed", len, data.len);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
    vl_zip_free(NULL);
}

/* A directory that ends inside a record: the entries before it are read, then there is an error, and no more.
 */
static void test_damaged_directory(void **state)
{
    (void)state;
    struct vl_span data = unhex(zip_hex);
    memcpy(record(data, 2), "JUNK", 4);
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = open_zip(data);
    const struct vl_zip_entry *e = NULL;
    assert_int_equal(vl_zip_next(zip, &e, &err), 1);
    assert_int_equal(vl_zip_next(zip, &e, &err), 1);
    assert_true(vl_zip_next(zip, &e, &err) < 0);
    assert_string_equal(err.msg, "test.zip: the central directory is damaged after 2 entries");
    assert_true(vl_zip_next(zip, &e, &err) < 0);
}

/* Records that all name the same content: an archive of 60 KB that would become 600 MB. */
static void test_overlapping_bomb(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, RECORDS = 600 };
    static const char block[] = "\x63\x60\x18\x05\xa3\x60\x14"; /* any; its checksum is never reached */
    VL_CLEANUP(vl_buf_done) struct vl_buf b, out;
    vl_buf_init(&b, 1 << 20);
    vl_buf_init(&out, 2 << 20);
    vl_buf_append_u32le(&b, 0x04034b50);
    for (int i = 0; i < 26; i++)
        vl_buf_append_u8(&b, 0);
    for (int i = 0; i < 200; i++)
        vl_buf_append(&b, block, 6);
    size_t at = b.len;
    for (unsigned i = 0; i < RECORDS; i++) {
        vl_buf_append_u32le(&b, 0x02014b50);
        vl_buf_append_u32le(&b, 0);
        vl_buf_append_u16le(&b, 0);
        vl_buf_append_u16le(&b, 8);
        vl_buf_append_u32le(&b, 0);
        vl_buf_append_u32le(&b, 0);
        vl_buf_append_u32le(&b, 1200);
        vl_buf_append_u32le(&b, SIZE);
        for (int k = 0; k < 9; k++)
            vl_buf_append_u16le(&b, 0);
    }
    size_t size = b.len - at;
    vl_buf_append_u32le(&b, 0x06054b50);
    vl_buf_append_u32le(&b, 0);
    vl_buf_append_u16le(&b, RECORDS);
    vl_buf_append_u16le(&b, RECORDS);
    vl_buf_append_u32le(&b, (uint32_t)size);
    vl_buf_append_u32le(&b, (uint32_t)at);
    vl_buf_append_u16le(&b, 0);
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = open_zip(vl_buf_span(&b));
    const struct vl_zip_entry *e = NULL;
    unsigned before = 0;
    while (vl_zip_next(zip, &e, &err) > 0 && vl_zip_read(zip, &out, &err) < 0 && err.code != VL_ERR_LIMIT)
        before++;
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "bomb"));
    assert_true(before < 100);
}

/* Nothing but names is looked at where nothing is read: 200,000 entries pass in a moment. */
static void test_many_entries(void **state)
{
    (void)state;
    enum { RECORDS = 200000 };
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    vl_buf_init(&b, 64 << 20);
    for (unsigned i = 0; i < RECORDS; i++) {
        char head[46] = "PK\1\2";
        head[28] = 8; /* length of the name */
        vl_buf_append(&b, head, sizeof(head));
        vl_buf_printf(&b, "%08u", i);
    }
    vl_buf_printf(&b, "PK%c%c", 5, 6);
    size_t size = b.len - 4;
    vl_buf_append_u32le(&b, 0);
    vl_buf_append_u32le(
        &b, 0xffff0000U | RECORDS % 65536); /* the count of 16 bits is of no use and not asked */
    vl_buf_append_u32le(&b, (uint32_t)size);
    vl_buf_append_u32le(&b, 0);
    vl_buf_append_u16le(&b, 0);
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = open_zip(vl_buf_span(&b));
    const struct vl_zip_entry *e = NULL;
    unsigned n = 0;
    while (vl_zip_next(zip, &e, &err) > 0)
        n++;
    assert_int_equal(n, RECORDS);
    assert_string_equal(e->path, "00199999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_prefix_and_suffix),
        cmocka_unit_test(test_zip64),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged_directory),
        cmocka_unit_test(test_overlapping_bomb),
        cmocka_unit_test(test_many_entries),
    };
    return cmocka_run_group_tests_name("codec/zip", tests, NULL, NULL);
}
