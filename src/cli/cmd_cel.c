/* vallum cel eval: expressions with their variables in, values out; JSON lines both ways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cel/cel.h"
#include "codec/doc.h"
#include "command.h"

#define VALUE_MAX         (16UL * 1024 * 1024) /* of one value as JSON */
#define OUTPUT_MAX        (64UL * 1024 * 1024) /* of one answer */
#define VARIABLE_NAME_MAX 256                  /* bytes of the name of a variable */

struct settings {
    struct vl_cli_common common;
    bool tagged, spec, kyverno;
    unsigned kubernetes; /* minor version */
    struct vl_cli_list expressions;
    struct vl_cel_run *run;
    unsigned invalid; /* lines that ask nothing */
};

/* "1.30", "v1.30", "1.30.2". */
static bool read_version(const char *text, unsigned *ret_minor)
{
    uint64_t minor;
    struct vl_span rest = vl_span_str(text[0] == 'v' ? text + 1 : text), major, middle;
    if (!vl_span_split(&rest, '.', &major) || !vl_span_eq_str(major, "1") ||
        !vl_span_split(&rest, '.', &middle) || !vl_span_to_u64(middle, &minor) || minor > 1000)
        return false;
    *ret_minor = (unsigned)minor;
    return true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 't':
        s->tagged = true;
        return 0;
    case 'k':
        if (!read_version(arg, &s->kubernetes))
            argp_error(state, "--kubernetes takes a version such as 1.30, not '%s'", arg);
        return 0;
    case 's':
        s->spec = true;
        return 0;
    case 'y':
        s->kyverno = true;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->expressions, state, arg, false);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- one question --- */

struct question {
    const struct vl_doc_node *row;
    struct vl_span expression;
    struct vl_cel_env *env;
    struct vl_cel_program *program;
};

static void question_done(struct question *q)
{
    vl_cel_program_free(q->program);
    vl_cel_env_free(q->env);
}

/* Variables of an admission policy: one of them declares all; those that are not given are null. */
static const char *const admission[] = {"object", "oldObject", "params", "request", "namespaceObject"};

static bool is_admission(const struct vl_doc_node *row)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(admission); i++)
        if (vl_doc_get(row, admission[i]))
            return true;
    return false;
}

/* The bindings of a row, under either name. */
static const struct vl_doc_node *bindings_of(const struct vl_doc_node *row)
{
    const struct vl_doc_node *bindings = vl_doc_get(row, "bindings");
    return bindings ? bindings : vl_doc_get(row, "vars");
}

/* Tagged where the row says so, or where every value has that form. */
static bool is_tagged(const struct vl_doc_node *row)
{
    const struct vl_doc_node *said = vl_doc_get(row, "tagged");
    if (said)
        return vl_doc_bool(said);
    const struct vl_doc_node *bindings = vl_doc_get(row, "bindings");
    for (const struct vl_doc_node *n = vl_doc_first(bindings); n; n = vl_doc_next(n))
        if (!vl_cel_is_tagged(n))
            return false;
    return vl_doc_size(bindings) > 0;
}

static int declare(struct vl_cel_env *env, struct vl_span name, struct vl_span type, struct vl_err *err)
{
    char text[VARIABLE_NAME_MAX], type_text[VARIABLE_NAME_MAX * 4];
    if (name.len >= sizeof(text) || type.len >= sizeof(type_text))
        return vl_err_set(err, VL_ERR_LIMIT, "the name or type of a variable is too long");
    (void)snprintf(text, sizeof(text), "%.*s", VL_SPAN_FMT(name));
    (void)snprintf(type_text, sizeof(type_text), "%.*s", VL_SPAN_FMT(type));
    if (vl_cel_env_index(env, text) >= 0)
        return 0;
    return vl_cel_env_variable(env, text, type_text, err);
}

static int declare_types(struct vl_cel_env *env, const struct vl_doc_node *types, struct vl_err *err)
{
    bool is_list = vl_doc_is(types, VL_DOC_ARRAY);
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(types); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name = is_list ? vl_doc_get_str(n, "name") : vl_doc_key(n);
        struct vl_span type = is_list ? vl_doc_get_str(n, "type") : vl_doc_span(n);
        if (is_list && vl_doc_get(n, "function"))
            continue; /* functions of the suite's own cannot be called */
        r = declare(env, name, type, err);
    }
    return r;
}

