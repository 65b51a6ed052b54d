/* Images that others made to try their layer rules on. What each must show is what the kernel shows of the
 * unpacked image: links resolve inside its root, the upper of two files counts, a file without any permission
 * is still there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image.h"
#include "image/layer.h"
#include "image/merge.h"

struct row {
    const char *image, *path;
    const char *real; /* the file whose content it shows; NULL: none */
    uint32_t layer;
    uint64_t size;
};

#define SCALIBR(name) "images/scalibr/" name ".tar"

static const struct row rows[] = {
    {SCALIBR("layerscanning_image_testdata_basic"), "sample.txt", "sample.txt", 0, 17},
    {SCALIBR("layerscanning_image_testdata_basic"), "larger-sample.txt", "larger-sample.txt", 1, 6800},
    {SCALIBR("layerscanning_image_testdata_basic"), "other.txt", NULL, 0, 0},
    {SCALIBR("layerscanning_image_testdata_multiple-files"), "foo.txt", "foo.txt", 0, 4},
    {SCALIBR("layerscanning_image_testdata_multiple-files"), "dir1/bar.txt", "dir1/bar.txt", 1, 4},
    {SCALIBR("layerscanning_image_testdata_multiple-files"), "dir1/baz.txt", "dir1/baz.txt", 1, 4},
    {SCALIBR("layerscanning_image_testdata_overwrite-file"), "sample.txt", "sample.txt", 1, 29},
    {SCALIBR("layerscanning_image_testdata_single-file"), "foo.txt", "foo.txt", 0, 4},
    {SCALIBR("layerscanning_image_testdata_symlink-depth-exceeded"), "dir1/symlink1.txt", "dir1/sample.txt",
        0, 12},
    {SCALIBR("layerscanning_image_testdata_symlink-depth-exceeded"), "dir1/symlink7.txt", "dir1/sample.txt",
        0, 12},
    {SCALIBR("unpack_testdata_basic"), "sample.txt", "sample.txt", 0, 17},
    {SCALIBR("unpack_testdata_basic"), "larger-sample.txt", "larger-sample.txt", 1, 6800},
    {SCALIBR("unpack_testdata_dangling-symlinks"), "dir1/absolute-symlink.txt", NULL, 0, 0},
    {SCALIBR("unpack_testdata_dangling-symlinks"), "dir1/chain-symlink.txt", NULL, 0, 0},
    {SCALIBR("unpack_testdata_dangling-symlinks"), "dir1/relative-dot-symlink.txt", NULL, 0, 0},
    {SCALIBR("unpack_testdata_dangling-symlinks"), "dir2/dir3/relative-subfolder-symlink.txt", NULL, 0, 0},
    {SCALIBR("unpack_testdata_permissions"), "sample.txt", "sample.txt", 0, 17},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/sample.txt", "dir1/sample.txt", 0, 12},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/absolute-symlink.txt", "dir1/sample.txt", 0, 12},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/chain-symlink.txt", "dir1/sample.txt", 0, 12},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/relative-symlink.txt", "dir1/sample.txt", 0, 12},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/relative-dot-symlink.txt", "dir1/sample.txt", 0, 12},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/attack-symlink.txt", NULL, 0, 0},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/attack-symlink-absolute.txt", NULL, 0, 0},
    {SCALIBR("unpack_testdata_symlinks"), "dir2/dir3/absolute-chain-symlink.txt", "dir1/sample.txt", 0, 12},
    {SCALIBR("unpack_testdata_symlinks"), "dir2/dir3/absolute-subfolder-symlink.txt", "dir1/sample.txt", 0,
        12},
    {SCALIBR("unpack_testdata_symlinks"), "dir2/dir3/absolute-symlink-inside-root.txt", "dir1/sample.txt", 0,
        12},
    {SCALIBR("unpack_testdata_symlinks"), "dir2/dir3/relative-subfolder-symlink.txt", "dir1/sample.txt", 0,
        12},
    {"images/alpine-310.tar.gz", "lib/apk/db/installed", "lib/apk/db/installed", 0, 11226},
    {"images/alpine-310.tar.gz", "etc/os-release", "etc/os-release", 0, 164},
    {"images/alpine-310.tar.gz", "bin/ash", "bin/busybox", 0, 833104},
    {"images/alpine-310.tar.gz", "/usr/bin/../../bin/sh", "bin/busybox", 0, 833104},
    {"images/alpine-310.tar.gz", "var/run/x", NULL, 0, 0},
};

