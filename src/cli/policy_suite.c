#include "policy_suite.h"

#include <stdio.h>
#include <string.h>

int vl_cli_suite_path(
    const struct vl_cli_suite *suite, struct vl_span name, char ret[4096], struct vl_err *err)
{
    const char *slash = strrchr(suite->path, '/');
    int folder = slash ? (int)(slash + 1 - suite->path) : 0;
    int n = snprintf(
        ret, 4096, "%.*s%.*s", name.len && name.ptr[0] == '/' ? 0 : folder, suite->path, VL_SPAN_FMT(name));
    if (n < 0 || n >= 4096)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: a path is too long", suite->path);
    return 0;
}

struct walking {
    const char *path;
    int (*each)(const struct vl_kube_object *object, void *user, struct vl_err *err);
    void *user;
};

static int walk_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct walking *w = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    if (vl_doc_type(vl_doc_root(owned)) == VL_DOC_NULL)
        return 0;
    return vl_kube_each_object(vl_doc_root(owned), w->path, w->each, w->user, err);
}

int vl_cli_suite_objects(struct vl_span text, const char *path,
    int (*each)(const struct vl_kube_object *object, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct walking w = {path, each, user};
    return vl_doc_parse_stream(text, vl_kube_format(text), path, walk_document, &w, err);
}
