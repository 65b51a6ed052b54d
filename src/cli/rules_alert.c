#include "rules_alert.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "codec/json.h"

#define ARENA_MAX   (512UL * 1024 * 1024)
#define SCRATCH_MAX (256UL * 1024 * 1024)

struct vl_rules_alerts {
    struct vl_arena *arena, *scratch;
    const struct vl_ruleset *set;
    struct vl_output **outputs; /* by the rule's index; NULL: it has not fired yet */
    struct vl_output **fields;  /* the output once more with the fields that a falco.yaml adds */
    struct vl_output ***extra;  /* texts that it adds, as many as the rule's n_extra */
    bool json;
    char hostname[256];
};

static int make_extra(
    struct vl_rules_alerts *a, const struct vl_rule *rule, const char *whole, struct vl_err *err)
{
    int r = 0;
    a->fields[rule->index] = a->outputs[rule->index];
    if (!rule->n_extra)
        return 0;
    struct vl_output **extra = vl_arena_array(a->arena, rule->n_extra, sizeof(*extra));
    if (!extra)
        return vl_err_nomem(err);
    for (uint32_t i = 0; i < rule->n_extra && r >= 0; i++) {
        if (rule->extra[i].is_raw)
            whole = vl_arena_printf(a->arena, "%s %s", whole, rule->extra[i].format);
        else
            r = vl_output_parse(rule->source, rule->extra[i].format, a->arena, &extra[i], err);
        if (!whole)
            return vl_err_nomem(err);
    }
    a->extra[rule->index] = extra;
    return r < 0 ? r : vl_output_parse(rule->source, whole, a->arena, &a->fields[rule->index], err);
}

/* Falco puts time and priority before the text; the records of a log have no field for their time. */
static int make_output(struct vl_rules_alerts *a, const struct vl_rule *rule, struct vl_err *err)
{
    if (a->outputs[rule->index])
        return 0;
    const char *text = rule->output && *rule->output ? rule->output : NULL;
    const char *priority = vl_rule_priority_name(rule->priority);
    char *whole;
    if (rule->source == VL_EVENT_LOG)
        whole = vl_arena_printf(a->arena, "%s %s", priority, text ? text : rule->name);
    else
        whole = vl_arena_printf(a->arena, "%%evt.time: %s %s", priority, text ? text : rule->name);
    if (!whole)
        return vl_err_nomem(err);
    int r = vl_output_parse(rule->source, whole, a->arena, &a->outputs[rule->index], err);
    if (r >= 0)
        r = make_extra(a, rule, whole, err);
    return r < 0 ? vl_err_wrap(err, "rule '%s': output", rule->name) : 0;
}

int vl_rules_alerts_new(
    const struct vl_ruleset *set, bool json, struct vl_rules_alerts **ret, struct vl_err *err)
{
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_rules_alerts *a = arena ? vl_arena_alloc(arena, sizeof(*a)) : NULL;
    struct vl_arena *scratch = vl_arena_new(SCRATCH_MAX);
    uint32_t n = vl_ruleset_size(set);
    if (a)
        a->outputs = vl_arena_array(arena, n + 1UL, sizeof(*a->outputs));
    if (a)
        a->fields = vl_arena_array(arena, n + 1UL, sizeof(*a->fields));
    if (a)
        a->extra = vl_arena_array(arena, n + 1UL, sizeof(*a->extra));
    if (!a || !scratch || !a->outputs || !a->fields || !a->extra) {
        vl_arena_free(scratch);
        vl_arena_free(arena);
        return vl_err_nomem(err);
    }
    a->arena = arena;
    a->scratch = scratch;
    a->set = set;
    a->json = json;
    if (gethostname(a->hostname, sizeof(a->hostname) - 1) < 0)
        a->hostname[0] = '\0';
    *ret = a;
    return 0;
}

void vl_rules_alerts_free(struct vl_rules_alerts *alerts)
{
    if (!alerts)
        return;
    vl_arena_free(alerts->scratch);
    vl_arena_free(alerts->arena);
}

