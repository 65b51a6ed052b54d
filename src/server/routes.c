/* lint: no test: a table */
#include "routes.h"

const struct vl_route vl_server_routes[] = {
    {"GET", "/healthz", VL_ROLE_NONE, false, vl_route_healthz},
    {"GET", "/readyz", VL_ROLE_NONE, false, vl_route_readyz},
    {"GET", "/metrics", VL_ROLE_READER, false, vl_route_metrics},
    {"POST", "/api/v1/login", VL_ROLE_NONE, true, vl_route_login},
    {"GET", "/api/v1/me", VL_ROLE_READER, false, vl_route_me},
    {"GET", "/api/v1/tokens", VL_ROLE_READER, false, vl_route_tokens},
    {"POST", "/api/v1/tokens", VL_ROLE_READER, true, vl_route_token_add},
    {"DELETE", "/api/v1/tokens/{}", VL_ROLE_READER, false, vl_route_token_remove},
    {0},
};
