#include "indexer.h"

#include "index_file.h"

static bool wants(const struct vl_layer_file *file, void *user)
{
    return vl_indexing_wants(user, file);
}

static int on_file(const struct vl_layer_file *file, struct vl_span content, void *user, struct vl_err *err)
{
    return vl_indexing_file(user, file, content, err);
}

static int on_entry(const struct vl_tar_entry *entry, const char *clean_path, void *user, struct vl_err *err)
{
    char target[VL_TAR_PATH_MAX];
    if (entry->type == VL_TAR_HARDLINK && vl_tar_clean_path(entry->target, target))
        return vl_indexing_linked(user, clean_path, target, entry->mode, err);
    vl_indexing_replaced(user, clean_path);
    return 0;
}

static struct vl_layer_visitor visitor_for(struct vl_indexing *ix)
{
    return (struct vl_layer_visitor){.wants = wants, .file = on_file, .entry = on_entry, .user = ix};
}

/* A tar that is damaged still told what came before. Nothing else is forgiven: what failed may have failed
 * for want of memory, and would not the next time. */
static bool is_damage(const struct vl_err *err)
{
    return err->code == VL_ERR_INVALID || err->code == VL_ERR_LIMIT || err->code == VL_ERR_UNSUPPORTED ||
           err->code == VL_ERR_CORRUPT;
}

static int finish(struct vl_indexing *ix, const struct vl_layer_walk *walk, int r, const char *name,
    struct vl_layer_index **ret, struct vl_err *err)
{
    struct vl_layer_index *index = ix->index;
    if (r < 0) {
        if (!is_damage(err))
            return r;
        vl_notes_add_err(&index->notes, name, err);
        r = vl_layer_paths_sort(&index->paths, err);
        if (r < 0)
            return r;
        index->files = index->paths.entries.len;
    } else {
        index->has_diff_id = true;
        index->diff_id = walk->diff_id;
        index->bytes = walk->bytes;
        index->files = walk->entries;
    }
    return vl_indexing_finish(ix, ret, err);
}

int vl_index_layer(struct vl_stream *blob, const char *name, const struct vl_index_options *options,
    struct vl_layer_index **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_indexing_done) struct vl_indexing ix;
    struct vl_layer_walk walk;
    int r = vl_indexing_init(&ix, options, false, false, err);
    if (r < 0)
        return r;
    const struct vl_layer_visitor visitor = visitor_for(&ix);
    r = vl_layer_walk(blob, name, &visitor, &ix.index->paths, &ix.index->notes, &walk, err);
    return finish(&ix, &walk, r, name, ret, err);
}

/* A plain layer: its index is whole before its digest is. */
struct plain {
    struct vl_indexing ix;        /* first: the visitor's functions take it */
    struct vl_layer_index *index; /* owned: once it is whole */
};

static void plain_done(struct plain *p)
{
    vl_layer_index_cleanup(&p->index);
    vl_indexing_done(&p->ix);
}

static int on_walked(const struct vl_layer_walk *so_far, void *user, struct vl_err *err)
{
    struct plain *p = user;
    const struct vl_index_options *options = &p->ix.options;
    p->ix.index->bytes = so_far->bytes;
    p->ix.index->files = so_far->entries;
    int r = vl_indexing_finish(&p->ix, &p->index, err);
    return r == 0 && options->ahead ? options->ahead(p->index, options->ahead_user, err) : r;
}

static int index_plain(int fd, uint64_t offset, uint64_t length, const char *name,
    const struct vl_index_options *options, struct vl_layer_index **ret, struct vl_err *err)
{
    VL_CLEANUP(plain_done) struct plain p = {0};
    struct vl_layer_walk walk;
    int r = vl_indexing_init(&p.ix, options, false, false, err);
    if (r < 0)
        return r;
    struct vl_layer_visitor visitor = visitor_for(&p.ix);
    visitor.walked = on_walked;
    visitor.steps_back = options->steps_back;
    r = vl_layer_walk_region(
        fd, offset, length, name, &visitor, &p.ix.index->paths, &p.ix.index->notes, &walk, err);
    if (!p.index)
        return finish(&p.ix, &walk, r, name, ret, err);
    if (r < 0 && !is_damage(err))
        return r;
    if (r < 0)
        vl_notes_add_err(&p.index->notes, name, err);
    p.index->has_diff_id = r == 0;
    if (r == 0)
        p.index->diff_id = walk.diff_id;
    *ret = p.index;
    p.index = NULL;
    return 0;
}

/* What is compressed goes the way of a stream; the rest is read where it lies. */
int vl_index_layer_region(int fd, uint64_t offset, uint64_t length, const char *name,
    const struct vl_index_options *options, struct vl_layer_index **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *blob = NULL;
    struct vl_span head = VL_SPAN_EMPTY;
    int r = vl_stream_new_region(fd, name, offset, length, NULL, &blob, err);
    if (r == 0)
        r = vl_stream_peek(blob, 6, &head, err);
    if (r < 0)
        return r;
    if (vl_compression_detect(head) != VL_COMPRESSION_NONE)
        return vl_index_layer(blob, name, options, ret, err);
    return index_plain(fd, offset, length, name, options, ret, err);
}
