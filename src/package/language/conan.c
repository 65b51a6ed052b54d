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

/* Quoted references on lines that speak of requirements: `requires = "zlib/1.3", "fmt/10.0"`,
 * `self.requires("…")`. A list may go on over lines until its bracket closes. */
static int parse_py(struct pkg_unique *unique, struct vl_span rest, struct vl_err *err)
{
    struct vl_span line;
    bool open = false, build = false;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++) {
        line = vl_span_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        bool names = vl_span_find(line, VL_SPAN_LIT("requires")) != SIZE_MAX;
        if (names)
            build = vl_span_find(line, VL_SPAN_LIT("build_requires")) != SIZE_MAX ||
                    vl_span_find(line, VL_SPAN_LIT("tool_requires")) != SIZE_MAX ||
                    vl_span_find(line, VL_SPAN_LIT("test_requires")) != SIZE_MAX;
        if (!names && !open)
            continue;
        struct vl_span text = line;
        size_t at;
        while (r == 0 && (at = vl_span_find_char(text, '"')) != SIZE_MAX) {
            text = vl_span_slice(text, at + 1, SIZE_MAX);
            size_t end = vl_span_find_char(text, '"');
            r = add_reference(unique, vl_span_slice(text, 0, end), build ? VL_PACKAGE_DEV : 0U, n, err);
            text = vl_span_slice(text, end == SIZE_MAX ? text.len : end + 1, SIZE_MAX);
        }
        char last = line.ptr[line.len - 1];
        open = last == ',' || last == '[' || last == '(' || last == '\\';
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
