/* One layer, read once as a stream: every entry is offered to a visitor; what a merge needs to know of the
 * rest (paths, whiteouts, opaque folders, links) is recorded. Source: OCI image-spec layer.md.
 *
 * Nothing is written to disk but files over 4 MB that a visitor wants, and those into an unnamed, limited
 * spool. */
#ifndef VL_IMAGE_LAYER_H
#define VL_IMAGE_LAYER_H

#include "base/notes.h"
#include "base/vec.h"
#include "codec/digest.h"
#include "codec/stream.h"
#include "codec/tar.h"

#define VL_LAYER_ENTRIES_MAX 3000000
#define VL_LAYER_KEEP_MEMORY (4UL * 1024 * 1024) /* larger wanted files go to the spool */
#define VL_LAYER_SPOOL_MAX   (1024UL * 1024 * 1024)

/* What a visitor is shown of an entry before its content. */
struct vl_layer_file {
    const char *path; /* clean, relative */
    uint32_t mode;
    uint64_t size;
    struct vl_span head; /* first bytes, up to 64; empty for empty files */
};

struct vl_layer_walk {
    struct vl_digest
        diff_id;    /* of the uncompressed bytes actually read, trailing bytes after the archive included */
    uint64_t bytes; /* uncompressed */
    uint64_t entries;
};

struct vl_layer_visitor {
    /* Whether the content is wanted, from path, mode, size and head. */
    bool (*wants)(const struct vl_layer_file *file, void *user);
    /* Whole content of a wanted file; lent for the call. A negative return ends the walk. */
    int (*file)(const struct vl_layer_file *file, struct vl_span content, void *user, struct vl_err *err);
    /* Optional (NULL): all other entries, for links and folders. */
    int (*entry)(const struct vl_tar_entry *entry, const char *clean_path, void *user, struct vl_err *err);
    void *user;
    /* Optional (NULL), of vl_layer_walk_region() alone: the walk is through and the paths are sorted, while
     * the digest is still being computed; `so_far` has none. The bytes are not proven yet: what is made of
     * them here may not be relied on before the walk returned well. */
    int (*walked)(const struct vl_layer_walk *so_far, void *user, struct vl_err *err);
    /* The walking thread may be made to step back behind the thread with the digest, for good: in a process
     * that is there for one layer. The digest takes longest, and where processors are few the walk would
     * delay it. */
    bool steps_back;
};

enum vl_layer_path_kind {
    VL_LAYER_PATH_FILE,
    VL_LAYER_PATH_DIR,
    VL_LAYER_PATH_SYMLINK,
    VL_LAYER_PATH_HARDLINK,
    VL_LAYER_PATH_WHITEOUT, /* path is the hidden one, without ".wh." */
    VL_LAYER_PATH_OPAQUE,   /* path is the folder whose lower content is hidden */
    VL_LAYER_PATH_OTHER,
};

struct vl_layer_path {
    const char *path;
    const char *target; /* symlink: as written; hardlink: clean path; NULL otherwise */
    uint8_t kind;       /* enum vl_layer_path_kind */
};

/* All paths of a layer, sorted; built by the walk, read by the merge. */
struct vl_layer_paths {
    struct vl_arena *arena; /* lent: holds paths and targets */
    struct vl_vec entries;  /* struct vl_layer_path, sorted by vl_layer_path_compare(), then kind */
};

/* As strcmp(), but "/" sorts before every other byte: a folder is followed at once by what is in it. */
int vl_layer_path_compare(const char *a, const char *b);

void vl_layer_paths_init(struct vl_layer_paths *paths, struct vl_arena *arena);
void vl_layer_paths_done(struct vl_layer_paths *paths); /* not the arena; also for VL_CLEANUP */

/* Adds one, in any order; path and target are copied. vl_layer_paths_sort() afterwards. Of several entries of
 * one path the last counts, but a whiteout and an opaque mark stay beside it. */
VL_MUST_CHECK int vl_layer_paths_add(struct vl_layer_paths *paths, enum vl_layer_path_kind kind,
    const char *path, const char *target, struct vl_err *err);
VL_MUST_CHECK int vl_layer_paths_sort(struct vl_layer_paths *paths, struct vl_err *err);

/* Reads `blob` (compressed or not; lent) to its end. Paths that climb out are noted (VL_NOTE_PARTIAL) and
 * skipped; absolute ones count from the root of the image, as for whoever unpacks it; devices and pipes are
 * recorded as VL_LAYER_PATH_OTHER. A path may come twice in a layer and is shown twice: the later one counts.
 * ret_paths was given to vl_layer_paths_init() and is sorted afterwards. Decompressing runs in a thread of
 * its own. */
VL_MUST_CHECK int vl_layer_walk(struct vl_stream *blob, const char *name,
    const struct vl_layer_visitor *visitor, struct vl_layer_paths *ret_paths, struct vl_notes *notes,
    struct vl_layer_walk *ret, struct vl_err *err);

/* As above over an uncompressed layer in a local file, with pread: content that nobody wants is not touched
 * by the walk; the digest runs beside it in two threads of its own. */
VL_MUST_CHECK int vl_layer_walk_region(int fd, uint64_t offset, uint64_t length, const char *name,
    const struct vl_layer_visitor *visitor, struct vl_layer_paths *ret_paths, struct vl_notes *notes,
    struct vl_layer_walk *ret, struct vl_err *err);

#endif
