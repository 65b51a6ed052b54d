/* vallum rules check: do these rule files load, and what is wrong with them? */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rule/describe.h"
#include "rules_load.h"

#define ARENA_MAX  (64UL * 1024 * 1024)
#define OUTPUT_MAX (1024UL * 1024 * 1024)
#define CONDITION_MAX \
    (1024UL * 1024) /* bytes of one resolved condition in the answer; a longer one is left out */

struct settings {
    struct vl_cli_common common;
    bool json, no_plugins;
    struct vl_cli_list files, plugins;
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
    case 'p':
        if (!strchr(arg, ':'))
            argp_error(state, "--plugin takes NAME:VERSION, not '%s'", arg);
        vl_cli_list_add(&s->plugins, state, arg, true);
        return 0;
    case 'n':
        s->no_plugins = true;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->files, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->files.len)
            argp_error(state, "a rule file is needed, or - for standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- answers --- */

static void files_json(struct vl_json *j, const struct vl_ruleset *set)
{
    struct vl_rule_file file;
    vl_json_key(j, "files");
    vl_json_array(j);
    for (uint32_t i = 0; vl_ruleset_file(set, i, &file); i++) {
        vl_json_object(j);
        vl_json_member_str(j, "name", file.name);
        vl_json_member_str(j, "form", vl_cli_rules_form(file.form));
        if (file.form != VL_RULE_SIGMA)
            vl_json_member_str(j, "schema_validation", file.schema_valid ? "ok" : "failed");
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void condition_json(struct vl_json *j, const struct vl_rule *rule)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, CONDITION_MAX);
    if (rule->condition && vl_rule_condition_line(rule, &text, &err) >= 0 && !text.failed) {
        vl_json_key(j, "compiled_condition");
        vl_json_span(j, vl_buf_span(&text));
    }
}

/* What keeps an enabled rule from firing, and what it looks at. */
static void description_json(struct vl_json *j, const struct vl_ruleset *set, const struct vl_rule *rule)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_err err = VL_ERR_INIT;
    struct vl_rule_description d;
    if (!arena || vl_rule_describe(set, rule, arena, &d, &err) < 0)
        return;
    vl_json_member_bool(j, "never_fires", d.never);
    vl_json_key(j, "fields");
    vl_json_array(j);
    for (uint32_t i = 0; i < d.n_fields; i++)
        vl_json_str(j, d.fields[i]);
    vl_json_array_end(j);
}

static void rule_json(struct vl_json *j, const struct vl_ruleset *set, const struct vl_rule *rule)
{
    vl_json_object(j);
    vl_json_member_str(j, "name", rule->name);
    vl_json_member_str(j, "id", rule->id);
    vl_json_member_str(j, "form", vl_cli_rules_form(rule->form));
    vl_json_member_str(j, "source", rule->source_name);
    vl_json_member_str(j, "priority", vl_rule_priority_name(rule->priority));
    vl_json_member_bool(j, "enabled", rule->enabled);
    vl_json_member_str(j, "skipped_because", rule->skipped ? rule->skipped_because : NULL);
    vl_json_member_str(j, "description", rule->description);
    vl_json_member_str(j, "condition", rule->condition_text);
    condition_json(j, rule);
    vl_json_member_str(j, "output", rule->output);
    if (rule->n_extra) {
        vl_json_key(j, "extra_output_fields");
        vl_json_object(j);
        for (uint32_t i = 0; i < rule->n_extra; i++)
            vl_json_member_str(j, rule->extra[i].name, rule->extra[i].format);
        vl_json_object_end(j);
    }
    vl_json_key(j, "tags");
    vl_json_array(j);
    for (uint32_t i = 0; i < rule->n_tags; i++)
        vl_json_str(j, rule->tags[i]);
    vl_json_array_end(j);
    description_json(j, set, rule);
    vl_json_member_bool(j, "capture", rule->capture);
    vl_json_member_int(j, "capture_duration", rule->capture_duration_ms);
    vl_json_member_str(j, "file", rule->file);
    if (rule->line)
        vl_json_member_int(j, "line", rule->line);
    vl_json_object_end(j);
}

