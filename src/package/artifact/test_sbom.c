/* tests: sbom.c sbom_cyclonedx.c sbom_package.c sbom_property.c sbom_spdx.c sbom_spdx_tag.c sbom_syft.c
 * tests: sbom_graph.c sbom_groups.c sbom_system.c sbom_xml.c
 * The documents in the corpus have the shape of those of Trivy and Syft (their own integration test data);
 * own-* is what our reports wrote for the sample of report's tests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "package/sbom.h"
#include "test_listing.h"

static void read_corpus(struct vl_buf *out, const char *name)
{
    char path[1024];
    struct vl_err err = VL_ERR_INIT;
    const char *source = getenv("VALLUM_CHECKOUT");
    snprintf(path, sizeof(path), "%s/src/package/artifact/corpus/sbom/%s", source ? source : ".", name);
    vl_buf_init(out, 16UL * 1024 * 1024);
    if (vl_file_read(path, out->max, out, &err) < 0)
        fail_msg("%s", err.msg);
}

static struct vl_inventory *read_text(struct vl_span text, int expected)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inv = vl_inventory_new();
    assert_non_null(inv);
    int r = vl_sbom_read(text, "test", inv, &err);
    if (expected == 0 && r < 0)
        print_message("%s\n", err.msg);
    assert_int_equal(r < 0 ? err.code : 0, expected);
    return inv;
}

static struct vl_inventory *read_file(const char *name)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    read_corpus(&buf, name);
    assert_true(vl_sbom_detect(vl_buf_span(&buf)));
    return read_text(vl_buf_span(&buf), 0);
}

static const struct vl_package *package(const struct vl_inventory *inv, const char *name)
{
    for (size_t i = 0; i < inv->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&inv->packages, i);
        if (strcmp(p->name, name) == 0)
            return p;
    }
    fail_msg("no package %s", name);
    abort(); /* not reached, which gcc -O3 has to be told */
}

static void check_package(const struct vl_package *p, enum vl_ecosystem eco, const char *version,
    const char *arch, const char *source, const char *source_version)
{
    assert_int_equal(p->ecosystem, eco);
    assert_string_equal(p->version, version);
    assert_string_equal(p->arch ? p->arch : "-", arch);
    assert_string_equal(p->source_name ? p->source_name : "-", source);
    assert_string_equal(p->source_version ? p->source_version : "-", source_version);
}

static void check_distro(const struct vl_inventory *inv, const char *id, const char *version)
{
    assert_string_equal(inv->distro.id, id);
    assert_string_equal(inv->distro.version_id, version);
}

static void test_trivy(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_file("trivy-cyclonedx");
    check_distro(inv, "rhel", "8.7");
    assert_int_equal(inv->target.kind, VL_TARGET_SBOM);
    assert_string_equal(inv->target.reference, "registry.example/shop:1");
    assert_string_equal(inv->target.digest, "sha256:be3d");
    assert_string_equal(inv->target.image_id, "sha256:f1cb");
    assert_int_equal(inv->layers.len, 2);
    assert_string_equal(((const struct vl_layer *)vl_vec_at(&inv->layers, 0))->digest, "sha256:ac92");
    const struct vl_package *p = package(inv, "openssl-libs");
    check_package(p, VL_ECO_RPM, "1:1.1.1k-7.el8_6", "x86_64", "openssl", "-");
    assert_string_equal(p->vendor, "Red Hat, Inc.");
    assert_string_equal(p->licenses[0], "OpenSSL");
    assert_int_equal(p->layer, 0);
    assert_string_equal(package(inv, "nodejs")->module, "nodejs:18:8070020230306170042:bd1311ed");
    p = package(inv, "org.apache.logging.log4j:log4j-core");
    check_package(p, VL_ECO_MAVEN, "2.14.1", "-", "-", "-");
    assert_string_equal(p->digest, "sha1:9141212b8507ab50a45525b545b39d224614528b");
    assert_string_equal(p->path, "app/shop.jar/BOOT-INF/lib/log4j-core-2.14.1.jar");
    assert_int_equal(p->layer, 1);
    check_package(package(inv, "github.com/BurntSushi/toml"), VL_ECO_GO, "1.2.0", "-", "-", "-");
    assert_int_equal(inv->packages.len, 6);
    check_package(package(inv, "unknown"), VL_ECO_NONE, "1", "-", "-", "-");
    assert_int_equal(inv->notes.len, 1);
    assert_true(inv->notes.partial);
    assert_non_null(strstr(inv->notes.items[0].message, "components that cannot be matched: 2 (1 without"));
}

