/* tests: containerd_store.c bolt.c
 * corpus/bolt/containerd-1.6 is what containerd 1.6.20 left after `ctr images import` in two namespaces and
 * `ctr -n k8s.io images tag` (unused pages zeroed); `ctr images ls` named the digest below. The others are
 * written by bbolt's own definitions (page.go, meta.go), with pages of 512 bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "image/image.h"
#include "test_made.h"
#include "test_support.h"

#define CTR_HEX    "03ea0a643b5cf2ac5438bdd6227509ae2fb90ec755fa937d71ba0008360839b1"
#define CTR_DIGEST "sha256:" CTR_HEX

static struct made made;

/* Puts a database of the corpus in its place, its digest replaced by that of our image. */
static size_t put_database(const char *name, const char *digest)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf file;
    struct vl_err err = VL_ERR_INIT;
    char path[256], source[1024];
    size_t replaced = 0;
    vl_buf_init(&file, 1UL << 20);
    (void)snprintf(path, sizeof(path), "src/image/corpus/bolt/%s", name);
    assert_int_equal(vl_file_read(support_source(path, source), file.max, &file, &err), 0);
    for (size_t i = 0; digest && i + strlen(digest) <= file.len; i++) {
        if (memcmp(file.ptr + i, digest, strlen(digest)) == 0) {
            memcpy(file.ptr + i, made.manifest_digest, strlen(digest));
            replaced++;
        }
    }
    support_write(made.folder, "io.containerd.metadata.v1.bolt/meta.db", vl_buf_span(&file));
    return replaced;
}

static int open_name(const char *name, struct vl_image **ret, struct vl_err *err)
{
    const struct vl_image_options options = {.containerd_root = made.folder};
    vl_err_clear(err);
    return vl_image_open(name, &options, ret, err);
}

static void assert_opens(const char *name)
{
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err;
    if (open_name(name, &image, &err) < 0)
        fail_msg("%s: %s", name, err.msg);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = vl_inventory_new();
    assert_int_equal(vl_image_describe(image, inv, &err), 0);
    assert_string_equal(inv->target.digest, made.manifest_digest);
    assert_int_equal(vl_image_layer_count(image), 2);
    for (size_t i = 0; i < 2; i++) {
        int fd = -1;
        uint64_t offset = 0, length = 0;
        assert_true(vl_image_layer_region(image, i, &fd, &offset, &length));
        assert_int_equal(length, made.blob[i].len);
    }
}

static void assert_fails(const char *name, enum vl_err_code code, const char *says)
{
    struct vl_image *image = NULL;
    struct vl_err err;
    if (open_name(name, &image, &err) == 0)
        fail_msg("%s opens", name);
    if (err.code != code || !strstr(err.msg, says))
        fail_msg("%s: code %d, %s", name, err.code, err.msg);
}

static void test_real(void **state)
{
    (void)state;
    /* The blob that containerd's own tool names is the one looked for. */
    assert_int_equal(put_database("containerd-1.6", NULL), 0);
    assert_fails("containerd:docker.io/shop/orders:1.0", VL_ERR_NOT_FOUND, CTR_HEX);
    assert_true(put_database("containerd-1.6", CTR_DIGEST) >= 3);
    assert_opens("containerd:docker.io/shop/orders:1.0");
    assert_opens("containerd:shop/orders:1.0"); /* as docker and nerdctl write it */
    assert_opens("containerd:registry.example/team/app:2.1");
    assert_fails("containerd:shop/orders:2.0", VL_ERR_NOT_FOUND, "docker.io/shop/orders:1.0");
    assert_fails("containerd:shop/nothing:1", VL_ERR_NOT_FOUND, "registry.example/team/app:2.1");
    char name[256];
    (void)snprintf(name, sizeof(name), "containerd:%s", made.manifest_digest);
    assert_opens(name);
    (void)snprintf(name, sizeof(name), "containerd:shop/orders@%s", made.manifest_digest);
    assert_opens(name);
}

static void test_form(void **state)
{
    (void)state;
    static const char digest[] = "sha256:abababababababababababababababababababababababababababababababab";
    static const char *const whole[] = {"branches", "first-meta-only", "second-meta-only"};
    for (size_t i = 0; i < VL_ARRAY_LEN(whole); i++) {
        assert_int_equal(put_database(whole[i], digest), 2);
        assert_opens("containerd:library/a:1");
        assert_opens("containerd:library/b:2");
        assert_fails("containerd:library/c:1", VL_ERR_NOT_FOUND, "library/a:1, docker.io/library/b:2");
    }
    static const struct {
        const char *name;
        enum vl_err_code code;
        const char *says;
    } broken[] = {
        {"no-meta", VL_ERR_INVALID, "no bbolt database"},
        {"empty", VL_ERR_INVALID, "no bbolt database"},
        {"circle", VL_ERR_LIMIT, "deep"},
        {"range", VL_ERR_INVALID, "page 999: out of range"},
        {"wrong-id", VL_ERR_INVALID, "another one"},
        {"neither", VL_ERR_INVALID, "neither branch nor leaf"},
        {"overflow", VL_ERR_LIMIT, "a page of more than"},
        {"outside", VL_ERR_INVALID, "outside of it"},
        {"count", VL_ERR_INVALID, "outside of it"},
        {"bad-bucket", VL_ERR_INVALID, "no bucket"},
        {"no-digest", VL_ERR_INVALID, "has no digest"},
        {"cut", VL_ERR_INVALID, "ends early"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(broken); i++) {
        put_database(broken[i].name, NULL);
        struct vl_image *image = NULL;
        struct vl_err err;
        assert_true(open_name("containerd:a/b:1", &image, &err) < 0);
        if (err.code != broken[i].code || !strstr(err.msg, broken[i].says))
            fail_msg("%s: code %d, %s", broken[i].name, err.code, err.msg);
    }
}

static void test_places(void **state)
{
    (void)state;
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/io.containerd.metadata.v1.bolt/meta.db", made.folder);
    (void)unlink(path);
    assert_fails("containerd:a/b:1", VL_ERR_NOT_FOUND, "meta.db");
    struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_image_options nowhere = {.containerd_root = "/nonexistent"};
    assert_true(vl_image_open("containerd:a/b:1", &nowhere, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "no content store"));
}

int main(void)
{
    char content[256], blobs[128];
    made_new(&made, 0);
    /* The content store is laid out as a layout's blobs. */
    (void)snprintf(content, sizeof(content), "%s/io.containerd.content.v1.content", made.folder);
    (void)snprintf(blobs, sizeof(blobs), "%s/blobs", made.folder);
    if (mkdir(content, 0755) < 0)
        return 1;
    (void)snprintf(content, sizeof(content), "%s/io.containerd.content.v1.content/blobs", made.folder);
    if (rename(blobs, content) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real), cmocka_unit_test(test_form), cmocka_unit_test(test_places)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    made_done(&made);
    return failed;
}
