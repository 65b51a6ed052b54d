/* Users and clients as people manage them, and the audit log as people read it. */
#ifndef VL_SERVER_REPO_USER_H
#define VL_SERVER_REPO_USER_H

#include "identity/principal.h"
#include "store/store.h"

#define VL_USERS_MAX         10000
#define VL_USER_NAME_MAX     256
#define VL_USER_PASSWORD_MIN 12 /* characters; NIST SP 800-63B, 5.1.1.2 asks for 8 at least */

/* Texts in the arena that was given. */
struct vl_user {
    int64_t id;
    enum vl_principal_kind kind;
    const char *name;
    int64_t created; /* ms */
    bool disabled;
};

/* Those after the name `after` ("": from the beginning), by name; at most `max`. */
VL_MUST_CHECK int vl_repo_user_list(struct vl_store_conn *conn, const char *after, int64_t max,
    struct vl_arena *arena, struct vl_user **ret, size_t *ret_n, struct vl_err *err);
/* 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_user_get(
    struct vl_store_conn *conn, int64_t id, struct vl_arena *arena, struct vl_user *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_user_count(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_user_disable(
    struct vl_store_conn *conn, int64_t id, bool disabled, struct vl_err *err);
/* A new password; sessions that the old one began end. */
VL_MUST_CHECK int vl_repo_user_password(
    struct vl_store_conn *conn, int64_t id, const char *hash, struct vl_err *err);
/* With tokens and roles. 1 removed, 0 was not there. */
VL_MUST_CHECK int vl_repo_user_remove(struct vl_store_conn *conn, int64_t id, struct vl_err *err);

struct vl_audit_entry {
    int64_t id, at; /* ms */
    const char *who, *peer, *action, *object, *detail;
    const char *environment; /* GUID, or NULL */
};

/* Those before the id `before`, the newest first; at most `max`. */
VL_MUST_CHECK int vl_repo_audit_list(struct vl_store_conn *conn, int64_t before, int64_t max,
    struct vl_arena *arena, struct vl_audit_entry **ret, size_t *ret_n, struct vl_err *err);
/* How many there are, counted up to `max`. */
VL_MUST_CHECK int vl_repo_audit_count(
    struct vl_store_conn *conn, int64_t max, int64_t *ret, struct vl_err *err);

#endif
