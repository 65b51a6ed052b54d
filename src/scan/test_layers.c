/* tests: layers.c layer_task.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layers.h"
#include "test_index_support.h"

static char folder[64];
static char source_name[256]; /* of "registry" */
static const char *const self[] = {"/proc/self/exe", "indexer", NULL};

static int set_up(void **state)
{
    (void)state;
    index_test_folder(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    index_test_remove(folder);
    return 0;
}

struct result {
    struct vl_layer_index **indexes;
    size_t count;
    struct vl_arena *arena;
    struct vl_notes notes;
    size_t cached, fresh;
    struct vl_err err;
};

static void on_layer(size_t index, size_t count, bool cached, void *user)
{
    struct result *r = user;
    assert_true(index < count);
    r->cached += cached;
    r->fresh += !cached;
}

static int scan(struct result *r, const char *source, const char *const *indexer, bool cache)
{
    char name[256], cache_dir[256];
    struct vl_image *image = NULL;
    *r = (struct result){.arena = vl_arena_new(1UL << 20)};
    vl_notes_init(&r->notes, r->arena);
    if (strcmp(source, "registry") == 0)
        (void)snprintf(name, sizeof(name), "%s", source_name);
    else
        (void)snprintf(name, sizeof(name), "%s%s/%s",
            strcmp(source, "oci") == 0 ? "oci:" : "docker-archive:", folder, source);
    (void)snprintf(cache_dir, sizeof(cache_dir), "%s/cache", folder);
    const struct vl_scan_options options = {.scanners = VL_SCAN_VULN,
        .indexer = indexer,
        .cache_dir = cache ? cache_dir : NULL,
        .progress = {on_layer, r}};
    const struct vl_image_options image_options = {.platform = "linux/amd64"};
    int status = vl_image_open(name, &image_options, &image, &r->err);
    if (status == 0) {
        r->count = vl_image_layer_count(image);
        status = vl_scan_index_image(image, &options, &r->notes, &r->indexes, &r->err);
    }
    vl_image_free(image);
    return status;
}

static void result_done(struct result *r)
{
    for (size_t i = 0; r->indexes && i < r->count; i++)
        vl_layer_index_free(r->indexes[i]);
    free(r->indexes);
    vl_notes_done(&r->notes);
    vl_arena_free(r->arena);
}

static void check_good(const struct result *r)
{
    char line[256], text[VL_DIGEST_TEXT_MAX];
    assert_int_equal(r->count, 4);
    assert_int_equal(r->notes.len, 0);
    for (size_t i = 0; i < 4; i++)
        assert_true(r->indexes[i] && r->indexes[i]->has_diff_id);
    assert_non_null(index_test_find(r->indexes[0], "libssl3"));
    assert_non_null(index_test_find(r->indexes[2], "right-pad"));
    assert_ptr_not_equal(r->indexes[1], r->indexes[3]);
    assert_true(vl_digest_eq(&r->indexes[1]->diff_id, &r->indexes[3]->diff_id));
    assert_string_equal(vl_digest_format(&r->indexes[0]->diff_id, text),
        index_test_ask(folder, "sha256sum base.tar | sed 's/^/sha256:/; s/ .*//'", line));
}

/* Layout and archive, by processes and here, without and with a cache: always the same. */
static void test_all_ways(void **state)
{
    (void)state;
    static const char *const sources[] = {"oci", "docker.tar"};
    index_test_image(folder);
    for (size_t i = 0; i < 4; i++) {
        struct result r;
        if (scan(&r, sources[i % 2], i < 2 ? NULL : self, false) < 0)
            fail_msg("%s", r.err.msg);
        check_good(&r);
        assert_int_equal(r.fresh, 3); /* the empty layer once */
        result_done(&r);
    }
    for (size_t i = 0; i < 4; i++) {
        struct result r;
        if (scan(&r, sources[i / 2], i % 2 ? NULL : self, true) < 0)
            fail_msg("%s", r.err.msg);
        check_good(&r);
        assert_int_equal(i ? r.cached : r.fresh, 3);
        result_done(&r);
    }
}

/* A cache entry that is damaged, or whose content is of another layer, is read anew. */
static void test_damaged_cache(void **state)
{
    (void)state;
    struct result r;
    index_test_image(folder);
    assert_int_equal(scan(&r, "oci", self, true), 0);
    result_done(&r);
    index_test_run(folder,
        "cd cache; for f in *; do printf '?' | dd of=$f bs=1 seek=300 conv=notrunc 2>/dev/null; done");
    assert_int_equal(scan(&r, "oci", self, true), 0);
    assert_int_equal(r.fresh, 3);
    check_good(&r);
    result_done(&r);
}

static void expect_corrupt(const char *source, const char *words)
{
    struct result r;
    for (size_t i = 0; i < 2; i++) {
        assert_int_not_equal(scan(&r, source, i ? self : NULL, true), 0);
        if (r.err.code != VL_ERR_CORRUPT || !strstr(r.err.msg, words))
            fail_msg("%s: %s", source, r.err.msg);
        result_done(&r);
    }
}

static void test_wrong_digests(void **state)
{
    (void)state;
    index_test_image(folder);
    index_test_run(folder, "WRONG=diff python3 image.py");
    expect_corrupt("oci", "the configuration says sha256:");
    expect_corrupt("docker.tar", "the configuration says sha256:");
    index_test_run(folder, "rm -r oci cache; WRONG=blob python3 image.py");
    expect_corrupt("oci", "its bytes have the digest sha256:");
    /* Nothing of the sort went into the cache. */
    index_test_run(folder, "rm -r oci; python3 image.py");
    struct result r;
    assert_int_equal(scan(&r, "oci", self, true), 0);
    check_good(&r);
    result_done(&r);
}

static void test_cut_blob(void **state)
{
    (void)state;
    struct result r;
    index_test_image(folder);
    index_test_run(folder, "rm -r oci; WRONG=cut python3 image.py");
    assert_int_not_equal(scan(&r, "oci", self, false), 0);
    assert_non_null(strstr(r.err.msg, "sha256:"));
    result_done(&r);
}

/* The right bytes, but no whole tar: partial, and what came before counts. */
static void test_damaged_tar_is_partial(void **state)
{
    (void)state;
    index_test_image(folder);
    index_test_run(folder,
        "head -c 3000 /bin/sh >>app.tar; head -c 2048 app.tar >x; head -c 1000 /bin/sh >>x; mv x app.tar\n"
        "rm -r oci docker.tar; python3 image.py");
    static const char *const sources[] = {"oci", "docker.tar"};
    for (size_t i = 0; i < 4; i++) {
        struct result r;
        if (scan(&r, sources[i % 2], i < 2 ? NULL : self, true) < 0)
            fail_msg("%s", r.err.msg);
        assert_non_null(r.indexes[2]);
        assert_true(r.indexes[2]->notes.partial);
        assert_non_null(index_test_find(r.indexes[0], "libssl3"));
        result_done(&r);
    }
}

/* An archive that somebody cuts after it was opened, when its layers are about to be read. */
static void test_archive_cut_meanwhile(void **state)
{
    (void)state;
    char script[512], exe[200] = "";
    struct result r;
    index_test_image(folder);
    assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
    (void)snprintf(
        script, sizeof(script), "truncate -s 3000 %s/docker.tar; exec %s indexer \"$@\"", folder, exe);
    const char *const late[] = {"/bin/sh", "-c", script, "indexer", NULL};
    assert_int_equal(scan(&r, "docker.tar", late, true), 0);
    assert_true(r.notes.partial);
    assert_true(index_test_has_note(&r.notes, VL_NOTE_PARTIAL, NULL, "ends early: "));
    result_done(&r);
    char line[256];
    assert_string_equal(index_test_ask(folder, "ls cache | wc -l", line), "0");
}

/* An archive that comes through a pipe has no place in a file. */
static void test_archive_from_a_pipe(void **state)
{
    (void)state;
    char name[256];
    struct result r;
    index_test_image(folder);
    index_test_run(
        folder, "mv docker.tar kept.tar; mkfifo docker.tar; cat kept.tar >docker.tar 2>/dev/null &");
    (void)snprintf(name, sizeof(name), "%s/docker.tar", folder);
    FILE *pipe = freopen(name, "r", stdin);
    assert_non_null(pipe);
    (void)snprintf(source_name, sizeof(source_name), "docker-archive:-");
    if (scan(&r, "registry", self, false) < 0)
        fail_msg("%s", r.err.msg);
    check_good(&r);
    result_done(&r);
}

/* Layers whose indexer dies are missing, and said to be; an indexer that cannot even start is an error. */
static void test_indexer_dies(void **state)
{
    (void)state;
    static const char *const killed[] = {"/bin/sh", "-c", "kill -9 $$", "indexer", NULL};
    static const char *const garbage[] = {"/bin/sh", "-c", "echo garbage", "indexer", NULL};
    static const char *const nothing[] = {"/nowhere/x", NULL};
    struct result r;
    index_test_image(folder);
    assert_int_equal(scan(&r, "oci", killed, true), 0);
    assert_true(r.notes.partial);
    assert_int_equal(r.notes.len, 3);
    assert_true(
        index_test_has_note(&r.notes, VL_NOTE_PARTIAL, NULL, "was killed by signal 9 (out of memory?)"));
    for (size_t i = 0; i < 4; i++)
        assert_null(r.indexes[i]);
    result_done(&r);
    assert_int_equal(scan(&r, "docker.tar", garbage, true), 0);
    assert_true(index_test_has_note(&r.notes, VL_NOTE_PARTIAL, NULL, "gave no whole answer"));
    result_done(&r);
    assert_int_not_equal(scan(&r, "oci", nothing, true), 0);
    assert_non_null(strstr(r.err.msg, "/nowhere/x"));
    result_done(&r);
    assert_int_equal(scan(&r, "oci", self, true), 0);
    check_good(&r); /* nothing of it was remembered */
    result_done(&r);
}

/* An indexer that was taken over and speaks for another layer is found out. */
static void test_indexer_speaks_for_another_layer(void **state)
{
    (void)state;
    char script[512];
    struct result r;
    index_test_image(folder);
    (void)snprintf(script, sizeof(script), "cat %s/answer", folder);
    char exe[200] = "";
    assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
    char make[512];
    (void)snprintf(make, sizeof(make),
        "%s indexer kind=region name=x scopes=1 scanners=1 offset=0 length=$(stat -c %%s app.tar) blob=1 "
        "3<app.tar >answer",
        exe);
    index_test_run(folder, make);
    const char *const liar[] = {"/bin/sh", "-c", script, "indexer", NULL};
    assert_int_not_equal(scan(&r, "docker.tar", liar, true), 0);
    assert_int_equal(r.err.code, VL_ERR_CORRUPT);
    result_done(&r);
}

/* Plain layers: all indexes are there before the digests are, and only the end says whether they stand. */
static void test_ahead(void **state)
{
    (void)state;
    char name[256];
    index_test_image(folder);
    (void)snprintf(name, sizeof(name), "docker-archive:%s/docker.tar", folder);
    for (int wrong = 0; wrong < 2; wrong++) {
        struct vl_image *image = NULL;
        struct vl_scan_indexing *indexing = NULL;
        struct result r = {.arena = vl_arena_new(1UL << 20)};
        const struct vl_scan_options options = {.scanners = VL_SCAN_VULN, .indexer = self};
        const struct vl_image_options image_options = {.platform = "linux/amd64"};
        if (wrong)
            index_test_run(folder, "WRONG=diff python3 image.py");
        vl_notes_init(&r.notes, r.arena);
        if (vl_image_open(name, &image_options, &image, &r.err) < 0 ||
            vl_scan_indexing_start(image, &options, &indexing, &r.err) < 0)
            fail_msg("%s", r.err.msg);
        r.count = vl_image_layer_count(image);
        int given = vl_scan_indexing_ahead(indexing, &r.notes, &r.indexes, &r.err);
        assert_true(wrong ? given >= 0 : given == 1);
        if (!wrong) {
            assert_non_null(index_test_find(r.indexes[0], "libssl3"));
            assert_non_null(index_test_find(r.indexes[2], "right-pad"));
        }
        int end = vl_scan_indexing_finish(&indexing, &r.notes, given ? NULL : &r.indexes, &r.err);
        assert_int_equal(r.err.code, wrong ? VL_ERR_CORRUPT : VL_ERR_NONE);
        assert_true(wrong ? end < 0 : end == 0);
        assert_null(indexing);
        assert_int_equal(r.notes.len, 0);
        result_done(&r);
        vl_image_free(image);
    }
}

/* Who changes his mind half way through is waited for. */
static void test_cancel(void **state)
{
    (void)state;
    char name[256];
    struct vl_image *image = NULL;
    struct vl_scan_indexing *indexing = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_scan_options options = {.scanners = VL_SCAN_VULN, .indexer = self};
    index_test_image(folder);
    (void)snprintf(name, sizeof(name), "docker-archive:%s/docker.tar", folder);
    assert_int_equal(vl_image_open(name, NULL, &image, &err), 0);
    assert_int_equal(vl_scan_indexing_start(image, &options, &indexing, &err), 0);
    vl_scan_indexing_cancel(&indexing);
    assert_null(indexing);
    vl_scan_indexing_cancel(&indexing);
    vl_image_free(image);
}

/* A cache that cannot be had is a word to the user, no more. */
static void test_no_cache(void **state)
{
    (void)state;
    struct result r;
    index_test_image(folder);
    index_test_run(folder, ": >cache");
    assert_int_equal(scan(&r, "oci", self, true), 0);
    assert_int_equal(r.notes.len, 1);
    assert_false(r.notes.partial);
    result_done(&r);
}

/* Many scans at once share one cache. */
static void test_shared_cache(void **state)
{
    (void)state;
    pid_t pids[4];
    index_test_image(folder);
    fflush(NULL);
    for (size_t i = 0; i < VL_ARRAY_LEN(pids); i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            for (size_t n = 0; n < 5; n++) {
                struct result r;
                if (scan(&r, "oci", self, true) < 0 || !index_test_find(r.indexes[0], "libssl3"))
                    _exit(1);
                result_done(&r);
            }
            _exit(0);
        }
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(pids); i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    char line[256];
    assert_string_equal(index_test_ask(folder, "ls cache | wc -l", line), "3");
}

/* Serves FOLDER/oci as a registry would; the first argument says what it does wrong. */
static void start_registry(const char *fault)
{
    char script[4096];
    (void)snprintf(script, sizeof(script),
        "cat >serve.py <<'E'\n"
        "import http.server, json, os, sys\n"
        "fault = sys.argv[1]\n"
        "index = json.load(open('oci/index.json'))\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    protocol_version = 'HTTP/1.1'\n"
        "    def log_message(self, *a): pass\n"
        "    def do_HEAD(self): self.do_GET()\n"
        "    def do_GET(self):\n"
        "        last = self.path.split('/')[-1]\n"
        "        d = last if last.startswith('sha256:') else index['manifests'][0]['digest']\n"
        "        b = b'{}' if last == '' else open('oci/blobs/sha256/' + d[7:], 'rb').read()\n"
        "        if '/blobs/' in self.path and fault == 'wrong' and len(b) > 5000: b = b[:100] + b'?' + "
        "b[101:]\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Type', 'application/vnd.oci.image.manifest.v1+json')\n"
        "        self.send_header('Docker-Content-Digest', d)\n"
        "        self.send_header('Content-Length', str(len(b)))\n"
        "        self.end_headers()\n"
        "        if self.command == 'GET': self.wfile.write(b)\n"
        "s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)\n"
        "open('port.new', 'w').write(str(s.server_address[1])); os.rename('port.new', 'port')\n"
        "s.serve_forever()\n"
        "E\n"
        "rm -f port; python3 serve.py %s >/dev/null 2>&1 & echo $! >server\n"
        "while [ ! -e port ]; do sleep 0.05; done\n",
        fault);
    index_test_run(folder, script);
}

/* What comes by the network goes through a pipe into its indexer. */
static void test_registry(void **state)
{
    (void)state;
    char line[256];
    struct result r;
    index_test_image(folder);
    start_registry("none");
    (void)snprintf(source_name, sizeof(source_name), "registry:127.0.0.1:%s/shop/orders:1.0",
        index_test_ask(folder, "cat port", line));
    for (size_t i = 0; i < 2; i++) {
        int status = scan(&r, "registry", i ? self : NULL, false);
        if (status < 0)
            fail_msg("%s", r.err.msg);
        check_good(&r);
        result_done(&r);
    }
    static const char *const deaf[] = {"/bin/sh", "-c", "exit 0", "indexer", NULL};
    assert_int_equal(scan(&r, "registry", deaf, false), 0);
    assert_true(r.notes.partial);
    result_done(&r);
    index_test_run(folder, "kill $(cat server)");
    start_registry("wrong");
    (void)snprintf(source_name, sizeof(source_name), "registry:127.0.0.1:%s/shop/orders:1.0",
        index_test_ask(folder, "cat port", line));
    for (size_t i = 0; i < 2; i++) {
        assert_int_not_equal(scan(&r, "registry", i ? self : NULL, false), 0);
        if (r.err.code != VL_ERR_CORRUPT)
            fail_msg("%s", r.err.msg);
        result_done(&r);
    }
    index_test_run(folder, "kill $(cat server)");
}

static void test_path(void **state)
{
    (void)state;
    char path[128];
    index_test_image(folder);
    for (size_t i = 0; i < 2; i++) {
        struct vl_layer_index *index = NULL;
        struct vl_err err = VL_ERR_INIT;
        const struct vl_scan_options options = {.scanners = VL_SCAN_VULN, .indexer = i ? self : NULL};
        (void)snprintf(path, sizeof(path), "%s/root", folder);
        assert_int_equal(vl_scan_index_path(path, VL_PACKAGE_SCOPE_INSTALLED, &options, &index, &err), 0);
        assert_int_equal(index->sink.packages.len, 3);
        vl_layer_index_cleanup(&index);
        (void)snprintf(path, sizeof(path), "%s/nothing", folder);
        assert_int_not_equal(vl_scan_index_path(path, VL_PACKAGE_SCOPE_INSTALLED, &options, &index, &err), 0);
        assert_non_null(strstr(err.msg, path));
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        return vl_scan_indexer_main(argc - 1, argv + 1);
    if (!index_test_starts_itself())
        return 77;
    (void)sigaction(
        SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL); /* as net/http_client.h asks */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_digests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_blob, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_tar_is_partial, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_archive_cut_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_archive_from_a_pipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_indexer_dies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_indexer_speaks_for_another_layer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shared_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_registry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_path, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
