#include "advisory/cvss.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_cvss_score s;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cvss_parse((struct vl_span){(const char *)data, size}, &s, &err) == 0 &&
        !(s.overall >= 0 && s.overall <= 10 && s.base >= 0 && s.base <= 10))
        abort();
    return 0;
}
