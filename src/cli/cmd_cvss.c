/* vallum cvss: scores of CVSS vectors. */
#include <stdio.h>
#include <string.h>

#include "advisory/cvss.h"
#include "codec/json.h"
#include "command.h"

#define OUTPUT_MAX (64UL * 1024)

struct settings {
    struct vl_cli_common common;
    bool json;
    const char *vector; /* NULL or "-": standard input */
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
        if (s->vector)
            argp_error(state, "one vector at a time; for many, give them on standard input");
        s->vector = arg;
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->vector)
            argp_error(state, "a vector is needed, or - for one a line on standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_json(const struct vl_cvss_score *score, struct vl_span vector, struct vl_buf *out)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_object(&j);
    vl_json_key(&j, "vector");
    vl_json_span(&j, vector);
    vl_json_key(&j, "version");
    char version[8];
    (void)snprintf(version, sizeof(version), "%u.%u", score->version / 10 % 10, score->version % 10);
    vl_json_str(&j, version);
    vl_json_key(&j, "base");
    vl_json_fixed(&j, score->base, 1);
    if (score->has_temporal) {
        vl_json_key(&j, "temporal");
        vl_json_fixed(&j, score->temporal, 1);
    }
    if (score->has_environmental) {
        vl_json_key(&j, "environmental");
        vl_json_fixed(&j, score->environmental, 1);
    }
    vl_json_key(&j, "score");
    vl_json_fixed(&j, score->overall, 1);
    vl_json_member_str(&j, "severity",
        score->severity == VL_SEVERITY_NEGLIGIBLE ? "none" : vl_severity_name(score->severity));
    vl_json_member_str(&j, "base_severity",
        score->base_severity == VL_SEVERITY_NEGLIGIBLE ? "none" : vl_severity_name(score->base_severity));
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
}

static void write_text(const struct vl_cvss_score *score, struct vl_buf *out)
{
    vl_buf_printf(out, "%.1f\t%s\tbase=%.1f", score->overall,
        score->severity == VL_SEVERITY_NEGLIGIBLE ? "none" : vl_severity_name(score->severity), score->base);
    if (score->has_temporal)
        vl_buf_printf(out, "\ttemporal=%.1f", score->temporal);
    if (score->has_environmental)
        vl_buf_printf(out, "\tenvironmental=%.1f", score->environmental);
    vl_buf_append_char(out, '\n');
}

static int answer(struct settings *s, struct vl_span vector, uint64_t line, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_cvss_score score;
    struct vl_err bad = VL_ERR_INIT;
    vl_buf_init(&out, OUTPUT_MAX);
    if (vl_cvss_parse(vector, &score, &bad) < 0) {
        s->invalid++;
        vl_cli_bad_input(&bad, line);
        if (line)
            vl_buf_append_str(&out, s->json ? "null\n" : "invalid\n");
    } else if (s->json) {
        write_json(&score, vector, &out);
    } else {
        write_text(&score, &out);
    }
    return vl_cli_answer(&out, err);
}

static int answer_line(struct vl_span line, uint64_t number, void *user, struct vl_err *err)
{
    struct vl_span vector;
    (void)vl_span_split(&line, '\t', &vector);
    return answer(user, vl_span_trim(vector), number, err);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    int r = strcmp(s->vector, "-") == 0 ? vl_cli_each_line(answer_line, s, err)
                                        : answer(s, vl_span_str(s->vector), 0, err);
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

const struct vl_command vl_cli_cvss = {
    .words = "cvss",
    .summary = "scores and severity of a CVSS vector (2.0, 3.0, 3.1, 4.0)",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "VECTOR\n-",
        .doc = "Prints score, severity and the scores of the metric groups that the vector has, parted by "
               "tabs. With - it "
               "reads one vector a line and prints one line for each."
               "\v"
               "Example: vallum cvss CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
