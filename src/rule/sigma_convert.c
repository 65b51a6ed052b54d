#include "rule/convert.h"

#include <string.h>

#include "codec/json.h"
#include "rule/correlate.h"
#include "sigma_convert.h"

#define ARENA_MAX (512UL * 1024 * 1024)

struct writing {
    const struct vl_ruleset *set;
    struct vl_buf *out;
    struct vl_arena *arena;
    vl_rule_convert_note *note;
    void *user;
    struct vl_err *err;
};

/* A text in quotes: JSON's are YAML's, too. */
static void quoted(struct vl_buf *out, struct vl_span text)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_span(&json, text);
}

static void member(struct vl_buf *out, const char *indent, const char *key, struct vl_span value)
{
    vl_buf_printf(out, "%s%s: ", indent, key);
    quoted(out, value);
    vl_buf_append_char(out, '\n');
}

static void member_str(struct vl_buf *out, const char *indent, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        member(out, indent, key, vl_span_str(value));
}

static void list(struct vl_buf *out, const char *key, const char *const *items, uint32_t n)
{
    vl_buf_printf(out, "%s: [", key);
    for (uint32_t i = 0; i < n; i++) {
        vl_buf_append_str(out, i > 0 ? ", " : "");
        quoted(out, vl_span_str(items[i]));
    }
    vl_buf_append_char(out, ']');
}

/* A tree in Falco's syntax. -EINVAL where it cannot be said, with the reason. */
static int condition_text(
    const struct writing *w, const struct vl_condition *tree, struct vl_buf *text, struct vl_err *err)
{
    struct vl_condition *plain = NULL;
    int r = sc_rewrite(tree, w->arena, &plain, err);
    return r < 0 ? r : vl_condition_format(plain, text, err);
}

/* Conditions of the rules of a slot that the native rule's source has; one is enough. */
static const struct vl_rule *slot_rule(
    const struct vl_rule_window *window, uint32_t slot, enum vl_event_source source)
{
    for (uint32_t i = 0; i < window->n_rules; i++)
        if (window->slots[i] == slot && window->rules[i]->source == source &&
            window->rules[i]->condition != NULL && !window->rules[i]->skipped)
            return window->rules[i];
    return NULL;
}

static int span_text(struct vl_buf *out, uint64_t span)
{
    vl_buf_printf(out, "%llus", (unsigned long long)(span / 1000000000));
    return 0;
}

/* A field of a window as the first rule of the source sees it. */
static int field_text(const struct vl_rule_window *window, const struct vl_window_field *fields,
    uint32_t stride, enum vl_event_source source, const char *name, struct vl_buf *out, struct vl_err *err)
{
    const struct vl_window_field *found = NULL;
    for (uint32_t i = 0; i < window->n_rules; i++) {
        const struct vl_window_field *f = &fields[(size_t)i * stride];
        if (window->rules[i]->source != source || f->field == NULL)
            continue;
        bool other = found != NULL && (found->field != f->field || !vl_span_eq(found->arg, f->arg));
        if (other)
            return vl_err_set(err, VL_ERR_UNSUPPORTED, "its rules have %s in different fields", name);
        found = f;
    }
    if (found == NULL)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "its events have no field %s", name);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 4096);
    vl_buf_append_str(&text, found->field->name);
    if (found->arg.len > 0)
        vl_buf_printf(&text, "[%.*s]", VL_SPAN_FMT(found->arg));
    quoted(out, vl_buf_span(&text));
    return vl_buf_check(&text, "a field", err);
}

static int by_text(
    const struct vl_rule_window *window, enum vl_event_source source, struct vl_buf *out, struct vl_err *err)
{
    vl_buf_append_str(out, "    by: [");
    for (uint32_t k = 0; k < window->n_keys; k++) {
        vl_buf_append_str(out, k > 0 ? ", " : "");
        int r = field_text(window, window->keys[k].fields, 1, source, window->keys[k].name, out, err);
        if (r < 0)
            return r;
    }
    vl_buf_append_str(out, "]\n");
    return 0;
}

static int sequence_text(
    const struct writing *w, const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err)
{
    const struct vl_rule_window *window = rule->window;
    bool all = window->n_bounds == 0 || window->kind == VL_WINDOW_ORDERED;
    if (!all || window->expression != NULL || window->n_slots < 2)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "a native sequence asks for all of two steps or more");
    vl_buf_append_str(out, "  sequence:\n    within: ");
    int r = span_text(out, window->span);
    vl_buf_printf(out, "\n    ordered: %s\n", window->kind == VL_WINDOW_ORDERED ? "true" : "false");
    r = r < 0 ? r : by_text(window, rule->source, out, err);
    vl_buf_append_str(out, "    steps:\n");
    for (uint32_t s = 0; r == 0 && s < window->n_slots; s++) {
        const struct vl_rule *step = slot_rule(window, s, rule->source);
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, VL_CONDITION_BYTES_MAX);
        if (step == NULL)
            return vl_err_set(
                err, VL_ERR_UNSUPPORTED, "one of its rules is a correlation, or of other events");
        r = condition_text(w, step->condition, &text, err);
        vl_buf_append_str(out, "      - name: ");
        quoted(out, vl_span_str(step->name));
        vl_buf_append_char(out, '\n');
        member(out, "        ", "condition", vl_buf_span(&text));
    }
    return r;
}

