#include "sigma.h"

#include <stdlib.h>

#include "sigma_impl.h"
#include "sigma_vars.h"

int vl_sigma_new(struct vl_rule_sink *sink, struct vl_sigma **ret, struct vl_err *err)
{
    struct vl_sigma *sigma = calloc(1, sizeof(*sigma));
    if (sigma == NULL)
        return vl_err_nomem(err);
    sigma->sink = sink;
    sigma->arena = sink->arena;
    vl_vec_init(&sigma->entries, sizeof(struct vl_sigma_entry), VL_SIGMA_RULES_MAX);
    vl_vec_init(&sigma->filters, sizeof(struct vl_sigma_filter), VL_SIGMA_FILTERS_MAX);
    vl_map_init(&sigma->by_name, 2UL * VL_SIGMA_RULES_MAX);
    vl_map_init(&sigma->by_title, VL_SIGMA_RULES_MAX);
    vl_map_init(&sigma->vars, VL_SIGMA_VARS_MAX);
    *ret = sigma;
    return 0;
}

void vl_sigma_free(struct vl_sigma *sigma)
{
    if (sigma == NULL)
        return;
    vl_vec_done(&sigma->entries);
    vl_vec_done(&sigma->filters);
    vl_map_done(&sigma->by_name);
    vl_map_done(&sigma->by_title);
    vl_map_done(&sigma->vars);
    vl_sigma_actions_done(&sigma->actions);
    free(sigma);
}

void vl_sigma_cleanup(struct vl_sigma **sigma)
{
    vl_sigma_free(*sigma);
    *sigma = NULL;
}

bool vl_sigma_is(const struct vl_doc_node *root)
{
    return vl_doc_is(root, VL_DOC_OBJECT) &&
           (vl_doc_get(root, "detection") != NULL || vl_doc_get(root, "correlation") != NULL ||
               vl_doc_get(root, "filter") != NULL || vl_doc_get(root, "action") != NULL ||
               vl_doc_get(root, "logsource") != NULL || vl_doc_get(root, "vars") != NULL ||
               vl_doc_get(root, "title") != NULL);
}

int vl_sigma_problem(struct vl_sigma *sigma, const struct vl_sigma_place *place, bool is_error,
    const char *code, struct vl_err *err)
{
    if (err->code == VL_ERR_MEMORY)
        return err->err;
    struct vl_rule_problem problem = {
        .is_error = is_error,
        .code = code,
        .file = place->file,
        .line = place->node != NULL ? vl_doc_line(place->node) : place->line,
        .column = place->node != NULL ? vl_doc_column(place->node) : place->column,
    };
    problem.message = vl_arena_strdup(sigma->arena, err->msg);
    if (problem.message == NULL)
        return vl_err_nomem(err);
    if (place->name != NULL) {
        problem.item = vl_arena_printf(sigma->arena, "%s '%s'", place->kind, place->name);
        if (problem.item == NULL)
            return vl_err_nomem(err);
    }
    vl_err_clear(err);
    return sigma->sink->problem(sigma->sink, &problem, err);
}

/* The specification does not allow it ("Single item values are not allowed to have an all modifier"); what is
 * meant is clear all the same. */
static int warn_lone_all(struct vl_sigma *sigma, const struct vl_sigma_place *place,
    const struct vl_doc_node *where, struct vl_err *err)
{
    struct vl_sigma_place at = *place;
    at.node = where;
    int r = vl_err_set(err, VL_ERR_INVALID, "all stands at a single value, where it says nothing");
    return r < 0 ? vl_sigma_problem(sigma, &at, false, "SIGMA_LONE_ALL", err) : 0;
}

/* The rule's own detection for one source: with what the log source asks for. `tell`: of what is odd, once a
 * rule. */
