#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisory/build.h"
#include "base/file.h"

static char feeds_folder[128];
static char files_folder[128];
static char file_path[512];

static void remove_tree(const char *folder)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void write_file(const char *folder, const char *name, const char *text, char path[512])
{
    struct vl_err err = VL_ERR_INIT;
    snprintf(path, 512, "%s/%s", folder, name);
    char parent[512];
    snprintf(parent, sizeof(parent), "%s", path);
    *strrchr(parent, '/') = 0;
    if (vl_file_make_dirs(parent, 0755, &err) < 0 || vl_file_replace(path, 0644, vl_span_str(text), &err) < 0)
        fail_msg("%s", err.msg);
}

struct vl_advisory_db *test_db_open(const struct test_feed *feeds, size_t n)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_build_stats stats;
    struct vl_advisory_db *db = NULL;
    char path[512];
    snprintf(feeds_folder, sizeof(feeds_folder), "/tmp/vallum-test-scan-%ld", (long)getpid());
    for (size_t i = 0; i < n; i++)
        write_file(feeds_folder, feeds[i].path, feeds[i].text, path);
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_notes notes;
    vl_notes_init(&notes, arena);
    snprintf(path, sizeof(path), "%s/test.vadb", feeds_folder);
    int r = vl_advisory_build_from_folder(feeds_folder, path, &notes, &stats, &err);
    for (size_t i = 0; i < notes.len; i++)
        if (notes.items[i].kind == VL_NOTE_PARTIAL)
            fail_msg("%s: %s", notes.items[i].object, notes.items[i].message);
    vl_notes_done(&notes);
    vl_arena_free(arena);
    if (r < 0 || vl_advisory_db_open(path, &db, &err) < 0)
        fail_msg("%s", err.msg);
    return db;
}

void test_db_close(struct vl_advisory_db *db)
{
    vl_advisory_db_close(db);
    remove_tree(feeds_folder);
}

#define TRACKER                                                                                              \
    "{\"zlib\":{\"CVE-2022-37434\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":"  \
    "\"1:1.2.13.dfsg-1\",\"urgency\":\"medium\"}}},"                                                         \
    "\"CVE-2023-45853\":{\"releases\":{\"bookworm\":{\"status\":\"open\",\"urgency\":\"unimportant\"},"      \
    "\"jessie\":{\"status\":\"open\",\"urgency\":\"high\"}}}},"                                              \
    "\"openssl\":{\"CVE-2023-0286\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":" \
    "\"3.0.8-1\",\"urgency\":\"high\"}}}}}"

struct vl_advisory_db *test_db_usual(void)
{
    static const struct test_feed feeds[] = {
        {"debian/tracker.json", TRACKER},
        {"osv/npm/all.zip", TEST_OSV("GHSA-jf85-cpcp-j695", "\"CVE-2019-10744\"", "npm", "lodash",
                                TEST_FROM("0") TEST_FIXED("4.17.12"),
                                TEST_CVSS("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"))},
        {"k8s/npm2.json", TEST_OSV("GHSA-two1-two1-two1", "\"CVE-2020-8203\"", "npm", "lodash",
                              TEST_FROM("3.7.0") TEST_FIXED("4.17.20"), "")},
        {"k8s/npm3.json", TEST_OSV("MAL-2024-1", "", "npm", "evil", TEST_FROM("0"), "")},
        {"osv/PyPI/all.zip", TEST_OSV("GHSA-wqvq-5m8c-6g24", "\"CVE-2024-1111\"", "PyPI", "urllib3",
                                 TEST_FROM("1.0") TEST_FIXED("1.26.18"),
                                 TEST_CVSS("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N"))},
        {"osv/Go/all.zip", TEST_OSV("GO-2023-1988", "\"CVE-2023-3978\"", "Go", "golang.org/x/net",
                               TEST_FROM("0") TEST_FIXED("0.13.0"), "")},
        {"k8s/go2.json", TEST_OSV("GO-2024-2887", "\"CVE-2024-24790\"", "Go", "stdlib",
                             TEST_FROM("0") TEST_FIXED("1.21.11"), "")},
        {"osv/Maven/all.zip",
            TEST_OSV("GHSA-jfh8-c2jp-5v3q", "\"CVE-2021-44228\"", "Maven",
                "org.apache.logging.log4j:log4j-core", TEST_FROM("2.13.0") TEST_FIXED("2.15.0"),
                TEST_CVSS("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"))},
        {"kev/kev.json", "{\"vulnerabilities\":[{\"cveID\":\"CVE-2021-44228\",\"dateAdded\":\"2021-12-10\","
                         "\"dueDate\":\"2021-12-24\",\"knownRansomwareCampaignUse\":\"Known\"}]}"},
        {"epss/epss.csv", "cve,epss,percentile\nCVE-2021-44228,0.94358,0.99957\nCVE-2019-10744,0.01,0.8\n"
                          "CVE-2022-37434,0.92,0.99\n"},
    };
    return test_db_open(feeds, VL_ARRAY_LEN(feeds));
}

struct vl_inventory *test_inventory(
    enum vl_target_kind kind, const char *distro, const char *version, enum vl_support support)
{
    struct vl_inventory *inventory = vl_inventory_new();
    assert_non_null(inventory);
    inventory->target.kind = kind;
    inventory->target.name = "target";
    inventory->distro.id = distro;
    inventory->distro.version_id = version;
    inventory->distro.support = support;
    return inventory;
}

struct vl_package *test_add(struct vl_inventory *inventory, enum vl_ecosystem eco, const char *name,
    const char *version, const char *path, unsigned flags)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package *p = vl_vec_push(&inventory->packages, "packages", &err);
    assert_non_null(p);
    *p = (struct vl_package){.ecosystem = eco,
        .name = name,
        .version = version,
        .path = path,
        .flags = flags,
        .layer = VL_LAYER_NONE,
        .owner = VL_PACKAGE_NONE};
    return p;
}

struct vl_scan_result *test_match(
    struct vl_inventory *inventory, struct vl_advisory_db *db, const struct vl_scan_options *options)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result;
    if (vl_scan_match(inventory, db, options, &result, &err) < 0)
        fail_msg("%s", err.msg);
    return result;
}

const char *test_findings(const struct vl_scan_result *result)
{
    static const char *const status[] = {"open", "ignored", "vex", "os", "filtered"};
    static char text[16384];
    size_t len = 0;
    text[0] = 0;
    const struct vl_finding *f = result->findings.items;
    for (size_t i = 0; i < result->findings.len; i++, f++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s %s %s %s %s", i ? "; " : "", f->id,
            f->package->name, f->package->version, f->fixed_version ? f->fixed_version : "-",
            vl_fix_state_name(f->state), status[f->status]);
    return text;
}

struct vl_finding *test_finding(const struct vl_scan_result *result, const char *id)
{
    struct vl_finding *f = result->findings.items;
    for (size_t i = 0; i < result->findings.len; i++) {
        if (strcmp(f[i].id, id) == 0)
            return &f[i];
    }
    fail_msg("no finding %s among: %s", id, test_findings(result));
    return NULL;
}

const char *test_file(const char *name, const char *text)
{
    snprintf(files_folder, sizeof(files_folder), "/tmp/vallum-test-scan-files-%ld", (long)getpid());
    write_file(files_folder, name, text, file_path);
    return file_path;
}

void test_files_done(void)
{
    if (files_folder[0])
        remove_tree(files_folder);
}
