/* Nanoseconds an event of a rule program, its fields read included: bench-rules EVENTS.jsonl[.gz] RULES.yaml…
 *
 * Three ways: all rules; one rule (the first that is enabled) by itself; and all rules over events that are
 * read from JSON at each look. "in turn": pass after pass over all events, so that nothing of an event is in
 * the nearest cache; "again": each event many times in a row. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "codec/doc.h"
#include "codec/stream.h"
#include "rule/program.h"

#define FILE_MAX_BYTES (1024UL * 1024 * 1024)
#define EVENTS_MAX     100000
#define PASSES         40
#define CHUNK          64U
#define AGAIN          100
#define ROUNDS         12

struct bench {
    struct vl_arena *arena;
    struct vl_doc *docs[EVENTS_MAX];
    struct vl_event flat[EVENTS_MAX], plain[EVENTS_MAX];
    uint32_t n;
    unsigned long fired;
};

static void die(const struct vl_err *err)
{
    (void)fprintf(stderr, "%s\n", err->msg);
    exit(1);
}

/* Processor time: other programs on the machine do not count, but for what they do to the caches. */
static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static void read_all(const char *path, struct vl_buf *out)
{
    VL_CLEANUP(vl_file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct vl_stream *packed = NULL, *stream = NULL;
    struct vl_err err = VL_ERR_INIT;
    char piece[65536];
    int64_t n;
    if (fd < 0 || vl_stream_new_fd(fd, path, UINT64_MAX, &packed, &err) < 0 ||
        vl_stream_new_auto(packed, FILE_MAX_BYTES, &stream, &err) < 0) {
        (void)fprintf(stderr, "%s: cannot be read %s\n", path, err.msg);
        exit(1);
    }
    while ((n = vl_stream_read(stream, piece, sizeof(piece), &err)) > 0)
        vl_buf_append(out, piece, (size_t)n);
    if (n < 0)
        die(&err);
    vl_stream_free(stream);
}

static int on_doc(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct bench *b = user;
    if (b->n == EVENTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d events", EVENTS_MAX);
    b->docs[b->n] = doc;
    int r = vl_event_from_recorded(doc, &b->plain[b->n], err);
    if (r >= 0)
        r = vl_event_from_recorded_flat(doc, b->arena, &b->flat[b->n], err);
    b->n++;
    return r;
}

static int on_rule(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    struct bench *b = user;
    (void)rule, (void)event, (void)err;
    b->fired++;
    return 0;
}

static void match(struct bench *b, struct vl_rule_matcher *m, const struct vl_event *event)
{
    struct vl_err err;
    if (vl_rule_match(m, event, on_rule, b, &err) < 0)
        die(&err);
}

/* Pass after pass over as many events as the second cache holds. */
static double in_chunks(struct bench *b, struct vl_rule_matcher *m)
{
    double total = 0;
    for (uint32_t from = 0; from < b->n; from += CHUNK) {
        uint32_t to = from + CHUNK < b->n ? from + CHUNK : b->n;
        double best = 1e18;
        for (unsigned pass = 0; pass < PASSES; pass++) {
            uint64_t start = now_ns();
            for (uint32_t i = from; i < to; i++)
                match(b, m, &b->flat[i]);
            double ns = (double)(now_ns() - start);
            best = ns < best ? ns : best;
        }
        total += best;
    }
    return total / b->n;
}

static double in_turn(struct bench *b, struct vl_rule_matcher *m, const struct vl_event *events)
{
    double best = 1e18;
    for (unsigned pass = 0; pass < PASSES; pass++) {
        uint64_t start = now_ns();
        for (uint32_t i = 0; i < b->n; i++)
            match(b, m, &events[i]);
        double ns = (double)(now_ns() - start) / b->n;
        best = ns < best ? ns : best;
    }
    return best;
}

static void by_type(struct bench *b, struct vl_rule_matcher *m)
{
    static double sum[VL_EVENT_TYPES_MAX];
    static unsigned count[VL_EVENT_TYPES_MAX];
    double total = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        match(b, m, &b->flat[i]);
        double ns = 1e18;
        for (unsigned round = 0; round < ROUNDS; round++) {
            uint64_t start = now_ns();
            for (unsigned j = 0; j < AGAIN; j++)
                match(b, m, &b->flat[i]);
            double mean = (double)(now_ns() - start) / AGAIN;
            ns = mean < ns ? mean : ns; /* the machine has other things to do */
        }
        sum[b->flat[i].type] += ns;
        count[b->flat[i].type]++;
        total += ns;
    }
    for (unsigned t = 0; t < VL_EVENT_TYPES_MAX; t++) {
        if (count[t])
            printf("  %-14s %6u events %8.1f ns\n",
                vl_event_type_name((uint16_t)t) ? vl_event_type_name((uint16_t)t) : "other", count[t],
                sum[t] / count[t]);
    }
    printf("all rules, again:            %8.1f ns an event\n", total / b->n);
}

/* Rules as they are; with `only` all but the first enabled one are left out. */
static struct vl_rule_matcher *build(char **files, bool only, const struct vl_ruleset **ret_set)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set;
    struct vl_rule_program *program;
    struct vl_rule_matcher *matcher;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, FILE_MAX_BYTES);
    if (vl_ruleset_new(&set, &err) < 0)
        die(&err);
    for (; *files; files++) {
        vl_buf_clear(&text);
        read_all(*files, &text);
        if (vl_ruleset_add(set, vl_buf_span(&text), *files, &err) < 0)
            die(&err);
    }
    if (only) {
        static const char one[] =
            "- rule: one\n  desc: d\n  condition: evt.type in (open, openat, openat2) and "
            "evt.is_open_write = true and fd.name startswith /etc\n"
            "  output: o\n  priority: INFO\n";
        if (vl_ruleset_add(set, vl_span_str(one), "one", &err) < 0)
            die(&err);
    }
    if (vl_ruleset_finish(set, &err) < 0)
        die(&err);
    uint64_t start = now_ns();
    if (vl_rule_program_new(set, VL_RULE_MATCH_ALL, &program, &err) < 0)
        die(&err);
    double ms = (double)(now_ns() - start) / 1e6;
    start = now_ns();
    if (vl_rule_matcher_new(program, &matcher, &err) < 0)
        die(&err);
    printf("%u rules: program made in %.1f ms, matcher in %.1f ms\n", vl_ruleset_size(set), ms,
        (double)(now_ns() - start) / 1e6);
    *ret_set = set;
    return matcher;
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_ruleset *set;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char *none[] = {NULL};
    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench-rules EVENTS.jsonl[.gz] RULES.yaml...\n");
        return 3;
    }
    vl_buf_init(&text, FILE_MAX_BYTES);
    b.arena = vl_arena_new(FILE_MAX_BYTES);
    read_all(argv[1], &text);
    if (vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, argv[1], on_doc, &b, &err) < 0)
        die(&err);
    struct vl_rule_matcher *all = build(argv + 2, false, &set), *one = build(none, true, &set);
    for (uint32_t i = 0; i < b.n; i++)
        match(&b, all, &b.flat[i]);
    printf("%u events, %lu matches\n", b.n, b.fired);
    by_type(&b, all);
    printf("all rules, %u in turn:       %8.1f ns an event\n", CHUNK, in_chunks(&b, all));
    printf("all rules, in turn:          %8.1f ns an event\n", in_turn(&b, all, b.flat));
    printf("one rule, in turn:           %8.1f ns an event\n", in_turn(&b, one, b.flat));
    printf("all rules, JSON at each look:%8.1f ns an event\n", in_turn(&b, all, b.plain));
    return 0;
}
