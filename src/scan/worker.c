#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "base/time.h"
#include "base/watched.h"
#include "scan/inventory_codec.h"
#include "worker_protocol.h"

#define ARGV_MAX   16 /* of the program itself */
#define NAME_BYTES 4096
#define READ_STEP  (256UL * 1024)
#define FIRST_FD   10 /* above those that the worker gets */
#define REAP_MS    5000

/* What the worker may know of our environment: no credentials. */
static const char *const passed_env[] = {"TMPDIR", "LD_LIBRARY_PATH", "VALLUM_INDEXER_SANDBOX",
    "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE", "GCOV_PREFIX", "QEMU_LD_PREFIX"};

void vl_worker_answer_done(struct vl_worker_answer *answer)
{
    vl_layer_index_cleanup(&answer->index);
    vl_inventory_cleanup(&answer->inventory);
    vl_buf_done(&answer->encoded);
}

/* The texts of the arguments and the arrays that exec wants. */
struct command {
    char exe[PATH_MAX];
    char text[VL_WORKER_ARG_MAX][NAME_BYTES + 16];
    char *argv[ARGV_MAX + VL_WORKER_ARG_MAX + 1];
    char env_text[VL_ARRAY_LEN(passed_env)][1024];
    char *env[VL_ARRAY_LEN(passed_env) + 1];
};

static const char *const kind_names[] = {[VL_WORKER_STREAM] = "stream",
    [VL_WORKER_REGION] = "region",
    [VL_WORKER_FOLDER] = "folder",
    [VL_WORKER_BESIDE] = "beside",
    [VL_WORKER_SBOM] = "sbom",
    [VL_WORKER_ATTESTATION] = "attestation"};

/* By its name where it has one, since to valgrind and emulators /proc/self/exe is themselves. A program that
 * was replaced since it started has none any more, but is still there. */
static const char *name_of_self(struct command *c)
{
    ssize_t n = readlink("/proc/self/exe", c->exe, sizeof(c->exe) - 1);
    if (n <= 0)
        return "/proc/self/exe";
    c->exe[n] = '\0';
    return access(c->exe, X_OK) == 0 ? c->exe : "/proc/self/exe";
}

static int make_command(
    const char *const *program, const struct vl_worker_job *job, struct command *c, struct vl_err *err)
{
    size_t n = 0;
    for (; program[n]; n++) {
        if (n == ARGV_MAX)
            return vl_err_set(err, VL_ERR_USAGE, "indexer: more than %d arguments", ARGV_MAX);
        c->argv[n] = (char *)(uintptr_t)program[n]; /* exec's own type is not const */
    }
    if (n == 0)
        return vl_err_set(err, VL_ERR_USAGE, "indexer: no program");
    if (strcmp(program[0], "/proc/self/exe") == 0)
        c->argv[0] = (char *)(uintptr_t)name_of_self(c);
    (void)snprintf(c->text[0], sizeof(c->text[0]), VL_WORKER_ARG_KIND "%s", kind_names[job->kind]);
    (void)snprintf(c->text[1], sizeof(c->text[1]), "name=%.*s", NAME_BYTES, job->name);
    (void)snprintf(c->text[2], sizeof(c->text[2]), "scopes=%u", job->options.scopes);
    (void)snprintf(c->text[3], sizeof(c->text[3]), "scanners=%u", job->options.scanners);
    (void)snprintf(c->text[4], sizeof(c->text[4]), "offset=%" PRIu64, job->offset);
    (void)snprintf(c->text[5], sizeof(c->text[5]), "length=%" PRIu64, job->length);
    (void)snprintf(c->text[6], sizeof(c->text[6]), "blob=%d", job->blob_digest);
    for (size_t i = 0; i < 7; i++)
        c->argv[n++] = c->text[i];
    c->argv[n] = NULL;

    size_t vars = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(passed_env); i++) {
        const char *value = getenv(passed_env[i]);
        size_t room = sizeof(c->env_text[vars]);
        if (!value || (size_t)snprintf(c->env_text[vars], room, "%s=%s", passed_env[i], value) >= room)
            continue;
        c->env[vars] = c->env_text[vars];
        vars++;
    }
    c->env[vars] = NULL;
    return 0;
}

/* A pipe none of whose ends is a number that the worker uses. */
static int make_pipe(int *ret_read, int *ret_write, struct vl_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vl_err_sys(err, errno, "indexer: pipe");
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= FIRST_FD)
            continue;
        int high = fcntl(ends[i], F_DUPFD_CLOEXEC, FIRST_FD);
        if (high < 0) {
            int r = vl_err_sys(err, errno, "indexer: pipe");
            vl_file_close(&ends[0]);
            vl_file_close(&ends[1]);
            return r;
        }
        vl_file_close(&ends[i]);
        ends[i] = high;
    }
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

