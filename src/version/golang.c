/* Go modules. Source: go.dev/ref/mod "Versions" and "Pseudo-versions": SemVer with a leading v, build
 * metadata such as +incompatible without meaning; "go1.24.1" and "1.21rc2" of the toolchain
 * (go.dev/doc/toolchain). */
#include "scheme.h"

int vl_version_golang_order(struct vl_span a, struct vl_span b)
{
    if (vl_span_starts_with(a, "go"))
        a = vl_span_slice(a, 2, a.len);
    if (vl_span_starts_with(b, "go"))
        b = vl_span_slice(b, 2, b.len);
    return vl_version_semver_order(a, b);
}
