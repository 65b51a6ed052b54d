/* tests: program.c compile.c compile_call.c compile_chain.c compile_message.c eval_attribute.c eval_call.c
 * eval_fold.c eval_logic.c eval_operator.c
 * Facts: values, errors and costs as Kubernetes 1.36's own evaluator (cel-go 0.32) gave them for each row. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cel/cel.h"

struct world {
    struct vl_cel_env *env;
    struct vl_cel_run *run;
    struct vl_doc *doc;
};

static void world_done(struct world *w)
{
    vl_cel_run_free(w->run);
    vl_cel_env_free(w->env);
    vl_doc_free(w->doc);
}

/* One variable x, dyn, of this JSON. */
static struct world world_of(const char *json)
{
    struct world w = {0};
    struct vl_err err = VL_ERR_INIT;
    const struct vl_cel_env_options options = {0};
    assert_int_equal(vl_cel_env_new(&options, &w.env, &err), 0);
    assert_int_equal(vl_cel_env_variable(w.env, "x", "dyn", &err), 0);
    assert_int_equal(vl_cel_run_new(&w.run, &err), 0);
    if (vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "x", &w.doc, &err) < 0)
        fail_msg("%s", err.msg);
    vl_cel_bind(w.run, 0, vl_cel_from_doc(vl_doc_root(w.doc)));
    return w;
}

/* The value as tagged JSON, "error: …" or "compile: …". */
static const char *answer(struct world *w, const char *expression, uint64_t *ret_cost)
{
    static char text[4096];
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    *ret_cost = 0;
    if (vl_cel_compile(w->env, vl_span_str(expression), &program, &err) < 0) {
        snprintf(text, sizeof(text), "compile: %s", err.msg);
        return text;
    }
    struct vl_cel_value v;
    if (vl_cel_eval(w->run, program, &v, ret_cost, &err) < 0)
        fail_msg("%s: %s", expression, err.msg);
    if (v.kind == VL_CEL_ERROR) {
        snprintf(text, sizeof(text), "error: %s", v.as.error->message);
        return text;
    }
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, sizeof(text) - 1);
    assert_int_equal(vl_cel_value_json(v, true, &out, &err), 0);
    snprintf(text, sizeof(text), "%s", vl_buf_str(&out));
    return text;
}

static const struct row {
    const char *x, *expression, *answer;
    uint64_t cost;
} rows[] = {
#include "test_program_rows.h"
};

