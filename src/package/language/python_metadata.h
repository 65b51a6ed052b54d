/* Metadata of one Python distribution, for the file on its own and for that inside an egg. */
#ifndef VL_PACKAGE_LANGUAGE_PYTHON_METADATA_H
#define VL_PACKAGE_LANGUAGE_PYTHON_METADATA_H

#include "package/parser.h"

/* Reads file->content as METADATA or PKG-INFO and adds its package. */
VL_MUST_CHECK int py_metadata_parse(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err);

#endif
