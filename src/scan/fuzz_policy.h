/* A small result that ignore files and VEX documents are tried on. */
#ifndef VL_SCAN_FUZZ_POLICY_H
#define VL_SCAN_FUZZ_POLICY_H

#include <stdlib.h>

#include "model/result.h"

static inline struct vl_scan_result *fuzz_result(void)
{
    static const char *const aliases[] = {"GHSA-jfh8-c2jp-5v3q"};
    static const char *const licenses[] = {"MIT OR GPL-3.0-only", "GPL-3.0"};
    static const struct vl_package packages[] = {
        {.ecosystem = VL_ECO_DEB,
            .name = "zlib1g",
            .source_name = "zlib",
            .version = "1:1.2.11.dfsg-4",
            .path = "var/lib/dpkg/status",
            .purl = "pkg:deb/debian/zlib1g@1:1.2.11.dfsg-4?arch=amd64&distro=debian-12",
            .licenses = licenses,
            .n_licenses = 2},
        {.ecosystem = VL_ECO_MAVEN,
            .name = "org.apache.logging.log4j:log4j-core",
            .version = "2.14.1",
            .path = "app/orders.jar!lib/log4j-core.jar",
            .purl = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"},
        {.ecosystem = VL_ECO_MAVEN,
            .name = "com.shop:orders",
            .version = "1.0",
            .path = "app/orders.jar",
            .purl = "pkg:maven/com.shop/orders@1.0"},
        {.ecosystem = VL_ECO_NPM,
            .name = "lodash",
            .version = "4.17.11",
            .path = "app/node_modules/lodash/package.json",
            .purl = "pkg:npm/lodash@4.17.11"},
    };
    static const char *const ids[] = {"CVE-2022-37434", "CVE-2021-44228", NULL, "CVE-2019-10744"};
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = vl_scan_result_new();
    struct vl_inventory *inv = vl_inventory_new();
    if (!result || !inv)
        abort();
    result->inventory = inv;
    inv->target = (struct vl_target){.kind = VL_TARGET_IMAGE,
        .name = "orders",
        .reference = "registry.example.com/shop/orders:1.0",
        .digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        .arch = "amd64"};
    inv->distro.id = "debian";
    inv->distro.version_id = "12";
    inv->distro.cpe_name = "cpe:/o:debian:debian_linux:12";
    inv->secrets_scanned = true;
    for (size_t i = 0; i < VL_ARRAY_LEN(packages); i++) {
        struct vl_package *p = vl_vec_push(&inv->packages, "packages", &err);
        if (!p)
            abort();
        *p = packages[i];
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(packages); i++) {
        struct vl_finding *f = ids[i] ? vl_vec_push(&result->findings, "findings", &err) : NULL;
        if (!f)
            continue;
        f->id = ids[i];
        f->package = vl_vec_at(&inv->packages, i);
        f->aliases = aliases;
        f->n_aliases = i == 1;
        f->state = VL_FIX_NONE;
    }
    struct vl_secret *s = vl_vec_push(&inv->secrets, "secrets", &err);
    if (!s)
        abort();
    *s = (struct vl_secret){.rule = "aws-access-key", .path = "app/.env", .fingerprint = "sha256:0011"};
    return result;
}

#endif
