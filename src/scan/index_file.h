/* What happens to one file, whether it comes from a layer or from a folder: which parser wants it, what it
 * told. */
#ifndef VL_SCAN_INDEX_FILE_H
#define VL_SCAN_INDEX_FILE_H

#include "base/map.h"
#include "indexer.h"
#include "package/shelf.h"
#include "secret.h"

struct vl_indexing {
    struct vl_index_options options;
    struct vl_layer_index *index;           /* owned until vl_indexing_finish() */
    const struct vl_package_parser *parser; /* of the file asked about last */
    struct vl_package_shelf *shelf;         /* owned; NULL for layers */
    struct vl_secret_scanner *secrets;      /* owned; NULL where none are looked for */
    bool secrets_wanted;                    /* in the file asked about last */
    uint64_t secrets_too_large;             /* files not looked into for their size */
    struct vl_map told;                     /* path to the last of `parts` that came from it */
    struct vl_vec parts;                    /* struct part: what each file added */
    struct vl_arena *kept_arena;            /* owned: content of `kept` */
    struct vl_map kept;    /* path to struct vl_span *: files of a store that links may name */
    bool keep;             /* the file asked about last */
    uint64_t missed_links; /* hard links whose content was passed by */
    bool stale;            /* some part does not count any more */
};

/* `on_disk`: parsers may need other files of the target; `whole`: all files of it come by. */
VL_MUST_CHECK int vl_indexing_init(struct vl_indexing *ix, const struct vl_index_options *options,
    bool on_disk, bool whole, struct vl_err *err);
void vl_indexing_done(struct vl_indexing *ix); /* also for VL_CLEANUP */

/* Whether the content is wanted. Also says that what an earlier file of this path told does not count. */
bool vl_indexing_wants(struct vl_indexing *ix, const struct vl_layer_file *file);

/* Something else stands at this path now: what a file of this path told before does not count. */
void vl_indexing_replaced(struct vl_indexing *ix, const char *path);

/* `path` is a hard link to `target`: one file with two names. What the target told is told of the path too
 * where a parser asks for its name; a target that was passed by cannot be looked at any more, and is a note.
 */
VL_MUST_CHECK int vl_indexing_linked(
    struct vl_indexing *ix, const char *path, const char *target, uint32_t mode, struct vl_err *err);

/* Whole content of the file that was wanted last. A damaged file is a note; a failure is one of memory. */
VL_MUST_CHECK int vl_indexing_file(
    struct vl_indexing *ix, const struct vl_layer_file *file, struct vl_span content, struct vl_err *err);

/* What waited for other files, and what does not count any more. */
VL_MUST_CHECK int vl_indexing_finish(struct vl_indexing *ix, struct vl_layer_index **ret, struct vl_err *err);

#endif
