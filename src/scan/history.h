/* Which layer first had a package, although files are written again and again: every "apt-get install" brings
 * a whole new dpkg status, every "chown -R" a copy of each package.json. */
#ifndef VL_SCAN_HISTORY_H
#define VL_SCAN_HISTORY_H

#include "base/map.h"
#include "assembly.h"

/* One database whatever its path is called, or one file. */
struct history_place {
    const char *path; /* lent by an index; NULL: none so far */
    uint32_t last;    /* layer that wrote it last */
    uint32_t before;  /* the one before that; VL_LAYER_NONE where there was none, or it was deleted since */
};

struct history {
    struct vl_map packages; /* place, ecosystem, name, arch, version -> first and last layer */
    struct vl_map places;   /* a file -> index in `list` */
    struct vl_vec list;     /* struct history_place */
    struct history_place databases[VL_ECO_COUNT];
    bool *markers;     /* by layer: has whiteouts or opaque folders */
    struct vl_buf key; /* the one being built */
};

/* Follows all layers, base first. */
VL_MUST_CHECK int history_build(struct history *h, const struct assembly *a, struct vl_err *err);
void history_done(struct history *h); /* also for VL_CLEANUP */

/* The first layer in which the database (or file) that lists `package` in layer `layer` listed it, at this
 * version and without a gap up to there. `layer` itself where nothing else is known. */
uint32_t history_first(struct history *h, uint32_t layer, const struct vl_package *package);

#endif
