#include "language/parsers.h"
#include "text_util.h"

/* Files that pin the versions of tools: .nvmrc, .node-version, asdf's .tool-versions, mise.toml. Sources: the
 * README of nvm ("nvmrc"), asdf-vm.com ("Configuration"), mise.jdx.dev ("Configuration"). */

static bool wants_tool_versions(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (base.len == 0 || base.ptr[0] != '.')
        return false;
    return PKG_IS(base, ".nvmrc") || PKG_IS(base, ".node-version") || PKG_IS(base, ".tool-versions");
}

static bool wants_mise(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (!PKG_ENDS(base, ".toml"))
        return false;
    if (PKG_IS(base, "mise.toml") || PKG_IS(base, ".mise.toml") || PKG_IS(base, "mise.local.toml"))
        return true;
    struct vl_span folder = pkg_folder(file);
    if (PKG_ENDS(folder, ".config/mise/conf.d"))
        return true;
    return PKG_IS(base, "config.toml") && (PKG_IS(folder, "mise") || PKG_IS(folder, ".mise") ||
                                              PKG_ENDS(folder, "/mise") || PKG_ENDS(folder, "/.mise"));
}

/* "22" and "22.1" stand for the newest of a line; three numbers are one version. */
static unsigned flags_of(struct vl_span version)
{
    size_t dots = 0;
    for (size_t i = 0; i < version.len; i++)
        dots += version.ptr[i] == '.';
    return VL_PACKAGE_LOCKED | (dots >= 2 ? 0 : VL_PACKAGE_RANGE);
}

/* "v20.1.0"; words such as "lts/hydrogen" and "system" name no version. */
static bool take_node_version(struct vl_span text, struct vl_span *ret_version)
{
    if (text.len > 1 && text.ptr[0] == 'v')
        text = vl_span_slice(text, 1, text.len);
    *ret_version = text;
    return text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9';
}

static int add_tools(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_span words,
    uint32_t line, struct vl_err *err)
{
    struct vl_span tool, version;
    if (!pkg_word(&words, &tool))
        return 0;
    while (pkg_word(&words, &version) && version.ptr[0] != '#') {
        if (PKG_IS(version, "system") || PKG_STARTS(version, "path:") || PKG_STARTS(version, "file:"))
            continue;
        if (!pkg_add(sink, VL_ECO_GENERIC, tool, version, flags_of(version), line, file, err))
            return err->err;
    }
    return 0;
}

static int parse_tool_versions(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    bool many = PKG_IS(pkg_base(file), ".tool-versions");
    struct vl_span rest = file->content, line, version;
    uint32_t number = 0;
    while (vl_span_split_line(&rest, &line)) {
        number++;
        line = vl_span_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (many) {
            int r = add_tools(file, sink, line, number, err);
            if (r < 0)
                return r;
        } else if (take_node_version(line, &version)) {
            if (!pkg_add(sink, VL_ECO_GENERIC, VL_SPAN_LIT("nodejs"), version, flags_of(version), number,
                    file, err))
                return err->err;
            return 0;
        }
    }
    return 0;
}

static int add_mise(
    struct pkg_unique *unique, struct vl_span tool, const struct vl_doc_node *value, struct vl_err *err)
{
    struct vl_span version =
        vl_doc_is(value, VL_DOC_OBJECT) ? vl_doc_get_str(value, "version") : vl_doc_span(value);
    if (version.len == 0)
        return 0;
    return pkg_unique_add(
        unique, tool, version, VL_SPAN_EMPTY, flags_of(version), vl_doc_line(value), NULL, err);
}

static int parse_mise(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_GENERIC);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), "tools"));
    for (; n && r >= 0; n = vl_doc_next(n)) {
        if (!vl_doc_is(n, VL_DOC_ARRAY)) {
            r = add_mise(&unique, vl_doc_key(n), n, err);
            continue;
        }
        for (const struct vl_doc_node *item = vl_doc_first(n); item && r >= 0; item = vl_doc_next(item))
            r = add_mise(&unique, vl_doc_key(n), item, err);
    }
    return r;
}

const struct vl_package_parser pkg_parser_tool_versions = {
    .name = "tools/versions",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_tool_versions,
    .parse = parse_tool_versions,
};

const struct vl_package_parser pkg_parser_mise = {
    .name = "tools/mise",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_mise,
    .parse = parse_mise,
};
