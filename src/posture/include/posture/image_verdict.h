/* What the findings of an image say about it as a resource. Nothing that was not judged is ever Healthy. */
#ifndef VL_POSTURE_IMAGE_VERDICT_H
#define VL_POSTURE_IMAGE_VERDICT_H

#include "model/result.h"
#include "posture/score.h"

#define VL_CAUSE_EXEMPT  "Exempt"
#define VL_CAUSE_NO_DATA "NoAdvisoryData"
#define VL_CAUSE_PARTIAL "PartiallyAssessed"

struct vl_image_facts {
    bool scanned;               /* once at least, to the end */
    enum vl_assessed assessed;  /* how far the advisories reached */
    const char *why_not;        /* or NULL */
    enum vl_exempt whole;       /* the image itself, or what it lies in, is exempt */
    uint64_t open;              /* findings that nothing takes out */
    uint64_t waived, mitigated; /* taken out by exemptions; those by disable rules are in no number */
};

struct vl_image_verdict {
    enum vl_assessment_status status;
    enum vl_exempt exempt;
    const char *cause;       /* static, or NULL */
    const char *description; /* static, or why_not; or NULL */
};

/* False: not assessed, there is no verdict. */
bool vl_posture_image_verdict(const struct vl_image_facts *facts, struct vl_image_verdict *ret);

#endif
