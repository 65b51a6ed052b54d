/* tests: csv.c. Second sources: RFC 4180, read by a reader written here from its grammar; OWASP's list for
 * formula injection. */
#include "test_support.h"

#include <string.h>

struct reader {
    struct vl_span rest;
    struct vl_buf field;
};

/* The next field; ',' or '\n' tells what ended it, 0 is the end. */
static char next(struct reader *r)
{
    vl_buf_clear(&r->field);
    if (!r->rest.len)
        return 0;
    bool quoted = r->rest.ptr[0] == '"';
    size_t i = quoted;
    for (; i < r->rest.len; i++) {
        char c = r->rest.ptr[i];
        if (quoted && c == '"' && i + 1 < r->rest.len && r->rest.ptr[i + 1] == '"')
            i++;
        else if (quoted && c == '"')
            break;
        else if (!quoted && (c == ',' || c == '\r'))
            break;
        assert_true(quoted || c != '"');
        vl_buf_append_char(&r->field, c);
    }
    i += quoted;
    assert_true(i < r->rest.len);
    char end = r->rest.ptr[i] == '\r' ? '\n' : r->rest.ptr[i];
    if (end == '\n')
        assert_true(r->rest.ptr[++i] == '\n');
    else
        assert_int_equal(end, ',');
    r->rest = vl_span_slice(r->rest, i + 1, r->rest.len);
    return end;
}

static size_t check(
    const struct vl_scan_result *result, const struct vl_report_options *options, size_t columns)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct reader r;
    size_t records = 0, fields = 0;
    render(result, VL_REPORT_CSV, options, &out);
    r.rest = vl_buf_span(&out);
    vl_buf_init(&r.field, 1 << 20);
    for (char end; (end = next(&r)) != 0;) {
        const char *text = vl_buf_str(&r.field);
        fields++;
        text += strspn(text, " \t\r\n");
        assert_true(!*text || !strchr("=+-@", *text));
        for (; *text; text++)
            assert_true((unsigned char)*text >= 0x20);
        if (end != '\n')
            continue;
        assert_int_equal(fields, columns);
        fields = 0;
        records++;
    }
    vl_buf_done(&r.field);
    return records - 1;
}

static void test_every_sample(void **state)
{
    (void)state;
    struct vl_report_options only = plain;
    only.packages_only = true;
    struct vl_scan_result *samples[] = {
        sample_rich(), sample_hostile(), sample_clean(), sample_many(10000, 100)};
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        assert_int_equal(check(samples[i], &hidden, 22), samples[i]->findings.len);
        assert_int_equal(check(samples[i], &only, 7), samples[i]->inventory->packages.len);
        vl_scan_result_free(samples[i]);
    }
}

static void test_fields(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_CSV, &plain, &out);
    assert_true(has(&out, "\"CVE-2021-44228\",\"GHSA-jfh8-c2jp-5v3q\",\"critical\",\"ghsa\",\"maven\","));
    assert_true(
        has(&out, ",10.0,\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H\",0.97565,\"yes\",\"2026-12-03\","));
    assert_false(has(&out, "CVE-2023-24532"));
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *evil = sample_hostile();
    vl_buf_done(&out);
    render(evil, VL_REPORT_CSV, &plain, &out);
    assert_true(has(&out, "\"'=cmd()\""));
    assert_true(has(&out, "\"'=\"\"x\"\"&1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_sample), cmocka_unit_test(test_fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
