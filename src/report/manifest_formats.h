/* The formats of checked manifests, one file each. Private to report. */
#ifndef VL_REPORT_MANIFEST_FORMATS_H
#define VL_REPORT_MANIFEST_FORMATS_H

#include "report/manifests.h"

VL_MUST_CHECK int vl_report_manifests_table(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_manifests_json(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_manifests_sarif(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_manifests_junit(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);

static inline const struct vl_manifest_finding *vl_manifest_finding_at(
    const struct vl_manifest_result *result, size_t i)
{
    return vl_vec_at(&result->findings, i);
}
static inline const struct vl_manifest_object *vl_manifest_object_of(
    const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    return vl_vec_at(&result->objects, f->object);
}
static inline const struct vl_manifest_check *vl_manifest_check_of(
    const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    return vl_vec_at(&result->checks, f->check);
}

/* "Deployment shop/web", "Namespace shop". */
#define VL_MANIFEST_NAME_MAX 1024
const char *vl_report_object_name(const struct vl_manifest_object *object, char text[VL_MANIFEST_NAME_MAX]);

/* What the finding says in one sentence: its message, else the check's title, else its id. */
const char *vl_report_finding_text(
    const struct vl_manifest_result *result, const struct vl_manifest_finding *f);

#endif
