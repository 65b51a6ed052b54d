#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "lineage.h"

/* printf a | sha256sum, and so on; the chain of the first two by
 * printf '%s %s' sha256:$A sha256:$B | sha256sum, as OCI image-spec config.md has it */
#define A_ID     "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define B_ID     "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define C_ID     "sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"
#define D_ID     "sha256:18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"
#define AB_CHAIN "51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676"

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/vl-lineage-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

static struct vl_inventory *image(const char *name, const char *const *ids)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inv = vl_inventory_new();
    assert_non_null(inv);
    inv->target = (struct vl_target){.kind = VL_TARGET_IMAGE, .name = name};
    for (; *ids; ids++) {
        struct vl_layer *l = vl_vec_push(&inv->layers, "layers", &err);
        assert_non_null(l);
        l->diff_id = *ids;
    }
    return inv;
}

static struct vl_layer *layer(struct vl_inventory *inv, size_t i)
{
    return vl_vec_at(&inv->layers, i);
}

static void assert_base(struct vl_inventory *inv, const char *in, size_t n)
{
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_scan_lineage(inv, in, &err), 0);
    for (size_t i = 0; i < inv->layers.len; i++)
        assert_int_equal(layer(inv, i)->base, i < n);
    assert_int_equal(inv->notes.len, n ? 1 : 0); /* what is said is explained */
    assert_false(inv->notes.partial);
}

static void remember(const char *name, const char *digest, const char *const *ids)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = image(name, ids);
    inv->target.digest = digest;
    assert_int_equal(vl_scan_lineage_remember(inv, dir, &err), 0);
}

static const char *const a[] = {A_ID, NULL};
static const char *const ab[] = {A_ID, B_ID, NULL};
static const char *const abc[] = {A_ID, B_ID, C_ID, NULL};
static const char *const abcd[] = {A_ID, B_ID, C_ID, D_ID, NULL};
static const char *const bacd[] = {B_ID, A_ID, C_ID, D_ID, NULL};

static void test_chains(void **state)
{
    (void)state;
    char path[256];
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *none = image("app", abcd);
    assert_base(none, dir, 0);
    remember("debian:12", C_ID, a);
    remember("node:20", D_ID, ab);
    (void)snprintf(path, sizeof(path), "%s/lineage/" AB_CHAIN, dir);
    assert_int_equal(access(path, R_OK), 0);

    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *app = image("app", abcd);
    assert_base(app, dir, 2); /* the longest */
    assert_string_equal(app->target.base_name, "node:20");
    assert_string_equal(app->target.base_digest, D_ID);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *told = image("app", abcd);
    told->target.base_digest = C_ID;
    assert_base(told, dir, 1); /* the one that the annotation names */
    assert_string_equal(told->target.base_digest, C_ID);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *self = image("node:20", ab);
    assert_base(self, dir, 1); /* not itself */
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *other = image("app", bacd);
    assert_base(other, dir, 0); /* order counts */
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *folder = image("app", abcd);
    folder->target.kind = VL_TARGET_ROOTFS;
    assert_base(folder, dir, 0);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *no_cache = image("app", abcd);
    assert_base(no_cache, NULL, 0);
}

static void test_remembered_once(void **state)
{
    (void)state;
    char path[256];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(path, sizeof(path), "%s/lineage/" AB_CHAIN, dir);
    remember("x", NULL, ab);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 4096);
    assert_int_equal(vl_file_read(path, 4096, &text, &err), 0);
    assert_string_equal(vl_buf_str(&text), "vallum lineage 1\nx\n\n");
    /* names that would not come back as they were */
    remember("a\nb", NULL, ab);
    remember("", NULL, ab);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *app = image("app", abc);
    assert_base(app, dir, 2);
    assert_string_equal(app->target.base_name, "x");
    assert_null(app->target.base_digest);
}

static void test_damaged_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "vallum lineage 1\n", "vallum lineage 1\nx",
        "vallum lineage 2\nx\n\n", "vallum lineage 1\n\n\n", "vallum lineage 1\nx\033[2J\n\n",
        "vallum lineage 1\nx\nsha256:zz\n"};
    char path[256];
    struct vl_err err = VL_ERR_INIT;
    remember("x", NULL, ab);
    (void)snprintf(path, sizeof(path), "%s/lineage/" AB_CHAIN, dir);
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        assert_int_equal(vl_file_replace(path, 0644, vl_span_str(texts[i]), &err), 0);
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *app = image("app", abc);
        assert_base(app, dir, 0);
    }
}

/* The history of Docker's node:20-bookworm-slim with an application on it, without what made no layer. */
static void test_history(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = image("app", abcd);
    layer(inv, 0)->created_by = "# debian.sh --arch 'amd64' out/ 'bookworm' '@1732000000'";
    layer(inv, 0)->created_ms = 1732000000000;
    layer(inv, 0)->ends_image = true; /* CMD ["bash"] */
    layer(inv, 1)->created_by = "RUN /bin/sh -c ARCH= && dpkgArch=\"$(dpkg --print-architecture)\"";
    layer(inv, 1)->created_ms = 1732500000000;
    layer(inv, 1)->ends_image = true; /* ENTRYPOINT ["docker-entrypoint.sh"], CMD ["node"] */
    layer(inv, 2)->created_by = "WORKDIR /app";
    layer(inv, 2)->created_ms = 1733000000000;
    layer(inv, 3)->created_by = "COPY . . # buildkit";
    layer(inv, 3)->created_ms = 1733000001000;
    layer(inv, 3)->ends_image = true;
    assert_base(inv, NULL, 2);
    /* CMD before the last layer of one Dockerfile */
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *early = image("app", abcd);
    for (size_t i = 0; i < 4; i++)
        *layer(early, i) = *layer(inv, i);
    layer(early, 2)->ends_image = true;
    assert_base(early, NULL, 2);
}

static void test_builders(void **state)
{
    (void)state;
    static const struct {
        const char *by[3];
        size_t base;
    } rows[] = {
        {{"/bin/sh -c #(nop) ADD file:6dd87346b8be240b21b4f4d9296253bf0d28b6579aa52d2118872e3936963b6b in / ",
             "COPY app /app # buildkit", "RUN x"},
            1},
        {{"ADD alpine-minirootfs-3.20.3-x86_64.tar.gz / # buildkit", "RUN x", "RUN y"}, 1},
        {{"bazel build @debian12_base//:data", "bazel build @debian12_tzdata//:data",
             "COPY app / # buildkit"},
            2},
        {{"apko", "COPY app /", "COPY x /"}, 1},
        {{"apko", "apko", "apko"}, 0}, /* the distribution's own */
        {{"COPY app / # buildkit", "COPY x / # buildkit", "ADD y.tar / # buildkit"}, 0},
        {{NULL, NULL, NULL}, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = image("app", abc);
        for (size_t k = 0; k < 3; k++)
            layer(inv, k)->created_by = rows[i].by[k];
        assert_base(inv, NULL, rows[i].base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_chains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_remembered_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_memory, set_up, tear_down),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_builders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
