/* Foreign cases of the checker and the estimator: VALLUM_SHARED/cases/cel-spec (what Kubernetes 1.36 says to
 * each expression, and the types that the specification wants) and k8s-cel/library.jsonl (types and costs of
 * Kubernetes' libraries). */
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
#include "estimate.h"

#define KUBERNETES_TEXT_MAX 12 /* what Kubernetes' own tests of its costs assume of texts */

static const char *shared_dir(char path[PATH_MAX])
{
    const char *shared = getenv("VALLUM_SHARED"), *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(path, PATH_MAX, "%s%s",
        shared   ? shared
        : source ? source
                 : ".",
        shared ? "" : "/../shared");
    return path;
}

struct compiled {
    struct vl_cel_env *env;
    struct vl_arena *arena;
    struct vl_cel_issues issues;
    struct vl_cel_parsed tree;
    struct vl_err err;
    int result;
    bool outside; /* needs types or functions that only the suite has */
};

static void declare_all(struct compiled *c, const struct vl_doc_node *type_env)
{
    for (const struct vl_doc_node *v = vl_doc_first(type_env); v; v = vl_doc_next(v)) {
        struct vl_err err = VL_ERR_INIT;
        const char *name = vl_doc_get_str(v, "name").ptr, *type = vl_doc_get_str(v, "type").ptr;
        if (vl_doc_get(v, "function") || !name || !type || vl_cel_env_variable(c->env, name, type, &err) < 0)
            c->outside = true;
    }
}

static void compile(struct compiled *c, const struct vl_doc_node *row, enum vl_cel_profile profile)
{
    memset(c, 0, sizeof(*c));
    struct vl_cel_env_options options = {.profile = profile,
        .kubernetes_minor = 36,
        .authorizer = true,
        .container = vl_doc_get_str(row, "container").ptr};
    assert_int_equal(vl_cel_env_new(&options, &c->env, &c->err), 0);
    declare_all(c, vl_doc_get(row, "type_env"));
    struct vl_cel_parse_options parse_options = vl_cel_env_parse_options(c->env);
    c->arena = vl_arena_new(64UL * 1024 * 1024);
    assert_non_null(c->arena);
    c->issues.text = vl_doc_get_str(row, "expr");
    c->issues.arena = c->arena;
    c->result = vl_cel_parse(c->issues.text, &parse_options, c->arena, &c->issues, &c->tree, &c->err);
    if (c->result >= 0)
        c->result = vl_cel_check(c->env, &c->tree, c->arena, &c->issues, &c->err);
}

static void done(struct compiled *c)
{
    vl_arena_free(c->arena);
    vl_cel_env_free(c->env);
}

/* --- files of rows --- */

struct run {
    const char *set, *file;
    size_t total, passed, outside;
    /* 1: passed, 0: failed (and says so), -1: outside */
    int (*row)(struct run *run, const struct vl_doc_node *row);
};

static int each_row(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct run *run = user;
    (void)err;
    int r = run->row(run, vl_doc_root(doc));
    run->total += r >= 0;
    run->passed += r > 0;
    run->outside += r < 0;
    vl_doc_free(doc);
    return 0;
}

static void run_file(struct run *run, const char *path, const char *file)
{
    struct vl_buf buf VL_CLEANUP(vl_buf_done) = {0};
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&buf, 64UL << 20);
    run->file = file;
    run->total = run->passed = run->outside = 0;
    assert_int_equal(vl_file_read(path, buf.max, &buf, &err), 0);
    if (vl_doc_parse_stream(vl_buf_span(&buf), VL_DOC_JSON, file, each_row, run, &err) < 0)
        fail_msg("%s", err.msg);
    print_message("%s/%s: %zu agree, %zu differ, %zu outside\n", run->set, file, run->passed,
        run->total - run->passed, run->outside);
}