static void destroy_actions(posix_spawn_file_actions_t *actions)
{
    posix_spawn_file_actions_destroy(actions);
}

static void destroy_attr(posix_spawnattr_t *attr)
{
    posix_spawnattr_destroy(attr);
}

/* `in` and `file` may be -1. */
static int set_files(posix_spawn_file_actions_t *actions, int in, int out, int file)
{
    int r = in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, 0)
                    : posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, out, 1);
    /* It has nothing to say there, and might be made to. A sanitizer has. */
    if (r == 0 && !VL_SANITIZED)
        r = posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
    if (r == 0 && file >= 0)
        r = posix_spawn_file_actions_adddup2(actions, file, VL_WORKER_FD);
    if (r == 0)
        r = posix_spawn_file_actions_addclosefrom_np(actions, file >= 0 ? VL_WORKER_FD + 1 : VL_WORKER_FD);
    return r;
}

/* A group of its own: the terminal's interrupt is ours to answer. Signals as a new program expects them. */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int r = posix_spawnattr_setsigmask(attr, &none);
    if (r == 0)
        r = posix_spawnattr_setsigdefault(attr, &usual);
    if (r == 0)
        r = posix_spawnattr_setpgroup(attr, 0);
    if (r == 0)
        r = posix_spawnattr_setflags(
            attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return r;
}

static int spawn(const struct command *c, int in, int out, int file, pid_t *ret, struct vl_err *err)
{
    VL_CLEANUP(destroy_actions) posix_spawn_file_actions_t actions;
    VL_CLEANUP(destroy_attr) posix_spawnattr_t attr;
    int a = posix_spawn_file_actions_init(&actions);
    int b = posix_spawnattr_init(&attr);
    int r = a ? a : b;
    if (r == 0)
        r = set_files(&actions, in, out, file);
    if (r == 0)
        r = set_signals(&attr);
    if (r == 0)
        r = posix_spawn(ret, c->argv[0], &actions, &attr, c->argv, c->env);
    return r == 0 ? 0 : vl_err_sys(err, r, "indexer: start %s", c->argv[0]);
}

int vl_worker_start(const char *const *argv, const struct vl_worker_job *job, unsigned seconds,
    struct vl_worker *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int in_read = -1;
    VL_CLEANUP(vl_file_close) int in_write = -1;
    VL_CLEANUP(vl_file_close) int out_read = -1;
    VL_CLEANUP(vl_file_close) int out_write = -1;
    VL_CLEANUP(vl_file_close) int file = -1;
    struct command command;
    struct vl_worker w = {.in = -1, .out = -1, .name = job->name, .kind = job->kind};
    int r = make_command(argv, job, &command, err);
    if (r == 0)
        r = make_pipe(&out_read, &out_write, err);
    if (r == 0 && job->kind == VL_WORKER_STREAM)
        r = make_pipe(&in_read, &in_write, err);
    if (r < 0)
        return r;
    if (job->kind != VL_WORKER_STREAM) {
        file = fcntl(job->fd, F_DUPFD_CLOEXEC, FIRST_FD);
        if (file < 0)
            return vl_err_sys(err, errno, "%s", job->name);
    }
    r = spawn(&command, in_read, out_write, file, &w.pid, err);
    if (r < 0)
        return r;
    w.in = in_write;
    w.out = out_read;
    in_write = out_read = -1;
    w.deadline_us = vl_time_monotonic_us() + (int64_t)seconds * 1000000;
    *ret = w;
    return 0;
}

/* What a worker said so far. */
struct heard {
    struct vl_buf ahead; /* the index that came ahead, as it came; empty: none */
    struct vl_buf rest;
    struct vl_layer_index *index; /* owned: decoded, with nobody who wanted it */
    const struct vl_worker_listen *listen;
};

static void heard_done(struct heard *h)
{
    vl_buf_done(&h->ahead);
    vl_buf_done(&h->rest);
    vl_layer_index_cleanup(&h->index);
}

