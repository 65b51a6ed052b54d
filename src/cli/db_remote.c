/* Ready databases: from and to folders, web servers, registries, bundles. */
#include "db_remote.h"

#include <stdio.h>
#include <string.h>

#include "advisory/feed.h"
#include "db_options.h"
#include "image/artifact.h"
#include "net/http_client.h"

#define ARTIFACT_TYPE "application/vnd.vallum.advisories.v1"
#define BLOB_MAX      (2UL * 1024 * 1024 * 1024)

/* The three files of a ready database, as layers of an OCI artifact. */
static const struct {
    const char *title;
    const char *media_type;
    size_t max;
} parts[] = {
    {VL_ADVISORY_FILE_META, "application/vnd.vallum.advisories.meta.v1+text", 64UL * 1024},
    {VL_ADVISORY_FILE_SIG, "application/vnd.vallum.advisories.signature.v1", 4UL * 1024},
    {VL_ADVISORY_FILE_DB, "application/vnd.vallum.advisories.database.v1+zstd", BLOB_MAX},
};

bool vl_cli_remote_parse(int key, const char *arg, struct vl_cli_remote *remote)
{
    switch (key) {
    case VL_CLI_REMOTE_UNSIGNED:
        remote->allow_unsigned = true;
        return true;
    case VL_CLI_REMOTE_OLDER:
        remote->allow_older = true;
        return true;
    case VL_CLI_REMOTE_CA:
        remote->ca_file = arg;
        return true;
    case VL_CLI_REMOTE_INSECURE:
        remote->insecure = true;
        return true;
    case VL_CLI_REMOTE_AUTH:
        remote->auth_file = arg;
        return true;
    default:
        return false;
    }
}

static int say_installed(const struct vl_cli_common *common, const char *path, bool changed)
{
    if (!common->quiet)
        (void)fprintf(stderr, "%s: %s\n", path, changed ? "replaced" : "is the newest already");
    return VL_EXIT_OK;
}

static int install_oci(const struct vl_cli_remote *remote, const struct vl_advisory_install_options *install,
    const char *reference, bool *ret_changed, struct vl_err *err)
{
    const struct vl_image_options options = {
        .auth_file = remote->auth_file, .ca_file = remote->ca_file, .insecure = remote->insecure};
    VL_CLEANUP(vl_image_artifact_cleanup) struct vl_image_artifact *artifact = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf meta;
    VL_CLEANUP(vl_buf_done) struct vl_buf own;
    VL_CLEANUP(vl_buf_done) struct vl_buf signature;
    VL_CLEANUP(vl_buf_done) struct vl_buf db;
    vl_buf_init(&meta, parts[0].max);
    vl_buf_init(&own, parts[0].max);
    vl_buf_init(&signature, parts[1].max);
    vl_buf_init(&db, parts[2].max);
    int r = vl_image_artifact_open(reference, &options, ARTIFACT_TYPE, &artifact, err);
    if (r == 0)
        r = vl_image_artifact_read(artifact, parts[0].media_type, &meta, err);
    if (r < 0)
        return r;
    /* The same database is not fetched twice: metadata name its digest. */
    struct vl_err ignored = VL_ERR_INIT;
    if (vl_advisory_meta(install->db_path, &own, &ignored) == 0 &&
        vl_span_eq(vl_buf_span(&own), vl_buf_span(&meta))) {
        *ret_changed = false;
        return 0;
    }
    r = vl_image_artifact_read(artifact, parts[1].media_type, &signature, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND) {
        vl_err_clear(err);
        r = 0;
    }
    if (r == 0)
        r = vl_image_artifact_read(artifact, parts[2].media_type, &db, err);
    if (r == 0)
        r = vl_advisory_install_bytes(
            install, vl_buf_span(&meta), vl_buf_span(&signature), vl_buf_span(&db), ret_changed, err);
    return r < 0 ? vl_err_wrap(err, "%s", reference) : 0;
}

int vl_cli_install(const struct vl_cli_common *common, const struct vl_cli_remote *remote, const char *path,
    const char *from, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    const struct vl_http_options http = {.ca_file = remote->ca_file, .insecure = remote->insecure};
    bool changed = false;
    int r = vl_cli_read_key(remote->key, &key, err);
    if (r < 0)
        return r;
    const struct vl_advisory_install_options install = {
        .db_path = path,
        .public_pem = vl_buf_span(&key),
        .allow_unsigned = remote->allow_unsigned,
        .allow_older = remote->allow_older,
        .http = &http,
        .lock_wait_ms = VL_CLI_LOCK_WAIT_MS,
    };
    if (!remote->key && !remote->allow_unsigned)
        return vl_err_set(err, VL_ERR_USAGE,
            "a ready database is taken only with --key FILE (the public key of who signed it) or "
            "--allow-unsigned");
    r = strncmp(from, "oci://", 6) == 0 ? install_oci(remote, &install, from + 6, &changed, err)
                                        : vl_advisory_install(&install, from, &changed, err);
    return r < 0 ? r : say_installed(common, path, changed);
}

static int publish_oci(const struct vl_cli_remote *remote, const char *path, struct vl_span key,
    const char *reference, struct vl_err *err)
{
    const struct vl_image_options options = {
        .auth_file = remote->auth_file, .ca_file = remote->ca_file, .insecure = remote->insecure};
    VL_CLEANUP(vl_buf_done) struct vl_buf meta;
    VL_CLEANUP(vl_buf_done) struct vl_buf signature;
    VL_CLEANUP(vl_buf_done) struct vl_buf db;
    struct vl_image_artifact_part layers[VL_ARRAY_LEN(parts)];
    size_t n = 0;
    vl_buf_init(&meta, parts[0].max);
    vl_buf_init(&signature, parts[1].max);
    vl_buf_init(&db, parts[2].max);
    int r = vl_advisory_read_ready(path, key, &meta, &signature, &db, err);
    if (r < 0)
        return r;
    const struct vl_buf *content[] = {&meta, &signature, &db};
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        if (content[i]->len)
            layers[n++] =
                (struct vl_image_artifact_part){parts[i].title, parts[i].media_type, vl_buf_span(content[i])};
    }
    return vl_image_artifact_push(reference, &options, ARTIFACT_TYPE, layers, n, err);
}

int vl_cli_publish(const struct vl_cli_remote *remote, const char *path, const char *key_file, const char *to,
    struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    int r = vl_cli_read_key(key_file, &key, err);
    if (r < 0)
        return r;
    return strncmp(to, "oci://", 6) == 0 ? publish_oci(remote, path, vl_buf_span(&key), to + 6, err)
                                         : vl_advisory_publish_folder(path, vl_buf_span(&key), to, err);
}
