/* The parsers of this folder, for table.c. */
#ifndef VL_PACKAGE_LANGUAGE_PARSERS_H
#define VL_PACKAGE_LANGUAGE_PARSERS_H

#include "package/parser.h"

extern const struct vl_package_parser pkg_parser_npm_package_json;
extern const struct vl_package_parser pkg_parser_npm_package_lock;
extern const struct vl_package_parser pkg_parser_npm_yarn_lock;
extern const struct vl_package_parser pkg_parser_npm_pnpm_lock;
extern const struct vl_package_parser pkg_parser_npm_bun_lock;
extern const struct vl_package_parser pkg_parser_deno_json;
extern const struct vl_package_parser pkg_parser_deno_lock;
extern const struct vl_package_parser pkg_parser_deno_source;
extern const struct vl_package_parser pkg_parser_vscode_extensions;
extern const struct vl_package_parser pkg_parser_vscode_vsix;

extern const struct vl_package_parser pkg_parser_pypi_metadata;
extern const struct vl_package_parser pkg_parser_pypi_egg;
extern const struct vl_package_parser pkg_parser_pypi_wheel;
extern const struct vl_package_parser pkg_parser_pypi_requirements;
extern const struct vl_package_parser pkg_parser_pypi_pipfile_lock;
extern const struct vl_package_parser pkg_parser_pypi_poetry_lock;
extern const struct vl_package_parser pkg_parser_pypi_uv_lock;
extern const struct vl_package_parser pkg_parser_pypi_pdm_lock;
extern const struct vl_package_parser pkg_parser_pypi_pylock;
extern const struct vl_package_parser pkg_parser_pypi_pyproject;
extern const struct vl_package_parser pkg_parser_pypi_setup;
extern const struct vl_package_parser pkg_parser_conda_meta;

extern const struct vl_package_parser pkg_parser_gem_gemfile_lock;
extern const struct vl_package_parser pkg_parser_gem_specification;
extern const struct vl_package_parser pkg_parser_gem_gemspec;

extern const struct vl_package_parser pkg_parser_composer_lock;
extern const struct vl_package_parser pkg_parser_composer_installed;

extern const struct vl_package_parser pkg_parser_cargo_lock;
extern const struct vl_package_parser pkg_parser_cargo_toml;

extern const struct vl_package_parser pkg_parser_hackage_cabal_freeze;
extern const struct vl_package_parser pkg_parser_hackage_stack_lock;
extern const struct vl_package_parser pkg_parser_julia_manifest;
extern const struct vl_package_parser pkg_parser_opam_install;
extern const struct vl_package_parser pkg_parser_cpan_meta;
extern const struct vl_package_parser pkg_parser_github_actions;
extern const struct vl_package_parser pkg_parser_tool_versions;
extern const struct vl_package_parser pkg_parser_mise;

#endif
