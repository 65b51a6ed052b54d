/* SBOM documents to an inventory: CycloneDX (JSON and XML, 1.2 to 1.7), SPDX 2.2 and 2.3 (JSON, YAML,
 * tag-value, RDF/XML), Syft JSON, and any JSON of them inside an in-toto statement or a DSSE envelope. */
#ifndef VL_PACKAGE_SBOM_H
#define VL_PACKAGE_SBOM_H

#include "model/inventory.h"

#define VL_SBOM_MAX (512UL * 1024 * 1024) /* bytes of a document */

/* True where the content looks like an SBOM that vl_sbom_read() knows. */
bool vl_sbom_detect(struct vl_span content);

/* Fills target, distribution, layers, packages of an empty inventory. `name` is for messages. Components
 * without a purl or with one of an unknown type are of VL_ECO_NONE where they have a version, and counted in
 * a VL_NOTE_PARTIAL note, never dropped in silence. What our own reports wrote under names "vallum:…"
 * (docs/reports/cyclonedx.md, spdx.md) comes back exactly, so that scanning our SBOM gives the findings of
 * scanning the image. */
VL_MUST_CHECK int vl_sbom_read(
    struct vl_span content, const char *name, struct vl_inventory *inventory, struct vl_err *err);

#endif
