/* All that an indexer said before it ended. The first byte is its exit status; from 'a' on the trailer is
 * made here (code, errno and whether there is a digest from the next three bytes), so that what lies behind
 * the digest is reached; from 'A' to 'Z' what comes ahead of that is made here too, and the payload is empty.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "worker_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_number(struct vl_buf *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        vl_buf_append_char(out, (char)(value >> (8 * i)));
}

static void append_digest(struct vl_buf *out, struct vl_span of)
{
    struct vl_digest digest;
    vl_digest_compute(VL_DIGEST_SHA256, of, &digest);
    vl_buf_append_span(out, (struct vl_span){(const char *)digest.bytes, 32});
}

static void append_trailer(struct vl_buf *out, struct vl_span payload, const uint8_t numbers[3])
{
    vl_buf_append_str(out, VL_WORKER_MAGIC);
    append_number(out, numbers[0], 4);
    append_number(out, numbers[1], 4);
    append_number(out, payload.len, 8);
    append_digest(out, payload);
    vl_buf_append_char(out, (char)numbers[2]);
    append_digest(out, payload);
}

static void append_ahead(struct vl_buf *out, struct vl_span index)
{
    vl_buf_append_str(out, VL_WORKER_AHEAD_MAGIC);
    append_number(out, index.len, 8);
    append_digest(out, index);
    vl_buf_append_span(out, index);
}

static int end_with(void *status)
{
    return *(int *)status;
}

/* One that has ended with this status. It shares the memory: a copy of the tables of pages for each input
 * took nearly all of the time. */
static pid_t ended(int status)
{
    static _Alignas(64) char stack[65536];
    return clone(end_with, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &status);
}

static void on_ahead(struct vl_layer_index *index, void *user)
{
    if (!index)
        abort();
    ++*(unsigned *)user;
    vl_layer_index_cleanup(&index);
}

static void hear(int fd, int status, struct vl_worker_listen *listen)
{
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct vl_worker worker = {.name = "fuzz",
        .in = -1,
        .out = fd,
        .pid = ended(status),
        .deadline_us = vl_time_monotonic_us() + 10000000};
    struct vl_err err = VL_ERR_INIT;
    if (worker.pid < 0)
        return;
    int r = vl_worker_finish(&worker, listen, &answer, &err);
    if (worker.pid || worker.out >= 0 || (r < 0 && err.msg[0] == '\0') ||
        (r >= 0 && !answer.index && !answer.stands))
        abort();
    for (const char *c = err.msg; *c; c++)
        if (vl_char_is_control(*c))
            abort(); /* it goes to a terminal */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    unsigned heard = 0;
    vl_buf_init(&said, VL_WORKER_ANSWER_MAX);
    if (size < 4)
        return 0;
    bool made = data[0] >= 'a', ahead = data[0] >= 'A' && data[0] <= 'Z';
    struct vl_span rest =
        vl_span_slice((struct vl_span){(const char *)data, size}, made || ahead ? 4 : 1, size);
    if (ahead)
        append_ahead(&said, rest);
    else
        vl_buf_append_span(&said, rest);
    if (made || ahead)
        append_trailer(&said, made ? rest : VL_SPAN_EMPTY, data + 1);
    for (int i = 0; i < 2; i++) {
        struct vl_worker_listen listen = {.ahead = on_ahead, .user = &heard};
        int fd = memfd_create("said", MFD_CLOEXEC);
        if (fd < 0 || vl_file_write_fd(fd, "said", vl_buf_span(&said), &err) < 0 ||
            lseek(fd, 0, SEEK_SET) < 0)
            abort();
        hear(fd, made || ahead ? 0 : data[0], i ? &listen : NULL);
    }
    return 0;
}
