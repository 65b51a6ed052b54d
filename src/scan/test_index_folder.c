#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "indexer.h"
#include "test_index_support.h"

static char folder[64];

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

static struct vl_layer_index *index_of(const char *name, unsigned scopes)
{
    const struct vl_index_options options = {scopes, VL_SCAN_VULN};
    VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, name);
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_index_folder(fd, name, &options, &index, &err) < 0)
        fail_msg("%s", err.msg);
    return index;
}

static const struct vl_layer_path *find_path(const struct vl_layer_index *index, const char *path)
{
    for (size_t i = 0; i < index->paths.entries.len; i++) {
        const struct vl_layer_path *p = vl_vec_at(&index->paths.entries, i);
        if (strcmp(p->path, path) == 0)
            return p;
    }
    return NULL;
}

static const struct vl_layer_path *path_of(const struct vl_layer_index *index, const char *path)
{
    const struct vl_layer_path *p = find_path(index, path);
    if (p)
        return p;
    fail_msg("no path %s", path);
    abort(); /* not reached, which gcc -O3 has to be told */
}

static void test_root_file_system(void **state)
{
    (void)state;
    char line[256], text[32];
    index_test_root(folder);
    struct vl_layer_index *index = index_of("root", VL_PACKAGE_SCOPE_INSTALLED);
    assert_int_equal(index->sink.packages.len, 3);
    assert_string_equal(index_test_find(index, "libssl3")->path, "var/lib/dpkg/status");
    assert_true(index->sink.has_distro);
    assert_false(index->has_diff_id);
    assert_false(index->notes.partial);
    assert_string_equal(path_of(index, "lib")->target, "usr/lib");
    assert_int_equal(path_of(index, "usr/lib/libssl.so.3")->kind, VL_LAYER_PATH_FILE);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)index->files);
    assert_string_equal(text, index_test_ask(folder, "find root -mindepth 1 | wc -l", line));
    vl_layer_index_free(index);
}

/* Links are recorded and never followed; pipes and devices are not opened; what cannot be read is a note. */
static void test_what_is_not_read(void **state)
{
    (void)state;
    index_test_run(folder,
        "mkdir -p out/node_modules/stranger p/.git/objects/aa p/bad p/sub\n"
        "echo '{\"name\":\"stranger\",\"version\":\"1.0.0\"}' "
        ">out/node_modules/stranger/package.json\n"
        "ln -s ../out p/link; ln -s ../out/node_modules/stranger/package.json p/package.json\n"
        "ln -s .. p/up; mkfifo p/package-lock.json\n"
        "cp out/node_modules/stranger/package.json p/.git/objects/aa/package.json\n"
        "echo 'left==1.0' >p/sub/requirements.txt\n");
    struct vl_layer_index *index = index_of("p", VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED);
    assert_null(index_test_find(index, "stranger"));
    assert_non_null(index_test_find(index, "left"));
    assert_int_equal(path_of(index, "up")->kind, VL_LAYER_PATH_SYMLINK);
    assert_int_equal(path_of(index, "package-lock.json")->kind, VL_LAYER_PATH_OTHER);
    assert_null(find_path(index, ".git/objects/aa"));
    vl_layer_index_free(index);
}

/* Without the right to read: what a parser wants is missing, the rest is counted. */
static void test_unreadable_files(void **state)
{
    (void)state;
    index_test_run(folder,
        "chmod 755 .; mkdir -p p/closed\n"
        "echo 'left==1.0' >p/requirements.txt; echo x >p/shadow; echo '{}' >p/package-lock.json\n"
        "chmod 000 p/shadow p/package-lock.json p/closed");
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        struct vl_layer_index *index = index_of("p", VL_PACKAGE_SCOPE_LOCKED);
        bool good =
            index_test_find(index, "left") && index->notes.len == 3 &&
            index_test_has_note(&index->notes, VL_NOTE_PARTIAL, "package-lock.json", "not looked at") &&
            index_test_has_note(&index->notes, VL_NOTE_PARTIAL, "closed", "not looked at") &&
            index_test_has_note(&index->notes, VL_NOTE_INFO, "p", "1 files could not be read");
        vl_layer_index_free(index);
        _exit(good ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    index_test_run(folder, "chmod 755 p/closed");
    assert_int_equal(status, 0);
}

static void test_manifest_that_needs_another_file(void **state)
{
    (void)state;
    index_test_run(folder, "mkdir -p p/req\n"
                           "printf -- '-r req/base.txt\\nflask==2.0.1\\n' >p/requirements.txt\n"
                           "echo 'jinja2==3.1.0' >p/req/base.txt\n");
    struct vl_layer_index *index = index_of("p", VL_PACKAGE_SCOPE_LOCKED);
    assert_non_null(index_test_find(index, "flask"));
    assert_non_null(index_test_find(index, "jinja2"));
    vl_layer_index_free(index);
}

static void test_single_file(void **state)
{
    (void)state;
    index_test_run(folder, "mkdir d; echo 'flask==2.0.1' >d/requirements.txt");
    struct vl_layer_index *index = index_of("d/requirements.txt", VL_PACKAGE_SCOPE_LOCKED);
    assert_string_equal(index_test_find(index, "flask")->path, "requirements.txt");
    vl_layer_index_free(index);
}

/* The same folder gives the same bytes, whatever order the file system has. */
static void test_order_is_by_name(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf a;
    VL_CLEANUP(vl_buf_done) struct vl_buf b;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&a, 1UL << 20);
    vl_buf_init(&b, 1UL << 20);
    index_test_run(folder,
        "mkdir p q\n"
        "for i in 1 2 3 4 5 6 7 8 9; do mkdir p/$i; echo \"a$i==1.$i\" >p/$i/requirements.txt; done\n"
        "for i in 9 3 2 1 8 7 4 5 6; do mkdir q/$i; echo \"a$i==1.$i\" >q/$i/requirements.txt; done\n");
    struct vl_layer_index *p = index_of("p", VL_PACKAGE_SCOPE_LOCKED);
    struct vl_layer_index *q = index_of("q", VL_PACKAGE_SCOPE_LOCKED);
    assert_int_equal(p->sink.packages.len, 9);
    assert_string_equal(((struct vl_package *)vl_vec_at(&p->sink.packages, 3))->name, "a4");
    assert_int_equal(vl_layer_index_encode(p, &a, &err), 0);
    assert_int_equal(vl_layer_index_encode(q, &b, &err), 0);
    assert_true(vl_span_eq(vl_buf_span(&a), vl_buf_span(&b)));
    vl_layer_index_free(p);
    vl_layer_index_free(q);
}

