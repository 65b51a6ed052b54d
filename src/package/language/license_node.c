#include "language/license_node.h"
#include "text_util.h"

#define LICENSES_MAX 32

static struct vl_span license_of(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_OBJECT) ? vl_doc_get_str(node, "type") : vl_doc_span(node);
}

int pkg_node_licenses(struct vl_package_sink *sink, struct vl_package *package,
    const struct vl_doc_node *object, struct vl_err *err)
{
    struct vl_span texts[LICENSES_MAX];
    uint32_t n = 0;
    const char *const keys[] = {"license", "licenses"};
    for (size_t i = 0; i < VL_ARRAY_LEN(keys) && n == 0; i++) {
        const struct vl_doc_node *node = vl_doc_get(object, keys[i]);
        if (vl_doc_is(node, VL_DOC_ARRAY)) {
            for (node = vl_doc_first(node); node && n < LICENSES_MAX; node = vl_doc_next(node))
                texts[n++] = license_of(node);
        } else if (license_of(node).len) {
            texts[n++] = license_of(node);
        }
    }
    return pkg_set_licenses(sink, package, texts, n, err);
}
