/* Dates as the distributions publish them; see the head of content/distro-support.tsv. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/time.h"
#include "os/support_table.h"
#include "package/distro.h"

static const struct {
    const char *id, *version, *codename, *pretty, *day;
    enum vl_support support;
    const char *ends, *extended;
} rows[] = {
    {"debian", "12", "", "", "2026-07-11", VL_SUPPORT_STANDARD, "2026-07-11", "2028-06-30"},
    {"debian", "12", "", "", "2026-07-12", VL_SUPPORT_EXTENDED, "2026-07-11", "2028-06-30"},
    {"debian", "12.5", "", "", "2028-07-01", VL_SUPPORT_ENDED, "2026-07-11", "2028-06-30"},
    {"debian", "", "trixie", "", "2026-11-24", VL_SUPPORT_STANDARD, "2028-08-09", "2030-06-30"},
    {"debian", "", "", "", "2026-11-24", VL_SUPPORT_UNKNOWN, "", ""},
    {"debian", "99", "", "", "2026-11-24", VL_SUPPORT_UNKNOWN, "", ""},
    {"debian", "120", "", "", "2026-11-24", VL_SUPPORT_UNKNOWN, "", ""},
    {"ubuntu", "20.04", "", "", "2026-11-24", VL_SUPPORT_EXTENDED, "2025-05-29", "2030-04-23"},
    {"ubuntu", "25.10", "", "", "2026-11-24", VL_SUPPORT_ENDED, "2026-07-09", ""},
    {"alpine", "3.10.2", "", "", "2026-11-24", VL_SUPPORT_ENDED, "2021-05-01", ""},
    {"alpine", "3.22.1", "", "", "2026-11-24", VL_SUPPORT_STANDARD, "2027-05-01", ""},
    {"rhel", "9.3", "", "", "2026-11-24", VL_SUPPORT_STANDARD, "2032-05-31", "2035-05-31"},
    {"rhel", "7.9", "", "", "2026-11-24", VL_SUPPORT_EXTENDED, "2024-06-30", "2028-06-30"},
    {"centos", "8", "", "CentOS Linux 8", "2022-06-01", VL_SUPPORT_ENDED, "2021-12-31", ""},
    {"centos", "8", "", "CentOS Stream 8", "2022-06-01", VL_SUPPORT_STANDARD, "2024-05-31", ""},
    {"amzn", "2023", "", "", "2026-11-24", VL_SUPPORT_STANDARD, "2027-06-30", "2029-06-30"},
    {"sles", "15.6", "", "", "2026-11-24", VL_SUPPORT_EXTENDED, "2025-12-31", "2028-12-31"},
    {"sles", "15.9", "", "", "2026-11-24", VL_SUPPORT_UNKNOWN, "", ""},
    {"azurelinux", "3.0", "", "", "2026-11-24", VL_SUPPORT_STANDARD, "2027-08-31", ""},
    {"wolfi", "20230201", "", "", "2026-11-24", VL_SUPPORT_STANDARD, "", ""},
    {"arch", "", "", "", "2026-11-24", VL_SUPPORT_STANDARD, "", ""},
    {"windows", "10.0.20348.2113", "", "", "2026-11-24", VL_SUPPORT_EXTENDED, "2026-10-13", "2031-10-14"},
    {"", "", "", "", "2026-11-24", VL_SUPPORT_UNKNOWN, "", ""},
};

static void check_day(int64_t ms, const char *day)
{
    char text[VL_TIME_TEXT_MAX];
    assert_string_equal(ms ? vl_time_format_date(ms, text) : "", day);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_distro d = {.id = rows[i].id,
            .version_id = rows[i].version,
            .codename = rows[i].codename,
            .pretty_name = rows[i].pretty};
        int64_t now;
        assert_true(vl_time_parse(vl_span_str(rows[i].day), &now));
        assert_int_equal(vl_distro_support(&d, now), rows[i].support != VL_SUPPORT_UNKNOWN);
        assert_int_equal(d.support, rows[i].support);
        check_day(d.support_ends_ms, rows[i].ends);
        check_day(d.extended_ends_ms, rows[i].extended);
    }
}

/* Fedora writes SUPPORT_END since 38: a release that is newer than the table is still judged. */
static void test_own_date(void **state)
{
    (void)state;
    int64_t end, day = 24LL * 60 * 60 * 1000;
    assert_true(vl_time_parse(VL_SPAN_LIT("2027-05-19"), &end));
    struct vl_distro d = {.id = "fedora", .version_id = "99", .support_ends_ms = end};
    assert_int_equal(vl_distro_support(&d, end), 1);
    assert_int_equal(d.support, VL_SUPPORT_STANDARD);
    assert_int_equal(d.support_ends_ms, end);
    assert_int_equal(vl_distro_support(&d, end + day), 1);
    assert_int_equal(d.support, VL_SUPPORT_ENDED);
    /* the table knows better, for it is younger than the image */
    struct vl_distro known = {.id = "fedora", .version_id = "42", .support_ends_ms = end};
    assert_int_equal(vl_distro_support(&known, end), 1);
    assert_int_equal(known.support, VL_SUPPORT_ENDED);
}

static void test_table(void **state)
{
    (void)state;
    assert_true(os_support_n_rows > 100);
    for (size_t i = 0; i < os_support_n_rows; i++) {
        const struct os_support_row *row = &os_support_rows[i];
        assert_true(row->id[0] != '\0' && row->version[0] != '\0');
        assert_true(row->extended_ms == 0 || row->extended_ms >= row->standard_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_own_date),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
