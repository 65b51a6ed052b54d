/* What the parts of assembling share. */
#ifndef VL_SCAN_ASSEMBLY_H
#define VL_SCAN_ASSEMBLY_H

#include "image/merge.h"
#include "layer_index.h"

#define ASSEMBLY_SCRATCH_MAX (256UL * 1024 * 1024)

struct assembly {
    struct vl_layer_index *const *indexes; /* lent; NULL: a layer nothing is known of */
    size_t n;
    bool folder; /* one index that is no layer */
    struct vl_inventory *inventory;
    struct vl_merge *merge;
    struct vl_arena *scratch; /* keys and tables, gone at the end */
};

/* NULL and "" stay what they are. NULL also where the arena is full: vl_arena_check() tells. */
const char *assembly_copy(const struct assembly *a, const char *s);

/* The entry of a layer's sorted list, or NULL. Markers are no entries. */
const struct vl_layer_path *assembly_entry(const struct vl_layer_paths *paths, const char *path);

/* Whether a file that layer `layer` tells of is still there. "a.jar!b.jar" is where "a.jar" is. */
bool assembly_visible(const struct assembly *a, size_t layer, const char *path);

/* Length of the part of "a.jar!b.jar" that names a file of the target. */
size_t assembly_file_len(const struct assembly *a, const char *path);

/* Distribution, Windows build and updates; a Windows is a package too. */
VL_MUST_CHECK int assembly_system(struct assembly *a, struct vl_err *err);

/* Visible packages, each once, sorted by ecosystem, name, version, arch, path; with layers, without owners.
 */
VL_MUST_CHECK int assembly_packages(struct assembly *a, struct vl_err *err);

/* Of the sorted packages each place holds one once; drops the others. */
VL_MUST_CHECK int assembly_drop_repeated(struct assembly *a, struct vl_err *err);

int assembly_compare_text(const char *a, const char *b); /* NULL is "" */

/* Licences that files of their own tell. */
VL_MUST_CHECK int assembly_licenses(struct assembly *a, struct vl_err *err);

/* Unidentified files, and for these and the packages of languages the distribution package that owns them. */
VL_MUST_CHECK int assembly_owners(struct assembly *a, struct vl_err *err);

VL_MUST_CHECK int assembly_secrets(struct assembly *a, struct vl_err *err);

#endif
