/* What parent and indexer process say to each other. */
#ifndef VL_SCAN_WORKER_PROTOCOL_H
#define VL_SCAN_WORKER_PROTOCOL_H

#include "worker.h"

/* Arguments after the program's own: key=value, this one first. */
#define VL_WORKER_ARG_KIND "kind="
#define VL_WORKER_ARG_MAX  8
#define VL_WORKER_FD       3 /* the file or folder */

/* Answer: payload, then a trailer: magic, u32 code (0: the payload is an index; else a vl_err_code, and the
 * payload its message), u32 errno, u64 length and SHA-256 of the payload, u8 whether there is a blob digest,
 * 32 bytes of it.
 *
 * Of a plain layer the index may come ahead of its digest, before all this: magic, u64 length, SHA-256, and
 * the index. Then the payload is empty where the digest came out, and the blob digest is the layer's diff id.
 */
#define VL_WORKER_AHEAD_MAGIC   "VLIXSOON"
#define VL_WORKER_AHEAD_BYTES   (8U + 8U + 32U)
#define VL_WORKER_MAGIC         "VLIXDONE"
#define VL_WORKER_TRAILER_BYTES (8U + 4U + 4U + 8U + 32U + 1U + 32U)
#define VL_WORKER_ANSWER_MAX    (VL_LAYER_INDEX_MAX + VL_WORKER_AHEAD_BYTES + VL_WORKER_TRAILER_BYTES)

#endif
