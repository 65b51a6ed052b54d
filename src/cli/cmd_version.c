/* vallum version compare|satisfies: the version orders and requirements that matching uses, for people and
 * scripts. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "version/version.h"

#define OUTPUT_MAX (64UL * 1024)

enum { OPTION_SCHEME = 's' };

struct settings {
    struct vl_cli_common common;
    const char *scheme_name;
    const struct vl_version_scheme *scheme;
    const char *words[2];
    unsigned n_words;
    bool satisfies;
    unsigned invalid; /* lines or pairs that are no versions of the scheme */
    unsigned no;      /* requirements not satisfied */
};

static void unknown_scheme(const struct argp_state *state, const char *name)
{
    char list[1024] = "";
    size_t used = 0;
    for (size_t i = 0; vl_version_scheme_at(i) && used < sizeof(list); i++) {
        int n = snprintf(list + used, sizeof(list) - used, " %s", vl_version_scheme_at(i));
        used += n > 0 ? (size_t)n : 0;
    }
    argp_error(state, "no version scheme is named '%s'; there are%s", name, list);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case OPTION_SCHEME:
        s->scheme_name = arg;
        s->scheme = vl_version_scheme(vl_span_str(arg));
        if (!s->scheme)
            unknown_scheme(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (s->n_words >= 2)
            argp_error(state, "too many arguments: '%s'", arg);
        else
            s->words[s->n_words++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (s->common.from_settings)
            return 0;
        if (!s->scheme)
            argp_error(state, "--scheme is needed: deb, rpm, apk, npm, pep440, maven …");
        if (s->n_words != 2 && !(s->n_words == 1 && strcmp(s->words[0], "-") == 0))
            argp_error(state, "two words are needed, or - for pairs on standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One result line; an invalid version is told on standard error. */
static int answer(struct settings *s, struct vl_span a, struct vl_span b, uint64_t line, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err bad = VL_ERR_INIT;
    int order = 0;
    bool yes = false;
    vl_buf_init(&out, OUTPUT_MAX);
    int r = s->satisfies ? vl_version_satisfies(s->scheme, a, b, &yes, &bad)
                         : vl_version_compare(s->scheme, a, b, &order, &bad);
    if (r < 0 && bad.code == VL_ERR_MEMORY)
        return vl_err_nomem(err);
    if (r < 0) {
        s->invalid++;
        vl_cli_bad_input(&bad, line);
        if (!line)
            return 0;
        vl_buf_append_str(&out, "invalid\n");
    } else if (s->satisfies) {
        vl_buf_append_str(&out, yes ? "true\n" : "false\n");
        s->no += yes ? 0 : 1;
    } else {
        vl_buf_printf(&out, "%d\n", order);
    }
    return vl_cli_answer(&out, err);
}

static int answer_line(struct vl_span line, uint64_t number, void *user, struct vl_err *err)
{
    struct vl_span a;
    struct vl_span b = VL_SPAN_EMPTY;
    struct vl_span rest = line;
    (void)vl_span_split(&rest, '\t', &a);
    (void)vl_span_split(&rest, '\t', &b); /* further columns are the caller's own */
    return answer(user, a, b, number, err);
}

static int run(struct settings *s, struct vl_err *err)
{
    bool bulk = s->n_words == 1;
    int r = bulk ? vl_cli_each_line(answer_line, s, err)
                 : answer(s, vl_span_str(s->words[0]), vl_span_str(s->words[1]), 0, err);
    if (r == 0)
        r = vl_cli_answers_done(err);
    if (r < 0)
        return r;
    return s->invalid || (!bulk && s->no) ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static int run_compare(void *settings, struct vl_err *err)
{
    return run(settings, err);
}

static int run_satisfies(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    s->satisfies = true;
    return run(s, err);
}

static const struct argp_option options[] = {
    {"scheme", OPTION_SCHEME, "NAME", 0,
        "Whose order: apk, bitnami, cran, deb, gem, generic, golang, hackage, maven, npm, nuget, packagist, "
        "pacman, pep440, portage, pub, rpm, semver …",
        0},
    {0},
};

const struct vl_command vl_cli_version_compare = {
    .words = "version compare",
    .summary = "which of two versions is newer, as an ecosystem has it",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "A B\n-",
        .doc = "Prints -1, 0 or 1: A is older than, equal to, newer than B. With - it reads pairs from "
               "standard input, "
               "A and B parted by a tab, and prints one result a line (\"invalid\" where the scheme has no "
               "such version)."
               "\v"
               "Example: vallum version compare --scheme deb 1.0~rc1-1 1.0-1",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_compare,
};

const struct vl_command vl_cli_version_satisfies = {
    .words = "version satisfies",
    .summary = "whether a version is within a requirement",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "VERSION RANGE\n-",
        .doc = "Prints true or false; exit status 2 for false. With - it reads pairs from standard input, "
               "version and "
               "requirement parted by a tab, and prints one result a line."
               "\v"
               "Example: vallum version satisfies --scheme npm 4.17.20 '^4.17.0 <4.17.21'",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_satisfies,
};
