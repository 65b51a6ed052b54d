/* Gentoo's database: var/db/pkg/CATEGORY/NAME-VERSION/ with one file a field. */
#ifndef VL_PACKAGE_OS_PORTAGE_H
#define VL_PACKAGE_OS_PORTAGE_H

#include "package/parser.h"

extern const struct vl_package_parser os_parser_portage;          /* PF */
extern const struct vl_package_parser os_parser_portage_contents; /* CONTENTS: owned files */
extern const struct vl_package_parser os_parser_portage_license;  /* LICENSE */

/* Splits "Getopt-Long-2.580.0-r1" by the rules for names and versions of the Package Manager Specification 8,
 * chapter 3: a name does not end in a hyphen followed by a version. False where there is no version. */
bool os_portage_split(struct vl_span pf, struct vl_span *ret_name, struct vl_span *ret_version);

#endif