/* What hangs below a lock file was read from it. */
static void test_lock_files(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_file("trivy-lock-files");
    assert_int_equal(inv->packages.len, 5);
    assert_string_equal(package(inv, "express")->path, "app/package-lock.json");
    assert_string_equal(package(inv, "debug")->path, "app/package-lock.json"); /* through express */
    assert_string_equal(package(inv, "rails")->path, "app/Gemfile.lock");
    assert_string_equal(package(inv, "installed")->path, "opt/gems/installed.gemspec");
    assert_string_equal(package(inv, "alone")->path, "");
}

static void test_trivy_tags(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_file("trivy-spdx-tags");
    check_distro(inv, "debian", "10");
    assert_string_equal(inv->target.image_id, "sha256:f1cb");
    assert_int_equal(inv->packages.len, 1);
    const struct vl_package *p = package(inv, "libmount1");
    check_package(p, VL_ECO_DEB, "2.38.1-5+deb12u1", "arm64", "util-linux", "-");
    assert_int_equal(p->n_licenses, 1);
    assert_int_equal(p->layer, 0);
    assert_false(inv->notes.partial);
}

static void test_syft(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_file("syft-cyclonedx");
    check_distro(inv, "alpine", "3.18.6");
    const struct vl_package *p = package(inv, "libcrypto3");
    check_package(p, VL_ECO_APK, "3.1.4-r5", "x86_64", "openssl", "-");
    assert_string_equal(p->path, "lib/apk/db/installed");
    check_package(package(inv, "zlib1g"), VL_ECO_DEB, "1:1.2.13.dfsg-1", "amd64", "zlib", "-");
    check_package(package(inv, "bash"), VL_ECO_RPM, "5.1.8-6.el9", "x86_64", "-", "-");
    assert_int_equal(package(inv, "left-pad")->flags, VL_PACKAGE_DEV | VL_PACKAGE_OPTIONAL);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *json = read_file("syft-json");
    check_distro(json, "ubuntu", "20.04");
    p = package(json, "libacl1");
    check_package(p, VL_ECO_DEB, "2.2.53-6", "amd64", "acl", "-");
    assert_string_equal(p->licenses[1], "LGPL-2.1");
    check_package(package(json, "perl-libs"), VL_ECO_RPM, "4:5.26.3-416.el8", "x86_64", "perl", "-");
    assert_int_equal(json->layers.len, 2);
    assert_string_equal(json->target.digest, "sha256:5146");
    assert_true(json->notes.partial); /* charsets has no URL */
}

static void test_wrapped(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *dsse = read_file("dsse");
    check_package(package(dsse, "lodash"), VL_ECO_NPM, "4.17.20", "-", "-", "-");
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    read_corpus(&buf, "intoto-string");
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *text = read_text(vl_buf_span(&buf), 0);
    check_package(package(text, "a"), VL_ECO_CARGO, "1", "-", "-", "-");
}

/* An image may have several attestations; those of other kinds are passed over. */
static void test_lines(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_file("attestations");
    check_package(package(inv, "lodash"), VL_ECO_NPM, "4.17.20", "-", "-", "-");
    check_package(package(inv, "b"), VL_ECO_CARGO, "2", "-", "-", "-");
    vl_inventory_free(read_text(VL_SPAN_LIT("{\"predicate\":{}}\n{\"predicate\":{}}\n"), VL_ERR_UNSUPPORTED));
    vl_inventory_free(read_text(VL_SPAN_LIT("{\"predicate\":{}}\n{\"predicate\":"), VL_ERR_INVALID));
}

static void test_other_forms(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *xml = read_file("cyclonedx-xml");
    check_distro(xml, "alpine", "3.18.4");
    assert_int_equal(package(xml, "com.acme:tool")->n_licenses, 2);
    check_package(package(xml, "x"), VL_ECO_PYPI, "2", "-", "-", "-");
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *yaml = read_file("spdx-yaml");
    check_package(package(yaml, "zlib"), VL_ECO_CONAN, "1.2.13", "-", "-", "-");
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *rdf = read_file("spdx-rdf");
    check_package(package(rdf, "openssl"), VL_ECO_GENERIC, "3.0.1", "-", "-", "-");
    assert_string_equal(package(rdf, "openssl")->licenses[0], "Apache-2.0");
}

