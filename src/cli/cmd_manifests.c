/* vallum scan manifests: checks and policies on files, and fixes for what fails. */
#include <stdio.h>
#include <string.h>

#include "base/diff.h"
#include "base/file.h"
#include "command.h"
#include "manifest_input.h"
#include "outputs.h"
#include "policy/builtin.h"
#include "posture/manifests.h"
#include "report/manifests.h"

#define ROUNDS_MAX 1000      /* fixes of one object: each is checked before the next */
#define DEFAULT    "default" /* content/standards/default.yaml */
#define ALL        "all"
#define DIFF_MAX   (256UL * 1024 * 1024)

enum {
    KEY_POLICY = 0x100,
    KEY_NO_BUILTIN,
    KEY_STANDARD,
    KEY_EXEMPTIONS,
    KEY_SEVERITY,
    KEY_FAIL_ON,
    KEY_NAMESPACE,
    KEY_KUBERNETES,
    KEY_AUTOGEN,
    KEY_FIX,
    KEY_WRITE,
    KEY_NO_INLINE,
    KEY_EXCLUDE,
    KEY_HELM_VALUES,
    KEY_NO_HELM,
    KEY_WIDTH,
};

struct settings {
    struct vl_cli_common common;
    struct vl_cli_list paths, policies, exemptions, exclude, helm_values;
    struct vl_cli_outputs outputs;
    struct vl_policy_options policy;
    enum vl_severity min_severity;
    enum vl_severity fail_on;
    bool has_fail_on;
    bool no_builtin, no_inline, no_helm;
    bool all; /* --standard all */
    bool fix, write;
    unsigned width;

    /* of the run */
    struct vl_policies *set;
    struct vl_manifest_scan *scan;
    uint64_t rendered; /* charts: nothing to write a fix to */
    uint64_t not_read;
};

static enum vl_severity severity_of(const struct argp_state *state, const char *option, const char *value)
{
    enum vl_severity severity = VL_SEVERITY_UNKNOWN;
    if (!vl_severity_parse(vl_span_str(value), &severity))
        argp_error(state, "--%s: '%s' is none of negligible, low, medium, high, critical", option, value);
    return severity;
}

static unsigned kubernetes_of(const struct argp_state *state, const char *value)
{
    uint64_t minor = 0;
    struct vl_span text = vl_span_str(value);
    if (vl_span_starts_with(text, "1."))
        text = vl_span_slice(text, 2, text.len);
    if (!vl_span_to_u64(text, &minor) || minor < VL_CEL_KUBERNETES_OLDEST || minor > 99)
        argp_error(state, "--kubernetes takes a version such as 1.30, from 1.%d on, not '%s'",
            VL_CEL_KUBERNETES_OLDEST, value);
    return (unsigned)minor;
}

static bool parse_list(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    struct vl_cli_list *list;
    switch (key) {
    case KEY_POLICY:
        list = &s->policies;
        break;
    case KEY_EXEMPTIONS:
        list = &s->exemptions;
        break;
    case KEY_EXCLUDE:
        list = &s->exclude;
        break;
    case KEY_HELM_VALUES:
        list = &s->helm_values;
        break;
    case ARGP_KEY_ARG:
        list = &s->paths;
        break;
    default:
        return false;
    }
    vl_cli_list_add(list, state, arg, false);
    return true;
}

