/* Where in Kubernetes an alert happened: what roles in a cluster or a namespace are held against. */
#ifndef VL_SERVER_ALERT_PLACE_H
#define VL_SERVER_ALERT_PLACE_H

#include "base/arena.h"
#include "codec/doc.h"

struct vl_alert_place {
    const char *cluster;    /* its name as the id has it; case does not count; "": none */
    const char *name_space; /* "": none, or several */
};

/* The cluster is that of the resource's id (managedClusters, connectedClusters), the namespace the only one
 * that the entities name: Azure's "K8s-namespace", and what other entities have as "namespace". An id that
 * cannot be read names no cluster. Texts in the arena; VL_ERR_NOMEM alone. */
VL_MUST_CHECK int vl_alert_place(const char *resource, const struct vl_doc_node *entities,
    struct vl_arena *arena, struct vl_alert_place *ret, struct vl_err *err);

#endif
