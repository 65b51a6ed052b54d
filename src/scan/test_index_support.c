#include "test_index_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

char *index_test_folder(char path[64])
{
    (void)snprintf(path, 64, "/tmp/vallum-scan-XXXXXX");
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

void index_test_remove(const char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static pid_t start(const char *folder, const char *script, int out)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(folder) < 0 || (out >= 0 && dup2(out, 1) < 0))
            _exit(126);
        execl("/bin/sh", "sh", "-e", "-c", script, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void finish(pid_t pid, const char *script)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("failed: %s", script);
}

void index_test_run(const char *folder, const char *script)
{
    finish(start(folder, script, -1), script);
}

const char *index_test_ask(const char *folder, const char *script, char line[256])
{
    int pipes[2];
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 65536);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = start(folder, script, pipes[1]);
    close(pipes[1]);
    assert_int_equal(vl_file_read_fd(pipes[0], "pipe", out.max, &out, &err), 0);
    close(pipes[0]);
    finish(pid, script);
    struct vl_span first = vl_span_slice(vl_buf_span(&out), 0, vl_span_find_char(vl_buf_span(&out), '\n'));
    (void)snprintf(line, 256, "%.*s", VL_SPAN_FMT(first));
    return line;
}

int index_test_open(const char *folder, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

void index_test_root(const char *folder)
{
    index_test_run(folder,
        "mkdir -p root/var/lib/dpkg/info root/etc root/usr/lib root/app/node_modules/left-pad\n"
        "cat >root/etc/os-release <<'E'\n"
        "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"
        "E\n"
        "cat >root/var/lib/dpkg/status <<'E'\n"
        "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12.4+deb12u5\n"
        "Description: x\n\n"
        "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\n"
        "Version: 3.0.11-1~deb12u2\nDescription: y\n\n"
        "E\n"
        "printf '/.\\n/usr\\n/usr/lib\\n/usr/lib/libssl.so.3\\n' >root/var/lib/dpkg/info/libssl3:amd64.list\n"
        "echo lib >root/usr/lib/libssl.so.3\n"
        "ln -s usr/lib root/lib\n"
        "echo '{\"name\":\"left-pad\",\"version\":\"1.3.0\",\"license\":\"MIT\"}'"
        " >root/app/node_modules/left-pad/package.json\n");
}

const struct vl_package *index_test_find(const struct vl_layer_index *index, const char *name)
{
    for (size_t i = 0; i < index->sink.packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&index->sink.packages, i);
        if (strcmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}

bool index_test_has_note(
    const struct vl_notes *notes, enum vl_note_kind kind, const char *object, const char *words)
{
    for (size_t i = 0; i < notes->len; i++) {
        if (notes->items[i].kind == kind && (!object || strcmp(notes->items[i].object, object) == 0) &&
            strstr(notes->items[i].message, words))
            return true;
    }
    return false;
}
