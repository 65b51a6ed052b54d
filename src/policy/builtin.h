/* The checks and standards of content/, as the program is built with them. Private to policy. */
#ifndef VL_POLICY_BUILTIN_IMPL_H
#define VL_POLICY_BUILTIN_IMPL_H

#include <stddef.h>

struct policy_builtin {
    const char *name; /* "built-in/checks/pss-host-namespaces.yaml" */
    const char *text;
    size_t len;
};

extern const struct policy_builtin policy_builtins[]; /* ends with a NULL name */

#endif
