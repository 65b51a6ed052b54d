#include "test_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/digest.h"

void support_tar_add(
    struct vl_buf *tar, const char *path, char type, const char *target, struct vl_span content)
{
    char block[512] = {0};
    unsigned sum = 0;
    size_t name = strlen(path);
    const char *cut = path;
    if (name > 100) { /* ustar: the front goes into the prefix */
        cut = strchr(path + name - 101, '/') + 1;
        memcpy(block + 345, path, (size_t)(cut - path - 1));
    }
    memcpy(block, cut, strlen(cut));
    memcpy(block + 100,
        "0000644\0"
        "0000000\0"
        "0000000\0",
        24);
    char number[16];
    (void)snprintf(number, sizeof(number), "%011o", (unsigned)content.len);
    memcpy(block + 124, number, 12);
    memcpy(block + 136, "00000000000", 12);
    memset(block + 148, ' ', 8);
    block[156] = type;
    if (target)
        memcpy(block + 157, target, strlen(target));
    memcpy(block + 257,
        "ustar\0"
        "00",
        8);
    for (size_t i = 0; i < sizeof(block); i++)
        sum += (unsigned char)block[i];
    (void)snprintf(number, sizeof(number), "%06o", sum);
    memcpy(block + 148, number, 7);
    vl_buf_append(tar, block, sizeof(block));
    vl_buf_append_span(tar, content);
    static const char zeros[512];
    vl_buf_append(tar, zeros, (512 - content.len % 512) % 512);
}

void support_tar_file(struct vl_buf *tar, const char *path, const char *content)
{
    support_tar_add(tar, path, '0', NULL, vl_span_str(content));
}

void support_tar_end(struct vl_buf *tar)
{
    static const char zeros[1024];
    vl_buf_append(tar, zeros, sizeof(zeros));
}

void support_gzip(struct vl_span bytes, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int in = -1;
    int pipes[2];
    assert_int_equal(vl_file_temp(NULL, &in, &err), 0);
    assert_int_equal(vl_file_write_fd(in, "gzip", bytes, &err), 0);
    assert_int_equal(lseek(in, 0, SEEK_SET), 0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in, 0);
        dup2(pipes[1], 1);
        execlp("gzip", "gzip", "-c", "-n", (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    assert_int_equal(vl_file_read_fd(pipes[0], "gzip", out->max, out, &err), 0);
    close(pipes[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

void support_write(const char *folder, const char *path, struct vl_span bytes)
{
    char full[1024];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(full, sizeof(full), "%s/%s", folder, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(vl_file_make_dirs(full, 0755, &err), 0);
    *slash = '/';
    VL_CLEANUP(vl_file_close) int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(vl_file_write_fd(fd, full, bytes, &err), 0);
}

char *support_folder(char path[64])
{
    (void)snprintf(path, 64, "/tmp/vallum-image-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void support_remove(const char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *support_digest(struct vl_span bytes, char *text)
{
    struct vl_digest d;
    vl_digest_compute(VL_DIGEST_SHA256, bytes, &d);
    return vl_digest_format(&d, text);
}

static pid_t spawn(const char *const *argv, int in, int out)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (in >= 0)
            dup2(in, 0);
        if (out >= 0)
            dup2(out, 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

bool support_server_start(struct support_server *server, const char *const *argv)
{
    int in[2], out[2];
    *server = (struct support_server){.in = -1};
    if (pipe2(in, O_CLOEXEC) < 0)
        return false;
    if (pipe2(out, O_CLOEXEC) < 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    server->pid = spawn(argv, in[0], out[1]);
    server->in = in[1];
    close(in[0]);
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    bool ok = f && fgets(server->line, sizeof(server->line), f) && server->line[0];
    if (f)
        (void)fclose(f);
    if (!ok)
        support_server_stop(server);
    return ok;
}

void support_server_stop(struct support_server *server)
{
    vl_file_close(&server->in);
    if (server->pid > 0) {
        (void)kill(server->pid, SIGTERM);
        (void)waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
}

int support_run(const char *const *argv)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int out = -1;
    int status = -1;
    vl_buf_init(&said, 1UL << 20);
    assert_int_equal(vl_file_temp(NULL, &out, &err), 0);
    pid_t pid = spawn(argv, -1, out);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (status && lseek(out, 0, SEEK_SET) == 0 && vl_file_read_fd(out, argv[0], said.max, &said, &err) == 0)
        (void)fprintf(stderr, "%s: exit %d: %s\n", argv[0], status, vl_buf_str(&said));
    return status;
}

const char *support_source(const char *path, char ret[1024])
{
    const char *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(ret, 1024, "%s/%s", source ? source : ".", path);
    return ret;
}
