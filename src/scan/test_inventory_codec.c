/* tests: inventory_codec.c
 *
 * Whether all came back is seen by other eyes too: the reports (JSON, CycloneDX) of what is matched before
 * and after must be the same bytes. VALLUM_WRITE_CORPUS names a folder for small inputs of the fuzzer. */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/report.h"
#include "scan/inventory_codec.h"

static struct vl_advisory_db *db;

static int set_up(void **state)
{
    (void)state;
    db = test_db_usual();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_db_close(db);
    return 0;
}

static void add_layers(struct vl_inventory *in)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_layer *l = vl_vec_push(&in->layers, "layers", &err);
    *l = (struct vl_layer){.diff_id = "sha256:aa",
        .digest = "sha256:bb",
        .created_by = "ADD rootfs",
        .created_ms = 1700000000000,
        .size = 1ULL << 40,
        .base = true,
        .ends_image = true};
    l = vl_vec_push(&in->layers, "layers", &err);
    *l = (struct vl_layer){.diff_id = "sha256:cc"};
}

static void add_rest(struct vl_inventory *in)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_unidentified *u = vl_vec_push(&in->unidentified, "files", &err);
    *u = (struct vl_unidentified){"opt/tool", 1, "elf"};
    struct vl_secret *s = vl_vec_push(&in->secrets, "secrets", &err);
    *s = (struct vl_secret){.rule = "aws-key",
        .title = "AWS key",
        .path = "root/.aws/credentials",
        .line = 3,
        .layer = 1,
        .redacted = "key = AKIA…",
        .fingerprint = "sha256:0011223344556677",
        .severity = VL_SEVERITY_CRITICAL,
        .deleted = true};
    const char **kb = vl_vec_push(&in->updates, "updates", &err);
    *kb = "KB5034123";
    vl_notes_add(&in->notes, VL_NOTE_INFO, VL_ERR_NONE, "o", "worth knowing");
    vl_notes_add(&in->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "app/b.jar", "damaged");
    in->notes.dropped = 9;
    in->secrets_scanned = true;
    in->files_seen = 12345678901;
    in->bytes_read = 1ULL << 50;
}

static struct vl_inventory *full(void)
{
    static const char *const tags[] = {"registry.example/shop/orders:1", "registry.example/shop/orders:2"};
    static const char *const licenses[] = {"GPL-2.0-only", "", "MIT"};
    struct vl_inventory *in = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    in->target.name = "shop/orders:1";
    in->target.reference = "registry.example/shop/orders:1";
    in->target.digest = "sha256:dd";
    in->target.image_id = "sha256:ee";
    in->target.os = "linux";
    in->target.arch = "arm64";
    in->target.variant = "v8";
    in->target.os_version = "10.0.1";
    in->target.created_ms = 1710000000000;
    in->target.tags = tags;
    in->target.n_tags = 2;
    in->target.base_name = "docker.io/library/debian:12";
    in->target.base_digest = "sha256:ff";
    in->distro.codename = "bookworm";
    in->distro.support_ends_ms = 1782777600000;
    in->distro.extended_ends_ms = -1;
    add_layers(in);
    struct vl_package *p =
        test_add(in, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "var/lib/dpkg/status", VL_PACKAGE_INDIRECT);
    p->arch = "amd64";
    p->source_name = "zlib";
    p->source_version = "1:1.2.11.dfsg-4";
    p->vendor = "Debian";
    p->module = "nodejs:18:8060";
    p->purl = "pkg:deb/debian/zlib1g@1%3A1.2.11.dfsg-4?arch=amd64";
    p->layer = 0;
    p->licenses = licenses;
    p->n_licenses = 3;
    p = test_add(in, VL_ECO_NPM, "lodash", "4.17.11", "app/node_modules/lodash/package.json", 0);
    p->layer = 1;
    p->line = 77;
    p->owner = 0;
    p->digest = "sha1:0102";
    add_rest(in);
    return in;
}

static void encode(const struct vl_inventory *in, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(out, VL_INVENTORY_ENCODED_MAX);
    if (vl_inventory_encode(in, out, &err) < 0)
        fail_msg("%s", err.msg);
}

/* Takes the inventory. */
static void report(struct vl_inventory *in, enum vl_report_format format, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_options options = {.show_hidden = true, .version = "test"};
    struct vl_scan_result *result = test_match(in, db, NULL);
    result->scanned_ms = 1720000000000;
    result->took_us = 1;
    vl_buf_init(out, VL_REPORT_MAX);
    if (vl_report_write(result, format, &options, out, &err) < 0)
        fail_msg("%s", err.msg);
    vl_scan_result_free(result);
}

