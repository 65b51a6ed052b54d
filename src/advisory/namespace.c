#include "namespace.h"

#include <stdio.h>
#include <string.h>

static const struct vl_space_info families[] = {
    {"debian", "Debian security tracker", "debian", "deb", true, VL_SPACE_NAMES_EXACT},
    {"ubuntu", "Ubuntu security notices", "ubuntu", "deb", true, VL_SPACE_NAMES_EXACT},
    {"ubuntu-pro", "Ubuntu security notices (Pro)", "ubuntu", "deb", true, VL_SPACE_NAMES_EXACT},
    {"echo", "Echo advisories", "echo", "deb", true, VL_SPACE_NAMES_EXACT},
    {"alpine", "Alpine secdb", "alpine", "apk", true, VL_SPACE_NAMES_EXACT},
    {"wolfi", "Wolfi security data", "wolfi", "apk", true, VL_SPACE_NAMES_EXACT},
    {"chainguard", "Chainguard security data", "chainguard", "apk", true, VL_SPACE_NAMES_EXACT},
    {"minimos", "MinimOS security data", "minimos", "apk", true, VL_SPACE_NAMES_EXACT},
    {"alpaquita", "Alpaquita security data", "bellsoft", "apk", true, VL_SPACE_NAMES_EXACT},
    {"bellsoft-hardened-containers", "BellSoft security data", "bellsoft", "apk", true, VL_SPACE_NAMES_EXACT},
    {"almalinux", "AlmaLinux errata", "almalinux", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"rocky", "Rocky Linux errata", "rocky", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"rhel", "Red Hat security data", "redhat", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"rhel-eus", "Red Hat security data (EUS)", "redhat", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"oracle", "Oracle Linux errata", "oracle", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"oracle-fips", "Oracle Linux errata (FIPS builds)", "oracle", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"oracle-ksplice", "Oracle Linux errata (Ksplice builds)", "oracle", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"amazon", "Amazon Linux security center", "amazon", "rpm", false, VL_SPACE_NAMES_EXACT},
    {"sles", "SUSE security data", "suse", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"opensuse-leap", "openSUSE security data", "suse", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"opensuse-tumbleweed", "openSUSE security data", "suse", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"photon", "Photon OS security advisories", "photon", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"azurelinux", "Azure Linux security data", "azurelinux", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"openeuler", "openEuler security data", "openeuler", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"mageia", "Mageia advisories", "mageia", "rpm", true, VL_SPACE_NAMES_EXACT},
    {"pypi", "OSV PyPI", NULL, NULL, false, VL_SPACE_NAMES_PEP503},
    {"npm", "OSV npm", NULL, NULL, false, VL_SPACE_NAMES_EXACT},
    {"go", "OSV Go", NULL, NULL, false, VL_SPACE_NAMES_EXACT},
    {"maven", "OSV Maven", NULL, NULL, false, VL_SPACE_NAMES_EXACT},
    {"nuget", "OSV NuGet", NULL, NULL, false, VL_SPACE_NAMES_LOWER},
    {"cargo", "OSV crates.io", NULL, NULL, false, VL_SPACE_NAMES_EXACT},
    {"gem", "OSV RubyGems", NULL, NULL, false, VL_SPACE_NAMES_EXACT},
    {"composer", "OSV Packagist", NULL, NULL, false, VL_SPACE_NAMES_LOWER},
    {"githubactions", "OSV GitHub Actions", NULL, NULL, false, VL_SPACE_NAMES_LOWER},
    {"vscode", "OSV VSCode", NULL, NULL, false, VL_SPACE_NAMES_LOWER},
    {"swift", "OSV Swift", NULL, NULL, false, VL_SPACE_NAMES_LOWER},
    {"windows", "Microsoft security updates", "microsoft", NULL, false, VL_SPACE_NAMES_EXACT},
    {NULL, "OSV", NULL, NULL, false, VL_SPACE_NAMES_EXACT},
};

static struct vl_span family_of(struct vl_span space)
{
    size_t colon = vl_span_find_char(space, ':');
    return vl_span_slice(space, 0, colon);
}

const struct vl_space_info *vl_space_info(struct vl_span space)
{
    struct vl_span family = family_of(space);
    size_t i = 0;
    while (families[i].family && !vl_span_eq_str(family, families[i].family))
        i++;
    return &families[i];
}

const char *vl_space_scheme(struct vl_span space)
{
    const char *own = vl_space_info(space)->scheme;
    if (own)
        return own;
    enum vl_ecosystem eco = vl_ecosystem_from_name(family_of(space));
    return eco != VL_ECO_NONE                          ? vl_ecosystem_info(eco)->scheme
           : vl_span_find_char(space, ':') != SIZE_MAX ? "rpm"
                                                       : "semver";
}

