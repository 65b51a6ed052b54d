/* What a mail is made of; tests/functional/test_notify has a real server and another's reader take whole
 * ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "respond/mail.h"

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a@b", "john.doe+tag@mail.example.org", "o'brien@example.org", "x_y@127"};
    static const char *const bad[] = {"", "@", "a@", "@b", "a b@c", "a@b c", "a@b\r\nRCPT TO:<x@y>", "<a@b>",
        "a,b@c", "a@b,c@d", "\"a b\"@c", "a@[127.0.0.1]", ".a@b", "a.@b", "a..b@c", "a@b.", "a@.b", "ä@b",
        "a@b>", "a(c)@b", "a\\@b", "a;b@c"};
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++)
        if (!vl_mail_address_is(vl_span_str(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        if (vl_mail_address_is(vl_span_str(bad[i])))
            fail_msg("taken: %s", bad[i]);
}

static const char *quoted(struct vl_buf *out, const char *text)
{
    vl_buf_clear(out);
    vl_mail_quoted_printable(out, vl_span_str(text));
    return vl_buf_str(out);
}

/* RFC 2045 6.7: "=" and bytes over 126 are digits in capitals; no space at the end of a line; 76 characters
 * at most,
 * "=" for a soft break among them. */
static void quoted_printable(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_span rest, line;
    static char text[1000];
    vl_buf_init(&out, 1 << 16);
    assert_string_equal(quoted(&out, "a=b"), "a=3Db\r\n");
    assert_string_equal(quoted(&out, "für "), "f=C3=BCr=20\r\n");
    assert_string_equal(quoted(&out, "a\n\n.\nFrom x\n"), "a\r\n\r\n=2E\r\n=46rom x\r\n");
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = i % 5 == 0 ? '=' : i % 7 == 0 ? ' ' : '.';
    rest = vl_span_str(quoted(&out, text));
    while (vl_span_split(&rest, '\n', &line)) {
        assert_true(line.len <= 77); /* 76 and a CR */
        assert_false(vl_span_starts_with(line, "."));
        assert_false(vl_span_ends_with(line, " \r"));
    }
    memset(text, 'x', 76); /* exactly one line */
    text[76] = '\0';
    assert_null(strchr(quoted(&out, text), '='));
}

static const char *header(struct vl_buf *out, const char *text)
{
    vl_buf_clear(out);
    vl_mail_header(out, "Subject", text);
    return vl_buf_str(out);
}

static void headers(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_span rest, line;
    static char text[400];
    vl_buf_init(&out, 1 << 16);
    assert_string_equal(header(&out, "plain"), "Subject: plain\r\n");
    /* RFC 2047 8: what looks like an encoded word is written as one. */
    assert_string_equal(header(&out, "a =?b"), "Subject: =?UTF-8?B?YSA9P2I=?=\r\n");
    assert_string_equal(header(&out, "ü"), "Subject: =?UTF-8?B?w7w=?=\r\n");
    assert_null(strstr(header(&out, "x\r\nBcc: a@b"), "\r\nBcc"));
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = i % 9 == 8 ? ' ' : 'w';
    for (int round = 0; round < 2; round++) {
        rest = vl_span_str(header(&out, text));
        for (size_t n = 0; vl_span_split(&rest, '\n', &line); n++) {
            assert_true(line.len <= 78 + 1);
            assert_true(vl_span_ends_with(line, "\r"));
            assert_true(n == 0 || line.ptr[0] == ' ');
        }
        memset(text, 'w', sizeof(text) - 1); /* one word that cannot be folded */
    }
}

static void dates(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 100);
    vl_mail_date(&out, 1764297000000);
    assert_string_equal(vl_buf_str(&out), "Fri, 28 Nov 2025 02:30:00 +0000");
    vl_buf_clear(&out);
    vl_mail_date(&out, 951782400000); /* a leap day */
    assert_string_equal(vl_buf_str(&out), "Tue, 29 Feb 2000 00:00:00 +0000");
}

static void whole(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    const struct vl_notify_fact fact = {"Image<script>", "x\r\n.\r\n--=_vallum--"};
    const struct vl_mail_held held = {"earlier\r\nBcc: x@y", VL_SEVERITY_HIGH, 1764288000000};
    struct vl_notify_event e = {.topic = VL_NOTIFY_ALERT,
        .severity = VL_SEVERITY_HIGH,
        .title = "one\r\nBcc: victim@example.org",
        .facts = &fact,
        .n_facts = 1,
        .id = "7>\r\nX: y",
        .at = 1764288000000};
    struct vl_mail mail = {.from = "vallum@example.org",
        .to = "a@example.org",
        .domain = "vallum.example",
        .event = &e,
        .held = &held,
        .n_held = 1,
        .total_held = 3,
        .now = 1764288000000};
    vl_buf_init(&out, VL_MAIL_MAX);
    assert_int_equal(vl_mail_write(&mail, &out, &err), 0);
    const char *text = vl_buf_str(&out);
    assert_null(strstr(text, "\nBcc"));
    assert_null(strstr(text, "\nX: y"));
    assert_non_null(strstr(text, "\r\nMessage-ID: <7---X--y@vallum.example>\r\n"));
    assert_null(strstr(strstr(text, "text/html"), "<script>"));
    assert_non_null(strstr(text, "and 2 more."));
    assert_non_null(strstr(text, "\r\nSubject: [high] one  Bcc: victim@example.org\r\n"));
    /* The boundary stands only where it was put: two parts and the end. */
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, "\r\n--=_vallum")) != NULL; p++)
        n++;
    assert_int_equal(n, 3);
    for (size_t i = 0; i < out.len; i++)
        if (out.ptr[i] == '\n' && (i == 0 || out.ptr[i - 1] != '\r'))
            fail_msg("a bare line feed at %zu", i);
    mail.to = "a@b>\r\nRCPT TO:<x@y";
    assert_true(vl_mail_write(&mail, &out, &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(quoted_printable),
        cmocka_unit_test(headers), cmocka_unit_test(dates), cmocka_unit_test(whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
