/* Source: pacman's local database as libalpm writes it (be_local.c describes it): "%KEY%", values one a line,
 * an empty line. */
#include "pacman.h"

#include "license.h"
#include "owned.h"
#include "path.h"

#define LICENSES_MAX 32

struct desc {
    struct vl_span name, version, base, arch, packager;
    struct vl_span licenses[LICENSES_MAX];
    uint32_t n_licenses;
};

static bool wants(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/pacman/local/*/desc");
}

static bool wants_files(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/pacman/local/*/files");
}

static bool is_key(struct vl_span line)
{
    return line.len > 2 && line.ptr[0] == '%' && line.ptr[line.len - 1] == '%';
}

static void take(struct desc *desc, struct vl_span key, struct vl_span value)
{
    struct {
        const char *key;
        struct vl_span *slot;
    } slots[] = {
        {"%NAME%", &desc->name},
        {"%VERSION%", &desc->version},
        {"%BASE%", &desc->base},
        {"%ARCH%", &desc->arch},
        {"%PACKAGER%", &desc->packager},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(slots); i++) {
        if (vl_span_eq_str(key, slots[i].key) && slots[i].slot->len == 0)
            *slots[i].slot = value;
    }
    if (vl_span_eq_str(key, "%LICENSE%") && desc->n_licenses < LICENSES_MAX)
        desc->licenses[desc->n_licenses++] = value;
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct desc desc = {.n_licenses = 0};
    struct vl_span rest = file->content, line, key = VL_SPAN_EMPTY;
    while (vl_span_split_line(&rest, &line)) {
        line = vl_span_trim(line);
        if (is_key(line))
            key = line;
        else if (line.len)
            take(&desc, key, line);
        else
            key = VL_SPAN_EMPTY; /* ends the section */
    }
    if (desc.name.len == 0 || desc.version.len == 0)
        return 0;
    struct vl_package *p = vl_package_sink_add(sink, VL_ECO_ALPM, desc.name, desc.version, file->path, err);
    if (!p)
        return err->err;
    if (desc.base.len && !vl_span_eq(desc.base, desc.name))
        p->source_name = vl_arena_dup_span(sink->arena, desc.base);
    if (desc.arch.len)
        p->arch = vl_arena_dup_span(sink->arena, desc.arch);
    if (desc.packager.len)
        p->vendor = vl_arena_dup_span(sink->arena, desc.packager);
    return os_set_licenses(p, desc.licenses, desc.n_licenses, sink->arena, file->path, err);
}

/* "libxml2-2.13.5-1": name, version, release. */
static struct vl_span name_of_folder(struct vl_span folder)
{
    for (unsigned i = 0; i < 2; i++) {
        size_t dash = vl_span_rfind_char(folder, '-');
        if (dash == SIZE_MAX)
            return VL_SPAN_EMPTY;
        folder = vl_span_slice(folder, 0, dash);
    }
    return folder;
}

static int parse_files(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    bool inside = false;
    VL_CLEANUP(os_owned_done) struct os_owned owned;
    os_owned_init(&owned);
    while (vl_span_split_line(&rest, &line)) {
        if (is_key(line))
            inside = vl_span_eq_str(line, "%FILES%");
        else if (inside && !vl_span_ends_with(line, "/"))
            os_owned_add(&owned, line);
    }
    return os_owned_flush(
        &owned, name_of_folder(os_path_folder(file->path, 0)), VL_SPAN_EMPTY, sink, file->path, err);
}

const struct vl_package_parser os_parser_pacman = {"pacman", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
const struct vl_package_parser os_parser_pacman_files = {
    "pacman/files", VL_PACKAGE_SCOPE_INSTALLED, wants_files, parse_files};
