/* Whether a package can only be used under a given licence. Expressions: SPDX 2.3, annex D. */
#ifndef VL_SCAN_LICENSE_H
#define VL_SCAN_LICENSE_H

#include "model/package.h"

#define VL_LICENSE_DEPTH_MAX 32 /* nested parentheses; deeper text is one word */

/* True where nobody who follows the expression gets around the licence: "A AND B" demands both, "A OR B"
 * leaves the choice. Case-blind; "GPL-3.0" is "GPL-3.0-only" and "GPL-3.0+" is "GPL-3.0-or-later"; a wanted
 * name that ends in '*' stands for all that begin so. Words that are no expression are compared whole. */
bool vl_license_demands(struct vl_span expression, struct vl_span wanted);

/* Any of the package's licences does. */
bool vl_license_of_package(const struct vl_package *package, struct vl_span wanted);

#endif