static int report(const struct run *run, const struct vl_doc_node *row, const char *got, const char *want)
{
    print_message("FAILED %s/%s\t%.*s\n    got    %s\n    wanted %s\n", run->set, run->file,
        VL_SPAN_FMT(vl_doc_get_str(row, "expr")), got, want);
    return 0;
}

/* --- cel-spec in Kubernetes' profile: compiles or not, with the same issues --- */

static int kubernetes_row(struct run *run, const struct vl_doc_node *row)
{
    struct compiled c;
    struct vl_span verdict = vl_doc_get_str(row, "k8s136"), detail = vl_doc_get_str(row, "k8s136_detail");
    if (!verdict.len)
        return -1;
    /* Kubernetes folds constants when it compiles; what fails there fails with us when it runs */
    bool wanted = !vl_span_eq_str(verdict, "compile_error") || !vl_span_starts_with(detail, "ERROR:");
    compile(&c, row, VL_CEL_PROFILE_KUBERNETES);
    struct vl_buf got VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&got, 1UL << 20);
    int r = 1;
    assert_int_equal(vl_cel_issues_format(&c.issues, &got, &c.err), 0);
    struct vl_span rest = vl_buf_span(&got), first = VL_SPAN_EMPTY;
    (void)vl_span_split_line(&rest, &first);
    if (wanted ? c.result < 0 : !vl_span_eq(first, detail))
        r = report(run, row, vl_buf_str(&got), wanted ? "no issue" : detail.ptr);
    done(&c);
    return r;
}

/* --- cel-spec in its own profile: compiles, with the types that the suite wants --- */

static const char *spec_name(const char *name)
{
    return strcmp(name, "timestamp") == 0  ? "google.protobuf.Timestamp"
           : strcmp(name, "duration") == 0 ? "google.protobuf.Duration"
                                           : name;
}

/* An extension that this release does not have. */
static bool lacks(const struct compiled *c, const char *file, const char *part, const char *function)
{
    return strstr(file, part) && !vl_cel_env_find_function(c->env, vl_span_str(function));
}

static int spec_row(struct run *run, const struct vl_doc_node *row)
{
    struct compiled c;
    const struct vl_doc_node *expect = vl_doc_get(row, "expect");
    struct vl_span type = vl_doc_get_str(expect, "type");
    int r = 1;
    if (vl_span_eq_str(vl_doc_get_str(row, "needs_protobuf"), "schema") ||
        vl_doc_bool(vl_doc_get(row, "disable_check")) || vl_doc_get(expect, "error") ||
        strstr(run->file, "block_ext"))
        return -1;
    compile(&c, row, VL_CEL_PROFILE_CEL_SPEC);
    c.outside |=
        lacks(&c, run->file, "math_ext", "math.abs") || lacks(&c, run->file, "encoders_ext", "base64.encode");
    struct vl_buf got VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&got, 1UL << 20);
    if (c.outside)
        r = -1;
    else if (c.result < 0)
        r = report(run, row, c.err.msg, "no issue");
    else if (type.len) {
        assert_int_equal(vl_cel_type_format(c.tree.root->type, &got, &c.err), 0);
        if (strcmp(vl_buf_str(&got), spec_name(type.ptr)) != 0)
            r = report(run, row, vl_buf_str(&got), type.ptr);
    }
    done(&c);
    return r;
}

/* --- Kubernetes' libraries --- */

static uint64_t number(const struct vl_doc_node *node)
{
    int64_t i = 0;
    return vl_doc_int(node, &i) ? (uint64_t)i : UINT64_MAX;
}

static int costs_row(struct run *run, const struct vl_doc_node *row, const struct compiled *c)
{
    char got[96], want[96];
    uint64_t min = number(vl_doc_get(row, "estMin")), max = number(vl_doc_get(row, "estMax"));
    struct vl_cel_estimate_options options = {.text_max = KUBERNETES_TEXT_MAX};
    struct vl_cel_range range = vl_cel_estimate_with(c->tree.root, &options);
    if (range.min == min && range.max == max)
        return 1;
    (void)snprintf(
        got, sizeof(got), "[%llu, %llu]", (unsigned long long)range.min, (unsigned long long)range.max);
    (void)snprintf(want, sizeof(want), "[%llu, %llu]", (unsigned long long)min, (unsigned long long)max);
    return report(run, row, got, want);
}

