/* Stands for the reader of native keys until it is there: such rules are refused, not dropped. */
#include "native.h"

bool vl_native_key(struct vl_span key)
{
    (void)key;
    return false;
}

bool vl_native_is(const struct vl_doc_node *item)
{
    (void)item;
    return false;
}

int vl_native_read(struct vl_rule_sink *sink, const struct vl_doc_node *item, const char *file,
    struct vl_native *ret, struct vl_err *err)
{
    (void)sink;
    (void)item;
    (void)ret;
    return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: native rules are not read yet", file);
}

int vl_native_resolve(struct vl_rule_sink *sink, const struct vl_native *native, struct vl_rule *rule,
    const struct vl_rule *const *steps, struct vl_err *err)
{
    (void)sink;
    (void)native;
    (void)rule;
    (void)steps;
    (void)err;
    return 0;
}
