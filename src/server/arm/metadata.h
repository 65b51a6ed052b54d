/* The catalogue of assessments and controls as Azure's face writes it. */
#ifndef VL_SERVER_ARM_METADATA_H
#define VL_SERVER_ARM_METADATA_H

#include "codec/json.h"
#include "posture/catalogue.h"

/* The members of assessmentMetadata's properties; the object is open. */
void vl_arm_metadata_members(struct vl_json *json, const struct vl_posture_assessment *assessment);
/* Those of secureScoreControlDefinitions. */
void vl_arm_control_members(struct vl_json *json, const struct vl_posture_control *control);

/* "Low", "Medium", "High": all that the API has for assessments. */
const char *vl_arm_severity(enum vl_severity severity);

#endif
