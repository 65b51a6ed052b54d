/* Commands that are one call of /api/v1, or a few: a table says which option becomes which member or
 * parameter, and what of the answer is shown. */
#ifndef VL_CLI_API_H
#define VL_CLI_API_H

#include "command.h"
#include "remote/client.h"
#include "remote/view.h"

#define VL_API_FIELDS_MAX 24
#define VL_API_LISTS_MAX  4 /* and labels */
#define VL_API_ARGS_MAX   64
#define VL_API_FILE_MAX   (1024UL * 1024) /* of an option that names a file */

enum vl_api_type {
    VL_API_TEXT = 0,
    VL_API_NUMBER,
    VL_API_TRUE, /* an option without a value */
    VL_API_FALSE,
    VL_API_LIST,   /* may be repeated, commas part */
    VL_API_LABELS, /* the same, NAME=VALUE each: an object */
    VL_API_FILE,   /* the text of the file */
    VL_API_SECRET, /* the first line of the file; "-": standard input */
    VL_API_DATE,   /* RFC 3339, a day, or a span from now: 90d, 12h */
    VL_API_SINCE,  /* the same, but the span is behind us */
};

enum vl_api_place {
    VL_API_BODY = 0,
    VL_API_QUERY,
    VL_API_PATH,  /* fills the next {} */
    VL_API_LOCAL, /* the command's own business: vl_api_value() */
};

enum { VL_API_ARG = 9000 }; /* key of the first argument that is no option; then 9001 … */
enum { VL_API_KEY_WATCH = 8060 };

struct vl_api_field {
    int key;
    const char *to;   /* member ("config.url": of a member) or parameter */
    const char *what; /* for messages: "--name" */
    enum vl_api_type type;
    enum vl_api_place place;
    bool required;
};

struct vl_api_call;

struct vl_api_command {
    const char *method;
    const char *path; /* "/registries/{}/test" */
    bool scoped;      /* of an environment */
    bool list;
    const struct vl_api_field *fields; /* ends with key 0; NULL: none */
    const struct vl_cli_column *columns;
    const char *said; /* on standard error where the answer is empty: "removed" */
    /* Where the path's first {} takes an id, but people write names: the list to look in and the members that
     * may name an item ("name|host"); the item's "id" is put into the path, or the member after a '>'
     * ("name|host>key"). */
    const char *lookup, *lookup_by;
    /* Instead of the plain call; exit status. */
    int (*run)(struct vl_api_call *call, struct vl_err *err);
    /* With --watch: whether this answer is the last. Without it the command has no --watch. */
    bool (*settled)(const struct vl_api_call *call, const struct vl_doc_node *answer);
    int (*status)(const struct vl_doc_node *answer); /* exit status of an answer; NULL: 0 */
};

/* The settings of such a command. */
struct vl_api_call {
    struct vl_cli_common common;
    struct vl_cli_view view;
    struct vl_cli_server server;
    const char *values[VL_API_FIELDS_MAX]; /* by field */
    struct vl_cli_list lists[VL_API_LISTS_MAX];
    size_t n_args;
    bool watch;
    const char *before; /* the command's own: what a watched thing was before */
    /* while it runs */
    const struct vl_api_command *what;
    struct vl_cli_client *client;
    struct vl_arena *arena;
};

error_t vl_api_parse(int key, char *arg, struct argp_state *state);
int vl_api_run(void *settings, struct vl_err *err);

/* --- for commands with a run() of their own --- */

/* What the option with this key was given, or NULL; and to put something in its place. */
const char *vl_api_value(const struct vl_api_call *call, int key);
void vl_api_set(struct vl_api_call *call, int key, const char *value);

/* The plain call, watched where that was asked for. Exit status. */
int vl_api_go(struct vl_api_call *call, struct vl_err *err);

/* The address: {} filled in, scope and parameters added. `path` NULL: the command's. */
VL_MUST_CHECK int vl_api_url(
    struct vl_api_call *call, const char *path, struct vl_buf *out, struct vl_err *err);
/* The body of all fields; empty where none is given. */
VL_MUST_CHECK int vl_api_body(struct vl_api_call *call, struct vl_buf *out, struct vl_err *err);
/* The plain call: asks and gives the answer, NULL where it is empty. */
VL_MUST_CHECK int vl_api_ask(struct vl_api_call *call, struct vl_doc **ret_answer, struct vl_err *err);
VL_MUST_CHECK int vl_api_print(
    const struct vl_api_call *call, const struct vl_doc_node *answer, struct vl_err *err);

/* The item of a list whose member named in `by` ("name|id") is `wanted`, case-blind where nothing fits
 * exactly; its `member` as text. VL_ERR_NOT_FOUND names what there is. */
VL_MUST_CHECK int vl_api_find(struct vl_api_call *call, const char *list, const char *by, const char *wanted,
    const char *member, const char **ret, struct vl_err *err);

/* Shows the answer to a GET whenever it changed, until it is settled: follows the server's events, and asks
 * every two seconds where it cannot. Exit status. */
int vl_api_watch(struct vl_api_call *call, const char *url, bool list, struct vl_err *err);

/* "90d" or a day, as RFC 3339; `back`: into the past. */
VL_MUST_CHECK int vl_api_time(
    const char *text, bool back, struct vl_arena *arena, const char **ret, struct vl_err *err);

#define VL_API_COMMAND(symbol, words_, summary_, args_, doc_, options_, api_) \
    const struct vl_command symbol = {                                        \
        .words = words_,                                                      \
        .summary = summary_,                                                  \
        .argp = {.options = options_,                                         \
            .parser = vl_api_parse,                                           \
            .args_doc = args_,                                                \
            .doc = doc_,                                                      \
            .children = vl_cli_common_options},                               \
        .settings_size = sizeof(struct vl_api_call),                          \
        .run = vl_api_run,                                                    \
        .remote = true,                                                       \
        .api = &(api_),                                                       \
    }

#define VL_API_OPTIONS   VL_CLI_VIEW_OPTIONS, VL_CLI_SERVER_OPTIONS
#define VL_API_E_OPTIONS VL_API_OPTIONS, VL_CLI_ENVIRONMENT_OPTIONS
#define VL_API_WATCH_OPTION \
    {"watch", VL_API_KEY_WATCH, NULL, 0, "Show it again whenever it changes, until it is done", 7}

#endif
