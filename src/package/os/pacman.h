/* pacman's database: one folder a package with `desc` and `files`. */
#ifndef VL_PACKAGE_OS_PACMAN_H
#define VL_PACKAGE_OS_PACMAN_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_pacman;
extern const struct vl_package_parser os_parser_pacman_files;

#endif
