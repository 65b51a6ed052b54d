/* tests: indexer.c index_file.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

static const struct vl_index_options installed = {VL_PACKAGE_SCOPE_INSTALLED, VL_SCAN_VULN};

/* Indexes the file as a region, or as a stream. */
static int try_index(const char *file, bool region, struct vl_layer_index **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, file);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *blob = NULL;
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    if (region)
        return vl_index_layer_region(fd, 0, (uint64_t)st.st_size, file, &installed, ret, err);
    assert_int_equal(vl_stream_new_fd(fd, file, UINT64_MAX, &blob, err), 0);
    return vl_index_layer(blob, file, &installed, ret, err);
}

static struct vl_layer_index *index_of(const char *file, bool region)
{
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (try_index(file, region, &index, &err) < 0)
        fail_msg("%s", err.msg);
    return index;
}

static void check_root(const struct vl_layer_index *index, const char *tar)
{
    char script[128], line[256], text[VL_DIGEST_TEXT_MAX];
    assert_int_equal(index->sink.packages.len, 3);
    const struct vl_package *p = index_test_find(index, "libssl3");
    assert_non_null(p);
    assert_string_equal(p->version, "3.0.11-1~deb12u2");
    assert_string_equal(p->source_name, "openssl");
    assert_string_equal(p->path, "var/lib/dpkg/status");
    p = index_test_find(index, "left-pad");
    assert_non_null(p);
    assert_int_equal(p->ecosystem, VL_ECO_NPM);
    assert_string_equal(p->path, "app/node_modules/left-pad/package.json");
    assert_true(index->sink.has_distro);
    assert_string_equal(index->sink.distro.version_id, "12");
    assert_false(index->notes.partial);
    assert_true(index->has_diff_id);
    (void)snprintf(script, sizeof(script), "sha256sum %s | sed 's/^/sha256:/; s/ .*//'", tar);
    assert_string_equal(vl_digest_format(&index->diff_id, text), index_test_ask(folder, script, line));
    (void)snprintf(script, sizeof(script), "tar tf %s | wc -l", tar);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)index->files);
    assert_string_equal(text, index_test_ask(folder, script, line));
}

static void test_layer_of_real_tar(void **state)
{
    (void)state;
    static const char *const files[] = {"a.tar", "a.tar.gz"};
    index_test_root(folder);
    index_test_run(folder, "tar -C root -cf a.tar . && gzip -k a.tar");
    for (size_t i = 0; i < 4; i++) {
        struct vl_layer_index *index = index_of(files[i % 2], i < 2);
        check_root(index, "a.tar");
        vl_layer_index_free(index);
    }
}

/* A path that comes again: the later one counts, whatever it is. */
static void test_later_entry_replaces(void **state)
{
    (void)state;
    index_test_root(folder);
    index_test_run(folder,
        "tar -C root -cf a.tar .\n"
        "echo '{\"name\":\"left-pad\",\"version\":\"2.0.0\"}' >root/app/node_modules/left-pad/package.json\n"
        "mkdir -p root/app/node_modules/zed\n"
        "echo '{\"name\":\"zed\",\"version\":\"3.0.0\"}' >root/app/node_modules/zed/package.json\n"
        "tar -C root -rf a.tar ./app/node_modules/left-pad/package.json ./app/node_modules/zed/package.json\n"
        "cp a.tar b.tar\n"
        "rm root/app/node_modules/left-pad/package.json root/etc/os-release\n"
        "ln -s x root/app/node_modules/left-pad/package.json\n"
        "mkdir root/etc/os-release\n"
        "tar -C root -rf b.tar ./app/node_modules/left-pad/package.json ./etc/os-release\n");
    struct vl_layer_index *index = index_of("a.tar", true);
    assert_int_equal(index->sink.packages.len, 4);
    assert_string_equal(index_test_find(index, "left-pad")->version, "2.0.0");
    assert_string_equal(index_test_find(index, "zed")->version, "3.0.0");
    assert_non_null(index_test_find(index, "base-files"));
    vl_layer_index_free(index);

    index = index_of("b.tar", false);
    assert_int_equal(index->sink.packages.len, 3);
    assert_null(index_test_find(index, "left-pad"));
    assert_string_equal(index_test_find(index, "zed")->version, "3.0.0");
    assert_false(index->sink.has_distro);
    vl_layer_index_free(index);
}

