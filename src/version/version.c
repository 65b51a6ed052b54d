#include "scheme.h"

static const struct vl_version_scheme schemes[] = {
    {.name = "apk", .order = vl_version_apk_order},
    {.name = "bitnami", .order = vl_version_bitnami_order, .clause = vl_version_bitnami_clause},
    {.name = "cran", .order = vl_version_cran_order, .valid = vl_version_cran_valid},
    {.name = "deb", .order = vl_version_deb_order},
    {.name = "fuzzy", .order = vl_version_fuzzy_order},
    {.name = "gem",
        .order = vl_version_gem_order,
        .valid = vl_version_gem_valid,
        .clause = vl_version_gem_clause},
    {.name = "generic", .order = vl_version_generic_order, .clause = vl_version_generic_clause},
    {.name = "golang", .order = vl_version_golang_order},
    {.name = "hackage", .order = vl_version_hackage_order, .valid = vl_version_hackage_valid},
    {.name = "jvm", .order = vl_version_jvm_order},
    {.name = "maven",
        .order = vl_version_maven_order,
        .compare = vl_version_maven_compare,
        .satisfies = vl_version_maven_satisfies},
    {.name = "maven-requirement",
        .order = vl_version_maven_order,
        .compare = vl_version_maven_compare,
        .satisfies = vl_version_maven_requirement},
    {.name = "npm",
        .order = vl_version_semver_order,
        .valid = vl_version_npm_valid,
        .satisfies = vl_version_npm_satisfies},
    {.name = "nuget",
        .order = vl_version_nuget_order,
        .valid = vl_version_nuget_valid,
        .satisfies = vl_version_nuget_satisfies},
    {.name = "packagist", .order = vl_version_packagist_order, .compare = vl_version_packagist_compare},
    {.name = "pacman", .order = vl_version_pacman_order, .compare = vl_version_pacman_compare},
    {.name = "pep440", .order = vl_version_pep440_order, .clause = vl_version_pep440_clause},
    {.name = "portage", .order = vl_version_portage_order},
    {.name = "pub", .order = vl_version_pub_order},
    {.name = "rpm", .order = vl_version_rpm_order, .clause = vl_version_rpm_clause},
    {.name = "rpm-vercmp", .order = vl_version_rpm_vercmp},
    {.name = "semver", .order = vl_version_semver_order, .clause = vl_version_semver_clause},
    {.name = "windows-kb", .order = vl_version_windows_kb_order, .clause = vl_version_windows_kb_clause},
};

static const struct {
    const char *alias;
    const char *scheme;
} aliases[] = {
    {"alma", "rpm"},
    {"almalinux", "rpm"},
    {"alpaquita", "apk"},
    {"alpine", "apk"},
    {"alpm", "pacman"},
    {"amazon", "rpm"},
    {"arch", "pacman"},
    {"azurelinux", "rpm"},
    {"bellsoft", "apk"},
    {"cargo", "semver"},
    {"centos", "rpm"},
    {"chainguard", "apk"},
    {"composer", "packagist"},
    {"conan", "generic"},
    {"crates.io", "semver"},
    {"dart", "pub"},
    {"debian", "deb"},
    {"dotnet", "nuget"},
    {"dpkg", "deb"},
    {"echo", "deb"},
    {"fedora", "rpm"},
    {"gentoo", "portage"},
    {"ghc", "hackage"},
    {"github-actions", "semver"},
    {"go", "golang"},
    {"go-module", "golang"},
    {"hex", "semver"},
    {"java", "maven"},
    {"jdk", "jvm"},
    {"kb", "windows-kb"},
    {"mageia", "rpm"},
    {"mariner", "rpm"},
    {"minimos", "apk"},
    {"node", "npm"},
    {"node-semver", "npm"},
    {"npm-range", "npm"},
    {"openeuler", "rpm"},
    {"opensuse", "rpm"},
    {"opkg", "deb"},
    {"oracle", "rpm"},
    {"photon", "rpm"},
    {"php", "packagist"},
    {"pip", "pep440"},
    {"pypi", "pep440"},
    {"python", "pep440"},
    {"r", "cran"},
    {"red-hat", "rpm"},
    {"redhat", "rpm"},
    {"rhel", "rpm"},
    {"rocky", "rpm"},
    {"ruby", "gem"},
    {"rubygems", "gem"},
    {"rust", "semver"},
    {"sles", "rpm"},
    {"suse", "rpm"},
    {"swift", "semver"},
    {"swifturl", "semver"},
    {"ubuntu", "deb"},
    {"unknown", "fuzzy"},
    {"windows", "windows-kb"},
    {"wolfi", "apk"},
};