void vl_rules_alerts_cleanup(struct vl_rules_alerts **alerts)
{
    vl_rules_alerts_free(*alerts);
}

/* --- parts --- */

static void write_time(struct vl_buf *out, uint64_t ns, bool date)
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;
    char text[64];
    if (!gmtime_r(&seconds, &tm) ||
        !strftime(text, sizeof(text), date ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &tm))
        return;
    vl_buf_printf(out, "%s.%09llu%s", text, (unsigned long long)(ns % 1000000000), date ? "Z" : "");
}

/* The node where the event says it, else this machine. */
static struct vl_span hostname_of(const struct vl_rules_alerts *a, const struct vl_event *event)
{
    struct vl_span arg = VL_SPAN_EMPTY;
    struct vl_event_value value = {0};
    const struct vl_field *field =
        event && event->source != VL_EVENT_LOG
            ? vl_field_find(event->source, VL_SPAN_LIT("evt.hostname"), VL_SPAN_EMPTY, &arg)
            : NULL;
    if (field)
        vl_event_get(event, field, arg, a->scratch, &value);
    return value.kind == VL_VALUE_STRING && value.as.string.len ? value.as.string : vl_span_str(a->hostname);
}

static void names_json(struct vl_json *j, const char *key, const char *const *names, uint32_t n)
{
    vl_json_key(j, key);
    vl_json_array(j);
    for (uint32_t i = 0; i < n; i++)
        vl_json_str(j, names[i]);
    vl_json_array_end(j);
}

static void alert_json(struct vl_json *j, const struct vl_rule *rule)
{
    const struct vl_rule_alert *alert = rule->alert;
    if (!alert)
        return;
    vl_json_member_str(j, "alert_type", alert->alert_type);
    vl_json_member_str(j, "severity", alert->severity);
    if (alert->n_tactics)
        names_json(j, "mitre_tactics", alert->mitre_tactics, alert->n_tactics);
    if (alert->n_techniques)
        names_json(j, "mitre_techniques", alert->mitre_techniques, alert->n_techniques);
    if (alert->n_remediation)
        names_json(j, "remediation", alert->remediation, alert->n_remediation);
    vl_json_member_str(j, "response", alert->response);
}

static int write_text(struct vl_rules_alerts *a, const struct vl_rule *rule, const struct vl_event *event,
    struct vl_buf *out, struct vl_err *err)
{
    if (rule->source == VL_EVENT_LOG && event && event->time) {
        write_time(out, event->time, false);
        vl_buf_append_str(out, ": ");
    }
    if (event)
        return vl_output_text(a->outputs[rule->index], event, a->scratch, out, err);
    vl_buf_printf(out, "%s %s", vl_rule_priority_name(rule->priority), rule->name);
    return 0;
}

static void window_json(struct vl_json *j, const struct vl_correlation *fired)
{
    vl_json_key(j, "window");
    vl_json_object(j);
    vl_json_key(j, "value");
    vl_json_double(j, fired->value);
    vl_json_key(j, "group");
    vl_json_object(j);
    for (uint32_t i = 0; i < fired->n_group; i++) {
        vl_json_key(j, fired->keys[i].name);
        vl_json_span(j, fired->group[i]);
    }
    vl_json_object_end(j);
    vl_json_object_end(j);
}

/* The members around output_fields, whose text is not ours. */
static void head_json(
    struct vl_rules_alerts *a, const struct vl_event *event, struct vl_span output, struct vl_buf *out)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_object(&j);
    vl_json_key(&j, "hostname");
    vl_json_span(&j, hostname_of(a, event));
    vl_json_key(&j, "output");
    vl_json_span(&j, output);
}

