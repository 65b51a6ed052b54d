#include "language/parsers.h"
#include "text_util.h"

/* cabal.project.freeze and stack.yaml.lock. Sources: the Cabal User Guide ("cabal freeze"), the Stack
 * documentation ("Lock files": a package is "NAME-VERSION@sha256:…,SIZE"). */

static bool wants_cabal(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "cabal.project.freeze");
}

static bool wants_stack(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "stack.yaml.lock");
}

/* "any.aeson ==2.0.3.0"; "aeson +flag" and bounds say no version. */
static int take_constraint(struct pkg_unique *unique, struct vl_span text, uint32_t line, struct vl_err *err)
{
    struct vl_span name, rest = vl_span_trim(text);
    size_t equals = vl_span_find(rest, VL_SPAN_LIT("=="));
    if (!PKG_STARTS(rest, "any.") || equals == SIZE_MAX)
        return 0;
    name = vl_span_trim(vl_span_slice(rest, 4, equals));
    struct vl_span version = vl_span_trim(vl_span_slice(rest, equals + 2, rest.len));
    version = vl_span_slice(version, 0, vl_span_find_char(version, ' '));
    if (name.len == 0 || version.len == 0 || vl_span_find_char(name, ' ') != SIZE_MAX)
        return 0;
    bool range = vl_span_find_char(version, '*') != SIZE_MAX;
    return pkg_unique_add(unique, name, version, VL_SPAN_EMPTY,
        VL_PACKAGE_LOCKED | (range ? VL_PACKAGE_RANGE : 0), line, NULL, err);
}

static int parse_cabal(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line, part;
    uint32_t number = 0;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_HACKAGE);
    while (vl_span_split_line(&rest, &line)) {
        number++;
        struct vl_span text = vl_span_trim(line);
        if (text.len == 0 || PKG_STARTS(text, "--"))
            continue;
        if (PKG_STARTS(text, "constraints:"))
            text = vl_span_slice(text, sizeof("constraints:") - 1, text.len);
        while (vl_span_split(&text, ',', &part)) {
            int r = take_constraint(&unique, part, number, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int parse_stack(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_HACKAGE);
    int r = pkg_doc_open(file, VL_DOC_YAML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *item = vl_doc_first(vl_doc_get(vl_doc_root(doc), "packages"));
    for (; item; item = vl_doc_next(item)) {
        const struct vl_doc_node *completed = vl_doc_get(item, "completed");
        const struct vl_doc_node *hackage = vl_doc_get(completed, "hackage");
        struct vl_span id = vl_doc_span(hackage), name = vl_doc_get_str(completed, "name"), version;
        id = vl_span_slice(id, 0, vl_span_find_char(id, '@'));
        size_t dash = vl_span_rfind_char(id, '-');
        if (dash != SIZE_MAX) {
            name = vl_span_slice(id, 0, dash);
            version = vl_span_slice(id, dash + 1, id.len);
        } else {
            version = vl_doc_text(vl_doc_get(completed, "version")); /* from git or an archive */
        }
        if (name.len == 0 || version.len == 0)
            continue;
        uint32_t line = vl_doc_line(hackage ? hackage : completed);
        r = pkg_unique_add(&unique, name, version, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, line, NULL, err);
        if (r < 0)
            return r;
    }
    return 0;
}

const struct vl_package_parser pkg_parser_hackage_cabal_freeze = {
    .name = "hackage/cabal-freeze",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_cabal,
    .parse = parse_cabal,
};

const struct vl_package_parser pkg_parser_hackage_stack_lock = {
    .name = "hackage/stack-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_stack,
    .parse = parse_stack,
};
