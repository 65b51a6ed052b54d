/* Documents that strangers wrote about a target (SBOMs, attestations): read where nothing is to be had, in an
 * indexer process, as layers are. See docs/design/0002-indexer-process.md. */
#ifndef VL_SCAN_DOCUMENT_H
#define VL_SCAN_DOCUMENT_H

#include "advisory/db.h"
#include "attestation.h"
#include "worker.h"

/* What an indexer does for the kinds VL_WORKER_SBOM and VL_WORKER_ATTESTATION: fills the inventory, or
 * appends what an attestation tells to `encoded`. */
VL_MUST_CHECK int vl_document_read(
    const struct vl_worker_job *job, struct vl_worker_answer *ret, struct vl_err *err);

/* An SBOM to an inventory; `path` "-" is standard input. `indexer` as in struct vl_scan_options. An indexer
 * that dies is an error that names the document. `db` (or NULL) is made ready meanwhile. */
VL_MUST_CHECK int vl_document_sbom(const char *const *indexer, const char *path, struct vl_advisory_db *db,
    struct vl_inventory **ret, struct vl_err *err);

/* vl_scan_attestation_read() in an indexer. `name` is for messages. */
VL_MUST_CHECK int vl_document_attestation(const char *const *indexer, struct vl_span bytes, const char *name,
    const char *listed_as, struct vl_arena *arena, struct vl_attestation *ret, struct vl_err *err);

#endif
