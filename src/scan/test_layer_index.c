/* tests: layer_index.c layer_index_encode.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer_index.h"

#include "model/severity.h"

static struct vl_layer_index *new_index(void)
{
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_layer_index_new(&index, &err), 0);
    return index;
}

static void add_paths(struct vl_layer_index *index)
{
    struct vl_err err = VL_ERR_INIT;
    static const struct {
        enum vl_layer_path_kind kind;
        const char *path, *target;
    } paths[] = {
        {VL_LAYER_PATH_OPAQUE, "", NULL},
        {VL_LAYER_PATH_DIR, "bin", NULL},
        {VL_LAYER_PATH_FILE, "bin/sh", NULL},
        {VL_LAYER_PATH_HARDLINK, "bin/ash", "bin/sh"},
        {VL_LAYER_PATH_SYMLINK, "bin/link", ""},
        {VL_LAYER_PATH_SYMLINK, "lib", "/usr/lib"},
        {VL_LAYER_PATH_OTHER, "dev/null", NULL},
        {VL_LAYER_PATH_WHITEOUT, "etc/motd", NULL},
        {VL_LAYER_PATH_DIR, "etc/apt", NULL},
        {VL_LAYER_PATH_OPAQUE, "etc/apt", NULL},
        {VL_LAYER_PATH_WHITEOUT, "etc/apt", NULL},
        {VL_LAYER_PATH_FILE, "bin-x", NULL}, /* "-" is below "/", but "/" sorts first */
        {VL_LAYER_PATH_FILE, "\xc3\xa4", NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(paths); i++)
        assert_int_equal(
            vl_layer_paths_add(&index->paths, paths[i].kind, paths[i].path, paths[i].target, &err), 0);
    assert_int_equal(vl_layer_paths_sort(&index->paths, &err), 0);
}

static void add_packages(struct vl_package_sink *sink)
{
    struct vl_err err = VL_ERR_INIT;
    static const char *const licenses[] = {"GPL-2.0-only", "", "MIT"};
    struct vl_package *p = vl_vec_push(&sink->packages, "test", &err);
    *p = (struct vl_package){.ecosystem = VL_ECO_RPM,
        .flags = VL_PACKAGE_DEV | VL_PACKAGE_RANGE,
        .name = "nodejs",
        .version = "1:18.2-3",
        .arch = "x86_64",
        .source_name = "nodejs-src",
        .source_version = "2",
        .vendor = "Red Hat",
        .module = "nodejs:18:8060",
        .purl = "pkg:rpm/redhat/nodejs",
        .path = "var/lib/rpm/rpmdb.sqlite",
        .line = 77,
        .layer = VL_LAYER_NONE,
        .owner = VL_PACKAGE_NONE,
        .licenses = licenses,
        .n_licenses = 3,
        .digest = "sha1:0102"};
    p = vl_package_sink_add(
        sink, VL_ECO_KUBERNETES, VL_SPAN_LIT("plain"), VL_SPAN_EMPTY, "var/lib/rpm/rpmdb.sqlite", &err);
    assert_non_null(p);
}

