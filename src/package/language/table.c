#include "tables.h"

#include "language/project_parsers.h"

const struct vl_package_parser *const vl_package_language_parsers[] = {
    &pkg_parser_go_mod,
    &pkg_parser_go_sum,
    &pkg_parser_go_vendor,
    &pkg_parser_java_pom,
    &pkg_parser_java_gradle_lock,
    &pkg_parser_java_gradle_verification,
    &pkg_parser_java_gradle_catalog,
    &pkg_parser_java_bazel_module,
    &pkg_parser_java_maven_install,
    &pkg_parser_nuget_deps,
    &pkg_parser_nuget_lock,
    &pkg_parser_nuget_assets,
    &pkg_parser_nuget_config,
    &pkg_parser_nuget_project,
    &pkg_parser_nuget_central,
    &pkg_parser_nuget_paket,
    &pkg_parser_nuget_paket_lock,
    &pkg_parser_pub_lock,
    &pkg_parser_hex_mix_lock,
    &pkg_parser_hex_rebar_lock,
    &pkg_parser_hex_gleam,
    &pkg_parser_hex_gleam_manifest,
    &pkg_parser_conan_lock,
    &pkg_parser_conan_file,
    &pkg_parser_swift_resolved,
    &pkg_parser_cocoapods_lock,
    &pkg_parser_cran_renv_lock,
    NULL,
};
