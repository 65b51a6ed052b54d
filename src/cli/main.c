/* Finds the command, reads its options, runs it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "command.h"
#include "remote/commands.h"
#include "scan/scan.h"

#define WORDS_MAX    64
#define SETTINGS_MAX (16UL * 1024 * 1024)

const struct vl_command *const vl_cli_commands[] = {
    &vl_cli_scan_image,
    &vl_cli_scan_rootfs,
    &vl_cli_scan_fs,
    &vl_cli_scan_sbom,
    &vl_cli_scan_manifests,
    &vl_cli_scan,
    &vl_cli_packages,
    &vl_cli_db_update,
    &vl_cli_db_status,
    &vl_cli_db_search,
    &vl_cli_db_verify,
    &vl_cli_db_export,
    &vl_cli_db_import,
    &vl_cli_db_publish,
    &vl_cli_version_compare,
    &vl_cli_version_satisfies,
    &vl_cli_cvss,
    &vl_cli_purl_check,
    &vl_cli_query,
    &vl_cli_cel_eval,
    &vl_cli_rules_check,
    &vl_cli_rules_convert,
    &vl_cli_rules_eval,
    &vl_cli_rules_explain,
    &vl_cli_rules_fields,
    &vl_cli_policy_eval,
    &vl_cli_policy_test,
    &vl_cli_policy_export,
    &vl_cli_policy_import,
    &vl_cli_completion,
#define LISTED(name) &vl_cli_##name,
    VL_CLI_REMOTE_COMMANDS(LISTED)
#undef LISTED
        NULL,
};

static struct vl_span all_but_last(const char *words, struct vl_span *ret_last)
{
    struct vl_span s = vl_span_str(words);
    size_t blank = vl_span_rfind_char(s, ' ');
    *ret_last = blank == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(s, blank + 1, s.len);
    return vl_span_slice(s, 0, blank);
}

/* Those that ask the server are many: a line a noun. */
static void print_remote(FILE *out)
{
    struct vl_span last = VL_SPAN_EMPTY;
    bool open = false;
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        const struct vl_command *c = vl_cli_commands[i];
        struct vl_span verb;
        struct vl_span noun = all_but_last(c->words, &verb);
        if (!c->remote || c->hidden)
            continue;
        if (open && verb.len && vl_span_eq(noun, last)) {
            (void)fprintf(out, "|%.*s", VL_SPAN_FMT(verb));
            continue;
        }
        (void)fprintf(out, "%s  %.*s%s%.*s", open ? "\n" : "", VL_SPAN_FMT(noun), verb.len ? " " : "",
            VL_SPAN_FMT(verb));
        open = true;
        last = noun;
    }
    (void)fputs("\n", out);
}

static void print_help(FILE *out)
{
    (void)fputs("Usage: vallum COMMAND [OPTION...]\n"
                "Finds known vulnerabilities in container images, file systems and SBOMs.\n\n",
        out);
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        const struct vl_command *c = vl_cli_commands[i];
        char head[WORDS_MAX];
        (void)snprintf(head, sizeof(head), "%s %s", c->words, c->argp.args_doc ? c->argp.args_doc : "");
        char *alternative = strchr(head, '\n');
        if (alternative)
            *alternative = '\0';
        if (!c->hidden && !c->remote)
            (void)fprintf(out, "  %-34s %s\n", head, c->summary);
    }
    (void)fputs("\nOf a server, vallumd:\n", out);
    print_remote(out);
    (void)fputs("\n  vallum db update                   first: fetch advisories\n"
                "  vallum scan image debian:12        then: scan an image\n"
                "  vallum scan fs .                   or the lock files of a project\n\n"
                "vallum COMMAND --help tells the options of a command, vallum --version the version.\n"
                "Exit status: 0 passed, 1 error, 2 fails a gate or is invalid, 3 usage,\n"
                "4 authentication or unreachable, 5 passed, but partial or not assessed.\n",
        out);
}

/* How many of the words at the front of argv name this command; 0: another one. */
static int words_matched(const struct vl_command *command, int argc, char **argv)
{
    struct vl_span rest = vl_span_str(command->words);
    struct vl_span word;
    int n = 0;
    while (vl_span_split(&rest, ' ', &word)) {
        if (n >= argc || !vl_span_eq_str(word, argv[n]))
            return 0;
        n++;
    }
    return n;
}

