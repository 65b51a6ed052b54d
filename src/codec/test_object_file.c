#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/object_file.h"

#define FILE_MAX (256UL << 20)

static struct vl_err err;
static struct vl_buf file;

static struct vl_object_file open_object(void)
{
    struct vl_object_file o;
    if (vl_object_open(vl_buf_span(&file), &o, &err) < 0)
        fail_msg("%s", err.msg);
    return o;
}

static void read_file(const char *path)
{
    vl_buf_done(&file);
    vl_buf_init(&file, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, &file, &err) < 0)
        fail_msg("%s", err.msg);
}

/* The program that runs: what is found in the file is what the loader made of it. */
static const char marker[] __attribute__((section("vallum_marker"), used)) = "object file marker";

static void test_own_program(void **state)
{
    (void)state;
    read_file("/proc/self/exe");
    assert_int_equal(vl_object_kind_detect(vl_buf_span(&file)), VL_OBJECT_ELF);
    struct vl_object_file o = open_object();
    assert_int_equal(o.kind, VL_OBJECT_ELF);
    assert_int_equal(o.is_64, sizeof(void *) == 8);
    struct vl_span content, at;
    uint64_t address = 0;
    assert_true(vl_object_section(&o, "vallum_marker", &content, &address));
    assert_int_equal(content.len, sizeof(marker));
    assert_memory_equal(content.ptr, marker, sizeof(marker));
    assert_true(vl_object_at(&o, address, &at));
    assert_ptr_equal(at.ptr, content.ptr);
    assert_true(vl_object_at(&o, address + 7, &at));
    assert_memory_equal(at.ptr, "file marker", 11);
    assert_false(vl_object_section(&o, ".bss", &content, NULL)); /* nothing of it is in the file */
    assert_false(vl_object_section(&o, "vallum", &content, NULL));
    assert_false(vl_object_at(&o, UINT64_MAX - 5, &at));
}

/* Both word sizes in both byte orders, as objcopy writes them. */
static void test_objcopy(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        bool is_64, big;
    } rows[] = {{"elf32-little", false, false}, {"elf32-big", false, true}, {"elf64-little", true, false},
        {"elf64-big", true, true}};
    char folder[] = "/tmp/test-object-XXXXXX", in[64], out[64], command[512];
    assert_non_null(mkdtemp(folder));
    snprintf(in, sizeof(in), "%s/in", folder);
    snprintf(out, sizeof(out), "%s/out", folder);
    assert_int_equal(vl_file_replace(in, 0600, VL_SPAN_LIT("content of the section"), &err), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        snprintf(command, sizeof(command), "objcopy -I binary -O %s %s %s", rows[i].format, in, out);
        assert_int_equal(system(command), 0);
        read_file(out);
        struct vl_object_file o = open_object();
        struct vl_span content;
        assert_int_equal(o.is_64, rows[i].is_64);
        assert_int_equal(o.big_endian, rows[i].big);
        assert_true(vl_object_section(&o, ".data", &content, NULL));
        assert_true(vl_span_eq_str(content, "content of the section"));
        assert_false(vl_object_at(&o, 0, &content)); /* no segments */
    }
    unlink(in);
    unlink(out);
    rmdir(folder);
}

static void pad_to(size_t at)
{
    while (file.len < at)
        vl_buf_append_u8(&file, 0);
}

static void append_name(const char *name, size_t width)
{
    size_t end = file.len + width;
    vl_buf_append(&file, name, strlen(name) < width ? strlen(name) : width);
    pad_to(end);
}

/* By the PE/COFF specification: two sections, one with its name in the string table. */
static void make_pe(bool wide)
{
    vl_buf_done(&file);
    vl_buf_init(&file, 65536);
    vl_buf_append_str(&file, "MZ");
    pad_to(0x3c);
    vl_buf_append_u32le(&file, 0x40);
    vl_buf_append(&file, "PE\0\0", 4);
    vl_buf_append_u16le(&file, wide ? 0xaa64 : 0x14c);
    vl_buf_append_u16le(&file, 2);
    vl_buf_append_u32le(&file, 0);
    vl_buf_append_u32le(&file, 0x400); /* symbols */
    vl_buf_append_u32le(&file, 1);
    vl_buf_append_u16le(&file, wide ? 0xf0 : 0xe0);
    vl_buf_append_u16le(&file, 2);
    size_t optional = file.len;
    vl_buf_append_u16le(&file, wide ? 0x20b : 0x10b);
    pad_to(optional + (wide ? 24 : 28));
    if (wide)
        vl_buf_append_u64le(&file, 0x140000000);
    else
        vl_buf_append_u32le(&file, 0x400000);
    pad_to(optional + (wide ? 0xf0 : 0xe0));
    static const struct {
        const char *name;
        uint32_t in_memory, at_memory, stored, at;
    } sections[] = {{".rdata", 5, 0x1000, 0x100, 0x200}, {"/4", 0x100, 0x2000, 0x100, 0x300}};
    for (size_t i = 0; i < VL_ARRAY_LEN(sections); i++) {
        append_name(sections[i].name, 8);
        vl_buf_append_u32le(&file, sections[i].in_memory);
        vl_buf_append_u32le(&file, sections[i].at_memory);
        vl_buf_append_u32le(&file, sections[i].stored);
        vl_buf_append_u32le(&file, sections[i].at);
        pad_to(file.len + 16);
    }
    pad_to(0x200);
    append_name("hello", 0x100);
    append_name("second", 0x100);
    pad_to(0x400 + 18);
    vl_buf_append_u32le(&file, 4 + 16);
    append_name(".long_section_x", 16);
}

