/* The test suite of package-url/purl-spec: VALLUM_SHARED/cases/purl. Cases listed in wrong-cases.tsv may
 * fail; all others must pass. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/doc.h"
#include "model/purl.h"

struct run {
    struct vl_span wrong; /* of wrong-cases.tsv: "file TAB test type TAB input TAB why TAB source" */
    size_t total, passed, excused;
};

static const char *cases_dir(char path[PATH_MAX])
{
    const char *shared = getenv("VALLUM_SHARED"), *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(path, PATH_MAX, "%s%s/cases/purl",
        shared   ? shared
        : source ? source
                 : ".",
        shared ? "" : "/../shared");
    return path;
}

static bool excused(const struct run *run, const char *file, const struct vl_doc_node *test)
{
    struct vl_span rest = run->wrong, line;
    char key[2048];
    int n = snprintf(key, sizeof(key), "%s\t%.*s\t%.*s\t", file,
        VL_SPAN_FMT(vl_doc_get_str(test, "test_type")), VL_SPAN_FMT(vl_doc_get_str(test, "input")));
    assert_true(n > 0 && (size_t)n < sizeof(key));
    while (vl_span_split_line(&rest, &line)) {
        if (vl_span_starts_with(line, key))
            return true;
    }
    return false;
}

static const char *member(const struct vl_doc_node *object, const char *key, struct vl_arena *arena)
{
    const struct vl_doc_node *node = vl_doc_get(object, key);
    return vl_doc_is(node, VL_DOC_STRING) ? vl_arena_dup_span(arena, vl_doc_span(node)) : NULL;
}

static struct vl_purl from_parts(const struct vl_doc_node *parts, struct vl_arena *arena)
{
    struct vl_purl purl = {
        .type = member(parts, "type", arena),
        .namespace = member(parts, "namespace", arena),
        .name = member(parts, "name", arena),
        .version = member(parts, "version", arena),
        .subpath = member(parts, "subpath", arena),
    };
    const struct vl_doc_node *q = vl_doc_first(vl_doc_get(parts, "qualifiers"));
    for (; q; q = vl_doc_next(q)) {
        purl.qualifiers[purl.n_qualifiers++] = (struct vl_purl_qualifier){
            vl_arena_dup_span(arena, vl_doc_key(q)), vl_arena_dup_span(arena, vl_doc_span(q))};
    }
    return purl;
}

static bool same(const char *a, const struct vl_doc_node *parts, const char *key)
{
    const struct vl_doc_node *b = vl_doc_get(parts, key);
    return a ? vl_doc_is(b, VL_DOC_STRING) && vl_span_eq_str(vl_doc_span(b), a)
             : !vl_doc_is(b, VL_DOC_STRING);
}

static bool same_parts(const struct vl_purl *purl, const struct vl_doc_node *parts)
{
    const struct vl_doc_node *expected = vl_doc_get(parts, "qualifiers");
    if (!same(purl->type, parts, "type") || !same(purl->namespace, parts, "namespace") ||
        !same(purl->name, parts, "name") || !same(purl->version, parts, "version") ||
        !same(purl->subpath, parts, "subpath") || purl->n_qualifiers != vl_doc_size(expected))
        return false;
    for (size_t i = 0; i < purl->n_qualifiers; i++) {
        if (!vl_doc_get(expected, purl->qualifiers[i].key) ||
            !vl_span_eq_str(vl_doc_get_str(expected, purl->qualifiers[i].key), purl->qualifiers[i].value))
            return false;
    }
    return true;
}

static bool case_passes(const struct vl_doc_node *test)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_PURL_MAX);
    struct vl_span kind = vl_doc_get_str(test, "test_type");
    bool build = vl_span_eq_str(kind, "build"), parse = vl_span_eq_str(kind, "parse");
    assert_true(build || parse || vl_span_eq_str(kind, "validate"));
    struct vl_purl purl = {0};
    int r;
    if (build) {
        purl = from_parts(vl_doc_get(test, "input"), arena);
        r = vl_purl_normalize(&purl, arena, &err);
    } else {
        r = vl_purl_parse(vl_doc_get_str(test, "input"), arena, &purl, &err);
    }
    if (r >= 0)
        r = vl_purl_format(&purl, &text, &err);
    if (vl_doc_bool(vl_doc_get(test, "expected_failure")))
        return r < 0 && err.code == VL_ERR_INVALID;
    if (r < 0)
        return false;
    return parse ? same_parts(&purl, vl_doc_get(test, "expected_output"))
                 : vl_span_eq(vl_doc_get_str(test, "expected_output"), vl_buf_span(&text));
}

static void run_file(struct run *run, const char *dir, const char *file)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    char path[2 * PATH_MAX];
    vl_buf_init(&buf, 16UL << 20);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, file);
    assert_int_equal(vl_file_read(path, buf.max, &buf, &err), 0);
    assert_int_equal(vl_doc_parse(vl_buf_span(&buf), VL_DOC_JSON, file, &doc, &err), 0);
    const struct vl_doc_node *test = vl_doc_first(vl_doc_get(vl_doc_root(doc), "tests"));
    for (; test; test = vl_doc_next(test)) {
        bool ok = case_passes(test);
        run->total++;
        run->passed += ok;
        if (!ok && excused(run, file, test))
            run->excused++;
        else if (!ok)
            print_message("FAILED %s:%u %.*s\n", file, vl_doc_line(test),
                VL_SPAN_FMT(vl_doc_get_str(test, "description")));
    }
}

static void test_cases(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf wrong;
    struct vl_err err = VL_ERR_INIT;
    struct run run = {.total = 0};
    char dir[PATH_MAX], list[PATH_MAX];
    struct dirent **entries = NULL;
    vl_buf_init(&wrong, 1UL << 20);
    (void)snprintf(list, sizeof(list), "%s/src/model/wrong-cases.tsv", getenv("VALLUM_CHECKOUT"));
    assert_int_equal(vl_file_read(list, wrong.max, &wrong, &err), 0);
    run.wrong = vl_buf_span(&wrong);
    int n = scandir(cases_dir(dir), &entries, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (vl_span_ends_with(vl_span_str(entries[i]->d_name), ".json"))
            run_file(&run, dir, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    print_message("foreign: model/purl %zu/%zu\n", run.passed, run.total);
    assert_true(run.total > 0);
    assert_int_equal(run.passed + run.excused, run.total);
}

int main(void)
{
    char path[PATH_MAX];
    DIR *d = opendir(cases_dir(path));
    if (!d) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", path);
        return 77;
    }
    (void)closedir(d);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
