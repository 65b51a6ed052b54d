/* All libraries; one a line, so that they can be added side by side. */
#include "libraries.h"

const struct vl_cel_library *const vl_cel_libraries[] = {
    &vl_cel_lib_authorizer,
    &vl_cel_lib_cidr,
    &vl_cel_lib_comprehensions,
    &vl_cel_lib_encoders,
    &vl_cel_lib_format,
    &vl_cel_lib_ip,
    &vl_cel_lib_lists,
    &vl_cel_lib_lists_ext,
    &vl_cel_lib_math,
    &vl_cel_lib_operators,
    &vl_cel_lib_optional,
    &vl_cel_lib_quantity,
    &vl_cel_lib_regex,
    &vl_cel_lib_semver,
    &vl_cel_lib_sets,
    &vl_cel_lib_standard,
    &vl_cel_lib_standard_convert,
    &vl_cel_lib_standard_time,
    &vl_cel_lib_strings,
    &vl_cel_lib_strings_format,
    &vl_cel_lib_strings_format_spec,
    &vl_cel_lib_strings_spec,
    &vl_cel_lib_urls,
    NULL,
};
