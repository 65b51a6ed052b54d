/* How a registry wants to be asked: challenges, tokens and their cache. Private to the room.
 * Sources: distribution-spec; docs of distribution/distribution "token", "oauth2"; RFC 9110 11.6.1; Azure
 * Container Registry AAD-OAuth. */
#ifndef VL_IMAGE_AUTH_H
#define VL_IMAGE_AUTH_H

#include "credentials.h"
#include "net/http_client.h"

struct vl_challenge {
    bool basic;                          /* Basic is offered */
    bool bearer;                         /* Bearer is offered, with: */
    const char *realm, *service, *scope; /* NULL where absent */
};

/* All WWW-Authenticate headers of an answer. Strings in the arena. */
VL_MUST_CHECK int vl_challenge_parse(const struct vl_http_response *response, struct vl_arena *arena,
    struct vl_challenge *ret, struct vl_err *err);

/* Who we are to one registry. Thread-safe. */
struct vl_auth;

/* Strings are lent and must outlive it. `token`: of the user, in place of credentials; or NULL. */
struct vl_auth *vl_auth_new(
    const char *registry, const struct vl_credentials *credentials, const char *token, bool plain_allowed);
void vl_auth_free(struct vl_auth *auth); /* accepts NULL */

/* The Authorization header for a request in `scope`, in `arena`; *ret NULL where none is known yet. */
VL_MUST_CHECK int vl_auth_header(
    struct vl_auth *auth, const char *scope, struct vl_arena *arena, const char **ret, struct vl_err *err);

/* After 401: gets a token, or settles on Basic. `client` is used for the token server; `used` is the header
 * that was refused, or NULL: where another thread has got a newer one meanwhile, that is it. VL_ERR_AUTH
 * where there is nothing (more) to offer. */
VL_MUST_CHECK int vl_auth_answer(struct vl_auth *auth, struct vl_http_client *client, const char *scope,
    const char *used, const struct vl_http_response *response, struct vl_err *err);

#endif
