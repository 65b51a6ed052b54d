/* conan.lock of Conan 1 and 2, conanfile.txt, conanfile.py. Source: docs.conan.io "Lockfiles",
 * "conanfile.txt". */
#include "language/project_parsers.h"

#include "text_util.h"

/* "name/version@user/channel#revision:package%time": name and version. */
static bool split_reference(struct vl_span ref, struct vl_span *ret_name, struct vl_span *ret_version)
{
    static const char ends[] = {'#', ':', '%', '@'};
    size_t slash = vl_span_find_char(ref, '/');
    if (slash == SIZE_MAX || slash == 0)
        return false;
    *ret_name = vl_span_slice(ref, 0, slash);
    struct vl_span version = vl_span_slice(ref, slash + 1, SIZE_MAX);
    for (size_t i = 0; i < sizeof(ends); i++)
        version = vl_span_slice(version, 0, vl_span_find_char(version, ends[i]));
    *ret_version = vl_span_trim(version);
    return ret_version->len > 0 && vl_span_find_char(*ret_name, '#') == SIZE_MAX;
}

static int add_reference(
    struct pkg_unique *unique, struct vl_span ref, unsigned flags, uint32_t line, struct vl_err *err)
{
    struct vl_span name, version;
    if (!split_reference(ref, &name, &version))
        return 0;
    /* "[>=1.0 <2.0]" */
    if (version.ptr[0] == '[') {
        flags |= VL_PACKAGE_RANGE;
        version = vl_span_trim(vl_span_slice(version, 1, vl_span_rfind_char(version, ']')));
    }
    return pkg_unique_add(unique, name, version, VL_SPAN_EMPTY, flags | VL_PACKAGE_LOCKED, line, NULL, err);
}

/* Conan 1: a graph; the node with a path is the project itself. */
static int read_graph(struct pkg_unique *unique, const struct vl_doc_node *nodes, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(nodes); n; n = vl_doc_next(n)) {
        if (vl_doc_get_str(n, "path").len)
            continue;
        struct vl_span ref = vl_doc_get_str(n, "ref");
        if (ref.len == 0)
            ref = vl_doc_get_str(n, "pref");
        bool build = vl_span_eq_str(vl_doc_get_str(n, "context"), "build");
        int r = add_reference(unique, ref, build ? VL_PACKAGE_DEV : 0U, vl_doc_line(n), err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_lock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    static const struct {
        const char *list;
        unsigned flags;
    } lists[] = {{"requires", 0}, {"build_requires", VL_PACKAGE_DEV}, {"python_requires", VL_PACKAGE_DEV}};
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_CONAN);
    r = read_graph(&unique, vl_doc_get(vl_doc_get(root, "graph_lock"), "nodes"), err);
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
        const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, lists[i].list));
        for (; n && r == 0; n = vl_doc_next(n))
            r = add_reference(&unique, vl_doc_span(n), lists[i].flags, vl_doc_line(n), err);
    }
    pkg_unique_done(&unique);
    return r;
}

static bool wants_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "conan.lock");
}

const struct vl_package_parser pkg_parser_conan_lock = {
    .name = "conan/lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_lock,
    .parse = parse_lock,
};

static int parse_txt(struct pkg_unique *unique, struct vl_span rest, struct vl_err *err)
{
    struct vl_span line;
    bool runtime = false, build = false;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++) {
        line = vl_span_trim(vl_span_slice(line, 0, vl_span_find(line, VL_SPAN_LIT(" #"))));
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (line.ptr[0] == '[') {
            runtime = PKG_IS(line, "[requires]");
            build = PKG_IS(line, "[build_requires]") || PKG_IS(line, "[tool_requires]") ||
                    PKG_IS(line, "[test_requires]");
        } else if (runtime || build) {
            r = add_reference(unique, line, build ? VL_PACKAGE_DEV : 0U, n, err);
        }
    }
    return r;
}