/* Without an operating-system component the URLs tell the distribution. */
static void test_distro_of_urls(void **state)
{
    (void)state;
    static const struct {
        const char *purl, *id, *version, *codename;
    } cases[] = {
        {"pkg:deb/debian/apt@2.6.1?distro=debian-12.4", "debian", "12", ""},
        {"pkg:deb/debian/apt@2.6.1?distro=bookworm", "debian", "", "bookworm"},
        {"pkg:deb/debian/apt@2.6.1?os_distro=bookworm&os_name=debian&os_version=12", "debian", "12",
            "bookworm"},
        {"pkg:deb/ubuntu/apt@1?distro=ubuntu-22.04", "ubuntu", "22.04", ""},
        {"pkg:rpm/amazon/a@1?distro=amazon-2%20(Karoo)", "amzn", "2", ""},
        {"pkg:rpm/amzn/a@1?distro=amzn-2023.3.1", "amzn", "2023", ""},
        {"pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.4", "opensuse-leap", "15.4", ""},
        {"pkg:rpm/opensuse/a@1?distro=opensuse-tumbleweed", "opensuse-tumbleweed", "", ""},
        {"pkg:rpm/redhat/a@1", "rhel", "", ""},
        {"pkg:apk/alpine/a@1?distro=alpine-edge", "alpine", "edge", ""},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        char text[512];
        snprintf(text, sizeof(text),
            "{\"bomFormat\":\"CycloneDX\",\"components\":[{\"type\":\"library\",\"name\":\"a\",\"purl\":\"%"
            "s\"}]}",
            cases[i].purl);
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_text(vl_span_str(text), 0);
        check_distro(inv, cases[i].id, cases[i].version);
        assert_string_equal(inv->distro.codename, cases[i].codename);
    }
}

static void check_own(const char *file)
{
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_file(file);
    check_distro(inv, "debian", "12");
    assert_string_equal(inv->distro.codename, "bookworm");
    assert_int_equal(inv->packages.len, 10);
    assert_int_equal(inv->unidentified.len, 2);
    const struct vl_package *p = package(inv, "libssl3");
    check_package(p, VL_ECO_DEB, "3.0.11-1~deb12u1", "amd64", "openssl", "-");
    assert_string_equal(p->vendor, "Debian");
    assert_string_equal(p->path, "var/lib/dpkg/status");
    p = package(inv, "bash");
    check_package(p, VL_ECO_DEB, "5.2.15-2+b2", "amd64", "-", "5.2.15-2");
    assert_int_equal(p->n_licenses, 2);
    assert_string_equal(p->licenses[1], "some words of a copyright file");
    p = package(inv, "lodash");
    assert_int_equal(p->flags, 18);
    assert_int_equal(p->line, 42);
    assert_string_equal(package(inv, "org.apache.logging.log4j:log4j-core")->digest,
        "sha1:9141212b8507ab50a45525b545b39d224614528b");
    const struct vl_package *owner = vl_vec_at(&inv->packages, package(inv, "requests")->owner);
    assert_non_null(owner);
    assert_true(vl_ecosystem_info(owner->ecosystem)->distribution);
    assert_true(inv->notes.partial); /* as the first scan was */
}

static void test_own(void **state)
{
    (void)state;
    check_own("own-cyclonedx");
    check_own("own-spdx");
}

static void test_files(void **state)
{
    (void)state;
    struct listing l;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    read_corpus(&buf, "bitnami-spdx");
    listing_read(&l, "bitnami", "opt/bitnami/nginx/.spdx-nginx.spdx", 0644, vl_buf_span(&buf));
    assert_int_equal(l.status, 0);
    assert_string_equal(listing_text(&l), "bitnami nginx 1.23.1-0\nunknown ngx_http_geoip2_module 3.4.0");
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 0);
    assert_string_equal(p->path, "opt/bitnami/nginx/.spdx-nginx.spdx");
    assert_int_equal(l.notes.len, 2);
    listing_done(&l);
    /* the title of a Bitnami component is not its name in Bitnami's advisories */
    assert_listing("bitnami", "opt/bitnami/matomo/.spdx-matomo.spdx",
        "{\"spdxVersion\":\"SPDX-2.3\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"packages\":[{\"SPDXID\":\"SPDXRef-"
        "matomo\","
        "\"name\":\"Matomo\",\"versionInfo\":\"5.1.2-3\",\"externalRefs\":[{\"referenceCategory\":\"PACKAGE-"
        "MANAGER\","
        "\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:bitnami/matomo@5.1.2-3?arch=arm64\"}]}]}",
        "bitnami matomo 5.1.2-3");
    assert_listing("sbom", "app/bom.json", "{\"bomFormat\":\"CycloneDX\"}", "");
    assert_listing("sbom", "app/a.cdx.json", "{", "error");
}