static int declare_schema(struct vl_cel_env *env, struct vl_span name, const struct vl_doc_node *schema,
    bool root, struct vl_err *err)
{
    char text[VARIABLE_NAME_MAX];
    (void)snprintf(text, sizeof(text), "%.*s", VL_SPAN_FMT(name));
    return root ? vl_cel_env_variable_resource(env, text, schema, err)
                : vl_cel_env_variable_schema(env, text, schema, err);
}

/* "schema" is that of self and oldSelf, "schemas" names variables. */
static int declare_schemas(struct vl_cel_env *env, const struct vl_doc_node *row, struct vl_err *err)
{
    const struct vl_doc_node *schema = vl_doc_get(row, "schema"), *schemas = vl_doc_get(row, "schemas");
    bool root = vl_doc_bool(vl_doc_get(row, "isRoot"));
    int r = schema ? declare_schema(env, VL_SPAN_LIT("self"), schema, root, err) : 0;
    if (schema && r >= 0)
        r = declare_schema(env, VL_SPAN_LIT("oldSelf"), schema, root, err);
    for (const struct vl_doc_node *n = vl_doc_first(schemas); n && r >= 0; n = vl_doc_next(n))
        r = declare_schema(env, vl_doc_key(n), n, false, err);
    return r;
}

static int declare_all(struct vl_cel_env *env, const struct vl_doc_node *row, struct vl_err *err)
{
    int r = declare_schemas(env, row, err);
    if (r >= 0)
        r = declare_types(env, vl_doc_get(row, "type_env"), err);
    for (size_t i = 0; i < VL_ARRAY_LEN(admission) && r >= 0 && is_admission(row); i++)
        r = declare(env, vl_span_str(admission[i]), VL_SPAN_LIT("dyn"), err);
    for (const struct vl_doc_node *n = vl_doc_first(bindings_of(row)); n && r >= 0; n = vl_doc_next(n))
        r = declare(env, vl_doc_key(n), VL_SPAN_LIT("dyn"), err);
    if (r >= 0 && vl_doc_get(row, "self"))
        r = declare(env, VL_SPAN_LIT("self"), VL_SPAN_LIT("dyn"), err);
    return r;
}

static void bind(
    const struct settings *s, const struct vl_cel_env *env, struct vl_span name, struct vl_cel_value value)
{
    char text[VARIABLE_NAME_MAX];
    (void)snprintf(text, sizeof(text), "%.*s", VL_SPAN_FMT(name));
    int index = vl_cel_env_index(env, text);
    if (index >= 0)
        vl_cel_bind(s->run, (unsigned)index, value);
}

static int bind_all(
    const struct settings *s, const struct vl_cel_env *env, const struct vl_doc_node *row, struct vl_err *err)
{
    bool tagged = is_tagged(row);
    for (size_t i = 0; i < VL_ARRAY_LEN(admission); i++)
        bind(s, env, vl_span_str(admission[i]), vl_cel_from_doc(vl_doc_get(row, admission[i])));
    if (vl_doc_get(row, "self"))
        bind(s, env, VL_SPAN_LIT("self"), vl_cel_from_doc(vl_doc_get(row, "self")));
    for (const struct vl_doc_node *n = vl_doc_first(bindings_of(row)); n; n = vl_doc_next(n)) {
        struct vl_cel_value value = vl_cel_from_doc(n);
        int r = tagged ? vl_cel_value_tagged(vl_cel_run_arena(s->run), n, &value, err) : 0;
        if (r < 0)
            return r;
        bind(s, env, vl_doc_key(n), value);
    }
    return 0;
}

