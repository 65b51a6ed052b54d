/* The first line is the expression, the rest the document. What comes out must be JSON that reads back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "codec/jmespath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span rest = {(const char *)data, size};
    struct vl_span line;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_jmespath_cleanup) struct vl_jmespath *expression = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *again = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json json;
    vl_buf_init(&out, 1024UL * 1024);
    if (!vl_span_split(&rest, '\n', &line) || vl_jmespath_compile(line, &expression, &err) < 0)
        return 0;
    if (vl_doc_parse(rest, VL_DOC_JSON, "document", &doc, &err) < 0)
        return 0;
    vl_json_init(&json, &out, false);
    if (vl_jmespath_search(expression, vl_doc_root(doc), &json, &err) < 0 ||
        vl_json_check(&json, "result", &err) < 0)
        return 0;
    if (vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "result", &again, &err) < 0)
        abort();
    return 0;
}
