/* vallum rules fields: what a condition may ask for. */
#include <string.h>

#include "base/text.h"
#include "codec/json.h"
#include "command.h"
#include "event/field.h"

#define OUTPUT_MAX (16UL * 1024 * 1024)
#define NAME_WIDTH 36

struct settings {
    struct vl_cli_common common;
    bool json;
    int source; /* enum vl_event_source; -1: all */
    struct vl_cli_list words;
};

static const char *const sources[VL_EVENT_SOURCES] = {
    [VL_EVENT_SYSCALL] = "syscall", [VL_EVENT_K8S_AUDIT] = "k8s_audit", [VL_EVENT_LOG] = "log"};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        s->source = -1;
        return 0;
    case 'o':
        s->json = vl_cli_is_json(state, arg);
        return 0;
    case 's':
        s->source = strcmp(arg, "syscall") == 0 ? VL_EVENT_SYSCALL : VL_EVENT_K8S_AUDIT;
        if (strcmp(arg, sources[s->source]) != 0)
            argp_error(state, "--source takes syscall or k8s_audit, not '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->words, state, arg, false);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *type_name(const struct vl_field *field)
{
    static const char *const names[] = {"text", "path", "int", "uint", "double", "bool", "time", "duration",
        "address", "net", "port", "bytes"};
    return field->type < VL_ARRAY_LEN(names) ? names[field->type] : "?";
}

static const char *argument_name(const struct vl_field *field)
{
    static const char *const names[] = {
        [VL_FIELD_ARG_NONE] = "none", [VL_FIELD_ARG_INDEX] = "index", [VL_FIELD_ARG_KEY] = "key"};
    return names[field->arg];
}

/* All words must stand in the name or the description. */
static bool is_meant(const struct settings *s, const struct vl_field *field)
{
    if (field->source == VL_EVENT_LOG || (s->source >= 0 && field->source != s->source))
        return false;
    for (size_t i = 0; i < s->words.len; i++)
        if (strcasestr(field->name, s->words.items[i]) == NULL &&
            strcasestr(field->description, s->words.items[i]) == NULL)
            return false;
    return true;
}

static void write_json(struct vl_json *j, const struct vl_field *field)
{
    vl_json_object(j);
    vl_json_member_str(j, "source", sources[field->source]);
    vl_json_member_str(j, "name", field->name);
    vl_json_member_str(j, "type", type_name(field));
    vl_json_member_str(j, "argument", argument_name(field));
    vl_json_member_bool(j, "argument_required", field->arg_required);
    vl_json_member_bool(j, "list", field->is_list);
    vl_json_member_bool(j, "in_conditions", field->filterable);
    vl_json_member_bool(j, "in_outputs", field->printable);
    vl_json_member_str(j, "description", field->description);
    vl_json_object_end(j);
}

static void write_text(struct vl_buf *out, const struct vl_field *field)
{
    static const char *const arguments[] = {
        [VL_FIELD_ARG_NONE] = "", [VL_FIELD_ARG_INDEX] = "[N]", [VL_FIELD_ARG_KEY] = "[KEY]"};
    size_t start = out->len;
    vl_buf_printf(out, "%s%s", field->name, arguments[field->arg]);
    while (out->len < start + NAME_WIDTH && !out->failed)
        vl_buf_append_char(out, ' ');
    vl_buf_printf(out, " %-8s %s%s%s%s\n", type_name(field), field->description,
        field->is_list ? " (a list)" : "", field->filterable ? "" : " (outputs only)",
        field->printable ? "" : " (conditions only)");
}

static int run(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json j;
    uint32_t n = 0;
    vl_buf_init(&out, OUTPUT_MAX);
    vl_json_init(&j, &out, true);
    if (s->json)
        vl_json_array(&j);
    for (int source = VL_EVENT_SYSCALL; source <= VL_EVENT_K8S_AUDIT; source++)
        for (uint16_t id = 0; id < vl_field_count(); id++) {
            const struct vl_field *field = vl_field_at(id);
            if (field->source != source || !is_meant(s, field))
                continue;
            n++;
            if (s->json)
                write_json(&j, field);
            else
                write_text(&out, field);
        }
    if (!n)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "no field is named or described so");
    if (s->json) {
        vl_json_array_end(&j);
        int r = vl_json_check(&j, "the answer", err);
        if (r < 0)
            return r;
        vl_buf_append_char(&out, '\n');
    }
    return vl_cli_print(&out, err);
}

static const struct argp_option options[] = {
    {"source", 's', "SOURCE", 0, "Only those of syscall or k8s_audit", 0},
    {"output", 'o', "FORMAT", 0, "text (default) or json", 0},
    {0},
};

const struct vl_command vl_cli_rules_fields = {
    .words = "rules fields",
    .summary = "the fields that conditions and outputs may name",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "[WORD...]",
        .doc = "Lists the fields of events: name, type and what it is. Words narrow the list to fields that "
               "have all of "
               "them in their name or description."
               "\v"
               "Example: vallum rules fields parent",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
