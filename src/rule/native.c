#include "native.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "window_span.h"

#define ITEMS_MAX 1000 /* of one list */

static const char *const keys[] = {
    "alert_type", "severity", "mitre", "entities", "remediation", "response", "window", "sequence", "silent"};

bool vl_native_key(struct vl_span key)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++)
        if (vl_span_eq_str(key, keys[i]))
            return true;
    return false;
}

bool vl_native_is(const struct vl_doc_node *item)
{
    for (const struct vl_doc_node *m = vl_doc_first(item); m != NULL; m = vl_doc_next(m))
        if (vl_native_key(vl_doc_key(m)))
            return true;
    return false;
}

/* One item while it is read. Problems are told and reading goes on: `failed` is only for errors of ours. */
struct reading {
    struct vl_rule_sink *sink;
    const char *file, *name;
    struct vl_err *err;
    int failed;
};

VL_PRINTF(3, 4)
static void tell(struct reading *in, const struct vl_doc_node *where, const char *fmt, ...)
{
    char text[VL_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    struct vl_rule_problem problem = {
        .is_error = true,
        .code = "LOAD_ERR_VALIDATE",
        .file = in->file,
        .line = vl_doc_line(where),
        .column = vl_doc_column(where),
        .item = vl_arena_printf(in->sink->arena, "rule '%s'", in->name),
        .message = vl_arena_strdup(in->sink->arena, text),
    };
    if (problem.item == NULL || problem.message == NULL)
        in->failed = vl_err_nomem(in->err);
    else if (in->failed == 0)
        in->failed = in->sink->problem(in->sink, &problem, in->err);
}

static const char *copy(struct reading *in, struct vl_span text)
{
    const char *kept = vl_arena_dup_span(in->sink->arena, text);
    if (kept == NULL)
        in->failed = vl_err_nomem(in->err);
    return kept;
}

static void *array(struct reading *in, size_t n, size_t size)
{
    void *items = vl_arena_array(in->sink->arena, n + 1, size);
    if (items == NULL)
        in->failed = vl_err_nomem(in->err);
    return items;
}

static bool is_scalar(const struct vl_doc_node *node)
{
    return node != NULL && !vl_doc_is(node, VL_DOC_ARRAY) && !vl_doc_is(node, VL_DOC_OBJECT) &&
           vl_doc_type(node) != VL_DOC_NULL;
}

/* A text or a list of texts. */
static void texts(struct reading *in, const struct vl_doc_node *node, const char *what,
    const char *const **ret, uint32_t *ret_n)
{
    if (node == NULL)
        return;
    bool list = vl_doc_is(node, VL_DOC_ARRAY);
    size_t n = list ? vl_doc_size(node) : 1;
    if (n > ITEMS_MAX) {
        tell(in, node, "%s has more than %d items", what, ITEMS_MAX);
        return;
    }
    const char **items = array(in, n, sizeof(char *));
    uint32_t k = 0;
    for (const struct vl_doc_node *i = list ? vl_doc_first(node) : node; i != NULL && in->failed == 0;
        i = list ? vl_doc_next(i) : NULL) {
        if (is_scalar(i))
            items[k++] = copy(in, vl_doc_text(i));
        else
            tell(in, i, "%s is a text or a list of texts", what);
    }
    if (in->failed != 0)
        return;
    *ret = items;
    *ret_n = k;
}

/* One of some words; NULL where it is none. */
static const char *choice(
    struct reading *in, const struct vl_doc_node *node, const char *what, const char *const *words, size_t n)
{
    if (node == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (vl_span_eq_nocase(vl_doc_text(node), vl_span_str(words[i])))
            return words[i];
    char all[128] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof(all) - 1; i++) {
        int put = snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "", words[i]);
        used += put > 0 ? (size_t)put : 0;
    }
    tell(in, node, "%s is one of %s", what, all);
    return NULL;
}

static void unknown_members(
    struct reading *in, const struct vl_doc_node *map, const char *what, const char *const *known)
{
    for (const struct vl_doc_node *m = vl_doc_first(map); m != NULL; m = vl_doc_next(m)) {
        bool is_known = false;
        for (const char *const *k = known; *k != NULL; k++)
            is_known = is_known || vl_span_eq_str(vl_doc_key(m), *k);
        if (!is_known)
            tell(in, m, "%s knows no %.*s", what, VL_SPAN_FMT(vl_doc_key(m)));
    }
}

/* --- what an alert says --- */

