/* tests: scan_image.c scan_folder.c */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lineage.h"
#include "test_index_support.h"
#include "test_match_support.h"

static char folder[64];
static const char *const self[] = {"/proc/self/exe", "indexer", NULL};

static int set_up(void **state)
{
    (void)state;
    index_test_folder(folder);
    index_test_image(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    index_test_remove(folder);
    return 0;
}

/* openssl of Debian 12 and an npm package, as feeds tell of them. */
static struct vl_advisory_db *small_db(void)
{
    static const struct test_feed feeds[] = {
        {"osv/Debian/all.zip", TEST_OSV("DSA-1-1", "\"CVE-2023-5678\"", "Debian:12", "openssl",
                                   TEST_FROM("0") TEST_FIXED("3.0.13-1~deb12u1"), "")},
        {"osv/npm/all.zip", TEST_OSV("GHSA-aaaa-bbbb-cccc", "\"CVE-2024-0001\"", "npm", "right-pad",
                                TEST_FROM("0") TEST_FIXED("1.0.2"), "")},
    };
    return test_db_open(feeds, VL_ARRAY_LEN(feeds));
}

static const struct vl_finding *find(const struct vl_scan_result *result, const char *id)
{
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (strcmp(f->id, id) == 0)
            return f;
    }
    fail_msg("no finding %s", id);
    abort(); /* not reached, which gcc -O3 has to be told */
}

static void check(const struct vl_scan_result *result, bool layers)
{
    const struct vl_finding *f = find(result, "CVE-2024-0001");
    const struct vl_package *p = f->package;
    assert_string_equal(p->name, "right-pad");
    assert_string_equal(p->path, "srv/node_modules/right-pad/package.json");
    assert_int_equal(p->layer, layers ? 2 : VL_LAYER_NONE);
    assert_true(result->took_us > 0);
}

static void test_image(void **state)
{
    (void)state;
    char name[128], cache[128];
    struct vl_advisory_db *db = small_db();
    (void)snprintf(name, sizeof(name), "oci:%s/oci", folder);
    (void)snprintf(cache, sizeof(cache), "%s/cache", folder);
    for (size_t i = 0; i < 3; i++) {
        struct vl_image *image = NULL;
        struct vl_scan_result *result = NULL;
        struct vl_err err = VL_ERR_INIT;
        const struct vl_scan_options options = {
            .scanners = VL_SCAN_VULN, .indexer = i ? self : NULL, .cache_dir = i ? cache : NULL};
        const struct vl_image_options image_options = {.platform = "linux/amd64"};
        if (vl_image_open(name, &image_options, &image, &err) < 0 ||
            vl_scan_image(image, db, &options, &result, &err) < 0)
            fail_msg("%s", err.msg);
        check(result, true);
        const struct vl_finding *f = find(result, "CVE-2023-5678");
        assert_string_equal(f->fixed_version, "3.0.13-1~deb12u1");
        assert_int_equal(f->package->layer, 0);
        assert_int_equal(result->inventory->layers.len, 4);
        assert_string_equal(result->inventory->distro.version_id, "12");
        assert_false(result->inventory->notes.partial);
        vl_scan_result_free(result);
        vl_image_free(image);
    }
    test_db_close(db);
}

static struct vl_scan_result *scan_with(const char *cache, bool shared)
{
    char name[128];
    struct vl_image *image = NULL;
    struct vl_scan_result *result = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_scan_options options = {
        .scanners = VL_SCAN_VULN, .cache_dir = cache, .shared_cache = shared, .packages_only = true};
    const struct vl_image_options image_options = {.platform = "linux/amd64"};
    (void)snprintf(name, sizeof(name), "oci:%s/oci", folder);
    if (vl_image_open(name, &image_options, &image, &err) < 0 ||
        vl_scan_image(image, NULL, &options, &result, &err) < 0)
        fail_msg("%s", err.msg);
    vl_image_free(image);
    return result;
}

/* An image that somebody else has scanned begins this one. In a cache of one's own its name is the base's; in
 * one that is shared it stays out of all that is told. */
