#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

#define READ_SIZE 65536
#define SLICE_MS  1000 /* who hears is asked so often, also where nothing is said */

enum { IN, OUT, SAID, ENDS };

/* Our ends of the pipes; -1 once closed. */
struct process {
    const struct vl_process_options *options;
    const char *name;
    pid_t pid;
    int fds[ENDS];
    size_t written;
};

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        vl_file_close(&fds[i]);
}

static int make_pipes(struct process *p, int theirs[ENDS], struct vl_err *err)
{
    for (int i = 0; i < ENDS; i++) {
        int pair[2];
        if ((i == IN && p->options->input.len == 0) || (i == OUT && p->options->output_fd >= 0))
            continue;
        if (pipe2(pair, O_CLOEXEC) < 0)
            return vl_err_sys(err, errno, "a pipe for %s", p->name);
        p->fds[i] = pair[i == IN ? 1 : 0];
        theirs[i] = pair[i == IN ? 0 : 1];
        if (i == IN && fcntl(p->fds[i], F_SETFL, O_NONBLOCK) < 0)
            return vl_err_sys(err, errno, "a pipe for %s", p->name);
    }
    return 0;
}

static int spawn(struct process *p, const int theirs[ENDS])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t ignored, none;
    const char *const *env = p->options->env ? p->options->env : (const char *const *)environ;
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    if (theirs[IN] >= 0)
        posix_spawn_file_actions_adddup2(&actions, theirs[IN], STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(
        &actions, theirs[OUT] >= 0 ? theirs[OUT] : p->options->output_fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, theirs[SAID], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &ignored);
    posix_spawnattr_setsigmask(&attributes, &none); /* servers block signals in their threads */
    posix_spawnattr_setpgroup(&attributes, 0);      /* so that its children can be ended with it */
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    /* posix_spawn() takes arguments that are not const and does not write to them. */
    int e = posix_spawnp(&p->pid, p->name, &actions, &attributes, (char *const *)(uintptr_t)p->options->argv,
        (char *const *)(uintptr_t)env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return e;
}

static int start(struct process *p, struct vl_err *err)
{
    int theirs[ENDS] = {-1, -1, -1};
    int r = make_pipes(p, theirs, err);
    int e = r < 0 ? 0 : spawn(p, theirs);
    close_all(theirs, ENDS);
    if (r >= 0 && e == 0)
        return 0;
    close_all(p->fds, ENDS);
    if (r < 0)
        return r;
    if (e == ENOENT)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no program \"%s\" on this machine", p->name);
    return vl_err_sys(err, e, "%s", p->name);
}

static int feed(struct process *p, struct vl_err *err)
{
    struct vl_span rest = vl_span_slice(p->options->input, p->written, p->options->input.len);
    ssize_t n = write(p->fds[IN], rest.ptr, rest.len);
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        if (errno != EPIPE)
            return vl_err_sys(err, errno, "%s", p->name);
        vl_file_close(&p->fds[IN]); /* it does not want the rest: what it says tells why */
        return 0;
    }
    if (n > 0)
        p->written += (size_t)n;
    if (p->written == p->options->input.len)
        vl_file_close(&p->fds[IN]);
    return 0;
}

/* Reads once; closes at the end. What is over `keep` is read and forgotten; 0 keeps all. */
static int hear(struct process *p, int which, struct vl_buf *into, size_t keep, struct vl_err *err)
{
    char bytes[READ_SIZE];
    ssize_t n = read(p->fds[which], bytes, sizeof(bytes));
    if (n < 0)
        return errno == EINTR ? 0 : vl_err_sys(err, errno, "%s", p->name);
    if (n == 0) {
        vl_file_close(&p->fds[which]);
        return 0;
    }
    if (!into)
        return 0;
    size_t room = keep == 0 ? (size_t)n : keep > into->len ? keep - into->len : 0;
    vl_buf_append(into, bytes, (size_t)n < room ? (size_t)n : room);
    return vl_buf_check(into, p->name, err);
}

static int talk(struct process *p, struct vl_buf *out, struct vl_buf *said, struct vl_err *err)
{
    int64_t end = vl_time_monotonic_us() + p->options->seconds * 1000000LL;
    while (p->fds[OUT] >= 0 || p->fds[SAID] >= 0) {
        struct pollfd fds[ENDS] = {
            {p->fds[IN], POLLOUT, 0}, {p->fds[OUT], POLLIN, 0}, {p->fds[SAID], POLLIN, 0}};
        int64_t left = (end - vl_time_monotonic_us()) / 1000;
        int64_t slice = left < SLICE_MS ? left : SLICE_MS;
        int n = left > 0 ? poll(fds, ENDS, (int)slice) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "%s", p->name);
        if (left <= 0)
            return vl_err_set(
                err, VL_ERR_LIMIT, "%s did not end within %u seconds", p->name, p->options->seconds);
        int r = fds[IN].revents ? feed(p, err) : 0;
        if (r >= 0 && fds[OUT].revents)
            r = hear(p, OUT, out, 0, err);
        if (r >= 0 && fds[SAID].revents)
            r = hear(p, SAID, said, VL_PROCESS_SAID_MAX, err);
        if (r >= 0 && p->options->heard)
            r = p->options->heard(out, p->options->user, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_process_run(const struct vl_process_options *options, struct vl_buf *out, struct vl_buf *said,
    int *ret_status, struct vl_err *err)
{
    struct process p = {.options = options, .name = options->argv[0], .fds = {-1, -1, -1}};
    size_t out_before = out ? out->len : 0, said_before = said ? said->len : 0;
    int status = 0;
    int r = start(&p, err);
    if (r < 0)
        return r;
    r = talk(&p, out, said, err);
    close_all(p.fds, ENDS);
    if (r < 0)
        (void)kill(-p.pid, SIGKILL);
    while (waitpid(p.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (r < 0)
        return r;
    /* Where posix_spawnp() cannot see the exec fail, the child tells it by this status. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && (!said || said->len == said_before) &&
        (!out || out->len == out_before))
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no program \"%s\" on this machine", p.name);
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int vl_process_limit(int resource, uint64_t value, const char *name, struct vl_err *err)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return vl_err_sys(err, errno, "limit of %s", name);
    rlim_t most = now.rlim_max != RLIM_INFINITY && now.rlim_max < value ? now.rlim_max : (rlim_t)value;
    now = (struct rlimit){most, most};
    if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
        return vl_err_sys(err, errno, "limit of %s", name);
    return 0;
}
