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
#include "image/image.h"
#include "image/layer.h"
#include "test_support.h"

/* A walk with a visitor that wants what ends in ".want" and writes down what it was shown. */
struct seen {
    struct vl_arena *arena;
    struct vl_layer_paths paths;
    struct vl_notes notes;
    struct vl_layer_walk walk;
    struct vl_buf log;
    struct vl_err err;
    size_t large; /* bytes of the last file over 4 MB, checked byte for byte */
    int entries;
    int fail_at; /* the n-th file shown ends the walk; 0: none */
};

static bool wants(const struct vl_layer_file *file, void *user)
{
    (void)user;
    assert_int_equal(file->head.len, file->size < 64 ? file->size : 64);
    return vl_span_ends_with(vl_span_str(file->path), ".want");
}

static int on_file(const struct vl_layer_file *file, struct vl_span content, void *user, struct vl_err *err)
{
    struct seen *s = user;
    assert_int_equal(content.len, file->size);
    if (content.len)
        assert_memory_equal(file->head.ptr, content.ptr, file->head.len);
    if (content.len > 4UL * 1024 * 1024) {
        for (size_t i = 0; i < content.len; i++)
            if (content.ptr[i] != (char)(i * 31))
                fail_msg("byte %zu", i);
        s->large = content.len;
    } else {
        vl_buf_printf(&s->log, "%s=%.*s ", file->path, VL_SPAN_FMT(content));
    }
    if (s->fail_at && --s->fail_at == 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "enough");
    return 0;
}

static int on_entry(const struct vl_tar_entry *entry, const char *clean_path, void *user, struct vl_err *err)
{
    (void)entry;
    (void)clean_path;
    (void)err;
    ((struct seen *)user)->entries++;
    return 0;
}

static void seen_init(struct seen *s)
{
    *s = (struct seen){.arena = vl_arena_new(64UL * 1024 * 1024)};
    vl_layer_paths_init(&s->paths, s->arena);
    vl_notes_init(&s->notes, s->arena);
    vl_buf_init(&s->log, 1UL * 1024 * 1024);
}

static void seen_done(struct seen *s)
{
    vl_layer_paths_done(&s->paths);
    vl_notes_done(&s->notes);
    vl_buf_done(&s->log);
    vl_arena_free(s->arena);
}

enum way {
    PLAIN,
    GZIPPED,
    REGION,
    WAYS,
};

static int walk_one(struct seen *s, struct vl_span tar, enum way way)
{
    const struct vl_layer_visitor visitor = {wants, on_file, on_entry, s};
    if (way == REGION) {
        /* in the middle of a file, as in a docker-archive */
        VL_CLEANUP(vl_file_close) int fd = -1;
        assert_int_equal(vl_file_temp(NULL, &fd, &s->err), 0);
        assert_int_equal(vl_file_write_fd(fd, "t", VL_SPAN_LIT("before"), &s->err), 0);
        assert_int_equal(vl_file_write_fd(fd, "t", tar, &s->err), 0);
        assert_int_equal(vl_file_write_fd(fd, "t", VL_SPAN_LIT("after"), &s->err), 0);
        return vl_layer_walk_region(
            fd, 6, tar.len, "layer", &visitor, &s->paths, &s->notes, &s->walk, &s->err);
    }
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf packed;
    vl_buf_init(&packed, 64UL * 1024 * 1024);
    if (way == GZIPPED) {
        support_gzip(tar, &packed);
        tar = vl_buf_span(&packed);
    }
    assert_int_equal(vl_stream_new_span(tar, &stream, &s->err), 0);
    int r = vl_layer_walk(stream, "layer", &visitor, &s->paths, &s->notes, &s->walk, &s->err);
    if (r == 0) {
        char c;
        assert_int_equal(vl_stream_read(stream, &c, 1, &s->err), 0); /* read to its end */
    }
    return r;
}

/* "path:kind" in order */
static void assert_paths(const struct seen *s, const char *want)
{
    static const char *const kinds[] = {"file", "dir", "symlink", "hardlink", "whiteout", "opaque", "other"};
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    vl_buf_init(&got, 65536);
    for (size_t i = 0; i < s->paths.entries.len; i++) {
        const struct vl_layer_path *p = vl_vec_at(&s->paths.entries, i);
        vl_buf_printf(&got, "%s%s:%s", i ? " " : "", p->path, kinds[p->kind]);
        if (p->target)
            vl_buf_printf(&got, ">%s", p->target);
    }
    assert_string_equal(vl_buf_str(&got), want);
}

