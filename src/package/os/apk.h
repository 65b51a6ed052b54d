/* Alpine's database of installed packages. */
#ifndef VL_PACKAGE_OS_APK_H
#define VL_PACKAGE_OS_APK_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_apk;

#endif
