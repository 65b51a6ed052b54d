/* dpkg's status file and its relatives. Sources: dpkg-query(1) for the states, deb-control(5) for the fields,
 * the distroless build rules for status.d, opkg's own status file. */
#include "dpkg.h"

#include "control.h"
#include "path.h"

enum { PACKAGE, STATUS, ARCH, VERSION, SOURCE, MAINTAINER, ORIGIN, FIELDS };

static const char *const fields[] = {
    "Package", "Status", "Architecture", "Version", "Source", "Maintainer", "Origin", NULL};

enum flavour { FLAVOUR_DPKG, FLAVOUR_STATUS_D, FLAVOUR_OPKG };

enum state { STATE_ABSENT, STATE_INSTALLED, STATE_UNFINISHED };

/* "want flag status": the third word tells what is on disk. A package that waits for triggers is complete. */
static enum state state_of(struct vl_span status)
{
    static const struct {
        const char *word;
        enum state state;
    } words[] = {
        {"installed", STATE_INSTALLED},
        {"triggers-awaited", STATE_INSTALLED},
        {"triggers-pending", STATE_INSTALLED},
        {"unpacked", STATE_UNFINISHED},
        {"half-configured", STATE_UNFINISHED},
        {"half-installed", STATE_UNFINISHED},
    };
    struct vl_span word = VL_SPAN_EMPTY, part;
    for (unsigned n = 0; n < 3 && vl_span_split(&status, ' ', &part);) {
        if (part.len == 0)
            continue;
        word = ++n == 3 ? part : VL_SPAN_EMPTY;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_str(vl_span_trim(word), words[i].word))
            return words[i].state;
    }
    return STATE_ABSENT;
}

/* "glibc (2.36-9)"; the version stands there only where it differs from the binary's. */
static void fill_source(struct vl_package *package, struct vl_span source, struct vl_arena *arena)
{
    size_t open = vl_span_find_char(source, '(');
    struct vl_span name = vl_span_trim(vl_span_slice(source, 0, open));
    if (name.len && !vl_span_eq_str(name, package->name))
        package->source_name = vl_arena_dup_span(arena, name);
    if (open == SIZE_MAX)
        return;
    struct vl_span version = vl_span_slice(source, open + 1, source.len);
    version = vl_span_trim(vl_span_slice(version, 0, vl_span_find_char(version, ')')));
    if (version.len && !vl_span_eq_str(version, package->version))
        package->source_version = vl_arena_dup_span(arena, version);
}

static int add(const struct vl_package_file *file, const struct vl_span *v, enum vl_ecosystem eco,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_package *package = vl_package_sink_add(sink, eco, v[PACKAGE], v[VERSION], file->path, err);
    if (!package)
        return err->err;
    if (v[ARCH].len)
        package->arch = vl_arena_dup_span(sink->arena, v[ARCH]);
    struct vl_span vendor = v[ORIGIN].len ? v[ORIGIN] : v[MAINTAINER];
    if (vendor.len)
        package->vendor = vl_arena_dup_span(sink->arena, vendor);
    if (v[SOURCE].len)
        fill_source(package, v[SOURCE], sink->arena);
    return vl_arena_check(sink->arena, file->path, err);
}

static int parse_status(const struct vl_package_file *file, enum flavour flavour,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct os_control control = {.rest = file->content};
    struct vl_span v[FIELDS];
    unsigned long unfinished = 0;
    while (os_control_next(&control, fields, v)) {
        /* One file a package, copied out of the package itself, has no Status: it lies there, it is
         * installed. */
        enum state state =
            v[STATUS].len == 0 && flavour == FLAVOUR_STATUS_D ? STATE_INSTALLED : state_of(v[STATUS]);
        unfinished += state == STATE_UNFINISHED;
        if (state != STATE_INSTALLED || v[PACKAGE].len == 0 || v[VERSION].len == 0)
            continue;
        int r = add(file, v, flavour == FLAVOUR_OPKG ? VL_ECO_OPKG : VL_ECO_DEB, sink, err);
        if (r < 0)
            return r;
    }
    if (unfinished)
        vl_notes_add(sink->notes, VL_NOTE_INFO, VL_ERR_NONE, file->path,
            "%lu package(s) are unpacked but not configured and are not counted as installed", unfinished);
    /* What a crash leaves behind; names would end at the first of them. */
    if (vl_span_find_char(file->content, '\0') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "%s: holds zero bytes: the file is damaged", file->path);
    return 0;
}

static bool wants_dpkg(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/dpkg/status");
}

static int parse_dpkg(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_status(file, FLAVOUR_DPKG, sink, err);
}

static bool wants_status_d(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/dpkg/status.d/*") &&
           !vl_span_ends_with(vl_span_str(file->path), ".md5sums");
}

static int parse_status_d(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_status(file, FLAVOUR_STATUS_D, sink, err);
}

static bool wants_opkg(const struct vl_package_file *file)
{
    static const char *const places[] = {
        "usr/lib/opkg/status", "var/lib/opkg/status", "opt/lib/opkg/status", NULL};
    return os_path_match_any(file->path, places);
}

static int parse_opkg(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_status(file, FLAVOUR_OPKG, sink, err);
}

const struct vl_package_parser os_parser_dpkg = {"dpkg", VL_PACKAGE_SCOPE_INSTALLED, wants_dpkg, parse_dpkg};
const struct vl_package_parser os_parser_dpkg_status_d = {
    "dpkg/status.d", VL_PACKAGE_SCOPE_INSTALLED, wants_status_d, parse_status_d};
const struct vl_package_parser os_parser_opkg = {"opkg", VL_PACKAGE_SCOPE_INSTALLED, wants_opkg, parse_opkg};
