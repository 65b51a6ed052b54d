/* Which files a dpkg or opkg package brought: info/NAME[:ARCH].list (absolute paths, folders too) and
 * NAME.md5sums ("digest  path", relative, no folders, no conffiles). */
#include "dpkg.h"

#include "owned.h"
#include "path.h"

static bool wants_list(const struct vl_package_file *file)
{
    static const char *const places[] = {"var/lib/dpkg/info/*.list", "usr/lib/opkg/info/*.list",
        "var/lib/opkg/info/*.list", "opt/lib/opkg/info/*.list", NULL};
    return os_path_match_any(file->path, places);
}

/* Beside status.d there is no list. In info/ there always is, and it holds all that md5sums does: reading
 * both would double the largest part of an inventory. */
static bool wants_md5sums(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/dpkg/status.d/*.md5sums");
}

/* "libc6:amd64.list" -> "libc6", "amd64". */
static void split_name(
    const char *path, const char *suffix, struct vl_span *ret_name, struct vl_span *ret_arch)
{
    struct vl_span name = os_path_base(path);
    name = vl_span_slice(name, 0, name.len - vl_span_str(suffix).len);
    size_t colon = vl_span_find_char(name, ':');
    *ret_arch = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(name, colon + 1, name.len);
    *ret_name = vl_span_slice(name, 0, colon);
}

/* A folder stands before what is in it. */
static bool is_folder_of(struct vl_span folder, struct vl_span next)
{
    return next.len > folder.len && next.ptr[folder.len] == '/' &&
           vl_span_eq(folder, vl_span_slice(next, 0, folder.len));
}

static int parse_list(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name, arch, rest = file->content, line, pending = VL_SPAN_EMPTY;
    VL_CLEANUP(os_owned_done) struct os_owned owned;
    os_owned_init(&owned);
    split_name(file->path, ".list", &name, &arch);
    while (vl_span_split_line(&rest, &line)) {
        /* opkg writes "path<TAB>mode[<TAB>target]" */
        line = vl_span_slice(line, 0, vl_span_find_char(line, '\t'));
        if (pending.len && !is_folder_of(pending, line))
            os_owned_add(&owned, pending);
        pending = line;
    }
    if (pending.len)
        os_owned_add(&owned, pending);
    return os_owned_flush(&owned, name, arch, sink, file->path, err);
}

static int parse_md5sums(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name, arch, rest = file->content, line;
    VL_CLEANUP(os_owned_done) struct os_owned owned;
    os_owned_init(&owned);
    split_name(file->path, ".md5sums", &name, &arch);
    while (vl_span_split_line(&rest, &line)) {
        size_t space = vl_span_find_char(line, ' ');
        if (space != SIZE_MAX)
            os_owned_add(&owned, vl_span_trim(vl_span_slice(line, space, line.len)));
    }
    return os_owned_flush(&owned, name, arch, sink, file->path, err);
}

const struct vl_package_parser os_parser_dpkg_list = {
    "dpkg/list", VL_PACKAGE_SCOPE_INSTALLED, wants_list, parse_list};
const struct vl_package_parser os_parser_dpkg_md5sums = {
    "dpkg/md5sums", VL_PACKAGE_SCOPE_INSTALLED, wants_md5sums, parse_md5sums};
