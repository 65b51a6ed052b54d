/* rpm databases: Berkeley DB hash (to rpm 4.15), ndb (SUSE), SQLite (from rpm 4.16), and the text lists of
 * images that keep none. */
#ifndef VL_PACKAGE_OS_RPM_H
#define VL_PACKAGE_OS_RPM_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_rpm;          /* all three databases, told apart by content */
extern const struct vl_package_parser os_parser_rpm_wal;      /* only says that a journal is not read */
extern const struct vl_package_parser os_parser_rpm_manifest; /* Azure Linux and Mariner distroless */

#endif
