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
#include <spawn.h>
#include <sys/prctl.h>
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

void index_test_image(const char *folder)
{
    index_test_root(folder);
    index_test_run(folder,
        "mkdir app.d; mkdir -p app.d/srv/node_modules/right-pad\n"
        "echo '{\"name\":\"right-pad\",\"version\":\"1.0.1\"}' "
        ">app.d/srv/node_modules/right-pad/package.json\n"
        "tar -C root -cf base.tar . && tar -C app.d -cf app.tar .\n"
        "cat >image.py <<'E'\n"
        "import gzip, hashlib, io, json, os, tarfile\n"
        "sha = lambda b: 'sha256:' + hashlib.sha256(b).hexdigest()\n"
        "empty = bytes(10240)\n"
        "plain = [open('base.tar', 'rb').read(), empty, open('app.tar', 'rb').read(), empty]\n"
        "plain = [p for p in plain if p is not None]\n"
        "stored = [gzip.compress(plain[0], mtime=0), plain[1], plain[2], plain[3]]\n"
        "wrong = os.environ.get('WRONG')\n"
        "diff = [sha(p) for p in plain]\n"
        "if wrong == 'diff': diff[2] = sha(b'other')\n"
        "config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {},\n"
        "    'rootfs': {'type': 'layers', 'diff_ids': diff}}).encode()\n"
        "os.makedirs('oci/blobs/sha256', exist_ok=True)\n"
        "def blob(b, name=None):\n"
        "    open('oci/blobs/sha256/' + (name or sha(b))[7:], 'wb').write(b)\n"
        "    return name or sha(b)\n"
        "names = [sha(s) for s in stored]\n"
        "if wrong == 'blob': stored[0] = stored[0][:200] + b'?' + stored[0][201:]\n"
        "if wrong == 'cut': stored[0] = stored[0][:200]\n"
        "layer = 'application/vnd.oci.image.layer.v1.tar'\n"
        "layers = [{'mediaType': layer + ('+gzip' if i == 0 else ''), 'digest': blob(s, n), 'size': len(s)}\n"
        "    for i, (s, n) in enumerate(zip(stored, names))]\n"
        "m = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',\n"
        "    'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': blob(config),\n"
        "        'size': len(config)}, 'layers': layers}).encode()\n"
        "open('oci/oci-layout', 'w').write('{\"imageLayoutVersion\":\"1.0.0\"}')\n"
        "json.dump({'schemaVersion': 2, 'manifests': [{'mediaType': "
        "'application/vnd.oci.image.manifest.v1+json',\n"
        "    'digest': blob(m), 'size': len(m)}]}, open('oci/index.json', 'w'))\n"
        "with tarfile.open('docker.tar', 'w') as t:\n"
        "    def add(n, b):\n"
        "        i = tarfile.TarInfo(n); i.size = len(b); t.addfile(i, io.BytesIO(b))\n"
        "    add('c.json', config)\n"
        "    for i, p in enumerate(plain): add('%d/layer.tar' % i, p)\n"
        "    add('manifest.json', json.dumps([{'Config': 'c.json', 'RepoTags': ['a:1'],\n"
        "        'Layers': ['%d/layer.tar' % i for i in range(4)]}]).encode())\n"
        "E\n"
        "python3 image.py\n");
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

bool index_test_starts_itself(void)
{
    char *argv[] = {(char *)(uintptr_t)"test", (char *)(uintptr_t)"indexer", NULL};
    posix_spawn_file_actions_t quiet;
    pid_t pid = 0;
    int status = 0;
    fflush(NULL);
    assert_int_equal(posix_spawn_file_actions_init(&quiet), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0), 0);
    /* An indexer without a job says so, and exits with 1. */
    bool good = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 &&
                posix_spawn(&pid, "/proc/self/exe", &quiet, NULL, argv, environ) == 0 &&
                waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1;
    posix_spawn_file_actions_destroy(&quiet);
    if (!good)
        printf("skipped: this program cannot start itself as an indexer here, or there is no seccomp\n");
    return good;
}