static void add_rest(struct vl_layer_index *index)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package_sink *sink = &index->sink;
    static const char *const lists[] = {
        "etc/a.conf\nusr/share/doc/a/copyright\nusr/share/doc/a/changelog", "", "ends/with/one\n", "\n", "x"};
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
        struct vl_package_owned *o = vl_vec_push(&sink->owned, "test", &err);
        *o = (struct vl_package_owned){"a", i == 1 ? "amd64" : NULL, lists[i], strlen(lists[i])};
    }
    struct vl_package_unidentified *u = vl_vec_push(&sink->unidentified, "test", &err);
    *u = (struct vl_package_unidentified){"opt/x", "elf"};
    const char **kb = vl_vec_push(&sink->updates, "test", &err);
    *kb = "KB5034123";
    struct vl_package_license *l = vl_vec_push(&sink->licenses, "test", &err);
    *l = (struct vl_package_license){"a", "Expat"};
    struct vl_secret *s = vl_vec_push(&index->secrets, "test", &err);
    *s = (struct vl_secret){.rule = "aws-key",
        .title = "AWS key",
        .path = "root/.aws/credentials",
        .line = 3,
        .layer = VL_LAYER_NONE,
        .redacted = "key = AKIA…",
        .fingerprint = "sha256:00",
        .severity = VL_SEVERITY_CRITICAL};
    sink->has_distro = true;
    sink->distro_rank = 2;
    sink->distro = (struct vl_distro){.id = "debian",
        .id_like = "",
        .version_id = "12",
        .codename = "bookworm",
        .pretty_name = "Debian GNU/Linux 12 (bookworm)",
        .variant_id = "v",
        .cpe_name = "c",
        .support = VL_SUPPORT_EXTENDED,
        .support_ends_ms = 1782777600000,
        .extended_ends_ms = -1};
    vl_notes_add(&index->notes, VL_NOTE_INFO, VL_ERR_NONE, "o", "worth %s", "knowing");
    vl_notes_add(&index->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "p", "damaged");
    index->notes.dropped = 9;
}

static struct vl_layer_index *full_index(void)
{
    struct vl_layer_index *index = new_index();
    index->has_diff_id = true;
    vl_digest_compute(VL_DIGEST_SHA256, VL_SPAN_LIT("layer"), &index->diff_id);
    index->bytes = 1ULL << 40;
    index->files = 12345678901;
    index->secrets_scanned = true;
    add_paths(index);
    add_packages(&index->sink);
    add_rest(index);
    return index;
}

static void same_text(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_ptr_equal(a, b);
}

static void same_package(const struct vl_package *a, const struct vl_package *b)
{
    assert_int_equal(a->ecosystem, b->ecosystem);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->layer, b->layer);
    assert_int_equal(a->owner, b->owner);
    same_text(a->name, b->name);
    same_text(a->version, b->version);
    same_text(a->arch, b->arch);
    same_text(a->source_name, b->source_name);
    same_text(a->source_version, b->source_version);
    same_text(a->vendor, b->vendor);
    same_text(a->module, b->module);
    same_text(a->purl, b->purl);
    same_text(a->path, b->path);
    same_text(a->digest, b->digest);
    assert_int_equal(a->n_licenses, b->n_licenses);
    for (uint32_t i = 0; i < a->n_licenses; i++)
        same_text(a->licenses[i], b->licenses[i]);
}

static void same_sink(const struct vl_package_sink *a, const struct vl_package_sink *b)
{
    assert_int_equal(a->packages.len, b->packages.len);
    for (size_t i = 0; i < a->packages.len; i++)
        same_package(vl_vec_at(&a->packages, i), vl_vec_at(&b->packages, i));
    assert_int_equal(a->owned.len, b->owned.len);
    for (size_t i = 0; i < a->owned.len; i++) {
        const struct vl_package_owned *x = vl_vec_at(&a->owned, i), *y = vl_vec_at(&b->owned, i);
        same_text(x->package, y->package);
        same_text(x->arch, y->arch);
        assert_int_equal(x->paths_len, y->paths_len);
        assert_string_equal(x->paths, y->paths);
    }
    assert_int_equal(a->unidentified.len, b->unidentified.len);
    for (size_t i = 0; i < a->unidentified.len; i++) {
        const struct vl_package_unidentified *x = vl_vec_at(&a->unidentified, i),
                                             *y = vl_vec_at(&b->unidentified, i);
        same_text(x->path, y->path);
        same_text(x->kind, y->kind);
    }
    assert_int_equal(a->updates.len, b->updates.len);
    for (size_t i = 0; i < a->updates.len; i++)
        same_text(*(const char **)vl_vec_at(&a->updates, i), *(const char **)vl_vec_at(&b->updates, i));
    assert_int_equal(a->licenses.len, b->licenses.len);
    for (size_t i = 0; i < a->licenses.len; i++) {
        const struct vl_package_license *x = vl_vec_at(&a->licenses, i), *y = vl_vec_at(&b->licenses, i);
        same_text(x->package, y->package);
        same_text(x->license, y->license);
    }
    assert_int_equal(a->has_distro, b->has_distro);
    assert_int_equal(a->distro_rank, b->distro_rank);
    same_text(a->distro.id, b->distro.id);
    same_text(a->distro.id_like, b->distro.id_like);
    same_text(a->distro.version_id, b->distro.version_id);
    same_text(a->distro.codename, b->distro.codename);
    same_text(a->distro.pretty_name, b->distro.pretty_name);
    same_text(a->distro.variant_id, b->distro.variant_id);
    same_text(a->distro.cpe_name, b->distro.cpe_name);
    assert_int_equal(a->distro.support, b->distro.support);
    assert_int_equal(a->distro.support_ends_ms, b->distro.support_ends_ms);
    assert_int_equal(a->distro.extended_ends_ms, b->distro.extended_ends_ms);
}

