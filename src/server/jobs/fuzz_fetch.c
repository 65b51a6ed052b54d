#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/fetch_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int progress(const char *stage, void *user)
{
    if (strlen(stage) > VL_FETCH_PROGRESS_MAX)
        abort();
    return ++*(unsigned *)user > 1000 ? -1 : 0;
}

/* In two parts: a frame may come in pieces. The answer, whatever its kind, is read in every way. */
static void hear(struct vl_span all, struct vl_arena *arena)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    unsigned calls = 0;
    const struct vl_fetch_scan_options options = {.progress = progress, .user = &calls};
    struct vl_fetch_talk talk = {.options = &options};
    struct vl_fetch_manifest manifests[3];
    const char *const *names;
    size_t n;
    vl_buf_init(&out, 1U << 24);
    vl_buf_append_span(&out, vl_span_slice(all, 0, all.len / 2));
    int r = vl_fetch_heard(&out, &talk, &err);
    vl_buf_append_span(&out, vl_span_slice(all, all.len / 2, all.len));
    if (r >= 0)
        r = vl_fetch_heard(&out, &talk, &err);
    if (r < 0 || !talk.kind)
        return;
    struct vl_span bytes = vl_span_slice(vl_buf_span(&out), talk.from, talk.from + talk.len);
    if (bytes.len != talk.len || vl_fetch_said_error(bytes, &err) >= 0 || err.msg[0] == '\0')
        abort();
    for (size_t i = 0; i <= 3; i++) {
        vl_err_clear(&err);
        if (vl_fetch_manifests_read(bytes, i, arena, manifests, &err) < 0 && err.msg[0] == '\0')
            abort();
    }
    vl_err_clear(&err);
    if (vl_fetch_names_read(bytes, 10, arena, &names, &n, &err) >= 0) {
        if (n > 10)
            abort();
        for (size_t i = 0; i < n; i++)
            if (names[i][0] == '\0' || strlen(names[i]) > 255)
                abort();
    } else if (err.msg[0] == '\0') {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena = vl_arena_new(1U << 24);
    struct vl_err err = VL_ERR_INIT;
    struct vl_fetch_task task;
    struct vl_span all = {(const char *)data, size};
    if (!arena)
        return 0;
    hear(all, arena);
    if (vl_fetch_task_read(all, arena, &task, &err) < 0 && err.msg[0] == '\0')
        abort();
    vl_arena_free(arena);
    return 0;
}
