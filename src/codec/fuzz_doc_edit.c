/* First line: "add|replace|remove POINTER JSON"; the rest is the text. Whatever comes out has been verified
 * by vl_doc_edit() itself; here memory, time and the promise that a refusal leaves the output alone are
 * looked at. */
#include <stdlib.h>

#include "codec/doc_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span text = {(const char *)data, size}, line, op, pointer;
    if (!vl_span_split(&text, '\n', &line) || !vl_span_split(&line, ' ', &op) ||
        !vl_span_split(&line, ' ', &pointer) || pointer.len > VL_DOC_EDIT_POINTER)
        return 0;
    char name[VL_DOC_EDIT_POINTER + 1];
    for (size_t i = 0; i < pointer.len; i++)
        name[i] = pointer.ptr[i] ? pointer.ptr[i] : '0';
    name[pointer.len] = 0;
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_doc_change change = {VL_DOC_CHANGE_REMOVE, name, NULL};
    if (!vl_span_eq_str(op, "remove")) {
        change.op = vl_span_eq_str(op, "add") ? VL_DOC_CHANGE_ADD : VL_DOC_CHANGE_REPLACE;
        if (vl_doc_parse(line, VL_DOC_JSON, "value", &doc, &err) < 0)
            return 0;
        change.value = vl_doc_root(doc);
    }
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 16UL << 20);
    vl_err_clear(&err);
    if (vl_doc_edit(text, 0, &change, 1, "fuzz", &out, &err) < 0 && out.len)
        abort();
    return 0;
}
