/* The mail server that every channel of kind mail sends by: a setting of the whole server. */
#ifndef VL_SERVER_MAIL_SETTINGS_H
#define VL_SERVER_MAIL_SETTINGS_H

#include "net/crypt.h"
#include "store/store.h"

/* Texts in the arena that was given. */
struct vl_mail_settings {
    const char *host;
    int64_t port;
    const char *username; /* or NULL */
    const char *password; /* or NULL; opened */
    const char *from;     /* address */
    const char *ca_pem;   /* or NULL */
};

/* 1 set, 0 not. */
VL_MUST_CHECK int vl_repo_mail_settings_get(struct vl_store_conn *conn, const uint8_t key[VL_CRYPT_KEY_BYTES],
    struct vl_arena *arena, struct vl_mail_settings *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_mail_settings_set(struct vl_store_conn *conn, const uint8_t key[VL_CRYPT_KEY_BYTES],
    const struct vl_mail_settings *settings, struct vl_err *err);

/* A setting as JSON text: 1 with *ret in the arena, 0 not set. */
VL_MUST_CHECK int vl_repo_setting_get(struct vl_store_conn *conn, int64_t environment, const char *name,
    struct vl_arena *arena, const char **ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_setting_set(struct vl_store_conn *conn, int64_t environment, const char *name,
    struct vl_span value, struct vl_err *err);

#endif