static void test_rows(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct world w VL_CLEANUP(world_done) = world_of(rows[i].x);
        uint64_t cost;
        const char *got = answer(&w, rows[i].expression, &cost);
        if (strcmp(got, rows[i].answer) != 0 || cost != rows[i].cost) {
            print_message("%s with x = %s\n  gives   %s (cost %llu)\n  expected %s (cost %llu)\n",
                rows[i].expression, rows[i].x, got, (unsigned long long)cost, rows[i].answer,
                (unsigned long long)rows[i].cost);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void test_budget(void **state)
{
    (void)state;
    struct world w VL_CLEANUP(world_done) = world_of("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
    uint64_t cost;
    const char *bomb = "x.all(a, x.all(b, x.all(c, x.all(d, x.all(e, a + b + c + d + e > 0)))))";
    assert_string_equal(answer(&w, bomb, &cost), "error: operation cancelled: actual cost limit exceeded");
    assert_true(cost > VL_CEL_COST_CALL_MAX && cost < VL_CEL_COST_CALL_MAX + 100);
    assert_string_equal(answer(&w, "true || x.all(a, x.all(b, x.all(c, x.all(d, x.all(e, true)))))", &cost),
        "{\"bool\":true}");
    const char *absorbed = "x.all(a, x.all(b, x.all(c, x.all(d, x.all(e, a + b + c + d + e > 0))))) || true";
    assert_string_equal(
        answer(&w, absorbed, &cost), "error: operation cancelled: actual cost limit exceeded");
    vl_cel_run_reset(w.run, 10);
    vl_cel_bind(w.run, 0, vl_cel_from_doc(vl_doc_root(w.doc)));
    assert_string_equal(answer(&w, "x[0] + x[1] + x[2]", &cost), "{\"int\":\"6\"}");
    assert_int_equal(cost, 8);
    assert_int_equal(vl_cel_run_cost(w.run), 8);
    assert_string_equal(
        answer(&w, "x[0] + x[1]", &cost), "error: operation cancelled: actual cost limit exceeded");
}

static void test_interrupt(void **state)
{
    (void)state;
    struct world w VL_CLEANUP(world_done) = world_of("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
    uint64_t cost;
    vl_cel_run_interrupt(w.run);
    assert_string_equal(
        answer(&w, "x.map(a, x.map(b, x.map(c, x.map(d, a))))", &cost), "error: operation interrupted");
    assert_true(cost < 10000);
}

static void test_lazy(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct world w VL_CLEANUP(world_done) = world_of("2");
    assert_int_equal(vl_cel_env_variable(w.env, "variables.a", "dyn", &err), 0);
    assert_int_equal(vl_cel_env_variable(w.env, "variables.b", "dyn", &err), 0);
    struct vl_cel_program *a VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_cel_program *b VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    assert_int_equal(vl_cel_compile(w.env, VL_SPAN_LIT("x * 21"), &a, &err), 0);
    assert_int_equal(vl_cel_compile(w.env, VL_SPAN_LIT("variables.b + 1"), &b, &err), 0);
    vl_cel_bind_lazy(w.run, 1, a);
    vl_cel_bind_lazy(w.run, 2, b);
    /* Names and texts as k8s.io/apiserver has them (pkg/admission/plugin/cel/composition.go). */
    assert_int_equal(vl_cel_env_variable(w.env, "variables.c", "dyn", &err), 0);
    assert_int_equal(vl_cel_env_variable(w.env, "variables.d", "dyn", &err), 0);
    struct vl_cel_program *c VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    assert_int_equal(vl_cel_compile(w.env, VL_SPAN_LIT("x / 0"), &c, &err), 0);
    vl_cel_bind_lazy(w.run, 3, c);
    vl_cel_bind_error(w.run, 4, "composited variable \"d\" fails to compile: ...");
    uint64_t cost;
    assert_string_equal(answer(&w, "variables.a + variables.a", &cost), "{\"int\":\"84\"}");
    assert_int_equal(cost, 5); /* 2 for the variable once, 3 for the sum */
    assert_string_equal(answer(&w, "variables.a", &cost), "{\"int\":\"42\"}");
    assert_int_equal(cost, 1);
    assert_string_equal(answer(&w, "variables.b", &cost),
        "error: composited variable \"b\" fails to evaluate: variable 'variables.b' needs itself");
    assert_string_equal(answer(&w, "variables.c == 1", &cost),
        "error: composited variable \"c\" fails to evaluate: division by zero");
    assert_string_equal(answer(&w, "variables.d == 1 || x == 2", &cost), "{\"bool\":true}");
    assert_string_equal(
        answer(&w, "variables.d == 1", &cost), "error: composited variable \"d\" fails to compile: ...");
    assert_true(vl_cel_program_variables(b) == 4);
}

/* `variables` of Kubernetes is an object with the fields that are declared. */
static void test_family(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct world w VL_CLEANUP(world_done) = world_of("2");
    struct vl_cel_program *none = NULL;
    uint64_t cost;
    assert_int_equal(vl_cel_env_variable(w.env, "variables.a", "dyn", &err), 0);
    assert_string_equal(answer(&w, "has(variables.a)", &cost), "{\"bool\":true}");
    assert_true(vl_cel_compile(w.env, VL_SPAN_LIT("variables.z == 1"), &none, &err) < 0);
    assert_string_equal(
        err.msg, "ERROR: <input>:1:10: undefined field 'z'\n | variables.z == 1\n | .........^");
}

static void test_unbound(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct world w VL_CLEANUP(world_done) = world_of("1");
    assert_int_equal(vl_cel_env_variable(w.env, "y", "dyn", &err), 0);
    uint64_t cost;
    assert_string_equal(answer(&w, "y", &cost), "error: no such attribute(s): y");
    assert_string_equal(answer(&w, "y == 1 || x == 1", &cost), "{\"bool\":true}");
}

/* A loop over the indices of a long array of a document: linear, not quadratic (2 * 10^10 steps). */
static void test_long_array(void **state)
{
    (void)state;
    struct vl_buf json VL_CLEANUP(vl_buf_done);
    vl_buf_init(&json, 1 << 22);
    for (int i = 0; i < 200000; i++)
        vl_buf_printf(&json, "%s%d", i ? "," : "[", i % 10);
    vl_buf_append_char(&json, ']');
    struct world w VL_CLEANUP(world_done) = world_of(vl_buf_str(&json));
    uint64_t cost;
    assert_string_equal(answer(&w, "x.all(i, x[199999] == 9) || true", &cost),
        "error: operation cancelled: actual cost limit exceeded");
    assert_string_equal(answer(&w, "x.exists_one(i, x[199999] == 8)", &cost), "{\"bool\":false}");
    assert_string_equal(answer(&w, "x[1] + x[199998]", &cost), "{\"int\":\"9\"}");
}

/* Values that share their parts: 2^45 items, 2^60 leaves. Each ends at once with an error, none takes memory.
 */
static void test_bombs(void **state)
{
    (void)state;
    static const struct {
        const char *start, *step, *then;
        int n;
    } bombs[] = {
        {"[1, 2]", "a + a", ".size() < 0", 45},
        {"[1, 2]", "a + a", ".exists_one(x, false)", 45},
        {"[1, 2]", "a + a", ".sum() > 0", 45},
        {"[1, 2]", "a + a", ".all(x, true)", 45},
        {"[1, 2]", "a + a", ".map(x, x).size() > 0", 45},
        {"[1]", "[a, a]", " == [1]", 40},
        {"'ab'", "a + a", ".size() > 0", 40},
    };
    struct world w VL_CLEANUP(world_done) = world_of("1");
    for (size_t i = 0; i < VL_ARRAY_LEN(bombs); i++) {
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, 1 << 16);
        vl_buf_printf(&text, "dyn(optional.of(%s)", bombs[i].start);
        for (int k = 0; k < bombs[i].n; k++)
            vl_buf_printf(&text, ".optMap(a, %s)", bombs[i].step);
        vl_buf_printf(&text, ".value())%s", bombs[i].then);
        uint64_t cost;
        vl_cel_run_reset(w.run, VL_CEL_COST_POLICY_MAX);
        vl_cel_bind(w.run, 0, vl_cel_int(1));
        const char *got = answer(&w, vl_buf_str(&text), &cost);
        bool ended = strcmp(got, "error: operation cancelled: actual cost limit exceeded") == 0 ||
                     strcmp(got, "{\"bool\":false}") == 0;
        if (!ended)
            fail_msg("%s %s: %s", bombs[i].step, bombs[i].then, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_lazy),
        cmocka_unit_test(test_family),
        cmocka_unit_test(test_unbound),
        cmocka_unit_test(test_long_array),
        cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