static void test_walk(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    support_tar_add(&tar, "./", '5', NULL, VL_SPAN_EMPTY);
    support_tar_add(&tar, "./etc/", '5', NULL, VL_SPAN_EMPTY);
    support_tar_file(&tar, "./etc/a.want", "alpha");
    support_tar_file(&tar, "./etc/b", "not wanted");
    support_tar_file(&tar, "empty.want", "");
    support_tar_add(&tar, "lib", '2', "usr/lib", VL_SPAN_EMPTY);
    support_tar_add(&tar, "etc/hard", '1', "./etc/a.want", VL_SPAN_EMPTY);
    support_tar_add(&tar, "dev/null", '3', NULL, VL_SPAN_EMPTY);
    support_tar_add(&tar, "dev/sda", '4', NULL, VL_SPAN_EMPTY);
    support_tar_add(&tar, "run/pipe", '6', NULL, VL_SPAN_EMPTY);
    support_tar_file(&tar, "/abs.want", "from the root");
    support_tar_file(&tar, "etc/.wh.gone", "");
    support_tar_file(&tar, "var/.wh..wh..opq", "");
    support_tar_file(&tar, ".wh..wh.plnk", "");
    support_tar_file(&tar, ".wh..wh.plnk/12.34", "aufs");
    support_tar_file(&tar, "x/.wh..wh.aufs", "");
    support_tar_end(&tar);
    vl_buf_append_str(&tar, "trailing bytes count for the digest");

    char want_digest[VL_DIGEST_TEXT_MAX], digest[VL_DIGEST_TEXT_MAX];
    support_digest(vl_buf_span(&tar), want_digest);
    for (enum way way = PLAIN; way < WAYS; way++) {
        struct seen s;
        seen_init(&s);
        assert_int_equal(walk_one(&s, vl_buf_span(&tar), way), 0);
        assert_string_equal(vl_buf_str(&s.log), "etc/a.want=alpha empty.want= abs.want=from the root ");
        assert_paths(&s, "abs.want:file dev/null:other dev/sda:other empty.want:file etc:dir etc/a.want:file "
                         "etc/b:file etc/gone:whiteout etc/hard:hardlink>etc/a.want lib:symlink>usr/lib "
                         "run/pipe:other var:opaque");
        assert_string_equal(vl_digest_format(&s.walk.diff_id, digest), want_digest);
        assert_int_equal(s.walk.bytes, tar.len);
        assert_int_equal(s.walk.entries, 16);
        assert_int_equal(s.entries, 6); /* folder, two links, two devices, pipe */
        assert_int_equal(s.notes.len, 0);
        seen_done(&s);
    }
}

static void test_hostile_paths(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    support_tar_file(&tar, "../../etc/passwd.want", "out");
    support_tar_file(&tar, "a/../../b.want", "out");
    support_tar_file(&tar, "a/../c.want", "in");
    support_tar_add(&tar, "hard", '1', "../../etc/shadow", VL_SPAN_EMPTY);
    support_tar_add(&tar, "soft", '2', "../../etc/shadow", VL_SPAN_EMPTY);
    support_tar_file(&tar, "d/.wh.", "");
    support_tar_file(&tar, "d/.wh..", "");
    support_tar_file(&tar, "d/.wh...", "");
    for (int i = 0; i < 50; i++)
        support_tar_file(&tar, "../many", "");
    support_tar_end(&tar);
    for (enum way way = PLAIN; way < WAYS; way++) {
        struct seen s;
        seen_init(&s);
        assert_int_equal(walk_one(&s, vl_buf_span(&tar), way), 0);
        assert_string_equal(vl_buf_str(&s.log), "c.want=in ");
        assert_paths(&s, "c.want:file soft:symlink>../../etc/shadow");
        assert_true(s.notes.partial);
        assert_int_equal(s.notes.len, 10 + 1 + 1 + 3); /* climbing: ten and the rest; link; whiteouts */
        seen_done(&s);
    }
}

static void test_repeated(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    support_tar_file(&tar, "a", "1");
    support_tar_add(&tar, "a", '2', "b", VL_SPAN_EMPTY);
    support_tar_file(&tar, ".wh.a", "");
    support_tar_add(&tar, "d", '5', NULL, VL_SPAN_EMPTY);
    support_tar_file(&tar, "d/.wh..wh..opq", "");
    support_tar_file(&tar, "d/.wh..wh..opq", "");
    /* no end blocks: accepted at an entry border */
    struct seen s;
    seen_init(&s);
    assert_int_equal(walk_one(&s, vl_buf_span(&tar), PLAIN), 0);
    assert_paths(&s, "a:symlink>b a:whiteout d:dir d:opaque");
    seen_done(&s);
}