static void read_mitre(struct reading *in, const struct vl_doc_node *node, struct vl_rule_alert *alert)
{
    static const char *const known[] = {"tactics", "techniques", NULL};
    if (node == NULL)
        return;
    if (!vl_doc_is(node, VL_DOC_OBJECT)) {
        tell(in, node, "mitre is a map of tactics and techniques");
        return;
    }
    unknown_members(in, node, "mitre", known);
    texts(in, vl_doc_get(node, "tactics"), "tactics", &alert->mitre_tactics, &alert->n_tactics);
    texts(in, vl_doc_get(node, "techniques"), "techniques", &alert->mitre_techniques, &alert->n_techniques);
}

static void read_entities(struct reading *in, const struct vl_doc_node *node, struct vl_rule_alert *alert)
{
    if (node == NULL)
        return;
    size_t n = vl_doc_size(node);
    if (!vl_doc_is(node, VL_DOC_ARRAY) || n > ITEMS_MAX) {
        tell(in, node, "entities is a list of at most %d maps: {process: proc.pid}", ITEMS_MAX);
        return;
    }
    struct vl_rule_entity *list = array(in, n, sizeof(*list));
    uint32_t k = 0;
    for (const struct vl_doc_node *e = vl_doc_first(node); e != NULL && in->failed == 0; e = vl_doc_next(e)) {
        const struct vl_doc_node *field = vl_doc_first(e);
        if (!vl_doc_is(e, VL_DOC_OBJECT) || vl_doc_size(e) != 1 || !is_scalar(field)) {
            tell(in, e, "an entity is a map of its kind and a field: {process: proc.pid}");
            continue;
        }
        list[k].kind = copy(in, vl_doc_key(field));
        list[k++].field = copy(in, vl_doc_text(field));
    }
    if (in->failed != 0)
        return;
    alert->entities = list;
    alert->n_entities = k;
}

static void read_alert(struct reading *in, const struct vl_doc_node *item, const struct vl_rule_alert **ret)
{
    static const char *const severities[] = {"High", "Medium", "Low", "Informational"};
    static const char *const responses[] = {"none", "kill", "isolate"};
    struct vl_rule_alert *alert = array(in, 1, sizeof(*alert));
    if (alert == NULL)
        return;
    const struct vl_doc_node *type = vl_doc_get(item, "alert_type");
    if (is_scalar(type))
        alert->alert_type = copy(in, vl_doc_text(type));
    else if (type != NULL)
        tell(in, type, "alert_type is a text");
    alert->severity =
        choice(in, vl_doc_get(item, "severity"), "severity", severities, VL_ARRAY_LEN(severities));
    alert->response =
        choice(in, vl_doc_get(item, "response"), "response", responses, VL_ARRAY_LEN(responses));
    read_mitre(in, vl_doc_get(item, "mitre"), alert);
    read_entities(in, vl_doc_get(item, "entities"), alert);
    texts(in, vl_doc_get(item, "remediation"), "remediation", &alert->remediation, &alert->n_remediation);
    *ret = alert;
}

/* --- windows and sequences --- */

static struct vl_rule_window *window_new(struct reading *in, const struct vl_doc_node *node, const char *what)
{
    struct vl_rule_window *window = array(in, 1, sizeof(*window));
    if (window == NULL)
        return NULL;
    if (!vl_doc_is(node, VL_DOC_OBJECT)) {
        tell(in, node, "%s is a map", what);
        return NULL;
    }
    if (!vl_window_span_parse(vl_doc_text(vl_doc_get(node, "within")), &window->span)) {
        tell(in, node, "%s: within is a number with s, m, h, d or w, at most 366d: 5m", what);
        return NULL;
    }
    return window;
}

static void read_by(struct reading *in, const struct vl_doc_node *node, struct vl_native *ret)
{
    texts(in, node, "by", &ret->by, &ret->n_by);
    if (ret->n_by <= VL_WINDOW_GROUP_BY_MAX)
        return;
    tell(in, node, "by has more than %d fields", VL_WINDOW_GROUP_BY_MAX);
    ret->n_by = VL_WINDOW_GROUP_BY_MAX;
}

static void read_window(struct reading *in, const struct vl_doc_node *node, struct vl_native *ret)
{
    static const char *const known[] = {"threshold", "within", "distinct", "by", NULL};
    struct vl_rule_window *window = window_new(in, node, "window");
    if (window == NULL)
        return;
    unknown_members(in, node, "window", known);
    int64_t threshold = 0;
    const struct vl_doc_node *distinct = vl_doc_get(node, "distinct");
    int64_t most = distinct != NULL ? VL_CORRELATE_VALUES_MAX : VL_WINDOW_THRESHOLD_MAX;
    if (!vl_doc_int(vl_doc_get(node, "threshold"), &threshold) || threshold < 1 || threshold > most) {
        tell(in, node, "window: threshold is a number from 1 to %lld", (long long)most);
        return;
    }
    struct vl_window_bound *bound = array(in, 1, sizeof(*bound));
    if (bound == NULL)
        return;
    *bound = (struct vl_window_bound){VL_WINDOW_GTE, (double)threshold};
    window->bounds = bound;
    window->n_bounds = 1;
    window->kind = VL_WINDOW_EVENT_COUNT;
    if (distinct != NULL) {
        window->kind = VL_WINDOW_VALUE_COUNT;
        texts(in, distinct, "distinct", &ret->distinct, &ret->n_distinct);
    }
    read_by(in, vl_doc_get(node, "by"), ret);
    ret->window = window;
}