static void test_damaged_layer_tells_what_came_before(void **state)
{
    (void)state;
    index_test_root(folder);
    index_test_run(folder,
        "head -c 3000000 /dev/urandom >root/var/z; tar -C root --sort=name -cf a.tar app etc var\n"
        "{ head -c 5120 a.tar; head -c 2000 /bin/sh; } >cut.tar\n"
        "gzip -k a.tar; head -c 400 a.tar.gz >cut.tar.gz\n"
        "{ gzip -c a.tar | head -c -8; printf '12345678'; } >crc.tar.gz\n");
    static const char *const files[] = {"cut.tar", "cut.tar.gz", "crc.tar.gz"};
    for (size_t i = 0; i < 2 * VL_ARRAY_LEN(files); i++) {
        struct vl_layer_index *index = index_of(files[i / 2], i % 2);
        assert_false(index->has_diff_id);
        assert_true(index_test_has_note(&index->notes, VL_NOTE_PARTIAL, files[i / 2], files[i / 2]));
        vl_layer_index_free(index);
    }
    struct vl_layer_index *index = index_of("crc.tar.gz", false);
    assert_non_null(index_test_find(index, "left-pad"));
    vl_layer_index_free(index);
}

/* A database that is damaged is a note that names it; the rest of the layer is read. */
static void test_damaged_file_is_a_note(void **state)
{
    (void)state;
    index_test_root(folder);
    index_test_run(folder, "mkdir -p root/zzz\n"
                           "echo '{\"name\": ' >root/app/node_modules/left-pad/package.json\n"
                           "tar -C root --sort=name -cf a.tar .\n");
    struct vl_layer_index *index = index_of("a.tar", true);
    assert_true(index->has_diff_id);
    assert_true(
        index_test_has_note(&index->notes, VL_NOTE_PARTIAL, "app/node_modules/left-pad/package.json", ""));
    assert_non_null(index_test_find(index, "libssl3"));
    vl_layer_index_free(index);
}

static void test_hostile_entries(void **state)
{
    (void)state;
    index_test_run(folder,
        "cat >make.py <<'E'\n"
        "import io, tarfile\n"
        "t = tarfile.open('a.tar', 'w', format=tarfile.GNU_FORMAT)\n"
        "def add(name, kind=tarfile.REGTYPE, data=b'', link='', size=None):\n"
        "    i = tarfile.TarInfo(name); i.type = kind; i.linkname = link; i.size = len(data)\n"
        "    t.addfile(i, io.BytesIO(data))\n"
        "p = b'{\"name\":\"evil\",\"version\":\"1.0.0\"}'\n"
        "add('../../etc/node_modules/evil/package.json', data=p)\n"
        "add('/node_modules/abs/package.json', data=p.replace(b'evil', b'abs'))\n"
        "add('dev/sda', tarfile.BLKTYPE)\n"
        "add('dev/fifo', tarfile.FIFOTYPE)\n"
        "add('loop/node_modules/a/package.json', tarfile.SYMTYPE, link='loop/node_modules/a/package.json')\n"
        "add('hard', tarfile.LNKTYPE, link='../../../etc/shadow')\n"
        "add('self', tarfile.LNKTYPE, link='self')\n"
        "add('.wh.', data=b'')\n"
        "add('x' * 3000 + '/package.json', data=p.replace(b'evil', b'long'))\n"
        "add('node_modules/ok/package.json', data=p.replace(b'evil', b'ok'))\n"
        "t.close()\n"
        "E\n"
        "python3 make.py\n");
    struct vl_layer_index *index = index_of("a.tar", true);
    assert_null(index_test_find(index, "evil"));
    assert_non_null(index_test_find(index, "ok"));
    assert_string_equal(index_test_find(index, "abs")->path, "node_modules/abs/package.json");
    assert_true(index_test_has_note(
        &index->notes, VL_NOTE_PARTIAL, "../../etc/node_modules/evil/package.json", "out of the image"));
    assert_true(index_test_has_note(&index->notes, VL_NOTE_PARTIAL, "hard", "out of the image"));
    vl_layer_index_free(index);
}

