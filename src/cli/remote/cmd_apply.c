/* vallum apply, diff, export: the settings of a server as documents. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "remote/apply.h"
#include "remote/commands.h"

#define ARENA_MAX   (64UL * 1024 * 1024)
#define OUTPUT_MAX  (64UL * 1024 * 1024)
#define CHANGES_MAX (1024UL * 1024)

enum { KEY_SECRETS = 8700, KEY_KIND };

struct settings {
    struct vl_cli_common common;
    struct vl_cli_server server;
    struct vl_cli_list files, kinds;
    bool secrets;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (vl_cli_server_option(&s->server, key, arg))
        return 0;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'f':
    case ARGP_KEY_ARG:
        if (!s->common.from_settings)
            vl_cli_list_add(&s->files, state, arg, false);
        return 0;
    case KEY_KIND:
        if (!s->common.from_settings)
            vl_cli_list_add(&s->kinds, state, arg, true);
        return 0;
    case KEY_SECRETS:
        s->secrets = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *word_of(enum vl_apply_result result, bool dry)
{
    switch (result) {
    case VL_APPLY_CREATED:
        return dry ? "to be created" : "created";
    case VL_APPLY_CHANGED:
        return dry ? "to be changed" : "changed";
    case VL_APPLY_UNCHANGED:
    default:
        return "unchanged";
    }
}

static int one(struct vl_apply *apply, const struct vl_apply_document *d, bool quiet, unsigned *different,
    struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf changes;
    VL_CLEANUP(vl_buf_done) struct vl_buf line;
    enum vl_apply_result result = VL_APPLY_UNCHANGED;
    vl_buf_init(&changes, CHANGES_MAX);
    vl_buf_init(&line, 2 * CHANGES_MAX);
    int r = vl_apply_one(apply, d, &result, &changes, err);
    if (r < 0)
        return r;
    *different += result != VL_APPLY_UNCHANGED;
    if (quiet && result == VL_APPLY_UNCHANGED)
        return 0;
    vl_buf_printf(
        &line, "%s %s: %s\n%s", d->kind->name, d->name, word_of(result, apply->dry), vl_buf_str(&changes));
    r = vl_cli_answer(&line, err);
    return r < 0 ? r : vl_cli_answers_done(err);
}

/* Kind by kind: what others speak of comes first. */
static int each(struct vl_apply *apply, const struct settings *s, unsigned *different, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < s->files.len && r >= 0; i++)
        r = vl_apply_read(apply, s->files.items[i], err);
    for (size_t k = 0; vl_apply_kinds[k].name && r >= 0; k++) {
        for (size_t i = 0; i < apply->documents.len && r >= 0; i++) {
            const struct vl_apply_document *d = vl_vec_at(&apply->documents, i);
            if (d->kind == &vl_apply_kinds[k])
                r = one(apply, d, s->common.quiet, different, err);
        }
    }
    return r;
}

static int run(const struct settings *s, bool dry, unsigned *different, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    struct vl_apply apply;
    if (!arena)
        return vl_err_nomem(err);
    if (!s->files.len)
        return vl_err_set(err, VL_ERR_USAGE, "-f FILE or folder is needed, or - for standard input");
    int r = vl_cli_client_open(&s->server, &client, err);
    if (r < 0)
        return r;
    r = vl_apply_init(&apply, client, arena, err);
    apply.dry = dry;
    apply.secrets = s->secrets;
    if (r >= 0)
        r = each(&apply, s, different, err);
    vl_apply_done(&apply);
    return r;
}

static int run_apply(void *settings, struct vl_err *err)
{
    unsigned different = 0;
    int r = run(settings, false, &different, err);
    return r < 0 ? r : VL_EXIT_OK;
}

