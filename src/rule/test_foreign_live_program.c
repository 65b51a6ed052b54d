/* Events recorded under Falco with the rules that fired: VALLUM_SHARED/cases/falco-live-dump, by the three
 * rule files of falco-rules as they are. The rules of open-rules.json must fire on the same events, none too
 * many, none too few; no other rule may fire. The program must besides say what every condition by itself
 * says. tests: program.c program_graph.c program_groups.c program_leaves.c program_needs.c matcher.c
 * text_set.c prefilter.c
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc.h"
#include "codec/stream.h"
#include "rule/program.h"

#define FILE_MAX  (64UL * 1024 * 1024)
#define ARENA_MAX (256UL * 1024 * 1024)

static const char *shared_dir(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    return shared ? shared : "../shared";
}

static void die(const struct vl_err *err)
{
    (void)printf("%s\n", err->msg);
    exit(1);
}

static void read_gzip(const char *name, struct vl_buf *out)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *packed = NULL, *stream = NULL;
    char path[4096], piece[65536];
    struct vl_err err = VL_ERR_INIT;
    int64_t n;
    (void)snprintf(path, sizeof(path), "%s/cases/%s", shared_dir(), name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", path);
        exit(77);
    }
    if (vl_stream_new_fd(fd, path, UINT64_MAX, &packed, &err) < 0)
        die(&err);
    int r = vl_stream_new_auto(packed, FILE_MAX, &stream, &err);
    packed = NULL; /* the other one's now */
    if (r < 0)
        die(&err);
    while ((n = vl_stream_read(stream, piece, sizeof(piece), &err)) > 0)
        vl_buf_append(out, piece, (size_t)n);
    if (n < 0)
        die(&err);
}

static void add_rules(struct vl_ruleset *set, const char *name)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char path[4096];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(path, sizeof(path), "%s/cases/falco-rules/%s", shared_dir(), name);
    vl_buf_init(&text, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, &text, &err) < 0 ||
        vl_ruleset_add(set, vl_buf_span(&text), name, &err) < 0)
        die(&err);
}

struct run {
    const struct vl_ruleset *set;
    struct vl_rule_matcher *matcher;
    const struct vl_doc_node *open_rules;
    unsigned events, matches, extra, missing, other, differ;
};

static bool has_text(const struct vl_doc_node *array, const char *text)
{
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n)) {
        if (vl_span_eq_str(vl_doc_span(n), text))
            return true;
    }
    return false;
}

struct fired {
    const char *names[512];
    unsigned n;
};

static int on_rule(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    struct fired *fired = user;
    (void)event;
    if (fired->n == VL_ARRAY_LEN(fired->names))
        return vl_err_set(err, VL_ERR_LIMIT, "too many rules fire");
    fired->names[fired->n++] = rule->name;
    return 0;
}

static bool has_fired(const struct fired *fired, const char *name)
{
    for (unsigned i = 0; i < fired->n; i++) {
        if (strcmp(fired->names[i], name) == 0)
            return true;
    }
    return false;
}

/* What each condition says by itself. */
static void compare(struct run *run, const struct vl_event *event, const struct fired *fired)
{
    struct vl_err err = VL_ERR_INIT;
    for (uint32_t i = 0; i < vl_ruleset_size(run->set); i++) {
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
        const struct vl_rule *rule = vl_ruleset_at(run->set, i);
        bool holds = false;
        if (!rule->enabled || rule->skipped || !rule->condition)
            continue;
        if (vl_rule_condition_holds(rule->condition, event, arena, &holds, &err) < 0)
            die(&err);
        if (holds != has_fired(fired, rule->name)) {
            run->differ++;
            (void)printf("program and condition differ: %s: %d\n", rule->name, holds);
        }
    }
}

static int foreign_event(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    const struct vl_doc_node *wanted = vl_doc_get(vl_doc_root(owned), "rules");
    struct run *run = user;
    struct fired fired = {.n = 0};
    struct vl_event event;
    int r = vl_event_from_recorded(owned, &event, err);
    if (r >= 0)
        r = vl_rule_match(run->matcher, &event, on_rule, &fired, err);
    for (unsigned i = 0; i < fired.n && r >= 0; i++) {
        if (has_text(wanted, fired.names[i]))
            run->matches++;
        else if (has_text(run->open_rules, fired.names[i]))
            run->extra++;
        else
            run->other++;
        if (!has_text(wanted, fired.names[i]))
            (void)printf("too many: event %llu: %s\n", (unsigned long long)event.sequence, fired.names[i]);
    }
    for (const struct vl_doc_node *n = vl_doc_first(wanted); n && r >= 0; n = vl_doc_next(n)) {
        if (!has_fired(&fired, vl_doc_span(n).ptr)) {
            run->missing++;
            (void)printf("too few: event %llu: %.*s\n", (unsigned long long)event.sequence,
                VL_SPAN_FMT(vl_doc_span(n)));
        }
    }
    if (r >= 0 && (fired.n || run->events++ % 16 == 0))
        compare(run, &event, &fired);
    return r;
}

int main(void)
{
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_rule_program_cleanup) struct vl_rule_program *program = NULL;
    VL_CLEANUP(vl_rule_matcher_cleanup) struct vl_rule_matcher *matcher = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *open_rules = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf events, names;
    struct vl_err err = VL_ERR_INIT;
    char path[4096];
    vl_buf_init(&events, FILE_MAX);
    vl_buf_init(&names, FILE_MAX);
    read_gzip("falco-live-dump/events.jsonl.gz", &events);
    (void)snprintf(path, sizeof(path), "%s/cases/falco-live-dump/open-rules.json", shared_dir());
    if (vl_file_read(path, FILE_MAX, &names, &err) < 0 ||
        vl_doc_parse(vl_buf_span(&names), VL_DOC_JSON, path, &open_rules, &err) < 0 ||
        vl_ruleset_new(&set, &err) < 0)
        die(&err);
    add_rules(set, "falco_rules.yaml");
    add_rules(set, "falco-incubating_rules.yaml");
    add_rules(set, "falco-sandbox_rules.yaml");
    if (vl_ruleset_finish(set, &err) < 0 || vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err) < 0 ||
        vl_rule_matcher_new(program, &matcher, &err) < 0)
        die(&err);
    struct run run = {.set = set, .matcher = matcher, .open_rules = vl_doc_root(open_rules)};
    if (vl_doc_parse_stream(vl_buf_span(&events), VL_DOC_JSON, "events", foreign_event, &run, &err) < 0)
        die(&err);
    (void)printf("falco-live-dump: %u matches of %u, %u extra, %u of other rules, %u differences from single "
                 "conditions; "
                 "%u rules, %u errors\n",
        run.matches, run.matches + run.missing, run.extra, run.other, run.differ, vl_ruleset_size(set),
        vl_ruleset_errors(set));
    return run.matches && !run.missing && !run.extra && !run.other && !run.differ && !vl_ruleset_errors(set)
               ? 0
               : 1;
}
