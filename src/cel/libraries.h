/* The libraries by name, each in its file lib_NAME.c. */
#ifndef VL_CEL_LIBRARIES_H
#define VL_CEL_LIBRARIES_H

#include "library.h"

extern const struct vl_cel_library vl_cel_lib_lists;
extern const struct vl_cel_library vl_cel_lib_operators;

#endif
