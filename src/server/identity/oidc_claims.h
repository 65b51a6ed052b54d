/* What an ID token must say, and what it makes of somebody: OpenID Connect Core 1.0, §2 and §3.1.3.7. Pure:
 * the signature was checked before (net/jwt.h). */
#ifndef VL_SERVER_OIDC_CLAIMS_H
#define VL_SERVER_OIDC_CLAIMS_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/doc.h"
#include "identity/repo_role.h"

#define VL_OIDC_PREFIX     "oidc:" /* of names: no local user has it */
#define VL_OIDC_LEEWAY_S   60      /* that clocks may differ */
#define VL_OIDC_AGE_S      600     /* an ID token is used at once: older ones are refused */
#define VL_OIDC_GRANTS_MAX 256     /* entries of oidc_roles */
#define VL_OIDC_NAME_MAX   200     /* bytes of a name, without the prefix */
#define VL_OIDC_SUB_MAX    255     /* characters, OpenID Connect Core §2 */

struct vl_oidc_expected {
    const char *issuer, *client_id, *nonce;
    int64_t now_ms;
};

/* iss, aud (and azp), exp, nbf, iat, nonce, sub. VL_ERR_AUTH tells which is wrong. */
VL_MUST_CHECK int vl_oidc_claims_check(
    const struct vl_doc_node *claims, const struct vl_oidc_expected *expected, struct vl_err *err);

/* Who it is, as long as there is a provider: issuer and subject. And the name that people see: of
 * preferred_username, email (not where it is said to be unverified), sub the first that can be shown, behind
 * the prefix. In the arena. */
VL_MUST_CHECK int vl_oidc_claims_who(const struct vl_doc_node *claims, struct vl_arena *arena,
    const char **ret_subject, const char **ret_name, struct vl_err *err);

#define VL_OIDC_CLAIM_DEPTH 8 /* members in members */

/* The claim that lists the groups, by what the configuration calls it: a claim of exactly that name, else a
 * JSON pointer ("/resource_access/my.client/roles", RFC 6901), else members with dots between them
 * ("realm_access.roles", as Keycloak has them). NULL where the token has none. */
const struct vl_doc_node *vl_oidc_claims_groups(const struct vl_doc_node *claims, const char *name);

struct vl_oidc_grant {
    const char *environment;    /* GUID or name; NULL: all */
    const char *registry;       /* of kind VL_ROLE_REGISTRY: its name; else NULL */
    struct vl_role_scope scope; /* which part of the environment; no ids in it */
    enum vl_role role;
};

struct vl_oidc_grants {
    struct vl_oidc_grant *list; /* in the arena */
    size_t n;
    bool parts; /* the mapping speaks of parts of environments, to whomever it gives them */
};

/* "GROUP=role[@environment[/PART]]" with commas; a group's name may hold "=". PART: "registry:NAME",
 * "label:NAME=VALUE", "cluster:NAME", "cluster:NAME/NAMESPACE"; it has readers and admins, no owners.
 * `groups` is the claim: a list of texts or one text; what else it holds gives nothing. `groups` NULL: the
 * mapping is only checked (VL_ERR_USAGE). At most VL_OIDC_GRANTS_MAX. */
VL_MUST_CHECK int vl_oidc_grants(const char *mapping, const struct vl_doc_node *groups,
    struct vl_arena *arena, struct vl_oidc_grants *ret, struct vl_err *err);

#endif
