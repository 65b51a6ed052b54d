#include "data_dir.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

#define PATH_BYTES 4096
#define PEM_MAX    (1024UL * 1024)
#define DAY_MS     (24 * 60 * 60 * 1000LL)

void vl_server_data_init(struct vl_server_data *data)
{
    memset(data, 0, sizeof(*data));
    vl_crypt_identity_init(&data->authority);
    vl_crypt_identity_init(&data->server);
}

void vl_server_data_done(struct vl_server_data *data)
{
    vl_crypt_identity_done(&data->authority);
    vl_crypt_identity_done(&data->server);
    explicit_bzero(data->seal_key, sizeof(data->seal_key));
}

static int path_of(
    const struct vl_server_data *data, const char *name, char path[PATH_BYTES], struct vl_err *err)
{
    if (snprintf(path, PATH_BYTES, "%s/%s", data->folder, name) >= PATH_BYTES)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: the path is longer than %d bytes", data->folder, PATH_BYTES - 1);
    return 0;
}

/* 1 read, 0 not there. A key that others can read is no secret any more. */
static int read_file(
    const struct vl_server_data *data, const char *name, bool secret, struct vl_buf *out, struct vl_err *err)
{
    char path[PATH_BYTES];
    struct stat st;
    int r = path_of(data, name, path, err);
    if (r < 0)
        return r;
    if (stat(path, &st) < 0)
        return errno == ENOENT ? 0 : vl_err_sys(err, errno, "%s", path);
    if (secret && (st.st_mode & 077) != 0)
        return vl_err_set(
            err, VL_ERR_USAGE, "%s: others can read it; chmod 600, and change what it guards", path);
    vl_buf_clear(out);
    r = vl_file_read(path, PEM_MAX, out, err);
    return r < 0 ? r : 1;
}

static int write_file(const struct vl_server_data *data, const char *name, unsigned mode, struct vl_span text,
    struct vl_err *err)
{
    char path[PATH_BYTES];
    int r = path_of(data, name, path, err);
    return r < 0 ? r : vl_file_replace(path, mode, text, err);
}

static int open_seal_key(struct vl_server_data *data, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, PEM_MAX);
    int r = read_file(data, "seal.key", true, &text, err);
    if (r < 0)
        return r;
    if (r > 0) {
        if (text.len != sizeof(data->seal_key))
            return vl_err_set(err, VL_ERR_CORRUPT, "%s/seal.key: has %zu bytes instead of %zu", data->folder,
                text.len, sizeof(data->seal_key));
        memcpy(data->seal_key, text.ptr, text.len);
        return 0;
    }
    r = vl_crypt_random(data->seal_key, sizeof(data->seal_key), err);
    if (r < 0)
        return r;
    return write_file(
        data, "seal.key", 0600, (struct vl_span){(const char *)data->seal_key, sizeof(data->seal_key)}, err);
}

static int open_authority(struct vl_server_data *data, struct vl_err *err)
{
    int certificate = read_file(data, "ca.pem", false, &data->authority.certificate_pem, err);
    if (certificate < 0)
        return certificate;
    int key = read_file(data, "ca.key", true, &data->authority.key_pem, err);
    if (key < 0)
        return key;
    if (certificate != key)
        return vl_err_set(err, VL_ERR_CORRUPT, "%s: of ca.pem and ca.key one is missing", data->folder);
    if (certificate > 0)
        return 0;
    char host[256] = "vallum";
    (void)gethostname(host, sizeof(host) - 1);
    char name[320];
    (void)snprintf(name, sizeof(name), "Vallum on %s", host);
    int r = vl_crypt_make_authority(name, &data->authority, err);
    if (r >= 0)
        r = write_file(data, "ca.key", 0600, vl_buf_span(&data->authority.key_pem), err);
    return r < 0 ? r : write_file(data, "ca.pem", 0644, vl_buf_span(&data->authority.certificate_pem), err);
}

/* Made anew when it is about to end. Names that were added to the configuration need a new one, too: the list
 * is kept beside it. */
