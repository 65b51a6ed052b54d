/* Files that name a distribution beside or before os-release: one line "NAME release VERSION (CODENAME)",
 * a bare version, or lsb-release's assignments. */
#include "release.h"

#include <string.h>

#include "path.h"

enum form {
    FORM_LINE,    /* "CentOS Linux release 7.9.2009 (Core)" */
    FORM_VERSION, /* "3.18.4" */
    FORM_DEBIAN,  /* "12.5" or "trixie/sid" */
    FORM_LSB,     /* DISTRIB_ID=Ubuntu */
    FORM_SUSE,    /* line, then VERSION = 11, PATCHLEVEL = 4 */
    FORM_MARK,    /* the file's presence says it all */
};

static const struct place {
    const char *path;
    const char *id; /* where the path tells; else NULL */
    enum form form;
    enum os_release_rank rank;
} places[] = {
    {"etc/alpine-release", "alpine", FORM_VERSION, OS_RANK_OWN_FILE},
    {"etc/centos-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/rocky-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/almalinux-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/oracle-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/sl-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/fedora-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"usr/lib/fedora-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/photon-release", "photon", FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/mariner-release", "mariner", FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/azurelinux-release", "azurelinux", FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/openEuler-release", NULL, FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/SuSE-release", NULL, FORM_SUSE, OS_RANK_OWN_FILE},
    {"etc/arch-release", "arch", FORM_MARK, OS_RANK_OWN_FILE},
    {"etc/gentoo-release", "gentoo", FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/slackware-version", "slackware", FORM_LINE, OS_RANK_OWN_FILE},
    {"etc/lsb-release", NULL, FORM_LSB, OS_RANK_LSB_RELEASE},
    {"etc/openwrt_release", NULL, FORM_LSB, OS_RANK_LSB_RELEASE},
    {"etc/system-release", NULL, FORM_LINE, OS_RANK_SYSTEM_RELEASE},
    {"etc/redhat-release", NULL, FORM_LINE, OS_RANK_REDHAT_RELEASE},
    {"etc/debian_version", "debian", FORM_DEBIAN, OS_RANK_DEBIAN_VERSION},
};

/* What the first line or DISTRIB_ID begins with; longer names first. */
static const struct {
    const char *begins;
    const char *id;
} names[] = {
    {"AlmaLinux", "almalinux"},
    {"Amazon Linux", "amzn"},
    {"Arch", "arch"},
    {"CBL-Mariner", "mariner"},
    {"CentOS", "centos"},
    {"CloudLinux", "cloudlinux"},
    {"Debian", "debian"},
    {"EuroLinux", "eurolinux"},
    {"Fedora", "fedora"},
    {"Linux Mint", "linuxmint"},
    {"LinuxMint", "linuxmint"},
    {"MIRACLE LINUX", "miraclelinux"},
    {"Manjaro", "manjaro"},
    {"OpenWrt", "openwrt"},
    {"Oracle Linux", "ol"},
    {"Red Hat Enterprise Linux CoreOS", "rhcos"}, /* its version is OpenShift's */
    {"Red Hat Enterprise Linux", "rhel"},
    {"RedHatEnterprise", "rhel"},
    {"Rocky", "rocky"},
    {"SUSE Linux Enterprise Desktop", "sled"},
    {"SUSE Linux Enterprise", "sles"},
    {"Scientific Linux", "scientific"},
    {"Ubuntu", "ubuntu"},
    {"VMware Photon", "photon"},
    {"Virtuozzo", "virtuozzo"},
    {"Zorin", "zorin"},
    {"neon", "neon"},
    {"openEuler", "openeuler"},
    {"openSUSE", "opensuse"},
};

static const struct place *place_of(const char *path)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(places); i++) {
        if (strcmp(places[i].path, path) == 0)
            return &places[i];
    }
    return NULL;
}

static const char *id_of(struct vl_span name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        struct vl_span begins = vl_span_str(names[i].begins);
        if (vl_span_eq_nocase(vl_span_slice(name, 0, begins.len), begins))
            return names[i].id;
    }
    return NULL;
}

/* The first word that begins with a digit. */
static struct vl_span version_of(struct vl_span line)
{
    struct vl_span word;
    while (vl_span_split(&line, ' ', &word)) {
        if (word.len && vl_char_is_digit(word.ptr[0]))
            return word;
    }
    return VL_SPAN_EMPTY;
}

static struct vl_span in_parentheses(struct vl_span line)
{
    size_t open = vl_span_find_char(line, '(');
    if (open == SIZE_MAX)
        return VL_SPAN_EMPTY;
    line = vl_span_slice(line, open + 1, line.len);
    return vl_span_trim(vl_span_slice(line, 0, vl_span_find_char(line, ')')));
}

