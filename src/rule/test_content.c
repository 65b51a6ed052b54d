/* Our own detections (content/rules) against the events beside them (content/rules/tests): each rule must
 * fire on what is written for it, and must not on what is like it. A case is one line, or several that follow
 * each other with the same name; "fires" of its last line counts. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "rule/correlate.h"
#include "rule/program.h"

#define FILES_MAX     200
#define FILE_MAX      (16UL * 1024 * 1024)
#define CASE_NAME_MAX 256

struct coverage {
    unsigned yes, no;
};

struct run {
    struct vl_ruleset *set;
    struct vl_rule_program *program;
    struct vl_rule_matcher *matcher;
    struct vl_correlator *correlator;
    struct coverage *coverage; /* one a rule */
    bool *fired;               /* … in the case at hand */
    const char *file;
    unsigned line, cases, wrong;
    char name[CASE_NAME_MAX]; /* of the case at hand */
    const struct vl_rule *rule;
    bool wanted;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Files of a folder that end so, sorted. */
static unsigned list_files(const char *folder, const char *suffix, char paths[FILES_MAX][512])
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        fail_msg("%s is missing", folder);
    unsigned n = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (!vl_span_ends_with(vl_span_str(e->d_name), suffix))
            continue;
        assert_in_range(n, 0, FILES_MAX - 1);
        int put = snprintf(paths[n], sizeof(paths[n]), "%s/%s", folder, e->d_name);
        assert_in_range(put, 1, sizeof(paths[n]) - 1);
        n++;
    }
    (void)closedir(dir);
    qsort(paths, n, sizeof(paths[0]), by_name);
    return n;
}

static const char *source_folder(const char *below, char path[400])
{
    const char *root = getenv("VALLUM_CHECKOUT");
    int n = snprintf(path, 400, "%s/content/rules%s", root != NULL ? root : ".", below);
    assert_in_range(n, 1, 399);
    return path;
}

static void read_file(const char *path, struct vl_buf *text)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(text, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, text, &err) < 0)
        fail_msg("%s", err.msg);
}

static void load(struct run *run)
{
    static char paths[FILES_MAX][512];
    char folder[400];
    struct vl_err err = VL_ERR_INIT;
    *run = (struct run){0};
    assert_int_equal(vl_ruleset_new(&run->set, &err), 0);
    unsigned n = list_files(source_folder("", folder), ".yaml", paths);
    for (unsigned i = 0; i < n; i++) {
        struct vl_buf text;
        read_file(paths[i], &text);
        assert_int_equal(vl_ruleset_add(run->set, vl_buf_span(&text), paths[i], &err), 0);
        vl_buf_done(&text);
    }
    assert_int_equal(vl_ruleset_finish(run->set, &err), 0);
    for (uint32_t i = 0; i < vl_ruleset_problems(run->set); i++) {
        const struct vl_rule_problem *p = vl_ruleset_problem(run->set, i);
        (void)printf("%s:%u: %s\n", p->file, p->line, p->message);
    }
    assert_int_equal(vl_ruleset_problems(run->set), 0); /* not even a warning */
    assert_int_equal(vl_rule_program_new(run->set, VL_RULE_MATCH_ALL, &run->program, &err), 0);
    assert_int_equal(vl_rule_matcher_new(run->program, &run->matcher, &err), 0);
    run->coverage = calloc(vl_ruleset_size(run->set) + 1UL, sizeof(*run->coverage));
    run->fired = calloc(vl_ruleset_size(run->set) + 1UL, sizeof(bool));
    assert_non_null(run->coverage);
    assert_non_null(run->fired);
}

static void unload(struct run *run)
{
    vl_correlator_free(run->correlator);
    vl_rule_matcher_free(run->matcher);
    vl_rule_program_free(run->program);
    vl_ruleset_free(run->set);
    free(run->coverage);
    free(run->fired);
}

static int on_correlation(const struct vl_correlation *fired, void *user, struct vl_err *err)
{
    (void)err;
    struct run *run = user;
    run->fired[fired->rule->index] = true;
    return 0;
}

