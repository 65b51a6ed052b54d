#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/xml.h"

static struct vl_xml *parse(struct vl_span text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_xml *xml = NULL;
    if (vl_xml_parse(text, "t", &xml, &err) < 0)
        fail_msg("%s", err.msg);
    return xml;
}

static void refuse(struct vl_span text, enum vl_err_code code, const char *message)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_xml *xml = NULL;
    assert_true(vl_xml_parse(text, "t", &xml, &err) < 0);
    assert_null(xml);
    if (err.code != code || !strstr(err.msg, message))
        fail_msg("%s: %s", vl_err_code_name(err.code), err.msg);
}

static void assert_span(struct vl_span s, const char *want)
{
    if (!vl_span_eq_str(s, want))
        fail_msg("\"%.*s\" is not \"%s\"", VL_SPAN_FMT(s), want);
}

static void test_pom(void **state)
{
    (void)state;
    struct vl_xml *xml =
        parse(VL_SPAN_LIT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                          "<!-- c --><m:project xmlns:m=\"http://maven.apache.org/POM/4.0.0\"\n"
                          "  xmlns=\"x\" m:a='prefixed' a='own' b=\"&lt;&#x41;&amp;\">\n"
                          "  <artifactId> demo&gt;\n</artifactId>\n"
                          "  <m:version>1<![CDATA[<2>]]>3</m:version>\n"
                          "  <artifactId>second</artifactId><empty/>\n"
                          "  tail <b>x</b> text\n"
                          "</m:project>\n"));
    const struct vl_xml_node *root = vl_xml_root(xml);
    assert_span(vl_xml_name(root), "project");
    assert_span(vl_xml_attr(root, "a"), "own");
    assert_span(vl_xml_attr(root, "b"), "<A&");
    assert_null(vl_xml_attr(root, "m").ptr);
    const struct vl_xml_node *id = vl_xml_child(root, "artifactId");
    assert_span(vl_xml_text(id), "demo>");
    assert_int_equal(vl_xml_line(root), 2);
    assert_int_equal(vl_xml_line(id), 4);
    assert_span(vl_xml_text(vl_xml_child(root, "version")), "1<2>3");
    assert_span(vl_xml_text(vl_xml_next(vl_xml_next(id))), "second");
    assert_span(vl_xml_text(vl_xml_child(root, "empty")), "");
    assert_null(vl_xml_first(vl_xml_child(root, "empty")));
    assert_null(vl_xml_child(root, "nothing"));
    assert_non_null(strstr(vl_xml_text(root).ptr, "tail"));
    vl_xml_free(xml);
}

static void test_absent_nodes(void **state)
{
    (void)state;
    assert_null(vl_xml_root(NULL));
    assert_null(vl_xml_first(vl_xml_child(vl_xml_next(NULL), "a")));
    assert_int_equal(vl_xml_attr(NULL, "a").len + vl_xml_text(NULL).len + vl_xml_name(NULL).len, 0);
    assert_int_equal(vl_xml_line(NULL), 0);
    vl_xml_free(NULL);
}

static void test_encodings(void **state)
{
    (void)state;
    static const struct vl_span inputs[] = {
        VL_SPAN_LIT("\xef\xbb\xbf<a>\xc3\xa9</a>"),
        VL_SPAN_LIT("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>"),
        VL_SPAN_LIT("\xff\xfe<\0a\0>\0\xe9\0<\0/\0a\0>\0"),
        VL_SPAN_LIT("\xfe\xff\0<\0a\0>\0\xe9\0<\0/\0a\0>"),
        VL_SPAN_LIT("<a>&#233;</a>"),
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(inputs); i++) {
        struct vl_xml *xml = parse(inputs[i]);
        assert_span(vl_xml_text(vl_xml_root(xml)), "\xc3\xa9");
        vl_xml_free(xml);
    }
    refuse(VL_SPAN_LIT("<a>\xe9</a>"), VL_ERR_INVALID, "t:1:4");
    refuse(VL_SPAN_LIT("<?xml version='1.0' encoding='KOI8-R'?><a/>"), VL_ERR_UNSUPPORTED, "encoding");
}

static void test_dtd_does_nothing(void **state)
{
    (void)state;
    struct vl_xml *xml = parse(VL_SPAN_LIT("<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
                                           "\"file:///etc/passwd\" [<!ATTLIST plist x CDATA 'default'>]>"
                                           "<plist version='1.0'/>"));
    assert_null(vl_xml_attr(vl_xml_root(xml), "x").ptr);
    assert_span(vl_xml_attr(vl_xml_root(xml), "version"), "1.0");
    vl_xml_free(xml);
    refuse(VL_SPAN_LIT("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
        VL_ERR_UNSUPPORTED, "entity");
    refuse(VL_SPAN_LIT("<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
                       "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><a b='&c;'/>"),
        VL_ERR_UNSUPPORTED, "entity");
    refuse(VL_SPAN_LIT("<!DOCTYPE a SYSTEM 'x'><a>&nbsp;</a>"), VL_ERR_INVALID, "entity");
    refuse(VL_SPAN_LIT("<!DOCTYPE a SYSTEM 'x' [<!ENTITY % p SYSTEM 'y'> %p;]><a/>"), VL_ERR_UNSUPPORTED,
        "entity");
    refuse(VL_SPAN_LIT("<a>&nbsp;</a>"), VL_ERR_INVALID, "undefined entity");
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct vl_span inputs[] = {
        VL_SPAN_LIT(""),
        VL_SPAN_LIT("   "),
        VL_SPAN_LIT("text"),
        VL_SPAN_LIT("<a>"),
        VL_SPAN_LIT("<a></b>"),
        VL_SPAN_LIT("<a/><b/>"),
        VL_SPAN_LIT("<a b='1' b='2'/>"),
        VL_SPAN_LIT("<a b=1/>"),
        VL_SPAN_LIT("<a>&#0;</a>"),
        VL_SPAN_LIT("<a>\0</a>"),
        VL_SPAN_LIT("<a>]]></a>"),
        VL_SPAN_LIT("<a/>trailing"),
        VL_SPAN_LIT("<!-- -- --><a/>"),
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(inputs); i++)
        refuse(inputs[i], VL_ERR_INVALID, "t:1:");
}

static void test_depth_limit(void **state)
{
    (void)state;
    for (int levels = VL_XML_DEPTH_MAX; levels <= VL_XML_DEPTH_MAX + 1; levels++) {
        struct vl_buf text;
        vl_buf_init(&text, 1 << 20);
        for (int i = 0; i < levels; i++)
            vl_buf_append_str(&text, "<a>");
        for (int i = 0; i < levels; i++)
            vl_buf_append_str(&text, "</a>");
        if (levels <= VL_XML_DEPTH_MAX)
            vl_xml_free(parse(vl_buf_span(&text)));
        else
            refuse(vl_buf_span(&text), VL_ERR_LIMIT, "nested too deep");
        vl_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pom),
        cmocka_unit_test(test_absent_nodes),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_dtd_does_nothing),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_depth_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
