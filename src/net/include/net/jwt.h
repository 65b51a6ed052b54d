/* Signed tokens (JWT, RFC 7519) and the keys that they are checked with (JWKS, RFC 7517), by GnuTLS. RS256
 * and ES256 alone (RFC 7518 §3.3, §3.4): "none" and the symmetric ones, for which a public key would be the
 * secret, are refused (RFC 8725 §2.1, §3.1). */
#ifndef VL_NET_JWT_H
#define VL_NET_JWT_H

#include "base/err.h"
#include "codec/doc.h"

#define VL_JWT_BYTES_MAX    (64UL * 1024)  /* of a token */
#define VL_JWKS_BYTES_MAX   (256UL * 1024) /* of a set of keys */
#define VL_JWKS_KEYS_MAX    64             /* that are read; more in one set is an error */
#define VL_JWT_RSA_MIN_BITS 2048           /* RFC 7518 §3.3; smaller keys are left out */
#define VL_JWT_RSA_MAX_BITS 8192           /* a larger one would only cost time */

struct vl_jwks;

/* Keys of other kinds or for other uses are left out and counted. The text may be freed afterwards. */
VL_MUST_CHECK int vl_jwks_parse(struct vl_span text, struct vl_jwks **ret, struct vl_err *err);
void vl_jwks_free(struct vl_jwks *keys); /* accepts NULL */
void vl_jwks_cleanup(struct vl_jwks **keys);
size_t vl_jwks_count(const struct vl_jwks *keys);    /* that can be used */
size_t vl_jwks_left_out(const struct vl_jwks *keys); /* that cannot */

/* Checks the signature of a token in compact form and gives its claims, about which nothing else is checked:
 * issuer, audience and times are the caller's. VL_ERR_NOT_FOUND: its key ("kid") is not in the set, which
 * may have changed; VL_ERR_AUTH: the signature is wrong, or of a kind that is refused; VL_ERR_INVALID: it is
 * no token. A token without "kid" is tried with all keys of its kind. */
VL_MUST_CHECK int vl_jwt_verify(
    const struct vl_jwks *keys, struct vl_span token, struct vl_doc **ret_claims, struct vl_err *err);

#endif
