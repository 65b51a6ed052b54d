#include "owned.h"

void os_owned_init(struct os_owned *owned)
{
    vl_buf_init(&owned->paths, OS_OWNED_BYTES_MAX);
}

void os_owned_done(struct os_owned *owned)
{
    vl_buf_done(&owned->paths);
}

void os_owned_clear(struct os_owned *owned)
{
    vl_buf_clear(&owned->paths);
}

static struct vl_span relative(struct vl_span path)
{
    for (;;) {
        if (vl_span_starts_with(path, "/"))
            path = vl_span_slice(path, 1, path.len);
        else if (vl_span_starts_with(path, "./"))
            path = vl_span_slice(path, 2, path.len);
        else
            return vl_span_eq_str(path, ".") ? VL_SPAN_EMPTY : path;
    }
}

void os_owned_add(struct os_owned *owned, struct vl_span path)
{
    os_owned_add_joined(owned, VL_SPAN_EMPTY, path);
}

void os_owned_add_joined(struct os_owned *owned, struct vl_span folder, struct vl_span name)
{
    folder = relative(folder);
    if (folder.len == 0)
        name = relative(name);
    if (name.len == 0 || name.len > OS_OWNED_PATH_MAX || folder.len > OS_OWNED_PATH_MAX - name.len ||
        vl_span_find_char(folder, '\n') != SIZE_MAX || vl_span_find_char(name, '\n') != SIZE_MAX)
        return;
    if (owned->paths.len)
        vl_buf_append_char(&owned->paths, '\n');
    vl_buf_append_span(&owned->paths, folder);
    if (folder.len && folder.ptr[folder.len - 1] != '/')
        vl_buf_append_char(&owned->paths, '/');
    vl_buf_append_span(&owned->paths, name);
}

int os_owned_flush(struct os_owned *owned, struct vl_span package, struct vl_span arch,
    struct vl_package_sink *sink, const char *what, struct vl_err *err)
{
    int r = vl_buf_check(&owned->paths, what, err);
    if (r < 0)
        return r;
    if (owned->paths.len == 0 || package.len == 0)
        return 0;
    struct vl_package_owned *record = vl_vec_push(&sink->owned, "lists of owned files", err);
    if (!record)
        return err->err;
    record->package = vl_arena_dup_span(sink->arena, package);
    record->arch = arch.len ? vl_arena_dup_span(sink->arena, arch) : NULL;
    record->paths = vl_arena_dup_span(sink->arena, vl_buf_span(&owned->paths));
    record->paths_len = owned->paths.len;
    vl_buf_clear(&owned->paths);
    r = vl_arena_check(sink->arena, what, err);
    if (r < 0)
        sink->owned.len--;
    return r;
}