static void test_reports_are_the_same(void **state)
{
    (void)state;
    static const enum vl_report_format formats[] = {VL_REPORT_JSON, VL_REPORT_CYCLONEDX, VL_REPORT_SPDX};
    for (size_t i = 0; i < VL_ARRAY_LEN(formats); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_inventory *in = full(), *back = NULL;
        VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
        VL_CLEANUP(vl_buf_done) struct vl_buf before;
        VL_CLEANUP(vl_buf_done) struct vl_buf after;
        encode(in, &bytes);
        if (vl_inventory_decode(vl_buf_span(&bytes), &back, &err) < 0)
            fail_msg("%s", err.msg);
        vl_buf_done(&bytes); /* the inventory owns what it says */
        vl_buf_init(&bytes, 1);
        report(in, formats[i], &before);
        report(back, formats[i], &after);
        assert_string_equal(vl_buf_str(&before), vl_buf_str(&after));
        if (formats[i] == VL_REPORT_JSON) {
            /* They say something at all. */
            assert_non_null(strstr(vl_buf_str(&after), "CVE-2022-37434"));
            assert_non_null(strstr(vl_buf_str(&after), "CVE-2019-10744"));
            assert_non_null(strstr(vl_buf_str(&after), "root/.aws/credentials"));
        }
    }
}

static void same(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_ptr_equal(a, b);
}

/* What no report shows. */
static void test_the_rest_comes_back(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *in = full();
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    VL_CLEANUP(vl_buf_done) struct vl_buf again;
    encode(in, &bytes);
    assert_int_equal(vl_inventory_decode(vl_buf_span(&bytes), &back, &err), 0);
    encode(back, &again);
    assert_true(vl_span_eq(vl_buf_span(&bytes), vl_buf_span(&again)));
    const struct vl_package *p = vl_vec_at(&back->packages, 0), *q = vl_vec_at(&back->packages, 1);
    same(p->module, "nodejs:18:8060");
    same(p->vendor, "Debian");
    same(p->source_version, "1:1.2.11.dfsg-4");
    assert_int_equal(p->n_licenses, 3);
    same(p->licenses[1], "");
    same(p->licenses[2], "MIT");
    assert_int_equal(p->owner, VL_PACKAGE_NONE);
    assert_int_equal(q->owner, 0);
    same(q->arch, NULL);
    assert_int_equal(back->distro.extended_ends_ms, -1);
    assert_int_equal(back->notes.dropped, 9);
    assert_int_equal(back->bytes_read, 1ULL << 50);
    assert_int_equal(back->files_seen, 12345678901);
    const struct vl_layer *l = vl_vec_at(&back->layers, 0);
    assert_true(l->ends_image && l->base);
    assert_int_equal(l->size, 1ULL << 40);
    same(back->target.tags[1], "registry.example/shop/orders:2");
    same(*(const char **)vl_vec_at(&back->updates, 0), "KB5034123");
}

