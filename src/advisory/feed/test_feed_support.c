#include "test_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"

static void put_affected(struct vl_buf *out, const struct vl_record_affected *a)
{
    vl_buf_printf(out, " | %.*s %.*s", VL_SPAN_FMT(a->space), VL_SPAN_FMT(a->package));
    if (a->module.len)
        vl_buf_printf(out, " module=%.*s", VL_SPAN_FMT(a->module));
    for (size_t i = 0; i < a->n_ranges; i++) {
        const struct vl_record_range *r = &a->ranges[i];
        vl_buf_printf(out, " %c%.*s,%.*s%c", r->after ? '(' : '[', VL_SPAN_FMT(r->introduced),
            VL_SPAN_FMT(r->fixed.len ? r->fixed : r->last), r->last.len ? ']' : ')');
    }
    for (size_t i = 0; i < a->n_versions; i++)
        vl_buf_printf(out, " =%.*s", VL_SPAN_FMT(a->versions[i]));
    if (a->state)
        vl_buf_printf(out, " {%s}", vl_fix_state_name(a->state));
    if (a->severity)
        vl_buf_printf(out, " (%s)", vl_severity_name(a->severity));
}

static int take(const struct vl_record *r, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    char day[VL_TIME_TEXT_MAX];
    (void)err;
    vl_buf_printf(out, "%.*s", VL_SPAN_FMT(r->id));
    for (size_t i = 0; i < r->n_aliases; i++)
        vl_buf_printf(out, " =%.*s", VL_SPAN_FMT(r->aliases[i]));
    for (size_t i = 0; i < r->n_covers; i++)
        vl_buf_printf(out, " +%.*s", VL_SPAN_FMT(r->covers[i]));
    for (size_t i = 0; i < r->n_ratings; i++)
        vl_buf_printf(
            out, " ~%.*s:%.*s", VL_SPAN_FMT(r->ratings[i].source), VL_SPAN_FMT(r->ratings[i].value));
    for (size_t i = 0; i < r->n_cvss; i++)
        vl_buf_printf(out, " @%.*s:%.*s", VL_SPAN_FMT(r->cvss[i].source), VL_SPAN_FMT(r->cvss[i].value));
    for (size_t i = 0; i < r->n_cwes; i++)
        vl_buf_printf(out, " cwe%u", (unsigned)r->cwes[i]);
    if (r->published_ms)
        vl_buf_printf(out, " %s", vl_time_format_date(r->published_ms, day));
    if (r->malicious)
        vl_buf_append_str(out, " malicious");
    if (r->has_kev)
        vl_buf_printf(out, " kev%s due=%s", r->kev.ransomware ? "!" : "",
            r->kev.due_ms ? vl_time_format_date(r->kev.due_ms, day) : "-");
    if (r->has_epss)
        vl_buf_printf(out, " epss=%.5f/%.5f", r->epss, r->epss_percentile);
    if (r->exploitation.len)
        vl_buf_printf(out, " ssvc=%.*s", VL_SPAN_FMT(r->exploitation));
    for (size_t i = 0; i < r->n_affected; i++)
        put_affected(out, &r->affected[i]);
    for (size_t i = 0; i < r->n_updates; i++) {
        const struct vl_record_update *u = &r->updates[i];
        vl_buf_printf(out, " | %.*s KB%u", VL_SPAN_FMT(u->product), (unsigned)u->kb);
        for (size_t k = 0; k < u->n_supersedes; k++)
            vl_buf_printf(out, " >%u", (unsigned)u->supersedes[k]);
        if (u->fixed_build.len)
            vl_buf_printf(out, " build=%.*s", VL_SPAN_FMT(u->fixed_build));
    }
    vl_buf_append_char(out, '\n');
    return 0;
}

void feed_run(struct feed_run *run, vl_feed_parse_fn *parse, const char *ecosystem, const char *document)
{
    *run = (struct feed_run){.arena = vl_arena_new(64UL * 1024 * 1024)};
    vl_buf_init(&run->text, 16UL * 1024 * 1024);
    run->sink = (struct vl_record_sink){.record = take, .user = &run->text};
    struct vl_feed_context context = {.feed = "test", .ecosystem = ecosystem, .arena = run->arena};
    assert_non_null(run->arena);
    run->result = parse(vl_span_str(document), "test.document", &context, &run->sink, &run->err);
}

void feed_run_done(struct feed_run *run)
{
    vl_buf_done(&run->text);
    vl_arena_free(run->arena);
}

void assert_feed(vl_feed_parse_fn *parse, const char *ecosystem, const char *document, const char *expected)
{
    struct feed_run run;
    feed_run(&run, parse, ecosystem, document);
    if (run.result < 0)
        fail_msg("parser says: %s", run.err.msg);
    assert_string_equal(vl_buf_str(&run.text), expected);
    feed_run_done(&run);
}
