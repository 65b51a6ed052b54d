#include "tables.h"

#include "artifact/parsers.h"

/* Binaries last: they are told by their first bytes, whatever their name. */
const struct vl_package_parser *const vl_package_artifact_parsers[] = {
    &pkg_parser_bitnami,
    &pkg_parser_sbom,
    &pkg_parser_java_archive,
    &pkg_parser_java_release,
    &pkg_parser_wordpress,
    &pkg_parser_wordpress_plugin,
    &pkg_parser_binary,
    NULL,
};