static void test_shared_cache(void **state)
{
    (void)state;
    char cache[128];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(cache, sizeof(cache), "%s/shared", folder);
    struct vl_scan_result *theirs = scan_with(NULL, false);
    theirs->inventory->layers.len = 2;
    theirs->inventory->target.reference = "secret.example/theirs:1";
    assert_true(vl_scan_lineage_remember(theirs->inventory, cache, &err) >= 0);
    vl_scan_result_free(theirs);
    for (int shared = 1; shared >= 0; shared--) { /* the other way round it would remember itself */
        struct vl_scan_result *ours = scan_with(cache, shared);
        const char *base = ours->inventory->target.base_name;
        bool told = base && strcmp(base, "secret.example/theirs:1") == 0;
        for (size_t i = 0; i < ours->inventory->notes.len; i++)
            told |= strstr(ours->inventory->notes.items[i].message, "secret.example") != NULL;
        assert_int_equal(told, !shared);
        vl_scan_result_free(ours);
    }
}

/* What a real indexer says of app.tar, up to its trailer: the index, ahead of the digest. */
static void make_answer(void)
{
    char exe[200] = "";
    char make[512];
    assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
    (void)snprintf(make, sizeof(make),
        "%s indexer kind=region name=x scopes=1 scanners=1 offset=0 length=$(stat -c %%s app.tar) blob=1 "
        "3<app.tar >answer; head -c -89 answer >soon",
        exe);
    index_test_run(folder, make);
}

/* An index that came ahead of its digest counts for nothing where the digest does not come: the layer is
 * missing, and said to be. Where another digest comes the scan fails, and nothing of it is remembered. */
static void test_ahead_of_nothing(void **state)
{
    (void)state;
    char name[128], cache[128], dies[256], lies[256], line[64];
    make_answer();
    (void)snprintf(name, sizeof(name), "docker-archive:%s/docker.tar", folder);
    (void)snprintf(cache, sizeof(cache), "%s/cache", folder);
    (void)snprintf(dies, sizeof(dies), "cat %s/soon; sleep 0.2; kill -9 $$", folder);
    (void)snprintf(lies, sizeof(lies), "cat %s/answer", folder);
    for (size_t i = 0; i < 2; i++) {
        const char *const indexer[] = {"/bin/sh", "-c", i ? lies : dies, "indexer", NULL};
        struct vl_image *image = NULL;
        struct vl_scan_result *result = NULL;
        struct vl_err err = VL_ERR_INIT;
        const struct vl_scan_options options = {
            .scanners = VL_SCAN_VULN, .indexer = indexer, .cache_dir = cache, .packages_only = true};
        const struct vl_image_options image_options = {.platform = "linux/amd64"};
        assert_int_equal(vl_image_open(name, &image_options, &image, &err), 0);
        int r = vl_scan_image(image, NULL, &options, &result, &err);
        vl_image_free(image);
        if (i == 0) {
            assert_int_equal(r, 0);
            assert_true(result->inventory->notes.partial);
            assert_true(index_test_has_note(
                &result->inventory->notes, VL_NOTE_PARTIAL, NULL, "was killed by signal 9"));
            assert_int_equal(result->inventory->packages.len, 0);
            vl_scan_result_free(result);
            index_test_run(folder, "rm -rf cache");
        } else {
            assert_true(r < 0);
            assert_int_equal(err.code, VL_ERR_CORRUPT);
            assert_string_equal(
                index_test_ask(folder, "find cache -type f -not -name '*lock*' 2>/dev/null | wc -l", line),
                "0");
        }
    }
}

static void test_folder(void **state)
{
    (void)state;
    char path[128];
    struct vl_advisory_db *db = small_db();
    (void)snprintf(path, sizeof(path), "%s/app.d", folder);
    static const enum vl_target_kind kinds[] = {VL_TARGET_ROOTFS, VL_TARGET_FS};
    for (size_t i = 0; i < 4; i++) {
        struct vl_scan_result *result = NULL;
        struct vl_err err = VL_ERR_INIT;
        const struct vl_scan_options options = {.scanners = VL_SCAN_VULN, .indexer = i < 2 ? NULL : self};
        if (vl_scan_folder(path, kinds[i % 2], db, &options, &result, &err) < 0)
            fail_msg("%s", err.msg);
        check(result, false);
        assert_int_equal(result->inventory->target.kind, kinds[i % 2]);
        assert_string_equal(result->inventory->target.name, path);
        vl_scan_result_free(result);
    }
    struct vl_scan_result *result = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_scan_options options = {.scanners = VL_SCAN_VULN, .indexer = self};
    assert_int_not_equal(vl_scan_folder("/nowhere", VL_TARGET_FS, db, &options, &result, &err), 0);
    assert_non_null(strstr(err.msg, "/nowhere"));
    test_db_close(db);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        return vl_scan_indexer_main(argc - 1, argv + 1);
    if (!index_test_starts_itself())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shared_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ahead_of_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
