/* Falco validates rule files against a JSON Schema besides loading them; a file may load and still break it.
 */
#ifndef VL_RULE_FALCO_SCHEMA_H
#define VL_RULE_FALCO_SCHEMA_H

#include "codec/doc.h"

/* A document as Falco's schema has it: texts may be any scalar, booleans are true or false. */
bool fs_valid(const struct vl_doc_node *root);

#endif
