/* Standards and exemptions. */
#include "policy/standard.h"

#include "policy/builtin.h"

#include <string.h>

#include "base/time.h"
#include "match.h"

static const char *const standard_keys[] = {
    "apiVersion", "kind", "id", "title", "version", "description", "parameters", "items", NULL};
static const char *const item_keys[] = {"id", "title", "checks", "manual", "notAssessable", NULL};
static const char *const exemption_keys[] = {"apiVersion", "kind", "name", "category", "justification",
    "expires", "checks", "standards", "scope", NULL};
static const char *const scope_keys[] = {"namespaces", "kinds", "names", "labelSelector", NULL};

static const char *const *checks_of(struct policy_load *load, const struct vl_doc_node *item, uint32_t *ret_n)
{
    const struct vl_doc_node *list = policy_get(load, item, "checks", VL_DOC_ARRAY, "items.checks");
    const char **ids = vl_arena_array(load->set->arena, vl_doc_size(list) + 1, sizeof(*ids));
    uint32_t n = 0;
    for (const struct vl_doc_node *c = vl_doc_first(list); c && ids; c = vl_doc_next(c)) {
        if (vl_doc_is(c, VL_DOC_STRING) && vl_doc_span(c).len)
            ids[n++] = vl_doc_span(c).ptr;
        else
            policy_problem(load, true, c, "items.checks", "must be a list of ids");
    }
    *ret_n = n;
    return ids;
}

static void read_item(struct policy_load *load, const struct vl_doc_node *node, struct vl_standard_item *item)
{
    const char *manual = policy_get_text(load, node, "manual", "items.manual", false);
    const char *never = policy_get_text(load, node, "notAssessable", "items.notAssessable", false);
    policy_only_keys(load, node, "items", item_keys, true);
    item->id = policy_get_text(load, node, "id", "items.id", true);
    item->title = policy_get_text(load, node, "title", "items.title", false);
    item->checks = checks_of(load, node, &item->n_checks);
    item->why = manual ? manual : never;
    item->state = manual ? VL_STANDARD_MANUAL : never ? VL_STANDARD_NOT_ASSESSABLE : VL_STANDARD_AUTOMATED;
    if ((manual != NULL) + (never != NULL) + (item->n_checks > 0) != 1)
        policy_problem(load, true, node, "items", "needs one of checks, manual, notAssessable");
}

int policy_load_standard(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    const struct vl_doc_node *items = policy_get(load, root, "items", VL_DOC_ARRAY, "items");
    struct vl_standard s = {.file = load->file, .line = vl_doc_line(root)};
    policy_only_keys(load, root, NULL, standard_keys, true);
    s.id = policy_get_text(load, root, "id", "id", true);
    s.title = policy_get_text(load, root, "title", "title", true);
    s.version = policy_get_text(load, root, "version", "version", false);
    s.description = policy_get_text(load, root, "description", "description", false);
    s.parameters = policy_get(load, root, "parameters", VL_DOC_OBJECT, "parameters");
    if (vl_doc_size(items) == 0 || vl_doc_size(items) > VL_STANDARD_ITEMS_MAX)
        policy_problem(load, true, root, "items", "must have 1 to %d items", VL_STANDARD_ITEMS_MAX);
    if (load->failed)
        return 0;
    struct vl_standard_item *list = vl_arena_array(load->set->arena, vl_doc_size(items), sizeof(*list));
    if (!list)
        return vl_arena_check(load->set->arena, "policies", err);
    for (const struct vl_doc_node *n = vl_doc_first(items); n; n = vl_doc_next(n))
        read_item(load, n, &list[s.n_items++]);
    s.items = list;
    if (load->failed)
        return 0;
    struct vl_standard *kept = vl_vec_push(&load->set->standards, "standards", err);
    if (!kept)
        return err->err;
    *kept = s;
    return 0;
}

uint32_t vl_policies_standards(const struct vl_policies *set)
{
    return (uint32_t)set->standards.len;
}

const struct vl_standard *vl_policies_standard(const struct vl_policies *set, uint32_t index)
{
    return vl_vec_at(&set->standards, index);
}

const struct vl_standard *vl_policies_standard_find(const struct vl_policies *set, const char *id)
{
    for (size_t i = 0; i < set->standards.len; i++) {
        const struct vl_standard *s = vl_vec_at(&set->standards, i);
        if (strcmp(s->id, id) == 0)
            return s;
    }
    return NULL;
}

/* --- a standard chosen --- */

bool policy_value_fits(const char *type, const struct vl_doc_node *value)
{
    static const struct {
        const char *type; /* or its beginning */
        enum vl_doc_type node;
    } rows[] = {{"int", VL_DOC_INT}, {"bool", VL_DOC_BOOL}, {"string", VL_DOC_STRING},
        {"list(", VL_DOC_ARRAY}, {"map(", VL_DOC_OBJECT}};
    double ignored;
    if (strcmp(type, "double") == 0)
        return vl_doc_number(value, &ignored);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_span_starts_with(vl_span_str(type), rows[i].type))
            return vl_doc_is(value, rows[i].node);
    }
    return true;
}

