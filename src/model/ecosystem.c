#include "model/ecosystem.h"

static const struct vl_ecosystem_info table[VL_ECO_COUNT] = {
    [VL_ECO_NONE] = {VL_ECO_NONE, "unknown", NULL, "generic", "generic", false},
    [VL_ECO_DEB] = {VL_ECO_DEB, "deb", NULL, "deb", "deb", true},
    [VL_ECO_APK] = {VL_ECO_APK, "apk", NULL, "apk", "apk", true},
    [VL_ECO_RPM] = {VL_ECO_RPM, "rpm", NULL, "rpm", "rpm", true},
    [VL_ECO_ALPM] = {VL_ECO_ALPM, "alpm", NULL, "alpm", "pacman", true},
    [VL_ECO_OPKG] = {VL_ECO_OPKG, "opkg", NULL, "opkg", "deb", true},
    [VL_ECO_PORTAGE] = {VL_ECO_PORTAGE, "portage", NULL, "ebuild", "portage", true},
    [VL_ECO_SNAP] = {VL_ECO_SNAP, "snap", NULL, "snap", "generic", true},
    [VL_ECO_FLATPAK] = {VL_ECO_FLATPAK, "flatpak", NULL, "flatpak", "generic", true},
    [VL_ECO_COS] = {VL_ECO_COS, "cos", NULL, "cos", "generic", true},
    [VL_ECO_WINDOWS] = {VL_ECO_WINDOWS, "windows", NULL, "windows", "windows-kb", true},
    [VL_ECO_CHOCOLATEY] = {VL_ECO_CHOCOLATEY, "chocolatey", NULL, "chocolatey", "nuget", true},
    [VL_ECO_NPM] = {VL_ECO_NPM, "npm", "npm", "npm", "npm", false},
    [VL_ECO_PYPI] = {VL_ECO_PYPI, "pypi", "PyPI", "pypi", "pep440", false},
    [VL_ECO_GO] = {VL_ECO_GO, "go", "Go", "golang", "golang", false},
    [VL_ECO_MAVEN] = {VL_ECO_MAVEN, "maven", "Maven", "maven", "maven", false},
    [VL_ECO_NUGET] = {VL_ECO_NUGET, "nuget", "NuGet", "nuget", "nuget", false},
    [VL_ECO_CARGO] = {VL_ECO_CARGO, "cargo", "crates.io", "cargo", "semver", false},
    [VL_ECO_GEM] = {VL_ECO_GEM, "gem", "RubyGems", "gem", "gem", false},
    [VL_ECO_COMPOSER] = {VL_ECO_COMPOSER, "composer", "Packagist", "composer", "packagist", false},
    [VL_ECO_PUB] = {VL_ECO_PUB, "pub", "Pub", "pub", "pub", false},
    [VL_ECO_HEX] = {VL_ECO_HEX, "hex", "Hex", "hex", "semver", false},
    [VL_ECO_CONAN] = {VL_ECO_CONAN, "conan", "ConanCenter", "conan", "semver", false},
    [VL_ECO_SWIFT] = {VL_ECO_SWIFT, "swift", "SwiftURL", "swift", "semver", false},
    [VL_ECO_COCOAPODS] = {VL_ECO_COCOAPODS, "cocoapods", NULL, "cocoapods", "gem", false},
    [VL_ECO_CRAN] = {VL_ECO_CRAN, "cran", "CRAN", "cran", "cran", false},
    [VL_ECO_HACKAGE] = {VL_ECO_HACKAGE, "hackage", "Hackage", "hackage", "hackage", false},
    [VL_ECO_JULIA] = {VL_ECO_JULIA, "julia", "Julia", "julia", "semver", false},
    [VL_ECO_CONDA] = {VL_ECO_CONDA, "conda", NULL, "conda", "pep440", false},
    [VL_ECO_OPAM] = {VL_ECO_OPAM, "opam", "opam", "opam", "deb", false},
    [VL_ECO_CPAN] = {VL_ECO_CPAN, "cpan", NULL, "cpan", "generic", false},
    [VL_ECO_BITNAMI] = {VL_ECO_BITNAMI, "bitnami", "Bitnami", "bitnami", "bitnami", false},
    [VL_ECO_GITHUB_ACTIONS] = {VL_ECO_GITHUB_ACTIONS, "githubactions", "GitHub Actions", "githubactions",
        "semver", false},
    [VL_ECO_DENO] = {VL_ECO_DENO, "deno", NULL, "generic", "npm", false},
    [VL_ECO_VSCODE] = {VL_ECO_VSCODE, "vscode", "VSCode", "vscode-extension", "semver", false},
    [VL_ECO_KUBERNETES] = {VL_ECO_KUBERNETES, "kubernetes", "Kubernetes", "k8s", "semver", false},
    [VL_ECO_GENERIC] = {VL_ECO_GENERIC, "generic", NULL, "generic", "generic", false},
};

const struct vl_ecosystem_info *vl_ecosystem_info(enum vl_ecosystem eco)
{
    return &table[(unsigned)eco < VL_ECO_COUNT ? eco : VL_ECO_NONE];
}

enum vl_ecosystem vl_ecosystem_from_name(struct vl_span name)
{
    for (unsigned i = 1; i < VL_ECO_COUNT; i++) {
        if (vl_span_eq_str(name, table[i].name))
            return table[i].id;
    }
    return VL_ECO_NONE;
}

/* OSV ecosystems of distributions, which stand for many releases of one of ours. */
static const struct {
    const char *osv;
    enum vl_ecosystem eco;
} osv_distributions[] = {
    {"AlmaLinux", VL_ECO_RPM},
    {"Alpaquita", VL_ECO_APK},
    {"Alpine", VL_ECO_APK},
    {"Azure Linux", VL_ECO_RPM},
    {"BellSoft Hardened Containers", VL_ECO_APK},
    {"Chainguard", VL_ECO_APK},
    {"Debian", VL_ECO_DEB},
    {"Docker Hardened Images", VL_ECO_DEB},
    {"Echo", VL_ECO_DEB},
    {"Mageia", VL_ECO_RPM},
    {"MinimOS", VL_ECO_APK},
    {"Photon OS", VL_ECO_RPM},
    {"Red Hat", VL_ECO_RPM},
    {"Rocky Linux", VL_ECO_RPM},
    {"SUSE", VL_ECO_RPM},
    {"TuxCare", VL_ECO_RPM},
    {"Ubuntu", VL_ECO_DEB},
    {"Wolfi", VL_ECO_APK},
    {"openEuler", VL_ECO_RPM},
    {"openSUSE", VL_ECO_RPM},
};

enum vl_ecosystem vl_ecosystem_from_osv(struct vl_span osv)
{
    struct vl_span base = vl_span_slice(osv, 0, vl_span_find_char(osv, ':'));
    for (unsigned i = 1; i < VL_ECO_COUNT; i++) {
        if (table[i].osv && vl_span_eq_str(base, table[i].osv))
            return table[i].id;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(osv_distributions); i++) {
        if (vl_span_eq_str(base, osv_distributions[i].osv))
            return osv_distributions[i].eco;
    }
    return VL_ECO_NONE;
}

enum vl_ecosystem vl_ecosystem_from_purl_type(struct vl_span type)
{
    for (unsigned i = VL_ECO_COUNT - 1; i > 0;
        i--) { /* from the end: "generic" is that of the last, not of Deno */
        if (vl_span_eq_str(type, table[i].purl_type))
            return table[i].id;
    }
    return VL_ECO_NONE;
}
