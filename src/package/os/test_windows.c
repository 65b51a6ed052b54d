/* tests: windows.c hive.c. The hive in corpus/windows was written by libhivex 1.3.23. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/hive.h"
#include "os/test_os_support.h"

static void check(const struct os_test *t)
{
    assert_true(t->sink.has_distro);
    assert_string_equal(t->sink.distro.id, "windows");
    assert_string_equal(t->sink.distro.version_id, "10.0.20348.2113");
    assert_string_equal(t->sink.distro.codename, "21H2");
    assert_string_equal(t->sink.distro.pretty_name, "Windows Server 2022 Datacenter 21H2");
    assert_string_equal(t->sink.distro.variant_id, "server-core");
    /* neither the staged one nor one twice */
    assert_int_equal(t->sink.updates.len, 2);
    for (size_t i = 0; i < 2; i++) {
        const char *const *kb = vl_vec_at(&t->sink.updates, i);
        assert_true(strcmp(*kb, "KB5032192") == 0 || strcmp(*kb, "KB5012170") == 0);
    }
}

static void test_hive(void **state)
{
    (void)state;
    static const char *const paths[] = {"Windows/System32/config/SOFTWARE",
        "Files/Windows/System32/Config/software", "Hives/Software_Base", "Hives/Software_Delta"};
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    os_test_load("windows/software", &buf);
    for (size_t i = 0; i < VL_ARRAY_LEN(paths); i++) {
        struct os_test t;
        os_test_init(&t);
        assert_int_equal(os_test_parse(&t, "windows/registry", paths[i], os_test_body(&buf)), 0);
        check(&t);
        os_test_done(&t);
    }
}

static void test_reader(void **state)
{
    (void)state;
    struct os_hive hive;
    struct vl_err err = VL_ERR_INIT;
    uint32_t key, number;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1U << 20);
    os_test_load("windows/software", &buf);
    assert_int_equal(os_hive_open(os_test_body(&buf), &hive, &err), 0);
    assert_int_equal(os_hive_find(&hive, "Microsoft\\Nothing", &key, &err), 0);
    assert_int_equal(os_hive_find(&hive, "MICROSOFT\\windows nt\\CurrentVersion", &key, &err), 1);
    assert_true(os_hive_number(&hive, key, "ubr", &number));
    assert_int_equal(number, 2113);
    assert_false(os_hive_number(&hive, key, "ProductName", &number));
    assert_null(os_hive_string(&hive, key, "UBR", arena));
    assert_null(os_hive_string(&hive, key, "None", arena));
    assert_string_equal(os_hive_string(&hive, key, "EditionID", arena), "ServerDatacenter");
    assert_string_equal(os_hive_string(&hive, key, "Unicode", arena), "Grüße 🖥");
    assert_int_equal(os_hive_find(&hive, "Ключ", &key, &err), 1); /* a name in UTF-16 */
}

/* Wide names and values, a list of lists, and no numbers: Windows before 10. */
static void test_old(void **state)
{
    (void)state;
    struct os_test t;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    os_test_load("windows/software_ri", &buf);
    os_test_init(&t);
    assert_int_equal(
        os_test_parse(&t, "windows/registry", "Windows/System32/config/SOFTWARE", os_test_body(&buf)), 0);
    assert_string_equal(t.sink.distro.version_id, "6.3.9600");
    assert_string_equal(t.sink.distro.pretty_name, "Wındows Ⓡ 🖥 x");
    os_test_done(&t);
}

/* software_ri of which hivexregedit removed the build: libguestfs tests with hives that have none. */
static void test_no_build(void **state)
{
    (void)state;
    struct os_test t;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    os_test_load("windows/software_no_build", &buf);
    os_test_init(&t);
    assert_int_equal(
        os_test_parse(&t, "windows/registry", "Windows/System32/config/SOFTWARE", os_test_body(&buf)), 0);
    assert_string_equal(t.sink.distro.version_id, "6.3");
    os_test_done(&t);
}

static void test_damage(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    os_test_load("windows/software", &buf);
    struct os_test t;
    os_test_init(&t);
    assert_true(os_test_parse_str(&t, "windows/registry", "Hives/Software_Base", "regf") < 0);
    static const char *const damaged[] = {
        "windows/software_list", "windows/software_none", "windows/software_root"};
    for (size_t i = 0; i < VL_ARRAY_LEN(damaged); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf bad;
        os_test_load(damaged[i], &bad);
        assert_true(os_test_parse(&t, "windows/registry", "Hives/Software_Base", os_test_body(&bad)) < 0);
        assert_non_null(strstr(t.err.msg, "Hives/Software_Base"));
    }
    /* cut anywhere, it must not be read beyond */
    for (size_t len = 0; len < buf.len; len += 97)
        (void)os_test_parse(
            &t, "windows/registry", "Hives/Software_Base", vl_span_slice(os_test_body(&buf), 0, len));
    os_test_done(&t);
}

static void test_servicing(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(
        os_test_parse_str(&t, "windows/servicing",
            "Files/Windows/servicing/Packages/Package_for_KB5012170~31bf3856ad364e35~amd64~~1.1.mum", ""),
        0);
    assert_int_equal(
        os_test_parse_str(&t, "windows/servicing",
            "Windows/servicing/Packages/Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2113.1.6.mum",
            "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\"><package "
            "identifier=\"KB5032198\"/></assembly>"),
        0);
    assert_int_equal(t.sink.updates.len, 2);
    assert_string_equal(*(const char *const *)vl_vec_at(&t.sink.updates, 0), "KB5012170");
    assert_string_equal(*(const char *const *)vl_vec_at(&t.sink.updates, 1), "KB5032198");
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hive),
        cmocka_unit_test(test_reader),
        cmocka_unit_test(test_old),
        cmocka_unit_test(test_no_build),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_servicing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
