/* Private: what the fuzzers of documents do with what was accepted. */
#ifndef VL_CODEC_DOC_FUZZ_H
#define VL_CODEC_DOC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "codec/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every accessor on every node; what the header promises must hold. Depth is bounded by VL_DOC_DEPTH_MAX. */
VL_UNUSED static void doc_fuzz_walk(const struct vl_doc_node *parent)
{
    size_t n = 0;
    for (const struct vl_doc_node *c = vl_doc_first(parent); c; c = vl_doc_next(c), n++) {
        struct vl_span key = vl_doc_key(c), text = vl_doc_text(c);
        int64_t i;
        double d;
        if (vl_doc_is(parent, VL_DOC_OBJECT) && vl_doc_get_span(parent, key) != c)
            abort();
        if (!vl_utf8_valid(key) || !vl_utf8_valid(text) || (text.ptr && text.ptr[text.len] != '\0'))
            abort();
        if (vl_doc_is(c, VL_DOC_INT) != vl_doc_int(c, &i))
            abort();
        enum vl_doc_type type = vl_doc_type(c);
        bool number = type == VL_DOC_INT || type == VL_DOC_UINT || type == VL_DOC_FLOAT;
        if (vl_doc_number(c, &d) != number)
            abort();
        if (vl_doc_whole(c, &i) && (type != VL_DOC_FLOAT || d != (double)i))
            abort();
        if (vl_doc_is(parent, VL_DOC_ARRAY) && n < 16 && vl_doc_at(parent, n) != c) /* it is linear */
            abort();
        if (vl_doc_is(c, VL_DOC_STRING) != (vl_doc_span(c).ptr != NULL) || *vl_doc_type_name(type) == '\0')
            abort();
        if (vl_doc_line(c) == 0 || vl_doc_column(c) == 0)
            abort();
        (void)vl_doc_bool(c);
        doc_fuzz_walk(c);
    }
    if (n != vl_doc_size(parent))
        abort();
}

VL_UNUSED static int doc_fuzz_each(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)user, (void)err;
    doc_fuzz_walk(vl_doc_root(doc));
    vl_doc_free(doc);
    return 0;
}

VL_UNUSED static void doc_fuzz_parse(const uint8_t *data, size_t size, enum vl_doc_format format)
{
    struct vl_span text = {(const char *)data, size};
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc;
    if (vl_doc_parse(text, format, "fuzz", &doc, &err) >= 0)
        (void)doc_fuzz_each(doc, NULL, NULL);
    else if (err.code == VL_ERR_NONE || err.msg[0] == '\0')
        abort();
    if (vl_doc_parse_stream(text, format, "fuzz", doc_fuzz_each, NULL, &err) < 0)
        vl_err_clear(&err);
}

#endif
