#include "language/parsers.h"
#include "text_util.h"

/* One file a language: Julia's Manifest.toml, opam's list of a switch, CPAN's META.json. Sources:
 * docs.julialang.org (Pkg, "Manifest.toml"), opam.ocaml.org (the switch state), CPAN::Meta::Spec. */

static bool wants_julia(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_IS(base, "Manifest.toml") || PKG_IS(base, "JuliaManifest.toml") ||
           (PKG_STARTS(base, "Manifest-v") && PKG_ENDS(base, ".toml"));
}

static bool wants_opam(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "install") && PKG_ENDS(pkg_folder(file), ".opam-switch");
}

static bool wants_cpan(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return (PKG_IS(base, "META.json") && pkg_in_folder(file, ".cpan")) ||
           (PKG_IS(base, "MYMETA.json") && pkg_in_folder(file, ".meta"));
}

/* "deps" of manifest_format 2 has the tables that stood at the root before. A package without a version is
 * part of the language's own library. */
static int parse_julia(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_JULIA);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    const struct vl_doc_node *tables = vl_doc_get(root, "manifest_format") ? vl_doc_get(root, "deps") : root;
    for (const struct vl_doc_node *table = vl_doc_first(tables); table; table = vl_doc_next(table)) {
        for (const struct vl_doc_node *n = vl_doc_first(table); n && r >= 0; n = vl_doc_next(n)) {
            struct vl_span version = vl_doc_get_str(n, "version"), name = vl_doc_key(table);
            if (version.len && name.len)
                r = pkg_unique_add(
                    &unique, name, version, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, vl_doc_line(n), NULL, err);
        }
    }
    return r;
}

/* A line "name.version": a name has no dot. */
static int parse_opam(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line, word;
    uint32_t number = 0;
    while (vl_span_split_line(&rest, &line)) {
        number++;
        if (!pkg_word(&line, &word) || word.ptr[0] == '#')
            continue;
        size_t dot = vl_span_find_char(word, '.');
        if (dot == SIZE_MAX || dot == 0 || dot + 1 == word.len)
            return vl_err_set(err, VL_ERR_INVALID, "%s: line %u: \"%.*s\" is not NAME.VERSION", file->path,
                number, VL_SPAN_FMT(vl_span_slice(word, 0, 100)));
        if (!pkg_add(sink, VL_ECO_OPAM, vl_span_slice(word, 0, dot), vl_span_slice(word, dot + 1, word.len),
                0, number, file, err))
            return err->err;
    }
    return 0;
}

static int parse_cpan(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *license = vl_doc_first(vl_doc_get(root, "license"));
    /* Early CPAN tools wrote the version as a number. */
    struct vl_span name = vl_doc_get_str(root, "name"), version = vl_doc_text(vl_doc_get(root, "version"));
    if (name.len == 0 || version.len == 0)
        return 0;
    struct vl_span text = vl_doc_span(license);
    struct vl_package *package = pkg_add(sink, VL_ECO_CPAN, name, version, 0, 0, file, err);
    return package ? pkg_set_licenses(sink, package, &text, 1, err) : err->err;
}

const struct vl_package_parser pkg_parser_julia_manifest = {
    .name = "julia/manifest",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_julia,
    .parse = parse_julia,
};

const struct vl_package_parser pkg_parser_opam_install = {
    .name = "opam/install",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_opam,
    .parse = parse_opam,
};

const struct vl_package_parser pkg_parser_cpan_meta = {
    .name = "cpan/meta",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_cpan,
    .parse = parse_cpan,
};
