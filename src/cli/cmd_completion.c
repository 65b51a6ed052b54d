/* vallum completion: what shells need to complete commands and options, made from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "command.h"

#define OUTPUT_MAX (1024UL * 1024)

struct settings {
    struct vl_cli_common common;
    const char *shell;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case ARGP_KEY_ARG:
        s->shell = arg;
        if (strcmp(arg, "bash") != 0 && strcmp(arg, "zsh") != 0 && strcmp(arg, "fish") != 0)
            argp_error(state, "no completion for '%s'; there are bash, zsh, fish", arg);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->shell)
            argp_error(state, "which shell? bash, zsh or fish");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void append_option(const struct argp_option *option, void *user)
{
    vl_buf_printf(user, " --%s%s", option->name, option->arg ? "=" : "");
}

/* Words that may follow `prefix` ("" or "scan"). */
static void append_next_words(struct vl_buf *out, const char *prefix)
{
    char last[64] = "";
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        struct vl_span words = vl_span_str(vl_cli_commands[i]->words);
        struct vl_span word;
        size_t len = strlen(prefix);
        if (vl_cli_commands[i]->hidden ||
            (len && (!vl_span_starts_with(words, prefix) || words.len <= len || words.ptr[len] != ' ')))
            continue;
        words = vl_span_slice(words, len ? len + 1 : 0, words.len);
        (void)vl_span_split(&words, ' ', &word);
        if (vl_span_eq_str(word, last))
            continue;
        (void)snprintf(last, sizeof(last), "%.*s", VL_SPAN_FMT(word));
        vl_buf_printf(out, " %s", last);
    }
}

/* Whether a command before this one begins with the same words. */
static bool is_known_prefix(size_t command, struct vl_span prefix)
{
    for (size_t i = 0; i < command; i++) {
        struct vl_span words = vl_span_str(vl_cli_commands[i]->words);
        if (words.len > prefix.len && words.ptr[prefix.len] == ' ' &&
            vl_span_eq(vl_span_slice(words, 0, prefix.len), prefix))
            return true;
    }
    return false;
}

/* "db", "security", "security pricing": words that are no command yet. */
static void write_nouns(struct vl_buf *out)
{
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        const char *words = vl_cli_commands[i]->words;
        for (const char *blank = strchr(words, ' '); blank; blank = strchr(blank + 1, ' ')) {
            struct vl_span prefix = {words, (size_t)(blank - words)};
            char noun[64];
            (void)snprintf(noun, sizeof(noun), "%.*s", VL_SPAN_FMT(prefix));
            if (vl_cli_commands[i]->hidden || is_known_prefix(i, prefix))
                continue;
            vl_buf_printf(out, "    '%s') options='", noun);
            append_next_words(out, noun);
            vl_buf_append_str(out, "' ;;\n");
        }
    }
}

/* The cases of a shell's choice by the words typed so far; bash and zsh read the same. */
static void write_bash(struct vl_buf *out)
{
    vl_buf_append_str(out, "# bash completion for vallum\n"
                           "_vallum() {\n"
                           "  local cur=${COMP_WORDS[COMP_CWORD]} words=\"\" w options=\"\"\n"
                           "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do case $w in -*) ;; *) "
                           "words+=\" $w\" ;; esac; done\n"
                           "  words=${words# }\n"
                           "  case $words in\n");
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        vl_buf_printf(
            out, "    '%s'|'%s '*) options='", vl_cli_commands[i]->words, vl_cli_commands[i]->words);
        append_next_words(out, vl_cli_commands[i]->words);
        vl_cli_each_option(&vl_cli_commands[i]->argp, append_option, out);
        vl_buf_append_str(out, "' ;;\n");
    }
    write_nouns(out);
    vl_buf_append_str(out, "    '') options='");
    append_next_words(out, "");
    vl_buf_append_str(out,
        " --help --version' ;;\n  esac\n"
        "  COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
        "  [[ $cur == -* || ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
        "  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
        "}\n"
        "complete -F _vallum vallum\n");
}

struct fish {
    struct vl_buf *out;
    const char *words;
};

/* Single quotes of a description are the only thing that could end fish's quoting. */
static void append_fish_option(const struct argp_option *option, void *user)
{
    struct fish *f = user;
    vl_buf_printf(f->out, "complete -c vallum -n '__vallum_at %s' -l %s%s -d '", f->words, option->name,
        option->arg ? " -r" : "");
    for (const char *c = option->doc ? option->doc : ""; *c; c++) {
        if (*c == '\'' || *c == '\\')
            vl_buf_append_char(f->out, '\\');
        vl_buf_append_char(f->out, *c);
    }
    vl_buf_append_str(f->out, "'\n");
}

/* Each word may follow those before it; the last one tells what the command does. */
static void write_fish_words(struct vl_buf *out, const struct vl_command *command)
{
    struct vl_span rest = vl_span_str(command->words);
    struct vl_span word;
    size_t before = 0;
    while (vl_span_split(&rest, ' ', &word)) {
        vl_buf_printf(out, "complete -c vallum -n '__vallum_next %.*s' -f -a '%.*s'", (int)before,
            command->words, VL_SPAN_FMT(word));
        if (!rest.len && before)
            vl_buf_printf(out, " -d \"%s\"", command->summary);
        vl_buf_append_char(out, '\n');
        before = (size_t)(word.ptr + word.len - command->words);
    }
}

static void write_fish(struct vl_buf *out)
{
    vl_buf_append_str(out, "# fish completion for vallum\n"
                           "function __vallum_at\n"
                           "  set -l typed (string match -v -- '-*' (commandline -opc)[2..-1])\n"
                           "  test \"$typed[1..\"(count $argv)\"]\" = \"$argv\"\n"
                           "end\n"
                           "function __vallum_next\n"
                           "  set -l typed (string match -v -- '-*' (commandline -opc)[2..-1])\n"
                           "  test \"$typed\" = \"$argv\"\n"
                           "end\n");
    for (size_t i = 0; vl_cli_commands[i]; i++) {
        write_fish_words(out, vl_cli_commands[i]);
        struct fish f = {out, vl_cli_commands[i]->words};
        vl_cli_each_option(&vl_cli_commands[i]->argp, append_fish_option, &f);
    }
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, OUTPUT_MAX);
    if (strcmp(s->shell, "fish") == 0) {
        write_fish(&out);
    } else {
        if (strcmp(s->shell, "zsh") == 0)
            vl_buf_append_str(&out, "#compdef vallum\nautoload -U +X bashcompinit && bashcompinit\n");
        write_bash(&out);
    }
    int r = vl_cli_print(&out, err);
    return r < 0 ? r : VL_EXIT_OK;
}

const struct vl_command vl_cli_completion = {
    .words = "completion",
    .summary = "completion for bash, zsh or fish",
    .argp = {.parser = parse,
        .args_doc = "SHELL",
        .doc = "Prints a script that lets the shell complete commands and options."
               "\v"
               "Example: vallum completion bash > /etc/bash_completion.d/vallum",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
