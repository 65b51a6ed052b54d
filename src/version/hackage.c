/* Haskell. Source: Cabal's documentation and Haskell's Data.Version: dot-separated numbers, compared as lists
 * (so 1.0 is older than 1.0.0). */
#include "scheme.h"

bool vl_version_hackage_valid(struct vl_span version)
{
    struct vl_span part = VL_SPAN_EMPTY;
    if (version.len == 0)
        return false;
    while (vl_version_next_part(&version, ".", &part)) {
        if (!vl_version_is_number(part))
            return false;
    }
    return true;
}

int vl_version_hackage_order(struct vl_span a, struct vl_span b)
{
    int r;
    if (vl_version_order_invalid(vl_version_hackage_valid(a), vl_version_hackage_valid(b), a, b, &r))
        return r;
    return vl_version_cran_order(a, b);
}
