/* Policies and objects from strangers in one file: the documents before a line "--- # objects" are policies,
 * the rest are objects that they are evaluated on (an AdmissionReview is what it asks for), and their
 * parameters and namespaces; then everything is exported. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/examples.h"
#include "policy/export.h"

#define MARK "--- # objects\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each_verdict(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    vl_buf_clear(out);
    return vl_policy_verdict_json(v, out, err);
}

struct objects {
    struct vl_policy_run *run;
    struct vl_buf out;
};

static int each_object(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct objects *objects = user;
    struct vl_policy_request q = {.object = o, .file = "o.yaml"};
    return vl_policy_evaluate(objects->run, &q, each_verdict, &objects->out, err);
}

/* What is wrong with one review does not matter to the next. */
static int review(const struct vl_doc_node *node, struct objects *objects, struct vl_err *err)
{
    struct vl_kube_object object, old_object;
    struct vl_policy_request q;
    struct vl_err bad = VL_ERR_INIT;
    if (vl_policy_request_review(node, "o.yaml", &object, &old_object, &q, &bad) >= 0)
        return vl_policy_evaluate(objects->run, &q, each_verdict, &objects->out, err);
    if (bad.msg[0] == '\0')
        abort();
    return 0;
}

/* Any document, for the policies that are about such. */
static int payload(const struct vl_doc_node *node, struct objects *objects, struct vl_err *err)
{
    struct vl_policy_request q = {.payload = node, .file = "o.yaml"};
    return vl_policy_evaluate(objects->run, &q, each_verdict, &objects->out, err);
}

static int each_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    const struct vl_doc_node *root = vl_doc_root(doc);
    int r;
    if (vl_span_eq_str(vl_doc_get_str(root, "kind"), "AdmissionReview"))
        r = review(root, user, err);
    else if (root && !vl_doc_get(root, "kind") && vl_doc_type(root) != VL_DOC_NULL)
        r = payload(root, user, err);
    else
        r = vl_kube_each_object(root, "o.yaml", each_object, user, err);
    vl_doc_free(doc);
    return r;
}

static int each_example(const struct vl_policy_example *example, void *user, struct vl_err *err)
{
    (void)example, (void)user, (void)err;
    return 0;
}

static void export_all(const struct vl_policies *set)
{
    struct vl_policy_export_options how = {0};
    for (uint32_t i = 0; i < vl_policies_size(set); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_buf out;
        struct vl_arena *arena = vl_arena_new(64UL * 1024 * 1024);
        const char *const *left_out = NULL;
        uint32_t n = 0;
        vl_buf_init(&out, VL_POLICY_EXPORT_MAX);
        if (arena && vl_policy_export(set, i, &how, arena, &out, &left_out, &n, &err) < 0 && err.err == 0)
            abort();
        vl_buf_done(&out);
        vl_arena_free(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_policy_options options = {.autogen = true, .now_ms = 1};
    struct vl_span text = {(const char *)data, size};
    size_t mark = vl_span_find(text, VL_SPAN_LIT(MARK));
    struct vl_span policies = mark == SIZE_MAX ? text : vl_span_slice(text, 0, mark);
    struct vl_span rest = mark == SIZE_MAX ? text : vl_span_slice(text, mark + sizeof(MARK) - 1, text.len);
    struct vl_policies *set = NULL;
    struct objects objects = {0};
    vl_buf_init(&objects.out, 16UL * 1024 * 1024);
    if (vl_policies_new(&options, &set, &err) == 0 && vl_policies_add(set, policies, "p.yaml", &err) >= 0 &&
        (mark == SIZE_MAX || vl_policies_add_params(set, rest, "o.yaml", &err) >= 0) &&
        vl_policies_finish(set, &err) == 0 && vl_policy_run_new(set, &objects.run, &err) == 0) {
        /* What is wrong with one object does not matter to the next input. */
        if (vl_doc_parse_stream(rest, VL_DOC_YAML, "o.yaml", each_document, &objects, &err) < 0)
            vl_err_clear(&err);
        if (vl_policy_examples(set, each_example, NULL, &err) < 0)
            vl_err_clear(&err);
        export_all(set);
    }
    vl_policy_run_free(objects.run);
    vl_policies_free(set);
    vl_buf_done(&objects.out);
    return 0;
}
