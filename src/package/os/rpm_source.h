/* The source package out of "bash-5.1.8-6.el9.src.rpm". */
#ifndef VL_PACKAGE_OS_RPM_SOURCE_H
#define VL_PACKAGE_OS_RPM_SOURCE_H

#include "base/arena.h"
#include "model/package.h"

/* Splits "NAME-VERSION-RELEASE.src.rpm" (or .nosrc.rpm); false where it is no such name. */
bool os_rpm_source_split(struct vl_span source_rpm, struct vl_span *ret_name, struct vl_span *ret_version);

/* Sets source_name and source_version where they differ from the package's. `version` is the package's
 * without epoch. A name does not tell the source's epoch: it is the binary's where the versions are the same,
 * and is taken to be the same elsewhere. Allocation failures are left to vl_arena_check(). */
void os_rpm_set_source(struct vl_package *package, struct vl_span source_rpm, struct vl_span version,
    uint32_t epoch, struct vl_arena *arena);

#endif
