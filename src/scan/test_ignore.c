/* Ignore files: ours and those of Trivy and Grype, whose texts here are the examples of their guides.
 * tests: ignore.c ignore_apply.c ignore_foreign.c */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "ignore.h"
#include "scan/policy.h"

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
    test_files_done();
    return 0;
}

static struct vl_scan_result *image(void)
{
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    struct vl_package *p = test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "var/lib/dpkg/status", 0);
    p->source_name = "zlib";
    p->purl = "pkg:deb/debian/zlib1g@1:1.2.11.dfsg-4?arch=amd64&distro=debian-12";
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.11", "app/node_modules/lodash/package.json", 0)->purl =
        "pkg:npm/lodash@4.17.11";
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.11", "tools/node_modules/lodash/package.json", 0)->purl =
        "pkg:npm/lodash@4.17.11";
    return test_match(inv, db, NULL);
}

/* "ID path-of-first-part; …" of what is ignored, in the order of the result. */
static const char *ignored(const struct vl_scan_result *result)
{
    static char text[4096];
    size_t len = 0;
    text[0] = 0;
    const struct vl_finding *f = result->findings.items;
    for (size_t i = 0; i < result->findings.len; i++, f++) {
        if (f->status == VL_FINDING_IGNORED)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %.*s", len ? "; " : "", f->id,
                (int)strcspn(f->package->path, "/"), f->package->path);
    }
    return text;
}

static struct vl_scan_result *apply(const char *text, struct vl_scan_result *result)
{
    struct vl_err err = VL_ERR_INIT;
    const char *file = test_file("ignores", text);
    struct vl_scan_policy policy = {.ignore_files = &file, .n_ignore_files = 1};
    if (vl_scan_apply_policy(result, &policy, &err) < 0)
        fail_msg("%s", err.msg);
    return result;
}

static void expect(const char *text, const char *what)
{
    struct vl_scan_result *result = apply(text, image());
    if (strcmp(ignored(result), what) != 0)
        fail_msg("%s: %s", text, ignored(result));
    vl_scan_result_free(result);
}

static void ours(void **state)
{
    (void)state;
    expect("ignores:\n- id: CVE-2022-37434\n", "CVE-2022-37434 var");
    expect("ignores:\n- id: cve-2022-37434\n", "CVE-2022-37434 var");
    expect("ignores:\n- id: GHSA-jf85-cpcp-j695\n", "CVE-2019-10744 app; CVE-2019-10744 tools");
    expect("version: 1\nignores:\n- id: CVE-2019-10744\n  path: app/**\n", "CVE-2019-10744 app");
    expect("ignores:\n- purl: pkg:npm/lodash\n  path: [tools/, other/]\n",
        "CVE-2019-10744 tools; CVE-2020-8203 tools");
    expect("ignores:\n- purl: pkg:npm/lodash@4.17.12\n", "");
    expect("ignores:\n- purl: pkg:deb/debian/zlib1g\n", "CVE-2022-37434 var; CVE-2023-45853 var");
    expect("ignores:\n- id: CVE-2019-10744\n  purl: pkg:deb/debian/zlib1g\n", "");
    expect("ignores:\n- id: CVE-2019-10744\n  expires: 2001-01-01\n", "");
    expect("ignores:\n- id: CVE-2022-37434\n  expires: 2999-01-01\n", "CVE-2022-37434 var");
    expect("ignores: []\n", "");
}

static void reports_of_rules(void **state)
{
    (void)state;
    struct vl_scan_result *result = apply("ignores:\n"
                                          "- id: CVE-2022-37434\n"
                                          "  reason: not reachable\n"
                                          "- id: CVE-2019-10744\n"
                                          "  expires: 2001-01-01\n"
                                          "- id: CVE-1999-0001\n"
                                          "  reason: long gone\n"
                                          "- purl: pkg:npm/none\n",
        image());
    const struct vl_ignore_report *r = result->ignores.items;
    assert_int_equal(result->ignores.len, 3);
    assert_string_equal(r[0].id, "CVE-2019-10744");
    assert_true(r[0].expired && !r[0].unused);
    assert_non_null(strstr(r[0].where, "ignores:4"));
    assert_string_equal(r[1].id, "CVE-1999-0001");
    assert_string_equal(r[1].reason, "long gone");
    assert_true(!r[1].expired && r[1].unused);
    assert_string_equal(r[2].id, "pkg:npm/none");
    const char *reason = test_finding(result, "CVE-2022-37434")->status_reason;
    assert_int_equal(strncmp(reason, "not reachable (", 15), 0);
    vl_scan_result_free(result);
}

