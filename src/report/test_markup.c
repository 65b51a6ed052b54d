/* tests: markup.c. Second source: XML 1.0 production [2] Char. */
#include "test_support.h"

#include "markup.h"

static void becomes(const char *text, const char *want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1000);
    vl_markup_text(&out, text);
    assert_string_equal(vl_buf_str(&out), want);
}

static void test_escapes(void **state)
{
    (void)state;
    becomes(NULL, "");
    becomes("", "");
    becomes("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;");
    becomes("]]>", "]]&gt;");
    becomes("\x01\x1b\x7f", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    becomes("\t\n", "\t\n");
    becomes("\xff\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    becomes("\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd"); /* U+FFFE, U+FFFF */
    becomes("漢💥", "漢💥");
    becomes("\xe2\x80\xaex", "\xef\xbf\xbdx"); /* text that shows backwards */
}

/* Every character: what comes out is well-formed XML. */
static void test_every_rune(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    vl_buf_init(&out, 64UL << 20);
    vl_buf_append_str(&out, "<a b=\"");
    for (uint32_t r = 1; r < 0x110000; r++) {
        char text[5] = {0};
        if (r < 0x80) {
            text[0] = (char)r;
        } else if (r < 0x800) {
            text[0] = (char)(0xc0 | r >> 6);
            text[1] = (char)(0x80 | (r & 63));
        } else if (r < 0x10000) {
            text[0] = (char)(0xe0 | r >> 12);
            text[1] = (char)(0x80 | (r >> 6 & 63));
            text[2] = (char)(0x80 | (r & 63));
        } else {
            text[0] = (char)(0xf0 | r >> 18);
            text[1] = (char)(0x80 | (r >> 12 & 63));
            text[2] = (char)(0x80 | (r >> 6 & 63));
            text[3] = (char)(0x80 | (r & 63));
        }
        vl_markup_text(&out, text);
    }
    vl_buf_append_str(&out, "\"/>");
    if (vl_xml_parse(vl_buf_span(&out), "runes", &xml, &err) < 0)
        fail_msg("%s", err.msg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_escapes), cmocka_unit_test(test_every_rune)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
