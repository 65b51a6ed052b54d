/* Tables of installed packages in dpkg's form, and what belongs to them. */
#ifndef VL_PACKAGE_OS_DPKG_H
#define VL_PACKAGE_OS_DPKG_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_dpkg;           /* var/lib/dpkg/status */
extern const struct vl_package_parser os_parser_dpkg_status_d;  /* one file a package: distroless */
extern const struct vl_package_parser os_parser_opkg;           /* OpenWrt, Yocto */
extern const struct vl_package_parser os_parser_dpkg_list;      /* owned files: *.list */
extern const struct vl_package_parser os_parser_dpkg_md5sums;   /* owned files of status.d */
extern const struct vl_package_parser os_parser_dpkg_copyright; /* licences */

#endif