static int answer_json(const struct vl_ruleset *set, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_rules_counts counts = vl_cli_rules_counts(set);
    struct vl_json j;
    vl_buf_init(&out, OUTPUT_MAX);
    vl_json_init(&j, &out, true);
    vl_json_object(&j);
    vl_json_member_bool(&j, "successful", counts.errors == 0);
    files_json(&j, set);
    vl_json_key(&j, "counts");
    vl_json_object(&j);
    vl_json_member_int(&j, "rules", counts.rules);
    vl_json_member_int(&j, "enabled", counts.enabled);
    vl_json_member_int(&j, "skipped", counts.skipped);
    vl_json_member_int(&j, "errors", counts.errors);
    vl_json_member_int(&j, "warnings", counts.warnings);
    vl_json_object_end(&j);
    vl_cli_rules_problems_json(&j, set);
    vl_json_key(&j, "rules");
    vl_json_array(&j);
    for (uint32_t i = 0; i < vl_ruleset_size(set); i++)
        if (!vl_ruleset_at(set, i)->silent && !vl_ruleset_at(set, i)->twin)
            rule_json(&j, set, vl_ruleset_at(set, i));
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    int r = vl_json_check(&j, "the answer", err);
    vl_buf_append_char(&out, '\n');
    return r < 0 ? r : vl_cli_print(&out, err);
}

static int answer_text(const struct vl_ruleset *set, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_rules_counts counts = vl_cli_rules_counts(set);
    struct vl_rules_cursor cursor = {0};
    vl_buf_init(&out, OUTPUT_MAX);
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++)
        vl_cli_rules_problem(set, vl_ruleset_problem(set, i), &cursor, &out);
    if (counts.errors + counts.warnings > vl_ruleset_problems(set))
        vl_buf_printf(&out, "… and more: only the first %d problems are shown\n", VL_RULE_PROBLEMS_MAX);
    vl_buf_printf(&out, "%u rules, %u enabled, %u skipped; %u errors, %u warnings\n", counts.rules,
        counts.enabled, counts.skipped, counts.errors, counts.warnings);
    return vl_cli_print(&out, err);
}

static int tell_plugins(const struct settings *s, struct vl_ruleset *set, struct vl_err *err)
{
    int r = 0;
    if (s->no_plugins)
        vl_ruleset_no_plugins(set);
    for (size_t i = 0; i < s->plugins.len && r >= 0; i++) {
        char name[256];
        const char *colon = strchr(s->plugins.items[i], ':');
        (void)snprintf(name, sizeof(name), "%.*s", (int)(colon - s->plugins.items[i]), s->plugins.items[i]);
        r = vl_ruleset_plugin(set, name, colon + 1, err);
    }
    return r;
}

static int run(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    int r = vl_ruleset_new(&set, err);
    if (r >= 0)
        r = tell_plugins(s, set, err);
    if (r >= 0)
        r = vl_cli_rules_load(&s->files, set, err);
    if (r >= 0)
        r = s->json ? answer_json(set, err) : answer_text(set, err);
    if (r < 0)
        return r;
    return vl_ruleset_errors(set) ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static const struct argp_option options[] = {
    {"output", 'o', "FORMAT", 0, "text (default) or json", 0},
    {"plugin", 'p', "NAME:VERSION", 0,
        "Judge required_plugin_versions by this plugin (repeatable) instead of by those that Vallum stands "
        "in for",
        0},
    {"no-plugins", 'n', NULL, 0, "Judge required_plugin_versions as if no plugin were there", 0},
    {0},
};

const struct vl_command vl_cli_rules_check = {
    .words = "rules check",
    .summary = "do rule files load?",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "FILE|FOLDER...",
        .doc = "Loads Falco, native and Sigma rule files, in their order, as one set, and tells errors and "
               "warnings with "
               "file, line, column and a hint; exit status 2 where there is an error. - is standard input."
               "\v"
               "Example: vallum rules check falco_rules.yaml my_rules.yaml",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
