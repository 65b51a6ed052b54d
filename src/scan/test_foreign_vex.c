/* VEX documents of the OpenVEX project, Grype and Trivy. What each must say is what those projects' own tests
 * expect of them: grype/vex/processor_test.go, test/integration/match_by_image_test.go (affected, under
 * investigation), trivy pkg/vex/vex_test.go and integration/repo_test.go. Files that are no VEX (contexts,
 * schemas, indexes of repositories) must be refused.
 * tests: vex.c vex_apply.c vex_openvex.c vex_csaf.c */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "vex.h"

#define ALPINE "sha256:124c7d2707904eea7431fffe91522a01e5a861a624ee31d03372cc1d138a3126"
#define ONES   "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

struct row {
    const char *file;
    enum vl_target_kind kind;
    const char *reference, *digest;
    enum vl_ecosystem eco;
    const char *name, *purl;
    const char *project; /* purl of the main module at the same place; or NULL */
    const char *id;      /* NULL: the file must be refused */
    enum vl_vex_status status;
    const char *gap;  /* why ours is another answer; or NULL */
    const char *ways; /* which modules the main one needs, that need the other: "12" is direct1 and direct2 */
};

#define GRYPE(f)        "grype/grype_vex_testdata_vex-docs_" f
#define INTEGRATION(f)  "grype/test_integration_testdata_vex_" f
#define TRIVY(f)        "trivy/pkg_vex_testdata_" f
#define IMAGE(ref, dig) VL_TARGET_IMAGE, ref, dig
#define PROJECT         VL_TARGET_FS, NULL, NULL
#define CRYPTO \
    VL_ECO_APK, "libcrypto3", "pkg:apk/alpine/libcrypto3@3.0.8-r3?arch=x86_64&distro=alpine-3.17.3", NULL
#define SSL VL_ECO_APK, "libssl3", "pkg:apk/alpine/libssl3@3.0.8-r3?arch=x86_64&distro=alpine-3.17.3", NULL
#define VNC \
    VL_ECO_APK, "libvncserver", "pkg:apk/alpine/libvncserver@0.9.9?arch=x86_64&distro=alpine-3.12.0", NULL
#define SPRING                                            \
    VL_ECO_MAVEN, "org.springframework.boot:spring-boot", \
        "pkg:maven/org.springframework.boot/spring-boot@2.6.0", NULL
#define BASH VL_ECO_DEB, "bash", "pkg:deb/debian/bash@5.3?arch=amd64&distro=debian-12", NULL
#define TRANSITIVE(main)                                \
    VL_ECO_GO, "github.com/aquasecurity/go-transitive", \
        "pkg:golang/github.com/aquasecurity/go-transitive@v4.0.0", main
#define ALPINE_IMAGE IMAGE("index.docker.io/library/alpine:3.17", ALPINE)
#define NOT_ASKED    PROJECT, SPRING, NULL, VL_VEX_NONE, NULL