void policy_set_parameters(struct vl_policies *set, const struct vl_doc_node *parameters, struct policy *p)
{
    for (uint32_t i = 0; i < p->n_variables; i++) {
        struct policy_variable *v = &p->variables[i];
        const struct vl_doc_node *value = v->type ? vl_doc_get(parameters, v->expr.name) : NULL;
        struct policy_load load = {.set = set, .file = p->info.file, .item = p->info.name};
        if (!value)
            continue;
        v->value = value;
        if (policy_value_fits(v->type, value))
            continue;
        policy_problem(&load, true, value, v->expr.field, "the value that is set is %s, not %s",
            vl_doc_type_name(vl_doc_type(value)), v->type);
        p->invalid = true;
    }
}

void policy_unknown_parameters(
    struct vl_policies *set, const struct vl_doc_node *parameters, const char *file, const char *item)
{
    struct policy_load load = {.set = set, .file = file, .item = item};
    for (const struct vl_doc_node *n = vl_doc_first(parameters); n; n = vl_doc_next(n)) {
        bool known = false;
        for (size_t i = 0; i < set->policies.len && !known; i++) {
            const struct policy *p = *(struct policy **)vl_vec_at(&set->policies, i);
            known = vl_doc_get_span(p->parameters, vl_doc_key(n)) != NULL;
        }
        if (!known)
            policy_problem(&load, true, n, "parameters", "no check has the parameter '%.*s'",
                VL_SPAN_FMT(vl_span_slice(vl_doc_key(n), 0, 100)));
    }
}

static int names_check(
    struct vl_policies *set, const struct vl_standard *standard, struct vl_map *wanted, struct vl_err *err)
{
    struct policy_load load = {.set = set, .file = standard->file, .item = standard->id};
    for (uint32_t i = 0; i < standard->n_items; i++) {
        for (uint32_t k = 0; k < standard->items[i].n_checks; k++) {
            struct vl_map_slot *slot;
            const char *id = standard->items[i].checks[k];
            int r = vl_map_put(wanted, vl_span_str(id), &slot, NULL, err);
            if (r < 0)
                return r;
            if (!vl_map_get(&set->by_name, vl_span_str(id)))
                policy_problem(&load, true, NULL, "items.checks", "item %s: no check has the id '%s'",
                    standard->items[i].id, id);
        }
    }
    return 0;
}

int policy_apply_standard(struct vl_policies *set, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map wanted;
    bool all = set->options.standard != NULL; /* else checks of one's own run beside it */
    const char *id = all ? set->options.standard : set->options.builtin_standard;
    const struct vl_standard *standard = vl_policies_standard_find(set, id);
    vl_map_init(&wanted, VL_POLICIES_MAX);
    if (!standard)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "no standard has the id '%s'", id);
    int r = names_check(set, standard, &wanted, err);
    size_t kept = 0;
    for (size_t i = 0; r == 0 && i < set->policies.len; i++) {
        struct policy **item = vl_vec_at(&set->policies, i);
        struct policy *p = *item;
        bool in = vl_map_get(&wanted, vl_span_str(p->info.name)) != NULL;
        bool judged = p->info.form == VL_POLICY_CHECK &&
                      (all || vl_span_starts_with(vl_span_str(p->info.file), VL_POLICY_BUILTIN));
        if (judged && !in)
            continue;
        if (judged)
            policy_set_parameters(set, standard->parameters, p);
        *(struct policy **)vl_vec_at(&set->policies, kept++) = p;
    }
    if (r < 0)
        return r;
    set->policies.len = kept;
    policy_unknown_parameters(set, standard->parameters, standard->file, standard->id);
    return 0;
}

/* --- exemptions --- */

static void check_scope(struct policy_load *load, const struct vl_doc_node *scope)
{
    for (const struct vl_doc_node *s = vl_doc_first(scope); s; s = vl_doc_next(s)) {
        policy_only_keys(load, s, "scope", scope_keys, true);
        if (!vl_doc_size(s))
            policy_problem(
                load, true, s, "scope", "is empty: name namespaces, kinds, names or a labelSelector");
    }
}

static void read_expiry(struct policy_load *load, const struct vl_doc_node *root, struct vl_exemption *e)
{
    const struct vl_doc_node *node = vl_doc_get(root, "expires");
    struct vl_span text = vl_doc_text(node);
    if (node && (!vl_time_parse(text, &e->expires_ms) || e->expires_ms <= 0))
        policy_problem(load, true, node, "expires", "must be a day such as 2027-03-31, or a time");
}

