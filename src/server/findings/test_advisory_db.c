#include "findings/test_advisory_db.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "advisory/build.h"
#include "base/file.h"

#define CRITICAL "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" /* 9.8 */
#define LODASH(ghsa, cve, fixed)                                                                             \
    "{\"id\":\"" ghsa "\",\"aliases\":[\"" cve "\"],\"summary\":\"Title of " cve                             \
    "\",\"published\":\"2024-03-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":"  \
    "\"lodash\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"" fixed \
    "\"}]}]}],\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"" CRITICAL "\"}]}"

static const struct {
    const char *path, *text;
    bool more;
} feeds[] = {
    {"debian/tracker.json",
        "{\"zlib\":{\"CVE-2022-37434\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\",\"fixed_"
        "version\":"
        "\"1:1.2.13.dfsg-1\",\"urgency\":\"medium\"}}}},\"openssl\":{\"CVE-2023-0286\":{\"releases\":{"
        "\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":\"3.0.13-1\",\"urgency\":\"high\"}}}}}",
        false},
    {"osv/npm/all.zip", LODASH("GHSA-jf85-cpcp-j695", "CVE-2019-10744", "4.17.12"), false},
    {"k8s/npm2.json", LODASH("GHSA-two1-two1-two1", "CVE-2020-8203", "4.17.20"), true},
    {"kev/known_exploited_vulnerabilities.json",
        "{\"title\":\"t\",\"catalogVersion\":\"2024.05.01\",\"dateReleased\":\"2024-05-01T00:00:00Z\","
        "\"count\":1,"
        "\"vulnerabilities\":[{\"cveID\":\"CVE-2022-37434\",\"vendorProject\":\"v\",\"product\":\"p\","
        "\"vulnerabilityName\":\"n\",\"dateAdded\":\"2021-12-10\",\"shortDescription\":\"d\","
        "\"requiredAction\":"
        "\"a\",\"dueDate\":\"2021-12-24\",\"knownRansomwareCampaignUse\":\"Known\"}]}",
        true},
};

static void remove_tree(const char *folder)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

void vl_test_advisory_db(const char *path, bool more)
{
    char folder[] = "/tmp/vallum-feeds-XXXXXX", file[256], fresh[512];
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_build_stats stats;
    struct vl_notes notes;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < VL_ARRAY_LEN(feeds); i++) {
        if (feeds[i].more && !more)
            continue;
        (void)snprintf(file, sizeof(file), "%s/%s", folder, feeds[i].path);
        *strrchr(file, '/') = '\0';
        assert_int_equal(vl_file_make_dirs(file, 0700, &err), 0);
        (void)snprintf(file, sizeof(file), "%s/%s", folder, feeds[i].path);
        assert_int_equal(vl_file_replace(file, 0600, vl_span_str(feeds[i].text), &err), 0);
    }
    vl_notes_init(&notes, arena);
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    if (vl_advisory_build_from_folder(folder, fresh, &notes, &stats, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(rename(fresh, path), 0);
    vl_notes_done(&notes);
    vl_arena_free(arena);
    remove_tree(folder);
}

static struct vl_package *add(struct vl_inventory *in, enum vl_ecosystem eco, const char *name,
    const char *version, const char *source, const char *purl, uint32_t layer)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package *p = vl_vec_push(&in->packages, "packages", &err);
    assert_non_null(p);
    *p = (struct vl_package){.ecosystem = eco,
        .name = name,
        .version = version,
        .source_name = source,
        .purl = purl,
        .path = source ? "var/lib/dpkg/status" : "srv/node_modules/lodash/package.json",
        .layer = layer,
        .owner = VL_PACKAGE_NONE};
    return p;
}

struct vl_inventory *vl_test_inventory(const char *digest)
{
    static const char *const diff_ids[] = {
        "sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "sha256:2222222222222222222222222222222222222222222222222222222222222222"};
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *in = vl_inventory_new();
    assert_non_null(in);
    in->target = (struct vl_target){.kind = VL_TARGET_IMAGE,
        .name = "shop/orders",
        .digest = vl_arena_strdup(in->arena, digest),
        .os = "linux",
        .arch = "amd64"};
    in->distro.id = "debian";
    in->distro.version_id = "12";
    in->distro.codename = "bookworm";
    in->distro.support = VL_SUPPORT_STANDARD;
    for (size_t i = 0; i < 2; i++) {
        struct vl_layer *l = vl_vec_push(&in->layers, "layers", &err);
        assert_non_null(l);
        *l = (struct vl_layer){
            .diff_id = diff_ids[i], .created_by = "COPY", .size = 1000, .base = i == 0, .ends_image = i == 0};
    }
    add(in, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "zlib",
        "pkg:deb/debian/zlib1g@1%3A1.2.11.dfsg-4?arch=amd64&distro=debian-12", 0);
    add(in, VL_ECO_DEB, "libssl3", "3.0.11-1~deb12u2", "openssl",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12", 0);
    add(in, VL_ECO_NPM, "lodash", "4.17.11", NULL, "pkg:npm/lodash@4.17.11", 1);
    vl_notes_add(&in->notes, VL_NOTE_INFO, VL_ERR_NONE, "app/x.jar", "worth knowing");
    in->secrets_scanned = true;
    return in;
}
