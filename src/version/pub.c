/* Dart. Source: the documentation of pub_semver's Version: SemVer, but build metadata is compared too, as
 * pre-release parts are; a version with it is newer than one without. */
#include "scheme.h"

int vl_version_pub_order(struct vl_span a, struct vl_span b)
{
    int r = vl_version_semver_order(a, b);
    if (r != 0)
        return r;
    struct vl_span x = vl_version_semver_cut(a).build, y = vl_version_semver_cut(b).build;
    if (x.len == 0 || y.len == 0)
        return (int)(x.len > 0) - (int)(y.len > 0);
    return vl_version_cmp_prerelease(x, y, false);
}
