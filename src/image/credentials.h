/* Credentials for registries out of the files of docker, podman and skopeo, and their helpers. Private to the
 * room. Formats: docker config.json, containers-auth.json(5), docker-credential-helpers. */
#ifndef VL_IMAGE_CREDENTIALS_H
#define VL_IMAGE_CREDENTIALS_H

#include "base/arena.h"
#include "base/err.h"

#define VL_CREDENTIAL_HELPER_MS 30000 /* how long a helper may take */

struct vl_credentials {
    const char *username; /* with password; or NULL */
    const char *password;
    const char *identity_token; /* a refresh token; or NULL */
    const char *registry_token; /* a bearer token as it is; or NULL */
    const char *hint;           /* why there are none although there could be; or NULL */
};

/* For `registry` ("docker.io", "host:5000") and `repository`; all NULL where nothing is configured. `file`:
 * only this one; NULL: $DOCKER_CONFIG/config.json or ~/.docker/config.json, then $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json. */
VL_MUST_CHECK int vl_credentials_find(const char *file, const char *registry, const char *repository,
    struct vl_arena *arena, struct vl_credentials *ret, struct vl_err *err);

/* "user:password" in base64, as in auths. */
VL_MUST_CHECK bool vl_credentials_decode(
    struct vl_span auth, struct vl_arena *arena, struct vl_credentials *ret);

#endif
