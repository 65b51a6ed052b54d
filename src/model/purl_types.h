/* What the type definitions of package-url/purl-spec (types/NAME-definition.json) say beyond the general
 * rules. */
#ifndef VL_MODEL_PURL_TYPES_H
#define VL_MODEL_PURL_TYPES_H

#include "base/arena.h"
#include "model/purl.h"

enum vl_purl_rule {
    VL_PURL_NS_PROHIBITED = 1 << 0,
    VL_PURL_NS_REQUIRED = 1 << 1,
    VL_PURL_NS_LOWER = 1 << 2,
    VL_PURL_NAME_LOWER = 1 << 3,
    VL_PURL_VERSION_LOWER = 1 << 4,
    VL_PURL_NAME_PEP503 = 1 << 5,     /* runs of - _ . become one - */
    VL_PURL_NAME_UNDERSCORE = 1 << 6, /* - becomes _ */
};

/* The name of a git package is the path on the host: its slashes stay, and the namespace is the first segment
 * only. */
bool vl_purl_name_is_path(struct vl_span type);

/* Applies the rules of purl->type, whose parts are already decoded and checked by the general rules. */
VL_MUST_CHECK int vl_purl_apply_type(struct vl_purl *purl, struct vl_arena *arena, struct vl_err *err);

#endif
