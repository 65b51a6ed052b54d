/* SQL of principals, tokens, failed logins, the audit log; of roles: repo_role.h. Reads take a connection,
 * writes the writer's. */
#ifndef VL_SERVER_REPO_IDENTITY_H
#define VL_SERVER_REPO_IDENTITY_H

#include "identity/principal.h"
#include "store/store.h"

#define VL_TOKEN_TEXT    48    /* "vlt_" and 40 characters, and a NUL */
#define VL_TOKENS_MAX    1000  /* of one principal */
#define VL_LOGIN_TRIES   5     /* failures in a row; then the name, and the address, wait */
#define VL_LOGIN_WAIT_MS 60000 /* doubled with each further failure, up to an hour */

VL_MUST_CHECK int vl_repo_principals(struct vl_store_conn *conn, int64_t *ret_count, struct vl_err *err);

/* VL_ERR_CONFLICT where the name is taken. `password_hash` NULL for clients. */
VL_MUST_CHECK int vl_repo_principal_add(struct vl_store_conn *conn, enum vl_principal_kind kind,
    const char *name, const char *password_hash, int64_t *ret_id, struct vl_err *err);

/* 1 found, 0 not. The hash is NULL where there is none; disabled ones are not found. */
VL_MUST_CHECK int vl_repo_principal_by_name(struct vl_store_conn *conn, const char *name,
    struct vl_arena *arena, struct vl_principal *ret, const char **ret_password_hash, struct vl_err *err);

struct vl_token {
    int64_t id;
    const char *name;
    enum vl_role role;
    int64_t environment, created, expires, last_used; /* ms; 0: never */
};

/* Makes a token and writes its text; it cannot be read again. Those of the principal that have ended go. */
VL_MUST_CHECK int vl_repo_token_add(struct vl_store_conn *conn, int64_t principal,
    const struct vl_token *token, char ret_text[VL_TOKEN_TEXT], int64_t *ret_id, struct vl_err *err);
/* 1 with the principal, 0 where there is no such token or it has ended. */
VL_MUST_CHECK int vl_repo_token_find(struct vl_store_conn *conn, struct vl_span text, int64_t now_ms,
    struct vl_arena *arena, struct vl_principal *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_token_list(struct vl_store_conn *conn, int64_t principal, struct vl_arena *arena,
    struct vl_token **ret, size_t *ret_n, struct vl_err *err);
/* Refresh tokens of OAuth 2.0: good for getting a new token, and for nothing else (they are not found as
 * tokens are). `token_id` of the principal is what vl_repo_token_remove() takes. */
VL_MUST_CHECK int vl_repo_refresh_add(struct vl_store_conn *conn, int64_t principal, int64_t expires_ms,
    char ret_text[VL_TOKEN_TEXT], struct vl_err *err);
VL_MUST_CHECK int vl_repo_refresh_find(struct vl_store_conn *conn, struct vl_span text, int64_t now_ms,
    struct vl_arena *arena, struct vl_principal *ret, struct vl_err *err);
/* 1 removed, 0 was not there. */
VL_MUST_CHECK int vl_repo_token_remove(
    struct vl_store_conn *conn, int64_t principal, int64_t id, struct vl_err *err);

/* Milliseconds to wait before `who` may try again; 0: now. */
VL_MUST_CHECK int vl_repo_login_wait(
    struct vl_store_conn *conn, const char *who, int64_t now_ms, int64_t *ret_wait_ms, struct vl_err *err);
VL_MUST_CHECK int vl_repo_login_failed(
    struct vl_store_conn *conn, const char *who, int64_t now_ms, struct vl_err *err);
VL_MUST_CHECK int vl_repo_login_good(struct vl_store_conn *conn, const char *who, struct vl_err *err);

VL_MUST_CHECK int vl_repo_audit(struct vl_store_conn *conn, const char *who, const char *peer,
    int64_t environment, const char *action, const char *object, const char *detail, struct vl_err *err);

#endif
