/* Indexing: one layer or one folder to a vl_layer_index. Runs in an indexer process (vl_scan_indexer_main),
 * or in this one for tests and fuzzers. */
#ifndef VL_SCAN_INDEXER_H
#define VL_SCAN_INDEXER_H

#include "codec/stream.h"
#include "scan/scan.h"
#include "layer_index.h"

struct vl_index_options {
    unsigned scopes;   /* enum vl_package_scope */
    unsigned scanners; /* enum vl_scan_scanner */
    /* Optional, of plain layers in a region alone: the index, before the digest of the layer is there
     * (has_diff_id is false). It stays the indexer's, and is what vl_index_layer_region() gives back. */
    int (*ahead)(const struct vl_layer_index *index, void *user, struct vl_err *err);
    void *ahead_user;
    bool steps_back; /* vl_layer_visitor.steps_back */
    bool beside; /* of a folder only the file that the name's last part tells, others where it names them */
};

/* Reads `blob` (compressed or not; lent) to its end. */
VL_MUST_CHECK int vl_index_layer(struct vl_stream *blob, const char *name,
    const struct vl_index_options *options, struct vl_layer_index **ret, struct vl_err *err);

/* A layer that is a region of a local file, compressed or not. */
VL_MUST_CHECK int vl_index_layer_region(int fd, uint64_t offset, uint64_t length, const char *name,
    const struct vl_index_options *options, struct vl_layer_index **ret, struct vl_err *err);

/* Walks the folder `dir_fd` (lent) without ever leaving it: symbolic links are recorded, not followed; other
 * file systems are not entered (proc, sys, network mounts). A regular file as `dir_fd` is indexed alone under
 * `name`'s last part. Paths are relative to the folder. */
VL_MUST_CHECK int vl_index_folder(int dir_fd, const char *name, const struct vl_index_options *options,
    struct vl_layer_index **ret, struct vl_err *err);

#endif