#define LAYERS_MAX 8

struct opened {
    struct vl_image *image;
    struct vl_arena *arena;
    struct vl_notes notes;
    struct vl_layer_paths layers[LAYERS_MAX];
    uint64_t sizes[LAYERS_MAX]; /* of the file looked for, as each layer has it */
    size_t n;
    const char *looked_for;
    uint32_t layer;
    struct vl_merge *merge;
    struct vl_err err;
};

static bool wants(const struct vl_layer_file *file, void *user)
{
    struct opened *o = user;
    if (o->looked_for && strcmp(file->path, o->looked_for) == 0)
        o->sizes[o->layer] = file->size;
    return false;
}

static int walk_all(struct opened *o)
{
    const struct vl_layer_visitor visitor = {.wants = wants, .user = o};
    const struct vl_layer_paths *pointers[LAYERS_MAX];
    o->n = vl_image_layer_count(o->image);
    if (o->n > LAYERS_MAX)
        return -1;
    for (size_t i = 0; i < o->n; i++) {
        int fd = -1;
        uint64_t offset = 0, length = 0;
        struct vl_layer_walk walk;
        char text[VL_DIGEST_TEXT_MAX];
        vl_layer_paths_init(&o->layers[i], o->arena);
        pointers[i] = &o->layers[i];
        o->layer = (uint32_t)i;
        if (!vl_image_layer_region(o->image, i, &fd, &offset, &length) ||
            vl_layer_walk_region(
                fd, offset, length, "layer", &visitor, &o->layers[i], &o->notes, &walk, &o->err) < 0 ||
            strcmp(vl_digest_format(&walk.diff_id, text), vl_image_layer_diff_id(o->image, i)) != 0)
            return -1;
    }
    return vl_merge_new(pointers, o->n, &o->merge, &o->err);
}

static bool passes(const char *folder, const struct row *row)
{
    char path[2048];
    struct opened o = {.arena = vl_arena_new(64UL * 1024 * 1024), .looked_for = row->real};
    vl_notes_init(&o.notes, o.arena);
    (void)snprintf(path, sizeof(path), "%s/cases/%s", folder, row->image);
    bool ok = vl_image_open(path, NULL, &o.image, &o.err) == 0 && walk_all(&o) == 0;
    if (ok) {
        const struct vl_merge_entry *e = vl_merge_content(o.merge, row->path);
        ok = (e != NULL) == (row->real != NULL) &&
             (!e || (strcmp(e->path, row->real) == 0 && e->layer == row->layer &&
                        o.sizes[e->layer] == row->size));
    }
    if (!ok)
        printf("fails: %s %s %s\n", row->image, row->path, o.err.msg);
    vl_merge_free(o.merge);
    for (size_t i = 0; i < o.n && i < LAYERS_MAX; i++)
        vl_layer_paths_done(&o.layers[i]);
    vl_image_free(o.image);
    vl_notes_done(&o.notes);
    vl_arena_free(o.arena);
    return ok;
}

static const char *shared;

static void test_rows(void **state)
{
    (void)state;
    size_t passed = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        passed += passes(shared, &rows[i]);
    print_message("foreign: image/layers %zu/%zu\n", passed, VL_ARRAY_LEN(rows));
    assert_int_equal(passed, VL_ARRAY_LEN(rows));
}

int main(void)
{
    char fallback[1024];
    const char *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(fallback, sizeof(fallback), "%s/../shared", source ? source : ".");
    shared = getenv("VALLUM_SHARED") ? getenv("VALLUM_SHARED") : fallback;
    if (access(shared, R_OK) < 0) {
        printf("skipped: no folder %s with the cases of other projects (set VALLUM_SHARED)\n", shared);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
