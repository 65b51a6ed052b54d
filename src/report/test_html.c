/* tests: html.c html_page.c html_rest.c. Second source: CSP level 3 (hashes of inline script and style); a
 * browser reads the page in tests/functional/test_reports. */
#include "test_support.h"

#include <string.h>

#include "codec/digest.h"

/* What stands between the first `open` and the next `close`. */
static struct vl_span between(const struct vl_buf *text, const char *open, const char *close)
{
    struct vl_span s = vl_buf_span(text);
    size_t from = vl_span_find(s, vl_span_str(open));
    assert_true(from != SIZE_MAX);
    s = vl_span_slice(s, from + strlen(open), s.len);
    size_t to = vl_span_find(s, vl_span_str(close));
    assert_true(to != SIZE_MAX);
    return vl_span_slice(s, 0, to);
}

static void assert_hash(const struct vl_buf *page, const char *directive, struct vl_span content)
{
    struct vl_digest d;
    VL_CLEANUP(vl_buf_done) struct vl_buf want;
    vl_buf_init(&want, 1000);
    vl_digest_compute(VL_DIGEST_SHA256, content, &d);
    vl_buf_printf(&want, "%s 'sha256-", directive);
    vl_base64_encode((struct vl_span){(const char *)d.bytes, 32}, &want);
    vl_buf_append_str(&want, "';");
    assert_true(has(page, vl_buf_str(&want)));
}

static void test_self_contained(void **state)
{
    (void)state;
    struct vl_scan_result *samples[] = {sample_rich(), sample_hostile(), sample_unassessed(), sample_clean()};
    static const char *const loads[] = {"<link", "<img", "<iframe", "<object", "<embed", " src=", "url(",
        "@import", "fetch(", "XMLHttpRequest", "import(", " onclick", " onerror", " style=", "javascript:"};
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf page;
        render(samples[i], VL_REPORT_HTML, &hidden, &page);
        for (size_t k = 0; k < VL_ARRAY_LEN(loads) && i != 1; k++)
            assert_false(has(&page, loads[k]));
        assert_int_equal(count(&page, "<script"), 1);
        assert_int_equal(count(&page, "<style"), 1);
        assert_int_equal(count(&page, "<img"), 0);
        assert_true(has(&page, "default-src 'none'"));
        assert_hash(&page, "style-src", between(&page, "<style>", "</style>"));
        assert_hash(&page, "script-src", between(&page, "<script>", "</script>"));
        vl_scan_result_free(samples[i]);
    }
}

/* Every link leads to http(s), whatever the advisory data say. */
static void test_links(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_hostile();
    VL_CLEANUP(vl_buf_done) struct vl_buf page;
    render(r, VL_REPORT_HTML, &hidden, &page);
    assert_int_equal(count(&page, "href=\""), count(&page, "href=\"https://"));
    assert_false(has(&page, "javascript:alert(1)\""));
}

static void test_first_screen(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf page;
    render(r, VL_REPORT_HTML, &plain, &page);
    struct vl_span s = vl_buf_span(&page);
    size_t todo = vl_span_find(s, VL_SPAN_LIT("What to do first")),
           findings = vl_span_find(s, VL_SPAN_LIT("id=\"findings\""));
    assert_true(todo < findings);
    assert_true(has(&page, "<b>2</b><span>to fix now</span><small>1 exploited, due 3 Dec</small>"));
    assert_true(has(&page, "<b>Partial.</b>app/broken.jar could not be read"));
    assert_true(has(&page, "<b>Gate failed.</b>severity&gt;=high: 5"));
    assert_int_equal(count(&page, "<tr data-sev="), 13);
    assert_false(has(&page, "CVE-2023-24532"));
    vl_buf_done(&page);
    render(r, VL_REPORT_HTML, &hidden, &page);
    assert_int_equal(count(&page, "<tr class=\"closed\""), 4);
}

static void test_not_assessed(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_unassessed();
    VL_CLEANUP(vl_buf_done) struct vl_buf page;
    render(r, VL_REPORT_HTML, &plain, &page);
    assert_true(has(&page, "<b>Not assessed.</b>there are no advisories for debian:7"));
    assert_false(has(&page, "to fix now"));
    assert_false(has(&page, "could fix today"));
    assert_false(has(&page, "Open findings by severity"));
    assert_false(has(&page, ">none<"));
}

static void test_nothing_found(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_clean();
    VL_CLEANUP(vl_buf_done) struct vl_buf page, partial;
    render(r, VL_REPORT_HTML, &plain, &page);
    assert_true(has(&page, "No open findings.</p>"));
    r->coverage.assessed = VL_ASSESSED_PARTIAL;
    render(r, VL_REPORT_HTML, &plain, &partial);
    assert_true(has(&partial, "No open findings in the part that could be assessed."));
}

static void test_large(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_many(10000, 10000);
    VL_CLEANUP(vl_buf_done) struct vl_buf page;
    render(r, VL_REPORT_HTML, &plain, &page);
    assert_int_equal(count(&page, "<tr data-sev="), 10000);
    assert_true(page.len < 16000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_contained),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_first_screen),
        cmocka_unit_test(test_not_assessed),
        cmocka_unit_test(test_nothing_found),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