static int on_match(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err)
{
    struct run *run = user;
    bool alone = false;
    int r = vl_correlator_feed(run->correlator, rule, event, on_correlation, run, &alone, err);
    run->fired[rule->index] = run->fired[rule->index] || alone;
    return r;
}

static void case_end(struct run *run)
{
    if (run->rule == NULL)
        return;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_correlator_finish(run->correlator, on_correlation, run, &err), 0);
    bool fired = run->fired[run->rule->index];
    struct coverage *coverage = &run->coverage[run->rule->index];
    coverage->yes += run->wanted;
    coverage->no += !run->wanted;
    run->cases++;
    if (fired != run->wanted) {
        run->wrong++;
        (void)printf("%s:%u: %s: %s %s\n", run->file, run->line, run->name, run->rule->name,
            fired ? "fires" : "does not fire");
    }
    run->rule = NULL;
}

static void case_begin(struct run *run, struct vl_span name, struct vl_span rule)
{
    struct vl_err err = VL_ERR_INIT;
    char text[CASE_NAME_MAX];
    int n = snprintf(text, sizeof(text), "%.*s", VL_SPAN_FMT(rule));
    assert_in_range(n, 1, sizeof(text) - 1);
    run->rule = vl_ruleset_find(run->set, text);
    if (run->rule == NULL)
        fail_msg("%s:%u: no rule %s", run->file, run->line, text);
    n = snprintf(run->name, sizeof(run->name), "%.*s", VL_SPAN_FMT(name));
    assert_in_range(n, 1, sizeof(run->name) - 1);
    memset(run->fired, 0, vl_ruleset_size(run->set) * sizeof(bool));
    vl_correlator_free(run->correlator);
    run->correlator = NULL;
    assert_int_equal(vl_correlator_new(run->set, &run->correlator, &err), 0);
}

static int on_line(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    struct run *run = user;
    const struct vl_doc_node *root = vl_doc_root(owned), *audit = vl_doc_get(root, "event");
    struct vl_span name = vl_doc_get_str(root, "case");
    if (run->rule == NULL || !vl_span_eq_str(name, run->name) ||
        !vl_span_eq_str(vl_doc_get_str(root, "rule"), run->rule->name)) {
        case_end(run);
        run->line++;
        case_begin(run, name, vl_doc_get_str(root, "rule"));
    } else {
        run->line++;
    }
    run->wanted = vl_doc_bool(vl_doc_get(root, "fires"));
    struct vl_event event;
    int r =
        audit != NULL ? vl_event_from_audit(audit, &event, err) : vl_event_from_recorded(owned, &event, err);
    if (r >= 0)
        r = vl_correlator_advance(run->correlator, &event, on_correlation, run, err);
    if (r >= 0)
        r = vl_rule_match(run->matcher, &event, on_match, run, err);
    return r < 0 ? r : 0;
}

static void test_cases(void **state)
{
    (void)state;
    static char paths[FILES_MAX][512];
    char folder[400];
    struct run run;
    struct vl_err err = VL_ERR_INIT;
    load(&run);
    unsigned n = list_files(source_folder("/tests", folder), ".jsonl", paths);
    for (unsigned i = 0; i < n; i++) {
        struct vl_buf text;
        read_file(paths[i], &text);
        run.file = paths[i];
        run.line = 0;
        if (vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, paths[i], on_line, &run, &err) < 0)
            fail_msg("%s:%u: %s", paths[i], run.line, err.msg);
        case_end(&run);
        vl_buf_done(&text);
    }
    unsigned rules = 0, bare = 0;
    for (uint32_t i = 0; i < vl_ruleset_size(run.set); i++) {
        const struct vl_rule *rule = vl_ruleset_at(run.set, i);
        if (rule->silent)
            continue;
        rules++;
        if (run.coverage[i].yes > 0 && run.coverage[i].no > 0)
            continue;
        bare++;
        (void)printf("%s: %u events that it must see, %u that it must not\n", rule->name, run.coverage[i].yes,
            run.coverage[i].no);
    }
    (void)printf("content/rules: %u rules, %u cases, %u wrong, %u rules without both kinds\n", rules,
        run.cases, run.wrong, bare);
    assert_int_equal(run.wrong, 0);
    assert_int_equal(bare, 0);
    assert_true(rules >= 60);
    unload(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
