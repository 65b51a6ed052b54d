/* XML as a small read-only tree (expat lexes). No DTD, no external or internal entities beyond the five
 * predefined: a DOCTYPE is skipped, one that declares entities is refused, an undefined entity is an error.
 * Namespace prefixes are cut off names, declarations of namespaces are no attributes. UTF-8, UTF-16,
 * ISO-8859-1 and US-ASCII are read; all texts are UTF-8 and end with a NUL. */
#ifndef VL_CODEC_XML_H
#define VL_CODEC_XML_H

#include "base/err.h"
#include "base/span.h"

#define VL_XML_DEPTH_MAX 256
#define VL_XML_NODES_MAX 5000000
#define VL_XML_BYTES_MAX (256UL * 1024 * 1024)

struct vl_xml;
struct vl_xml_node; /* an element */

VL_MUST_CHECK int vl_xml_parse(
    struct vl_span input, const char *name, struct vl_xml **ret_xml, struct vl_err *err);
void vl_xml_free(struct vl_xml *xml); /* accepts NULL */
void vl_xml_cleanup(struct vl_xml **xml);

/* All accept NULL, which behaves as absent. */
const struct vl_xml_node *vl_xml_root(const struct vl_xml *xml);
struct vl_span vl_xml_name(const struct vl_xml_node *node);
struct vl_span vl_xml_text(const struct vl_xml_node *node); /* own character data, trimmed */
struct vl_span vl_xml_attr(const struct vl_xml_node *node, const char *name);
uint32_t vl_xml_line(const struct vl_xml_node *node);
const struct vl_xml_node *vl_xml_child(
    const struct vl_xml_node *node, const char *name);                  /* first of that name */
const struct vl_xml_node *vl_xml_first(const struct vl_xml_node *node); /* first child element */
const struct vl_xml_node *vl_xml_next(const struct vl_xml_node *node);  /* next sibling */

#endif
