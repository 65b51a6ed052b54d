#include "codec/doc_write.h"

static void write_number(const struct vl_doc_node *node, struct vl_json *json)
{
    int64_t whole;
    uint64_t large;
    double number;
    if (vl_doc_int(node, &whole))
        vl_json_int(json, whole);
    else if (vl_doc_is(node, VL_DOC_UINT) && vl_span_to_u64(vl_doc_text(node), &large))
        vl_json_uint(json, large);
    else if (vl_doc_number(node, &number))
        vl_json_double(json, number);
    else
        vl_json_null(json);
}

/* The depth is that of a document: VL_DOC_DEPTH_MAX. */
void vl_doc_write(const struct vl_doc_node *node, struct vl_json *json)
{
    switch (vl_doc_type(node)) {
    case VL_DOC_BOOL:
        vl_json_bool(json, vl_doc_bool(node));
        break;
    case VL_DOC_STRING:
        vl_json_span(json, vl_doc_span(node));
        break;
    case VL_DOC_INT:
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
        write_number(node, json);
        break;
    case VL_DOC_ARRAY:
        vl_json_array(json);
        for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
            vl_doc_write(n, json);
        vl_json_array_end(json);
        break;
    case VL_DOC_OBJECT:
        vl_json_object(json);
        for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
            vl_json_key_span(json, vl_doc_key(n));
            vl_doc_write(n, json);
        }
        vl_json_object_end(json);
        break;
    case VL_DOC_NULL:
    default:
        vl_json_null(json);
        break;
    }
}
