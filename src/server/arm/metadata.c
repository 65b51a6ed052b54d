#include "arm/metadata.h"

#include <stdio.h>

#include "arm/arm.h"

const char *vl_arm_severity(enum vl_severity severity)
{
    return severity >= VL_SEVERITY_HIGH ? "High" : severity == VL_SEVERITY_MEDIUM ? "Medium" : "Low";
}

void vl_arm_metadata_members(struct vl_json *json, const struct vl_posture_assessment *assessment)
{
    vl_json_member_str(json, "displayName", assessment->name);
    vl_json_member_str(json, "description", assessment->description);
    vl_json_member_str(json, "remediationDescription", assessment->remediation);
    vl_json_key(json, "categories");
    vl_json_array(json);
    vl_json_str(json, assessment->category);
    vl_json_array_end(json);
    vl_json_member_str(json, "severity", vl_arm_severity(assessment->severity));
    vl_json_member_str(json, "userImpact", assessment->user_impact);
    vl_json_member_str(json, "implementationEffort", assessment->effort);
    if (assessment->preview)
        vl_json_member_bool(json, "preview", true);
    vl_json_member_str(json, "assessmentType", "BuiltIn");
}

void vl_arm_control_members(struct vl_json *json, const struct vl_posture_control *control)
{
    vl_json_key(json, "source");
    vl_json_object(json);
    vl_json_member_str(json, "sourceType", "BuiltIn");
    vl_json_object_end(json);
    vl_json_member_str(json, "displayName", control->name);
    vl_json_member_str(json, "description", control->description);
    vl_json_member_int(json, "maxScore", control->maximum);
    vl_json_key(json, "assessmentDefinitions");
    vl_json_array(json);
    for (size_t i = 0; i < vl_posture_n_assessments; i++) {
        char id[128];
        if (vl_posture_assessments[i].control != control)
            continue;
        (void)snprintf(id, sizeof(id), "/providers/" VL_ARM_PROVIDER "/assessmentMetadata/%s",
            vl_posture_assessments[i].key);
        vl_json_object(json);
        vl_json_member_str(json, "id", id);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
}