/* Names have letters, digits and "_+.-" (docs.conan.io, recipe attribute "name"): a sentence or a place in a
 * disk is none. */
static bool is_name(struct vl_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
        if (!plain && (i == 0 || (c != '+' && c != '.' && c != '-')))
            return false;
    }
    return name.len > 0;
}

/* A version that the recipe puts in when it runs ("base/{}".format(v), "base/%s") is not known here. */
static int add_text(
    struct pkg_unique *unique, struct vl_span text, unsigned flags, uint32_t line, struct vl_err *err)
{
    struct vl_span name = vl_span_slice(text, 0, vl_span_find_char(text, '/')), version;
    if (name.len == text.len || !is_name(name))
        return 0;
    bool known = split_reference(text, &name, &version);
    bool made =
        known ? vl_span_find_char(version, '{') != SIZE_MAX : vl_span_find_char(text, '%') != SIZE_MAX;
    if (made)
        return pkg_unique_add(
            unique, name, VL_SPAN_EMPTY, VL_SPAN_EMPTY, flags | VL_PACKAGE_LOCKED, line, NULL, err);
    return add_reference(unique, text, flags, line, err);
}

/* Takes the next text, in quotes of either kind, off *rest. */
static bool next_text(struct vl_span *rest, struct vl_span *ret)
{
    size_t start = 0, end;
    while (start < rest->len && rest->ptr[start] != '"' && rest->ptr[start] != '\'')
        start++;
    for (end = start + 1; end < rest->len && rest->ptr[end] != rest->ptr[start]; end++)
        end += rest->ptr[end] == '\\';
    if (end >= rest->len)
        return false;
    *ret = vl_span_slice(*rest, start + 1, end);
    *rest = vl_span_slice(*rest, end + 1, SIZE_MAX);
    return true;
}

/* Where a comment starts; one in a text is none. */
static struct vl_span without_comment(struct vl_span line)
{
    struct vl_span rest = line, text;
    size_t hash;
    while ((hash = vl_span_find_char(rest, '#')) != SIZE_MAX) {
        const char *at = rest.ptr + hash;
        if (!next_text(&rest, &text) || text.ptr > at)
            return vl_span_trim(vl_span_slice(line, 0, (size_t)(at - line.ptr)));
    }
    return line;
}

/* References in quotes on lines that speak of requirements: `requires = "zlib/1.3", "fmt/10.0"`,
 * `self.requires('…')`. A list may go on over lines until its bracket closes. */
static int parse_py(struct pkg_unique *unique, struct vl_span rest, struct vl_err *err)
{
    static const char *const tools[] = {
        "build_requires", "tool_requires", "test_requires", "python_requires"};
    struct vl_span line, text;
    bool open = false, build = false;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++) {
        line = without_comment(vl_span_trim(line));
        if (line.len == 0)
            continue;
        bool names = vl_span_find(line, VL_SPAN_LIT("requires")) != SIZE_MAX;
        if (names)
            build = false;
        for (size_t i = 0; names && i < VL_ARRAY_LEN(tools); i++)
            build |= vl_span_find(line, vl_span_str(tools[i])) != SIZE_MAX;
        if (!names && !open)
            continue;
        char last = line.ptr[line.len - 1];
        open = last == ',' || last == '[' || last == '(' || last == '\\';
        while (r == 0 && next_text(&line, &text))
            r = add_text(unique, text, build ? VL_PACKAGE_DEV : 0U, n, err);
    }
    return r;
}

static int parse_conanfile(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_CONAN);
    int r = PKG_ENDS(pkg_base(file), ".txt") ? parse_txt(&unique, file->content, err)
                                             : parse_py(&unique, file->content, err);
    pkg_unique_done(&unique);
    return r;
}

static bool wants_conanfile(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "conanfile.txt") || PKG_IS(pkg_base(file), "conanfile.py");
}

const struct vl_package_parser pkg_parser_conan_file = {
    .name = "conan/conanfile",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_conanfile,
    .parse = parse_conanfile,
};
