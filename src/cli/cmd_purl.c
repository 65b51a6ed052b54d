/* vallum purl check: package URLs, checked and made canonical. */
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "command.h"
#include "model/purl.h"

#define OUTPUT_MAX (256UL * 1024)
#define ARENA_MAX  (4UL * 1024 * 1024)

struct settings {
    struct vl_cli_common common;
    bool json;
    struct vl_cli_list purls;
    struct vl_arena *arena;
    unsigned invalid;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'o':
        s->json = vl_cli_is_json(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->purls, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->purls.len)
            argp_error(state, "a purl is needed, or - for one a line on standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_json(const struct vl_purl *purl, const char *canonical, struct vl_buf *out)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_object(&j);
    vl_json_member_str(&j, "purl", canonical);
    vl_json_member_str(&j, "type", purl->type);
    vl_json_member_str(&j, "namespace", purl->namespace);
    vl_json_member_str(&j, "name", purl->name);
    vl_json_member_str(&j, "version", purl->version);
    if (purl->n_qualifiers) {
        vl_json_key(&j, "qualifiers");
        vl_json_object(&j);
        for (size_t i = 0; i < purl->n_qualifiers; i++)
            vl_json_member_str(&j, purl->qualifiers[i].key, purl->qualifiers[i].value);
        vl_json_object_end(&j);
    }
    vl_json_member_str(&j, "subpath", purl->subpath);
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
}

static int answer(struct settings *s, struct vl_span text, uint64_t line, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    VL_CLEANUP(vl_buf_done) struct vl_buf canonical;
    struct vl_purl purl;
    struct vl_err bad = VL_ERR_INIT;
    vl_buf_init(&out, OUTPUT_MAX);
    vl_buf_init(&canonical, OUTPUT_MAX);
    vl_arena_reset(s->arena);
    int r = vl_purl_parse(text, s->arena, &purl, &bad);
    if (r == 0)
        r = vl_purl_format(&purl, &canonical, &bad);
    if (r < 0) {
        s->invalid++;
        vl_cli_bad_input(&bad, line);
        if (line)
            vl_buf_append_str(&out, s->json ? "null\n" : "invalid\n");
    } else if (s->json) {
        write_json(&purl, vl_buf_str(&canonical), &out);
    } else {
        vl_buf_printf(&out, "%s\n", vl_buf_str(&canonical));
    }
    return vl_cli_answer(&out, err);
}

static int answer_line(struct vl_span line, uint64_t number, void *user, struct vl_err *err)
{
    return answer(user, line, number, err);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    int r = arena ? 0 : vl_err_nomem(err);
    s->arena = arena;
    for (size_t i = 0; r == 0 && i < s->purls.len; i++)
        r = strcmp(s->purls.items[i], "-") == 0 ? vl_cli_each_line(answer_line, s, err)
                                                : answer(s, vl_span_str(s->purls.items[i]), 0, err);
    if (r == 0)
        r = vl_cli_answers_done(err);
    if (r < 0)
        return r;
    return s->invalid ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static const struct argp_option options[] = {
    {"output", 'o', "FORMAT", 0, "text (default) or json", 0},
    {0},
};

const struct vl_command vl_cli_purl_check = {
    .words = "purl check",
    .summary = "package URLs, checked and made canonical",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "PURL...\n-",
        .doc =
            "Prints the canonical form of each package URL, or its parts with -o json; exit status 2 where "
            "one is "
            "invalid. With - it reads one a line and prints one line for each (\"invalid\" where it is none)."
            "\v"
            "Example: vallum purl check pkg:PyPI/Django_Allauth@0.1",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
