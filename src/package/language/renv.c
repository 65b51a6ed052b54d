/* renv.lock. Source: rstudio.github.io/renv, "lockfile". */
#include "language/project_parsers.h"

#include "text_util.h"

/* CRAN itself and the mirrors of it that rename themselves. Other repositories have other packages under
 * CRAN's names. */
static bool is_cran(struct vl_span repository)
{
    static const char *const names[] = {"CRAN", "RSPM", "P3M", "PPM"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (vl_span_eq_str(repository, names[i]))
            return true;
    }
    return false;
}

static int parse_renv(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), "Packages"));
    for (; n; n = vl_doc_next(n)) {
        if (!is_cran(vl_doc_get_str(n, "Repository")))
            continue;
        struct vl_span name = vl_doc_get_str(n, "Package");
        if (!pkg_add(sink, VL_ECO_CRAN, name.len ? name : vl_doc_key(n), vl_doc_get_str(n, "Version"),
                VL_PACKAGE_LOCKED, vl_doc_line(n), file, err))
            return err->err;
    }
    return 0;
}

static bool wants_renv(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "renv.lock");
}

const struct vl_package_parser pkg_parser_cran_renv_lock = {
    .name = "cran/renv-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_renv,
    .parse = parse_renv,
};
