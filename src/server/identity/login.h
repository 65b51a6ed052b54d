/* Names and passwords (of users), ids and secrets (of clients): checked in one place, so that the lock-out of
 * repo_identity.h counts for every way in. */
#ifndef VL_SERVER_LOGIN_H
#define VL_SERVER_LOGIN_H

#include "app.h"
#include "identity/repo_identity.h"

#define VL_LOGIN_NAME_MAX 256              /* bytes */
#define VL_LOGIN_MS       (12 * 3600000LL) /* that a session lasts */

struct vl_login {
    struct vl_server_app *app;
    struct vl_arena *arena; /* of the call */
    const char *peer;       /* address */
    const char *name;
    int kind; /* enum vl_principal_kind; 0: any */
};

/* 1 with the principal; 0 where name or password is wrong (told by nobody which) or, with *ret_wait_ms > 0,
 * after too many failures: nothing was looked at then. A failure is written before this comes back. */
VL_MUST_CHECK int vl_login_check(const struct vl_login *login, const char *password, struct vl_principal *ret,
    int64_t *ret_wait_ms, struct vl_err *err);

/* Within the write that gives out the token: the failures are forgotten, the audit log is told. `how` is
 * "login" or what else came in. */
VL_MUST_CHECK int vl_login_done(
    struct vl_store_conn *conn, const struct vl_login *login, const char *how, struct vl_err *err);

/* The cookie of a session; "" and 0 end it. Out of reach of scripts, and of other sites (RFC 6265bis). */
void vl_login_cookie(
    struct vl_http_reply *reply, struct vl_arena *arena, const char *token, int64_t lasts_ms);

#endif
