/* Licence expressions: the first line is what is asked for, the rest the expression. */
#include "license.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span rest = {(const char *)data, size};
    struct vl_span wanted;
    if (!vl_span_split_line(&rest, &wanted))
        return 0;
    if (vl_license_demands(rest, wanted) && rest.len == 0 && wanted.len && wanted.ptr[0] != '*')
        __builtin_trap(); /* nothing demands nothing */
    return 0;
}
