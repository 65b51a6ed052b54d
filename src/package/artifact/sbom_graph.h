/* Who depends on whom, as a document tells it: edges between its elements, by their ids. */
#ifndef VL_PACKAGE_ARTIFACT_SBOM_GRAPH_H
#define VL_PACKAGE_ARTIFACT_SBOM_GRAPH_H

#include "artifact/sbom.h"

struct sbom_graph {
    struct sbom *sbom;   /* lent; without an inventory nothing is kept */
    struct vl_map nodes; /* id -> node; ids are lent by the document */
    uint32_t others;     /* elements that are no package of ours */
    const char *lost;    /* why the graph is not whole, and not kept; or NULL */
};

void sbom_graph_init(struct sbom_graph *graph, struct sbom *sbom);
void sbom_graph_done(struct sbom_graph *graph); /* also for VL_CLEANUP */

/* The package that was added last, if one was: `before` is how many there were. */
VL_MUST_CHECK int sbom_graph_package(
    struct sbom_graph *graph, struct vl_span id, size_t before, struct vl_err *err);

/* `from` depends on `to`, or contains it. An empty `from` is some element without an id. */
VL_MUST_CHECK int sbom_graph_edge(
    struct sbom_graph *graph, struct vl_span from, struct vl_span to, struct vl_err *err);

/* Half a graph is none: a way that is missing would say that there is no other. */
void sbom_graph_finish(struct sbom_graph *graph);

#endif