static int window_text(
    const struct writing *w, const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err)
{
    const struct vl_rule_window *window = rule->window;
    const struct vl_window_bound *bound = window->bounds;
    bool counts = window->kind == VL_WINDOW_EVENT_COUNT || window->kind == VL_WINDOW_VALUE_COUNT;
    if (!counts || window->n_bounds != 1 || (bound->op != VL_WINDOW_GT && bound->op != VL_WINDOW_GTE))
        return vl_err_set(
            err, VL_ERR_UNSUPPORTED, "a native window has one lower bound of events or distinct values");
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_CONDITION_BYTES_MAX);
    for (uint32_t s = 0; s < window->n_slots; s++) {
        const struct vl_rule *base = slot_rule(window, s, rule->source);
        if (base == NULL)
            return vl_err_set(
                err, VL_ERR_UNSUPPORTED, "one of its rules is a correlation, or of other events");
        vl_buf_append_str(&text, s > 0 ? " or (" : "(");
        int r = condition_text(w, base->condition, &text, err);
        if (r < 0)
            return r;
        vl_buf_append_char(&text, ')');
    }
    member(out, "  ", "condition", vl_buf_span(&text));
    double threshold = bound->op == VL_WINDOW_GT ? bound->value + 1 : bound->value;
    vl_buf_printf(out, "  window:\n    threshold: %.0f\n    within: ", threshold < 1 ? 1 : threshold);
    int r = span_text(out, window->span);
    vl_buf_append_char(out, '\n');
    if (r == 0 && window->n_values > 0) {
        vl_buf_append_str(out, "    distinct: [");
        for (uint32_t v = 0; r == 0 && v < window->n_values; v++) {
            vl_buf_append_str(out, v > 0 ? ", " : "");
            r = field_text(
                window, window->values + v, window->n_values, rule->source, "of the values", out, err);
        }
        vl_buf_append_str(out, "]\n");
    }
    return r < 0 ? r : by_text(window, rule->source, out, err);
}

static int body_text(
    const struct writing *w, const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err)
{
    if (rule->window != NULL &&
        (rule->window->kind == VL_WINDOW_ORDERED || rule->window->kind == VL_WINDOW_TEMPORAL))
        return sequence_text(w, rule, out, err);
    if (rule->window != NULL)
        return window_text(w, rule, out, err);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_CONDITION_BYTES_MAX);
    int r = condition_text(w, rule->condition, &text, err);
    if (r == 0)
        member(out, "  ", "condition", vl_buf_span(&text));
    return r;
}

static int rule_text(
    const struct writing *w, const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err)
{
    member(out, "- ", "rule", vl_span_str(rule->name));
    member(out, "  ", "desc", vl_span_str(rule->description != NULL ? rule->description : rule->name));
    if (rule->source != VL_EVENT_SYSCALL)
        member_str(out, "  ", "source", rule->source_name);
    int r = body_text(w, rule, out, err);
    if (r < 0)
        return r;
    member_str(out, "  ", "output", rule->output);
    vl_buf_printf(out, "  priority: %s\n", vl_rule_priority_name(rule->priority));
    if (!rule->enabled)
        vl_buf_append_str(out, "  enabled: false\n");
    if (rule->silent)
        vl_buf_append_str(out, "  silent: true\n");
    list(out, "  tags", rule->tags, rule->n_tags);
    vl_buf_append_char(out, '\n');
    if (rule->alert != NULL) {
        member_str(out, "  ", "severity", rule->alert->severity);
        list(out, "  mitre: {tactics", rule->alert->mitre_tactics, rule->alert->n_tactics);
        list(out, ", techniques", rule->alert->mitre_techniques, rule->alert->n_techniques);
        vl_buf_append_str(out, "}\n");
    }
    vl_buf_append_char(out, '\n');
    return 0;
}

static int convert_one(const struct writing *w, const struct vl_rule *rule, bool *ret_done)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err why = VL_ERR_INIT;
    vl_buf_init(&text, VL_RULE_FILE_MAX);
    *ret_done = false;
    if (rule->skipped)
        return w->note(rule, rule->skipped_because, w->user, w->err);
    int r = rule_text(w, rule, &text, &why);
    if (r < 0 && why.code == VL_ERR_MEMORY)
        return vl_err_nomem(w->err);
    if (r < 0)
        return w->note(rule, why.msg, w->user, w->err);
    r = vl_buf_check(&text, "a converted rule", w->err);
    vl_buf_append_span(w->out, vl_buf_span(&text));
    *ret_done = r == 0;
    return r;
}

int vl_rule_convert_sigma(const struct vl_ruleset *set, struct vl_buf *out, vl_rule_convert_note *note,
    void *user, struct vl_rule_convert_counts *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_rule_convert_counts counts = {0};
    if (arena == NULL)
        return vl_err_nomem(err);
    const struct writing w = {set, out, arena, note, user, err};
    for (uint32_t i = 0; i < vl_ruleset_size(set); i++) {
        const struct vl_rule *rule = vl_ruleset_at(set, i);
        if (rule->form != VL_RULE_SIGMA || rule->twin)
            continue;
        bool done = false;
        counts.rules++;
        int r = convert_one(&w, rule, &done);
        if (r < 0)
            return r;
        counts.converted += done;
    }
    *ret = counts;
    return vl_buf_check(out, "the converted rules", err);
}
