/* JSON as the body that adds a registry, then as one that changes what the first made; or as its member
 * "before" says it was. */
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "inventory/label.h"
#include "inventory/registry_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vl_registry_form *form)
{
    const struct vl_registry *g = &form->registry;
    if (!g->host || !g->kind || !g->username || !g->include || g->poll_seconds < VL_REGISTRY_POLL_MIN ||
        g->concurrency < 1 || !g->labels || (*g->labels && *g->labels != ',') ||
        (g->name && strlen(g->name) > VL_REGISTRY_NAME_MAX))
        abort();
}

/* What was taken comes out as an object of as many labels, each of which a role may be bound to. */
static void check_labels(const char *labels)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json json;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest = vl_span_str(labels), one;
    vl_buf_init(&out, 64UL * 1024);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_labels_write(&json, "labels", labels);
    vl_json_object_end(&json);
    if (vl_json_check(&json, "labels", &err) < 0)
        abort();
    while (vl_span_split(&rest, ',', &one))
        if (one.len > 0 && !vl_label_is(one))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *first = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *second = NULL;
    static struct vl_server_app app;
    struct vl_registry_form form, changed;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest = {(const char *)data, size}, line;
    if (!arena || !vl_span_split_line(&rest, &line) ||
        vl_doc_parse(line, VL_DOC_JSON, "body", &first, &err) < 0)
        return 0;
    struct vl_request request = {.app = &app, .arena = arena, .body = vl_doc_root(first)};
    if (vl_registry_form_read(&request, NULL, &form, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    check(&form);
    check_labels(form.registry.labels);
    form.registry.has_secret = form.secrets.secret && *form.secrets.secret;
    vl_err_clear(&err);
    if (vl_doc_parse(rest, VL_DOC_JSON, "body", &second, &err) < 0)
        return 0;
    request.body = vl_doc_root(second);
    if (vl_registry_form_read(&request, &form.registry, &changed, &err) >= 0)
        check(&changed);
    else if (err.msg[0] == '\0')
        abort();
    return 0;
}
