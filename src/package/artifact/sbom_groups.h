/* Lock files of a CycloneDX document: components without version and URL that only depend on what they list,
 * as Trivy writes them. What hangs below one was read from it. */
#ifndef VL_PACKAGE_ARTIFACT_SBOM_GROUPS_H
#define VL_PACKAGE_ARTIFACT_SBOM_GROUPS_H

#include "artifact/sbom_graph.h"

struct sbom_groups {
    struct sbom *sbom;    /* lent */
    struct vl_map groups; /* bom-ref -> const struct vl_doc_node of the group */
    struct vl_map refs;   /* bom-ref -> index of the package + 1 */
    struct sbom_graph graph;
};

void sbom_groups_init(struct sbom_groups *groups, struct sbom *sbom);
void sbom_groups_done(struct sbom_groups *groups); /* also for VL_CLEANUP */

VL_MUST_CHECK int sbom_groups_add(
    struct sbom_groups *groups, const struct vl_doc_node *node, struct vl_err *err);
/* The package that was added last; `before` is how many there were. */
VL_MUST_CHECK int sbom_groups_package(
    struct sbom_groups *groups, const struct vl_doc_node *node, size_t before, struct vl_err *err);

/* Gives packages without a path the name of the group that they hang below. */
VL_MUST_CHECK int sbom_groups_settle(
    struct sbom_groups *groups, const struct vl_doc_node *dependencies, struct vl_err *err);

#endif
