/* A token in the first line, a set of keys behind it. */
#include "net/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span rest = {(const char *)data, size}, token;
    struct vl_jwks *keys VL_CLEANUP(vl_jwks_cleanup) = NULL;
    struct vl_doc *claims VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (!vl_span_split(&rest, '\n', &token) || vl_jwks_parse(rest, &keys, &err) < 0)
        return 0;
    if (vl_jwt_verify(keys, token, &claims, &err) >= 0 && !vl_doc_is(vl_doc_root(claims), VL_DOC_OBJECT))
        __builtin_trap();
    return 0;
}
