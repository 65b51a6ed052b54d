#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "newer_base.h"
#include "test_match_support.h"

#define OLD    "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define NEW    "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define NAME   "registry.example/base/debian:12"
#define DAY_MS 86400000LL

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/vl-newer-base-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

static void remember(const char *digest, int64_t created_ms, const char *openssl)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    inv->target.reference = NAME;
    inv->target.digest = digest;
    inv->target.created_ms = created_ms;
    if (openssl)
        test_add(inv, VL_ECO_DEB, "openssl", openssl, NULL, 0);
    test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.13.dfsg-1", NULL, 0);
    assert_int_equal(vl_scan_newer_base_remember(inv, dir, 30 * DAY_MS, &err), 0);
    vl_inventory_free(inv);
}

/* An application on the old base: openssl of the base, openssl in a layer of its own, zlib without a fix. */
static struct vl_scan_result *application(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    inv->target.base_name = NAME;
    inv->target.base_digest = OLD;
    for (int i = 0; i < 2; i++) {
        struct vl_layer *layer = vl_vec_push(&inv->layers, "layers", &err);
        assert_non_null(layer);
        layer->base = i == 0;
        layer->created_ms = (10 + i) * DAY_MS;
    }
    for (uint32_t i = 0; i < 2; i++)
        test_add(inv, VL_ECO_DEB, "openssl", "3.0.11-1", NULL, 0)->layer = i;
    test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.13.dfsg-1", NULL, 0)->layer = 0;
    struct vl_scan_result *result = vl_scan_result_new();
    assert_non_null(result);
    result->inventory = inv;
    for (size_t i = 0; i < 3; i++) {
        struct vl_finding *f = vl_vec_push(&result->findings, "findings", &err);
        assert_non_null(f);
        f->id = "CVE-2024-1";
        f->package = vl_vec_at(&inv->packages, i);
        f->fixed_version = i < 2 ? "3.0.13-1" : NULL;
        f->remedy.kind = VL_REMEDY_DOCKERFILE;
    }
    return result;
}

static enum vl_remedy_kind kind_at(const struct vl_scan_result *result, size_t i)
{
    return ((const struct vl_finding *)vl_vec_at(&result->findings, i))->remedy.kind;
}

static void look(struct vl_scan_result *result)
{
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_scan_newer_base(result, dir, &err), 0);
}

static void test_settles(void **state)
{
    (void)state;
    struct vl_scan_result *result = application();
    remember(NEW, 20 * DAY_MS, "3.0.14-1");
    look(result);
    const struct vl_finding *f = vl_vec_at(&result->findings, 0);
    assert_int_equal(f->remedy.kind, VL_REMEDY_BASE_IMAGE);
    assert_string_equal(
        f->remedy.text, "Build on " NAME " of 1970-01-21, which has 3.0.14-1 (scanned on 1970-01-31).");
    assert_string_equal(f->remedy.command, "FROM " NAME "@" NEW);
    /* Not of the base; no fix. */
    assert_int_equal(kind_at(result, 1), VL_REMEDY_DOCKERFILE);
    assert_int_equal(kind_at(result, 2), VL_REMEDY_DOCKERFILE);
    vl_scan_result_free(result);
}

static void test_without_the_package(void **state)
{
    (void)state;
    struct vl_scan_result *result = application();
    remember(NEW, 20 * DAY_MS, NULL);
    look(result);
    assert_int_equal(kind_at(result, 0), VL_REMEDY_BASE_IMAGE);
    vl_scan_result_free(result);
}

/* Nothing that is not newer, does not fix it, or is the base itself; and nothing out of a damaged file. */
static void test_no_answer(void **state)
{
    (void)state;
    struct vl_scan_result *result = application();
    look(result);
    assert_int_equal(kind_at(result, 0), VL_REMEDY_DOCKERFILE);
    remember(OLD, 9 * DAY_MS, "3.0.14-1");
    look(result);
    assert_int_equal(kind_at(result, 0), VL_REMEDY_DOCKERFILE);
    remember(NEW, 20 * DAY_MS, "3.0.12-1");
    look(result);
    assert_int_equal(kind_at(result, 0), VL_REMEDY_DOCKERFILE);
    char command[256];
    (void)snprintf(command, sizeof(command),
        "for f in %s/lineage/*; do head -c 40 \"$f\" >x.$$ && mv x.$$ \"$f\"; done", dir);
    assert_int_equal(system(command), 0);
    look(result);
    assert_int_equal(kind_at(result, 0), VL_REMEDY_DOCKERFILE);
    vl_scan_result_free(result);
}

/* The newest build counts, whatever the order of the scans. */
static void test_newest(void **state)
{
    (void)state;
    struct vl_scan_result *result = application();
    remember(NEW, 20 * DAY_MS, "3.0.14-1");
    remember(OLD, 10 * DAY_MS, "3.0.11-1");
    look(result);
    assert_int_equal(kind_at(result, 0), VL_REMEDY_BASE_IMAGE);
    vl_scan_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_settles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_the_package, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_newest, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
