/* SQL of roles: in all environments, in one, or in a part of one
 * (docs/design/0019-roles-in-parts-of-an-environment.md). */
#ifndef VL_SERVER_REPO_ROLE_H
#define VL_SERVER_REPO_ROLE_H

#include "identity/principal.h"
#include "store/store.h"

#define VL_ROLE_BINDINGS_MAX  1000 /* of one principal that are listed */
#define VL_ROLE_PARTS_MAX     VL_STORE_NARROWED_MAX
#define VL_ROLE_CLUSTER_MAX   63 /* bytes; Azure's limit of a managed cluster's name */
#define VL_ROLE_NAMESPACE_MAX 63 /* bytes; RFC 1123 label */

enum vl_role_part_kind {
    VL_ROLE_WHOLE = 0,
    VL_ROLE_REGISTRY,
    VL_ROLE_LABEL,   /* registries that bear it, as long as they do */
    VL_ROLE_CLUSTER, /* what is reported of a cluster, or of a namespace in it */
};

/* Where a role holds. What the kind does not name is 0 or NULL. */
struct vl_role_scope {
    int64_t environment; /* 0: all, of kind VL_ROLE_WHOLE */
    enum vl_role_part_kind kind;
    int64_t registry;
    const char *label;      /* "team=payments", as inventory/label.h checks it */
    const char *cluster;    /* its name; compared case-blind */
    const char *name_space; /* of a cluster; NULL or "": all of it */
};

/* Whether a text can be the name of a cluster or a namespace: 1 to 63 letters, digits, "-", "_", ".", as
 * Azure and Kubernetes have them. */
bool vl_role_is_place(struct vl_span name);

/* Gives the role, or another one than was given there before. */
VL_MUST_CHECK int vl_repo_role_bind(struct vl_store_conn *conn, int64_t principal,
    const struct vl_role_scope *scope, enum vl_role role, struct vl_err *err);
/* In the whole of an environment (0: of all). */
VL_MUST_CHECK int vl_repo_role_set(struct vl_store_conn *conn, int64_t principal, int64_t environment,
    enum vl_role role, struct vl_err *err);
/* That one alone: a role in the whole of an environment leaves those in its parts, and the other way round.
 */
VL_MUST_CHECK int vl_repo_role_remove(
    struct vl_store_conn *conn, int64_t principal, const struct vl_role_scope *scope, struct vl_err *err);
/* All that hold in whole environments, and with `parts` also those in parts. */
VL_MUST_CHECK int vl_repo_role_remove_all(
    struct vl_store_conn *conn, int64_t principal, bool parts, struct vl_err *err);
/* With a registry go the roles in it. */
VL_MUST_CHECK int vl_repo_role_registry_gone(
    struct vl_store_conn *conn, int64_t registry, struct vl_err *err);

/* The role in the whole of an environment: its own, or that for all. */
VL_MUST_CHECK int vl_repo_role_get(struct vl_store_conn *conn, const struct vl_principal *principal,
    int64_t environment, enum vl_role *ret, struct vl_err *err);

/* SQL: whether an alert `a` happened where a row `b` of role_part holds. One that names no cluster is
 * nobody's who has a role in one alone; so is one of several namespaces, or of none, for those who have it in
 * a namespace. */
#define VL_ROLE_PART_HAS_ALERT                                                                               \
    "(a.cluster <> '' AND b.environment_id = a.environment_id AND b.cluster = a.cluster AND (b.namespace = " \
    "'' OR b.namespace = a.namespace)) "

struct vl_role_part {
    /* Of the registry; negative: of the row that binds to a cluster. What narrows a read (sight.h). */
    int64_t id;
    enum vl_role role;
    const char *cluster, *name_space; /* "" for a registry */
};
/* The roles in parts of an environment, those by labels as registries bear them now; a registry may stand
 * there twice. None where the token is another environment's. VL_ERR_LIMIT beyond VL_ROLE_PARTS_MAX. */
VL_MUST_CHECK int vl_repo_role_parts(struct vl_store_conn *conn, const struct vl_principal *principal,
    int64_t environment, struct vl_arena *arena, struct vl_role_part **ret, size_t *ret_n,
    struct vl_err *err);

/* As people read it. */
struct vl_role_binding {
    const char *environment; /* GUID; NULL: all */
    enum vl_role role;
    const char *registry;                     /* name, or NULL */
    const char *label, *cluster, *name_space; /* "" where it is none of such */
};
VL_MUST_CHECK int vl_repo_role_bindings(struct vl_store_conn *conn, int64_t principal, struct vl_arena *arena,
    struct vl_role_binding **ret, size_t *ret_n, struct vl_err *err);

/* Owners over all environments that may log in or have a secret. Without one nobody could make another. */
VL_MUST_CHECK int vl_repo_owners(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err);

#endif
