/* Chiselled Ubuntu: no dpkg database, but a manifest of slices. */
#ifndef VL_PACKAGE_OS_CHISEL_H
#define VL_PACKAGE_OS_CHISEL_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_chisel;

#endif
