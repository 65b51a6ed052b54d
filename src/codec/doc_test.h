/* Private: what the tests of documents share. */
#ifndef VL_CODEC_DOC_TEST_H
#define VL_CODEC_DOC_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "codec/doc.h"

VL_UNUSED static struct vl_doc *doc_of_span(struct vl_span text, enum vl_doc_format format)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(text, format, "t", &doc, &err) < 0)
        fail_msg("%s\n%.*s", err.msg, VL_SPAN_FMT(text));
    return doc;
}

VL_UNUSED static struct vl_doc *doc_of_text(const char *text, enum vl_doc_format format)
{
    return doc_of_span(vl_span_str(text), format);
}

/* `message` is a part of the error's. */
VL_UNUSED static void assert_refused(
    struct vl_span text, enum vl_doc_format format, enum vl_err_code code, const char *message)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(text, format, "t", &doc, &err) >= 0)
        fail_msg("accepted: %.*s", VL_SPAN_FMT(text));
    assert_null(doc);
    if (err.code != code || err.err >= 0 || (message && !strstr(err.msg, message)))
        fail_msg("%s: %s\n%.*s", vl_err_code_name(err.code), err.msg, VL_SPAN_FMT(text));
}

VL_UNUSED static void assert_text(struct vl_span s, const char *want)
{
    if (!vl_span_eq_str(s, want))
        fail_msg("\"%.*s\" is not \"%s\"", VL_SPAN_FMT(s), want);
    assert_int_equal(s.ptr[s.len], '\0');
}

VL_UNUSED static void assert_int(const struct vl_doc_node *n, int64_t want)
{
    int64_t v = 0;
    if (!vl_doc_int(n, &v) || v != want)
        fail_msg("%lld is not %lld", (long long)v, (long long)want);
}

VL_UNUSED static void assert_place(const struct vl_doc_node *n, uint32_t line, uint32_t column)
{
    if (vl_doc_line(n) != line || vl_doc_column(n) != column)
        fail_msg("%u:%u is not %u:%u", vl_doc_line(n), vl_doc_column(n), line, column);
}

/* A short way to write an expected tree: "{a:1,b:[\"x\",~,true,2.5]}"; strings in quotes, numbers as written.
 */
VL_UNUSED static void doc_outline(const struct vl_doc_node *n, struct vl_buf *out)
{
    bool object = vl_doc_is(n, VL_DOC_OBJECT);
    if (object || vl_doc_is(n, VL_DOC_ARRAY)) {
        vl_buf_append_char(out, object ? '{' : '[');
        for (const struct vl_doc_node *c = vl_doc_first(n); c; c = vl_doc_next(c)) {
            if (c != vl_doc_first(n))
                vl_buf_append_char(out, ',');
            if (object) {
                vl_buf_append_span(out, vl_doc_key(c));
                vl_buf_append_char(out, ':');
            }
            doc_outline(c, out);
        }
        vl_buf_append_char(out, object ? '}' : ']');
    } else if (vl_doc_is(n, VL_DOC_STRING)) {
        vl_buf_append_char(out, '"');
        vl_buf_append_span(out, vl_doc_span(n));
        vl_buf_append_char(out, '"');
    } else if (vl_doc_is(n, VL_DOC_NULL)) {
        vl_buf_append_char(out, '~');
    } else if (vl_doc_is(n, VL_DOC_BOOL)) {
        vl_buf_append_str(out, vl_doc_bool(n) ? "true" : "false");
    } else {
        vl_buf_append_span(out, vl_doc_text(n));
    }
}

VL_UNUSED static void assert_outline(struct vl_span text, enum vl_doc_format format, const char *want)
{
    struct vl_doc *doc = doc_of_span(text, format);
    struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    doc_outline(vl_doc_root(doc), &out);
    if (strcmp(vl_buf_str(&out), want) != 0)
        fail_msg("%.*s\nis  %s\nnot %s", VL_SPAN_FMT(text), vl_buf_str(&out), want);
    vl_buf_done(&out);
    vl_doc_free(doc);
}

#endif
