/* A document, or a part of one, as JSON. */
#ifndef VL_CODEC_DOC_WRITE_H
#define VL_CODEC_DOC_WRITE_H

#include "codec/doc.h"
#include "codec/json.h"

/* Writes the node as the next value; NULL writes null. Numbers keep their value, not their spelling. Deeper
 * than VL_JSON_DEPTH_MAX: vl_json_check() tells. */
void vl_doc_write(const struct vl_doc_node *node, struct vl_json *json);

#endif
