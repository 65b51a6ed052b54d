/* A Windows image from its layers to missing updates. The hives are libhivex's: the one in the corpus of the
 * parsers, and where hivexsh is installed one that it changes, whose values it is then asked for. tests:
 * assemble_system.c */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assemble.h"
#include "base/file.h"
#include "indexer.h"
#include "test_index_support.h"

#define VERSION_KEY "cd \\\\Microsoft\\\\Windows NT\\\\CurrentVersion\\n"
#define PACKAGES_KEY \
    "cd \\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Component Based Servicing\\\\Packages\\n"

static char folder[64];

/* Layers as they are written for containers: Files/ and Hives/. The first byte of a corpus file tells the
 * fuzzer what it is. */
static int set_up(void **state)
{
    (void)state;
    char script[2048];
    const char *source = getenv("VALLUM_CHECKOUT");
    index_test_folder(folder);
    (void)snprintf(script, sizeof(script),
        "mkdir -p base/Files/Windows/System32 base/Hives top/Hives app/Files\n"
        "tail -c +2 '%s/src/package/os/corpus/windows/software' > base/Hives/Software_Base\n"
        "cp base/Hives/Software_Base top/Hives/Software_Delta; echo x > app/Files/x\n"
        "tar -cf base.tar -C base Files Hives; tar -cf app.tar -C app Files",
        source ? source : ".");
    index_test_run(folder, script);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    index_test_remove(folder);
    return 0;
}

static struct vl_layer_index *index_of(const char *tar)
{
    static const struct vl_index_options options = {VL_PACKAGE_SCOPE_INSTALLED, VL_SCAN_VULN};
    VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, tar);
    struct vl_layer_index *index = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    if (vl_index_layer_region(fd, 0, (uint64_t)st.st_size, tar, &options, &index, &err) < 0)
        fail_msg("%s", err.msg);
    return index;
}

/* `top` may be NULL. */
static struct vl_inventory *image(const char *top, const char *os_version)
{
    struct vl_layer_index *layers[] = {index_of("base.tar"), top ? index_of(top) : NULL, index_of("app.tar")};
    struct vl_inventory *inv = vl_inventory_new();
    struct vl_err err = VL_ERR_INIT;
    assert_non_null(inv);
    inv->target = (struct vl_target){
        .kind = VL_TARGET_IMAGE, .name = "w", .os = "windows", .arch = "amd64", .os_version = os_version};
    if (vl_scan_assemble(layers, 3, inv, &err) < 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < 3; i++)
        vl_layer_index_free(layers[i]);
    return inv;
}

static const struct vl_package *windows_of(const struct vl_inventory *inv)
{
    assert_int_equal(inv->packages.len, 1);
    const struct vl_package *p = inv->packages.items;
    assert_int_equal(p->ecosystem, VL_ECO_WINDOWS);
    return p;
}

static bool has_update(const struct vl_inventory *inv, const char *kb)
{
    for (size_t i = 0; i < inv->updates.len; i++)
        if (strcmp(*(const char **)vl_vec_at(&inv->updates, i), kb) == 0)
            return true;
    return false;
}

static void test_base(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = image(NULL, "10.0.20348.1");
    const struct vl_package *p = windows_of(inv);
    assert_string_equal(p->version, "10.0.20348.2113"); /* 0x841, as hivexsh prints it */
    assert_string_equal(p->arch, "amd64");
    assert_int_equal(p->layer, 0);
    assert_string_equal(inv->distro.id, "windows");
    assert_string_equal(inv->distro.variant_id, "server-core");
    assert_int_equal(inv->updates.len, 2);
    assert_true(has_update(inv, "KB5012170") && has_update(inv, "KB5032192"));
    assert_false(inv->notes.partial);

    /* an update in a layer whose hive holds the difference alone */
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *later = image(NULL, "10.0.20348.2227");
    assert_string_equal(windows_of(later)->version, "10.0.20348.2227");
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *other = image(NULL, "10.0.26100.9999");
    assert_string_equal(windows_of(other)->version, "10.0.20348.2113");
}

/* Rows of Microsoft's guide as wesng has them: what the installed updates and those they replace do not fix
 * is missing. */
static void test_missing_updates(void **state)
{
    (void)state;
#define ROW(cve, kb, old)                                                                                 \
    "\"20240109\",\"" cve "\",\"" kb "\",\"T\",\"Windows Server 2022\",\"\",\"Important\",\"RCE\",\"" old \
    "\",\"\"\r\n"
    static const struct test_feed feeds[] = {
        {"windows/CVEs_1.csv", "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\","
                               "\"AffectedComponent\",\"Severity\","
                               "\"Impact\",\"Supersedes\",\"Exploits\"\r\n" /* */
            ROW("CVE-2023-0001", "5031364", "") ROW("CVE-2023-0002", "5032192", "5031364")
                ROW("CVE-2024-0003", "5034129", "5032192")}};
    struct vl_advisory_db *db = test_db_open(feeds, 1);
    struct vl_scan_result *result = test_match(image(NULL, NULL), db, NULL);
    assert_string_equal(test_findings(result), "CVE-2024-0003 windows 10.0.20348.2113 KB5034129 fixed open");
    vl_scan_result_free(result);
    test_db_close(db);
}

static void test_changed_by_hivexsh(void **state)
{
    (void)state;
    char line[256], version[300];
    index_test_run(folder,
        "printf '" VERSION_KEY "setval 3\\nUBR\\ndword:0x000008b3\\nCurrentBuild\\nstring:20348\\n"
        "CurrentMajorVersionNumber\\ndword:0x0000000a\\ncommit\\n' | hivexsh -w top/Hives/Software_Delta\n"
        "printf '" PACKAGES_KEY "add Package_for_KB5034129~31bf3856ad364e35~amd64~~20348.2227.1.1\\n"
        "cd Package_for_KB5034129~31bf3856ad364e35~amd64~~20348.2227.1.1\\n"
        "setval 1\\nCurrentState\\ndword:0x00000070\\ncommit\\n' | hivexsh -w top/Hives/Software_Delta\n"
        "tar -cf top.tar -C top Hives");
    index_test_ask(folder,
        "printf '" VERSION_KEY
        "lsval\\n' | hivexsh top/Hives/Software_Delta | grep UBR | sed 's/.*dword:/0x/' | "
        "xargs printf %d",
        line);
    (void)snprintf(version, sizeof(version), "10.0.20348.%s", line);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = image("top.tar", "10.0.20348.1");
    assert_string_equal(windows_of(inv)->version, version);
    assert_int_equal(windows_of(inv)->layer, 1);
    assert_string_equal(version, "10.0.20348.2227");
    assert_int_equal(inv->updates.len, 3); /* of all layers */
    assert_true(has_update(inv, "KB5034129") && has_update(inv, "KB5012170"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_base, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_missing_updates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changed_by_hivexsh, set_up, tear_down),
    };
    bool has_hivexsh = system("command -v hivexsh >/dev/null 2>&1") == 0;
    int failed = has_hivexsh
                     ? cmocka_run_group_tests(tests, NULL, NULL)
                     : _cmocka_run_group_tests("without hivexsh", tests, VL_ARRAY_LEN(tests) - 1, NULL, NULL);
    if (failed)
        return 1;
    if (!has_hivexsh) {
        printf("skipped: no hivexsh to change hives (install libhivex-bin)\n");
        return 77;
    }
    return 0;
}
