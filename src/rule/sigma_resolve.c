#include <string.h>

#include "sigma_impl.h"

#define VISITS_MAX 10000 /* of correlations on the way down from one */

static bool same(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

struct vl_sigma_entry *vl_sigma_entry_find(struct vl_sigma *sigma, const char *name)
{
    const struct vl_map_slot *slot = vl_map_get(&sigma->by_name, vl_span_str(name));
    if (slot == NULL)
        slot = vl_map_get(&sigma->by_title, vl_span_str(name));
    return slot != NULL ? vl_vec_at(&sigma->entries, (size_t)slot->value.num) : NULL;
}

/* The rule whose fields an entry's events have: its own, or the first of a correlation's. */
static const struct vl_sigma_entry *leaf_of(struct vl_sigma *sigma, const struct vl_sigma_entry *entry)
{
    for (unsigned i = 0; entry != NULL && entry->correlation != NULL && i < VL_CORRELATE_CHAIN_MAX; i++)
        entry = vl_sigma_entry_find(sigma, entry->correlation->rules[0]);
    return entry != NULL && entry->correlation == NULL ? entry : NULL;
}

/* One rule of a window, and where its fields stand. */
struct member {
    const struct vl_rule *rule;
    const struct vl_sigma_entry *entry; /* NULL: no rule of Sigma's */
    const struct vl_sigma_source *source;
    const char *name; /* as the correlation calls it */
    enum vl_event_source events;
    uint8_t slot;
};

static int field_at(struct vl_sigma *sigma, const struct vl_sigma_correlation *c, const struct member *m,
    const char *name, struct vl_window_field *ret, struct vl_err *err)
{
    for (uint32_t i = 0; i < c->n_aliases; i++) {
        const struct vl_sigma_alias *alias = &c->aliases[i];
        if (strcmp(alias->name, name) != 0)
            continue;
        if (same(m->name, alias->rule) ||
            (m->entry != NULL && (same(m->entry->alias, alias->rule) || same(m->entry->id, alias->rule)))) {
            name = alias->field;
            break;
        }
    }
    struct vl_sigma_target targets[VL_SIGMA_TARGETS_MAX] = {0};
    uint32_t n = 1;
    targets[0].field = vl_span_str(name);
    if (m->entry != NULL) {
        int r = vl_sigma_source_targets(m->source, vl_span_str(name), sigma->arena, targets, &n, err);
        if (r < 0)
            return r;
    }
    *ret = (struct vl_window_field){0};
    if (n > 0 && !targets[0].always)
        ret->field = vl_field_find(m->events, targets[0].field, targets[0].arg, &ret->arg);
    return 0;
}

static int fields_of(struct vl_sigma *sigma, struct vl_sigma_entry *entry, const struct member *members,
    struct vl_rule_window *window, struct vl_err *err)
{
    const struct vl_sigma_correlation *c = entry->correlation;
    struct vl_window_key *keys = vl_arena_array(sigma->arena, c->n_group_by + 1, sizeof(*keys));
    struct vl_window_field *values =
        vl_arena_array(sigma->arena, (size_t)window->n_rules * c->n_values + 1, sizeof(*values));
    if (keys == NULL || values == NULL)
        return vl_err_nomem(err);
    for (uint32_t k = 0; k < c->n_group_by; k++) {
        struct vl_window_field *fields = vl_arena_array(sigma->arena, window->n_rules, sizeof(*fields));
        if (fields == NULL)
            return vl_err_nomem(err);
        keys[k].name = c->group_by[k];
        keys[k].fields = fields;
        for (uint32_t i = 0; i < window->n_rules; i++) {
            int r = field_at(sigma, c, &members[i], c->group_by[k], &fields[i], err);
            if (r < 0)
                return r;
        }
    }
    for (uint32_t i = 0; i < window->n_rules; i++) {
        for (uint32_t v = 0; v < c->n_values; v++) {
            int r = field_at(sigma, c, &members[i], c->values[v], &values[i * c->n_values + v], err);
            if (r < 0)
                return r;
        }
    }
    window->keys = keys;
    window->n_keys = c->n_group_by;
    window->values = values;
    window->n_values = c->n_values;
    return 0;
}

/* The rules that a name stands for. */
static int members_add(struct vl_sigma *sigma, struct vl_sigma_entry *entry, const char *name, uint8_t slot,
    struct member *members, uint32_t *n, struct vl_err *err)
{
    struct vl_sigma_entry *other = vl_sigma_entry_find(sigma, name);
    if (other == NULL) {
        const struct vl_rule *rule =
            sigma->sink->find != NULL ? sigma->sink->find(sigma->sink, vl_span_str(name)) : NULL;
        if (rule == NULL)
            return vl_err_set(err, VL_ERR_NOT_FOUND, "no rule is named %s", name);
        members[(*n)++] = (struct member){rule, NULL, NULL, name, rule->source, slot};
        return 0;
    }
    if (other == entry || other->broken)
        return vl_err_set(
            err, VL_ERR_INVALID, other == entry ? "it refers to itself" : "%s cannot be used", name);
    const struct vl_sigma_entry *leaf = leaf_of(sigma, other);
    if (leaf == NULL)
        return vl_err_set(err, VL_ERR_INVALID,
            "%s is a correlation of correlations deeper than %d, or a circle", name, VL_CORRELATE_CHAIN_MAX);
    for (unsigned k = 0; k < 2; k++) {
        if (other->rules[k] == NULL)
            continue;
        const struct vl_sigma_source *source = k == 0 ? leaf->source : NULL;
        members[(*n)++] = (struct member){
            other->rules[k], other, source, name, source != NULL ? source->source : VL_EVENT_LOG, slot};
    }
    return 0;
}

/* An alias for a rule that there is not would be one that nobody sees. */
static int check_aliases(struct vl_sigma *sigma, const struct vl_sigma_correlation *c, struct vl_err *err)
{
    for (uint32_t i = 0; i < c->n_aliases; i++) {
        struct vl_span name = vl_span_str(c->aliases[i].rule);
        if (vl_sigma_entry_find(sigma, c->aliases[i].rule) == NULL &&
            (sigma->sink->find == NULL || sigma->sink->find(sigma->sink, name) == NULL))
            return vl_err_set(err, VL_ERR_NOT_FOUND, "alias %s: no rule is named %s", c->aliases[i].name,
                c->aliases[i].rule);
    }
    return 0;
}

static int resolve_one(struct vl_sigma *sigma, struct vl_sigma_entry *entry, struct vl_err *err)
{
    const struct vl_sigma_correlation *c = entry->correlation;
    struct member members[VL_WINDOW_RULES_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_rules; i++) {
        int r = members_add(sigma, entry, c->rules[i], (uint8_t)i, members, &n, err);
        if (r < 0)
            return r;
    }
    if (n == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "no rule that it names is used");
    struct vl_rule_window *window = vl_arena_alloc(sigma->arena, sizeof(*window));
    const struct vl_rule **rules = vl_arena_array(sigma->arena, n, sizeof(*rules));
    uint8_t *slots = vl_arena_array(sigma->arena, n, 1);
    if (window == NULL || rules == NULL || slots == NULL)
        return vl_err_nomem(err);
    *window = c->window;
    for (uint32_t i = 0; i < n; i++) {
        rules[i] = members[i].rule;
        slots[i] = members[i].slot;
    }
    window->rules = rules;
    window->n_rules = n;
    window->slots = slots;
    window->n_slots = c->n_rules;
    int r = check_aliases(sigma, c, err);
    if (r == 0)
        r = fields_of(sigma, entry, members, window, err);
    if (r < 0)
        return r;
    entry->rules[0]->window = window;
    entry->rules[0]->source = members[0].events;
    entry->rules[0]->source_name = members[0].rule->source_name;
    return 0;
}

/* Its rules do not fire by themselves, unless it says so. */
static void silence(struct vl_sigma *sigma, const struct vl_sigma_correlation *c)
{
    for (uint32_t i = 0; i < c->n_rules && !c->window.generate; i++) {
        struct vl_sigma_entry *other = vl_sigma_entry_find(sigma, c->rules[i]);
        for (unsigned k = 0; other != NULL && k < 2; k++)
            if (other->rules[k] != NULL)
                other->rules[k]->silent = true;
    }
}

/* Depth of a chain of correlations; over the limit where it goes in a circle. */
static unsigned depth_of(
    struct vl_sigma *sigma, struct vl_sigma_entry *entry, unsigned level, unsigned *visits)
{
    if (++*visits > VISITS_MAX)
        return VL_CORRELATE_CHAIN_MAX + 1;
    if (entry->correlation == NULL || level > VL_CORRELATE_CHAIN_MAX)
        return level;
    if (entry->depth > 0)
        return level + entry->depth;
    unsigned deepest = level;
    for (uint32_t i = 0; i < entry->correlation->n_rules && deepest <= VL_CORRELATE_CHAIN_MAX; i++) {
        struct vl_sigma_entry *other = vl_sigma_entry_find(sigma, entry->correlation->rules[i]);
        unsigned d = other != NULL ? depth_of(sigma, other, level + 1, visits) : level;
        deepest = d > deepest ? d : deepest;
    }
    if (deepest <= VL_CORRELATE_CHAIN_MAX)
        entry->depth = deepest - level;
    return deepest;
}

static int resolve_entry(struct vl_sigma *sigma, struct vl_sigma_entry *entry, struct vl_err *err)
{
    unsigned visits = 0;
    int r = depth_of(sigma, entry, 0, &visits) > VL_CORRELATE_CHAIN_MAX
                ? vl_err_set(err, VL_ERR_INVALID, "a correlation of correlations deeper than %d, or a circle",
                      VL_CORRELATE_CHAIN_MAX)
                : resolve_one(sigma, entry, err);
    if (r >= 0) {
        silence(sigma, entry->correlation);
        return 0;
    }
    entry->broken = true;
    struct vl_sigma_place place = {
        entry->file, NULL, entry->line, entry->column, "correlation", entry->title};
    return vl_sigma_problem(sigma, &place, true, "LOAD_ERR_VALIDATE", err);
}

int vl_sigma_correlations_resolve(struct vl_sigma *sigma, struct vl_err *err)
{
    for (size_t i = 0; i < sigma->entries.len; i++) {
        struct vl_sigma_entry *entry = vl_vec_at(&sigma->entries, i);
        if (entry->correlation == NULL)
            continue;
        int r = resolve_entry(sigma, entry, err);
        if (r < 0)
            return r;
    }
    return 0;
}