static const struct {
    const char *codename;
    const char *release;
} debian_releases[] = {
    {"bo", "1.3"},
    {"hamm", "2.0"},
    {"slink", "2.1"},
    {"potato", "2.2"},
    {"woody", "3.0"},
    {"sarge", "3.1"},
    {"etch", "4"},
    {"lenny", "5"},
    {"squeeze", "6"},
    {"wheezy", "7"},
    {"jessie", "8"},
    {"stretch", "9"},
    {"buster", "10"},
    {"bullseye", "11"},
    {"bookworm", "12"},
    {"trixie", "13"},
    {"forky", "14"},
    {"duke", "15"},
    {"sid", "sid"},
};

const char *vl_space_debian_release(struct vl_span codename)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(debian_releases); i++) {
        if (vl_span_eq_str(codename, debian_releases[i].codename))
            return debian_releases[i].release;
    }
    return NULL;
}

/* "15 SP5" and "15-SP5" give "15.5", "12" and "15" themselves. */
static void append_suse_release(struct vl_span text, struct vl_buf *out)
{
    size_t sp = vl_span_find(text, VL_SPAN_LIT("SP"));
    struct vl_span major = sp == SIZE_MAX ? text : vl_span_slice(text, 0, sp);
    while (major.len && (major.ptr[major.len - 1] == ' ' || major.ptr[major.len - 1] == '-'))
        major.len--;
    vl_buf_append_span(out, major);
    if (sp == SIZE_MAX)
        return;
    size_t end = sp + 2;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9')
        end++;
    vl_buf_append_char(out, '.');
    vl_buf_append_span(out, vl_span_slice(text, sp + 2, end));
}

/* "SUSE:Linux Enterprise Module for Basesystem 15 SP5" and "SUSE:Linux Enterprise Server 15 SP5" are one
 * namespace: the modules are where the packages of the product come from. LTSS is a paid channel. */
static bool suse_space(struct vl_span product, struct vl_buf *out)
{
    if (!vl_span_starts_with(product, "Linux Enterprise") ||
        vl_span_find(product, VL_SPAN_LIT("LTSS")) != SIZE_MAX ||
        vl_span_find(product, VL_SPAN_LIT("ESPOS")) != SIZE_MAX ||
        vl_span_find(product, VL_SPAN_LIT("Live Patching")) != SIZE_MAX)
        return false;
    size_t at = 0;
    while (at < product.len && !(product.ptr[at] == ' ' && at + 1 < product.len &&
                                   product.ptr[at + 1] >= '0' && product.ptr[at + 1] <= '9'))
        at++;
    if (at == product.len)
        return false;
    vl_buf_append_str(out, "sles:");
    append_suse_release(vl_span_slice(product, at + 1, product.len), out);
    return true;
}

/* "22.04:LTS", "24.10", "Pro:16.04:LTS"; FIPS, realtime and other special kernels are not the release. */
static bool ubuntu_space(struct vl_span rest, struct vl_buf *out)
{
    struct vl_span part;
    bool pro = false;
    if (vl_span_starts_with(rest, "Pro:")) {
        pro = true;
        rest = vl_span_slice(rest, 4, rest.len);
    }
    if (!vl_span_split(&rest, ':', &part) || part.len == 0 || part.ptr[0] < '0' || part.ptr[0] > '9')
        return false;
    vl_buf_append_str(out, pro ? "ubuntu-pro:" : "ubuntu:");
    vl_buf_append_span(out, part);
    return true;
}

static void append_lower(struct vl_buf *out, struct vl_span s, char space_becomes)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        vl_buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == ' ' ? space_becomes : c);
    }
}

static const char *const unjudged[] = {"OSS-Fuzz", "Android", "Linux", "GIT", "UVI", "GSD", "FreeBSD"};

/* Families that are written in another way than by lower-casing. */
static const struct {
    const char *osv;
    const char *ours;
} osv_families[] = {
    {"Rocky Linux", "rocky"},
    {"Photon OS", "photon"},
    {"Azure Linux", "azurelinux"},
    {"Oracle Linux", "oracle"},
    {"Amazon Linux", "amazon"},
};

