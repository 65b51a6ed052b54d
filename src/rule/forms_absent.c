/* Stands for the readers of Sigma documents and native keys until they are there: such documents are refused,
 * not dropped. Goes with the first of sigma.c and native.c. */
#include "native.h"
#include "sigma.h"

int vl_sigma_new(struct vl_rule_sink *sink, struct vl_sigma **ret, struct vl_err *err)
{
    (void)sink;
    (void)ret;
    return vl_err_set(err, VL_ERR_UNSUPPORTED, "Sigma documents are not read yet");
}

void vl_sigma_free(struct vl_sigma *sigma)
{
    (void)sigma;
}

bool vl_sigma_is(const struct vl_doc_node *root)
{
    (void)root;
    return false;
}

int vl_sigma_read(
    struct vl_sigma *sigma, const struct vl_doc_node *root, const char *file, struct vl_err *err)
{
    (void)sigma;
    (void)root;
    return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: Sigma documents are not read yet", file);
}

int vl_sigma_finish(struct vl_sigma *sigma, struct vl_err *err)
{
    (void)sigma;
    (void)err;
    return 0;
}

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