static int open_own_certificate(
    struct vl_server_data *data, const struct vl_server_config *config, struct vl_err *err)
{
    const char *names[80] = {"localhost", "127.0.0.1", "::1"};
    size_t n = 3;
    char host[256] = "";
    struct vl_buf list VL_CLEANUP(vl_buf_done), before VL_CLEANUP(vl_buf_done);
    int64_t end = 0;
    vl_buf_init(&list, PEM_MAX);
    vl_buf_init(&before, PEM_MAX);
    if (gethostname(host, sizeof(host) - 1) == 0 && host[0])
        names[n++] = host;
    for (unsigned i = 0; i < config->n_names && n < VL_ARRAY_LEN(names); i++)
        names[n++] = config->names[i];
    for (size_t i = 0; i < n; i++)
        vl_buf_printf(&list, "%s\n", names[i]);
    int r = read_file(data, "server.names", false, &before, err);
    bool same = r > 0 && vl_span_eq(vl_buf_span(&before), vl_buf_span(&list));
    if (r >= 0)
        r = read_file(data, "server.pem", false, &data->server.certificate_pem, err);
    bool there = r > 0;
    if (r >= 0)
        r = read_file(data, "server.key", true, &data->server.key_pem, err);
    if (r < 0)
        return r;
    there = there && r > 0 && vl_crypt_expiry(vl_buf_span(&data->server.certificate_pem), &end, err) >= 0;
    if (there && same && end > vl_time_now_ms() + VL_SERVER_RENEW_DAYS * DAY_MS)
        return 0;
    r = vl_crypt_make_server(&data->authority, names, n, VL_SERVER_CERTIFICATE_DAYS, &data->server, err);
    if (r >= 0)
        r = write_file(data, "server.key", 0600, vl_buf_span(&data->server.key_pem), err);
    if (r >= 0)
        r = write_file(data, "server.pem", 0644, vl_buf_span(&data->server.certificate_pem), err);
    return r < 0 ? r : write_file(data, "server.names", 0644, vl_buf_span(&list), err);
}

static int read_configured(
    struct vl_server_data *data, const struct vl_server_config *config, struct vl_err *err)
{
    vl_buf_clear(&data->server.certificate_pem);
    vl_buf_clear(&data->server.key_pem);
    int r = vl_file_read(config->certificate, PEM_MAX, &data->server.certificate_pem, err);
    if (r >= 0)
        r = vl_file_read(config->key, PEM_MAX, &data->server.key_pem, err);
    return r;
}

int vl_server_data_reload(
    struct vl_server_data *data, const struct vl_server_config *config, struct vl_err *err)
{
    bool own = !config->certificate;
    if (own != !config->key)
        return vl_err_set(err, VL_ERR_USAGE, "certificate and key belong together");
    int r = own ? open_authority(data, err) : read_configured(data, config, err);
    if (r >= 0 && own)
        r = open_own_certificate(data, config, err);
    const struct vl_crypt_identity *shown = own ? &data->authority : &data->server;
    return r < 0 ? r : vl_crypt_fingerprint(vl_buf_span(&shown->certificate_pem), data->fingerprint, err);
}

int vl_server_data_open(struct vl_server_data *data, const struct vl_server_config *config,
    struct vl_arena *arena, struct vl_err *err)
{
    struct stat st;
    data->folder = vl_arena_strdup(arena, config->data);
    if (!data->folder)
        return vl_arena_check(arena, "the data folder", err);
    int r = vl_file_make_dirs(data->folder, 0700, err);
    if (r < 0)
        return r;
    if (stat(data->folder, &st) < 0)
        return vl_err_sys(err, errno, "%s", data->folder);
    if ((st.st_mode & 077) != 0 || st.st_uid != geteuid())
        return vl_err_set(
            err, VL_ERR_USAGE, "%s: must belong to the user of vallumd alone (chmod 700)", data->folder);
    r = open_seal_key(data, err);
    return r < 0 ? r : vl_server_data_reload(data, config, err);
}

int vl_server_data_password(const struct vl_server_data *data, const char *password, struct vl_err *err)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "%s\n", password);
    int r = write_file(data, VL_SERVER_PASSWORD_FILE, 0600, vl_span_str(line), err);
    explicit_bzero(line, sizeof(line));
    return r;
}

void vl_server_data_forget_password(const struct vl_server_data *data)
{
    char path[PATH_BYTES];
    struct vl_err ignored = VL_ERR_INIT;
    if (path_of(data, VL_SERVER_PASSWORD_FILE, path, &ignored) >= 0)
        (void)unlink(path);
}
