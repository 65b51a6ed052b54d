#include "language/parsers.h"
#include "language/python_requirement.h"
#include "text_util.h"

/* pyproject.toml, setup.py, conda-meta. Sources: PEP 621 and PEP 735, "Declaring dependencies" of
 * packaging.python.org, docs.conda.io ("conda-meta" holds one JSON a linked package). */

static bool wants_pyproject(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "pyproject.toml");
}

static bool wants_setup(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "setup.py");
}

static bool wants_conda(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".json") && PKG_ENDS(pkg_folder(file), "conda-meta");
}

static int add_requirement(struct pkg_unique *unique, struct vl_span text, unsigned flags, uint32_t line,
    bool only_versions, struct vl_err *err)
{
    struct py_requirement req;
    if (!py_requirement_parse(text, &req) || req.url.len || (only_versions && req.lower.len == 0))
        return 0;
    struct vl_span version = only_versions ? req.lower : req.version;
    flags |= VL_PACKAGE_LOCKED | (req.exact ? 0 : VL_PACKAGE_RANGE);
    return pkg_unique_add(unique, req.name, version, VL_SPAN_EMPTY, flags, line, NULL, err);
}

static int add_list(
    struct pkg_unique *unique, const struct vl_doc_node *list, unsigned flags, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n))
        r = add_requirement(unique, vl_doc_span(n), flags, vl_doc_line(n), false, err);
    return r;
}

static int add_groups(
    struct pkg_unique *unique, const struct vl_doc_node *groups, unsigned flags, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(groups); n && r >= 0; n = vl_doc_next(n))
        r = add_list(unique, n, flags, err);
    return r;
}

static int parse_pyproject(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_PYPI);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *project = vl_doc_get(root, "project");
    r = add_list(&unique, vl_doc_get(project, "dependencies"), 0, err);
    if (r >= 0)
        r = add_groups(&unique, vl_doc_get(project, "optional-dependencies"), VL_PACKAGE_OPTIONAL, err);
    if (r >= 0)
        r = add_groups(&unique, vl_doc_get(root, "dependency-groups"), VL_PACKAGE_DEV, err);
    return r;
}

/* A string literal of Python, whose quote is the first byte. */
struct literal {
    struct vl_span text;
    size_t len; /* with its quotes */
    bool triple, closed;
};

static struct literal read_literal(struct vl_span s)
{
    char quote = s.ptr[0];
    struct literal lit = {.triple = s.len >= 3 && s.ptr[1] == quote && s.ptr[2] == quote};
    size_t width = lit.triple ? 3 : 1, i = width;
    while (i < s.len && !lit.closed && (lit.triple || s.ptr[i] != '\n')) {
        size_t run = 0;
        while (run < width && i + run < s.len && s.ptr[i + run] == quote)
            run++;
        lit.closed = run == width;
        if (!lit.closed)
            i += s.ptr[i] == '\\' ? 2 : 1;
    }
    lit.text = vl_span_slice(s, width, i);
    lit.len = lit.closed ? i + width : i < s.len ? i : s.len;
    return lit;
}

static void skip(struct vl_span *rest, size_t n, uint32_t *line)
{
    for (size_t i = 0; i < n; i++)
        *line += rest->ptr[i] == '\n';
    *rest = vl_span_slice(*rest, n, rest->len);
}

/* The next literal on one line outside comments; those with a prefix that computes (f"…") are passed over. */
static bool next_literal(struct vl_span *rest, uint32_t *line, struct vl_span *ret)
{
    char before = '\0';
    while (rest->len) {
        char c = rest->ptr[0];
        if (c == '#') {
            size_t eol = vl_span_find_char(*rest, '\n');
            skip(rest, eol == SIZE_MAX ? rest->len : eol, line);
        } else if (c == '"' || c == '\'') {
            struct literal lit = read_literal(*rest);
            skip(rest, lit.len, line);
            *ret = lit.text;
            if (lit.closed && !lit.triple && before != 'f' && before != 'F')
                return true;
        } else {
            skip(rest, 1, line);
        }
        before = c;
    }
    return false;
}

/* Only literals count: each string of the file that is a whole requirement with a version. What a program
 * puts together is not known without running it. */
static int parse_setup(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, text;
    uint32_t line = 1;
    int r = 0;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_PYPI);
    while (r >= 0 && next_literal(&rest, &line, &text))
        r = add_requirement(&unique, text, 0, line, true, err);
    return r;
}

static int parse_conda(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span name = vl_doc_get_str(root, "name"), version = vl_doc_get_str(root, "version");
    struct vl_span license = vl_doc_get_str(root, "license");
    if (name.len == 0 || version.len == 0)
        return 0;
    struct vl_package *package = pkg_add(sink, VL_ECO_CONDA, name, version, 0, 0, file, err);
    return package ? pkg_set_licenses(sink, package, &license, 1, err) : err->err;
}

const struct vl_package_parser pkg_parser_pypi_pyproject = {
    .name = "pypi/pyproject",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pyproject,
    .parse = parse_pyproject,
};

const struct vl_package_parser pkg_parser_pypi_setup = {
    .name = "pypi/setup",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_setup,
    .parse = parse_setup,
};

const struct vl_package_parser pkg_parser_conda_meta = {
    .name = "conda/meta",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_conda,
    .parse = parse_conda,
};