static const struct row rows[] = {
    {GRYPE("openvex-demo1.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-demo1.json"), ALPINE_IMAGE, SSL, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-demo1.json"), IMAGE("index.docker.io/library/alpine:3.17", ONES), SSL, "CVE-2023-1255",
        VL_VEX_NONE, NULL},
    {GRYPE("openvex-demo2.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-demo2.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-2650", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-demo2.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-2975", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-demo2.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-3446", VL_VEX_NOT_AFFECTED, NULL},
    {GRYPE("openvex-demo2.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-3817", VL_VEX_NOT_AFFECTED, NULL},
    {GRYPE("openvex-debian.json"), IMAGE("index.docker.io/library/debian:11", ALPINE), BASH,
        "CVE-2014-fake-1", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-image-no-subcomponents.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-image-no-subcomponents.json"), ALPINE_IMAGE, SSL, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-package-product.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("openvex-package-product.json"), ALPINE_IMAGE, SSL, "CVE-2023-1255", VL_VEX_NONE, NULL},
    {GRYPE("csaf-demo1.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-1255", VL_VEX_FIXED, NULL},
    {GRYPE("csaf-demo2.json"), ALPINE_IMAGE, CRYPTO, "CVE-2023-3817", VL_VEX_NOT_AFFECTED, NULL},
    {INTEGRATION("csaf_affected.csaf.json"), IMAGE("alpine:3.12", ONES), VNC, "CVE-2024-0000",
        VL_VEX_AFFECTED, NULL},
    {INTEGRATION("csaf_under_investigation.csaf.json"), IMAGE("alpine:3.12", ONES), VNC, "CVE-2024-0000",
        VL_VEX_UNDER_INVESTIGATION, NULL},
    {INTEGRATION("openvex_affected.openvex.json"), IMAGE("alpine:3.12", ONES), VNC, "CVE-2024-0000",
        VL_VEX_AFFECTED, NULL},
    {INTEGRATION("openvex_under_investigation.openvex.json"), IMAGE("alpine:3.12", ONES), VNC,
        "CVE-2024-0000", VL_VEX_UNDER_INVESTIGATION, NULL},
    {TRIVY("openvex.json"), PROJECT, SPRING, "CVE-2021-44228", VL_VEX_NOT_AFFECTED, NULL},
    {TRIVY("openvex.json"), PROJECT, SPRING, "CVE-2021-0001", VL_VEX_NONE, NULL},
    {TRIVY("openvex-multiple.json"), PROJECT, SPRING, "CVE-2021-44228", VL_VEX_NOT_AFFECTED, NULL},
    {TRIVY("openvex-oci.json"), IMAGE("debian:12", NULL), BASH, "CVE-2022-3715", VL_VEX_NOT_AFFECTED, NULL},
    {TRIVY("openvex-oci-mismatch.json"), IMAGE("debian:12", NULL), BASH, "CVE-2022-3715", VL_VEX_NONE, NULL},
    {TRIVY("openvex-nested.json"), PROJECT, TRANSITIVE("pkg:golang/github.com/aquasecurity/go-module@v1.0.0"),
        "CVE-2024-0001", VL_VEX_NOT_AFFECTED, NULL, "1"},
    {TRIVY("openvex-nested.json"), PROJECT, /* the same where a second way leads to it */
        TRANSITIVE("pkg:golang/github.com/aquasecurity/go-module@v1.0.0"), "CVE-2024-0001", VL_VEX_NONE, NULL,
        "12"},
    {"trivy/integration_testdata_fixtures_vex_file_openvex.json", PROJECT, VL_ECO_GO,
        "github.com/open-policy-agent/opa", "pkg:golang/github.com/open-policy-agent/opa@v0.35.0",
        "pkg:golang/github.com/testdata/testdata", "CVE-2022-23628", VL_VEX_NOT_AFFECTED, NULL},
    {TRIVY("multi-repos_vex_repositories_default_0.1_bash-vex.json"), IMAGE("debian:12", NULL), BASH,
        "CVE-2022-3715", VL_VEX_NOT_AFFECTED, NULL},
    {TRIVY("multi-repos_vex_repositories_high-priority_0.1_bash-vex.json"), IMAGE("debian:12", NULL), BASH,
        "CVE-2022-3715", VL_VEX_AFFECTED, NULL},
    {TRIVY("parent-location-repo_vex_repositories_default_bash-vex.json"), IMAGE("debian:12", NULL), BASH,
        "CVE-2022-3715", VL_VEX_NOT_AFFECTED, NULL},
    {TRIVY("single-repo_vex_repositories_default_0.1_bash-vex.json"), IMAGE("debian:12", NULL), BASH,
        "CVE-2022-3715", VL_VEX_NOT_AFFECTED, NULL},
    {"openvex-spec/context.json", NOT_ASKED},
    {"openvex-spec/ns_v0.2.0_context.json", NOT_ASKED},
    {"openvex-spec/openvex_json_schema.json", NOT_ASKED},
    {"trivy/integration_testdata_fixtures_vex_repositories_default_0.1_index.json", NOT_ASKED},
    {"trivy/integration_testdata_fixtures_vex_repositories_default_vex-repository.json", NOT_ASKED},
    {"trivy/pkg_vex_repo_testdata_test-repo_vex-repository.json", NOT_ASKED},
    {TRIVY("multi-repos_vex_repositories_default_0.1_index.json"), NOT_ASKED},
    {TRIVY("multi-repos_vex_repositories_high-priority_0.1_index.json"), NOT_ASKED},
    {TRIVY("parent-location-repo_vex_repositories_default_0.1_index.json"), NOT_ASKED},
    {TRIVY("parent-location-repo_vex_repositories_default_vex-repository.json"), NOT_ASKED},
    {TRIVY("single-repo_vex_repositories_default_0.1_index.json"), NOT_ASKED},
    {TRIVY("single-repo_vex_repositories_default_vex-repository.json"), NOT_ASKED},
};

static void add_edge(struct vl_inventory *inv, uint32_t from, uint32_t to)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory_edge *edge = vl_vec_push(&inv->edges, "edges", &err);
    assert_non_null(edge);
    *edge = (struct vl_inventory_edge){from, to};
}

/* As Trivy's own test has it: main -> direct1, direct2 -> transitive. */
static void add_ways(struct vl_inventory *inv, const char *ways)
{
    static const char *const purls[] = {"pkg:golang/github.com/aquasecurity/go-direct1@v2.0.0",
        "pkg:golang/github.com/aquasecurity/go-direct2@v3.0.0"};
    for (; ways && *ways; ways++) {
        uint32_t at = (uint32_t)inv->packages.len;
        test_add(inv, VL_ECO_GO, "direct", "", "go.mod", 0)->purl = purls[*ways - '1'];
        add_edge(inv, 1, at);
        add_edge(inv, at, 0);
    }
}

static enum vl_vex_status ask(const struct vl_vex *vex, const struct row *row)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = vl_scan_result_new();
    struct vl_inventory *inv = test_inventory(row->kind, "", "", VL_SUPPORT_UNKNOWN);
    inv->target.reference = row->reference;
    inv->target.digest = row->digest;
    const char *path = row->eco == VL_ECO_GO ? "go.mod" : "lib/db";
    test_add(inv, row->eco, row->name, strchr(row->purl, '@') + 1, path, 0)->purl = row->purl;
    if (row->project)
        test_add(inv, VL_ECO_GO, "main", "", path, VL_PACKAGE_MAIN)->purl = row->project;
    add_ways(inv, row->ways);
    result->inventory = inv;
    struct vl_finding *f = vl_vec_push(&result->findings, "findings", &err);
    f->id = row->id;
    f->package = vl_vec_at(&inv->packages, 0);
    struct vl_vex_verdict verdict;
    assert_int_equal(vl_vex_apply(vex, result, &verdict, &err), 0);
    bool aside = verdict.status == VL_VEX_FIXED || verdict.status == VL_VEX_NOT_AFFECTED;
    assert_int_equal(f->status, aside ? VL_FINDING_VEX : VL_FINDING_OPEN);
    vl_scan_result_free(result);
    return verdict.status;
}

static bool passes(const char *shared, const struct row *row)
{
    VL_CLEANUP(vl_vex_cleanup) struct vl_vex *vex = NULL;
    struct vl_err err = VL_ERR_INIT;
    char path[2048];
    (void)snprintf(path, sizeof(path), "%s/cases/vex/%s", shared, row->file);
    if (access(path, R_OK) != 0) {
        printf("missing: %s\n", path);
        return false;
    }
    assert_int_equal(vl_vex_new(&vex, &err), 0);
    int r = vl_vex_load(vex, path, &err);
    if (!row->id)
        return r < 0 && err.code == VL_ERR_INVALID;
    return r == 0 && ask(vex, row) == row->status;
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char beside[1024];
    if (!shared) {
        const char *source = getenv("VALLUM_CHECKOUT");
        (void)snprintf(beside, sizeof(beside), "%s/../shared", source ? source : ".");
        shared = beside;
    }
    char cases[1100];
    (void)snprintf(cases, sizeof(cases), "%s/cases/vex", shared);
    if (access(cases, R_OK) != 0) {
        printf("skipped: no cases of others in %s (VALLUM_SHARED)\n", cases);
        return 77;
    }
    size_t passed = 0;
    bool failed = false;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        bool ok = passes(shared, &rows[i]);
        passed += ok;
        if (!ok)
            printf("%s: %s %s%s%s\n", rows[i].gap ? "gap" : "fails", rows[i].file,
                rows[i].id ? rows[i].id : "refused", rows[i].gap ? ": " : "", rows[i].gap ? rows[i].gap : "");
        failed = failed || (!ok && !rows[i].gap);
    }
    printf("foreign: scan/vex %zu/%zu\n", passed, VL_ARRAY_LEN(rows));
    if (failed)
        printf("assert_true(all rows pass) is broken\n");
    return failed;
}