static void test_large_file(void **state)
{
    (void)state;
    static const size_t size = 5UL * 1024 * 1024 + 123;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    VL_CLEANUP(vl_buf_done) struct vl_buf content;
    vl_buf_init(&tar, 16UL * 1024 * 1024);
    vl_buf_init(&content, 16UL * 1024 * 1024);
    for (size_t i = 0; i < size; i++)
        vl_buf_append_char(&content, (char)(i * 31));
    support_tar_add(&tar, "big", '0', NULL, vl_buf_span(&content));
    support_tar_add(&tar, "big.want", '0', NULL, vl_buf_span(&content));
    support_tar_file(&tar, "after.want", "x");
    support_tar_end(&tar);
    for (enum way way = PLAIN; way < WAYS; way++) {
        struct seen s;
        seen_init(&s);
        assert_int_equal(walk_one(&s, vl_buf_span(&tar), way), 0);
        assert_int_equal(s.large, size);
        assert_string_equal(vl_buf_str(&s.log), "after.want=x ");
        seen_done(&s);
    }
}

/* A large file whose end is not there: what lies behind it is not its content, and pages behind the end of
 * the file that holds the layer cannot be touched. */
static void test_large_file_cut(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    VL_CLEANUP(vl_buf_done) struct vl_buf content;
    vl_buf_init(&tar, 16UL * 1024 * 1024);
    vl_buf_init(&content, 16UL * 1024 * 1024);
    for (size_t i = 0; i < 6UL * 1024 * 1024; i++)
        vl_buf_append_char(&content, (char)(i * 31));
    support_tar_add(&tar, "big.want", '0', NULL, vl_buf_span(&content));
    static const size_t lengths[] = {600, 1024UL * 1024, 6UL * 1024 * 1024 + 511};
    for (size_t i = 0; i < VL_ARRAY_LEN(lengths); i++) {
        for (enum way way = PLAIN; way < WAYS; way++) {
            struct seen s;
            seen_init(&s);
            assert_true(walk_one(&s, vl_span_slice(vl_buf_span(&tar), 0, lengths[i]), way) < 0);
            assert_int_equal(s.err.code, VL_ERR_INVALID);
            assert_non_null(strstr(s.err.msg, "ends early"));
            assert_int_equal(s.large, 0);
            seen_done(&s);
        }
    }
}

static void test_damaged(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    support_tar_file(&tar, "a.want", "0123456789");
    support_tar_file(&tar, "b.want", "0123456789");
    /* cut anywhere: an error, but where all content is there and only padding or end blocks are not */
    for (size_t len = 1; len < tar.len; len += 37) {
        for (enum way way = PLAIN; way < WAYS; way += REGION) {
            struct seen s;
            seen_init(&s);
            assert_true(walk_one(&s, vl_span_slice(vl_buf_span(&tar), 0, len), way) < 0 ||
                        (len >= 522 && len <= 1024) || len >= 1546);
            seen_done(&s);
        }
    }
    /* a header that promises 8 GiB */
    struct seen s;
    VL_CLEANUP(vl_buf_done) struct vl_buf lying;
    vl_buf_init(&lying, 4096);
    support_tar_file(&lying, "a.want", "");
    memcpy(lying.ptr + 124, "77777777777", 11);
    memset(lying.ptr + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)lying.ptr[i];
    char number[16];
    (void)snprintf(number, sizeof(number), "%06o", sum);
    memcpy(lying.ptr + 148, number, 7);
    for (enum way way = PLAIN; way < WAYS; way++) {
        seen_init(&s);
        assert_true(walk_one(&s, vl_buf_span(&lying), way) < 0);
        assert_non_null(strstr(s.err.msg, "layer"));
        seen_done(&s);
    }
    /* no tar at all */
    seen_init(&s);
    assert_true(walk_one(&s, VL_SPAN_LIT("this is not a tar archive at all"), PLAIN) < 0);
    seen_done(&s);
}

static void test_visitor_ends(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    support_tar_file(&tar, "a.want", "1");
    support_tar_file(&tar, "b.want", "2");
    for (enum way way = PLAIN; way < WAYS; way++) {
        struct seen s;
        seen_init(&s);
        s.fail_at = 1;
        assert_true(walk_one(&s, vl_buf_span(&tar), way) < 0);
        assert_int_equal(s.err.code, VL_ERR_CONFLICT);
        assert_string_equal(vl_buf_str(&s.log), "a.want=1 ");
        seen_done(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_hostile_paths),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_large_file_cut),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_visitor_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