static int tree_of(struct vl_sigma *sigma, const struct vl_sigma_source *source,
    const struct vl_doc_node *root, struct vl_sigma_place *place, bool tell, struct vl_condition **ret,
    const char **ret_unknown, struct vl_err *err)
{
    struct vl_sigma_build build = {.arena = sigma->arena, .source = source, .vars = &sigma->vars};
    struct vl_condition *both[2] = {NULL, NULL};
    int r = vl_sigma_detection(&build, vl_doc_get(root, "detection"), NULL, &both[1], err);
    place->node = build.where != NULL ? build.where : root;
    *ret_unknown = build.unknown_field;
    if (r >= 0 && build.lone_all != NULL && tell)
        r = warn_lone_all(sigma, place, build.lone_all, err);
    if (r < 0)
        return r;
    *ret = both[1];
    if (source == NULL || source->condition == NULL)
        return 0;
    r = vl_condition_parse(vl_span_str(source->condition), sigma->arena, &both[0], NULL, err);
    if (r < 0)
        return vl_err_wrap(err, "content/sigma-fields.tsv: %s", source->name);
    return vl_sigma_tree_group(&build, VL_COND_AND, both, 2, ret, err);
}

/* The rule for one source of events, into entry->rules[which]. */
static int rule_for(struct vl_sigma *sigma, struct vl_sigma_entry *entry, unsigned which,
    const struct vl_sigma_source *source, const struct vl_doc_node *root, struct vl_sigma_place *place,
    struct vl_err *err)
{
    struct vl_rule *rule = vl_arena_alloc(sigma->arena, sizeof(*rule));
    if (rule == NULL)
        return vl_err_nomem(err);
    place->node = root;
    int r = vl_sigma_meta(sigma->arena, root, entry->file, source, rule, err);
    if (r < 0)
        return r;
    place->name = rule->name;
    const char *unknown = NULL;
    r = tree_of(sigma, source, root, place, which == 0, &entry->conditions[which], &unknown, err);
    if (r < 0)
        return r;
    rule->condition = entry->conditions[which];
    rule->condition_text = "";
    rule->twin = which > 0;
    entry->rules[which] = rule;
    if (unknown == NULL)
        return 0;
    rule->skipped = true;
    rule->skipped_because =
        vl_arena_printf(sigma->arena, "%s events have no field for Sigma's %s", rule->source_name, unknown);
    if (rule->skipped_because == NULL)
        return vl_err_nomem(err);
    int told = vl_err_set(
        err, VL_ERR_UNSUPPORTED, "%s; the rule is kept for log records only", rule->skipped_because);
    place->node = root;
    return told < 0 ? vl_sigma_problem(sigma, place, false, "LOAD_UNKNOWN_FILTER", err) : 0;
}

/* The first of a name keeps it. */
static int name_put(struct vl_map *map, const char *name, uint64_t number, struct vl_err *err)
{
    struct vl_map_slot *slot = NULL;
    bool added = false;
    if (name == NULL)
        return 0;
    int r = vl_map_put(map, vl_span_str(name), &slot, &added, err);
    if (r >= 0 && added)
        slot->value.num = number;
    return r < 0 ? r : 0;
}

static int entry_keep(struct vl_sigma *sigma, const struct vl_sigma_entry *entry, struct vl_err *err)
{
    struct vl_sigma_entry *kept = vl_vec_push(&sigma->entries, "Sigma rules", err);
    if (kept == NULL)
        return err->err;
    *kept = *entry;
    kept->title = entry->rules[0]->name;
    kept->id = entry->rules[0]->id;
    kept->alias = entry->rules[0]->alias;
    uint64_t number = sigma->entries.len - 1;
    int r = name_put(&sigma->by_name, kept->alias, number, err);
    if (r == 0)
        r = name_put(&sigma->by_name, kept->id, number, err);
    return r < 0 ? r : name_put(&sigma->by_title, kept->title, number, err);
}

