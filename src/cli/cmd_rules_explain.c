/* vallum rules explain: what a rule means, with its lists and macros put in. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "rule/correlate.h"
#include "rule/describe.h"
#include "rules_load.h"

#define ARENA_MAX (256UL * 1024 * 1024)

struct settings {
    struct vl_cli_common common;
    bool json;
    struct vl_cli_list files, names;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'o':
        s->json = vl_cli_is_json(state, arg);
        return 0;
    case 'r':
        vl_cli_list_add(&s->files, state, arg, false);
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->names, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && (!s->names.len || !s->files.len))
            argp_error(state, "the name of a rule and its --rules files are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- as text --- */

static void write_line(struct vl_buf *out, const char *key, const char *value)
{
    if (!value)
        return;
    vl_buf_printf(out, "%-12s ", key);
    vl_text_append_printable(out, vl_span_trim(vl_span_str(value)));
    vl_buf_append_char(out, '\n');
}

static void write_names(
    struct vl_buf *out, const char *key, const char *const *names, uint32_t n, const char *none)
{
    if (!n && !none)
        return;
    vl_buf_printf(out, "%-12s ", key);
    for (uint32_t i = 0; i < n; i++) {
        vl_buf_append_str(out, i ? ", " : "");
        vl_text_append_printable(out, vl_span_str(names[i]));
    }
    vl_buf_printf(out, "%s\n", n ? "" : none);
}

/* "event_count >= 5 within 60 s by container.id of: rule, rule" */
static void write_window(struct vl_buf *out, const struct vl_rule *rule)
{
    static const char *const kinds[] = {[VL_WINDOW_EVENT_COUNT] = "number of events",
        [VL_WINDOW_VALUE_COUNT] = "distinct values",
        [VL_WINDOW_VALUE_SUM] = "sum",
        [VL_WINDOW_VALUE_AVG] = "average",
        [VL_WINDOW_VALUE_PERCENTILE] = "percentile",
        [VL_WINDOW_VALUE_MEDIAN] = "median",
        [VL_WINDOW_VALUE_MIN] = "least",
        [VL_WINDOW_VALUE_MAX] = "greatest",
        [VL_WINDOW_TEMPORAL] = "all of, in any order",
        [VL_WINDOW_ORDERED] = "all of, in their order"};
    static const char *const ops[] = {[VL_WINDOW_GT] = ">",
        [VL_WINDOW_GTE] = ">=",
        [VL_WINDOW_LT] = "<",
        [VL_WINDOW_LTE] = "<=",
        [VL_WINDOW_EQ] = "=",
        [VL_WINDOW_NEQ] = "!="};
    const struct vl_rule_window *w = rule->window;
    if (!w)
        return;
    vl_buf_printf(out, "%-12s %s", "window", w->kind < VL_ARRAY_LEN(kinds) ? kinds[w->kind] : "?");
    for (uint32_t i = 0; i < w->n_values; i++)
        if (w->values[i].field)
            vl_buf_printf(out, "%s %s%s%.*s", i ? "," : " of", w->values[i].field->name,
                w->values[i].arg.len ? " " : "", VL_SPAN_FMT(w->values[i].arg));
    for (uint32_t i = 0; i < w->n_bounds; i++)
        vl_buf_printf(out, "%s %s %g", i ? " and" : "",
            w->bounds[i].op < VL_ARRAY_LEN(ops) ? ops[w->bounds[i].op] : "?", w->bounds[i].value);
    vl_buf_printf(out, " within %.9g s", (double)w->span / 1e9);
    for (uint32_t i = 0; i < w->n_keys; i++)
        vl_buf_printf(out, "%s %s", i ? "," : ", by", w->keys[i].name ? w->keys[i].name : "?");
    vl_buf_append_char(out, '\n');
    for (uint32_t i = 0; i < w->n_rules; i++)
        if (w->rules[i] && w->rules[i] != rule)
            write_line(out, i ? "" : "  of", w->rules[i]->name);
}

static void write_alert(struct vl_buf *out, const struct vl_rule_alert *alert)
{
    if (!alert)
        return;
    write_line(out, "alert type", alert->alert_type);
    write_line(out, "severity", alert->severity);
    write_names(out, "tactics", alert->mitre_tactics, alert->n_tactics, NULL);
    write_names(out, "techniques", alert->mitre_techniques, alert->n_techniques, NULL);
    for (uint32_t i = 0; i < alert->n_remediation; i++)
        write_line(out, i ? "" : "remediation", alert->remediation[i]);
    write_line(out, "response", alert->response);
}

static int write_text(
    const struct vl_rule *rule, const struct vl_rule_description *d, struct vl_buf *out, struct vl_err *err)
{
    vl_text_append_printable(out, vl_span_str(rule->name));
    vl_buf_append_char(out, '\n');
    write_line(out, "meaning", rule->description);
    write_line(out, "priority", vl_rule_priority_name(rule->priority));
    write_line(out, "source", rule->source_name);
    write_line(out, "state", rule->skipped ? rule->skipped_because : rule->enabled ? "enabled" : "disabled");
    if (rule->file)
        vl_buf_printf(out, "%-12s %s:%u\n", "file", rule->file, rule->line);
    write_names(out, "tags", rule->tags, rule->n_tags, NULL);
    write_names(
        out, "event types", d->event_types, d->n_event_types, d->all_types ? "all" : "none: it cannot fire");
    write_names(out, "fields", d->fields, d->n_fields, NULL);
    write_names(out, "macros", d->macros, d->n_macros, NULL);
    write_names(out, "lists", d->lists, d->n_lists, NULL);
    write_names(out, "exceptions", d->exceptions, d->n_exceptions, NULL);
    write_line(out, "output", rule->output);
    write_alert(out, rule->alert);
    write_window(out, rule);
    if (!rule->condition)
        return 0;
    vl_buf_append_str(out, "\nfires when   (behind a part: the macro it comes from)\n");
    return vl_rule_condition_lines(rule, out, err);
}