/* What was not looked for cannot be called unused. */
static void nothing_looked_for(void **state)
{
    (void)state;
    struct vl_scan_options options = {.scanners = VL_SCAN_SECRET};
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    inv->secrets_scanned = true;
    struct vl_scan_result *result =
        apply("ignores:\n- id: CVE-2022-37434\n- secret: aws-access-key\n", test_match(inv, db, &options));
    assert_int_equal(result->ignores.len, 1);
    assert_string_equal(((struct vl_ignore_report *)result->ignores.items)[0].id, "aws-access-key");
    vl_scan_result_free(result);
}

/* Examples of Trivy's guide "Filtering". */
static void trivy_text(void **state)
{
    (void)state;
    struct vl_scan_result *result = apply("# Accept the risk\n"
                                          "CVE-2022-37434\n"
                                          "\n"
                                          "# Accept the risk until 2023-01-01\n"
                                          "CVE-2019-10744 exp:2023-01-01\n"
                                          "\n"
                                          "# No impact in our settings\n"
                                          "CVE-2020-8203  # trailing words\r\n"
                                          "# Ignore misconfigurations\n"
                                          "AVD-DS-0002\n"
                                          "generic-unwanted-rule",
        image());
    assert_string_equal(ignored(result), "CVE-2022-37434 var; CVE-2020-8203 app; CVE-2020-8203 tools");
    const struct vl_ignore_report *r = result->ignores.items;
    assert_int_equal(result->ignores.len, 3);
    assert_true(r[0].expired && !r[0].unused);
    assert_true(r[1].unused && r[2].unused);
    vl_scan_result_free(result);
}

static void trivy_yaml(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = image();
    result->inventory->secrets_scanned = true;
    for (int i = 0; i < 2; i++) {
        struct vl_secret *s = vl_vec_push(&result->inventory->secrets, "secrets", &err);
        *s = (struct vl_secret){.rule = "aws-secret-access-key",
            .path = i ? "foo/bar/aws.secret" : "foo/other",
            .fingerprint = "x"};
    }
    apply("vulnerabilities:\n"
          "  - id: CVE-2019-10744\n"
          "    paths:\n"
          "      - \"app/node_modules/lodash/package.json\"\n"
          "    statement: Accept the risk\n"
          "  - id: CVE-2022-37434\n"
          "    purls:\n"
          "      - \"pkg:deb/debian/libssl1.1\"\n"
          "      - \"pkg:deb/debian/zlib1g\"\n"
          "  - id: CVE-2023-29491\n"
          "    expired_at: 2023-09-01\n"
          "misconfigurations:\n"
          "  - id: AVD-DS-0002\n"
          "    paths:\n"
          "      - \"docs/Dockerfile\"\n"
          "    statement: The image needs root privileges\n"
          "secrets:\n"
          "  - id: aws-access-key-id\n"
          "  - id: aws-secret-access-key\n"
          "    paths:\n"
          "      - \"foo/bar/aws.secret\"\n"
          "licenses:\n"
          "  - id: GPL-3.0 # License name is used as ID\n"
          "    paths:\n"
          "      - \"usr/share/gcc/python/libstdcxx/v6/__init__.py\"\n",
        result);
    assert_string_equal(ignored(result), "CVE-2019-10744 app; CVE-2022-37434 var");
    const struct vl_secret *s = result->inventory->secrets.items;
    assert_null(s[0].ignored);
    assert_non_null(s[1].ignored);
    assert_int_equal(result->ignores.len, 3); /* expired; two that nothing met */
    vl_scan_result_free(result);
}