static void test_pe(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        make_pe(wide);
        struct vl_object_file o = open_object();
        struct vl_span content;
        uint64_t address, base = wide ? 0x140000000 : 0x400000;
        assert_int_equal(o.kind, VL_OBJECT_PE);
        assert_int_equal(o.is_64, wide);
        assert_int_equal(o.machine, wide ? 0xaa64 : 0x14c);
        assert_true(vl_object_section(&o, ".rdata", &content, &address));
        assert_true(vl_span_eq_str(content, "hello"));
        assert_int_equal(address, base + 0x1000);
        assert_true(vl_object_section(&o, ".long_section_x", &content, &address));
        assert_memory_equal(content.ptr, "second", 6);
        assert_true(vl_object_at(&o, base + 0x2003, &content));
        assert_memory_equal(content.ptr, "ond", 3);
        assert_int_equal(content.len, 0xfd);
        assert_false(vl_object_at(&o, base + 0x3000, &content));
    }
    vl_buf_truncate(&file, 0x70);
    struct vl_object_file o;
    assert_true(vl_object_open(vl_buf_span(&file), &o, &err) < 0);
    assert_true(vl_object_open(VL_SPAN_LIT("MZ"), &o, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

static void put_u32(bool big, uint32_t v)
{
    vl_buf_append_u32le(&file, big ? __builtin_bswap32(v) : v);
}

static void put_address(bool big, bool wide, uint64_t v)
{
    if (!wide)
        put_u32(big, (uint32_t)v);
    else
        vl_buf_append_u64le(&file, big ? __builtin_bswap64(v) : v);
}

/* By loader.h: a command that is none of ours, then a segment with two sections, the second without bytes. */
static void append_macho(bool wide, bool big, uint32_t cpu)
{
    size_t start = file.len;
    size_t segment = wide ? 72 + 2 * 80 : 56 + 2 * 68;
    put_u32(big, wide ? 0xfeedfacf : 0xfeedface);
    put_u32(big, cpu);
    put_u32(big, 0);
    put_u32(big, 2);
    put_u32(big, 2);
    put_u32(big, (uint32_t)segment + 16);
    pad_to(start + (wide ? 32 : 28));
    put_u32(big, 0x1b);
    put_u32(big, 16);
    pad_to(file.len + 8);
    put_u32(big, wide ? 0x19 : 1);
    put_u32(big, (uint32_t)segment);
    append_name("__DATA", 16);
    put_address(big, wide, 0x8000);
    put_address(big, wide, 0x1000);
    put_address(big, wide, 0x200);
    put_address(big, wide, 0x40);
    put_u32(big, 3);
    put_u32(big, 3);
    put_u32(big, 2);
    put_u32(big, 0);
    for (uint32_t i = 0; i < 2; i++) {
        size_t section = file.len;
        append_name(i ? "__bss" : "__go_buildinfo", 16);
        append_name("__DATA", 16);
        put_address(big, wide, 0x8010);
        put_address(big, wide, 6);
        put_u32(big, 0x210);
        pad_to(file.len + 12);
        put_u32(big, i); /* S_ZEROFILL is 1 */
        pad_to(section + (wide ? 80 : 68));
    }
    pad_to(start + 0x210);
    append_name("golang", 0x30);
}

static void assert_macho(bool wide, bool big)
{
    struct vl_object_file o = open_object();
    struct vl_span content;
    uint64_t address;
    assert_int_equal(o.kind, VL_OBJECT_MACHO);
    assert_int_equal(o.is_64, wide);
    assert_int_equal(o.big_endian, big);
    assert_true(vl_object_section(&o, "__go_buildinfo", &content, &address));
    assert_true(vl_span_eq_str(content, "golang"));
    assert_int_equal(address, 0x8010);
    assert_true(vl_object_at(&o, 0x8012, &content));
    assert_memory_equal(content.ptr, "lang", 4);
    assert_int_equal(content.len, 0x40 - 0x12);
    assert_false(vl_object_section(&o, "__bss", &content, NULL));
    assert_false(vl_object_section(&o, "__DATA", &content, NULL)); /* a segment */
    assert_false(vl_object_at(&o, 0x8040, &content));
}

static void test_macho(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        vl_buf_done(&file);
        vl_buf_init(&file, 65536);
        append_macho(i & 1, i & 2, 0x0100000c);
        assert_macho(i & 1, i & 2);
    }
}

static void test_macho_fat(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        vl_buf_done(&file);
        vl_buf_init(&file, 65536);
        put_u32(true, wide ? 0xcafebabf : 0xcafebabe);
        put_u32(true, 2);
        for (uint32_t i = 0; i < 2; i++) { /* i386, then arm64 */
            put_u32(true, i ? 0x0100000c : 7);
            put_u32(true, 0);
            put_address(true, wide, i ? 0x1000 : 0x400);
            put_address(true, wide, 0x240);
            put_u32(true, 12);
            if (wide)
                put_u32(true, 0);
        }
        pad_to(0x400);
        append_macho(false, false, 7);
        pad_to(0x1000);
        append_macho(true, false, 0x0100000c);
        assert_macho(true, false);
        vl_buf_truncate(&file, 0x1100); /* the second part is cut */
        struct vl_object_file o;
        assert_true(vl_object_open(vl_buf_span(&file), &o, &err) < 0);
    }
}