static const struct vl_version_scheme *by_name(struct vl_span name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(schemes); i++) {
        if (vl_span_eq_nocase(name, vl_span_str(schemes[i].name)))
            return &schemes[i];
    }
    return NULL;
}

const struct vl_version_scheme *vl_version_scheme(struct vl_span name)
{
    const struct vl_version_scheme *scheme = by_name(name);
    for (size_t i = 0; !scheme && i < VL_ARRAY_LEN(aliases); i++) {
        if (vl_span_eq_nocase(name, vl_span_str(aliases[i].alias)))
            scheme = by_name(vl_span_str(aliases[i].scheme));
    }
    return scheme;
}

const char *vl_version_scheme_name(const struct vl_version_scheme *scheme)
{
    return scheme->name;
}

const char *vl_version_scheme_at(size_t index)
{
    return index < VL_ARRAY_LEN(schemes) ? schemes[index].name : NULL;
}

static int sign(int r)
{
    return r < 0 ? -1 : r > 0;
}

static int check(const struct vl_version_scheme *scheme, struct vl_span version, struct vl_err *err)
{
    if (version.len > VL_VERSION_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "version of %zu bytes: the limit is %d", version.len, VL_VERSION_MAX);
    if (scheme->valid && !scheme->valid(version))
        return vl_err_set(err, VL_ERR_INVALID, "\"%.*s\" is not a version of scheme %s", VL_SPAN_FMT(version),
            scheme->name);
    return 0;
}

int vl_version_compare(
    const struct vl_version_scheme *scheme, struct vl_span a, struct vl_span b, int *ret, struct vl_err *err)
{
    int r = check(scheme, a, err);
    if (r == 0)
        r = check(scheme, b, err);
    if (r < 0)
        return r;
    *ret = sign(scheme->compare ? scheme->compare(a, b) : scheme->order(a, b));
    return 0;
}

/* What is too long for a version is ordered by its first bytes, and after all others. */
int vl_version_order(const struct vl_version_scheme *scheme, struct vl_span a, struct vl_span b)
{
    bool x = a.len > VL_VERSION_MAX, y = b.len > VL_VERSION_MAX;
    if (x || y)
        return x != y ? (x ? 1 : -1) : sign(vl_span_cmp(a, b));
    return sign(scheme->order(a, b));
}

bool vl_version_valid(const struct vl_version_scheme *scheme, struct vl_span version)
{
    return version.len <= VL_VERSION_MAX && (!scheme->valid || scheme->valid(version));
}

int vl_version_satisfies(const struct vl_version_scheme *scheme, struct vl_span version, struct vl_span range,
    bool *ret, struct vl_err *err)
{
    if (version.len > VL_VERSION_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "version of %zu bytes: the limit is %d", version.len, VL_VERSION_MAX);
    if (range.len > VL_VERSION_RANGE_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "range of %zu bytes: the limit is %d", range.len, VL_VERSION_RANGE_MAX);
    if (scheme->satisfies)
        return scheme->satisfies(version, range, ret, err);
    return vl_version_range_satisfies(scheme, version, range, ret, err);
}