int policy_load_exemption(struct policy_load *load, struct vl_err *err)
{
    const struct vl_doc_node *root = load->object->node;
    struct vl_exemption e = {.file = load->file, .line = vl_doc_line(root)};
    const char *category = policy_get_text(load, root, "category", "category", true);
    policy_only_keys(load, root, NULL, exemption_keys, true);
    e.name = policy_get_text(load, root, "name", "name", true);
    e.mitigated = category && strcmp(category, "mitigated") == 0;
    if (category && !e.mitigated && strcmp(category, "waiver") != 0)
        policy_problem(load, true, vl_doc_get(root, "category"), "category", "must be waiver or mitigated");
    e.justification = policy_get_text(load, root, "justification", "justification", true);
    read_expiry(load, root, &e);
    e.checks = policy_get(load, root, "checks", VL_DOC_ARRAY, "checks");
    e.standards = policy_get(load, root, "standards", VL_DOC_ARRAY, "standards");
    e.scope = policy_get(load, root, "scope", VL_DOC_ARRAY, "scope");
    if (!vl_doc_size(e.checks) && !vl_doc_size(e.standards))
        policy_problem(load, true, root, "checks", "name checks or standards; [\"*\"] is all checks");
    check_scope(load, e.scope);
    if (load->failed)
        return 0;
    struct vl_exemption *kept = vl_vec_push(&load->set->exemptions, "exemptions", err);
    if (!kept)
        return err->err;
    *kept = e;
    return 0;
}

uint32_t vl_policies_exemptions(const struct vl_policies *set)
{
    return (uint32_t)set->exemptions.len;
}

const struct vl_exemption *vl_policies_exemption(const struct vl_policies *set, uint32_t index)
{
    return vl_vec_at(&set->exemptions, index);
}

static bool standard_has(const struct vl_standard *s, const char *check)
{
    for (uint32_t i = 0; i < s->n_items; i++) {
        for (uint32_t k = 0; k < s->items[i].n_checks; k++) {
            if (strcmp(s->items[i].checks[k], check) == 0)
                return true;
        }
    }
    return false;
}

static bool names(const struct vl_policies *set, const struct vl_exemption *e, const char *check)
{
    if (policy_glob_any(e->checks, vl_span_str(check)))
        return true;
    for (const struct vl_doc_node *n = vl_doc_first(e->standards); n; n = vl_doc_next(n)) {
        const struct vl_standard *s =
            vl_doc_span(n).len ? vl_policies_standard_find(set, vl_doc_span(n).ptr) : NULL;
        if (s && standard_has(s, check))
            return true;
    }
    return false;
}

static bool kinds_agree(const struct vl_doc_node *kinds, const struct vl_kube_object *o)
{
    for (const struct vl_doc_node *n = vl_doc_first(kinds); n; n = vl_doc_next(n)) {
        struct vl_span text = vl_doc_span(n);
        size_t slash = vl_span_find_char(text, '/');
        if (slash == SIZE_MAX ? policy_glob(text, o->kind)
                              : policy_glob(vl_span_slice(text, slash + 1, text.len), o->kind) &&
                                    policy_glob(vl_span_slice(text, 0, slash), o->group))
            return true;
    }
    return false;
}

/* All that one entry names must agree; a wrong selector agrees with nothing. */
static bool entry_agrees(
    const struct vl_doc_node *s, const struct vl_kube_object *o, struct vl_span namespace_name)
{
    struct vl_err ignored = VL_ERR_INIT;
    const struct vl_doc_node *namespaces = vl_doc_get(s, "namespaces");
    const struct vl_doc_node *names_list = vl_doc_get(s, "names");
    const struct vl_doc_node *kinds = vl_doc_get(s, "kinds");
    const struct vl_doc_node *selector = vl_doc_get(s, "labelSelector");
    return (!namespaces || policy_glob_any(namespaces, namespace_name)) &&
           (!names_list || policy_glob_any(names_list, o->name)) && (!kinds || kinds_agree(kinds, o)) &&
           (!selector || policy_selector_matches(selector, vl_kube_object_labels(o), &ignored) == 1);
}

const struct vl_exemption *vl_policies_exempts(const struct vl_policies *set, const char *check,
    const struct vl_kube_object *object, struct vl_span namespace_name, int64_t now_ms)
{
    for (size_t i = 0; i < set->exemptions.len; i++) {
        const struct vl_exemption *e = vl_vec_at(&set->exemptions, i);
        if ((e->expires_ms && e->expires_ms <= now_ms) || !names(set, e, check))
            continue;
        bool agrees = e->scope == NULL;
        for (const struct vl_doc_node *s = vl_doc_first(e->scope); s && !agrees; s = vl_doc_next(s))
            agrees = entry_agrees(s, object, namespace_name);
        if (agrees)
            return e;
    }
    return NULL;
}
