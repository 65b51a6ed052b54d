#include "language/parsers.h"
#include "text_util.h"

/* Actions and reusable workflows that a workflow or a composite action uses. Source: docs.github.com,
 * "Workflow syntax" (jobs.<id>.uses, jobs.<id>.steps[].uses) and "Metadata syntax" (runs.steps[].uses). */

static bool wants_workflow(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (!PKG_ENDS(base, ".yml") && !PKG_ENDS(base, ".yaml"))
        return false;
    struct vl_span folder = pkg_folder(file);
    if (PKG_ENDS(folder, "/.github/workflows") || PKG_IS(folder, ".github/workflows"))
        return true;
    return PKG_IS(base, "action.yml") || PKG_IS(base, "action.yaml");
}

static bool is_commit(struct vl_span ref)
{
    if (ref.len != 40)
        return false;
    for (size_t i = 0; i < ref.len; i++) {
        char c = ref.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

/* A full version ("v4.1.2") or a commit names one state; "v4", "main" move. */
static bool is_fixed(struct vl_span ref)
{
    size_t dots = 0;
    for (size_t i = 0; i < ref.len; i++)
        dots += ref.ptr[i] == '.';
    return is_commit(ref) || dots >= 2;
}

/* "owner/repo/path@ref"; local actions and container images have no version of this kind. */
static int add_use(struct pkg_unique *unique, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_span uses = vl_span_trim(vl_doc_span(node));
    size_t at = vl_span_rfind_char(uses, '@');
    if (PKG_STARTS(uses, "./") || PKG_STARTS(uses, "../") || PKG_STARTS(uses, "docker://") || at == SIZE_MAX)
        return 0;
    struct vl_span name = vl_span_slice(uses, 0, at), ref = vl_span_slice(uses, at + 1, uses.len);
    size_t slash = vl_span_find_char(name, '/');
    if (slash == SIZE_MAX || slash == 0 || ref.len == 0)
        return 0;
    size_t second = vl_span_find_char(vl_span_slice(name, slash + 1, name.len), '/');
    if (second != SIZE_MAX)
        name = vl_span_slice(name, 0, slash + 1 + second);
    if (name.len == slash + 1)
        return 0;
    unsigned flags = VL_PACKAGE_LOCKED | (is_fixed(ref) ? 0 : VL_PACKAGE_RANGE);
    return pkg_unique_add(unique, name, ref, VL_SPAN_EMPTY, flags, vl_doc_line(node), NULL, err);
}

static int add_steps(struct pkg_unique *unique, const struct vl_doc_node *owner, struct vl_err *err)
{
    int r = 0;
    const struct vl_doc_node *step = vl_doc_first(vl_doc_get(owner, "steps"));
    for (; step && r >= 0; step = vl_doc_next(step))
        r = add_use(unique, vl_doc_get(step, "uses"), err);
    return r;
}

static int parse_workflow(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    struct vl_err why = VL_ERR_INIT;
    pkg_unique_init(&unique, sink, file, VL_ECO_GITHUB_ACTIONS);
    /* Folders of workflows also hold templates that are no YAML yet. */
    int r = pkg_doc_open(file, VL_DOC_YAML, VL_DOC_OBJECT, &doc, &why);
    if (r < 0) {
        vl_notes_add(sink->notes, VL_NOTE_INFO, why.code, file->path, "no workflow: %s", why.msg);
        return 0;
    }
    r = add_steps(&unique, vl_doc_get(vl_doc_root(doc), "runs"), err);
    const struct vl_doc_node *job = vl_doc_first(vl_doc_get(vl_doc_root(doc), "jobs"));
    for (; job && r >= 0; job = vl_doc_next(job)) {
        r = add_use(&unique, vl_doc_get(job, "uses"), err);
        if (r >= 0)
            r = add_steps(&unique, job, err);
    }
    return r;
}

const struct vl_package_parser pkg_parser_github_actions = {
    .name = "github/actions",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_workflow,
    .parse = parse_workflow,
};
