/* tests: report.c. With --write DIR it writes every sample in every format into files of that folder, for
 * tests/functional/test_reports. */
#include "test_support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void test_names(void **state)
{
    (void)state;
    enum vl_report_format format;
    for (unsigned i = 0; i < VL_REPORT_FORMAT_COUNT; i++) {
        assert_true(
            vl_report_format_parse(vl_span_str(vl_report_format_name((enum vl_report_format)i)), &format));
        assert_int_equal(format, i);
    }
    assert_true(vl_report_format_parse(VL_SPAN_LIT("SARIF"), &format));
    assert_false(vl_report_format_parse(VL_SPAN_LIT("xml"), &format));
    assert_string_equal(vl_report_format_name((enum vl_report_format)99), "unknown");
    assert_string_equal(vl_report_status_name(VL_FINDING_OS_JUDGED), "os_judged");
    assert_string_equal(vl_report_kind_name((enum vl_target_kind)99), "unknown");
    assert_string_equal(vl_report_assessed_name((enum vl_assessed)99), "not_assessed");
}

static void summary_is(struct vl_scan_result *r, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, VL_REPORT_MAX);
    assert_int_equal(vl_report_summary_line(r, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), text);
    vl_scan_result_free(r);
}

/* The line of the issue, letter by letter. */
static void test_summary_of_the_issue(void **state)
{
    (void)state;
    static const struct vl_kev kev = {0, INT64_C(1796256000000), false};
    struct vl_scan_result *r = sample_many(269, 269);
    for (size_t i = 0; i < r->findings.len; i++) {
        struct vl_finding *f = vl_vec_at(&r->findings, i);
        f->severity = i < 4 ? VL_SEVERITY_CRITICAL : VL_SEVERITY_HIGH;
        f->fixed_version = i < 61 ? "2" : NULL;
        f->state = i < 61 ? VL_FIX_FIXED : VL_FIX_NONE;
        f->kev = i == 2 ? &kev : NULL;
    }
    r->coverage.packages = 143;
    r->coverage.unidentified = 2;
    summary_is(r,
        "4 to fix now (1 exploited, due 3 Dec) · 61 fixable · 208 without fix · 143 packages, 2 binaries "
        "unidentified · advisories of 2026-11-21");
}

static void test_summary_says_what_is_not_known(void **state)
{
    (void)state;
    struct vl_scan_result *r = sample_unassessed();
    summary_is(r, "NOT ASSESSED: there are no advisories for debian:7 · 1 package");
    summary_is(
        sample_clean(), "0 to fix now · 0 fixable · 0 without fix · 1 package · advisories of 2026-11-21");
    r = sample_unassessed();
    r->coverage.why_not = NULL;
    summary_is(r, "NOT ASSESSED: there is no advisory data · 1 package");
    r = sample_clean();
    r->coverage.unidentified = 1;
    r->coverage.assessed = VL_ASSESSED_PARTIAL;
    summary_is(r,
        "0 to fix now · 0 fixable · 0 without fix · 1 package, 1 binary unidentified · advisories of "
        "2026-11-21 · PARTIAL: see the notes");
    summary_is(sample_rich(),
        "2 to fix now (1 exploited, due 3 Dec) · 6 fixable · 7 without fix · 4 hidden · 10 packages, 2 "
        "binaries unidentified · advisories of 2026-11-21 · PARTIAL: app/broken.jar could not be read");
}

static void test_counts(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    struct vl_report_counts c = vl_report_count(r);
    assert_int_equal(c.open, 13);
    assert_int_equal(c.fixable + c.without_fix, c.open);
    assert_int_equal(c.hidden, 4);
    assert_int_equal(c.in_baseline, 1);
    assert_int_equal(c.by_severity[VL_SEVERITY_CRITICAL], 3);
    assert_int_equal(c.by_severity[VL_SEVERITY_UNKNOWN], 1);
}

