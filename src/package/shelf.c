#include "package/shelf.h"

#include <stdlib.h>

#include "text_util.h"

#define FILES_MAX 100000

struct kept {
    struct vl_package_file file; /* path and content in the arena */
    const struct vl_package_parser *parser;
};

struct vl_package_shelf {
    struct vl_arena *arena;
    struct vl_map contents; /* path to struct vl_span * */
    struct vl_vec deferred; /* struct kept */
    size_t next;
    struct vl_package_others others;
};

static int read_kept(void *user, const char *path, size_t max, struct vl_arena *arena,
    struct vl_span *ret_content, struct vl_err *err)
{
    const struct vl_package_shelf *shelf = user;
    const struct vl_map_slot *slot = vl_map_get(&shelf->contents, vl_span_str(path));
    (void)arena; /* the shelf outlives its parsers */
    if (!slot)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: not among the files read", path);
    const struct vl_span *content = slot->value.ptr;
    if (content->len > max)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: larger than %zu bytes", path, max);
    *ret_content = *content;
    return 0;
}

struct vl_package_shelf *vl_package_shelf_new(bool all_offered)
{
    struct vl_package_shelf *shelf = calloc(1, sizeof(*shelf));
    struct vl_arena *arena = vl_arena_new(VL_PACKAGE_SHELF_TOTAL_MAX);
    if (!shelf || !arena) {
        free(shelf);
        vl_arena_free(arena);
        return NULL;
    }
    shelf->arena = arena;
    shelf->others = (struct vl_package_others){.read = read_kept, .user = shelf, .all_offered = all_offered};
    vl_map_init(&shelf->contents, FILES_MAX);
    vl_vec_init(&shelf->deferred, sizeof(struct kept), FILES_MAX);
    return shelf;
}

void vl_package_shelf_free(struct vl_package_shelf *shelf)
{
    if (!shelf)
        return;
    vl_vec_done(&shelf->deferred);
    vl_map_done(&shelf->contents);
    vl_arena_free(shelf->arena);
    free(shelf);
}

void vl_package_shelf_cleanup(struct vl_package_shelf **shelf)
{
    vl_package_shelf_free(*shelf);
    *shelf = NULL;
}

bool vl_package_shelf_wants(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return file->size <= VL_PACKAGE_SHELF_FILE_MAX &&
           (PKG_ENDS(base, ".txt") || PKG_ENDS(base, "version.rb"));
}

int vl_package_shelf_offer(struct vl_package_shelf *shelf, const struct vl_package_file *file,
    const struct vl_package_parser *parser, struct vl_err *err)
{
    struct vl_span path = vl_span_str(file->path);
    bool defer = parser && parser->needs_others;
    bool is_full =
        vl_arena_used(shelf->arena) + file->content.len + path.len + 1024 > VL_PACKAGE_SHELF_TOTAL_MAX ||
        shelf->contents.len >= FILES_MAX;
    if ((!defer && !vl_package_shelf_wants(file)) || is_full || file->content.len > VL_PACKAGE_SHELF_FILE_MAX)
        return 0;
    struct vl_map_slot *slot;
    const char *name = vl_arena_strdup(shelf->arena, file->path);
    struct vl_span *content = vl_arena_alloc(shelf->arena, sizeof(*content));
    char *bytes = vl_arena_dup_span(shelf->arena, file->content);
    if (!name || !content || !bytes)
        return vl_arena_check(shelf->arena, "files set aside", err);
    *content = (struct vl_span){bytes, file->content.len};
    int r = vl_map_put(&shelf->contents, vl_span_str(name), &slot, NULL, err);
    if (r < 0)
        return r;
    slot->value.ptr = content;
    if (!defer)
        return 0;
    struct kept *kept = vl_vec_push(&shelf->deferred, "files set aside", err);
    if (!kept)
        return err->err;
    kept->parser = parser;
    kept->file = (struct vl_package_file){
        .path = name, .mode = file->mode, .size = file->size, .content = *content, .others = &shelf->others};
    return 1;
}

bool vl_package_shelf_next(struct vl_package_shelf *shelf, struct vl_package_file *ret_file,
    const struct vl_package_parser **ret_parser)
{
    const struct kept *kept = vl_vec_at(&shelf->deferred, shelf->next);
    if (!kept)
        return false;
    shelf->next++;
    *ret_file = kept->file;
    *ret_parser = kept->parser;
    return true;
}