/* --- as JSON --- */

static void names_json(struct vl_json *j, const char *key, const char *const *names, uint32_t n)
{
    vl_json_key(j, key);
    vl_json_array(j);
    for (uint32_t i = 0; i < n; i++)
        vl_json_str(j, names[i]);
    vl_json_array_end(j);
}

static int write_json(
    const struct vl_rule *rule, const struct vl_rule_description *d, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf condition;
    struct vl_json j;
    vl_buf_init(&condition, VL_DESCRIBE_TEXT_MAX);
    int r = vl_rule_condition_line(rule, &condition, err);
    if (r < 0)
        return r;
    vl_json_init(&j, out, true);
    vl_json_object(&j);
    vl_json_member_str(&j, "rule", rule->name);
    vl_json_member_str(&j, "description", rule->description);
    vl_json_member_str(&j, "priority", vl_rule_priority_name(rule->priority));
    vl_json_member_str(&j, "source", rule->source_name);
    vl_json_member_bool(&j, "enabled", rule->enabled);
    vl_json_member_str(&j, "skipped_because", rule->skipped ? rule->skipped_because : NULL);
    vl_json_member_str(&j, "file", rule->file);
    vl_json_member_int(&j, "line", rule->line);
    names_json(&j, "tags", rule->tags, rule->n_tags);
    vl_json_member_bool(&j, "never_fires", d->never);
    vl_json_member_bool(&j, "all_event_types", d->all_types);
    names_json(&j, "event_types", d->event_types, d->n_event_types);
    names_json(&j, "fields", d->fields, d->n_fields);
    names_json(&j, "output_fields", d->output_fields, d->n_output_fields);
    names_json(&j, "operators", d->operators, d->n_operators);
    names_json(&j, "transformers", d->transformers, d->n_transformers);
    names_json(&j, "macros", d->macros, d->n_macros);
    names_json(&j, "lists", d->lists, d->n_lists);
    names_json(&j, "exceptions", d->exceptions, d->n_exceptions);
    vl_json_member_str(&j, "output", rule->output);
    vl_json_member_str(&j, "condition", rule->condition_text);
    if (rule->condition) {
        vl_json_key(&j, "compiled_condition");
        vl_json_span(&j, vl_buf_span(&condition));
    }
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
    return vl_json_check(&j, "the answer", err);
}

/* Names differ most often by case, or are given in part. */
static int not_found(const struct vl_ruleset *set, const char *name, struct vl_err *err)
{
    for (uint32_t i = 0; i < vl_ruleset_size(set); i++) {
        const char *other = vl_ruleset_at(set, i)->name;
        if (strcasestr(other, name))
            return vl_err_set(
                err, VL_ERR_NOT_FOUND, "no rule '%s' in these files; there is '%s'", name, other);
    }
    return vl_err_set(err, VL_ERR_NOT_FOUND, "no rule '%s' in these files", name);
}

static int explain(
    const struct settings *s, const struct vl_ruleset *set, const char *name, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    const struct vl_rule *rule = vl_ruleset_find(set, name);
    struct vl_rule_description d;
    vl_buf_init(&out, VL_DESCRIBE_TEXT_MAX);
    if (!arena)
        return vl_err_nomem(err);
    if (!rule)
        return not_found(set, name, err);
    int r = vl_rule_describe(set, rule, arena, &d, err);
    if (r >= 0)
        r = s->json ? write_json(rule, &d, &out, err) : write_text(rule, &d, &out, err);
    return r < 0 ? r : vl_cli_print(&out, err);
}

static int run(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    int r = vl_ruleset_new(&set, err);
    if (r >= 0)
        r = vl_cli_rules_load(&s->files, set, err);
    if (r < 0)
        return r;
    if (!vl_cli_rules_good(set))
        return VL_EXIT_FAILS;
    for (size_t i = 0; i < s->names.len && r >= 0; i++)
        r = explain(s, set, s->names.items[i], err);
    return r < 0 ? r : VL_EXIT_OK;
}

static const struct argp_option options[] = {
    {"rules", 'r', "FILE", 0, "A rule file (repeatable; in their order)", 0},
    {"output", 'o', "FORMAT", 0, "text (default) or json", 0},
    {0},
};

const struct vl_command vl_cli_rules_explain = {
    .words = "rules explain",
    .summary = "what a rule means",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "NAME...",
        .doc = "Prints a rule with its lists, macros and exceptions put in: the events and fields it looks "
               "at, and when it "
               "fires."
               "\v"
               "Example: vallum rules explain --rules falco_rules.yaml 'Terminal shell in container'",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
