/* Login by an identity provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636);
 * discovery by OpenID Connect Discovery 1.0. TLS is always verified, redirects are not followed, and what the
 * provider says of itself is kept for ten minutes. */
#ifndef VL_SERVER_OIDC_H
#define VL_SERVER_OIDC_H

#include "base/arena.h"
#include "codec/doc.h"
#include "config.h"

#define VL_OIDC_KEPT_MS     600000         /* endpoints and keys */
#define VL_OIDC_FAILED_MS   15000          /* after a failure nobody asks again */
#define VL_OIDC_TIMEOUT_MS  5000           /* of one question to the provider */
#define VL_OIDC_ANSWER_MAX  (256UL * 1024) /* bytes of one answer */
#define VL_OIDC_SECRET_MAX  4096           /* bytes of the client's secret */
#define VL_OIDC_CODE_MAX    4096           /* bytes of an authorization code */
#define VL_OIDC_LOGIN_MS    600000         /* from the button to the way back */
#define VL_OIDC_STATE_TEXT  33
#define VL_OIDC_SECRET_TEXT 65 /* RFC 7636 §4.1: 43 to 128 characters */

struct vl_oidc;

/* Checks the settings; asks nobody. *ret is NULL where no provider is configured. The configuration is lent.
 */
VL_MUST_CHECK int vl_oidc_new(
    const struct vl_server_config *config, struct vl_oidc **ret, struct vl_err *err);
void vl_oidc_free(struct vl_oidc *oidc); /* accepts NULL */
void vl_oidc_cleanup(struct vl_oidc **oidc);

const char *vl_oidc_shown(const struct vl_oidc *oidc); /* what stands on the button */

/* One login under way: kept by the browser, sealed. */
struct vl_oidc_login {
    char state[VL_OIDC_STATE_TEXT], nonce[VL_OIDC_STATE_TEXT], verifier[VL_OIDC_SECRET_TEXT];
    const char *redirect; /* where the provider sends the browser back to */
    int64_t expires;      /* ms */
};
VL_MUST_CHECK int vl_oidc_begin(const char *redirect, struct vl_oidc_login *ret, struct vl_err *err);
/* As a cookie's value, and back: VL_ERR_INVALID where it was not sealed here or has ended. */
VL_MUST_CHECK int vl_oidc_seal(const struct vl_oidc_login *login, const uint8_t *key, struct vl_arena *arena,
    const char **ret, struct vl_err *err);
VL_MUST_CHECK int vl_oidc_open(const char *cookie, const uint8_t *key, int64_t now_ms, struct vl_arena *arena,
    struct vl_oidc_login *ret, struct vl_err *err);

/* Where to send the browser. VL_ERR_UNREACHABLE: the provider does not answer as it should. */
VL_MUST_CHECK int vl_oidc_authorize(struct vl_oidc *oidc, const struct vl_oidc_login *login,
    struct vl_arena *arena, const char **ret_url, struct vl_err *err);

/* Exchanges the code and checks the ID token: its claims, all of them verified. VL_ERR_AUTH: refused;
 * VL_ERR_UNREACHABLE as above. */
VL_MUST_CHECK int vl_oidc_redeem(struct vl_oidc *oidc, const struct vl_oidc_login *login, const char *code,
    int64_t now_ms, struct vl_doc **ret_claims, struct vl_err *err);

#endif
