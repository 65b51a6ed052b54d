/* Events recorded with Falco and the rules that fired there: VALLUM_SHARED/cases/falco-live-dump, with
 * Falco's own rule files. Each of the open rules must give the recorded verdict on each event, and no other
 * enabled rule may fire, unless a field it looks at was not recorded. tests: ruleset.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "codec/stream.h"
#include "rule/describe.h"
#include "rule/program.h"

#define FILE_MAX    (64UL * 1024 * 1024)
#define SCRATCH_MAX (16UL * 1024 * 1024)

struct run {
    const struct vl_ruleset *set;
    struct vl_arena *scratch;
    struct vl_doc *open; /* names of the open rules */
    unsigned events, matches, missing, extra, unrecorded, wrong;
};

static bool is_open(const struct run *run, const char *name)
{
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(run->open)); n; n = vl_doc_next(n))
        if (vl_span_eq_str(vl_doc_span(n), name))
            return true;
    return false;
}

static bool recorded(const struct vl_doc_node *root, const char *name)
{
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "rules")); n; n = vl_doc_next(n))
        if (vl_span_eq_str(vl_doc_span(n), name))
            return true;
    return false;
}

/* Whether the recording has all fields that the rule looks at. */
static bool is_complete(const struct run *run, const struct vl_rule *rule, const struct vl_doc_node *root)
{
    struct vl_rule_description d;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_doc_node *fields = vl_doc_get(root, "fields");
    vl_arena_reset(run->scratch);
    if (vl_rule_describe(run->set, rule, run->scratch, &d, &err) < 0)
        return false;
    for (uint32_t i = 0; i < d.n_fields; i++)
        if (!vl_doc_get(fields, d.fields[i]))
            return false;
    return true;
}

static void judge(
    struct run *run, const struct vl_rule *rule, const struct vl_event *event, const struct vl_doc_node *root)
{
    struct vl_err err = VL_ERR_INIT;
    bool got = false;
    vl_arena_reset(run->scratch);
    if (vl_rule_condition_holds(rule->condition, event, run->scratch, &got, &err) < 0) {
        (void)printf("disagrees: %s: %s\n", rule->name, err.msg);
        run->missing++;
        return;
    }
    bool want = recorded(root, rule->name);
    run->matches += got && want;
    if (got == want)
        return;
    if (want) {
        (void)printf("missing: event %llu: %s\n", (unsigned long long)event->sequence, rule->name);
        run->missing++;
    } else if (!is_open(run, rule->name) && !is_complete(run, rule, root)) {
        run->unrecorded++;
    } else {
        (void)printf("extra: event %llu: %s\n", (unsigned long long)event->sequence, rule->name);
        run->extra++;
    }
}

static int foreign_case(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    struct run *run = user;
    struct vl_event event;
    int r = vl_event_from_recorded(owned, &event, err);
    if (r < 0)
        return r;
    unsigned before = run->missing + run->extra;
    run->events++;
    for (uint32_t i = 0; i < vl_ruleset_size(run->set); i++) {
        const struct vl_rule *rule = vl_ruleset_at(run->set, i);
        if (rule->enabled && !rule->skipped)
            judge(run, rule, &event, vl_doc_root(owned));
    }
    run->wrong += run->missing + run->extra > before;
    return 0;
}

static bool read_into(const char *shared, const char *name, struct vl_buf *out)
{
    char path[4096];
    VL_CLEANUP(vl_buf_done) struct vl_buf raw;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *below = NULL, *stream = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span part;
    int64_t n;
    (void)snprintf(path, sizeof(path), "%s/cases/%s", shared ? shared : "../shared", name);
    vl_buf_init(&raw, FILE_MAX);
    vl_buf_clear(out);
    if (vl_file_read(path, FILE_MAX, &raw, &err) < 0 ||
        vl_stream_new_span(vl_buf_span(&raw), &below, &err) < 0)
        return false;
    int r = vl_stream_new_auto(below, FILE_MAX, &stream, &err);
    below = NULL; /* the new stream's, also on error */
    if (r < 0)
        return false;
    while ((n = vl_stream_borrow(stream, 65536, &part, &err)) > 0)
        vl_buf_append_span(out, part);
    return n == 0;
}

static bool load_rules(struct vl_ruleset *set, const char *shared, struct vl_buf *text)
{
    static const char *const files[] = {"falco-rules/falco_rules.yaml",
        "falco-rules/falco-incubating_rules.yaml", "falco-rules/falco-sandbox_rules.yaml"};
    struct vl_err err = VL_ERR_INIT;
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++)
        if (!read_into(shared, files[i], text) || vl_ruleset_add(set, vl_buf_span(text), files[i], &err) < 0)
            return false;
    return vl_ruleset_finish(set, &err) >= 0 && vl_ruleset_errors(set) == 0 && vl_ruleset_size(set) == 93;
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *open = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *scratch = vl_arena_new(SCRATCH_MAX);
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, FILE_MAX);
    if (!read_into(shared, "falco-live-dump/open-rules.json", &text)) {
        (void)printf("skipped: falco-live-dump is not there (set VALLUM_SHARED)\n");
        return 77;
    }
    if (vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "open-rules.json", &open, &err) < 0 ||
        vl_ruleset_new(&set, &err) < 0 || !load_rules(set, shared, &text)) {
        (void)printf("the 93 rules do not load: %s\n", err.msg);
        return 1;
    }
    struct run run = {.set = set, .scratch = scratch, .open = open};
    if (!read_into(shared, "falco-live-dump/events.jsonl.gz", &text) ||
        vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, "events.jsonl", foreign_case, &run, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return 1;
    }
    (void)printf("falco-live-dump: %u matches on %u events, %u missing, %u extra; %u by rules whose fields "
                 "were not all "
                 "recorded\n",
        run.matches, run.events, run.missing, run.extra, run.unrecorded);
    (void)printf("foreign: rule/falco-live-dump %u/%u\n", run.events - run.wrong, run.events);
    return run.missing + run.extra == 0 && run.matches > 0 ? 0 : 1;
}
