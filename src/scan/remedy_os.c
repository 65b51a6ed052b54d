/* Remedies for packages of distributions: a line that works with the package manager that is in the target.
 */
#include <stdlib.h>
#include <string.h>

#include "remedy_impl.h"

/* First found is taken: where several are there, each works. In the order in which a row reads. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): a dozen rows */
static const struct manager {
    const char *package;   /* whose presence tells that it is there */
    enum vl_ecosystem eco; /* whose packages it handles */
    const char *before;    /* the command up to the names */
    const char *after;     /* and behind them */
    const char *all;       /* everything, where there are too many names or a part would break it */
    bool whole;            /* only ever everything */
} managers[] = {
    {"apt", VL_ECO_DEB, "apt-get update && apt-get install -y --only-upgrade",
        " && rm -rf /var/lib/apt/lists/*",
        "apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*", false},
    {"apk-tools", VL_ECO_APK, "apk add --no-cache --upgrade", "", "apk upgrade --no-cache", false},
    {"dnf", VL_ECO_RPM, "dnf -y upgrade", " && dnf clean all", "dnf -y upgrade && dnf clean all", false},
    {"dnf5", VL_ECO_RPM, "dnf5 -y upgrade", " && dnf5 clean all", "dnf5 -y upgrade && dnf5 clean all", false},
    {"microdnf", VL_ECO_RPM, "microdnf -y update", " && microdnf clean all",
        "microdnf -y update && microdnf clean all", false},
    {"yum", VL_ECO_RPM, "yum -y update", " && yum clean all", "yum -y update && yum clean all", false},
    {"tdnf", VL_ECO_RPM, "tdnf -y update", " && tdnf clean all", "tdnf -y update && tdnf clean all", false},
    {"zypper", VL_ECO_RPM, "zypper --non-interactive update", " && zypper clean --all",
        "zypper --non-interactive update && zypper clean --all", false},
    /* Arch does not support upgrading a part */
    {"pacman", VL_ECO_ALPM, "", "", "pacman -Syu --noconfirm && pacman -Scc --noconfirm", true},
    {"opkg", VL_ECO_OPKG, "opkg update && opkg upgrade", "", NULL, false},
    {"portage", VL_ECO_PORTAGE, "emerge --sync && emerge --oneshot --update", "", NULL, false},
    {"chocolatey", VL_ECO_CHOCOLATEY, "choco upgrade -y", "", "choco upgrade -y all", false},
};

static const struct manager *manager_for(const struct vl_remedy_run *run, enum vl_ecosystem eco)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(managers); i++) {
        if (managers[i].eco == eco && vl_remedy_has(run, managers[i].package))
            return &managers[i];
    }
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the packages that come from the same source, sorted, each once. SIZE_MAX where there are too many.
 */
static size_t names_of(
    const struct vl_remedy_run *run, const struct vl_package *p, const char *ret[VL_REMEDY_NAMED_MAX])
{
    size_t n = 0;
    uint32_t at = run->groups[p - run->first].head;
    for (; at != VL_REMEDY_END; at = run->groups[at].next) {
        if (run->first[at].ecosystem != p->ecosystem)
            continue;
        bool again = false;
        for (size_t i = 0; i < n && !again; i++)
            again = strcmp(ret[i], run->first[at].name) == 0;
        if (again)
            continue;
        if (n == VL_REMEDY_NAMED_MAX)
            return SIZE_MAX;
        ret[n++] = run->first[at].name;
    }
    qsort(ret, n, sizeof(*ret), compare_names);
    return n;
}

static void write_command(
    struct vl_remedy_run *run, const struct manager *manager, const char *const *names, size_t n)
{
    if (run->dockerfile)
        vl_remedy_words(run, "RUN ");
    if (manager->whole || n == SIZE_MAX) {
        if (!manager->all)
            vl_remedy_no_command(run);
        else
            vl_remedy_words(run, manager->all);
        return;
    }
    vl_remedy_words(run, manager->before);
    for (size_t i = 0; i < n; i++)
        VL_REMEDY_ARG(run, names[i]);
    vl_remedy_words(run, manager->after);
}

static void say_what(
    struct vl_remedy_run *run, const struct vl_finding *f, const char *const *names, size_t n)
{
    const struct vl_package *p = f->package;
    VL_CLEANUP(vl_buf_done) struct vl_buf what;
    vl_buf_init(&what, VL_REMEDY_TEXT_MAX);
    if (n == 1 || n == 0) {
        vl_buf_append_str(&what, p->name);
    } else if (n == SIZE_MAX || n > 3) {
        vl_buf_printf(&what, "the packages of %s", p->source_name ? p->source_name : p->name);
    } else {
        for (size_t i = 0; i < n; i++)
            vl_buf_printf(&what, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", names[i]);
    }
    vl_remedy_say_upgrade(run, f, vl_buf_str(&what));
}

static bool from_base(const struct vl_remedy_run *run, const struct vl_package *p)
{
    const struct vl_layer *layer = vl_vec_at(&run->result->inventory->layers, p->layer);
    return layer && layer->base;
}

static enum vl_remedy_kind windows(struct vl_remedy_run *run, const struct vl_finding *f)
{
    vl_remedy_no_command(run);
    vl_buf_printf(&run->text,
        "Take a newer base image of this Windows release: one built with %s or a later cumulative update%s",
        vl_remedy_target(run, f), run->dockerfile ? "; Windows containers take no updates themselves" : "");
    return VL_REMEDY_UPDATE;
}

enum vl_remedy_kind vl_remedy_os(struct vl_remedy_run *run, const struct vl_finding *f)
{
    const struct vl_package *p = f->package;
    const char *names[VL_REMEDY_NAMED_MAX];
    if (p->ecosystem == VL_ECO_WINDOWS)
        return windows(run, f);
    if (vl_remedy_in_document(run, p)) {
        vl_remedy_no_command(run);
        vl_remedy_say_upgrade(run, f, p->name);
        vl_buf_printf(&run->text, " where %s comes from", p->path);
        return VL_REMEDY_MANIFEST;
    }
    size_t n = names_of(run, p, names);
    const struct manager *manager = manager_for(run, p->ecosystem);
    say_what(run, f, names, n);
    if (manager) {
        write_command(run, manager, names, n);
        return VL_REMEDY_DOCKERFILE;
    }
    vl_remedy_no_command(run);
    if (!run->dockerfile) {
        vl_buf_append_str(&run->text, " (no package manager of it was found here)");
        return VL_REMEDY_DOCKERFILE;
    }
    const char *base = run->result->inventory->target.base_name;
    vl_buf_printf(&run->text,
        ": there is no package manager in this image, so take it from a newer build of %s%s",
        base && from_base(run, p) ? "the base image " : "the base image",
        base && from_base(run, p) ? base : "");
    return VL_REMEDY_BASE_IMAGE;
}
