/* The tables of routes, one a subject; each stands at the end of its route_*.c, so that a handler is known
 * there alone. */
#ifndef VL_SERVER_ROUTES_H
#define VL_SERVER_ROUTES_H

#include "router.h"

extern const struct vl_route vl_routes_authority[]; /* route_authority.c */

extern const struct vl_route vl_routes_health[];   /* route_health.c */
extern const struct vl_route vl_routes_identity[]; /* identity/route_identity.c */
extern const struct vl_route vl_routes_oidc[];     /* identity/route_oidc.c */
extern const struct vl_route vl_routes_image[];    /* inventory/route_image.c */
extern const struct vl_route vl_routes_portal[];   /* portal/route_portal.c */
extern const struct vl_route vl_routes_user[];
extern const struct vl_route vl_routes_user_token[];     /* identity/route_user.c */
extern const struct vl_route vl_routes_arm_login[];      /* arm/route_arm_login.c */
extern const struct vl_route vl_routes_arm_server[];     /* arm/route_arm_server.c */
extern const struct vl_route vl_routes_arm_assessment[]; /* arm/route_arm_assessment.c */
extern const struct vl_route vl_routes_arm_score[];      /* arm/route_arm_score.c */
extern const struct vl_route vl_routes_arm_finding[];    /* arm/route_arm_finding.c */
extern const struct vl_route vl_routes_arm_pricing[];    /* arm/route_arm_pricing.c */
extern const struct vl_route vl_routes_arm_alert[];
extern const struct vl_route vl_routes_arm_suppression[];
extern const struct vl_route vl_routes_arm_task[];
extern const struct vl_route vl_routes_arm_setting[];
extern const struct vl_route vl_routes_arm_contact[];
extern const struct vl_route vl_routes_arm_rest[];
extern const struct vl_route vl_routes_plan[];          /* inventory/route_plan.c */
extern const struct vl_route vl_routes_alert[];         /* respond/route_alert.c */
extern const struct vl_route vl_routes_vulnerability[]; /* findings/route_vulnerability.c */
extern const struct vl_route vl_routes_overview[];      /* watch/ */
extern const struct vl_route vl_routes_watch[];
extern const struct vl_route vl_routes_status[];
extern const struct vl_route vl_routes_openapi[];        /* route_openapi.c */
extern const struct vl_route vl_routes_finding[];        /* findings/route_finding.c */
extern const struct vl_route vl_routes_channel[];        /* respond/route_channel.c */
extern const struct vl_route vl_routes_outbox[];         /* respond/route_outbox.c */
extern const struct vl_route vl_routes_setting[];        /* respond/route_setting.c */
extern const struct vl_route vl_routes_contact[];        /* respond/route_contact.c */
extern const struct vl_route vl_routes_affected[];       /* findings/route_affected.c */
extern const struct vl_route vl_routes_single[];         /* posture/route_single.c */
extern const struct vl_route vl_routes_governance[];     /* posture/route_governance.c */
extern const struct vl_route vl_routes_recommendation[]; /* posture/route_recommendation.c */
extern const struct vl_route vl_routes_disable[];        /* posture/route_disable.c */
extern const struct vl_route vl_routes_exemption[];      /* posture/route_exemption.c */
extern const struct vl_route vl_routes_vex[];            /* posture/route_vex.c */
extern const struct vl_route vl_routes_task[];           /* posture/route_task.c */
extern const struct vl_route vl_routes_score[];          /* posture/route_score.c */
extern const struct vl_route vl_routes_registry[];       /* inventory/route_registry.c */
extern const struct vl_route vl_routes_webhook[];        /* inventory/route_webhook.c */
extern const struct vl_route vl_routes_environment[];    /* inventory/route_environment.c */
extern const struct vl_route vl_routes_jobs[];           /* jobs/route_jobs.c */

#endif