/* Fields of Grype's README, "Specifying matches to ignore". */
static void grype(void **state)
{
    (void)state;
    expect("ignore:\n  - vulnerability: CVE-2022-37434\n    reason: \"Not a real vulnerability\"\n",
        "CVE-2022-37434 var");
    expect("check-for-app-update: false\nignore:\n  - vulnerability: GHSA-jf85-cpcp-j695\n"
           "    include-aliases: true\n    package:\n      location: \"/app/**\"\n",
        "CVE-2019-10744 app");
    expect("ignore:\n  - package:\n      type: npm\n",
        "CVE-2019-10744 app; CVE-2019-10744 tools; CVE-2020-8203 app; CVE-2020-8203 tools");
    expect("ignore:\n  - package:\n      name: zlib.*\n", "CVE-2022-37434 var; CVE-2023-45853 var");
    expect("ignore:\n  - package:\n      name: zlib\n", "");
    expect("ignore:\n  - package:\n      upstream-name: zlib\n", "CVE-2022-37434 var; CVE-2023-45853 var");
    expect("ignore:\n  - package:\n      language: javascript\n      version: 4.17.12\n", "");
    expect("ignore:\n  - fix-state: not-fixed\n", "CVE-2023-45853 var");
    expect("ignore:\n  - namespace: debian:distro:debian:12\n    fix-state: fixed\n", "CVE-2022-37434 var");
    expect("ignore:\n  - namespace: debian:distro:debian:11\n", "");
    expect("ignore:\n  - namespace: github:language:javascript\n    vulnerability: CVE-2020-8203\n",
        "CVE-2020-8203 app; CVE-2020-8203 tools");
    expect("ignore:\n  - namespace: nvd:cpe\n", "");
    expect("ignore:\n  - match-type: exact-indirect-match\n", "CVE-2022-37434 var; CVE-2023-45853 var");
    expect("ignore:\n  - vulnerability: CVE-2020-8203\n    vex-status: not_affected\n", "");
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"ignores:\n- id: CVE-1\n  expiry: 2027-01-01\n", ":3: only id, secret,"},
        {"ignores:\n- reason: none\n", ":2: an entry needs id, purl or path"},
        {"ignores:\n- id: CVE-1\n  expires: soon\n", ":3: no date as 2027-01-31: \"soon\""},
        {"ignores:\n- id: CVE-1\n  purl: lodash\n", ":3"},
        {"ignores:\n- id: CVE-1\n  secret: x\n", ":3: one of id, secret and license"},
        {"ignores:\n- CVE-1\n", ":2: an entry with id, purl or path"},
        {"ignores: CVE-1\n", "ignores is a list"},
        {"version: 2\nignores: []\n", ":1: version 1 is known"},
        {"ignores: []\nignore: []\n", ":2: only version and ignores"},
        {"CVE-1 until:2027\n", ":1: only exp:DATE may follow"},
        {"CVE-1 exp:never\n", ":1: no date"},
        {"vulnerabilities:\n- id: CVE-1\n  path: x\n", ":3: only id, paths,"},
        {"vulnerabilities:\n- paths: [x]\n", ":2: an entry needs an id"},
        {"ignore:\n- vulnerability: CVE-1\n  nonsense: x\n", ":3: this is not known of a rule"},
        {"ignore:\n- package:\n    nonsense: x\n", ":3: this is not known of a package"},
        {"ignore:\n- package:\n    name: \"(\"\n", ":3"},
        {"ignore:\n- reason: x\n", ":2: a rule that names nothing"},
        {"other: x\n", "is no ignore file"},
        {"ignores: [\n", "ignores"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_ignores_cleanup) struct vl_ignores *set = NULL;
        struct vl_err err = VL_ERR_INIT;
        assert_int_equal(vl_ignores_new(&set, &err), 0);
        if (vl_ignores_parse(set, vl_span_str(rows[i].text), "ignores", &err) >= 0)
            fail_msg("taken: %s", rows[i].text);
        if (!strstr(err.msg, rows[i].message))
            fail_msg("%s: %s", rows[i].text, err.msg);
    }
}

static void licenses(void **state)
{
    (void)state;
    static const char *const words[] = {"GPL-3.0-only"};
    static const char *const gate[] = {"license=GPL-3.0-only"};
    struct vl_err err = VL_ERR_INIT;
    for (int i = 0; i < 2; i++) {
        struct vl_scan_result *result = image();
        struct vl_package *p = vl_vec_at(&result->inventory->packages, 1);
        p->licenses = words;
        p->n_licenses = 1;
        const char *file = test_file("ignores", i ? "ignores:\n- license: GPL-3.0-only\n  path: app/**\n"
                                                  : "ignores:\n- license: GPL-3.0-only\n  path: tools/**\n");
        struct vl_scan_policy policy = {
            .ignore_files = &file, .n_ignore_files = 1, .fail_on = gate, .n_fail_on = 1};
        assert_int_equal(vl_scan_apply_policy(result, &policy, &err), 0);
        assert_int_equal(result->passed, i == 1);
        assert_string_equal(ignored(result), "");
        vl_scan_result_free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours),
        cmocka_unit_test(reports_of_rules),
        cmocka_unit_test(nothing_looked_for),
        cmocka_unit_test(trivy_text),
        cmocka_unit_test(trivy_yaml),
        cmocka_unit_test(grype),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(licenses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