static void same_index(const struct vl_layer_index *a, const struct vl_layer_index *b)
{
    assert_int_equal(a->has_diff_id, b->has_diff_id);
    assert_memory_equal(&a->diff_id, &b->diff_id, sizeof(a->diff_id));
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->files, b->files);
    assert_int_equal(a->secrets_scanned, b->secrets_scanned);
    assert_int_equal(a->paths.entries.len, b->paths.entries.len);
    for (size_t i = 0; i < a->paths.entries.len; i++) {
        const struct vl_layer_path *x = vl_vec_at(&a->paths.entries, i), *y = vl_vec_at(&b->paths.entries, i);
        assert_int_equal(x->kind, y->kind);
        same_text(x->path, y->path);
        same_text(x->target, y->target);
    }
    same_sink(&a->sink, &b->sink);
    assert_int_equal(a->secrets.len, b->secrets.len);
    for (size_t i = 0; i < a->secrets.len; i++) {
        const struct vl_secret *x = vl_vec_at(&a->secrets, i), *y = vl_vec_at(&b->secrets, i);
        same_text(x->rule, y->rule);
        same_text(x->title, y->title);
        same_text(x->path, y->path);
        same_text(x->redacted, y->redacted);
        same_text(x->fingerprint, y->fingerprint);
        assert_int_equal(x->line, y->line);
        assert_int_equal(x->severity, y->severity);
        assert_int_equal(x->layer, y->layer);
    }
    assert_int_equal(a->notes.len, b->notes.len);
    assert_int_equal(a->notes.dropped, b->notes.dropped);
    assert_int_equal(a->notes.partial, b->notes.partial);
    for (size_t i = 0; i < a->notes.len; i++) {
        assert_int_equal(a->notes.items[i].kind, b->notes.items[i].kind);
        assert_int_equal(a->notes.items[i].code, b->notes.items[i].code);
        same_text(a->notes.items[i].object, b->notes.items[i].object);
        same_text(a->notes.items[i].message, b->notes.items[i].message);
    }
}

static void encode(const struct vl_layer_index *index, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(out, VL_LAYER_INDEX_MAX);
    if (vl_layer_index_encode(index, out, &err) < 0)
        fail_msg("%s", err.msg);
}

static void round_trip(struct vl_layer_index *index)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_layer_index *back = NULL;
    struct vl_err err = VL_ERR_INIT;
    encode(index, &out);
    if (vl_layer_index_decode(vl_buf_span(&out), &back, &err) < 0)
        fail_msg("%s", err.msg);
    same_index(index, back);
    /* The index owns what it says: the bytes may go. */
    vl_buf_clear(&out);
    same_index(index, back);
    vl_layer_index_free(back);
    vl_layer_index_free(index);
}

static void test_every_field_comes_back(void **state)
{
    (void)state;
    round_trip(full_index());
    round_trip(new_index());
}

