/* All libraries, in the order in which Kubernetes' environment takes them up: the overloads of a function
 * stand in this order, and where the type of an argument is open the checker binds it to the first that fits.
 * Source: k8s.io/apiserver pkg/cel/environment/base.go. */
#include "libraries.h"

const struct vl_cel_library *const vl_cel_libraries[] = {
    &vl_cel_lib_operators,
    &vl_cel_lib_standard,
    &vl_cel_lib_standard_convert,
    &vl_cel_lib_standard_time,
    &vl_cel_lib_urls,
    &vl_cel_lib_regex,
    &vl_cel_lib_lists,
    &vl_cel_lib_authorizer,
    &vl_cel_lib_optional,
    &vl_cel_lib_quantity,
    &vl_cel_lib_strings,
    &vl_cel_lib_strings_format,
    &vl_cel_lib_sets,
    &vl_cel_lib_ip,
    &vl_cel_lib_cidr,
    &vl_cel_lib_format,
    &vl_cel_lib_comprehensions,
    &vl_cel_lib_semver,
    &vl_cel_lib_lists_ext,
    &vl_cel_lib_strings_spec,
    &vl_cel_lib_strings_format_spec,
    &vl_cel_lib_math,
    &vl_cel_lib_encoders,
    &vl_cel_lib_kyverno,
    &vl_cel_lib_kyverno_ask,
    &vl_cel_lib_kyverno_image,
    &vl_cel_lib_kyverno_json,
    &vl_cel_lib_kyverno_outside,
    NULL,
};
