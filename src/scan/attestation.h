/* What lies beside an image in its registry: SBOMs, provenance, signatures, reports. Read and shown;
 * signatures are not verified. Sources: OCI distribution-spec 1.1 "Listing Referrers", in-toto attestation
 * v0.1 and v1, SLSA provenance v0.2 and v1, BuildKit's attestation storage. */
#ifndef VL_SCAN_ATTESTATION_H
#define VL_SCAN_ATTESTATION_H

#include "image/image.h"
#include "model/result.h"

#define VL_ATTESTATIONS_READ_MAX 32                   /* documents fetched; the rest is listed only */
#define VL_ATTESTATION_BYTES_MAX (16UL * 1024 * 1024) /* of one document */

/* Fills result->attestations, read by indexers (struct vl_scan_options.indexer). What cannot be listed or
 * read is a note, never the end of a scan. */
VL_MUST_CHECK int vl_scan_attestations(
    struct vl_image *image, const char *const *indexer, struct vl_scan_result *result, struct vl_err *err);

/* What the type says that it is listed under (or NULL), for where its bytes tell nothing. */
const char *vl_scan_attestation_kind(const char *type);

/* Kind, predicate and summary of one document, from its bytes; strings in `arena`. `listed_as` is its
 * artifact type or media type, or NULL. */
VL_MUST_CHECK int vl_scan_attestation_read(struct vl_span bytes, const char *listed_as,
    struct vl_arena *arena, struct vl_attestation *ret, struct vl_err *err);

#endif