/* As uv and pnpm make them: a store and, linked to it, what is used. A file has all its names. */
static void test_hard_links(void **state)
{
    (void)state;
    index_test_run(folder,
        "mkdir -p r/a/node_modules/x r/b/node_modules/y r/a/store r/a/tools r/usr\n"
        "echo '{\"name\":\"x\",\"version\":\"1.0.0\"}' >r/a/node_modules/x/package.json\n"
        "ln r/a/node_modules/x/package.json r/b/node_modules/y/package.json\n"
        "ln r/a/node_modules/x/package.json r/usr/unrelated\n"
        "echo '{\"name\":\"z\",\"version\":\"2.0.0\"}' >r/a/store/0123\n"
        "mkdir r/b/node_modules/z; ln r/a/store/0123 r/b/node_modules/z/package.json\n"
        "ln r/a/store/0123 r/b/other\n"
        "s=r/a/store/$(printf 'x' | sha256sum | cut -c1-62); mkdir r/b/node_modules/w\n"
        "echo '{\"name\":\"w\",\"version\":\"3.0.0\"}' >$s; ln $s r/b/node_modules/w/package.json\n"
        "tar -C r --sort=name -cf a.tar . && tar tvf a.tar | grep -c 'link to' | grep -qx 5\n");
    struct vl_layer_index *index = index_of("a.tar", true);
    assert_int_equal(index->sink.packages.len, 3);
    assert_string_equal(index_test_find(index, "w")->path, "b/node_modules/w/package.json");
    const struct vl_package *first = vl_vec_at(&index->sink.packages, 0);
    const struct vl_package *second = vl_vec_at(&index->sink.packages, 2);
    assert_string_equal(first->path, "a/node_modules/x/package.json");
    assert_string_equal(second->path, "b/node_modules/y/package.json");
    assert_string_equal(second->name, "x");
    assert_int_equal(index->notes.len, 1);
    assert_true(index_test_has_note(
        &index->notes, VL_NOTE_PARTIAL, "b/node_modules/z/package.json", "a hard link to a/store/0123"));
    vl_layer_index_free(index);
}

static void test_bomb(void **state)
{
    (void)state;
    index_test_run(folder, "mkdir -p d/node_modules/a\n"
                           "echo '{\"name\":\"a\",\"version\":\"1.0.0\"}' >d/node_modules/a/package.json\n"
                           "truncate -s 100M d/zeros\n"
                           "tar -C d -cf - node_modules zeros | bzip2 -9 >a.tar.bz2\n");
    struct vl_layer_index *index = index_of("a.tar.bz2", false);
    assert_false(index->has_diff_id);
    assert_true(index_test_has_note(&index->notes, VL_NOTE_PARTIAL, "a.tar.bz2", ""));
    assert_int_equal(index->notes.items[0].code, VL_ERR_LIMIT);
    assert_non_null(index_test_find(index, "a"));
    vl_layer_index_free(index);
}

static void test_not_a_tar(void **state)
{
    (void)state;
    index_test_run(folder, "head -c 4096 /bin/sh >a; : >empty");
    struct vl_layer_index *index = index_of("a", true);
    assert_false(index->has_diff_id);
    assert_true(index->notes.partial);
    vl_layer_index_free(index);
    index = index_of("empty", false); /* nothing in it, as GNU tar has it */
    assert_int_equal(index->sink.packages.len, 0);
    vl_layer_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_layer_of_real_tar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_later_entry_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_layer_tells_what_came_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_file_is_a_note, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hard_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bomb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_a_tar, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
