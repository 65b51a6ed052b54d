/* vallum policy export, vallum policy import: any policy as ValidatingAdmissionPolicy. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "policy/export.h"
#include "policy_files.h"

#define ARENA_MAX (256UL * 1024 * 1024)

enum { KEY_ACTION = 2100, KEY_NO_BINDING, KEY_PODS_ONLY, KEY_STANDARD };

struct settings {
    struct vl_cli_common common;
    struct vl_cli_list files;
    struct vl_policy_export_options how;
    struct vl_policy_options options;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case KEY_ACTION:
        s->how.action = arg;
        if (strcmp(arg, "Deny") != 0 && strcmp(arg, "Warn") != 0 && strcmp(arg, "Audit") != 0)
            argp_error(state, "--action takes Deny, Warn or Audit, not '%s'", arg);
        return 0;
    case KEY_NO_BINDING:
        s->how.no_binding = true;
        return 0;
    case KEY_PODS_ONLY:
        s->how.no_pod_templates = true;
        return 0;
    case KEY_STANDARD:
        s->options.standard = arg;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->files, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->files.len)
            argp_error(state, "a file or folder of policies is needed, or - for standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option export_options[] = {
    {"action", KEY_ACTION, "NAME", 0, "Of the bindings: Deny, Warn or Audit (default: as the document says)",
        0},
    {"no-binding", KEY_NO_BINDING, NULL, 0, "Policies alone", 0},
    {"pods-only", KEY_PODS_ONLY, NULL, 0, "Nothing for pod templates of Deployments, CronJobs and so on", 0},
    {"standard", KEY_STANDARD, "ID", 0, "Only the checks of this standard, with its parameters", 0},
    {0},
};

static int export_one(
    struct settings *s, const struct vl_policies *set, uint32_t index, unsigned *bad, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    const struct vl_policy_info *info = vl_policies_at(set, index);
    const char *const *left_out = NULL;
    uint32_t n = 0;
    vl_buf_init(&out, VL_POLICY_EXPORT_MAX);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_policy_export(set, index, &s->how, arena, &out, &left_out, &n, err);
    if (r < 0 && err->code == VL_ERR_INVALID) {
        (void)vl_cli_complain(err);
        vl_err_clear(err);
        ++*bad;
        return 0;
    }
    for (uint32_t i = 0; r == 0 && i < n && !s->common.quiet; i++)
        (void)fprintf(stderr, "%s:%u: not converted: %s '%s': %s\n", info->file, info->line, info->kind,
            info->name, left_out[i]);
    return r < 0 ? r : vl_cli_answer(&out, err);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    unsigned bad = 0;
    int r = vl_policies_new(&s->options, &set, err);
    if (r == 0)
        r = vl_cli_load_policies(set, &s->files, false, &bad, err);
    if (r == 0)
        r = vl_policies_finish(set, err);
    if (r < 0)
        return r;
    bad += vl_cli_policy_problems(set, s->common.quiet);
    for (uint32_t i = 0; r == 0 && i < vl_policies_size(set); i++)
        r = export_one(s, set, i, &bad, err);
    if (r == 0)
        r = vl_cli_answers_done(err);
    if (r < 0)
        return r;
    return bad ? VL_EXIT_FAILS : VL_EXIT_OK;
}

const struct vl_command vl_cli_policy_export = {
    .words = "policy export",
    .summary = "checks and policies as ValidatingAdmissionPolicies",
    .argp = {.options = export_options,
        .parser = parse,
        .args_doc = "FILE...",
        .doc =
            "Prints ValidatingAdmissionPolicies and bindings that a cluster evaluates itself. A rule about "
            "pods "
            "becomes one for pods, one for the templates of controllers and one for CronJobs. What cannot be "
            "expressed there is told on standard error; exit status 2 where a document has errors."
            "\v"
            "Example: vallum policy export --action Warn content/checks | kubectl apply -f -",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};

const struct vl_command vl_cli_policy_import = {
    .words = "policy import",
    .summary = "CEL policies of Kyverno and Gatekeeper as ValidatingAdmissionPolicies",
    .argp = {.options = export_options,
        .parser = parse,
        .args_doc = "FILE...",
        .doc =
            "Converts Kyverno's ClusterPolicies with validate.cel and ValidatingPolicies, and Gatekeeper's "
            "ConstraintTemplates with K8sNativeValidation and their constraints. Standard error lists what "
            "was "
            "not converted (mutate, generate, verifyImages, patterns, JMESPath, Rego: keep Kyverno or "
            "Gatekeeper "
            "for these); exit status 2 where that is a whole rule."
            "\v"
            "Example: vallum policy import kyverno-policies/ > policies.yaml",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
