/* Licences of package.json and of lock files that copy them. */
#ifndef VL_PACKAGE_LANGUAGE_LICENSE_NODE_H
#define VL_PACKAGE_LANGUAGE_LICENSE_NODE_H

#include "codec/doc.h"
#include "package/parser.h"

/* "license": text, or {"type": text}; "licenses": a list of either; Composer: "license": [text]. */
VL_MUST_CHECK int pkg_node_licenses(struct vl_package_sink *sink, struct vl_package *package,
    const struct vl_doc_node *object, struct vl_err *err);

#endif
