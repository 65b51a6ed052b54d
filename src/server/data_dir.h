/* The data folder (0700): authority and certificate, the key that seals secrets (apart from the database),
 * the first administrator's password. */
#ifndef VL_SERVER_DATA_DIR_H
#define VL_SERVER_DATA_DIR_H

#include "config.h"
#include "net/crypt.h"

#define VL_SERVER_CERTIFICATE_DAYS 397
#define VL_SERVER_RENEW_DAYS       30 /* before its end our own certificate is made anew, at a start or reload */
#define VL_SERVER_PASSWORD_FILE    "initial-admin-password"

struct vl_server_data {
    const char *folder;
    struct vl_crypt_identity authority; /* of our own; empty where the configuration names a certificate */
    struct vl_crypt_identity server;
    uint8_t seal_key[VL_CRYPT_KEY_BYTES];
    char fingerprint[VL_CRYPT_FINGERPRINT_MAX]; /* of the authority, or of the configured certificate */
};

void vl_server_data_init(struct vl_server_data *data);
void vl_server_data_done(struct vl_server_data *data); /* wipes the keys; also for VL_CLEANUP */

/* Opens the folder, making what is not there. Files that others can read are refused. */
VL_MUST_CHECK int vl_server_data_open(struct vl_server_data *data, const struct vl_server_config *config,
    struct vl_arena *arena, struct vl_err *err);

/* Reads the certificate again (SIGHUP). */
VL_MUST_CHECK int vl_server_data_reload(
    struct vl_server_data *data, const struct vl_server_config *config, struct vl_err *err);

/* Writes the first administrator's password; and removes it, which is fine where it is gone. */
VL_MUST_CHECK int vl_server_data_password(
    const struct vl_server_data *data, const char *password, struct vl_err *err);
void vl_server_data_forget_password(const struct vl_server_data *data);

#endif
