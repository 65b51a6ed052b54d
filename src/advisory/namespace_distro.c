/* Which namespaces judge a distribution, and which of its packages are not its own. */
#include "namespace.h"

#include <stdio.h>
#include <string.h>

enum release_form {
    RELEASE_NONE,  /* rolling: the family alone */
    RELEASE_MAJOR, /* "9.3" is 9 */
    RELEASE_MINOR, /* "3.18.4" is 3.18 */
    RELEASE_WHOLE,
};

static const struct {
    const char *id; /* os-release ID */
    const char *family;
    enum release_form form;
} distros[] = {
    {"debian", "debian", RELEASE_MAJOR},
    {"raspbian", "debian", RELEASE_MAJOR},
    {"ubuntu", "ubuntu", RELEASE_WHOLE},
    {"ubuntu", "ubuntu-pro", RELEASE_WHOLE},
    {"echo", "echo", RELEASE_NONE},
    {"alpine", "alpine", RELEASE_MINOR},
    {"wolfi", "wolfi", RELEASE_NONE},
    {"chainguard", "chainguard", RELEASE_NONE},
    {"chainguard", "wolfi", RELEASE_NONE},
    {"minimos", "minimos", RELEASE_NONE},
    {"alpaquita", "alpaquita", RELEASE_WHOLE},
    {"bellsoft-hardened-containers", "bellsoft-hardened-containers", RELEASE_WHOLE},
    {"almalinux", "almalinux", RELEASE_MAJOR},
    {"rocky", "rocky", RELEASE_MAJOR},
    {"rhel", "rhel", RELEASE_MAJOR},
    {"redhat", "rhel", RELEASE_MAJOR},
    {"centos", "rhel", RELEASE_MAJOR},
    {"ol", "oracle", RELEASE_MAJOR},
    {"amzn", "amazon", RELEASE_WHOLE},
    {"sles", "sles", RELEASE_WHOLE},
    {"sled", "sles", RELEASE_WHOLE},
    {"sle_hpc", "sles", RELEASE_WHOLE},
    {"opensuse-leap", "opensuse-leap", RELEASE_WHOLE},
    {"opensuse", "opensuse-leap", RELEASE_WHOLE},
    {"opensuse-tumbleweed", "opensuse-tumbleweed", RELEASE_NONE},
    {"photon", "photon", RELEASE_MINOR},
    {"azurelinux", "azurelinux", RELEASE_MINOR},
    {"mariner", "azurelinux", RELEASE_MINOR},
    {"openEuler", "openeuler", RELEASE_WHOLE},
    {"mageia", "mageia", RELEASE_MAJOR},
};

/* "2018.03" and older are all of Amazon Linux 1; openEuler's service pack stands in the pretty name alone. */
static void special_release(const struct vl_distro *distro, const char *family, struct vl_buf *out)
{
    if (strcmp(family, "amazon") == 0 && strncmp(distro->version_id, "201", 3) == 0) {
        vl_buf_append_char(out, '1');
        return;
    }
    vl_buf_append_str(out, distro->version_id);
    if (strcmp(family, "openeuler") == 0) {
        const char *open = strchr(distro->pretty_name, '(');
        const char *close = open ? strchr(open, ')') : NULL;
        if (close)
            vl_buf_printf(out, "-%.*s", (int)(close - open - 1), open + 1);
    }
}

static bool append_release(
    const struct vl_distro *distro, const char *family, enum release_form form, struct vl_buf *out)
{
    struct vl_span id = vl_span_str(distro->version_id);
    if (strcmp(family, "debian") == 0 && id.len == 0) {
        /* testing and unstable have no VERSION_ID */
        const char *release = vl_space_debian_release(vl_span_str(distro->codename));
        vl_buf_append_str(out, release ? release : "");
        return release != NULL;
    }
    if (strcmp(family, "alpine") == 0 &&
        (vl_span_find_char(id, '_') != SIZE_MAX || vl_span_eq_str(id, "edge"))) {
        vl_buf_append_str(out, "edge");
        return true;
    }
    if (form == RELEASE_WHOLE) {
        special_release(distro, family, out);
        return id.len > 0;
    }
    size_t dot = vl_span_find_char(id, '.');
    if (form == RELEASE_MINOR && dot != SIZE_MAX) {
        size_t second = vl_span_find_char(vl_span_slice(id, dot + 1, id.len), '.');
        dot = second == SIZE_MAX ? SIZE_MAX : dot + 1 + second;
    }
    vl_buf_append_span(out, vl_span_slice(id, 0, dot));
    return id.len > 0;
}

/* CentOS Linux 6 to 8 is a rebuild of RHEL; Stream is what comes after it, for which there is no data. */
static bool is_unjudged(const struct vl_distro *distro)
{
    if (strcmp(distro->id, "centos") != 0)
        return false;
    return strstr(distro->pretty_name, "Stream") != NULL ||
           (distro->version_id[0] != '6' && distro->version_id[0] != '7' && distro->version_id[0] != '8');
}