static int read_rule(
    struct vl_sigma *sigma, const struct vl_doc_node *root, struct vl_sigma_place *place, struct vl_err *err)
{
    place->kind = "rule";
    struct vl_sigma_entry entry = {
        .file = place->file, .line = vl_doc_line(root), .column = vl_doc_column(root)};
    int r = vl_sigma_logsource_read(vl_doc_get(root, "logsource"), sigma->arena, &entry.logsource, err);
    if (r < 0)
        return r;
    if (vl_doc_get(root, "detection") == NULL)
        return vl_err_set(err, VL_ERR_INVALID, "detection is missing");
    entry.source = vl_sigma_source_find(&entry.logsource);
    r = rule_for(sigma, &entry, 0, entry.source, root, place, err);
    if (r == 0 && entry.source != NULL)
        r = rule_for(sigma, &entry, 1, NULL, root, place, err);
    return r < 0 ? r : entry_keep(sigma, &entry, err);
}

static int read_correlation(
    struct vl_sigma *sigma, const struct vl_doc_node *root, struct vl_sigma_place *place, struct vl_err *err)
{
    place->kind = "correlation";
    struct vl_sigma_entry entry = {
        .file = place->file, .line = vl_doc_line(root), .column = vl_doc_column(root)};
    struct vl_rule *rule = vl_arena_alloc(sigma->arena, sizeof(*rule));
    if (rule == NULL)
        return vl_err_nomem(err);
    int r = vl_sigma_meta(sigma->arena, root, place->file, NULL, rule, err);
    if (r < 0)
        return r;
    place->name = rule->name;
    r = vl_sigma_correlation_read(sigma, root, place, &entry.correlation, err);
    if (r < 0)
        return r;
    rule->condition_text = "";
    entry.rules[0] = rule;
    return entry_keep(sigma, &entry, err);
}

static int read_one(
    struct vl_sigma *sigma, const struct vl_doc_node *root, struct vl_sigma_place *place, struct vl_err *err)
{
    place->node = root;
    if (vl_doc_get(root, "correlation") != NULL)
        return read_correlation(sigma, root, place, err);
    if (vl_doc_get(root, "filter") != NULL)
        return vl_sigma_filter_read(sigma, root, place, err);
    if (vl_doc_get(root, "vars") != NULL && vl_doc_get(root, "detection") == NULL)
        return vl_sigma_vars_read(&sigma->vars, root, sigma->arena, err);
    return read_rule(sigma, root, place, err);
}

int vl_sigma_read(
    struct vl_sigma *sigma, const struct vl_doc_node *root, const char *file, struct vl_err *err)
{
    struct vl_sigma_place place = {.file = file, .node = root, .kind = "rule"};
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *instead = NULL;
    bool done = false;
    int r = vl_sigma_actions_take(&sigma->actions, root, file, &instead, &done, err);
    if (instead != NULL)
        root = vl_doc_root(instead);
    if (r >= 0 && !done)
        r = read_one(sigma, root, &place, err);
    if (r >= 0)
        return 0;
    if (place.node == NULL)
        place.node = root;
    return vl_sigma_problem(sigma, &place, true, "LOAD_ERR_VALIDATE", err);
}

/* The rules of one entry to the set. 1: the set is full, which is told once. */
static int entry_add(struct vl_sigma *sigma, const struct vl_sigma_entry *entry, struct vl_err *err)
{
    for (unsigned k = 0; k < 2; k++) {
        if (entry->rules[k] == NULL || entry->broken)
            continue;
        int r = sigma->sink->add(sigma->sink, entry->rules[k], err);
        if (r < 0 && err->code == VL_ERR_LIMIT) {
            struct vl_sigma_place place = {
                entry->file, NULL, entry->line, entry->column, "rule", entry->title};
            r = vl_sigma_problem(sigma, &place, true, "LOAD_ERR_VALIDATE", err);
            return r < 0 ? r : 1;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_sigma_finish(struct vl_sigma *sigma, struct vl_err *err)
{
    int r = vl_sigma_filters_apply(sigma, err);
    if (r == 0)
        r = vl_sigma_correlations_resolve(sigma, err);
    for (size_t i = 0; r == 0 && i < sigma->entries.len; i++)
        r = entry_add(sigma, vl_vec_at(&sigma->entries, i), err);
    return r < 0 ? r : 0;
}
