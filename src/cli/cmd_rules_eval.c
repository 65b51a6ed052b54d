/* vallum rules eval: which rules fire on recorded events. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rule/correlate.h"
#include "rule/program.h"
#include "rules_alert.h"
#include "rules_events.h"
#include "rules_load.h"

#define SCRATCH_MAX (256UL * 1024 * 1024)
#define ALERT_MAX   (64UL * 1024 * 1024) /* bytes of one alert's line */

struct settings {
    struct vl_cli_common common;
    bool json, first;
    int source;                                 /* enum vl_event_source */
    struct vl_cli_list rules, events, selected; /* selected: in their order */
    bool selected_on[VL_CLI_LIST_MAX];          /* each: on, or off */
};

/* What an event goes through. */
struct evaluation {
    struct vl_ruleset *set;
    struct vl_rule_program *program;
    struct vl_rule_matcher *matcher;
    struct vl_correlator *correlator;
    struct vl_rules_alerts *alerts;
    struct vl_buf line;
    uint64_t n_alerts;
    bool first;
};

static int source_of(const struct argp_state *state, const char *name)
{
    static const char *const names[VL_EVENT_SOURCES] = {
        [VL_EVENT_SYSCALL] = "syscall", [VL_EVENT_K8S_AUDIT] = "k8s_audit", [VL_EVENT_LOG] = "log"};
    int i = 0;
    while (i < VL_EVENT_SOURCES && strcmp(names[i], name) != 0)
        i++;
    if (i == VL_EVENT_SOURCES)
        argp_error(state, "--source takes syscall, k8s_audit or log, not '%s'", name);
    return i;
}

