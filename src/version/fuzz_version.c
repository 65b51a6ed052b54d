#include "version/version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* scheme byte, "a TAB b": the order is antisymmetric, and both are fed to satisfies as a range too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = 0;
    if (size < 1)
        return 0;
    while (vl_version_scheme_at(n))
        n++;
    const struct vl_version_scheme *scheme =
        vl_version_scheme(vl_span_str(vl_version_scheme_at(data[0] % n)));
    struct vl_span text = {(const char *)data + 1, size - 1};
    size_t tab = vl_span_find_char(text, '\t');
    struct vl_span a = vl_span_slice(text, 0, tab),
                   b = tab == SIZE_MAX ? a : vl_span_slice(text, tab + 1, text.len);
    int ab = vl_version_order(scheme, a, b), ba = vl_version_order(scheme, b, a);
    if (ab != -ba || vl_version_order(scheme, a, a) != 0)
        abort();
    struct vl_err err = VL_ERR_INIT;
    int r = 0;
    bool satisfied = false;
    (void)vl_version_valid(scheme, a);
    if (vl_version_compare(scheme, a, b, &r, &err) >= 0 && (r < -1 || r > 1))
        abort();
    (void)(vl_version_satisfies(scheme, a, b, &satisfied, &err) < 0);
    return 0;
}
