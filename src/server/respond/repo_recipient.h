/* Whom a channel of kind mail writes to: its addresses, those of the contact that it is of, and users of the
 * contact's roles whose names are addresses. */
#ifndef VL_SERVER_REPO_RECIPIENT_H
#define VL_SERVER_REPO_RECIPIENT_H

#include "store/store.h"

#define VL_MAIL_ADDRESSES_MAX 50 /* of a channel; further ones are left out */

/* Each once (case-blind), in the arena. `config`: of the channel, JSON. A contact that is switched off has
 * none. */
VL_MUST_CHECK int vl_repo_recipients(struct vl_store_conn *conn, int64_t environment, const char *config,
    struct vl_arena *arena, const char *const **ret, size_t *ret_n, struct vl_err *err);

#endif
