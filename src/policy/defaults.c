/* Defaults of a ConstraintTemplate's openAPIV3Schema in the parameters of its constraints, as the API server
 * (and gator) writes them.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting (Default): members that are absent,
 * or null where the schema is not nullable; then into what is there. */
#include "codec/doc_write.h"
#include "set.h"

#define TEXT_MAX (64UL * 1024 * 1024)

struct writing {
    struct vl_json json;
    bool changed;
};

static void write_value(
    struct writing *w, const struct vl_doc_node *value, const struct vl_doc_node *schema, unsigned depth);

/* The default that stands for a value; NULL: the value stays. */
static const struct vl_doc_node *instead(const struct vl_doc_node *value, const struct vl_doc_node *schema)
{
    const struct vl_doc_node *given = vl_doc_get(schema, "default");
    bool null = value && vl_doc_type(value) == VL_DOC_NULL && !vl_doc_bool(vl_doc_get(schema, "nullable"));
    if (!given || vl_doc_type(given) == VL_DOC_NULL || (value && !null))
        return NULL;
    return given;
}

static void write_member(
    struct writing *w, const struct vl_doc_node *value, const struct vl_doc_node *schema, unsigned depth)
{
    const struct vl_doc_node *other = instead(value, schema);
    w->changed = w->changed || other;
    write_value(w, other ? other : value, schema, depth + 1);
}

static void write_object(
    struct writing *w, const struct vl_doc_node *value, const struct vl_doc_node *schema, unsigned depth)
{
    const struct vl_doc_node *properties = vl_doc_get(schema, "properties");
    const struct vl_doc_node *others = vl_doc_get(schema, "additionalProperties");
    vl_json_object(&w->json);
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *of = vl_doc_get_span(properties, vl_doc_key(n));
        vl_json_key_span(&w->json, vl_doc_key(n));
        write_member(w, n, of ? of : vl_doc_is(others, VL_DOC_OBJECT) ? others : NULL, depth);
    }
    for (const struct vl_doc_node *p = vl_doc_first(properties); p; p = vl_doc_next(p)) {
        if (vl_doc_get_span(value, vl_doc_key(p)) || !instead(NULL, p))
            continue;
        vl_json_key_span(&w->json, vl_doc_key(p));
        write_member(w, NULL, p, depth);
    }
    vl_json_object_end(&w->json);
}

static void write_value(
    struct writing *w, const struct vl_doc_node *value, const struct vl_doc_node *schema, unsigned depth)
{
    if (!schema || depth >= VL_JSON_DEPTH_MAX) {
        vl_doc_write(value, &w->json);
    } else if (vl_doc_is(value, VL_DOC_OBJECT)) {
        write_object(w, value, schema, depth);
    } else if (vl_doc_is(value, VL_DOC_ARRAY)) {
        vl_json_array(&w->json);
        for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n))
            write_member(w, n, vl_doc_get(schema, "items"), depth);
        vl_json_array_end(&w->json);
    } else {
        vl_doc_write(value, &w->json);
    }
}

/* The schema is that of spec.parameters. */
static void write_spec(struct writing *w, const struct vl_doc_node *spec, const struct vl_doc_node *schema)
{
    bool has = vl_doc_get(spec, "parameters") != NULL;
    vl_json_object(&w->json);
    for (const struct vl_doc_node *n = vl_doc_first(spec); n; n = vl_doc_next(n)) {
        vl_json_key_span(&w->json, vl_doc_key(n));
        if (vl_span_eq_str(vl_doc_key(n), "parameters"))
            write_member(w, n, schema, 2);
        else
            vl_doc_write(n, &w->json);
    }
    if (!has && instead(NULL, schema)) {
        vl_json_key(&w->json, "parameters");
        write_member(w, NULL, schema, 2);
    }
    vl_json_object_end(&w->json);
}

static int view(
    struct vl_policies *set, const struct vl_buf *text, struct policy_binding *b, struct vl_err *err)
{
    struct vl_kube_object *object = vl_arena_alloc(set->arena, sizeof(*object));
    struct vl_doc **slot = object ? vl_vec_push(&set->docs, "documents", err) : NULL;
    if (!slot)
        return err->err ? err->err : vl_err_nomem(err);
    *slot = NULL;
    int r = vl_doc_parse(vl_buf_span(text), VL_DOC_JSON, b->file, slot, err);
    if (r >= 0)
        r = vl_kube_object_view(vl_doc_root(*slot), b->file, object, err);
    if (r >= 0)
        b->params = object;
    return r < 0 ? r : 0;
}

static int default_one(
    struct vl_policies *set, struct policy_binding *b, const struct vl_doc_node *schema, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct writing w = {.changed = false};
    struct vl_err bad = VL_ERR_INIT;
    const struct vl_doc_node *root = b->params->node;
    vl_buf_init(&text, TEXT_MAX);
    vl_json_init(&w.json, &text, false);
    vl_json_object(&w.json);
    for (const struct vl_doc_node *n = vl_doc_first(root); n; n = vl_doc_next(n)) {
        vl_json_key_span(&w.json, vl_doc_key(n));
        if (vl_span_eq_str(vl_doc_key(n), "spec") && vl_doc_is(n, VL_DOC_OBJECT))
            write_spec(&w, n, schema);
        else
            vl_doc_write(n, &w.json);
    }
    vl_json_object_end(&w.json);
    if (!w.changed)
        return 0;
    if (vl_json_check(&w.json, "a constraint with its defaults", &bad) < 0) {
        struct policy_load load = {.set = set, .file = b->file, .item = b->name};
        policy_problem(&load, true, root, "spec.parameters", "defaults are not applied: %s", bad.msg);
        return 0;
    }
    return view(set, &text, b, err);
}

int policy_default_parameters(struct vl_policies *set, struct policy *policy, struct vl_err *err)
{
    int r = 0;
    for (uint32_t i = 0; policy->parameter_schema && i < policy->n_bindings && r == 0; i++) {
        struct policy_binding *b = policy->bindings[i];
        if (b->params)
            r = default_one(set, b, policy->parameter_schema, err);
    }
    return r;
}
