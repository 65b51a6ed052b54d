/* The Docker Engine API over a socket, as tests/servers/fake_docker.py speaks it; the archives are laid out
 * as `docker save` writes them, old (moby up to 24: HEX.json, ID/layer.tar) and new (25 on: an OCI layout
 * besides). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image.h"
#include "test_made.h"
#include "test_support.h"

static struct support_server server;
static struct made made;

static void put_archive(const char *name, bool old, bool new)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf tar;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char path[512];
    vl_buf_init(&tar, 1UL << 20);
    vl_buf_init(&text, 1UL << 16);
    if (old) {
        (void)snprintf(path, sizeof(path), "%s.json", made.config_digest + 7);
        support_tar_add(&tar, path, '0', NULL, vl_buf_span(&made.config));
        support_tar_add(&tar, "aa/layer.tar", '0', NULL, vl_buf_span(&made.tar[0]));
        support_tar_add(&tar, "bb/layer.tar", '0', NULL, vl_buf_span(&made.tar[1]));
        vl_buf_printf(&text,
            "[{\"Config\":\"%s\",\"RepoTags\":[\"shop/orders:1.0\"],\"Layers\":[\"aa/layer.tar\",\"bb/"
            "layer.tar\"]}]",
            path);
        support_tar_add(&tar, "manifest.json", '0', NULL, vl_buf_span(&text));
    }
    if (new) {
        static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        const struct {
            const char *digest;
            const struct vl_buf *bytes;
        } blobs[] = {{made.digest[0], &made.blob[0]}, {made.digest[1], &made.blob[1]},
            {made.config_digest, &made.config}, {made.manifest_digest, &made.manifest}};
        for (size_t i = 0; i < VL_ARRAY_LEN(blobs); i++) {
            (void)snprintf(path, sizeof(path), "blobs/sha256/%s", blobs[i].digest + 7);
            support_tar_add(&tar, path, '0', NULL, vl_buf_span(blobs[i].bytes));
        }
        vl_buf_clear(&text);
        vl_buf_printf(&text,
            "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST
            "\",\"digest\":\"%s\",\"size\":%zu}]}",
            made.manifest_digest, made.manifest.len);
        support_tar_add(&tar, "index.json", '0', NULL, vl_buf_span(&text));
        support_tar_file(&tar, "oci-layout", layout);
    }
    support_tar_end(&tar);
    (void)snprintf(path, sizeof(path), "store/%s.tar", name);
    support_write(made.folder, path, vl_buf_span(&tar));
}

static int open_name(const char *name, const char *root, struct vl_image **ret, struct vl_err *err)
{
    const struct vl_image_options options = {.docker_root = root};
    vl_err_clear(err);
    return vl_image_open(name, &options, ret, err);
}

static void assert_image(const char *name, const char *root)
{
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err;
    if (open_name(name, root, &image, &err) < 0)
        fail_msg("%s: %s", name, err.msg);
    assert_int_equal(vl_image_layer_count(image), 2);
    for (size_t i = 0; i < 2; i++) {
        int fd = -1;
        uint64_t offset = 0, length = 0;
        assert_string_equal(vl_image_layer_diff_id(image, i), made.diff_id[i]);
        assert_true(vl_image_layer_region(image, i, &fd, &offset, &length)); /* local from here on */
    }
}

static void test_images(void **state)
{
    (void)state;
    char socket[128], folder[128], variable[160];
    put_archive("shop_orders_1.0", true, false);
    put_archive("sha256_abc", true, false);
    (void)snprintf(socket, sizeof(socket), "%s/run/docker.sock", made.folder);
    (void)snprintf(folder, sizeof(folder), "%s/run", made.folder);
    assert_image("docker:shop/orders:1.0", socket);
    assert_image("docker:shop/orders:1.0", folder);
    assert_image("docker:sha256:abc", socket); /* ids are names too */
    /* A bare word behind the prefix would be an image of Docker Hub called docker, hence the tags. */
    put_archive("new_1", true, true);
    put_archive("layout_1", false, true);
    assert_image("docker:new:1", socket);
    assert_image("docker:layout:1", socket);
    (void)snprintf(variable, sizeof(variable), "unix://%s", socket);
    assert_int_equal(setenv("DOCKER_HOST", variable, 1), 0);
    assert_image("docker:shop/orders:1.0", NULL);
    assert_int_equal(unsetenv("DOCKER_HOST"), 0);
}

static void test_failures(void **state)
{
    (void)state;
    char socket[128];
    (void)snprintf(socket, sizeof(socket), "%s/run/docker.sock", made.folder);
    static const struct {
        const char *name;
        enum vl_err_code code;
        const char *says;
    } rows[] = {
        {"docker:shop/nothing:1", VL_ERR_NOT_FOUND, "`docker pull shop/nothing:1`"},
        {"docker:cut/x:1", VL_ERR_UNREACHABLE, "docker ("},
        {"docker:broken/x:1", VL_ERR_UNREACHABLE, "input/output error"},
        {"docker:a/../../../version", VL_ERR_INVALID, "is no image name"},
        {"docker:a b/c", VL_ERR_INVALID, "is no image name"},
        {"docker:a/b?x=1", VL_ERR_INVALID, "is no image name"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_image *image = NULL;
        struct vl_err err;
        assert_true(open_name(rows[i].name, socket, &image, &err) < 0);
        if (err.code != rows[i].code || !strstr(err.msg, rows[i].says))
            fail_msg("%s: code %d, %s", rows[i].name, err.code, err.msg);
    }
    struct vl_image *image = NULL;
    struct vl_err err;
    assert_true(open_name("docker:a/b:1", "/nonexistent", &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    assert_non_null(strstr(err.msg, "no socket"));
    assert_int_equal(setenv("DOCKER_HOST", "unix:///nonexistent", 1), 0);
    assert_true(open_name("docker:a/b:1", NULL, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    assert_int_equal(unsetenv("DOCKER_HOST"), 0);
}

int main(void)
{
    char script[1024], socket[128], store[128];
    (void)signal(SIGPIPE, SIG_IGN);
    made_new(&made, 0);
    made_put_text(&made, "run/x", "x");
    made_put_text(&made, "store/x", "x");
    (void)snprintf(socket, sizeof(socket), "%s/run/docker.sock", made.folder);
    (void)snprintf(store, sizeof(store), "%s/store", made.folder);
    const char *const argv[] = {
        "python3", support_source("tests/servers/fake_docker.py", script), socket, store, NULL};
    if (!support_server_start(&server, argv)) {
        (void)printf("skipped: python3 cannot run tests/servers/fake_docker.py\n");
        made_done(&made);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_images), cmocka_unit_test(test_failures)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    support_server_stop(&server);
    made_done(&made);
    return failed;
}