size_t vl_space_of_distro(const struct vl_distro *distro, char ret_spaces[VL_SPACE_DISTRO_MAX][VL_SPACE_MAX])
{
    size_t n = 0;
    if (!distro || !distro->id || is_unjudged(distro))
        return 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(distros) && n < VL_SPACE_DISTRO_MAX; i++) {
        if (strcmp(distro->id, distros[i].id) != 0)
            continue;
        struct vl_buf text;
        vl_buf_init(&text, VL_SPACE_MAX - 1);
        vl_buf_append_str(&text, distros[i].family);
        bool ok = true;
        if (distros[i].form != RELEASE_NONE) {
            vl_buf_append_char(&text, ':');
            ok = append_release(distro, distros[i].family, distros[i].form, &text);
        }
        if (ok && !text.failed)
            memcpy(ret_spaces[n++], vl_buf_str(&text), text.len + 1);
        vl_buf_done(&text);
    }
    return n;
}

/* Words in the rpm Vendor tag of a distribution's own packages. */
static const struct {
    const char *id;
    const char *vendor;
} vendors[] = {
    {"almalinux", "AlmaLinux"},
    {"rocky", "Rocky"},
    {"rhel", "Red Hat"},
    {"redhat", "Red Hat"},
    {"centos", "CentOS"},
    {"ol", "Oracle"},
    {"amzn", "Amazon"},
    {"sles", "SUSE"},
    {"sled", "SUSE"},
    {"sle_hpc", "SUSE"},
    {"opensuse-leap", "SUSE"},
    {"opensuse-tumbleweed", "SUSE"},
    {"opensuse", "SUSE"},
    {"photon", "VMware"},
    {"photon", "Broadcom"},
    {"azurelinux", "Microsoft"},
    {"mariner", "Microsoft"},
    {"openEuler", "openEuler"},
    {"mageia", "Mageia"},
};

/* Builders of deb packages who are nobody's distribution, as they name themselves in Origin or Maintainer. */
static const char *const deb_strangers[] = {"docker.com", "NodeSource", "nodesource", "MongoDB",
    "mongodb.com", "elastic.co", "Elasticsearch", "hashicorp.com", "HashiCorp", "nginx.com",
    "NGINX Packaging", "gitlab.com", "GitLab", "grafana.com", "Grafana Labs", "influxdata.com", "nvidia.com",
    "NVIDIA", "deb.sury.org", "LP-PPA", "packages.microsoft.com", "Microsoft", "yarnpkg.com",
    "MariaDB Foundation", "MariaDB Developers", "Percona", "percona.com", "Azul Systems", "Adoptium",
    "Eclipse Adoptium", "Confluent", "confluent.io", "MySQL Release Engineering"};

bool vl_space_is_foreign(const struct vl_package *package, const struct vl_distro *distro)
{
    if (!package->vendor || package->vendor[0] == 0)
        return false;
    if (package->ecosystem == VL_ECO_DEB) {
        /* debian.org and ubuntu.com addresses are the distribution's own, whoever works for whom. */
        if (strstr(package->vendor, "debian.org") || strstr(package->vendor, "ubuntu.com"))
            return false;
        for (size_t i = 0; i < VL_ARRAY_LEN(deb_strangers); i++) {
            if (strstr(package->vendor, deb_strangers[i]))
                return true;
        }
        return false;
    }
    if (package->ecosystem != VL_ECO_RPM || !distro || !distro->id)
        return false;
    bool known = false;
    for (size_t i = 0; i < VL_ARRAY_LEN(vendors); i++) {
        if (strcmp(vendors[i].id, distro->id) != 0)
            continue;
        known = true;
        if (strstr(package->vendor, vendors[i].vendor))
            return false;
    }
    return known;
}

const char *vl_space_oracle_flavour(struct vl_span version)
{
    if (vl_span_find(version, VL_SPAN_LIT("ksplice")) != SIZE_MAX)
        return "oracle-ksplice";
    return vl_span_ends_with(version, "_fips") ? "oracle-fips" : NULL;
}

bool vl_space_is_kernel_headers(const struct vl_package *package)
{
    static const char *const prefixes[] = {"linux-libc-dev", "linux-headers-", "linux-kbuild-",
        "linux-compiler-", "linux-doc", "linux-source", "linux-support-", "linux-tools-common",
        "linux-buildinfo-", "kernel-headers", "kernel-devel", "kernel-doc", "kernel-uek-devel",
        "kernel-uek-headers", "kernel-rpm-macros", "kernel-srpm-macros", "kernel-abi-", "kernel-lt-headers",
        "kernel-ml-headers", "linux-glibc-devel", "linux-api-headers"};
    if (package->ecosystem != VL_ECO_DEB && package->ecosystem != VL_ECO_RPM &&
        package->ecosystem != VL_ECO_APK)
        return false;
    if (strncmp(package->name, "linux-", 6) != 0 && strncmp(package->name, "kernel-", 7) != 0)
        return false; /* asked for every package: most end here */
    for (size_t i = 0; i < VL_ARRAY_LEN(prefixes); i++) {
        if (strncmp(package->name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return package->ecosystem != VL_ECO_DEB && strcmp(package->name, "linux-headers") == 0;
}