static int library_row(struct run *run, const struct vl_doc_node *row)
{
    struct compiled c;
    const struct vl_doc_node *oracle = vl_doc_get(row, "k8s136");
    struct vl_span type = vl_doc_get_str(oracle, "type"), issue = vl_doc_get_str(oracle, "compile_error");
    compile(&c, row, VL_CEL_PROFILE_KUBERNETES);
    struct vl_buf got VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&got, 1UL << 20);
    int r = 1;
    bool authorizes = vl_span_find(c.issues.text, VL_SPAN_LIT("authorizer")) != SIZE_MAX;
    if (issue.len && vl_span_starts_with(issue, "ERROR:") && !authorizes) { /* the oracle has none */
        assert_int_equal(vl_cel_issues_format(&c.issues, &got, &c.err), 0);
        if (strcmp(vl_buf_str(&got), issue.ptr) != 0)
            r = report(run, row, vl_buf_str(&got), issue.ptr);
    } else if (c.result < 0) {
        /* what the suite itself allows: an expression of another version of the library */
        r = issue.len || vl_doc_size(vl_doc_get(row, "compileErrs"))
                ? 1
                : report(run, row, c.err.msg, "no issue");
    } else {
        assert_int_equal(vl_cel_type_format(c.tree.root->type, &got, &c.err), 0);
        if (type.len && strcmp(vl_buf_str(&got), type.ptr) != 0)
            r = report(run, row, vl_buf_str(&got), type.ptr);
        else if (vl_doc_get(row, "estMin"))
            r = costs_row(run, row, &c);
    }
    done(&c);
    return r;
}

/* --- */

static void run_folder(const char *set, int (*row)(struct run *, const struct vl_doc_node *))
{
    char shared[PATH_MAX], dir[PATH_MAX + 64], path[2 * PATH_MAX];
    struct dirent **entries = NULL;
    size_t total = 0, passed = 0;
    (void)snprintf(dir, sizeof(dir), "%s/cases/cel-spec", shared_dir(shared));
    int n = scandir(dir, &entries, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (vl_span_ends_with(vl_span_str(entries[i]->d_name), ".jsonl")) {
            struct run run = {.set = set, .row = row};
            (void)snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
            run_file(&run, path, entries[i]->d_name);
            total += run.total;
            passed += run.passed;
        }
        free(entries[i]);
    }
    free(entries);
    print_message("foreign: cel/%s %zu/%zu\n", set, passed, total);
    assert_int_equal(passed, total);
}

static void test_cel_spec_in_kubernetes(void **state)
{
    (void)state;
    run_folder("cel-spec-kubernetes", kubernetes_row);
}

static void test_cel_spec(void **state)
{
    (void)state;
    run_folder("cel-spec-types", spec_row);
}

static void test_libraries(void **state)
{
    char shared[PATH_MAX], path[PATH_MAX + 64];
    struct run run = {.set = "k8s-cel-estimate", .row = library_row};
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/cases/k8s-cel/library.jsonl", shared_dir(shared));
    run_file(&run, path, "library");
    print_message("foreign: cel/%s %zu/%zu\n", run.set, run.passed, run.total);
    assert_int_equal(run.passed, run.total);
}

int main(void)
{
    char shared[PATH_MAX], dir[PATH_MAX + 64];
    (void)snprintf(dir, sizeof(dir), "%s/cases/cel-spec", shared_dir(shared));
    DIR *d = opendir(dir);
    if (!d) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", dir);
        return 77;
    }
    (void)closedir(d);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel_spec_in_kubernetes),
        cmocka_unit_test(test_cel_spec),
        cmocka_unit_test(test_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
