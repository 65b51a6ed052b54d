/* tests: wesng.c starter.c rows.c. CSV by RFC 4180, columns of bitsadmin/wesng. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "test_support.h"

#define HEADER                                                                                   \
    "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\"," \
    "\"Severity\","                                                                              \
    "\"Impact\",\"Supersedes\",\"Exploits\"\r\n"

static void test_csv(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_wesng, NULL,
        HEADER
        "\"20211214\",\"CVE-2019-0887\",\"5008223\",\"A \"\"quoted\"\", title\",\"Windows Server "
        "2022\",\"Core\","
        "\"Important\",\"RCE\",\"5007205;5007206\",\"\"\r\n"
        "\"20211214\",\"CVE-2019-0887\",\"5008218\",\"A\",\"Windows Server "
        "2019\",\"Core\",\"Important\",\"\",\"\",\r\n"
        "\"20220101\",\"\",\"5009000\",\"B\",\"Windows Server 2022\",\"\",\"\",\"\",\"5008223\",\r\n"
        "\"20220101\",\"CVE-2022-0001\",\"Release Notes\",\"C\",\"Microsoft Edge\",\"\",\"\",\"\",\"\",\r\n",
        "CVE-2019-0887 ~microsoft:Important 2021-12-14 | Windows Server 2022 KB5008223 >5007205 >5007206 | "
        "Windows Server 2019 KB5008218\nwindows-updates | Windows Server 2022 KB5009000 >5008223\n");
    struct feed_run run;
    feed_run(&run, vl_feed_parse_wesng, NULL, "a,b,c\n");
    assert_int_equal(run.err.code, VL_ERR_INVALID);
    feed_run_done(&run);
}

static void test_starter(void **state)
{
    (void)state;
    assert_feed(vl_feed_parse_starter, NULL,
        "# comment\n"
        "CVE-2019-10744\tGHSA-jf85-cpcp-j695\tnpm\tlodash\t-\t4.17.12\t-\t-\tcritical\t-\t2019-07-10\t1321 "
        "20\tT\n"
        "CVE-2020-0001\t-\tdebian:12\tzlib\t-\t-\t-\tnot_fixed\tlow\t-\t-\t-\t-\n",
        "CVE-2019-10744 =GHSA-jf85-cpcp-j695 ~ghsa:critical cwe1321 cwe20 2019-07-10 | npm lodash "
        "[,4.17.12)\n"
        "CVE-2020-0001 ~debian:low | debian:12 zlib [,) {not_fixed}\n");
    struct feed_run run;
    feed_run(&run, vl_feed_parse_starter, NULL, "CVE-1\n");
    assert_true(run.result < 0);
    feed_run_done(&run);
    feed_run(&run, vl_feed_parse_starter, NULL, "@date\t2026-08-22\n-\t-\tnpm\tms\n");
    assert_int_equal(run.result, 0);
    assert_int_equal(run.sink.complete_ms, 1787356800000); /* date -u -d 2026-08-22 +%s */
    assert_string_equal(vl_buf_str(&run.text), " | npm ms [,)\n");
    feed_run_done(&run);
    feed_run(&run, vl_feed_parse_starter, NULL, "@date\tsome day\n");
    assert_true(run.result < 0);
    feed_run_done(&run);
}

/* Every feed of the table that is built in has a parser. */
static void test_table(void **state)
{
    (void)state;
    struct vl_span rest = vl_feed_rows();
    struct vl_feed_row row;
    size_t n = 0;
    while (vl_feed_row_next(&rest, &row)) {
        assert_non_null(vl_feed_kind_find(row.kind));
        assert_true(row.title.len > 0);
        n++;
    }
    assert_true(n >= 15);
    assert_null(vl_feed_kind_find(VL_SPAN_LIT("nothing")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv), cmocka_unit_test(test_starter), cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
