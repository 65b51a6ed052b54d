/* What all commands share: options, output, lines of input. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "command.h"

#define OPTIONS_MAX 200

static const struct argp_option common_options[] = {
    {"quiet", 'q', NULL, 0, "Say nothing but results and errors", -2},
    {"no-color", 1000, NULL, 0, "No colours (also with NO_COLOR in the environment)", -2},
    {"config", 1001, "FILE", 0, "Settings from this file instead of ~/.config/vallum/config.yaml", -2},
    {NULL, 'h', NULL, OPTION_HIDDEN, NULL, -2},
    {0},
};

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    struct vl_cli_common *common = state->input;
    (void)arg;
    switch (key) {
    case 'q':
        common->quiet = true;
        return 0;
    case 1000:
        common->no_color = true;
        return 0;
    case 'h': /* argp knows -? alone */
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case 1001: /* was read before all other options */
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp common_argp = {.options = common_options, .parser = parse_common};
const struct argp_child vl_cli_common_options[] = {{&common_argp, 0, NULL, 0}, {0}};

void vl_cli_common_init(struct argp_state *state)
{
    state->child_inputs[0] = state->input;
}

void vl_cli_list_add(struct vl_cli_list *list, const struct argp_state *state, char *value, bool commas)
{
    const struct vl_cli_common *common = state->input;
    if (list->from_settings && !common->from_settings)
        list->len = 0;
    list->from_settings = common->from_settings;
    while (value) {
        char *next = commas ? strchr(value, ',') : NULL;
        if (next)
            *next++ = '\0';
        if (list->len == VL_CLI_LIST_MAX)
            argp_error(state, "more than %d values for one option", VL_CLI_LIST_MAX);
        else if (*value)
            list->items[list->len++] = value;
        value = next;
    }
}

uint64_t vl_cli_number(const struct argp_state *state, const char *option, const char *value, uint64_t max)
{
    uint64_t n = 0;
    if (!vl_span_to_u64(vl_span_str(value), &n) || n > max)
        argp_error(
            state, "--%s takes a whole number up to %llu, not '%s'", option, (unsigned long long)max, value);
    return n;
}

void vl_cli_each_option(
    const struct argp *argp, void (*each)(const struct argp_option *option, void *user), void *user)
{
    size_t n = 0;
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc) && n < OPTIONS_MAX;
        o++, n++) {
        if (o->name && !(o->flags & OPTION_HIDDEN))
            each(o, user);
    }
    /* Children have none of their own. */
    for (const struct argp_child *child = argp->children; child && child->argp; child++) {
        for (const struct argp_option *o = child->argp->options; o && (o->name || o->key); o++) {
            if (o->name)
                each(o, user);
        }
    }
}

int vl_cli_print(const struct vl_buf *text, struct vl_err *err)
{
    int r = vl_buf_check(text, "the output", err);
    return r < 0 ? r : vl_file_write_fd(STDOUT_FILENO, "standard output", vl_buf_span(text), err);
}

int vl_cli_complain(const struct vl_err *err)
{
    (void)fprintf(stderr, "error: %s\n", err->msg);
    switch (err->code) {
    case VL_ERR_USAGE:
        return VL_EXIT_USAGE;
    case VL_ERR_AUTH:
    case VL_ERR_UNREACHABLE:
        return VL_EXIT_PEER;
    case VL_ERR_NONE:
    case VL_ERR_INVALID:
    case VL_ERR_LIMIT:
    case VL_ERR_CORRUPT:
    case VL_ERR_UNSUPPORTED:
    case VL_ERR_NOT_FOUND:
    case VL_ERR_CONFLICT:
    case VL_ERR_SYSTEM:
    case VL_ERR_MEMORY:
    default:
        return VL_EXIT_ERROR;
    }
}

void vl_cli_warn(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fputs("warning: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

bool vl_cli_color(const struct vl_cli_common *common)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return !common->no_color && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0) &&
           isatty(STDOUT_FILENO);
}

bool vl_cli_progress(const struct vl_cli_common *common)
{
    return !common->quiet && isatty(STDERR_FILENO);
}

int vl_cli_each_line(int (*each)(struct vl_span line, uint64_t number, void *user, struct vl_err *err),
    void *user, struct vl_err *err)
{
    char *block = NULL;
    size_t size = 0;
    int r = 0;
    ssize_t len;
    errno = 0;
    for (uint64_t number = 1; (len = getline(&block, &size, stdin)) >= 0; number++) {
        struct vl_span line = {block, (size_t)len};
        if (line.len > VL_CLI_LINE_MAX) {
            r = vl_err_set(err, VL_ERR_LIMIT, "standard input, line %llu: over %lu bytes",
                (unsigned long long)number, VL_CLI_LINE_MAX);
            break;
        }
        if (vl_span_ends_with(line, "\n"))
            line.len--;
        if (vl_span_ends_with(line, "\r"))
            line.len--;
        r = each(line, number, user, err);
        if (r < 0)
            break;
        r = 0;
    }
    if (r == 0 && ferror(stdin))
        r = vl_err_sys(err, errno ? errno : EIO, "standard input");
    free(block);
    return r;
}

void vl_cli_bad_input(const struct vl_err *bad, uint64_t line)
{
    if (line)
        (void)fprintf(stderr, "error: line %llu: %s\n", (unsigned long long)line, bad->msg);
    else
        (void)fprintf(stderr, "error: %s\n", bad->msg);
}

int vl_cli_answer(const struct vl_buf *text, struct vl_err *err)
{
    int r = vl_buf_check(text, "an answer", err);
    if (r == 0 && text->len && fwrite(text->ptr, 1, text->len, stdout) != text->len)
        r = vl_err_sys(err, errno ? errno : EIO, "standard output");
    return r;
}

int vl_cli_answers_done(struct vl_err *err)
{
    return fflush(stdout) == 0 ? 0 : vl_err_sys(err, errno ? errno : EIO, "standard output");
}

bool vl_cli_is_json(const struct argp_state *state, const char *value)
{
    bool json = strcmp(value, "json") == 0;
    if (!json && strcmp(value, "text") != 0)
        argp_error(state, "--output takes text or json, not '%s'", value);
    return json;
}

int vl_cli_cache_path(const char *name, char ret[4096], struct vl_err *err)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int n;
    if (cache && *cache == '/')
        n = snprintf(ret, 4096, "%s/vallum/%s", cache, name);
    else if (home && *home == '/')
        n = snprintf(ret, 4096, "%s/.cache/vallum/%s", home, name);
    else
        n = snprintf(ret, 4096, "/var/cache/vallum/%s", name);
    if (n < 0 || n >= 4096)
        return vl_err_set(err, VL_ERR_USAGE, "the path of the cache is too long; set XDG_CACHE_HOME");
    return 0;
}