static void test_cut_off_is_damage(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *in = full();
    struct vl_inventory *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    encode(in, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        struct vl_err err = VL_ERR_INIT;
        char *copy = malloc(len + 1); /* exactly as long as it says, for the sanitizer */
        assert_non_null(copy);
        memcpy(copy, bytes.ptr, len);
        assert_int_not_equal(vl_inventory_decode((struct vl_span){copy, len}, &back, &err), 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        free(copy);
    }
    struct vl_err err = VL_ERR_INIT;
    vl_buf_append_char(&bytes, 'x');
    assert_int_not_equal(vl_inventory_decode(vl_buf_span(&bytes), &back, &err), 0);
    assert_non_null(strstr(err.msg, "after its end"));
}

static void test_flipped_bits_never_break_memory(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *in = full();
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    encode(in, &bytes);
    size_t refused = 0;
    for (size_t at = 0; at < bytes.len * 8; at++) {
        struct vl_inventory *back = NULL;
        struct vl_err err = VL_ERR_INIT;
        bytes.ptr[at / 8] = (char)(bytes.ptr[at / 8] ^ (1 << at % 8));
        if (vl_inventory_decode(vl_buf_span(&bytes), &back, &err) < 0) {
            assert_true(err.code == VL_ERR_CORRUPT || (err.code == VL_ERR_UNSUPPORTED && at / 8 < 8));
            refused++;
        } else {
            VL_CLEANUP(vl_buf_done) struct vl_buf again;
            encode(back, &again);
        }
        vl_inventory_free(back);
        bytes.ptr[at / 8] = (char)(bytes.ptr[at / 8] ^ (1 << at % 8));
    }
    assert_true(refused > bytes.len);
}

/* Counts far over what the bytes could hold must not be believed, and memory for them not asked for. */
static void test_lying_counts(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *in = full();
    struct vl_inventory *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    encode(in, &bytes);
    const size_t counts_at = 4 + 4 + 4 + 8 + 8 + 8;
    for (size_t i = 0; i < 8; i++) {
        struct vl_err err = VL_ERR_INIT;
        char kept[4];
        memcpy(kept, bytes.ptr + counts_at + i * 4, 4);
        memset(bytes.ptr + counts_at + i * 4, 0xff, 4);
        assert_int_not_equal(vl_inventory_decode(vl_buf_span(&bytes), &back, &err), 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        memcpy(bytes.ptr + counts_at + i * 4, kept, 4);
    }
}

static void test_packed(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *in = full();
    struct vl_inventory *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    VL_CLEANUP(vl_buf_done) struct vl_buf packed;
    VL_CLEANUP(vl_buf_done) struct vl_buf again;
    /* As large as an image of many parts. */
    for (int i = 0; i < 1200; i++) {
        char *name = vl_arena_printf(in->arena, "package-%d", i);
        char *purl = vl_arena_printf(in->arena, "pkg:deb/debian/package-%d@1.%d?arch=amd64", i, i % 17);
        struct vl_package *p = test_add(in, VL_ECO_DEB, name, "1.0", "var/lib/dpkg/status", 0);
        p->purl = purl;
    }
    encode(in, &bytes);
    vl_buf_init(&packed, VL_INVENTORY_ENCODED_MAX);
    assert_int_equal(vl_inventory_pack(vl_buf_span(&bytes), &packed, &err), 0);
    print_message("%zu bytes packed, %zu plain\n", packed.len, bytes.len);
    assert_true(packed.len < 40000);
    assert_int_equal(vl_inventory_unpack(vl_buf_span(&packed), &back, &err), 0);
    encode(back, &again);
    assert_true(vl_span_eq(vl_buf_span(&bytes), vl_buf_span(&again)));
    vl_inventory_free(back);
    packed.ptr[packed.len / 2] ^= 1;
    assert_int_not_equal(vl_inventory_unpack(vl_buf_span(&packed), &back, &err), 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
}

/* What an earlier release stored is read: the file was written by the first form there was, and says what
 * full() says. VALLUM_WRITE_CORPUS names a folder to write it anew, after a change of the form. */
static void test_stored_before(void **state)
{
    (void)state;
    const char *folder = getenv("VALLUM_WRITE_CORPUS"), *source = getenv("VALLUM_CHECKOUT");
    struct vl_err err = VL_ERR_INIT;
    char path[1024];
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *in = full();
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *back = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf now;
    VL_CLEANUP(vl_buf_done) struct vl_buf stored;
    VL_CLEANUP(vl_buf_done) struct vl_buf again;
    encode(in, &now);
    vl_buf_init(&stored, VL_INVENTORY_ENCODED_MAX);
    vl_buf_init(&again, VL_INVENTORY_ENCODED_MAX);
    if (folder) {
        (void)snprintf(path, sizeof(path), "%s/full", folder);
        assert_int_equal(vl_file_replace(path, 0644, vl_buf_span(&now), &err), 0);
    }
    (void)snprintf(path, sizeof(path), "%s/src/scan/corpus/inventory_codec/full", source ? source : ".");
    if (vl_file_read(path, VL_INVENTORY_ENCODED_MAX, &stored, &err) < 0 ||
        vl_inventory_decode(vl_buf_span(&stored), &back, &err) < 0 ||
        vl_inventory_encode(back, &again, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(vl_span_eq(vl_buf_span(&again), vl_buf_span(&now)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_are_the_same),
        cmocka_unit_test(test_the_rest_comes_back),
        cmocka_unit_test(test_cut_off_is_damage),
        cmocka_unit_test(test_flipped_bits_never_break_memory),
        cmocka_unit_test(test_lying_counts),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_stored_before),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