static void test_large_file_and_long_paths(void **state)
{
    (void)state;
    index_test_run(folder, "mkdir p; cd p\n"
                           "python3 - <<'E'\n"
                           "import json, os\n"
                           "d = {'lockfileVersion': 3, 'packages': {'': {'name': 'big'}}}\n"
                           "for i in range(200000): d['packages']['node_modules/n%06d' % i] = {'version': "
                           "'1.0.0', 'resolved': 'x' * 60}\n"
                           "json.dump(d, open('package-lock.json', 'w'))\n"
                           "top = os.getcwd()\n"
                           "for i in range(40):\n"
                           "    os.mkdir('y' * 200); os.chdir('y' * 200)\n"
                           "open('requirements.txt', 'w').write('deep==1.0\\n')\n"
                           "E\n");
    struct vl_layer_index *index = index_of("p", VL_PACKAGE_SCOPE_LOCKED);
    assert_non_null(index_test_find(index, "n199999"));
    assert_null(index_test_find(index, "deep"));
    assert_true(index_test_has_note(&index->notes, VL_NOTE_PARTIAL, NULL, "a path longer than"));
    vl_layer_index_free(index);
    index_test_run(folder, "rm -rf p");
}

static void test_secrets_when_asked(void **state)
{
    (void)state;
    index_test_run(
        folder, "mkdir p; openssl genpkey -algorithm ed25519 >p/server.conf; truncate -s 5M p/large.txt");
    const struct vl_index_options options = {VL_PACKAGE_SCOPE_LOCKED, VL_SCAN_SECRET};
    VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, "p");
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_index_folder(fd, "p", &options, &index, &err), 0);
    assert_true(index->secrets_scanned);
    assert_int_equal(index->secrets.len, 1);
    assert_string_equal(((struct vl_secret *)vl_vec_at(&index->secrets, 0))->path, "server.conf");
    vl_layer_index_free(index);

    index = index_of("p", VL_PACKAGE_SCOPE_LOCKED);
    assert_false(index->secrets_scanned);
    assert_int_equal(index->secrets.len, 0);
    vl_layer_index_free(index);
}

static void test_no_folder(void **state)
{
    (void)state;
    const struct vl_index_options options = {VL_PACKAGE_SCOPE_LOCKED, VL_SCAN_VULN};
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_not_equal(vl_index_folder(fd, "/dev/null", &options, &index, &err), 0);
    assert_string_equal(err.msg, "/dev/null: /dev/null: neither a folder nor a file");
}

/* A database named alone is known by its name; what nobody reads is told. */
static void test_named_alone(void **state)
{
    (void)state;
    char line[256], text[32];
    index_test_root(folder);
    index_test_run(folder, "cp root/var/lib/dpkg/status status; echo >notes.md");
    struct vl_layer_index *index = index_of("status", VL_PACKAGE_SCOPE_INSTALLED);
    (void)snprintf(text, sizeof(text), "%zu", index->sink.packages.len);
    assert_string_equal(text, index_test_ask(folder, "grep -c '^Package:' status", line));
    assert_string_equal(index_test_find(index, "libssl3")->path, "status");
    assert_false(index->notes.partial);
    vl_layer_index_free(index);
    index = index_of("notes.md", VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED);
    assert_int_equal(index->sink.packages.len, 0);
    assert_true(index->notes.partial);
    vl_layer_index_free(index);
    index_test_run(folder, "rm -rf root status notes.md");
}

/* pip reads the files that a requirements file names (its documentation, "-r"); other manifests beside it are
 * not asked for. */
static void test_named_with_neighbours(void **state)
{
    (void)state;
    index_test_run(folder,
        "mkdir -p p/sub; echo '-r sub/base.txt' >p/requirements.txt; echo 'requests==2.18.0' "
        ">p/sub/base.txt; "
        "echo 'flask==1.0' >p/requirements-dev.txt; echo '{\"name\":\"a\",\"version\":\"1.0.0\"}' "
        ">p/package.json; ln -s /etc p/etc");
    const struct vl_index_options options = {
        .scopes = VL_PACKAGE_SCOPE_LOCKED, .scanners = VL_SCAN_VULN, .beside = true};
    VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, "p");
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_index_folder(fd, "x/p/requirements.txt", &options, &index, &err), 0);
    assert_int_equal(index->sink.packages.len, 1);
    assert_string_equal(index_test_find(index, "requests")->version, "2.18.0");
    assert_int_equal(index->files, 1);
    assert_int_equal(index->paths.entries.len, 1);
    vl_layer_index_free(index);
    index_test_run(folder, "rm -rf p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_named_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_named_with_neighbours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_root_file_system, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unreadable_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_manifest_that_needs_another_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_single_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order_is_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_file_and_long_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secrets_when_asked, set_up, tear_down),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
