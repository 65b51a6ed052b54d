/* The image's own rows: image, layers, notes, secrets, history. Of repo_facts.c alone. */
#ifndef VL_SERVER_REPO_FACTS_IMAGE_H
#define VL_SERVER_REPO_FACTS_IMAGE_H

#include "findings/repo_facts.h"

/* The row, made or brought up to date, with the counts. */
VL_MUST_CHECK int vl_repo_facts_image_put(struct vl_store_conn *conn, const struct vl_facts *facts,
    const struct vl_facts_store *store, int64_t list, int64_t *ret_id, struct vl_err *err);
/* After a rematch: counts, coverage, database. VL_ERR_NOT_FOUND where it is gone. */
VL_MUST_CHECK int vl_repo_facts_image_rematched(struct vl_store_conn *conn, const struct vl_facts *facts,
    const struct vl_facts_store *store, int64_t *ret_id, struct vl_err *err);
/* Layers, notes and secrets, in place of those before. */
VL_MUST_CHECK int vl_repo_facts_image_rest(
    struct vl_store_conn *conn, const struct vl_facts *facts, int64_t image, struct vl_err *err);
VL_MUST_CHECK int vl_repo_facts_image_history(struct vl_store_conn *conn, const struct vl_facts_store *store,
    const struct vl_facts_change *change, struct vl_err *err);

#endif