static void read_step(
    struct reading *in, const struct vl_doc_node *node, unsigned number, struct vl_native_step *step)
{
    static const char *const known[] = {"name", "condition", "rule", NULL};
    const struct vl_doc_node *rule = vl_doc_get(node, "rule"), *condition = vl_doc_get(node, "condition");
    if (!vl_doc_is(node, VL_DOC_OBJECT) || is_scalar(rule) == is_scalar(condition)) {
        tell(in, node, "a step is a map with either a condition or a rule");
        return;
    }
    unknown_members(in, node, "a step", known);
    step->where = node;
    if (rule != NULL) {
        step->rule = copy(in, vl_doc_text(rule));
        step->name = step->rule;
        return;
    }
    step->condition = copy(in, vl_doc_text(condition));
    const struct vl_doc_node *name = vl_doc_get(node, "name");
    step->name = is_scalar(name)
                     ? vl_arena_printf(in->sink->arena, "%s / %.*s", in->name, VL_SPAN_FMT(vl_doc_text(name)))
                     : vl_arena_printf(in->sink->arena, "%s / %u", in->name, number);
    if (step->name == NULL)
        in->failed = vl_err_nomem(in->err);
}

static void read_sequence(struct reading *in, const struct vl_doc_node *node, struct vl_native *ret)
{
    static const char *const known[] = {"steps", "within", "ordered", "by", NULL};
    struct vl_rule_window *window = window_new(in, node, "sequence");
    if (window == NULL)
        return;
    unknown_members(in, node, "sequence", known);
    const struct vl_doc_node *ordered = vl_doc_get(node, "ordered"), *list = vl_doc_get(node, "steps");
    window->kind = ordered == NULL || vl_doc_bool(ordered) ? VL_WINDOW_ORDERED : VL_WINDOW_TEMPORAL;
    size_t n = vl_doc_size(list);
    if (!vl_doc_is(list, VL_DOC_ARRAY) || n < 2 || n > VL_WINDOW_RULES_MAX) {
        tell(in, node, "sequence: steps is a list of 2 to %d maps", VL_WINDOW_RULES_MAX);
        return;
    }
    struct vl_native_step *steps = array(in, n, sizeof(*steps));
    uint32_t k = 0;
    bool whole = true;
    for (const struct vl_doc_node *s = vl_doc_first(list); s != NULL && in->failed == 0; s = vl_doc_next(s)) {
        read_step(in, s, k + 1, &steps[k]);
        whole = whole && steps[k].where != NULL;
        k++;
    }
    if (in->failed != 0 || !whole)
        return;
    ret->steps = steps;
    ret->n_steps = k;
    read_by(in, vl_doc_get(node, "by"), ret);
    ret->window = window;
}

int vl_native_read(struct vl_rule_sink *sink, const struct vl_doc_node *item, const char *file,
    struct vl_native *ret, struct vl_err *err)
{
    struct reading in = {.sink = sink, .file = file, .err = err};
    struct vl_native native = {0};
    in.name = copy(&in, vl_doc_text(vl_doc_get(item, "rule")));
    if (in.name == NULL)
        return in.failed;
    read_alert(&in, item, &native.alert);
    const struct vl_doc_node *window = vl_doc_get(item, "window"), *sequence = vl_doc_get(item, "sequence");
    if (window != NULL && sequence != NULL)
        tell(&in, sequence, "a rule has either a window or a sequence");
    else if (window != NULL)
        read_window(&in, window, &native);
    else if (sequence != NULL)
        read_sequence(&in, sequence, &native);
    const struct vl_doc_node *silent = vl_doc_get(item, "silent");
    if (silent != NULL && !vl_doc_is(silent, VL_DOC_BOOL))
        tell(&in, silent, "silent is true or false");
    native.silent = vl_doc_bool(silent);
    if (in.failed != 0)
        return in.failed;
    *ret = native;
    return 0;
}

/* --- names to rules and fields --- */

static void tell_rule(struct reading *in, const struct vl_rule *rule, const char *message, const char *name)
{
    struct vl_rule_problem problem = {
        .is_error = true,
        .code = "LOAD_ERR_VALIDATE",
        .file = rule->file,
        .line = rule->line,
        .column = 1,
        .item = vl_arena_printf(in->sink->arena, "rule '%s'", rule->name),
        .message = vl_arena_printf(in->sink->arena, "%s %s", message, name),
    };
    if (problem.item == NULL || problem.message == NULL)
        in->failed = vl_err_nomem(in->err);
    else
        in->failed = in->sink->problem(in->sink, &problem, in->err);
}

