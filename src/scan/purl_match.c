#include "scan/purl_match.h"

#include <string.h>

#include "version/version.h"

#define SCRATCH_MAX (1024UL * 1024)

/* Names that are given to one distribution; rows of one number are one. */
static const struct {
    const char *name;
    unsigned number;
} distributions[] = {
    {"redhat", 1},
    {"rhel", 1},
    {"amzn", 2},
    {"amazon", 2},
    {"amazonlinux", 2},
    {"ol", 3},
    {"oracle", 3},
    {"oraclelinux", 3},
    {"opensuse", 4},
    {"opensuse-leap", 4},
    {"opensuse-tumbleweed", 4},
    {"opensuse.leap", 4},
    {"opensuse.tumbleweed", 4},
    {"suse", 5},
    {"sles", 5},
    {"sle", 5},
    {"rocky", 6},
    {"rockylinux", 6},
    {"alma", 7},
    {"almalinux", 7},
    {"azurelinux", 8},
    {"azure-linux", 8},
    {"mariner", 9},
    {"cbl-mariner", 9},
};

static unsigned distribution_number(const char *name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(distributions); i++)
        if (strcmp(distributions[i].name, name) == 0)
            return distributions[i].number;
    return 0;
}

static bool is_distribution(const struct vl_package *p)
{
    return vl_ecosystem_info(p->ecosystem)->distribution;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_namespace(const char *a, const char *b, const struct vl_package *p)
{
    if (same_text(a, b))
        return true;
    unsigned number = a && b && is_distribution(p) ? distribution_number(a) : 0;
    return number && number == distribution_number(b);
}

static bool same_name(const char *a, const char *b, const struct vl_package *p)
{
    if (p->ecosystem == VL_ECO_NUGET)
        return vl_span_eq_nocase(vl_span_str(a), vl_span_str(b));
    return same_text(a, b);
}

static const char *without_v(const char *version, const struct vl_package *p)
{
    return p->ecosystem == VL_ECO_GO && version[0] == 'v' ? version + 1 : version;
}

static bool same_version(const char *a, const char *b, const struct vl_package *p)
{
    if (!a || !b)
        return !a; /* the pattern speaks of all versions; one of a package without version only then */
    a = without_v(a, p);
    b = without_v(b, p);
    const char *name = vl_ecosystem_info(p->ecosystem)->scheme;
    const struct vl_version_scheme *scheme = name ? vl_version_scheme(vl_span_str(name)) : NULL;
    struct vl_err ignored = VL_ERR_INIT;
    int order;
    if (strcmp(a, b) == 0)
        return true;
    return scheme && vl_version_compare(scheme, vl_span_str(a), vl_span_str(b), &order, &ignored) >= 0 &&
           order == 0;
}

/* One is the other, or a point release of it. */
static bool same_release(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b), n = x < y ? x : y;
    const char *longer = x < y ? b : a;
    return n && strncmp(a, b, n) == 0 && (x == y || longer[n] == '.');
}

/* "rhel-9.3" and "redhat-9.3". */
static bool same_distro(const char *a, const char *b)
{
    const char *dash_a = strrchr(a, '-'), *dash_b = strrchr(b, '-');
    char id[2][64];
    size_t n = dash_a ? (size_t)(dash_a - a) : 0, m = dash_b ? (size_t)(dash_b - b) : 0;
    if (same_release(a, b))
        return true;
    if (!n || !m || n >= sizeof(id[0]) || m >= sizeof(id[1]) || !same_release(dash_a + 1, dash_b + 1))
        return false;
    memcpy(id[0], a, n);
    memcpy(id[1], b, m);
    id[0][n] = id[1][m] = '\0';
    unsigned number = distribution_number(id[0]);
    return number && number == distribution_number(id[1]);
}

static bool is_source(const struct vl_purl *pattern, const struct vl_package *p)
{
    const char *arch = vl_purl_qualifier(pattern, "arch");
    return arch && is_distribution(p) && (strcmp(arch, "source") == 0 || strcmp(arch, "src") == 0);
}

static bool same_qualifier(
    const struct vl_purl_qualifier *q, const struct vl_purl *own, bool source, const struct vl_package *p)
{
    const char *value = vl_purl_qualifier(own, q->key);
    if (source && (strcmp(q->key, "arch") == 0 || strcmp(q->key, "epoch") == 0))
        return true; /* the version has been compared, epoch and all */
    if (strcmp(q->key, "epoch") == 0)
        return same_text(q->value, value ? value : "0");
    if (strcmp(q->key, "distro") == 0 && value && is_distribution(p))
        return same_distro(q->value, value);
    return value && same_text(q->value, value);
}

/* Versions of rpm packages hold the epoch, those of their URLs do not. */
static const char *with_epoch(
    const struct vl_purl *pattern, const struct vl_package *p, struct vl_arena *scratch)
{
    const char *epoch = vl_purl_qualifier(pattern, "epoch");
    bool joins = pattern->version && p->ecosystem == VL_ECO_RPM && epoch && !strchr(pattern->version, ':');
    return joins ? vl_arena_printf(scratch, "%s:%s", epoch, pattern->version) : pattern->version;
}

/* A pattern that says no epoch speaks of any. */
static const char *source_version(const struct vl_purl *pattern, const struct vl_package *p)
{
    const char *version = p->source_version ? p->source_version : p->version;
    const char *colon = p->ecosystem == VL_ECO_RPM && version ? strchr(version, ':') : NULL;
    return colon && !vl_purl_qualifier(pattern, "epoch") ? colon + 1 : version;
}

bool vl_scan_purl_matches_parsed(
    const struct vl_purl *pattern, const struct vl_package *package, struct vl_arena *scratch)
{
    struct vl_purl own;
    struct vl_err ignored = VL_ERR_INIT;
    if (!package->purl || vl_purl_parse(vl_span_str(package->purl), scratch, &own, &ignored) < 0)
        return false;
    bool source = is_source(pattern, package);
    const char *name = source && package->source_name ? package->source_name : own.name;
    const char *version = source ? source_version(pattern, package) : own.version;
    const char *asked = source ? with_epoch(pattern, package, scratch) : pattern->version;
    if (!same_text(pattern->type, own.type) || !same_namespace(pattern->namespace, own.namespace, package) ||
        !same_name(pattern->name, name, package) || !same_version(asked, version, package))
        return false;
    if (pattern->subpath && !same_text(pattern->subpath, own.subpath))
        return false;
    for (size_t i = 0; i < pattern->n_qualifiers; i++)
        if (!same_qualifier(&pattern->qualifiers[i], &own, source, package))
            return false;
    return true;
}

bool vl_scan_purl_matches(const char *pattern, const struct vl_package *package)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *scratch = vl_arena_new(SCRATCH_MAX);
    struct vl_purl purl;
    struct vl_err ignored = VL_ERR_INIT;
    return scratch && pattern && vl_purl_parse(vl_span_str(pattern), scratch, &purl, &ignored) >= 0 &&
           vl_scan_purl_matches_parsed(&purl, package, scratch);
}
