/* The tables of the control plane. Facts by digest are shared; everything else names its environment. */
#ifndef VL_SERVER_SCHEMA_H
#define VL_SERVER_SCHEMA_H

#include "store/schema.h"

extern const struct vl_schema vl_server_schema;

#endif