/* Takes an index that came ahead out of what was read, once all of it is there. */
static int take_ahead(const struct vl_worker *w, struct heard *h, struct vl_err *err)
{
    struct vl_digest is;
    if (vl_worker_is_document(w->kind) || h->ahead.len || h->rest.len < VL_WORKER_AHEAD_BYTES)
        return 0;
    struct vl_reader r = vl_reader_new(vl_buf_span(&h->rest));
    if (!vl_span_eq_str(vl_reader_take(&r, 8), VL_WORKER_AHEAD_MAGIC))
        return 0;
    uint64_t length = vl_reader_u64le(&r);
    struct vl_span sum = vl_reader_take(&r, 32);
    if (length > VL_LAYER_INDEX_MAX)
        return vl_err_set(err, VL_ERR_CORRUPT, "the indexer of %s: an index of an impossible size", w->name);
    if (length > vl_reader_left(&r))
        return 0;
    struct vl_span index = vl_reader_take(&r, (size_t)length);
    vl_digest_compute(VL_DIGEST_SHA256, index, &is);
    if (memcmp(is.bytes, sum.ptr, 32) != 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "the indexer of %s: a damaged answer", w->name);
    int done = vl_layer_index_decode(index, &h->index, err);
    vl_buf_append_span(&h->ahead, index);
    if (done == 0)
        done = vl_buf_check(&h->ahead, "indexer's answer", err);
    if (done < 0)
        return vl_err_wrap(err, "the indexer of %s", w->name);
    size_t used = VL_WORKER_AHEAD_BYTES + (size_t)length;
    memmove(h->rest.ptr, h->rest.ptr + used, h->rest.len - used);
    vl_buf_truncate(&h->rest, h->rest.len - used);
    h->index->has_diff_id = false;
    if (h->listen) {
        h->listen->ahead(h->index, h->listen->user);
        h->index = NULL;
    }
    return 0;
}

/* All that the worker says, until it closes its end. */
static int hear(struct vl_worker *w, struct heard *h, struct vl_err *err)
{
    struct vl_buf *out = &h->rest;
    for (;;) {
        struct pollfd poll_fd = {.fd = w->out, .events = POLLIN};
        int64_t left_ms = (w->deadline_us - vl_time_monotonic_us()) / 1000;
        if (left_ms <= 0)
            return vl_err_set(err, VL_ERR_LIMIT, "the indexer of %s did not finish in time", w->name);
        int n = poll(&poll_fd, 1, left_ms < 1000000 ? (int)left_ms : 1000000);
        if (n < 0 && errno != EINTR)
            return vl_err_sys(err, errno, "indexer: poll");
        if (n <= 0)
            continue;
        char *to = vl_buf_reserve(out, READ_STEP);
        if (!to)
            return vl_buf_check(out, "indexer's answer", err) < 0 ? err->err : vl_err_nomem(err);
        ssize_t got = read(w->out, to, READ_STEP);
        if (got < 0 && errno != EINTR)
            return vl_err_sys(err, errno, "indexer: read");
        if (got == 0)
            return 0;
        if (got > 0)
            vl_buf_commit(out, (size_t)got);
        int r = take_ahead(w, h, err);
        if (r < 0)
            return r;
        if (out->len > VL_WORKER_ANSWER_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "the indexer of %s says more than %lu bytes", w->name,
                (unsigned long)VL_LAYER_INDEX_MAX);
    }
}

static void kill_worker(const struct vl_worker *w)
{
    /* What it may have started is in its group. Filtered, it cannot start anything. */
    (void)kill(-w->pid, SIGKILL);
    (void)kill(w->pid, SIGKILL);
}

/* Returns when the process has ended or the time is over; at once on kernels before 5.3. */
static void await_end(pid_t pid, int ms)
{
    VL_CLEANUP(vl_file_close) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    if (fd >= 0)
        (void)poll(&end, 1, ms);
}

