/* One package header as it lies in an rpm database: index and data without lead-in. Source: rpm's "Header
 * format" (docs/manual/format_header.md) and tag table (docs/manual/tags.md). All numbers are big-endian. */
#ifndef VL_PACKAGE_OS_RPM_HEADER_H
#define VL_PACKAGE_OS_RPM_HEADER_H

#include "base/err.h"
#include "base/span.h"

#define OS_RPM_TAGS_MAX   65535U                /* as rpm itself: hdrchkTags */
#define OS_RPM_HEADER_MAX (256UL * 1024 * 1024) /* as rpm itself: hdrchkData */
#define OS_RPM_FILES_MAX  4000000U              /* files of one package */

/* Spans of the blob; empty where the tag is absent. */
struct os_rpm_header {
    struct vl_span name, version, release, arch, vendor, license, source_rpm, module;
    uint32_t epoch; /* 0 where absent: equal for rpm */
    /* For os_rpm_header_files(); counts are as in the index. */
    struct vl_span base_names, dir_names, dir_indexes, old_names, modes, flags;
    uint32_t n_base_names, n_dir_names, n_old_names;
};

VL_MUST_CHECK int os_rpm_header_parse(
    struct vl_span blob, struct os_rpm_header *ret_header, struct vl_err *err);

/* Calls `each` with folder and name of every file that the package brought: no folders, no ghosts (which it
 * only claims). `folder` is empty where `name` is the whole path. */
VL_MUST_CHECK int os_rpm_header_files(const struct os_rpm_header *header,
    void (*each)(struct vl_span folder, struct vl_span name, void *user), void *user, struct vl_err *err);

#endif
