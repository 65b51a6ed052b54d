/* A body that adds or changes a registry, as checked settings. */
#ifndef VL_SERVER_REGISTRY_FORM_H
#define VL_SERVER_REGISTRY_FORM_H

#include "inventory/repo_registry.h"
#include "router.h"

struct vl_registry_form {
    struct vl_registry registry;
    struct vl_registry_secrets secrets; /* NULL ones stay as they are; "" ones go */
};

/* `before` NULL: a new one. Errors name the field. Texts live as long as the request. */
VL_MUST_CHECK int vl_registry_form_read(struct vl_request *request, const struct vl_registry *before,
    struct vl_registry_form *ret, struct vl_err *err);

#endif
