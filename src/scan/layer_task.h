/* One layer of an image: fetched or read, indexed, its digests checked. */
#ifndef VL_SCAN_LAYER_TASK_H
#define VL_SCAN_LAYER_TASK_H

#include "layers.h"
#include "worker.h"

/* The layer's index and its encoded form (empty where it was made in this process). What is wrong with the
 * bytes as a layer, or became of the indexer, is a VL_NOTE_PARTIAL in `notes`, maybe with answer->index NULL.
 * Bytes that are not the ones manifest and configuration name, or cannot be had, are an error. `listen` may
 * be NULL; an index that was told ahead counts only where the task ends well and the answer stands by it. */
VL_MUST_CHECK int vl_layer_task_run(struct vl_image *image, size_t layer,
    const struct vl_scan_options *options, struct vl_notes *notes, const struct vl_worker_listen *listen,
    struct vl_worker_answer *ret, struct vl_err *err);

#endif
