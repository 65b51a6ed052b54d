#include "artifact/binary.h"

#include "artifact/parsers.h"
#include "text_util.h"

/* Executables and libraries: ELF, PE, Mach-O.
 *
 * wants() sees every file of an image, so it looks at the name, the mode and the first bytes alone. */

#define MODE_EXECUTE 0111U

/* Libraries of a distribution: what is in them stands in its package database. */
static bool in_system_folder(const struct vl_package_file *file)
{
    struct vl_span path = vl_span_str(file->path);
    bool system = PKG_STARTS(path, "usr/lib") || PKG_STARTS(path, "lib");
    return system && !strstr(file->path, "-packages/") && !strstr(file->path, "node_modules/");
}

static bool is_library(struct vl_span base)
{
    return PKG_ENDS(base, ".so") || PKG_ENDS(base, ".node") || PKG_ENDS(base, ".dylib") ||
           PKG_ENDS(base, ".dll") || vl_span_find(base, VL_SPAN_LIT(".so.")) != SIZE_MAX;
}

static bool wants_binary(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    bool executable = file->mode & MODE_EXECUTE;
    switch (vl_object_kind_detect(file->head)) {
    case VL_OBJECT_ELF:
    case VL_OBJECT_MACHO:
        if (is_library(base))
            return !in_system_folder(file);
        return executable || file->mode == 0;
    case VL_OBJECT_PE:
        return executable || PKG_ENDS(base, ".exe") || PKG_ENDS(base, ".dll");
    default:
        return false;
    }
}

static int unidentified(
    struct vl_package_sink *sink, const struct vl_package_file *file, const char *kind, struct vl_err *err)
{
    struct vl_package_unidentified *u = vl_vec_push(&sink->unidentified, file->path, err);
    if (!u)
        return err->err;
    u->path = vl_arena_strdup(sink->arena, file->path);
    u->kind = kind;
    return vl_arena_check(sink->arena, file->path, err);
}

/* UPX leaves its mark near the front and near the end. Source: upx src/conf.h, UPX_MAGIC_LE32. */
static bool is_packed(struct vl_span content)
{
    struct vl_span mark = VL_SPAN_LIT("UPX!");
    size_t tail = content.len > 512 ? content.len - 512 : 0;
    return vl_span_find(vl_span_slice(content, 0, 4096), mark) != SIZE_MAX ||
           vl_span_find(vl_span_slice(content, tail, content.len), mark) != SIZE_MAX;
}

static const char *kind_of(const struct vl_object_file *object)
{
    if (is_packed(object->data))
        return "packed executable (UPX)";
    if (art_go_looks_like(object))
        return "go without build info";
    switch (object->kind) {
    case VL_OBJECT_ELF:
        return "elf";
    case VL_OBJECT_PE:
        return "pe";
    default:
        return "mach-o";
    }
}

static int parse_binary(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    static int (*const readers[])(const struct vl_package_file *file, const struct vl_object_file *object,
        struct vl_package_sink *sink,
        struct vl_err *err) = {art_go_read, art_cargo_read, art_classify, art_pe_read};
    struct vl_object_file object;
    int found = 0;
    int r = vl_object_open(file->content, &object, err);
    if (r < 0 && err->code == VL_ERR_MEMORY)
        return r;
    if (r < 0) { /* cut or a fixture of some test: it cannot run, and nothing can be said of it */
        vl_err_clear(err);
        return unidentified(sink, file, "damaged executable", err);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(readers) && r >= 0; i++) {
        r = readers[i](file, &object, sink, err);
        found |= r > 0;
    }
    if (r < 0)
        return vl_err_wrap(err, "%s", file->path);
    return found || is_library(pkg_base(file)) ? 0 : unidentified(sink, file, kind_of(&object), err);
}

const struct vl_package_parser pkg_parser_binary = {
    .name = "binary",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_binary,
    .parse = parse_binary,
};