static void test_days_and_urls(void **state)
{
    (void)state;
    char day[VL_REPORT_DAY_MAX], url[256], *long_id = NULL;
    assert_string_equal(vl_report_day(INT64_C(1796256000000), INT64_C(1795507200000), day), "3 Dec");
    assert_string_equal(vl_report_day(INT64_C(1796256000000), INT64_C(1700000000000), day), "3 Dec 2026");
    assert_string_equal(vl_report_day(INT64_MAX, 0, day), "");
    assert_string_equal(
        vl_report_id_url("CVE-2021-44228", url), "https://nvd.nist.gov/vuln/detail/CVE-2021-44228");
    assert_null(vl_report_id_url("DSA-1", url));
    assert_null(vl_report_id_url("CVE-1\"><script>", url));
    long_id = test_calloc(1, 400);
    memset(long_id, 'A', 399);
    memcpy(long_id, "CVE-", 4);
    assert_null(vl_report_id_url(long_id, url));
    test_free(long_id);
    assert_true(vl_report_is_url("https://example.org/a?b=c#d"));
    assert_false(vl_report_is_url("javascript:alert(1)"));
    assert_false(vl_report_is_url("https://x/\" onclick=\"y"));
    assert_false(vl_report_is_url("https://"));
    assert_false(vl_report_is_url("ftp://x/y"));
}

static void test_every_format_of_every_sample(void **state)
{
    (void)state;
    struct vl_scan_result *samples[] = {
        sample_rich(), sample_hostile(), sample_unassessed(), sample_clean(), sample_many(10000, 3000)};
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        for (unsigned format = 0; format < VL_REPORT_FORMAT_COUNT; format++) {
            struct vl_report_options options = hidden;
            VL_CLEANUP(vl_buf_done) struct vl_buf out, again;
            render(samples[i], (enum vl_report_format)format, &options, &out);
            render(samples[i], (enum vl_report_format)format, &options, &again);
            /* The same result gives the same bytes. */
            assert_int_equal(out.len, again.len);
            assert_memory_equal(out.ptr, again.ptr, out.len);
            options.packages_only = true;
            vl_buf_done(&out);
            render(samples[i], (enum vl_report_format)format, &options, &out);
        }
        vl_scan_result_free(samples[i]);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1000);
    assert_int_equal(vl_report_write(r, VL_REPORT_FORMAT_COUNT, &plain, &out, &err), -EINVAL);
    for (unsigned format = 0; format < VL_REPORT_FORMAT_COUNT; format++) {
        vl_err_clear(&err);
        vl_buf_clear(&out);
        assert_int_equal(vl_report_write(r, (enum vl_report_format)format, &plain, &out, &err), -E2BIG);
        assert_int_equal(err.code, VL_ERR_LIMIT);
    }
}

static int write_file(const char *folder, const char *sample, const char *suffix, const struct vl_buf *out)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.%s", folder, sample, suffix);
    FILE *f = fopen(path, "w");
    size_t n = f ? fwrite(vl_buf_str(out), 1, out->len, f) : 0;
    return f && fclose(f) == 0 && n == out->len ? 0 : 1;
}

static int write_samples(const char *folder)
{
    struct {
        const char *name;
        struct vl_scan_result *result;
    } samples[] = {{"rich", sample_rich()}, {"hostile", sample_hostile()},
        {"unassessed", sample_unassessed()}, {"clean", sample_clean()}, {"many", sample_many(10000, 3000)}};
    int failed = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        for (unsigned n = 0; n < 3 * VL_REPORT_FORMAT_COUNT; n++) {
            static const char *const variants[] = {"", "hidden.", "packages."};
            struct vl_report_options options = n / VL_REPORT_FORMAT_COUNT == 1 ? hidden : plain;
            enum vl_report_format format = (enum vl_report_format)(n % VL_REPORT_FORMAT_COUNT);
            char suffix[64];
            VL_CLEANUP(vl_buf_done) struct vl_buf out;
            options.packages_only = n / VL_REPORT_FORMAT_COUNT == 2;
            render(samples[i].result, format, &options, &out);
            snprintf(suffix, sizeof(suffix), "%s%s", variants[n / VL_REPORT_FORMAT_COUNT],
                vl_report_format_name(format));
            failed |= write_file(folder, samples[i].name, suffix, &out);
        }
        vl_scan_result_free(samples[i].result);
    }
    return failed;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_summary_of_the_issue),
        cmocka_unit_test(test_summary_says_what_is_not_known),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_days_and_urls),
        cmocka_unit_test(test_every_format_of_every_sample),
        cmocka_unit_test(test_refused),
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_samples(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