static int run_diff(void *settings, struct vl_err *err)
{
    unsigned different = 0;
    int r = run(settings, true, &different, err);
    return r < 0 ? r : different ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static bool is_wanted(const struct settings *s, const struct vl_apply_kind *kind)
{
    for (size_t i = 0; i < s->kinds.len; i++)
        if (strcmp(s->kinds.items[i], kind->name) == 0)
            return true;
    return !s->kinds.len;
}

/* What only an owner sees is told to be missing, where another exports. */
static int export_kind(struct vl_apply *apply, const struct vl_apply_kind *kind, struct vl_buf *out,
    unsigned *secrets, struct vl_err *err)
{
    int r = vl_apply_export(apply, kind, out, secrets, err);
    if (r < 0 && kind->owner && err->code == VL_ERR_AUTH) {
        vl_cli_warn("%s is not exported: %s", kind->name, err->msg);
        vl_err_clear(err);
        r = 0;
    }
    return r;
}

static int export_all(struct vl_apply *apply, const struct settings *s, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    unsigned secrets = 0;
    int r = 0;
    vl_buf_init(&out, OUTPUT_MAX);
    for (size_t k = 0; vl_apply_kinds[k].name && r >= 0; k++)
        r = is_wanted(s, &vl_apply_kinds[k]) ? export_kind(apply, &vl_apply_kinds[k], &out, &secrets, err)
                                             : 0;
    if (r >= 0)
        r = vl_cli_print(&out, err);
    if (r >= 0 && secrets)
        vl_cli_warn(
            "%u secrets are not exported: say in the documents where they are (passwordFile, passwordEnv …)",
            secrets);
    return r;
}

static int run_export(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    struct vl_apply apply;
    int r = arena ? vl_cli_client_open(&s->server, &client, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    r = vl_apply_init(&apply, client, arena, err);
    if (r >= 0)
        r = export_all(&apply, s, err);
    vl_apply_done(&apply);
    return r < 0 ? r : VL_EXIT_OK;
}

#define FILE_OPTION \
    {"filename", 'f', "FILE|DIR", 0, "The documents; may be repeated; - for standard input", 1}

static const struct argp_option apply_options[] = {
    FILE_OPTION,
    {"rotate-secrets", KEY_SECRETS, NULL, 0, "Send secrets that the server has already too", 1},
    VL_CLI_SERVER_OPTIONS,
    VL_CLI_ENVIRONMENT_OPTIONS,
    {0},
};
static const struct argp_option export_options[] = {
    {"kind", KEY_KIND, "KIND,…", 0, "Only these: Registry, Plan, Contact …", 1},
    VL_CLI_SERVER_OPTIONS,
    VL_CLI_ENVIRONMENT_OPTIONS,
    {0},
};

const struct vl_command vl_cli_apply = {
    .words = "apply",
    .summary = "makes the server's settings what documents say",
    .argp = {.options = apply_options,
        .parser = parse,
        .args_doc = "-f FILE|DIR",
        .doc =
            "Creates or changes what the documents say (kinds Environment, Registry, Plan, Contact, "
            "MailServer, Channel, "
            "SuppressionRule, DisableRule, Exemption; docs/schema/settings.schema.json) and prints a line a "
            "document: "
            "created, changed, unchanged. What no document speaks of stays. All documents are checked before "
            "anything is sent."
            "\v"
            "Secrets stand in files or variables: passwordFile, passwordEnv. One that the server has already "
            "is sent "
            "again with --rotate-secrets alone.\n\n"
            "Example: vallum apply -f vallum.d/",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_apply,
    .remote = true,
};

const struct vl_command vl_cli_diff = {
    .words = "diff",
    .summary = "what 'vallum apply' would change",
    .argp = {.options = apply_options,
        .parser = parse,
        .args_doc = "-f FILE|DIR",
        .doc =
            "Compares documents with the server and changes nothing. Exit status: 0 the same, 2 different.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_diff,
    .remote = true,
};

const struct vl_command vl_cli_export = {
    .words = "export",
    .summary = "the server's settings as documents",
    .argp = {.options = export_options,
        .parser = parse,
        .doc =
            "Prints every setting as YAML documents that 'vallum apply' takes; secrets are never among them."
            "\v"
            "Example: vallum export > vallum.yaml && vallum diff -f vallum.yaml",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_export,
    .remote = true,
};
