/* tests: schema.c schema_view.c
 * Foreign cases: VALLUM_SHARED/cases/k8s-cel/crd-validation.jsonl, rules of CustomResourceDefinitions that
 * hold, fail to compile or fail to run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cel/cel.h"

static void cases_path(char path[PATH_MAX])
{
    const char *shared = getenv("VALLUM_SHARED"), *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(path, PATH_MAX, "%s%s/cases/k8s-cel/crd-validation.jsonl",
        shared   ? shared
        : source ? source
                 : ".",
        shared ? "" : "/../shared");
}

struct group {
    const struct vl_doc_node *row;
    struct vl_cel_env *env;
    size_t total, passed;
};

static struct vl_cel_env *new_env(const struct vl_doc_node *row)
{
    struct vl_cel_env_options options = {.kubernetes_minor = 36};
    const struct vl_doc_node *schema = vl_doc_get(row, "schema");
    struct vl_cel_env *env = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_cel_env_new(&options, &env, &err), 0);
    int r = vl_doc_bool(vl_doc_get(row, "isRoot")) ? vl_cel_env_variable_resource(env, "self", schema, &err)
                                                   : vl_cel_env_variable_schema(env, "self", schema, &err);
    if (r >= 0)
        r = vl_cel_env_variable_schema(env, "oldSelf", schema, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
    return env;
}

/* "" where the rule holds, else why not. */
static void judge(const struct group *g, struct vl_span rule, struct vl_buf *out)
{
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = NULL;
    struct vl_cel_value value;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cel_compile(g->env, rule, &program, &err) < 0) {
        vl_buf_printf(out, "compilation failed: %s", err.msg);
        return;
    }
    assert_int_equal(vl_cel_run_new(&run, &err), 0);
    vl_cel_run_reset(run, VL_CEL_COST_POLICY_MAX);
    vl_cel_bind(run, (unsigned)vl_cel_env_index(g->env, "self"), vl_cel_from_doc(vl_doc_get(g->row, "obj")));
    if (vl_cel_eval(run, program, &value, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    if (value.kind == VL_CEL_ERROR)
        vl_buf_append_str(out, value.as.error->message);
    else if (value.kind != VL_CEL_BOOL || !value.as.boolean)
        vl_buf_append_str(out, "failed rule");
}

static void judge_one(struct group *g, struct vl_span rule, struct vl_span wanted)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, 1UL << 20);
    judge(g, rule, &out);
    /* the suite's own words around the error are not part of it */
    size_t at = vl_span_find(wanted, VL_SPAN_LIT("ERROR: "));
    if (at != SIZE_MAX)
        wanted = vl_span_slice(wanted, at, wanted.len);
    bool good = wanted.len ? vl_span_find(vl_buf_span(&out), wanted) != SIZE_MAX : out.len == 0;
    g->total++;
    g->passed += good;
    if (!good)
        print_message("FAILED %.*s\t%.*s\n    got    %s\n    wanted %.*s\n",
            VL_SPAN_FMT(vl_doc_get_str(g->row, "name")), VL_SPAN_FMT(rule), vl_buf_str(&out),
            VL_SPAN_FMT(wanted));
}

static int each_group(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct group *all = user;
    struct group g = {.row = vl_doc_root(doc)};
    (void)err;
    if (!vl_doc_bool(vl_doc_get(g.row, "expectSkipped"))) { /* an update that never comes to its rule */
        const struct vl_doc_node *n;
        g.env = new_env(g.row);
        for (n = vl_doc_first(vl_doc_get(g.row, "valid")); n; n = vl_doc_next(n))
            judge_one(&g, vl_doc_span(n), VL_SPAN_EMPTY);
        for (n = vl_doc_first(vl_doc_get(g.row, "errors")); n; n = vl_doc_next(n))
            judge_one(&g, vl_doc_key(n), vl_doc_span(n));
        vl_cel_env_free(g.env);
    }
    all->total += g.total;
    all->passed += g.passed;
    vl_doc_free(doc);
    return 0;
}

static void test_groups(void **state)
{
    char path[PATH_MAX];
    struct vl_buf buf VL_CLEANUP(vl_buf_done) = {0};
    struct vl_err err = VL_ERR_INIT;
    struct group all = {0};
    (void)state;
    vl_buf_init(&buf, 64UL << 20);
    cases_path(path);
    assert_int_equal(vl_file_read(path, buf.max, &buf, &err), 0);
    if (vl_doc_parse_stream(vl_buf_span(&buf), VL_DOC_JSON, path, each_group, &all, &err) < 0)
        fail_msg("%s", err.msg);
    print_message("foreign: cel/k8s-cel/crd-validation %zu/%zu\n", all.passed, all.total);
    assert_int_equal(all.passed, all.total);
}

int main(void)
{
    char path[PATH_MAX];
    cases_path(path);
    if (access(path, R_OK) != 0) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", path);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
