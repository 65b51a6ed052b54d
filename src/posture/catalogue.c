#include "posture/catalogue.h"

const char *vl_score_category_name(enum vl_score_category category)
{
    static const char *const names[] = {"Identity", "Compute", "Storage", "Networking"};
    return (unsigned)category < VL_ARRAY_LEN(names) ? names[category] : "Compute";
}

const struct vl_posture_assessment *vl_posture_assessment_find(struct vl_span key_or_name)
{
    for (size_t i = 0; i < vl_posture_n_assessments; i++) {
        const struct vl_posture_assessment *a = &vl_posture_assessments[i];
        if (vl_span_eq_nocase(key_or_name, vl_span_str(a->key)) || vl_span_eq_str(key_or_name, a->name))
            return a;
    }
    return NULL;
}

static const struct vl_posture_assessment *first_of(enum vl_posture_detector detector, const char *kind)
{
    for (size_t i = 0; i < vl_posture_n_assessments; i++) {
        const struct vl_posture_assessment *a = &vl_posture_assessments[i];
        struct vl_span rest = vl_span_str(a->registries), part;
        if (a->detector != detector)
            continue;
        if (!kind)
            return a;
        while (vl_span_split(&rest, ',', &part)) {
            if (vl_span_eq_str(part, kind))
                return a;
        }
    }
    return NULL;
}

const struct vl_posture_assessment *vl_posture_assessment_of_registry(const char *kind)
{
    const struct vl_posture_assessment *a = kind ? first_of(VL_DETECTOR_IMAGE, kind) : NULL;
    return a ? a : first_of(VL_DETECTOR_IMAGE, "generic");
}

const struct vl_posture_assessment *vl_posture_assessment_of_plan(void)
{
    return first_of(VL_DETECTOR_PLAN, NULL);
}

const struct vl_posture_control *vl_posture_control_find(struct vl_span guid)
{
    for (size_t i = 0; i < vl_posture_n_controls; i++) {
        if (vl_span_eq_nocase(guid, vl_span_str(vl_posture_controls[i].guid)))
            return &vl_posture_controls[i];
    }
    return NULL;
}
