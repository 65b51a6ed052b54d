/* Bitnami. Source: Bitnami's documentation of its versions: SemVer numbers, and behind a hyphen the revision
 * of the package (a number, newer than none); other text there is a pre-release. Build metadata is ignored.
 */
#include "scheme.h"

/* A revision is newer than none and is compared by value; a pre-release is older. */
static int pre_rank(struct vl_span pre)
{
    return pre.len == 0 ? 1 : vl_version_is_number(pre) ? 2 : 0;
}

int vl_version_bitnami_order(struct vl_span a, struct vl_span b)
{
    struct vl_version_semver x = vl_version_semver_cut(a), y = vl_version_semver_cut(b);
    int r = vl_version_cmp_core(x.core, y.core);
    if (r != 0)
        return r;
    int p = pre_rank(x.pre), q = pre_rank(y.pre);
    if (p != q)
        return p < q ? -1 : 1;
    return p == 2   ? vl_version_cmp_number(x.pre, y.pre)
           : p == 1 ? 0
                    : vl_version_cmp_prerelease(x.pre, y.pre, false);
}

/* A requirement without revision speaks of the upstream version. */
bool vl_version_bitnami_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    struct vl_span spec = vl_version_semver_cut(clause->version).pre;
    struct vl_version_semver v = vl_version_semver_cut(version);
    char first = vl_version_at(spec, 0);
    bool wild = first == '*' || first == 'x' || first == 'X';
    if (spec.len == 0 && v.pre.len && clause->op > VL_VERSION_OP_GE && !vl_version_is_number(v.pre))
        return vl_version_bitnami_order(version, clause->version) >= 0 &&
               vl_version_semver_clause(v.core, clause);
    if (spec.len == 0 || wild)
        return vl_version_semver_clause(vl_version_is_number(v.pre) ? v.core : version, clause);
    if (clause->op <= VL_VERSION_OP_GE)
        return vl_version_op_holds(clause->op, vl_version_bitnami_order(version, clause->version));
    struct vl_version_clause numbers = *clause;
    numbers.version = vl_version_semver_cut(clause->version).core;
    return vl_version_bitnami_order(version, clause->version) >= 0 &&
           vl_version_semver_clause(v.core, &numbers);
}
