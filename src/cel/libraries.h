/* The libraries by name, each in its file lib_NAME.c: one line each, sorted; libraries.c has their order. */
#ifndef VL_CEL_LIBRARIES_H
#define VL_CEL_LIBRARIES_H

#include "library.h"

extern const struct vl_cel_library vl_cel_lib_authorizer;
extern const struct vl_cel_library vl_cel_lib_cidr;
extern const struct vl_cel_library vl_cel_lib_comprehensions;
extern const struct vl_cel_library vl_cel_lib_encoders;
extern const struct vl_cel_library vl_cel_lib_format;
extern const struct vl_cel_library vl_cel_lib_ip;
extern const struct vl_cel_library vl_cel_lib_kyverno;
extern const struct vl_cel_library vl_cel_lib_kyverno_ask;
extern const struct vl_cel_library vl_cel_lib_kyverno_image;
extern const struct vl_cel_library vl_cel_lib_kyverno_json;
extern const struct vl_cel_library vl_cel_lib_kyverno_outside;
extern const struct vl_cel_library vl_cel_lib_lists;
extern const struct vl_cel_library vl_cel_lib_lists_ext;
extern const struct vl_cel_library vl_cel_lib_math;
extern const struct vl_cel_library vl_cel_lib_operators;
extern const struct vl_cel_library vl_cel_lib_optional;
extern const struct vl_cel_library vl_cel_lib_quantity;
extern const struct vl_cel_library vl_cel_lib_regex;
extern const struct vl_cel_library vl_cel_lib_semver;
extern const struct vl_cel_library vl_cel_lib_sets;
extern const struct vl_cel_library vl_cel_lib_standard;
extern const struct vl_cel_library vl_cel_lib_standard_convert;
extern const struct vl_cel_library vl_cel_lib_standard_time;
extern const struct vl_cel_library vl_cel_lib_strings;
extern const struct vl_cel_library vl_cel_lib_strings_format;
extern const struct vl_cel_library vl_cel_lib_strings_format_spec;
extern const struct vl_cel_library vl_cel_lib_strings_spec;
extern const struct vl_cel_library vl_cel_lib_urls;

#endif
