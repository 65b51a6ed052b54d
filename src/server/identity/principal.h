/* Who calls, and what he may do. */
#ifndef VL_SERVER_PRINCIPAL_H
#define VL_SERVER_PRINCIPAL_H

#include "base/span.h"

/* In order: each may do what those before it may. Stored by number. */
enum vl_role {
    VL_ROLE_NONE = 0,
    VL_ROLE_READER = 1, /* Security Reader */
    VL_ROLE_ADMIN = 2,  /* Security Admin */
    VL_ROLE_OWNER = 3,
};

const char *vl_role_name(enum vl_role role); /* "none" "reader" "admin" "owner" */
bool vl_role_parse(
    struct vl_span text, enum vl_role *ret); /* also "Security Reader", "Security Admin", "Owner" */

enum vl_principal_kind {
    VL_PRINCIPAL_USER = 1,
    VL_PRINCIPAL_CLIENT = 2,
};

/* The caller of a request; texts in its arena. */
struct vl_principal {
    int64_t id; /* 0: nobody */
    enum vl_principal_kind kind;
    const char *name;
    int64_t token_id;          /* of the token it came with */
    enum vl_role token_role;   /* the most that this token may do */
    int64_t token_environment; /* 0: any */
};

#endif
