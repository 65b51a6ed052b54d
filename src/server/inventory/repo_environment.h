/* Environments: the unit of isolation. The API of Azure calls them subscriptions. */
#ifndef VL_SERVER_REPO_ENVIRONMENT_H
#define VL_SERVER_REPO_ENVIRONMENT_H

#include "store/store.h"

#define VL_GUID_TEXT            37
#define VL_ENVIRONMENT_NAME_MAX 64 /* bytes */
#define VL_ENVIRONMENTS_MAX     1000

/* Texts in the arena that was given. */
struct vl_environment {
    int64_t id;       /* 0: none */
    const char *guid; /* lower case */
    const char *name;
    int64_t created; /* ms */
};

/* A random GUID (RFC 9562 version 4). */
VL_MUST_CHECK int vl_guid_new(char ret[VL_GUID_TEXT], struct vl_err *err);
bool vl_guid_is(struct vl_span text);

/* VL_ERR_CONFLICT where name or GUID is taken. `guid` NULL: a random one. */
VL_MUST_CHECK int vl_repo_environment_add(
    struct vl_store_conn *conn, const char *guid, const char *name, int64_t *ret_id, struct vl_err *err);

/* By GUID (case-blind) or name: 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_environment_find(struct vl_store_conn *conn, struct vl_span which,
    struct vl_arena *arena, struct vl_environment *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_environment_get(struct vl_store_conn *conn, int64_t id, struct vl_arena *arena,
    struct vl_environment *ret, struct vl_err *err);

/* VL_ERR_CONFLICT where another has the name. */
VL_MUST_CHECK int vl_repo_environment_rename(
    struct vl_store_conn *conn, int64_t id, const char *name, struct vl_err *err);

/* All, by name. */
VL_MUST_CHECK int vl_repo_environment_list(struct vl_store_conn *conn, struct vl_arena *arena,
    struct vl_environment **ret, size_t *ret_n, struct vl_err *err);

#endif
