#include "doc_fuzz.h"

static int drop(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)user, (void)err;
    vl_doc_free(doc);
    return 0;
}

static void told(const struct vl_err *why, void *user)
{
    (void)why, (void)user;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    doc_fuzz_parse(data, size, VL_DOC_JSON);
    doc_fuzz_parse(data, size, VL_DOC_JSON_LOOSE);
    doc_fuzz_parse(data, size, VL_DOC_JSONC);
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *line = NULL;
    if (vl_doc_parse_json_line((struct vl_span){(const char *)data, size}, "f", 7, &line, &err) >= 0)
        (void)doc_fuzz_each(line, NULL, NULL);
    vl_err_clear(&err);
    const struct vl_doc_json_reader reader = {.name = "f", .first_line = 1, .each = drop, .damaged = told};
    (void)!vl_doc_parse_json_documents((struct vl_span){(const char *)data, size}, &reader, &err);
    return 0;
}
