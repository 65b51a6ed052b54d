#include "identity/principal.h"

static const struct {
    const char *name, *azure;
} names[] = {
    {"none", "none"}, {"reader", "Security Reader"}, {"admin", "Security Admin"}, {"owner", "Owner"}};

const char *vl_role_name(enum vl_role role)
{
    return (unsigned)role < VL_ARRAY_LEN(names) ? names[role].name : "none";
}

bool vl_role_parse(struct vl_span text, enum vl_role *ret)
{
    for (unsigned i = VL_ROLE_READER; i < VL_ARRAY_LEN(names); i++) {
        if (vl_span_eq_nocase(text, vl_span_str(names[i].name)) ||
            vl_span_eq_nocase(text, vl_span_str(names[i].azure))) {
            *ret = (enum vl_role)i;
            return true;
        }
    }
    return false;
}
