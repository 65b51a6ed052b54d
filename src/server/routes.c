/* lint: no test: a table */
#include "routes.h"

const struct vl_route_group vl_server_routes[] = {
    {VL_FACE_API, vl_routes_authority},
    {VL_FACE_API, vl_routes_health},
    {VL_FACE_API, vl_routes_identity},
    {VL_FACE_API, vl_routes_affected}, /* before images: "affected-by" is no digest */
    {VL_FACE_API, vl_routes_image},
    {VL_FACE_API, vl_routes_vulnerability},
    {VL_FACE_API, vl_routes_overview},
    {VL_FACE_API, vl_routes_watch},
    {VL_FACE_API, vl_routes_status},
    {VL_FACE_API, vl_routes_finding},
    {VL_FACE_API, vl_routes_registry},
    {VL_FACE_API, vl_routes_webhook},
    {VL_FACE_API, vl_routes_environment},
    {VL_FACE_API, vl_routes_portal},
    {VL_FACE_ARM, vl_routes_arm_login},
    {VL_FACE_ARM, vl_routes_arm_server},
    {VL_FACE_ARM, vl_routes_arm_assessment},
    {VL_FACE_ARM, vl_routes_arm_score},
    {VL_FACE_ARM, vl_routes_arm_finding},
    {VL_FACE_ARM, vl_routes_arm_pricing},
    {VL_FACE_ARM, vl_routes_arm_alert},
    {VL_FACE_ARM, vl_routes_arm_suppression},
    {VL_FACE_ARM, vl_routes_arm_task},
    {VL_FACE_ARM, vl_routes_arm_setting},
    {VL_FACE_ARM, vl_routes_arm_contact},
    {VL_FACE_ARM, vl_routes_arm_rest}, /* last of its face */
    {VL_FACE_API, vl_routes_plan},
    {VL_FACE_API, vl_routes_recommendation},
    {VL_FACE_API, vl_routes_score},
    {VL_FACE_API, vl_routes_alert},
    {VL_FACE_API, vl_routes_channel},
    {VL_FACE_API, vl_routes_contact},
    {VL_FACE_API, vl_routes_setting},
    {0},
};
