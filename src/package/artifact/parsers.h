/* The parsers of this folder, for table.c. */
#ifndef VL_PACKAGE_ARTIFACT_PARSERS_H
#define VL_PACKAGE_ARTIFACT_PARSERS_H

#include "package/parser.h"

extern const struct vl_package_parser pkg_parser_binary;
extern const struct vl_package_parser pkg_parser_bitnami;
extern const struct vl_package_parser pkg_parser_java_archive;
extern const struct vl_package_parser pkg_parser_java_release;
extern const struct vl_package_parser pkg_parser_sbom;
extern const struct vl_package_parser pkg_parser_wordpress;
extern const struct vl_package_parser pkg_parser_wordpress_plugin;

#endif
