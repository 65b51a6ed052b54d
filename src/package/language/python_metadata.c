#include "language/parsers.h"
#include "language/python_metadata.h"
#include "text_util.h"

/* Source: "Core metadata specifications" and "Recording installed projects" of packaging.python.org; PEP 314,
 * PEP 566, PEP 639 (License-Expression). */

#define LICENSE_WORDS_MAX \
    120 /* a License field longer than this, or of several lines, is the licence's text */
#define CLASSIFIERS_MAX 8

static bool wants_metadata(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (PKG_IS(base, "METADATA"))
        return PKG_ENDS(pkg_folder(file), ".dist-info");
    if (PKG_IS(base, "PKG-INFO"))
        return PKG_ENDS(pkg_folder(file), ".egg-info") || PKG_ENDS(pkg_folder(file), "EGG-INFO");
    return PKG_ENDS(base, ".egg-info");
}

struct metadata {
    struct vl_span name, version, expression, license;
    struct vl_span classifiers[CLASSIFIERS_MAX];
    uint32_t n_classifiers;
};

static void take_classifier(struct metadata *m, struct vl_span value)
{
    if (!PKG_STARTS(value, "License ::") || m->n_classifiers == CLASSIFIERS_MAX)
        return;
    size_t colon = vl_span_rfind_char(value, ':');
    struct vl_span last = vl_span_trim(vl_span_slice(value, colon + 1, value.len));
    if (last.len && !PKG_IS(last, "OSI Approved"))
        m->classifiers[m->n_classifiers++] = last;
}

static void read_headers(struct vl_span content, struct metadata *m)
{
    struct vl_span name, value;
    while (pkg_header_next(&content, &name, &value)) {
        if (vl_span_eq_nocase(name, VL_SPAN_LIT("Classifier"))) {
            take_classifier(m, value);
            continue;
        }
        struct vl_span *field = NULL;
        if (vl_span_eq_nocase(name, VL_SPAN_LIT("Name")))
            field = &m->name;
        else if (vl_span_eq_nocase(name, VL_SPAN_LIT("Version")))
            field = &m->version;
        else if (vl_span_eq_nocase(name, VL_SPAN_LIT("License-Expression")))
            field = &m->expression;
        else if (vl_span_eq_nocase(name, VL_SPAN_LIT("License")))
            field = &m->license;
        if (field && field->len == 0)
            *field = value; /* a repeated field: the first counts, as for Python's own readers */
    }
}

static bool is_license_name(struct vl_span s)
{
    return s.len && s.len <= LICENSE_WORDS_MAX && vl_span_find_char(s, '\n') == SIZE_MAX &&
           !vl_span_eq_nocase(s, VL_SPAN_LIT("UNKNOWN"));
}

static int set_license(
    struct vl_package_sink *sink, struct vl_package *package, const struct metadata *m, struct vl_err *err)
{
    if (m->expression.len)
        return pkg_set_licenses(sink, package, &m->expression, 1, err);
    if (is_license_name(m->license))
        return pkg_set_licenses(sink, package, &m->license, 1, err);
    return pkg_set_licenses(sink, package, m->classifiers, m->n_classifiers, err);
}

int py_metadata_parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct metadata m = {0};
    read_headers(file->content, &m);
    if (m.name.len == 0 || m.version.len == 0)
        return vl_err_set(
            err, VL_ERR_INVALID, "%s: no %s in the metadata", file->path, m.name.len ? "version" : "name");
    struct vl_package *package = pkg_add(sink, VL_ECO_PYPI, m.name, m.version, 0, 0, file, err);
    return package ? set_license(sink, package, &m, err) : err->err;
}

const struct vl_package_parser pkg_parser_pypi_metadata = {
    .name = "pypi/metadata",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_metadata,
    .parse = py_metadata_parse,
};
