/* R. Source: base R's help pages of numeric_version and package_version: numbers joined by . or -, at least
 * two for packages; compared as integer sequences, the shorter first. */
#include "scheme.h"

bool vl_version_cran_valid(struct vl_span version)
{
    struct vl_span part = VL_SPAN_EMPTY;
    if (version.len == 0)
        return false;
    while (vl_version_next_part(&version, ".-", &part)) {
        if (!vl_version_is_number(part))
            return false;
    }
    return true;
}

int vl_version_cran_order(struct vl_span a, struct vl_span b)
{
    struct vl_span x = VL_SPAN_EMPTY, y = VL_SPAN_EMPTY;
    int r;
    if (vl_version_order_invalid(vl_version_cran_valid(a), vl_version_cran_valid(b), a, b, &r))
        return r;
    for (;;) {
        bool has_x = vl_version_next_part(&a, ".-", &x), has_y = vl_version_next_part(&b, ".-", &y);
        if (!has_x || !has_y)
            return (int)has_x - (int)has_y;
        r = vl_version_cmp_number(x, y);
        if (r != 0)
            return r;
    }
}
