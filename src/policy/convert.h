/* Private: one resource in several versions. */
#ifndef VL_POLICY_CONVERT_H
#define VL_POLICY_CONVERT_H

#include "kube/object.h"

/* True: the object of another group or version of its resource differs in apiVersion alone. False: a
 * conversion would change `*ret_field` (a path, or words), too. */
bool policy_converts_alike(const struct vl_kube_object *object, struct vl_span group, struct vl_span version,
    struct vl_span *ret_field);

#endif
