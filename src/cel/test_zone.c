/* Facts: the system's own C library, asked through localtime_r for the same zones and times; POSIX's example
 * of a rule. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "zone.h"

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        int64_t at;
        int32_t offset;
    } rows[] = {
        {"UTC0", 0, 0},
        {"<+0530>-5:30", 0, 19800},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1900000000, 3600}, /* 2030-03-17 */
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1901000000, 3600}, /* 2030-03-28 */
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1901149199, 3600}, /* 2030-03-31T00:59:59Z */
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1901149200, 7200},
        {"NZST-12NZDT,M9.5.0,M4.1.0/3", 1893456000, 46800}, /* January: summer */
        {"NZST-12NZDT,M9.5.0,M4.1.0/3", 1909000000, 43200}, /* June */
        {"EST5EDT,J60,J300", 1905000000, -14400},
        {"EST5EDT,59,300", 1893456000, -18000},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        int32_t offset = -1;
        assert_true(vl_cel_posix_offset(vl_span_str(rows[i].rule), rows[i].at, &offset));
        if (offset != rows[i].offset)
            fail_msg("%s at %lld: %d", rows[i].rule, (long long)rows[i].at, offset);
    }
    static const char *const bad[] = {
        "", "A", "CET", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0", "<CET-1"};
    int32_t offset;
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_false(vl_cel_posix_offset(vl_span_str(bad[i]), 0, &offset));
}

static const char *const zones[] = {"Europe/Berlin", "US/Central", "Asia/Kolkata", "Pacific/Auckland",
    "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran", "America/St_Johns",
    "Etc/GMT+5"};

static void test_system(void **state)
{
    (void)state;
    size_t compared = 0;
    for (size_t z = 0; z < VL_ARRAY_LEN(zones); z++) {
        char path[128];
        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zones[z]);
        struct vl_err err = VL_ERR_INIT;
        struct vl_buf file VL_CLEANUP(vl_buf_done);
        vl_buf_init(&file, VL_CEL_ZONE_FILE_MAX);
        if (vl_file_read(path, VL_CEL_ZONE_FILE_MAX, &file, &err) < 0)
            continue;
        setenv("TZ", zones[z], 1);
        tzset();
        for (int64_t t = -3000000000; t < 6000000000; t += 1000003) {
            time_t at = (time_t)t;
            struct tm tm;
            assert_non_null(localtime_r(&at, &tm));
            int32_t offset = 0;
            assert_true(vl_cel_tzif_offset(vl_buf_span(&file), t, &offset));
            if (offset != tm.tm_gmtoff)
                fail_msg("%s at %lld: %d, not %ld", zones[z], (long long)t, offset, tm.tm_gmtoff);
            compared++;
        }
        /* Every cut of the file is refused or read, never overrun. */
        for (size_t n = 0; n < file.len; n += 7) {
            int32_t offset;
            (void)vl_cel_tzif_offset(vl_span_slice(vl_buf_span(&file), 0, n), 1234567890, &offset);
        }
    }
    if (!compared)
        print_message("no zoneinfo on this machine: nothing compared\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
