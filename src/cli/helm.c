#include "helm.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "base/vec.h"
#include "manifest_input.h"

#define READ_SIZE 65536
#define SAID_MAX  4096 /* bytes of what it says on standard error that are kept */

struct helm {
    pid_t pid;
    int out, said; /* our ends; -1 once closed */
};

static int not_there(struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_UNSUPPORTED,
        "a Helm chart, and there is no helm on this machine: pipe the output of \"helm template\" into "
        "\"vallum scan manifests -\"");
}

static int start(char **argv, struct helm *h, struct vl_err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t pipes;
    int out[2] = {-1, -1}, said[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC) < 0)
        return vl_err_sys(err, errno, "a pipe");
    if (pipe2(said, O_CLOEXEC) < 0) {
        int e = errno;
        close(out[0]);
        close(out[1]);
        return vl_err_sys(err, e, "a pipe");
    }
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &pipes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int e = posix_spawnp(&h->pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(said[1]);
    h->out = out[0];
    h->said = said[0];
    if (e == 0)
        return 0;
    close(h->out);
    close(h->said);
    if (e == ENOENT)
        return not_there(err);
    return vl_err_sys(err, e, "helm");
}

/* Reads once; closes at the end. */
static int take(int *fd, struct vl_buf *into, size_t keep, struct vl_err *err)
{
    char bytes[READ_SIZE];
    ssize_t n = read(*fd, bytes, sizeof(bytes));
    if (n < 0)
        return errno == EINTR ? 0 : vl_err_sys(err, errno, "helm");
    if (n == 0) {
        vl_file_close(fd);
        return 0;
    }
    size_t room = keep > into->len ? keep - into->len : 0;
    vl_buf_append(into, bytes, (size_t)n < room || keep == 0 ? (size_t)n : room);
    return vl_buf_check(into, "the output of helm", err);
}

static int read_all(struct helm *h, struct vl_buf *out, struct vl_buf *said, struct vl_err *err)
{
    int64_t end = vl_time_monotonic_us() + VL_HELM_SECONDS * 1000000LL;
    while (h->out >= 0 || h->said >= 0) {
        struct pollfd fds[2] = {{h->out, POLLIN, 0}, {h->said, POLLIN, 0}};
        int64_t left = (end - vl_time_monotonic_us()) / 1000;
        int n = left > 0 ? poll(fds, 2, (int)left) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "helm");
        if (n == 0)
            return vl_err_set(err, VL_ERR_LIMIT, "helm did not end within %d seconds", VL_HELM_SECONDS);
        int r = fds[0].revents ? take(&h->out, out, 0, err) : 0;
        if (r >= 0 && fds[1].revents)
            r = take(&h->said, said, SAID_MAX, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int run(char **argv, const char *folder, struct vl_buf *out, struct vl_err *err)
{
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    struct helm h = {0};
    int status = 0;
    vl_buf_init(&said, SAID_MAX + 1);
    int r = start(argv, &h, err);
    if (r < 0)
        return r;
    r = read_all(&h, out, &said, err);
    vl_file_close(&h.out);
    vl_file_close(&h.said);
    if (r < 0)
        kill(h.pid, SIGKILL);
    while (waitpid(h.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (r < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return r;
    /* Where posix_spawnp() cannot see the exec fail, the child tells it by this status. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && said.len == 0)
        return not_there(err);
    struct vl_span rest = vl_buf_span(&said), line = VL_SPAN_LIT("it says nothing");
    (void)vl_span_split_line(&rest, &line);
    return vl_err_set(err, VL_ERR_INVALID, "%s: helm refuses the chart: %.*s", folder, VL_SPAN_FMT(line));
}

int vl_cli_helm_template(
    const char *folder, const struct vl_cli_list *values, struct vl_buf *out, struct vl_err *err)
{
    char *argv[2 * VL_CLI_LIST_MAX + 8];
    size_t n = 0;
    /* posix_spawn() takes arguments that are not const and does not write to them. */
    argv[n++] = (char *)(uintptr_t)"helm";
    argv[n++] = (char *)(uintptr_t)"template";
    argv[n++] = (char *)(uintptr_t)"--include-crds";
    for (size_t i = 0; i < values->len; i++) {
        argv[n++] = (char *)(uintptr_t)"--values";
        argv[n++] = (char *)(uintptr_t)values->items[i];
    }
    argv[n++] = (char *)(uintptr_t)"--";
    argv[n++] = (char *)(uintptr_t)"release";
    argv[n++] = (char *)(uintptr_t)folder;
    argv[n] = NULL;
    return run(argv, folder, out, err);
}
