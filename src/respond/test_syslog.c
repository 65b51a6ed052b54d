#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "respond/syslog.h"

static const char *cef(struct vl_buf *out, const struct vl_notify_event *e)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_clear(out);
    if (vl_cef_write(e, out, &err) < 0)
        fail_msg("%s", err.msg);
    return vl_buf_str(out);
}

/* The escaping examples of the CEF standard: a pipe in the header, not in the extension; a backslash in both;
 * an equals sign in the extension, not in the header; line breaks in the extension only. */
static void cef_escapes(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, VL_SYSLOG_MAX);
    const struct vl_notify_fact fact = {"Cause", "detected a threat. No action needed | a=b \\ c\nsecond"};
    struct vl_notify_event e = {.topic = VL_NOTIFY_ALERT,
        .severity = VL_SEVERITY_CRITICAL,
        .title = "detected a \\ in packet | a=b\nsecond",
        .facts = &fact,
        .n_facts = 1,
        .at = 1764288000123,
        .id = "7"};
    const char *line = cef(&out, &e);
    assert_non_null(strstr(line, "CEF:0|Vallum|vallumd|"));
    assert_non_null(
        strstr(line, "|alert|detected a \\\\ in packet \\| a=b second|10|rt=1764288000123 externalId=7 "));
    /* msg keeps its line break, escaped; facts are one line. */
    assert_non_null(strstr(line, "msg=detected a \\\\ in packet | a\\=b\\nsecond cs1Label=Cause "));
    assert_non_null(strstr(line, "cs1=detected a threat. No action needed | a\\=b \\\\ c second"));
    assert_null(strchr(line, '\n'));
}

static void severities(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    /* RFC 5424 6.2.1: PRI is facility * 8 + severity; 10 is security/authorization. */
    static const struct {
        enum vl_severity severity;
        const char *begins;
    } table[] = {{VL_SEVERITY_CRITICAL, "<82>1 "}, {VL_SEVERITY_HIGH, "<83>1 "},
        {VL_SEVERITY_MEDIUM, "<84>1 "}, {VL_SEVERITY_LOW, "<85>1 "}, {VL_SEVERITY_NEGLIGIBLE, "<86>1 "}};
    vl_buf_init(&out, VL_SYSLOG_MAX);
    for (size_t i = 0; i < VL_ARRAY_LEN(table); i++) {
        vl_buf_clear(&out);
        struct vl_notify_event e = {
            .topic = VL_NOTIFY_TEST, .severity = table[i].severity, .title = "x", .at = 1764288000000};
        assert_int_equal(vl_syslog_write(&e, "vallum.example", &out, &err), 0);
        assert_true(vl_span_starts_with(vl_buf_span(&out), table[i].begins));
    }
    assert_non_null(strstr(vl_buf_str(&out), " 2025-11-28T00:00:00Z vallum.example vallumd - test [origin "));
}

static void utf8_and_host(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    struct vl_notify_event e = {.topic = VL_NOTIFY_TEST, .title = "für", .at = 1764288000000};
    vl_buf_init(&out, VL_SYSLOG_MAX);
    assert_int_equal(vl_syslog_write(&e, "two words", &out, &err), 0);
    assert_non_null(strstr(vl_buf_str(&out), "Z - vallumd - "));
    assert_non_null(strstr(vl_buf_str(&out), "] \xef\xbb\xbf"
                                             "CEF:0|")); /* RFC 5424 6.4 */
    e.title = "plain";
    vl_buf_clear(&out);
    assert_int_equal(vl_syslog_write(&e, NULL, &out, &err), 0);
    assert_non_null(strstr(vl_buf_str(&out), "] CEF:0|"));
}

/* The largest event that there can be still fits. */
static void fits(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_buf frame VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    static char text[VL_NOTIFY_TEXT_MAX + 1];
    struct vl_notify_fact facts[VL_NOTIFY_FACTS_MAX];
    memset(text, '|', sizeof(text) - 1);
    memset(text + 100, '=', sizeof(text) - 101);
    for (size_t i = 0; i < VL_NOTIFY_FACTS_MAX; i++)
        facts[i] = (struct vl_notify_fact){text, text};
    struct vl_notify_event e = {.topic = VL_NOTIFY_FINDING,
        .title = text,
        .text = text,
        .object = text,
        .base_url = "https://vallum.example",
        .id = text,
        .facts = facts,
        .n_facts = VL_NOTIFY_FACTS_MAX,
        .at = 1764288000000};
    vl_buf_init(&out, VL_SYSLOG_MAX);
    vl_buf_init(&frame, VL_SYSLOG_MAX + 16);
    assert_int_equal(vl_syslog_write(&e, "h", &out, &err), 0);
    assert_int_equal(vl_syslog_frame(VL_SPAN_LIT("<1>1 - - - - - -"), &frame, &err), 0);
    assert_string_equal(vl_buf_str(&frame), "16 <1>1 - - - - - -");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cef_escapes), cmocka_unit_test(severities),
        cmocka_unit_test(utf8_and_host), cmocka_unit_test(fits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
