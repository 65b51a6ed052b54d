/* lint: no test: a table */
#include "routes.h"

const struct vl_route_group vl_server_routes[] = {
    {VL_FACE_API, vl_routes_health},
    {VL_FACE_API, vl_routes_identity},
    {VL_FACE_API, vl_routes_portal},
    {0},
};
