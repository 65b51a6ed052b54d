/* vallum query: JMESPath on its own, for tests of --query and for scripts that have no other. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc_write.h"
#include "codec/jmespath.h"
#include "command.h"

#define OUTPUT_MAX (256UL * 1024 * 1024)

struct settings {
    struct vl_cli_common common;
    const char *expression;
    bool failed; /* of the lines one was no question */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case ARGP_KEY_ARG:
        if (s->expression)
            argp_error(state, "one expression, not several");
        s->expression = arg;
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->expression)
            argp_error(state, "an expression is needed, or - for lines on standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int search(
    struct vl_span text, const struct vl_doc_node *given, struct vl_json *json, struct vl_err *err)
{
    VL_CLEANUP(vl_jmespath_cleanup) struct vl_jmespath *expression = NULL;
    int r = vl_jmespath_compile(text, &expression, err);
    return r < 0 ? r : vl_jmespath_search(expression, given, json, err);
}

static int one_line(struct vl_span line, uint64_t number, void *user, struct vl_err *err)
{
    struct settings *s = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err own = VL_ERR_INIT;
    struct vl_json json;
    vl_buf_init(&out, OUTPUT_MAX);
    int r = vl_doc_parse(line, VL_DOC_JSON, "line", &doc, &own);
    const struct vl_doc_node *expression = vl_doc_get(vl_doc_root(doc), "expression");
    if (r >= 0 && !vl_doc_is(expression, VL_DOC_STRING))
        r = vl_err_set(
            &own, VL_ERR_INVALID, "a line is an object with \"expression\", a string, and \"given\"");
    if (r < 0) {
        vl_cli_bad_input(&own, number);
        s->failed = true;
        vl_buf_append_str(&out, "invalid\n");
        return vl_cli_answer(&out, err);
    }
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_json_key(&json, "result");
    r = search(vl_doc_span(expression), vl_doc_get(vl_doc_root(doc), "given"), &json, &own);
    vl_json_object_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "the result", &own);
    if (r < 0) {
        vl_buf_clear(&out);
        vl_json_init(&json, &out, false);
        vl_json_object(&json);
        vl_json_member_str(&json, "error", own.msg);
        vl_json_object_end(&json);
    }
    vl_buf_append_char(&out, '\n');
    return vl_cli_answer(&out, err);
}

static int one_document(const struct settings *s, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json json;
    vl_buf_init(&text, OUTPUT_MAX);
    vl_buf_init(&out, OUTPUT_MAX);
    int r = vl_file_read("-", OUTPUT_MAX, &text, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "standard input", &doc, err);
    vl_json_init(&json, &out, true);
    if (r >= 0)
        r = search(vl_span_str(s->expression), vl_doc_root(doc), &json, err);
    if (r >= 0)
        r = vl_json_check(&json, "the result", err);
    vl_buf_append_char(&out, '\n');
    return r < 0 ? r : vl_cli_print(&out, err);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    if (strcmp(s->expression, "-") != 0) {
        int r = one_document(s, err);
        return r < 0 ? r : VL_EXIT_OK;
    }
    int r = vl_cli_each_line(one_line, s, err);
    if (r >= 0)
        r = vl_cli_answers_done(err);
    return r < 0 ? r : s->failed ? VL_EXIT_FAILS : VL_EXIT_OK;
}

const struct vl_command vl_cli_query = {
    .words = "query",
    .summary = "JMESPath on a JSON document",
    .argp = {.parser = parse,
        .args_doc = "EXPRESSION|-",
        .doc = "Prints what a JMESPath expression takes of the JSON document on standard input. With - each "
               "line "
               "there is an object with \"expression\" and \"given\"; answered are lines with \"result\" or "
               "\"error\"."
               "\v"
               "Example: vallum scan fs . -o json | vallum query 'findings[?severity==`critical`].id'",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
