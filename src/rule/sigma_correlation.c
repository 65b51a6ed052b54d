#include <string.h>

#include "sigma_impl.h"
#include "window_span.h"

static int read_type(struct vl_span type, struct vl_rule_window *window, struct vl_err *err)
{
    static const struct {
        const char *name;
        uint8_t kind;
    } types[] = {
        {"event_count", VL_WINDOW_EVENT_COUNT},
        {"value_count", VL_WINDOW_VALUE_COUNT},
        {"value_sum", VL_WINDOW_VALUE_SUM},
        {"value_avg", VL_WINDOW_VALUE_AVG},
        {"value_percentile", VL_WINDOW_VALUE_PERCENTILE},
        {"value_median", VL_WINDOW_VALUE_MEDIAN},
        {"value_min", VL_WINDOW_VALUE_MIN},
        {"value_max", VL_WINDOW_VALUE_MAX},
        {"temporal", VL_WINDOW_TEMPORAL},
        {"temporal_ordered", VL_WINDOW_ORDERED},
        {"temporal_extended", VL_WINDOW_TEMPORAL},
        {"temporal_ordered_extended", VL_WINDOW_ORDERED},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(types); i++) {
        if (vl_span_eq_str(type, types[i].name)) {
            window->kind = types[i].kind;
            return 0;
        }
    }
    return vl_err_set(err, VL_ERR_INVALID, "no such type of correlation: %.*s", VL_SPAN_FMT(type));
}

static int read_bound(
    const struct vl_doc_node *node, struct vl_window_bound *ret, bool *ret_is_one, struct vl_err *err)
{
    static const char *const names[] = {
        [VL_WINDOW_GT] = "gt",
        [VL_WINDOW_GTE] = "gte",
        [VL_WINDOW_LT] = "lt",
        [VL_WINDOW_LTE] = "lte",
        [VL_WINDOW_EQ] = "eq",
        [VL_WINDOW_NEQ] = "neq",
    };
    *ret_is_one = false;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (!vl_span_eq_str(vl_doc_key(node), names[i]))
            continue;
        ret->op = (uint8_t)i;
        *ret_is_one = true;
        if (!vl_doc_number(node, &ret->value))
            return vl_err_set(err, VL_ERR_INVALID, "%s wants a number", names[i]);
    }
    return 0;
}

