/* The Docker daemon on this machine: its socket hands out what `docker save` writes (Docker Engine API,
 * "Export an image"). The files below /var/lib/docker are not read: their form is the daemon's own affair. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "files.h"
#include "net/http_client.h"
#include "source.h"

#define NAME_BYTES_MAX 512
#define ERROR_BODY_MAX 4096

static bool is_socket(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* docker_root (the socket, or the folder it is in), $DOCKER_HOST, or the usual places. NULL where there is
 * none. */
static const char *find_socket(const struct vl_image_options *options, struct vl_arena *arena)
{
    static const char *const usual[] = {
        "/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"};
    const char *host = getenv("DOCKER_HOST");
    if (options->docker_root) {
        const char *inside = vl_arena_printf(arena, "%s/docker.sock", options->docker_root);
        return is_socket(options->docker_root) ? options->docker_root : is_socket(inside) ? inside : NULL;
    }
    if (host && strncmp(host, "unix://", 7) == 0)
        return is_socket(host + 7) ? host + 7 : NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(usual); i++)
        if (is_socket(usual[i]))
            return usual[i];
    return NULL;
}

/* Names and ids alike; nothing that a URL would read otherwise. */
static bool valid_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= NAME_BYTES_MAX && !strstr(name, "..") &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/@") == n;
}

static int write_piece(
    struct vl_span piece, const struct vl_http_response *response VL_UNUSED, void *user, struct vl_err *err)
{
    const int *fd = user;
    return vl_file_write_fd(*fd, "temporary copy of the image", piece, err);
}

static int save(const char *socket, const char *name, struct vl_arena *arena, int fd, struct vl_err *err)
{
    VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *client = NULL;
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    vl_buf_init(&said, ERROR_BODY_MAX);
    struct vl_http_request q = {
        .url = vl_arena_printf(arena, "http://localhost/images/%s/get", name),
        .body_fd = -1,
        .max_bytes = VL_FILES_ARCHIVE_MAX,
    };
    if (!q.url)
        return vl_err_nomem(err);
    int r = vl_http_client_new(&(struct vl_http_options){.unix_socket = socket}, &client, err);
    if (r == 0)
        r = vl_http_perform(client, &q, write_piece, &fd, &said, &response, err);
    if (r < 0)
        return vl_err_wrap(err, "docker (%s)", socket);
    if (response.status == 404)
        return vl_err_set(
            err, VL_ERR_NOT_FOUND, "docker: has no image '%s'; `docker pull %s` gets it", name, name);
    return response.status == 200 ? 0 : vl_http_status_error(&response, vl_buf_span(&said), err);
}

int vl_source_open_docker(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    struct vl_files *files = NULL;
    const char *socket = find_socket(options, image->arena);
    if (!socket)
        return vl_err_set(err, VL_ERR_UNREACHABLE,
            "docker: no socket of a Docker daemon here (/run/docker.sock, $DOCKER_HOST); use an image "
            "archive or a registry");
    if (!valid_name(rest))
        return vl_err_set(err, VL_ERR_INVALID, "docker: '%.200s' is no image name", rest);
    int r = vl_file_temp(NULL, &fd, err);
    if (r == 0)
        r = save(socket, rest, image->arena, fd, err);
    if (r < 0)
        return r;
    int taken = fd;
    fd = -1;
    r = vl_files_open_archive_fd(taken, image->name, &files, err);
    if (r < 0)
        return r;
    if (vl_files_has(files, "manifest.json"))
        return vl_source_use_docker_archive(image, files, NULL, err);
    return vl_source_use_layout(image, files, NULL, err);
}
