/* tests: table.c table_findings.c table_parts.c terminal.c. The golden files were read by a person before
 * they were taken; VALLUM_GOLDEN=write writes them again. */
#include "test_support.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "golden.h"
#include "width.h"

static void test_golden(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *rich = sample_rich();
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *unassessed = sample_unassessed();
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *clean = sample_clean();
    assert_golden(rich, VL_REPORT_TABLE, &plain, "rich.table");
    assert_golden(rich, VL_REPORT_TABLE, &hidden, "rich.hidden.table");
    assert_golden(unassessed, VL_REPORT_TABLE, &plain, "unassessed.table");
    assert_golden(clean, VL_REPORT_TABLE, &plain, "clean.table");
    struct vl_report_options packages = plain;
    packages.packages_only = true;
    assert_golden(rich, VL_REPORT_TABLE, &packages, "rich.packages.table");
}

static void test_not_assessed_is_not_zero(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_unassessed();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_TABLE, &plain, &out);
    assert_false(has(&out, "No open findings"));
    assert_false(has(&out, "0 findings"));
    assert_false(has(&out, "0 to fix now"));
    assert_true(has(&out, "NOT ASSESSED: there are no advisories for debian:7"));
}

/* Findings, coverage and secrets stay within the columns; the last line and commands are for copying, and
 * whole. */
static void test_width(void **state)
{
    (void)state;
    static const unsigned widths[] = {60, 80, 100, 160};
    for (size_t i = 0; i < VL_ARRAY_LEN(widths); i++) {
        struct vl_report_options options = hidden;
        options.width = widths[i];
        VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_hostile();
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        for (size_t k = 0; k < r->findings.len; k++) {
            struct vl_finding *f = vl_vec_at(&r->findings, k);
            f->id = "CVE-2026-1";                       /* ids are not cut */
            f->fixed_version = "3.0.14-1~deb12u2+els1"; /* nor are versions */
            f->title = "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字";
        }
        render(r, VL_REPORT_TABLE, &options, &out);
        struct vl_span rest = vl_buf_span(&out), line;
        size_t findings = 0;
        while (vl_span_split_line(&rest, &line)) {
            if (!vl_span_starts_with(line, "    high"))
                continue;
            findings++;
            assert_true(vl_report_columns(line) <= widths[i]);
        }
        assert_int_equal(findings, 10); /* nine findings and a secret */
    }
}

static void test_color(void **state)
{
    (void)state;
    struct vl_report_options color = plain;
    color.color = true;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_hostile();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_TABLE, &color, &out);
    assert_true(has(&out, "\033["));
    /* Every colour is switched off, and none is of the target's making. */
    assert_int_equal(count(&out, "\033["), 2 * count(&out, "\033[0m"));
    vl_buf_done(&out);
    render(r, VL_REPORT_TABLE, &hidden, &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.ptr[i] == '\n' || (unsigned char)out.ptr[i] >= 0x20);
}

static void test_large(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_many(100000, 100000);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    int64_t began = vl_time_monotonic_us();
    render(r, VL_REPORT_TABLE, &plain, &out);
    /* 10,000 packages in 5,000 sections: half a second without sanitizers; a quadratic one takes minutes. */
    assert_true(vl_time_monotonic_us() - began < 30 * INT64_C(1000000));
    assert_int_equal(count(&out, "  CVE-2026-"), 100000);
}

static void test_stray_package_is_an_error(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_package stray = {.name = "stray", .version = "1", .owner = VL_PACKAGE_NONE};
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, VL_REPORT_MAX);
    ((struct vl_finding *)vl_vec_at(&r->findings, 3))->package = &stray;
    assert_true(vl_report_write(r, VL_REPORT_TABLE, &plain, &out, &err) < 0);
    assert_non_null(strstr(err.msg, "CVE-2024-6119"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_not_assessed_is_not_zero),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_stray_package_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