/* Value of `key` in "KEY=value" or "KEY = value" lines, without quotes. */
static struct vl_span value_of(struct vl_span rest, const char *key)
{
    struct vl_span line;
    while (vl_span_split_line(&rest, &line)) {
        size_t eq = vl_span_find_char(line, '=');
        if (eq == SIZE_MAX || !vl_span_eq_str(vl_span_trim(vl_span_slice(line, 0, eq)), key))
            continue;
        struct vl_span v = vl_span_trim(vl_span_slice(line, eq + 1, line.len));
        if (v.len >= 2 && (v.ptr[0] == '"' || v.ptr[0] == '\'') && v.ptr[v.len - 1] == v.ptr[0])
            v = vl_span_slice(v, 1, v.len - 1);
        return v;
    }
    return VL_SPAN_EMPTY;
}

static void read_line(
    const struct place *place, struct vl_span line, struct vl_arena *arena, struct vl_distro *distro)
{
    distro->id = place->id ? place->id : id_of(line);
    distro->version_id = vl_arena_dup_span(arena, version_of(line));
    distro->pretty_name = vl_arena_dup_span(arena, line);
    distro->codename = vl_arena_dup_span(arena, in_parentheses(line));
}

static void read_debian(struct vl_span line, struct vl_arena *arena, struct vl_distro *distro)
{
    distro->id = "debian";
    if (line.len && vl_char_is_digit(line.ptr[0])) /* a release is its first number since Debian 7 */
        distro->version_id = vl_arena_dup_span(arena, vl_span_slice(line, 0, vl_span_find_char(line, '.')));
    else
        distro->codename = vl_arena_dup_span(arena, vl_span_slice(line, 0, vl_span_find_char(line, '/')));
    distro->pretty_name = vl_arena_printf(arena, "Debian GNU/Linux %.*s", VL_SPAN_FMT(line));
}

static void read_lsb(struct vl_span content, struct vl_arena *arena, struct vl_distro *distro)
{
    distro->id = id_of(value_of(content, "DISTRIB_ID"));
    distro->version_id = vl_arena_dup_span(arena, value_of(content, "DISTRIB_RELEASE"));
    distro->codename = vl_arena_dup_span(arena, value_of(content, "DISTRIB_CODENAME"));
    distro->pretty_name = vl_arena_dup_span(arena, value_of(content, "DISTRIB_DESCRIPTION"));
}

static void read_suse(
    struct vl_span line, struct vl_span content, struct vl_arena *arena, struct vl_distro *distro)
{
    struct vl_span version = value_of(content, "VERSION"), level = value_of(content, "PATCHLEVEL");
    bool patched = level.len && !vl_span_eq_str(level, "0");
    distro->id = id_of(line);
    distro->pretty_name = vl_arena_dup_span(arena, line);
    distro->version_id = vl_arena_printf(arena, "%.*s%s%.*s", VL_SPAN_FMT(version), patched ? "." : "",
        VL_SPAN_FMT(patched ? level : VL_SPAN_EMPTY));
}

static bool wants(const struct vl_package_file *file)
{
    return place_of(file->path) != NULL;
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    const struct place *place = place_of(file->path);
    struct vl_distro distro = {0};
    struct vl_span line, rest = file->content;
    if (!place)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: no release file", file->path);
    if (!vl_span_split_line(&rest, &line))
        line = VL_SPAN_EMPTY;
    line = vl_span_trim(line);
    switch (place->form) {
    case FORM_LINE:
        read_line(place, line, sink->arena, &distro);
        break;
    case FORM_VERSION:
        distro.id = place->id;
        distro.version_id = vl_arena_dup_span(sink->arena, line);
        distro.pretty_name = vl_arena_printf(sink->arena, "%s %.*s", place->id, VL_SPAN_FMT(line));
        break;
    case FORM_DEBIAN:
        read_debian(line, sink->arena, &distro);
        break;
    case FORM_LSB:
        read_lsb(file->content, sink->arena, &distro);
        break;
    case FORM_SUSE:
        read_suse(line, file->content, sink->arena, &distro);
        break;
    case FORM_MARK:
        distro.id = place->id;
        distro.pretty_name = place->id;
        break;
    }
    int r = vl_arena_check(sink->arena, file->path, err);
    if (r < 0 || !distro.id) /* a name we do not know is no error: os-release speaks for it */
        return r;
    return os_release_offer(sink, &distro, place->rank, file->path, err);
}

const struct vl_package_parser os_parser_release = {
    "os/release-files", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
