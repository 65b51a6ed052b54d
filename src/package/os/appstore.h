/* Small databases of applications and of image vendors: one document, few packages. */
#ifndef VL_PACKAGE_OS_APPSTORE_H
#define VL_PACKAGE_OS_APPSTORE_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_snap;
extern const struct vl_package_parser os_parser_cos;        /* Container-Optimized OS */
extern const struct vl_package_parser os_parser_flatpak;    /* AppStream metadata that flatpak exports */
extern const struct vl_package_parser os_parser_chocolatey; /* Windows */
extern const struct vl_package_parser os_parser_homebrew;   /* Linuxbrew: the path tells all */

#endif