static void test_cut_off_is_damage(void **state)
{
    (void)state;
    struct vl_layer_index *index = full_index(), *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    encode(index, &out);
    for (size_t len = 0; len < out.len; len++) {
        struct vl_err err = VL_ERR_INIT;
        char *copy = malloc(len + 1); /* exactly as long as it says, for the sanitizer */
        assert_non_null(copy);
        memcpy(copy, out.ptr, len);
        assert_int_not_equal(vl_layer_index_decode((struct vl_span){copy, len}, &back, &err), 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        free(copy);
    }
    struct vl_err err = VL_ERR_INIT;
    vl_buf_append_char(&out, 'x');
    assert_int_not_equal(vl_layer_index_decode(vl_buf_span(&out), &back, &err), 0);
    assert_non_null(strstr(err.msg, "after its end"));
    vl_layer_index_free(index);
}

static void test_flipped_bits_never_break_memory(void **state)
{
    (void)state;
    struct vl_layer_index *index = full_index();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    encode(index, &out);
    size_t refused = 0;
    for (size_t at = 0; at < out.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct vl_layer_index *back = NULL;
            struct vl_err err = VL_ERR_INIT;
            out.ptr[at] = (char)(out.ptr[at] ^ (1 << bit));
            if (vl_layer_index_decode(vl_buf_span(&out), &back, &err) < 0) {
                assert_int_equal(err.code, VL_ERR_CORRUPT);
                refused++;
            } else {
                VL_CLEANUP(vl_buf_done) struct vl_buf again;
                encode(back, &again);
            }
            vl_layer_index_free(back);
            out.ptr[at] = (char)(out.ptr[at] ^ (1 << bit));
        }
    }
    assert_true(refused > out.len); /* numbers, counts, order: most flips are seen */
    vl_layer_index_free(index);
}

static void test_another_version_is_refused(void **state)
{
    (void)state;
    struct vl_layer_index *index = new_index(), *back = NULL;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    encode(index, &out);
    out.ptr[4] = (char)(out.ptr[4] + 1);
    assert_int_not_equal(vl_layer_index_decode(vl_buf_span(&out), &back, &err), 0);
    assert_non_null(strstr(err.msg, "another version"));
    vl_layer_index_free(index);
}

/* Counts far over what the bytes could hold must not be believed, and memory for them not asked for. */
static void test_lying_counts(void **state)
{
    (void)state;
    struct vl_layer_index *index = new_index(), *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    encode(index, &out);
    const size_t counts_at = 4 + 4 + 4 + 1 + 64 + 8 + 8 + 8 + 4;
    for (size_t i = 0; i < 8 + 6; i++) {
        struct vl_err err = VL_ERR_INIT;
        char kept[4];
        memcpy(kept, out.ptr + counts_at + i * 4, 4);
        memset(out.ptr + counts_at + i * 4, 0xff, 4);
        assert_int_not_equal(vl_layer_index_decode(vl_buf_span(&out), &back, &err), 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        memcpy(out.ptr + counts_at + i * 4, kept, 4);
    }
    vl_layer_index_free(index);
}

static void test_unsorted_paths_are_not_written(void **state)
{
    (void)state;
    struct vl_layer_index *index = new_index();
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, VL_LAYER_INDEX_MAX);
    assert_int_equal(vl_layer_paths_add(&index->paths, VL_LAYER_PATH_FILE, "b", NULL, &err), 0);
    assert_int_equal(vl_layer_paths_add(&index->paths, VL_LAYER_PATH_FILE, "a", NULL, &err), 0);
    assert_int_not_equal(vl_layer_index_encode(index, &out, &err), 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    vl_layer_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_comes_back),
        cmocka_unit_test(test_cut_off_is_damage),
        cmocka_unit_test(test_flipped_bits_never_break_memory),
        cmocka_unit_test(test_another_version_is_refused),
        cmocka_unit_test(test_lying_counts),
        cmocka_unit_test(test_unsorted_paths_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
