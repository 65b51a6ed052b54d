/* OSV names are those of the OSV schema's list of defined ecosystems; purl types those of
 * package-url/purl-spec. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/ecosystem.h"

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VL_ECO_COUNT; i++) {
        const struct vl_ecosystem_info *info = vl_ecosystem_info((enum vl_ecosystem)i);
        assert_int_equal(info->id, i);
        assert_non_null(info->name);
        assert_non_null(info->purl_type);
        assert_non_null(info->scheme);
        assert_int_equal(info->distribution, i >= VL_ECO_DEB && i <= VL_ECO_CHOCOLATEY);
        if (i != VL_ECO_NONE)
            assert_int_equal(vl_ecosystem_from_name(vl_span_str(info->name)), i);
        if (info->osv)
            assert_int_equal(vl_ecosystem_from_osv(vl_span_str(info->osv)), i);
    }
    assert_int_equal(vl_ecosystem_info(VL_ECO_COUNT)->id, VL_ECO_NONE);
    assert_int_equal(vl_ecosystem_info((enum vl_ecosystem)9999)->id, VL_ECO_NONE);
}

static void test_lookups(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vl_ecosystem name, osv, purl;
    } rows[] = {
        {"npm", VL_ECO_NPM, VL_ECO_NPM, VL_ECO_NPM},
        {"PyPI", VL_ECO_NONE, VL_ECO_PYPI, VL_ECO_NONE},
        {"pypi", VL_ECO_PYPI, VL_ECO_NONE, VL_ECO_PYPI},
        {"crates.io", VL_ECO_NONE, VL_ECO_CARGO, VL_ECO_NONE},
        {"golang", VL_ECO_NONE, VL_ECO_NONE, VL_ECO_GO},
        {"Debian:12", VL_ECO_NONE, VL_ECO_DEB, VL_ECO_NONE},
        {"Ubuntu:Pro:18.04:LTS", VL_ECO_NONE, VL_ECO_DEB, VL_ECO_NONE},
        {"Alpine:v3.18", VL_ECO_NONE, VL_ECO_APK, VL_ECO_NONE},
        {"Red Hat:rhel_eus:8.4::baseos", VL_ECO_NONE, VL_ECO_RPM, VL_ECO_NONE},
        {"generic", VL_ECO_GENERIC, VL_ECO_NONE, VL_ECO_GENERIC},
        {"deno", VL_ECO_DENO, VL_ECO_NONE, VL_ECO_NONE},
        {"vscode-extension", VL_ECO_NONE, VL_ECO_NONE, VL_ECO_VSCODE},
        {"", VL_ECO_NONE, VL_ECO_NONE, VL_ECO_NONE},
        {"unknown", VL_ECO_NONE, VL_ECO_NONE, VL_ECO_NONE},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_span text = vl_span_str(rows[i].text);
        assert_int_equal(vl_ecosystem_from_name(text), rows[i].name);
        assert_int_equal(vl_ecosystem_from_osv(text), rows[i].osv);
        assert_int_equal(vl_ecosystem_from_purl_type(text), rows[i].purl);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_lookups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
