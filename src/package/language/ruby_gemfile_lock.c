#include "language/parsers.h"
#include "text_util.h"

/* Source: Bundler's lock file as its LockfileParser reads it: sections at column 0, "specs:" at 2, a gem
 * "name (version[-platform])" at 4, its dependencies at 6. */

enum section { SECTION_NONE, SECTION_OTHER, SECTION_GEM, SECTION_GIT, SECTION_PATH };

static bool wants_gemfile_lock(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_IS(base, "Gemfile.lock") || PKG_IS(base, "gems.locked") || PKG_ENDS(base, ".gemfile.lock");
}

static enum section section_of(struct vl_span line)
{
    if (PKG_IS(line, "GEM") || PKG_IS(line, "PLUGIN SOURCE"))
        return SECTION_GEM;
    if (PKG_IS(line, "GIT"))
        return SECTION_GIT;
    return PKG_IS(line, "PATH") ? SECTION_PATH : SECTION_OTHER;
}

static size_t indent_of(struct vl_span line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == ' ')
        n++;
    return n;
}

/* "nokogiri (1.13.3-x86_64-linux)": a gem's version holds no '-', what follows one is the platform. */
static bool split_spec(struct vl_span text, struct vl_span *ret_name, struct vl_span *ret_version)
{
    size_t open = vl_span_find(text, VL_SPAN_LIT(" ("));
    if (open == SIZE_MAX || text.ptr[text.len - 1] != ')')
        return false;
    *ret_name = vl_span_slice(text, 0, open);
    struct vl_span version = vl_span_slice(text, open + 2, text.len - 1);
    *ret_version = vl_span_slice(version, 0, vl_span_find_char(version, '-'));
    return ret_name->len && ret_version->len;
}

static int parse_gemfile_lock(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line, name, version, revision = VL_SPAN_EMPTY;
    enum section section = SECTION_NONE;
    bool specs = false;
    uint32_t number = 0;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_GEM);
    while (vl_span_split_line(&rest, &line)) {
        number++;
        size_t indent = indent_of(line);
        struct vl_span text = vl_span_trim(line);
        if (text.len == 0)
            continue;
        if (PKG_STARTS(text, "<<<<<<<") || PKG_STARTS(text, ">>>>>>>"))
            return vl_err_set(
                err, VL_ERR_INVALID, "%s: line %u is the mark of an unsettled merge", file->path, number);
        if (indent == 0) {
            section = section_of(text);
            specs = false;
            revision = VL_SPAN_EMPTY;
        } else if (section == SECTION_NONE) {
            return vl_err_set(err, VL_ERR_INVALID, "%s: line %u belongs to no section", file->path, number);
        } else if (indent == 2) {
            specs = PKG_IS(text, "specs:");
            if (PKG_STARTS(text, "revision: "))
                revision = vl_span_slice(text, sizeof("revision: ") - 1, text.len);
        } else if (indent == 4 && specs && section != SECTION_OTHER && split_spec(text, &name, &version)) {
            unsigned flags = VL_PACKAGE_LOCKED | (section == SECTION_PATH ? VL_PACKAGE_MAIN : 0);
            int r = pkg_unique_add(&unique, name, version, revision, flags, number, NULL, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

const struct vl_package_parser pkg_parser_gem_gemfile_lock = {
    .name = "gem/gemfile-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_gemfile_lock,
    .parse = parse_gemfile_lock,
};
