/* Paths whose scope may be a subscription, a group, or a resource: a route each, since routes have as many
 * segments as their patterns. Resources of ours have one part (a registry) or three (an image in it). */
#ifndef VL_SERVER_ARM_SCOPES_H
#define VL_SERVER_ARM_SCOPES_H

#define ARM_SUB    "/subscriptions/{}"
#define ARM_GROUP  ARM_SUB "/resourceGroups/{}"
#define ARM_SEC    "/providers/Microsoft.Security"
#define ARM_TYPE   "/{}/{}"
#define ARM_ONE    "/providers/{}" ARM_TYPE
#define ARM_SUBSEC ARM_SUB ARM_SEC

/* One operation at every scope. */
#define ARM_ROUTES(method, tail, role, scope, body, handle)                                 \
    {method, ARM_SUB ARM_SEC tail, role, scope, body, handle},                              \
        {method, ARM_GROUP ARM_SEC tail, role, scope, body, handle},                        \
        {method, ARM_GROUP ARM_ONE ARM_SEC tail, role, scope, body, handle},                \
        {method, ARM_GROUP ARM_ONE ARM_TYPE ARM_SEC tail, role, scope, body, handle},       \
    {                                                                                       \
        method, ARM_GROUP ARM_ONE ARM_TYPE ARM_TYPE ARM_SEC tail, role, scope, body, handle \
    }

#endif