static int tail_json(const struct vl_rule *rule, uint64_t time, const struct vl_correlation *fired,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf rest, when;
    struct vl_json j;
    vl_buf_init(&rest, 1024UL * 1024);
    vl_buf_init(&when, 64);
    if (time)
        write_time(&when, time, true);
    vl_json_init(&j, &rest, false);
    vl_json_object(&j);
    vl_json_member_str(&j, "priority", vl_rule_priority_name(rule->priority));
    vl_json_member_str(&j, "rule", rule->name);
    vl_json_member_str(&j, "id", rule->id);
    vl_json_member_str(&j, "source", rule->source_name);
    names_json(&j, "tags", rule->tags, rule->n_tags);
    vl_json_member_str(&j, "time", time ? vl_buf_str(&when) : NULL);
    alert_json(&j, rule);
    if (fired)
        window_json(&j, fired);
    vl_json_object_end(&j);
    int r = vl_json_check(&j, "an alert", err);
    vl_buf_append_span(out, vl_span_slice(vl_buf_span(&rest), 1, rest.len));
    return r;
}

/* The members of output_fields: the fields of the output, then what a falco.yaml adds. */
static int fields_json(struct vl_rules_alerts *a, const struct vl_rule *rule, const struct vl_event *event,
    struct vl_buf *out, struct vl_err *err)
{
    size_t start = out->len;
    int r = vl_output_fields(a->fields[rule->index], event, a->scratch, out, err);
    for (uint32_t i = 0; i < rule->n_extra && r >= 0; i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf text = {0};
        VL_CLEANUP(vl_buf_done) struct vl_buf member = {0};
        struct vl_json j;
        if (rule->extra[i].is_raw)
            continue;
        vl_buf_init(&text, VL_OUTPUT_TEXT_MAX * 2);
        vl_buf_init(&member, VL_OUTPUT_TEXT_MAX * 16);
        r = vl_output_text(a->extra[rule->index][i], event, a->scratch, &text, err);
        vl_json_init(&j, &member, false);
        vl_json_object(&j);
        vl_json_key(&j, rule->extra[i].name);
        vl_json_span(&j, vl_buf_span(&text));
        vl_json_object_end(&j);
        if (r >= 0)
            r = vl_json_check(&j, "an extra field", err);
        if (out->len > start)
            vl_buf_append_char(out, ',');
        vl_buf_append_span(out, vl_span_slice(vl_buf_span(&member), 1, member.len ? member.len - 1 : 0));
    }
    return r;
}

static int line_json(struct vl_rules_alerts *a, const struct vl_rule *rule, const struct vl_event *event,
    const struct vl_correlation *fired, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_OUTPUT_TEXT_MAX * 2);
    int r = write_text(a, rule, event, &text, err);
    if (r < 0)
        return r;
    head_json(a, event, vl_buf_span(&text), out);
    vl_buf_append_str(out, ",\"output_fields\":{");
    if (event)
        r = fields_json(a, rule, event, out, err);
    vl_buf_append_str(out, "},");
    uint64_t time = event ? event->time : fired ? fired->last : 0;
    return r < 0 ? r : tail_json(rule, time, fired, out, err);
}

/* What an event brings must neither move the cursor of a terminal nor begin a line of its own. */
static int line_text(struct vl_rules_alerts *a, const struct vl_rule *rule, const struct vl_event *event,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_OUTPUT_TEXT_MAX * 2);
    int r = write_text(a, rule, event, &text, err);
    vl_text_append_printable(out, vl_buf_span(&text));
    return r;
}

static int write_line(struct vl_rules_alerts *a, const struct vl_rule *rule, const struct vl_event *event,
    const struct vl_correlation *fired, struct vl_buf *out, struct vl_err *err)
{
    int r = make_output(a, rule, err);
    vl_arena_reset(a->scratch);
    if (r < 0)
        return r;
    r = a->json ? line_json(a, rule, event, fired, out, err) : line_text(a, rule, event, out, err);
    vl_buf_append_char(out, '\n');
    return r < 0 ? r : vl_buf_check(out, "an alert", err);
}

int vl_rules_alert_write(struct vl_rules_alerts *alerts, const struct vl_rule *rule,
    const struct vl_event *event, struct vl_buf *out, struct vl_err *err)
{
    return write_line(alerts, rule, event, NULL, out, err);
}

int vl_rules_alert_write_window(struct vl_rules_alerts *alerts, const struct vl_correlation *fired,
    struct vl_buf *out, struct vl_err *err)
{
    return write_line(alerts, fired->rule, fired->event, fired, out, err);
}