/* "proc.aname[2]" */
static bool find_field(enum vl_event_source source, const char *text, struct vl_window_field *ret)
{
    struct vl_span name = vl_span_str(text), arg = VL_SPAN_EMPTY;
    size_t bracket = vl_span_find_char(name, '[');
    if (bracket < name.len && name.ptr[name.len - 1] == ']') {
        arg = vl_span_slice(name, bracket + 1, name.len - 1);
        name = vl_span_slice(name, 0, bracket);
    }
    ret->field = vl_field_find(source, name, arg, &ret->arg);
    return ret->field != NULL;
}

static enum vl_window_key_kind key_kind(const char *name)
{
    if (strcmp(name, "process_tree") == 0)
        return VL_WINDOW_BY_PROCESS_TREE;
    if (strcmp(name, "pod") == 0)
        return VL_WINDOW_BY_POD;
    return strcmp(name, "user") == 0 ? VL_WINDOW_BY_USER : VL_WINDOW_BY_FIELD;
}

/* `names` as fields of each rule: n_names a rule, or n_rules a name. */
static void fill_fields(struct reading *in, const struct vl_rule *rule, const char *name,
    const struct vl_rule_window *window, struct vl_window_field *fields, uint32_t stride)
{
    for (uint32_t i = 0; i < window->n_rules && in->failed == 0; i++) {
        if (!find_field(window->rules[i]->source, name, &fields[i * stride])) {
            tell_rule(in, rule, "no such field:", name);
            return;
        }
    }
}

static void fill_keys(struct reading *in, const struct vl_native *native, const struct vl_rule *rule,
    struct vl_rule_window *window)
{
    struct vl_window_key *list = array(in, native->n_by, sizeof(*list));
    for (uint32_t k = 0; k < native->n_by && in->failed == 0; k++) {
        struct vl_window_field *fields = array(in, window->n_rules, sizeof(*fields));
        if (fields == NULL)
            return;
        list[k] = (struct vl_window_key){(uint8_t)key_kind(native->by[k]), native->by[k], fields};
        if (list[k].kind == VL_WINDOW_BY_FIELD)
            fill_fields(in, rule, native->by[k], window, fields, 1);
    }
    window->keys = list;
    window->n_keys = native->n_by;
    struct vl_window_field *values = array(in, (size_t)window->n_rules * native->n_distinct, sizeof(*values));
    for (uint32_t v = 0; v < native->n_distinct && in->failed == 0; v++)
        fill_fields(in, rule, native->distinct[v], window, values + v, native->n_distinct);
    window->values = values;
    window->n_values = native->n_distinct;
}

static void check_entities(struct reading *in, const struct vl_rule *rule)
{
    struct vl_window_field ignored;
    for (uint32_t i = 0; rule->alert != NULL && i < rule->alert->n_entities && in->failed == 0; i++)
        if (!find_field(rule->source, rule->alert->entities[i].field, &ignored))
            tell_rule(in, rule, "an entity's field does not exist:", rule->alert->entities[i].field);
}

int vl_native_resolve(struct vl_rule_sink *sink, const struct vl_native *native, struct vl_rule *rule,
    const struct vl_rule *const *steps, struct vl_err *err)
{
    struct reading in = {.sink = sink, .file = rule->file, .name = rule->name, .err = err};
    rule->alert = native->alert;
    rule->silent = native->silent;
    rule->window = NULL;
    check_entities(&in, rule);
    struct vl_rule_window *window = native->window;
    if (window == NULL || in.failed != 0)
        return in.failed;
    uint32_t n = native->n_steps > 0 ? native->n_steps : 1;
    const struct vl_rule **rules = array(&in, n, sizeof(*rules));
    uint8_t *slots = array(&in, n, 1);
    if (rules == NULL || slots == NULL)
        return in.failed;
    rules[0] = rule;
    for (uint32_t i = 0; i < native->n_steps; i++) {
        const struct vl_native_step *step = &native->steps[i];
        slots[i] = (uint8_t)i;
        rules[i] = step->rule != NULL ? sink->find(sink, vl_span_str(step->rule)) : steps[i];
        if (rules[i] == NULL || rules[i] == rule) {
            tell_rule(&in, rule, "no earlier rule is named", step->name);
            return in.failed;
        }
    }
    window->rules = rules;
    window->n_rules = n;
    window->slots = slots;
    window->n_slots = n;
    fill_keys(&in, native, rule, window);
    if (in.failed == 0)
        rule->window = window;
    return in.failed;
}
