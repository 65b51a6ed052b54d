#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "image/layer.h"
#include "image/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool wants(const struct vl_layer_file *file, void *user)
{
    (void)user;
    return file->size < (8U << 20); /* larger than what is kept in memory */
}

static int take(const struct vl_layer_file *file, struct vl_span content, void *user, struct vl_err *err)
{
    (void)err;
    if (content.len != file->size || file->path[0] == '/' || strstr(file->path, "/../"))
        abort();
    *(size_t *)user += content.len;
    return 0;
}

/* The layer upon itself: the view holds nothing that a layer did not bring, and every path resolves inside
 * it. */
static void merge(const struct vl_layer_paths *paths)
{
    VL_CLEANUP(vl_merge_cleanup) struct vl_merge *view = NULL;
    const struct vl_layer_paths *const layers[] = {paths, NULL, paths};
    struct vl_err err = VL_ERR_INIT;
    char real[VL_TAR_PATH_MAX];
    if (vl_merge_new(layers, VL_ARRAY_LEN(layers), &view, &err) < 0)
        return;
    for (size_t i = 0; i < vl_merge_count(view); i++) {
        const struct vl_merge_entry *e = vl_merge_at(view, i);
        if (e->entry->kind == VL_LAYER_PATH_WHITEOUT || e->entry->kind == VL_LAYER_PATH_OPAQUE ||
            vl_merge_find(view, e->path) != e)
            abort();
        const struct vl_merge_entry *content = vl_merge_content(view, e->path);
        if (content && content->entry->kind != VL_LAYER_PATH_FILE)
            abort();
        if (vl_merge_resolve(view, e->path, true, real) && (real[0] == '/' || strncmp(real, "../", 3) == 0))
            abort();
        (void)vl_merge_visible(view, 0, e->entry->path);
    }
}

/* The same bytes as a file, where they are no compressed layer: both ways see the same. */
static void walk_file(
    struct vl_span bytes, const struct vl_layer_walk *want, size_t n_paths, size_t want_bytes)
{
    VL_CLEANUP(vl_file_close) int fd = memfd_create("layer", MFD_CLOEXEC);
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64UL << 20);
    VL_CLEANUP(vl_layer_paths_done) struct vl_layer_paths paths;
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    struct vl_err err = VL_ERR_INIT;
    struct vl_layer_walk walk;
    size_t seen = 0;
    const struct vl_layer_visitor visitor = {.wants = wants, .file = take, .user = &seen};
    vl_layer_paths_init(&paths, arena);
    vl_notes_init(&notes, arena);
    if (fd < 0 || !arena || vl_file_write_fd(fd, "layer", bytes, &err) < 0)
        return;
    int r = vl_layer_walk_region(fd, 0, bytes.len, "layer", &visitor, &paths, &notes, &walk, &err);
    if ((r == 0) != (want != NULL) ||
        (want && (!vl_digest_eq(&walk.diff_id, &want->diff_id) || walk.entries != want->entries ||
                     paths.entries.len != n_paths || seen != want_bytes)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64UL << 20);
    VL_CLEANUP(vl_layer_paths_done) struct vl_layer_paths paths;
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_layer_walk walk;
    struct vl_span bytes = {(const char *)data, size};
    size_t seen = 0;
    const struct vl_layer_visitor visitor = {.wants = wants, .file = take, .user = &seen};
    vl_layer_paths_init(&paths, arena);
    vl_notes_init(&notes, arena);
    if (!arena || vl_stream_new_span(bytes, &stream, &err) < 0)
        return 0;
    int r = vl_layer_walk(stream, "layer", &visitor, &paths, &notes, &walk, &err);
    if (vl_compression_detect(bytes) == VL_COMPRESSION_NONE)
        walk_file(bytes, r == 0 ? &walk : NULL, paths.entries.len, seen);
    if (r == 0 && paths.entries.len < 2000)
        merge(&paths);
    return 0;
}
