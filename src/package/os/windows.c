/* Sources: the values of HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion as Microsoft documents them for
 * winver; "Component Based Servicing" package states (0x70 is installed) as in DISM's log reference; the
 * layout of container layers (Files/, Hives/) as in the Windows layer format of opencontainers/image-spec. */
#include "windows.h"

#include <string.h>

#include "codec/xml.h"
#include "hive.h"
#include "path.h"
#include "release.h"

#define VERSION_KEY     "Microsoft\\Windows NT\\CurrentVersion"
#define PACKAGES_KEY    "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"
#define STATE_INSTALLED 0x70U
#define KB_DIGITS_MAX   9

static bool matches(const struct vl_package_file *file, const char *const *patterns)
{
    for (; *patterns; patterns++) {
        if (os_path_match_nocase(file->path, *patterns))
            return true;
    }
    return false;
}

static bool wants_registry(const struct vl_package_file *file)
{
    static const char *const places[] = {"Windows/System32/config/SOFTWARE",
        "Files/Windows/System32/config/SOFTWARE", "Hives/Software_Base", "Hives/Software_Delta", NULL};
    return matches(file, places);
}

static bool wants_servicing(const struct vl_package_file *file)
{
    static const char *const places[] = {
        "Windows/servicing/Packages/Package_*.mum", "Files/Windows/servicing/Packages/Package_*.mum", NULL};
    return matches(file, places);
}

/* "KB5034129" out of "Package_for_KB5034129~31bf…" or "KB5034129"; empty where there is none. */
static struct vl_span kb_of(struct vl_span text)
{
    size_t at = vl_span_find(text, VL_SPAN_LIT("KB"));
    if (at == SIZE_MAX)
        return VL_SPAN_EMPTY;
    text = vl_span_slice(text, at, text.len);
    size_t len = 2;
    while (len < text.len && vl_char_is_digit(text.ptr[len]))
        len++;
    return len > 2 && len <= 2 + KB_DIGITS_MAX ? vl_span_slice(text, 0, len) : VL_SPAN_EMPTY;
}

static int add_update(struct vl_span kb, const char *path, struct vl_package_sink *sink, struct vl_err *err)
{
    for (size_t i = 0; i < sink->updates.len; i++) {
        const char *const *known = vl_vec_at(&sink->updates, i);
        if (vl_span_eq_str(kb, *known))
            return 0;
    }
    const char **slot = vl_vec_push(&sink->updates, "Windows updates", err);
    if (!slot)
        return err->err;
    *slot = vl_arena_dup_span(sink->arena, kb);
    int r = vl_arena_check(sink->arena, path, err);
    if (r < 0)
        sink->updates.len--;
    return r;
}

struct updates {
    const struct vl_package_file *file;
    struct vl_package_sink *sink;
};

static int each_package(
    struct os_hive *hive, uint32_t child, struct vl_span name, void *user, struct vl_err *err)
{
    struct updates *u = user;
    struct vl_span kb = vl_span_starts_with(name, "Package_") ? kb_of(name) : VL_SPAN_EMPTY;
    uint32_t state = 0;
    if (kb.len == 0 || !os_hive_number(hive, child, "CurrentState", &state) || state != STATE_INSTALLED)
        return 0;
    return add_update(kb, u->file->path, u->sink, err);
}

/* "10.0.20348.2113"; before Windows 10 the first two numbers stand in a string. Without a build they are all
 * there is: taken where the product is named too, for in the hive of an upper layer they say nothing of the
 * build below. */
static const char *version_of(struct os_hive *hive, uint32_t key, struct vl_arena *arena)
{
    uint32_t major = 0, minor = 0, revision = 0;
    const char *build = os_hive_string(hive, key, "CurrentBuild", arena);
    if (!build)
        build = os_hive_string(hive, key, "CurrentBuildNumber", arena);
    if (!build)
        return os_hive_string(hive, key, "ProductName", arena)
                   ? os_hive_string(hive, key, "CurrentVersion", arena)
                   : NULL;
    bool has_revision = os_hive_number(hive, key, "UBR", &revision);
    const char *tail = has_revision ? vl_arena_printf(arena, "%s.%u", build, (unsigned)revision) : build;
    if (os_hive_number(hive, key, "CurrentMajorVersionNumber", &major)) {
        (void)os_hive_number(hive, key, "CurrentMinorVersionNumber", &minor);
        return tail ? vl_arena_printf(arena, "%u.%u.%s", (unsigned)major, (unsigned)minor, tail) : NULL;
    }
    const char *old = os_hive_string(hive, key, "CurrentVersion", arena);
    return old && tail ? vl_arena_printf(arena, "%s.%s", old, tail) : tail;
}

/* "Server Core" -> "server-core", as variants are written in os-release. */
static char *variant_of(const char *type, struct vl_arena *arena)
{
    char *variant = type ? vl_arena_strdup(arena, type) : NULL;
    for (char *c = variant; c && *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
        else if (*c == ' ')
            *c = '-';
    }
    return variant;
}

static int read_version(struct os_hive *hive, uint32_t key, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_arena *arena = sink->arena;
    const char *name = os_hive_string(hive, key, "ProductName", arena);
    const char *release = os_hive_string(hive, key, "DisplayVersion", arena);
    if (!release)
        release = os_hive_string(hive, key, "ReleaseId", arena);
    struct vl_distro distro = {
        .id = "windows", .version_id = version_of(hive, key, arena), .codename = release};
    distro.variant_id = variant_of(os_hive_string(hive, key, "InstallationType", arena), arena);
    if (name)
        distro.pretty_name =
            release ? vl_arena_printf(arena, "%s %s", name, release) : vl_arena_strdup(arena, name);
    int r = vl_arena_check(arena, file->path, err);
    if (r < 0 || !distro.version_id) /* the hive of an upper layer holds only what it changed */
        return r;
    return os_release_offer(sink, &distro, OS_RANK_WINDOWS, file->path, err);
}

static int read_hive(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct os_hive hive;
    struct updates updates = {file, sink};
    uint32_t key;
    int r = os_hive_open(file->content, &hive, err);
    if (r >= 0)
        r = os_hive_find(&hive, VERSION_KEY, &key, err);
    if (r > 0)
        r = read_version(&hive, key, file, sink, err);
    if (r >= 0)
        r = os_hive_find(&hive, PACKAGES_KEY, &key, err);
    return r > 0 ? os_hive_each(&hive, key, each_package, &updates, err) : r;
}

static int parse_registry(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    int r = read_hive(file, sink, err);
    return r < 0 ? vl_err_wrap(err, "%s", file->path) : 0;
}

/* The name tells the KB, but for roll-ups, whose manifest names it. */
static int parse_servicing(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    struct vl_span kb = kb_of(os_path_base(file->path));
    if (kb.len == 0) {
        int r = vl_xml_parse(file->content, file->path, &xml, err);
        if (r < 0)
            return r;
        kb = kb_of(vl_xml_attr(vl_xml_child(vl_xml_root(xml), "package"), "identifier"));
    }
    return kb.len ? add_update(kb, file->path, sink, err) : 0;
}

const struct vl_package_parser os_parser_windows_registry = {
    "windows/registry", VL_PACKAGE_SCOPE_INSTALLED, wants_registry, parse_registry};
const struct vl_package_parser os_parser_windows_servicing = {
    "windows/servicing", VL_PACKAGE_SCOPE_INSTALLED, wants_servicing, parse_servicing};
