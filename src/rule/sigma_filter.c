#include <string.h>

#include "sigma_impl.h"

static bool is_word(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_' || c == '-' || c == '*';
}

/* Whether a condition has a `not` anywhere. */
static bool has_not(struct vl_span text)
{
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && is_word(text.ptr[i]))
            i++;
        if (vl_span_eq_nocase(vl_span_slice(text, from, i), VL_SPAN_LIT("not")))
            return true;
        i += i == from;
    }
    return false;
}

/* A filter says what is not wanted: `condition: selection` names it (specification 2.0). With a `not` in it
 * the condition says what must be so (pySigma: "rule and condition"). What is returned must not be so. */
static int unwanted_tree(struct vl_sigma_build *build, const struct vl_doc_node *condition,
    struct vl_condition *tree, struct vl_condition **ret, struct vl_err *err)
{
    *ret = tree->kind == VL_COND_NOT ? tree->as.children.items[0] : tree;
    if (tree->kind == VL_COND_NOT || !has_not(vl_doc_span(condition)))
        return 0;
    return vl_sigma_tree_not(build, tree, ret, err);
}

int vl_sigma_filter_read(
    struct vl_sigma *sigma, const struct vl_doc_node *root, struct vl_sigma_place *place, struct vl_err *err)
{
    struct vl_sigma_filter filter = {
        .file = place->file, .line = vl_doc_line(root), .column = vl_doc_column(root)};
    const struct vl_doc_node *node = vl_doc_get(root, "filter");
    filter.title = vl_arena_dup_span(sigma->arena, vl_doc_get_str(root, "title"));
    if (filter.title == NULL)
        return vl_err_nomem(err);
    place->kind = "filter";
    place->name = filter.title;
    place->node = node;
    if (!vl_doc_is(node, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "filter is a map");
    int r = vl_sigma_logsource_read(vl_doc_get(root, "logsource"), sigma->arena, &filter.logsource, err);
    if (r == 0)
        r = vl_sigma_texts(
            vl_doc_get(node, "rules"), "rules", sigma->arena, &filter.rules, &filter.n_rules, err);
    if (r < 0)
        return r;
    if (filter.n_rules == 1 && (strcmp(filter.rules[0], "any") == 0 || strcmp(filter.rules[0], "*") == 0))
        filter.n_rules = 0;
    filter.trees = vl_arena_array(sigma->arena, vl_sigma_n_sources + 1, sizeof(struct vl_condition *));
    if (filter.trees == NULL)
        return vl_err_nomem(err);
    const struct vl_doc_node *condition = vl_doc_get(node, "condition");
    if (vl_doc_is(condition, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "a filter has one condition, not a list");
    /* Its rules may come later and of any source, and the document is gone then. */
    for (unsigned i = 0; i <= vl_sigma_n_sources; i++) {
        const struct vl_sigma_source *source = i < vl_sigma_n_sources ? &vl_sigma_sources[i] : NULL;
        struct vl_sigma_build build = {.arena = sigma->arena, .source = source, .vars = &sigma->vars};
        struct vl_condition *tree = NULL;
        r = vl_sigma_detection(&build, node, "rules", &tree, err);
        place->node = build.where;
        if (r < 0)
            return r;
        if (build.unknown_field == NULL) /* else nothing of this source can match it */
            r = unwanted_tree(&build, condition, tree, &filter.trees[i], err);
        if (r < 0)
            return r;
    }
    struct vl_sigma_filter *kept = vl_vec_push(&sigma->filters, "filters", err);
    if (kept == NULL)
        return err->err;
    *kept = filter;
    return 0;
}

static bool is_named(const struct vl_sigma_filter *filter, const struct vl_sigma_entry *entry)
{
    if (filter->n_rules == 0)
        return true;
    for (uint32_t i = 0; i < filter->n_rules; i++) {
        const char *name = filter->rules[i];
        if ((entry->id != NULL && strcmp(name, entry->id) == 0) ||
            (entry->alias != NULL && strcmp(name, entry->alias) == 0) || strcmp(name, entry->title) == 0)
            return true;
    }
    return false;
}

static int add(struct vl_sigma *sigma, struct vl_sigma_entry *entry, unsigned which,
    struct vl_condition *unwanted, struct vl_err *err)
{
    if (unwanted == NULL || entry->rules[which] == NULL)
        return 0;
    struct vl_sigma_build build = {.arena = sigma->arena, .vars = &sigma->vars};
    struct vl_condition *both[2] = {entry->conditions[which], NULL};
    int r = vl_sigma_tree_not(&build, unwanted, &both[1], err);
    if (r == 0)
        r = vl_sigma_tree_group(&build, VL_COND_AND, both, 2, &entry->conditions[which], err);
    if (r == 0)
        entry->rules[which]->condition = entry->conditions[which];
    return r;
}

int vl_sigma_filters_apply(struct vl_sigma *sigma, struct vl_err *err)
{
    for (size_t f = 0; f < sigma->filters.len; f++) {
        struct vl_sigma_filter *filter = vl_vec_at(&sigma->filters, f);
        for (size_t i = 0; i < sigma->entries.len; i++) {
            struct vl_sigma_entry *entry = vl_vec_at(&sigma->entries, i);
            if (entry->correlation != NULL || !is_named(filter, entry) ||
                !vl_sigma_logsource_covers(&filter->logsource, &entry->logsource))
                continue;
            filter->used = true;
            size_t row =
                entry->source != NULL ? (size_t)(entry->source - vl_sigma_sources) : vl_sigma_n_sources;
            int r = add(sigma, entry, 0, filter->trees[row], err);
            if (r == 0)
                r = add(sigma, entry, 1, filter->trees[vl_sigma_n_sources], err);
            if (r < 0)
                return r;
        }
        if (filter->used)
            continue;
        struct vl_err unused = VL_ERR_INIT;
        int r = vl_err_set(&unused, VL_ERR_NOT_FOUND, "no rule here has this name and log source");
        struct vl_sigma_place place = {
            filter->file, NULL, filter->line, filter->column, "filter", filter->title};
        r = r < 0 ? vl_sigma_problem(sigma, &place, false, "SIGMA_FILTER_UNUSED", &unused) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}
