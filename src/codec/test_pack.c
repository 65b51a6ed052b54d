/* tests: pack.c stream_zstd.c
 *
 * The second source is the zstd program: it reads what we pack, and we unpack what it writes. */
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
#include "codec/pack.h"

static void fill(struct vl_buf *plain, size_t len)
{
    for (size_t i = 0; i < len; i++)
        vl_buf_append_char(plain, (char)('a' + (i * i / 97) % 26));
}

static void test_there_and_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 100, 65536, 1000003};
    for (size_t i = 0; i < VL_ARRAY_LEN(lengths); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_buf plain VL_CLEANUP(vl_buf_done), packed VL_CLEANUP(vl_buf_done),
            back VL_CLEANUP(vl_buf_done);
        vl_buf_init(&plain, 1U << 24);
        vl_buf_init(&packed, 1U << 24);
        vl_buf_init(&back, 1U << 24);
        fill(&plain, lengths[i]);
        assert_int_equal(vl_pack_zstd(vl_buf_span(&plain), &packed, &err), 0);
        assert_int_equal(vl_unpack_zstd(vl_buf_span(&packed), lengths[i], "it", &back, &err), 0);
        assert_true(vl_span_eq(vl_buf_span(&plain), vl_buf_span(&back)));
        vl_buf_clear(&back);
        if (lengths[i]) {
            assert_int_not_equal(vl_unpack_zstd(vl_buf_span(&packed), lengths[i] - 1, "it", &back, &err), 0);
            assert_int_equal(err.code, VL_ERR_LIMIT);
        }
    }
}

static void test_damage(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf plain VL_CLEANUP(vl_buf_done), packed VL_CLEANUP(vl_buf_done);
    vl_buf_init(&plain, 1U << 16);
    vl_buf_init(&packed, 1U << 16);
    fill(&plain, 3000);
    assert_int_equal(vl_pack_zstd(vl_buf_span(&plain), &packed, &err), 0);
    for (size_t at = 0; at < packed.len; at++) {
        struct vl_buf back VL_CLEANUP(vl_buf_done);
        vl_buf_init(&back, 1U << 20);
        packed.ptr[at] = (char)(packed.ptr[at] ^ 0x10);
        /* The checksum covers the content; the header's unused bits may be anything. */
        if (vl_unpack_zstd(vl_buf_span(&packed), 1U << 20, "it", &back, &err) == 0)
            assert_true(vl_span_eq(vl_buf_span(&plain), vl_buf_span(&back)));
        packed.ptr[at] = (char)(packed.ptr[at] ^ 0x10);
        vl_buf_clear(&back);
        if (at)
            assert_int_not_equal(
                vl_unpack_zstd((struct vl_span){packed.ptr, at}, 1U << 20, "it", &back, &err), 0);
    }
}