static void select_rules(struct settings *s, struct argp_state *state, bool enabled, char *rules)
{
    vl_cli_list_add(&s->selected, state, rules, false);
    if (s->selected.len)
        s->selected_on[s->selected.len - 1] = enabled;
}

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
    case 's':
        s->source = source_of(state, arg);
        return 0;
    case 'r':
        vl_cli_list_add(&s->rules, state, arg, false);
        return 0;
    case 'e':
        vl_cli_list_add(&s->events, state, arg, false);
        return 0;
    case 1:
    case 2:
        select_rules(s, state, key == 1, arg);
        return 0;
    case 'f':
        s->first = true;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->events, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && (!s->rules.len || !s->events.len))
            argp_error(state, "--rules and --events are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- one event --- */

static int print_line(struct evaluation *e, struct vl_err *err)
{
    int r = vl_cli_answer(&e->line, err);
    vl_buf_clear(&e->line);
    e->n_alerts++;
    return r;
}

static int on_window(const struct vl_correlation *fired, void *user, struct vl_err *err)
{
    struct evaluation *e = user;
    int r = vl_rules_alert_write_window(e->alerts, fired, &e->line, err);
    return r < 0 ? r : print_line(e, err);
}

static int on_match(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    struct evaluation *e = user;
    bool alone = false;
    int r = vl_correlator_feed(e->correlator, rule, event, on_window, e, &alone, err);
    if (r < 0 || !alone)
        return r;
    r = vl_rules_alert_write(e->alerts, rule, event, &e->line, err);
    return r < 0 ? r : print_line(e, err);
}

static int on_event(const struct vl_event *event, void *user, struct vl_err *err)
{
    struct evaluation *e = user;
    int r = vl_correlator_advance(e->correlator, event, on_window, e, err);
    return r < 0 ? r : vl_rule_match(e->matcher, event, on_match, e, err);
}

/* --- all events --- */

static void done(struct evaluation *e)
{
    vl_rules_alerts_free(e->alerts);
    vl_correlator_free(e->correlator);
    vl_rule_matcher_free(e->matcher);
    vl_rule_program_free(e->program);
    vl_buf_done(&e->line);
}

static int prepare(const struct settings *s, struct evaluation *e, struct vl_err *err)
{
    bool first = s->first || vl_ruleset_first_only(e->set);
    int r = vl_rule_program_new(e->set, first ? VL_RULE_MATCH_FIRST : VL_RULE_MATCH_ALL, &e->program, err);
    if (r >= 0)
        r = vl_rule_matcher_new(e->program, &e->matcher, err);
    if (r >= 0)
        r = vl_correlator_new(e->set, &e->correlator, err);
    if (r >= 0)
        r = vl_rules_alerts_new(e->set, s->json, &e->alerts, err);
    return r;
}

static void tell_limits(const struct evaluation *e)
{
    struct vl_correlator_counts counts;
    vl_correlator_counts(e->correlator, &counts);
    if (counts.groups_out || counts.values_out || counts.chains_cut)
        vl_cli_warn("windows were over their limits: %llu groups, %llu values and %llu chains were left out",
            (unsigned long long)counts.groups_out, (unsigned long long)counts.values_out,
            (unsigned long long)counts.chains_cut);
}

static int evaluate(
    const struct settings *s, struct evaluation *e, struct vl_rules_events *events, struct vl_err *err)
{
    int r = prepare(s, e, err);
    for (size_t i = 0; i < s->events.len && r >= 0; i++)
        r = vl_rules_events_read(events, s->events.items[i], err);
    if (r >= 0)
        r = vl_correlator_finish(e->correlator, on_window, e, err);
    if (r >= 0)
        r = vl_cli_answers_done(err);
    if (r < 0)
        return r;
    tell_limits(e);
    if (events->odd_types > 1)
        vl_cli_warn(
            "%llu events have no type, or one that is not known", (unsigned long long)events->odd_types);
    if (!s->common.quiet)
        (void)fprintf(stderr, "%llu events, %llu alerts%s", (unsigned long long)events->events,
            (unsigned long long)e->n_alerts, events->invalid ? "" : "\n");
    if (!s->common.quiet && events->invalid)
        (void)fprintf(stderr, ", %llu invalid events\n", (unsigned long long)events->invalid);
    return events->invalid ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static int run(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(SCRATCH_MAX);
    int r = arena ? vl_ruleset_new(&set, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_cli_rules_load(&s->rules, set, err);
    if (r < 0)
        return r;
    if (!vl_cli_rules_good(set))
        return VL_EXIT_FAILS;
    for (size_t i = 0; i < s->selected.len; i++)
        if (!vl_ruleset_select(set, s->selected.items[i], s->selected_on[i]))
            return vl_err_set(err, VL_ERR_NOT_FOUND, "no rule is named by '%s'", s->selected.items[i]);
    if (!vl_cli_rules_counts(set).enabled)
        vl_cli_warn("no rule is enabled: nothing can fire");
    struct evaluation e = {.set = set, .first = s->first};
    struct vl_rules_events events = {
        .source = (enum vl_event_source)s->source, .each = on_event, .user = &e, .arena = arena};
    vl_buf_init(&e.line, ALERT_MAX);
    r = evaluate(s, &e, &events, err);
    done(&e);
    return r;
}

static const struct argp_option options[] = {
    {"rules", 'r', "FILE", 0, "A rule file (repeatable; in their order)", 0},
    {"events", 'e', "FILE", 0, "A file of events, packed or not; - is standard input (repeatable)", 0},
    {"source", 's', "SOURCE", 0, "Kind of the events: syscall (default), k8s_audit, log", 0},
    {"enable", 1, "RULES", 0,
        "Switch rules on: a name, in which * stands for anything, or tag:NAME (repeatable; in their order)",
        0},
    {"disable", 2, "RULES", 0, "Switch rules off", 0},
    {"first", 'f', NULL, 0, "Only the first rule that fires on an event, as Falco does by default", 0},
    {"output", 'o', "FORMAT", 0, "text (default) or json", 0},
    {0},
};

const struct vl_command vl_cli_rules_eval = {
    .words = "rules eval",
    .summary = "which rules fire on recorded events",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "",
        .doc =
            "Prints an alert a line for every rule that fires on recorded events: lines {\"fields\": "
            "{\"evt.type\": …}}, "
            "Kubernetes audit events or their lists, or JSON records of a log. Windows and sequences go by "
            "the times of "
            "the events. Exit status 2 where rules do not load or events are invalid."
            "\v"
            "Example: vallum rules eval --rules k8s_audit_rules.yaml --source k8s_audit --events audit.log",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
