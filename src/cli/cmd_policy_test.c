/* vallum policy test: the examples beside policies. */
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "command.h"
#include "policy/examples.h"
#include "policy_files.h"
#include "policy_kyverno_test.h"
#include "policy_suite.h"

#define OUTPUT_MAX (1024UL * 1024)

struct settings {
    struct vl_cli_common common;
    struct vl_cli_list folders;
    bool json, verbose;
    struct vl_policies *set;
    unsigned invalid, agree, differ, not_run, suites;
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
    case 'v':
        s->verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->folders, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->folders.len)
            argp_error(state, "a folder or file with policies and their examples is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"output", 'o', "FORMAT", 0, "text (default) or json: one line for each example", 0},
    {"verbose", 'v', NULL, 0, "Tell the examples that agree, too", 0},
    {0},
};

static void write_json(const struct vl_policy_example *e, struct vl_buf *out)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_object(&j);
    vl_json_member_bool(&j, "agrees", e->agrees);
    if (e->not_run)
        vl_json_member_bool(&j, "not_run", true);
    vl_json_member_str(&j, "policy", e->policy);
    vl_json_member_str(&j, "rule", e->rule);
    vl_json_member_str(&j, "name", e->name);
    vl_json_member_str(&j, "expected", e->expected);
    vl_json_member_str(&j, "got", e->got);
    vl_json_member_str(&j, "message", e->message);
    vl_json_member_str(&j, "file", e->file);
    vl_json_member_int(&j, "line", e->line);
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
}

static int each_example(const struct vl_policy_example *e, void *user, struct vl_err *err)
{
    struct settings *s = user;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, OUTPUT_MAX);
    s->agree += e->agrees;
    s->differ += !e->agrees && !e->not_run;
    s->not_run += e->not_run;
    if (s->json)
        write_json(e, &out);
    else if (!e->agrees || s->verbose)
        vl_buf_printf(&out, "%s:%u: %s: %s%s%s, example '%s': expected %s, got %s%s%s\n", e->file, e->line,
            e->agrees    ? "ok"
            : e->not_run ? "not run"
                         : "differs",
            e->policy, e->rule ? " rule " : "", e->rule ? e->rule : "", e->name, e->expected, e->got,
            e->message ? ": " : "", e->message ? e->message : "");
    return out.len ? vl_cli_answer(&out, err) : 0;
}

/* A file of a test suite runs with the files that it names; all others are policies. */
static int load_file(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct settings *s = user;
    int r;
    const struct vl_cli_suite suite = {path, each_example, s};
    if (vl_cli_is_chainsaw_test(path, text)) {
        s->suites++;
        r = vl_cli_run_chainsaw_test(&suite, text, err);
    } else if (vl_cli_is_gator_suite(path, text)) {
        s->suites++;
        r = vl_cli_run_gator_suite(&suite, text, err);
    } else if (vl_cli_is_kyverno_test(path, text)) {
        s->suites++;
        r = vl_cli_run_kyverno_test(path, text, each_example, s, err);
    } else {
        r = vl_policies_add(s->set, text, path, err);
    }
    if (r >= 0 ||
        (err->code != VL_ERR_INVALID && err->code != VL_ERR_LIMIT && err->code != VL_ERR_NOT_FOUND &&
            err->code != VL_ERR_UNSUPPORTED && err->code != VL_ERR_SYSTEM))
        return r;
    (void)vl_cli_complain(err);
    vl_err_clear(err);
    s->invalid++;
    return 0;
}

static int summary(struct settings *s, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, OUTPUT_MAX);
    if (s->json || s->common.quiet)
        return 0;
    vl_buf_printf(&out, "%u examples agree, %u differ", s->agree, s->differ);
    if (s->not_run)
        vl_buf_printf(&out, ", %u not run (policies that are not converted)", s->not_run);
    vl_buf_append_char(&out, '\n');
    return vl_cli_answer(&out, err);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    int r = vl_policies_new(NULL, &set, err);
    s->set = set;
    for (size_t i = 0; r == 0 && i < s->folders.len; i++)
        r = vl_cli_each_test_file(s->folders.items[i], load_file, s, err);
    if (r == 0)
        r = vl_policies_finish(set, err);
    /* Beside a suite lie policies in forms that only its own tool reads. */
    if (r == 0 && !s->suites)
        s->invalid += vl_cli_policy_problems(set, s->common.quiet);
    if (r == 0)
        r = vl_policy_examples(set, each_example, s, err);
    if (r == 0)
        r = summary(s, err);
    if (r == 0)
        r = vl_cli_answers_done(err);
    if (r < 0)
        return r;
    if (s->agree + s->differ + s->not_run == 0 && !s->invalid) {
        vl_cli_warn("there are no examples: nothing was tested");
        return VL_EXIT_PARTIAL;
    }
    if (s->differ || s->invalid)
        return VL_EXIT_FAILS;
    return s->not_run ? VL_EXIT_PARTIAL : VL_EXIT_OK;
}

const struct vl_command vl_cli_policy_test = {
    .words = "policy test",
    .summary = "the examples beside policies",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "DIR...",
        .doc =
            "Runs the examples of all checks below the folders, and the test suites beside policies in "
            "these layouts:\n"
            "  kyverno-test.yaml     Kyverno's command line (in .kyverno-test, too), with values, user info "
            "and exceptions\n"
            "  chainsaw-test.yaml    Chainsaw (in .chainsaw-test, too): what is applied, and what is to be "
            "refused\n"
            "  suite.yaml            Gatekeeper's gator: templates, constraints, violations\n"
            "Every check needs an example that passes and one that fails. Exit status 2 where one differs "
            "or a document has errors, 5 where there are no examples or some could not run.\n"
            "\v"
            "Example: vallum policy test content/checks",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