static void test_the_program_agrees(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf plain VL_CLEANUP(vl_buf_done), packed VL_CLEANUP(vl_buf_done), back VL_CLEANUP(vl_buf_done);
    char folder[] = "/tmp/vallum-test-pack-XXXXXX", path[128], command[512];
    if (system("command -v zstd >/dev/null") != 0) {
        print_message("no zstd program\n");
        skip();
    }
    assert_non_null(mkdtemp(folder));
    vl_buf_init(&plain, 1U << 20);
    vl_buf_init(&packed, 1U << 20);
    vl_buf_init(&back, 1U << 20);
    fill(&plain, 200000);
    assert_int_equal(vl_pack_zstd(vl_buf_span(&plain), &packed, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/ours.zst", folder);
    assert_int_equal(vl_file_replace(path, 0600, vl_buf_span(&packed), &err), 0);
    (void)snprintf(path, sizeof(path), "%s/plain", folder);
    assert_int_equal(vl_file_replace(path, 0600, vl_buf_span(&plain), &err), 0);
    (void)snprintf(command, sizeof(command),
        "cd %s && zstd -qdo back ours.zst && cmp plain back && zstd -q19o theirs.zst plain", folder);
    assert_int_equal(system(command), 0);
    vl_buf_clear(&packed);
    (void)snprintf(path, sizeof(path), "%s/theirs.zst", folder);
    assert_true(vl_file_read(path, 1U << 20, &packed, &err) >= 0);
    assert_int_equal(vl_unpack_zstd(vl_buf_span(&packed), 1U << 20, "it", &back, &err), 0);
    assert_true(vl_span_eq(vl_buf_span(&plain), vl_buf_span(&back)));
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

/* A prefix, and what repeats it with some changes. */
static void fill_two(struct vl_buf *prefix, struct vl_buf *plain, size_t len)
{
    uint32_t seed = 7;
    vl_buf_init(prefix, 1U << 24);
    vl_buf_init(plain, 1U << 24);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525U + 1013904223U;
        vl_buf_append_char(prefix, (char)(seed >> 24));
        vl_buf_append_char(plain, i % 4999 == 0 ? 'x' : (char)(seed >> 24));
    }
}

static void test_with_a_prefix(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 300, 65536, 1000003};
    for (size_t i = 0; i < VL_ARRAY_LEN(lengths); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_buf prefix VL_CLEANUP(vl_buf_done), plain VL_CLEANUP(vl_buf_done),
            packed VL_CLEANUP(vl_buf_done), back VL_CLEANUP(vl_buf_done);
        fill_two(&prefix, &plain, lengths[i]);
        struct vl_span base = vl_buf_span(&prefix);
        vl_buf_init(&packed, 1U << 24);
        vl_buf_init(&back, 1U << 24);
        assert_int_equal(vl_pack_zstd_with(vl_buf_span(&plain), base, &packed, &err), 0);
        /* Noise: alone it does not get smaller. */
        assert_true(packed.len <= 32 + lengths[i] / 50);
        assert_int_equal(vl_unpack_zstd_with(vl_buf_span(&packed), base, lengths[i], "it", &back, &err), 0);
        assert_true(vl_span_eq(vl_buf_span(&plain), vl_buf_span(&back)));
        if (lengths[i] < 300)
            continue;
        vl_buf_clear(&back);
        assert_true(vl_unpack_zstd_with(vl_buf_span(&packed), base, lengths[i] - 1, "it", &back, &err) < 0);
        assert_int_equal(err.code, VL_ERR_LIMIT);
        const struct vl_span wrong[] = {
            VL_SPAN_EMPTY, vl_span_slice(base, 0, base.len - 1), vl_span_slice(base, 0, base.len / 2)};
        for (size_t j = 0; j < VL_ARRAY_LEN(wrong); j++) {
            vl_buf_clear(&back);
            assert_true(vl_unpack_zstd_with(vl_buf_span(&packed), wrong[j], 1U << 24, "it", &back, &err) < 0);
            assert_int_equal(err.code, VL_ERR_INVALID);
        }
    }
}

static void test_damage_with_a_prefix(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf prefix VL_CLEANUP(vl_buf_done), plain VL_CLEANUP(vl_buf_done),
        packed VL_CLEANUP(vl_buf_done);
    fill_two(&prefix, &plain, 6000);
    vl_buf_init(&packed, 1U << 16);
    assert_int_equal(vl_pack_zstd_with(vl_buf_span(&plain), vl_buf_span(&prefix), &packed, &err), 0);
    for (size_t at = 0; at < packed.len; at++) {
        struct vl_buf back VL_CLEANUP(vl_buf_done);
        vl_buf_init(&back, 1U << 20);
        packed.ptr[at] = (char)(packed.ptr[at] ^ 0x10);
        if (vl_unpack_zstd_with(vl_buf_span(&packed), vl_buf_span(&prefix), 1U << 20, "it", &back, &err) == 0)
            assert_true(vl_span_eq(vl_buf_span(&plain), vl_buf_span(&back)));
        packed.ptr[at] = (char)(packed.ptr[at] ^ 0x10);
        vl_buf_clear(&back);
        assert_true(vl_unpack_zstd_with((struct vl_span){packed.ptr, at}, vl_buf_span(&prefix), 1U << 20,
                        "it", &back, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
    vl_buf_append_char(&packed, 'x');
    struct vl_buf back VL_CLEANUP(vl_buf_done);
    vl_buf_init(&back, 1U << 20);
    assert_true(
        vl_unpack_zstd_with(vl_buf_span(&packed), vl_buf_span(&prefix), 1U << 20, "it", &back, &err) < 0);
}

/* "zstd --patch-from" reads what we pack with a prefix. */
static void test_the_program_patches(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf prefix VL_CLEANUP(vl_buf_done), plain VL_CLEANUP(vl_buf_done),
        packed VL_CLEANUP(vl_buf_done);
    char folder[] = "/tmp/vallum-test-pack-XXXXXX", path[128], command[512];
    if (system("command -v zstd >/dev/null") != 0) {
        print_message("no zstd program\n");
        skip();
    }
    assert_non_null(mkdtemp(folder));
    fill_two(&prefix, &plain, 200000);
    vl_buf_init(&packed, 1U << 20);
    assert_int_equal(vl_pack_zstd_with(vl_buf_span(&plain), vl_buf_span(&prefix), &packed, &err), 0);
    const struct {
        const char *name;
        struct vl_span bytes;
    } files[] = {
        {"prefix", vl_buf_span(&prefix)}, {"plain", vl_buf_span(&plain)}, {"ours.zst", vl_buf_span(&packed)}};
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        assert_int_equal(vl_file_replace(path, 0600, files[i].bytes, &err), 0);
    }
    (void)snprintf(command, sizeof(command),
        "cd %s && zstd -qd --patch-from=prefix -o back ours.zst && cmp plain back", folder);
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_the_program_agrees),
        cmocka_unit_test(test_with_a_prefix),
        cmocka_unit_test(test_damage_with_a_prefix),
        cmocka_unit_test(test_the_program_patches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
