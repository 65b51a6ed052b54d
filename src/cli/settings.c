/* Settings of configuration files and the environment, as words of a command line. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc.h"
#include "command.h"

#define CONFIG_MAX    (1024UL * 1024)
#define VARIABLE_MAX  128
#define WORDS_MAX     4096
#define SYSTEM_CONFIG "/etc/vallum/config.yaml"

struct search {
    struct vl_span name;
    const struct argp_option *found;
};

static void compare_option(const struct argp_option *option, void *user)
{
    struct search *s = user;
    if (vl_span_eq_str(s->name, option->name))
        s->found = option;
}

static const struct argp_option *option_of(const struct argp *argp, struct vl_span name)
{
    struct search s = {name, NULL};
    vl_cli_each_option(argp, compare_option, &s);
    return s.found;
}

/* Whether any command has it: a setting that no command knows is a mistake, never ignored. */
static bool known_anywhere(struct vl_span name)
{
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        if (option_of(&vl_cli_commands[i]->argp, name))
            return true;
    }
    return false;
}

/* What words are collected into, and where their texts live. */
struct settings {
    struct vl_arena *arena;
    struct vl_vec *words;
};

static int add_word(
    const struct settings *s, const char *option, struct vl_span value, bool takes, struct vl_err *err)
{
    char **word = vl_vec_push(s->words, "settings", err);
    if (!word)
        return err->err;
    *word = takes ? vl_arena_printf(s->arena, "--%s=%.*s", option, VL_SPAN_FMT(value))
                  : vl_arena_printf(s->arena, "--%s", option);
    return vl_arena_check(s->arena, "settings", err);
}

static int add_setting(const struct argp_option *option, const struct vl_doc_node *value, const char *file,
    const struct settings *words, struct vl_err *err)
{
    if (vl_doc_is(value, VL_DOC_BOOL) && !option->arg)
        return vl_doc_bool(value) ? add_word(words, option->name, VL_SPAN_EMPTY, false, err) : 0;
    if (!option->arg)
        return vl_err_set(
            err, VL_ERR_USAGE, "%s:%u: '%s' is true or false", file, vl_doc_line(value), option->name);
    if (vl_doc_is(value, VL_DOC_ARRAY)) {
        for (const struct vl_doc_node *item = vl_doc_first(value); item; item = vl_doc_next(item)) {
            int r = add_word(words, option->name, vl_doc_text(item), true, err);
            if (r < 0)
                return r;
        }
        return 0;
    }
    if (vl_doc_is(value, VL_DOC_OBJECT) || vl_doc_is(value, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_USAGE, "%s:%u: '%s' takes a text or a list of texts", file,
            vl_doc_line(value), option->name);
    return add_word(words, option->name, vl_doc_text(value), true, err);
}

/* 0 where the file is absent and was not asked for. */
static int read_config(const struct vl_command *command, const char *path, bool asked,
    const struct settings *words, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    vl_buf_init(&text, CONFIG_MAX);
    int r = vl_file_read(path, CONFIG_MAX, &text, err);
    if (r == -ENOENT && !asked) {
        vl_err_clear(err);
        return 0;
    }
    if (r == 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_YAML, path, &doc, err);
    if (r < 0) {
        if (err->code != VL_ERR_MEMORY)
            err->code = VL_ERR_USAGE;
        return r;
    }
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_doc_is(root, VL_DOC_OBJECT))
        return vl_doc_is(root, VL_DOC_NULL)
                   ? 0
                   : vl_err_set(err, VL_ERR_USAGE, "%s: must hold a mapping of option names to values", path);
    for (const struct vl_doc_node *n = vl_doc_first(root); n; n = vl_doc_next(n)) {
        const struct argp_option *option = option_of(&command->argp, vl_doc_key(n));
        if (!option && !known_anywhere(vl_doc_key(n)))
            return vl_err_set(err, VL_ERR_USAGE, "%s:%u: no option is named '%.*s'", path, vl_doc_line(n),
                VL_SPAN_FMT(vl_doc_key(n)));
        r = option ? add_setting(option, n, path, words, err) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

struct environment {
    const struct settings *words;
    struct vl_err *err;
    int result;
};

static void read_variable(const struct argp_option *option, void *user)
{
    struct environment *e = user;
    char name[VARIABLE_MAX];
    int n = snprintf(name, sizeof(name), "VALLUM_%s", option->name);
    if (e->result < 0 || n < 0 || (size_t)n >= sizeof(name) || strcmp(option->name, "config") == 0)
        return;
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    const char *value = getenv(name);
    if (!value || !*value)
        return;
    if (option->arg)
        e->result = add_word(e->words, option->name, vl_span_str(value), true, e->err);
    else if (strcmp(value, "1") == 0 || strcmp(value, "true") == 0)
        e->result = add_word(e->words, option->name, VL_SPAN_EMPTY, false, e->err);
    else if (strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
        e->result = vl_err_set(e->err, VL_ERR_USAGE, "%s is true or false, not '%s'", name, value);
}

int vl_cli_settings(const struct vl_command *command, const char *config, struct vl_arena *arena,
    struct vl_vec *ret_words, struct vl_err *err)
{
    const struct settings s = {arena, ret_words};
    const struct settings *words = &s;
    char path[4096] = "";
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int r = 0;
    vl_vec_init(ret_words, sizeof(char *), WORDS_MAX);
    if (!config)
        config = getenv("VALLUM_CONFIG");
    if (config && *config) {
        r = read_config(command, config, true, words, err);
    } else {
        if (base && *base == '/')
            (void)snprintf(path, sizeof(path), "%s/vallum/config.yaml", base);
        else if (home && *home == '/')
            (void)snprintf(path, sizeof(path), "%s/.config/vallum/config.yaml", home);
        r = read_config(command, SYSTEM_CONFIG, false, words, err);
        if (r == 0 && *path)
            r = read_config(command, path, false, words, err);
    }
    struct environment e = {words, err, r};
    if (r == 0)
        vl_cli_each_option(&command->argp, read_variable, &e);
    return e.result;
}
