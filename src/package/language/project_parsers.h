/* Parsers of this folder for the tool chains of Go, the JVM, .NET, Dart, the BEAM, C++, Swift and R; for
 * table.c. */
#ifndef VL_PACKAGE_LANGUAGE_PROJECT_PARSERS_H
#define VL_PACKAGE_LANGUAGE_PROJECT_PARSERS_H

#include "package/parser.h"

extern const struct vl_package_parser pkg_parser_go_mod;
extern const struct vl_package_parser pkg_parser_go_sum;
extern const struct vl_package_parser pkg_parser_go_vendor;

extern const struct vl_package_parser pkg_parser_java_pom;
extern const struct vl_package_parser pkg_parser_java_gradle_lock;
extern const struct vl_package_parser pkg_parser_java_gradle_verification;
extern const struct vl_package_parser pkg_parser_java_gradle_catalog;
extern const struct vl_package_parser pkg_parser_java_bazel_module;
extern const struct vl_package_parser pkg_parser_java_maven_install;

extern const struct vl_package_parser pkg_parser_nuget_deps;
extern const struct vl_package_parser pkg_parser_nuget_lock;
extern const struct vl_package_parser pkg_parser_nuget_assets;
extern const struct vl_package_parser pkg_parser_nuget_config;
extern const struct vl_package_parser pkg_parser_nuget_project;
extern const struct vl_package_parser pkg_parser_nuget_central;
extern const struct vl_package_parser pkg_parser_nuget_paket;
extern const struct vl_package_parser pkg_parser_nuget_paket_lock;

extern const struct vl_package_parser pkg_parser_pub_lock;
extern const struct vl_package_parser pkg_parser_hex_mix_lock;
extern const struct vl_package_parser pkg_parser_hex_rebar_lock;
extern const struct vl_package_parser pkg_parser_hex_gleam;
extern const struct vl_package_parser pkg_parser_hex_gleam_manifest;
extern const struct vl_package_parser pkg_parser_conan_lock;
extern const struct vl_package_parser pkg_parser_conan_file;
extern const struct vl_package_parser pkg_parser_swift_resolved;
extern const struct vl_package_parser pkg_parser_cocoapods_lock;
extern const struct vl_package_parser pkg_parser_cran_renv_lock;

#endif
