/* The contract of /api/v1 (docs/api/openapi.yaml), embedded. */
#ifndef VL_SERVER_OPENAPI_H
#define VL_SERVER_OPENAPI_H

#include "base/span.h"

extern const struct vl_span vl_openapi; /* YAML */

#endif
