/* Writes a document as YAML in block style, so that it reads back the same under YAML 1.1 and 1.2. */
#ifndef VL_CLI_YAML_OUT_H
#define VL_CLI_YAML_OUT_H

#include "base/buf.h"
#include "codec/doc.h"

/* Appends the node and a line's end; no "---". */
void vl_cli_yaml(const struct vl_doc_node *node, struct vl_buf *out);

#endif
