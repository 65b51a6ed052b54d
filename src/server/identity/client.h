/* Clients: programs that log in with an id and a secret (OAuth 2.0 client credentials, as Azure's tools have
 * it for service principals). The id is a GUID and the principal's name; the secret is kept as a password is.
 */
#ifndef VL_SERVER_CLIENT_H
#define VL_SERVER_CLIENT_H

#include "base/buf.h"
#include "identity/principal.h"
#include "store/store.h"

/* Makes a client with a role over all environments. `out` gets one JSON object with its id and secret, which
 * cannot be read again; `label` is shown in the audit log and may be NULL. */
VL_MUST_CHECK int vl_client_create(
    struct vl_store *store, enum vl_role role, const char *label, struct vl_buf *out, struct vl_err *err);

#endif