static int read_bounds(struct vl_sigma *sigma, const struct vl_doc_node *condition,
    struct vl_sigma_correlation *c, struct vl_sigma_place *place, struct vl_err *err)
{
    struct vl_window_bound *bounds = vl_arena_array(sigma->arena, VL_WINDOW_BOUNDS_MAX, sizeof(*bounds));
    if (bounds == NULL)
        return vl_err_nomem(err);
    c->window.bounds = bounds;
    for (const struct vl_doc_node *m = vl_doc_first(condition); m != NULL; m = vl_doc_next(m)) {
        place->node = m;
        struct vl_window_bound bound = {0};
        bool is_one = false;
        int r = read_bound(m, &bound, &is_one, err);
        if (r < 0)
            return r;
        if (is_one) {
            if (c->window.n_bounds == VL_WINDOW_BOUNDS_MAX)
                return vl_err_set(err, VL_ERR_LIMIT, "more than %d bounds", VL_WINDOW_BOUNDS_MAX);
            bounds[c->window.n_bounds++] = bound;
        } else if (vl_span_eq_str(vl_doc_key(m), "field")) {
            r = vl_sigma_texts(m, "field", sigma->arena, &c->values, &c->n_values, err);
        } else if (vl_span_eq_str(vl_doc_key(m), "percentile")) {
            if (!vl_doc_number(m, &c->window.percentile) || c->window.percentile < 0 ||
                c->window.percentile > 100)
                r = vl_err_set(err, VL_ERR_INVALID, "percentile is a number from 0 to 100");
        } else {
            r = vl_err_set(err, VL_ERR_INVALID, "condition knows no %.*s", VL_SPAN_FMT(vl_doc_key(m)));
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* Is it whole, and is it of the correlation's type? */
static int check_condition(const struct vl_sigma_correlation *c, bool temporal, struct vl_err *err)
{
    const struct vl_rule_window *w = &c->window;
    bool values = w->kind == VL_WINDOW_VALUE_COUNT;
    double most = values ? VL_CORRELATE_VALUES_MAX : VL_WINDOW_THRESHOLD_MAX;
    for (uint32_t i = 0; (values || w->kind == VL_WINDOW_EVENT_COUNT) && i < w->n_bounds; i++)
        if (w->bounds[i].value > most || w->bounds[i].value < 0)
            return vl_err_set(err, VL_ERR_LIMIT, "a bound is a number from 0 to %.0f", most);
    if (temporal) {
        /* `gte: 3` of three rules says what is so anyway */
        for (uint32_t i = 0; w->kind == VL_WINDOW_ORDERED && i < w->n_bounds; i++) {
            double all = c->n_rules, value = w->bounds[i].value;
            if (w->bounds[i].op == VL_WINDOW_GT)
                value += 1;
            bool lower = w->bounds[i].op <= VL_WINDOW_GTE || w->bounds[i].op == VL_WINDOW_EQ;
            if (!lower || value < all || value > all)
                return vl_err_set(err, VL_ERR_UNSUPPORTED,
                    "an order is complete or not: temporal_ordered takes no other bound than all its rules");
        }
        return 0;
    }
    if (w->n_bounds == 0)
        return vl_err_set(err, VL_ERR_INVALID, "condition has none of gt, gte, lt, lte and eq");
    if (w->kind == VL_WINDOW_EVENT_COUNT)
        return 0;
    if (c->n_values == 0)
        return vl_err_set(err, VL_ERR_INVALID, "condition has no field, whose values are counted");
    if (!values && c->n_values > 1)
        return vl_err_set(err, VL_ERR_INVALID, "numbers of one field are taken together, not of several");
    return 0;
}

static int read_condition(struct vl_sigma *sigma, const struct vl_doc_node *correlation,
    struct vl_sigma_correlation *c, struct vl_sigma_place *place, struct vl_err *err)
{
    const struct vl_doc_node *condition = vl_doc_get(correlation, "condition");
    bool temporal = c->window.kind == VL_WINDOW_TEMPORAL || c->window.kind == VL_WINDOW_ORDERED;
    place->node = condition != NULL ? condition : correlation;
    if (condition == NULL)
        return temporal ? 0 : vl_err_set(err, VL_ERR_INVALID, "condition is missing");
    if (temporal && vl_doc_is(condition, VL_DOC_STRING))
        return vl_sigma_expression(vl_doc_span(condition), c, sigma->arena, err);
    if (!vl_doc_is(condition, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "condition is a map of gt, gte, lt, lte or eq");
    int r = read_bounds(sigma, condition, c, place, err);
    if (r < 0)
        return r;
    place->node = condition;
    if (c->window.kind == VL_WINDOW_VALUE_PERCENTILE && vl_doc_get(condition, "percentile") == NULL)
        c->window.percentile = 50;
    return check_condition(c, temporal, err);
}

static int read_aliases(struct vl_sigma *sigma, const struct vl_doc_node *aliases,
    struct vl_sigma_correlation *c, struct vl_sigma_place *place, struct vl_err *err)
{
    if (aliases == NULL)
        return 0;
    place->node = aliases;
    if (!vl_doc_is(aliases, VL_DOC_OBJECT) || vl_doc_size(aliases) > VL_WINDOW_GROUP_BY_MAX * 4)
        return vl_err_set(
            err, VL_ERR_INVALID, "aliases is a map of at most %d names", VL_WINDOW_GROUP_BY_MAX * 4);
    size_t n = 0;
    for (const struct vl_doc_node *a = vl_doc_first(aliases); a != NULL; a = vl_doc_next(a))
        n += vl_doc_size(a);
    if (n > (size_t)VL_WINDOW_GROUP_BY_MAX * 4 * VL_WINDOW_RULES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "too many aliases");
    struct vl_sigma_alias *list = vl_arena_array(sigma->arena, n + 1, sizeof(*list));
    if (list == NULL)
        return vl_err_nomem(err);
    for (const struct vl_doc_node *a = vl_doc_first(aliases); a != NULL; a = vl_doc_next(a)) {
        place->node = a;
        if (!vl_doc_is(a, VL_DOC_OBJECT))
            return vl_err_set(err, VL_ERR_INVALID, "an alias is a map of rules and their fields");
        for (const struct vl_doc_node *f = vl_doc_first(a); f != NULL; f = vl_doc_next(f)) {
            struct vl_sigma_alias *alias = &list[c->n_aliases++];
            alias->name = vl_arena_dup_span(sigma->arena, vl_doc_key(a));
            alias->rule = vl_arena_dup_span(sigma->arena, vl_doc_key(f));
            alias->field = vl_arena_dup_span(sigma->arena, vl_doc_text(f));
            if (alias->name == NULL || alias->rule == NULL || alias->field == NULL)
                return vl_err_nomem(err);
        }
    }
    c->aliases = list;
    return 0;
}

/* Beside the units of windows Sigma has months and years: a twelfth of the mean year, and the mean year, as
 * pySigma counts them. */
static bool read_span(struct vl_span text, uint64_t *ret)
{
    struct vl_span number = vl_span_slice(text, 0, text.len ? text.len - 1 : 0);
    bool month = vl_span_ends_with(text, "M");
    uint64_t n = 0, one = (month ? 2629746ULL : 31556952ULL) * 1000000000ULL;
    if (!month && !vl_span_ends_with(text, "y"))
        return vl_window_span_parse(text, ret);
    if (!vl_span_to_u64(number, &n) || n == 0 || n > VL_WINDOW_SPAN_MAX / one)
        return false;
    *ret = n * one;
    return true;
}

/* What is not known here could change what is meant (`window: tumbling` of another engine). */
static int warn_unknown(struct vl_sigma *sigma, const struct vl_doc_node *correlation,
    struct vl_sigma_place *place, struct vl_err *err)
{
    static const char *const known[] = {
        "type", "rules", "group-by", "timespan", "timeframe", "condition", "aliases", "generate", "name"};
    for (const struct vl_doc_node *m = vl_doc_first(correlation); m != NULL; m = vl_doc_next(m)) {
        size_t i = 0;
        while (i < VL_ARRAY_LEN(known) && !vl_span_eq_str(vl_doc_key(m), known[i]))
            i++;
        if (i < VL_ARRAY_LEN(known))
            continue;
        struct vl_err what = VL_ERR_INIT;
        struct vl_sigma_place at = *place;
        at.node = m;
        int r = vl_err_set(&what, VL_ERR_UNSUPPORTED, "a correlation knows no %.*s: it is not looked at",
            VL_SPAN_FMT(vl_doc_key(m)));
        r = r < 0 ? vl_sigma_problem(sigma, &at, false, "LOAD_UNKNOWN_KEY", &what) : 0;
        if (r < 0) {
            *err = what;
            return r;
        }
    }
    return 0;
}

int vl_sigma_correlation_read(struct vl_sigma *sigma, const struct vl_doc_node *root,
    struct vl_sigma_place *place, const struct vl_sigma_correlation **ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(root, "correlation");
    struct vl_sigma_correlation *c = vl_arena_alloc(sigma->arena, sizeof(*c));
    if (c == NULL)
        return vl_err_nomem(err);
    place->node = node;
    if (!vl_doc_is(node, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "correlation is a map");
    int r = warn_unknown(sigma, node, place, err);
    if (r == 0)
        r = read_type(vl_doc_get_str(node, "type"), &c->window, err);
    if (r == 0)
        r = vl_sigma_texts(vl_doc_get(node, "rules"), "rules", sigma->arena, &c->rules, &c->n_rules, err);
    if (r == 0)
        r = vl_sigma_texts(
            vl_doc_get(node, "group-by"), "group-by", sigma->arena, &c->group_by, &c->n_group_by, err);
    if (r < 0)
        return r;
    if (c->n_rules == 0 || c->n_rules > VL_WINDOW_RULES_MAX / 2)
        return vl_err_set(err, VL_ERR_INVALID, "rules names 1 to %d rules", VL_WINDOW_RULES_MAX / 2);
    if (c->n_group_by > VL_WINDOW_GROUP_BY_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "group-by has more than %d fields", VL_WINDOW_GROUP_BY_MAX);
    const struct vl_doc_node *span = vl_doc_get(node, "timespan");
    if (span == NULL)
        span = vl_doc_get(node, "timeframe");
    if (!read_span(vl_doc_text(span), &c->window.span))
        return vl_err_set(
            err, VL_ERR_INVALID, "timespan is a number with s, m, h, d, w, M or y, at most 366d: 90m");
    r = read_condition(sigma, node, c, place, err);
    if (r == 0)
        r = read_aliases(sigma, vl_doc_get(node, "aliases"), c, place, err);
    const struct vl_doc_node *generate = vl_doc_get(node, "generate");
    generate = generate != NULL ? generate : vl_doc_get(root, "generate");
    if (r == 0 && generate != NULL && !vl_doc_is(generate, VL_DOC_BOOL)) {
        place->node = generate;
        return vl_err_set(err, VL_ERR_INVALID, "generate is true or false");
    }
    c->window.generate = vl_doc_bool(generate);
    *ret = c;
    return r;
}
