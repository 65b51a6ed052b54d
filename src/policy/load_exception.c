/* Kyverno's PolicyExceptions: what a policy is not asked about.
 *
 * Source: kyverno.io/v2 (spec.exceptions, match) and policies.kyverno.io/v1 (policyRefs, matchConditions,
 * images, allowedValues), Kyverno 1.18 (behaviour). */
#include <string.h>

#include "set.h"

int policy_load_exception(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *spec = policy_get(load, root, "spec", VL_DOC_OBJECT, "spec");
    bool of_rules = vl_span_eq_str(load->object->group, "kyverno.io");
    const char *field = of_rules ? "spec.exceptions" : "spec.policyRefs";
    struct policy_exception x = {.file = load->file, .node = root, .of_rules = of_rules};
    x.name = policy_get_text(load, vl_doc_get(root, "metadata"), "name", "metadata.name", true);
    x.refs = policy_get(load, spec, of_rules ? "exceptions" : "policyRefs", VL_DOC_ARRAY, field);
    if (!vl_doc_size(x.refs))
        policy_problem(load, true, spec ? spec : root, field, "names no policy");
    if (of_rules) {
        static const char *const foreign[] = {"conditions", "podSecurity"};
        x.match = (struct policy_match){
            .form = MATCH_KYVERNO, .node = policy_get(load, spec, "match", VL_DOC_OBJECT, "spec.match")};
        if (!vl_doc_size(x.match.node))
            policy_problem(load, true, spec ? spec : root, "spec.match", "is missing");
        for (size_t i = 0; i < VL_ARRAY_LEN(foreign); i++) {
            if (vl_doc_size(vl_doc_get(spec, foreign[i])))
                policy_problem(load, true, vl_doc_get(spec, foreign[i]), "spec",
                    "not converted: %s: Kyverno's own language", foreign[i]);
        }
    } else {
        x.conditions = policy_get(load, spec, "matchConditions", VL_DOC_ARRAY, "spec.matchConditions");
        x.images = policy_get(load, spec, "images", VL_DOC_ARRAY, "spec.images");
        x.values = policy_get(load, spec, "allowedValues", VL_DOC_ARRAY, "spec.allowedValues");
    }
    if (load->failed)
        return 0; /* an exception that is not understood excepts nothing */
    struct policy_exception *kept = vl_arena_alloc(load->set->arena, sizeof(*kept));
    struct policy_exception **item = kept ? vl_vec_push(&load->set->exceptions, "exceptions", err) : NULL;
    if (!item)
        return err->err ? err->err : vl_err_nomem(err);
    *kept = x;
    *item = kept;
    return 0;
}

/* "NAME", or "NAMESPACE/NAME" of a Policy. */
static bool is_of(const struct policy_exception *x, const struct vl_doc_node *ref, const struct policy *p)
{
    struct vl_span name = vl_doc_get_str(ref, x->of_rules ? "policyName" : "name");
    struct vl_span kind = vl_doc_get_str(ref, "kind");
    size_t slash = vl_span_rfind_char(name, '/');
    if (p->info.form != (x->of_rules ? VL_POLICY_KYVERNO : VL_POLICY_KYVERNO2))
        return false;
    if (slash != SIZE_MAX)
        name = vl_span_slice(name, slash + 1, name.len);
    return vl_span_eq_str(name, p->info.name) &&
           (x->of_rules || !kind.len || vl_span_eq_str(kind, p->info.kind));
}

static bool names(const struct policy_exception *x, const struct policy *p)
{
    for (const struct vl_doc_node *ref = vl_doc_first(x->refs); ref; ref = vl_doc_next(ref)) {
        if (is_of(x, ref, p))
            return true;
    }
    return false;
}

static int give(
    struct vl_policies *set, const struct policy_exception *x, struct policy *p, struct vl_err *err)
{
    struct policy_load load = {.set = set, .file = x->file, .item = x->name};
    struct policy conditions = {0};
    struct policy_excepted *more = vl_arena_array(set->arena, (size_t)p->n_exceptions + 1, sizeof(*more));
    if (!more)
        return vl_arena_check(set->arena, "policies", err);
    if (p->n_exceptions)
        memcpy(more, p->exceptions, p->n_exceptions * sizeof(*more));
    int r = policy_get_conditions(&load, x->conditions, "spec.matchConditions", &conditions, err);
    if (r < 0 || load.failed)
        return r;
    more[p->n_exceptions] = (struct policy_excepted){
        .exception = x, .conditions = conditions.conditions, .n_conditions = conditions.n_conditions};
    p->exceptions = more;
    p->n_exceptions++;
    return 0;
}

int policy_give_exceptions(struct vl_policies *set, struct vl_err *err)
{
    for (size_t i = 0; i < set->exceptions.len; i++) {
        const struct policy_exception *x = *(struct policy_exception **)vl_vec_at(&set->exceptions, i);
        struct policy_load load = {.set = set, .file = x->file, .item = x->name};
        bool used = false;
        for (size_t k = 0; k < set->policies.len; k++) {
            struct policy *p = *(struct policy **)vl_vec_at(&set->policies, k);
            if (!names(x, p))
                continue;
            used = true;
            int r = give(set, x, p, err);
            if (r < 0)
                return r;
        }
        if (!used)
            policy_problem(&load, false, x->node, NULL, "no policy has the name that the exception names");
    }
    return 0;
}