/* One that closed its pipe and lives on is given a little time. */
static int reap(struct vl_worker *w)
{
    int status = 0;
    int64_t patience = vl_time_monotonic_us() + REAP_MS * 1000;
    const struct timespec pause = {.tv_nsec = 500000};
    pid_t r;
    await_end(w->pid, REAP_MS);
    while ((r = waitpid(w->pid, &status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
        if (vl_time_monotonic_us() > patience)
            kill_worker(w);
        nanosleep(&pause, NULL);
    }
    w->pid = 0;
    return r < 0 ? -1 : status;
}

static int died(const struct vl_worker *w, int status, struct vl_err *err)
{
    if (status < 0 || !WIFSIGNALED(status))
        return vl_err_set(err, VL_ERR_CORRUPT, "the indexer of %s gave no whole answer (exit status %d)",
            w->name, status < 0 ? status : WEXITSTATUS(status));
    int signal = WTERMSIG(status);
    const char *why = signal == SIGKILL   ? " (out of memory?)"
                      : signal == SIGSYS  ? " (a system call that it may not make)"
                      : signal == SIGXCPU ? " (out of time)"
                                          : "";
    return vl_err_set(err, VL_ERR_LIMIT, "the indexer of %s was killed by signal %d%s", w->name, signal, why);
}

/* Takes the trailer off. False where the answer is not whole. */
static bool take_trailer(
    struct vl_buf *answer, uint32_t *ret_code, int *ret_errno, struct vl_worker_answer *ret)
{
    struct vl_digest is;
    if (answer->len < VL_WORKER_TRAILER_BYTES)
        return false;
    size_t payload = answer->len - VL_WORKER_TRAILER_BYTES;
    struct vl_reader r = vl_reader_new(vl_span_slice(vl_buf_span(answer), payload, answer->len));
    bool magic = vl_span_eq_str(vl_reader_take(&r, 8), VL_WORKER_MAGIC);
    *ret_code = vl_reader_u32le(&r);
    uint32_t errnum = vl_reader_u32le(&r);
    uint64_t length = vl_reader_u64le(&r);
    struct vl_span sum = vl_reader_take(&r, 32);
    uint8_t has_blob = vl_reader_u8(&r);
    struct vl_span blob = vl_reader_take(&r, 32);
    if (!vl_reader_ok(&r) || !magic || length != payload || *ret_code > VL_ERR_MEMORY || errnum > 4095 ||
        has_blob > 1)
        return false;
    vl_buf_truncate(answer, payload);
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(answer), &is);
    if (memcmp(is.bytes, sum.ptr, 32) != 0)
        return false;
    *ret_errno = errnum ? -(int)errnum : -EIO;
    ret->has_blob_digest = has_blob;
    ret->blob_digest = (struct vl_digest){.kind = VL_DIGEST_SHA256};
    memcpy(ret->blob_digest.bytes, blob.ptr, 32);
    return true;
}

/* The worker's own words, made fit to be shown. */
static int told_error(const struct vl_buf *answer, uint32_t code, int errnum, struct vl_err *err)
{
    int r = vl_err_set(err, (enum vl_err_code)code, "%.*s", VL_SPAN_FMT(vl_buf_span(answer)));
    for (char *p = err->msg; *p; p++)
        if (vl_char_is_control(*p))
            *p = '?';
    err->err = errnum;
    return r < 0 ? errnum : r;
}

/* What came ahead stands: its digest is there now. */
static int stand_by_ahead(struct heard *h, struct vl_worker_answer *answer, struct vl_err *err)
{
    int r = vl_layer_index_set_diff_id(&h->ahead, &answer->blob_digest, err);
    if (r < 0)
        return r;
    if (h->index) {
        h->index->has_diff_id = true;
        h->index->diff_id = answer->blob_digest;
    }
    answer->stands = true;
    answer->index = h->index;
    h->index = NULL;
    answer->encoded = h->ahead;
    vl_buf_init(&h->ahead, 0);
    return 0;
}

/* What the answer says that code and trailer say is whole. */
static int decode_answer(
    const struct vl_worker *w, struct heard *h, struct vl_worker_answer *answer, struct vl_err *err)
{
    int r = 0;
    if (h->ahead.len && h->rest.len == 0 && answer->has_blob_digest)
        return stand_by_ahead(h, answer, err);
    if (w->kind == VL_WORKER_SBOM)
        r = vl_inventory_decode(vl_buf_span(&h->rest), &answer->inventory, err);
    else if (w->kind != VL_WORKER_ATTESTATION)
        r = vl_layer_index_decode(vl_buf_span(&h->rest), &answer->index, err);
    answer->encoded = h->rest;
    vl_buf_init(&h->rest, 0);
    return r < 0 ? vl_err_wrap(err, "the indexer of %s", w->name) : 0;
}

/* Decoded while the worker goes away, believed when it has gone well. */
static int read_answer(
    struct vl_worker *w, struct heard *h, struct vl_worker_answer *answer, struct vl_err *err)
{
    uint32_t code = 0;
    int errnum = 0;
    bool whole = take_trailer(&h->rest, &code, &errnum, answer);
    int r = whole && !code ? decode_answer(w, h, answer, err) : 0;
    int status = reap(w);
    /* One that answered and then failed was found out by a tool that watches it. An error has a text. */
    if (!whole || (!code && status != 0) || (code && (h->rest.len == 0 || h->rest.ptr[0] == '\0'))) {
        *err = VL_ERR_INIT;
        return died(w, status, err);
    }
    return code ? told_error(&h->rest, code, errnum, err) : r;
}

int vl_worker_finish(struct vl_worker *worker, const struct vl_worker_listen *listen,
    struct vl_worker_answer *ret, struct vl_err *err)
{
    struct vl_worker_answer answer = {0};
    VL_CLEANUP(heard_done) struct heard heard = {.listen = listen};
    vl_buf_init(&heard.ahead, VL_LAYER_INDEX_MAX);
    vl_buf_init(&heard.rest, VL_WORKER_ANSWER_MAX + READ_STEP);
    int r = hear(worker, &heard, err);
    if (r < 0)
        kill_worker(worker);
    vl_file_close(&worker->out);
    if (r == 0)
        r = read_answer(worker, &heard, &answer, err);
    else
        (void)reap(worker);
    if (r < 0) {
        vl_worker_answer_done(&answer);
        return r;
    }
    *ret = answer;
    return 0;
}