static int make_env(const struct settings *s, struct question *q, struct vl_err *err)
{
    struct vl_cel_env_options options = {.kubernetes_minor = s->kubernetes,
        .profile = s->spec ? VL_CEL_PROFILE_CEL_SPEC : VL_CEL_PROFILE_KUBERNETES,
        .authorizer = is_admission(q->row),
        .kyverno = s->kyverno,
        .unchecked = vl_doc_bool(vl_doc_get(q->row, "disable_check"))};
    char container[VARIABLE_NAME_MAX], version[VARIABLE_NAME_MAX];
    struct vl_span text = vl_doc_get_str(q->row, "container");
    (void)snprintf(container, sizeof(container), "%.*s", VL_SPAN_FMT(text));
    options.container = text.len ? container : NULL;
    const struct vl_doc_node *said = vl_doc_get(q->row, "kubernetes");
    said = said ? said : vl_doc_get(q->row, "version");
    if (said) {
        (void)snprintf(version, sizeof(version), "%.*s", VL_SPAN_FMT(vl_doc_text(said)));
        if (!read_version(version, &options.kubernetes_minor))
            return vl_err_set(err, VL_ERR_INVALID, "no version of Kubernetes: %s", version);
    }
    int r = vl_cel_env_new(&options, &q->env, err);
    return r < 0 ? r : declare_all(q->env, q->row, err);
}

/* --- answers --- */

static int put_start(struct vl_buf *out, const struct vl_doc_node *row, struct vl_err *err)
{
    const struct vl_doc_node *id = vl_doc_get(row, "id");
    vl_buf_append_char(out, '{');
    if (!id)
        return 0;
    vl_buf_append_str(out, "\"id\":");
    int r = vl_cel_value_json(vl_cel_from_doc(id), false, out, err);
    vl_buf_append_char(out, ',');
    return r;
}

static int put_text(struct vl_buf *out, const char *key, const char *text, struct vl_err *err)
{
    vl_buf_printf(out, "\"%s\":", key);
    return vl_cel_value_json(vl_cel_string(vl_span_str(text)), false, out, err);
}

static int put_error(struct vl_buf *out, const char *kind, const char *message, struct vl_err *err)
{
    vl_buf_printf(out, "\"error\":{\"kind\":\"%s\",", kind);
    int r = put_text(out, "message", message, err);
    vl_buf_append_char(out, '}');
    return r;
}

/* A value that shares its parts may be larger than any text. */
static int put_value(
    const struct settings *s, struct vl_cel_value value, struct vl_buf *out, struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VALUE_MAX);
    if (vl_cel_value_json(value, s->tagged, &text, &bad) < 0)
        return put_error(out, "cost", bad.msg, err);
    vl_buf_append_str(out, "\"value\":");
    vl_buf_append_span(out, vl_buf_span(&text));
    return 0;
}

static int answer_value(
    const struct settings *s, const struct question *q, struct vl_buf *out, struct vl_err *err)
{
    struct vl_cel_value value;
    uint64_t cost = 0;
    int r = put_text(out, "type", vl_cel_program_type(q->program), err);
    if (r < 0 || vl_doc_bool(vl_doc_get(q->row, "check_only")))
        return r;
    vl_buf_append_char(out, ',');
    struct vl_err bad = VL_ERR_INIT;
    r = vl_cel_eval(s->run, q->program, &value, &cost, &bad);
    if (r < 0) {
        r = put_error(out, bad.code == VL_ERR_LIMIT ? "cost" : "runtime", bad.msg, err);
    } else if (value.kind == VL_CEL_ERROR) {
        r = put_error(out, value.as.error->is_cost ? "cost" : "runtime", value.as.error->message, err);
    } else {
        r = put_value(s, value, out, err);
    }
    vl_buf_printf(out, ",\"cost\":%llu", (unsigned long long)cost);
    return r;
}

static int answer_row(struct settings *s, const struct vl_doc_node *row, struct vl_err *err)
{
    struct question q VL_CLEANUP(question_done) = {.row = row, .expression = vl_doc_get_str(row, "expr")};
    struct vl_buf out VL_CLEANUP(vl_buf_done), report VL_CLEANUP(vl_buf_done);
    struct vl_err bad = VL_ERR_INIT;
    vl_buf_init(&out, OUTPUT_MAX);
    vl_buf_init(&report, OUTPUT_MAX);
    int r = put_start(&out, row, err);
    if (r < 0)
        return r;
    vl_cel_run_reset(s->run, VL_CEL_COST_POLICY_MAX);
    if (!vl_doc_is(vl_doc_get(row, "expr"), VL_DOC_STRING)) {
        s->invalid++;
        r = put_error(&out, "input", "a line is an object with \"expr\", a string", err);
    } else if (make_env(s, &q, &bad) < 0 || bind_all(s, q.env, row, &bad) < 0) {
        s->invalid++;
        r = put_error(&out, "input", bad.msg, err);
    } else if (vl_cel_compile_report(q.env, q.expression, &report, &q.program, &bad) < 0) {
        r = put_error(&out, "compile", report.len ? vl_buf_str(&report) : bad.msg, err);
        vl_buf_append_str(&out, ",\"cost\":0");
    } else {
        r = answer_value(s, &q, &out, err);
    }
    if (r < 0)
        return r;
    vl_buf_append_str(&out, "}\n");
    return vl_cli_answer(&out, err);
}

