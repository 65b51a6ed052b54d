/* Licences as distributions write them. */
#ifndef VL_PACKAGE_OS_LICENSE_H
#define VL_PACKAGE_OS_LICENSE_H

#include "package/parser.h"

/* Sets one licence; an empty one leaves the package without. `what` names the file in errors. */
VL_MUST_CHECK int os_set_license(struct vl_package *package, struct vl_span license, struct vl_arena *arena,
    const char *what, struct vl_err *err);

/* Sets several; `licenses` is copied. */
VL_MUST_CHECK int os_set_licenses(struct vl_package *package, const struct vl_span *licenses, uint32_t n,
    struct vl_arena *arena, const char *what, struct vl_err *err);

#endif
