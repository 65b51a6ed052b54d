/* What is assessed, and what it counts for: the assessments and the controls of the secure score
 * (content/assessments, content/controls.tsv; keys, names and maxima are those of Microsoft Defender for
 * Cloud). */
#ifndef VL_POSTURE_CATALOGUE_H
#define VL_POSTURE_CATALOGUE_H

#include "base/span.h"
#include "model/severity.h"

#define VL_SCORE_POINTS 58 /* the maxima of all controls together */

enum vl_score_category {
    VL_SCORE_IDENTITY = 0,
    VL_SCORE_COMPUTE,
    VL_SCORE_STORAGE,
    VL_SCORE_NETWORKING,
    VL_SCORE_CATEGORIES
};
const char *vl_score_category_name(enum vl_score_category category); /* "Identity" …; never NULL */

struct vl_posture_control {
    const char *guid;
    const char *name;
    unsigned maximum; /* points */
    enum vl_score_category category;
    const char *description;
    bool own; /* the GUID is not a published one */
};
extern const struct vl_posture_control vl_posture_controls[];
extern const size_t vl_posture_n_controls;

/* What evaluates an assessment in this release. */
enum vl_posture_detector {
    VL_DETECTOR_NONE = 0, /* nothing: it is listed, and never as assessed */
    VL_DETECTOR_IMAGE,    /* findings of images in registries of certain kinds */
    VL_DETECTOR_PLAN,     /* the plan Containers of the environment */
};

struct vl_posture_assessment {
    const char *key; /* GUID */
    const char *name;
    const char *cloud;                        /* "Azure", "AWS", "GCP" */
    const char *category;                     /* as the API has them: "Compute", "IdentityAndAccess" … */
    enum vl_severity severity;                /* low, medium, high */
    const struct vl_posture_control *control; /* NULL: counts for none */
    const char *user_impact;                  /* "Low", "Moderate", "High" */
    const char *effort;                       /* likewise */
    bool preview;                             /* never in the score */
    enum vl_posture_detector detector;
    const char *registries; /* ",acr,generic,": kinds of VL_DETECTOR_IMAGE; else NULL */
    const char *kind;       /* of the resources: image, registry, cluster, environment, cloud */
    const char *description;
    const char *remediation;
    bool own; /* the key is not a published one */
};
extern const struct vl_posture_assessment vl_posture_assessments[];
extern const size_t vl_posture_n_assessments;

/* By key or name, case-blind; the note "(powered by …)" may be missing, and names that guides still have are
 * known. NULL where there is none. */
const struct vl_posture_assessment *vl_posture_assessment_find(struct vl_span key_or_name);
/* The one that images of registries of this kind ("generic", "ecr") are assessed by; never NULL: unknown
 * kinds are generic. */
const struct vl_posture_assessment *vl_posture_assessment_of_registry(const char *kind);
/* That of the plan Containers. */
const struct vl_posture_assessment *vl_posture_assessment_of_plan(void);
const struct vl_posture_control *vl_posture_control_find(struct vl_span guid);

/* Whether it can move the score: it has a control, is no preview, and something evaluates it. */
static inline bool vl_posture_assessment_scores(const struct vl_posture_assessment *assessment)
{
    return assessment->control && !assessment->preview && assessment->detector != VL_DETECTOR_NONE;
}

#endif
