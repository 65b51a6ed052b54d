#include "posture/image_verdict.h"

static struct vl_image_verdict exempt(enum vl_exempt how, const char *waiver, const char *mitigated)
{
    bool waived = how == VL_EXEMPT_WAIVER;
    return (struct vl_image_verdict){waived ? VL_ASSESSMENT_NOT_APPLICABLE : VL_ASSESSMENT_HEALTHY, how,
        VL_CAUSE_EXEMPT, waived ? waiver : mitigated};
}

bool vl_posture_image_verdict(const struct vl_image_facts *facts, struct vl_image_verdict *ret)
{
    if (!facts->scanned)
        return false;
    if (facts->whole != VL_EXEMPT_NONE)
        *ret = exempt(facts->whole, "the risk was accepted", "mitigated in another way");
    else if (facts->open > 0)
        *ret = (struct vl_image_verdict){.status = VL_ASSESSMENT_UNHEALTHY};
    else if (facts->assessed == VL_ASSESSED_NOT)
        *ret = (struct vl_image_verdict){VL_ASSESSMENT_NOT_APPLICABLE, VL_EXEMPT_NONE, VL_CAUSE_NO_DATA,
            facts->why_not ? facts->why_not : "there are no advisories for what is in it"};
    else if (facts->waived > 0)
        *ret = exempt(VL_EXEMPT_WAIVER, "the risk of all that is left was accepted", "");
    else if (facts->assessed == VL_ASSESSED_PARTIAL)
        *ret = (struct vl_image_verdict){VL_ASSESSMENT_NOT_APPLICABLE, VL_EXEMPT_NONE, VL_CAUSE_PARTIAL,
            facts->why_not ? facts->why_not : "not all of it could be judged"};
    else if (facts->mitigated > 0)
        *ret = exempt(VL_EXEMPT_MITIGATED, "", "all that is left was mitigated in another way");
    else
        *ret = (struct vl_image_verdict){.status = VL_ASSESSMENT_HEALTHY};
    return true;
}
