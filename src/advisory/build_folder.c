/* A database out of a folder of feeds. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "advisory/build.h"
#include "base/map.h"
#include "feed/feed.h"
#include "record.h"

#define FOLDER_FILES_MAX 10000U

struct folder {
    const char *path;
    struct vl_arena *arena;
    struct vl_map used; /* files that a feed before has read */
    struct vl_advisory_builder *builder;
    struct vl_notes *notes;
    uint64_t feeds;
};

/* What the star of "osv/?/all.zip" stood for in a path. */
static struct vl_span star_of(struct folder *f, struct vl_span pattern, const char *path)
{
    size_t star = vl_span_find_char(pattern, '*');
    struct vl_span rest = vl_span_str(path + strlen(f->path) + 1);
    if (star == SIZE_MAX || rest.len < pattern.len - 1)
        return VL_SPAN_EMPTY;
    return vl_span_slice(rest, star, rest.len - (pattern.len - star - 1));
}

static const char *fill_star(struct folder *f, struct vl_span text, struct vl_span star)
{
    size_t at = vl_span_find_char(text, '*');
    if (at == SIZE_MAX)
        return vl_arena_dup_span(f->arena, text);
    return vl_arena_printf(f->arena, "%.*s%.*s%.*s", VL_SPAN_FMT(vl_span_slice(text, 0, at)),
        VL_SPAN_FMT(star), VL_SPAN_FMT(vl_span_slice(text, at + 1, text.len)));
}

static int read_one(struct folder *f, const struct vl_feed_row *row, const char *path, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    struct stat st;
    int r = vl_map_put(&f->used, vl_span_str(path), &slot, &added, err);
    if (r < 0 || !added)
        return r;
    const struct vl_feed_kind *kind = vl_feed_kind_find(row->kind);
    if (!kind)
        return vl_err_set(err, VL_ERR_USAGE, "feeds.tsv: unknown kind %.*s", VL_SPAN_FMT(row->kind));
    struct vl_span star =
        vl_span_find_char(row->name, '*') == SIZE_MAX ? VL_SPAN_EMPTY : star_of(f, row->local, path);
    struct vl_advisory_feed feed = {.name = fill_star(f, row->name, star),
        .title = fill_star(f, row->title, star),
        .url = vl_arena_printf(f->arena, "file://%s", path)};
    const char *ecosystem = row->ecosystem.len ? vl_arena_dup_span(f->arena, row->ecosystem) : NULL;
    if (!feed.name || !feed.title || !feed.url)
        return vl_err_nomem(err);
    r = vl_advisory_builder_begin(f->builder, &feed, err);
    if (r < 0)
        return r;
    struct vl_record_sink *sink = vl_advisory_builder_sink(f->builder);
    uint64_t damaged = sink->damaged;
    r = vl_feed_read_file(path, kind, feed.name, ecosystem, sink, err);
    if (r < 0 && !sink->failed) {
        vl_notes_add_err(f->notes, feed.name, err);
        vl_advisory_builder_drop(f->builder);
        return 0;
    }
    if (sink->damaged > damaged)
        vl_notes_add(f->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, feed.name,
            "%llu entries could not be read, first %s", (unsigned long long)(sink->damaged - damaged),
            sink->first_damage);
    if (r == 0 && stat(path, &st) == 0)
        vl_advisory_builder_end(f->builder, (int64_t)st.st_mtime * 1000);
    f->feeds += r == 0;
    return r;
}

static int read_row(struct folder *f, const struct vl_feed_row *row, struct vl_err *err)
{
    glob_t found;
    char *pattern = vl_arena_printf(f->arena, "%s/%.*s", f->path, VL_SPAN_FMT(row->local));
    if (row->local.len == 0)
        return 0;
    if (!pattern)
        return vl_err_nomem(err);
    int r = glob(pattern, 0, NULL, &found);
    if (r == GLOB_NOMATCH)
        return 0;
    if (r != 0)
        return vl_err_set(err, VL_ERR_SYSTEM, "cannot list %s", pattern);
    r = 0;
    for (size_t i = 0; i < found.gl_pathc && r == 0; i++) {
        struct stat st;
        const char *path = vl_arena_strdup(f->arena, found.gl_pathv[i]);
        if (!path)
            r = vl_err_nomem(err);
        else if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            r = read_one(f, row, path, err);
    }
    globfree(&found);
    return r;
}

static int read_all(struct folder *f, struct vl_err *err)
{
    struct vl_span rest = vl_feed_rows();
    struct vl_feed_row row;
    while (vl_feed_row_next(&rest, &row)) {
        int r = read_row(f, &row, err);
        if (r < 0)
            return r;
    }
    return f->feeds
               ? 0
               : vl_err_set(err, VL_ERR_NOT_FOUND,
                     "%s holds no feed that can be read: it must be laid out as docs/advisory-feeds.md says",
                     f->path);
}

int vl_advisory_build_from_folder(const char *folder, const char *path, struct vl_notes *notes,
    struct vl_advisory_build_stats *ret_stats, struct vl_err *err)
{
    struct stat st;
    if (stat(folder, &st) < 0)
        return vl_err_sys(err, errno, "folder of feeds %s", folder);
    struct folder f = {.path = folder, .notes = notes, .arena = vl_arena_new(64UL * 1024 * 1024)};
    if (!f.arena)
        return vl_err_nomem(err);
    vl_map_init(&f.used, FOLDER_FILES_MAX);
    int r = vl_advisory_builder_new(NULL, &f.builder, err);
    if (r == 0)
        r = read_all(&f, err);
    if (r == 0)
        r = vl_advisory_builder_finish(f.builder, path, ret_stats, err);
    vl_advisory_builder_free(f.builder);
    vl_map_done(&f.used);
    vl_arena_free(f.arena);
    return r;
}