static bool distro_space_from_osv(struct vl_span family, struct vl_span release, struct vl_buf *out)
{
    if (vl_span_eq_str(family, "Ubuntu"))
        return ubuntu_space(release, out);
    if (vl_span_eq_str(family, "SUSE"))
        return suse_space(release, out);
    if (vl_span_eq_str(family, "Red Hat")) {
        struct vl_buf cpe;
        vl_buf_init(&cpe, 4096);
        vl_buf_printf(&cpe, "cpe:/o:redhat:%.*s", VL_SPAN_FMT(release));
        bool ok = vl_space_from_redhat_cpe(vl_buf_span(&cpe), out);
        vl_buf_done(&cpe);
        return ok;
    }
    if (vl_span_eq_str(family, "openSUSE")) {
        bool leap = vl_span_starts_with(release, "Leap ");
        if (!leap && !vl_span_eq_str(release, "Tumbleweed"))
            return false;
        vl_buf_append_str(out, leap ? "opensuse-leap:" : "opensuse-tumbleweed");
        if (leap)
            vl_buf_append_span(out, vl_span_slice(release, 5, release.len));
        return true;
    }
    const char *ours = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(osv_families); i++) {
        if (vl_span_eq_str(family, osv_families[i].osv))
            ours = osv_families[i].ours;
    }
    if (ours)
        vl_buf_append_str(out, ours);
    else
        append_lower(out, family, '-');
    if (release.len == 0)
        return true;
    vl_buf_append_char(out, ':');
    /* "v3.18" of Alpine; "2" and "3" of Azure Linux are 2.0 and 3.0 in os-release. */
    vl_buf_append_span(out, vl_span_starts_with(release, "v") && vl_span_eq_str(family, "Alpine")
                                ? vl_span_slice(release, 1, release.len)
                                : release);
    if (vl_span_eq_str(family, "Azure Linux") && vl_span_find_char(release, '.') == SIZE_MAX)
        vl_buf_append_str(out, ".0");
    return true;
}

bool vl_space_from_osv(struct vl_span osv, struct vl_buf *out)
{
    size_t colon = vl_span_find_char(osv, ':');
    struct vl_span family = vl_span_slice(osv, 0, colon);
    struct vl_span release = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(osv, colon + 1, osv.len);
    for (size_t i = 0; i < VL_ARRAY_LEN(unjudged); i++) {
        if (vl_span_eq_str(family, unjudged[i]))
            return false;
    }
    if (family.len == 0)
        return false;
    if (vl_span_eq_nocase(family, VL_SPAN_LIT("kubernetes"))) {
        vl_buf_append_str(out, "kubernetes");
        return true;
    }
    enum vl_ecosystem eco = vl_ecosystem_from_osv(osv);
    if (eco == VL_ECO_NONE || vl_ecosystem_info(eco)->distribution)
        return distro_space_from_osv(family, release, out);
    vl_buf_append_str(out, vl_ecosystem_info(eco)->name);
    return true;
}

bool vl_space_from_redhat_cpe(struct vl_span cpe, struct vl_buf *out)
{
    static const struct {
        const char *product;
        const char *ours;
        bool major_only;
    } products[] = {
        {"enterprise_linux", "rhel:", true},
        {"enterprise_linux_eus", "rhel-eus:", false},
        {"rhel_eus", "rhel-eus:", false},
        {"rhel_aus", "rhel-eus:", false},
        {"rhel_tus", "rhel-eus:", false},
        {"rhel_e4s", "rhel-eus:", false},
        {"rhel_els", "rhel-els:", true},
        {"rhel_extras", "rhel:", true},
        {"rhel_software_collections", NULL, true},
    };
    struct vl_span part[5] = {0};
    for (size_t i = 0; i < VL_ARRAY_LEN(part) && vl_span_split(&cpe, ':', &part[i]); i++)
        ;
    if (!vl_span_eq_str(part[0], "cpe") || !vl_span_eq_str(part[2], "redhat") || part[4].len == 0)
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(products); i++) {
        if (!vl_span_eq_str(part[3], products[i].product) || !products[i].ours)
            continue;
        struct vl_span release = part[4];
        if (products[i].major_only)
            release = vl_span_slice(release, 0, vl_span_find_char(release, '.'));
        vl_buf_append_str(out, products[i].ours);
        vl_buf_append_span(out, release);
        return true;
    }
    return false;
}

void vl_space_append_name(struct vl_span space, struct vl_span name, struct vl_buf *out)
{
    switch (vl_space_info(space)->names) {
    case VL_SPACE_NAMES_EXACT:
        vl_buf_append_span(out, name);
        return;
    case VL_SPACE_NAMES_LOWER:
        append_lower(out, name, ' ');
        return;
    case VL_SPACE_NAMES_PEP503:
        break;
    }
    bool separator = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '-' || c == '_' || c == '.') {
            separator = true;
            continue;
        }
        if (separator)
            vl_buf_append_char(out, '-');
        separator = false;
        vl_buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    if (separator)
        vl_buf_append_char(out, '-');
}

const char *vl_space_of_ecosystem(enum vl_ecosystem eco)
{
    const struct vl_ecosystem_info *info = vl_ecosystem_info(eco);
    if (info->distribution || info->id == VL_ECO_NONE || info->id == VL_ECO_GENERIC)
        return NULL;
    return info->id == VL_ECO_DENO ? "npm" : info->name;
}
