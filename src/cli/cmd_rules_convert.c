/* vallum rules convert: Sigma rules as native rules. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rule/convert.h"
#include "rules_load.h"

#define OUTPUT_MAX (256UL * 1024 * 1024)

struct settings {
    struct vl_cli_common common;
    const char *from;
    struct vl_cli_list files;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'F':
        if (strcmp(arg, "sigma") != 0)
            argp_error(state, "--from is sigma, not '%s'", arg);
        s->from = arg;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->files, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && (!s->files.len || !s->from))
            argp_error(state, "--from sigma and the files are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int note(const struct vl_rule *rule, const char *why, void *user, struct vl_err *err)
{
    (void)user;
    (void)err;
    vl_cli_warn("not converted: %s:%u: %s: %s", rule->file ? rule->file : "?", rule->line, rule->name,
        why ? why : "");
    return 0;
}

static int run(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_rule_convert_counts counts = {0};
    vl_buf_init(&out, OUTPUT_MAX);
    int r = vl_ruleset_new(&set, err);
    if (r >= 0)
        r = vl_cli_rules_load(&s->files, set, err);
    if (r < 0)
        return r;
    bool good = vl_cli_rules_good(set);
    vl_buf_append_str(&out, "# Converted from Sigma. For log records load the Sigma files themselves.\n\n");
    r = vl_rule_convert_sigma(set, &out, note, NULL, &counts, err);
    if (r >= 0)
        r = vl_cli_print(&out, err);
    if (r < 0)
        return r;
    vl_cli_warn("%u of %u Sigma rules converted", counts.converted, counts.rules);
    if (!good)
        return VL_EXIT_FAILS;
    return counts.converted == counts.rules ? VL_EXIT_OK : VL_EXIT_PARTIAL;
}

static const struct argp_option options[] = {
    {"from", 'F', "FORM", 0, "What the files are: sigma", 0},
    {0},
};

const struct vl_command vl_cli_rules_convert = {
    .words = "rules convert",
    .summary = "Sigma rules as native rules",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "FILE...",
        .doc = "Prints Sigma rules and correlations as rules of Vallum's own form, and says on standard "
               "error what could "
               "not be converted and why. Files are loaded as one set: filters are applied, correlations "
               "find their "
               "rules. Exit status 5 where something was left out, 2 where a file has errors."
               "\v"
               "Example: vallum rules convert --from sigma rules/linux > converted.yaml",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
