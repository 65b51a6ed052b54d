/* The handlers, one file a subject. */
#ifndef VL_SERVER_ROUTES_H
#define VL_SERVER_ROUTES_H

#include "router.h"

/* route_health.c */
int vl_route_healthz(struct vl_request *request, struct vl_err *err);
int vl_route_readyz(struct vl_request *request, struct vl_err *err);
int vl_route_metrics(struct vl_request *request, struct vl_err *err);

/* route_identity.c */
int vl_route_login(struct vl_request *request, struct vl_err *err);
int vl_route_me(struct vl_request *request, struct vl_err *err);
int vl_route_tokens(struct vl_request *request, struct vl_err *err);
int vl_route_token_add(struct vl_request *request, struct vl_err *err);
int vl_route_token_remove(struct vl_request *request, struct vl_err *err);

#endif
