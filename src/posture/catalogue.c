#include "posture/catalogue.h"

const char *vl_score_category_name(enum vl_score_category category)
{
    static const char *const names[] = {"Identity", "Compute", "Storage", "Networking"};
    return (unsigned)category < VL_ARRAY_LEN(names) ? names[category] : "Compute";
}

/* Names that guides still have. */
static const struct {
    const char *name, *key;
} former[] = {
    {"Container registry images should have vulnerability findings resolved",
        "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"},
    {"Vulnerabilities in Azure Container Registry images should be remediated",
        "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"},
};

/* The whole name, or without the note of who powers it. */
static bool named(struct vl_span said, const char *name)
{
    struct vl_span whole = vl_span_str(name);
    size_t note = vl_span_find(whole, VL_SPAN_LIT(" (powered by "));
    return vl_span_eq_nocase(said, whole) ||
           (note != SIZE_MAX && vl_span_eq_nocase(said, vl_span_slice(whole, 0, note)));
}

const struct vl_posture_assessment *vl_posture_assessment_find(struct vl_span key_or_name)
{
    /* Keys first: they are what is asked for a row of the database. */
    for (size_t i = 0; i < vl_posture_n_assessments; i++) {
        if (vl_span_eq_nocase(key_or_name, vl_span_str(vl_posture_assessments[i].key)))
            return &vl_posture_assessments[i];
    }
    for (size_t i = 0; i < vl_posture_n_assessments; i++) {
        if (named(key_or_name, vl_posture_assessments[i].name))
            return &vl_posture_assessments[i];
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(former); i++) {
        if (vl_span_eq_nocase(key_or_name, vl_span_str(former[i].name)))
            return vl_posture_assessment_find(vl_span_str(former[i].key));
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
