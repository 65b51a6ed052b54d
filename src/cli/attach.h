/* Signed reports beside images: a DSSE envelope around an in-toto statement whose predicate is our JSON
 * report. Sources: in-toto attestation framework v1, DSSE v1 (secure-systems-lab). */
#ifndef VL_CLI_ATTACH_H
#define VL_CLI_ATTACH_H

#include "command.h"
#include "image/image.h"
#include "model/result.h"

#define VL_CLI_REPORT_MAX    (64UL * 1024 * 1024) /* bytes of an attached report */
#define VL_CLI_ARTIFACT_TYPE "application/vnd.vallum.report.v1+json"
#define VL_CLI_PREDICATE     "urn:vallum:report:1"

/* Signs and stores; says the digest on standard error. */
VL_MUST_CHECK int vl_cli_attach_report(struct vl_image *image, const struct vl_scan_result *result,
    const char *key_file, const struct vl_cli_common *common, struct vl_err *err);

/* Appends the JSON report attached to the image `digest` in the repository of `reference`. The signature is
 * not checked: a baseline hides nothing, it only tells old findings from new ones. */
VL_MUST_CHECK int vl_cli_attached_report(const char *reference, const char *digest,
    const struct vl_image_options *options, struct vl_buf *ret, struct vl_err *err);

#endif