static const struct vl_command *find_command(int argc, char **argv, int *ret_words)
{
    const struct vl_command *best = NULL;
    *ret_words = 0;
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        int n = words_matched(vl_cli_commands[i], argc, argv);
        if (n > *ret_words) {
            best = vl_cli_commands[i];
            *ret_words = n;
        }
    }
    return best;
}

/* --config stands before all other options, wherever it is written. */
static const char *config_of(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            return argv[i] + 9;
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            return argv[i + 1];
    }
    return NULL;
}

static int usage_error(int argc, char **argv)
{
    bool noun = false;
    for (size_t i = 0; argc > 0 && vl_cli_commands[i]; i++) {
        struct vl_span words = vl_span_str(vl_cli_commands[i]->words);
        struct vl_span first;
        (void)vl_span_split(&words, ' ', &first);
        if (vl_span_eq_str(first, argv[0]) && words.len) {
            (void)fprintf(stderr, "%s\n  vallum %s\t%s", noun ? "" : "error: a word is missing; there are",
                vl_cli_commands[i]->words, vl_cli_commands[i]->summary);
            noun = true;
        }
    }
    if (noun)
        (void)fputc('\n', stderr);
    else if (argc > 0)
        (void)fprintf(stderr, "error: no command is named '%s'\n", argv[0]);
    (void)fputs("Try 'vallum --help'.\n", stderr);
    return VL_EXIT_USAGE;
}

/* argp leaves through exit() with its own messages where an option is wrong. */
static int parse_options(const struct vl_command *command, const char *name, int argc, char **argv,
    const char *config, struct vl_arena *arena, void *settings, struct vl_err *err)
{
    struct vl_cli_common *common = settings;
    VL_CLEANUP(vl_vec_done) struct vl_vec words = {0};
    char *title = vl_arena_strdup(arena, name);
    int r = title ? vl_cli_settings(command, config, arena, &words, err) : vl_err_nomem(err);
    if (r == 0 && words.len) {
        char **list = calloc(words.len + 2, sizeof(*list));
        if (!list) {
            r = vl_err_nomem(err);
        } else {
            list[0] = title;
            for (size_t i = 0; i < words.len; i++)
                list[i + 1] = *(char **)vl_vec_at(&words, i);
            common->from_settings = true;
            r = -argp_parse(&command->argp, (int)words.len + 1, list, ARGP_NO_HELP, NULL, settings);
            common->from_settings = false;
            free(list);
        }
    }
    if (r < 0 && err->err == 0)
        return vl_err_set(err, VL_ERR_USAGE, "the settings of files and VALLUM_ variables are not valid");
    if (r == 0) {
        argv[0] = title;
        r = -argp_parse(&command->argp, argc, argv, 0, NULL, settings);
        if (r < 0)
            r = vl_err_sys(err, -r, "the command line");
    }
    return r;
}

static int run(const struct vl_command *command, int words, int argc, char **argv)
{
    struct vl_err err = VL_ERR_INIT;
    char name[WORDS_MAX];
    (void)snprintf(name, sizeof(name), "vallum %s", command->words);
    void *settings = calloc(1, command->settings_size);
    struct vl_arena *arena = vl_arena_new(SETTINGS_MAX); /* texts that the settings point to */
    int r = settings && arena ? 0 : vl_err_nomem(&err);
    if (r == 0)
        ((struct vl_cli_common *)settings)->command = command;
    /* The last word of the command becomes the program's name for argp. */
    if (r == 0)
        r = parse_options(
            command, name, argc - words + 1, argv + words - 1, config_of(argc, argv), arena, settings, &err);
    if (r == 0)
        r = command->run(settings, &err);
    free(settings);
    vl_arena_free(arena);
    return r < 0 ? vl_cli_complain(&err) : r;
}

int vl_cli_main(int argc, char **argv)
{
    argp_err_exit_status = VL_EXIT_USAGE;
    /* A closed pipe or connection is an error where it happens. */
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        return vl_scan_indexer_main(argc - 1, argv + 1);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? VL_EXIT_USAGE : VL_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        (void)printf("vallum %s\n", VL_VERSION);
        return VL_EXIT_OK;
    }
    int words = 0;
    const struct vl_command *command = find_command(argc - 1, argv + 1, &words);
    return command ? run(command, words, argc - 1, argv + 1) : usage_error(argc - 1, argv + 1);
}
