/* tests: record.c format.c pack.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "pack.h"
#include "record.h"

static const struct vl_record_range range = {VL_SPAN_LIT("1.0"), true, VL_SPAN_LIT("2.0"), VL_SPAN_LIT("")};
static const struct vl_span versions[] = {VL_SPAN_LIT("0.1"), VL_SPAN_LIT("0.2")};
static const struct vl_record_affected affected = {.space = VL_SPAN_LIT("npm"),
    .package = VL_SPAN_LIT("left-pad"),
    .module = VL_SPAN_LIT("nodejs:18"),
    .state = VL_FIX_DEFERRED,
    .severity = VL_SEVERITY_HIGH,
    .ranges = &range,
    .n_ranges = 1,
    .versions = versions,
    .n_versions = 2};
static const struct vl_span aliases[] = {VL_SPAN_LIT("CVE-2020-0001")};
static const uint32_t cwes[] = {79, 1321};
static const uint32_t old[] = {1, 2};
static const struct vl_record_update update = {VL_SPAN_LIT("Windows"), 5, old, 2, VL_SPAN_LIT("10.0.1.2")};

static void encode(struct vl_buf *out)
{
    struct vl_record r = {.id = VL_SPAN_LIT("GHSA-1"),
        .aliases = aliases,
        .n_aliases = 1,
        .title = VL_SPAN_LIT("a title"),
        .published_ms = -86400000,
        .cwes = cwes,
        .n_cwes = 2,
        .affected = &affected,
        .n_affected = 1,
        .updates = &update,
        .n_updates = 1,
        .malicious = true,
        .has_epss = true,
        .epss = 0.12345,
        .epss_percentile = 1};
    vl_buf_init(out, 65536);
    vl_record_encode(&r, out);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct vl_buf bytes;
    struct vl_record r;
    struct vl_err err = VL_ERR_INIT;
    struct vl_arena *arena = vl_arena_new(1 << 20);
    encode(&bytes);
    assert_int_equal(vl_record_decode(vl_buf_span(&bytes), arena, &r, &err), 0);
    assert_true(vl_span_eq_str(r.id, "GHSA-1") && vl_span_eq(r.aliases[0], aliases[0]));
    assert_int_equal(r.published_ms, -86400000);
    assert_int_equal(r.cwes[1], 1321);
    assert_true(r.affected[0].ranges[0].after && vl_span_eq_str(r.affected[0].ranges[0].fixed, "2.0"));
    assert_int_equal(r.affected[0].state, VL_FIX_DEFERRED);
    assert_true(vl_span_eq_str(r.affected[0].versions[1], "0.2"));
    assert_int_equal(r.updates[0].supersedes[1], 2);
    assert_true(r.malicious && r.has_epss && !r.has_kev && r.epss == 0.12345);
    vl_buf_done(&bytes);
    vl_arena_free(arena);
}

/* Every cut and every changed byte is either an error or a record, never a read beyond the end. */
static void test_damage(void **state)
{
    (void)state;
    struct vl_buf bytes;
    struct vl_record r;
    struct vl_arena *arena = vl_arena_new(1 << 20);
    encode(&bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        struct vl_err err = VL_ERR_INIT;
        vl_arena_reset(arena);
        assert_true(vl_record_decode(vl_span_slice(vl_buf_span(&bytes), 0, i), arena, &r, &err) < 0);
        for (unsigned bit = 0; bit < 8; bit++) {
            vl_err_clear(&err);
            vl_arena_reset(arena);
            bytes.ptr[i] = (char)(bytes.ptr[i] ^ (1 << bit));
            int result = vl_record_decode(vl_buf_span(&bytes), arena, &r, &err);
            assert_true(result == 0 || err.code != VL_ERR_NONE);
            bytes.ptr[i] = (char)(bytes.ptr[i] ^ (1 << bit));
        }
    }
    vl_buf_done(&bytes);
    vl_arena_free(arena);
}

static int refuse(const struct vl_record *r, void *user, struct vl_err *err)
{
    (void)r;
    (void)user;
    return vl_err_set(err, VL_ERR_LIMIT, "full");
}

static void test_emit_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_record_sink sink = {.record = refuse};
    struct vl_record r = {.id = VL_SPAN_LIT("")};
    assert_true(vl_record_emit(&sink, &r, &err) < 0 && !sink.failed);
    r.id = VL_SPAN_LIT("CVE-2020-0001");
    r.modified_ms = 5;
    assert_true(vl_record_emit(&sink, &r, &err) < 0 && sink.failed);
    assert_int_equal(sink.newest_ms, 5);
    vl_record_damage(&sink, "a very long name of an object", &err);
    assert_int_equal(err.code, VL_ERR_NONE);
    assert_string_equal(sink.first_damage, "a very long name of an object: full");
}

