/* What repo_alert.c asks of the rules; the rest is in repo_alert.h. */
#ifndef VL_SERVER_REPO_SUPPRESSION_H
#define VL_SERVER_REPO_SUPPRESSION_H

#include "codec/doc.h"
#include "respond/repo_alert.h"

/* The first enabled rule, not expired, that fits a new alert; 0: none. */
VL_MUST_CHECK int vl_repo_suppression_match(struct vl_store_conn *conn, int64_t environment, const char *type,
    const struct vl_doc_node *entities, int64_t *ret_rule, struct vl_err *err);

#endif
