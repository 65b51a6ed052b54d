/* Windows images: build and updates out of the SOFTWARE hive and out of the servicing manifests. */
#ifndef VL_PACKAGE_OS_WINDOWS_H
#define VL_PACKAGE_OS_WINDOWS_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_windows_registry;
extern const struct vl_package_parser os_parser_windows_servicing; /* Windows/servicing/Packages/…KB….mum */

#endif
