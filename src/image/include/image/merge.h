/* The view of a stack of layers: what a container would see, without unpacking anything.
 *
 * Rules (OCI image-spec layer.md, "Applying Changesets"; where it is silent, what containerd does): an entry
 * replaces the lower one of the same path; a whiteout hides the path and all below it in lower layers; an
 * opaque folder hides its lower content; whatever is no folder hides what lower layers had beneath it.
 * Entries whose parent is a symbolic link of a lower layer land where the link points to. */
#ifndef VL_IMAGE_MERGE_H
#define VL_IMAGE_MERGE_H

#include "image/layer.h"

#define VL_MERGE_LINKS_MAX   40 /* symbolic links followed in one path, as Linux has it */
#define VL_MERGE_ENTRIES_MAX 10000000

struct vl_merge; /* one thread at a time: look-ups fill a cache of folders */

/* `layers`, base first, are lent and must outlive the merge. A NULL among them is a layer nothing is known
 * of. */
VL_MUST_CHECK int vl_merge_new(
    const struct vl_layer_paths *const *layers, size_t n_layers, struct vl_merge **ret, struct vl_err *err);
void vl_merge_free(struct vl_merge *merge); /* accepts NULL */
void vl_merge_cleanup(struct vl_merge **merge);

struct vl_merge_entry {
    const char *path; /* in the view; differs from entry->path where a parent was a link */
    const struct vl_layer_path *entry;
    uint32_t layer;
};

/* Everything visible, in vl_layer_path_compare() order. Folders that no layer lists are implied, not shown.
 */
size_t vl_merge_count(const struct vl_merge *merge);
const struct vl_merge_entry *vl_merge_at(
    const struct vl_merge *merge, size_t index); /* NULL beyond the end */

/* The visible entry of exactly this path (clean, relative), or NULL. No link is followed. */
const struct vl_merge_entry *vl_merge_find(const struct vl_merge *merge, const char *path);

/* Whether `path` as layer `layer` wrote it is what the view shows: not hidden, not replaced above. */
bool vl_merge_visible(struct vl_merge *merge, size_t layer, const char *path);

/* Follows symbolic links anywhere in `path` (absolute or relative; ".." stops at the root), in the last part
 * too where `follow_last`. Parts that do not exist stay as they are, so that the result is one name for one
 * file whether it exists or not: "/lib/x/y" and "usr/lib/x/y" both give "usr/lib/x/y" where lib is a link to
 * usr/lib. Returns false where links go in a circle or the result is too long. The root is "". */
bool vl_merge_resolve(struct vl_merge *merge, const char *path, bool follow_last, char ret[VL_TAR_PATH_MAX]);

/* Walks the visible symbolic links to folders that are at most two parts deep ("lib", "usr/lib64"): what
 * gives files a second name in all distributions. Start with *pos = 0. The target is resolved, and copied
 * into `arena`; false at the end, or where the arena is full. */
bool vl_merge_next_dir_link(const struct vl_merge *merge, size_t *pos, struct vl_arena *arena,
    const char **ret_link, const char **ret_target);

/* Where the bytes of an entry are: for a hard link the regular file it names, in its own layer or below; for
 * a symbolic link what it resolves to. NULL where there is none (dangling, a circle, a folder). */
const struct vl_merge_entry *vl_merge_content(struct vl_merge *merge, const char *path);

#endif