/* A repository that the document describes is not one of its packages that could not be matched. */
static void test_described(void **state)
{
    (void)state;
    VL_CLEANUP(vl_inventory_cleanup)
    struct vl_inventory *inv = read_text(
        VL_SPAN_LIT(
            "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"SPDXID\":\"SPDXRef-r\",\"name\":\"o/r\","
            "\"versionInfo\":\"main\",\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":"
            "\"pkg:github/o/r@main\"}]},{\"SPDXID\":\"SPDXRef-a\",\"name\":\"npm:a\",\"versionInfo\":\"1\","
            "\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:npm/a@1\"}]}],"
            "\"relationships\":[{\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relationshipType\":\"DESCRIBES\","
            "\"relatedSpdxElement\":\"SPDXRef-r\"}]}"),
        0);
    assert_int_equal(inv->packages.len, 1);
    check_package(package(inv, "a"), VL_ECO_NPM, "1", "-", "-", "-");
    assert_false(inv->notes.partial);
}

/* What depends on what: packages by their index, the rest by numbers of their own, also of the next document.
 */
static void test_graph(void **state)
{
    (void)state;
    static const char line[] =
        "{\"bomFormat\":\"CycloneDX\",\"components\":[{\"bom-ref\":\"a\",\"type\":\"library\",\"name\":\"a\","
        "\"version\":\"1\",\"purl\":\"pkg:npm/a@1\"},{\"bom-ref\":\"b\",\"type\":\"library\",\"name\":\"b\","
        "\"version\":\"1\",\"purl\":\"pkg:npm/"
        "b@1\"}],\"dependencies\":[{\"ref\":\"lock\",\"dependsOn\":[\"a\"]},"
        "{\"ref\":\"a\",\"dependsOn\":[\"b\"]}]}\n";
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 4096);
    vl_buf_append_str(&text, line);
    vl_buf_append_str(&text, line);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = read_text(vl_buf_span(&text), 0);
    const struct vl_inventory_edge *e = inv->edges.items;
    assert_int_equal(inv->edges.len, 4);
    assert_int_equal(e[0].from, VL_INVENTORY_NODE_OTHER);
    assert_int_equal(e[0].to, 0);
    assert_int_equal(e[1].from, 0);
    assert_int_equal(e[1].to, 1);
    assert_true(e[2].from > VL_INVENTORY_NODE_OTHER);
    assert_int_equal(e[2].to, 2);
    assert_int_equal(e[3].to, 3);
}

static void test_bad(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        {"", VL_ERR_UNSUPPORTED},
        {"{", VL_ERR_INVALID},
        {"{}", VL_ERR_UNSUPPORTED},
        {"{\"bomFormat\":\"Other\"}", VL_ERR_UNSUPPORTED},
        {"{\"bomFormat\":\"CycloneDX\",\"components\":{}}", VL_ERR_INVALID},
        {"{\"bomFormat\":\"CycloneDX\",\"components\":[1]}", VL_ERR_INVALID},
        {"{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[1]}", VL_ERR_INVALID},
        {"SPDXVersion: SPDX-3.0\n", VL_ERR_UNSUPPORTED},
        {"{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"*\"}", VL_ERR_INVALID},
        {"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'>", VL_ERR_INVALID},
        {"<html/>", VL_ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++)
        vl_inventory_free(read_text(vl_span_str(cases[i].text), cases[i].code));
    assert_false(vl_sbom_detect(VL_SPAN_LIT("{\"name\":\"x\"}")));
    assert_false(vl_sbom_detect(VL_SPAN_EMPTY));
}

/* The list of packages is bounded; a million of them would take the test a quarter of a minute. */
static void test_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = vl_inventory_new();
    assert_non_null(inv);
    assert_int_equal(inv->packages.max, VL_INVENTORY_PACKAGES_MAX);
    inv->packages.max = 1000;
    vl_buf_init(&text, 1024UL * 1024);
    vl_buf_append_str(&text, "{\"bomFormat\":\"CycloneDX\",\"components\":[");
    for (int i = 0; i < 1000; i++)
        vl_buf_append_str(&text, "{\"purl\":\"pkg:npm/a@1\"},");
    vl_buf_append_str(&text, "{\"purl\":\"pkg:npm/a@1\"}]}");
    assert_true(vl_sbom_read(vl_buf_span(&text), "test", inv, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_int_equal(inv->packages.len, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trivy),
        cmocka_unit_test(test_lock_files),
        cmocka_unit_test(test_trivy_tags),
        cmocka_unit_test(test_syft),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_distro_of_urls),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_described),
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
