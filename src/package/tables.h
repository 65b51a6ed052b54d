/* The parsers of each family. Order matters inside a table: the first that wants a file gets it. */
#ifndef VL_PACKAGE_TABLES_H
#define VL_PACKAGE_TABLES_H

#include "package/parser.h"

/* NULL at the end. */
extern const struct vl_package_parser *const vl_package_os_parsers[];
extern const struct vl_package_parser *const vl_package_language_parsers[];
extern const struct vl_package_parser *const vl_package_artifact_parsers[];

#endif
