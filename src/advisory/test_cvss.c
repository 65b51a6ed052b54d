/* tests: cvss2.c cvss3.c cvss4.c cvss4_table.c. Vectors and scores of FIRST's specifications and examples. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "advisory/cvss.h"

static void assert_score(const char *vector, unsigned version, int base, int overall, const char *severity)
{
    struct vl_cvss_score s;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cvss_parse(vl_span_str(vector), &s, &err) < 0)
        fail_msg("%s: %s", vector, err.msg);
    assert_int_equal(s.version, version);
    if ((int)(s.base * 10 + 0.5) != base || (int)(s.overall * 10 + 0.5) != overall)
        fail_msg("%s: base %.1f, overall %.1f", vector, s.base, s.overall);
    assert_string_equal(vl_severity_name(s.severity), severity);
}

/* Scores that FIRST prints in its guides and examples, and NVD for well-known CVEs. */
static void test_published_scores(void **state)
{
    (void)state;
    assert_score("AV:N/AC:L/Au:N/C:N/I:N/A:C", 20, 78, 78, "high"); /* v2 guide §3.3.1, CVE-2002-0392 */
    assert_score(
        "AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C", 20, 100, 83, "high"); /* §3.3.2, CVE-2003-0818 */
    assert_score(
        "AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C", 20, 62, 49, "medium"); /* §3.3.3, CVE-2003-0062 */
    assert_score(
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 31, 100, 100, "critical"); /* CVE-2021-44228 */
    assert_score("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 30, 61, 61,
        "medium"); /* v3 examples, CVE-2013-1937 */
    assert_score("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 31, 64, 64, "medium"); /* CVE-2013-0375 */
    assert_score("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 31, 0, 0, "negligible");
    assert_score("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 40, 73, 73,
        "high"); /* v4 examples, CVE-2022-41741 */
    assert_score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 40, 100, 100, "critical");
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *vector;
        const char *names;
    } bad[] = {
        {"", "missing"},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H", "A is missing"},
        {"CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "AV is given twice"},
        {"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "AV has no value"},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/", "ends with"},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/ZZ:1", "ZZ"},
        {"CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "version"},
        {"CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "out of order"},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:X", "E has no value"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        struct vl_cvss_score s;
        struct vl_err err = VL_ERR_INIT;
        assert_true(vl_cvss_parse(vl_span_str(bad[i].vector), &s, &err) < 0);
        if (!strstr(err.msg, bad[i].names))
            fail_msg("\"%s\" says \"%s\"", bad[i].vector, err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_scores),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
