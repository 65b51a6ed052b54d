/* Package lists in the store (docs/design/0017-inventory-form.md). A list is packed against an older one that
 * has most of the same, where there is one: its base, which itself stands alone. */
#ifndef VL_SERVER_REPO_LIST_H
#define VL_SERVER_REPO_LIST_H

#include "base/buf.h"
#include "model/inventory.h"
#include "store/store.h"

/* The base that was read last, unpacked: of lists that are read together many have the same. Not for several
 * threads. */
struct vl_list_base {
    int64_t id; /* 0: none */
    struct vl_buf plain;
};
void vl_list_base_init(struct vl_list_base *base);
void vl_list_base_done(struct vl_list_base *base); /* also for VL_CLEANUP, after init */

/* 1, 0 where there is no such list. `base` may be NULL. Damage of the list or of its base is VL_ERR_CORRUPT.
 */
VL_MUST_CHECK int vl_repo_list_read(struct vl_store_conn *conn, int64_t list, struct vl_list_base *base,
    struct vl_inventory **ret, struct vl_err *err);
/* The same without taking it apart: the encoded bytes, appended. */
VL_MUST_CHECK int vl_repo_list_bytes(struct vl_store_conn *conn, int64_t list, struct vl_list_base *base,
    struct vl_buf *ret_encoded, struct vl_err *err);

/* Packs a list (encoded: vl_facts_list()) for the store: against the best of the lists of images that lie on
 * the same layers, or alone. Appends; *ret_base 0: it stands alone. */
VL_MUST_CHECK int vl_repo_list_pack(struct vl_store_conn *conn, const struct vl_inventory *inventory,
    struct vl_span encoded, struct vl_buf *packed, int64_t *ret_base, struct vl_err *err);

#endif
