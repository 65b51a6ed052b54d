/* What a command of `vallum` is, and what all of them share. Private to the room.
 *
 * Options get their values from, later ones winning: /etc/vallum/config.yaml, ~/.config/vallum/config.yaml
 * (or
 * --config FILE), VALLUM_* variables, the command line. */
#ifndef VL_CLI_COMMAND_H
#define VL_CLI_COMMAND_H

#include <argp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

enum vl_cli_exit {
    VL_EXIT_OK = 0,
    VL_EXIT_ERROR = 1,
    VL_EXIT_FAILS = 2, /* the thing checked fails or is invalid */
    VL_EXIT_USAGE = 3,
    VL_EXIT_PEER = 4,    /* authentication or unreachable */
    VL_EXIT_PARTIAL = 5, /* passed, but partial or not assessed */
};

#define VL_CLI_LINE_MAX (64UL * 1024 * 1024) /* bytes of one line on standard input */
#define VL_CLI_LIST_MAX 256                  /* values of one option */

/* Options every command has: the first member of each command's settings. */
struct vl_cli_common {
    const struct vl_command *command; /* that is running */
    bool quiet;
    bool no_color;
    bool from_settings; /* values come from files and variables at the moment, not from the command line */
};

/* Values of an option that may be given several times. Those of the command line replace those of settings.
 * Lent: arguments and settings live as long as the program. */
struct vl_cli_list {
    const char *items[VL_CLI_LIST_MAX];
    size_t len;
    bool from_settings;
};

struct vl_command {
    const char *words;   /* "db update" */
    const char *summary; /* one line */
    struct argp argp;
    size_t settings_size; /* of a zeroed struct that begins with struct vl_cli_common */
    int (*run)(void *settings, struct vl_err *err); /* exit status, or -errno with err set */
    bool hidden;
    bool remote;                      /* asks a server */
    const struct vl_api_command *api; /* of those that are one call of the server, or a few (remote/api.h) */
};

/* All commands, ends with NULL. */
extern const struct vl_command *const vl_cli_commands[];

extern const struct vl_command vl_cli_scan;
extern const struct vl_command vl_cli_scan_image;
extern const struct vl_command vl_cli_scan_rootfs;
extern const struct vl_command vl_cli_scan_fs;
extern const struct vl_command vl_cli_scan_sbom;
extern const struct vl_command vl_cli_scan_manifests;
extern const struct vl_command vl_cli_packages;
extern const struct vl_command vl_cli_db_update;
extern const struct vl_command vl_cli_db_status;
extern const struct vl_command vl_cli_db_search;
extern const struct vl_command vl_cli_db_verify;
extern const struct vl_command vl_cli_db_import;
extern const struct vl_command vl_cli_db_export;
extern const struct vl_command vl_cli_db_publish;
extern const struct vl_command vl_cli_version_compare;
extern const struct vl_command vl_cli_version_satisfies;
extern const struct vl_command vl_cli_cvss;
extern const struct vl_command vl_cli_purl_check;
extern const struct vl_command vl_cli_query;
extern const struct vl_command vl_cli_cel_eval;
extern const struct vl_command vl_cli_rules_check;
extern const struct vl_command vl_cli_rules_convert;
extern const struct vl_command vl_cli_rules_eval;
extern const struct vl_command vl_cli_rules_explain;
extern const struct vl_command vl_cli_rules_fields;
extern const struct vl_command vl_cli_policy_eval;
extern const struct vl_command vl_cli_policy_test;
extern const struct vl_command vl_cli_policy_export;
extern const struct vl_command vl_cli_policy_import;
extern const struct vl_command vl_cli_completion;

/* The options of struct vl_cli_common, for .argp.children. A parser calls vl_cli_common_init() at
 * ARGP_KEY_INIT. */
extern const struct argp_child vl_cli_common_options[];
void vl_cli_common_init(struct argp_state *state);

/* Adds a value, split at commas where `commas`. */
void vl_cli_list_add(struct vl_cli_list *list, const struct argp_state *state, char *value, bool commas);

/* A whole number of at most `max`, or an error of usage. */
uint64_t vl_cli_number(const struct argp_state *state, const char *option, const char *value, uint64_t max);

/* Calls `each` for every visible option of a command, shared ones included. */
void vl_cli_each_option(
    const struct argp *argp, void (*each)(const struct argp_option *option, void *user), void *user);

/* Settings of files and variables as words of a command line ("--fail-on=high"), `ret_words` (char *, to be
 * done by the caller also on error), texts in the arena. `config` NULL: the usual places. */
VL_MUST_CHECK int vl_cli_settings(const struct vl_command *command, const char *config,
    struct vl_arena *arena, struct vl_vec *ret_words, struct vl_err *err);

/* Writes to standard output, all of it. */
VL_MUST_CHECK int vl_cli_print(const struct vl_buf *text, struct vl_err *err);

/* "error: …" on standard error, and the exit status that belongs to it. */
int vl_cli_complain(const struct vl_err *err);
VL_PRINTF(1, 2) void vl_cli_warn(const char *fmt, ...);

bool vl_cli_color(const struct vl_cli_common *common); /* standard output shows colours */
bool vl_cli_progress(
    const struct vl_cli_common *common); /* standard error is a terminal that shows progress */

/* Calls `each` for every line of standard input, without its end; a negative return ends it. */
VL_MUST_CHECK int vl_cli_each_line(
    int (*each)(struct vl_span line, uint64_t number, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* For commands that answer line by line. A wrong line or argument (`line` 0) is told on standard error. */
void vl_cli_bad_input(const struct vl_err *bad, uint64_t line);

/* Writes through stdio, so that the answers of a bulk run go out in few writes; flush at the end. */
VL_MUST_CHECK int vl_cli_answer(const struct vl_buf *text, struct vl_err *err);
VL_MUST_CHECK int vl_cli_answers_done(struct vl_err *err);

/* --output text|json of such commands. */
bool vl_cli_is_json(const struct argp_state *state, const char *value);

/* The default place of `name` below $XDG_CACHE_HOME/vallum or ~/.cache/vallum. */
VL_MUST_CHECK int vl_cli_cache_path(const char *name, char ret[4096], struct vl_err *err);

#endif
