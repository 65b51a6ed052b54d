/* All libraries, by name. */
#include "library.h"

extern const struct vl_cel_library vl_cel_lib_lists;

const struct vl_cel_library *const vl_cel_libraries[] = {
    &vl_cel_lib_lists,
    NULL,
};