static void test_cut(void **state)
{
    (void)state;
    assert_true(vl_span_eq_str(vl_record_cut(VL_SPAN_LIT("  short "), 20), "short"));
    assert_true(
        vl_span_eq_str(vl_record_cut(VL_SPAN_LIT("One two three. Four five six"), 19), "One two three."));
    assert_true(vl_span_eq_str(vl_record_cut(VL_SPAN_LIT("wordwordword wordwordword"), 16), "wordwordword"));
    /* "é" is two bytes: the cut stays before it */
    assert_true(vl_span_eq_str(vl_record_cut(VL_SPAN_LIT("aaaaaaaaa\xc3\xa9zzz"), 10), "aaaaaaaaa"));
}

static void test_format(void **state)
{
    (void)state;
    assert_true(adb_id_prefer(VL_SPAN_LIT("CVE-2020-1"), VL_SPAN_LIT("GHSA-1")) < 0);
    assert_true(adb_id_prefer(VL_SPAN_LIT("GHSA-1"), VL_SPAN_LIT("DSA-1")) < 0);
    assert_true(adb_id_prefer(VL_SPAN_LIT("CVE-2020-1"), VL_SPAN_LIT("CVE-2020-2")) < 0);
    assert_int_equal(adb_day(-1), -1);
    assert_int_equal(adb_day(ADB_DAY_MS), 1);
    for (int64_t v = -300; v < 300; v += 7)
        assert_int_equal(adb_unzigzag(adb_zigzag(v)), v);
    for (uint64_t n = 1; n < 50; n++)
        assert_true(adb_slot_first(adb_hash(3, VL_SPAN_LIT("x")), n) < n && adb_slot_count(n) > n);
}

static void test_pack(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf samples;
    struct vl_buf dict;
    struct vl_buf packed;
    struct vl_buf plain;
    size_t sizes[400];
    vl_buf_init(&samples, 1 << 20);
    vl_buf_init(&dict, 1 << 20);
    vl_buf_init(&packed, 1 << 20);
    vl_buf_init(&plain, 4096);
    for (size_t i = 0; i < 400; i++) {
        size_t before = samples.len;
        vl_buf_printf(&samples, "A vulnerability of kind %zu allows remote attackers to do %zu things. ",
            i * 7 % 31, i);
        sizes[i] = samples.len - before;
    }
    assert_int_equal(adb_pack_train(vl_buf_span(&samples), sizes, 400, 4096, &dict, &err), 0);
    assert_true(dict.len > 0);
    struct adb_packer *packer;
    struct adb_unpacker *unpacker;
    assert_int_equal(adb_packer_new(vl_buf_span(&dict), 19, &packer, &err), 0);
    assert_int_equal(adb_unpacker_new(vl_buf_span(&dict), &unpacker, &err), 0);
    struct vl_span text = VL_SPAN_LIT("A vulnerability of kind 9 allows remote attackers to do 999 things. ");
    assert_int_equal(adb_packer_add(packer, text, &packed, &err), 0);
    assert_true(packed.len < text.len);
    assert_int_equal(adb_unpack(unpacker, vl_buf_span(&packed), &plain, &err), 0);
    assert_true(vl_span_eq(vl_buf_span(&plain), text));
    for (size_t i = 0; i < packed.len; i++) {
        vl_buf_clear(&plain);
        assert_true(adb_unpack(unpacker, vl_span_slice(vl_buf_span(&packed), 0, i), &plain, &err) < 0);
        vl_err_clear(&err);
    }
    /* More frames than are kept unpacked, each met twice in a row and again after the others. */
    size_t ends[41] = {packed.len};
    for (size_t i = 0; i < 40; i++) {
        struct vl_span sample = {samples.ptr + i * sizes[0], sizes[0]};
        assert_int_equal(adb_packer_add(packer, sample, &packed, &err), 0);
        ends[i + 1] = packed.len;
    }
    for (size_t i = 0; i < 160; i++) {
        size_t n = i / 2 % 40;
        struct vl_span frame = vl_span_slice(vl_buf_span(&packed), ends[n], ends[n + 1]);
        vl_buf_clear(&plain);
        assert_int_equal(adb_unpack(unpacker, frame, &plain, &err), 0);
        assert_true(vl_span_eq(vl_buf_span(&plain), (struct vl_span){samples.ptr + n * sizes[0], sizes[0]}));
    }
    adb_packer_free(packer);
    adb_unpacker_free(unpacker);
    vl_buf_done(&samples);
    vl_buf_done(&dict);
    vl_buf_done(&packed);
    vl_buf_done(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_emit_limits),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