static void test_detect(void **state)
{
    (void)state;
    assert_int_equal(vl_object_kind_detect(VL_SPAN_LIT("\x7f"
                                                       "ELF")),
        VL_OBJECT_ELF);
    assert_int_equal(vl_object_kind_detect(VL_SPAN_LIT("MZ\x90\0")), VL_OBJECT_PE);
    assert_int_equal(vl_object_kind_detect(VL_SPAN_LIT("\xcf\xfa\xed\xfe")), VL_OBJECT_MACHO);
    assert_int_equal(vl_object_kind_detect(VL_SPAN_LIT("\xca\xfe\xba\xbe")), VL_OBJECT_MACHO);
    assert_int_equal(vl_object_kind_detect(VL_SPAN_LIT("\xca\xfe\xba\xbe\0\0\0\x02")), VL_OBJECT_MACHO);
    assert_int_equal(
        vl_object_kind_detect(VL_SPAN_LIT("\xca\xfe\xba\xbe\0\0\0\x34")), VL_OBJECT_NONE); /* Java 8 */
    assert_int_equal(vl_object_kind_detect(VL_SPAN_LIT("#!/b")), VL_OBJECT_NONE);
    assert_int_equal(vl_object_kind_detect(VL_SPAN_EMPTY), VL_OBJECT_NONE);
    struct vl_object_file o;
    assert_true(vl_object_open(VL_SPAN_LIT("#!/bin/sh"), &o, &err) < 0);
}

/* Cut or changed anywhere in its headers, a file gives an error or less, and never bytes that are not there.
 */
static void test_damage(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        vl_buf_done(&file);
        vl_buf_init(&file, FILE_MAX);
        if (kind == 0)
            append_macho(true, false, 7);
        else if (kind == 1)
            make_pe(true);
        else
            read_file("/proc/self/exe");
        for (size_t i = 0; i < 700 && i < file.len; i++) {
            for (int value = 0; value < 2; value++) {
                char *copy = malloc(file.len); /* of its own, so that the address sanitizer sees its end */
                assert_non_null(copy);
                size_t len = value && kind != 2 ? i : file.len;
                memcpy(copy, file.ptr, file.len);
                copy[i] = (char)(value ? 0xff : copy[i] ^ 0x11);
                char *tight = len == file.len ? copy : realloc(copy, len ? len : 1);
                struct vl_span data = {tight, len}, content;
                struct vl_object_file o;
                if (vl_object_open(data, &o, &err) == 0) {
                    static const char *const names[] = {
                        "vallum_marker", "__go_buildinfo", ".rdata", "absent"};
                    for (size_t k = 0; k < VL_ARRAY_LEN(names); k++) {
                        if (vl_object_section(&o, names[k], &content, NULL))
                            assert_true(
                                content.ptr >= tight && content.len <= (size_t)(tight + len - content.ptr));
                    }
                    if (vl_object_at(&o, 0x8010, &content))
                        assert_true(
                            content.ptr >= tight && content.len <= (size_t)(tight + len - content.ptr));
                } else {
                    assert_int_equal(err.code, VL_ERR_INVALID);
                }
                free(tight);
            }
            if (kind == 2 && i > 64)
                break; /* the file is large: its first header is enough */
        }
    }
}

static int done(void **state)
{
    (void)state;
    vl_buf_done(&file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_program),
        cmocka_unit_test(test_objcopy),
        cmocka_unit_test(test_pe),
        cmocka_unit_test(test_macho),
        cmocka_unit_test(test_macho_fat),
        cmocka_unit_test(test_detect),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests_name("codec/object_file", tests, NULL, done);
}