static bool parse_switch(int key, struct settings *s)
{
    switch (key) {
    case KEY_NO_BUILTIN:
        s->no_builtin = true;
        return true;
    case KEY_AUTOGEN:
        s->policy.autogen = true;
        return true;
    case KEY_FIX:
        s->fix = true;
        return true;
    case KEY_WRITE:
        s->fix = s->write = true;
        return true;
    case KEY_NO_INLINE:
        s->no_inline = true;
        return true;
    case KEY_NO_HELM:
        s->no_helm = true;
        return true;
    default:
        return false;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'o':
        vl_cli_outputs_add(&s->outputs, s->common.from_settings, arg, state);
        return 0;
    case KEY_STANDARD:
        s->all = strcmp(arg, ALL) == 0;
        s->policy.standard = s->all ? NULL : arg;
        return 0;
    case KEY_NAMESPACE:
        s->policy.default_namespace = arg;
        return 0;
    case KEY_KUBERNETES:
        s->policy.kubernetes_minor = kubernetes_of(state, arg);
        return 0;
    case KEY_SEVERITY:
        s->min_severity = severity_of(state, "severity", arg);
        return 0;
    case KEY_FAIL_ON:
        s->fail_on = severity_of(state, "fail-on", arg);
        s->has_fail_on = true;
        return 0;
    case KEY_WIDTH:
        s->width = (unsigned)vl_cli_number(state, "width", arg, 1000);
        return 0;
    case ARGP_KEY_END:
        if (s->common.from_settings)
            return 0;
        if (!s->paths.len)
            argp_error(state, "which files or folders? (- reads standard input)");
        vl_cli_outputs_check(&s->outputs, state);
        return 0;
    default:
        return parse_list(key, arg, state) || parse_switch(key, s) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

/* --- policies --- */

static int add_policy_text(
    struct vl_span text, const char *name, bool rendered, void *user, struct vl_err *err)
{
    (void)rendered;
    struct settings *s = user;
    return vl_policies_add(s->set, text, name, err);
}

static int refuse_policy(bool is_error, const char *name, const char *message, void *user, struct vl_err *err)
{
    (void)user;
    return is_error ? vl_err_set(err, VL_ERR_INVALID, "%s: %s", name, message) : 0;
}

static int add_policies(struct settings *s, const struct vl_cli_list *files, struct vl_err *err)
{
    static const struct vl_cli_list nothing;
    struct vl_manifest_input input = {.exclude = &nothing,
        .helm_values = &nothing,
        .no_helm = true,
        .text = add_policy_text,
        .problem = refuse_policy,
        .user = s};
    int r = 0;
    for (size_t i = 0; i < files->len && r >= 0; i++)
        r = vl_manifest_input_read(&input, files->items[i], err);
    return r;
}

/* A policy that cannot be used is no policy: going on would pass what it would refuse. */
static int tell_policy_problems(const struct settings *s, struct vl_err *err)
{
    const struct vl_policy_problem *first = NULL;
    for (uint32_t i = 0; i < vl_policies_problems(s->set); i++) {
        const struct vl_policy_problem *p = vl_policies_problem(s->set, i);
        if (p->is_error && !first)
            first = p;
        if (!p->is_error && !s->common.quiet)
            vl_cli_warn("%s:%u: %s: %s", p->file, p->line, p->item, p->message);
    }
    if (!first)
        return 0;
    return vl_err_set(err, VL_ERR_INVALID, "%s:%u: %s%s%s: %s (vallum policy test tells all %u)", first->file,
        first->line, first->item, first->field ? " " : "", first->field ? first->field : "", first->message,
        vl_policies_errors(s->set));
}

static int load_policies(struct settings *s, struct vl_err *err)
{
    if (!s->no_builtin && !s->all)
        s->policy.builtin_standard = DEFAULT;
    int r = vl_policies_new(&s->policy, &s->set, err);
    if (r >= 0 && !s->no_builtin)
        r = vl_policies_add_builtin(s->set, err);
    if (r >= 0)
        r = add_policies(s, &s->policies, err);
    if (r >= 0)
        r = add_policies(s, &s->exemptions, err);
    if (r >= 0)
        r = vl_policies_finish(s->set, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND && s->policy.standard)
        return vl_err_set(err, VL_ERR_USAGE, "--standard: there is no standard '%s'", s->policy.standard);
    if (r >= 0 && vl_policies_size(s->set) == 0)
        r = vl_err_set(
            err, VL_ERR_USAGE, "there is nothing to check with: --no-builtin, and no --policy has a check");
    return r < 0 ? r : tell_policy_problems(s, err);
}

/* --- scanning --- */

static int add_text(struct vl_span text, const char *name, bool rendered, void *user, struct vl_err *err)
{
    struct settings *s = user;
    s->rendered += rendered;
    return vl_manifest_scan_add(s->scan, text, name, err);
}

static int add_problem(bool is_error, const char *name, const char *message, void *user, struct vl_err *err)
{
    struct settings *s = user;
    s->not_read += is_error;
    return vl_manifest_scan_problem(s->scan, is_error, name, message, err);
}

static struct vl_manifest_options scan_options(const struct settings *s)
{
    const char *standard = s->policy.standard ? s->policy.standard : s->policy.builtin_standard;
    return (struct vl_manifest_options){
        .min_severity = s->min_severity, .standard = standard, .no_inline_exemptions = s->no_inline};
}

static int scan_all(struct settings *s, struct vl_manifest_result **ret, struct vl_err *err)
{
    struct vl_manifest_options options = scan_options(s);
    struct vl_manifest_input input = {.exclude = &s->exclude,
        .helm_values = &s->helm_values,
        .no_helm = s->no_helm,
        .text = add_text,
        .problem = add_problem,
        .user = s};
    int r = vl_manifest_scan_new(s->set, &options, &s->scan, err);
    for (size_t i = 0; i < s->paths.len && r >= 0; i++)
        r = vl_manifest_input_read(&input, s->paths.items[i], err);
    return r < 0 ? r : vl_manifest_scan_finish(s->scan, ret, err);
}

/* --- fixes --- */

static void say_refusal(const struct vl_manifest_finding *f, const char *why, void *user)
{
    const struct vl_manifest_result *result = user;
    const struct vl_manifest_object *o = vl_vec_at(&result->objects, f->object);
    const struct vl_manifest_check *c = vl_vec_at(&result->checks, f->check);
    vl_cli_warn("%s:%u: %s is not fixed: %s", o->file, f->line, c->id, why);
}

/* One round: checks the text and puts in one fix an object. */
static int fix_round(struct settings *s, const char *file, struct vl_buf *text,
    struct vl_manifest_fix_count *ret, bool last, struct vl_err *err)
{
    struct vl_manifest_scan *scan VL_CLEANUP(vl_manifest_scan_cleanup) = NULL;
    struct vl_manifest_result *result VL_CLEANUP(vl_manifest_result_cleanup) = NULL;
    struct vl_manifest_options options = scan_options(s);
    struct vl_buf fixed;
    vl_buf_init(&fixed, VL_MANIFEST_TEXT_MAX);
    int r = vl_manifest_scan_new(s->set, &options, &scan, err);
    if (r >= 0)
        r = vl_manifest_scan_add(scan, vl_buf_span(text), file, err);
    if (r >= 0)
        r = vl_manifest_scan_finish(scan, &result, err);
    if (r >= 0)
        r = vl_manifest_fix(
            result, file, vl_buf_span(text), last ? say_refusal : NULL, result, &fixed, ret, err);
    if (r >= 0 && !last) {
        struct vl_buf old = *text;
        *text = fixed;
        fixed = old;
    }
    vl_buf_done(&fixed);
    return r;
}

static int fix_file(
    struct settings *s, const char *file, struct vl_buf *diff, uint64_t *ret_applied, struct vl_err *err)
{
    struct vl_buf old VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    struct vl_manifest_fix_count count = {0};
    vl_buf_init(&old, VL_MANIFEST_TEXT_MAX);
    vl_buf_init(&text, VL_MANIFEST_TEXT_MAX);
    int r = vl_file_read(file, VL_MANIFEST_TEXT_MAX, &old, err);
    vl_buf_append_span(&text, vl_buf_span(&old));
    bool more = r >= 0;
    for (unsigned round = 0; more && r >= 0 && round < ROUNDS_MAX; round++) {
        r = fix_round(s, file, &text, &count, false, err);
        more = r >= 0 && count.applied > 0;
        *ret_applied += r >= 0 ? count.applied : 0;
    }
    if (r >= 0 && count.refused)
        r = fix_round(s, file, &text, &count, true, err);
    if (r >= 0)
        r = vl_diff_unified(vl_buf_span(&old), vl_buf_span(&text), file, file, diff, err);
    if (r >= 0 && s->write && !vl_span_eq(vl_buf_span(&old), vl_buf_span(&text)))
        r = vl_file_replace(file, 0644, vl_buf_span(&text), err);
    return r;
}

/* Each file that has failing findings, once; findings stand in order of files. */
static int fix_all(struct settings *s, const struct vl_manifest_result *result, struct vl_err *err)
{
    struct vl_buf diff VL_CLEANUP(vl_buf_done);
    const char *last = NULL;
    uint64_t applied = 0;
    int r = 0;
    vl_buf_init(&diff, DIFF_MAX);
    for (size_t i = 0; i < result->findings.len && r >= 0; i++) {
        const struct vl_manifest_finding *f = vl_vec_at(&result->findings, i);
        const struct vl_manifest_object *o = vl_vec_at(&result->objects, f->object);
        struct vl_span name = vl_span_str(o->file);
        bool is_file = vl_span_ends_with(name, ".yaml") || vl_span_ends_with(name, ".yml") ||
                       vl_span_ends_with(name, ".json");
        if (f->outcome != VL_VERDICT_FAIL || !f->fix || !is_file || (last && strcmp(last, o->file) == 0))
            continue;
        last = o->file;
        r = fix_file(s, o->file, &diff, &applied, err);
    }
    if (r >= 0)
        r = vl_cli_print(&diff, err);
    if (r >= 0 && !s->common.quiet)
        (void)fprintf(stderr, "%llu %s%s\n", (unsigned long long)applied, applied == 1 ? "fix" : "fixes",
            s->write ? " written" : "; --write writes them");
    return r;
}

/* --- the end --- */

static int report(const struct settings *s, const struct vl_manifest_result *result, struct vl_err *err)
{
    const struct vl_cli_output standard = {VL_REPORT_TABLE, NULL};
    size_t n = s->outputs.n ? s->outputs.n : s->fix ? 0 : 1;
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        const struct vl_cli_output *output = s->outputs.n ? &s->outputs.items[i] : &standard;
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        const struct vl_report_options options = {.width = vl_cli_width(s->width),
            .color = !output->file && vl_cli_color(&s->common),
            .version = VL_VERSION};
        vl_buf_init(&text, VL_REPORT_MAX);
        r = vl_report_manifests(result, output->format, &options, &text, err);
        if (r >= 0)
            r = vl_cli_output_put(output, &text, err);
    }
    return r;
}

/* A manifest that nobody can read is invalid; what could not be reached leaves the answer partial. */
static int exit_of(const struct settings *s, const struct vl_manifest_result *result)
{
    for (unsigned v = s->fail_on; s->has_fail_on && v < VL_SEVERITY_COUNT; v++) {
        if (result->by_severity[v])
            return VL_EXIT_FAILS;
    }
    uint64_t unreadable = result->problems_left_out;
    for (size_t i = 0; i < result->problems.len; i++)
        unreadable += ((const struct vl_manifest_problem *)vl_vec_at(&result->problems, i))->is_error;
    if (unreadable > s->not_read)
        return VL_EXIT_FAILS;
    return result->partial || result->objects.len == 0 ? VL_EXIT_PARTIAL : VL_EXIT_OK;
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    struct vl_manifest_result *result VL_CLEANUP(vl_manifest_result_cleanup) = NULL;
    int r = load_policies(s, err);
    if (r >= 0)
        r = scan_all(s, &result, err);
    if (r >= 0)
        r = report(s, result, err);
    if (r >= 0 && s->fix)
        r = fix_all(s, result, err);
    if (r >= 0)
        r = exit_of(s, result);
    vl_manifest_scan_free(s->scan);
    vl_policies_free(s->set);
    return r;
}

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What is checked, and with what:", 1},
    {"policy", KEY_POLICY, "FILE", 0,
        "Checks and policies of your own beside the built-in ones: a file or folder; may be repeated", 1},
    {"no-builtin", KEY_NO_BUILTIN, 0, 0, "Only those of --policy", 1},
    {"standard", KEY_STANDARD, "ID", 0,
        "Only the checks of this standard; all: every built-in check (default: default)", 1},
    {"exemptions", KEY_EXEMPTIONS, "FILE", 0, "Documents of kind Exemption; may be repeated", 1},
    {"no-inline-exemptions", KEY_NO_INLINE, 0, 0, "Comments and annotations in manifests excuse nothing", 1},
    {"autogen", KEY_AUTOGEN, 0, 0, "ValidatingAdmissionPolicies for pods look at pod templates too", 1},
    {"kubernetes", KEY_KUBERNETES, "VERSION", 0, "Whose CEL (default 1.36)", 1},
    {"namespace", KEY_NAMESPACE, "NAME", 0, "Of objects that name none (default: default)", 1},
    {"exclude", KEY_EXCLUDE, "GLOB", 0, "Paths below a folder that are left out; may be repeated", 1},
    {"helm-values", KEY_HELM_VALUES, "FILE", 0, "For charts; may be repeated", 1},
    {"no-helm", KEY_NO_HELM, 0, 0, "Charts are not rendered", 1},
    {0, 0, 0, 0, "What is told, and what fails:", 2},
    {"output", 'o', "FORMAT[=FILE]", 0, "table (default), json, sarif, junit; may be repeated", 2},
    {"severity", KEY_SEVERITY, "LEVEL", 0, "Only checks of this severity and above", 2},
    {"fail-on", KEY_FAIL_ON, "LEVEL", 0, "Exit status 2 where a check of this severity or above fails", 2},
    {"width", KEY_WIDTH, "COLUMNS", 0, "Of the table (default: the terminal's)", 2},
    {0, 0, 0, 0, "Fixes:", 3},
    {"fix", KEY_FIX, 0, 0, "Show the fixes as a difference", 3},
    {"write", KEY_WRITE, 0, 0, "Write them too; comments and layout stay", 3},
    {0},
};

const struct vl_command vl_cli_scan_manifests = {
    .words = "scan manifests",
    .summary = "checks and policies on Kubernetes manifests",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "PATH...",
        .doc =
            "Checks Kubernetes manifests: YAML and JSON files, folders, Helm charts, - for standard input.\v"
            "Examples:\n"
            "  vallum scan manifests deploy/\n"
            "  kustomize build overlays/prod | vallum scan manifests - --fail-on high\n"
            "  vallum scan manifests deploy/ -o sarif=manifests.sarif --standard pod-security-restricted\n"
            "  vallum scan manifests deploy/ --fix          what would change\n"
            "  vallum scan manifests deploy/ --write        and change it\n\n"
            "Exit status: 0 checked, 2 --fail-on is met or a manifest is invalid, 3 usage,\n"
            "5 checked in part, or there was nothing to check.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
