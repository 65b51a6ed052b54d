#include "policy/builtin.h"

#include "builtin.h"

int vl_policies_add_builtin(struct vl_policies *set, struct vl_err *err)
{
    int r = 0;
    for (const struct policy_builtin *b = policy_builtins; b->name && r >= 0; b++)
        r = vl_policies_add(set, (struct vl_span){b->text, b->len}, b->name, err);
    return r;
}