static int answer_line(struct vl_span line, uint64_t number, void *user, struct vl_err *err)
{
    struct settings *s = user;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err bad = VL_ERR_INIT;
    if (vl_span_trim(line).len == 0)
        return 0;
    if (vl_doc_parse(line, VL_DOC_JSON, "a line", &doc, &bad) < 0) {
        struct vl_buf out VL_CLEANUP(vl_buf_done);
        vl_buf_init(&out, OUTPUT_MAX);
        s->invalid++;
        vl_buf_printf(&out, "{\"line\":%llu,", (unsigned long long)number);
        int r = put_error(&out, "input", bad.msg, err);
        vl_buf_append_str(&out, "}\n");
        return r < 0 ? r : vl_cli_answer(&out, err);
    }
    return answer_row(s, vl_doc_root(doc), err);
}

/* An expression of the command line is a row of its own. */
static int answer_argument(struct settings *s, const char *expression, struct vl_err *err)
{
    struct vl_buf row VL_CLEANUP(vl_buf_done);
    vl_buf_init(&row, OUTPUT_MAX);
    vl_buf_append_char(&row, '{');
    int r = put_text(&row, "expr", expression, err);
    vl_buf_append_char(&row, '}');
    return r < 0 ? r : answer_line(vl_buf_span(&row), 0, s, err);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    struct vl_cel_run *evaluation VL_CLEANUP(vl_cel_run_cleanup) = NULL;
    int r = vl_cel_run_new(&evaluation, err);
    s->run = evaluation;
    if (r >= 0 && s->expressions.len == 0)
        r = vl_cli_each_line(answer_line, s, err);
    for (size_t i = 0; r >= 0 && i < s->expressions.len; i++)
        r = strcmp(s->expressions.items[i], "-") == 0 ? vl_cli_each_line(answer_line, s, err)
                                                      : answer_argument(s, s->expressions.items[i], err);
    if (r >= 0)
        r = vl_cli_answers_done(err);
    if (r < 0)
        return r;
    return s->invalid ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static const struct argp_option options[] = {
    {"tagged", 't', NULL, 0, "Print values with their types: {\"int\":\"1\"}", 0},
    {"kubernetes", 'k', "VERSION", 0,
        "Accept what this version of Kubernetes accepts, such as 1.30, where a line names none", 0},
    {"kyverno", 'y', NULL, 0, "With the functions that Kyverno's policies have beside those of Kubernetes",
        0},
    {"cel-spec", 's', NULL, 0, "Accept the language of cel-spec, not only the profile of Kubernetes", 0},
    {0},
};

const struct vl_command vl_cli_cel_eval = {
    .words = "cel eval",
    .summary = "evaluate CEL expressions",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "-\nEXPRESSION...",
        .doc =
            "Evaluates Common Expression Language as Kubernetes does, with its libraries, limits and costs. "
            "Reads one JSON object a line: expr, its variables in bindings (plain JSON or the tagged form of "
            "cel-spec) or in object, oldObject, params, request and namespaceObject; optional kubernetes "
            "(\"1.30\"), type_env, schema (of self), container, disable_check, id. Prints one JSON object "
            "for each: type, value and cost, or error with kind (compile, runtime, cost, input) and message."
            "\v"
            "Example: echo '{\"expr\":\"object.spec.replicas < 5\",\"object\":{\"spec\":{\"replicas\":3}}}' "
            "| "
            "vallum cel eval",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
