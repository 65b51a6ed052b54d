/* Ready databases: from and to folders, web servers, registries, bundles. */
#ifndef VL_CLI_DB_REMOTE_H
#define VL_CLI_DB_REMOTE_H

#include "command.h"

struct vl_cli_remote {
    const char *key; /* file with the public key; or NULL */
    const char *ca_file;
    const char *auth_file;
    bool allow_unsigned;
    bool allow_older;
    bool insecure;
};

/* Keys of the options below, apart from those of the commands. */
enum {
    VL_CLI_REMOTE_UNSIGNED = 5000,
    VL_CLI_REMOTE_OLDER,
    VL_CLI_REMOTE_CA,
    VL_CLI_REMOTE_INSECURE,
    VL_CLI_REMOTE_AUTH,
};

/* Takes the option where it is one of these; false where it is another's. */
bool vl_cli_remote_parse(int key, const char *arg, struct vl_cli_remote *remote);

/* Installs the database at `from` as `path`. Exit status. */
VL_MUST_CHECK int vl_cli_install(const struct vl_cli_common *common, const struct vl_cli_remote *remote,
    const char *path, const char *from, struct vl_err *err);

/* Publishes the database at `path`: `to` is oci://REFERENCE or a folder; signed where `key_file` is given. */
VL_MUST_CHECK int vl_cli_publish(const struct vl_cli_remote *remote, const char *path, const char *key_file,
    const char *to, struct vl_err *err);

#endif
